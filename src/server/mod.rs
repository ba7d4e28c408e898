//! HTTP: which address leads to which room, and bytes in and out.
//!
//! The only room that knows actix-web. Its workers are runtimes of one thread
//! each, so nothing that waits for a database or encodes rows is done on them:
//! that happens on the program's own runtime, and a handler passes on the
//! bytes that come through a bounded channel.
//!
//! Must not know: SQL, drivers.

mod routes;

mod around;
mod async_;
mod body;
mod coverage;
mod cutout;
mod datalink;
mod documents;
mod download;
mod encoding;
mod files;
mod metrics;
mod operator;
mod portal;
mod protocol;
mod registry;
mod registry_api;
mod simple;
mod streamed;
mod sync;
mod url;
mod watch;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

pub use cutout::Cutouts;
pub use metrics::Metrics;
pub use watch::Watch;

use crate::registry::own::Opened;
use crate::uws::Jobs;
use crate::vosi::examples::Example;
use crate::{config, tap};

/// How long a connection without requests is kept for the next one.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// What handlers work with.
pub struct State {
    pub service: tap::Service,
    pub jobs: Jobs<tap::Service>,
    pub datalink: crate::datalink::Service,
    /// What the record of the service says.
    pub registry: config::Registry,
    /// What its pages may use.
    pub portal: config::Portal,
    /// What they tell of the observations.
    pub counted: tap::Counted,
    /// What operators look at.
    pub watch: Watch,
    pub started: Instant,
    pub store: Arc<Opened>,
    pub registry_api: config::RegistryApi,
    /// As configured; else each request tells.
    pub base_url: Option<String>,
    /// The sites whose pages may ask us; `None` means all.
    pub origins: Option<Vec<String>>,
    /// Whether metadata follow drafts of standards.
    pub drafts: bool,
    /// Those of the settings.
    pub examples: Vec<Example>,
    pub metrics: Arc<Metrics>,
    pub cutouts: Cutouts,
    /// How long answers under way get when the service is told to stop.
    pub shutdown: Duration,
    pub runtime: tokio::runtime::Handle,
    /// The runtime for what is asked about jobs.
    pub desk: tokio::runtime::Handle,
}

/// Serves until SIGINT or SIGTERM: then no new connections and no more jobs,
/// and answers under way get the time of [`State::shutdown`]; a second signal ends
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
    let shutdown = state.shutdown.as_secs();
    let state = web::Data::new(state);
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .configure(routes::routes)
                .wrap(from_fn(around::around))
        })
        // A client that closes its side has left; its query is stopped with
        // the handler that waits for it.
        .h1_allow_half_closed(false)
        // Small answers leave at once: with Nagle's algorithm the last piece of
        // every other one waits 40 ms for the client's acknowledgement.
        .tcp_nodelay(true)
        .disable_signals()
        .shutdown_timeout(shutdown)
        .keep_alive(KEEP_ALIVE)
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
