//! What the commands about registries and their tables share.

use std::sync::Arc;

use super::{Failure, open};
use crate::config::Settings;
use crate::database::Database;
use crate::obscore::Name;
use crate::obscore::manager::{self, Feed, Kind, Manager, Reading, Repository};
use crate::registry::{Source, butler};

/// The database, prepared.
pub async fn prepared(settings: &Settings) -> Result<Database, Failure> {
    let database = open::database(settings).await?;
    open::prepare(&database, settings).await?;
    Ok(database)
}

/// How configurations become rows here.
pub fn reading(settings: &Settings) -> Box<Reading> {
    let identifier = settings.registry.identifier.as_str();
    let authority = identifier.strip_prefix("ivo://").unwrap_or(identifier);
    let authority = authority.split('/').next().unwrap_or_default();
    let links = settings.base_url.as_ref();
    let links = links.map(|base| format!("{base}/datalink/links"));
    manager::mapped(authority, links.as_deref())
}

/// A registry, opened.
pub async fn source(
    database: &Database,
    repository: &Repository,
    settings: &Settings,
) -> Result<Arc<dyn Source>, Failure> {
    match repository.kind {
        Kind::Butler => {
            let (place, label) = (&repository.place, &repository.label);
            Ok(Arc::new(
                butler::Repository::open(place, Some(label)).await?,
            ))
        }
        Kind::Own => Ok(open::registry(database, settings).store().await?),
    }
}

/// The feeds of a registry, or all.
pub async fn feeds(database: &Database, label: Option<&str>) -> Result<Vec<Feed>, Failure> {
    let feeds = manager::feeds(database, label).await?;
    match (feeds.is_empty(), label) {
        (false, _) => Ok(feeds),
        (true, Some(label)) => Err(Failure::new(format!(
            "no registry {label} is attached: obstap butler list shows those that are"
        ))),
        (true, None) => Err(Failure::new(
            "no registry is attached: obstap butler attach attaches one",
        )),
    }
}

/// Feeds at work, each registry opened once.
pub async fn managers(
    database: &Database,
    feeds: Vec<Feed>,
    settings: &Settings,
) -> Result<Vec<Manager>, Failure> {
    let reading = reading(settings);
    let mut sources: Vec<(i32, Arc<dyn Source>)> = Vec::new();
    let mut managers = Vec::with_capacity(feeds.len());
    for feed in feeds {
        let number = feed.repository.number;
        let known = sources.iter().find(|(known, _)| *known == number);
        let source = match known {
            Some((_, source)) => source.clone(),
            None => {
                let source = source(database, &feed.repository, settings).await?;
                sources.push((number, source.clone()));
                source
            }
        };
        let extra = &settings.extra_columns;
        managers.push(Manager::open(database, source, feed, &*reading, extra).await?);
    }
    Ok(managers)
}

/// Those that feed a table.
pub async fn managers_of(
    database: &Database,
    table: &Name,
    settings: &Settings,
) -> Result<Vec<Manager>, Failure> {
    let feeds = manager::feeds(database, None).await?.into_iter();
    let feeds = feeds.filter(|feed| feed.table == *table).collect();
    managers(database, feeds, settings).await
}

/// A name of a table, as a flag has it.
pub fn table(text: &str) -> Result<Name, String> {
    Name::read(text).map_err(|error| error.to_string())
}
