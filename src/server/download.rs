//! A file that does not change, whole or a part of it (RFC 9110 section 14).

use std::io::{self, SeekFrom};
use std::path::Path;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, EntityTag, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::uws::Product;

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// The file at `path`; `tag` names its content.
pub async fn answer(
    request: &HttpRequest,
    path: &Path,
    product: &Product,
    tag: String,
) -> io::Result<HttpResponse> {
    let mut file = File::open(path).await?;
    let size = file.metadata().await?.len();
    let tag = EntityTag::new_strong(tag).to_string();
    if known(request.headers(), &tag) {
        return Ok(HttpResponse::NotModified()
            .insert_header((header::ETAG, tag))
            .finish());
    }
    let disposition = format!("attachment; filename=\"{}\"", product.file);
    let range = range(request.headers(), size, &tag);
    let mut response = match range {
        Range::Whole => HttpResponse::Ok(),
        Range::Part(..) => HttpResponse::PartialContent(),
        Range::Outside => {
            return Ok(HttpResponse::RangeNotSatisfiable()
                .insert_header((header::CONTENT_RANGE, format!("bytes */{size}")))
                .finish());
        }
    };
    let (first, length) = match range {
        Range::Part(first, last) => {
            let content = format!("bytes {first}-{last}/{size}");
            response.insert_header((header::CONTENT_RANGE, content));
            (first, last - first + 1)
        }
        _ => (0, size),
    };
    file.seek(SeekFrom::Start(first)).await?;
    Ok(response
        .content_type(product.media_type.as_str())
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::ETAG, tag))
        .body(SizedStream::new(length, chunks(file, length))))
}

/// Whether the client has it already (RFC 9110 section 13.1.2).
fn known(headers: &HeaderMap, tag: &str) -> bool {
    let wanted = headers.get_all(header::IF_NONE_MATCH);
    wanted.filter_map(|it| it.to_str().ok()).any(|list| {
        list.split(',')
            .map(str::trim)
            .any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag)
    })
}

fn chunks(file: File, length: u64) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((file, length), async |(mut file, left)| {
        if left == 0 {
            return Ok(None);
        }
        let mut buffer = BytesMut::with_capacity(CHUNK);
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let read = (&mut file)
            .take(wanted as u64)
            .read_buf(&mut buffer)
            .await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((buffer.freeze(), (file, left - read as u64))))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    Whole,
    /// First and last byte.
    Part(u64, u64),
    Outside,
}

/// What is asked for. Several parts at once, and other units, get the whole,
/// which section 14.2 allows.
fn range(headers: &HeaderMap, size: u64, tag: &str) -> Range {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
    // The rest of what it has makes sense to the client only for this content.
    if text(header::IF_RANGE).is_some_and(|wanted| wanted != tag) {
        return Range::Whole;
    }
    let bytes = text(header::RANGE).and_then(|range| range.strip_prefix("bytes="));
    let Some((first, last)) = bytes.and_then(|range| range.split_once('-')) else {
        return Range::Whole;
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), _) if first >= size => Range::Outside,
        (Ok(first), Ok(last)) if first <= last => Range::Part(first, last.min(size - 1)),
        (Ok(first), Err(_)) if last.is_empty() => Range::Part(first, size - 1),
        (Err(_), Ok(0)) if first.is_empty() => Range::Outside,
        (Err(_), Ok(length)) if first.is_empty() && size > 0 => {
            Range::Part(size.saturating_sub(length), size - 1)
        }
        _ => Range::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_part_may_be_asked_for() {
        fn check(asked: &str, expected: Range) {
            let request = TestRequest::default()
                .insert_header((header::RANGE, asked))
                .to_http_request();
            assert_eq!(range(request.headers(), 10, "\"a\""), expected, "{asked}");
        }
        check("bytes=0-3", Range::Part(0, 3));
        check("bytes=4-", Range::Part(4, 9));
        check("bytes=4-100", Range::Part(4, 9));
        check("bytes=-3", Range::Part(7, 9));
        check("bytes=-30", Range::Part(0, 9));
        check("bytes=10-", Range::Outside);
        check("bytes=-0", Range::Outside);
        check("bytes=3-2", Range::Whole);
        check("bytes=0-1,3-4", Range::Whole);
        check("rows=0-1", Range::Whole);
        let other = TestRequest::default()
            .insert_header((header::RANGE, "bytes=1-2"))
            .insert_header((header::IF_RANGE, "\"b\""))
            .to_http_request();
        assert_eq!(range(other.headers(), 10, "\"a\""), Range::Whole);
    }
}
