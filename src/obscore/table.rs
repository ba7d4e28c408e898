//! ObsCore-shaped tables made, and altered when their declaration has changed.

use std::collections::{BTreeSet, HashSet};

use adql::{Target, Value, Wire, target};

use super::columns::{Declared, Need, name};
use super::extra::ExtraError;
use super::indexes::{create_indexes, drop_indexes_of, indexed, make_triggers};
use super::{Name, change, declared, kept, published};
use crate::config::ExtraColumn;
use crate::database::{Batch, Database, Error, Transaction};
use crate::{spatial, tap_schema};

/// Why the table cannot be what the configuration wants.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error(transparent)]
    Extra(#[from] ExtraError),
    /// A column is stored with another type than is declared now.
    #[error(
        "the extra column {column} is stored as {stored} and declared as {declared}: \
         declare it as before, or choose another name for the new one"
    )]
    TypeChanged {
        column: String,
        stored: String,
        declared: String,
    },
    /// The cells beside the regions are those of another version.
    #[error(
        "the spatial index of {table} was made by another version of obstap \
         (index version {found}, this one makes {}): run `obstap index rebuild {table}`",
        spatial::VERSION
    )]
    IndexVersion { table: Name, found: i64 },
    #[error(transparent)]
    Database(#[from] Error),
}

/// Changes with the triggers that watch the table: it then gets the new ones.
const TRIGGERS: &str = "triggers 1";

/// What [`prepare`] had to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The table was made.
    pub made: bool,
    /// Extra columns that were added; older rows have no value in them.
    pub added: Vec<String>,
    /// Extra columns that are declared no more: kept with their values, and
    /// not published.
    pub hidden: Vec<String>,
    /// TAP_SCHEMA was written.
    pub published: bool,
}

/// Which rows of an ObsCore-shaped table belong to which dataset of which
/// registry, and when each was last written. Hidden, as the columns of the
/// index on the sky are.
///
/// * `reg_source`: the repository ([`super::manager`]); none of rows that came
///   from files.
/// * `reg_id`: the UUID of the dataset there, 16 bytes.
/// * `reg_change`: the number of the last change, in the order of commits
///   ([`change`]).
pub(super) const KEPT: [(&str, Wire); 3] = [
    ("reg_source", Wire::Int4),
    ("reg_id", Wire::Bytes),
    ("reg_change", Wire::Int8),
];

/// Makes `ivoa.obscore`, and every other ObsCore table that follows a registry,
/// what the standard, these extra columns and those of the mappings that feed
/// it say, and publishes them and TAP_SCHEMA itself. Costs some small queries
/// when nothing has changed. The fixed tables must be there.
///
/// # Errors
/// When the extra columns cannot be used or do not fit those stored, and
/// those of the database; the table at fault is not changed then.
pub async fn prepare(database: &Database, extra: &[ExtraColumn]) -> Result<Changed, PrepareError> {
    change::settle(database).await?;
    let mut changed = Changed::default();
    for table in kept::live(database).await? {
        let columns = declared(&kept::extra(database, &table, extra).await?)?;
        let done = prepare_one(database, &table, &columns).await?;
        if table == Name::default() {
            changed = done;
        } else if done.published {
            tracing::info!(%table, added = ?done.added, "table made or altered");
        }
    }
    Ok(changed)
}

/// Makes one table what these columns say, and publishes it.
///
/// # Errors
/// As [`prepare`].
pub(super) async fn prepare_one(
    database: &Database,
    table: &Name,
    columns: &[Declared],
) -> Result<Changed, PrepareError> {
    if is_as_declared(database, table, columns).await? {
        return Ok(Changed::default());
    }
    let mut transaction = database.begin().await?;
    let changed = prepare_in(&mut transaction, database, table, columns).await?;
    transaction.commit().await?;
    Ok(changed)
}

