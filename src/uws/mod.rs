//! Jobs that outlive the request that made them, whatever they compute.
//!
//! Standard: UWS 1.1, <https://www.ivoa.net/documents/UWS/20161024/>, whole but
//! for: the phases HELD, SUSPENDED, UNKNOWN and ARCHIVED, which never happen;
//! parameters by reference and inline; HTML pages. Conformance is checked by
//! `tests/it/async_.rs` and `conformance/clients/check_jobs.py`.
//!
//! Jobs are rows of one table, results are files in one directory. A file is
//! written under a temporary name and renamed when it is whole; only then is
//! the job COMPLETED. Whatever ends a process, another (or the same, started
//! again) goes on from the table: what was QUEUED is run, what was EXECUTING is
//! run again once its lease has lapsed.
//!
//! [`Control`] → [`Job::obey`] → [`Jobs`] (the table, and who waits for it) →
//! `runner` (the queue, the work, the sweeping) → [`Work`].
//!
//! Must not know: HTTP libraries, what a job computes.

mod control;
pub mod document;
pub mod instant;
mod job;
mod jobs;
mod phase;
mod results;
mod runner;
mod store;
mod uploads;
mod work;

pub use control::{Control, Filter, Wait};
pub use job::{Job, Product};
pub use jobs::Jobs;
pub use phase::Phase;
pub use results::{Output, Results};
pub use uploads::ARRIVING;
pub use work::{Problem, Task, Work};

use crate::{dali, database};

/// Why a request about jobs is not obeyed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such job, or no longer")]
    NoSuchJob,
    /// The request cannot be understood.
    #[error("{0}")]
    Usage(String),
    /// What the job's phase does not allow (UWS 1.1 section 2.2).
    #[error("{0}")]
    Forbidden(String),
    #[error("the parameters of a job are at most {0} bytes together")]
    TooLarge(usize),
    #[error("the jobs cannot be reached just now; try again later")]
    Database(#[from] database::Error),
}

impl Error {
    fn usage(message: impl Into<String>) -> Error {
        Error::Usage(message.into())
    }

    fn forbidden(message: impl Into<String>) -> Error {
        Error::Forbidden(message.into())
    }
}

impl From<dali::Error> for Error {
    fn from(error: dali::Error) -> Error {
        Error::Usage(error.0)
    }
}
