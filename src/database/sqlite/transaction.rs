//! A transaction on the one connection that writes.

use adql::{Target, Value, Wire};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;

use super::{encode, errors, joined, query};
use crate::database::{Batch, Error, names};

pub(in crate::database) struct Transaction {
    /// Away only while an operation runs, or after one was given up half-way.
    session: Option<Session>,
    target: Target,
    runtime: Handle,
}

/// The writing connection inside a transaction. Dropped, it rolls back,
/// wherever it then is.
struct Session(OwnedMutexGuard<Connection>);

impl Drop for Session {
    fn drop(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "cannot roll back a transaction");
        }
    }
}

impl Transaction {
    pub(super) async fn begin(
        writer: OwnedMutexGuard<Connection>,
        target: Target,
        runtime: Handle,
    ) -> Result<Transaction, Error> {
        let mut transaction = Transaction {
            session: Some(Session(writer)),
            target,
            runtime,
        };
        // The write lock at once: a lock asked for later may fail when all
        // the work is done.
        let begin = |connection: &Connection| {
            let done = connection.execute_batch("BEGIN IMMEDIATE");
            done.map_err(|error| errors::explain("begin a transaction", error))
        };
        transaction.work(begin).await?;
        Ok(transaction)
    }

    async fn work<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let session = self.session.take().ok_or(Error::Cancelled)?;
        let task = self.runtime.spawn_blocking(move || {
            let result = work(&session.0);
            (session, result)
        });
        let (session, result) = joined(task.await)?;
        self.session = Some(session);
        result
    }

    pub(in crate::database) async fn execute(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<u64, Error> {
        let (sql, values) = (names::expand(&self.target, sql), values.to_vec());
        self.work(move |connection| {
            let attempt = |error| errors::explain("run a statement of obstap", error);
            let mut statement = connection.prepare_cached(&sql).map_err(attempt)?;
            encode::bind(&mut statement, &values)?;
            let changed = match statement.column_count() {
                0 => statement.raw_execute().map_err(attempt)?,
                // A statement that answers rows: they are not wanted here.
                _ => {
                    let mut rows = statement.raw_query();
                    let mut count = 0;
                    while rows.next().map_err(attempt)?.is_some() {
                        count += 1;
                    }
                    count
                }
            };
            Ok(changed as u64)
        })
        .await
    }

    pub(in crate::database) async fn script(&mut self, sql: &str) -> Result<(), Error> {
        let sql = names::expand(&self.target, sql);
        self.work(move |connection| {
            let done = connection.execute_batch(&sql);
            done.map_err(|error| errors::explain("run a script of obstap", error))
        })
        .await
    }

    pub(in crate::database) async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, Error> {
        let (sql, values) = (names::expand(&self.target, sql), values.to_vec());
        let wires = wires.into();
        self.work(move |connection| query::fetch(connection, &sql, &values, &wires))
            .await
    }

    pub(in crate::database) async fn append(
        &mut self,
        table: (&str, &str),
        columns: &[&str],
        rows: Batch,
    ) -> Result<(), Error> {
        let sql = encode::insertion(&self.target.stored(table.0, table.1), columns);
        let attempt = format!("add rows to {}.{}", table.0, table.1);
        self.work(move |connection| encode::insert(connection, &sql, &rows, &attempt))
            .await
    }

    pub(in crate::database) async fn exists(&mut self, table: (&str, &str)) -> Result<bool, Error> {
        let (sql, values) = super::exists(table);
        Ok(!self.fetch(sql, &values, &[Wire::Int4]).await?.is_empty())
    }

    pub(in crate::database) async fn commit(mut self) -> Result<(), Error> {
        self.work(|connection| {
            let done = connection.execute_batch("COMMIT");
            done.map_err(|error| errors::explain("commit a transaction", error))
        })
        .await
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            // Rolling back a large transaction takes time.
            self.runtime.spawn_blocking(move || drop(session));
        }
    }
}
