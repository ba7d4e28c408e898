//! The writers of all formats behind one face.

use adql::Column;
use votable::Outcome;

use super::aligned::Aligned;
use super::arrow::Arrow;
use super::delimited::{self, Delimiter};
use super::fits::Fits;
use super::geojson::Geojson;
use super::html::Html;
use super::json::{Frame, Json};
use super::moc::Moc;
use super::parquet::Parquet;
use super::votable::Votable;
use super::{Limit, Table};
use crate::dali::Layout;
use crate::database::{Batch, Error};

/// How the rows came to their end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending<'a> {
    Complete,
    /// There are more rows than are written; `None` when MAXREC is 0 and
    /// nobody looked.
    Overflow(Option<Cut<'a>>),
    Failed(&'a Error),
}

/// Where an answer was cut off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut<'a> {
    pub rows: u64,
    pub limit: &'a Limit,
}

/// An answer in its format. Bytes are appended to the caller's buffer.
pub(super) enum Encoder {
    Votable(Box<Votable>),
    Delimited(Delimiter),
    Json(Json),
    Geojson(Geojson),
    Html(Html),
    Arrow(Box<Arrow>),
    Parquet(Box<Parquet>),
    Fits(Box<Fits>),
    Moc(Box<Moc>),
    Aligned(Aligned),
}

/// Whether a format begins with what is known only after the last row. Such an
/// answer is gathered (on disk where it grows with the rows) before any of it
/// leaves, so that a failure is an error and not half an answer.
pub(super) fn gathers(layout: Layout) -> bool {
    matches!(layout, Layout::Fits | Layout::Moc(_))
}

/// Whether a format has a place to say that an answer is cut off.
pub(super) fn tells_overflow(layout: Layout) -> bool {
    !matches!(
        layout,
        Layout::Csv | Layout::Tsv | Layout::Json | Layout::Ndjson | Layout::Moc(_)
    )
}

impl Encoder {
    /// # Errors
    ///
    /// [`Error::Data`] when the format cannot hold an answer of these columns;
    /// the sentence is for whoever asked.
    pub fn new(layout: Layout, table: &Table, out: &mut Vec<u8>) -> Result<Encoder, Error> {
        let columns: &[Column] = &table.columns;
        Ok(match layout {
            Layout::Votable(serialization) => {
                let mut votable = Votable::new(serialization, table);
                votable.begin(out);
                Encoder::Votable(Box::new(votable))
            }
            Layout::Csv => {
                delimited::header(Delimiter::Comma, columns, out);
                Encoder::Delimited(Delimiter::Comma)
            }
            Layout::Tsv => {
                delimited::header(Delimiter::Tab, columns, out);
                Encoder::Delimited(Delimiter::Tab)
            }
            Layout::Json => Encoder::Json(Json::new(Frame::Array, columns, out)),
            Layout::Ndjson => Encoder::Json(Json::new(Frame::Lines, columns, out)),
            Layout::Geojson => Encoder::Geojson(Geojson::new(columns, out)?),
            Layout::Html => Encoder::Html(Html::new(table, out)),
            Layout::Arrow => Encoder::Arrow(Box::new(Arrow::new(table, out)?)),
            Layout::Parquet => Encoder::Parquet(Box::new(Parquet::new(table, out)?)),
            Layout::Fits => Encoder::Fits(Box::new(Fits::new(table)?)),
            Layout::Moc(coverage) => Encoder::Moc(Box::new(Moc::new(coverage, columns)?)),
            Layout::Text => Encoder::Aligned(Aligned::new(columns.to_vec())),
        })
    }

