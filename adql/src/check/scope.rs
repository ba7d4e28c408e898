//! Names: which tables and columns can be spoken of at a place of a query.
//!
//! ADQL 2.1 section 2.1.3: a regular identifier matches without regard to
//! case, a delimited one matches the published spelling.

use std::sync::Arc;

use sqlparser::ast;

use super::Checker;
use crate::catalog::RegionIndex;
use crate::grammar;
use crate::message::{Message, Place, nearest};
use crate::parse::span;
use crate::query::{Expr, Node, Query};
use crate::types::{Column, Type};

/// A name as written.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub text: String,
    pub exact: bool,
}

impl Name {
    pub fn matches(&self, published: &str) -> bool {
        if self.exact {
            self.text == published
        } else {
            self.text.eq_ignore_ascii_case(published)
        }
    }

    /// Two written names mean the same unless both are exact and differ.
    fn same(&self, other: &Name) -> bool {
        if self.exact && other.exact {
            self.text == other.text
        } else {
            self.text.eq_ignore_ascii_case(&other.text)
        }
    }
}

/// The columns one source of rows brings.
#[derive(Debug)]
pub(super) struct ScopeSource {
    pub id: usize,
    /// The correlation name, or none for a table spoken of by its own name.
    pub alias: Option<Name>,
    pub schema: Option<String>,
    pub table: String,
    pub columns: Vec<ScopeColumn>,
    /// Of an open catalog: any column is assumed to exist.
    pub open: bool,
}

#[derive(Clone, Debug)]
pub(super) struct ScopeColumn {
    pub stored: String,
    pub column: Arc<Column>,
    pub region: Option<Arc<RegionIndex>>,
    /// Also in another source through USING or NATURAL: not listed again by
    /// `*`, and found without a qualifier through [`Scope::merged`] alone.
    pub merged: bool,
}

/// A column that a subquery gives.
#[derive(Clone, Debug)]
pub(super) struct DerivedColumn {
    pub column: Arc<Column>,
    /// A region with its index columns.
    pub searchable: bool,
}

impl DerivedColumn {
    pub fn of(query: &Query) -> Vec<DerivedColumn> {
        let columns = query.columns().iter().enumerate();
        columns
            .map(|(number, column)| DerivedColumn {
                column: Arc::new(column.clone()),
                searchable: query.searchable(number),
            })
            .collect()
    }
}

/// What can be spoken of at a place; `outer` is that of the query around.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    pub sources: Vec<ScopeSource>,
    /// Columns that USING and NATURAL made one of two.
    pub merged: Vec<(String, Expr)>,
    pub outer: Option<&'a Scope<'a>>,
}

impl ScopeSource {
    pub fn expr(&self, column: &ScopeColumn) -> Expr {
        Expr::new(
            Node::Column {
                source: self.id,
                stored: column.stored.clone(),
                column: column.column.clone(),
                region: column.region.clone(),
            },
            column.column.kind,
        )
    }

    pub fn answers_to(&self, qualifier: &[Name]) -> bool {
        match (qualifier, &self.alias) {
            ([name], Some(alias)) => alias.same(name),
            ([name], None) => name.matches(&self.table),
            ([schema, name], None) => {
                name.matches(&self.table)
                    && self.schema.as_deref().is_some_and(|s| schema.matches(s))
            }
            _ => false,
        }
    }

    pub fn shown(&self) -> String {
        match (&self.alias, &self.schema) {
            (Some(alias), _) => alias.text.clone(),
            (None, Some(schema)) => format!("{schema}.{}", self.table),
            (None, None) => self.table.clone(),
        }
    }
}

impl Scope<'_> {
    fn column_names(&self) -> impl Iterator<Item = &str> {
        let columns = self.sources.iter().flat_map(|source| &source.columns);
        columns.map(|column| column.column.name.as_str())
    }
}

/// What looking for a column in one scope came to.
enum Found {
    Expr(Expr),
    Several(Vec<String>),
    Nothing,
}

fn look(scope: &Scope, qualifier: &[Name], name: &Name) -> Found {
    if qualifier.is_empty()
        && let Some((_, expr)) = scope.merged.iter().find(|(merged, _)| name.matches(merged))
    {
        return Found::Expr(expr.clone());
    }
    let mut found: Vec<(&ScopeSource, &ScopeColumn)> = Vec::new();
    for source in &scope.sources {
        if !qualifier.is_empty() && !source.answers_to(qualifier) {
            continue;
        }
        let column = source.columns.iter().find(|column| {
            name.matches(&column.column.name) && !(qualifier.is_empty() && column.merged)
        });
        if let Some(column) = column {
            found.push((source, column));
        }
    }
    match found[..] {
        [] => {
            let mut open = scope.sources.iter().filter(|source| {
                source.open && (qualifier.is_empty() || source.answers_to(qualifier))
            });
            match open.next() {
                Some(source) => {
                    let column = Column::new(&name.text, Type::Unknown);
                    Found::Expr(source.expr(&ScopeColumn {
                        stored: name.text.clone(),
                        column: Arc::new(column),
                        region: None,
                        merged: false,
                    }))
                }
                None => Found::Nothing,
            }
        }
        [(source, column)] => Found::Expr(source.expr(column)),
        _ => Found::Several(found.iter().map(|(source, _)| source.shown()).collect()),
    }
}

