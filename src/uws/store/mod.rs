//! Jobs in their table. Every change is one short transaction; a change that
//! depends on how the job stands names that in its WHERE, so that two who
//! change one job cannot undo each other's work.

mod row;

use std::collections::HashMap;

use adql::{Value, Wire};

use super::control::Filter;
use super::{Error, Job, Phase, Problem, Product};
use crate::database::{self, Batch, Database};
use row::{COLUMNS, WIRES, brief, integer, job, jobs, maybe, number, string, text, time, values};

#[derive(Clone)]
pub(super) struct Store {
    database: Database,
    /// This process among all that share the table.
    runner: String,
}

/// A job that is looked for in the queue.
pub(super) struct Call {
    pub now: i64,
    /// Until when nobody else takes it up.
    pub lease: i64,
    /// Whether a job that is known to be long will do.
    pub long: bool,
    /// Jobs of one user at a time.
    pub per_user: usize,
}

impl Store {
    pub(super) fn new(database: Database, runner: String) -> Store {
        Store { database, runner }
    }

    /// Whether others may work on the table too.
    pub(super) fn is_shared(&self) -> bool {
        self.database.is_shared()
    }

    pub(super) async fn insert(&self, job: &Job) -> Result<(), database::Error> {
        let sql = format!(
            "INSERT INTO {{obstap.jobs}} ({COLUMNS}, changed) VALUES ($1, $2, $3, $4, $5, $6, $7, \
             $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $7)"
        );
        self.execute(&sql, &values(job)).await.map(drop)
    }

    /// A job that is still to be kept.
    pub(super) async fn get(&self, id: &str, now: i64) -> Result<Job, Error> {
        let sql =
            format!("SELECT {COLUMNS} FROM {{obstap.jobs}} WHERE job_id = $1 AND destruction > $2");
        let values = [text(id), Value::Timestamp(now)];
        let rows = self.database.fetch(&sql, &values, &WIRES).await?;
        job(&rows, 0).ok_or(Error::NoSuchJob)
    }

    /// The latest first, without their parameters.
    pub(super) async fn list(&self, filter: &Filter, now: i64) -> Result<Vec<Job>, Error> {
        let mut sql = format!(
            "SELECT {} FROM {{obstap.jobs}} WHERE destruction > $1",
            brief()
        );
        let mut values = vec![Value::Timestamp(now)];
        if let Some(phases) = &filter.phases {
            if phases.is_empty() {
                return Ok(Vec::new());
            }
            let names: Vec<String> = phases
                .iter()
                .map(|phase| format!("'{}'", phase.name()))
                .collect();
            sql.push_str(&format!(" AND phase IN ({})", names.join(", ")));
        }
        if let Some(after) = filter.after {
            sql.push_str(" AND created > $2");
            values.push(Value::Timestamp(after));
        }
        sql.push_str(" ORDER BY created DESC, job_id");
        if let Some(last) = filter.last {
            sql.push_str(&format!(" LIMIT {}", last.min(i64::MAX as u64)));
        }
        let rows = self.database.fetch(&sql, &values, &WIRES).await?;
        Ok(jobs(&rows))
    }

    /// How many jobs in the queue are older.
    pub(super) async fn ahead(&self, job: &Job) -> Result<u64, Error> {
        let sql = "SELECT CAST(count(*) AS bigint) FROM {obstap.jobs} \
                   WHERE phase = 'QUEUED' AND queued < $1";
        let rows = self
            .database
            .fetch(sql, &[time(job.queued)], &[Wire::Int8])
            .await?;
        Ok(integer(&rows, 0, 0).map_or(0, i64::unsigned_abs))
    }

