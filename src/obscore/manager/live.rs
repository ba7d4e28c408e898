//! Our own registry observed: rows are written in the transaction in which
//! their datasets are.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::super::{change, columns::declared, kept};
use super::compare::compare;
use super::feed::{OWN_ROWS, own_feeds};
use super::line::Line;
use super::read::Reader;
use super::sync::Reading;
use super::{Feed, write};
use crate::config::ExtraColumn;
use crate::database::{self, Database, Transaction};
use crate::registry::{Collections, Dataset, Event, Observer, ObserverError};

/// Keeps the tables that our own registry feeds.
///
/// A feed by a path of collections takes what says itself that it is in one of
/// them; which of several comes first in the path, the next sweep settles.
pub struct Live {
    database: Database,
    reading: Box<Reading>,
    settings: Vec<ExtraColumn>,
    /// As they were when they were last used.
    lines: Mutex<Arc<Vec<Line>>>,
}

impl Live {
    /// `database`: of the registry that is observed.
    pub fn new(database: &Database, reading: Box<Reading>, settings: &[ExtraColumn]) -> Live {
        Live {
            database: database.clone(),
            reading,
            settings: settings.to_vec(),
            lines: Mutex::default(),
        }
    }

    /// The feeds as they are now: another configuration counts from the
    /// transaction on that begins after it was given.
    async fn lines(
        &self,
        transaction: &mut Transaction,
    ) -> Result<Arc<Vec<Line>>, database::Error> {
        // Whoever compares, or changes the configuration, waits for us and we
        // for them.
        transaction.lock_shared(OWN_ROWS).await?;
        let feeds = own_feeds(transaction).await?;
        let known = self.lines.lock().map(|lines| lines.clone());
        let known = known.unwrap_or_default();
        let alike = |line: &Line, feed: &Feed| {
            line.feed.table == feed.table
                && line.feed.version == feed.version
                && line.feed.repository == feed.repository
        };
        if known.len() == feeds.len() && known.iter().zip(&feeds).all(|(a, b)| alike(a, b)) {
            return Ok(known);
        }
        let mut lines = Vec::with_capacity(feeds.len());
        for feed in feeds {
            match self.line(feed.clone()).await {
                Ok(line) => lines.push(line),
                // The registry goes on; rows come when the configuration is mended.
                Err(reason) => tracing::error!(table = %feed.table, "{reason}"),
            }
        }
        let lines = Arc::new(lines);
        if let Ok(mut known) = self.lines.lock() {
            *known = lines.clone();
        }
        Ok(lines)
    }

    async fn line(&self, feed: Feed) -> Result<Line, super::ManagerError> {
        let mapping = (self.reading)(&feed).map_err(|reason| super::ManagerError::Document {
            label: feed.repository.label.clone(),
            table: feed.table.clone(),
            reason,
        })?;
        let extra = kept::extra(&self.database, &feed.table, &self.settings).await?;
        Line::new(feed, mapping, &declared(&extra)?, None)
    }

    async fn take_up(
        &self,
        transaction: &mut Transaction,
        events: &[Event],
    ) -> Result<(), database::Error> {
        let lines = self.lines(transaction).await?;
        if lines.is_empty() {
            return Ok(());
        }
        let told = Told::of(events);
        for line in lines.iter() {
            let told = told.added_at_once(self, transaction, line).await?;
            if told.asked.is_empty() {
                continue;
            }
            let unwanted = unwanted(line, &told.datasets);
            let mut reader = Reader::Transaction(transaction);
            let (asked, datasets) = (&told.asked, &told.datasets);
            let database = &self.database;
            let compared = compare(&mut reader, database, line, asked, datasets, &unwanted).await?;
            write::write(transaction, database, line, &compared).await?;
        }
        Ok(())
    }
}

impl Observer for Live {
    fn apply<'a>(
        &'a self,
        transaction: &'a mut Transaction,
        events: &'a [Event],
    ) -> BoxFuture<'a, Result<(), ObserverError>> {
        Box::pin(async move { Ok(self.take_up(transaction, events).await?) })
    }
}

/// Events, the last of each dataset.
struct Told<'a> {
    added: Vec<&'a Dataset>,
    changed: Vec<&'a Dataset>,
    removed: Vec<Uuid>,
}

/// Datasets to be compared with their rows.
struct Asked {
    asked: Vec<Uuid>,
    datasets: Vec<Dataset>,
}

impl<'a> Told<'a> {
    fn of(events: &'a [Event]) -> Told<'a> {
        let id = |event: &Event| match event {
            Event::Added(dataset) | Event::Changed(dataset) => dataset.id,
            Event::Removed(id) => *id,
        };
        let mut last: HashMap<Uuid, (usize, bool)> = HashMap::with_capacity(events.len());
        for (place, event) in events.iter().enumerate() {
            let entry = last.entry(id(event));
            entry
                .and_modify(|entry| *entry = (place, false))
                .or_insert((place, true));
        }
        let mut told = Told {
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
        };
        for (place, event) in events.iter().enumerate() {
            let Some((_, once)) = last.get(&id(event)).filter(|(last, _)| *last == place) else {
                continue;
            };
            match event {
                Event::Added(dataset) if *once => told.added.push(dataset),
                Event::Added(dataset) | Event::Changed(dataset) => told.changed.push(dataset),
                Event::Removed(id) => told.removed.push(*id),
            }
        }
        told
    }

    /// Appends the rows of new datasets without looking for old ones, unless
    /// one has an identifier that is there already; says what is left to do.
    async fn added_at_once(
        &self,
        live: &Live,
        transaction: &mut Transaction,
        line: &Line,
    ) -> Result<Asked, database::Error> {
        let mut rest = Asked {
            asked: self.removed.clone(),
            datasets: Vec::new(),
        };
        for dataset in &self.changed {
            rest.asked.push(dataset.id);
            rest.datasets.push((*dataset).clone());
        }
        let takes = |dataset: &Dataset| line.is_stored(dataset) && is_taken(line, dataset);
        let good: Vec<&Dataset> = self
            .added
            .iter()
            .copied()
            .filter(|dataset| takes(dataset))
            .collect();
        if good.is_empty() {
            return Ok(rest);
        }
        let described = line.describe(&good);
        let database = &live.database;
        let mut reader = Reader::Transaction(transaction);
        if super::compare::are_free(&mut reader, database, line, &described).await? {
            let change = change::number(transaction, database).await?;
            let rows = 0..described.of.len();
            write::append(transaction, line, &described, rows, change).await?;
            if !described.rejected.is_empty() {
                let ids: Vec<Uuid> = described.rejected.iter().map(|(id, _)| *id).collect();
                let rejected = &described.rejected;
                write::reject(transaction, database, line, &ids, rejected).await?;
            }
            return Ok(rest);
        }
        for dataset in good {
            rest.asked.push(dataset.id);
            rest.datasets.push(dataset.clone());
        }
        Ok(rest)
    }
}

/// Whether a dataset says itself that it is asked for.
fn is_taken(line: &Line, dataset: &Dataset) -> bool {
    match &line.wanted.collections {
        Collections::Path(names) => {
            let named = |name: &str| names.iter().any(|known| known == name);
            line.wanted.takes_type(&dataset.dataset_type)
                && (named(&dataset.run) || dataset.tags.iter().any(|tag| named(tag)))
        }
        _ => line.wanted.takes(dataset),
    }
}

fn unwanted(line: &Line, datasets: &[Dataset]) -> HashSet<Uuid> {
    let others = datasets.iter().filter(|dataset| !is_taken(line, dataset));
    others.map(|dataset| dataset.id).collect()
}
