//! Where the data of one observation are.

use super::{Asker, Cap, Fault, QueryRequest, Service};
use crate::dali::Parts;

impl Service {
    /// The `access_url` of the observation with this `obs_publisher_did`;
    /// `None` where there is no such observation, an empty one where it has
    /// none.
    ///
    /// # Errors
    ///
    /// As those of a query.
    pub async fn access_url(&self, publisher_did: &str) -> Result<Option<String>, Fault> {
        let quoted = publisher_did.replace('\'', "''");
        let request = QueryRequest {
            query: format!(
                "SELECT access_url FROM ivoa.obscore WHERE obs_publisher_did = '{quoted}'"
            ),
            maxrec: 1,
            cap: Cap::Asked,
            format: None,
            uploads: Vec::new(),
            version: None,
        };
        let limits = self.at_once();
        let answer = self
            .answer(&request, &Parts::default(), limits, Asker::default())
            .await?;
        let Some(mut rows) = answer.rows else {
            return Ok(None);
        };
        let batch = rows.next().await?;
        let batch = batch.filter(|batch| !batch.is_empty());
        Ok(batch.map(|batch| {
            let text = batch.cell(0, 0).unwrap_or_default();
            String::from_utf8_lossy(text).into_owned()
        }))
    }
}
