//! A journal that triggers keep in the Butler's own database, where its
//! operator ran the script of [`super::triggers`].
//!
//! Every entry carries its transaction. What is visible and was not told yet
//! is told, from the first transaction on that was under way the last time:
//! so nothing is waited for and nothing is lost, in whatever order
//! transactions are committed.

use std::collections::BTreeSet;
use std::sync::Arc;

use adql::{Value, Wire};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Inner;
use super::cells::{first, int, text};
use super::changes::{self, Polled, key_of, written};
use super::triggers;
use super::types::Type;
use crate::registry::{Changes, Error};

/// How far the journal was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The table of the journal: another one if it was made anew.
    journal: i64,
    /// The first transaction that was under way.
    first: u64,
    /// The entries of it and of later ones that were told.
    told: BTreeSet<i64>,
    /// When, in seconds since 1970: entries are not kept for ever.
    at: i64,
}

/// A journal that is there and may be read.
pub(super) struct Journal {
    table: String,
    number: i64,
}

impl Inner {
    /// The journal, if the operator has made one that we may read.
    pub(super) async fn find_journal(&self) -> Result<Option<Journal>, Error> {
        let schema = triggers::schema(&self.namespace);
        let sql = "SELECT CAST(c.oid AS bigint) FROM pg_catalog.pg_class AS c \
                   JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relname = 'journal' \
                   AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')";
        let values = [Value::Text(schema.clone())];
        let rows = self.guest.fetch(sql, &values, &[Wire::Int8]).await?;
        let number = int(first(&rows, 0));
        Ok(number.map(|number| Journal {
            table: format!("{}.journal", super::types::quote(&schema)),
            number,
        }))
    }

    pub(super) async fn read_journal(
        &self,
        journal: &Journal,
        types: &[Arc<Type>],
        old: Option<&Mark>,
    ) -> Result<Changes, Error> {
        let state: Polled = self.state().await?;
        let clock = "SELECT CAST(extract(epoch FROM now()) AS bigint)";
        let clock = self.guest.fetch(clock, &[], &[Wire::Int8]).await?;
        let mut mark = Mark {
            journal: journal.number,
            first: state.first,
            told: BTreeSet::new(),
            at: int(first(&clock, 0)).unwrap_or_default(),
        };
        let usable = old.filter(|old| {
            old.journal == mark.journal
                && old.first <= mark.first
                && mark.at - old.at < triggers::KEPT_SECONDS / 2
        });
        let Some(old) = usable else {
            return Ok(Changes {
                everything: true,
                mark: written(&changes::Mark::Journal(mark)),
                ..Changes::default()
            });
        };
        let sql = format!(
            "SELECT number, CAST(CAST(xid AS text) AS bigint), source, CAST(ids AS text), CAST(keys AS text) \
             FROM {} WHERE xid >= CAST($1 AS xid8) ORDER BY xid, number",
            journal.table
        );
        let values = [Value::Text(old.first.to_string())];
        let wires = [Wire::Int8, Wire::Int8, Wire::Text, Wire::Text, Wire::Text];
        let rows = self.guest.fetch(&sql, &values, &wires).await?;
        let mut ids = BTreeSet::new();
        let mut everything = false;
        for row in 0..rows.len() {
            let (Some(number), Some(xid)) = (int(rows.cell(row, 0)), int(rows.cell(row, 1))) else {
                continue;
            };
            if xid as u64 >= mark.first {
                mark.told.insert(number);
            }
            if old.told.contains(&number) {
                continue;
            }
            if let Some(list) = rows.cell(row, 3).map(text) {
                let list = list.trim_matches(['{', '}']).split(',');
                ids.extend(list.filter_map(|id| Uuid::try_parse(id).ok()));
            }
            let source = rows.cell(row, 2).map(text).unwrap_or_default();
            if let (Some(keys), Some(element)) =
                (rows.cell(row, 4).map(text), self.universe.element(source))
            {
                let columns = self.key_columns(element);
                let keys: Vec<serde_json::Value> = serde_json::from_str(keys).unwrap_or_default();
                let keys = keys
                    .iter()
                    .filter_map(|key| key_of(&key.to_string(), &columns));
                let keys: Vec<_> = keys.collect();
                match self.affected(types, element, &keys, false).await? {
                    Some(affected) => ids.extend(affected),
                    None => everything = true,
                }
            }
        }
        Ok(Changes {
            ids: ids.into_iter().collect(),
            everything,
            mark: written(&changes::Mark::Journal(mark)),
        })
    }
}
