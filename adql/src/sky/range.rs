//! Between two meridians and two parallels.

use super::build::{Piece, Term, vector};
use super::point::{Vector, plus, scaled, wrapped};
use super::region::RegionError;

/// Degrees; eastward from the first meridian.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    west: f64,
    /// 360 all round.
    width: f64,
    south: f64,
    north: f64,
    /// As it was written, which has all digits.
    east: f64,
}

impl Range {
    pub fn new(lon1: f64, lon2: f64, lat1: f64, lat2: f64) -> Result<Range, RegionError> {
        vector(lon1, lat1)?;
        vector(lon2, lat2)?;
        if lat1 > lat2 {
            return Err(RegionError::new(format!(
                "the range of latitudes {lat1} to {lat2} is upside down"
            )));
        }
        let round = (lon2 - lon1).abs() >= 360.0;
        let width = if round { 360.0 } else { wrapped(lon2 - lon1) };
        // A position may be said in this way too.
        if (width == 0.0) != (lat1 == lat2) || (round && lat1 == lat2) {
            return Err(RegionError::new(
                "the range has no area: it is a line or an arc",
            ));
        }
        Ok(Range {
            west: lon1,
            width,
            south: lat1,
            north: lat2,
            east: lon2,
        })
    }

    /// Parallels and meridians are circles.
    pub fn terms(self) -> Vec<Term> {
        // These were checked.
        let at = |lon: f64, lat: f64| vector(lon, lat).unwrap_or([0.0, 0.0, 1.0]);
        if self.width == 0.0 {
            let centre = at(self.west, self.south);
            return vec![vec![Piece::Circle { centre, chord: 0.0 }]];
        }
        let mut term = Vec::new();
        if self.south > -90.0 {
            term.push(parallel([0.0, 0.0, 1.0], self.south));
        }
        if self.north < 90.0 {
            term.push(parallel([0.0, 0.0, -1.0], -self.north));
        }
        if self.width == 360.0 {
            if term.is_empty() {
                term.push(Piece::circle([0.0, 0.0, 1.0], 180.0));
            }
            return vec![term];
        }
        // East of the first meridian and west of the second, by half a turn.
        let half_sky = |centre| Piece::Circle {
            centre,
            chord: std::f64::consts::SQRT_2,
        };
        let [x, y, _] = at(self.west, 0.0);
        let east = half_sky([-y, x, 0.0]);
        let [x, y, _] = at(self.east, 0.0);
        let west = half_sky([y, -x, 0.0]);
        if self.width <= 180.0 {
            term.extend([east, west]);
            return vec![term];
        }
        let with = |piece| term.iter().cloned().chain([piece]).collect();
        vec![with(east), with(west)]
    }

    /// Steradians, and the mean of its positions.
    pub fn extent(self) -> (f64, Vector) {
        let width = self.width.to_radians();
        let (south, north) = (self.south.to_radians(), self.north.to_radians());
        // Differences of sines, without their cancellation.
        let (sine, cosine) = ((north + south) / 2.0).sin_cos();
        let half = ((north - south) / 2.0).sin();
        let height = 2.0 * cosine * half;
        let area = width * height;
        let upward = sine * ((north - south) / 2.0).cos();
        // The integral of the cosine's square over latitudes.
        let outward = ((north - south) + (north + south).cos() * (north - south).sin()) / 2.0;
        let chord = 2.0 * (width / 2.0).sin();
        let (sin, cos) = (self.west.to_radians() + width / 2.0).sin_cos();
        let flat = scaled([cos, sin, 0.0], outward * chord / area);
        (area, plus(flat, upward, [0.0, 0.0, 1.0]))
    }
}

/// All on the pole's side of a parallel; its latitude counts towards the pole.
fn parallel(pole: Vector, lat: f64) -> Piece {
    // A latitude below the equator is near the other pole, where it has more
    // digits as the distance from there.
    match lat < 0.0 {
        true => match Piece::circle(scaled(pole, -1.0), 90.0 + lat) {
            Piece::Circle { centre, chord } => Piece::Hole { centre, chord },
            other => other,
        },
        false => Piece::circle(pole, 90.0 - lat),
    }
}
