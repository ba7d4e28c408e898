use std::sync::Arc;

use adql::sky::Region;
use uuid::Uuid;

use super::*;
use crate::input::Value;
use crate::registry::{DataId, Dataset, File, Record, Scalar, Timespan};

mod reading;

const BASE: &str = r#"
collection_type: RUN
collections: ["HSC/runs/.*"]
facility_name: Subaru
facility_map: {LSSTCam: "Rubin:Simonyi"}
obs_collection: HSC.RC2
obs_publisher_did_fmt: "ivo://example/hsc?id={id}"
dataset_types:
  calexp:
    dataproduct_type: image
    dataproduct_subtype: lsst.calexp
    calib_level: 2
    o_ucd: phot.flux.density
    access_format: image/fits
    s_xel: [2048, 4176]
    obs_id_fmt: "{records[visit].name}-{detector:03d}"
extra_columns:
  lsst_visit: {template: "{visit}", type: int, doc: "Visit"}
  lsst_tract: {template: "{tract}", type: int}
indices:
  visit_idx: [instrument_name, lsst_visit]
spectral_ranges:
  "HSC-R2": [542.0e-9, 693.0e-9]
  r: [5e-7, 7e-7]
  y: [null, 1e-6]
"#;

fn text(text: &str) -> Scalar {
    Scalar::Text(text.into())
}

/// A visit's image, with these values of its data ID put in or replaced.
fn dataset(keys: &[(&str, Scalar)]) -> Dataset {
    let mut data_id = vec![
        ("instrument", text("HSC")),
        ("detector", Scalar::Int(7)),
        ("visit", Scalar::Int(1228)),
        ("band", text("r")),
        ("physical_filter", text("HSC-R2")),
    ];
    data_id.retain(|(key, _)| keys.iter().all(|(other, _)| other != key));
    data_id.extend(keys.iter().cloned());
    let visit = Record {
        fields: vec![
            (Arc::from("name"), text("HSCA00122800")),
            (Arc::from("exposure_time"), Scalar::Float(30.0)),
            (Arc::from("target_name"), text("SSP-Wide")),
            (Arc::from("zenith_angle"), Scalar::Null),
        ],
        timespan: None,
    };
    Dataset {
        id: Uuid::from_u128(0x5f),
        dataset_type: "calexp".into(),
        run: "HSC/runs/RC2".into(),
        tags: Vec::new(),
        data_id: DataId(
            data_id
                .into_iter()
                .map(|(key, value)| (Arc::from(key), value))
                .collect(),
        ),
        records: vec![("visit".into(), Arc::new(visit))],
        region: Some(Arc::new(
            Region::parse("POLYGON 10 -1 12 -1 12 1 10 1").unwrap(),
        )),
        timespan: Some(Timespan {
            begin: Some(1_395_662_400_000_000_000),
            end: Some(1_395_662_430_000_000_000),
        }),
        files: vec![file("file:///data/a.fits", Some(1_001))],
    }
}

fn file(uri: &str, size: Option<u64>) -> File {
    File {
        uri: uri.into(),
        component: None,
        size,
        media_type: None,
        checksum: None,
    }
}

fn publisher() -> Publisher {
    Publisher {
        authority: "example.org".into(),
        repository: "hsc".into(),
        links: None,
    }
}

fn mapping(more: &str) -> Mapping {
    Mapping::read(&format!("{BASE}{more}")).unwrap().0
}

/// One value of the row, as messages name it.
fn cell(mapping: &Mapping, dataset: &Dataset, name: &str) -> String {
    cell_for(mapping, dataset, name, &publisher())
}

fn cell_for(mapping: &Mapping, dataset: &Dataset, name: &str, publisher: &Publisher) -> String {
    let Ok(Row::Values(row)) = mapping.row(dataset, publisher) else {
        panic!("{:?}", mapping.row(dataset, publisher));
    };
    let place = mapping
        .names()
        .iter()
        .position(|known| known == name)
        .unwrap();
    match &row.values[place] {
        Value::Text(text) => text.clone(),
        value => value.named(),
    }
}

#[track_caller]
fn check(name: &str, expected: &str) {
    assert_eq!(cell(&mapping(""), &dataset(&[]), name), expected, "{name}");
}

