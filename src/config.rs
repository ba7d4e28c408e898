//! Settings: one TOML file, `OBSTAP_…` variables and flags, in rising order of
//! weight, read into text and then checked once into [`Settings`].
//!
//! A key the file should not have is refused by name, with file and line; an
//! unknown `OBSTAP_…` variable is only warned of, because container platforms
//! set variables of their own under a service's name (`OBSTAP_PORT`).
//!
//! Must not know: what the settings are used for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, File, FileFormat, Source, Value, ValueKind};
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:PATH`, or `postgresql://…` / `postgres://…`.
    pub database_url: String,
    /// `address:port` to listen on.
    pub listen: String,
    pub data_dir: PathBuf,
    /// How clients reach us, without a slash at the end; `None` means: as
    /// each request says (`Host`, `X-Forwarded-*`).
    pub base_url: Option<String>,
    /// PostgreSQL: put before the names of our schemas.
    pub namespace: Option<String>,
    pub limits: Limits,
    pub extra_columns: Vec<ExtraColumn>,
    pub log: Log,
    /// Connections that answer queries.
    pub readers: usize,
    origins: Vec<Origin>,
}

/// What one request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows of an answer when the request does not say.
    pub maxrec_default: u64,
    /// Rows of an answer whatever the request says.
    pub maxrec_hard: u64,
    /// How long a synchronous query may run.
    pub sync: Duration,
    /// Size of a request's body.
    pub body_bytes: usize,
}

/// A column that this service adds to the standard ones of ObsCore.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ExtraColumn {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub unit: Option<String>,
    pub ucd: Option<String>,
    pub utype: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub indexed: bool,
}

/// How the log is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter by module
    /// (`obstap=debug,warn`); `None` lets each command choose.
    pub level: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// A setting, its value as it may be shown, and where it came from.
#[derive(Clone, Debug)]
pub struct Origin {
    pub key: String,
    pub value: String,
    pub from: String,
}

/// Where settings come from.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    pub file: Option<&'a Path>,
    /// Variables of the environment; those that do not begin with `OBSTAP_`
    /// are passed over, but for the two that say where data goes.
    pub variables: Vec<(String, String)>,
    /// Key and text, from the command line.
    pub flags: Vec<(&'static str, String)>,
}

/// What is wrong with the settings, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Columns,
}

/// Every key there is: section, name, kind, default as text.
const KEYS: [(&str, &str, Kind, Option<&str>); 13] = [
    ("", "database_url", Kind::Text, None),
    ("", "listen", Kind::Text, Some("127.0.0.1:8080")),
    ("", "data_dir", Kind::Text, None),
    ("", "base_url", Kind::Text, None),
    ("", "namespace", Kind::Text, None),
    ("limits", "maxrec_default", Kind::Number, Some("20000")),
    ("limits", "maxrec_hard", Kind::Number, Some("10000000")),
    ("limits", "sync_seconds", Kind::Number, Some("600")),
    ("limits", "body_bytes", Kind::Number, Some("16777216")),
    ("obscore", "extra_columns", Kind::Columns, None),
    ("log", "format", Kind::Text, Some("text")),
    ("log", "level", Kind::Text, None),
    ("pool", "readers", Kind::Number, Some("8")),
];

/// Of a column: text, but for `indexed`.
const COLUMN_KEYS: [&str; 7] = [
    "name",
    "type",
    "unit",
    "ucd",
    "utype",
    "description",
    "indexed",
];

/// Variables that are ours and not settings.
const OTHER_VARIABLES: [&str; 1] = ["OBSTAP_CONFIG"];

