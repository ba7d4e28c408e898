//! The rows of a query on their way from the database to whoever asked.

use std::sync::Arc;

use adql::Wire;
use tokio::sync::{mpsc, oneshot};

use super::{Batch, Error};

/// Batches in flight between the database and the reader: enough to keep both
/// busy, few enough to hold the database back when the reader is slow.
const QUEUE: usize = 4;

/// Bytes after which a batch is sent. The first goes with its first row.
pub(super) const FULL: usize = 64 * 1024;

/// A batch of this age is sent with the rows it has.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_millis(20);

/// `Ok(None)` says that all rows have been sent; without it a task that broke
/// off would look like the end of the answer.
pub(super) type Item = Result<Option<Batch>, Error>;

/// Rows that somebody makes who is no database.
pub struct Feed(mpsc::Sender<Item>);

impl Feed {
    /// Whether somebody still wants them.
    pub async fn send(&self, batch: Batch) -> bool {
        self.0.send(Ok(Some(batch))).await.is_ok()
    }

    pub async fn end(self) {
        // If nobody listens, nobody needs to know.
        let _ = self.0.send(Ok(None)).await;
    }
}

/// Where the database puts the rows it finds.
pub(super) struct Outlet {
    /// Until the first row, the end or an error.
    accepted: Option<oneshot::Sender<Result<(), Error>>>,
    sender: mpsc::Sender<Item>,
    /// Room kept for the end, so that it never waits for a slow reader.
    end: Option<mpsc::OwnedPermit<Item>>,
}

/// The other side, until the database has accepted the query.
pub(super) struct Inlet {
    acceptance: oneshot::Receiver<Result<(), Error>>,
    rows: Rows,
}

pub(super) fn channel(wires: Arc<[Wire]>) -> (Outlet, Inlet) {
    let (sender, items) = mpsc::channel(QUEUE + 1);
    let (accepted, acceptance) = oneshot::channel();
    let outlet = Outlet {
        accepted: Some(accepted),
        end: sender.clone().try_reserve_owned().ok(),
        sender,
    };
    let rows = Rows {
        wires,
        items,
        ended: false,
    };
    (outlet, Inlet { acceptance, rows })
}

impl Outlet {
    /// Whether nobody has heard of the query yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.accepted.is_some()
    }

    /// Tells that there are rows to come.
    pub(super) fn accept(&mut self) {
        if let Some(accepted) = self.accepted.take() {
            let _ = accepted.send(Ok(()));
        }
    }

    /// For sending rows, and for seeing that nobody wants them.
    pub(super) fn sender(&self) -> mpsc::Sender<Item> {
        self.sender.clone()
    }

    pub(super) fn end(mut self, result: Result<(), Error>) {
        match (self.accepted.take(), result) {
            (Some(accepted), Err(error)) => {
                let _ = accepted.send(Err(error));
            }
            (accepted, result) => {
                if let Some(accepted) = accepted {
                    let _ = accepted.send(Ok(()));
                }
                if let Some(end) = self.end {
                    end.send(result.map(|()| None));
                }
            }
        }
    }
}

impl Inlet {
    /// The rows, once the database has found the first or knows there is none.
    pub(super) async fn rows(self) -> Result<Rows, Error> {
        let accepted = self.acceptance.await.unwrap_or(Err(Error::Cancelled));
        accepted.map(|()| self.rows)
    }
}

/// The rows of a query, batch by batch. Dropping it cancels the query in the
/// database.
pub struct Rows {
    wires: Arc<[Wire]>,
    items: mpsc::Receiver<Item>,
    ended: bool,
}

impl Rows {
    /// Rows of these types, which come as they are made.
    pub fn made(wires: impl Into<Arc<[Wire]>>) -> (Feed, Rows) {
        let (sender, items) = mpsc::channel(QUEUE);
        let rows = Rows {
            wires: wires.into(),
            items,
            ended: false,
        };
        (Feed(sender), rows)
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
