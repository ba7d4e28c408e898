//! What the service says of itself: examples, tables, capabilities, addresses,
//! counts; on both engines.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use quick_xml::Reader;
use quick_xml::events::Event;
use reqwest::blocking::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::http::{get, header, send};
use crate::support::service::{SKY, Service, on_both, served_on_both};

const COUNT: &str = "SELECT COUNT(*) AS n FROM ivoa.obscore";

/// The texts of the elements with this `property`; the whole must be XML.
#[track_caller]
fn properties(document: &str, wanted: &str) -> Vec<String> {
    let mut reader = Reader::from_str(document);
    let (mut found, mut inside) = (Vec::<String>::new(), false);
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(start) => {
                let property = start.attributes().flatten().find_map(|attribute| {
                    let is_it = attribute.key.local_name().as_ref() == "property";
                    is_it.then(|| attribute.value.into_owned())
                });
                inside = property.as_deref() == Some(wanted);
                if inside {
                    found.push(String::new());
                }
            }
            Event::Text(text) if inside => found.last_mut().expect("one").push_str(&text),
            Event::GeneralRef(name) if inside => {
                let text = quick_xml::escape::resolve_xml_entity(&name).expect("an entity");
                found.last_mut().expect("one").push_str(text);
            }
            Event::End(_) => inside = false,
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn every_example_runs_and_those_of_the_settings_come_first() {
    on_both(|archive| {
        archive.loaded(SKY);
        let file = archive.file("logbook.yaml", LOGBOOK);
        let made = archive.run(&["schema", "load", "--create-tables", &file]);
        assert_eq!(made.code, Some(0), "{}", made.said);
        let settings = archive.file(
            "examples.toml",
            "[[examples]]\nname = \"Deep & wide\"\nquery = \"SELECT obs_id FROM ivoa.obscore WHERE s_ra < 1\"\n\
             [[examples]]\nname = \"Wrong\"\nquery = \"SELECT nothing FROM ivoa.obscore\"\n",
        );
        let service = archive.serve_with(&["--config", &settings]);
        let answer = get(&service, "/tap/examples");
        assert_eq!(
            header(&answer, "content-type"),
            "application/xhtml+xml;charset=utf-8"
        );
        let document = answer.text().expect("text");
        let names = properties(&document, "name");
        assert_eq!(names[0], "Deep & wide");
        for name in ["Wrong", "logbook.Event with logbook.Night"] {
            assert_eq!(names.contains(&name.to_owned()), name != "Wrong", "{name}");
        }
        assert!(
            service
                .log()
                .contains("an example of the settings is left out")
        );
        let queries = properties(&document, "query");
        assert_eq!(queries.len(), names.len());
        assert!(queries.len() >= 10, "{names:?}");
        for (name, query) in names.iter().zip(&queries) {
            let rows = service.query(query);
            // The tables of the logbook are empty.
            assert_eq!(rows.is_empty(), name.contains("logbook"), "{name}: {rows}");
        }
    });
}

const LOGBOOK: &str = r##"---
name: logbook
tables:
- name: Night
  columns:
  - {name: day_obs, datatype: int}
- name: Event
  columns:
  - {name: night, datatype: int}
  constraints:
  - {name: fk, "@type": ForeignKey, columns: ["#Event.night"], referencedColumns: ["#Night.day_obs"]}
"##;

#[test]
fn what_is_published_is_seen_without_a_restart() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let refused = || {
            let query = "SELECT night FROM logbook.event";
            let answer = service.get(&[("LANG", "ADQL"), ("QUERY", query)]);
            answer.status() == StatusCode::BAD_REQUEST
        };
        let tag = |path: &str| header(&get(&service, path), "etag").to_owned();
        let before = tag("/tap/tables");
        assert!(refused());
        let file = archive.file("logbook.yaml", LOGBOOK);
        let made = archive.run(&["schema", "load", "--create-tables", &file]);
        assert_eq!(made.code, Some(0), "{}", made.said);
        // At once: whoever published has waited.
        assert!(!refused());
        assert_ne!(tag("/tap/tables"), before);
        assert_eq!(get(&service, "/tap/tables/logbook.event").status(), 200);
        let jobs = format!("{}/tap/async", service.base);
        let job = [
            ("LANG", "ADQL"),
            ("QUERY", "SELECT night FROM logbook.event"),
            ("PHASE", "RUN"),
        ];
        let answer = send(service.client.post(jobs).form(&job));
        assert!(!answer.text().expect("text").contains(">ERROR<"));
    });
}

