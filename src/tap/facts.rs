//! What an archive holds, told in numbers to people who come to its first page:
//! counts by collection, instrument and kind, the bands, the span of time.
//!
//! Counting reads the whole table, so what was counted is told for a while and
//! counted again behind the back of those who ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adql::Wire;

use super::{Asker, Cap, QueryRequest, Service};
use crate::dali::Parts;
use crate::database::{Lane, Limits};

/// How long facts are told as they are.
const COUNTED_AFTER: Duration = Duration::from_secs(300);
/// The same for the newest observation, which an index finds.
const LOOKED_AFTER: Duration = Duration::from_secs(5);
/// A count that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(120);
/// Whoever asks first waits no longer than that.
const FIRST: Duration = Duration::from_secs(2);
/// Different combinations of values, and bands, that are looked at.
const MOST: u64 = 2000;
const MOST_BANDS: usize = 60;

/// What the table of observations holds (ObsCore 1.1).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub rows: u64,
    /// Beginning of the first and of the last observation, MJD.
    pub first: Option<f64>,
    pub last: Option<f64>,
    /// By column, the values with their numbers of rows, the most first.
    pub groups: BTreeMap<&'static str, Vec<Group>>,
    /// Ranges of wavelength in metres, the shortest first.
    pub bands: Vec<Band>,
}

/// Rows that have one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub value: String,
    pub rows: u64,
    /// MJD.
    pub first: Option<f64>,
    pub last: Option<f64>,
}

/// Rows of one range of wavelength, in metres.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub shortest: f64,
    pub longest: f64,
    pub rows: u64,
}

