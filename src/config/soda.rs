//! Which files cut-outs are made of, and how many at once.

use std::path::PathBuf;

use super::Error;
use super::merged::Merged;

/// What the service of cut-outs may use (SODA 1.0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soda {
    /// Directories whose files may be read; without one there are no cut-outs.
    pub roots: Vec<PathBuf>,
    /// Cut-outs that are made at the same time.
    pub concurrent: usize,
}

impl Soda {
    pub(super) fn read(merged: &Merged) -> Result<Soda, Error> {
        let roots = merged.text("soda.roots").unwrap_or_default();
        let roots: Vec<PathBuf> = roots
            .split(',')
            .map(str::trim)
            .filter(|root| !root.is_empty())
            .map(PathBuf::from)
            .collect();
        if roots.iter().any(|root| !root.is_absolute()) {
            let rule =
                "must be absolute paths with commas between, as in \"/archive, /data/images\"";
            return Err(merged.wrong("soda.roots", rule));
        }
        match merged.number("soda.concurrent")? {
            concurrent @ 1..=1000 => Ok(Soda {
                roots,
                concurrent: usize::try_from(concurrent).unwrap_or(1),
            }),
            _ => Err(merged.wrong("soda.concurrent", "must be 1 to 1000")),
        }
    }
}
