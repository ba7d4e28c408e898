//! A repository of Rubin's Data Butler, read and never written, without
//! Python.
//!
//! Reads the registry's database itself: dimension universes by the
//! description that the registry holds (versions 4 to 8 have been tried),
//! managers as [`attributes`] lists them, SQLite and PostgreSQL. On SQLite,
//! where a writer waits for every reader, each statement takes milliseconds.
//!
//! Leaves out: what depends on a time of validity (CALIBRATION collections),
//! remote Butlers, files of datastores other than those of files.
//!
//! Must not know: ObsCore, who observes, HTTP.

mod affected;
mod attributes;
mod auth;
mod cells;
mod changes;
mod check;
mod collections;
mod datasets;
mod journal;
mod place;
mod records;
mod region;
mod sweep;
mod triggers;
mod types;
mod universe;
mod uri;
mod walk;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use adql::{Value, Wire};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Changes, Dataset, Error, Place, Source, Sweep, Wanted};
use crate::database::Guest;
pub use attributes::Manager;
pub use check::{Counted, Report};
use types::Types;
use universe::{Columns, Universe};

/// A repository that has been opened. Cloning shares it.
#[derive(Clone)]
pub struct Repository(Arc<Inner>);

struct Inner {
    label: String,
    place: place::Place,
    guest: Guest,
    /// The schema of its tables; empty on SQLite.
    namespace: String,
    attributes: BTreeMap<String, String>,
    columns: Columns,
    universe: Universe,
    types: RwLock<Arc<Types>>,
    met: collections::Met,
    cache: records::Cache,
    told: changes::Told,
}

impl Repository {
    /// Opens a repository by its directory, its `butler.yaml`, or its alias in
    /// `$DAF_BUTLER_REPOSITORY_INDEX`. `label` is what links call it; else its
    /// alias or the name of its directory.
    ///
    /// # Errors
    /// What is not there, not understood or not allowed, and what to do.
    pub async fn open(name: &str, label: Option<&str>) -> Result<Repository, Error> {
        let wrong = |reason: String| unreadable(name, &reason);
        let place = place::Place::find(name).map_err(wrong)?;
        let login = auth::login(&place.database).map_err(wrong)?;
        let guest = Guest::open(&place.database, &login).await?;
        let namespace = match (&place.namespace, guest.choose(true, false)) {
            (_, false) => String::new(),
            (Some(namespace), true) => namespace.clone(),
            (None, true) => default_schema(&guest).await?,
        };
        let columns = columns(&guest, &namespace).await?;
        if !columns.contains_key("butler_attributes") {
            let schema = match namespace.is_empty() {
                true => String::new(),
                false => format!(" in the schema {namespace}"),
            };
            return Err(wrong(format!(
                "its database holds no registry{schema}: there is no table butler_attributes that we may read"
            )));
        }
        let attributes = attributes::read(&guest, &namespaced(&namespace)).await?;
        attributes::check(&attributes).map_err(wrong)?;
        let described = attributes.get("config:dimensions.json");
        let described = described.ok_or_else(|| {
            wrong(
                "its registry does not describe its dimensions (config:dimensions.json)".to_owned(),
            )
        })?;
        let universe = Universe::read(described, &columns).map_err(wrong)?;
        let inner = Inner {
            label: label.unwrap_or(&place.label).to_owned(),
            place,
            guest,
            namespace,
            attributes,
            columns,
            universe,
            types: RwLock::default(),
            met: collections::Met::default(),
            cache: records::Cache::default(),
            told: changes::Told::default(),
        };
        inner.refresh_types().await?;
        Ok(Repository(Arc::new(inner)))
    }

    /// The ObsCore configuration that the registry holds, as JSON
    /// (`config:obscore.json`).
    pub fn obscore_configuration(&self) -> Option<&str> {
        let found = self.0.attributes.get("config:obscore.json");
        found.map(String::as_str)
    }

    /// Where its database is, without a password.
    pub fn database_url(&self) -> &str {
        &self.0.place.database
    }
}

impl Inner {
    /// A table of the registry, quoted.
    fn table(&self, name: &str) -> String {
        format!("{}{}", namespaced(&self.namespace), types::quote(name))
    }

