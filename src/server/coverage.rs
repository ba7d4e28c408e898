//! `/tap/coverage`: what a table covers, as a MOC.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::around::RequestId;
use super::{State, body};
use crate::tap::{CoverageRequest, Fault};

pub async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let id = RequestId::current().map_or_else(String::new, |id| id.0);
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let room = body::Room::of(&state.service, None);
    let asked = match body::read(&request, payload, &room).await {
        Ok((params, _)) => CoverageRequest::read(&params, accept),
        Err(fault) => Err(fault),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(fault) => return refusal(fault, &id),
    };
    let format = asked.format();
    let service = state.service.clone();
    let mut drawing = state.runtime.spawn(async move {
        let limits = service.at_once();
        service.coverage(&asked, limits).await
    });
    // Whoever leaves no longer wants it.
    let _left = Left(drawing.abort_handle());
    match (&mut drawing).await {
        Ok(Ok(bytes)) => HttpResponse::Ok()
            .content_type(format.media_type)
            .insert_header((
                header::CONTENT_DISPOSITION,
                format!(
                    "inline; filename=\"coverage.{}\"",
                    format.layout.extension()
                ),
            ))
            .insert_header((header::VARY, "Accept"))
            .body(bytes),
        Ok(Err(fault)) => refusal(fault, &id),
        Err(_) => refusal(Fault::ours("drawing the coverage ended unexpectedly"), &id),
    }
}

struct Left(tokio::task::AbortHandle);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub fn refusal(fault: Fault, id: &str) -> HttpResponse {
    let fault = fault.logged(id);
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type("text/plain;charset=utf-8")
        .body(format!("{}\n", fault.message()))
}