    /// Changes a job that nobody else changes meanwhile; `change` may refuse.
    pub(super) async fn change(
        &self,
        id: &str,
        now: i64,
        change: impl FnOnce(&mut Job) -> Result<(), Error>,
    ) -> Result<(Job, Phase), Error> {
        let mut transaction = self.database.begin().await?;
        // Changes nothing, but the row is ours until the end.
        let lock = format!(
            "UPDATE {{obstap.jobs}} SET phase = phase WHERE job_id = $1 AND destruction > $2 \
             RETURNING {COLUMNS}"
        );
        let key = [text(id), Value::Timestamp(now)];
        let rows = transaction.fetch(&lock, &key, &WIRES).await?;
        let mut job = job(&rows, 0).ok_or(Error::NoSuchJob)?;
        let before = job.phase;
        change(&mut job)?;
        // What a runner says of a job is not the client's to change.
        let sql = "UPDATE {obstap.jobs} SET phase = $2, run_id = $3, parameters = $4, queued = $5, \
                   ended = $6, destruction = $7, seconds = $8, error = $9, transient = $10, \
                   changed = CASE WHEN phase = $2 THEN changed ELSE $11 END WHERE job_id = $1";
        let problem = job.problem.as_ref();
        let values = [
            text(&job.id),
            text(job.phase.name()),
            maybe(job.run_id.as_deref()),
            text(&job.parameters.encoded()),
            time(job.queued),
            time(job.ended),
            Value::Timestamp(job.destruction),
            number(Some(job.seconds)),
            maybe(problem.map(|problem| problem.message.as_str())),
            Value::Boolean(problem.is_some_and(|problem| problem.transient)),
            Value::Timestamp(now),
        ];
        transaction.execute(sql, &values).await?;
        transaction.commit().await?;
        Ok((job, before))
    }

    pub(super) async fn delete(&self, id: &str) -> Result<Job, Error> {
        let sql = format!("DELETE FROM {{obstap.jobs}} WHERE job_id = $1 RETURNING {COLUMNS}");
        let rows = self.changed(&sql, &[text(id)], &WIRES).await?;
        job(&rows, 0).ok_or(Error::NoSuchJob)
    }

