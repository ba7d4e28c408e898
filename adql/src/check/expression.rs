//! Values and conditions.

use sqlparser::ast::{self, Spanned, UnaryOperator};

use super::compare::comparison;
use super::literal::integer;
use super::scope::Scope;
use super::{Checker, common_type};
use crate::foreign;
use crate::functions;
use crate::message::{Message, Place};
use crate::parse::span;
use crate::query::{Binary, Comparison, Expr, Node};
use crate::statement::Value;
use crate::types::Type;

impl Checker<'_> {
    /// An expression that has a value (ADQL 2.1 appendix A, <value_expression>).
    pub(super) fn value(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let value = self.expression(expr, scope)?;
        let held = matches!(
            value.node,
            Node::Column { .. } | Node::Call { .. } | Node::Case { .. }
        );
        if value.kind == Type::Boolean && !held {
            let message = Message::new(303, "a condition stands where a value is needed")
                .at(span(expr.span()))
                .hint("write CASE WHEN … THEN 1 ELSE 0 END");
            return self.fail(message);
        }
        Some(value)
    }

    pub(super) fn optional_condition(
        &mut self,
        expr: Option<&ast::Expr>,
        scope: &Scope,
    ) -> Option<Option<Expr>> {
        match expr {
            None => Some(None),
            Some(expr) => self.condition(expr, scope).map(Some),
        }
    }

    /// An expression that is true, false or unknown (<search_condition>).
    pub(super) fn condition(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let condition = self.expression(expr, scope)?;
        if condition.kind == Type::Boolean {
            return Some(condition);
        }
        let message =
            Message::new(304, "a value stands where a condition is needed").at(span(expr.span()));
        self.fail(match expr {
            ast::Expr::Function(function) if is_predicate_name(function) => {
                message.hint(format!("put = 1 after it: {}(…) = 1", function.name))
            }
            ast::Expr::Value(_) => {
                message.hint("each condition names its column: x = 1 OR x = 2, or x IN (1, 2)")
            }
            _ => message.hint(format!(
                "compare it with something: {} = …",
                short(&expr.to_string())
            )),
        })
    }

    pub(super) fn expression(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        use ast::Expr as E;
        if self.has_enough() {
            return None;
        }
        let at = || span(expr.span());
        match expr {
            E::Identifier(ident) => self.column(std::slice::from_ref(ident), scope),
            E::CompoundIdentifier(idents) => self.column(idents, scope),
            E::Nested(inner) => self.expression(inner, scope),
            E::Value(value) => self.literal(&value.value, span(value.span)),
            E::BinaryOp { op, .. } => match op {
                ast::BinaryOperator::And | ast::BinaryOperator::Or => self.chain(expr, op, scope),
                _ => self.binary(expr, scope),
            },
            E::UnaryOp { op, expr: inner } => self.unary(*op, inner, scope, at()),
            E::IsNull(inner) | E::IsNotNull(inner) => {
                let operand = Box::new(self.value(inner, scope)?);
                let negated = matches!(expr, E::IsNotNull(_));
                Some(Expr::boolean(Node::IsNull { operand, negated }))
            }
            E::Between {
                expr: operand,
                negated,
                low,
                high,
            } => {
                let operand = self.value(operand, scope);
                let low = self.value(low, scope);
                let high = self.value(high, scope);
                let (operand, low, high) = (operand?, low?, high?);
                let operand = self.like_time(operand, &low, at())?;
                let low = self.comparable(&operand, low, at());
                let high = self.comparable(&operand, high, at());
                let (low, high) = (low?, high?);
                Some(Expr::boolean(Node::Between {
                    operand: Box::new(operand),
                    low: Box::new(low),
                    high: Box::new(high),
                    negated: *negated,
                }))
            }
            E::InList {
                expr: operand,
                list,
                negated,
            } => {
                let operand = self.value(operand, scope)?;
                let mut values = Vec::with_capacity(list.len());
                for value in list {
                    let place = span(value.span());
                    let value = self.compared(|checker| checker.value(value, scope))?;
                    values.push(self.comparable(&operand, value, place)?);
                }
                Some(Expr::boolean(Node::InList {
                    operand: Box::new(operand),
                    list: values,
                    negated: *negated,
                }))
            }
            E::InSubquery {
                expr: operand,
                subquery,
                negated,
            } => {
                let operand = self.value(operand, scope)?;
                let query = self.query(subquery, Some(scope))?;
                let [column] = query.columns() else {
                    let sentence = format!(
                        "the subquery of IN has {} columns instead of one",
                        query.columns().len()
                    );
                    let message = Message::new(212, sentence).at(at());
                    return self.fail(message.hint("select one column there"));
                };
                if common_type(operand.kind, column.kind).is_none() {
                    let of = Expr::new(Node::Literal(Value::Null), column.kind);
                    return self.unlike(&operand, &of, at());
                }
                Some(Expr::boolean(Node::InQuery {
                    operand: Box::new(operand),
                    query: Box::new(query),
                    negated: *negated,
                }))
            }
            E::Exists { subquery, negated } => {
                let query = self.query(subquery, Some(scope))?;
                let exists = Expr::boolean(Node::Exists(Box::new(query)));
                Some(if *negated { exists.negated() } else { exists })
            }
            E::Like {
                negated,
                any: false,
                expr: operand,
                pattern,
                escape_char: None,
            } => self.like(operand, pattern, false, *negated, scope),
            E::ILike {
                negated,
                any: false,
                expr: operand,
                pattern,
                escape_char: None,
            } => self.like(operand, pattern, true, *negated, scope),
            E::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(
                operand.as_deref(),
                conditions,
                else_result.as_deref(),
                scope,
                at(),
            ),
            E::Cast {
                kind: ast::CastKind::Cast,
                expr: inner,
                data_type,
                format: None,
                ..
            } => self.cast(inner, data_type, scope, at()),
            E::Function(function) => self.call(function, scope),
            E::Subquery(_) => {
                let message = Message::new(120, "a subquery as a value is not part of ADQL");
                self.fail(message.at(at()).hint(
                    "of several values write x IN (SELECT …); a single one is named in FROM: \
                     FROM t, (SELECT AVG(x) AS mean FROM t) AS a WHERE x > a.mean",
                ))
            }
            E::Interval(_) => {
                let hint = "work out the other date and compare with it: x < '2026-03-01'";
                self.refuse_for("INTERVAL", hint, at())
            }
            E::IsTrue(inner) | E::IsFalse(inner) | E::IsNotTrue(inner) | E::IsNotFalse(inner) => {
                let hint = format!("write {} = 1 or = 0", short(&inner.to_string()));
                self.refuse_for("IS TRUE or IS FALSE", &hint, at())
            }
            E::Like { .. } | E::ILike { .. } | E::RLike { .. } | E::SimilarTo { .. } => {
                let hint = "LIKE knows % for any characters and _ for one, and no escape";
                self.refuse_for("this form of LIKE", hint, at())
            }
            E::AnyOp { .. } | E::AllOp { .. } => {
                self.refuse_for("a comparison with ANY or ALL", "write IN or EXISTS", at())
            }
            E::Tuple(_) => {
                let hint = "write x IN (1, 2); otherwise compare one value at a time";
                self.refuse_for("a list as a value", hint, at())
            }
            other => {
                let what = format!("this expression ({})", short(&other.to_string()));
                self.refuse(&what, at())
            }
        }
    }

    /// `a AND b AND c` is one node, however long the chain.
    fn chain(
        &mut self,
        expr: &ast::Expr,
        operator: &ast::BinaryOperator,
        scope: &Scope,
    ) -> Option<Expr> {
        let mut operands = Vec::new();
        let mut rest = expr;
        while let ast::Expr::BinaryOp { left, op, right } = rest {
            if op != operator {
                break;
            }
            operands.push(right.as_ref());
            rest = left;
        }
        operands.push(rest);
        let checked: Vec<Option<Expr>> = operands
            .into_iter()
            .rev()
            .map(|operand| self.condition(operand, scope))
            .collect();
        let checked = checked.into_iter().collect::<Option<Vec<Expr>>>()?;
        Some(Expr::boolean(match operator {
            ast::BinaryOperator::And => Node::And(checked),
            _ => Node::Or(checked),
        }))
    }

    /// Other operators; a chain that leans to the left is walked, not entered.
    fn binary(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let mut steps = Vec::new();
        let mut rest = expr;
        while let ast::Expr::BinaryOp { left, op, right } = rest {
            if matches!(op, ast::BinaryOperator::And | ast::BinaryOperator::Or) {
                break;
            }
            steps.push((rest, op, left.as_ref(), right.as_ref()));
            rest = left;
        }
        let mut value: Option<Expr> = None;
        for (whole, op, left, right) in steps.into_iter().rev() {
            let at = span(whole.span());
            if let Some(comparison) = comparison(op) {
                value =
                    Some(self.comparison(comparison, value.take(), (left, right), scope, at)?);
                continue;
            }
            let a = match value.take() {
                Some(value) => Some(value),
                None => self.value(left, scope),
            };
            let b = self.value(right, scope);
            value = Some(self.arithmetic(op, a?, b?, at)?);
        }
        value
    }

    fn arithmetic(
        &mut self,
        op: &ast::BinaryOperator,
        a: Expr,
        b: Expr,
        at: Option<Place>,
    ) -> Option<Expr> {
        let operator = match op {
            ast::BinaryOperator::Plus => Binary::Add,
            ast::BinaryOperator::Minus => Binary::Subtract,
            ast::BinaryOperator::Multiply => Binary::Multiply,
            ast::BinaryOperator::Divide => Binary::Divide,
            ast::BinaryOperator::BitwiseAnd => Binary::BitAnd,
            ast::BinaryOperator::BitwiseOr => Binary::BitOr,
            ast::BinaryOperator::BitwiseXor => Binary::BitXor,
            ast::BinaryOperator::StringConcat => Binary::Concat,
            // ADQL 2.1 section 4.5.1 has it in an example, its grammar has not.
            ast::BinaryOperator::Modulo => return self.remainder(a, b, at),
            other => return self.refuse_operator(&other.to_string(), at),
        };
        let (a, b) = match operator {
            Binary::Concat => (as_text(a), as_text(b)),
            _ => (as_number(a), as_number(b)),
        };
        let text = |kind| matches!(kind, Type::Text | Type::Region | Type::Unknown);
        let whole = |kind: Type| kind.is_integer() || kind == Type::Unknown;
        let number = |kind: Type| kind.is_numeric() || kind == Type::Unknown;
        let (fits, kind, what) = match operator {
            Binary::Concat => (text(a.kind) && text(b.kind), Type::Text, "strings"),
            Binary::BitAnd | Binary::BitOr | Binary::BitXor => (
                whole(a.kind) && whole(b.kind),
                Type::BigInt,
                "whole numbers",
            ),
            _ => {
                let kind = if whole(a.kind) && whole(b.kind) {
                    Type::BigInt
                } else {
                    Type::Double
                };
                (number(a.kind) && number(b.kind), kind, "numbers")
            }
        };
        if !fits {
            let sentence = format!("{op} works on {what}, not on {} and {}", a.kind, b.kind);
            let message = Message::new(305, sentence).at(at);
            let time = [&a, &b].iter().any(|side| side.kind == Type::Timestamp);
            return self.fail(match operator {
                Binary::Add if text(a.kind) && text(b.kind) => {
                    message.hint("strings are joined by ||")
                }
                Binary::Add | Binary::Subtract if time => message.hint(
                    "ADQL does not reckon with dates; work out the other date and compare with \
                     it: x < '2026-03-01'",
                ),
                Binary::Concat => message.hint("CAST(x AS VARCHAR) makes a string of a value"),
                _ => message.hint("CAST(x AS DOUBLE PRECISION) makes a number of a string"),
            });
        }
        Some(Expr::new(
            Node::Binary {
                operator,
                left: Box::new(a),
                right: Box::new(b),
            },
            kind,
        ))
    }

    fn remainder(&mut self, a: Expr, b: Expr, at: Option<Place>) -> Option<Expr> {
        let (a, b) = (as_number(a), as_number(b));
        let number = |kind: Type| kind.is_numeric() || kind == Type::Unknown;
        if !number(a.kind) || !number(b.kind) {
            let sentence = format!("% works on numbers, not on {} and {}", a.kind, b.kind);
            return self.fail(Message::new(305, sentence).at(at));
        }
        let kind = match a.kind.is_integer() && b.kind.is_integer() {
            true => Type::BigInt,
            false => Type::Double,
        };
        let function = functions::find("MOD")?;
        let arguments = vec![a, b];
        Some(Expr::new(
            Node::Call {
                function,
                arguments,
            },
            kind,
        ))
    }

    fn unary(
        &mut self,
        op: UnaryOperator,
        inner: &ast::Expr,
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        if op == UnaryOperator::Not {
            return Some(self.condition(inner, scope)?.negated());
        }
        let operand = self.value(inner, scope)?;
        let number = operand.kind.is_numeric() || operand.kind == Type::Unknown;
        match op {
            UnaryOperator::Plus if number => Some(operand),
            UnaryOperator::Minus if number => Some(match operand.node {
                Node::Literal(Value::BigInt(n)) if n > 0 => integer(-n),
                Node::Literal(Value::Double(n)) => Expr::literal(Value::Double(-n), Type::Double),
                _ => {
                    let kind = if operand.kind.is_integer() {
                        Type::BigInt
                    } else {
                        Type::Double
                    };
                    Expr::new(Node::Negate(Box::new(operand)), kind)
                }
            }),
            UnaryOperator::BitwiseNot
                if operand.kind.is_integer() || operand.kind == Type::Unknown =>
            {
                Some(Expr::new(Node::BitNot(Box::new(operand)), Type::BigInt))
            }
            UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::BitwiseNot => {
                let sentence = format!("{op} cannot be put before a {}", operand.kind);
                self.fail(Message::new(305, sentence).at(at))
            }
            other => self.refuse_operator(&other.to_string(), at),
        }
    }

    fn refuse_operator<T>(&mut self, operator: &str, at: Option<Place>) -> Option<T> {
        let message = Message::new(106, format!("{operator} is not an operator of ADQL")).at(at);
        self.fail(match foreign::operator(operator) {
            Some(hint) => message.hint(hint),
            None => message,
        })
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let operand = match operand {
            Some(operand) => {
                let value = self.value(operand, scope)?;
                self.bounded(value.terms().saturating_mul(conditions.len()), at)?;
                Some(value)
            }
            None => None,
        };
        let mut branches = Vec::with_capacity(conditions.len());
        for when in conditions {
            let condition = match &operand {
                None => self.condition(&when.condition, scope)?,
                Some(operand) => {
                    let value = self.value(&when.condition, scope)?;
                    self.compare(Comparison::Equal, operand.clone(), value, at)?
                }
            };
            branches.push((condition, self.value(&when.result, scope)?));
        }
        let otherwise = match otherwise {
            Some(otherwise) => Some(Box::new(self.value(otherwise, scope)?)),
            None => None,
        };
        let mut kind = Type::Unknown;
        for result in branches.iter().map(|(_, r)| r).chain(otherwise.as_deref()) {
            kind = match common_type(kind, result.kind) {
                Some(kind) => kind,
                None => {
                    let sentence = format!(
                        "the results of this CASE are both {kind} and {}",
                        result.kind
                    );
                    let message = Message::new(302, sentence).at(at);
                    return self.fail(message.hint("CAST(x AS VARCHAR) makes them alike"));
                }
            };
        }
        Some(Expr::new(
            Node::Case {
                branches,
                otherwise,
            },
            kind,
        ))
    }

    /// ADQL 2.1 section 4.7.1.
    fn cast(
        &mut self,
        inner: &ast::Expr,
        data_type: &ast::DataType,
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        use ast::DataType as D;
        let kind = match data_type {
            D::SmallInt(None) => Type::SmallInt,
            D::Integer(None) | D::Int(None) => Type::Integer,
            D::BigInt(None) => Type::BigInt,
            D::Real => Type::Real,
            D::DoublePrecision => Type::Double,
            D::Char(_) | D::Varchar(_) => Type::Text,
            D::Custom(name, arguments)
                if arguments.is_empty() && name.to_string().eq_ignore_ascii_case("timestamp") =>
            {
                Type::Timestamp
            }
            D::Timestamp(None, ast::TimezoneInfo::None) => Type::Timestamp,
            D::Custom(name, arguments) if arguments.is_empty() && geometry_type(name).is_some() => {
                geometry_type(name)?
            }
            other => {
                let sentence = format!("CAST to {other} is not supported");
                let message = Message::new(307, sentence).at(at).hint(
                    "the types are CHAR, VARCHAR, SMALLINT, INTEGER, BIGINT, REAL, \
                     DOUBLE PRECISION, TIMESTAMP, POINT, CIRCLE and POLYGON",
                );
                return self.fail(message);
            }
        };
        let operand = self.value(inner, scope)?;
        if let (Type::Timestamp, Node::Literal(Value::Text(_))) = (kind, &operand.node) {
            return self.as_time(operand, at);
        }
        if kind.is_geometry() {
            return self.cast_to_geometry(operand, kind, at);
        }
        let possible = match kind {
            Type::Timestamp => matches!(operand.kind, Type::Timestamp | Type::Text | Type::Unknown),
            Type::Text => match operand.kind {
                Type::Region => true,
                Type::Integers | Type::Doubles => false,
                other => !other.is_geometry(),
            },
            _ => operand.kind.is_numeric() || matches!(operand.kind, Type::Text | Type::Unknown),
        };
        if !possible {
            let sentence = format!("{} cannot be cast to {kind}", operand.kind);
            return self.fail(Message::new(307, sentence).at(at));
        }
        let cast = Expr::new(Node::Cast(Box::new(operand)), kind);
        match data_type {
            D::Char(Some(length)) => self.of_length(cast, length, &functions::PAD, at),
            D::Varchar(Some(length)) => self.of_length(cast, length, &functions::CUT, at),
            _ => Some(cast),
        }
    }
}

