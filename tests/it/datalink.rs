//! Links and files, from rows that were loaded; on both engines.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use reqwest::blocking::Response;
use serde_json::Value;

use crate::support::http::{get, header, send};
use crate::support::service::{Archive, Service, on_both};

/// An archive whose rows have these identifiers, addresses and formats.
fn filled(archive: &Archive, rows: &[(&str, &str, &str)]) {
    let mut csv = "obs_publisher_did,obs_id,obs_collection,calib_level,dataproduct_type,s_ra,\
                   s_dec,s_region,access_url,access_format\n"
        .to_owned();
    for (number, (did, url, format)) in rows.iter().enumerate() {
        let did = did.replace('"', "\"\"");
        csv.push_str(&format!(
            "\"{did}\",o{number},c,2,image,10,20,CIRCLE ICRS 10 20 1,{url},{format}\n"
        ));
    }
    archive.loaded(&csv);
}

/// The directory of files, with one of 1,000 bytes in it.
fn folder(archive: &Archive) -> PathBuf {
    let folder = archive.path("files of observations");
    fs::create_dir_all(&folder).expect("a directory");
    fs::write(folder.join("a b.fits"), bytes()).expect("a file");
    folder
}

fn bytes() -> Vec<u8> {
    (0..1000u32).map(|n| (n % 251) as u8).collect()
}

fn uri(path: &std::path::Path) -> String {
    format!("file://{}", path.display()).replace(' ', "%20")
}

fn serve(archive: &Archive, settings: &str) -> Service {
    let roots = archive.path("files of observations");
    let settings = format!("{settings}\n[files]\nroots = \"{}\"\n", roots.display());
    let settings = archive.file("links.toml", settings);
    archive.serve_with(&["--config", &settings])
}

fn ask(service: &Service, ids: &[&str], more: &[(&str, &str)]) -> Response {
    let mut form: Vec<(&str, &str)> = ids.iter().map(|id| ("ID", *id)).collect();
    form.extend(more);
    let url = format!("{}/datalink/links", service.base);
    send(service.client.post(url).form(&form))
}

/// Rows as they are in JSON.
#[track_caller]
fn links(service: &Service, ids: &[&str]) -> Vec<Value> {
    let answer = ask(service, ids, &[("RESPONSEFORMAT", "json")]);
    assert_eq!(answer.status(), 200);
    serde_json::from_str(&answer.text().expect("text")).expect("JSON")
}

fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

#[test]
fn one_walks_from_a_row_to_the_bytes_of_its_file() {
    on_both(|archive| {
        let file = uri(&folder(archive).join("a b.fits"));
        let other = "https://data.example/b.fits";
        let did = "ivo://x/y?a&b=c d";
        filled(
            archive,
            &[(did, &file, "image/fits"), ("ivo://x/z", other, "")],
        );
        let service = serve(archive, "");
        let url = service.query("SELECT access_url FROM ivoa.obscore WHERE obs_id = 'o0'");
        let list = send(service.client.get(&url));
        assert_eq!(
            header(&list, "content-type"),
            "application/x-votable+xml;content=datalink"
        );
        let list = list.text().expect("text");
        assert!(list.contains(
            "<INFO name=\"standardID\" value=\"ivo://ivoa.net/std/DataLink#links-1.1\"/>"
        ));
        let rows = links(&service, &["nobody", "ivo://x/z", did, "nobody"]);
        let ids: Vec<&str> = rows.iter().map(|row| text(row, "ID")).collect();
        assert_eq!(ids, ["nobody", "ivo://x/z", did]);
        assert!(text(&rows[0], "error_message").starts_with("NotFoundFault: "));
        assert_eq!(text(&rows[1], "access_url"), other);
        let row = &rows[2];
        assert_eq!(text(row, "content_type"), "image/fits");
        assert_eq!(row["content_length"], 1000);
        assert_eq!(text(row, "content_qualifier"), "#image");
        assert!(list.contains(&text(row, "access_url").replace('&', "&amp;")));
        let given = send(service.client.get(text(row, "access_url")));
        assert_eq!(header(&given, "content-type"), "image/fits");
        assert_eq!(
            header(&given, "content-disposition"),
            "attachment; filename=\"a b.fits\""
        );
        assert!(given.bytes().expect("bytes") == bytes());
        let capabilities = get(&service, "/datalink/capabilities")
            .text()
            .expect("text");
        assert!(capabilities.contains(&format!("{}/datalink/links<", service.base)));
        let up = get(&service, "/datalink/availability")
            .text()
            .expect("text");
        assert!(up.contains("available>true<"));
    });
}

