//! A registry followed until told to stop.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use adql::{Value, Wire};
use tokio::sync::watch;

use super::read::{int, maybe_text};
use super::{Manager, ManagerError, Options, State, Tally, sync};
use crate::database::{Database, now};

/// How often a registry is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two times that changes are asked for.
    pub interval: Duration,
    /// Between two times that the registry is gone through for what it does not
    /// tell: how late removals, tags and regions may arrive.
    pub sweep: Duration,
}

/// After a failure the registry is asked again after the interval, then after
/// twice as long, and so on, at most this.
const LONGEST: Duration = Duration::from_secs(60);

/// A follower on another machine of which nothing was heard for as long is
/// taken to be gone.
const LEASE: Duration = Duration::from_secs(15);

/// Follows a registry for the tables it feeds (`managers`: one for each) until
/// `stop` says so. Another follower of the same registry waits until this one is
/// gone. `told` hears of rows that were written.
///
/// # Errors
/// Only such as will not go by themselves: a configuration that cannot be used,
/// or that was replaced ([`ManagerError::Superseded`]: begin anew with that).
/// Anything else is logged and tried again.
pub async fn follow(
    managers: &mut [Manager],
    pace: Pace,
    mut stop: watch::Receiver<bool>,
    told: &mut (dyn FnMut(&Tally) + Send),
) -> Result<(), ManagerError> {
    let mut follower = Follower {
        holder: holder(),
        swept: None,
        held: None,
        waiting: false,
    };
    let mut failures = 0_u32;
    while !*stop.borrow() {
        let begun = Instant::now();
        let pause = match follower.turn(managers, pace).await {
            Ok(tally) => {
                failures = 0;
                if tally.writes() {
                    told(&tally);
                }
                pace.interval.saturating_sub(begun.elapsed())
            }
            Err(
                error @ (ManagerError::Layout { .. }
                | ManagerError::Document { .. }
                | ManagerError::Superseded { .. }
                | ManagerError::Refused(_)),
            ) => {
                return Err(error);
            }
            Err(error) => {
                tracing::warn!(%error, "the registry cannot be followed now; trying again");
                let longer = 1_u32 << failures.min(10);
                failures += 1;
                pace.interval.saturating_mul(longer).min(LONGEST)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = stop.changed() => if changed.is_err() { break },
        }
    }
    match managers.first() {
        Some(first) => follower.release(first).await,
        None => Ok(()),
    }
}

struct Follower {
    holder: String,
    swept: Option<Instant>,
    /// When it was last recorded that we follow the registry.
    held: Option<Instant>,
    /// Another process follows the registry.
    waiting: bool,
}

impl Follower {
    /// Asks for changes, and goes through the registry when that is due.
    async fn turn(&mut self, managers: &mut [Manager], pace: Pace) -> Result<Tally, ManagerError> {
        let Some(first) = managers.first() else {
            return Ok(Tally::default());
        };
        if !self.hold(first).await? {
            return Ok(Tally::default());
        }
        let begun = Instant::now();
        let due = self.swept.is_none_or(|swept| swept.elapsed() >= pace.sweep);
        let mut tally = Tally::default();
        for manager in managers {
            if manager.feed().state != State::Live {
                let mut options = Options {
                    full: false,
                    progress: &mut |_| {},
                };
                tally.add(&sync(manager, &mut options).await?);
                continue;
            }
            tally.add(&manager.poll().await?);
            if due {
                tally.add(&manager.go_through().await?);
            }
        }
        if due {
            self.swept = Some(begun);
        }
        Ok(tally)
    }

    /// Says that we follow the registry, unless somebody else does.
    async fn hold(&mut self, manager: &Manager) -> Result<bool, ManagerError> {
        if self.held.is_some_and(|held| held.elapsed() < LEASE / 3) {
            return Ok(true);
        }
        let repository = &manager.feed().repository;
        let held = hold(&manager.database, repository.number, &self.holder).await?;
        if !held && !self.waiting {
            let label = &repository.label;
            tracing::warn!("another process follows {label}: waiting until it ends");
        }
        self.waiting = !held;
        self.held = held.then(Instant::now);
        Ok(held)
    }

    async fn release(&self, manager: &Manager) -> Result<(), ManagerError> {
        let sql = "UPDATE {obstap.repositories} SET holder = NULL, held_until = NULL \
                   WHERE number = $1 AND holder = $2";
        let number = manager.feed().repository.number;
        let values = [
            Value::BigInt(number.into()),
            Value::Text(self.holder.clone()),
        ];
        let mut transaction = manager.database.begin().await?;
        transaction.execute(sql, &values).await?;
        Ok(transaction.commit().await?)
    }
}

async fn hold(database: &Database, number: i32, holder: &str) -> Result<bool, ManagerError> {
    let mut transaction = database.begin().await?;
    let number = Value::BigInt(number.into());
    let sql = "SELECT holder, held_until FROM {obstap.repositories} WHERE number = $1";
    let wires = [Wire::Text, Wire::Int8];
    let values = std::slice::from_ref(&number);
    let rows = transaction.fetch(sql, values, &wires).await?;
    if rows.is_empty() {
        return Err(ManagerError::Refused(
            "the registry was detached: there is nothing to follow".into(),
        ));
    }
    let known = maybe_text(&rows, 0, 0).unwrap_or_default();
    let late = int(&rows, 0, 1).is_none_or(|until| until < now());
    if !(known.is_empty() || known == holder || late || is_gone(&known, holder)) {
        return Ok(false);
    }
    let sql = "UPDATE {obstap.repositories} SET holder = $1, held_until = $2 \
               WHERE number = $3 AND coalesce(holder, '') = $4";
    let lease = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX / 2);
    let values = [
        Value::Text(holder.to_owned()),
        Value::BigInt(now() + lease),
        number,
        Value::Text(known),
    ];
    let held = transaction.execute(sql, &values).await? > 0;
    transaction.commit().await?;
    Ok(held)
}

/// Who we are: the machine since it was started, the processes that are seen
/// there, this one, and something that is ours alone.
fn holder() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let seen = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!(
        "{} {}/{}/{}",
        boot.trim(),
        seen.display(),
        std::process::id(),
        uuid::Uuid::new_v4().simple()
    )
}

/// Whether a holder was a process here that is no more.
fn is_gone(holder: &str, ours: &str) -> bool {
    let parts = |text: &str| -> Option<(String, String)> {
        let mut parts = text.split('/');
        Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
    };
    match (parts(holder), parts(ours)) {
        (Some((theirs, process)), Some((here, _))) => {
            theirs == here
                && Path::new("/proc/self").exists()
                && !Path::new("/proc").join(process).exists()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_killed_holds_nothing() {
        let ours = holder();
        assert!(!is_gone(&ours, &ours));
        let mut parts: Vec<&str> = ours.split('/').collect();
        // No process has such a number.
        parts[1] = "4194999";
        assert!(is_gone(&parts.join("/"), &ours));
        parts[0] = "another machine";
        assert!(!is_gone(&parts.join("/"), &ours));
    }
}
