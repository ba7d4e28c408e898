//! The sphere: points, regions, and the arithmetic that decides whether they
//! touch; the text in which archives write them; the cells by which a
//! database finds them.
//!
//! Follows the shapes of DALI 1.1, section 3.3
//! (<https://www.ivoa.net/documents/DALI/20170517/>), STC-S as TAP 1.0,
//! section 6, allows it (<https://www.ivoa.net/documents/TAP/20100327/>), the
//! geometry of ADQL 2.1, section 4.2
//! (<https://www.ivoa.net/documents/ADQL/20231215/>) and MOC 2.0
//! (<https://www.ivoa.net/documents/MOC/20220727/>). [`Rotation`] turns a region
//! into another frame and [`Star`] moves, as EN-udf-catalogue 1.2 has it.
//!
//! Text in other frames is turned into ICRS (FK5 and J2000 are taken as ICRS,
//! since they agree to some hundredths of an arcsecond).
//!
//! Leaves out: NOT of a concave polygon, an ellipse or a MOC, regions that change
//! with time, MOCs of time.
//!
//! Must not know: SQL, tables, the text of a query.
//!
//! # One tolerance
//!
//! A region is closed, and every predicate grants it [`TOLERANCE`] radians (two
//! nanoarcseconds, fifty times the rounding of a unit vector) in all
//! directions: a point on an edge or at a vertex is inside, regions that share
//! an edge meet, a region contains itself. It is a distance on the sky and not
//! a bound on a triple product, so that it means the same for a polygon of an
//! arcsecond as for one of sixty degrees.
//!
//! What several shapes have in common (INTERSECTION, a RANGE between its circles)
//! grants it to each of them. Cells of a MOC have none: a position is in one
//! cell and in no other.
//!
//! # What is refused, and what is understood without a word?
//!
//! A polygon may be written in either direction, and means its smaller side;
//! repeated vertices count once; longitudes may be of any turn. Refused with a
//! message are polygons with edges that cross, without area, or that no
//! hemisphere holds, ranges of no area, and regions of which nothing is left.
//!
//! # Why not `geo`, `moc` and `cdshealpix` for the predicates?
//!
//! `geo` works in a plane, and no plane keeps great circles straight *and*
//! holds more than a hemisphere; the arithmetic here is as short on the sphere,
//! and must be written in PL/pgSQL too. The other two are used for what they
//! are for, cells and maps of cells; their coverages of polygons fail for some
//! polygons at the poles.
//!
//! # Why only + − × ÷ and square roots?
//!
//! [`contains`], [`meets`] and [`point_in`] are written a second time in
//! PL/pgSQL. IEEE 754 fixes those five operations to the last bit and fixes no
//! sine, so both engines give the same answers.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod build;
mod circles;
mod common;
mod common_part;
mod coverage;
mod distance;
mod extent;
mod footprint;
mod frames;
mod measure;
mod moc;
mod moc_text;
mod motion;
mod near;
mod outline;
mod point;
mod polygon;
mod predicates;
mod range;
mod ranges;
mod region;
mod rings;
mod shape;
mod text;
mod turn;

pub mod cell;
pub mod cover;

pub use coverage::{Coverage, NotACoverage, SpaceTimeCoverage, TimeCoverage, barycentric};
pub use distance::{distance, gap};
pub use extent::{area, centroid};
pub use footprint::{Footprint, position_cell};
pub use frames::{Frame, Rotation};
pub use measure::Cap;
pub(crate) use measure::Edges;
pub use moc::{Group, MAX_CELLS, Moc};
pub use motion::Star;
pub use near::{Near, near, reach};
pub use outline::Outline;
pub use point::{Degrees, Point, Radians};
pub use predicates::{contains, meets, point_in};
pub use region::{Region, RegionError};
pub use shape::Shape;
pub use text::Coordinates;

/// How far outside of a region a point may lie and still count as inside, as a
/// chord of the unit sphere (radians, for something so small).
pub const TOLERANCE: f64 = 1e-14;
