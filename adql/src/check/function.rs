//! Calls: aggregates, geometry, and the table of plain functions.

use sqlparser::ast::{self, Spanned};

use super::expression::short;
use super::scope::Scope;
use super::{Checker, common_type};
use crate::foreign;
use crate::functions::{self, Argument, Function, Sql};
use crate::message::{Message, Place, nearest};
use crate::parse::span;
use crate::query::{Aggregate, Expr, Node};
use crate::statement::Value;
use crate::types::Type;

/// Names that are calls without being in [`FUNCTIONS`].
const OTHERS: &[&str] = &[
    "AVG",
    "COUNT",
    "MAX",
    "MIN",
    "SUM",
    "POINT",
    "CIRCLE",
    "POLYGON",
    "BOX",
    "REGION",
    "CENTROID",
    "AREA",
    "DISTANCE",
    "COORD1",
    "COORD2",
    "COORDSYS",
    "CONTAINS",
    "INTERSECTS",
    "TIMESTAMP",
    "IN_UNIT",
];

impl Checker<'_> {
    pub(super) fn call(&mut self, function: &ast::Function, scope: &Scope) -> Option<Expr> {
        let at = span(function.name.span()).or_else(|| span(function.span()));
        let [ast::ObjectNamePart::Identifier(ident)] = &function.name.0[..] else {
            return self
                .fail(Message::new(208, format!("there is no function {}", function.name)).at(at));
        };
        if function.uses_odbc_syntax
            || function.parameters != ast::FunctionArguments::None
            || !function.within_group.is_empty()
            || function.filter.is_some()
            || function.null_treatment.is_some()
            || function.over.is_some()
        {
            return self.refuse("what follows this call", at);
        }
        let ast::FunctionArguments::List(list) = &function.args else {
            return self.refuse("this form of a call", at);
        };
        if !list.clauses.is_empty() {
            return self.refuse("a clause inside this call", at);
        }
        let name = ident.value.to_ascii_uppercase();
        if let Some(aggregate) = aggregate(&name) {
            return self.aggregate(aggregate, list, scope, at);
        }
        let ways: Vec<&'static Function> = functions::named(&name).collect();
        let distinct = list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct);
        let takes_distinct = |way: &&Function| way.sql.takes_distinct();
        if list.duplicate_treatment.is_some() && !ways.iter().any(takes_distinct) {
            return self.refuse("DISTINCT or ALL inside this call", at);
        }
        let mut arguments = Vec::with_capacity(list.args.len());
        for argument in &list.args {
            match argument {
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => arguments.push(expr),
                _ => return self.refuse("this kind of argument", at),
            }
        }
        if name == "IN_UNIT" {
            return self.in_unit(&arguments, scope, at);
        }
        if OTHERS.contains(&name.as_str()) {
            return self.geometry_call(&name, &arguments, scope, at);
        }
        match ways.first() {
            Some(_) => self.plain_call(&ways, distinct, &arguments, scope, at),
            None => {
                if let Some(assumed) = self.assumed_call(&ident.value, &arguments, scope, at) {
                    return assumed;
                }
                // CAST(x, INTEGER): a type is no column.
                if name != "CAST" {
                    for argument in &arguments {
                        self.expression(argument, scope);
                    }
                }
                let known = functions::all().map(|f| f.name);
                let near = nearest(&name, known.chain(OTHERS.iter().copied()));
                let message =
                    Message::new(208, format!("there is no function {}", ident.value)).at(at);
                let hint = foreign::function(&name).or_else(|| elsewhere(&name));
                let dated = arguments.first().and_then(|first| dated(&name, first));
                self.fail(match (dated.as_deref().or(hint), near) {
                    (Some(hint), _) => message.hint(hint),
                    (None, Some(near)) => message.hint(format!("{near} exists")),
                    (None, None) => message.hint(
                        "the capabilities of the service list its functions; those of ADQL are \
                         mathematics, geometry, LOWER, UPPER, COALESCE and CAST",
                    ),
                })
            }
        }
    }

    /// A call of a function that is declared, or that an open catalog assumes:
    /// `ivo_…` are the names of functions that services share (ADQL 2.1 section
    /// 4.3). It has a type and no value. None if it is not such a call.
    fn assumed_call(
        &mut self,
        name: &str,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Option<Expr>> {
        let result = match self.catalog.declared(name) {
            Some(declared) if declared.arguments == arguments.len() => declared.result,
            Some(declared) => {
                let signature = declared.signature.clone();
                return Some(self.arity(&signature, arguments.len(), at));
            }
            None if self.catalog.is_open() && name.to_ascii_lowercase().starts_with("ivo_") => {
                Type::Unknown
            }
            None => return None,
        };
        let mut good = true;
        for argument in arguments {
            good &= self.value(argument, scope).is_some();
        }
        let nothing = Expr::literal(Value::Null, Type::Unknown);
        Some(good.then(|| Expr::new(Node::Cast(Box::new(nothing)), result)))
    }

    /// A call of a function in one of the ways it can be called.
    fn plain_call(
        &mut self,
        ways: &[&'static Function],
        distinct: bool,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let checked: Vec<Option<Expr>> = arguments
            .iter()
            .map(|argument| self.value(argument, scope))
            .collect();
        let fitting = ways.iter().filter(|way| way.takes(arguments.len()));
        let fitting: Vec<&'static Function> = fitting.copied().collect();
        let Some(&first) = fitting.first() else {
            let signatures: Vec<String> = ways.iter().map(|way| way.signature()).collect();
            return self.arity(&signatures.join(" or "), arguments.len(), at);
        };
        let mut checked = checked.into_iter().collect::<Option<Vec<Expr>>>()?;
        for ((value, argument), kind) in checked.iter_mut().zip(arguments).zip(first.arguments) {
            if *kind == Argument::Timestamp {
                let literal = std::mem::replace(value, Expr::literal(Value::Null, Type::Unknown));
                *value = self.as_time(literal, span(argument.span()))?;
            }
        }
        let function = fitting
            .into_iter()
            .find(|way| way.misfit(&checked).is_none())
            .unwrap_or(first);
        if let Some((number, what)) = function.misfit(&checked) {
            let sentence = format!(
                "argument {} of {} must be {what}, not {}",
                number + 1,
                function.name,
                checked[number].kind
            );
            let message = Message::new(308, sentence).at(span(arguments[number].span()));
            return self.fail(message.hint(function.signature()));
        }
        match function.sql {
            Sql::Aggregate(aggregate) => {
                return self.udf_aggregate(aggregate, distinct, function, checked, arguments, at);
            }
            Sql::Expanded(expansion) => {
                return self.expanded(expansion, function, checked, arguments);
            }
            _ => {}
        }
        let mut widest = Type::Unknown;
        for (value, argument) in checked.iter().zip(arguments) {
            widest = match common_type(widest, value.kind) {
                Some(kind) => kind,
                None if function.result == functions::Result::Widest => {
                    let sentence = format!(
                        "the arguments of {} are both {widest} and {}",
                        function.name, value.kind
                    );
                    return self.fail(Message::new(302, sentence).at(span(argument.span())));
                }
                None => widest,
            };
        }
        let kind = match function.result {
            functions::Result::Is(kind) => kind,
            functions::Result::Widest => widest,
            functions::Result::Number if widest.is_integer() => Type::BigInt,
            functions::Result::Number => Type::Double,
        };
        let Some(check) = function.checked else {
            let node = Node::Call {
                function,
                arguments: checked,
            };
            return Some(Expr::new(node, kind));
        };
        match check(function, checked) {
            Ok(expr) => Some(expr),
            Err(misuse) => {
                let argument = arguments.get(misuse.argument);
                let at = argument.and_then(|argument| span(argument.span())).or(at);
                let message = Message::new(misuse.code, misuse.sentence).at(at);
                self.fail(
                    message.hint(misuse.hint.unwrap_or_else(|| match function.name {
                        "MOC" if arguments.len() == 1 => {
                            "an order, a slash and its cells, as in MOC('4/0-3 5/96')".to_owned()
                        }
                        _ => function.signature(),
                    })),
                )
            }
        }
    }

    pub(super) fn arity<T>(
        &mut self,
        signature: &str,
        given: usize,
        at: Option<Place>,
    ) -> Option<T> {
        let name = signature.split('(').next().unwrap_or(signature);
        let plural = if given == 1 { "" } else { "s" };
        let sentence = format!("{name} does not take {given} argument{plural}");
        self.fail(Message::new(209, sentence).at(at).hint(signature))
    }

    /// ADQL 2.1 appendix A, <set_function_specification>.
    fn aggregate(
        &mut self,
        aggregate: Aggregate,
        list: &ast::FunctionArgumentList,
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let distinct = list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct);
        let argument = match &list.args[..] {
            [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard)]
                if aggregate == Aggregate::Count && list.duplicate_treatment.is_none() =>
            {
                None
            }
            [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr))] => {
                Some(self.value(expr, scope)?)
            }
            other => {
                let signature = match aggregate {
                    Aggregate::Count => "COUNT(*) or COUNT([DISTINCT] value)".to_owned(),
                    _ => format!("{}([DISTINCT] value)", aggregate.name()),
                };
                return self.arity(&signature, other.len(), at);
            }
        };
        if let Some(inner) = &argument {
            self.not_around(aggregate, inner, at)?;
        }
        let of = argument.as_ref().map_or(Type::BigInt, |inner| inner.kind);
        let number = of.is_numeric() || of == Type::Unknown;
        let sortable = !matches!(
            of,
            Type::Point
                | Type::Circle
                | Type::Polygon
                | Type::Binary
                | Type::Integers
                | Type::Doubles
        );
        let kind = match aggregate {
            Aggregate::Count => Some(Type::BigInt),
            Aggregate::Avg if number => Some(Type::Double),
            Aggregate::Sum if of.is_integer() => Some(Type::BigInt),
            Aggregate::Sum if number => Some(Type::Double),
            Aggregate::Min | Aggregate::Max if sortable && of != Type::Boolean => Some(of),
            _ => None,
        };
        let Some(kind) = kind else {
            let sentence = format!("{} does not work on {of}", aggregate.name());
            let message = Message::new(308, sentence).at(at);
            return self.fail(message.hint("COUNT, and mostly MIN and MAX, work on other values"));
        };
        Some(Expr::new(
            Node::Aggregate {
                aggregate,
                distinct,
                argument: argument.map(Box::new),
                parameters: Vec::new(),
            },
            kind,
        ))
    }

    /// Aggregates of aggregates are for subqueries.
    pub(super) fn not_around(
        &mut self,
        aggregate: Aggregate,
        inner: &Expr,
        at: Option<Place>,
    ) -> Option<()> {
        if !inner.has_aggregate() {
            return Some(());
        }
        let sentence = format!("{} stands around another aggregate", aggregate.name());
        let message = Message::new(309, sentence).at(at);
        self.fail(message.hint("compute the inner one in a subquery in FROM"))
    }

    /// TIMESTAMP('…'), as ADQL 2.0 services write literals of time.
    pub(super) fn timestamp(
        &mut self,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let [argument] = arguments else {
            return self.arity("TIMESTAMP(string)", arguments.len(), at);
        };
        let value = self.value(argument, scope)?;
        if !matches!(&value.node, Node::Literal(Value::Text(_))) {
            let sentence = format!(
                "TIMESTAMP takes a string, not {}",
                short(&argument.to_string())
            );
            return self.fail(Message::new(308, sentence).at(at));
        }
        self.as_time(value, at)
    }
}

