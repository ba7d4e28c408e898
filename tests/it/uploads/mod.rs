//! Tables that come with a query (TAP 1.1 section 2.7.6), on both engines.

mod fetched;
mod hostile;
mod kept;

use std::io::Write;

use reqwest::blocking::Response;
use reqwest::blocking::multipart::{Form, Part};

use crate::support::service::{Service, served_on_both};

/// A request as a browser would send it: parameters, and files by the name of
/// their part.
fn form(parameters: &[(&str, &str)], files: &[(&str, &[u8])]) -> Form {
    let mut form = Form::new();
    for (name, value) in parameters {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    for (name, content) in files {
        let part = Part::bytes(content.to_vec()).file_name("file");
        form = form.part((*name).to_owned(), part);
    }
    form
}

fn send(service: &Service, parameters: &[(&str, &str)], files: &[(&str, &[u8])]) -> Response {
    let request = service.client.post(service.sync());
    let request = request.multipart(form(parameters, files));
    request.send().expect("an answer")
}

/// Status and text of the answer to a query with one table `t`.
fn ask(service: &Service, query: &str, format: &str, table: &[u8]) -> (u16, String) {
    let parameters = [
        ("LANG", "ADQL"),
        ("QUERY", query),
        ("RESPONSEFORMAT", format),
        ("UPLOAD", "t,param:f"),
    ];
    let answer = send(service, &parameters, &[("f", table)]);
    let status = answer.status().as_u16();
    (status, answer.text().expect("text"))
}

/// The rows of a query with one table, joined by `;`.
#[track_caller]
fn rows(service: &Service, query: &str, table: &[u8]) -> String {
    let (status, text) = ask(service, query, "csv", table);
    assert_eq!(status, 200, "{query}: {text}");
    text.lines().skip(1).collect::<Vec<_>>().join(";")
}

/// What is said of a query with one table.
#[track_caller]
fn refused(service: &Service, query: &str, table: &[u8]) -> String {
    let (status, text) = ask(service, query, "votable", table);
    assert!([400, 413].contains(&status), "{status}: {text}");
    let begin = text.find("value=\"ERROR\">").expect("an error") + 14;
    let end = text[begin..].find("</INFO>").expect("its end") + begin;
    text[begin..end]
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&gt;", ">")
        .replace("&lt;", "<")
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(content).expect("memory");
    packer.finish().expect("memory")
}

/// A VOTable of these FIELDs and rows.
fn votable(fields: &str, rows: &str) -> Vec<u8> {
    format!(
        "<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\"><RESOURCE><TABLE>\
         {fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    .into_bytes()
}

const STARS: &[u8] = b"name,ra,dec\nin,10.3,20.1\nout,100,60\nnone,,\npole,300,89\n";

#[test]
fn a_table_is_a_table_of_its_query() {
    served_on_both(|service| {
        let check = |query: &str, expected: &str| {
            assert_eq!(rows(service, query, STARS), expected, "{query}");
        };
        check(
            "SELECT name FROM TAP_UPLOAD.t WHERE ra > 50 ORDER BY name",
            "out;pole",
        );
        check("SELECT COUNT(*), COUNT(ra) FROM tap_upload.T", "4,3");
        check("SELECT t.name FROM t WHERE dec IS NULL", "none");
        check(
            "SELECT name FROM TAP_UPLOAD.t WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(10, 20, 1))",
            "in",
        );
        check(
            "SELECT t.name, o.obs_id FROM TAP_UPLOAD.t AS t JOIN ivoa.obscore AS o \
             ON 1 = CONTAINS(POINT(t.ra, t.dec), o.s_region) ORDER BY o.obs_id",
            "in,circle;pole,pole",
        );
        check(
            "SELECT a.name FROM TAP_UPLOAD.t AS a, TAP_UPLOAD.t AS b \
             WHERE a.name = b.name ORDER BY a.name",
            "in;none;out;pole",
        );
        check("SELECT TOP 0 name FROM TAP_UPLOAD.t", "");
    });
}

#[test]
fn it_is_gone_with_its_query() {
    served_on_both(|service| {
        assert_eq!(
            rows(service, "SELECT COUNT(*) FROM TAP_UPLOAD.t", STARS),
            "4"
        );
        let gone = service.post(&[("LANG", "ADQL"), ("QUERY", "SELECT * FROM TAP_UPLOAD.t")]);
        assert_eq!(gone.status(), 400);
        let said = gone.text().expect("text");
        assert!(said.contains("UPLOAD=t,param:f"), "{said}");
        let answer = send(
            service,
            &[
                ("LANG", "ADQL"),
                ("QUERY", "SELECT * FROM TAP_UPLOAD.u"),
                ("UPLOAD", "t,param:f"),
            ],
            &[("f", STARS)],
        );
        let said = answer.text().expect("text");
        assert!(said.contains("the request brings TAP_UPLOAD.t"), "{said}");
    });
}

#[test]
fn several_tables_and_ways_to_name_them() {
    served_on_both(|service| {
        let query = "SELECT a.x + b.x FROM TAP_UPLOAD.a AS a, TAP_UPLOAD.b AS b";
        let files: [(&str, &[u8]); 2] = [("f", b"x\n1\n"), ("g", b"x\n20\n")];
        let check = |uploads: &[&str]| {
            let mut parameters = vec![
                ("LANG", "ADQL"),
                ("QUERY", query),
                ("RESPONSEFORMAT", "csv"),
            ];
            parameters.extend(uploads.iter().map(|upload| ("UPLOAD", *upload)));
            let text = send(service, &parameters, &files).text().expect("text");
            assert_eq!(text.lines().nth(1), Some("21"), "{uploads:?}: {text}");
        };
        check(&["a,param:f", "b,param:g"]);
        check(&["a,param:f;b,param:g"]);
        check(&["A,param:f", "\"b\",param:g"]);
    });
}

const FIELDS: &str = r#"
<FIELD name="id" datatype="long"/>
<FIELD name="select" datatype="unsignedByte" ucd="meta.code" unit="count"/>
<FIELD name="Two Words" datatype="char" arraysize="5*" utype="a:b"/>
<FIELD name="two words" datatype="unicodeChar" arraysize="*"><DESCRIPTION>of words</DESCRIPTION></FIELD>
<FIELD name="&quot;λ&quot;" datatype="float" arraysize="2"/>
<FIELD name="shorts" datatype="short" arraysize="*"><VALUES null="-1"/></FIELD>
<FIELD name="longs" datatype="long" arraysize="2x2"/>
<FIELD name="yes" datatype="boolean"/>
<FIELD name="flags" datatype="boolean" arraysize="*"/>
<FIELD name="bits" datatype="bit" arraysize="10"/>
<FIELD name="z" datatype="doubleComplex"/>
<FIELD name="when" datatype="char" arraysize="*" xtype="timestamp"/>
<FIELD name="where" datatype="double" arraysize="2" xtype="point"/>
<FIELD name="span" datatype="double" arraysize="2" xtype="interval" unit="m"/>
<FIELD name="area" datatype="char" arraysize="*" xtype="adql:REGION"/>
<FIELD name="id" datatype="int"/>
"#;

const ROWS: &str = "\
<TR><TD>1</TD><TD>255</TD><TD>ab</TD><TD>Ωμ</TD><TD>0.1 -2.5</TD><TD>1 -1 3</TD><TD>1 2 3 4</TD>\
<TD>true</TD><TD>T F</TD><TD>1010101011</TD><TD>1 -2</TD><TD>2020-02-29T01:02:03.5</TD><TD>10.5 20</TD>\
<TD>1 2</TD><TD>CIRCLE ICRS 10 20 1</TD><TD>7</TD></TR>\
<TR><TD>2</TD><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/><TD/></TR>";

#[test]
fn what_was_sent_comes_back_unchanged() {
    served_on_both(|service| {
        let sent = votable(FIELDS, ROWS);
        let query = "SELECT * FROM TAP_UPLOAD.t ORDER BY id";
        for format in ["votable/td", "votable/b2", "votable"] {
            let (status, got) = ask(service, query, format, &sent);
            assert_eq!(status, 200, "{got}");
            let read = |document: &[u8]| {
                let mut reader = votable::Reader::open(document).expect("a VOTable");
                let fields: Vec<String> = reader
                    .fields()
                    .iter()
                    .map(|field| {
                        let field = votable::Field {
                            reference: None,
                            null: field.null.filter(|_| field.name == "shorts"),
                            ..field.clone()
                        };
                        format!("{field:?}")
                    })
                    .collect();
                let mut rows = Vec::new();
                while let Some(row) = reader.next_row().expect("a row") {
                    rows.push(row.values);
                }
                (fields, rows)
            };
            let (sent, got) = (read(&sent), read(got.as_bytes()));
            for (one, other) in sent.0.iter().zip(&got.0) {
                assert_eq!(one, other, "{format}");
            }
            assert_eq!(sent.1, got.1, "{format}");
        }
    });
}

#[test]
fn columns_answer_to_their_names() {
    served_on_both(|service| {
        let table = votable(FIELDS, ROWS);
        let check = |query: &str, expected: &str| {
            assert_eq!(rows(service, query, &table), expected, "{query}");
        };
        check(
            "SELECT \"select\" FROM TAP_UPLOAD.t WHERE yes = 'true'",
            "255",
        );
        check("SELECT \"Two Words\" FROM TAP_UPLOAD.t WHERE id = 1", "ab");
        check("SELECT \"two words\" FROM TAP_UPLOAD.t WHERE id = 1", "Ωμ");
        check(
            "SELECT \"\"\"λ\"\"\" FROM TAP_UPLOAD.t WHERE id = 1",
            "0.1 -2.5",
        );
        check("SELECT MAX(\"select\") + 1000 FROM TAP_UPLOAD.t", "1255");
        check(
            "SELECT \"select\" FROM TAP_UPLOAD.t WHERE id = 1 UNION ALL \
             SELECT 1000 FROM TAP_UPLOAD.t WHERE id = 1 ORDER BY 1",
            "255;1000",
        );
        check(
            "SELECT id FROM TAP_UPLOAD.t WHERE 1 = CONTAINS(\"where\", \"area\")",
            "1",
        );
        check(
            "SELECT o.obs_id FROM TAP_UPLOAD.t AS t JOIN ivoa.obscore AS o \
             ON 1 = INTERSECTS(t.\"area\", o.s_region) WHERE o.obs_collection = 'wide' ORDER BY 1",
            "circle;lower",
        );
        check(
            "SELECT id FROM TAP_UPLOAD.t WHERE 1 = INTERSECTS(\"area\", CIRCLE(11.5, 20, 1))",
            "1",
        );
        check(
            "SELECT id FROM TAP_UPLOAD.t WHERE DISTANCE(\"where\", POINT(10.5, 20)) < 0.1",
            "1",
        );
    });
}

#[test]
fn every_format_is_read() {
    served_on_both(|service| {
        let query = "SELECT COUNT(*), SUM(n), MAX(s) FROM TAP_UPLOAD.t WHERE x < 3";
        let check = |table: &[u8]| {
            assert_eq!(rows(service, query, table), "2,3,b");
            assert_eq!(rows(service, query, &packed(table)), "2,3,b");
        };
        let csv = b"n,x,s\n1,0.5,a\n2,1.5,b\n3,3.5,c\n";
        check(csv);
        check(b"n\tx\ts\n1\t0.5\ta\n2\t1.5\tb\n3\t3.5\tc\n");
        for format in ["votable/td", "votable", "votable/b2", "fits", "parquet"] {
            let parameters = [
                ("LANG", "ADQL"),
                ("QUERY", "SELECT n, x, s FROM TAP_UPLOAD.t"),
                ("RESPONSEFORMAT", format),
                ("UPLOAD", "t,param:f"),
            ];
            let answer = send(service, &parameters, &[("f", csv)]);
            assert_eq!(answer.status(), 200, "{format}");
            check(&answer.bytes().expect("bytes"));
        }
    });
}

#[test]
fn two_queries_see_their_own_table_of_one_name() {
    served_on_both(|service| {
        let asked: Vec<_> = (0..8)
            .map(|number| {
                let parameters = [
                    ("LANG", "ADQL"),
                    ("QUERY", "SELECT DISTINCT x FROM TAP_UPLOAD.t"),
                    ("RESPONSEFORMAT", "csv"),
                    ("UPLOAD", "t,param:f"),
                ];
                let table = format!("x\n{}", format!("{number}\n").repeat(5000));
                let form = form(&parameters, &[("f", table.as_bytes())]);
                let request = service.client.post(service.sync()).multipart(form);
                std::thread::spawn(move || request.send()?.text())
            })
            .collect();
        for (number, asked) in asked.into_iter().enumerate() {
            let text = asked.join().expect("a thread").expect("an answer");
            assert_eq!(text.lines().nth(1), Some(number.to_string().as_str()));
        }
    });
}
