//! One query from request to answer.
//!
//! Standard: TAP 1.1, <https://www.ivoa.net/documents/TAP/20190927/>,
//! sections 2.1 and 2.2 (sync and async), 2.7 (parameters) and 3 (answers);
//! tables that a query brings along are in [`upload`].
//!
//! Must not know: actix, which engine, whether somebody waits for the answer.

mod access;
mod admission;
mod coverage;
mod facts;
mod fault;
mod glimpse;
mod job;
mod judge;
mod links;
mod protocol;
mod request;
mod rows;
pub mod upload;

use std::path::PathBuf;
use std::time::Instant;

pub use admission::Admission;
pub use coverage::{CoverageRequest, Kind};
pub use facts::{Band, Counted, Facts, Group};
pub use fault::Fault;
pub use glimpse::Observation;
pub use judge::{Fix, Judged, Remark};
pub use links::Base;
pub use protocol::Protocol;
pub use request::{Cap, QueryRequest};
pub use upload::Uploads;

use admission::Place;
pub use adql::Catalog;
use adql::Column;

use crate::config;
use crate::dali::{self, Format, Layout, Params, Parts, VotableVersion};
use crate::database::{Database, Lane, Limits, Rows};
use crate::output::{Limit, Stream, Table};
pub use crate::tap_schema::Distributions;
use crate::tap_schema::Live;
use crate::uws::instant;
use links::Shown;
use rows::Asked;

/// What answers queries.
#[derive(Clone)]
pub struct Service {
    pub database: Database,
    pub tables: Live,
    pub limits: config::Limits,
    pub uploads: Uploads,
    /// Where a request does not say.
    pub votable: VotableVersion,
    /// What `access_url` leads to.
    pub access: config::Access,
    /// For answers that nobody waits for.
    pub base: Base,
    /// A directory on disk for answers that must wait for their last row.
    pub scratch: PathBuf,
    /// Who may use the database now.
    pub admission: Admission,
}

/// The answer to a query: what its columns are, and its rows as they come.
/// `None` when only the columns were asked for (MAXREC=0, TOP 0).
pub struct Answer {
    pub columns: Vec<Column>,
    /// Cells behind those of the columns are for [`Service::table`].
    pub rows: Option<Rows>,
    shown: Shown,
    /// How the client reaches us.
    base: String,
    /// Kept until the answer has been given.
    pub place: Option<Place>,
}

impl Service {
    /// The road of a query. What it brings along is among `parts` or where
    /// its addresses lead, and counts against its time.
    pub async fn answer(
        &self,
        request: &QueryRequest,
        parts: &Parts,
        limits: Limits,
        asker: Asker<'_>,
    ) -> Result<Answer, Fault> {
        let begun = Instant::now();
        // Before anything is fetched: most queries that are wrong are so here.
        let syntax = adql::parse(&request.query)?;
        let mut brought = self.uploads.bring(&request.uploads, parts).await?;
        let published = self.tables.catalog().await;
        let catalog = brought.catalog(&published);
        let mut query = adql::check(&syntax, &catalog)?.limited_to(Some(request.maxrec));
        let shown = Shown::by(&mut query);
        if request.maxrec == 0 || query.limit() == Some(0) {
            let mut columns = query.into_columns();
            shown.cut(&mut columns);
            return Ok(Answer {
                columns,
                rows: None,
                shown,
                base: asker.base.to_owned(),
                place: None,
            });
        }
        let query = adql::index(query);
        let statement = adql::write(&query, self.database.target());
        let limits = Limits {
            time: limits.time.map(|time| time.saturating_sub(begun.elapsed())),
            ..limits
        };
        let asked = Asked {
            catalog: &published,
            statement: &statement,
            temporaries: &brought.temporaries,
            limits,
        };
        let (rows, place) = match asker.client {
            None => (self.rows(&asked).await?, None),
            Some(client) => self.rows_in_turn(&asked, client).await?,
        };
        let mut columns = query.into_columns();
        shown.cut(&mut columns);
        Ok(Answer {
            columns,
            rows: Some(rows),
            shown,
            base: asker.base.to_owned(),
            place,
        })
    }

