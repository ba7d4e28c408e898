//! ORDER BY: a column of the answer by its name or number, or an expression
//! (ADQL 2.1 section 2.2).

use sqlparser::ast::{self, Spanned};

use super::Checker;
use super::scope::{Name, Scope};
use super::select::Item;
use crate::message::Message;
use crate::parse::span;
use crate::query::{Order, OrderKey};
use crate::types::{Column, Type};

impl Checker<'_> {
    pub(super) fn order_of_select(
        &mut self,
        order: Option<&ast::OrderBy>,
        items: Option<&[Item]>,
        scope: &Scope,
        distinct: bool,
        open: bool,
    ) -> Option<Vec<Order>> {
        let terms = self.terms(order)?;
        let mut keys = Vec::with_capacity(terms.len());
        // With a broken select list nothing can be said of names in it.
        let items = items?;
        for (expr, descending) in terms {
            let at = span(expr.span());
            let names = items.iter().map(|item| item.column.name.as_str());
            let key = match self.answer_column(expr, names, open)? {
                Some(number) => OrderKey::Column(number),
                None => {
                    let value = self.value(expr, scope)?;
                    match items.iter().position(|item| item.expr == value) {
                        Some(number) => OrderKey::Column(number),
                        None if distinct => {
                            let message = Message::new(
                                312,
                                "with SELECT DISTINCT the answer is ordered by its own columns",
                            );
                            return self.fail(message.at(at).hint("add the expression to SELECT"));
                        }
                        None => OrderKey::Expr(value),
                    }
                }
            };
            let kind = match &key {
                OrderKey::Column(number) => items.get(*number).map(|item| item.column.kind),
                OrderKey::Expr(expr) => Some(expr.kind),
            };
            if matches!(kind, Some(Type::Integers | Type::Doubles)) {
                let sentence = "rows cannot be ordered by a list of numbers";
                return self.fail(Message::new(313, sentence).at(at));
            }
            if let Some(kind @ (Type::Point | Type::Circle | Type::Polygon)) = kind {
                let sentence = format!("rows cannot be ordered by a {kind}");
                let message = Message::new(313, sentence).at(at);
                return self.fail(message.hint("ORDER BY DISTANCE(…) orders by nearness"));
            }
            keys.push(Order { key, descending });
        }
        Some(keys)
    }

    /// After a set operation only the columns of the answer can be named.
    pub(super) fn order_of_set(
        &mut self,
        order: Option<&ast::OrderBy>,
        columns: &[Column],
        open: bool,
    ) -> Option<Vec<Order>> {
        let mut keys = Vec::new();
        for (expr, descending) in self.terms(order)? {
            let names = columns.iter().map(|column| column.name.as_str());
            let Some(number) = self.answer_column(expr, names, open)? else {
                let message = Message::new(
                    312,
                    "a set operation is ordered by the columns of its answer",
                );
                let hint = "write the name or the number of one of them";
                return self.fail(message.at(span(expr.span())).hint(hint));
            };
            keys.push(Order {
                key: OrderKey::Column(number),
                descending,
            });
        }
        Some(keys)
    }

    fn terms<'a>(&mut self, order: Option<&'a ast::OrderBy>) -> Option<Vec<(&'a ast::Expr, bool)>> {
        let Some(order) = order else {
            return Some(Vec::new());
        };
        let ast::OrderByKind::Expressions(terms) = &order.kind else {
            return self.refuse("ORDER BY ALL", None);
        };
        let mut plain = Vec::with_capacity(terms.len());
        for term in terms {
            let descending = match term.options.sort {
                None | Some(ast::OrderBySort::Asc) => false,
                Some(ast::OrderBySort::Desc) => true,
                Some(_) => return self.refuse("this order", span(term.expr.span())),
            };
            if term.options.nulls_first.is_some() || term.with_fill.is_some() {
                return self.refuse("what follows this ORDER BY term", span(term.expr.span()));
            }
            plain.push((&term.expr, descending));
        }
        Some(plain)
    }

    /// The column of the answer that a name or a number means, from 0. An
    /// `open` answer may have more columns than are known.
    fn answer_column<'n>(
        &mut self,
        expr: &ast::Expr,
        mut names: impl ExactSizeIterator<Item = &'n str>,
        open: bool,
    ) -> Option<Option<usize>> {
        if let Some(number) = super::whole(expr) {
            let count = names.len();
            let good = usize::try_from(number)
                .ok()
                .filter(|n| (1..=count).contains(n) || (open && *n > 0));
            return match good {
                Some(number) => Some(Some(number - 1)),
                None => {
                    let sentence = format!("the answer has no column {number}");
                    let hint = format!("columns are counted from 1 to {count}");
                    self.fail(Message::new(213, sentence).at(span(expr.span())).hint(hint))
                }
            };
        }
        let ast::Expr::Identifier(ident) = expr else {
            return Some(None);
        };
        let name = Name {
            text: ident.value.clone(),
            exact: ident.quote_style.is_some(),
        };
        Some(names.position(|column| name.matches(column)))
    }
}
