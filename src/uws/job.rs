//! A job, and what a client may change of it. No clock, no database: whoever
//! calls says what time it is and keeps the outcome.

use std::time::Duration;

use super::control::{Control, Order};
use super::{Error, Phase, Problem, instant};
use crate::config;
use crate::dali::Params;

/// Everything that is known of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    pub phase: Phase,
    pub run_id: Option<String>,
    /// Who was logged in when it was made.
    pub owner: Option<String>,
    /// Whom it counts for in the queue: its owner, or where it came from.
    pub asker: String,
    pub parameters: Params,
    pub created: i64,
    pub queued: Option<i64>,
    pub started: Option<i64>,
    pub ended: Option<i64>,
    pub destruction: i64,
    /// Seconds it may run.
    pub seconds: u64,
    /// How often it was taken up.
    pub attempt: i64,
    /// How often whoever ran it was lost.
    pub lost: i64,
    /// It is known to take longer than a short job.
    pub long: bool,
    pub problem: Option<Problem>,
    /// Rows found so far.
    pub rows: Option<u64>,
    pub product: Option<Product>,
}

/// What a job has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub media_type: String,
    pub bytes: u64,
}

/// What jobs may be given, and whether one could run.
pub struct Rules<'a> {
    pub limits: &'a config::Jobs,
    /// Bytes of all parameters together.
    pub parameter_bytes: usize,
    pub check: &'a dyn Fn(&Params) -> Result<(), Problem>,
}

impl Job {
    /// A job that waits to be told what to do.
    pub fn new(id: String, asker: String, now: i64, limits: &config::Jobs) -> Job {
        Job {
            id,
            phase: Phase::Pending,
            run_id: None,
            owner: None,
            asker,
            parameters: Params::default(),
            created: now,
            queued: None,
            started: None,
            ended: None,
            destruction: instant::later(now, limits.lifetime_default),
            seconds: limits.time_default.as_secs(),
            attempt: 0,
            lost: 0,
            long: false,
            problem: None,
            rows: None,
            product: None,
        }
    }