#[test]
fn addresses_of_answers_follow_the_settings_and_the_proxy() {
    on_both(|archive| {
        let file = uri(&folder(archive).join("a b.fits"));
        let other = "https://data.example/b.fits";
        let rows = [
            ("ivo://x/a", file.as_str(), "image/fits"),
            ("ivo://x/b", other, "image/fits"),
            ("ivo://x/c", "/previews/c.png", "image/png"),
        ];
        filled(archive, &rows);
        let ask = |service: &Service, query: &str| {
            let request = service
                .client
                .get(service.sync())
                .query(&[
                    ("LANG", "ADQL"),
                    ("RESPONSEFORMAT", "csv"),
                    ("QUERY", query),
                ])
                .header("X-Forwarded-Proto", "https")
                .header("X-Forwarded-Host", "sky.example")
                .header("X-Forwarded-Prefix", "/obs");
            let answer = send(request).text().expect("text");
            answer.lines().skip(1).collect::<Vec<_>>().join(";")
        };
        let links = |name: &str| {
            format!("https://sky.example/obs/datalink/links?ID=ivo%3A%2F%2Fx%2F{name}")
        };
        let url = "SELECT access_url FROM ivoa.obscore ORDER BY obs_id";
        let service = serve(archive, "");
        let check =
            |query: &str, expected: &str| assert_eq!(ask(&service, query), expected, "{query}");
        let a = links("a");
        let relative = "https://sky.example/obs/previews/c.png";
        check(url, &format!("{a};{other};{relative}"));
        let formats = "application/x-votable+xml;content=datalink;image/fits;image/png";
        check(
            "SELECT access_format FROM ivoa.obscore ORDER BY obs_id",
            formats,
        );
        // However it is asked for, a row's address is of the row.
        let first = "FROM ivoa.obscore WHERE obs_id = 'o0'";
        check(
            &format!("SELECT t.access_url FROM (SELECT * {first}) AS t"),
            &a,
        );
        check(&format!("SELECT COUNT(*), MAX(obs_id) {first}"), "1,o0");
        let join =
            "FROM ivoa.obscore AS a JOIN ivoa.obscore AS b ON a.obs_id = 'o0' AND b.obs_id = 'o2'";
        check(
            &format!("SELECT b.obs_publisher_did, a.access_url {join}"),
            &format!("ivo://x/c,{a}"),
        );
        check(
            &format!("SELECT a.access_url, b.access_url {join}"),
            &format!("{a},{relative}"),
        );
        // What cannot be led to is not shown.
        check(&format!("SELECT DISTINCT access_url {first}"), "");
        let pair = format!("SELECT access_url, obs_publisher_did {first}");
        check(&format!("{pair} UNION {pair}"), &format!("{a},ivo://x/a"));
        check(
            "SELECT COUNT(*) FROM ivoa.obscore WHERE access_url LIKE 'file:%'",
            "1",
        );
        drop(service);
        let service = serve(archive, "[datalink]\naccess_url = \"datalink\"\n");
        let all = [links("a"), links("b"), links("c")].join(";");
        assert_eq!(ask(&service, url), all);
        drop(service);
        let service = serve(archive, "[datalink]\naccess_url = \"direct\"\n");
        let direct = "https://sky.example/obs/files?ID=ivo%3A%2F%2Fx%2Fa";
        assert_eq!(ask(&service, url), format!("{direct};{other};{relative}"));
    });
}

