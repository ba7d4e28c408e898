//! What must be done while jobs run, wait and grow old.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::super::store::Claim;
use super::super::{Error, Phase, Problem, Work, instant};
use super::{LOOK, LOST, PAUSE, Runner};
use crate::database;

/// How often jobs whose time is over are looked for.
const EXPIRE: Duration = Duration::from_secs(2);
/// How often files without a job are looked for.
const SWEEP: Duration = Duration::from_secs(3600);
/// After how long an instance that says nothing is forgotten.
const GONE: Duration = Duration::from_secs(3600);
/// Looks at changes reach back so far, because clocks differ.
const OVERLAP: Duration = Duration::from_secs(10);

impl<W: Work> Runner<W> {
    /// Renews leases, takes over what others have lost, hears what others have
    /// changed, removes what is over.
    pub(super) async fn keep_house(self: Arc<Runner<W>>) {
        let mut closing = self.shared.closing.subscribe();
        let mut heard = HashSet::new();
        let (mut renewed, mut expired, mut swept) = (None, None, None);
        let due = |last: &mut Option<Instant>, every: Duration| {
            let due = last.is_none_or(|last| last.elapsed() >= every);
            if due {
                *last = Some(Instant::now());
            }
            due
        };
        let beat = self.shared.limits.lease / 3;
        while !*closing.borrow() {
            let done = async {
                if due(&mut renewed, beat) {
                    self.beat().await?;
                    self.renew().await?;
                    self.recover().await?;
                }
                if due(&mut expired, EXPIRE) {
                    self.expire().await?;
                }
                if self.shared.store.is_shared() {
                    self.hear(&mut heard).await?;
                }
                if due(&mut swept, SWEEP) {
                    self.sweep().await?;
                }
                Ok::<(), database::Error>(())
            };
            let pause = match done.await {
                Ok(()) => LOOK.min(beat),
                Err(error) => {
                    tracing::warn!(%error, "the jobs cannot be looked after");
                    PAUSE.min(beat)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = closing.changed() => {}
            }
        }
        // Those that still run are ours until they end.
        while !self.running().is_empty() {
            if let Err(error) = self.renew().await {
                tracing::warn!(%error, "the leases of jobs cannot be renewed");
            }
            tokio::time::sleep(beat).await;
        }
    }

    /// Before the first job is run: all see that this instance is there, and
    /// it sees that the others keep their results where it does.
    pub(in crate::uws) async fn appear(&self) -> Result<(), Error> {
        self.beat().await?;
        if !self.shared.store.is_shared() {
            return Ok(());
        }
        let results = &self.shared.results;
        // One that was killed is believed to be there until its lease lapses.
        let end = Instant::now() + self.shared.limits.lease + LOOK;
        loop {
            let others = self.shared.store.others(instant::now()).await?;
            let elsewhere = others.iter().any(|other| !results.has_mark_of(other));
            if !elsewhere {
                return Ok(());
            }
            if Instant::now() > end {
                return self.refused().await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn refused(&self) -> Result<(), Error> {
        let results = &self.shared.results;
        results.unmark(self.shared.store.runner());
        self.shared.store.disappear().await?;
        Err(Error::Elsewhere(format!(
            "{} is not the directory in which another service on this database keeps the results \
             of jobs; give all of them the same results_dir, on a disk that all can see",
            results.directory().display()
        )))
    }

    async fn beat(&self) -> Result<(), database::Error> {
        let (store, limits) = (&self.shared.store, &self.shared.limits);
        // First the sign: whoever finds us in the table looks for it.
        if store.is_shared()
            && let Err(error) = self.shared.results.mark(store.runner())
        {
            tracing::warn!(%error, "the directory of results cannot be written");
        }
        let now = instant::now();
        let lease = instant::later(now, limits.lease);
        let long_ago = now - GONE.as_micros() as i64;
        store.appear(limits.concurrent, lease, long_ago).await
    }

    async fn renew(&self) -> Result<(), database::Error> {
        let running: Vec<(Claim, u64)> = self
            .running()
            .iter()
            .map(|(id, running)| {
                let claim = Claim {
                    id: id.clone(),
                    attempt: running.attempt,
                };
                (claim, running.rows.load(Ordering::Relaxed))
            })
            .collect();
        for (claim, rows) in running {
            let lease = instant::later(instant::now(), self.shared.limits.lease);
            if !self.shared.store.renew(&claim, lease, rows).await? {
                self.give_up(&claim);
            }
        }
        Ok(())
    }

    async fn recover(&self) -> Result<(), database::Error> {
        let problem = Problem::transient(format!(
            "the service was lost {LOST} times while it ran this job; ask for less, or send it \
             again later"
        ));
        let now = instant::now();
        for id in self.shared.store.recover(now, LOST, &problem).await? {
            tracing::warn!(id, "job was lost by whoever ran it");
            self.tell(&id);
            self.shared.queue.notify_one();
        }
        Ok(())
    }

    async fn expire(&self) -> Result<(), database::Error> {
        for job in self.shared.store.expire(instant::now()).await? {
            tracing::info!(id = job.id, "job destroyed, its time is over");
            self.stop(&job.id);
            self.tell(&job.id);
            self.shared.results.remove(&job.id, job.attempt).await;
        }
        Ok(())
    }

    /// What other instances have changed, for those who wait here and for jobs
    /// that run here. One look serves them all.
    async fn hear(&self, heard: &mut HashSet<(String, i64)>) -> Result<(), database::Error> {
        let listening = self.shared.news.receiver_count() > 0;
        if !listening && self.running().is_empty() {
            heard.clear();
            return Ok(());
        }
        let since = instant::now() - OVERLAP.as_micros() as i64;
        let changed = self.shared.store.changed_since(since).await?;
        let mut lost = false;
        for (id, at, phase) in &changed {
            if heard.contains(&(id.clone(), *at)) {
                continue;
            }
            let here = self.running().contains_key(id);
            lost |= here && *phase != Phase::Executing;
            self.tell(id);
        }
        if lost {
            self.renew().await?;
        }
        *heard = changed.into_iter().map(|(id, at, _)| (id, at)).collect();
        Ok(())
    }

    async fn sweep(&self) -> Result<(), database::Error> {
        let known = self.shared.store.known().await?;
        let mut here = self.shared.store.others(instant::now()).await?;
        here.push(self.shared.store.runner().to_owned());
        let results = self.shared.results.clone();
        let swept = tokio::task::spawn_blocking(move || results.sweep(&known, &here)).await;
        match swept {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(removed)) => tracing::info!(removed, "results without a job removed"),
            Ok(Err(error)) => tracing::warn!(%error, "the directory of results cannot be swept"),
        }
        Ok(())
    }
}