#[test]
fn documents_are_not_sent_twice() {
    served_on_both(|service| {
        for path in [
            "/tap/tables",
            "/tap/tables/ivoa.obscore",
            "/tap/capabilities",
            "/tap/examples",
            "/openapi.json",
            "/api",
        ] {
            let first = get(service, path);
            assert_eq!(first.status(), 200, "{path}");
            let tag = header(&first, "etag").to_owned();
            assert!(tag.starts_with("W/\""), "{path}: {tag}");
            for (known, status) in [
                (tag.as_str(), 304),
                ("\"x\", *", 200),
                ("*", 304),
                ("\"other\"", 200),
            ] {
                let asked = service.client.get(format!("{}{path}", service.base));
                let answer = send(asked.header("If-None-Match", known));
                assert_eq!(answer.status(), status, "{path} {known}");
                assert_eq!(header(&answer, "etag"), tag, "{path} {known}");
            }
            let asked = service.client.get(format!("{}{path}", service.base));
            let short = send(asked.header("Accept-Encoding", "gzip"));
            assert_eq!(header(&short, "content-encoding"), "gzip", "{path}");
            assert!(
                header(&short, "vary")
                    .to_lowercase()
                    .contains("accept-encoding")
            );
        }
    });
}

/// Paths and methods as the description has them.
fn described(service: &Service) -> Value {
    let text = get(service, "/openapi.json").bytes().expect("bytes");
    serde_json::from_slice(&text).expect("JSON")
}

