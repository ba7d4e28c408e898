//! Geometries as values: measured, cast, and handed on by subqueries. The same
//! answers on both engines.

use crate::support::service::{Service, served_on_both};

#[track_caller]
fn check(service: &Service, query: &str, expected: &str) {
    assert_eq!(service.query(query), expected, "{query}");
}

/// The number an expression has for one observation, to `digits` relative.
#[track_caller]
fn near(service: &Service, expression: &str, of: &str, expected: f64) {
    let query = format!("SELECT {expression} FROM ivoa.obscore WHERE obs_id = '{of}'");
    let found: f64 = service.query(&query).parse().expect("a number");
    let off = (found - expected).abs();
    assert!(off <= 1e-9 * expected.abs().max(1.0), "{query}: {found}");
}

#[test]
fn a_subquery_hands_regions_on() {
    served_on_both(|service| {
        let check = |from: &str, expected: &str| {
            for condition in [
                "CONTAINS(POINT(10.5, 20), q.s_region) = 1",
                "INTERSECTS(q.s_region, CIRCLE(10.5, 20, 0.1)) = 1",
                "NOT (0 = CONTAINS(CIRCLE(10.5, 20, 0.01), q.s_region))",
            ] {
                let query = format!("SELECT q.obs_id FROM {from} WHERE {condition} ORDER BY 1");
                check(service, &query, expected);
            }
        };
        check("(SELECT * FROM ivoa.obscore) AS q", "circle;lower");
        check(
            "(SELECT DISTINCT s_region, obs_id FROM ivoa.obscore) AS q",
            "circle;lower",
        );
        check(
            "(SELECT TOP 3 s_region, obs_id FROM ivoa.obscore ORDER BY obs_id) AS q",
            "circle",
        );
        check(
            "(SELECT i.obs_id, i.s_region FROM (SELECT * FROM ivoa.obscore WHERE calib_level = 2) AS i) AS q",
            "circle;lower",
        );
        check(
            "(SELECT s_region, MIN(obs_id) AS obs_id FROM ivoa.obscore GROUP BY s_region) AS q",
            "circle;lower",
        );
        check(
            "(SELECT obs_id, COALESCE(s_region, REGION('CIRCLE 10.5 20 1')) AS s_region FROM ivoa.obscore) AS q",
            "circle;lower;nowhere;unknown",
        );
        check(
            "(SELECT obs_id, CASE WHEN obs_id = 'lower' THEN s_region END AS s_region FROM ivoa.obscore) AS q",
            "lower",
        );
        check(
            "(SELECT obs_id, s_region FROM ivoa.obscore WHERE obs_id < 'd' \
             UNION SELECT 'here', REGION('CIRCLE 10.5 20 2') FROM ivoa.obscore) AS q",
            "circle;here",
        );
        check(
            "(SELECT obs_id, s_region FROM ivoa.obscore EXCEPT ALL \
             SELECT obs_id, s_region FROM ivoa.obscore WHERE obs_id = 'lower') AS q",
            "circle",
        );
        check(
            "ivoa.obscore AS p JOIN (SELECT obs_id, s_region FROM ivoa.obscore) AS q USING (obs_id)",
            "circle;lower",
        );
        let common = "WITH q AS (SELECT s_region AS r FROM ivoa.obscore), p AS (SELECT r FROM q) \
                      SELECT COUNT(*) FROM p WHERE CONTAINS(POINT(10.5, 20), r) = 1";
        assert_eq!(service.query(common), "2");
    });
}

#[test]
fn areas_and_centroids_of_rows() {
    served_on_both(|service| {
        let cap = |radius: f64| {
            let square = (180.0 / std::f64::consts::PI).powi(2);
            std::f64::consts::TAU * (1.0 - radius.to_radians().cos()) * square
        };
        near(service, "AREA(s_region)", "circle", cap(1.0));
        near(service, "AREA(s_region)", "union", 2.0 * cap(1.0));
        near(service, "AREA(CIRCLE(s_ra, s_dec, 3))", "wrap", cap(3.0));
        near(service, "AREA(POINT(s_ra, s_dec))", "wrap", 0.0);
        near(service, "COORD1(CENTROID(s_region))", "union", 52.5);
        near(service, "COORD2(CENTROID(s_region))", "union", 0.0);
        near(service, "COORD1(CENTROID(s_region))", "wrap", 0.0);
        near(service, "COORD2(CENTROID(s_region))", "pole", 89.5);
        near(service, "COORD1(CENTROID(s_region))", "polygon", 31.0);
        near(
            service,
            "COORD1(CENTROID(BOX(s_ra, s_dec, 0.01, 0.01)))",
            "polygon",
            31.0,
        );
        // The same of a region of the query, by other arithmetic.
        let both = "AREA(s_region) - AREA(POLYGON(30, -10, 32, -10, 32, -8, 30, -8))";
        near(service, both, "polygon", 0.0);
        let query = "SELECT obs_id FROM ivoa.obscore WHERE AREA(s_region) < 3.2 ORDER BY AREA(s_region) DESC, obs_id";
        check(service, query, "circle;wrap;dali_polygon;lower");
        check(
            service,
            "SELECT COORDSYS(s_region), COORDSYS(POINT(s_ra, s_dec)), AREA(s_region) \
             FROM ivoa.obscore WHERE obs_id IN ('nowhere', 'unknown') ORDER BY obs_id",
            ",ICRS,;,,",
        );
    });
}

