//! What asynchronous jobs may use: the section `[jobs]`.

use std::time::Duration;

use super::Error;
use super::merged::{Merged, processors};

/// What asynchronous jobs may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Jobs that this instance runs at the same time.
    pub concurrent: usize,
    /// Jobs that run at the same time on all instances that share a database.
    pub concurrent_total: usize,
    /// Jobs of one user that run at the same time, on all instances.
    pub concurrent_per_user: usize,
    /// Jobs that wait in the queue, of everybody.
    pub queued: u64,
    /// Jobs of one user that wait in the queue.
    pub queued_per_user: u64,
    /// Jobs of one user that are kept, whatever their phase.
    pub kept_per_user: u64,
    /// A job that has run for so long may no longer take the place that is
    /// kept for short ones.
    pub short: Duration,
    /// How long a job may run when it does not say.
    pub time_default: Duration,
    /// How long a job may run whatever it says.
    pub time_hard: Duration,
    /// How long a job and its result are kept when it does not say.
    pub lifetime_default: Duration,
    /// How long they are kept whatever it says.
    pub lifetime_hard: Duration,
    /// Whether the list of jobs shows those of everybody; else it shows none,
    /// and a job is known to whoever made it.
    pub listed: bool,
    /// After how long without a sign of life another instance takes a job over.
    pub lease: Duration,
}

#[cfg(test)]
impl Jobs {
    /// For tests of other rooms.
    pub(crate) const SAMPLE: Jobs = Jobs {
        concurrent: 4,
        concurrent_total: 100,
        concurrent_per_user: 2,
        queued: 100,
        queued_per_user: 100,
        kept_per_user: 100,
        short: Duration::from_secs(60),
        time_default: Duration::from_secs(10),
        time_hard: Duration::from_secs(100),
        lifetime_default: Duration::from_secs(1000),
        lifetime_hard: Duration::from_secs(2000),
        listed: true,
        lease: Duration::from_secs(15),
    };
}

pub(super) fn read(merged: &Merged) -> Result<Jobs, Error> {
    let within = |key: &str, number: u64, most: u64| match (1..=most).contains(&number) {
        true => Ok(number),
        false => Err(merged.wrong(key, &format!("must be 1 to {most}"))),
    };
    let number = |name: &str, most: u64| {
        let key = format!("jobs.{name}");
        within(&key, merged.number(&key)?, most)
    };
    let count = |name| Ok(usize::try_from(number(name, 1000)?).unwrap_or(1));
    // Of more than there are processors, queries that somebody waits for would
    // feel each.
    let concurrent = merged.number_or("jobs.concurrent", processors().clamp(2, 4))?;
    let concurrent = within("jobs.concurrent", concurrent, 1000)?;
    // executionDuration is an xs:int (UWS 1.1 appendix B).
    let seconds = |name| Ok(Duration::from_secs(number(name, 0x7fff_ffff)?));
    let jobs = Jobs {
        concurrent: usize::try_from(concurrent).unwrap_or(1),
        concurrent_total: count("concurrent_total")?,
        concurrent_per_user: count("concurrent_per_user")?,
        queued: number("queued", 1_000_000)?,
        queued_per_user: number("queued_per_user", 1_000_000)?,
        kept_per_user: number("kept_per_user", 1_000_000)?,
        short: seconds("short_seconds")?,
        time_default: seconds("seconds_default")?,
        time_hard: seconds("seconds_hard")?,
        lifetime_default: seconds("lifetime_default")?,
        lifetime_hard: seconds("lifetime_hard")?,
        listed: match merged.text("jobs.list").as_deref() {
            Some("all") | None => true,
            Some("none") => false,
            Some(_) => return Err(merged.wrong("jobs.list", "must be all or none")),
        },
        lease: seconds("lease_seconds")?,
    };
    for (name, default, hard) in [
        ("seconds", jobs.time_default, jobs.time_hard),
        ("lifetime", jobs.lifetime_default, jobs.lifetime_hard),
    ] {
        if default > hard {
            return Err(merged.wrong(
                &format!("jobs.{name}_default"),
                &format!("must not be larger than jobs.{name}_hard"),
            ));
        }
    }
    Ok(jobs)
}
