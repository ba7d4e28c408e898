//! Regions and times, many of them, as the cells they touch: MOCs of space,
//! time, and both (MOC 2.0, <https://www.ivoa.net/documents/MOC/20220727/>).
//!
//! Every map is a union that grows and never leaves out what was added; two
//! maps can be joined, made coarser, written in the three forms of the standard,
//! and kept as bytes. Leaves out: intersections and complements, MOCs of
//! frequency.

mod kept;
mod paint;
mod ranges;
mod space;
mod space_time;
mod time;

pub use space::Coverage;
pub use space_time::SpaceTimeCoverage;
pub use time::{TimeCoverage, barycentric};

/// Why no map can be read from bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACoverage;

impl std::fmt::Display for NotACoverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("these bytes are no kept coverage")
    }
}

impl std::error::Error for NotACoverage {}

/// Ranges that are held at most, of 16 bytes each. Beyond that the whole map
/// gets an order coarser.
const MOST: usize = 500_000;

/// New ranges that wait to be joined to the others.
const WAITING: usize = 65_536;
