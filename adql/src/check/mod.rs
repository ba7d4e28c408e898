//! Syntax + Catalog → Query: names, types, geometry, the columns of the
//! answer. ADQL is defined here: sqlparser reads far more than ADQL, and what
//! this does not know it refuses (REC-ADQL-2.1 section 2 and appendix A).
//!
//! Must not know: engines, cells.

mod describe;
mod expansion;
mod expression;
mod from;
mod function;
mod geometry;
mod group;
mod literal;
mod measure;
mod order;
mod scope;
mod select;
mod unit;

use sqlparser::ast;

use crate::catalog::Catalog;
use crate::message::{Message, Messages, Place};
use crate::parse::{Syntax, span};
use crate::query::{Body, CommonTable, Query, SetOperator};
use crate::types::Type;
use scope::{DerivedColumn, Name, Scope};

/// Checks a parsed query against what is published. All that is wrong is said.
pub fn check(syntax: &Syntax, catalog: &Catalog) -> Result<Query, Messages> {
    let mut checker = Checker {
        catalog,
        messages: Vec::new(),
        sources: 0,
        common: Vec::new(),
    };
    let query = checker.query(&syntax.query, None);
    match query {
        Some(query) if checker.messages.is_empty() => Ok(query),
        _ => Err(Messages::new(&syntax.text, checker.messages)),
    }
}

/// What is known while a query is checked. A function that returns `None` has
/// said why in `messages`.
struct Checker<'a> {
    catalog: &'a Catalog,
    messages: Vec<Message>,
    /// How many sources of rows have been numbered.
    sources: usize,
    /// The `WITH` queries in force: name, number, columns.
    common: Vec<(Name, usize, Vec<DerivedColumn>)>,
}

