//! Telling what a file is from its first bytes, then from its name.

use super::InputError;

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Tsv,
    VoTable,
    Fits,
    Parquet,
}

impl Format {
    /// By the names people use, without regard to case.
    pub fn named(name: &str) -> Option<Format> {
        Some(match name.to_ascii_lowercase().as_str() {
            "csv" => Format::Csv,
            "tsv" | "tab" => Format::Tsv,
            "votable" | "vot" | "xml" => Format::VoTable,
            "fits" | "fit" => Format::Fits,
            "parquet" => Format::Parquet,
            _ => return None,
        })
    }

    /// By a media type (RFC 9110 section 8.3.1), where that says more than
    /// the content does.
    pub fn of_media_type(text: &str) -> Option<Format> {
        let name = text.split(';').next().unwrap_or_default().trim();
        Some(match name.to_ascii_lowercase().as_str() {
            "text/csv" => Format::Csv,
            "text/tab-separated-values" => Format::Tsv,
            "application/x-votable+xml" => Format::VoTable,
            "application/fits" | "image/fits" => Format::Fits,
            "application/vnd.apache.parquet" | "application/x-parquet" => Format::Parquet,
            _ => return None,
        })
    }
}

const READABLE: &str = "CSV, TSV, VOTable, FITS and Parquet are read";

/// `head` is the beginning of the content, after decompression.
pub(super) fn tell(name: &str, head: &[u8]) -> Result<Format, InputError> {
    let not = |reason: String| {
        Err(InputError::NotATable {
            file: name.to_owned(),
            reason,
        })
    };
    if head.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    if head.starts_with(b"SIMPLE  =") {
        return Ok(Format::Fits);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = text.trim_ascii_start();
    if text.is_empty() {
        return not("it is empty".into());
    }
    if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| text.starts_with(magic)) {
        return not(format!("it is {what}; {READABLE}"));
    }
    if text.first() == Some(&b'<') {
        // The root element may have a prefix, and comments before it.
        if text.windows(7).any(|part| part == b"VOTABLE") {
            return Ok(Format::VoTable);
        }
        return not(format!("it is {}; {READABLE}", markup(text)));
    }
    if text.contains(&0) || text.iter().filter(|b| is_control(**b)).count() * 20 > text.len() {
        return not(format!("it holds binary data; {READABLE}"));
    }
    Ok(match extension(name).as_deref().and_then(Format::named) {
        // The name says something else than the content does.
        Some(Format::Parquet | Format::VoTable | Format::Fits) => {
            return not("its content is not what its name says".into());
        }
        Some(format) => format,
        None => {
            let line = text.split(|b| *b == b'\n').next().unwrap_or(text);
            match line.contains(&b'\t') && !line.contains(&b',') {
                true => Format::Tsv,
                false => Format::Csv,
            }
        }
    })
}

/// What people hand over by mistake, by its first bytes.
const FOREIGN: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "compressed with bzip2 (undo that first)"),
    (b"\xfd7zXZ", "compressed with xz (undo that first)"),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed with zstd (undo that first)",
    ),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"# %ECSV", "an ECSV file"),
    (b"{", "a JSON document"),
];

/// XML that is not a VOTable, in words.
fn markup(text: &[u8]) -> &'static str {
    let text = text.to_ascii_lowercase();
    let holds = |word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
    match holds("<html") || holds("<!doctype html") {
        true => "an HTML page",
        false => "XML and not a VOTable",
    }
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c)
}

/// The last extension below `.gz`, in lower case.
fn extension(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map(|(_, end)| end.to_owned())
}
