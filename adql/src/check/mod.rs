//! Syntax + Catalog → Query: names, types, geometry, the columns of the
//! answer. ADQL is defined here: sqlparser reads far more than ADQL, and what
//! this does not know it refuses (REC-ADQL-2.1 section 2 and appendix A).
//!
//! Must not know: engines, cells.

mod compare;
mod coordinate;
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
mod size;
mod unit;

use sqlparser::ast;

use crate::catalog::Catalog;
use crate::message::{MOST, Message, Messages, Place};
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
        aliases: Vec::new(),
        beside: false,
        doubts: Vec::new(),
    };
    let query = checker.main(&syntax.query);
    if let Some(query) = &query {
        checker.of_bounded_size(query);
    }
    match query {
        Some(query) if checker.messages.is_empty() => Ok(query),
        _ => {
            checker.messages.append(&mut checker.doubts);
            Err(Messages::new(&syntax.text, checker.messages))
        }
    }
}

/// What is known while a query is checked. A function that returns `None` has
/// said why in `messages`.
struct Checker<'a> {
    catalog: &'a Catalog,
    messages: Vec<Message>,
    /// How many sources of rows have been numbered.
    sources: usize,
    /// The `WITH` queries in force.
    common: Vec<Common>,
    /// The names that the SELECT being checked gives to its columns.
    aliases: Vec<String>,
    /// What is being checked is compared with something.
    beside: bool,
    /// What is right in ADQL, and is spoken of where something else is wrong.
    doubts: Vec<Message>,
}

/// A `WITH` query as FROM can name it.
struct Common {
    name: Name,
    number: usize,
    columns: Vec<DerivedColumn>,
    /// It may have more columns than are known ([`Checker::gives_all`]).
    open: bool,
}

