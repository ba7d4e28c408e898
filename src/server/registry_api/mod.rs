//! `/registry/v1`: the registry of datasets, for programs that write it.
//!
//! Whoever asks sends a token (RFC 6750 section 2.1), from this machine unless
//! the settings say otherwise. Answers are JSON; what is wrong is
//! `{"error": {"code": …, "message": …, "details": […]}}`.

mod read;
mod write;

pub use read::{about, collections, dataset, datasets, records, types};
pub use write::{
    associate, disassociate, ingest, register_collections, register_records, register_types,
    remove, remove_collection, remove_records, replace_record, update,
};

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use serde_json::json;

use super::around::RequestId;
use super::{State, body};
use crate::dali::Params;
use crate::registry::own::given::Form;
use crate::registry::own::universe::Element;
use crate::registry::own::{Actor, Error, Kind, Store};

/// Why a call is not answered as asked.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Vec<String>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
        }
    }

    fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, Kind::Invalid.code(), message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let status = match error.kind {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Missing => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Changed => StatusCode::PRECONDITION_FAILED,
            Kind::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Ours => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            let cause = std::error::Error::source(&error);
            let inner = cause.and_then(std::error::Error::source);
            let reason = inner.or(cause).map(ToString::to_string);
            tracing::error!(reason, "a call of the registry failed: {}", error.message);
        }
        Refusal {
            details: error.details,
            ..Refusal::new(status, error.kind.code(), error.message)
        }
    }
}

type Answer = Result<serde_json::Value, Refusal>;

fn answered(answer: Answer) -> HttpResponse {
    let refusal = match answer {
        Ok(value) => return HttpResponse::Ok().json(value),
        Err(refusal) => refusal,
    };
    let mut response = HttpResponse::build(refusal.status);
    if refusal.status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"registry\""));
    }
    if refusal.status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((header::RETRY_AFTER, "1"));
    }
    let id = RequestId::current().map_or_else(String::new, |id| id.0);
    response.json(json!({"error": {
        "code": refusal.code,
        "message": refusal.message,
        "details": refusal.details,
        "request": id,
    }}))
}

/// Whoever asks, if it may.
fn actor(request: &HttpRequest, state: &State) -> Result<Actor, Refusal> {
    let settings = &state.registry_api;
    if settings.operator.is_none() && settings.users.is_empty() {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            Kind::Forbidden.code(),
            "the registry is not open to programs here: set registry_api.token, or use \
             `obstap registry`",
        ));
    }
    if !settings.remote && !is_local(request) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            Kind::Forbidden.code(),
            "the registry is open to programs on its own machine alone: set registry_api.remote",
        ));
    }
    let unknown = |message| Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|given| given.to_str().ok());
    let token = given.and_then(|given| {
        let (scheme, token) = given.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(token.trim())
    });
    let Some(token) = token else {
        return Err(unknown("send a token: Authorization: Bearer TOKEN"));
    };
    if settings
        .operator
        .as_ref()
        .is_some_and(|ours| ours.is(token))
    {
        return Ok(Actor::Operator);
    }
    let found = settings.users.iter().find(|(_, ours)| ours.is(token));
    match found {
        Some((name, _)) => Ok(Actor::User(name.clone())),
        None => Err(unknown("the token is none of those of this registry")),
    }
}

/// Whether a program on this machine asks, and not for another one.
fn is_local(request: &HttpRequest) -> bool {
    let near = request
        .peer_addr()
        .is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let passed_on = ["forwarded", "x-forwarded-for", "x-real-ip"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    near && !passed_on
}

/// A call: who asks, where, with which parameters.
struct Call {
    actor: Actor,
    store: Arc<Store>,
    parameters: BTreeMap<String, String>,
}

impl Call {
    /// # Errors
    /// Whoever may not ask, and a parameter that is not among `known`.
    async fn of(request: &HttpRequest, state: &State, known: &[&str]) -> Result<Call, Refusal> {
        let actor = actor(request, state)?;
        let mut params = Params::default();
        params.add_encoded(request.query_string().as_bytes());
        let mut parameters = BTreeMap::new();
        for name in known {
            match params.single(name) {
                Ok(Some(value)) => {
                    parameters.insert((*name).to_owned(), value.to_owned());
                }
                Ok(None) => {}
                Err(_) => {
                    return Err(Refusal::invalid(format!(
                        "{name} is given twice: give it once"
                    )));
                }
            }
        }
        Ok(Call {
            actor,
            store: state.store.store().await?,
            parameters,
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    fn needed(&self, name: &str) -> Result<String, Refusal> {
        let text = self.text(name).map(str::to_owned);
        text.ok_or_else(|| Refusal::invalid(format!("the parameter {name} is missing")))
    }

    fn count(&self, name: &str, usual: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(usual);
        };
        let number = text.parse().ok().filter(|number| *number <= most);
        number.ok_or_else(|| Refusal::invalid(format!("{name} must be a number up to {most}")))
    }
}

/// The whole of a body.
async fn whole(mut payload: Payload, most: usize) -> Result<Bytes, Refusal> {
    let mut whole = BytesMut::new();
    while let Some(part) = payload.next().await {
        let part = part.map_err(|_| Refusal::invalid("the body ended before its end"))?;
        if whole.len() + part.len() > most {
            body::drain(payload).await;
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("a call brings {most} bytes at most: send several"),
            ));
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.freeze())
}

/// How the body is written: as its header says, else as it looks.
fn form(request: &HttpRequest, body: &[u8]) -> Form {
    let header = request.headers().get(header::CONTENT_TYPE);
    let name = header.and_then(|name| name.to_str().ok());
    name.and_then(Form::named)
        .unwrap_or_else(|| Form::told(body))
}

/// The element that an address names.
fn element(request: &HttpRequest) -> Result<&'static Element, Refusal> {
    let name = request.match_info().query("element");
    Element::named(name).ok_or_else(|| {
        let known = crate::registry::own::universe::ELEMENTS.iter();
        let known: Vec<&str> = known.map(|it| it.name).collect();
        Refusal::new(
            StatusCode::NOT_FOUND,
            Kind::Missing.code(),
            format!(
                "there is no dimension element {name}; there are {}",
                known.join(", ")
            ),
        )
    })
}

/// Work of the program's own runtime, whose result is awaited.
async fn done<T: Send + 'static>(
    state: &State,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Refusal> {
    match state.runtime.spawn(work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Kind::Ours.code(),
            "the work on the registry ended unexpectedly",
        )),
    }
}
