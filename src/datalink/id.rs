//! The forms an identifier may have.

use uuid::Uuid;

use crate::dali::Params;

/// What an identifier says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// `butler://repo/UUID`, `ivo://authority/path?repo=repo&id=UUID`.
    Named { repository: String, id: Uuid },
    /// A UUID alone, of whatever registry.
    Bare(Uuid),
    /// It may identify a row of a table.
    Other,
    /// It begins like one of the first and does not go on like it; the sentence
    /// says how.
    Wrong(&'static str),
}

impl Id {
    /// ```
    /// use obstap::datalink::Id;
    /// let id = Id::read("butler://dp02/0f1d2c3b-4a59-6877-8695-a4b3c2d1e0f9");
    /// assert!(matches!(id, Id::Named { repository, .. } if repository == "dp02"));
    /// ```
    pub fn read(text: &str) -> Id {
        // Encoded once more, as addresses that are put together carelessly
        // have it.
        let lower = text.get(..10).unwrap_or(text).to_ascii_lowercase();
        if lower.starts_with("butler%3a") || lower.starts_with("ivo%3a") {
            return Id::plain(&decoded(text));
        }
        Id::plain(text)
    }

    fn plain(text: &str) -> Id {
        if let Some(id) = uuid(text) {
            return Id::Bare(id);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Id::Other;
        };
        if scheme.eq_ignore_ascii_case("butler") {
            let Some((repository, id)) = rest.split_once('/') else {
                return Id::Wrong("after butler:// stands the name of a repository, / and a UUID");
            };
            return named(decoded(repository), &decoded(id));
        }
        let query = rest.split_once('?').map(|(_, query)| query);
        match query {
            Some(query) if scheme.eq_ignore_ascii_case("ivo") => of_query(query),
            _ => Id::Other,
        }
    }
}

/// The part of an IVOA identifier that says which dataset it is.
fn of_query(query: &str) -> Id {
    let mut params = Params::default();
    params.add_encoded(query.as_bytes());
    let one = |name| match (params.all(name).count(), params.all(name).next()) {
        (1, Some(value)) => Ok(Some(value.to_owned())),
        (0, _) => Ok(None),
        _ => Err(()),
    };
    match (one("repo"), one("id")) {
        (Ok(Some(repository)), Ok(Some(id))) => named(repository, &id),
        (Err(()), _) | (_, Err(())) => Id::Wrong("repo and id stand in it once each"),
        // Others build such identifiers in other ways.
        _ => Id::Other,
    }
}

fn named(repository: String, id: &str) -> Id {
    match uuid(id) {
        Some(_) if repository.is_empty() => Id::Wrong("it names no repository"),
        Some(id) => Id::Named { repository, id },
        None => Id::Wrong("the dataset is not named by a UUID"),
    }
}

/// 32 hexadecimal digits, with hyphens where they belong or without any.
fn uuid(text: &str) -> Option<Uuid> {
    let good = matches!(text.len(), 32 | 36);
    good.then(|| Uuid::try_parse(text).ok()).flatten()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "0f1d2c3b-4a59-6877-8695-a4b3c2d1e0f9";

    #[test]
    fn datasets_are_named_in_several_ways() {
        let named = |repository: &str| Id::Named {
            repository: repository.to_owned(),
            id: Uuid::try_parse(UUID).unwrap_or_default(),
        };
        let check = |text: &str, expected: Id| {
            let text = text.replace("UUID", UUID);
            assert_eq!(Id::read(&text), expected, "{text}");
        };
        check("butler://dp02/UUID", named("dp02"));
        check("BUTLER://dp%2f02/UUID", named("dp/02"));
        check("butler%3A//dp02/UUID", named("dp02"));
        check(
            "ivo://org.rubinobs/usdac/dp1?repo=dp1&id=UUID",
            named("dp1"),
        );
        check("ivo://o/d?id=UUID&x=y&repo=a%20b", named("a b"));
        check("ivo%3A%2F%2Fo/d%3Frepo=dp1%26id=UUID", named("dp1"));
        check(UUID, Id::Bare(Uuid::try_parse(UUID).unwrap_or_default()));
        let simple = UUID.replace('-', "");
        check(&simple, Id::Bare(Uuid::try_parse(UUID).unwrap_or_default()));
        for other in [
            "",
            "ivo://o/d",
            "ivo://o/d?path/to.fits",
            "ivo://o/d?id=UUID",
            "urn:uuid:UUID",
            "{UUID}",
            "file:///etc/passwd",
            "é' OR 1=1 --",
            "%",
            "butler%3",
        ] {
            check(other, Id::Other);
        }
        for wrong in [
            "butler://",
            "butler://dp02",
            "butler:///UUID",
            "butler://dp02/../etc",
            "butler://dp02/UUID/x",
            "ivo://o/d?repo=a&repo=b&id=UUID",
            "ivo://o/d?repo=a&id=1",
        ] {
            let read = Id::read(&wrong.replace("UUID", UUID));
            assert!(matches!(read, Id::Wrong(_)), "{wrong}: {read:?}");
        }
    }
}
