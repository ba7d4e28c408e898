//! A registry followed until told to stop.

use std::time::{Duration, Instant};

use adql::Value;
use tokio::sync::watch;

use super::sync::Sweep;
use super::{Manager, ManagerError, Options, State, Tally, sync};
use crate::database::{Database, now};

/// How often a registry is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two times that changes are asked for.
    pub interval: Duration,
    /// Between two comparisons of everything: how late what the registry does
    /// not tell by itself (removals, tags, regions) may arrive.
    pub sweep: Duration,
}

/// After a failure the registry is asked again after the interval, then after
/// twice as long, and so on, at most this.
const LONGEST: Duration = Duration::from_secs(60);

/// A follower of which nothing was heard for as long is taken to be gone.
const LEASE: Duration = Duration::from_secs(30);

/// Follows a registry for one table until `stop` says so; between two pages of a
/// comparison of everything changes are still asked for. Another follower of
/// the same registry waits until this one is gone. `told` hears of rows that
/// were written.
///
/// # Errors
/// Only such as will not go by themselves: a configuration that cannot be used.
/// Anything else is logged and tried again.
pub async fn follow(
    manager: &mut Manager,
    pace: Pace,
    mut stop: watch::Receiver<bool>,
    told: &mut (dyn FnMut(&Tally) + Send),
) -> Result<(), ManagerError> {
    let holder = uuid::Uuid::new_v4().simple().to_string();
    let mut follower = Follower {
        sweep: None,
        swept: None,
        held: None,
        waiting: false,
        failures: 0,
    };
    while !*stop.borrow() {
        let begun = Instant::now();
        let outcome = follower.turn(manager, pace, &holder).await;
        let pause = match outcome {
            Ok(tally) => {
                follower.failures = 0;
                if tally.writes() {
                    told(&tally);
                }
                pace.interval.saturating_sub(begun.elapsed())
            }
            Err(error @ (ManagerError::Layout { .. } | ManagerError::Document { .. })) => {
                return Err(error);
            }
            Err(error) => {
                tracing::warn!(%error, "the registry cannot be followed; trying again");
                follower.sweep = None;
                let longer = 1_u32 << follower.failures.min(10);
                follower.failures += 1;
                pace.interval.saturating_mul(longer).min(LONGEST)
            }
        };
        // Within a comparison of everything there is no time to lose.
        let busy = follower.sweep.is_some() && follower.failures == 0;
        let pause = if busy { Duration::ZERO } else { pause };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = stop.changed() => if changed.is_err() { break },
        }
    }
    release(&manager.database, manager.feed().repository.number, &holder).await
}

struct Follower {
    /// A comparison of everything that is under way, with its mark.
    sweep: Option<(Sweep, Option<String>, Instant)>,
    swept: Option<Instant>,
    /// When it was last recorded that we follow the registry.
    held: Option<Instant>,
    /// Another process follows the registry.
    waiting: bool,
    failures: u32,
}

impl Follower {
    /// Asks for changes and does a part of a comparison of everything that is due.
    async fn turn(
        &mut self,
        manager: &mut Manager,
        pace: Pace,
        holder: &str,
    ) -> Result<Tally, ManagerError> {
        let number = manager.feed().repository.number;
        let held = self.held.is_some_and(|held| held.elapsed() < LEASE / 3);
        if !held && !hold(&manager.database, number, holder).await? {
            self.held = None;
            if !self.waiting {
                let label = &manager.feed().repository.label;
                tracing::warn!("another process follows {label}: waiting until it ends");
            }
            self.waiting = true;
            return Ok(Tally::default());
        }
        self.waiting = false;
        if !held {
            self.held = Some(Instant::now());
        }
        if manager.feed().state != State::Live {
            let mut options = Options {
                full: false,
                sweep: Duration::MAX,
                progress: &mut |_| {},
            };
            return sync(manager, &mut options).await;
        }
        let polled = manager.poll().await?;
        let mut tally = polled.tally;
        let everything = polled.everything.is_some();
        let due = self.swept.is_none_or(|swept| swept.elapsed() >= pace.sweep);
        if self.sweep.is_none() && (everything || due) {
            self.sweep = Some((Sweep::begin(), polled.everything, Instant::now()));
        }
        // A part of the comparison, as long as changes can wait.
        let begun = Instant::now();
        while let Some((sweep, mark, started)) = &mut self.sweep {
            match sweep.step(manager).await? {
                Some(found) => tally.add(&manager.mended(&found).await?),
                None => {
                    manager.swept(sweep, mark.take()).await?;
                    self.swept = Some(*started);
                    self.sweep = None;
                }
            }
            if begun.elapsed() >= pace.interval {
                break;
            }
        }
        Ok(tally)
    }
}

/// Says that we follow a registry, unless somebody else does.
async fn hold(database: &Database, number: i32, holder: &str) -> Result<bool, ManagerError> {
    let sql = "UPDATE {obstap.repositories} SET holder = $1, held_until = $2 \
               WHERE number = $3 AND (holder IS NULL OR holder = $1 OR held_until < $4)";
    let until = now() + i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX / 2);
    let values = [
        Value::Text(holder.to_owned()),
        Value::BigInt(until),
        Value::BigInt(number.into()),
        Value::BigInt(now()),
    ];
    let mut transaction = database.begin().await?;
    let held = transaction.execute(sql, &values).await? > 0;
    transaction.commit().await?;
    Ok(held)
}

async fn release(database: &Database, number: i32, holder: &str) -> Result<(), ManagerError> {
    let sql = "UPDATE {obstap.repositories} SET holder = NULL, held_until = NULL \
               WHERE number = $1 AND holder = $2";
    let values = [Value::BigInt(number.into()), Value::Text(holder.to_owned())];
    let mut transaction = database.begin().await?;
    transaction.execute(sql, &values).await?;
    Ok(transaction.commit().await?)
}