#[test]
fn answers_say_where_links_are_also_those_of_jobs() {
    on_both(|archive| {
        let file = uri(&folder(archive).join("a b.fits"));
        filled(archive, &[("ivo://x/a", &file, "image/fits")]);
        let service = serve(archive, "");
        let told = |text: &str| {
            text.contains("value=\"ivo://ivoa.net/std/DataLink#links-1.1\"")
                && text.contains(&format!("value=\"{}/datalink/links\"", service.base))
                && text.contains("ref=\"obs_publisher_did\"")
                && text.contains("<FIELD ID=\"obs_publisher_did\" name=\"obs_publisher_did\"")
        };
        let ask = |query: &str, format: &str| {
            let parameters = [
                ("LANG", "ADQL"),
                ("QUERY", query),
                ("RESPONSEFORMAT", format),
            ];
            service.get(&parameters).text().expect("text")
        };
        for (query, expected) in [
            ("SELECT * FROM ivoa.obscore", true),
            ("SELECT obs_publisher_did AS x FROM ivoa.obscore", false),
            ("SELECT obs_id, obs_publisher_did FROM ivoa.obscore", true),
            ("SELECT obs_id, access_url FROM ivoa.obscore", false),
            ("SELECT TOP 0 * FROM ivoa.obscore", true),
        ] {
            assert_eq!(told(&ask(query, "votable/td")), expected, "{query}");
        }
        assert!(told(&ask("SELECT * FROM ivoa.obscore", "votable")));
        let job = [
            ("LANG", "ADQL"),
            ("QUERY", "SELECT access_url FROM ivoa.obscore"),
            ("RESPONSEFORMAT", "csv"),
            ("PHASE", "RUN"),
        ];
        let made = service.client.post(format!("{}/tap/async", service.base));
        let made = send(made.form(&job)).url().to_string();
        let waited = send(
            service
                .client
                .get(format!("{made}?WAIT=30&PHASE=EXECUTING")),
        );
        assert_eq!(waited.status(), 200);
        let ended = send(service.client.get(format!("{made}?WAIT=30")));
        assert_eq!(ended.status(), 200);
        let result = send(service.client.get(format!("{made}/results/result")));
        let result = result.text().expect("text");
        let url = format!("{}/datalink/links?ID=", service.base);
        assert!(result.contains(&url), "{result}");
    });
}

#[test]
fn parts_of_files_are_given_and_nothing_twice() {
    on_both(|archive| {
        let folder = folder(archive);
        let file = uri(&folder.join("a b.fits"));
        filled(
            archive,
            &[
                ("a", &file, ""),
                ("b", "https://data.example/b.fits", ""),
                ("c", "s3://raw/c.fits", ""),
            ],
        );
        let service = serve(archive, "");
        let url = format!("{}/files?ID=a", service.base);
        let whole = send(service.client.get(&url));
        let (tag, modified) = (
            header(&whole, "etag").to_owned(),
            header(&whole, "last-modified").to_owned(),
        );
        assert_eq!(header(&whole, "accept-ranges"), "bytes");
        let with = |headers: &[(&str, &str)]| {
            let mut request = service.client.get(&url);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = send(request);
            (answer.status().as_u16(), answer.bytes().expect("bytes"))
        };
        assert_eq!(
            with(&[("Range", "bytes=10-19")]),
            (206, bytes()[10..20].to_vec().into())
        );
        assert_eq!(with(&[("Range", "bytes=-5")]).1, bytes()[995..]);
        assert_eq!(with(&[("Range", "bytes=2000-")]).0, 416);
        assert_eq!(
            with(&[("Range", "bytes=0-1"), ("If-Range", "\"other\"")])
                .1
                .len(),
            1000
        );
        assert_eq!(
            with(&[("Range", "bytes=0-1"), ("If-Range", &tag)]).1.len(),
            2
        );
        assert_eq!(with(&[("If-None-Match", &tag)]).0, 304);
        assert_eq!(with(&[("If-Modified-Since", &modified)]).0, 304);
        assert_eq!(with(&[("If-Match", "\"other\"")]).0, 412);
        let head = send(service.client.head(&url));
        assert_eq!(
            (head.status().as_u16(), header(&head, "content-length")),
            (200, "1000")
        );
        fs::write(folder.join("a b.fits"), b"new").expect("a file");
        assert_eq!(
            with(&[("If-None-Match", &tag)]),
            (200, b"new".to_vec().into())
        );
        let client = crate::support::service::client();
        let client = client.redirect(reqwest::redirect::Policy::none());
        let client = client.build().expect("a client");
        let led = send(client.get(format!("{}/files?ID=b", service.base)));
        assert_eq!(led.status(), 307);
        assert_eq!(header(&led, "location"), "https://data.example/b.fits");
        assert_eq!(get(&service, "/files?ID=c").status(), 403);
        drop(service);
        let keys = "s3_key_id = \"ada\"\ns3_secret = \"hush\"\nsigned_seconds = 100\n";
        let keys = archive.file("s3.toml", format!("[files]\n{keys}"));
        let service = archive.serve_with(&["--config", &keys]);
        let led = send(client.get(format!("{}/files?ID=c", service.base)));
        assert_eq!(led.status(), 307);
        let place = "https://raw.s3.us-east-1.amazonaws.com/c.fits?";
        assert!(header(&led, "location").starts_with(place));
        assert_eq!(header(&led, "cache-control"), "private, max-age=90");
    });
}

