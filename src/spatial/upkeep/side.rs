//! Index cells in a side table, for tables that may not be altered: views,
//! foreign tables, tables of other database users.

use adql::target::quote;
use adql::{Value, Wire};

use super::judge::{Cause, out_of_reach};
use super::make::{Unfit, hash};
use super::sweep::{Act, Tally};
use super::{Index, Indexed, WAITING_CELL};
use crate::database::{Batch, Database, Error, Transaction};

/// The table that a side table belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    pub stored: (String, String),
    /// The columns that tell its rows apart.
    pub key: Vec<String>,
    /// Whether triggers may watch it.
    pub watched: bool,
}

const SCHEMA: &str = "obstap";
const VIEW: &str = "with_";

/// The view in which a table stands with the cells of its side tables.
pub fn view(base: &(String, String)) -> (String, String) {
    let (schema, table) = base;
    let hash = hash(&format!("{schema}.{table}"));
    (SCHEMA.to_owned(), format!("{VIEW}{hash}"))
}

pub(super) fn is_view(stored: &(String, String)) -> bool {
    stored.0 == SCHEMA && stored.1.starts_with(VIEW)
}

/// The side table of an index, by its view.
pub(super) fn table(view: &(String, String), index: &str) -> (String, String) {
    let hash = hash(&format!("{}.{index}", view.1));
    (SCHEMA.to_owned(), format!("side_{hash}"))
}

/// What is known of a table that may not be altered. `key` is its primary key
/// unless it is given.
///
/// # Errors
/// [`Unfit::Table`] where there is no way, and those of the database.
pub async fn base(
    database: &Database,
    stored: (String, String),
    key: Option<Vec<String>>,
) -> Result<Base, Unfit> {
    if !database.is_shared() {
        return Err(Unfit::Table(format!(
            "{}.{} is a view or has no rowid, and cannot have an index: index what stands behind it",
            stored.0, stored.1
        )));
    }
    let sql = "SELECT (SELECT string_agg(CAST(a.attname AS text), '\"' ORDER BY a.attnum) \
               FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a \
               ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
               WHERE i.indrelid = c.oid AND i.indisprimary), \
               CASE WHEN c.relkind IN ('r', 'p') AND pg_catalog.has_table_privilege(c.oid, 'TRIGGER') \
               THEN 'yes' END FROM pg_catalog.pg_class AS c \
               JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relname = $2";
    let schema = database.target().schema(&stored.0);
    let values = [schema, stored.1.clone()].map(Value::Text);
    let rows = database
        .fetch(sql, &values, &[Wire::Text, Wire::Text])
        .await?;
    let found = |column| (!rows.is_empty()).then(|| rows.cell(0, column)).flatten();
    let primary = found(0).map(String::from_utf8_lossy);
    let primary = primary.map(|names| names.split('"').map(str::to_owned).collect());
    let Some(key) = key.or(primary) else {
        return Err(Unfit::Table(format!(
            "{}.{} has no primary key: say by --key which columns tell its rows apart",
            stored.0, stored.1
        )));
    };
    Ok(Base {
        stored,
        key,
        watched: found(1).is_some(),
    })
}

/// Makes the side table of an index with a row for each row of its base, and
/// the view of all. `indexes` are those that the view is to have.
///
/// # Errors
/// Those of the database.
pub async fn add_aside(
    transaction: &mut Transaction,
    database: &Database,
    base: &Base,
    indexed: &Indexed,
    indexes: &[Indexed],
) -> Result<(), Error> {
    let target = database.target();
    let (cells, table) = (
        indexed.cells(target),
        target.stored(&base.stored.0, &base.stored.1),
    );
    let key = list(&base.key);
    let mut sql = format!(
        "CREATE TABLE {cells} AS SELECT {key} FROM {table} WITH NO DATA; \
         ALTER TABLE {cells} ADD PRIMARY KEY ({key});"
    );
    for (name, (_, wire)) in indexed.index.columns() {
        let kind = target.stored_type(wire);
        sql.push_str(&format!(
            "ALTER TABLE {cells} ADD COLUMN {} {kind};",
            quote(&name)
        ));
    }
    transaction.script(&sql).await?;
    if base.watched {
        let script = named(
            database,
            base,
            indexed,
            include_str!("sql/side_postgres.sql"),
        );
        transaction.script(&script).await?;
    }
    make_view(transaction, database, base, indexes).await
}

