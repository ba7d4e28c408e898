//! What a request says of jobs themselves, told apart from what it says to
//! them (UWS 1.1 sections 2.1.11 and 2.2.3). Every POST may carry any of it.

use std::time::Duration;

use super::{Error, Phase, instant};
use crate::dali::Params;

/// One request to a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    pub order: Option<Order>,
    pub delete: bool,
    pub seconds: Option<u64>,
    pub destruction: Option<i64>,
    pub run_id: Option<String>,
    /// What is meant for the job.
    pub parameters: Params,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Run,
    Abort,
}

/// Which jobs a list has (section 2.2.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `None`: any.
    pub phases: Option<Vec<Phase>>,
    /// Made after this.
    pub after: Option<i64>,
    /// So many of the latest.
    pub last: Option<u64>,
}

/// How long to wait for another phase (section 2.2.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    pub time: Duration,
    /// Wait only if the job is in this phase.
    pub phase: Option<String>,
}

/// The longest wait, below the minute after which many proxies give up; the
/// standard lets us return early.
pub const LONGEST_WAIT: Duration = Duration::from_secs(50);

const CONTROLS: [&str; 6] = [
    "PHASE",
    "ACTION",
    "EXECUTIONDURATION",
    "DESTRUCTION",
    "RUNID",
    "WAIT",
];

impl Control {
    pub fn read(params: &Params) -> Result<Control, Error> {
        let order = match params.single("PHASE")?.map(str::trim) {
            None => None,
            Some("RUN") => Some(Order::Run),
            Some("ABORT") => Some(Order::Abort),
            Some(other) => {
                return Err(Error::usage(format!(
                    "PHASE \"{other}\" cannot be ordered; say PHASE=RUN or PHASE=ABORT"
                )));
            }
        };
        let delete = match params.single("ACTION")?.map(str::trim) {
            None => false,
            Some("DELETE") => true,
            Some(other) => {
                return Err(Error::usage(format!(
                    "ACTION \"{other}\" is not known; there is ACTION=DELETE"
                )));
            }
        };
        let seconds = match params.single("EXECUTIONDURATION")?.map(str::trim) {
            None => None,
            Some(text) => Some(whole(text).ok_or_else(|| {
                Error::usage(format!(
                    "EXECUTIONDURATION must be a whole number of seconds, zero or more; it is \"{text}\""
                ))
            })?),
        };
        let destruction = match params.single("DESTRUCTION")? {
            None => None,
            Some(text) => Some(time("DESTRUCTION", text)?),
        };
        let mut parameters = Params::default();
        for (name, value) in params.iter().filter(|(name, _)| !CONTROLS.contains(name)) {
            parameters.add(name, value);
        }
        Ok(Control {
            order,
            delete,
            seconds,
            destruction,
            run_id: params.single("RUNID")?.map(str::to_owned),
            parameters,
        })
    }
}

impl Filter {
    pub fn read(params: &Params) -> Result<Filter, Error> {
        let mut phases = None;
        for text in params.all("PHASE").map(str::trim) {
            if !Phase::is_name(text) {
                let names = Phase::ALL.map(Phase::name).join(", ");
                return Err(Error::usage(format!(
                    "PHASE \"{text}\" is not known; jobs here are {names}"
                )));
            }
            let phases = phases.get_or_insert_with(Vec::new);
            phases.extend(Phase::parse(text));
        }
        let after = match params.single("AFTER")? {
            None => None,
            Some(text) => Some(time("AFTER", text)?),
        };
        let last = match params.single("LAST")?.map(str::trim) {
            None => None,
            Some(text) => match whole(text) {
                Some(last) if last > 0 => Some(last),
                _ => {
                    return Err(Error::usage(format!(
                        "LAST must be a whole number above zero; it is \"{text}\""
                    )));
                }
            },
        };
        Ok(Filter {
            phases,
            after,
            last,
        })
    }
}

