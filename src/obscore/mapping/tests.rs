use std::sync::Arc;

use adql::sky::Region;
use uuid::Uuid;

use super::*;
use crate::input::Value;
use crate::registry::{DataId, Dataset, File, Record, Scalar, Timespan};

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

#[track_caller]
fn check_warning(more: &str, expected: &str) {
    let (_, warnings) = read(&format!("{BASE}{more}"));
    assert_eq!(warnings, [expected]);
}

#[track_caller]
fn check_fault(from: &str, to: &str, expected: &str) {
    assert!(BASE.contains(from), "{from}");
    let faults = Mapping::read(&BASE.replace(from, to)).unwrap_err();
    let faults: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
    assert_eq!(faults, [expected]);
}

#[test]
fn unknown_keys_are_told_with_what_was_meant() {
    assert_eq!(read(BASE).1, [""; 0]);
    check_warning(
        "colections: [a]\n",
        "colections: is not a key of this table, and is ignored; collections is",
    );
    check_warning(
        "frobnicate: 1\n",
        "frobnicate: is not a key of this table, and is ignored",
    );
    check_warning(
        "origin: {publisher: x, publication_date: 2025-06-30, doi: y}\n",
        "origin.doi: is not a key of this table, and is ignored",
    );
    check_warning(
        "use_butler_uri: false\n",
        "use_butler_uri: is of an old Butler, and is ignored; links are made by datalink_url_fmt",
    );
    check_warning(
        "spatial_plugins: {pgsphere: {cls: a.B, config: {region_column: pgs_region}}}\n",
        "spatial_plugins.pgsphere: is not made, nor pgs_region: s_region and the position have \
         an index here",
    );
}

#[test]
fn what_is_wrong_is_told_with_its_path() {
    check_fault(
        "calib_level: 2",
        "calib_level: 7",
        "dataset_types.calexp.calib_level: is 7, and must be from 0 to 4",
    );
    check_fault(
        "calib_level: 2",
        "calib_level: high",
        "dataset_types.calexp.calib_level: should be a whole number, and is a text",
    );
    check_fault(
        "    dataproduct_type: image\n",
        "",
        "dataset_types.calexp.dataproduct_type: is missing",
    );
    check_fault(
        "collection_type: RUN",
        "collection_type: CHAINED",
        "collection_type: should be RUN or TAGGED, and is \"CHAINED\"",
    );
    check_fault(
        "type: RUN\ncollections: [\"HSC/runs/.*\"]",
        "type: TAGGED",
        "collections: should have the name of one tagged collection, as collection_type is TAGGED, and has 0",
    );
    check_fault(
        "s_xel: [2048, 4176]",
        "s_xel: [2048]",
        "dataset_types.calexp.s_xel: should be two numbers of pixels",
    );
    check_fault(
        "r: [5e-7, 7e-7]",
        "r: [7e-7, 5e-7]",
        "spectral_ranges.r: has a shortest wavelength that is longer than the longest",
    );
    check_fault(
        "{detector:03d}",
        "{detector:03q}",
        "dataset_types.calexp.obs_id_fmt: {detector:03q}: \"q\" is not a type of format",
    );
    check_fault(
        "\"{tract}\"",
        "\"{tract\"",
        "extra_columns.lsst_tract.template: a { has no }; write {{ for the character",
    );
    check_fault(
        "type: int}",
        "type: integer}",
        "extra_columns.lsst_tract.type: should be bool, int, float or string, and is \"integer\"",
    );
    check_fault(
        "lsst_tract:",
        "fp_key:",
        "extra_columns.fp_key: the name fp_key is kept for the spatial index; choose another",
    );
    check_fault(
        "lsst_tract:",
        "\"x; drop\":",
        "extra_columns.x; drop: \"x; drop\" is not a name of lower-case letters, digits and underscores that begins with a letter",
    );
    check_fault(
        "facility_name: Subaru",
        "facility_name: [Subaru]",
        "facility_name: should be a text, and is a list",
    );
    check_fault(
        "facility_name: Subaru",
        "facility_name: Subaru\nwhere: {where: \"visit > 3\"}",
        "where: cannot be applied: put the datasets that are meant into a collection",
    );
}

