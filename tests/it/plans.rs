//! No question about a small part of the sky reads the whole table, on a table
//! with its real statistics: right after it was loaded, after half of its rows
//! were changed, and through connections that have answered before.

use std::fmt::Write;

use adql::Catalog;
use obstap::database::Database;
use obstap::tap_schema;

use crate::support::answer::{Answer, ask, checked};
use crate::support::service::on_both;
use crate::support::{open, runtime};

const ROWS: usize = 50_000;

/// Observations all over the sky, half of them in a few fields: detectors, and
/// some that are much larger or smaller.
fn observations() -> String {
    let mut csv =
        "obs_publisher_did,obs_id,obs_collection,calib_level,dataproduct_type,s_ra,s_dec,\
                   s_region,t_min,t_max,em_min,em_max\n"
            .to_owned();
    for row in 0..ROWS {
        let part = |step: f64| (row as f64 * step).fract();
        let (mut ra, mut dec) = (
            360.0 * part(0.618_033_988_75),
            (2.0 * part(0.754_877_666) - 1.0).asin().to_degrees(),
        );
        if row % 2 == 0 {
            let field = (row / 2 % 40) as f64;
            ra = 9.0 * field + 3.0 * part(0.569_840_29);
            dec = 3.5 * field - 70.0 + 3.0 * part(0.324_717_957);
        }
        let half = match row % 200 {
            0 => 4.0,
            1..=9 => 0.001,
            _ => 0.1,
        };
        let (south, north) = ((dec - half).max(-90.0), (dec + half).min(90.0));
        let region = match row % 3 {
            0 => format!("CIRCLE ICRS {ra} {dec} {half}"),
            _ => format!("RANGE ICRS {ra} {} {south} {north}", ra + half),
        };
        let day = 58_000.0 + row as f64 * 0.04;
        let band = 4e-7 + 1e-7 * (row % 5) as f64;
        let _ = writeln!(
            csv,
            "ivo://t?{row},o{row},c{},2,image,{ra},{dec},{region},{day},{},{band},{}",
            row % 7,
            day + 0.01,
            band + 1e-7
        );
    }
    csv
}

/// What astronomers ask of a small part of the sky.
const SMALL: &[&str] = &[
    "WHERE CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 30, -50, 0.1)) = 1",
    "WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(30, -50, 0.1))",
    "WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(POINT(30, -50), 6.0 / 60)) = 1",
    "WHERE INTERSECTS(POINT(s_ra, s_dec), CIRCLE(30, -50, 360.0 / 3600)) = 1",
    "WHERE CONTAINS(POINT(s_ra, s_dec), BOX(30, -50, 0.5, 0.5)) = 1",
    "WHERE CONTAINS(POINT(s_ra, s_dec), POLYGON(30, -50, 31, -50, 31, -49)) = 1",
    "WHERE CONTAINS(POINT(s_ra, s_dec), MOC('8/1000-1004')) = 1",
    "WHERE DISTANCE(s_ra, s_dec, 30, -50) < 0.2",
    "WHERE DISTANCE(POINT(s_ra, s_dec), POINT(30, -50)) <= 0.2",
    "WHERE 12 / 60.0 >= DISTANCE(POINT(30, -50), POINT(s_ra, s_dec))",
    "WHERE DISTANCE(POINT(s_ra, s_dec), POINT(30, -50)) * 3600 < 700",
    "WHERE DISTANCE(POINT(s_ra, s_dec), POINT(30, -50)) BETWEEN 0.01 AND 0.2",
    "WHERE CONTAINS(POINT(30, -50), s_region) = 1",
    "WHERE INTERSECTS(s_region, CIRCLE(30, -50, 0.1)) = 1",
    "WHERE INTERSECTS(CIRCLE(30, -50, 0.1), s_region) = 1",
    "WHERE CONTAINS(s_region, CIRCLE(30, -50, 0.5)) = 1",
    "WHERE CONTAINS(CIRCLE(30, -50, 0.01), s_region) = 1",
    "WHERE INTERSECTS(s_region, POLYGON(30, -50, 31, -50, 31, -49)) = 1",
    "WHERE INTERSECTS(s_region, MOC('8/1000-1004')) = 1",
    // With other conditions, and several at once.
    "WHERE INTERSECTS(s_region, CIRCLE(30, -50, 0.1)) = 1 AND t_min > 58500 AND em_min < 5e-7",
    "WHERE INTERSECTS(s_region, CIRCLE(30, -50, 0.1)) = 1 AND obs_collection = 'c3'",
    "WHERE CONTAINS(POINT(30, -50), s_region) = 1 AND CONTAINS(POINT(30.01, -50), s_region) = 1",
    "WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(30, -50, 0.1)) = 1 \
     OR CONTAINS(POINT(s_ra, s_dec), CIRCLE(40, 50, 0.1)) = 1",
    "WHERE (CONTAINS(POINT(30, -50), s_region) = 1 OR DISTANCE(s_ra, s_dec, 90, 10) < 0.1) \
     AND t_min > 58500",
    "WHERE NOT (CONTAINS(POINT(30, -50), s_region) = 0)",
    "WHERE NOT (CONTAINS(POINT(30, -50), s_region) = 0 OR t_min < 58500)",
    "WHERE INTERSECTS(s_region, CIRCLE(30, -50, 0.5)) = 1 AND NOT CONTAINS(POINT(30, -50), s_region) = 1",
    "WHERE INTERSECTS(s_region, CIRCLE(30, -50, 0.5)) = 1 ORDER BY t_min",
];