#[test]
fn what_is_wrong_with_one_dataset_is_said_of_it_alone() {
    on_both(|archive| {
        let folder = folder(archive);
        fs::write(archive.path("secret"), b"secret").expect("a file");
        symlink(archive.path("secret"), folder.join("link.fits")).expect("a link");
        let climbing = format!("{}/../secret", uri(&folder));
        let encoded = format!("{}/%2e%2e/secret", uri(&folder));
        let through = uri(&folder.join("link.fits"));
        let gone = uri(&folder.join("gone.fits"));
        let good = uri(&folder.join("a b.fits"));
        let rows = [
            ("passwd", "file:///etc/passwd", "FatalFault", 403),
            ("nothing", "file:///etc/nothing-there", "FatalFault", 403),
            ("climbing", &climbing, "FatalFault", 403),
            ("encoded", &encoded, "FatalFault", 403),
            ("through", &through, "FatalFault", 403),
            ("host", "file://host/etc/passwd", "FatalFault", 500),
            ("directory", &uri(&folder), "NotFoundFault", 404),
            ("gone", &gone, "NotFoundFault", 404),
            ("s3", "s3://bucket/key", "FatalFault", 403),
            ("empty", "", "NotFoundFault", 404),
            ("good", &good, "", 200),
        ];
        let stored: Vec<_> = rows.iter().map(|(did, url, ..)| (*did, *url, "")).collect();
        filled(archive, &stored);
        let service = serve(archive, "");
        let ids: Vec<&str> = rows.iter().map(|(did, ..)| *did).collect();
        let found = links(&service, &ids);
        assert_eq!(found.len(), rows.len());
        let place = archive.path("").display().to_string();
        for (row, (did, _, word, status)) in found.iter().zip(rows) {
            let message = text(row, "error_message");
            assert_eq!(text(row, "ID"), did);
            assert_eq!(message.split(':').next(), Some(word), "{did}: {message}");
            let given = get(&service, &format!("/files?ID={did}"));
            assert_eq!(given.status(), status, "{did}");
            let said = given.text().unwrap_or_default();
            for told in [message, &said] {
                assert!(!told.contains(&place) && !told.contains("/etc"), "{told}");
                assert!(!told.contains("secret"), "{told}");
            }
        }
        let counted = get(&service, "/metrics").text().expect("text");
        assert!(
            counted.contains("\nobstap_files_missing_total 4\n"),
            "{counted}"
        );
        fs::rename(&folder, archive.path("elsewhere")).expect("moved");
        let found = links(&service, &["good", "nobody"]);
        assert!(text(&found[0], "error_message").starts_with("TransientFault: the directory"));
        assert!(text(&found[1], "error_message").starts_with("NotFoundFault: "));
        assert_eq!(get(&service, "/files?ID=good").status(), 503);
        fs::rename(archive.path("elsewhere"), &folder).expect("moved back");
        assert_eq!(get(&service, "/files?ID=good").status(), 200);
    });
}

#[test]
fn identifiers_may_hold_anything() {
    on_both(|archive| {
        let file = uri(&folder(archive).join("a b.fits"));
        let mut odd: Vec<String> = (1..=255u8)
            .map(|b| format!("a{}z", char::from(b)))
            .collect();
        let more = [
            "' OR '1'='1",
            "%27",
            "{obscore}",
            "$1",
            "\\",
            "\u{202e}",
            "🔭",
            "a\u{300}",
            "<TD>]]>",
            "ivo://x/y?repo=a&id=b&c=%00",
            "../../etc/passwd",
            "null",
            "\u{feff}",
            "[\"a\"]",
        ];
        odd.extend(more.iter().map(|it| (*it).to_owned()));
        odd.push("x".repeat(5000));
        let odd: Vec<&str> = odd.iter().map(String::as_str).collect();
        let stored: Vec<_> = odd
            .iter()
            // Those that a table in CSV gives back as they are.
            .filter(|did| !did.contains(['\r', '\n']) && did.trim() == **did)
            .map(|did| (*did, file.as_str(), ""))
            .collect();
        filled(archive, &stored);
        let service = serve(archive, "");
        let mut all = odd.clone();
        all.push("a\0z");
        let found = links(&service, &all);
        let ids: Vec<&str> = found.iter().map(|row| text(row, "ID")).collect();
        assert_eq!(ids, all);
        for row in &found {
            let (did, message) = (text(row, "ID"), text(row, "error_message"));
            let known = stored.iter().any(|(known, ..)| *known == did);
            assert_eq!(message.is_empty(), known, "{did:?}: {message}");
            if known {
                let given = send(service.client.get(text(row, "access_url")));
                assert_eq!(given.status(), 200, "{did:?}");
            }
        }
        // A VOTable of them is one.
        let table = ask(&service, &all, &[]).bytes().expect("bytes");
        let mut reader = votable::Reader::open(&table[..]).expect("a table");
        let mut rows = 0;
        while reader.next_row().expect("a row").is_some() {
            rows += 1;
        }
        assert_eq!(rows, all.len());
    });
}

