//! CAST with PostgreSQL's answers: what is no number or out of the range of
//! the type is refused, and a number becomes the shortest text that means it.

use adql::time;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::{Arguments, OUT_OF_RANGE, Refusal, add};

pub(super) fn register(connection: &Connection) -> Result<()> {
    for (name, least, most) in [
        ("to_smallint", i64::from(i16::MIN), i64::from(i16::MAX)),
        ("to_integer", i64::from(i32::MIN), i64::from(i32::MAX)),
        ("to_bigint", i64::MIN, i64::MAX),
    ] {
        add(connection, name, 1, move |of| match whole(of)? {
            number if (least..=most).contains(&number) => Ok(Value::Integer(number)),
            _ => Err(Refusal::new(OUT_OF_RANGE)),
        })?;
    }
    add(connection, "to_double", 1, |of| match of.raw(0) {
        ValueRef::Text(_) => decimal(of.text(0)?, |text| text.parse::<f64>().ok()).map(Value::Real),
        _ => of.real(0).map(Value::Real),
    })?;
    // SQLite has no numbers of single precision: they are kept as the doubles
    // that have the same value.
    add(connection, "to_real", 1, |of| {
        if let ValueRef::Text(_) = of.raw(0) {
            let number = decimal(of.text(0)?, |text| text.parse::<f32>().ok().map(f64::from));
            return number.map(Value::Real);
        }
        let number = of.real(0)?;
        let single = number as f32;
        let lost = (single.is_infinite() && number.is_finite()) || (single == 0.0 && number != 0.0);
        match lost {
            true => Err(Refusal::new(OUT_OF_RANGE)),
            false => Ok(Value::Real(single.into())),
        }
    })?;
    add(connection, "text_to_timestamp_1", 1, |of| {
        let text = of.text(0)?;
        let time = time::parse(text).and_then(time::fixed);
        time.map(Value::Text).ok_or_else(|| {
            let start: String = text.chars().take(40).collect();
            Refusal::new(format!("the text \"{start}\" is not a date or time"))
        })
    })?;
    add(connection, "double_to_text", 1, |of| {
        // Plus 0: there is no -0 in texts.
        let number = of.real(0)? + 0.0;
        let near = [number.next_down(), number.next_up()];
        let digits = shortest(number, near, format!("{number:e}"), |places| {
            let text = format!("{number:.places$e}");
            (text.parse() == Ok(number)).then_some(text)
        });
        Ok(Value::Text(shown(number, &digits, 15)))
    })?;
    add(connection, "real_to_text", 1, |of| {
        let number = of.real(0)?;
        let single = number as f32;
        let near = [single.next_down().into(), single.next_up().into()];
        let digits = shortest(number, near, format!("{single:e}"), |places| {
            let text = format!("{single:.places$e}");
            (text.parse() == Ok(single)).then_some(text)
        });
        Ok(Value::Text(shown(number, &digits, 6)))
    })
}

/// The fewest digits that mean a number, as PostgreSQL counts them: a text
/// that lies halfway to one of the numbers `near` is not its own, whatever
/// reads it. Only whole numbers beyond the last digit have such texts.
fn shortest(
    number: f64,
    near: [f64; 2],
    short: String,
    with: impl Fn(usize) -> Option<String>,
) -> String {
    let halfway = |text: &str| {
        let text = whole_of(text)?;
        let exact = |it: f64| it.abs() as u128;
        let whole = |it: &&f64| it.fract() == 0.0;
        Some(
            near.iter()
                .filter(whole)
                .any(|near| exact(number) + exact(*near) == 2 * text),
        )
    };
    if !(9e6..1e37).contains(&number.abs()) || halfway(&short) != Some(true) {
        return short;
    }
    (0..17)
        .filter_map(with)
        .find(|text| halfway(text) != Some(true))
        .unwrap_or(short)
}

/// The whole number that a text with an exponent is.
fn whole_of(text: &str) -> Option<u128> {
    let (digits, exponent) = text.trim_start_matches('-').split_once('e')?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent: u32 = exponent.parse().ok()?;
    let zeros = exponent.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    digits.checked_mul(10_u128.checked_pow(zeros)?)
}

