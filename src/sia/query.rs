//! From parameters to ADQL (SIA 2.0 section 2.1).
//!
//! What a user says is read to numbers and known words first; texts go into the
//! query as quoted strings, which the language turns into values beside the
//! statement. A text of the user's is never a part of the query.

use super::interval::{Interval, merged};
use super::parameters::{Meaning, PARAMETERS, PRODUCTS, Parameter, STATES};
use super::position;
use crate::dali::{Params, encoded};
use crate::input::shown;
use crate::tap::Fault;

/// Texts that a request may ask for.
const MOST_TEXTS: usize = 10_000;

/// Operators of conditions with numbers and shapes, some fewer than a query may
/// have, for what is between them.
const MOST_OPERATORS: usize = adql::MAX_JOINTS - 100;

/// A longer address is not taken by all browsers and proxies.
const ADDRESS: usize = 4000;

/// The query that a request means.
///
/// ```
/// use obstap::{dali::Params, sia};
/// let mut params = Params::default();
/// params.add_encoded(b"FOV=1+2&target=M31&TARGET=O'Neill");
/// assert_eq!(
///     sia::adql(&params)?,
///     "SELECT * FROM ivoa.obscore WHERE dataproduct_type IN ('image', 'cube') \
///      AND (s_fov BETWEEN 1.0 AND 2.0) AND (target_name IN ('M31', 'O''Neill'))"
/// );
/// # Ok::<(), obstap::tap::Fault>(())
/// ```
///
/// # Errors
///
/// Values that cannot be understood, and more of them than one query holds.
pub fn adql(params: &Params) -> Result<String, Fault> {
    // Section 2.1.19.
    if params.all("UPLOAD").any(|value| !value.trim().is_empty()) {
        return Err(Fault::usage(
            "UPLOAD is not taken by SIA 2.0; repeat POS, ID or another parameter instead, or send a \
             query with the table to TAP",
        ));
    }
    let mut sum = Sum::default();
    let mut conditions = vec![format!("dataproduct_type IN ({})", list(&PRODUCTS))];
    for parameter in &PARAMETERS {
        // A field that a form leaves empty asks for nothing.
        let values = params.all(parameter.name);
        let values: Vec<&str> = values.filter(|value| !value.trim().is_empty()).collect();
        if values.is_empty() {
            continue;
        }
        let alternatives = alternatives(parameter, &values, &mut sum)?;
        conditions.push(format!("({})", alternatives.join(" OR ")));
    }
    sum.check()?;
    let query = format!(
        "SELECT * FROM ivoa.obscore WHERE {}",
        conditions.join(" AND ")
    );
    match query.len() > adql::MAX_BYTES {
        true => Err(Fault::too_much(format!(
            "the request comes to a query of {} bytes, and at most {} are taken; divide it into \
             several",
            query.len(),
            adql::MAX_BYTES
        ))),
        false => Ok(query),
    }
}

/// An address of the same answer, relative to the one asked; the name of a
/// format is to be put at its end.
pub fn address(params: &Params, maxrec: u64) -> Option<String> {
    let mut address = format!("?MAXREC={maxrec}");
    for parameter in &PARAMETERS {
        for value in params.all(parameter.name) {
            address.push_str(&format!("&{}={}", parameter.name, encoded(value)));
            if address.len() > ADDRESS {
                return None;
            }
        }
    }
    address.push_str("&RESPONSEFORMAT=");
    Some(address)
}

/// What a request comes to.
#[derive(Default)]
struct Sum {
    texts: usize,
    operators: usize,
}

impl Sum {
    fn check(&self) -> Result<(), Fault> {
        if self.texts > MOST_TEXTS {
            return Err(Fault::too_much(format!(
                "the request asks for {} different texts, and at most {MOST_TEXTS} are taken; divide \
                 it into several",
                self.texts
            )));
        }
        if self.operators > MOST_OPERATORS {
            return Err(Fault::too_much(format!(
                "the request comes to {} conditions on positions and ranges, and at most \
                 {MOST_OPERATORS} are taken (a position counts 2, a range of values 2, of BAND and \
                 TIME 4; those that overlap count as one); divide it into several, or send the list \
                 to TAP as a table",
                self.operators
            )));
        }
        Ok(())
    }
}