/// Takes a side table away. `indexes` are those that are left in the view.
///
/// # Errors
/// Those of the database.
pub async fn remove_aside(
    transaction: &mut Transaction,
    database: &Database,
    base: &Base,
    indexed: &Indexed,
    indexes: &[Indexed],
) -> Result<(), Error> {
    make_view(transaction, database, base, indexes).await?;
    // The triggers go with their function: only the owner of a table may drop
    // them by name.
    let sql = "DROP TABLE @cells@; DROP FUNCTION IF EXISTS @function@() CASCADE;";
    let script = named(database, base, indexed, sql);
    transaction.script(&script).await
}

/// The view in which the rows of the base stand with the cells of these
/// indexes and the address of the cells; no view without indexes.
async fn make_view(
    transaction: &mut Transaction,
    database: &Database,
    base: &Base,
    indexes: &[Indexed],
) -> Result<(), Error> {
    let target = database.target();
    let (schema, name) = view(&base.stored);
    let view = target.stored(&schema, &name);
    let mut columns = String::new();
    let mut joins = String::new();
    for (number, indexed) in indexes.iter().enumerate() {
        let place = quote(&indexed.index.place());
        columns.push_str(&format!(", s{number}.ctid AS {place}"));
        for (name, _) in indexed.index.columns() {
            columns.push_str(&format!(", s{number}.{}", quote(&name)));
        }
        let same: Vec<String> = base
            .key
            .iter()
            .map(|key| format!("s{number}.{0} = b.{0}", quote(key)))
            .collect();
        joins.push_str(&format!(
            " LEFT JOIN {} AS s{number} ON {}",
            indexed.cells(target),
            same.join(" AND ")
        ));
    }
    let mut sql = format!("DROP VIEW IF EXISTS {view};");
    if !indexes.is_empty() {
        let table = target.stored(&base.stored.0, &base.stored.1);
        sql.push_str(&format!(
            "CREATE VIEW {view} AS SELECT b.*{columns} FROM {table} AS b{joins};"
        ));
    }
    transaction.script(&sql).await
}

/// A script with the names of these tables in place of its `@words@`.
fn named(database: &Database, base: &Base, indexed: &Indexed, sql: &str) -> String {
    let target = database.target();
    let mut sql = sql.to_owned();
    let mut put = |word: &str, text: &str| sql = sql.replace(&format!("@{word}@"), text);
    let (schema, table) = &base.stored;
    let mark = hash(&format!("{schema}.{table}.{}", indexed.index.name()));
    put("function", &format!("{{obstap.mark_{mark}}}"));
    for act in ["insert", "update", "truncate"] {
        put(act, &quote(&format!("zz_obstap_{act}_{mark}")));
    }
    put("base", &target.stored(schema, table));
    put("cells", &indexed.cells(target));
    put("key", &list(&base.key));
    let each = |text: &dyn Fn(String) -> String, names: &[&str], between: &str| {
        let parts = names.iter().map(|name| text(quote(name)));
        parts.collect::<Vec<_>>().join(between)
    };
    let key: Vec<&str> = base.key.iter().map(String::as_str).collect();
    put("new_key", &each(&|it| format!("NEW.{it}"), &key, ", "));
    put(
        "old_key",
        &each(&|it| format!("t.{it} = OLD.{it}"), &key, " AND "),
    );
    let values = [key, indexed.index.of()].concat();
    let changed = |it| format!("NEW.{it} IS DISTINCT FROM OLD.{it}");
    put("changed", &each(&changed, &values, " OR "));
    let columns: Vec<String> = indexed.index.columns().into_iter().map(|it| it.0).collect();
    put("columns", &list(&columns));
    put("again", &{
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        each(&|it| format!("{it} = excluded.{it}"), &columns, ", ")
    });
    put("marks", &marks(&indexed.index));
    sql
}

