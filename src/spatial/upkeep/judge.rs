//! What a row's index cells must be, and what is wrong with those it has.

use std::fmt;

use adql::sky::{self, Footprint};

use super::{Index, WAITING_CELL};
use crate::database::Batch;
use crate::spatial::{IndexCells, fill};

/// What is wrong with the index cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Written by another program and not read yet; queries see to it.
    Waiting,
    /// There is a region or position, and no cells: queries do not find it.
    Missing,
    /// There are cells, and no region or position.
    Orphan,
    /// The key, or the cell of a position, is another one.
    Key,
    /// The vector of the centre is another one.
    Centre,
    /// One of the radii is another one.
    Radii,
    /// The vectors of the shape are others.
    Shape,
}

impl Cause {
    /// A word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Waiting => "waiting",
            Cause::Missing => "missing",
            Cause::Orphan => "orphan",
            Cause::Key => "key",
            Cause::Centre => "centre",
            Cause::Radii => "radii",
            Cause::Shape => "shape",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Waiting => "waiting to be read",
            Cause::Missing => "not indexed",
            Cause::Orphan => "indexed without a value",
            Cause::Key => "wrong key",
            Cause::Centre => "wrong centre",
            Cause::Radii => "wrong radius",
            Cause::Shape => "wrong shape",
        })
    }
}

/// A row that was looked at.
pub(super) struct Judged {
    /// Its address.
    pub place: Vec<u8>,
    pub causes: Vec<Cause>,
    /// Its text says no region.
    pub unreadable: bool,
    /// What its cells must be.
    pub right: IndexCells,
}

/// Cells of a row whose text says no region: no test can say anything of it.
fn unreadable() -> Footprint {
    Footprint {
        key: Footprint::UNREADABLE,
        ..out_of_reach()
    }
}

/// A footprint without a shape, from which no circle on the sky is far and in
/// which none lies, so that every test asks for the shape.
pub(super) fn out_of_reach() -> Footprint {
    Footprint {
        key: Footprint::WAITING,
        x: 10.0,
        y: 0.0,
        z: 0.0,
        crad: 100.0,
        crin: 0.0,
        v: Vec::new(),
    }
}

/// Looks at a row that [`super::rows::select`] gave.
pub(super) fn judge(index: &Index, rows: &Batch, row: usize) -> Judged {
    let place = rows.cell(row, 0).unwrap_or_default().to_vec();
    match index {
        Index::Region(_) => region(place, rows, row),
        Index::Position(_) => position(place, rows, row),
    }
}

fn region(place: Vec<u8>, rows: &Batch, row: usize) -> Judged {
    let text = rows.cell(row, 1).map(String::from_utf8_lossy);
    let cells = fill(text.as_deref(), None, None);
    let is_unreadable = cells.is_err();
    let right = match cells {
        Ok(cells) => cells.footprint,
        Err(_) => Some(unreadable()),
    };
    let whole = |column| rows.cell(row, column).and_then(whole);
    let real = |column| rows.cell(row, column).and_then(real);
    let mut causes = Vec::new();
    let empty = (2..9).all(|column| rows.cell(row, column).is_none());
    match (whole(2), &right) {
        (Some(Footprint::WAITING), _) => causes.push(Cause::Waiting),
        (_, None) if !empty => causes.push(Cause::Orphan),
        (_, None) => {}
        (None, Some(_)) => causes.push(Cause::Missing),
        (Some(key), Some(right)) => {
            if key != right.key {
                causes.push(Cause::Key);
            }
            if [real(3), real(4), real(5)] != [right.x, right.y, right.z].map(Some) {
                causes.push(Cause::Centre);
            }
            if [real(6), real(7)] != [right.crad, right.crin].map(Some) {
                causes.push(Cause::Radii);
            }
            let shape = rows.cell(row, 8);
            let shape = shape.map(|cell| cell.as_chunks::<8>().0.iter());
            let shape = shape.map(|cell| cell.map(|it| f64::from_be_bytes(*it)));
            let same = match shape {
                None => right.v.is_empty(),
                Some(shape) => !right.v.is_empty() && shape.eq(right.v.iter().copied()),
            };
            if !same {
                causes.push(Cause::Shape);
            }
        }
    }
    Judged {
        place,
        causes,
        unreadable: is_unreadable,
        right: IndexCells {
            footprint: right,
            position: None,
        },
    }
}

fn position(place: Vec<u8>, rows: &Batch, row: usize) -> Judged {
    let [lon, lat] = [1, 2].map(|column| rows.cell(row, column).and_then(real));
    let right = lon
        .zip(lat)
        .and_then(|(lon, lat)| sky::position_cell(lon, lat));
    let stored = rows.cell(row, 3).and_then(whole);
    let cause = match (stored, right) {
        (Some(WAITING_CELL), _) => Some(Cause::Waiting),
        (None, Some(_)) => Some(Cause::Missing),
        (Some(_), None) => Some(Cause::Orphan),
        (stored, right) => (stored != right).then_some(Cause::Key),
    };
    Judged {
        place,
        causes: cause.into_iter().collect(),
        unreadable: lon.is_some() && lat.is_some() && right.is_none(),
        right: IndexCells {
            footprint: None,
            position: right,
        },
    }
}

fn whole(cell: &[u8]) -> Option<i64> {
    cell.try_into().ok().map(i64::from_be_bytes)
}

fn real(cell: &[u8]) -> Option<f64> {
    cell.try_into().ok().map(f64::from_be_bytes)
}
