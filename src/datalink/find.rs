//! What identifiers stand for, a batch at a time: datasets of registries, rows
//! of tables.

use std::collections::HashMap;
use std::sync::Arc;

use adql::sky::Region;
use adql::{Value, Wire, target};
use uuid::Uuid;

use super::{Id, Service, Sources};
use crate::database;
use crate::registry::{self, Dataset, Related};

/// What is known under an identifier.
#[derive(Clone, Debug)]
pub(super) enum Known {
    Dataset(Box<Registered>),
    /// Only a table knows it.
    Row(Box<Row>),
    /// Nobody does; the sentence begins with one of the standard's words.
    Nothing(String),
}

/// A dataset of a registry.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    /// Of the registry.
    pub label: String,
    pub dataset: Dataset,
    pub related: Vec<Related>,
    /// The row that tells of it, where it was found by that.
    pub row: Option<Row>,
}

/// A row of a table of observations (ObsCore 1.1).
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub url: Option<String>,
    pub format: Option<String>,
    pub product: Option<String>,
    pub region: Option<Arc<Region>>,
}

/// Columns that a table must have to be asked.
const COLUMNS: [&str; 5] = [
    "obs_publisher_did",
    "access_url",
    "access_format",
    "dataproduct_type",
    "s_region",
];

/// What is said of identifiers that mean nothing, at most this much of them.
const SHOWN: usize = 200;

/// Datasets by the number of their registry and their own.
type Datasets = HashMap<(usize, Uuid), Dataset>;
type RelatedTo = HashMap<(usize, Uuid), Vec<Related>>;

impl Service {
    /// What these stand for, in their order.
    pub(super) async fn find(&self, ids: &[String], with_related: bool) -> Vec<Known> {
        let read: Vec<Id> = ids.iter().map(|id| Id::read(id)).collect();
        let mut failed = false;
        let sources = self.0.parts.registries.all().await.unwrap_or_else(|error| {
            unreadable(&error);
            failed = true;
            Sources::new()
        });
        let datasets = datasets(&sources, &read, &mut failed).await;
        let mut related = RelatedTo::new();
        if with_related {
            related = related_to(&sources, &datasets).await;
        }
        let rows = self.rows(ids, &read).await.unwrap_or_else(|error| {
            tracing::error!(%error, "observations cannot be looked up by their identifiers");
            failed = true;
            HashMap::new()
        });
        let known = ids.iter().zip(&read).map(|(text, id)| {
            let row = rows.get(text.as_str());
            let found = places(&sources, id).into_iter().find_map(|(source, id)| {
                let dataset = datasets.get(&(source, id))?;
                Some((source, dataset))
            });
            let (Some((source, dataset)), row) = (found, row) else {
                return match row {
                    Some(row) => Known::Row(Box::new(row.clone())),
                    None => Known::Nothing(unknown(&sources, text, id, failed)),
                };
            };
            Known::Dataset(Box::new(Registered {
                label: sources.get(source).map_or("", |it| it.label()).to_owned(),
                dataset: dataset.clone(),
                related: related
                    .get(&(source, dataset.id))
                    .cloned()
                    .unwrap_or_default(),
                row: row.cloned(),
            }))
        });
        known.collect()
    }

