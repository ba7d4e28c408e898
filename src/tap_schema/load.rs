//! The catalog made from the rows of TAP_SCHEMA.

use std::collections::HashMap;

use adql::catalog::{Catalog, ForeignKey, Table};
use adql::{Column, Wire};

use super::{bare, indexes, stored};
use crate::dali::Datatype;
use crate::database::{Batch, Database, Error};
use crate::spatial::upkeep::Index;

/// What may be spoken of, as TAP_SCHEMA has it now. Columns of a type that
/// ADQL does not have are left out.
///
/// # Errors
/// Those of the database.
pub async fn load(database: &Database) -> Result<Catalog, Error> {
    let columns = columns(database).await?;
    let mut tables = tables(database, columns).await?;
    spatial_indexes(database, &mut tables).await?;
    keys(database, &mut tables).await?;
    let tables = tables.into_iter().map(|(_, table)| table);
    Ok(Catalog::new(tables))
}

/// Columns by the name of their table, each with whether it is indexed.
async fn columns(database: &Database) -> Result<HashMap<String, Vec<(Column, bool)>>, Error> {
    let sql = "SELECT table_name, column_name, datatype, arraysize, xtype, unit, ucd, utype, \
               description, CASE WHEN \"indexed\" = 1 THEN '1' END FROM {tap_schema.columns} \
               ORDER BY table_name, column_index, column_name";
    let rows = database.fetch(sql, &[], &[Wire::Text; 10]).await?;
    let mut columns: HashMap<String, Vec<(Column, bool)>> = HashMap::new();
    for row in 0..rows.len() {
        let (datatype, arraysize, xtype) = (
            text(&rows, row, 2),
            text(&rows, row, 3),
            text(&rows, row, 4),
        );
        let datatype = Datatype {
            datatype: datatype.as_deref().unwrap_or_default(),
            arraysize: arraysize.as_deref(),
            xtype: xtype.as_deref(),
        };
        let name = text(&rows, row, 1).unwrap_or_default();
        let Some((kind, unicode)) = datatype.kind() else {
            tracing::warn!(
                column = name,
                ?datatype,
                "not published: no such type in ADQL"
            );
            continue;
        };
        let table = text(&rows, row, 0).unwrap_or_default();
        let column = Column {
            unit: text(&rows, row, 5),
            ucd: text(&rows, row, 6),
            utype: text(&rows, row, 7),
            description: text(&rows, row, 8),
            unicode,
            announced: None,
            xtype,
            ..Column::new(bare(&name), kind)
        };
        let indexed = text(&rows, row, 9).is_some();
        columns.entry(table).or_default().push((column, indexed));
    }
    Ok(columns)
}

/// Tables in the order of a listing, each with its full name.
async fn tables(
    database: &Database,
    mut columns: HashMap<String, Vec<(Column, bool)>>,
) -> Result<Vec<(String, Table)>, Error> {
    let sql = "SELECT schema_name, table_name, description, utype FROM {tap_schema.tables} \
               ORDER BY table_index, table_name";
    let rows = database.fetch(sql, &[], &[Wire::Text; 4]).await?;
    let mut tables = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        let schema = text(&rows, row, 0).unwrap_or_default();
        let full = text(&rows, row, 1).unwrap_or_default();
        let name = full
            .strip_prefix(&schema)
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or(&full);
        let (schema, name) = (bare(&schema), bare(name));
        let columns = columns.remove(&full).unwrap_or_default();
        let indexed = columns.iter().filter(|(_, indexed)| *indexed);
        let table = Table {
            stored: stored(&schema, &name),
            schema,
            name,
            description: text(&rows, row, 2),
            utype: text(&rows, row, 3),
            indexed: indexed.map(|(column, _)| column.name.clone()).collect(),
            columns: columns.into_iter().map(|(column, _)| column).collect(),
            ..Table::default()
        };
        tables.push((full, table));
    }
    Ok(tables)
}

/// Adds to each table the keys that lead from it.
async fn keys(database: &Database, tables: &mut [(String, Table)]) -> Result<(), Error> {
    let sql = "SELECT k.key_id, k.from_table, k.target_table, k.description, c.from_column, \
               c.target_column FROM {tap_schema.keys} AS k JOIN {tap_schema.key_columns} AS c \
               ON k.key_id = c.key_id ORDER BY k.key_id, c.from_column";
    let rows = database.fetch(sql, &[], &[Wire::Text; 6]).await?;
    let mut last = None;
    for row in 0..rows.len() {
        let id = text(&rows, row, 0);
        let from = text(&rows, row, 1).unwrap_or_default();
        let Some((_, table)) = tables.iter_mut().find(|(full, _)| *full == from) else {
            continue;
        };
        if id != last || table.keys.is_empty() {
            table.keys.push(ForeignKey {
                target: text(&rows, row, 2).unwrap_or_default(),
                description: text(&rows, row, 3),
                columns: Vec::new(),
            });
            last = id;
        }
        if let Some(key) = table.keys.last_mut() {
            let [from, target] = [4, 5].map(|column| text(&rows, row, column).unwrap_or_default());
            key.columns.push((bare(&from), bare(&target)));
        }
    }
    Ok(())
}

/// Adds to each table its index columns, where queries may use them.
async fn spatial_indexes(database: &Database, tables: &mut [(String, Table)]) -> Result<(), Error> {
    for record in indexes::list(database).await? {
        let found = tables.iter_mut().map(|(_, table)| table);
        let mut found =
            found.filter(|table| (&table.schema, &table.name) == (&record.schema, &record.table));
        let Some(table) = found.next() else {
            continue;
        };
        if !record.is_usable() {
            let (table, state) = (table.full_name(), record.state);
            tracing::warn!(table, state, "an index on the sky is not used");
            continue;
        }
        if record.is_aside() {
            table.stored = record.indexed().stored;
        }
        match record.index {
            Index::Region(region) => table.regions.push(region),
            Index::Position(position) => table.positions.push(position),
        }
    }
    Ok(())
}

/// A cell of text; the database room gives UTF-8.
fn text(rows: &Batch, row: usize, column: usize) -> Option<String> {
    let cell = rows.cell(row, column)?;
    Some(String::from_utf8_lossy(cell).into_owned())
}
