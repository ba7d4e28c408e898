//! Whole datasets, many at a time: a handful of statements for a page, never
//! one for each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use adql::Wire;
use adql::sky::Region;
use uuid::Uuid;

use super::cells::{self, Part};
use super::collections::{RUN, TAGGED};
use super::records::{Found, Known};
use super::types::{Type, quote};
use super::universe::Kind;
use super::{Inner, region, uri};
use crate::registry::{DataId, Dataset, Error, File, Record, Scalar};

/// Datasets asked for in one statement.
const TOGETHER: usize = 2000;

/// What the registry writes for the component of a dataset that is one file.
const WHOLE: &str = "__NULL_STRING__";

/// A dataset's row, and the rows of its collections.
struct Row {
    id: Uuid,
    collections: Vec<i64>,
    /// Of the dimensions of the type; those that are implied come later.
    values: Vec<Scalar>,
    region: Option<Arc<Region>>,
    stored: bool,
}

impl Inner {
    /// Those of these datasets of a type that exist, in any order.
    /// `remembered`: records may be some seconds old.
    pub(super) async fn datasets(
        &self,
        kind: &Type,
        ids: &[Uuid],
        remembered: bool,
    ) -> Result<Vec<Dataset>, Error> {
        let mut datasets = Vec::with_capacity(ids.len());
        for ids in ids.chunks(TOGETHER) {
            let (rows, files) = futures_util::join!(self.rows(kind, ids), self.files(ids));
            let (mut rows, mut files) = (rows?, files?);
            let records = self.records(kind, &mut rows, remembered).await?;
            let numbers = rows.iter().flat_map(|row| row.collections.iter().copied());
            let collections = self.collections(numbers.collect()).await?;
            for (row, records) in rows.into_iter().zip(records) {
                let met = || row.collections.iter().filter_map(|it| collections.get(it));
                let Some(run) = met().find(|it| it.kind == RUN) else {
                    // It, or its run, went away while we looked.
                    continue;
                };
                let tags = met().filter(|it| it.kind == TAGGED);
                let mut tags: Vec<Arc<str>> = tags.map(|it| it.name.clone()).collect();
                tags.sort_unstable();
                let files = files.remove(&row.id).filter(|_| row.stored);
                datasets.push(dataset(kind, &row, run.name.clone(), tags, records, files));
            }
        }
        Ok(datasets)
    }

    async fn rows(&self, kind: &Type, ids: &[Uuid]) -> Result<Vec<Row>, Error> {
        let guest = &self.guest;
        let mut selected = vec![
            cells::id_column(guest, "t.dataset_id"),
            Kind::Int.cast(guest, "t.collection_id"),
            format!(
                "CAST((SELECT 1 FROM {} AS l WHERE l.dataset_id = t.dataset_id LIMIT 1) AS {})",
                self.table("dataset_location"),
                guest.choose("bigint", "INTEGER")
            ),
        ];
        let mut wires = vec![cells::id_wire(guest), Wire::Int8, Wire::Int8];
        for (name, kind) in &kind.required {
            selected.push(kind.cast(guest, &format!("t.{}", quote(name))));
            wires.push(kind.wire());
        }
        selected.extend(kind.regions.iter().cloned());
        wires.extend(kind.regions.iter().map(|_| Wire::Text));
        let sql = format!(
            "SELECT {} {} AND t.dataset_type_id = {}",
            selected.join(", "),
            cells::from_ids(guest, 1, &kind.tags, "dataset_id"),
            kind.id
        );
        let mut reader = Reader::new(kind);
        let mut left = ids;
        while !left.is_empty() {
            let value = cells::ids_value(guest, left);
            let part = guest.some(&sql, &[value], &wires).await?;
            for row in 0..part.rows.len() {
                reader.read(&self.label, part.rows.row(row));
            }
            left = match part.cut {
                true => after(left, reader.rows.last().map(|row| row.id)),
                false => &[],
            };
        }
        Ok(reader.rows)
    }