    fn types(&self) -> Arc<Types> {
        let types = self.types.read();
        types.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the dataset types anew: some may have been registered.
    async fn refresh_types(&self) -> Result<Arc<Types>, Error> {
        let types = Arc::new(self.read_types().await?);
        *self.types.write().unwrap_or_else(PoisonError::into_inner) = types.clone();
        Ok(types)
    }

    async fn page(
        &self,
        wanted: &Wanted,
        after: Option<&Place>,
        most: usize,
    ) -> Result<Vec<Dataset>, Error> {
        if after.is_none() {
            self.cache.forget();
        }
        let most = most.max(1);
        let chosen = self.chosen(&wanted.collections).await?;
        for kind in self.wanted_types(wanted).await? {
            let mut from = match after {
                Some(place) if kind.name < place.dataset_type => continue,
                Some(place) if kind.name == place.dataset_type => Some(place.id),
                _ => None,
            };
            let mut end = false;
            while !end {
                let mut ids = Vec::new();
                while !end && ids.len() < most {
                    let left = most - ids.len();
                    let next = self.next_ids(&kind, wanted, &chosen, from, left).await?;
                    end = next.end || next.seen.is_none();
                    ids.extend(next.wanted);
                    from = next.seen.or(from);
                }
                let mut datasets = self.datasets(&kind, &ids, true).await?;
                // All of them may have gone meanwhile: then it goes on.
                if !datasets.is_empty() {
                    datasets.sort_unstable_by_key(|dataset| dataset.id);
                    return Ok(datasets);
                }
            }
        }
        Ok(Vec::new())
    }

    async fn find(&self, ids: &[Uuid]) -> Result<Vec<Dataset>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        let by_type = self.types_of(ids).await?;
        let mut types = self.types();
        let is_known = |types: &Types, id: &i64| types.values().any(|it| it.id == *id);
        if !by_type.keys().all(|id| is_known(&types, id)) {
            types = self.refresh_types().await?;
        }
        for (id, ids) in by_type {
            if let Some(kind) = types.values().find(|it| it.id == id) {
                found.extend(self.datasets(kind, &ids, false).await?);
            }
        }
        Ok(found)
    }
}

impl Source for Repository {
    fn label(&self) -> &str {
        &self.0.label
    }

    fn page<'a>(
        &'a self,
        wanted: &'a Wanted,
        after: Option<&'a Place>,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Dataset>, Error>> {
        self.0.page(wanted, after, most).boxed()
    }

    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Dataset>, Error>> {
        self.0.find(ids).boxed()
    }

    fn existing<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Uuid>, Error>> {
        async move {
            Ok(self
                .0
                .types_of(ids)
                .await?
                .into_values()
                .flatten()
                .collect())
        }
        .boxed()
    }

    fn changes<'a>(
        &'a self,
        wanted: &'a Wanted,
        since: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Changes, Error>> {
        self.0.changes(wanted, since).boxed()
    }

    fn sweep<'a>(
        &'a self,
        wanted: &'a Wanted,
        since: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Sweep, Error>> {
        self.0.sweep(wanted, since).boxed()
    }
}

fn unreadable(repository: &str, reason: &str) -> Error {
    Error::Unreadable {
        repository: repository.to_owned(),
        reason: reason.to_owned(),
    }
}

/// A schema as it stands before a table; nothing where there are none.
fn namespaced(namespace: &str) -> String {
    match namespace.is_empty() {
        true => String::new(),
        false => format!("{}.", types::quote(namespace)),
    }
}

/// The schema that the database's user sees by default.
async fn default_schema(guest: &Guest) -> Result<String, Error> {
    let answer = guest
        .fetch("SELECT current_schema()::text", &[], &[Wire::Text])
        .await?;
    let name = cells::first(&answer, 0).map(cells::text);
    Ok(name.unwrap_or("public").to_owned())
}

async fn columns(guest: &Guest, schema: &str) -> Result<Columns, Error> {
    let sql = guest.choose(
        "SELECT c.relname::text, a.attname::text FROM pg_catalog.pg_class AS c \
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        "SELECT t.name, c.name FROM sqlite_schema AS t CROSS JOIN pragma_table_info(t.name) AS c \
         WHERE t.type IN ('table', 'view')",
    );
    let values = [Value::Text(schema.to_owned())];
    let values: &[Value] = guest.choose(&values, &[]);
    let rows = guest.fetch(sql, values, &[Wire::Text; 2]).await?;
    let mut columns = Columns::new();
    for row in 0..rows.len() {
        if let (Some(table), Some(column)) = (rows.cell(row, 0), rows.cell(row, 1)) {
            let table = columns.entry(cells::text(table).to_owned()).or_default();
            table.insert(cells::text(column).to_owned());
        }
    }
    Ok(columns)
}
