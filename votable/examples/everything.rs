//! Writes a table with every datatype in every shape, in each version and
//! serialisation, and beside it what a reader should find, as JSON:
//!
//!     cargo run -p votable --example everything -- DIRECTORY
//!
//! Other people's readers are measured on it (`conformance/clients/check_votable.py`).
//! `common-….vot` are the same without the columns that some reader gets wrong,
//! losing its step for all that follows: a scalar `bit` (STILTS 3.4.7 and
//! astropy 7.1 in streams), `bit` of open number and arrays of arrays of open
//! number (astropy), arrays of complex numbers (STILTS in streams when their
//! number is open, astropy in TABLEDATA when they are null).

use std::path::PathBuf;

use votable::{
    Coosys, Datatype, Document, Field, Group, Info, Link, Member, Outcome, Param, Reference,
    Serialization, TableHead, Timesys, Version, Writer,
};

/// A cell before it is bytes. Complex numbers are pairs of floats.
#[derive(Clone)]
enum Cell {
    Null,
    Flags(Vec<bool>),
    Bits(Vec<bool>),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Text(String),
}

struct Column {
    field: Field,
    cells: Vec<Cell>,
}

impl Column {
    /// Whether every reader we know keeps its step after it.
    fn is_common(&self) -> bool {
        let complex = matches!(
            self.field.datatype,
            Datatype::FloatComplex | Datatype::DoubleComplex
        );
        match (self.field.datatype, self.field.arraysize.as_deref()) {
            (Datatype::Bit, shape) => !matches!(shape, None | Some("*")),
            (_, None) => true,
            (_, shape) => !complex && shape != Some("2x*"),
        }
    }
}

/// As many elements as a row has where the arraysize leaves it open; the third
/// row is null throughout.
const OPEN: [usize; 4] = [1, 2, 0, 4];

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".into()));
    std::fs::create_dir_all(&folder)?;
    let columns = columns();
    std::fs::write(folder.join("everything.json"), json(&columns))?;
    for version in [Version::V1_4, Version::V1_5] {
        for serialization in [
            Serialization::TableData,
            Serialization::Binary,
            Serialization::Binary2,
        ] {
            let form = format!("{}-{}", version.name(), serialization.name().to_lowercase());
            let document = written(columns.iter().collect(), version, serialization);
            std::fs::write(folder.join(format!("everything-{form}.vot")), document)?;
            let common = columns.iter().filter(|column| column.is_common()).collect();
            let document = written(common, version, serialization);
            std::fs::write(folder.join(format!("common-{form}.vot")), document)?;
        }
    }
    Ok(())
}

fn columns() -> Vec<Column> {
    use Datatype::*;
    let mut columns = Vec::new();
    let shapes = ["", "3", "*", "2x3", "2x*"];
    for datatype in [
        Boolean,
        Bit,
        UnsignedByte,
        Short,
        Int,
        Long,
        Float,
        Double,
        FloatComplex,
        DoubleComplex,
    ] {
        for shape in shapes {
            if datatype != Bit || !shape.ends_with('*') {
                columns.push(column(datatype, shape));
            }
        }
    }
    columns.push(bits_of_any_number());
    for (datatype, shape, texts) in [
        (Char, "", ["a", "<", "", "~"]),
        (Char, "8", ["M31", "NGC 7331", "", "a&b"]),
        (Char, "*", ["Andromeda", "<&>\"' ]]>", "", "tab\tline\nend"]),
        (UnicodeChar, "", ["é", "星", "", "z"]),
        (UnicodeChar, "8", ["Ørsted", "λ = 21", "", "ab"]),
        (UnicodeChar, "*", ["Andromède", "星 ★ <λ>", "", "Ωmega"]),
    ] {
        let cells = texts.iter().map(|text| match text.is_empty() {
            true => Cell::Null,
            false => Cell::Text((*text).to_owned()),
        });
        columns.push(Column {
            field: field(datatype, shape),
            cells: cells.collect(),
        });
    }
    columns.extend(xtypes());
    columns
}

fn field(datatype: Datatype, shape: &str) -> Field {
    let name = match shape {
        "" => datatype.name().to_owned(),
        shape => format!("{}_{}", datatype.name(), shape.replace('*', "n")),
    };
    Field {
        arraysize: (!shape.is_empty()).then(|| shape.to_owned()),
        description: Some(format!("{} [{shape}] <of any value>", datatype.name())),
        ..Field::new(name, datatype)
    }
}

fn column(datatype: Datatype, shape: &str) -> Column {
    let inner = if shape.starts_with("2x") { 2 } else { 1 };
    let cells = OPEN.iter().enumerate().map(|(row, open)| {
        let count = match shape {
            "" => 1,
            "3" => 3,
            "2x3" => 6,
            _ => inner * open,
        };
        match row {
            2 => Cell::Null,
            row => values(datatype, row, count),
        }
    });
    Column {
        field: field(datatype, shape),
        cells: cells.collect(),
    }
}

