//! A table brought to where its registry is: once, or by what has changed.

use std::collections::HashSet;
use std::sync::Arc;

use adql::{Value, Wire};
use uuid::Uuid;

use super::super::indexes::{
    analyze, cluster, create_indexes, drop_indexes, drop_triggers, is_empty, lock as lock_table,
    make_triggers,
};
use super::super::{Declared, change, columns::declared, kept};
use super::compare::{Compared, Difference, Tally, compare};
use super::feed::{Note, lock};
use super::line::{Describe, Line};
use super::read::{self, Reader};
use super::sweep::{Phase, Sweep};
use super::{Feed, ManagerError, State, write};
use crate::config::ExtraColumn;
use crate::database::{self, Database, Transaction, now};
use crate::registry::{self, Collections, Dataset, Place, Source};
use crate::tap_schema;

/// Makes of a feed's configuration what describes its datasets, or says what
/// is wrong with it.
pub type Reading = dyn Fn(&Feed) -> Result<Arc<dyn Describe>, String> + Send + Sync;

/// A feed at work: a registry, a table, and how the one becomes the other.
pub struct Manager {
    pub(super) database: Database,
    pub(super) source: Arc<dyn Source>,
    pub(super) line: Line,
    pub(super) columns: Vec<Declared>,
}

/// How far a [`sync()`] goes.
pub struct Options<'a> {
    /// Compare everything, also where the registry says that nothing changed.
    pub full: bool,
    /// Told the datasets looked at so far.
    pub progress: &'a mut (dyn FnMut(u64) + Send),
}

/// Datasets looked at in one transaction.
pub(super) const PAGE: usize = 2_000;

/// Datasets of a bulk build read at a time.
const BULK: usize = 10_000;

/// Builds of as many rows change what the planner should know.
const ANALYZED: u64 = 10_000;

impl Manager {
    /// # Errors
    /// When the configuration cannot be read or does not fit the table, and
    /// those of the database.
    pub async fn open(
        database: &Database,
        source: Arc<dyn Source>,
        feed: Feed,
        reading: &Reading,
        settings: &[ExtraColumn],
    ) -> Result<Manager, ManagerError> {
        let mapping = reading(&feed).map_err(|reason| ManagerError::Document {
            label: feed.repository.label.clone(),
            table: feed.table.clone(),
            reason,
        })?;
        let columns = declared(&kept::extra(database, &feed.table, settings).await?)?;
        Ok(Manager {
            database: database.clone(),
            source,
            line: Line::new(feed, mapping, &columns, None)?,
            columns,
        })
    }

    pub fn feed(&self) -> &Feed {
        &self.line.feed
    }

    /// Makes the rows of these datasets what they should be.
    ///
    /// # Errors
    /// Those of the registry and of the database.
    pub(super) async fn settle(&self, ids: &[Uuid]) -> Result<Tally, ManagerError> {
        let mut transaction = self.begin().await?;
        let compared = self.compared(&mut transaction, ids).await?;
        let tally = write::write(&mut transaction, &self.database, &self.line, &compared).await?;
        if tally.writes() {
            self.note_change()
                .write(&mut transaction, self.feed())
                .await?;
        }
        transaction.commit().await?;
        Ok(tally)
    }

    /// A transaction in which nobody else writes rows of this registry, nor gives
    /// it another configuration.
    async fn begin(&self) -> Result<Transaction, ManagerError> {
        let mut transaction = self.database.begin().await?;
        let feed = self.feed();
        lock(
            &mut transaction,
            feed.repository.kind,
            &feed.repository.label,
        )
        .await?;
        let sql = "SELECT version FROM {obstap.mappings} \
                   WHERE schema_name = $1 AND table_name = $2 AND repository = $3";
        let number = Value::BigInt(feed.repository.number.into());
        let values = [&feed.table.values()[..], &[number]].concat();
        let found = transaction.fetch(sql, &values, &[Wire::Int8]).await?;
        if found.is_empty() || read::int(&found, 0, 0) != Some(feed.version) {
            return Err(ManagerError::Superseded {
                label: feed.repository.label.clone(),
                table: feed.table.clone(),
            });
        }
        Ok(transaction)
    }

