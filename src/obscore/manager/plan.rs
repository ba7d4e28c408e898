//! What another configuration would change, before it is applied.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::{columns::declared, kept, table};
use super::compare::{Cause, Difference, Tally};
use super::line::{Describe, Line};
use super::sweep::Sweep;
use super::{Attach, Feed, Manager, ManagerError, feeds};
use crate::config::ExtraColumn;
use crate::database::Database;
use crate::registry::Source;

/// What would happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Columns that the table would get, and those that would be published no
    /// more.
    pub added_columns: Vec<String>,
    pub hidden_columns: Vec<String>,
    /// Dataset types that would have rows, or would have no more.
    pub added_types: Vec<String>,
    pub removed_types: Vec<String>,
    /// Rows that would be written and taken out.
    pub rows: Tally,
    /// The first of them.
    pub examples: Vec<Difference>,
}

const EXAMPLES: usize = 20;

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.added_columns.is_empty()
            && self.hidden_columns.is_empty()
            && self.added_types.is_empty()
            && self.removed_types.is_empty()
            && !self.rows.writes()
    }
}

/// Says what [`super::attach`] with this configuration and a [`super::sync`]
/// would do. `before`: what describes the rows now. Nothing is changed.
///
/// # Errors
/// When the configuration does not fit the table, and those of the registry and
/// of the database.
pub async fn plan(
    database: &Database,
    source: Arc<dyn Source>,
    attach: &Attach,
    mapping: Arc<dyn Describe>,
    before: Option<Arc<dyn Describe>>,
    settings: &[ExtraColumn],
) -> Result<Plan, ManagerError> {
    let known = feeds(database, Some(&attach.label)).await?;
    let number = known.first().map(|feed| feed.repository.number);
    let mut extra = kept::extra_without(database, &attach.table, settings, number).await?;
    kept::add(&mut extra, mapping.columns());
    let columns = declared(&extra)?;
    let stored = table::stored_columns(database, &attach.table).await?;
    let published = kept::extra(database, &attach.table, settings).await?;
    let mut plan = Plan {
        added_columns: columns
            .iter()
            .map(|it| it.name().to_owned())
            .filter(|name| !stored.contains(name))
            .collect(),
        hidden_columns: published
            .into_iter()
            .map(|it| it.name)
            .filter(|name| columns.iter().all(|it| it.name() != name))
            .collect(),
        ..Plan::default()
    };
    let types = |mapping: &dyn Describe| -> BTreeSet<String> {
        mapping.wanted().types.into_iter().collect()
    };
    let (new, old) = (
        types(&*mapping),
        before.map(|it| types(&*it)).unwrap_or_default(),
    );
    plan.added_types = new.difference(&old).cloned().collect();
    plan.removed_types = old.difference(&new).cloned().collect();

    let mut same_table = known.into_iter().filter(|it| it.table == attach.table);
    let feed = same_table
        .next()
        .unwrap_or_else(|| Feed::planned(attach, number));
    let made = !stored.is_empty();
    let manager = Manager {
        database: database.clone(),
        source,
        line: Line::new(feed, mapping, &columns, Some((&stored, database.target())))?,
        columns,
    };
    let mut sweep = Sweep::begin();
    match made {
        true => {
            while let Some(found) = sweep.step(&manager).await? {
                plan.count(found);
            }
            plan.rows.seen = sweep.looked;
        }
        false => plan.rows.added = manager.count().await?,
    }
    plan.rows.rejected = sweep.rejected;
    Ok(plan)
}

impl Plan {
    fn count(&mut self, found: Vec<Difference>) {
        for difference in found {
            match difference.cause {
                Cause::Missing => self.rows.added += 1,
                Cause::Extra | Cause::Collection | Cause::DeadLink => self.rows.removed += 1,
                _ => self.rows.changed += 1,
            }
            if self.examples.len() < EXAMPLES {
                self.examples.push(difference);
            }
        }
    }
}

impl Manager {
    /// How many datasets there are to have rows.
    async fn count(&self) -> Result<u64, ManagerError> {
        let mut count = 0;
        let mut after = None;
        loop {
            let wanted = &self.line.wanted;
            let page = self.source.page(wanted, after.as_ref(), 10_000).await?;
            let Some(last) = page.last() else {
                return Ok(count);
            };
            after = Some(crate::registry::Place {
                dataset_type: last.dataset_type.clone(),
                id: last.id,
            });
            let stored = page.iter().filter(|it| self.line.is_stored(it));
            count += stored.count() as u64;
        }
    }
}
