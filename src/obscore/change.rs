//! What has changed in an ObsCore table, in the order of commits.
//!
//! Each row carries the number of the change that wrote it last, each row that
//! is gone leaves a tombstone with one. A time or a serial number would not do:
//! a transaction that commits late has an early one, and whoever has read on
//! would never see it. So on PostgreSQL the number is that of the transaction,
//! and nobody reads beyond the oldest one that still runs; on SQLite, where one
//! writes at a time, a counter.
//!
//! A database that was restored from a dump begins another epoch: cursors of
//! the old one are refused, since what they stand for may never have happened.

use adql::{Value, Wire};
use uuid::Uuid;

use super::Name;
use crate::database::{Batch, Database, Error, Transaction, now};

/// A row that was written, or is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub publisher_did: String,
    /// The row is there no more.
    pub removed: bool,
    /// Its place in the order of commits.
    pub number: i64,
}

/// Some changes, and where the next begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    pub changes: Vec<Change>,
    /// To be given back; the same again when there is nothing new.
    pub cursor: String,
    /// There may be more to be read at once.
    pub more: bool,
}

/// Why changes cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// Not one that we gave.
    #[error("{0:?} is no place in a list of changes: read it from the beginning")]
    Unknown(String),
    /// Of a database from before a restore.
    #[error(
        "the database was restored since this place in its list of changes was read: \
         read everything from the beginning"
    )]
    Epoch,
    #[error(transparent)]
    Database(#[from] Error),
}

const STATE: &str = "SELECT epoch, identity, base FROM {obstap.manager}";
const STATE_WIRES: [Wire; 3] = [Wire::Text, Wire::Text, Wire::Int8];

/// Makes sure that numbers of changes may be given: begins a new epoch where
/// the database is another than the one that gave the last.
///
/// # Errors
/// Those of the database.
pub(super) async fn settle(database: &Database) -> Result<(), Error> {
    let identity = database.identity().await?;
    let known = database.fetch(STATE, &[], &STATE_WIRES).await?;
    if text(&known, 0, 1) == identity {
        return Ok(());
    }
    let mut transaction = database.begin().await?;
    transaction.lock("epoch of changes").await?;
    let known = transaction.fetch(STATE, &[], &STATE_WIRES).await?;
    if text(&known, 0, 1) == identity {
        return Ok(());
    }
    let epoch = Uuid::new_v4().simple().to_string();
    let values = [Value::Text(epoch), Value::Text(identity)];
    if known.is_empty() {
        let sql = "INSERT INTO {obstap.manager} (epoch, identity, base) VALUES ($1, $2, 0)";
        transaction.execute(sql, &values).await?;
        return transaction.commit().await;
    }
    tracing::warn!("the database is a copy or was restored: its changes are counted anew");
    let sql = "UPDATE {obstap.manager} SET epoch = $1, identity = $2";
    transaction.execute(sql, &values).await?;
    if database.is_shared() {
        // Transactions are numbered anew, and no new change may come before an old one.
        let last = last(&mut transaction, database).await?;
        let sql = format!(
            "UPDATE {{obstap.manager}} SET base = greatest(0, $1 + 1 - {})",
            XID
        );
        transaction.execute(&sql, &[Value::BigInt(last)]).await?;
    }
    transaction.commit().await
}

/// The number of this transaction.
const XID: &str = "CAST(CAST(pg_catalog.pg_current_xact_id() AS text) AS bigint)";

/// The highest number of a change that there is.
async fn last(transaction: &mut Transaction, database: &Database) -> Result<i64, Error> {
    let tables = "SELECT schema_name, table_name FROM {obstap.obscore_tables}";
    let tables = transaction.fetch(tables, &[], &[Wire::Text; 2]).await?;
    let sql = "SELECT max(change) FROM {obstap.tombstones}";
    let mut last = number_of(&transaction.fetch(sql, &[], &[Wire::Int8]).await?, 0, 0);
    for row in 0..tables.len() {
        let table = (text(&tables, row, 0), text(&tables, row, 1));
        let stored = database.target().stored(&table.0, &table.1);
        let sql = format!("SELECT max(reg_change) FROM {stored}");
        let found = transaction.fetch(&sql, &[], &[Wire::Int8]).await?;
        last = last.max(number_of(&found, 0, 0));
    }
    Ok(last)
}

/// The number of the change that this transaction makes: the same for all of
/// it on PostgreSQL, at least as high as the last on SQLite.
///
/// # Errors
/// Those of the database.
pub(super) async fn number(
    transaction: &mut Transaction,
    database: &Database,
) -> Result<i64, Error> {
    let sql = if database.is_shared() {
        format!("SELECT {XID} + base FROM {{obstap.manager}}")
    } else {
        let raise = "UPDATE {obstap.manager} SET base = base + 1";
        transaction.execute(raise, &[]).await?;
        "SELECT base FROM {obstap.manager}".to_owned()
    };
    let found = transaction.fetch(&sql, &[], &[Wire::Int8]).await?;
    if found.is_empty() {
        return Err(Error::TooOld(
            "the ObsCore tables were not prepared: run `obstap migrate` first".to_owned(),
        ));
    }
    let number = number_of(&found, 0, 0);
    let sql = "INSERT INTO {obstap.commits} (change, at) VALUES ($1, $2) \
               ON CONFLICT (change) DO NOTHING";
    let values = [Value::BigInt(number), Value::BigInt(now())];
    transaction.execute(sql, &values).await?;
    Ok(number)
}

