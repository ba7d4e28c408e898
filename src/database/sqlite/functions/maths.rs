//! Mathematics with PostgreSQL's answers (its manual, section 9.3): reals give
//! reals, `log` is to the base ten, halves round to the even number, and with
//! a number of digits away from zero.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::arithmetic::{divide, multiply};
use super::{Arguments, OUT_OF_RANGE, Refusal, add};

const NO_ROOT: &str = "a power or root of these numbers has no value";
const NO_LOGARITHM: &str = "the logarithm of zero or a negative number has no value";

pub(super) fn register(connection: &Connection) -> Result<()> {
    let real = |name, function| add_real(connection, name, function);
    real("acos", |x| within(x).map(f64::acos))?;
    real("asin", |x| within(x).map(f64::asin))?;
    real("atan", |x| Ok(x.atan()))?;
    real("ceil", |x| Ok(x.ceil()))?;
    real("ceiling", |x| Ok(x.ceil()))?;
    real("floor", |x| Ok(x.floor()))?;
    real("cos", |x| finite(x).map(f64::cos))?;
    real("sin", |x| finite(x).map(f64::sin))?;
    real("tan", |x| finite(x).map(f64::tan))?;
    real("cot", |x| finite(x).map(|x| 1.0 / x.tan()))?;
    real("degrees", |x| ranged(x, x / (std::f64::consts::PI / 180.0)))?; // PostgreSQL divides
    real("radians", |x| ranged(x, x.to_radians()))?;
    real("exp", |x| ranged(x, x.exp()))?;
    real("ln", |x| positive(x).map(f64::ln))?;
    real("log", |x| positive(x).map(f64::log10))?;
    real("log10", |x| positive(x).map(f64::log10))?;
    real("sqrt", |x| match x < 0.0 {
        true => Err(NO_ROOT),
        false => Ok(x.sqrt()),
    })?;
    real("round", |x| Ok(x.round_ties_even()))?;
    real("trunc", |x| Ok(x.trunc()))?;
    real("sign", |x| Ok(if x == 0.0 { 0.0 } else { x.signum() }))?;
    add(connection, "pi", 0, |_| {
        Ok(Value::Real(std::f64::consts::PI))
    })?;
    add(connection, "atan2", 2, |of| {
        Ok(Value::Real(of.real(0)?.atan2(of.real(1)?)))
    })?;
    add(connection, "log", 2, |of| {
        let attempt = || {
            let (base, x) = (positive(of.real(0)?), positive(of.real(1)?));
            Ok::<_, Refusal>(base.and_then(|base| Ok((base, x?))))
        };
        match attempt()? {
            Ok((1.0, _)) => Err(of.refuse("to the base one has no value")),
            Ok((base, x)) => Ok(Value::Real(x.ln() / base.ln())),
            Err(reason) => Err(Refusal::new(reason)),
        }
    })?;
    add(connection, "power", 2, power)?;
    add(connection, "mod", 2, modulo)?;
    add(connection, "round", 2, |of| digits(of, true))?;
    add(connection, "trunc", 2, |of| digits(of, false))?;
    // What ADQL's own functions are made of, step by step as PostgreSQL's SQL
    // for them (adql::functions), with a look at the range in each.
    add(connection, "round_away", 1, |of| {
        Ok(Value::Real(away(of.real(0)?)))
    })?;
    add(connection, "round_away", 2, |of| {
        scaled(of.real(0)?, of.real(1)?, away)
    })?;
    add(connection, "trunc_at", 2, |of| {
        scaled(of.real(0)?, of.real(1)?, f64::trunc)
    })?;
    add(connection, "real_mod", 2, |of| {
        let (x, y) = (of.real(0)?, of.real(1)?);
        let Some(times) = divide(x, y)? else {
            return Ok(Value::Null);
        };
        Ok(Value::Real(x - multiply(y, times.trunc())?))
    })
}

/// To the nearest whole number, halves away from zero.
fn away(x: f64) -> f64 {
    let up = (x.abs() + 0.5).floor();
    if x < 0.0 { -up } else { up }
}

/// What `cut` does to `x`, at a decimal place.
fn scaled(x: f64, places: f64, cut: fn(f64) -> f64) -> std::result::Result<Value, Refusal> {
    let unit = 10f64.powf(places);
    let unit = ranged(10.0, unit).map_err(Refusal::new)?;
    let cut = cut(multiply(x, unit)?);
    Ok(divide(cut, unit)?.map_or(Value::Null, Value::Real))
}

type Real = fn(f64) -> std::result::Result<f64, &'static str>;

fn add_real(connection: &Connection, name: &'static str, function: Real) -> Result<()> {
    add(connection, name, 1, move |of| {
        let value = function(of.real(0)?).map_err(Refusal::new)?;
        Ok(Value::Real(value))
    })
}

fn within(x: f64) -> std::result::Result<f64, &'static str> {
    match x.abs() > 1.0 {
        true => Err(OUT_OF_RANGE),
        false => Ok(x),
    }
}

fn finite(x: f64) -> std::result::Result<f64, &'static str> {
    match x.is_infinite() {
        true => Err(OUT_OF_RANGE),
        false => Ok(x),
    }
}

fn positive(x: f64) -> std::result::Result<f64, &'static str> {
    match x <= 0.0 {
        true => Err(NO_LOGARITHM),
        false => Ok(x),
    }
}

