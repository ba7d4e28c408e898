//! The only room that knows drivers: PostgreSQL (14 or later, no extension)
//! and embedded SQLite, behind one type.
//!
//! Must not know: HTTP, ADQL's language, what the tables mean.

mod batch;
mod error;

pub use batch::Batch;
pub use error::Error;

use adql::{Statement, Target, Value, Wire};

/// SKELETON, the seam other rooms compile against.
#[derive(Clone)]
pub struct Database {}

/// Where the database is and how to treat it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:PATH` or `postgresql://…` / `postgres://…`.
    pub url: String,
    /// PostgreSQL: put before the names of our schemas.
    pub namespace: Option<String>,
    /// Connections that answer queries.
    pub readers: usize,
}

/// What one query may use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    pub time: Option<std::time::Duration>,
}

impl Database {
    /// Connects, and says in one line what is wrong if it cannot.
    pub async fn open(_settings: &Settings) -> Result<Database, Error> {
        todo!()
    }

    pub fn target(&self) -> &Target {
        todo!()
    }

    /// "PostgreSQL 15.8" or "SQLite 3.54.1", for people.
    pub fn version(&self) -> &str {
        todo!()
    }

    /// Brings the fixed tables to this program's version, under a lock.
    /// Returns the names of the migrations it ran. Refuses a newer schema.
    pub async fn migrate(&self) -> Result<Vec<String>, Error> {
        todo!()
    }

    /// Errors unless `migrate` has nothing to do.
    pub async fn check_migrated(&self) -> Result<(), Error> {
        todo!()
    }

    /// Runs a query (read only); rows come as they are found. Returns once
    /// the database has accepted the statement, so that most errors are seen
    /// before any byte is sent.
    pub async fn stream(&self, _statement: &Statement, _limits: Limits) -> Result<Rows, Error> {
        todo!()
    }

    /// The engine's plan as text.
    pub async fn explain(&self, _statement: &Statement) -> Result<String, Error> {
        todo!()
    }

    /// Begins a transaction on the writing connection; dropped without
    /// `commit` it rolls back.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        todo!()
    }

    /// Rows of one of our own statements, whole. In `sql`, `{schema.table}`
    /// becomes the stored name; `$1`… are `values`.
    pub async fn fetch(
        &self,
        _sql: &str,
        _values: &[Value],
        _wires: &[Wire],
    ) -> Result<Batch, Error> {
        todo!()
    }
}

/// The rows of a query, batch by batch. Dropping it cancels the query in the
/// database.
pub struct Rows {}

impl Rows {
    pub fn wires(&self) -> &[Wire] {
        todo!()
    }

    /// The next rows; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Batch>, Error> {
        todo!()
    }
}

pub struct Transaction {}

impl Transaction {
    /// Runs one of our own statements; returns the number of rows changed.
    pub async fn execute(&mut self, _sql: &str, _values: &[Value]) -> Result<u64, Error> {
        todo!()
    }

    /// Runs a script of several statements without parameters.
    pub async fn script(&mut self, _sql: &str) -> Result<(), Error> {
        todo!()
    }

    pub async fn fetch(
        &mut self,
        _sql: &str,
        _values: &[Value],
        _wires: &[Wire],
    ) -> Result<Batch, Error> {
        todo!()
    }

    /// Appends rows to `schema.table` (COPY BINARY on PostgreSQL, a prepared
    /// INSERT on SQLite). `columns` name the batch's cells. Rows of several
    /// calls with the same table arrive in the same COPY.
    pub async fn append(
        &mut self,
        _table: (&str, &str),
        _columns: &[&str],
        _rows: Batch,
    ) -> Result<(), Error> {
        todo!()
    }

    /// Whether a stored table exists.
    pub async fn exists(&mut self, _table: (&str, &str)) -> Result<bool, Error> {
        todo!()
    }

    pub async fn commit(self) -> Result<(), Error> {
        todo!()
    }
}
