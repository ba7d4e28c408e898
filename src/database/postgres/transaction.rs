//! A transaction on a connection of its own.

use adql::{Target, Value, Wire, target};
use deadpool_postgres::Object;

use super::copy::Copy;
use super::{Door, TRIES, discard, errors, exists, query, values};
use crate::database::{Batch, Error, names};

/// Taken by every `migrate` in the database ("obstap" in ASCII).
const MIGRATING: i64 = 0x6f62_7374_6170;

pub(in crate::database) struct Transaction {
    /// Away only after the end.
    client: Option<Object>,
    door: Door,
    target: Target,
    copy: Option<Copy>,
    /// An operation has begun and not come back.
    busy: bool,
}

impl Transaction {
    pub(super) async fn begin(door: &Door, target: Target) -> Result<Transaction, Error> {
        let mut tries = 1;
        loop {
            let client = door.client().await?;
            let mut transaction = Transaction {
                client: Some(client),
                door: door.clone(),
                target: target.clone(),
                copy: None,
                busy: true,
            };
            match transaction.client()?.batch_execute("BEGIN").await {
                Ok(()) => {
                    transaction.busy = false;
                    return Ok(transaction);
                }
                Err(error) => {
                    if let Some(client) = transaction.client.take() {
                        discard(client);
                    }
                    if tries == TRIES || !errors::is_lost(&error) {
                        return Err(errors::explain("begin a transaction", error));
                    }
                    tries += 1;
                }
            }
        }
    }

    fn client(&self) -> Result<&Object, Error> {
        self.client.as_ref().ok_or(Error::Cancelled)
    }

    /// Ends a COPY that still takes rows; then the connection is free.
    async fn settle(&mut self) -> Result<(), Error> {
        match self.copy.take() {
            Some(copy) => copy.finish().await,
            None => Ok(()),
        }
    }

    pub(in crate::database) async fn execute(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<u64, Error> {
        self.busy = true;
        self.settle().await?;
        let attempt = |error| errors::explain("run a statement of obstap", error);
        let sql = names::expand(&self.target, sql);
        let client = self.client()?;
        let statement = client.prepare_cached(&sql).await.map_err(attempt)?;
        let values = values.iter().map(values::Parameter);
        let changed = client.execute_raw(&statement, values).await;
        let changed = changed.map_err(attempt)?;
        self.busy = false;
        Ok(changed)
    }

    pub(in crate::database) async fn script(&mut self, sql: &str) -> Result<(), Error> {
        self.busy = true;
        self.settle().await?;
        let sql = names::expand(&self.target, sql);
        let done = self.client()?.batch_execute(&sql).await;
        done.map_err(|error| errors::explain("run a script of obstap", error))?;
        self.busy = false;
        Ok(())
    }

    pub(in crate::database) async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, Error> {
        self.busy = true;
        self.settle().await?;
        let sql = names::expand(&self.target, sql);
        let batch = query::fetch(self.client()?, &sql, values, wires).await?;
        self.busy = false;
        Ok(batch)
    }

    pub(in crate::database) async fn append(
        &mut self,
        (schema, table): (&str, &str),
        columns: &[&str],
        rows: Batch,
    ) -> Result<(), Error> {
        self.busy = true;
        let columns: Vec<String> = columns.iter().map(|name| target::quote(name)).collect();
        let sql = format!(
            "COPY {} ({}) FROM STDIN BINARY",
            self.target.stored(schema, table),
            columns.join(", ")
        );
        if !self.copy.as_ref().is_some_and(|copy| copy.is(&sql)) {
            self.settle().await?;
            let table = format!("{schema}.{table}");
            self.copy = Some(Copy::start(self.client()?, sql, table).await?);
        }
        if let Some(copy) = &mut self.copy {
            copy.append(&rows).await?;
        }
        self.busy = false;
        Ok(())
    }

    pub(in crate::database) async fn exists(&mut self, table: (&str, &str)) -> Result<bool, Error> {
        let (sql, values) = exists(&self.target, table);
        Ok(!self.fetch(sql, &values, &[Wire::Int4]).await?.is_empty())
    }

    pub(in crate::database) async fn commit(mut self) -> Result<(), Error> {
        self.busy = true;
        self.settle().await?;
        let done = self.client()?.batch_execute("COMMIT").await;
        done.map_err(|error| errors::explain("commit a transaction", error))?;
        // Back to the pool; nothing is left to roll back.
        self.client = None;
        Ok(())
    }

    /// Waits until no other transaction migrates, and keeps others out.
    pub(in crate::database) async fn lock_migrations(&mut self) -> Result<(), Error> {
        let sql = "SELECT pg_catalog.pg_advisory_xact_lock($1)";
        self.execute(sql, &[Value::BigInt(MIGRATING)]).await?;
        Ok(())
    }

    /// Keeps out everybody who locks the same name until the end.
    pub(in crate::database) async fn lock(&mut self, name: &str) -> Result<(), Error> {
        let sql = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))";
        self.locked(sql, name).await
    }

    /// Keeps out everybody who locks the same name alone until the end.
    pub(in crate::database) async fn lock_shared(&mut self, name: &str) -> Result<(), Error> {
        let sql =
            "SELECT pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended($1, 0))";
        self.locked(sql, name).await
    }

    async fn locked(&mut self, sql: &str, name: &str) -> Result<(), Error> {
        // Other namespaces in this database are other services.
        let name = format!("{}.{name}", self.target.schema("obstap"));
        self.execute(sql, &[Value::Text(name)]).await?;
        Ok(())
    }

    /// Makes the schemas that are not there yet. `IF NOT EXISTS` will not do:
    /// it wants the right to make schemas even where there is nothing to make.
    pub(in crate::database) async fn make_schemas(
        &mut self,
        schemas: &[&str],
    ) -> Result<(), Error> {
        for schema in schemas {
            let stored = self.target.schema(schema);
            let sql = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
            let name = [Value::Text(stored.clone())];
            if !self.fetch(sql, &name, &[Wire::Int4]).await?.is_empty() {
                continue;
            }
            match self.script(&format!("CREATE SCHEMA {{{schema}}}")).await {
                Err(Error::Unreachable(_)) => {
                    let place = &self.door.place;
                    return Err(Error::Unreachable(format!(
                        "cannot make the schema \"{stored}\" in {place}: GRANT CREATE ON DATABASE to \
                         the user, or make the schema for it (CREATE SCHEMA … AUTHORIZATION …)"
                    )));
                }
                made => made?,
            }
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let (copy, door, busy) = (self.copy.take(), self.door.clone(), self.busy);
        let Some(client) = self.client.take() else {
            return;
        };
        self.door.runtime.spawn(async move {
            drop(copy);
            if busy {
                // Whatever was under way is not waited for.
                let token = client.cancel_token();
                let _ = token.cancel_query(door.tls.clone()).await;
            }
            let rolled_back = match client.batch_execute("ROLLBACK").await {
                // A cancel that came late hit the first one.
                Err(error) if error.code().is_some() => client.batch_execute("ROLLBACK").await,
                result => result,
            };
            if rolled_back.is_err() {
                discard(client);
            }
        });
    }
}
