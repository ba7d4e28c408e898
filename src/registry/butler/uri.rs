//! From what a datastore records of a file to its URI.
//!
//! Paths are recorded as they are on disk and percent-encoded on the way out;
//! what has a scheme is a URI already.

/// The URI of `path` in a datastore whose root is the URI `root`.
pub(super) fn file(root: &str, path: &str) -> String {
    if has_scheme(path) {
        return path.to_owned();
    }
    let (path, member) = split_member(path);
    let mut uri = match path.strip_prefix('/') {
        Some(absolute) => format!("file:///{}", encoded(absolute)),
        None if root.ends_with('/') => format!("{root}{}", encoded(path)),
        None => format!("{root}/{}", encoded(path)),
    };
    uri.push_str(member);
    uri
}

/// The URI of a directory that is given as a path or a URI; it ends with a
/// slash.
pub(super) fn directory(place: &str) -> String {
    let place = place.trim_end_matches('/');
    match has_scheme(place) {
        true => format!("{place}/"),
        false => format!("file://{}/", encoded(place)),
    }
}

/// The path that a URI of a local file means, or a path as it is; none where
/// the URI is of another kind.
pub(super) fn local(place: &str) -> Option<String> {
    match place.strip_prefix("file://") {
        Some(path) => {
            let path = path.strip_prefix("localhost").unwrap_or(path);
            Some(decoded(path))
        }
        None if has_scheme(place) => None,
        None => Some(place.to_owned()),
    }
}

/// `scheme://…` (RFC 3986, section 3.1).
pub(super) fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once("://") else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// `x.zip` and `#zip-path=MEMBER`; a fragment lies behind the last slash.
fn split_member(path: &str) -> (&str, &str) {
    let at = path.find("#zip-path=").or_else(|| {
        let hash = path.rfind('#')?;
        path.rfind('/')
            .is_none_or(|slash| hash > slash)
            .then_some(hash)
    });
    path.split_at(at.unwrap_or(path.len()))
}

/// As Butler quotes paths: letters, digits and `_.-~/` stay (Python's
/// `urllib.parse.quote`); a path that looks encoded already is left alone.
fn encoded(path: &str) -> String {
    let is_hex = |b: &u8| b.is_ascii_digit() || (b'A'..=b'F').contains(b);
    let encoded_already = path
        .as_bytes()
        .windows(3)
        .any(|codes| matches!(codes, [b'%', high, low] if is_hex(high) && is_hex(low)));
    if encoded_already {
        return path.to_owned();
    }
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'_' | b'.' | b'-' | b'~' | b'/' => out.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => out.push(byte.into()),
            byte => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(DIGITS[usize::from(byte >> 4)].into());
                out.push(DIGITS[usize::from(byte & 15)].into());
            }
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = match after {
            [high, low, ..] if byte == b'%' => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|code| u8::from_str_radix(code, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(byte));
        rest = match code {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        fn check(path: &str, expected: &str) {
            assert_eq!(file("file:///repo/", path), expected);
        }
        check("a/b.fits", "file:///repo/a/b.fits");
        check(
            "u/bob/é_test,__x_/b c+d.fits",
            "file:///repo/u/bob/%C3%A9_test%2C__x_/b%20c%2Bd.fits",
        );
        check("a/%20b.fits", "file:///repo/a/%20b.fits");
        check(
            "a/x,.zip#zip-path=m/n.fits",
            "file:///repo/a/x%2C.zip#zip-path=m/n.fits",
        );
        check("a/x.zip#unzip=n", "file:///repo/a/x.zip#unzip=n");
        check("a#b/c.fits", "file:///repo/a%23b/c.fits");
        check("s3://bucket/k ey", "s3://bucket/k ey");
        check("/data/raw,1.fits", "file:///data/raw%2C1.fits");
        assert_eq!(file("s3://bucket/repo", "a"), "s3://bucket/repo/a");
    }

    #[test]
    fn directories_are_uris_with_a_slash() {
        fn check(place: &str, expected: &str, path: Option<&str>) {
            assert_eq!(directory(place), expected);
            assert_eq!(local(place).as_deref(), path);
        }
        check("/repo/a b", "file:///repo/a%20b/", Some("/repo/a b"));
        check("s3://bucket/x", "s3://bucket/x/", None);
        check(
            "file:///repo/a%20b/",
            "file:///repo/a%20b/",
            Some("/repo/a b/"),
        );
    }
}
