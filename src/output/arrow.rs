//! The stream of Arrow's IPC format
//! (<https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format>).
//!
//! NULL is Arrow's, beside NaN and infinity; integers keep their width; times
//! are microseconds without a zone (they are UTC); positions and shapes are
//! lists of doubles. `unit`, `ucd`, `utype`, `xtype` and `description` are in
//! the metadata of the fields, the query in that of the schema.
//!
//! Cut off by MAXREC, the stream ends with a batch without rows whose metadata
//! have `QUERY_STATUS` = `OVERFLOW`.

use std::collections::HashMap;
use std::sync::Arc;

use adql::{Column, Wire};
use arrow_array::builder::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Float32Builder, Float64Builder, Int16Builder,
    Int32Builder, Int64Builder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions, StreamWriter};
use arrow_ipc::{KeyValueBuilder, MessageBuilder, MetadataVersion, RecordBatchBuilder};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use flatbuffers::FlatBufferBuilder;

use super::encoder::{Ending, broken};
use super::field::unique_names;
use super::{Table, cell};
use crate::dali::Datatype;
use crate::database::{Batch, Error};

/// Bytes of cells after which a batch is written.
const FULL: usize = 512 * 1024;

pub struct Arrow {
    schema: SchemaRef,
    writer: StreamWriter<Vec<u8>>,
    columns: Vec<Cells>,
    /// Bytes of the cells that wait; the first rows do not.
    waiting: usize,
    begun: bool,
}

/// The cells of a column that wait.
enum Cells {
    Bool(BooleanBuilder),
    Int2(Int16Builder),
    Int4(Int32Builder),
    Int8(Int64Builder),
    Float4(Float32Builder),
    Float8(Float64Builder),
    Text(StringBuilder),
    Time(TimestampMicrosecondBuilder),
    Bytes(BinaryBuilder),
    Doubles(ListBuilder<Float64Builder>),
    Ints(ListBuilder<Int32Builder>),
}

impl Arrow {
    pub fn new(table: &Table, out: &mut Vec<u8>) -> Result<Arrow, Error> {
        let names = unique_names(&table.columns);
        let fields: Vec<Field> = table.columns.iter().zip(names).map(field).collect();
        let infos: HashMap<String, String> = table.infos.iter().cloned().collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, infos));
        let writer = StreamWriter::try_new(Vec::new(), &schema).map_err(unwritten)?;
        let mut arrow = Arrow {
            schema,
            writer,
            columns: table
                .columns
                .iter()
                .map(|column| Cells::new(column.kind.wire()))
                .collect(),
            waiting: 0,
            begun: false,
        };
        out.append(arrow.writer.get_mut());
        Ok(arrow)
    }

    /// Takes the first `count` rows of `batch`, and appends those that waited
    /// if they are many.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        for row in 0..count {
            for (column, value) in self.columns.iter_mut().zip(batch.row(row)) {
                self.waiting += value.map_or(0, <[u8]>::len) + 1;
                column.push(value);
            }
        }
        if self.waiting >= FULL || !self.begun && count > 0 {
            self.begun = true;
            self.write(out)?;
        }
        Ok(())
    }

    pub fn finish(mut self, ending: Ending<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.waiting > 0 {
            self.write(out)?;
        }
        if let Ending::Overflow(_) = ending {
            self.remark("QUERY_STATUS", ending.status(), out)?;
        }
        self.writer.finish().map_err(unwritten)?;
        out.append(self.writer.get_mut());
        Ok(())
    }

    fn write(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.waiting = 0;
        let batch = self.batch()?;
        self.writer.write(&batch).map_err(unwritten)?;
        out.append(self.writer.get_mut());
        Ok(())
    }

    /// What waits.
    fn batch(&mut self) -> Result<RecordBatch, Error> {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Cells::finish).collect();
        RecordBatch::try_new(self.schema.clone(), arrays).map_err(unwritten)
    }

    /// Appends a batch without rows that carries a remark: the library writes
    /// batches, but none with metadata.
    fn remark(&mut self, name: &str, value: &str, out: &mut Vec<u8>) -> Result<(), Error> {
        let empty = self.batch()?;
        let options = IpcWriteOptions::default();
        let mut dictionaries = DictionaryTracker::new(false);
        let (_, plain) = IpcDataGenerator::default()
            .encode(&empty, &mut dictionaries, &options, &mut Default::default())
            .map_err(unwritten)?;
        let message = arrow_ipc::root_as_message(&plain.ipc_message)
            .map_err(|error| unwritten(error.to_string()))?;
        let Some(batch) = message.header_as_record_batch() else {
            return Ok(());
        };
        let mut builder = FlatBufferBuilder::new();
        let nodes: Vec<_> = batch.nodes().iter().flatten().copied().collect();
        let buffers: Vec<_> = batch.buffers().iter().flatten().copied().collect();
        let nodes = builder.create_vector(&nodes);
        let buffers = builder.create_vector(&buffers);
        let mut header = RecordBatchBuilder::new(&mut builder);
        header.add_length(0);
        header.add_nodes(nodes);
        header.add_buffers(buffers);
        let header = header.finish().as_union_value();
        let (name, value) = (builder.create_string(name), builder.create_string(value));
        let mut pair = KeyValueBuilder::new(&mut builder);
        pair.add_key(name);
        pair.add_value(value);
        let pair = pair.finish();
        let pairs = builder.create_vector(&[pair]);
        let mut message = MessageBuilder::new(&mut builder);
        message.add_version(MetadataVersion::V5);
        message.add_header_type(arrow_ipc::MessageHeader::RecordBatch);
        message.add_bodyLength(plain.arrow_data.len() as i64);
        message.add_header(header);
        message.add_custom_metadata(pairs);
        let message = message.finish();
        builder.finish(message, None);
        let bytes = builder.finished_data();
        // Encapsulated message format: a mark, the length of what follows
        // padded to 8 bytes, the message, the body.
        let padded = bytes.len().next_multiple_of(8);
        out.extend_from_slice(&[0xff; 4]);
        out.extend_from_slice(&(padded as i32).to_le_bytes());
        out.extend_from_slice(bytes);
        out.resize(out.len() + padded - bytes.len(), 0);
        out.extend_from_slice(&plain.arrow_data);
        Ok(())
    }
}

