//! A file, whole or a part of it, and only where it has changed (RFC 9110
//! sections 13 and 14).

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};

use actix_web::body::SizedStream;
use actix_web::http::header::{self, EntityTag, HeaderMap, HeaderName, HttpDate};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::uws::Product;

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// What is given.
pub struct Download {
    /// In bytes.
    pub size: u64,
    /// Where in the file it begins.
    pub start: u64,
    /// Names the content.
    pub tag: String,
    pub modified: Option<SystemTime>,
    pub media_type: String,
    /// RFC 6266.
    pub disposition: String,
    pub header: Option<(HeaderName, &'static str)>,
}

/// The result of a job at `path`; `tag` names its content.
pub async fn answer(
    request: &HttpRequest,
    path: &Path,
    product: &Product,
    tag: String,
) -> io::Result<HttpResponse> {
    let file = File::open(path).await?;
    let download = Download {
        size: file.metadata().await?.len(),
        start: 0,
        tag,
        modified: None,
        media_type: product.media_type.clone(),
        disposition: format!("attachment; filename=\"{}\"", product.file),
        header: None,
    };
    give(request, file, download).await
}

/// As much of an open file as the request asks for.
pub async fn give(
    request: &HttpRequest,
    mut file: File,
    download: Download,
) -> io::Result<HttpResponse> {
    let mut response = match download.begun(request) {
        Ok(response) => response,
        Err(known) => return Ok(*known),
    };
    let size = download.size;
    let (first, length) = match download.range(request.headers()) {
        Range::Whole => (0, size),
        Range::Part(first, last) => {
            let content = format!("bytes {first}-{last}/{size}");
            response
                .status(StatusCode::PARTIAL_CONTENT)
                .insert_header((header::CONTENT_RANGE, content));
            (first, last - first + 1)
        }
        Range::Outside => {
            return Ok(HttpResponse::RangeNotSatisfiable()
                .insert_header((header::CONTENT_RANGE, format!("bytes */{size}")))
                .finish());
        }
    };
    file.seek(SeekFrom::Start(download.start + first)).await?;
    // Nothing is read for HEAD, which tells the length alone.
    let read = if *request.method() == Method::HEAD {
        0
    } else {
        length
    };
    Ok(response
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .body(SizedStream::new(length, chunks(file, read))))
}

impl Download {
    /// The head of an answer with all of it; `Err` is a whole answer, to whoever
    /// has it already or wants another one.
    pub fn begun(&self, request: &HttpRequest) -> Result<HttpResponseBuilder, Box<HttpResponse>> {
        let condition = self.condition(request.headers());
        let mut response = match condition {
            Condition::Wanted => HttpResponse::Ok(),
            Condition::Known => HttpResponse::NotModified(),
            Condition::Changed => {
                return Err(Box::new(HttpResponse::PreconditionFailed().finish()));
            }
        };
        response.insert_header((header::ETAG, self.tag()));
        if let Some(modified) = self.modified {
            response.insert_header((header::LAST_MODIFIED, HttpDate::from(modified)));
        }
        if condition == Condition::Known {
            return Err(Box::new(response.finish()));
        }
        if let Some(header) = &self.header {
            response.insert_header(header.clone());
        }
        response
            .content_type(self.media_type.as_str())
            .insert_header((header::CONTENT_DISPOSITION, self.disposition.as_str()));
        Ok(response)
    }

    fn tag(&self) -> String {
        EntityTag::new_strong(self.tag.clone()).to_string()
    }

    /// RFC 9110 section 13.2.2: tags weigh more than times.
    fn condition(&self, headers: &HeaderMap) -> Condition {
        let tag = self.tag();
        let time = |name| date(headers.get(name)?.to_str().ok()?);
        let modified = self.modified.map(seconds);
        if headers.contains_key(header::IF_MATCH) {
            if !lists(headers, header::IF_MATCH, &tag, false) {
                return Condition::Changed;
            }
        } else if let (Some(since), Some(modified)) = (time(header::IF_UNMODIFIED_SINCE), modified)
            && modified > since
        {
            return Condition::Changed;
        }
        if headers.contains_key(header::IF_NONE_MATCH) {
            if lists(headers, header::IF_NONE_MATCH, &tag, true) {
                return Condition::Known;
            }
        } else if let (Some(since), Some(modified)) = (time(header::IF_MODIFIED_SINCE), modified)
            && modified <= since
        {
            return Condition::Known;
        }
        Condition::Wanted
    }

