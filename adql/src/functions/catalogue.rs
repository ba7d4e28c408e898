//! User defined functions: those of the IVOA catalogue (EN-udf-catalogue 1.2),
//! and those of other services that the users of ObsCore know (`gavo_…`).
//!
//! Case is ignored in ASCII alone, as in LOWER: that is what every database
//! agrees on.

use super::{Argument, Expansion, Function, Result, Sql, Unit, plain, sexagesimal, udf};
use crate::query::Aggregate;
use crate::types::Type;

use Argument::{Integer, Number, Text, Timestamp};

const TEXTS: &[Argument] = &[Text, Text];
const TIME: &[Argument] = &[Timestamp];

/// Days since 1970-01-01, and then to the beginning of the count. Sources of
/// the constants: IAU, 1970-01-01T00:00:00 is JD 2440587.5.
const JD: Sql = Sql::Both {
    postgres: "(date_part('epoch', CAST({0} AS timestamp)) / 86400e0 + 2440587.5e0)",
    sqlite: "({@epoch_seconds_1}({0}) / 86400e0 + 2440587.5e0)",
};
const MJD: Sql = Sql::Both {
    postgres: "(date_part('epoch', CAST({0} AS timestamp)) / 86400e0 + 40587e0)",
    sqlite: "({@epoch_seconds_1}({0}) / 86400e0 + 40587e0)",
};

