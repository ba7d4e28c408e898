//! Joins by place: what is looked up row by row in an index is what all pairs
//! of rows compared would give, on both engines.

use adql::catalog::{PositionIndex, RegionIndex, Table};
use adql::{Catalog, Column, Type};

use crate::support::answer::{Answer, ask, checked};
use crate::support::{on_both, rows};

/// Rows of each table.
const ROWS: usize = 90;

fn table(name: &str, columns: &[(&str, Type)], indexed: bool) -> Table {
    let columns = columns.iter().map(|(name, kind)| Column::new(*name, *kind));
    let mut table = Table {
        schema: "joins".to_owned(),
        name: name.to_owned(),
        stored: ("joins".to_owned(), name.to_owned()),
        columns: columns.collect(),
        ..Table::default()
    };
    if indexed {
        table.regions = vec![RegionIndex {
            column: "s_region".to_owned(),
            prefix: "fp".to_owned(),
        }];
        table.positions = vec![PositionIndex {
            lon: "s_ra".to_owned(),
            lat: "s_dec".to_owned(),
            cell: "pt_hpx".to_owned(),
        }];
    }
    table
}

fn catalog() -> Catalog {
    let whole = [
        ("id", Type::Integer),
        ("band", Type::Text),
        ("s_ra", Type::Double),
        ("s_dec", Type::Double),
        ("wide", Type::Double),
        ("s_region", Type::Region),
    ];
    let marks = [
        ("id", Type::Integer),
        ("band", Type::Text),
        ("ra", Type::Double),
        ("dec", Type::Double),
        ("wide", Type::Double),
    ];
    Catalog::new([
        table("images", &whole, true),
        table("spectra", &whole, true),
        table("marks", &marks, false),
    ])
}

/// Places where arithmetic is hard and where base cells of HEALPix meet, with
/// rows around them at many distances.
fn place(row: usize) -> (f64, f64) {
    const PLACES: [(f64, f64); 10] = [
        (0.0, 90.0),
        (0.0, -90.0),
        (90.0, 41.810_314_895_778_6),
        (45.0, 0.0),
        (0.0, 0.0),
        (180.0, -41.81),
        (359.999, 10.0),
        (270.0, 66.0),
        (12.5, -3.25),
        (100.0, 88.0),
    ];
    let (lon, lat) = PLACES[row % PLACES.len()];
    let away = [0.0, 1e-4, 0.02, 0.7, 6.0, 25.0][(row / 2) % 6];
    let turn = row as f64 * 2.4;
    let lat = (lat + away * turn.sin()).clamp(-90.0, 90.0);
    (lon + away * turn.cos(), lat)
}

fn filling(column: &str, _: Type, row: usize) -> Option<Vec<u8>> {
    let size = [1e-5, 0.01, 0.3, 2.0, 9.0, 31.0, 70.0][row % 7];
    match row % 17 == 3 && column != "id" {
        true => None,
        false => Some(cell(column, row, place(row), size)),
    }
}

/// Anywhere on the sky, of any size.
fn anywhere(column: &str, _: Type, row: usize) -> Option<Vec<u8>> {
    let part = |step: f64| (row as f64 * step).fract();
    let sine = 2.0 * part(0.754_877_666) - 1.0;
    let place = (360.0 * part(0.618_033_988_75), sine.asin().to_degrees());
    let size = 10_f64.powf(2.6 * part(0.569_840_29) - 1.0);
    Some(cell(column, row, place, size))
}

fn cell(column: &str, row: usize, (lon, lat): (f64, f64), size: f64) -> Vec<u8> {
    let real = |number: f64| number.to_be_bytes().to_vec();
    match column {
        "id" => (row as i32).to_be_bytes().to_vec(),
        "band" => ["g", "r", "i"][row % 3].as_bytes().to_vec(),
        "s_ra" | "ra" => real(lon),
        "s_dec" | "dec" => real(lat),
        "wide" => real(size),
        _ => {
            let text = match row % 4 {
                0 => format!("CIRCLE ICRS {lon} {lat} {size}"),
                1 => format!("BOX ICRS {lon} {lat} {size} {}", size / 2.0),
                2 => format!("UNION ICRS (CIRCLE {lon} {lat} {size} CIRCLE 30 -50 1)"),
                _ => {
                    let (east, north) = (lon + size / 2.0, lat.clamp(-50.0, 15.0));
                    let top = north + size;
                    format!("POLYGON ICRS {lon} {north} {east} {north} {lon} {top}")
                }
            };
            text.into_bytes()
        }
    }
}

fn sorted(answer: Answer) -> Answer {
    match answer {
        Answer::Rows(mut rows) => {
            rows.sort_by_key(|row| format!("{row:?}"));
            Answer::Rows(rows)
        }
        other => other,
    }
}

