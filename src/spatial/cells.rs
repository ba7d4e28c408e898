//! The cells of one row's index columns.

use adql::sky::{self, Footprint, Region};

use crate::database::Batch;

/// What a row has in [`super::COLUMNS`].
#[derive(Clone, Debug, Default)]
pub struct IndexCells {
    pub footprint: Option<Footprint>,
    pub position: Option<i64>,
}

/// A region text that says no region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the region {shown} is not understood: {reason}")]
pub struct RegionError {
    /// The text, quoted and shortened.
    pub shown: String,
    pub reason: String,
}

/// The cells for a region's text and a position (degrees, ICRS). No region,
/// no footprint; a position needs both its coordinates.
///
/// # Errors
/// When the text cannot be understood as a region.
pub fn fill(
    region: Option<&str>,
    lon: Option<f64>,
    lat: Option<f64>,
) -> Result<IndexCells, RegionError> {
    let footprint = region.map(footprint).transpose()?;
    let position = lon.zip(lat);
    Ok(IndexCells {
        footprint,
        position: position.and_then(|(lon, lat)| sky::position_cell(lon, lat)),
    })
}

fn footprint(text: &str) -> Result<Footprint, RegionError> {
    match Region::parse(text) {
        Ok(region) => Ok(region.footprint()),
        Err(error) => Err(RegionError {
            shown: shown(text),
            reason: error.to_string(),
        }),
    }
}

/// Quoted, and cut where a message would become unreadable.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    format!("{start:?}")
}

impl IndexCells {
    /// Appends the cells to the row being written, in the order of
    /// [`super::COLUMNS`].
    pub fn push(&self, batch: &mut Batch) {
        self.push_footprint(batch);
        self.push_position(batch);
    }

    /// The cells of the region alone.
    pub fn push_footprint(&self, batch: &mut Batch) {
        match &self.footprint {
            Some(footprint) => {
                batch.push(Some(&footprint.key.to_be_bytes()));
                let Footprint { x, y, z, .. } = footprint;
                for number in [*x, *y, *z, footprint.crad, footprint.crin] {
                    batch.push(Some(&number.to_be_bytes()));
                }
                let numbers = footprint.v.iter();
                let shape: Vec<u8> = numbers.flat_map(|number| number.to_be_bytes()).collect();
                batch.push((!shape.is_empty()).then_some(&shape));
            }
            None => (0..super::COLUMNS.len() - 1).for_each(|_| batch.push(None)),
        }
    }

    /// The cell of the position alone.
    pub fn push_position(&self, batch: &mut Batch) {
        let position = self.position.map(i64::to_be_bytes);
        batch.push(position.as_ref().map(<[u8; 8]>::as_slice));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::COLUMNS;

    #[track_caller]
    fn check(region: Option<&str>, position: [Option<f64>; 2], expected: [bool; 2]) {
        let [lon, lat] = position;
        let cells = fill(region, lon, lat).unwrap();
        let mut batch = Batch::new(COLUMNS.map(|(_, wire)| wire));
        cells.push(&mut batch);
        assert_eq!(batch.len(), 1);
        let filled: Vec<bool> = batch.row(0).map(|cell| cell.is_some()).collect();
        let [footprint, cell] = expected;
        assert_eq!(filled, [[footprint; 7].as_slice(), &[cell]].concat());
    }

    #[test]
    fn what_is_not_known_is_null() {
        let circle = Some("CIRCLE ICRS 10 -20 0.5");
        check(circle, [Some(10.0), Some(-20.0)], [true, true]);
        check(None, [Some(10.0), Some(-20.0)], [false, true]);
        check(circle, [Some(10.0), None], [true, false]);
        check(None, [None, None], [false, false]);
    }

    #[test]
    fn a_text_that_is_no_region_is_named_and_shortened() {
        let error = fill(Some("BLOB 1 2 3"), None, None)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("the region \"BLOB 1 2 3\" is not understood: "),
            "{error}"
        );
        let long = format!("POLYGON {}", "x".repeat(1000));
        let error = fill(Some(&long), None, None).unwrap_err();
        assert!(error.shown.chars().count() < 70, "{error}");
    }
}
