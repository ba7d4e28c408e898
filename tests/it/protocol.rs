//! What TAP and DALI say of requests and answers, on both engines.

use std::io::Read;

use reqwest::blocking::Response;
use reqwest::header::CONTENT_TYPE;
use votable::{Reader, Status, Value};

use crate::support::service::{SKY, Service, on_both, served_on_both};

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
        // Text that is no number is not read as 0.
        check(
            "SELECT obs_id FROM ivoa.obscore WHERE CAST(obs_id AS INTEGER) = 1",
            &["QUERY_STATUS"],
        );
        let adql = ("LANG", "ADQL");
        let good = ("QUERY", QUERY);
        refused(service, &[good], &["LANG"]);
        refused(service, &[("LANG", "SQL"), good], &["SQL", "ADQL"]);
        refused(service, &[adql], &["QUERY"]);
        refused(
            service,
            &[adql, good, ("RESPONSEFORMAT", "excel")],
            &["excel", "votable"],
        );
        refused(service, &[adql, good, ("REQUEST", "dance")], &["dance"]);
        refused(
            service,
            &[adql, good, ("UPLOAD", "a,http://127.0.0.1:1/")],
            &["a", "127.0.0.1", "part of the request"],
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
        let query = "SELECT obs_id FROM ivoa.obscore WHERE CONTAINS(POINT(0, 90), s_region) = 1";
        assert_eq!(service.query(query), "pole");
    });
}

#[test]
fn votable_comes_in_the_version_asked_for() {
    on_both(|archive| {
        archive.loaded(SKY);
        let ask = |service: &Service, format: &str| {
            let query = "SELECT TOP 1 obs_id, s_ra, t_min FROM ivoa.obscore WHERE obs_id = 'dali'";
            let parameters = [
                ("LANG", "ADQL"),
                ("QUERY", query),
                ("RESPONSEFORMAT", format),
            ];
            let answer = service.get(&parameters);
            let kind = answer.headers()["content-type"].to_str().expect("text");
            let kind = kind.to_owned();
            let document = bytes(answer);
            let reader = Reader::open(&*document).expect("a VOTable");
            let infos = reader.infos().iter();
            let infos: Vec<&str> = infos.map(|info| info.name.as_str()).collect();
            for name in ["service_protocol", "server_software", "request_date"] {
                assert!(infos.contains(&name), "{infos:?}");
            }
            (kind, reader.version().map(str::to_owned))
        };
        let check = |service: &Service, format: &str, kind: &str, version: &str| {
            let expected = (kind.to_owned(), Some(version.to_owned()));
            assert_eq!(ask(service, format), expected, "{format}");
        };
        let b2 = "application/x-votable+xml;serialization=binary2";
        let td = "application/x-votable+xml;serialization=tabledata";
        let service = archive.serve();
        check(&service, "votable", b2, "1.4");
        check(
            &service,
            "votable/td;version=1.5",
            &format!("{td};version=1.5"),
            "1.5",
        );
        let query = [
            ("LANG", "ADQL"),
            ("QUERY", "SELECT TOP 1 obs_id FROM ivoa.obscore"),
            ("RESPONSEFORMAT", "votable;version=2"),
        ];
        refused(&service, &query, &["VOTable version", "1.4 and 1.5"]);
        drop(service);
        let newer = archive.file("newer.toml", "votable_version = \"1.5\"\n");
        let service = archive.serve_with(&["--config", &newer]);
        check(&service, "votable", b2, "1.5");
        check(
            &service,
            "votable;version=1.4",
            &format!("{b2};version=1.4"),
            "1.4",
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
