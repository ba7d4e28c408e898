//! Times as text: DALI 1.1 section 3.3.3, `YYYY-MM-DD['T'hh:mm:ss[.f]]['Z']`,
//! and what archives and people write beside it. UTC always.

const DAY: i64 = 86_400_000_000;

/// Microseconds from 1970-01-01, where most others count from, to 2000-01-01.
pub const FROM_1970: i64 = 946_684_800_000_000;

/// Microseconds since 2000-01-01T00:00:00 UTC of `YYYY-MM-DD`, then perhaps `T`
/// or a space and `hh:mm[:ss[.f…]]`, then perhaps `Z` or an offset `±hh:mm`.
/// Digits after the sixth are dropped. A leap second counts as the second after it, since databases have no place
/// for it.
///
/// ```
/// assert_eq!(adql::time::parse("2000-01-01T00:00:01.5"), Some(1_500_000));
/// assert_eq!(adql::time::parse("2000-02-30"), None);
/// ```
pub fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, '-')?;
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let days = days_from_2000(year, month, day);
    let Some(time) = rest.strip_prefix(['T', 't', ' ']) else {
        let bare = rest.is_empty() || rest.eq_ignore_ascii_case("z");
        return bare.then_some(days * DAY);
    };
    let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(place) => {
            let (time, zone) = time.split_at(place);
            (time, minutes_east(zone)?)
        }
        None => (time, 0),
    };
    let micros = micros_of_day(time)?;
    Some(days * DAY + micros - offset * 60_000_000)
}

fn micros_of_day(time: &str) -> Option<i64> {
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = match whole.len() {
        5 => numbers::<2>(whole, ':').map(|[hour, minute]| [hour, minute, 0])?,
        _ => numbers(whole, ':')?,
    };
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() {
        return None;
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6.6}").parse().ok()?;
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

/// `Z` is 0; `+02:00`, `+0200` and `+02` are 120.
fn minutes_east(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = zone.split_at_checked(1)?;
    let digits = digits.replacen(':', "", 1);
    let number: i64 = match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse().ok()?,
        false => return None,
    };
    let minutes = match digits.len() {
        2 => number * 60,
        4 if number % 100 < 60 => number / 100 * 60 + number % 100,
        _ => return None,
    };
    (minutes <= 14 * 60).then_some(if sign == "-" { -minutes } else { minutes })
}

/// Numbers of two digits (the first may have four), nothing else between.
fn numbers<const N: usize>(text: &str, between: char) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(between);
    for number in &mut numbers {
        let part = parts.next().filter(|part| matches!(part.len(), 2 | 4))?;
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar since 2000-01-01. Years begin in
/// March here, so that the leap day is the last of its year.
fn days_from_2000(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 + day - 730_426
}

/// Year, month and day of a day counted from 2000-01-01.
fn civil(day: i64) -> (i64, i64, i64) {
    // 2000-03-01 is 60 days later and begins a 400-year era.
    let shifted = day - 60;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 2000 + 400 * era + year + i64::from(month <= 2);
    (year, month, day)
}

/// `YYYY-MM-DDThh:mm:ss.ffffff`, always 26 characters, so that text sorts as
/// time does. `None` outside the years 0 to 9999.
pub fn fixed(micros: i64) -> Option<String> {
    characters(micros).map(|text| text.map(char::from).iter().collect())
}

/// The text of a time as answers have it: the fraction of the second only
/// where there is one. Empty outside the years 0 to 9999.
///
/// ```
/// assert_eq!(adql::time::format(-500_000), "1999-12-31T23:59:59.5");
/// ```
pub fn format(micros: i64) -> String {
    let mut text = Vec::with_capacity(LENGTH);
    write(micros, &mut text);
    text.into_iter().map(char::from).collect()
}

/// Appends what [`format`] gives.
pub fn write(micros: i64, out: &mut Vec<u8>) {
    let Some(text) = characters(micros) else {
        return;
    };
    let start = out.len();
    out.extend_from_slice(&text);
    if micros.rem_euclid(1_000_000) == 0 {
        out.truncate(start + LENGTH - ".ffffff".len());
    } else {
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

const LENGTH: usize = "YYYY-MM-DDThh:mm:ss.ffffff".len();

fn characters(micros: i64) -> Option<[u8; LENGTH]> {
    let (day, time) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (year, month, day) = civil(day);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let (seconds, micros) = (time / 1_000_000, time % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = *b"0000-00-00T00:00:00.000000";
    let ends = [
        (4, year),
        (7, month),
        (10, day),
        (13, hour),
        (16, minute),
        (19, second),
        (26, micros),
    ];
    for (end, number) in ends {
        let (mut place, mut rest) = (end, number);
        while rest > 0 {
            place -= 1;
            text[place] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }
    Some(text)
}

/// Microseconds since 2000-01-01 as a Modified Julian Date, for reading.
pub(crate) fn julian(time: i64) -> f64 {
    const OF_2000: f64 = 51_544.0;
    let days = OF_2000 + time as f64 / 86_400e6;
    (days * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, seconds: Option<f64>) {
        let found = parse(text).map(|micros| micros as f64 / 1e6);
        assert_eq!(found, seconds, "{text}");
    }

    #[test]
    fn instants_as_archives_write_them() {
        check("2000-01-01", Some(0.0));
        check("2000-03-01", Some(60.0 * 86_400.0));
        check("1999-12-31T23:59:59", Some(-1.0));
        check("2000-01-01T00:00:01.5", Some(1.5));
        check("2000-01-01 00:01", Some(60.0));
        check("2000-01-01T00:00:00.123456789Z", Some(0.123456));
        check("2000-01-01T02:00:00+02:00", Some(0.0));
        check("2000-01-01T00:00:00-0130", Some(5400.0));
        check("2016-12-31T23:59:60", Some(536_544_000.0));
    }

    #[test]
    fn what_is_no_instant() {
        for text in [
            "",
            "2000",
            "2000-13-01",
            "2001-02-29",
            "2000-00-10",
            "20000101",
            "2000-01-01T",
            "2000-01-01T24:00:00",
            "2000-01-01T00:60:00",
            "2000-01-01T00:00:00.",
            "2000-01-01T00:00:00+99:00",
            "2000-01-01X",
            "2000-01-01T00:00:00.1é",
            "é000-01-01",
            "55423.14",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn times_are_written_as_dali_has_them() {
        let check = |micros: i64, expected: &str| assert_eq!(format(micros), expected);
        check(0, "2000-01-01T00:00:00");
        check(-1, "1999-12-31T23:59:59.999999");
        check(500_000, "2000-01-01T00:00:00.5");
        check(59 * DAY, "2000-02-29T00:00:00");
        check(60 * DAY, "2000-03-01T00:00:00");
        check(-51_544 * DAY, "1858-11-17T00:00:00");
        assert_eq!(fixed(i64::MAX), None);
        assert_eq!(fixed(i64::MIN), None);
    }

    proptest::proptest! {
        #[test]
        fn there_and_back(micros in -730_485 * DAY..2_921_940 * DAY) {
            let text = fixed(micros).unwrap_or_default();
            proptest::prop_assert_eq!(text.len(), 26);
            proptest::prop_assert_eq!(parse(&text), Some(micros));
            proptest::prop_assert_eq!(parse(&format(micros)), Some(micros));
        }
    }
}
