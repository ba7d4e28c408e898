//! From what a person calls a repository to its configuration.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::uri;

/// What `butler.yaml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The alias by which it was called, or the name of its directory.
    pub label: String,
    /// The file, for messages.
    pub file: PathBuf,
    /// `sqlite:PATH` or `postgresql://…`.
    pub database: String,
    /// The schema of its tables, on PostgreSQL.
    pub namespace: Option<String>,
    pub datastores: Vec<Datastore>,
}

/// Where files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Datastore {
    /// A URI that ends with a slash.
    pub root: String,
    /// The table of its records.
    pub table: String,
}

impl Place {
    /// Finds a repository: an alias, a directory, a `butler.yaml`, or a URI of
    /// one of the two.
    ///
    /// # Errors
    /// What is missing or cannot be read, and what to do.
    pub(super) fn find(name: &str) -> Result<Place, String> {
        let index = Index::of_environment()?;
        let alias = index.look_up(name);
        let called = alias.as_deref().unwrap_or(name);
        let path = uri::local(called).ok_or_else(|| {
            format!("{called} is not on this machine: copy its butler.yaml here, with `root` set to {called}")
        })?;
        let mut file = std::path::absolute(&path).map_err(|error| format!("{path}: {error}"))?;
        if file.is_dir() {
            file.push("butler.yaml");
        }
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let known = index.names();
            let known = match known.is_empty() {
                true => String::new(),
                false => format!("; the aliases are {}", known.join(", ")),
            };
            format!(
                "cannot read {}: {error}; a repository is a directory with a butler.yaml, or an alias of \
                 DAF_BUTLER_REPOSITORY_INDEX{known}",
                file.display()
            )
        })?;
        let mut place = Place::read(&text, &file)?;
        if alias.is_some() {
            place.label = name.to_owned();
        }
        Ok(place)
    }

    fn read(text: &str, file: &Path) -> Result<Place, String> {
        let wrong = |reason: String| format!("{}: {reason}", file.display());
        let document: Value = serde_saphyr::from_str(text)
            .map_err(|error| wrong(format!("it is no YAML: {error}")))?;
        if !document.is_object() {
            return Err(wrong("it is no configuration of a Butler".to_owned()));
        }
        if document.get("remote_butler").is_some() {
            return Err(wrong(
                "it is a remote Butler, whose registry is behind a service: give the repository itself"
                    .to_owned(),
            ));
        }
        let folder = file.parent().unwrap_or(Path::new("/"));
        let root = match document.get("root").and_then(Value::as_str) {
            Some(root) if uri::has_scheme(root) || root.starts_with('/') => root.to_owned(),
            Some(root) => folder.join(root).display().to_string(),
            None => folder.display().to_string(),
        };
        let label = root.trim_end_matches('/').rsplit('/').next();
        let registry = document.get("registry");
        let said = |key: &str| registry?.get(key)?.as_str().filter(|it| !it.is_empty());
        let database = said("db").unwrap_or("sqlite:///<butlerRoot>/gen3.sqlite3");
        Ok(Place {
            label: label.unwrap_or("butler").to_owned(),
            file: file.to_owned(),
            database: database_url(database, &root).map_err(wrong)?,
            namespace: said("namespace").map(str::to_owned),
            datastores: datastores(document.get("datastore"), &root),
        })
    }
}

/// SQLAlchemy's URL as ours.
fn database_url(url: &str, root: &str) -> Result<String, String> {
    let (dialect, rest) = url
        .split_once(':')
        .ok_or_else(|| format!("registry.db is {url:?}, which is no URL"))?;
    match dialect.split('+').next().unwrap_or_default() {
        "sqlite" => {
            let root = uri::local(root)
                .ok_or_else(|| format!("an SQLite registry cannot be below {root}"))?;
            let path = rest.strip_prefix("///").unwrap_or(rest);
            let path = path.split('?').next().unwrap_or_default();
            let path = path.replace("<butlerRoot>", root.trim_end_matches('/'));
            Ok(format!("sqlite:{path}"))
        }
        "postgresql" | "postgres" => Ok(format!("postgresql:{rest}")),
        other => Err(format!(
            "its registry is in a database of the kind {other}: SQLite and PostgreSQL can be read"
        )),
    }
}

/// Every datastore of files, also those in chains.
fn datastores(described: Option<&Value>, root: &str) -> Vec<Datastore> {
    let class = |store: &Value| {
        let class = store.get("cls").and_then(Value::as_str).unwrap_or_default();
        class.rsplit('.').next().unwrap_or_default().to_owned()
    };
    let Some(described) = described else {
        return vec![datastore(&Value::Null, root)];
    };
    match described.get("datastores").and_then(Value::as_array) {
        Some(chain) => chain
            .iter()
            .filter_map(|member| member.get("datastore"))
            .flat_map(|member| datastores(Some(member), root))
            .collect(),
        // What is only in memory is gone with its program.
        None if class(described) == "InMemoryDatastore" => Vec::new(),
        None => vec![datastore(described, root)],
    }
}

