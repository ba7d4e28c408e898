//! Records of elements as they were read, kept as long as they are true.
//!
//! Whoever changes a record raises the generation of the registry in the same
//! transaction; what was read under another generation is forgotten. So
//! thousands of datasets of one exposure ask for it once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use adql::sky::Region;
use adql::{Value, Wire};

use super::cells::{self, Lists};
use super::error::{Error, Kind as Fault};
use super::universe::{self, Element, shared};
use super::values::{DAY, DETECTOR, EXPOSURE, FILTER, INSTRUMENT, PATCH, SKYMAP, TRACT, VISIT};
use super::values::{Part, Values};
use crate::database::{Batch, Database, Transaction};
use crate::registry::{Record, Scalar, Timespan};

/// Records kept at most; beyond, all are forgotten and read again.
const MOST: usize = 200_000;

/// Of an element: the values of its keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub element: &'static str,
    /// The first key: an instrument or sky map.
    pub name: Arc<str>,
    /// The second where it is a word.
    pub word: Option<Arc<str>>,
    /// The others.
    pub numbers: [i64; 2],
}

#[derive(Debug)]
pub struct Known {
    pub record: Arc<Record>,
    pub region: Option<Arc<Region>>,
}

impl Known {
    pub fn word(&self, field: &str) -> Option<&Arc<str>> {
        match self.record.get(field) {
            Some(Scalar::Text(word)) => Some(word),
            _ => None,
        }
    }

    pub fn number(&self, field: &str) -> Option<i64> {
        match self.record.get(field) {
            Some(Scalar::Int(number)) => Some(*number),
            _ => None,
        }
    }
}

/// What one call knows.
#[derive(Debug, Default)]
pub struct Records {
    records: HashMap<Key, Arc<Known>>,
    /// The visits of exposures (instrument and number), sorted; also where
    /// there are none.
    visits: HashMap<(Arc<str>, i64), Arc<[i64]>>,
}

/// What all calls know.
#[derive(Debug, Default)]
pub struct Cache(Mutex<(i64, Records)>);

impl Cache {
    /// What is known under this generation of these keys.
    fn take(&self, generation: i64, wanted: &mut BTreeSet<Key>, into: &mut Records) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != generation {
            return;
        }
        wanted.retain(|key| match kept.1.records.get(key) {
            Some(known) => {
                into.records.insert(key.clone(), known.clone());
                false
            }
            None => true,
        });
    }

    fn take_visits(&self, generation: i64, wanted: &mut Exposures, into: &mut Records) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != generation {
            return;
        }
        wanted.retain(|key| match kept.1.visits.get(key) {
            Some(visits) => {
                into.visits.insert(key.clone(), visits.clone());
                false
            }
            None => true,
        });
    }

    /// Keeps what a call has learnt under this generation, unless the registry
    /// has moved on.
    pub fn learn(&self, generation: i64, known: &Records) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 < generation || kept.1.records.len() > MOST {
            *kept = (generation, Records::default());
        }
        if kept.0 == generation {
            let records = known.records.iter();
            let records = records.map(|(key, known)| (key.clone(), known.clone()));
            kept.1.records.extend(records);
            let visits = known.visits.iter();
            let visits = visits.map(|(key, visits)| (key.clone(), visits.clone()));
            kept.1.visits.extend(visits);
        }
    }
}

type Exposures = BTreeSet<(Arc<str>, i64)>;

/// Where records are read: inside a transaction, or outside of any.
pub enum Reader<'a> {
    Inside(&'a mut Transaction),
    Outside(&'a Database),
}

impl Reader<'_> {
    pub async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, Error> {
        Ok(match self {
            Reader::Inside(transaction) => transaction.fetch(sql, values, wires).await?,
            Reader::Outside(database) => database.fetch(sql, values, wires).await?,
        })
    }
}

impl Records {
    pub fn get(&self, key: &Key) -> Option<&Arc<Known>> {
        self.records.get(key)
    }

    /// The visits that an exposure is a part of.
    pub fn visits(&self, instrument: &Arc<str>, exposure: i64) -> &[i64] {
        let visits = self.visits.get(&(instrument.clone(), exposure));
        visits.map_or(&[], |visits| visits)
    }

