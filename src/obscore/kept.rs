//! Which ObsCore tables there are, and which extra columns each has.

use adql::{Value, Wire};

use super::Name;
use crate::config::ExtraColumn;
use crate::database::{Batch, Database, Error};

/// The tables that follow settings and registries: `ivoa.obscore`, then those
/// that were made for registries.
///
/// # Errors
/// Those of the database.
pub async fn live(database: &Database) -> Result<Vec<Name>, Error> {
    let sql = "SELECT schema_name, table_name FROM {obstap.obscore_tables} WHERE kind = 'live' \
               UNION SELECT schema_name, table_name FROM {obstap.mappings} \
               ORDER BY schema_name, table_name";
    let rows = database.fetch(sql, &[], &[Wire::Text; 2]).await?;
    let stored = (0..rows.len()).filter_map(|row| {
        let name = Name::new(&text(&rows, row, 0), &text(&rows, row, 1)).ok()?;
        (name != Name::default()).then_some(name)
    });
    Ok([Name::default()].into_iter().chain(stored).collect())
}

/// All extra columns of a table: those of the settings, then those that the
/// mappings bring which feed it. Of two with the same name the first counts.
///
/// # Errors
/// Those of the database.
pub async fn extra(
    database: &Database,
    table: &Name,
    settings: &[ExtraColumn],
) -> Result<Vec<ExtraColumn>, Error> {
    extra_without(database, table, settings, None).await
}

/// The same without those that this repository brings.
///
/// # Errors
/// Those of the database.
pub(super) async fn extra_without(
    database: &Database,
    table: &Name,
    settings: &[ExtraColumn],
    repository: Option<i32>,
) -> Result<Vec<ExtraColumn>, Error> {
    let sql = "SELECT columns FROM {obstap.mappings} WHERE schema_name = $1 AND table_name = $2 \
               AND repository <> $3 ORDER BY repository";
    let [schema, name] = table.values();
    let without = Value::BigInt(repository.unwrap_or(0).into());
    let rows = database
        .fetch(sql, &[schema, name, without], &[Wire::Text])
        .await?;
    let documents: Vec<String> = (0..rows.len()).map(|row| text(&rows, row, 0)).collect();
    let mut columns = settings.to_vec();
    for document in documents {
        let brought = read(&document).ok_or_else(|| {
            Error::Data(format!(
                "what a registry brings to {table} was recorded by another version of obstap: \
                 attach it again"
            ))
        })?;
        add(&mut columns, brought);
    }
    Ok(columns)
}

/// The extra columns that a release was made with.
///
/// # Errors
/// Those of the database.
pub(super) async fn of_release(
    database: &Database,
    release: &Name,
) -> Result<Vec<ExtraColumn>, Error> {
    let sql = "SELECT extra FROM {obstap.obscore_tables} \
               WHERE schema_name = $1 AND table_name = $2";
    let rows = database
        .fetch(sql, &release.values(), &[Wire::Text])
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    read(&text(&rows, 0, 0)).ok_or_else(|| {
        Error::Data(format!(
            "the columns of {release} were recorded by another version of obstap: make it again"
        ))
    })
}

/// Adds those whose names are not taken.
pub(super) fn add(columns: &mut Vec<ExtraColumn>, more: Vec<ExtraColumn>) {
    for column in more {
        if columns.iter().all(|known| known.name != column.name) {
            columns.push(column);
        }
    }
}

/// Extra columns as they are recorded.
pub(super) fn written(columns: &[ExtraColumn]) -> Value {
    let columns = columns.iter().map(|column| {
        serde_json::json!({
            "name": column.name,
            "type": column.kind,
            "unit": column.unit,
            "ucd": column.ucd,
            "utype": column.utype,
            "description": column.description,
            "indexed": column.indexed,
        })
    });
    Value::Text(serde_json::Value::Array(columns.collect()).to_string())
}

fn read(document: &str) -> Option<Vec<ExtraColumn>> {
    serde_json::from_str(document).ok()
}

fn text(rows: &Batch, row: usize, column: usize) -> String {
    String::from_utf8_lossy(rows.cell(row, column).unwrap_or_default()).into_owned()
}
