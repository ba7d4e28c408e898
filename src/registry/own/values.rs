//! Data IDs as ingest and look-ups handle them: small, and equal where they
//! mean the same.

use std::fmt::Write;
use std::sync::Arc;

use super::universe::DIMENSIONS;

/// The values of dimensions, by their place in [`DIMENSIONS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Values([Option<Part>; DIMENSIONS.len()]);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Word(Arc<str>),
    Number(i64),
}

pub const INSTRUMENT: usize = 0;
pub const SKYMAP: usize = 1;
pub const BAND: usize = 2;
pub const FILTER: usize = 3;
pub const DAY: usize = 4;
pub const DETECTOR: usize = 5;
pub const EXPOSURE: usize = 6;
pub const VISIT: usize = 7;
pub const TRACT: usize = 8;
pub const PATCH: usize = 9;

/// The place of a dimension.
pub fn place(dimension: &str) -> Option<usize> {
    DIMENSIONS.iter().position(|it| it.name == dimension)
}

impl Values {
    pub fn set(&mut self, place: usize, part: Part) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = Some(part);
        }
    }

    pub fn clear(&mut self, place: usize) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = None;
        }
    }

    pub fn part(&self, place: usize) -> Option<&Part> {
        self.0.get(place).and_then(Option::as_ref)
    }

    pub fn word(&self, place: usize) -> Option<&Arc<str>> {
        match self.part(place) {
            Some(Part::Word(word)) => Some(word),
            _ => None,
        }
    }

    pub fn number(&self, place: usize) -> Option<i64> {
        match self.part(place) {
            Some(Part::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The places that have a value.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        (0..DIMENSIONS.len()).filter(|&place| self.part(place).is_some())
    }

    /// All values in one text, another one for other values: commas between
    /// them, and a backslash before one that belongs to a word.
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(24);
        for part in self.0.iter().flatten() {
            if !key.is_empty() {
                key.push(',');
            }
            match part {
                Part::Word(word) if word.contains([',', '\\']) => {
                    key.push_str(&word.replace('\\', "\\\\").replace(',', "\\,"));
                }
                Part::Word(word) => key.push_str(word),
                // Writing to a String cannot fail.
                Part::Number(number) => {
                    let _ = write!(key, "{number}");
                }
            }
        }
        key
    }

    /// As messages have it: `instrument=HSC, detector=47`.
    pub fn told(&self) -> String {
        let told = |place: usize| match self.part(place) {
            Some(Part::Word(word)) => format!("{}={word}", DIMENSIONS[place].name),
            Some(Part::Number(number)) => format!("{}={number}", DIMENSIONS[place].name),
            None => String::new(),
        };
        self.places().map(told).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_values_have_another_key() {
        fn check(parts: &[(&str, &str)], key: &str) {
            let mut values = Values::default();
            for (name, text) in parts {
                let at = place(name).expect("a dimension");
                let part = match text.parse() {
                    Ok(number) if !DIMENSIONS[at].is_word => Part::Number(number),
                    _ => Part::Word((*text).into()),
                };
                values.set(at, part);
            }
            assert_eq!(values.key(), key);
        }
        check(
            &[("detector", "47"), ("instrument", "HSC"), ("visit", "-9")],
            "HSC,47,-9",
        );
        check(&[("skymap", "a,b"), ("tract", "1")], "a\\,b,1");
        check(&[("skymap", "a\\"), ("tract", "1")], "a\\\\,1");
    }
}
