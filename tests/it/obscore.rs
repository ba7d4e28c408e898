//! `ivoa.obscore` on both engines: made, published, filled; and what is wrong
//! with a file leaves everything as it was.

use std::io::Cursor;

use adql::Wire;
use obstap::config::ExtraColumn;
use obstap::database::Database;
use obstap::input::{Format, Row, Table, Value};
use obstap::obscore::load::{LoadError, Options, Report, load};
use obstap::obscore::{Changed, PrepareError, builtin, prepare};
use obstap::tap_schema;

use crate::support::{on_both, open, postgres, runtime};

const HEADER: &str =
    "obs_publisher_did,obs_id,obs_collection,calib_level,s_ra,s_dec,s_region,t_min,t_max";
const TWO: [&str; 2] = [
    "ivo://x/a?1,1,c,2,10,-20,CIRCLE ICRS 10 -20 0.5,59000,59000.1",
    "ivo://x/a?2,2,c,2,0,0,POLYGON ICRS 359 -1 1 -1 1 1 359 1,59001,59001.1",
];

fn csv(header: &str, rows: &[&str]) -> Table {
    let text = format!("{header}\n{}\n", rows.join("\n"));
    Table::from_reader("rows.csv", Cursor::new(text), Some(Format::Csv)).expect("a table")
}

async fn fill(database: &Database, rows: &[&str]) -> Result<Report, LoadError> {
    load(database, csv(HEADER, rows), Options::default()).await
}

/// The rows of a query, cells as text.
async fn rows(database: &Database, sql: &str, columns: usize) -> Vec<Vec<Option<String>>> {
    let wires = vec![Wire::Text; columns];
    let batch = database.fetch(sql, &[], &wires).await.expect("rows");
    let text = |cell: Option<&[u8]>| cell.map(|cell| String::from_utf8_lossy(cell).into_owned());
    let rows = 0..batch.len();
    rows.map(|row| batch.row(row).map(text).collect()).collect()
}

async fn ids(database: &Database) -> Vec<String> {
    let sql = "SELECT obs_publisher_did FROM {ivoa.obscore} ORDER BY obs_publisher_did";
    let rows = rows(database, sql, 1).await;
    rows.into_iter().flatten().flatten().collect()
}

async fn number(database: &Database, what: &str) -> i64 {
    let sql = format!("SELECT CAST({what} AS bigint) FROM {{ivoa.obscore}}");
    let batch = database
        .fetch(&sql, &[], &[Wire::Int8])
        .await
        .expect("a number");
    let cell = batch.cell(0, 0).and_then(|cell| cell.try_into().ok());
    cell.map(i64::from_be_bytes).expect("eight bytes")
}

fn extra(name: &str, kind: &str) -> ExtraColumn {
    ExtraColumn {
        name: name.into(),
        kind: kind.into(),
        indexed: true,
        ..ExtraColumn::default()
    }
}

/// TAP_SCHEMA says what `obstap adql check` goes by without a database.
async fn check_published(database: &Database, extra: &[ExtraColumn]) {
    let loaded = tap_schema::load(database).await.expect("a catalog");
    let builtin = builtin(extra).expect("a catalog");
    assert_eq!(loaded.tables().len(), builtin.tables().len());
    for (loaded, builtin) in loaded.tables().iter().zip(builtin.tables()) {
        assert_eq!(loaded.columns, builtin.columns);
        assert_eq!(format!("{loaded:?}"), format!("{builtin:?}"));
    }
}

#[test]
fn what_is_published_is_the_built_in_catalog() {
    on_both(async |database| {
        let extra = [extra("em_filter", "VARCHAR"), extra("airmass", "REAL")];
        prepare(&database, &extra).await.expect("prepared");
        check_published(&database, &extra).await;
    });
}

