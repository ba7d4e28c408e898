//! Timestamps between microseconds and the text SQLite keeps.
//!
//! Proleptic Gregorian calendar, UTC without leap seconds, as PostgreSQL
//! counts (its manual, appendix B.6).

const DAY: i64 = 86_400_000_000;

/// Microseconds since 2000-01-01T00:00:00 of `YYYY-MM-DD[THH:MM:SS[.f…]]`
/// (a space may stand for the `T`); digits after the sixth are dropped.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let (date, time) = text.split_at_checked(10)?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else {
        return None;
    };
    let year = number(&[y1, y2, y3, y4])?;
    let month = number(&[m1, m2]).filter(|month| (1..=12).contains(month))?;
    let day = number(&[d1, d2]).filter(|day| (1..=days_in(year, month)).contains(day))?;
    let micros = match time {
        [] => 0,
        [
            b'T' | b' ',
            h1,
            h2,
            b':',
            m1,
            m2,
            b':',
            s1,
            s2,
            fraction @ ..,
        ] => {
            let hour = number(&[*h1, *h2]).filter(|&hour| hour < 24)?;
            let minute = number(&[*m1, *m2]).filter(|&minute| minute < 60)?;
            let second = number(&[*s1, *s2]).filter(|&second| second < 60)?;
            let fraction = match fraction {
                [] => 0,
                [b'.', digits @ ..] if !digits.is_empty() => {
                    let mut padded = [b'0'; 6];
                    number(digits)?;
                    let kept = digits.len().min(6);
                    padded[..kept].copy_from_slice(&digits[..kept]);
                    number(&padded)?
                }
                _ => return None,
            };
            ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
        }
        _ => return None,
    };
    Some(days(year, month, day) * DAY + micros)
}

/// `YYYY-MM-DDTHH:MM:SS.ffffff`, always 26 characters, so that text sorts as
/// time does. `None` outside the years 0 to 9999.
pub(super) fn format(micros: i64) -> Option<String> {
    let (date, time) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (year, month, day) = civil(date);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let (second, fraction) = (time / 1_000_000, time % 1_000_000);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{fraction:06}",
        second / 3600,
        second / 60 % 60,
        second % 60
    ))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')))
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 2000-01-01. Years are counted from March, so that the leap day
/// is the last day of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 730_425
}

/// The date `days` after 2000-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 730_425;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        let check = |text: &str, micros: Option<i64>| {
            assert_eq!(parse(text.as_bytes()), micros, "{text}");
        };
        check("2000-01-01T00:00:00", Some(0));
        check("2000-01-01", Some(0));
        check("2000-01-01 00:00:00.5", Some(500_000));
        check("2000-03-01T00:00:00.000001", Some(60 * DAY + 1));
        check("1999-12-31T23:59:59.9999999", Some(-1));
        check("1970-01-01T00:00:00", Some(-946_684_800_000_000));
        check("0000-01-01T00:00:00", Some(-730_485 * DAY));
        check("2001-02-29", None);
        check("2000-01-01T24:00:00", None);
        check("2000-01-01T00:00:00.", None);
        check("2000-01-01T00:00:00Z", None);
        check("", None);
        assert_eq!(format(-1).as_deref(), Some("1999-12-31T23:59:59.999999"));
        assert_eq!(format(i64::MAX), None);
        assert_eq!(format(i64::MIN), None);
    }

    proptest! {
        #[test]
        fn there_and_back(micros in -730_485 * DAY..2_921_940 * DAY) {
            let text = format(micros).unwrap_or_default();
            prop_assert_eq!(text.len(), 26);
            prop_assert_eq!(parse(text.as_bytes()), Some(micros));
        }
    }
}
