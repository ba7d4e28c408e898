//! Any table of any values, written and read back in each serialisation.

// A test may panic.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use votable::{
    Datatype, Document, Field, Length, Link, Outcome, Reader, Serialization, Status, Value,
    Version, Writer,
};

use Datatype::*;

/// Characters that XML 1.0 can hold.
fn character() -> impl Strategy<Value = char> {
    let plain = prop::char::range(' ', '~');
    let any = any::<char>().prop_filter("XML holds it", |c| {
        (*c >= ' ' || "\t\n\r".contains(*c)) && *c != '\u{fffe}' && *c != '\u{ffff}'
    });
    prop_oneof![4 => plain, 1 => prop::sample::select(vec!['\r', '\n', '\t', '&', '<', ']']), 1 => any]
}

fn field() -> impl Strategy<Value = Field> {
    let datatypes = vec![
        Boolean,
        Bit,
        UnsignedByte,
        Short,
        Int,
        Long,
        Char,
        UnicodeChar,
        Float,
        Double,
        FloatComplex,
        DoubleComplex,
    ];
    let arraysizes = vec![
        None,
        Some("*"),
        Some("3"),
        Some("2x2"),
        Some("9*"),
        Some("2x*"),
    ];
    let word = || vec(character(), 1..8).prop_map(String::from_iter);
    let description = prop::option::of(word().prop_map(|text| text.trim().to_owned()));
    (
        prop::sample::select(datatypes),
        prop::sample::select(arraysizes),
        word(),
        vec(prop::option::of(word()), 5),
        vec(word(), 0..3),
        description,
    )
        .prop_map(
            |(datatype, arraysize, name, texts, hrefs, description)| Field {
                arraysize: arraysize.map(str::to_owned),
                unit: texts[0].clone(),
                ucd: texts[1].clone(),
                utype: texts[2].clone(),
                xtype: texts[3].clone(),
                min: texts[4].clone(),
                options: hrefs.clone(),
                links: hrefs.into_iter().map(Link::to).collect(),
                description: description.filter(|text| !text.is_empty()),
                ..Field::new(name, datatype)
            },
        )
}

fn count(field: &Field) -> Option<usize> {
    match field.length() {
        Length::Scalar => Some(1),
        Length::Fixed(count) => Some(count),
        Length::Variable => None,
    }
}

/// A value, and its cell.
fn value(field: &Field) -> BoxedStrategy<(Value, Vec<u8>)> {
    let datatype = field.datatype;
    let fixed = count(field);
    let scalar = field.length() == Length::Scalar;
    let counts = fixed.map_or(0..6, |n| n..n + 1);
    match datatype {
        Boolean => vec(any::<bool>(), counts)
            .prop_map(move |bools| {
                let cell = bools.iter().map(|b| u8::from(*b)).collect();
                match scalar {
                    true => (Value::Bool(bools[0]), cell),
                    false => (Value::Bools(bools.into_iter().map(Some).collect()), cell),
                }
            })
            .boxed(),
        Bit => vec(any::<bool>(), fixed.map_or(0..4, |n| n..n + 1))
            .prop_map(move |mut bits| {
                if fixed.is_none() {
                    bits = bits.repeat(8);
                }
                let byte = |eight: &[bool]| {
                    eight
                        .iter()
                        .zip(0..)
                        .fold(0, |b, (bit, at)| b | u8::from(*bit) << (7 - at))
                };
                let cell = bits.chunks(8).map(byte).collect();
                (Value::Bits(bits), cell)
            })
            .boxed(),
        Char | UnicodeChar => vec(character(), fixed.map_or(0..12, |n| 0..n + 1))
            .prop_map(move |text| {
                let ascii = |c: char| datatype == UnicodeChar || c.is_ascii();
                let mut text: String = text
                    .into_iter()
                    .map(|c| if ascii(c) { c } else { '~' })
                    .collect();
                while fixed.is_some_and(|most| text.encode_utf16().count() > most) {
                    text.pop();
                }
                (Value::Text(text.clone()), text.into_bytes())
            })
            .boxed(),
        Float | Double | FloatComplex | DoubleComplex => {
            let complex = matches!(datatype, FloatComplex | DoubleComplex);
            let narrow = matches!(datatype, Float | FloatComplex);
            let special = prop::sample::select(vec![
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                0.0,
                -0.0,
                5e-324,
            ]);
            let number =
                prop_oneof![4 => any::<f64>(), 1 => special, 1 => any::<f32>().prop_map(f64::from)];
            vec(vec(number, if complex { 2 } else { 1 }), counts)
                .prop_map(move |numbers| {
                    let round = |number: f64| {
                        if narrow {
                            f64::from(number as f32)
                        } else {
                            number
                        }
                    };
                    let numbers: Vec<Vec<f64>> = numbers
                        .into_iter()
                        .map(|pair| pair.into_iter().map(round).collect())
                        .collect();
                    let bytes = |number: &f64| match narrow {
                        true => (*number as f32).to_be_bytes().to_vec(),
                        false => number.to_be_bytes().to_vec(),
                    };
                    let cell = numbers.iter().flatten().flat_map(bytes).collect();
                    let value = match (complex, scalar) {
                        (true, true) => Value::Complex([numbers[0][0], numbers[0][1]]),
                        (true, false) => Value::Complexes(
                            numbers.iter().map(|pair| [pair[0], pair[1]]).collect(),
                        ),
                        (false, true) => Value::Float(numbers[0][0]),
                        (false, false) => Value::Floats(numbers.into_iter().flatten().collect()),
                    };
                    (value, cell)
                })
                .boxed()
        }
        UnsignedByte | Short | Int | Long => {
            let (least, most) = datatype.integer_range().unwrap();
            let number = prop_oneof![least..=most, Just(least), Just(most)];
            vec(number, counts)
                .prop_map(move |ints| {
                    let width = datatype.width();
                    let cell = ints
                        .iter()
                        .flat_map(|i| i.to_be_bytes()[8 - width..].to_vec())
                        .collect();
                    match scalar {
                        true => (Value::Int(ints[0]), cell),
                        false => (Value::Ints(ints.into_iter().map(Some).collect()), cell),
                    }
                })
                .boxed()
        }
    }
}