/// What a row that was written has for cells until it is read.
fn marks(index: &Index) -> String {
    match index {
        Index::Region(region) => {
            let marks = out_of_reach();
            let given = format!("NEW.{} IS NOT NULL", quote(&region.column));
            let numbers = [marks.x, marks.y, marks.z, marks.crad, marks.crin];
            let numbers = numbers.map(|number| number.to_string());
            let key = marks.key.to_string();
            let shape = "ARRAY['NaN'::double precision]".to_owned();
            let all = [key].into_iter().chain(numbers).chain([shape]);
            let all = all.map(|mark| format!("CASE WHEN {given} THEN {mark} END"));
            all.collect::<Vec<_>>().join(", ")
        }
        Index::Position(position) => format!(
            "CASE WHEN NEW.{} IS NOT NULL AND NEW.{} IS NOT NULL THEN {WAITING_CELL} END",
            quote(&position.lon),
            quote(&position.lat)
        ),
    }
}

/// Rows of the base that have none in the side table, and rows there that
/// belong to none: told, or made and taken away.
pub(super) async fn missing(
    database: &Database,
    indexed: &Indexed,
    act: Act,
    tally: &mut Tally,
) -> Result<(), Error> {
    let target = database.target();
    let (cells, view) = (indexed.cells(target), indexed.table(target));
    let place = quote(&indexed.index.place());
    let without = format!("FROM {view} AS v WHERE v.{place} IS NULL");
    let orphans = format!(
        "FROM {cells} AS t WHERE NOT EXISTS (SELECT 1 FROM {view} AS v WHERE v.{place} = t.ctid)"
    );
    let (missing, orphaned) = match act {
        Act::Look => {
            let count = async |from: &str| {
                let sql = format!("SELECT CAST(count(*) AS bigint) {from}");
                database.fetch(&sql, &[], &[Wire::Int8]).await.map(first)
            };
            (count(&without).await?, count(&orphans).await?)
        }
        Act::Mend | Act::Build => {
            let mut transaction = database.begin().await?;
            super::rows::lock(&mut transaction, database, indexed).await?;
            let key = key(&mut transaction, indexed, &cells).await?;
            let insert = format!("INSERT INTO {cells} ({key}) SELECT {key} {without}");
            transaction.execute(&insert, &[]).await?;
            let delete = format!("DELETE {orphans}");
            let orphaned = transaction.execute(&delete, &[]).await?;
            transaction.commit().await?;
            // Those made are looked at with the others, and counted there.
            (0, orphaned)
        }
    };
    tally.rows += missing;
    tally.faulty += missing + orphaned;
    if act != Act::Look {
        tally.written += orphaned;
    }
    for (cause, count) in [(Cause::Missing, missing), (Cause::Orphan, orphaned)] {
        if count > 0 {
            *tally.causes.entry(cause).or_default() += count;
        }
    }
    Ok(())
}

/// The columns of a side table that are no cells, as a list.
async fn key(
    transaction: &mut Transaction,
    indexed: &Indexed,
    cells: &str,
) -> Result<String, Error> {
    let sql = "SELECT CAST(attname AS text) FROM pg_catalog.pg_attribute \
               WHERE attrelid = CAST(CAST($1 AS text) AS regclass) AND attnum > 0 \
               AND NOT attisdropped ORDER BY attnum";
    let values = [Value::Text(cells.to_owned())];
    let rows = transaction.fetch(sql, &values, &[Wire::Text]).await?;
    let hidden = indexed.index.columns();
    let names = (0..rows.len()).filter_map(|row| rows.cell(row, 0));
    let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
    let names = names.filter(|name| hidden.iter().all(|(cell, _)| cell != name));
    Ok(list(&names.collect::<Vec<_>>()))
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
    names.join(", ")
}

fn first(rows: Batch) -> u64 {
    let cell = (!rows.is_empty()).then(|| rows.cell(0, 0)).flatten();
    let cell = cell.and_then(|cell| cell.try_into().ok());
    cell.map_or(0, u64::from_be_bytes)
}