#[test]
fn tap_schema_names_size_in_quotes_and_describes_the_region() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        let sql = "SELECT column_name FROM {tap_schema.columns} WHERE column_name LIKE '%size%' \
                   AND table_name = 'tap_schema.columns' ORDER BY column_name";
        let names = rows(&database, sql, 1).await.concat();
        assert_eq!(names, [Some("\"size\"".into()), Some("arraysize".into())]);
        let sql = "SELECT datatype, arraysize, xtype FROM {tap_schema.columns} \
                   WHERE table_name = 'ivoa.obscore' AND column_name = 's_region'";
        let region = rows(&database, sql, 3).await.concat();
        assert_eq!(
            region,
            ["char", "*", "adql:REGION"].map(|t| Some(t.to_owned()))
        );
    });
}

#[test]
fn a_second_start_changes_nothing() {
    on_both(async |database| {
        let first = prepare(&database, &[]).await.expect("prepared");
        assert!(first.made && first.published);
        let second = prepare(&database, &[]).await.expect("prepared");
        assert_eq!(second, Changed::default());
    });
}

#[test]
fn two_programs_may_start_at_once() {
    on_both(async |database| {
        let columns = [extra("em_filter", "VARCHAR")];
        let (a, b) = tokio::join!(prepare(&database, &columns), prepare(&database, &columns));
        let made = [a.expect("prepared"), b.expect("prepared")].map(|changed| changed.made);
        assert_eq!(made.iter().filter(|made| **made).count(), 1);
    });
}

#[test]
fn extra_columns_come_go_and_come_back_with_their_values() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        fill(&database, &TWO).await.expect("loaded");

        let columns = [extra("em_filter", "VARCHAR")];
        let changed = prepare(&database, &columns).await.expect("prepared");
        assert_eq!(changed.added, ["em_filter"]);
        let table = csv(&format!("{HEADER},em_filter"), &[&format!("{},r", TWO[0])]);
        let options = Options {
            extra: columns.to_vec(),
            ..Options::default()
        };
        load(&database, table, options).await.expect("loaded");
        assert_eq!(number(&database, "count(em_filter)").await, 1);

        let changed = prepare(&database, &[]).await.expect("prepared");
        assert_eq!(changed.hidden, ["em_filter"]);
        check_published(&database, &[]).await;
        let (_, index) = database.target().index_names("ivoa", "obscore_em_filter");
        let mut transaction = database.begin().await.expect("a transaction");
        let dropped = transaction.script(&format!("DROP INDEX {index}")).await;
        dropped.expect_err("gone with its column");
        drop(transaction);
        // Loading goes on without it, and keeps what it held.
        fill(&database, &TWO).await.expect("loaded");

        let changed = prepare(&database, &columns).await.expect("prepared");
        assert_eq!(changed.added, [""; 0]);
        assert_eq!(number(&database, "count(em_filter)").await, 1);

        let other = [extra("em_filter", "DOUBLE PRECISION")];
        let error = prepare(&database, &other).await.expect_err("another type");
        assert!(matches!(error, PrepareError::TypeChanged { .. }), "{error}");
    });
}

#[test]
fn a_file_loaded_twice_is_there_once() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        let report = fill(&database, &TWO).await.expect("loaded");
        assert_eq!((report.loaded, report.replaced), (2, 0));
        let all = "SELECT * FROM {ivoa.obscore} ORDER BY obs_publisher_did";
        let all = format!("SELECT obs_publisher_did, s_region FROM ({all}) AS t ORDER BY 1");
        let before = rows(&database, &all, 2).await;
        let report = fill(&database, &TWO).await.expect("loaded");
        assert_eq!((report.loaded, report.replaced), (2, 2));
        assert_eq!(rows(&database, &all, 2).await, before);
    });
}

#[test]
fn a_row_replaces_the_old_one_as_a_whole() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        fill(&database, &TWO).await.expect("loaded");
        let header = "obs_publisher_did,obs_id,obs_collection,calib_level,target_name";
        let table = csv(header, &["ivo://x/a?2,2,c,3,M31", "ivo://x/a?3,3,c,3,M33"]);
        let report = load(&database, table, Options::default())
            .await
            .expect("loaded");
        assert_eq!((report.loaded, report.replaced), (2, 1));
        assert_eq!(
            ids(&database).await,
            ["ivo://x/a?1", "ivo://x/a?2", "ivo://x/a?3"]
        );
        assert_eq!(number(&database, "sum(calib_level)").await, 8);
        // What the new rows do not say is not said by the old one any more.
        for column in ["s_region", "s_ra", "fp_key", "fp_v", "pt_hpx"] {
            assert_eq!(
                number(&database, &format!("count({column})")).await,
                1,
                "{column}"
            );
        }
    });
}

