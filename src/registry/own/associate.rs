//! Tags: datasets into TAGGED collections and out of them.

use std::collections::BTreeSet;

use adql::{Value, Wire};
use uuid::Uuid;

use super::collections::{CollectionKind, all, may_write};
use super::error::Error;
use super::{Actor, Session, Store, again, cells};

impl Store {
    /// Puts datasets into a TAGGED collection; those that are in it stay.
    /// Gives how many were not.
    ///
    /// # Errors
    /// Datasets that are not there, another with the same type and data ID in
    /// the collection. Then none is put in.
    pub async fn associate(
        &self,
        actor: &Actor,
        collection: &str,
        ids: &[Uuid],
    ) -> Result<u64, Error> {
        again!(self.try_associate(actor, collection, ids))
    }

    async fn try_associate(
        &self,
        actor: &Actor,
        collection: &str,
        ids: &[Uuid],
    ) -> Result<u64, Error> {
        let mut session = self.begin().await?;
        let number = tagged(&mut session, actor, collection).await?;
        self.hold(&mut session, ids).await?;
        let in_ids = self.lists.in_ids(1);
        let list = self.lists.ids(ids.iter().copied());
        let others = self.others(&mut session, &list, number).await?;
        if !others.is_empty() {
            return Err(Error::conflict(format!(
                "{collection} has other datasets of the same type and data ID, and a TAGGED \
                 collection has one of each: take those out first"
            ))
            .about(others));
        }
        let sql = format!(
            "INSERT INTO {{registry.tag}} (collection_id, type_id, data_id, dataset_id) \
             SELECT $2, d.type_id, d.data_id, d.id FROM {{registry.dataset}} AS d WHERE d.id {in_ids} \
             AND NOT EXISTS (SELECT 1 FROM {{registry.tag}} AS g \
             WHERE g.dataset_id = d.id AND g.collection_id = $2)"
        );
        let values = [list, Value::BigInt(number.into())];
        let put = session.transaction.execute(&sql, &values).await;
        let put = match put.map_err(Error::from) {
            // Two of those given have the same type and data ID.
            Err(error) if error.is_rule() => {
                return Err(Error::conflict(format!(
                    "some of the datasets have the same type and data ID, and {collection}, being \
                     TAGGED, has one of each: choose between them"
                )));
            }
            put => put?,
        };
        self.tell(&mut session).await?;
        session.transaction.commit().await?;
        Ok(put)
    }

    /// Takes datasets out of a TAGGED collection; gives how many were in it.
    ///
    /// # Errors
    /// Datasets that are not there, and what is no TAGGED collection.
    pub async fn disassociate(
        &self,
        actor: &Actor,
        collection: &str,
        ids: &[Uuid],
    ) -> Result<u64, Error> {
        again!(self.try_disassociate(actor, collection, ids))
    }

    async fn try_disassociate(
        &self,
        actor: &Actor,
        collection: &str,
        ids: &[Uuid],
    ) -> Result<u64, Error> {
        let mut session = self.begin().await?;
        let number = tagged(&mut session, actor, collection).await?;
        self.hold(&mut session, ids).await?;
        let sql = format!(
            "DELETE FROM {{registry.tag}} WHERE collection_id = $2 AND dataset_id {}",
            self.lists.in_ids(1)
        );
        let values = [
            self.lists.ids(ids.iter().copied()),
            Value::BigInt(number.into()),
        ];
        let taken = session.transaction.execute(&sql, &values).await?;
        self.tell(&mut session).await?;
        session.transaction.commit().await?;
        Ok(taken)
    }

    /// Datasets of the collection that have type and data ID of one of the
    /// list without being it.
    async fn others(
        &self,
        session: &mut Session,
        list: &Value,
        number: i32,
    ) -> Result<Vec<String>, Error> {
        let sql = format!(
            "SELECT {}, t.name, d.data_id FROM {{registry.dataset}} AS d \
             JOIN {{registry.dataset_type}} AS t ON t.type_id = d.type_id \
             JOIN {{registry.tag}} AS g ON g.collection_id = $2 AND g.type_id = d.type_id \
             AND g.data_id = d.data_id AND g.dataset_id <> d.id \
             WHERE d.id {} ORDER BY d.id LIMIT {}",
            self.id_column("g.dataset_id"),
            self.lists.in_ids(1),
            super::error::TOLD
        );
        let wires = [Wire::Bytes, Wire::Text, Wire::Text];
        let values = [list.clone(), Value::BigInt(number.into())];
        let rows = session.transaction.fetch(&sql, &values, &wires).await?;
        let told = |row| {
            let id = cells::uuid(&rows, row, 0).unwrap_or_default();
            let text = |column| cells::text(&rows, row, column).unwrap_or_default();
            format!("{} {} is there as {id}", text(1), text(2))
        };
        Ok((0..rows.len()).map(told).collect())
    }

    /// Marks datasets as changed, which keeps others from changing them until
    /// the end: what is told of them is then all there is.
    ///
    /// # Errors
    /// Those that are not there.
    pub(super) async fn hold(&self, session: &mut Session, ids: &[Uuid]) -> Result<(), Error> {
        let ids: BTreeSet<Uuid> = ids.iter().copied().collect();
        let sql = format!(
            "UPDATE {{registry.dataset}} SET change = $2 WHERE id {}",
            self.lists.in_ids(1)
        );
        let list = self.lists.ids(ids.iter().copied());
        let values = [list.clone(), Value::BigInt(session.change)];
        let held = session.transaction.execute(&sql, &values).await?;
        if held == ids.len() as u64 {
            return Ok(());
        }
        let sql = format!(
            "SELECT {} FROM {{registry.dataset}} WHERE id {}",
            self.id_column("id"),
            self.lists.in_ids(1)
        );
        let rows = session
            .transaction
            .fetch(&sql, &[list], &[Wire::Bytes])
            .await?;
        let there: BTreeSet<Uuid> = (0..rows.len())
            .filter_map(|row| cells::uuid(&rows, row, 0))
            .collect();
        let lost = ids.difference(&there).map(Uuid::to_string);
        Err(Error::missing("there are no such datasets").about(lost))
    }
}

/// The number of a TAGGED collection that the actor may write to.
async fn tagged(session: &mut Session, actor: &Actor, name: &str) -> Result<i32, Error> {
    may_write(session, actor, std::iter::once(name)).await?;
    match all(session).await?.get(name) {
        Some(it) if it.kind == CollectionKind::Tagged => Ok(it.number),
        Some(it) => Err(Error::conflict(format!(
            "collection {name} is {}: datasets are associated with TAGGED ones",
            it.kind.name()
        ))),
        None => Err(Error::missing(format!(
            "there is no collection {name}: register it as TAGGED first"
        ))),
    }
}
