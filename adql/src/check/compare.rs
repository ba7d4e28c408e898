//! Comparisons: which values can be compared, and what a literal becomes
//! beside a column (ADQL 2.1 section 2.2.3).

use sqlparser::ast::{self, Spanned};

use super::expression::short;
use super::scope::Scope;
use super::{Checker, common_type};
use crate::message::{Message, Place};
use crate::mistakes::{axis_of, in_degrees};
use crate::parse::span;
use crate::query::{Comparison, Expr, Node};
use crate::statement::Value;
use crate::types::Type;

impl Checker<'_> {
    /// `left operator right`; `begun` is the value of `left` where a longer
    /// chain has come to one already.
    pub(super) fn comparison(
        &mut self,
        operator: Comparison,
        begun: Option<Expr>,
        (left, right): (&ast::Expr, &ast::Expr),
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        if let Some(spatial) = self.predicate(operator, left, right, scope) {
            return spatial;
        }
        if let Some(refused) = self.year(operator, left, right, scope) {
            return refused;
        }
        let a = match begun {
            Some(value) => Some(value),
            None => self.operand(left, scope),
        };
        let b = self.compared(|checker| checker.operand(right, scope));
        let (a, b) = (a?, b?);
        for (side, other) in [(&a, right), (&b, left)] {
            if matches!(side.node, Node::Literal(Value::Null)) {
                let not = match operator {
                    Comparison::NotEqual => " NOT",
                    _ => "",
                };
                let message = Message::new(314, "no comparison with NULL is ever true").at(at);
                let other = short(&other.to_string());
                return self.fail(message.hint(format!("write {other} IS{not} NULL")));
            }
        }
        let truth = |value: &Expr| {
            value.kind == Type::Boolean
                && !matches!(value.node, Node::Column { .. } | Node::Literal(_))
        };
        if truth(&a) || truth(&b) {
            let message = Message::new(303, "comparisons cannot be chained").at(at);
            return self.fail(message.hint("join them with AND: a < b AND b < c"));
        }
        self.compare(operator, a, b, at)
    }

    /// `YEAR(t_min) = 2020`, which is refused with the bounds of the year; None
    /// if this is another comparison.
    fn year(
        &mut self,
        operator: Comparison,
        left: &ast::Expr,
        right: &ast::Expr,
        scope: &Scope,
    ) -> Option<Option<Expr>> {
        let (ast::Expr::Function(call), Comparison::Equal) = (left, operator) else {
            return None;
        };
        let year = super::whole(right).filter(|year| (1858..=9998).contains(year))?;
        let name = call.name.to_string();
        let ast::FunctionArguments::List(list) = &call.args else {
            return None;
        };
        let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(argument))] = &list.args[..]
        else {
            return None;
        };
        if !name.eq_ignore_ascii_case("YEAR") || self.catalog.declared("YEAR").is_some() {
            return None;
        }
        let kind = match self.value(argument, scope) {
            Some(value) => value.kind,
            None => return Some(None),
        };
        let bound = |year: u64| {
            let first = format!("{year}-01-01");
            match crate::time::parse(&first).filter(|_| kind.is_numeric()) {
                Some(time) => crate::time::julian(time).to_string(),
                None => format!("'{first}'"),
            }
        };
        let written = short(&argument.to_string());
        let message = Message::new(208, format!("there is no function {name}"));
        let hint = format!(
            "the year {year} is {written} >= {} AND {written} < {}",
            bound(year),
            bound(year + 1)
        );
        Some(self.fail(message.at(span(call.name.span())).hint(hint)))
    }

    /// Checks something that is compared with: what is no column there may be
    /// a string that lacks its quotes.
    pub(super) fn compared<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.beside, true);
        let checked = check(self);
        self.beside = before;
        checked
    }

    /// A side of a comparison: a value, or TRUE or FALSE beside a column.
    fn operand(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        if let ast::Expr::Value(value) = expr
            && let ast::Value::Boolean(truth) = value.value
        {
            return Some(Expr::literal(Value::Boolean(truth), Type::Boolean));
        }
        self.value(expr, scope)
    }

    pub(super) fn compare(
        &mut self,
        operator: Comparison,
        a: Expr,
        b: Expr,
        at: Option<Place>,
    ) -> Option<Expr> {
        let geometry = |kind: Type| kind.is_geometry() && kind != Type::Region;
        let equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
        let (a, b) = if equality && (geometry(a.kind) || geometry(b.kind)) {
            if common_type(a.kind, b.kind).is_none() {
                return self.unlike(&a, &b, at);
            }
            (a, b)
        } else {
            let a = self.like_time(a, &b, at)?;
            let b = self.comparable(&a, b, at)?;
            (self.comparable(&b, a, at)?, b)
        };
        Some(Expr::boolean(Node::Compare {
            operator,
            left: Box::new(a),
            right: Box::new(b),
        }))
    }

    /// `b` as it can be compared with `a`: a string that is compared with a
    /// time is read as one, 1 and 0 beside a truth value as true and false.
    pub(super) fn comparable(&mut self, a: &Expr, b: Expr, at: Option<Place>) -> Option<Expr> {
        let b = self.like_time(b, a, at)?;
        if a.kind == Type::Boolean
            && let Some(truth) = truth_of(&b)
        {
            return Some(Expr::literal(Value::Boolean(truth), Type::Boolean));
        }
        if b.kind == Type::Boolean && truth_of(a).is_some() {
            // The other side is taken for a truth value in its turn.
            return Some(b);
        }
        let whole = |kind: Type| match kind {
            Type::Region => false,
            Type::Integers | Type::Doubles => true,
            other => other.is_geometry(),
        };
        if common_type(a.kind, b.kind).is_none() || whole(a.kind) || whole(b.kind) {
            return self.unlike(a, &b, at);
        }
        Some(b)
    }

    /// A string literal beside a time, as a time.
    pub(super) fn like_time(
        &mut self,
        value: Expr,
        beside: &Expr,
        at: Option<Place>,
    ) -> Option<Expr> {
        if beside.kind == Type::Timestamp && matches!(value.node, Node::Literal(Value::Text(_))) {
            return self.as_time(value, at);
        }
        Some(value)
    }

    pub(super) fn unlike<T>(&mut self, a: &Expr, b: &Expr, at: Option<Place>) -> Option<T> {
        let sentence = match a.kind == b.kind {
            true if a.kind.is_geometry() => format!("values of type {} have no order", a.kind),
            true => format!("values of type {} cannot be compared", a.kind),
            false => format!("{} cannot be compared with {}", shown(a), shown(b)),
        };
        let message = Message::new(301, sentence).at(at);
        // What can be said of a literal comes first.
        let (first, second) = match a.node {
            Node::Literal(_) => (a, b),
            _ => (b, a),
        };
        self.fail(
            match advice(first, second).or_else(|| advice(second, first)) {
                Some(hint) => message.hint(hint),
                None => message,
            },
        )
    }

    pub(super) fn like(
        &mut self,
        operand: &ast::Expr,
        pattern: &ast::Expr,
        ignoring_case: bool,
        negated: bool,
        scope: &Scope,
    ) -> Option<Expr> {
        let places = [span(operand.span()), span(pattern.span())];
        let operand = self.value(operand, scope);
        let pattern = self.compared(|checker| checker.value(pattern, scope));
        let (operand, pattern) = (operand?, pattern?);
        for (side, at) in [&operand, &pattern].into_iter().zip(places) {
            if !matches!(side.kind, Type::Text | Type::Region | Type::Unknown) {
                let sentence = format!("LIKE compares strings, not {}", shown(side));
                let message = Message::new(305, sentence).at(at);
                return self.fail(message.hint(match side.node {
                    Node::Literal(_) => "write the pattern in single quotes: '%3%'",
                    _ => "compare it with = or <, or write CAST(x AS VARCHAR) LIKE …",
                }));
            }
        }
        Some(Expr::boolean(Node::Like {
            operand: Box::new(operand),
            pattern: Box::new(pattern),
            ignoring_case,
            negated,
        }))
    }
}

