//! `/tap/sync`: one query, and its answer as it comes (TAP 1.1 section 2.2).

use std::io;
use std::time::Instant;

use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::stream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::around::RequestId;
use super::{State, body};
use crate::dali::Params;
use crate::output::{Chunk, Summary, error_document};
use crate::tap::{Fault, Service};

/// Chunks that may wait for a slow client.
const AHEAD: usize = 4;

type Sender = mpsc::Sender<io::Result<Bytes>>;

pub async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.0.clone());
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .map(str::to_owned);
    let refuse = |fault: Fault| refusal(&fault.logged(&id), accept.as_deref());
    let params = match body::params(&request, payload, state.service.limits.body_bytes).await {
        Ok(params) => params,
        Err(fault) => return refuse(fault),
    };
    let (head, headed) = oneshot::channel();
    let (sender, mut chunks) = mpsc::channel(AHEAD);
    let task = state.runtime.spawn(run(
        state.service.clone(),
        params,
        accept.clone(),
        id.clone(),
        head,
        sender,
    ));
    // Lives as long as somebody waits: first here, then in the body.
    let waited_for = WaitedFor(task.abort_handle());
    match headed.await {
        Ok(Ok(media_type)) => {
            HttpResponse::Ok()
                .content_type(media_type)
                .streaming(stream::poll_fn(move |context| {
                    let _ = &waited_for;
                    chunks.poll_recv(context)
                }))
        }
        Ok(Err(fault)) => refuse(fault),
        Err(_) => refuse(Fault::ours("answering the query ended unexpectedly")),
    }
}

/// The part that runs where the database is.
async fn run(
    service: Service,
    params: Params,
    accept: Option<String>,
    id: String,
    head: oneshot::Sender<Result<String, Fault>>,
    sender: Sender,
) {
    let mut told = Told::new(id);
    let limits = service.at_once();
    let responding = service.respond(&params, accept.as_deref(), limits);
    let (format, mut answer) = match responding.await {
        Ok(answer) => answer,
        Err(fault) => {
            told.done = true;
            // If nobody listens, nobody needs to know.
            let _ = head.send(Err(fault));
            return;
        }
    };
    if head.send(Ok(format.media_type)).is_err() {
        return;
    }
    loop {
        match answer.next().await {
            Chunk::Bytes(bytes) => {
                if sender.send(Ok(bytes)).await.is_err() {
                    return;
                }
            }
            Chunk::End => break,
            Chunk::Broken => {
                let _ = sender
                    .send(Err(io::Error::other("the answer cannot be finished")))
                    .await;
                break;
            }
        }
    }
    told.finished(answer.summary());
}

/// Stops the query when whoever waited for it is gone.
struct WaitedFor(AbortHandle);

impl Drop for WaitedFor {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The log's line about an answer, however it ends.
struct Told {
    id: String,
    started: Instant,
    done: bool,
}

impl Told {
    fn new(id: String) -> Told {
        Told {
            id,
            started: Instant::now(),
            done: false,
        }
    }

    fn finished(&mut self, summary: &Summary) {
        self.done = true;
        let Summary {
            rows,
            bytes,
            overflow,
            failure,
        } = summary;
        let milliseconds = self.started.elapsed().as_millis() as u64;
        match failure {
            None => tracing::info!(
                id = self.id,
                rows,
                bytes,
                overflow,
                milliseconds,
                "answered"
            ),
            Some(error) => {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(
                    id = self.id,
                    rows,
                    bytes,
                    milliseconds,
                    cause,
                    "answer failed half-way: {error}"
                );
            }
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if !self.done {
            let milliseconds = self.started.elapsed().as_millis() as u64;
            tracing::info!(id = self.id, milliseconds, "the client left; query stopped");
        }
    }
}

/// A VOTable that says why (DALI 1.1 section 4.2); as `text/xml` to browsers,
/// which show that and offer to save the other.
fn refusal(fault: &Fault, accept: Option<&str>) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let browser = accept.is_some_and(|accept| accept.contains("text/html"));
    HttpResponse::build(status)
        .content_type(if browser {
            "text/xml;charset=utf-8"
        } else {
            "application/x-votable+xml"
        })
        .body(error_document(fault.message()))
}
