//! Datasets with all that can be said of them, from their data IDs and the
//! records that were read.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use super::known::{Key, Known, Records, direct, filtered, numbered};
use super::universe::{DIMENSIONS, Element, shared};
use super::values::{BAND, DAY, DETECTOR, EXPOSURE, FILTER, INSTRUMENT, PATCH, SKYMAP, TRACT};
use super::values::{Part, VISIT, Values};
use crate::registry::{DataId, Dataset, File, Scalar};

/// A dataset as its row and files say.
#[derive(Clone, Debug)]
pub struct Bare {
    pub id: Uuid,
    pub dataset_type: Arc<str>,
    pub run: Arc<str>,
    pub tags: Vec<Arc<str>>,
    pub values: Values,
    pub files: Vec<File>,
}

/// The records that a data ID needs and that are not there, as messages have
/// them.
pub fn missing(records: &Records, values: &Values, into: &mut BTreeSet<String>) {
    for key in direct(values) {
        let is_loose = Element::named(key.element).is_none_or(|element| element.is_loose);
        if !is_loose && records.get(&key).is_none() {
            into.insert(named(&key));
        }
    }
}

fn named(key: &Key) -> String {
    let Some(element) = Element::named(key.element) else {
        return key.element.to_owned();
    };
    let mut told = vec![format!("{}={}", element.keys[0].name, key.name)];
    told.extend(key.word.iter().map(|word| format!("name={word}")));
    if key.word.is_none() {
        let rest = element.keys.iter().skip(1).zip(key.numbers);
        told.extend(rest.map(|(field, number)| format!("{}={number}", field.name)));
    }
    format!("{} {}", key.element, told.join(", "))
}

/// What the records say of implied dimensions, into the places that have no
/// value.
///
/// # Errors
/// A value that is another than the records say.
pub fn imply(records: &Records, values: &Values) -> Result<Values, String> {
    let mut whole = values.clone();
    let mut put = |place: usize, part: Part| match whole.part(place) {
        Some(given) if *given != part => {
            let (mut is, mut says) = (Values::default(), Values::default());
            is.set(place, given.clone());
            says.set(place, part);
            Err(format!(
                "{} is given, but its records say {}",
                is.told(),
                says.told()
            ))
        }
        _ => {
            whole.set(place, part);
            Ok(())
        }
    };
    if let Some(name) = values.word(INSTRUMENT) {
        let mut filter = values.word(FILTER).cloned();
        for (element, place) in [("exposure", EXPOSURE), ("visit", VISIT)] {
            let number = values.number(place);
            let Some(known) =
                number.and_then(|number| records.get(&numbered(element, name, [number, 0])))
            else {
                continue;
            };
            if let Some(of_it) = known.word("physical_filter") {
                put(FILTER, Part::Word(of_it.clone()))?;
                filter = Some(of_it.clone());
            }
            if let Some(day) = known.number("day_obs") {
                put(DAY, Part::Number(day))?;
            }
        }
        let filter = filter.and_then(|filter| records.get(&filtered(name, &filter)));
        if let Some(band) = filter.and_then(|known| known.word("band")) {
            put(BAND, Part::Word(band.clone()))?;
        }
    }
    Ok(whole)
}

/// The order in which a Butler writes data IDs; `group` is known of exposures
/// alone.
const ORDER: [usize; 10] = [
    BAND, INSTRUMENT, SKYMAP, DAY, DETECTOR, FILTER, TRACT, EXPOSURE, PATCH, VISIT,
];

/// The dataset with all that the records say of it.
pub fn expand(records: &Records, bare: Bare) -> Dataset {
    // What contradicts was refused when it came in.
    let values = imply(records, &bare.values).unwrap_or_else(|_| bare.values.clone());
    let mut found = Vec::with_capacity(6);
    let mut add = |key: Key| {
        if let Some(known) = records.get(&key) {
            found.push((shared(key.element), known.record.clone()));
        }
    };
    for key in direct(&values) {
        if !key.element.ends_with("_region") {
            add(key);
        }
    }
    let mut data_id: Vec<(Arc<str>, Scalar)> = Vec::with_capacity(8);
    for place in ORDER {
        let value = match values.part(place) {
            Some(Part::Word(word)) => Scalar::Text(word.clone()),
            Some(Part::Number(number)) => Scalar::Int(*number),
            None => continue,
        };
        data_id.push((shared(DIMENSIONS[place].name), value));
    }
    let observed = observed(records, &values);
    if let Some(group) = observed.and_then(|known| known.word("group")) {
        data_id.push((shared("group"), Scalar::Text(group.clone())));
    }
    Dataset {
        id: bare.id,
        dataset_type: bare.dataset_type,
        run: bare.run,
        tags: bare.tags,
        region: region(records, &values),
        timespan: observed
            .and_then(|known| known.record.timespan)
            .or_else(|| day(records, &values)?.record.timespan),
        data_id: DataId(data_id),
        records: found,
        files: bare.files,
    }
}

/// The record of its exposure or visit.
fn observed<'a>(records: &'a Records, values: &Values) -> Option<&'a Arc<Known>> {
    let name = values.word(INSTRUMENT)?;
    let (element, number) = match (values.number(VISIT), values.number(EXPOSURE)) {
        (Some(visit), _) => ("visit", visit),
        (None, Some(exposure)) => ("exposure", exposure),
        (None, None) => return None,
    };
    records.get(&numbered(element, name, [number, 0]))
}

fn day<'a>(records: &'a Records, values: &Values) -> Option<&'a Arc<Known>> {
    let (name, day) = (values.word(INSTRUMENT)?, values.number(DAY)?);
    records.get(&numbered("day_obs", name, [day, 0]))
}

/// Where it lies: of visit and detector, of the visit, of patch or tract. For
/// exposures what is said of them, else what is said of the first of their
/// visits that has a region. A part of the camera without a region of its own
/// has none: the whole of it would be too much.
fn region(records: &Records, values: &Values) -> Option<Arc<adql::sky::Region>> {
    let of = |key: Key| records.get(&key).and_then(|known| known.region.clone());
    if let Some(name) = values.word(INSTRUMENT) {
        let detector = values.number(DETECTOR);
        let of_visit = |visit| match detector {
            Some(detector) => of(numbered("visit_detector_region", name, [visit, detector])),
            None => of(numbered("visit", name, [visit, 0])),
        };
        if let Some(visit) = values.number(VISIT) {
            return of_visit(visit);
        }
        if let Some(exposure) = values.number(EXPOSURE) {
            let own = match detector {
                Some(detector) => of(numbered(
                    "exposure_detector_region",
                    name,
                    [exposure, detector],
                )),
                None => of(numbered("exposure", name, [exposure, 0])),
            };
            let visits = records.visits(name, exposure);
            return own.or_else(|| visits.iter().find_map(|visit| of_visit(*visit)));
        }
    }
    let name = values.word(SKYMAP)?;
    let tract = values.number(TRACT)?;
    match values.number(PATCH) {
        Some(patch) => of(numbered("patch", name, [tract, patch])),
        None => of(numbered("tract", name, [tract, 0])),
    }
}
