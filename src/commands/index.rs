//! `obstap schema index`, and `obstap index` for the indexes that are there.

use adql::Type;
use adql::catalog::{PositionIndex, RegionIndex, Table};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::progress::{Progress, grouped};
use super::{Failure, open};
use crate::config::Settings;
use crate::database::Database;
use crate::spatial::upkeep::{self, Act, Tally};
use crate::tap_schema;
use crate::tap_schema::indexes::{self, Options, Record};

/// What index, of what.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["position", "region", "list"])))]
pub struct Make {
    /// A published table, as schema.table
    #[arg(value_name = "TABLE", required_unless_present = "list")]
    table: Option<String>,
    /// Longitude and latitude, in degrees (ICRS): --position ra,dec
    #[arg(long, value_name = "LON,LAT", value_parser = pair)]
    position: Option<(String, String)>,
    /// A column of regions as text
    #[arg(long, value_name = "COLUMN")]
    region: Option<String>,
    /// Of a table that may not be altered: the columns that tell its rows apart
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    key: Option<Vec<String>>,
    /// Use the index of a table that no trigger may watch (a view, a foreign table); you rebuild
    /// it whenever rows have changed
    #[arg(long)]
    trust: bool,
    /// Take the index away
    #[arg(long, conflicts_with = "list")]
    drop: bool,
    /// List the indexes there are
    #[arg(long, conflicts_with = "table")]
    list: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once(',') {
        Some((lon, lat)) if !lon.trim().is_empty() && !lat.trim().is_empty() => {
            Ok((lon.trim().to_owned(), lat.trim().to_owned()))
        }
        _ => Err("two columns are wanted, as in ra,dec".to_owned()),
    }
}

