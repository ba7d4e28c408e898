//! Queries over HTTP, the same answers on both engines.

use crate::support::service::{Service, served_on_both};

/// Asks and compares the rows, joined by `;`. `WHERE …` stands for a query of
/// `obs_id` in its order.
#[track_caller]
fn check(service: &Service, query: &str, expected: &str) {
    let whole = match query.starts_with("WHERE ") {
        true => format!("SELECT obs_id FROM ivoa.obscore {query} ORDER BY obs_id"),
        false => query.to_owned(),
    };
    assert_eq!(service.query(&whole), expected, "{query}");
}

#[test]
fn positions_in_a_shape() {
    served_on_both(|service| {
        let check = |shape: &str, expected: &str| {
            let contains = format!("CONTAINS(POINT(s_ra, s_dec), {shape})");
            check(service, &format!("WHERE {contains} = 1"), expected);
            check(service, &format!("WHERE 1 = {contains}"), expected);
            check(service, &format!("WHERE NOT ({contains} = 0)"), expected);
        };
        check("CIRCLE(10, 20, 0.3)", "circle;nowhere");
        check("CIRCLE('ICRS', 10, 20, 0.6)", "circle;lower;nowhere");
        check("CIRCLE(POINT(10, 20), 0)", "circle");
        check("CIRCLE(359.9, 5, 0.2)", "wrap");
        check("CIRCLE(0.1, -30, 0.2)", "meridian");
        check("CIRCLE(303, 89.5, 1.1)", "pole");
        check("CIRCLE(100, 60, 0.1)", "");
        check(
            "POLYGON(9, 19, 11, 19, 11, 21, 9, 21)",
            "circle;lower;nowhere",
        );
        check("POLYGON(359, 4, 1, 4, 1, 6, 359, 6)", "wrap");
        check("BOX(31, -9, 1, 1)", "polygon");
        let all = "circle;clockwise;dali;dali_polygon;lower;meridian;moc;nowhere;pole;polygon;\
                   union;wrap";
        check("CIRCLE(0, 0, 180)", all);
    });
}

#[test]
fn points_in_a_region() {
    served_on_both(|service| {
        let check = |lon: f64, lat: f64, expected: &str| {
            let contains = format!("CONTAINS(POINT({lon}, {lat}), s_region)");
            check(service, &format!("WHERE {contains} = 1"), expected);
            check(service, &format!("WHERE NOT ({contains} = 0)"), expected);
        };
        check(10.5, 20.0, "circle;lower");
        check(9.2, 20.0, "circle");
        check(31.9, -8.1, "polygon");
        check(41.0, -9.0, "clockwise");
        check(52.5, 0.0, "");
        check(55.0, 0.9, "union");
        check(45.0, 9.0, "moc");
        check(40.0, 4.8, "moc");
        check(50.9, 4.8, "");
        check(202.0, -46.0, "dali");
        check(211.0, -43.1, "dali_polygon");
        check(359.5, 5.0, "wrap");
        check(0.5, 5.0, "wrap");
        check(359.5, -30.5, "meridian");
        check(0.5, -29.5, "meridian");
        check(300.0, 88.8, "pole");
        check(0.0, 90.0, "pole");
        check(0.0, -90.0, "");
    });
}

#[test]
fn regions_that_meet_and_regions_inside() {
    served_on_both(|service| {
        let check = |function: &str, expected: &str| {
            check(service, &format!("WHERE {function} = 1"), expected);
            check(service, &format!("WHERE NOT ({function} = 0)"), expected);
        };
        check("INTERSECTS(s_region, CIRCLE(10.9, 20, 0.15))", "circle");
        check("INTERSECTS(CIRCLE(8.5, 20, 0.6), s_region)", "circle");
        check("INTERSECTS(s_region, CIRCLE(358.8, 5, 0.3))", "wrap");
        check("INTERSECTS(s_region, CIRCLE(358.9, -30, 0.3))", "meridian");
        check("INTERSECTS(s_region, CIRCLE(123, 86, 2))", "pole");
        check(
            "INTERSECTS(s_region, POLYGON(45, -1, 49.5, -1, 49.5, 1, 45, 1))",
            "moc;union",
        );
        check(
            "INTERSECTS(POLYGON(29, -9.1, 43, -9.1, 43, -8.9, 29, -8.9), s_region)",
            "clockwise;polygon",
        );
        check("CONTAINS(s_region, CIRCLE(10, 20, 1.5))", "circle;lower");
        check("CONTAINS(s_region, CIRCLE(10.5, 20, 0.4))", "lower");
        check("CONTAINS(CIRCLE(10.5, 20, 0.4), s_region)", "circle");
        check("CONTAINS(CIRCLE(50, 0, 0.5), s_region)", "union");
        check("CONTAINS(s_region, CIRCLE(52.5, 0, 3))", "");
        check("CONTAINS(s_region, CIRCLE(52.5, 0, 4))", "union");
    });
}

