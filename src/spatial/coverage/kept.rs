//! What a whole table covers, kept in the database.
//!
//! Rows that obstap adds to a table leave what they cover beside what is kept,
//! in the transaction that adds them: so it is never smaller than the truth.
//! Any other change, and also one by another program, is noted by triggers;
//! then the table is read again when somebody asks. A table on which we may not
//! make triggers is read each time.
//!
//! Reading a table takes long and holds up nobody: what is known is forgotten
//! first (kind `reading`), then the rows are read, and what they cover is only
//! kept if nobody else has begun to read since. A change in between is noted
//! and makes the next one read again.

use adql::sky::{Coverage, NotACoverage, SpaceTimeCoverage, TimeCoverage};
use adql::{Value, Wire};

use super::{Bands, Extent, Grain};
use crate::database::{Batch, Database, Error, Transaction, now};

/// As many additions may lie beside what is kept of a table.
const ADDITIONS: usize = 50;

const COLUMNS: [&str; 7] = ["stored", "kind", "made", "space", "time", "both", "light"];

const WIRES: [Wire; 7] = [
    Wire::Text,
    Wire::Text,
    Wire::Int8,
    Wire::Bytes,
    Wire::Bytes,
    Wire::Bytes,
    Wire::Bytes,
];

const LIST: &str = "SELECT c.stored, c.kind, c.made, c.space, c.\"time\", c.\"both\", c.light \
    FROM {obstap.coverage} AS c WHERE c.stored = $1";

/// A stored table: schema and name, before any namespace.
pub type Table<'a> = (&'a str, &'a str);

/// What is known of a whole table, and since when (microseconds since 2000,
/// UTC); `None` when its rows have to be read.
///
/// # Errors
/// Those of the database.
pub async fn read(database: &Database, table: Table<'_>) -> Result<Option<(Extent, i64)>, Error> {
    let known = format!(
        "{LIST} AND EXISTS (SELECT 1 FROM {{obstap.coverage_watched}} WHERE stored = $1) \
         AND NOT EXISTS (SELECT 1 FROM {{obstap.coverage_changes}} WHERE stored = $1)"
    );
    let rows = database.fetch(&known, &[name(table)], &WIRES).await?;
    Ok(known_of(&rows))
}

fn known_of(rows: &Batch) -> Option<(Extent, i64)> {
    let kinds: Vec<&[u8]> = (0..rows.len())
        .filter_map(|row| rows.cell(row, 1))
        .collect();
    if !kinds.contains(&b"whole".as_slice()) || kinds.contains(&b"reading".as_slice()) {
        return None;
    }
    let made = |row| rows.cell(row, 2)?.try_into().map(i64::from_be_bytes).ok();
    let made = (0..rows.len()).filter_map(made).max()?;
    // What another version kept is read anew.
    union_of(rows).ok().map(|extent| (extent, made))
}

fn union_of(rows: &Batch) -> Result<Extent, NotACoverage> {
    let mut whole = Extent::new(&Grain::KEPT);
    for row in 0..rows.len() {
        let bytes = |column| rows.cell(row, column).unwrap_or_default();
        whole.space.absorb(&mut Coverage::read(bytes(3))?);
        whole.time.absorb(&mut TimeCoverage::read(bytes(4))?);
        whole.both.absorb(&mut SpaceTimeCoverage::read(bytes(5))?);
        whole.light.absorb(&Bands::read(bytes(6)));
    }
    Ok(whole)
}

/// A reading of a table that has begun.
#[derive(Debug)]
pub struct Reading {
    stored: String,
    id: i64,
}

/// Forgets what is known of a table, whose rows are about to be read; what
/// changes from here on is noted. `None` where changes cannot be noted.
///
/// # Errors
/// Those of the database.
pub async fn begin(database: &Database, table: Table<'_>) -> Result<Option<Reading>, Error> {
    if !is_watched(database, table).await? {
        let mut transaction = database.begin().await?;
        if let Err(error) = transaction.watch(database.target(), table).await {
            let (schema, table) = table;
            tracing::info!("the coverage of {schema}.{table} cannot be kept: {error}");
            return Ok(None);
        }
        transaction.commit().await?;
    }
    let mut transaction = database.begin().await?;
    forget(&mut transaction, table).await?;
    put(
        &mut transaction,
        table,
        "reading",
        &mut Extent::new(&Grain::KEPT),
    )
    .await?;
    let own = "SELECT max(id) FROM {obstap.coverage} WHERE stored = $1 AND kind = 'reading'";
    let own = transaction
        .fetch(own, &[name(table)], &[Wire::Int8])
        .await?;
    let id = own.cell(0, 0).and_then(|id| id.try_into().ok());
    transaction.commit().await?;
    Ok(id.map(|id| Reading {
        stored: stored(table),
        id: i64::from_be_bytes(id),
    }))
}

