//! Files into an ObsCore table: whole or not at all, and the same file twice is
//! the same as once.
//!
//! A row replaces the one with its `obs_publisher_did`, as a whole. An empty
//! table is filled directly, sorted and indexed last; another through a scratch table.

mod check;
mod rejects;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use adql::target::quote;
use adql::{Column, Type, Wire};
use tokio::sync::mpsc;

use super::indexes::{
    analyze, cluster, create_indexes, drop_indexes, drop_triggers, is_empty, lock, make_triggers,
};
use super::table::KEPT;
use super::{Declared, ExtraError, Layout, LayoutError, Name, change, columns, declared};
use crate::config::ExtraColumn;
use crate::database::{self, Batch, Database, Transaction};
use crate::input::{InputError, Table};
use crate::spatial::{
    self,
    coverage::{self, Axes},
};
use crate::tap_schema;
use check::{Bad, Checked, Drawn};
use rejects::Rejects;

pub(super) use check::hash;

/// How a file is loaded.
#[derive(Default)]
pub struct Options {
    /// `ivoa.obscore`, or another that has been prepared.
    pub table: Name,
    /// All extra columns of the table ([`super::extra_columns`]).
    pub extra: Vec<ExtraColumn>,
    /// Go on when rows are bad, and append them with their reasons to this
    /// CSV file.
    pub skip_bad: Option<PathBuf>,
    /// Told the rows and the bytes of the file read so far, now and then.
    pub progress: Option<Progress>,
}

/// Called with rows and bytes read.
pub type Progress = Box<dyn FnMut(u64, u64) + Send>;

/// What came of a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows stored.
    pub loaded: u64,
    /// Of these, the ones that were there already.
    pub replaced: u64,
    /// Bad rows left out.
    pub skipped: u64,
}

/// Why nothing of a file was stored.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Extra(#[from] ExtraError),
    #[error("{file} cannot be loaded: {error}")]
    Columns { file: String, error: LayoutError },
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    BadRows(#[from] BadRows),
    #[error("cannot write the rows left out to {file}: {reason}")]
    Rejects { file: String, reason: String },
    #[error(transparent)]
    Database(#[from] database::Error),
    /// A bug of ours: the thread that reads the file is gone.
    #[error("the reading of {file} ended without a word")]
    Lost { file: String },
}

/// The rows that cannot be stored.
#[derive(Debug)]
pub struct BadRows {
    pub file: String,
    /// Where and why, of the first ones.
    pub first: Vec<String>,
    pub total: u64,
}

/// As many bad rows are listed.
const LISTED: usize = 20;

impl std::error::Error for BadRows {}

impl fmt::Display for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.total == 1 { "row" } else { "rows" };
        write!(
            f,
            "{}: {} bad {rows}, nothing was stored",
            self.file, self.total
        )?;
        for reason in &self.first {
            write!(f, "\n  {reason}")?;
        }
        if self.total > self.first.len() as u64 {
            f.write_str("\n  …")?;
        }
        f.write_str("\nwith --skip-bad FILE the other rows are loaded, and these written to FILE")
    }
}

