//! Which queries that somebody waits for may use the database now.
//!
//! A place is a connection. Only some of them are open to long queries, by default
//! fewer than there are processors, since a query that shares its processor with
//! many long ones is no longer short. As long as there are places for long ones
//! nobody asks which those are; after that, what others of the same form were
//! tells, else the plan of the query. One of which nothing is known and that has
//! found no row after [`SHORT`] gives up its place and begins again as a long one;
//! one that is known to be short is left alone, since it is the machine that is
//! slow. Between clients, the one with the fewest places comes first, then whoever
//! came first. The queue has an end, and so has the wait.
//!
//! Jobs have places of their own ([`crate::uws`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::database::Plan;

/// A query that takes longer is long.
pub const SHORT: Duration = Duration::from_secs(1);

/// What the plan of a short query is worth at most (seconds): a machine that is
/// asked to choose is slower than the plan believes.
const SMALL: f64 = 0.05;

/// Forms whose queries end within this time are short. A scan of a large table
/// takes longer even where it is quick, and a look into an index does not even
/// where many are at work.
const BRIEF: Duration = Duration::from_millis(100);

/// How long the plan of a query is waited for.
pub const PLANNING: Duration = Duration::from_millis(500);

/// Places, and those who wait for one. Cloning shares them.
#[derive(Clone)]
pub struct Admission {
    shared: Arc<Shared>,
}

struct Shared {
    places: usize,
    /// Those of them that long queries may have.
    long: usize,
    waiting: usize,
    time: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Vec<Run>,
    waiting: Vec<Waiter>,
    count: u64,
    /// Forms of queries, with how often they were brief, or below zero how
    /// often they were not.
    trust: HashMap<i64, i32>,
}

struct Run {
    id: u64,
    client: Arc<str>,
    since: Instant,
    kind: Kind,
}

struct Waiter {
    id: u64,
    client: Arc<str>,
    size: Size,
    turn: oneshot::Sender<Place>,
}

/// Queries of one form that must have been brief, or must not, before the next is
/// taken for short or long unseen.
const PROVEN: i32 = 3;

/// No form is trusted more than after so many.
const TRUST: i32 = 64;

/// Forms that are remembered.
const FORMS: usize = 1000;

/// What is known of a query that wants a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Unknown,
    Short,
    Long,
}

/// A query that wants a place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    pub kind: Kind,
    pub form: i64,
}

/// Why a query gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// So many wait already.
    Full(usize),
    /// It has waited for so long.
    Late(Duration),
}

/// A place, as long as this lives.
pub struct Place {
    shared: Arc<Shared>,
    id: u64,
    size: Size,
    begun: Instant,
}

impl Kind {
    pub fn of(plan: Option<Plan>) -> Kind {
        match plan {
            None => Kind::Unknown,
            Some(plan) if plan.seconds <= SMALL => Kind::Short,
            // SQLite guesses no rows, and its costs pass over LIMIT and what a
            // condition leaves: a look into the index seems to take hours.
            Some(plan) if plan.rows.is_none() => Kind::Unknown,
            Some(_) => Kind::Long,
        }
    }
}

impl Run {
    fn is_long(&self) -> bool {
        match self.kind {
            Kind::Long => true,
            Kind::Unknown => self.since.elapsed() > SHORT,
            Kind::Short => self.since.elapsed() > SHORT * 10,
        }
    }
}

impl State {
    fn has_room(&self, shared: &Shared, long: bool) -> bool {
        self.running.len() < shared.places
            && (!long || self.running.iter().filter(|run| run.is_long()).count() < shared.long)
    }

    fn take(&mut self, id: u64, client: Arc<str>, kind: Kind) {
        self.running.push(Run {
            id,
            client,
            since: Instant::now(),
            kind,
        });
    }

    /// One that was not brief, perhaps since the machine is busy, halves the
    /// trust in its form.
    fn remember(&mut self, form: i64, brief: bool) {
        if self.trust.len() >= FORMS {
            self.trust.clear();
        }
        let trust = self.trust.entry(form).or_default();
        *trust = match (brief, *trust) {
            (true, trust) => (trust + 1).min(TRUST),
            (false, trust) if trust > 0 => trust / 2,
            (false, trust) => (trust - 1).max(-PROVEN),
        };
    }

    /// The next who may have a place.
    fn next(&mut self, shared: &Shared) -> Option<Waiter> {
        self.waiting.retain(|waiter| !waiter.turn.is_closed());
        let (any, long) = (self.has_room(shared, false), self.has_room(shared, true));
        let eligible = |waiter: &&Waiter| any && (long || waiter.size.kind != Kind::Long);
        let places = |waiter: &Waiter| {
            let own = |run: &&Run| run.client == waiter.client;
            self.running.iter().filter(own).count()
        };
        let next = self.waiting.iter().filter(eligible);
        let next = next.min_by_key(|waiter| (places(waiter), waiter.id))?.id;
        let index = self.waiting.iter().position(|waiter| waiter.id == next)?;
        Some(self.waiting.remove(index))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(self: &Arc<Shared>, id: u64, size: Size) -> Place {
        Place {
            shared: self.clone(),
            id,
            size,
            begun: Instant::now(),
        }
    }

    /// Gives free places to those who wait.
    fn serve(self: &Arc<Shared>) {
        loop {
            let mut state = self.state();
            let Some(waiter) = state.next(self) else {
                return;
            };
            state.take(waiter.id, waiter.client, waiter.size.kind);
            drop(state);
            // If nobody waits any longer, the place comes back at once.
            let _ = waiter.turn.send(self.place(waiter.id, waiter.size));
        }
    }
}

impl Admission {
    /// `long`: places that long queries may have, at least one. `waiting`: how
    /// many queries may wait, and `time`: how long.
    pub fn new(places: usize, long: usize, waiting: usize, time: Duration) -> Admission {
        let places = places.max(1);
        Admission {
            shared: Arc::new(Shared {
                places,
                long: long.clamp(1, places),
                waiting,
                time,
                state: Mutex::default(),
            }),
        }
    }

