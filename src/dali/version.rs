//! Which VOTable an answer is in (RESPONSEFORMAT, DALI 1.1 section 3.4.3: a
//! media type and its parameters).
//!
//! Why is 1.4 the default and not 1.5? Because the STILTS that people can
//! install today reports errors for every document of 1.5.

use super::{Error, Params};

/// The versions of VOTable that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VotableVersion {
    #[default]
    V1_4,
    V1_5,
}

impl VotableVersion {
    /// ```
    /// use obstap::dali::VotableVersion;
    /// assert_eq!(VotableVersion::named("1.5"), Some(VotableVersion::V1_5));
    /// assert_eq!(VotableVersion::named("1.3"), None);
    /// ```
    pub fn named(name: &str) -> Option<VotableVersion> {
        match name {
            "1.4" => Some(VotableVersion::V1_4),
            "1.5" => Some(VotableVersion::V1_5),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            VotableVersion::V1_4 => "1.4",
            VotableVersion::V1_5 => "1.5",
        }
    }

    /// What `version=` in RESPONSEFORMAT asks for, after a name of VOTable.
    pub fn from_params(params: &Params) -> Result<Option<VotableVersion>, Error> {
        let asked = match params.single("RESPONSEFORMAT")? {
            Some(text) => Some(text),
            None => params.single("FORMAT")?,
        };
        let mut parts = asked.unwrap_or_default().split(';');
        let name = parts.next().unwrap_or_default().trim().to_lowercase();
        let votable = name.contains("votable") || name.ends_with("/xml");
        let version = parts
            .filter_map(|part| part.split_once('='))
            .find(|(key, _)| votable && key.trim().eq_ignore_ascii_case("version"));
        let Some((_, version)) = version else {
            return Ok(None);
        };
        let version = version.trim().trim_matches('"');
        match VotableVersion::named(version) {
            Some(version) => Ok(Some(version)),
            None => Err(Error(format!(
                "VOTable version \"{version}\" is not written here; 1.4 and 1.5 are"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_parameter_of_votable() {
        fn check(text: &str, expected: Result<Option<&str>, &str>) {
            let mut params = Params::default();
            params.add("RESPONSEFORMAT", text);
            let found = VotableVersion::from_params(&params);
            let found = found.map(|version| version.map(VotableVersion::name));
            assert_eq!(
                found,
                expected.map_err(|message| Error(message.into())),
                "{text}"
            );
        }
        check("votable", Ok(None));
        check("votable;version=1.5", Ok(Some("1.5")));
        check(
            "application/x-votable+xml; serialization=TABLEDATA; VERSION=\"1.4\"",
            Ok(Some("1.4")),
        );
        check("text/xml;version=1.5", Ok(Some("1.5")));
        check("csv;version=1.5", Ok(None));
        check(
            "votable/td;version=1.3",
            Err("VOTable version \"1.3\" is not written here; 1.4 and 1.5 are"),
        );
    }
}