/// The same as a part of a transaction.
///
/// # Errors
/// As [`prepare`].
pub(super) async fn prepare_in(
    transaction: &mut Transaction,
    database: &Database,
    table: &Name,
    columns: &[Declared],
) -> Result<Changed, PrepareError> {
    transaction.make_schemas(&[table.schema()]).await?;
    // Whoever else prepares the table waits here until we have committed.
    let claim = "INSERT INTO {obstap.obscore_tables} \
                 (schema_name, table_name, column_hash, index_version, columns) \
                 VALUES ($1, $2, '', $3, '') ON CONFLICT (schema_name, table_name) \
                 DO UPDATE SET table_name = excluded.table_name";
    let [schema, name] = table.values();
    let values = [schema, name, Value::BigInt(spatial::VERSION)];
    transaction.execute(claim, &values).await?;
    let rows = transaction
        .fetch(RECORD, &table.values(), &RECORD_WIRES)
        .await?;
    let record = Record::of(table, &rows)?.unwrap_or_default();

    let mut changed = alter(transaction, database.target(), table, columns, &record).await?;
    make_triggers(transaction, database, table).await?;
    let (published, keys) = to_publish(table, columns);
    tap_schema::publish(transaction, &published, &keys).await?;
    changed.published = true;
    note(transaction, table, columns, record).await?;
    Ok(changed)
}

/// Whether the table was last made for these columns.
///
/// # Errors
/// As [`prepare`].
pub(super) async fn is_as_declared(
    database: &Database,
    table: &Name,
    columns: &[Declared],
) -> Result<bool, PrepareError> {
    let record = recorded(database, table).await?;
    Ok(record.is_some_and(|record| record.hash == hash_of(table, columns)))
}

async fn recorded(database: &Database, table: &Name) -> Result<Option<Record>, PrepareError> {
    let rows = database
        .fetch(RECORD, &table.values(), &RECORD_WIRES)
        .await?;
    Record::of(table, &rows)
}

/// Makes and publishes a table again whatever is recorded of it: columns that
/// somebody took away come back.
///
/// # Errors
/// As [`prepare`].
pub(super) async fn mend(
    database: &Database,
    table: &Name,
    columns: &[Declared],
) -> Result<(), PrepareError> {
    let mut transaction = database.begin().await?;
    let target = database.target();
    for declared in columns {
        if !has_column(&mut transaction, database, table, declared.name()).await? {
            let definition = definition(target, declared);
            add_column(&mut transaction, target, table, &definition).await?;
        }
    }
    prepare_in(&mut transaction, database, table, columns).await?;
    Ok(transaction.commit().await?)
}

/// Whether the stored table has a column.
///
/// # Errors
/// Those of the database.
pub(super) async fn has_column(
    transaction: &mut Transaction,
    database: &Database,
    table: &Name,
    column: &str,
) -> Result<bool, Error> {
    let (sql, values) = column_named(database, table, column);
    let found = transaction.fetch(&sql, &values, &[Wire::Int4]).await?;
    Ok(!found.is_empty())
}

/// A statement that answers a row if the stored table has a column.
pub(super) fn column_named(
    database: &Database,
    table: &Name,
    column: &str,
) -> (String, Vec<Value>) {
    let column = Value::Text(column.to_owned());
    if database.is_shared() {
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_attribute WHERE attname = $1 AND NOT attisdropped \
             AND attrelid = CAST('{}' AS regclass)",
            table.stored(database.target())
        );
        return (sql, vec![column]);
    }
    let sql = "SELECT 1 FROM pragma_table_info($2) WHERE name = $1".to_owned();
    (sql, vec![column, Value::Text(table.to_string())])
}

/// Records a table that was made otherwise than by [`prepare`].
///
/// # Errors
/// Those of the database.
pub(super) async fn record_made(
    transaction: &mut Transaction,
    table: &Name,
    columns: &[Declared],
) -> Result<(), Error> {
    let sql = "INSERT INTO {obstap.obscore_tables} \
               (schema_name, table_name, column_hash, index_version, columns) \
               VALUES ($1, $2, '', $3, '')";
    let [schema, name] = table.values();
    let values = [schema, name, Value::BigInt(spatial::VERSION)];
    transaction.execute(sql, &values).await?;
    note(transaction, table, columns, Record::default()).await
}

/// The names of the columns that the stored table has, those of the index on
/// the sky apart; none where there is no table.
///
/// # Errors
/// As [`prepare`].
pub(super) async fn stored_columns(
    database: &Database,
    table: &Name,
) -> Result<BTreeSet<String>, PrepareError> {
    let record = recorded(database, table).await?.unwrap_or_default();
    Ok(record.columns.into_iter().map(|(name, _)| name).collect())
}

