//! Expressions as SQL. Every operand stands in parentheses of its own where
//! the reading could depend on precedence.

use std::fmt::Write;

use super::quote;
use super::write::{Outer, Writer};
use crate::functions::{self, Argument, Sql};
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
                // The smallest whole number has no opposite.
                match self.target.operation(Binary::Subtract, expr.kind) {
                    Some(function) if expr.kind.is_integer() => {
                        self.push(function);
                        self.push("(0, ");
                    }
                    _ => self.push("(- "),
                }
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
                let kind = met([&**left, right].into_iter());
                let sorts = !matches!(operator, Comparison::Equal | Comparison::NotEqual);
                self.push("(");
                self.compared(left, kind);
                self.by_bytes(sorts && no_column(left) && no_column(right));
                self.push(match operator {
                    Comparison::Equal => " = ",
                    Comparison::NotEqual => " <> ",
                    Comparison::Less => " < ",
                    Comparison::LessEqual => " <= ",
                    Comparison::Greater => " > ",
                    Comparison::GreaterEqual => " >= ",
                });
                self.compared(right, kind);
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
                let sides: [&Expr; 3] = [operand, low, high];
                let kind = met(sides.into_iter());
                self.push("(");
                self.compared(operand, kind);
                // Two comparisons, each with a collation of its own.
                self.by_bytes(no_column(operand) && (no_column(low) || no_column(high)));
                self.push(if *negated {
                    " NOT BETWEEN "
                } else {
                    " BETWEEN "
                });
                self.compared(low, kind);
                self.push(" AND ");
                self.compared(high, kind);
                self.push(")");
            }
            Node::InList {
                operand,
                list,
                negated,
            } => {
                let kind = met(list.iter().chain([operand.as_ref()]));
                self.push("(");
                self.compared(operand, kind);
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.list(list, ", ", |writer, item| writer.compared(item, kind));
                self.push("))");
            }
            Node::InQuery {
                operand,
                query,
                negated,
            } => {
                let column = query.columns.first().map_or(Type::Unknown, |it| it.kind);
                let kind = meet(operand.kind, column);
                self.push("(");
                self.compared(operand, kind);
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.query_as(query, &[seen_as(column, kind)], &Outer::CONDITION);
                self.push("))");
            }
            Node::Exists(query) => {
                // SQLite forgets the DISTINCT of what it only looks for a row of,
                // and then skips too few rows.
                let skips = query.offset.is_some();
                self.push(if skips {
                    "EXISTS (SELECT 1 FROM ("
                } else {
                    "EXISTS ("
                });
                self.query(query, &Outer::CONDITION);
                self.push(if skips { ") AS u)" } else { ")" });
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
            } => self.call(function, arguments, expr.kind),
            Node::Aggregate {
                aggregate,
                distinct,
                argument,
                parameters,
            } => match (argument.as_deref(), aggregate, &parameters[..]) {
                (None, ..) => self.push("count(*)"),
                (Some(texts), Aggregate::Join, [delimiter]) => {
                    self.joined(*distinct, texts, delimiter);
                }
                (Some(values), Aggregate::Histogram, parameters) => {
                    self.histogram(values, parameters);
                }
                (Some(values), ..) => self.aggregate(*aggregate, *distinct, values, expr.kind),
            },
            Node::Expanded { value, .. } => self.expr(value),
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
            Node::InUnit { value, factor, .. } if *factor == 1.0 => {
                self.arithmetic(value, expr.kind);
            }
            Node::InUnit { value, factor, .. } => {
                let factor = Expr::literal(Value::Double(*factor), Type::Double);
                self.binary(Binary::Multiply, value, &factor, Type::Double);
            }
            Node::Spatial(spatial) => self.spatial(spatial),
            Node::Ranged {
                source,
                table,
                key,
                ranges,
                exact,
            } => self.ranged(*source, table.as_ref(), key, ranges, exact.as_deref()),
            Node::Near(near) => self.near(near),
            Node::Extent { extent, geometry } => self.extent(*extent, geometry),
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
        if let Some(function) = self.target.operation(operator, kind) {
            self.push(function);
            self.push("(");
            self.arithmetic(left, kind);
            self.push(", ");
            self.arithmetic(right, kind);
            return self.push(")");
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

    /// After a text that no column gives its order.
    pub fn by_bytes(&mut self, wanted: bool) {
        if wanted && self.target.compares_by_language() {
            self.push(" COLLATE \"C\"");
        }
    }

    /// A side of a comparison that is made in the type `kind`.
    fn compared(&mut self, side: &Expr, kind: Type) {
        let literal = matches!(side.node, Node::Literal(Value::Null));
        match seen_as(side.kind, kind) {
            seen if seen == side.kind || literal => self.expr(side),
            seen => self.arithmetic(side, seen),
        }
    }

    /// An operand in the type that the operation is done in: BIGINT or DOUBLE
    /// PRECISION, so that no engine has a narrower idea of it.
    pub fn arithmetic(&mut self, operand: &Expr, kind: Type) {
        let wide = matches!(kind, Type::BigInt | Type::Double) && operand.kind != kind;
        let literal = matches!(operand.node, Node::Literal(_)) && kind == Type::BigInt;
        // What has no type is NULL, and PostgreSQL would take it for text.
        let unknown = operand.kind == Type::Unknown && kind != Type::Unknown;
        if !unknown && (!wide || !operand.kind.is_numeric() || literal) {
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
            Some(lower) if ignoring_case => {
                self.call(lower, std::slice::from_ref(text), Type::Text)
            }
            _ => self.expr(text),
        }
    }

    fn cast(&mut self, inner: &Expr, kind: Type) {
        if matches!(inner.kind, Type::Text | Type::Region)
            && let Some(reader) = text_reader(kind)
        {
            let name = self.target.function(reader);
            self.push(&name);
            self.push("(");
            self.expr(inner);
            if kind.is_geometry() {
                self.push(", '");
                self.push(&kind.to_string());
                self.push("'");
            }
            return self.push(")");
        }
        if let Some(function) = self.target.conversion(inner.kind, kind) {
            let (before, after) = function.split_once("{0}").unwrap_or((function, ""));
            self.push(before);
            self.expr(inner);
            return self.push(after);
        }
        self.push("CAST(");
        // Fractions are cut off, on every target.
        let cut = kind.is_integer() && is_real(inner.kind);
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

    fn call(&mut self, function: &functions::Function, arguments: &[Expr], kind: Type) {
        let kinds = || arguments.iter().map(|argument| argument.kind);
        let whole = kinds().any(Type::is_integer)
            && kinds().all(|kind| kind.is_integer() || kind == Type::Unknown);
        let sql = chosen(
            &function.sql,
            arguments.len() == function.arguments.len(),
            whole,
        );
        let template = match sql {
            Sql::Both { postgres, sqlite } => self.target.of_both(*postgres, *sqlite),
            Sql::Same(template) => *template,
            // Chosen already, or another structure.
            Sql::Optional { .. } | Sql::Whole { .. } => return,
            Sql::Aggregate(_) | Sql::Expanded(_) => return,
        };
        // Numbers in the type of the result, or engines would choose one each.
        let alike = match function.result {
            functions::Result::Is(kind) => kind == Type::Double,
            _ => true,
        };
        let declared = function.arguments;
        let one = |writer: &mut Self, number: usize, argument: &Expr| {
            match declared.get(number).or(declared.last()) {
                Some(Argument::Number | Argument::Any) if alike => {
                    writer.arithmetic(argument, kind);
                }
                // They may be compared with each other.
                Some(Argument::Number) => writer.compared(argument, met(arguments.iter())),
                // A list that a check has put in the place of texts.
                _ if matches!(argument.node, Node::Literal(Value::Doubles(_))) => {
                    writer.expr(argument);
                }
                // A NULL that has no type, in the type that is wanted.
                Some(Argument::Text) => writer.arithmetic(argument, Type::Text),
                Some(Argument::Timestamp) => writer.arithmetic(argument, Type::Timestamp),
                Some(Argument::Integer) if argument.kind == Type::Unknown => {
                    writer.arithmetic(argument, Type::BigInt);
                }
                _ => writer.expr(argument),
            }
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
                for (number, argument) in arguments.iter().enumerate() {
                    self.push(if number > 0 { ", " } else { "" });
                    one(self, number, argument);
                }
                continue;
            };
            match (arguments.get(number), coordinate) {
                (Some(argument), "") => one(self, number, argument),
                (Some(point), which) => self.coordinate(which == "2", point),
                (None, _) => {}
            }
        }
        self.push(rest);
    }

    fn aggregate(&mut self, aggregate: Aggregate, distinct: bool, argument: &Expr, kind: Type) {
        // Sums of BIGINT are numeric in PostgreSQL, of REAL are REAL.
        let narrow = aggregate == Aggregate::Sum && kind == Type::BigInt;
        let sum = matches!(aggregate, Aggregate::Avg | Aggregate::Sum);
        let finite = sum && kind == Type::Double && self.target.overflows_quietly();
        if narrow {
            self.push("CAST(");
        }
        if finite {
            self.push("finite(");
        }
        self.push(match aggregate {
            Aggregate::Avg => "avg(",
            Aggregate::Count => "count(",
            Aggregate::Max => "max(",
            Aggregate::Min => "min(",
            Aggregate::Sum if narrow => self.target.of_both("sum(", "whole_sum("),
            Aggregate::Sum => "sum(",
            // Written by functions of their own.
            Aggregate::Join | Aggregate::Histogram => "",
        });
        if distinct {
            self.push("DISTINCT ");
        }
        match aggregate {
            Aggregate::Avg | Aggregate::Sum => self.arithmetic(argument, kind),
            _ if argument.kind == Type::Unknown => self.arithmetic(argument, Type::Text),
            _ => {
                self.expr(argument);
                self.by_bytes(no_column(argument));
            }
        }
        self.push(if finite { "))" } else { ")" });
        if narrow {
            self.push(" AS ");
            self.push(self.target.type_name(kind));
            self.push(")");
        }
    }

    /// The texts in the order of their bytes with `delimiter` between them.
    fn joined(&mut self, distinct: bool, texts: &Expr, delimiter: &Expr) {
        if !self.target.sorts_in_aggregates() {
            // DISTINCT is for one argument only there.
            self.push(match distinct {
                true => "string_agg_distinct_1(",
                false => "string_agg_1(",
            });
            self.expr(texts);
            self.push(", ");
            self.expr(delimiter);
            return self.push(")");
        }
        self.push(if distinct {
            "string_agg(DISTINCT "
        } else {
            "string_agg("
        });
        self.expr(texts);
        self.push(" COLLATE \"C\", ");
        self.expr(delimiter);
        self.push(" ORDER BY ");
        self.expr(texts);
        self.push(" COLLATE \"C\")");
    }

    /// Counts for every row there is; of no rows they are all 0.
    fn histogram(&mut self, values: &Expr, parameters: &[Expr]) {
        let [lower, upper, parts] = parameters else {
            return;
        };
        let name = self.target.function("histogram_1");
        self.push("coalesce(");
        self.push(&name);
        self.push("(");
        for limit in [values, lower, upper] {
            self.arithmetic(limit, Type::Double);
            self.push(", ");
        }
        let whole = |writer: &mut Self| {
            writer.push("CAST(");
            writer.expr(parts);
            writer.push(" AS ");
            writer.push(writer.target.type_name(Type::Integer));
            writer.push(")");
        };
        whole(self);
        let (open, close) = self.target.of_both(
            ("), decode(repeat('00000000', 2 + ", "), 'hex'))"),
            ("), zeroblob(4 * (2 + ", ")))"),
        );
        self.push(open);
        whole(self);
        self.push(close);
    }

    pub fn integer(&mut self, number: i64) {
        let _ = write!(self.sql, "{number}");
    }
}

