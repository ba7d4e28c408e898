//! Documents of others: odd ones, broken ones, hostile ones.

// A test may panic.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use votable::{Limits, Reader, Status, Value};

/// The rows as text, then the warnings; or the error.
fn read_with(document: &[u8], limits: Limits) -> String {
    let rows = || -> Result<String, votable::ReadError> {
        let mut reader = Reader::with_limits(document, limits)?;
        let mut lines = Vec::new();
        while let Some(row) = reader.next_row()? {
            lines.push(format!("{:?}", row.values));
        }
        lines.extend(
            reader
                .warnings()
                .iter()
                .map(|warning| format!("{}: {}", warning.place, warning.message)),
        );
        Ok(lines.join("\n"))
    };
    rows().unwrap_or_else(|error| error.to_string())
}

fn check(document: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(read_with(document.as_ref(), Limits::default()), expected);
}

/// A table of one row of a text and an int.
fn table(row: &str) -> String {
    format!(
        r#"<VOTABLE version="1.3"><RESOURCE><TABLE>
<FIELD name="a" datatype="char" arraysize="*"/>
<FIELD name="b" datatype="int"><VALUES null="-1"/></FIELD>
<DATA><TABLEDATA>
{row}
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"#
    )
}

fn stream(fields: &str, form: &str, base64: &str) -> String {
    format!(
        "<VOTABLE><RESOURCE><TABLE>{fields}<DATA><{form}><STREAM encoding='base64'>{base64}</STREAM></{form}></DATA></TABLE></RESOURCE></VOTABLE>"
    )
}

#[test]
fn usual_and_sloppy_rows() {
    check(
        table("<TR><TD>x</TD><TD>1</TD></TR>"),
        r#"[Text("x"), Int(1)]"#,
    );
    check(table("<TR><TD/><TD/></TR>"), "[Null, Null]");
    check(
        table("<TR><TD> </TD><TD>-1</TD></TR>"),
        r#"[Text(" "), Null]"#,
    );
    check(
        table("<TR><TD>&lt;&#233;&#x3bb;<![CDATA[<&]]></TD><TD>\n7\n</TD></TR>"),
        r#"[Text("<éλ<&"), Int(7)]"#,
    );
    check(
        table("<TR><TD>a<!-- no -->b</TD><TD>7</TD></TR>"),
        r#"[Text("ab"), Int(7)]"#,
    );
    check(
        table("<TR><TD>x?a=1&b=2</TD><TD>1</TD></TR>"),
        "[Text(\"x?a=1&b=2\"), Int(1)]\nline 5, row 1, field \"a\": an & must be written &amp;",
    );
    check(
        table("<TR><TD>&nbsp;</TD><TD>1</TD></TR>"),
        "[Text(\"&nbsp;\"), Int(1)]\nline 5, row 1, field \"a\": this entity is not known in XML",
    );
    check(
        table("<TR><TD>x</TD></TR>\n<TR><TD>x</TD><TD>1</TD><TD>2</TD></TR>"),
        "[Text(\"x\"), Null]\n[Text(\"x\"), Int(1)]\nline 5, row 1: the row has 1 cells for 2 fields\nline 6, row 2: the row has 3 cells for 2 fields",
    );
}

#[test]
fn errors_say_where() {
    check(
        table("<TR><TD>x</TD><TD>1</TD></TR>\n<TR><TD>x</TD><TD>one</TD></TR>"),
        "reading the VOTable, line 6, row 2, field \"b\": \"one\" is not a value of datatype int",
    );
    let not_votable =
        "reading the VOTable, line 1: this is not a VOTable: the first element must be VOTABLE";
    check("", not_votable);
    check(
        "ra,dec\n1,2\n",
        "reading the VOTable, line 3: this is not a VOTable: the first element must be VOTABLE",
    );
    check("<html><body/></html>", not_votable);
    check(
        &table("<TR><TD>x</TD><TD>1</TD></TR>").as_bytes()[..190],
        "reading the VOTable, line 5, row 1: the document ends before it is complete",
    );
    check(
        "<VOTABLE></VOTABLE>",
        "reading the VOTable, line 1: there is no TABLE in the document",
    );
    check(
        r#"<VOTABLE><TABLE><FIELD name="a" datatype="text"/></TABLE></VOTABLE>"#,
        "reading the VOTable, line 1: \"text\" is not a VOTable datatype",
    );
    check(
        r#"<VOTABLE><TABLE><FIELD name="a" datatype="int"/><DATA><FITS><STREAM/></FITS></DATA></TABLE></VOTABLE>"#,
        "reading the VOTable, line 1: a table in FITS cannot be read; write the table as TABLEDATA, BINARY or BINARY2 in one document",
    );
}