/// When an ObsCore table was last changed (microseconds since 2000, UTC).
///
/// # Errors
/// Those of the database.
pub async fn changed_at(database: &Database) -> Result<Option<i64>, Error> {
    let sql = "SELECT max(at) FROM {obstap.commits}";
    let found = database.fetch(sql, &[], &[Wire::Int8]).await?;
    Ok(found.cell(0, 0).and_then(int))
}

/// The epoch, and the number of the first change that may not be seen yet.
///
/// # Errors
/// Those of the database.
pub(super) async fn end(database: &Database) -> Result<(String, i64), Error> {
    let sql = database.choose(
        "SELECT epoch, CAST(CAST(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) \
         AS text) AS bigint) + base FROM {obstap.manager}",
        "SELECT epoch, base + 1 FROM {obstap.manager}",
    );
    let found = database.fetch(sql, &[], &[Wire::Text, Wire::Int8]).await?;
    Ok((text(&found, 0, 0), number_of(&found, 0, 1)))
}

/// Where a reader of changes has got to.
struct Cursor {
    epoch: String,
    /// All changes before this number were read,
    number: i64,
    /// and of this one the rows up to this identifier.
    after: String,
}

impl Cursor {
    fn read(text: &str) -> Option<Cursor> {
        let mut parts = text.splitn(3, '.');
        Some(Cursor {
            epoch: parts.next()?.to_owned(),
            number: parts.next()?.parse().ok().filter(|number| *number >= 0)?,
            after: parts.next()?.to_owned(),
        })
    }

    fn text(&self) -> String {
        format!("{}.{}.{}", self.epoch, self.number, self.after)
    }
}

/// The next changes of a table behind a cursor, at most `most`; from the first
/// row that is there without one. What has happened to a row several times is
/// told once, as it is in the end.
///
/// # Errors
/// When the cursor is not of this database, and those of the database.
pub async fn changes_since(
    database: &Database,
    table: &Name,
    since: Option<&str>,
    most: usize,
) -> Result<Changes, CursorError> {
    // The end comes first: every change before it can be seen by what is read
    // after it.
    let (epoch, end) = end(database).await?;
    let cursor = match since {
        None => Cursor {
            epoch,
            number: 0,
            after: String::new(),
        },
        Some(text) => {
            let unknown = || CursorError::Unknown(text.to_owned());
            let cursor = Cursor::read(text).ok_or_else(unknown)?;
            if cursor.epoch != epoch || cursor.number > end {
                return Err(CursorError::Epoch);
            }
            cursor
        }
    };
    let limit = i64::try_from(most).unwrap_or(i64::MAX).max(1);
    let values = |first: &[Value]| {
        let rest = [
            Value::BigInt(cursor.number),
            Value::BigInt(end),
            Value::Text(cursor.after.clone()),
            Value::BigInt(limit),
        ];
        [first, &rest].concat()
    };
    // Rows of a time before there were numbers come first.
    let (place, from) = match cursor.number {
        0 => ("coalesce(reg_change, 0)", "coalesce(reg_change, 0)"),
        _ => ("reg_change", "reg_change"),
    };
    let rows = format!(
        "SELECT obs_publisher_did, {place} FROM {} WHERE {from} >= $1 AND {from} < $2 \
         AND ({from} > $1 OR obs_publisher_did > $3) \
         ORDER BY {from}, obs_publisher_did LIMIT $4",
        table.stored(database.target())
    );
    let wires = [Wire::Text, Wire::Int8];
    let rows = database.fetch(&rows, &values(&[]), &wires).await?;
    let gone = "SELECT obs_publisher_did, change FROM {obstap.tombstones} \
                WHERE schema_name = $1 AND table_name = $2 AND change >= $3 AND change < $4 \
                AND (change > $3 OR obs_publisher_did > $5) \
                ORDER BY change, obs_publisher_did LIMIT $6";
    let gone = match since {
        // Whoever begins has nothing that could be gone.
        None => Batch::new(wires),
        Some(_) => {
            let values = values(&table.values());
            database.fetch(gone, &values, &wires).await?
        }
    };
    let read = |rows: &Batch, removed| -> Vec<Change> {
        let change = |row| Change {
            publisher_did: text(rows, row, 0),
            removed,
            number: number_of(rows, row, 1),
        };
        (0..rows.len()).map(change).collect()
    };
    let mut changes = read(&rows, false);
    changes.extend(read(&gone, true));
    changes.sort_by(|a, b| (a.number, &a.publisher_did).cmp(&(b.number, &b.publisher_did)));
    changes.truncate(most.max(1));
    let full = rows.len().max(gone.len()) as i64 >= limit || changes.len() as i64 >= limit;
    let next = match changes.last().filter(|_| full) {
        Some(last) => Cursor {
            epoch: cursor.epoch,
            number: last.number,
            after: last.publisher_did.clone(),
        },
        None => Cursor {
            epoch: cursor.epoch,
            number: end,
            after: String::new(),
        },
    };
    Ok(Changes {
        changes,
        cursor: next.text(),
        more: full,
    })
}

fn text(rows: &Batch, row: usize, column: usize) -> String {
    if row >= rows.len() {
        return String::new();
    }
    String::from_utf8_lossy(rows.cell(row, column).unwrap_or_default()).into_owned()
}

fn number_of(rows: &Batch, row: usize, column: usize) -> i64 {
    if row >= rows.len() {
        return 0;
    }
    rows.cell(row, column).and_then(int).unwrap_or(0)
}

fn int(cell: &[u8]) -> Option<i64> {
    cell.try_into().map(i64::from_be_bytes).ok()
}
