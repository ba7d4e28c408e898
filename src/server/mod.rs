//! HTTP: which address leads to which room, and bytes in and out.
//!
//! The only room that knows actix-web. Its workers are runtimes of one thread
//! each, so nothing that waits for a database or encodes rows is done on them:
//! that happens on the program's own runtime, and a handler passes on the
//! bytes that come through a bounded channel.
//!
//! Must not know: SQL, drivers.

mod around;
mod async_;
mod body;
mod download;
mod encoding;
mod sync;
mod url;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::http::header;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Route, guard, web};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::uws::Jobs;
use crate::vosi::{self, tables::Detail};
use crate::{tap, web as pages};

/// Seconds that answers under way get when the service is told to stop.
const LAST_ANSWERS: u64 = 30;

/// What handlers work with.
pub struct State {
    pub service: tap::Service,
    pub jobs: Jobs<tap::Service>,
    /// As configured; else each request tells.
    pub base_url: Option<String>,
    pub runtime: tokio::runtime::Handle,
    /// The runtime for what is asked about jobs.
    pub desk: tokio::runtime::Handle,
}

/// Every address of the service.
fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource(["/", "/tap", "/tap/"])
                .wrap(Compress::default())
                .route(get().to(index)),
        )
        .service(
            web::resource("/tap/sync")
                .route(get().to(sync::answer))
                .route(web::post().to(sync::answer)),
        )
        .service(
            web::resource(["/tap/async", "/tap/async/"])
                .wrap(Compress::default())
                .route(get().to(async_::list))
                .route(web::post().to(async_::create)),
        )
        .service(
            web::resource("/tap/async/{id}")
                .wrap(Compress::default())
                .route(get().to(async_::job))
                .route(web::post().to(async_::post))
                .route(web::delete().to(async_::delete)),
        )
        .service(
            web::resource(["/tap/async/{id}/{part}", "/tap/async/{id}/{part}/"])
                .wrap(Compress::default())
                .route(get().to(async_::part))
                .route(web::post().to(async_::post_part)),
        )
        .service(web::resource("/tap/async/{id}/results/{name}").route(get().to(async_::result)))
        .service(
            web::resource("/tap/capabilities")
                .wrap(Compress::default())
                .route(get().to(capabilities)),
        )
        .service(
            web::resource("/tap/tables")
                .wrap(Compress::default())
                .route(get().to(tables)),
        )
        .service(
            web::resource("/tap/tables/{name}")
                .wrap(Compress::default())
                .route(get().to(table)),
        )
        .service(web::resource("/tap/availability").route(get().to(availability)))
        .default_service(web::to(nothing));
}

fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Serves until SIGINT or SIGTERM: then no new connections and no more jobs,
/// and answers under way get [`LAST_ANSWERS`] seconds; a second signal ends
/// them.
/// `ready` is called once connections are taken.
pub fn serve(
    runtime: &Runtime,
    listener: TcpListener,
    state: State,
    ready: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let jobs = state.jobs.clone();
    let state = web::Data::new(state);
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .configure(routes)
                .wrap(from_fn(around::around))
        })
        // A client that closes its side has left; its query is stopped with
        // the handler that waits for it.
        .h1_allow_half_closed(false)
        .disable_signals()
        .shutdown_timeout(LAST_ANSWERS)
        .client_request_timeout(Duration::from_secs(30))
        .listen(listener)?
        .run();
        let handle = server.handle();
        {
            let _entered = runtime.enter();
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            runtime.spawn(async move {
                for graceful in [true, false] {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    tracing::info!(graceful, "stopping");
                    jobs.close();
                    // Not awaited, so that the second signal is heard.
                    tokio::spawn(handle.stop(graceful));
                }
            });
        }
        tracing::info!(%address, "listening");
        ready(address);
        server.await
    })
}

async fn index(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let base = url::base(&request, state.base_url.as_deref());
    HttpResponse::Ok()
        .content_type("text/html;charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action *; frame-ancestors 'none'",
        ))
        .body(pages::index(&base, &state.service.catalog))
}

async fn capabilities(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let base = url::base(&request, state.base_url.as_deref());
    let limits = &state.service.limits;
    xml(vosi::capabilities::write(
        &base,
        limits,
        state.jobs.limits(),
    ))
}

async fn tables(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let mut params = crate::dali::Params::default();
    params.add_encoded(request.query_string().as_bytes());
    let detail = match params.single("detail") {
        Ok(None | Some("max")) => Detail::Max,
        Ok(Some("min")) => Detail::Min,
        _ => return HttpResponse::BadRequest().body("detail must be min or max\n"),
    };
    xml(vosi::tables::write(&state.service.catalog, detail))
}

async fn table(name: web::Path<String>, state: web::Data<State>) -> HttpResponse {
    match vosi::tables::write_one(&state.service.catalog, &name) {
        Some(document) => xml(document),
        None => HttpResponse::NotFound().body(format!(
            "there is no table {name}; /tap/tables names those there are\n"
        )),
    }
}

async fn availability(state: web::Data<State>) -> HttpResponse {
    let database = state.service.database.clone();
    let look = state.runtime.spawn(async move {
        tokio::time::timeout(Duration::from_secs(5), database.check_migrated()).await
    });
    xml(match look.await {
        Ok(Ok(Ok(()))) => vosi::availability::write(Ok(())),
        Ok(Ok(Err(error))) => {
            tracing::warn!(%error, "not available");
            vosi::availability::write(Err("The database does not answer as it should."))
        }
        _ => vosi::availability::write(Err("The database does not answer.")),
    })
}

async fn nothing(request: HttpRequest) -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("text/plain;charset=utf-8")
        .body(format!(
            "there is nothing at {}; the service's page is at /, TAP at /tap\n",
            request.path()
        ))
}

fn xml(document: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(vosi::MEDIA_TYPE)
        .body(document)
}
