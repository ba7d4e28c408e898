//! `obstap serve`.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::runtime::Runtime;

use super::{Failure, open};
use crate::config::Settings;
use crate::server::{self, State};
use crate::spatial::upkeep::{self, Indexed};
use crate::tap;
use crate::vosi::examples::configured;

/// Serve the observations over HTTP
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// How clients reach the service, when a proxy stands in front
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

impl Serve {
    pub fn flags(&self) -> Vec<(&'static str, String)> {
        [("listen", &self.listen), ("base_url", &self.base_url)]
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.clone()?)))
            .collect()
    }

    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let runtime = open::runtime()?;
        let listener = bind(settings)?;
        let service = runtime.block_on(async {
            let database = open::database(settings).await?;
            open::prepare(&database, settings).await?;
            open::service(database, settings).await
        })?;
        serve(runtime, listener, service, settings, |_| {})
    }
}

/// How long jobs that run get to end when the service is told to stop; then
/// they go back into the queue.
const LAST_JOBS: Duration = Duration::from_secs(5);

/// Takes the port before anything that takes longer.
pub fn bind(settings: &Settings) -> Result<TcpListener, Failure> {
    let listen = &settings.listen;
    TcpListener::bind(listen).map_err(|error| {
        use std::io::ErrorKind;
        Failure::new(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "cannot listen on {listen}: another program does; stop it, or choose another port \
                 with --listen"
            ),
            ErrorKind::PermissionDenied => format!(
                "cannot listen on {listen}: not permitted; choose a port of 1024 or above with --listen"
            ),
            ErrorKind::AddrNotAvailable => format!(
                "cannot listen on {listen}: this machine has no such address; choose another with --listen"
            ),
            _ => format!("cannot listen on {listen}: {error}"),
        })
    })
}

/// Between two looks at all indexes on the sky.
const INDEXES: Duration = Duration::from_secs(10);

/// Brings rows that other programs write into the indexes, so that queries
/// seldom have to. What fails is tried again, and told by the query that it is
/// in the way of.
async fn keep_indexes(service: tap::Service) {
    loop {
        tokio::time::sleep(INDEXES).await;
        let catalog = service.tables.catalog().await;
        let indexes = catalog
            .tables()
            .iter()
            .flat_map(|table| Indexed::all(table));
        for indexed in indexes {
            match upkeep::settle(&service.database, &[indexed]).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, "rows written by other programs were indexed"),
                Err(error) => tracing::debug!(%error, "rows of other programs cannot be indexed"),
            }
        }
    }
}

/// Serves until told to stop; `ready` is called with the address once
/// connections are taken.
pub fn serve(
    runtime: Runtime,
    listener: TcpListener,
    service: tap::Service,
    settings: &Settings,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), Failure> {
    if let Ok(address) = listener.local_addr() {
        service.base.reached_at(&settings.local_url(address));
    }
    let desk = open::desk()?;
    let workers = runtime.handle().clone();
    let jobs = desk.block_on(open::jobs(&service, settings, workers))?;
    runtime.spawn(keep_indexes(service.clone()));
    let store = open::registry(&service.database, settings);
    let datalink = open::datalink(&service, settings, store.clone());
    let state = State {
        store,
        registry_api: settings.registry_api.clone(),
        service,
        datalink,
        jobs: jobs.clone(),
        registry: settings.registry.clone(),
        portal: settings.portal.clone(),
        counted: tap::Counted::default(),
        watch: server::Watch::default(),
        started: Instant::now(),
        base_url: settings.base_url.clone(),
        origins: settings.cors_origins.clone(),
        drafts: settings.metadata_drafts,
        examples: settings.examples.iter().map(configured).collect(),
        metrics: Arc::default(),
        cutouts: server::Cutouts::new(&settings.soda),
        shutdown: settings.shutdown,
        runtime: runtime.handle().clone(),
        desk: desk.handle().clone(),
    };
    let served = server::serve(&runtime, listener, state, ready);
    desk.block_on(jobs.drain(LAST_JOBS));
    runtime.shutdown_timeout(Duration::from_secs(5));
    desk.shutdown_timeout(Duration::from_secs(1));
    served.map_err(|error| Failure::new(format!("serving ended: {error}")))
}
