//! XML as the reader needs it: known elements, resolved text, bounded memory.
//!
//! Nothing is expanded but the five entities of XML and character references,
//! and nothing outside the document is looked at.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::XmlVersion;
use quick_xml::errors::SyntaxError;
use quick_xml::events::{BytesStart, Event};

use super::Limits;
use super::source::Source;
use crate::error::{Place, ReadError, ReadProblem};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Votable,
    Resource,
    Table,
    Field,
    Param,
    Values,
    Min,
    Max,
    Choice,
    Link,
    Group,
    Info,
    Description,
    Coosys,
    Timesys,
    TableData,
    Binary,
    Binary2,
    Fits,
    Stream,
    Row,
    Cell,
    Other,
}

impl Element {
    fn of(name: &str) -> Element {
        match name {
            "TD" => Element::Cell,
            "TR" => Element::Row,
            "VOTABLE" => Element::Votable,
            "RESOURCE" => Element::Resource,
            "TABLE" => Element::Table,
            "FIELD" => Element::Field,
            "PARAM" => Element::Param,
            "VALUES" => Element::Values,
            "MIN" => Element::Min,
            "MAX" => Element::Max,
            "OPTION" => Element::Choice,
            "LINK" => Element::Link,
            "GROUP" => Element::Group,
            "INFO" => Element::Info,
            "DESCRIPTION" => Element::Description,
            "COOSYS" => Element::Coosys,
            "TIMESYS" => Element::Timesys,
            "TABLEDATA" => Element::TableData,
            "BINARY" => Element::Binary,
            "BINARY2" => Element::Binary2,
            "FITS" => Element::Fits,
            "STREAM" => Element::Stream,
            _ => Element::Other,
        }
    }
}

#[derive(Debug)]
pub(super) enum Node {
    Open(Element, Attributes),
    Close(Element),
    Text(Cow<'static, str>),
    /// Text that should have been written otherwise, with what is wrong.
    Sloppy(Cow<'static, str>, &'static str),
    End,
}

#[derive(Debug)]
pub(super) struct Attributes(BytesStart<'static>);

impl Attributes {
    /// A value by its name, whatever the namespace prefix.
    pub fn get(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        let attribute = attributes.with_checks(false).flatten().find(|attribute| {
            attribute.key.local_name().as_ref() == name
                && !attribute.key.as_ref().starts_with("xmlns:")
        })?;
        Some(match attribute.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => value.into_owned(),
            // A bare & or an unknown entity: as it stands.
            Err(_) => attribute.value.into_owned(),
        })
    }
}

pub(super) struct Nodes<R> {
    reader: quick_xml::Reader<Source<R>>,
    buffer: Vec<u8>,
    depth: usize,
    limits: Limits,
    /// The element just opened was `<X/>`.
    empty: Option<Element>,
    started: bool,
}

/// Most bytes of a stream taken at once.
const PIECE: usize = 1 << 16;

impl<R: BufRead> Nodes<R> {
    pub fn new(source: Source<R>, limits: Limits) -> Nodes<R> {
        let mut reader = quick_xml::Reader::from_reader(source);
        reader.config_mut().allow_dangling_amp = true;
        Nodes {
            reader,
            buffer: Vec::new(),
            depth: 0,
            limits,
            empty: None,
            started: false,
        }
    }

    pub fn line(&self) -> u64 {
        self.reader.get_ref().line
    }

    /// Bytes taken from the input so far.
    pub fn bytes(&self) -> u64 {
        self.reader.get_ref().bytes
    }

    pub fn error(&self, problem: ReadProblem) -> ReadError {
        ReadError {
            place: Place {
                line: self.line(),
                ..Place::default()
            },
            problem,
        }
    }