/// Conditions of which one must hold, for the values of one parameter.
fn alternatives(
    parameter: &Parameter,
    values: &[&str],
    sum: &mut Sum,
) -> Result<Vec<String>, Fault> {
    let name = parameter.name;
    let intervals = || {
        let read = values.iter().map(|value| Interval::read(name, value));
        read.collect::<Result<Vec<_>, _>>().map(merged)
    };
    Ok(match parameter.meaning {
        Meaning::Position => {
            let mut regions = values
                .iter()
                .map(|value| position::region(value))
                .collect::<Result<Vec<_>, _>>()?;
            regions.sort();
            regions.dedup();
            sum.operators += 2 * regions.len();
            let meets = |region| format!("1 = INTERSECTS(s_region, REGION('{region}'))");
            regions.into_iter().map(meets).collect()
        }
        Meaning::Coverage(low, high) => {
            let intervals = intervals()?;
            sum.operators += 4 * intervals.len() + signs(&intervals);
            let meets = |it| coverage(low, high, it);
            intervals.into_iter().map(meets).collect()
        }
        Meaning::Value(column) => {
            let intervals = intervals()?;
            sum.operators += 2 * intervals.len() + signs(&intervals);
            let holds = |it| value(column, it);
            intervals.into_iter().map(holds).collect()
        }
        Meaning::Text(column) => {
            let texts = texts(name, values)?;
            sum.texts += texts.len();
            vec![format!("{column} IN ({})", list(&texts))]
        }
        Meaning::Identifier(column) => identifiers(column, texts(name, values)?, sum),
        Meaning::State(column) => states(name, column, values)?,
        Meaning::Level(column) => vec![format!("{column} IN ({})", levels(name, values)?)],
    })
}

/// A minus is an operator to the language.
fn signs(intervals: &[Interval]) -> usize {
    let ends = intervals.iter().flat_map(|it| [it.low, it.high]);
    ends.filter(|end| end.is_finite() && *end < 0.0).count()
}

/// The interval meets that between two columns, both of which are known
/// (section 2.1: what is not known meets nothing).
fn coverage(low: &str, high: &str, interval: Interval) -> String {
    let begins = match interval.high == f64::INFINITY {
        true => format!("{low} IS NOT NULL"),
        false => format!("{low} <= {}", number(interval.high)),
    };
    let ends = match interval.low == f64::NEG_INFINITY {
        true => format!("{high} IS NOT NULL"),
        false => format!("{high} >= {}", number(interval.low)),
    };
    format!("{begins} AND {ends}")
}

/// The interval holds the value of a column.
fn value(column: &str, Interval { low, high }: Interval) -> String {
    match (low == f64::NEG_INFINITY, high == f64::INFINITY) {
        (true, true) => format!("{column} IS NOT NULL"),
        (true, false) => format!("{column} <= {}", number(high)),
        (false, true) => format!("{column} >= {}", number(low)),
        (false, false) if low == high => format!("{column} = {}", number(low)),
        (false, false) => format!("{column} BETWEEN {} AND {}", number(low), number(high)),
    }
}

/// IVOA identifiers must be compared without case (section 2.1.10).
fn identifiers(column: &str, texts: Vec<&str>, sum: &mut Sum) -> Vec<String> {
    sum.texts += texts.len();
    let is_ivoid = |text: &&str| {
        let scheme = text.get(..6);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("ivo://"))
    };
    let (ivoids, others): (Vec<&str>, Vec<&str>) = texts.into_iter().partition(is_ivoid);
    let mut conditions = Vec::new();
    if !ivoids.is_empty() {
        let mut lower: Vec<String> = ivoids.iter().map(|it| it.to_ascii_lowercase()).collect();
        lower.sort();
        lower.dedup();
        conditions.push(format!("LOWER({column}) IN ({})", list(&lower)));
    }
    if !others.is_empty() {
        conditions.push(format!("{column} IN ({})", list(&others)));
    }
    conditions
}

/// Each state stands between slashes (ObsCore 1.1 appendix B.6.5.1).
fn states(name: &str, column: &str, values: &[&str]) -> Result<Vec<String>, Fault> {
    let mut conditions = Vec::new();
    for value in values {
        let known = STATES.iter().find(|state| **state == value.trim());
        let Some(state) = known else {
            return Err(Fault::usage(format!(
                "{name}={} is no polarization state; those there are: {}",
                shown(value),
                STATES.join(", ")
            )));
        };
        let condition = format!("{column} LIKE '%/{state}/%'");
        if !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }
    Ok(conditions)
}

fn levels(name: &str, values: &[&str]) -> Result<String, Fault> {
    let level = |value: &&str| {
        let level: Result<u16, _> = value.trim().parse();
        level.map_err(|_| {
            Fault::usage(format!(
                "{name}={} is no calibration level; those are whole numbers, 0 to 4",
                shown(value)
            ))
        })
    };
    let mut levels = values.iter().map(level).collect::<Result<Vec<_>, _>>()?;
    levels.sort_unstable();
    levels.dedup();
    let written: Vec<String> = levels.iter().map(u16::to_string).collect();
    Ok(written.join(", "))
}

/// Each once, as they were given: texts are compared exactly (section 2.1).
fn texts<'a>(name: &str, values: &[&'a str]) -> Result<Vec<&'a str>, Fault> {
    // No database has a place for it.
    if let Some(value) = values.iter().find(|value| value.contains('\0')) {
        return Err(Fault::usage(format!(
            "{name}={} holds the character 0, which no value has",
            shown(value)
        )));
    }
    let mut texts = values.to_vec();
    texts.sort_unstable();
    texts.dedup();
    Ok(texts)
}

/// Literals of ADQL 2.1 (section 2.1.4: a quote is doubled) with commas between.
fn list(texts: &[impl AsRef<str>]) -> String {
    let quoted = texts
        .iter()
        .map(|text| format!("'{}'", text.as_ref().replace('\'', "''")));
    quoted.collect::<Vec<_>>().join(", ")
}

