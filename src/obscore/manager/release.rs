//! Releases: what a table had at one time, as a table of its own that never
//! changes.

use std::collections::HashSet;

use adql::target::quote;
use adql::{Value, Wire};
use uuid::Uuid;

use super::super::indexes::{analyze, cluster, create_indexes, make_triggers};
use super::super::table::{KEPT, make, record_made};
use super::super::{Declared, Name, change, columns::declared, kept, published};
use super::read::{self, int, maybe_text, text};
use super::{Manager, ManagerError, feed};
use crate::config::ExtraColumn;
use crate::database::{Database, Error, Transaction, now};
use crate::registry::{Collections, Place, Wanted};
use crate::{spatial, tap_schema};

/// A release there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub table: Name,
    /// Whether queries see it.
    pub published: bool,
    /// What it was made of.
    pub origin: String,
    /// Microseconds since 2000, UTC.
    pub made: i64,
}

/// Datasets copied by one statement.
const PAGE: usize = 10_000;

/// Freezes a table (with all its extra columns), or those of its rows whose datasets are in these
/// collections (looked through in this order), as `NAME.obscore`, with indexes;
/// queries see it at once, or, with `hidden`, when it is switched to. Of the
/// live table nothing is held up.
///
/// # Errors
/// When the name is taken, and those of the registry and of the database;
/// there is no release then.
pub async fn create(
    database: &Database,
    name: &str,
    from: (&Name, &[ExtraColumn]),
    collections: Option<(&Manager, &[String])>,
    hidden: bool,
) -> Result<u64, ManagerError> {
    let (live, extra) = from;
    let columns = &*declared(extra)?;
    let release = release_name(name)?;
    if list(database).await?.iter().any(|it| it.table == release)
        || database.exists(release.pair()).await?
    {
        return Err(ManagerError::Refused(format!(
            "there is a table {release} already: choose another name, or drop that release first"
        )));
    }
    let target = database.target();
    let mut transaction = database.begin().await?;
    transaction.make_schemas(&[release.schema()]).await?;
    make(&mut transaction, target, &release, columns).await?;
    let change = change::number(&mut transaction, database).await?;
    let rows = match collections {
        None => {
            copy(
                &mut transaction,
                database,
                live,
                &release,
                columns,
                change,
                None,
            )
            .await?
        }
        Some((manager, names)) => {
            // The registry and the table are read as they are together.
            let repository = &manager.feed().repository;
            feed::lock(&mut transaction, repository.kind, &repository.label).await?;
            let ids = manager.in_collections(names).await?;
            let mut rows = 0;
            for ids in ids.chunks(PAGE) {
                let of = Some((manager.feed().repository.number, ids));
                rows += copy(
                    &mut transaction,
                    database,
                    live,
                    &release,
                    columns,
                    change,
                    of,
                )
                .await?;
            }
            rows
        }
    };
    cluster(&mut transaction, target, &release).await?;
    create_indexes(&mut transaction, target, &release, columns).await?;
    make_triggers(&mut transaction, database, &release).await?;
    analyze(&mut transaction, target, &release).await?;
    let origin = match collections {
        None => live.to_string(),
        Some((_, names)) => format!("{live}, {}", names.join(", ")),
    };
    record_made(&mut transaction, &release, columns).await?;
    let sql = "UPDATE {obstap.obscore_tables} SET kind = 'release', state = 'ready', \
               origin = $3, made = $4, extra = $5 WHERE schema_name = $1 AND table_name = $2";
    let [schema, table] = release.values();
    let values = [
        schema,
        table,
        Value::Text(origin),
        Value::BigInt(now()),
        kept::written(extra),
    ];
    transaction.execute(sql, &values).await?;
    if !hidden {
        publish(&mut transaction, &release, columns).await?;
    }
    transaction.commit().await?;
    Ok(rows)
}

fn release_name(name: &str) -> Result<Name, ManagerError> {
    let release = Name::new(name, "obscore");
    let release = release.map_err(|error| ManagerError::Refused(error.to_string()))?;
    match release == Name::default() {
        true => Err(ManagerError::Refused(
            "ivoa is the schema of the live table: choose another name for the release".into(),
        )),
        false => Ok(release),
    }
}

async fn copy(
    transaction: &mut Transaction,
    database: &Database,
    from: &Name,
    to: &Name,
    columns: &[Declared],
    change: i64,
    of: Option<(i32, &[Uuid])>,
) -> Result<u64, Error> {
    let index = spatial::COLUMNS.iter().map(|&(name, _)| name);
    let kept = KEPT.iter().map(|&(name, _)| name);
    let names = index.chain(columns.iter().map(Declared::name)).chain(kept);
    let names: Vec<&str> = names.filter(|name| *name != "reg_change").collect();
    let names: Vec<String> = names.into_iter().map(quote).collect();
    let names = names.join(", ");
    let mut values = vec![Value::BigInt(change)];
    let mut condition = String::new();
    if let Some((number, ids)) = of {
        condition = format!(
            " WHERE reg_source = $2 AND reg_id IN {}",
            read::ids_in(database, 3)
        );
        values.push(Value::BigInt(number.into()));
        values.push(read::ids(database, ids));
    }
    let target = database.target();
    let sql = format!(
        "INSERT INTO {} ({names}, reg_change) SELECT {names}, CAST($1 AS bigint) FROM {}{condition}",
        to.stored(target),
        from.stored(target)
    );
    transaction.execute(&sql, &values).await
}

