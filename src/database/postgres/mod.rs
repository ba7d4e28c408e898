//! PostgreSQL 14 or later, as it comes: no extension, no superuser.
//!
//! Five pools: users' queries and those of jobs (both read only), their plans, our
//! own short reads (so that they never queue behind downloads), and changes.

mod address;
mod cells;
mod copy;
mod errors;
mod guest;
mod pgpass;
mod query;
mod temporary;
mod tls;
mod transaction;
mod values;

pub(super) use guest::Guest;
pub(super) use transaction::Transaction;

use std::sync::Arc;
use std::time::{Duration, Instant};

use adql::{Statement, Target, Value, Wire};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use tokio::runtime::Handle;
use tokio_postgres::{CancelToken, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::plan::{self, Plan};
use super::rows::{self, Rows};
use super::{Batch, Error, Lane, Limits, Settings, Temporary, names};

/// Connections for our own short reads, and for changes.
const CONTROL: usize = 4;
const WRITERS: usize = 4;

/// Connections for plans: on a busy server each waits for its turn, though it
/// does little.
const PLANNERS: usize = 6;

/// Milliseconds after which planning is given up.
const PLANNING: &str = "-c statement_timeout=2000";

/// How long to try a host before the next one.
const CONNECT: Duration = Duration::from_secs(10);

/// Connections tried before a server is called unreachable: a pool may hold
/// some that a restart of the server broke.
const TRIES: usize = 3;

/// What every session is set to. A plan is made with the values it is run
/// with, since the spatial index is useless without; jit costs more than it
/// gives here.
const SESSION: &str = "-c jit=off -c plan_cache_mode=force_custom_plan -c TimeZone=UTC \
                       -c DateStyle=ISO -c standard_conforming_strings=on \
                       -c client_min_messages=warning";
const READ_ONLY: &str = "-c default_transaction_read_only=on";

#[derive(Clone)]
pub(super) struct Postgres {
    target: Target,
    read: Door,
    work: Door,
    plan: Door,
    control: Door,
    write: Door,
    version: String,
}

/// A pool and what is needed around it.
#[derive(Clone)]
struct Door {
    pool: Pool,
    place: Arc<str>,
    tls: MakeRustlsConnect,
    /// Connections live where the database was opened, whoever asks.
    runtime: Handle,
}

impl Postgres {
    pub(super) async fn open(settings: &Settings) -> Result<Postgres, Error> {
        if let Some(namespace) = &settings.namespace {
            check_namespace(namespace)?;
        }
        let address = address::read(&settings.url).map_err(Error::Unreachable)?;
        let tls =
            tls::connector(address.check, address.roots.as_deref()).map_err(Error::Unreachable)?;
        let mut config = address.config;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("obstap");
        }
        let door = |options: &str, size| Door::new(&config, options, size, &tls);
        let control = door(READ_ONLY, CONTROL)?;
        let version = version(&control).await?;
        Ok(Postgres {
            target: Target::postgres(settings.namespace.as_deref()),
            read: door(READ_ONLY, settings.readers.max(1))?,
            work: door(READ_ONLY, settings.workers.max(1))?,
            plan: door(&format!("{READ_ONLY} {PLANNING}"), PLANNERS)?,
            control,
            write: door("", WRITERS)?,
            version,
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn version(&self) -> String {
        self.version.clone()
    }

    pub(super) fn pools(&self) -> Vec<super::Pool> {
        let doors = [
            ("readers", &self.read),
            ("workers", &self.work),
            ("control", &self.control),
            ("writers", &self.write),
        ];
        doors
            .map(|(name, door)| {
                let status = door.pool.status();
                super::Pool {
                    name,
                    connections: status.max_size,
                    in_use: status.size.saturating_sub(status.available),
                }
            })
            .to_vec()
    }

    pub(super) async fn stream(
        &self,
        statement: &Statement,
        temporaries: Vec<Temporary>,
        limits: Limits,
    ) -> Result<Rows, Error> {
        let wires: Arc<[Wire]> = statement.columns.iter().map(|c| c.kind.wire()).collect();
        let (outlet, inlet) = rows::channel(wires.clone());
        let job = query::Job {
            door: match limits.lane {
                Lane::Waiting => self.read.clone(),
                Lane::Job => self.work.clone(),
            },
            statement: statement.clone(),
            temporaries,
            target: self.target.clone(),
            wires,
            limits,
            deadline: limits.time.map(|time| Instant::now() + time),
        };
        self.read.runtime.spawn(job.run(outlet));
        inlet.rows().await
    }

    pub(super) async fn explain(&self, statement: &Statement) -> Result<String, Error> {
        let client = self.plan.client().await?;
        let sql = format!("EXPLAIN {}", statement.sql);
        let values = statement.parameters.iter();
        let values: Vec<_> = values
            .map(|value| (values::Parameter(value), values::declared(value)))
            .collect();
        let values: Vec<_> = values
            .iter()
            .map(|(value, kind)| {
                (
                    value as &(dyn tokio_postgres::types::ToSql + Sync),
                    kind.clone(),
                )
            })
            .collect();
        let rows = client.query_typed(&sql, &values).await;
        let rows = rows.map_err(|error| errors::explain("explain a query", error))?;
        let mut text = String::new();
        for row in rows {
            let line: &str = row
                .try_get(0)
                .map_err(|error| errors::explain("explain a query", error))?;
            text.push_str(line);
            text.push('\n');
        }
        Ok(text)
    }

    pub(super) async fn plan(&self, statement: &Statement) -> Result<Option<Plan>, Error> {
        let text = self.explain(statement).await?;
        Ok(plan::postgres(&text, plan::form(statement)))
    }

    pub(super) async fn fetch(
        &self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, Error> {
        let sql = names::expand(&self.target, sql);
        let mut tries = 1;
        loop {
            let client = self.control.client().await?;
            match query::fetch(&client, &sql, values, wires).await {
                Err(Error::Unreachable(_)) if tries < TRIES => {
                    tries += 1;
                    discard(client);
                }
                result => return result,
            }
        }
    }

    /// The server's own number, where it may be asked for, the database and
    /// our table in it: another after every restore.
    pub(super) async fn identity(&self) -> Result<String, Error> {
        let may = "SELECT CAST(oid AS text), \
                   CAST(CAST(CAST('{obstap.manager}' AS regclass) AS oid) AS text), \
                   has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') \
                   FROM pg_catalog.pg_database WHERE datname = current_database()";
        let wires = [Wire::Text, Wire::Text, Wire::Bool];
        let found = self.fetch(may, &[], &wires).await?;
        let text = |rows: &Batch, column| {
            String::from_utf8_lossy(rows.cell(0, column).unwrap_or_default()).into_owned()
        };
        let mut identity = format!("database {} {}", text(&found, 0), text(&found, 1));
        if found.cell(0, 2) == Some(&[1]) {
            let sql = "SELECT CAST(system_identifier AS text) FROM pg_catalog.pg_control_system()";
            let server = self.fetch(sql, &[], &[Wire::Text]).await?;
            identity = format!("{identity} of {}", text(&server, 0));
        }
        Ok(identity)
    }

    pub(super) async fn exists(&self, table: (&str, &str)) -> Result<bool, Error> {
        let (sql, values) = exists(&self.target, table);
        Ok(!self.fetch(sql, &values, &[Wire::Int4]).await?.is_empty())
    }

    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        Transaction::begin(&self.write, self.target.clone()).await
    }
}

impl Door {
    fn new(
        config: &Config,
        options: &str,
        size: usize,
        tls: &MakeRustlsConnect,
    ) -> Result<Door, Error> {
        let mut config = config.clone();
        // Those of the URL come last and win.
        let theirs = config.get_options().unwrap_or_default().to_owned();
        config.options(format!("{SESSION} {options} {theirs}"));
        let place = address::describe(&config).into();
        let manager = Manager::from_config(
            config,
            tls.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager).max_size(size).build();
        Ok(Door {
            pool: pool.map_err(|error| Error::driver("could not make a pool", error))?,
            place,
            tls: tls.clone(),
            runtime: Handle::current(),
        })
    }

    /// A connection, on the runtime where the database was opened.
    async fn client(&self) -> Result<Object, Error> {
        let pool = self.pool.clone();
        let task = self.runtime.spawn(async move { pool.get().await });
        match task.await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(PoolError::Backend(error))) => Err(errors::connecting(&self.place, &error)),
            Ok(Err(error)) => Err(Error::driver("could not lend a connection", error)),
            Err(_) => Err(Error::Cancelled),
        }
    }

    /// Stops what `client` is doing and waits until it is ready for more; a
    /// connection that does not come back in time is closed.
    async fn settle(&self, client: Object, token: CancelToken) {
        let work = async {
            // It returns once the server has sent the signal.
            token.cancel_query(self.tls.clone()).await?;
            // Answered after the rest of what was cancelled. A cancel that
            // comes late hits this and not the next query.
            match client.batch_execute("").await {
                Err(error) if error.code().is_some() => client.batch_execute("").await,
                result => result,
            }
        };
        match tokio::time::timeout(CONNECT, work).await {
            Ok(Ok(())) => {}
            _ => discard(client),
        }
    }
}

/// Takes a connection out of its pool and closes it.
fn discard(client: Object) {
    drop(Object::take(client));
}

/// "PostgreSQL 15.8", after checking that it will do.
async fn version(door: &Door) -> Result<String, Error> {
    let sql = "SELECT current_setting('server_version_num'), current_setting('server_version'), \
               current_setting('server_encoding')";
    let client = door.client().await?;
    let wires = [Wire::Text; 3];
    let answer = query::fetch(&client, sql, &[], &wires).await?;
    let text = |column| String::from_utf8_lossy(answer.cell(0, column).unwrap_or_default());
    let number: u32 = text(0).parse().unwrap_or_default();
    let name = text(1);
    let name = name.split(' ').next().unwrap_or_default();
    if number < 140_000 {
        return Err(Error::Unreachable(format!(
            "{} is PostgreSQL {name}: obstap wants version 14 or later",
            door.place
        )));
    }
    if text(2) != "UTF8" {
        return Err(Error::Unreachable(format!(
            "{} keeps text as {}: make a database with encoding UTF8",
            door.place,
            text(2)
        )));
    }
    Ok(format!("PostgreSQL {name}"))
}

/// PostgreSQL cuts names after 63 bytes; `_tap_schema` must fit too.
fn check_namespace(namespace: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !namespace.is_empty() && namespace.len() <= 50 && namespace.chars().all(plain) {
        return Ok(());
    }
    Err(Error::Unreachable(format!(
        "namespace \"{namespace}\" cannot begin the name of a schema: use 1 to 50 of a-z, 0-9 and _"
    )))
}

/// A statement that answers a row if the table is there.
fn exists(target: &Target, (schema, table): (&str, &str)) -> (&'static str, [Value; 2]) {
    (
        "SELECT 1 FROM pg_catalog.pg_class AS c \
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        [
            Value::Text(target.schema(schema)),
            Value::Text(table.to_owned()),
        ],
    )
}