/// Whether a text is made of no column.
pub(super) fn no_column(expr: &Expr) -> bool {
    let text = |kind| matches!(kind, Type::Text | Type::Region);
    if !text(expr.kind) || matches!(expr.node, Node::Column { .. }) {
        return false;
    }
    let mut found = false;
    expr.each_child(&mut |child| found |= text(child.kind) && !no_column(child));
    !found
}

fn is_real(kind: Type) -> bool {
    matches!(kind, Type::Real | Type::Double)
}

/// The type in which values are compared.
fn met<'a>(sides: impl Iterator<Item = &'a Expr>) -> Type {
    sides.map(|side| side.kind).fold(Type::Unknown, meet)
}

fn meet(a: Type, b: Type) -> Type {
    match (a, b) {
        (Type::Unknown, kind) | (kind, Type::Unknown) => kind,
        _ if is_real(a) || is_real(b) => Type::Double,
        _ => a.max(b),
    }
}

/// What a side of a comparison made in `kind` is taken for. A BIGINT is
/// compared with what is not whole as DOUBLE PRECISION, as SQL has it, and not
/// digit by digit; what has no type is given one.
fn seen_as(side: Type, kind: Type) -> Type {
    match side {
        Type::BigInt if kind == Type::Double => kind,
        Type::Unknown => kind,
        _ => side,
    }
}

/// The function of ours that reads a value from text.
fn text_reader(kind: Type) -> Option<&'static str> {
    match kind {
        Type::Timestamp => Some("text_to_timestamp_1"),
        Type::Point | Type::Circle | Type::Polygon => Some("sky_coordinates_1"),
        _ => None,
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
