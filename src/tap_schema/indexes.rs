//! The record of the indexes on the sky: which columns of which published
//! tables have one, and whether queries may use it; and how one is made beside
//! a table that is there.

use adql::catalog::{PositionIndex, RegionIndex};
use adql::{Value, Wire};

use super::{LOOKED_AFTER, stored};
use crate::database::{Batch, Database, Error, Transaction};
use crate::spatial::VERSION;
use crate::spatial::upkeep::{self, Act, Index, Indexed, Tally, Unfit};

/// One index.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Schema and table as they are published.
    pub schema: String,
    /// See `schema`.
    pub table: String,
    pub index: Index,
    pub version: i64,
    /// "ready", "building" or "dropping".
    pub state: String,
    /// "load" (with the rows, by `obstap load`) or "triggers".
    pub upkeep: String,
}

impl Record {
    /// An index that is about to be made.
    pub fn new(schema: &str, table: &str, index: Index) -> Record {
        Record {
            schema: schema.to_owned(),
            table: table.to_owned(),
            index,
            version: VERSION,
            state: "building".to_owned(),
            upkeep: "triggers".to_owned(),
        }
    }

    /// Whether all rows have cells of this version.
    pub fn is_usable(&self) -> bool {
        self.version == VERSION && self.state == "ready"
    }

    /// `schema.table` as published.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }

    /// Where its cells are.
    pub fn indexed(&self) -> Indexed {
        Indexed {
            stored: stored(&self.schema, &self.table),
            index: self.index.clone(),
        }
    }
}

/// All of them, by table.
///
/// # Errors
/// Those of the database.
pub async fn list(database: &Database) -> Result<Vec<Record>, Error> {
    let sql = "SELECT schema_name, table_name, kind, column1, column2, index_column, \
               CAST(index_version AS bigint), state, upkeep \
               FROM {obstap.spatial_indexes} ORDER BY schema_name, table_name, index_column";
    use Wire::{Int8, Text};
    let wires = [Text, Text, Text, Text, Text, Text, Int8, Text, Text];
    let rows = database.fetch(sql, &[], &wires).await?;
    // Kinds of a later version are of no use to this one.
    Ok((0..rows.len())
        .filter_map(|row| record(&rows, row))
        .collect())
}

fn record(rows: &Batch, row: usize) -> Option<Record> {
    let cell = |column| {
        let cell = rows.cell(row, column).unwrap_or_default();
        String::from_utf8_lossy(cell).into_owned()
    };
    let index = match cell(2).as_str() {
        "region" => Index::Region(RegionIndex {
            column: cell(3),
            prefix: cell(5),
        }),
        "position" => Index::Position(PositionIndex {
            lon: cell(3),
            lat: cell(4),
            cell: cell(5),
        }),
        _ => return None,
    };
    let version = rows.cell(row, 6).and_then(|cell| cell.try_into().ok());
    Some(Record {
        schema: cell(0),
        table: cell(1),
        index,
        version: version.map_or(0, i64::from_be_bytes),
        state: cell(7),
        upkeep: cell(8),
    })
}

