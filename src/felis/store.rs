//! From a description to tables and rows of TAP_SCHEMA, in one transaction.

use adql::{Column, Statement, Target, target};

use super::{Described, Felis, FelisError};
use crate::database::{Database, Limits, Transaction};
use crate::tap_schema;

/// What [`publish`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Tables that were made, as `schema.table`.
    pub made: Vec<String>,
    pub tables: usize,
    pub columns: usize,
}

/// Publishes all tables of a description without errors. With `create`, those
/// that are missing are made, with keys and indexes; without, all must be
/// there. Those that are there must have the columns.
///
/// # Errors
/// [`FelisError::Stored`] where database and description differ, and those of
/// the database; nothing is changed then.
pub async fn publish(
    database: &Database,
    felis: &Felis,
    create: bool,
) -> Result<Stored, FelisError> {
    let mut done = Stored::default();
    let mut transaction = database.begin().await?;
    for described in &felis.tables {
        let name = stored_name(described);
        if transaction.exists((&name.0, &name.1)).await? {
            compare(database, described).await?;
        } else if create {
            transaction.make_schemas(&[name.0.as_str()]).await?;
            make(&mut transaction, database.target(), described).await?;
            done.made.push(described.published.full_name());
        } else {
            return Err(FelisError::Stored(format!(
                "there is no table {} in the database (stored as {}.{}): make and fill it first, \
                 or let --create-tables make it",
                described.published.full_name(),
                name.0,
                name.1
            )));
        }
        done.tables += 1;
        done.columns += described.published.columns.len();
    }
    let published: Vec<_> = felis.tables.iter().map(|it| it.published.clone()).collect();
    tap_schema::publish(&mut transaction, &published, &felis.keys).await?;
    transaction.commit().await?;
    Ok(done)
}

/// Schema and table as the database has them.
fn stored_name(described: &Described) -> (String, String) {
    let Described { published, .. } = described;
    (
        published.schema.name.to_lowercase(),
        published.name.to_lowercase(),
    )
}

/// Whether the stored table has the columns, with values that can be read as
/// announced.
async fn compare(database: &Database, described: &Described) -> Result<(), FelisError> {
    let columns: Vec<&Column> = described
        .published
        .columns
        .iter()
        .map(|published| &published.column)
        .collect();
    if readable(database, described, &columns).await? {
        return Ok(());
    }
    let mut wrong = Vec::new();
    for column in columns {
        if !readable(database, described, &[column]).await? {
            wrong.push(format!("{} ({})", column.name, column.kind));
        }
    }
    Err(FelisError::Stored(format!(
        "the stored table {} lacks columns that are described, or has them with another type: {}",
        described.published.full_name(),
        wrong.join(", ")
    )))
}

async fn readable(
    database: &Database,
    described: &Described,
    columns: &[&Column],
) -> Result<bool, FelisError> {
    let target = database.target();
    let (schema, table) = stored_name(described);
    let list: Vec<String> = columns
        .iter()
        .map(|column| format!("t.{}", target::quote(&column.name)))
        .collect();
    let statement = Statement {
        sql: format!(
            "SELECT {} FROM {} AS t WHERE 1 = 0",
            list.join(", "),
            target.stored(&schema, &table)
        ),
        parameters: Vec::new(),
        columns: columns.iter().copied().cloned().collect(),
    };
    match database.stream(&statement, Limits::default()).await {
        Ok(mut rows) => Ok(rows.next().await.is_ok()),
        Err(error @ crate::database::Error::Unreachable(_)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}

async fn make(
    transaction: &mut Transaction,
    target: &Target,
    described: &Described,
) -> Result<(), FelisError> {
    let (schema, table) = stored_name(described);
    let name = target.stored(&schema, &table);
    let quoted = |columns: &[String]| {
        let columns: Vec<String> = columns.iter().map(|name| target::quote(name)).collect();
        columns.join(", ")
    };
    let mut lines: Vec<String> = described
        .published
        .columns
        .iter()
        .map(|published| {
            let column = &published.column;
            let required = match described.not_null.contains(&column.name) {
                true => " NOT NULL",
                false => "",
            };
            let kind = target.stored_type(column.kind.wire());
            format!("{} {kind}{required}", target::quote(&column.name))
        })
        .collect();
    if !described.primary_key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", quoted(&described.primary_key)));
    }
    for unique in &described.unique {
        lines.push(format!("UNIQUE ({})", quoted(unique)));
    }
    let options = target.table_options();
    let sql = format!("CREATE TABLE {name} ({}) {options}", lines.join(", "));
    transaction.script(&sql).await?;
    for (number, columns) in (1..).zip(&described.indexes) {
        // Names of our own: those of a file need not be unique in a schema.
        let (index, _) = target.index_names(&schema, &format!("{table}_index_{number}"));
        let sql = format!("CREATE INDEX {index} ON {name} ({})", quoted(columns));
        transaction.script(&sql).await?;
    }
    Ok(())
}
