//! The core of the language on both engines: what each answers is what SQL-92
//! and ADQL 2.1 section 2 say, worked out by hand.

use crate::support::service::{Service, served_on_both};

#[track_caller]
fn check(service: &Service, query: &str, expected: &str) {
    assert_eq!(service.query(query), expected, "{query}");
}

#[test]
fn literals_and_arithmetic() {
    served_on_both(|service| {
        let check = |values: &str, expected: &str| {
            let query = format!("SELECT TOP 1 {values} FROM ivoa.obscore");
            check(service, &query, expected);
        };
        check("7 / 2, -7 / 2, 7 % 4, -7 % 4, 7 / 2.0", "3,-3,3,-3,3.5");
        check("2 + 3 * 4 - 6 / 3, (2 + 3) * 4, - -2", "12,20,2");
        check(
            "0x1F, 12., .5, 1e2, 3000000000",
            "31,12.0,0.5,100.0,3000000000",
        );
        check("'it''s', 'a' || 'b' || 1, '' || 'x'", "it's,ab1,x");
        check("'30' * 2, '1.5' + 1", "60,2.5");
        check("5 & 3, 5 | 3, 5 ^ 3, ~5", "1,7,6,-6");
        check("1 / 0, 7 % 0, NULL", ",,");
        check("CAST('abcdef' AS VARCHAR(3)) || '.'", "abc.");
        check(
            "CAST('abc' AS CHAR(5)) || '.', CAST('abcdef' AS CHAR(2))",
            "abc  .,ab",
        );
        check(
            "CAST(12345 AS VARCHAR(2)), CAST('é€x' AS VARCHAR(2))",
            "12,é€",
        );
        check("CASE WHEN NULL IS NULL THEN 1 ELSE 0 END", "1");
    });
}

#[test]
fn conditions() {
    served_on_both(|service| {
        let check = |condition: &str, expected: &str| {
            let query = format!("SELECT COUNT(*) FROM ivoa.obscore WHERE {condition}");
            check(service, &query, expected);
        };
        check(
            "calib_level = 2 OR calib_level = 1 AND obs_collection = 'wide'",
            "7",
        );
        check(
            "(calib_level = 2 OR calib_level = 1) AND obs_collection = 'wide'",
            "4",
        );
        check("NOT calib_level = 2 AND calib_level <> 3", "2");
        check("NOT (calib_level = 2 AND calib_level != 3)", "6");
        check("s_ra IS NULL OR NOT s_ra IS NOT NULL", "1");
        check(
            "s_ra BETWEEN 10 AND 11 AND s_dec NOT BETWEEN 20 AND 20",
            "1",
        );
        check("target_name LIKE '_31'", "2");
        check("target_name LIKE 'm%'", "1");
        check("target_name ILIKE 'm%' AND target_name NOT LIKE 'M%'", "1");
        check("target_name LIKE 'O''%'", "1");
        check("obs_id LIKE 'dali_%'", "1");
        check("obs_id IN ('moc', 'dali', obs_collection)", "2");
        check("calib_level NOT IN (2, 3)", "2");
        check("t_min NOT IN (59000, NULL)", "0");
        check("obs_id IN (SELECT target_name FROM ivoa.obscore)", "0");
        check(
            "EXISTS (SELECT * FROM ivoa.obscore AS o WHERE o.s_ra = obscore.s_ra + 0.5)",
            "1",
        );
        check("'30' * 2 = 60 AND 'a' < 'b' AND 'a' < 'É'", "13");
    });
}

#[test]
fn joins() {
    served_on_both(|service| {
        let wide = "(SELECT obs_id, s_ra FROM ivoa.obscore WHERE obs_collection = 'wide') AS a";
        let low = "(SELECT obs_id, calib_level FROM ivoa.obscore WHERE obs_id < 'd') AS b";
        let check = |join: &str, expected: &str| {
            let query = format!("SELECT obs_id, s_ra, calib_level FROM {wide} {join} ORDER BY 1");
            check(service, &query, expected);
        };
        let both = "circle,10.0,2;clockwise,41.0,2";
        check(&format!("JOIN {low} USING (obs_id)"), both);
        check(&format!("NATURAL JOIN {low}"), both);
        check(&format!("NATURAL RIGHT JOIN {low}"), both);
        let left = format!("{both};lower,10.5,;polygon,31.0,");
        check(&format!("LEFT JOIN {low} USING (obs_id)"), &left);
        check(&format!("NATURAL FULL OUTER JOIN {low}"), &left);
    });
}

#[test]
fn groups_orders_and_sets() {
    served_on_both(|service| {
        let check = |query: &str, expected: &str| check(service, query, expected);
        check(
            "SELECT obs_collection, COUNT(*) AS n, COUNT(DISTINCT calib_level), MAX(s_ra) \
             FROM ivoa.obscore GROUP BY obs_collection HAVING COUNT(*) > 3 ORDER BY n DESC, 1",
            "deep,6,3,211.0;wide,4,1,41.0",
        );
        check(
            "SELECT TRUNCATE(s_ra / 100) AS bin, COUNT(*) FROM ivoa.obscore \
             WHERE s_ra < 300 GROUP BY bin ORDER BY bin",
            "0.0,9;1.0,1;2.0,2",
        );
        check(
            "SELECT calib_level FROM ivoa.obscore GROUP BY calib_level ORDER BY COUNT(*) DESC, 1 DESC",
            "2;3;1;0",
        );
        check(
            "SELECT TOP 2 o.obs_id FROM ivoa.obscore AS o ORDER BY o.s_dec DESC, o.obs_id",
            "unknown;pole",
        );
        check(
            "SELECT TOP 2 obs_id FROM ivoa.obscore ORDER BY s_dec, obs_id OFFSET 1",
            "dali_polygon;meridian",
        );
        check("SELECT TOP 0 obs_id FROM ivoa.obscore", "");
        check(
            "SELECT DISTINCT obs_collection FROM ivoa.obscore ORDER BY 1",
            "deep;edge;wide",
        );
        // INTERSECT before UNION and EXCEPT, those from left to right.
        let level =
            |level: u8| format!("SELECT calib_level FROM ivoa.obscore WHERE calib_level = {level}");
        let (one, two, three) = (level(1), level(2), level(3));
        check(
            &format!("{one} UNION {two} INTERSECT {three} ORDER BY 1"),
            "1",
        );
        check(&format!("({one} UNION {two}) INTERSECT {two}"), "2");
        check(&format!("{one} UNION {two} EXCEPT {one}"), "2");
        check(&format!("{one} UNION ALL {one} EXCEPT ALL {one}"), "1");
        check(
            &format!(
                "{two} INTERSECT ALL (SELECT TOP 3 calib_level FROM ivoa.obscore WHERE calib_level = 2)"
            ),
            "2;2;2",
        );
        check(
            "WITH a AS (SELECT obs_id, s_ra FROM ivoa.obscore), \
             b AS (SELECT obs_id FROM a WHERE s_ra > 200) \
             SELECT a.obs_id FROM a JOIN b USING (obs_id) ORDER BY a.s_ra",
            "dali_polygon",
        );
    });
}

#[test]
fn a_message_tells_all_that_is_wrong() {
    served_on_both(|service| {
        let query = "SELECT s_raa, SQTR(s_dec) FROM ivoa.obscore WHERE t_min > '2020-01-01'";
        let answer = service.post(&[("LANG", "ADQL"), ("QUERY", query)]);
        assert_eq!(answer.status(), 400);
        let text = answer.text().expect("text");
        for part in [
            "s_ra exists",
            "SQRT exists",
            "t_min is a Modified Julian Date: write 58849",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    });
}
