//! However many rows a table is thought to have, its indexes find the rows that
//! the conditions alone find, on both engines.

use adql::catalog::{PositionIndex, RegionIndex, Table};
use adql::sky::cover::Population;
use adql::{Catalog, Column, Type};

use crate::support::answer::{Answer, ask, checked};
use crate::support::on_both;
use crate::support::rows::{fill, make_schema};

/// A number from 0 to 1, the same for the same place in the series.
fn random(series: usize, place: usize) -> f64 {
    let mixed = (series as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (place as u64) << 32;
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Where a row or a question is, near others, and its size in degrees.
fn place(series: usize) -> (f64, f64, f64) {
    let near = [(0.0, 0.0), (90.0, 41.8), (10.0, 89.9), (200.0, -89.95)];
    let (lon, lat) = near[(random(series, 0) * 4.0) as usize];
    let spread = 10_f64.powf(3.0 * random(series, 1) - 2.0);
    let lat: f64 = lat + spread * (random(series, 2) - 0.5);
    let lon = lon + spread * (random(series, 3) - 0.5);
    let size = 10_f64.powf(5.0 * random(series, 4) - 4.0);
    (lon.rem_euclid(360.0), lat.clamp(-89.99, 89.99), size)
}

fn vertices(series: usize) -> Vec<(f64, f64)> {
    let (lon, lat, size) = place(series);
    let concave = if random(series, 5) < 0.3 { 0.3 } else { 1.0 };
    let corner = |number: usize| {
        let angle = (number as f64 + random(series, 6)) * std::f64::consts::FRAC_PI_3;
        let size = size
            * if number.is_multiple_of(2) {
                1.0
            } else {
                concave
            };
        let south = (lat + size * angle.sin()).clamp(-90.0, 90.0);
        let east = size * angle.cos() / south.to_radians().cos().max(0.05);
        ((lon + east).rem_euclid(360.0), south)
    };
    (0..6).map(corner).collect()
}

fn numbers(vertices: &[(f64, f64)], between: &str) -> String {
    let numbers = vertices.iter().flat_map(|&(lon, lat)| [lon, lat]);
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    numbers.join(between)
}

fn filling(column: &str, kind: Type, row: usize) -> Option<Vec<u8>> {
    let (lon, lat, size) = place(row);
    match (column, kind) {
        ("id", _) => Some((row as i64).to_be_bytes().to_vec()),
        ("lon", _) => Some(lon.to_be_bytes().to_vec()),
        ("lat", _) => Some(lat.to_be_bytes().to_vec()),
        _ if row.is_multiple_of(97) => None,
        _ if row.is_multiple_of(5) => Some(format!("CIRCLE {lon} {lat} {size}").into_bytes()),
        _ => {
            let text = format!("POLYGON {}", numbers(&vertices(row), " "));
            match adql::sky::Region::parse(&text) {
                Ok(_) => Some(text.into_bytes()),
                Err(_) => Some(format!("POSITION {lon} {lat}").into_bytes()),
            }
        }
    }
}

fn condition(question: usize) -> String {
    let series = 100_000 + question;
    let (mut lon, mut lat, size) = place(series);
    if question.is_multiple_of(3) {
        // At a vertex of a row, where arithmetic is in doubt.
        let row = (random(series, 7) * 2000.0) as usize;
        (lon, lat) = vertices(row)[2];
    }
    let polygon = numbers(&vertices(series), ", ");
    match question % 7 {
        0 => format!("CONTAINS(POINT({lon}, {lat}), region) = 1"),
        1 => format!("INTERSECTS(region, CIRCLE({lon}, {lat}, {size})) = 1"),
        2 => format!("CONTAINS(region, CIRCLE({lon}, {lat}, {size})) = 1"),
        3 => format!("CONTAINS(CIRCLE({lon}, {lat}, {size}), region) = 1"),
        4 => format!("INTERSECTS(region, POLYGON({polygon})) = 1"),
        5 => format!("CONTAINS(region, POLYGON({polygon})) = 1"),
        _ => format!("CONTAINS(POINT(lon, lat), CIRCLE({lon}, {lat}, {size})) = 1"),
    }
}

#[test]
fn indexes_find_the_same_rows_however_many_are_expected() {
    let table = Table {
        schema: "sky".to_owned(),
        name: "plots".to_owned(),
        stored: ("sky".to_owned(), "plots".to_owned()),
        columns: vec![
            Column::new("id", Type::BigInt),
            Column::new("lon", Type::Double),
            Column::new("lat", Type::Double),
            Column::new("region", Type::Region),
        ],
        regions: vec![RegionIndex {
            column: "region".to_owned(),
            prefix: "fp".to_owned(),
        }],
        positions: vec![PositionIndex {
            lon: "lon".to_owned(),
            lat: "lat".to_owned(),
            cell: "pt_hpx".to_owned(),
        }],
        ..Table::default()
    };
    on_both(async |database| {
        make_schema(&database, "sky").await;
        fill(&database, &table, 2000, filling).await;
        let guessed = Catalog::new([table.clone()]);
        let counted = [1.0, 1e4, 1e6, 1e9].map(|rows| {
            let mut catalog = guessed.clone();
            for key in ["fp_key", "pt_hpx"] {
                let population = Population([rows; Population::CLASSES]);
                catalog.populate(0, key.to_owned(), population);
            }
            catalog
        });
        let (mut joined, mut found) = (0, 0);
        for question in 0..210 {
            let text = format!("SELECT id FROM sky.plots WHERE {}", condition(question));
            let Ok(syntax) = adql::parse(&text) else {
                panic!("{text}");
            };
            // Polygons that cross themselves are no questions.
            let Ok(plain) = adql::check(&syntax, &guessed) else {
                continue;
            };
            let expected = ask(&database, &plain).await.sorted();
            let Answer::Rows(rows) = &expected else {
                panic!("{text}: {expected:?}");
            };
            found += rows.len();
            for catalog in counted.iter().chain([&guessed]) {
                let query = checked(&text, catalog).expect("checked");
                let sql = adql::write(&query, database.target()).sql;
                joined += usize::from(sql.contains("ctid"));
                let answer = ask(&database, &query).await.sorted();
                assert_eq!(
                    answer,
                    expected,
                    "{:?}\n{text}\n{sql}",
                    answer.besides(&expected)
                );
            }
        }
        assert!(found > 1000, "{found}");
        // Both ways of looking keys up have been tried where there are two.
        let shared = database.version().starts_with("PostgreSQL");
        assert_eq!(joined > 0, shared, "{joined}");
    });
}
