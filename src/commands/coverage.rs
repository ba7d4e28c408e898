//! `obstap coverage`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, open};
use crate::config::Settings;
use crate::dali::{self, Layout};
use crate::database::{Lane, Limits};
use crate::tap::{CoverageRequest, Kind};

/// Write what a table covers on the sky or in time, as a MOC
///
/// The coverage of a whole table is kept in the database; finer ones, and those
/// of some rows, are drawn from the rows.
#[derive(Debug, Args)]
pub struct Coverage {
    /// A published table
    #[arg(value_name = "TABLE", default_value = "ivoa.obscore")]
    table: String,
    /// Only rows that meet this condition, as after WHERE
    #[arg(long = "where", value_name = "ADQL")]
    condition: Option<String>,
    /// space, time or space-time
    #[arg(long, value_name = "KIND", default_value = "space")]
    kind: String,
    /// Order of the cells on the sky, 0 to 29 [default: 10, of 3.4 arcminutes; with time 6]
    #[arg(long, value_name = "N")]
    order: Option<u8>,
    /// Order of the cells of time, 0 to 61 [default: 31, of 18 minutes; with space 24]
    #[arg(long, value_name = "N")]
    time_order: Option<u8>,
    /// fits, json or ascii [default: by the extension of the file, else ascii]
    #[arg(long, value_name = "FORMAT", value_parser = form)]
    format: Option<dali::Coverage>,
    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Read the whole table again, and keep what it covers
    #[arg(long, conflicts_with = "condition")]
    refresh: bool,
}

fn form(text: &str) -> Result<dali::Coverage, String> {
    match text {
        "fits" => Ok(dali::Coverage::Fits),
        "json" => Ok(dali::Coverage::Json),
        "ascii" => Ok(dali::Coverage::Ascii),
        _ => Err("known are fits, json and ascii".to_owned()),
    }
}

impl Coverage {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let kind = Kind::named(&self.kind, self.order, self.time_order).map_err(Failure::new)?;
        let request = CoverageRequest {
            table: self.table.clone(),
            condition: self.condition.clone(),
            kind,
            form: self.form(),
        };
        // Nobody waits but who asked, and may end it.
        let limits = Limits {
            time: None,
            lane: Lane::Waiting,
        };
        let bytes = open::runtime()?.block_on(async {
            let database = open::database(settings).await?;
            database.check_migrated().await?;
            let service = open::service(database, settings).await?;
            if self.refresh {
                let table = service.named(&self.table).await?;
                service.redrawn(&table, limits).await?;
            }
            Ok::<_, Failure>(service.coverage(&request, limits).await?)
        })?;
        write(self.output.as_deref(), &bytes)
    }

    fn form(&self) -> dali::Coverage {
        let name = self.output.as_ref().and_then(|path| path.file_name());
        let layout = name.and_then(|name| Layout::of_file(&name.to_string_lossy()));
        self.format.unwrap_or(match layout {
            Some(Layout::Moc(form)) => form,
            Some(Layout::Fits) => dali::Coverage::Fits,
            Some(Layout::Json) => dali::Coverage::Json,
            _ => dali::Coverage::Ascii,
        })
    }
}

/// Writes to a file, or to standard output.
pub fn write(output: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    let written = match output {
        Some(path) => std::fs::write(path, bytes),
        None => io::stdout().write_all(bytes),
    };
    match written {
        // Whoever read us has seen enough (`| head`).
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let name = match output {
                Some(path) => path.display().to_string(),
                None => "standard output".to_owned(),
            };
            Err(Failure::new(format!("cannot write to {name}: {error}")))
        }
        _ => Ok(()),
    }
}