type Cell = Option<(Value, Vec<u8>)>;

fn table() -> impl Strategy<Value = (Vec<Field>, Vec<Vec<Cell>>)> {
    vec(field(), 1..12).prop_flat_map(|fields| {
        let row: Vec<_> = fields
            .iter()
            .map(|field| prop::option::weighted(0.8, value(field)))
            .collect();
        (Just(fields), vec(row, 0..8))
    })
}

/// What a serialisation can say of a cell.
fn expected(field: &Field, cell: &Cell, serialization: Serialization) -> Value {
    let null_of = |field: &Field| match field.datatype {
        UnsignedByte => Some(255),
        datatype => datatype.integer_range().map(|(least, _)| least),
    };
    let n = count(field);
    match (serialization, cell) {
        // An empty TD is null, whatever it was before.
        (Serialization::TableData, Some((_, bytes))) if bytes.is_empty() => Value::Null,
        (Serialization::TableData | Serialization::Binary2, None) => Value::Null,
        (Serialization::Binary, None) => match (field.datatype, n) {
            (Char | UnicodeChar, _) => Value::Text(String::new()),
            (Float | Double, Some(1)) => Value::Float(f64::NAN),
            (FloatComplex | DoubleComplex, Some(1)) => Value::Complex([f64::NAN; 2]),
            (Bit, n) => Value::Bits(vec![false; n.unwrap_or(0)]),
            (_, Some(1)) => Value::Null,
            (Float | Double, n) => Value::Floats(vec![f64::NAN; n.unwrap_or(0)]),
            (FloatComplex | DoubleComplex, n) => {
                Value::Complexes(vec![[f64::NAN; 2]; n.unwrap_or(0)])
            }
            (Boolean, n) => Value::Bools(vec![None; n.unwrap_or(0)]),
            (_, n) => Value::Ints(vec![None; n.unwrap_or(0)]),
        },
        (Serialization::Binary, Some((Value::Int(value), _))) if null_of(field) == Some(*value) => {
            Value::Null
        }
        (Serialization::Binary, Some((Value::Ints(values), _))) if n.is_some() => {
            let null = null_of(field);
            Value::Ints(
                values
                    .iter()
                    .map(|value| value.filter(|value| Some(*value) != null))
                    .collect(),
            )
        }
        (_, Some((value, _))) => value.clone(),
    }
}

