//! What a record in the Registry says of the service (VOResource 1.1).

use super::Error;
use super::merged::Merged;

/// Who offers the service, and how it is found. Whatever is not set has a value
/// that is valid and says nothing, so that a record can always be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// `ivo://authority/path`.
    pub identifier: String,
    pub title: String,
    /// At most 16 characters.
    pub short_name: String,
    pub description: String,
    pub publisher: String,
    pub creator: Option<String>,
    pub contact_name: String,
    pub contact_email: Option<String>,
    /// Terms of the Unified Astronomy Thesaurus, as in
    /// <http://www.ivoa.net/rdf/uat>.
    pub subjects: Vec<String>,
    /// A page for people; `None`: that of the service.
    pub reference_url: Option<String>,
    /// When the service began: `2026-01-31` or with a time, UTC.
    pub created: Option<String>,
    /// Keys that a published record should have and that are not set.
    pub missing: Vec<&'static str>,
}

/// Keys without which a record is of no use to a registry.
const WANTED: [&str; 4] = ["identifier", "title", "publisher", "contact_email"];

pub(super) fn registry(merged: &Merged) -> Result<Registry, Error> {
    let key = |name: &str| format!("registry.{name}");
    let text = |name: &str| {
        let text = merged.text(&key(name))?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    };
    let identifier = text("identifier");
    if identifier.as_ref().is_some_and(|text| !is_identifier(text)) {
        let rule = "must be ivo://authority/path of letters, digits and -_.!~*'()+=";
        return Err(merged.wrong(&key("identifier"), rule));
    }
    let short_name = text("short_name").unwrap_or_else(|| "ObsCore TAP".to_owned());
    if short_name.chars().count() > 16 {
        return Err(merged.wrong(&key("short_name"), "must have at most 16 characters"));
    }
    let created = text("created");
    if created.as_ref().is_some_and(|text| !is_moment(text)) {
        let rule = "must be a day or a moment, as in 2026-01-31 or 2026-01-31T12:00:00";
        return Err(merged.wrong(&key("created"), rule));
    }
    let reference_url = text("reference_url");
    if reference_url
        .as_ref()
        .is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://"))
    {
        let rule = "must begin with http:// or https://";
        return Err(merged.wrong(&key("reference_url"), rule));
    }
    let subjects: Vec<String> = text("subjects")
        .unwrap_or_default()
        .split(',')
        .map(|subject| subject.trim().to_owned())
        .filter(|subject| !subject.is_empty())
        .collect();
    if let Some(wrong) = subjects.iter().find(|subject| !is_term(subject)) {
        let rule = format!(
            "must be terms of http://www.ivoa.net/rdf/uat as they stand in an address, in lower \
             case and with - for blanks, which \"{wrong}\" is not"
        );
        return Err(merged.wrong(&key("subjects"), &rule));
    }
    let publisher = text("publisher");
    Ok(Registry {
        missing: WANTED
            .into_iter()
            .filter(|name| text(name).is_none())
            .collect(),
        identifier: identifier.unwrap_or_else(|| "ivo://example.org/obstap".to_owned()),
        title: text("title").unwrap_or_else(|| "Observations over TAP".to_owned()),
        short_name,
        description: text("description").unwrap_or_else(|| {
            "The observations of this archive, as a table of ObsCore over the Table Access \
             Protocol."
                .to_owned()
        }),
        contact_name: text("contact_name")
            .or_else(|| publisher.clone())
            .unwrap_or_else(|| "The operators of the service".to_owned()),
        publisher: publisher.unwrap_or_else(|| "A user of obstap".to_owned()),
        creator: text("creator"),
        contact_email: text("contact_email"),
        subjects: match subjects.is_empty() {
            true => vec!["observational-astronomy".to_owned()],
            false => subjects,
        },
        reference_url,
        created,
    })
}

/// The pattern of `IdentifierURI` in the schema of VOResource 1.1.
fn is_identifier(text: &str) -> bool {
    let good = |part: &str, least: usize| {
        part.len() >= least
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.!~*'()+=".contains(c))
    };
    let Some(rest) = text.strip_prefix("ivo://") else {
        return false;
    };
    let mut parts = rest.split('/');
    let authority = parts.next().unwrap_or_default();
    authority.starts_with(|c: char| c.is_ascii_alphanumeric())
        && good(authority, 3)
        && parts.all(|part| good(part, 1))
}

fn is_term(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_moment(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    let shapes = ["0000-00-00", "0000-00-00T00:00:00", "0000-00-00T00:00:00Z"];
    let number = |range: std::ops::Range<usize>| {
        text.get(range)
            .and_then(|it| it.parse::<u32>().ok())
            .unwrap_or_default()
    };
    shapes.contains(&shape.as_str())
        && (1..=12).contains(&number(5..7))
        && (1..=31).contains(&number(8..10))
        && number(11..13) < 24
        && number(14..16) < 60
        && number(17..19) < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_moments() {
        let check = |text: &str, good: bool| assert_eq!(is_identifier(text), good, "{text}");
        check("ivo://org.example/tap", true);
        check("ivo://abc", true);
        check("ivo://ab", false);
        check("ivo://org.example/tap?x", false);
        check("ivo://org.example/", false);
        check("http://org.example", false);
        let check = |text: &str, good: bool| assert_eq!(is_moment(text), good, "{text}");
        check("2026-01-31", true);
        check("2026-01-31T12:00:00Z", true);
        check("2026-13-31", false);
        check("yesterday", false);
    }
}
