//! The parameters of a request: query string, encoded body, multipart body.

use std::future::ready;
use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::dali::Params;
use crate::tap::Fault;

/// How long a body that nobody wants is read and thrown away: a client that is
/// still sending would otherwise not see our answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads everything a request says, at most `limit` bytes of body.
pub async fn params(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<Params, Fault> {
    let mut params = Params::default();
    params.add_encoded(request.query_string().as_bytes());
    if request.method() != Method::POST {
        return Ok(params);
    }
    let body = read(payload, limit).await?;
    if body.is_empty() {
        return Ok(params);
    }
    match request.content_type().to_lowercase().as_str() {
        "application/x-www-form-urlencoded" | "" => params.add_encoded(&body),
        "multipart/form-data" => multipart(request, body, &mut params).await?,
        other => {
            return Err(Fault::usage(format!(
                "the body is {other}; send application/x-www-form-urlencoded or multipart/form-data"
            )));
        }
    }
    Ok(params)
}

/// Reads a body and throws it away.
pub async fn drain(mut payload: Payload) {
    let rest = async { while let Some(Ok(_)) = payload.next().await {} };
    // Whether all was read or patience ended, the answer is the same.
    let _ = actix_web::rt::time::timeout(PATIENCE, rest).await;
}

async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, Fault> {
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

/// Parts with a file name are tables sent along; only UPLOAD speaks of them,
/// and that is refused where it is read.
async fn multipart(request: &HttpRequest, body: Bytes, params: &mut Params) -> Result<(), Fault> {
    let wrong =
        |_| Fault::usage("the body is not multipart/form-data as its header says; see RFC 7578");
    let body = stream::once(ready(Ok::<_, PayloadError>(body)));
    let mut parts = Multipart::new(request.headers(), body);
    while let Some(mut part) = parts.try_next().await.map_err(wrong)? {
        let disposition = part.content_disposition();
        let file = disposition.is_some_and(|d| d.get_filename().is_some());
        let name = part.name().unwrap_or_default().to_owned();
        let mut value = BytesMut::new();
        while let Some(bytes) = part.try_next().await.map_err(wrong)? {
            if !file {
                value.extend_from_slice(&bytes);
            }
        }
        if !file {
            params.add(&name, String::from_utf8_lossy(&value));
        }
    }
    Ok(())
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
        let params = params(&request, payload, 200).await.map_err(told)?;
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