#[test]
fn bad_rows_refuse_the_file_and_are_named() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        let bad = [
            "ivo://x/a?3,3,c,9,10,-20,,,",
            TWO[0],
            "ivo://x/a?4,,c,2,10,95,HEXAGON 1 2 3,60000,59000",
            TWO[0],
        ];
        for already in [0, 1] {
            fill(&database, &TWO[..already]).await.expect("loaded");
            let error = fill(&database, &bad).await.expect_err("bad rows");
            let LoadError::BadRows(bad) = error else {
                panic!("{error}");
            };
            assert_eq!((bad.total, bad.first.len()), (3, 3));
            assert_eq!(
                bad.first[0],
                "line 2: calib_level is 9, and must be from 0 to 4"
            );
            let third = &bad.first[1];
            assert!(
                third.starts_with("line 4: obs_id has no value; s_dec is 95"),
                "{third}"
            );
            assert!(third.contains("t_min is 60000, more than t_max"), "{third}");
            assert!(
                third.contains("the region \"HEXAGON 1 2 3\" is not understood"),
                "{third}"
            );
            assert_eq!(
                bad.first[2],
                "line 5: its obs_publisher_did is that of line 3"
            );
            assert_eq!(ids(&database).await.len(), already);
        }
    });
}

#[test]
fn bad_rows_may_be_put_aside() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bad.csv");
        let bad = "ivo://x/a?3,3,c,9,10,-20,\"POLYGON 1,2\",,";
        let table = csv(HEADER, &[TWO[0], bad, TWO[0], TWO[1]]);
        let options = Options {
            skip_bad: Some(path.clone()),
            ..Options::default()
        };
        let report = load(&database, table, options).await.expect("loaded");
        assert_eq!((report.loaded, report.skipped), (2, 2));
        assert_eq!(ids(&database).await, ["ivo://x/a?1", "ivo://x/a?2"]);
        let aside = std::fs::read_to_string(path).expect("the file");
        let lines: Vec<&str> = aside.lines().collect();
        assert_eq!(lines.len(), 3, "{aside}");
        assert!(lines[1].starts_with("rows.csv,3,"), "{aside}");
        assert!(lines[1].contains("calib_level is 9") && lines[1].ends_with("\"POLYGON 1,2\",,"));
        assert!(lines[2].contains("is that of line 2"), "{aside}");
    });
}

#[test]
fn a_wrong_column_is_said_once() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        let header = HEADER.replace("s_region", "s_regoin");
        let error = load(&database, csv(&header, &TWO), Options::default()).await;
        assert_eq!(
            error.expect_err("a wrong column").to_string(),
            "rows.csv cannot be loaded: its column \"s_regoin\" is not one of the table: s_region is"
        );
    });
}

