use super::*;
use crate::registry::own::universe::Element;

/// What is said of datasets in JSON.
fn told(body: &str) -> String {
    match datasets(body.as_bytes(), Form::Json, &Defaults::default()) {
        Ok(all) => all
            .iter()
            .map(|it| format!("{} {} {}", it.place, it.dataset_type, it.values.told()))
            .collect::<Vec<_>>()
            .join("; "),
        Err(error) => error.to_string(),
    }
}

#[test]
fn datasets_are_read_or_the_line_is_named() {
    let good = r#"{"type": "raw", "run": "r", "data_id": {"instrument": "HSC", "exposure": 1}}"#;
    let check = |body: &str, expected: &str| assert_eq!(told(body), expected, "{body}");
    check(good, "1 raw instrument=HSC, exposure=1");
    check("", "");
    check("\n\r\n", "");
    check(
        &format!("{good}\n\n{good}\r\n"),
        "1 raw instrument=HSC, exposure=1; 3 raw instrument=HSC, exposure=1",
    );
    check(
        &format!("[{good}, {good}]"),
        "1 raw instrument=HSC, exposure=1; 2 raw instrument=HSC, exposure=1",
    );
    check(
        &good.replace(", ", ",\n"),
        "1 raw instrument=HSC, exposure=1",
    );
    check(
        &format!("{good}\n{{"),
        "line 2: EOF while parsing an object",
    );
    check("nonsense", "line 1: expected ident");
    check(
        &good.replace("\"run\"", "\"rum\""),
        "line 1: unknown field `rum`, expected one of `id`, `type`, `run`, `data_id`, `files`",
    );
    check(
        &good.replace("\"run\": \"r\", ", ""),
        "line 1: the dataset has no run: give it \"run\", or one for all",
    );
    check(
        &good.replace("\"exposure\": 1", "\"exposure\": 1, \"exposure\": 2"),
        "line 1: duplicate dimension `exposure`",
    );
    check(
        &good.replace("\"exposure\": 1", "\"tile\": 1"),
        "line 1: unknown dimension `tile`, expected one of instrument, skymap, band, \
         physical_filter, day_obs, detector, exposure, visit, tract, patch",
    );
    check(
        &good.replace(": 1", ": \"1\""),
        "line 1: exposure must be a whole number",
    );
    check(
        &good.replace(": 1", ": 1.5"),
        "line 1: invalid type: floating point `1.5`, expected a text or a whole number",
    );
    check(
        &good.replace("\"HSC\"", "7"),
        "line 1: instrument must be a text",
    );
    check(
        &good.replace(": 1", ": 1e999"),
        "line 1: number out of range",
    );
    check(
        &good.replace("HSC", "H\\u0000"),
        "line 1: instrument holds a zero character, which cannot be kept: leave it out",
    );
    check(
        &good.replace("HSC", &"x".repeat(300)),
        "line 1: instrument has 300 bytes, and at most 256 are kept",
    );
    check(
        &good.replace("{\"type\"", "{\"id\": \"x\", \"type\""),
        "line 1: \"x\" is no UUID",
    );
}

