//! Dimension records, looked up by their keys and shared by all datasets.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adql::Wire;

use super::Inner;
use super::cells::{self, Part};
use super::types::quote;
use super::universe::{Element, Kind};
use crate::registry::{Error, Record, Scalar};

/// Records of one element by key; none where there is no such record.
pub(super) type Known = HashMap<Box<[Part]>, Option<Arc<Found>>>;

/// A record and what it tells of other dimensions.
#[derive(Debug)]
pub(super) struct Found {
    pub record: Arc<Record>,
    /// In the order of [`Element::implied`].
    pub implied: Vec<Scalar>,
}

/// Keys asked for in one statement.
const TOGETHER: usize = 1000;

/// Records remembered of one element.
const MOST: usize = 100_000;

/// A record that was read longer ago is read again.
const AGE: Duration = Duration::from_secs(20);

/// Records that the last pages needed: the next ones are likely to need them
/// too. Only a walk through everything uses it; what was reported to have
/// changed is read anew.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Option<(Instant, HashMap<usize, Known>)>>);

impl Cache {
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes out what is known of an element; nothing that is old.
    pub(super) fn take(&self, element: usize) -> Known {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache
            .as_ref()
            .is_none_or(|(since, _)| since.elapsed() > AGE)
        {
            *cache = Some((Instant::now(), HashMap::new()));
        }
        let known = cache.as_mut().and_then(|(_, known)| known.remove(&element));
        known.unwrap_or_default()
    }

    pub(super) fn keep(&self, element: usize, known: Known) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cache)) = cache.as_mut().filter(|_| known.len() <= MOST) {
            cache.insert(element, known);
        }
    }
}

impl Inner {
    /// Adds the records with these keys to those that are known.
    pub(super) async fn look_up(
        &self,
        element: &Element,
        keys: &HashSet<Box<[Part]>>,
        known: &mut Known,
    ) -> Result<(), Error> {
        let missing: Vec<&Box<[Part]>> = keys
            .iter()
            .filter(|key| !known.contains_key(*key))
            .collect();
        let query = Query::new(self, element);
        for mut some in missing.chunks(TOGETHER) {
            while !some.is_empty() {
                let value = cells::keys_value(some.iter().map(|key| &***key));
                let part = self.guest.some(&query.sql, &[value], &query.wires).await?;
                for row in 0..part.rows.len() {
                    if let Some((key, found)) = query.read(part.rows.row(row)) {
                        known.insert(key, Some(Arc::new(found)));
                    }
                }
                if !part.cut {
                    for key in some {
                        known.entry((*key).clone()).or_insert(None);
                    }
                    break;
                }
                // Read in the order of the keys: at least the first was looked
                // for.
                let read = some.iter().rposition(|key| known.contains_key(*key));
                let (read, rest) = some.split_at(read.map_or(1, |last| last + 1));
                for key in read {
                    known.entry((*key).clone()).or_insert(None);
                }
                some = rest;
            }
        }
        Ok(())
    }
}

/// How records of an element are asked for and read.
struct Query<'a> {
    element: &'a Element,
    sql: String,
    wires: Vec<Wire>,
    /// The key's columns, then the other fields, then the implied dimensions.
    columns: Vec<(Arc<str>, Kind)>,
}

impl<'a> Query<'a> {
    fn new(inner: &Inner, element: &'a Element) -> Query<'a> {
        let guest = &inner.guest;
        let universe = &inner.universe;
        let named = |name: &Arc<str>| -> (Arc<str>, Kind) {
            (element.column(name).into(), universe.kind(name))
        };
        let key = element.required.iter().map(named);
        let implied = element.implied.iter();
        let implied = implied.map(|name| (name.clone(), universe.kind(name)));
        let columns: Vec<(Arc<str>, Kind)> = key
            .chain(element.fields.iter().cloned())
            .chain(implied)
            .collect();
        let mut selected: Vec<String> = columns
            .iter()
            .map(|(column, kind)| kind.cast(guest, &format!("e.{}", quote(column))))
            .collect();
        let mut wires: Vec<Wire> = columns.iter().map(|(_, kind)| kind.wire()).collect();
        if element.timespan {
            selected.push(cells::timespan_columns(guest, "e"));
            wires.extend([Wire::Int8; 2]);
        }
        let kinds: Vec<Kind> = columns
            .iter()
            .take(element.required.len())
            .map(|(_, kind)| *kind)
            .collect();
        let conditions = columns.iter().take(kinds.len()).enumerate();
        let conditions = conditions.map(|(at, (column, _))| {
            format!("e.{} = {}", quote(column), cells::key_part(guest, at))
        });
        let sql = format!(
            "SELECT {} {} CROSS JOIN {} AS e WHERE {}",
            selected.join(", "),
            cells::from_keys(guest, 1, &kinds),
            inner.table(&element.name),
            conditions.collect::<Vec<_>>().join(" AND ")
        );
        Query {
            element,
            sql,
            wires,
            columns,
        }
    }

    fn read<'b>(
        &self,
        mut cells: impl Iterator<Item = Option<&'b [u8]>>,
    ) -> Option<(Box<[Part]>, Found)> {
        let mut fields = Vec::with_capacity(self.columns.len());
        for (column, kind) in &self.columns {
            fields.push((column.clone(), kind.scalar(cells.next()?)));
        }
        let key = fields.iter().take(self.element.required.len());
        let key: Option<Box<[Part]>> = key.map(|(_, value)| Part::of(value)).collect();
        let told = fields.len() - self.element.implied.len();
        let implied = fields.iter().skip(told);
        let implied = implied.map(|(_, value)| value.clone()).collect();
        let timespan = match self.element.timespan {
            true => cells::timespan(cells.next()?, cells.next()?),
            false => None,
        };
        let record = Arc::new(Record { fields, timespan });
        Some((key?, Found { record, implied }))
    }
}
