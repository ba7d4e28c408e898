//! The fixed tables, brought to this program's version by numbered scripts.
//!
//! Both engines have the same numbers and names (`migrations/postgres`,
//! `migrations/sqlite`). Tables made from configuration are not made here.

use adql::{Value, Wire};

use super::{Batch, Database, Error, Transaction};

struct Migration {
    number: i64,
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "fixed_tables",
        postgres: include_str!("../../migrations/postgres/0001_fixed_tables.sql"),
        sqlite: include_str!("../../migrations/sqlite/0001_fixed_tables.sql"),
    },
    Migration {
        number: 2,
        name: "sky_functions",
        postgres: include_str!("../../migrations/postgres/sky_functions.sql"),
        sqlite: include_str!("../../migrations/sqlite/0002_sky_functions.sql"),
    },
    Migration {
        number: 3,
        name: "geometry_values",
        postgres: include_str!("../../migrations/postgres/0003_geometry_values.sql"),
        sqlite: include_str!("../../migrations/sqlite/0003_geometry_values.sql"),
    },
    Migration {
        number: 4,
        name: "text_functions",
        postgres: include_str!("../../migrations/postgres/0004_text_functions.sql"),
        sqlite: include_str!("../../migrations/sqlite/0004_text_functions.sql"),
    },
    Migration {
        number: 5,
        name: "jobs",
        postgres: include_str!("../../migrations/postgres/0005_jobs.sql"),
        sqlite: include_str!("../../migrations/sqlite/0005_jobs.sql"),
    },
    Migration {
        number: 6,
        name: "sky_catalogue",
        postgres: include_str!("../../migrations/postgres/0006_sky_catalogue.sql"),
        sqlite: include_str!("../../migrations/sqlite/0006_sky_catalogue.sql"),
    },
    Migration {
        number: 7,
        name: "published",
        postgres: include_str!("../../migrations/postgres/0007_published.sql"),
        sqlite: include_str!("../../migrations/sqlite/0007_published.sql"),
    },
    Migration {
        number: 8,
        name: "index_upkeep",
        postgres: include_str!("../../migrations/postgres/0008_index_upkeep.sql"),
        sqlite: include_str!("../../migrations/sqlite/0008_index_upkeep.sql"),
    },
    Migration {
        number: 9,
        name: "coverage",
        postgres: include_str!("../../migrations/postgres/0009_coverage.sql"),
        sqlite: include_str!("../../migrations/sqlite/0009_coverage.sql"),
    },
    Migration {
        number: 10,
        name: "sky_near",
        postgres: include_str!("../../migrations/postgres/0010_sky_near.sql"),
        sqlite: include_str!("../../migrations/sqlite/0010_sky_near.sql"),
    },
    Migration {
        number: 11,
        name: "job_forecasts",
        postgres: include_str!("../../migrations/postgres/0011_job_forecasts.sql"),
        sqlite: include_str!("../../migrations/sqlite/0011_job_forecasts.sql"),
    },
    Migration {
        number: 12,
        name: "sky_shortcuts",
        postgres: include_str!("../../migrations/postgres/0012_sky_shortcuts.sql"),
        sqlite: include_str!("../../migrations/sqlite/0012_sky_shortcuts.sql"),
    },
    Migration {
        number: 13,
        name: "sky_parts",
        postgres: include_str!("../../migrations/postgres/0013_sky_parts.sql"),
        sqlite: include_str!("../../migrations/sqlite/0013_sky_parts.sql"),
    },
    Migration {
        number: 14,
        name: "registry",
        postgres: include_str!("../../migrations/postgres/0014_registry.sql"),
        sqlite: include_str!("../../migrations/sqlite/0014_registry.sql"),
    },
    Migration {
        number: 15,
        name: "manager",
        postgres: include_str!("../../migrations/postgres/0015_manager.sql"),
        sqlite: include_str!("../../migrations/sqlite/0015_manager.sql"),
    },
];

