//! `obstap registry`.

use super::{COLLECTIONS, RECORDS, TYPES, id, raw};
use crate::support::service::on_both;

#[test]
fn a_registry_is_kept_on_the_command_line() {
    on_both(|archive| {
        let run = |arguments: &[&str]| {
            let arguments = [&["registry"], arguments].concat();
            let ended = archive.run(&arguments);
            assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.said);
            ended.out
        };
        let fails = |arguments: &[&str], part: &str| {
            let ended = archive.run(&[&["registry"], arguments].concat());
            assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.said);
            assert!(ended.said.contains(part), "{}", ended.said);
        };
        fails(&["list", "types"], "obstap registry create LABEL");
        run(&["create", "cam"]);
        for (name, body) in RECORDS {
            let form = if body.starts_with(['{', '[']) {
                "json"
            } else {
                "csv"
            };
            let file = archive.file(&format!("{name}.{form}"), body);
            run(&["register", name, &file]);
        }
        run(&["register", "type", &archive.file("types.ndjson", TYPES)]);
        run(&[
            "register",
            "collection",
            &archive.file("collections", COLLECTIONS),
        ]);
        assert!(run(&["list", "types"]).contains("raw\tinstrument,detector,exposure\tExposure"));
        assert!(run(&["list", "collections"]).contains("all\tCHAINED\tu/ann/run,Cam/raw/all"));
        assert!(run(&["list", "detector"]).contains("instrument=Cam\tid=0\tfull_name=A"));
        fails(
            &["list", "telescope"],
            "there is no telescope; there are instrument",
        );
        let rows = raw(1, "Cam/raw/all", 1, 0) + &raw(2, "Cam/raw/all", 1, 1);
        let rows = archive.file("raws.ndjson", rows);
        assert!(run(&["ingest", &rows]).contains("2 datasets added, 0 were there"));
        assert!(run(&["ingest", &rows]).contains("0 datasets added, 2 were there"));
        let csv = archive.file(
            "more.csv",
            "instrument,exposure,detector,uri\nCam,2,0,s3://b/c\n",
        );
        fails(&["ingest", &csv], "the dataset has no type");
        let out = run(&[
            "ingest",
            &csv,
            "--type",
            "raw",
            "--run",
            "Cam/raw/all",
            "--ids",
            "derived",
        ]);
        assert!(out.contains("1 datasets added"), "{out}");
        assert_eq!(
            run(&["list", "datasets", "--type", "raw"]).lines().count(),
            3
        );
        let ids = archive.file("ids", format!("{}\n{}\n", id(1), id(2)));
        run(&["associate", "u/ann/best", &ids]);
        let tagged = run(&["list", "datasets", "--collection", "u/ann/best"]);
        assert_eq!(tagged.lines().count(), 2);
        run(&["disassociate", "u/ann/best", &ids]);
        let region = archive.file(
            "regions.csv",
            "instrument,exposure,detector,region\nCam,1,0,CIRCLE ICRS 5 5 1\n",
        );
        run(&["update-regions", "exposure_detector_region", &region]);
        let span = archive.file(
            "spans.csv",
            "instrument,id,timespan_begin,timespan_end\nCam,1,7,8\n",
        );
        run(&["update-timespans", "exposure", &span]);
        let shown = run(&["show", &id(1).to_string()]);
        assert!(shown.contains("region\tCircle ICRS 5 5 1\n"), "{shown}");
        assert!(shown.contains("timespan\t7 8\n"), "{shown}");
        assert!(shown.contains("exposure.obs_id\tC1\n"), "{shown}");
        fails(
            &["update-timespans", "tract", &span],
            "tract has no timespan_begin",
        );
        run(&["namespace", "Cam", "ann", "bob"]);
        assert!(run(&["list", "namespaces"]).contains("Cam\tann,bob"));
        assert!(run(&["remove", &ids]).contains("2 datasets removed"));
        run(&["remove", "--collection", "all"]);
        assert!(run(&["remove", "--collection", "Cam/raw/all"]).contains("1 datasets were in it"));
    });
}