#[test]
fn regions_of_two_rows_that_meet() {
    served_on_both(|service| {
        check(
            service,
            "SELECT a.obs_id, b.obs_id AS other FROM ivoa.obscore AS a JOIN ivoa.obscore AS b \
             ON 1 = INTERSECTS(a.s_region, b.s_region) WHERE a.obs_id < b.obs_id",
            "circle,lower",
        );
    });
}

#[test]
fn what_has_no_region_is_neither_inside_nor_outside() {
    served_on_both(|service| {
        let outside = "clockwise;dali;dali_polygon;meridian;moc;pole;polygon;union;wrap";
        let contains = "CONTAINS(POINT(10.5, 20), s_region)";
        let meets = "INTERSECTS(s_region, CIRCLE(10.2, 20, 0.3))";
        for function in [contains, meets] {
            let check = |test: &str, expected| {
                let query = format!("WHERE {}", test.replace("f()", function));
                check(service, &query, expected);
            };
            check("f() = 1", "circle;lower");
            check("f() = 0", outside);
            check("NOT (f() = 1)", outside);
            check("f() <> 1", outside);
            check("f() = 1 AND f() = 0", "");
        }
        check(
            service,
            "WHERE 0 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(10, 20, 100))",
            "dali;dali_polygon",
        );
    });
}

#[test]
fn conditions_together() {
    served_on_both(|service| {
        let check = |condition: &str, expected| {
            check(service, &format!("WHERE {condition}"), expected);
        };
        let here = "CONTAINS(POINT(s_ra, s_dec), CIRCLE(10, 20, 0.6)) = 1";
        let there = "CONTAINS(POINT(359.5, 5), s_region) = 1";
        check(&format!("{here} OR {there}"), "circle;lower;nowhere;wrap");
        check(
            &format!("({here} OR {there}) AND t_min > 59000.5"),
            "lower;nowhere;wrap",
        );
        check(&format!("{here} AND {there}"), "");
        check(&format!("{here} AND t_max < 59001"), "circle");
        check(
            &format!("{here} AND t_min BETWEEN 59001 AND 59008"),
            "lower;nowhere",
        );
        check(
            &format!("{here} AND obs_collection = 'wide' OR obs_id = 'pole'"),
            "circle;lower;pole",
        );
        check(&format!("{here} AND NOT {there}"), "circle;lower");
        check(
            "DISTANCE(POINT(s_ra, s_dec), POINT(10, 20)) < 0.3",
            "circle;nowhere",
        );
        check("0.3 >= DISTANCE(s_ra, s_dec, 10, 20)", "circle;nowhere");
        check(
            "DISTANCE(POINT(s_ra, s_dec), POINT(10, 20)) > 100",
            "dali;dali_polygon",
        );
        check(
            "DISTANCE(POINT(s_ra, s_dec), POINT(303, 89.5)) <= 1.0000001",
            "pole",
        );
        check("s_ra IS NULL", "unknown");
        check("target_name = 'O''Neill'", "nowhere");
        check("target_name LIKE 'M%'", "circle");
        check("target_name ILIKE 'M3_'", "circle;lower");
    });
}

