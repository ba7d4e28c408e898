//! The rows of a statement: in turn where many ask, and never from an index
//! that does not know them all.

use std::pin::pin;

use adql::{Catalog, Statement};

use super::admission::{Kind, PLANNING, Place, SHORT, Size};
use super::{Fault, Service};
use crate::database::{self, Limits, Rows, Temporary};
use crate::spatial::upkeep::{self, Indexed};

/// What is asked of the database.
pub(super) struct Asked<'a> {
    /// What is published, by which the indexes are known.
    pub catalog: &'a Catalog,
    pub statement: &'a Statement,
    /// Tables that are there for this statement alone.
    pub temporaries: &'a [Temporary],
    pub limits: Limits,
}

impl Service {
    /// The rows of a query that has waited for its turn. One that was taken
    /// for short and is not begins again when there is a place for it.
    pub(super) async fn rows_in_turn(
        &self,
        asked: &Asked<'_>,
        client: &str,
    ) -> Result<(Rows, Option<Place>), Fault> {
        let form = database::form(asked.statement);
        let mut kind = self.admission.known(form);
        if kind == Kind::Unknown && self.admission.is_busy() {
            let plan = tokio::time::timeout(PLANNING, self.database.plan(asked.statement)).await;
            kind = Kind::of(plan.ok().and_then(Result::ok).flatten());
        }
        loop {
            let place = self.admission.enter(client, Size { kind, form }).await?;
            let mut rows = pin!(self.rows(asked));
            while !place.is_wanted() {
                tokio::select! {
                    rows = &mut rows => return Ok((rows?, Some(place))),
                    () = tokio::time::sleep(SHORT) => {}
                }
            }
            kind = Kind::Long;
        }
    }

    /// The rows of a statement. Those that other programs have written are
    /// brought into the indexes first; while that is looked up, the query
    /// runs, and runs again if it must.
    pub(super) async fn rows(&self, asked: &Asked<'_>) -> Result<Rows, Fault> {
        let database = &self.database;
        let indexes = upkeep::read_by(asked.catalog, database.target(), &asked.statement.sql);
        if indexes.is_empty() {
            return Ok(self.stream(asked).await?);
        }
        if let Some(rows) = self.unless_waiting(asked, &indexes).await? {
            return Ok(rows);
        }
        let settling = upkeep::settle(database, &indexes);
        let settled = match asked.limits.time {
            Some(time) => tokio::time::timeout(time, settling).await,
            None => Ok(settling.await),
        };
        match settled {
            Ok(Ok(rows)) => tracing::info!(rows, "rows written by other programs were indexed"),
            Ok(Err(error)) => return Err(Fault::unsettled(&error)),
            Err(_) => return Err(Fault::unsettled(&database::Error::Timeout(0))),
        }
        Ok(self.stream(asked).await?)
    }

    /// The rows, unless some wait to be brought into these indexes.
    async fn unless_waiting(
        &self,
        asked: &Asked<'_>,
        indexes: &[Indexed],
    ) -> Result<Option<Rows>, database::Error> {
        let database = &self.database;
        let mut running = pin!(self.stream(asked));
        let mut looking = pin!(upkeep::are_waiting(database, indexes));
        let (waiting, done) = tokio::select! {
            biased;
            waiting = &mut looking => (waiting?, None),
            done = &mut running => (looking.await?, Some(done)),
        };
        if waiting {
            return Ok(None);
        }
        let done = match done {
            Some(done) => done,
            None => running.await,
        };
        // It may have met a row that was written after we looked.
        match done {
            Err(database::Error::Data(_)) if upkeep::are_waiting(database, indexes).await? => {
                Ok(None)
            }
            done => done.map(Some),
        }
    }

    async fn stream(&self, asked: &Asked<'_>) -> Result<Rows, database::Error> {
        let temporaries = asked.temporaries.to_vec();
        let statement = asked.statement;
        self.database
            .stream_with(statement, temporaries, asked.limits)
            .await
    }
}