fn field((column, name): (&Column, String)) -> Field {
    let kind = match column.kind.wire() {
        Wire::Bool => DataType::Boolean,
        Wire::Int2 => DataType::Int16,
        Wire::Int4 => DataType::Int32,
        Wire::Int8 => DataType::Int64,
        Wire::Float4 => DataType::Float32,
        Wire::Float8 => DataType::Float64,
        Wire::Text => DataType::Utf8,
        Wire::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Wire::Bytes => DataType::Binary,
        Wire::Doubles => DataType::new_list(DataType::Float64, true),
        Wire::Ints => DataType::new_list(DataType::Int32, true),
    };
    let said = [
        ("unit", column.unit.as_deref()),
        ("ucd", column.ucd.as_deref()),
        ("utype", column.utype.as_deref()),
        ("xtype", Datatype::of(column).xtype),
        ("description", column.description.as_deref()),
    ];
    let said: HashMap<String, String> = said
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
        .collect();
    Field::new(name, kind, true).with_metadata(said)
}

impl Cells {
    fn new(wire: Wire) -> Cells {
        match wire {
            Wire::Bool => Cells::Bool(BooleanBuilder::new()),
            Wire::Int2 => Cells::Int2(Int16Builder::new()),
            Wire::Int4 => Cells::Int4(Int32Builder::new()),
            Wire::Int8 => Cells::Int8(Int64Builder::new()),
            Wire::Float4 => Cells::Float4(Float32Builder::new()),
            Wire::Float8 => Cells::Float8(Float64Builder::new()),
            Wire::Text => Cells::Text(StringBuilder::new()),
            Wire::Timestamp => Cells::Time(TimestampMicrosecondBuilder::new()),
            Wire::Bytes => Cells::Bytes(BinaryBuilder::new()),
            Wire::Doubles => Cells::Doubles(ListBuilder::new(Float64Builder::new())),
            Wire::Ints => Cells::Ints(ListBuilder::new(Int32Builder::new())),
        }
    }

    fn push(&mut self, value: Option<&[u8]>) {
        match self {
            Cells::Bool(cells) => cells.append_option(value.map(|v| v.first() == Some(&1))),
            Cells::Int2(cells) => {
                cells.append_option(value.and_then(cell::array).map(i16::from_be_bytes));
            }
            Cells::Int4(cells) => {
                cells.append_option(value.and_then(cell::array).map(i32::from_be_bytes));
            }
            Cells::Int8(cells) => {
                cells.append_option(value.and_then(cell::array).map(i64::from_be_bytes));
            }
            Cells::Float4(cells) => {
                cells.append_option(value.and_then(cell::array).map(f32::from_be_bytes));
            }
            Cells::Float8(cells) => cells.append_option(value.and_then(cell::float)),
            Cells::Text(cells) => cells.append_option(value.map(String::from_utf8_lossy)),
            Cells::Time(cells) => cells.append_option(value.and_then(cell::since_1970)),
            Cells::Bytes(cells) => cells.append_option(value),
            Cells::Doubles(cells) => {
                if let Some(value) = value {
                    cells.values().append_slice(&cell::floats(value));
                }
                cells.append(value.is_some());
            }
            Cells::Ints(cells) => {
                if let Some(value) = value {
                    cells.values().append_slice(&cell::integers(value));
                }
                cells.append(value.is_some());
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        let cells: &mut dyn ArrayBuilder = match self {
            Cells::Bool(cells) => cells,
            Cells::Int2(cells) => cells,
            Cells::Int4(cells) => cells,
            Cells::Int8(cells) => cells,
            Cells::Float4(cells) => cells,
            Cells::Float8(cells) => cells,
            Cells::Text(cells) => cells,
            Cells::Time(cells) => cells,
            Cells::Bytes(cells) => cells,
            Cells::Doubles(cells) => cells,
            Cells::Ints(cells) => cells,
        };
        cells.finish()
    }
}

fn unwritten(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    broken("writing the answer as Arrow failed", source)
}
