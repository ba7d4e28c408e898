//! The user defined functions on the sky, as one who asks meets them, on both
//! engines.

use crate::support::service::{Service, served_on_both};

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
            "ivo_geom_transform('FK4', 'GALACTIC', CIRCLE(189.703030551864, 22.9624000615634, 3))",
            &[275.000_254_054_5, 84.999_961_537_2, 3.0],
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
        column("ivo_healpix_index(calib_level, POINT(s_ra, s_dec))", "ivo_healpix_index(2, 10, 20)");
        column(
            "ivo_epoch_prop_pos(s_ra, s_dec, NULL, 300, -428.8, 52.51, 2016.0, 1875)",
            "ivo_epoch_prop_pos(10, 20, NULL, 300, -428.8, 52.51, 2016.0, 1875)",
        );
        column(
            "ivo_epoch_prop_pos(s_ra, s_dec, 125, NULL, -428.8, 52.51, 2016.0, 1875)",
            "ivo_epoch_prop_pos(10, 20, 125, NULL, -428.8, 52.51, 2016.0, 1875)",
        );
        for frame in ["FK5", "FK4", "GALACTIC", "SUPER_GALACTIC", "ECLIPTIC", "ICRS"] {
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
        assert_eq!(
            found,
            "3,1;16,1;17,3;19,5;29,1;32,2".replace("17,3", "17,3"),
            "{found}"
        );
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
        let moved = "SELECT ivo_epoch_prop_pos(s_ra, s_dec, 1, 1, 1, 1, 2000, 2010) FROM ivoa.obscore";
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
