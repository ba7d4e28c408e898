use std::sync::Arc;

use super::*;
use crate::registry::Record;

/// `format(value, spec)` by CPython 3.11: value, spec and answer (`!` alone for
/// an error) as JSON.
const PYTHON: &str = include_str!("python.jsonl");

fn scalar(value: &serde_json::Value) -> Scalar {
    match value {
        serde_json::Value::Bool(flag) => Scalar::Bool(*flag),
        serde_json::Value::String(text) => match text.strip_prefix("float:") {
            Some(number) => Scalar::Float(number.parse().unwrap()),
            None => Scalar::Text(text.as_str().into()),
        },
        value => Scalar::Int(value.as_i64().unwrap()),
    }
}

/// A dataset whose data ID is this.
fn dataset(keys: &[(&str, Scalar)]) -> Dataset {
    let visit = Record {
        fields: vec![
            (Arc::from("name"), Scalar::Text("1228".into())),
            (Arc::from("zenith_angle"), Scalar::Null),
        ],
        timespan: Some(Timespan {
            begin: Some(1_395_662_400_123_456_789),
            end: None,
        }),
    };
    Dataset {
        id: Uuid::from_u128(0x1234),
        dataset_type: "calexp".into(),
        run: "HSC/runs/x".into(),
        tags: Vec::new(),
        data_id: DataId(
            keys.iter()
                .map(|(key, value)| (Arc::from(*key), value.clone()))
                .collect(),
        ),
        records: vec![("visit".into(), Arc::new(visit))],
        region: None,
        timespan: None,
        files: Vec::new(),
    }
}

fn filled(template: &str, dataset: &Dataset) -> Result<String, String> {
    let fixed = Fixed {
        columns: vec![("calib_level", Scalar::Int(2)), ("o_ucd", Scalar::Null)],
        obs_id: true,
    };
    let template = Template::read(template, &fixed)?;
    let mut text = String::new();
    let result = template.fill(dataset, Some("the id"), &mut text);
    result.map(|()| text).map_err(|hole| hole.to_string())
}

#[test]
fn formats_are_those_of_python() {
    let mut wrong = Vec::new();
    for line in PYTHON.lines() {
        let [value, spec, expected]: [serde_json::Value; 3] = serde_json::from_str(line).unwrap();
        let spec = spec.as_str().unwrap();
        let template = match spec.starts_with('!') || spec.is_empty() {
            true => format!("{{x{spec}}}"),
            false => format!("{{x:{spec}}}"),
        };
        let answer = filled(&template, &dataset(&[("x", scalar(&value))]));
        let answer = answer.unwrap_or_else(|_| "!".into());
        if Some(answer.as_str()) != expected.as_str() {
            wrong.push(format!("{line} -> {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[track_caller]
fn check(template: &str, expected: &str) {
    let keys = [
        ("instrument", Scalar::Text("HSC".into())),
        ("exposure", Scalar::Int(903_334)),
        ("detector", Scalar::Int(7)),
        ("band", Scalar::Text("r".into())),
        ("physical_filter", Scalar::Null),
    ];
    assert_eq!(filled(template, &dataset(&keys)), Ok(expected.into()));
}

#[track_caller]
fn check_hole(template: &str, expected: &str) {
    let keys = [
        ("exposure", Scalar::Int(1)),
        ("physical_filter", Scalar::Null),
    ];
    let reason = filled(template, &dataset(&keys)).unwrap_err();
    assert_eq!(reason, expected);
}

#[test]
fn names_mean_what_they_mean_to_the_butler() {
    check("{instrument}-{detector:03d}", "HSC-007");
    check("{visit:d}", "903334");
    check("{id}", "00000000-0000-0000-0000-000000001234");
    check("{id!s:.8}", "00000000");
    check("{run}|{dataset_type}|{obs_id}", "HSC/runs/x|calexp|the id");
    check("level {calib_level:02}", "level 02");
    check("{records[visit].name}", "1228");
    check("{records[band].name}", "r");
    check(
        "{records[visit].timespan.begin.utc.isot}Z",
        "2014-03-24T11:59:25.123457Z",
    );
    check("{records[visit].timespan.begin.utc.mjd:.5f}", "56740.49960");
    check("{{{detector}}} {{}}", "{7} {}");
    check("", "");
}

#[test]
fn what_a_dataset_does_not_have_is_told_from_what_has_no_value() {
    check_hole("{tract}", "the dataset has no tract");
    check_hole(
        "{records[tract].id}",
        "the dataset has no records[tract].id",
    );
    check_hole(
        "{records[visit].nane}",
        "the dataset has no records[visit].nane",
    );
    check_hole("{physical_filter:>10}", "physical_filter has no value");
    check_hole(
        "{records[visit].zenith_angle:.0f}",
        "records[visit].zenith_angle has no value",
    );
    check_hole(
        "{records[visit].timespan.end.utc.isot}",
        "records[visit].timespan.end.utc.isot has no value",
    );
    check_hole("{o_ucd}", "o_ucd has no value");
    check_hole(
        "{records[visit].name:d}",
        "{records[visit].name}: the text \"1228\" cannot be written with the format d",
    );
}

#[track_caller]
fn check_refused(template: &str, part: &str) {
    let error = Template::read(template, &Fixed::default()).unwrap_err();
    assert!(error.contains(part), "{template}: {error}");
}

#[test]
fn a_template_that_cannot_be_read_is_refused_at_once() {
    check_refused("{", "has no }");
    check_refused("{visit", "has no }");
    check_refused("}", "single }");
    check_refused("{}", "has no name");
    check_refused("{0}", "has no name");
    check_refused("{visit!x}", "after ! stands s, r or a");
    check_refused("{visit!rd}", "after the conversion");
    check_refused("{visit:{width}d}", "inside a format specification");
    check_refused("{a{b}}", "cannot stand in the name");
    check_refused("{visit:5q}", "not a type of format");
    check_refused("{visit.real}", "cannot be looked into");
    check_refused("{visit.__class__.__mro__}", "cannot be looked into");
    check_refused("{records}", "all records");
    check_refused("{records[visit]}", "whole record");
    check_refused("{records[visit]name}", "whole record");
    check_refused("{records[visit].name.upper}", "no parts");
    check_refused("{records[visit].region}", "is a region");
    check_refused("{records[visit].timespan}", "begin or end");
    check_refused(
        "{records[visit].timespan.begin.utc.format}",
        "not known of an instant",
    );
    check_refused("{id:>40}", "write {id!s:…}");
    check_refused("{run:d}", "cannot be written with the format d");
}

#[test]
fn hostile_templates_are_bounded() {
    check_refused("{visit:999999999d}", "a width of 1000 is the most");
    check_refused(
        "{visit:.99999999999999999999f}",
        "a precision of 1000 is the most",
    );
    check_refused(&"{".repeat(100_000), "a template may have");
    check_refused(&"{a[".repeat(2_000), "has no }");
    check_refused(
        &("{visit:".to_owned() + &"{".repeat(1_000)),
        "not supported",
    );
}