impl Settings {
    /// Reads and checks. Errors name the file and line, the variable or the
    /// flag.
    pub fn read(sources: &Sources<'_>) -> Result<Settings, Error> {
        let merged = merge(sources)?;
        let data_dir = match merged.text("data_dir") {
            Some(dir) => PathBuf::from(dir),
            None => default_data_dir(&sources.variables)?,
        };
        let database_url = match merged.text("database_url") {
            Some(url) => url,
            None => format!("sqlite:{}", data_dir.join("obstap.sqlite").display()),
        };
        if !["sqlite:", "postgresql://", "postgres://"]
            .iter()
            .any(|scheme| database_url.starts_with(scheme))
        {
            return Err(merged.wrong(
                "database_url",
                "must be sqlite:PATH or postgresql://user@host/database",
            ));
        }
        let listen = merged.text("listen").unwrap_or_default();
        if !listen
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        {
            return Err(merged.wrong("listen", "must be address:port, as in 127.0.0.1:8080"));
        }
        let base_url = merged.text("base_url");
        if base_url.as_ref().is_some_and(|url| {
            !(url.starts_with("http://") || url.starts_with("https://")) || url.contains(['?', '#'])
        }) {
            return Err(merged.wrong("base_url", "must begin with http:// or https://"));
        }
        let namespace = merged.text("namespace");
        if namespace.as_ref().is_some_and(|name| !is_namespace(name)) {
            return Err(merged.wrong(
                "namespace",
                "must be 1 to 30 lower-case letters, digits or underscores, a letter first",
            ));
        }
        let format = match merged.text("log.format").as_deref() {
            Some("json") => LogFormat::Json,
            Some("text") | None => LogFormat::Text,
            Some(_) => return Err(merged.wrong("log.format", "must be text or json")),
        };
        let readers = merged.number("pool.readers")?;
        if !(1..=1000).contains(&readers) {
            return Err(merged.wrong("pool.readers", "must be 1 to 1000"));
        }
        let limits = Limits {
            maxrec_default: merged.number("limits.maxrec_default")?,
            maxrec_hard: merged.number("limits.maxrec_hard")?,
            sync: Duration::from_secs(merged.number("limits.sync_seconds")?),
            body_bytes: usize::try_from(merged.number("limits.body_bytes")?)
                .map_err(|_| merged.wrong("limits.body_bytes", "is too large"))?,
        };
        if limits.maxrec_default > limits.maxrec_hard {
            return Err(merged.wrong(
                "limits.maxrec_default",
                "must not be larger than limits.maxrec_hard",
            ));
        }
        if limits.sync.is_zero() {
            return Err(merged.wrong("limits.sync_seconds", "must be at least 1"));
        }
        let extra_columns = merged.columns()?;
        let origins = merged.origins(&data_dir, &database_url);
        Ok(Settings {
            database_url,
            listen,
            data_dir,
            base_url: base_url.map(|url| url.trim_end_matches('/').to_owned()),
            namespace,
            limits,
            extra_columns,
            log: Log {
                format,
                level: merged.text("log.level"),
            },
            readers: usize::try_from(readers).unwrap_or(1),
            origins,
        })
    }

    /// Every setting with its value (no secrets) and where it came from.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// How a person on this machine reaches the service.
    pub fn local_url(&self) -> String {
        match &self.base_url {
            Some(url) => url.clone(),
            None => {
                let listen = self
                    .listen
                    .replace("0.0.0.0:", "127.0.0.1:")
                    .replace("[::]:", "[::1]:");
                format!("http://{listen}")
            }
        }
    }
}

/// Settings as text, before they are checked.
struct Merged(Config);

impl Merged {
    fn value(&self, key: &str) -> Option<Value> {
        self.0.get::<Value>(key).ok()
    }

    fn text(&self, key: &str) -> Option<String> {
        let text = self.0.get_string(key).ok()?;
        (!text.is_empty()).then_some(text)
    }

    fn number(&self, key: &str) -> Result<u64, Error> {
        self.0
            .get::<u64>(key)
            .map_err(|_| self.wrong(key, "must be a whole number, zero or more"))
    }

    fn columns(&self) -> Result<Vec<ExtraColumn>, Error> {
        let key = "obscore.extra_columns";
        if self.value(key).is_none() {
            return Ok(Vec::new());
        }
        self.0.get(key).map_err(|_| {
            self.wrong(
                key,
                "each column needs a name and a type, and its entries are text",
            )
        })
    }

