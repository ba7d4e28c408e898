//! Ingest: thousands of datasets in a call, all of them or none.
//!
//! The rows are written at once, and the tables themselves say whether a data
//! ID or an identifier is there already. Only when they refuse is looked for
//! which: datasets that are there as they were given are left as they are, so
//! that a call can be sent again; others are named.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use adql::Wire;
use uuid::Uuid;

use super::collections::{CollectionKind, may_write};
use super::error::Error;
use super::expand::{Bare, expand, imply, missing};
use super::given::Given;
use super::types::{self, Type};
use super::universe::DIMENSIONS;
use super::values::Values;
use super::{Actor, Session, Store, cells, wait};
use crate::database::Batch;
use crate::registry::{Event, File};

/// Which identifier a dataset gets that was given none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ids {
    /// By time (RFC 9562, version 7).
    #[default]
    New,
    /// From type, run and data ID (version 5), as the Butler gives raws: the
    /// same wherever they are ingested.
    Derived,
}

/// What came of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// In the order of the datasets given.
    pub ids: Vec<Uuid>,
    pub added: usize,
    /// Were there as they were given.
    pub present: usize,
}

/// A dataset as it will be stored.
struct Ready {
    line: usize,
    id: Uuid,
    /// Whether the identifier was given.
    fixed: bool,
    type_number: i32,
    run_number: i32,
    dataset_type: Arc<str>,
    run: Arc<str>,
    values: Values,
    /// With those that records imply, where any were given.
    given: Option<Values>,
    key: String,
    files: Vec<File>,
}

impl Ready {
    fn told(&self) -> String {
        format!(
            "line {}: {} in {} with {}",
            self.line,
            self.dataset_type,
            self.run,
            self.values.told()
        )
    }
}

impl Store {
    /// Adds datasets and tells the observer of them.
    ///
    /// # Errors
    /// Types, runs or records that are not there; data IDs that have other
    /// dimensions than their type; a dataset that is there and another. Then
    /// nothing was added.
    pub async fn ingest(
        &self,
        actor: &Actor,
        given: &[Given],
        ids: Ids,
    ) -> Result<Ingested, Error> {
        let mut tries = 0;
        let mut look = false;
        loop {
            match self.try_ingest(actor, given, ids, look).await {
                // The first time it says that we have to look what is there;
                // afterwards, that others were faster.
                Err(error) if (error.is_rule() || error.is_passing()) && tries < super::TRIES => {
                    look |= error.is_rule();
                    tries += 1;
                    if tries > 1 {
                        wait(tries).await;
                    }
                }
                done => return done,
            }
        }
    }

    async fn try_ingest(
        &self,
        actor: &Actor,
        given: &[Given],
        ids: Ids,
        look: bool,
    ) -> Result<Ingested, Error> {
        let mut session = self.begin().await?;
        let runs: BTreeSet<&str> = given.iter().map(|it| &*it.run).collect();
        may_write(&mut session, actor, runs.iter().copied()).await?;
        let runs = self.runs(&mut session, &runs).await?;
        let types = types::known(&mut session).await?;
        let mut ready = prepare(given, ids, &types, &runs)?;
        let records = self
            .records_for(&mut session, ready.iter().map(|it| &it.values))
            .await?;
        check_records(&records, &ready)?;
        let all: Vec<Uuid>;
        let mut present = 0;
        if look {
            let there = self.there(&mut session, &mut ready).await?;
            present = there.iter().filter(|is| **is).count();
            all = ready.iter().map(|it| it.id).collect();
            let mut there = there.into_iter();
            ready.retain(|_| !there.next().unwrap_or_default());
        } else {
            all = ready.iter().map(|it| it.id).collect();
        }
        let added = ready.len();
        if added > 0 {
            append(&mut session, &ready).await?;
        }
        if let Some(observer) = self.observer.as_ref().filter(|_| added > 0) {
            let events: Vec<Event> = ready
                .into_iter()
                .map(|it| {
                    Event::Added(expand(
                        &records,
                        Bare {
                            id: it.id,
                            dataset_type: it.dataset_type,
                            run: it.run,
                            tags: Vec::new(),
                            values: it.values,
                            files: it.files,
                        },
                    ))
                })
                .collect();
            observer.apply(&mut session.transaction, &events).await?;
        }
        session.transaction.commit().await?;
        Ok(Ingested {
            ids: all,
            added,
            present,
        })
    }

