//! A query as a job: the same road, its bytes into a file (TAP 1.1 section
//! 2.2).

use std::time::Duration;

use super::{Fault, QueryRequest, Response, Service};
use crate::dali::{Params, Parts};
use crate::database::{Lane, Limits};
use crate::output::Chunk;
use crate::uws::{Output, Problem, Task, Work};

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

    async fn run(&self, task: Task<'_>, output: &mut Output) -> Result<String, Problem> {
        let told = |fault: Fault| problem(fault.logged(task.id));
        let limits = Limits {
            time: task.time.map(|time| time + GRACE),
            lane: Lane::Job,
        };
        let responding = self.respond(task.parameters, task.parts, None, limits);
        let Response {
            format, mut stream, ..
        } = responding.await.map_err(told)?;
        // An answer that cannot be finished has its reason in the summary,
        // whether or not its format has words for it.
        while let Chunk::Bytes(bytes) = stream.next().await {
            output.write(&bytes).await?;
            output.found(stream.summary().rows);
        }
        match stream.into_summary().failure {
            None => Ok(format.media_type),
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
