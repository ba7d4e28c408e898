//! Apache Parquet (<https://parquet.apache.org/docs/file-format/>) with the
//! metadata of a VOTable, as VOParquet has it
//! (<https://www.ivoa.net/documents/Notes/VOParquet/>).
//!
//! NULL is Parquet's, beside NaN and infinity; integers keep their width; times
//! are microseconds without a zone (they are UTC); positions and shapes are
//! lists of doubles. Units, UCDs, utypes, xtypes and descriptions, the query,
//! and OVERFLOW are in the VOTable, which stands in the footer.
//!
//! A row group is held until it is full, and no more than one.

use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use ::parquet::errors::{ParquetError, Result as Written};
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::{Type, TypePtr};
use adql::{Column, Wire};

use super::encoder::{Ending, broken};
use super::field::unique_names;
use super::votable::dataless;
use super::{Table, cell};
use crate::database::{Batch, Error};

/// Bytes of cells in a row group, about.
const FULL: usize = 8 * 1024 * 1024;

/// The keys of VOParquet 1.0.
const VERSION: &str = "IVOA.VOTable-Parquet.version";
const CONTENT: &str = "IVOA.VOTable-Parquet.content";

pub struct Parquet {
    writer: SerializedFileWriter<Vec<u8>>,
    described: Table,
    cells: Vec<Cells>,
    /// Bytes of the cells that wait.
    waiting: usize,
}

/// The cells of a column that wait.
struct Cells {
    wire: Wire,
    /// Whether a cell is there (1); in lists 0 null, 1 empty, 2 a number.
    definitions: Vec<i16>,
    /// In lists 0 where one begins, 1 within.
    repetitions: Vec<i16>,
    values: Values,
}

enum Values {
    Bool(Vec<bool>),
    Int4(Vec<i32>),
    Int8(Vec<i64>),
    Float4(Vec<f32>),
    Float8(Vec<f64>),
    Bytes(Vec<ByteArray>),
}

impl Parquet {
    pub fn new(table: &Table, out: &mut Vec<u8>) -> Result<Parquet, Error> {
        // The VOTable's fields have the names of the file's columns.
        let columns: Vec<Column> = table
            .columns
            .iter()
            .zip(unique_names(&table.columns))
            .map(|(column, name)| Column {
                name,
                ..column.clone()
            })
            .collect();
        let writer = schema(&columns).and_then(|schema| {
            let properties = WriterProperties::builder()
                .set_created_by(concat!("obstap ", env!("CARGO_PKG_VERSION")).to_owned())
                .set_compression(Compression::SNAPPY)
                // What describes every page would grow with the rows.
                .set_statistics_enabled(EnabledStatistics::Chunk)
                .set_offset_index_disabled(true)
                .build();
            SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))
        });
        let mut parquet = Parquet {
            writer: writer.map_err(unwritten)?,
            cells: columns
                .iter()
                .map(|column| Cells::new(column.kind.wire()))
                .collect(),
            described: Table {
                columns,
                rows: None,
                maxrec: table.maxrec,
                maxrec_limit: table.maxrec_limit.clone(),
                bytes: table.bytes,
                bytes_limit: table.bytes_limit.clone(),
                infos: table.infos.clone(),
                services: table.services.clone(),
                version: table.version,
                address: None,
                links: table.links.clone(),
                whole: None,
                cut: None,
                scratch: table.scratch.clone(),
            },
            waiting: 0,
        };
        parquet.pass_on(out).map_err(unwritten)?;
        Ok(parquet)
    }

    /// Takes the first `count` rows of `batch`, and appends a row group if there
    /// are enough.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        for row in 0..count {
            for (cells, value) in self.cells.iter_mut().zip(batch.row(row)) {
                self.waiting += value.map_or(0, <[u8]>::len) + 8;
                cells.push(value);
            }
        }
        if self.waiting >= FULL {
            self.group(out).map_err(unwritten)?;
        }
        Ok(())
    }

    pub fn finish(mut self, ending: Ending<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.waiting > 0 {
            self.group(out).map_err(unwritten)?;
        }
        let content = dataless(&self.described, &ending.outcome());
        let content = String::from_utf8_lossy(&content).into_owned();
        for (key, value) in [(VERSION, "1.0".to_owned()), (CONTENT, content)] {
            let pair = KeyValue::new(key.to_owned(), value);
            self.writer.append_key_value_metadata(pair);
        }
        self.writer.finish().map_err(unwritten)?;
        self.pass_on(out).map_err(unwritten)
    }

    /// Writes what waits as a row group.
    fn group(&mut self, out: &mut Vec<u8>) -> Written<()> {
        self.waiting = 0;
        let mut group = self.writer.next_row_group()?;
        for cells in &mut self.cells {
            if let Some(mut column) = group.next_column()? {
                cells.write(&mut column)?;
                column.close()?;
            }
        }
        group.close()?;
        self.pass_on(out)
    }

    /// Hands over what the library has written.
    fn pass_on(&mut self, out: &mut Vec<u8>) -> Written<()> {
        self.writer.flush()?;
        // The library counts what it wrote and does not look at it again.
        out.append(self.writer.inner_mut());
        Ok(())
    }
}

fn schema(columns: &[Column]) -> Written<TypePtr> {
    let fields = columns
        .iter()
        .map(|column| field(column).map(Arc::new))
        .collect::<Written<Vec<TypePtr>>>()?;
    let schema = Type::group_type_builder("answer").with_fields(fields);
    Ok(Arc::new(schema.build()?))
}

