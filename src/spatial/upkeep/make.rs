//! Index columns, B-trees and triggers, made and taken away.

use adql::Wire;
use adql::target::quote;

use super::judge::out_of_reach;
use super::{Index, Indexed, WAITING_CELL};
use crate::database::{Database, Error, Transaction};

/// Why a table cannot have an index beside its columns.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("{0}")]
    Table(String),
    /// It can have one in a side table at most.
    #[error("{0}")]
    Alter(String),
    #[error(transparent)]
    Database(#[from] Error),
}

/// Adds the hidden columns, empty, and the triggers that watch the others, to
/// a table that has neither.
///
/// # Errors
/// [`Unfit::Table`] where there is no such table, [`Unfit::Alter`] where it may
/// not be altered, and those of the database.
pub async fn add(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
) -> Result<(), Unfit> {
    check(transaction, database, indexed).await?;
    let target = database.target();
    for (name, (_, wire)) in indexed.index.columns() {
        let kind = target.stored_type(wire);
        let sql = format!(
            "ALTER TABLE {} ADD COLUMN {} {kind}",
            indexed.table(target),
            quote(&name)
        );
        transaction.script(&sql).await?;
    }
    make_triggers(transaction, database, indexed).await?;
    Ok(())
}

/// Whether its rows have addresses that say which row is meant, and its
/// columns values that a trigger sees.
async fn check(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
) -> Result<(), Unfit> {
    let (schema, table) = &indexed.stored;
    let names = indexed.index.of().into_iter();
    let names = names.chain([schema.as_str(), table]);
    if names
        .into_iter()
        .any(|name| name.contains(['"', '{', '}', '@', '$', '\'']))
    {
        return Err(Unfit::Table(format!(
            "{schema}.{table} or one of its columns has a name with \" ' {{ }} @ or $ in it, \
             and cannot have an index"
        )));
    }
    let stored = database.target().schema(schema);
    // What it is; NULL when all is well.
    let sql = database.choose(
        "SELECT CASE WHEN c.relkind = 'v' THEN 'a view' WHEN c.relkind = 'm' THEN 'a materialized view' \
         WHEN c.relkind = 'f' THEN 'a foreign table' WHEN c.relkind <> 'r' THEN 'partitioned' \
         WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_inherits AS i WHERE c.oid IN (i.inhparent, i.inhrelid)) \
         THEN 'a part of an inheritance' \
         WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid \
         AND a.attgenerated <> '' AND a.attname = ANY (string_to_array($3, '\"'))) \
         THEN 'a table that computes these columns itself' \
         WHEN NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN 'the table of another database user' END \
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relname = $2",
        "SELECT CASE WHEN type = 'view' THEN 'a view' WHEN $3 IS NOT NULL \
         AND lower(sql) LIKE '%without rowid%' THEN 'a table WITHOUT ROWID' END \
         FROM sqlite_schema WHERE type IN ('table', 'view') AND name = $1 || '.' || $2",
    );
    let values = [stored, table.clone(), indexed.index.of().join("\"")].map(adql::Value::Text);
    let found = transaction.fetch(sql, &values, &[Wire::Text]).await?;
    if found.is_empty() {
        return Err(Unfit::Table(format!(
            "there is no table {schema}.{table} in the database"
        )));
    }
    match found.cell(0, 0) {
        None => Ok(()),
        Some(what) => Err(Unfit::Alter(format!(
            "{schema}.{table} is {}, and cannot have an index beside its columns",
            String::from_utf8_lossy(what)
        ))),
    }
}

/// Makes the triggers, also where they are already.
///
/// # Errors
/// Those of the database.
pub async fn make_triggers(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
) -> Result<(), Error> {
    let sql = match indexed.index {
        Index::Region(_) => database.choose(
            include_str!("sql/region_postgres.sql"),
            include_str!("sql/region_sqlite.sql"),
        ),
        Index::Position(_) => database.choose(
            include_str!("sql/position_postgres.sql"),
            include_str!("sql/position_sqlite.sql"),
        ),
    };
    let sql = named(database, indexed, sql);
    transaction.script(&sql).await
}

