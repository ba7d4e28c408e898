//! GROUP BY and aggregates (SQL-92 7.7 to 7.9): what stands beside an
//! aggregate must be the same for the whole group.

use sqlparser::ast::{self, Spanned};

use super::Checker;
use super::scope::Scope;
use crate::message::{Message, Place};
use crate::parse::span;
use crate::query::{Expr, Node, Order, OrderKey};
use crate::types::Column;

impl Checker<'_> {
    pub(super) fn group_by(
        &mut self,
        group: &ast::GroupByExpr,
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
            let value = self.value(expr, scope)?;
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
            self.messages.push(
                Message::new(309, sentence)
                    .at(at)
                    .hint("conditions on aggregates go into HAVING"),
            );
        }
    }

    /// Every column outside an aggregate must be grouped by, once there is an
    /// aggregate or a GROUP BY.
    pub(super) fn grouping(
        &mut self,
        projection: &[ast::SelectItem],
        items: &[(Expr, Column)],
        group: &[Expr],
        having: Option<&Expr>,
        order: &[Order],
    ) -> Option<()> {
        let sorted = order.iter().filter_map(|order| match &order.key {
            OrderKey::Expr(expr) => Some(expr),
            OrderKey::Column(_) => None,
        });
        let outputs = items
            .iter()
            .map(|(expr, _)| expr)
            .chain(having)
            .chain(sorted);
        let outputs: Vec<&Expr> = outputs.collect();
        let grouped =
            !group.is_empty() || having.is_some() || outputs.iter().any(|e| e.has_aggregate());
        if !grouped {
            return Some(());
        }
        let mut loose: Option<String> = None;
        for expr in outputs {
            if loose.is_none() {
                loose = loose_column(expr, group);
            }
        }
        let Some(column) = loose else {
            return Some(());
        };
        let at = projection.iter().find_map(|item| match item {
            ast::SelectItem::UnnamedExpr(expr) | ast::SelectItem::ExprWithAlias { expr, .. }
                if expr
                    .to_string()
                    .to_lowercase()
                    .contains(&column.to_lowercase()) =>
            {
                span(expr.span())
            }
            _ => None,
        });
        let sentence = format!("\"{column}\" is neither grouped by nor inside an aggregate");
        let message = Message::new(311, sentence).at(at);
        self.fail(message.hint(format!("add it to GROUP BY, or write MIN({column})")))
    }
}

/// The first column of `expr` that is not the same for a whole group.
fn loose_column(expr: &Expr, group: &[Expr]) -> Option<String> {
    if group.contains(expr) {
        return None;
    }
    match &expr.node {
        Node::Aggregate { .. } => None,
        Node::Column { column, .. } => Some(column.name.clone()),
        _ => {
            let mut found = None;
            expr.each_child(&mut |child| {
                if found.is_none() {
                    found = loose_column(child, group);
                }
            });
            found
        }
    }
}
