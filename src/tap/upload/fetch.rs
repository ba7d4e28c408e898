//! Tables that lie elsewhere, brought here over HTTP (RFC 9110).
//!
//! Whoever names an address must not reach through us what only we can reach.
//! So a name is resolved here, what it resolves to is checked, and the
//! connection is made to what was checked; a redirect goes the same way again.

use std::fs::File;
use std::io::{Seek, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::content::Content;
use super::{address, too_large};
use crate::config::Uploads;
use crate::tap::Fault;

/// What we say we are, with the purpose that the note on user agents of the
/// VO asks for.
const AGENT: &str = concat!("obstap/", env!("CARGO_PKG_VERSION"), " (IVOA-copy)");
const ACCEPTED: &str = "application/x-votable+xml, application/fits, text/csv, */*;q=0.5";

#[derive(Clone, Debug)]
pub(super) struct Fetcher {
    limits: Uploads,
}

impl Fetcher {
    pub fn new(limits: &Uploads) -> Fetcher {
        Fetcher {
            limits: limits.clone(),
        }
    }

    /// Whether the address may be asked, as far as its text tells.
    ///
    /// # Errors
    /// Where tables are not fetched at all, and what is no address or one
    /// that is not allowed.
    pub fn check(&self, table: &str, url: &str) -> Result<Url, Fault> {
        if !self.limits.fetches() {
            return Err(Fault::usage(format!(
                "UPLOAD says that table {table} is at an address, and this service fetches none; send \
                 the table along as a part of the request: UPLOAD={table},param:part"
            )));
        }
        let wrong = || {
            Fault::usage(format!(
                "table {table} cannot be fetched: {url} is no address"
            ))
        };
        let url = Url::parse(url).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong());
        }
        Ok(url)
    }

    /// Brings the table at `url`, of `most` bytes at most.
    ///
    /// # Errors
    /// An address that is not allowed, a server that does not give it, and
    /// what is larger or slower than may be.
    pub async fn fetch(
        &self,
        table: &str,
        url: &str,
        most: u64,
        scratch: &Path,
    ) -> Result<Content, Fault> {
        let url = self.check(table, url)?;
        let time = self.limits.time;
        let work = async {
            let response = self.follow(table, url).await?;
            self.keep(table, response, most, scratch).await
        };
        match tokio::time::timeout(time, work).await {
            Ok(done) => done,
            Err(_) => Err(Fault::usage(format!(
                "table {table} could not be fetched within {} s, the most it may take; send it along \
                 as a part of the request",
                time.as_secs()
            ))),
        }
    }

    async fn follow(&self, table: &str, mut url: Url) -> Result<Response, Fault> {
        for _ in 0..=self.limits.redirects {
            let response = self.ask(table, &url).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let location = response.headers().get(LOCATION);
            let Some(location) = location.filter(|_| status.is_redirection()) else {
                return Err(Fault::usage(format!(
                    "table {table} cannot be fetched: the server answers {} for {url}",
                    status.as_u16()
                )));
            };
            let next = location.to_str().ok().and_then(|to| url.join(to).ok());
            let next = next.ok_or_else(|| {
                Fault::usage(format!(
                    "table {table} cannot be fetched: {url} leads to what is no address"
                ))
            })?;
            url = self.check(table, next.as_str())?;
        }
        Err(Fault::usage(format!(
            "table {table} cannot be fetched: its address leads elsewhere more than {} times",
            self.limits.redirects
        )))
    }

    /// One request to one server, at an address that was checked.
    async fn ask(&self, table: &str, url: &Url) -> Result<Response, Fault> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let unknown = || {
            Fault::usage(format!(
                "table {table} cannot be fetched: there is no host {host}"
            ))
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => {
                let found = tokio::net::lookup_host((bare, port)).await;
                found.map_err(|_| unknown())?.collect()
            }
        };
        if addresses.is_empty() {
            return Err(unknown());
        }
        let allowed = |it: &SocketAddr| address::is_allowed(&self.limits, bare, it.ip(), port);
        let addresses: Vec<SocketAddr> = addresses.into_iter().filter(allowed).collect();
        if addresses.is_empty() {
            tracing::info!(table, %url, "an upload is refused for its address");
            return Err(Fault::usage(format!(
                "table {table} cannot be fetched: {host} is not a host that this service may ask for \
                 tables; send the table along as a part of the request"
            )));
        }
        let failed = |error: reqwest::Error| {
            tracing::debug!(table, %url, ?error, "an upload cannot be fetched");
            Fault::usage(match error.is_connect() {
                true => {
                    format!("table {table} cannot be fetched: there is no connection to {host}")
                }
                false => format!("table {table} cannot be fetched: {host} gives no answer"),
            })
        };
        // Done before; whoever comes second finds it done.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(AGENT)
            // Names are looked up nowhere else.
            .resolve_to_addrs(bare, &addresses)
            .build()
            .map_err(|error| Fault::ours(format!("no tables can be fetched: {error}")))?;
        let request = client.get(url.clone()).header(ACCEPT, ACCEPTED);
        request.send().await.map_err(failed)
    }

    async fn keep(
        &self,
        table: &str,
        mut response: Response,
        most: u64,
        scratch: &Path,
    ) -> Result<Content, Fault> {
        let unkept = |error: std::io::Error| {
            tracing::error!(%error, "an upload cannot be kept");
            Fault::ours(format!(
                "the service has no room for the uploaded table {table}"
            ))
        };
        let mut file: File = tempfile::tempfile_in(scratch).map_err(unkept)?;
        let mut bytes = 0u64;
        loop {
            let chunk = response.chunk().await.map_err(|_| {
                Fault::usage(format!(
                    "table {table} cannot be fetched: its server broke off after {bytes} bytes"
                ))
            })?;
            let Some(chunk) = chunk else { break };
            bytes += chunk.len() as u64;
            if bytes > most {
                return Err(too_large(table, self.limits.bytes));
            }
            file.write_all(&chunk).map_err(unkept)?;
        }
        file.rewind().map_err(unkept)?;
        let media_type = response.headers().get(CONTENT_TYPE);
        let media_type = media_type.and_then(|text| text.to_str().ok());
        Ok(Content::new(file, media_type))
    }
}
