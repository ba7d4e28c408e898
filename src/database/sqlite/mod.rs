//! Embedded SQLite: one file, one connection that writes, several that read.
//!
//! WAL mode, so readers never wait for the writer nor it for them. All work
//! runs on blocking threads.

mod encode;
mod errors;
mod explain;
mod functions;
mod guest;
mod pool;
mod query;
mod temporary;
mod transaction;

pub(super) use guest::Guest;
pub(super) use transaction::Transaction;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adql::{Statement, Target, Value, Wire};
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Handle;

use super::plan::{self, Plan};
use super::rows::{self, Rows};
use super::{Batch, Error, Lane, Limits, Settings, Temporary, names};
use pool::Pool;

/// How long to wait for another process that writes to the same file.
const BUSY: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(super) struct Sqlite {
    target: Target,
    path: PathBuf,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    readers: Arc<Pool>,
    workers: Arc<Pool>,
    /// For our own short statements, so that they never queue behind users'.
    control: Arc<Pool>,
    /// Work is spawned where the database was opened, whoever asks.
    runtime: Handle,
}

impl Sqlite {
    pub(super) async fn open(settings: &Settings) -> Result<Sqlite, Error> {
        let path = path(&settings.url)?;
        Sqlite::open_file(path, settings.readers, settings.workers).await
    }

    /// Another database beside this one: "sky-jobs.sqlite" beside
    /// "sky.sqlite". It answers no queries of users.
    pub(super) async fn beside(&self, what: &str) -> Result<Sqlite, Error> {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let mut name = format!("{stem}-{what}");
        if let Some(extension) = self.path.extension() {
            name.push('.');
            name.push_str(&extension.to_string_lossy());
        }
        Sqlite::open_file(self.path.with_file_name(name), 1, 1).await
    }

