//! What is known of all jobs together: how many there are, what they took, and
//! who works on them.

use adql::{Value, Wire};

use super::super::experience::{MEMORY, Sample};
use super::super::job::UNKNOWN;
use super::super::{Error, Job, Phase, instant};
use super::Store;
use super::row::{integer, plan, real, string, text};
use crate::config;
use crate::database::{self, Transaction};

/// Jobs that wait or run, as one that waits sees them. Seconds are those they
/// are expected to take in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::uws) struct Queue {
    pub running: u64,
    pub running_seconds: f64,
    /// Before it in the queue.
    pub ahead: u64,
    pub ahead_seconds: f64,
    /// Of the same user.
    pub own_running: u64,
    pub own_running_seconds: f64,
    pub own_ahead: u64,
    pub own_ahead_seconds: f64,
    /// Jobs that all instances together may run.
    pub places: u64,
}

impl Store {
    /// Jobs that run, and that queue before those of this rank.
    pub(in crate::uws) async fn queue(
        &self,
        asker: &str,
        rank: i64,
        now: i64,
    ) -> Result<Queue, database::Error> {
        let seconds = format!("coalesce(expected_seconds, {UNKNOWN:?})");
        let mut columns = Vec::new();
        for phase in ["EXECUTING", "QUEUED"] {
            for who in ["", " AND asker = $2"] {
                let those = format!("FILTER (WHERE phase = '{phase}'{who})");
                columns.push(format!("CAST(count(*) {those} AS bigint)"));
                columns.push(format!(
                    "CAST(coalesce(sum({seconds}) {those}, 0) AS double precision)"
                ));
            }
        }
        let sql = format!(
            "SELECT {}, (SELECT CAST(coalesce(sum(places), 0) AS bigint) FROM {{obstap.instances}} \
             WHERE lease > $3) FROM {{obstap.jobs}} \
             WHERE phase = 'EXECUTING' OR (phase = 'QUEUED' AND coalesce(rank, 0) < $1)",
            columns.join(", ")
        );
        let values = [Value::BigInt(rank), text(asker), Value::Timestamp(now)];
        let (count, sum) = (Wire::Int8, Wire::Float8);
        let wires = [count, sum, count, sum, count, sum, count, sum, count];
        let rows = self.database.fetch(&sql, &values, &wires).await?;
        let count = |column| integer(&rows, 0, column).map_or(0, i64::unsigned_abs);
        let sum = |column| real(&rows, 0, column).unwrap_or_default();
        Ok(Queue {
            running: count(0),
            running_seconds: sum(1),
            own_running: count(2),
            own_running_seconds: sum(3),
            ahead: count(4),
            ahead_seconds: sum(5),
            own_ahead: count(6),
            own_ahead_seconds: sum(7),
            places: count(8).max(1),
        })
    }

    /// Whether there is room for a new job, or for one more in the queue. What
    /// one user has is counted exactly, since nobody else can add to it
    /// meanwhile; all jobs together may be a few more than allowed.
    pub(super) async fn admit(
        transaction: &mut Transaction,
        job: &Job,
        new: bool,
        now: i64,
        limits: &config::Jobs,
    ) -> Result<(), Error> {
        let queues = job.phase == Phase::Queued;
        if !new && !queues {
            return Ok(());
        }
        transaction.lock(&format!("jobs of {}", job.asker)).await?;
        let sql = "SELECT CAST((SELECT count(*) FROM {obstap.jobs} WHERE asker = $1 \
                   AND destruction > $2) AS bigint), CAST((SELECT count(*) FROM {obstap.jobs} \
                   WHERE phase = 'QUEUED' AND asker = $1) AS bigint), CAST((SELECT count(*) \
                   FROM {obstap.jobs} WHERE phase = 'QUEUED') AS bigint)";
        let values = [text(&job.asker), Value::Timestamp(now)];
        let rows = transaction.fetch(sql, &values, &[Wire::Int8; 3]).await?;
        let count = |column| integer(&rows, 0, column).map_or(0, i64::unsigned_abs);
        let (kept, own, all) = (count(0), count(1), count(2));
        if new && kept >= limits.kept_per_user {
            return Err(Error::forbidden(format!(
                "{kept} of your jobs are kept here, and one user may have {} (jobs.kept_per_user); \
                 delete some that you no longer need, then send this one again",
                limits.kept_per_user
            )));
        }
        if queues && own >= limits.queued_per_user {
            return Err(Error::Full(format!(
                "{own} of your jobs are waiting, and one user may have {} in the queue \
                 (jobs.queued_per_user); wait until some have run, or abort some, then send this \
                 again",
                limits.queued_per_user
            )));
        }
        if queues && all >= limits.queued {
            return Err(Error::Full(format!(
                "{all} jobs are waiting, and the queue holds {} (jobs.queued); send this again later",
                limits.queued
            )));
        }
        Ok(())
    }

