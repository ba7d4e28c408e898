//! UPLOAD: names for tables and where they are (DALI 1.1 section 3.4.5, TAP
//! 1.1 section 2.7.6).

use super::{Error, Params};

/// One table that a query brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Without schema, and without quotes.
    pub name: String,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A part of the request.
    Part(String),
    /// An address with `http:` or `https:`.
    Url(String),
}

impl Upload {
    /// All that a request names: one in each parameter, or several between
    /// semicolons, as TAP 1.0 had them.
    pub fn read(params: &Params) -> Result<Vec<Upload>, Error> {
        let mut uploads: Vec<Upload> = Vec::new();
        for value in params.all("UPLOAD") {
            for pair in pairs(value) {
                let upload = Upload::of(&pair)?;
                let alike = uploads.iter().find(|other| same(&other.name, &upload.name));
                match alike {
                    // The same twice leaves nothing in doubt.
                    Some(other) if *other == upload => {}
                    Some(_) => {
                        return Err(Error(format!(
                            "UPLOAD names two tables {}; give each a name of its own",
                            upload.name
                        )));
                    }
                    None => uploads.push(upload),
                }
            }
        }
        Ok(uploads)
    }

    fn of(pair: &str) -> Result<Upload, Error> {
        let form = "write UPLOAD=name,param:part or UPLOAD=name,http://address";
        let (name, place) = match pair.strip_prefix('"') {
            // Between quotes a name may have commas.
            Some(quoted) => quoted
                .find("\",")
                .map(|end| pair.split_at(end + 2))
                .map(|(name, rest)| (name, rest.trim_start_matches(','))),
            None => pair.split_once(','),
        }
        .ok_or_else(|| Error(format!("UPLOAD \"{pair}\" has no comma; {form}")))?;
        let name = table_name(name.trim())?;
        let place = place.trim();
        let (scheme, rest) = place.split_once(':').unwrap_or_default();
        let place = match scheme.to_ascii_lowercase().as_str() {
            "param" => Place::Part(rest.to_owned()),
            "http" | "https" => Place::Url(place.to_owned()),
            _ => {
                return Err(Error(format!(
                    "UPLOAD says that table {name} is at \"{place}\", which cannot be read; {form}"
                )));
            }
        };
        Ok(Upload { name, place })
    }
}

/// A name for a table without its schema: a word, or anything between double
/// quotes.
fn table_name(text: &str) -> Result<String, Error> {
    let quoted = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let name = match quoted {
        Some(inside) => inside.replace("\"\"", "\""),
        None => text.to_owned(),
    };
    let word = {
        let mut letters = name.chars();
        letters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let printable = !name.is_empty() && !name.chars().any(char::is_control);
    let good = name.len() <= 128 && (word || (quoted.is_some() && printable));
    if good {
        return Ok(name);
    }
    let bare = name.to_ascii_lowercase();
    Err(Error(match bare.strip_prefix("tap_upload.") {
        Some(_) => format!(
            "UPLOAD names a table {name}; leave TAP_UPLOAD away there, and write it in the query"
        ),
        None => format!(
            "UPLOAD names a table \"{name}\", which is no name for a table; use letters, digits and _, \
             a letter first"
        ),
    }))
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// What stands between semicolons; one that an address has itself is not
/// followed by a name and a comma.
fn pairs(value: &str) -> Vec<String> {
    let mut pairs: Vec<String> = Vec::new();
    for piece in value.split(';') {
        let begins = piece.split_once(',').is_some_and(|(_, place)| {
            let scheme = place.trim_start().split(':').next().unwrap_or_default();
            ["param", "http", "https", "ftp", "file", "vos"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(scheme))
        });
        match pairs.last_mut() {
            Some(last) if !begins => {
                last.push(';');
                last.push_str(piece);
            }
            _ => pairs.push(piece.to_owned()),
        }
    }
    for pair in &mut pairs {
        pair.truncate(pair.trim_end_matches(';').len());
    }
    pairs.retain(|pair| !pair.trim().is_empty());
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Vec<Upload>, Error> {
        let mut params = Params::default();
        for value in values {
            params.add("UPLOAD", *value);
        }
        Upload::read(&params)
    }

    #[test]
    fn tables_and_their_places() {
        fn check(values: &[&str], expected: &[(&str, &str)]) {
            let told = read(values).map(|uploads| {
                let told = uploads.into_iter().map(|upload| match upload.place {
                    Place::Part(part) => (upload.name, format!("part {part}")),
                    Place::Url(url) => (upload.name, url),
                });
                told.collect::<Vec<_>>()
            });
            let expected = expected
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            assert_eq!(told, Ok(expected.collect()), "{values:?}");
        }
        check(&[], &[]);
        check(&[""], &[]);
        check(&["t,param:f"], &[("t", "part f")]);
        check(&["t, param:f "], &[("t", "part f")]);
        check(&["t,PARAM:a b,c"], &[("t", "part a b,c")]);
        check(
            &["a,param:x", "b,param:y"],
            &[("a", "part x"), ("b", "part y")],
        );
        check(
            &["a,param:x;b,param:y;"],
            &[("a", "part x"), ("b", "part y")],
        );
        check(
            &["a,http://h/x;v=1,2;b,https://h/y"],
            &[("a", "http://h/x;v=1,2"), ("b", "https://h/y")],
        );
        check(&["t,param:f", "t,param:f"], &[("t", "part f")]);
        check(&["\"my, \"\"t\"\"\",param:f"], &[("my, \"t\"", "part f")]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        fn check(values: &[&str], message: &str) {
            assert_eq!(read(values), Err(Error(message.to_owned())));
        }
        let form = "write UPLOAD=name,param:part or UPLOAD=name,http://address";
        check(&["t"], &format!("UPLOAD \"t\" has no comma; {form}"));
        check(
            &["t,file:///etc/passwd"],
            &format!(
                "UPLOAD says that table t is at \"file:///etc/passwd\", which cannot be read; {form}"
            ),
        );
        check(
            &["t,param"],
            &format!("UPLOAD says that table t is at \"param\", which cannot be read; {form}"),
        );
        check(
            &["t,param:a", "T,param:b"],
            "UPLOAD names two tables T; give each a name of its own",
        );
        check(
            &["tap_upload.t,param:a"],
            "UPLOAD names a table tap_upload.t; leave TAP_UPLOAD away there, and write it in the query",
        );
        check(
            &["1x,param:a"],
            "UPLOAD names a table \"1x\", which is no name for a table; use letters, digits and _, a letter first",
        );
    }
}
