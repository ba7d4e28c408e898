//! Whole documents, byte by byte. After a wanted change, run with
//! `VOTABLE_BLESS=1` and read the difference.

// A test may panic.
#![allow(clippy::unwrap_used)]

use votable::{
    Coosys, Datatype, Descriptor, Document, Field, Group, Info, Link, Member, Outcome, Param,
    Reader, Reference, Serialization, TableHead, Timesys, Version, Writer, error_document,
};

fn document() -> Document {
    let array = |name: &str, datatype, arraysize: &str| Field {
        arraysize: Some(arraysize.into()),
        ..Field::new(name, datatype)
    };
    Document {
        description: Some("Stars & <planets>".into()),
        infos: vec![
            Info::new("QUERY", "SELECT \"name\"\nFROM stars WHERE ra < 1"),
            Info {
                ucd: Some("meta.bib.bibcode".into()),
                ..Info::new("citation", "2020A&A...641A...1P")
            },
        ],
        coosys: vec![Coosys {
            id: "icrs".into(),
            system: "ICRS".into(),
            epoch: Some("J2016.0".into()),
            refposition: Some("BARYCENTER".into()),
            ..Coosys::default()
        }],
        timesys: vec![Timesys {
            id: "mjd".into(),
            timeorigin: Some("MJD-origin".into()),
            timescale: "UTC".into(),
            refposition: "TOPOCENTER".into(),
        }],
        links: vec![Link::to("https://example.org/survey?a=1&b=2")],
        table: TableHead {
            name: Some("stars".into()),
            description: Some("All of them".into()),
            params: vec![Param {
                field: Field {
                    id: Some("observatory".into()),
                    ..Field::text("observatory")
                },
                value: "Paranal & La Silla".into(),
            }],
            fields: vec![
                Field {
                    id: Some("name".into()),
                    ucd: Some("meta.id;meta.main".into()),
                    links: vec![Link {
                        role: Some("doc".into()),
                        content_type: Some("text/html".into()),
                        title: Some("Star \"names\"".into()),
                        ..Link::to("https://example.org/star?name=${name}")
                    }],
                    description: Some("Name".into()),
                    ..Field::text("name")
                },
                array("label", Datatype::UnicodeChar, "*"),
                array("band", Datatype::Char, "4"),
                Field::new("known", Datatype::Boolean),
                Field::new("flag", Datatype::Bit),
                array("flags", Datatype::Bit, "12"),
                Field::new("quality", Datatype::UnsignedByte),
                Field::new("visits", Datatype::Short),
                Field {
                    null: Some(-1),
                    min: Some("0".into()),
                    ..Field::new("night", Datatype::Int)
                },
                Field::new("source", Datatype::Long),
                Field {
                    unit: Some("mag".into()),
                    precision: Some("3".into()),
                    ..Field::new("mag", Datatype::Float)
                },
                Field {
                    unit: Some("deg".into()),
                    ucd: Some("pos.eq.ra;meta.main".into()),
                    id: Some("ra".into()),
                    reference: Some("icrs".into()),
                    ..Field::new("ra", Datatype::Double)
                },
                Field {
                    xtype: Some("polygon".into()),
                    unit: Some("deg".into()),
                    ..array("region", Datatype::Double, "*")
                },
                array("counts", Datatype::Int, "2"),
                Field::new("visibility", Datatype::FloatComplex),
            ],
            groups: vec![Group {
                name: Some("what is where".into()),
                utype: Some("stars:source".into()),
                description: Some("Name & position".into()),
                members: vec![
                    Member::Field(Reference {
                        ucd: Some("meta.id".into()),
                        ..Reference::to("name")
                    }),
                    Member::Group(Group {
                        reference: Some("icrs".into()),
                        members: vec![
                            Member::Field(Reference::to("ra")),
                            Member::Param(Reference::to("observatory")),
                            Member::Own(Box::new(Param::text("equator", "mean"))),
                        ],
                        ..Group::default()
                    }),
                ],
                ..Group::default()
            }],
            links: vec![Link::to("https://example.org/stars")],
            ..TableHead::default()
        },
        services: vec![Descriptor {
            id: Some("links".into()),
            description: Some("What belongs to a star".into()),
            access_url: "https://example.org/links?a=1&b=2".into(),
            standard_id: Some("ivo://ivoa.net/std/DataLink#links-1.1".into()),
            content_type: Some("application/x-votable+xml;content=datalink".into()),
            example_urls: vec![(
                "https://example.org/links?ID=M31".into(),
                "Andromeda".into(),
            )],
            inputs: vec![
                Param {
                    field: Field {
                        reference: Some("name".into()),
                        ..Field::text("ID")
                    },
                    value: String::new(),
                },
                Param {
                    field: Field {
                        options: vec!["lite".into(), "full".into()],
                        max: Some("full".into()),
                        ..Field::text("DETAIL")
                    },
                    value: "lite".into(),
                },
            ],
            ..Descriptor::default()
        }],
    }
}

