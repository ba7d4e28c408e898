//! Passwords that are not in the URL: `PGPASSWORD`, then the password file
//! (PostgreSQL's manual, section 34.16).

use std::path::{Path, PathBuf};

/// Whom a password is for, as libpq looks it up. A Unix socket in a default
/// directory is `localhost`.
pub(super) struct Door<'a> {
    pub host: &'a str,
    pub port: &'a str,
    pub database: &'a str,
    pub user: &'a str,
}

/// The password for the first of `doors` that has one.
pub(super) fn find(doors: &[Door<'_>]) -> Option<String> {
    if let Some(password) = std::env::var("PGPASSWORD").ok().filter(|it| !it.is_empty()) {
        return Some(password);
    }
    let file = file()?;
    if !is_private(&file) {
        return None;
    }
    let text = std::fs::read_to_string(&file).ok()?;
    doors.iter().find_map(|door| search(&text, door))
}

fn file() -> Option<PathBuf> {
    match std::env::var_os("PGPASSFILE") {
        Some(file) => Some(file.into()),
        None => Some(Path::new(&std::env::var_os("HOME")?).join(".pgpass")),
    }
}

/// A file that others may read is not used, as libpq does not.
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = file.metadata() else {
        return false;
    };
    let private = metadata.is_file() && metadata.mode() & 0o077 == 0;
    if !private {
        tracing::warn!(
            file = %file.display(),
            "the password file is not used: others may read it (chmod 0600)"
        );
    }
    private
}

fn search(text: &str, door: &Door<'_>) -> Option<String> {
    let wanted = [door.host, door.port, door.database, door.user];
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(fields).find_map(|mut fields| {
        let fits = fields.len() >= 5
            && fields
                .iter()
                .zip(wanted)
                .all(|(field, wanted)| field.is_none() || field.as_deref() == Some(wanted));
        if fits { fields.swap_remove(4) } else { None }
    })
}

/// `hostname:port:database:username:password`; `\` keeps the next character,
/// `*` alone fits everything and is `None`.
fn fields(line: &str) -> Vec<Option<String>> {
    let mut fields = Vec::new();
    let (mut field, mut raw) = (String::new(), 0);
    let mut characters = line.chars();
    let close = |field: &mut String, raw: &mut usize| {
        let any = field == "*" && *raw == 1;
        *raw = 0;
        let field = std::mem::take(field);
        (!any).then_some(field)
    };
    while let Some(character) = characters.next() {
        match character {
            ':' if fields.len() < 4 => fields.push(close(&mut field, &mut raw)),
            '\\' => {
                field.extend(characters.next());
                raw += 2;
            }
            other => {
                field.push(other);
                raw += 1;
            }
        }
    }
    // A password of one star is a password.
    fields.push(Some(field));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        let file = "# comment\n\
                    short:line\n\
                    db.example:5432:sky:tap:first\n\
                    *:*:sky:tap:a\\:b\\\\c\n\
                    \\*:*:*:*:never\n\
                    *:6000:*:*:with:colons\n";
        let check = |host, port, database, user, expected: Option<&str>| {
            let door = Door {
                host,
                port,
                database,
                user,
            };
            assert_eq!(search(file, &door).as_deref(), expected);
        };
        check("db.example", "5432", "sky", "tap", Some("first"));
        check("other", "5432", "sky", "tap", Some("a:b\\c"));
        check("other", "6000", "x", "y", Some("with:colons"));
        check("other", "5432", "x", "y", None);
    }
}
