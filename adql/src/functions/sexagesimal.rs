//! Angles as hours or degrees, minutes and seconds (EN-udf-catalogue 1.2,
//! section 2.7): `3:34:45.4`, `3h34m45.4s`, `033445.4`, and with blanks
//! between, as tables print them. Minutes and seconds are below 60, the whole
//! at most a full turn.
//!
//! The function on PostgreSQL (`migrations/postgres`) reads and computes the
//! same; change both or neither.

/// Degrees of `h:m:s`; `None` for any other text.
///
/// ```
/// use adql::functions::sexagesimal::hours;
/// assert_eq!(hours("06h00m00s"), Some(90.0));
/// assert_eq!(hours("06h"), None);
/// ```
pub fn hours(text: &str) -> Option<f64> {
    let [h, m, s] = parts(text.trim_matches(' '), 'h', 2)?;
    within(h * 15.0 + m / 4.0 + s / 240.0)
}

/// Degrees of `d:m:s`, with a sign if there is one; `None` for any other text.
///
/// ```
/// use adql::functions::sexagesimal::degrees;
/// assert_eq!(degrees("-0:15:00"), Some(-0.25));
/// ```
pub fn degrees(text: &str) -> Option<f64> {
    let text = text.trim_matches(' ');
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => (-1.0, body),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let [d, m, s] = parts(body, 'd', 3)?;
    Some(sign * within(d + m / 60.0 + s / 3600.0)?)
}

fn within(degrees: f64) -> Option<f64> {
    (degrees <= 360.0).then_some(degrees)
}

/// The three numbers, the first of at most `widest` digits. `mark` stands
/// after it in the form with letters.
fn parts(body: &str, mark: char, widest: usize) -> Option<[f64; 3]> {
    let letter = |wanted: char| move |found: char| found.eq_ignore_ascii_case(&wanted);
    let (first, minutes, seconds) = if let Some(body) = body.strip_suffix(letter('s')) {
        let (first, rest) = body.split_once(letter(mark))?;
        let (minutes, seconds) = rest.split_once(letter('m'))?;
        (
            first,
            minutes.trim_start_matches(' '),
            seconds.trim_start_matches(' '),
        )
    } else if let Some((first, rest)) = body.split_once(':') {
        let (minutes, seconds) = rest.split_once(':')?;
        (first, minutes, seconds)
    } else if let Some((first, rest)) = body.split_once(' ') {
        let (minutes, seconds) = rest.trim_start_matches(' ').split_once(' ')?;
        (first, minutes, seconds.trim_start_matches(' '))
    } else {
        let whole = body.find('.').unwrap_or(body.len());
        let (first, rest) = body.split_at_checked(whole.checked_sub(4)?)?;
        let (minutes, seconds) = rest.split_at_checked(2)?;
        (
            Some(first).filter(|first| first.len() > 1)?,
            minutes,
            seconds,
        )
    };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let short = |text: &str, most| (1..=most).contains(&text.len()) && digits(text);
    if !short(first, widest) || !short(minutes, 2) || !short(whole, 2) || !digits(fraction) {
        return None;
    }
    let numbers = [
        first.parse().ok()?,
        minutes.parse().ok()?,
        seconds.parse().ok()?,
    ];
    let [_, minutes, seconds]: [f64; 3] = numbers;
    (minutes < 60.0 && seconds < 60.0).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_as_people_write_them() {
        let check = |text: &str, as_hours: Option<f64>, as_degrees: Option<f64>| {
            assert_eq!(hours(text), as_hours, "{text} as hours");
            assert_eq!(degrees(text), as_degrees, "{text} as degrees");
        };
        check("6:30:00", Some(97.5), Some(6.5));
        check(" 063000.0 ", Some(97.5), Some(6.5));
        check("6 30  0.", Some(97.5), Some(6.5));
        check("6h30m0s", Some(97.5), None);
        check("6D 30M 0S", None, Some(6.5));
        check("-6:30:00", None, Some(-6.5));
        check("+063000", None, Some(6.5));
        check("1203000", None, Some(120.5));
        check("24:00:00", Some(360.0), Some(24.0));
        check("24:00:00.1", None, Some(24.0 + 0.1 / 3600.0));
        check("-0:0:0", None, Some(-0.0));
        for text in [
            "",
            " ",
            "6",
            "6:30",
            "6:60:00",
            "6:00:60",
            "6:30:00:00",
            "361:0:0",
            "6 :30:00",
            "6.5:0:0",
            "6:30:-1",
            "6:30:1e1",
            "- 6:30:0",
            "63000",
            "6h30m",
            "6h30s",
            "s",
            "hms",
            ":::",
            "٦:30:00",
            "6:30:.5",
            "éé3000",
            "6:30:0é",
            "06300é",
        ] {
            check(text, None, None);
        }
    }
}
