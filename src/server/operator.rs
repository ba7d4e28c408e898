//! For those who look after the service, by a token that a browser never sends by
//! itself: `Authorization: Bearer …` (RFC 6750 section 2.1), no cookie.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::around::RequestId;
use super::coverage::refusal;
use super::{State, body};
use crate::uws::instant;

const TEXT: &str = "text/plain;charset=utf-8";

pub async fn status(request: HttpRequest, state: Data<State>) -> HttpResponse {
    if let Some(refused) = refused(&request, &state) {
        return refused;
    }
    let jobs = state.jobs.clone();
    let counting = state
        .runtime
        .spawn(async move { jobs.waiting_and_running().await });
    let jobs = counting.await.ok().and_then(Result::ok);
    let (service, counted) = (state.service.clone(), state.counted.clone());
    let facts = state
        .runtime
        .spawn(async move { service.facts(&counted).await });
    let facts = facts.await.ok().flatten();
    let pools = state.service.database.pools();
    let pools = pools.iter().map(
        |pool| json!({"name": pool.name, "connections": pool.connections, "used": pool.in_use}),
    );
    let limits = &state.service.limits;
    let mut told = state.watch.told();
    let more = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "engine": state.service.database.version(),
        "now": instant::text(instant::now()),
        "up": state.started.elapsed().as_secs(),
        "pools": pools.collect::<Vec<_>>(),
        "jobs": jobs.map(|(waiting, running)| json!({"waiting": waiting, "running": running})),
        "rows": facts.as_ref().map(|facts| facts.rows),
        "newest": facts.as_ref().and_then(|facts| facts.last),
        "limits": {
            "maxrec_default": limits.maxrec_default,
            "maxrec_hard": limits.maxrec_hard,
            "sync_seconds": limits.sync.as_secs(),
            "body_bytes": limits.body_bytes,
            "answer_bytes": limits.answer_bytes,
        },
    });
    if let (Some(told), Some(more)) = (told.as_object_mut(), more.as_object()) {
        told.extend(more.clone());
    }
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(told.to_string())
}

/// Stops the query of a request.
pub async fn cancel(request: HttpRequest, payload: Payload, state: Data<State>) -> HttpResponse {
    if let Some(refused) = refused(&request, &state) {
        body::drain(payload).await;
        return refused;
    }
    let id = RequestId::current().map_or_else(String::new, |id| id.0);
    let room = body::Room::of(&state.service, None);
    let wanted = match body::read(&request, payload, &room).await {
        Ok((params, _)) => params.single("ID").ok().flatten().map(str::to_owned),
        Err(fault) => return refusal(fault, &id),
    };
    match wanted {
        Some(wanted) if state.watch.stop(&wanted) => {
            tracing::info!(id, query = wanted, "an operator stopped a query");
            HttpResponse::NoContent().finish()
        }
        Some(wanted) => plain(
            StatusCode::NOT_FOUND,
            &format!("no query runs under {wanted}; it may have ended"),
        ),
        None => plain(StatusCode::BAD_REQUEST, "parameter ID is missing"),
    }
}

fn plain(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(TEXT)
        .body(format!("{message}\n"))
}

/// The answer to whoever does not have the token.
fn refused(request: &HttpRequest, state: &Data<State>) -> Option<HttpResponse> {
    let Some(token) = &state.portal.token else {
        return Some(plain(
            StatusCode::FORBIDDEN,
            "operators are not let in here; set portal.token",
        ));
    };
    let said = request.headers().get(header::AUTHORIZATION);
    let said = said
        .and_then(|said| said.to_str().ok())
        .and_then(|said| said.strip_prefix("Bearer "));
    if said.is_some_and(|said| token.is(said)) {
        return None;
    }
    let mut refused = plain(StatusCode::UNAUTHORIZED, "this is not the operators' token");
    refused.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        header::HeaderValue::from_static("Bearer"),
    );
    Some(refused)
}
