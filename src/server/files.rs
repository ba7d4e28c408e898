//! `/files`: the files that links lead to, named by their datasets.

use std::io;

use actix_web::body::SizedStream;
use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use tokio::sync::mpsc;

use super::State;
use super::download::{self, Download};
use super::streamed::LIFELESS;
use crate::dali::{Params, encoded};
use crate::datalink::{FileFault, Given};
use crate::files::{Content, Found, Here, Member};

/// Bytes unpacked at once, and pieces that wait for a slow client.
const PIECE: usize = 256 * 1024;
const AHEAD: usize = 4;

/// `/files?ID=…`: the file of the dataset with an identifier of any form.
pub async fn by_id(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let mut params = Params::default();
    params.add_encoded(request.query_string().as_bytes());
    match params.single("ID") {
        Ok(Some(id)) if !id.is_empty() => answer(&request, &state, id, None).await,
        Ok(_) => refusal(&FileFault {
            status: 400,
            message: "parameter ID is missing; it names a dataset".to_owned(),
        }),
        Err(error) => refusal(&FileFault {
            status: 400,
            message: error.to_string(),
        }),
    }
}

/// `/files/{repo}/{dataset}`.
pub async fn whole(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: Data<State>,
) -> HttpResponse {
    let (repo, dataset) = path.into_inner();
    answer(&request, &state, &id(&repo, &dataset), None).await
}

/// `/files/{repo}/{dataset}/{component}`.
pub async fn part(
    request: HttpRequest,
    path: Path<(String, String, String)>,
    state: Data<State>,
) -> HttpResponse {
    let (repo, dataset, component) = path.into_inner();
    answer(&request, &state, &id(&repo, &dataset), Some(component)).await
}

fn id(repo: &str, dataset: &str) -> String {
    format!("butler://{}/{}", encoded(repo), encoded(dataset))
}

async fn answer(
    request: &HttpRequest,
    state: &State,
    id: &str,
    part: Option<String>,
) -> HttpResponse {
    let service = state.datalink.clone();
    let id = id.to_owned();
    let opening = state
        .runtime
        .spawn(async move { service.file(&id, part.as_deref()).await });
    let Given { found, media_type } = match opening.await {
        Ok(Ok(given)) => given,
        Ok(Err(fault)) => return refusal(&fault),
        Err(_) => {
            return refusal(&FileFault {
                status: 500,
                message: "opening the file ended unexpectedly".to_owned(),
            });
        }
    };
    let here = match found {
        Found::Here(here) => *here,
        Found::Elsewhere { url, lasts } => {
            let mut response = HttpResponse::TemporaryRedirect();
            response.insert_header((header::LOCATION, url));
            let told = match lasts {
                // So that who follows it later still has time to.
                Some(lasts) => format!("private, max-age={}", lasts.as_secs() * 9 / 10),
                None => "no-cache".to_owned(),
            };
            response.insert_header((header::CACHE_CONTROL, told));
            return response.finish();
        }
    };
    given(request, state, here, media_type).await
}

async fn given(
    request: &HttpRequest,
    state: &State,
    here: Here,
    media_type: String,
) -> HttpResponse {
    let disposition = disposition(&here.name, &media_type);
    let mut download = Download {
        size: here.size,
        start: 0,
        tag: here.tag,
        modified: here.modified,
        media_type,
        disposition,
        // Nothing in a file may act as a page of ours.
        header: Some(LIFELESS),
    };
    match here.content {
        Content::Plain(file, start) => {
            download.start = start;
            let file = tokio::fs::File::from_std(file);
            download::give(request, file, download)
                .await
                .unwrap_or_else(|error| {
                    tracing::warn!(%error, "a file of a dataset cannot be read");
                    refusal(&FileFault {
                        status: 503,
                        message: "the file cannot be read at the moment; try again later"
                            .to_owned(),
                    })
                })
        }
        Content::Packed(member) => {
            let size = download.size;
            match download.begun(request) {
                Err(response) => *response,
                Ok(mut response) => {
                    response.insert_header((header::ACCEPT_RANGES, "none"));
                    // The length is told, and nothing unpacked for that.
                    let pieces = (*request.method() != Method::HEAD)
                        .then(|| unpacked(&state.runtime, member));
                    let pieces = stream::iter(pieces);
                    use futures_util::StreamExt;
                    response.body(SizedStream::new(size, pieces.flatten()))
                }
            }
        }
    }
}

fn unpacked(
    runtime: &tokio::runtime::Handle,
    member: Member,
) -> impl stream::Stream<Item = io::Result<Bytes>> + use<> {
    let (sender, mut pieces) = mpsc::channel(AHEAD);
    runtime.spawn_blocking(move || {
        let take = |piece: Vec<u8>| sender.blocking_send(Ok(Bytes::from(piece))).is_ok();
        if let Err(error) = member.unpack(PIECE, take) {
            tracing::warn!(%error, "a member of a zip cannot be unpacked");
            // If nobody listens, nobody needs to know.
            let _ = sender.blocking_send(Err(error));
        }
    });
    stream::poll_fn(move |context| pieces.poll_recv(context))
}

/// RFC 6266: a name for every reader, and the true one where it needs more.
fn disposition(name: &str, media_type: &str) -> String {
    let shown = media_type.starts_with("image/png") || media_type.starts_with("image/jpeg");
    let kind = if shown { "inline" } else { "attachment" };
    let safe = |c: char| c.is_ascii_alphanumeric() || " ._-+=,()".contains(c);
    let plain: String = name
        .chars()
        .map(|c| if safe(c) { c } else { '_' })
        .collect();
    match plain == name {
        true => format!("{kind}; filename=\"{plain}\""),
        false => format!(
            "{kind}; filename=\"{plain}\"; filename*=UTF-8''{}",
            encoded(name)
        ),
    }
}

fn refusal(fault: &FileFault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type("text/plain;charset=utf-8")
        .body(format!("{}\n", fault.message))
}
