//! Settings: one TOML file, `OBSTAP_…` variables and flags, in rising order of
//! weight, read into text and then checked once into [`Settings`].
//!
//! A key the file should not have is refused by name, with file and line; an
//! unknown `OBSTAP_…` variable is only warned of, because container platforms
//! set variables of their own under a service's name (`OBSTAP_PORT`).
//!
//! Must not know: what the settings are used for.

mod file;
mod jobs;
mod keys;
mod links;
mod merged;
mod portal;
mod registry;
mod registry_api;
mod rules;
mod soda;
mod uploads;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use jobs::Jobs;
pub use keys::unknown_variables;
pub use links::{Access, Cutout, Datalink, Files, Key};
use merged::merge;
pub use portal::Portal;
pub use registry::Registry;
pub use registry_api::{RegistryApi, Secret};
use rules::{default_data_dir, follow, is_namespace, sites};
pub use soda::Soda;
pub use uploads::{Allowed, Uploads, Urls};

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:PATH`, or `postgresql://…` / `postgres://…`.
    pub database_url: String,
    /// `address:port` to listen on.
    pub listen: String,
    pub data_dir: PathBuf,
    /// Where the results of asynchronous jobs lie; all instances on one
    /// database see the same directory.
    pub results_dir: PathBuf,
    /// How clients reach us, without a slash at the end; `None` means: as
    /// each request says (`Host`, `X-Forwarded-*`).
    pub base_url: Option<String>,
    /// PostgreSQL: put before the names of our schemas.
    pub namespace: Option<String>,
    /// The VOTable that is written where a request does not say: 1.4 or 1.5.
    pub votable_version: String,
    /// Whether metadata follow drafts of standards where these say more
    /// (TAPRegExt 1.1, VODataService 1.3).
    pub metadata_drafts: bool,
    /// The sites whose pages may ask us; `None` means all.
    pub cors_origins: Option<Vec<String>>,
    /// How long answers under way get when the service is told to stop.
    pub shutdown: Duration,
    /// Queries to show beside our own.
    pub examples: Vec<Example>,
    pub limits: Limits,
    pub jobs: Jobs,
    pub uploads: Uploads,
    pub extra_columns: Vec<ExtraColumn>,
    pub follow: Follow,
    pub log: Log,
    /// Connections that answer queries.
    pub readers: usize,
    /// Those of them that long queries may have.
    pub long: usize,
    pub registry: Registry,
    pub datalink: Datalink,
    pub files: Files,
    pub portal: Portal,
    pub soda: Soda,
    pub registry_api: RegistryApi,
    /// Queries that may wait for one of these connections.
    pub waiting: usize,
    /// How long one waits.
    pub waiting_time: Duration,
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
    /// Size of an answer, about.
    pub answer_bytes: u64,
}

/// A column that this service adds to the standard ones of ObsCore.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ExtraColumn {
    /// Lower-case letters, digits and underscores, beginning with a letter.
    pub name: String,
    /// A type as ADQL writes it: `VARCHAR`, `DOUBLE PRECISION`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// VOUnits.
    pub unit: Option<String>,
    pub ucd: Option<String>,
    pub utype: Option<String>,
    pub description: Option<String>,
    /// Whether searches on it are helped by an index.
    #[serde(default)]
    pub indexed: bool,
}

/// How often registries are asked that ObsCore tables follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Between two looks at what is new.
    pub interval: Duration,
    /// Between two looks for what was removed, tagged or moved.
    pub sweep: Duration,
}

