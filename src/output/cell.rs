//! Cells as text (see [`Wire`] for the bytes they come as).

use std::io::Write;

use adql::Wire;

/// Appends the text of a cell. A cell whose length does not fit its type is
/// left empty: the database room promises that this does not happen.
pub fn write(wire: Wire, cell: &[u8], out: &mut Vec<u8>) {
    match wire {
        Wire::Bool => {
            let yes = cell.first().is_some_and(|&byte| byte != 0);
            out.extend_from_slice(if yes { b"true" } else { b"false" });
        }
        Wire::Int2 => integer(array(cell).map(i16::from_be_bytes).map(i64::from), out),
        Wire::Int4 => integer(array(cell).map(i32::from_be_bytes).map(i64::from), out),
        Wire::Int8 => integer(array(cell).map(i64::from_be_bytes), out),
        Wire::Float4 => {
            if let Some(number) = array(cell).map(f32::from_be_bytes) {
                match number.is_finite() {
                    true => out.extend_from_slice(zmij::Buffer::new().format(number).as_bytes()),
                    false => not_finite(f64::from(number), out),
                }
            }
        }
        Wire::Float8 => {
            if let Some(number) = array(cell).map(f64::from_be_bytes) {
                double(number, out);
            }
        }
        Wire::Text => out.extend_from_slice(cell),
        Wire::Timestamp => {
            if let Some(micros) = array(cell).map(i64::from_be_bytes) {
                timestamp(micros, out);
            }
        }
        Wire::Bytes => {
            for byte in cell {
                // Writing to a Vec cannot fail.
                let _ = write!(out, "{byte:02x}");
            }
        }
        Wire::Doubles => {
            for (number, bytes) in cell.chunks_exact(8).enumerate() {
                if number > 0 {
                    out.push(b' ');
                }
                if let Some(value) = array(bytes).map(f64::from_be_bytes) {
                    double(value, out);
                }
            }
        }
    }
}

/// ISO 8601 without a zone, as DALI 1.1 section 3.3.3 has UTC; the fraction of
/// the second only where there is one. `micros` since 2000-01-01T00:00:00.
pub fn timestamp(micros: i64, out: &mut Vec<u8>) {
    const DAY: i64 = 86_400_000_000;
    let (day, time) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (year, month, day) = civil(day);
    let (seconds, micros) = (time / 1_000_000, time % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    );
    if micros > 0 {
        let digits = format!("{micros:06}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
}

/// Year, month and day of a day counted from 2000-01-01, in the proleptic
/// Gregorian calendar. Counts years from March, so that the leap day is last.
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

fn integer(number: Option<i64>, out: &mut Vec<u8>) {
    if let Some(number) = number {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }
}

fn double(number: f64, out: &mut Vec<u8>) {
    match number.is_finite() {
        true => out.extend_from_slice(zmij::Buffer::new().format(number).as_bytes()),
        false => not_finite(number, out),
    }
}

fn not_finite(number: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(match number {
        _ if number.is_nan() => b"NaN",
        _ if number > 0.0 => b"Infinity",
        _ => b"-Infinity",
    });
}

fn array<const N: usize>(cell: &[u8]) -> Option<[u8; N]> {
    cell.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(wire: Wire, cell: &[u8]) -> String {
        let mut out = Vec::new();
        write(wire, cell, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn cells_read_as_people_write_them() {
        fn check(wire: Wire, cell: &[u8], expected: &str) {
            assert_eq!(text(wire, cell), expected);
        }
        check(Wire::Bool, &[1], "true");
        check(Wire::Int2, &(-7i16).to_be_bytes(), "-7");
        check(Wire::Int8, &i64::MIN.to_be_bytes(), "-9223372036854775808");
        check(Wire::Float4, &0.1f32.to_be_bytes(), "0.1");
        check(Wire::Float8, &(-88.7f64).to_be_bytes(), "-88.7");
        check(Wire::Float8, &f64::NAN.to_be_bytes(), "NaN");
        check(Wire::Float8, &f64::NEG_INFINITY.to_be_bytes(), "-Infinity");
        check(Wire::Text, "Orion Ä".as_bytes(), "Orion Ä");
        check(Wire::Bytes, &[0, 255], "00ff");
        let two = [1.5f64.to_be_bytes(), 2.0f64.to_be_bytes()].concat();
        check(Wire::Doubles, &two, "1.5 2.0");
        check(Wire::Int4, &[1], "");
    }

    #[test]
    fn timestamps_are_iso() {
        fn check(micros: i64, expected: &str) {
            assert_eq!(text(Wire::Timestamp, &micros.to_be_bytes()), expected);
        }
        check(0, "2000-01-01T00:00:00");
        check(-1, "1999-12-31T23:59:59.999999");
        check(500_000, "2000-01-01T00:00:00.5");
        check(59 * 86_400_000_000, "2000-02-29T00:00:00");
        check(60 * 86_400_000_000, "2000-03-01T00:00:00");
        check(-51_544 * 86_400_000_000, "1858-11-17T00:00:00");
        check(8_461 * 86_400_000_000, "2023-03-02T00:00:00");
    }

    proptest! {
        /// The next day is the next in the calendar.
        #[test]
        fn days_follow_each_other(day in -1_000_000i64..1_000_000) {
            let (y, m, d) = civil(day);
            let leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
            let length = match m { 4 | 6 | 9 | 11 => 30, 2 if leap => 29, 2 => 28, _ => 31 };
            let next = match (m, d) {
                (12, 31) => (y + 1, 1, 1),
                _ if d == length => (y, m + 1, 1),
                _ => (y, m, d + 1),
            };
            prop_assert_eq!(civil(day + 1), next);
        }
    }
}