impl Checker<'_> {
    /// Whether so much has been found wrong that looking on helps nobody.
    fn has_enough(&self) -> bool {
        self.messages.len() >= MOST
    }

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

    /// The same, with what ADQL has instead.
    fn refuse_for<T>(&mut self, what: &str, instead: &str, at: Option<Place>) -> Option<T> {
        let message = Message::new(120, format!("{what} is not part of ADQL"));
        self.fail(message.at(at).hint(instead))
    }

    fn main(&mut self, query: &ast::Query) -> Option<Query> {
        let with = self.with(query.with.as_ref());
        let checked = self.query_after_with(query, None);
        let mut checked = checked?;
        checked.with = with?;
        Some(checked)
    }

    /// A query inside another. ADQL 2.1 sections 4.5.1 and 4.6.5: WITH stands
    /// before the main query alone.
    fn query(&mut self, query: &ast::Query, outer: Option<&Scope>) -> Option<Query> {
        if let Some(with) = &query.with {
            let message = Message::new(117, "WITH stands inside another query")
                .at(span(with.with_token.0.span))
                .hint("put it before the whole query: WITH a AS (SELECT …) SELECT …");
            return self.fail(message);
        }
        self.query_after_with(query, outer)
    }

    /// Whether a query may have columns that are not known: it has a `*`, and
    /// the catalog is open.
    fn gives_all(&self, query: &ast::Query) -> bool {
        self.catalog.is_open() && has_wildcard(&query.body)
    }

    /// ADQL 2.1 section 4.5: common table expressions, not recursive.
    fn with(&mut self, with: Option<&ast::With>) -> Option<Vec<CommonTable>> {
        let mut tables = Vec::new();
        let Some(with) = with else {
            return Some(tables);
        };
        if with.recursive {
            return self.refuse("WITH RECURSIVE", span(with.with_token.0.span));
        }
        let mut good = true;
        for common in &with.cte_tables {
            let name = self.name(&common.alias.name)?;
            let query = self.with_query(common);
            let number = self.next_source();
            // Of a query that is wrong the columns are not known; what else is
            // wrong can be said all the same.
            let open = query.is_none() || self.gives_all(&common.query);
            self.common.push(Common {
                name,
                number,
                columns: query.as_ref().map(DerivedColumn::of).unwrap_or_default(),
                open,
            });
            match query {
                Some(query) => tables.push(CommonTable { number, query }),
                None => good = false,
            }
        }
        good.then_some(tables)
    }

    fn with_query(&mut self, common: &ast::Cte) -> Option<Query> {
        let at = span(common.alias.name.span);
        if common.materialized.is_some() || common.from.is_some() {
            return self.refuse("this form of WITH", at);
        }
        let mut query = self.query(&common.query, None)?;
        let renames = &common.alias.columns;
        if !renames.is_empty() {
            if renames.len() != query.columns.len() {
                let sentence = format!(
                    "{} columns are named here, but the query has {}",
                    renames.len(),
                    query.columns.len()
                );
                let hint = "name each column of the query, or none";
                return self.fail(Message::new(210, sentence).at(at).hint(hint));
            }
            for (column, rename) in query.columns.iter_mut().zip(renames) {
                column.name.clone_from(&rename.name.value);
            }
        }
        Some(query)
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
                let open = self.gives_all(query);
                checked.order =
                    self.order_of_set(query.order_by.as_ref(), &checked.columns, open)?;
                checked
            }
        };
        if let Some(offset) = offset {
            checked.offset = Some(offset);
        }
        Some(checked)
    }

    /// ADQL 2.1 section 4.10.1: `OFFSET n`, without more.
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
            return self.refuse_for("this form of OFFSET", "write OFFSET n, without ROWS", at);
        }
        match whole(&offset.value) {
            Some(number) => Some(Some(number)),
            None => {
                let message = Message::new(111, "OFFSET takes a whole number").at(at);
                self.fail(message.hint("write OFFSET 10"))
            }
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
                    ast::SetOperator::Minus => {
                        return self.refuse_for("MINUS", "write EXCEPT", None);
                    }
                };
                let all = match set_quantifier {
                    ast::SetQuantifier::All => true,
                    ast::SetQuantifier::None => false,
                    _ => return self.refuse("this form of a set operation", None),
                };
                // Chains lean to the left and are bounded by `parse::MAX_JOINTS`.
                let open = self.catalog.is_open() && (has_wildcard(left) || has_wildcard(right));
                let at = span(ast::Spanned::span(right.as_ref()));
                let left = self.body(left, outer);
                let right = self.body(right, outer);
                self.set(operator, all, left?, right?, open, at)
            }
            _ => self.refuse("this kind of query", span(ast::Spanned::span(body))),
        }
    }

    /// ADQL 2.1 section 4.6: both sides have as many columns, of types that
    /// can stand in one column; names are those of the left.
    fn set(
        &mut self,
        operator: SetOperator,
        all: bool,
        left: Query,
        right: Query,
        open: bool,
        at: Option<Place>,
    ) -> Option<Query> {
        if left.columns.len() != right.columns.len() && !open {
            let sentence = format!(
                "the two sides of the set operation have {} and {} columns",
                left.columns.len(),
                right.columns.len()
            );
            let message = Message::new(211, sentence).at(at);
            return self.fail(message.hint("both sides need the same columns in the same order"));
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
                let message = Message::new(302, sentence).at(at);
                return self
                    .fail(message.hint("CAST(x AS VARCHAR) or another CAST makes them alike"));
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

/// Whether a `*` stands in the SELECT of a query or of a side of it.
fn has_wildcard(body: &ast::SetExpr) -> bool {
    let mut sides = vec![body];
    while let Some(side) = sides.pop() {
        match side {
            ast::SetExpr::Select(select) if select.projection.iter().any(select::is_wildcard) => {
                return true;
            }
            ast::SetExpr::Query(query) => sides.push(&query.body),
            ast::SetExpr::SetOperation { left, right, .. } => sides.extend([&**left, &**right]),
            _ => {}
        }
    }
    false
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
