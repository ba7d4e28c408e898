//! Images by what is asked of them: the parameters of a request become a query
//! of `ivoa.obscore`, which goes the road of all queries.
//!
//! Standard: SIA 2.0, <https://www.ivoa.net/documents/SIA/20151223/>; its rows
//! are those of ObsCore 1.1, and what it shares with other protocols is in
//! DALI 1.1. [`query`] writes the ADQL, [`describe`] tells what may be asked.
//!
//! Left out: UPLOAD, which the standard has no use for; RELEASEDATE and other
//! parameters of later drafts; lists of the values that occur.
//!
//! Must not know: HTTP, SQL, which engine.

mod describe;
mod interval;
mod parameters;
mod position;
mod query;
mod words;

pub use parameters::{PARAMETERS, Parameter};
pub use query::adql;
pub use words::told;

use crate::dali::{self, Format, Params, Parts};
use crate::database::Limits;
use crate::output::Table;
use crate::tap::{Asker, Fault, Protocol, QueryRequest, Response, Service};

/// The identifier of the standard, with its feature.
pub const STANDARD: &str = "ivo://ivoa.net/std/SIA#query-2.0";

const PROTOCOL: Protocol = Protocol {
    standard: STANDARD,
    file: "sia",
};

/// A whole request: the answer in its format, whose first rows have been found.
/// `address`: where the service is asked, which answers repeat.
///
/// # Errors
///
/// Parameters that cannot be understood, and whatever keeps a query from being
/// answered. The sentence is to be given in the words of [`told`].
pub async fn respond(
    service: &Service,
    params: &Params,
    accept: Option<&str>,
    limits: Limits,
    asker: Asker<'_>,
    address: &str,
) -> Result<Response, Fault> {
    let query = adql(params)?;
    let request = QueryRequest::of(query, &shared(params), &service.limits)?;
    let format = match &request.format {
        Some(format) => format.clone(),
        None => dali::default_from_accept(accept),
    };
    let no_parts = Parts::default();
    let answering = service.answer(&request, &no_parts, limits, asker);
    let answer = answering.await?;
    let dress = |table: &mut Table| {
        table.address = query::address(params, request.maxrec);
        table.services.push(describe::descriptor(address));
    };
    let writing = service.write(&request, answer, format, &PROTOCOL, dress);
    writing.await
}

/// The format that a request asks for by name.
pub fn format(params: &Params) -> Option<Format> {
    Format::from_params(&shared(params)).ok().flatten()
}

/// What all protocols read of a request. FORMAT is no old name of
/// RESPONSEFORMAT here (section 2.1.17).
fn shared(params: &Params) -> Params {
    let mut shared = Params::default();
    for name in ["MAXREC", "RESPONSEFORMAT"] {
        for value in params.all(name) {
            shared.add(name, value);
        }
    }
    shared
}
