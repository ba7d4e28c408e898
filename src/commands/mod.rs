//! The commands, one file each. A command reads its flags, opens what it needs
//! and calls the rooms below; what it does itself is talk to the person at the
//! terminal.
//!
//! Exit codes: 0; 1 when the input, the settings or the database are to blame;
//! 2 when the command line is not understood.

/// Writes a line to standard output. Whoever read it may have seen enough
/// (`| head`): that is no fault, where `println!` would panic.
macro_rules! tell {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod adql;
mod attach;
mod butler;
mod completions;
mod config;
mod coverage;
mod datasets;
mod demo;
mod feeds;
mod follow;
mod index;
mod load;
mod logging;
mod migrate;
mod obscore;
mod open;
mod progress;
mod query;
mod registry;
mod release;
mod schema;
mod serve;

use std::ffi::OsString;
use std::fmt;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Settings, Sources, unknown_variables};
use crate::{database, tap};

/// Observations in the Virtual Observatory: an ObsCore table served over TAP,
/// on PostgreSQL or an embedded SQLite database.
#[derive(Debug, Parser)]
#[command(
    name = "obstap",
    version,
    max_term_width = 100,
    propagate_version = true
)]
#[command(
    after_help = "Settings come from a file (--config), OBSTAP_… variables and flags, \
    in rising order of weight; obstap.sample.toml describes them all."
)]
pub struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct Shared {
    /// Read settings from this TOML file
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        env = "OBSTAP_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,
    /// Where the observations are: sqlite:PATH or postgresql://user@host/database
    #[arg(long, value_name = "URL", global = true)]
    database_url: Option<String>,
    /// Where the service keeps its files
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<String>,
    /// PostgreSQL: put before the names of our schemas
    #[arg(long, value_name = "NAME", global = true)]
    namespace: Option<String>,
    /// What to log: error, warn, info, debug, trace, or by module (obstap=debug,warn)
    #[arg(long, value_name = "LEVEL", global = true)]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a real sky to try things on
    Demo(demo::Demo),
    /// Serve the observations over HTTP
    Serve(serve::Serve),
    /// Load ObsCore rows from CSV, TSV, VOTable or Parquet files
    Load(load::Load),
    /// Bring the database to this version of obstap
    Migrate(migrate::Migrate),
    /// Answer one ADQL query on the terminal or into a file
    Query(query::Query),
    /// Write what a table covers on the sky or in time, as a MOC
    Coverage(coverage::Coverage),
    /// Write the service's record for the Registry of the IVOA
    RegistryRecord(registry::RegistryRecord),
    /// Keep a registry of datasets in the database
    #[command(subcommand)]
    Registry(datasets::Registry),
    /// Publish other tables of the database, described in Felis
    #[command(subcommand)]
    Schema(schema::Schema),
    /// See to the indexes on the sky
    #[command(subcommand)]
    Index(index::Index),
    /// Work with the language itself
    #[command(subcommand)]
    Adql(adql::Adql),
    /// See to repositories of Rubin's Data Butler
    #[command(subcommand)]
    Butler(butler::Butler),
    /// Bring ObsCore tables to where their registries are
    Sync(follow::Sync),
    /// Keep ObsCore tables where their registries are
    Follow(follow::Follow),
    /// See to the ObsCore tables
    #[command(subcommand)]
    Obscore(obscore::Obscore),
    /// Freeze an ObsCore table as a release
    #[command(subcommand)]
    Release(release::Release),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::Config),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// Why a command did not do its work: what the person at the terminal reads.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    fn new(message: impl Into<String>) -> Failure {
        Failure(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        let Some(cause) = error.source() else {
            return Failure(error.to_string());
        };
        // The causes are for the log: they may be a driver's words.
        tracing::debug!("{error}: {cause}");
        let any: &(dyn std::error::Error + 'static) = &error;
        match any.is::<database::Error>() || any.is::<tap::Fault>() {
            true => Failure(format!("{error} (--log debug tells why)")),
            false => Failure(error.to_string()),
        }
    }
}

/// The commands whose `--config` is the configuration of an ObsCore table, as it
/// is for the Butler; that of obstap itself stands before them.
const DESCRIBING: [[&str; 2]; 4] = [
    ["butler", "attach"],
    ["obscore", "feed"],
    ["obscore", "plan"],
    ["obscore", "apply"],
];

/// Writes `--config` as `--mapping` where it means that.
fn told_apart(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut before = OsString::new();
    let mut describing = false;
    let mut all = Vec::new();
    for argument in arguments {
        describing |= DESCRIBING
            .iter()
            .any(|[room, command]| before == *room && argument == *command);
        let text = argument.to_str().filter(|_| describing);
        let mapping = text.and_then(|text| text.strip_prefix("--config"));
        all.push(match mapping {
            Some(rest) if rest.is_empty() || rest.starts_with('=') => {
                format!("--mapping{rest}").into()
            }
            _ => argument.clone(),
        });
        before = argument;
    }
    all
}

impl Cli {
    /// Reads the command line; ends the program where it is not understood.
    pub fn read(arguments: impl Iterator<Item = OsString>) -> Cli {
        Cli::parse_from(told_apart(arguments))
    }

    /// Does what the command line says.
    pub fn run(self) -> ExitCode {
        let Cli { shared, command } = self;
        let outcome = match command {
            Command::Completions(command) => command.run(),
            command => shared
                .settings(command.flags())
                .and_then(|settings| command.run(&settings)),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("{failure}");
                ExitCode::FAILURE
            }
        }
    }
}

