//! Names: which tables and columns can be spoken of at a place of a query.
//!
//! ADQL 2.1 section 2.1.7: a regular identifier matches without regard to
//! case, a delimited one matches the published spelling.

use std::sync::Arc;

use sqlparser::ast;

use super::Checker;
use crate::catalog::RegionIndex;
use crate::foreign;
use crate::grammar;
use crate::message::{Message, Place, nearest};
use crate::mistakes::{misspelled, reserved_word};
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

/// The number of a source that could not be made out; others count from 1.
pub(super) const ANY: usize = 0;

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

    /// A column that an open source is assumed to have.
    pub fn assumed(&self, name: &Name) -> Expr {
        self.expr(&ScopeColumn {
            stored: name.text.clone(),
            column: Arc::new(Column::new(&name.text, Type::Unknown)),
            region: None,
            merged: false,
        })
    }

    pub fn answers_to(&self, qualifier: &[Name]) -> bool {
        match (qualifier, &self.alias) {
            _ if self.id == ANY => true,
            ([name], Some(alias)) => alias.same(name),
            ([name], None) => name.matches(&self.table),
            ([schema, name], None) => {
                name.matches(&self.table)
                    && self.schema.as_deref().is_some_and(|s| schema.matches(s))
            }
            ([catalog, schema, name], None) => {
                let written = format!("{}.{}", catalog.text, schema.text);
                name.matches(&self.table) && self.schema.as_deref() == Some(written.as_str())
            }
            _ => false,
        }
    }

    pub fn shown(&self) -> String {
        match (&self.alias, &self.schema) {
            (Some(alias), _) => alias.text.clone(),
            (None, Some(schema)) if !schema.is_empty() => format!("{schema}.{}", self.table),
            (None, _) => self.table.clone(),
        }
    }
}

impl Scope<'_> {
    /// Whether a table is known to have a column of that name.
    pub fn has_column(&self, name: &Name) -> bool {
        self.column_names().any(|column| name.matches(column))
    }

    /// Whether anything that can be spoken of here may be called so.
    fn may_have(&self, name: &str) -> bool {
        let known = |source: &ScopeSource| {
            let alias = source.alias.as_ref().map(|alias| alias.text.as_str());
            source.open
                || [alias, source.schema.as_deref(), Some(source.table.as_str())]
                    .into_iter()
                    .flatten()
                    .chain(source.columns.iter().map(|c| c.column.name.as_str()))
                    .any(|other| other.eq_ignore_ascii_case(name))
        };
        self.sources.iter().any(known) || self.outer.is_some_and(|outer| outer.may_have(name))
    }

    /// The column that somebody has in mind who writes `dec`: of that name, or
    /// with such a part, as `s_dec`.
    pub fn meant(&self, name: &str) -> Option<&str> {
        let whole = |column: &&str| column.eq_ignore_ascii_case(name);
        let part = |column: &&str| {
            let mut parts = column.split('_').skip(1);
            parts.any(|part| part.eq_ignore_ascii_case(name))
        };
        let mut names = self.column_names();
        names.find(whole).or_else(|| self.column_names().find(part))
    }

    /// The name of the column that a join made of two.
    pub fn merged_name(&self, ident: &ast::Ident) -> Option<&String> {
        let name = Name {
            text: ident.value.clone(),
            exact: ident.quote_style.is_some(),
        };
        let mut merged = self.merged.iter().map(|(merged, _)| merged);
        merged.find(|merged| name.matches(merged))
    }

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
                Some(source) => Found::Expr(source.assumed(name)),
                None => Found::Nothing,
            }
        }
        [(source, column)] => Found::Expr(source.expr(column)),
        _ => Found::Several(found.iter().map(|(source, _)| source.shown()).collect()),
    }
}

impl Checker<'_> {
    /// A name as written; a reserved word needs quotes (ADQL 2.1 section 2.1.6).
    pub(super) fn name(&mut self, ident: &ast::Ident) -> Option<Name> {
        let exact = ident.quote_style.is_some();
        if !exact && grammar::is_reserved(&ident.value) {
            return self.fail(reserved_word(&ident.value, span(ident.span)));
        }
        if ident.quote_style == Some('\'') {
            let sentence = format!("'{}' is a string, not a name", ident.value);
            let message = Message::new(109, sentence).at(span(ident.span));
            let plain = ident.value.split('.').all(grammar::is_regular);
            return self.fail(message.hint(match plain {
                true => format!("write {} without quotes", ident.value),
                false => format!("write \"{}\" in double quotes", ident.value),
            }));
        }
        if ident.value.is_empty() {
            let message = Message::new(109, "a name is empty").at(span(ident.span));
            return self.fail(message.hint("a string without characters is ''"));
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
            let reserved = ident.quote_style.is_none() && grammar::is_reserved(&ident.value);
            // In quotes it would not be there either.
            if reserved && !scope.may_have(&ident.value) {
                names.push(Name {
                    text: ident.value.clone(),
                    exact: false,
                });
                continue;
            }
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
        let message = no_such_column(scope, (&self.aliases, self.beside), &names, &name, at);
        self.fail(message)
    }
}