    fn note_change(&self) -> Note {
        Note {
            changed: Some(now()),
            ..Note::default()
        }
    }

    async fn compared(
        &self,
        transaction: &mut Transaction,
        ids: &[Uuid],
    ) -> Result<Compared, ManagerError> {
        let datasets = self.source.find(ids).await?;
        let unwanted = self.unwanted(&datasets).await?;
        let mut reader = Reader::Transaction(transaction);
        let line = &self.line;
        Ok(compare(&mut reader, &self.database, line, ids, &datasets, &unwanted).await?)
    }

    /// Of datasets whose types are wanted, those that only the registry knows
    /// not to be: in a path of collections others may stand before them.
    pub(super) async fn unwanted(
        &self,
        datasets: &[Dataset],
    ) -> Result<HashSet<Uuid>, ManagerError> {
        let wanted = &self.line.wanted;
        let mut unwanted = HashSet::new();
        if !matches!(wanted.collections, Collections::Path(_)) {
            return Ok(unwanted);
        }
        for dataset in datasets
            .iter()
            .filter(|dataset| wanted.takes_type(&dataset.dataset_type))
        {
            let before = Place {
                dataset_type: dataset.dataset_type.clone(),
                id: Uuid::from_u128(dataset.id.as_u128().saturating_sub(1)),
            };
            let next = self.source.page(wanted, Some(&before), 1).await?;
            if next.first().is_none_or(|next| next.id != dataset.id) {
                unwanted.insert(dataset.id);
            }
        }
        Ok(unwanted)
    }

    /// Takes over what the registry says has changed; everything is compared
    /// where it cannot say.
    ///
    /// # Errors
    /// Those of the registry and of the database.
    pub(super) async fn poll(&mut self) -> Result<Tally, ManagerError> {
        let since = self.feed().mark.clone();
        let changes = self
            .source
            .changes(&self.line.wanted, since.as_deref())
            .await?;
        if changes.everything {
            let tally = self.compare_all(&mut |_| {}).await?;
            self.note(Note {
                mark: Some(changes.mark),
                ..Note::default()
            })
            .await?;
            return Ok(tally);
        }
        let mut tally = Tally::default();
        for ids in changes.ids.chunks(PAGE) {
            tally.add(&self.settle(ids).await?);
        }
        let stale = self
            .feed()
            .looked
            .is_none_or(|looked| now() - looked > LOOKED);
        if stale || since.as_deref() != Some(&changes.mark) {
            self.note(Note {
                mark: Some(changes.mark),
                looked: Some(now()),
                ..Note::default()
            })
            .await?;
        }
        Ok(tally)
    }

    /// Records how far the feed is.
    pub(super) async fn note(&mut self, note: Note) -> Result<(), ManagerError> {
        let mut transaction = self.database.begin().await?;
        note.write(&mut transaction, self.feed()).await?;
        transaction.commit().await?;
        self.noted(note);
        Ok(())
    }

    fn noted(&mut self, note: Note) {
        let feed = &mut self.line.feed;
        feed.state = note.state.unwrap_or(feed.state);
        feed.place = note.place.unwrap_or(feed.place.take());
        feed.mark = note.mark.or(feed.mark.take());
        feed.sweep = note.sweep.or(feed.sweep.take());
        feed.looked = note.looked.or(feed.looked);
        feed.swept = note.swept.or(feed.swept);
        feed.rows = note.rows.or(feed.rows);
    }

