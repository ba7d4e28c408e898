//! The pixels of a window of an image (FITS 4.0 section 3.3.2).

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use crate::soda::Fault;

/// First pixel and the one behind the last, on each axis, counted from 0.
pub type Ranges = Vec<[u64; 2]>;

/// Bytes read at once, about.
const CHUNK: u64 = 256 * 1024;

/// A window of a plain image.
#[derive(Clone, Debug)]
pub struct Window {
    /// Where the image's data begin in the file.
    pub begin: u64,
    /// Bytes of a pixel.
    pub pixel: u64,
    /// Pixels along each axis of the whole image.
    pub axes: Vec<u64>,
    pub ranges: Ranges,
}

/// Bytes of a pixel of such a BITPIX (section 4.4.1.1).
///
/// # Errors
///
/// No BITPIX.
pub fn pixel_bytes(bitpix: Option<i64>) -> Result<u64, Fault> {
    match bitpix {
        Some(8) => Ok(1),
        Some(16) => Ok(2),
        Some(32 | -32) => Ok(4),
        Some(64 | -64) => Ok(8),
        Some(other) => Err(Fault::unsuited(format!("its BITPIX is {other}"))),
        None => Err(Fault::unsuited("its header does not say BITPIX")),
    }
}

/// How many pixels are in a window.
pub fn count(ranges: &[[u64; 2]]) -> u64 {
    ranges
        .iter()
        .map(|[first, end]| end.saturating_sub(*first))
        .fold(1, u64::saturating_mul)
}

impl Window {
    /// Bytes of its pixels.
    pub fn bytes(&self) -> u64 {
        count(&self.ranges).saturating_mul(self.pixel)
    }

    /// Copies the pixels as they stand.
    ///
    /// # Errors
    ///
    /// Reading or writing fails.
    pub fn copy(&self, file: &File, out: &mut impl Write) -> io::Result<()> {
        let Some(([first, end], others)) = self.ranges.split_first() else {
            return Ok(());
        };
        let run = (end - first).saturating_mul(self.pixel);
        for rest in places(others) {
            let mut index = *first;
            let mut stride = 1u64;
            for (axis, place) in self.axes.iter().zip(std::iter::once(&0).chain(&rest)) {
                index = index.saturating_add(place.saturating_mul(stride));
                stride = stride.saturating_mul(*axis);
            }
            let from = self.begin.saturating_add(index.saturating_mul(self.pixel));
            copy(file, from, run, out)?;
        }
        Ok(())
    }
}

/// Copies so many bytes of a file.
///
/// # Errors
///
/// Reading or writing fails.
pub fn copy(file: &File, mut from: u64, mut bytes: u64, out: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; usize::try_from(bytes.min(CHUNK)).unwrap_or_default()];
    while bytes > 0 {
        let step = usize::try_from(bytes.min(CHUNK)).unwrap_or_default();
        let Some(piece) = buffer.get_mut(..step) else {
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        file.read_exact_at(piece, from)?;
        out.write_all(piece)?;
        from += step as u64;
        bytes -= step as u64;
    }
    Ok(())
}

/// All places in these ranges, the first axis changing fastest.
pub fn places(ranges: &[[u64; 2]]) -> impl Iterator<Item = Vec<u64>> {
    let empty = ranges.iter().any(|[first, end]| first >= end);
    let mut next = (!empty).then(|| ranges.iter().map(|[first, _]| *first).collect::<Vec<_>>());
    std::iter::from_fn(move || {
        let this = next.take()?;
        let mut after = this.clone();
        for (place, [first, end]) in after.iter_mut().zip(ranges) {
            *place += 1;
            if *place < *end {
                next = Some(after);
                break;
            }
            *place = *first;
        }
        Some(this)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_through() {
        let all: Vec<_> = places(&[[1, 3], [5, 7]]).collect();
        assert_eq!(all, [[1, 5], [2, 5], [1, 6], [2, 6]]);
        assert_eq!(places(&[]).count(), 1);
        assert_eq!(places(&[[0, 2], [3, 3]]).count(), 0);
    }

    #[test]
    fn a_window_of_a_cube_is_copied() {
        let mut file = tempfile::tempfile().unwrap();
        let pixels: Vec<u8> = (0..4 * 3 * 2).collect();
        file.write_all(b"xx").unwrap();
        file.write_all(&pixels).unwrap();
        let window = Window {
            begin: 2,
            pixel: 1,
            axes: vec![4, 3, 2],
            ranges: vec![[1, 3], [2, 3], [0, 2]],
        };
        let mut out = Vec::new();
        window.copy(&file, &mut out).unwrap();
        assert_eq!(out, [9, 10, 21, 22]);
        assert_eq!(window.bytes(), 4);
    }
}