#[test]
fn queries_of_many_forms() {
    served_on_both(|service| {
        let check = |query, expected| check(service, query, expected);
        check(
            "SELECT TOP 3 obs_id, s_ra FROM ivoa.obscore ORDER BY s_ra DESC, obs_id OFFSET 1",
            "dali_polygon,211.0;dali,200.0;pole,123.0",
        );
        check(
            "SELECT obs_id FROM ivoa.obscore WHERE t_min > 59007 ORDER BY t_min DESC",
            "pole;meridian;wrap;nowhere",
        );
        check(
            "SELECT obs_collection, COUNT(*) AS n, MIN(t_min) AS earliest, COUNT(s_ra) AS placed \
             FROM ivoa.obscore GROUP BY obs_collection HAVING COUNT(*) > 3 ORDER BY obs_collection",
            "deep,6,59004.0,5;wide,4,59000.0,4",
        );
        check(
            "SELECT t.table_name, c.datatype FROM tap_schema.tables AS t JOIN tap_schema.columns \
             AS c ON t.table_name = c.table_name WHERE c.column_name = 'obs_id'",
            "ivoa.obscore,char",
        );
        check(
            "SELECT o.obs_id, c.column_name FROM ivoa.obscore AS o CROSS JOIN tap_schema.columns \
             AS c WHERE c.column_name = 's_fov' AND o.calib_level < 2 ORDER BY o.obs_id",
            "nowhere,s_fov;unknown,s_fov",
        );
        check(
            "SELECT obs_id FROM ivoa.obscore WHERE obs_collection = 'wide' UNION \
             SELECT obs_id FROM ivoa.obscore WHERE obs_id IN ('pole', 'lower') ORDER BY obs_id",
            "circle;clockwise;lower;pole;polygon",
        );
        check(
            "SELECT obs_collection FROM ivoa.obscore WHERE calib_level = 2 INTERSECT ALL \
             SELECT obs_collection FROM ivoa.obscore WHERE t_min < 59002 OR t_min = 59012 \
             ORDER BY obs_collection",
            "edge;wide;wide",
        );
        check(
            "SELECT obs_id FROM ivoa.obscore EXCEPT SELECT obs_id FROM ivoa.obscore \
             WHERE s_region IS NOT NULL ORDER BY obs_id",
            "nowhere;unknown",
        );
        check(
            "SELECT obs_id FROM ivoa.obscore WHERE t_min IN (SELECT MAX(t_min) FROM ivoa.obscore)",
            "pole",
        );
        check(
            "SELECT obs_id FROM ivoa.obscore AS o WHERE EXISTS (SELECT 1 FROM ivoa.obscore AS i \
             WHERE i.obs_id <> o.obs_id AND DISTANCE(i.s_ra, i.s_dec, o.s_ra, o.s_dec) < 0.3) \
             ORDER BY obs_id",
            "circle;lower;nowhere",
        );
        check(
            "SELECT n FROM (SELECT COUNT(*) AS n FROM ivoa.obscore \
             WHERE 1 = CONTAINS(POINT(10.5, 20), s_region)) AS counted",
            "2",
        );
        check(
            "WITH near AS (SELECT obs_id, s_ra FROM ivoa.obscore WHERE s_ra BETWEEN 5 AND 35) \
             SELECT obs_id FROM near ORDER BY s_ra DESC",
            "polygon;lower;nowhere;circle",
        );
        check(
            "SELECT DISTINCT obs_collection FROM ivoa.obscore ORDER BY 1",
            "deep;edge;wide",
        );
    });
}

#[test]
fn geometry_among_the_columns() {
    served_on_both(|service| {
        let check = |columns: &str, from: &str, expected| {
            let query = format!("SELECT {columns} FROM ivoa.obscore WHERE obs_id = '{from}'");
            check(service, &query, expected);
        };
        check("POINT(s_ra, s_dec) AS p", "circle", "10.0 20.0");
        check("CIRCLE(s_ra, s_dec, 0.5) AS c", "polygon", "31.0 -9.0 0.5");
        check(
            "POLYGON(0, 0, 1, 0, 1, 1) AS p",
            "circle",
            "0.0 0.0 1.0 0.0 1.0 1.0",
        );
        check("s_region", "moc", "MOC 3/0");
        check("s_region", "lower", "circle icrs 10.5 20 0.2");
        check(
            "DISTANCE(POINT(s_ra, s_dec), POINT(10, 20)) AS d",
            "circle",
            "0.0",
        );
        check("DISTANCE(s_ra, s_dec, 123, -90) AS d", "pole", "179.5");
        check(
            "COORD1(POINT(s_ra, s_dec)) AS a, COORD2(POINT(3, 4)) AS b",
            "meridian",
            "0.0,4.0",
        );
        check("CONTAINS(POINT(10.5, 20), s_region) AS c", "lower", "1");
        check("CONTAINS(POINT(10.5, 20), s_region) AS c", "pole", "0");
        check(
            "INTERSECTS(s_region, CIRCLE(10, 20, 1)) AS c, obs_id",
            "nowhere",
            ",nowhere",
        );
    });
}