impl Checker<'_> {
    /// A name as written; a reserved word needs quotes (ADQL 2.1 section 2.1.2).
    pub(super) fn name(&mut self, ident: &ast::Ident) -> Option<Name> {
        let exact = ident.quote_style.is_some();
        if !exact && grammar::is_reserved(&ident.value) {
            let sentence = format!(
                "{} is a reserved word of ADQL and cannot be a name as it stands",
                ident.value.to_uppercase()
            );
            let message = Message::new(108, sentence)
                .at(span(ident.span))
                .hint(format!("write it in double quotes: \"{}\"", ident.value));
            return self.fail(message);
        }
        if ident.value.is_empty() {
            return self.fail(Message::new(109, "a name is empty").at(span(ident.span)));
        }
        Some(Name {
            text: ident.value.clone(),
            exact,
        })
    }

    /// A column by its name of one to three parts.
    pub(super) fn column(&mut self, idents: &[ast::Ident], scope: &Scope) -> Option<Expr> {
        let at = around(idents);
        let mut names = Vec::with_capacity(idents.len());
        for ident in idents {
            names.push(self.name(ident)?);
        }
        let name = names.pop()?;
        let mut level = Some(scope);
        while let Some(scope) = level {
            match look(scope, &names, &name) {
                Found::Expr(expr) => return Some(expr),
                Found::Several(sources) => {
                    let sentence = format!(
                        "\"{}\" is in {}: it is not clear which is meant",
                        name.text,
                        sources.join(" and in ")
                    );
                    let hint = format!("write {}.{}", sources[0], name.text);
                    return self.fail(Message::new(204, sentence).at(at).hint(hint));
                }
                Found::Nothing => level = scope.outer,
            }
        }
        self.fail(no_such_column(scope, &names, &name, at))
    }
}

fn no_such_column(scope: &Scope, qualifier: &[Name], name: &Name, at: Option<Place>) -> Message {
    if !qualifier.is_empty() {
        let source = scope.sources.iter().find(|s| s.answers_to(qualifier));
        let Some(source) = source else {
            let written: Vec<&str> = qualifier.iter().map(|q| q.text.as_str()).collect();
            let written = written.join(".");
            let sentence = format!("there is no table or alias \"{written}\" in this FROM clause");
            let message = Message::new(205, sentence).at(at);
            let shown: Vec<String> = scope.sources.iter().map(ScopeSource::shown).collect();
            return if shown.is_empty() {
                message
            } else {
                message.hint(format!("the FROM clause has {}", shown.join(", ")))
            };
        };
        let sentence = format!("{} has no column \"{}\"", kind_of(source), name.text);
        let columns = source.columns.iter().map(|c| c.column.name.as_str());
        return suggest(Message::new(203, sentence).at(at), &name.text, columns);
    }
    let sentence = match &scope.sources[..] {
        [] => format!("\"{}\" is not a column here", name.text),
        [source] => format!("{} has no column \"{}\"", kind_of(source), name.text),
        _ => format!(
            "no table of this FROM clause has a column \"{}\"",
            name.text
        ),
    };
    suggest(
        Message::new(203, sentence).at(at),
        &name.text,
        scope.column_names(),
    )
}

fn kind_of(source: &ScopeSource) -> String {
    match &source.alias {
        Some(_) if source.table.is_empty() => format!("subquery {}", source.shown()),
        Some(alias) => format!("table {} ({})", source.table, alias.text),
        None => format!("table {}", source.shown()),
    }
}

fn suggest<'a>(message: Message, name: &str, candidates: impl Iterator<Item = &'a str>) -> Message {
    match nearest(name, candidates) {
        Some(near) if grammar::is_regular(near) => message.hint(format!("{near} exists")),
        Some(near) => message.hint(format!("\"{near}\" exists, and is written in quotes")),
        None => message,
    }
}

/// The place of a name of several parts.
pub(super) fn around(idents: &[ast::Ident]) -> Option<Place> {
    let first = span(idents.first()?.span)?;
    let last = span(idents.last()?.span)?;
    if first.line != last.line {
        return Some(first);
    }
    Some(Place {
        length: (last.column + last.length).saturating_sub(first.column),
        ..first
    })
}