/// What was last counted. Cloning shares it.
#[derive(Clone, Default)]
pub struct Counted {
    held: Arc<Mutex<Held>>,
    /// One counts at a time.
    counting: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Held {
    facts: Option<(Instant, Arc<Facts>)>,
    newest: Option<(Instant, Option<f64>)>,
}

impl Counted {
    fn held<T>(&self, with: impl FnOnce(&mut Held) -> T) -> T {
        // What is held is replaced as a whole: a panic leaves nothing half-done.
        with(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Columns whose values are counted.
const COLUMNS: [&str; 5] = [
    "obs_collection",
    "facility_name",
    "instrument_name",
    "dataproduct_type",
    "calib_level",
];

impl Service {
    /// What is known of the archive; `None` before it has been counted. Must be
    /// called on the runtime of the service.
    pub async fn facts(&self, counted: &Counted) -> Option<Arc<Facts>> {
        let (known, stale) = counted.held(|held| match &held.facts {
            Some((when, facts)) => (Some(facts.clone()), when.elapsed() > COUNTED_AFTER),
            None => (None, true),
        });
        if stale {
            let (service, counted) = (self.clone(), counted.clone());
            let counting = tokio::spawn(async move {
                // Whoever counts already does it for all.
                let Ok(_counting) = counted.counting.try_lock() else {
                    return;
                };
                match service.count().await {
                    Some(facts) => {
                        let facts = Arc::new(facts);
                        counted.held(|held| held.facts = Some((Instant::now(), facts)));
                    }
                    None => tracing::debug!("the observations could not be counted"),
                }
            });
            if known.is_none() {
                // Whether it ended or goes on, what there is is told.
                let _ = tokio::time::timeout(FIRST, counting).await;
            }
        }
        let facts = known.or_else(|| counted.held(|held| Some(held.facts.as_ref()?.1.clone())))?;
        match self.newest(counted).await {
            newest @ Some(_) if newest > facts.last => Some(Arc::new(Facts {
                last: newest,
                ..(*facts).clone()
            })),
            _ => Some(facts),
        }
    }

    /// The beginning of the newest observation, MJD.
    async fn newest(&self, counted: &Counted) -> Option<f64> {
        let known = counted.held(|held| held.newest);
        if let Some((when, newest)) = known
            && when.elapsed() < LOOKED_AFTER
        {
            return newest;
        }
        let query = "SELECT MAX(t_min) AS newest FROM ivoa.obscore";
        let found = self.cells(query, 1, FIRST).await;
        let newest = found.and_then(|rows| rows.first()?.first()?.number());
        counted.held(|held| held.newest = Some((Instant::now(), newest)));
        newest
    }

    async fn count(&self) -> Option<Facts> {
        let columns = COLUMNS.join(", ");
        let query = format!(
            "SELECT {columns}, COUNT(*) AS n, MIN(t_min) AS first_one, MAX(t_min) AS last_one \
             FROM ivoa.obscore GROUP BY {columns} ORDER BY n DESC"
        );
        let found = self.cells(&query, MOST, PATIENCE).await?;
        let query = "SELECT em_min, em_max, COUNT(*) AS n FROM ivoa.obscore \
                     WHERE em_min > 0 AND em_max > 0 GROUP BY em_min, em_max ORDER BY n DESC";
        let bands = self.cells(query, MOST_BANDS as u64, PATIENCE).await?;
        let mut facts = Facts::default();
        for row in &found {
            facts.add(row);
        }
        for groups in facts.groups.values_mut() {
            groups.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.cmp(&b.value)));
        }
        facts.bands = bands.iter().filter_map(|row| band(row)).collect();
        facts.bands.sort_by(|a, b| {
            let ends = a.shortest.total_cmp(&b.shortest);
            ends.then(a.longest.total_cmp(&b.longest))
        });
        Some(facts)
    }

    /// The rows of a query of ours; `None` where the database does not tell.
    async fn cells(&self, query: &str, maxrec: u64, time: Duration) -> Option<Vec<Vec<Cell>>> {
        let request = QueryRequest {
            query: query.to_owned(),
            maxrec,
            cap: Cap::Asked,
            format: None,
            uploads: Vec::new(),
            version: None,
        };
        let limits = Limits {
            time: Some(time),
            lane: Lane::Waiting,
        };
        let answer = self
            .answer(&request, &Parts::default(), limits, Asker::default())
            .await;
        let mut rows = answer.ok()?.rows?;
        let mut found = Vec::new();
        while let Some(batch) = rows.next().await.ok()? {
            for row in 0..batch.len() {
                let cells = batch.row(row).zip(batch.wires());
                found.push(cells.map(|(cell, &wire)| Cell::read(cell, wire)).collect());
            }
        }
        Some(found)
    }
}

impl Facts {
    fn add(&mut self, row: &[Cell]) {
        let cell = |place| row.get(place).unwrap_or(&Cell::Null);
        let rows = cell(COLUMNS.len()).number().map_or(0, |n| n as u64);
        let (first, last) = (
            cell(COLUMNS.len() + 1).number(),
            cell(COLUMNS.len() + 2).number(),
        );
        self.rows += rows;
        self.first = least(self.first, first);
        self.last = most(self.last, last);
        for (name, cell) in COLUMNS.into_iter().zip(row) {
            let value = match cell {
                Cell::Null => continue,
                Cell::Number(number) => number.to_string(),
                Cell::Text(text) => text.clone(),
            };
            let groups = self.groups.entry(name).or_default();
            match groups.iter_mut().find(|group| group.value == value) {
                Some(group) => {
                    group.rows += rows;
                    group.first = least(group.first, first);
                    group.last = most(group.last, last);
                }
                None => groups.push(Group {
                    value,
                    rows,
                    first,
                    last,
                }),
            }
        }
    }
}

fn band(row: &[Cell]) -> Option<Band> {
    Some(Band {
        shortest: row.first()?.number()?,
        longest: row.get(1)?.number()?,
        rows: row.get(2)?.number()? as u64,
    })
}

fn least(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    [a, b].into_iter().flatten().min_by(f64::total_cmp)
}

fn most(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    [a, b].into_iter().flatten().max_by(f64::total_cmp)
}

/// A value, as far as facts are made of such.
enum Cell {
    Null,
    Number(f64),
    Text(String),
}

impl Cell {
    fn read(cell: Option<&[u8]>, wire: Wire) -> Cell {
        let Some(cell) = cell else {
            return Cell::Null;
        };
        let number = match wire {
            Wire::Int2 => cell
                .try_into()
                .ok()
                .map(|it| f64::from(i16::from_be_bytes(it))),
            Wire::Int4 => cell
                .try_into()
                .ok()
                .map(|it| f64::from(i32::from_be_bytes(it))),
            Wire::Int8 => cell.try_into().ok().map(|it| i64::from_be_bytes(it) as f64),
            Wire::Float8 => cell.try_into().ok().map(f64::from_be_bytes),
            _ => return Cell::Text(String::from_utf8_lossy(cell).into_owned()),
        };
        number.map_or(Cell::Null, Cell::Number)
    }

    fn number(&self) -> Option<f64> {
        match self {
            Cell::Number(number) => Some(*number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_become_groups_by_column() {
        let row = |collection: &str, level: f64, rows: f64, first: f64, last: f64| {
            let text = |text: &str| Cell::Text(text.to_owned());
            vec![
                text(collection),
                Cell::Null,
                text("cam"),
                text("image"),
                Cell::Number(level),
                Cell::Number(rows),
                Cell::Number(first),
                Cell::Number(last),
            ]
        };
        let mut facts = Facts::default();
        facts.add(&row("a", 2.0, 5.0, 10.0, 20.0));
        facts.add(&row("a", 3.0, 1.0, 5.0, 6.0));
        facts.add(&row("b", 2.0, 2.0, 30.0, 30.0));
        assert_eq!(
            (facts.rows, facts.first, facts.last),
            (8, Some(5.0), Some(30.0))
        );
        let told = |column: &str| -> Vec<(String, u64)> {
            let groups = facts.groups.get(column).into_iter().flatten();
            groups.map(|it| (it.value.clone(), it.rows)).collect()
        };
        assert_eq!(
            told("obs_collection"),
            [("a".to_owned(), 6), ("b".to_owned(), 2)]
        );
        assert_eq!(
            told("calib_level"),
            [("2".to_owned(), 7), ("3".to_owned(), 1)]
        );
        assert_eq!(told("instrument_name"), [("cam".to_owned(), 8)]);
        assert!(told("facility_name").is_empty());
    }
}