    /// Keeps what a job is expected to take.
    pub(in crate::uws) async fn expect(&self, job: &Job) -> Result<(), database::Error> {
        let sql = "UPDATE {obstap.jobs} SET plan_seconds = $2, form = $3, expected_seconds = $4, \
                   expected_rows = $5, rank = $6, long = (long OR $7) WHERE job_id = $1";
        let values = super::row::values(job);
        let expected = values.get(20..25).unwrap_or_default();
        let long = [Value::Boolean(job.long)];
        let values = [&[text(&job.id)], expected, &long].concat();
        self.execute(sql, &values).await.map(drop)
    }

    /// What the latest jobs took that went well, the oldest of them first.
    pub(in crate::uws) async fn samples(&self) -> Result<Vec<Sample>, database::Error> {
        let sql = format!(
            "SELECT plan_seconds, form, started, ended, row_count FROM {{obstap.jobs}} \
             WHERE phase = 'COMPLETED' AND plan_seconds IS NOT NULL ORDER BY created DESC \
             LIMIT {MEMORY}"
        );
        let wires = [
            Wire::Float8,
            Wire::Int8,
            Wire::Timestamp,
            Wire::Timestamp,
            Wire::Int8,
        ];
        let rows = self.database.fetch(&sql, &[], &wires).await?;
        let sample = |row| {
            let (started, ended) = (integer(&rows, row, 2)?, integer(&rows, row, 3)?);
            Some(Sample {
                plan: plan(&rows, row, 0, 1)?,
                seconds: instant::between(started, ended).as_secs_f64(),
                rows: integer(&rows, row, 4)?.unsigned_abs(),
            })
        };
        Ok((0..rows.len()).rev().filter_map(sample).collect())
    }

    /// Says that this instance is there, and forgets those that have long
    /// been gone.
    pub(in crate::uws) async fn appear(
        &self,
        places: usize,
        lease: i64,
        long_ago: i64,
    ) -> Result<(), database::Error> {
        let mut transaction = self.database.begin().await?;
        let values = [
            text(&self.runner),
            Value::BigInt(places as i64),
            Value::Timestamp(lease),
        ];
        let insert = "INSERT INTO {obstap.instances} (runner, places, lease) VALUES ($1, $2, $3) \
                      ON CONFLICT (runner) DO UPDATE SET lease = excluded.lease";
        transaction.execute(insert, &values).await?;
        let delete = "DELETE FROM {obstap.instances} WHERE lease < $1";
        transaction
            .execute(delete, &[Value::Timestamp(long_ago)])
            .await?;
        transaction.commit().await
    }

    pub(in crate::uws) async fn disappear(&self) -> Result<(), database::Error> {
        let sql = "DELETE FROM {obstap.instances} WHERE runner = $1";
        self.execute(sql, &[text(&self.runner)]).await.map(drop)
    }

    /// Other instances that are there.
    pub(in crate::uws) async fn others(&self, now: i64) -> Result<Vec<String>, database::Error> {
        let sql = "SELECT runner FROM {obstap.instances} WHERE runner <> $1 AND lease > $2";
        let values = [text(&self.runner), Value::Timestamp(now)];
        let rows = self.database.fetch(sql, &values, &[Wire::Text]).await?;
        Ok((0..rows.len())
            .filter_map(|row| string(&rows, row, 0))
            .collect())
    }

    pub(in crate::uws) fn runner(&self) -> &str {
        &self.runner
    }
}
