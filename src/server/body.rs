//! The parameters of a request: query string, encoded body, multipart body.
//!
//! Parts of a multipart body that are files are written to disk as they come
//! (DALI 1.1 section 3.4.5); everything else is held in memory.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use crate::dali::{Params, Part, Parts};
use crate::tap::{Fault, Service};
use crate::uws::ARRIVING;

/// How long a body that nobody wants is read and thrown away: a client that is
/// still sending would otherwise not see our answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Parts of a body, files or not.
const PARTS: usize = 1000;

/// What a body may be, and where its files go.
pub struct Room {
    /// Bytes of everything that is no file.
    text: usize,
    /// Bytes of all files together.
    files: u64,
    directory: PathBuf,
    /// Whether the files get a name, for those who keep them.
    named: bool,
}

impl Room {
    /// Files are to be kept in `keep`, or for the request alone.
    pub fn of(service: &Service, keep: Option<&Path>) -> Room {
        Room {
            text: service.limits.body_bytes,
            files: service.uploads.limits().bytes,
            directory: keep.unwrap_or(&service.scratch).to_owned(),
            named: keep.is_some(),
        }
    }
}

/// Reads everything a request says and brings.
pub async fn read(
    request: &HttpRequest,
    payload: Payload,
    room: &Room,
) -> Result<(Params, Parts), Fault> {
    let mut params = Params::default();
    params.add_encoded(request.query_string().as_bytes());
    if request.method() != Method::POST {
        return Ok((params, Parts::default()));
    }
    let kind = request.content_type().to_lowercase();
    if kind == "multipart/form-data" {
        let mut parts = Parts::default();
        // Shared, since a reader of parts that has failed reads no further.
        let payload = Rc::new(RefCell::new(payload));
        let source = |payload: Rc<RefCell<Payload>>| {
            stream::poll_fn(move |context| payload.borrow_mut().poll_next_unpin(context))
        };
        let mut multipart = Multipart::new(request.headers(), source(payload.clone()));
        let read = gather(&mut multipart, room, &mut params, &mut parts).await;
        if let Err(fault) = read {
            drop(multipart);
            drain(source(payload)).await;
            return Err(fault);
        }
        return Ok((params, parts));
    }
    let body = whole(payload, room.text).await?;
    match kind.as_str() {
        _ if body.is_empty() => {}
        "application/x-www-form-urlencoded" | "" => params.add_encoded(&body),
        other => {
            return Err(Fault::usage(format!(
                "the body is {other}; send application/x-www-form-urlencoded or multipart/form-data"
            )));
        }
    }
    Ok((params, Parts::default()))
}

/// Reads a body and throws it away.
pub async fn drain(payload: impl Stream<Item = Result<Bytes, PayloadError>>) {
    let mut payload = pin!(payload);
    let rest = async { while let Some(Ok(_)) = payload.next().await {} };
    // Whether all was read or patience ended, the answer is the same.
    let _ = actix_web::rt::time::timeout(PATIENCE, rest).await;
}

