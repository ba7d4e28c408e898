//! One query from request to answer.
//!
//! Standard: TAP 1.1, <https://www.ivoa.net/documents/TAP/20190927/>,
//! sections 2.1 and 2.2 (sync and async), 2.7 (parameters) and 3 (answers).
//! Left out: uploads; an UPLOAD parameter is refused.
//!
//! Must not know: actix, which engine, whether somebody waits for the answer.

mod fault;
mod job;
mod request;

use std::sync::Arc;

pub use fault::Fault;
pub use request::QueryRequest;

use adql::{Catalog, Column};

use crate::config;
use crate::dali::{self, Format, Params};
use crate::database::{Database, Lane, Limits, Rows};
use crate::output::{Stream, Table};

/// What answers queries.
#[derive(Clone)]
pub struct Service {
    pub database: Database,
    pub catalog: Arc<Catalog>,
    pub limits: config::Limits,
}

/// The answer to a query: what its columns are, and its rows as they come.
/// `None` when only the columns were asked for (MAXREC=0, TOP 0).
pub struct Answer {
    pub columns: Vec<Column>,
    pub rows: Option<Rows>,
}

impl Service {
    /// The road of a query.
    pub async fn answer(&self, request: &QueryRequest, limits: Limits) -> Result<Answer, Fault> {
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
        let rows = self.database.stream(&statement, limits).await?;
        Ok(Answer {
            columns: query.into_columns(),
            rows: Some(rows),
        })
    }

    /// What a query may use when somebody waits for its answer.
    pub fn at_once(&self) -> Limits {
        Limits {
            time: Some(self.limits.sync),
            lane: Lane::Waiting,
        }
    }

    /// A whole request: the format of the answer and its bytes, whose first
    /// rows have been found.
    pub async fn respond(
        &self,
        params: &Params,
        accept: Option<&str>,
        limits: Limits,
    ) -> Result<(Format, Stream), Fault> {
        let request = QueryRequest::read(params, &self.limits)?;
        let format = match &request.format {
            Some(format) => format.clone(),
            None => dali::default_from_accept(accept),
        };
        let answer = self.answer(&request, limits).await?;
        let table = Table {
            columns: answer.columns,
            rows: answer.rows,
            maxrec: request.maxrec,
            infos: vec![("QUERY".to_owned(), request.query.clone())],
        };
        let stream = Stream::open(table, format.layout).await?;
        Ok((format, stream))
    }
}
