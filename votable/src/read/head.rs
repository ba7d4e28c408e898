//! What stands before the rows and after them.

use std::io::BufRead;

use super::nodes::{Attributes, Element, Node, Nodes};
use super::rows::{Rows, Stream};
use super::{Limits, Warnings};
use crate::document::{Coosys, Info, Timesys};
use crate::error::{ReadError, ReadProblem};
use crate::field::{Datatype, Field, Length, Param};
use crate::group::Link;
use crate::outcome::Status;
use crate::value::Column;

/// All that is not rows.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub version: Option<String>,
    pub table_name: Option<String>,
    /// The nearest to the table: of TABLE, else RESOURCE, else VOTABLE.
    pub description: Option<String>,
    pub fields: Vec<Field>,
    pub params: Vec<Param>,
    pub infos: Vec<Info>,
    pub coosys: Vec<Coosys>,
    pub timesys: Vec<Timesys>,
    pub status: Option<Status>,
    /// `VALUES null` of each field, as written.
    nulls: Vec<Option<String>>,
    /// Bytes of the INFOs.
    kept: usize,
}

/// What the element being read belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    Document,
    Field,
    Param,
}

/// Reads up to the first row.
pub(super) fn read<R: BufRead>(
    nodes: &mut Nodes<R>,
    limits: &Limits,
    warnings: &mut Warnings,
) -> Result<(Head, Rows), ReadError> {
    let mut head = Head::default();
    let mut subject = Subject::Document;
    let mut in_table = false;
    let mut groups = 0usize;
    let mut binary = None;
    loop {
        if nodes.bytes() > limits.head_bytes as u64 {
            let limit = limits.head_bytes;
            return Err(nodes.error(ReadProblem::TooMuch {
                what: "the bytes before the first row",
                limit,
            }));
        }
        let line = nodes.line();
        let (element, attributes) = match nodes.next()? {
            Node::Open(element, attributes) => (element, attributes),
            Node::Close(Element::Field | Element::Param) => {
                subject = Subject::Document;
                continue;
            }
            Node::Close(Element::Group) => {
                groups = groups.saturating_sub(1);
                continue;
            }
            // A table without DATA has no rows (§3.7).
            Node::Close(Element::Table) if in_table => return Ok((head, Rows::None)),
            Node::Close(_) | Node::Text(_) | Node::Sloppy(..) => continue,
            Node::End => {
                return match &head.status {
                    Some(Status::Error(_)) => Ok((head, Rows::Ended)),
                    _ => Err(nodes.error(ReadProblem::NoTable)),
                };
            }
        };
        match element {
            Element::Votable => {
                head.version = attributes.get("version");
                namespace(&attributes, line, warnings);
            }
            Element::Table => {
                in_table = true;
                head.table_name = attributes.get("name").or_else(|| attributes.get("ID"));
            }
            Element::Field if in_table => {
                if head.fields.len() >= limits.fields {
                    let limit = limits.fields;
                    return Err(nodes.error(ReadProblem::TooMuch {
                        what: "the number of fields",
                        limit,
                    }));
                }
                let number = head.fields.len() + 1;
                let field =
                    field(&attributes, number, line, warnings).map_err(|p| nodes.error(p))?;
                head.fields.push(field);
                head.nulls.push(None);
                subject = Subject::Field;
            }
            Element::Param => {
                let value = attributes.get("value").unwrap_or_default();
                let number = head.params.len() + 1;
                let field =
                    field(&attributes, number, line, warnings).map_err(|p| nodes.error(p))?;
                head.params.push(Param { field, value });
                subject = Subject::Param;
            }
            Element::Values | Element::Min | Element::Max | Element::Choice => {
                head.values(subject, element, &attributes);
            }
            Element::Group => groups += 1,
            Element::Link => head.link(subject, &attributes),
            Element::Description => {
                let text = content(nodes, Element::Description, limits, warnings)?;
                // That of a group is not the table's.
                if groups == 0 || subject != Subject::Document {
                    head.describe(subject, text);
                }
            }
            Element::Info => {
                let text = content(nodes, Element::Info, limits, warnings)?;
                head.keep(info(&attributes), text, limits);
            }
            Element::Coosys => head.coosys.push(Coosys {
                id: attributes.get("ID").unwrap_or_default(),
                system: attributes.get("system").unwrap_or_else(|| "eq_FK5".into()),
                equinox: attributes.get("equinox"),
                epoch: attributes.get("epoch"),
                refposition: attributes.get("refposition"),
            }),
            Element::Timesys => head.timesys.push(Timesys {
                id: attributes.get("ID").unwrap_or_default(),
                timeorigin: attributes.get("timeorigin"),
                timescale: attributes.get("timescale").unwrap_or_default(),
                refposition: attributes.get("refposition").unwrap_or_default(),
            }),
            Element::TableData if in_table => return Ok(head.with_rows(Rows::TableData)),
            Element::Binary | Element::Binary2 => binary = Some(element == Element::Binary2),
            Element::Fits => return Err(nodes.error(ReadProblem::Unsupported("a table in FITS"))),
            Element::Stream if in_table => {
                stream(&attributes, line, warnings).map_err(|p| nodes.error(p))?;
                let flagged = binary.unwrap_or(true);
                return Ok(head.with_rows(|columns| Rows::Stream(Stream::new(columns, flagged))));
            }
            _ => {}
        }
    }
}

