//! One SELECT: where its rows come from, what it keeps, what it gives.

use sqlparser::ast::{self, Spanned};

use super::scope::{Name, Scope, ScopeColumn, ScopeSource, around, no_such_qualifier};
use super::size::COLUMNS;
use super::{Checker, whole};
use crate::message::{Message, Place};
use crate::parse::span;
use crate::query::{Body, Expr, OrderKey, Query, Select};
use crate::types::Column;

/// One column of a SELECT: its value, what the answer says of it, and where
/// it is written.
pub(super) struct Item {
    pub expr: Expr,
    pub column: Column,
    pub at: Option<Place>,
}

impl Item {
    fn new(expr: Expr, column: Column, at: Option<Place>) -> Item {
        Item { expr, column, at }
    }
}

impl Checker<'_> {
    /// ADQL 2.1 section 2.2.
    pub(super) fn select(
        &mut self,
        select: &ast::Select,
        order: Option<&ast::OrderBy>,
        outer: Option<&Scope>,
    ) -> Option<Query> {
        let at = span(select.select_token.0.span);
        self.only_adql(select)?;
        let distinct = match &select.distinct {
            None | Some(ast::Distinct::All) => false,
            Some(ast::Distinct::Distinct) => true,
            Some(ast::Distinct::On(_)) => {
                let hint = "SELECT DISTINCT a, b … gives each pair once; MIN and GROUP BY choose";
                return self.refuse_for("DISTINCT ON", hint, at);
            }
        };
        let limit = self.top(select.top.as_ref(), at);
        let mut scope = Scope {
            outer,
            ..Scope::default()
        };
        let from = self.from(&select.from, &mut scope);
        if let Some(None) = from {
            let message = Message::new(112, "the query has no FROM clause").at(at);
            return self
                .fail(message.hint("every query reads a table: SELECT … FROM ivoa.obscore"));
        }
        let aliases = select.projection.iter().filter_map(|item| match item {
            ast::SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
            _ => None,
        });
        let around = std::mem::replace(&mut self.aliases, aliases.collect());
        let items = self.items(&select.projection, &scope);
        let filter = self.optional_condition(select.selection.as_ref(), &scope);
        let group = self.group_by(&select.group_by, items.as_deref(), &scope);
        let having = self.optional_condition(select.having.as_ref(), &scope);
        if let (Some(Some(filter)), Some(expr)) = (&filter, &select.selection) {
            self.no_aggregate(filter, "WHERE", span(expr.span()));
        }
        let order_places = places(order);
        let open = self.catalog.is_open() && select.projection.iter().any(is_wildcard);
        let order = self.order_of_select(order, items.as_deref(), &scope, distinct, open);
        self.aliases = around;
        let (items, group, having, order) = (items?, group?, having?, order?);
        let (filter, from) = (filter?, from??);
        let having_at = select.having.as_ref().and_then(|expr| span(expr.span()));
        let sorted: Vec<(&Expr, Option<Place>)> = order
            .iter()
            .zip(&order_places)
            .filter_map(|(order, at)| match &order.key {
                OrderKey::Expr(expr) => Some((expr, *at)),
                OrderKey::Column(_) => None,
            })
            .collect();
        self.grouping(
            &items,
            &group,
            having.as_ref().map(|expr| (expr, having_at)),
            &sorted,
        )?;
        let (items, columns) = items
            .into_iter()
            .map(|item| (item.expr, item.column))
            .unzip();
        Some(Query {
            with: Vec::new(),
            body: Body::Select(Box::new(Select {
                distinct,
                items,
                from,
                filter,
                group,
                having,
            })),
            order,
            limit: limit?,
            offset: None,
            columns,
        })
    }

    fn only_adql(&mut self, select: &ast::Select) -> Option<()> {
        let at = span(select.select_token.0.span);
        let odd = !select.optimizer_hints.is_empty()
            || select.select_modifiers.is_some()
            || select.exclude.is_some()
            || select.into.is_some()
            || !select.lateral_views.is_empty()
            || select.prewhere.is_some()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || !select.named_window.is_empty()
            || select.qualify.is_some()
            || select.value_table_mode.is_some()
            || select.flavor != ast::SelectFlavor::Standard;
        if select.top_before_distinct {
            let hint = "write SELECT DISTINCT TOP n";
            return self.refuse_for("TOP before DISTINCT", hint, at);
        }
        if odd {
            return self.refuse("a clause of this SELECT", at);
        }
        Some(())
    }

    /// ADQL 2.1 section 2.2: `TOP n`, an unsigned whole number.
    fn top(&mut self, top: Option<&ast::Top>, at: Option<Place>) -> Option<Option<u64>> {
        let Some(top) = top else {
            return Some(None);
        };
        let number = match &top.quantity {
            Some(ast::TopQuantity::Constant(number)) => Some(*number),
            Some(ast::TopQuantity::Expr(expr)) => whole(expr),
            None => None,
        };
        match number {
            Some(number) if !top.percent && !top.with_ties => Some(Some(number)),
            _ => {
                let message = Message::new(111, "TOP takes an unsigned whole number").at(at);
                self.fail(message.hint("write SELECT TOP 10 …"))
            }
        }
    }

    /// `s_ra s_dec`, side by side, gives one column the name of another.
    fn doubt_alias(&mut self, expr: &ast::Expr, alias: &ast::Ident, scope: &Scope) {
        let ast::Expr::Identifier(column) = expr else {
            return;
        };
        let (end, start) = (expr.span().end, alias.span.start);
        let beside = end.line == start.line && end.column + 1 == start.column;
        let both = (scope.meant(&column.value), scope.meant(&alias.value));
        let (true, (Some(one), Some(other))) = (beside, both) else {
            return;
        };
        if one == other {
            return;
        }
        let (old, new) = (&column.value, &alias.value);
        let message = Message::new(119, format!("{new} is read as a new name of {old}"));
        let hint = format!("if both are columns, a comma is missing: {old}, {new}");
        self.doubts.push(message.at(span(alias.span)).hint(hint));
    }

    fn items(&mut self, projection: &[ast::SelectItem], scope: &Scope) -> Option<Vec<Item>> {
        let mut items: Vec<Item> = Vec::new();
        let mut good = true;
        for item in projection {
            if items.len() > COLUMNS {
                let sentence = format!("more than {COLUMNS} columns are selected");
                return self.fail(Message::new(504, sentence).at(span(item.span())));
            }
            match item {
                ast::SelectItem::UnnamedExpr(expr) => match self.value(expr, scope) {
                    Some(value) => {
                        let mut column = value.describe(items.len() + 1);
                        // A column that USING or NATURAL made of two keeps its name.
                        if let ast::Expr::Identifier(ident) = expr
                            && let Some(name) = scope.merged_name(ident)
                        {
                            column.name.clone_from(name);
                        }
                        items.push(Item::new(value, column, span(expr.span())));
                    }
                    None => good = false,
                },
                ast::SelectItem::ExprWithAlias { expr, alias } => {
                    self.doubt_alias(expr, alias, scope);
                    match (self.value(expr, scope), self.name(alias)) {
                        (Some(value), Some(name)) => {
                            let mut column = value.describe(items.len() + 1);
                            column.name = name.text;
                            items.push(Item::new(value, column, span(expr.span())));
                        }
                        _ => good = false,
                    }
                }
                ast::SelectItem::Wildcard(options) => {
                    good &= self.plain_wildcard(options).is_some();
                    let at = span(options.wildcard_token.0.span);
                    for (name, expr) in &scope.merged {
                        let mut column = expr.describe(items.len() + 1);
                        column.name.clone_from(name);
                        items.push(Item::new(expr.clone(), column, at));
                    }
                    for source in &scope.sources {
                        let columns = source.columns.iter().filter(|column| !column.merged);
                        items.extend(columns.map(|column| all_of(source, column, at)));
                    }
                }
                ast::SelectItem::QualifiedWildcard(kind, options) => {
                    good &= self.plain_wildcard(options).is_some();
                    match self.qualified(kind, scope) {
                        Some(source) => {
                            let columns = source.columns.iter();
                            let at = span(item.span());
                            items.extend(columns.map(|column| all_of(source, column, at)));
                        }
                        None => good = false,
                    }
                }
                ast::SelectItem::ExprWithAliases { .. } => {
                    self.refuse::<()>("more than one alias", span(item.span()));
                    good = false;
                }
            }
        }
        if items.len() > COLUMNS {
            let sentence = format!(
                "{} columns are selected; at most {COLUMNS} can be",
                items.len()
            );
            return self.fail(Message::new(504, sentence));
        }
        if good && items.is_empty() && !scope.sources.iter().any(|source| source.open) {
            return self.fail(Message::new(112, "the query selects no columns"));
        }
        good.then_some(items)
    }

    fn plain_wildcard(&mut self, options: &ast::WildcardAdditionalOptions) -> Option<()> {
        let plain = options.opt_ilike.is_none()
            && options.opt_exclude.is_none()
            && options.opt_except.is_none()
            && options.opt_replace.is_none()
            && options.opt_rename.is_none()
            && options.opt_alias.is_none();
        if plain {
            return Some(());
        }
        self.refuse("what follows *", span(options.wildcard_token.0.span))
    }

    fn qualified<'s>(
        &mut self,
        kind: &ast::SelectItemQualifiedWildcardKind,
        scope: &'s Scope,
    ) -> Option<&'s ScopeSource> {
        let ast::SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
            return self.refuse("this form of *", None);
        };
        let idents = self.idents(name)?;
        let names = self.names(&idents)?;
        match scope.sources.iter().find(|s| s.answers_to(&names)) {
            Some(source) => Some(source),
            None => {
                let message = no_such_qualifier(scope, &names, around(&idents));
                self.fail(message)
            }
        }
    }

    pub(super) fn idents(&mut self, name: &ast::ObjectName) -> Option<Vec<ast::Ident>> {
        let mut idents = Vec::with_capacity(name.0.len());
        for part in &name.0 {
            match part {
                ast::ObjectNamePart::Identifier(ident) => idents.push(ident.clone()),
                ast::ObjectNamePart::Function(_) => return self.refuse("this name", None),
            }
        }
        Some(idents)
    }

    pub(super) fn names(&mut self, idents: &[ast::Ident]) -> Option<Vec<Name>> {
        idents.iter().map(|ident| self.name(ident)).collect()
    }
}

pub(super) fn is_wildcard(item: &ast::SelectItem) -> bool {
    use ast::SelectItem::{QualifiedWildcard, Wildcard};
    matches!(item, Wildcard(_) | QualifiedWildcard(..))
}

fn all_of(source: &ScopeSource, column: &ScopeColumn, at: Option<Place>) -> Item {
    Item::new(source.expr(column), column.column.as_ref().clone(), at)
}

/// The place of each term of ORDER BY.
fn places(order: Option<&ast::OrderBy>) -> Vec<Option<Place>> {
    match order.map(|order| &order.kind) {
        Some(ast::OrderByKind::Expressions(terms)) => {
            terms.iter().map(|term| span(term.expr.span())).collect()
        }
        _ => Vec::new(),
    }
}
