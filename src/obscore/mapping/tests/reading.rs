//! What a configuration may say.

use super::*;

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
        "facility_name: Subaru\nwhere: {where: \"visit.timespan OVERLAPS x\"}",
        "where.where: has visit.timespan, which cannot be judged by a dataset alone; or put the \
         datasets that are meant into a collection",
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

#[test]
fn the_exporters_filters_choose_datasets() {
    #[track_caller]
    fn check(filter: &str, taken: bool) {
        let row = mapping(&format!("\n{filter}\n"));
        let row = row.row(&dataset(&[]), &publisher()).unwrap();
        assert_eq!(row != Row::Unwanted, taken, "{filter}");
    }
    check("where: {where: \"\", bind: {}}", true);
    check(
        "where: {where: \"detector IN (:some)\", bind: {some: [6, 7]}}",
        true,
    );
    check("where: {where: \"detector > 7\"}", false);
    let constraints = |list: &str| {
        format!("where: {{where: \"detector > 7\"}}\ndataset_type_constraints: {{calexp: {list}}}")
    };
    check(&constraints("[]"), true);
    check(
        &constraints("[{where: \"visit = 1\"}, {where: \"visit = 1228\"}]"),
        true,
    );
    check(&constraints("[{where: \"visit = 1\"}]"), false);
    check(
        &constraints("[{where: \"visit = 1\"}, {where: \"\"}]"),
        true,
    );
}