fn field(column: &Column) -> Written<Type> {
    let wire = column.kind.wire();
    let (physical, logical) = match wire {
        Wire::Bool => (Physical::BOOLEAN, None),
        Wire::Int2 => (Physical::INT32, Some(LogicalType::integer(16, true))),
        Wire::Int4 => (Physical::INT32, None),
        Wire::Int8 => (Physical::INT64, None),
        Wire::Float4 => (Physical::FLOAT, None),
        Wire::Float8 => (Physical::DOUBLE, None),
        Wire::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Wire::Timestamp => (
            Physical::INT64,
            Some(LogicalType::timestamp(false, TimeUnit::MICROS)),
        ),
        Wire::Bytes => (Physical::BYTE_ARRAY, None),
        // As the LIST of the format's logical types is to be written.
        Wire::Doubles | Wire::Ints => {
            let kind = match wire {
                Wire::Ints => Physical::INT32,
                _ => Physical::DOUBLE,
            };
            let number = Type::primitive_type_builder("element", kind)
                .with_repetition(Repetition::REQUIRED)
                .build()?;
            let list = Type::group_type_builder("list")
                .with_repetition(Repetition::REPEATED)
                .with_fields(vec![Arc::new(number)])
                .build()?;
            return Type::group_type_builder(&column.name)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(Some(LogicalType::List))
                .with_fields(vec![Arc::new(list)])
                .build();
        }
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

impl Cells {
    fn new(wire: Wire) -> Cells {
        Cells {
            wire,
            definitions: Vec::new(),
            repetitions: Vec::new(),
            values: match wire {
                Wire::Bool => Values::Bool(Vec::new()),
                Wire::Int2 | Wire::Int4 | Wire::Ints => Values::Int4(Vec::new()),
                Wire::Int8 | Wire::Timestamp => Values::Int8(Vec::new()),
                Wire::Float4 => Values::Float4(Vec::new()),
                Wire::Float8 | Wire::Doubles => Values::Float8(Vec::new()),
                Wire::Text | Wire::Bytes => Values::Bytes(Vec::new()),
            },
        }
    }

    fn push(&mut self, value: Option<&[u8]>) {
        if self.is_list() {
            return self.push_list(value);
        }
        let there = value.and_then(|value| self.values.push(self.wire, value));
        self.definitions.push(i16::from(there.is_some()));
    }

    fn is_list(&self) -> bool {
        matches!(self.wire, Wire::Doubles | Wire::Ints)
    }

    fn push_list(&mut self, value: Option<&[u8]>) {
        let cell = value.unwrap_or_default();
        let count = match &mut self.values {
            Values::Float8(values) => {
                let numbers = cell::floats(cell);
                values.extend_from_slice(&numbers);
                numbers.len()
            }
            Values::Int4(values) => {
                let numbers = cell::integers(cell);
                values.extend_from_slice(&numbers);
                numbers.len()
            }
            _ => 0,
        };
        if count == 0 {
            self.definitions.push(i16::from(value.is_some()));
            self.repetitions.push(0);
        }
        for place in 0..count {
            self.definitions.push(2);
            self.repetitions.push(i16::from(place > 0));
        }
    }

    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Written<()> {
        fn all<T: DataType>(
            column: &mut SerializedColumnWriter<'_>,
            values: &mut Vec<T::T>,
            definitions: &[i16],
            repetitions: Option<&[i16]>,
        ) -> Written<()> {
            let written = column.typed::<T>();
            written.write_batch(values, Some(definitions), repetitions)?;
            values.clear();
            Ok(())
        }
        let definitions = &self.definitions;
        let repetitions = self.is_list().then_some(self.repetitions.as_slice());
        match &mut self.values {
            Values::Bool(values) => all::<BoolType>(column, values, definitions, repetitions),
            Values::Int4(values) => all::<Int32Type>(column, values, definitions, repetitions),
            Values::Int8(values) => all::<Int64Type>(column, values, definitions, repetitions),
            Values::Float4(values) => all::<FloatType>(column, values, definitions, repetitions),
            Values::Float8(values) => all::<DoubleType>(column, values, definitions, repetitions),
            Values::Bytes(values) => all::<ByteArrayType>(column, values, definitions, repetitions),
        }?;
        self.definitions.clear();
        self.repetitions.clear();
        Ok(())
    }
}

impl Values {
    /// `None` if the cell is not what its type says.
    fn push(&mut self, wire: Wire, value: &[u8]) -> Option<()> {
        match self {
            Values::Bool(values) => values.push(*value.first()? != 0),
            Values::Int4(values) => values.push(i32::try_from(cell::integer(wire, value)?).ok()?),
            Values::Int8(values) => values.push(match wire {
                Wire::Timestamp => cell::since_1970(value)?,
                _ => cell::integer(wire, value)?,
            }),
            Values::Float4(values) => values.push(f32::from_be_bytes(cell::array(value)?)),
            Values::Float8(values) => values.push(cell::float(value)?),
            Values::Bytes(values) => values.push(match wire {
                // The format wants UTF-8.
                Wire::Text => ByteArray::from(String::from_utf8_lossy(value).as_ref()),
                _ => ByteArray::from(value.to_vec()),
            }),
        }
        Some(())
    }
}

fn unwritten(source: ParquetError) -> Error {
    broken("writing the answer as Parquet failed", source)
}