#[test]
fn every_column_of_a_row() {
    check("dataproduct_type", "image");
    check("dataproduct_subtype", "lsst.calexp");
    check("calib_level", "2");
    check("obs_collection", "HSC.RC2");
    check("obs_id", "HSCA00122800-007");
    check(
        "obs_publisher_did",
        "ivo://example/hsc?id=00000000-0000-0000-0000-00000000005f",
    );
    check("access_url", "file:///data/a.fits");
    check("access_format", "image/fits");
    check("access_estsize", "2");
    check("target_name", "SSP-Wide");
    check("s_region", "POLYGON ICRS 10 -1 12 -1 12 1 10 1");
    check("s_xel1", "2048");
    check("s_xel2", "4176");
    check("t_min", "56740.49959490741");
    check("t_max", "56740.49994212963");
    check("t_exptime", "30");
    check("em_min", "0.000000542");
    check("em_max", "0.000000693");
    check("em_filter_name", "r");
    check("o_ucd", "phot.flux.density");
    check("facility_name", "Subaru");
    check("instrument_name", "HSC");
    check("lsst_visit", "1228");
    check("lsst_tract", "no value");
}

#[test]
fn columns_are_declared_for_the_table() {
    let (mapping, _) = Mapping::read(BASE).unwrap();
    let names: Vec<&str> = mapping.columns().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["em_filter_name", "lsst_visit", "lsst_tract"]);
    assert_eq!(mapping.columns()[1].kind, "BIGINT");
    assert_eq!(mapping.columns()[1].description.as_deref(), Some("Visit"));
    assert!(mapping.columns()[1].indexed && !mapping.columns()[2].indexed);
    crate::obscore::declared(mapping.columns()).unwrap();
}

fn read(text: &str) -> (Mapping, Vec<String>) {
    let (mapping, warnings) = Mapping::read(text).unwrap();
    (mapping, warnings.iter().map(ToString::to_string).collect())
}

#[test]
fn a_dataset_without_files_or_of_another_type_is_no_row() {
    let unstored = Dataset {
        files: Vec::new(),
        ..dataset(&[])
    };
    assert_eq!(mapping("").row(&unstored, &publisher()), Ok(Row::Unstored));
    let other = Dataset {
        dataset_type: "src".into(),
        ..dataset(&[])
    };
    assert_eq!(mapping("").row(&other, &publisher()), Ok(Row::Unwanted));
}

#[test]
fn what_is_not_known_has_no_value() {
    let mapping = mapping("");
    let no_visit = Dataset {
        records: Vec::new(),
        region: None,
        timespan: None,
        ..dataset(&[])
    };
    let reasons = mapping.row(&no_visit, &publisher()).unwrap_err();
    assert_eq!(reasons, ["obs_id: the dataset has no records[visit].name"]);
    let check = |dataset: &Dataset, names: &[&str]| {
        for name in names {
            assert_eq!(cell(&mapping, dataset, name), "no value", "{name}");
        }
    };
    let plain = Dataset {
        region: None,
        timespan: None,
        ..dataset(&[("band", Scalar::Null), ("physical_filter", Scalar::Null)])
    };
    check(
        &plain,
        &[
            "t_min",
            "t_max",
            "s_ra",
            "s_dec",
            "s_fov",
            "s_region",
            "em_min",
            "em_filter_name",
            "lsst_tract",
        ],
    );
    let empty = Timespan {
        begin: Some(4_102_444_800_000_000_000),
        end: Some(0),
    };
    check(
        &Dataset {
            timespan: Some(empty),
            ..dataset(&[])
        },
        &["t_min", "t_max"],
    );
    let open = Timespan {
        begin: None,
        end: Some(0),
    };
    check(
        &Dataset {
            timespan: Some(open),
            ..dataset(&[])
        },
        &["t_min"],
    );
    let unknown = Dataset {
        files: vec![file("a", Some(1)), file("b", None)],
        ..dataset(&[])
    };
    check(&unknown, &["access_estsize", "access_url"]);
}