#[test]
fn distances_to_regions_and_other_frames() {
    served_on_both(|service| {
        near(
            service,
            "DISTANCE(s_region, POINT(10.5, 20))",
            "circle",
            0.0,
        );
        near(service, "DISTANCE(POINT(0, 8), s_region)", "wrap", 2.0);
        near(service, "DISTANCE(s_region, POINT(52.5, 0))", "union", 1.5);
        near(service, "DISTANCE(s_region, POINT(31, -5))", "circle", {
            adql::sky::distance(31.0, -5.0, 10.0, 20.0) - 1.0
        });
        near(service, "DISTANCE(s_region, POINT(33, -10))", "polygon", {
            adql::sky::distance(33.0, -10.0, 32.0, -10.0)
        });
        let query = "SELECT obs_id FROM ivoa.obscore WHERE DISTANCE(s_region, POINT(10, 22)) < 1.7 ORDER BY 1";
        check(service, query, "circle");
        let query = "SELECT obs_id FROM ivoa.obscore WHERE DISTANCE(s_region, POINT(10, 22)) * 60 < 118 ORDER BY 1";
        check(service, query, "circle;lower");
        let galactic = "SELECT obs_id FROM ivoa.obscore \
             WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE('GALACTIC', 15.6395, -78.3538, 0.01)) = 1";
        check(service, galactic, "meridian");
        let of_rows = "SELECT obs_id FROM ivoa.obscore \
             WHERE DISTANCE(POINT('FK4', s_ra, s_dec), POINT(10.6, 20.28)) < 0.1";
        check(service, of_rows, "circle");
        let null =
            "SELECT COORD1(POINT(NULL, s_ra, s_dec)) FROM ivoa.obscore WHERE obs_id = 'circle'";
        check(service, null, "10.0");
    });
}

#[test]
fn geometries_and_times_from_text() {
    served_on_both(|service| {
        let check = |expression: &str, expected: &str| {
            let query = format!(
                "SELECT {} FROM ivoa.obscore WHERE obs_id = 'circle'",
                expression.replace("TEXT", "COALESCE(s_region, '')")
            );
            check(service, &query, expected);
        };
        check("CAST('1 2' AS POINT)", "1.0 2.0");
        check("CAST('1 2 3' AS CIRCLE)", "1.0 2.0 3.0");
        check("CAST(s_region AS CIRCLE)", "10.0 20.0 1.0");
        check("CAST(TEXT AS CIRCLE)", "10.0 20.0 1.0");
        check("CAST('1,2 ' || '3' AS CIRCLE)", "1.0 2.0 3.0");
        check("CAST('Position fk5 1 ' || '-2.5e0' AS POINT)", "1.0 -2.5");
        check(
            "CAST('0 0 1 0 ' || '1 1' AS POLYGON)",
            "0.0 0.0 1.0 0.0 1.0 1.0",
        );
        check("CAST(NULL AS POINT)", "");
        check("CONTAINS(CAST('10 ' || '20' AS POINT), s_region)", "1");
        let time = |text: &str, expected: &str| {
            check(&format!("CAST('{text}' AS TIMESTAMP)"), expected);
            check(&format!("CAST('{text}' || '' AS TIMESTAMP)"), expected);
        };
        time("2026-02-28", "2026-02-28T00:00:00");
        time(
            "2026-02-28T12:34:56.789012345Z",
            "2026-02-28T12:34:56.789012",
        );
        time("2026-02-28 23:59:60", "2026-03-01T00:00:00");
        time("2024-02-29T01:00-02:30", "2024-02-29T03:30:00");
        time("2024-02-29t01:00:00.5+0230", "2024-02-28T22:30:00.5");
        time("0001-01-01", "0001-01-01T00:00:00");
    });
}

#[test]
fn text_that_is_no_geometry_or_time_is_said() {
    served_on_both(|service| {
        let check = |expression: &str, sentence: &str| {
            let query = format!("SELECT {expression} FROM ivoa.obscore WHERE obs_id = 'circle'");
            let answer = service.get(&[("LANG", "ADQL"), ("QUERY", &query)]);
            let text = answer.text().expect("a text");
            assert!(text.contains(sentence), "{query}: {text}");
        };
        check(
            "CAST(obs_id AS POINT)",
            "the text \"circle\" is not a POINT",
        );
        check("CAST(s_region AS POLYGON)", "is not a POLYGON");
        check("CAST('1 2 3' || ' x' AS CIRCLE)", "is not a CIRCLE");
        check("CAST('' || '' AS POINT)", "is not a POINT");
        for text in [
            "2026-02-30",
            "2026-13-01",
            "2026-02-03T24:00:00",
            "2026-02-03Z+01",
            "2026-02-03T01:00+15:00",
            "yesterday",
            "",
        ] {
            let sentence = "is not a date or time";
            check(&format!("CAST('{text}' AS TIMESTAMP)"), sentence);
            check(&format!("CAST('{text}' || '' AS TIMESTAMP)"), sentence);
        }
    });
}
