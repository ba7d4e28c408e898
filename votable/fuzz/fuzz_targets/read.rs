//! Reads whatever comes, to its end or first error, within small limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use votable::{Limits, Reader};

fuzz_target!(|document: &[u8]| {
    let limits = Limits {
        cell_bytes: 1 << 16,
        row_bytes: 1 << 18,
        head_bytes: 1 << 18,
        ..Limits::default()
    };
    if let Ok(mut reader) = Reader::with_limits(document, limits) {
        while let Ok(Some(_)) = reader.next_row() {}
    }
});