proptest! {
    #[test]
    fn there_and_back(
        (fields, rows) in table(),
        version in prop::sample::select(vec![Version::V1_4, Version::V1_5]),
    ) {
        for serialization in [Serialization::TableData, Serialization::Binary, Serialization::Binary2] {
            let mut document = Document::default();
            document.table.fields.clone_from(&fields);
            let mut out = Vec::new();
            let mut writer = Writer::new(version, serialization, document);
            writer.begin(&mut out);
            for row in &rows {
                writer.row(row.iter().map(|cell| cell.as_ref().map(|(_, bytes)| &**bytes)), &mut out);
            }
            prop_assert_eq!((writer.counts().escaped, writer.counts().fitted), (0, 0));
            writer.finish(Outcome::Overflow { message: None }, &mut out);

            let mut reader = Reader::open(&*out).unwrap();
            for (read, field) in reader.fields().iter().zip(&fields) {
                let read = Field { null: None, ..read.clone() };
                prop_assert_eq!(&read, field);
            }
            let mut found = Vec::new();
            while let Some(row) = reader.next_row().unwrap() {
                found.push(row.values);
            }
            let wanted: Vec<Vec<Value>> = rows
                .iter()
                .map(|row| fields.iter().zip(row).map(|(field, cell)| expected(field, cell, serialization)).collect())
                .collect();
            // As text, where NaN equals NaN and -0.0 differs from 0.0.
            prop_assert_eq!(format!("{found:?}"), format!("{wanted:?}"), "{:?}", serialization);
            prop_assert_eq!(reader.status(), Some(&Status::Overflow));
            prop_assert_eq!(reader.warning_count(), 0);
        }
    }
}

/// Strings of fixed length in an array are kept in step by their filling, which
/// reads as blanks; TABLEDATA has the blanks of the writer.
#[test]
fn arrays_of_strings() {
    let mut document = Document::default();
    document.table.fields = vec![Field {
        arraysize: Some("4x*".into()),
        ..Field::new("bands", Char)
    }];
    let mut out = Vec::new();
    let mut writer = Writer::new(Version::V1_5, Serialization::Binary2, document);
    writer.begin(&mut out);
    writer.row([Some(&b"g\0\0\0i\0\0\0"[..])].into_iter(), &mut out);
    writer.finish(Outcome::Complete, &mut out);
    let row = Reader::open(&*out).unwrap().next_row().unwrap().unwrap();
    assert_eq!(row.values, [Value::Text("g   i".into())]);
}

#[test]
fn long_tables_leave_as_they_come() {
    for serialization in [
        Serialization::TableData,
        Serialization::Binary,
        Serialization::Binary2,
    ] {
        let mut document = Document::default();
        document.table.fields = vec![Field::new("n", Long), Field::text("text")];
        let (mut out, mut sent) = (Vec::new(), Vec::new());
        let mut writer = Writer::new(Version::V1_4, serialization, document);
        writer.begin(&mut out);
        for n in 0..5000i64 {
            let text = "x".repeat(n as usize % 40);
            let cells = [n.to_be_bytes().to_vec(), text.into_bytes()];
            writer.row(cells.iter().map(|cell| Some(&**cell)), &mut out);
            // A line of base64 and a row at most wait inside.
            assert!(out.len() < 5000);
            sent.append(&mut out);
        }
        writer.row(
            [Some(&[0; 8][..]), Some(&[b'y'; 20_000])].into_iter(),
            &mut out,
        );
        writer.finish(Outcome::Complete, &mut out);
        sent.append(&mut out);
        if let Some(folder) = std::env::var_os("VOTABLE_KEEP") {
            let name = format!("long-{}.vot", serialization.name());
            std::fs::write(std::path::Path::new(&folder).join(name), &sent).unwrap();
        }
        let mut reader = Reader::open(std::io::BufReader::with_capacity(100, &*sent)).unwrap();
        for n in 0..5000 {
            let row = reader.next_row().unwrap().unwrap();
            assert_eq!((row.number, &row.values[0]), (n + 1, &Value::Int(n as i64)));
        }
        let last = reader.next_row().unwrap().unwrap();
        assert_eq!(last.values[1], Value::Text("y".repeat(20_000)));
        assert_eq!(reader.next_row().unwrap(), None);
        assert_eq!(reader.status(), Some(&Status::Ok));
    }
}
