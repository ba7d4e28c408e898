//! What changed, with the right to SELECT alone or with a journal.
//!
//! `dataset.ingest_date` decides nothing here: it is set before the commit,
//! so that whoever looks for later dates loses what was committed late.
//!
//! On PostgreSQL every row tells which transaction wrote it (`xmin`). A mark
//! is the first transaction that was under way when it was taken: all rows of
//! it and of later ones are told anew, whenever they were committed, also
//! those of their subtransactions. It costs a reading of the tables of data
//! IDs of the wanted types, row by row.
//! Rows that were told already are kept in memory, so that a transaction that
//! stays open for hours does not have them told over and over.
//!
//! On SQLite, where transactions commit one after the other, new rows have
//! higher row numbers, unless the highest were deleted before: a mark
//! remembers which row had the highest number.
//!
//! Told within the next call: datasets, tags, and visits that were defined.
//! Removals, files and changed records are for [`super::sweep`]; the journal
//! ([`super::journal`]) tells them all.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use adql::{Value, Wire};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::affected::key;
use super::cells::{self, Part, first, int};
use super::journal;
use super::types::{DEFINITION, Type};
use super::universe::{Element, Kind};
use super::{Inner, unreadable};
use crate::registry::{Changes, Error, Wanted};

/// What a caller gives back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    Journal(journal::Mark),
    Polled(Polled),
    Rows(BTreeMap<String, Last>),
}

/// A state of a PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Polled {
    /// The first transaction that was under way.
    pub first: u64,
    /// The table `dataset`: another one after a restore.
    pub table: i64,
}

/// The last row of a table of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Last {
    pub number: i64,
    /// What was in it.
    pub content: String,
}

/// What the last answer told that the next one would tell again.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Option<(String, Rows)>>);

type Rows = HashSet<(Row, i64)>;

/// What a row was of; its writer stands beside it.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Row {
    Dataset(Uuid),
    Record(Box<[Part]>),
}

/// Rows of a file looked at in one statement.
const TOGETHER: usize = 5000;

impl Inner {
    pub(super) async fn changes(
        &self,
        wanted: &Wanted,
        since: Option<&str>,
    ) -> Result<Changes, Error> {
        self.cache.forget();
        self.refresh_types().await?;
        let types = self.wanted_types(wanted).await?;
        let since = since.and_then(|text| Some((text, serde_json::from_str(text).ok()?)));
        let old = since.as_ref().map(|(_, mark)| mark);
        if self.guest.choose(false, true) {
            let old = match old {
                Some(Mark::Rows(rows)) => Some(rows),
                _ => None,
            };
            return self.new_rows(&types, old).await;
        }
        if let Some(journal) = self.find_journal().await? {
            let old = match old {
                Some(Mark::Journal(mark)) => Some(mark),
                _ => None,
            };
            return self.read_journal(&journal, &types, old).await;
        }
        let now = self.state().await?;
        let mut changes = Changes {
            mark: written(&Mark::Polled(now.clone())),
            ..Changes::default()
        };
        match since {
            Some((text, Mark::Polled(old))) if old.precedes(&now) => {
                match self.poll(&types, &old, text, &changes.mark, &now).await? {
                    Some(ids) => changes.ids = ids,
                    None => changes.everything = true,
                }
            }
            _ => changes.everything = true,
        }
        Ok(changes)
    }

    /// The state of the PostgreSQL database before anything else is read.
    pub(super) async fn state(&self) -> Result<Polled, Error> {
        let sql = "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint), \
                   CAST(CAST($1 AS regclass) AS bigint)";
        let values = [Value::Text(self.table("dataset"))];
        let row = self.guest.fetch(sql, &values, &[Wire::Int8; 2]).await?;
        let number = |column| int(first(&row, column));
        match (number(0).and_then(|it| u64::try_from(it).ok()), number(1)) {
            (Some(first), Some(table)) => Ok(Polled { first, table }),
            _ => Err(unreadable(
                &self.label,
                "its server does not tell its state",
            )),
        }
    }

