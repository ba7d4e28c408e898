//! Cut-outs of FITS images (SODA 1.0, the synchronous service,
//! <https://www.ivoa.net/documents/SODA/20170517/>).
//!
//! [`Request::read`] understands the parameters, [`unpacked`] prepares the file,
//! [`Cutout::new`] finds the pixels and [`Cutout::write`] streams a FITS file
//! whose WCS holds for them. Memory does not grow with the image: only rows, or
//! tiles, that are wanted are read.
//!
//! Leaves out: the asynchronous service, several regions in one request, MOCs,
//! cuts along other axes than those of the sky.
//!
//! Must not know: where files are and whose ID is which, HTTP.

mod cut;
mod fault;
mod fits;
mod params;
mod wcs;
mod window;

pub use cut::Cutout;
pub use fault::{Fault, Word};
pub use params::Request;

use std::fs::File;
use std::io::ErrorKind;

/// The media type of a cut-out (RFC 4047).
pub const MEDIA_TYPE: &str = "application/fits";

/// Bytes of a file that was compressed as a whole.
const UNPACKED: u64 = 8 << 30;

/// A file that can be cut: where it is compressed as a whole (gzip), a copy of
/// it without a name.
///
/// # Errors
///
/// It cannot be read, or has too many bytes.
pub fn unpacked(file: File) -> Result<File, Fault> {
    crate::input::unpacked(file, UNPACKED).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => Fault::unsuited(format!(
            "the file is compressed as a whole, and larger than {UNPACKED} bytes without that"
        )),
        _ => Fault::broken("the file of the dataset cannot be read"),
    })
}
