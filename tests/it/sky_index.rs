//! Indexes on the sky of tables that other programs write, on both engines:
//! made, kept, looked through and mended.

use crate::support::postgres;
use crate::support::service::{Archive, Ended, SKY, Service, on_both};

/// Runs SQL as another program does, which knows nothing of obstap: psql, or
/// a connection without functions of ours. `{schema.table}` is a stored name.
#[track_caller]
fn write(archive: &Archive, sql: &str) {
    match archive.url.strip_prefix("sqlite:") {
        Some(path) => {
            let sql = sql.replace(['{', '}'], "\"");
            let connection = rusqlite::Connection::open(path).expect("a database");
            connection.execute_batch(&sql).expect("written");
        }
        None => {
            let name = archive.url.rsplit('/').next().unwrap_or_default();
            let sql = sql.replace(['{', '}'], "");
            postgres::server().psql(name, &sql);
        }
    }
}

#[track_caller]
fn done(archive: &Archive, arguments: &[&str]) -> Ended {
    let ended = archive.run(arguments);
    assert_eq!(
        ended.code,
        Some(0),
        "{arguments:?}: {} {}",
        ended.out,
        ended.said
    );
    ended
}

#[track_caller]
fn check(service: &Service, adql: &str, expected: &str) {
    assert_eq!(service.query(adql), expected, "{adql}");
}

const NEW: &str = "INSERT INTO {ivoa.obscore} (obs_publisher_did, obs_id, obs_collection, \
                   calib_level, s_ra, s_dec, s_region) VALUES ";

#[test]
fn rows_that_others_write_into_obscore_are_found_by_the_next_query() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let around = "SELECT obs_id FROM ivoa.obscore \
                      WHERE 1 = CONTAINS(POINT(130, -33), s_region) ORDER BY obs_id";
        let near = "SELECT obs_id FROM ivoa.obscore \
                    WHERE DISTANCE(POINT(s_ra, s_dec), POINT(130, -33)) < 0.5 ORDER BY obs_id";
        check(&service, around, "");
        write(
            archive,
            &format!(
                "{NEW} ('ivo://o?1', 'o1', 'o', 2, 130, -33, 'CIRCLE ICRS 130 -33 1'), \
                 ('ivo://o?2', 'o2', 'o', 2, 130.1, -33, 'POLYGON 129 -34 131 -34 131 -32 129 -32'), \
                 ('ivo://o?3', 'o3', 'o', 2, 95, -33, 'somewhere'), \
                 ('ivo://o?4', 'o4', 'o', 2, 130, NULL, NULL)"
            ),
        );
        check(&service, around, "o1;o2");
        check(&service, near, "o1;o2");
        // The region changes, and nothing else that a careless writer knows of.
        write(
            archive,
            "UPDATE {ivoa.obscore} SET s_region = 'CIRCLE ICRS 10 60 1', s_ra = 10, s_dec = 60 \
             WHERE obs_id = 'o1'",
        );
        check(&service, around, "o2");
        check(&service, near, "o2");
        let there = "SELECT obs_id FROM ivoa.obscore \
                     WHERE 1 = INTERSECTS(CIRCLE(10, 60, 0.1), s_region)";
        check(&service, there, "o1");
        write(
            archive,
            "UPDATE {ivoa.obscore} SET s_region = NULL WHERE obs_id = 'o2'; \
             UPDATE {ivoa.obscore} SET s_region = 'circle 130 -33 2' WHERE obs_id = 'o3'; \
             UPDATE {ivoa.obscore} SET s_dec = -33 WHERE obs_id = 'o4'; \
             DELETE FROM {ivoa.obscore} WHERE obs_id = 'o1'",
        );
        check(&service, around, "o3");
        check(&service, near, "o2;o4");
        check(&service, there, "");
        // Under NOT, and in what is computed of a region.
        write(
            archive,
            &format!("{NEW} ('ivo://o?5', 'o5', 'o', 2, 1, 2, 'CIRCLE 77 -70 0.1')"),
        );
        let outside = "SELECT obs_id FROM ivoa.obscore WHERE obs_collection = 'o' \
                       AND NOT (1 = CONTAINS(POINT(130, -33), s_region))";
        check(&service, outside, "o5");
        write(
            archive,
            "UPDATE {ivoa.obscore} SET s_region = 'CIRCLE 77 -70 1' WHERE obs_id = 'o5'",
        );
        let area =
            "SELECT CAST(AREA(s_region) * 100 AS INTEGER) FROM ivoa.obscore WHERE obs_id = 'o5'";
        check(&service, area, "314");
        done(archive, &["index", "refresh"]);
        let ended = done(archive, &["index", "verify"]);
        assert!(ended.out.contains("17 rows, all as"), "{}", ended.out);
    });
}

