//! Connections lent one at a time.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{Mutex, mpsc};

use crate::database::Error;

/// A fixed number of connections; whoever comes when all are lent waits, and
/// is served in the order of coming.
pub(super) struct Pool {
    idle: Mutex<mpsc::Receiver<Connection>>,
    back: mpsc::Sender<Connection>,
}

/// A connection that goes back when this is dropped.
pub(super) struct Lease {
    connection: Option<Connection>,
    back: mpsc::Sender<Connection>,
}

impl Pool {
    pub(super) fn new(connections: Vec<Connection>) -> Arc<Pool> {
        let (back, idle) = mpsc::channel(connections.len().max(1));
        for connection in connections {
            // There is room for every one of them.
            let _ = back.try_send(connection);
        }
        Arc::new(Pool {
            idle: Mutex::new(idle),
            back,
        })
    }

    /// How many there are, and how many are lent.
    pub(super) fn use_now(&self) -> (usize, usize) {
        let all = self.back.max_capacity();
        // What lies idle fills the channel.
        (all, self.back.capacity().min(all))
    }

    pub(super) async fn lease(&self) -> Result<Lease, Error> {
        // The pool holds a sender, so the channel never ends before it.
        let connection = self.idle.lock().await.recv().await;
        Ok(Lease {
            connection: Some(connection.ok_or(Error::Cancelled)?),
            back: self.back.clone(),
        })
    }
}

impl Lease {
    pub(super) fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        work(self.connection.as_mut().ok_or(Error::Cancelled)?)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = self.back.try_send(connection);
        }
    }
}
