//! A query stepped through on a blocking thread.

use std::sync::Arc;
use std::time::Instant;

use adql::{Column, Statement, Target, Value, Wire};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::{encode, errors, temporary};
use crate::database::rows::{FULL, Item, Outlet, PATIENCE};
use crate::database::{Batch, Error, Limits, Temporary};

/// Steps of SQLite's machine between two looks at the clock and the reader:
/// well below a millisecond.
const STEPS: i32 = 10_000;

/// One user's query.
pub(super) struct Job {
    pub statement: Statement,
    pub temporaries: Vec<Temporary>,
    pub target: Target,
    pub wires: Arc<[Wire]>,
    pub limits: Limits,
    pub deadline: Option<Instant>,
    pub runtime: Handle,
}

impl Job {
    /// Runs to the end of the rows, the deadline, or the reader's leaving.
    pub(super) fn run(
        &self,
        connection: &mut Connection,
        outlet: &mut Outlet,
    ) -> Result<(), Error> {
        let sender = outlet.sender();
        // A progress handler and not an interrupt: that would come from
        // another thread and could hit the connection's next query.
        let (watched, deadline) = (sender.clone(), self.deadline);
        let stop = move || watched.is_closed() || deadline.is_some_and(|end| Instant::now() >= end);
        connection
            .progress_handler(STEPS, Some(stop.clone()))
            .map_err(|error| errors::explain("watch a query", error))?;
        let result = match self.temporaries.is_empty() {
            true => self.send_rows(connection, outlet, &sender),
            false => temporary::with(connection, &self.temporaries, &self.target, &stop, || {
                self.send_rows(connection, outlet, &sender)
            }),
        };
        // Cannot fail where setting it did not.
        let _ = connection.progress_handler(0, None::<fn() -> bool>);
        result.map_err(|error| match error {
            Error::Cancelled if !sender.is_closed() => self.limits.timeout(),
            other => other,
        })
    }

    fn send_rows(
        &self,
        connection: &Connection,
        outlet: &mut Outlet,
        sender: &mpsc::Sender<Item>,
    ) -> Result<(), Error> {
        let mut query = connection
            .prepare(&self.statement.sql)
            .map_err(|error| errors::explain("prepare a query", error))?;
        let Statement {
            parameters,
            columns,
            ..
        } = &self.statement;
        let mut sent = Instant::now();
        let rest = rows(&mut query, parameters, &self.wires, columns, |batch| {
            if outlet.is_fresh() {
                outlet.accept();
            } else if batch.size() < FULL && sent.elapsed() < PATIENCE {
                return Ok(());
            }
            let full = std::mem::replace(batch, Batch::new(self.wires.clone()));
            self.send(sender, full)?;
            sent = Instant::now();
            Ok(())
        })?;
        match rest.is_empty() {
            true => Ok(()),
            false => self.send(sender, rest),
        }
    }

    /// Waits for room, no longer than the deadline.
    fn send(&self, sender: &mpsc::Sender<Item>, batch: Batch) -> Result<(), Error> {
        let sending = sender.send(Ok(Some(batch)));
        let sent = self.runtime.block_on(async {
            match self.deadline {
                None => Ok(sending.await),
                Some(deadline) => tokio::time::timeout_at(deadline.into(), sending).await,
            }
        });
        let sent = sent.map_err(|_| self.limits.timeout())?;
        sent.map_err(|_| Error::Cancelled)
    }
}

/// All rows of one of our own statements.
pub(super) fn fetch(
    connection: &Connection,
    sql: &str,
    values: &[Value],
    wires: &Arc<[Wire]>,
) -> Result<Batch, Error> {
    let mut statement = connection
        .prepare_cached(sql)
        .map_err(|error| errors::explain("prepare a statement of obstap", error))?;
    rows(&mut statement, values, wires, &[], |_| Ok(()))
}

/// Steps through a statement; `after_row` sees the batch after every row and
/// may take it.
fn rows(
    statement: &mut rusqlite::Statement<'_>,
    values: &[Value],
    wires: &Arc<[Wire]>,
    columns: &[Column],
    mut after_row: impl FnMut(&mut Batch) -> Result<(), Error>,
) -> Result<Batch, Error> {
    let width = statement.column_count();
    if width != wires.len() {
        let reason = format!("{width} columns where {} were announced", wires.len());
        return Err(Error::driver("read the answer of the database", reason));
    }
    encode::bind(statement, values)?;
    let mut batch = Batch::new(wires.clone());
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(|e| errors::explain("run a query", e))? {
        for (place, &wire) in wires.iter().enumerate() {
            let cell = row.get_ref(place);
            let cell = cell.map_err(|e| errors::explain("read a row", e))?;
            let name = columns.get(place).map_or("", |column| &column.name);
            encode::cell(&mut batch, cell, wire, name)?;
        }
        after_row(&mut batch)?;
    }
    Ok(batch)
}
