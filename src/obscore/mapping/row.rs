//! A row made of a dataset.

use std::collections::HashMap;
use std::fmt::Write;

use super::columns::{Places, Slot};
use super::config::{Config, Extra, Type, What};
use super::extra::{Maker, Placed};
use super::filter::Filters;
use super::notes::Notes;
use super::template::{Fixed, Template};
use super::{Mapping, sky, time};
use crate::input::Value;
use crate::registry::{Dataset, Record, Scalar, Timespan};

/// What DataLink answers (DataLink 1.1 section 3).
const DATALINK: &str = "application/x-votable+xml;content=datalink";

/// What a configuration does not know, and whoever publishes the rows does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publisher {
    /// The IVOA authority of identifiers that no template makes: `example.org`.
    pub authority: String,
    /// The label of the repository.
    pub repository: String,
    /// The DataLink endpoint that answers for rows whose configuration names
    /// none, without a query. Without it their links are those of their files.
    pub links: Option<String>,
}

/// What becomes of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    Values(Values),
    /// No file of it is known, so that no link would lead to data: it has no
    /// row until there is one.
    Unstored,
    /// The configuration does not mean it: its type is none of it, or the
    /// exporter's filter leaves it out.
    Unwanted,
}

/// The cells of a row, in the order of [`Mapping::names`].
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    pub values: Vec<Value>,
    /// Columns left without a value that could not be what their template
    /// makes: the name, and why.
    pub remarks: Vec<String>,
}

/// What is the same for all types.
#[derive(Clone, Debug)]
pub(super) struct Common {
    facility: Option<String>,
    facilities: HashMap<String, String>,
    ranges: HashMap<String, [Option<f64>; 2]>,
    fallback_instrument: Option<String>,
    obs_collection: Option<String>,
    filters: Filters,
}

/// How the datasets of a type become rows.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// What all of them share.
    prototype: Vec<Value>,
    obs_id: Option<Placed>,
    access_url: Option<Placed>,
    publisher_did: Option<Placed>,
    extra: Vec<(usize, Maker)>,
}

impl Common {
    pub(super) fn new(config: &Config) -> Common {
        Common {
            facility: config.facility.clone(),
            facilities: config.facilities.clone(),
            ranges: config.ranges.clone(),
            fallback_instrument: config.fallback_instrument.clone(),
            obs_collection: config.obs_collection.clone(),
            filters: config.filters.clone(),
        }
    }
}

impl Plan {
    pub(super) fn new(kind: &Type, config: &Config, places: &Places, notes: &mut Notes) -> Plan {
        let scalar = |text: &Option<String>| match text {
            Some(text) => Scalar::Text(text.as_str().into()),
            None => Scalar::Null,
        };
        let collection = kind
            .obs_collection
            .clone()
            .or(config.obs_collection.clone());
        let product = Some(kind.dataproduct_type.clone());
        let level = Scalar::Int(kind.calib_level);
        let mut columns = vec![
            ("dataproduct_type", Slot::ProductType, scalar(&product)),
            (
                "dataproduct_subtype",
                Slot::ProductSubtype,
                scalar(&kind.dataproduct_subtype),
            ),
            ("o_ucd", Slot::Ucd, scalar(&kind.o_ucd)),
            ("calib_level", Slot::CalibLevel, level),
            ("obs_collection", Slot::Collection, scalar(&collection)),
            (
                "access_format",
                Slot::AccessFormat,
                scalar(&kind.access_format),
            ),
        ];
        if let Some([first, second]) = kind.s_xel {
            columns.push(("s_xel1", Slot::Xel1, Scalar::Int(first)));
            columns.push(("s_xel2", Slot::Xel2, Scalar::Int(second)));
        }
        let mut prototype = vec![Value::Null; places.names.len()];
        for (_, slot, scalar) in &columns {
            set(&mut prototype, *slot as usize, value(scalar));
        }
        let mut fixed = Fixed {
            columns: columns
                .into_iter()
                .map(|(name, _, scalar)| (name, scalar))
                .collect(),
            obs_id: false,
        };
        let mut read = |path: String, text: &str, fixed: &Fixed| match Template::read(text, fixed) {
            Ok(template) => Some(Placed { path, template }),
            Err(reason) => {
                notes.fault(&path, reason);
                None
            }
        };
        let own = |key: &str| format!("{}.{key}", kind.path);
        let obs_id = kind.obs_id.as_ref();
        let obs_id = obs_id.and_then(|text| read(own("obs_id_fmt"), text, &fixed));
        fixed.obs_id = kind.obs_id.is_some();
        let access_url = kind.datalink_url.as_ref();
        let access_url = access_url.and_then(|text| read(own("datalink_url_fmt"), text, &fixed));
        let did = config.publisher_did.as_ref();
        let publisher_did = did.and_then(|text| read("obs_publisher_did_fmt".into(), text, &fixed));
        let mut makers: Vec<(usize, Maker)> = Vec::new();
        for extra in config.extra.iter().chain(&kind.extra) {
            let Some(place) = places.of(&extra.name) else {
                continue;
            };
            let maker = match &extra.what {
                What::Constant(constant) => Some(Maker::Constant(value(constant))),
                What::Template(text) => read(format!("{}.template", extra.path), text, &fixed)
                    .map(|placed| Maker::Template(extra.kind, placed)),
            };
            // What a type says counts for its datasets.
            makers.retain(|(known, _)| *known != place);
            makers.extend(maker.map(|maker| (place, maker)));
        }
        if kind.obs_id.is_none() {
            notes.warn(
                &own("obs_id_fmt"),
                "is missing: obs_id is the name of the visit or exposure, or the patch, or the \
                 id of the dataset",
            );
        }
        warn_overruled(kind.extra.iter().chain(&config.extra), notes);
        Plan {
            prototype,
            obs_id,
            access_url,
            publisher_did,
            extra: makers,
        }
    }

