//! Whether a table is what its registries say; and made so where it is not.

use std::collections::BTreeMap;

use adql::Wire;
use uuid::Uuid;

use super::super::{Declared, Name, columns::declared, kept, table};
use super::compare::{Cause, Difference, Tally, compare};
use super::read::{self, Reader};
use super::sweep::Sweep;
use super::{Manager, ManagerError, write};
use crate::config::ExtraColumn;
use crate::database::{Database, Error};
use crate::tap_schema;

/// What a table is found to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Datasets and rows that were looked at.
    pub looked: u64,
    /// Rows of registries in the table.
    pub rows: u64,
    pub causes: BTreeMap<Cause, u64>,
    /// All that is wrong with rows.
    pub differences: Vec<Difference>,
    /// What is wrong with the table itself.
    pub faults: Vec<String>,
    /// Datasets that cannot be described, and the reasons of the first ones.
    pub rejected: u64,
    pub reasons: Vec<(Uuid, String)>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.causes.is_empty()
    }

    /// Everything that is wrong, counted.
    pub fn faulty(&self) -> u64 {
        self.causes.values().sum()
    }

    fn count(&mut self) {
        self.causes.clear();
        for difference in &self.differences {
            *self.causes.entry(difference.cause).or_default() += 1;
        }
        if !self.faults.is_empty() {
            let faults = self.faults.len() as u64;
            self.causes.insert(Cause::Configuration, faults);
        }
    }
}

/// Reasons that are told.
const LISTED: usize = 20;

