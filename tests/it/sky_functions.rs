//! The user defined functions on the sky, as one who asks meets them, on both
//! engines.

use crate::support::service::{Service, on_both, served_on_both};

/// One expression over no column, or over those of the row `obs_id`.
#[track_caller]
fn value(service: &Service, expression: &str, row: &str) -> String {
    let query = format!("SELECT {expression} AS v FROM ivoa.obscore WHERE obs_id = '{row}'");
    service.query(&query)
}

#[track_caller]
fn check(service: &Service, expression: &str, row: &str, expected: &[f64]) {
    let text = value(service, expression, row);
    let numbers: Vec<f64> = text
        .trim_matches('"')
        .split_whitespace()
        .map(|number| number.parse().unwrap_or(f64::NAN))
        .collect();
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-11;
    assert!(
        numbers.len() == expected.len() && numbers.iter().zip(expected).all(near),
        "{expression}: {text}"
    );
}

/// The refusal of a query, whether before it was asked or while it ran.
fn refused(service: &Service, query: &str, word: &str) {
    let text = service.get(&[("LANG", "ADQL"), ("QUERY", query)]).text();
    let text = text.expect("text");
    assert!(text.contains("value=\"ERROR\""), "{query}: {text}");
    assert!(text.contains(word), "{query}: {text}");
}

#[test]
fn columns_and_constants_have_the_same_cells_motions_and_frames() {
    served_on_both(|service| {
        // Constants, as EN-udf-catalogue 1.2 has them.
        let constant = |expression: &str, expected: &[f64]| {
            check(service, expression, "circle", expected);
        };
        constant("ivo_healpix_index(17, 1, 1)", &[81_609_757_711.0]);
        constant("ivo_healpix_index(0, POINT(1, 1))", &[4.0]);
        constant("ivo_healpix_center(0, 6)", &[180.0, 0.0]);
        constant(
            "ivo_healpix_center(17, ivo_healpix_index(17, 23.4, 56.7))",
            &[23.399_843_462_947_466, 56.700_162_143_631_92],
        );
        constant(
            "ivo_epoch_prop_pos(7.606083572, 11.79044105, 125, 300, -428.8, 52.51, 2016.0, 1875.0)",
            &[7.594_068_213_694_308, 11.807_251_375_203_935],
        );
        constant(
            "ivo_geom_transform('FK4', 'GALACTIC', CIRCLE(189.70303055, 22.96240006, 3))",
            &[275.000_254_051_864_03, 84.999_961_535_635_46, 3.0],
        );
        // The row of the circle is at 10, 20: nothing is known before.
        let column = |expression: &str, like: &str| {
            let expected = value(service, like, "circle");
            let expected: Vec<f64> = expected
                .trim_matches('"')
                .split_whitespace()
                .map(|number| number.parse().expect("a number"))
                .collect();
            assert!(!expected.is_empty(), "{like}");
            check(service, expression, "circle", &expected);
        };
        for order in [0, 3, 17, 29] {
            column(
                &format!("ivo_healpix_index({order}, s_ra, s_dec)"),
                &format!("ivo_healpix_index({order}, 10, 20)"),
            );
            column(
                &format!("ivo_healpix_center({order}, calib_level)"),
                &format!("ivo_healpix_center({order}, 2)"),
            );
        }
        column(
            "ivo_healpix_index(calib_level, POINT(s_ra, s_dec))",
            "ivo_healpix_index(2, 10, 20)",
        );
        column(
            "ivo_epoch_prop_pos(s_ra, s_dec, NULL, 300, -428.8, 52.51, 2016.0, 1875)",
            "ivo_epoch_prop_pos(10, 20, NULL, 300, -428.8, 52.51, 2016.0, 1875)",
        );
        column(
            "ivo_epoch_prop_pos(s_ra, s_dec, 125, NULL, -428.8, 52.51, 2016.0, 1875)",
            "ivo_epoch_prop_pos(10, 20, 125, NULL, -428.8, 52.51, 2016.0, 1875)",
        );
        for frame in [
            "FK5",
            "FK4",
            "GALACTIC",
            "SUPER_GALACTIC",
            "ECLIPTIC",
            "ICRS",
        ] {
            column(
                &format!("ivo_geom_transform('ICRS', '{frame}', POINT(s_ra, s_dec))"),
                &format!("ivo_geom_transform('ICRS', '{frame}', POINT(10, 20))"),
            );
            column(
                &format!("ivo_geom_transform('{frame}', 'ICRS', CIRCLE(s_ra, s_dec, 2))"),
                &format!("ivo_geom_transform('{frame}', 'ICRS', CIRCLE(10, 20, 2))"),
            );
            column(
                &format!(
                    "ivo_geom_transform('{frame}', 'ICRS', POLYGON(s_ra, s_dec, 12, 20, 11, 21))"
                ),
                &format!("ivo_geom_transform('{frame}', 'ICRS', POLYGON(10, 20, 12, 20, 11, 21))"),
            );
        }
    });
}

