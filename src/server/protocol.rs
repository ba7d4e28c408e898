//! The protocols that are answered at once, and how each says no.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::streamed::LIFELESS;
use crate::dali::{Format, Layout, Params, Parts};
use crate::database::Limits;
use crate::output::{error_document, error_page};
use crate::tap::{Asker, Fault, Response, Service};
use crate::{scs, sia};

/// Whose parameters a request has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    Tap,
    /// With the address that is asked.
    Sia(String),
    Scs,
}

/// What a request says besides its parameters.
pub struct Around<'a> {
    pub accept: Option<&'a str>,
    pub client: &'a str,
    /// How it reaches us.
    pub base: &'a str,
}

impl Protocol {
    pub async fn respond(
        &self,
        service: &Service,
        params: &Params,
        parts: &Parts,
        around: Around<'_>,
        limits: Limits,
    ) -> Result<Response, Fault> {
        let accept = around.accept;
        let asker = Asker {
            client: Some(around.client),
            base: around.base,
        };
        match self {
            Protocol::Tap => service.respond(params, parts, accept, limits, asker).await,
            Protocol::Sia(address) => {
                sia::respond(service, params, accept, limits, asker, address).await
            }
            Protocol::Scs => scs::respond(service, params, limits, asker).await,
        }
    }

    /// How a fault of such a request is to be told.
    pub fn manner(&self, params: &Params) -> Manner {
        // Of RESPONSEFORMAT alone, since Java's clients say `Accept: text/html`
        // and cannot read any.
        let format = match self {
            Protocol::Sia(_) => sia::format(params),
            _ => Format::from_params(params).ok().flatten(),
        };
        match (self, format.map(|format| format.layout)) {
            (Protocol::Tap, Some(Layout::Html)) => Manner::Page {
                query: params.all("QUERY").next().map(str::to_owned),
            },
            (_, Some(Layout::Html)) => Manner::Page { query: None },
            // SIA 2.0 section 3.2.
            (Protocol::Sia(_), Some(Layout::Csv | Layout::Tsv)) => Manner::Text,
            _ => Manner::Votable,
        }
    }

    /// A fault, as the protocol has it.
    pub fn refusal(&self, fault: &Fault, manner: &Manner, accept: Option<&str>) -> HttpResponse {
        let message = match self {
            Protocol::Sia(_) => sia::told(fault),
            _ => fault.message().to_owned(),
        };
        match manner {
            Manner::Page { query } => begun(fault)
                .content_type("text/html;charset=utf-8")
                .insert_header(LIFELESS)
                .body(error_page(query.as_deref(), &message)),
            Manner::Text => begun(fault)
                .content_type("text/plain;charset=utf-8")
                .body(message + "\n"),
            // SCS 1.03 section 2.3 knows errors by their document alone, and
            // TOPCAT and STILTS read none that comes with another status.
            Manner::Votable if *self == Protocol::Scs => {
                let mut response = begun(fault);
                if fault.status() == 400 {
                    response.status(StatusCode::OK);
                }
                response
                    .content_type(scs::MEDIA_TYPE)
                    .body(scs::error_document(&message))
            }
            // DALI 1.1 section 4.2; as `text/xml` to browsers, which show that
            // and offer to save the other.
            Manner::Votable => begun(fault)
                .content_type(match accept.is_some_and(|it| it.contains("text/html")) {
                    true => "text/xml;charset=utf-8",
                    false => "application/x-votable+xml",
                })
                .body(error_document(&message)),
        }
    }
}

/// What a fault is written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    Votable,
    Text,
    Page { query: Option<String> },
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
