//! Around every request: its identifier, its line in the log, its counts, and
//! the headers that let pages of other sites ask us (CORS,
//! <https://fetch.spec.whatwg.org/>).

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpResponse};

use super::metrics::Metrics;
use super::{State, url};

const PROGRAM: &str = concat!("obstap/", env!("CARGO_PKG_VERSION"));

/// Headers of ours that a page of another site may read.
const EXPOSED: &str = "Accept-Ranges, Allow, Content-Disposition, Content-Encoding, Content-Length, Content-Range, \
                       ETag, Location, Retry-After, X-Request-Id";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Names one request in the log and in messages.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl RequestId {
    /// As a proxy before us named it, if that name is a plain one.
    fn of(headers: &HeaderMap) -> RequestId {
        let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
        match given {
            Some(id) if (1..=64).contains(&id.len()) && id.bytes().all(plain) => {
                RequestId(id.to_owned())
            }
            _ => RequestId::next(),
        }
    }

    /// Unique in this process, and most likely among others.
    fn next() -> RequestId {
        static START: LazyLock<u64> = LazyLock::new(|| {
            let since = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            since.as_secs() & 0xffff_ffff
        });
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        RequestId(format!("{:x}-{number}", *START))
    }

    /// That of the request being answered.
    pub fn current() -> Option<RequestId> {
        CURRENT.try_with(Clone::clone).ok()
    }
}

/// What whoever answers a request adds to its line in the log.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<Noted>>);

#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// Rows of an answer.
    pub rows: Option<u64>,
    /// The limit that cut the answer off.
    pub limit: Option<&'static str>,
    /// Why a query failed, in a word.
    pub failure: Option<&'static str>,
}

impl Notes {
    pub fn note(&self, with: impl FnOnce(&mut Noted)) {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn noted(&self) -> Noted {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.clone()
    }
}

pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::of(request.headers());
    let notes = Notes::default();
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(notes.clone());
    let state = request.app_data::<Data<State>>().cloned();
    let origin = request.headers().get(header::ORIGIN).cloned();
    // From here on the line is written, whatever becomes of the request.
    let mut line = Line::new(&request, &id, notes, state.as_ref());
    let refused = state
        .as_ref()
        .is_some_and(|state| is_strange(&request, state));
    let mut response = match refused {
        true => request.into_response(HttpResponse::Forbidden().body(STRANGE)),
        false => {
            let response = CURRENT.scope(id.clone(), next.call(request)).await?;
            response.map_into_boxed_body()
        }
    };
    line.status = Some(response.status().as_u16());
    let route = response.request().match_pattern();
    line.route = route.unwrap_or_else(|| "other".to_owned());
    let headers = response.headers_mut();
    let sites = state.as_ref().and_then(|state| state.origins.as_deref());
    allow(headers, origin, sites);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::SERVER, HeaderValue::from_static(PROGRAM));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    Ok(response.map_body(|_, body| {
        line.size = body.size();
        BoxBody::new(Counted { body, line })
    }))
}

const STRANGE: &str = "pages of other sites may not change anything here; the setting \
                       cors_origins names those that may\n";

/// Whether a page of a site that is not on the list wants something changed. A
/// browser sends forms of any site without asking first (the Fetch standard), so
/// that what may not be read has to be refused as well.
fn is_strange(request: &ServiceRequest, state: &State) -> bool {
    let Some(sites) = state.origins.as_deref() else {
        return false;
    };
    let changes = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let origin = request.headers().get(header::ORIGIN);
    let Some(origin) = origin.filter(|_| changes) else {
        return false;
    };
    let origin = origin.to_str().unwrap_or_default();
    let base = url::base(request.request(), state.base_url.as_deref());
    let ours = base.strip_prefix(origin);
    let is_ours = ours.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    !is_ours && !sites.iter().any(|site| site.eq_ignore_ascii_case(origin))
}

