//! ONE table of functions: what they take, what they give, how each target
//! writes them, and the feature they are announced as. Checking, writing and
//! the capabilities document all read it, so that nothing is announced that
//! is not done.
//!
//! Source: REC-ADQL-2.1 sections 2.3 (mathematics), 2.5 (geometry) and 4
//! (optional features).

use crate::types::Type;

/// A function with plain arguments. Aggregates and geometry are structures of
/// [`crate::query`] and are listed in [`GEOMETRY`] for capabilities alone.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    /// How many of `arguments` may be left out, from the end.
    pub optional: usize,
    /// The last argument may be repeated.
    pub repeated: bool,
    pub result: Result,
    pub unit: Unit,
    pub(crate) sql: Sql,
    /// Form and feature type when it is an optional feature of the language.
    pub feature: Option<Feature>,
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
    Is(&'static str),
}

/// How a call is written: `{0}`, `{1}`, … are the arguments, `{*}` all of
/// them; the forms are for all arguments given, and for the optional one left
/// out where that differs.
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
}

/// A language feature of TAPRegExt 1.0 (section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    pub kind: &'static str,
    pub form: &'static str,
}

pub const ADQL_GEO: &str = "ivo://ivoa.net/std/tapregext#features-adqlgeo";
pub const ADQL_STRING: &str = "ivo://ivoa.net/std/tapregext#features-adql-string";
pub const ADQL_SETS: &str = "ivo://ivoa.net/std/tapregext#features-adql-sets";
pub const ADQL_COMMON_TABLE: &str = "ivo://ivoa.net/std/tapregext#features-adql-common-table";
pub const ADQL_TYPE: &str = "ivo://ivoa.net/std/tapregext#features-adql-type";
pub const ADQL_CONDITIONAL: &str = "ivo://ivoa.net/std/tapregext#features-adql-conditional";
pub const ADQL_OFFSET: &str = "ivo://ivoa.net/std/tapregext#features-adql-offset";

/// The optional features of the language that are not calls of [`FUNCTIONS`].
pub const FEATURES: &[Feature] = &[
    feature(ADQL_STRING, "ILIKE"),
    feature(ADQL_SETS, "UNION"),
    feature(ADQL_SETS, "EXCEPT"),
    feature(ADQL_SETS, "INTERSECT"),
    feature(ADQL_COMMON_TABLE, "WITH"),
    feature(ADQL_TYPE, "CAST"),
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
];

const fn feature(kind: &'static str, form: &'static str) -> Feature {
    Feature { kind, form }
}

/// The function of that name, ignoring case.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS
        .iter()
        .find(|function| function.name.eq_ignore_ascii_case(name))
}

impl Function {
    /// `MOD(number, number)`, for messages.
    pub fn signature(&self) -> String {
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
        result: Result::Is(Type::Double),
        unit,
        sql,
        feature: None,
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

/// Every function with plain arguments, by name.
pub static FUNCTIONS: &[Function] = &[
    Function {
        result: Result::Number,
        ..plain("ABS", NUMBER, Unit::Kept, Sql::Same("abs({0})"))
    },
    plain("ACOS", NUMBER, Unit::Is("rad"), Sql::Same("acos({0})")),
    plain("ASIN", NUMBER, Unit::Is("rad"), Sql::Same("asin({0})")),
    plain("ATAN", NUMBER, Unit::Is("rad"), Sql::Same("atan({0})")),
    plain(
        "ATAN2",
        NUMBERS,
        Unit::Is("rad"),
        Sql::Same("atan2({0}, {1})"),
    ),
    plain("CEILING", NUMBER, Unit::Kept, Sql::Same("ceiling({0})")),
    Function {
        repeated: true,
        result: Result::Widest,
        feature: Some(feature(ADQL_CONDITIONAL, "COALESCE")),
        ..plain(
            "COALESCE",
            &[Argument::Any],
            Unit::Kept,
            Sql::Same("coalesce({*}, NULL)"),
        )
    },
    plain("COS", NUMBER, Unit::Lost, Sql::Same("cos({0})")),
    plain("COT", NUMBER, Unit::Lost, Sql::Same("cot({0})")),
    plain(
        "DEGREES",
        NUMBER,
        Unit::Is("deg"),
        Sql::Same("degrees({0})"),
    ),
    plain("EXP", NUMBER, Unit::Lost, Sql::Same("exp({0})")),
    plain("FLOOR", NUMBER, Unit::Kept, Sql::Same("floor({0})")),
    plain("LOG", NUMBER, Unit::Lost, Sql::Same("ln({0})")),
    plain(
        "LOG10",
        NUMBER,
        Unit::Lost,
        Sql::Both {
            postgres: "log({0})",
            sqlite: "log10({0})",
        },
    ),
    Function {
        result: Result::Is(Type::Text),
        feature: Some(feature(ADQL_STRING, "LOWER")),
        ..plain(
            "LOWER",
            &[Argument::Text],
            Unit::Lost,
            Sql::Both {
                postgres: "lower({0} COLLATE \"C\")",
                sqlite: "lower({0})",
            },
        )
    },
    // The remainder has the sign of the first argument; by zero it is NULL,
    // as every division by zero.
    Function {
        result: Result::Number,
        ..plain(
            "MOD",
            NUMBERS,
            Unit::Kept,
            Sql::Whole {
                whole: &Sql::Same("({0} % nullif({1}, 0))"),
                other: &Sql::Same("({0} - {1} * trunc({0} / nullif({1}, 0)))"),
            },
        )
    },
    plain("PI", &[], Unit::Is("rad"), Sql::Same("pi()")),
    plain("POWER", NUMBERS, Unit::Lost, Sql::Same("power({0}, {1})")),
    plain(
        "RADIANS",
        NUMBER,
        Unit::Is("rad"),
        Sql::Same("radians({0})"),
    ),
    // ADQL 2.1 section 2.3: the seed is a hint; databases that share a
    // generator between sessions cannot be seeded by one query.
    Function {
        optional: 1,
        ..plain(
            "RAND",
            &[Argument::Integer],
            Unit::Lost,
            Sql::Both {
                postgres: "random()",
                sqlite: "((random() & 9007199254740991) / 9007199254740992.0)",
            },
        )
    },
    Function {
        optional: 1,
        ..plain(
            "ROUND",
            &[Argument::Number, Argument::Integer],
            Unit::Kept,
            Sql::Optional {
                without: &Sql::Same("(sign({0}) * floor(abs({0}) + 0.5e0))"),
                with: &Sql::Same(
                    "(sign({0}) * floor(abs({0}) * power(10e0, {1}) + 0.5e0) / power(10e0, {1}))",
                ),
            },
        )
    },
    plain("SIN", NUMBER, Unit::Lost, Sql::Same("sin({0})")),
    plain("SQRT", NUMBER, Unit::Lost, Sql::Same("sqrt({0})")),
    plain("TAN", NUMBER, Unit::Lost, Sql::Same("tan({0})")),
    Function {
        optional: 1,
        ..plain(
            "TRUNCATE",
            &[Argument::Number, Argument::Integer],
            Unit::Kept,
            Sql::Optional {
                without: &Sql::Same("trunc({0})"),
                with: &Sql::Same("(trunc({0} * power(10e0, {1})) / power(10e0, {1}))"),
            },
        )
    },
    Function {
        result: Result::Is(Type::Text),
        feature: Some(feature(ADQL_STRING, "UPPER")),
        ..plain(
            "UPPER",
            &[Argument::Text],
            Unit::Lost,
            Sql::Both {
                postgres: "upper({0} COLLATE \"C\")",
                sqlite: "upper({0})",
            },
        )
    },
];
