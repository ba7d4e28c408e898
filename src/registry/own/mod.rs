//! A registry of our own: the tables of the schema `registry`, written by
//! many at once, told of as any other [`Source`](super::Source).
//!
//! The words and the structure are those of Rubin's Data Butler (universe 8
//! of `daf_butler`), so that its templates and habits work: [`universe`] says
//! which dimensions and elements there are. A call is one transaction, in
//! which the [`Observer`] is told: all of it lasts, or nothing. Data IDs are
//! unique in a run because the table says so; who loses a race is told what
//! is there.
//!
//! Whoever writes records of dimensions keeps the others who write out until
//! the end; those who write datasets keep only them out, and not each other.
//!
//! Left out: calibration collections, dimensions beyond those of [`universe`],
//! storing files (they lie where their URIs say).
//!
//! Must not know: HTTP, who observes and what of it.

mod associate;
mod beside;
mod cells;
mod changed;
mod collections;
mod error;
mod expand;
mod ingest;
mod known;
mod look;
mod records;
mod related;
mod remove;
mod source;
mod types;
pub mod universe;
mod values;

pub mod given;

pub use collections::{Collection, CollectionKind, Namespace};
pub use error::{Error, Kind};
pub use ingest::{Ids, Ingested};
pub use look::Listed;
pub use records::{Recorded, Row, Stored};
pub use types::DatasetType;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use adql::{Value, Wire};

use self::cells::Lists;
use self::known::{Cache, Reader, Records};
use super::Observer;
use crate::database::{self, Database, Transaction};

/// How often a transaction is begun again when others were in the way.
const TRIES: u32 = 6;

/// The registry of a database.
pub struct Store {
    database: Database,
    label: String,
    observer: Option<Arc<dyn Observer>>,
    lists: Lists,
    cache: Cache,
}

/// On whose behalf something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Who may do everything.
    Operator,
    /// Who may write in the namespaces that are theirs, and nothing else.
    User(String),
}

impl Actor {
    /// # Errors
    /// Unless it may do everything; `what` completes "may not".
    fn must_be_operator(&self, what: &str) -> Result<(), Error> {
        match self {
            Actor::Operator => Ok(()),
            Actor::User(name) => Err(Error::new(
                Kind::Forbidden,
                format!("{name} may not {what}: ask an operator of the registry"),
            )),
        }
    }
}

/// Makes the registry of a database; once.
///
/// # Errors
/// One that is there, a label that no link could carry, and what the database
/// does.
pub async fn create(database: &Database, label: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if label.is_empty() || label.len() > 64 || !label.chars().all(plain) {
        return Err(Error::invalid(format!(
            "{label:?} cannot be the label of a registry: use 1 to 64 of letters, digits and -_."
        )));
    }
    let mut transaction = database.begin().await?;
    transaction.lock("registry.state").await?;
    let sql = "SELECT label FROM {registry.state}";
    let there = transaction.fetch(sql, &[], &[Wire::Text]).await?;
    if let Some(other) = cells::text(&there, 0, 0) {
        return Err(Error::conflict(format!(
            "there is a registry in this database, {other}: use it, or another database or namespace"
        )));
    }
    let sql = "INSERT INTO {registry.state} (one, label, created, generation, change) \
               VALUES (1, $1, $2, 0, 0)";
    let values = [
        Value::Text(label.to_owned()),
        Value::Timestamp(database::now()),
    ];
    transaction.execute(sql, &values).await?;
    transaction.commit().await?;
    Ok(())
}

/// The registry of a database that may be made later.
pub struct Opened {
    database: Database,
    observer: Option<Arc<dyn Observer>>,
    store: OnceLock<Arc<Store>>,
}

impl Opened {
    pub fn new(database: Database, observer: Option<Arc<dyn Observer>>) -> Opened {
        Opened {
            database,
            observer,
            store: OnceLock::new(),
        }
    }

    /// # Errors
    /// No registry in the database, and what the database does.
    pub async fn store(&self) -> Result<Arc<Store>, Error> {
        if let Some(store) = self.store.get() {
            return Ok(store.clone());
        }
        match Store::open(&self.database, self.observer.clone()).await? {
            Some(store) => Ok(self.store.get_or_init(|| Arc::new(store)).clone()),
            None => Err(nowhere()),
        }
    }
}

fn nowhere() -> Error {
    Error::missing(
        "there is no registry in this database: make one with `obstap registry create LABEL`",
    )
}

