//! Images by SIA 2.0: every parameter gives the rows that the ADQL written by
//! hand gives, on both engines; what is hostile gets a fault in the words of the
//! standard.

use crate::support::http::{get, header, send};
use crate::support::service::{Archive, Service, on_both};

/// Images of all kinds, a spectrum, and one of which nothing is known.
const IMAGES: &str = "\
obs_publisher_did,obs_id,obs_collection,calib_level,dataproduct_type,s_ra,s_dec,s_fov,s_region,s_resolution,t_min,t_max,t_exptime,t_resolution,em_min,em_max,em_res_power,pol_states,facility_name,instrument_name,target_name,access_format
ivo://t/A?one,one,wide,2,image,10,20,2,CIRCLE ICRS 10 20 1,0.8,59000,59000.5,30,1,4e-7,5.5e-7,5,/I/,CTIO,DECam,M31,image/fits
ivo://t/a?two,two,wide,2,image,31,-9,2.8,POLYGON ICRS 30 -10 32 -10 32 -8 30 -8,1.1,59001,59001.5,60,2,5.5e-7,7e-7,5,/I/Q/U/,CTIO,DECam,m31,image/fits
ivo://t/a?three,three,deep,3,cube,0,5,2,CIRCLE ICRS 0 5 1,0.2,59002,59010,3600,10,0.21,0.22,10000,/RR/LL/,VLA,K,O'Neill,application/x-votable+xml;content=datalink
ivo://t/a?pole,pole,deep,1,image,123,89.5,4,CIRCLE ICRS 123 89.5 2,2,59012,59012.5,0.5,,1e-6,2e-6,,/XX/,VLA,K,\"-- %_\\ \"\"\",image/fits
ivo://t/a?spectrum,spectrum,deep,2,spectrum,10,20,2,CIRCLE ICRS 10 20 1,0.8,59000,59000.5,30,1,4e-7,5.5e-7,5,/I/,CTIO,DECam,M31,image/fits
doi:10/X,doi,deep,0,image,200,-45,,circle 200 -45 2,,59020,,,,3,,,,,,Ørsted 星,
ivo://t/a?nothing,nothing,deep,0,image,,,,,,,,,,,,,,,,,
";

fn served(test: impl Fn(&Service)) {
    on_both(|archive: &Archive| {
        archive.loaded(IMAGES);
        test(&archive.serve());
    });
}

/// What is found, by `obs_id` and in its order.
fn found(service: &Service, parameters: &[(&str, &str)]) -> String {
    let url = format!("{}/sia/query", service.base);
    let request = service.client.post(url).form(parameters);
    let answer = send(request.query(&[("RESPONSEFORMAT", "csv")]));
    let status = answer.status();
    let text = answer.text().expect("text");
    assert_eq!(status, 200, "{parameters:?}: {text}");
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let place = header.split(',').position(|name| name == "obs_id");
    let place = place.expect("obs_id among the columns");
    // No text before it holds a comma.
    let mut ids: Vec<&str> = lines
        .filter_map(|line| line.split(',').nth(place))
        .collect();
    ids.sort_unstable();
    ids.join(";")
}

