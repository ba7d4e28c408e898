//! Values and conditions.

use sqlparser::ast::{self, Spanned, UnaryOperator};

use super::literal::integer;
use super::scope::Scope;
use super::{Checker, common_type};
use crate::message::{Message, Place};
use crate::parse::span;
use crate::query::{Binary, Comparison, Expr, Node};
use crate::statement::Value;
use crate::types::Type;

impl Checker<'_> {
    /// An expression that has a value (ADQL 2.1 appendix A, <value_expression>).
    pub(super) fn value(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let value = self.expression(expr, scope)?;
        if value.kind == Type::Boolean && !matches!(value.node, Node::Column { .. }) {
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
        if matches!(condition.kind, Type::Boolean | Type::Unknown) {
            return Some(condition);
        }
        let mut message =
            Message::new(304, "a value stands where a condition is needed").at(span(expr.span()));
        if let ast::Expr::Function(function) = expr
            && is_predicate_name(function)
        {
            message = message.hint(format!("write {} = 1", short(&function.to_string())));
        }
        self.fail(message)
    }

    pub(super) fn expression(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        use ast::Expr as E;
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
                let low = self.comparable(&operand, low, at())?;
                let high = self.comparable(&operand, high, at())?;
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
                    let value = self.value(value, scope)?;
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
                    return self.fail(Message::new(212, sentence).at(at()));
                };
                if common_type(operand.kind, column.kind).is_none() {
                    return self.unlike(operand.kind, column.kind, at());
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
                self.fail(
                    message
                        .at(at())
                        .hint("join the subquery in FROM, or use IN or EXISTS"),
                )
            }
            E::Interval(_) => self.refuse("INTERVAL", at()),
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
                if let Some(spatial) = self.predicate(comparison, left, right, scope) {
                    value = Some(spatial?);
                    continue;
                }
                let a = match value.take() {
                    Some(value) => Some(value),
                    None => self.value(left, scope),
                };
                let b = self.value(right, scope);
                let (a, b) = (a?, b?);
                if a.kind == Type::Boolean && !matches!(a.node, Node::Column { .. }) {
                    let message = Message::new(303, "comparisons cannot be chained").at(at);
                    return self.fail(message.hint("join them with AND"));
                }
                value = Some(self.compare(comparison, a, b, at)?);
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
            ast::BinaryOperator::Modulo => {
                let message = Message::new(120, "% is not an operator of ADQL").at(at);
                return self.fail(message.hint("write MOD(a, b)"));
            }
            other => return self.refuse(&format!("the operator {other}"), at),
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
            return self.fail(match operator {
                Binary::Add if text(a.kind) && text(b.kind) => {
                    message.hint("strings are joined by ||")
                }
                _ => message,
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
            other => self.refuse(&format!("the operator {other}"), at),
        }
    }

    pub(super) fn compare(
        &mut self,
        operator: Comparison,
        a: Expr,
        b: Expr,
        at: Option<Place>,
    ) -> Option<Expr> {
        let b = self.comparable(&a, b, at)?;
        let a = self.comparable(&b, a, at)?;
        Some(Expr::boolean(Node::Compare {
            operator,
            left: Box::new(a),
            right: Box::new(b),
        }))
    }

    /// `b` as it can be compared with `a`: a string that is compared with a
    /// time is read as one.
    fn comparable(&mut self, a: &Expr, b: Expr, at: Option<Place>) -> Option<Expr> {
        if a.kind == Type::Timestamp && matches!(b.node, Node::Literal(Value::Text(_))) {
            return self.as_time(b, at);
        }
        let whole = |kind: Type| match kind {
            Type::Region => false,
            Type::Integers => true,
            other => other.is_geometry(),
        };
        if common_type(a.kind, b.kind).is_none() || whole(a.kind) || whole(b.kind) {
            return self.unlike(a.kind, b.kind, at);
        }
        Some(b)
    }

    fn unlike<T>(&mut self, a: Type, b: Type, at: Option<Place>) -> Option<T> {
        let sentence = format!("{a} and {b} cannot be compared");
        let message = Message::new(301, sentence).at(at);
        let text = |kind| kind == Type::Text;
        self.fail(
            if (text(a) && b.is_numeric()) || (text(b) && a.is_numeric()) {
                message.hint("numbers are written without quotes, strings with them")
            } else {
                message
            },
        )
    }

    fn like(
        &mut self,
        operand: &ast::Expr,
        pattern: &ast::Expr,
        ignoring_case: bool,
        negated: bool,
        scope: &Scope,
    ) -> Option<Expr> {
        let at = span(operand.span());
        let operand = self.value(operand, scope);
        let pattern = self.value(pattern, scope);
        let (operand, pattern) = (operand?, pattern?);
        for side in [&operand, &pattern] {
            if !matches!(side.kind, Type::Text | Type::Region | Type::Unknown) {
                let sentence = format!("LIKE compares strings, not {}", side.kind);
                return self.fail(Message::new(305, sentence).at(at));
            }
        }
        Some(Expr::boolean(Node::Like {
            operand: Box::new(operand),
            pattern: Box::new(pattern),
            ignoring_case,
            negated,
        }))
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
            Some(operand) => Some(self.value(operand, scope)?),
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
                    return self.fail(Message::new(302, sentence).at(at));
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

    /// ADQL 2.1 section 4.6.
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
            D::Char(None) | D::Varchar(None) => Type::Text,
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
                Type::Integers => false,
                other => !other.is_geometry(),
            },
            _ => operand.kind.is_numeric() || matches!(operand.kind, Type::Text | Type::Unknown),
        };
        if !possible {
            let sentence = format!("{} cannot be cast to {kind}", operand.kind);
            return self.fail(Message::new(307, sentence).at(at));
        }
        Some(Expr::new(Node::Cast(Box::new(operand)), kind))
    }
}

fn geometry_type(name: &ast::ObjectName) -> Option<Type> {
    let kinds = [Type::Point, Type::Circle, Type::Polygon, Type::Region];
    let name = name.to_string();
    kinds
        .into_iter()
        .find(|kind| kind.to_string().eq_ignore_ascii_case(&name))
}

fn comparison(op: &ast::BinaryOperator) -> Option<Comparison> {
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
