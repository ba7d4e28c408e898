//! The registry as a source of datasets like any other.

use std::collections::BTreeMap;

use adql::{Value, Wire};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::collections::{CHAINS, CollectionKind, parts};
use super::error::Error;
use super::{Store, cells};
use crate::registry::{self, Changes, Collections, Dataset, Place, Related, Source, Wanted};

/// Datasets that changed since a mark; beyond, everything is to be compared.
const MOST: usize = 1_000_000;

impl Source for Store {
    fn label(&self) -> &str {
        Store::label(self)
    }

    fn page<'a>(
        &'a self,
        wanted: &'a Wanted,
        after: Option<&'a Place>,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Dataset>, registry::Error>> {
        Box::pin(async move { Ok(self.wanted_page(wanted, after, most).await?) })
    }

    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Dataset>, registry::Error>> {
        Box::pin(async move {
            let condition = format!("d.id {}", self.lists.in_ids(1));
            let values = [self.lists.ids(ids.iter().copied())];
            Ok(self.datasets("", &condition, &values).await?)
        })
    }

    fn existing<'a>(
        &'a self,
        ids: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<Uuid>, registry::Error>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {} FROM {{registry.dataset}} WHERE id {}",
                self.id_column("id"),
                self.lists.in_ids(1)
            );
            let values = [self.lists.ids(ids.iter().copied())];
            let rows = self.database.fetch(&sql, &values, &[Wire::Bytes]).await?;
            let ids = (0..rows.len()).filter_map(|row| cells::uuid(&rows, row, 0));
            Ok(ids.collect())
        })
    }

    fn changes<'a>(
        &'a self,
        wanted: &'a Wanted,
        since: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Changes, registry::Error>> {
        Box::pin(async move { Ok(self.changed_since(wanted, since).await?) })
    }

    fn related<'a>(
        &'a self,
        of: &'a [Dataset],
    ) -> BoxFuture<'a, Result<Vec<Related>, registry::Error>> {
        Box::pin(async move { Ok(self.related_to(of).await?) })
    }
}

/// Collections by number, as a page needs them.
struct Members {
    /// In the order of the path; a collection stands where it is first met.
    path: Vec<(i32, CollectionKind)>,
}

impl Store {
    async fn wanted_page(
        &self,
        wanted: &Wanted,
        after: Option<&Place>,
        most: usize,
    ) -> Result<Vec<Dataset>, Error> {
        let Some(members) = self.members(&wanted.collections).await? else {
            return Ok(Vec::new());
        };
        let mut page = Vec::new();
        for name in &wanted.types {
            let behind = match after {
                Some(place) if **name < *place.dataset_type => continue,
                Some(place) if **name == *place.dataset_type => Some(place.id),
                _ => None,
            };
            let left = most.saturating_sub(page.len());
            if left == 0 {
                break;
            }
            page.extend(
                self.typed_page(&members, &wanted.collections, name, behind, left)
                    .await?,
            );
        }
        Ok(page)
    }

