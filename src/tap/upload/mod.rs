//! Tables that a query brings along: read, described, and made ready to be
//! tables of its database connection.
//!
//! Standard: TAP 1.1, <https://www.ivoa.net/documents/TAP/20190927/>, section
//! 2.7.6 (UPLOAD) and DALI 1.1 section 3.4.5. A table `t` is TAP_UPLOAD.t to
//! the one query it came with. Formats beside VOTable are our own offer.
//! Left out: tables that outlive their query.
//!
//! Must not know: actix, which engine, SQL.

mod address;
mod content;
mod convert;
mod describe;
mod fetch;
mod guess;
mod position;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adql::Catalog;

use super::Fault;
use crate::config;
use crate::dali::{Parts, Place, Upload};
use crate::database::Temporary;
use content::Content;
use fetch::Fetcher;

/// The schema of tables that came with a query (TAP 1.1 section 2.7.6).
pub const SCHEMA: &str = "TAP_UPLOAD";

/// Columns of one table: what PostgreSQL can hold, with room for the columns of
/// the index.
const COLUMNS: usize = 1000;

/// How much larger a table may be than what was sent: compressed ones are.
const UNPACKED: u64 = 10;

/// Takes the tables of requests.
#[derive(Clone, Debug)]
pub struct Uploads {
    limits: config::Uploads,
    fetcher: Fetcher,
    /// A directory on disk for what is fetched.
    scratch: PathBuf,
}

/// What a query sees beside the published tables.
#[derive(Debug, Default)]
pub struct Brought {
    pub tables: Vec<adql::catalog::Table>,
    pub temporaries: Vec<Temporary>,
}

impl Uploads {
    pub fn new(limits: config::Uploads, scratch: &Path) -> Uploads {
        Uploads {
            fetcher: Fetcher::new(&limits),
            limits,
            scratch: scratch.to_owned(),
        }
    }

    pub fn limits(&self) -> &config::Uploads {
        &self.limits
    }

    /// Whether these can be brought at all, as far as that can be told without
    /// reading them.
    ///
    /// # Errors
    /// Too many, one that the request lacks, an address where none is taken.
    pub fn check(&self, uploads: &[Upload], parts: &Parts) -> Result<(), Fault> {
        let most = self.limits.tables;
        if !uploads.is_empty() && most == 0 {
            return Err(Fault::usage(
                "this service takes no uploaded tables; send the query without UPLOAD",
            ));
        }
        if uploads.len() > most {
            return Err(Fault::usage(format!(
                "the request brings {} tables, and this service takes {most} with a query; join some \
                 of them before, or send several queries",
                uploads.len()
            )));
        }
        for upload in uploads {
            match &upload.place {
                Place::Part(name) if parts.find(name).is_none() => {
                    return Err(missing(upload, name, parts));
                }
                Place::Url(url) => drop(self.fetcher.check(&upload.name, url)?),
                Place::Part(_) => {}
            }
        }
        Ok(())
    }

    /// Fetches and opens all of them.
    ///
    /// # Errors
    /// As [`Uploads::check`], and what cannot be fetched or read.
    pub async fn bring(&self, uploads: &[Upload], parts: &Parts) -> Result<Brought, Fault> {
        self.check(uploads, parts)?;
        let mut brought = Brought::default();
        // What is left of the bytes of one request.
        let mut left = self.limits.bytes;
        for (number, upload) in uploads.iter().enumerate() {
            let content = match &upload.place {
                Place::Part(name) => {
                    let part = parts.find(name);
                    Content::of(part.ok_or_else(|| missing(upload, name, parts))?)
                }
                Place::Url(url) => {
                    let fetched = self.fetcher.fetch(&upload.name, url, left, &self.scratch);
                    fetched.await?
                }
            };
            left = left
                .checked_sub(content.bytes().map_err(unreadable)?)
                .ok_or_else(|| too_large(&upload.name, self.limits.bytes))?;
            let (limits, name) = (self.limits.clone(), upload.name.clone());
            let open = move || describe::open(&name, content, number + 1, &limits);
            let opened = tokio::task::spawn_blocking(open).await;
            let (table, temporary) = opened
                .map_err(|_| Fault::ours("reading an uploaded table ended unexpectedly"))??;
            brought.tables.push(table);
            brought.temporaries.push(temporary);
        }
        Ok(brought)
    }
}

impl Brought {
    /// The published tables and these.
    pub fn catalog(&mut self, published: &Arc<Catalog>) -> Arc<Catalog> {
        if self.tables.is_empty() {
            return published.clone();
        }
        let mut catalog = published.as_ref().clone();
        for table in self.tables.drain(..) {
            catalog.add(table);
        }
        Arc::new(catalog)
    }
}

fn missing(upload: &Upload, part: &str, parts: &Parts) -> Fault {
    let there: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    let there = match there.is_empty() {
        true => "it has no file at all; POST it as multipart/form-data".to_owned(),
        false => format!("it has {}", there.join(", ")),
    };
    Fault::usage(format!(
        "UPLOAD says that table {} is in the part \"{part}\" of the request, which is not there; {there}",
        upload.name
    ))
}

fn too_large(table: &str, bytes: u64) -> Fault {
    Fault::too_much(format!(
        "the uploaded table {table} is too large: all tables of a request are {bytes} bytes together \
         at most, as they are sent; send it compressed with gzip, leave away columns that the query \
         does not need, or send it in several queries"
    ))
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::ours(format!("an uploaded table cannot be read again: {error}"))
}
