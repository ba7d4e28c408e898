//! `obstap butler attach`, `detach` and `list`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::progress::grouped;
use super::{Failure, feeds, open};
use crate::config::Settings;
use crate::database::Database;
use crate::obscore::Name;
use crate::obscore::manager::{self, Attach, Feed, Kind};
use crate::obscore::mapping::{Mapping, default_for};
use crate::registry::{Source, butler};

/// What feeds what.
#[derive(Debug, Args)]
pub struct Attached {
    /// Its directory, its butler.yaml, or its alias in $DAF_BUTLER_REPOSITORY_INDEX
    #[arg(value_name = "REPO")]
    repository: String,
    /// What links and commands call it [default: its alias or the name of its directory]
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// The ObsCore configuration, as the Butler's ObsCore manager or dax_obscore read it
    /// [default: the one that the repository holds, else one that is printed]; here also --config
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The table to feed; it is made where it is not there
    #[arg(long, value_name = "TABLE", default_value = "ivoa.obscore", value_parser = feeds::table)]
    table: Name,
    /// The DataLink endpoint for rows whose configuration names none
    /// [default: that of this service, where base_url is set]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// The registry in this database, and what it is to feed.
#[derive(Debug, Args)]
pub struct Own {
    /// The ObsCore configuration, as the Butler's ObsCore manager or dax_obscore read it; here
    /// also --config
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// The table to feed; it is made where it is not there
    #[arg(long, value_name = "TABLE", default_value = "ivoa.obscore", value_parser = feeds::table)]
    table: Name,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl Own {
    /// The registry and its configuration.
    pub async fn read(
        &self,
        database: &Database,
        settings: &Settings,
    ) -> Result<(Arc<dyn Source>, Attach), Failure> {
        let store = open::registry(database, settings).store().await?;
        let attach = Attach {
            label: store.label().to_owned(),
            kind: Kind::Own,
            place: "this database".to_owned(),
            public_url: None,
            table: self.table.clone(),
            document: read(&self.mapping)?,
            origin: self.mapping.display().to_string(),
        };
        Ok((store, attach))
    }
}

/// A registry that feeds tables.
#[derive(Debug, Args)]
pub struct Detached {
    label: String,
    /// Only from this table
    #[arg(long, value_name = "TABLE", value_parser = feeds::table)]
    table: Option<Name>,
}

impl Attached {
    pub async fn run(self, settings: &Settings) -> Result<(), Failure> {
        let (repository, attach) = self.read().await?;
        let database = feeds::prepared(settings).await?;
        let mapping = described(&attach, settings)?;
        let extra = &settings.extra_columns;
        let feed = manager::attach(&database, &attach, &*mapping, extra).await?;
        let label = repository.label();
        tell!("{label} feeds {} by {}", feed.table, feed.origin);
        let types = mapping.wanted().types;
        tell!("dataset types: {}", types.join(", "));
        let columns = mapping.columns();
        if !columns.is_empty() {
            let names: Vec<&str> = columns.iter().map(|it| it.name.as_str()).collect();
            tell!("columns of its own: {}", names.join(", "));
        }
        tell!("obstap sync {label} brings the rows, obstap follow {label} keeps them true");
        Ok(())
    }

    /// Opens the repository and finds its configuration.
    pub async fn read(&self) -> Result<(butler::Repository, Attach), Failure> {
        let label = self.label.as_deref();
        let repository = butler::Repository::open(&self.repository, label).await?;
        let label = Source::label(&repository).to_owned();
        let (document, origin) = match &self.mapping {
            Some(path) => (read(path)?, path.display().to_string()),
            None => match repository.obscore_configuration() {
                Some(document) => (document.to_owned(), "the configuration it holds".to_owned()),
                None => (
                    default(&repository, &label).await?,
                    "a configuration made for it".to_owned(),
                ),
            },
        };
        let attach = Attach {
            label,
            kind: Kind::Butler,
            place: place(&self.repository),
            public_url: self.public_url.clone(),
            table: self.table.clone(),
            document,
            origin,
        };
        Ok((repository, attach))
    }
}

/// The mapping of a configuration; what is odd in it is told.
pub fn described(
    attach: &Attach,
    settings: &Settings,
) -> Result<Arc<dyn manager::Describe>, Failure> {
    let (_, warnings) = Mapping::read(&attach.document)?;
    for warning in warnings {
        eprintln!("{}: {warning}", attach.origin);
    }
    let reading = feeds::reading(settings);
    let feed = Feed::planned(attach, None);
    (reading)(&feed)
        .map_err(|reason| Failure::new(format!("{} cannot be used: {reason}", attach.origin)))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
}

/// A path is found from wherever the next command is run.
fn place(name: &str) -> String {
    match fs::canonicalize(name) {
        Ok(path) => path.display().to_string(),
        Err(_) => name.to_owned(),
    }
}

async fn default(repository: &butler::Repository, label: &str) -> Result<String, Failure> {
    let report = repository.report().await?;
    let types = report.types.iter().map(|counted| counted.name.as_str());
    let document = default_for(label, types).ok_or_else(|| {
        Failure::new(format!(
            "{label} holds no ObsCore configuration, and none of its dataset types is known: name \
             a configuration with --config"
        ))
    })?;
    eprintln!("{label} holds no ObsCore configuration; it is taken to be this one:\n{document}");
    Ok(document)
}

impl Detached {
    pub async fn run(self, settings: &Settings) -> Result<(), Failure> {
        let database = feeds::prepared(settings).await?;
        let rows = manager::detach(&database, &self.label, self.table.as_ref()).await?;
        tell!("{} rows of {} taken out", grouped(rows), self.label);
        Ok(())
    }
}

/// `obstap butler list`.
pub async fn list(settings: &Settings) -> Result<(), Failure> {
    let database = feeds::prepared(settings).await?;
    let status = manager::status(&database).await?;
    for feed in &status.feeds {
        let rows = feed.rows.map_or("rows not counted".to_owned(), |rows| {
            format!("{} rows", grouped(rows))
        });
        let looked = match status.lag(feed) {
            Some(lag) => format!(", looked at {lag:.0} s ago"),
            None => String::new(),
        };
        let state = feed.state.word();
        let (label, place) = (&feed.repository.label, &feed.repository.place);
        tell!(
            "{label}  {place}\n  feeds {} by {}: {state}, {rows}{looked}",
            feed.table,
            feed.origin
        );
    }
    Ok(())
}
