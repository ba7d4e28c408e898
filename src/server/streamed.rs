//! Answers that are sent as they are made, by work that is done where the
//! database is and stops when its client has left.

use std::any::Any;
use std::future::Future;
use std::io;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::stream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::State;
use super::around::{Notes, RequestId};
use super::encoding::{Compressor, Encoding};
use crate::dali::{Format, Layout, Serialization};
use crate::output::{Chunk, Stream, Summary};
use crate::tap::Fault;

/// Chunks that may wait for a slow client.
const AHEAD: usize = 4;

/// Nothing that an answer contains may act on its page.
pub const LIFELESS: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
);

type Sender = mpsc::Sender<io::Result<Bytes>>;

/// An answer that begins.
pub struct Answer<P> {
    pub format: Format,
    /// A name for it as a file.
    pub file: String,
    pub stream: Stream,
    /// Kept until the answer has been given.
    pub place: P,
}

/// Whoever is answered.
pub struct Listener {
    encoding: Encoding,
    id: String,
    notes: Notes,
    asked: Option<Asked>,
}

/// A query that operators see while it runs.
struct Asked {
    query: String,
    client: String,
}

/// Why there is no answer.
pub enum Refused<F> {
    Fault(F),
    /// An operator has stopped it.
    Stopped,
    /// An error of ours: the work ended without a word.
    Lost,
}

impl Listener {
    pub fn of(request: &HttpRequest, notes: &Notes) -> Listener {
        let accepted = request.headers().get(header::ACCEPT_ENCODING);
        Listener {
            encoding: Encoding::accepted(accepted.and_then(|it| it.to_str().ok())),
            id: RequestId::current().map_or_else(String::new, |id| id.0),
            notes: notes.clone(),
            asked: None,
        }
    }

    /// Operators see the query, and may stop it.
    pub fn watched(self, query: String, client: String) -> Listener {
        Listener {
            asked: Some(Asked { query, client }),
            ..self
        }
    }
}

/// Waits until the answer begins.
pub async fn answer<P: Any + Send, F: Send + 'static>(
    state: &State,
    mut listener: Listener,
    work: impl Future<Output = Result<Answer<P>, F>> + Send + 'static,
) -> Result<HttpResponse, Refused<F>> {
    let (head, headed) = oneshot::channel();
    let (sender, mut chunks) = mpsc::channel(AHEAD);
    let (asked, id) = (listener.asked.take(), listener.id.clone());
    let task = state.runtime.spawn(run(work, listener, head, sender));
    // Both live as long as somebody waits: first here, then in the body.
    let waited_for = WaitedFor(task.abort_handle());
    let watched = asked.map(|Asked { query, client }| {
        let abort = task.abort_handle();
        state.watch.begin(&id, &query, &client, abort)
    });
    match headed.await {
        Ok(Ok(head)) => Ok(accepted(&head).streaming(stream::poll_fn(move |context| {
            let _ = (&waited_for, &watched);
            chunks.poll_recv(context)
        }))),
        Ok(Err(fault)) => Err(Refused::Fault(fault)),
        Err(_) if watched.is_some_and(|watched| watched.is_stopped()) => Err(Refused::Stopped),
        Err(_) => Err(Refused::Lost),
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

/// The part that runs where the database is.
async fn run<P: Any + Send, F>(
    work: impl Future<Output = Result<Answer<P>, F>>,
    listener: Listener,
    head: oneshot::Sender<Result<Head, F>>,
    sender: Sender,
) {
    let Answer {
        format,
        file,
        mut stream,
        place: _place,
    } = match work.await {
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
        _ => listener.encoding,
    };
    let begun = head.send(Ok(Head {
        format,
        file,
        encoding,
    }));
    if begun.is_err() {
        return;
    }
    if send(&mut stream, encoding, &sender).await {
        tell(&listener.id, &listener.notes, stream.summary());
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