/// Compares a table with all registries that feed it (`managers`: one for each),
/// and itself with what it should be. What looks wrong is looked at twice, since
/// rows may be written meanwhile. Nothing is locked or changed.
///
/// # Errors
/// Those of the registries and of the database.
pub async fn verify(
    database: &Database,
    table: &Name,
    managers: &[Manager],
    settings: &[ExtraColumn],
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Report, ManagerError> {
    let mut report = Report::default();
    let extra = kept::extra(database, table, settings).await?;
    report.faults = faults(database, table, &declared(&extra)?).await?;
    if report.faults.is_empty() {
        for manager in managers {
            rows(manager, &mut report, progress).await?;
        }
        report.differences.extend(foreign(database, table).await?);
        reasons(database, table, &mut report).await?;
    }
    report.count();
    Ok(report)
}

async fn rows(
    manager: &Manager,
    report: &mut Report,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), ManagerError> {
    let mut sweep = Sweep::begin();
    let mut suspects: Vec<Uuid> = Vec::new();
    let before = report.looked;
    while let Some(found) = sweep.step(manager).await? {
        suspects.extend(found.iter().filter_map(|it| it.id));
        progress(before + sweep.looked);
    }
    for ids in suspects.chunks(1_000) {
        report.differences.extend(manager.look(ids).await?);
    }
    report.looked += sweep.looked;
    report.rows += sweep.rows;
    Ok(())
}

impl Manager {
    /// What is wrong with the rows of these, without a lock.
    async fn look(&self, ids: &[Uuid]) -> Result<Vec<Difference>, ManagerError> {
        let datasets = self.source.find(ids).await?;
        let unwanted = self.unwanted(&datasets).await?;
        let mut reader = Reader::Database(&self.database);
        let (database, line) = (&self.database, &self.line);
        let compared = compare(&mut reader, database, line, ids, &datasets, &unwanted).await?;
        Ok(compared.differences)
    }
}

/// What is wrong with the table itself and with what TAP_SCHEMA says of it.
async fn faults(
    database: &Database,
    name: &Name,
    columns: &[Declared],
) -> Result<Vec<String>, ManagerError> {
    let mut faults = Vec::new();
    if !table::is_as_declared(database, name, columns).await? {
        faults.push(format!(
            "{name} was made for other settings or configurations: obstap obscore apply makes \
             it follow them"
        ));
    }
    for declared in columns {
        if !has_column(database, name, declared.name()).await? {
            faults.push(format!("{name} has no column {}", declared.name()));
        }
    }
    let catalog = tap_schema::load(database).await?;
    let published = super::super::published(name, columns);
    let tables = catalog.find(Some(name.schema()), name.table());
    match tables.first() {
        None => faults.push(format!("TAP_SCHEMA does not have {name}")),
        Some(known) => {
            for wanted in &published.columns {
                let wanted = &wanted.column;
                let found = known.columns.iter().find(|it| it.name == wanted.name);
                match found {
                    None => faults.push(format!(
                        "TAP_SCHEMA does not have the column {} of {name}",
                        wanted.name
                    )),
                    Some(found) if found != wanted => faults.push(format!(
                        "TAP_SCHEMA says something else of the column {} of {name}",
                        wanted.name
                    )),
                    Some(_) => {}
                }
            }
        }
    }
    Ok(faults)
}

async fn has_column(database: &Database, name: &Name, column: &str) -> Result<bool, Error> {
    let (sql, values) = table::column_named(database, name, column);
    Ok(!database
        .fetch(&sql, &values, &[Wire::Int4])
        .await?
        .is_empty())
}

/// Rows that say they are of a registry and are of none that feeds the table.
const FOREIGN: &str = "(reg_source IS NOT NULL AND (reg_id IS NULL OR length(reg_id) <> 16 \
     OR reg_source NOT IN (SELECT repository FROM {obstap.mappings} \
     WHERE schema_name = $1 AND table_name = $2))) \
     OR (reg_source IS NULL AND reg_id IS NOT NULL)";

async fn foreign(database: &Database, table: &Name) -> Result<Vec<Difference>, Error> {
    let sql = format!(
        "SELECT obs_publisher_did FROM {} WHERE {FOREIGN}",
        table.stored(database.target())
    );
    let rows = database.fetch(&sql, &table.values(), &[Wire::Text]).await?;
    let difference = |row| Difference {
        id: None,
        publisher_did: read::text(&rows, row, 0),
        cause: Cause::Foreign,
        columns: Vec::new(),
    };
    Ok((0..rows.len()).map(difference).collect())
}

async fn reasons(database: &Database, table: &Name, report: &mut Report) -> Result<(), Error> {
    let ours = "schema_name = $1 AND table_name = $2";
    let sql = format!("SELECT CAST(count(*) AS bigint) FROM {{obstap.rejected}} WHERE {ours}");
    let counted = database.fetch(&sql, &table.values(), &[Wire::Int8]).await?;
    report.rejected = read::count(&counted);
    let sql = format!(
        "SELECT reg_id, reason FROM {{obstap.rejected}} WHERE {ours} ORDER BY reg_id LIMIT {LISTED}"
    );
    let wires = [Wire::Bytes, Wire::Text];
    let rows = database.fetch(&sql, &table.values(), &wires).await?;
    report.reasons = (0..rows.len())
        .filter_map(|row| Some((read::id(&rows, row, 0)?, read::text(&rows, row, 1))))
        .collect();
    Ok(())
}

/// Makes right exactly what a report says is wrong.
///
/// # Errors
/// Those of the registries and of the database; what was mended until then is.
pub async fn repair(
    database: &Database,
    table: &Name,
    managers: &[Manager],
    report: &Report,
    settings: &[ExtraColumn],
) -> Result<Tally, ManagerError> {
    let mut tally = Tally::default();
    if !report.faults.is_empty() {
        let extra = kept::extra(database, table, settings).await?;
        table::mend(database, table, &declared(&extra)?).await?;
        tally.changed += report.faults.len() as u64;
        return Ok(tally);
    }
    let ids: Vec<Uuid> = report.differences.iter().filter_map(|it| it.id).collect();
    for manager in managers {
        for ids in ids.chunks(1_000) {
            tally.add(&manager.settle(ids).await?);
        }
    }
    let foreign = |it: &&Difference| it.cause == Cause::Foreign;
    if report.differences.iter().any(|it| foreign(&it)) {
        let mut transaction = database.begin().await?;
        let values = table.values();
        tally.removed +=
            write::remove_where(&mut transaction, database, table, FOREIGN, &values).await?;
        transaction.commit().await?;
    }
    Ok(tally)
}
