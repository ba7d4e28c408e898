//! User defined functions that are more than a call: aggregates with
//! parameters, and those that the language can say in other words.

use sqlparser::ast::{self, Spanned};

use super::Checker;
use super::expression::short;
use crate::functions::spectral::{self, Conversion};
use crate::functions::vocabulary;
use crate::functions::{Expansion, Function};
use crate::message::{Message, Place, nearest};
use crate::parse::span;
use crate::query::{Aggregate, Binary, Expr, Node};
use crate::statement::Value;
use crate::types::Type;

/// The most parts of a histogram; a service has many queries to answer.
const PARTS: i64 = 10_000;

impl Checker<'_> {
    /// Aggregates of EN-udf-catalogue 1.2, sections 2.4.1 and 2.5.1.
    pub(super) fn udf_aggregate(
        &mut self,
        aggregate: Aggregate,
        distinct: bool,
        function: &'static Function,
        mut arguments: Vec<Expr>,
        written: &[&ast::Expr],
        at: Option<Place>,
    ) -> Option<Expr> {
        for argument in &arguments {
            self.not_around(aggregate, argument, at)?;
        }
        let parameters = arguments.split_off(1);
        let argument = arguments.pop()?;
        let place = |number: usize| written.get(number).and_then(|it| span(it.span()));
        let kind = match (aggregate, &parameters[..]) {
            (Aggregate::Join, [delimiter]) => {
                self.literal_text(delimiter, "the delimiter of", function, place(1))?;
                Type::Text
            }
            (_, [lower, upper, parts]) => {
                let fits = matches!(parts.node, Node::Literal(Value::BigInt(1..=PARTS)));
                if !fits {
                    let sentence = format!(
                        "the number of bins of {} is a whole number from 1 to {PARTS}",
                        function.name
                    );
                    let message = Message::new(314, sentence).at(place(3));
                    return self.fail(message.hint(function.signature()));
                }
                if let (Some(low), Some(high)) = (lower.number(), upper.number())
                    && low >= high
                {
                    let sentence = format!(
                        "the lower limit of {} is not below the upper one: {low} and {high}",
                        function.name
                    );
                    let message = Message::new(314, sentence).at(place(1));
                    return self.fail(message.hint(function.signature()));
                }
                Type::Integers
            }
            _ => return self.arity(&function.signature(), written.len(), at),
        };
        Some(Expr::new(
            Node::Aggregate {
                aggregate,
                distinct,
                argument: Some(Box::new(argument)),
                parameters,
            },
            kind,
        ))
    }

    /// A call in other words.
    pub(super) fn expanded(
        &mut self,
        expansion: Expansion,
        function: &'static Function,
        arguments: Vec<Expr>,
        written: &[&ast::Expr],
    ) -> Option<Expr> {
        let places: Vec<Option<Place>> = written.iter().map(|it| span(it.span())).collect();
        let at = |number: usize| places.get(number).copied().flatten();
        match (expansion, &arguments[..]) {
            (Expansion::SpectralConversion, [value, to]) => {
                let to = self.spectral_unit(to, function, at(1))?;
                let from = match value.measure().text() {
                    Some(unit) => self.known_unit(&unit, at(0))?,
                    // Names are open: it may have a unit yet.
                    None if value.kind == Type::Unknown => to.clone(),
                    None => {
                        let sentence = format!(
                            "the unit of the first argument of {} is not known",
                            function.name
                        );
                        let message = Message::new(315, sentence).at(at(0));
                        return self.fail(message.hint(
                            "name it: GAVO_SPECCONV(value, 'unit of the value', 'wanted unit')",
                        ));
                    }
                };
                Some(converted(function, value, &from, &to))
            }
            (Expansion::SpectralConversion, [value, from, to]) => {
                let from = self.spectral_unit(from, function, at(1));
                let to = self.spectral_unit(to, function, at(2));
                Some(converted(function, value, &from?, &to?))
            }
            (Expansion::VocabularyMatch, [name, term, value]) => {
                let name = self.literal_text(name, "the vocabulary of", function, at(0));
                let term = self.literal_text(term, "the term of", function, at(1));
                let terms = self.vocabulary_terms(name?, term?, [at(0), at(1)])?;
                Some(among(function, value, &terms))
            }
            _ => self.arity(&function.signature(), written.len(), at(0)),
        }
    }

    fn literal_text<'a>(
        &mut self,
        value: &'a Expr,
        what: &str,
        function: &Function,
        at: Option<Place>,
    ) -> Option<&'a str> {
        if let Node::Literal(Value::Text(text)) = &value.node {
            return Some(text);
        }
        let sentence = format!("{what} {} must be a string in quotes", function.name);
        self.fail(
            Message::new(314, sentence)
                .at(at)
                .hint(function.signature()),
        )
    }

    fn spectral_unit(
        &mut self,
        value: &Expr,
        function: &Function,
        at: Option<Place>,
    ) -> Option<spectral::Unit> {
        let text = self
            .literal_text(value, "the unit in", function, at)?
            .to_owned();
        self.known_unit(&text, at)
    }

    fn known_unit(&mut self, text: &str, at: Option<Place>) -> Option<spectral::Unit> {
        if let Some(unit) = spectral::Unit::parse(text) {
            return Some(unit);
        }
        let sentence = format!(
            "'{}' is not a unit of wavelength, frequency or energy",
            short(text)
        );
        self.fail(Message::new(315, sentence).at(at).hint(
            "known are m, Angstrom, Hz, eV, J and erg, with prefixes as in nm and GHz, and 1/cm",
        ))
    }

    fn vocabulary_terms(
        &mut self,
        name: &str,
        term: &str,
        [at_name, at_term]: [Option<Place>; 2],
    ) -> Option<Vec<&'static str>> {
        let Some(vocabulary) = vocabulary::find(name) else {
            let sentence = format!("the vocabulary '{}' is not known here", short(name));
            let known: Vec<&str> = vocabulary::names().collect();
            let message = Message::new(316, sentence).at(at_name);
            return self.fail(message.hint(format!("known are {}", known.join(", "))));
        };
        let terms = vocabulary.narrower(term);
        if !terms.is_empty() {
            return Some(terms);
        }
        let sentence = format!(
            "'{}' is not a term of the vocabulary {}",
            short(term),
            vocabulary.name
        );
        let message = Message::new(316, sentence).at(at_term);
        self.fail(match nearest(term, vocabulary.terms()) {
            Some(near) => message.hint(format!("'{near}' is one")),
            None => message.hint(format!(
                "https://www.ivoa.net/rdf/{} lists them",
                vocabulary.name
            )),
        })
    }
}