impl Wait {
    pub fn read(params: &Params) -> Result<Option<Wait>, Error> {
        let Some(text) = params.single("WAIT")?.map(str::trim) else {
            return Ok(None);
        };
        let time = match text.strip_prefix('-').map_or(whole(text), whole) {
            // Without end, as far as that goes.
            Some(_) if text.starts_with('-') => LONGEST_WAIT,
            Some(seconds) => Duration::from_secs(seconds).min(LONGEST_WAIT),
            None => {
                return Err(Error::usage(format!(
                    "WAIT must be a whole number of seconds, or -1; it is \"{text}\""
                )));
            }
        };
        let phase = params.single("PHASE")?.map(|phase| phase.trim().to_owned());
        Ok(Some(Wait { time, phase }))
    }
}

/// Digits; a number too large for us is as good as the largest.
fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn time(name: &str, text: &str) -> Result<i64, Error> {
    instant::parse(text).ok_or_else(|| {
        Error::usage(format!(
            "{name} must be a time like 2030-12-31T23:59:59Z; it is \"{text}\""
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Params {
        let mut params = Params::default();
        params.add_encoded(text.as_bytes());
        params
    }

    #[test]
    fn what_is_meant_for_the_job_is_told_apart() {
        let control = Control::read(&params(
            "query=a&PHASE=RUN&RunId=r&EXECUTIONDURATION=5&WAIT=1&LANG=ADQL",
        ));
        let expected = Control {
            order: Some(Order::Run),
            seconds: Some(5),
            run_id: Some("r".to_owned()),
            parameters: params("QUERY=a&LANG=ADQL"),
            ..Control::default()
        };
        assert_eq!(control.ok(), Some(expected));
    }

    #[test]
    fn what_cannot_be_obeyed_is_refused() {
        fn check(text: &str, message: &str) {
            let error = Control::read(&params(text)).err();
            assert_eq!(error.map(|it| it.to_string()).as_deref(), Some(message));
        }
        check(
            "PHASE=GO",
            "PHASE \"GO\" cannot be ordered; say PHASE=RUN or PHASE=ABORT",
        );
        check(
            "ACTION=EAT",
            "ACTION \"EAT\" is not known; there is ACTION=DELETE",
        );
        check(
            "EXECUTIONDURATION=-1",
            "EXECUTIONDURATION must be a whole number of seconds, zero or more; it is \"-1\"",
        );
        check(
            "DESTRUCTION=soon",
            "DESTRUCTION must be a time like 2030-12-31T23:59:59Z; it is \"soon\"",
        );
    }

    #[test]
    fn a_list_is_filtered() {
        fn check(text: &str, expected: Option<Filter>) {
            assert_eq!(Filter::read(&params(text)).ok(), expected, "{text}");
        }
        check("", Some(Filter::default()));
        let phases = |phases: &[Phase]| {
            Some(Filter {
                phases: Some(phases.to_vec()),
                ..Filter::default()
            })
        };
        check("PHASE=QUEUED", phases(&[Phase::Queued]));
        check(
            "PHASE=QUEUED&phase=ERROR",
            phases(&[Phase::Queued, Phase::Error]),
        );
        check("PHASE=ARCHIVED", phases(&[]));
        check("PHASE=RUN", None);
        check("LAST=0", None);
        check("LAST=x", None);
        check("AFTER=x", None);
        check(
            "LAST=5&AFTER=2000-01-01T00:00:01Z",
            Some(Filter {
                phases: None,
                after: Some(1_000_000),
                last: Some(5),
            }),
        );
    }

    #[test]
    fn a_wait_has_an_end() {
        fn check(text: &str, seconds: Option<u64>) {
            let wait = Wait::read(&params(text)).ok().flatten();
            assert_eq!(wait.map(|wait| wait.time.as_secs()), seconds, "{text}");
        }
        check("", None);
        check("WAIT=5", Some(5));
        check("WAIT=5000", Some(50));
        check("WAIT=-1", Some(50));
        check("WAIT=x", None);
        check("WAIT=-", None);
        check("WAIT=", None);
    }
}
