//! Who is told of datasets that are no longer what they were.

use adql::{Value, Wire};

use super::error::Error;
use super::expand::expand;
use super::known::{Reader, Records};
use super::{Session, Store, cells};
use crate::registry::Event;

/// Datasets that are told of at a time.
const PAGE: i64 = 10_000;

impl Store {
    /// Marks the datasets that are parts of the records in `{pg_temp.given}`
    /// as changed in this transaction; gives how many were marked, some more
    /// than once.
    pub(super) async fn mark(&self, session: &mut Session, users: &[&str]) -> Result<u64, Error> {
        let change = [Value::BigInt(session.change)];
        let mut marked = 0;
        for users in users {
            let sql = format!("UPDATE {{registry.dataset}} SET change = $1 WHERE {users}");
            marked += session.transaction.execute(&sql, &change).await?;
        }
        Ok(marked)
    }

    /// Tells the observer, if there is one, of the datasets that were marked in
    /// this transaction, as they are now. Gives how many there are.
    pub(super) async fn tell(&self, session: &mut Session) -> Result<u64, Error> {
        let Some(observer) = &self.observer else {
            let sql = "SELECT count(*) FROM {registry.dataset} WHERE change = $1";
            let values = [Value::BigInt(session.change)];
            let rows = session
                .transaction
                .fetch(sql, &values, &[Wire::Int8])
                .await?;
            let count = cells::int(&rows, 0, 0).unwrap_or_default();
            return Ok(u64::try_from(count).unwrap_or_default());
        };
        let mut told = 0;
        let mut after: Option<uuid::Uuid> = None;
        loop {
            let mut values = vec![Value::BigInt(session.change), Value::BigInt(PAGE)];
            let mut behind = String::new();
            if let Some(after) = after {
                values.push(Value::Text(after.simple().to_string()));
                behind = format!("AND d.id > {}", self.id_value(3));
            }
            let rest = format!("d.change = $1 {behind} ORDER BY d.id LIMIT $2");
            let mut reader = Reader::Inside(&mut session.transaction);
            let mut bare = self.bare(&mut reader, "", &rest, &values).await?;
            let Some(last) = bare.last() else {
                return Ok(told);
            };
            after = Some(last.id);
            told += bare.len() as u64;
            self.dress(&mut reader, &mut bare).await?;
            let all = bare.iter().map(|it| &it.values);
            let records: Records = self.records_for(session, all).await?;
            let events: Vec<Event> = bare
                .into_iter()
                .map(|it| Event::Changed(expand(&records, it)))
                .collect();
            observer.apply(&mut session.transaction, &events).await?;
        }
    }
}
