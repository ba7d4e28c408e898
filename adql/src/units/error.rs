//! What is wrong with a unit, as a sentence.

use std::fmt;

use super::{Unit, known, parse};
use crate::message::nearest;

/// A text that is no unit of VOUnits 1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    pub sentence: String,
    /// What to write instead, where that can be told.
    pub hint: Option<String>,
}

impl UnitError {
    pub(super) fn new(text: &str, what: impl fmt::Display) -> UnitError {
        UnitError {
            sentence: format!("'{}' is not a unit: {what}", shown(text)),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> UnitError {
        self.hint = Some(hint.into());
        self
    }
}

impl std::error::Error for UnitError {}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Two units of which none converts into the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    from: String,
    to: String,
}

impl Unlike {
    pub(super) fn new(from: &Unit, to: &Unit) -> Unlike {
        let told = |unit: &Unit| match unit.dimension().name() {
            Some(name) => format!("{unit} ({name})"),
            None => unit.to_string(),
        };
        Unlike {
            from: told(from),
            to: told(to),
        }
    }
}

impl std::error::Error for Unlike {}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not convert into {}", self.from, self.to)
    }
}

impl Unit {
    /// What a text that is no unit, or names an unknown one, was perhaps meant
    /// to be.
    pub fn suggestion(text: &str) -> Option<String> {
        if let Some(read) = Unit::read(text).filter(|unit| unit.unknown().is_none()) {
            return Some(read.to_string()).filter(|better| better != text);
        }
        let unit = Unit::parse(text).ok()?;
        let name = unit.unknown()?;
        let near = near_name(&name)?;
        let better = text.replacen(&name, &near, 1);
        let good = parse::strict(&better).is_ok_and(|unit| unit.unknown().is_none());
        good.then_some(better)
    }
}

/// The known symbol, with a usual prefix or without, most like a name.
fn near_name(name: &str) -> Option<String> {
    let prefixes = ["", "k", "M", "G", "T", "m", "u", "n", "p", "c"];
    let spelled = known::spellings().flat_map(|(symbol, prefixed)| {
        let some = if prefixed { &prefixes[..] } else { &[""] };
        some.iter().map(move |prefix| format!("{prefix}{symbol}"))
    });
    let spelled: Vec<String> = spelled.collect();
    // Differences of case alone first: `MHZ` is `MHz`, not `mHz`.
    let same_case = |other: &&String| {
        let count = |a: &str, b: &str| a.chars().zip(b.chars()).filter(|(a, b)| a == b).count();
        count(other, name)
    };
    let alike = spelled
        .iter()
        .filter(|other| other.eq_ignore_ascii_case(name));
    if let Some(found) = alike.max_by_key(same_case) {
        return Some(found.clone());
    }
    nearest(name, spelled.iter().map(String::as_str)).map(str::to_owned)
}

/// The beginning of a long text.
fn shown(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(37).chain("…".chars()).collect()
}
