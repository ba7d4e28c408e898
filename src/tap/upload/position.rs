//! Which columns of an unknown table are positions and regions on the sky.

use adql::{Column, Type};

/// Pairs of columns that get an index.
const PAIRS: usize = 3;

/// What right ascension and declination are called where nothing else tells.
const NAMES: [(&str, &str); 14] = [
    ("ra", "dec"),
    ("s_ra", "s_dec"),
    ("ra_deg", "dec_deg"),
    ("radeg", "decdeg"),
    ("raj2000", "dej2000"),
    ("raj2000", "decj2000"),
    ("_raj2000", "_dej2000"),
    ("ra_icrs", "de_icrs"),
    ("ra_j2000", "dec_j2000"),
    ("ra2000", "dec2000"),
    ("alpha", "delta"),
    ("alpha_j2000", "delta_j2000"),
    ("lon", "lat"),
    ("longitude", "latitude"),
];

/// Longitude and latitude, by their places among the columns: those that their
/// UCDs name (UCD1+ 1.6, and UCD1 before it), then those with a usual name and
/// degrees or nothing for a unit. An index is right for any two columns of
/// numbers; these are worth one.
pub(super) fn pairs(columns: &[Column]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut add = |lon: Option<usize>, lat: Option<usize>| {
        if let (Some(lon), Some(lat)) = (lon, lat)
            && lon != lat
            && pairs.len() < PAIRS
            && !pairs.contains(&(lon, lat))
        {
            pairs.push((lon, lat));
        }
    };
    for (lon, lat) in [
        ("pos.eq.ra;meta.main", "pos.eq.dec;meta.main"),
        ("pos_eq_ra_main", "pos_eq_dec_main"),
        ("pos.eq.ra", "pos.eq.dec"),
        ("pos_eq_ra", "pos_eq_dec"),
    ] {
        add(with_ucd(columns, lon), with_ucd(columns, lat));
    }
    for (lon, lat) in NAMES {
        add(named(columns, lon), named(columns, lat));
    }
    pairs
}

fn is_number(column: &Column) -> bool {
    matches!(column.kind, Type::Double | Type::Real)
}

fn with_ucd(columns: &[Column], ucd: &str) -> Option<usize> {
    let has = |column: &Column| {
        let own = column.ucd.as_deref().unwrap_or_default().trim();
        is_number(column) && own.eq_ignore_ascii_case(ucd)
    };
    columns.iter().position(has)
}

fn named(columns: &[Column], name: &str) -> Option<usize> {
    let has = |column: &Column| {
        let unit = column.unit.as_deref().unwrap_or_default().trim();
        let degrees = ["", "deg", "degree", "degrees"];
        is_number(column)
            && column.name.trim().eq_ignore_ascii_case(name)
            && degrees.iter().any(|known| known.eq_ignore_ascii_case(unit))
    };
    columns.iter().position(has)
}

/// Whether a column of texts holds regions: by its xtype (DALI 1.1 section
/// 3.3, and `shape` of its successor), by what ObsCore 1.1 (section 4.12) calls
/// it, or by its name there.
pub(super) fn is_region(column: &Column) -> bool {
    let is = |text: &Option<String>, known: &[&str]| {
        let text = text.as_deref().unwrap_or_default().trim();
        known.iter().any(|known| known.eq_ignore_ascii_case(text))
    };
    column.kind == Type::Text
        && (is(&column.xtype, &["adql:region", "region", "shape", "stc-s"])
            || is(&column.ucd, &["pos.outline;obs.field", "pos.outline"])
            || column.name.eq_ignore_ascii_case("s_region"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_found() {
        fn check(columns: &[(&str, Type, &str, &str)], expected: &[(usize, usize)]) {
            let columns: Vec<Column> = columns
                .iter()
                .map(|(name, kind, ucd, unit)| Column {
                    ucd: (!ucd.is_empty()).then(|| (*ucd).to_owned()),
                    unit: (!unit.is_empty()).then(|| (*unit).to_owned()),
                    ..Column::new(*name, *kind)
                })
                .collect();
            assert_eq!(pairs(&columns), expected, "{columns:?}");
        }
        use Type::{Double, Real, Text};
        check(
            &[("RA", Double, "", "deg"), ("Dec", Double, "", "")],
            &[(0, 1)],
        );
        check(
            &[("ra", Double, "", "rad"), ("dec", Double, "", "rad")],
            &[],
        );
        check(&[("ra", Text, "", ""), ("dec", Text, "", "")], &[]);
        check(
            &[
                ("ra", Double, "", ""),
                ("dec", Double, "", ""),
                ("a", Real, "pos.eq.ra;meta.main", "rad"),
                ("d", Real, "pos.eq.dec;meta.main", "rad"),
            ],
            &[(2, 3), (0, 1)],
        );
        check(
            &[
                ("e", Double, "stat.error;pos.eq.ra", "deg"),
                ("dec", Double, "", ""),
            ],
            &[],
        );
    }
}