#[test]
fn cells_group_positions() {
    served_on_both(|service| {
        let found = service.query(
            "SELECT ivo_healpix_index(1, s_ra, s_dec) AS hpx, COUNT(*) AS n FROM ivoa.obscore \
             GROUP BY ivo_healpix_index(1, s_ra, s_dec) ORDER BY hpx",
        );
        assert_eq!(found, "0,1;7,1;16,1;17,1;19,4;22,1;35,1;42,2;,1");
    });
}

#[test]
fn nothing_known_is_null_or_an_error() {
    served_on_both(|service| {
        let null = |expression: &str| {
            let text = value(service, expression, "unknown");
            assert!(text.is_empty() || text == "\"\"", "{expression}: {text}");
        };
        null("ivo_healpix_index(5, s_ra, s_dec)");
        null("ivo_healpix_center(5, CAST(s_ra AS BIGINT))");
        null("ivo_geom_transform('ICRS', 'GALACTIC', POINT(s_ra, s_dec))");
        let moved =
            "SELECT ivo_epoch_prop_pos(s_ra, s_dec, 1, 1, 1, 1, 2000, 2010) FROM ivoa.obscore";
        refused(service, moved, "");
        refused(
            service,
            "SELECT ivo_healpix_index(calib_level + 28, s_ra, s_dec) FROM ivoa.obscore",
            "",
        );
        refused(
            service,
            "SELECT ivo_healpix_index(30, s_ra, s_dec) FROM ivoa.obscore",
            "is not between 0 and 29",
        );
    });
}

/// The rows that fulfil a condition, with and without its index.
#[track_caller]
fn rows(service: &Service, condition: &str, expected: &str) {
    let ask = |condition: &str| {
        service.query(&format!(
            "SELECT obs_id FROM ivoa.obscore WHERE {condition} ORDER BY obs_id"
        ))
    };
    assert_eq!(ask(&format!("{condition} = 1")), expected, "{condition}");
    assert_eq!(
        ask(&format!("NOT ({condition} = 0)")),
        expected,
        "{condition} without index"
    );
}

