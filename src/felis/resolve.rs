//! What a file's parts mean together: types, keys, columns taken from others.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use adql::Type;
use adql::units::Unit;

use super::document::{Column, Document, Reference, Table};
use super::{Described, Felis, FelisError, Problem};
use crate::tap_schema::{Key, Published, PublishedColumn, Schema, ucd_fault};

/// Schemas and tables that the program keeps itself.
const OURS: [(&str, Option<&str>); 3] = [
    ("tap_schema", None),
    ("obstap", None),
    ("ivoa", Some("obscore")),
];

/// Where published schemas begin in a listing: behind the observations, before
/// TAP_SCHEMA.
const SCHEMA_INDEX: i64 = 50;

pub(super) fn resolve(document: &Document, path: &Path) -> Result<Felis, FelisError> {
    let mut resolver = Resolver {
        document,
        resources: HashMap::new(),
        problems: Vec::new(),
    };
    for table in &document.tables {
        for name in table.references.keys() {
            if !resolver.resources.contains_key(name) {
                let resource = document.resource(path, name)?;
                resolver.resources.insert(name.clone(), resource);
            }
        }
    }
    let schema = Schema {
        name: document.name.clone(),
        description: document.description.clone().unwrap_or_default(),
        utype: document.utype.clone(),
        index: SCHEMA_INDEX,
    };
    if !adql::is_regular(&schema.name) {
        let sentence = "a schema is named by letters, digits and _, beginning with a letter";
        resolver.fatal(&schema.name, sentence);
    }
    let mut seen = HashSet::new();
    let mut tables = Vec::new();
    for (index, table) in (1..).zip(&document.tables) {
        if !seen.insert(table.name.to_lowercase()) {
            resolver.fatal(&table.name, "two tables have this name");
        }
        tables.push(resolver.table(table, &schema, table.index.unwrap_or(index)));
    }
    if tables.is_empty() {
        resolver.fatal(&schema.name, "the file describes no table");
    }
    let keys = resolver.keys(&schema);
    Ok(Felis {
        tables,
        keys,
        problems: resolver.problems,
    })
}

struct Resolver<'a> {
    document: &'a Document,
    resources: HashMap<String, Document>,
    problems: Vec<Problem>,
}