    /// Appends the first `count` rows of `batch`.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let count = count.min(batch.len());
        match self {
            Encoder::Votable(votable) => votable.rows(batch, count, out),
            Encoder::Delimited(delimiter) => delimited::rows(*delimiter, batch, count, out),
            Encoder::Json(json) => json.rows(batch, count, out),
            Encoder::Geojson(geojson) => geojson.rows(batch, count, out),
            Encoder::Html(html) => html.rows(batch, count, out),
            Encoder::Arrow(arrow) => return arrow.rows(batch, count, out),
            Encoder::Parquet(parquet) => return parquet.rows(batch, count, out),
            Encoder::Fits(fits) => return fits.rows(batch, count),
            Encoder::Moc(moc) => moc.rows(batch, count),
            Encoder::Aligned(aligned) => aligned.rows(batch, count, out),
        }
        Ok(())
    }

    /// Says how the answer ended.
    pub fn finish(self, ending: Ending<'_>, out: &mut Vec<u8>) -> Result<Rest, Error> {
        let failed = matches!(ending, Ending::Failed(_));
        match self {
            Encoder::Votable(votable) => votable.finish(ending.outcome(), out),
            Encoder::Html(html) => html.finish(ending, out),
            // Whoever reads it at the terminal is told there.
            Encoder::Aligned(mut aligned) => aligned.finish(out),
            _ if failed => return Ok(Rest::Unsaid),
            Encoder::Delimited(_) => {}
            Encoder::Json(json) => json.finish(out),
            Encoder::Geojson(geojson) => geojson.finish(ending, out),
            Encoder::Arrow(arrow) => arrow.finish(ending, out)?,
            Encoder::Parquet(parquet) => parquet.finish(ending, out)?,
            Encoder::Fits(mut fits) => {
                fits.finish(ending, out)?;
                return Ok(Rest::Gathered(fits));
            }
            Encoder::Moc(moc) => moc.finish(out)?,
        }
        Ok(Rest::Nothing)
    }
}

/// What is still to be done after the end is said.
pub(super) enum Rest {
    Nothing,
    /// The answer failed and its format has no words for that: it must be
    /// broken off.
    Unsaid,
    /// What was gathered is to be written.
    Gathered(Box<Fits>),
}

impl Ending<'_> {
    /// As VOTable says it.
    pub fn outcome(self) -> Outcome {
        match self {
            Ending::Complete => Outcome::Complete,
            Ending::Overflow(_) => Outcome::Overflow {
                message: self.sentence(),
            },
            Ending::Failed(_) => Outcome::Failed {
                message: self.sentence().unwrap_or_default(),
            },
        }
    }

    /// For people; nothing of an answer that is as it should be.
    pub fn sentence(self) -> Option<String> {
        match self {
            Ending::Complete | Ending::Overflow(None) => None,
            Ending::Overflow(Some(Cut { rows, limit })) => Some(format!(
                "The answer is cut off after {rows} rows ({}); there are more.{}{}",
                limit.name,
                if limit.advice.is_empty() { "" } else { " " },
                limit.advice
            )),
            Ending::Failed(error) => {
                let advice = match error {
                    Error::Timeout(_) => {
                        "; send it to async instead of sync, where it may take longer, or ask for \
                         fewer rows"
                    }
                    _ => "",
                };
                Some(format!("The answer ends half-way: {error}{advice}."))
            }
        }
    }

    /// QUERY_STATUS of DALI 1.1, section 4.4.
    pub fn status(self) -> &'static str {
        match self {
            Ending::Complete => "OK",
            Ending::Overflow(_) => "OVERFLOW",
            Ending::Failed(_) => "ERROR",
        }
    }
}

#[cfg(test)]
impl Cut<'static> {
    /// By MAXREC, with nothing to advise.
    pub fn after(rows: u64) -> Cut<'static> {
        const MAXREC: &Limit = &Limit {
            name: "MAXREC",
            advice: String::new(),
        };
        Cut {
            rows,
            limit: MAXREC,
        }
    }
}

/// Failing on the way from cells to bytes, which is ours and not the user's.
pub(super) fn broken(
    attempt: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::Driver {
        attempt: attempt.to_owned(),
        source: source.into(),
    }
}
