//! What happens in a registry, and who is told.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::dataset::Dataset;
use crate::database::{self, Transaction};

/// Something that happened. State, not steps: told twice, or told late with
/// what has happened since, it comes to the same.
#[derive(Clone, Debug)]
pub enum Event {
    /// A dataset that nobody was told of before.
    Added(Dataset),
    /// It may have been there, and this is what it is now: its region, tags,
    /// files or records may be others.
    Changed(Dataset),
    /// It is there no more.
    Removed(Uuid),
}

/// Someone who keeps something true of the datasets.
pub trait Observer: Send + Sync {
    /// Takes up what happened in the transaction in which it happened: both
    /// last, or neither.
    fn apply<'a>(
        &'a self,
        transaction: &'a mut Transaction,
        events: &'a [Event],
    ) -> BoxFuture<'a, Result<(), ObserverError>>;
}

/// Why something that happened could not be taken up.
#[derive(Debug, thiserror::Error)]
pub enum ObserverError {
    /// What a dataset is does not allow to describe it.
    #[error("dataset {id}: {reason}")]
    Dataset { id: Uuid, reason: String },
    #[error(transparent)]
    Database(#[from] database::Error),
}
