//! A region's columns in an index of numbers.

use cdshealpix::nested;

use super::measure::radii;
use super::point::{Point, Vector, chord_of};
use super::region::Region;

/// The order of the cell in a footprint's key.
pub(super) const KEY_ORDER: u8 = 26;
/// The order of the cell of a position.
pub(super) const POSITION_ORDER: u8 = 29;
/// The bits of a key below its class.
pub(super) const CLASS_SHIFT: u32 = 56;

/// The circumscribed radius, in degrees, up to which a footprint is in a class;
/// the smaller classes are so wide because a probe costs more than the few
/// rows it saves. The last class that fits is taken.
pub(super) const CLASS_RADII: [f64; 13] = [
    90.0,
    58.6323 / 2.0,
    58.6323 / 4.0,
    58.6323 / 8.0,
    58.6323 / 16.0,
    58.6323 / 32.0,
    58.6323 / 64.0,
    58.6323 / 128.0,
    58.6323 / 256.0,
    58.6323 / 512.0,
    58.6323 / 1024.0,
    58.6323 / 2048.0,
    58.6323 / 16384.0,
];

/// Footprints that reach further than 90° from their centre. Every cover has it.
pub(super) const WIDE_CLASS: i64 = 13;

/// Rows whose region was written by another program and has not been read yet:
/// every cover has them too.
const WAITING_CLASS: i64 = WIDE_CLASS + 1;

/// The keys that every cover has.
pub(super) const ALWAYS: (i64, i64) = (
    WIDE_CLASS << CLASS_SHIFT,
    ((WAITING_CLASS + 1) << CLASS_SHIFT) - 1,
);

/// A region as a database keeps it for searching: a key of one number, a centre
/// inside the region, two radii, and the region itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Footprint {
    /// `(class << 56) | cell`: the size class (0…13, larger is smaller, but 13 is
    /// for what reaches beyond 90°) and the nested HEALPix cell of the centre at
    /// order 26.
    pub key: i64,
    /// The centre, a unit vector; always a point of the region.
    pub x: f64,
    /// See `x`.
    pub y: f64,
    /// See `x`.
    pub z: f64,
    /// The chord of the circle round the centre that holds the region, rounded
    /// up by more than the predicates' tolerance.
    pub crad: f64,
    /// The chord of a circle round the centre inside the region, rounded down;
    /// for a circle its own chord to the last bit.
    pub crin: f64,
    /// The encoded [`Shape`](super::Shape).
    pub v: Vec<f64>,
}

impl Footprint {
    /// The key of a row whose region is still to be read. Its other columns
    /// are such that every test needs the shape, and the shape is one that no
    /// function takes: a query fails rather than judge the row wrongly.
    pub const WAITING: i64 = WAITING_CLASS << CLASS_SHIFT;

    /// The key of a row whose region's text says no region; in no cover.
    pub const UNREADABLE: i64 = (WAITING_CLASS + 1) << CLASS_SHIFT;

    /// The order of the cell in a key.
    pub const KEY_ORDER: u8 = KEY_ORDER;
    /// The bits of a key below its class.
    pub const CLASS_SHIFT: u32 = CLASS_SHIFT;
    /// How many classes there are that a cover may have.
    pub const CLASSES: i64 = WAITING_CLASS + 1;

    /// The bits of a key that are the cell of the centre, and by how many a
    /// cell of the finest order has more.
    pub fn centre_of_key() -> (i64, u32) {
        let mask = (1 << CLASS_SHIFT) - 1;
        (mask, 2 * u32::from(POSITION_ORDER - KEY_ORDER))
    }
}

impl Region {
    /// The columns for the index.
    pub fn footprint(&self) -> Footprint {
        let (centre, crad, crin) = radii(&self.parts);
        let key = class_of(crad) << CLASS_SHIFT | cell(centre, KEY_ORDER);
        Footprint {
            key,
            x: centre[0],
            y: centre[1],
            z: centre[2],
            crad,
            crin,
            v: self.shape().0,
        }
    }
}

fn class_of(crad: f64) -> i64 {
    CLASS_RADII
        .iter()
        .rposition(|radius| crad <= chord_of(radius.to_radians()) + 1e-13)
        .map_or(WIDE_CLASS, |class| class as i64)
}

pub(super) fn cell(v: Vector, order: u8) -> i64 {
    let (lon, lat) = Point::from_vector(v).lon_lat();
    nested::hash(order, lon.to_radians(), lat.to_radians()) as i64
}

/// The nested HEALPix cell at order 29 of a position in degrees; none when it
/// is not a position.
pub fn position_cell(lon: f64, lat: f64) -> Option<i64> {
    let point = Point::from_degrees(lon, lat).ok()?;
    Some(cell(point.vector(), POSITION_ORDER))
}
