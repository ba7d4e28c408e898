//! The jobs, for those who ask about them and those who wait.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, broadcast, watch};
use tokio::time::Instant;

use super::control::{Control, Filter, Wait};
use super::job::Rules;
use super::runner::Runner;
use super::store::Store;
use super::{Error, Job, Phase, Problem, Results, Work, document, instant};
use crate::config;
use crate::dali::{Params, Parts};
use crate::database::Database;

/// Changes that a slow listener may lag behind before it must look for itself.
const NEWS: usize = 1024;

/// The jobs of a service. Cloning shares them.
#[derive(Clone)]
pub struct Jobs<W> {
    shared: Arc<Shared<W>>,
    runner: Arc<Runner<W>>,
}

/// What the runner and those who ask have in common.
pub(super) struct Shared<W> {
    pub store: Store,
    pub results: Results,
    pub work: W,
    pub limits: config::Jobs,
    pub parameter_bytes: usize,
    /// When the last job was made.
    pub latest: AtomicI64,
    /// Jobs whose phase has changed.
    pub news: broadcast::Sender<Arc<str>>,
    /// There may be something in the queue.
    pub queue: Notify,
    /// The service is told to stop.
    pub closing: watch::Sender<bool>,
}

impl<W: Work> Jobs<W> {
    /// `parameter_bytes`: of all parameters of a job together. Work begins
    /// with [`Jobs::start`].
    pub fn new(
        database: Database,
        results: Results,
        work: W,
        limits: config::Jobs,
        parameter_bytes: usize,
    ) -> Result<Jobs<W>, getrandom::Error> {
        let shared = Arc::new(Shared {
            store: Store::new(database, identifier()?),
            results,
            work,
            limits,
            parameter_bytes,
            latest: AtomicI64::new(i64::MIN / 2),
            news: broadcast::Sender::new(NEWS),
            queue: Notify::new(),
            closing: watch::Sender::new(false),
        });
        let runner = Arc::new(Runner::new(shared.clone()));
        Ok(Jobs { shared, runner })
    }

    pub fn limits(&self) -> &config::Jobs {
        &self.shared.limits
    }

    /// Begins to run jobs, on the runtime that calls this.
    pub async fn start(&self) -> Result<(), Error> {
        let completed = Filter {
            phases: Some(vec![Phase::Completed]),
            last: Some(1),
            ..Filter::default()
        };
        let latest = self.shared.store.list(&completed, instant::now()).await?;
        let lost = latest.iter().map(|job| self.shared.results.whole(job));
        for path in lost.filter(|path| !path.exists()) {
            tracing::warn!(
                path = %path.display(),
                "the result of the latest job is not there; all services that share a database \
                 must have the same results_dir"
            );
        }
        self.runner.clone().start();
        Ok(())
    }

    /// No more jobs are taken up, and nobody waits any longer.
    pub fn close(&self) {
        self.shared.closing.send_replace(true);
    }

    /// Gives jobs that run so much time, and puts the rest back into the
    /// queue, for this service when it is started again or for another.
    pub async fn drain(&self, time: Duration) {
        self.close();
        self.runner.drain(time).await;
    }

    /// Where files that may become those of a job are put.
    pub fn room(&self) -> &Path {
        self.shared.results.directory()
    }

    /// A new job (UWS 1.1 section 2.2.3.1) with the files that came with it.
    /// `asker`: where it comes from.
    pub async fn create(&self, params: &Params, parts: &Parts, asker: &str) -> Result<Job, Error> {
        let control = Control::read(params)?;
        let id = identifier().map_err(|error| {
            Error::Database(crate::database::Error::Unreachable(error.to_string()))
        })?;
        let now = self.next_instant();
        let mut job = Job::new(id, asker.to_owned(), now, &self.shared.limits);
        let made = async {
            self.obey(&mut job, control, parts, now)?;
            Ok(self.shared.store.insert(&job).await?)
        };
        if let Err(error) = made.await {
            self.shared.results.remove_uploads(&job.id).await;
            return Err(error);
        }
        if job.phase == Phase::Queued {
            self.shared.queue.notify_one();
        }
        Ok(job)
    }