    /// What transactions from the one of the mark on wrote.
    async fn poll(
        &self,
        types: &[Arc<Type>],
        old: &Polled,
        since: &str,
        mark: &str,
        now: &Polled,
    ) -> Result<Option<Vec<Uuid>>, Error> {
        let told = {
            let mut told = self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
            told.take().filter(|(mark, _)| mark == since)
        };
        let told = told.map(|(_, told)| told).unwrap_or_default();
        let mut ids = BTreeSet::new();
        let mut again = HashSet::new();
        for (tags, kinds) in by_table(types) {
            let sql = format!(
                "SELECT uuid_send(dataset_id), CAST(CAST(xmin AS text) AS bigint) FROM {tags} \
                 WHERE {} AND dataset_type_id IN ({kinds})",
                since_transaction("xmin", 1)
            );
            let wires = [Wire::Bytes, Wire::Int8];
            let rows = self.guest.fetch(&sql, &[old.value()], &wires).await?;
            for row in 0..rows.len() {
                let (id, writer) = (cells::id(rows.cell(row, 0)), int(rows.cell(row, 1)));
                if let (Some(id), Some(writer)) = (id, writer) {
                    let row = (Row::Dataset(id), writer);
                    if !told.contains(&row) {
                        ids.insert(id);
                    }
                    if now.will_tell(writer) {
                        again.insert(row);
                    }
                }
            }
        }
        if let Some(definition) = self.definition(types) {
            let mut keys = Vec::new();
            for (key, writer) in self.written_since(definition, old).await? {
                let row = (Row::Record(key.clone()), writer);
                if !told.contains(&row) {
                    keys.push(key);
                }
                if now.will_tell(writer) {
                    again.insert(row);
                }
            }
            match self.affected(types, definition, &keys, true).await? {
                Some(affected) => ids.extend(affected),
                None => return Ok(None),
            }
        }
        *self.told.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((mark.to_owned(), again));
        Ok(Some(ids.into_iter().collect()))
    }

    /// The keys of the records that were written since, and their writers.
    pub(super) async fn written_since(
        &self,
        element: &Element,
        old: &Polled,
    ) -> Result<Vec<(Box<[Part]>, i64)>, Error> {
        let columns = self.key_columns(element);
        let selected: Vec<&str> = columns.iter().map(|(column, _)| &**column).collect();
        let sql = format!(
            "SELECT {}, CAST(CAST(e.xmin AS text) AS bigint) FROM {} AS e WHERE {}",
            selected.join(", "),
            self.table(&element.name),
            since_transaction("e.xmin", 1)
        );
        let mut wires: Vec<Wire> = columns.iter().map(|(_, kind)| kind.wire()).collect();
        wires.push(Wire::Int8);
        let rows = self.guest.fetch(&sql, &[old.value()], &wires).await?;
        let written = |row| {
            let writer = int(rows.cell(row, columns.len()))?;
            Some((key(&columns, rows.row(row))?, writer))
        };
        Ok((0..rows.len()).filter_map(written).collect())
    }

    /// The element of visits' definitions, where regions are found by it.
    fn definition(&self, types: &[Arc<Type>]) -> Option<&Element> {
        let needed = types.iter().any(|kind| kind.through_visits);
        self.universe
            .element(DEFINITION)
            .filter(|it| needed && it.stored)
    }

    /// What rows behind the last ones of a file's tables tell.
    async fn new_rows(
        &self,
        types: &[Arc<Type>],
        old: Option<&BTreeMap<String, Last>>,
    ) -> Result<Changes, Error> {
        let mut marks = BTreeMap::new();
        let mut everything = old.is_none();
        let mut ids = BTreeSet::new();
        for (tags, kinds) in by_table(types) {
            let last = old.and_then(|old| old.get(&tags));
            let wanted: HashSet<&str> = kinds.split(", ").collect();
            let columns = "CAST(e.dataset_id AS TEXT) || ' ' || e.collection_id";
            let told = "e.dataset_id || ' ' || e.dataset_type_id";
            let rows = self
                .rows_behind(&tags, columns, told, last, old.is_none())
                .await?;
            everything |= rows.lost;
            for told in rows.told {
                let (id, kind) = told.split_once(' ').unwrap_or_default();
                if let (true, Ok(id)) = (wanted.contains(kind), Uuid::try_parse(id)) {
                    ids.insert(id);
                }
            }
            marks.insert(tags, rows.last);
        }
        if let Some(definition) = self.definition(types) {
            let table = self.table(&definition.name);
            let columns = self.key_columns(definition);
            let object = columns.iter().enumerate();
            let object: Vec<String> = object
                .map(|(at, (column, _))| format!("'k{at}', {column}"))
                .collect();
            let told = format!("json_object({})", object.join(", "));
            let last = old.and_then(|old| old.get(&table));
            let rows = self
                .rows_behind(&table, &told, &told, last, old.is_none())
                .await?;
            everything |= rows.lost;
            let keys: Vec<Box<[Part]>> = rows
                .told
                .iter()
                .filter_map(|told| key_of(told, &columns))
                .collect();
            match self.affected(types, definition, &keys, true).await? {
                Some(affected) => ids.extend(affected),
                None => everything = true,
            }
            marks.insert(table, rows.last);
        }
        Ok(Changes {
            ids: ids.into_iter().collect(),
            everything,
            mark: written(&Mark::Rows(marks)),
        })
    }

