//! How a dataset of a registry becomes a row of ObsCore, as Rubin's own
//! configuration documents say it.
//!
//! Reads what the Butler's ObsCore manager reads (YAML, or the JSON it keeps in
//! its registry) and what `dax_obscore` exports by, unchanged; [`default_for`]
//! writes one for repositories that bring none. Columns: ObsCore 1.1
//! (<https://www.ivoa.net/documents/ObsCore/20170509/>), and `em_filter_name`,
//! which the Butler's tables have too.
//!
//! # Where do rows differ from the Butler's?
//!
//! Metadata without a value leave the column without one (there they become the
//! word `None`, or stop the ingest). Regions of all kinds have a centre, a
//! diameter and a text with all their digits. `access_estsize` is filled, and
//! `obs_id`, `obs_publisher_did` and `access_url` where no template is given.
//! Dataset types that give one extra column different types: the first one
//! counts there and here, and here it is said. Indices over several columns
//! become an index for each.
//!
//! # When is a dataset no row?
//!
//! A row is a promise that its link leads to data: a dataset of which no file is
//! known is [`Row::Unstored`], whoever makes its link.
//!
//! # What of the exporter's `where`?
//!
//! It is judged dataset by dataset, so it can ask for what a dataset's data ID
//! and records say, and not for what only a join would: such expressions are
//! faults. `Mapping::wanted` does not know of it.
//!
//! Leaves out: tables and indices of `spatial_plugins`, what `origin` says of a
//! table (a service says it of itself).
//!
//! Must not know: databases, HTTP, where datasets come from.

mod columns;
mod config;
mod default;
mod document;
mod extra;
mod filter;
mod notes;
mod row;
mod sky;
mod table;
mod template;
mod time;

pub use default::default_for;
pub use notes::{Fault, Faults, Warning};
pub use row::{Publisher, Row, Values};
pub use time::LEAP_SECONDS_KNOWN_UNTIL;

use std::collections::{BTreeMap, HashMap};

use self::columns::Places;
use self::config::Config;
use self::document::Node;
use self::notes::{Notes, nearest};
use self::row::{Common, Plan};
use self::template::Asked;
use crate::config::ExtraColumn;
use crate::registry::{Collections, Wanted};

/// A configuration, ready to make rows.
///
/// ```
/// use obstap::obscore::mapping::Mapping;
/// let (mapping, warnings) = Mapping::read(
///     "facility_name: Rubin:Simonyi\n\
///      obs_collection: LSST.DP1\n\
///      collections: [LSSTComCam/DP1]\n\
///      dataset_types:\n\
///     \x20 visit_image:\n\
///     \x20   dataproduct_type: image\n\
///     \x20   calib_levl: 2\n\
///     \x20   calib_level: 2\n\
///     \x20   obs_id_fmt: '{records[visit].name}'\n",
/// )
/// .unwrap();
/// assert_eq!(mapping.wanted().types, ["visit_image"]);
/// assert_eq!(
///     warnings[0].to_string(),
///     "dataset_types.visit_image.calib_levl: is not a key of this table, and is ignored; \
///      calib_level is"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Mapping {
    plans: HashMap<String, Plan>,
    common: Common,
    places: Places,
    collections: Collections,
}

impl Mapping {
    /// Reads a configuration: YAML or JSON, of the manager or the exporter.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the keys that lead there.
    pub fn read(text: &str) -> Result<(Mapping, Vec<Warning>), Faults> {
        let mut notes = Notes::default();
        match Mapping::checked(text, &mut notes) {
            Some(mapping) if notes.faults.is_empty() => Ok((mapping, notes.warnings)),
            _ => Err(Faults(notes.faults)),
        }
    }

    fn checked(text: &str, notes: &mut Notes) -> Option<Mapping> {
        let document = match Node::read(text) {
            Ok(document) => document,
            Err(reason) => {
                notes.fault("", reason);
                return None;
            }
        };
        let config = Config::read(&document, notes)?;
        let places = Places::new(&config, notes);
        let plans = config.types.iter().map(|kind| {
            let plan = Plan::new(kind, &config, &places, notes);
            (kind.name.clone(), plan)
        });
        Some(Mapping {
            plans: plans.collect(),
            common: Common::new(&config),
            places,
            collections: config.collections,
        })
    }

    /// Which datasets have rows, as far as their registry can tell.
    pub fn wanted(&self) -> Wanted {
        let mut types: Vec<String> = self.plans.keys().cloned().collect();
        types.sort_unstable();
        Wanted {
            types,
            collections: self.collections.clone(),
        }
    }

    /// The columns it fills that ObsCore does not have, as a service would
    /// declare them.
    pub fn columns(&self) -> &[ExtraColumn] {
        &self.places.extra
    }

    /// The columns of its rows. Those of ObsCore that are not among them have
    /// no value in any row.
    pub fn names(&self) -> &[String] {
        &self.places.names
    }

    /// What its templates ask for that a registry does not have, where the
    /// fields of all its dimension elements are known: nothing there would ever
    /// have a value.
    pub fn unknown_names(&self, elements: &BTreeMap<String, Vec<String>>) -> Vec<Warning> {
        let mut notes = Notes::default();
        for (path, template) in self.plans.values().flat_map(Plan::templates) {
            for asked in template.asked() {
                let (element, field) = match asked {
                    Asked::Key(key) => (key, None),
                    Asked::Field(element, field) => (element, Some(field)),
                    Asked::Timespan(element) => (element, None),
                };
                let meant = |name, known: &[&str]| match nearest(name, known.iter().copied()) {
                    Some(meant) => format!("; {meant} is"),
                    None => String::new(),
                };
                match (elements.get(element), field) {
                    (None, _) => {
                        let known: Vec<&str> = elements.keys().map(String::as_str).collect();
                        notes.warn(
                            path,
                            format!(
                                "{element} is no dimension of the registry{}",
                                meant(element, &known)
                            ),
                        );
                    }
                    (Some(fields), Some(field))
                        if !matches!(field, "id" | "name")
                            && !fields.iter().any(|f| f == field) =>
                    {
                        let known: Vec<&str> = fields.iter().map(String::as_str).collect();
                        notes.warn(
                            path,
                            format!("{field} is no field of {element}{}", meant(field, &known)),
                        );
                    }
                    _ => {}
                }
            }
        }
        notes.warnings.sort_by(|a, b| a.path.cmp(&b.path));
        notes.warnings
    }
}

#[cfg(test)]
mod tests;