/// The value times a factor, or a constant divided by it.
fn converted(
    function: &'static Function,
    value: &Expr,
    from: &spectral::Unit,
    to: &spectral::Unit,
) -> Expr {
    let (operator, left, right) = match from.conversion_to(to) {
        Conversion::Factor(factor) => (Binary::Multiply, value.clone(), double(factor)),
        Conversion::Inverse(constant) => (Binary::Divide, double(constant), value.clone()),
    };
    let value = Expr::new(
        Node::Binary {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        },
        Type::Double,
    );
    Expr::new(
        Node::Expanded {
            function,
            unit: Some(to.text.clone()),
            ucd: Some(to.ucd()),
            value: Box::new(value),
        },
        Type::Double,
    )
}

fn double(number: f64) -> Expr {
    Expr::literal(Value::Double(number), Type::Double)
}

/// 1 where the value is one of the terms, else 0.
fn among(function: &'static Function, value: &Expr, terms: &[&str]) -> Expr {
    let text = |term: &&str| Expr::literal(Value::Text((*term).to_owned()), Type::Text);
    let condition = Expr::boolean(Node::InList {
        operand: Box::new(value.clone()),
        list: terms.iter().map(text).collect(),
        negated: false,
    });
    let number = |number| Expr::literal(Value::BigInt(number), Type::Integer);
    let value = Expr::new(
        Node::Case {
            branches: vec![(condition, number(1))],
            otherwise: Some(Box::new(number(0))),
        },
        Type::Integer,
    );
    Expr::new(
        Node::Expanded {
            function,
            unit: None,
            ucd: None,
            value: Box::new(value),
        },
        Type::Integer,
    )
}
