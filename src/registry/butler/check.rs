//! What a repository holds, and what of it is not read.

use std::collections::BTreeMap;

use adql::Wire;

use super::attributes::{self, Manager};
use super::cells::{first, int, text};
use super::collections::{CALIBRATION, CHAINED, RUN, TAGGED};
use super::universe::Kind;
use super::{Inner, Repository};
use crate::registry::Error;

/// What a person wants to know of a repository before it is attached.
#[derive(Clone, Debug)]
pub struct Report {
    pub label: String,
    /// Its `butler.yaml`.
    pub configuration: String,
    /// Without a password.
    pub database: String,
    /// "SQLite 3.54.1".
    pub version: String,
    /// Namespace and version of its dimensions.
    pub universe: (String, u32),
    pub managers: Vec<Manager>,
    /// Where files are, and the table of their records.
    pub datastores: Vec<(String, String)>,
    pub types: Vec<Counted>,
    /// Kinds of collections, and how many there are.
    pub collections: Vec<(&'static str, u64)>,
    /// The registry holds an ObsCore configuration.
    pub obscore: bool,
    /// Sentences about what is not read, or was not tried.
    pub notes: Vec<String>,
}

/// A dataset type and how many datasets it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub name: String,
    /// Required and implied ones.
    pub dimensions: Vec<String>,
    pub datasets: u64,
}

/// Universes that repositories of have been read.
const TRIED: std::ops::RangeInclusive<u32> = 4..=8;

impl Repository {
    /// Looks at what is there.
    ///
    /// # Errors
    /// The registry's database cannot be read.
    pub async fn report(&self) -> Result<Report, Error> {
        let inner = &self.0;
        let datastores = inner.place.datastores.iter();
        Ok(Report {
            label: inner.label.clone(),
            configuration: inner.place.file.display().to_string(),
            database: inner.without_password(),
            version: inner.guest.version(),
            universe: (inner.universe.namespace.clone(), inner.universe.version),
            managers: attributes::managers(&inner.attributes),
            datastores: datastores
                .map(|store| (store.root.clone(), store.table.clone()))
                .collect(),
            types: inner.counted().await?,
            collections: inner.kinds().await?,
            obscore: self.obscore_configuration().is_some(),
            notes: inner.notes().await?,
        })
    }
}

impl Inner {
    fn without_password(&self) -> String {
        let url = &self.place.database;
        let Some((scheme, rest)) = url.split_once("://") else {
            return url.clone();
        };
        match rest.split_once('@') {
            Some((login, place)) => {
                let user = login.split(':').next().unwrap_or_default();
                format!("{scheme}://{user}@{place}")
            }
            None => url.clone(),
        }
    }

    async fn counted(&self) -> Result<Vec<Counted>, Error> {
        let mut counted = Vec::new();
        for kind in self.types().values() {
            // An index counts the datasets of one type in a moment, and a
            // writer waits for no more than that.
            let sql = format!(
                "SELECT count(*) FROM {} WHERE dataset_type_id = {}",
                self.table("dataset"),
                kind.id
            );
            let rows = self.guest.fetch(&sql, &[], &[Wire::Int8]).await?;
            counted.push(Counted {
                name: kind.name.to_string(),
                dimensions: kind.dimensions.iter().map(ToString::to_string).collect(),
                datasets: number(first(&rows, 0)),
            });
        }
        Ok(counted)
    }

    async fn kinds(&self) -> Result<Vec<(&'static str, u64)>, Error> {
        let sql = format!(
            "SELECT {}, count(*) FROM {} GROUP BY type",
            Kind::Int.cast(&self.guest, "type"),
            self.table("collection")
        );
        let rows = self.guest.fetch(&sql, &[], &[Wire::Int8; 2]).await?;
        let counts: BTreeMap<i64, u64> = (0..rows.len())
            .filter_map(|row| Some((int(rows.cell(row, 0))?, number(rows.cell(row, 1)))))
            .collect();
        let count = |kind: i64| counts.get(&kind).copied().unwrap_or_default();
        Ok(vec![
            ("RUN", count(RUN)),
            ("TAGGED", count(TAGGED)),
            ("CHAINED", count(CHAINED)),
            ("CALIBRATION", count(CALIBRATION)),
        ])
    }

    async fn notes(&self) -> Result<Vec<String>, Error> {
        let mut notes = Vec::new();
        let version = self.universe.version;
        if !TRIED.contains(&version) {
            notes.push(format!(
                "universe {version} has not been tried (those from {} to {} have): it is read as it describes itself",
                TRIED.start(),
                TRIED.end()
            ));
        }
        if self.place.datastores.is_empty() {
            notes.push("it has no datastore of files: its datasets have no links".to_owned());
        }
        for store in &self.place.datastores {
            if !self.columns.contains_key(&store.table) {
                notes.push(format!(
                    "there is no table {} of the files below {}: nothing was stored there yet",
                    store.table, store.root
                ));
            }
        }
        let sql = format!("SELECT table_name FROM {}", self.table("opaque_meta"));
        let rows = self.guest.fetch(&sql, &[], &[Wire::Text]).await?;
        for table in (0..rows.len()).filter_map(|row| rows.cell(row, 0).map(text)) {
            if self.place.datastores.iter().all(|it| it.table != table) {
                notes.push(format!(
                    "the table {table} belongs to a datastore that butler.yaml does not name, and is not read"
                ));
            }
        }
        for kind in self.types().values() {
            let unknown = kind.dimensions.iter();
            let unknown = unknown.filter(|it| self.universe.element(it).is_none());
            let unknown: Vec<&str> = unknown.map(|it| &**it).collect();
            if !unknown.is_empty() {
                notes.push(format!(
                    "datasets of type {} have no region: {} is a pixel of the sky, and pixels are not drawn",
                    kind.name,
                    unknown.join(", ")
                ));
            }
        }
        Ok(notes)
    }
}

fn number(cell: Option<&[u8]>) -> u64 {
    int(cell)
        .and_then(|it| u64::try_from(it).ok())
        .unwrap_or_default()
}
