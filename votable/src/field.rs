//! FIELD and PARAM: what a column or a constant is (VOTable 1.4 §4).

use crate::group::Link;
use crate::xml::Tag;

/// The primitives of VOTable 1.4 §2.1. The cell of a primitive is its
/// big-endian bytes, except [`Boolean`](Datatype::Boolean) (one byte, 0 or 1)
/// and the two character types (UTF-8 text).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Datatype {
    Boolean,
    Bit,
    UnsignedByte,
    Short,
    Int,
    Long,
    /// ASCII text in 1.4 and 1.5; what else is met is written visibly.
    Char,
    UnicodeChar,
    Float,
    Double,
    FloatComplex,
    DoubleComplex,
}

use Datatype::*;

const NAMES: [(Datatype, &str); 12] = [
    (Boolean, "boolean"),
    (Bit, "bit"),
    (UnsignedByte, "unsignedByte"),
    (Short, "short"),
    (Int, "int"),
    (Long, "long"),
    (Char, "char"),
    (UnicodeChar, "unicodeChar"),
    (Float, "float"),
    (Double, "double"),
    (FloatComplex, "floatComplex"),
    (DoubleComplex, "doubleComplex"),
];

impl Datatype {
    /// The `datatype` attribute.
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(datatype, _)| *datatype == self)
            .map_or("char", |(_, name)| name)
    }

    /// The datatype a `datatype` attribute names; names are compared as written.
    pub fn from_name(name: &str) -> Option<Datatype> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(datatype, _)| *datatype)
    }

    pub(crate) fn from_name_in_any_case(name: &str) -> Option<Datatype> {
        NAMES
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(datatype, _)| *datatype)
    }

    /// Bytes of one primitive in the binary serialisations; a bit counts as one.
    pub fn width(self) -> usize {
        match self {
            Boolean | Bit | UnsignedByte | Char => 1,
            Short | UnicodeChar => 2,
            Int | Float => 4,
            Long | Double | FloatComplex => 8,
            DoubleComplex => 16,
        }
    }

    pub fn is_text(self) -> bool {
        matches!(self, Char | UnicodeChar)
    }

    /// Smallest and largest value of an integer type.
    pub fn integer_range(self) -> Option<(i64, i64)> {
        match self {
            UnsignedByte => Some((0, 255)),
            Short => Some((i16::MIN.into(), i16::MAX.into())),
            Int => Some((i32::MIN.into(), i32::MAX.into())),
            Long => Some((i64::MIN, i64::MAX)),
            _ => None,
        }
    }
}

/// How many primitives a cell holds, from `arraysize` (VOTable 1.4 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Scalar,
    /// The product of all dimensions.
    Fixed(usize),
    /// The last dimension is open, with or without a bound.
    Variable,
}

impl Length {
    /// `None` when the text is not an arraysize.
    pub fn of(arraysize: &str) -> Option<Length> {
        let arraysize = arraysize.trim();
        if arraysize.is_empty() {
            return Some(Length::Scalar);
        }
        let (dimensions, open) = match arraysize.strip_suffix('*') {
            Some(rest) => (rest, true),
            None => (arraysize, false),
        };
        let mut product = 1usize;
        let mut dimensions = dimensions.split('x').peekable();
        while let Some(dimension) = dimensions.next() {
            if dimension.is_empty() && open && dimensions.peek().is_none() {
                break;
            }
            if !dimension.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            product = product.checked_mul(dimension.parse().ok()?)?;
        }
        Some(if open {
            Length::Variable
        } else {
            Length::Fixed(product)
        })
    }
}

/// A FIELD. `..Field::new(name, datatype)` fills what is not said.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    /// `ID`, for `ref` from elsewhere; must be an XML name and unique.
    pub id: Option<String>,
    pub datatype: Datatype,
    /// As in the attribute (`*`, `3`, `2x*`); `None` is a scalar.
    pub arraysize: Option<String>,
    pub unit: Option<String>,
    pub ucd: Option<String>,
    pub utype: Option<String>,
    pub xtype: Option<String>,
    /// `ref`: the ID of a COOSYS, TIMESYS or other element of the document.
    pub reference: Option<String>,
    /// Display width in characters.
    pub width: Option<u32>,
    /// Significant figures (`E5`, `5` decimals).
    pub precision: Option<String>,
    pub description: Option<String>,
    /// `VALUES null`: the integer that stands for null.
    pub null: Option<i64>,
    /// `VALUES/MIN`, `VALUES/MAX` and `VALUES/OPTION`, as text.
    pub min: Option<String>,
    pub max: Option<String>,
    pub options: Vec<String>,
    pub links: Vec<Link>,
}