/// Loads one file. The table must have been prepared.
///
/// # Errors
/// Whatever is wrong with the file or the database; then nothing is changed.
pub async fn load(
    database: &Database,
    table: Table,
    mut options: Options,
) -> Result<Report, LoadError> {
    let file = table.name().to_owned();
    let columns = declared(&options.extra)?;
    let layout = Layout::new(table.columns(), &columns).map_err(|error| LoadError::Columns {
        file: file.clone(),
        error,
    })?;
    let mut rejects = match &options.skip_bad {
        Some(path) => Some(Rejects::open(path, &file, table.columns())?),
        None => None,
    };
    let mut transaction = database.begin().await?;
    // Two loads that both found the table empty would stand in each other's way.
    let into = options.table.clone();
    lock(&mut transaction, &into).await?;
    let place = Place::choose(&mut transaction, database, &into, &columns).await?;
    let empty = place == Place::Empty;
    let adding = coverage::kept::adding(&mut transaction, database, into.pair(), empty).await?;
    let drawn = adding.wants().then(|| Drawn::new(axes(&layout, &columns)));
    let change = change::number(&mut transaction, database).await?;
    let mut names: Vec<String> = layout.names().into_iter().map(str::to_owned).collect();
    names.push(CHANGE.to_owned());
    let mut checked = check::start(table, layout, change, drawn.clone());
    let mut intake = Intake {
        file: &file,
        seen: HashMap::new(),
        bad: Vec::new(),
        total_bad: 0,
        loaded: 0,
        repeated: false,
    };
    while let Some(chunk) = next(&mut checked, &file).await? {
        if let Some(progress) = &mut options.progress {
            progress(chunk.rows, chunk.bytes);
        }
        let batch = intake.take(chunk, rejects.as_mut())?;
        // Once the file is lost, only its other faults are of interest.
        let lost = rejects.is_none() && intake.total_bad > 0;
        if !lost && !batch.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            transaction
                .append(place.table(&into), &names, batch)
                .await?;
        }
    }
    if rejects.is_none() && intake.total_bad > 0 {
        return Err(intake.refused().into());
    }
    let replaced = place
        .finish(&mut transaction, database, &into, &names, &columns)
        .await?;
    if let Some(drawn) = drawn {
        // What was drawn of a row that came twice is not in the table.
        let exact = replaced == 0 && !intake.repeated;
        let mut extent = drawn.extent();
        adding
            .end(&mut transaction, into.pair(), &mut extent, exact)
            .await?;
    }
    if place == Place::Empty || intake.loaded >= ANALYZED {
        analyze(&mut transaction, database.target(), &into).await?;
        tap_schema::changed(&mut transaction).await?;
    }
    if let Some(rejects) = rejects {
        rejects.finish()?;
    }
    transaction.commit().await?;
    Ok(Report {
        loaded: intake.loaded,
        replaced,
        skipped: intake.total_bad,
    })
}

/// Loads of as many rows may change what the planner should know.
const ANALYZED: u64 = 10_000;

/// Where the cells of a row say what it covers.
fn axes(layout: &Layout, columns: &[Declared]) -> Axes {
    let names = layout.names().into_iter();
    let columns: Vec<Column> = names
        .map(|name| {
            let declared = columns.iter().find(|declared| declared.name() == name);
            let hidden = || Column::new(name, Type::Unknown);
            declared.map_or_else(hidden, |declared| declared.column.clone())
        })
        .collect();
    Axes::of(&columns)
}

async fn next(
    checked: &mut mpsc::Receiver<check::Pending>,
    file: &str,
) -> Result<Option<Checked>, LoadError> {
    let Some(pending) = checked.recv().await else {
        return Ok(None);
    };
    match pending.await {
        Ok(result) => Ok(Some(result?)),
        Err(_) => Err(LoadError::Lost {
            file: file.to_owned(),
        }),
    }
}

/// What has been seen of the file.
struct Intake<'a> {
    file: &'a str,
    /// Where each `obs_publisher_did` stood, by 128 bits of hash.
    seen: HashMap<u128, u64>,
    bad: Vec<String>,
    total_bad: u64,
    loaded: u64,
    /// A row had the identifier of an earlier one.
    repeated: bool,
}

