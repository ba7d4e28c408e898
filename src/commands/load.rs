//! `obstap load`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::progress::{Progress, grouped};
use super::{Failure, open};
use crate::config::Settings;
use crate::database::Database;
use crate::input::{Format, Source, Table};
use crate::obscore::load::{Options, Report, load};
use crate::obscore::{self, Name};

/// Load ObsCore rows from CSV, TSV, VOTable or Parquet files
///
/// Columns go by their names in ObsCore. A row whose obs_publisher_did is there
/// already replaces the old one, so that loading a file twice changes nothing.
/// A file is loaded whole or not at all.
#[derive(Debug, Args)]
pub struct Load {
    /// Files, compressed with gzip or not; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Keep going when rows are bad, and write them with their reasons to this CSV file
    #[arg(long, value_name = "FILE")]
    skip_bad: Option<PathBuf>,
    /// csv, tsv, votable or parquet, when the file does not tell
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Option<Format>,
}

fn format(text: &str) -> Result<Format, String> {
    Format::named(text).ok_or_else(|| "known are csv, tsv, votable and parquet".to_owned())
}

impl Load {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        open::runtime()?.block_on(async {
            let database = open::database(settings).await?;
            open::prepare(&database, settings).await?;
            for file in &self.files {
                let table = Table::open(&Source::named(file), self.format)?;
                one(&database, settings, table, self.skip_bad.clone()).await?;
            }
            Ok(())
        })
    }
}

/// Loads one table, shows how far it is, and says what came of it.
pub async fn one(
    database: &Database,
    settings: &Settings,
    table: Table,
    skip_bad: Option<PathBuf>,
) -> Result<(), Failure> {
    let name = table.name().to_owned();
    let total = table.rows_total().or(table.bytes_total());
    let by_rows = table.rows_total().is_some();
    let mut progress = Progress::start(&name, total);
    let into = Name::default();
    let options = Options {
        extra: obscore::extra_columns(database, &into, &settings.extra_columns).await?,
        table: into,
        skip_bad,
        progress: Some(Box::new(move |rows, bytes| {
            progress.at(rows, if by_rows { rows } else { bytes });
        })),
    };
    let started = Instant::now();
    let report = load(database, table, options).await?;
    eprintln!("{name}: {}", told(&report, started.elapsed()));
    Ok(())
}

/// One line: rows, those replaced and left out, and the rate.
fn told(report: &Report, took: Duration) -> String {
    let rows = if report.loaded == 1 { "row" } else { "rows" };
    let mut text = format!("{} {rows} loaded", grouped(report.loaded));
    if report.replaced > 0 {
        text.push_str(&format!(", {} of them replaced", grouped(report.replaced)));
    }
    if report.skipped > 0 {
        text.push_str(&format!(", {} bad rows left out", grouped(report.skipped)));
    }
    let seconds = took.as_secs_f64();
    let rate = (report.loaded as f64 / seconds.max(0.001)) as u64;
    text.push_str(&format!(", in {seconds:.1} s ({}/s)", grouped(rate)));
    text
}
