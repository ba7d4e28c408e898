//! The list of exposures.

use crate::input::{InputError, Row, Table, Value};

pub(super) struct Exposure {
    /// Name of the archive's file, without extension; unique.
    pub base: String,
    /// Start, UTC.
    pub mjd: f64,
    pub seconds: f64,
    /// Where the telescope pointed, degrees ICRS.
    pub ra: f64,
    pub dec: f64,
    pub band: Band,
    pub proposal: String,
    /// `YYYY-MM-DD`.
    pub release_date: String,
}

/// What a filter lets through.
#[derive(Debug, PartialEq)]
pub(super) struct Band {
    pub name: String,
    /// Wavelengths, m.
    pub shortest: f64,
    pub longest: f64,
    /// Wavelength over width.
    pub resolving_power: f64,
}

impl Band {
    /// From the camera's filter string, whose last two words are the central
    /// wavelength and the width in Ångström: `g DECam SDSS c0001 4720.0 1520.0`.
    fn of_filter(filter: &str) -> Option<Band> {
        const ANGSTROM_PER_METRE: f64 = 1e10;
        let name = filter.split_whitespace().next()?;
        let mut words = filter.split_whitespace().rev();
        let width: f64 = words.next()?.parse().ok()?;
        let centre: f64 = words.next()?.parse().ok()?;
        Some(Band {
            name: name.to_owned(),
            shortest: (centre - width / 2.0) / ANGSTROM_PER_METRE,
            longest: (centre + width / 2.0) / ANGSTROM_PER_METRE,
            resolving_power: centre / width,
        })
    }
}

pub(super) fn exposures() -> Result<Vec<Exposure>, InputError> {
    const NAME: &str = "decam_exposures.csv.gz";
    let list = &include_bytes!("data/decam_exposures.csv.gz")[..];
    let table = Table::from_reader(NAME, list, None)?;
    let [base, mjd, exptime, ra, dec, filter, proposal, release] = [
        "base",
        "mjd_obs",
        "exptime",
        "ra",
        "dec",
        "filter",
        "prop_id",
        "release_date",
    ]
    .map(|name| table.columns().iter().position(|column| column == name));
    table
        .map(|row| {
            let row = row?;
            let read = || {
                Some(Exposure {
                    base: text(&row, base)?.to_owned(),
                    mjd: number(&row, mjd)?,
                    seconds: number(&row, exptime)?,
                    ra: number(&row, ra)?,
                    dec: number(&row, dec)?,
                    band: Band::of_filter(text(&row, filter)?)?,
                    proposal: text(&row, proposal)?.to_owned(),
                    release_date: text(&row, release)?.to_owned(),
                })
            };
            read().ok_or_else(|| of_the_demo(NAME, row.place))
        })
        .collect()
}

pub(super) fn text(row: &Row, place: Option<usize>) -> Option<&str> {
    match row.values.get(place?)? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

pub(super) fn number(row: &Row, place: Option<usize>) -> Option<f64> {
    text(row, place)?.parse().ok()
}

/// The embedded data are tested, so this is met only by someone changing them.
pub(super) fn of_the_demo(file: &str, place: u64) -> InputError {
    InputError::Broken {
        file: file.to_owned(),
        unit: "line",
        place,
        reason: "a value of the demo's own data is missing or not understood".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wavelengths_from_filter_names() {
        let check = |filter: &str, expected: Option<(&str, f64, f64)>| {
            let band = Band::of_filter(filter);
            let band = band
                .as_ref()
                .map(|b| (b.name.as_str(), b.shortest, b.longest));
            assert_eq!(band, expected, "{filter}");
        };
        check(
            "g DECam SDSS c0001 4720.0 1520.0",
            Some(("g", 3.96e-7, 5.48e-7)),
        );
        check("VR DECam c0007 6300.0 2600.0", Some(("VR", 5.0e-7, 7.6e-7)));
        check("solid plate", None);
        check("", None);
    }
}
