//! Expressions as SQL. Every operand stands in parentheses of its own where
//! the reading could depend on precedence.

use std::fmt::Write;

use super::quote;
use super::write::Writer;
use crate::functions::{self, Sql};
use crate::query::{Aggregate, Binary, Comparison, Expr, Node};
use crate::statement::Value;
use crate::types::Type;

impl Writer<'_> {
    pub fn expr(&mut self, expr: &Expr) {
        match &expr.node {
            Node::Column { source, stored, .. } => self.column(*source, stored),
            Node::Literal(Value::Null) => self.push("NULL"),
            Node::Literal(value) => self.parameter(value.clone()),
            Node::Negate(inner) => {
                self.push("(- ");
                self.arithmetic(inner, expr.kind);
                self.push(")");
            }
            Node::BitNot(inner) => {
                self.push("(~ ");
                self.arithmetic(inner, expr.kind);
                self.push(")");
            }
            Node::Binary {
                operator,
                left,
                right,
            } => self.binary(*operator, left, right, expr.kind),
            Node::Compare {
                operator,
                left,
                right,
            } => {
                self.push("(");
                self.expr(left);
                self.push(match operator {
                    Comparison::Equal => " = ",
                    Comparison::NotEqual => " <> ",
                    Comparison::Less => " < ",
                    Comparison::LessEqual => " <= ",
                    Comparison::Greater => " > ",
                    Comparison::GreaterEqual => " >= ",
                });
                self.expr(right);
                self.push(")");
            }
            Node::And(list) => self.chain(list, " AND "),
            Node::Or(list) => self.chain(list, " OR "),
            Node::Not(inner) => {
                self.push("(NOT ");
                self.expr(inner);
                self.push(")");
            }
            Node::IsNull { operand, negated } => {
                self.push("(");
                self.expr(operand);
                self.push(if *negated {
                    " IS NOT NULL)"
                } else {
                    " IS NULL)"
                });
            }
            Node::Between {
                operand,
                low,
                high,
                negated,
            } => {
                self.push("(");
                self.expr(operand);
                self.push(if *negated {
                    " NOT BETWEEN "
                } else {
                    " BETWEEN "
                });
                self.expr(low);
                self.push(" AND ");
                self.expr(high);
                self.push(")");
            }
            Node::InList {
                operand,
                list,
                negated,
            } => {
                self.push("(");
                self.expr(operand);
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.list(list, ", ", |writer, item| writer.expr(item));
                self.push("))");
            }
            Node::InQuery {
                operand,
                query,
                negated,
            } => {
                self.push("(");
                self.expr(operand);
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.query(query, false);
                self.push("))");
            }
            Node::Exists(query) => {
                self.push("EXISTS (");
                self.query(query, false);
                self.push(")");
            }
            Node::Like {
                operand,
                pattern,
                ignoring_case,
                negated,
            } => {
                self.push("(");
                self.folded(operand, *ignoring_case);
                self.push(if *negated { " NOT LIKE " } else { " LIKE " });
                self.folded(pattern, *ignoring_case);
                if self.target.escapes_in_like() {
                    self.push(" ESCAPE ''");
                }
                self.push(")");
            }
            Node::Case {
                branches,
                otherwise,
            } => {
                self.push("CASE");
                for (condition, result) in branches {
                    self.push(" WHEN ");
                    self.expr(condition);
                    self.push(" THEN ");
                    self.arithmetic(result, expr.kind);
                }
                if let Some(otherwise) = otherwise {
                    self.push(" ELSE ");
                    self.arithmetic(otherwise, expr.kind);
                }
                self.push(" END");
            }
            Node::Cast(inner) => self.cast(inner, expr.kind),
            Node::Call {
                function,
                arguments,
            } => self.call(function, arguments),
            Node::Aggregate {
                aggregate,
                distinct,
                argument,
            } => self.aggregate(*aggregate, *distinct, argument.as_deref(), expr.kind),
            Node::Geometry { shape, arguments } => self.geometry_value(*shape, arguments),
            Node::Constant { region, numbers } => {
                let value = match expr.kind {
                    Type::Region => Value::Text(region.to_string()),
                    _ => Value::Doubles(numbers.clone()),
                };
                self.parameter(value);
            }
            Node::Moc(moc) => self.parameter(Value::Text(moc.to_string())),
            Node::InCells { cell, cells } => self.in_cells(cell, cells),
            Node::Coordinate { second, point } => self.coordinate(*second, point),
            Node::Distance(a, b) => self.distance(a, b),
            Node::Spatial(spatial) => self.spatial(spatial),
            Node::Ranged {
                source,
                table,
                key,
                ranges,
                exact,
            } => self.ranged(*source, table, key, ranges, exact.as_deref()),
        }
    }

    pub fn column(&mut self, source: usize, stored: &str) {
        self.number('t', source);
        self.push(".");
        self.push(&quote(stored));
    }

    fn chain(&mut self, list: &[Expr], separator: &str) {
        self.push("(");
        self.list(list, separator, |writer, item| writer.expr(item));
        self.push(")");
    }

    fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr, kind: Type) {
        if operator == Binary::BitXor && !self.target.has_xor() {
            for (open, close) in [("((", " | "), (") - (", " & ")] {
                self.push(open);
                self.arithmetic(left, kind);
                self.push(close);
                self.arithmetic(right, kind);
            }
            return self.push("))");
        }
        self.push("(");
        self.arithmetic(left, kind);
        self.push(match operator {
            Binary::Add => " + ",
            Binary::Subtract => " - ",
            Binary::Multiply => " * ",
            Binary::Divide => " / ",
            Binary::BitAnd => " & ",
            Binary::BitOr => " | ",
            Binary::BitXor => " # ",
            Binary::Concat => " || ",
        });
        // Division by zero is NULL on every target.
        let guarded = operator == Binary::Divide;
        if guarded {
            self.push("nullif(");
        }
        self.arithmetic(right, kind);
        self.push(if guarded { ", 0))" } else { ")" });
    }

    /// An operand in the type that the operation is done in: BIGINT or DOUBLE
    /// PRECISION, so that no engine has a narrower idea of it.
    fn arithmetic(&mut self, operand: &Expr, kind: Type) {
        let wide = matches!(kind, Type::BigInt | Type::Double) && operand.kind != kind;
        let literal = matches!(operand.node, Node::Literal(_));
        if !wide || !operand.kind.is_numeric() || (literal && kind == Type::BigInt) {
            return self.expr(operand);
        }
        self.push("CAST(");
        self.expr(operand);
        self.push(" AS ");
        self.push(self.target.type_name(kind));
        self.push(")");
    }

    fn folded(&mut self, text: &Expr, ignoring_case: bool) {
        match functions::find("LOWER") {
            Some(lower) if ignoring_case => self.call(lower, std::slice::from_ref(text)),
            _ => self.expr(text),
        }
    }

    fn cast(&mut self, inner: &Expr, kind: Type) {
        if inner.kind == Type::Text
            && let Some(reader) = self.target.number_reader(kind)
        {
            self.push(reader);
            self.push("(");
            self.expr(inner);
            return self.push(")");
        }
        self.push("CAST(");
        // Fractions are cut off, on every target.
        let cut = kind.is_integer() && matches!(inner.kind, Type::Real | Type::Double);
        if cut {
            self.push("trunc(");
        }
        self.expr(inner);
        if cut {
            self.push(")");
        }
        self.push(" AS ");
        self.push(self.target.type_name(kind));
        self.push(")");
    }

    fn call(&mut self, function: &functions::Function, arguments: &[Expr]) {
        let double = function.result == functions::Result::Is(Type::Double);
        let whole = arguments.iter().all(|argument| argument.kind.is_integer());
        let sql = chosen(
            &function.sql,
            arguments.len() == function.arguments.len(),
            whole,
        );
        let template = match sql {
            Sql::Both { postgres, sqlite } => self.target.of_both(postgres, sqlite),
            Sql::Same(template) => template,
            Sql::Optional { .. } | Sql::Whole { .. } => return,
        };
        let one = |writer: &mut Self, argument: &Expr| {
            let kind = match double && argument.kind.is_numeric() {
                true => Type::Double,
                false => argument.kind,
            };
            writer.arithmetic(argument, kind);
        };
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            self.push(before);
            let Some((which, after)) = after.split_once('}') else {
                break;
            };
            rest = after;
            if let Some(name) = which.strip_prefix('@') {
                let name = self.target.function(name);
                self.push(&name);
                continue;
            }
            let (which, coordinate) = which.split_once('.').unwrap_or((which, ""));
            let Ok(number) = which.parse::<usize>() else {
                self.list(arguments, ", ", one);
                continue;
            };
            match (arguments.get(number), coordinate) {
                (Some(argument), "") => one(self, argument),
                (Some(point), which) => self.coordinate(which == "2", point),
                (None, _) => {}
            }
        }
        self.push(rest);
    }

    fn aggregate(
        &mut self,
        aggregate: Aggregate,
        distinct: bool,
        argument: Option<&Expr>,
        kind: Type,
    ) {
        let Some(argument) = argument else {
            return self.push("count(*)");
        };
        // Sums of BIGINT are numeric in PostgreSQL, of REAL are REAL.
        let narrow = aggregate == Aggregate::Sum && kind == Type::BigInt;
        if narrow {
            self.push("CAST(");
        }
        self.push(match aggregate {
            Aggregate::Avg => "avg(",
            Aggregate::Count => "count(",
            Aggregate::Max => "max(",
            Aggregate::Min => "min(",
            Aggregate::Sum => "sum(",
        });
        if distinct {
            self.push("DISTINCT ");
        }
        match aggregate {
            Aggregate::Avg | Aggregate::Sum => self.arithmetic(argument, kind),
            _ => self.expr(argument),
        }
        self.push(")");
        if narrow {
            self.push(" AS ");
            self.push(self.target.type_name(kind));
            self.push(")");
        }
    }

    pub fn integer(&mut self, number: i64) {
        let _ = write!(self.sql, "{number}");
    }
}

/// The form of a call that fits its arguments.
fn chosen(sql: &Sql, all_given: bool, whole: bool) -> &Sql {
    match sql {
        Sql::Optional { without, with } => {
            chosen(if all_given { with } else { without }, all_given, whole)
        }
        Sql::Whole { whole: form, other } => {
            chosen(if whole { form } else { other }, all_given, whole)
        }
        plain => plain,
    }
}
