//! The answer as chunks of bytes, pulled by whoever sends them.

use std::mem;

use bytes::Bytes;

use super::encoder::{Cut, Encoder, Ending, Rest, gathers, tells_overflow};
use super::links::Access;
use super::{CHUNK, Limit, Table};
use crate::dali::Layout;
use crate::database::{Batch, Error, Rows};

/// An answer under way.
///
/// Dropping it cancels the query.
pub struct Stream {
    encoder: Option<Encoder>,
    rows: Option<Rows>,
    /// Read ahead by [`Stream::open`].
    first: Option<Batch>,
    maxrec: u64,
    maxrec_limit: Limit,
    most_bytes: u64,
    bytes_limit: Limit,
    access: Option<Access>,
    whole: Option<usize>,
    cut: Option<Limit>,
    /// Bytes of the rows taken from the database, which are the measure where
    /// an answer is gathered before it is written.
    taken: u64,
    gathers: bool,
    tells_overflow: bool,
    buffer: Vec<u8>,
    rest: Rest,
    summary: Summary,
}

/// What has been written.
#[derive(Debug, Default)]
pub struct Summary {
    pub rows: u64,
    pub bytes: u64,
    /// A limit cut the answer off.
    pub overflow: bool,
    /// Which one.
    pub limit: Option<&'static str>,
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

impl Stream {
    /// Begins an answer and waits for its first rows, so that a query that
    /// fails at once is an error and not an answer; for its last where the
    /// format begins with what is known only then.
    pub async fn open(mut table: Table, layout: Layout) -> Result<Stream, Error> {
        let mut rows = table.rows.take();
        let mut stream = Stream::new(&table, layout)?;
        stream.first = match &mut rows {
            Some(rows) => rows.next().await?,
            None => None,
        };
        if stream.first.is_some() {
            stream.rows = rows;
        }
        if stream.gathers {
            stream.gather().await?;
        }
        Ok(stream)
    }

    fn new(table: &Table, layout: Layout) -> Result<Stream, Error> {
        let mut buffer = Vec::with_capacity(CHUNK + CHUNK / 4);
        let encoder = Encoder::new(layout, table, &mut buffer)?;
        Ok(Stream {
            encoder: Some(encoder),
            rows: None,
            first: None,
            maxrec: table.maxrec,
            maxrec_limit: table.maxrec_limit.clone(),
            most_bytes: table.bytes,
            bytes_limit: table.bytes_limit.clone(),
            access: table.links.access.clone(),
            whole: table.whole,
            cut: table.cut.clone(),
            taken: 0,
            gathers: gathers(layout),
            tells_overflow: tells_overflow(layout),
            buffer,
            rest: Rest::Nothing,
            summary: Summary {
                overflow: table.maxrec == 0,
                ..Summary::default()
            },
        })
    }

    /// The next chunk; waits for rows where it must.
    pub async fn next(&mut self) -> Chunk {
        while self.encoder.is_some() {
            let starting = self.summary.rows == 0;
            if let Err(error) = self.step().await {
                self.finish(Some(error));
            }
            if (starting || self.buffer.len() >= CHUNK) && !self.buffer.is_empty() {
                return Chunk::Bytes(self.chunk());
            }
        }
        while let Rest::Gathered(gathered) = &mut self.rest
            && self.buffer.len() < CHUNK
        {
            match gathered.more(&mut self.buffer) {
                Ok(true) => {}
                Ok(false) => self.rest = Rest::Nothing,
                Err(error) => {
                    self.rest = Rest::Unsaid;
                    self.summary.failure = Some(error);
                }
            }
        }
        if !self.buffer.is_empty() {
            return Chunk::Bytes(self.chunk());
        }
        match self.rest {
            Rest::Unsaid => Chunk::Broken,
            _ => Chunk::End,
        }
    }

    /// Takes all rows.
    async fn gather(&mut self) -> Result<(), Error> {
        while self.encoder.is_some() {
            self.step().await?;
        }
        match self.summary.failure.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Writes the next rows, or the end.
    async fn step(&mut self) -> Result<(), Error> {
        let batch = match self.first.take() {
            Some(batch) => Some(batch),
            None => match &mut self.rows {
                Some(rows) => rows.next().await?,
                None => None,
            },
        };
        match batch {
            Some(batch) if !batch.is_empty() && self.is_full() => {
                self.summary.limit = Some(self.bytes_limit.name);
                if self.tells_overflow {
                    self.summary.overflow = true;
                    self.finish(None);
                } else {
                    // Nobody counts bytes as they count rows: half an answer
                    // must not look whole.
                    self.finish(Some(Error::Data(format!(
                        "the answer is too large ({}). {}",
                        self.bytes_limit.name, self.bytes_limit.advice
                    ))));
                }
            }
            Some(batch) => {
                match &self.access {
                    Some(access) => self.write(&access.write(&batch))?,
                    None => self.write(&batch)?,
                }
                if self.summary.overflow {
                    self.finish(None);
                }
            }
            None => {
                if let Some(cut) = &self.cut {
                    self.summary.overflow = true;
                    self.summary.limit = Some(cut.name);
                }
                self.finish(None);
            }
        }
        Ok(())
    }

    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The same, and an end to the answer.
    pub fn into_summary(self) -> Summary {
        self.summary
    }

    /// Whether the answer has as many bytes as it may have.
    fn is_full(&self) -> bool {
        let written = match self.gathers {
            true => self.taken,
            false => self.summary.bytes + self.buffer.len() as u64,
        };
        written >= self.most_bytes
    }

    fn write(&mut self, batch: &Batch) -> Result<(), Error> {
        let left = self.maxrec.saturating_sub(self.summary.rows);
        let mut count = batch.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if count < batch.len()
            && let Some(column) = self.whole
        {
            let torn = batch.cell(count, column);
            while count > 0 && batch.cell(count - 1, column) == torn {
                count -= 1;
            }
        }
        if count < batch.len() {
            self.summary.overflow = true;
            self.summary.limit = Some(self.maxrec_limit.name);
        }
        self.taken += batch.size() as u64;
        self.summary.rows += count as u64;
        match &mut self.encoder {
            Some(encoder) => encoder.rows(batch, count, &mut self.buffer),
            None => Ok(()),
        }
    }

    /// Says how the answer ended and stops the query.
    fn finish(&mut self, failure: Option<Error>) {
        self.rows = None;
        let ending = match &failure {
            Some(error) => Ending::Failed(error),
            None if self.summary.overflow => {
                let by_bytes = self.summary.limit == Some(self.bytes_limit.name);
                let limit = match &self.cut {
                    Some(cut) if self.summary.limit == Some(cut.name) => cut,
                    _ if by_bytes => &self.bytes_limit,
                    _ => &self.maxrec_limit,
                };
                Ending::Overflow((self.maxrec > 0).then_some(Cut {
                    rows: self.summary.rows,
                    limit,
                }))
            }
            None => Ending::Complete,
        };
        let rest = match self.encoder.take() {
            Some(encoder) => encoder.finish(ending, &mut self.buffer),
            None => Ok(Rest::Nothing),
        };
        self.summary.failure = failure;
        self.rest = rest.unwrap_or_else(|error| {
            self.summary.failure = Some(error);
            Rest::Unsaid
        });
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
                maxrec,
                ..Table::of(columns)
            };
            let mut stream = Stream::new(&table, layout).ok()?;
            stream.first = batch;
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
            Some((text, stream.summary, broken))
        })
        .flatten()
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
