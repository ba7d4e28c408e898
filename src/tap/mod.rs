//! One query from request to answer.
//!
//! Standard: TAP 1.1, <https://www.ivoa.net/documents/TAP/20190927/>,
//! sections 2.2 (sync), 2.7 (parameters) and 3 (answers).
//! Left out: asynchronous queries and uploads; an UPLOAD parameter is refused.
//!
//! Must not know: actix, which engine, whether somebody waits for the answer.

mod fault;
mod request;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub use fault::Fault;
pub use request::QueryRequest;

use adql::{Catalog, Column};

use crate::config;
use crate::dali::{self, Format, Layout, Params};
use crate::database::{Database, Limits, Rows};
use crate::output::{Stream, Table};

/// What answers queries.
#[derive(Clone)]
pub struct Service {
    pub database: Database,
    pub catalog: Arc<Catalog>,
    pub limits: config::Limits,
    /// A directory on disk for answers that must wait for their last row.
    pub scratch: PathBuf,
}

/// The answer to a query: what its columns are, and its rows as they come.
/// `None` when only the columns were asked for (MAXREC=0, TOP 0).
pub struct Answer {
    pub columns: Vec<Column>,
    pub rows: Option<Rows>,
}

impl Service {
    /// The road of a query.
    pub async fn answer(&self, request: &QueryRequest) -> Result<Answer, Fault> {
        let syntax = adql::parse(&request.query)?;
        let query = adql::check(&syntax, &self.catalog)?.limited_to(Some(request.maxrec));
        if request.maxrec == 0 || query.limit() == Some(0) {
            let columns = query.into_columns();
            return Ok(Answer {
                columns,
                rows: None,
            });
        }
        let query = adql::index(query);
        let statement = adql::write(&query, self.database.target());
        let limits = Limits {
            time: Some(self.limits.sync),
        };
        let rows = self.database.stream(&statement, limits).await?;
        Ok(Answer {
            columns: query.into_columns(),
            rows: Some(rows),
        })
    }

    /// A whole request: the answer in its format, whose first rows have been
    /// found.
    pub async fn respond(&self, params: &Params, accept: Option<&str>) -> Result<Response, Fault> {
        let request = QueryRequest::read(params, &self.limits)?;
        let format = match &request.format {
            Some(format) => format.clone(),
            None => dali::default_from_accept(accept),
        };
        let answer = self.answer(&request).await?;
        let table = Table {
            columns: answer.columns,
            rows: answer.rows,
            maxrec: request.maxrec,
            infos: vec![("QUERY".to_owned(), request.query.clone())],
            address: request.address(),
            scratch: self.scratch.clone(),
        };
        Ok(Response {
            file: file_name(format.layout),
            stream: Stream::open(table, format.layout).await?,
            format,
        })
    }
}

/// The answer to a request, as it is to be sent.
pub struct Response {
    pub format: Format,
    /// A name for it as a file.
    pub file: String,
    pub stream: Stream,
}

/// After the moment at which the answer is given, in UTC: the same question
/// may be answered otherwise tomorrow.
fn file_name(layout: Layout) -> String {
    const FROM_1970_TO_2000: i64 = 946_684_800_000_000;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
    let moment = adql::time::format(seconds * 1_000_000 - FROM_1970_TO_2000);
    let moment = moment.replace(['-', ':'], "");
    format!("tap_{moment}.{}", layout.extension())
}
