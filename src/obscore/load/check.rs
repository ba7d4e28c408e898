//! Rows of a file, checked and made into cells on all cores, in their order.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, mpsc as blocking};
use std::thread;

use adql::Wire;
use tokio::sync::{mpsc, oneshot};

use super::super::{Layout, Record};
use crate::database::Batch;
use crate::input::{InputError, Row, Table, Value};
use crate::spatial::coverage::{Axes, Extent, Grain};

/// Some rows of the file, checked.
pub(super) struct Checked {
    pub batch: Batch,
    /// One for each row of `batch`.
    pub good: Vec<Good>,
    pub bad: Vec<Bad>,
    /// Rows and bytes read from the file up to here.
    pub rows: u64,
    pub bytes: u64,
    /// The values of the good rows, for the case that one is a repetition.
    values: Vec<Vec<Value>>,
}

pub(super) struct Good {
    pub place: u64,
    /// Of its `obs_publisher_did`.
    pub hash: u128,
}

/// A row that cannot be stored.
pub(super) struct Bad {
    pub place: u64,
    pub reasons: Vec<String>,
    /// None when the row could not even be read.
    pub values: Option<Vec<Value>>,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.place, self.reasons.join("; "))
    }
}

impl Checked {
    /// Row `row` as a bad one: an earlier row of the file has its identifier.
    pub fn repeated(&self, row: usize, first: u64) -> Bad {
        Bad {
            place: self.good[row].place,
            reasons: vec![format!("its obs_publisher_did is that of line {first}")],
            values: self.values.get(row).cloned(),
        }
    }
}

/// A chunk that is being checked.
pub(super) type Pending = oneshot::Receiver<Result<Checked, InputError>>;

/// Rows of one chunk: enough that handing it over costs nothing beside it.
const CHUNK: usize = 2_000;

struct Work {
    rows: Vec<Row>,
    unreadable: Vec<Bad>,
    read: u64,
    bytes: u64,
    done: oneshot::Sender<Result<Checked, InputError>>,
}

/// What the good rows of the chunks that have been received cover. Each thread
/// draws on a map of its own, on which most of what follows is already.
#[derive(Clone)]
pub(super) struct Drawn {
    axes: Arc<Axes>,
    maps: Arc<Mutex<Vec<Extent>>>,
}

impl Drawn {
    pub fn new(axes: Axes) -> Drawn {
        Drawn {
            axes: Arc::new(axes),
            maps: Arc::default(),
        }
    }

    fn add(&self, batch: &Batch) {
        let map = self.maps.lock().ok().and_then(|mut maps| maps.pop());
        let mut map = map.unwrap_or_else(|| Extent::new(&Grain::KEPT));
        for row in 0..batch.len() {
            self.axes.add(batch, row, &mut map);
        }
        if let Ok(mut maps) = self.maps.lock() {
            maps.push(map);
        }
    }

    /// All of it.
    pub fn extent(self) -> Extent {
        let mut whole = Extent::new(&Grain::KEPT);
        if let Ok(mut maps) = self.maps.lock() {
            maps.iter_mut().for_each(|map| whole.absorb(map));
        }
        whole
    }
}

/// Reads and checks on threads of their own until the receiver is dropped.
/// The chunks come in the order of the file; `drawn`, if it is wanted, holds
/// what those that came cover.
/// Each row gets `change` as its last cell.
pub(super) fn start(
    table: Table,
    layout: Layout,
    change: i64,
    drawn: Option<Drawn>,
) -> mpsc::Receiver<Pending> {
    let threads = thread::available_parallelism().map_or(1, |n| n.get());
    let (order, ordered) = mpsc::channel(2 * threads);
    let (hand, work) = blocking::sync_channel::<Work>(threads);
    let work = Arc::new(Mutex::new(work));
    let layout = Arc::new(layout);
    for _ in 0..threads {
        let (work, layout, drawn) = (work.clone(), layout.clone(), drawn.clone());
        thread::spawn(move || {
            loop {
                let next = work.lock().map(|work| work.recv());
                let Ok(Ok(work)) = next else {
                    return;
                };
                check(&layout, change, drawn.as_ref(), work);
            }
        });
    }
    thread::spawn(move || read(table, &order, &hand));
    ordered
}

/// Takes rows from the file and hands them out in chunks.
fn read(mut table: Table, order: &mpsc::Sender<Pending>, hand: &blocking::SyncSender<Work>) {
    let mut read = 0;
    loop {
        let mut rows = Vec::with_capacity(CHUNK);
        let mut unreadable = Vec::new();
        let mut broken = None;
        while rows.len() + unreadable.len() < CHUNK {
            match table.next() {
                Some(Ok(row)) => rows.push(row),
                Some(Err(error)) if error.is_of_one_row() => unreadable.push(Bad {
                    place: error.place().unwrap_or_default(),
                    reasons: vec![error.reason().to_owned()],
                    values: None,
                }),
                Some(Err(error)) => {
                    broken = Some(error);
                    break;
                }
                None => break,
            }
        }
        let count = rows.len() + unreadable.len();
        read += count as u64;
        let (done, pending) = oneshot::channel();
        if (count == 0 && broken.is_none()) || order.blocking_send(pending).is_err() {
            return;
        }
        if let Some(error) = broken {
            // The receiver may be gone: then nobody wants to know.
            let _ = done.send(Err(error));
            return;
        }
        let work = Work {
            rows,
            unreadable,
            read,
            bytes: table.bytes_read(),
            done,
        };
        if hand.send(work).is_err() {
            return;
        }
    }
}

fn check(layout: &Layout, change: i64, drawn: Option<&Drawn>, work: Work) {
    let wires: Vec<Wire> = layout.wires().iter().copied().chain([Wire::Int8]).collect();
    let mut batch = Batch::new(wires);
    let mut good = Vec::with_capacity(work.rows.len());
    let mut values = Vec::with_capacity(work.rows.len());
    let mut bad = work.unreadable;
    for row in work.rows {
        match Record::new(layout, &row.values) {
            Ok(record) => {
                if let Some(warning) = record.warning() {
                    tracing::debug!(line = row.place, "{warning}");
                }
                record.push(&mut batch);
                batch.push(Some(&change.to_be_bytes()));
                good.push(Good {
                    place: row.place,
                    hash: hash(record.publisher_did()),
                });
            }
            Err(reasons) => {
                bad.push(Bad {
                    place: row.place,
                    reasons,
                    values: Some(row.values),
                });
                continue;
            }
        }
        values.push(row.values);
    }
    if let Some(drawn) = drawn {
        drawn.add(&batch);
    }
    bad.sort_by_key(|bad| bad.place);
    // The receiver may be gone: then nobody wants to know.
    let _ = work.done.send(Ok(Checked {
        batch,
        good,
        bad,
        rows: work.read,
        bytes: work.bytes,
        values,
    }));
}

/// Two hashes of 64 bits: of a billion identifiers no two are likely to share
/// both.
pub(in crate::obscore) fn hash(text: &str) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, text).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