fn write(version: Version, serialization: Serialization, outcome: Outcome) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(version, serialization, document());
    writer.begin(&mut out);
    let region: Vec<u8> = [10.5, -1.0, 11.0, -1.0, 11.0, 0.25]
        .iter()
        .flat_map(|x: &f64| x.to_be_bytes())
        .collect();
    let full: [&[u8]; 15] = [
        b"M31",
        "Andromède <λ>".as_bytes(),
        b"r",
        &[1],
        &[0x80],
        &[0b1010_0101, 0b1100_0000],
        &[200],
        &(-7i16).to_be_bytes(),
        &60000i32.to_be_bytes(),
        &i64::MAX.to_be_bytes(),
        &3.44f32.to_be_bytes(),
        &10.684_708_333_333_333f64.to_be_bytes(),
        &region,
        &[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe],
        &[0x3f, 0x80, 0, 0, 0xbf, 0, 0, 0],
    ];
    writer.row(full.into_iter().map(Some), &mut out);
    writer.row(full.into_iter().map(|_| None), &mut out);
    let special: [Option<&[u8]>; 15] = [
        Some(b"a&b\r\x01"),
        Some(b""),
        Some("grün".as_bytes()),
        Some(&[0]),
        Some(&[0]),
        None,
        Some(&[255]),
        Some(&[0, 0]),
        None,
        Some(&[0; 8]),
        Some(&f32::NAN.to_be_bytes()),
        Some(&f64::NEG_INFINITY.to_be_bytes()),
        Some(b""),
        None,
        None,
    ];
    writer.row(special.into_iter(), &mut out);
    writer.finish(outcome, &mut out);
    out
}

fn check(name: &str, document: Vec<u8>) {
    let path = format!("{}/tests/golden/{name}.vot", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("VOTABLE_BLESS").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(String::from_utf8(document).unwrap(), expected, "{name}");
}

#[test]
fn each_serialization_in_each_version() {
    use Serialization::*;
    use Version::*;
    let message = "The limit of 3 rows was reached.".to_owned();
    let overflow = Outcome::Overflow {
        message: Some(message),
    };
    check("tabledata-1.4", write(V1_4, TableData, Outcome::Complete));
    check("tabledata-1.5", write(V1_5, TableData, overflow));
    check(
        "binary-1.4",
        write(V1_4, Binary, Outcome::Overflow { message: None }),
    );
    check("binary-1.5", write(V1_5, Binary, Outcome::Complete));
    check("binary2-1.4", write(V1_4, Binary2, Outcome::Complete));
    let failed = Outcome::Failed {
        message: "The database went away.".into(),
    };
    check("binary2-1.5", write(V1_5, Binary2, failed));
}

#[test]
fn errors_without_a_table() {
    let infos = [Info::new("standardID", "ivo://ivoa.net/std/TAP")];
    let message = "no table \"a<b\"";
    check("error-1.4", error_document(Version::V1_4, message, &infos));
    check("error-1.5", error_document(Version::V1_5, message, &[]));
}

/// What does not fit is cut, filled up or made visible, and counted after the
/// table; what follows in a stream stays in step.
#[test]
fn misfits_are_told_after_the_table() {
    let write = |serialization| {
        let mut document = Document::default();
        let fixed = |name: &str, datatype| Field {
            arraysize: Some("2".into()),
            ..Field::new(name, datatype)
        };
        document.table.fields = vec![
            fixed("text", Datatype::Char),
            fixed("numbers", Datatype::Short),
            Field::new("byte", Datatype::UnsignedByte),
        ];
        let mut out = Vec::new();
        let mut writer = Writer::new(Version::V1_4, serialization, document);
        writer.begin(&mut out);
        writer.row(
            [Some("é".as_bytes()), Some(&[0, 1][..]), Some(&[255])].into_iter(),
            &mut out,
        );
        // Too few cells, and too many.
        writer.row([Some(&b"abc"[..])].into_iter(), &mut out);
        writer.row(
            [None, None, Some(&[7][..]), Some(&[8][..])].into_iter(),
            &mut out,
        );
        writer.finish(Outcome::Complete, &mut out);
        let mut reader = Reader::open(&*out).unwrap();
        let mut found = String::new();
        while let Some(row) = reader.next_row().unwrap() {
            found += &format!("{:?}\n", row.values);
        }
        let told = reader.infos().iter().filter(|info| info.content.is_some());
        told.fold(found, |found, info| {
            format!("{found}{} {}\n", info.name, info.value)
        })
    };
    assert_eq!(
        write(Serialization::Binary),
        r#"[Text("\\u"), Ints([Some(1), None]), Null]
[Text("ab"), Ints([None, None]), Null]
[Text(""), Ints([None, None]), Int(7)]
escaped_values 1
fitted_values 3
mistakable_values 1
"#
    );
    assert_eq!(
        write(Serialization::Binary2),
        r#"[Text("\\u"), Ints([Some(1), Some(0)]), Int(255)]
[Text("ab"), Null, Null]
[Null, Null, Int(7)]
escaped_values 1
fitted_values 3
"#
    );
}
