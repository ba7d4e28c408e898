//! `/soda/sync`: a part of an image, as it is cut (SODA 1.0 section 2.1).

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::stream;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::around::{Notes, RequestId};
use super::documents::{base, tagged};
use super::{State, body};
use crate::soda::{self, Cutout, Fault, Request, Word};
use crate::{config, tap, vosi};

mod files;

use files::Roots;

/// Bytes that are passed on at once, and how often that before a slow client
/// has taken them.
const CHUNK: usize = 256 * 1024;
const AHEAD: usize = 4;
/// How long a request waits for its turn, and a piece of the answer for the
/// client to take it.
const PATIENCE: Duration = Duration::from_secs(30);
const TAKING: Duration = Duration::from_secs(60);

/// What cut-outs are made of, and by how many at once.
pub struct Cutouts {
    roots: Roots,
    places: Arc<Semaphore>,
}

impl Cutouts {
    pub fn new(settings: &config::Soda) -> Cutouts {
        Cutouts {
            roots: Roots::new(settings.roots.clone()),
            places: Arc::new(Semaphore::new(settings.concurrent)),
        }
    }
}

pub async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let notes: Notes = request.extensions().get().cloned().unwrap_or_default();
    match answered(&request, payload, &state).await {
        Ok(response) => response,
        Err(fault) => {
            let ours = matches!(fault.word, Word::Error | Word::ServiceUnavailable);
            notes.note(|it| it.failure = Some(if ours { "internal" } else { "request" }));
            refusal(&fault)
        }
    }
}

async fn answered(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
) -> Result<HttpResponse, Fault> {
    let room = body::Room::of(&state.service, None);
    let (params, _) = body::read(request, payload, &room).await.map_err(told)?;
    let asked = Request::read(&params)?;
    let name = file_name(&asked.id);
    let place = in_turn(&state.cutouts).await?;
    // The one line to change for files that are found in another way.
    let file = files::find(state, &asked.id).await?;
    let (head, headed) = oneshot::channel();
    let (sender, mut chunks) = mpsc::channel(AHEAD);
    let channel = Channel {
        sender,
        runtime: state.runtime.clone(),
    };
    state
        .runtime
        .spawn_blocking(move || cut(&asked, file, place, head, channel));
    let length = match headed.await {
        Ok(Ok(Some(length))) => length,
        Ok(Ok(None)) => return Ok(HttpResponse::NoContent().finish()),
        Ok(Err(fault)) => return Err(fault),
        Err(_) => return Err(Fault::broken("making the cut-out ended unexpectedly")),
    };
    let chunks = stream::poll_fn(move |context| chunks.poll_recv(context));
    Ok(HttpResponse::Ok()
        .content_type(soda::MEDIA_TYPE)
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .body(SizedStream::new(length, chunks)))
}

async fn in_turn(cutouts: &Cutouts) -> Result<OwnedSemaphorePermit, Fault> {
    let place = cutouts.places.clone().acquire_owned();
    match actix_web::rt::time::timeout(PATIENCE, place).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Fault::busy(
            "as many cut-outs are being made as this service makes at once; try again later",
        )),
    }
}

/// What the service says of itself.
pub async fn capabilities(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let document = vosi::soda::write(&base(&request, &state));
    tagged(&request, vosi::MEDIA_TYPE, document)
}

type Head = oneshot::Sender<Result<Option<u64>, Fault>>;

/// The part that waits for the disk. Ends early when nobody listens.
fn cut(
    asked: &Request,
    file: std::fs::File,
    place: OwnedSemaphorePermit,
    head: Head,
    channel: Channel,
) {
    let _place = place;
    let found = soda::unpacked(file).and_then(|file| match &asked.region {
        Some(region) => Cutout::new(file, region, &asked.notes),
        None => Cutout::whole(file).map(Some),
    });
    let cutout = match found {
        Ok(Some(cutout)) => cutout,
        other => {
            // If nobody listens, nobody needs to know.
            let _ = head.send(other.map(|_| None));
            return;
        }
    };
    if head.send(Ok(Some(cutout.bytes()))).is_err() {
        return;
    }
    let mut out = BufWriter::with_capacity(CHUNK, &channel);
    let written = cutout.write(&mut out).and_then(|()| out.flush());
    // What is left would be sent when it is dropped.
    drop(out.into_parts());
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        tracing::error!(%error, "a cut-out was broken off");
        channel.send(Err(io::Error::other("the cut-out cannot be finished")));
    }
}

/// To whoever waits for the answer.
struct Channel {
    sender: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
}

impl Channel {
    /// False when the client is gone, or takes nothing.
    fn send(&self, piece: io::Result<Bytes>) -> bool {
        let sending = async { tokio::time::timeout(TAKING, self.sender.send(piece)).await };
        matches!(self.runtime.block_on(sending), Ok(Ok(())))
    }
}

impl Write for &Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.send(Ok(Bytes::copy_from_slice(bytes))) {
            true => Ok(bytes.len()),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The end of an ID, as far as it can stand in a name.
fn file_name(id: &str) -> String {
    let last = id.rsplit(['/', '?', '=']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .take(80)
        .collect();
    let plain = plain.trim_matches('.');
    let plain = plain.strip_suffix(".fits").unwrap_or(plain);
    match plain {
        "" => "cutout.fits".to_owned(),
        plain => format!("{plain}_cutout.fits"),
    }
}

/// What is wrong with a request, or with us, in the words of SODA.
fn told(fault: tap::Fault) -> Fault {
    let id = RequestId::current().map_or_else(String::new, |id| id.0);
    let fault = fault.logged(&id);
    let message = fault.message();
    match fault.status() {
        503 | 504 => Fault::busy(message),
        500.. => Fault::broken(message),
        status => Fault {
            status,
            ..Fault::usage(message)
        },
    }
}

/// SODA 1.0 section 5.2: plain text that begins with a word.
fn refusal(fault: &Fault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((header::RETRY_AFTER, "5"));
    }
    response
        .content_type("text/plain;charset=utf-8")
        .body(format!("{fault}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_the_dataset() {
        fn check(id: &str, expected: &str) {
            assert_eq!(file_name(id), expected, "{id}");
        }
        check("ivo://example.org/obs?calexp-1", "calexp-1_cutout.fits");
        check("ivo://x?a=b.fits", "b_cutout.fits");
        check("..\"\r\nx", "x_cutout.fits");
        check("é/", "cutout.fits");
    }
}
