//! Rows that other programs have written, seen to before the next query.

use adql::target::quote;
use adql::{Catalog, Target, Value, Wire};

use super::sweep::mend;
use super::{Indexed, rows};
use crate::database::{Database, Error};

/// Rows read and written in one transaction.
const AT_ONCE: u64 = 2000;

/// The indexes that a statement reads: those whose columns it names. Names
/// are quoted in SQL of ours, and no value is ever a part of it.
pub fn read_by(catalog: &Catalog, target: &Target, sql: &str) -> Vec<Indexed> {
    let tables = catalog.tables().iter();
    let tables = tables.filter(|table| !table.regions.is_empty() || !table.positions.is_empty());
    let indexes = tables.flat_map(|table| Indexed::all(table));
    let named = |indexed: &Indexed| {
        let mut columns = indexed.index.columns().into_iter();
        columns.any(|(name, _)| sql.contains(&quote(&name))) && sql.contains(&indexed.table(target))
    };
    indexes.filter(named).collect()
}

/// Whether rows of these indexes wait to be read.
///
/// # Errors
/// Those of the database.
pub async fn are_waiting(database: &Database, indexes: &[Indexed]) -> Result<bool, Error> {
    if indexes.is_empty() {
        return Ok(false);
    }
    let target = database.target();
    let exists: Vec<String> = indexes
        .iter()
        .map(|indexed| {
            format!(
                "EXISTS (SELECT 1 FROM {} AS t WHERE {})",
                indexed.cells(target),
                waiting(indexed)
            )
        })
        .collect();
    let sql = format!("SELECT 1 WHERE {}", exists.join(" OR "));
    let found = database.fetch(&sql, &[], &[Wire::Int4]).await?;
    Ok(!found.is_empty())
}

/// Reads the regions and positions of the rows that wait, until none does.
/// Returns how many did.
///
/// # Errors
/// Those of the database.
pub async fn settle(database: &Database, indexes: &[Indexed]) -> Result<u64, Error> {
    let mut settled = 0;
    for indexed in indexes {
        let select = rows::select(database, indexed);
        let sql = format!("{select}{} LIMIT CAST($1 AS bigint)", waiting(indexed));
        let wires = rows::wires(&indexed.index);
        loop {
            if !are_waiting(database, std::slice::from_ref(indexed)).await? {
                break;
            }
            let mut transaction = database.begin().await?;
            let lock = rows::lock(&mut transaction, database, indexed).await?;
            let sql = format!("{sql}{lock}");
            let limit = [Value::BigInt(AT_ONCE as i64)];
            let found = transaction.fetch(&sql, &limit, &wires).await?;
            settled += mend(&mut transaction, database, indexed, &found).await?;
            transaction.commit().await?;
        }
    }
    Ok(settled)
}

fn waiting(indexed: &Indexed) -> String {
    let (index, key) = (&indexed.index, quote(&indexed.index.searched()));
    format!("t.{key} = {}", index.waiting())
}
