//! `obstap load` and what keeps the program from starting, on both engines.

use std::net::TcpListener;

use obstap::database::{Database, Settings};
use votable::{Datatype, Document, Field, Outcome, Serialization, Version, Writer};

use crate::support::service::{Archive, Ended, on_both};

const HEAD: &str = "obs_publisher_did,obs_id,obs_collection,calib_level,s_ra,s_dec,s_region\n";

/// A row of [`HEAD`] by its number.
fn row(number: u32, position: &str, region: &str) -> String {
    format!("ivo://t?{number},{number},c,2,{position},{region}\n")
}

fn table(rows: &[String]) -> String {
    HEAD.to_owned() + &rows.concat()
}

fn three() -> String {
    table(&[
        row(1, "10,20", "CIRCLE ICRS 10 20 1"),
        row(2, "30,-20", "CIRCLE ICRS 30 -20 1"),
        row(3, "NaN,", ""),
    ])
}

#[track_caller]
fn check_count(archive: &Archive, expected: &str) {
    assert_eq!(
        archive.query("SELECT COUNT(*) AS n FROM ivoa.obscore"),
        expected
    );
}

/// Failed with exit code 1, having said all of `expected`.
#[track_caller]
fn check_refused(ended: &Ended, expected: &[&str]) {
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    for part in expected {
        assert!(ended.said.contains(part), "{part:?} in {}", ended.said);
    }
}

/// What was said but for lines of the log, which begin with their time.
fn sentences(ended: &Ended) -> Vec<&str> {
    let lines = ended.said.lines();
    lines.filter(|line| !line.starts_with("20")).collect()
}

/// Failed with exit code 1 and one line that says all of `expected`.
#[track_caller]
fn check_one_line(ended: &Ended, expected: &[&str]) {
    check_refused(ended, expected);
    let lines = sentences(ended);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(!ended.said.contains("panicked"), "{}", ended.said);
}

#[test]
fn the_same_file_twice_is_the_same_as_once() {
    on_both(|archive| {
        let file = archive.file("three.csv", three());
        let first = archive.run(&["load", &file]);
        assert_eq!(first.code, Some(0), "{}", first.said);
        assert!(first.said.contains("3 rows loaded, in"), "{}", first.said);
        check_count(archive, "3");
        let second = archive.run(&["load", &file]);
        assert_eq!(second.code, Some(0), "{}", second.said);
        let said = "3 rows loaded, 3 of them replaced";
        assert!(second.said.contains(said), "{}", second.said);
        check_count(archive, "3");
    });
}

#[test]
fn a_file_with_bad_rows_changes_nothing() {
    on_both(|archive| {
        archive.loaded(&three());
        let bad = table(&[
            row(4, "10,20", ""),
            row(5, "400,20", ""),
            row(1, "11,20", "BLOB 1 2"),
            ",6,c,9,1,1,\n".to_owned(),
        ]);
        let file = archive.file("bad.csv", bad);
        let ended = archive.run(&["load", &file]);
        check_refused(
            &ended,
            &[
                "3 bad rows, nothing was stored",
                "line 3: s_ra is 400 degrees",
                "line 4: s_region: the region \"BLOB 1 2\"",
                "line 5: ",
                "calib_level is 9",
                "obs_publisher_did has no value",
                "--skip-bad",
            ],
        );
        let ids = "SELECT obs_id, s_ra FROM ivoa.obscore ORDER BY obs_id";
        assert_eq!(archive.query(ids), "1,10.0;2,30.0;3,");
    });
}

#[test]
fn an_empty_table_stays_empty_when_rows_are_bad() {
    on_both(|archive| {
        let bad = table(&[row(1, "10,20", ""), row(2, "10,91", "")]);
        let ended = archive.run_with(&["load", "-", "--format", "csv"], bad.as_bytes());
        check_refused(
            &ended,
            &["1 bad row, nothing was stored", "line 3: s_dec is 91"],
        );
        check_count(archive, "0");
        // Its indexes are there all the same.
        archive.loaded(&three());
        let found = "SELECT obs_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(10, 20), s_region)";
        assert_eq!(archive.query(found), "1");
    });
}