#[test]
fn thousands_are_answered_and_more_are_cut_off() {
    on_both(|archive| {
        let file = uri(&folder(archive).join("a b.fits"));
        let dids: Vec<String> = (0..3000).map(|n| format!("ivo://x/{n}")).collect();
        let rows: Vec<_> = dids
            .iter()
            .map(|did| (did.as_str(), file.as_str(), ""))
            .collect();
        filled(archive, &rows);
        let service = serve(archive, "[datalink]\nids = 2500\n");
        let backwards: Vec<&str> = dids.iter().rev().map(String::as_str).collect();
        let found = links(&service, &backwards[..2500]);
        let ids: Vec<&str> = found.iter().map(|row| text(row, "ID")).collect();
        assert!(ids == backwards[..2500]);
        assert!(found.iter().all(|row| !text(row, "access_url").is_empty()));
        let cut = ask(&service, &backwards, &[]).text().expect("text");
        assert!(
            cut.contains("value=\"OVERFLOW\"") && cut.contains("datalink.ids"),
            "{cut}"
        );
        assert_eq!(cut.matches("<TR>").count(), 2500);
        let few = ask(&service, &backwards[..10], &[("MAXREC", "3")]);
        let few = few.text().expect("text");
        assert!(few.contains("value=\"OVERFLOW\""));
        assert_eq!(few.matches("<TR>").count(), 3);
        let wrong = ask(&service, &["a"], &[("MAXREC", "many")]);
        assert_eq!(wrong.status(), 400);
        let wrong = wrong.text().expect("text");
        assert!(
            wrong.contains("value=\"ERROR\">UsageFault: MAXREC"),
            "{wrong}"
        );
        let other = ask(&service, &["a"], &[("RESPONSEFORMAT", "votable/b2")]);
        assert!(other.text().expect("text").contains("<BINARY2>"));
    });
}

