//! Who runs the jobs: one loop takes them from the queue, one keeps house
//! (`house`).
//!
//! Why are short jobs not starved? Nobody knows beforehand how long a query
//! takes, so every job is short until it has run for a minute
//! (`jobs.short_seconds`). A quarter of the places is kept from long jobs: one
//! that becomes long where no place for it is free goes back into the queue,
//! remembered as long, and begins again when there is one. A job loses a
//! minute at most, and only when the service is full of long ones. Between
//! users, the one with the fewest jobs running comes first, then the oldest
//! job.

mod house;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::jobs::Shared;
use super::results::Output;
use super::store::{Back, Call, Claim};
use super::{Job, Problem, Product, Task, Work, instant};
use crate::database;

/// How often a table that others change too is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often one that is ours alone is, in case of a mistake of ours.
const GLANCE: Duration = Duration::from_secs(15);
/// After the database could not be reached.
const PAUSE: Duration = Duration::from_secs(2);
/// Runners that one job may lose.
const LOST: i64 = 3;
/// How often the end of a job is told to a database that does not answer.
const TELL: usize = 30;

pub(super) struct Runner<W> {
    shared: Arc<Shared<W>>,
    running: Mutex<HashMap<String, Running>>,
}

/// A job under way.
struct Running {
    attempt: i64,
    task: AbortHandle,
    long: bool,
    rows: Arc<AtomicU64>,
}

/// A job's place among those running, as long as this lives.
struct Place<W> {
    runner: Arc<Runner<W>>,
    claim: Claim,
}

impl<W> Drop for Place<W> {
    fn drop(&mut self) {
        let mut running = self.runner.running();
        if running
            .get(&self.claim.id)
            .is_some_and(|it| it.attempt == self.claim.attempt)
        {
            running.remove(&self.claim.id);
        }
        self.runner.shared.queue.notify_one();
    }
}

/// How work on a job ended.
enum End {
    Done(Result<(String, Output), Problem>),
    /// It is long, and there is no place for long ones.
    TooLong,
}

