//! Who may write into the registry over HTTP.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Error;
use super::merged::Merged;

/// How the registry is written over HTTP. Without any token it is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryApi {
    /// Of whoever may do everything.
    pub operator: Option<Secret>,
    /// Of those who may write in their own namespaces.
    pub users: Vec<(String, Secret)>,
    /// Whether programs on other machines may write.
    pub remote: bool,
    /// Size of what one call brings.
    pub body_bytes: usize,
}

/// A text that no log and no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Secret {
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// Whether it is this one, in a time that does not tell how near it is.
    pub fn is(&self, given: &str) -> bool {
        let (ours, given) = (self.0.as_bytes(), given.as_bytes());
        let pairs = ours.iter().zip(given);
        let other = pairs.fold(0, |other, (a, b)| other | (a ^ b));
        std::hint::black_box(other) == 0 && ours.len() == given.len()
    }
}

/// Characters of a token (RFC 6750 section 2.1, `b64token`).
pub(super) fn is_token(text: &str) -> bool {
    text.len() >= 16
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b))
}

pub(super) const RULE: &str = "must be 16 or more of letters, digits and -._~+/=";

impl RegistryApi {
    pub(super) fn read(merged: &Merged) -> Result<RegistryApi, Error> {
        let key = |name: &str| format!("registry_api.{name}");
        let operator = merged.text(&key("token"));
        if operator.as_ref().is_some_and(|token| !is_token(token)) {
            // Not `wrong`, which shows what it is.
            return Err(Error(format!("{} {RULE}", key("token"))));
        }
        let users = match merged.text(&key("tokens_file")) {
            Some(path) => tokens(Path::new(&path))
                .map_err(|reason| merged.wrong(&key("tokens_file"), &reason))?,
            None => Vec::new(),
        };
        let body_bytes = merged.number(&key("body_bytes"))?;
        Ok(RegistryApi {
            operator: operator.map(Secret),
            users,
            remote: merged.flag(&key("remote"))?,
            body_bytes: usize::try_from(body_bytes)
                .map_err(|_| merged.wrong(&key("body_bytes"), "is too large"))?,
        })
    }
}

/// `NAME TOKEN` in each line; lines that begin with # say nothing.
fn tokens(path: &Path) -> Result<Vec<(String, Secret)>, String> {
    let unread = |error: std::io::Error| format!("must be a file that can be read ({error})");
    let about = std::fs::metadata(path).map_err(unread)?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err("must be a file that nobody else may read: chmod 600 it".to_owned());
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    let mut users = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts: Vec<&str> = line.split_whitespace().collect();
        let plain = |name: &str| {
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-.@".contains(c))
        };
        match parts.as_slice() {
            [name, token] if plain(name) && is_token(token) => {
                users.push(((*name).to_owned(), Secret::new(*token)));
            }
            _ => {
                return Err(format!(
                    "must have NAME TOKEN in each line, which line {} has not; a token {RULE}",
                    number + 1
                ));
            }
        }
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_and_not_shown() {
        let secret = Secret::new("0123456789abcdef");
        assert!(secret.is("0123456789abcdef"));
        for other in [
            "",
            "0123456789abcde",
            "0123456789abcdefg",
            "1123456789abcdef",
        ] {
            assert!(!secret.is(other), "{other}");
        }
        assert_eq!(format!("{secret:?}"), "(secret)");
    }

    #[test]
    fn a_file_of_tokens_is_for_its_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens");
        let check = |text: &str, mode: u32, expected: Result<usize, &str>| {
            std::fs::write(&path, text).expect("a file");
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, mode).expect("a mode");
            let got = tokens(&path).map(|users| users.len());
            match expected {
                Ok(count) => assert_eq!(got, Ok(count)),
                Err(part) => assert!(got.as_ref().is_err_and(|it| it.contains(part)), "{got:?}"),
            }
        };
        check(
            "# us\nann 0123456789abcdef\n\nbob abcdefabcdefabcdef\n",
            0o600,
            Ok(2),
        );
        check("ann 0123456789abcdef\n", 0o640, Err("chmod 600"));
        check("ann short\n", 0o600, Err("line 1 has not"));
        check(
            "\nann 0123456789abcdef more\n",
            0o600,
            Err("line 2 has not"),
        );
    }
}