    /// "FILE: `key` is "x", but …".
    fn wrong(&self, key: &str, rule: &str) -> Error {
        let from = self.from(key);
        match self.text(key) {
            Some(text) => Error(format!("{from}: {key} {rule}; it is \"{}\"", mask(&text))),
            None => Error(format!("{from}: {key} {rule}")),
        }
    }

    fn from(&self, key: &str) -> String {
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        let origin = if section.is_empty() {
            let all = self.0.collect().unwrap_or_default();
            all.get(name).and_then(|v| v.origin().map(str::to_owned))
        } else {
            let all = self.0.get_table(section).unwrap_or_default();
            all.get(name).and_then(|v| v.origin().map(str::to_owned))
        };
        origin.unwrap_or_else(|| "default".to_owned())
    }

    fn origins(&self, data_dir: &Path, database_url: &str) -> Vec<Origin> {
        KEYS.iter()
            .map(|&(section, name, kind, _)| {
                let key = path(section, name);
                let value = match name {
                    "data_dir" => data_dir.display().to_string(),
                    "database_url" => mask(database_url),
                    _ if kind == Kind::Columns => {
                        let names: Vec<String> = self
                            .columns()
                            .unwrap_or_default()
                            .into_iter()
                            .map(|column| column.name)
                            .collect();
                        names.join(", ")
                    }
                    _ => self.text(&key).unwrap_or_default(),
                };
                Origin {
                    from: self.from(&key),
                    key,
                    value,
                }
            })
            .collect()
    }
}

fn merge(sources: &Sources<'_>) -> Result<Merged, Error> {
    let mut builder = Config::builder();
    let internal = |error: config::ConfigError| Error(format!("the settings: {error}"));
    for (section, name, _, default) in KEYS {
        if let Some(default) = default {
            let value = Value::new(Some(&"default".to_owned()), ValueKind::from(default));
            builder = builder
                .set_default(path(section, name), value)
                .map_err(internal)?;
        }
    }
    if let Some(file) = sources.file {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error(format!(
                "cannot read settings from {}: {error}",
                file.display()
            ))
        })?;
        check_file(&file.display().to_string(), &text)?;
        // The file is read a second time so that each value knows its origin.
        builder = builder.add_source(File::from(file).format(FileFormat::Toml));
    }
    for (variable, text) in &sources.variables {
        let Some(key) = key_of_variable(variable) else {
            continue;
        };
        if !text.is_empty() {
            let value = Value::new(Some(variable), ValueKind::from(text.as_str()));
            builder = builder.set_override(key, value).map_err(internal)?;
        }
    }
    for (key, text) in &sources.flags {
        let value = Value::new(
            Some(&"command line".to_owned()),
            ValueKind::from(text.as_str()),
        );
        builder = builder.set_override(*key, value).map_err(internal)?;
    }
    builder.build().map(Merged).map_err(internal)
}