pub(super) static CATALOGUE: &[Function] = &[
    // EN-udf-catalogue 1.2, section 2.3.
    Function {
        // "time.epoch" with the unit d is MJD in an answer.
        ucd: Some("time"),
        feature: udf(
            "ivo_to_jd(d TIMESTAMP) -> DOUBLE PRECISION",
            "The Julian Date of a time, or of a string such as '2026-03-01T12:00:00'. \
             Nothing is corrected; times of this service are UTC.",
        ),
        ..plain("IVO_TO_JD", TIME, Unit::Is("d"), JD)
    },
    Function {
        ucd: Some("time.epoch"),
        feature: udf(
            "ivo_to_mjd(d TIMESTAMP) -> DOUBLE PRECISION",
            "The Modified Julian Date of a time, or of a string such as '2026-03-01T12:00:00'. \
             Nothing is corrected; times of this service are UTC.",
        ),
        ..plain("IVO_TO_MJD", TIME, Unit::Is("d"), MJD)
    },
    Function {
        ucd: Some("time"),
        feature: udf(
            "gavo_to_jd(d TIMESTAMP) -> DOUBLE PRECISION",
            "The same as ivo_to_jd.",
        ),
        ..plain("GAVO_TO_JD", TIME, Unit::Is("d"), JD)
    },
    Function {
        ucd: Some("time.epoch"),
        feature: udf(
            "gavo_to_mjd(d TIMESTAMP) -> DOUBLE PRECISION",
            "The same as ivo_to_mjd.",
        ),
        ..plain("GAVO_TO_MJD", TIME, Unit::Is("d"), MJD)
    },
    // Section 2.4.
    Function {
        result: Result::Is(Type::Text),
        feature: udf(
            "ivo_string_agg(expression VARCHAR, delimiter VARCHAR) -> VARCHAR",
            "An aggregate: all values of the expression, sorted, with the delimiter (a string in \
             quotes) between them. A NULL leaves no trace. DISTINCT may stand before the expression.",
        ),
        ..plain(
            "IVO_STRING_AGG",
            TEXTS,
            Unit::Lost,
            Sql::Aggregate(Aggregate::Join),
        )
    },
    Function {
        result: Result::Is(Type::Integer),
        feature: udf(
            "ivo_nocasematch(value VARCHAR, pattern VARCHAR) -> INTEGER",
            "1 if the value matches the pattern of LIKE whatever the case of its letters, else 0. \
             Case is ignored in ASCII letters only.",
        ),
        ..plain(
            "IVO_NOCASEMATCH",
            TEXTS,
            Unit::Lost,
            Sql::Both {
                postgres: "CASE (lower({0} COLLATE \"C\") LIKE lower({1} COLLATE \"C\") ESCAPE '') \
                           WHEN (1 = 1) THEN 1 WHEN (1 = 0) THEN 0 END",
                sqlite: "(lower({0}) LIKE lower({1}))",
            },
        )
    },
    Function {
        result: Result::Is(Type::Integer),
        feature: udf(
            "ivo_hasword(haystack VARCHAR, needle VARCHAR) -> INTEGER",
            "1 if every word of the needle is a word of the haystack, else 0. A word is a run of \
             letters and digits, and everything outside ASCII; whole words are compared, and case \
             is ignored in ASCII letters only.",
        ),
        ..plain(
            "IVO_HASWORD",
            TEXTS,
            Unit::Lost,
            Sql::Same("{@hasword_1}({0}, {1})"),
        )
    },
    Function {
        result: Result::Is(Type::Integer),
        feature: udf(
            "ivo_hashlist_has(hashlist VARCHAR, item VARCHAR) -> INTEGER",
            "1 if the item is one of the words of a list with # between them, else 0. Case is \
             ignored in ASCII letters only.",
        ),
        ..plain(
            "IVO_HASHLIST_HAS",
            TEXTS,
            Unit::Lost,
            Sql::Same("{@hashlist_has_1}({0}, {1})"),
        )
    },
    // Section 2.5.
    Function {
        result: Result::Is(Type::Integers),
        feature: udf(
            "ivo_histogram(val DOUBLE PRECISION, lower DOUBLE PRECISION, \
             upper DOUBLE PRECISION, nbins INTEGER) -> INTEGER[]",
            "An aggregate: nbins + 2 counts of the rows whose value lies below lower, in each of \
             nbins equal bins from lower to upper, and above upper. A bin holds its lower edge, \
             the last one its upper edge too; NULL counts as below. nbins is a number from 1 to \
             10000.",
        ),
        ..plain(
            "IVO_HISTOGRAM",
            &[Number, Number, Number, Integer],
            Unit::Lost,
            Sql::Aggregate(Aggregate::Histogram),
        )
    },
    // By Box and Muller; 1 - random lies above 0, so that it has a logarithm.
    Function {
        volatile: true,
        feature: udf(
            "ivo_normal_random(mu DOUBLE PRECISION, sigma DOUBLE PRECISION) -> DOUBLE PRECISION",
            "A random number from the normal distribution with this mean and standard deviation, \
             another in every row.",
        ),
        ..plain(
            "IVO_NORMAL_RANDOM",
            super::NUMBERS,
            Unit::Kept,
            Sql::Both {
                postgres: "({0} + {1} * sqrt(-2e0 * ln(1e0 - random())) * cos(2 * pi() * random()))",
                sqlite: "({0} + {1} * sqrt(-2e0 * ln(1e0 - \
                         (random() & 9007199254740991) / 9007199254740992e0)) \
                         * cos(2 * pi() * (random() & 9007199254740991) / 9007199254740992e0))",
            },
        )
    },
    // Section 2.6.1. NULL when a bound that matters is NULL.
    Function {
        result: Result::Is(Type::Integer),
        feature: udf(
            "ivo_interval_overlaps(a1 DOUBLE PRECISION, b1 DOUBLE PRECISION, \
             a2 DOUBLE PRECISION, b2 DOUBLE PRECISION) -> INTEGER",
            "1 if the intervals a1 to b1 and a2 to b2 have a value in common, else 0. \
             An interval whose lower bound is above its upper bound overlaps nothing.",
        ),
        ..plain(
            "IVO_INTERVAL_OVERLAPS",
            &[Number; 4],
            Unit::Lost,
            Sql::Same(
                "CASE ({0} <= {1} AND {2} <= {3} AND {0} <= {3} AND {2} <= {1}) \
                 WHEN (1 = 1) THEN 1 WHEN (1 = 0) THEN 0 END",
            ),
        )
    },
    // Section 2.7.
    Function {
        fold: Some(sexagesimal::hours),
        feature: udf(
            "ivo_hms_to_degrees(hms VARCHAR) -> DOUBLE PRECISION",
            "Degrees of an angle in hours, minutes and seconds: '3:34:45.4', '033445.4', \
             '3h34m45.4s' or '3 34 45.4'. NULL for any other text.",
        ),
        ..plain(
            "IVO_HMS_TO_DEGREES",
            &[Text],
            Unit::Is("deg"),
            Sql::Same("{@hms_to_degrees_1}({0})"),
        )
    },
    Function {
        fold: Some(sexagesimal::degrees),
        feature: udf(
            "ivo_dms_to_degrees(dms VARCHAR) -> DOUBLE PRECISION",
            "Degrees of an angle in degrees, minutes and seconds, with a sign if there is one: \
             '-42:9:6.768', '+420906.768', '42d9m6.768s' or '42 9 6.768'. NULL for any other text.",
        ),
        ..plain(
            "IVO_DMS_TO_DEGREES",
            &[Text],
            Unit::Is("deg"),
            Sql::Same("{@dms_to_degrees_1}({0})"),
        )
    },
    // Of the services at GAVO.
    Function {
        feature: udf(
            "gavo_specconv(expr DOUBLE PRECISION, destunit VARCHAR) -> DOUBLE PRECISION",
            "A wavelength, frequency, energy or wavenumber in another unit: \
             gavo_specconv(em_min, 'keV'). The expression must have a unit; if it has none, \
             name it in a second argument before the wanted one.",
        ),
        ..plain(
            "GAVO_SPECCONV",
            &[Number, Text],
            Unit::Lost,
            Sql::Expanded(Expansion::SpectralConversion),
        )
    },
    Function {
        feature: udf(
            "gavo_specconv(expr DOUBLE PRECISION, exprunit VARCHAR, destunit VARCHAR) \
             -> DOUBLE PRECISION",
            "A wavelength, frequency, energy or wavenumber that is in one unit, in another: \
             gavo_specconv(656.3, 'nm', 'eV').",
        ),
        ..plain(
            "GAVO_SPECCONV",
            &[Number, Text, Text],
            Unit::Lost,
            Sql::Expanded(Expansion::SpectralConversion),
        )
    },
    Function {
        result: Result::Is(Type::Integer),
        feature: udf(
            "gavo_vocmatch(vocname VARCHAR, term VARCHAR, matchagainst VARCHAR) -> INTEGER",
            "1 if matchagainst is the term or a narrower one of the IVOA vocabulary, else 0: \
             gavo_vocmatch('product-type', 'timeseries', dataproduct_type). Of product-type only \
             what is directly narrower counts. The vocabularies are product-type, messenger, \
             object-type and datalink/core.",
        ),
        ..plain(
            "GAVO_VOCMATCH",
            &[Text, Text, Text],
            Unit::Lost,
            Sql::Expanded(Expansion::VocabularyMatch),
        )
    },
];