#[test]
fn mocs_hold_positions_and_footprints() {
    served_on_both(|service| {
        let check = |condition: &str, expected: &str| rows(service, condition, expected);
        // The positions of the circle and of nowhere, which has no region.
        check(
            "CONTAINS(POINT(s_ra, s_dec), MOC(6, CIRCLE(10, 20, 0.3)))",
            "circle;lower;nowhere",
        );
        check("INTERSECTS(MOC('3/0'), POINT(s_ra, s_dec))", "moc");
        check("CONTAINS(POINT(s_ra, s_dec), MOC('{\"3\": [0]}'))", "moc");
        check(
            "CONTAINS(POINT(s_ra, s_dec), MOC(3, POLYGON(359, -31, 1, -31, 1, -29, 359, -29)))",
            "meridian",
        );
        check("INTERSECTS(s_region, MOC('3/0'))", "moc");
        check(
            "INTERSECTS(MOC(8, CIRCLE(11, 20, 0.1)), s_region)",
            "circle",
        );
        check("INTERSECTS(s_region, MOC(4, CIRCLE(123, 90, 1)))", "pole");
        // Inside: not when a part is outside.
        check("CONTAINS(s_region, MOC('3/0'))", "moc");
        check(
            "CONTAINS(s_region, MOC(7, CIRCLE(10, 20, 1.01)))",
            "circle;lower",
        );
        check("CONTAINS(s_region, MOC(9, CIRCLE(10, 20, 0.99)))", "lower");
        check("CONTAINS(s_region, MOC(5, CIRCLE(50, 0, 3)))", "");
        check("CONTAINS(s_region, MOC(5, CIRCLE(52.5, 0, 6)))", "union");
        check(
            "CONTAINS(s_region, MOC('0/0-11'))",
            "circle;clockwise;dali;dali_polygon;lower;meridian;moc;pole;polygon;union;wrap",
        );
        check("CONTAINS(MOC('5/17'), s_region)", "");
        check("CONTAINS(MOC('12/10'), s_region)", "");
        check(
            "CONTAINS(MOC(12, POSITION(10.5, 20)), s_region)"
                .replace("POSITION", "POINT")
                .as_str(),
            "circle;lower",
        );
        // Without an index.
        check(
            "INTERSECTS(CIRCLE(s_ra, s_dec, 1), MOC(9, POINT(10, 20.9)))",
            "circle;lower;nowhere",
        );
        check(
            "CONTAINS(CIRCLE(s_ra, s_dec, 0.1), MOC(8, CIRCLE(10, 20, 0.3)))",
            "circle;nowhere",
        );
        // As a value.
        assert_eq!(value(service, "MOC('1/0-3 3/767')", "moc"), "0/0 3/767");
        assert_eq!(value(service, "MOC(0, MOC('9/77'))", "moc"), "0/0");
    });
}

#[test]
fn a_moc_of_many_cells_is_answered() {
    served_on_both(|service| {
        // Every other cell of order 6 on a third of the sky, but not the rest.
        let cells: Vec<String> = (0..9_999).map(|cell| (2 * cell).to_string()).collect();
        let moc = format!("MOC('6/{}')", cells.join(" "));
        let found = |what: &str, side: usize| {
            let arguments = [format!("{what}, {moc}"), format!("{moc}, {what}")];
            service.query(&format!(
                "SELECT obs_id FROM ivoa.obscore WHERE INTERSECTS({}) = 1 ORDER BY obs_id",
                arguments[side]
            ))
        };
        let by_number = service.query(
            "SELECT obs_id FROM ivoa.obscore WHERE MOD(ivo_healpix_index(6, s_ra, s_dec), 2) = 0 \
             AND ivo_healpix_index(6, s_ra, s_dec) < 19998 ORDER BY obs_id",
        );
        assert_eq!(found("POINT(s_ra, s_dec)", 0), by_number);
        assert_eq!(found("POINT(s_ra, s_dec)", 1), by_number);
        assert!(found("s_region", 0).contains("circle"));
        let cells: Vec<String> = (0..20_001).map(|cell| (2 * cell).to_string()).collect();
        let query = format!(
            "SELECT obs_id FROM ivoa.obscore WHERE INTERSECTS(s_region, MOC('8/{}')) = 1",
            cells.join(" ")
        );
        let answer = service.post(&[("LANG", "ADQL"), ("QUERY", &query)]);
        assert!(
            answer
                .text()
                .expect("text")
                .contains("more than 20000 cells")
        );
    });
}

#[test]
fn conditions_on_cells_are_answered_by_the_index() {
    served_on_both(|service| {
        let cell: i64 = value(service, "ivo_healpix_index(6, 10, 20)", "circle")
            .parse()
            .expect("a cell");
        let check = |condition: &str, expected: &str| {
            let found = service.query(&format!(
                "SELECT obs_id FROM ivoa.obscore WHERE {condition} ORDER BY obs_id"
            ));
            assert_eq!(found, expected, "{condition}");
            // Where the function itself is asked.
            let computed = condition.replace("s_ra", "(s_ra + 0)");
            let found = service.query(&format!(
                "SELECT obs_id FROM ivoa.obscore WHERE {computed} ORDER BY obs_id"
            ));
            assert_eq!(found, expected, "{computed}");
        };
        check(
            &format!("ivo_healpix_index(6, s_ra, s_dec) = {cell}"),
            "circle;nowhere",
        );
        check(
            &format!("{cell} = ivo_healpix_index(6, POINT(s_ra, s_dec))"),
            "circle;nowhere",
        );
        check(
            &format!("ivo_healpix_index(6, s_ra, s_dec) IN ({cell}, -1, 99999999)"),
            "circle;nowhere",
        );
        check(
            &format!("ivo_healpix_index(6, s_ra, s_dec) BETWEEN {cell} AND {cell}"),
            "circle;nowhere",
        );
        check(
            &format!(
                "ivo_healpix_index(6, s_ra, s_dec) <> {cell} AND ivo_healpix_index(1, s_ra, s_dec) = 19"
            ),
            "lower;wrap",
        );
        check(
            "ivo_healpix_index(0, s_ra, s_dec) >= 10",
            "dali;dali_polygon",
        );
        check("ivo_healpix_index(0, s_ra, s_dec) < 1", "moc");
        check("ivo_healpix_index(0, s_ra, s_dec) < 0", "");
    });
}