    /// The files of these datasets.
    async fn files(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<File>>, Error> {
        let guest = &self.guest;
        let mut files: HashMap<Uuid, Vec<File>> = HashMap::new();
        for store in &self.place.datastores {
            if !self.columns.contains_key(&store.table) {
                continue;
            }
            let sql = format!(
                "SELECT {}, t.path, t.component, t.checksum, {} {}",
                cells::id_column(guest, "t.dataset_id"),
                Kind::Int.cast(guest, "t.file_size"),
                cells::from_ids(guest, 1, &self.table(&store.table), "dataset_id")
            );
            let id = cells::id_wire(guest);
            let wires = [id, Wire::Text, Wire::Text, Wire::Text, Wire::Int8];
            let mut left = ids;
            while !left.is_empty() {
                let value = cells::ids_value(guest, left);
                let part = guest.some(&sql, &[value], &wires).await?;
                let mut last = None;
                for row in 0..part.rows.len() {
                    let cell = |column| part.rows.cell(row, column);
                    let (Some(id), Some(path)) = (cells::id(cell(0)), cell(1)) else {
                        continue;
                    };
                    let text = |column| cell(column).map(cells::text);
                    let file = File {
                        uri: uri::file(&store.root, cells::text(path)),
                        component: text(2).filter(|it| *it != WHOLE).map(str::to_owned),
                        size: cells::int(cell(4)).and_then(|size| u64::try_from(size).ok()),
                        media_type: None,
                        checksum: text(3).map(|digits| format!("blake2b:{digits}")),
                    };
                    let of_one = files.entry(id).or_default();
                    // A statement that was cut may be asked again for its last.
                    if !of_one.contains(&file) {
                        of_one.push(file);
                    }
                    last = Some(id);
                }
                left = match part.cut {
                    true => after(left, last),
                    false => &[],
                };
            }
        }
        for files in files.values_mut() {
            files.sort_by(|a, b| (&a.component, &a.uri).cmp(&(&b.component, &b.uri)));
        }
        Ok(files)
    }

    /// The records of every row, in the order of the type's steps; fills in
    /// the values that they tell.
    async fn records(
        &self,
        kind: &Type,
        rows: &mut [Row],
        remembered: bool,
    ) -> Result<Vec<Vec<Option<Arc<Found>>>>, Error> {
        let mut records: Vec<Vec<Option<Arc<Found>>>> = vec![Vec::new(); rows.len()];
        for step in &kind.steps {
            let Some(element) = self.universe.elements.get(step.element) else {
                continue;
            };
            let key = |row: &Row| -> Option<Box<[Part]>> {
                let value = |at: &usize| row.values.get(*at).and_then(Part::of);
                step.key.iter().map(value).collect()
            };
            let keys: HashSet<Box<[Part]>> = rows.iter().filter_map(key).collect();
            let mut known = match remembered {
                true => self.cache.take(step.element),
                false => Known::new(),
            };
            self.look_up(element, &keys, &mut known).await?;
            for (row, records) in rows.iter_mut().zip(&mut records) {
                let found = key(row).and_then(|key| known.get(&key).cloned().flatten());
                if let Some(found) = &found {
                    for (at, value) in step.implied.iter().zip(&found.implied) {
                        if let Some(place) = row.values.get_mut(*at)
                            && *place == Scalar::Null
                        {
                            *place = value.clone();
                        }
                    }
                }
                records.push(found);
            }
            if remembered {
                self.cache.keep(step.element, known);
            }
        }
        Ok(records)
    }
}

/// What is left of the ids from the one that was met last, whose rows may not
/// all have come.
fn after(ids: &[Uuid], last: Option<Uuid>) -> &[Uuid] {
    let place = last.and_then(|last| ids.iter().position(|it| *it == last));
    match place {
        // Alone it took all the time: what is missing of it is not to be had
        // in one go, and the next ones wait.
        Some(0) | None => ids.get(1..).unwrap_or_default(),
        Some(place) => ids.get(place..).unwrap_or_default(),
    }
}

/// Takes rows up, one dataset's after the other.
struct Reader<'a> {
    kind: &'a Type,
    /// Places of the table's columns among the dimensions.
    places: Vec<usize>,
    rows: Vec<Row>,
    by_id: HashMap<Uuid, usize>,
    /// Regions by their texts: patches and visits have many datasets.
    regions: HashMap<Vec<u8>, Option<Arc<Region>>>,
    /// Texts of data IDs.
    words: HashSet<Arc<str>>,
}