/// What is said of a column that is not there.
fn no_such_column(
    scope: &Scope,
    (aliases, beside): (&[String], bool),
    qualifier: &[Name],
    name: &Name,
    at: Option<Place>,
) -> Message {
    if !qualifier.is_empty() {
        let source = scope.sources.iter().find(|s| s.answers_to(qualifier));
        let Some(source) = source else {
            return no_such_qualifier(scope, qualifier, at);
        };
        let sentence = format!("{} has no column \"{}\"", kind_of(source), name.text);
        let message = Message::new(203, sentence).at(at);
        let columns = source.columns.iter().map(|c| c.column.name.as_str());
        let other = scope.sources.iter().find(|other| {
            let mut columns = other.columns.iter();
            columns.any(|column| name.matches(&column.column.name))
        });
        if let Some(other) = other {
            return message.hint(format!(
                "{0} has it: write {0}.{1}",
                other.shown(),
                name.text
            ));
        }
        return match suggestion(&name.text, columns) {
            Some(hint) => message.hint(hint),
            None => message.hint(columns_of(source)),
        };
    }
    let sentence = match &scope.sources[..] {
        [] => format!("\"{}\" is not a column here", name.text),
        [source] => format!("{} has no column \"{}\"", kind_of(source), name.text),
        _ => format!(
            "no table of this FROM clause has a column \"{}\"",
            name.text
        ),
    };
    let message = Message::new(203, sentence).at(at);
    if aliases.iter().any(|alias| name.matches(alias)) {
        return message.hint(format!(
            "{0} is a name that SELECT gives, and is known to ORDER BY and GROUP BY alone; write \
             here what stands before AS {0}",
            name.text
        ));
    }
    if let Some(hint) = foreign::column(&name.text) {
        return message.hint(hint);
    }
    if let Some(hint) = suggestion(&name.text, scope.column_names()) {
        let case = name.exact
            && scope
                .column_names()
                .any(|c| c.eq_ignore_ascii_case(&name.text));
        return message.hint(match case {
            true => format!("{hint}; between double quotes upper and lower case count"),
            false => hint,
        });
    }
    if name.exact {
        let text = name.text.replace('\'', "''");
        let wildcards = match text.contains('*') {
            true => format!(
                ", and LIKE has % for any characters: '{}'",
                text.replace('*', "%")
            ),
            false => String::new(),
        };
        return message.hint(format!(
            "double quotes are for names; a string stands in single quotes: '{text}'{wildcards}"
        ));
    }
    if beside {
        return message.hint(format!("if it is a string, write '{}'", name.text));
    }
    if let Some(word @ "DISTINCT") = misspelled(&name.text) {
        return message.hint(format!("if the word {word} is meant, write {word}"));
    }
    match scope.sources.first() {
        Some(source) => message.hint(columns_of(source)),
        None => message,
    }
}

pub(super) fn no_such_qualifier(scope: &Scope, qualifier: &[Name], at: Option<Place>) -> Message {
    let written: Vec<&str> = qualifier.iter().map(|q| q.text.as_str()).collect();
    let written = written.join(".");
    let sentence = format!("there is no table or alias \"{written}\" in this FROM clause");
    let message = Message::new(205, sentence).at(at);
    // A table with an alias is spoken of by its alias alone.
    let hidden = scope.sources.iter().find(|source| {
        let last = qualifier.last();
        source.alias.is_some() && last.is_some_and(|last| last.matches(&source.table))
    });
    if let Some(source) = hidden {
        return message.hint(format!("here the table is called {}", source.shown()));
    }
    let shown: Vec<String> = scope.sources.iter().map(ScopeSource::shown).collect();
    if shown.is_empty() {
        return message;
    }
    message.hint(format!("the FROM clause has {}", shown.join(", ")))
}

/// All columns where they are few, else where they are listed.
fn columns_of(source: &ScopeSource) -> String {
    const FEW: usize = 12;
    let names: Vec<&str> = source
        .columns
        .iter()
        .map(|c| c.column.name.as_str())
        .collect();
    match (names.len() <= FEW, source.table.is_empty()) {
        (true, _) | (_, true) => {
            let names: Vec<&str> = names.into_iter().take(FEW).collect();
            format!("{} has {}", source.shown(), names.join(", "))
        }
        (false, false) => {
            let schema = source.schema.as_deref().unwrap_or_default();
            format!(
                "SELECT column_name FROM tap_schema.columns WHERE table_name = '{schema}.{}' \
                 lists its columns",
                source.table
            )
        }
    }
}

fn kind_of(source: &ScopeSource) -> String {
    match &source.alias {
        Some(_) if source.table.is_empty() => format!("subquery {}", source.shown()),
        Some(alias) => format!("table {} ({})", source.table, alias.text),
        None => format!("table {}", source.shown()),
    }
}

fn suggestion<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let near = nearest(name, candidates)?;
    Some(match grammar::is_regular(near) {
        true => format!("{near} exists"),
        false => format!("\"{near}\" exists, and is written in quotes"),
    })
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