    async fn typed_page(
        &self,
        members: &Members,
        collections: &Collections,
        name: &str,
        behind: Option<Uuid>,
        most: usize,
    ) -> Result<Vec<Dataset>, Error> {
        let sql = "SELECT type_id FROM {registry.dataset_type} WHERE name = $1";
        let values = [Value::Text(name.to_owned())];
        let rows = self.database.fetch(sql, &values, &[Wire::Int4]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let number = cells::narrow(&rows, 0, 0);
        let of = |kind: CollectionKind| {
            let path = members.path.iter().filter(move |(_, it)| *it == kind);
            path.map(|(number, _)| i64::from(*number))
        };
        let mut values = vec![
            Value::BigInt(number.into()),
            Value::BigInt(i64::try_from(most).unwrap_or(i64::MAX)),
            self.lists.ints(of(CollectionKind::Run)),
            self.lists.ints(of(CollectionKind::Tagged)),
        ];
        let in_runs = format!("d.run_id {}", self.lists.in_ints(3));
        let in_tags = format!(
            "EXISTS (SELECT 1 FROM {{registry.tag}} AS g WHERE g.dataset_id = d.id \
             AND g.collection_id {})",
            self.lists.in_ints(4)
        );
        let mut condition = format!("d.type_id = $1 AND ({in_runs} OR {in_tags})");
        if let Some(behind) = behind {
            values.push(Value::Text(behind.simple().to_string()));
            let last = self.id_value(values.len());
            condition.push_str(&format!(" AND d.id > {last}"));
        }
        let mut with = String::new();
        if matches!(collections, Collections::Path(_)) {
            // The numbers are ours, so that they can stand in the text.
            let rows: Vec<String> = members
                .path
                .iter()
                .enumerate()
                .map(|(rank, (number, _))| format!("({number}, {rank})"))
                .collect();
            with = format!(
                "WITH path (collection, rank) AS (VALUES {})",
                rows.join(", ")
            );
            condition.push_str(FIRST);
        }
        let rest = format!("{condition} ORDER BY d.id LIMIT $2");
        self.datasets(&with, &rest, &values).await
    }

    /// The RUN and TAGGED collections that are meant; `None` where there are
    /// none.
    async fn members(&self, collections: &Collections) -> Result<Option<Members>, Error> {
        let sql = "SELECT collection_id, name, kind FROM {registry.collection}";
        let wires = [Wire::Int4, Wire::Text, Wire::Text];
        let rows = self.database.fetch(sql, &[], &wires).await?;
        let mut kinds = BTreeMap::new();
        let mut names = BTreeMap::new();
        for row in 0..rows.len() {
            let text = |column| cells::text(&rows, row, column).unwrap_or_default();
            let number = cells::narrow(&rows, row, 0);
            kinds.insert(number, CollectionKind::named(text(2)));
            names.insert(text(1).to_owned(), number);
        }
        let mut path = Vec::new();
        match collections {
            Collections::Runs(_) => {
                for (name, number) in &names {
                    let is_run = kinds.get(number) == Some(&Some(CollectionKind::Run));
                    if is_run && collections.takes_run(name) {
                        path.push((*number, CollectionKind::Run));
                    }
                }
            }
            Collections::Tagged(name) => {
                let number = names.get(name).copied();
                path.extend(number.map(|number| (number, CollectionKind::Tagged)));
            }
            Collections::Path(wanted) => {
                let rows = self.database.fetch(CHAINS, &[], &[Wire::Int4; 2]).await?;
                let parts = parts(&rows);
                let mut left: Vec<i32> = wanted
                    .iter()
                    .rev()
                    .filter_map(|name| names.get(name).copied())
                    .collect();
                // Chains are never part of themselves, so this ends; what was
                // met stands where it was.
                let mut met = std::collections::BTreeSet::new();
                while let Some(number) = left.pop() {
                    if !met.insert(number) {
                        continue;
                    }
                    match kinds.get(&number).copied().flatten() {
                        Some(CollectionKind::Chained) => {
                            let children = parts.get(&number).into_iter().flatten();
                            left.extend(children.rev());
                        }
                        Some(kind) => path.push((number, kind)),
                        None => {}
                    }
                }
            }
        }
        Ok((!path.is_empty()).then_some(Members { path }))
    }

    async fn changed_since(&self, wanted: &Wanted, since: Option<&str>) -> Result<Changes, Error> {
        // Whatever is below has been committed, or never will be.
        let sql = self.database.choose(
            "SELECT CAST(CAST(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) \
             AS text) AS bigint)",
            "SELECT change + 1 FROM {registry.state}",
        );
        let rows = self.database.fetch(sql, &[], &[Wire::Int8]).await?;
        let until = cells::int(&rows, 0, 0).unwrap_or_default();
        let mut changes = Changes {
            mark: until.to_string(),
            ..Changes::default()
        };
        // A mark of the future is one of another database, before a restore.
        let since = since.and_then(|mark| mark.parse::<i64>().ok());
        let Some(since) = since.filter(|since| *since <= until) else {
            changes.everything = true;
            return Ok(changes);
        };
        let sql = format!(
            "SELECT {} FROM {{registry.dataset}} AS d \
             JOIN {{registry.dataset_type}} AS t ON t.type_id = d.type_id \
             WHERE d.change >= $1 AND d.change < $2 AND t.name {} \
             UNION SELECT {} FROM {{registry.removed}} AS r \
             WHERE r.change >= $1 AND r.change < $2 LIMIT {}",
            self.id_column("d.id"),
            self.lists.in_words(3),
            self.id_column("r.id"),
            MOST + 1
        );
        let values = [
            Value::BigInt(since),
            Value::BigInt(until),
            self.lists.words(wanted.types.iter().map(String::as_str)),
        ];
        let rows = self.database.fetch(&sql, &values, &[Wire::Bytes]).await?;
        if rows.len() > MOST {
            changes.everything = true;
            return Ok(changes);
        }
        changes.ids = (0..rows.len())
            .filter_map(|row| cells::uuid(&rows, row, 0))
            .collect();
        Ok(changes)
    }
}

/// Of a path, only what no collection before has: the rank of a dataset is
/// that of the first collection it is in.
const FIRST: &str = " AND NOT EXISTS (\
SELECT 1 FROM path AS p JOIN {registry.dataset} AS e ON e.run_id = p.collection \
AND e.type_id = d.type_id AND e.data_id = d.data_id WHERE e.id <> d.id AND p.rank < \
(SELECT min(q.rank) FROM path AS q WHERE q.collection = d.run_id OR EXISTS (\
SELECT 1 FROM {registry.tag} AS h WHERE h.collection_id = q.collection AND h.dataset_id = d.id))) \
AND NOT EXISTS (\
SELECT 1 FROM path AS p JOIN {registry.tag} AS e ON e.collection_id = p.collection \
AND e.type_id = d.type_id AND e.data_id = d.data_id WHERE e.dataset_id <> d.id AND p.rank < \
(SELECT min(q.rank) FROM path AS q WHERE q.collection = d.run_id OR EXISTS (\
SELECT 1 FROM {registry.tag} AS h WHERE h.collection_id = q.collection AND h.dataset_id = d.id)))";