#[test]
fn the_description_of_the_addresses_is_true() {
    served_on_both(|service| {
        let new_job = || {
            let jobs = format!("{}/tap/async", service.base);
            let job = [("LANG", "ADQL"), ("QUERY", COUNT), ("PHASE", "RUN")];
            let made = send(service.client.post(jobs).form(&job));
            let path = made.url().path().to_owned();
            let wait = format!("{path}?WAIT=30");
            let completed = |text: String| text.contains(">COMPLETED<");
            while !completed(get(service, &wait).text().expect("text")) {}
            path.rsplit('/').next().expect("an identifier").to_owned()
        };
        let document = described(service);
        let paths = document["paths"].as_object().expect("paths");
        assert!(paths.len() > 10);
        let page = get(service, "/api").text().expect("text");
        for (path, item) in paths {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
            let methods: BTreeSet<String> = item
                .as_object()
                .expect("methods")
                .keys()
                .map(|name| name.to_uppercase())
                .collect();
            let real = |id: &str| {
                let name = match path {
                    path if path.contains("results") => "result",
                    path if path.contains("assets") => "licences.txt",
                    _ => "ivoa.obscore",
                };
                let path = path.replace("{id}", id).replace("{name}", name);
                format!("{}{}", service.base, path.replace("{part}", "phase"))
            };
            // What is described can be done, and nothing else.
            let some = new_job();
            let options = send(service.client.request(Method::OPTIONS, real(&some)));
            assert_eq!(options.status(), 204, "{path}");
            let allowed: BTreeSet<String> = header(&options, "allow")
                .split(", ")
                .map(str::to_owned)
                .collect();
            for method in ["GET", "POST", "PUT", "DELETE"] {
                let told = methods.contains(method);
                assert_eq!(allowed.contains(method), told, "{path} {method}");
                if !told {
                    let method = Method::from_bytes(method.as_bytes()).expect("a method");
                    let answer = send(service.client.request(method, real(&some)));
                    assert_eq!(answer.status(), 405, "{path}");
                    assert_eq!(header(&answer, "allow"), header(&options, "allow"));
                }
            }
            // What wants a token is tried where there are tokens.
            if path.starts_with("/registry/v1") || path.starts_with("/operator/") {
                for (method, operation) in item.as_object().expect("methods") {
                    assert!(operation["security"].is_array(), "{path} {method}");
                }
                continue;
            }
            // This archive has no files.
            if path.starts_with("/files") || path == "/soda/sync" {
                continue;
            }
            if methods.contains("GET") {
                let whole = send(service.client.get(real(&some)).query(&needed(&item["get"])));
                let head = send(
                    service
                        .client
                        .head(real(&some))
                        .query(&needed(&item["get"])),
                );
                assert_eq!(whole.status(), 200, "{path}");
                assert_eq!(head.status(), 200, "{path}");
                assert_eq!(
                    header(&head, "content-type"),
                    header(&whole, "content-type")
                );
                assert!(!whole.bytes().expect("bytes").is_empty(), "{path}");
                assert!(head.bytes().expect("bytes").is_empty(), "{path}");
            }
            // Each parameter is accepted with its example.
            for (name, value) in optional(&item["get"]) {
                let request = service.client.get(real(&some)).query(&needed(&item["get"]));
                let answer = send(request.query(&[(&name, &value)]));
                assert!(answer.status().is_success(), "{path} {name}={value}");
            }
            if path.contains("{part}") || path.contains("results") {
                continue;
            }
            for (name, value) in optional(&item["post"]) {
                let target = match path.contains("{id}") {
                    true => real(&pending(service)),
                    false => real(""),
                };
                let mut form = needed(&item["post"]);
                form.push((name.clone(), value.clone()));
                let answer = send(service.client.post(target).form(&form));
                assert!(answer.status().is_success(), "{path} {name}={value}");
            }
            // A table comes along as it is described.
            let parts = &item["post"]["requestBody"]["content"]["multipart/form-data"];
            let parts = &parts["schema"]["properties"];
            if parts["UPLOAD"].is_null() {
                continue;
            }
            let example = |name: &str| text(&parts[name]["examples"][0]);
            let form = Form::new()
                .text("LANG", "ADQL")
                .text("QUERY", "SELECT ra FROM TAP_UPLOAD.stars")
                .text("UPLOAD", example("UPLOAD"))
                .part("stars", Part::text(example("stars")).file_name("stars.csv"));
            let answer = send(service.client.post(real("")).multipart(form));
            assert!(answer.status().is_success(), "{path} UPLOAD");
        }
    });
}

/// A job that is not started.
fn pending(service: &Service) -> String {
    let jobs = format!("{}/tap/async", service.base);
    let made = send(
        service
            .client
            .post(jobs)
            .form(&[("LANG", "ADQL"), ("QUERY", COUNT)]),
    );
    let path = made.url().path().to_owned();
    path.rsplit('/').next().expect("an identifier").to_owned()
}

fn parameters(operation: &Value, is_needed: bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "query" && parameter["required"] == is_needed {
            found.push((text(&parameter["name"]), text(&parameter["example"])));
        }
    }
    let form = &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    let required = form["required"].as_array().cloned().unwrap_or_default();
    for (name, about) in form["properties"].as_object().into_iter().flatten() {
        if required.contains(&Value::String(name.clone())) == is_needed {
            found.push((name.clone(), text(&about["examples"][0])));
        }
    }
    found
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn needed(operation: &Value) -> Vec<(String, String)> {
    parameters(operation, true)
}

fn optional(operation: &Value) -> Vec<(String, String)> {
    parameters(operation, false)
}