/// Takes the triggers away, for a while or with the index.
///
/// # Errors
/// Those of the database.
pub async fn drop_triggers(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
) -> Result<(), Error> {
    let sql = database.choose(
        "DROP TRIGGER IF EXISTS @insert@ ON @table@; DROP TRIGGER IF EXISTS @update@ ON @table@;",
        "DROP TRIGGER IF EXISTS @insert@; DROP TRIGGER IF EXISTS @update@;",
    );
    let sql = named(database, indexed, sql);
    transaction.script(&sql).await
}

/// A script with the names of this table in place of its `@words@`.
fn named(database: &Database, indexed: &Indexed, sql: &str) -> String {
    let target = database.target();
    let mut sql = sql.to_owned();
    let mut put = |word: &str, text: &str| sql = sql.replace(&format!("@{word}@"), text);
    put("table", &indexed.table(target));
    let (schema, table) = &indexed.stored;
    let mark = hash(&format!("{schema}.{table}.{}", indexed.index.name()));
    put("function", &format!("{{obstap.mark_{mark}}}"));
    for act in ["insert", "update"] {
        // Triggers of others come before these, by name.
        put(act, &quote(&format!("zz_obstap_{act}_{mark}")));
    }
    match &indexed.index {
        Index::Region(region) => {
            put("region", &quote(&region.column));
            for part in ["key", "x", "y", "z", "crad", "crin", "v"] {
                put(part, &quote(&format!("{}_{part}", region.prefix)));
            }
            let marks = out_of_reach();
            put("waiting", &marks.key.to_string());
            put("far", &marks.x.to_string());
            put("wide", &marks.crad.to_string());
        }
        Index::Position(position) => {
            let valid = "coalesce(NEW.@lon@ BETWEEN -1.7976931348623157e308 \
                         AND 1.7976931348623157e308 AND NEW.@lat@ BETWEEN -90 AND 90, false)";
            put("new_valid", valid);
            put("lon", &quote(&position.lon));
            put("lat", &quote(&position.lat));
            put("cell", &quote(&position.cell));
            put("waiting_cell", &WAITING_CELL.to_string());
        }
    }
    sql
}

/// Makes the B-tree, where it is missing.
///
/// # Errors
/// Those of the database.
pub async fn finish(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
) -> Result<(), Error> {
    let target = database.target();
    let (name, _) = target.index_names(&indexed.cells.0, &tree(indexed));
    let sql = format!(
        "CREATE INDEX IF NOT EXISTS {name} ON {} ({})",
        indexed.cells(target),
        quote(&indexed.index.searched())
    );
    transaction.script(&sql).await
}

/// Measures the table, so that queries are planned by what is in it.
///
/// # Errors
/// Those of the database.
pub async fn analyze(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
) -> Result<(), Error> {
    let sql = format!("ANALYZE {}", indexed.cells(database.target()));
    transaction.script(&sql).await
}

/// Takes away all that [`add`] and [`finish`] made.
///
/// # Errors
/// Those of the database.
pub async fn remove(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
) -> Result<(), Error> {
    let target = database.target();
    drop_triggers(transaction, database, indexed).await?;
    let function = database.choose("DROP FUNCTION IF EXISTS @function@();", "");
    transaction
        .script(&named(database, indexed, function))
        .await?;
    let (_, name) = target.index_names(&indexed.stored.0, &tree(indexed));
    transaction
        .script(&format!("DROP INDEX IF EXISTS {name}"))
        .await?;
    for (column, _) in indexed.index.columns() {
        let sql = format!(
            "ALTER TABLE {} DROP COLUMN {}",
            indexed.table(target),
            quote(&column)
        );
        transaction.script(&sql).await?;
    }
    Ok(())
}

/// The name of the B-tree, within the 63 bytes that PostgreSQL keeps.
fn tree(indexed: &Indexed) -> String {
    let (schema, table) = &indexed.stored;
    let name = indexed.index.name();
    format!("obstap_{}", hash(&format!("{schema}.{table}.{name}")))
}

/// FNV-1a with 64 bits in hexadecimal: the same in every build.
pub(super) fn hash(text: &str) -> String {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let hash = text.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