#[test]
fn every_parameter_finds_what_adql_by_hand_finds() {
    served(|service| {
        let check = |parameters: &[(&str, &str)], condition: &str, expected: &str| {
            assert_eq!(found(service, parameters), expected, "{parameters:?}");
            let adql = format!(
                "SELECT obs_id FROM ivoa.obscore WHERE dataproduct_type IN ('image', 'cube') \
                 AND ({condition}) ORDER BY obs_id"
            );
            assert_eq!(service.query(&adql), expected, "{adql}");
        };
        check(&[], "1 = 1", "doi;nothing;one;pole;three;two");
        check(
            &[("POS", "CIRCLE 10.9 20 0.15")],
            "1 = INTERSECTS(s_region, CIRCLE(10.9, 20, 0.15))",
            "one",
        );
        check(
            &[("pos", "polygon 29 -9.1 33 -9.1 33 -8.9 29 -8.9")],
            "1 = INTERSECTS(s_region, POLYGON(29, -9.1, 33, -9.1, 33, -8.9, 29, -8.9))",
            "two",
        );
        check(
            &[("POS", "RANGE 0 360 89 +Inf")],
            "1 = INTERSECTS(s_region, CIRCLE(0, 90, 1))",
            "pole",
        );
        check(
            &[("POS", "RANGE 0 360 87.51 88")],
            "obs_id = 'pole'",
            "pole",
        );
        check(
            &[("POS", "RANGE 359.5 360 -2 5")],
            "obs_id = 'three'",
            "three",
        );
        check(
            &[("POS", "RANGE 350 11 -90 90")],
            "obs_id IN ('one', 'three', 'pole')",
            "one;pole;three",
        );
        check(
            &[("POS", "RANGE -Inf +Inf -Inf +Inf")],
            "s_region IS NOT NULL",
            "doi;one;pole;three;two",
        );
        check(
            &[("POS", "CIRCLE 10 20 1"), ("POS", "CIRCLE 31 -9 1")],
            "1 = INTERSECTS(s_region, CIRCLE(10, 20, 1)) OR \
             1 = INTERSECTS(s_region, CIRCLE(31, -9, 1))",
            "one;two",
        );
        // What is known by half meets nothing; the ends belong to an interval.
        check(
            &[("BAND", "5.5e-7")],
            "em_min <= 5.5e-7 AND em_max >= 5.5e-7",
            "one;two",
        );
        check(&[("BAND", "0.1 +Inf")], "em_max >= 0.1", "three");
        check(
            &[("BAND", "-Inf 5e-7"), ("BAND", "0.2 0.21")],
            "em_min <= 5e-7 OR (em_min <= 0.21 AND em_max >= 0.2)",
            "one;three",
        );
        check(
            &[("BAND", "-inf inf")],
            "em_min IS NOT NULL AND em_max IS NOT NULL",
            "one;pole;three;two",
        );
        check(
            &[("TIME", "59000.5 59001")],
            "t_min <= 59001 AND t_max >= 59000.5",
            "one;two",
        );
        check(
            &[("TIME", "59005")],
            "t_min <= 59005 AND t_max >= 59005",
            "three",
        );
        check(&[("TIME", "59011 Inf")], "t_max >= 59011", "pole");
        check(&[("POL", "I")], "pol_states LIKE '%/I/%'", "one;two");
        check(
            &[("POL", "U"), ("POL", "LL")],
            "pol_states LIKE '%/U/%' OR pol_states LIKE '%/LL/%'",
            "three;two",
        );
        check(&[("FOV", "2")], "s_fov = 2", "one;three");
        check(
            &[("FOV", "-Inf 2"), ("FOV", "3 +Inf")],
            "s_fov <= 2 OR s_fov >= 3",
            "one;pole;three",
        );
        check(
            &[("SPATRES", "0.8 1.1")],
            "s_resolution BETWEEN 0.8 AND 1.1",
            "one;two",
        );
        check(&[("SPECRP", "1000 +Inf")], "em_res_power >= 1000", "three");
        check(&[("EXPTIME", "-Inf 60")], "t_exptime <= 60", "one;pole;two");
        check(
            &[("TIMERES", "2 10")],
            "t_resolution BETWEEN 2 AND 10",
            "three;two",
        );
        // Without case, since it is an IVOA identifier.
        check(
            &[("ID", "IVO://T/a?ONE"), ("ID", "doi:10/X")],
            "obs_id IN ('one', 'doi')",
            "doi;one",
        );
        check(&[("ID", "doi:10/x")], "obs_publisher_did = 'doi:10/x'", "");
        check(
            &[("COLLECTION", "wide")],
            "obs_collection = 'wide'",
            "one;two",
        );
        check(&[("COLLECTION", "Wide")], "obs_collection = 'Wide'", "");
        check(
            &[("FACILITY", "CTIO"), ("INSTRUMENT", "DECam")],
            "facility_name = 'CTIO' AND instrument_name = 'DECam'",
            "one;two",
        );
        check(
            &[("INSTRUMENT", "K")],
            "instrument_name = 'K'",
            "pole;three",
        );
        check(&[("DPTYPE", "cube")], "dataproduct_type = 'cube'", "three");
        check(
            &[("DPTYPE", "spectrum")],
            "dataproduct_type = 'spectrum'",
            "",
        );
        check(
            &[("CALIB", "0"), ("CALIB", "3")],
            "calib_level IN (0, 3)",
            "doi;nothing;three",
        );
        check(&[("TARGET", "M31")], "target_name = 'M31'", "one");
        check(
            &[("TARGET", "M31"), ("target", "m31")],
            "target_name IN ('M31', 'm31')",
            "one;two",
        );
        check(
            &[("FORMAT", "image/fits")],
            "access_format = 'image/fits'",
            "one;pole;two",
        );
        check(
            &[
                ("POS", "RANGE 0 40 -90 90"),
                ("TIME", "59000 59002"),
                ("EXPTIME", "30 60"),
                ("TARGET", "m31"),
                ("CALIB", "2"),
                ("", "nameless"),
                ("LANG", "ADQL"),
            ],
            "obs_id = 'two'",
            "two",
        );
        // An empty field of a form asks for nothing.
        check(
            &[("TARGET", "M31"), ("POS", ""), ("BAND", " ")],
            "target_name = 'M31'",
            "one",
        );
    });
}

