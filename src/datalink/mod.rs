//! Links from the identifier of a dataset to its files, to what is related to
//! it and to services that work on it.
//!
//! Standard: DataLink 1.1, <https://www.ivoa.net/documents/DataLink/20231215/>,
//! sections 2 (the links endpoint) and 3 (its answer); services are described
//! as SODA 1.0 section 4 has it. Identifiers are told apart in [`Id`], what
//! they stand for is looked up a batch at a time (`find`), and every row is a
//! [`Link`].
//!
//! Why is a dataset whose file is gone no HTTP error? Because others were asked
//! for in the same request: the row says what is wrong (section 3.2.4).
//!
//! Left out: authentication (nobody logs in), packages of files.
//!
//! Must not know: HTTP libraries, drivers, which registry a dataset is from.

mod columns;
mod fault;
mod file;
mod find;
mod id;
mod link;
mod links;
mod soda;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use votable::Descriptor;

pub use columns::columns;
pub use fault::Fault;
pub use file::{FileFault, Given};
pub use id::Id;
pub use link::Link;
pub use vocabulary::Term;

use crate::config;
use crate::dali::{self, Format, Layout, Params, Serialization, VotableVersion};
use crate::database::{Database, Feed, Rows};
use crate::files::Files;
use crate::output::{Identifier, Limit, Links, Stream, Table};
use crate::registry::{self, Source};
use crate::tap_schema::Live;

/// Identifiers that are looked up at once.
const BATCH: usize = 1000;

/// Of so many datasets each has a description of its services of its own, with
/// the ranges that make sense for it (SODA 1.0 section 4.3).
const FEW: usize = 10;

/// The answer by default (DataLink 1.1 section 3.1).
pub const MEDIA_TYPE: &str = "application/x-votable+xml;content=datalink";

const STANDARD: &str = "ivo://ivoa.net/std/DataLink#links-1.1";

/// What answers for links and files. Cloning shares it.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

/// Who knows datasets.
pub trait Registries: Send + Sync {
    /// Those that there are now, each by a label of its own.
    fn all(&self) -> BoxFuture<'_, Result<Sources, registry::Error>>;
}

pub type Sources = Vec<Arc<dyn Source>>;

/// What the service is made of.
pub struct Parts {
    pub database: Database,
    /// Where tables with observations are.
    pub tables: Live,
    pub registries: Arc<dyn Registries>,
    pub files: Files,
    pub settings: config::Datalink,
    pub limits: config::Limits,
    pub votable: VotableVersion,
    /// A directory on disk for answers that must wait for their last row.
    pub scratch: PathBuf,
}

struct Inner {
    parts: Parts,
    /// Files that were asked for and are gone.
    missing: AtomicU64,
    /// A disk that does not answer holds up so many looks at it and no more.
    looks: Arc<Semaphore>,
}

/// An answer as it is to be sent.
pub struct Response {
    pub format: Format,
    pub stream: Stream,
}

/// What a request asks for (section 2.1).
struct Request {
    /// Each once, in the order they came: all links of one stand together.
    ids: Vec<String>,
    /// There were more.
    cut: bool,
    maxrec: u64,
    format: Format,
    version: VotableVersion,
}

impl Service {
    pub fn new(parts: Parts) -> Service {
        Service(Arc::new(Inner {
            parts,
            missing: AtomicU64::new(0),
            looks: Arc::new(Semaphore::new(4)),
        }))
    }

    /// Files that were asked for and are gone, since the service began.
    pub fn missing(&self) -> u64 {
        self.0.missing.load(Ordering::Relaxed)
    }

    /// A whole request: links of the first datasets have been found. `base`:
    /// where the client reaches us, without a slash at the end.
    pub async fn respond(&self, params: &Params, base: &str) -> Result<Response, Fault> {
        let request = self.read(params)?;
        let (first, rest) = request.ids.split_at(request.ids.len().min(BATCH));
        let wanted = request.maxrec > 0;
        let mut shown = Vec::new();
        if wanted && !first.is_empty() {
            shown = self.links(first, base).await;
        }
        let services = match request.ids.len() {
            0..=FEW if wanted => soda::each(&mut shown, &self.0.parts.settings.cutout, base),
            _ => soda::all(&self.0.parts.settings.cutout, base),
        };
        let (feed, rows) = Rows::made(columns::wires());
        if wanted {
            let (service, base, rest) = (self.clone(), base.to_owned(), rest.to_vec());
            tokio::spawn(async move { service.feed(feed, shown, &rest, &base).await });
        }
        let table = self.table(&request, wanted.then_some(rows), services);
        let stream = Stream::open(table, request.format.layout).await;
        Ok(Response {
            stream: stream.map_err(|error| Fault::fatal(&error))?,
            format: request.format,
        })
    }

