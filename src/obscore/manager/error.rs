//! Why a table could not be made to follow its registry.

use super::super::{ExtraError, LayoutError, Name, PrepareError};
use crate::database;
use crate::registry;

#[derive(Debug, thiserror::Error)]
pub enum ManagerError {
    #[error(transparent)]
    Database(#[from] database::Error),
    #[error(transparent)]
    Source(#[from] registry::Error),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Extra(#[from] ExtraError),
    /// The configuration cannot be read.
    #[error("the configuration of {label} for {table} cannot be used: {reason}")]
    Document {
        label: String,
        table: Name,
        reason: String,
    },
    /// The configuration fills columns that the table does not have.
    #[error("the configuration of {label} does not fit {table}: {error}")]
    Layout {
        label: String,
        table: Name,
        error: LayoutError,
    },
    /// The feed was taken away, or given another configuration.
    #[error("{table} follows {label} no more as it did: the configuration was replaced, run again")]
    Superseded { label: String, table: Name },
    /// What is asked for cannot be done; the text says why.
    #[error("{0}")]
    Refused(String),
}