#[test]
fn what_others_call_their_types() {
    let check = |fields: &str, row: &str, expected: &str| {
        check(
            format!(
                "<VOTABLE><RESOURCE><TABLE>{fields}<DATA><TABLEDATA>{row}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
            ),
            expected,
        );
    };
    check(
        "<FIELD name='a' datatype='string'/><FIELD name='b' datatype='Int32'/>",
        "<TR><TD>M31</TD><TD>7</TD></TR>",
        "[Text(\"M31\"), Int(7)]\nline 1: field \"a\" has datatype \"string\", which is read as char\nline 1: field \"b\" has datatype \"Int32\", which is read as int",
    );
    check(
        "<FIELD name='a' datatype='DOUBLE'/>",
        "<TR><TD>1e3</TD></TR>",
        "[Float(1000.0)]\nline 1: field \"a\" has datatype \"DOUBLE\", which is read as double",
    );
    // Said once, though both rows are longer than one character.
    check(
        "<FIELD name='a' datatype='char'/>",
        "<TR><TD>M31</TD></TR><TR><TD>M33</TD></TR>",
        "[Text(\"M31\")]\n[Text(\"M33\")]\nline 1, row 1, field \"a\": its field has no arraysize and holds more than one character; read whole, here and further on",
    );
}

#[test]
fn groups_and_links_do_not_confuse() {
    let document = "<VOTABLE xmlns='urn:x'><DESCRIPTION>All</DESCRIPTION><RESOURCE><TABLE>
<GROUP name='outer'><DESCRIPTION>Outer</DESCRIPTION><GROUP name='inner'><FIELDref ref='a'/>
<PARAM name='p' datatype='int' value='3'><DESCRIPTION>Of p</DESCRIPTION></PARAM></GROUP></GROUP>
<FIELD ID='a' name='a' datatype='int'><LINK content-role='doc' href='https://example.org/?a=1&amp;b=2'/></FIELD>
<LINK href='https://example.org/table'/>
<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
    let mut reader = Reader::open(document.as_bytes()).unwrap();
    assert_eq!(reader.description(), Some("All"));
    assert_eq!(
        reader.params()[0].field.description.as_deref(),
        Some("Of p")
    );
    let links = &reader.fields()[0].links;
    assert_eq!(links.len(), 1);
    assert_eq!(
        (&*links[0].href, links[0].role.as_deref()),
        ("https://example.org/?a=1&b=2", Some("doc"))
    );
    assert_eq!(reader.next_row().unwrap().unwrap().values, [Value::Int(1)]);
    assert_eq!(
        reader.warnings()[0].message,
        "\"urn:x\" is not a namespace of VOTable"
    );
}

#[test]
fn streams_of_base64() {
    let short = "<FIELD name='a' datatype='short'/>";
    check(
        stream(short, "BINARY", "AAEA\n Av//"),
        "[Int(1)]\n[Int(2)]\n[Int(-1)]",
    );
    check(stream(short, "BINARY", "AAE="), "[Int(1)]");
    check(stream(short, "BINARY", "AAE"), "[Int(1)]");
    check(stream(short, "BINARY", "<![CDATA[AAE=]]>"), "[Int(1)]");
    check(stream(short, "BINARY", ""), "");
    check(stream(short, "BINARY2", "gAAA"), "[Null]");
    check(
        stream(short, "BINARY2", "AAAB gA=="),
        "reading the VOTable, line 1, row 2: the document ends before it is complete",
    );
    check(
        stream(short, "BINARY", "A?==".repeat(2).as_str()),
        "reading the VOTable, line 1, row 1: the STREAM is not base64",
    );
    // 0x7fffffff characters that are not there.
    let text = "<FIELD name='a' datatype='char' arraysize='*'/>";
    check(
        stream(text, "BINARY", "f////w=="),
        "reading the VOTable, line 1, row 1, field \"a\": the bytes of one text or tag is more than the limit of 4194304",
    );
    check(
        stream(
            "<FIELD name='a' datatype='int' arraysize='0'/>",
            "BINARY",
            "AAAA",
        ),
        "reading the VOTable, line 1, row 1: a stream of rows without bytes cannot be read; write the table as TABLEDATA, BINARY or BINARY2 in one document",
    );
    // ISO-8859-1 where UTF-8 should be.
    check(
        stream(text, "BINARY", "AAAAAek="),
        "[Text(\"é\")]\nline 1, row 1, field \"a\": this text is not UTF-8 and is read as ISO-8859-1, here and further on",
    );
}