/// Reads what follows the rows: whether the answer was cut or broke off.
pub(super) fn tail<R: BufRead>(
    nodes: &mut Nodes<R>,
    head: &mut Head,
    limits: &Limits,
    warnings: &mut Warnings,
) -> Result<(), ReadError> {
    let mut passed_over = Vec::new();
    loop {
        match nodes.next()? {
            Node::Open(Element::Info, attributes) => {
                let text = content(nodes, Element::Info, limits, warnings)?;
                head.keep(info(&attributes), text, limits);
            }
            // Another table's rows may be larger than any cell.
            Node::Open(Element::Stream, _) => loop {
                nodes.raw(&mut passed_over)?;
                if passed_over.is_empty() {
                    break;
                }
            },
            Node::End => return Ok(()),
            _ => {}
        }
    }
}

impl Head {
    fn with_rows(self, rows: impl FnOnce(Vec<Column>) -> Rows) -> (Head, Rows) {
        let columns = self.fields.iter().zip(&self.nulls);
        let columns = columns
            .map(|(field, null)| Column::new(field, null.as_deref()))
            .collect();
        (self, rows(columns))
    }

    /// The field or parameter being read.
    fn subject(&mut self, subject: Subject) -> Option<&mut Field> {
        match subject {
            Subject::Document => None,
            Subject::Field => self.fields.last_mut(),
            Subject::Param => self.params.last_mut().map(|param| &mut param.field),
        }
    }

    /// Links of fields are kept; others say nothing about the rows.
    fn link(&mut self, subject: Subject, attributes: &Attributes) {
        if let Some(field) = self.subject(subject) {
            field.links.push(Link {
                href: attributes.get("href").unwrap_or_default(),
                role: attributes.get("content-role"),
                content_type: attributes.get("content-type"),
                title: attributes.get("title"),
            });
        }
    }

    fn values(&mut self, subject: Subject, element: Element, attributes: &Attributes) {
        let Some(field) = self.subject(subject) else {
            return;
        };
        match element {
            Element::Values => {
                let null = attributes.get("null");
                field.null = null.as_ref().and_then(|null| null.trim().parse().ok());
                if let (Subject::Field, Some(place)) = (subject, self.nulls.last_mut()) {
                    *place = null;
                }
            }
            Element::Min => field.min = attributes.get("value"),
            Element::Max => field.max = attributes.get("value"),
            _ => field.options.extend(attributes.get("value")),
        }
    }

    fn describe(&mut self, subject: Subject, text: String) {
        match self.subject(subject) {
            Some(field) => field.description = Some(text),
            None => self.description = Some(text),
        }
    }

    fn keep(&mut self, mut info: Info, text: String, limits: &Limits) {
        if info.name == "QUERY_STATUS" {
            self.status = match &*info.value {
                "OK" => Some(Status::Ok),
                "OVERFLOW" => Some(Status::Overflow),
                "ERROR" => Some(Status::Error(text.clone())),
                _ => self.status.take(),
            };
        }
        // An empty INFO takes room too.
        self.kept += size_of::<Info>() + info.name.len() + info.value.len() + text.len();
        if self.kept <= limits.head_bytes {
            info.content = (!text.is_empty()).then_some(text);
            self.infos.push(info);
        }
    }
}

/// Namespaces of all versions look alike; others are read the same, and said.
fn namespace(attributes: &Attributes, line: u64, warnings: &mut Warnings) {
    if let Some(namespace) = attributes.get("xmlns")
        && !namespace.starts_with("http://www.ivoa.net/xml/VOTable")
        && !namespace.starts_with("http://vizier.u-strasbg.fr/VOTable")
    {
        warnings.at(line, format!("{namespace:?} is not a namespace of VOTable"));
    }
}

