//! One query, and its answer as it comes: `/tap/sync` (TAP 1.1 section 2.1),
//! `/sia/query` (SIA 2.0 section 2.1) and `/scs`.

use actix_web::http::header;
use actix_web::web;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::around::{Notes, RequestId};
use super::protocol::{Around, Manner, Protocol};
use super::streamed::{self, Answer, Listener, Refused};
use super::{State, body, url};
use crate::tap::Fault;

pub async fn tap(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    answer(Protocol::Tap, request, payload, state).await
}

pub async fn sia(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let base = url::base(&request, state.base_url.as_deref());
    let protocol = Protocol::Sia(format!("{base}/sia/query"));
    answer(protocol, request, payload, state).await
}

pub async fn scs(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    answer(Protocol::Scs, request, payload, state).await
}

async fn answer(
    protocol: Protocol,
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
            let fault = fault.logged(&id);
            return protocol.refusal(&fault, &Manner::Votable, accept.as_deref());
        }
    };
    let manner = protocol.manner(&params);
    let refuse = |fault: Fault| {
        notes.note(|it| it.failure = Some(fault.cause()));
        let fault = fault.logged(&id);
        state.watch.failed(&id, &fault);
        protocol.refusal(&fault, &manner, accept.as_deref())
    };
    let client = url::client(&request);
    let query = params.all("QUERY").next().unwrap_or_default().to_owned();
    let listener = Listener::of(&request, &notes).watched(query, client.clone());
    let service = state.service.clone();
    let base = url::base(&request, state.base_url.as_deref());
    let (asked, said) = (protocol.clone(), accept.clone());
    let work = async move {
        let around = Around {
            accept: said.as_deref(),
            client: &client,
            base: &base,
        };
        let limits = service.at_once();
        let responding = asked.respond(&service, &params, &parts, around, limits);
        let answer = responding.await?;
        Ok(Answer {
            format: answer.format,
            file: answer.file,
            stream: answer.stream,
            place: answer.place,
        })
    };
    match streamed::answer(&state, listener, work).await {
        Ok(response) => response,
        Err(Refused::Fault(fault)) => refuse(fault),
        Err(Refused::Stopped) => refuse(Fault::stopped()),
        Err(Refused::Lost) => refuse(Fault::ours("answering the query ended unexpectedly")),
    }
}