fn datastore(described: &Value, root: &str) -> Datastore {
    let place = described.get("root").and_then(Value::as_str);
    let place = place.unwrap_or("<butlerRoot>");
    let place = place.replace("<butlerRoot>", root.trim_end_matches('/'));
    let place = match uri::has_scheme(&place) || place.starts_with('/') {
        true => place,
        false => format!("{}/{place}", root.trim_end_matches('/')),
    };
    let records = described.get("records").and_then(|it| it.get("table"));
    Datastore {
        root: uri::directory(&place),
        table: records
            .and_then(Value::as_str)
            .unwrap_or("file_datastore_records")
            .to_owned(),
    }
}

/// Aliases of repositories.
struct Index(Vec<(String, String)>);

impl Index {
    fn of_environment() -> Result<Index, String> {
        let variable = |name| {
            std::env::var(name)
                .ok()
                .filter(|it: &String| !it.is_empty())
        };
        if let Some(text) = variable("DAF_BUTLER_REPOSITORIES") {
            return Index::read(&text, "DAF_BUTLER_REPOSITORIES");
        }
        let Some(place) = variable("DAF_BUTLER_REPOSITORY_INDEX") else {
            return Ok(Index(Vec::new()));
        };
        let Some(path) = uri::local(&place) else {
            // Aliases are a convenience: a path does without.
            tracing::warn!(
                %place,
                "the index of repositories is not on this machine and is not read: \
                 copy it, and name the copy in DAF_BUTLER_REPOSITORY_INDEX"
            );
            return Ok(Index(Vec::new()));
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read the index of repositories {path}: {error}"))?;
        Index::read(&text, &path)
    }

    fn read(text: &str, place: &str) -> Result<Index, String> {
        let document: Value = serde_saphyr::from_str(text)
            .map_err(|error| format!("{place} is no YAML and no JSON: {error}"))?;
        let entries = document
            .as_object()
            .ok_or_else(|| format!("{place} does not map names of repositories to places"))?;
        let entry =
            |(name, place): (&String, &Value)| Some((name.clone(), place.as_str()?.to_owned()));
        Ok(Index(entries.iter().filter_map(entry).collect()))
    }

    fn look_up(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, place)| place.clone())
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Place, String> {
        Place::read(text, Path::new("/repo/main/butler.yaml"))
    }

    #[test]
    fn a_configuration_says_where_things_are() {
        let check =
            |text: &str, database: &str, namespace: Option<&str>, stores: &[(&str, &str)]| {
                let place = read(text).expect("a configuration");
                assert_eq!(place.database, database);
                assert_eq!(place.namespace.as_deref(), namespace);
                let found: Vec<(&str, &str)> = place
                    .datastores
                    .iter()
                    .map(|store| (&*store.root, &*store.table))
                    .collect();
                assert_eq!(found, stores);
            };
        let default = [("file:///repo/main/", "file_datastore_records")];
        check(
            "registry: {db: 'sqlite:///<butlerRoot>/gen3.sqlite3'}",
            "sqlite:/repo/main/gen3.sqlite3",
            None,
            &default,
        );
        check(
            "registry: {db: 'postgresql+psycopg2://u@h:5433/d', namespace: main}\n\
             datastore: {root: <butlerRoot>, records: {table: other_records}}",
            "postgresql://u@h:5433/d",
            Some("main"),
            &[("file:///repo/main/", "other_records")],
        );
        check(
            "root: s3://bucket/repo\nregistry: {db: 'postgresql://h/d'}\n\
             datastore:\n  cls: x.ChainedDatastore\n  datastores:\n  \
             - datastore: {cls: x.InMemoryDatastore}\n  \
             - datastore: {cls: x.FileDatastore, root: <butlerRoot>/one}\n  \
             - datastore: {cls: x.FileDatastore, root: /two, records: {table: records_2}}",
            "postgresql://h/d",
            None,
            &[
                ("s3://bucket/repo/one/", "file_datastore_records"),
                ("file:///two/", "records_2"),
            ],
        );
        let label = |text: &str| read(text).expect("a configuration").label;
        assert_eq!(label("registry: {}"), "main");
        assert_eq!(label("root: /data/dp1/"), "dp1");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let check = |text: &str, expected: &str| {
            let error = read(text).expect_err("refused");
            assert!(error.contains(expected), "{error}");
        };
        check("a list", "no configuration");
        check("registry: {db: 'oracle://h/d'}", "of the kind oracle");
        check("remote_butler: {url: 'https://x'}", "a remote Butler");
        check(
            "root: s3://b/r\nregistry: {db: 'sqlite:///<butlerRoot>/gen3.sqlite3'}",
            "cannot be below s3://b/r",
        );
    }

    #[test]
    fn aliases_are_looked_up() {
        let index = Index::read("dp1: /repo/dp1\nmain: s3://b/main", "x").expect("an index");
        assert_eq!(index.look_up("dp1").as_deref(), Some("/repo/dp1"));
        assert_eq!(index.look_up("dp2"), None);
        assert_eq!(index.names(), ["dp1", "main"]);
    }
}