#[test]
fn a_footprint_larger_than_all_before_is_found_by_a_service_already_running() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let far = "SELECT obs_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(300, 1), s_region) \
                   ORDER BY obs_id";
        check(&service, far, "");
        let head = SKY.lines().next().unwrap_or_default();
        let row = |name: &str, region: &str| {
            format!("{head}\nivo://t?{name},{name},c,2,200,0,{region},,,\n")
        };
        archive.loaded(&row("vast", "CIRCLE ICRS 230 0 75"));
        check(&service, far, "vast");
        archive.loaded(&row("whole", "CIRCLE ICRS 30 0 179"));
        check(&service, far, "vast;whole");
        archive.loaded(&row("tiny", "CIRCLE ICRS 300 1 0.00001"));
        check(&service, far, "tiny;vast;whole");
        write(
            archive,
            &format!("{NEW} ('ivo://o?1', 'theirs', 'o', 2, 0, 0, 'CIRCLE ICRS 100 0 178')"),
        );
        check(&service, far, "theirs;tiny;vast;whole");
    });
}

const STARS: &str = "
name: survey
tables:
- name: Field
  primaryKey: '#Field.id'
  columns:
  - {name: id, '@id': '#Field.id', datatype: long, nullable: false}
  - {name: ra, datatype: double, ivoa:unit: deg}
  - {name: dec, datatype: double, ivoa:unit: deg}
  - {name: mag, datatype: float}
  - {name: outline, datatype: text, votable:xtype: adql:REGION}
";

/// A published table with four rows, made by somebody else.
fn survey(archive: &Archive) {
    done(archive, &["migrate"]);
    match archive.is_shared() {
        true => write(
            archive,
            "CREATE SCHEMA survey; CREATE TABLE survey.field (id bigint PRIMARY KEY, \
             ra double precision, \"dec\" double precision, mag real, outline text)",
        ),
        false => write(
            archive,
            "CREATE TABLE {survey.field} (id INTEGER PRIMARY KEY, ra DOUBLE, \"dec\" DOUBLE, \
             mag REAL, outline TEXT)",
        ),
    }
    write(
        archive,
        "INSERT INTO {survey.field} VALUES (1, 10, 20, 1.5, 'CIRCLE 10 20 1'), \
         (2, 200, -45, 2.5, 'POLYGON ICRS 199 -46 201 -46 201 -44 199 -44'), \
         (3, NULL, 5, NULL, NULL), (4, 40, 95, 3, 'nowhere')",
    );
    let file = archive.file("survey.yaml", STARS);
    done(archive, &["schema", "load", &file]);
}

fn indexed(archive: &Archive) {
    survey(archive);
    let made = done(
        archive,
        &["schema", "index", "survey.Field", "--region", "outline"],
    );
    let said = "survey.Field (outline): 3 rows indexed\n  1 have values that say no place";
    assert!(made.out.contains(said), "{}", made.out);
    let made = done(
        archive,
        &["schema", "index", "survey.field", "--position", "ra,dec"],
    );
    assert!(made.out.contains("(ra, dec): 2 rows"), "{}", made.out);
}