impl<W> Runner<W> {
    fn running(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Work> Runner<W> {
    pub fn new(shared: Arc<Shared<W>>) -> Runner<W> {
        Runner {
            shared,
            running: Mutex::default(),
        }
    }

    pub fn start(self: Arc<Runner<W>>) {
        tokio::spawn(self.clone().take());
        tokio::spawn(self.keep_house());
    }

    /// Stops a job, if it runs here.
    pub fn stop(&self, id: &str) {
        if let Some(running) = self.running().get(id) {
            running.task.abort();
        }
    }

    /// Stops a job that is no longer ours.
    fn give_up(&self, claim: &Claim) {
        let running = self.running();
        let ours = running.get(&claim.id);
        let ours = ours.filter(|it| it.attempt == claim.attempt);
        if let Some(running) = ours {
            running.task.abort();
        }
    }

    /// Waits for the jobs that run, at most so long, and puts the others back.
    pub async fn drain(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.running().is_empty() && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut left = Vec::new();
        for (id, running) in self.running().iter() {
            running.task.abort();
            left.push(Claim {
                id: id.clone(),
                attempt: running.attempt,
            });
        }
        for claim in left {
            let now = instant::now();
            let done = self
                .shared
                .store
                .put_back(&claim, now, Back::Stopping)
                .await;
            match done {
                Ok(_) => tracing::info!(id = claim.id, "job put back into the queue"),
                Err(error) => tracing::warn!(
                    id = claim.id,
                    %error,
                    "job not put back into the queue; it will be when its lease lapses"
                ),
            }
        }
    }

    /// Takes jobs while there are places.
    async fn take(self: Arc<Runner<W>>) {
        let mut closing = self.shared.closing.subscribe();
        let look = match self.shared.store.is_shared() {
            true => LOOK,
            false => GLANCE,
        };
        while !*closing.borrow() {
            let pause = match self.take_all().await {
                Ok(()) => look,
                Err(error) => {
                    tracing::warn!(%error, "the queue of jobs cannot be read");
                    PAUSE
                }
            };
            tokio::select! {
                () = self.shared.queue.notified() => {}
                () = tokio::time::sleep(pause) => {}
                _ = closing.changed() => {}
            }
        }
    }

    async fn take_all(self: &Arc<Runner<W>>) -> Result<(), database::Error> {
        loop {
            let (all, long) = self.count();
            let limits = &self.shared.limits;
            if all >= limits.concurrent
                || *self.shared.closing.borrow()
                || !self.shared.store.has_queued().await?
            {
                return Ok(());
            }
            let now = instant::now();
            let call = Call {
                now,
                lease: instant::later(now, limits.lease),
                long: long < self.places_for_long(),
                per_user: limits.concurrent_per_user,
            };
            match self.shared.store.claim(&call).await? {
                Some(job) => self.begin(job),
                None => return Ok(()),
            }
        }
    }

    /// Jobs running, and how many of them are long.
    fn count(&self) -> (usize, usize) {
        let running = self.running();
        (running.len(), running.values().filter(|it| it.long).count())
    }

    fn places_for_long(&self) -> usize {
        let all = self.shared.limits.concurrent;
        match all {
            0 | 1 => all,
            _ => all - all.div_ceil(4),
        }
    }

    fn begin(self: &Arc<Runner<W>>, job: Job) {
        let claim = Claim {
            id: job.id.clone(),
            attempt: job.attempt,
        };
        let place = Place {
            runner: self.clone(),
            claim: claim.clone(),
        };
        self.tell(&claim.id);
        let (attempt, long) = (job.attempt, job.long);
        let rows = Arc::<AtomicU64>::default();
        // Held, so that the job is in the list before it can leave it.
        let mut running = self.running();
        let task = tokio::spawn(self.clone().run(job, rows.clone(), place));
        let entry = Running {
            attempt,
            task: task.abort_handle(),
            long,
            rows,
        };
        running.insert(claim.id, entry);
    }

    async fn run(self: Arc<Runner<W>>, job: Job, rows: Arc<AtomicU64>, place: Place<W>) {
        let (id, attempt) = (job.id.as_str(), job.attempt);
        tracing::info!(id, attempt, "job taken up");
        let started = Instant::now();
        let end = self.work_on(&job, &rows, &place.claim).await;
        let milliseconds = started.elapsed().as_millis() as u64;
        let ended = match end {
            End::TooLong => {
                tracing::info!(id, milliseconds, "job is long and goes back into the queue");
                return self.put_back(&place.claim, Back::Long).await;
            }
            End::Done(Err(problem)) if problem.again && job.lost + 1 < LOST => {
                let problem = problem.message;
                tracing::warn!(
                    id,
                    milliseconds,
                    problem,
                    "job failed and will be tried again"
                );
                // What failed may need a moment.
                tokio::time::sleep(PAUSE).await;
                return self.put_back(&place.claim, Back::Lost).await;
            }
            End::Done(Err(problem)) => Err(problem),
            End::Done(Ok((media_type, output))) => {
                let kept = output.keep().await;
                kept.map(|bytes| Product { media_type, bytes })
            }
        };
        let rows = rows.load(Ordering::Relaxed);
        match &ended {
            Ok(product) => {
                tracing::info!(
                    id,
                    rows,
                    bytes = product.bytes,
                    milliseconds,
                    "job completed"
                );
            }
            Err(problem) => {
                tracing::info!(id, milliseconds, "job failed: {}", problem.message);
            }
        }
        if !self.finish(&place.claim, rows, &ended).await {
            self.shared.results.forget(id, attempt).await;
        }
    }

    /// Does the work, within the job's time and what a short job may use.
    async fn work_on(&self, job: &Job, rows: &Arc<AtomicU64>, claim: &Claim) -> End {
        let work = async {
            let mut output = match self.shared.results.create(job, rows.clone()).await {
                Ok(output) => output,
                Err(error) => return Err(super::results::unwritten(error)),
            };
            let parts = self.shared.results.parts(&job.id, &job.parameters);
            let parts = parts.map_err(|error| {
                tracing::error!(%error, "the uploads of a job cannot be read");
                Problem::transient("what was uploaded with the job cannot be read just now")
            })?;
            let task = Task {
                id: &job.id,
                parameters: &job.parameters,
                parts: &parts,
                time: job.time(),
            };
            let media_type = self.shared.work.run(task, &mut output).await?;
            Ok((media_type, output))
        };
        let mut work = std::pin::pin!(work);
        let over = async {
            match job.time() {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        let mut over = std::pin::pin!(over);
        if !job.long && self.shared.limits.concurrent > 1 {
            tokio::select! {
                done = &mut work => return End::Done(done),
                () = &mut over => return End::Done(Err(self.too_slow(job))),
                () = tokio::time::sleep(self.shared.limits.short) => {}
            }
            if !self.lengthen(claim) {
                return End::TooLong;
            }
            if let Err(error) = self.shared.store.lengthen(claim).await {
                tracing::warn!(id = job.id, %error, "cannot remember that a job is long");
            }
        }
        tokio::select! {
            done = &mut work => End::Done(done),
            () = &mut over => End::Done(Err(self.too_slow(job))),
        }
    }

    /// Gives a job a place for long ones, if there is one.
    fn lengthen(&self, claim: &Claim) -> bool {
        let places = self.places_for_long();
        let mut running = self.running();
        if running.values().filter(|it| it.long).count() >= places {
            return false;
        }
        if let Some(running) = running.get_mut(&claim.id) {
            running.long = true;
        }
        true
    }

    fn too_slow(&self, job: &Job) -> Problem {
        let (seconds, hard) = (job.seconds, self.shared.limits.time_hard.as_secs());
        let advice = match seconds < hard {
            true => format!("raise EXECUTIONDURATION (at most {hard} s here) or ask for less"),
            false => "that is the most this service allows; ask for less".to_owned(),
        };
        Problem::fatal(format!(
            "the job took longer than its execution duration of {seconds} s and was stopped; {advice}"
        ))
    }

    async fn put_back(&self, claim: &Claim, why: Back) {
        let now = instant::now();
        if let Err(error) = self.shared.store.put_back(claim, now, why).await {
            // Its lease lapses.
            tracing::warn!(id = claim.id, %error, "job not put back into the queue yet");
        }
        self.tell(&claim.id);
    }

    /// Tells the table how a job ended; `false` if it is no longer ours.
    async fn finish(&self, claim: &Claim, rows: u64, ended: &Result<Product, Problem>) -> bool {
        for _ in 0..TELL {
            let now = instant::now();
            match self.shared.store.finish(claim, now, rows, ended).await {
                Ok(ours) => {
                    self.tell(&claim.id);
                    return ours;
                }
                Err(error) => {
                    tracing::warn!(id = claim.id, %error, "the end of a job cannot be noted yet");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        // Its lease lapses, and it runs again.
        false
    }

    fn tell(&self, id: &str) {
        // Nobody may be listening.
        let _ = self.shared.news.send(id.into());
    }
}
