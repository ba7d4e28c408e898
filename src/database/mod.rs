//! The only room that knows drivers: PostgreSQL (14 or later, no extension)
//! and embedded SQLite, behind one type.
//!
//! A [`Guest`] reads databases of others and cannot change them.
//!
//! Rows leave as bytes in one encoding ([`Batch`]); a query whose [`Rows`] are
//! dropped is stopped in the database. Statements of our own write
//! `{schema.table}` for a stored name and `$1` for a value, on both engines.
//!
//! Left out: SQL made from users' queries (`adql::target` prints it) and
//! tables made from configuration.
//!
//! Must not know: HTTP, ADQL's language, what the tables mean.

mod batch;
mod error;
mod guest;
mod migrate;
mod names;
mod plan;
mod postgres;
mod rows;
mod sqlite;
mod statistics;
mod temporary;
mod watch;

pub use batch::Batch;
pub use error::Error;
pub use guest::{Guest, Login, Part};
pub use migrate::now;
pub use plan::{Plan, form};
pub use rows::{Feed, Rows};
pub use statistics::Statistics;
pub use temporary::{Batches, Temporary};

use std::future::Future;
use std::time::Duration;

use adql::{Statement, Target, Value, Wire};

use postgres::Postgres;
use sqlite::Sqlite;

/// A database and its connections. Cloning shares them.
#[derive(Clone)]
pub struct Database {
    engine: Engine,
    version: String,
}

#[derive(Clone)]
enum Engine {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

/// Where the database is and how to treat it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:PATH` or `postgresql://…` / `postgres://…`.
    pub url: String,
    /// PostgreSQL: put before the names of our schemas.
    pub namespace: Option<String>,
    /// Connections that answer queries somebody waits for.
    pub readers: usize,
    /// Connections that answer the queries of jobs.
    pub workers: usize,
}

/// Connections for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// `readers`, `workers` (of jobs), `control` (our own short reads) or
    /// `writers`.
    pub name: &'static str,
    /// As many as there may be.
    pub connections: usize,
    pub in_use: usize,
}

/// What one query may use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// From the call until the last row has been taken.
    pub time: Option<Duration>,
    pub lane: Lane,
}

/// Which connections a query may use, so that neither kind waits behind the
/// other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer.
    #[default]
    Waiting,
    /// A job, which nobody waits for.
    Job,
}

impl Limits {
    fn timeout(self) -> Error {
        let seconds = self.time.unwrap_or_default().as_secs_f64();
        Error::Timeout(seconds.ceil() as u64)
    }

    /// Waits for `work` no longer than the limit.
    async fn hold<T>(self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match self.time {
            None => work.await,
            Some(time) => match tokio::time::timeout(time, work).await {
                Ok(result) => result,
                Err(_) => Err(self.timeout()),
            },
        }
    }
}

impl Database {
    /// Connects, and says in one line what is wrong if it cannot. Work is
    /// done on the runtime that calls this, whoever asks for it later.
    pub async fn open(settings: &Settings) -> Result<Database, Error> {
        let url = settings.url.as_str();
        let engine = if url.starts_with("sqlite:") {
            Engine::Sqlite(Sqlite::open(settings).await?)
        } else if url.starts_with("postgresql:") || url.starts_with("postgres:") {
            Engine::Postgres(Postgres::open(settings).await?)
        } else {
            return Err(Error::Unreachable(
                "the database URL must begin with sqlite: or postgresql:".to_owned(),
            ));
        };
        let version = match &engine {
            Engine::Postgres(postgres) => postgres.version(),
            Engine::Sqlite(sqlite) => sqlite.version(),
        };
        Ok(Database { engine, version })
    }

    /// The database that jobs are recorded in, where a long change of the
    /// archive's tables must not hold up a job: on PostgreSQL this one, on
    /// SQLite, which has one writer, a second file beside the first. Its
    /// connections are of its own and live on the runtime that calls this.
    /// `settings`: of this database.
    pub async fn for_jobs(&self, settings: &Settings) -> Result<Database, Error> {
        let settings = Settings {
            readers: 1,
            workers: 1,
            ..settings.clone()
        };
        match &self.engine {
            Engine::Postgres(_) => Database::open(&settings).await,
            Engine::Sqlite(sqlite) => {
                let sqlite = sqlite.beside("jobs").await?;
                let database = Database {
                    engine: Engine::Sqlite(sqlite),
                    version: self.version.clone(),
                };
                database.migrate().await?;
                Ok(database)
            }
        }
    }