    /// All of its templates, with the keys that lead there.
    pub(super) fn templates(&self) -> impl Iterator<Item = (&str, &Template)> {
        let extra = self.extra.iter().filter_map(|(_, maker)| match maker {
            Maker::Template(_, placed) => Some(placed),
            Maker::Constant(_) => None,
        });
        let named = [&self.obs_id, &self.access_url, &self.publisher_did];
        let named = named.into_iter().flatten();
        named
            .chain(extra)
            .map(|placed| (placed.path.as_str(), &placed.template))
    }
}

/// Columns that the registry's own values overrule, as they do in the Butler.
fn warn_overruled<'a>(extra: impl Iterator<Item = &'a Extra>, notes: &mut Notes) {
    const OVERRULED: [&str; 13] = [
        "instrument_name",
        "facility_name",
        "t_min",
        "t_max",
        "t_exptime",
        "target_name",
        "s_ra",
        "s_dec",
        "s_fov",
        "s_region",
        "em_min",
        "em_max",
        "em_filter_name",
    ];
    for extra in extra {
        if OVERRULED.contains(&extra.name.as_str()) {
            notes.warn(
                &extra.path,
                "counts only where the registry has no value for this column of its own",
            );
        }
    }
}

pub(super) fn value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(flag) => Value::Bool(*flag),
        Scalar::Int(number) => Value::Int(*number),
        Scalar::Float(number) => Value::Double(*number),
        Scalar::Text(text) => Value::Text(text.as_ref().into()),
    }
}

fn set(values: &mut [Value], place: usize, value: Value) {
    if let Some(cell) = values.get_mut(place) {
        *cell = value;
    }
}

impl Mapping {
    /// The row of a dataset.
    ///
    /// # Errors
    /// Why it cannot have one: each column that every row needs and that could
    /// not be made.
    pub fn row(&self, dataset: &Dataset, publisher: &Publisher) -> Result<Row, Vec<String>> {
        let Some(plan) = self.plans.get(&*dataset.dataset_type) else {
            return Ok(Row::Unwanted);
        };
        match self.common.filters.take(dataset) {
            Ok(true) => {}
            Ok(false) => return Ok(Row::Unwanted),
            Err(reason) => return Err(vec![reason]),
        }
        if dataset.files.is_empty() {
            return Ok(Row::Unstored);
        }
        let mut making = Making {
            dataset,
            values: plan.prototype.clone(),
            remarks: Vec::new(),
        };
        making.named(plan, &self.common, publisher)?;
        making.extra(&plan.extra);
        making.observed(&self.common);
        making.place();
        let Making {
            values, remarks, ..
        } = making;
        Ok(Row::Values(Values { values, remarks }))
    }
}