#[test]
fn hostile_documents_are_refused() {
    let check = |text: &str, part: &str| {
        let faults = Mapping::read(text).unwrap_err().to_string();
        assert!(faults.contains(part), "{faults}");
    };
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    check(&bomb, "cannot be used");
    check(&"[".repeat(100_000), "cannot be used");
    check(&"x".repeat(2_000_000), "it has 2000000 bytes");
    check("", "should be a table of keys, and is nothing");
    check("- a", "should be a table of keys, and is a list");
    check("{}", "dataset_types: is missing");
    check("a: 1\na: 2", "duplicate");
    check(
        "dataset_types: {raw: {}}",
        "dataset_types.raw.dataproduct_type: is missing; dataset_types.raw.calib_level: is missing",
    );
}

#[test]
fn plain_words_are_names() {
    let (mapping, _) =
        read(&BASE.replace("  r: [5e-7, 7e-7]", "  r: [5e-7, 7e-7]\n  n: [1e-7, 2e-7]"));
    let filter = |band: &str| dataset(&[("band", text(band)), ("physical_filter", text("none"))]);
    assert_eq!(cell(&mapping, &filter("y"), "em_max"), "0.000001");
    assert_eq!(cell(&mapping, &filter("y"), "em_min"), "no value");
    assert_eq!(cell(&mapping, &filter("n"), "em_max"), "0.0000002");
}

#[test]
fn collections_are_patterns_a_tag_or_a_path() {
    let check = |more: &str, expected: &str| {
        let start = BASE.find("facility_name").unwrap();
        let (mapping, _) = read(&format!("{more}\n{}", &BASE[start..]));
        let wanted = format!("{:?}", mapping.wanted().collections);
        assert!(wanted.starts_with(expected), "{wanted}");
    };
    check("collection_type: RUN\ncollections: null", "Runs([])");
    check(
        "collection_type: TAGGED\ncollections: [best]",
        "Tagged(\"best\")",
    );
    check("collections: [a, b]", "Path([\"a\", \"b\"])");
    check("", "Runs([])");
}

#[test]
fn json_with_all_defaults_is_read() {
    let (mapping, warnings) = read(
        r#"{"collections":["a"],"dataset_types":{"raw":{"dataproduct_type":"image",
        "dataproduct_subtype":null,"calib_level":1,"o_ucd":null,"access_format":null,
        "obs_id_fmt":"{id}","datalink_url_fmt":null,"obs_collection":null,"s_xel":null,
        "extra_columns":null}},"obs_collection":"x","facility_name":"y","facility_map":{},
        "extra_columns":{"k":{"template":"{tract}","type":"int","length":null,"doc":null}},
        "indices":null,"spectral_ranges":{"u":[3.3e-7,4e-7]},"spatial_plugins":{},
        "fallback_instrument":null,"obs_publisher_did_fmt":null,"namespace":"n","version":1,
        "table_name":"obscore","collection_type":"RUN"}"#,
    );
    assert_eq!(warnings, [""; 0]);
    assert_eq!(mapping.wanted().types, ["raw"]);
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

#[test]
fn names_that_no_registry_has_are_told_where_its_fields_are_known() {
    let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let elements: BTreeMap<String, Vec<String>> = [
        ("instrument", fields(&["name"])),
        ("visit", fields(&["id", "name", "exposure_time"])),
        ("detector", fields(&["id", "full_name"])),
        ("tract", fields(&["id"])),
    ]
    .map(|(name, fields)| (name.to_owned(), fields))
    .into();
    let told = |text: &str| {
        let warnings = read(text).0.unknown_names(&elements);
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(BASE), [""; 0]);
    let text = BASE
        .replace("{detector:03d}", "{records[detector].fullname}")
        .replace("{tract}", "{track}");
    assert_eq!(
        told(&text),
        [
            "dataset_types.calexp.obs_id_fmt: fullname is no field of detector; full_name is",
            "extra_columns.lsst_tract.template: track is no dimension of the registry; tract is",
        ]
    );
}
