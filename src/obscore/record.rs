//! A row of `ivoa.obscore`: one that breaks a rule of ObsCore cannot be built.

use super::cell::{Cell, convert};
use super::columns::{Need, PRODUCT_TYPES, name};
use super::layout::Layout;
use crate::database::Batch;
use crate::input::Value;
use crate::input::shown;
use crate::spatial::{self, IndexCells};

/// A row that may be stored, with the cells of its spatial index.
///
/// ```
/// use obstap::input::Value;
/// use obstap::obscore::{Layout, Record, declared};
/// let names = ["obs_publisher_did", "obs_id", "obs_collection", "calib_level"];
/// let names: Vec<String> = names.map(String::from).into();
/// let layout = Layout::new(&names, &declared(&[]).unwrap()).unwrap();
/// let row = ["ivo://example/x?1", "1", "x", "7"].map(|text| Value::Text(text.into()));
/// let reasons = Record::new(&layout, &row).unwrap_err();
/// assert_eq!(reasons, ["calib_level is 7, and must be from 0 to 4"]);
/// ```
#[derive(Clone, Debug)]
pub struct Record<'a> {
    cells: Vec<Cell<'a>>,
    index: IndexCells,
    publisher_did: usize,
    warning: Option<String>,
}

impl<'a> Record<'a> {
    /// Checks the values of a row of the file that `layout` was made for.
    ///
    /// # Errors
    /// A sentence for everything that is wrong.
    pub fn new(layout: &Layout, row: &'a [Value]) -> Result<Record<'a>, Vec<String>> {
        let mut reasons = Vec::new();
        let mut cells = Vec::with_capacity(layout.columns.len());
        for column in &layout.columns {
            let value = row.get(column.from).unwrap_or(&Value::Null);
            match convert(value, column.kind) {
                Ok(cell) => {
                    if column.need == Need::Value && is_blank(&cell) {
                        reasons.push(format!("{} has no value", column.name));
                    }
                    cells.push(cell);
                }
                Err(reason) => {
                    reasons.push(format!("{}: {reason}", column.name));
                    cells.push(Cell::Null);
                }
            }
        }
        calib_level(layout, &cells, &mut reasons);
        position(layout, &mut cells, &mut reasons);
        order(layout, &cells, ["t_min", "t_max"], &mut reasons);
        order(layout, &cells, ["em_min", "em_max"], &mut reasons);
        let at = |name| layout.cell(name).and_then(|place| cells.get(place));
        let number = |name| at(name).and_then(Cell::double);
        let region = at(name::REGION).and_then(Cell::text);
        let index = spatial::fill(region, number(name::RA), number(name::DEC));
        let index = index.unwrap_or_else(|error| {
            reasons.push(format!("{}: {error}", name::REGION));
            IndexCells::default()
        });
        match layout.cell(name::PUBLISHER_DID) {
            Some(publisher_did) if reasons.is_empty() => Ok(Record {
                warning: product_type(layout, &cells),
                cells,
                index,
                publisher_did,
            }),
            _ => Err(reasons),
        }
    }

    /// What tells it from all others.
    pub fn publisher_did(&self) -> &str {
        let cell = self.cells.get(self.publisher_did);
        cell.and_then(Cell::text).unwrap_or_default()
    }

    /// What is allowed and still looks like a mistake.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Appends its cells in the order of [`Layout::names`].
    pub fn push(&self, batch: &mut Batch) {
        for cell in &self.cells {
            cell.push(batch);
        }
        self.index.push(batch);
    }
}

fn is_blank(cell: &Cell<'_>) -> bool {
    cell.is_null() || cell.text().is_some_and(|text| text.trim().is_empty())
}

/// ObsCore 1.1 section 4.2.
fn calib_level(layout: &Layout, cells: &[Cell<'_>], reasons: &mut Vec<String>) {
    let level = layout
        .cell("calib_level")
        .and_then(|place| cells.get(place));
    if let Some(Cell::Int4(level)) = level
        && !(0..=4).contains(level)
    {
        reasons.push(format!("calib_level is {level}, and must be from 0 to 4"));
    }
}

/// A right ascension of 360 is the one of 0, written as such so that
/// comparisons find it.
fn position(layout: &Layout, cells: &mut [Cell<'_>], reasons: &mut Vec<String>) {
    for (name, least, most) in [(name::RA, 0.0, 360.0), (name::DEC, -90.0, 90.0)] {
        let cell = layout.cell(name).and_then(|place| cells.get_mut(place));
        let Some(Cell::Float8(degrees)) = cell else {
            continue;
        };
        if !(least..=most).contains(degrees) {
            reasons.push(format!(
                "{name} is {degrees} degrees, and must be from {least} to {most}"
            ));
        } else if name == name::RA && *degrees == 360.0 {
            *degrees = 0.0;
        }
    }
}

fn order(layout: &Layout, cells: &[Cell<'_>], names: [&str; 2], reasons: &mut Vec<String>) {
    let number = |name| cells.get(layout.cell(name)?)?.double();
    let [least, most] = names;
    if let (Some(first), Some(last)) = (number(least), number(most))
        && first > last
    {
        reasons.push(format!(
            "{least} is {first}, more than {most}, which is {last}"
        ));
    }
}

/// ObsCore 1.1 section 3.3.1. Archives have words of their own here, and their
/// rows are of use all the same.
fn product_type(layout: &Layout, cells: &[Cell<'_>]) -> Option<String> {
    let place = layout.cell("dataproduct_type")?;
    let given = cells.get(place)?.text()?;
    (!PRODUCT_TYPES.contains(&given)).then(|| {
        format!(
            "dataproduct_type {} is not one of ObsCore: {}",
            shown(given),
            PRODUCT_TYPES.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::columns::declared;
    use super::*;

    const NEEDED: [(&str, &str); 4] = [
        ("calib_level", "2"),
        ("obs_collection", "survey"),
        ("obs_id", "1"),
        ("obs_publisher_did", "ivo://example/survey?1"),
    ];

    /// A good row, with these values put in or replaced.
    fn build<T>(
        values: &[(&str, &str)],
        see: impl Fn(&Layout, Result<Record<'_>, Vec<String>>) -> T,
    ) -> T {
        let mut named = NEEDED.to_vec();
        for &(name, value) in values {
            named.retain(|(known, _)| *known != name);
            named.push((name, value));
        }
        let names: Vec<String> = named.iter().map(|(name, _)| (*name).to_owned()).collect();
        let layout = Layout::new(&names, &declared(&[]).unwrap()).unwrap();
        let row: Vec<Value> = named
            .iter()
            .map(|(_, value)| Value::Text((*value).to_owned()))
            .collect();
        see(&layout, Record::new(&layout, &row))
    }

    #[track_caller]
    fn check_refused(values: &[(&str, &str)], expected: &[&str]) {
        let reasons = build(values, |_, record| record.map(|_| ()).unwrap_err());
        assert_eq!(reasons, expected);
    }

    #[test]
    fn a_row_needs_an_identifier_a_collection_and_a_level() {
        check_refused(
            &[("obs_publisher_did", "")],
            &["obs_publisher_did has no value"],
        );
        check_refused(&[("obs_id", "  ")], &["obs_id has no value"]);
        check_refused(
            &[("obs_collection", ""), ("calib_level", "high")],
            &[
                "calib_level: \"high\" is not a whole number",
                "obs_collection has no value",
            ],
        );
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        check_refused(
            &[("calib_level", "5")],
            &["calib_level is 5, and must be from 0 to 4"],
        );
        check_refused(
            &[("s_ra", "-5"), ("s_dec", "90.5")],
            &[
                "s_ra is -5 degrees, and must be from 0 to 360",
                "s_dec is 90.5 degrees, and must be from -90 to 90",
            ],
        );
        check_refused(
            &[("t_min", "60000"), ("t_max", "59999")],
            &["t_min is 60000, more than t_max, which is 59999"],
        );
        check_refused(
            &[("em_min", "7e-7"), ("em_max", "5e-7")],
            &["em_min is 0.0000007, more than em_max, which is 0.0000005"],
        );
    }

    #[test]
    fn a_region_that_is_none_is_refused_by_name() {
        let reasons = build(&[("s_region", "SOMEWHERE")], |_, record| {
            record.map(|_| ()).unwrap_err()
        });
        assert_eq!(reasons.len(), 1);
        assert!(
            reasons[0].starts_with("s_region: the region \"SOMEWHERE\" is not"),
            "{}",
            reasons[0]
        );
    }

    #[test]
    fn right_ascension_360_is_0() {
        build(&[("s_ra", "360"), ("s_dec", "10")], |layout, record| {
            let record = record.unwrap();
            let place = layout.cell("s_ra").unwrap();
            assert_eq!(record.cells[place], Cell::Float8(0.0));
            assert!(record.index.position.is_some());
        });
    }

    #[test]
    fn nan_is_no_value_and_no_limit() {
        build(
            &[("s_ra", "NaN"), ("t_min", "NaN"), ("t_max", "1")],
            |layout, record| {
                let record = record.unwrap();
                let mut batch = Batch::new(layout.wires());
                record.push(&mut batch);
                assert_eq!(batch.len(), 1);
                assert_eq!(batch.cell(0, layout.cell("s_ra").unwrap()), None);
                assert_eq!(record.publisher_did(), "ivo://example/survey?1");
            },
        );
    }

    #[test]
    fn a_product_type_of_ones_own_is_only_remarked_on() {
        build(&[("dataproduct_type", "Image")], |_, record| {
            let warning = record.unwrap().warning().map(str::to_owned).unwrap();
            assert!(
                warning.contains("\"Image\" is not one of ObsCore"),
                "{warning}"
            );
        });
    }
}