/// Refuses what the file should not have, by name and line.
fn check_file(file: &str, text: &str) -> Result<(), Error> {
    let at = |place: usize| {
        let line = 1 + text.bytes().take(place).filter(|&b| b == b'\n').count();
        format!("{file}:{line}")
    };
    let table = DeTable::parse(text).map_err(|error| {
        let place = error.span().map_or(0, |span| span.start);
        Error(format!("{}: {}", at(place), error.message()))
    })?;
    let names = |of: &str| {
        let mut names: Vec<&str> = KEYS
            .iter()
            .filter(|(section, ..)| *section == of)
            .map(|(_, name, ..)| *name)
            .collect();
        if of.is_empty() {
            names.extend(["limits", "obscore", "log", "pool"]);
        }
        names
    };
    let unknown = |place: usize, name: &str, section: &str, known: &[&str]| {
        let hint = match nearest(name, known) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None => format!("; known are {}", known.join(", ")),
        };
        let full = path(section, name);
        Err(Error(format!(
            "{}: unknown key \"{full}\"{hint}",
            at(place)
        )))
    };
    let check = |section: &str, table: &DeTable<'_>| -> Result<(), Error> {
        for (name, value) in table.iter() {
            let key = name.get_ref().as_ref();
            let place = name.span().start;
            let Some((.., kind, _)) = KEYS.iter().find(|k| k.0 == section && k.1 == key) else {
                if section.is_empty() && names("").contains(&key) {
                    if value.get_ref().is_table() {
                        continue;
                    }
                    let full = path(section, key);
                    return Err(Error(format!("{}: [{full}] is a section", at(place))));
                }
                return unknown(place, key, section, &names(section));
            };
            let rule = match (kind, value.get_ref()) {
                (Kind::Text, DeValue::String(_))
                | (Kind::Number, DeValue::Integer(_))
                | (Kind::Columns, DeValue::Array(_)) => continue,
                (Kind::Text, _) => "must be text between quotes",
                (Kind::Number, _) => "must be a whole number",
                (Kind::Columns, _) => "must be written as [[obscore.extra_columns]]",
            };
            return Err(Error(format!(
                "{}: {} {rule}",
                at(place),
                path(section, key)
            )));
        }
        Ok(())
    };
    let table = table.get_ref();
    check("", table)?;
    for section in ["limits", "obscore", "log", "pool"] {
        let Some(inner) = table.get(section).and_then(|v| v.get_ref().as_table()) else {
            continue;
        };
        check(section, inner)?;
        for column in inner
            .get("extra_columns")
            .and_then(|v| v.get_ref().as_array())
            .into_iter()
            .flatten()
        {
            let place = column.span().start;
            let Some(column) = column.get_ref().as_table() else {
                return Err(Error(format!(
                    "{}: a column is a table of its own",
                    at(place)
                )));
            };
            for (name, value) in column.iter() {
                let (key, place) = (name.get_ref().as_ref(), name.span().start);
                if !COLUMN_KEYS.contains(&key) {
                    return unknown(place, key, "obscore.extra_columns", &COLUMN_KEYS);
                }
                let rule = match key {
                    "indexed" if value.get_ref().is_bool() => continue,
                    "indexed" => "must be true or false",
                    _ if value.get_ref().is_str() => continue,
                    _ => "must be text between quotes",
                };
                return Err(Error(format!("{}: {key} {rule}", at(place))));
            }
            for needed in ["name", "type"] {
                if !column.contains_key(needed) {
                    return Err(Error(format!("{}: this column has no {needed}", at(place))));
                }
            }
        }
    }
    Ok(())
}

/// Names among `variables` that look like ours and are no setting, with the
/// nearest name that is.
pub fn unknown_variables(variables: &[(String, String)]) -> Vec<(String, Option<String>)> {
    let known: Vec<String> = KEYS.iter().map(|k| variable(k.0, k.1)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    variables
        .iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("OBSTAP_"))
        .filter(|name| key_of_variable(name).is_none() && !OTHER_VARIABLES.contains(&name.as_str()))
        .map(|name| (name.clone(), nearest(name, &known).map(str::to_owned)))
        .collect()
}

fn path(section: &str, name: &str) -> String {
    match section {
        "" => name.to_owned(),
        _ => format!("{section}.{name}"),
    }
}

/// `limits.maxrec_hard` is set by `OBSTAP_LIMITS_MAXREC_HARD`.
fn variable(section: &str, name: &str) -> String {
    format!(
        "OBSTAP_{}",
        path(section, name).replace('.', "_").to_uppercase()
    )
}

fn key_of_variable(name: &str) -> Option<String> {
    KEYS.iter()
        .filter(|key| key.2 != Kind::Columns)
        .find(|key| variable(key.0, key.1) == name)
        .map(|key| path(key.0, key.1))
}

fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

