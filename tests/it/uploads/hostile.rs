//! Uploads that are wrong, too much, or meant to harm.

use std::io::Write;
use std::net::TcpStream;

use super::{STARS, ask, packed, refused, rows, send, votable};
use crate::support::service::{Archive, SKY, Service, on_both, served_on_both};

#[test]
fn what_is_wrong_is_said_with_its_place() {
    served_on_both(|service| {
        let check = |table: &[u8], expected: &str| {
            let said = refused(service, "SELECT * FROM TAP_UPLOAD.t", table);
            assert!(said.contains(expected), "{said}");
        };
        check(
            b"a,b\n1,2\n3\n",
            "the uploaded table t, line 3: the row has 1 values",
        );
        check(b"", "it is empty");
        check(b"\x7fELF\0\0\0", "it holds binary data");
        check(b"<html></html>", "it is an HTML page");
        let int = r#"<FIELD name="n" datatype="int"/>"#;
        check(
            &votable(int, "<TR><TD>1</TD></TR><TR><TD>x</TD></TR>"),
            "the uploaded table t cannot be read beyond row 2",
        );
        let point = r#"<FIELD name="p" datatype="double" arraysize="2" xtype="point"/>"#;
        check(
            &votable(point, "<TR><TD>1 2</TD></TR><TR><TD>1 200</TD></TR>"),
            "the uploaded table t, row 2, column \"p\"",
        );
        let region = r#"<FIELD name="r" datatype="char" arraysize="*" xtype="adql:REGION"/>"#;
        check(
            &votable(region, "<TR><TD>BLOB 1 2</TD></TR>"),
            "row 1, column \"r\": the region \"BLOB 1 2\" is not understood",
        );
        let time = r#"<FIELD name="t" datatype="char" arraysize="*" xtype="timestamp"/>"#;
        check(
            &votable(time, "<TR><TD>yesterday</TD></TR>"),
            "row 1, column \"t\": \"yesterday\" is not a time",
        );
        // The service goes on.
        assert_eq!(
            rows(service, "SELECT COUNT(*) FROM TAP_UPLOAD.t", STARS),
            "4"
        );
    });
}

#[test]
fn requests_that_do_not_fit_together() {
    served_on_both(|service| {
        let check = |upload: &str, query: &str, expected: &str| {
            let parameters = [("LANG", "ADQL"), ("QUERY", query), ("UPLOAD", upload)];
            let answer = send(service, &parameters, &[("f", STARS)]);
            assert_eq!(answer.status(), 400, "{upload}");
            let said = answer.text().expect("text").replace("&quot;", "\"");
            assert!(said.contains(expected), "{upload}: {said}");
        };
        let all = "SELECT * FROM TAP_UPLOAD.t";
        check(
            "t,param:g",
            all,
            "the part \"g\" of the request, which is not there; it has f",
        );
        check("t", all, "has no comma");
        check("1t,param:f", all, "no name for a table");
        check("TAP_UPLOAD.t,param:f", all, "leave TAP_UPLOAD away");
        check("t,file:///etc/passwd", all, "which cannot be read");
        check("t,vos://x/y", all, "which cannot be read");
        check("t,param:f;T,param:f", all, "two tables T");
        check("t,param:f", "SELECT nme FROM TAP_UPLOAD.t", "nme");
        let many: Vec<String> = (0..11).map(|number| format!("t{number},param:f")).collect();
        check(&many.join(";"), all, "11 tables, and this service takes 10");
    });
}

/// A service that takes little.
fn small(archive: &Archive) -> Service {
    archive.loaded(SKY);
    let settings = "[uploads]\nrows = 10\nbytes = 20000\n";
    archive.serve_with(&["--config", &archive.file("obstap.toml", settings)])
}

#[test]
fn bombs_do_not_go_off() {
    on_both(|archive| {
        let service = &small(archive);
        let all = "SELECT COUNT(*) FROM TAP_UPLOAD.t";
        let check = |table: &[u8], expected: &str| {
            let said = refused(service, all, table);
            assert!(said.contains(expected), "{said}");
        };
        check(
            &[b"x\n".as_slice(), &b"1\n".repeat(11)].concat(),
            "more than 10 rows",
        );
        check(
            &[b"x\n".as_slice(), &b"1".repeat(30_000)].concat(),
            "20000 bytes together",
        );
        // Two megabytes in ten kilobytes; and half a gzip file.
        let bomb = packed(&vec![b'1'; 2_000_000]);
        check(&bomb, "unpacked it may have 200000 bytes");
        let cut = packed(&b"x\n1\n2\n3\n".repeat(3));
        check(&cut[..cut.len() - 9], "it ends too early");
        let laughs = b"<?xml version=\"1.0\"?><!DOCTYPE VOTABLE [<!ENTITY a \"aaaaaaaaaa\">\
            <!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>\
            <VOTABLE><RESOURCE><TABLE name=\"&c;\"><FIELD name=\"n\" datatype=\"int\"/>\
            <DATA><TABLEDATA><TR><TD>&c;</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
        check(laughs, "the uploaded table t");
        let outside = b"<?xml version=\"1.0\"?><!DOCTYPE VOTABLE [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
            <VOTABLE><RESOURCE><TABLE><FIELD name=\"n\" datatype=\"char\" arraysize=\"*\"/>\
            <DATA><TABLEDATA><TR><TD>&x;</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
        let (_, said) = ask(service, "SELECT * FROM TAP_UPLOAD.t", "csv", outside);
        assert!(!said.contains("root:"), "{said}");
        let wide: String = (0..1001).map(|n| format!("c{n},")).collect();
        check(format!("{wide}x\n").as_bytes(), "1000 are taken");
        // An array that says it is larger than the world.
        let mut stream = vec![0x7f, 0xff, 0xff, 0xff];
        stream.extend([0; 8]);
        check(
            &binary(&stream),
            "the uploaded table t cannot be read beyond row 1",
        );
        let deep = format!("{}{}", "<a>".repeat(1000), "</a>".repeat(1000));
        check(
            format!("<VOTABLE>{deep}</VOTABLE>").as_bytes(),
            "the uploaded table t",
        );
        assert!(service.is_available());
    });
}

/// A VOTable whose one column, an array of doubles, is this BINARY stream.
fn binary(stream: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text: String = stream
        .chunks(3)
        .flat_map(|three| {
            let bits = three
                .iter()
                .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - three.len()));
            (0..4).map(move |place| char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63]))
        })
        .collect();
    format!(
        "<VOTABLE><RESOURCE><TABLE><FIELD name=\"a\" datatype=\"double\" arraysize=\"*\"/><DATA>\
         <BINARY><STREAM encoding=\"base64\">{text}</STREAM></BINARY></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    .into_bytes()
}

#[test]
fn a_client_that_leaves_leaves_nothing() {
    served_on_both(|service| {
        let address = service.base.trim_start_matches("http://");
        for _ in 0..4 {
            let mut half = TcpStream::connect(address).expect("a connection");
            let head = "POST /tap/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\
                        Content-Type: multipart/form-data; boundary=x\r\n\r\n\
                        --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\na,b\n1,2\n";
            half.write_all(head.as_bytes()).expect("sent");
            drop(half);
        }
        assert_eq!(
            rows(service, "SELECT COUNT(*) FROM TAP_UPLOAD.t", STARS),
            "4"
        );
    });
}