/// Usual values in the first row, the ends of the range further on. The ends
/// of integers leave out what stands for null in BINARY.
fn values(datatype: Datatype, row: usize, count: usize) -> Cell {
    let pick = |place: usize| place + row;
    match datatype {
        Datatype::Boolean => Cell::Flags((0..count).map(|i| pick(i) % 2 == 0).collect()),
        Datatype::Bit => Cell::Bits((0..count).map(|i| pick(i) % 3 == 0).collect()),
        Datatype::Float | Datatype::FloatComplex => {
            let known = [0.1f32, -1.5e-7, f32::MAX, f32::MIN_POSITIVE, -0.0, 3.25e7];
            let many = count * if datatype == Datatype::Float { 1 } else { 2 };
            let floats = (0..many).map(|i| f64::from(known[pick(i) % known.len()]));
            Cell::Floats(floats.collect())
        }
        Datatype::Double | Datatype::DoubleComplex => {
            let known = [
                10.684_708_333_333_333,
                -1e-300,
                f64::MAX,
                f64::MIN_POSITIVE,
                -0.0,
                f64::INFINITY,
                f64::NEG_INFINITY,
                1e22,
            ];
            let many = count * if datatype == Datatype::Double { 1 } else { 2 };
            Cell::Floats((0..many).map(|i| known[pick(i) % known.len()]).collect())
        }
        integer => {
            let (least, most) = integer.integer_range().unwrap_or_default();
            let known = match integer {
                Datatype::UnsignedByte => [0, most - 1, 127, 1],
                _ => [most, 0, least + 1, -1],
            };
            Cell::Ints((0..count).map(|i| known[pick(i) % known.len()]).collect())
        }
    }
}

/// Bits of open number come in whole bytes.
fn bits_of_any_number() -> Column {
    let bits = |count: usize| Cell::Bits((0..count).map(|i| i % 3 == 0).collect());
    Column {
        field: field(Datatype::Bit, "*"),
        cells: vec![bits(8), bits(16), Cell::Null, bits(24)],
    }
}

/// Columns with the xtypes of DALI 1.1 §3.3 and 1.2 §3.
fn xtypes() -> Vec<Column> {
    use Datatype::{Char, Double};
    let text = |text: &str| Cell::Text(text.to_owned());
    let floats = |floats: &[f64]| Cell::Floats(floats.to_vec());
    let made = |name: &str, datatype, shape: &str, xtype: &str, unit: &str, ucd: &str, cells| {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Column {
            field: Field {
                name: name.to_owned(),
                id: some(name),
                unit: some(unit),
                ucd: some(ucd),
                xtype: some(xtype),
                ..field(datatype, shape)
            },
            cells,
        }
    };
    let times = vec![
        text("2016-08-17T12:41:06.429"),
        text("1858-11-17T00:00:00"),
        Cell::Null,
        text("9999-12-31T23:59:59Z"),
    ];
    let spans = vec![
        floats(&[54_321.5, 54_322.25]),
        floats(&[f64::NEG_INFINITY, 0.0]),
        Cell::Null,
        floats(&[-1.0, f64::INFINITY]),
    ];
    let points = vec![
        floats(&[10.684_708, 41.269_065]),
        floats(&[359.999, -89.5]),
        Cell::Null,
        floats(&[0.0, 90.0]),
    ];
    let circles = vec![
        floats(&[10.5, -2.25, 0.1]),
        floats(&[0.0, 90.0, 180.0]),
        Cell::Null,
        floats(&[1.0, 2.0, 3.0]),
    ];
    let polygons = vec![
        floats(&[10.0, 0.0, 11.0, 0.0, 11.0, 1.0]),
        floats(&[10.0, 0.0, 11.0, 0.0, 11.0, 1.0, 10.0, 1.0]),
        Cell::Null,
        floats(&[359.0, -1.0, 1.0, -1.0, 0.0, 1.0]),
    ];
    let mocs = vec![text("3/0-2 4/71"), text("0/0-11"), Cell::Null, text("29/1")];
    let shapes = vec![
        text("circle 10 20 0.5"),
        text("polygon 1 2 3 4 5 6"),
        Cell::Null,
        text("moc 0/1"),
    ];
    let uuids = vec![
        text("6fa459ea-ee8a-3ca4-894e-db77e160355e"),
        text("00000000-0000-0000-0000-000000000000"),
        Cell::Null,
        text("ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ];
    vec![
        made("seen", Char, "*", "timestamp", "", "time.epoch", times),
        made("span", Double, "2", "interval", "d", "time.interval", spans),
        made("place", Double, "2", "point", "deg", "pos.eq", points),
        made("cap", Double, "3", "circle", "deg", "pos.outline", circles),
        made(
            "edge",
            Double,
            "*",
            "polygon",
            "deg",
            "pos.outline",
            polygons,
        ),
        made("cover", Char, "*", "moc", "", "pos.outline", mocs),
        made("outline", Char, "*", "shape", "", "pos.outline", shapes),
        made("key", Char, "36", "uuid", "", "meta.id;meta.main", uuids),
    ]
}

fn document(columns: &[&Column]) -> Document {
    let mut fields: Vec<Field> = columns.iter().map(|column| column.field.clone()).collect();
    for field in &mut fields {
        match field.xtype.as_deref() {
            Some("point" | "circle" | "polygon") => field.reference = Some("icrs".into()),
            Some("interval") => field.reference = Some("mjd".into()),
            _ => {}
        }
    }
    if let Some(first) = fields.first_mut() {
        first.links = vec![Link::to("https://example.org/doc?a=1&b=2")];
    }
    Document {
        description: Some("Every datatype & shape".into()),
        infos: vec![
            Info::new("server_software", "obstap"),
            Info {
                content: Some("When it was asked".into()),
                ..Info::new("request_date", "2026-01-01T00:00:00")
            },
            Info::new("citation", "doi:10.5555/<none>"),
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
            timescale: "TDB".into(),
            refposition: "BARYCENTER".into(),
        }],
        table: TableHead {
            name: Some("everything".into()),
            description: Some("Four rows, the third of nulls".into()),
            params: vec![Param {
                field: Field {
                    unit: Some("m".into()),
                    ..Field::new("aperture", Datatype::Double)
                },
                value: "3.6".into(),
            }],
            fields,
            groups: vec![Group {
                name: Some("position".into()),
                members: vec![
                    Member::Field(Reference::to("place")),
                    Member::Own(Box::new(Param::text("frame", "ICRS"))),
                ],
                ..Group::default()
            }],
            ..TableHead::default()
        },
        ..Document::default()
    }
}

fn written(columns: Vec<&Column>, version: Version, serialization: Serialization) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(version, serialization, document(&columns));
    writer.begin(&mut out);
    for row in 0..OPEN.len() {
        let cells: Vec<_> = columns.iter().map(|column| bytes(column, row)).collect();
        writer.row(cells.iter().map(|cell| cell.as_deref()), &mut out);
    }
    let counts = writer.counts();
    assert_eq!((counts.escaped, counts.fitted, counts.mistaken), (0, 0, 0));
    writer.finish(Outcome::Overflow { message: None }, &mut out);
    out
}