    /// Obeys what one request says, all of it or nothing.
    ///
    /// # Errors
    /// What this phase does not allow (403), and too many parameters (413).
    pub fn obey(&mut self, control: Control, now: i64, rules: &Rules<'_>) -> Result<(), Error> {
        if control.parameters.iter().next().is_some() {
            self.only_pending("parameters")?;
            self.edit(&control.parameters);
            if self.parameters.encoded().len() > rules.parameter_bytes {
                return Err(Error::TooLarge(rules.parameter_bytes));
            }
        }
        if let Some(run_id) = control.run_id {
            self.only_pending("RUNID")?;
            self.run_id = (!run_id.is_empty()).then_some(run_id);
        }
        if let Some(seconds) = control.seconds {
            self.only_pending("EXECUTIONDURATION")?;
            // 0 asks for no limit at all (section 2.1.4).
            let hard = rules.limits.time_hard.as_secs();
            self.seconds = if seconds == 0 {
                hard
            } else {
                seconds.min(hard)
            };
        }
        if let Some(destruction) = control.destruction {
            let last = instant::later(now, rules.limits.lifetime_hard);
            self.destruction = destruction.min(last);
        }
        match control.order {
            Some(Order::Run) => self.run(now, rules),
            Some(Order::Abort) => {
                self.abort(now);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// # Errors
    /// When it is too late to change `what`.
    pub fn only_pending(&self, what: &str) -> Result<(), Error> {
        match self.phase {
            Phase::Pending => Ok(()),
            phase => Err(Error::forbidden(format!(
                "{what} can be changed while a job is PENDING; this one is {}",
                phase.name()
            ))),
        }
    }

    /// A name that comes again replaces what it stood for; several of one name
    /// in one request stay together. Uploads add up (TAP 1.1 section 2.7.6).
    fn edit(&mut self, parameters: &Params) {
        for (name, _) in parameters.iter().filter(|(name, _)| *name != "UPLOAD") {
            self.parameters.remove(name);
        }
        for (name, value) in parameters.iter() {
            self.parameters.add(name, value);
        }
    }

    /// A job that cannot run is in ERROR at once, so that its client need not
    /// wait to learn of it.
    fn run(&mut self, now: i64, rules: &Rules<'_>) -> Result<(), Error> {
        match self.phase {
            Phase::Pending => {}
            // A client that did not get our answer says it again.
            Phase::Queued | Phase::Executing => return Ok(()),
            Phase::Completed | Phase::Error | Phase::Aborted => {
                return Err(Error::forbidden(format!(
                    "the job is {}; a job runs once, make a new one",
                    self.phase.name()
                )));
            }
        }
        match (rules.check)(&self.parameters) {
            Ok(()) => {
                self.phase = Phase::Queued;
                self.queued = Some(now);
            }
            Err(problem) => {
                self.phase = Phase::Error;
                self.ended = Some(now);
                self.problem = Some(problem);
            }
        }
        Ok(())
    }

    /// Nothing happens to a job that has ended: its client may not have known.
    fn abort(&mut self, now: i64) {
        if self.phase.is_active() {
            self.phase = Phase::Aborted;
            self.ended = Some(now);
        }
    }

    /// How long it may run.
    pub fn time(&self) -> Option<Duration> {
        (self.seconds > 0).then(|| Duration::from_secs(self.seconds))
    }

    /// When it will have ended at the latest, if it begins now (TAP 1.1
    /// section 5.1.2 recommends this).
    pub fn quote(&self, now: i64) -> Option<i64> {
        match (self.ended, self.time()) {
            (Some(ended), _) => Some(ended),
            (None, Some(time)) => Some(instant::later(self.started.unwrap_or(now), time)),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: config::Jobs = config::Jobs {
        concurrent: 1,
        concurrent_per_user: 1,
        short: Duration::from_secs(60),
        time_default: Duration::from_secs(10),
        time_hard: Duration::from_secs(100),
        lifetime_default: Duration::from_secs(1000),
        lifetime_hard: Duration::from_secs(2000),
        listed: true,
        lease: Duration::from_secs(15),
    };

    /// Phase, seconds, seconds until destruction, and parameters of a job
    /// after some requests, the last of which may be refused.
    fn after(requests: &[&str]) -> Result<String, String> {
        let mut job = Job::new("j".to_owned(), "me".to_owned(), 0, &LIMITS);
        let check = |parameters: &Params| match parameters.single("QUERY") {
            Ok(Some("good")) => Ok(()),
            _ => Err(Problem::fatal("the query is not good")),
        };
        let rules = Rules {
            limits: &LIMITS,
            parameter_bytes: 50,
            check: &check,
        };
        for request in requests {
            let mut params = Params::default();
            params.add_encoded(request.as_bytes());
            let obeyed = Control::read(&params).and_then(|it| job.obey(it, 0, &rules));
            obeyed.map_err(|error| error.to_string())?;
        }
        Ok(format!(
            "{} {} {} {}",
            job.phase.name(),
            job.seconds,
            job.destruction / 1_000_000,
            job.parameters.encoded()
        ))
    }

    #[test]
    fn a_job_goes_its_way() {
        fn check(requests: &[&str], expected: &str) {
            let after = after(requests);
            let said = after.unwrap_or_else(|error| error);
            assert_eq!(said, expected, "{requests:?}");
        }
        check(&[], "PENDING 10 1000 ");
        check(&["QUERY=a&MAXREC=1"], "PENDING 10 1000 QUERY=a&MAXREC=1");
        check(&["QUERY=a", "query=b"], "PENDING 10 1000 QUERY=b");
        check(
            &["QUERY=a&QUERY=b", "X=1"],
            "PENDING 10 1000 QUERY=a&QUERY=b&X=1",
        );
        check(
            &["UPLOAD=a,b", "UPLOAD=c,d"],
            "PENDING 10 1000 UPLOAD=a,b&UPLOAD=c,d",
        );
        check(&["QUERY=good&PHASE=RUN"], "QUEUED 10 1000 QUERY=good");
        check(&["QUERY=good", "PHASE=RUN"], "QUEUED 10 1000 QUERY=good");
        check(
            &["QUERY=good", "PHASE=RUN", "PHASE=RUN"],
            "QUEUED 10 1000 QUERY=good",
        );
        check(&["QUERY=bad", "PHASE=RUN"], "ERROR 10 1000 QUERY=bad");
        check(
            &["QUERY=bad", "QUERY=good&PHASE=RUN"],
            "QUEUED 10 1000 QUERY=good",
        );
        check(&["PHASE=ABORT"], "ABORTED 10 1000 ");
        check(&["PHASE=ABORT", "PHASE=ABORT"], "ABORTED 10 1000 ");
        check(
            &["PHASE=ABORT", "PHASE=RUN"],
            "the job is ABORTED; a job runs once, make a new one",
        );
        check(
            &["QUERY=good&PHASE=RUN", "QUERY=a"],
            "parameters can be changed while a job is PENDING; this one is QUEUED",
        );
        check(&["EXECUTIONDURATION=50"], "PENDING 50 1000 ");
        check(&["EXECUTIONDURATION=500"], "PENDING 100 1000 ");
        check(&["EXECUTIONDURATION=0"], "PENDING 100 1000 ");
        check(
            &["PHASE=ABORT", "EXECUTIONDURATION=5"],
            "EXECUTIONDURATION can be changed while a job is PENDING; this one is ABORTED",
        );
        check(&["DESTRUCTION=2000-01-01T00:10:00Z"], "PENDING 10 600 ");
        check(&["DESTRUCTION=2024-01-01T00:00:00Z"], "PENDING 10 2000 ");
        let long = format!("QUERY={}", "x".repeat(50));
        check(
            &[&long],
            "the parameters of a job are at most 50 bytes together",
        );
    }

    #[test]
    fn the_quote_is_the_latest_end() {
        let mut job = Job::new("j".to_owned(), "me".to_owned(), 0, &LIMITS);
        assert_eq!(job.quote(5), Some(10_000_005));
        job.started = Some(7);
        assert_eq!(job.quote(5), Some(10_000_007));
        job.ended = Some(8);
        assert_eq!(job.quote(5), Some(8));
    }
}