/// See to the indexes on the sky
#[derive(Debug, Subcommand)]
pub enum Index {
    /// Compare every row with its index
    ///
    /// Says what is wrong, by cause. Exits with 1 when something is.
    Verify {
        /// A table, as schema.table; else all that have an index
        #[arg(value_name = "TABLE")]
        table: Option<String>,
        /// text, or json for programs
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// Mend what is wrong in an index, and nothing else
    ///
    /// Readers are not held up. Also fills the index of a table for a new
    /// version of obstap.
    Rebuild {
        /// A table, as schema.table; else all that have an index
        #[arg(value_name = "TABLE")]
        table: Option<String>,
        /// Say what would be mended, and mend nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Bring rows into the index that other programs have written
    ///
    /// A service does so by itself, before it answers the next query.
    Refresh {
        /// A table, as schema.table; else all that have an index
        #[arg(value_name = "TABLE")]
        table: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

impl Make {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        open::runtime()?.block_on(async {
            let database = open::database(settings).await?;
            if self.list {
                database.check_migrated().await?;
                for record in indexes::list(&database).await? {
                    println!("{}: {}, by {}", named(&record), record.state, record.upkeep);
                }
                return Ok(());
            }
            open::prepare(&database, settings).await?;
            let record = self.record(&database).await?;
            let options = Options {
                key: self.key,
                trust: self.trust,
            };
            match self.drop {
                true => drop(&database, &record).await,
                false => make(&database, record, &options).await,
            }
        })
    }

    /// The index that is meant; its table must be published.
    async fn record(&self, database: &Database) -> Result<Record, Failure> {
        let name = self.table.as_deref().unwrap_or_default();
        let catalog = tap_schema::load(database).await?;
        let (schema, table) = name.split_once('.').ok_or_else(|| {
            Failure::new(format!("write {name} with its schema, as in ivoa.obscore"))
        })?;
        let Some(&table) = catalog.find(Some(schema), table).first() else {
            return Err(Failure::new(format!(
                "no table {name} is published: obstap schema load publishes it"
            )));
        };
        let index = match (&self.region, &self.position) {
            (Some(region), _) => upkeep::Index::Region(RegionIndex {
                column: column(table, region, &[Type::Region])?,
                prefix: String::new(),
            }),
            (None, Some((lon, lat))) => upkeep::Index::Position(PositionIndex {
                lon: column(table, lon, &[Type::Double, Type::Real])?,
                lat: column(table, lat, &[Type::Double, Type::Real])?,
                cell: String::new(),
            }),
            (None, None) => return Err(Failure::new("say --position or --region")),
        };
        let of = index.of().join(",");
        let known = indexes::list(database).await?.into_iter().find(|known| {
            known.full_name() == table.full_name() && known.index.of().join(",") == of
        });
        Ok(known.unwrap_or_else(|| Record::new(&table.schema, &table.name, index.with_names())))
    }
}

/// The column of that name, if it can be indexed.
fn column(table: &Table, name: &str, kinds: &[Type]) -> Result<String, Failure> {
    let mut columns = table.columns.iter();
    let place = format!("{}.{name}", table.full_name());
    let Some(column) = columns.find(|column| column.name.eq_ignore_ascii_case(name)) else {
        return Err(Failure::new(format!(
            "there is no published column {place}"
        )));
    };
    if !kinds.contains(&column.kind) {
        let wanted: Vec<String> = kinds.iter().map(Type::to_string).collect();
        let hint = match kinds.contains(&Type::Region) {
            true => "; describe a column of region texts with votable:xtype adql:REGION",
            false => "",
        };
        return Err(Failure::new(format!(
            "{place} is {}, where {} is wanted{hint}",
            column.kind,
            wanted.join(" or ")
        )));
    }
    match column.unit.as_deref() {
        None | Some("deg" | "") => Ok(column.name.clone()),
        Some(unit) => Err(Failure::new(format!(
            "{place} is in {unit}, and must be in degrees"
        ))),
    }
}

async fn make(database: &Database, record: Record, options: &Options) -> Result<(), Failure> {
    let name = named(&record);
    if record.is_usable() {
        println!("{name}: there is an index already");
        return Ok(());
    }
    let tally = with_progress(database, &record, async |progress| {
        indexes::create(database, record.clone(), options, progress).await
    })
    .await?;
    println!("{name}: {} rows indexed", grouped(tally.written));
    if tally.unreadable > 0 {
        println!("  {}", unreadable(&tally));
    }
    Ok(())
}

async fn drop(database: &Database, record: &Record) -> Result<(), Failure> {
    let name = named(record);
    let known = indexes::list(database).await?;
    if !known.contains(record) {
        return Err(Failure::new(format!("{name}: there is no index")));
    }
    if record.upkeep == "load" {
        return Err(Failure::new(format!(
            "{name}: obstap needs this index itself, and keeps it"
        )));
    }
    indexes::drop(database, record.clone()).await?;
    println!("{name}: the index is gone");
    Ok(())
}

impl Index {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        open::runtime()?.block_on(async {
            let database = open::database(settings).await?;
            database.check_migrated().await?;
            match self {
                Index::Verify { table, format } => {
                    let records = chosen(&database, table.as_deref()).await?;
                    verify(&database, &records, format).await
                }
                Index::Rebuild { table, dry_run } => {
                    let records = chosen(&database, table.as_deref()).await?;
                    match dry_run {
                        true => would_mend(&database, &records).await,
                        false => rebuild(&database, records).await,
                    }
                }
                Index::Refresh { table } => {
                    for record in chosen(&database, table.as_deref()).await? {
                        let indexed = [record.indexed()];
                        let rows = upkeep::settle(&database, &indexed).await?;
                        println!("{}: {} rows brought in", named(&record), grouped(rows));
                    }
                    Ok(())
                }
            }
        })
    }
}

/// The indexes of one table, or all.
async fn chosen(database: &Database, table: Option<&str>) -> Result<Vec<Record>, Failure> {
    let mut records = indexes::list(database).await?;
    if let Some(table) = table {
        records.retain(|record| record.full_name().eq_ignore_ascii_case(table));
        if records.is_empty() {
            return Err(Failure::new(format!(
                "{table} has no index: obstap schema index makes one"
            )));
        }
    }
    Ok(records)
}

async fn look(database: &Database, record: &Record) -> Result<Tally, Failure> {
    let indexed = record.indexed();
    with_progress(database, record, async |progress| {
        upkeep::sweep(database, &indexed, Act::Look, progress).await
    })
    .await
}

async fn verify(database: &Database, records: &[Record], format: Format) -> Result<(), Failure> {
    let mut faulty = 0;
    let mut unready = 0;
    let mut list = Vec::new();
    for record in records {
        let tally = look(database, record).await?;
        faulty += tally.faulty;
        unready += u64::from(!record.is_usable());
        match format {
            Format::Text => {
                told(record, &tally);
                if !record.is_usable() {
                    println!("  not used: {} (version {})", record.state, record.version);
                }
            }
            Format::Json => list.push(as_json(record, &tally)),
        }
    }
    if format == Format::Json {
        println!("{}", serde_json::Value::from(list));
    }
    match (faulty, unready) {
        (0, 0) => Ok(()),
        (0, _) => Err(Failure::new(
            "an index is not ready: obstap index rebuild makes it so",
        )),
        _ => Err(Failure::new(format!(
            "{} rows do not agree with their index: obstap index rebuild mends them",
            grouped(faulty)
        ))),
    }
}

async fn would_mend(database: &Database, records: &[Record]) -> Result<(), Failure> {
    for record in records {
        let tally = look(database, record).await?;
        told(record, &tally);
        println!("  {} rows would be written", grouped(tally.faulty));
    }
    Ok(())
}

async fn rebuild(database: &Database, records: Vec<Record>) -> Result<(), Failure> {
    for record in &records {
        let tally = with_progress(database, record, async |progress| {
            indexes::rebuild(database, record.clone(), progress).await
        })
        .await?;
        told(record, &tally);
        println!("  {} rows written", grouped(tally.written));
    }
    for record in &records {
        let all = indexes::list(database).await?.into_iter();
        let mut all = all.filter(|it| it.full_name() == record.full_name());
        if all.all(|it| it.is_usable()) {
            indexes::renewed(database, record).await?;
        }
    }
    Ok(())
}

async fn with_progress<E>(
    database: &Database,
    record: &Record,
    work: impl AsyncFnOnce(&mut (dyn FnMut(u64) + Send)) -> Result<Tally, E>,
) -> Result<Tally, Failure>
where
    Failure: From<E>,
{
    let total = upkeep::count(database, &record.indexed()).await?;
    let mut progress = Progress::start(&named(record), Some(total));
    Ok(work(&mut |rows| progress.at(rows, rows)).await?)
}

/// `schema.table (columns)`.
fn named(record: &Record) -> String {
    format!("{} ({})", record.full_name(), record.index.of().join(", "))
}

fn told(record: &Record, tally: &Tally) {
    let (rows, faulty) = (grouped(tally.rows), grouped(tally.faulty));
    match tally.faulty {
        0 => println!("{}: {rows} rows, all as they should be", named(record)),
        _ => println!("{}: {rows} rows, {faulty} of them wrong", named(record)),
    }
    for (cause, count) in &tally.causes {
        println!("  {} {cause}", grouped(*count));
    }
    if tally.unreadable > 0 {
        println!("  {}", unreadable(tally));
    }
}

fn unreadable(tally: &Tally) -> String {
    format!(
        "{} have values that say no place on the sky; no search finds them",
        grouped(tally.unreadable)
    )
}

fn as_json(record: &Record, tally: &Tally) -> serde_json::Value {
    let causes = tally.causes.iter();
    let causes = causes.map(|(cause, count)| (cause.word().to_owned(), (*count).into()));
    serde_json::json!({
        "table": record.full_name(),
        "columns": record.index.of(),
        "state": record.state,
        "usable": record.is_usable(),
        "rows": tally.rows,
        "faulty": tally.faulty,
        "unreadable": tally.unreadable,
        "causes": serde_json::Map::from_iter(causes),
    })
}
