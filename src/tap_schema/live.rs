//! The catalog of a service that runs while others publish tables.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adql::{Catalog, Wire};

use super::{Distributions, load};
use crate::database::{Database, Error};

/// How long a catalog is used before the database is asked whether there is a
/// newer one. Whoever publishes and then waits so long may be sure that no
/// query is checked against the old one any more.
pub const LOOKED_AFTER: Duration = Duration::from_secs(1);

/// What may be spoken of, as TAP_SCHEMA has it. Cloning shares it.
#[derive(Clone)]
pub struct Live {
    database: Database,
    held: Arc<Mutex<Held>>,
    /// One looks, the others wait for what it finds.
    looking: Arc<tokio::sync::Mutex<()>>,
    counted: Arc<tokio::sync::Mutex<Option<Counted>>>,
}

/// Statistics of columns, with what they were taken of and when.
struct Counted {
    catalog: Arc<Catalog>,
    when: Instant,
    what: Arc<Distributions>,
}

/// A database that takes longer to tell is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_COUNTING: Duration = Duration::from_secs(30);

/// How long statistics are told as they are.
const COUNTED_AFTER: Duration = Duration::from_secs(3600);

struct Held {
    catalog: Arc<Catalog>,
    version: i64,
    /// From before the database was asked, so that nothing published since is
    /// taken for seen.
    looked: Instant,
}

impl Live {
    /// # Errors
    /// Those of the database.
    pub async fn open(database: Database) -> Result<Live, Error> {
        let looked = Instant::now();
        let held = read(&database, looked).await?;
        Ok(Live {
            database,
            held: Arc::new(Mutex::new(held)),
            looking: Arc::default(),
            counted: Arc::default(),
        })
    }

    /// The catalog as it was no longer than [`LOOKED_AFTER`] ago; if the
    /// database does not tell, the last one known.
    pub async fn catalog(&self) -> Arc<Catalog> {
        if let Some(catalog) = self.fresh() {
            return catalog;
        }
        let _looking = self.looking.lock().await;
        // Somebody else may have looked meanwhile.
        if let Some(catalog) = self.fresh() {
            return catalog;
        }
        let looked = Instant::now();
        let before = self.held(|held| held.version);
        let look = async {
            match version(&self.database).await? {
                now if now == before => Ok(None),
                _ => read(&self.database, looked).await.map(Some),
            }
        };
        let newer = within(PATIENCE, look).await;
        self.held(|held| {
            match newer {
                Ok(None) => held.looked = looked,
                Ok(Some(newer)) => {
                    tracing::info!(version = newer.version, "TAP_SCHEMA read again");
                    *held = newer;
                }
                // The query will meet the same trouble and tell of it.
                Err(error) => {
                    tracing::warn!(%error, "cannot look whether TAP_SCHEMA has changed");
                    held.looked = looked;
                }
            }
            held.catalog.clone()
        })
    }

    /// The last catalog known, without a look at the database.
    pub fn last(&self) -> Arc<Catalog> {
        self.held(|held| held.catalog.clone())
    }

    /// What is known of the values in the columns of a catalog; nothing where
    /// the database does not tell.
    pub async fn distributions(&self, catalog: &Arc<Catalog>) -> Arc<Distributions> {
        let mut counted = self.counted.lock().await;
        if let Some(known) = counted.as_ref()
            && Arc::ptr_eq(&known.catalog, catalog)
            && known.when.elapsed() < COUNTED_AFTER
        {
            return known.what.clone();
        }
        let reading = Distributions::read(&self.database, catalog);
        let what = match within(PATIENCE_COUNTING, reading).await {
            Ok(what) => Arc::new(what),
            Err(error) => {
                tracing::warn!(%error, "there are no statistics of columns");
                return Arc::default();
            }
        };
        *counted = Some(Counted {
            catalog: catalog.clone(),
            when: Instant::now(),
            what: what.clone(),
        });
        what
    }

    fn fresh(&self) -> Option<Arc<Catalog>> {
        self.held(|held| (held.looked.elapsed() < LOOKED_AFTER).then(|| held.catalog.clone()))
    }

    fn held<T>(&self, with: impl FnOnce(&mut Held) -> T) -> T {
        // What is held is replaced as a whole: a panic leaves nothing half-done.
        with(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(time, work).await {
        Ok(done) => done,
        Err(_) => Err(Error::Timeout(time.as_secs())),
    }
}

async fn read(database: &Database, looked: Instant) -> Result<Held, Error> {
    // The version first: what is published between is then read again.
    let version = version(database).await?;
    Ok(Held {
        catalog: Arc::new(load(database).await?),
        version,
        looked,
    })
}

async fn version(database: &Database) -> Result<i64, Error> {
    let sql = "SELECT version FROM {obstap.published}";
    let rows = database.fetch(sql, &[], &[Wire::Int8]).await?;
    let cell = rows.cell(0, 0).and_then(|cell| cell.try_into().ok());
    Ok(cell.map_or(0, i64::from_be_bytes))
}
