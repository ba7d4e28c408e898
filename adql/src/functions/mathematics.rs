//! The mathematical and trigonometrical functions (ADQL 2.1 section 2.3).

use super::{Argument, Function, NUMBER, NUMBERS, Result, Sql, Unit, plain};

pub(super) static MATHEMATICS: &[Function] = &[
    Function {
        result: Result::Number,
        ..plain("ABS", NUMBER, Unit::Kept, Sql::Same("abs({0})"))
    },
    plain("ACOS", NUMBER, Unit::Is("rad"), Sql::Same("acos({0})")),
    plain("ASIN", NUMBER, Unit::Is("rad"), Sql::Same("asin({0})")),
    plain("ATAN", NUMBER, Unit::Is("rad"), Sql::Same("atan({0})")),
    // Plus 0: the angle does not hang on the sign of a zero.
    plain(
        "ATAN2",
        NUMBERS,
        Unit::Is("rad"),
        Sql::Same("atan2({0} + 0e0, {1} + 0e0)"),
    ),
    plain("CEILING", NUMBER, Unit::Quantity, Sql::Same("ceiling({0})")),
    plain("COS", NUMBER, Unit::Pure, Sql::Same("cos({0})")),
    // Divided by zero it is NULL, as everything.
    plain(
        "COT",
        NUMBER,
        Unit::Pure,
        Sql::Both {
            postgres: "(1e0 / nullif(tan({0}), 0))",
            sqlite: "real_divide(1, tan({0}))",
        },
    ),
    plain(
        "DEGREES",
        NUMBER,
        Unit::Is("deg"),
        Sql::Same("degrees({0})"),
    ),
    plain("EXP", NUMBER, Unit::Lost, Sql::Same("exp({0})")),
    plain("FLOOR", NUMBER, Unit::Quantity, Sql::Same("floor({0})")),
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
                other: &Sql::Both {
                    postgres: "({0} - {1} * trunc({0} / nullif({1}, 0)))",
                    sqlite: "real_mod({0}, {1})",
                },
            },
        )
    },
    plain("PI", &[], Unit::Lost, Sql::Same("pi()")),
    plain("POWER", NUMBERS, Unit::Power, Sql::Same("power({0}, {1})")),
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
        volatile: true,
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
            Unit::Quantity,
            Sql::Optional {
                without: &Sql::Both {
                    postgres: "(sign({0}) * floor(abs({0}) + 0.5e0))",
                    sqlite: "round_away({0})",
                },
                with: &Sql::Both {
                    postgres: "(sign({0}) * floor(abs({0}) * power(10e0, {1}) + 0.5e0) / power(10e0, {1}))",
                    sqlite: "round_away({0}, {1})",
                },
            },
        )
    },
    plain("SIN", NUMBER, Unit::Pure, Sql::Same("sin({0})")),
    plain("SQRT", NUMBER, Unit::Root, Sql::Same("sqrt({0})")),
    plain("TAN", NUMBER, Unit::Pure, Sql::Same("tan({0})")),
    Function {
        optional: 1,
        ..plain(
            "TRUNCATE",
            &[Argument::Number, Argument::Integer],
            Unit::Quantity,
            Sql::Optional {
                without: &Sql::Same("trunc({0})"),
                with: &Sql::Both {
                    postgres: "(trunc({0} * power(10e0, {1})) / power(10e0, {1}))",
                    sqlite: "trunc_at({0}, {1})",
                },
            },
        )
    },
];