struct Making<'a> {
    dataset: &'a Dataset,
    values: Vec<Value>,
    remarks: Vec<String>,
}

impl Making<'_> {
    fn set(&mut self, slot: Slot, value: Value) {
        set(&mut self.values, slot as usize, value);
    }

    fn is_null(&self, slot: Slot) -> bool {
        matches!(self.values.get(slot as usize), None | Some(Value::Null))
    }

    /// Identifiers and links.
    fn named(
        &mut self,
        plan: &Plan,
        common: &Common,
        publisher: &Publisher,
    ) -> Result<(), Vec<String>> {
        let dataset = self.dataset;
        let fill = |placed: &Placed, column: &str, obs_id: Option<&str>| {
            let mut text = String::with_capacity(64);
            match placed.template.fill(dataset, obs_id, &mut text) {
                Ok(()) => Ok(text),
                Err(hole) => Err(format!("{column}: {hole}")),
            }
        };
        let obs_id = plan
            .obs_id
            .as_ref()
            .map(|placed| fill(placed, "obs_id", None));
        let made = match &obs_id {
            Some(Ok(made)) => Some(made.as_str()),
            _ => None,
        };
        let did = match &plan.publisher_did {
            Some(placed) => fill(placed, "obs_publisher_did", made),
            None => Ok(default_did(dataset, publisher)),
        };
        let url = plan
            .access_url
            .as_ref()
            .map(|placed| fill(placed, "access_url", made));
        let (obs_id, did) = match (obs_id.transpose(), did) {
            (Ok(obs_id), Ok(did)) => (obs_id, did),
            (obs_id, did) => return Err(obs_id.err().into_iter().chain(did.err()).collect()),
        };
        match url {
            Some(Ok(url)) => self.set(Slot::AccessUrl, Value::Text(url)),
            Some(Err(reason)) => self.remarks.push(reason),
            None => self.link(&did, publisher),
        }
        let obs_id = obs_id.unwrap_or_else(|| default_obs_id(dataset));
        self.set(Slot::ObsId, Value::Text(obs_id));
        self.set(Slot::PublisherDid, Value::Text(did));
        if common.obs_collection.is_none() && self.is_null(Slot::Collection) {
            let repository = publisher.repository.clone();
            self.set(Slot::Collection, Value::Text(repository));
        }
        self.set(Slot::AccessSize, size(dataset));
        Ok(())
    }

    /// A link where no template makes one: to our DataLink, or to the only file.
    fn link(&mut self, did: &str, publisher: &Publisher) {
        if let Some(base) = &publisher.links {
            let mut url = format!("{base}?ID=");
            push_encoded(&mut url, did);
            self.set(Slot::AccessUrl, Value::Text(url));
            self.set(Slot::AccessFormat, Value::Text(DATALINK.into()));
            return;
        }
        // Of a dataset that was taken apart, no file is the whole.
        if let [file] = self.dataset.files.as_slice() {
            self.set(Slot::AccessUrl, Value::Text(file.uri.clone()));
            if self.is_null(Slot::AccessFormat)
                && let Some(media_type) = &file.media_type
            {
                self.set(Slot::AccessFormat, Value::Text(media_type.clone()));
            }
        }
    }

    fn extra(&mut self, makers: &[(usize, Maker)]) {
        // As a template sees it, which is what the row will have.
        let obs_id = match self.values.get(Slot::ObsId as usize) {
            Some(Value::Text(obs_id)) => Some(obs_id.clone()),
            _ => None,
        };
        for (place, maker) in makers {
            match maker.make(self.dataset, obs_id.as_deref()) {
                Ok(Value::Null) => {}
                Ok(value) => set(&mut self.values, *place, value),
                Err(remark) => self.remarks.push(remark),
            }
        }
    }

    /// Instrument, time, target and band.
    fn observed(&mut self, common: &Common) {
        let dataset = self.dataset;
        let instrument = match dataset.data_id.get("instrument") {
            Some(Scalar::Text(name)) => Some(&**name),
            _ => common.fallback_instrument.as_deref(),
        };
        let facility = common.facilities.get(instrument.unwrap_or_default());
        let facility = facility.or(common.facility.as_ref());
        let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.into()));
        self.set(Slot::Instrument, text(instrument));
        self.set(Slot::Facility, text(facility.map(String::as_str)));
        if let Some(timespan) = dataset.timespan
            && !is_empty(timespan)
        {
            for (slot, end) in [(Slot::TMin, timespan.begin), (Slot::TMax, timespan.end)] {
                if let Some(tai) = end {
                    self.set(slot, Value::Double(time::utc_mjd(tai)));
                }
            }
        }
        // An exposure says more than the visit that it is part of.
        let exposure = dataset.data_id.get("exposure").map(|_| "exposure");
        if let Some(record) = dataset.record(exposure.unwrap_or("visit")) {
            self.copy(Slot::Exptime, record, "exposure_time");
            self.copy(Slot::Target, record, "target_name");
        }
        if let Some(band) = dataset.data_id.get("band") {
            let band = named(band);
            let filter = dataset.data_id.get("physical_filter").and_then(named);
            let range = filter.and_then(|filter| common.ranges.get(filter));
            let range = range.or_else(|| common.ranges.get(band?));
            if let Some([least, most]) = range {
                self.set(Slot::EmMin, least.map_or(Value::Null, Value::Double));
                self.set(Slot::EmMax, most.map_or(Value::Null, Value::Double));
            }
            self.set(Slot::Filter, text(band));
        }
    }

    fn copy(&mut self, slot: Slot, record: &Record, field: &str) {
        if let Some(found) = record.get(field) {
            self.set(slot, value(found));
        }
    }

    /// Region and position.
    fn place(&mut self) {
        let Some(region) = &self.dataset.region else {
            return;
        };
        let around = sky::around(region);
        self.set(Slot::Ra, Value::Double(around.lon));
        self.set(Slot::Dec, Value::Double(around.lat));
        self.set(Slot::Fov, Value::Double(around.diameter));
        self.set(Slot::Region, Value::Text(sky::text(region)));
    }
}

