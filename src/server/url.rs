//! How a client reaches us: absolute addresses in what we answer.

use actix_web::HttpRequest;

/// Scheme, host and prefix without a slash at the end: as configured, else as
/// the request or the proxy before us says (`Forwarded`, `X-Forwarded-Proto`,
/// `-Host`, `-Prefix`).
pub fn base(request: &HttpRequest, configured: Option<&str>) -> String {
    if let Some(configured) = configured {
        return configured.to_owned();
    }
    let connection = request.connection_info();
    let scheme = match connection.scheme() {
        "https" => "https",
        _ => "http",
    };
    let host = match connection.host() {
        host if is_plain(host, b".:-_[]") => host,
        _ => "localhost",
    };
    let prefix = request
        .headers()
        .get("x-forwarded-prefix")
        .and_then(|prefix| prefix.to_str().ok())
        .map(|prefix| prefix.trim_end_matches('/'))
        .filter(|prefix| prefix.starts_with('/') && is_plain(prefix, b"/.-_~"))
        .unwrap_or_default();
    format!("{scheme}://{host}{prefix}")
}

/// Nothing in an answer may come unseen from a header.
fn is_plain(text: &str, besides: &[u8]) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || besides.contains(&b))
}

/// Whom a request counts for. Nobody logs in, so a user is an address; behind
/// a proxy, as it says.
pub fn client(request: &HttpRequest) -> String {
    let connection = request.connection_info();
    let address = connection.realip_remote_addr().unwrap_or_default();
    address.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_proxys_word_counts_unless_an_address_is_configured() {
        fn check(headers: &[(&'static str, &str)], configured: Option<&str>, expected: &str) {
            let mut request = TestRequest::default();
            for header in headers {
                request = request.insert_header(*header);
            }
            assert_eq!(base(&request.to_http_request(), configured), expected);
        }
        check(
            &[("host", "sky.example:8080")],
            None,
            "http://sky.example:8080",
        );
        check(&[("host", "a b")], None, "http://localhost");
        let proxied = [
            ("host", "10.0.0.1"),
            ("x-forwarded-host", "sky.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/obs/"),
        ];
        check(&proxied, None, "https://sky.example/obs");
        check(
            &proxied,
            Some("https://other.example"),
            "https://other.example",
        );
    }

    #[test]
    fn strange_hosts_are_not_repeated() {
        fn check(host: &str, plain: bool) {
            assert_eq!(is_plain(host, b".:-_[]"), plain, "{host}");
        }
        check("sky.example.org:8080", true);
        check("[::1]:80", true);
        check("", false);
        check("a\"><script>", false);
        check("a/b", false);
    }
}