impl Reading {
    /// Keeps what the rows cover, drawn as [`Grain::KEPT`], unless somebody
    /// else has begun to read them since.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn end(self, database: &Database, extent: &mut Extent) -> Result<(), Error> {
        let mut transaction = database.begin().await?;
        let own = "DELETE FROM {obstap.coverage} WHERE id = $1 AND stored = $2";
        let values = [Value::BigInt(self.id), Value::Text(self.stored.clone())];
        if transaction.execute(own, &values).await? == 0 {
            return Ok(());
        }
        let (schema, table) = self.stored.split_once('.').unwrap_or_default();
        put(&mut transaction, (schema, table), "whole", extent).await?;
        transaction.commit().await
    }
}

/// Rows being added to a table, in a transaction that keeps its coverage.
#[derive(Debug)]
pub struct Adding {
    /// There was no row in the table.
    first: bool,
    watched: bool,
}

/// To be called before the rows are added. `empty`: there is no row, and nobody
/// else adds any.
///
/// # Errors
/// Those of the database.
pub async fn adding(
    transaction: &mut Transaction,
    database: &Database,
    table: Table<'_>,
    empty: bool,
) -> Result<Adding, Error> {
    let mut watched = is_watched(database, table).await?;
    if empty {
        if !watched {
            transaction.watch(database.target(), table).await?;
            watched = true;
        }
        forget(transaction, table).await?;
    }
    if watched {
        let own = "INSERT INTO {obstap.coverage_writers} (stored) VALUES ($1)";
        transaction.execute(own, &[name(table)]).await?;
    }
    Ok(Adding {
        first: empty,
        watched,
    })
}

impl Adding {
    /// Whether it is of use to know what the rows cover.
    pub fn wants(&self) -> bool {
        self.watched
    }

    /// To be called when the rows are in the table. `exact`: they cover no less
    /// than that, and no row was replaced; else the table is read again when
    /// somebody asks.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn end(
        self,
        transaction: &mut Transaction,
        table: Table<'_>,
        extent: &mut Extent,
        exact: bool,
    ) -> Result<(), Error> {
        if !self.watched {
            return Ok(());
        }
        let kind = if self.first { "whole" } else { "added" };
        put(transaction, table, kind, extent).await?;
        if !self.first {
            gather(transaction, table).await?;
        }
        if !exact {
            let change = "INSERT INTO {obstap.coverage_changes} (stored) VALUES ($1)";
            transaction.execute(change, &[name(table)]).await?;
        }
        let own = "DELETE FROM {obstap.coverage_writers} WHERE stored = $1";
        transaction.execute(own, &[name(table)]).await.map(drop)
    }
}

/// Makes one of many additions.
async fn gather(transaction: &mut Transaction, table: Table<'_>) -> Result<(), Error> {
    let list = format!("{LIST} AND c.kind = 'added'");
    let count = "SELECT CAST(count(*) AS bigint) FROM {obstap.coverage} \
                 WHERE stored = $1 AND kind = 'added'";
    let counted = transaction
        .fetch(count, &[name(table)], &[Wire::Int8])
        .await?;
    let counted = counted.cell(0, 0).and_then(|cell| cell.try_into().ok());
    if counted.map_or(0, u64::from_be_bytes) < ADDITIONS as u64 {
        return Ok(());
    }
    let rows = transaction.fetch(&list, &[name(table)], &WIRES).await?;
    if let Ok(mut whole) = union_of(&rows) {
        let old = "DELETE FROM {obstap.coverage} WHERE stored = $1 AND kind = 'added'";
        transaction.execute(old, &[name(table)]).await?;
        put(transaction, table, "added", &mut whole).await?;
    }
    Ok(())
}

async fn forget(transaction: &mut Transaction, table: Table<'_>) -> Result<(), Error> {
    for sql in [
        "DELETE FROM {obstap.coverage_changes} WHERE stored = $1",
        "DELETE FROM {obstap.coverage} WHERE stored = $1",
    ] {
        transaction.execute(sql, &[name(table)]).await?;
    }
    Ok(())
}

async fn put(
    transaction: &mut Transaction,
    table: Table<'_>,
    kind: &str,
    extent: &mut Extent,
) -> Result<(), Error> {
    let mut row = Batch::new(WIRES);
    row.push(Some(stored(table).as_bytes()));
    row.push(Some(kind.as_bytes()));
    row.push(Some(&now().to_be_bytes()));
    row.push(Some(&extent.space.bytes()));
    row.push(Some(&extent.time.bytes()));
    row.push(Some(&extent.both.bytes()));
    row.push(Some(&extent.light.bytes()));
    transaction
        .append(("obstap", "coverage"), &COLUMNS, row)
        .await
}

async fn is_watched(database: &Database, table: Table<'_>) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM {obstap.coverage_watched} WHERE stored = $1";
    let rows = database.fetch(sql, &[name(table)], &[Wire::Int4]).await?;
    Ok(!rows.is_empty())
}

fn stored((schema, table): Table<'_>) -> String {
    format!("{schema}.{table}")
}

fn name(table: Table<'_>) -> Value {
    Value::Text(stored(table))
}