#[test]
fn a_table_of_others_is_indexed_and_kept() {
    on_both(|archive| {
        indexed(archive);
        let service = archive.serve();
        let around = "SELECT id FROM survey.field \
                      WHERE 1 = CONTAINS(POINT(200, -45), outline) ORDER BY id";
        let near = "SELECT id FROM survey.field \
                    WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(200, -45, 1)) ORDER BY id";
        check(&service, around, "2");
        check(&service, near, "2");
        let plan = archive.query(
            "SELECT COUNT(*) FROM survey.field WHERE 1 = CONTAINS(POINT(200, -45), outline)",
        );
        assert_eq!(plan, "1");
        // As the writer has always done it.
        write(
            archive,
            "INSERT INTO {survey.field} (id, ra, \"dec\", mag, outline) \
             VALUES (5, 200, -45, 1, 'CIRCLE 200 -45 3'); \
             UPDATE {survey.field} SET outline = 'CIRCLE 200 -45 1', ra = 200.5, \"dec\" = -45 WHERE id = 1; \
             UPDATE {survey.field} SET mag = 9 WHERE id = 2; \
             UPDATE {survey.field} SET \"dec\" = -45 WHERE id = 3",
        );
        check(&service, around, "1;2;5");
        check(&service, near, "1;2;5");
        write(
            archive,
            "DELETE FROM {survey.field} WHERE id = 2; \
             UPDATE {survey.field} SET ra = 200 WHERE id = 3; \
             UPDATE {survey.field} SET outline = 'not any more', \"dec\" = 91 WHERE id = 5",
        );
        check(&service, around, "1");
        check(&service, near, "1;3");
        // Hidden, in answers and in descriptions.
        check(
            &service,
            "SELECT column_name FROM tap_schema.columns WHERE table_name = 'survey.Field' \
             ORDER BY column_index",
            "id;ra;dec;mag;outline",
        );
        check(
            &service,
            "SELECT * FROM survey.field WHERE id = 3",
            "3,200.0,-45.0,,",
        );
        let listed = done(archive, &["schema", "index", "--list"]);
        let said = "survey.Field (outline): ready, by triggers";
        assert!(listed.out.contains(said), "{}", listed.out);
        done(archive, &["index", "refresh"]);
        done(archive, &["index", "verify", "survey.Field"]);
    });
}

#[test]
fn an_index_outlives_a_new_description_and_goes_when_told() {
    on_both(|archive| {
        indexed(archive);
        let again = done(
            archive,
            &["schema", "index", "survey.Field", "--region", "outline"],
        );
        assert!(again.out.contains("there is an index"), "{}", again.out);
        done(
            archive,
            &["schema", "load", &archive.file("survey.yaml", STARS)],
        );
        let search = "SELECT id FROM survey.field WHERE 1 = CONTAINS(POINT(10, 20), outline)";
        assert_eq!(archive.query(search), "1");
        let service = archive.serve();
        check(&service, search, "1");
        let drop = ["schema", "index", "survey.Field", "--drop"];
        done(archive, &[&drop[..], &["--region", "outline"]].concat());
        done(archive, &[&drop[..], &["--position", "ra,dec"]].concat());
        write(
            archive,
            "INSERT INTO {survey.field} VALUES (9, 1, 2, 3, 'x')",
        );
        check(&service, "SELECT COUNT(*) FROM survey.field", "5");
        let cone = "SELECT id FROM survey.field WHERE DISTANCE(POINT(ra, dec), POINT(1, 2)) < 1 \
                    AND \"dec\" < 90";
        check(&service, cone, "9");
        let listed = done(archive, &["schema", "index", "--list"]);
        assert!(!listed.out.contains("survey"), "{}", listed.out);
    });
}

