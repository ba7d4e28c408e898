//! What operators look at: queries that run now, those that took long, and what
//! went wrong. Kept in memory, the last of each.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::AbortHandle;

use crate::tap::Fault;
use crate::uws::instant;

/// A query that takes longer is slow.
const SLOW: Duration = Duration::from_secs(2);
/// So many of each kind are kept.
const KEPT: usize = 50;
/// Characters of a query or a message that are kept.
const LONGEST: usize = 4000;

/// Cloning shares it.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    next: u64,
    running: BTreeMap<u64, Running>,
    slow: VecDeque<Value>,
    failed: VecDeque<Value>,
}

struct Running {
    id: String,
    query: String,
    client: String,
    began: Instant,
    abort: AbortHandle,
    stopped: bool,
}

/// A query is under way for as long as this lives.
pub struct Watched {
    watch: Watch,
    number: u64,
}

impl Watch {
    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// `id` is the request's; `abort` stops the work.
    pub fn begin(&self, id: &str, query: &str, client: &str, abort: AbortHandle) -> Watched {
        let running = Running {
            id: id.to_owned(),
            query: query.chars().take(LONGEST).collect(),
            client: client.to_owned(),
            began: Instant::now(),
            abort,
            stopped: false,
        };
        let number = self.seen(|seen| {
            seen.next += 1;
            seen.running.insert(seen.next, running);
            seen.next
        });
        Watched {
            watch: self.clone(),
            number,
        }
    }

    pub fn failed(&self, id: &str, fault: &Fault) {
        let message: String = fault.message().chars().take(LONGEST).collect();
        let told = json!({
            "id": id, "status": fault.status(), "cause": fault.cause(), "message": message,
            "at": instant::text(instant::now()),
        });
        self.seen(|seen| keep(&mut seen.failed, told));
    }

    /// Stops the query of a request; false where none runs under the name.
    pub fn stop(&self, id: &str) -> bool {
        self.seen(|seen| {
            let found = seen.running.values_mut().find(|it| it.id == id);
            let Some(running) = found else {
                return false;
            };
            running.stopped = true;
            running.abort.abort();
            true
        })
    }

    /// Running, slow and failed, the latest first; those that run by age.
    pub fn told(&self) -> Value {
        self.seen(|seen| {
            let running = seen.running.values().map(|it| it.told());
            json!({
                "running": running.collect::<Vec<_>>(),
                "slow": seen.slow,
                "failed": seen.failed,
            })
        })
    }
}

impl Watched {
    /// Whether an operator has stopped it.
    pub fn is_stopped(&self) -> bool {
        let number = self.number;
        self.watch
            .seen(|seen| seen.running.get(&number).is_some_and(|it| it.stopped))
    }
}

impl Running {
    fn told(&self) -> Value {
        json!({
            "id": self.id, "query": self.query, "client": self.client,
            "seconds": self.began.elapsed().as_secs_f64(),
        })
    }
}

fn keep(list: &mut VecDeque<Value>, told: Value) {
    list.push_front(told);
    list.truncate(KEPT);
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watch.seen(|seen| {
            let Some(running) = seen.running.remove(&self.number) else {
                return;
            };
            if running.began.elapsed() >= SLOW {
                let mut told = running.told();
                told["at"] = json!(instant::text(instant::now()));
                keep(&mut seen.slow, told);
            }
        });
    }
}