    /// Whether it matters which queries are long.
    pub fn is_busy(&self) -> bool {
        let state = self.shared.state();
        !state.waiting.is_empty() || state.running.len() >= self.shared.long
    }

    /// What queries of this form have been.
    pub fn known(&self, form: i64) -> Kind {
        match self.shared.state().trust.get(&form) {
            Some(&trust) if trust >= PROVEN => Kind::Short,
            Some(&trust) if trust <= -PROVEN => Kind::Long,
            _ => Kind::Unknown,
        }
    }

    /// A place for a query of this client, once it has its turn.
    pub async fn enter(&self, client: &str, size: Size) -> Result<Place, Busy> {
        let shared = &self.shared;
        let long = size.kind == Kind::Long;
        let turn = {
            let mut state = shared.state();
            state.waiting.retain(|waiter| !waiter.turn.is_closed());
            state.count += 1;
            let (id, client) = (state.count, Arc::from(client));
            let alone = state
                .waiting
                .iter()
                .all(|it| it.size.kind == Kind::Long && !long);
            if alone && state.has_room(shared, long) {
                state.take(id, client, size.kind);
                return Ok(shared.place(id, size));
            }
            if state.waiting.len() >= shared.waiting {
                return Err(Busy::Full(state.waiting.len()));
            }
            let (turn, ours) = oneshot::channel();
            state.waiting.push(Waiter {
                id,
                client,
                size,
                turn,
            });
            ours
        };
        // One that runs may have become long meanwhile.
        shared.serve();
        match tokio::time::timeout(shared.time, turn).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Busy::Late(shared.time)),
        }
    }
}

impl Place {
    /// Whether a query of which nothing is known has to give its place to one
    /// that is short, since it has run for longer than [`SHORT`].
    pub fn is_wanted(&self) -> bool {
        if self.size.kind != Kind::Unknown || self.begun.elapsed() < SHORT {
            return false;
        }
        let state = self.shared.state();
        let long = state.running.iter().filter(|run| run.is_long()).count();
        long > self.shared.long && state.waiting.iter().any(|it| it.size.kind != Kind::Long)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = self.begun.elapsed();
        let mut state = self.shared.state();
        state.running.retain(|run| run.id != self.id);
        state.remember(self.size.form, taken < BRIEF);
        drop(state);
        self.shared.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Size = Size {
        kind: Kind::Long,
        form: 0,
    };

    fn admission(places: usize, waiting: usize) -> Admission {
        Admission::new(
            places,
            places.div_ceil(2),
            waiting,
            Duration::from_millis(50),
        )
    }

    #[tokio::test]
    async fn a_place_is_kept_from_long_queries() {
        let doors = admission(2, 9);
        let first = doors.enter("a", LONG).await;
        assert!(first.is_ok());
        let second = doors.enter("b", LONG).await;
        assert_eq!(second.err(), Some(Busy::Late(Duration::from_millis(50))));
        assert!(doors.enter("c", Size::default()).await.is_ok());
        drop(first);
        assert!(doors.enter("b", LONG).await.is_ok());
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let doors = admission(1, 0);
        let first = doors.enter("a", Size::default()).await;
        let second = doors.enter("b", Size::default()).await;
        assert_eq!(second.err(), Some(Busy::Full(0)));
        drop(first);
        assert!(doors.enter("b", Size::default()).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_has_the_fewest_places_comes_first() {
        let doors = Admission::new(2, 1, 9, Duration::from_secs(60));
        let a = doors.enter("a", Size::default()).await;
        let b = doors.enter("b", Size::default()).await;
        let (told, mut turns) = tokio::sync::mpsc::channel(9);
        let mut waiting = Vec::new();
        for (number, client) in ["a", "a", "c"].into_iter().enumerate() {
            let (queue, told) = (doors.clone(), told.clone());
            waiting.push(tokio::spawn(async move {
                let place = queue.enter(client, Size::default()).await;
                // Listened to until the end of the test.
                let _ = told.send(client).await;
                place
            }));
            while doors.shared.state().waiting.len() <= number {
                tokio::task::yield_now().await;
            }
        }
        drop(b);
        assert_eq!(turns.recv().await, Some("c"));
        drop(a);
        assert_eq!(turns.recv().await, Some("a"));
        drop(waiting);
    }
}
