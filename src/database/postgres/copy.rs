//! COPY BINARY made from batches, whose cells are already in its encoding
//! (PostgreSQL's manual, COPY, "Binary Format").

use std::pin::Pin;

use adql::Wire;
use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::Object;
use futures_util::SinkExt;
use tokio_postgres::CopyInSink;

use super::{errors, values};
use crate::database::{Batch, Error};

/// Signature, no flags, no extension of the header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1i16).to_be_bytes();

/// Bytes sent at a time.
const CHUNK: usize = 128 * 1024;

/// A COPY that takes rows until it is finished. Dropped, it fails, and the
/// transaction with it.
pub(super) struct Copy {
    sql: String,
    table: String,
    sink: Pin<Box<CopyInSink<Bytes>>>,
    buffer: BytesMut,
}

impl Copy {
    pub(super) async fn start(client: &Object, sql: String, table: String) -> Result<Copy, Error> {
        let sink = client.copy_in(&sql).await;
        let sink = sink.map_err(|error| errors::explain(&attempt(&table), error))?;
        Ok(Copy {
            sql,
            table,
            sink: Box::pin(sink),
            buffer: BytesMut::from(HEADER),
        })
    }

    /// Whether rows for this statement may join.
    pub(super) fn is(&self, sql: &str) -> bool {
        self.sql == sql
    }

    pub(super) async fn append(&mut self, rows: &Batch) -> Result<(), Error> {
        let too_long = |_| Error::Data(format!("a value for {} is too long", self.table));
        let width = i16::try_from(rows.wires().len()).map_err(too_long)?;
        for row in 0..rows.len() {
            self.buffer.put_i16(width);
            for (cell, wire) in rows.row(row).zip(rows.wires()) {
                put(&mut self.buffer, cell, *wire)
                    .map_err(|_| Error::Data(format!("a value for {} is too long", self.table)))?;
            }
            if self.buffer.len() >= CHUNK {
                self.send().await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), Error> {
        let chunk = self.buffer.split().freeze();
        if let Err(error) = self.sink.send(chunk).await {
            // The server gave up on the rows and will say why.
            let error = self.sink.as_mut().finish().await.err().unwrap_or(error);
            return Err(errors::explain(&attempt(&self.table), error));
        }
        self.buffer.reserve(CHUNK);
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(), Error> {
        self.buffer.extend_from_slice(&TRAILER);
        self.send().await?;
        let done = self.sink.as_mut().finish().await;
        done.map_err(|error| errors::explain(&attempt(&self.table), error))?;
        Ok(())
    }
}

fn attempt(table: &str) -> String {
    format!("add rows to {table}")
}

fn put(
    out: &mut BytesMut,
    cell: Option<&[u8]>,
    wire: Wire,
) -> Result<(), std::num::TryFromIntError> {
    match (cell, wire) {
        (None, _) => out.put_i32(-1),
        (Some(cell), Wire::Doubles) => {
            let count = cell.len() / 8;
            let size = values::array_header_size(count) + 12 * count;
            out.put_i32(size.try_into()?);
            values::array_header(count, out)?;
            for value in cell.chunks_exact(8) {
                out.put_i32(8);
                out.put_slice(value);
            }
        }
        (Some(cell), _) => {
            out.put_i32(cell.len().try_into()?);
            out.put_slice(cell);
        }
    }
    Ok(())
}