#[test]
fn bad_rows_can_be_left_out() {
    on_both(|archive| {
        let rows = table(&[
            row(1, "10,20", ""),
            row(2, "400,20", ""),
            row(3, "30,20", ""),
            row(1, "40,20", ""),
        ]);
        let file = archive.file("some.csv", rows);
        let rejects = archive.path("bad.csv");
        let flag = rejects.display().to_string();
        let ended = archive.run(&["load", &file, "--skip-bad", &flag]);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        let said = "2 rows loaded, 2 bad rows left out";
        assert!(ended.said.contains(said), "{}", ended.said);
        let written = std::fs::read_to_string(rejects).expect("the bad rows");
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 3, "{written}");
        assert_eq!(lines[0], format!("file,line,reason,{}", HEAD.trim_end()));
        assert!(lines[1].contains(",3,\"s_ra is 400 degrees"), "{written}");
        assert!(lines[1].ends_with("ivo://t?2,2,c,2,400,20,"), "{written}");
        assert!(
            lines[2].contains(",5,its obs_publisher_did is that of line 2,"),
            "{written}"
        );
        let ids = "SELECT obs_id, s_ra FROM ivoa.obscore ORDER BY obs_id";
        assert_eq!(archive.query(ids), "1,10.0;3,30.0");
    });
}

#[test]
fn one_identifier_twice_in_a_file_is_a_bad_row() {
    on_both(|archive| {
        let twice = table(&[row(1, "10,20", ""), row(2, "1,1", ""), row(1, "10,20", "")]);
        let file = archive.file("twice.csv", twice);
        let expected = [
            "1 bad row, nothing",
            "line 4: its obs_publisher_did is that of line 2",
        ];
        check_refused(&archive.run(&["load", &file]), &expected);
        check_count(archive, "0");
    });
}

#[test]
fn standard_input_and_several_files() {
    on_both(|archive| {
        let other = archive.file("other.csv", table(&[row(7, "1,2", "")]));
        let input = three();
        let ended = archive.run_with(&["load", "-", &other], input.as_bytes());
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        assert!(
            ended.said.contains("standard input: 3 rows loaded"),
            "{}",
            ended.said
        );
        check_count(archive, "4");
        let tabs = table(&[row(8, "3,4", "")]).replace(',', "\t");
        let ended = archive.run_with(&["load", "-"], tabs.as_bytes());
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        check_count(archive, "5");
    });
}