#[test]
fn links_lead_to_datalink_where_there_is_one() {
    let mapping = mapping("");
    let publisher = Publisher {
        links: Some("https://example.org/links".into()),
        ..publisher()
    };
    let cell = |name| cell_for(&mapping, &dataset(&[]), name, &publisher);
    assert_eq!(
        cell("access_url"),
        "https://example.org/links?ID=ivo%3A%2F%2Fexample%2Fhsc%3Fid%3D00000000-0000-0000-0000-00000000005f"
    );
    assert_eq!(
        cell("access_format"),
        "application/x-votable+xml;content=datalink"
    );
}

#[test]
fn identifiers_are_made_where_no_template_makes_them() {
    let text = BASE
        .replace("obs_publisher_did_fmt", "#")
        .replace("    obs_id_fmt", "    #")
        .replace("obs_collection", "#");
    let (mapping, warnings) = read(&text);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let check = |dataset: &Dataset, name, expected: &str| {
        assert_eq!(cell(&mapping, dataset, name), expected)
    };
    check(
        &dataset(&[]),
        "obs_publisher_did",
        "ivo://example.org/hsc?repo=hsc&id=00000000-0000-0000-0000-00000000005f",
    );
    check(&dataset(&[]), "obs_id", "HSCA00122800");
    check(&dataset(&[]), "obs_collection", "hsc");
    let patch = Dataset {
        records: Vec::new(),
        ..dataset(&[
            ("skymap", self::text("rings")),
            ("tract", Scalar::Int(9813)),
            ("patch", Scalar::Int(72)),
        ])
    };
    check(&patch, "obs_id", "rings-9813-72");
}

/// What an extra column of this declaration holds.
#[track_caller]
fn check_extra(column: &str, expected: &str) {
    let (mapping, _) = read(&BASE.replace("lsst_tract:", &format!("k: {column}\n  lsst_tract:")));
    assert_eq!(
        cell(
            &mapping,
            &dataset(&[("flag", Scalar::Bool(true)), ("number", text(" 1_000 "))]),
            "k"
        ),
        expected,
        "{column}"
    );
}

#[test]
fn extra_columns_are_constants_or_templates() {
    check_extra("deep", "deep");
    check_extra("5", "5");
    check_extra("1.5", "1.5");
    check_extra("true", "true");
    check_extra("{template: '{detector}', type: int}", "7");
    check_extra("{template: '{detector}', type: float}", "7");
    check_extra("{template: '{detector}', type: bool}", "true");
    check_extra("{template: '0', type: bool}", "false");
    check_extra("{template: '{flag}', type: bool}", "true");
    check_extra("{template: '{number}', type: int}", "1000");
    check_extra("{template: '{detector}.5', type: float}", "7.5");
    check_extra("{template: '{obs_id}/{calib_level}'}", "HSCA00122800-007/2");
    check_extra(
        "{template: '{records[visit].zenith_angle:.0f}'}",
        "no value",
    );
    check_extra(
        "{template: '{records[visit].zenith_angle}', type: string}",
        "no value",
    );
    check_extra("{template: 'nan', type: float}", "no value");
}

#[test]
fn an_extra_column_that_cannot_be_made_is_left_out_and_said() {
    let (mapping, _) = read(&BASE.replace("\"{tract}\"", "\"{instrument}\""));
    let Ok(Row::Values(row)) = mapping.row(&dataset(&[]), &publisher()) else {
        panic!("no row");
    };
    assert_eq!(
        row.remarks,
        ["extra_columns.lsst_tract.template: \"HSC\" is not a whole number of 64 bits"]
    );
}

#[test]
fn a_column_of_obscore_may_be_filled_as_an_extra_one() {
    let (mapping, _) = read(&BASE.replace("lsst_tract:", "pol_states: /I/\n  lsst_tract:"));
    assert_eq!(cell(&mapping, &dataset(&[]), "pol_states"), "/I/");
    assert!(
        mapping
            .columns()
            .iter()
            .all(|column| column.name != "pol_states")
    );
}

#[test]
fn the_first_type_of_a_column_counts() {
    let (mapping, warnings) = read(&BASE.replace(
        "    s_xel:",
        "    extra_columns: {lsst_tract: none, kind: visit}\n    s_xel:",
    ));
    assert_eq!(
        warnings,
        [
            "dataset_types.calexp.extra_columns.lsst_tract: is string here, and the column is int, as \
          extra_columns.lsst_tract says"
        ]
    );
    assert_eq!(cell(&mapping, &dataset(&[]), "kind"), "visit");
}
