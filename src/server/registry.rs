//! `/registry/record.xml`: the service as a record of the Registry.

use actix_web::{HttpRequest, HttpResponse, web};

use super::around::RequestId;
use super::coverage::refusal;
use super::{State, simple, url};
use crate::tap::Fault;
use crate::vosi::{self, Detail, record};

pub async fn answer(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let base = url::base(&request, state.base_url.as_deref());
    let service = state.service.clone();
    let drawing = state.runtime.spawn(async move {
        let limits = service.at_once();
        service.summary(limits).await
    });
    let id = || RequestId::current().map_or_else(String::new, |id| id.0);
    let covered = match drawing.await {
        Ok(Ok(covered)) => covered,
        Ok(Err(fault)) => return refusal(fault, &id()),
        Err(_) => {
            let fault = Fault::ours("writing the record ended unexpectedly");
            return refusal(fault, &id());
        }
    };
    let service = &state.service;
    let catalog = state.catalog().await;
    // Registries take what is released, and no drafts.
    let capabilities = vosi::capabilities::write(
        &base,
        &service.limits,
        state.jobs.limits(),
        service.uploads.limits(),
        false,
    );
    let document = record::write(&record::Parts {
        base: &base,
        registry: &state.registry,
        covered: &covered,
        capabilities: &capabilities,
        limits: &service.limits,
        test: simple::test(&state).await,
        tables: &vosi::tables::write(&catalog, Detail::Max, None),
        now: &service.now(),
    });
    HttpResponse::Ok()
        .content_type(vosi::MEDIA_TYPE)
        .body(document)
}