fn named(scalar: &Scalar) -> Option<&str> {
    match scalar {
        Scalar::Text(name) => Some(name),
        _ => None,
    }
}

/// The Butler's empty timespan ends before it begins.
fn is_empty(timespan: Timespan) -> bool {
    matches!((timespan.begin, timespan.end), (Some(begin), Some(end)) if begin > end)
}

/// `ivo://AUTHORITY/LABEL?repo=LABEL&id=UUID`, which the Butler's clients take
/// apart themselves.
fn default_did(dataset: &Dataset, publisher: &Publisher) -> String {
    let mut label = String::new();
    push_encoded(&mut label, &publisher.repository);
    format!(
        "ivo://{}/{label}?repo={label}&id={}",
        publisher.authority, dataset.id
    )
}

/// What the datasets of one observation share, where no template says it.
fn default_obs_id(dataset: &Dataset) -> String {
    let field = |element: &str, field: &str| match dataset.record(element)?.get(field)? {
        Scalar::Text(text) => Some(text.to_string()),
        _ => None,
    };
    let patch = || {
        let mut text = String::new();
        for key in ["skymap", "tract", "patch"] {
            // A text takes all that is written to it.
            let _ = match dataset.data_id.get(key)? {
                Scalar::Text(name) => write!(text, "{name}-"),
                Scalar::Int(number) => write!(text, "{number}-"),
                _ => return None,
            };
        }
        text.pop();
        Some(text)
    };
    field("exposure", "obs_id")
        .or_else(|| field("visit", "name"))
        .or_else(patch)
        .unwrap_or_else(|| dataset.id.to_string())
}

/// `access_estsize`: kilobytes, rounded up (the column's unit is kbyte, and a
/// kilobyte of VOUnits 1.1 is 1000 bytes); none where a file's size is unknown.
fn size(dataset: &Dataset) -> Value {
    let mut sizes = dataset.files.iter().map(|file| file.size);
    let sum = sizes.try_fold(0u64, |sum, size| sum.checked_add(size?));
    match sum.and_then(|bytes| i64::try_from(bytes.div_ceil(1000)).ok()) {
        Some(kilobytes) => Value::Int(kilobytes),
        None => Value::Null,
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
fn push_encoded(url: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte));
            }
            // A text takes all that is written to it.
            byte => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
}