#[test]
fn a_shape_of_unknown_coordinates_is_null() {
    served_on_both(|service| {
        for shape in [
            "POINT(s_ra, s_dec)",
            "CIRCLE(s_ra, s_dec, 1)",
            "CIRCLE(10, 20, s_fov)",
            "POLYGON(s_ra, 0, 1, 0, 1, 1)",
        ] {
            let query = format!("SELECT {shape} AS shape, obs_id FROM ivoa.obscore");
            let unknown = format!("{query} WHERE obs_id = 'unknown'");
            check(service, &unknown, ",unknown");
        }
    });
}

#[test]
fn numbers_and_texts() {
    served_on_both(|service| {
        let check = |columns: &str, expected| {
            let query = format!("SELECT {columns} FROM ivoa.obscore WHERE obs_id = 'nowhere'");
            check(service, &query, expected);
        };
        check("5/2 AS a, -7/2 AS b, 7.0/2 AS c", "2,-3,3.5");
        check("1/0 AS a, 1.0/0 AS b, MOD(7, 0) AS c", ",,");
        check("MOD(7, 3) AS a, MOD(-7, 3) AS b, ABS(-3) AS c", "1,-1,3");
        check(
            "POWER(2, 3) AS a, SQRT(9) AS b, LOG10(1000) AS c",
            "8.0,3.0,3.0",
        );
        check(
            "ROUND(2.5) AS a, ROUND(-2.5, 0) AS b, ROUND(12345, -2) AS c",
            "3.0,-3.0,12300.0",
        );
        check(
            "TRUNCATE(-1.29, 1) AS a, FLOOR(-1.5) AS b, CEILING(1.2) AS c",
            "-1.2,-2.0,2.0",
        );
        check(
            "CAST(2.5 AS INTEGER) AS a, CAST('1.5' AS DOUBLE PRECISION) AS b",
            "2,1.5",
        );
        check("calib_level * 4000000000 AS a", "4000000000");
        check(
            "CAST('2020-01-01T00:00:00' AS TIMESTAMP) AS a",
            "2020-01-01T00:00:00",
        );
        check("UPPER(target_name) AS a, LOWER('AB') AS b", "O'NEILL,ab");
        check("obs_id || '-' || target_name AS a", "nowhere-O'Neill");
        check("COALESCE(s_region, 'none') AS a", "none");
        for wrong in [
            "SQRT(-1)",
            "LN(0)",
            "EXP(1000)",
            "ASIN(2)",
            "POWER(0, -1)",
            "POWER(-8, 0.5)",
        ] {
            let query = format!("SELECT {wrong} AS a FROM ivoa.obscore");
            let answer = service.get(&[("LANG", "ADQL"), ("QUERY", &query)]);
            assert_eq!(answer.status(), 400, "{wrong}");
        }
    });
}

#[test]
fn null_is_the_greatest_in_every_order() {
    served_on_both(|service| {
        let ends = |order: &str, first: &str, last: &str| {
            let rows = service.query(&format!("SELECT obs_id FROM ivoa.obscore ORDER BY {order}"));
            assert!(
                rows.starts_with(first) && rows.ends_with(last),
                "{order}: {rows}"
            );
        };
        ends(
            "s_ra, t_min",
            "wrap;meridian;circle",
            "dali;dali_polygon;unknown",
        );
        ends(
            "s_ra DESC, t_min",
            "unknown;dali_polygon;dali",
            "circle;wrap;meridian",
        );
        ends(
            "target_name, obs_id",
            "circle;nowhere;pole;lower;clockwise",
            "wrap",
        );
        ends(
            "target_name DESC, obs_id",
            "clockwise",
            "lower;pole;nowhere;circle",
        );
    });
}
