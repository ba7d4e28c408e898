//! Which queries that somebody waits for may use the database now.
//!
//! A place is a connection. When there are two or more, a quarter of them
//! (rounded up) is kept from long queries. As long as there are places nobody
//! asks which those are; after that, the plan of a query and what others took
//! tell, and one that was taken for short and has found no row after
//! [`SHORT`] gives up its place and begins again as a long one. Between
//! clients, the one with the fewest places comes first, then whoever came
//! first. The queue has an end, and so has the wait.
//!
//! Jobs have places of their own ([`crate::uws`]).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::database::Plan;
use crate::uws::{Experience, Sample};

/// A query that takes longer is long.
pub const SHORT: Duration = Duration::from_secs(1);

/// How long the plan of a query is waited for.
pub const PLANNING: Duration = Duration::from_millis(500);

/// Places, and those who wait for one. Cloning shares them.
#[derive(Clone)]
pub struct Admission {
    shared: Arc<Shared>,
}

struct Shared {
    places: usize,
    waiting: usize,
    time: Duration,
    state: Mutex<State>,
    experience: Mutex<Experience>,
}

#[derive(Default)]
struct State {
    running: Vec<Run>,
    waiting: Vec<Waiter>,
    count: u64,
}

struct Run {
    id: u64,
    client: Arc<str>,
    since: Instant,
    long: bool,
}

struct Waiter {
    id: u64,
    client: Arc<str>,
    long: bool,
    turn: oneshot::Sender<Place>,
}

/// What is known of a query that wants a place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    pub long: bool,
    pub plan: Option<Plan>,
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
    plan: Option<Plan>,
    begun: Instant,
}

impl Run {
    fn is_long(&self) -> bool {
        self.long || self.since.elapsed() > SHORT
    }
}

impl State {
    fn has_room(&self, shared: &Shared, long: bool) -> bool {
        let most = shared.places_for_long();
        self.running.len() < shared.places
            && (!long || self.running.iter().filter(|run| run.is_long()).count() < most)
    }

    fn take(&mut self, id: u64, client: Arc<str>, long: bool) {
        self.running.push(Run {
            id,
            client,
            since: Instant::now(),
            long,
        });
    }

    /// The next who may have a place.
    fn next(&mut self, shared: &Shared) -> Option<Waiter> {
        self.waiting.retain(|waiter| !waiter.turn.is_closed());
        let (any, long) = (self.has_room(shared, false), self.has_room(shared, true));
        let eligible = |waiter: &&Waiter| any && (long || !waiter.long);
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

    fn experience(&self) -> MutexGuard<'_, Experience> {
        let experience = self.experience.lock();
        experience.unwrap_or_else(PoisonError::into_inner)
    }

    fn places_for_long(&self) -> usize {
        match self.places {
            0 | 1 => self.places,
            all => all - all.div_ceil(4),
        }
    }

    fn place(self: &Arc<Shared>, id: u64, plan: Option<Plan>) -> Place {
        Place {
            shared: self.clone(),
            id,
            plan,
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
            state.take(waiter.id, waiter.client, waiter.long);
            drop(state);
            // If nobody waits any longer, the place comes back at once.
            let _ = waiter.turn.send(self.place(waiter.id, None));
        }
    }
}

impl Admission {
    /// `waiting`: how many queries may wait, and `time`: how long.
    pub fn new(places: usize, waiting: usize, time: Duration) -> Admission {
        Admission {
            shared: Arc::new(Shared {
                places: places.max(1),
                waiting,
                time,
                state: Mutex::default(),
                experience: Mutex::default(),
            }),
        }
    }

    /// Whether it matters which queries are long.
    pub fn is_busy(&self) -> bool {
        let state = self.shared.state();
        !state.waiting.is_empty() || state.running.len() >= self.shared.places_for_long()
    }

    /// What is expected of a query.
    pub fn size(&self, plan: Option<Plan>) -> Size {
        let seconds = plan.map(|plan| self.shared.experience().expect(&plan).seconds);
        Size {
            long: seconds.is_some_and(|seconds| seconds > SHORT.as_secs_f64()),
            plan,
        }
    }

    /// A place for a query of this client, once it has its turn.
    pub async fn enter(&self, client: &str, size: Size) -> Result<Place, Busy> {
        let shared = &self.shared;
        let turn = {
            let mut state = shared.state();
            state.waiting.retain(|waiter| !waiter.turn.is_closed());
            state.count += 1;
            let (id, client) = (state.count, Arc::from(client));
            let alone = state.waiting.iter().all(|waiter| waiter.long && !size.long);
            if alone && state.has_room(shared, size.long) {
                state.take(id, client, size.long);
                return Ok(shared.place(id, size.plan));
            }
            if state.waiting.len() >= shared.waiting {
                return Err(Busy::Full(state.waiting.len()));
            }
            let (turn, ours) = oneshot::channel();
            state.waiting.push(Waiter {
                id,
                client,
                long: size.long,
                turn,
            });
            ours
        };
        // One that runs may have become long meanwhile.
        shared.serve();
        match tokio::time::timeout(shared.time, turn).await {
            Ok(Ok(mut place)) => {
                place.plan = size.plan;
                place.begun = Instant::now();
                Ok(place)
            }
            _ => Err(Busy::Late(shared.time)),
        }
    }
}

impl Place {
    /// Whether a query has to give its place to one that is short, since it
    /// has run for longer than [`SHORT`] and was not let in as a long one.
    pub fn is_wanted(&self) -> bool {
        if self.begun.elapsed() < SHORT {
            return false;
        }
        let state = self.shared.state();
        let long = state.running.iter().filter(|run| run.is_long()).count();
        long > self.shared.places_for_long() && state.waiting.iter().any(|it| !it.long)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(plan) = self.plan {
            let sample = Sample {
                plan,
                seconds: self.begun.elapsed().as_secs_f64(),
                rows: 0,
            };
            self.shared.experience().learn(sample);
        }
        self.shared.state().running.retain(|run| run.id != self.id);
        self.shared.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Size = Size {
        long: true,
        plan: None,
    };

    fn admission(places: usize, waiting: usize) -> Admission {
        Admission::new(places, waiting, Duration::from_millis(50))
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
        let doors = Admission::new(2, 9, Duration::from_secs(60));
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