/// Where the tables of the migrations are.
const SCHEMAS: &[&str] = &["ivoa", "tap_schema", "obstap", "registry"];
const TABLE: (&str, &str) = ("obstap", "migrations");
const POSTGRES_TABLE: &str = r#"CREATE TABLE {obstap.migrations} (
    number integer PRIMARY KEY, name text COLLATE "C" NOT NULL, applied_at timestamp NOT NULL
)"#;
const SQLITE_TABLE: &str = "CREATE TABLE {obstap.migrations} (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL
) STRICT";
const LIST: &str = "SELECT CAST(number AS bigint), name FROM {obstap.migrations} ORDER BY number";
const LIST_WIRES: &[Wire] = &[Wire::Int8, Wire::Text];

/// Runs what is missing, all of it or nothing, in one transaction that no
/// second `migrate` can share. Returns the names of what it ran.
pub(super) async fn migrate(database: &Database) -> Result<Vec<String>, Error> {
    let mut transaction = database.begin().await?;
    transaction.lock_migrations().await?;
    if !transaction.exists(TABLE).await? {
        transaction.make_schemas(&["obstap"]).await?;
        let table = transaction.choose(POSTGRES_TABLE, SQLITE_TABLE);
        transaction.script(table).await?;
    }
    let done = transaction.fetch(LIST, &[], LIST_WIRES).await?;
    let mut names = Vec::new();
    let missing = missing(&done)?;
    if !missing.is_empty() {
        transaction.make_schemas(SCHEMAS).await?;
    }
    for migration in missing {
        run(&mut transaction, migration).await?;
        names.push(format!("{:04}_{}", migration.number, migration.name));
    }
    transaction.commit().await?;
    Ok(names)
}

async fn run(transaction: &mut Transaction, migration: &Migration) -> Result<(), Error> {
    let script = transaction.choose(migration.postgres, migration.sqlite);
    transaction.script(script).await?;
    let values = [
        Value::BigInt(migration.number),
        Value::Text(migration.name.to_owned()),
        Value::Timestamp(now()),
    ];
    let sql = "INSERT INTO {obstap.migrations} (number, name, applied_at) VALUES ($1, $2, $3)";
    transaction.execute(sql, &values).await?;
    Ok(())
}

/// Fails unless [`migrate`] would have nothing to do.
pub(super) async fn check(database: &Database) -> Result<(), Error> {
    let done = match database.exists(TABLE).await? {
        true => database.fetch(LIST, &[], LIST_WIRES).await?,
        false => Batch::new(LIST_WIRES),
    };
    match missing(&done)?.first() {
        None => Ok(()),
        Some(migration) => Err(Error::TooOld(format!(
            "the database lacks migration {:04}_{}: run `obstap migrate` first",
            migration.number, migration.name
        ))),
    }
}

/// The migrations that are not in the list of those done.
fn missing(done: &Batch) -> Result<Vec<&'static Migration>, Error> {
    let mut numbers = Vec::new();
    for row in 0..done.len() {
        let number = done.cell(row, 0).and_then(|cell| cell.try_into().ok());
        let number = i64::from_be_bytes(number.unwrap_or_default());
        if MIGRATIONS.iter().all(|known| known.number != number) {
            let name = String::from_utf8_lossy(done.cell(row, 1).unwrap_or_default());
            return Err(Error::TooNew(format!(
                "the database has migration {number:04}_{name}, which obstap {} does not know: \
                 use the newer obstap that made it, or another database or namespace",
                env!("CARGO_PKG_VERSION")
            )));
        }
        numbers.push(number);
    }
    let missing = MIGRATIONS.iter();
    Ok(missing
        .filter(|known| !numbers.contains(&known.number))
        .collect())
}

/// Microseconds from 2000-01-01 until now, UTC.
pub fn now() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since_1970.map_or(0, |time| time.as_micros());
    i64::try_from(micros).unwrap_or(i64::MAX) - adql::time::FROM_1970
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn files(engine: &str) -> BTreeSet<String> {
        let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        // The functions on PostgreSQL are one file, whatever migration runs it.
        names
            .map(|name| match name.as_str() {
                "sky_functions.sql" => "0002_sky_functions.sql".to_owned(),
                _ => name,
            })
            .collect()
    }

    #[test]
    fn both_engines_have_the_same_migrations() {
        let listed = MIGRATIONS.iter();
        let listed = listed.map(|m| format!("{:04}_{}.sql", m.number, m.name));
        let listed: BTreeSet<String> = listed.collect();
        assert_eq!(files("postgres"), listed);
        assert_eq!(files("sqlite"), listed);
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.number < b.number));
    }
}