impl Command {
    /// Settings that a command has flags of its own for.
    fn flags(&self) -> Vec<(&'static str, String)> {
        match self {
            Command::Demo(command) => command.flags(),
            Command::Serve(command) => command.flags(),
            Command::RegistryRecord(command) => command.flags(),
            _ => Vec::new(),
        }
    }

    fn run(self, settings: &Settings) -> Result<(), Failure> {
        // Without a terminal there is no bar to watch: the log tells.
        let watched = std::io::stderr().is_terminal();
        let quiet = match self {
            Command::Serve(_) | Command::Follow(_) => "info,actix_server=warn",
            Command::Demo(_) | Command::Load(_) if !watched => "info,actix_server=warn",
            _ => "warn",
        };
        logging::start(&settings.log, quiet)?;
        match self {
            Command::Demo(command) => command.run(settings),
            Command::Serve(command) => command.run(settings),
            Command::Load(command) => command.run(settings),
            Command::Migrate(command) => command.run(settings),
            Command::Query(command) => command.run(settings),
            Command::Coverage(command) => command.run(settings),
            Command::RegistryRecord(command) => command.run(settings),
            Command::Registry(command) => command.run(settings),
            Command::Schema(command) => command.run(settings),
            Command::Index(command) => command.run(settings),
            Command::Adql(command) => command.run(settings),
            Command::Butler(command) => command.run(settings),
            Command::Sync(command) => command.run(settings),
            Command::Follow(command) => command.run(settings),
            Command::Obscore(command) => command.run(settings),
            Command::Release(command) => command.run(settings),
            Command::Config(command) => command.run(settings),
            Command::Completions(command) => command.run(),
        }
    }
}

impl Shared {
    fn settings(self, mut flags: Vec<(&'static str, String)>) -> Result<Settings, Failure> {
        let given = [
            ("database_url", self.database_url),
            ("data_dir", self.data_dir),
            ("namespace", self.namespace),
            ("log.level", self.log),
        ];
        flags.extend(
            given
                .into_iter()
                .filter_map(|(key, text)| Some((key, text?))),
        );
        let variables: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        for (name, near) in unknown_variables(&variables) {
            let hint = near
                .map(|near| format!("; did you mean {near}?"))
                .unwrap_or_default();
            eprintln!("warning: {name} is not a setting of obstap{hint}");
        }
        Ok(Settings::read(&Sources {
            file: self.config.as_deref(),
            variables,
            flags,
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_configuration_of_a_table_is_not_that_of_the_program() {
        fn check(line: &str, expected: &str) {
            let arguments = told_apart(line.split(' ').map(OsString::from));
            assert_eq!(arguments.join(&OsString::from(" ")), expected);
        }
        check(
            "obstap --config a.toml butler attach /r --config b.yaml",
            "obstap --config a.toml butler attach /r --mapping b.yaml",
        );
        check(
            "obstap obscore plan /r --config=b.yaml",
            "obstap obscore plan /r --mapping=b.yaml",
        );
        check(
            "obstap load a --config b.toml",
            "obstap load a --config b.toml",
        );
    }

    #[test]
    fn every_command_is_read() {
        fn check(line: &str, good: bool) {
            let arguments = told_apart(line.split(' ').map(OsString::from));
            assert_eq!(Cli::try_parse_from(arguments).is_ok(), good, "{line}");
        }
        check("obstap serve --listen 0.0.0.0:80 --config x.toml", true);
        check("obstap --database-url sqlite:x migrate", true);
        check(
            "obstap query SELECT --format csv --maxrec 5 --explain",
            true,
        );
        check("obstap load a.csv - --skip-bad bad.csv --format csv", true);
        check("obstap load", false);
        check("obstap demo --listen 127.0.0.1:0", true);
        check("obstap query", false);
        check("obstap query SELECT --format excel", false);
        check("obstap adql check --catalog t.xml", true);
        check("obstap schema load a.yaml b.yaml --create-tables", true);
        check("obstap schema check", false);
        check("obstap schema index a.b --position ra,dec", true);
        check("obstap schema index a.b --region s_region --drop", true);
        check("obstap schema index --list", true);
        check("obstap schema index a.b", false);
        check("obstap schema index a.b --position ra --region s", false);
        check("obstap index verify --format json", true);
        check("obstap index rebuild a.b --dry-run", true);
        check("obstap index refresh", true);
        check("obstap butler check /repo/main", true);
        check("obstap butler check", false);
        check(
            "obstap butler attach /repo --label main --table ivoa.best",
            true,
        );
        check("obstap butler attach /repo --table best", false);
        check("obstap butler detach main", true);
        check("obstap sync main --full", true);
        check("obstap follow --interval 0.2 --sweep 1", true);
        check("obstap follow --interval never", false);
        check("obstap obscore verify --format json", true);
        check("obstap obscore repair ivoa.obscore --apply", true);
        check("obstap obscore diff ivoa.obscore dr1.obscore", true);
        check("obstap obscore diff ivoa.obscore", false);
        check("obstap obscore feed --config new.yaml --dry-run", true);
        check("obstap obscore plan /repo --config new.yaml", true);
        check("obstap release create dr1 --collections a,b --hidden", true);
        check("obstap release switch dr2 --instead-of dr1", true);
        check("obstap butler triggers /repo/main --remove", true);
        check("obstap config show", true);
        check("obstap completions fish", true);
        check("obstap registry create hsc", true);
        check("obstap registry register exposure a.ndjson b.csv", true);
        check("obstap registry register a.ndjson", false);
        check(
            "obstap registry ingest - --type raw --run HSC/raw/all",
            true,
        );
        check("obstap registry remove --collection u/ann/test", true);
        check("obstap registry remove", false);
        check("obstap registry remove ids --collection u/ann/test", false);
        check("obstap dance", false);
    }
}
