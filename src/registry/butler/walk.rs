//! Through all datasets in the order of type and id.

use std::collections::{HashMap, HashSet};

use adql::{Value, Wire};
use uuid::Uuid;

use super::Inner;
use super::cells::{self, int};
use super::collections::{Chosen, RUN};
use super::types::{Type, quote};
use super::universe::Kind;
use crate::registry::{Error, Wanted};

/// Rows of a table of data IDs looked at in one statement.
const TOGETHER: usize = 5000;

/// Some ids of a type, and whether they were the last.
pub(super) struct Ids {
    pub wanted: Vec<Uuid>,
    /// The last that was looked at, wanted or not.
    pub seen: Option<Uuid>,
    pub end: bool,
}

impl Inner {
    /// The next wanted ids behind `after`, at most `most`, as far as a short
    /// look comes.
    pub(super) async fn next_ids(
        &self,
        kind: &Type,
        wanted: &Wanted,
        chosen: &Chosen,
        after: Option<Uuid>,
        most: usize,
    ) -> Result<Ids, Error> {
        let guest = &self.guest;
        let limit = most.saturating_add(most / 8 + 16).min(TOGETHER);
        // On PostgreSQL the type's rows alone; a file is stepped through, so
        // that a type of few datasets does not make one look long.
        let of_type = guest.choose(
            format!("t.dataset_type_id = {} AND ", kind.id),
            String::new(),
        );
        let sql = format!(
            "SELECT {}, {}, {} FROM {} AS t WHERE {of_type}t.dataset_id > {} \
             ORDER BY t.dataset_id, t.collection_id LIMIT {limit}",
            cells::id_column(guest, "t.dataset_id"),
            Kind::Int.cast(guest, "t.collection_id"),
            Kind::Int.cast(guest, "t.dataset_type_id"),
            kind.tags,
            cells::id_parameter(guest, 1)
        );
        let from = match after {
            Some(id) => cells::id_value(id),
            // Before all of them: an empty text, or the UUID of zeros, which
            // no dataset has.
            None => guest.choose(cells::id_value(Uuid::nil()), Value::Text(String::new())),
        };
        let wires = [cells::id_wire(guest), Wire::Int8, Wire::Int8];
        let part = guest.some(&sql, &[from], &wires).await?;
        let mut rows: Vec<(Uuid, i64, i64)> = Vec::with_capacity(part.rows.len());
        for row in 0..part.rows.len() {
            if let (Some(id), Some(collection), Some(of)) = (
                cells::id(part.rows.cell(row, 0)),
                int(part.rows.cell(row, 1)),
                int(part.rows.cell(row, 2)),
            ) {
                rows.push((id, collection, of));
            }
        }
        let end = !part.cut && part.rows.len() < limit;
        if !end {
            // Not all rows of the last dataset may have come.
            let last = rows.last().map(|(id, _, _)| *id);
            let whole = rows
                .iter()
                .take_while(|(id, _, _)| Some(*id) != last)
                .count();
            if whole > 0 {
                rows.truncate(whole);
            }
        }
        let seen = rows.last().map(|(id, _, _)| *id);
        rows.retain(|(_, _, of)| *of == kind.id);
        let mut wanted = self.choose_ids(kind, wanted, chosen, &rows).await?;
        if wanted.len() > most {
            wanted.truncate(most);
            let seen = wanted.last().copied();
            return Ok(Ids {
                wanted,
                seen,
                end: false,
            });
        }
        Ok(Ids { wanted, seen, end })
    }

