//! One query, and its answer as it comes: `/tap/sync` (TAP 1.1 section 2.1),
//! `/sia/query` (SIA 2.0 section 2.1) and `/scs`.

use std::io;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::stream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::around::{Notes, RequestId};
use super::encoding::{Compressor, Encoding};
use super::protocol::{Around, Manner, Protocol};
use super::{State, body, url};
use crate::dali::{Format, Layout, Params, Parts, Serialization};
use crate::database::Limits;
use crate::output::{Chunk, Stream, Summary};
use crate::tap::{Fault, Response, Service};

/// Chunks that may wait for a slow client.
const AHEAD: usize = 4;

/// Nothing that an answer contains may act on its page.
pub const LIFELESS: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
);

type Sender = mpsc::Sender<io::Result<Bytes>>;

pub async fn tap(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    answer(Protocol::Tap, request, payload, state).await
}

pub async fn sia(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let base = url::base(&request, state.base_url.as_deref());
    let protocol = Protocol::Sia(format!("{base}/sia/query"));
    answer(protocol, request, payload, state).await
}

pub async fn scs(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    answer(Protocol::Scs, request, payload, state).await
}

async fn answer(
    protocol: Protocol,
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let id = RequestId::current().map_or_else(String::new, |id| id.0);
    let notes: Notes = request.extensions().get().cloned().unwrap_or_default();
    let said = |name| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let accept = said(header::ACCEPT);
    let encoding = Encoding::accepted(said(header::ACCEPT_ENCODING).as_deref());
    let room = body::Room::of(&state.service, None);
    let (params, parts) = match body::read(&request, payload, &room).await {
        Ok(body) => body,
        Err(fault) => {
            notes.note(|it| it.failure = Some(fault.cause()));
            let fault = fault.logged(&id);
            return protocol.refusal(&fault, &Manner::Votable, accept.as_deref());
        }
    };
    let manner = protocol.manner(&params);
    let refuse = |fault: Fault| {
        notes.note(|it| it.failure = Some(fault.cause()));
        protocol.refusal(&fault.logged(&id), &manner, accept.as_deref())
    };
    let (head, headed) = oneshot::channel();
    let (sender, mut chunks) = mpsc::channel(AHEAD);
    let asked = Asked {
        protocol: protocol.clone(),
        params,
        parts,
        accept: accept.clone(),
        encoding,
        client: url::client(&request),
        id: id.clone(),
        notes: notes.clone(),
    };
    let task = state
        .runtime
        .spawn(run(state.service.clone(), asked, head, sender));
    // Lives as long as somebody waits: first here, then in the body.
    let waited_for = WaitedFor(task.abort_handle());
    match headed.await {
        Ok(Ok(head)) => accepted(&head).streaming(stream::poll_fn(move |context| {
            let _ = &waited_for;
            chunks.poll_recv(context)
        })),
        Ok(Err(fault)) => refuse(fault),
        Err(_) => refuse(Fault::ours("answering the query ended unexpectedly")),
    }
}

/// What is known of an answer when it begins.
struct Head {
    format: Format,
    file: String,
    encoding: Encoding,
}

fn accepted(head: &Head) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type(head.format.media_type.as_str())
        .insert_header((header::CONTENT_DISPOSITION, disposition(head)))
        .insert_header((header::VARY, "Accept, Accept-Encoding"));
    if head.format.layout == Layout::Html {
        response.insert_header(LIFELESS);
    }
    if let Some(name) = head.encoding.name() {
        response.insert_header((header::CONTENT_ENCODING, name));
    }
    response
}

/// What a browser can show it should show.
fn disposition(head: &Head) -> String {
    let shown = match head.format.layout {
        Layout::Html | Layout::Json => true,
        Layout::Votable(Serialization::Tabledata) => head.format.media_type.ends_with("/xml"),
        _ => false,
    };
    let kind = if shown { "inline" } else { "attachment" };
    format!("{kind}; filename=\"{}\"", head.file)
}

/// What a request says and brings.
struct Asked {
    protocol: Protocol,
    params: Params,
    parts: Parts,
    accept: Option<String>,
    encoding: Encoding,
    client: String,
    id: String,
    notes: Notes,
}

impl Asked {
    async fn respond(&self, service: &Service, limits: Limits) -> Result<Response, Fault> {
        let around = Around {
            accept: self.accept.as_deref(),
            client: &self.client,
        };
        let Asked {
            protocol,
            params,
            parts,
            ..
        } = self;
        protocol
            .respond(service, params, parts, around, limits)
            .await
    }
}

/// The part that runs where the database is.
async fn run(
    service: Service,
    asked: Asked,
    head: oneshot::Sender<Result<Head, Fault>>,
    sender: Sender,
) {
    let limits = service.at_once();
    let Response {
        format,
        file,
        stream: mut answer,
        place: _place,
    } = match asked.respond(&service, limits).await {
        Ok(answer) => answer,
        Err(fault) => {
            // If nobody listens, nobody needs to know.
            let _ = head.send(Err(fault));
            return;
        }
    };
    // Parquet is compressed within.
    let encoding = match format.layout {
        Layout::Parquet => Encoding::Identity,
        _ => asked.encoding,
    };
    let begun = head.send(Ok(Head {
        format,
        file,
        encoding,
    }));
    if begun.is_err() {
        return;
    }
    if send(&mut answer, encoding, &sender).await {
        tell(&asked.id, &asked.notes, answer.summary());
    }
}

/// Sends the answer to its end, which may be a break; false if the client left.
async fn send(answer: &mut Stream, encoding: Encoding, sender: &Sender) -> bool {
    let broken = |_| io::Error::other("the answer cannot be finished");
    let mut compressor = match Compressor::new(encoding) {
        Ok(compressor) => compressor,
        Err(error) => return sender.send(Err(broken(error))).await.is_ok(),
    };
    loop {
        let chunk = match answer.next().await {
            Chunk::Bytes(bytes) => compressor.chunk(bytes).map_err(broken),
            Chunk::End => {
                let end = compressor.end().map_err(broken);
                let nothing = matches!(&end, Ok(bytes) if bytes.is_empty());
                return nothing || sender.send(end).await.is_ok();
            }
            Chunk::Broken => Err(io::Error::other("the answer cannot be finished")),
        };
        let over = chunk.is_err();
        if sender.send(chunk).await.is_err() {
            return false;
        }
        if over {
            return true;
        }
    }
}

/// Stops the query when whoever waited for it is gone.
struct WaitedFor(AbortHandle);

impl Drop for WaitedFor {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// For the line in the log, and the reason of a failure for the operator.
fn tell(id: &str, notes: &Notes, summary: &Summary) {
    let failure = summary.failure.as_ref();
    notes.note(|noted| {
        noted.rows = Some(summary.rows);
        noted.limit = summary.limit;
        noted.failure = failure.map(Fault::cause_of);
    });
    if let Some(error) = failure {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(id, cause, "answer failed half-way: {error}");
    }
}
