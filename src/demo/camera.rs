//! The layout of the camera: 61 CCDs on the tangent plane at the pointing.

use super::exposure::{number, of_the_demo, text};
use crate::input::{InputError, Table};

pub(super) struct Ccd {
    /// As in the archive's files (1 to 62; 61 never worked).
    pub number: i64,
    /// In the focal plane: S1 to S31, N1 to N31.
    pub position: String,
    /// Pixels.
    pub width: i64,
    pub height: i64,
    /// Degrees on the tangent plane, (xi, eta): xi to the east, eta to the
    /// north, round the CCD.
    pub corners: [(f64, f64); 4],
}

pub(super) fn ccds() -> Result<Vec<Ccd>, InputError> {
    let layout = &include_bytes!("data/decam_ccds.csv")[..];
    let table = Table::from_reader("decam_ccds.csv", layout, None)?;
    let places = [
        "ccdnum", "detpos", "naxis1", "naxis2", "xi0_deg", "eta0_deg", "xi1_deg", "eta1_deg",
        "xi2_deg", "eta2_deg", "xi3_deg", "eta3_deg",
    ]
    .map(|name| table.columns().iter().position(|column| column == name));
    table
        .map(|row| {
            let row = row?;
            let read = || {
                let [ccd, position, width, height, corners @ ..] = &places;
                let corner = |i: usize| {
                    Some((
                        number(&row, *corners.get(2 * i)?)?,
                        number(&row, *corners.get(2 * i + 1)?)?,
                    ))
                };
                Some(Ccd {
                    number: number(&row, *ccd)? as i64,
                    position: text(&row, *position)?.to_owned(),
                    width: number(&row, *width)? as i64,
                    height: number(&row, *height)? as i64,
                    corners: [corner(0)?, corner(1)?, corner(2)?, corner(3)?],
                })
            };
            read().ok_or_else(|| of_the_demo("decam_ccds.csv", row.place))
        })
        .collect()
}
