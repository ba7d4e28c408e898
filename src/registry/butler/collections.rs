//! Collections: names of numbers, and what a wish for collections comes to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use adql::{Value, Wire};

use super::Inner;
use super::cells::{first, int, text};
use crate::registry::{Collections, Error};

/// Kinds of collections, as the registry numbers them.
pub(super) const RUN: i64 = 1;
pub(super) const TAGGED: i64 = 2;
pub(super) const CHAINED: i64 = 3;
pub(super) const CALIBRATION: i64 = 4;

#[derive(Debug)]
pub(super) struct Collection {
    pub name: Arc<str>,
    pub kind: i64,
}

/// Those that were met. A number means the same collection for ever: names are
/// not changed, and a collection made again has another number.
#[derive(Debug, Default)]
pub(super) struct Met(Mutex<HashMap<i64, Arc<Collection>>>);

/// A wish for collections in numbers.
#[derive(Debug)]
pub(super) enum Chosen {
    /// By the name of the run.
    Runs,
    Tagged(Option<i64>),
    /// In the order in which they are searched.
    Path(Vec<i64>),
}

impl Inner {
    /// The collections with these numbers; those that are gone are left out.
    pub(super) async fn collections(
        &self,
        numbers: HashSet<i64>,
    ) -> Result<HashMap<i64, Arc<Collection>>, Error> {
        let missing: Vec<i64> = {
            let met = self.met.0.lock().unwrap_or_else(PoisonError::into_inner);
            let missing = numbers.iter().filter(|it| !met.contains_key(it));
            missing.copied().collect()
        };
        for some in missing.chunks(1000) {
            let list: Vec<String> = some.iter().map(i64::to_string).collect();
            let sql = format!(
                "SELECT CAST(collection_id AS {0}), name, CAST(type AS {0}) FROM {1} WHERE collection_id IN ({2})",
                self.guest.choose("bigint", "INTEGER"),
                self.table("collection"),
                list.join(", ")
            );
            let wires = [Wire::Int8, Wire::Text, Wire::Int8];
            let rows = self.guest.fetch(&sql, &[], &wires).await?;
            let mut met = self.met.0.lock().unwrap_or_else(PoisonError::into_inner);
            for row in 0..rows.len() {
                if let (Some(number), Some(name), Some(kind)) = (
                    int(rows.cell(row, 0)),
                    rows.cell(row, 1),
                    int(rows.cell(row, 2)),
                ) {
                    let name = text(name).into();
                    met.insert(number, Arc::new(Collection { name, kind }));
                }
            }
        }
        let met = self.met.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |number: i64| Some((number, met.get(&number)?.clone()));
        Ok(numbers.into_iter().filter_map(known).collect())
    }

    pub(super) async fn chosen(&self, wanted: &Collections) -> Result<Chosen, Error> {
        Ok(match wanted {
            Collections::Runs(_) => Chosen::Runs,
            Collections::Tagged(name) => {
                let found = self.named(std::slice::from_ref(name)).await?;
                let tagged = found.values().find(|(_, kind)| *kind == TAGGED);
                Chosen::Tagged(tagged.map(|(number, _)| *number))
            }
            Collections::Path(names) => Chosen::Path(self.path(names).await?),
        })
    }

    /// Number and kind of collections.
    async fn named(&self, names: &[String]) -> Result<HashMap<String, (i64, i64)>, Error> {
        let mut found = HashMap::new();
        for name in names {
            let sql = format!(
                "SELECT CAST(collection_id AS {0}), CAST(type AS {0}) FROM {1} WHERE name = $1",
                self.guest.choose("bigint", "INTEGER"),
                self.table("collection")
            );
            let values = [Value::Text(name.clone())];
            let rows = self.guest.fetch(&sql, &values, &[Wire::Int8; 2]).await?;
            if let (Some(number), Some(kind)) = (int(first(&rows, 0)), int(first(&rows, 1))) {
                found.insert(name.clone(), (number, kind));
            }
        }
        Ok(found)
    }

    /// Chains replaced by what is in them, each collection where it comes
    /// first. CALIBRATION collections are left out: which of their datasets
    /// is meant depends on a time.
    async fn path(&self, names: &[String]) -> Result<Vec<i64>, Error> {
        let found = self.named(names).await?;
        let mut chains: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
        if found.values().any(|(_, kind)| *kind == CHAINED) {
            let sql = format!(
                "SELECT CAST(h.parent AS {0}), CAST(h.child AS {0}), CAST(c.type AS {0}) \
                 FROM {1} AS h JOIN {2} AS c ON c.collection_id = h.child ORDER BY h.parent, h.position",
                self.guest.choose("bigint", "INTEGER"),
                self.table("collection_chain"),
                self.table("collection")
            );
            let rows = self.guest.fetch(&sql, &[], &[Wire::Int8; 3]).await?;
            for row in 0..rows.len() {
                if let (Some(parent), Some(child), Some(kind)) = (
                    int(rows.cell(row, 0)),
                    int(rows.cell(row, 1)),
                    int(rows.cell(row, 2)),
                ) {
                    chains.entry(parent).or_default().push((child, kind));
                }
            }
        }
        let mut path = Vec::new();
        let mut seen = HashSet::new();
        let named = names.iter().filter_map(|name| found.get(name).copied());
        // What is to be looked at, the next one last.
        let mut left: Vec<(i64, i64)> = named.collect();
        left.reverse();
        while let Some((number, kind)) = left.pop() {
            if !seen.insert(number) {
                continue;
            }
            match kind {
                CHAINED => left.extend(chains.get(&number).into_iter().flatten().rev()),
                RUN | TAGGED => path.push(number),
                _ => {}
            }
        }
        Ok(path)
    }
}
