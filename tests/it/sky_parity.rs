//! The arithmetic of the sphere is written twice, in Rust and in PL/pgSQL: the
//! same regions get the same answers, of predicates to the last bit.

use adql::sky::{self, Region};
use adql::{Column, Statement, Target, Type, Value};
use obstap::database::{Database, Limits};

use crate::support::on_both;

/// Random numbers, the same every time (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.next() as usize % choices.len()]
    }

    /// A region of any kind and size, often at a place where arithmetic is hard.
    fn region(&mut self) -> Region {
        let lon = match self.next() % 3 {
            0 => self.one_of(&[0.0, 90.0, 180.0, 359.999, 45.0]),
            _ => 360.0 * self.unit(),
        };
        let lat = match self.next() % 3 {
            0 => self.one_of(&[0.0, 89.9, -89.99, 41.8, -5.0]),
            _ => 180.0 * self.unit() - 90.0,
        };
        let size = self.one_of(&[1e-5, 0.01, 0.5, 5.0, 40.0]) * (0.5 + self.unit());
        let parse = |text: String| Region::parse(&text);
        let east = (lon + size * (0.1 + self.unit())).rem_euclid(360.0);
        let made = match self.next() % 12 {
            0 => Region::point(lon, lat),
            1 => Region::circle(lon, lat, size),
            2 => Region::box_(lon, lat.clamp(-45.0, 45.0), size, size / 2.0),
            3 => Region::parse(&format!(
                "UNION ICRS (CIRCLE {lon} {lat} {size} CIRCLE {} 0 {size})",
                lon / 2.0
            )),
            5 => parse(format!(
                "RANGE {lon} {east} {} {}",
                (lat - size / 2.0).max(-90.0),
                (lat + size / 3.0).min(90.0)
            )),
            6 => Region::circle(lon, lat, 180.0 - size),
            7 => parse(format!(
                "INTERSECTION (CIRCLE {lon} {lat} {size} BOX {east} {} {size} {size})",
                lat.clamp(-80.0, 80.0)
            )),
            8 => parse(format!("NOT (BOX {lon} {lat} {size} {})", size / 2.0)),
            9 => parse(format!("ELLIPSE {lon} {lat} {size} {} 30", size / 3.0)),
            10 => parse(format!(
                "MOC 6/{} 8/{}",
                self.next() % 49_152,
                self.next() % 786_432
            )),
            11 => parse(format!(
                "DIFFERENCE (CIRCLE {lon} {lat} {size} CIRCLE {east} {lat} {})",
                size / 2.0
            )),
            _ => {
                let (south, wide) = (lat.clamp(-40.0, 40.0), size / 3.0);
                Region::polygon(&[
                    (lon, south),
                    (lon + size, south + wide / 2.0),
                    (lon + size / 2.0, south + wide),
                    (lon + size / 5.0, south + size),
                ])
            }
        };
        made.unwrap_or_else(|_| Region::circle(lon, lat, size).expect("a circle"))
    }
}

async fn row(database: &Database, target: &Target, pair: [&Region; 2]) -> Vec<Vec<u8>> {
    let f = |name: &str| target.function(name);
    let columns = [
        (format!("{}($1, $2)", f("sky_meets_1")), Type::Boolean),
        (format!("{}($1, $2)", f("sky_contains_1")), Type::Boolean),
        (format!("{}($3, $4, $1)", f("sky_in_1")), Type::Boolean),
        (format!("{}($1)", f("sky_area_1")), Type::Double),
        (format!("{}($1)", f("sky_centroid_1")), Type::Point),
        (format!("{}($3, $4, $1)", f("sky_gap_1")), Type::Double),
    ];
    let list: Vec<&str> = columns.iter().map(|(sql, _)| sql.as_str()).collect();
    let (lon, lat) = pair[1].centroid().lon_lat();
    let statement = Statement {
        sql: format!("SELECT {}", list.join(", ")),
        parameters: vec![
            Value::Doubles(pair[0].shape().0),
            Value::Doubles(pair[1].shape().0),
            Value::Double(lon),
            Value::Double(lat),
        ],
        columns: columns
            .iter()
            .map(|(_, kind)| Column::new("c", *kind))
            .collect(),
    };
    let rows = database.stream(&statement, Limits::default()).await;
    let batch = rows.expect("a query").next().await.expect("rows");
    let batch = batch.expect("a row");
    batch
        .row(0)
        .map(|cell| cell.unwrap_or_default().to_vec())
        .collect()
}

fn numbers(cell: &[u8]) -> Vec<f64> {
    let (numbers, _) = cell.as_chunks::<8>();
    numbers.iter().map(|b| f64::from_be_bytes(*b)).collect()
}

#[test]
fn databases_and_program_agree_on_the_sphere() {
    on_both(async |database| {
        let mut random = Random(7);
        let target = database.target().clone();
        let mut both = [0, 0];
        for _ in 0..1_000 {
            let a = random.region();
            let b = match random.next() % 4 {
                0 => a.clone(),
                _ => random.region(),
            };
            let (shape, other) = (a.shape(), b.shape());
            let position = b.centroid();
            let expected = [
                sky::meets(shape.as_slice(), other.as_slice()),
                sky::contains(shape.as_slice(), other.as_slice()),
            ];
            let found = row(&database, &target, [&a, &b]).await;
            for (expected, cell) in expected.into_iter().zip(&found) {
                assert_eq!(cell[..], [u8::from(expected)], "{a} and {b}");
                both[usize::from(expected)] += 1;
            }
            // A position is turned into a vector by each side's own sine.
            let inside = sky::point_in(&position.vector(), shape.as_slice());
            let (lon, lat) = position.lon_lat();
            let again = sky::Point::from_degrees(lon, lat).expect("a position");
            if inside == sky::point_in(&again.vector(), shape.as_slice()) {
                assert_eq!(found[2][..], [u8::from(inside)], "{a} and {lon} {lat}");
            }
            let gap = numbers(&found[5])[0];
            let off = (gap - sky::gap(&again.vector(), shape.as_slice())).abs();
            assert!(off <= 1e-12, "{a} and {lon} {lat}: {gap}");
            let area = numbers(&found[3])[0];
            let off = (area - a.area()).abs();
            assert!(off <= 1e-12 * a.area(), "{a}: {area} {}", a.area());
            let centroid = numbers(&found[4]);
            let centroid = sky::Point::from_degrees(centroid[0], centroid[1]).expect("a position");
            let off = centroid.separation(&a.centroid()).0;
            assert!(off < 1e-9, "{a}: {off}");
        }
        assert!(both.iter().all(|count| *count > 100), "{both:?}");
    });
}
