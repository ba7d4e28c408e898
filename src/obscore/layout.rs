//! Which column of a file goes where: settled once for the whole file.

use std::fmt;
use std::sync::Arc;

use adql::{Type, Wire};

use super::columns::{Declared, Need};
use crate::input::shown;
use crate::spatial;

/// The columns of a file, matched to those of the table.
#[derive(Clone, Debug)]
pub struct Layout {
    /// In the order of the table; those the file does not have are left out.
    pub(super) columns: Vec<Placed>,
    wires: Arc<[Wire]>,
}

/// A column of the table that the file has.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) name: String,
    pub(super) kind: Type,
    pub(super) need: Need,
    /// Its place among the columns of the file.
    pub(super) from: usize,
}

/// Everything wrong with the columns of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutError {
    pub reasons: Vec<String>,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reasons.join("; "))
    }
}

impl std::error::Error for LayoutError {}

impl Layout {
    /// Matches names without regard to case.
    ///
    /// # Errors
    /// Names that the table does not have, and columns without which no row
    /// can be stored; all of them at once.
    pub fn new(file: &[String], table: &[Declared]) -> Result<Layout, LayoutError> {
        let mut reasons = Vec::new();
        let place = |name: &str| {
            file.iter()
                .position(|column| column.eq_ignore_ascii_case(name))
        };
        let mut columns = Vec::new();
        for declared in table {
            match place(declared.name()) {
                Some(from) => columns.push(Placed {
                    name: declared.name().to_owned(),
                    kind: declared.kind(),
                    need: declared.need,
                    from,
                }),
                None if declared.need == Need::Value => {
                    reasons.push(format!(
                        "it has no column {}, which every row needs",
                        declared.name()
                    ));
                }
                None => {}
            }
        }
        for (from, name) in file.iter().enumerate() {
            if columns.iter().all(|column| column.from != from) {
                reasons.push(unknown(name, table));
            }
        }
        if !reasons.is_empty() {
            return Err(LayoutError { reasons });
        }
        let wires = columns.iter().map(|column| column.kind.wire());
        let hidden = spatial::COLUMNS.iter().map(|&(_, wire)| wire);
        let wires = wires.chain(hidden).collect();
        Ok(Layout { columns, wires })
    }

    /// Names of the cells of a row, index cells last.
    pub fn names(&self) -> Vec<&str> {
        let columns = self.columns.iter().map(|column| column.name.as_str());
        let hidden = spatial::COLUMNS.iter().map(|&(name, _)| name);
        columns.chain(hidden).collect()
    }

    /// How the cells of a row travel, in the order of [`Layout::names`].
    pub fn wires(&self) -> Arc<[Wire]> {
        self.wires.clone()
    }

    /// The place of a column among the cells of a record.
    pub(super) fn cell(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

fn unknown(name: &str, table: &[Declared]) -> String {
    let lower = name.to_lowercase();
    let likeness = |declared: &&Declared| strsim::damerau_levenshtein(&lower, declared.name());
    let nearest = table.iter().min_by_key(likeness);
    // A third of the letters may differ, as in a slip and not in another word.
    let nearest = nearest.filter(|declared| likeness(declared) * 3 <= lower.chars().count());
    match nearest {
        Some(declared) => format!(
            "its column {} is not one of the table: {} is",
            shown(name),
            declared.name()
        ),
        None => format!(
            "its column {} is not one of the table: declare it in [[obscore.extra_columns]] or leave it out",
            shown(name)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::declared;
    use super::*;

    const NEEDED: [&str; 4] = [
        "calib_level",
        "obs_collection",
        "obs_id",
        "obs_publisher_did",
    ];

    fn layout(more: &[&str]) -> Result<Layout, LayoutError> {
        let names = NEEDED.iter().chain(more);
        let names: Vec<String> = names.map(|&name| name.to_owned()).collect();
        Layout::new(&names, &declared(&[]).unwrap())
    }

    #[test]
    fn columns_are_matched_without_regard_to_case() {
        let layout = layout(&["S_DEC", "s_ra"]).unwrap();
        let names = layout.names();
        assert_eq!(names[4..7], ["s_ra", "s_dec", "fp_key"]);
        assert_eq!(layout.columns[4].from, 5);
        assert_eq!(layout.wires().len(), 14);
    }

    #[test]
    fn a_column_the_table_lacks_is_named_once_with_what_was_meant() {
        let error = layout(&["s_raa", "seeing"]).unwrap_err();
        assert_eq!(
            error.reasons,
            [
                "its column \"s_raa\" is not one of the table: s_ra is",
                "its column \"seeing\" is not one of the table: declare it in \
                 [[obscore.extra_columns]] or leave it out",
            ]
        );
        // The index is ours to fill.
        assert!(layout(&["fp_key"]).is_err());
    }

    #[test]
    fn a_file_must_have_what_every_row_needs() {
        let error = Layout::new(&["obs_id".into()], &declared(&[]).unwrap()).unwrap_err();
        assert_eq!(error.reasons.len(), 3);
        assert_eq!(
            error.reasons[0],
            "it has no column calib_level, which every row needs"
        );
    }
}