    /// Learns all that is to be known for datasets of these data IDs, with a
    /// few statements however many they are. `cache` where what is read may
    /// be kept.
    pub async fn load(
        &mut self,
        reader: &mut Reader<'_>,
        lists: &Lists,
        cache: Option<(&Cache, i64)>,
        all: impl Iterator<Item = &Values> + Clone,
    ) -> Result<(), Error> {
        let mut exposures = Exposures::new();
        let mut wanted = BTreeSet::new();
        for values in all.clone() {
            wanted.extend(direct(values));
            if let (Some(name), Some(exposure)) = (values.word(INSTRUMENT), values.number(EXPOSURE))
            {
                exposures.insert((name.clone(), exposure));
            }
        }
        self.records(reader, lists, cache, wanted).await?;
        exposures.retain(|key| !self.visits.contains_key(key));
        if let Some((cache, generation)) = cache {
            cache.take_visits(generation, &mut exposures, self);
        }
        self.definitions(reader, lists, exposures).await?;
        let mut wanted = BTreeSet::new();
        for values in all {
            self.indirect(values, &mut wanted);
        }
        self.records(reader, lists, cache, wanted).await?;
        if let Some((cache, generation)) = cache {
            cache.learn(generation, self);
        }
        Ok(())
    }

    /// What follows from the records of exposure and visit.
    fn indirect(&self, values: &Values, wanted: &mut BTreeSet<Key>) {
        let Some(name) = values.word(INSTRUMENT) else {
            return;
        };
        let exposure = values.number(EXPOSURE);
        let observed = [("exposure", exposure), ("visit", values.number(VISIT))];
        for (element, number) in observed {
            let Some(number) = number else { continue };
            let Some(known) = self.get(&numbered(element, name, [number, 0])) else {
                continue;
            };
            if let Some(filter) = known.word("physical_filter") {
                wanted.insert(filtered(name, filter));
            }
            if let Some(day) = known.number("day_obs") {
                wanted.insert(numbered("day_obs", name, [day, 0]));
            }
        }
        if let Some(exposure) = exposure {
            for visit in self.visits(name, exposure) {
                wanted.insert(match values.number(DETECTOR) {
                    Some(detector) => numbered("visit_detector_region", name, [*visit, detector]),
                    None => numbered("visit", name, [*visit, 0]),
                });
            }
        }
    }

    async fn definitions(
        &mut self,
        reader: &mut Reader<'_>,
        lists: &Lists,
        exposures: Exposures,
    ) -> Result<(), Error> {
        let mut by_name: BTreeMap<Arc<str>, Vec<i64>> = BTreeMap::new();
        for (name, exposure) in exposures {
            by_name.entry(name).or_default().push(exposure);
        }
        for (name, exposures) in by_name {
            let sql = format!(
                "SELECT exposure, visit FROM {{registry.visit_definition}} \
                 WHERE instrument = $1 AND exposure {} ORDER BY exposure, visit",
                lists.in_ints(2)
            );
            let values = [
                Value::Text(name.to_string()),
                lists.ints(exposures.iter().copied()),
            ];
            let rows = reader.fetch(&sql, &values, &[Wire::Int8; 2]).await?;
            let mut visits: HashMap<i64, Vec<i64>> = HashMap::new();
            for row in 0..rows.len() {
                if let (Some(exposure), Some(visit)) =
                    (cells::int(&rows, row, 0), cells::int(&rows, row, 1))
                {
                    visits.entry(exposure).or_default().push(visit);
                }
            }
            for exposure in exposures {
                let of_it = visits.remove(&exposure).unwrap_or_default();
                self.visits.insert((name.clone(), exposure), of_it.into());
            }
        }
        Ok(())
    }