    /// The rows of tables that have these identifiers.
    async fn rows<'a>(
        &self,
        ids: &'a [String],
        read: &[Id],
    ) -> Result<HashMap<&'a str, Row>, database::Error> {
        let mut wanted: HashMap<&str, &'a str> = ids
            .iter()
            .zip(read)
            // No engine has a place for NUL in a text.
            .filter(|(text, id)| !matches!(id, Id::Bare(_)) && !text.contains('\0'))
            .map(|(text, _)| (text.as_str(), text.as_str()))
            .collect();
        let mut found = HashMap::new();
        let catalog = self.0.parts.tables.catalog().await;
        let database = &self.0.parts.database;
        for table in catalog.tables() {
            if wanted.is_empty() {
                break;
            }
            let stored = |name: &str| {
                let place = table
                    .columns
                    .iter()
                    .position(|column| column.name == name)?;
                let other = table.stored_columns.get(place);
                Some(target::quote(other.map_or(name, String::as_str)))
            };
            let Some(columns) = COLUMNS
                .iter()
                .map(|name| stored(name))
                .collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            let (schema, name) = &table.stored;
            let texts: Vec<&str> = wanted.keys().copied().collect();
            let sql = format!(
                "SELECT {} FROM {} WHERE {} IN ({})",
                columns.join(", "),
                database.target().stored(schema, name),
                columns.first().map_or("NULL", String::as_str),
                database.choose(
                    "SELECT jsonb_array_elements_text($1::jsonb)",
                    "SELECT value FROM json_each($1)",
                ),
            );
            let list = Value::Text(serde_json::Value::from(texts).to_string());
            let batch = database
                .fetch(&sql, &[list], &[Wire::Text; COLUMNS.len()])
                .await?;
            for row in 0..batch.len() {
                let text = |column| {
                    let cell = batch.cell(row, column)?;
                    std::str::from_utf8(cell).ok()
                };
                let Some(id) = text(0).and_then(|id| wanted.remove(id)) else {
                    continue;
                };
                let region = text(4).and_then(|region| Region::parse(region).ok());
                let row = Row {
                    url: text(1).map(str::to_owned),
                    format: text(2).map(str::to_owned),
                    product: text(3).map(str::to_owned),
                    region: region.map(Arc::new),
                };
                found.insert(id, row);
            }
        }
        Ok(found)
    }
}

/// Where an identifier may lead: a registry, and a dataset of it.
fn places(sources: &Sources, id: &Id) -> Vec<(usize, Uuid)> {
    let sources = sources.iter().enumerate();
    match id {
        Id::Named { repository, id } => sources
            .filter(|(_, source)| source.label() == repository)
            .map(|(number, _)| (number, *id))
            .collect(),
        Id::Bare(id) => sources.map(|(number, _)| (number, *id)).collect(),
        Id::Other | Id::Wrong(_) => Vec::new(),
    }
}

/// Those that registries know; `failed` is set where one could not be asked.
async fn datasets(sources: &Sources, ids: &[Id], failed: &mut bool) -> Datasets {
    let mut found = Datasets::new();
    for (number, source) in sources.iter().enumerate() {
        let places = ids.iter().flat_map(|id| places(sources, id));
        let wanted = places.filter(|(place, _)| *place == number);
        let wanted: Vec<Uuid> = wanted.map(|(_, id)| id).collect();
        if wanted.is_empty() {
            continue;
        }
        match source.find(&wanted).await {
            Ok(datasets) => {
                let datasets = datasets.into_iter();
                found.extend(datasets.map(|dataset| ((number, dataset.id), dataset)));
            }
            Err(error) => {
                *failed = true;
                unreadable(&error);
            }
        }
    }
    found
}

/// What is related to these, with the number of the registry. Links to others
/// are worth less than those to the files: a registry that cannot tell has
/// none.
async fn related_to(sources: &Sources, datasets: &Datasets) -> RelatedTo {
    let mut found = RelatedTo::new();
    for (number, source) in sources.iter().enumerate() {
        let of = datasets.iter().filter(|((place, _), _)| *place == number);
        let of: Vec<Dataset> = of.map(|(_, dataset)| dataset.clone()).collect();
        if of.is_empty() {
            continue;
        }
        match source.related(&of).await {
            Ok(related) => {
                for it in related {
                    found.entry((number, it.of)).or_default().push(it);
                }
            }
            Err(error) => unreadable(&error),
        }
    }
    found
}

fn unknown(sources: &Sources, text: &str, id: &Id, failed: bool) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    if failed {
        return "TransientFault: what there is cannot be looked up at the moment; try again \
                later"
            .to_owned();
    }
    match id {
        Id::Wrong(how) => format!("UsageFault: {shown} is no identifier: {how}"),
        Id::Named { .. } if places(sources, id).is_empty() => {
            format!("NotFoundFault: {shown} is of a repository that is not known here")
        }
        _ => format!("NotFoundFault: {shown} is not known here"),
    }
}

fn unreadable(error: &registry::Error) {
    tracing::error!(%error, "a registry cannot be read");
}
