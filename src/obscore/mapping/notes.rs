//! What is wrong in a configuration, and where.

use std::fmt;

/// Something that is allowed and not done, or looks like a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The keys that lead there: `dataset_types.raw.obs_id_fmt`.
    pub path: String,
    /// Without its full stop.
    pub sentence: String,
}

/// Something that keeps the configuration from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The keys that lead there; empty where it is the whole document.
    pub path: String,
    /// Without its full stop.
    pub sentence: String,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.sentence)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.is_empty() {
            true => f.write_str(&self.sentence),
            false => write!(f, "{}: {}", self.path, self.sentence),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ObsCore configuration cannot be used: ")?;
        for (place, fault) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub faults: Vec<Fault>,
    pub warnings: Vec<Warning>,
}

impl Notes {
    pub(super) fn fault(&mut self, path: &str, sentence: impl Into<String>) {
        let fault = Fault {
            path: path.to_owned(),
            sentence: sentence.into(),
        };
        // What holds for all dataset types is read for each of them.
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    pub(super) fn warn(&mut self, path: &str, sentence: impl Into<String>) {
        let warning = Warning {
            path: path.to_owned(),
            sentence: sentence.into(),
        };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// The one of these that was meant, if it is one letter in four at most away.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
