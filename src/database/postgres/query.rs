//! A query that owns its connection until the server is ready for another.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adql::{Statement, Target, Value, Wire};
use deadpool_postgres::Object;
use futures_util::future::join3;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio_postgres::RowStream;

use super::{Door, TRIES, cells, discard, errors, temporary, values};
use crate::database::rows::{FULL, Item, Outlet, PATIENCE};
use crate::database::{Batch, Error, Lane, Limits, Temporary};

/// The server stops a statement by itself this long after we should have, in
/// case we are gone.
const GRACE: Duration = Duration::from_millis(500);

/// One user's query.
pub(super) struct Job {
    pub door: Door,
    pub statement: Statement,
    pub temporaries: Vec<Temporary>,
    pub target: Target,
    pub wires: Arc<[Wire]>,
    pub limits: Limits,
    pub deadline: Option<Instant>,
}

/// Why a query gave no more rows.
enum Stop {
    /// The server ended it, or the connection with it.
    There(Error),
    /// We want no more, and the server does not know yet.
    Here(Error),
}

impl Job {
    /// Runs to the end of the rows, the deadline, or the reader's leaving.
    pub(super) async fn run(self, mut outlet: Outlet) {
        let sender = outlet.sender();
        for left in (0..TRIES).rev() {
            let waiting = self.door.client().map(|client| client.map_err(Stop::There));
            let client = match self.until_stopped(&sender, waiting).await {
                Ok(client) => client,
                Err(Stop::There(error) | Stop::Here(error)) => return outlet.end(Err(error)),
            };
            let working = self.work(&client, &mut outlet, &sender);
            match self.until_stopped(&sender, working).await {
                Ok(()) => {
                    // Free for the next query before the reader has read on.
                    self.leave(client).await;
                    return outlet.end(Ok(()));
                }
                Err(Stop::There(Error::Unreachable(_))) if outlet.is_fresh() && left > 0 => {
                    discard(client);
                }
                Err(Stop::There(error)) => {
                    self.leave(client).await;
                    return outlet.end(Err(self.reason(error)));
                }
                Err(Stop::Here(error)) => {
                    outlet.end(Err(error));
                    let token = client.cancel_token();
                    if !self.temporaries.is_empty() {
                        // The tables go with the connection, whatever it is at.
                        discard(client);
                        let _ = token.cancel_query(self.door.tls.clone()).await;
                        return;
                    }
                    return self.door.settle(client, token).await;
                }
            }
        }
    }

    /// Gives the connection back without the tables that were made on it.
    async fn leave(&self, client: Object) {
        if !self.temporaries.is_empty() && client.batch_execute("ROLLBACK").await.is_err() {
            discard(client);
        }
    }

    /// Does `work` unless the reader leaves or the time is over.
    async fn until_stopped<T>(
        &self,
        sender: &mpsc::Sender<Item>,
        work: impl Future<Output = Result<T, Stop>>,
    ) -> Result<T, Stop> {
        let deadline = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            result = work => result,
            () = sender.closed() => Err(Stop::Here(Error::Cancelled)),
            () = deadline => Err(Stop::Here(self.limits.timeout())),
        }
    }

    async fn work(
        &self,
        client: &Object,
        outlet: &mut Outlet,
        sender: &mpsc::Sender<Item>,
    ) -> Result<(), Stop> {
        if !self.temporaries.is_empty() {
            self.watch(client).await;
            let made = temporary::make(client, &self.temporaries, &self.target).await;
            made.map_err(Stop::There)?;
        }
        let rows = self.start(client).await;
        let rows = rows.map_err(|error| Stop::There(errors::explain("run a query", error)))?;
        let mut rows = pin!(rows);
        let mut batch = Batch::new(self.wires.clone());
        loop {
            // Rows that are here are taken without asking the time.
            let next = match rows.next().now_or_never() {
                Some(next) => next,
                None if batch.is_empty() => rows.next().await,
                None => match tokio::time::timeout(PATIENCE, rows.next()).await {
                    Ok(next) => next,
                    Err(_) => {
                        self.send(sender, &mut batch).await?;
                        rows.next().await
                    }
                },
            };
            let row = next.transpose();
            let row = row.map_err(|error| Stop::There(errors::explain("run a query", error)))?;
            let Some(row) = row else { break };
            let first = outlet.is_fresh();
            if first {
                cells::check(row.columns(), &self.wires).map_err(Stop::Here)?;
            }
            cells::push(&mut batch, &row, &self.wires).map_err(Stop::Here)?;
            outlet.accept();
            if first || batch.size() >= FULL {
                self.send(sender, &mut batch).await?;
            }
        }
        match batch.is_empty() {
            true => Ok(()),
            // The server is done: nothing there needs to be stopped.
            false => self
                .send(sender, &mut batch)
                .await
                .map_err(|stop| match stop {
                    Stop::Here(error) | Stop::There(error) => Stop::There(error),
                }),
        }
    }

    /// Sends the time limit and the query in one go. The query is not
    /// prepared: its plan is made with its values.
    async fn start(&self, client: &Object) -> Result<RowStream, tokio_postgres::Error> {
        let limit = match self.deadline {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()) + GRACE,
            None => Duration::ZERO,
        };
        let limit = limit.as_millis().min(i32::MAX as u128);
        let set = format!("SET statement_timeout = {limit}");
        let watch = async {
            // Within a transaction it has been said before.
            if self.temporaries.is_empty() {
                self.watch(client).await;
            }
        };
        let values = self.statement.parameters.iter();
        let values = values.map(|value| (values::Parameter(value), values::declared(value)));
        let query = client.query_typed_raw(&self.statement.sql, values);
        let (set, (), rows) = join3(client.batch_execute(&set), watch, query).await;
        set?;
        rows
    }

    /// A query that may run for hours ends soon after us, if we are killed.
    async fn watch(&self, client: &Object) {
        if self.limits.lane == Lane::Job {
            // Servers on some platforms cannot look whether we are there, and
            // refuse.
            let watch = "SET client_connection_check_interval = '5s'";
            let _ = client.batch_execute(watch).await;
        }
    }

    async fn send(&self, sender: &mpsc::Sender<Item>, batch: &mut Batch) -> Result<(), Stop> {
        let full = std::mem::replace(batch, Batch::new(self.wires.clone()));
        let sent = sender.send(Ok(Some(full))).await;
        sent.map_err(|_| Stop::Here(Error::Cancelled))
    }

    /// A statement stopped by the server when there is a limit ran into it.
    fn reason(&self, error: Error) -> Error {
        match error {
            Error::Cancelled if self.limits.time.is_some() => self.limits.timeout(),
            other => other,
        }
    }
}

/// All rows of one of our own statements.
pub(super) async fn fetch(
    client: &Object,
    sql: &str,
    values: &[Value],
    wires: &[Wire],
) -> Result<Batch, Error> {
    let attempt = |error| errors::explain("run a statement of obstap", error);
    // Not cached: what it answers may change with the tables.
    let statement = client.prepare(sql).await.map_err(attempt)?;
    cells::check(statement.columns(), wires)?;
    let rows = client.query_raw(&statement, values.iter().map(values::Parameter));
    let mut rows = pin!(rows.await.map_err(attempt)?);
    let mut batch = Batch::new(wires);
    while let Some(row) = rows.next().await {
        cells::push(&mut batch, &row.map_err(attempt)?, wires)?;
    }
    Ok(batch)
}
