//! What jobs do, as far as this room knows it.

use std::future::Future;
use std::time::Duration;

use super::Output;
use crate::dali::{Params, Parts};
use crate::database::Plan;

/// Somebody who can do what jobs ask for.
pub trait Work: Clone + Send + Sync + 'static {
    /// Whether the parameters make sense; asked before a job queues.
    fn check(&self, parameters: &Params, parts: &Parts) -> Result<(), Problem>;

    /// What it is expected to take; `None` where that cannot be told.
    fn plan(&self, parameters: &Params) -> impl Future<Output = Option<Plan>> + Send;

    /// Does it, and writes the result. Dropped, it stops.
    fn run(
        &self,
        task: Task<'_>,
        output: &mut Output,
    ) -> impl Future<Output = Result<Made, Problem>> + Send;
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub media_type: String,
    /// A name for it as a file.
    pub file: String,
}

pub struct Task<'a> {
    /// Names the job in the log.
    pub id: &'a str,
    pub parameters: &'a Params,
    /// The files that came with them.
    pub parts: &'a Parts,
    /// How long it may take.
    pub time: Option<Duration>,
}

/// Why a job failed, for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    /// The same job may go well another time.
    pub transient: bool,
    /// Something was lost half-way: whoever runs the job tries again before
    /// it bothers the person.
    pub again: bool,
}

impl Problem {
    pub fn fatal(message: impl Into<String>) -> Problem {
        Problem {
            message: message.into(),
            transient: false,
            again: false,
        }
    }

    pub fn transient(message: impl Into<String>) -> Problem {
        Problem {
            message: message.into(),
            transient: true,
            again: false,
        }
    }
}