    /// The rows of a table of a file behind the last one. `content`: SQL for
    /// what a row is known by, `told`: for what is asked of it.
    async fn rows_behind(
        &self,
        table: &str,
        content: &str,
        told: &str,
        last: Option<&Last>,
        only_mark: bool,
    ) -> Result<Behind, Error> {
        let mut behind = Behind::default();
        if only_mark {
            let sql = format!(
                "SELECT e.rowid, {content} FROM {table} AS e ORDER BY e.rowid DESC LIMIT 1"
            );
            let rows = self
                .guest
                .fetch(&sql, &[], &[Wire::Int8, Wire::Text])
                .await?;
            behind.take(&rows, 1);
            return Ok(behind);
        }
        if let Some(last) = last.filter(|last| last.number > 0) {
            let sql = format!("SELECT {content} FROM {table} AS e WHERE e.rowid = $1");
            let values = [Value::BigInt(last.number)];
            let row = self.guest.fetch(&sql, &values, &[Wire::Text]).await?;
            behind.lost = first(&row, 0).map(cells::text) != Some(&last.content);
            behind.last = last.clone();
            if behind.lost {
                // Rows that came since may have lower numbers.
                let mut anew = Box::pin(self.rows_behind(table, content, told, None, true)).await?;
                anew.lost = true;
                return Ok(anew);
            }
        }
        let sql = format!(
            "SELECT e.rowid, {content}, {told} FROM {table} AS e WHERE e.rowid > $1 \
             ORDER BY e.rowid LIMIT {TOGETHER}"
        );
        loop {
            let values = [Value::BigInt(behind.last.number)];
            let wires = [Wire::Int8, Wire::Text, Wire::Text];
            let part = self.guest.some(&sql, &values, &wires).await?;
            behind.take(&part.rows, 2);
            if !part.cut && part.rows.len() < TOGETHER {
                return Ok(behind);
            }
        }
    }
}

#[derive(Default)]
struct Behind {
    last: Last,
    told: Vec<String>,
    lost: bool,
}

impl Behind {
    fn take(&mut self, rows: &crate::database::Batch, told: usize) {
        for row in 0..rows.len() {
            let text = |column| rows.cell(row, column).map(cells::text).map(str::to_owned);
            self.last = Last {
                number: int(rows.cell(row, 0)).unwrap_or_default(),
                content: text(1).unwrap_or_default(),
            };
            if told > 1 {
                self.told.extend(text(told));
            }
        }
    }
}

impl Polled {
    pub(super) fn precedes(&self, now: &Polled) -> bool {
        self.table == now.table && self.first <= now.first
    }

    /// The transaction for [`since_transaction`]: rows keep 32 bits of it.
    pub(super) fn value(&self) -> Value {
        Value::Text((self.first & 0xffff_ffff).to_string())
    }

    /// Whether a row of this writer is told again by who begins here.
    fn will_tell(&self, writer: i64) -> bool {
        let distance = (writer as u32).wrapping_sub(self.first as u32);
        distance < 1 << 31
    }
}

/// SQL: whether a row was written by the transaction of a parameter or a
/// later one.
pub(super) fn since_transaction(column: &str, place: usize) -> String {
    format!("age({column}) <= age(CAST(${place} AS xid))")
}

/// The tables of data IDs, and the numbers of the types in each.
pub(super) fn by_table(types: &[Arc<Type>]) -> BTreeMap<String, String> {
    let mut tables: BTreeMap<String, String> = BTreeMap::new();
    for kind in types {
        let kinds = tables.entry(kind.tags.clone()).or_default();
        if !kinds.is_empty() {
            kinds.push_str(", ");
        }
        kinds.push_str(&kind.id.to_string());
    }
    tables
}

/// A key of its JSON object (`k0`, `k1`, …).
pub(super) fn key_of(text: &str, columns: &[(String, Kind)]) -> Option<Box<[Part]>> {
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    let part = |at: usize| match object.get(format!("k{at}"))? {
        serde_json::Value::String(text) => Some(Part::Text((**text).into())),
        number => number.as_i64().map(Part::Int),
    };
    (0..columns.len()).map(part).collect()
}

pub(super) fn written(mark: &impl Serialize) -> String {
    // Maps of texts and numbers can always be written.
    serde_json::to_string(mark).unwrap_or_default()
}
