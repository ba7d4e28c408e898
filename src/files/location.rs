//! Where a URI says that a file is.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// Who keeps objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    /// Amazon's, or another that speaks its protocol.
    S3,
    /// Google's.
    Gs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// An absolute path of this machine.
    Local(PathBuf),
    /// A zip, and the name of one of its members.
    Member(PathBuf, String),
    Object {
        store: Store,
        bucket: String,
        key: String,
    },
    /// At its own address.
    Web,
}

/// Whether a URI is of a kind that only we can follow, and no client.
pub fn is_ours(uri: &str) -> bool {
    matches!(scheme(uri), Some("file" | "s3" | "gs"))
}

/// In lower case as RFC 3986 section 3.1 recommends; other spellings are those
/// of nobody who writes files.
fn scheme(uri: &str) -> Option<&str> {
    uri.split_once(':').map(|(scheme, _)| scheme)
}

impl Location {
    /// `None` for what nobody can follow.
    pub fn of(uri: &str) -> Option<Location> {
        let (scheme, rest) = uri.split_once(':')?;
        match scheme {
            "file" => local(rest),
            "s3" => object(Store::S3, rest),
            "gs" => object(Store::Gs, rest),
            "http" | "https" => rest.starts_with("//").then_some(Location::Web),
            _ => None,
        }
    }
}

/// `file:/path`, `file:///path` and `file://localhost/path` (RFC 8089).
fn local(rest: &str) -> Option<Location> {
    let (path, fragment) = match rest.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (rest, None),
    };
    let path = match path.strip_prefix("//") {
        Some(authority) => authority.strip_prefix("localhost").unwrap_or(authority),
        None => path,
    };
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    // A path with such a byte is cut off by the system.
    if !path.starts_with('/') || bytes.contains(&0) {
        return None;
    }
    let path = PathBuf::from(OsString::from_vec(bytes));
    match fragment {
        None | Some("") => Some(Location::Local(path)),
        Some(fragment) => {
            let member = fragment.strip_prefix("zip-path=")?;
            let member = percent_decode_str(member).decode_utf8().ok()?;
            Some(Location::Member(path, member.into_owned()))
        }
    }
}

fn object(store: Store, rest: &str) -> Option<Location> {
    let rest = rest.strip_prefix("//")?;
    let (bucket, key) = rest.split_once('/')?;
    // A member of a zip over there cannot be led to.
    if key.contains('#') {
        return None;
    }
    let key = percent_decode_str(key).decode_utf8().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let good = !bucket.is_empty() && bucket.bytes().all(plain) && !key.is_empty();
    good.then(|| Location::Object {
        store,
        bucket: bucket.to_owned(),
        key: key.into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_say_where_files_are() {
        let check = |uri: &str, expected: Option<Location>| {
            assert_eq!(Location::of(uri), expected, "{uri}");
        };
        let path = |path: &str| Some(Location::Local(path.into()));
        check("file:///d/%C3%A9_t%2C,x.fits", path("/d/é_t,,x.fits"));
        check("file:/d/a", path("/d/a"));
        check("file://localhost/d/a#", path("/d/a"));
        check("file:///d/100%25%2f", path("/d/100%/"));
        check("file://host/d/a", None);
        check("file:d/a", None);
        check("file:///d/a%00b", None);
        check("file:///d/a#part", None);
        let member = Location::Member("/d/a.zip".into(), "b/c d".into());
        check("file:///d/a.zip#zip-path=b/c%20d", Some(member));
        let object = Location::Object {
            store: Store::S3,
            bucket: "raw".into(),
            key: "2026/a b.fits".into(),
        };
        check("s3://raw/2026/a%20b.fits", Some(object));
        for bad in [
            "s3://raw",
            "s3://raw/",
            "s3:///a",
            "s3://a@b/c",
            "gs://b/a#zip-path=c",
        ] {
            check(bad, None);
        }
        check("https://x.example/a", Some(Location::Web));
        for bad in [
            "",
            "/d/a",
            "https:x",
            "javascript:alert(1)",
            "ftp://x/y",
            "C:\\a",
        ] {
            check(bad, None);
        }
    }
}
