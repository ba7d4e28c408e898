//! What an answer's columns are called and what their metadata tell.

use std::collections::HashSet;

use adql::Column;

/// The names of the columns, each once whatever its case, for formats that
/// find columns by name: a name met before gets `_2`, `_3`, ….
pub fn unique_names(columns: &[Column]) -> Vec<String> {
    let mut taken = HashSet::new();
    let names = columns.iter().map(|column| {
        let mut name = column.name.clone();
        let mut number = 2;
        while !taken.insert(name.to_lowercase()) {
            name = format!("{}_{number}", column.name);
            number += 1;
        }
        name
    });
    names.collect()
}

/// Whether this column holds positions or regions, which ObsCore 1.1
/// (sections 4.10 and 4.12) gives in ICRS without exception.
pub fn is_sky(column: &Column) -> bool {
    let utype = column.utype.as_deref().unwrap_or_default().to_lowercase();
    let ucd = column.ucd.as_deref().unwrap_or_default().to_lowercase();
    column.kind.is_geometry()
        || utype.contains("char.spatialaxis.coverage.location")
        || utype.contains("char.spatialaxis.coverage.support.area")
        || ((ucd.starts_with("pos.eq") || ucd.starts_with("pos.outline")) && !is_computed(&ucd))
}

/// Whether this column is a time in MJD, UTC (`t_min`, `t_max`).
pub fn is_mjd(column: &Column) -> bool {
    let utype = column.utype.as_deref().unwrap_or_default().to_lowercase();
    let ucd = column.ucd.as_deref().unwrap_or_default().to_lowercase();
    let days = column.unit.as_deref() == Some("d") && !is_computed(&ucd);
    days && (utype.contains("char.timeaxis.coverage.bounds")
        || ucd.starts_with("time.start")
        || ucd.starts_with("time.end")
        || ucd.starts_with("time.epoch"))
}

/// A difference, a sum or a ratio of such values is in no frame.
fn is_computed(ucd: &str) -> bool {
    ucd.split(';').any(|word| word.starts_with("arith."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use adql::Type;

    #[test]
    fn frames_are_told_by_the_metadata() {
        fn check(utype: &str, ucd: &str, unit: &str, sky: bool, mjd: bool) {
            let mut column = Column::new("c", Type::Double);
            column.utype = Some(utype.to_owned());
            column.ucd = Some(ucd.to_owned());
            column.unit = Some(unit.to_owned());
            assert_eq!(
                (is_sky(&column), is_mjd(&column)),
                (sky, mjd),
                "{utype} {ucd}"
            );
        }
        check(
            "Char.SpatialAxis.Coverage.Location.Coord.Position2D.Value2.C1",
            "pos.eq.ra",
            "deg",
            true,
            false,
        );
        check("", "pos.eq.dec;meta.main", "deg", true, false);
        check(
            "Char.TimeAxis.Coverage.Bounds.Limits.StartTime",
            "time.start;obs.exposure",
            "d",
            false,
            true,
        );
        check("", "time.end;obs.exposure", "d", false, true);
        check("", "time.end;stat.max", "d", false, true);
        check("", "time.end;arith.diff", "d", false, false);
        check("", "pos.eq.ra;arith.diff", "deg", false, false);
        check(
            "Char.TimeAxis.Coverage.Support.Extent",
            "time.duration;obs.exposure",
            "s",
            false,
            false,
        );
        check("", "em.wl;stat.min", "m", false, false);
    }
}
