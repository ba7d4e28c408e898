//! The rows of a query on their way from the database to whoever asked.

use std::sync::Arc;

use adql::Wire;
use tokio::sync::mpsc;

use super::{Batch, Error};

/// Batches in flight between the database and the reader: enough to keep both
/// busy, few enough to hold the database back when the reader is slow.
pub(super) const QUEUE: usize = 4;

/// Bytes after which a batch is sent. The first goes with its first row.
pub(super) const FULL: usize = 64 * 1024;

/// A batch of this age is sent with the rows it has.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_millis(20);

/// `Ok(None)` says that all rows have been sent; without it a task that broke
/// off would look like the end of the answer.
pub(super) type Item = Result<Option<Batch>, Error>;

/// The rows of a query, batch by batch. Dropping it cancels the query in the
/// database.
pub struct Rows {
    wires: Arc<[Wire]>,
    items: mpsc::Receiver<Item>,
    ended: bool,
}

impl Rows {
    pub(super) fn new(wires: Arc<[Wire]>, items: mpsc::Receiver<Item>) -> Rows {
        Rows {
            wires,
            items,
            ended: false,
        }
    }

    pub fn wires(&self) -> &[Wire] {
        &self.wires
    }

    /// The next rows; `None` after the last, and after an error.
    pub async fn next(&mut self) -> Result<Option<Batch>, Error> {
        if self.ended {
            return Ok(None);
        }
        let item = self.items.recv().await.unwrap_or(Err(Error::Cancelled));
        self.ended = !matches!(item, Ok(Some(_)));
        item
    }
}