    /// Now, but never twice the same: jobs made in one millisecond keep their
    /// order in the list and in the queue.
    fn next_instant(&self) -> i64 {
        const MILLISECOND: i64 = 1000;
        let now = instant::now();
        let next = |last: i64| now.max(last + MILLISECOND);
        let last = self
            .shared
            .latest
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(next(last))
            });
        last.map_or(now, next)
    }

    pub async fn get(&self, id: &str) -> Result<Job, Error> {
        self.shared.store.get(id, instant::now()).await
    }

    /// The latest first. Nobody logs in, so either all jobs are everybody's
    /// or none is listed.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Job>, Error> {
        if !self.shared.limits.listed {
            return Ok(Vec::new());
        }
        self.shared.store.list(filter, instant::now()).await
    }

    /// How many jobs are in the queue, and how many run, on all services that
    /// share the table.
    pub async fn waiting_and_running(&self) -> Result<(u64, u64), Error> {
        Ok(self.shared.store.waiting_and_running().await?)
    }

    /// A job as XML; `list` is the address of the list of jobs.
    pub async fn document(&self, job: &Job, list: &str) -> Result<Vec<u8>, Error> {
        let ahead = match job.phase {
            Phase::Queued => Some(self.shared.store.ahead(job).await?),
            _ => None,
        };
        Ok(document::job(job, list, instant::now(), ahead))
    }

    /// Where the result of a job lies, if it has one.
    pub fn result(&self, job: &Job) -> Option<PathBuf> {
        job.product.as_ref().map(|_| self.shared.results.whole(job))
    }

    /// Does what a request says to a job; gives the job as it is then, or
    /// `None` if it was deleted.
    pub async fn post(
        &self,
        id: &str,
        control: Control,
        parts: &Parts,
    ) -> Result<Option<Job>, Error> {
        if control.delete {
            self.delete(id).await?;
            return Ok(None);
        }
        let now = instant::now();
        let change = |job: &mut Job| self.obey(job, control, parts, now);
        let (job, before) = self.shared.store.change(id, now, change).await?;
        if job.phase != before {
            self.changed(&job);
        }
        Ok(Some(job))
    }

    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        let job = self.shared.store.delete(id).await?;
        self.runner.stop(id);
        self.tell(id);
        self.shared.results.remove(id, job.attempt).await;
        Ok(())
    }

    /// A job once it has changed its phase, or after the time given (UWS 1.1
    /// section 2.2.1.2). Whoever waits is woken by the change.
    pub async fn wait(&self, id: &str, wait: &Wait) -> Result<Job, Error> {
        // Before the first look, so that no change falls between.
        let mut news = self.shared.news.subscribe();
        let mut closing = self.shared.closing.subscribe();
        let mut job = self.get(id).await?;
        let before = job.phase;
        let elsewhere = |phase: &String| phase.as_str() != before.name();
        if !before.is_active() || wait.phase.as_ref().is_some_and(elsewhere) {
            return Ok(job);
        }
        let end = Instant::now() + wait.time;
        while job.phase == before {
            let changed = async {
                loop {
                    match news.recv().await {
                        Ok(other) if &*other != id => {}
                        // Or too much has changed for us to know.
                        _ => return,
                    }
                }
            };
            let over = tokio::select! {
                () = changed => false,
                () = tokio::time::sleep_until(end) => true,
                _ = closing.wait_for(|closing| *closing) => true,
            };
            job = self.get(id).await?;
            if over {
                break;
            }
        }
        Ok(job)
    }

    fn obey(&self, job: &mut Job, control: Control, parts: &Parts, now: i64) -> Result<(), Error> {
        let results = &self.shared.results;
        if !parts.is_empty() {
            job.only_pending("files")?;
            results.keep(&job.id, parts)?;
        }
        let id = job.id.clone();
        let check = |parameters: &Params| {
            let parts = results.parts(&id, parameters).map_err(|error| {
                tracing::error!(%error, "the uploads of a job cannot be read");
                Problem::transient("what was uploaded with the job cannot be read just now")
            })?;
            self.shared.work.check(parameters, &parts)
        };
        let rules = Rules {
            limits: &self.shared.limits,
            parameter_bytes: self.shared.parameter_bytes,
            check: &check,
        };
        job.obey(control, now, &rules)
    }

    fn changed(&self, job: &Job) {
        match job.phase {
            Phase::Queued => self.shared.queue.notify_one(),
            Phase::Aborted => self.runner.stop(&job.id),
            _ => {}
        }
        self.tell(&job.id);
    }

    fn tell(&self, id: &str) {
        // Nobody may be listening.
        let _ = self.shared.news.send(id.into());
    }
}

/// A name that nobody guesses, for anybody who knows it may see and stop the
/// job: 100 bits in the 32 characters of Crockford's alphabet.
fn identifier() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes)?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_plain_and_differ() {
        let (one, two) = (identifier().ok(), identifier().ok());
        assert_ne!(one, two);
        let one = one.unwrap_or_default();
        assert_eq!(one.len(), 20);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric()), "{one}");
    }
}
