//! User defined functions of the IVOA catalogue (EN-udf-catalogue 1.2).

use super::{Argument, Function, Result, Sql, Unit, plain, udf};
use crate::types::Type;

pub(super) static CATALOGUE: &[Function] = &[Function {
    result: Result::Is(Type::Integer),
    feature: udf(
        "ivo_interval_overlaps(a1 DOUBLE PRECISION, b1 DOUBLE PRECISION, \
         a2 DOUBLE PRECISION, b2 DOUBLE PRECISION) -> INTEGER",
        "1 if the intervals a1 to b1 and a2 to b2 have a value in common, else 0. \
         An interval whose lower bound is above its upper bound overlaps nothing.",
    ),
    // Section 2.6.1. NULL when a bound that matters is NULL.
    ..plain(
        "IVO_INTERVAL_OVERLAPS",
        &[Argument::Number; 4],
        Unit::Lost,
        Sql::Same(
            "CASE ({0} <= {1} AND {2} <= {3} AND {0} <= {3} AND {2} <= {1}) \
             WHEN (1 = 1) THEN 1 WHEN (1 = 0) THEN 0 END",
        ),
    )
}];