#[test]
fn texts_of_users_stay_texts() {
    served(|service| {
        let check = |text: &str, expected: &str| {
            assert_eq!(found(service, &[("TARGET", text)]), expected, "{text:?}");
        };
        check("O'Neill", "three");
        check("-- %_\\ \"", "pole");
        check("Ørsted 星", "doi");
        for odd in [
            "'",
            "''",
            "\\",
            "%",
            "x') OR ('1'='1",
            "'; DROP TABLE ivoa.obscore; --",
            "$1",
            "?1",
            "/* */",
            "\u{1}\r\n\t\u{7f}",
            "\u{fffd}",
            "𝕆\u{202e}",
        ] {
            check(odd, "");
        }
        assert_eq!(service.query("SELECT COUNT(*) FROM ivoa.obscore"), "7");
    });
}

#[test]
fn what_cannot_be_asked_is_a_fault_in_the_words_of_the_standard() {
    served(|service| {
        let url = format!("{}/sia/query", service.base);
        let check = |parameters: &[(&str, &str)], status: u16, part: &str| {
            let answer = send(service.client.post(&url).form(parameters));
            let told = (
                answer.status().as_u16(),
                header(&answer, "content-type").to_owned(),
            );
            let text = answer.text().expect("text");
            let expected = (status, "application/x-votable+xml".to_owned());
            assert_eq!(told, expected, "{parameters:?}: {text}");
            let begin = "<INFO name=\"QUERY_STATUS\" value=\"ERROR\">UsageFault: ";
            assert!(
                text.contains(begin) && text.contains(part),
                "{parameters:?}: {text}"
            );
        };
        let positions = [
            "",
            "CIRCLE",
            "CIRCLE 1 2",
            "CIRCLE 1 2 -1",
            "CIRCLE NaN 2 1",
            "CIRCLE 1 2 Inf",
            "CIRCLE 1 91 1",
            "CIRCLE 400 1 1",
            "CIRCLE 1 2 3 4",
            "CIRCLE ICRS 1 2 3",
            "RANGE 1 2 3",
            "RANGE 1 1 2 3",
            "RANGE 0 1 3 2",
            "RANGE +Inf 1 0 1",
            "POLYGON 1 1 2 2 3",
            "POLYGON 1 1 1 1 1 1",
            "POLYGON 0 0 10 10 10 0 0 10",
            "MOC 3/0",
            "1 2 3",
            "(",
            "'",
        ];
        for position in positions.into_iter().skip(1) {
            check(&[("POS", position)], 400, "POS=");
        }
        for name in [
            "BAND", "TIME", "FOV", "SPATRES", "SPECRP", "EXPTIME", "TIMERES",
        ] {
            for value in [
                "x",
                "1 2 3",
                "2 1",
                "NaN",
                "NaN NaN",
                "Inf",
                "+Inf -Inf",
                "1/2",
                "1e999",
                "1,2",
            ] {
                check(&[(name, value)], 400, &format!("{name}="));
            }
        }
        check(&[("POL", "J")], 400, "those there are: I, Q");
        check(&[("CALIB", "two")], 400, "whole numbers, 0 to 4");
        check(&[("CALIB", "99999999999999")], 400, "whole numbers, 0 to 4");
        check(&[("TARGET", "a\0b")], 400, "character 0");
        check(&[("MAXREC", "-1")], 400, "MAXREC");
        check(&[("RESPONSEFORMAT", "excel")], 400, "is not offered");
        check(
            &[("UPLOAD", "t,param:t")],
            400,
            "UPLOAD is not taken by SIA 2.0",
        );
        let text = send(
            service
                .client
                .get(format!("{url}?BAND=2+1&RESPONSEFORMAT=tsv")),
        );
        assert_eq!(header(&text, "content-type"), "text/plain;charset=utf-8");
        assert!(
            text.text()
                .is_ok_and(|text| text.starts_with("UsageFault: BAND="))
        );
        let page = send(
            service
                .client
                .get(format!("{url}?BAND=2+1&RESPONSEFORMAT=html")),
        );
        assert_eq!(
            (page.status().as_u16(), header(&page, "content-type")),
            (400, "text/html;charset=utf-8")
        );
    });
}