#[test]
fn requests_are_counted_and_named() {
    served_on_both(|service| {
        service.query("SELECT obs_id FROM ivoa.obscore");
        let named = service
            .client
            .get(service.sync())
            .query(&[("LANG", "ADQL"), ("QUERY", "SELECT x FROM ivoa.obscore")])
            .header("X-Request-Id", "from-the-proxy.1");
        let answer = send(named);
        assert_eq!(answer.status(), 400);
        assert_eq!(header(&answer, "x-request-id"), "from-the-proxy.1");
        drop(answer.bytes());
        let strange = service.client.get(format!("{}/nowhere", service.base));
        let answer = send(strange.header("X-Request-Id", "a b"));
        assert_eq!(answer.status(), 404);
        assert_ne!(header(&answer, "x-request-id"), "a b");
        assert!(header(&answer, "content-type").starts_with("text/plain"));
        drop(answer.bytes());
        let answer = get(service, "/metrics");
        assert!(header(&answer, "content-type").starts_with("application/openmetrics-text"));
        let counts = answer.text().expect("text");
        for line in [
            "obstap_requests_total{route=\"/tap/sync\",status=\"200\"} 1",
            "obstap_requests_total{route=\"/tap/sync\",status=\"400\"} 1",
            "obstap_requests_total{route=\"other\",status=\"404\"} 1",
            "obstap_rows_sent_total 13",
            "obstap_query_failures_total{why=\"request\"} 1",
            "obstap_jobs{phase=\"queued\"} 0",
            "obstap_pool_connections{pool=\"readers\"} 8",
            "# EOF",
        ] {
            assert!(counts.lines().any(|it| it == line), "{line} in {counts}");
        }
        let log = service.log();
        let told: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("from-the-proxy.1"))
            .collect();
        assert_eq!(told.len(), 1, "{log}");
        assert!(told[0].contains("failure=\"request\""), "{}", told[0]);
        let rows: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("rows=13"))
            .collect();
        assert_eq!(rows.len(), 1, "{log}");
    });
}

#[test]
fn the_log_can_be_json() {
    on_both(|archive| {
        let settings = archive.file("json.toml", "[log]\nformat = \"json\"\n");
        archive.loaded(SKY);
        // The text that says where it listens is another one in JSON.
        let service = archive.serve_with(&["--config", &settings]);
        service.query(COUNT);
        let log = service.log();
        let line = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .find(|line| line["path"] == "/tap/sync");
        let line = line.expect("the request's line");
        assert_eq!(line["status"], 200);
        assert_eq!(line["rows"], 1);
        assert_eq!(line["method"], "POST");
        assert!(line["milliseconds"].is_u64() && line["bytes"].is_u64() && line["id"].is_string());
    });
}

#[test]
fn the_limit_that_bites_is_told_in_the_answer() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = archive.file(
            "small.toml",
            "[limits]\nmaxrec_default = 5\nmaxrec_hard = 10\nanswer_bytes = 100000\n",
        );
        let service = archive.serve_with(&["--config", &settings]);
        let ask = |maxrec: &[(&str, &str)], columns: &str| {
            let query = format!("SELECT {columns} FROM ivoa.obscore");
            let asked = [&[("LANG", "ADQL"), ("QUERY", &query)], maxrec].concat();
            service.get(&asked).text().expect("text")
        };
        let check = |maxrec: &[(&str, &str)], sentence: &str| {
            let text = ask(maxrec, "obs_id");
            let info = format!("value=\"OVERFLOW\">{sentence}</INFO>");
            assert!(text.contains(&info), "{sentence}: {text}");
        };
        check(
            &[],
            "The answer is cut off after 5 rows (MAXREC); there are more. MAXREC is 5 where a \
             request does not give it; it may be up to 10.",
        );
        check(
            &[("MAXREC", "3")],
            "The answer is cut off after 3 rows (MAXREC); there are more. The request says \
             MAXREC=3; it may say up to 10.",
        );
        check(
            &[("MAXREC", "11")],
            "The answer is cut off after 10 rows (MAXREC); there are more. No answer has more \
             than 10 rows here, whatever MAXREC says; divide the query, by position, time or \
             collection.",
        );
        let announced = get(&service, "/tap/capabilities").text().expect("text");
        for part in [
            "<default unit=\"row\">5</default>",
            "<hard unit=\"row\">10</hard>",
            "an answer not many more than 100000.",
        ] {
            assert!(announced.contains(part), "{part}");
        }
    });
}

