//! `ivoa.obscore` made, and altered when its declaration has changed.

use std::collections::{BTreeSet, HashSet};

use adql::{Target, Value, Wire, target};

use super::columns::{Declared, Need, name};
use super::extra::ExtraError;
use super::{TABLE, declared, published};
use crate::config::ExtraColumn;
use crate::database::{Database, Error, Transaction};
use crate::spatial::upkeep::{self, Indexed};
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
        "the spatial index of ivoa.obscore was made by another version of obstap \
         (index version {found}, this one makes {}): run `obstap index rebuild ivoa.obscore`",
        spatial::VERSION
    )]
    IndexVersion { found: i64 },
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

/// Makes `ivoa.obscore` what the standard and these extra columns say, and
/// publishes it and TAP_SCHEMA itself, in one transaction. Costs one small
/// query when nothing has changed. The fixed tables must be there.
///
/// # Errors
/// When the extra columns cannot be used or do not fit those stored, and
/// those of the database; nothing is changed then.
pub async fn prepare(database: &Database, extra: &[ExtraColumn]) -> Result<Changed, PrepareError> {
    let columns = declared(extra)?;
    let published = {
        let mut tables = vec![published(&columns)];
        tables.extend(tap_schema::own());
        tables
    };
    let keys = tap_schema::keys();
    let hash = hash(&format!("{published:?} {keys:?} {TRIGGERS}"));
    let rows = database.fetch(RECORD, &place(), &RECORD_WIRES).await?;
    if Record::of(&rows)?.is_some_and(|record| record.hash == hash) {
        return Ok(Changed::default());
    }

    let mut transaction = database.begin().await?;
    // Whoever else prepares the table waits here until we have committed.
    let claim = "INSERT INTO {obstap.obscore_tables} \
                 (schema_name, table_name, column_hash, index_version, columns) \
                 VALUES ($1, $2, '', $3, '') ON CONFLICT (schema_name, table_name) \
                 DO UPDATE SET table_name = excluded.table_name";
    let [schema, table] = place();
    let values = [schema, table, Value::BigInt(spatial::VERSION)];
    transaction.execute(claim, &values).await?;
    let rows = transaction.fetch(RECORD, &place(), &RECORD_WIRES).await?;
    let record = Record::of(&rows)?.unwrap_or_default();

    let target = database.target();
    let mut changed = alter(&mut transaction, target, &columns, &record).await?;
    make_triggers(&mut transaction, database).await?;
    tap_schema::publish(&mut transaction, &published, &keys).await?;
    changed.published = true;

    let stored: BTreeSet<(String, String)> = columns.iter().map(stored_as).collect();
    let stored = record.columns.into_iter().chain(stored).collect();
    let update = "UPDATE {obstap.obscore_tables} SET column_hash = $3, columns = $4 \
                  WHERE schema_name = $1 AND table_name = $2";
    let [schema, table] = place();
    let values = [
        schema,
        table,
        Value::Text(hash),
        Value::Text(listed(&stored)),
    ];
    transaction.execute(update, &values).await?;
    transaction.commit().await?;
    Ok(changed)
}

