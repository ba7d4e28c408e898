//! What a request asks for (TAP 1.1 section 2.7).

use super::Fault;
use crate::config::Limits;
use crate::dali::{self, Format, Params, Upload, VotableVersion};
use crate::output::Limit;

/// A query to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRequest {
    pub query: String,
    /// Rows at most; the request's own wish within what the service allows.
    pub maxrec: u64,
    pub cap: Cap,
    /// `None` when the request names none.
    pub format: Option<Format>,
    /// `None` when the request does not say.
    pub version: Option<VotableVersion>,
    /// Tables that the query brings along.
    pub uploads: Vec<Upload>,
}

/// What decided how many rows an answer has at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cap {
    /// The request.
    Asked,
    /// The service, since the request did not say.
    #[default]
    Default,
    /// The service, which gives nobody more.
    Hard,
}

/// A longer query (bytes) makes no address that all browsers and proxies take.
const ADDRESS: usize = 4000;

/// Values of LANG we answer to, without case.
const LANGUAGES: [&str; 3] = ["ADQL", "ADQL-2.0", "ADQL-2.1"];

impl QueryRequest {
    /// ```
    /// use obstap::config::Limits;
    /// use obstap::dali::Params;
    /// use obstap::tap::QueryRequest;
    /// let limits = Limits {
    ///     maxrec_default: 100,
    ///     maxrec_hard: 1000,
    ///     sync: std::time::Duration::from_secs(60),
    ///     body_bytes: 1 << 20,
    ///     answer_bytes: 1 << 30,
    /// };
    /// let mut params = Params::default();
    /// params.add_encoded(b"LANG=ADQL&QUERY=SELECT+1&MAXREC=5000");
    /// let request = QueryRequest::read(&params, &limits)?;
    /// assert_eq!((request.query.as_str(), request.maxrec), ("SELECT 1", 1000));
    /// # Ok::<(), obstap::tap::Fault>(())
    /// ```
    pub fn read(params: &Params, limits: &Limits) -> Result<QueryRequest, Fault> {
        // TAP 1.0 clients still send it (TAP 1.1 section 2.7.1).
        if let Some(request) = params.single("REQUEST")?
            && !request.eq_ignore_ascii_case("doQuery")
        {
            return Err(Fault::usage(format!(
                "REQUEST \"{request}\" is not known; leave it out, or say REQUEST=doQuery"
            )));
        }
        match params.single("LANG")?.map(str::trim) {
            None | Some("") => {
                return Err(Fault::usage("parameter LANG is missing; say LANG=ADQL"));
            }
            Some(lang)
                if LANGUAGES
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(lang)) => {}
            Some(lang) => {
                return Err(Fault::usage(format!(
                    "LANG \"{lang}\" is not spoken here; ADQL, ADQL-2.0 and ADQL-2.1 are"
                )));
            }
        }
        let query = match params.single("QUERY")? {
            None => return Err(Fault::usage("parameter QUERY is missing")),
            Some(query) if query.trim().is_empty() => {
                return Err(Fault::usage("parameter QUERY is empty"));
            }
            Some(query) => query.to_owned(),
        };
        Ok(QueryRequest {
            uploads: Upload::read(params)?,
            ..QueryRequest::of(query, params, limits)?
        })
    }

    /// A query that another protocol makes of its own parameters; those that
    /// all protocols share (MAXREC, RESPONSEFORMAT: DALI 1.1 section 3.4) are
    /// read from `params`.
    pub fn of(query: String, params: &Params, limits: &Limits) -> Result<QueryRequest, Fault> {
        let (maxrec, cap) = match dali::maxrec(params)? {
            Some(rows) if rows > limits.maxrec_hard => (limits.maxrec_hard, Cap::Hard),
            Some(rows) => (rows, Cap::Asked),
            None => (limits.maxrec_default, Cap::Default),
        };
        Ok(QueryRequest {
            query,
            maxrec,
            cap,
            format: Format::from_params(params)?,
            version: VotableVersion::from_params(params)?,
            uploads: Vec::new(),
        })
    }

    /// The limit on the rows of the answer, for whoever meets it.
    pub fn maxrec_limit(&self, limits: &Limits) -> Limit {
        let (rows, hard) = (self.maxrec, limits.maxrec_hard);
        let narrow = "divide the query, by position, time or collection";
        let advice = match self.cap {
            Cap::Hard => {
                format!("No answer has more than {rows} rows here, whatever MAXREC says; {narrow}.")
            }
            _ if rows == hard => format!("No answer has more than {rows} rows here; {narrow}."),
            Cap::Asked => format!("The request says MAXREC={rows}; it may say up to {hard}."),
            Cap::Default => format!(
                "MAXREC is {rows} where a request does not give it; it may be up to {hard}."
            ),
        };
        Limit {
            name: "MAXREC",
            advice,
        }
    }

    /// An address of the same answer, relative to the one asked; the name of a
    /// format is to be put at its end. What came along is in no address.
    pub fn address(&self) -> Option<String> {
        if !self.uploads.is_empty() {
            return None;
        }
        let query = dali::encoded(&self.query);
        (query.len() <= ADDRESS).then(|| {
            format!(
                "?LANG=ADQL&MAXREC={}&QUERY={query}&RESPONSEFORMAT=",
                self.maxrec
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        maxrec_default: 10,
        maxrec_hard: 100,
        sync: std::time::Duration::from_secs(1),
        body_bytes: 1000,
        answer_bytes: 1000,
    };

    fn read(text: &str) -> Result<QueryRequest, Fault> {
        let mut params = Params::default();
        params.add_encoded(text.as_bytes());
        QueryRequest::read(&params, &LIMITS)
    }

    #[test]
    fn a_query_and_its_limit() {
        fn check(text: &str, maxrec: u64) {
            assert_eq!(read(text).map(|r| r.maxrec).ok(), Some(maxrec), "{text}");
        }
        check("LANG=ADQL&QUERY=q", 10);
        check("lang=adql-2.1&query=q&maxrec=0", 0);
        check("LANG=ADQL-2.0&QUERY=q&MAXREC=100000000000000000000", 100);
        check("REQUEST=doQuery&LANG=ADQL&QUERY=q&PHASE=RUN", 10);
    }

    #[test]
    fn the_limit_that_bites_is_told_with_its_value() {
        fn check(text: &str, advice: &str) {
            let limit = read(text).map(|request| request.maxrec_limit(&LIMITS));
            assert_eq!(limit.map(|it| it.advice).ok().as_deref(), Some(advice));
        }
        check(
            "LANG=ADQL&QUERY=q",
            "MAXREC is 10 where a request does not give it; it may be up to 100.",
        );
        check(
            "LANG=ADQL&QUERY=q&MAXREC=7",
            "The request says MAXREC=7; it may say up to 100.",
        );
        check(
            "LANG=ADQL&QUERY=q&MAXREC=100",
            "No answer has more than 100 rows here; divide the query, by position, time or collection.",
        );
        check(
            "LANG=ADQL&QUERY=q&MAXREC=101",
            "No answer has more than 100 rows here, whatever MAXREC says; divide the query, by position, time or collection.",
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        fn check(text: &str, message: &str) {
            let fault = read(text)
                .err()
                .map(|fault| (fault.status(), fault.message().to_owned()));
            assert_eq!(fault, Some((400, message.to_owned())), "{text}");
        }
        check("", "parameter LANG is missing; say LANG=ADQL");
        check("LANG=ADQL", "parameter QUERY is missing");
        check("LANG=ADQL&QUERY=+", "parameter QUERY is empty");
        check(
            "LANG=PQL&QUERY=q",
            "LANG \"PQL\" is not spoken here; ADQL, ADQL-2.0 and ADQL-2.1 are",
        );
        check(
            "LANG=ADQL&QUERY=a&query=b",
            "parameter QUERY is given more than once, with different values; give it once",
        );
        check(
            "LANG=ADQL&QUERY=q&REQUEST=getCapabilities",
            "REQUEST \"getCapabilities\" is not known; leave it out, or say REQUEST=doQuery",
        );
        check(
            "LANG=ADQL&QUERY=q&MAXREC=-1",
            "MAXREC must be a whole number, zero or more; it is \"-1\"",
        );
        check(
            "LANG=ADQL&QUERY=q&UPLOAD=t",
            "UPLOAD \"t\" has no comma; write UPLOAD=name,param:part or UPLOAD=name,http://address",
        );
    }
}