#[test]
fn a_votable_is_loaded() {
    on_both(|archive| {
        for (number, serialization) in [
            (1, Serialization::TableData),
            (2, Serialization::Binary),
            (3, Serialization::Binary2),
        ] {
            let mut document = Document::default();
            document.table.fields = vec![
                Field::text("obs_publisher_did"),
                Field::text("obs_id"),
                Field::text("obs_collection"),
                Field::new("calib_level", Datatype::Int),
                Field::new("s_ra", Datatype::Double),
                Field::new("s_dec", Datatype::Double),
                Field {
                    arraysize: Some("*".into()),
                    ..Field::new("s_region", Datatype::Double)
                },
            ];
            let mut bytes = Vec::new();
            let mut writer = Writer::new(Version::V1_4, serialization, document);
            writer.begin(&mut bytes);
            let [ra, dec] = [10.0_f64, 20.0].map(f64::to_be_bytes);
            let region = [ra, dec, 0.5_f64.to_be_bytes()].concat();
            let id = format!("ivo://t?{number}");
            let name = number.to_string();
            let level = 2_i32.to_be_bytes();
            let cells = [
                Some(id.as_bytes()),
                Some(name.as_bytes()),
                Some(b"c"),
                Some(&level),
                Some(&ra),
                Some(&dec),
                Some(&region),
            ];
            writer.row(cells.into_iter(), &mut bytes);
            // NaN is how some serialisations say that there is no value.
            let nan = f64::NAN.to_be_bytes();
            let id = format!("ivo://t?{number}-nan");
            let cells = [
                Some(id.as_bytes()),
                Some(b"nan"),
                Some(b"c"),
                Some(&level),
                Some(&nan),
                None,
                None,
            ];
            writer.row(cells.into_iter(), &mut bytes);
            writer.finish(Outcome::Complete, &mut bytes);
            let file = archive.file(&format!("{number}.vot"), &bytes);
            let ended = archive.run(&["load", &file]);
            assert_eq!(ended.code, Some(0), "{serialization:?}: {}", ended.said);
        }
        let found = "SELECT obs_id, s_region FROM ivoa.obscore \
                     WHERE 1 = CONTAINS(POINT(10.4, 20), s_region) ORDER BY obs_id";
        let region = "CIRCLE ICRS 10 20 0.5";
        assert_eq!(
            archive.query(found),
            format!("1,{region};2,{region};3,{region}")
        );
        let nulls = "SELECT COUNT(*) AS n FROM ivoa.obscore \
                     WHERE s_ra IS NULL AND s_dec IS NULL AND s_region IS NULL";
        assert_eq!(archive.query(nulls), "3");
    });
}

#[test]
fn nan_is_no_value() {
    on_both(|archive| {
        archive.loaded(&table(&[
            row(1, "NaN,20", ""),
            row(2, "nan,NAN", ""),
            row(3, "10,20", ""),
        ]));
        let query = "SELECT obs_id, s_dec FROM ivoa.obscore WHERE s_ra IS NULL ORDER BY obs_id";
        assert_eq!(archive.query(query), "1,20.0;2,");
        let near = "SELECT obs_id FROM ivoa.obscore WHERE DISTANCE(s_ra, s_dec, 10, 20) < 180";
        assert_eq!(archive.query(near), "3");
    });
}

#[test]
fn columns_that_are_none_are_named() {
    on_both(|archive| {
        let check = |from: &str, to: &str, expected: &[&str]| {
            let file = archive.file("names.csv", three().replacen(from, to, 1));
            check_one_line(&archive.run(&["load", &file]), expected);
            check_count(archive, "0");
        };
        check("s_region", "s_regoin", &["\"s_regoin\"", "s_region is"]);
        check("obs_id", "obsid", &["no column obs_id", "\"obsid\""]);
        check("s_dec", "s_ra", &["s_ra"]);
        check("s_region", "fp_key", &["\"fp_key\""]);
    });
}

#[test]
fn what_is_no_table_is_refused_in_one_line() {
    on_both(|archive| {
        let check = |name: &str, content: &[u8], expected: &str| {
            let file = archive.file(name, content);
            check_one_line(&archive.run(&["load", &file]), &[name, expected]);
        };
        let page = b"<!DOCTYPE html><html><body>404</body></html>";
        check("page.html", page, "HTML page");
        check("page.csv", page, "HTML page");
        check("page.vot", page, "HTML page");
        check("empty.csv", b"", "it is empty");
        check("head.csv", b"obs_id\n", "obs_publisher_did");
        let junk: Vec<u8> = (0..4000_u32).map(|n| (n * n % 251) as u8).collect();
        check("junk.bin", &junk, "binary");
        check("junk.csv", &junk, "binary");
        check("cut.parquet", b"PAR1 and no more", "Parquet");
        check("cut.csv.gz", b"\x1f\x8b\x08garbage", "gzip");
        check("cut.vot", b"<VOTABLE version=\"1.4\"><RESOURCE>", "cut.vot");
        let folder = archive.path("").display().to_string();
        check_one_line(&archive.run(&["load", &folder]), &["it is a directory"]);
        check_one_line(&archive.run(&["load", "none.csv"]), &["no such file"]);
        check_count(archive, "0");
    });
}

