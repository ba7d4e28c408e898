//! The pages for people, as far as they need no browser; on both engines.

use reqwest::blocking::Response;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, IF_NONE_MATCH, ORIGIN};
use serde_json::Value;

use crate::support::http::{get, header, send};
use crate::support::service::{SKY, Service, on_both, served_on_both};

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

fn json(answer: Response) -> Value {
    serde_json::from_str(&answer.text().expect("text")).expect("JSON")
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

#[test]
fn operators_are_let_in_by_their_token_alone() {
    on_both(|archive| {
        archive.loaded(SKY);
        let none = archive.serve();
        assert_eq!(get(&none, "/operator/status").status(), 403);
        drop(none);
        let token = "a-token-of-some-length";
        let settings = archive.file("operator.toml", format!("[portal]\ntoken = \"{token}\"\n"));
        let service = archive.serve_with(&["--config", &settings]);
        let ask = |said: Option<&str>| {
            let request = service
                .client
                .get(format!("{}/operator/status", service.base));
            let said = said.map(|said| format!("Bearer {said}"));
            send(match said {
                Some(said) => request.header(AUTHORIZATION, said),
                None => request,
            })
        };
        assert_eq!(ask(None).status(), 401);
        assert_eq!(ask(Some("a-token-of-some-lengtH")).status(), 401);
        assert_eq!(ask(Some("a-token")).status(), 401);
        // A query without an end is seen and stopped.
        let tables: Vec<String> = (0..9).map(|n| format!("ivoa.obscore AS t{n}")).collect();
        let endless = format!("SELECT COUNT(*) AS n FROM {}", tables.join(", "));
        let (sync, client) = (service.sync(), service.client.clone());
        let waiting = std::thread::spawn(move || {
            let form = [("LANG", "ADQL"), ("QUERY", endless.as_str())];
            send(client.post(sync).form(&form)).status().as_u16()
        });
        let id = loop {
            let told: Value = json(ask(Some(token)));
            if let Some(id) = told["running"][0]["id"].as_str() {
                break id.to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        let stop = |id: &str| {
            let url = format!("{}/operator/cancel", service.base);
            let request = service.client.post(url).form(&[("ID", id)]);
            send(request.header(AUTHORIZATION, format!("Bearer {token}"))).status()
        };
        assert_eq!(stop("nobody"), 404);
        assert_eq!(stop(&id), 204);
        assert_eq!(waiting.join().expect("an end"), 503);
        let wrong = service.post(&[("LANG", "ADQL"), ("QUERY", "SELECT x FROM ivoa.obscore")]);
        assert_eq!(wrong.status(), 400);
        let told: Value = json(ask(Some(token)));
        let message = |at: usize| told["failed"][at]["message"].as_str().unwrap_or_default();
        assert!(message(1).contains("an operator"), "{told}");
        assert!(message(0).contains("no column"), "{told}");
    });
}

#[test]
fn pages_of_sites_that_are_not_listed_change_nothing() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = archive.file("sites.toml", "cors_origins = \"https://a.example\"\n");
        let service = archive.serve_with(&["--config", &settings]);
        let post = |origin: Option<&str>| {
            let request = service
                .client
                .post(format!("{}/tap/async", service.base))
                .form(&[
                    ("LANG", "ADQL"),
                    ("QUERY", "SELECT 1 AS a FROM ivoa.obscore"),
                ]);
            let request = match origin {
                Some(origin) => request.header(ORIGIN, origin),
                None => request,
            };
            send(request).status().as_u16()
        };
        assert_eq!(post(None), 200);
        assert_eq!(post(Some("https://a.example")), 200);
        assert_eq!(post(Some(&service.base)), 200);
        assert_eq!(post(Some("https://b.example")), 403);
        assert_eq!(post(Some("null")), 403);
    });
}
