//! The record of the service for the Registry, on both engines.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::support::service::{Archive, SKY, on_both};

const SETTINGS: &str = r#"
[registry]
identifier = "ivo://org.example/obs"
title = "Observations & more"
publisher = "Example Observatory"
contact_email = "archive@example.org"
subjects = "sky-surveys, infrared-astronomy"
created = "2026-01-31"
"#;

/// The path and text of every element that has one.
fn elements(document: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(document);
    let (mut path, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(start) => {
                path.push(String::from_utf8_lossy(start.name().as_ref().as_bytes()).into_owned());
            }
            Event::Text(text) if !text.trim().is_empty() => {
                found.push((path[1..].join("/"), text.trim().to_owned()));
            }
            Event::End(_) => drop(path.pop()),
            Event::Eof => return found,
            _ => {}
        }
    }
}

fn texts<'a>(elements: &'a [(String, String)], path: &str) -> Vec<&'a str> {
    let found = elements.iter().filter(|(of, _)| of == path);
    found.map(|(_, text)| text.as_str()).collect()
}

fn with_light(archive: &Archive) {
    let (head, rows) = SKY.split_once('\n').unwrap_or_default();
    let rows = rows.lines().map(|row| format!("{row},4e-7,7e-7\n"));
    let csv = format!("{head},em_min,em_max\n{}", rows.collect::<String>());
    archive.loaded(&csv);
}

#[test]
fn it_says_who_what_and_where() {
    on_both(|archive| {
        with_light(archive);
        let settings = archive.file("obstap.toml", SETTINGS);
        let ended = archive.run(&[
            "registry-record",
            "--config",
            &settings,
            "--base-url",
            "https://sky.example/obs",
        ]);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        assert!(!ended.said.contains("before this record"), "{}", ended.said);
        let elements = elements(&ended.out);
        let check = |path: &str, expected: &[&str]| {
            assert_eq!(texts(&elements, path), expected, "{path}");
        };
        check("identifier", &["ivo://org.example/obs"]);
        check("content/subject", &["sky-surveys", "infrared-astronomy"]);
        check("curation/contact/name", &["Example Observatory"]);
        check("content/referenceURL", &["https://sky.example/obs/"]);
        check("coverage/waveband", &["Optical"]);
        check(
            "coverage/footprint",
            &["https://sky.example/obs/tap/coverage"],
        );
        check("coverage/spectral", &["2.83775e-19 4.96616e-19"]);
        check("tableset/schema/name", &["ivoa", "tap_schema"]);
        assert!(texts(&elements, "coverage/spatial")[0].contains("6/"));
        let times = texts(&elements, "coverage/temporal");
        assert!((1..=24).contains(&times.len()), "{times:?}");
        let ends: Vec<f64> = times
            .join(" ")
            .split(' ')
            .map(|it| it.parse().expect("a number"))
            .collect();
        assert!(ends[0] < 59_000.0 && ends[ends.len() - 1] > 59_012.5);
        let urls = texts(&elements, "capability/interface/accessURL");
        assert!(urls.contains(&"https://sky.example/obs/tap"), "{urls:?}");
        check("capability/dataModel", &["ObsCore-1.1"]);
        assert!(ended.out.contains("created=\"2026-01-31T00:00:00Z\""));
    });
}

#[test]
fn an_empty_archive_has_a_record_too() {
    on_both(|archive| {
        let ended = archive.run(&["migrate"]);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        let service = archive.serve();
        let url = format!("{}/registry/record.xml", service.base);
        let answer = service.client.get(url).send().expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/xml;charset=utf-8");
        let text = answer.text().expect("text");
        let elements = elements(&text);
        assert_eq!(texts(&elements, "identifier"), ["ivo://example.org/obstap"]);
        assert!(!text.contains("<coverage>"));
        let written = archive.run(&["registry-record"]);
        assert_eq!(written.code, Some(0), "{}", written.said);
        assert!(
            written
                .said
                .contains("set registry.identifier, registry.title")
        );
        assert!(written.said.contains("--base-url"));
    });
}