pub(super) fn comparison(op: &ast::BinaryOperator) -> Option<Comparison> {
    Some(match op {
        ast::BinaryOperator::Eq => Comparison::Equal,
        ast::BinaryOperator::NotEq => Comparison::NotEqual,
        ast::BinaryOperator::Lt => Comparison::Less,
        ast::BinaryOperator::LtEq => Comparison::LessEqual,
        ast::BinaryOperator::Gt => Comparison::Greater,
        ast::BinaryOperator::GtEq => Comparison::GreaterEqual,
        _ => return None,
    })
}

/// The truth value a literal stands for beside a BOOLEAN column. ADQL has no
/// literals of truth; services take these.
fn truth_of(value: &Expr) -> Option<bool> {
    match &value.node {
        Node::Literal(Value::Boolean(truth)) => Some(*truth),
        Node::Literal(Value::BigInt(1)) => Some(true),
        Node::Literal(Value::BigInt(0)) => Some(false),
        Node::Literal(Value::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A value as messages speak of it: what it is called and what type it has.
fn shown(value: &Expr) -> String {
    match &value.node {
        Node::Column { column, .. } => format!("{} ({})", column.name, value.kind),
        Node::Literal(Value::Text(text)) => format!("the string '{}'", short(text)),
        Node::Literal(Value::BigInt(number)) => format!("the number {number}"),
        Node::Literal(Value::Double(number)) => format!("the number {number}"),
        _ => format!("a value of type {}", value.kind),
    }
}

fn is_literal(value: &Expr) -> bool {
    matches!(value.node, Node::Literal(_))
}

/// What to write instead of the comparison of `value` with `other`.
fn advice(value: &Expr, other: &Expr) -> Option<String> {
    match (&value.node, other.kind) {
        (Node::Literal(Value::Text(text)), kind) if kind.is_numeric() => {
            let day = crate::time::parse(text).filter(|_| kind == Type::Double);
            if let (Some(time), Node::Column { column, .. }) = (day, &other.node)
                && column.unit.as_deref() == Some("d")
            {
                return Some(format!(
                    "{} is a Modified Julian Date: write {} for '{}'",
                    column.name,
                    crate::time::julian(time),
                    short(text)
                ));
            }
            let angle = match &other.node {
                Node::Column { column, .. } if column.unit.as_deref() == Some("deg") => {
                    in_degrees(text, axis_of(&column.name))
                }
                _ => None,
            };
            Some(match text.trim().parse::<f64>() {
                Ok(_) => format!("write {} without quotes", text.trim()),
                Err(_) if angle.is_some() => angle.unwrap_or_default(),
                Err(_) if text.contains(':') => {
                    "positions are numbers of degrees, as in 187.25".to_owned()
                }
                Err(_) => {
                    "numbers and columns are written without quotes, strings with them".to_owned()
                }
            })
        }
        (Node::Literal(Value::BigInt(number)), Type::Text) => {
            Some(format!("write '{number}' in quotes"))
        }
        (Node::Literal(Value::Double(number)), Type::Text) => {
            Some(format!("write '{number}' in quotes"))
        }
        (Node::Literal(Value::Boolean(_)), kind) if kind.is_numeric() => {
            Some("write 1 for true and 0 for false".to_owned())
        }
        (Node::Literal(Value::Timestamp(time)), kind) if kind.is_numeric() => {
            let day = crate::time::julian(*time);
            Some(match &other.node {
                Node::Column { column, .. } if column.unit.as_deref() == Some("d") => {
                    format!("{} is a Modified Julian Date: write {day}", column.name)
                }
                Node::Column { column, .. } => {
                    format!("if {} is a Modified Julian Date, write {day}", column.name)
                }
                _ => format!("as a Modified Julian Date it is {day}"),
            })
        }
        (_, Type::Timestamp) if value.kind.is_numeric() && !is_literal(value) => {
            let what = match &other.node {
                Node::Column { column, .. } => column.name.as_str(),
                _ => "x",
            };
            Some(format!(
                "write ivo_to_mjd({what}), the Modified Julian Date of the time"
            ))
        }
        (Node::Literal(_), Type::Timestamp) => {
            Some("a time is written '2026-03-01T12:34:56'".to_owned())
        }
        (_, Type::Text) if value.kind.is_numeric() => {
            Some("CAST(x AS DOUBLE PRECISION) makes a number of a string".to_owned())
        }
        (_, kind) if kind.is_geometry() => {
            Some("geometries are compared by CONTAINS(…) = 1 and INTERSECTS(…) = 1".to_owned())
        }
        _ => None,
    }
}
