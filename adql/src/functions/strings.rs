//! Case folding (ADQL 2.1 section 4.4) and COALESCE (section 4.8.1).

use super::{ADQL_CONDITIONAL, ADQL_STRING, Argument, Function, Result, Sql, Unit, feature, plain};
use crate::types::Type;

pub(super) static STRINGS: &[Function] = &[
    Function {
        repeated: true,
        result: Result::Widest,
        feature: Some(feature(ADQL_CONDITIONAL, "COALESCE")),
        ..plain(
            "COALESCE",
            &[Argument::Any],
            Unit::Agreed,
            Sql::Same("coalesce({*}, NULL)"),
        )
    },
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
