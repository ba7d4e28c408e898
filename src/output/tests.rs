//! One table of every type in every format, as files to look at, and any table
//! there and back through the formats that have a reader here.
//!
//! `UPDATE_CASES=1 cargo test --lib output` writes the files anew; the
//! difference is to be read.

use std::path::Path;
use std::{env, fs};

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use adql::{Column, Type, Wire};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use bytes::Bytes;
use proptest::prelude::*;

use super::Table;
use super::encoder::{Cut, Encoder, Ending, Rest};
use crate::dali::{Layout, Serialization};
use crate::database::Batch;

const KINDS: [(&str, Type); 15] = [
    ("flag", Type::Boolean),
    ("small", Type::SmallInt),
    ("whole", Type::Integer),
    ("large", Type::BigInt),
    ("real", Type::Real),
    ("double", Type::Double),
    ("text", Type::Text),
    ("unicode", Type::Text),
    ("moment", Type::Timestamp),
    ("bytes", Type::Binary),
    ("point", Type::Point),
    ("circle", Type::Circle),
    ("polygon", Type::Polygon),
    ("region", Type::Region),
    ("list", Type::Integers),
];

fn columns() -> Vec<Column> {
    let mut columns = KINDS.map(|(name, kind)| Column::new(name, kind)).to_vec();
    columns[5].unit = Some("deg".to_owned());
    columns[5].ucd = Some("pos.eq.ra;meta.main".to_owned());
    columns[5].utype = Some("obscore:Char.SpatialAxis.Coverage".to_owned());
    columns[5].description = Some("It's <an> \"angle\" & more".to_owned());
    columns[7].unicode = true;
    columns
}

type Cell = Option<Vec<u8>>;

fn batch(rows: &[Vec<Cell>]) -> Batch {
    let wires: Vec<Wire> = KINDS.iter().map(|(_, kind)| kind.wire()).collect();
    let mut batch = Batch::new(wires);
    for cell in rows.iter().flatten() {
        batch.push(cell.as_deref());
    }
    batch
}

