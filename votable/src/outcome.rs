//! How an answer ended, in words a client looks for (DALI 1.1 §4.4).

use crate::document::{self, Document, Info, Version};
use crate::xml::{self, Tag};

/// The end of a results table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Complete,
    /// There were more rows than were asked for or allowed (§4.4.1).
    Overflow {
        message: Option<String>,
    },
    /// Something broke after the first rows had left (§4.4.2).
    Failed {
        message: String,
    },
}

/// What a document read says of itself, by its QUERY_STATUS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    Overflow,
    /// With the text of the INFO, which may be empty.
    Error(String),
}

impl Outcome {
    /// Nothing for a complete answer: the INFO before the table said OK.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Outcome::Complete => {}
            Outcome::Overflow { message } => {
                Info {
                    content: message.clone(),
                    ..Info::new("QUERY_STATUS", "OVERFLOW")
                }
                .write(out);
            }
            Outcome::Failed { message } => failure(message).write(out),
        }
    }
}

fn failure(message: &str) -> Info {
    Info {
        content: Some(message.into()),
        ..Info::new("QUERY_STATUS", "ERROR")
    }
}

/// A whole document without rows, for a format that keeps them elsewhere:
/// VOParquet (<https://www.ivoa.net/documents/Notes/VOParquet/>).
pub fn dataless_document(version: Version, document: &Document, outcome: &Outcome) -> Vec<u8> {
    let mut out = Vec::new();
    document.begin(version, &mut out);
    xml::close("TABLE", &mut out);
    outcome.write(&mut out);
    xml::close("RESOURCE", &mut out);
    document.end(&mut out);
    out
}

/// A whole document that says why there is no table.
pub fn error_document(version: Version, message: &str, infos: &[Info]) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + message.len());
    document::head(version, &mut out);
    Tag::new("RESOURCE", &mut out)
        .attribute("type", "results")
        .open();
    failure(message).write(&mut out);
    for info in infos {
        info.write(&mut out);
    }
    xml::close("RESOURCE", &mut out);
    xml::close("VOTABLE", &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::TableHead;
    use crate::field::{Datatype, Field};

    #[test]
    fn a_document_without_rows_has_no_data_and_says_how_the_answer_ended() {
        let document = Document {
            table: TableHead {
                fields: vec![Field::new("n", Datatype::Int)],
                ..TableHead::default()
            },
            ..Document::default()
        };
        let text = dataless_document(
            Version::V1_4,
            &document,
            &Outcome::Overflow { message: None },
        );
        let text = String::from_utf8_lossy(&text);
        let end = "<FIELD name=\"n\" datatype=\"int\"/>\n</TABLE>\n\
                   <INFO name=\"QUERY_STATUS\" value=\"OVERFLOW\"/>\n</RESOURCE>\n</VOTABLE>\n";
        assert!(text.ends_with(end), "{text}");
    }
}