async fn whole(mut payload: Payload, limit: usize) -> Result<Bytes, Fault> {
    let mut body = BytesMut::new();
    while let Some(part) = payload.next().await {
        let part = part.map_err(|_| Fault::usage("the request's body ended before its end"))?;
        if body.len() + part.len() > limit {
            drain(payload).await;
            return Err(Fault::too_large(limit));
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

/// A part with a file name, or of a type that is no plain text, is a file.
async fn gather(
    multipart: &mut Multipart,
    room: &Room,
    params: &mut Params,
    parts: &mut Parts,
) -> Result<(), Fault> {
    let (mut text, mut files) = (room.text, room.files);
    let mut count = 0;
    while let Some(mut field) = multipart.try_next().await.map_err(wrong)? {
        count += 1;
        if count > PARTS {
            return Err(Fault::too_much(format!(
                "the body has more than {PARTS} parts; send fewer"
            )));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let disposition = field.content_disposition();
        let has_name = disposition.is_some_and(|it| it.get_filename().is_some());
        let media_type = field.content_type().map(ToString::to_string);
        let plain = media_type
            .as_deref()
            .is_none_or(|it| it.starts_with("text/plain"));
        if has_name || !plain {
            let kept = keep(&mut field, room, &mut files).await;
            let (file, path) = kept?;
            parts.add(Part {
                name,
                media_type,
                file: Arc::new(file),
                path: path.map(Arc::new),
            });
            continue;
        }
        let mut value = BytesMut::new();
        while let Some(bytes) = field.try_next().await.map_err(wrong)? {
            text = text
                .checked_sub(bytes.len())
                .ok_or_else(|| Fault::too_large(room.text))?;
            value.extend_from_slice(&bytes);
        }
        params.add(&name, String::from_utf8_lossy(&value));
    }
    Ok(())
}

fn wrong(_: actix_multipart::MultipartError) -> Fault {
    Fault::usage("the body is not multipart/form-data as its header says; see RFC 7578")
}

async fn keep(
    field: &mut Field,
    room: &Room,
    left: &mut u64,
) -> Result<(File, Option<tempfile::TempPath>), Fault> {
    let unkept = |error: io::Error| {
        tracing::error!(%error, "an upload cannot be kept");
        Fault::ours("the service has no room for the uploaded table; try again later")
    };
    let (mut file, path) = match room.named {
        true => {
            let mut builder = tempfile::Builder::new();
            let named = builder.prefix(ARRIVING).tempfile_in(&room.directory);
            let (file, path) = named.map_err(unkept)?.into_parts();
            (file, Some(path))
        }
        false => (
            tempfile::tempfile_in(&room.directory).map_err(unkept)?,
            None,
        ),
    };
    while let Some(bytes) = field.try_next().await.map_err(wrong)? {
        *left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            Fault::too_much(format!(
                "the uploaded tables are too large: all of a request are {} bytes together at most; \
                 send them compressed with gzip, leave away columns that the query does not need, or \
                 send several queries",
                room.files
            ))
        })?;
        file.write_all(&bytes).map_err(unkept)?;
    }
    Ok((file, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;

    /// The value of QUERY, or status and message.
    async fn query(content_type: &str, body: &str) -> Result<Option<String>, (u16, String)> {
        let (request, mut payload) = TestRequest::post()
            .uri("/tap/sync?LANG=ADQL")
            .insert_header(("content-type", content_type))
            .set_payload(body.to_owned())
            .to_http_parts();
        let Ok(payload) = Payload::from_request(&request, &mut payload).await else {
            return Ok(None);
        };
        let told = |fault: Fault| (fault.status(), fault.message().to_owned());
        let room = Room {
            text: 200,
            files: 200,
            directory: std::env::temp_dir(),
            named: false,
        };
        let (params, _) = read(&request, payload, &room).await.map_err(told)?;
        assert_eq!(params.single("lang"), Ok(Some("ADQL")));
        Ok(params.single("QUERY").ok().flatten().map(str::to_owned))
    }

    #[actix_web::test]
    async fn a_body_gives_parameters() {
        let form = "application/x-www-form-urlencoded";
        let said = Ok(Some("SELECT 1".to_owned()));
        assert_eq!(query(form, "query=SELECT+1").await, said);
        assert_eq!(
            query(
                "application/x-www-form-urlencoded; charset=utf-8",
                "QUERY=SELECT%201"
            )
            .await,
            said
        );
        let parts = "--x\r\nContent-Disposition: form-data; name=\"Query\"\r\n\r\nSELECT 1\r\n\
                     --x\r\nContent-Disposition: form-data; name=\"t\"; filename=\"QUERY\"\r\n\r\nabc\r\n--x--\r\n";
        assert_eq!(query("multipart/form-data; boundary=x", parts).await, said);
    }

    #[actix_web::test]
    async fn a_body_that_is_no_parameters_is_refused() {
        let status = async |kind, body| query(kind, body).await.err().map(|(status, _)| status);
        assert_eq!(status("application/json", "{}").await, Some(400));
        assert_eq!(
            status("multipart/form-data; boundary=x", "--y").await,
            Some(400)
        );
        assert_eq!(status("multipart/form-data", "--y").await, Some(400));
        let long = format!("QUERY={}", "x".repeat(300));
        assert_eq!(
            status("application/x-www-form-urlencoded", &long).await,
            Some(413)
        );
    }
}
