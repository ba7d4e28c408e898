//! Datasets and collections that go.

use std::collections::BTreeSet;

use adql::{Value, Wire};
use uuid::Uuid;

use super::collections::{CollectionKind, all, may_write};
use super::error::Error;
use super::{Actor, Session, Store, again, cells};
use crate::registry::Event;

/// Datasets that are told of at a time.
const PAGE: usize = 10_000;

impl Store {
    /// Removes datasets, with what is said of their files and tags; the files
    /// themselves are not touched. Gives how many there were.
    ///
    /// # Errors
    /// Runs that are not the user's. Those that are not there are no error,
    /// so that a call can be sent again.
    pub async fn remove(&self, actor: &Actor, ids: &[Uuid]) -> Result<usize, Error> {
        again!(self.try_remove(actor, ids))
    }

    async fn try_remove(&self, actor: &Actor, ids: &[Uuid]) -> Result<usize, Error> {
        let mut session = self.begin().await?;
        let sql = format!(
            "UPDATE {{registry.dataset}} SET change = $2 WHERE id {}",
            self.lists.in_ids(1)
        );
        let list = self.lists.ids(ids.iter().copied());
        let values = [list, Value::BigInt(session.change)];
        session.transaction.execute(&sql, &values).await?;
        let sql = "SELECT DISTINCT c.name FROM {registry.collection} AS c \
                   JOIN {registry.dataset} AS d ON d.run_id = c.collection_id \
                   WHERE d.change = $1";
        let change = [Value::BigInt(session.change)];
        let runs = session
            .transaction
            .fetch(sql, &change, &[Wire::Text])
            .await?;
        let runs = (0..runs.len()).filter_map(|row| cells::text(&runs, row, 0));
        may_write(&mut session, actor, runs).await?;
        let gone = self.drop_marked(&mut session).await?;
        session.transaction.commit().await?;
        Ok(gone)
    }

    /// Removes a collection: a RUN with its datasets, a TAGGED one without
    /// them. Gives how many datasets were in it.
    ///
    /// # Errors
    /// One that is not there, is not the user's, or is a part of a chain.
    pub async fn remove_collection(&self, actor: &Actor, name: &str) -> Result<usize, Error> {
        again!(self.try_collection(actor, name))
    }

    async fn try_collection(&self, actor: &Actor, name: &str) -> Result<usize, Error> {
        let mut session = self.begin_alone().await?;
        may_write(&mut session, actor, std::iter::once(name)).await?;
        let there = all(&mut session).await?;
        let Some(collection) = there.get(name) else {
            return Err(Error::missing(format!("there is no collection {name}")));
        };
        let number = Value::BigInt(collection.number.into());
        let sql = "SELECT c.name FROM {registry.chain} AS p \
                   JOIN {registry.collection} AS c ON c.collection_id = p.parent \
                   WHERE p.child = $1 ORDER BY c.name";
        let one = std::slice::from_ref(&number);
        let chains = session.transaction.fetch(sql, one, &[Wire::Text]).await?;
        if !chains.is_empty() {
            let names = (0..chains.len()).filter_map(|row| cells::text(&chains, row, 0));
            return Err(Error::conflict(format!(
                "collection {name} is a part of chains: register these without it first"
            ))
            .about(names.map(str::to_owned)));
        }
        let with_change = [Value::BigInt(session.change), number.clone()];
        let mut count = 0;
        match collection.kind {
            CollectionKind::Run => {
                let sql = "UPDATE {registry.dataset} SET change = $1 WHERE run_id = $2";
                session.transaction.execute(sql, &with_change).await?;
                count = self.drop_marked(&mut session).await?;
            }
            CollectionKind::Tagged => {
                let sql = "UPDATE {registry.dataset} SET change = $1 WHERE id IN \
                           (SELECT dataset_id FROM {registry.tag} WHERE collection_id = $2)";
                let marked = session.transaction.execute(sql, &with_change).await?;
                count = usize::try_from(marked).unwrap_or(usize::MAX);
                let sql = "DELETE FROM {registry.tag} WHERE collection_id = $1";
                session.transaction.execute(sql, one).await?;
                self.tell(&mut session).await?;
            }
            CollectionKind::Chained => {
                let sql = "DELETE FROM {registry.chain} WHERE parent = $1";
                session.transaction.execute(sql, one).await?;
            }
        }
        let sql = "DELETE FROM {registry.collection} WHERE collection_id = $1";
        session.transaction.execute(sql, one).await?;
        session.transaction.commit().await?;
        Ok(count)
    }

    /// Removes the datasets that were marked in this transaction, and tells
    /// of it.
    async fn drop_marked(&self, session: &mut Session) -> Result<usize, Error> {
        let change = [Value::BigInt(session.change)];
        let sql = format!(
            "SELECT {} FROM {{registry.dataset}} AS d WHERE d.change = $1 ORDER BY d.id",
            self.id_column("d.id")
        );
        let rows = session
            .transaction
            .fetch(&sql, &change, &[Wire::Bytes])
            .await?;
        let ids: BTreeSet<Uuid> = (0..rows.len())
            .filter_map(|row| cells::uuid(&rows, row, 0))
            .collect();
        const MARKED: &str = "(SELECT id FROM {registry.dataset} WHERE change = $1)";
        for table in ["{registry.file}", "{registry.tag}"] {
            let sql = format!("DELETE FROM {table} WHERE dataset_id IN {MARKED}");
            session.transaction.execute(&sql, &change).await?;
        }
        // An identifier that came back and went again has one line.
        let sql = format!("DELETE FROM {{registry.removed}} WHERE id IN {MARKED} AND change = $1");
        session.transaction.execute(&sql, &change).await?;
        let sql = "INSERT INTO {registry.removed} (change, id) \
                   SELECT change, id FROM {registry.dataset} WHERE change = $1";
        session.transaction.execute(sql, &change).await?;
        let sql = "DELETE FROM {registry.dataset} WHERE change = $1";
        session.transaction.execute(sql, &change).await?;
        if let Some(observer) = &self.observer {
            let events: Vec<Event> = ids.iter().map(|id| Event::Removed(*id)).collect();
            for events in events.chunks(PAGE) {
                observer.apply(&mut session.transaction, events).await?;
            }
        }
        Ok(ids.len())
    }
}