impl Field {
    pub fn new(name: impl Into<String>, datatype: Datatype) -> Field {
        Field {
            name: name.into(),
            id: None,
            datatype,
            arraysize: None,
            unit: None,
            ucd: None,
            utype: None,
            xtype: None,
            reference: None,
            width: None,
            precision: None,
            description: None,
            null: None,
            min: None,
            max: None,
            options: Vec::new(),
            links: Vec::new(),
        }
    }

    /// A `char` field of any length.
    pub fn text(name: impl Into<String>) -> Field {
        Field {
            arraysize: Some("*".into()),
            ..Field::new(name, Char)
        }
    }

    /// What `arraysize` says; an unreadable one counts as variable.
    pub fn length(&self) -> Length {
        match &self.arraysize {
            None => Length::Scalar,
            Some(arraysize) => Length::of(arraysize).unwrap_or(Length::Variable),
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.element("FIELD", None, out);
    }

    /// In the order the schema wants: DESCRIPTION, VALUES, LINK.
    fn element(&self, element: &'static str, value: Option<&str>, out: &mut Vec<u8>) {
        let mut width = itoa::Buffer::new();
        let tag = Tag::new(element, out)
            .maybe("ID", self.id.as_deref())
            .attribute("name", &self.name)
            .attribute("datatype", self.datatype.name())
            .maybe("arraysize", self.arraysize.as_deref())
            .maybe("value", value)
            .maybe("unit", self.unit.as_deref())
            .maybe("ucd", self.ucd.as_deref())
            .maybe("utype", self.utype.as_deref())
            .maybe("xtype", self.xtype.as_deref())
            .maybe("width", self.width.map(|w| width.format(w)))
            .maybe("precision", self.precision.as_deref())
            .maybe("ref", self.reference.as_deref());
        let bounded = self.min.is_some() || self.max.is_some() || !self.options.is_empty();
        if self.description.is_none() && self.null.is_none() && !bounded && self.links.is_empty() {
            return tag.empty();
        }
        tag.open();
        crate::xml::description(self.description.as_deref(), out);
        if self.null.is_some() || bounded {
            self.values(bounded, out);
        }
        for link in &self.links {
            link.write(out);
        }
        crate::xml::close(element, out);
    }

    fn values(&self, bounded: bool, out: &mut Vec<u8>) {
        let mut null = itoa::Buffer::new();
        let tag = Tag::new("VALUES", out).maybe("null", self.null.map(|n| null.format(n)));
        if !bounded {
            return tag.empty();
        }
        tag.open();
        if let Some(min) = &self.min {
            Tag::new("MIN", out).attribute("value", min).empty();
        }
        if let Some(max) = &self.max {
            Tag::new("MAX", out).attribute("value", max).empty();
        }
        for option in &self.options {
            Tag::new("OPTION", out).attribute("value", option).empty();
        }
        crate::xml::close("VALUES", out);
    }
}

/// A PARAM: a field with one value, written as in a TABLEDATA cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub field: Field,
    pub value: String,
}

impl Param {
    /// A text constant.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Param {
        Param {
            field: Field::text(name),
            value: value.into(),
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.field.element("PARAM", Some(&self.value), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arraysize_says_how_many() {
        let check =
            |arraysize: &str, expected| assert_eq!(Length::of(arraysize), expected, "{arraysize}");
        check("", Some(Length::Scalar));
        check("1", Some(Length::Fixed(1)));
        check("3", Some(Length::Fixed(3)));
        check("2x3", Some(Length::Fixed(6)));
        check("*", Some(Length::Variable));
        check("10*", Some(Length::Variable));
        check("64x64x10*", Some(Length::Variable));
        check("8x*", Some(Length::Variable));
        check("x*", None);
        check("x3", None);
        check("3x", None);
        check("-3", None);
        check("**", None);
        check("99999999999999999999", None);
        check("9999999999x9999999999", None);
    }

    #[test]
    fn names_lead_to_types_and_back() {
        for (datatype, name) in NAMES {
            assert_eq!(datatype.name(), name);
            assert_eq!(Datatype::from_name(name), Some(datatype));
        }
    }
}