    async fn records(
        &mut self,
        reader: &mut Reader<'_>,
        lists: &Lists,
        cache: Option<(&Cache, i64)>,
        mut wanted: BTreeSet<Key>,
    ) -> Result<(), Error> {
        wanted.retain(|key| !self.records.contains_key(key));
        if let Some((cache, generation)) = cache {
            cache.take(generation, &mut wanted, self);
        }
        // One statement for each element of each instrument or sky map.
        let mut groups: BTreeMap<(&'static str, Arc<str>), Vec<Key>> = BTreeMap::new();
        for key in wanted {
            let group = (key.element, key.name.clone());
            groups.entry(group).or_default().push(key);
        }
        for ((element, name), keys) in groups {
            let Some(element) = Element::named(element) else {
                continue;
            };
            let mut condition = format!("{} = $1", element.keys[0].name);
            let mut values = vec![Value::Text(name.to_string())];
            for (place, key) in element.keys.iter().enumerate().skip(1) {
                let (test, value) = match key.kind {
                    universe::Kind::Text => {
                        let words = keys.iter().filter_map(|key| key.word.as_deref());
                        (lists.in_words(place + 1), lists.words(words))
                    }
                    _ => {
                        let at = place - 1;
                        let numbers = keys.iter().filter_map(|key| key.numbers.get(at));
                        let numbers: BTreeSet<i64> = numbers.copied().collect();
                        (lists.in_ints(place + 1), lists.ints(numbers))
                    }
                };
                condition.push_str(&format!(" AND {} {test}", key.name));
                values.push(value);
            }
            for (key, known) in read(reader, element, &condition, &values).await? {
                self.records.insert(key, Arc::new(known));
            }
        }
        Ok(())
    }
}

/// The records of an element that meet a condition, by the order of their
/// keys.
pub async fn read(
    reader: &mut Reader<'_>,
    element: &'static Element,
    condition: &str,
    values: &[Value],
) -> Result<Vec<(Key, Known)>, Error> {
    let columns = element.columns();
    let quoted: Vec<String> = columns
        .iter()
        .map(|(name, _)| adql::target::quote(name))
        .collect();
    let keys: Vec<&str> = element.keys.iter().map(|key| key.name).collect();
    let sql = format!(
        "SELECT {} FROM {{registry.{}}} WHERE {condition} ORDER BY {}",
        quoted.join(", "),
        element.name,
        keys.join(", ")
    );
    let wires: Vec<Wire> = columns.iter().map(|(_, wire)| *wire).collect();
    let rows = reader.fetch(&sql, values, &wires).await?;
    (0..rows.len())
        .map(|row| Ok((key(element, &rows, row), known(element, &rows, row)?)))
        .collect()
}

fn key(element: &'static Element, rows: &Batch, row: usize) -> Key {
    let mut key = Key {
        element: element.name,
        name: cells::text(rows, row, 0).unwrap_or_default().into(),
        word: None,
        numbers: [0, 0],
    };
    for (place, field) in element.keys.iter().enumerate().skip(1) {
        match field.kind {
            universe::Kind::Text => key.word = cells::text(rows, row, place).map(Arc::from),
            _ => {
                if let Some(number) = key.numbers.get_mut(place - 1) {
                    *number = cells::int(rows, row, place).unwrap_or_default();
                }
            }
        }
    }
    key
}

fn known(element: &Element, rows: &Batch, row: usize) -> Result<Known, Error> {
    let fields: Vec<_> = element
        .fields()
        .enumerate()
        .map(|(place, field)| {
            let value = cells::scalar(rows, row, place, field.kind);
            (shared(field.name), value)
        })
        .collect();
    let mut place = fields.len();
    let mut region = None;
    if element.has_region {
        if let Some(text) = cells::text(rows, row, place) {
            let parsed = Region::parse(text).map_err(|error| {
                let element = element.name;
                Error::new(
                    Fault::Ours,
                    format!("a region of {element} in the registry cannot be read: {error}"),
                )
            })?;
            region = Some(Arc::new(parsed));
        }
        place += 1;
    }
    let mut timespan = None;
    if element.has_timespan {
        let begin = cells::int(rows, row, place);
        let end = cells::int(rows, row, place + 1);
        timespan = (begin.is_some() || end.is_some()).then_some(Timespan { begin, end });
    }
    Ok(Known {
        record: Arc::new(Record { fields, timespan }),
        region,
    })
}

pub fn numbered(element: &'static str, name: &Arc<str>, numbers: [i64; 2]) -> Key {
    Key {
        element,
        name: name.clone(),
        word: None,
        numbers,
    }
}

pub fn filtered(instrument: &Arc<str>, name: &Arc<str>) -> Key {
    Key {
        word: Some(name.clone()),
        ..numbered("physical_filter", instrument, [0, 0])
    }
}

/// The records that a data ID names by itself.
pub fn direct(values: &Values) -> Vec<Key> {
    let mut keys = Vec::with_capacity(6);
    if let Some(name) = values.word(INSTRUMENT) {
        keys.push(numbered("instrument", name, [0, 0]));
        let one = |element, place| {
            let number = values.number(place);
            number.map(|number| numbered(element, name, [number, 0]))
        };
        keys.extend(one("detector", DETECTOR));
        keys.extend(one("day_obs", DAY));
        keys.extend(one("exposure", EXPOSURE));
        keys.extend(one("visit", VISIT));
        if let Some(filter) = values.word(FILTER) {
            keys.push(filtered(name, filter));
        }
        if let Some(detector) = values.number(DETECTOR) {
            let with = |element, place| {
                let number = values.number(place);
                number.map(|number| numbered(element, name, [number, detector]))
            };
            keys.extend(with("visit_detector_region", VISIT));
            keys.extend(with("exposure_detector_region", EXPOSURE));
        }
    }
    if let Some(name) = values.word(SKYMAP) {
        keys.push(numbered("skymap", name, [0, 0]));
        if let Some(tract) = values.number(TRACT) {
            keys.push(numbered("tract", name, [tract, 0]));
            if let Some(Part::Number(patch)) = values.part(PATCH) {
                keys.push(numbered("patch", name, [tract, *patch]));
            }
        }
    }
    keys
}
