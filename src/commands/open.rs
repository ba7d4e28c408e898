//! From settings to a database and a service that answers queries.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Mutex;

use super::{Failure, feeds};
use crate::config::Settings;
use crate::dali::VotableVersion;
use crate::database::{self, Database};
use crate::files::Files;
use crate::obscore::{self, manager};
use crate::registry::own::{self, Opened};
use crate::registry::{self, Source};
use crate::uws::{Jobs, Results};
use crate::{datalink, tap, tap_schema};

/// The runtime on which pools, queries and encoding live.
pub fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .enable_all()
        .thread_name("obstap")
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))
}

pub async fn database(settings: &Settings) -> Result<Database, Failure> {
    // An embedded database is a file: its directory is made on first use.
    if let Some(path) = settings.database_url.strip_prefix("sqlite:")
        && let Some(directory) = std::path::Path::new(path).parent()
        && !directory.as_os_str().is_empty()
    {
        std::fs::create_dir_all(directory).map_err(|error| {
            Failure::new(format!(
                "cannot make the directory {} for the database: {error}",
                directory.display()
            ))
        })?;
    }
    Ok(Database::open(&connections(settings)).await?)
}

fn connections(settings: &Settings) -> database::Settings {
    database::Settings {
        url: settings.database_url.clone(),
        namespace: settings.namespace.clone(),
        readers: settings.readers,
        workers: settings.jobs.concurrent,
    }
}

/// Brings the tables to this version and to these settings, and says in the
/// log what it did.
pub async fn prepare(database: &Database, settings: &Settings) -> Result<Vec<String>, Failure> {
    let mut done = database.migrate().await?;
    let changed = obscore::prepare(database, &settings.extra_columns).await?;
    if changed.made {
        done.push("ivoa.obscore made".to_owned());
    }
    for column in &changed.added {
        done.push(format!("column {column} added to ivoa.obscore"));
    }
    for column in &changed.hidden {
        done.push(format!(
            "column {column} of ivoa.obscore no longer published"
        ));
    }
    if changed.published {
        done.push("TAP_SCHEMA written".to_owned());
    }
    for step in &done {
        tracing::info!("database: {step}");
    }
    Ok(done)
}

/// The registry of a database, whether or not there is one yet.
pub fn registry(database: &Database, settings: &Settings) -> Arc<Opened> {
    let (reading, extra) = (feeds::reading(settings), &settings.extra_columns);
    let live = manager::Live::new(database, reading, extra);
    Arc::new(Opened::new(database.clone(), Some(Arc::new(live))))
}

/// What answers for links and files, of the datasets of these registries.
pub fn datalink(
    service: &tap::Service,
    settings: &Settings,
    own: Arc<Opened>,
) -> datalink::Service {
    datalink::Service::new(datalink::Parts {
        database: service.database.clone(),
        tables: service.tables.clone(),
        registries: Arc::new(Known {
            database: service.database.clone(),
            own,
            butlers: Mutex::default(),
        }),
        files: Files::new(&settings.files),
        settings: settings.datalink.clone(),
        limits: service.limits,
        votable: service.votable,
        scratch: service.scratch.clone(),
    })
}

/// The registries that datasets are looked up in.
struct Known {
    database: Database,
    own: Arc<Opened>,
    /// Attached repositories that were opened, by their numbers.
    butlers: Mutex<BTreeMap<i32, Butler>>,
}

struct Butler {
    repository: manager::Repository,
    source: Arc<dyn Source>,
}

impl Known {
    /// The repositories that are attached now. One that cannot be opened has no
    /// datasets until it can.
    async fn butlers(&self) -> Result<datalink::Sources, registry::Error> {
        let mut butlers = self.butlers.lock().await;
        let mut sources: datalink::Sources = Vec::new();
        let mut there = BTreeMap::new();
        for feed in manager::feeds(&self.database, None).await? {
            if feed.repository.kind == manager::Kind::Butler {
                there.insert(feed.repository.number, feed.repository);
            }
        }
        butlers.retain(|number, butler| there.get(number) == Some(&butler.repository));
        for (number, repository) in there {
            if let Entry::Vacant(entry) = butlers.entry(number) {
                let (place, label) = (&repository.place, &repository.label);
                match registry::butler::Repository::open(place, Some(label)).await {
                    Ok(source) => {
                        let source = Arc::new(source);
                        entry.insert(Butler { repository, source });
                    }
                    Err(error) => tracing::warn!(%error, "a repository cannot be opened"),
                }
            }
            sources.extend(butlers.get(&number).map(|butler| butler.source.clone()));
        }
        Ok(sources)
    }
}

impl datalink::Registries for Known {
    fn all(&self) -> BoxFuture<'_, Result<datalink::Sources, registry::Error>> {
        Box::pin(async move {
            let mut all = self.butlers().await?;
            match self.own.store().await {
                Ok(store) => all.push(store),
                // None was made, which is no fault.
                Err(error) if error.kind == own::Kind::Missing => {}
                Err(error) => return Err(error.into()),
            }
            Ok(all)
        })
    }
}

/// What answers queries; the database must be prepared.
pub async fn service(database: Database, settings: &Settings) -> Result<tap::Service, Failure> {
    let tables = tap_schema::Live::open(database.clone()).await?;
    Ok(tap::Service {
        database,
        tables,
        limits: settings.limits,
        uploads: tap::Uploads::new(settings.uploads.clone(), &settings.data_dir),
        votable: VotableVersion::named(&settings.votable_version).unwrap_or_default(),
        access: settings.datalink.access,
        base: tap::Base::new(settings.base_url.as_deref().unwrap_or_default()),
        scratch: settings.data_dir.clone(),
        admission: tap::Admission::new(
            settings.readers,
            settings.long,
            settings.waiting,
            settings.waiting_time,
        ),
    })
}

/// The runtime on which jobs are looked after, so that those who ask about
/// them do not wait behind rows that are being encoded.
pub fn desk() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .thread_name("obstap-jobs")
        .build()
        .map_err(|error| Failure::new(format!("cannot start a thread: {error}")))
}

/// The jobs of a service, begun. They are looked after on the runtime that
/// calls this, and worked on by `workers`.
pub async fn jobs(
    service: &tap::Service,
    settings: &Settings,
    workers: Handle,
) -> Result<Jobs<tap::Service>, Failure> {
    let database = service.database.for_jobs(&connections(settings)).await?;
    let results = Results::open(&settings.results_dir).map_err(|error| {
        Failure::new(format!(
            "cannot write into {}, where the results of jobs are kept: {error}; \
             give the user who runs obstap the right to, or set results_dir",
            settings.results_dir.display()
        ))
    })?;
    let jobs = Jobs::new(
        database,
        results,
        service.clone(),
        workers,
        settings.jobs,
        settings.limits.body_bytes,
    )
    .map_err(|error| Failure::new(format!("this machine gives no random numbers: {error}")))?;
    jobs.start()
        .await
        .map_err(|error| Failure::new(format!("the jobs cannot be begun: {error}")))?;
    Ok(jobs)
}