fn is_namespace(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 30
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// XDG Base Directory Specification: `$XDG_DATA_HOME`, else `~/.local/share`.
fn default_data_dir(variables: &[(String, String)]) -> Result<PathBuf, Error> {
    let find = |wanted: &str| {
        variables
            .iter()
            .find(|(name, value)| name == wanted && Path::new(value).is_absolute())
            .map(|(_, value)| PathBuf::from(value))
    };
    find("XDG_DATA_HOME")
        .or_else(|| find("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("obstap"))
        .ok_or_else(|| {
            Error(
                "there is no home directory to keep data in; set data_dir (OBSTAP_DATA_DIR)".into(),
            )
        })
}

/// The text of a URL with its password hidden, wherever it stands.
fn mask(url: &str) -> String {
    let (rest, query) = match url.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (url, None),
    };
    let mut shown = match rest.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((user, host)) => match user.split_once(':') {
                Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
                None => format!("{scheme}://{user}@{host}"),
            },
            None => format!("{scheme}://{rest}"),
        },
        None => rest.to_owned(),
    };
    if let Some(query) = query {
        let parts: Vec<String> = query
            .split('&')
            .map(|part| match part.split_once('=') {
                Some((name, _)) if name.to_lowercase().contains("password") => {
                    format!("{name}=***")
                }
                _ => part.to_owned(),
            })
            .collect();
        shown.push('?');
        shown.push_str(&parts.join("&"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        text: &str,
        variables: &[(&str, &str)],
        flags: &[(&'static str, &str)],
    ) -> Result<Settings, String> {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let file = dir.path().join("obstap.toml");
        std::fs::write(&file, text).map_err(|e| e.to_string())?;
        let mut all = vec![("HOME".to_owned(), "/home/ada".to_owned())];
        all.extend(
            variables
                .iter()
                .map(|(n, v)| (n.to_string(), v.to_string())),
        );
        let sources = Sources {
            file: Some(&file),
            variables: all,
            flags: flags.iter().map(|(n, v)| (*n, v.to_string())).collect(),
        };
        let shown = file.display().to_string();
        Settings::read(&sources).map_err(|e| e.to_string().replace(&shown, "FILE"))
    }

    #[test]
    fn flags_weigh_more_than_variables_and_these_more_than_the_file() {
        fn check(
            text: &str,
            variables: &[(&str, &str)],
            flags: &[(&'static str, &str)],
            listen: &str,
        ) {
            assert_eq!(
                read(text, variables, flags).map(|s| s.listen),
                Ok(listen.to_owned())
            );
        }
        let file = "listen = \"127.0.0.1:1\"";
        let variable = ("OBSTAP_LISTEN", "127.0.0.1:2");
        check("", &[], &[], "127.0.0.1:8080");
        check(file, &[], &[], "127.0.0.1:1");
        check(file, &[variable], &[], "127.0.0.1:2");
        check(
            file,
            &[variable],
            &[("listen", "127.0.0.1:3")],
            "127.0.0.1:3",
        );
        check(file, &[("OBSTAP_LISTEN", "")], &[], "127.0.0.1:1");
    }

    #[test]
    fn places_follow_from_the_data_directory() {
        fn check(variables: &[(&str, &str)], url: &str) {
            assert_eq!(
                read("", variables, &[]).map(|s| s.database_url),
                Ok(url.to_owned())
            );
        }
        check(&[], "sqlite:/home/ada/.local/share/obstap/obstap.sqlite");
        check(
            &[("XDG_DATA_HOME", "/data")],
            "sqlite:/data/obstap/obstap.sqlite",
        );
        check(&[("OBSTAP_DATA_DIR", "/sky")], "sqlite:/sky/obstap.sqlite");
        check(&[("OBSTAP_DATABASE_URL", "postgres:///x")], "postgres:///x");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        fn check(text: &str, variables: &[(&str, &str)], message: &str) {
            assert_eq!(read(text, variables, &[]).err().as_deref(), Some(message));
        }
        check(
            "\nlisten_on = \"x\"",
            &[],
            "FILE:2: unknown key \"listen_on\"; did you mean \"listen\"?",
        );
        check(
            "[limits]\nmaxrec = 1",
            &[],
            "FILE:2: unknown key \"limits.maxrec\"; known are maxrec_default, maxrec_hard, sync_seconds, body_bytes",
        );
        check(
            "[limit]\nmaxrec = 1",
            &[],
            "FILE:1: unknown key \"limit\"; did you mean \"limits\"?",
        );
        check("limits = 1", &[], "FILE:1: [limits] is a section");
        check(
            "listen = 8080",
            &[],
            "FILE:1: listen must be text between quotes",
        );
        check(
            "[pool]\nreaders = \"2\"",
            &[],
            "FILE:2: pool.readers must be a whole number",
        );
        check(
            "[pool]\nreaders = 0",
            &[],
            "FILE: pool.readers must be 1 to 1000; it is \"0\"",
        );
        check(
            "[[obscore.extra_columns]]\nname = \"a\"\ntipe = \"real\"",
            &[],
            "FILE:3: unknown key \"obscore.extra_columns.tipe\"; did you mean \"type\"?",
        );
        check(
            "[[obscore.extra_columns]]\nname = \"a\"",
            &[],
            "FILE:1: this column has no type",
        );
        check(
            "",
            &[("OBSTAP_LISTEN", "here")],
            "OBSTAP_LISTEN: listen must be address:port, as in 127.0.0.1:8080; it is \"here\"",
        );
        check(
            "",
            &[("OBSTAP_LIMITS_MAXREC_HARD", "-1")],
            "OBSTAP_LIMITS_MAXREC_HARD: limits.maxrec_hard must be a whole number, zero or more; it is \"-1\"",
        );
        check(
            "database_url = \"mysql://u:secret@h/d\"",
            &[],
            "FILE: database_url must be sqlite:PATH or postgresql://user@host/database; it is \"mysql://u:***@h/d\"",
        );
        check(
            "namespace = \"A-b\"",
            &[],
            "FILE: namespace must be 1 to 30 lower-case letters, digits or underscores, a letter first; it is \"A-b\"",
        );
    }

    #[test]
    fn no_password_is_shown() {
        fn check(url: &str, shown: &str) {
            assert_eq!(mask(url), shown);
        }
        check("postgresql://u:p@h:5/d", "postgresql://u:***@h:5/d");
        check("postgresql://u:p@q@h/d", "postgresql://u:***@h/d");
        check(
            "postgresql://u@h/d?sslmode=require",
            "postgresql://u@h/d?sslmode=require",
        );
        check(
            "postgresql:///d?user=u&password=p",
            "postgresql:///d?user=u&password=***",
        );
        check("sqlite:/a/b", "sqlite:/a/b");
        let shown = read("database_url = \"postgres://u:secret@h/d\"", &[], &[]).map(|s| {
            let all: Vec<String> = s.origins().iter().map(|o| o.value.clone()).collect();
            all.join(" ").contains("secret")
        });
        assert_eq!(shown, Ok(false));
    }

    #[test]
    fn the_sample_file_sets_every_key() {
        let sample = include_str!("../obstap.sample.toml");
        let active: String = sample
            .lines()
            .map(|line| match line.strip_prefix("#") {
                Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let settings = match read(&active, &[], &[]) {
            Ok(settings) => settings,
            Err(message) => panic!("the sample file is refused: {message}"),
        };
        for origin in settings.origins() {
            assert!(
                origin.from.ends_with("obstap.toml"),
                "the sample lacks {}",
                origin.key
            );
        }
        assert_eq!(
            read(sample, &[], &[]).map(|s| s.limits),
            read("", &[], &[]).map(|s| s.limits)
        );
    }

    #[test]
    fn a_mistyped_variable_is_noticed() {
        let set = |name: &str| vec![(name.to_owned(), "1".to_owned())];
        assert_eq!(
            unknown_variables(&set("OBSTAP_LISTN")),
            [("OBSTAP_LISTN".to_owned(), Some("OBSTAP_LISTEN".to_owned()))]
        );
        assert!(unknown_variables(&set("OBSTAP_POOL_READERS")).is_empty());
        assert!(unknown_variables(&set("OTHER_LISTEN")).is_empty());
    }
}
