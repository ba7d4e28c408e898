//! Cone search: the rows of ADQL, in the words of a protocol older than all
//! others.

use crate::support::http::{get, header};
use crate::support::service::{Service, served_on_both};

fn text(service: &Service, parameters: &str) -> String {
    let answer = get(service, &format!("/scs?{parameters}"));
    assert_eq!(answer.status(), 200, "{parameters}");
    answer.text().expect("text")
}

#[test]
fn a_cone_finds_what_adql_by_hand_finds() {
    served_on_both(|service| {
        let check = |ra: f64, dec: f64, radius: f64, expected: &str| {
            let parameters = format!("RA={ra}&DEC={dec}&SR={radius}&VERB=3&RESPONSEFORMAT=csv");
            let text = text(service, &parameters);
            let mut lines = text.lines();
            let columns = lines.next().unwrap_or_default();
            let place = columns.split(',').position(|name| name == "obs_id");
            let place = place.expect("obs_id among the columns");
            let mut ids: Vec<&str> = lines
                .filter_map(|line| line.split(',').nth(place))
                .collect();
            ids.sort_unstable();
            assert_eq!(ids.join(";"), expected, "{parameters}");
            let adql = format!(
                "SELECT obs_id FROM ivoa.obscore \
                 WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE({ra}, {dec}, {radius})) ORDER BY obs_id"
            );
            assert_eq!(service.query(&adql), expected, "{adql}");
        };
        check(10.0, 20.0, 0.3, "circle;nowhere");
        check(10.0, 20.0, 0.6, "circle;lower;nowhere");
        check(359.9, 5.0, 0.2, "wrap");
        check(0.1, -30.0, 0.2, "meridian");
        check(303.0, 89.5, 1.1, "pole");
        check(100.0, 60.0, 0.1, "");
        let all =
            "circle;clockwise;dali;dali_polygon;lower;meridian;moc;nowhere;pole;polygon;union;wrap";
        check(0.0, 0.0, 180.0, all);
    });
}

#[test]
fn answers_are_in_the_words_of_the_protocol() {
    served_on_both(|service| {
        let answer = get(service, "/scs?RA=10&DEC=20&SR=1");
        let kind = header(&answer, "content-type").to_owned();
        assert_eq!(kind, "text/xml;content=x-votable;charset=utf-8");
        let document = answer.text().expect("text");
        assert_eq!(document.matches("<RESOURCE").count(), 1);
        assert_eq!(document.matches("<TABLE>").count(), 1);
        for verbosity in 1..=3 {
            let document = text(service, &format!("RA=10&DEC=20&SR=1&VERB={verbosity}"));
            for (field, ucd) in [
                (
                    "name=\"obs_publisher_did\" datatype=\"char\" arraysize=\"*\"",
                    "ID_MAIN",
                ),
                (
                    "name=\"s_ra\" datatype=\"double\" unit=\"deg\"",
                    "POS_EQ_RA_MAIN",
                ),
                (
                    "name=\"s_dec\" datatype=\"double\" unit=\"deg\"",
                    "POS_EQ_DEC_MAIN",
                ),
            ] {
                let field = format!(" {field} ucd=\"{ucd}\"");
                assert!(document.contains(&field), "{field} is not in {document}");
                assert_eq!(document.matches(ucd).count(), 1, "{ucd}");
            }
            assert_eq!(document.matches("<TR>").count(), 3);
        }
        let columns = |verbosity| {
            let document = text(service, &format!("RA=10&DEC=20&SR=1&VERB={verbosity}"));
            document.matches("<FIELD ").count()
        };
        assert_eq!((columns(1), columns(2), columns(3)), (8, 30, 60));
        // Nobody is told that something is missing.
        let described = text(service, "RA=10&DEC=20&SR=0");
        assert!(described.contains("POS_EQ_RA_MAIN") && !described.contains("<TR>"));
        assert!(!described.contains("OVERFLOW"), "{described}");
        let cut = text(service, "RA=10&DEC=20&SR=1&MAXREC=1");
        assert!(
            cut.contains("OVERFLOW") && cut.matches("<TR>").count() == 1,
            "{cut}"
        );
        let page = text(service, "RA=10&DEC=20&SR=1&RESPONSEFORMAT=html");
        assert!(
            page.contains("?RA=10.0&amp;DEC=20.0&amp;SR=1.0&amp;VERB=2&amp;"),
            "{page}"
        );
    });
}

#[test]
fn what_cannot_be_asked_is_an_error_of_the_protocol() {
    served_on_both(|service| {
        let check = |parameters: &str, part: &str| {
            let answer = get(service, &format!("/scs?{parameters}"));
            let told = (
                answer.status().as_u16(),
                header(&answer, "content-type").to_owned(),
            );
            let text = answer.text().expect("text");
            let expected = (200, "text/xml;content=x-votable;charset=utf-8".to_owned());
            assert_eq!(told, expected, "{parameters}: {text}");
            let begin = "<INFO ID=\"Error\" name=\"Error\" value=\"";
            assert_eq!(text.matches(begin).count(), 1, "{parameters}: {text}");
            assert!(text.contains(part), "{parameters}: {text}");
        };
        check("", "parameter RA is missing");
        check("RA=10&DEC=20", "parameter SR is missing");
        check("RA=as3f&DEC=20&SR=1", "RA=");
        check("RA=10&DEC=91.0&SR=1", "DEC=");
        check("RA=-0.1&DEC=1&SR=1", "RA=");
        check("RA=10&DEC=20&SR=-1", "SR=");
        check("RA=10&DEC=20&SR=181", "SR=");
        check("RA=NaN&DEC=20&SR=1", "RA=");
        check("RA=10&DEC=Inf&SR=1", "DEC=");
        check("RA=10&DEC=20&SR=1&VERB=0", "VERB=");
        check("RA=10&DEC=20&SR=1&MAXREC=x", "MAXREC");
        check("RA=%00%27&DEC=20&SR=1", "RA=");
    });
}

#[test]
fn it_is_announced_with_a_query_that_finds_something() {
    served_on_both(|service| {
        let value = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>")).expect("an element");
            rest.split('<').next().unwrap_or_default().to_owned()
        };
        for path in ["/scs/capabilities", "/registry/record.xml"] {
            let document = get(service, path).text().expect("text");
            let known = document.contains("ivo://ivoa.net/std/ConeSearch");
            assert!(
                known && document.contains("xsi:type=\"cs:ConeSearch\""),
                "{document}"
            );
            let query =
                ["ra", "dec", "sr"].map(|name| format!("{name}={}", value(&document, name)));
            assert!(
                text(service, &query.join("&")).contains("<TR>"),
                "{query:?}"
            );
        }
        let up = get(service, "/scs/availability").text().expect("text");
        assert!(up.contains("available>true<"));
    });
}
