//! Going through a whole table: what is wrong in it, and the mending.

use std::collections::BTreeMap;

use adql::target::quote;

use super::judge::{Cause, Judged, judge};
use super::rows::{self, Windows};
use super::{Index, Indexed, side};
use crate::database::{Batch, Database, Error, Transaction};

/// What is done with a row whose cells are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is told.
    Look,
    /// It is told and mended.
    Mend,
    /// Rows without cells get them; no others are looked at.
    Build,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows looked at.
    pub rows: u64,
    /// Rows with something wrong.
    pub faulty: u64,
    /// Texts that say no region and positions that are not on the sky: no
    /// fault of the index, which does not have them.
    pub unreadable: u64,
    /// Rows with each fault; a row may have several.
    pub causes: BTreeMap<Cause, u64>,
    /// Rows whose cells were written.
    pub written: u64,
}

impl Tally {
    /// Adds what was found elsewhere.
    pub fn add(&mut self, other: &Tally) {
        self.rows += other.rows;
        self.faulty += other.faulty;
        self.unreadable += other.unreadable;
        self.written += other.written;
        for (cause, count) in &other.causes {
            *self.causes.entry(*cause).or_default() += count;
        }
    }

    fn note(&mut self, judged: &Judged) {
        self.rows += 1;
        self.unreadable += u64::from(judged.unreadable);
        self.faulty += u64::from(!judged.causes.is_empty());
        for cause in &judged.causes {
            *self.causes.entry(*cause).or_default() += 1;
        }
    }
}

/// Goes through a table, a few thousand rows in each transaction, so that
/// readers are never and writers hardly held up. `progress` is told the rows
/// looked at so far. What was done stays done if it is broken off.
///
/// # Errors
/// Those of the database.
pub async fn sweep(
    database: &Database,
    indexed: &Indexed,
    act: Act,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let mut windows = Windows::of(database, indexed);
    let key = quote(&indexed.index.searched());
    let only = match act {
        Act::Build => format!(" AND t.{key} IS NULL"),
        Act::Look | Act::Mend => String::new(),
    };
    let select = rows::select(database, indexed);
    let sql = format!("{select}{}{only}", windows.condition());
    if indexed.is_aside() {
        side::missing(database, indexed, act, &mut tally).await?;
    }
    let wires = rows::wires(&indexed.index);
    while let Some(values) = windows.next().await? {
        if act == Act::Look {
            let found = database.fetch(&sql, &values, &wires).await?;
            look(&indexed.index, &found, &mut tally);
        } else {
            let mut transaction = database.begin().await?;
            let lock = rows::lock(&mut transaction, database, indexed).await?;
            let sql = format!("{sql}{lock}");
            let found = transaction.fetch(&sql, &values, &wires).await?;
            let cells = look(&indexed.index, &found, &mut tally);
            tally.written += rows::write(&mut transaction, database, indexed, cells).await?;
            transaction.commit().await?;
        }
        progress(tally.rows);
    }
    Ok(tally)
}

/// Mends the rows of one answer to [`rows::select`].
pub(super) async fn mend(
    transaction: &mut Transaction,
    database: &Database,
    indexed: &Indexed,
    found: &Batch,
) -> Result<u64, Error> {
    let cells = look(&indexed.index, found, &mut Tally::default());
    rows::write(transaction, database, indexed, cells).await
}

/// Notes what is wrong, and gives the cells that would be right.
fn look(index: &Index, found: &Batch, tally: &mut Tally) -> Batch {
    let mut cells = rows::batch();
    for row in 0..found.len() {
        let judged = judge(index, found, row);
        tally.note(&judged);
        if !judged.causes.is_empty() {
            cells.push(Some(&judged.place));
            judged.right.push(&mut cells);
        }
    }
    cells
}
