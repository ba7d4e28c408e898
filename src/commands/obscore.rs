//! `obstap obscore`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use super::attach::{Attached, Own, described};
use super::progress::{Progress, grouped};
use super::{Failure, feeds, follow, open};
use crate::config::Settings;
use crate::database::Database;
use crate::input::{Source, Table};
use crate::obscore::manager::{self, Attach, Diff, Difference, Report};
use crate::obscore::{self, Name, declared};
use crate::registry;

/// See to the ObsCore tables
#[derive(Debug, Subcommand)]
pub enum Obscore {
    /// List the tables, and what feeds them
    Tables,
    /// Compare every row with its registry
    ///
    /// Says what is wrong, by cause. Exits with 1 when something is.
    Verify {
        /// A table, as schema.table; else all that follow a registry
        #[arg(value_name = "TABLE", value_parser = feeds::table)]
        table: Option<Name>,
        /// text, or json for programs
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// Make right what verify finds, and nothing else
    ///
    /// Without --apply it only says what it would do.
    Repair {
        /// A table, as schema.table; else all that follow a registry
        #[arg(value_name = "TABLE", value_parser = feeds::table)]
        table: Option<Name>,
        /// Do it
        #[arg(long)]
        apply: bool,
    },
    /// Compare two ObsCore tables, or a table and a file of rows, by obs_publisher_did
    ///
    /// Exits with 1 when they differ.
    Diff {
        #[arg(value_name = "TABLE", value_parser = feeds::table)]
        a: Name,
        /// A table, or a file that obstap load reads
        #[arg(value_name = "TABLE_OR_FILE")]
        b: String,
        /// text, or json for programs
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// Let the registry in this database feed a table
    ///
    /// Rows of what is registered from now on are written in the same
    /// transaction; those of what is there come at once. Done again, the table
    /// gets another configuration.
    Feed(Own),
    /// Say what another configuration would change
    Plan(Attached),
    /// Take another configuration, and make the rows follow it while queries run
    ///
    /// Broken off, obstap sync goes on with it.
    Apply(Attached),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// Rows that are named.
const NAMED: usize = 100;

impl Obscore {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        open::runtime()?.block_on(async {
            let database = match &self {
                // These look at the tables as they are.
                Obscore::Verify { .. } | Obscore::Repair { .. } | Obscore::Diff { .. } => {
                    let database = open::database(settings).await?;
                    database.check_migrated().await?;
                    database
                }
                _ => feeds::prepared(settings).await?,
            };
            match self {
                Obscore::Tables => tables(&database).await,
                Obscore::Verify { table, format } => {
                    verify(&database, settings, table, format).await
                }
                Obscore::Repair { table, apply } => repair(&database, settings, table, apply).await,
                Obscore::Diff { a, b, format } => diff(&database, settings, &a, &b, format).await,
                Obscore::Feed(own) => {
                    let (source, attach) = own.read(&database, settings).await?;
                    match own.dry_run {
                        true => plan(&database, settings, source, &attach).await,
                        false => apply(&database, settings, &attach).await,
                    }
                }
                Obscore::Plan(attached) => {
                    let (repository, attach) = attached.read().await?;
                    plan(&database, settings, Arc::new(repository), &attach).await
                }
                Obscore::Apply(attached) => {
                    let (_, attach) = attached.read().await?;
                    apply(&database, settings, &attach).await
                }
            }
        })
    }
}

async fn tables(database: &Database) -> Result<(), Failure> {
    let status = manager::status(database).await?;
    for table in obscore::live_tables(database).await? {
        tell!("{table}");
        for feed in status.feeds.iter().filter(|feed| feed.table == table) {
            let label = &feed.repository.label;
            tell!("  fed by {label} ({}), {}", feed.state.word(), feed.origin);
        }
    }
    for release in manager::list(database).await? {
        let seen = if release.published {
            ""
        } else {
            ", not published"
        };
        tell!("{} (release of {}{seen})", release.table, release.origin);
    }
    Ok(())
}

async fn wanted(database: &Database, table: Option<Name>) -> Result<Vec<Name>, Failure> {
    let live = obscore::live_tables(database).await?;
    match table {
        None => Ok(live),
        Some(table) if live.contains(&table) => Ok(vec![table]),
        Some(table) => Err(Failure::new(format!(
            "{table} follows no registry: obstap obscore tables lists the tables"
        ))),
    }
}

async fn look(database: &Database, settings: &Settings, table: &Name) -> Result<Report, Failure> {
    let managers = feeds::managers_of(database, table, settings).await?;
    let mut progress = Progress::start(&table.to_string(), None);
    let extra = &settings.extra_columns;
    let told = &mut |rows| progress.at(rows, rows);
    Ok(manager::verify(database, table, &managers, extra, told).await?)
}

async fn verify(
    database: &Database,
    settings: &Settings,
    table: Option<Name>,
    format: Format,
) -> Result<(), Failure> {
    let mut faulty = 0;
    let mut list = Vec::new();
    for table in wanted(database, table).await? {
        let report = look(database, settings, &table).await?;
        faulty += report.faulty();
        match format {
            Format::Text => told(&table, &report),
            Format::Json => list.push(as_json(&table, &report)),
        }
    }
    if format == Format::Json {
        tell!("{}", serde_json::Value::from(list));
    }
    match faulty {
        0 => Ok(()),
        _ => Err(Failure::new(format!(
            "{} things are not as the registries say: obstap obscore repair mends them",
            grouped(faulty)
        ))),
    }
}

fn told(table: &Name, report: &Report) {
    let rows = grouped(report.rows);
    match report.is_clean() {
        true => tell!("{table}: {rows} rows of registries, all as they should be"),
        false => tell!(
            "{table}: {rows} rows of registries, {} things wrong",
            grouped(report.faulty())
        ),
    }
    for (cause, count) in &report.causes {
        tell!("  {} {cause}", grouped(*count));
    }
    for fault in &report.faults {
        tell!("  {fault}");
    }
    for difference in report.differences.iter().take(NAMED) {
        named(difference);
    }
    if report.rejected > 0 {
        tell!(
            "  {} datasets cannot be described and have no row",
            grouped(report.rejected)
        );
        for (id, reason) in &report.reasons {
            tell!("    {id}: {reason}");
        }
    }
}

fn named(difference: &Difference) {
    let Difference {
        publisher_did,
        cause,
        columns,
        ..
    } = difference;
    match columns.is_empty() {
        true => tell!("    {publisher_did}: {}", cause.word()),
        false => tell!(
            "    {publisher_did}: {} ({})",
            cause.word(),
            columns.join(", ")
        ),
    }
}

fn as_json(table: &Name, report: &Report) -> serde_json::Value {
    let causes = report.causes.iter();
    let causes = causes.map(|(cause, count)| (cause.word().to_owned(), json!(count)));
    let differences = report.differences.iter().take(NAMED).map(|it| {
        json!({
            "obs_publisher_did": it.publisher_did,
            "id": it.id.map(|id| id.to_string()),
            "cause": it.cause.word(),
            "columns": it.columns,
        })
    });
    let reasons = report.reasons.iter();
    let reasons = reasons.map(|(id, reason)| json!({"id": id.to_string(), "reason": reason}));
    json!({
        "table": table.to_string(),
        "looked": report.looked,
        "rows": report.rows,
        "faulty": report.faulty(),
        "causes": serde_json::Map::from_iter(causes),
        "faults": report.faults,
        "differences": differences.collect::<Vec<_>>(),
        "rejected": report.rejected,
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

async fn repair(
    database: &Database,
    settings: &Settings,
    table: Option<Name>,
    apply: bool,
) -> Result<(), Failure> {
    for table in wanted(database, table).await? {
        let report = look(database, settings, &table).await?;
        told(&table, &report);
        if report.is_clean() {
            continue;
        }
        if !apply {
            tell!("  nothing was changed: obstap obscore repair --apply mends them");
            continue;
        }
        let managers = match report.faults.is_empty() {
            true => feeds::managers_of(database, &table, settings).await?,
            false => Vec::new(),
        };
        let extra = &settings.extra_columns;
        let tally = manager::repair(database, &table, &managers, &report, extra).await?;
        tell!("  {}", follow::told(&tally));
    }
    Ok(())
}

async fn diff(
    database: &Database,
    settings: &Settings,
    a: &Name,
    b: &str,
    format: Format,
) -> Result<(), Failure> {
    let columns = async |table: &Name| {
        let extra = obscore::extra_columns(database, table, &settings.extra_columns).await?;
        Ok::<_, Failure>(declared(&extra)?)
    };
    let columns_a = columns(a).await?;
    let is_file = PathBuf::from(b).is_file() || b == "-";
    let found = match Name::read(b) {
        Ok(b) if !is_file => {
            let columns_b = columns(&b).await?;
            manager::diff_tables(database, (a, &columns_a), (&b, &columns_b)).await?
        }
        _ => {
            let file = Table::open(&Source::named(PathBuf::from(b)), None)?;
            manager::diff_file(database, (a, &columns_a), file).await?
        }
    };
    match format {
        Format::Text => tell_diff(a, b, &found),
        Format::Json => tell!("{}", diff_as_json(&found)),
    }
    match found.is_clean() {
        true => Ok(()),
        false => Err(Failure::new(format!("{a} and {b} differ"))),
    }
}

fn tell_diff(a: &Name, b: &str, found: &Diff) {
    tell!("{} rows are the same", grouped(found.same));
    tell!("{} rows only {a} has", grouped(found.only_a));
    tell!("{} rows only {b} has", grouped(found.only_b));
    tell!("{} rows differ", grouped(found.differing));
    for (column, count) in &found.columns {
        tell!("  {} in {column}", grouped(*count));
    }
    for example in &found.examples {
        let what = match example.only {
            Some('a') => format!("only {a}"),
            Some(_) => format!("only {b}"),
            None => example.columns.join(", "),
        };
        tell!("    {}: {what}", example.publisher_did);
    }
}

fn diff_as_json(found: &Diff) -> serde_json::Value {
    let examples = found.examples.iter().map(|it| {
        json!({
            "obs_publisher_did": it.publisher_did,
            "only": it.only.map(String::from),
            "columns": it.columns,
        })
    });
    json!({
        "same": found.same,
        "only_a": found.only_a,
        "only_b": found.only_b,
        "differing": found.differing,
        "columns": found.columns,
        "examples": examples.collect::<Vec<_>>(),
    })
}

async fn plan(
    database: &Database,
    settings: &Settings,
    source: Arc<dyn registry::Source>,
    attach: &Attach,
) -> Result<(), Failure> {
    let mapping = described(attach, settings)?;
    let known = manager::feeds(database, Some(&attach.label)).await?;
    let before = known.iter().find(|feed| feed.table == attach.table);
    let before = match before {
        Some(feed) => Some((feeds::reading(settings))(feed).map_err(Failure::new)?),
        None => None,
    };
    let extra = &settings.extra_columns;
    let plan = manager::plan(database, source, attach, mapping, before, extra).await?;
    if plan.is_empty() {
        tell!("nothing would change");
        return Ok(());
    }
    let list = |what: &str, names: &[String]| {
        if !names.is_empty() {
            tell!("{what}: {}", names.join(", "));
        }
    };
    list("columns added", &plan.added_columns);
    list("columns no longer published", &plan.hidden_columns);
    list("dataset types added", &plan.added_types);
    list("dataset types removed", &plan.removed_types);
    tell!("rows: {}", follow::told(&plan.rows));
    plan.examples.iter().for_each(named);
    tell!("nothing was changed: obstap obscore apply does it");
    Ok(())
}

async fn apply(database: &Database, settings: &Settings, attach: &Attach) -> Result<(), Failure> {
    let mapping = described(attach, settings)?;
    let extra = &settings.extra_columns;
    let feed = manager::attach(database, attach, &*mapping, extra).await?;
    for mut manager in feeds::managers(database, vec![feed], settings).await? {
        follow::one(&mut manager, false).await?;
    }
    Ok(())
}
