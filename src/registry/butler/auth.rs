//! Passwords as Rubin keeps them: `~/.lsst/db-auth.yaml`, or the file that
//! `$LSST_DB_AUTH` names, or `$LSST_DB_AUTH_CREDENTIALS` itself.
//!
//! The file is a list of `url` (a pattern), `username` and `password`; the
//! first that fits is taken. Where none does, PostgreSQL's own ways are left.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::database::Login;

#[derive(Deserialize)]
struct Entry {
    url: String,
    username: Option<String>,
    password: String,
}

/// What of a database's URL decides.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target<'a> {
    dialect: &'a str,
    user: Option<&'a str>,
    password: bool,
    host: Option<&'a str>,
    port: Option<&'a str>,
    path: &'a str,
}

/// Who is to log in at `url`; nothing where the URL has a password already,
/// or names no host or no database.
///
/// # Errors
/// A file that others may read, or that is no such list.
pub(super) fn login(url: &str) -> Result<Login, String> {
    let target = Target::of(url);
    if target.password || target.host.is_none() || target.path.is_empty() {
        return Ok(Login::default());
    }
    match entries()? {
        Some((place, text)) => find(&text, &target).map_err(|error| format!("{place}: {error}")),
        None => Ok(Login::default()),
    }
}

/// The list and where it is from.
fn entries() -> Result<Option<(String, String)>, String> {
    if let Some(text) = variable("LSST_DB_AUTH_CREDENTIALS") {
        return Ok(Some(("LSST_DB_AUTH_CREDENTIALS".to_owned(), text)));
    }
    let home = || variable("HOME").map(PathBuf::from);
    let file = match variable("LSST_DB_AUTH") {
        Some(file) => match (file.strip_prefix("~/"), home()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(file),
        },
        None => match home() {
            Some(home) => home.join(".lsst/db-auth.yaml"),
            None => return Ok(None),
        },
    };
    read(&file).map(|text| text.map(|text| (file.display().to_string(), text)))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A file of passwords, if it is there and nobody else's to read.
fn read(file: &Path) -> Result<Option<String>, String> {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = file.metadata() else {
        return Ok(None);
    };
    if !metadata.is_file() {
        return Ok(None);
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(format!(
            "the file of passwords {} may be read by others: chmod 0600 it",
            file.display()
        ));
    }
    let text = std::fs::read_to_string(file);
    text.map(Some)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))
}

fn find(text: &str, target: &Target<'_>) -> Result<Login, String> {
    // A parser's words could tell a password.
    let entries: Vec<Entry> = serde_saphyr::from_str(text)
        .map_err(|_| "it is not a list of entries with url, username and password".to_owned())?;
    for entry in entries {
        let pattern = Target::of(&entry.url);
        if pattern.dialect.is_empty() {
            return Err("an entry's url does not begin with a kind of database".to_owned());
        }
        if pattern.dialect.contains('+') {
            return Err(
                "an entry's url names a driver: write postgresql:// and no more".to_owned(),
            );
        }
        let Some(host) = pattern.host else {
            return Err("an entry's url names no host".to_owned());
        };
        let dialect = target.dialect.split('+').next().unwrap_or_default();
        let fits = dialect == pattern.dialect
            && (pattern.path.is_empty() || matches(target.path, pattern.path))
            && pattern.user.is_none_or(|user| target.user == Some(user))
            && matches(
                &target.host.unwrap_or_default().to_lowercase(),
                &host.to_lowercase(),
            )
            && pattern.port.is_none_or(|port| target.port == Some(port));
        if fits {
            return Ok(Login {
                user: match target.user {
                    Some(user) => Some(user.to_owned()),
                    None => entry.username,
                },
                password: Some(entry.password),
            });
        }
    }
    Ok(Login::default())
}

impl<'a> Target<'a> {
    fn of(url: &'a str) -> Target<'a> {
        let (dialect, rest) = url.split_once("://").unwrap_or(("", url));
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':')) {
            Some(Some((user, _))) => (Some(user), true),
            Some(None) => (login, false),
            None => (None, false),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (place, None),
        };
        let filled = |text: &&str| !text.is_empty();
        Target {
            dialect,
            user: user.filter(filled),
            password,
            host: Some(host).filter(filled),
            port: port.filter(filled),
            path: path.trim_matches('/'),
        }
    }
}

/// Patterns of the shell: `*`, `?`, `[…]`, `[!…]`.
fn matches(text: &str, pattern: &str) -> bool {
    let mut regex = "^(?s:".to_owned();
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        match character {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match rest.as_str().split_once(']') {
                Some((set, after)) if !set.is_empty() => {
                    let (not, set) = match set.strip_prefix('!') {
                        Some(set) => ("^", set),
                        None => ("", set),
                    };
                    let set = set.replace('\\', "\\\\").replace('[', "\\[");
                    regex.push_str(&format!("[{not}{set}]"));
                    rest = after.chars();
                }
                _ => regex.push_str("\\["),
            },
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push_str(")$");
    regex::Regex::new(&regex).is_ok_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_that_fits_is_taken() {
        let list = "- url: postgresql://db.example.org:6000/butler\n  username: port\n  password: a\n\
                    - url: postgresql://me@*.example.org/but*\n  password: b\n\
                    - url: postgresql://db[0-9].example.org/main\n  username: reader\n  password: c\n\
                    - url: mysql://*\n  username: no\n  password: d\n";
        let check = |url: &str, expected: Option<(Option<&str>, &str)>| {
            let login = find(list, &Target::of(url)).expect("a list");
            let found = login.password.as_deref();
            assert_eq!(
                found.map(|password| (login.user.as_deref(), password)),
                expected,
                "{url}"
            );
        };
        check(
            "postgresql://db.example.org:6000/butler",
            Some((Some("port"), "a")),
        );
        check(
            "postgresql+psycopg2://me@x.example.org/butler_2",
            Some((Some("me"), "b")),
        );
        check("postgresql://x.example.org/butler_2", None);
        check(
            "postgresql://DB1.example.org/main",
            Some((Some("reader"), "c")),
        );
        check("postgresql://db12.example.org/main", None);
    }

    #[test]
    fn lists_that_are_none_are_refused_without_a_word_of_theirs() {
        let check = |list: &str, expected: &str| {
            let error = find(list, &Target::of("postgresql://h/d"))
                .map(|_| ())
                .expect_err("no list");
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("secret"), "{error}");
        };
        check("password: secret", "not a list");
        check(
            "- {url: 'postgresql+psycopg2://h', password: secret}",
            "names a driver",
        );
        check("- {url: 'postgresql:///d', password: secret}", "no host");
        check("- {url: h/d, password: secret}", "kind of database");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("db-auth.yaml");
        assert_eq!(read(&file), Ok(None));
        std::fs::write(&file, "[]").expect("a file");
        let permissions = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&file, permissions).expect("permissions");
        };
        permissions(0o640);
        assert!(read(&file).expect_err("refused").contains("chmod 0600"));
        permissions(0o600);
        assert_eq!(read(&file), Ok(Some("[]".to_owned())));
    }
}