/// The same in whole queries.
const WHOLE: &[&str] = &[
    "SELECT COUNT(*) AS n FROM ivoa.obscore WHERE INTERSECTS(s_region, CIRCLE(30, -50, 0.1)) = 1",
    "SELECT TOP 5 * FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(30, -50, 0.2)) = 1 \
     ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(30, -50))",
    "SELECT q.obs_id FROM (SELECT obs_id, s_ra, s_dec FROM ivoa.obscore) AS q \
     WHERE CONTAINS(POINT(q.s_ra, q.s_dec), CIRCLE(30, -50, 0.1)) = 1",
    "SELECT q.obs_id FROM (SELECT obs_id, s_region FROM ivoa.obscore) AS q \
     WHERE CONTAINS(POINT(30, -50), q.s_region) = 1",
    "SELECT s_ra, s_dec, COUNT(*) AS n FROM ivoa.obscore GROUP BY s_ra, s_dec \
     HAVING CONTAINS(POINT(s_ra, s_dec), CIRCLE(30, -50, 0.1)) = 1 AND COUNT(*) < 9",
    "SELECT obs_id FROM ivoa.obscore WHERE obs_id IN \
     (SELECT obs_id FROM ivoa.obscore WHERE CONTAINS(POINT(30, -50), s_region) = 1) \
     AND CONTAINS(POINT(30, -50), s_region) = 1",
    "SELECT obs_id FROM ivoa.obscore WHERE CONTAINS(POINT(30, -50), s_region) = 1 \
     UNION SELECT obs_id FROM ivoa.obscore WHERE CONTAINS(POINT(50, 30), s_region) = 1",
    // Rows with rows.
    "SELECT b.obs_id FROM ivoa.obscore AS a JOIN ivoa.obscore AS b \
     ON INTERSECTS(a.s_region, b.s_region) = 1 WHERE a.obs_publisher_did = 'ivo://t?17'",
    "SELECT b.obs_id FROM ivoa.obscore AS b, ivoa.obscore AS a \
     WHERE DISTANCE(POINT(a.s_ra, a.s_dec), POINT(b.s_ra, b.s_dec)) < 0.05 \
     AND CONTAINS(POINT(a.s_ra, a.s_dec), CIRCLE(30, -50, 0.1)) = 1",
    "SELECT a.obs_id FROM ivoa.obscore AS a WHERE CONTAINS(POINT(30, -50), a.s_region) = 1 \
     AND EXISTS (SELECT 1 FROM ivoa.obscore AS b WHERE CONTAINS(POINT(a.s_ra, a.s_dec), b.s_region) = 1 \
     AND b.obs_id <> a.obs_id)",
];

fn queries() -> Vec<String> {
    let small = SMALL.iter();
    let small = small.map(|rest| format!("SELECT obs_id, s_region FROM ivoa.obscore {rest}"));
    small
        .chain(WHOLE.iter().map(|text| (*text).to_owned()))
        .collect()
}

/// The lines of a plan that read all of the table.
fn scans(plan: &str) -> Vec<&str> {
    let derived = |name: &str| {
        let made = |line: &str| {
            let line = line.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
            line == format!("CO-ROUTINE {name}") || line == format!("MATERIALIZE {name}")
        };
        plan.lines().any(made)
    };
    let whole = |line: &&str| {
        let line = line.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        if let Some(rest) = line.strip_prefix("SCAN ") {
            let name = rest.split(' ').next().unwrap_or_default();
            let table = name == "i" || (name.starts_with('t') && name[1..].parse::<u32>().is_ok());
            return table && !derived(name);
        }
        line.contains("Seq Scan on obscore")
    };
    plan.lines().filter(whole).collect()
}

/// So that the test would see it.
const EVERYTHING: &str = "SELECT COUNT(*) AS n FROM ivoa.obscore WHERE em_min + em_max > 0";

async fn check(database: &Database, catalog: &Catalog, when: &str) {
    let query = checked(EVERYTHING, catalog).expect("a query");
    let statement = adql::write(&query, database.target());
    let plan = database.explain(&statement).await.expect("a plan");
    assert_eq!(scans(&plan).len(), 1, "{plan}");
    let mut faults = String::new();
    for text in queries() {
        let query = checked(&text, catalog).unwrap_or_else(|messages| panic!("{text}\n{messages}"));
        let statement = adql::write(&query, database.target());
        let plan = database.explain(&statement).await.expect("a plan");
        if !scans(&plan).is_empty() {
            let _ = writeln!(faults, "{text}\n{plan}");
        }
    }
    assert!(faults.is_empty(), "{when}: {faults}");
}

#[test]
fn small_regions_do_not_read_the_whole_table() {
    let csv = observations();
    on_both(|archive| {
        archive.loaded(&csv);
        runtime().block_on(async {
            let database = open(&archive.url, None).await;
            let catalog = tap_schema::load(&database).await.expect("a catalog");
            check(&database, &catalog, "after the load").await;

            let mut transaction = database.begin().await.expect("begin");
            let half = "UPDATE {ivoa.obscore} SET calib_level = 3 WHERE obs_collection \
                        IN ('c0', 'c2', 'c4', 'c6')";
            let changed = transaction.execute(half, &[]).await.expect("an update");
            assert!(changed > ROWS as u64 / 3);
            transaction.commit().await.expect("commit");
            check(&database, &catalog, "after changes").await;

            // Each connection has answered the same before.
            let text = &queries()[12];
            let query = checked(text, &catalog).expect("a query");
            for _ in 0..12 {
                let answer = ask(&database, &query).await;
                assert!(matches!(answer, Answer::Rows(_)), "{answer:?}");
            }
            check(&database, &catalog, "through used connections").await;
        });
    });
}