#[test]
fn an_answer_that_is_too_large_is_never_taken_for_whole() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = archive.file("small.toml", "[limits]\nanswer_bytes = 200000\n");
        let service = archive.serve_with(&["--config", &settings]);
        // 28,561 rows.
        let query = "SELECT a.obs_id, b.obs_publisher_did, c.s_ra, d.s_dec FROM ivoa.obscore AS a, \
                     ivoa.obscore AS b, ivoa.obscore AS c, ivoa.obscore AS d";
        let ask = |format: &str| {
            let mut answer = service.get(&[
                ("LANG", "ADQL"),
                ("QUERY", query),
                ("RESPONSEFORMAT", format),
                ("MAXREC", "1000000"),
            ]);
            let mut bytes = Vec::new();
            let whole = std::io::Read::read_to_end(&mut answer, &mut bytes).is_ok();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            (answer.status().as_u16(), whole, bytes.len(), text)
        };
        for format in ["votable", "votable/td", "html", "geojson"] {
            let (status, whole, bytes, text) = ask(format);
            assert_eq!((status, whole), (200, true), "{format}");
            assert!((200_000..1_500_000).contains(&bytes), "{format}: {bytes}");
            assert!(text.contains("(answer_bytes); there are more"), "{format}");
        }
        for format in ["csv", "json"] {
            let (status, whole, bytes, _) = ask(format);
            assert_eq!((status, whole), (200, false), "{format}");
            assert!(bytes < 1_500_000, "{format}: {bytes}");
        }
        assert_eq!(ask("fits").0, 200);
    });
}

/// `xmllint` with the schemas in `$IVOA_XSD`, where they are.
fn is_valid(schema: &str, document: &str) -> Option<String> {
    let folder = std::env::var_os("IVOA_XSD")?;
    let mut child = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(std::path::Path::new(&folder).join(schema))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take()?;
    std::io::Write::write_all(&mut input, document.as_bytes()).ok()?;
    drop(input);
    let ended = child.wait_with_output().ok()?;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    (!ended.status.success()).then_some(said)
}

#[test]
fn drafts_are_followed_where_the_settings_say_so() {
    on_both(|archive| {
        archive.loaded(SKY);
        let read = |service: &Service, path: &str| get(service, path).text().expect("text");
        let service = archive.serve();
        let capabilities = read(&service, "/tap/capabilities");
        assert!(!capabilities.contains("forMode"));
        let tables = read(&service, "/tap/tables");
        assert!(!tables.contains("<stats>"));
        assert_eq!(is_valid("all-capabilities.xsd", &capabilities), None);
        assert_eq!(is_valid("all-tables.xsd", &tables), None);
        drop(service);
        let settings = archive.file("drafts.toml", "metadata_drafts = true\n");
        let service = archive.serve_with(&["--config", &settings]);
        let capabilities = read(&service, "/tap/capabilities");
        assert!(capabilities.contains("<executionDuration forMode=\"sync\">"));
        assert_eq!(is_valid("all-capabilities-next.xsd", &capabilities), None);
        let tables = read(&service, "/tap/tables");
        assert_eq!(is_valid("all-tables-next.xsd", &tables), None);
        let one = read(&service, "/tap/tables/ivoa.obscore");
        for document in [&tables, &one] {
            // t_min begins an index, and one of thirteen observations has none.
            let at = document.find("<name>t_min</name>").expect("t_min");
            let column = document[at..].split("</column>").next().expect("a column");
            let value = |name: &str| -> f64 {
                let begin = format!("<{name}>");
                let rest = column.split_once(&begin).expect(column).1;
                rest.split('<')
                    .next()
                    .and_then(|it| it.parse().ok())
                    .expect("a number")
            };
            assert_eq!((value("min"), value("max")), (59000.0, 59012.0));
            let middle = value("median");
            assert!(value("percentile03") < middle && middle < value("percentile97"));
            assert!((value("fillFactor") - 12.0 / 13.0).abs() < 1e-6, "{column}");
        }
    });
}
