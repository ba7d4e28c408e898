//! Rows of a table with their index cells as they are stored, and the cells
//! written back to them.

use adql::{Value, Wire, target::quote};

use super::{Index, Indexed};
use crate::database::{Batch, Database, Error, Transaction};
use crate::spatial::COLUMNS;

/// Where cells wait for the statement that puts them into their rows.
const CELLS: (&str, &str) = ("obstap", "index_cells");

/// The address of the row that holds the cells.
fn place(database: &Database, indexed: &Indexed) -> String {
    match indexed.is_aside() {
        true => format!("t.{}", quote(&indexed.index.place())),
        false => database.choose("t.ctid", "t.rowid").to_owned(),
    }
}

/// SELECT of the address of each row, what is indexed and its cells, up to
/// where the condition belongs.
pub(super) fn select(database: &Database, indexed: &Indexed) -> String {
    let given = match &indexed.index {
        Index::Region(region) => format!("CAST(t.{} AS text)", quote(&region.column)),
        Index::Position(position) => {
            let number = |name: &str| format!("CAST(t.{} AS double precision)", quote(name));
            format!("{}, {}", number(&position.lon), number(&position.lat))
        }
    };
    let columns = indexed.index.columns();
    let cells = columns.iter().map(|(name, _)| format!("t.{}", quote(name)));
    format!(
        "SELECT CAST({} AS text), {given}, {} FROM {} AS t WHERE ",
        place(database, indexed),
        cells.collect::<Vec<_>>().join(", "),
        indexed.table(database.target())
    )
}

/// How the columns of [`select`] travel.
pub(super) fn wires(index: &Index) -> Vec<Wire> {
    let given: &[Wire] = match index {
        Index::Region(_) => &[Wire::Text],
        Index::Position(_) => &[Wire::Float8, Wire::Float8],
    };
    let cells = index.columns().into_iter().map(|(_, (_, wire))| wire);
    let wires = [Wire::Text].into_iter().chain(given.iter().copied());
    wires.chain(cells).collect()
}

/// Cells for rows, in the order of [`CELLS`].
pub(super) fn batch() -> Batch {
    let cells = COLUMNS.iter().map(|(_, wire)| *wire);
    Batch::new([Wire::Text].into_iter().chain(cells).collect::<Vec<_>>())
}

/// Puts the cells into their rows. Nobody else may change these rows before
/// the transaction ends.
pub(super) async fn write(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
    cells: Batch,
) -> Result<u64, Error> {
    if cells.is_empty() {
        return Ok(0);
    }
    let names: Vec<&str> = ["place"]
        .into_iter()
        .chain(COLUMNS.iter().map(|(name, _)| *name))
        .collect();
    transaction.append(CELLS, &names, cells).await?;
    let columns = indexed.index.columns();
    let set: Vec<String> = columns
        .iter()
        .map(|(name, (like, _))| format!("{} = c.{like}", quote(name)))
        .collect();
    // By addresses alone: no plan may read the whole table.
    let here = database.choose(
        "t.ctid = ANY (ARRAY(SELECT CAST(place AS tid) FROM {obstap.index_cells})) \
         AND t.ctid = CAST(c.place AS tid)",
        "t.rowid = CAST(c.place AS INTEGER)",
    );
    let sql = format!(
        "UPDATE {} AS t SET {} FROM {{obstap.index_cells}} AS c WHERE {here}",
        indexed.cells(database.target()),
        set.join(", ")
    );
    let written = transaction.execute(&sql, &[]).await?;
    transaction
        .execute("DELETE FROM {obstap.index_cells}", &[])
        .await?;
    Ok(written)
}

/// Goes through a table by the addresses of its rows, a few thousand at a
/// time.
pub(super) struct Windows<'a> {
    database: &'a Database,
    indexed: &'a Indexed,
    after: i64,
}

impl Windows<'_> {
    pub fn of<'a>(database: &'a Database, indexed: &'a Indexed) -> Windows<'a> {
        let first = database.choose("0", "-9223372036854775808");
        Windows {
            database,
            indexed,
            after: first.parse().unwrap_or_default(),
        }
    }

    /// The values for [`Windows::condition`]; none after the last row.
    pub async fn next(&mut self) -> Result<Option<[Value; 2]>, Error> {
        let table = self.indexed.cells(self.database.target());
        // By blocks, or by numbers of rows, which may have gaps.
        let sql = self.database.choose(
            "SELECT least($1 + 128, b.count) FROM (SELECT pg_relation_size(CAST('@table@' AS regclass)) \
             / CAST(current_setting('block_size') AS bigint) AS count) AS b \
             WHERE CAST($1 AS bigint) < b.count",
            "SELECT max(w.number) FROM (SELECT rowid AS number FROM @table@ \
             WHERE rowid > $1 ORDER BY rowid LIMIT 2000) AS w",
        );
        let table = match sql.contains("'@table@'") {
            true => table.replace('\'', "''"),
            false => table,
        };
        let sql = sql.replace("@table@", &table);
        let after = Value::BigInt(self.after);
        let rows = self.database.fetch(&sql, &[after], &[Wire::Int8]).await?;
        let until = (!rows.is_empty()).then(|| rows.cell(0, 0)).flatten();
        let Some(until) = until.and_then(|cell| cell.try_into().ok()) else {
            return Ok(None);
        };
        let until = i64::from_be_bytes(until);
        let window = [self.after, until].map(Value::BigInt);
        self.after = until;
        Ok(Some(window))
    }

    pub fn condition(&self) -> String {
        let condition = self.database.choose(
            "@place@ >= CAST('(' || CAST($1 AS bigint) || ',0)' AS tid) \
             AND @place@ < CAST('(' || CAST($2 AS bigint) || ',0)' AS tid)",
            "@place@ > $1 AND @place@ <= $2",
        );
        condition.replace("@place@", &place(self.database, self.indexed))
    }
}

/// What keeps others from rows between reading and writing them: the end of
/// the SELECT. Beside a side table only its own rows may be locked.
pub(super) async fn lock<'a>(
    transaction: &mut Transaction,
    database: &'a Database,
    indexed: &Indexed,
) -> Result<&'a str, Error> {
    if !indexed.is_aside() {
        return Ok(database.choose(" FOR UPDATE", ""));
    }
    let cells = indexed.cells(database.target());
    let sql = format!("LOCK TABLE {cells} IN SHARE ROW EXCLUSIVE MODE");
    transaction.script(&sql).await?;
    Ok("")
}

/// How many rows there are, about: for showing progress.
pub async fn count(database: &Database, indexed: &Indexed) -> Result<u64, Error> {
    let sql = database.choose(
        "SELECT CAST(greatest(reltuples, 0) AS bigint) FROM pg_catalog.pg_class \
         WHERE oid = CAST('@table@' AS regclass)",
        "SELECT count(*) FROM @table@",
    );
    let table = indexed.cells(database.target());
    let table = match sql.contains("'@table@'") {
        true => table.replace('\'', "''"),
        false => table,
    };
    let rows = database
        .fetch(&sql.replace("@table@", &table), &[], &[Wire::Int8])
        .await?;
    let count = (!rows.is_empty()).then(|| rows.cell(0, 0)).flatten();
    let count = count.and_then(|cell| cell.try_into().ok());
    Ok(count.map_or(0, u64::from_be_bytes))
}