impl Checker<'_> {
    fn fail<T>(&mut self, message: Message) -> Option<T> {
        self.messages.push(message);
        None
    }

    fn next_source(&mut self) -> usize {
        self.sources += 1;
        self.sources
    }

    /// Something sqlparser reads and ADQL does not have.
    fn refuse<T>(&mut self, what: &str, at: Option<Place>) -> Option<T> {
        self.fail(Message::new(120, format!("{what} is not part of ADQL")).at(at))
    }

    fn query(&mut self, query: &ast::Query, outer: Option<&Scope>) -> Option<Query> {
        let in_force = self.common.len();
        let with = self.with(query.with.as_ref(), outer);
        let checked = self.query_after_with(query, outer);
        self.common.truncate(in_force);
        let mut checked = checked?;
        checked.with = with?;
        Some(checked)
    }

    /// ADQL 2.1 section 4.4: common table expressions, not recursive.
    fn with(
        &mut self,
        with: Option<&ast::With>,
        outer: Option<&Scope>,
    ) -> Option<Vec<CommonTable>> {
        let mut tables = Vec::new();
        let Some(with) = with else {
            return Some(tables);
        };
        if with.recursive {
            return self.refuse("WITH RECURSIVE", span(with.with_token.0.span));
        }
        for common in &with.cte_tables {
            let at = span(common.alias.name.span);
            if common.materialized.is_some() || common.from.is_some() {
                return self.refuse("this form of WITH", at);
            }
            let mut query = self.query(&common.query, outer)?;
            let renames = &common.alias.columns;
            if !renames.is_empty() {
                if renames.len() != query.columns.len() {
                    let sentence = format!(
                        "{} columns are named here, but the query has {}",
                        renames.len(),
                        query.columns.len()
                    );
                    return self.fail(Message::new(210, sentence).at(at));
                }
                for (column, rename) in query.columns.iter_mut().zip(renames) {
                    column.name.clone_from(&rename.name.value);
                }
            }
            let number = self.next_source();
            let name = self.name(&common.alias.name)?;
            self.common.push((name, number, DerivedColumn::of(&query)));
            tables.push(CommonTable { number, query });
        }
        Some(tables)
    }

    fn query_after_with(&mut self, query: &ast::Query, outer: Option<&Scope>) -> Option<Query> {
        if query.fetch.is_some()
            || !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return self.refuse("a clause after this query", None);
        }
        let offset = self.offset(query.limit_clause.as_ref())?;
        let mut checked = match query.body.as_ref() {
            ast::SetExpr::Select(select) => self.select(select, query.order_by.as_ref(), outer)?,
            body => {
                let mut checked = self.body(body, outer)?;
                checked.order = self.order_of_set(query.order_by.as_ref(), &checked.columns)?;
                checked
            }
        };
        if let Some(offset) = offset {
            checked.offset = Some(offset);
        }
        Some(checked)
    }

    /// ADQL 2.1 section 4.9: `OFFSET n`, without more.
    fn offset(&mut self, clause: Option<&ast::LimitClause>) -> Option<Option<u64>> {
        let Some(clause) = clause else {
            return Some(None);
        };
        let ast::LimitClause::LimitOffset {
            limit: None,
            offset: Some(offset),
            limit_by,
        } = clause
        else {
            let message =
                Message::new(105, "ADQL has no LIMIT clause").hint("write SELECT TOP n …");
            return self.fail(message);
        };
        let at = span(ast::Spanned::span(&offset.value));
        if !limit_by.is_empty() || offset.rows != ast::OffsetRows::None {
            return self.refuse("this form of OFFSET", at);
        }
        match whole(&offset.value) {
            Some(number) => Some(Some(number)),
            None => self.fail(Message::new(111, "OFFSET takes a whole number").at(at)),
        }
    }

    /// A query that is not a plain SELECT: a set operation or parentheses.
    fn body(&mut self, body: &ast::SetExpr, outer: Option<&Scope>) -> Option<Query> {
        match body {
            ast::SetExpr::Select(select) => self.select(select, None, outer),
            ast::SetExpr::Query(query) => self.query(query, outer),
            ast::SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let operator = match op {
                    ast::SetOperator::Union => SetOperator::Union,
                    ast::SetOperator::Except => SetOperator::Except,
                    ast::SetOperator::Intersect => SetOperator::Intersect,
                    ast::SetOperator::Minus => return self.refuse("MINUS", None),
                };
                let all = match set_quantifier {
                    ast::SetQuantifier::All => true,
                    ast::SetQuantifier::None => false,
                    _ => return self.refuse("this form of a set operation", None),
                };
                // Chains lean to the left and are bounded by `parse::MAX_JOINTS`.
                let left = self.body(left, outer);
                let right = self.body(right, outer);
                self.set(operator, all, left?, right?)
            }
            _ => self.refuse("this kind of query", span(ast::Spanned::span(body))),
        }
    }

    /// ADQL 2.1 section 4.5: both sides have as many columns, of types that
    /// can stand in one column; names are those of the left.
    fn set(
        &mut self,
        operator: SetOperator,
        all: bool,
        left: Query,
        right: Query,
    ) -> Option<Query> {
        if left.columns.len() != right.columns.len() {
            let sentence = format!(
                "the two sides of the set operation have {} and {} columns",
                left.columns.len(),
                right.columns.len()
            );
            return self.fail(Message::new(211, sentence));
        }
        let mut columns = Vec::with_capacity(left.columns.len());
        for (number, (a, b)) in left.columns.iter().zip(&right.columns).enumerate() {
            let Some(kind) = common_type(a.kind, b.kind) else {
                let sentence = format!(
                    "column {} is {} on the left and {} on the right of the set operation",
                    number + 1,
                    a.kind,
                    b.kind
                );
                return self.fail(Message::new(302, sentence));
            };
            columns.push(describe::united(a, b, kind));
        }
        Some(Query {
            with: Vec::new(),
            body: Body::Set {
                operator,
                all,
                left: Box::new(left),
                right: Box::new(right),
            },
            order: Vec::new(),
            limit: None,
            offset: None,
            columns,
        })
    }
}

/// The type both can be taken for, if there is one.
fn common_type(a: Type, b: Type) -> Option<Type> {
    let text = |kind| matches!(kind, Type::Text | Type::Region);
    match (a, b) {
        _ if a == b => Some(a),
        (Type::Unknown, other) | (other, Type::Unknown) => Some(other),
        _ if a.is_integer() && b.is_integer() => Some(a.max(b)),
        _ if a.is_numeric() && b.is_numeric() => Some(Type::Double),
        _ if text(a) && text(b) => Some(Type::Text),
        _ => None,
    }
}

/// The unsigned whole number an expression is, literally.
fn whole(expr: &ast::Expr) -> Option<u64> {
    match expr {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Number(digits, false) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
