//! GROUP BY and aggregates (SQL-92 7.7 to 7.9): what stands beside an
//! aggregate must be the same for the whole group.

use std::collections::HashSet;

use sqlparser::ast::{self, Spanned};

use super::Checker;
use super::scope::{Name, Scope};
use super::select::Item;
use crate::message::{MOST, Message, Place};
use crate::parse::span;
use crate::query::{Expr, Node};
use crate::types::Type;

impl Checker<'_> {
    pub(super) fn group_by(
        &mut self,
        group: &ast::GroupByExpr,
        items: Option<&[Item]>,
        scope: &Scope,
    ) -> Option<Vec<Expr>> {
        let ast::GroupByExpr::Expressions(expressions, modifiers) = group else {
            return self.refuse("GROUP BY ALL", None);
        };
        if !modifiers.is_empty() {
            return self.refuse("what follows GROUP BY", None);
        }
        let mut checked = Vec::with_capacity(expressions.len());
        for expr in expressions {
            let at = span(expr.span());
            let value = match named(expr, items, scope) {
                Some(value) => value,
                None => self.value(expr, scope)?,
            };
            self.no_aggregate(&value, "GROUP BY", at);
            if matches!(value.node, Node::Literal(_)) {
                let message = Message::new(310, "GROUP BY takes columns and expressions").at(at);
                return self.fail(message.hint("write the column's name, not its number"));
            }
            checked.push(value);
        }
        Some(checked)
    }

    pub(super) fn no_aggregate(&mut self, expr: &Expr, clause: &str, at: Option<Place>) {
        if expr.has_aggregate() {
            let sentence = format!("an aggregate function cannot stand in {clause}");
            let hint = match beside_column(expr) {
                Some((column, aggregate)) => {
                    let named = format!(
                        "name it in FROM: FROM t, (SELECT {aggregate}({column}) AS m FROM t) AS a \
                         WHERE {column} = a.m"
                    );
                    match aggregate {
                        "MAX" => format!("{named}; or SELECT TOP 1 … ORDER BY {column} DESC"),
                        "MIN" => format!("{named}; or SELECT TOP 1 … ORDER BY {column}"),
                        _ => named,
                    }
                }
                None => "conditions on aggregates go into HAVING".to_owned(),
            };
            self.messages
                .push(Message::new(309, sentence).at(at).hint(hint));
        }
    }

    /// Every column outside an aggregate must be grouped by, once there is an
    /// aggregate or a GROUP BY.
    pub(super) fn grouping(
        &mut self,
        items: &[Item],
        group: &[Expr],
        having: Option<(&Expr, Option<Place>)>,
        order: &[(&Expr, Option<Place>)],
    ) -> Option<()> {
        let outputs = items.iter().map(|item| (&item.expr, item.at));
        let outputs: Vec<(&Expr, Option<Place>)> =
            outputs.chain(having).chain(order.iter().copied()).collect();
        let grouped =
            !group.is_empty() || having.is_some() || outputs.iter().any(|(e, _)| e.has_aggregate());
        if !grouped {
            return Some(());
        }
        let mut seen = HashSet::new();
        let mut loose: Vec<(String, Option<Place>)> = Vec::new();
        for (expr, at) in outputs {
            Self::loose_columns(expr, group, &mut |name| {
                if loose.len() < MOST && seen.insert(name.clone()) {
                    loose.push((name, at));
                }
            });
        }
        if loose.is_empty() {
            return Some(());
        }
        let names: Vec<&str> = loose.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        for (name, at) in &loose {
            let sentence = format!("\"{name}\" is neither grouped by nor inside an aggregate");
            let hint = match group.is_empty() {
                true => format!("add GROUP BY {names}, or write MIN({name})"),
                false => format!("add {name} to GROUP BY, or write MIN({name})"),
            };
            self.messages
                .push(Message::new(311, sentence).at(*at).hint(hint));
        }
        None
    }

    /// Calls `found` with each column of `expr` that is not the same for a
    /// whole group. Of a table that is not known, no column is: the groups may
    /// be of its key.
    fn loose_columns(expr: &Expr, group: &[Expr], found: &mut dyn FnMut(String)) {
        if group.contains(expr) {
            return;
        }
        match &expr.node {
            Node::Aggregate { .. } => {}
            Node::Column { .. } if expr.kind == Type::Unknown => {}
            Node::Column { column, .. } => found(column.name.clone()),
            _ => expr.each_child(&mut |child| Self::loose_columns(child, group, found)),
        }
    }
}

/// The column that an aggregate is compared with row by row, and which.
fn beside_column(expr: &Expr) -> Option<(String, &'static str)> {
    if let Node::Compare { left, right, .. } = &expr.node {
        return match (&left.node, &right.node) {
            (Node::Column { column, .. }, Node::Aggregate { aggregate, .. })
            | (Node::Aggregate { aggregate, .. }, Node::Column { column, .. }) => {
                Some((column.name.clone(), aggregate.name()))
            }
            _ => None,
        };
    }
    let mut found = None;
    expr.each_child(&mut |child| found = found.take().or_else(|| beside_column(child)));
    found
}

/// GROUP BY may name a column of the answer that is an expression, where no
/// table has a column of that name.
fn named(expr: &ast::Expr, items: Option<&[Item]>, scope: &Scope) -> Option<Expr> {
    let ast::Expr::Identifier(ident) = expr else {
        return None;
    };
    let name = Name {
        text: ident.value.clone(),
        exact: ident.quote_style.is_some(),
    };
    if scope.has_column(&name) {
        return None;
    }
    let mut items = items?.iter();
    let item = items.find(|item| name.matches(&item.column.name))?;
    Some(item.expr.clone())
}
