//! When a job is expected to end, and how far it has come.

use std::time::Duration;

use super::store::Queue;
use super::{Job, Phase, instant};
use crate::config;

/// What is told of a job beside what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// When it is expected to have ended (UWS 1.1 section 2.1.6).
    pub quote: Option<i64>,
    /// Jobs before it in the queue.
    pub ahead: Option<u64>,
    /// Rows found so far.
    pub rows: Option<u64>,
    /// Rows expected in all.
    pub expected_rows: Option<u64>,
}

/// What a job that runs longer than expected is expected to take in all, in
/// times that it has taken already.
const LATE: f64 = 1.5;

/// `queue`: for a job that does not run yet.
pub(super) fn forecast(
    job: &Job,
    queue: Option<&Queue>,
    now: i64,
    limits: &config::Jobs,
) -> Forecast {
    let expected = job.expected.map(|expected| expected.seconds);
    let latest = |start| job.time().map(|time| instant::later(start, time));
    let after = |start, seconds: f64| {
        let seconds = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let end = instant::later(start, seconds);
        Some(latest(start).map_or(end, |latest| end.min(latest)))
    };
    let quote = match (job.ended, job.started, queue) {
        (Some(ended), ..) => Some(ended),
        (None, Some(started), _) => match expected {
            Some(seconds) => {
                let so_far = instant::between(started, now).as_secs_f64();
                after(started, seconds.max(so_far * LATE))
            }
            None => latest(started),
        },
        (None, None, queue) => {
            let wait = queue.map_or(0.0, |queue| wait(queue, limits));
            let wait = Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX);
            let start = instant::later(now, wait);
            match expected {
                Some(seconds) => after(start, seconds),
                None => latest(start),
            }
        }
    };
    let runs = job.phase == Phase::Executing;
    let waits = matches!(job.phase, Phase::Queued | Phase::Executing);
    Forecast {
        quote,
        ahead: queue
            .filter(|_| job.phase == Phase::Queued)
            .map(|queue| queue.ahead),
        rows: job.rows.filter(|_| runs),
        expected_rows: job
            .expected
            .and_then(|expected| expected.rows)
            .filter(|_| waits),
    }
}

/// Seconds until a place is free: of all places, and of those of one user. Jobs
/// that run are half-way on the average.
fn wait(queue: &Queue, limits: &config::Jobs) -> f64 {
    let wait =
        |places: u64, running: u64, running_seconds: f64, ahead: u64, seconds: f64| match running
            + ahead
            < places
        {
            true => 0.0,
            false => (running_seconds / 2.0 + seconds) / places as f64,
        };
    let all = wait(
        queue.places.min(limits.concurrent_total as u64),
        queue.running,
        queue.running_seconds,
        queue.ahead,
        queue.ahead_seconds,
    );
    let own = wait(
        limits.concurrent_per_user as u64,
        queue.own_running,
        queue.own_running_seconds,
        queue.own_ahead,
        queue.own_ahead_seconds,
    );
    all.max(own)
}

#[cfg(test)]
mod tests {
    use super::super::experience::Expected;
    use super::*;
    use crate::config::Jobs;

    const LIMITS: Jobs = Jobs {
        time_default: Duration::from_secs(100),
        ..Jobs::SAMPLE
    };

    const SECOND: i64 = 1_000_000;

    /// Seconds after which the job is expected to end, asked at 10 s.
    fn quote(started: Option<i64>, expected: Option<f64>, queue: Queue) -> Option<i64> {
        let mut job = Job::new("j".to_owned(), "me".to_owned(), 0, &LIMITS);
        job.phase = match started {
            Some(_) => Phase::Executing,
            None => Phase::Queued,
        };
        job.started = started.map(|seconds| seconds * SECOND);
        job.expected = expected.map(|seconds| Expected {
            seconds,
            rows: None,
        });
        let forecast = forecast(&job, Some(&queue), 10 * SECOND, &LIMITS);
        forecast.quote.map(|quote| quote / SECOND)
    }

    #[test]
    fn the_quote_is_when_the_job_is_expected_to_end() {
        let free = Queue {
            places: 4,
            ..Queue::default()
        };
        assert_eq!(quote(None, Some(7.0), free), Some(17));
        assert_eq!(quote(Some(5), Some(7.0), free), Some(12));
        // Later than expected.
        assert_eq!(quote(Some(0), Some(7.0), free), Some(15));
        // Never later than it may run.
        assert_eq!(quote(None, Some(1e12), free), Some(110));
        assert_eq!(quote(Some(5), Some(1e12), free), Some(105));
        // Nothing is known but that.
        assert_eq!(quote(None, None, free), Some(110));
        assert_eq!(quote(Some(5), None, free), Some(105));
    }

    #[test]
    fn a_job_waits_for_those_before_it() {
        let full = Queue {
            running: 4,
            running_seconds: 40.0,
            ahead: 3,
            ahead_seconds: 60.0,
            places: 4,
            ..Queue::default()
        };
        assert_eq!(quote(None, Some(7.0), full), Some(10 + 20 + 7));
        // Others leave room, but not for this user.
        let own = Queue {
            running: 2,
            running_seconds: 40.0,
            own_running: 2,
            own_running_seconds: 40.0,
            places: 4,
            ..Queue::default()
        };
        assert_eq!(quote(None, Some(7.0), own), Some(10 + 10 + 7));
    }
}