/// Positions on and beside the edges of cells, at the poles, at longitude 0
/// and 360, and anywhere.
fn places(count: usize) -> Vec<(f64, f64)> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    let lons = [
        0.0,
        45.0,
        90.0,
        135.0,
        180.0,
        225.0,
        270.0,
        315.0,
        360.0,
        1e-300,
        359.999_999_999_999_94,
    ];
    let transition = 41.810_314_895_778_6_f64;
    let lats = [
        0.0,
        90.0,
        -90.0,
        transition,
        -transition,
        45.0,
        1e-14,
        -1e-14,
        89.999_999_999_999,
    ];
    let mut places = Vec::with_capacity(count);
    for lon in lons {
        for lat in lats {
            places.push((lon, lat));
        }
    }
    while places.len() < count {
        let order = (random() * 30.0) as i32;
        let side = 2_f64.powi(order);
        let any = (random() * 360.0, (random() * 2.0 - 1.0).asin().to_degrees());
        places.push(match (random() * 4.0) as u32 {
            0 => any,
            // On the meridian of a corner.
            1 => ((random() * 8.0 * side).floor() / side * 45.0, any.1),
            // On the parallel of a corner.
            2 => {
                let z = 2.0 / 3.0 * (1.0 - (random() * 2.0 * side).floor() / side);
                (any.0, z.asin().to_degrees())
            }
            _ => {
                let distance = (random() * side).floor() / side;
                let z = 1.0 - distance * distance / 3.0;
                (
                    (random() * 8.0 * side).floor() / side * 45.0,
                    z.asin().to_degrees(),
                )
            }
        });
    }
    places
}

/// 100,000 agreed on 2026-11-22.
const PLACES: usize = 3_000;

/// The index column was filled by the program, the function is the database's.
#[test]
fn a_position_is_in_the_same_cell_wherever_it_is_computed() {
    let mut csv = "obs_publisher_did,obs_id,obs_collection,calib_level,s_ra,s_dec\n".to_owned();
    for (number, (lon, lat)) in places(PLACES).into_iter().enumerate() {
        csv.push_str(&format!("ivo://t?{number},{number},t,2,{lon:e},{lat:e}\n"));
    }
    on_both(|archive| {
        archive.loaded(&csv);
        for order in [29, 28, 5] {
            let differ = format!(
                "SELECT COUNT(*) FROM ivoa.obscore WHERE ivo_healpix_index({order}, s_ra, s_dec) \
                 <> ivo_healpix_index({order}, s_ra + 0, s_dec)"
            );
            assert_eq!(archive.query(&differ), "0", "order {order}");
            let away = format!(
                "SELECT COUNT(*) FROM ivoa.obscore WHERE ivo_healpix_index({order}, \
                 ivo_healpix_center({order}, ivo_healpix_index({order}, s_ra, s_dec))) \
                 <> ivo_healpix_index({order}, s_ra, s_dec)"
            );
            assert_eq!(archive.query(&away), "0", "order {order}");
        }
        let all = archive
            .query("SELECT COUNT(*), COUNT(ivo_healpix_index(29, s_ra, s_dec)) FROM ivoa.obscore");
        assert_eq!(all, format!("{PLACES},{PLACES}"));
    });
}
