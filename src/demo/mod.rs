//! A real sky to try the service on: DECam exposures of the southern sky
//! (2012 to 2022), one ObsCore row for each CCD with its true footprint.
//!
//! The exposures and the camera's layout are embedded (`data/README.md` says
//! where they are from); rows are computed as they are read. Columns follow
//! ObsCore 1.1 (<https://www.ivoa.net/documents/ObsCore/20170509/>).
//!
//! Leaves out: which CCDs were switched off on a given night (the list of
//! exposures does not say), distortions that change with the night, and links
//! to the images (the archive's addresses cannot be made from the list, and no
//! link is better than a dead one).
//!
//! Must not know: databases, HTTP, how rows are stored.

mod camera;
mod exposure;
mod footprint;
mod invitation;

pub use invitation::invitation;

use std::sync::Arc;

use camera::Ccd;
use exposure::Exposure;

use crate::input::{InputError, Row, Table, Value};

/// The columns of [`sky`], all of ObsCore 1.1 and in its order.
pub const COLUMNS: [&str; 37] = [
    "dataproduct_type",
    "calib_level",
    "obs_collection",
    "obs_id",
    "obs_publisher_did",
    "access_url",
    "access_format",
    "access_estsize",
    "target_name",
    "s_ra",
    "s_dec",
    "s_fov",
    "s_region",
    "s_resolution",
    "s_xel1",
    "s_xel2",
    "t_min",
    "t_max",
    "t_exptime",
    "t_resolution",
    "t_xel",
    "em_min",
    "em_max",
    "em_res_power",
    "em_xel",
    "o_ucd",
    "pol_states",
    "pol_xel",
    "facility_name",
    "instrument_name",
    "obs_title",
    "data_rights",
    "obs_release_date",
    "s_pixel_scale",
    "em_ucd",
    "o_unit",
    "proposal_id",
];

/// The sky as a table like any other: about 260,000 rows, exposure by
/// exposure in the order of time.
pub fn sky() -> Result<Table, InputError> {
    let ccds: Arc<[Ccd]> = camera::ccds()?.into();
    let exposures = exposure::exposures()?;
    let total = (exposures.len() * ccds.len()) as u64;
    let rows = exposures.into_iter().flat_map(move |exposure| {
        let exposure = Arc::new(exposure);
        let ccds = ccds.clone();
        (0..ccds.len()).filter_map(move |place| Some(values(&exposure, ccds.get(place)?)))
    });
    let rows = (1..).zip(rows).map(|(place, values)| Row { place, values });
    Table::from_rows(
        "the demo sky",
        COLUMNS.map(String::from).to_vec(),
        Some(total),
        rows,
    )
}

/// Width of a pixel, arcsec: the mean over the camera's layout.
const PIXEL_SCALE: f64 = 0.263;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// One row, in the order of [`COLUMNS`].
fn values(exposure: &Exposure, ccd: &Ccd) -> Vec<Value> {
    let footprint = footprint::project(exposure.ra, exposure.dec, &ccd.corners);
    let text = |text: &str| Value::Text(text.to_owned());
    let band = &exposure.band;
    vec![
        text("image"),
        // Reduced by the archive's community pipeline ("InstCal").
        Value::Int(2),
        text("DECam"),
        text(&exposure.base),
        // Made of the file's name: the exposure number in the list is wrong in
        // some rows, the name is unique.
        Value::Text(format!(
            "ivo://obstap.demo/decam?{}/{}",
            exposure.base, ccd.number
        )),
        Value::Null,
        text("image/fits"),
        Value::Null,
        Value::Null,
        Value::Double(footprint.ra),
        Value::Double(footprint.dec),
        Value::Double(footprint.diameter),
        Value::Text(footprint.region),
        Value::Null,
        Value::Int(ccd.width),
        Value::Int(ccd.height),
        Value::Double(exposure.mjd),
        Value::Double(exposure.mjd + exposure.seconds / SECONDS_PER_DAY),
        Value::Double(exposure.seconds),
        // ObsCore 1.1 section 4.16: the exposure time where time is not
        // sampled.
        Value::Double(exposure.seconds),
        Value::Int(1),
        Value::Double(band.shortest),
        Value::Double(band.longest),
        Value::Double(band.resolving_power),
        Value::Int(1),
        text("phot.count"),
        Value::Null,
        // ObsCore 1.1 appendix B.6.5.2: polarisation was not observed.
        Value::Int(0),
        text("CTIO 4m Blanco"),
        text("DECam"),
        Value::Text(format!(
            "DECam {}, {} s, CCD {}",
            band.name, exposure.seconds, ccd.position
        )),
        text("public"),
        Value::Text(format!("{}T00:00:00", exposure.release_date)),
        Value::Double(PIXEL_SCALE),
        text("em.wl"),
        text("count"),
        text(&exposure.proposal),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell<'a>(row: &'a Row, column: &str) -> &'a Value {
        let place = COLUMNS.iter().position(|name| *name == column);
        &row.values[place.expect("a column")]
    }

    #[test]
    fn every_exposure_has_a_row_for_every_ccd_and_all_identifiers_differ() {
        let table = sky().expect("the embedded data");
        assert_eq!(table.rows_total(), Some(4_250 * 61));
        let mut seen = std::collections::HashSet::new();
        for row in table {
            let row = row.expect("a row");
            assert_eq!(row.values.len(), COLUMNS.len());
            let Value::Text(did) = cell(&row, "obs_publisher_did") else {
                panic!("no identifier in row {}", row.place);
            };
            assert!(seen.insert(did.clone()), "{did} twice");
            for column in ["em_min", "em_max", "s_ra", "s_dec", "s_fov", "t_min"] {
                let Value::Double(value) = cell(&row, column) else {
                    panic!("no {column} in row {}", row.place);
                };
                assert!(value.is_finite());
            }
        }
        assert_eq!(seen.len(), 4_250 * 61);
    }

    #[test]
    fn the_first_row_as_the_list_has_it() {
        let row = sky().expect("a table").next().expect("a row").expect("it");
        let check = |column: &str, expected: Value| assert_eq!(*cell(&row, column), expected);
        check("obs_id", Value::Text("tu1855623".into()));
        check("t_min", Value::Double(56232.35963023));
        check("em_min", Value::Double(7.1e-07));
        check("em_max", Value::Double(8.57e-07));
        check("obs_title", Value::Text("DECam i, 1 s, CCD S29".into()));
        check(
            "obs_release_date",
            Value::Text("2012-10-30T00:00:00".into()),
        );
        check("access_url", Value::Null);
    }
}
