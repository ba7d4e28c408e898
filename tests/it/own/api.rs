//! `/registry/v1`.

use reqwest::Method;
use serde_json::{Value, json};

use super::{COLLECTIONS, RECORDS, TYPES, id, raw};
use crate::support::http::header;
use crate::support::service::{Archive, Service, on_both};

const TOKEN: &str = "operator-0123456789";
const ANN: &str = "ann-0123456789abcdef";

/// Served with tokens, the registry made and filled.
fn served(archive: &Archive) -> Service {
    let made = archive.run(&["registry", "create", "cam"]);
    assert_eq!(made.code, Some(0), "{}", made.said);
    let tokens = archive.file("tokens", format!("ann {ANN}\n"));
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&tokens, mode).expect("a mode");
    let config = archive.file(
        "obstap.toml",
        format!(
            "[registry_api]\ntoken = \"{TOKEN}\"\ntokens_file = \"{tokens}\"\nbody_bytes = 20000\n"
        ),
    );
    let service = archive.serve_with(&["--config", &config]);
    for (name, body) in RECORDS {
        ask(
            &service,
            Method::POST,
            &format!("records/{name}"),
            body,
            200,
        );
    }
    ask(&service, Method::POST, "types", TYPES, 200);
    ask(&service, Method::POST, "collections", COLLECTIONS, 200);
    service
}

#[track_caller]
fn ask(service: &Service, method: Method, path: &str, body: &str, status: u16) -> Value {
    with(
        service,
        method,
        path,
        body,
        status,
        &[("Authorization", &format!("Bearer {TOKEN}"))],
    )
}