    /// Removes jobs whose time is over.
    pub(super) async fn expire(&self, now: i64) -> Result<Vec<Job>, database::Error> {
        let found = self
            .database
            .fetch(
                "SELECT job_id FROM {obstap.jobs} WHERE destruction <= $1 LIMIT 1",
                &[Value::Timestamp(now)],
                &[Wire::Text],
            )
            .await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "DELETE FROM {{obstap.jobs}} WHERE destruction <= $1 RETURNING {}",
            brief()
        );
        let rows = self.changed(&sql, &[Value::Timestamp(now)], &WIRES).await?;
        Ok(jobs(&rows))
    }

    /// Whether anything waits to be run.
    pub(super) async fn waiting_and_running(&self) -> Result<(u64, u64), database::Error> {
        let sql = "SELECT phase, CAST(count(*) AS bigint) FROM {obstap.jobs} \
                   WHERE phase IN ('QUEUED', 'EXECUTING') GROUP BY phase";
        let rows = self
            .database
            .fetch(sql, &[], &[Wire::Text, Wire::Int8])
            .await?;
        let mut counts = (0, 0);
        for row in 0..rows.len() {
            let count = integer(&rows, row, 1).unwrap_or(0);
            let count = u64::try_from(count).unwrap_or(0);
            match string(&rows, row, 0).as_deref() == Some(Phase::Queued.name()) {
                true => counts.0 = count,
                false => counts.1 = count,
            }
        }
        Ok(counts)
    }

    pub(super) async fn has_queued(&self) -> Result<bool, database::Error> {
        let sql = "SELECT job_id FROM {obstap.jobs} WHERE phase = 'QUEUED' LIMIT 1";
        let rows = self.database.fetch(sql, &[], &[Wire::Text]).await?;
        Ok(!rows.is_empty())
    }

    /// Takes the next job: of the user who has the fewest running, the oldest.
    /// Jobs that another instance is taking are passed over.
    pub(super) async fn claim(&self, call: &Call) -> Result<Option<Job>, database::Error> {
        let running = "(SELECT count(*) FROM {obstap.jobs} AS other \
                        WHERE other.phase = 'EXECUTING' AND other.asker = job.asker)";
        let sql = format!(
            "UPDATE {{obstap.jobs}} SET phase = 'EXECUTING', started = $1, changed = $1, \
             runner = $2, lease = $3, attempt = attempt + 1, row_count = NULL \
             WHERE job_id = (SELECT job.job_id FROM {{obstap.jobs}} AS job \
             WHERE job.phase = 'QUEUED' AND job.destruction > $1 AND (NOT job.long OR $4) \
             AND {running} < $5 ORDER BY {running}, job.queued, job.job_id LIMIT 1 {}) \
             RETURNING {COLUMNS}",
            self.database.skip_locked()
        );
        let values = [
            Value::Timestamp(call.now),
            text(&self.runner),
            Value::Timestamp(call.lease),
            Value::Boolean(call.long),
            Value::BigInt(call.per_user as i64),
        ];
        Ok(job(&self.changed(&sql, &values, &WIRES).await?, 0))
    }

    /// Says that a job is still being run; `false` if it is no longer ours.
    pub(super) async fn renew(
        &self,
        job: &Claim,
        lease: i64,
        rows: u64,
    ) -> Result<bool, database::Error> {
        let sql = "UPDATE {obstap.jobs} SET lease = $4, row_count = $5 WHERE job_id = $1 \
                   AND runner = $2 AND attempt = $3 AND phase = 'EXECUTING'";
        let values = [
            text(&job.id),
            text(&self.runner),
            Value::BigInt(job.attempt),
            Value::Timestamp(lease),
            number(Some(rows)),
        ];
        Ok(self.execute(sql, &values).await? > 0)
    }

    /// Ends a job of ours; `false` if it is no longer ours.
    pub(super) async fn finish(
        &self,
        job: &Claim,
        now: i64,
        rows: u64,
        ended: &Result<Product, Problem>,
    ) -> Result<bool, database::Error> {
        let sql = "UPDATE {obstap.jobs} SET phase = $4, ended = $5, changed = $5, error = $6, \
                   transient = $7, media_type = $8, bytes = $9, row_count = $10, runner = NULL, \
                   lease = NULL WHERE job_id = $1 AND runner = $2 AND attempt = $3 \
                   AND phase = 'EXECUTING'";
        let (phase, problem, product) = match ended {
            Ok(product) => (Phase::Completed, None, Some(product)),
            Err(problem) => (Phase::Error, Some(problem), None),
        };
        let values = [
            text(&job.id),
            text(&self.runner),
            Value::BigInt(job.attempt),
            text(phase.name()),
            Value::Timestamp(now),
            maybe(problem.map(|problem| problem.message.as_str())),
            Value::Boolean(problem.is_some_and(|problem| problem.transient)),
            maybe(product.map(|product| product.media_type.as_str())),
            number(product.map(|product| product.bytes)),
            number(product.map(|_| rows)),
        ];
        Ok(self.execute(sql, &values).await? > 0)
    }

    /// Puts a job of ours back into the queue, at its old place.
    pub(super) async fn put_back(
        &self,
        job: &Claim,
        now: i64,
        why: Back,
    ) -> Result<bool, database::Error> {
        let sql = "UPDATE {obstap.jobs} SET phase = 'QUEUED', changed = $4, started = NULL, \
                   runner = NULL, lease = NULL, long = (long OR $5), lost = lost + $6 \
                   WHERE job_id = $1 AND runner = $2 AND attempt = $3 AND phase = 'EXECUTING'";
        let values = [
            text(&job.id),
            text(&self.runner),
            Value::BigInt(job.attempt),
            Value::Timestamp(now),
            Value::Boolean(why == Back::Long),
            Value::BigInt(i64::from(why == Back::Lost)),
        ];
        Ok(self.execute(sql, &values).await? > 0)
    }

    /// Remembers that a job of ours is long.
    pub(super) async fn lengthen(&self, job: &Claim) -> Result<(), database::Error> {
        let sql = "UPDATE {obstap.jobs} SET long = $3 WHERE job_id = $1 AND attempt = $2";
        let values = [
            text(&job.id),
            Value::BigInt(job.attempt),
            Value::Boolean(true),
        ];
        self.execute(sql, &values).await.map(drop)
    }

    /// Puts jobs back into the queue whose runner was lost: all that are not
    /// ours if the table is ours alone, else those whose lease has lapsed.
    /// A job that has lost `most` runners ends in ERROR, since it may be what
    /// ends them. Gives the jobs that have changed.
    pub(super) async fn recover(
        &self,
        now: i64,
        most: i64,
        problem: &Problem,
    ) -> Result<Vec<String>, database::Error> {
        let found = self
            .database
            .fetch(
                "SELECT job_id FROM {obstap.jobs} WHERE phase = 'EXECUTING' LIMIT 1",
                &[],
                &[Wire::Text],
            )
            .await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let mut ids = Vec::new();
        let lost = "phase = 'EXECUTING' AND (lease < $1 OR (runner <> $2 AND $3))";
        let again = format!(
            "UPDATE {{obstap.jobs}} SET phase = 'QUEUED', changed = $1, started = NULL, \
             runner = NULL, lease = NULL, lost = lost + 1 \
             WHERE {lost} AND lost + 1 < $4 RETURNING job_id"
        );
        let end = format!(
            "UPDATE {{obstap.jobs}} SET phase = 'ERROR', changed = $1, ended = $1, \
             runner = NULL, lease = NULL, lost = lost + 1, error = $5, transient = $6 \
             WHERE {lost} AND lost + 1 >= $4 RETURNING job_id"
        );
        let values = [
            Value::Timestamp(now),
            text(&self.runner),
            Value::Boolean(!self.is_shared()),
            Value::BigInt(most),
            text(&problem.message),
            Value::Boolean(problem.transient),
        ];
        for (sql, values) in [(&again, &values[..4]), (&end, &values[..])] {
            let rows = self.changed(sql, values, &[Wire::Text]).await?;
            ids.extend((0..rows.len()).filter_map(|row| string(&rows, row, 0)));
        }
        Ok(ids)
    }

    /// Jobs whose phase has changed since, when it did, and what it is now.
    pub(super) async fn changed_since(
        &self,
        since: i64,
    ) -> Result<Vec<(String, i64, Phase)>, database::Error> {
        let sql = "SELECT job_id, changed, phase FROM {obstap.jobs} WHERE changed >= $1";
        let values = [Value::Timestamp(since)];
        let wires = [Wire::Text, Wire::Timestamp, Wire::Text];
        let rows = self.database.fetch(sql, &values, &wires).await?;
        Ok((0..rows.len())
            .filter_map(|row| {
                let phase = Phase::parse(&string(&rows, row, 2)?)?;
                Some((string(&rows, row, 0)?, integer(&rows, row, 1)?, phase))
            })
            .collect())
    }

    /// Attempt and phase of every job.
    pub(super) async fn known(&self) -> Result<HashMap<String, (i64, Phase)>, database::Error> {
        let sql = "SELECT job_id, attempt, phase FROM {obstap.jobs}";
        let wires = [Wire::Text, Wire::Int8, Wire::Text];
        let rows = self.database.fetch(sql, &[], &wires).await?;
        Ok((0..rows.len())
            .filter_map(|row| {
                let phase = Phase::parse(&string(&rows, row, 2)?)?;
                Some((string(&rows, row, 0)?, (integer(&rows, row, 1)?, phase)))
            })
            .collect())
    }

    async fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, database::Error> {
        let mut transaction = self.database.begin().await?;
        let changed = transaction.execute(sql, values).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// The rows a change answers with.
    async fn changed(
        &self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, database::Error> {
        let mut transaction = self.database.begin().await?;
        let rows = transaction.fetch(sql, values, wires).await?;
        transaction.commit().await?;
        Ok(rows)
    }
}

/// A job as it was taken up once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub id: String,
    pub attempt: i64,
}

/// Why a job goes back into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// It is too long for the place it had.
    Long,
    /// What it needs was lost half-way.
    Lost,
    /// We are told to stop.
    Stopping,
}