#[test]
fn what_cannot_be_indexed_is_refused() {
    on_both(|archive| {
        survey(archive);
        let check = |arguments: &[&str], expected: &str| {
            let ended = archive.run(&[&["schema", "index"], arguments].concat());
            assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.out);
            assert!(ended.said.contains(expected), "{}", ended.said);
        };
        check(
            &["survey.Star", "--region", "outline"],
            "no table survey.Star is published",
        );
        check(
            &["survey.Field", "--region", "shape"],
            "no published column survey.Field.shape",
        );
        check(
            &["survey.Field", "--region", "mag"],
            "REAL, where REGION is wanted",
        );
        check(
            &["survey.Field", "--position", "ra,id"],
            "BIGINT, where DOUBLE",
        );
        check(
            &["survey.Field", "--drop", "--region", "outline"],
            "there is no index",
        );
        check(
            &["ivoa.obscore", "--drop", "--region", "s_region"],
            "keeps it",
        );
        let renamed = match archive.is_shared() {
            true => "field_of_others",
            false => "{survey.field_of_others}",
        };
        write(
            archive,
            &format!(
                "ALTER TABLE {{survey.field}} RENAME TO {renamed}; \
                 CREATE VIEW {{survey.field}} AS SELECT * FROM {{survey.field_of_others}}"
            ),
        );
        let region = ["survey.Field", "--region", "outline"];
        match archive.is_shared() {
            false => check(&region, "is a view"),
            true => {
                check(&region, "has no primary key");
                check(&[&region[..], &["--key", "id"]].concat(), "with --trust");
            }
        }
    });
}

/// Tables that may not be altered are there on PostgreSQL alone.
fn on_postgres(test: impl Fn(&Archive)) {
    on_both(|archive| {
        if archive.is_shared() {
            test(archive);
        }
    });
}

#[test]
fn a_table_that_may_not_be_altered_has_its_index_in_a_side_table() {
    on_postgres(|archive| {
        survey(archive);
        write(
            archive,
            "CREATE TABLE survey.parts (LIKE survey.field INCLUDING ALL) PARTITION BY RANGE (id); \
             CREATE TABLE survey.low PARTITION OF survey.parts FOR VALUES FROM (0) TO (3); \
             CREATE TABLE survey.high PARTITION OF survey.parts FOR VALUES FROM (3) TO (100); \
             INSERT INTO survey.parts SELECT * FROM survey.field; \
             DROP TABLE survey.field; ALTER TABLE survey.parts RENAME TO field",
        );
        let service = archive.serve();
        let make = ["schema", "index", "survey.Field"];
        let made = done(archive, &[&make[..], &["--region", "outline"]].concat());
        assert!(made.out.contains("3 rows indexed"), "{}", made.out);
        done(archive, &[&make[..], &["--position", "ra,dec"]].concat());
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let around = "SELECT id FROM survey.field \
                      WHERE 1 = CONTAINS(POINT(200, -45), outline) ORDER BY id";
        let near = "SELECT id FROM survey.field \
                    WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(200, -45, 1)) ORDER BY id";
        check(&service, around, "2");
        check(&service, near, "2");
        check(
            &service,
            "SELECT * FROM survey.field WHERE id = 1",
            "1,10.0,20.0,1.5,CIRCLE 10 20 1",
        );
        write(
            archive,
            "INSERT INTO survey.field VALUES (5, 200, -45, 1, 'CIRCLE 200 -45 3'); \
             UPDATE survey.field SET outline = 'CIRCLE 200 -45 1', ra = 200.5, dec = -45 WHERE id = 1; \
             UPDATE survey.field SET id = 7 WHERE id = 2",
        );
        check(&service, around, "1;5;7");
        check(&service, near, "1;5;7");
        write(
            archive,
            "DELETE FROM survey.field WHERE id = 7; UPDATE survey.field SET ra = NULL WHERE id = 1",
        );
        check(&service, around, "1;5");
        check(&service, near, "5");
        done(archive, &["index", "verify"]);
        // Faults: a row too few, one too many, a wrong key.
        let side = postgres::server().psql(
            archive.url.rsplit('/').next().unwrap_or_default(),
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'obstap' \
             AND table_name LIKE 'side%' AND column_name = 'fp_outline_key'",
        );
        let side = format!("obstap.{}", side.trim());
        write(
            archive,
            &format!(
                "DELETE FROM {side} WHERE id = 1; INSERT INTO {side} (id) VALUES (77); \
                 UPDATE {side} SET fp_outline_key = 5 WHERE id = 5"
            ),
        );
        let wrong = archive.run(&["index", "verify", "survey.Field"]);
        assert_eq!(wrong.code, Some(1));
        for part in [
            "3 of them wrong",
            "1 not indexed",
            "1 indexed without",
            "1 wrong key",
        ] {
            assert!(wrong.out.contains(part), "{part}: {}", wrong.out);
        }
        done(archive, &["index", "rebuild"]);
        done(archive, &["index", "verify"]);
        check(&service, around, "1;5");
        write(archive, "TRUNCATE survey.field");
        check(&service, around, "");
        done(archive, &["index", "verify"]);
        done(
            archive,
            &[&make[..], &["--region", "outline", "--drop"]].concat(),
        );
        check(&service, near, "");
        done(
            archive,
            &[&make[..], &["--position", "ra,dec", "--drop"]].concat(),
        );
        check(&service, "SELECT COUNT(*) FROM survey.field", "0");
    });
}