    /// What an answer says of itself beside its rows: the query (TAP 1.1
    /// section 3.3), and what made it and when, in the words of the note Data
    /// Origin in the VO (<https://www.ivoa.net/documents/DataOrigin/>, section 3.1).
    pub fn infos(&self, protocol: &Protocol, query: &str) -> Vec<(String, String)> {
        let software = concat!("obstap/", env!("CARGO_PKG_VERSION"));
        [
            ("QUERY", query.to_owned()),
            ("service_protocol", protocol.standard.to_owned()),
            ("server_software", software.to_owned()),
            ("request_date", now()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// This second, UTC, as DALI writes it.
    pub fn now(&self) -> String {
        now()
    }

    /// An answer as it is to be written, in the usual version of VOTable.
    pub fn table(&self, answer: Answer, request: &QueryRequest) -> Table {
        let base = &answer.base;
        let links = answer.shown.links(&answer.columns, self.access, base);
        // Every answer that has identifiers says what to call with them.
        let service = links.identifier.as_ref();
        let service = service.map(|it| links::service(base, it));
        let bytes = self.limits.answer_bytes;
        Table {
            columns: answer.columns,
            rows: answer.rows,
            maxrec: request.maxrec,
            maxrec_limit: request.maxrec_limit(&self.limits),
            bytes,
            bytes_limit: Limit {
                name: "answer_bytes",
                advice: format!(
                    "No answer has many more than {bytes} bytes here; ask for fewer columns, or \
                     divide the query, by position, time or collection."
                ),
            },
            infos: self.infos(&Protocol::TAP, &request.query),
            services: service.into_iter().collect(),
            version: self.votable,
            address: None,
            links,
            whole: None,
            cut: None,
            scratch: self.scratch.clone(),
        }
    }

    /// Whether a query is understood here, its tables and columns included.
    pub fn understands(&self, query: &str) -> bool {
        let checked = adql::parse(query)
            .and_then(|syntax| adql::check(&syntax, &self.tables.last()).map(drop));
        checked.is_ok()
    }

    /// What a query may use when somebody waits for its answer.
    pub fn at_once(&self) -> Limits {
        Limits {
            time: Some(self.limits.sync),
            lane: Lane::Waiting,
        }
    }

    /// A whole request: the answer in its format, whose first rows have been
    /// found.
    pub async fn respond(
        &self,
        params: &Params,
        parts: &Parts,
        accept: Option<&str>,
        limits: Limits,
        asker: Asker<'_>,
    ) -> Result<Response, Fault> {
        let request = QueryRequest::read(params, &self.limits)?;
        let format = match &request.format {
            Some(format) => format.clone(),
            None => dali::default_from_accept(accept),
        };
        let answer = self.answer(&request, parts, limits, asker).await?;
        self.write(&request, answer, format, &Protocol::TAP, |table| {
            table.address = request.address();
        })
        .await
    }

    /// An answer in its format, whose first rows have been found. `dress`
    /// gives the table what the protocol wants of it beside the rows.
    pub async fn write(
        &self,
        request: &QueryRequest,
        mut answer: Answer,
        mut format: Format,
        protocol: &Protocol,
        dress: impl FnOnce(&mut Table),
    ) -> Result<Response, Fault> {
        if let (Some(version), Layout::Votable(_)) = (request.version, format.layout) {
            format.media_type = format!("{};version={}", format.media_type, version.name());
        }
        let place = answer.place.take();
        let mut table = Table {
            infos: self.infos(protocol, &request.query),
            version: request.version.unwrap_or(self.votable),
            ..self.table(answer, request)
        };
        dress(&mut table);
        Ok(Response {
            file: protocol.file_name(format.layout),
            stream: Stream::open(table, format.layout).await?,
            place,
            format,
        })
    }
}

/// Who sends a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asker<'a> {
    /// Who waits for the answer, if it has to wait for its turn.
    pub client: Option<&'a str>,
    /// How it reaches us, without a slash at the end.
    pub base: &'a str,
}

/// The answer to a request, as it is to be sent.
pub struct Response {
    pub format: Format,
    /// A name for it as a file.
    pub file: String,
    pub stream: Stream,
    /// Kept until the answer has been given.
    pub place: Option<Place>,
}

/// This second, as DALI writes it.
fn now() -> String {
    let now = instant::now();
    adql::time::format(now - now.rem_euclid(1_000_000))
}
