//! Documents that the service makes of itself. Those that change seldom carry
//! an ETag, and are not sent again to those who have them (RFC 9110 section
//! 13.1.2).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, EntityTag, IfNoneMatch};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use super::{State, routes, url};
use crate::dali::Params;
use crate::obscore::manager;
use crate::tap;
use crate::vosi::examples::{Example, Sight};
use crate::vosi::{self, Detail};
use crate::web as pages;

pub const XHTML: &str = "application/xhtml+xml;charset=utf-8";
pub const METRICS: &str = "application/openmetrics-text;version=1.0.0;charset=utf-8";

const TEXT: &str = "text/plain;charset=utf-8";

pub async fn capabilities(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let document = vosi::capabilities::write(
        &base(&request, &state),
        &state.service.limits,
        state.jobs.limits(),
        state.service.uploads.limits(),
        state.drafts,
    );
    tagged(&request, vosi::MEDIA_TYPE, document)
}

pub async fn tables(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let mut params = Params::default();
    params.add_encoded(request.query_string().as_bytes());
    let detail = match params.single("detail") {
        Ok(None | Some("max")) => Detail::Max,
        Ok(Some("min")) => Detail::Min,
        _ => {
            return HttpResponse::BadRequest()
                .content_type(TEXT)
                .body("detail must be min or max\n");
        }
    };
    let catalog = state.catalog().await;
    let known = state.distributions(&catalog).await;
    tagged(
        &request,
        vosi::MEDIA_TYPE,
        vosi::tables::write(&catalog, detail, known.as_deref()),
    )
}

pub async fn table(
    request: HttpRequest,
    name: web::Path<String>,
    state: Data<State>,
) -> HttpResponse {
    let catalog = state.catalog().await;
    let known = state.distributions(&catalog).await;
    match vosi::tables::write_one(&catalog, &name, known.as_deref()) {
        Some(document) => tagged(&request, vosi::MEDIA_TYPE, document),
        None => HttpResponse::NotFound().content_type(TEXT).body(format!(
            "there is no table {name}; /tap/tables names those there are\n"
        )),
    }
}

pub async fn examples(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let examples = state.all_examples().await;
    let document = vosi::examples::write(&base(&request, &state), &examples);
    tagged(&request, XHTML, document)
}

impl State {
    /// Queries to begin with: those of the settings, then ours.
    pub async fn all_examples(&self) -> Vec<Example> {
        let catalog = self.catalog().await;
        let service = self.service.clone();
        let sight = self
            .runtime
            .spawn(async move { service.one_observation().await });
        let sight = match sight.await {
            Ok(Some(tap::Observation {
                ra,
                dec,
                mjd,
                collection,
            })) => Sight {
                ra,
                dec,
                mjd,
                collection,
            },
            _ => Sight::default(),
        };
        let mut examples = vosi::examples::make(&catalog, &sight);
        let own = self.examples.iter().filter(|example| {
            let good = self.service.understands(&example.query);
            if !good {
                tracing::warn!(
                    example = example.name,
                    "an example of the settings is left out: its query is not understood"
                );
            }
            good
        });
        examples.splice(0..0, own.cloned());
        examples
    }
}

pub async fn availability(state: Data<State>) -> HttpResponse {
    let database = state.service.database.clone();
    let look = state.runtime.spawn(async move {
        tokio::time::timeout(Duration::from_secs(5), database.check_migrated()).await
    });
    let document = match look.await {
        Ok(Ok(Ok(()))) => vosi::availability::write(Ok(())),
        Ok(Ok(Err(error))) => {
            tracing::warn!(%error, "not available");
            vosi::availability::write(Err("The database does not answer as it should."))
        }
        _ => vosi::availability::write(Err("The database does not answer.")),
    };
    HttpResponse::Ok()
        .content_type(vosi::MEDIA_TYPE)
        .body(document)
}

pub async fn openapi(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let document = pages::api::openapi(&base(&request, &state), routes::addresses());
    tagged(&request, "application/json", document)
}

pub async fn api(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let page = pages::api::page(&base(&request, &state), routes::addresses());
    tagged(&request, XHTML, page.into_bytes())
}

pub async fn metrics(state: Data<State>) -> HttpResponse {
    let jobs = state.jobs.clone();
    let counting = state
        .runtime
        .spawn(async move { jobs.waiting_and_running().await });
    let jobs = match counting.await {
        Ok(Ok(counts)) => Some(counts),
        _ => None,
    };
    let database = state.service.database.clone();
    let obscore = state
        .runtime
        .spawn(async move { manager::status(&database).await });
    let obscore = match obscore.await {
        Ok(Ok(status)) => Some(status),
        _ => None,
    };
    let pools = state.service.database.pools();
    let missing = state.datalink.missing();
    let text = state.metrics.text(jobs, &pools, missing, obscore.as_ref());
    HttpResponse::Ok().content_type(METRICS).body(text)
}

pub fn base(request: &HttpRequest, state: &State) -> String {
    url::base(request, state.base_url.as_deref())
}

/// The document, or nothing where the client has it. The tag is a weak one, for
/// one document in several encodings.
pub fn tagged(request: &HttpRequest, media_type: &str, document: Vec<u8>) -> HttpResponse {
    let mut hasher = DefaultHasher::new();
    document.hash(&mut hasher);
    let tag = EntityTag::new_weak(format!("{:x}", hasher.finish()));
    let known = match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        None => false,
    };
    let mut response = match known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response
        .insert_header((header::ETAG, tag.to_string()))
        // Kept, but asked for again each time.
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    match known {
        true => response.finish(),
        false => response.content_type(media_type).body(document),
    }
}

impl State {
    /// What may be spoken of now.
    pub async fn catalog(&self) -> Arc<tap::Catalog> {
        let tables = self.service.tables.clone();
        let look = self.runtime.spawn(async move { tables.catalog().await });
        match look.await {
            Ok(catalog) => catalog,
            // The service is ending.
            Err(_) => self.service.tables.last(),
        }
    }

    /// What is known of the values, where drafts of standards are followed.
    async fn distributions(&self, catalog: &Arc<tap::Catalog>) -> Option<Arc<tap::Distributions>> {
        if !self.drafts {
            return None;
        }
        let (tables, catalog) = (self.service.tables.clone(), catalog.clone());
        let look = async move { tables.distributions(&catalog).await };
        self.runtime.spawn(look).await.ok()
    }
}
