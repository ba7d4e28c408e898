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
    /// "load" (with the rows, by `obstap load`), "triggers" or "trust".
    pub upkeep: String,
    /// Of a table that has its cells in a side table: what joins them.
    pub key: Option<Vec<String>>,
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
            key: None,
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
        let (stored, index) = (stored(&self.schema, &self.table), self.index.clone());
        match self.is_aside() {
            false => Indexed::beside(stored, index),
            true => Indexed::aside(&stored, index),
        }
    }

    /// Whether its cells are in a side table.
    pub fn is_aside(&self) -> bool {
        self.key.is_some()
    }
}

/// All of them, by table.
///
/// # Errors
/// Those of the database.
pub async fn list(database: &Database) -> Result<Vec<Record>, Error> {
    let sql = "SELECT schema_name, table_name, kind, column1, column2, index_column, \
               CAST(index_version AS bigint), state, upkeep, key_columns \
               FROM {obstap.spatial_indexes} ORDER BY schema_name, table_name, index_column";
    use Wire::{Int8, Text};
    let wires = [Text, Text, Text, Text, Text, Text, Int8, Text, Text, Text];
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
        key: rows
            .cell(row, 9)
            .map(|_| cell(9).lines().map(str::to_owned).collect()),
    })
}

/// How an index may be made of a table that may not be altered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The columns that tell its rows apart, where the database does not say.
    pub key: Option<Vec<String>>,
    /// Whether the index is used though nobody says when rows change.
    pub trust: bool,
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
    options: &Options,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Tally, Unfit> {
    let begun = list(database).await?.into_iter();
    let mut begun = begun.filter(|it| it.full_name() == record.full_name());
    match begun.find(|it| it.index == record.index) {
        Some(begun) => record = begun,
        None => add(database, &mut record, options).await?,
    }
    let indexed = record.indexed();
    let tally = upkeep::sweep(database, &indexed, Act::Build, progress).await?;
    let mut transaction = database.begin().await?;
    upkeep::finish(&mut transaction, database, &indexed).await?;
    upkeep::analyze(&mut transaction, database, &indexed).await?;
    record.state = "ready".to_owned();
    write(&mut transaction, &record).await?;
    transaction.commit().await?;
    Ok(tally)
}

/// Makes what an index is kept in: columns of the table, else a side table.
async fn add(database: &Database, record: &mut Record, options: &Options) -> Result<(), Unfit> {
    let indexed = record.indexed();
    let mut transaction = database.begin().await?;
    let why = match upkeep::add(&mut transaction, database, &indexed).await {
        Ok(()) => {
            write(&mut transaction, record).await?;
            return Ok(transaction.commit().await?);
        }
        Err(Unfit::Alter(why)) => why,
        Err(error) => return Err(error),
    };
    // `drop` is also a function here.
    std::mem::drop(transaction);
    let base = upkeep::base(database, indexed.stored, options.key.clone()).await?;
    if !base.watched && !options.trust {
        return Err(Unfit::Table(format!(
            "{why}, and obstap may not watch it by triggers: GRANT TRIGGER on it, if it is a table; \
             with --trust it gets an index all the same, which you then have to rebuild whenever \
             its rows have changed"
        )));
    }
    let how = if base.watched { "triggers" } else { "trust" };
    record.upkeep = how.to_owned();
    record.key = Some(base.key.clone());
    let indexed = record.indexed();
    let mut all = aside(database, record).await?;
    all.push(indexed.clone());
    let mut transaction = database.begin().await?;
    upkeep::add_aside(&mut transaction, database, &base, &indexed, &all).await?;
    write(&mut transaction, record).await?;
    Ok(transaction.commit().await?)
}

/// The other indexes of the same table that are in side tables.
async fn aside(database: &Database, record: &Record) -> Result<Vec<Indexed>, Error> {
    let all = list(database).await?.into_iter();
    let others = all.filter(|it| {
        it.full_name() == record.full_name() && it.is_aside() && it.index != record.index
    });
    Ok(others.map(|it| it.indexed()).collect())
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
        return create(database, record, &Options::default(), progress).await;
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
pub async fn drop(database: &Database, mut record: Record) -> Result<(), Unfit> {
    let base = match &record.key {
        None => None,
        Some(key) => {
            let stored = stored(&record.schema, &record.table);
            Some(upkeep::base(database, stored, Some(key.clone())).await?)
        }
    };
    let mut transaction = database.begin().await?;
    record.state = "dropping".to_owned();
    write(&mut transaction, &record).await?;
    transaction.commit().await?;
    tokio::time::sleep(2 * LOOKED_AFTER).await;
    let mut transaction = database.begin().await?;
    remove(&mut transaction, &record).await?;
    let indexed = record.indexed();
    match &base {
        None => upkeep::remove(&mut transaction, database, &indexed).await?,
        Some(base) => {
            let others = aside(database, &record).await?;
            upkeep::remove_aside(&mut transaction, database, base, &indexed, &others).await?;
        }
    }
    Ok(transaction.commit().await?)
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
               column2, index_column, index_version, state, upkeep, key_columns) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
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
        record
            .key
            .as_ref()
            .map_or(Value::Null, |key| text(&key.join("\n"))),
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