/// Queries that are looked up in an index, and how often.
const LOOKED_UP: &[(usize, &str)] = &[
    // Positions and positions.
    (
        1,
        "images a JOIN spectra b ON DISTANCE(POINT(a.s_ra, a.s_dec), POINT(b.s_ra, b.s_dec)) < 0.5",
    ),
    (
        1,
        "images a, spectra b WHERE DISTANCE(a.s_ra, a.s_dec, b.s_ra, b.s_dec) <= 3.0 / 3600 + 1",
    ),
    (
        1,
        "images a, marks b WHERE 8 > DISTANCE(POINT(b.ra, b.dec), POINT(a.s_ra, a.s_dec))",
    ),
    (
        1,
        "marks b, images a WHERE DISTANCE(POINT(a.s_ra, a.s_dec), POINT(b.ra, b.dec)) * 3600 < b.wide",
    ),
    (
        1,
        "images a, images b WHERE a.id < b.id AND \
         1 = CONTAINS(POINT(a.s_ra, a.s_dec), CIRCLE(b.s_ra, b.s_dec, 2))",
    ),
    (
        1,
        "images a, marks b WHERE CONTAINS(POINT(b.ra, b.dec), CIRCLE(a.s_ra, a.s_dec, 0.25)) = 1",
    ),
    (
        1,
        "marks b JOIN images a ON CONTAINS(POINT(a.s_ra, a.s_dec), CIRCLE(b.ra, b.dec, b.wide)) = 1",
    ),
    (
        1,
        "marks b, images a WHERE INTERSECTS(CIRCLE(a.s_ra, a.s_dec, 1), CIRCLE(b.ra, b.dec, b.wide)) = 1",
    ),
    (
        1,
        "marks b, images a WHERE CONTAINS(POINT(a.s_ra, a.s_dec), BOX(b.ra, b.dec, 4, 6)) = 1",
    ),
    // Positions and regions.
    (
        1,
        "images a, marks b WHERE CONTAINS(POINT(b.ra, b.dec), a.s_region) = 1",
    ),
    (
        1,
        "marks b, images a WHERE INTERSECTS(a.s_region, CIRCLE(b.ra, b.dec, 1)) = 1",
    ),
    (
        1,
        "images a, marks b WHERE CONTAINS(a.s_region, CIRCLE(b.ra, b.dec, 20)) = 1",
    ),
    (
        1,
        "images a, marks b WHERE CONTAINS(CIRCLE(b.ra, b.dec, 0.1), a.s_region) = 1",
    ),
    (
        1,
        "images a, marks b WHERE DISTANCE(POINT(b.ra, b.dec), a.s_region) < 1",
    ),
    (
        1,
        "images a, spectra b WHERE CONTAINS(POINT(a.s_ra, a.s_dec), b.s_region) = 1 AND a.band = 'r'",
    ),
    // Regions and regions.
    (
        1,
        "images a, spectra b WHERE INTERSECTS(a.s_region, b.s_region) = 1",
    ),
    (
        1,
        "images a JOIN spectra b ON CONTAINS(a.s_region, b.s_region) = 1 WHERE b.band = 'g'",
    ),
    (
        1,
        "images a JOIN spectra b ON CONTAINS(b.s_region, a.s_region) = 1 WHERE b.band = 'g'",
    ),
    (
        1,
        "images a JOIN spectra b ON INTERSECTS(a.s_region, b.s_region) = 1 \
         JOIN marks m ON m.id = b.id WHERE m.wide > 0.2",
    ),
    (
        1,
        "images a JOIN spectra b USING (band) WHERE INTERSECTS(a.s_region, b.s_region) = 1",
    ),
    // Outer joins, more tables, subqueries.
    (
        1,
        "marks b LEFT JOIN images a ON CONTAINS(POINT(b.ra, b.dec), a.s_region) = 1 AND a.id > 20",
    ),
    (
        1,
        "images a RIGHT JOIN marks b ON CONTAINS(POINT(b.ra, b.dec), a.s_region) = 1",
    ),
    (
        1,
        "marks b LEFT JOIN images a ON a.band = b.band WHERE CONTAINS(POINT(b.ra, b.dec), a.s_region) = 1",
    ),
    (
        2,
        "images a, spectra c, marks b WHERE CONTAINS(POINT(b.ra, b.dec), a.s_region) = 1 \
         AND DISTANCE(POINT(c.s_ra, c.s_dec), POINT(b.ra, b.dec)) < 1",
    ),
    (
        1,
        "(SELECT id, s_region FROM images WHERE band = 'i') a \
         JOIN spectra b ON INTERSECTS(a.s_region, b.s_region) = 1",
    ),
    (
        1,
        "marks b, marks a WHERE a.id = b.id AND EXISTS (SELECT 1 FROM images i \
         WHERE CONTAINS(POINT(a.ra, a.dec), i.s_region) = 1 AND i.band = 'r')",
    ),
    (
        1,
        "marks b, marks a WHERE a.id = b.id AND NOT EXISTS (SELECT 1 FROM images i \
         WHERE DISTANCE(POINT(a.ra, a.dec), POINT(i.s_ra, i.s_dec)) < 0.1)",
    ),
    (
        1,
        "marks b, marks a WHERE a.id = b.id AND a.band IN (SELECT i.band FROM images i \
         WHERE i.id <> a.id AND CONTAINS(POINT(a.ra, a.dec), i.s_region) = 1)",
    ),
];

