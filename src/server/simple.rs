//! What the simple protocols say of themselves.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::State;
use super::documents::{base, tagged};
use crate::vosi;
use crate::vosi::simple::{self, Test};

pub async fn sia_capabilities(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let document = simple::sia(&base(&request, &state));
    tagged(&request, vosi::MEDIA_TYPE, document)
}

pub async fn scs_capabilities(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let base = base(&request, &state);
    let document = simple::scs(&base, &state.service.limits, test(&state).await);
    tagged(&request, vosi::MEDIA_TYPE, document)
}

/// Where there is something to be found, if there is anything.
pub async fn test(state: &State) -> Option<Test> {
    let service = state.service.clone();
    let look = state
        .runtime
        .spawn(async move { service.one_observation().await });
    let found = look.await.ok()??;
    Some(Test {
        ra: found.ra,
        dec: found.dec,
    })
}
