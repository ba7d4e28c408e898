//! Observations around a position, for clients that know no more than that.
//!
//! Standard: Simple Cone Search 1.03 with its errata 1 to 3,
//! <https://www.ivoa.net/documents/latest/ConeSearch.html>. A record's position
//! is the centre of the observation (`s_ra`, `s_dec`), its identifier
//! `obs_publisher_did`. MAXREC and RESPONSEFORMAT are understood as DALI 1.1 has
//! them, which the standard leaves open.
//!
//! Left out: uncertainties of positions (OBS_ANG-SIZE), of which nothing is
//! known here.
//!
//! Must not know: HTTP, SQL, which engine.

mod request;

pub use request::Cone;

use votable::{Info, Version};

use crate::dali::{Format, Params, Parts, Serialization};
use crate::database::Limits;
use crate::obscore::columns::name;
use crate::output::Table;
use crate::tap::{Answer, Asker, Fault, Protocol, QueryRequest, Response, Service};

/// The identifier of the standard.
pub const STANDARD: &str = "ivo://ivoa.net/std/ConeSearch";

/// Section 2.2: what is served is `text/xml`, and may say more.
pub const MEDIA_TYPE: &str = "text/xml;content=x-votable;charset=utf-8";

const PROTOCOL: Protocol = Protocol {
    standard: STANDARD,
    file: "scs",
};

/// Section 2.2: exactly one field has each of these, in the words of UCD 1.
const UCDS: [(&str, &str); 3] = [
    (name::PUBLISHER_DID, "ID_MAIN"),
    (name::RA, "POS_EQ_RA_MAIN"),
    (name::DEC, "POS_EQ_DEC_MAIN"),
];

/// A whole request: the answer in its format, whose first rows have been found.
///
/// # Errors
///
/// Parameters that are missing or cannot be understood, and whatever keeps a
/// query from being answered.
pub async fn respond(
    service: &Service,
    params: &Params,
    limits: Limits,
    asker: Asker<'_>,
) -> Result<Response, Fault> {
    let cone = Cone::read(params)?;
    let mut request = QueryRequest::of(cone.adql(), params, &service.limits)?;
    // The protocol has no other format, and its clients say all kinds of things
    // in Accept.
    let format = request.format.clone().unwrap_or(Format {
        media_type: MEDIA_TYPE.to_owned(),
        ..Format::votable(Serialization::Tabledata)
    });
    let maxrec = request.maxrec;
    // Section 2.3: who asks with no radius wants to see the columns.
    if cone.radius == 0.0 {
        request.maxrec = 0;
    }
    let no_parts = Parts::default();
    let answering = service.answer(&request, &no_parts, limits, asker);
    let answer = renamed(answering.await?);
    // There are no rows then, and none are missing.
    request.maxrec = maxrec;
    let dress = |table: &mut Table| {
        table.address = cone.address(maxrec);
        // Section 2.2 knows no RESOURCE beside that of the rows.
        table.services.clear();
    };
    let writing = service.write(&request, answer, format, &PROTOCOL, dress);
    writing.await
}

/// Columns in the words of the protocol.
fn renamed(mut answer: Answer) -> Answer {
    for column in &mut answer.columns {
        let known = UCDS.iter().find(|(name, _)| *name == column.name);
        let taken = |ucd: &str| UCDS.iter().any(|(_, main)| main.eq_ignore_ascii_case(ucd));
        column.ucd = match (known, column.ucd.take()) {
            (Some((_, main)), _) => Some((*main).to_owned()),
            // A column of the archive's own.
            (None, Some(ucd)) if taken(&ucd) => None,
            (None, ucd) => ucd,
        };
    }
    answer
}

/// A VOTable that says why there is no answer: as section 2.3 has it (INFO
/// "Error", below RESOURCE), and as DALI 1.1 section 4.2 has it.
pub fn error_document(message: &str) -> Vec<u8> {
    let error = Info {
        id: Some("Error".to_owned()),
        ..Info::new("Error", message)
    };
    votable::error_document(Version::V1_4, message, &[error])
}
