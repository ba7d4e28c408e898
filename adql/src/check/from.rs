//! FROM: tables, subqueries and joins, and the names they bring
//! (ADQL 2.1 section 2.2.2).

use std::sync::Arc;

use sqlparser::ast::{self, Spanned};

use super::Checker;
use super::scope::{ANY, DerivedColumn, Name, Scope, ScopeColumn, ScopeSource, around};
use crate::catalog::{RegionIndex, Table};
use crate::functions;
use crate::grammar;
use crate::message::{Message, Place, nearest};
use crate::parse::span;
use crate::query::{Comparison, Expr, Join, Node, Source};
use crate::types::{Column, Type};

impl Checker<'_> {
    /// The comma list of FROM; several tables are a cross join.
    pub(super) fn from(
        &mut self,
        from: &[ast::TableWithJoins],
        scope: &mut Scope,
    ) -> Option<Option<Source>> {
        let mut whole: Option<Source> = None;
        let mut good = true;
        for table in from {
            match self.table_with_joins(table, scope) {
                Some(source) => {
                    whole = Some(match whole {
                        Some(left) => cross(left, source),
                        None => source,
                    });
                }
                None => good = false,
            }
        }
        good.then_some(whole)
    }

    fn table_with_joins(
        &mut self,
        table: &ast::TableWithJoins,
        scope: &mut Scope,
    ) -> Option<Source> {
        let first = scope.sources.len();
        let mut left = self.relation_or_any(&table.relation, scope);
        for join in &table.joins {
            let middle = scope.sources.len();
            let right = self.relation_or_any(&join.relation, scope);
            left = match (left, right) {
                (Some(left), Some(right)) => self.join(left, right, join, scope, first, middle),
                _ => None,
            };
        }
        left
    }

    /// A table that is not there leaves one of any name with any columns, so
    /// that what else is wrong can be said.
    fn relation_or_any(
        &mut self,
        relation: &ast::TableFactor,
        scope: &mut Scope,
    ) -> Option<Source> {
        if self.has_enough() {
            return None;
        }
        let source = self.relation(relation, scope);
        if source.is_none() {
            let any = self.derived(ANY, None, &[], true);
            scope.sources.push(any);
        }
        source
    }

    fn relation(&mut self, relation: &ast::TableFactor, scope: &mut Scope) -> Option<Source> {
        match relation {
            ast::TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                let alias = self.alias(alias.as_ref())?;
                self.table(name, alias, scope)
            }
            ast::TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            } => {
                let at = span(subquery.span());
                let alias = self.alias(alias.as_ref())?;
                let query = self.query(subquery, scope.outer)?;
                let Some(alias) = alias else {
                    // ADQL 2.1 appendix A, <table_reference>.
                    let message = Message::new(113, "a subquery in FROM needs a name").at(at);
                    return self.fail(message.hint("write (SELECT …) AS a"));
                };
                let id = self.next_source();
                let open = self.gives_all(subquery);
                let columns = DerivedColumn::of(&query);
                let source = self.derived(id, Some(alias), &columns, open);
                self.bring(scope, source)?;
                Some(Source::Derived {
                    id,
                    query: Box::new(query),
                })
            }
            ast::TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => self.table_with_joins(table_with_joins, scope),
            other => self.refuse("this kind of table", span(other.span())),
        }
    }

    fn alias(&mut self, alias: Option<&ast::TableAlias>) -> Option<Option<Name>> {
        match alias {
            None => Some(None),
            Some(alias) if alias.columns.is_empty() && alias.at.is_none() => {
                Some(Some(self.name(&alias.name)?))
            }
            Some(alias) => self.refuse("a list of columns after an alias", span(alias.name.span)),
        }
    }

    fn table(
        &mut self,
        name: &ast::ObjectName,
        alias: Option<Name>,
        scope: &mut Scope,
    ) -> Option<Source> {
        let idents = self.idents(name)?;
        let at = around(&idents);
        let reserved =
            |ident: &ast::Ident| ident.quote_style.is_none() && grammar::is_reserved(&ident.value);
        let last = idents.last().map_or("", |ident| ident.value.as_str());
        let closed = !self.catalog.is_open();
        if closed && idents.iter().any(reserved) && self.catalog.find(None, last).is_empty() {
            // In quotes it would not be there either.
            let written = idents.iter().map(|ident| Name {
                text: ident.value.clone(),
                exact: ident.quote_style.is_some(),
            });
            return self.no_such_table(&written.collect::<Vec<_>>(), at);
        }
        let names = self.names(&idents)?;
        if let [single] = &names[..]
            && let Some(common) = self
                .common
                .iter()
                .rev()
                .find(|common| single.matches(&common.name.text))
        {
            let (number, open) = (common.number, common.open);
            let columns = common.columns.clone();
            let id = self.next_source();
            let alias = alias.or(Some(single.clone()));
            let source = self.derived(id, alias, &columns, open);
            self.bring(scope, source)?;
            return Some(Source::Common { id, number });
        }
        let Some(table) = self.find_table(&names) else {
            return self.no_such_table(&names, at);
        };
        let id = self.next_source();
        let source = ScopeSource {
            id,
            alias,
            schema: Some(table.schema.clone()),
            table: table.name.clone(),
            columns: published(&table),
            open: self.catalog.is_open(),
        };
        self.bring_at(scope, source, at)?;
        Some(Source::Table { id, table })
    }

    fn find_table(&mut self, names: &[Name]) -> Option<Arc<Table>> {
        let (schema, name) = match names {
            [name] => (None, name),
            [schema, name] => (Some(schema), name),
            [catalog, schema, name] if self.catalog.is_open() => {
                return Some(unknown_table(
                    &format!("{}.{}", catalog.text, schema.text),
                    name,
                ));
            }
            _ => return None,
        };
        let mut found = self
            .catalog
            .find(schema.map(|schema| schema.text.as_str()), &name.text)
            .into_iter()
            .filter(|table| {
                name.matches(&table.name) && schema.is_none_or(|s| s.matches(&table.schema))
            });
        match (found.next(), found.next()) {
            (Some(table), None) => Some(table.clone()),
            (None, _) if self.catalog.is_open() => {
                let schema = schema.map_or("", |schema| schema.text.as_str());
                Some(unknown_table(schema, name))
            }
            _ => None,
        }
    }

    fn no_such_table<T>(&mut self, names: &[Name], at: Option<Place>) -> Option<T> {
        let written: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
        let written = written.join(".");
        let tables = self.catalog.tables();
        let several = tables
            .iter()
            .filter(|table| names.len() == 1 && names[0].matches(&table.name))
            .map(|table| table.full_name())
            .collect::<Vec<_>>();
        if several.len() > 1 {
            let sentence = format!("several tables are called \"{written}\"");
            let hint = format!("write {}", several.join(" or "));
            return self.fail(Message::new(202, sentence).at(at).hint(hint));
        }
        let schema = (names.len() == 2).then(|| &names[0]).filter(|schema| {
            let known = tables.iter().any(|table| schema.matches(&table.schema));
            !known
        });
        let sentence = match schema {
            Some(schema) => format!(
                "there is no table \"{written}\", nor any schema \"{}\"",
                schema.text
            ),
            None => format!("there is no table \"{written}\""),
        };
        let message = Message::new(201, sentence).at(at);
        let full: Vec<String> = tables.iter().map(|table| table.full_name()).collect();
        let bare = tables.iter().map(|table| table.name.as_str());
        // `obscore.ivoa`, and a schema that is none before a table that is one.
        let swapped = names.iter().rev().map(|name| name.text.as_str());
        let swapped = swapped.collect::<Vec<_>>().join(".");
        let swapped = full
            .iter()
            .find(|name| name.eq_ignore_ascii_case(&swapped))
            .map(String::as_str);
        let near = nearest(&written, full.iter().map(String::as_str));
        let near = swapped.or(near).or_else(|| {
            let near = nearest(names.last()?.text.as_str(), bare)?;
            full.iter()
                .map(String::as_str)
                .find(|name| name.ends_with(near))
        });
        let of_schema = |table: &&Arc<Table>| names.len() == 1 && names[0].matches(&table.schema);
        let uploaded = match names {
            [schema, _] => schema.text.eq_ignore_ascii_case("TAP_UPLOAD"),
            _ => false,
        };
        let hint = match near {
            // TAP 1.1 section 2.7.6.
            _ if uploaded => {
                let brought: Vec<&String> = full
                    .iter()
                    .filter(|name| name.starts_with("TAP_UPLOAD."))
                    .collect();
                match brought.first() {
                    Some(first) => format!("the request brings {first}"),
                    None => {
                        let name = names.last().map_or("t", |name| name.text.as_str());
                        format!(
                            "tables of TAP_UPLOAD come with the query: POST it with UPLOAD={name},param:f \
                             and the table as the file f"
                        )
                    }
                }
            }
            _ if tables.iter().any(|table| of_schema(&table)) => {
                let some = tables.iter().filter(of_schema).take(6);
                let some: Vec<String> = some.map(|table| table.full_name()).collect();
                format!("that is a schema; its tables are {}", some.join(", "))
            }
            Some(near) if names.len() == 1 && names[0].exact && written.contains('.') => format!(
                "{near} exists; where quotes are needed, schema and table have their own: \
                 \"schema\".\"table\""
            ),
            Some(near) => format!("{near} exists"),
            None => "SELECT table_name FROM tap_schema.tables lists all tables".to_owned(),
        };
        self.fail(message.hint(hint))
    }

    /// The columns of a subquery are called `c1`, `c2`, … in SQL, so that what
    /// the user calls them never gets there.
    /// The index columns of a region come along as `c1_key`, `c1_x`, …
    /// Without names that are not known, a column without a type is one of NULLs,
    /// and text.
    fn derived(
        &self,
        id: usize,
        alias: Option<Name>,
        columns: &[DerivedColumn],
        open: bool,
    ) -> ScopeSource {
        let known = !self.catalog.is_open();
        let columns = columns.iter().enumerate().map(|(number, derived)| {
            let stored = format!("c{}", number + 1);
            let index = RegionIndex {
                column: derived.column.name.clone(),
                prefix: stored.clone(),
            };
            let column = match derived.column.kind {
                Type::Unknown if known => Arc::new(Column {
                    kind: Type::Text,
                    ..derived.column.as_ref().clone()
                }),
                _ => derived.column.clone(),
            };
            ScopeColumn {
                stored,
                column,
                region: derived.searchable.then(|| Arc::new(index)),
                merged: false,
            }
        });
        ScopeSource {
            id,
            alias,
            schema: None,
            table: String::new(),
            columns: columns.collect(),
            open,
        }
    }

    /// Two sources of one FROM may not answer to the same name.
    fn bring(&mut self, scope: &mut Scope, source: ScopeSource) -> Option<()> {
        self.bring_at(scope, source, None)
    }

    fn bring_at(
        &mut self,
        scope: &mut Scope,
        source: ScopeSource,
        at: Option<Place>,
    ) -> Option<()> {
        let taken = scope
            .sources
            .iter()
            .any(|other| match (&other.alias, &source.alias) {
                (Some(a), Some(b)) => a.matches(&b.text),
                (None, None) => other.table == source.table && other.schema == source.schema,
                _ => false,
            });
        if taken {
            let sentence = format!(
                "two tables of this FROM clause are called {}",
                source.shown()
            );
            let message = Message::new(206, sentence).at(at);
            let message = message.hint("give each an alias of its own: table AS a");
            return self.fail(message);
        }
        scope.sources.push(source);
        Some(())
    }

    /// `first` and `middle` tell which sources of the scope stand left
    /// (`first..middle`) and right (`middle..`) of the join.
    fn join(
        &mut self,
        left: Source,
        right: Source,
        join: &ast::Join,
        scope: &mut Scope,
        first: usize,
        middle: usize,
    ) -> Option<Source> {
        use ast::JoinOperator as Operator;
        let (kind, constraint) = match &join.join_operator {
            Operator::Join(constraint) | Operator::Inner(constraint) => (Join::Inner, constraint),
            Operator::Left(constraint) | Operator::LeftOuter(constraint) => {
                (Join::Left, constraint)
            }
            Operator::Right(constraint) | Operator::RightOuter(constraint) => {
                (Join::Right, constraint)
            }
            Operator::FullOuter(constraint) => (Join::Full, constraint),
            Operator::CrossJoin(ast::JoinConstraint::None) => return Some(cross(left, right)),
            _ => return self.refuse("this kind of join", span(join.span())),
        };
        let on = match constraint {
            ast::JoinConstraint::On(condition) => {
                // What stands before a comma is not seen by joins after it
                // (SQL-92 7.5, syntax rule 6).
                let before: Vec<ScopeSource> = scope.sources.drain(..first).collect();
                let on = self.condition(condition, scope);
                scope.sources.splice(0..0, before);
                let on = on?;
                self.no_aggregate(&on, "ON", span(condition.span()));
                Some(on)
            }
            ast::JoinConstraint::Using(columns) => {
                let mut names = Vec::new();
                for column in columns {
                    let idents = self.idents(column)?;
                    names.extend(self.names(&idents)?);
                }
                Some(self.merge(&names, kind, scope, first, middle, span(join.span()))?)
            }
            ast::JoinConstraint::Natural => {
                let names = shared_names(scope, first, middle);
                if names.is_empty() {
                    None
                } else {
                    Some(self.merge(&names, kind, scope, first, middle, span(join.span()))?)
                }
            }
            // ADQL 2.1 appendix A, <qualified_join>: the condition may be left out.
            ast::JoinConstraint::None => None,
        };
        Some(Source::Join {
            kind,
            left: Box::new(left),
            right: Box::new(right),
            on,
        })
    }

    /// USING and NATURAL (SQL-92 7.5): equal columns, made one.
    fn merge(
        &mut self,
        names: &[Name],
        kind: Join,
        scope: &mut Scope,
        first: usize,
        middle: usize,
        at: Option<Place>,
    ) -> Option<Expr> {
        let mut conditions = Vec::new();
        for name in names {
            let left = self.side(name, scope, first..middle, at)?;
            let right = self.side(name, scope, middle..scope.sources.len(), at)?;
            let equal = self.compare(Comparison::Equal, left.clone(), right.clone(), at)?;
            conditions.push(equal);
            let merged = match kind {
                Join::Inner | Join::Left => left,
                Join::Right => right,
                Join::Full => {
                    let kind = super::common_type(left.kind, right.kind).unwrap_or(left.kind);
                    let function = functions::find("COALESCE")?;
                    let arguments = vec![left, right];
                    Expr::new(
                        Node::Call {
                            function,
                            arguments,
                        },
                        kind,
                    )
                }
            };
            for source in &mut scope.sources[first..] {
                let columns = source.columns.iter_mut();
                for column in columns.filter(|column| name.matches(&column.column.name)) {
                    column.merged = true;
                }
            }
            scope.merged.retain(|(other, _)| !name.matches(other));
            scope.merged.push((name.text.clone(), merged));
        }
        Some(Expr::boolean(Node::And(conditions)))
    }

    /// The column of that name on one side of a join.
    fn side(
        &mut self,
        name: &Name,
        scope: &Scope,
        range: std::ops::Range<usize>,
        at: Option<Place>,
    ) -> Option<Expr> {
        let earlier = scope.merged.iter().find(|(merged, _)| name.matches(merged));
        let mut found = scope.sources[range.clone()].iter().flat_map(|source| {
            let columns = source.columns.iter();
            columns
                .filter(|column| name.matches(&column.column.name))
                .map(move |column| (source, column))
        });
        match (found.next(), found.next(), earlier) {
            (Some((_, column)), _, Some((_, expr))) if column.merged => Some(expr.clone()),
            (Some((source, column)), None, _) => Some(source.expr(column)),
            (None, _, Some((_, expr))) if scope.sources[range.clone()].iter().any(|s| s.open) => {
                Some(expr.clone())
            }
            (None, ..) => match scope.sources[range].iter().find(|source| source.open) {
                Some(source) => Some(source.assumed(name)),
                None => {
                    let sentence = format!(
                        "\"{}\" is not a column of both sides of the join",
                        name.text
                    );
                    self.fail(Message::new(207, sentence).at(at))
                }
            },
            _ => {
                let sentence = format!(
                    "\"{}\" is more than once on one side of the join",
                    name.text
                );
                self.fail(
                    Message::new(204, sentence)
                        .at(at)
                        .hint("write ON with qualified names"),
                )
            }
        }
    }
}

