//! From datasets to rows, by the configuration of a feed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

use adql::target::quote;
use adql::{Target, Wire};
use uuid::Uuid;

use super::super::table::KEPT;
use super::super::{Declared, Layout, Record};
use super::{Feed, ManagerError};
use crate::config::ExtraColumn;
use crate::database::Batch;
use crate::input::Value;
use crate::registry::{Dataset, Wanted};

/// How the datasets of a registry become rows.
pub trait Describe: Send + Sync {
    /// The datasets that have rows.
    fn wanted(&self) -> Wanted;

    /// The columns that it brings beside those of ObsCore.
    fn columns(&self) -> Vec<ExtraColumn>;

    /// The columns that it fills, in the order of the values of a row.
    fn names(&self) -> Vec<String>;

    /// The row of a dataset.
    ///
    /// # Errors
    /// A sentence for everything that keeps it from having one.
    fn row(&self, dataset: &Dataset) -> Result<Vec<Value>, Vec<String>>;
}

/// A feed that is ready to make rows.
pub(super) struct Line {
    pub feed: Feed,
    pub wanted: Wanted,
    mapping: Arc<dyn Describe>,
    layout: Layout,
    /// All published columns, then those of the index on the sky.
    pub names: Vec<String>,
    /// The same for SELECT, as `o.…`.
    pub select: String,
    /// How many of the columns the configuration fills.
    filled: usize,
}

/// Rows of some datasets.
pub(super) struct Described {
    /// Cells in the order of [`Line::names`].
    pub rows: Batch,
    /// Dataset and `obs_publisher_did` of each row.
    pub of: Vec<(Uuid, String)>,
    /// Those without, and why.
    pub rejected: Vec<(Uuid, String)>,
}

/// Fewer are not worth a thread.
const SHARE: usize = 250;

impl Line {
    /// `columns`: all published columns of the table. `stored`: those that it
    /// really has, where they may be fewer.
    ///
    /// # Errors
    /// When the configuration fills a column that the table does not have.
    pub fn new(
        feed: Feed,
        mapping: Arc<dyn Describe>,
        columns: &[Declared],
        stored: Option<(&BTreeSet<String>, &Target)>,
    ) -> Result<Line, ManagerError> {
        let mut given = mapping.names();
        let filled = given.len();
        // What it does not fill has no value.
        for declared in columns {
            if given.iter().all(|name| *name != declared.name()) {
                given.push(declared.name().to_owned());
            }
        }
        let layout = Layout::new(&given, columns).map_err(|error| ManagerError::Layout {
            label: feed.repository.label.clone(),
            table: feed.table.clone(),
            error,
        })?;
        let names: Vec<String> = layout.names().into_iter().map(str::to_owned).collect();
        let wires = layout.wires();
        let select = names
            .iter()
            .zip(wires.iter())
            .map(|(name, wire)| match stored {
                Some((stored, target)) if !stored.contains(name) && !is_index(name) => {
                    let kind = target.stored_type(*wire).split(" COLLATE").next();
                    format!("CAST(NULL AS {})", kind.unwrap_or_default())
                }
                _ => format!("o.{}", quote(name)),
            });
        Ok(Line {
            wanted: mapping.wanted(),
            select: select.collect::<Vec<_>>().join(", "),
            feed,
            mapping,
            layout,
            names,
            filled,
        })
    }

    /// How the cells of a row travel, in the order of [`Line::names`].
    pub fn wires(&self) -> Arc<[Wire]> {
        self.layout.wires()
    }

    /// The same with [`KEPT`] at the end.
    pub fn stored_wires(&self) -> Vec<Wire> {
        let kept = KEPT.map(|(_, wire)| wire);
        self.wires().iter().copied().chain(kept).collect()
    }

    /// Names of the cells of a stored row.
    pub fn stored_names(&self) -> Vec<&str> {
        let kept = KEPT.iter().map(|&(name, _)| name);
        self.names.iter().map(String::as_str).chain(kept).collect()
    }

    /// Whether a dataset is stored: only then does a link lead to something.
    pub fn is_stored(&self, dataset: &Dataset) -> bool {
        !dataset.files.is_empty()
    }

    /// Makes rows of datasets, on all cores where there are many.
    pub fn describe(&self, datasets: &[&Dataset]) -> Described {
        let cores = thread::available_parallelism().map_or(1, |n| n.get());
        let share = datasets.len().div_ceil(cores).max(SHARE);
        let mut shares = datasets.chunks(share);
        let first = shares.next().unwrap_or_default();
        thread::scope(|scope| {
            let others: Vec<_> = shares
                .map(|share| scope.spawn(|| self.describe_here(share)))
                .collect();
            let mut all = self.describe_here(first);
            for other in others {
                // A thread that broke off has made no rows: they are asked for again.
                if let Ok(other) = other.join() {
                    all.absorb(&other);
                }
            }
            all
        })
    }

    fn describe_here(&self, datasets: &[&Dataset]) -> Described {
        let mut described = Described {
            rows: Batch::new(self.wires()),
            of: Vec::with_capacity(datasets.len()),
            rejected: Vec::new(),
        };
        for dataset in datasets {
            let row = self.mapping.row(dataset).and_then(|mut values| {
                values.resize(values.len().max(self.filled), Value::Null);
                let record = Record::new(&self.layout, &values)?;
                record.push(&mut described.rows);
                Ok(record.publisher_did().to_owned())
            });
            match row {
                Ok(did) => described.of.push((dataset.id, did)),
                Err(reasons) => described.rejected.push((dataset.id, reasons.join("; "))),
            }
        }
        described
    }
}

impl Described {
    fn absorb(&mut self, other: &Described) {
        for row in 0..other.rows.len() {
            other.rows.row(row).for_each(|cell| self.rows.push(cell));
        }
        self.of.extend_from_slice(&other.of);
        self.rejected.extend_from_slice(&other.rejected);
    }
}

fn is_index(name: &str) -> bool {
    crate::spatial::COLUMNS
        .iter()
        .any(|(known, _)| *known == name)
}