#[test]
fn the_index_of_a_view_is_as_old_as_its_last_rebuild() {
    on_postgres(|archive| {
        survey(archive);
        write(
            archive,
            "ALTER TABLE survey.field RENAME TO all_fields; \
             CREATE VIEW survey.field AS SELECT * FROM survey.all_fields WHERE id < 100",
        );
        let make = ["schema", "index", "survey.Field", "--region", "outline"];
        done(archive, &[&make[..], &["--key", "id", "--trust"]].concat());
        let search =
            "SELECT id FROM survey.field WHERE 1 = CONTAINS(POINT(10, 20), outline) ORDER BY id";
        assert_eq!(archive.query(search), "1");
        write(
            archive,
            "INSERT INTO survey.all_fields VALUES (8, 1, 2, 3, 'CIRCLE 10 20 2')",
        );
        let stale = archive.run(&["index", "verify"]);
        assert_eq!(stale.code, Some(1), "{}", stale.out);
        assert!(stale.out.contains("1 not indexed"), "{}", stale.out);
        done(archive, &["index", "rebuild", "survey.Field"]);
        assert_eq!(archive.query(search), "1;8");
        let listed = done(archive, &["schema", "index", "--list"]);
        assert!(
            listed
                .out
                .contains("survey.Field (outline): ready, by trust"),
            "{}",
            listed.out
        );
    });
}

#[test]
fn what_was_broken_off_goes_on() {
    on_both(|archive| {
        indexed(archive);
        write(
            archive,
            "UPDATE {obstap.spatial_indexes} SET state = 'building' WHERE table_name = 'Field'; \
             UPDATE {survey.field} SET fp_outline_key = NULL, fp_outline_v = NULL WHERE id = 2",
        );
        let search = "SELECT id FROM survey.field WHERE 1 = CONTAINS(POINT(200, -45), outline)";
        // Not used until it is whole.
        let ended = archive.run(&["query", search]);
        assert_ne!(ended.out.trim(), "id\n2", "{}", ended.out);
        assert_eq!(archive.run(&["index", "verify"]).code, Some(1));
        done(
            archive,
            &["schema", "index", "survey.Field", "--region", "outline"],
        );
        assert_eq!(archive.query(search), "2");
        done(archive, &["index", "rebuild"]);
        done(archive, &["index", "verify"]);
    });
}

/// Triggers off while faults are put in, as a writer with rights could.
fn unwatched(archive: &Archive, sql: &str) {
    match archive.is_shared() {
        true => write(
            archive,
            &format!("SET session_replication_role = replica; {sql}"),
        ),
        false => {
            let path = archive.url.strip_prefix("sqlite:").unwrap_or_default();
            let connection = rusqlite::Connection::open(path).expect("a database");
            let config = rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
            connection.set_db_config(config, false).expect("set");
            let sql = sql.replace(['{', '}'], "\"");
            connection.execute_batch(&sql).expect("written");
        }
    }
}

