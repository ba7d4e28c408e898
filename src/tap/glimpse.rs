//! A look at one observation, for examples that find something.

use std::time::Duration;

use super::{Asker, Cap, QueryRequest, Service};
use crate::dali::Parts;
use crate::database::{Batch, Lane, Limits};

/// Not worth waiting longer for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where and when an observation was made: degrees, MJD and its collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub ra: f64,
    pub dec: f64,
    pub mjd: f64,
    pub collection: String,
}

impl Service {
    /// One of those there are; `None` where there is none or the database is
    /// too busy to tell.
    pub async fn one_observation(&self) -> Option<Observation> {
        let request = QueryRequest {
            query: "SELECT TOP 1 s_ra, s_dec, t_min, obs_collection FROM ivoa.obscore \
                    WHERE s_ra IS NOT NULL AND s_dec IS NOT NULL AND t_min IS NOT NULL"
                .to_owned(),
            maxrec: 1,
            cap: Cap::Asked,
            format: None,
            uploads: Vec::new(),
            version: None,
        };
        let limits = Limits {
            time: Some(PATIENCE),
            lane: Lane::Waiting,
        };
        let mut rows = self
            .answer(&request, &Parts::default(), limits, Asker::default())
            .await
            .ok()?
            .rows?;
        let batch = rows.next().await.ok()??;
        if batch.is_empty() {
            return None;
        }
        let text = batch.cell(0, 3).unwrap_or_default();
        Some(Observation {
            ra: number(&batch, 0)?,
            dec: number(&batch, 1)?,
            mjd: number(&batch, 2)?,
            collection: String::from_utf8_lossy(text).into_owned(),
        })
    }
}

fn number(batch: &Batch, column: usize) -> Option<f64> {
    let cell = batch.cell(0, column)?;
    Some(f64::from_be_bytes(cell.try_into().ok()?))
}
