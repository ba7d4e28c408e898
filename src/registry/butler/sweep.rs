//! What is gone, and what was changed in place.
//!
//! The tables are hashed in 4096 groups by the ends of datasets' ids: which
//! collections a dataset is in, which files it has, which datastores have it.
//! Only rows that were there at the last sweep are compared, so that what was
//! added does not make a difference; rows that were written since are named.
//! Of groups that differ all ids are told. Records are compared by who wrote
//! them (PostgreSQL) or by what they hold (SQLite).
//!
//! PostgreSQL hashes by itself, in one reading of each of these tables; of a
//! file all rows are read, in pieces of some milliseconds.
//!
//! Records that were deleted are noticed if there are fewer than before: the
//! Butler has no way to delete any.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use adql::{Value, Wire};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Inner;
use super::affected::key;
use super::cells::{self, first, int, text};
use super::changes::{Polled, by_table, since_transaction, written};
use super::types::Type;
use super::universe::Element;
use crate::registry::{Error, Sweep, Wanted};

/// More groups than this, and everything is compared.
const MOST: usize = Sweep::ENDS / 4;

/// More ids than this are not kept in a mark.
const RECENT: usize = 50_000;

/// Rows of a file looked at in one statement.
const TOGETHER: usize = 5000;

#[derive(Default, Serialize, Deserialize)]
struct Mark {
    types: Vec<i64>,
    /// On PostgreSQL.
    state: Option<Polled>,
    /// Hashes of the groups, as base64 of big-endian numbers of 32 bits.
    ends: String,
    /// Datasets of rows that were seen and are not in the hashes.
    recent: Vec<String>,
    /// On SQLite, the highest row numbers.
    last: BTreeMap<String, i64>,
    /// On PostgreSQL how many records there were; on SQLite their hash.
    elements: BTreeMap<String, i64>,
}

/// The hashes of the groups: of the rows that the last sweep knew, and of
/// those that the next one will.
struct Hashes {
    known: Vec<u32>,
    next: Vec<u32>,
}

/// A table with a row or several for a dataset.
struct Relation {
    table: String,
    /// SQL for the numbers of the types in it, of a table of data IDs.
    types: Option<String>,
    /// SQL for what is hashed of a row (`AS t`), in this engine.
    content: String,
}

impl Inner {
    pub(super) async fn sweep(&self, wanted: &Wanted, since: Option<&str>) -> Result<Sweep, Error> {
        self.cache.forget();
        self.refresh_types().await?;
        let types = self.wanted_types(wanted).await?;
        let numbers: Vec<i64> = types.iter().map(|kind| kind.id).collect();
        let old: Option<Mark> = since.and_then(|text| serde_json::from_str(text).ok());
        let old = old.filter(|old| old.types == numbers);
        let mut mark = Mark {
            types: numbers,
            ..Mark::default()
        };
        let mut sweep = match self.guest.choose(true, false) {
            true => self.sweep_server(&types, old, &mut mark).await?,
            false => self.sweep_file(&types, old, &mut mark).await?,
        };
        if mark.recent.len() > RECENT {
            // The next one begins from nothing.
            mark.types.clear();
            mark.recent.clear();
        }
        sweep.mark = written(&mark);
        Ok(sweep)
    }

    fn relations(&self, types: &[Arc<Type>]) -> Vec<Relation> {
        let choose = |postgres: &str, sqlite: &str| self.guest.choose(postgres, sqlite).to_owned();
        let mut relations: Vec<Relation> = by_table(types)
            .into_iter()
            .map(|(table, types)| Relation {
                table,
                types: Some(types),
                content: choose(
                    "uuid_hash_extended(t.dataset_id, t.collection_id)",
                    "CAST(t.collection_id AS TEXT)",
                ),
            })
            .collect();
        let files = self.place.datastores.iter().map(|store| &store.table);
        let files: BTreeSet<&String> = files
            .filter(|table| self.columns.contains_key(*table))
            .collect();
        relations.extend(files.into_iter().map(|table| Relation {
            table: self.table(table),
            types: None,
            content: choose(
                "hashtextextended(concat_ws('|', t.path, t.component, t.file_size, t.checksum), \
                 uuid_hash_extended(t.dataset_id, -1))",
                "t.path || '|' || t.component || '|' || COALESCE(t.file_size, '') || '|' || COALESCE(t.checksum, '')",
            ),
        }));
        relations.push(Relation {
            table: self.table("dataset_location"),
            types: None,
            content: choose(
                "hashtextextended(t.datastore_name, uuid_hash_extended(t.dataset_id, -2))",
                "t.datastore_name",
            ),
        });
        relations
    }