#[test]
fn rows_looked_up_are_those_of_all_pairs() {
    check(ROWS, filling, LOOKED_UP);
}

#[test]
fn rows_are_looked_up_all_over_the_sky() {
    let queries = [
        (
            1,
            "images a, marks b WHERE DISTANCE(POINT(a.s_ra, a.s_dec), POINT(b.ra, b.dec)) < b.wide / 9",
        ),
        (
            1,
            "images a, marks b WHERE CONTAINS(POINT(b.ra, b.dec), a.s_region) = 1",
        ),
        (
            1,
            "images a, spectra b WHERE INTERSECTS(a.s_region, b.s_region) = 1",
        ),
        (
            1,
            "images a, spectra b WHERE CONTAINS(a.s_region, b.s_region) = 1",
        ),
        (
            1,
            "spectra b, images a WHERE CONTAINS(a.s_region, b.s_region) = 1",
        ),
    ];
    check(200, anywhere, &queries);
}

fn check(count: usize, filling: rows::Filling, queries: &[(usize, &str)]) {
    on_both(async |database| {
        let catalog = catalog();
        rows::make_schema(&database, "joins").await;
        for table in catalog.tables() {
            rows::fill(&database, table, count, filling).await;
        }
        for (times, from) in queries {
            let text = format!("SELECT a.id AS a_id, b.id AS b_id FROM {from}");
            let plain = adql::check(&adql::parse(&text).unwrap(), &catalog);
            let plain = plain.unwrap_or_else(|messages| panic!("{text}\n{messages}"));
            let looked_up = checked(&text, &catalog).unwrap();
            let sql = adql::write(&looked_up, database.target()).sql;
            assert_eq!(sql.matches("sky_near_1").count(), *times, "{text}\n{sql}");
            let expected = sorted(ask(&database, &plain).await);
            let found = sorted(ask(&database, &looked_up).await);
            let Answer::Rows(rows) = &expected else {
                panic!("{text}\n{expected:?}");
            };
            assert!(!rows.is_empty(), "{text}");
            assert!(found == expected, "{text}\n{sql}\n{found:?}\n{expected:?}");
        }
    });
}

/// Orders by nearness, some of them found in widening circles.
const NEAREST: &[(bool, &str)] = &[
    (
        true,
        "TOP 3 id FROM images ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(12.5, -3.25)), id",
    ),
    (
        true,
        "TOP 1 id, DISTANCE(POINT(0, 90), POINT(s_ra, s_dec)) * 60 AS d FROM images ORDER BY d, id",
    ),
    (
        true,
        "TOP 7 id FROM images WHERE band <> 'r' ORDER BY DISTANCE(s_ra, s_dec, 0, 0), id DESC",
    ),
    (
        true,
        "TOP 20 id FROM images WHERE wide < 1 ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(359, 9)), id",
    ),
    (
        true,
        "TOP 4 id FROM images ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(90, 41)), id OFFSET 3",
    ),
    // Fewer rows than wanted, and rows without a position.
    (
        true,
        "TOP 1000 id FROM images ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(90, 41)), id",
    ),
    (
        true,
        "TOP 30 id FROM images WHERE band = 'g' ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(90, 41)), id",
    ),
    (
        true,
        "TOP 2 id FROM images WHERE band = 'none' ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(90, 41))",
    ),
    (
        true,
        "n.id FROM (SELECT TOP 5 id FROM images ORDER BY DISTANCE(s_ra, s_dec, 100, 88), id) n ORDER BY n.id",
    ),
    (
        false,
        "TOP 3 id FROM images ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(12.5, -3.25)) DESC, id",
    ),
    (
        false,
        "TOP 3 id FROM images ORDER BY id, DISTANCE(POINT(s_ra, s_dec), POINT(12.5, -3.25))",
    ),
    (
        false,
        "TOP 3 id FROM images WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(12, -3, 9)) = 1 \
             ORDER BY DISTANCE(POINT(s_ra, s_dec), POINT(12.5, -3.25)), id",
    ),
];

#[test]
fn nearest_rows_are_those_that_sorting_gives() {
    on_both(async |database| {
        let catalog = catalog();
        rows::make_schema(&database, "joins").await;
        for table in catalog.tables() {
            rows::fill(&database, table, ROWS, filling).await;
        }
        for (widening, rest) in NEAREST {
            let text = format!("SELECT {rest}");
            let plain = adql::check(&adql::parse(&text).unwrap(), &catalog);
            let plain = plain.unwrap_or_else(|messages| panic!("{text}\n{messages}"));
            let looked_up = checked(&text, &catalog).unwrap();
            let sql = adql::write(&looked_up, database.target()).sql;
            assert_eq!(sql.contains("sky_near_1"), *widening, "{text}\n{sql}");
            let expected = ask(&database, &plain).await;
            let found = ask(&database, &looked_up).await;
            assert!(matches!(expected, Answer::Rows(_)), "{text}\n{expected:?}");
            assert!(found == expected, "{text}\n{sql}\n{found:?}\n{expected:?}");
        }
    });
}
