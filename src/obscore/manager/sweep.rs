//! Everything compared, page by page; and what a registry does not tell by itself.

use std::collections::HashSet;

use adql::{Value, Wire};
use uuid::Uuid;

use super::super::change;
use super::compare::{Difference, Tally, compare};
use super::feed::Note;
use super::read::{self, Reader};
use super::sync::PAGE;
use super::{Manager, ManagerError};
use crate::database::now;
use crate::registry::{Dataset, Place};

/// A comparison of everything, page by page: first what the registry has, then
/// the rows that were not met on the way.
pub(super) struct Sweep {
    pub phase: Phase,
    pub seen: HashSet<Uuid>,
    /// Datasets and rows looked at.
    pub looked: u64,
    /// Rows of the registry in the table.
    pub rows: u64,
    pub rejected: u64,
}

pub(super) enum Phase {
    Registry(Option<Place>),
    Table(Option<Uuid>),
    Done,
}

impl Sweep {
    pub fn begin() -> Sweep {
        Sweep {
            phase: Phase::Registry(None),
            seen: HashSet::new(),
            looked: 0,
            rows: 0,
            rejected: 0,
        }
    }

    /// What is wrong on the next page; `None` at the end. Nothing is locked.
    pub async fn step(
        &mut self,
        manager: &Manager,
    ) -> Result<Option<Vec<Difference>>, ManagerError> {
        match &self.phase {
            Phase::Registry(after) => {
                let wanted = &manager.line.wanted;
                let page = manager.source.page(wanted, after.as_ref(), PAGE).await?;
                let Some(last) = page.last() else {
                    self.phase = Phase::Table(None);
                    return Ok(Some(Vec::new()));
                };
                self.phase = Phase::Registry(Some(Place {
                    dataset_type: last.dataset_type.clone(),
                    id: last.id,
                }));
                let ids: Vec<Uuid> = page.iter().map(|dataset| dataset.id).collect();
                let found = self.look(manager, &ids, &page, &HashSet::new()).await?;
                self.seen.extend(ids);
                Ok(Some(found))
            }
            Phase::Table(after) => {
                let ids = manager.stored(*after).await?;
                let Some(last) = ids.last() else {
                    self.phase = Phase::Done;
                    return Ok(None);
                };
                self.phase = Phase::Table(Some(*last));
                self.rows += ids.len() as u64;
                let mut ids: Vec<Uuid> = ids
                    .into_iter()
                    .filter(|id| !self.seen.contains(id))
                    .collect();
                ids.dedup();
                if ids.is_empty() {
                    return Ok(Some(Vec::new()));
                }
                let datasets = manager.source.find(&ids).await?;
                let unwanted = manager.unwanted(&datasets).await?;
                let found = self.look(manager, &ids, &datasets, &unwanted).await?;
                Ok(Some(found))
            }
            Phase::Done => Ok(None),
        }
    }

    async fn look(
        &mut self,
        manager: &Manager,
        ids: &[Uuid],
        datasets: &[Dataset],
        unwanted: &HashSet<Uuid>,
    ) -> Result<Vec<Difference>, ManagerError> {
        let mut reader = Reader::Database(&manager.database);
        let (database, line) = (&manager.database, &manager.line);
        let compared = compare(&mut reader, database, line, ids, datasets, unwanted).await?;
        self.looked += ids.len() as u64;
        self.rejected += compared.tally.rejected;
        Ok(compared.differences)
    }
}

impl Manager {
    /// The datasets of the next rows behind one, in the order of their UUIDs.
    async fn stored(&self, after: Option<Uuid>) -> Result<Vec<Uuid>, ManagerError> {
        let behind = match after {
            None => String::new(),
            Some(_) => format!("AND reg_id > {}", read::id_at(&self.database, 2)),
        };
        let sql = format!(
            "SELECT reg_id FROM {} WHERE reg_source = $1 AND length(reg_id) = 16 {behind} \
             ORDER BY reg_id LIMIT {}",
            self.feed().table.stored(self.database.target()),
            5 * PAGE
        );
        let mut values = vec![Value::BigInt(self.feed().repository.number.into())];
        values.extend(after.map(|id| Value::Text(id.simple().to_string())));
        let rows = self.database.fetch(&sql, &values, &[Wire::Bytes]).await?;
        Ok((0..rows.len())
            .filter_map(|row| read::id(&rows, row, 0))
            .collect())
    }
}

impl Manager {
    /// Takes over what the registry does not tell by itself: it is gone through,
    /// and compared with what it was the last time.
    ///
    /// # Errors
    /// Those of the registry and of the database.
    pub(super) async fn go_through(&mut self) -> Result<Tally, ManagerError> {
        let (_, number) = change::end(&self.database).await?;
        let before = self.feed().sweep.clone();
        let mark = before.as_ref().map(|(mark, _)| mark.as_str());
        let found = self.source.sweep(&self.line.wanted, mark).await?;
        let tally = match found.everything {
            true => self.compare_all(&mut |_| {}).await?,
            false => {
                let mut ids: HashSet<Uuid> = found.ids.iter().copied().collect();
                if !found.ends.is_empty() {
                    ids.extend(self.ending(&found.ends).await?);
                }
                // What has come since, and is gone again, leaves no trace there.
                let since = before.map_or(0, |(_, number)| number);
                let recent = self.written_since(since).await?;
                for recent in recent.chunks(PAGE) {
                    let left = self.source.existing(recent).await?;
                    let left: HashSet<Uuid> = left.into_iter().collect();
                    ids.extend(recent.iter().filter(|id| !left.contains(id)));
                }
                let ids: Vec<Uuid> = ids.into_iter().collect();
                let mut tally = Tally::default();
                for ids in ids.chunks(PAGE) {
                    tally.add(&self.settle(ids).await?);
                }
                tally
            }
        };
        self.note(Note {
            sweep: Some((found.mark, number)),
            swept: Some(now()),
            ..Note::default()
        })
        .await?;
        Ok(tally)
    }

    /// The datasets of rows whose ids have one of these ends.
    async fn ending(&self, ends: &[u16]) -> Result<Vec<Uuid>, ManagerError> {
        let end = self.database.choose(
            "right(encode(reg_id, 'hex'), 3)",
            "lower(substr(hex(reg_id), -3))",
        );
        let condition = format!("{end} IN {}", read::texts_in(&self.database, 2));
        let ends: Vec<String> = ends.iter().map(|end| format!("{end:03x}")).collect();
        let value = read::texts(ends.iter().map(String::as_str));
        self.stored_where(&condition, value).await
    }

    /// The datasets of rows that were written by this change or a later one.
    async fn written_since(&self, change: i64) -> Result<Vec<Uuid>, ManagerError> {
        self.stored_where("reg_change >= $2", Value::BigInt(change))
            .await
    }

    async fn stored_where(&self, condition: &str, value: Value) -> Result<Vec<Uuid>, ManagerError> {
        let sql = format!(
            "SELECT reg_id FROM {} WHERE reg_source = $1 AND {condition}",
            self.feed().table.stored(self.database.target()),
        );
        let number = Value::BigInt(self.feed().repository.number.into());
        let rows = self
            .database
            .fetch(&sql, &[number, value], &[Wire::Bytes])
            .await?;
        Ok((0..rows.len())
            .filter_map(|row| read::id(&rows, row, 0))
            .collect())
    }
}