    async fn sweep_server(
        &self,
        types: &[Arc<Type>],
        old: Option<Mark>,
        mark: &mut Mark,
    ) -> Result<Sweep, Error> {
        let now = self.state().await?;
        let old = old.filter(|old| old.state.as_ref().is_some_and(|state| state.precedes(&now)));
        let before = old.as_ref().and_then(|old| old.state.clone());
        let before = before.unwrap_or_else(|| now.clone());
        let mut ids = BTreeSet::new();
        let mut recent = BTreeSet::new();
        let mut hashes = Hashes::new();
        let numbers: Vec<String> = types.iter().map(|kind| kind.id.to_string()).collect();
        let numbers = numbers.join(", ");
        for relation in self.relations(types) {
            if numbers.is_empty() {
                break;
            }
            let from = match &relation.types {
                Some(types) => {
                    format!(
                        "{} AS t WHERE t.dataset_type_id IN ({types})",
                        relation.table
                    )
                }
                None => format!(
                    "{} AS t JOIN {} AS d ON d.id = t.dataset_id WHERE d.dataset_type_id IN ({numbers})",
                    relation.table,
                    self.table("dataset")
                ),
            };
            let fresh = [
                since_transaction("t.xmin", 1),
                since_transaction("t.xmin", 2),
            ];
            let values = [before.value(), now.value()];
            let sql = format!(
                "SELECT CAST({END} AS bigint), bit_xor({content}) FILTER (WHERE NOT {}), \
                 bit_xor({content}) FILTER (WHERE NOT {}) FROM {from} GROUP BY 1",
                fresh[0],
                fresh[1],
                content = relation.content
            );
            let rows = self.guest.fetch(&sql, &values, &[Wire::Int8; 3]).await?;
            for row in 0..rows.len() {
                let cell = |column| int(rows.cell(row, column));
                let end = cell(0).unwrap_or_default() as usize;
                hashes.add(
                    end,
                    cell(1).unwrap_or_default(),
                    cell(2).unwrap_or_default(),
                );
            }
            let sql = format!(
                "SELECT uuid_send(t.dataset_id), {} FROM {from} AND {}",
                fresh[1], fresh[0]
            );
            let rows = self
                .guest
                .fetch(&sql, &values, &[Wire::Bytes, Wire::Bool])
                .await?;
            for row in 0..rows.len() {
                if let Some(id) = cells::id(rows.cell(row, 0)) {
                    ids.insert(id);
                    if rows.cell(row, 1) == Some(&[1]) {
                        recent.insert(id);
                    }
                }
            }
        }
        mark.ends = hashes.written();
        mark.recent = recent.iter().map(|id| id.simple().to_string()).collect();
        let mut everything = old.is_none();
        for element in self.elements_of(types) {
            let sql = format!("SELECT count(*) FROM {}", self.table(&element.name));
            let count = self.guest.fetch(&sql, &[], &[Wire::Int8]).await?;
            let count = int(first(&count, 0)).unwrap_or_default();
            mark.elements.insert(element.name.to_string(), count);
            let Some(old) = old.as_ref().filter(|_| !everything) else {
                continue;
            };
            let keys = self.written_since(element, &before).await?;
            let keys: Vec<_> = keys.into_iter().map(|(key, _)| key).collect();
            everything |= old
                .elements
                .get(&*element.name)
                .is_none_or(|old| *old > count);
            match self.affected(types, element, &keys, false).await? {
                Some(affected) => ids.extend(affected),
                None => everything = true,
            }
        }
        mark.state = Some(now);
        let Some(old) = old.filter(|_| !everything) else {
            return Ok(everything_of());
        };
        let Some(ends) = hashes.differing(&old.ends) else {
            return Ok(everything_of());
        };
        if !ends.is_empty() {
            let list: Vec<String> = ends.iter().map(u16::to_string).collect();
            for (tags, kinds) in by_table(types) {
                let sql = format!(
                    "SELECT uuid_send(t.dataset_id) FROM {tags} AS t \
                     WHERE t.dataset_type_id IN ({kinds}) AND {END} IN ({})",
                    list.join(", ")
                );
                let rows = self.guest.fetch(&sql, &[], &[Wire::Bytes]).await?;
                ids.extend((0..rows.len()).filter_map(|row| cells::id(rows.cell(row, 0))));
            }
        }
        ids.extend(old.recent.iter().filter_map(|id| Uuid::try_parse(id).ok()));
        Ok(found(ids, ends))
    }