fn doubles(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn integers(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// An ordinary row, one of extremes, one of what is not finite or is empty,
/// and one of nothing.
fn rows() -> Vec<Vec<Cell>> {
    let row = |flag: bool, numbers: (i16, i32, i64, f32, f64), texts: [&str; 2], micros: i64| {
        let (small, whole, large, real, double) = numbers;
        let square = [10.0, 0.0, 11.0, 0.0, 11.0, 1.0, 10.0, 1.0];
        [
            vec![u8::from(flag)],
            small.to_be_bytes().to_vec(),
            whole.to_be_bytes().to_vec(),
            large.to_be_bytes().to_vec(),
            real.to_be_bytes().to_vec(),
            double.to_be_bytes().to_vec(),
            texts[0].as_bytes().to_vec(),
            texts[1].as_bytes().to_vec(),
            micros.to_be_bytes().to_vec(),
            vec![0, 127, 255],
            doubles(&[10.5, -20.25]),
            doubles(&[10.5, -20.25, 0.1]),
            doubles(&square),
            b"CIRCLE ICRS 10.5 -20.25 0.1".to_vec(),
            integers(&[1, i32::MIN]),
        ]
        .map(Some)
        .to_vec()
    };
    let mut extreme = row(
        false,
        (i16::MIN, i32::MIN, i64::MIN, f32::MAX, f64::MIN_POSITIVE),
        ["say \"a, b\"\t\n<&>\\", "Ωμέγα 🔭"],
        -1,
    );
    extreme[13] = Some(b"POLYGON ICRS 179 0 181 0 181 1 179 1".to_vec());
    let mut empty = row(false, (0, 0, 0, f32::NAN, f64::NEG_INFINITY), ["", ""], 0);
    empty[9] = Some(Vec::new());
    empty[13] = None;
    let numbers = (-7, 70_000, 1 << 53, 0.1, 0.1 + 0.2);
    vec![
        row(true, numbers, ["M31", "Café"], 631_152_000_123_456),
        extreme,
        empty,
        vec![None; KINDS.len()],
    ]
}

/// The whole answer.
fn written(layout: Layout, batches: &[Batch], ending: Ending<'_>) -> Vec<u8> {
    let table = Table {
        infos: vec![("QUERY".to_owned(), "SELECT *\nFROM every.type".to_owned())],
        ..Table::of(columns())
    };
    let mut out = Vec::new();
    let mut encoder = Encoder::new(layout, &table, &mut out).unwrap();
    for batch in batches {
        encoder.rows(batch, batch.len(), &mut out).unwrap();
    }
    if let Rest::Gathered(mut rest) = encoder.finish(ending, &mut out).unwrap() {
        while rest.more(&mut out).unwrap() {}
    }
    out
}

#[test]
fn every_type_is_written_as_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/output/golden");
    for layout in [
        Layout::Votable(Serialization::Tabledata),
        Layout::Csv,
        Layout::Tsv,
        Layout::Json,
        Layout::Ndjson,
        Layout::Html,
        Layout::Geojson,
        Layout::Fits,
    ] {
        let file = folder.join(format!("every_type.{}", layout.extension()));
        let found = written(
            layout,
            &[batch(&rows())],
            Ending::Overflow(Some(Cut::after(4))),
        );
        if env::var_os("UPDATE_CASES").is_some() {
            fs::write(&file, &found).unwrap();
        }
        let expected = fs::read(&file).unwrap_or_default();
        assert!(
            found == expected,
            "{} differs; it is now\n{}",
            file.display(),
            String::from_utf8_lossy(&found)
        );
    }
}

/// Cells of every type.
fn any_row() -> impl Strategy<Value = Vec<Cell>> {
    let kinds = KINDS.map(|(_, kind)| {
        let bytes = match kind.wire() {
            Wire::Bool => any::<bool>().prop_map(|b| vec![u8::from(b)]).boxed(),
            Wire::Int2 => any::<i16>().prop_map(|n| n.to_be_bytes().to_vec()).boxed(),
            Wire::Int4 => any::<i32>().prop_map(|n| n.to_be_bytes().to_vec()).boxed(),
            Wire::Int8 => any::<i64>().prop_map(|n| n.to_be_bytes().to_vec()).boxed(),
            Wire::Float4 => any::<f32>().prop_map(|n| n.to_be_bytes().to_vec()).boxed(),
            Wire::Float8 => any::<f64>().prop_map(|n| n.to_be_bytes().to_vec()).boxed(),
            Wire::Timestamp => (-60_000_000_000_000_000i64..250_000_000_000_000_000)
                .prop_map(|n| n.to_be_bytes().to_vec())
                .boxed(),
            Wire::Text => any::<String>().prop_map(String::into_bytes).boxed(),
            Wire::Bytes => any::<Vec<u8>>().boxed(),
            Wire::Doubles => {
                let numbers = proptest::collection::vec(any::<f64>(), 0..5);
                numbers.prop_map(|numbers| doubles(&numbers)).boxed()
            }
            Wire::Ints => {
                let numbers = proptest::collection::vec(any::<i32>(), 0..5);
                numbers.prop_map(|numbers| integers(&numbers)).boxed()
            }
        };
        proptest::option::of(bytes)
    });
    kinds.to_vec()
}

fn of_arrow(bytes: &[u8]) -> Vec<Vec<Cell>> {
    let reader = arrow_ipc::reader::StreamReader::try_new(bytes, None).unwrap();
    let cells = |batch: RecordBatch| {
        let row = |row: usize| {
            let columns = batch.columns().iter().zip(KINDS);
            let cell = columns.map(|(array, (_, kind))| {
                let cell = match kind.wire() {
                    Wire::Bool => vec![u8::from(array.as_boolean().value(row))],
                    Wire::Int2 => array
                        .as_primitive::<Int16Type>()
                        .value(row)
                        .to_be_bytes()
                        .into(),
                    Wire::Int4 => array
                        .as_primitive::<Int32Type>()
                        .value(row)
                        .to_be_bytes()
                        .into(),
                    Wire::Int8 => array
                        .as_primitive::<Int64Type>()
                        .value(row)
                        .to_be_bytes()
                        .into(),
                    Wire::Float4 => array
                        .as_primitive::<Float32Type>()
                        .value(row)
                        .to_be_bytes()
                        .into(),
                    Wire::Float8 => array
                        .as_primitive::<Float64Type>()
                        .value(row)
                        .to_be_bytes()
                        .into(),
                    Wire::Timestamp => {
                        since_2000(array.as_primitive::<TimestampMicrosecondType>().value(row))
                    }
                    Wire::Text => array.as_string::<i32>().value(row).as_bytes().to_vec(),
                    Wire::Bytes => array.as_binary::<i32>().value(row).to_vec(),
                    Wire::Doubles => {
                        let numbers = array.as_list::<i32>().value(row);
                        doubles(numbers.as_primitive::<Float64Type>().values())
                    }
                    Wire::Ints => {
                        let numbers = array.as_list::<i32>().value(row);
                        integers(numbers.as_primitive::<Int32Type>().values())
                    }
                };
                array.is_valid(row).then_some(cell)
            });
            cell.collect()
        };
        (0..batch.num_rows()).map(row).collect::<Vec<_>>()
    };
    reader.flat_map(|batch| cells(batch.unwrap())).collect()
}

fn of_parquet(bytes: Vec<u8>) -> Vec<Vec<Cell>> {
    let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
    let cell = |field: &Field| {
        Some(match field {
            Field::Null => return None,
            Field::Bool(value) => vec![u8::from(*value)],
            Field::Short(value) => value.to_be_bytes().into(),
            Field::Int(value) => value.to_be_bytes().into(),
            Field::Long(value) => value.to_be_bytes().into(),
            Field::Float(value) => value.to_be_bytes().into(),
            Field::Double(value) => value.to_be_bytes().into(),
            Field::TimestampMicros(value) => since_2000(*value),
            Field::Str(value) => value.as_bytes().to_vec(),
            Field::Bytes(value) => value.data().to_vec(),
            Field::ListInternal(list) => {
                let bytes = list.elements().iter().map(|element| match element {
                    Field::Double(number) => number.to_be_bytes().to_vec(),
                    Field::Int(number) => number.to_be_bytes().to_vec(),
                    other => panic!("{other} in a list"),
                });
                bytes.collect::<Vec<_>>().concat()
            }
            other => panic!("{other}"),
        })
    };
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let row = row.unwrap();
        row.get_column_iter()
            .map(|(_, field)| cell(field))
            .collect()
    })
    .collect()
}

fn since_2000(micros: i64) -> Vec<u8> {
    (micros - adql::time::FROM_1970).to_be_bytes().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is written is what is read, to the bit.
    #[test]
    fn any_table_comes_back(rows in proptest::collection::vec(any_row(), 0..8), first in 0usize..8) {
        let (first, second) = rows.split_at(first.min(rows.len()));
        let batches = [batch(first), batch(second)];
        let arrow = written(Layout::Arrow, &batches, Ending::Overflow(Some(Cut::after(8))));
        prop_assert_eq!(of_arrow(&arrow), rows.clone());
        let parquet = written(Layout::Parquet, &batches, Ending::Complete);
        prop_assert_eq!(of_parquet(parquet), rows);
    }

    /// JSON stays JSON, with a member for every column, whatever the cells.
    #[test]
    fn any_table_is_json(rows in proptest::collection::vec(any_row(), 0..4)) {
        for layout in [Layout::Json, Layout::Geojson] {
            let text = written(layout, &[batch(&rows)], Ending::Complete);
            let read: serde_json::Value = serde_json::from_slice(&text)?;
            let found = read.get("features").unwrap_or(&read).as_array().map(Vec::len);
            prop_assert_eq!(found, Some(rows.len()));
        }
    }
}
