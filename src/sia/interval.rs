//! A number or a range of numbers (SIA 2.0 section 2.1: as VOTable writes
//! arrays, with `-Inf` and `+Inf` for ends that are open).

use crate::input::shown;
use crate::tap::Fault;

/// From `low` to `high`, both included; infinite where it is open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// One value of the parameter `name`.
    pub fn read(name: &str, text: &str) -> Result<Interval, Fault> {
        let wrong = |why: String| Fault::usage(format!("{name}={}: {why}", shown(text)));
        let numbers = numbers(text).map_err(wrong)?;
        let (low, high) = match numbers.as_slice() {
            [value] if value.is_finite() => (*value, *value),
            [low, high] => (*low, *high),
            [_] => return Err(wrong("a single value must be finite".to_owned())),
            _ => {
                return Err(wrong(format!(
                    "{} numbers are given; give one, or two for a range, as in {name}=-Inf 600",
                    numbers.len()
                )));
            }
        };
        if low.is_nan() || high.is_nan() {
            return Err(wrong(
                "NaN is no value to search for; write -Inf or +Inf for an open end".to_owned(),
            ));
        }
        if low > high || low == f64::INFINITY || high == f64::NEG_INFINITY {
            return Err(wrong(
                "the range ends before it begins; write the smaller number first".to_owned(),
            ));
        }
        Ok(Interval { low, high })
    }
}

/// The same numbers in as few intervals as can be: whatever meets one of those
/// given meets one of these, and the other way round.
pub fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_by(|a, b| a.low.total_cmp(&b.low));
    let mut merged: Vec<Interval> = Vec::new();
    for next in intervals {
        match merged.last_mut() {
            Some(last) if next.low <= last.high => last.high = last.high.max(next.high),
            _ => merged.push(next),
        }
    }
    merged
}

/// Numbers with blanks between them, `Inf` and `NaN` among them.
pub fn numbers(text: &str) -> Result<Vec<f64>, String> {
    let number = |word: &str| match word.parse::<f64>() {
        Ok(value) if value.is_infinite() && word.contains(|c: char| c.is_ascii_digit()) => {
            Err(format!("{} is too large", shown(word)))
        }
        // Minus zero is zero.
        Ok(value) => Ok(value + 0.0),
        Err(_) => Err(format!("{} is not a number", shown(word))),
    };
    text.split_whitespace().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const OPEN: f64 = f64::INFINITY;

    #[test]
    fn one_number_two_or_open_ends() {
        fn check(text: &str, low: f64, high: f64) {
            let read = Interval::read("BAND", text);
            assert_eq!(read, Ok(Interval { low, high }), "{text}");
        }
        check("300 600", 300.0, 600.0);
        check(" 300\t600 ", 300.0, 600.0);
        check("0.21", 0.21, 0.21);
        check("-2", -2.0, -2.0);
        check("300 +Inf", 300.0, OPEN);
        // A plus sign that was not encoded in an address came as a blank.
        check("300  Inf", 300.0, OPEN);
        check("-Inf 600", -OPEN, 600.0);
        check("-inf inf", -OPEN, OPEN);
        check("500e-9 550E-9", 500e-9, 550e-9);
        check("5 5", 5.0, 5.0);
        check("1e-400 1", 0.0, 1.0);
    }

    #[test]
    fn what_is_wrong_is_said() {
        fn check(text: &str, why: &str) {
            let fault = Interval::read("TIME", text).err();
            let said = fault.map(|fault| fault.message().to_owned());
            assert_eq!(said, Some(format!("TIME=\"{text}\": {why}")));
        }
        check("x", "\"x\" is not a number");
        check("1 2x", "\"2x\" is not a number");
        check("1/2", "\"1/2\" is not a number");
        check(
            "1 2 3",
            "3 numbers are given; give one, or two for a range, as in TIME=-Inf 600",
        );
        let upside_down = "the range ends before it begins; write the smaller number first";
        check("2 1", upside_down);
        check("+Inf +Inf", upside_down);
        check("-Inf -Inf", upside_down);
        check("Inf 1", upside_down);
        check("+Inf", "a single value must be finite");
        check("NaN", "a single value must be finite");
        check(
            "NaN 1",
            "NaN is no value to search for; write -Inf or +Inf for an open end",
        );
        check("1e999 1", "\"1e999\" is too large");
    }

    proptest! {
        /// What meets one of those given meets one of those that are left, and
        /// the other way round.
        #[test]
        fn merging_changes_nothing_that_is_met(
            given in vec((-9i8..9, 0i8..5), 0..12),
            other in (-12i8..12, 0i8..5),
        ) {
            let interval = |(low, width): (i8, i8)| Interval {
                low: f64::from(low),
                high: f64::from(low) + f64::from(width),
            };
            let given: Vec<Interval> = given.into_iter().map(interval).collect();
            let other = interval(other);
            let met = |all: &[Interval]| {
                all.iter().any(|it| it.low <= other.high && it.high >= other.low)
            };
            let left = merged(given.clone());
            prop_assert_eq!(met(&given), met(&left));
            prop_assert!(left.is_sorted_by(|a, b| a.high < b.low));
        }
    }

    #[test]
    fn what_overlaps_is_one() {
        fn check(given: &[(f64, f64)], expected: &[(f64, f64)]) {
            let intervals = given.iter().map(|&(low, high)| Interval { low, high });
            let merged = merged(intervals.collect());
            let pairs: Vec<_> = merged.iter().map(|it| (it.low, it.high)).collect();
            assert_eq!(pairs, expected);
        }
        check(&[], &[]);
        check(&[(3.0, 4.0), (1.0, 2.0)], &[(1.0, 2.0), (3.0, 4.0)]);
        check(&[(1.0, 2.0), (2.0, 3.0)], &[(1.0, 3.0)]);
        check(&[(1.0, 9.0), (2.0, 3.0), (8.0, 10.0)], &[(1.0, 10.0)]);
        check(&[(-OPEN, 1.0), (2.0, OPEN)], &[(-OPEN, 1.0), (2.0, OPEN)]);
        check(&[(5.0, 5.0), (5.0, 5.0)], &[(5.0, 5.0)]);
        check(&[(-OPEN, OPEN), (2.0, 3.0)], &[(-OPEN, OPEN)]);
    }
}