    /// What is asked for. Several parts at once, and other units, get the
    /// whole, which section 14.2 allows.
    fn range(&self, headers: &HeaderMap) -> Range {
        let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
        // The rest of what it has makes sense to the client only for this
        // content (section 13.1.5).
        if let Some(wanted) = text(header::IF_RANGE) {
            let same_time = || {
                let wanted = date(wanted)?;
                Some(self.modified.map(seconds)? == wanted)
            };
            if wanted != self.tag() && same_time() != Some(true) {
                return Range::Whole;
            }
        }
        let size = self.size;
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Wanted,
    /// The client has it already.
    Known,
    /// It is not what the client means.
    Changed,
}

/// Whether a list of tags has this one, or all. `weak`: as good as a strong one.
fn lists(headers: &HeaderMap, name: HeaderName, tag: &str, weak: bool) -> bool {
    let wanted = headers.get_all(name);
    wanted.filter_map(|it| it.to_str().ok()).any(|list| {
        list.split(',').map(str::trim).any(|it| {
            let plain = if weak { it.strip_prefix("W/") } else { None };
            it == "*" || plain.unwrap_or(it) == tag
        })
    })
}

fn date(text: &str) -> Option<SystemTime> {
    text.parse::<HttpDate>().ok().map(SystemTime::from)
}

/// A header tells no more.
fn seconds(time: SystemTime) -> SystemTime {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs()),
        Err(_) => SystemTime::UNIX_EPOCH,
    }
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
            assert_eq!(ten().range(request.headers()), expected, "{asked}");
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
        fn only_if(same: &str, expected: Range) {
            let request = TestRequest::default()
                .insert_header((header::RANGE, "bytes=1-2"))
                .insert_header((header::IF_RANGE, same))
                .to_http_request();
            assert_eq!(ten().range(request.headers()), expected, "{same}");
        }
        only_if("\"a\"", Range::Part(1, 2));
        only_if("\"b\"", Range::Whole);
        only_if("W/\"a\"", Range::Whole);
        only_if("Thu, 01 Jan 2026 00:00:00 GMT", Range::Part(1, 2));
        only_if("Thu, 01 Jan 2026 00:00:01 GMT", Range::Whole);
    }

    /// Ten bytes of the beginning of 2026, and half a second.
    fn ten() -> Download {
        let modified = Duration::from_millis(1_767_225_600_500);
        Download {
            size: 10,
            start: 0,
            tag: "a".to_owned(),
            modified: Some(SystemTime::UNIX_EPOCH + modified),
            media_type: String::new(),
            disposition: String::new(),
            header: None,
        }
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        fn check(headers: &[(HeaderName, &str)], expected: Condition) {
            let mut request = TestRequest::default();
            for (name, value) in headers {
                request = request.insert_header((name.clone(), *value));
            }
            let request = request.to_http_request();
            assert_eq!(ten().condition(request.headers()), expected, "{headers:?}");
        }
        use Condition::{Changed, Known, Wanted};
        let now = "Thu, 01 Jan 2026 00:00:00 GMT";
        let before = "Wed, 31 Dec 2025 23:59:59 GMT";
        check(&[], Wanted);
        check(&[(header::IF_NONE_MATCH, "\"b\", W/\"a\"")], Known);
        check(&[(header::IF_NONE_MATCH, "*")], Known);
        check(&[(header::IF_NONE_MATCH, "\"b\"")], Wanted);
        check(&[(header::IF_MODIFIED_SINCE, now)], Known);
        check(&[(header::IF_MODIFIED_SINCE, before)], Wanted);
        let both = [
            (header::IF_NONE_MATCH, "\"b\""),
            (header::IF_MODIFIED_SINCE, now),
        ];
        check(&both, Wanted);
        check(&[(header::IF_MATCH, "\"a\"")], Wanted);
        check(&[(header::IF_MATCH, "W/\"a\"")], Changed);
        check(&[(header::IF_UNMODIFIED_SINCE, before)], Changed);
        check(&[(header::IF_UNMODIFIED_SINCE, now)], Wanted);
        check(&[(header::IF_UNMODIFIED_SINCE, "yesterday")], Wanted);
    }
}