impl Function {
    fn takes(&self, count: usize) -> bool {
        let most = self.arguments.len();
        count >= most - self.optional && (count <= most || self.repeated)
    }

    /// The first argument of a wrong type, and what it should be.
    fn misfit(&self, values: &[Expr]) -> Option<(usize, &'static str)> {
        let text = |kind| matches!(kind, Type::Text | Type::Region);
        values.iter().enumerate().find_map(|(number, value)| {
            let given = self.arguments.get(number);
            let (fits, what) = match given.or(self.arguments.last())? {
                Argument::Number => (value.kind.is_numeric(), "a number"),
                Argument::Integer => (value.kind.is_integer(), "a whole number"),
                Argument::Text => (text(value.kind), "a string"),
                Argument::Timestamp => (value.kind == Type::Timestamp, "a timestamp"),
                Argument::Point => (value.kind == Type::Point, "a point"),
                Argument::Geometry => (value.kind.is_geometry(), "a geometry"),
                Argument::Any => return None,
            };
            (!fits && value.kind != Type::Unknown).then_some((number, what))
        })
    }
}

impl Aggregate {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Aggregate::Avg => "AVG",
            Aggregate::Count => "COUNT",
            Aggregate::Max => "MAX",
            Aggregate::Min => "MIN",
            Aggregate::Sum => "SUM",
            Aggregate::Join => "IVO_STRING_AGG",
            Aggregate::Histogram => "IVO_HISTOGRAM",
        }
    }
}

