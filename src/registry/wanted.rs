//! Which datasets are asked for.

use regex::Regex;

use super::dataset::Dataset;

/// Datasets of these types in these collections.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Names, sorted.
    pub types: Vec<String>,
    pub collections: Collections,
}

#[derive(Clone, Debug)]
pub enum Collections {
    /// RUN collections whose whole name one of these patterns matches; all of
    /// them where there are no patterns.
    Runs(Vec<Regex>),
    /// In this TAGGED collection, whatever its run.
    Tagged(String),
    /// In these collections, looked through in this order: of several with
    /// the same type and data ID the first one.
    Path(Vec<String>),
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the pattern {pattern:?} of a collection is no regular expression that we can read: {reason}"
)]
pub struct PatternError {
    pub pattern: String,
    pub reason: String,
}

impl Collections {
    /// Patterns as Python's `re.fullmatch` takes them, without its
    /// look-around and back references.
    ///
    /// # Errors
    /// The first pattern that cannot be read.
    pub fn runs<'a>(
        patterns: impl IntoIterator<Item = &'a str>,
    ) -> Result<Collections, PatternError> {
        let whole = |pattern: &str| {
            Regex::new(&format!("^(?:{pattern})$")).map_err(|error| PatternError {
                pattern: pattern.to_owned(),
                reason: error.to_string(),
            })
        };
        let patterns: Result<Vec<Regex>, PatternError> = patterns.into_iter().map(whole).collect();
        Ok(Collections::Runs(patterns?))
    }

    /// Whether datasets of this RUN are in it for that alone.
    pub fn takes_run(&self, run: &str) -> bool {
        match self {
            Collections::Runs(patterns) => {
                patterns.is_empty() || patterns.iter().any(|pattern| pattern.is_match(run))
            }
            Collections::Tagged(_) | Collections::Path(_) => false,
        }
    }
}

impl Wanted {
    pub fn takes_type(&self, name: &str) -> bool {
        self.types
            .binary_search_by(|known| known.as_str().cmp(name))
            .is_ok()
    }

    /// Whether the dataset is asked for, as far as it tells by itself: a path
    /// of collections must be asked of its source.
    pub fn takes(&self, dataset: &Dataset) -> bool {
        self.takes_type(&dataset.dataset_type)
            && match &self.collections {
                Collections::Tagged(name) => dataset.tags.iter().any(|tag| **tag == **name),
                collections => collections.takes_run(&dataset.run),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        fn check(patterns: &[&str], run: &str, expected: bool) {
            let collections = Collections::runs(patterns.iter().copied()).expect("good patterns");
            assert_eq!(collections.takes_run(run), expected, "{patterns:?} {run}");
        }
        check(&["HSC/raw/all", "HSC/runs/.*"], "HSC/runs/RC2", true);
        check(&["HSC/raw/all"], "HSC/raw/all2", false);
        check(&["raw|runs"], "rawruns", false);
        check(
            &["LATISS/runs/quickLook/202.*"],
            "LATISS/runs/quickLook/2024",
            true,
        );
        check(&[], "anything", true);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        let error = Collections::runs(["HSC/(.*"]).expect_err("a bad pattern");
        assert_eq!(error.pattern, "HSC/(.*");
    }
}
