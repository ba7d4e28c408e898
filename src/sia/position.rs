//! POS: a circle, a range or a polygon (SIA 2.0 section 2.1.1).

use std::fmt::Write;

use adql::sky::Region;

use super::interval::numbers;
use crate::input::shown;
use crate::tap::Fault;

/// The text of the region that a value of POS asks for, in ICRS degrees. It
/// holds a word and numbers and nothing else.
pub fn region(text: &str) -> Result<String, Fault> {
    let wrong = |why: String| Fault::usage(format!("POS={}: {why}", shown(text)));
    let trimmed = text.trim();
    let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    let (shape, rest) = trimmed.split_at(end);
    let mut numbers = numbers(rest).map_err(wrong)?;
    let count = numbers.len();
    let needs = |needed: &str| wrong(format!("{needed}, and {count} are given"));
    let (word, longitudes) = match (shape.to_ascii_uppercase().as_str(), count) {
        ("CIRCLE", 3) => ("CIRCLE", 0..1),
        ("CIRCLE", _) => {
            return Err(needs("a CIRCLE needs longitude, latitude and radius"));
        }
        ("RANGE", 4) => ("RANGE", 0..2),
        ("RANGE", _) => {
            return Err(needs("a RANGE needs two longitudes and then two latitudes"));
        }
        ("POLYGON", 6..) if count.is_multiple_of(2) => ("POLYGON", 0..count),
        ("POLYGON", _) => {
            return Err(needs(
                "a POLYGON needs longitude and latitude of three vertices or more",
            ));
        }
        _ => {
            return Err(wrong(
                "it must begin with CIRCLE, RANGE or POLYGON".to_owned(),
            ));
        }
    };
    for (place, number) in numbers.iter_mut().enumerate() {
        let is_longitude = match word {
            "POLYGON" => place % 2 == 0,
            _ => longitudes.contains(&place),
        };
        let (what, least, most) = match (is_longitude, word, place) {
            (true, ..) => ("longitude", 0.0, 360.0),
            (false, "CIRCLE", 2) => ("radius", 0.0, 180.0),
            _ => ("latitude", -90.0, 90.0),
        };
        // Ranges may be open: "RANGE 0 360.0 89.0 +Inf" is the north pole.
        let lower_end = word == "RANGE" && place % 2 == 0;
        let upper_end = word == "RANGE" && place % 2 == 1;
        if (*number == f64::NEG_INFINITY && lower_end) || (*number == f64::INFINITY && upper_end) {
            *number = if lower_end { least } else { most };
        }
        if !(least..=most).contains(number) {
            return Err(wrong(format!(
                "the {what} {number} is not between {least} and {most} degrees"
            )));
        }
    }
    let mut written = word.to_owned();
    for number in numbers {
        // Writing to a String cannot fail.
        let _ = write!(written, " {number:?}");
    }
    match Region::parse(&written) {
        Ok(_) => Ok(written),
        Err(error) => Err(wrong(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read() {
        fn check(text: &str, expected: &str) {
            assert_eq!(region(text), Ok(expected.to_owned()), "{text}");
        }
        check("CIRCLE 12.0 34.0 0.5", "CIRCLE 12.0 34.0 0.5");
        check("  circle 12 -34\t5e-1 ", "CIRCLE 12.0 -34.0 0.5");
        check("CIRCLE 12 34 0", "CIRCLE 12.0 34.0 0.0");
        check("RANGE 12.0 12.5 34 36", "RANGE 12.0 12.5 34.0 36.0");
        check("RANGE 0 360.0 89.0 +Inf", "RANGE 0.0 360.0 89.0 90.0");
        check("RANGE -Inf +Inf -Inf +Inf", "RANGE 0.0 360.0 -90.0 90.0");
        check("RANGE 350 10 -5 5", "RANGE 350.0 10.0 -5.0 5.0");
        check(
            "POLYGON 12.0 34.0 14.0 35.0 14. 36.0 12.0 35.0",
            "POLYGON 12.0 34.0 14.0 35.0 14.0 36.0 12.0 35.0",
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        fn check(text: &str, why: &str) {
            let fault = region(text).err();
            let said = fault.map(|fault| fault.message().to_owned());
            assert_eq!(said, Some(format!("POS=\"{text}\": {why}")));
        }
        check("", "it must begin with CIRCLE, RANGE or POLYGON");
        check("12 34 0.5", "it must begin with CIRCLE, RANGE or POLYGON");
        check("BOX 1 2 3 4", "it must begin with CIRCLE, RANGE or POLYGON");
        check("CIRCLE ICRS 1 2 3", "\"ICRS\" is not a number");
        check(
            "CIRCLE 1 2",
            "a CIRCLE needs longitude, latitude and radius, and 2 are given",
        );
        check(
            "POLYGON 1 2 3 4 5",
            "a POLYGON needs longitude and latitude of three vertices or more, and 5 are given",
        );
        check(
            "CIRCLE 1 2 -3",
            "the radius -3 is not between 0 and 180 degrees",
        );
        check(
            "CIRCLE 1 2 NaN",
            "the radius NaN is not between 0 and 180 degrees",
        );
        check(
            "CIRCLE 1 2 Inf",
            "the radius inf is not between 0 and 180 degrees",
        );
        check(
            "CIRCLE 361 2 3",
            "the longitude 361 is not between 0 and 360 degrees",
        );
        check(
            "CIRCLE 1 91 3",
            "the latitude 91 is not between -90 and 90 degrees",
        );
        check(
            "RANGE Inf 1 2 3",
            "the longitude inf is not between 0 and 360 degrees",
        );
        check(
            "POLYGON 1 1 1 1 1 1",
            "a polygon needs at least 3 distinct vertices, not 1",
        );
    }
}