    async fn sweep_file(
        &self,
        types: &[Arc<Type>],
        old: Option<Mark>,
        mark: &mut Mark,
    ) -> Result<Sweep, Error> {
        let mut ids = BTreeSet::new();
        let mut wanted = HashSet::new();
        let mut hashes = Hashes::new();
        for relation in self.relations(types) {
            let before = match &old {
                Some(old) => old.last.get(&relation.table).copied().unwrap_or_default(),
                None => i64::MAX,
            };
            let kinds: HashSet<i64> = relation
                .types
                .iter()
                .flat_map(|types| types.split(", "))
                .filter_map(|number| number.parse().ok())
                .collect();
            let (kind, of_types) = match &relation.types {
                Some(_) => ("t.dataset_type_id", true),
                None => ("0", false),
            };
            let sql = format!(
                "SELECT t.rowid, t.dataset_id, {kind}, {} FROM {} AS t WHERE t.rowid > $1 \
                 ORDER BY t.rowid LIMIT {TOGETHER}",
                relation.content, relation.table
            );
            let wires = [Wire::Int8, Wire::Text, Wire::Int8, Wire::Text];
            let mut last = 0;
            loop {
                let part = self
                    .guest
                    .some(&sql, &[Value::BigInt(last)], &wires)
                    .await?;
                let rows = part.rows;
                for row in 0..rows.len() {
                    last = int(rows.cell(row, 0)).unwrap_or(last);
                    let Some(id) = cells::id(rows.cell(row, 1)) else {
                        continue;
                    };
                    let kind = int(rows.cell(row, 2)).unwrap_or_default();
                    let taken = match of_types {
                        true => kinds.contains(&kind),
                        false => wanted.contains(&id),
                    };
                    if !taken {
                        continue;
                    }
                    wanted.insert(id);
                    let content = rows.cell(row, 3).unwrap_or_default();
                    let table = relation.table.as_bytes();
                    let hash = hash(&[table, id.as_bytes(), content]) as i64;
                    let known = if last <= before { hash } else { 0 };
                    hashes.add(usize::from(Sweep::end(id)), known, hash);
                    if last > before {
                        ids.insert(id);
                    }
                }
                if !part.cut && rows.len() < TOGETHER {
                    break;
                }
            }
            mark.last.insert(relation.table, last);
        }
        mark.ends = hashes.written();
        let mut everything = old.is_none();
        for element in self.elements_of(types) {
            match self
                .sweep_records(types, element, old.as_ref(), mark)
                .await?
            {
                Some(affected) => ids.extend(affected),
                None => everything = true,
            }
        }
        let Some(old) = old.filter(|_| !everything) else {
            return Ok(everything_of());
        };
        let Some(ends) = hashes.differing(&old.ends) else {
            return Ok(everything_of());
        };
        let of_ends: HashSet<u16> = ends.iter().copied().collect();
        ids.extend(
            wanted
                .into_iter()
                .filter(|id| of_ends.contains(&Sweep::end(*id))),
        );
        Ok(found(ids, ends))
    }