    /// Gives the links found already, and then those of the rest.
    async fn feed(&self, feed: Feed, first: Vec<Link>, rest: &[String], base: &str) {
        let mut more = feed.send(columns::batch(&first)).await;
        for ids in rest.chunks(BATCH) {
            if !more {
                return;
            }
            let links = self.links(ids, base).await;
            more = feed.send(columns::batch(&links)).await;
        }
        feed.end().await;
    }

    fn read(&self, params: &Params) -> Result<Request, Fault> {
        let mut seen = HashSet::new();
        let all = params.all("ID").filter(|id| !id.is_empty());
        let mut ids: Vec<String> = all
            .filter(|id| seen.insert(*id))
            .map(str::to_owned)
            .collect();
        let cut = ids.len() > self.0.parts.settings.ids;
        ids.truncate(self.0.parts.settings.ids);
        let hard = self.0.parts.limits.maxrec_hard;
        let version = VotableVersion::from_params(params)?;
        Ok(Request {
            ids,
            cut,
            maxrec: dali::maxrec(params)?.map_or(hard, |rows| rows.min(hard)),
            format: format(params, version)?,
            version: version.unwrap_or(self.0.parts.votable),
        })
    }

    fn table(&self, request: &Request, rows: Option<Rows>, services: Vec<Descriptor>) -> Table {
        let limits = &self.0.parts.limits;
        let (rows_most, ids) = (request.maxrec, self.0.parts.settings.ids);
        let limit = |name, advice: String| Limit { name, advice };
        let mut columns = columns();
        // An identifier comes back as it was asked for, whatever it holds.
        if let Some(id) = columns.first_mut() {
            id.unicode = !request.ids.iter().all(|id| id.is_ascii());
        }
        let links = Links {
            access: None,
            identifier: Identifier::of(&columns, 0),
        };
        Table {
            columns,
            rows,
            maxrec: rows_most,
            maxrec_limit: limit(
                "MAXREC",
                format!(
                    "No dataset has a part of its links; all fit in {rows_most} rows of fewer."
                ),
            ),
            bytes: limits.answer_bytes,
            bytes_limit: limit("answer_bytes", "Ask for fewer datasets.".to_owned()),
            // Section 3.3.1.
            infos: vec![("standardID".to_owned(), STANDARD.to_owned())],
            version: request.version,
            address: None,
            services,
            links,
            whole: Some(0),
            cut: request.cut.then(|| {
                let advice =
                    format!("Links of {ids} datasets are given at once; ask again for others.");
                limit("datalink.ids", advice)
            }),
            scratch: self.0.parts.scratch.clone(),
        }
    }
}

/// VOTable is in TABLEDATA unless another serialisation is asked for by name
/// (sections 2.1.2 and 3.3.1).
fn format(params: &Params, version: Option<VotableVersion>) -> Result<Format, Fault> {
    let layout = Layout::Votable(Serialization::Tabledata);
    let asked = params.single("RESPONSEFORMAT")?.map(str::trim);
    let Some(asked) = asked.filter(|text| !text.is_empty()) else {
        return Ok(Format {
            layout,
            media_type: MEDIA_TYPE.to_owned(),
        });
    };
    let lower = asked.to_lowercase();
    let name = lower.split(';').next().unwrap_or_default().trim();
    let plain = matches!(
        name,
        "votable" | "application/x-votable+xml" | "application/x-votable xml" | "text/xml"
    );
    if plain && !lower.contains("serialization") {
        let media_type = match version {
            Some(version) => format!("{MEDIA_TYPE};version={}", version.name()),
            None if name == "text/xml" => name.to_owned(),
            None => MEDIA_TYPE.to_owned(),
        };
        return Ok(Format { layout, media_type });
    }
    Ok(Format::parse(asked)?)
}
