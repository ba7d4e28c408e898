//! The text of an expression.

use super::super::document::Node;
use super::{Comparison, Expression, Item, Operand};
use crate::registry::Scalar;

/// The longest expression read, in bytes.
const MOST_BYTES: usize = 16_384;
/// Deeper brackets are refused.
const MOST_DEPTH: usize = 32;

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    /// With its sign, where one stands before it.
    Number(&'a str),
    Range(i64, i64, i64),
    Bind(&'a str),
    Mark(&'static str),
}

/// Longer ones first.
const MARKS: [&str; 10] = ["!=", "<=", ">=", "(", ")", ",", "=", "<", ">", "=="];

/// # Errors
/// What cannot be read, or judged by a dataset alone.
pub(super) fn parse(text: &str, bound: &[(&str, &Node)]) -> Result<Expression, String> {
    if text.len() > MOST_BYTES {
        return Err(format!(
            "has {} bytes; an expression may have {MOST_BYTES}",
            text.len()
        ));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        place: 0,
        bound,
    };
    let expression = parser.either(0)?;
    match parser.next() {
        None => Ok(expression),
        Some(token) => Err(format!("{} is not expected", token.named())),
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let end_of =
            |from: &str, part: &dyn Fn(char) -> bool| from.find(|c| !part(c)).unwrap_or(from.len());
        let (token, length) = if first == '\'' {
            let inside = rest.get(1..).unwrap_or_default();
            let end = inside.find('\'').ok_or("has a text without its end")?;
            (Token::Text(inside.get(..end).unwrap_or_default()), end + 2)
        } else if let Some(name) = rest.strip_prefix(':') {
            let end = end_of(name, &is_word);
            (Token::Bind(name.get(..end).unwrap_or_default()), end + 1)
        } else if first.is_ascii_digit() || matches!(first, '-' | '+') {
            number(rest)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = end_of(rest, &is_word);
            (Token::Word(rest.get(..end).unwrap_or_default()), end)
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            (Token::Mark(mark), mark.len())
        } else {
            return Err(format!(
                "has {first:?}, which cannot be judged by a dataset alone"
            ));
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// A number, or a range `1..10:2`.
fn number(rest: &str) -> Result<(Token<'_>, usize), String> {
    let whole = |text: &str| {
        let sign = usize::from(text.starts_with(['-', '+']));
        let digits = text.get(sign..).unwrap_or_default();
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        sign + end
    };
    let parsed = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| format!("{text} is not a whole number"))
    };
    let from = whole(rest);
    let after = rest.get(from..).unwrap_or_default();
    if let Some(behind) = after.strip_prefix("..") {
        let to = whole(behind);
        let mut length = from + 2 + to;
        let mut step = 1;
        if let Some(behind) = behind.get(to..).and_then(|rest| rest.strip_prefix(':')) {
            let digits = whole(behind);
            step = parsed(behind.get(..digits).unwrap_or_default())?;
            length += 1 + digits;
        }
        if step < 1 {
            return Err("has a range whose step is not 1 or more".into());
        }
        let from = parsed(rest.get(..from).unwrap_or_default())?;
        let to = parsed(behind.get(..to).unwrap_or_default())?;
        return Ok((Token::Range(from, to, step), length));
    }
    let mut before = ' ';
    let end = rest
        .char_indices()
        .find(|&(place, c)| {
            let sign = matches!(c, '-' | '+') && (place == 0 || matches!(before, 'e' | 'E'));
            before = c;
            !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || sign)
        })
        .map_or(rest.len(), |(place, _)| place);
    Ok((Token::Number(rest.get(..end).unwrap_or_default()), end))
}

impl Token<'_> {
    fn named(&self) -> String {
        match self {
            Token::Word(word) | Token::Number(word) => format!("{word:?}"),
            Token::Text(text) => format!("'{text}'"),
            Token::Range(..) => "a range".into(),
            Token::Bind(name) => format!(":{name}"),
            Token::Mark(mark) => format!("{mark:?}"),
        }
    }

    fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    place: usize,
    bound: &'a [(&'a str, &'a Node)],
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.place).cloned();
        self.place += usize::from(token.is_some());
        token
    }

    fn takes(&mut self, wanted: impl Fn(&Token<'_>) -> bool) -> bool {
        let found = self.tokens.get(self.place).is_some_and(wanted);
        self.place += usize::from(found);
        found
    }

    fn either(&mut self, depth: usize) -> Result<Expression, String> {
        if depth > MOST_DEPTH {
            return Err(format!("is more than {MOST_DEPTH} brackets deep"));
        }
        let mut parts = vec![self.both(depth)?];
        while self.takes(|token| token.is("OR")) {
            parts.push(self.both(depth)?);
        }
        Ok(only(parts, Expression::Or))
    }

    fn both(&mut self, depth: usize) -> Result<Expression, String> {
        let mut parts = vec![self.one(depth)?];
        while self.takes(|token| token.is("AND")) {
            parts.push(self.one(depth)?);
        }
        Ok(only(parts, Expression::And))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, String> {
        let mut negated = false;
        while self.takes(|token| token.is("NOT")) {
            negated = !negated;
        }
        let expression = if self.takes(|token| *token == Token::Mark("(")) {
            let inside = self.either(depth + 1)?;
            self.expect(")")?;
            inside
        } else {
            self.condition()?
        };
        Ok(match negated {
            true => Expression::Not(Box::new(expression)),
            false => expression,
        })
    }

    fn condition(&mut self) -> Result<Expression, String> {
        let left = self.operand()?;
        let not = self.takes(|token| token.is("NOT"));
        if self.takes(|token| token.is("IN")) {
            let items = Expression::In(left, self.items()?);
            return Ok(match not {
                true => Expression::Not(Box::new(items)),
                false => items,
            });
        }
        if not {
            return Err("has a NOT without IN".into());
        }
        for (mark, comparison) in [
            ("=", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ] {
            if self.takes(|token| *token == Token::Mark(mark)) {
                return Ok(Expression::Compare(left, comparison, self.operand()?));
            }
        }
        Ok(Expression::Holds(left))
    }

    fn items(&mut self) -> Result<Vec<Item>, String> {
        self.expect("(")?;
        let mut items = Vec::new();
        loop {
            match self.next() {
                Some(Token::Range(from, to, step)) => items.push(Item::Range(from, to, step)),
                Some(Token::Bind(name)) => {
                    for value in self.bound_values(name)? {
                        items.push(Item::Value(value));
                    }
                }
                Some(token) => {
                    self.place -= 1;
                    match self.operand()? {
                        Operand::Value(value) => items.push(Item::Value(value)),
                        _ => return Err(format!("has {} in a list of values", token.named())),
                    }
                }
                None => return Err("has a list without its end".into()),
            }
            if self.takes(|token| *token == Token::Mark(",")) {
                continue;
            }
            self.expect(")")?;
            return Ok(items);
        }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let token = self.next().ok_or("ends too early")?;
        match token {
            Token::Text(text) => Ok(Operand::Value(Scalar::Text(text.into()))),
            Token::Number(digits) => match (digits.parse::<i64>(), digits.parse::<f64>()) {
                (Ok(number), _) => Ok(Operand::Value(Scalar::Int(number))),
                (_, Ok(number)) if number.is_finite() => Ok(Operand::Value(Scalar::Float(number))),
                _ => Err(format!("{digits} is not a number")),
            },
            Token::Bind(name) => self.bound_value(name),
            Token::Word(word) => self.word(word),
            token => Err(format!("has {} where a value should be", token.named())),
        }
    }

    fn word(&mut self, word: &str) -> Result<Operand, String> {
        // Names without a colon were bound too.
        if self.bound.iter().any(|(name, _)| *name == word) {
            return self.bound_value(word);
        }
        let follows = self.tokens.get(self.place);
        // `T'2026-01-01'`, `POINT(…)`, `visit.timespan.begin`.
        let beyond = matches!(follows, Some(Token::Text(_)))
            || follows == Some(&Token::Mark("("))
            || ["OVERLAPS", "AND", "OR", "IN"]
                .iter()
                .any(|keyword| word.eq_ignore_ascii_case(keyword))
            || word.contains("timespan")
            || word.contains("region");
        let mut parts = word.split('.');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(key), None, _) if !beyond => Ok(Operand::Key(key.to_owned())),
            (Some(element), Some(field), None)
                if !beyond && !element.is_empty() && !field.is_empty() =>
            {
                Ok(Operand::Field(element.to_owned(), field.to_owned()))
            }
            _ => Err(format!(
                "has {word}, which cannot be judged by a dataset alone"
            )),
        }
    }

    fn bound_value(&self, name: &str) -> Result<Operand, String> {
        match <[Scalar; 1]>::try_from(self.bound_values(name)?) {
            Ok([value]) => Ok(Operand::Value(value)),
            Err(_) => Err(format!("compares with {name}, which is a list")),
        }
    }

    fn bound_values(&self, name: &str) -> Result<Vec<Scalar>, String> {
        let found = self.bound.iter().find(|(known, _)| *known == name);
        let (_, node) = found.ok_or_else(|| format!("has :{name}, which bind does not have"))?;
        let scalar = |node: &Node| match node {
            Node::Bool(flag) => Ok(Scalar::Bool(*flag)),
            Node::Int(number) => Ok(Scalar::Int(*number)),
            Node::Float(number) => Ok(Scalar::Float(*number)),
            Node::Text(text) => Ok(Scalar::Text(text.as_str().into())),
            node => Err(format!("has :{name}, which is {}", node.kind())),
        };
        match node {
            Node::List(list) => list.iter().map(scalar).collect(),
            node => Ok(vec![scalar(node)?]),
        }
    }

    fn expect(&mut self, mark: &'static str) -> Result<(), String> {
        match self.takes(|token| *token == Token::Mark(mark)) {
            true => Ok(()),
            false => Err(format!("lacks a {mark}")),
        }
    }
}

fn only(mut parts: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    match (parts.len(), parts.pop()) {
        (1, Some(part)) => part,
        (_, last) => {
            parts.extend(last);
            several(parts)
        }
    }
}