/// Makes the table or adds the columns it lacks.
async fn alter(
    transaction: &mut Transaction,
    target: &Target,
    columns: &[Declared],
    record: &Record,
) -> Result<Changed, PrepareError> {
    let mut changed = Changed::default();
    if record.columns.is_empty() {
        transaction.script(&create_table(target, columns)).await?;
        create_indexes(transaction, target, columns).await?;
        changed.made = true;
        return Ok(changed);
    }
    for declared in columns {
        let (name, wanted) = stored_as(declared);
        match record.columns.iter().find(|(stored, _)| *stored == name) {
            None => {
                let table = target.stored(TABLE.0, TABLE.1);
                let definition = definition(target, declared);
                let sql = format!("ALTER TABLE {table} ADD COLUMN {definition}");
                transaction.script(&sql).await?;
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
    let published: HashSet<&str> = columns.iter().map(Declared::name).collect();
    let hidden = record.columns.iter().map(|(name, _)| name);
    let hidden = hidden.filter(|name| !published.contains(name.as_str()));
    changed.hidden = hidden.cloned().collect();
    // Columns may have become indexed, and others so no more; the indexes that
    // stay are not made again, since that takes minutes on a large table.
    let kept: HashSet<&str> = indexed(columns).collect();
    let stored = record.columns.iter().map(|(name, _)| name.as_str());
    let gone: Vec<&str> = stored.filter(|name| !kept.contains(name)).collect();
    drop_indexes_of(transaction, target, &gone).await?;
    create_indexes(transaction, target, columns).await?;
    Ok(changed)
}

/// Makes the indexes that are missing: the key of the regions, the cell of
/// the positions, and the columns declared as indexed.
///
/// # Errors
/// Those of the database.
pub(super) async fn create_indexes(
    transaction: &mut Transaction,
    target: &Target,
    columns: &[Declared],
) -> Result<(), Error> {
    let table = target.stored(TABLE.0, TABLE.1);
    for column in indexed(columns) {
        let unique = match column {
            name::PUBLISHER_DID => "UNIQUE ",
            _ => "",
        };
        let (index, _) = target.index_names(TABLE.0, &index_of(column));
        let column = target::quote(column);
        let sql = format!("CREATE {unique}INDEX IF NOT EXISTS {index} ON {table} ({column})");
        transaction.script(&sql).await?;
    }
    Ok(())
}

/// Drops all that [`create_indexes`] makes.
///
/// # Errors
/// Those of the database.
pub(super) async fn drop_indexes(
    transaction: &mut Transaction,
    target: &Target,
    columns: &[Declared],
) -> Result<(), Error> {
    let columns: Vec<&str> = indexed(columns).collect();
    drop_indexes_of(transaction, target, &columns).await
}

async fn drop_indexes_of(
    transaction: &mut Transaction,
    target: &Target,
    columns: &[&str],
) -> Result<(), Error> {
    for column in columns {
        let (_, index) = target.index_names(TABLE.0, &index_of(column));
        let sql = format!("DROP INDEX IF EXISTS {index}");
        transaction.script(&sql).await?;
    }
    Ok(())
}

/// Makes the triggers that mark rows which other programs write. Our own rows
/// come with their cells.
///
/// # Errors
/// Those of the database.
pub(super) async fn make_triggers(
    transaction: &mut Transaction,
    database: &Database,
) -> Result<(), Error> {
    for indexed in indexes() {
        upkeep::drop_triggers(transaction, database, &indexed).await?;
        upkeep::make_triggers(transaction, database, &indexed).await?;
    }
    Ok(())
}

/// Takes them away until the end of a transaction in which nobody else can
/// write.
///
/// # Errors
/// Those of the database.
pub(super) async fn drop_triggers(
    transaction: &mut Transaction,
    database: &Database,
) -> Result<(), Error> {
    for indexed in indexes() {
        upkeep::drop_triggers(transaction, database, &indexed).await?;
    }
    Ok(())
}

fn indexes() -> Vec<Indexed> {
    Indexed::all(&published(&[]).table(&[]))
}

/// Waits until no other program loads or alters the table, and keeps them
/// waiting until the transaction ends. Readers are not held up.
///
/// # Errors
/// Those of the database.
pub(super) async fn lock(transaction: &mut Transaction) -> Result<(), Error> {
    let sql = "UPDATE {obstap.obscore_tables} SET table_name = table_name \
               WHERE schema_name = $1 AND table_name = $2";
    transaction.execute(sql, &place()).await.map(drop)
}

/// Measures the table, so that queries are planned by what is in it now.
///
/// # Errors
/// Those of the database.
pub(super) async fn analyze(transaction: &mut Transaction) -> Result<(), Error> {
    transaction.script("ANALYZE {ivoa.obscore}").await
}

/// Columns with a B-tree. Regions and positions are searched by their cells.
fn indexed(columns: &[Declared]) -> impl Iterator<Item = &str> {
    let spatial = [name::REGION, name::RA, name::DEC];
    let declared = columns.iter().filter(|declared| declared.indexed);
    let declared = declared.map(Declared::name);
    let declared = declared.filter(move |name| !spatial.contains(name));
    declared.chain([spatial::KEY, spatial::CELL])
}

fn index_of(column: &str) -> String {
    // Within the 63 bytes that PostgreSQL keeps of a name.
    match column.len() {
        0..=55 => format!("obscore_{column}"),
        _ => format!("obscore_{}", hash(column)),
    }
}

fn create_table(target: &Target, columns: &[Declared]) -> String {
    let declared = columns.iter().map(|declared| definition(target, declared));
    let hidden = spatial::COLUMNS
        .iter()
        .map(|&(name, wire)| format!("{} {}", target::quote(name), target.stored_type(wire)));
    let columns: Vec<String> = declared.chain(hidden).collect();
    format!(
        "CREATE TABLE {} (\n    {}\n) {}",
        target.stored(TABLE.0, TABLE.1),
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
    /// Names and types of its columns, hidden ones apart.
    columns: BTreeSet<(String, String)>,
}

const RECORD: &str = "SELECT column_hash, columns, CAST(index_version AS bigint) \
                      FROM {obstap.obscore_tables} WHERE schema_name = $1 AND table_name = $2";
const RECORD_WIRES: [Wire; 3] = [Wire::Text, Wire::Text, Wire::Int8];

impl Record {
    fn of(rows: &crate::database::Batch) -> Result<Option<Record>, PrepareError> {
        if rows.is_empty() {
            return Ok(None);
        }
        let text = |column| String::from_utf8_lossy(rows.cell(0, column).unwrap_or_default());
        let version = rows.cell(0, 2).and_then(|cell| cell.try_into().ok());
        let found = version.map_or(0, i64::from_be_bytes);
        if found != spatial::VERSION {
            return Err(PrepareError::IndexVersion { found });
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

fn place() -> [Value; 2] {
    [TABLE.0, TABLE.1].map(|name| Value::Text(name.to_owned()))
}

/// FNV-1a with 64 bits in hexadecimal: the same in every build, as the
/// standard library's hashes are not.
fn hash(text: &str) -> String {
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
            let sql = create_table(&target, &columns);
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
                "    \"fp_v\" double precision[],\n    \"pt_hpx\" bigint\n) ",
            ],
        );
        check(
            Target::sqlite(),
            [
                "CREATE TABLE \"ivoa.obscore\" (",
                "    \"calib_level\" INTEGER NOT NULL,",
                "    \"obs_publisher_did\" TEXT NOT NULL,",
                "    \"s_ra\" REAL,",
                "    \"obs_release_date\" TEXT,",
                "    \"fp_v\" BLOB,\n    \"pt_hpx\" INTEGER\n) STRICT",
            ],
        );
    }

    #[test]
    fn regions_and_positions_are_searched_by_their_cells() {
        let columns = declared(&[]).unwrap();
        let names: Vec<&str> = indexed(&columns).collect();
        assert!(names.contains(&"fp_key") && names.contains(&"pt_hpx"));
        assert!(names.contains(&"obs_publisher_did"));
        assert!(!names.contains(&"s_region") && !names.contains(&"s_ra"));
    }

    #[test]
    fn long_names_keep_their_indexes_apart() {
        let (a, b) = (
            format!("{}a", "x".repeat(62)),
            format!("{}b", "x".repeat(62)),
        );
        assert!(index_of(&a).len() <= 63);
        assert_ne!(index_of(&a), index_of(&b));
    }
}