#[test]
fn each_fault_is_told_by_its_cause_and_mended() {
    on_both(|archive| {
        archive.loaded(SKY);
        let faults = [
            ("circle", "fp_key = fp_key + 1", "key"),
            ("lower", "fp_x = fp_x + 1e-9", "centre"),
            ("polygon", "fp_crad = fp_crad / 2", "radii"),
            ("clockwise", "fp_crin = fp_crin * 1.0001", "radii"),
            (
                "union",
                "fp_v = (SELECT o.fp_v FROM {ivoa.obscore} AS o WHERE o.obs_id = 'moc')",
                "shape",
            ),
            ("moc", "fp_key = NULL", "missing"),
            ("nowhere", "fp_key = 12345", "orphan"),
            ("dali", "pt_hpx = pt_hpx + 1", "key"),
            ("wrap", "pt_hpx = NULL", "missing"),
            ("unknown", "pt_hpx = 5", "orphan"),
            ("pole", "s_region = 'CIRCLE ICRS 10 10 2'", "key"),
            ("dali_polygon", "fp_v = NULL", "shape"),
        ];
        for (row, fault, cause) in faults {
            let sql = format!("UPDATE {{ivoa.obscore}} SET {fault} WHERE obs_id = '{row}'");
            unwatched(archive, &sql);
            let ended = archive.run(&["index", "verify", "--format", "json"]);
            assert_eq!(ended.code, Some(1), "{fault}: {}", ended.out);
            let found: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
            let list = found.as_array().expect("a list");
            let faulty: Vec<_> = list.iter().filter(|it| it["faulty"] != 0).collect();
            assert_eq!(faulty.len(), 1, "{fault}: {found}");
            assert_eq!(faulty[0]["faulty"], 1, "{fault}: {found}");
            assert_eq!(faulty[0]["causes"][cause], 1, "{fault}: {found}");

            let dry = done(archive, &["index", "rebuild", "--dry-run"]);
            assert!(dry.out.contains("1 rows would be written"), "{}", dry.out);
            assert_eq!(archive.run(&["index", "verify"]).code, Some(1));
            let mended = done(archive, &["index", "rebuild", "ivoa.obscore"]);
            assert!(mended.out.contains("  1 rows written"), "{}", mended.out);
            done(archive, &["index", "verify"]);
        }
        let search = "SELECT obs_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(10, 10), s_region)";
        assert_eq!(archive.query(search), "pole");
    });
}

#[test]
fn an_index_of_another_version_is_not_used_until_rebuilt() {
    on_both(|archive| {
        indexed(archive);
        write(
            archive,
            "UPDATE {obstap.spatial_indexes} SET index_version = 0; \
             UPDATE {obstap.obscore_tables} SET index_version = 0; \
             UPDATE {survey.field} SET fp_outline_key = 3 WHERE id = 1",
        );
        let refused = archive.run(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(refused.code, Some(1), "{}", refused.said);
        assert!(
            refused.said.contains("obstap index rebuild"),
            "{}",
            refused.said
        );
        assert_eq!(archive.run(&["index", "verify"]).code, Some(1));
        done(archive, &["index", "rebuild"]);
        let service = archive.serve();
        let search = "SELECT id FROM survey.field WHERE 1 = CONTAINS(POINT(10, 20), outline)";
        check(&service, search, "1");
    });
}

#[test]
fn rows_are_brought_in_by_hand() {
    on_both(|archive| {
        archive.loaded(SKY);
        write(
            archive,
            &format!("{NEW} ('ivo://o?1', 'o1', 'o', 2, 1, 1, 'CIRCLE ICRS 1 1 1')"),
        );
        let ended = archive.run(&["index", "verify"]);
        assert_eq!(ended.code, Some(1));
        assert!(ended.out.contains("1 waiting to be read"), "{}", ended.out);
        let brought = done(archive, &["index", "refresh"]);
        assert!(
            brought.out.contains("(s_region): 1 rows"),
            "{}",
            brought.out
        );
        done(archive, &["index", "verify"]);
    });
}
