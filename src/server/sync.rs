//! `/tap/sync`: one query, and its answer as it comes (TAP 1.1 section 2.1).

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};

use super::around::{Notes, RequestId};
use super::streamed::{self, Answer, LIFELESS, Listener};
use super::{State, body, url};
use crate::dali::{Format, Layout, Params};
use crate::output::{error_document, error_page};
use crate::tap::{Asker, Fault};

pub async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let id = RequestId::current().map_or_else(String::new, |id| id.0);
    let notes: Notes = request.extensions().get().cloned().unwrap_or_default();
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|it| it.to_str().ok()).map(str::to_owned);
    let room = body::Room::of(&state.service, None);
    let (params, parts) = match body::read(&request, payload, &room).await {
        Ok(body) => body,
        Err(fault) => {
            notes.note(|it| it.failure = Some(fault.cause()));
            return refusal(&fault.logged(&id), accept.as_deref());
        }
    };
    let page = Page::of(&params);
    let asked = accept.clone();
    let refuse = |fault: Fault| {
        notes.note(|it| it.failure = Some(fault.cause()));
        let fault = fault.logged(&id);
        match &page {
            Some(page) => page.refusal(&fault),
            None => refusal(&fault, asked.as_deref()),
        }
    };
    let listener = Listener::of(&request, &notes);
    let service = state.service.clone();
    let client = url::client(&request);
    let base = url::base(&request, state.base_url.as_deref());
    let work = async move {
        let asker = Asker {
            accept: accept.as_deref(),
            client: Some(&client),
            base: &base,
        };
        let limits = service.at_once();
        let answer = service.respond(&params, &parts, limits, asker).await?;
        Ok(Answer {
            format: answer.format,
            file: answer.file,
            stream: answer.stream,
            place: answer.place,
        })
    };
    match streamed::answer(&state, listener, work).await {
        Ok(response) => response,
        Err(Some(fault)) => refuse(fault),
        Err(None) => refuse(Fault::ours("answering the query ended unexpectedly")),
    }
}

/// A request whose answer, or refusal, is to be a page: RESPONSEFORMAT alone
/// tells, since Java's clients say `Accept: text/html` and cannot read any.
struct Page {
    query: Option<String>,
}

impl Page {
    fn of(params: &Params) -> Option<Page> {
        let format = Format::from_params(params).ok().flatten()?;
        (format.layout == Layout::Html).then(|| Page {
            query: params.all("QUERY").next().map(str::to_owned),
        })
    }

    fn refusal(&self, fault: &Fault) -> HttpResponse {
        begun(fault)
            .content_type("text/html;charset=utf-8")
            .insert_header(LIFELESS)
            .body(error_page(self.query.as_deref(), fault.message()))
    }
}

fn begun(fault: &Fault) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(fault.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((header::VARY, "Accept"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((header::RETRY_AFTER, "5"));
    }
    response
}

/// A VOTable that says why (DALI 1.1 section 4.2); as `text/xml` to browsers,
/// which show that and offer to save the other.
fn refusal(fault: &Fault, accept: Option<&str>) -> HttpResponse {
    let browser = accept.is_some_and(|accept| accept.contains("text/html"));
    begun(fault)
        .content_type(if browser {
            "text/xml;charset=utf-8"
        } else {
            "application/x-votable+xml"
        })
        .body(error_document(fault.message()))
}
