//! How far the tables are behind their registries.

use super::super::change;
use super::{Feed, feeds};
use crate::database::{Database, Error, now};

/// What is known of all feeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub feeds: Vec<Feed>,
    /// When any ObsCore table was last changed (microseconds since 2000, UTC).
    pub changed_at: Option<i64>,
    /// Now, in the same.
    pub now: i64,
}

impl Status {
    /// For how long changes of a registry may have gone unseen, in seconds.
    /// None of one that was never looked at, and of our own, whose rows are
    /// written with its datasets.
    pub fn lag(&self, feed: &Feed) -> Option<f64> {
        if feed.repository.kind == super::Kind::Own {
            return None;
        }
        feed.looked
            .map(|looked| (self.now - looked).max(0) as f64 / 1e6)
    }
}

impl Status {
    /// [`Status::changed_at`] in seconds since 1970, UTC.
    pub fn changed_since_1970(&self) -> Option<f64> {
        let changed = self.changed_at?;
        Some((changed + adql::time::FROM_1970) as f64 / 1e6)
    }
}

/// What is known now.
///
/// # Errors
/// Those of the database.
pub async fn status(database: &Database) -> Result<Status, Error> {
    Ok(Status {
        feeds: feeds(database, None).await?,
        changed_at: change::changed_at(database).await?,
        now: now(),
    })
}