/// Lets pages of other sites read the answer: of any where `sites` is `None`.
fn allow(headers: &mut HeaderMap, origin: Option<HeaderValue>, sites: Option<&[String]>) {
    let allowed = match sites {
        None => HeaderValue::from_static("*"),
        Some(sites) => {
            // The answer is another for another site.
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
            let is_one = |origin: &HeaderValue| {
                let origin = origin.to_str().unwrap_or_default();
                sites.iter().any(|site| site.eq_ignore_ascii_case(origin))
            };
            match origin.filter(is_one) {
                Some(origin) => origin,
                None => return,
            }
        }
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
}

/// The log's line about a request, written when it is over.
struct Line {
    started: Instant,
    id: String,
    method: Method,
    path: String,
    client: Option<String>,
    agent: Option<String>,
    notes: Notes,
    metrics: Option<Arc<Metrics>>,
    /// As it is described, with its variable parts.
    route: String,
    /// `None` until there is one.
    status: Option<u16>,
    size: BodySize,
    sent: u64,
    /// The body has been asked for more than it had.
    ended: bool,
}

impl Line {
    fn new(
        request: &ServiceRequest,
        id: &RequestId,
        notes: Notes,
        state: Option<&Data<State>>,
    ) -> Line {
        let agent = request.headers().get(header::USER_AGENT);
        let connection = request.connection_info();
        let client = connection.realip_remote_addr();
        Line {
            started: Instant::now(),
            id: id.0.clone(),
            method: request.method().clone(),
            path: request.path().to_owned(),
            client: client.map(|client| client.chars().take(64).collect()),
            agent: agent
                .and_then(|agent| agent.to_str().ok())
                .map(str::to_owned),
            notes,
            metrics: state.map(|state| state.metrics.clone()),
            route: "other".to_owned(),
            status: None,
            size: BodySize::None,
            sent: 0,
            ended: false,
        }
    }

    fn is_whole(&self) -> bool {
        let all = match self.size {
            BodySize::None => true,
            BodySize::Sized(size) => self.sent >= size,
            BodySize::Stream => self.ended,
        };
        self.status.is_some() && (all || self.method == Method::HEAD)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        let Noted {
            rows,
            limit,
            failure,
        } = self.notes.noted();
        let whole = self.is_whole();
        if let Some(metrics) = &self.metrics {
            let status = if whole { self.status } else { None };
            metrics.request(&self.route, status, elapsed, self.sent, rows, failure);
        }
        let Line {
            id,
            method,
            path,
            client,
            agent,
            status,
            sent,
            ..
        } = self;
        let milliseconds = elapsed.as_millis() as u64;
        // One line in both cases; the words of a line cannot be a variable.
        macro_rules! tell {
            ($($words:literal)?) => {
                tracing::info!(
                    id, %method, path, status, milliseconds, bytes = sent, rows, limit, failure,
                    client, agent, $($words)?
                )
            };
        }
        match (whole, failure) {
            (true, _) | (_, Some(_)) => tell!("request"),
            (false, None) => tell!("the client left; query stopped"),
        }
    }
}

/// A body that counts what is taken of it.
struct Counted {
    body: BoxBody,
    line: Line,
}

impl MessageBody for Counted {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        let next = Pin::new(&mut this.body).poll_next(context);
        match &next {
            Poll::Ready(Some(Ok(bytes))) => this.line.sent += bytes.len() as u64,
            Poll::Ready(None) => this.line.ended = true,
            _ => {}
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_identifiers_of_others_are_taken_over() {
        fn check(given: &str, taken: bool) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_str(given) {
                headers.insert(REQUEST_ID, value);
            }
            assert_eq!(RequestId::of(&headers).0 == given, taken, "{given}");
        }
        check("4bf92f35-77b3-4da6", true);
        check("a:b_c.1", true);
        check("", false);
        check("a b", false);
        check("<script>", false);
        check(&"x".repeat(65), false);
    }

    #[test]
    fn only_the_sites_of_the_list_may_read() {
        fn check(origin: Option<&'static str>, sites: Option<&[&str]>, expected: Option<&str>) {
            let mut headers = HeaderMap::new();
            let sites = sites.map(|sites| sites.iter().map(|&site| site.to_owned()).collect());
            let sites: Option<Vec<String>> = sites;
            allow(
                &mut headers,
                origin.map(HeaderValue::from_static),
                sites.as_deref(),
            );
            let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allowed.and_then(|it| it.to_str().ok()), expected);
            assert_eq!(headers.contains_key(header::VARY), sites.is_some());
        }
        check(None, None, Some("*"));
        check(Some("https://a.example"), None, Some("*"));
        let site = Some("https://a.example");
        check(
            site,
            Some(&["https://b.example", "https://a.example"]),
            site,
        );
        check(site, Some(&["https://b.example"]), None);
        check(site, Some(&[]), None);
        check(None, Some(&["https://b.example"]), None);
    }
}