impl Intake<'_> {
    /// The rows of a chunk that can be stored.
    fn take(
        &mut self,
        chunk: Checked,
        mut rejects: Option<&mut Rejects>,
    ) -> Result<Batch, LoadError> {
        let mut note = |bad: &Bad| -> Result<(), LoadError> {
            self.total_bad += 1;
            match rejects.as_mut() {
                Some(rejects) => rejects.write(bad)?,
                None if self.bad.len() < LISTED => self.bad.push(bad.to_string()),
                None => {}
            }
            Ok(())
        };
        for bad in &chunk.bad {
            note(bad)?;
        }
        let mut twice = Vec::new();
        for (row, good) in chunk.good.iter().enumerate() {
            match self.seen.entry(good.hash) {
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(good.place);
                }
                std::collections::hash_map::Entry::Occupied(entry) => {
                    twice.push(row);
                    let first = entry.get();
                    note(&chunk.repeated(row, *first))?;
                }
            }
        }
        self.loaded += (chunk.good.len() - twice.len()) as u64;
        self.repeated |= !twice.is_empty();
        if twice.is_empty() {
            return Ok(chunk.batch);
        }
        let mut batch = Batch::new(chunk.batch.wires());
        for row in (0..chunk.batch.len()).filter(|row| !twice.contains(row)) {
            chunk.batch.row(row).for_each(|cell| batch.push(cell));
        }
        Ok(batch)
    }

    fn refused(self) -> BadRows {
        BadRows {
            file: self.file.to_owned(),
            first: self.bad,
            total: self.total_bad,
        }
    }
}

/// Where rows go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The table itself, which has no rows; its indexes are made at the end.
    Empty,
    /// A scratch table, merged at the end.
    Scratch,
}

const SCRATCH: (&str, &str) = ("obstap", "loading");

/// When a row was last written.
const CHANGE: &str = "reg_change";

impl Place {
    async fn choose(
        transaction: &mut Transaction,
        database: &Database,
        table: &Name,
        columns: &[Declared],
    ) -> Result<Place, database::Error> {
        let target = database.target();
        if is_empty(transaction, target, table).await? {
            drop_indexes(transaction, target, table, columns).await?;
            // They would keep rows from arriving many at a time.
            drop_triggers(transaction, database, table).await?;
            return Ok(Place::Empty);
        }
        let sql = format!(
            "CREATE {} {{obstap.loading}} AS SELECT * FROM {} WHERE 1 = 0",
            target.scratch_table(),
            table.stored(target)
        );
        transaction.script(&sql).await?;
        Ok(Place::Scratch)
    }

    fn table(self, into: &Name) -> (&str, &str) {
        match self {
            Place::Empty => into.pair(),
            Place::Scratch => SCRATCH,
        }
    }

    /// Makes the rows part of the table; says how many were there before.
    async fn finish(
        self,
        transaction: &mut Transaction,
        database: &Database,
        table: &Name,
        given: &[String],
        columns: &[Declared],
    ) -> Result<u64, database::Error> {
        let target = database.target();
        if self == Place::Empty {
            cluster(transaction, target, table).await?;
            create_indexes(transaction, target, table, columns).await?;
            make_triggers(transaction, database, table).await?;
            return Ok(0);
        }
        let stored = table.stored(target);
        let id = columns::name::PUBLISHER_DID;
        let count = format!(
            "SELECT CAST(count(*) AS bigint) FROM {{obstap.loading}} AS n \
             JOIN {stored} AS o ON n.{id} = o.{id}"
        );
        let counted = transaction.fetch(&count, &[], &[Wire::Int8]).await?;
        let replaced = counted.cell(0, 0).and_then(|cell| cell.try_into().ok());
        let replaced = replaced.map_or(0, u64::from_be_bytes);
        let given: Vec<String> = given.iter().map(|name| quote(name)).collect();
        let given = given.join(", ");
        // What the file does not have is empty in the new row too; and it is
        // the file's from now on.
        let hidden = spatial::COLUMNS.iter().chain(&KEPT);
        let hidden = hidden.map(|&(name, _)| name);
        let all = columns.iter().map(Declared::name).chain(hidden);
        let set: Vec<String> = all
            .filter(|name| *name != id)
            .map(|name| format!("{0} = excluded.{0}", quote(name)))
            .collect();
        let merge = format!(
            "INSERT INTO {stored} ({given}) SELECT {given} FROM {{obstap.loading}} \
             WHERE 1 = 1 ON CONFLICT ({id}) DO UPDATE SET {}",
            set.join(", ")
        );
        transaction.execute(&merge, &[]).await?;
        transaction.script("DROP TABLE {obstap.loading}").await?;
        Ok(replaced)
    }
}