fn shared_names(scope: &Scope, first: usize, middle: usize) -> Vec<Name> {
    let right = &scope.sources[middle..];
    let mut names: Vec<Name> = Vec::new();
    for column in scope.sources[first..middle].iter().flat_map(|s| &s.columns) {
        let name = Name {
            text: column.column.name.clone(),
            exact: false,
        };
        let shared = right
            .iter()
            .flat_map(|source| &source.columns)
            .any(|other| name.matches(&other.column.name));
        if shared && !names.iter().any(|other| other.matches(&name.text)) {
            names.push(name);
        }
    }
    names
}

fn cross(left: Source, right: Source) -> Source {
    Source::Join {
        kind: Join::Inner,
        left: Box::new(left),
        right: Box::new(right),
        on: None,
    }
}

/// A table that an open catalog assumes.
fn unknown_table(schema: &str, name: &Name) -> Arc<Table> {
    Arc::new(Table {
        schema: schema.to_owned(),
        name: name.text.clone(),
        stored: (schema.to_lowercase(), name.text.to_lowercase()),
        ..Table::default()
    })
}

fn published(table: &Table) -> Vec<ScopeColumn> {
    let columns = table.columns.iter().enumerate().map(|(number, column)| {
        let stored = table.stored_column(number);
        let region = table
            .regions
            .iter()
            .find(|index| column.kind.is_geometry() && index.column == stored);
        ScopeColumn {
            stored: stored.to_owned(),
            column: Arc::new(column.clone()),
            region: region.map(|index| Arc::new(index.clone())),
            merged: false,
        }
    });
    columns.collect()
}
