//! The answer as chunks of bytes, pulled by whoever sends them.

use std::mem;

use bytes::Bytes;
use votable::Outcome;

use super::Table;
use super::aligned::Aligned;
use super::delimited::{self, Delimiter};
use super::votable::Votable;
use crate::dali::Layout;
use crate::database::{Batch, Error, Rows};

/// Bytes of a chunk, about; the first leaves as soon as there are rows.
const CHUNK: usize = 64 * 1024;

/// An answer under way.
///
/// Dropping it cancels the query.
pub struct Stream {
    encoder: Option<Encoder>,
    rows: Option<Rows>,
    /// Read ahead by [`Stream::open`].
    first: Option<Batch>,
    maxrec: u64,
    buffer: Vec<u8>,
    /// The answer ended half-way in a format that cannot say so.
    broken: bool,
    summary: Summary,
}

/// What has been written.
#[derive(Debug, Default)]
pub struct Summary {
    pub rows: u64,
    pub bytes: u64,
    /// MAXREC cut the answer off.
    pub overflow: bool,
    /// Why the answer ended half-way.
    pub failure: Option<Error>,
}

/// What [`Stream::next`] gives.
pub enum Chunk {
    Bytes(Bytes),
    /// Everything has been given.
    End,
    /// The answer cannot be finished and its format has no words to say so:
    /// the connection must be broken off.
    Broken,
}

enum Encoder {
    Votable(Box<Votable>),
    Delimited(Delimiter),
    Aligned(Aligned),
}

impl Stream {
    /// Begins an answer and waits for its first rows, so that a query that
    /// fails at once is an error and not an answer.
    pub async fn open(mut table: Table, layout: Layout) -> Result<Stream, Error> {
        let mut rows = table.rows.take();
        let first = match &mut rows {
            Some(rows) => rows.next().await?,
            None => None,
        };
        if first.is_none() {
            rows = None;
        }
        Ok(Stream::new(&table, rows, first, layout))
    }

    fn new(table: &Table, rows: Option<Rows>, first: Option<Batch>, layout: Layout) -> Stream {
        let mut buffer = Vec::with_capacity(CHUNK + CHUNK / 4);
        let encoder = match layout {
            Layout::Votable(serialization) => {
                let mut votable = Votable::new(serialization, table);
                votable.begin(&mut buffer);
                Encoder::Votable(Box::new(votable))
            }
            Layout::Csv => {
                delimited::header(Delimiter::Comma, &table.columns, &mut buffer);
                Encoder::Delimited(Delimiter::Comma)
            }
            Layout::Tsv => {
                delimited::header(Delimiter::Tab, &table.columns, &mut buffer);
                Encoder::Delimited(Delimiter::Tab)
            }
            Layout::Text => Encoder::Aligned(Aligned::new(table.columns.clone())),
        };
        Stream {
            encoder: Some(encoder),
            rows,
            first,
            maxrec: table.maxrec,
            buffer,
            broken: false,
            summary: Summary {
                overflow: table.maxrec == 0,
                ..Summary::default()
            },
        }
    }

    /// The next chunk; waits for rows where it must.
    pub async fn next(&mut self) -> Chunk {
        while self.encoder.is_some() {
            let batch = match self.first.take() {
                Some(batch) => Ok(Some(batch)),
                None => match &mut self.rows {
                    Some(rows) => rows.next().await,
                    None => Ok(None),
                },
            };
            match batch {
                Ok(Some(batch)) => {
                    let starting = self.summary.rows == 0;
                    self.write(&batch);
                    if self.summary.overflow {
                        self.finish(None);
                    } else if (starting || self.buffer.len() >= CHUNK) && !self.buffer.is_empty() {
                        return Chunk::Bytes(self.chunk());
                    }
                }
                Ok(None) => self.finish(None),
                Err(error) => self.finish(Some(error)),
            }
        }
        if !self.buffer.is_empty() {
            return Chunk::Bytes(self.chunk());
        }
        match self.broken {
            true => Chunk::Broken,
            false => Chunk::End,
        }
    }

    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The same, and an end to the answer.
    pub fn into_summary(self) -> Summary {
        self.summary
    }

    fn write(&mut self, batch: &Batch) {
        let left = self.maxrec.saturating_sub(self.summary.rows);
        let count = batch.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.summary.overflow = count < batch.len();
        self.summary.rows += count as u64;
        let out = &mut self.buffer;
        match &mut self.encoder {
            Some(Encoder::Votable(votable)) => votable.rows(batch, count, out),
            Some(Encoder::Delimited(delimiter)) => delimited::rows(*delimiter, batch, count, out),
            Some(Encoder::Aligned(aligned)) => aligned.rows(batch, count, out),
            None => {}
        }
    }

