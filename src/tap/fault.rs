//! Why a query is not answered, for the person who sent it.

use std::fmt;

use super::admission::Busy;
use crate::dali;
use crate::database;

/// A sentence, and whose fault it is. What only the operator should know goes
/// to the log, under an identifier that the sentence repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    status: u16,
    message: String,
    cause: &'static str,
    detail: Option<Detail>,
}

/// What happened, for the log alone: it may be a driver's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Detail(String);

impl Fault {
    /// The request cannot be understood (TAP 1.1 section 3.3).
    pub fn usage(message: impl Into<String>) -> Fault {
        Fault::new(400, message)
    }

    /// The body of a request is larger than it may be.
    pub fn too_large(limit: usize) -> Fault {
        Fault::new(
            413,
            format!("the request is larger than the {limit} bytes this service takes"),
        )
    }

    /// What the request brings along is more than is taken.
    pub fn too_much(message: impl Into<String>) -> Fault {
        Fault::new(413, message)
    }

    /// Something of ours broke that should not.
    pub fn ours(message: impl Into<String>) -> Fault {
        let message = message.into();
        Fault {
            detail: Some(Detail(message.clone())),
            ..Fault::new(500, message)
        }
    }

    /// An operator has seen the query and ended it.
    pub fn stopped() -> Fault {
        let message = "an operator of the service has stopped the query; narrow it by position, time \
                       or collection";
        Fault {
            cause: "cancelled",
            ..Fault::new(503, message)
        }
    }

    /// Rows that another program has written cannot be brought into an index.
    pub fn unsettled(error: &database::Error) -> Fault {
        Fault {
            detail: Some(Detail(chain(error))),
            ..Fault::new(
                503,
                "rows have just been written, and the index on the sky cannot be brought up to date; \
                 try again later",
            )
        }
    }

    fn new(status: u16, message: impl Into<String>) -> Fault {
        Fault {
            status,
            message: message.into(),
            cause: match status {
                500.. => "internal",
                _ => "request",
            },
            detail: None,
        }
    }

    /// The HTTP status (RFC 9110 section 15).
    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// In a word, for those who count: `request`, `timeout`, `cancelled`,
    /// `unreachable`, `database` or `internal`.
    pub fn cause(&self) -> &'static str {
        self.cause
    }

    /// The same of an error of the database.
    pub fn cause_of(error: &database::Error) -> &'static str {
        use database::Error;
        match error {
            Error::Data(_) => "request",
            Error::Timeout(_) => "timeout",
            Error::Cancelled => "cancelled",
            Error::Unreachable(_) | Error::TooNew(_) | Error::TooOld(_) => "unreachable",
            Error::Rule | Error::Again | Error::Driver { .. } => "database",
        }
    }

    /// Writes what happened to the log under `id`, and adds `id` to the
    /// sentence where the fault is ours.
    pub fn logged(mut self, id: &str) -> Fault {
        let status = self.status;
        match &self.detail {
            Some(detail) => {
                tracing::error!(id, status, %detail, "query failed: {}", self.message);
                self.message.push_str(&format!(
                    " (the operator finds the reason in the log under {id})"
                ));
            }
            None => tracing::debug!(id, status, "query refused: {}", self.message),
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.detail.as_ref().map(|detail| detail as _)
    }
}

impl From<adql::Messages> for Fault {
    fn from(messages: adql::Messages) -> Fault {
        Fault::usage(messages.to_string())
    }
}

impl From<dali::Error> for Fault {
    fn from(error: dali::Error) -> Fault {
        Fault::usage(error.0)
    }
}

impl From<Busy> for Fault {
    fn from(busy: Busy) -> Fault {
        let what = match busy {
            Busy::Full(waiting) => {
                format!("{waiting} queries are waiting already, and no more may (pool.waiting)")
            }
            Busy::Late(time) => format!(
                "the query has waited for {} s for its turn, and may not wait longer \
                 (pool.waiting_seconds)",
                time.as_secs()
            ),
        };
        Fault::new(
            503,
            format!("{what}; send it again a little later, or to async, where it waits by itself"),
        )
    }
}

impl From<database::Error> for Fault {
    fn from(error: database::Error) -> Fault {
        use database::Error;
        let message = error.to_string();
        let cause = Fault::cause_of(&error);
        let fault = match &error {
            Error::Data(_) => Fault::usage(message),
            Error::Timeout(_) => Fault::usage(format!(
                "{message}; send it to async instead of sync, where it may take longer, or narrow it by \
                 position, time or collection"
            )),
            Error::Cancelled => Fault::new(503, format!("{message}; send it again")),
            Error::Again => Fault::new(503, message),
            Error::Rule => Fault::new(500, message),
            Error::Unreachable(detail) => Fault {
                detail: Some(Detail(detail.clone())),
                ..Fault::new(
                    503,
                    "the database cannot be reached just now; try again later",
                )
            },
            Error::TooNew(detail) | Error::TooOld(detail) => Fault {
                detail: Some(Detail(detail.clone())),
                ..Fault::new(503, "the database is being upgraded; try again later")
            },
            Error::Driver { source, .. } => Fault {
                detail: Some(Detail(chain(source.as_ref()))),
                ..Fault::new(500, message)
            },
        };
        Fault { cause, ..fault }
    }
}

/// An error and its causes, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Error;

    #[test]
    fn the_fault_is_the_users_or_ours() {
        fn check(error: Error, status: u16, message: &str) {
            let fault = Fault::from(error).logged("q7");
            assert_eq!((fault.status(), fault.message()), (status, message));
        }
        check(
            Error::Data("1e400 is too large".into()),
            400,
            "1e400 is too large",
        );
        check(
            Error::Timeout(5),
            400,
            "the query took longer than 5 s and was stopped; send it to async instead of sync, where it may take longer, or narrow it by position, time or collection",
        );
        check(
            Error::Unreachable("postgresql://db:5432 refuses connections".into()),
            503,
            "the database cannot be reached just now; try again later (the operator finds the reason in the log under q7)",
        );
        let source = "relation \"x\" does not exist".into();
        check(
            Error::Driver {
                attempt: "running the query failed".into(),
                source,
            },
            500,
            "running the query failed (the operator finds the reason in the log under q7)",
        );
    }
}