impl Resolver<'_> {
    fn fatal(&mut self, place: &str, sentence: impl Into<String>) {
        self.problem(place, sentence.into(), true);
    }

    fn problem(&mut self, place: &str, sentence: String, fatal: bool) {
        self.problems.push(Problem {
            place: place.to_owned(),
            sentence,
            fatal,
        });
    }

    fn table(&mut self, table: &Table, schema: &Schema, index: i64) -> Described {
        let reserved = OURS.iter().any(|(ours, name)| {
            schema.name.eq_ignore_ascii_case(ours)
                && name.is_none_or(|name| table.name.eq_ignore_ascii_case(name))
        });
        if reserved {
            self.fatal(&table.name, "obstap keeps this table itself");
        }
        let mut columns = self.columns(table);
        // Columns without a place of their own follow the others.
        columns.sort_by_key(|column| column.index.unwrap_or(i64::MAX));
        let names: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
        let mut folded = HashSet::new();
        for column in &columns {
            if !folded.insert(column.name.to_lowercase()) {
                let place = format!("{}.{}", table.name, column.name);
                self.fatal(&place, "two columns have this name");
            }
        }
        let primary_key = table.primary_key.iter().flat_map(|key| key.as_slice());
        let primary_key = self.columns_of(table, "primaryKey", primary_key, &names);
        let indexes: Vec<Vec<String>> = table
            .indexes
            .iter()
            .map(|index| self.columns_of(table, &index.name, index.columns.iter(), &names))
            .collect();
        let unique: Vec<Vec<String>> = table
            .constraints
            .iter()
            .filter(|constraint| constraint.kind == "Unique")
            .map(|it| self.columns_of(table, &it.name, it.columns.iter(), &names))
            .collect();
        let first = |columns: &Vec<String>| columns.first().cloned();
        let indexed: HashSet<String> = indexes.iter().filter_map(first).collect();
        let indexed = &indexed | &primary_key.first().cloned().into_iter().collect();
        let mut published = Vec::with_capacity(columns.len());
        let mut not_null = Vec::new();
        for column in &columns {
            if let Some(made) = self.column(table, column, indexed.contains(&column.name)) {
                if column.nullable == Some(false) || primary_key.contains(&column.name) {
                    not_null.push(column.name.clone());
                }
                published.push(made);
            }
        }
        if published.is_empty() {
            self.fatal(&table.name, "the table has no column that can be published");
        }
        Described {
            published: Published {
                schema: schema.clone(),
                name: table.name.clone(),
                description: table.description.clone().unwrap_or_default(),
                utype: table.utype.clone(),
                index,
                columns: published,
                regions: Vec::new(),
                positions: Vec::new(),
            },
            primary_key,
            not_null,
            unique,
            indexes,
        }
    }

    /// A table's own columns, then those it takes from elsewhere.
    fn columns(&mut self, table: &Table) -> Vec<Column> {
        let mut columns = table.columns.clone();
        for (resource, tables) in &table.references {
            for (other, references) in tables {
                let there = self
                    .resources
                    .get(resource)
                    .and_then(|document| document.tables.iter().find(|t| t.name == *other));
                let Some(there) = there.cloned() else {
                    let sentence = format!("the resource {resource} has no table {other}");
                    self.fatal(&table.name, sentence);
                    continue;
                };
                for (name, reference) in references {
                    let plain = Reference::default();
                    let reference = reference.as_ref().unwrap_or(&plain);
                    let wanted = reference.ref_name.as_ref().unwrap_or(name);
                    let found = there.columns.iter().find(|column| column.name == *wanted);
                    match found {
                        Some(column) => columns.push(taken(column, name, reference)),
                        None => {
                            let sentence = format!("{resource}.{other} has no column {wanted}");
                            self.fatal(&format!("{}.{name}", table.name), sentence);
                        }
                    }
                }
            }
        }
        columns
    }

    fn column(&mut self, table: &Table, column: &Column, indexed: bool) -> Option<PublishedColumn> {
        let place = format!("{}.{}", table.name, column.name);
        if column.name.is_empty() {
            self.fatal(&place, "a column has no name");
            return None;
        }
        let Some(datatype) = column.datatype.as_deref() else {
            self.fatal(&place, "the column has no datatype");
            return None;
        };
        let array = column.arraysize.as_ref().is_some_and(|it| it.is_array());
        let Some(kind) = kind(datatype, column.xtype.as_deref()) else {
            self.fatal(&place, format!("{datatype:?} is not a datatype of Felis"));
            return None;
        };
        if array && (kind.is_numeric() || kind == Type::Boolean) {
            let sentence = "lists of numbers are no type of ADQL: the column is not published";
            self.problem(&place, sentence.to_owned(), false);
            return None;
        }
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let unit = given(&column.unit).or_else(|| given(&column.tunit));
        if let Some(sentence) = unit.as_deref().and_then(unit_fault) {
            self.problem(&place, sentence, false);
        }
        let ucd = given(&column.ucd);
        if let Some(sentence) = ucd.as_deref().and_then(ucd_fault) {
            self.problem(&place, sentence, false);
        }
        Some(PublishedColumn {
            column: adql::Column {
                unit,
                ucd,
                utype: given(&column.utype),
                xtype: given(&column.xtype),
                description: given(&column.description),
                unicode: datatype == "unicode",
                announced: None,
                ..adql::Column::new(&column.name, kind)
            },
            principal: column.principal == Some(1),
            indexed,
            std: column.std == Some(1),
        })
    }

    /// The names of the columns that identifiers of one table mean.
    fn columns_of<'i>(
        &mut self,
        table: &Table,
        what: &str,
        ids: impl Iterator<Item = &'i String>,
        names: &HashSet<String>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for id in ids {
            match named_by(table, id).filter(|name| names.contains(name)) {
                Some(name) => found.push(name),
                None => {
                    let sentence = format!("{what} names {id}, which is no column of the table");
                    self.fatal(&table.name, sentence);
                }
            }
        }
        found
    }

    fn keys(&mut self, schema: &Schema) -> Vec<Key> {
        let mut keys = Vec::new();
        let tables = &self.document.tables;
        for table in tables {
            let foreign = table
                .constraints
                .iter()
                .filter(|it| it.kind == "ForeignKey");
            for constraint in foreign {
                let targets = constraint.referenced.iter().map(|id| {
                    let mut places = tables.iter();
                    places.find_map(|t| Some((t.name.clone(), identified_by(t, id)?)))
                });
                let targets: Option<Vec<(String, String)>> = targets.collect();
                let from = constraint.columns.iter().map(|id| named_by(table, id));
                let from: Option<Vec<String>> = from.collect();
                let (Some(from), Some(targets)) = (from, targets) else {
                    let sentence = format!(
                        "the key {} names columns that are not in this file: it is not published",
                        constraint.name
                    );
                    self.problem(&table.name, sentence, false);
                    continue;
                };
                let one = targets.first().map(|(target, _)| target.clone());
                let Some(target) = one.filter(|one| {
                    from.len() == targets.len() && targets.iter().all(|(t, _)| t == one)
                }) else {
                    let sentence = format!(
                        "the key {} must pair as many columns of one table",
                        constraint.name
                    );
                    self.fatal(&table.name, sentence);
                    continue;
                };
                keys.push(Key {
                    id: format!("{}.{}", schema.name, constraint.name),
                    from: format!("{}.{}", schema.name, table.name),
                    target: format!("{}.{target}", schema.name),
                    description: constraint.description.clone().unwrap_or_default(),
                    columns: from
                        .into_iter()
                        .zip(targets.into_iter().map(|(_, column)| column))
                        .collect(),
                });
            }
        }
        keys
    }
}

