//! Manners towards browsers, proxies, clients that send much, and whoever stops
//! the service; on both engines.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::support::http::{get, header, send};
use crate::support::service::{SKY, Service, on_both, served_on_both};

#[test]
fn only_pages_of_the_sites_in_the_settings_may_read() {
    on_both(|archive| {
        archive.loaded(SKY);
        let ask = |service: &Service, origin: &str| {
            let request = service.client.get(format!("{}/tap/tables", service.base));
            let answer = send(request.header("Origin", origin));
            let allowed = header(&answer, "access-control-allow-origin").to_owned();
            (
                allowed,
                header(&answer, "access-control-expose-headers").to_owned(),
            )
        };
        let service = archive.serve();
        let (allowed, exposed) = ask(&service, "https://a.example");
        assert_eq!(allowed, "*");
        for name in ["Location", "ETag", "X-Request-Id", "Content-Disposition"] {
            assert!(exposed.split(", ").any(|it| it == name), "{exposed}");
        }
        let preflight = service
            .client
            .request(Method::OPTIONS, service.sync())
            .header("Origin", "https://a.example")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization, x-mine");
        let answer = send(preflight);
        assert_eq!(answer.status(), 204);
        assert_eq!(
            header(&answer, "access-control-allow-headers"),
            "authorization, x-mine"
        );
        assert!(header(&answer, "access-control-allow-methods").contains("POST"));
        drop(service);
        let settings = archive.file("one.toml", "cors_origins = \"https://b.example\"\n");
        let service = archive.serve_with(&["--config", &settings]);
        assert_eq!(ask(&service, "https://b.example").0, "https://b.example");
        assert_eq!(ask(&service, "https://a.example").0, "");
    });
}

#[test]
fn addresses_follow_the_proxy_and_the_settings() {
    on_both(|archive| {
        archive.loaded(SKY);
        let job = |service: &Service| {
            let client = crate::support::service::client();
            let client = client.redirect(reqwest::redirect::Policy::none());
            let client = client.build().expect("a client");
            let request = client
                .post(format!("{}/tap/async", service.base))
                .header("X-Forwarded-Proto", "https")
                .header("X-Forwarded-Host", "sky.example")
                .header("X-Forwarded-Prefix", "/obs");
            let answer = send(request);
            assert_eq!(answer.status(), 303);
            header(&answer, "location").to_owned()
        };
        let service = archive.serve();
        assert!(job(&service).starts_with("https://sky.example/obs/tap/async/"));
        drop(service);
        let service = archive.serve_with(&["--base-url", "https://other.example/tap-of-ours"]);
        assert!(job(&service).starts_with("https://other.example/tap-of-ours/tap/async/"));
        let examples = get(&service, "/tap/examples").text().expect("text");
        assert!(examples.contains("https://other.example/tap-of-ours/tap/sync?"));
    });
}

#[test]
fn a_body_is_read_before_it_is_refused() {
    served_on_both(|service| {
        for (path, status) in [("/nowhere", 404), ("/tap/tables", 405)] {
            let request = service.client.post(format!("{}{path}", service.base));
            let answer = send(request.body(vec![b'x'; 20 << 20]));
            assert_eq!(answer.status(), status, "{path}");
            assert!(header(&answer, "content-type").starts_with("text/plain"));
        }
    });
}

#[test]
fn unknown_parameters_are_passed_over_and_known_ones_not_given_twice() {
    served_on_both(|service| {
        let count = ("QUERY", "SELECT COUNT(*) AS n FROM ivoa.obscore");
        let ask = |more: &[(&str, &str)]| {
            let asked = [&[("LANG", "ADQL"), count], more].concat();
            let answers = [service.get(&asked), service.post(&asked)];
            answers.map(|answer| answer.status().as_u16())
        };
        assert_eq!(ask(&[("VERSION", "1.0"), ("x y", "&=%")]), [200, 200]);
        assert_eq!(ask(&[("REQUEST", "doQuery"), ("maxrec", "5")]), [200, 200]);
        // The same twice leaves nothing in doubt (DALI 1.1 section 3.2).
        assert_eq!(ask(&[("MAXREC", "5"), ("maxrec", "5")]), [200, 200]);
        assert_eq!(ask(&[("MAXREC", "5"), ("maxrec", "6")]), [400, 400]);
        let tables = get(service, "/tap/tables?detail=min&other=1").status();
        assert_eq!(tables, 200);
    });
}

#[test]
fn columns_alone_are_answered_without_a_look_at_the_rows() {
    served_on_both(|service| {
        let tables: Vec<String> = (0..9).map(|n| format!("ivoa.obscore AS t{n}")).collect();
        let endless = format!("COUNT(*) AS n FROM {}", tables.join(", "));
        let check = |top: &str, maxrec: &str| {
            let query = format!("SELECT {top} {endless}");
            let answer = service.get(&[("LANG", "ADQL"), ("QUERY", &query), ("MAXREC", maxrec)]);
            let text = answer.text().expect("text");
            assert!(text.contains("<FIELD name=\"n\""), "{text}");
        };
        check("", "0");
        check("TOP 0", "10");
    });
}

#[test]
fn a_time_that_is_up_is_told_with_what_to_do() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = archive.file("short.toml", "[limits]\nsync_seconds = 1\n");
        let service = archive.serve_with(&["--config", &settings]);
        let tables: Vec<String> = (0..9).map(|n| format!("ivoa.obscore AS t{n}")).collect();
        let told = "the query took longer than 1 s and was stopped; send it to async";
        for (columns, status) in [("COUNT(*) AS n", 400), ("t0.obs_id, t1.s_ra", 200)] {
            let query = format!("SELECT {columns} FROM {}", tables.join(", "));
            let asked = [
                ("LANG", "ADQL"),
                ("QUERY", query.as_str()),
                ("MAXREC", "10000000"),
            ];
            let answer = service.get(&asked);
            assert_eq!(answer.status(), status, "{columns}");
            let text = answer.text().expect("text");
            let end = text.len().saturating_sub(2000);
            assert!(text[end..].contains(told), "{columns}: {}", &text[end..]);
            assert!(text[end..].contains("value=\"ERROR\""), "{columns}");
        }
    });
}

#[test]
fn a_service_that_is_told_to_stop_does_not_wait_for_ever() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = archive.file("hasty.toml", "shutdown_seconds = 1\n");
        let service = archive.serve_with(&["--config", &settings]);
        let tables: Vec<String> = (0..9).map(|n| format!("ivoa.obscore AS t{n}")).collect();
        let endless = format!("SELECT COUNT(*) AS n FROM {}", tables.join(", "));
        let (sync, client) = (service.sync(), service.client.clone());
        let waiting = std::thread::spawn(move || {
            let form = [("LANG", "ADQL"), ("QUERY", endless.as_str())];
            let answer = client.post(sync).form(&form).send();
            answer.map(|answer| answer.status().as_u16())
        });
        let is_running = || {
            let counts = get(&service, "/metrics").text().expect("text");
            counts.contains("pool_connections_in_use{pool=\"readers\"} 1")
        };
        let started = Instant::now();
        while !is_running() {
            assert!(started.elapsed() < Duration::from_secs(60), "it never runs");
            std::thread::sleep(Duration::from_millis(20));
        }
        service.terminate();
        let answer = waiting.join().expect("an end");
        assert!(
            answer.map_or(true, |status| status != 200),
            "an endless query has ended"
        );
    });
}
