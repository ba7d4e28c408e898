//! The tables that random queries are asked of: a column of every type, and
//! for numbers what their values are bounded by.

use adql::catalog::{PositionIndex, RegionIndex, Table};
use adql::{Catalog, Column, Type};

pub const SCHEMA: &str = "random";

/// Columns of `random.things`. The index columns of positions and regions
/// stand beside them, unpublished.
pub const THINGS: &[(&str, Type)] = &[
    ("id", Type::Integer),
    ("few", Type::Integer),
    ("word", Type::Text),
    ("tame", Type::Double),
    ("i2", Type::SmallInt),
    ("i4", Type::Integer),
    ("i8", Type::BigInt),
    ("f4", Type::Real),
    ("f8", Type::Double),
    ("t", Type::Text),
    ("Größe \"x\"", Type::Text),
    ("at", Type::Timestamp),
    ("flag", Type::Boolean),
    ("lon", Type::Double),
    ("lat", Type::Double),
    ("ra", Type::Double),
    ("dec", Type::Double),
    ("s_region", Type::Region),
];

/// Columns of `random.others`, some called as those of the first table.
pub const OTHERS: &[(&str, Type)] = &[
    ("id", Type::Integer),
    ("few", Type::Integer),
    ("word", Type::Text),
    ("tame", Type::Double),
    ("big", Type::BigInt),
    ("day", Type::Timestamp),
    ("ra2", Type::Double),
    ("dec2", Type::Double),
];

pub fn catalog() -> Catalog {
    let table = |name: &str, columns: &[(&str, Type)]| Table {
        schema: SCHEMA.to_owned(),
        name: name.to_owned(),
        stored: (SCHEMA.to_owned(), name.to_owned()),
        columns: columns
            .iter()
            .map(|(name, kind)| Column {
                unit: unit(name).map(str::to_owned),
                ..Column::new(*name, *kind)
            })
            .collect(),
        ..Table::default()
    };
    Catalog::new([
        Table {
            regions: vec![RegionIndex {
                column: "s_region".to_owned(),
                prefix: "fp".to_owned(),
            }],
            positions: vec![PositionIndex {
                lon: "ra".to_owned(),
                lat: "dec".to_owned(),
                cell: "pt_hpx".to_owned(),
            }],
            ..table("things", THINGS)
        },
        table("others", OTHERS),
    ])
}

/// Positions are in degrees; what is tame is a time.
fn unit(column: &str) -> Option<&'static str> {
    match column {
        "lon" | "lat" | "ra" | "dec" | "ra2" | "dec2" => Some("deg"),
        "tame" => Some("s"),
        _ => None,
    }
}

/// What is known of a number.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// No value is farther from 0.
    pub most: f64,
    /// Every value is a multiple of 2^-grain, if it is known: sums and
    /// products of such numbers are exact in any order.
    pub grain: Option<u32>,
}

impl Bounds {
    pub const WILD: Bounds = Bounds {
        most: f64::INFINITY,
        grain: None,
    };

    pub const fn new(most: f64, grain: u32) -> Bounds {
        Bounds {
            most,
            grain: Some(grain),
        }
    }

    /// Of what is one of two numbers.
    pub fn either(self, other: Bounds) -> Bounds {
        let grain = self.grain.zip(other.grain);
        Bounds {
            most: self.most.max(other.most),
            grain: grain.map(|(a, b)| a.max(b)),
        }
    }
}

/// What the data keep to.
pub fn bounds(column: &str, kind: Type) -> Bounds {
    match (column, kind) {
        ("id" | "few", _) => Bounds::new(64.0, 0),
        ("tame", _) => Bounds::new(1000.0, 3),
        ("lon", _) => Bounds::new(360.0, 3),
        ("lat", _) => Bounds::new(60.0, 3),
        ("ra" | "ra2", _) => Bounds {
            most: 360.0,
            grain: None,
        },
        ("dec" | "dec2", _) => Bounds {
            most: 90.0,
            grain: None,
        },
        (_, Type::SmallInt) => Bounds::new(32_768.0, 0),
        (_, Type::Integer) => Bounds::new(2_147_483_648.0, 0),
        (_, Type::BigInt) => Bounds::new(9.3e18, 0),
        (_, Type::Real) => Bounds {
            most: 3.5e38,
            grain: None,
        },
        _ => Bounds::WILD,
    }
}
