//! Queries over HTTP, the same answers on both engines.

use std::io::Read;

use reqwest::blocking::Response;
use reqwest::header::CONTENT_TYPE;
use votable::{Reader, Status, Value};

use crate::support::service::{Service, served_on_both};

/// Asks `service`, whose rows have `obs_id` first, and compares the rows,
/// joined by `;`. `WHERE …` stands for a query of names in their order.
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
        service.check_pairs();
    });
}

impl Service {
    fn check_pairs(&self) {
        check(
            self,
            "SELECT a.obs_id, b.obs_id AS other FROM ivoa.obscore AS a JOIN ivoa.obscore AS b \
             ON 1 = INTERSECTS(a.s_region, b.s_region) WHERE a.obs_id < b.obs_id",
            "circle,lower",
        );
    }
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

const QUERY: &str = "SELECT obs_id, s_ra, calib_level, t_min, target_name, s_region \
                     FROM ivoa.obscore ORDER BY obs_id";

type Answer = (Vec<Vec<Value>>, Option<Status>);

/// Rows and status of an answer that is a VOTable.
#[track_caller]
fn read(bytes: &[u8]) -> Answer {
    let mut reader = Reader::open(bytes).expect("a VOTable");
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().expect("a row") {
        rows.push(row.values);
    }
    (rows, reader.status().cloned())
}

fn bytes(mut answer: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    answer.read_to_end(&mut bytes).expect("the answer");
    bytes
}

#[test]
fn get_and_post_are_alike_and_so_are_all_cases_of_names() {
    served_on_both(|service| {
        let csv = |answer: Response| {
            assert_eq!(answer.status(), 200);
            answer.text().expect("text")
        };
        let usual = [
            ("LANG", "ADQL"),
            ("QUERY", QUERY),
            ("RESPONSEFORMAT", "csv"),
        ];
        let lower = [("lang", "adql-2.1"), ("query", QUERY), ("format", "csv")];
        let mixed = [
            ("request", "doQuery"),
            ("Lang", "ADQL-2.0"),
            ("qUERY", QUERY),
            ("Format", "text/csv"),
        ];
        let expected = csv(service.get(&usual));
        assert_eq!(expected.lines().count(), 14);
        assert_eq!(csv(service.post(&usual)), expected);
        assert_eq!(csv(service.get(&lower)), expected);
        assert_eq!(csv(service.post(&lower)), expected);
        assert_eq!(csv(service.post(&mixed)), expected);
        let form = reqwest::blocking::multipart::Form::new()
            .text("LANG", "ADQL")
            .text("QUERY", QUERY)
            .text("RESPONSEFORMAT", "csv");
        let parts = service.client.post(service.sync()).multipart(form).send();
        assert_eq!(csv(parts.expect("an answer")), expected);
        // Half in the address, half in the body.
        let both = service
            .client
            .post(service.sync())
            .query(&usual[..1])
            .form(&usual[1..]);
        assert_eq!(csv(both.send().expect("an answer")), expected);
    });
}

#[test]
fn maxrec_says_how_many_rows() {
    served_on_both(|service| {
        let ask = |maxrec: &str, format: &str| -> Answer {
            let answer = service.post(&[
                ("LANG", "ADQL"),
                ("QUERY", QUERY),
                ("MAXREC", maxrec),
                ("RESPONSEFORMAT", format),
            ]);
            assert_eq!(answer.status(), 200);
            read(&bytes(answer))
        };
        for format in ["votable", "votable/td"] {
            let (rows, status) = ask("0", format);
            assert_eq!(rows.len(), 0);
            assert_ne!(status, None);
            let (rows, status) = ask("2", format);
            assert_eq!((rows.len(), status), (2, Some(Status::Overflow)));
            let (rows, status) = ask("13", format);
            assert_eq!((rows.len(), status), (13, Some(Status::Ok)));
            let (rows, status) = ask("1000", format);
            assert_eq!((rows.len(), status), (13, Some(Status::Ok)));
        }
        let fields = |maxrec: &str| {
            let answer = service.get(&[("LANG", "ADQL"), ("QUERY", QUERY), ("MAXREC", maxrec)]);
            let bytes = bytes(answer);
            let reader = Reader::open(&bytes[..]).expect("a VOTable");
            let fields = reader.fields().iter();
            fields.map(|field| field.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(fields("0"), fields("5"));
        assert_eq!(fields("0").len(), 6);
        for wrong in ["-1", "many", "1.5"] {
            refused(
                service,
                &[("LANG", "ADQL"), ("QUERY", QUERY), ("MAXREC", wrong)],
                &["MAXREC"],
            );
        }
    });
}

/// Asks with GET and POST, and both must be refused with a VOTable that says
/// all of `expected`.
#[track_caller]
fn refused(service: &Service, parameters: &[(&str, &str)], expected: &[&str]) {
    for answer in [service.get(parameters), service.post(parameters)] {
        assert_eq!(answer.status(), 400, "{parameters:?}");
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/x-votable+xml");
        let text = answer.text().expect("text");
        assert!(
            text.contains(r#"<INFO name="QUERY_STATUS" value="ERROR">"#),
            "{text}"
        );
        for part in expected {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn what_cannot_be_answered_is_refused_with_a_reason() {
    served_on_both(|service| {
        let check = |query, expected: &[&str]| {
            refused(service, &[("LANG", "ADQL"), ("QUERY", query)], expected);
        };
        check(
            "SELECT * FROM ivoa.obscor",
            &["ivoa.obscor\"", "hint: ivoa.obscore exists"],
        );
        check(
            "SELECT obs_idd FROM ivoa.obscore",
            &["\"obs_idd\"", "hint: obs_id exists"],
        );
        check("SELEC obs_id FROM ivoa.obscore", &["begins with SELECT"]);
        check("hello", &["ADQL-"]);
        check("", &["QUERY"]);
        check("SELECT obs_id FROM ivoa.obscore WHERE", &["ADQL-"]);
        check("SELECT fp_key FROM ivoa.obscore", &["\"fp_key\""]);
        check("SELECT * FROM obstap.migrations", &["obstap.migrations"]);
        check(
            "SELECT obs_id FROM ivoa.obscore WHERE s_ra = 'x' AND s_dec",
            &["ADQL-"],
        );
        let adql = ("LANG", "ADQL");
        let good = ("QUERY", QUERY);
        refused(service, &[good], &["LANG"]);
        refused(service, &[("LANG", "SQL"), good], &["SQL", "ADQL"]);
        refused(service, &[adql], &["QUERY"]);
        refused(
            service,
            &[adql, good, ("RESPONSEFORMAT", "fits")],
            &["fits", "votable"],
        );
        refused(service, &[adql, good, ("REQUEST", "dance")], &["dance"]);
        refused(
            service,
            &[adql, good, ("UPLOAD", "a,http://127.0.0.1:1/")],
            &["UPLOAD"],
        );
        assert!(service.is_available());
    });
}

#[test]
fn sql_is_no_adql() {
    served_on_both(|service| {
        let check = |query, expected: &[&str]| {
            refused(service, &[("LANG", "ADQL"), ("QUERY", query)], expected);
        };
        check(
            "SELECT obs_id FROM ivoa.obscore; DROP TABLE ivoa.obscore",
            &["one query"],
        );
        check("DROP TABLE ivoa.obscore", &["begins with SELECT"]);
        check("DELETE FROM ivoa.obscore", &["begins with SELECT"]);
        check(
            "INSERT INTO ivoa.obscore (obs_id) VALUES ('x')",
            &["begins with SELECT"],
        );
        check(
            "WITH d AS (DELETE FROM ivoa.obscore RETURNING obs_id) SELECT obs_id FROM d",
            &["ADQL-"],
        );
        check("SELECT obs_id INTO other FROM ivoa.obscore", &["ADQL-"]);
        check("SELECT pg_sleep(100) FROM ivoa.obscore", &["ADQL-"]);
        check("SELECT load_extension('x') FROM ivoa.obscore", &["ADQL-"]);
        check(
            "SELECT pg_read_file('/etc/passwd') FROM ivoa.obscore",
            &["ADQL-"],
        );
        check("SELECT sql FROM sqlite_master", &["sqlite_master"]);
        check("SELECT usename FROM pg_catalog.pg_user", &["pg_user"]);
        check(
            "SELECT obs_id FROM ivoa.obscore WHERE obs_id = $1",
            &["ADQL-"],
        );
        check(
            "SELECT obs_id FROM ivoa.obscore WHERE obs_id = $$x$$",
            &["ADQL-"],
        );
        check("SELECT obs_id FROM ivoa.obscore FOR UPDATE", &["ADQL-"]);
        check("SELECT s_ra::text FROM ivoa.obscore", &["ADQL-"]);
        check(
            r#"SELECT obs_id AS "x" FROM "ivoa"."obscore"" ; DROP TABLE x --""#,
            &["ADQL-"],
        );
        // Quotes and comments in texts and names are texts and names.
        let same = |query: &str, expected| assert_eq!(service.query(query), expected, "{query}");
        for text in [
            "''; DROP TABLE ivoa.obscore; --",
            r"\'' OR 1=1 --",
            "{ivoa.obscore} $1",
            "%s",
        ] {
            let query = format!("SELECT obs_id FROM ivoa.obscore WHERE obs_id = '{text}'");
            same(&query, "");
        }
        same(
            r#"SELECT obs_id AS "x""; DROP TABLE ivoa.obscore; --" FROM ivoa.obscore WHERE obs_id = 'pole'"#,
            "pole",
        );
        same(
            "SELECT obs_id FROM ivoa.obscore WHERE obs_id = 'pole' -- OR 1 = 1",
            "pole",
        );
        same("SELECT COUNT(*) AS n FROM ivoa.obscore", "13");
    });
}

#[test]
fn a_body_that_is_too_large_is_refused_and_the_service_goes_on() {
    served_on_both(|service| {
        let mut body = b"LANG=ADQL&QUERY=".to_vec();
        body.resize(100 << 20, b'x');
        let request = service.client.post(service.sync());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(body).send().expect("an answer");
        assert_eq!(answer.status(), 413);
        let (_, status) = read(&bytes(answer));
        assert!(matches!(status, Some(Status::Error(_))), "{status:?}");
        check(
            service,
            "WHERE CONTAINS(POINT(0, 90), s_region) = 1",
            "pole",
        );
    });
}

#[test]
fn all_serialisations_have_the_same_values() {
    served_on_both(|service| {
        let ask = |query: &str, format: &str| -> Answer {
            let parameters = [
                ("LANG", "ADQL"),
                ("QUERY", query),
                ("RESPONSEFORMAT", format),
            ];
            let answer = service.post(&parameters);
            assert_eq!(answer.status(), 200, "{query} as {format}");
            read(&bytes(answer))
        };
        let geometry = "SELECT obs_id, POINT(s_ra, s_dec) AS p, CIRCLE(s_ra, s_dec, 1) AS c, \
                        s_ra / 3 AS third FROM ivoa.obscore WHERE s_ra >= 0 ORDER BY obs_id";
        let all = "SELECT * FROM ivoa.obscore ORDER BY obs_id";
        let columns = "SELECT * FROM tap_schema.columns ORDER BY table_name, column_name";
        for query in [QUERY, geometry, all, columns] {
            let binary2 = ask(query, "votable");
            assert_eq!(ask(query, "votable/td"), binary2, "{query}");
            assert_eq!(binary2.1, Some(Status::Ok));
        }
        let (rows, _) = ask(QUERY, "application/x-votable+xml;serialization=binary2");
        let text = |text: &str| Value::Text(text.to_owned());
        let circle = [
            text("circle"),
            Value::Float(10.0),
            Value::Int(2),
            Value::Float(59000.0),
            text("M31"),
            text("CIRCLE ICRS 10 20 1"),
        ];
        assert_eq!(rows[0], circle);
        let unknown = &rows[11];
        assert_eq!(unknown[0], text("unknown"));
        assert_eq!(unknown[1], Value::Null);
        assert_eq!(unknown[3], Value::Null);
    });
}
