//! Two ObsCore tables, or a table and a file, side by side.

use std::collections::{BTreeMap, HashMap, HashSet};

use adql::target::quote;
use adql::{Value, Wire};

use super::super::{Declared, Layout, Name, Record};
use super::ManagerError;
use super::compare::same;
use super::read;
use crate::database::{Batch, Database, Error};
use crate::input::Table;

/// How two sides differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Rows that both have, and that are equal.
    pub same: u64,
    /// Rows that one side has alone, and those that differ: some of each kind
    /// by their identifiers.
    pub only_a: u64,
    pub only_b: u64,
    pub differing: u64,
    /// How many rows differ in each column.
    pub columns: BTreeMap<String, u64>,
    pub examples: Vec<Differing>,
}

/// A row that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    pub publisher_did: String,
    /// `a` or `b` where the other has no such row.
    pub only: Option<char>,
    pub columns: Vec<String>,
}

/// As many rows are named.
const EXAMPLES: usize = 100;

/// Rows read at a time.
const PAGE: usize = 2_000;

const DID: &str = super::super::columns::name::PUBLISHER_DID;

impl Diff {
    pub fn is_clean(&self) -> bool {
        self.only_a + self.only_b + self.differing == 0
    }

    fn only(&mut self, side: char, did: String) {
        match side {
            'a' => self.only_a += 1,
            _ => self.only_b += 1,
        }
        self.name(did, Some(side), Vec::new());
    }

    fn both(&mut self, did: String, columns: Vec<String>) {
        if columns.is_empty() {
            self.same += 1;
            return;
        }
        self.differing += 1;
        for column in &columns {
            *self.columns.entry(column.clone()).or_default() += 1;
        }
        self.name(did, None, columns);
    }

    fn name(&mut self, publisher_did: String, only: Option<char>, columns: Vec<String>) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(Differing {
                publisher_did,
                only,
                columns,
            });
        }
    }
}

/// What is compared of each row, first its identifier.
struct Shape {
    names: Vec<String>,
    wires: Vec<Wire>,
}

impl Shape {
    fn of(columns: &[&Declared]) -> Shape {
        let others = columns.iter().filter(|it| it.name() != DID);
        let all = || others.clone();
        Shape {
            names: [DID.to_owned()]
                .into_iter()
                .chain(all().map(|it| it.name().to_owned()))
                .collect(),
            wires: [Wire::Text]
                .into_iter()
                .chain(all().map(|it| it.kind().wire()))
                .collect(),
        }
    }

    fn select(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| quote(name)).collect();
        names.join(", ")
    }

    fn differing(&self, a: &Batch, row_a: usize, b: &Batch, row_b: usize) -> Vec<String> {
        let columns = self.names.iter().zip(&self.wires).enumerate();
        let other =
            columns.filter(|&(at, (_, wire))| !same(a.cell(row_a, at), b.cell(row_b, at), *wire));
        other.map(|(_, (name, _))| name.clone()).collect()
    }

    /// The rows of a table behind one, in the order of their identifiers.
    async fn page(&self, database: &Database, table: &Name, after: &str) -> Result<Batch, Error> {
        let sql = format!(
            "SELECT {} FROM {} WHERE obs_publisher_did > $1 ORDER BY obs_publisher_did LIMIT {PAGE}",
            self.select(),
            table.stored(database.target())
        );
        let after = [Value::Text(after.to_owned())];
        database.fetch(&sql, &after, &self.wires).await
    }
}