    /// Of the datasets of these rows (id, collection, type), those whose
    /// collections are chosen, each once and in order.
    async fn choose_ids(
        &self,
        kind: &Type,
        wanted: &Wanted,
        chosen: &Chosen,
        rows: &[(Uuid, i64, i64)],
    ) -> Result<Vec<Uuid>, Error> {
        let mut ids: Vec<Uuid> = match chosen {
            Chosen::Runs => {
                let numbers: HashSet<i64> = rows.iter().map(|(_, number, _)| *number).collect();
                let collections = self.collections(numbers).await?;
                let taken = collections.iter().filter(|(_, collection)| {
                    collection.kind == RUN && wanted.collections.takes_run(&collection.name)
                });
                let taken: HashSet<i64> = taken.map(|(number, _)| *number).collect();
                let rows = rows.iter().filter(|(_, number, _)| taken.contains(number));
                rows.map(|(id, _, _)| *id).collect()
            }
            Chosen::Tagged(tag) => {
                let rows = rows.iter().filter(|(_, number, _)| Some(*number) == *tag);
                rows.map(|(id, _, _)| *id).collect()
            }
            Chosen::Path(path) => {
                let rows = rows.iter().filter(|(_, number, _)| path.contains(number));
                let mut ids: Vec<Uuid> = rows.map(|(id, _, _)| *id).collect();
                ids.dedup();
                self.first_found(kind, path, &ids).await?
            }
        };
        ids.dedup();
        Ok(ids)
    }

    /// Of these datasets, those that no other with the same data ID comes
    /// before in the path.
    async fn first_found(
        &self,
        kind: &Type,
        path: &[i64],
        ids: &[Uuid],
    ) -> Result<Vec<Uuid>, Error> {
        let guest = &self.guest;
        let ranks: Vec<String> = path
            .iter()
            .enumerate()
            .map(|(rank, number)| format!("({number}, {rank})"))
            .collect();
        if ranks.is_empty() || ids.is_empty() {
            return Ok(Vec::new());
        }
        let same = kind.required.iter();
        let same = same.map(|(name, _)| format!("o.{0} = t.{0}", quote(name)));
        let same: Vec<String> = same.collect();
        let same = match same.is_empty() {
            true => "1 = 1".to_owned(),
            false => same.join(" AND "),
        };
        let rank = |of: &str| {
            format!("(SELECT p.place FROM path AS p WHERE p.number = {of}.collection_id)")
        };
        let sql = format!(
            "WITH path(number, place) AS (VALUES {}) SELECT {} {} AND t.dataset_type_id = {4} \
             AND t.collection_id IN (SELECT number FROM path) \
             AND NOT EXISTS (SELECT 1 FROM {} AS o WHERE o.dataset_type_id = {4} AND {same} \
             AND o.collection_id IN (SELECT number FROM path) AND {5} < {6})",
            ranks.join(", "),
            cells::id_column(guest, "t.dataset_id"),
            cells::from_ids(guest, 1, &kind.tags, "dataset_id"),
            kind.tags,
            kind.id,
            rank("o"),
            rank("t"),
        );
        let mut found = HashSet::new();
        for ids in ids.chunks(500) {
            let value = cells::ids_value(guest, ids);
            let rows = guest
                .fetch(&sql, &[value], &[cells::id_wire(guest)])
                .await?;
            found.extend((0..rows.len()).filter_map(|row| cells::id(rows.cell(row, 0))));
        }
        Ok(ids
            .iter()
            .filter(|id| found.contains(id))
            .copied()
            .collect())
    }

    /// The types of these datasets, of those that exist.
    pub(super) async fn types_of(&self, ids: &[Uuid]) -> Result<HashMap<i64, Vec<Uuid>>, Error> {
        let guest = &self.guest;
        let sql = format!(
            "SELECT {}, {} {}",
            cells::id_column(guest, "t.id"),
            Kind::Int.cast(guest, "t.dataset_type_id"),
            cells::from_ids(guest, 1, &self.table("dataset"), "id")
        );
        let wires = [cells::id_wire(guest), Wire::Int8];
        let mut found: HashMap<i64, Vec<Uuid>> = HashMap::new();
        // So many primary keys are found in some milliseconds.
        for ids in ids.chunks(guest.choose(20_000, 2000)) {
            let value = cells::ids_value(guest, ids);
            let rows = guest.fetch(&sql, &[value], &wires).await?;
            for row in 0..rows.len() {
                if let (Some(id), Some(kind)) =
                    (cells::id(rows.cell(row, 0)), int(rows.cell(row, 1)))
                {
                    found.entry(kind).or_default().push(id);
                }
            }
        }
        Ok(found)
    }
}
