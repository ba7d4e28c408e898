//! Small XML documents, written into memory.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

pub type Xml = Writer<Vec<u8>>;

/// The media type of such documents (VOSI 1.1 section 2).
pub const MEDIA_TYPE: &str = "text/xml;charset=utf-8";

pub const XSI: (&str, &str) = ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");

/// A whole document. Writing into memory cannot fail; if it does, the
/// document ends early and is no XML.
pub fn document(write: impl FnOnce(&mut Xml) -> io::Result<()>) -> Vec<u8> {
    let mut xml = Writer::new_with_indent(Vec::with_capacity(4096), b' ', 1);
    let _ = xml
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| write(&mut xml));
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    bytes
}

/// `<name>text</name>`.
pub fn element(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name)
        .write_text_content(BytesText::new(&printable(text)))
        .map(drop)
}

/// The same, and nothing at all without text.
pub fn maybe(xml: &mut Xml, name: &str, text: Option<&str>) -> io::Result<()> {
    match text {
        Some(text) if !text.is_empty() => element(xml, name, text),
        _ => Ok(()),
    }
}

/// XML 1.0 has no place for most control characters (section 2.2).
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => c,
            '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c if c < ' ' => '\u{fffd}',
            c => c,
        })
        .collect()
}
