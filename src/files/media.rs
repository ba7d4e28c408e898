//! The media type of a file by its name (IANA's list; RFC 4047 for FITS).

/// Endings and types; a name has the first that fits.
const TYPES: [(&str, &str); 24] = [
    // Compressed by tiles: a FITS file like others (FITS 4.0 section 10).
    ("fits.fz", "application/fits"),
    ("fits", "application/fits"),
    ("fit", "application/fits"),
    ("fts", "application/fits"),
    ("gz", "application/gzip"),
    ("bz2", "application/x-bzip2"),
    ("zst", "application/zstd"),
    ("zip", "application/zip"),
    ("tar", "application/x-tar"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("svg", "image/svg+xml"),
    ("pdf", "application/pdf"),
    ("json", "application/json"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("ecsv", "text/csv;charset=utf-8"),
    ("csv", "text/csv;charset=utf-8"),
    ("txt", "text/plain;charset=utf-8"),
    ("parq", "application/vnd.apache.parquet"),
    ("parquet", "application/vnd.apache.parquet"),
    ("vot", "application/x-votable+xml"),
    ("hdf5", "application/x-hdf5"),
];

/// That of a name or a URI, where it says something.
pub fn media_type(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let known = TYPES.iter().find(|(ending, _)| {
        name.strip_suffix(ending)
            .is_some_and(|rest| rest.ends_with('.'))
    });
    known.map(|(_, media_type)| *media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_files_are() {
        let check = |name: &str, expected: &str| {
            assert_eq!(media_type(name).unwrap_or_default(), expected, "{name}");
        };
        check("file:///d/A.FITS", "application/fits");
        check("a.fits.fz", "application/fits");
        check("a.fits.gz", "application/gzip");
        check("x.zip#zip-path=b/c.json", "application/json");
        check("preview.png", "image/png");
        check("fits", "");
        check("", "");
    }
}
