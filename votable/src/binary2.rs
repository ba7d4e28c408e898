//! BINARY2: as BINARY, with a bit for each null in front of the row (VOTable 1.4
//! §5.4).

use crate::binary::Column;
use crate::writer::Counts;

pub(crate) fn row<'a>(
    columns: &[Column],
    cells: impl Iterator<Item = Option<&'a [u8]>>,
    raw: &mut Vec<u8>,
    counts: &mut Counts,
) {
    let mask = raw.len();
    raw.resize(mask + columns.len().div_ceil(8), 0);
    for (place, (column, cell)) in columns.iter().zip(cells).enumerate() {
        match cell {
            Some(cell) => column.value(cell, raw, counts),
            None => {
                raw[mask + place / 8] |= 0x80 >> (place % 8);
                column.null(raw);
            }
        }
    }
}