#[test]
fn rows_that_changed_are_found_where_they_are_now() {
    on_both(|archive| {
        archive.loaded(&three());
        let service = archive.serve();
        let at = |lon: f64, lat: f64| {
            let cone = format!("CONTAINS(POINT(s_ra, s_dec), CIRCLE({lon}, {lat}, 0.5)) = 1");
            let region = format!("CONTAINS(POINT({lon}, {lat}), s_region) = 1");
            let ask = |condition: &str| {
                service.query(&format!(
                    "SELECT obs_id FROM ivoa.obscore WHERE {condition} ORDER BY obs_id"
                ))
            };
            [ask(&cone), ask(&region)]
        };
        assert_eq!(at(10.0, 20.0), ["1", "1"]);
        assert_eq!(at(30.0, -20.0), ["2", "2"]);
        let said = archive.loaded(&table(&[
            row(1, "200,60", "CIRCLE ICRS 200 60 1"),
            row(2, ",", ""),
            row(3, "10,20", "POLYGON ICRS 9 19 11 19 11 21 9 21"),
            row(4, "30,-20", "CIRCLE ICRS 30 -20 2"),
        ]));
        assert!(said.contains("4 rows loaded, 3 of them replaced"), "{said}");
        assert_eq!(at(200.0, 60.0), ["1", "1"]);
        assert_eq!(at(10.0, 20.0), ["3", "3"]);
        assert_eq!(at(30.0, -20.0), ["4", "4"]);
    });
}

#[test]
fn a_port_in_use_is_named() {
    on_both(|archive| {
        let other = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = other.local_addr().expect("its address").to_string();
        let ended = archive.run(&["serve", "--listen", &address]);
        check_one_line(&ended, &[&address, "another program", "--listen"]);
    });
}

#[test]
fn a_database_that_cannot_be_reached_is_named() {
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr());
    let address = gone.expect("a port nobody listens on").to_string();
    let archive = Archive::at(&format!("postgresql://somebody:secret@{address}/sky"));
    let file = archive.file("three.csv", three());
    let junk = archive.file("junk.db", [7_u8; 8192]);
    for arguments in [
        &["load", file.as_str()][..],
        &["serve", "--listen", "127.0.0.1:0"],
        &["query", "SELECT obs_id FROM ivoa.obscore"],
        &["migrate"],
    ] {
        let ended = archive.run(arguments);
        check_one_line(&ended, &["sky", &address]);
        assert!(!ended.said.contains("secret"), "{}", ended.said);
    }
    let archive = Archive::at(&format!("sqlite:{junk}"));
    check_one_line(&archive.run(&["load", &file]), &["not an SQLite database"]);
    let archive = Archive::at("sqlite:/proc/nowhere/sky.db");
    check_one_line(&archive.run(&["migrate"]), &["/proc/nowhere"]);
    let archive = Archive::at("mysql://localhost/sky");
    check_one_line(&archive.run(&["migrate"]), &["sqlite:", "postgresql:"]);
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    on_both(|archive| {
        archive.loaded(&three());
        let settings = Settings {
            url: archive.url.clone(),
            namespace: None,
            readers: 1,
            workers: 1,
        };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let database = Database::open(&settings).await.expect("a database");
            let mut transaction = database.begin().await.expect("a transaction");
            let newer = "UPDATE {obstap.migrations} SET number = 9000, name = 'future' \
                         WHERE number = (SELECT max(number) FROM {obstap.migrations})";
            transaction.script(newer).await.expect("a newer number");
            transaction.commit().await.expect("commit");
        });
        let file = archive.file("three.csv", three());
        for arguments in [
            &["load", file.as_str()][..],
            &["serve", "--listen", "127.0.0.1:0"],
            &["query", "SELECT obs_id FROM ivoa.obscore"],
            &["migrate"],
        ] {
            check_one_line(&archive.run(arguments), &["9000_future", "newer"]);
        }
    });
}
