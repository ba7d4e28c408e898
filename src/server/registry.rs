//! `/registry/record.xml`: the service as a record of the Registry.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use super::around::RequestId;
use super::{State, url, xml};
use crate::tap::Fault;
use crate::vosi::{self, record, tables::Detail};

pub async fn answer(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let base = url::base(&request, state.base_url.as_deref());
    let service = state.service.clone();
    let drawing = state.runtime.spawn(async move {
        let limits = service.at_once();
        service.summary(limits).await
    });
    let covered = match drawing.await {
        Ok(Ok(covered)) => covered,
        Ok(Err(fault)) => return refusal(&request, fault),
        Err(_) => {
            let fault = Fault::ours("writing the record ended unexpectedly");
            return refusal(&request, fault);
        }
    };
    let service = &state.service;
    xml(record::write(&record::Parts {
        base: &base,
        registry: &state.registry,
        covered: &covered,
        capabilities: &vosi::capabilities::write(&base, &service.limits, state.jobs.limits()),
        tables: &vosi::tables::write(&service.catalog, Detail::Max),
        now: &service.now(),
    }))
}

fn refusal(request: &HttpRequest, fault: Fault) -> HttpResponse {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.0.clone());
    super::coverage::refusal(fault, &id)
}