    /// Says how the answer ended and stops the query.
    fn finish(&mut self, failure: Option<Error>) {
        self.rows = None;
        let out = &mut self.buffer;
        let overflow = format!(
            "The answer is cut off after {} rows (MAXREC); there are more.",
            self.summary.rows
        );
        match self.encoder.take() {
            Some(Encoder::Votable(votable)) => {
                let outcome = match &failure {
                    Some(error) => Outcome::Failed {
                        message: format!("The answer ends half-way: {error}."),
                    },
                    None if self.summary.overflow => Outcome::Overflow {
                        message: (self.maxrec > 0).then_some(overflow),
                    },
                    None => Outcome::Complete,
                };
                votable.finish(outcome, out);
            }
            Some(Encoder::Aligned(mut aligned)) => aligned.finish(out),
            Some(Encoder::Delimited(_)) => self.broken = failure.is_some(),
            None => {}
        }
        self.summary.failure = failure;
    }

    fn chunk(&mut self) -> Bytes {
        let full = mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + CHUNK / 4));
        self.summary.bytes += full.len() as u64;
        Bytes::from(full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dali::Serialization;
    use adql::Wire;
    use adql::{Column, Type};

    /// The whole answer of two rows, (1, 2000-01-01) and (2, NULL).
    fn written(layout: Layout, maxrec: u64) -> (String, Summary) {
        let (text, summary, _) = ended(layout, maxrec, None);
        (text, summary)
    }

    /// The same with a failure after the rows; and whether it was broken off.
    fn ended(layout: Layout, maxrec: u64, failure: Option<Error>) -> (String, Summary, bool) {
        let mut columns = vec![
            Column::new("n", Type::Integer),
            Column::new("seen", Type::Timestamp),
            Column::new("s_ra", Type::Double),
        ];
        columns[2].ucd = Some("pos.eq.ra".to_owned());
        let mut batch = Batch::new([Wire::Int4, Wire::Timestamp, Wire::Float8]);
        batch.push(Some(&1i32.to_be_bytes()));
        batch.push(Some(&0i64.to_be_bytes()));
        batch.push(Some(&10.5f64.to_be_bytes()));
        batch.push(Some(&2i32.to_be_bytes()));
        batch.push(None);
        batch.push(None);
        let batch = (maxrec > 0).then_some(batch);
        futures_util::FutureExt::now_or_never(async move {
            let mut text = Vec::new();
            let table = Table {
                columns,
                rows: None,
                maxrec,
                infos: Vec::new(),
                version: crate::dali::VotableVersion::default(),
            };
            let mut stream = Stream::new(&table, None, batch, layout);
            if failure.is_some()
                && let Chunk::Bytes(bytes) = stream.next().await
            {
                text.extend_from_slice(&bytes);
                stream.finish(failure);
            }
            let broken = loop {
                match stream.next().await {
                    Chunk::Bytes(bytes) => text.extend_from_slice(&bytes),
                    Chunk::End => break false,
                    Chunk::Broken => break true,
                }
            };
            let text = String::from_utf8_lossy(&text).into_owned();
            (text, stream.summary, broken)
        })
        .unwrap_or_default()
    }

    #[test]
    fn csv_is_cut_off_at_maxrec() {
        fn check(maxrec: u64, text: &str, overflow: bool) {
            let (written, summary) = written(Layout::Csv, maxrec);
            assert_eq!((written.as_str(), summary.overflow), (text, overflow));
        }
        check(9, "n,seen,s_ra\n1,2000-01-01T00:00:00,10.5\n2,,\n", false);
        check(2, "n,seen,s_ra\n1,2000-01-01T00:00:00,10.5\n2,,\n", false);
        check(1, "n,seen,s_ra\n1,2000-01-01T00:00:00,10.5\n", true);
        check(0, "n,seen,s_ra\n", true);
    }

    #[test]
    fn a_failure_half_way_is_said_or_the_answer_is_broken_off() {
        fn check(layout: Layout, said: bool) {
            let failure = Some(Error::Data("a number is too large".to_owned()));
            let (text, _, broken) = ended(layout, 9, failure);
            let message = "The answer ends half-way: a number is too large.</INFO>";
            assert_eq!((text.contains(message), broken), (said, !said), "{text}");
        }
        check(Layout::Votable(Serialization::Tabledata), true);
        check(Layout::Votable(Serialization::Binary2), true);
        check(Layout::Csv, false);
        check(Layout::Tsv, false);
    }

    #[test]
    fn votable_names_frames_and_says_how_it_ended() {
        let layout = Layout::Votable(Serialization::Tabledata);
        let (text, summary) = written(layout, 1);
        assert_eq!(summary.rows, 1);
        for part in [
            "<COOSYS ID=\"icrs\" system=\"ICRS\"/>",
            "ref=\"icrs\"",
            "xtype=\"timestamp\"",
            "<TD>2000-01-01T00:00:00</TD>",
            "value=\"OVERFLOW\"",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("TIMESYS"));
        let (text, _) = written(layout, 5);
        assert!(!text.contains("OVERFLOW"), "{text}");
        let (text, _) = written(layout, 0);
        assert!(
            text.contains("OVERFLOW") && !text.contains("<TR>"),
            "{text}"
        );
    }
}