#[test]
fn files_are_checked() {
    let check = |file: &str, expected: &str| {
        let body = format!(
            r#"{{"type": "raw", "run": "r", "data_id": {{"exposure": 1}}, "files": [{file}]}}"#
        );
        assert_eq!(told(&body), expected, "{file}");
    };
    check(
        r#"{"uri": "file:///a.fits", "size": 3, "checksum": "md5:0aF"}"#,
        "1 raw exposure=1",
    );
    check(r#"{}"#, "line 1: missing field `uri`");
    check(
        r#"{"uri": "a.fits"}"#,
        "line 1: \"a.fits\" is no absolute URI: begin it with file://, https:// or s3://, and write \
         what is not allowed in it with %",
    );
    check(
        r#"{"uri": "file:///a b"}"#,
        "line 1: \"file:///a b\" is no absolute URI: begin it with file://, https:// or s3://, and \
         write what is not allowed in it with %",
    );
    check(
        r#"{"uri": "s3://b/a", "size": -1}"#,
        "line 1: invalid value: integer `-1`, expected u64",
    );
    check(
        r#"{"uri": "s3://b/a", "checksum": "0a"}"#,
        "line 1: checksum must be an algorithm, a colon and hexadecimal digits, as in sha256:9f86…",
    );
}

#[test]
fn rows_of_a_table_that_follow_each_other_are_files_of_one_dataset() {
    let csv = "type,run,instrument,exposure,detector,uri,component,size\n\
               raw,r,HSC,1,2,file:///a,image,5\n\
               raw,r,HSC,1,2,file:///b,mask,\n\
               raw,r,HSC,1,3,file:///c,,7\n";
    let all = datasets(
        csv.as_bytes(),
        Form::told(csv.as_bytes()),
        &Defaults::default(),
    );
    let all = all.expect("datasets");
    assert_eq!(all.len(), 2);
    let files: Vec<_> = all[0]
        .files
        .iter()
        .map(|it| (it.uri.as_str(), it.size))
        .collect();
    assert_eq!(files, [("file:///a", Some(5)), ("file:///b", None)]);
    assert_eq!(
        all[1].values.told(),
        "instrument=HSC, detector=3, exposure=1"
    );
    let wrong = datasets(
        b"type,tile\nraw,1\n",
        Form::Table(None),
        &Defaults::default(),
    );
    let error = wrong.expect_err("an unknown column").to_string();
    assert!(
        error.starts_with("unknown column \"tile\"; there are id, type, run"),
        "{error}"
    );
}

#[test]
fn records_are_read_or_the_field_is_named() {
    let check = |element: &str, body: &str, expected: Result<&str, &str>| {
        let element = Element::named(element).expect("an element");
        let got = records(body.as_bytes(), Form::told(body.as_bytes()), element, None);
        let got = got
            .map(|rows| format!("{:?}", rows[0]))
            .map_err(|it| it.to_string());
        match expected {
            Ok(part) => assert!(got.as_ref().is_ok_and(|it| it.contains(part)), "{got:?}"),
            Err(whole) => assert_eq!(got.err().as_deref(), Some(whole), "{body}"),
        }
    };
    check(
        "visit_detector_region",
        r#"{"instrument": "HSC", "visit": 1, "detector": 2, "region": "circle icrs 10 20 1"}"#,
        Ok("Circle ICRS 10 20 1"),
    );
    check(
        "visit_detector_region",
        r#"{"instrument": "HSC", "visit": 1, "detector": 2}"#,
        Err("line 1: visit_detector_region without region, which each has"),
    );
    check(
        "day_obs",
        r#"{"instrument": "HSC", "id": 20260131, "timespan": ["2026-01-31T12:00:00", 1769947200000000000]}"#,
        Ok("begin: Some(1769860800000000000), end: Some(1769947200000000000)"),
    );
    check(
        "day_obs",
        r#"{"instrument": "HSC", "id": 1, "timespan_begin": 2, "timespan_end": 2}"#,
        Err("line 1: the timespan ends before it begins; its end is the first instant after it"),
    );
    check(
        "detector",
        r#"{"instrument": "HSC", "id": 1, "purpse": "SCIENCE"}"#,
        Err(
            "line 1: unknown field \"purpse\" of detector; there are instrument, id, full_name, \
             name_in_raft, raft, purpose",
        ),
    );
    check(
        "detector",
        r#"{"instrument": "HSC"}"#,
        Err("line 1: detector without id, which each has"),
    );
    check(
        "detector",
        r#"{"instrument": "HSC", "id": 1, "id": 2}"#,
        Err("line 1: duplicate field `id`"),
    );
    check(
        "detector",
        "instrument,id,raft\nHSC,4,R22\n",
        Ok("Int(4), Null, Null, Text(\"R22\")"),
    );
    check(
        "exposure",
        r#"{"instrument": "HSC", "id": "x"}"#,
        Err("line 1: id must be a whole number"),
    );
    check(
        "patch",
        r#"{"skymap": "m", "tract": 1, "id": 1, "region": "POLYGON 1 2"}"#,
        Err("line 1: region cannot be read: a polygon needs at least 3 distinct vertices, not 1"),
    );
}
