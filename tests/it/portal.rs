//! The pages for people, as far as they need no browser; on both engines.

use reqwest::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
use serde_json::Value;

use crate::support::http::{get, header, send};
use crate::support::service::{Service, on_both, served_on_both};

const PAGES: [&str; 7] = [
    "/",
    "/search",
    "/query",
    "/jobs",
    "/schema",
    "/row",
    "/operator",
];

fn text(service: &Service, path: &str) -> String {
    get(service, path).text().expect("text")
}

#[test]
fn pages_are_whole_and_let_nothing_strange_in() {
    served_on_both(|service| {
        for path in PAGES {
            let answer = get(service, path);
            assert_eq!(answer.status(), 200, "{path}");
            let policy = header(&answer, "content-security-policy").to_owned();
            assert!(policy.contains("script-src 'self';"), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
            let tag = header(&answer, "etag").to_owned();
            let page = answer.text().expect("text");
            assert!(!page.contains("{{") && !page.contains(" style="), "{path}");
            assert!(!page.contains("src=\"http"), "{path}");
            // Every file that it wants is there, and may be kept for ever.
            for file in page
                .split('"')
                .filter(|it| it.starts_with("/portal/assets/"))
            {
                let answer = get(service, file);
                assert_eq!(answer.status(), 200, "{file}");
                assert!(header(&answer, "cache-control").contains("immutable"));
            }
            let request = service.client.get(format!("{}{path}", service.base));
            let again = send(request.header(IF_NONE_MATCH, tag));
            assert_eq!(again.status(), 304, "{path}");
            assert!(!header(&again, "content-security-policy").is_empty());
        }
        assert_eq!(get(service, "/portal/assets/mod.rs").status(), 404);
    });
}

#[test]
fn files_are_compressed_for_those_who_can_read_that() {
    served_on_both(|service| {
        let page = text(service, "/");
        let style = page
            .split('"')
            .find(|it| it.contains("/style-"))
            .expect("a style sheet");
        let fetch = |encodings: &str| {
            let request = service.client.get(format!("{}{style}", service.base));
            let answer = send(request.header(ACCEPT_ENCODING, encodings));
            let encoding = header(&answer, "content-encoding").to_owned();
            (encoding, answer.bytes().expect("bytes").len())
        };
        let (none, whole) = fetch("identity");
        let (gzip, packed) = fetch("br, zstd, gzip;q=0.8");
        assert_eq!((none.as_str(), gzip.as_str()), ("", "gzip"));
        assert!(packed * 2 < whole, "{packed} of {whole}");
    });
}

#[test]
fn facts_are_those_of_the_table() {
    served_on_both(|service| {
        let facts: Value = serde_json::from_str(&text(service, "/portal/facts")).expect("JSON");
        let rows = service.post(&[
            ("LANG", "ADQL"),
            ("RESPONSEFORMAT", "json"),
            (
                "QUERY",
                "SELECT COUNT(*) AS n, MIN(t_min) AS a, MAX(t_min) AS b FROM ivoa.obscore",
            ),
        ]);
        let rows: Value = serde_json::from_str(&rows.text().expect("text")).expect("JSON");
        assert_eq!(facts["counted"], true);
        for (fact, column) in [("rows", "n"), ("first", "a"), ("last", "b")] {
            assert_eq!(facts[fact], rows[0][column], "{fact}");
        }
        let collections = facts["groups"]["obs_collection"]
            .as_array()
            .expect("groups");
        let counted: u64 = collections
            .iter()
            .filter_map(|it| it["rows"].as_u64())
            .sum();
        assert!(counted > 0 && counted <= facts["rows"].as_u64().unwrap_or(0));
        assert!(text(service, "/").contains("id=\"newest\""));
    });
}

#[test]
fn an_empty_archive_has_pages_too() {
    on_both(|archive| {
        let service = archive.serve();
        for path in PAGES {
            assert_eq!(get(&service, path).status(), 200, "{path}");
        }
        assert!(text(&service, "/").contains("Nothing has been loaded yet"));
    });
}

#[test]
fn what_is_wrong_is_told_with_what_puts_it_right() {
    served_on_both(|service| {
        let check = |query: &str, code: &str, fixed: Option<&str>| {
            let url = format!("{}/portal/check", service.base);
            let answer = send(service.client.post(url).form(&[("QUERY", query)]));
            let told: Value = serde_json::from_str(&answer.text().expect("text")).expect("JSON");
            let message = &told["messages"][0];
            assert_eq!(message["code"], code, "{query}: {told}");
            assert_eq!(message["fix"]["query"].as_str(), fixed, "{query}: {told}");
        };
        check(
            "SELECT s_raa FROM ivoa.obscore",
            "ADQL-203",
            Some("SELECT s_ra FROM ivoa.obscore"),
        );
        check(
            "SELECT s_ra FROM ivoa.obscor",
            "ADQL-201",
            Some("SELECT s_ra FROM ivoa.obscore"),
        );
        check(
            "SELECT s_ra FROM ivoa.obscore\nLIMIT 3",
            "ADQL-105",
            Some("SELECT TOP 3 s_ra FROM ivoa.obscore"),
        );
        check(
            "SELECT s_ra FROM ivoa.obscore WHERE obs_id = \"abc\"",
            "ADQL-203",
            Some("SELECT s_ra FROM ivoa.obscore WHERE obs_id = 'abc'"),
        );
        check("SELECT", "ADQL-119", None);
        let good = get(
            service,
            "/portal/check?QUERY=SELECT%20s_ra%20FROM%20ivoa.obscore",
        );
        let told: Value = serde_json::from_str(&good.text().expect("text")).expect("JSON");
        assert_eq!(told["columns"][0]["unit"], "deg");
        assert_eq!(told["messages"].as_array().map(Vec::len), Some(0));
        assert_eq!(get(service, "/portal/check").status(), 400);
    });
}

#[test]
fn the_policy_and_the_title_follow_the_settings() {
    on_both(|archive| {
        let settings = archive.file(
            "portal.toml",
            "[registry]\ntitle = \"A <b>sky</b>\"\n[portal]\nresolver = \"https://names.example/q?{name}\"\n",
        );
        let service = archive.serve_with(&["--config", &settings]);
        let answer = get(&service, "/search");
        let policy = header(&answer, "content-security-policy").to_owned();
        assert!(policy.contains("https://names.example"), "{policy}");
        let page = answer.text().expect("text");
        assert!(page.contains("A &lt;b&gt;sky&lt;/b&gt;"), "{page}");
    });
}
