//! `/datalink`: the links of datasets (DataLink 1.1), what the service can do,
//! and whether it is up.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::around::Notes;
use super::documents::tagged;
use super::streamed::{self, Answer, Listener, Refused};
use super::{State, body, url};
use crate::datalink::Fault;
use crate::output::error_document;
use crate::vosi;

pub async fn links(
    request: HttpRequest,
    payload: web::Payload,
    state: Data<State>,
) -> HttpResponse {
    let notes: Notes = request.extensions().get().cloned().unwrap_or_default();
    let room = body::Room::of(&state.service, None);
    let refuse = |fault: &Fault| {
        let ours = fault.status >= 500;
        notes.note(|it| it.failure = Some(if ours { "internal" } else { "request" }));
        refusal(fault)
    };
    let params = match body::read(&request, payload, &room).await {
        Ok((params, _)) => params,
        Err(fault) => {
            return refuse(&Fault {
                status: fault.status(),
                message: format!("UsageFault: {}", fault.message()),
            });
        }
    };
    let base = url::base(&request, state.base_url.as_deref());
    let service = state.datalink.clone();
    let work = async move {
        let answer = service.respond(&params, &base).await?;
        Ok(Answer {
            file: format!("links.{}", answer.format.layout.extension()),
            format: answer.format,
            stream: answer.stream,
            place: (),
        })
    };
    match streamed::answer(&state, Listener::of(&request, &notes), work).await {
        Ok(response) => response,
        Err(Refused::Fault(fault)) => refuse(&fault),
        Err(Refused::Stopped | Refused::Lost) => refuse(&Fault {
            status: 500,
            message: "FatalFault: looking for links ended unexpectedly".to_owned(),
        }),
    }
}

pub async fn capabilities(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let base = url::base(&request, state.base_url.as_deref());
    let document = vosi::capabilities::datalink(&base);
    tagged(&request, vosi::MEDIA_TYPE, document)
}

/// A VOTable that says why (DataLink 1.1 section 3.4).
fn refusal(fault: &Fault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .insert_header((header::VARY, "Accept"))
        .content_type("application/x-votable+xml")
        .body(error_document(&fault.message))
}
