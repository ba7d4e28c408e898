//! Pages for people, the files they are drawn with, and what their scripts ask.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::around::RequestId;
use super::coverage::refusal;
use super::documents::{base, tagged};
use super::encoding::Encoding;
use super::{State, body};
use crate::tap::Fault;
use crate::web::assets::Asset;
use crate::web::{self as pages, Landing, Page, Site};

const HTML: &str = "text/html;charset=utf-8";
const JSON: &str = "application/json";

/// A file whose name tells its content never changes (RFC 8246).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

impl State {
    fn site<'a>(&'a self, base: &'a str) -> Site<'a> {
        Site {
            base,
            title: &self.registry.title,
            description: &self.registry.description,
            resolver: self.portal.resolver.as_deref(),
            aladin: self
                .portal
                .aladin
                .as_deref()
                .map(|script| (script, self.portal.survey.as_str())),
        }
    }
}

pub async fn landing(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let base = base(&request, &state);
    let catalog = state.catalog().await;
    let facts = counted(&state).await;
    let examples = state.all_examples().await;
    let site = state.site(&base);
    let main = Landing {
        site,
        catalog: &catalog,
        facts: facts.as_deref(),
        examples: &examples,
    };
    html(&request, &site, Page::Landing, &main.main())
}

pub async fn page(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let base = base(&request, &state);
    let catalog = state.catalog().await;
    let page = Page::at(request.path());
    let site = state.site(&base);
    html(&request, &site, page, &pages::main(&site, page, &catalog))
}

fn html(request: &HttpRequest, site: &Site<'_>, page: Page, main: &str) -> HttpResponse {
    let mut response = tagged(request, HTML, site.page(page, main).into_bytes());
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&site.policy()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let same = HeaderValue::from_static("same-origin");
    headers.insert(header::REFERRER_POLICY, same);
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

pub async fn asset(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let Some(asset) = Asset::named(&name) else {
        return HttpResponse::NotFound()
            .content_type("text/plain;charset=utf-8")
            .body("there is no such file; reload the page\n");
    };
    let accepted = request.headers().get_all(header::ACCEPT_ENCODING);
    let takes_gzip = accepted
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','))
        .any(|it| Encoding::accepted(Some(it)) == Encoding::Gzip);
    let packed = asset.gzip();
    let mut response = HttpResponse::Ok();
    response
        .content_type(asset.media_type)
        .insert_header((header::ETAG, format!("\"{name}\"")))
        .insert_header((header::CACHE_CONTROL, FOR_EVER));
    if packed.is_some() {
        response.insert_header((header::VARY, "Accept-Encoding"));
    }
    match packed.filter(|_| takes_gzip) {
        Some(packed) => response
            .insert_header((header::CONTENT_ENCODING, "gzip"))
            .body(Bytes::from_static(packed)),
        None => response.body(Bytes::from_static(asset.bytes)),
    }
}

pub async fn facts(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let facts = counted(&state).await;
    let document = pages::facts(facts.as_deref()).to_string();
    tagged(&request, JSON, document.into_bytes())
}

async fn counted(state: &State) -> Option<std::sync::Arc<crate::tap::Facts>> {
    let (service, counted) = (state.service.clone(), state.counted.clone());
    let look = state
        .runtime
        .spawn(async move { service.facts(&counted).await });
    look.await.ok().flatten()
}

pub async fn check(request: HttpRequest, payload: Payload, state: Data<State>) -> HttpResponse {
    let id = RequestId::current().map_or_else(String::new, |id| id.0);
    let room = body::Room::of(&state.service, None);
    let query = match body::read(&request, payload, &room).await {
        Ok((params, _)) => params.single("QUERY").map(|it| it.map(str::to_owned)),
        Err(fault) => return refusal(fault, &id),
    };
    let query = match query {
        Ok(Some(query)) => query,
        Ok(None) => return refusal(Fault::usage("parameter QUERY is missing"), &id),
        Err(error) => return refusal(error.into(), &id),
    };
    let service = state.service.clone();
    let judging = state
        .runtime
        .spawn(async move { service.judge(&query).await });
    match judging.await {
        Ok(judged) => HttpResponse::Ok()
            .content_type(JSON)
            .body(pages::judged(&judged).to_string()),
        Err(_) => refusal(Fault::ours("looking at the query ended unexpectedly"), &id),
    }
}