/// What TAP_SCHEMA is to say; itself it describes with the table that every
/// service has.
fn to_publish(
    table: &Name,
    columns: &[Declared],
) -> (Vec<tap_schema::Published>, Vec<tap_schema::Key>) {
    let mut all = vec![published(table, columns)];
    if *table != Name::default() {
        return (all, Vec::new());
    }
    all.extend(tap_schema::own());
    (all, tap_schema::keys())
}

pub(super) fn hash_of(table: &Name, columns: &[Declared]) -> String {
    let (published, keys) = to_publish(table, columns);
    hash(&format!("{published:?} {keys:?} {TRIGGERS} {KEPT:?}"))
}

/// Records what the table now is.
async fn note(
    transaction: &mut Transaction,
    table: &Name,
    columns: &[Declared],
    record: Record,
) -> Result<(), Error> {
    let stored = columns.iter().map(stored_as).chain(KEPT.map(kept_as));
    let stored: BTreeSet<(String, String)> = record.columns.into_iter().chain(stored).collect();
    let update = "UPDATE {obstap.obscore_tables} SET column_hash = $3, columns = $4 \
                  WHERE schema_name = $1 AND table_name = $2";
    let [schema, name] = table.values();
    let values = [
        schema,
        name,
        Value::Text(hash_of(table, columns)),
        Value::Text(listed(&stored)),
    ];
    transaction.execute(update, &values).await.map(drop)
}

/// Makes the table or adds the columns it lacks.
async fn alter(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
    columns: &[Declared],
    record: &Record,
) -> Result<Changed, PrepareError> {
    let mut changed = Changed::default();
    if record.columns.is_empty() {
        make(transaction, target, table, columns).await?;
        create_indexes(transaction, target, table, columns).await?;
        changed.made = true;
        return Ok(changed);
    }
    for declared in columns {
        let (name, wanted) = stored_as(declared);
        match record.columns.iter().find(|(stored, _)| *stored == name) {
            None => {
                let definition = definition(target, declared);
                add_column(transaction, target, table, &definition).await?;
                changed.added.push(name);
            }
            Some((_, stored)) if *stored != wanted => {
                return Err(PrepareError::TypeChanged {
                    column: name,
                    stored: stored.clone(),
                    declared: wanted,
                });
            }
            Some(_) => {}
        }
    }
    for column in KEPT {
        if !record.columns.contains(&kept_as(column)) {
            let (name, wire) = column;
            let definition = format!("{} {}", target::quote(name), target.stored_type(wire));
            add_column(transaction, target, table, &definition).await?;
        }
    }
    let published: HashSet<&str> = columns.iter().map(Declared::name).collect();
    let hidden = record.columns.iter().map(|(name, _)| name);
    let hidden = hidden.filter(|name| !published.contains(name.as_str()) && !is_kept(name));
    changed.hidden = hidden.cloned().collect();
    // Columns may have become indexed, and others so no more; the indexes that
    // stay are not made again, since that takes minutes on a large table.
    let kept: HashSet<&str> = indexed(columns).collect();
    let stored = record.columns.iter().map(|(name, _)| name.as_str());
    let gone: Vec<&str> = stored
        .filter(|name| !kept.contains(name) && !is_kept(name))
        .collect();
    drop_indexes_of(transaction, target, table, &gone).await?;
    create_indexes(transaction, target, table, columns).await?;
    Ok(changed)
}

async fn add_column(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
    definition: &str,
) -> Result<(), Error> {
    let table = table.stored(target);
    let sql = format!("ALTER TABLE {table} ADD COLUMN {definition}");
    transaction.script(&sql).await
}

/// Makes the table itself, without its indexes.
///
/// # Errors
/// Those of the database.
pub(super) async fn make(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
    columns: &[Declared],
) -> Result<(), Error> {
    let sql = create_table(target, table, columns);
    transaction.script(&sql).await
}

/// Whether a column of this name would be one of [`KEPT`], also of those that
/// a later version may add.
pub(super) fn is_kept(name: &str) -> bool {
    name.starts_with("reg_")
}

