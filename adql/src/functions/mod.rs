//! ONE table of functions: what they take, what they give, how each target
//! writes them, and the feature they are announced as. Checking, writing and
//! the capabilities document all read it, so that nothing is announced that
//! is not done.
//!
//! Source: REC-ADQL-2.1 sections 2.3 (mathematics) and 4 (geometry and the
//! other optional features).

mod catalogue;
mod mathematics;
pub mod sexagesimal;
mod sky;
mod sky_checked;
pub(crate) mod spectral;
mod strings;
pub(crate) mod vocabulary;

pub(crate) use sky::COARSER;
pub(crate) use sky_checked::{in_cells, in_icrs, turned_back};

use crate::query::{Aggregate, Expr};
use crate::types::Type;

/// Every function with plain arguments. A name that can be called in several
/// ways has an entry for each.
static FUNCTIONS: &[&[Function]] = &[
    mathematics::MATHEMATICS,
    strings::STRINGS,
    catalogue::CATALOGUE,
    sky::SKY,
];

/// A function with plain arguments. The aggregates of the language and geometry
/// are structures of [`crate::query`]; the latter is listed in [`GEOMETRY`] for
/// capabilities alone.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    /// How many of `arguments` may be left out, from the end.
    pub optional: usize,
    /// The last argument may be repeated.
    pub repeated: bool,
    /// Another value at every call.
    pub volatile: bool,
    pub result: Result,
    pub unit: Unit,
    /// UCD of the result, where it does not depend on the arguments.
    pub ucd: Option<&'static str>,
    pub(crate) sql: Sql,
    /// The number that a call with one literal string is, so that a query can
    /// use it wherever it uses a number.
    pub(crate) fold: Option<fn(&str) -> Option<f64>>,
    /// Form and feature type when it is an optional feature of the language.
    pub feature: Option<Feature>,
    /// What is checked beyond the types of the arguments, and computed where
    /// the query alone decides it.
    pub(crate) checked: Option<Checked>,
}

/// From arguments of the right types to the call, or to what it comes to.
pub(crate) type Checked = fn(&'static Function, Vec<Expr>) -> std::result::Result<Expr, Misuse>;

/// Why a call cannot be.
#[derive(Debug)]
pub(crate) struct Misuse {
    /// The argument, from 0.
    pub argument: usize,
    /// The number of the message.
    pub code: u16,
    pub sentence: String,
    /// Else the signature.
    pub hint: Option<String>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    Number,
    /// A whole number.
    Integer,
    Text,
    Timestamp,
    Point,
    /// A point, circle, polygon or region.
    Geometry,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    Is(Type),
    /// The widest type of the arguments.
    Widest,
    /// BIGINT for whole numbers, else DOUBLE PRECISION.
    Number,
}

/// What becomes of the unit of the first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Lost,
    Kept,
    /// Kept, and what the values are as well: a rounded position is one.
    Quantity,
    /// Any argument may be the result: kept where all agree.
    Agreed,
    /// A number without a unit.
    Pure,
    /// Its square root.
    Root,
    /// Its power, if the second argument is a constant.
    Power,
    Is(&'static str),
}

/// How a call is written: `{0}`, `{1}`, … are the arguments, `{*}` all of
/// them, `{0.1}` and `{0.2}` the coordinates of an argument that is a point,
/// `{@name_1}` is a function of ours with its schema.
#[derive(Debug)]
pub(crate) enum Sql {
    Same(&'static str),
    Both {
        postgres: &'static str,
        sqlite: &'static str,
    },
    /// By the number of arguments: without and with the optional last one.
    Optional {
        without: &'static Sql,
        with: &'static Sql,
    },
    /// Whole numbers are treated differently.
    Whole {
        whole: &'static Sql,
        other: &'static Sql,
    },
    /// A function of many rows.
    Aggregate(Aggregate),
    /// Said in other words of the language when the query is checked.
    Expanded(Expansion),
}

/// How a call is said in other words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expansion {
    /// A factor, or a constant divided by the value ([`spectral`]).
    SpectralConversion,
    /// A list of terms to be among ([`vocabulary`]).
    VocabularyMatch,
}

/// A language feature of TAPRegExt 1.0 (section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    pub kind: &'static str,
    pub form: &'static str,
    /// Of a user defined function: what it does.
    pub description: Option<&'static str>,
}

/// TAPRegExt 1.0 section 2.3: `form` is the signature.
pub const UDF: &str = "ivo://ivoa.net/std/tapregext#features-udf";
pub const ADQL_GEO: &str = "ivo://ivoa.net/std/tapregext#features-adqlgeo";
pub const ADQL_STRING: &str = "ivo://ivoa.net/std/tapregext#features-adql-string";
pub const ADQL_SETS: &str = "ivo://ivoa.net/std/tapregext#features-adql-sets";
pub const ADQL_COMMON_TABLE: &str = "ivo://ivoa.net/std/tapregext#features-adql-common-table";
pub const ADQL_TYPE: &str = "ivo://ivoa.net/std/tapregext#features-adql-type";
pub const ADQL_CONDITIONAL: &str = "ivo://ivoa.net/std/tapregext#features-adql-conditional";
pub const ADQL_UNIT: &str = "ivo://ivoa.net/std/tapregext#features-adql-unit";
pub const ADQL_OFFSET: &str = "ivo://ivoa.net/std/tapregext#features-adql-offset";