    /// The numbers of RUN collections.
    async fn runs(
        &self,
        session: &mut Session,
        names: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, i32>, Error> {
        let sql = format!(
            "SELECT collection_id, name, kind FROM {{registry.collection}} WHERE name {}",
            self.lists.in_words(1)
        );
        let values = [self.lists.words(names.iter().copied())];
        let wires = [Wire::Int4, Wire::Text, Wire::Text];
        let rows = session.transaction.fetch(&sql, &values, &wires).await?;
        let mut runs = BTreeMap::new();
        for row in 0..rows.len() {
            let text = |column| cells::text(&rows, row, column).unwrap_or_default();
            if text(2) != CollectionKind::Run.name() {
                return Err(Error::conflict(format!(
                    "collection {} is {}: datasets are made in a RUN, and associated with others",
                    text(1),
                    text(2)
                )));
            }
            runs.insert(text(1).to_owned(), cells::narrow(&rows, row, 0));
        }
        let lost = names.iter().filter(|name| !runs.contains_key(**name));
        let lost: Vec<String> = lost.map(|name| (*name).to_owned()).collect();
        if !lost.is_empty() {
            return Err(Error::missing(
                "there are no such collections: register them as RUN first",
            )
            .about(lost));
        }
        Ok(runs)
    }

    /// Which of the datasets are there as they were given; those that got
    /// their identifier from us take that of those that are there.
    ///
    /// # Errors
    /// Those that are there and are others.
    async fn there(&self, session: &mut Session, ready: &mut [Ready]) -> Result<Vec<bool>, Error> {
        let transaction = &mut session.transaction;
        let script = self.database.choose(
            "DROP TABLE IF EXISTS {pg_temp.given}; \
             CREATE TEMPORARY TABLE {pg_temp.given} (place integer, id uuid, type_id integer, \
             run_id integer, data_id text COLLATE \"C\") ON COMMIT DROP",
            "DROP TABLE IF EXISTS {pg_temp.given}; \
             CREATE TEMPORARY TABLE {pg_temp.given} (place INTEGER, id BLOB, type_id INTEGER, \
             run_id INTEGER, data_id TEXT)",
        );
        transaction.script(script).await?;
        let wires = [Wire::Int4, Wire::Bytes, Wire::Int4, Wire::Int4, Wire::Text];
        let mut batch = Batch::new(wires);
        for (place, it) in ready.iter().enumerate() {
            cells::push_narrow(&mut batch, i32::try_from(place).unwrap_or(i32::MAX));
            batch.push(Some(it.id.as_bytes()));
            cells::push_narrow(&mut batch, it.type_number);
            cells::push_narrow(&mut batch, it.run_number);
            cells::push_text(&mut batch, Some(&it.key));
        }
        let columns = ["place", "id", "type_id", "run_id", "data_id"];
        let table = (adql::target::TEMPORARY, "given");
        transaction.append(table, &columns, batch).await?;
        let sql = format!(
            "SELECT g.place, {} FROM {{pg_temp.given}} AS g JOIN {{registry.dataset}} AS d \
             ON d.type_id = g.type_id AND d.run_id = g.run_id AND d.data_id = g.data_id",
            self.id_column("d.id")
        );
        let wires = [Wire::Int4, Wire::Bytes];
        let same = transaction.fetch(&sql, &[], &wires).await?;
        let sql = "SELECT g.place, d.data_id FROM {pg_temp.given} AS g \
                   JOIN {registry.dataset} AS d ON d.id = g.id \
                   WHERE d.type_id <> g.type_id OR d.run_id <> g.run_id OR d.data_id <> g.data_id";
        let other = transaction
            .fetch(sql, &[], &[Wire::Int4, Wire::Text])
            .await?;
        let place =
            |rows: &Batch, row| usize::try_from(cells::narrow(rows, row, 0)).unwrap_or_default();
        let mut conflicts = BTreeMap::new();
        for row in 0..other.len() {
            let place = place(&other, row);
            if let Some(it) = ready.get(place) {
                let told = format!("{}: the UUID {} is another dataset's", it.told(), it.id);
                conflicts.insert(place, told);
            }
        }
        let mut olds: HashMap<Uuid, usize> = HashMap::new();
        for row in 0..same.len() {
            let place = place(&same, row);
            let (Some(it), Some(id)) = (ready.get_mut(place), cells::uuid(&same, row, 1)) else {
                continue;
            };
            if it.fixed && it.id != id {
                conflicts.insert(place, format!("{} is there as {id}", it.told()));
            } else {
                it.id = id;
                olds.insert(id, place);
            }
        }
        let files = self.files_of(session, olds.keys().copied()).await?;
        let none = Vec::new();
        for (id, place) in &olds {
            if let Some(it) = ready.get(*place)
                && it.files != *files.get(id).unwrap_or(&none)
            {
                let told = format!("{} is there as {id}, with other files", it.told());
                conflicts.insert(*place, told);
            }
        }
        if !conflicts.is_empty() {
            return Err(Error::conflict(format!(
                "{} of {} datasets are there already and are others: leave them out, or ingest \
                 into another run",
                conflicts.len(),
                ready.len()
            ))
            .about(conflicts.into_values()));
        }
        let mut there = vec![false; ready.len()];
        for place in olds.into_values() {
            if let Some(is) = there.get_mut(place) {
                *is = true;
            }
        }
        Ok(there)
    }

    async fn files_of(
        &self,
        session: &mut Session,
        ids: impl Iterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, Vec<File>>, Error> {
        let condition = format!("f.dataset_id {}", self.lists.in_ids(1));
        let values = [self.lists.ids(ids)];
        let sql = self.files_sql("{registry.file} AS f", &condition);
        let wires = super::look::FILE_WIRES;
        let rows = session.transaction.fetch(&sql, &values, wires).await?;
        Ok(super::look::files(&rows))
    }
}

/// What is needed to store them.
///
/// # Errors
/// Types and dimensions that do not go together, and datasets given twice.
fn prepare(
    given: &[Given],
    ids: Ids,
    types: &[Type],
    runs: &BTreeMap<String, i32>,
) -> Result<Vec<Ready>, Error> {
    let mut by_name: HashMap<&str, &Type> = HashMap::new();
    for it in types {
        by_name.insert(&it.name, it);
    }
    let lost: BTreeSet<&str> = given
        .iter()
        .map(|it| &*it.dataset_type)
        .filter(|name| !by_name.contains_key(name))
        .collect();
    if !lost.is_empty() {
        let lost = lost.into_iter().map(str::to_owned);
        return Err(
            Error::missing("there are no such dataset types: register them first").about(lost),
        );
    }
    let mut ready = Vec::with_capacity(given.len());
    for it in given {
        let (Some(of), Some(run)) = (by_name.get(&*it.dataset_type), runs.get(&*it.run)) else {
            continue;
        };
        let values = required(it, of)?;
        let key = values.key();
        let id = match (it.id, ids) {
            (Some(id), _) => id,
            (None, Ids::New) => Uuid::now_v7(),
            (None, Ids::Derived) => derived(of, &it.run, &values),
        };
        ready.push(Ready {
            line: it.place,
            id,
            fixed: it.id.is_some() || ids == Ids::Derived,
            type_number: of.number,
            run_number: *run,
            dataset_type: of.name.clone(),
            run: it.run.clone(),
            given: (it.values != values).then(|| it.values.clone()),
            values,
            key,
            files: it.files.clone(),
        });
    }
    let mut keys = HashMap::with_capacity(ready.len());
    let mut seen = HashMap::with_capacity(ready.len());
    let mut twice = Vec::new();
    for it in &ready {
        let key = (it.type_number, it.run_number, it.key.as_str());
        if let Some(line) = keys.insert(key, it.line) {
            twice.push(format!("{}, as in line {line}", it.told()));
        } else if let Some(line) = seen.insert(it.id, it.line) {
            twice.push(format!(
                "line {}: the UUID {} of line {line}",
                it.line, it.id
            ));
        }
    }
    match twice.is_empty() {
        true => Ok(ready),
        false => Err(Error::conflict("datasets are given twice: give each once").about(twice)),
    }
}

/// The required values of a data ID.
///
/// # Errors
/// A dimension too few, or one that has nothing to do with the type.
fn required(given: &Given, of: &Type) -> Result<Values, Error> {
    let mut values = given.values.clone();
    let names = |places: &[usize]| {
        let names: Vec<&str> = places.iter().map(|at| DIMENSIONS[*at].name).collect();
        names.join(", ")
    };
    let lost: Vec<usize> = of
        .places
        .iter()
        .copied()
        .filter(|at| values.part(*at).is_none())
        .collect();
    let is_implied = |at: usize| {
        of.places
            .iter()
            .any(|it| DIMENSIONS[*it].implies.contains(&DIMENSIONS[at].name))
    };
    let strange: Vec<usize> = values
        .places()
        .filter(|at| !of.places.contains(at) && !is_implied(*at))
        .collect();
    if !lost.is_empty() || !strange.is_empty() {
        let mut reason = Vec::new();
        if !lost.is_empty() {
            reason.push(format!("lacks {}", names(&lost)));
        }
        if !strange.is_empty() {
            reason.push(format!("should not have {}", names(&strange)));
        }
        return Err(Error::invalid(format!(
            "line {}: the data ID {}: {} has the dimensions {}",
            given.place,
            reason.join(" and "),
            of.name,
            names(&of.places)
        )));
    }
    for at in 0..DIMENSIONS.len() {
        if !of.places.contains(&at) {
            values.clear(at);
        }
    }
    Ok(values)
}

/// `DatasetIdFactory` of `daf_butler`, mode DATAID_TYPE_RUN.
fn derived(of: &Type, run: &str, values: &Values) -> Uuid {
    const NAMESPACE: Uuid = Uuid::from_u128(0x840b_31d9_05cd_5161_b2c8_00d3_2b28_0d0f);
    let mut parts: Vec<String> = values
        .told()
        .split(", ")
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    parts.sort_unstable();
    let head = [format!("dataset_type={}", of.name), format!("run={run}")];
    let text = head.into_iter().chain(parts).collect::<Vec<_>>().join(",");
    Uuid::new_v5(&NAMESPACE, text.as_bytes())
}

/// Checks that what the data IDs name is there, and is what they say.
///
/// # Errors
/// Records that are not there, values that contradict them.
fn check_records(records: &super::known::Records, ready: &[Ready]) -> Result<(), Error> {
    let mut lost = BTreeSet::new();
    for it in ready {
        missing(records, &it.values, &mut lost);
        if lost.len() > super::error::TOLD {
            break;
        }
    }
    if !lost.is_empty() {
        let message = "data IDs name what is not registered: register it first";
        return Err(Error::missing(message).about(lost));
    }
    for it in ready {
        if let Some(given) = &it.given {
            imply(records, given)
                .map_err(|reason| Error::invalid(format!("line {}: {reason}", it.line)))?;
        }
    }
    Ok(())
}

const COLUMNS: [&str; 15] = [
    "id",
    "type_id",
    "run_id",
    "data_id",
    "change",
    "instrument",
    "skymap",
    "band",
    "physical_filter",
    "day_obs",
    "detector",
    "exposure",
    "visit",
    "tract",
    "patch",
];

/// Writes the rows of datasets and of their files. What the database refuses
/// may be said by a later statement: it works while the observer is told.
async fn append(session: &mut Session, ready: &[Ready]) -> Result<(), Error> {
    let mut wires = vec![Wire::Bytes, Wire::Int4, Wire::Int4, Wire::Text, Wire::Int8];
    wires.extend(DIMENSIONS.iter().map(|it| match it.is_word {
        true => Wire::Text,
        false => Wire::Int8,
    }));
    let mut datasets = Batch::new(wires);
    let mut files = Batch::new([
        Wire::Bytes,
        Wire::Int2,
        Wire::Text,
        Wire::Text,
        Wire::Int8,
        Wire::Text,
        Wire::Text,
    ]);
    for it in ready {
        datasets.push(Some(it.id.as_bytes()));
        cells::push_narrow(&mut datasets, it.type_number);
        cells::push_narrow(&mut datasets, it.run_number);
        cells::push_text(&mut datasets, Some(&it.key));
        cells::push_int(&mut datasets, Some(session.change));
        for (at, dimension) in DIMENSIONS.iter().enumerate() {
            match dimension.is_word {
                true => cells::push_text(&mut datasets, it.values.word(at).map(|it| &**it)),
                false => cells::push_int(&mut datasets, it.values.number(at)),
            }
        }
        for (place, file) in it.files.iter().enumerate() {
            let place = i16::try_from(place).map_err(|_| {
                Error::invalid(format!(
                    "line {}: a dataset has 32767 files at most",
                    it.line
                ))
            })?;
            files.push(Some(it.id.as_bytes()));
            files.push(Some(&place.to_be_bytes()));
            cells::push_text(&mut files, Some(&file.uri));
            cells::push_text(&mut files, file.component.as_deref());
            let size = file.size.and_then(|size| i64::try_from(size).ok());
            cells::push_int(&mut files, size);
            cells::push_text(&mut files, file.media_type.as_deref());
            cells::push_text(&mut files, file.checksum.as_deref());
        }
    }
    let transaction = &mut session.transaction;
    transaction
        .append(("registry", "dataset"), &COLUMNS, datasets)
        .await?;
    if !files.is_empty() {
        let columns = [
            "dataset_id",
            "place",
            "uri",
            "component",
            "size",
            "media_type",
            "checksum",
        ];
        transaction
            .append(("registry", "file"), &columns, files)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::own::values::{DETECTOR, EXPOSURE, INSTRUMENT, Part};

    /// What `DatasetIdFactory.makeDatasetId` of daf_butler 30 makes of it in
    /// the mode DATAID_TYPE_RUN.
    #[test]
    fn raws_get_the_identifier_that_a_butler_gives_them() {
        let mut values = Values::default();
        values.set(INSTRUMENT, Part::Word("HSC".into()));
        values.set(EXPOSURE, Part::Number(903_334));
        values.set(DETECTOR, Part::Number(47));
        let raw = Type {
            number: 1,
            name: "raw".into(),
            places: vec![INSTRUMENT, DETECTOR, EXPOSURE],
        };
        let expected = "ffaafd2f-0f64-565d-9cfd-61e0211503d3";
        assert_eq!(derived(&raw, "HSC/raw/all", &values).to_string(), expected);
    }
}
