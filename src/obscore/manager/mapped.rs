//! Rubin's own configurations at work.

use std::sync::Arc;

use super::super::mapping::{Mapping, Publisher, Row};
use super::{Describe, Feed, Reading};
use crate::config::ExtraColumn;
use crate::input::Value;
use crate::registry::{Dataset, Wanted};

/// A configuration, and who publishes what it makes.
pub struct Mapped {
    pub mapping: Mapping,
    pub publisher: Publisher,
}

impl Describe for Mapped {
    fn wanted(&self) -> Wanted {
        self.mapping.wanted()
    }

    fn columns(&self) -> Vec<ExtraColumn> {
        self.mapping.columns().to_vec()
    }

    fn names(&self) -> Vec<String> {
        self.mapping.names().to_vec()
    }

    fn row(&self, dataset: &Dataset) -> Result<Vec<Value>, Vec<String>> {
        match self.mapping.row(dataset, &self.publisher)? {
            Row::Values(row) => Ok(row.values),
            // Neither is asked for.
            Row::Unstored => Err(vec!["it is stored nowhere".into()]),
            Row::Unwanted => Err(vec!["its type is not of the configuration".into()]),
        }
    }
}

/// Reads the configurations of feeds. `authority`: of the identifiers that no
/// template makes; `links`: the DataLink endpoint for rows whose configuration
/// names none, unless the feed has one of its own.
pub fn mapped(authority: &str, links: Option<&str>) -> Box<Reading> {
    let (authority, links) = (authority.to_owned(), links.map(str::to_owned));
    Box::new(move |feed: &Feed| {
        let (mapping, warnings) =
            Mapping::read(&feed.document).map_err(|faults| faults.to_string())?;
        for warning in warnings {
            tracing::debug!(table = %feed.table, "{}: {warning}", feed.origin);
        }
        Ok(Arc::new(Mapped {
            mapping,
            publisher: Publisher {
                authority: authority.clone(),
                repository: feed.repository.label.clone(),
                links: feed.repository.public_url.clone().or_else(|| links.clone()),
            },
        }) as Arc<dyn Describe>)
    })
}
