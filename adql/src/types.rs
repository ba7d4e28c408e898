//! Types of values and the columns that carry them.
//!
//! ADQL 2.1 section 3 (REC-ADQL-2.1) lists the types of the language; the
//! types of TAP_SCHEMA columns (TAP 1.1 section 4.3) map onto them.

use std::fmt;

/// The type of an ADQL expression or column.
///
/// ```
/// use adql::{Type, Wire};
/// assert_eq!(Type::Integer.wire(), Wire::Int4);
/// assert_eq!(Type::Point.wire(), Wire::Doubles);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    Boolean,
    SmallInt,
    Integer,
    BigInt,
    Real,
    Double,
    /// Character strings of any length (`CHAR`, `VARCHAR`, `CLOB`).
    Text,
    /// UTC, microseconds, no time zone.
    Timestamp,
    /// Bytes (`BINARY`, `VARBINARY`, `BLOB`).
    Binary,
    /// A list of `INTEGER`s, as functions give it.
    Integers,
    /// A list of `DOUBLE`s that is no geometry (VOTable 1.4 section 2.2).
    Doubles,
    Point,
    Circle,
    Polygon,
    /// Any region, kept as the text it is answered with (`s_region`).
    Region,
    /// Known only to an open catalog (`obstap adql check` without tables).
    Unknown,
}

/// How a value of an answer travels from the database to the writer.
///
/// Cells are bytes in one encoding whatever the engine; see [`crate::Wire`]'s
/// variants. Numbers are big-endian, as PostgreSQL and BINARY2 have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// One byte, 0 or 1.
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    /// UTF-8.
    Text,
    /// Signed 64-bit microseconds since 2000-01-01T00:00:00 UTC.
    Timestamp,
    Bytes,
    /// Float8 values one after the other, no header.
    Doubles,
    /// Int4 values one after the other, no header.
    Ints,
}

impl Type {
    pub fn wire(self) -> Wire {
        match self {
            Type::Boolean => Wire::Bool,
            Type::SmallInt => Wire::Int2,
            Type::Integer => Wire::Int4,
            Type::BigInt => Wire::Int8,
            Type::Real => Wire::Float4,
            Type::Double => Wire::Float8,
            Type::Timestamp => Wire::Timestamp,
            Type::Binary => Wire::Bytes,
            Type::Integers => Wire::Ints,
            Type::Point | Type::Circle | Type::Polygon | Type::Doubles => Wire::Doubles,
            Type::Text | Type::Region | Type::Unknown => Wire::Text,
        }
    }

    pub fn is_numeric(self) -> bool {
        self.is_integer() || matches!(self, Type::Real | Type::Double)
    }

    pub fn is_integer(self) -> bool {
        matches!(self, Type::SmallInt | Type::Integer | Type::BigInt)
    }

    pub fn is_geometry(self) -> bool {
        matches!(
            self,
            Type::Point | Type::Circle | Type::Polygon | Type::Region
        )
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Boolean => "BOOLEAN",
            Type::SmallInt => "SMALLINT",
            Type::Integer => "INTEGER",
            Type::BigInt => "BIGINT",
            Type::Real => "REAL",
            Type::Double => "DOUBLE PRECISION",
            Type::Text => "VARCHAR",
            Type::Timestamp => "TIMESTAMP",
            Type::Binary => "VARBINARY",
            Type::Integers => "INTEGER[]",
            Type::Doubles => "DOUBLE PRECISION[]",
            Type::Point => "POINT",
            Type::Circle => "CIRCLE",
            Type::Polygon => "POLYGON",
            Type::Region => "REGION",
            Type::Unknown => "unknown type",
        })
    }
}

/// A column of a published table or of an answer, with its metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// As published, without quotes.
    pub name: String,
    pub kind: Type,
    /// VOUnits 1.1.
    pub unit: Option<String>,
    pub ucd: Option<String>,
    pub utype: Option<String>,
    /// DALI 1.1 section 3.3, or `adql:REGION`.
    pub xtype: Option<String>,
    pub description: Option<String>,
    /// Text outside ASCII is expected: written as `unicodeChar`.
    pub unicode: bool,
    /// How whoever brought the column announced it, where its type alone would
    /// say less.
    pub announced: Option<Announced>,
}

/// A type of VOTable 1.4 (sections 2.1 and 2.2) that the column is to be
/// answered with, as it came. Its values fit it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// `unsignedByte`, `float`, …
    pub datatype: String,
    pub arraysize: Option<String>,
    pub xtype: Option<String>,
    /// The element that stands for none in a list of whole numbers.
    pub null: Option<i64>,
}

impl Column {
    /// A column with a name and a type and nothing else known of it.
    pub fn new(name: impl Into<String>, kind: Type) -> Column {
        Column {
            name: name.into(),
            kind,
            unit: None,
            ucd: None,
            utype: None,
            xtype: None,
            description: None,
            unicode: false,
            announced: None,
        }
    }
}