#[test]
fn odd_footprints_are_understood_and_kept_as_they_are() {
    const ODD: [&str; 9] = [
        "Polygon ICRS 10 10 11 10 11 11 10 11",
        "CIRCLE ICRS 10.5 -20 0.25",
        "circle 10 20 0.1",
        "Union ICRS (Circle 10 20 0.1 Polygon 1 1 2 1 2 2)",
        "UNION ICRS ( POLYGON 10 10 11 10 11 11 CIRCLE 20 20 1 )",
        "POLYGON J2000 264.924507 -29.610152 265.817346 -28.34784 266.996055 -28.975826",
        "RANGE 10 20 -5 5",
        "MOC 4/1,3-5 5/96",
        "POLYGON ICRS 359 -90 120 -89 240 -89",
    ];
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        let value = |text: &str| Value::Text(text.to_owned());
        let row = |place: usize, region: Value, ra: f64| Row {
            place: place as u64,
            values: vec![
                value(&format!("ivo://x/odd?{place}")),
                value("1"),
                value("c"),
                Value::Int(2),
                region,
                Value::Double(ra),
                Value::Double(0.0),
            ],
        };
        let mut odd: Vec<Row> = (0..)
            .zip(ODD)
            .map(|(i, text)| row(i, value(text), 360.0))
            .collect();
        odd.push(row(9, Value::Null, f64::NAN));
        let names = [
            "obs_publisher_did",
            "obs_id",
            "obs_collection",
            "calib_level",
            "s_region",
            "s_ra",
            "s_dec",
        ];
        let names = names.map(str::to_owned).to_vec();
        let table = Table::from_rows("odd", names, Some(10), odd.into_iter()).expect("a table");
        let report = load(&database, table, Options::default())
            .await
            .expect("loaded");
        assert_eq!(report.loaded, 10);
        for (what, expected) in [
            ("count(*)", 10),
            ("count(fp_key)", 9),
            ("count(fp_crin)", 9),
            // Not a number is no value, and 360 degrees are 0.
            ("count(s_ra)", 9),
            ("sum(s_ra)", 0),
            ("count(pt_hpx)", 9),
        ] {
            assert_eq!(number(&database, what).await, expected, "{what}");
        }
        let sql = "SELECT s_region FROM {ivoa.obscore} ORDER BY obs_publisher_did";
        let kept = rows(&database, sql, 1).await.concat();
        let given = ODD.map(|text| Some(text.to_owned()));
        assert_eq!(kept, [&given[..], &[None]].concat());
    });
}

#[test]
fn the_indexes_are_there_after_a_load() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        fill(&database, &TWO).await.expect("loaded");
        let mut transaction = database.begin().await.expect("a transaction");
        let again = "INSERT INTO {ivoa.obscore} (obs_publisher_did, obs_id, obs_collection, \
                     calib_level) VALUES ('ivo://x/a?1', '1', 'c', 2)";
        transaction
            .execute(again, &[])
            .await
            .expect_err("is there already");
        drop(transaction);
        let mut transaction = database.begin().await.expect("a transaction");
        for index in ["obscore_fp_key", "obscore_pt_hpx", "obscore_t_min"] {
            let (_, name) = database.target().index_names("ivoa", index);
            let sql = format!("DROP INDEX {name}");
            transaction.script(&sql).await.expect(index);
        }
    });
}

#[test]
fn two_files_may_be_loaded_at_once() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        // Into the empty table, then into one with rows.
        for _ in 0..2 {
            let (a, b) = tokio::join!(fill(&database, &TWO[..1]), fill(&database, &TWO));
            a.expect("loaded");
            b.expect("loaded");
            assert_eq!(ids(&database).await, ["ivo://x/a?1", "ivo://x/a?2"]);
        }
    });
}

#[test]
fn instances_with_namespaces_share_a_database() {
    let url = postgres::fresh_database();
    runtime().block_on(async {
        for (namespace, count) in [(None, 2), (Some("second"), 1)] {
            let database = open(&url, namespace).await;
            database.migrate().await.expect("migrated");
            prepare(&database, &[]).await.expect("prepared");
            fill(&database, &TWO[..count]).await.expect("loaded");
            fill(&database, &TWO[..count]).await.expect("loaded");
            assert_eq!(ids(&database).await.len(), count);
        }
    });
}

#[test]
fn thousands_of_rows_arrive_in_their_order() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        for round in 0..2 {
            let rows: Vec<String> = (0..7000)
                .map(|i| {
                    format!(
                        "ivo://x/m?{i},{i},c,2,{},{},CIRCLE {0} {1} 0.1,,",
                        i % 360,
                        i % 90
                    )
                })
                .collect();
            let mut rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            // The last repeats the first, several chunks before.
            rows.push(rows[0]);
            let error = fill(&database, &rows).await.expect_err("a repetition");
            assert!(
                error
                    .to_string()
                    .contains("line 7002: its obs_publisher_did is that of line 2")
            );
            rows.pop();
            let report = fill(&database, &rows).await.expect("loaded");
            assert_eq!((report.loaded, report.replaced), (7000, 7000 * round));
        }
    });
}
