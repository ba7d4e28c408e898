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
        Wire::Int2 | Wire::Int4 | Wire::Int8 => decimal(integer(wire, cell), out),
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
            for (number, value) in cell.as_chunks().0.iter().enumerate() {
                if number > 0 {
                    out.push(b' ');
                }
                double(f64::from_be_bytes(*value), out);
            }
        }
        Wire::Ints => {
            for (number, value) in cell.as_chunks().0.iter().enumerate() {
                if number > 0 {
                    out.push(b' ');
                }
                decimal(Some(i32::from_be_bytes(*value).into()), out);
            }
        }
    }
}

/// DALI 1.1 section 3.3.3. `micros` since 2000-01-01T00:00:00.
pub fn timestamp(micros: i64, out: &mut Vec<u8>) {
    adql::time::write(micros, out);
}

/// The number in a cell of one of the three widths.
pub fn integer(wire: Wire, cell: &[u8]) -> Option<i64> {
    match wire {
        Wire::Int2 => array(cell).map(i16::from_be_bytes).map(i64::from),
        Wire::Int4 => array(cell).map(i32::from_be_bytes).map(i64::from),
        Wire::Int8 => array(cell).map(i64::from_be_bytes),
        _ => None,
    }
}

/// The number in a cell of double precision.
pub fn float(cell: &[u8]) -> Option<f64> {
    array(cell).map(f64::from_be_bytes)
}

/// The numbers in a cell of [`Wire::Doubles`].
pub fn floats(cell: &[u8]) -> Vec<f64> {
    let numbers = cell.as_chunks().0.iter();
    numbers.map(|bytes| f64::from_be_bytes(*bytes)).collect()
}

/// The numbers in a cell of [`Wire::Ints`].
pub fn integers(cell: &[u8]) -> Vec<i32> {
    let numbers = cell.as_chunks().0.iter();
    numbers.map(|bytes| i32::from_be_bytes(*bytes)).collect()
}

/// Microseconds from 1970-01-01 to the time in a cell, as most others count.
pub fn since_1970(cell: &[u8]) -> Option<i64> {
    array(cell)
        .map(i64::from_be_bytes)
        .map(|micros| micros.saturating_add(adql::time::FROM_1970))
}

/// The bytes of a cell of fixed width.
pub fn array<const N: usize>(cell: &[u8]) -> Option<[u8; N]> {
    cell.try_into().ok()
}

fn decimal(number: Option<i64>, out: &mut Vec<u8>) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let two = [1i32.to_be_bytes(), (-2i32).to_be_bytes()].concat();
        check(Wire::Ints, &two, "1 -2");
        check(Wire::Int4, &[1], "");
    }
}