/// Fractions are cut off; a text must be a whole number.
fn whole(of: &Arguments<'_, '_>) -> std::result::Result<i64, Refusal> {
    match of.raw(0) {
        ValueRef::Integer(number) => Ok(number),
        ValueRef::Real(number) => {
            let cut = number.trunc();
            // 2^63 itself is the first real that does not fit.
            match (i64::MIN as f64..-(i64::MIN as f64)).contains(&cut) {
                true => Ok(cut as i64),
                false => Err(Refusal::new(OUT_OF_RANGE)),
            }
        }
        _ => {
            use std::num::IntErrorKind::{NegOverflow, PosOverflow};
            let text = trimmed(of.text(0)?);
            text.parse().map_err(|error: std::num::ParseIntError| {
                Refusal::new(match error.kind() {
                    NegOverflow | PosOverflow => OUT_OF_RANGE,
                    _ => NO_NUMBER,
                })
            })
        }
    }
}

const NO_NUMBER: &str = "a text is not a value of the type it is cast to";

/// Without the blanks that C's `isspace` knows.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r'])
}

fn decimal(text: &str, read: impl Fn(&str) -> Option<f64>) -> std::result::Result<f64, Refusal> {
    let text = trimmed(text);
    let number = read(text).ok_or(Refusal::new(NO_NUMBER))?;
    // "inf" is infinity, and "1e999" too large; "0e9" is 0, "1e-999" too small.
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits = |from: u8| mantissa.bytes().any(|b| (from..=b'9').contains(&b));
    match (number.is_infinite() && digits(b'0')) || (number == 0.0 && digits(b'1')) {
        true => Err(Refusal::new(OUT_OF_RANGE)),
        false => Ok(number),
    }
}

/// PostgreSQL's text of a number, of which `scientific` has the digits: an
/// exponent below -4 or from `digits` on is written, others are not.
fn shown(number: f64, scientific: &str, digits: i32) -> String {
    if !number.is_finite() {
        let text = ["Infinity", "-Infinity"][usize::from(number < 0.0)];
        return text.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..digits).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let all = mantissa.replace('.', "");
    let point = usize::try_from(exponent + 1).unwrap_or(0);
    match exponent {
        ..0 => format!("{sign}0.{}{all}", "0".repeat((-exponent - 1) as usize)),
        _ if all.len() <= point => format!("{sign}{all}{}", "0".repeat(point - all.len())),
        _ => {
            let (before, after) = all.split_at(point);
            format!("{sign}{before}.{after}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_numbers_are_postgresqls() {
        // Expected values come from PostgreSQL 15.
        let check = |number: f64, double: &str, real: &str| {
            assert_eq!(shown(number, &format!("{number:e}"), 15), double);
            assert_eq!(shown(number, &format!("{:e}", number as f32), 6), real);
        };
        check(0.0, "0", "0");
        check(1.5, "1.5", "1.5");
        check(-100.0, "-100", "-100");
        check(0.0001, "0.0001", "0.0001");
        check(0.00001, "1e-05", "1e-05");
        check(123_456.75, "123456.75", "123456.75");
        check(1_234_567.0, "1234567", "1.234567e+06");
        check(1e14, "100000000000000", "1e+14");
        check(1e15, "1e+15", "1e+15");
    }

    /// PostgreSQL 15 says: SELECT 33310273111111112::float8, 9007199254740993::float8,
    /// 5e-324::float8, 1e22::float8, 9.5e15::float8.
    #[test]
    fn a_text_halfway_between_two_numbers_means_neither() {
        let check = |number: f64, expected: &str| {
            let near = [number.next_down(), number.next_up()];
            let text = shortest(number, near, format!("{number:e}"), |places| {
                let text = format!("{number:.places$e}");
                (text.parse() == Ok(number)).then_some(text)
            });
            assert_eq!(shown(number, &text, 15), expected);
        };
        check(33310273111111112.0, "3.3310273111111112e+16");
        check(9007199254740992.0, "9.007199254740992e+15");
        check(5e-324, "5e-324");
        check(1e22, "1e+22");
        check(9.5e15, "9.5e+15");
        check(299_792_458.0, "299792458");
    }
}