    /// Makes all rows of a table that has none, with the indexes at the end: as
    /// a whole or not at all. `None` where there are rows.
    async fn build(
        &mut self,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Option<Tally>, ManagerError> {
        let (database, table) = (self.database.clone(), self.feed().table.clone());
        let target = database.target();
        let mut transaction = self.begin().await?;
        lock_table(&mut transaction, &table).await?;
        if !is_empty(&mut transaction, target, &table).await? {
            return Ok(None);
        }
        // What changes while rows are read is told after this.
        let changes = self.source.changes(&self.line.wanted, None).await?;
        let swept = self.source.sweep(&self.line.wanted, None).await?;
        drop_indexes(&mut transaction, target, &table, &self.columns).await?;
        // They would keep rows from arriving many at a time.
        drop_triggers(&mut transaction, &database, &table).await?;
        let change = change::number(&mut transaction, &database).await?;
        let mut tally = Tally::default();
        let mut dids: HashSet<u128> = HashSet::new();
        let mut page = self.source.page(&self.line.wanted, None, BULK).await?;
        while let Some(last) = page.last() {
            let place = Place {
                dataset_type: last.dataset_type.clone(),
                id: last.id,
            };
            // Read while these are written: a task of its own, for either takes
            // a core.
            let (source, wanted) = (self.source.clone(), self.line.wanted.clone());
            let next = Ahead(tokio::spawn(async move {
                source.page(&wanted, Some(&place), BULK).await
            }));
            self.put(&mut transaction, &page, &mut dids, change, &mut tally)
                .await?;
            progress(tally.seen);
            page = next.page().await?;
        }
        cluster(&mut transaction, target, &table).await?;
        create_indexes(&mut transaction, target, &table, &self.columns).await?;
        make_triggers(&mut transaction, &database, &table).await?;
        if tally.added >= ANALYZED {
            analyze(&mut transaction, target, &table).await?;
        }
        tap_schema::changed(&mut transaction).await?;
        let note = Note {
            state: Some(State::Live),
            place: Some(None),
            mark: Some(changes.mark),
            sweep: Some((swept.mark, change)),
            looked: Some(now()),
            swept: Some(now()),
            changed: Some(now()),
            rows: Some(tally.added),
        };
        note.write(&mut transaction, self.feed()).await?;
        transaction.commit().await?;
        self.noted(note);
        Ok(Some(tally))
    }

    /// Adds the rows of a page of a bulk build.
    async fn put(
        &self,
        transaction: &mut Transaction,
        page: &[Dataset],
        dids: &mut HashSet<u128>,
        change: i64,
        tally: &mut Tally,
    ) -> Result<(), ManagerError> {
        let good: Vec<&Dataset> = page
            .iter()
            .filter(|dataset| self.line.is_stored(dataset))
            .collect();
        let mut described = self.line.describe(&good);
        let mut rows = Vec::with_capacity(described.of.len());
        for (row, (id, did)) in described.of.iter().enumerate() {
            match dids.insert(super::super::load::hash(did)) {
                true => rows.push(row),
                false => {
                    let reason = format!("its obs_publisher_did {did} is that of another row");
                    described.rejected.push((*id, reason));
                }
            }
        }
        tally.seen += page.len() as u64;
        tally.added += rows.len() as u64;
        tally.rejected += described.rejected.len() as u64;
        let line = &self.line;
        write::append(transaction, line, &described, rows.into_iter(), change).await?;
        if !described.rejected.is_empty() {
            let (database, rejected) = (&self.database, &described.rejected);
            write::reject(transaction, database, line, &[], rejected).await?;
        }
        Ok(())
    }

    /// Makes all rows, some in each transaction, and goes on where that was
    /// broken off; then takes out what has no dataset.
    async fn fill(
        &mut self,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Tally, ManagerError> {
        let mut tally = Tally::default();
        if self.feed().state != State::Building || self.feed().mark.is_none() {
            let (_, number) = change::end(&self.database).await?;
            let changes = self.source.changes(&self.line.wanted, None).await?;
            let swept = self.source.sweep(&self.line.wanted, None).await?;
            self.note(Note {
                state: Some(State::Building),
                place: Some(None),
                mark: Some(changes.mark),
                sweep: Some((swept.mark, number)),
                ..Note::default()
            })
            .await?;
        }
        let mut sweep = Sweep::begin();
        loop {
            let mut transaction = self.begin().await?;
            let after = self.feed().place.clone();
            let page = self
                .source
                .page(&self.line.wanted, after.as_ref(), PAGE)
                .await?;
            let Some(last) = page.last() else {
                break;
            };
            let ids: Vec<Uuid> = page.iter().map(|dataset| dataset.id).collect();
            let mut reader = Reader::Transaction(&mut transaction);
            let (line, database) = (&self.line, &self.database);
            let none = HashSet::new();
            let compared = compare(&mut reader, database, line, &ids, &page, &none).await?;
            tally.add(&write::write(&mut transaction, database, line, &compared).await?);
            sweep.seen.extend(ids);
            let note = Note {
                place: Some(Some(Place {
                    dataset_type: last.dataset_type.clone(),
                    id: last.id,
                })),
                changed: Some(now()),
                ..Note::default()
            };
            note.write(&mut transaction, &self.line.feed).await?;
            transaction.commit().await?;
            self.noted(note);
            progress(tally.seen);
        }
        sweep.phase = Phase::Table(None);
        tally.add(&self.mend(&mut sweep, progress).await?);
        let note = Note {
            state: Some(State::Live),
            place: Some(None),
            looked: Some(now()),
            swept: Some(now()),
            rows: Some(sweep.rows),
            ..Note::default()
        };
        let mut transaction = self.database.begin().await?;
        if tally.added + tally.changed >= ANALYZED {
            analyze(&mut transaction, self.database.target(), &self.feed().table).await?;
            tap_schema::changed(&mut transaction).await?;
        }
        note.write(&mut transaction, self.feed()).await?;
        transaction.commit().await?;
        self.noted(note);
        Ok(tally)
    }

    /// Goes through the rest of a sweep and makes right what it finds.
    async fn mend(
        &mut self,
        sweep: &mut Sweep,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Tally, ManagerError> {
        let mut tally = Tally::default();
        while let Some(found) = sweep.step(self).await? {
            tally.add(&self.mended(&found).await?);
            progress(sweep.looked);
        }
        Ok(tally)
    }

    /// Makes these right, looking at each again while nobody else writes.
    pub(super) async fn mended(&self, found: &[Difference]) -> Result<Tally, ManagerError> {
        let ids: Vec<Uuid> = found.iter().filter_map(|it| it.id).collect();
        match ids.is_empty() {
            true => Ok(Tally::default()),
            false => self.settle(&ids).await,
        }
    }

    /// Compares everything and makes right what is not.
    ///
    /// # Errors
    /// Those of the registry and of the database.
    pub(super) async fn compare_all(
        &mut self,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Tally, ManagerError> {
        let mut sweep = Sweep::begin();
        let tally = self.mend(&mut sweep, progress).await?;
        self.note(Note {
            looked: Some(now()),
            swept: Some(now()),
            rows: Some(sweep.rows),
            ..Note::default()
        })
        .await?;
        Ok(tally)
    }
}

/// Looking that finds nothing is recorded no more often (microseconds).
const LOOKED: i64 = 5_000_000;

/// Brings a table to where its registry is.
///
/// # Errors
/// Those of the registry and of the database; what was done until then lasts,
/// and the next call goes on from there.
pub async fn sync(manager: &mut Manager, options: &mut Options<'_>) -> Result<Tally, ManagerError> {
    if manager.feed().state == State::New
        && manager.feed().repository.kind == super::Kind::Butler
        && let Some(tally) = manager.build(options.progress).await?
    {
        return Ok(tally);
    }
    if manager.feed().state != State::Live {
        return manager.fill(options.progress).await;
    }
    let mut tally = manager.poll().await?;
    tally.add(&manager.go_through().await?);
    if options.full {
        tally.add(&manager.compare_all(options.progress).await?);
    }
    Ok(tally)
}

/// A page that is read meanwhile, and no more when nobody waits for it.
struct Ahead(tokio::task::JoinHandle<Result<Vec<Dataset>, registry::Error>>);

impl Ahead {
    async fn page(mut self) -> Result<Vec<Dataset>, ManagerError> {
        match (&mut self.0).await {
            Ok(page) => Ok(page?),
            Err(_) => Err(database::Error::Cancelled.into()),
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.abort();
    }
}
