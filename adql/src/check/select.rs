//! One SELECT: where its rows come from, what it keeps, what it gives.

use std::sync::Arc;

use sqlparser::ast::{self, Spanned};

use super::scope::{Name, Scope, ScopeColumn, ScopeSource, around};
use super::{Checker, whole};
use crate::catalog::Table;
use crate::functions;
use crate::message::{Message, nearest};
use crate::parse::span;
use crate::query::{Body, Comparison, Expr, Join, Node, Query, Select, Source};
use crate::types::{Column, Type};

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
            Some(ast::Distinct::On(_)) => return self.refuse("DISTINCT ON", at),
        };
        let limit = self.top(select.top.as_ref());
        let mut scope = Scope {
            outer,
            ..Scope::default()
        };
        let Some(from) = self.from(&select.from, &mut scope) else {
            // Without its tables nothing sensible can be said of the columns.
            return None;
        };
        let Some(from) = from else {
            let message = Message::new(112, "the query has no FROM clause").at(at);
            return self.fail(message.hint("every ADQL query reads a table"));
        };
        let items = self.items(&select.projection, &scope);
        let filter = self.optional_condition(select.selection.as_ref(), &scope);
        let group = self.group_by(&select.group_by, &scope);
        let having = self.optional_condition(select.having.as_ref(), &scope);
        if let (Some(Some(filter)), Some(expr)) = (&filter, &select.selection) {
            self.no_aggregate(filter, "WHERE", span(expr.span()));
        }
        let order = self.order_of_select(order, items.as_deref(), &scope, distinct);
        let (items, group, having, order) = (items?, group?, having?, order?);
        let filter = filter?;
        self.grouping(&select.projection, &items, &group, having.as_ref(), &order)?;
        let (items, columns) = items.into_iter().unzip();
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
            || select.top_before_distinct
            || select.flavor != ast::SelectFlavor::Standard;
        if odd {
            return self.refuse("a clause of this SELECT", at);
        }
        Some(())
    }

    /// ADQL 2.1 section 2.2.1: `TOP n`, an unsigned whole number.
    fn top(&mut self, top: Option<&ast::Top>) -> Option<Option<u64>> {
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
            _ => self.fail(Message::new(111, "TOP takes an unsigned whole number")),
        }
    }

    fn items(
        &mut self,
        projection: &[ast::SelectItem],
        scope: &Scope,
    ) -> Option<Vec<(Expr, Column)>> {
        let mut items = Vec::new();
        let mut good = true;
        for item in projection {
            match item {
                ast::SelectItem::UnnamedExpr(expr) => match self.value(expr, scope) {
                    Some(value) => {
                        let column = value.describe(items.len() + 1);
                        items.push((value, column));
                    }
                    None => good = false,
                },
                ast::SelectItem::ExprWithAlias { expr, alias } => {
                    match (self.value(expr, scope), self.name(alias)) {
                        (Some(value), Some(name)) => {
                            let mut column = value.describe(items.len() + 1);
                            column.name = name.text;
                            items.push((value, column));
                        }
                        _ => good = false,
                    }
                }
                ast::SelectItem::Wildcard(options) => {
                    good &= self.plain_wildcard(options).is_some();
                    for (name, expr) in &scope.merged {
                        let mut column = expr.describe(items.len() + 1);
                        column.name.clone_from(name);
                        items.push((expr.clone(), column));
                    }
                    for source in &scope.sources {
                        let columns = source.columns.iter().filter(|column| !column.merged);
                        items.extend(columns.map(|column| all_of(source, column)));
                    }
                }
                ast::SelectItem::QualifiedWildcard(kind, options) => {
                    good &= self.plain_wildcard(options).is_some();
                    match self.qualified(kind, scope) {
                        Some(source) => {
                            let columns = source.columns.iter();
                            items.extend(columns.map(|column| all_of(source, column)));
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
        if good && items.is_empty() && !self.catalog.is_open() {
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
                let sentence = format!("there is no table or alias \"{name}\" in this FROM clause");
                self.fail(Message::new(205, sentence).at(around(&idents)))
            }
        }
    }

    fn idents(&mut self, name: &ast::ObjectName) -> Option<Vec<ast::Ident>> {
        let mut idents = Vec::with_capacity(name.0.len());
        for part in &name.0 {
            match part {
                ast::ObjectNamePart::Identifier(ident) => idents.push(ident.clone()),
                ast::ObjectNamePart::Function(_) => return self.refuse("this name", None),
            }
        }
        Some(idents)
    }

    fn names(&mut self, idents: &[ast::Ident]) -> Option<Vec<Name>> {
        idents.iter().map(|ident| self.name(ident)).collect()
    }

    /// The comma list of FROM; several tables are a cross join.
    fn from(&mut self, from: &[ast::TableWithJoins], scope: &mut Scope) -> Option<Option<Source>> {
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
        let mut left = self.relation(&table.relation, scope)?;
        for join in &table.joins {
            let middle = scope.sources.len();
            let right = self.relation(&join.relation, scope)?;
            left = self.join(left, right, join, scope, first, middle)?;
        }
        Some(left)
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
                self.bring(scope, derived(id, Some(alias), &query.columns))?;
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
        let names = self.names(&idents)?;
        let at = around(&idents);
        if let [single] = &names[..]
            && let Some((_, number, columns)) = self
                .common
                .iter()
                .rev()
                .find(|(common, _, _)| single.matches(&common.text))
        {
            let (number, columns) = (*number, columns.clone());
            let id = self.next_source();
            let alias = alias.or(Some(single.clone()));
            self.bring(scope, derived(id, alias, &columns))?;
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
            open: table.columns.is_empty() && self.catalog.is_open(),
        };
        self.bring(scope, source)?;
        Some(Source::Table { id, table })
    }

    fn find_table(&mut self, names: &[Name]) -> Option<Arc<Table>> {
        let (schema, name) = match names {
            [name] => (None, name),
            [schema, name] => (Some(schema), name),
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
                Some(Arc::new(Table {
                    schema: schema.to_owned(),
                    name: name.text.clone(),
                    stored: (schema.to_lowercase(), name.text.to_lowercase()),
                    ..Table::default()
                }))
            }
            _ => None,
        }
    }

    fn no_such_table<T>(&mut self, names: &[Name], at: Option<crate::message::Place>) -> Option<T> {
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
        let message = Message::new(201, format!("there is no table \"{written}\"")).at(at);
        let full: Vec<String> = tables.iter().map(|table| table.full_name()).collect();
        let bare = tables.iter().map(|table| table.name.as_str());
        let near = nearest(&written, full.iter().map(String::as_str)).or_else(|| {
            let near = nearest(names.last()?.text.as_str(), bare)?;
            full.iter()
                .map(String::as_str)
                .find(|name| name.ends_with(near))
        });
        let hint = match near {
            Some(near) => format!("{near} exists"),
            None => "SELECT table_name FROM tap_schema.tables lists all tables".to_owned(),
        };
        self.fail(message.hint(hint))
    }

    /// Two sources of one FROM may not answer to the same name.
    fn bring(&mut self, scope: &mut Scope, source: ScopeSource) -> Option<()> {
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
            let message = Message::new(206, sentence).hint("give each an alias of its own");
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
                let on = self.condition(condition, scope)?;
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
            ast::JoinConstraint::None => {
                let message = Message::new(114, "the join has no condition").at(span(join.span()));
                return self.fail(message.hint("write ON …, USING (…) or NATURAL JOIN"));
            }
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
        at: Option<crate::message::Place>,
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
        at: Option<crate::message::Place>,
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
            (None, ..) => {
                let sentence = format!(
                    "\"{}\" is not a column of both sides of the join",
                    name.text
                );
                self.fail(Message::new(207, sentence).at(at))
            }
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

fn all_of(source: &ScopeSource, column: &ScopeColumn) -> (Expr, Column) {
    (source.expr(column), column.column.as_ref().clone())
}

fn cross(left: Source, right: Source) -> Source {
    Source::Join {
        kind: Join::Inner,
        left: Box::new(left),
        right: Box::new(right),
        on: None,
    }
}

fn published(table: &Table) -> Vec<ScopeColumn> {
    let columns = table.columns.iter().map(|column| ScopeColumn {
        stored: column.name.clone(),
        column: Arc::new(column.clone()),
        region: table
            .regions
            .iter()
            .find(|index| column.kind == Type::Region && index.column == column.name)
            .map(|index| Arc::new(index.clone())),
        merged: false,
    });
    columns.collect()
}

/// The columns of a subquery are called `c1`, `c2`, … in SQL, so that what
/// the user calls them never gets there.
fn derived(id: usize, alias: Option<Name>, columns: &[Column]) -> ScopeSource {
    let columns = columns
        .iter()
        .enumerate()
        .map(|(number, column)| ScopeColumn {
            stored: format!("c{}", number + 1),
            column: Arc::new(column.clone()),
            region: None,
            merged: false,
        });
    ScopeSource {
        id,
        alias,
        schema: None,
        table: String::new(),
        columns: columns.collect(),
        open: false,
    }
}
