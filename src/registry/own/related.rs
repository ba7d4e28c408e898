//! What datasets are to each other, as far as their data IDs tell: a raw image
//! and what was made of it share a detector and an exposure of a visit; a
//! picture of the same data ID shows a dataset in small.
//!
//! Left out: which calibrations apply (there are no calibration collections),
//! and which images went into a coadd (the registry is not told).

use std::collections::HashMap;

use adql::{Value, Wire};
use uuid::Uuid;

use super::error::Error;
use super::{Store, cells};
use crate::registry::{Dataset, Related, Relation};

/// Related datasets of one, at most.
const MOST: usize = 20;

const SQL: &str = include_str!("related.sql");

impl Store {
    pub(super) async fn related_to(&self, of: &[Dataset]) -> Result<Vec<Related>, Error> {
        let sql = SQL
            .replace("[asked]", &self.lists.in_ids(1))
            .replace("[of]", &self.id_column("p.of_id"))
            .replace("[other]", &self.id_column("p.other_id"));
        let most = of.len().saturating_mul(4 * MOST);
        let values = [
            self.lists.ids(of.iter().map(|dataset| dataset.id)),
            Value::BigInt(i64::try_from(most).unwrap_or(i64::MAX)),
        ];
        let wires = [Wire::Bytes, Wire::Bytes, Wire::Text];
        let rows = self.database.fetch(&sql, &values, &wires).await?;
        let mut counts: HashMap<Uuid, usize> = HashMap::new();
        let mut pairs = Vec::new();
        for row in 0..rows.len() {
            let uuid = |column| cells::uuid(&rows, row, column);
            let (Some(of), Some(other)) = (uuid(0), uuid(1)) else {
                continue;
            };
            let relation = match cells::text(&rows, row, 2) {
                Some("progenitor") => Relation::Progenitor,
                Some("derivation") => Relation::Derivation,
                _ => Relation::Preview,
            };
            let count = counts.entry(of).or_default();
            *count += 1;
            if *count <= MOST {
                pairs.push((of, relation, other));
            }
        }
        let mut ids: Vec<Uuid> = pairs.iter().map(|(.., other)| *other).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let condition = format!("d.id {}", self.lists.in_ids(1));
        let values = [self.lists.ids(ids)];
        let others = self.datasets("", &condition, &values).await?;
        let others: HashMap<Uuid, Dataset> = others.into_iter().map(|it| (it.id, it)).collect();
        let related = pairs.into_iter().filter_map(|(of, relation, other)| {
            Some(Related {
                of,
                relation,
                dataset: others.get(&other)?.clone(),
            })
        });
        Ok(related.collect())
    }
}