/// Compares two tables by the columns that both have.
///
/// # Errors
/// Those of the database.
pub async fn diff_tables(
    database: &Database,
    (a, columns_a): (&Name, &[Declared]),
    (b, columns_b): (&Name, &[Declared]),
) -> Result<Diff, ManagerError> {
    let common: Vec<&Declared> = columns_a
        .iter()
        .filter(|it| {
            let alike = |other: &Declared| other.name() == it.name() && other.kind() == it.kind();
            columns_b.iter().any(alike)
        })
        .collect();
    let shape = Shape::of(&common);
    let mut diff = Diff::default();
    let mut after = String::new();
    loop {
        let rows = shape.page(database, a, &after).await?;
        if rows.is_empty() {
            break;
        }
        let dids: Vec<String> = (0..rows.len())
            .map(|row| read::text(&rows, row, 0))
            .collect();
        after = dids.last().cloned().unwrap_or_default();
        let sql = format!(
            "SELECT {} FROM {} WHERE obs_publisher_did IN {}",
            shape.select(),
            b.stored(database.target()),
            read::texts_in(database, 1)
        );
        let values = [read::texts(dids.iter().map(String::as_str))];
        let others = database.fetch(&sql, &values, &shape.wires).await?;
        let places = by_did(&others);
        for (row, did) in dids.into_iter().enumerate() {
            match places.get(&did) {
                None => diff.only('a', did),
                Some(place) => {
                    let columns = shape.differing(&rows, row, &others, *place);
                    diff.both(did, columns);
                }
            }
        }
    }
    let sql = format!(
        "SELECT o.obs_publisher_did FROM {} AS o WHERE NOT EXISTS (SELECT 1 FROM {} AS a \
         WHERE a.obs_publisher_did = o.obs_publisher_did) ORDER BY o.obs_publisher_did",
        b.stored(database.target()),
        a.stored(database.target())
    );
    let rows = database.fetch(&sql, &[], &[Wire::Text]).await?;
    (0..rows.len()).for_each(|row| diff.only('b', read::text(&rows, row, 0)));
    Ok(diff)
}

fn by_did(rows: &Batch) -> HashMap<String, usize> {
    (0..rows.len())
        .map(|row| (read::text(rows, row, 0), row))
        .collect()
}

/// Compares a table (a) with a file (b) by the columns that the file has. Rows
/// of the file that could not be loaded count as rows that it has not; the
/// file is held in memory.
///
/// # Errors
/// When the columns of the file are not of the table, the file cannot be read,
/// and those of the database.
pub async fn diff_file(
    database: &Database,
    (table, columns): (&Name, &[Declared]),
    file: Table,
) -> Result<Diff, ManagerError> {
    let name = file.name().to_owned();
    let refused = |error: &dyn std::fmt::Display| {
        ManagerError::Refused(format!("{name} cannot be compared with {table}: {error}"))
    };
    let layout = Layout::new(file.columns(), columns).map_err(|error| refused(&error))?;
    let given: HashSet<&str> = layout.names().into_iter().collect();
    let compared: Vec<&Declared> = columns
        .iter()
        .filter(|it| given.contains(it.name()))
        .collect();
    let shape = Shape::of(&compared);
    let names = layout.names();
    let place_of = |wanted: &String| names.iter().position(|name| name == wanted);
    let places: Vec<usize> = shape.names.iter().filter_map(place_of).collect();
    let mut rows = Batch::new(shape.wires.clone());
    let mut one = Batch::new(layout.wires());
    for row in file {
        let row = match row {
            Ok(row) => row,
            Err(error) if error.is_of_one_row() => continue,
            Err(error) => return Err(refused(&error)),
        };
        let Ok(record) = Record::new(&layout, &row.values) else {
            continue;
        };
        one.clear();
        record.push(&mut one);
        places
            .iter()
            .for_each(|place| rows.push(one.cell(0, *place)));
    }
    let places = by_did(&rows);
    let mut met = HashSet::with_capacity(places.len());
    let mut diff = Diff::default();
    let mut after = String::new();
    loop {
        let stored = shape.page(database, table, &after).await?;
        if stored.is_empty() {
            break;
        }
        for row in 0..stored.len() {
            let did = read::text(&stored, row, 0);
            after.clone_from(&did);
            match places.get(&did) {
                None => diff.only('a', did),
                Some(place) => {
                    met.insert(*place);
                    let columns = shape.differing(&stored, row, &rows, *place);
                    diff.both(did, columns);
                }
            }
        }
    }
    let mut rest: Vec<&String> = places
        .iter()
        .filter(|(_, place)| !met.contains(*place))
        .map(|(did, _)| did)
        .collect();
    rest.sort();
    rest.into_iter().for_each(|did| diff.only('b', did.clone()));
    Ok(diff)
}