/// What to write for `TO_DATE('2020-01-01')` and its like.
fn dated(name: &str, argument: &ast::Expr) -> Option<String> {
    const MAKERS: &[&str] = &["TO_DATE", "TO_TIMESTAMP", "STR_TO_DATE", "DATE", "DATETIME"];
    let ast::Expr::Value(value) = argument else {
        return None;
    };
    let (true, ast::Value::SingleQuotedString(text)) = (MAKERS.contains(&name), &value.value)
    else {
        return None;
    };
    let day = crate::time::julian(crate::time::parse(text)?);
    Some(format!(
        "write '{text}' alone; for a Modified Julian Date, as in t_min, write {day}"
    ))
}

/// Functions that people know from elsewhere and what to do without them.
fn elsewhere(name: &str) -> Option<&'static str> {
    match name {
        "IVO_SIMBADPOINT" | "GAVO_SIMBADPOINT" => Some(
            "this service asks no other: look the name up first (Sesame at CDS, or your \
             program's object field) and write POINT(ra, dec)",
        ),
        _ => None,
    }
}

fn aggregate(name: &str) -> Option<Aggregate> {
    use Aggregate::*;
    [Avg, Count, Max, Min, Sum]
        .into_iter()
        .find(|aggregate| aggregate.name() == name)
}