/// Refuses what became infinite, or became nothing, on the way.
fn ranged(x: f64, result: f64) -> std::result::Result<f64, &'static str> {
    let lost = result == 0.0 && x != 0.0;
    match x.is_finite() && (result.is_infinite() || lost) {
        true => Err(OUT_OF_RANGE),
        false => Ok(result),
    }
}

fn power(of: &Arguments<'_, '_>) -> std::result::Result<Value, Refusal> {
    let (base, exponent) = (of.real(0)?, of.real(1)?);
    if base == 0.0 && exponent < 0.0 {
        return Err(Refusal::new(NO_ROOT));
    }
    if base < 0.0 && exponent.is_finite() && exponent.fract() != 0.0 {
        return Err(Refusal::new(NO_ROOT));
    }
    let result = base.powf(exponent);
    if base.is_finite() && exponent.is_finite() && base != 0.0 {
        return ranged(base, result).map(Value::Real).map_err(Refusal::new);
    }
    Ok(Value::Real(result))
}

/// The remainder with the sign of the dividend.
fn modulo(of: &Arguments<'_, '_>) -> std::result::Result<Value, Refusal> {
    let zero = || of.refuse("by zero has no value");
    match (of.raw(0), of.raw(1)) {
        (_, ValueRef::Integer(0)) => Err(zero()),
        (ValueRef::Integer(x), ValueRef::Integer(y)) => Ok(Value::Integer(x.wrapping_rem(y))),
        _ => match (of.real(0)?, of.real(1)?) {
            (_, 0.0) => Err(zero()),
            (x, y) => Ok(Value::Real(x % y)),
        },
    }
}

/// `round(x, n)` and `trunc(x, n)`, which PostgreSQL has for `numeric` only:
/// they work on the number as written with 15 digits, as its cast from float8
/// to numeric does.
fn digits(of: &Arguments<'_, '_>, round: bool) -> std::result::Result<Value, Refusal> {
    let (x, places) = (of.real(0)?, of.integer(1)?);
    if let ValueRef::Integer(whole) = of.raw(0)
        && places >= 0
    {
        return Ok(Value::Real(whole as f64));
    }
    if !x.is_finite() || x == 0.0 {
        return Ok(Value::Real(x));
    }
    Ok(Value::Real(cut(x, places, round)))
}

/// `x` cut after `places` decimal places.
fn cut(x: f64, places: i64, round: bool) -> f64 {
    let text = format!("{:.14e}", x.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa: i128 = mantissa.replace('.', "").parse().unwrap_or(0);
    let exponent: i64 = exponent.parse().unwrap_or(0);
    // The last digit of the mantissa stands for 10^(exponent - 14).
    let surplus = (14 - exponent).saturating_sub(places);
    if surplus <= 0 {
        return x;
    }
    if surplus > 16 {
        return 0.0;
    }
    let unit = 10i128.pow(u32::try_from(surplus).unwrap_or(0));
    let half = if round { unit / 2 } else { 0 };
    let kept = (mantissa + half) / unit;
    let sign = if x < 0.0 { "-" } else { "" };
    let text = format!("{sign}{kept}e{}", exponent - 14 + surplus);
    text.parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_as_postgresql_gives_them() {
        let connection = Connection::open_in_memory().expect("memory");
        super::super::register(&connection).expect("functions");
        // Expected values come from PostgreSQL 15.
        let check = |sql: &str, expected: &str| {
            let got =
                connection.query_row(&format!("SELECT {sql}"), [], |row| row.get::<_, Value>(0));
            let got = match got {
                Ok(Value::Real(value)) => format!("{value:?}"),
                Ok(Value::Integer(value)) => value.to_string(),
                Ok(other) => format!("{other:?}"),
                Err(error) => error.to_string(),
            };
            assert!(got.ends_with(expected), "{sql}: {got}");
        };
        check("floor(-1.5)", "-2.0");
        check("ceiling(3)", "3.0");
        check("round(2.5)", "2.0");
        check("round(3.5)", "4.0");
        check("round(2.675, 2)", "2.68");
        check("round(-2.5, 0)", "-3.0");
        check("round(1234.5, -2)", "1200.0");
        check("round(0.5, -1)", "0.0");
        check("round(9.99, 1)", "10.0");
        check("trunc(2.679, 2)", "2.67");
        check("trunc(-2.7)", "-2.0");
        check("mod(-7, 3)", "-1");
        check("mod(7, 0)", "MOD by zero has no value");
        check("mod(-7.5, 2)", "-1.5");
        check("power(2, 10)", "1024.0");
        check("power(-8, 0.5)", "has no value");
        check("power(0, -1)", "has no value");
        check("power(10, 400)", "a number is out of range");
        check("exp(-800)", "a number is out of range");
        check("ln(0)", "zero or a negative number has no value");
        check("log(1000)", "3.0");
        check("log(2, 8)", "3.0");
        check("sqrt(-1)", "root of these numbers has no value");
        check("acos(1.1)", "a number is out of range");
        check("sign(-3)", "-1.0");
        check("degrees(pi())", "180.0");
        check("atan2(1, 0)", "1.5707963267948966");
        check("sin(NULL)", "Null");
        check("sin('x')", "SIN wants a number");
        check("abs(-3)", "3");
    }
}