impl Store {
    /// The registry of a database; `None` where none was made.
    ///
    /// # Errors
    /// What the database does.
    pub async fn open(
        database: &Database,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Option<Store>, Error> {
        let sql = "SELECT label FROM {registry.state}";
        let there = database.fetch(sql, &[], &[Wire::Text]).await?;
        if there.is_empty() {
            return Ok(None);
        }
        Ok(Some(Store {
            label: cells::text(&there, 0, 0).unwrap_or_default().to_owned(),
            database: database.clone(),
            observer,
            lists: Lists::of(database),
            cache: Cache::default(),
        }))
    }

    /// The name by which links call it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Begins a transaction that writes datasets, tags, collections: others
    /// may do so at the same time, but nobody changes records.
    async fn begin(&self) -> Result<Session, Error> {
        let mut transaction = self.database.begin().await?;
        let sql = self.database.choose(
            "SELECT CAST(CAST(pg_catalog.pg_current_xact_id() AS text) AS bigint), generation \
             FROM {registry.state} FOR SHARE",
            "UPDATE {registry.state} SET change = change + 1 RETURNING change, generation",
        );
        Session::of(sql, &mut transaction)
            .await
            .map(|(change, generation)| Session {
                transaction,
                change,
                generation,
                alone: false,
            })
    }

    /// Begins a transaction that writes records: nobody else writes.
    async fn begin_alone(&self) -> Result<Session, Error> {
        let mut transaction = self.database.begin().await?;
        let sql = self.database.choose(
            "UPDATE {registry.state} SET generation = generation RETURNING \
             CAST(CAST(pg_catalog.pg_current_xact_id() AS text) AS bigint), generation",
            "UPDATE {registry.state} SET change = change + 1 RETURNING change, generation",
        );
        Session::of(sql, &mut transaction)
            .await
            .map(|(change, generation)| Session {
                transaction,
                change,
                generation,
                alone: true,
            })
    }

    /// What is known now, for those who read: begun anew if a record was
    /// changed meanwhile.
    async fn generation(&self) -> Result<i64, Error> {
        let sql = "SELECT generation FROM {registry.state}";
        let rows = self.database.fetch(sql, &[], &[Wire::Int8]).await?;
        Ok(cells::int(&rows, 0, 0).unwrap_or_default())
    }

    /// The records that datasets of these data IDs need.
    async fn records_for(
        &self,
        session: &mut Session,
        all: impl Iterator<Item = &values::Values> + Clone,
    ) -> Result<Records, Error> {
        let mut records = Records::default();
        // What is read beside changes of our own is not yet true for others.
        let cache = (!session.alone).then_some((&self.cache, session.generation));
        let mut reader = Reader::Inside(&mut session.transaction);
        records.load(&mut reader, &self.lists, cache, all).await?;
        Ok(records)
    }

    /// The column of an identifier as a query reads it.
    fn id_column(&self, column: &str) -> String {
        match self.database.choose("send", "") {
            "" => column.to_owned(),
            _ => format!("pg_catalog.uuid_send({column})"),
        }
    }
}

/// A transaction of the registry.
struct Session {
    transaction: Transaction,
    /// Its place in the journal.
    change: i64,
    /// Of the records it sees.
    generation: i64,
    /// Whether nobody else writes.
    alone: bool,
}

impl Session {
    async fn of(sql: &str, transaction: &mut Transaction) -> Result<(i64, i64), Error> {
        let rows = transaction.fetch(sql, &[], &[Wire::Int8; 2]).await?;
        match rows.is_empty() {
            true => Err(nowhere()),
            false => Ok((
                cells::int(&rows, 0, 0).unwrap_or_default(),
                cells::int(&rows, 0, 1).unwrap_or_default(),
            )),
        }
    }

    /// Has everybody forget what they know of records.
    async fn forget(&mut self) -> Result<(), Error> {
        let sql = "UPDATE {registry.state} SET generation = generation + 1";
        self.transaction.execute(sql, &[]).await?;
        self.generation += 1;
        Ok(())
    }
}

/// Waits before a transaction that others were in the way of is begun again.
async fn wait(tries: u32) {
    tokio::time::sleep(Duration::from_millis(5 << tries.min(6))).await;
}

/// Does it again while others are in the way.
macro_rules! again {
    ($work:expr) => {{
        let mut tries = 0;
        loop {
            match $work.await {
                Err(error) if error.is_passing() && tries < $crate::registry::own::TRIES => {
                    tries += 1;
                    $crate::registry::own::wait(tries).await;
                }
                done => break done,
            }
        }
    }};
}
use again;
