//! Rows put in, put in place of others, and taken out.

use adql::{Value, Wire};
use uuid::Uuid;

use super::super::{Name, change};
use super::compare::{Compared, Tally};
use super::line::{Described, Line};
use super::read;
use crate::database::{Batch, Database, Error, Transaction};

/// Makes the rows that were compared right.
///
/// # Errors
/// Those of the database.
pub(super) async fn write(
    transaction: &mut Transaction,
    database: &Database,
    line: &Line,
    compared: &Compared,
) -> Result<Tally, Error> {
    reject(
        transaction,
        database,
        line,
        &compared.asked,
        &compared.described.rejected,
    )
    .await?;
    if !compared.tally.writes() {
        return Ok(compared.tally.clone());
    }
    let change = change::number(transaction, database).await?;
    let written = || compared.written.iter().copied();
    if !compared.gone.is_empty() {
        let stay = written().filter_map(|row| compared.described.of.get(row));
        let stay: Vec<&str> = stay.map(|(_, did)| did.as_str()).collect();
        take_out(transaction, database, line, &compared.gone, &stay, change).await?;
    }
    append(transaction, line, &compared.described, written(), change).await?;
    Ok(compared.tally.clone())
}

/// Adds rows that are known not to be there.
///
/// # Errors
/// Those of the database.
pub(super) async fn append(
    transaction: &mut Transaction,
    line: &Line,
    described: &Described,
    rows: impl Iterator<Item = usize>,
    change: i64,
) -> Result<(), Error> {
    let mut batch = Batch::new(line.stored_wires());
    let source = line.feed.repository.number.to_be_bytes();
    for row in rows {
        let Some((id, _)) = described.of.get(row) else {
            continue;
        };
        described.rows.row(row).for_each(|cell| batch.push(cell));
        batch.push(Some(&source));
        batch.push(Some(id.as_bytes()));
        batch.push(Some(&change.to_be_bytes()));
    }
    if batch.is_empty() {
        return Ok(());
    }
    let names = line.stored_names();
    transaction
        .append(line.feed.table.pair(), &names, batch)
        .await
}

/// Removes the rows of these datasets, with tombstones but for the identifiers
/// that `stay`.
async fn take_out(
    transaction: &mut Transaction,
    database: &Database,
    line: &Line,
    gone: &[Uuid],
    stay: &[&str],
    change: i64,
) -> Result<(), Error> {
    let table = &line.feed.table;
    let number = Value::BigInt(line.feed.repository.number.into());
    let ids = read::ids(database, gone);
    let condition = format!(
        "reg_source = $1 AND reg_id IN {}",
        read::ids_in(database, 2)
    );
    let [schema, name] = table.values();
    let bury = format!(
        "INSERT INTO {{obstap.tombstones}} \
         (schema_name, table_name, obs_publisher_did, reg_source, reg_id, change) \
         SELECT CAST($3 AS text), CAST($4 AS text), obs_publisher_did, reg_source, reg_id, \
         CAST($5 AS bigint) FROM {} \
         WHERE {condition} AND obs_publisher_did NOT IN {}",
        table.stored(database.target()),
        read::texts_in(database, 6)
    );
    let values = [
        number.clone(),
        ids.clone(),
        schema,
        name,
        Value::BigInt(change),
        read::texts(stay.iter().copied()),
    ];
    transaction.execute(&bury, &values).await?;
    let delete = format!(
        "DELETE FROM {} WHERE {condition}",
        table.stored(database.target())
    );
    transaction.execute(&delete, &[number, ids]).await.map(drop)
}

/// Removes all rows of a registry from a table.
///
/// # Errors
/// Those of the database.
pub(super) async fn remove_all(
    transaction: &mut Transaction,
    database: &Database,
    table: &Name,
    repository: i32,
) -> Result<u64, Error> {
    let condition = "reg_source = $1";
    let values = [Value::BigInt(repository.into())];
    remove_where(transaction, database, table, condition, &values).await
}

/// Removes the rows that meet a condition, with tombstones. Its values come
/// first.
///
/// # Errors
/// Those of the database.
pub(super) async fn remove_where(
    transaction: &mut Transaction,
    database: &Database,
    table: &Name,
    condition: &str,
    values: &[Value],
) -> Result<u64, Error> {
    let stored = table.stored(database.target());
    let change = change::number(transaction, database).await?;
    let count = values.len();
    let bury = format!(
        "INSERT INTO {{obstap.tombstones}} \
         (schema_name, table_name, obs_publisher_did, reg_source, reg_id, change) \
         SELECT CAST(${} AS text), CAST(${} AS text), obs_publisher_did, reg_source, reg_id, \
         CAST(${} AS bigint) FROM {stored} \
         WHERE {condition}",
        count + 1,
        count + 2,
        count + 3
    );
    let [schema, name] = table.values();
    let more = [schema, name, Value::BigInt(change)];
    let all = [values, &more].concat();
    transaction.execute(&bury, &all).await?;
    let delete = format!("DELETE FROM {stored} WHERE {condition}");
    transaction.execute(&delete, values).await
}

/// Records the datasets that cannot be described; others of those asked for can
/// now.
///
/// # Errors
/// Those of the database.
pub(super) async fn reject(
    transaction: &mut Transaction,
    database: &Database,
    line: &Line,
    asked: &[Uuid],
    rejected: &[(Uuid, String)],
) -> Result<(), Error> {
    let feed = &line.feed;
    let number = Value::BigInt(feed.repository.number.into());
    let values = [&feed.table.values()[..], &[number]].concat();
    let ours = "schema_name = $1 AND table_name = $2 AND repository = $3";
    let any = format!("SELECT 1 FROM {{obstap.rejected}} WHERE {ours} LIMIT 1");
    if !transaction
        .fetch(&any, &values, &[Wire::Int4])
        .await?
        .is_empty()
    {
        let sql = format!(
            "DELETE FROM {{obstap.rejected}} WHERE {ours} AND reg_id IN {}",
            read::ids_in(database, 4)
        );
        let values = [&values[..], &[read::ids(database, asked)]].concat();
        transaction.execute(&sql, &values).await?;
    }
    if rejected.is_empty() {
        return Ok(());
    }
    let wires = [Wire::Int4, Wire::Text, Wire::Text, Wire::Bytes, Wire::Text];
    let mut batch = Batch::new(wires);
    for (id, reason) in rejected {
        batch.push(Some(&feed.repository.number.to_be_bytes()));
        batch.push(Some(feed.table.schema().as_bytes()));
        batch.push(Some(feed.table.table().as_bytes()));
        batch.push(Some(id.as_bytes()));
        batch.push(Some(reason.replace('\0', " ").as_bytes()));
    }
    let columns = [
        "repository",
        "schema_name",
        "table_name",
        "reg_id",
        "reason",
    ];
    transaction
        .append(("obstap", "rejected"), &columns, batch)
        .await
}
