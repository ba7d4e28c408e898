//! A query stepped through on a blocking thread.

use std::sync::Arc;
use std::time::Instant;

use adql::{Column, Value, Wire};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::{encode, errors};
use crate::database::rows::{FULL, Item, PATIENCE};
use crate::database::{Batch, Error, Limits};

/// Steps of SQLite's machine between two looks at the clock and the reader:
/// well below a millisecond.
const STEPS: i32 = 10_000;

/// One user's query with the way out for its rows.
pub(super) struct Job {
    pub sql: String,
    pub values: Vec<Value>,
    pub columns: Vec<Column>,
    pub wires: Arc<[Wire]>,
    pub limits: Limits,
    pub deadline: Option<Instant>,
    pub sender: mpsc::Sender<Item>,
    pub runtime: Handle,
}

impl Job {
    /// Runs to the end of the rows, the deadline, or the reader's leaving.
    /// `accepted` hears once there is a first row, an end, or an error.
    pub(super) fn run(
        &self,
        connection: &mut Connection,
        accepted: oneshot::Sender<Result<(), Error>>,
    ) -> Result<(), Error> {
        // A progress handler and not an interrupt: that would come from
        // another thread and could hit the connection's next query.
        let (watched, deadline) = (self.sender.clone(), self.deadline);
        let stop = move || watched.is_closed() || deadline.is_some_and(|end| Instant::now() >= end);
        let watching = connection.progress_handler(STEPS, Some(stop));
        let mut accepted = Some(accepted);
        let result = match watching {
            Ok(()) => self.send_rows(connection, &mut accepted),
            Err(error) => Err(errors::explain("watch a query", error)),
        };
        // Cannot fail where setting it did not.
        let _ = connection.progress_handler(0, None::<fn() -> bool>);
        let last = match result {
            Ok(batch) => {
                let rest = (!batch.is_empty()).then_some(batch);
                match rest.map_or(Ok(()), |batch| self.send(Ok(Some(batch)))) {
                    Ok(()) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(self.reason(error)),
        };
        match (accepted.take(), last) {
            (Some(accepted), Err(error)) => {
                let _ = accepted.send(Err(error));
            }
            (accepted, last) => {
                if let Some(accepted) = accepted {
                    let _ = accepted.send(Ok(()));
                }
                let _ = self.send(last);
            }
        }
        Ok(())
    }

    fn send_rows(
        &self,
        connection: &Connection,
        accepted: &mut Option<oneshot::Sender<Result<(), Error>>>,
    ) -> Result<Batch, Error> {
        let mut statement = connection
            .prepare(&self.sql)
            .map_err(|error| errors::explain("prepare a query", error))?;
        let mut sent = Instant::now();
        rows(
            &mut statement,
            &self.values,
            &self.wires,
            &self.columns,
            |batch| {
                if let Some(accepted) = accepted.take() {
                    let _ = accepted.send(Ok(()));
                } else if batch.size() < FULL && sent.elapsed() < PATIENCE {
                    return Ok(());
                }
                let full = std::mem::replace(batch, Batch::new(self.wires.clone()));
                self.send(Ok(Some(full)))?;
                sent = Instant::now();
                Ok(())
            },
        )
    }

    /// Waits for room, no longer than the deadline.
    fn send(&self, item: Item) -> Result<(), Error> {
        let sending = self.sender.send(item);
        let sent = match self.deadline {
            None => self.runtime.block_on(sending),
            Some(deadline) => {
                let sending = tokio::time::timeout_at(deadline.into(), sending);
                let sent = self.runtime.block_on(async { sending.await });
                sent.map_err(|_| self.limits.timeout())?
            }
        };
        sent.map_err(|_| Error::Cancelled)
    }

    /// Why a statement was stopped, if it was.
    fn reason(&self, error: Error) -> Error {
        match error {
            Error::Cancelled if !self.sender.is_closed() => self.limits.timeout(),
            other => other,
        }
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