    /// Elements, and text with references resolved; comments, processing
    /// instructions and document types are passed over.
    pub fn next(&mut self) -> Result<Node, ReadError> {
        if let Some(element) = self.empty.take() {
            self.depth = self.depth.saturating_sub(1);
            return Ok(Node::Close(element));
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().allowance = self.limits.cell_bytes;
            match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Comment(_) | Event::PI(_) | Event::DocType(_) | Event::Decl(_)) => {
                    continue;
                }
                Ok(Event::Eof) => {
                    return match self.depth {
                        0 if !self.started => Err(self.error(ReadProblem::NotVotable)),
                        0 => Ok(Node::End),
                        _ => Err(self.error(ReadProblem::Truncated)),
                    };
                }
                Ok(event) => {
                    let event = event.into_owned();
                    return self.node(event);
                }
                Err(error) => return Err(self.failure(error)),
            }
        }
    }

    fn node(&mut self, event: Event<'static>) -> Result<Node, ReadError> {
        Ok(match event {
            Event::Start(tag) => {
                let element = self.open(&tag)?;
                Node::Open(element, Attributes(tag))
            }
            Event::Empty(tag) => {
                let element = self.open(&tag)?;
                self.empty = Some(element);
                Node::Open(element, Attributes(tag))
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                Node::Close(Element::of(tag.local_name().as_ref()))
            }
            Event::Text(text) => {
                if !self.started && !text.trim_ascii().is_empty() {
                    return Err(self.error(ReadProblem::NotVotable));
                }
                let content = text.xml10_content();
                match content.starts_with('&') {
                    true => Node::Sloppy(content, "an & must be written &amp;"),
                    false => Node::Text(content),
                }
            }
            Event::CData(text) => Node::Text(text.xml10_content()),
            Event::GeneralRef(reference) => resolve(&reference),
            _ => Node::End,
        })
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<Element, ReadError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            let limit = self.limits.depth;
            return Err(self.error(ReadProblem::TooMuch {
                what: "the depth of elements",
                limit,
            }));
        }
        let element = Element::of(tag.local_name().as_ref());
        if !self.started && element != Element::Votable {
            return Err(self.error(ReadProblem::NotVotable));
        }
        self.started = true;
        Ok(element)
    }

    fn failure(&self, error: quick_xml::Error) -> ReadError {
        let source = self.reader.get_ref();
        self.error(match error {
            _ if source.exceeded => ReadProblem::TooMuch {
                what: "the bytes of one text or tag",
                limit: self.limits.cell_bytes,
            },
            _ if !self.started && source.bytes == 0 => ReadProblem::NotVotable,
            quick_xml::Error::Io(error) => {
                ReadProblem::Io(std::io::Error::new(error.kind(), error))
            }
            quick_xml::Error::Syntax(SyntaxError::InvalidBangMarkup) => {
                ReadProblem::Xml("a stray <!".into())
            }
            quick_xml::Error::Syntax(_) => ReadProblem::Truncated,
            error => ReadProblem::Xml(error.to_string()),
        })
    }

    /// Raw characters up to the next markup or reference, a piece at a time;
    /// empty when there are no more. Only after an element was opened, for
    /// streams that must not be collected in memory.
    pub fn raw(&mut self, piece: &mut Vec<u8>) -> Result<(), ReadError> {
        piece.clear();
        if self.empty.is_some() {
            return Ok(());
        }
        self.reader.get_mut().allowance = usize::MAX;
        let mut stream = self.reader.stream();
        let result = loop {
            match stream.fill_buf() {
                Ok(available) => {
                    let available = &available[..available.len().min(PIECE)];
                    let end = memchr::memchr2(b'<', b'&', available).unwrap_or(available.len());
                    piece.extend_from_slice(&available[..end]);
                    stream.consume(end);
                    break Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        result.map_err(|error| self.error(ReadProblem::Io(error)))
    }
}

fn resolve(reference: &str) -> Node {
    let known = match reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    };
    if !known.is_empty() {
        return Node::Text(Cow::Borrowed(known));
    }
    let code = match reference.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => digits.parse().ok(),
        },
        None => {
            return Node::Sloppy(
                Cow::Owned(format!("&{reference};")),
                "this entity is not known in XML",
            );
        }
    };
    match code.and_then(char::from_u32) {
        Some(character) if character != '\0' => Node::Text(Cow::Owned(character.to_string())),
        _ => Node::Sloppy(
            Cow::Borrowed("\u{FFFD}"),
            "this reference is to no character",
        ),
    }
}
