//! What tells of datasets: a registry of ours, or a Butler repository.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::dataset::Dataset;
use super::wanted::Wanted;
use crate::database;

/// A registry that can be read. Every call reads in a short transaction of its
/// own, so that nobody who writes there waits for us.
pub trait Source: Send + Sync {
    /// The name by which links and commands call it (`butler://LABEL/UUID`).
    fn label(&self) -> &str;

    /// The next datasets behind `after` in the order of type and id, at most
    /// `most`; none when there are no more.
    fn page<'a>(
        &'a self,
        wanted: &'a Wanted,
        after: Option<&'a Place>,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Dataset>, Error>>;

    /// Those of these that exist, wanted or not, in any order.
    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Dataset>, Error>>;

    /// Of these, those that exist: what [`Source::find`] would have, cheaper.
    fn existing<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Uuid>, Error>>;

    /// What may have changed since the mark of an earlier answer; from the
    /// beginning without one.
    fn changes<'a>(
        &'a self,
        wanted: &'a Wanted,
        since: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Changes, Error>>;

    /// What [`Source::changes`] does not tell, compared with the mark of an
    /// earlier sweep; everything without one. It costs a reading of keys, and
    /// is for now and then. A source whose changes tell all has no more to
    /// say.
    ///
    /// A dataset that was added after the mark and is gone again leaves no
    /// trace here: whoever took up datasets since that mark asks
    /// [`Source::existing`] for them.
    fn sweep<'a>(
        &'a self,
        wanted: &'a Wanted,
        since: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Sweep, Error>> {
        let _ = wanted;
        let mark = since.unwrap_or_default().to_owned();
        Box::pin(async move {
            Ok(Sweep {
                mark,
                ..Sweep::default()
            })
        })
    }

    /// Datasets that these were made of or with, or that were made of them, as
    /// far as the registry tells; few for each, in any order. A registry that
    /// knows of none has none.
    fn related<'a>(&'a self, of: &'a [Dataset]) -> BoxFuture<'a, Result<Vec<Related>, Error>> {
        let _ = of;
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// A dataset, and what it is to another.
#[derive(Clone, Debug)]
pub struct Related {
    /// The other.
    pub of: Uuid,
    pub relation: Relation,
    pub dataset: Dataset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The other was made of it.
    Progenitor,
    /// It was made of the other.
    Derivation,
    /// It tells how to calibrate the other.
    Calibration,
    /// It shows the other in small.
    Preview,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub dataset_type: Arc<str>,
    pub id: Uuid,
}

/// Datasets to look at again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub ids: Vec<Uuid>,
    /// The source cannot name them: everything is to be compared.
    pub everything: bool,
    /// To be given back the next time.
    pub mark: String,
}

/// What a sweep found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Datasets to look at again; not all of them need be wanted.
    pub ids: Vec<Uuid>,
    /// Ends of ids (their last 12 bits): datasets whose ids end so, and which
    /// are not in `ids`, are gone.
    pub ends: Vec<u16>,
    /// The source cannot name them: everything is to be compared.
    pub everything: bool,
    /// To be given back the next time.
    pub mark: String,
}

impl Sweep {
    /// How many ends there are.
    pub const ENDS: usize = 4096;

    /// The end of an id.
    pub fn end(id: Uuid) -> u16 {
        (id.as_u128() & 0xfff) as u16
    }
}

/// Why a registry could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Database(#[from] database::Error),
    /// What is stored there is not what it should be.
    #[error("{repository}: {reason}")]
    Unreadable { repository: String, reason: String },
}
