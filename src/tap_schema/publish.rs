//! Rows of TAP_SCHEMA written from what is to be published.

use adql::Value;
use adql::catalog::{PositionIndex, RegionIndex};

use super::{Key, Published, PublishedColumn, Schema, column_name};
use crate::dali::Datatype;
use crate::database::{Error, Transaction};
use crate::spatial;

/// Writes the rows of these tables and keys, in place of what stood there
/// about them; other tables keep theirs.
///
/// # Errors
/// Those of the database; the transaction is then of no more use.
pub async fn publish(
    transaction: &mut Transaction,
    tables: &[Published],
    keys: &[Key],
) -> Result<(), Error> {
    for table in tables {
        schema(transaction, &table.schema).await?;
        self::table(transaction, table).await?;
        for (index, column) in (0..).zip(&table.columns) {
            self::column(transaction, &table.full_name(), index, column).await?;
        }
        spatial_indexes(transaction, table).await?;
    }
    for key in keys {
        self::key(transaction, key).await?;
    }
    changed(transaction).await
}

/// Takes out what is said of a table, and of its schema if it was the last there.
///
/// # Errors
/// Those of the database; the transaction is then of no more use.
pub async fn unpublish(
    transaction: &mut Transaction,
    schema: &str,
    table: &str,
) -> Result<(), Error> {
    let full = text(&format!("{schema}.{table}"));
    for sql in [
        "DELETE FROM {tap_schema.columns} WHERE table_name = $1",
        "DELETE FROM {tap_schema.tables} WHERE table_name = $1",
    ] {
        transaction
            .execute(sql, std::slice::from_ref(&full))
            .await?;
    }
    let sql = "DELETE FROM {obstap.spatial_indexes} WHERE schema_name = $1 AND table_name = $2";
    transaction
        .execute(sql, &[text(schema), text(table)])
        .await?;
    let sql = "DELETE FROM {tap_schema.schemas} WHERE schema_name = $1 \
               AND NOT EXISTS (SELECT 1 FROM {tap_schema.tables} WHERE schema_name = $1)";
    transaction.execute(sql, &[text(schema)]).await?;
    changed(transaction).await
}

/// Lets services that run know that they must read TAP_SCHEMA, and count rows, again.
///
/// # Errors
/// Those of the database.
pub async fn changed(transaction: &mut Transaction) -> Result<(), Error> {
    let sql = "UPDATE {obstap.published} SET version = version + 1";
    transaction.execute(sql, &[]).await.map(drop)
}

async fn schema(transaction: &mut Transaction, schema: &Schema) -> Result<(), Error> {
    let sql = "INSERT INTO {tap_schema.schemas} (schema_name, utype, description, schema_index) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (schema_name) DO UPDATE SET \
               utype = excluded.utype, description = excluded.description, \
               schema_index = excluded.schema_index";
    let values = [
        text(&schema.name),
        optional(schema.utype.as_deref()),
        text(&schema.description),
        Value::BigInt(schema.index),
    ];
    transaction.execute(sql, &values).await.map(drop)
}

/// The row of the table itself; what belongs to it is cleared.
async fn table(transaction: &mut Transaction, table: &Published) -> Result<(), Error> {
    let sql = "INSERT INTO {tap_schema.tables} \
               (schema_name, table_name, table_type, utype, description, table_index) \
               VALUES ($1, $2, 'table', $3, $4, $5) ON CONFLICT (table_name) DO UPDATE SET \
               schema_name = excluded.schema_name, table_type = excluded.table_type, \
               utype = excluded.utype, description = excluded.description, \
               table_index = excluded.table_index";
    let name = text(&table.full_name());
    let values = [
        text(&table.schema.name),
        name.clone(),
        optional(table.utype.as_deref()),
        text(&table.description),
        Value::BigInt(table.index),
    ];
    transaction.execute(sql, &values).await?;
    let sql = "DELETE FROM {tap_schema.columns} WHERE table_name = $1";
    transaction.execute(sql, &[name]).await.map(drop)
}

async fn column(
    transaction: &mut Transaction,
    table: &str,
    index: i64,
    published: &PublishedColumn,
) -> Result<(), Error> {
    let sql = "INSERT INTO {tap_schema.columns} (table_name, column_name, datatype, arraysize, \
               xtype, \"size\", description, utype, unit, ucd, indexed, principal, std, \
               column_index) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let column = &published.column;
    let datatype = Datatype::of(column);
    let values = [
        text(table),
        text(&column_name(&column.name)),
        text(datatype.datatype),
        optional(datatype.arraysize),
        optional(datatype.xtype),
        datatype.size().map_or(Value::Null, Value::BigInt),
        optional(column.description.as_deref()),
        optional(column.utype.as_deref()),
        optional(column.unit.as_deref()),
        optional(column.ucd.as_deref()),
        flag(published.indexed),
        flag(published.principal),
        flag(published.std),
        Value::BigInt(index),
    ];
    transaction.execute(sql, &values).await.map(drop)
}

/// Which columns carry an index on the sky; `table_name` is without schema.
async fn spatial_indexes(transaction: &mut Transaction, table: &Published) -> Result<(), Error> {
    let place = [text(&table.schema.name), text(&table.name)];
    // Those made beside a table (`super::indexes`) outlive a new description.
    let sql = "DELETE FROM {obstap.spatial_indexes} \
               WHERE schema_name = $1 AND table_name = $2 AND upkeep = 'load'";
    transaction.execute(sql, &place).await?;
    let regions = table.regions.iter().map(|region| {
        let RegionIndex { column, prefix } = region;
        [text("region"), text(column), Value::Null, text(prefix)]
    });
    let positions = table.positions.iter().map(|position| {
        let PositionIndex { lon, lat, cell } = position;
        [text("position"), text(lon), text(lat), text(cell)]
    });
    for index in regions.chain(positions) {
        let sql = "INSERT INTO {obstap.spatial_indexes} \
                   (schema_name, table_name, kind, column1, column2, index_column, index_version) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let version = [Value::BigInt(spatial::VERSION)];
        let values = [&place[..], &index[..], &version].concat();
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}

async fn key(transaction: &mut Transaction, key: &Key) -> Result<(), Error> {
    let id = text(&key.id);
    for sql in [
        "DELETE FROM {tap_schema.key_columns} WHERE key_id = $1",
        "DELETE FROM {tap_schema.keys} WHERE key_id = $1",
    ] {
        transaction.execute(sql, std::slice::from_ref(&id)).await?;
    }
    let sql = "INSERT INTO {tap_schema.keys} (key_id, from_table, target_table, description) \
               VALUES ($1, $2, $3, $4)";
    let values = [
        id.clone(),
        text(&key.from),
        text(&key.target),
        text(&key.description),
    ];
    transaction.execute(sql, &values).await?;
    for (from, target) in &key.columns {
        let sql = "INSERT INTO {tap_schema.key_columns} (key_id, from_column, target_column) \
                   VALUES ($1, $2, $3)";
        let values = [id.clone(), text(from), text(target)];
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, self::text)
}

/// TAP 1.1 section 4.3: 0 or 1.
fn flag(flag: bool) -> Value {
    Value::BigInt(i64::from(flag))
}