/// Makes an index beside a table, or goes on where that was broken off:
/// columns and triggers first, then the cells of the rows that are there, some
/// thousands in each transaction, then the B-tree. Queries use it when all is
/// done. `progress` is told the rows done.
///
/// # Errors
/// [`Unfit::Table`] where the table can have none, and those of the database;
/// what was done until then is of use when it is called again.
pub async fn create(
    database: &Database,
    mut record: Record,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Tally, Unfit> {
    let indexed = record.indexed();
    let begun = list(database).await?.into_iter();
    let mut begun = begun.filter(|it| it.full_name() == record.full_name());
    if !begun.any(|it| it.index == record.index) {
        let mut transaction = database.begin().await?;
        upkeep::add(&mut transaction, database, &indexed).await?;
        write(&mut transaction, &record).await?;
        transaction.commit().await?;
    }
    let tally = upkeep::sweep(database, &indexed, Act::Build, progress).await?;
    let mut transaction = database.begin().await?;
    upkeep::finish(&mut transaction, database, &indexed).await?;
    upkeep::analyze(&mut transaction, database, &indexed).await?;
    record.state = "ready".to_owned();
    write(&mut transaction, &record).await?;
    transaction.commit().await?;
    Ok(tally)
}

/// Mends what is wrong in an index, or fills it for this version.
///
/// # Errors
/// As [`create`].
pub async fn rebuild(
    database: &Database,
    mut record: Record,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Tally, Unfit> {
    if record.state != "ready" && record.version == VERSION {
        return create(database, record, progress).await;
    }
    let indexed = record.indexed();
    let tally = upkeep::sweep(database, &indexed, Act::Mend, progress).await?;
    let mut transaction = database.begin().await?;
    if record.upkeep != "load" {
        upkeep::finish(&mut transaction, database, &indexed).await?;
    }
    if tally.written > 0 {
        upkeep::analyze(&mut transaction, database, &indexed).await?;
    }
    record.version = VERSION;
    record.state = "ready".to_owned();
    write(&mut transaction, &record).await?;
    transaction.commit().await?;
    Ok(tally)
}

/// Takes an index away, with its columns and triggers, when no service that
/// runs uses it any more.
///
/// # Errors
/// Those of the database; it may be tried again then.
pub async fn drop(database: &Database, mut record: Record) -> Result<(), Error> {
    let mut transaction = database.begin().await?;
    record.state = "dropping".to_owned();
    write(&mut transaction, &record).await?;
    transaction.commit().await?;
    tokio::time::sleep(2 * LOOKED_AFTER).await;
    let mut transaction = database.begin().await?;
    remove(&mut transaction, &record).await?;
    upkeep::remove(&mut transaction, database, &record.indexed()).await?;
    transaction.commit().await
}

/// Writes the record of an index, in place of the one it had.
///
/// # Errors
/// Those of the database.
async fn write(transaction: &mut Transaction, record: &Record) -> Result<(), Error> {
    remove(transaction, record).await?;
    let text = |text: &str| Value::Text(text.to_owned());
    let (kind, first, second) = match &record.index {
        Index::Region(region) => ("region", &region.column, Value::Null),
        Index::Position(position) => ("position", &position.lon, text(&position.lat)),
    };
    let sql = "INSERT INTO {obstap.spatial_indexes} (schema_name, table_name, kind, column1, \
               column2, index_column, index_version, state, upkeep) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        text(&record.schema),
        text(&record.table),
        text(kind),
        text(first),
        second,
        text(record.index.name()),
        Value::BigInt(record.version),
        text(&record.state),
        text(&record.upkeep),
    ];
    transaction.execute(sql, &values).await.map(|_| ())
}

/// Forgets an index.
///
/// # Errors
/// Those of the database.
async fn remove(transaction: &mut Transaction, record: &Record) -> Result<(), Error> {
    super::publish::changed(transaction).await?;
    let sql = "DELETE FROM {obstap.spatial_indexes} \
               WHERE schema_name = $1 AND table_name = $2 AND index_column = $3";
    let values = [&record.schema, &record.table, record.index.name()]
        .map(|text: &str| Value::Text(text.to_owned()));
    transaction.execute(sql, &values).await.map(|_| ())
}

/// Says of a table made by this program that its rows have cells of this
/// version, in all its indexes.
///
/// # Errors
/// Those of the database.
pub async fn renewed(database: &Database, record: &Record) -> Result<(), Error> {
    let (schema, table) = stored(&record.schema, &record.table);
    let mut transaction = database.begin().await?;
    let sql = "UPDATE {obstap.obscore_tables} SET index_version = $3 \
               WHERE schema_name = $1 AND table_name = $2";
    let values = [
        Value::Text(schema),
        Value::Text(table),
        Value::BigInt(VERSION),
    ];
    transaction.execute(sql, &values).await?;
    transaction.commit().await
}
