//! File, variables and flags put together, each value with its origin.

use std::path::Path;

use config::{Config, File, FileFormat, Source, Value, ValueKind};

use super::file::check_file;
use super::keys::{KEYS, Kind, key_of_variable, path};
use super::{Error, Example, ExtraColumn, Origin, Sources};

/// Settings as text, before they are checked.
pub(super) struct Merged(Config);

impl Merged {
    fn value(&self, key: &str) -> Option<Value> {
        self.0.get::<Value>(key).ok()
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        let text = self.0.get_string(key).ok()?;
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn number(&self, key: &str) -> Result<u64, Error> {
        self.0
            .get::<u64>(key)
            .map_err(|_| self.wrong(key, "must be a whole number, zero or more"))
    }

    /// `usual`: where nobody has set it.
    pub(super) fn number_or(&self, key: &str, usual: u64) -> Result<u64, Error> {
        match self.value(key) {
            None => Ok(usual),
            Some(_) => self.number(key),
        }
    }

    pub(super) fn columns(&self) -> Result<Vec<ExtraColumn>, Error> {
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

    pub(super) fn flag(&self, key: &str) -> Result<bool, Error> {
        self.0
            .get_bool(key)
            .map_err(|_| self.wrong(key, "must be true or false"))
    }

    pub(super) fn examples(&self) -> Result<Vec<Example>, Error> {
        let key = "examples";
        if self.value(key).is_none() {
            return Ok(Vec::new());
        }
        self.0
            .get(key)
            .map_err(|_| self.wrong(key, "each example needs a name and a query"))
    }

    /// "FILE: `key` is "x", but …".
    pub(super) fn wrong(&self, key: &str, rule: &str) -> Error {
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

    pub(super) fn origins(
        &self,
        data_dir: &Path,
        results_dir: &Path,
        database_url: &str,
    ) -> Vec<Origin> {
        KEYS.iter()
            .map(|&(section, name, kind, _)| {
                let key = path(section, name);
                let value = match name {
                    "data_dir" => data_dir.display().to_string(),
                    "results_dir" => results_dir.display().to_string(),
                    "database_url" => mask(database_url),
                    "token" | "s3_secret" | "gs_secret" => match self.text(&key) {
                        Some(_) => "(secret)".to_owned(),
                        None => String::new(),
                    },
                    _ if kind == Kind::Columns => {
                        let names: Vec<String> = self
                            .columns()
                            .unwrap_or_default()
                            .into_iter()
                            .map(|column| column.name)
                            .collect();
                        names.join(", ")
                    }
                    _ if kind == Kind::Examples => {
                        let examples = self.examples().unwrap_or_default();
                        let names: Vec<String> = examples.into_iter().map(|it| it.name).collect();
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

pub(super) fn merge(sources: &Sources<'_>) -> Result<Merged, Error> {
    let mut builder = Config::builder();
    let internal = |error: config::ConfigError| Error(format!("the settings: {error}"));
    for (section, name, _, default) in KEYS {
        if let Some(default) = default {
            let value = Value::new(Some(&"default".to_owned()), ValueKind::from(*default));
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
        let places = check_file(&file.display().to_string(), &text)?;
        let written = Config::builder()
            .add_source(File::from_str(&text, FileFormat::Toml))
            .build()
            .map_err(internal)?;
        for (key, place) in places {
            let value = written.get::<Value>(&key).map_err(internal)?;
            let value = Value::new(Some(&place), value.kind);
            builder = builder.set_override(key, value).map_err(internal)?;
        }
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

/// The text of a URL with its password hidden, wherever it stands.
pub(super) fn mask(url: &str) -> String {
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

/// Processors that this program may use.
pub(super) fn processors() -> u64 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u64)
}