#[track_caller]
fn with(
    service: &Service,
    method: Method,
    path: &str,
    body: &str,
    status: u16,
    headers: &[(&str, &str)],
) -> Value {
    let url = format!("{}/registry/v1/{path}", service.base);
    let mut request = service.client.request(method, url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().expect("an answer");
    let got = answer.status();
    assert_eq!(
        header(&answer, "content-type"),
        "application/json",
        "{path}"
    );
    let text = answer.text().expect("text");
    assert_eq!(got, status, "{path}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn only_those_with_a_token_are_answered() {
    on_both(|archive| {
        let service = served(archive);
        let check = |headers: &[(&str, &str)], status: u16, part: &str| {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = with(&service, method, "datasets", "", status, headers);
                let message = answer["error"]["message"].as_str().expect("a message");
                assert!(message.contains(part), "{message}");
            }
        };
        check(&[], 401, "send a token");
        check(&[("Authorization", "Basic YTpi")], 401, "send a token");
        check(&[("Authorization", "Bearer wrong")], 401, "none of those");
        let token = format!("Bearer {TOKEN}");
        let passed_on = [
            ("Authorization", token.as_str()),
            ("X-Forwarded-For", "10.0.0.9"),
        ];
        check(&passed_on, 403, "on its own machine alone");
        let ann = format!("Bearer {ANN}");
        let ann = [("Authorization", ann.as_str())];
        let post =
            |text: &str, status| with(&service, Method::POST, "datasets", text, status, &ann);
        post(&raw(1, "u/ann/run", 1, 0), 200);
        let refused = post(&raw(2, "Cam/raw/all", 1, 0), 403);
        assert_eq!(refused["error"]["code"], "forbidden");
        // No secret is shown.
        assert!(!service.log().contains(TOKEN));
    });
}

#[test]
fn without_tokens_nobody_is_answered() {
    on_both(|archive| {
        let service = archive.serve();
        let answer = ask(&service, Method::GET, "datasets", "", 403);
        let message = answer["error"]["message"].as_str().expect("a message");
        assert!(message.contains("registry_api.token"), "{message}");
    });
}

#[test]
fn datasets_are_written_and_read_over_http() {
    on_both(|archive| {
        let service = served(archive);
        let both = raw(1, "Cam/raw/all", 1, 0) + &raw(2, "Cam/raw/all", 1, 1);
        let done = ask(&service, Method::POST, "datasets", &both, 200);
        assert_eq!(
            done,
            json!({"added": 2, "present": 0, "ids": [id(1).to_string(), id(2).to_string()]})
        );
        assert_eq!(
            ask(&service, Method::POST, "datasets", &both, 200)["present"],
            2
        );
        let other = raw(9, "Cam/raw/all", 1, 1);
        let refused = ask(&service, Method::POST, "datasets", &other, 409);
        assert_eq!(refused["error"]["code"], "conflict");
        let detail = refused["error"]["details"][0].as_str().expect("a detail");
        assert!(
            detail.contains("detector=1, exposure=1 is there as"),
            "{detail}"
        );
        let csv = "instrument,exposure,detector,uri\nCam,2,1,s3://b/k\n";
        let path = "datasets?type=raw&run=Cam/raw/all&ids=derived";
        assert_eq!(ask(&service, Method::POST, path, csv, 200)["added"], 1);
        let listed = ask(&service, Method::GET, "datasets?type=raw&limit=2", "", 200);
        assert_eq!(listed["datasets"].as_array().expect("a list").len(), 2);
        let behind = listed["datasets"][1]["id"].as_str().expect("an id");
        let rest = ask(
            &service,
            Method::GET,
            &format!("datasets?after={behind}"),
            "",
            200,
        );
        assert_eq!(rest["datasets"].as_array().expect("a list").len(), 1);
        let ids = json!([id(1).to_string()]).to_string();
        ask(
            &service,
            Method::POST,
            "tags?collection=u/ann/best",
            &ids,
            200,
        );
        let definition = r#"{"instrument": "Cam", "visit": 10, "exposure": 1}"#;
        ask(
            &service,
            Method::POST,
            "records/visit_definition",
            definition,
            200,
        );
        let shown = ask(
            &service,
            Method::GET,
            &format!("datasets/{}", id(1)),
            "",
            200,
        );
        assert_eq!(shown["tags"], json!(["u/ann/best"]));
        assert_eq!(shown["region"], "Circle ICRS 10 20 1");
        assert_eq!(shown["timespan"], json!([1000, 2000]));
        assert_eq!(shown["data_id"]["band"], "r");
        assert_eq!(shown["records"]["exposure"]["target_name"], "M31");
        assert_eq!(shown["files"][0]["uri"], "file:///raw/1.fits");
        let region = r#"{"instrument": "Cam", "id": 10, "region": "CIRCLE ICRS 1 1 1"}"#;
        assert_eq!(
            ask(&service, Method::POST, "regions/visit", region, 200)["changed"],
            1
        );
        let span = r#"{"instrument": "Cam", "id": 1, "timespan": [3, 4]}"#;
        assert_eq!(
            ask(&service, Method::POST, "timespans/exposure", span, 200)["datasets"],
            2
        );
        ask(
            &service,
            Method::DELETE,
            "tags?collection=u/ann/best",
            &ids,
            200,
        );
        assert_eq!(
            ask(&service, Method::DELETE, "datasets", &ids, 200)["removed"],
            1
        );
        ask(
            &service,
            Method::GET,
            &format!("datasets/{}", id(1)),
            "",
            404,
        );
        ask(&service, Method::DELETE, "collections?name=all", "", 200);
        let gone = ask(
            &service,
            Method::DELETE,
            "collections?name=Cam/raw/all",
            "",
            200,
        );
        assert_eq!(gone["datasets"], 2);
    });
}

#[test]
fn a_record_is_changed_under_its_entity_tag() {
    on_both(|archive| {
        let service = served(archive);
        let listed = ask(&service, Method::GET, "records/detector?of=Cam", "", 200);
        let first = &listed["records"][0];
        assert_eq!(first["record"]["full_name"], "A");
        let tag = first["etag"].as_str().expect("a tag").to_owned();
        let body = r#"{"instrument": "Cam", "id": 0, "full_name": "C"}"#;
        ask(&service, Method::PUT, "records/detector", body, 428);
        let token = format!("Bearer {TOKEN}");
        let put = |tag: &str, status| {
            let headers = [("Authorization", token.as_str()), ("If-Match", tag)];
            with(
                &service,
                Method::PUT,
                "records/detector",
                body,
                status,
                &headers,
            )
        };
        put("\"other\"", 412);
        assert_eq!(put(&tag, 200)["changed"], 1);
        assert_eq!(put(&tag, 412)["error"]["code"], "changed");
    });
}

#[test]
fn what_cannot_be_understood_is_named_and_harms_nobody() {
    on_both(|archive| {
        let service = served(archive);
        let check = |path: &str, body: &str, status: u16, part: &str| {
            let answer = ask(&service, Method::POST, path, body, status);
            let message = answer["error"]["message"].as_str().expect("a message");
            assert!(message.contains(part), "{message}");
        };
        let good = raw(1, "Cam/raw/all", 1, 0);
        check("datasets", "{\"type\": ", 400, "line 1: EOF");
        check("datasets", &format!("{good}\n\u{1}"), 400, "line 3");
        check(
            "datasets",
            &good.replace("\"type\"", "\"tpye\""),
            400,
            "unknown field `tpye`",
        );
        check(
            "datasets",
            &good.replace("\"run\"", "\"type\": \"raw\", \"run\""),
            400,
            "duplicate field `type`",
        );
        check("datasets", &good.replace(": 1,", ": 1e400,"), 400, "line 1");
        check("datasets", &"[".repeat(10_000), 400, "line 1");
        check("datasets?ids=old", &good, 400, "ids must be new or derived");
        check("datasets", &"x".repeat(30_000), 413, "20000 bytes");
        check("datasets?type=raw&type=calexp", &good, 400, "given twice");
        check(
            "records/telescope",
            "{}",
            404,
            "no dimension element telescope",
        );
        check(
            "records/detector",
            r#"{"instrument": "Cam", "id": "1'; DROP TABLE x"}"#,
            400,
            "id must be",
        );
        check(
            "records/detector",
            r#"{"instrument": "Cam", "id": 5, "raft": 'x'}"#,
            400,
            "line 1",
        );
        check(
            "records/exposure",
            "instrument,id,nonsense\nCam,1,2\n",
            400,
            "unknown field \"nonsense\"",
        );
        check(
            "regions/detector",
            "{}",
            400,
            "records of detector have no region",
        );
        check("tags?collection=u/ann/best", "nonsense", 400, "is no UUID");
        check("tags", "[]", 400, "collection is missing");
        let quote = r#"{"instrument": "Cam", "id": 5, "full_name": "a'b\"c\\{x}"}"#;
        ask(&service, Method::POST, "records/detector", quote, 200);
        let listed = ask(&service, Method::GET, "records/detector?skip=2", "", 200);
        assert_eq!(listed["records"][0]["record"]["full_name"], "a'b\"c\\{x}");
        // Words with everything in them are found again.
        let odd = r#"{"instrument": "Cam", "name": "a,b{}\"'\\ é", "band": "r"}"#;
        ask(&service, Method::POST, "records/physical_filter", odd, 200);
        ask(
            &service,
            Method::POST,
            "types",
            r#"{"name": "flat", "dimensions": ["physical_filter"]}"#,
            200,
        );
        let flat = r#"{"type": "flat", "run": "Cam/raw/all", "data_id": {"instrument": "Cam", "physical_filter": "a,b{}\"'\\ é"}}"#;
        assert_eq!(
            ask(&service, Method::POST, "datasets", flat, 200)["added"],
            1
        );
        assert!(service.is_available());
    });
}