    async fn open_file(path: PathBuf, readers: usize, workers: usize) -> Result<Sqlite, Error> {
        let runtime = Handle::current();
        let file = path.clone();
        let opening = runtime.spawn_blocking(move || {
            let writer = writer(&file)?;
            let read = |count: usize| {
                (0..count.max(1))
                    .map(|_| reader(&file))
                    .collect::<Result<Vec<_>, _>>()
            };
            Ok((writer, read(readers)?, read(workers)?, read(1)?))
        });
        let (writer, readers, workers, control) = joined(opening.await)??;
        Ok(Sqlite {
            target: Target::sqlite(),
            path,
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            readers: Pool::new(readers),
            workers: Pool::new(workers),
            control: Pool::new(control),
            runtime,
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn version(&self) -> String {
        format!("SQLite {}", rusqlite::version())
    }

    pub(super) fn pools(&self) -> Vec<super::Pool> {
        let pools = [
            ("readers", &self.readers),
            ("workers", &self.workers),
            ("control", &self.control),
        ];
        let mut told: Vec<super::Pool> = pools
            .map(|(name, pool)| {
                let (connections, in_use) = pool.use_now();
                super::Pool {
                    name,
                    connections,
                    in_use,
                }
            })
            .to_vec();
        told.push(super::Pool {
            name: "writers",
            connections: 1,
            in_use: usize::from(self.writer.try_lock().is_err()),
        });
        told
    }

    pub(super) async fn stream(
        &self,
        statement: &Statement,
        temporaries: Vec<Temporary>,
        limits: Limits,
    ) -> Result<Rows, Error> {
        let deadline = limits.time.map(|time| Instant::now() + time);
        let pool = match limits.lane {
            Lane::Waiting => &self.readers,
            Lane::Job => &self.workers,
        };
        let mut lease = limits.hold(pool.lease()).await?;
        let wires: Arc<[Wire]> = statement.columns.iter().map(|c| c.kind.wire()).collect();
        let (mut outlet, inlet) = rows::channel(wires.clone());
        let job = query::Job {
            statement: statement.clone(),
            temporaries,
            target: self.target.clone(),
            wires,
            limits,
            deadline,
            runtime: self.runtime.clone(),
        };
        self.runtime.spawn_blocking(move || {
            let result = lease.with(|connection| job.run(connection, &mut outlet));
            drop(lease);
            outlet.end(result);
        });
        inlet.rows().await
    }

    pub(super) async fn explain(&self, statement: &Statement) -> Result<String, Error> {
        let mut lease = self.control.lease().await?;
        let statement = statement.clone();
        let work = move || lease.with(|connection| explain::explain(connection, &statement));
        joined(self.runtime.spawn_blocking(work).await)?
    }

    pub(super) async fn plan(&self, statement: &Statement) -> Result<Option<Plan>, Error> {
        let mut lease = self.control.lease().await?;
        let form = plan::form(statement);
        let statement = statement.clone();
        let work = move || lease.with(|connection| explain::steps(connection, &statement));
        let steps = joined(self.runtime.spawn_blocking(work).await)??;
        Ok(Some(plan::sqlite(&steps, form)))
    }

    pub(super) async fn fetch(
        &self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, Error> {
        let mut lease = self.control.lease().await?;
        let (sql, values) = (names::expand(&self.target, sql), values.to_vec());
        let wires = wires.into();
        let work = move || lease.with(|it| query::fetch(it, &sql, &values, &wires));
        joined(self.runtime.spawn_blocking(work).await)?
    }

    pub(super) async fn exists(&self, table: (&str, &str)) -> Result<bool, Error> {
        let (sql, values) = exists(table);
        Ok(!self.fetch(sql, &values, &[Wire::Int4]).await?.is_empty())
    }

    /// The file itself, by device and inode: a copy has others.
    pub(super) async fn identity(&self) -> Result<String, Error> {
        use std::os::unix::fs::MetadataExt;
        let path = self.path.clone();
        let about = self
            .runtime
            .spawn_blocking(move || std::fs::metadata(&path));
        let about = joined(about.await)?
            .map_err(|error| Error::driver("look at the file of the database", error))?;
        Ok(format!("file {} {}", about.dev(), about.ino()))
    }

    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        let writer = self.writer.clone().lock_owned().await;
        Transaction::begin(writer, self.target.clone(), self.runtime.clone()).await
    }
}

/// A statement that answers a row if the table is there.
fn exists((schema, table): (&str, &str)) -> (&'static str, [Value; 1]) {
    (
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1",
        [Value::Text(format!("{schema}.{table}"))],
    )
}

/// The file meant by `sqlite:PATH` (also `sqlite:///PATH`).
fn path(url: &str) -> Result<PathBuf, Error> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = match path.strip_prefix("//") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        _ => path,
    };
    if path.is_empty() {
        return Err(Error::Unreachable(
            "the database URL names no file: write sqlite:PATH".to_owned(),
        ));
    }
    if path == ":memory:" || path.starts_with("file:") {
        return Err(Error::Unreachable(format!(
            "sqlite:{path} cannot be shared between connections: give the path of a file, sqlite:PATH"
        )));
    }
    let path = PathBuf::from(path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(Error::Unreachable(format!(
            "cannot open the database {}: there is no directory {}, make it first",
            path.display(),
            folder.display()
        )));
    }
    if path.is_dir() {
        return Err(Error::Unreachable(format!(
            "cannot open the database {}: it is a directory, name a file in it",
            path.display()
        )));
    }
    Ok(path)
}

fn writer(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // With WAL, synchronous=NORMAL keeps the file whole whatever happens and
    // every commit through a crash of the program; only a power cut may take
    // back the last commits, for an fsync less in each of them.
    let pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;";
    connect(path, flags, pragmas)
}

fn reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(path, flags, "PRAGMA query_only=ON;")
}

fn connect(path: &Path, flags: OpenFlags, pragmas: &str) -> Result<Connection, Error> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(64);
        // ADQL's LIKE heeds case (2.1 section 2.2.3; PostgreSQL's does
        // too), and then 'x%' can use an index.
        connection.execute_batch("PRAGMA case_sensitive_like=ON;")?;
        connection.execute_batch(pragmas)?;
        // Reads the first page: a file of another kind is noticed here.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        functions::register(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| errors::opening(path, error))
}

/// The result of a blocking task; it fails only if the task panicked or the
/// runtime is shutting down.
fn joined<T>(result: Result<T, tokio::task::JoinError>) -> Result<T, Error> {
    result.map_err(|error| match error.is_panic() {
        true => Error::driver("work on the database broke off", error),
        false => Error::Cancelled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file() {
        let check = |url: &str, expected: Result<&str, &str>| match (path(url), expected) {
            (Ok(path), Ok(expected)) => assert_eq!(path, Path::new(expected)),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (got, _) => panic!("{url}: {got:?}"),
        };
        check("sqlite:some.db", Ok("some.db"));
        check("sqlite:///some.db", Ok("/some.db"));
        check("sqlite:/some.db", Ok("/some.db"));
        check("sqlite:", Err("names no file"));
        check("sqlite::memory:", Err("cannot be shared"));
        check(
            "sqlite:/no/such/place/x.db",
            Err("no directory /no/such/place"),
        );
        check("sqlite:/", Err("it is a directory"));
    }
}
