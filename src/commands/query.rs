//! `obstap query`.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use adql::Value;
use clap::Args;

use super::{Failure, open};
use crate::config::Settings;
use crate::dali::{Format, Layout, Parts};
use crate::output::{Chunk, Stream, Table};
use crate::tap::{Asker, Cap, QueryRequest, Service};

/// Answer one ADQL query on the terminal or into a file
///
/// On a terminal the answer is an aligned table, otherwise CSV.
#[derive(Debug, Args)]
pub struct Query {
    /// The query, or - to read it from standard input
    #[arg(value_name = "ADQL")]
    text: String,
    /// text, csv, tsv, json, ndjson, votable, votable/td, votable/b, fits, parquet, arrow, html,
    /// geojson, moc, moc/json, moc/ascii
    #[arg(long, value_name = "FORMAT", value_parser = layout)]
    format: Option<Layout>,
    /// Write to this file; its extension tells the format (.csv, .vot, .fits, .parquet, .json, …)
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Rows at most
    #[arg(long, value_name = "ROWS")]
    maxrec: Option<u64>,
    /// Print what becomes of the query instead of its answer: checked, as SQL, planned
    #[arg(long)]
    explain: bool,
}

fn layout(text: &str) -> Result<Layout, String> {
    match text {
        "text" => Ok(Layout::Text),
        _ => Format::parse(text)
            .map(|format| format.layout)
            .map_err(|_| format!("known are text, {}", Format::names())),
    }
}

impl Query {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let query = match self.text.as_str() {
            "-" => io::read_to_string(io::stdin())
                .map_err(|error| Failure::new(format!("cannot read the query: {error}")))?,
            text => text.to_owned(),
        };
        let request = QueryRequest {
            query,
            maxrec: self
                .maxrec
                .unwrap_or(settings.limits.maxrec_hard)
                .min(settings.limits.maxrec_hard),
            cap: Cap::Asked,
            format: None,
            version: None,
            uploads: Vec::new(),
        };
        open::runtime()?.block_on(async {
            let database = open::database(settings).await?;
            database.check_migrated().await?;
            let service = open::service(database, settings).await?;
            match self.explain {
                true => explain(&service, &request).await,
                false => self.answer(&service, &request).await,
            }
        })
    }

    async fn answer(&self, service: &Service, request: &QueryRequest) -> Result<(), Failure> {
        let asker = Asker {
            client: None,
            base: &service.base.last(),
        };
        let answer = service
            .answer(request, &Parts::default(), service.at_once(), asker)
            .await?;
        // Whoever asks here has the disk for the answer.
        let table = Table {
            bytes: u64::MAX,
            ..service.table(answer, request)
        };
        let mut stream = Stream::open(table, self.layout()?).await?;
        let (name, mut out): (String, Box<dyn Write + Send>) = match &self.output {
            Some(path) => {
                let file = File::create(path).map_err(|error| {
                    Failure::new(format!("cannot write to {}: {error}", path.display()))
                })?;
                (path.display().to_string(), Box::new(file))
            }
            None => ("standard output".to_owned(), Box::new(io::stdout())),
        };
        while let Chunk::Bytes(bytes) = stream.next().await {
            match out.write_all(&bytes).and_then(|()| out.flush()) {
                Ok(()) => {}
                // Whoever read us has seen enough (`| head`).
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(Failure::new(format!("cannot write to {name}: {error}"))),
            }
        }
        let summary = stream.summary();
        if let Some(error) = &summary.failure {
            return Err(Failure::new(format!(
                "the answer ends after {} rows: {error}",
                summary.rows
            )));
        }
        if summary.overflow && request.maxrec > 0 {
            eprintln!(
                "cut off after {} rows; there are more (see --maxrec)",
                summary.rows
            );
        }
        Ok(())
    }

    fn layout(&self) -> Result<Layout, Failure> {
        match (self.format, &self.output) {
            (Some(layout), _) => Ok(layout),
            (None, Some(path)) => by_extension(path),
            (None, None) if io::stdout().is_terminal() => Ok(Layout::Text),
            (None, None) => Ok(Layout::Csv),
        }
    }
}

fn by_extension(path: &Path) -> Result<Layout, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Layout::of_file(&name).ok_or_else(|| {
        Failure::new(format!(
            "the extension of {} tells no format; say --format csv, or another",
            path.display()
        ))
    })
}

/// Every stage of the road, without walking its last part.
async fn explain(service: &Service, request: &QueryRequest) -> Result<(), Failure> {
    let syntax = adql::parse(&request.query)?;
    let query = adql::check(&syntax, &service.tables.last())?.limited_to(Some(request.maxrec));
    tell!("Checked query\n\n{query:#?}\n\nColumns\n");
    for column in query.columns() {
        let unit = column.unit.as_deref().unwrap_or_default();
        tell!("  {}  {}  {unit}", column.name, column.kind);
    }
    let statement = adql::write(&adql::index(query), service.database.target());
    tell!("\nSQL\n\n{}\n\nParameters\n", statement.sql);
    for (number, value) in (1..).zip(&statement.parameters) {
        tell!("  ${number} = {}", shown(value));
    }
    let plan = service.database.explain(&statement).await?;
    tell!("\nPlan ({})\n\n{plan}", service.database.version());
    Ok(())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::BigInt(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Text(value) => format!("'{}'", value.replace('\'', "''")),
        Value::Timestamp(micros) => format!("{micros} µs since 2000-01-01"),
        Value::Doubles(values) => format!("{values:?}"),
    }
}
