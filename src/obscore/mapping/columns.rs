//! Where in a row each value stands.

use super::config::{Config, Extra, Kind, What};
use super::notes::{Notes, nearest};
use crate::config::ExtraColumn;
use crate::obscore::columns::declared;

/// The columns that every mapping fills; [`Slot`] has their places.
const FILLED: [(Slot, &str); 25] = [
    (Slot::ProductType, "dataproduct_type"),
    (Slot::ProductSubtype, "dataproduct_subtype"),
    (Slot::CalibLevel, "calib_level"),
    (Slot::Collection, "obs_collection"),
    (Slot::ObsId, "obs_id"),
    (Slot::PublisherDid, "obs_publisher_did"),
    (Slot::AccessUrl, "access_url"),
    (Slot::AccessFormat, "access_format"),
    (Slot::AccessSize, "access_estsize"),
    (Slot::Target, "target_name"),
    (Slot::Ra, "s_ra"),
    (Slot::Dec, "s_dec"),
    (Slot::Fov, "s_fov"),
    (Slot::Region, "s_region"),
    (Slot::Xel1, "s_xel1"),
    (Slot::Xel2, "s_xel2"),
    (Slot::TMin, "t_min"),
    (Slot::TMax, "t_max"),
    (Slot::Exptime, "t_exptime"),
    (Slot::EmMin, "em_min"),
    (Slot::EmMax, "em_max"),
    (Slot::Filter, "em_filter_name"),
    (Slot::Ucd, "o_ucd"),
    (Slot::Facility, "facility_name"),
    (Slot::Instrument, "instrument_name"),
];

/// The place of a column that every mapping fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    ProductType,
    ProductSubtype,
    CalibLevel,
    Collection,
    ObsId,
    PublisherDid,
    AccessUrl,
    AccessFormat,
    AccessSize,
    Target,
    Ra,
    Dec,
    Fov,
    Region,
    Xel1,
    Xel2,
    TMin,
    TMax,
    Exptime,
    EmMin,
    EmMax,
    Filter,
    Ucd,
    Facility,
    Instrument,
}

/// The columns of a mapping's rows.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub names: Vec<String>,
    /// Those that ObsCore does not have.
    pub extra: Vec<ExtraColumn>,
}

impl Places {
    pub(super) fn new(config: &Config, notes: &mut Notes) -> Places {
        let names = FILLED.iter().map(|(_, name)| (*name).to_owned()).collect();
        let mut places = Places {
            names,
            extra: vec![ExtraColumn {
                name: "em_filter_name".into(),
                kind: "VARCHAR".into(),
                description: Some("Band of the filter that was used".into()),
                ..ExtraColumn::default()
            }],
        };
        let mut kinds: Vec<(&str, Kind, &str)> = Vec::new();
        let of_types = config.types.iter().flat_map(|kind| &kind.extra);
        for extra in config.extra.iter().chain(of_types) {
            match kinds.iter().find(|(name, ..)| *name == extra.name) {
                Some((_, kind, first)) if *kind != extra.kind => notes.warn(
                    &extra.path,
                    format!(
                        "is {} here, and the column is {}, as {first} says",
                        extra.kind.word(),
                        kind.word()
                    ),
                ),
                Some(_) => {}
                None => {
                    kinds.push((&extra.name, extra.kind, &extra.path));
                    places.add(extra, notes);
                }
            }
        }
        places.index(config, notes);
        places
    }

    /// The place of a column.
    pub(super) fn of(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    fn add(&mut self, extra: &Extra, notes: &mut Notes) {
        if self.of(&extra.name).is_some() {
            return;
        }
        self.names.push(extra.name.clone());
        let kind = match (extra.kind, extra.length) {
            (Kind::Bool, _) => "BOOLEAN".to_owned(),
            (Kind::Int, _) => "BIGINT".to_owned(),
            (Kind::Float, _) => "DOUBLE PRECISION".to_owned(),
            (Kind::String, Some(length)) => format!("VARCHAR({length})"),
            (Kind::String, None) => "VARCHAR".to_owned(),
        };
        // The column may be one of ObsCore itself.
        let standard = declared(&[]).unwrap_or_default();
        if standard.iter().any(|column| column.name() == extra.name) {
            return;
        }
        let column = ExtraColumn {
            name: extra.name.clone(),
            kind,
            description: extra.doc.clone().or_else(|| described(extra)),
            ..ExtraColumn::default()
        };
        if let Err(error) = declared(std::slice::from_ref(&column)) {
            error
                .reasons
                .iter()
                .for_each(|reason| notes.fault(&extra.path, reason.clone()));
        }
        self.extra.push(column);
    }

    /// Marks the extra columns that an index names. Which of ObsCore's own
    /// columns have one is not a matter of configuration.
    fn index(&mut self, config: &Config, notes: &mut Notes) {
        let standard = declared(&[]).unwrap_or_default();
        for (path, column) in &config.indexed {
            let column = column.to_ascii_lowercase();
            if let Some(extra) = self.extra.iter_mut().find(|extra| extra.name == column) {
                extra.indexed = true;
            } else if !standard.iter().any(|known| known.name() == column) {
                let names = self.names.iter().map(String::as_str);
                let meant = match nearest(&column, names) {
                    Some(meant) => format!("; {meant} is"),
                    None => String::new(),
                };
                notes.warn(
                    path,
                    format!("{column} is not a column of the table{meant}"),
                );
            }
        }
    }
}

/// A template tells what a column holds, where nobody else does.
fn described(extra: &Extra) -> Option<String> {
    match &extra.what {
        What::Template(template) => Some(format!("Of each dataset: {template}")),
        What::Constant(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_stand_in_the_order_of_their_columns() {
        for (place, (slot, name)) in FILLED.iter().enumerate() {
            assert_eq!(*slot as usize, place, "{name}");
        }
    }
}