/// A registry with two visits of one exposure and detector each: raw images,
/// what was made of them in two parts, and pictures of that.
fn registered(archive: &Archive) {
    let folder = folder(archive);
    let mut given = vec![
        ("instrument", r#"{"name":"Cam"}"#.to_owned()),
        (
            "detector",
            r#"{"instrument":"Cam","id":4,"full_name":"s4"}"#.to_owned(),
        ),
        (
            "physical_filter",
            r#"{"instrument":"Cam","name":"Cam-r","band":"r"}"#.to_owned(),
        ),
    ];
    let mut visits = [
        "exposure",
        "visit",
        "visit_definition",
        "visit_detector_region",
    ]
    .map(|element| (element, String::new()));
    let mut datasets = String::new();
    for n in [1, 2] {
        let of = format!(r#""instrument":"Cam","physical_filter":"Cam-r","id":{n}"#);
        visits[0]
            .1
            .push_str(&format!("{{{of},\"obs_id\":\"e{n}\"}}\n"));
        visits[1]
            .1
            .push_str(&format!("{{{of},\"name\":\"v{n}\"}}\n"));
        let pair = format!(r#"{{"instrument":"Cam","visit":{n},"exposure":{n}}}"#);
        visits[2].1.push_str(&format!("{pair}\n"));
        let region = format!(
            r#"{{"instrument":"Cam","visit":{n},"detector":4,"region":"CIRCLE ICRS {n}0 20 0.5"}}"#
        );
        visits[3].1.push_str(&format!("{region}\n"));
        let file = |name: &str| {
            let path = folder.join(format!("{name}{n}"));
            fs::write(&path, format!("{name} {n}")).expect("a file");
            uri(&path)
        };
        let one = |kind: &str, element: &str, number: u32, files: String| {
            let id = format!("00000000-0000-4000-8000-{number:012}");
            format!(
                r#"{{"id":"{id}","type":"{kind}","run":"r","data_id":{{"instrument":"Cam","{element}":{n},"detector":4}},"files":[{files}]}}"#
            ) + "\n"
        };
        let fits = r#""media_type":"application/fits""#;
        let raw = format!(r#"{{"uri":"{}",{fits}}}"#, file("raw"));
        datasets.push_str(&one("raw", "exposure", n, raw));
        let parts = ["image", "mask"].map(|part| {
            let uri = file(part);
            format!(r#"{{"uri":"{uri}","component":"{part}",{fits}}}"#)
        });
        datasets.push_str(&one("calexp", "visit", 10 + n, parts.join(",")));
        let picture = format!(r#"{{"uri":"{}","media_type":"image/png"}}"#, file("quick"));
        datasets.push_str(&one("quick", "visit", 20 + n, picture));
    }
    given.extend(visits);
    let run = |arguments: &[&str], input: &str| {
        let ended = archive.run_with(arguments, input.as_bytes());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.said);
    };
    run(&["registry", "create", "main"], "");
    let types = r#"{"name":"raw","dimensions":["instrument","exposure","detector"],"storage_class":"Exposure"}
{"name":"calexp","dimensions":["instrument","visit","detector"],"storage_class":"ExposureF"}
{"name":"quick","dimensions":["instrument","visit","detector"],"storage_class":"Png"}
"#;
    run(&["registry", "register", "type", "-"], types);
    let collection = r#"{"name":"r","kind":"RUN"}"#;
    run(&["registry", "register", "collection", "-"], collection);
    for (element, rows) in &given {
        run(&["registry", "register", element, "-"], rows);
    }
    run(&["registry", "ingest", "-"], &datasets);
}

#[test]
fn datasets_of_the_registry_are_linked_to_each_other() {
    on_both(|archive| {
        registered(archive);
        let settings = "[datalink]\ncutout = \"https://cut.example/sync\"\n";
        let service = serve(archive, settings);
        let id = |number: u32| format!("00000000-0000-4000-8000-{number:012}");
        let check = |number: u32, expected: &[&str]| {
            let ids = [
                format!("butler://main/{}", id(number)),
                format!("ivo://org.example/obs?repo=main&id={}", id(number)),
                id(number),
            ];
            for asked in &ids {
                let rows = links(&service, &[asked]);
                let rows: Vec<String> = rows
                    .iter()
                    .map(|row| {
                        assert_eq!(text(row, "ID"), asked);
                        assert_eq!(text(row, "error_message"), "");
                        let url = text(row, "access_url");
                        let short = url.strip_prefix(&service.base).unwrap_or(url);
                        format!("{} {short}", text(row, "semantics"))
                    })
                    .collect();
                assert_eq!(rows, expected, "{asked}");
            }
        };
        let file = |number: u32| format!("/files/main/{}", id(number));
        let list = format!("/datalink/links?ID=butler%3A%2F%2Fmain%2F{}", id(11));
        check(
            1,
            &[
                &format!("#this {}", file(1)),
                &format!("#derivation {list}"),
                &format!("#derivation {}", file(21)),
                "#cutout ",
            ],
        );
        check(
            11,
            &[
                &format!("#this {}/image", file(11)),
                &format!("#this {}/mask", file(11)),
                &format!("#progenitor {}", file(1)),
                &format!("#preview {}", file(21)),
                "#cutout ",
            ],
        );
        let given = get(&service, &format!("{}/mask", file(12)));
        assert_eq!(header(&given, "content-type"), "application/fits");
        assert_eq!(given.text().expect("text"), "mask 2");
        let several = get(&service, &file(12));
        assert_eq!(several.status(), 404);
        assert!(several.text().expect("text").contains("image, mask"));
        for path in [
            "/files/other/00000000-0000-4000-8000-000000000001",
            "/files/main/7",
            "/files/main/..%2f..",
            "/files/main/00000000-0000-4000-8000-000000000099",
        ] {
            assert_eq!(get(&service, path).status(), 404, "{path}");
        }
        let nobody = links(&service, &[&id(99)]);
        assert!(text(&nobody[0], "error_message").starts_with("NotFoundFault: "));
    });
}