/// A cell as the writer takes it.
fn bytes(column: &Column, row: usize) -> Option<Vec<u8>> {
    let datatype = column.field.datatype;
    let narrow = matches!(datatype, Datatype::Float | Datatype::FloatComplex);
    let float = |number: &f64| match narrow {
        true => (*number as f32).to_be_bytes().to_vec(),
        false => number.to_be_bytes().to_vec(),
    };
    let packed = |bits: &[bool]| {
        let bits = bits.iter().enumerate();
        bits.fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at))
    };
    Some(match &column.cells[row] {
        Cell::Null => return None,
        Cell::Flags(flags) => flags.iter().map(|flag| u8::from(*flag)).collect(),
        Cell::Bits(bits) => bits.chunks(8).map(packed).collect(),
        Cell::Ints(ints) => {
            let unused = 8 - datatype.width();
            let wide = ints.iter().map(|int| int.to_be_bytes());
            wide.flat_map(|bytes| bytes[unused..].to_vec()).collect()
        }
        Cell::Floats(floats) => floats.iter().flat_map(float).collect(),
        Cell::Text(text) => text.clone().into_bytes(),
    })
}

/// Fields with their cells; floats as text, which Python reads exactly.
fn json(columns: &[Column]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| {
            let Field {
                name, unit, ucd, ..
            } = &column.field;
            let attribute = |value: &Option<String>| match value {
                Some(value) => format!("{value:?}"),
                None => "null".to_owned(),
            };
            let cells: Vec<String> = column.cells.iter().map(cell_json).collect();
            format!(
                "{{\"name\": {name:?}, \"datatype\": {:?}, \"arraysize\": {}, \"unit\": {}, \"ucd\": {}, \"cells\": [{}]}}",
                column.field.datatype.name(),
                attribute(&column.field.arraysize),
                attribute(unit),
                attribute(ucd),
                cells.join(", ")
            )
        })
        .collect();
    format!("[\n{}\n]\n", columns.join(",\n"))
}

fn cell_json(cell: &Cell) -> String {
    fn list<T>(values: &[T], shown: impl Fn(&T) -> String) -> String {
        let shown: Vec<String> = values.iter().map(shown).collect();
        format!("[{}]", shown.join(", "))
    }
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Flags(values) | Cell::Bits(values) => list(values, bool::to_string),
        Cell::Ints(values) => list(values, i64::to_string),
        Cell::Floats(values) => list(values, |value| format!("\"{value:e}\"")),
        // The escapes of Rust and JSON agree on what is used here.
        Cell::Text(text) => format!("{text:?}"),
    }
}
