use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::registry::{DataId, Record};

fn dataset() -> Dataset {
    let pairs = |pairs: &[(&str, Scalar)]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (Arc::from(*name), value.clone()));
        pairs.collect::<Vec<(Arc<str>, Scalar)>>()
    };
    let exposure = Record {
        fields: pairs(&[
            ("observation_type", Scalar::Text("science".into())),
            ("exposure_time", Scalar::Float(30.0)),
            ("can_see_sky", Scalar::Bool(true)),
            ("zenith_angle", Scalar::Null),
        ]),
        timespan: None,
    };
    Dataset {
        id: Uuid::nil(),
        dataset_type: "raw".into(),
        run: "run".into(),
        tags: Vec::new(),
        data_id: DataId(pairs(&[
            ("instrument", Scalar::Text("HSC".into())),
            ("exposure", Scalar::Int(1228)),
            ("detector", Scalar::Int(7)),
        ])),
        records: vec![("exposure".into(), Arc::new(exposure))],
        region: None,
        timespan: None,
        files: Vec::new(),
    }
}

fn judged(text: &str) -> Result<Option<bool>, String> {
    let list = Node::List(vec![Node::Int(7), Node::Int(8)]);
    let camera = Node::Text("HSC".into());
    parse::parse(text, &[("list", &list), ("camera", &camera)])?.judge(&dataset())
}

#[track_caller]
fn check(text: &str, expected: Option<bool>) {
    assert_eq!(judged(text), Ok(expected), "{text}");
}

#[test]
fn what_an_expression_says_of_a_dataset() {
    check("instrument = 'HSC'", Some(true));
    check("instrument='HSC' and detector < 5", Some(false));
    check(
        "detector<5 OR (exposure >= 1228 AND NOT detector IN (1, 2))",
        Some(true),
    );
    check("detector IN (0..9)", Some(true));
    check("detector IN (0..9:2)", Some(false));
    check("detector in (1..9:2, 40)", Some(true));
    check("detector NOT IN (7)", Some(false));
    check("detector IN (:list)", Some(true));
    check("instrument = :camera", Some(true));
    check("instrument = camera", Some(true));
    check("exposure.exposure_time > 29.5", Some(true));
    check("exposure.exposure_time = 30", Some(true));
    check("exposure.exposure_time > -1e3", Some(true));
    check("exposure.can_see_sky", Some(true));
    check("not exposure.can_see_sky", Some(false));
    check("exposure.observation_type != 'bias'", Some(true));
    check("'HSC' = instrument", Some(true));
}

#[test]
fn what_has_no_value_decides_nothing() {
    check("exposure.zenith_angle < 30", None);
    check("NOT exposure.zenith_angle < 30", None);
    check("exposure.zenith_angle < 30 OR detector = 7", Some(true));
    check("exposure.zenith_angle < 30 AND detector = 8", Some(false));
    check("exposure.zenith_angle IN (1, 2)", None);
}

#[track_caller]
fn check_refused(text: &str, part: &str) {
    let reason = judged(text).unwrap_err();
    assert!(reason.contains(part), "{text}: {reason}");
}

#[test]
fn what_a_dataset_cannot_answer_is_refused() {
    check_refused(
        "tract = 9813",
        "asks for tract, which the dataset does not have",
    );
    check_refused("visit.name = 'x'", "visit.name, which the dataset");
    check_refused("detector = 'seven'", "compares 7 with \"seven\"");
    check_refused("detector", "neither true nor false");
    check_refused(
        "exposure.timespan OVERLAPS (T'2020-01-01', null)",
        "exposure.timespan",
    );
    check_refused("exposure > T'2020-01-01'", "T, which cannot be judged");
    check_refused(
        "visit_detector_region.region OVERLAPS POINT(1, 2)",
        "cannot be judged",
    );
    check_refused("detector + 1 = 8", "is not expected");
    check_refused("detector * 2 = 8", "'*'");
    check_refused("detector IN (1", "lacks a )");
    check_refused("detector =", "ends too early");
    check_refused("(detector = 7", "lacks a )");
    check_refused("instrument = 'HSC", "without its end");
    check_refused("detector = :list", "is a list");
    check_refused("detector = :nothing", "which bind does not have");
    check_refused("detector IN (1..9:0)", "step");
    check_refused(
        "detector IN (99999999999999999999..9)",
        "not a whole number",
    );
    check_refused(&"(".repeat(10_000), "brackets deep");
    check_refused(&"x ".repeat(10_000), "has 20000 bytes");
}