impl Manager {
    /// The datasets of the wanted types in these collections.
    async fn in_collections(&self, names: &[String]) -> Result<Vec<Uuid>, ManagerError> {
        let wanted = Wanted {
            types: self.line.wanted.types.clone(),
            collections: Collections::Path(names.to_vec()),
        };
        let mut ids = Vec::new();
        let mut after: Option<Place> = None;
        loop {
            let page = self.source.page(&wanted, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(ids);
            };
            after = Some(Place {
                dataset_type: last.dataset_type.clone(),
                id: last.id,
            });
            ids.extend(page.iter().map(|dataset| dataset.id));
        }
    }
}

async fn publish(
    transaction: &mut Transaction,
    release: &Name,
    columns: &[Declared],
) -> Result<(), Error> {
    let mut published = published(release, columns);
    published.schema.description = format!("The release {}", release.schema());
    published.description = format!(
        "ObsCore 1.1: the observations of the release {}, which stay as they are",
        release.schema()
    );
    tap_schema::publish(transaction, &[published], &[]).await?;
    state(transaction, release, "published").await
}

async fn state(transaction: &mut Transaction, release: &Name, state: &str) -> Result<(), Error> {
    let sql = "UPDATE {obstap.obscore_tables} SET state = $3 \
               WHERE schema_name = $1 AND table_name = $2 AND kind = 'release'";
    let [schema, table] = release.values();
    let values = [schema, table, Value::Text(state.to_owned())];
    transaction.execute(sql, &values).await.map(|_| ())
}

/// All releases, the newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(database: &Database) -> Result<Vec<Release>, Error> {
    let sql = "SELECT schema_name, table_name, state, origin, made FROM {obstap.obscore_tables} \
               WHERE kind = 'release' ORDER BY made DESC, schema_name";
    let wires = [Wire::Text, Wire::Text, Wire::Text, Wire::Text, Wire::Int8];
    let rows = database.fetch(sql, &[], &wires).await?;
    let read = |row| {
        Some(Release {
            table: Name::new(&text(&rows, row, 0), &text(&rows, row, 1)).ok()?,
            published: text(&rows, row, 2) == "published",
            origin: maybe_text(&rows, row, 3).unwrap_or_default(),
            made: int(&rows, row, 4).unwrap_or_default(),
        })
    };
    Ok((0..rows.len()).filter_map(read).collect())
}

/// Shows a release to queries, and hides another in the same moment.
///
/// # Errors
/// When there is no such release, and those of the database.
pub async fn switch(
    database: &Database,
    name: &str,
    instead_of: Option<&str>,
) -> Result<(), ManagerError> {
    let release = known(database, name).await?;
    let other = match instead_of {
        None => None,
        Some(other) => Some(known(database, other).await?),
    };
    let columns = declared(&kept::of_release(database, &release.table).await?)?;
    let mut transaction = database.begin().await?;
    publish(&mut transaction, &release.table, &columns).await?;
    if let Some(other) = other {
        tap_schema::unpublish(&mut transaction, other.table.schema(), other.table.table()).await?;
        state(&mut transaction, &other.table, "ready").await?;
    }
    Ok(transaction.commit().await?)
}

/// Takes a release away for good.
///
/// # Errors
/// When there is no such release, and those of the database.
pub async fn drop(database: &Database, name: &str) -> Result<(), ManagerError> {
    let release = known(database, name).await?;
    let mut transaction = database.begin().await?;
    let (schema, table) = release.table.pair();
    tap_schema::unpublish(&mut transaction, schema, table).await?;
    let sql = format!("DROP TABLE {}", release.table.stored(database.target()));
    transaction.script(&sql).await?;
    for sql in [
        "DELETE FROM {obstap.obscore_tables} WHERE schema_name = $1 AND table_name = $2",
        "DELETE FROM {obstap.tombstones} WHERE schema_name = $1 AND table_name = $2",
    ] {
        transaction.execute(sql, &release.table.values()).await?;
    }
    Ok(transaction.commit().await?)
}

async fn known(database: &Database, name: &str) -> Result<Release, ManagerError> {
    let all = list(database).await?;
    let names: HashSet<&str> = all.iter().map(|it| it.table.schema()).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    let refused = || {
        ManagerError::Refused(match names.is_empty() {
            true => format!("there is no release {name}: obstap release create makes one"),
            false => format!("there is no release {name}; there are {}", names.join(", ")),
        })
    };
    all.iter()
        .find(|it| it.table.schema() == name)
        .cloned()
        .ok_or_else(refused)
}
