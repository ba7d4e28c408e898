//! What jobs do, as far as this room knows it.

use std::future::Future;
use std::time::Duration;

use super::Output;
use crate::dali::{Params, Parts};

/// Somebody who can do what jobs ask for.
pub trait Work: Clone + Send + Sync + 'static {
    /// Whether the parameters make sense; asked before a job queues.
    fn check(&self, parameters: &Params, parts: &Parts) -> Result<(), Problem>;

    /// Does it, and writes the result; gives the result's media type. Dropped,
    /// it stops.
    fn run(
        &self,
        task: Task<'_>,
        output: &mut Output,
    ) -> impl Future<Output = Result<String, Problem>> + Send;
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