/// The optional features of the language that are not calls of [`FUNCTIONS`].
pub const FEATURES: &[Feature] = &[
    feature(ADQL_STRING, "ILIKE"),
    feature(ADQL_SETS, "UNION"),
    feature(ADQL_SETS, "EXCEPT"),
    feature(ADQL_SETS, "INTERSECT"),
    feature(ADQL_COMMON_TABLE, "WITH"),
    feature(ADQL_TYPE, "CAST"),
    feature(ADQL_UNIT, "IN_UNIT"),
    feature(ADQL_OFFSET, "OFFSET"),
];

/// The geometry that is checked, indexed and written (ADQL 2.1 section 4.2).
pub const GEOMETRY: &[Feature] = &[
    feature(ADQL_GEO, "POINT"),
    feature(ADQL_GEO, "CIRCLE"),
    feature(ADQL_GEO, "POLYGON"),
    feature(ADQL_GEO, "BOX"),
    feature(ADQL_GEO, "CONTAINS"),
    feature(ADQL_GEO, "INTERSECTS"),
    feature(ADQL_GEO, "DISTANCE"),
    feature(ADQL_GEO, "COORD1"),
    feature(ADQL_GEO, "COORD2"),
    feature(ADQL_GEO, "COORDSYS"),
    feature(ADQL_GEO, "AREA"),
    feature(ADQL_GEO, "CENTROID"),
    feature(ADQL_GEO, "REGION"),
];

const fn feature(kind: &'static str, form: &'static str) -> Feature {
    Feature {
        kind,
        form,
        description: None,
    }
}

/// A user defined function: its signature as ADQL 2.1 section 4.3.2 writes it
/// (`name(argument TYPE, …) -> TYPE`) and what it does.
const fn udf(form: &'static str, description: &'static str) -> Option<Feature> {
    Some(Feature {
        kind: UDF,
        form,
        description: Some(description),
    })
}

/// Every function with plain arguments.
pub fn all() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().copied().flatten()
}

/// The first function of that name, ignoring case.
pub fn find(name: &str) -> Option<&'static Function> {
    named(name).next()
}

/// The ways in which a name can be called.
pub(crate) fn named(name: &str) -> impl Iterator<Item = &'static Function> {
    all().filter(move |function| function.name.eq_ignore_ascii_case(name))
}

impl Function {
    /// Whether it is of many rows.
    ///
    /// ```
    /// use adql::functions::find;
    /// assert!(find("ivo_histogram").is_some_and(|it| it.is_aggregate()));
    /// assert!(find("ivo_hasword").is_some_and(|it| !it.is_aggregate()));
    /// ```
    pub fn is_aggregate(&self) -> bool {
        self.aggregate().is_some()
    }

    pub(crate) fn aggregate(&self) -> Option<Aggregate> {
        match self.sql {
            Sql::Aggregate(aggregate) => Some(aggregate),
            _ => None,
        }
    }

    /// `MOD(number, number)`, for messages; of a user defined function the one
    /// it is announced with.
    pub fn signature(&self) -> String {
        if let Some(feature) = self.feature.filter(|feature| feature.kind == UDF) {
            return feature.form.to_owned();
        }
        let required = self.arguments.len() - self.optional;
        let mut text = format!("{}(", self.name);
        for (number, argument) in self.arguments.iter().enumerate() {
            if number >= required {
                text.push('[');
            }
            if number > 0 {
                text.push_str(", ");
            }
            text.push_str(match argument {
                Argument::Number => "number",
                Argument::Integer => "integer",
                Argument::Text => "string",
                Argument::Timestamp => "timestamp",
                Argument::Point => "point",
                Argument::Geometry => "geometry",
                Argument::Any => "value",
            });
        }
        if self.repeated {
            text.push_str(", …");
        }
        text.push_str(&"]".repeat(self.optional));
        text.push(')');
        text
    }
}

impl Sql {
    /// Whether DISTINCT can stand before the arguments.
    pub(crate) fn takes_distinct(&self) -> bool {
        matches!(self, Sql::Aggregate(Aggregate::Join))
    }
}

const fn plain(
    name: &'static str,
    arguments: &'static [Argument],
    unit: Unit,
    sql: Sql,
) -> Function {
    Function {
        name,
        arguments,
        optional: 0,
        repeated: false,
        volatile: false,
        result: Result::Is(Type::Double),
        unit,
        ucd: None,
        sql,
        fold: None,
        feature: None,
        checked: None,
    }
}

const NUMBER: &[Argument] = &[Argument::Number];
const NUMBERS: &[Argument] = &[Argument::Number, Argument::Number];

/// What CAST to VARCHAR(n) does to a string; nobody can call it.
pub(crate) static CUT: Function = Function {
    result: Result::Is(Type::Text),
    ..plain(
        "CAST",
        &[Argument::Text, Argument::Integer],
        Unit::Lost,
        Sql::Both {
            postgres: "left({0}, CAST({1} AS integer))",
            sqlite: "substr({0}, 1, {1})",
        },
    )
};

/// What CAST to CHAR(n) does to a string; nobody can call it.
pub(crate) static PAD: Function = Function {
    result: Result::Is(Type::Text),
    ..plain(
        "CAST to CHAR",
        &[Argument::Text, Argument::Integer],
        Unit::Lost,
        Sql::Both {
            postgres: "rpad({0}, CAST({1} AS integer))",
            sqlite: "substr({0} || printf('%*s', {1}, ''), 1, {1})",
        },
    )
};