fn field(
    attributes: &Attributes,
    number: usize,
    line: u64,
    warnings: &mut Warnings,
) -> Result<Field, ReadProblem> {
    let id = attributes.get("ID");
    let name = attributes
        .get("name")
        .or_else(|| id.clone())
        .unwrap_or_else(|| {
            warnings.at(line, format!("field {number} has no name"));
            format!("col{number}")
        });
    let mut arraysize = attributes
        .get("arraysize")
        .filter(|arraysize| !arraysize.trim().is_empty());
    let datatype = match attributes.get("datatype") {
        Some(written) => match Datatype::from_name(written.trim()) {
            Some(datatype) => datatype,
            None => {
                let Some((datatype, text)) = meant(written.trim()) else {
                    return Err(ReadProblem::UnknownDatatype(written));
                };
                let read_as = datatype.name();
                warnings.at(
                    line,
                    format!("field {name:?} has datatype {written:?}, which is read as {read_as}"),
                );
                if text {
                    arraysize.get_or_insert_with(|| "*".into());
                }
                datatype
            }
        },
        None => {
            warnings.at(
                line,
                format!("field {name:?} has no datatype and is read as text"),
            );
            arraysize.get_or_insert_with(|| "*".into());
            Datatype::Char
        }
    };
    if arraysize
        .as_deref()
        .is_some_and(|arraysize| Length::of(arraysize).is_none())
    {
        let wrong = arraysize.replace("*".into()).unwrap_or_default();
        warnings.at(
            line,
            format!("{wrong:?} of field {name:?} is not an arraysize and is read as *"),
        );
    }
    Ok(Field {
        id,
        arraysize,
        unit: attributes.get("unit"),
        ucd: attributes.get("ucd"),
        utype: attributes.get("utype"),
        xtype: attributes.get("xtype"),
        reference: attributes.get("ref"),
        width: attributes
            .get("width")
            .and_then(|width| width.trim().parse().ok()),
        precision: attributes.get("precision"),
        ..Field::new(name, datatype)
    })
}

/// What a datatype that VOTable does not have stands for, as met in the wild,
/// and whether it is text of any length.
fn meant(written: &str) -> Option<(Datatype, bool)> {
    Some(match written.to_ascii_lowercase().as_str() {
        "string" => (Datatype::Char, true),
        "unicodestring" => (Datatype::UnicodeChar, true),
        "uint8" | "byte" => (Datatype::UnsignedByte, false),
        "int16" => (Datatype::Short, false),
        "int32" | "integer" => (Datatype::Int, false),
        "int64" => (Datatype::Long, false),
        "float32" | "real" => (Datatype::Float, false),
        "float64" => (Datatype::Double, false),
        "bool" | "logical" => (Datatype::Boolean, false),
        _ => (Datatype::from_name_in_any_case(written)?, false),
    })
}

fn info(attributes: &Attributes) -> Info {
    Info {
        id: attributes.get("ID"),
        name: attributes.get("name").unwrap_or_default(),
        value: attributes.get("value").unwrap_or_default(),
        ucd: attributes.get("ucd"),
        content: None,
    }
}

/// The text of an element just opened, up to its end, without blanks around it.
fn content<R: BufRead>(
    nodes: &mut Nodes<R>,
    element: Element,
    limits: &Limits,
    warnings: &mut Warnings,
) -> Result<String, ReadError> {
    let mut content = String::new();
    let mut inside = 1usize;
    loop {
        match nodes.next()? {
            Node::Open(inner, _) => inside += usize::from(inner == element),
            Node::Close(inner) => {
                inside -= usize::from(inner == element);
                if inside == 0 {
                    return Ok(content.trim().to_owned());
                }
            }
            Node::Text(text) => content.push_str(&text),
            Node::Sloppy(text, wrong) => {
                warnings.at(nodes.line(), wrong);
                content.push_str(&text);
            }
            Node::End => return Err(nodes.error(ReadProblem::Truncated)),
        }
        if content.len() > limits.cell_bytes {
            let limit = limits.cell_bytes;
            return Err(nodes.error(ReadProblem::TooMuch {
                what: "the bytes of one text or tag",
                limit,
            }));
        }
    }
}

/// Only base64 inside the document can be read (§5.6); left unsaid, it is meant.
fn stream(attributes: &Attributes, line: u64, warnings: &mut Warnings) -> Result<(), ReadProblem> {
    if attributes.get("href").is_some_and(|href| !href.is_empty()) {
        return Err(ReadProblem::Unsupported("a STREAM elsewhere (href)"));
    }
    match attributes.get("encoding").as_deref() {
        Some("base64") => Ok(()),
        None | Some("" | "none") => {
            warnings.at(line, "a STREAM without encoding is read as base64");
            Ok(())
        }
        Some(_) => Err(ReadProblem::Unsupported(
            "a STREAM in another encoding than base64",
        )),
    }
}