#[test]
fn thousands_of_values_are_answered_or_refused() {
    served(|service| {
        let check = |value: &dyn Fn(usize) -> (&'static str, String), status: u16, rows: &str| {
            let values: Vec<(&str, String)> = (0..10_000).map(value).collect();
            let url = format!("{}/sia/query?RESPONSEFORMAT=csv", service.base);
            let answer = send(service.client.post(url).form(&values));
            let told = answer.status();
            let text = answer.text().expect("text");
            assert_eq!(told, status, "{:?}: {text}", values[0]);
            let is_right = match status {
                200 => text.lines().count() == rows.len() + 1,
                _ => text.starts_with("UsageFault: the request comes to"),
            };
            assert!(is_right, "{:?}: {text}", values[0]);
        };
        check(&|at| ("TARGET", format!("M{at}")), 200, "1");
        check(&|at| ("ID", format!("ivo://t/a?{at}")), 200, "");
        check(
            &|at| ("TIME", format!("{} {}", 50_000 + at, 50_001 + at)),
            200,
            "1234",
        );
        check(&|at| ("POS", format!("CIRCLE 10 20 0.{at}")), 413, "");
        check(&|at| ("TIME", format!("{at}.1 {at}.2")), 413, "");
        check(&|at| ("FOV", format!("-{at}.2 -{at}.1")), 413, "");
    });
}

/// What the language takes, for every kind of condition as many as are let
/// through.
#[test]
fn what_is_let_through_the_language_takes() {
    fn check(value: impl Fn(usize) -> String, count: usize) {
        let mut params = obstap::dali::Params::default();
        (0..count).for_each(|at| params.add_encoded(value(at).as_bytes()));
        let query = obstap::sia::adql(&params).expect("a query");
        assert!(adql::parse(&query).is_ok(), "{count} × {}", value(0));
        params.add_encoded(value(count).as_bytes());
        assert!(
            obstap::sia::adql(&params).is_err(),
            "{count} × {}",
            value(0)
        );
    }
    check(|at| format!("TARGET=x{at}"), 10_000);
    check(|at| format!("POS=CIRCLE 1.{at:03} -10 1"), 450);
    check(|at| format!("TIME={at} {at}.5"), 225);
    check(|at| format!("BAND=-{at}.5 -{at}.1"), 150);
    check(|at| format!("FOV={at} {at}.5"), 450);
    check(|at| format!("FOV=-{at}.5 -{at}.1"), 225);
}

#[test]
fn no_rows_describe_the_service_and_limits_are_told() {
    served(|service| {
        let text = |path: &str| {
            let answer = get(service, path);
            assert_eq!(answer.status(), 200, "{path}");
            answer.text().expect("text")
        };
        let described = text("/sia/query?MAXREC=0&RESPONSEFORMAT=votable/td");
        assert!(described.contains("value=\"OVERFLOW\""), "{described}");
        assert!(!described.contains("<TR>"), "{described}");
        assert!(
            described.contains("<RESOURCE type=\"meta\" utype=\"adhoc:service\" name=\"this\">")
        );
        let address = format!("value=\"{}/sia/query\"", service.base);
        assert!(described.contains(&address), "{described}");
        for parameter in obstap::sia::PARAMETERS {
            let named = format!("<PARAM name=\"{}\"", parameter.name);
            assert!(described.contains(&named), "{named}: {described}");
        }
        for column in [
            "dataproduct_type",
            "obs_publisher_did",
            "s_region",
            "em_res_power",
        ] {
            assert!(described.contains(&format!(" name=\"{column}\" datatype=")));
        }
        let cut = text("/sia/query?MAXREC=2&RESPONSEFORMAT=votable/td");
        assert!(cut.contains("value=\"OVERFLOW\"") && cut.contains("cut off after 2 rows"));
        assert_eq!(cut.matches("<TR>").count(), 2);
        let whole = text("/sia/query?RESPONSEFORMAT=text/xml");
        assert!(!whole.contains("OVERFLOW"));
        let page = text("/sia/query?TARGET=M31&RESPONSEFORMAT=html");
        assert!(page.contains("TARGET=M31&amp;RESPONSEFORMAT="), "{page}");
        let json = get(service, "/sia/query?FORMAT=image/fits&RESPONSEFORMAT=json");
        assert_eq!(header(&json, "content-type"), "application/json");
        assert!(header(&json, "content-disposition").contains("filename=\"sia_"));
        let empty = text("/sia/query?FORMAT=csv&RESPONSEFORMAT=csv");
        assert_eq!(empty.lines().count(), 1, "{empty}");
        assert!(text("/sia/capabilities").contains("ivo://ivoa.net/std/SIA#query-2.0"));
        assert!(text("/sia/availability").contains("available>true<"));
        let record = text("/registry/record.xml");
        assert!(
            record.contains("ivo://ivoa.net/std/SIA#query-2.0"),
            "{record}"
        );
    });
}