/// A column of a resource as it stands in the table that takes it.
fn taken(column: &Column, name: &str, reference: &Reference) -> Column {
    let mut taken = Column {
        name: name.to_owned(),
        id: None,
        ..column.clone()
    };
    if let Some(overrides) = &reference.overrides {
        let Column {
            datatype,
            description,
            nullable,
            principal,
            index,
            ..
        } = &mut taken;
        replace(datatype, &overrides.datatype);
        replace(description, &overrides.description);
        replace(nullable, &overrides.nullable);
        replace(principal, &overrides.principal);
        replace(index, &overrides.index);
    }
    taken
}

fn replace<T: Clone>(value: &mut Option<T>, other: &Option<T>) {
    if other.is_some() {
        value.clone_from(other);
    }
}

/// The name of the column an identifier (`#Table.column`) means in its table,
/// also where a bare name stands for it.
fn named_by(table: &Table, id: &str) -> Option<String> {
    identified_by(table, id).or_else(|| {
        let name = id.trim_start_matches('#');
        let prefix = format!("{}.", table.name);
        let name = name.strip_prefix(&prefix).unwrap_or(name);
        // Columns from resources have no identifier.
        Some(name.to_owned())
    })
}

fn identified_by(table: &Table, id: &str) -> Option<String> {
    let bare = |id: &str| id.trim_start_matches('#').to_owned();
    let wanted = bare(id);
    let declared = table.columns.iter().find(|column| {
        let own = column.id.as_deref().map(bare);
        own.unwrap_or_else(|| format!("{}.{}", table.name, column.name)) == wanted
    });
    if let Some(column) = declared {
        return Some(column.name.clone());
    }
    let prefix = table.id.as_deref().map_or(table.name.clone(), bare);
    let name = wanted.strip_prefix(&prefix)?.strip_prefix('.')?;
    let mut taken = table.references.values().flat_map(|tables| tables.values());
    let known = taken.any(|columns| columns.contains_key(name))
        || table.columns.iter().any(|column| column.name == name);
    known.then(|| name.to_owned())
}

/// Felis' types (its documentation, "Data Types"); `byte` is unsigned.
fn kind(datatype: &str, xtype: Option<&str>) -> Option<Type> {
    Some(match (datatype, xtype) {
        ("char" | "string" | "unicode" | "text", Some("timestamp")) => Type::Timestamp,
        ("double", Some("point")) => Type::Point,
        ("double", Some("circle")) => Type::Circle,
        ("double", Some("polygon")) => Type::Polygon,
        ("boolean", _) => Type::Boolean,
        ("byte" | "short", _) => Type::SmallInt,
        ("int", _) => Type::Integer,
        ("long", _) => Type::BigInt,
        ("float", _) => Type::Real,
        ("double", _) => Type::Double,
        ("char" | "string" | "unicode" | "text", _) => Type::Text,
        ("binary", _) => Type::Binary,
        ("timestamp", _) => Type::Timestamp,
        _ => return None,
    })
}

/// What is wrong with a unit. It is published all the same: people read it.
fn unit_fault(text: &str) -> Option<String> {
    let hint = || match Unit::suggestion(text) {
        Some(better) => format!("; write {better}"),
        None => String::new(),
    };
    match Unit::parse(text) {
        Ok(unit) => {
            let name = unit.unknown()?;
            Some(format!("{name:?} is not a unit of VOUnits{}", hint()))
        }
        Err(error) => Some(format!("{}{}", error.sentence, hint())),
    }
}
