//! What can be wrong with a document we read, and where.

use std::fmt;

use crate::field::Datatype;

/// Where in a document. Lines and rows count from one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub line: u64,
    /// The row of the table, while rows are read.
    pub row: Option<u64>,
    /// The name of the field.
    pub field: Option<String>,
}

/// Reading had to stop.
#[derive(Debug)]
pub struct ReadError {
    pub place: Place,
    pub problem: ReadProblem,
}

#[derive(Debug)]
#[non_exhaustive]
pub enum ReadProblem {
    Io(std::io::Error),
    /// With what the XML reader says about it.
    Xml(String),
    Truncated,
    NotVotable,
    NoTable,
    /// A part of VOTable that is not read here.
    Unsupported(&'static str),
    /// More than [`Limits`](crate::Limits) allows of something.
    TooMuch {
        what: &'static str,
        limit: usize,
    },
    UnknownDatatype(String),
    /// A cell that is no value of its field.
    Value {
        text: String,
        datatype: Datatype,
    },
    Base64,
}

/// Something wrong that could be read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub place: Place,
    pub message: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field:?}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reading the VOTable, {}: ", self.place)?;
        match &self.problem {
            ReadProblem::Io(_) => f.write_str("the input could not be read"),
            ReadProblem::Xml(problem) => write!(f, "this is not well-formed XML: {problem}"),
            ReadProblem::Truncated => f.write_str("the document ends before it is complete"),
            ReadProblem::NotVotable => {
                f.write_str("this is not a VOTable: the first element must be VOTABLE")
            }
            ReadProblem::NoTable => f.write_str("there is no TABLE in the document"),
            ReadProblem::Unsupported(what) => {
                write!(
                    f,
                    "{what} cannot be read; write the table as TABLEDATA, BINARY or BINARY2 in one document"
                )
            }
            ReadProblem::TooMuch { what, limit } => {
                write!(f, "{what} is more than the limit of {limit}")
            }
            ReadProblem::UnknownDatatype(name) => write!(f, "{name:?} is not a VOTable datatype"),
            ReadProblem::Value { text, datatype } => {
                write!(f, "{text:?} is not a value of datatype {}", datatype.name())
            }
            ReadProblem::Base64 => f.write_str("the STREAM is not base64"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            ReadProblem::Io(error) => Some(error),
            _ => None,
        }
    }
}
