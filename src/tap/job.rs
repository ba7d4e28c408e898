//! A query as a job: the same road, its bytes into a file (TAP 1.1 section
//! 2.2).

use std::time::Duration;

use super::{Asker, Fault, QueryRequest, Response, Service};
use crate::dali::{Params, Parts};
use crate::database::{Lane, Limits, Plan};
use crate::output::Chunk;
use crate::uws::{Made, Output, Problem, Task, Work};

/// A job is stopped by whoever runs it; the database stops it by itself so
/// much later, in case we are gone.
const GRACE: Duration = Duration::from_secs(5);

impl Work for Service {
    fn check(&self, parameters: &Params, parts: &Parts) -> Result<(), Problem> {
        let request = QueryRequest::read(parameters, &self.limits).map_err(problem)?;
        let syntax = adql::parse(&request.query).map_err(|it| problem(it.into()))?;
        if !request.uploads.is_empty() {
            // What columns they have is known when they have been read.
            let checked = self.uploads.check(&request.uploads, parts);
            return checked.map_err(problem);
        }
        adql::check(&syntax, &self.tables.last()).map_err(|it| problem(it.into()))?;
        Ok(())
    }

    async fn plan(&self, parameters: &Params) -> Option<Plan> {
        let request = QueryRequest::read(parameters, &self.limits).ok()?;
        let syntax = adql::parse(&request.query).ok()?;
        let query = adql::check(&syntax, &self.tables.last()).ok()?;
        let query = adql::index(query.limited_to(Some(request.maxrec)));
        let statement = adql::write(&query, self.database.target());
        match self.database.plan(&statement).await {
            Ok(plan) => plan,
            Err(error) => {
                tracing::debug!(%error, "a query cannot be planned");
                None
            }
        }
    }

    async fn run(&self, task: Task<'_>, output: &mut Output) -> Result<Made, Problem> {
        let told = |fault: Fault| problem(fault.logged(task.id));
        let limits = Limits {
            time: task.time.map(|time| time + GRACE),
            lane: Lane::Job,
        };
        let base = self.base.last();
        let asker = Asker {
            client: None,
            base: &base,
        };
        let responding = self.respond(task.parameters, task.parts, None, limits, asker);
        let Response {
            format,
            file,
            mut stream,
            ..
        } = responding.await.map_err(told)?;
        // An answer that cannot be finished has its reason in the summary,
        // whether or not its format has words for it.
        while let Chunk::Bytes(bytes) = stream.next().await {
            output.write(&bytes).await?;
            output.found(stream.summary().rows);
        }
        match stream.into_summary().failure {
            None => Ok(Made {
                media_type: format.media_type,
                file,
            }),
            Some(error) => Err(told(error.into())),
        }
    }
}

fn problem(fault: Fault) -> Problem {
    let passing = fault.status() == 503;
    Problem {
        message: fault.message().to_owned(),
        transient: passing,
        again: passing,
    }
}
