//! How large a query becomes when it is written. A short text may mean a huge
//! one: some functions are written with an argument several times over, and
//! such calls can be nested; `*` may be of a subquery of `*`s.
//!
//! The limits are the smaller ones of the two engines, with room to spare, so
//! that both refuse the same queries and neither is asked what it cannot take.

use std::collections::HashSet;

use super::Checker;
use crate::functions::Sql;
use crate::message::{Message, Place};
use crate::query::{Body, Expr, Node, Order, OrderKey, Query, Select, Shape, Source};
use crate::statement::Value;

/// Most terms of a query, as written.
pub(super) const TERMS: usize = 200_000;
/// Most columns of an answer or subquery: PostgreSQL takes 1,664.
pub(super) const COLUMNS: usize = 1_600;
/// Most tables and subqueries of a FROM clause: SQLite joins 64.
const SOURCES: usize = 60;
/// Most different values: SQLite takes 32,766.
const VALUES: usize = 30_000;

impl Checker<'_> {
    /// Refuses what would be written with so many terms.
    pub(super) fn bounded(&mut self, terms: usize, at: Option<Place>) -> Option<()> {
        if terms <= TERMS {
            return Some(());
        }
        let sentence = format!("the query means more than {TERMS} terms when it is written out");
        let message = Message::new(504, sentence).at(at);
        self.fail(
            message.hint("compute the inner parts in a subquery in FROM, and use their names"),
        )
    }

    /// Refuses a query that no engine should be asked.
    pub(super) fn of_bounded_size(&mut self, query: &Query) -> Option<()> {
        let mut size = Size::default();
        size.query(query);
        self.bounded(size.terms, None)?;
        if size.sources > SOURCES {
            let sentence = format!(
                "{} tables and subqueries are joined in one FROM clause; at most {SOURCES} can be",
                size.sources
            );
            return self.fail(Message::new(504, sentence));
        }
        // Equal ones are sent once; few queries have so many that it matters.
        if size.values > VALUES && different_values(query) > VALUES {
            let sentence = format!("the query has more than {VALUES} different values");
            let hint = "put them into a table and upload it, or send several queries";
            return self.fail(Message::new(504, sentence).hint(hint));
        }
        Some(())
    }
}

impl Expr {
    /// The number of terms it is written with, subqueries of it left out.
    pub(super) fn terms(&self) -> usize {
        let copies = self.copies();
        let mut terms = 1usize;
        self.each_child(&mut |child| {
            terms = terms.saturating_add(child.terms().saturating_mul(copies));
        });
        terms
    }

    /// How often a term directly inside may be written.
    fn copies(&self) -> usize {
        match &self.node {
            Node::Call { function, .. } => copies(&function.sql),
            // Four corners, each of them tested for NULL.
            Node::Geometry {
                shape: Shape::Box, ..
            } => 8,
            Node::Geometry { .. } => 2,
            // The coordinates of a point that is not made of two.
            Node::Distance(..) | Node::Spatial(_) | Node::Extent { .. } => 3,
            _ => 1,
        }
    }
}

/// How often a form mentions the argument it mentions most.
fn copies(sql: &Sql) -> usize {
    let most = |template: &str| {
        let mentions = (0..10).map(|place| {
            let [plain, coordinate] = [format!("{{{place}}}"), format!("{{{place}.")];
            template.matches(&plain).count() + template.matches(&coordinate).count()
        });
        mentions.max().unwrap_or(1).max(1)
    };
    match sql {
        Sql::Same(template) => most(template),
        Sql::Both { postgres, sqlite } => most(postgres).max(most(sqlite)),
        Sql::Optional { without, with } => copies(without).max(copies(with)),
        Sql::Whole { whole, other } => copies(whole).max(copies(other)),
        Sql::Aggregate(_) | Sql::Expanded(_) => 1,
    }
}

#[derive(Default)]
struct Size {
    terms: usize,
    values: usize,
    /// Of the FROM clause with the most.
    sources: usize,
}

impl Size {
    fn query(&mut self, query: &Query) {
        each_part(query, &mut |part| match part {
            Part::Expr(expr) => {
                self.terms = self.terms.saturating_add(expr.terms());
                each_literal(expr, &mut |_| self.values += 1);
            }
            Part::From(source) => self.sources = self.sources.max(leaves(source)),
        });
    }
}

fn different_values(query: &Query) -> usize {
    let mut seen = HashSet::new();
    each_part(query, &mut |part| {
        if let Part::Expr(expr) = part {
            each_literal(expr, &mut |value| {
                seen.insert(format!("{value:?}"));
            });
        }
    });
    seen.len()
}

fn each_literal<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Value)) {
    if let Node::Literal(value) = &expr.node {
        visit(value);
    }
    expr.each_child(&mut |child| each_literal(child, visit));
}

fn leaves(source: &Source) -> usize {
    match source {
        Source::Join { left, right, .. } => leaves(left) + leaves(right),
        _ => 1,
    }
}

enum Part<'a> {
    Expr(&'a Expr),
    From(&'a Source),
}

/// Every expression that stands by itself and every FROM clause, those of
/// subqueries too.
fn each_part<'a>(query: &'a Query, visit: &mut dyn FnMut(Part<'a>)) {
    for common in &query.with {
        each_part(&common.query, visit);
    }
    match &query.body {
        Body::Select(select) => of_select(select, visit),
        Body::Set { left, right, .. } => {
            each_part(left, visit);
            each_part(right, visit);
        }
    }
    for Order { key, .. } in &query.order {
        if let OrderKey::Expr(expr) = key {
            of_expr(expr, visit);
        }
    }
}

fn of_select<'a>(select: &'a Select, visit: &mut dyn FnMut(Part<'a>)) {
    visit(Part::From(&select.from));
    of_source(&select.from, visit);
    let conditions = select.filter.iter().chain(&select.having);
    for expr in select.items.iter().chain(conditions).chain(&select.group) {
        of_expr(expr, visit);
    }
}

fn of_source<'a>(source: &'a Source, visit: &mut dyn FnMut(Part<'a>)) {
    match source {
        Source::Derived { query, .. } => each_part(query, visit),
        Source::Join {
            left, right, on, ..
        } => {
            of_source(left, visit);
            of_source(right, visit);
            if let Some(on) = on {
                of_expr(on, visit);
            }
        }
        Source::Table { .. } | Source::Common { .. } | Source::Near(_) | Source::Nearest(_) => {}
    }
}

fn of_expr<'a>(expr: &'a Expr, visit: &mut dyn FnMut(Part<'a>)) {
    visit(Part::Expr(expr));
    subqueries(expr, visit);
}

fn subqueries<'a>(expr: &'a Expr, visit: &mut dyn FnMut(Part<'a>)) {
    if let Node::InQuery { query, .. } | Node::Exists(query) = &expr.node {
        each_part(query, visit);
    }
    expr.each_child(&mut |child| subqueries(child, visit));
}