impl<'a> Reader<'a> {
    fn new(kind: &'a Type) -> Reader<'a> {
        let place = |(name, _): &(Arc<str>, Kind)| kind.dimensions.iter().position(|it| it == name);
        Reader {
            kind,
            places: kind.required.iter().filter_map(place).collect(),
            rows: Vec::new(),
            by_id: HashMap::new(),
            regions: HashMap::new(),
            words: HashSet::new(),
        }
    }

    fn read<'b>(&mut self, repository: &str, mut cells: impl Iterator<Item = Option<&'b [u8]>>) {
        let mut next = || cells.next().flatten();
        let (Some(id), Some(collection)) = (cells::id(next()), cells::int(next())) else {
            return;
        };
        let stored = next().is_some();
        if let Some(row) = self.by_id.get(&id).and_then(|at| self.rows.get_mut(*at)) {
            if !row.collections.contains(&collection) {
                row.collections.push(collection);
            }
            return;
        }
        let mut values = vec![Scalar::Null; self.kind.dimensions.len()];
        for ((_, kind), place) in self.kind.required.iter().zip(&self.places) {
            let value = match kind {
                Kind::Text => match next() {
                    Some(text) => Scalar::Text(word(&mut self.words, cells::text(text))),
                    None => Scalar::Null,
                },
                kind => kind.scalar(next()),
            };
            if let Some(at) = values.get_mut(*place) {
                *at = value;
            }
        }
        let mut region = None;
        for family in 0..self.kind.regions.len() {
            let one = next().and_then(|text| self.region(repository, id, text));
            region = match (family, region, one) {
                (0, _, one) => one,
                // Where one family says nothing, nothing is known.
                (_, Some(a), Some(b)) => common(&a, &b),
                _ => None,
            };
        }
        self.by_id.insert(id, self.rows.len());
        self.rows.push(Row {
            id,
            collections: vec![collection],
            values,
            region,
            stored,
        });
    }

    fn region(&mut self, repository: &str, id: Uuid, text: &[u8]) -> Option<Arc<Region>> {
        if let Some(region) = self.regions.get(text) {
            return region.clone();
        }
        let region = match region::read(cells::text(text)) {
            Ok(region) => region.map(Arc::new),
            Err(reason) => {
                // One region that cannot be read does not hold up the others.
                tracing::warn!(repository, dataset = %id, reason, "a region cannot be read");
                None
            }
        };
        self.regions.insert(text.to_owned(), region.clone());
        region
    }
}

/// One copy of every word.
fn word(words: &mut HashSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(word) = words.get(text) {
        return word.clone();
    }
    let word: Arc<str> = text.into();
    words.insert(word.clone());
    word
}

fn common(a: &Region, b: &Region) -> Option<Arc<Region>> {
    region::common(a, b).map(Arc::new)
}

fn dataset(
    kind: &Type,
    row: &Row,
    run: Arc<str>,
    tags: Vec<Arc<str>>,
    found: Vec<Option<Arc<Found>>>,
    files: Option<Vec<File>>,
) -> Dataset {
    let element = |at: usize| kind.steps.get(at).map(|step| step.name.clone());
    let records: Vec<(Arc<str>, Arc<Record>)> = found
        .into_iter()
        .enumerate()
        .filter_map(|(at, found)| Some((element(at)?, found?.record.clone())))
        .collect();
    let timespan = kind.timespans.iter().find_map(|name| {
        let record = records.iter().find(|(known, _)| known == name);
        record.and_then(|(_, record)| record.timespan)
    });
    let values = kind
        .dimensions
        .iter()
        .cloned()
        .zip(row.values.iter().cloned());
    Dataset {
        id: row.id,
        dataset_type: kind.name.clone(),
        run,
        tags,
        data_id: DataId(values.collect()),
        records,
        region: row.region.clone(),
        timespan,
        files: files.unwrap_or_default(),
    }
}