    /// Whether several services may work on it at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// What ends a SELECT that is to pass over rows which another transaction
    /// is changing, and keep others from those it finds; nothing where only
    /// one transaction writes at a time.
    pub fn skip_locked(&self) -> &'static str {
        match &self.engine {
            Engine::Postgres(_) => "FOR UPDATE SKIP LOCKED",
            Engine::Sqlite(_) => "",
        }
    }

    /// Of two statements, the one in this engine's SQL.
    pub fn choose<'a>(&self, postgres: &'a str, sqlite: &'a str) -> &'a str {
        match &self.engine {
            Engine::Postgres(_) => postgres,
            Engine::Sqlite(_) => sqlite,
        }
    }

    pub fn target(&self) -> &Target {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.target(),
            Engine::Sqlite(sqlite) => sqlite.target(),
        }
    }

    /// How far the connections are in use.
    pub fn pools(&self) -> Vec<Pool> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.pools(),
            Engine::Sqlite(sqlite) => sqlite.pools(),
        }
    }

    /// "PostgreSQL 15.8" or "SQLite 3.54.1", for people.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Brings the fixed tables to this program's version, under a lock.
    /// Returns the names of the migrations it ran. Refuses a newer schema.
    pub async fn migrate(&self) -> Result<Vec<String>, Error> {
        migrate::migrate(self).await
    }

    /// Errors unless `migrate` has nothing to do.
    pub async fn check_migrated(&self) -> Result<(), Error> {
        migrate::check(self).await
    }

    /// Runs a query (read only); rows come as they are found. Returns once
    /// the database has accepted the statement, so that most errors are seen
    /// before any byte is sent.
    pub async fn stream(&self, statement: &Statement, limits: Limits) -> Result<Rows, Error> {
        self.stream_with(statement, Vec::new(), limits).await
    }

    /// The same, with tables that the statement alone can see: they are made
    /// before it begins and gone when it ends, however it ends.
    pub async fn stream_with(
        &self,
        statement: &Statement,
        temporaries: Vec<Temporary>,
        limits: Limits,
    ) -> Result<Rows, Error> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.stream(statement, temporaries, limits).await,
            Engine::Sqlite(sqlite) => sqlite.stream(statement, temporaries, limits).await,
        }
    }

    /// The engine's plan as text.
    pub async fn explain(&self, statement: &Statement) -> Result<String, Error> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.explain(statement).await,
            Engine::Sqlite(sqlite) => sqlite.explain(statement).await,
        }
    }

    /// What the query is expected to take; `None` where the engine does not
    /// say.
    pub async fn plan(&self, statement: &Statement) -> Result<Option<Plan>, Error> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.plan(statement).await,
            Engine::Sqlite(sqlite) => sqlite.plan(statement).await,
        }
    }

    /// Begins a transaction on the writing connection; dropped without
    /// `commit` it rolls back.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        let writing = match &self.engine {
            Engine::Postgres(postgres) => Writing::Postgres(Box::new(postgres.begin().await?)),
            Engine::Sqlite(sqlite) => Writing::Sqlite(sqlite.begin().await?),
        };
        Ok(Transaction {
            writing,
            failed: false,
        })
    }

    /// Rows of one of our own statements, whole. In `sql`, `{schema.table}`
    /// becomes the stored name; `$1`… are `values`.
    pub async fn fetch(&self, sql: &str, values: &[Value], wires: &[Wire]) -> Result<Batch, Error> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.fetch(sql, values, wires).await,
            Engine::Sqlite(sqlite) => sqlite.fetch(sql, values, wires).await,
        }
    }

    /// What tells this database from every other, a copy of it among them: a
    /// dump that has been restored elsewhere, a copied file.
    pub async fn identity(&self) -> Result<String, Error> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.identity().await,
            Engine::Sqlite(sqlite) => sqlite.identity().await,
        }
    }

    /// Whether a stored table exists.
    pub async fn exists(&self, table: (&str, &str)) -> Result<bool, Error> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.exists(table).await,
            Engine::Sqlite(sqlite) => sqlite.exists(table).await,
        }
    }
}

/// Changes that are made together or not at all. After an error the only
/// thing left to do is to drop it.
pub struct Transaction {
    writing: Writing,
    /// What PostgreSQL would no longer commit is not committed anywhere.
    failed: bool,
}