#[test]
fn other_versions_encodings_and_prefixes() {
    check(
        r#"<?xml version="1.0"?><!DOCTYPE VOTABLE SYSTEM "http://us-vo.org/xml/VOTable.dtd"><v:VOTABLE xmlns:v="http://www.ivoa.net/xml/VOTable/v1.1"><v:RESOURCE><v:TABLE><v:FIELD ID="a" datatype="float"/><v:DATA><v:TABLEDATA><v:TR><v:TD>1</v:TD></v:TR></v:TABLEDATA></v:DATA></v:TABLE></v:RESOURCE></v:VOTABLE>"#,
        "[Float(1.0)]",
    );
    let mut latin1 = b"<?xml version='1.0' encoding='ISO-8859-1'?>".to_vec();
    latin1.extend(table("<TR><TD>\u{1}</TD><TD>1</TD></TR>").into_bytes());
    let latin1: Vec<u8> = latin1
        .into_iter()
        .map(|b| if b == 1 { 0xE9 } else { b })
        .collect();
    check(latin1, r#"[Text("é"), Int(1)]"#);
    check(
        format!("\u{feff}{}", table("<TR><TD>é</TD><TD>1</TD></TR>")),
        r#"[Text("é"), Int(1)]"#,
    );
    check(
        b"\xff\xfe<\0",
        "reading the VOTable, line 1: a document in UTF-16 or UTF-32 cannot be read; write the table as TABLEDATA, BINARY or BINARY2 in one document",
    );
}

#[test]
fn limits_hold() {
    let limits = Limits {
        cell_bytes: 500,
        head_bytes: 1000,
        fields: 2,
        row_bytes: 700,
        depth: 8,
    };
    let check = |document: String, expected: &str| {
        let found = read_with(document.as_bytes(), limits);
        assert!(found.contains(expected), "{found}");
    };
    let long = "x".repeat(600);
    check(
        table(&format!("<TR><TD>{long}</TD></TR>")),
        "row 1: the bytes of one text or tag",
    );
    check(
        table(&format!("<TR><TD a='{long}'/></TR>")),
        "the bytes of one text or tag",
    );
    check(
        table(&format!("<TR><TD>{}</TD></TR>", "&lt;".repeat(600))),
        "the bytes of one text or tag",
    );
    check(
        table(&format!(
            "<TR><TD>{}</TD><TD>{}1</TD></TR>",
            &long[..400],
            " ".repeat(400)
        )),
        "the bytes of one row",
    );
    check(
        format!("<VOTABLE>{}", "<GROUP>".repeat(10)),
        "the depth of elements",
    );
    check(
        format!("<VOTABLE>{}", "<GROUP></GROUP>".repeat(100)),
        "the bytes before the first row",
    );
    let field = "<FIELD name='a' datatype='int'/>";
    check(
        format!("<VOTABLE><TABLE>{}", field.repeat(3)),
        "the number of fields",
    );
    let laughs = "<!DOCTYPE V [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>";
    check(
        format!("{laughs}{}", table("<TR><TD>&b;</TD><TD>1</TD></TR>")),
        "Text(\"&b;\")",
    );
}

#[test]
fn the_answer_of_a_service_says_how_it_ended() {
    let status = |document: &[u8]| {
        let mut reader = Reader::open(document).unwrap();
        while reader.next_row().unwrap().is_some() {}
        reader.status().cloned()
    };
    assert_eq!(
        status(include_bytes!("golden/tabledata-1.4.vot")),
        Some(Status::Ok)
    );
    assert_eq!(
        status(include_bytes!("golden/tabledata-1.5.vot")),
        Some(Status::Overflow)
    );
    let failed = Status::Error("The database went away.".into());
    assert_eq!(
        status(include_bytes!("golden/binary2-1.5.vot")),
        Some(failed)
    );
    let error = Status::Error("no table \"a<b\"".into());
    assert_eq!(status(include_bytes!("golden/error-1.4.vot")), Some(error));
}

#[test]
fn what_stands_around_the_rows() {
    let document: &[u8] = include_bytes!("golden/tabledata-1.5.vot");
    let mut reader = Reader::open(document).unwrap();
    assert_eq!(reader.version(), Some("1.5"));
    assert_eq!(reader.table_name(), Some("stars"));
    assert_eq!(reader.description(), Some("All of them"));
    assert_eq!(
        reader.coosys()[0].refposition.as_deref(),
        Some("BARYCENTER")
    );
    assert_eq!(reader.timesys()[0].timescale, "UTC");
    assert_eq!(reader.params()[0].value, "Paranal & La Silla");
    assert_eq!(
        reader.infos()[1].value,
        "SELECT \"name\"\nFROM stars WHERE ra < 1"
    );
    assert_eq!(reader.fields()[11].reference.as_deref(), Some("icrs"));
    assert_eq!(
        (reader.fields()[8].null, reader.fields()[8].min.as_deref()),
        (Some(-1), Some("0"))
    );
    let first = reader.next_row().unwrap().unwrap();
    assert_eq!((first.number, first.line), (1, 48));
    assert_eq!(first.values[1], Value::Text("Andromède <λ>".into()));
}

const GOLDEN: [&[u8]; 3] = [
    include_bytes!("golden/tabledata-1.5.vot"),
    include_bytes!("golden/binary-1.4.vot"),
    include_bytes!("golden/binary2-1.5.vot"),
];

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_with(&bytes, Limits::default());
    }

    #[test]
    fn any_damage_is_answered(
        which in 0..GOLDEN.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let mut document = GOLDEN[which].to_vec();
        for (place, byte, kind) in damage {
            let place = place.index(document.len());
            match kind {
                0 => document[place] = byte,
                1 => document.insert(place, byte),
                _ => {
                    let end = document.len().min(place + usize::from(byte) / 8 + 1);
                    document.drain(place..end);
                }
            }
        }
        read_with(&document, Limits::default());
        // The same through a buffer of a few bytes, as from a slow line.
        let mut slow = std::io::BufReader::with_capacity(7, &*document);
        if let Ok(mut reader) = Reader::open(&mut slow) {
            while let Ok(Some(_)) = reader.next_row() {}
        }
    }
}