/// A number in all its digits.
fn number(value: f64) -> String {
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked beside the kind of data.
    fn conditions(text: &str) -> Result<String, String> {
        let mut params = Params::default();
        params.add_encoded(text.as_bytes());
        let query = adql(&params).map_err(|fault| fault.message().to_owned())?;
        let always = "SELECT * FROM ivoa.obscore WHERE dataproduct_type IN ('image', 'cube')";
        let rest = query.strip_prefix(always).unwrap_or("another query");
        Ok(rest.trim_start_matches(" AND ").to_owned())
    }

    #[test]
    fn each_parameter_is_a_condition() {
        fn check(text: &str, expected: &str) {
            assert_eq!(conditions(text), Ok(expected.to_owned()), "{text}");
        }
        check("", "");
        check("POS=&TARGET=+&MAXREC=3&nonsense=x", "");
        check(
            "POS=CIRCLE+1+2+3",
            "(1 = INTERSECTS(s_region, REGION('CIRCLE 1.0 2.0 3.0')))",
        );
        check(
            "pos=circle 1 2 3&Pos=RANGE 0 1 -1 1&POS=CIRCLE 1 2 3.0",
            "(1 = INTERSECTS(s_region, REGION('CIRCLE 1.0 2.0 3.0')) OR \
             1 = INTERSECTS(s_region, REGION('RANGE 0.0 1.0 -1.0 1.0')))",
        );
        check("BAND=5 6", "(em_min <= 6.0 AND em_max >= 5.0)");
        check("BAND=5", "(em_min <= 5.0 AND em_max >= 5.0)");
        check("TIME=-Inf 6", "(t_min <= 6.0 AND t_max IS NOT NULL)");
        check("TIME=5 %2BInf", "(t_min IS NOT NULL AND t_max >= 5.0)");
        check("TIME=-Inf Inf", "(t_min IS NOT NULL AND t_max IS NOT NULL)");
        check("FOV=-Inf 1", "(s_fov <= 1.0)");
        check("FOV=2 Inf&FOV=-Inf 1", "(s_fov <= 1.0 OR s_fov >= 2.0)");
        check("SPATRES=-Inf Inf", "(s_resolution IS NOT NULL)");
        check("SPECRP=7", "(em_res_power = 7.0)");
        check("EXPTIME=1e-9 1e20", "(t_exptime BETWEEN 1e-9 AND 1e20)");
        check(
            "TIMERES=1 3&TIMERES=2 4",
            "(t_resolution BETWEEN 1.0 AND 4.0)",
        );
        check(
            "POL=I&POL=RR",
            "(pol_states LIKE '%/I/%' OR pol_states LIKE '%/RR/%')",
        );
        check("CALIB=2&CALIB=1&CALIB=2", "(calib_level IN (1, 2))");
        check(
            "ID=ivo://A/b?C&ID=IVO://a/B?c&ID=doi:X",
            "(LOWER(obs_publisher_did) IN ('ivo://a/b?c') OR obs_publisher_did IN ('doi:X'))",
        );
        check(
            "COLLECTION=a&FACILITY=b&INSTRUMENT=c&DPTYPE=cube&FORMAT=image/fits",
            "(obs_collection IN ('a')) AND (facility_name IN ('b')) AND (instrument_name IN ('c')) \
             AND (dataproduct_type IN ('cube')) AND (access_format IN ('image/fits'))",
        );
        check(
            "TARGET=x' OR '1'='1&TARGET= %25_\\",
            "(target_name IN (' %_\\', 'x'' OR ''1''=''1'))",
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        fn check(text: &str, message: &str) {
            assert_eq!(conditions(text), Err(message.to_owned()), "{text}");
        }
        check(
            "POL=I/Q",
            "POL=\"I/Q\" is no polarization state; those there are: I, Q, U, V, RR, LL, RL, LR, XX, \
             YY, XY, YX, POLI, POLA",
        );
        check(
            "CALIB=2.5",
            "CALIB=\"2.5\" is no calibration level; those are whole numbers, 0 to 4",
        );
        check(
            "CALIB=-1",
            "CALIB=\"-1\" is no calibration level; those are whole numbers, 0 to 4",
        );
        check(
            "TARGET=a%00b",
            "TARGET=\"a\\0b\" holds the character 0, which no value has",
        );
        check(
            "UPLOAD=a,http://b",
            "UPLOAD is not taken by SIA 2.0; repeat POS, ID or another parameter instead, or send a \
             query with the table to TAP",
        );
    }

    #[test]
    fn the_address_of_an_answer_says_it_all() {
        let mut params = Params::default();
        params.add_encoded(b"pos=CIRCLE 1 2 3&target=a%26b&LANG=ADQL");
        let expected = "?MAXREC=7&POS=CIRCLE%201%202%203&TARGET=a%26b&RESPONSEFORMAT=";
        assert_eq!(address(&params, 7).as_deref(), Some(expected));
        (0..5000).for_each(|_| params.add("ID", "x"));
        assert_eq!(address(&params, 7), None);
    }
}