enum Writing {
    Postgres(Box<postgres::Transaction>),
    Sqlite(sqlite::Transaction),
}

impl Transaction {
    /// Runs one of our own statements; returns the number of rows changed.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.execute(sql, values).await,
            Writing::Sqlite(sqlite) => sqlite.execute(sql, values).await,
        };
        self.noted(result)
    }

    /// Runs a script of several statements without parameters.
    pub async fn script(&mut self, sql: &str) -> Result<(), Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.script(sql).await,
            Writing::Sqlite(sqlite) => sqlite.script(sql).await,
        };
        self.noted(result)
    }

    /// Rows of one of our own statements, as [`Database::fetch`], seeing the
    /// changes made so far.
    pub async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.fetch(sql, values, wires).await,
            Writing::Sqlite(sqlite) => sqlite.fetch(sql, values, wires).await,
        };
        self.noted(result)
    }

    /// Appends rows to `schema.table` (COPY BINARY on PostgreSQL, a prepared
    /// INSERT on SQLite). `columns` name the batch's cells. Rows of several
    /// calls with the same table arrive in the same COPY, so a row that the
    /// database refuses may be reported by a later call.
    pub async fn append(
        &mut self,
        table: (&str, &str),
        columns: &[&str],
        rows: Batch,
    ) -> Result<(), Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.append(table, columns, rows).await,
            Writing::Sqlite(sqlite) => sqlite.append(table, columns, rows).await,
        };
        self.noted(result)
    }

    /// Whether a stored table exists.
    pub async fn exists(&mut self, table: (&str, &str)) -> Result<bool, Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.exists(table).await,
            Writing::Sqlite(sqlite) => sqlite.exists(table).await,
        };
        self.noted(result)
    }

    /// Makes the changes last. Fails if an operation before has failed.
    pub async fn commit(self) -> Result<(), Error> {
        if self.failed {
            let reason = "an operation in the transaction has failed";
            return Err(Error::driver("could not commit a transaction", reason));
        }
        match self.writing {
            Writing::Postgres(postgres) => postgres.commit().await,
            Writing::Sqlite(sqlite) => sqlite.commit().await,
        }
    }

    fn noted<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.failed |= result.is_err();
        result
    }

    /// Keeps everybody who locks the same name out until the end of this
    /// transaction.
    pub async fn lock(&mut self, name: &str) -> Result<(), Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.lock(name).await,
            // Begun as BEGIN IMMEDIATE: nobody else writes.
            Writing::Sqlite(_) => Ok(()),
        };
        self.noted(result)
    }

    /// Keeps out whoever locks the same name with [`Transaction::lock`], and
    /// nobody who does as we do, until the end of this transaction.
    pub async fn lock_shared(&mut self, name: &str) -> Result<(), Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.lock_shared(name).await,
            // Begun as BEGIN IMMEDIATE: nobody else writes.
            Writing::Sqlite(_) => Ok(()),
        };
        self.noted(result)
    }

    /// Keeps every other migration out until the end of this transaction.
    async fn lock_migrations(&mut self) -> Result<(), Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.lock_migrations().await,
            // Begun as BEGIN IMMEDIATE: nobody else writes.
            Writing::Sqlite(_) => Ok(()),
        };
        self.noted(result)
    }

    /// Makes the schemas that are not there yet.
    pub async fn make_schemas(&mut self, schemas: &[&str]) -> Result<(), Error> {
        let result = match &mut self.writing {
            Writing::Postgres(postgres) => postgres.make_schemas(schemas).await,
            // The schema is a part of the table's name.
            Writing::Sqlite(_) => Ok(()),
        };
        self.noted(result)
    }

    /// Has every change of a stored table noted in `{obstap.coverage_changes}`
    /// from now on. Fails where we may not make triggers on it.
    pub async fn watch(&mut self, target: &Target, table: (&str, &str)) -> Result<(), Error> {
        let (schema, table) = table;
        let script = self.choose(
            watch::postgres as fn(&Target, &str, &str) -> String,
            watch::sqlite,
        )(target, schema, table);
        self.script(&script).await
    }

    /// Of two, the one for this engine.
    fn choose<T>(&self, postgres: T, sqlite: T) -> T {
        match &self.writing {
            Writing::Postgres(_) => postgres,
            Writing::Sqlite(_) => sqlite,
        }
    }
}
