//! The part of the sky that an answer covers, as a MOC (MOC 2.0,
//! <https://www.ivoa.net/documents/MOC/20220727/>).
//!
//! The cells at order 11 (1.7 arcminutes) that the regions of the rows touch;
//! a row without a region counts with its position, one without either not at
//! all. A map of more than half a million ranges becomes coarser. A MOC cannot
//! say that MAXREC cut the answer off, so the query should not be cut off:
//! it covers the rows of the answer and no others.

use adql::Column;
use adql::sky::Coverage;

use super::encoder::broken;
use crate::dali;
use crate::database::{Batch, Error};
use crate::spatial::{Place, Where};

const ORDER: u8 = 11;

pub struct Moc {
    form: dali::Coverage,
    place: Place,
    cells: Coverage,
}

impl Moc {
    pub fn new(form: dali::Coverage, columns: &[Column]) -> Result<Moc, Error> {
        Ok(Moc {
            form,
            place: Place::of(columns).ok_or_else(|| nowhere("a MOC"))?,
            cells: Coverage::new(ORDER),
        })
    }

    /// Adds the first `count` rows of `batch`.
    pub fn rows(&mut self, batch: &Batch, count: usize) {
        for row in 0..count {
            match self.place.find(batch, row) {
                Some(Where::Region(region)) => self.cells.add(&region),
                // A place that is nowhere on the sky covers nothing.
                Some(Where::Position(lon, lat)) => drop(self.cells.add_position(lon, lat)),
                None => {}
            }
        }
    }

    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self.form {
            dali::Coverage::Fits => {
                let fits = self.cells.fits().ok_or_else(|| {
                    broken("writing the MOC failed", "its FITS form cannot be made")
                })?;
                out.extend_from_slice(&fits);
            }
            dali::Coverage::Json => out.extend_from_slice(&self.cells.json()),
            dali::Coverage::Ascii => {
                out.extend_from_slice(self.cells.ascii().as_bytes());
                out.push(b'\n');
            }
        }
        Ok(())
    }
}

/// Refuses an answer that says nothing of the sky.
pub fn nowhere(format: &str) -> Error {
    Error::Data(format!(
        "the answer has no column of regions or positions to make {format} from; \
         select s_region, or s_ra and s_dec, or ask for another RESPONSEFORMAT"
    ))
}