    /// Reads the records of an element in a file; tells the datasets of those
    /// that are new, and nothing where old ones are others than they were.
    async fn sweep_records(
        &self,
        types: &[Arc<Type>],
        element: &Element,
        old: Option<&Mark>,
        mark: &mut Mark,
    ) -> Result<Option<Vec<Uuid>>, Error> {
        let name = element.name.to_string();
        let before = old.and_then(|old| old.last.get(&name).copied());
        let columns = self.key_columns(element);
        let all = self.columns.get(&*name).into_iter().flatten();
        let all: Vec<String> = all
            .map(|column| format!("COALESCE(e.{}, '')", super::types::quote(column)))
            .collect();
        let selected: Vec<&str> = columns.iter().map(|(column, _)| &**column).collect();
        let sql = format!(
            "SELECT e.rowid, CAST({} AS TEXT), {} FROM {} AS e WHERE e.rowid > $1 \
             ORDER BY e.rowid LIMIT {TOGETHER}",
            all.join(" || '|' || "),
            selected.join(", "),
            self.table(&name)
        );
        let mut wires = vec![Wire::Int8, Wire::Text];
        wires.extend(columns.iter().map(|(_, kind)| kind.wire()));
        let mut keys = Vec::new();
        let (mut last, mut known, mut next) = (0, 0i64, 0i64);
        loop {
            let part = self
                .guest
                .some(&sql, &[Value::BigInt(last)], &wires)
                .await?;
            let rows = part.rows;
            for row in 0..rows.len() {
                last = int(rows.cell(row, 0)).unwrap_or(last);
                let hash =
                    hash(&[rows.cell(row, 1).map(text).unwrap_or_default().as_bytes()]) as i64;
                next ^= hash;
                match before {
                    Some(before) if last <= before => known ^= hash,
                    Some(_) => keys.extend(key(&columns, rows.row(row).skip(2))),
                    None => {}
                }
            }
            if !part.cut && rows.len() < TOGETHER {
                break;
            }
        }
        mark.last.insert(name.clone(), last);
        mark.elements.insert(name.clone(), next);
        match old.and_then(|old| old.elements.get(&name)) {
            Some(old) if *old == known => self.affected(types, element, &keys, true).await,
            _ => Ok(None),
        }
    }
}

/// SQL for the end of an id ([`Sweep::end`]) on PostgreSQL.
const END: &str = "((get_byte(uuid_send(t.dataset_id), 14) & 15) * 256 \
                   + get_byte(uuid_send(t.dataset_id), 15))";

impl Hashes {
    fn new() -> Hashes {
        Hashes {
            known: vec![0; Sweep::ENDS],
            next: vec![0; Sweep::ENDS],
        }
    }

    fn add(&mut self, end: usize, known: i64, next: i64) {
        // Half of the bits are enough to tell, and half of the mark.
        let folded = |hash: i64| (hash as u64 ^ (hash as u64 >> 32)) as u32;
        for (hashes, hash) in [(&mut self.known, known), (&mut self.next, next)] {
            if let Some(at) = hashes.get_mut(end) {
                *at ^= folded(hash);
            }
        }
    }

    fn written(&self) -> String {
        let bytes = self.next.iter().flat_map(|hash| hash.to_be_bytes());
        base64_simd::STANDARD.encode_to_string(bytes.collect::<Vec<u8>>())
    }

    /// The groups that are others than they were; nothing where that is most
    /// of them.
    fn differing(&self, old: &str) -> Option<Vec<u16>> {
        let old = base64_simd::STANDARD.decode_to_vec(old.as_bytes()).ok()?;
        let (old, _) = old.as_chunks::<4>();
        let pairs = self.known.iter().zip(old).enumerate();
        let differing = pairs.filter(|(_, (now, old))| now.to_be_bytes() != **old);
        let ends: Vec<u16> = differing.map(|(end, _)| end as u16).collect();
        (old.len() == Sweep::ENDS && ends.len() <= MOST).then_some(ends)
    }
}

fn everything_of() -> Sweep {
    Sweep {
        everything: true,
        ..Sweep::default()
    }
}

fn found(ids: BTreeSet<Uuid>, ends: Vec<u16>) -> Sweep {
    Sweep {
        ids: ids.into_iter().collect(),
        ends,
        ..Sweep::default()
    }
}

/// FNV-1a of the parts, with its bits well mixed: rows are added up by XOR.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
