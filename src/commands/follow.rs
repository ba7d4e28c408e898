//! `obstap sync` and `obstap follow`.

use std::time::{Duration, Instant};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::progress::{Progress, grouped};
use super::{Failure, feeds, open};
use crate::config::Settings;
use crate::database::Database;
use crate::obscore::manager::{self, Manager, ManagerError, Options, Pace, State, Tally};

/// Bring ObsCore tables to where their registries are
///
/// What changed since the last time is taken over; the first time, all rows are
/// made. Broken off, it goes on where it was.
#[derive(Debug, Args)]
pub struct Sync {
    /// A registry that is attached; else all
    label: Option<String>,
    /// Compare every row, also where the registry says that nothing changed
    #[arg(long)]
    full: bool,
}

/// Keep ObsCore tables where their registries are, until told to stop
///
/// A second one on the same registry waits until the first ends.
#[derive(Debug, Args)]
pub struct Follow {
    /// A registry that is attached; else all
    label: Option<String>,
    /// Between two looks at what is new [default: follow.interval_seconds]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    interval: Option<Duration>,
    /// Between two looks for what was removed, tagged or moved [default: follow.sweep_seconds]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    sweep: Option<Duration>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "a number of seconds is wanted, 0.01 to 86400".to_owned();
    let number: f64 = text.parse().map_err(|_| wrong())?;
    match (0.01..=86_400.0).contains(&number) {
        true => Ok(Duration::from_secs_f64(number)),
        false => Err(wrong()),
    }
}

impl Sync {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        open::runtime()?.block_on(async {
            let database = feeds::prepared(settings).await?;
            let all = feeds::feeds(&database, self.label.as_deref()).await?;
            for mut manager in feeds::managers(&database, all, settings).await? {
                one(&mut manager, self.full).await?;
            }
            Ok(())
        })
    }
}

/// Brings one table to where its registry is, and says what was done.
pub async fn one(manager: &mut Manager, full: bool) -> Result<Tally, Failure> {
    let started = Instant::now();
    let feed = manager.feed();
    let what = format!("{} of {}", feed.table, feed.repository.label);
    let first = feed.state != State::Live;
    let tally = {
        let mut progress = Progress::start(&what, None);
        let mut options = Options {
            full,
            progress: &mut |rows| progress.at(rows, rows),
        };
        manager::sync(manager, &mut options).await?
    };
    let took = started.elapsed().as_secs_f64();
    let rate = match first && tally.added > 0 {
        true => format!(
            " ({}/s)",
            grouped((tally.added as f64 / took.max(0.001)) as u64)
        ),
        false => String::new(),
    };
    tell!("{what}: {}, in {took:.1} s{rate}", told(&tally));
    Ok(tally)
}

/// Rows written, in words.
pub fn told(tally: &Tally) -> String {
    let mut text = format!(
        "{} rows added, {} changed, {} removed",
        grouped(tally.added),
        grouped(tally.changed),
        grouped(tally.removed)
    );
    if tally.rejected > 0 {
        let rejected = grouped(tally.rejected);
        text.push_str(&format!(
            "; {rejected} datasets cannot be described (obstap obscore verify says why)"
        ));
    }
    text
}

impl Follow {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let pace = Pace {
            interval: self.interval.unwrap_or(settings.follow.interval),
            sweep: self.sweep.unwrap_or(settings.follow.sweep),
        };
        open::runtime()?.block_on(async {
            let database = feeds::prepared(settings).await?;
            let all = feeds::feeds(&database, self.label.as_deref()).await?;
            let mut labels: Vec<String> =
                all.iter().map(|it| it.repository.label.clone()).collect();
            labels.dedup();
            let stop = stopped()?;
            let mut following = Vec::new();
            for label in labels {
                let (database, stop) = (&database, stop.clone());
                following.push(async move {
                    loop {
                        match registry(database, settings, &label, pace, stop.clone()).await {
                            Ok(()) => return Ok(()),
                            Err(Ended::Superseded) => {}
                            Err(Ended::Failed(failure)) => return Err(failure),
                        }
                    }
                });
            }
            futures_util::future::try_join_all(following).await?;
            Ok(())
        })
    }
}

/// Why a registry is followed no more.
enum Ended {
    /// It has got another configuration.
    Superseded,
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Ended {
    fn from(error: E) -> Ended {
        Ended::Failed(error.into())
    }
}

/// Follows one registry with the configurations that it has now.
async fn registry(
    database: &Database,
    settings: &Settings,
    label: &str,
    pace: Pace,
    stop: watch::Receiver<bool>,
) -> Result<(), Ended> {
    let feeds = feeds::feeds(database, Some(label)).await?;
    let mut managers = feeds::managers(database, feeds, settings).await?;
    tracing::info!(label, tables = managers.len(), "following");
    let mut told = |tally: &Tally| {
        tracing::info!(
            label,
            added = tally.added,
            changed = tally.changed,
            removed = tally.removed,
            rejected = tally.rejected,
            "rows written"
        );
    };
    match manager::follow(&mut managers, pace, stop, &mut told).await {
        Err(ManagerError::Superseded { .. }) => Err(Ended::Superseded),
        ended => Ok(ended?),
    }
}

/// Becomes true when somebody asks the program to end.
fn stopped() -> Result<watch::Receiver<bool>, Failure> {
    let hears = |kind| {
        signal(kind).map_err(|error| Failure::new(format!("cannot listen to signals: {error}")))
    };
    let mut interrupt = hears(SignalKind::interrupt())?;
    let mut terminate = hears(SignalKind::terminate())?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        // Whoever listens ends; nobody may be left.
        let _ = stop.send(true);
    });
    Ok(stopped)
}
