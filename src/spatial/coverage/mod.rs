//! What rows cover: where on the sky, when, and in which light.
//!
//! The maps are MOCs of space, of time and of both (MOC 2.0,
//! <https://www.ivoa.net/documents/MOC/20220727/>, written by
//! [`adql::sky`]); wavelengths are intervals, as VODataService 1.2 section 3.1
//! wants them. [`Axes`] finds the columns, [`Extent`] grows row by row, [`kept`]
//! keeps that of a whole table in the database, in step with it, and [`Summary`]
//! says it in few words.
//!
//! Leaves out: reading the rows; which rows a request means.
//!
//! Must not know: ObsCore, HTTP, the language of queries.

mod axes;
mod bands;
mod extent;
pub mod kept;
mod summary;

pub use axes::Axes;
pub use bands::Bands;
pub use extent::{Extent, Grain};
pub use summary::Summary;
