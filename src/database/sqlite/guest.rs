//! A file of others. A Butler keeps a rollback journal, so a writer cannot
//! commit while anybody reads: every read is short, and no transaction lasts
//! longer than its statement.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adql::{Value, Wire};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use tokio::runtime::Handle;

use super::pool::Pool;
use super::{encode, errors, joined, path};
use crate::database::guest::Part;
use crate::database::{Batch, Error};

/// How often to look whether a writer is done, and how many times: for a
/// minute. SQLite's own waiting sleeps longer and longer, and misses the
/// moments that a busy writer leaves.
const LOOK: Duration = Duration::from_millis(3);
const LOOKS: i32 = 20_000;

/// After how long a read makes way for a writer.
const TURN: Duration = Duration::from_millis(20);

/// A read beyond this is told to the log.
const LONG: Duration = Duration::from_millis(50);

const CONNECTIONS: usize = 2;

#[derive(Clone)]
pub(in crate::database) struct Guest {
    path: Arc<Path>,
    pool: Arc<Pool>,
    runtime: Handle,
}

impl Guest {
    pub(in crate::database) async fn open(url: &str) -> Result<Guest, Error> {
        let path = path(url)?;
        let runtime = Handle::current();
        let file = path.clone();
        let opening = runtime.spawn_blocking(move || {
            let connections = (0..CONNECTIONS).map(|_| connect(&file));
            connections.collect::<Result<Vec<_>, _>>()
        });
        Ok(Guest {
            pool: Pool::new(joined(opening.await)??),
            path: path.into(),
            runtime,
        })
    }

    pub(in crate::database) fn version(&self) -> String {
        format!("SQLite {}", rusqlite::version())
    }

    pub(in crate::database) async fn read(
        &self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
        may_cut: bool,
    ) -> Result<Part, Error> {
        let mut lease = self.pool.lease().await?;
        let (sql, values, wires) = (sql.to_owned(), values.to_vec(), wires.to_vec());
        let path = self.path.clone();
        let work = move || {
            lease.with(|connection| {
                let started = Instant::now();
                let read = read(connection, &sql, &values, &wires, may_cut);
                if started.elapsed() > LONG {
                    let milliseconds = started.elapsed().as_millis() as u64;
                    tracing::debug!(milliseconds, sql, "a long read of a file of others");
                }
                read.map_err(|error| match error {
                    Failure::Sqlite(error) => explain(&path, error),
                    Failure::Ours(error) => error,
                })
            })
        };
        joined(self.runtime.spawn_blocking(work).await)?
    }
}

enum Failure {
    Sqlite(rusqlite::Error),
    Ours(Error),
}

fn read(
    connection: &Connection,
    sql: &str,
    values: &[Value],
    wires: &[Wire],
    may_cut: bool,
) -> Result<Part, Failure> {
    let mut statement = connection.prepare_cached(sql).map_err(Failure::Sqlite)?;
    let width = statement.column_count();
    if width != wires.len() {
        let reason = format!("{width} columns where {} were announced", wires.len());
        let error = Error::driver("read the answer of the database", reason);
        return Err(Failure::Ours(error));
    }
    encode::bind(&mut statement, values).map_err(Failure::Ours)?;
    let mut batch = Batch::new(wires);
    let mut rows = statement.raw_query();
    let mut started = None;
    while let Some(row) = rows.next().map_err(Failure::Sqlite)? {
        // The lock is held from the first row on, not while a writer had it.
        let started = started.get_or_insert_with(Instant::now);
        for (place, &wire) in wires.iter().enumerate() {
            let cell = row.get_ref(place).map_err(Failure::Sqlite)?;
            encode::cell(&mut batch, cell, wire, sql).map_err(Failure::Ours)?;
        }
        if may_cut && started.elapsed() >= TURN {
            return Ok(Part {
                rows: batch,
                cut: true,
            });
        }
    }
    Ok(Part {
        rows: batch,
        cut: false,
    })
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_handler(Some(|looks| {
            std::thread::sleep(LOOK);
            looks < LOOKS
        }))?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.execute_batch("PRAGMA query_only=ON; PRAGMA cache_size=-32000;")?;
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok((connection, mode))
    };
    let (connection, mode) = open().map_err(|error| explain(path, error))?;
    if mode == "wal" {
        // Reading it would make files beside it.
        return Err(Error::Unreachable(format!(
            "{} is in WAL mode, in which it cannot be read without writing: bring it back with PRAGMA journal_mode=DELETE",
            path.display()
        )));
    }
    Ok(connection)
}

/// An error met with the file at `path`.
fn explain(path: &Path, error: rusqlite::Error) -> Error {
    let place = PathBuf::from(path);
    let place = place.display();
    let extended = error.sqlite_error().map(|it| it.extended_code);
    if extended == Some(ffi::SQLITE_READONLY_ROLLBACK) {
        return Error::Unreachable(format!(
            "{place} was left in the middle of a change: open it once with the programs it belongs to"
        ));
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Unreachable(format!(
            "{place} is locked: another program has been writing to it for too long"
        )),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            Error::Unreachable(format!(
                "cannot open the database {place}: check that it is there and may be read"
            ))
        }
        Some(ErrorCode::NotADatabase) => errors::opening(path, error),
        _ => errors::explain("read a database of others", error),
    }
}