fn create_table(target: &Target, table: &Name, columns: &[Declared]) -> String {
    let positions = [name::RA, name::DEC];
    let (first, others): (Vec<&Declared>, Vec<&Declared>) = columns
        .iter()
        .partition(|declared| positions.contains(&declared.name()));
    let declared = first.into_iter().chain(others);
    let declared = declared.map(|declared| definition(target, declared));
    let hidden = |&(name, wire)| format!("{} {}", target::quote(name), target.stored_type(wire));
    let index = spatial::COLUMNS.iter().map(hidden);
    // What a spatial search reads of every candidate stands first: to reach a
    // column, databases step over those before it.
    let columns: Vec<String> = index
        .chain(declared)
        .chain(KEPT.iter().map(hidden))
        .collect();
    format!(
        "CREATE TABLE {} (\n    {}\n) {}",
        table.stored(target),
        columns.join(",\n    "),
        target.table_options()
    )
}

fn definition(target: &Target, declared: &Declared) -> String {
    let null = match declared.need {
        Need::Value => " NOT NULL",
        _ => "",
    };
    let kind = target.stored_type(declared.kind().wire());
    format!("{} {kind}{null}", target::quote(declared.name()))
}

/// What was made of the table, as it is recorded beside it.
#[derive(Default)]
struct Record {
    hash: String,
    /// Names and types of its columns, those of the index on the sky apart.
    columns: BTreeSet<(String, String)>,
}

const RECORD: &str = "SELECT column_hash, columns, CAST(index_version AS bigint) \
                      FROM {obstap.obscore_tables} WHERE schema_name = $1 AND table_name = $2";
const RECORD_WIRES: [Wire; 3] = [Wire::Text, Wire::Text, Wire::Int8];

impl Record {
    fn of(table: &Name, rows: &Batch) -> Result<Option<Record>, PrepareError> {
        if rows.is_empty() {
            return Ok(None);
        }
        let text = |column| String::from_utf8_lossy(rows.cell(0, column).unwrap_or_default());
        let version = rows.cell(0, 2).and_then(|cell| cell.try_into().ok());
        let found = version.map_or(0, i64::from_be_bytes);
        if found != spatial::VERSION {
            let table = table.clone();
            return Err(PrepareError::IndexVersion { table, found });
        }
        let lines = text(1);
        let columns = lines.lines().filter_map(|line| line.split_once(' '));
        Ok(Some(Record {
            hash: text(0).into_owned(),
            columns: columns
                .map(|(name, kind)| (name.into(), kind.into()))
                .collect(),
        }))
    }
}

fn stored_as(declared: &Declared) -> (String, String) {
    (declared.name().to_owned(), declared.kind().to_string())
}

/// One line for each column: its name and its type.
fn listed(columns: &BTreeSet<(String, String)>) -> String {
    let lines = columns
        .iter()
        .map(|(name, kind)| format!("{name} {kind}\n"));
    lines.collect()
}

fn kept_as((name, wire): (&str, Wire)) -> (String, String) {
    (name.to_owned(), format!("{wire:?}"))
}

/// FNV-1a with 64 bits in hexadecimal: the same in every build, as the
/// standard library's hashes are not.
pub(super) fn hash(text: &str) -> String {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let hash = text.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_on_both_engines() {
        let columns = declared(&[]).unwrap();
        let check = |target: Target, lines: [&str; 6]| {
            let sql = create_table(&target, &Name::default(), &columns);
            for line in lines {
                assert!(sql.contains(line), "no {line} in {sql}");
            }
        };
        check(
            Target::postgres(Some("dev")),
            [
                "CREATE TABLE \"dev_ivoa\".\"obscore\" (",
                "    \"calib_level\" integer NOT NULL,",
                "    \"obs_publisher_did\" text COLLATE \"C\" NOT NULL,",
                "    \"s_ra\" double precision,",
                "    \"obs_release_date\" timestamp,",
                "CREATE TABLE \"dev_ivoa\".\"obscore\" (\n    \"fp_key\" bigint,",
            ],
        );
        check(
            Target::sqlite(),
            [
                "CREATE TABLE \"ivoa.obscore\" (",
                "    \"calib_level\" INTEGER NOT NULL,",
                "    \"obs_publisher_did\" TEXT NOT NULL,",
                "\n) STRICT",
                "    \"obs_release_date\" TEXT,",
                "    \"fp_v\" BLOB,\n    \"pt_hpx\" INTEGER,\n    \"s_ra\" REAL,",
            ],
        );
    }
}