/// A string literal that reads as a number, as the number it is: the grammar
/// has `'30' * 2` (ADQL 2.1 appendix A, <numeric_primary>).
fn as_number(value: Expr) -> Expr {
    let Node::Literal(Value::Text(text)) = &value.node else {
        return value;
    };
    if let Ok(number) = text.trim().parse() {
        return integer(number);
    }
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Expr::literal(Value::Double(number), Type::Double),
        _ => value,
    }
}

/// A number as a string: the grammar has `name || 9` (ADQL 2.1 appendix A,
/// <character_primary>).
fn as_text(value: Expr) -> Expr {
    match value.kind.is_numeric() {
        true => Expr::new(Node::Cast(Box::new(value)), Type::Text),
        false => value,
    }
}

fn geometry_type(name: &ast::ObjectName) -> Option<Type> {
    let kinds = [Type::Point, Type::Circle, Type::Polygon, Type::Region];
    let name = name.to_string();
    kinds
        .into_iter()
        .find(|kind| kind.to_string().eq_ignore_ascii_case(&name))
}

pub(super) fn is_predicate_name(function: &ast::Function) -> bool {
    let name = function.name.to_string();
    name.eq_ignore_ascii_case("contains") || name.eq_ignore_ascii_case("intersects")
}

/// The beginning of a long text, for messages.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    text.chars().take(57).chain("…".chars()).collect()
}