/// A query to show to those who look for how to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Example {
    pub name: String,
    pub query: String,
    pub description: Option<String>,
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
        let votable_version = merged.text("votable_version").unwrap_or_default();
        if !["1.4", "1.5"].contains(&votable_version.as_str()) {
            return Err(merged.wrong("votable_version", "must be \"1.4\" or \"1.5\""));
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
        // The processors are shared with short queries and with jobs.
        let half = (merged::processors() / 2).clamp(1, (readers / 2).max(1));
        let long = merged.number_or("pool.long", half)?;
        if !(1..=readers).contains(&long) {
            return Err(merged.wrong("pool.long", "must be 1 to pool.readers"));
        }
        let waiting = merged.number("pool.waiting")?;
        if waiting > 100_000 {
            return Err(merged.wrong("pool.waiting", "must be at most 100000"));
        }
        let waiting_time = match merged.number("pool.waiting_seconds")? {
            seconds if (1..=86_400).contains(&seconds) => Duration::from_secs(seconds),
            _ => return Err(merged.wrong("pool.waiting_seconds", "must be 1 to 86400")),
        };
        let limits = Limits {
            maxrec_default: merged.number("limits.maxrec_default")?,
            maxrec_hard: merged.number("limits.maxrec_hard")?,
            sync: Duration::from_secs(merged.number("limits.sync_seconds")?),
            body_bytes: usize::try_from(merged.number("limits.body_bytes")?)
                .map_err(|_| merged.wrong("limits.body_bytes", "is too large"))?,
            answer_bytes: merged.number("limits.answer_bytes")?,
        };
        // Less would not hold the description of the columns.
        if limits.answer_bytes < 65_536 {
            return Err(merged.wrong("limits.answer_bytes", "must be at least 65536"));
        }
        if limits.maxrec_default > limits.maxrec_hard {
            return Err(merged.wrong(
                "limits.maxrec_default",
                "must not be larger than limits.maxrec_hard",
            ));
        }
        // One more row is asked for than is given, in a signed number.
        if limits.maxrec_hard > 1_000_000_000_000 {
            return Err(merged.wrong("limits.maxrec_hard", "must be at most 1000000000000"));
        }
        if limits.sync.is_zero() {
            return Err(merged.wrong("limits.sync_seconds", "must be at least 1"));
        }
        let jobs = jobs::read(&merged)?;
        let uploads = Uploads::read(&merged)?;
        let results_dir = match merged.text("results_dir") {
            Some(dir) => PathBuf::from(dir),
            None => data_dir.join("results"),
        };
        let shutdown: u64 = merged.number("shutdown_seconds")?;
        if shutdown > 86_400 {
            return Err(merged.wrong("shutdown_seconds", "must be at most 86400"));
        }
        let cors_origins = sites(&merged)?;
        let extra_columns = merged.columns()?;
        let origins = merged.origins(&data_dir, &results_dir, &database_url);
        Ok(Settings {
            database_url,
            listen,
            data_dir,
            results_dir,
            base_url: base_url.map(|url| url.trim_end_matches('/').to_owned()),
            namespace,
            votable_version,
            metadata_drafts: merged.flag("metadata_drafts")?,
            cors_origins,
            shutdown: Duration::from_secs(shutdown),
            examples: merged.examples()?,
            limits,
            jobs,
            uploads,
            extra_columns,
            follow: follow(&merged)?,
            log: Log {
                format,
                level: merged.text("log.level"),
            },
            readers: usize::try_from(readers).unwrap_or(1),
            registry: registry::registry(&merged)?,
            datalink: links::datalink(&merged)?,
            files: links::files(&merged)?,
            portal: Portal::read(&merged)?,
            soda: Soda::read(&merged)?,
            registry_api: RegistryApi::read(&merged)?,
            long: usize::try_from(long).unwrap_or(1),
            waiting: usize::try_from(waiting).unwrap_or(0),
            waiting_time,
            origins,
        })
    }

    /// Every setting with its value (no secrets) and where it came from.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// How a person on this machine reaches the service that listens there.
    pub fn local_url(&self, listening: SocketAddr) -> String {
        match &self.base_url {
            Some(url) => url.clone(),
            None => {
                let mut address = listening;
                if address.ip().is_unspecified() {
                    address.set_ip(match address.ip() {
                        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
                    });
                }
                format!("http://{address}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::merged::mask;
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
            "\nlistn = \"x\"",
            &[],
            "FILE:2: unknown key \"listn\"; did you mean \"listen\"?",
        );
        check(
            "[limits]\nmaxrec = 1",
            &[],
            "FILE:2: unknown key \"limits.maxrec\"; known are maxrec_default, maxrec_hard, sync_seconds, body_bytes, answer_bytes",
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
            "FILE:2: pool.readers must be 1 to 1000; it is \"0\"",
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
            "[[examples]]\nname = \"a\"",
            &[],
            "FILE:1: this example has no query",
        );
        check(
            "metadata_drafts = 1",
            &[],
            "FILE:1: metadata_drafts must be true or false",
        );
        check(
            "cors_origins = \"example.org\"",
            &[],
            "FILE:1: cors_origins must be *, none, or sites with blanks between, as in https://portal.example.org; it is \"example.org\"",
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
            "FILE:1: database_url must be sqlite:PATH or postgresql://user@host/database; it is \"mysql://u:***@h/d\"",
        );
        check(
            "namespace = \"A-b\"",
            &[],
            "FILE:1: namespace must be 1 to 30 lower-case letters, digits or underscores, a letter first; it is \"A-b\"",
        );
    }

    #[test]
    fn the_address_to_print_can_be_opened() {
        fn check(text: &str, listening: &str, url: &str) {
            let printed = read(text, &[], &[]).ok().zip(listening.parse().ok());
            let printed = printed.map(|(settings, address)| settings.local_url(address));
            assert_eq!(printed.as_deref(), Some(url));
        }
        check("", "127.0.0.1:8080", "http://127.0.0.1:8080");
        check("", "0.0.0.0:80", "http://127.0.0.1:80");
        check("", "[::]:80", "http://[::1]:80");
        check(
            "base_url = \"https://a.example/b/\"",
            "0.0.0.0:80",
            "https://a.example/b",
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
        let tokens = tempfile::NamedTempFile::new().unwrap();
        let sample = include_str!("../obstap.sample.toml")
            .replace("/etc/obstap/tokens", &tokens.path().display().to_string());
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
                origin.from.contains("obstap.toml:"),
                "the sample lacks {}",
                origin.key
            );
        }
        assert_eq!(
            read(&sample, &[], &[]).map(|s| s.limits),
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
