//! How the types of ADQL are called (ADQL 2.1 section 3, DALI 1.1 section 3.3):
//! answers, `/tables` and TAP_SCHEMA say the same.

use adql::{Column, Type};

/// `datatype`, `arraysize` and `xtype` of a column (TAP 1.1 section 4.3,
/// VOTable 1.4 section 2.1, DALI 1.1 section 3.3).
///
/// ```
/// use adql::{Column, Type};
/// use obstap::dali::Datatype;
/// let column = Column::new("obs_id", Type::Text);
/// let text = Datatype::of(&column);
/// assert_eq!((text.datatype, text.arraysize), ("char", Some("*")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datatype<'a> {
    pub datatype: &'a str,
    pub arraysize: Option<&'a str>,
    pub xtype: Option<&'a str>,
}

impl<'a> Datatype<'a> {
    /// How a column is announced.
    pub fn of(column: &'a Column) -> Datatype<'a> {
        if let Some(announced) = &column.announced {
            return Datatype {
                datatype: &announced.datatype,
                arraysize: announced.arraysize.as_deref(),
                xtype: announced.xtype.as_deref(),
            };
        }
        let (datatype, arraysize, own) = match column.kind {
            Type::Boolean => ("boolean", None, None),
            Type::SmallInt => ("short", None, None),
            Type::Integer => ("int", None, None),
            Type::BigInt => ("long", None, None),
            Type::Real => ("float", None, None),
            Type::Double => ("double", None, None),
            Type::Text | Type::Unknown if column.unicode => ("unicodeChar", Some("*"), None),
            Type::Text | Type::Unknown => ("char", Some("*"), None),
            Type::Timestamp => ("char", Some("*"), Some("timestamp")),
            Type::Binary => ("unsignedByte", Some("*"), None),
            Type::Integers => ("int", Some("*"), None),
            Type::Doubles => ("double", Some("*"), None),
            Type::Point => ("double", Some("2"), Some("point")),
            Type::Circle => ("double", Some("3"), Some("circle")),
            Type::Polygon => ("double", Some("*"), Some("polygon")),
            Type::Region => ("char", Some("*"), Some("adql:REGION")),
        };
        Datatype {
            datatype,
            arraysize,
            xtype: own.or(column.xtype.as_deref()),
        }
    }

    /// The value of the old `"size"` column: arraysize as a number where it
    /// is one, whatever its `*`.
    pub fn size(&self) -> Option<i64> {
        self.arraysize?.trim_end_matches('*').parse().ok()
    }

    /// The type and whether its text may be more than ASCII; `None` if there
    /// is no such type in ADQL.
    pub fn kind(&self) -> Option<(Type, bool)> {
        let single = matches!(self.arraysize, None | Some("1"));
        let kind = match (self.datatype, self.xtype) {
            ("char" | "unicodeChar", Some("timestamp")) => Type::Timestamp,
            ("char" | "unicodeChar", Some("adql:REGION" | "region")) => Type::Region,
            ("char" | "unicodeChar", _) => Type::Text,
            ("double" | "float", Some("point")) => Type::Point,
            ("double" | "float", Some("circle")) => Type::Circle,
            ("double" | "float", Some("polygon")) => Type::Polygon,
            ("unsignedByte", _) if !single => Type::Binary,
            _ if !single => return None,
            ("boolean", _) => Type::Boolean,
            ("unsignedByte" | "short", _) => Type::SmallInt,
            ("int", _) => Type::Integer,
            ("long", _) => Type::BigInt,
            ("float", _) => Type::Real,
            ("double", _) => Type::Double,
            _ => return None,
        };
        Some((kind, kind == Type::Text && self.datatype == "unicodeChar"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_understood_again() {
        for kind in [
            Type::Boolean,
            Type::SmallInt,
            Type::Integer,
            Type::BigInt,
            Type::Real,
            Type::Double,
            Type::Text,
            Type::Timestamp,
            Type::Binary,
            Type::Point,
            Type::Circle,
            Type::Polygon,
            Type::Region,
        ] {
            let column = Column::new("c", kind);
            assert_eq!(Datatype::of(&column).kind(), Some((kind, false)));
        }
        let mut column = Column::new("c", Type::Text);
        column.unicode = true;
        assert_eq!(Datatype::of(&column).kind(), Some((Type::Text, true)));
    }

    #[test]
    fn size_repeats_arraysize_where_it_is_a_number() {
        let check = |arraysize, expected| {
            let datatype = Datatype {
                datatype: "char",
                arraysize,
                xtype: None,
            };
            assert_eq!(datatype.size(), expected, "{arraysize:?}");
        };
        check(None, None);
        check(Some("*"), None);
        check(Some("256*"), Some(256));
        check(Some("3"), Some(3));
        check(Some("2x3"), None);
    }
}
