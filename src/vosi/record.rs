//! The service as a record of the Registry: a `vs:CatalogService`
//! (VOResource 1.1, <https://www.ivoa.net/documents/VOResource/20180625/>;
//! VODataService 1.2, <https://www.ivoa.net/documents/VODataService/20211102/>).
//!
//! Capabilities and tables are taken from the documents that clients read, so
//! that both say the same.

use std::fmt::Write;
use std::io;

use quick_xml::events::BytesText;

use super::simple::{self, Test};
use super::{XSI, Xml, document, element, maybe};
use crate::config::{Limits, Registry};
use crate::spatial::coverage::Summary;

/// What a record is made of.
pub struct Parts<'a> {
    /// Where the service stands, without a slash at the end.
    pub base: &'a str,
    pub registry: &'a Registry,
    pub covered: &'a Summary,
    /// The document of [`super::capabilities`].
    pub capabilities: &'a [u8],
    /// For the simple protocols, which the record announces as well.
    pub limits: &'a Limits,
    pub test: Option<Test>,
    /// The document of [`super::tables`].
    pub tables: &'a [u8],
    /// This moment, UTC, as DALI writes it: `2026-01-31T12:00:00`.
    pub now: &'a str,
}

/// The record.
pub fn write(parts: &Parts<'_>) -> Vec<u8> {
    let updated = utc(parts.now);
    let created = parts.registry.created.as_deref().map(utc);
    document(|xml| {
        xml.create_element("ri:Resource")
            .with_attributes([
                ("xmlns:ri", "http://www.ivoa.net/xml/RegistryInterface/v1.0"),
                ("xmlns:vr", "http://www.ivoa.net/xml/VOResource/v1.0"),
                ("xmlns:vs", "http://www.ivoa.net/xml/VODataService/v1.1"),
                ("xmlns:tr", "http://www.ivoa.net/xml/TAPRegExt/v1.0"),
                ("xmlns:cs", "http://www.ivoa.net/xml/ConeSearch/v1.0"),
                XSI,
                ("xsi:type", "vs:CatalogService"),
                ("created", created.as_ref().unwrap_or(&updated)),
                ("updated", &updated),
                ("status", "active"),
            ])
            .write_inner_content(|xml| {
                resource(xml, parts)?;
                copied(xml, parts.capabilities, "capability")?;
                simple::image_search(xml, parts.base)?;
                simple::cone_search(xml, parts.base, parts.limits, parts.test)?;
                coverage(xml, parts)?;
                xml.create_element("tableset")
                    .write_inner_content(|xml| copied(xml, parts.tables, "schema"))
                    .map(drop)
            })
            .map(drop)
    })
}

/// In the order that VOResource 1.1 section 3.1 wants.
fn resource(xml: &mut Xml, parts: &Parts<'_>) -> io::Result<()> {
    let registry = parts.registry;
    element(xml, "title", &registry.title)?;
    element(xml, "shortName", &registry.short_name)?;
    element(xml, "identifier", &registry.identifier)?;
    xml.create_element("curation").write_inner_content(|xml| {
        element(xml, "publisher", &registry.publisher)?;
        if let Some(creator) = &registry.creator {
            xml.create_element("creator")
                .write_inner_content(|xml| element(xml, "name", creator))?;
        }
        xml.create_element("contact")
            .write_inner_content(|xml| {
                element(xml, "name", &registry.contact_name)?;
                maybe(xml, "email", registry.contact_email.as_deref())
            })
            .map(drop)
    })?;
    xml.create_element("content")
        .write_inner_content(|xml| {
            for subject in &registry.subjects {
                element(xml, "subject", subject)?;
            }
            element(xml, "description", &registry.description)?;
            let page = format!("{}/", parts.base);
            let page = registry.reference_url.as_ref().unwrap_or(&page);
            element(xml, "referenceURL", page)?;
            element(xml, "type", "Archive")?;
            element(xml, "contentLevel", "Research")
        })
        .map(drop)
}

/// VODataService 1.2 section 3.1.
fn coverage(xml: &mut Xml, parts: &Parts<'_>) -> io::Result<()> {
    let covered = parts.covered;
    if *covered == Summary::default() {
        return Ok(());
    }
    xml.create_element("coverage")
        .write_inner_content(|xml| {
            maybe(xml, "spatial", covered.space.as_deref())?;
            for (first, last) in &covered.time {
                // Wider by the way of the light, and by what is rounded away.
                let text = format!("{:.2} {:.2}", first - 0.015, last + 0.015);
                element(xml, "temporal", &text)?;
            }
            for (least, most) in &covered.light {
                let text = format!("{:.5e} {:.5e}", least * (1.0 - 1e-5), most * (1.0 + 1e-5));
                element(xml, "spectral", &text)?;
            }
            if covered.space.is_some() {
                xml.create_element("footprint")
                    .with_attribute(("ivo-id", "ivo://ivoa.net/std/moc"))
                    .write_text_content(BytesText::new(&format!("{}/tap/coverage", parts.base)))?;
            }
            for messenger in &covered.messengers {
                element(xml, "waveband", messenger)?;
            }
            Ok(())
        })
        .map(drop)
}

/// The elements of that name below the root of a document of ours.
fn copied(xml: &mut Xml, document: &[u8], name: &str) -> io::Result<()> {
    let text = std::str::from_utf8(document).map_err(io::Error::other)?;
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let from = text.find(&open).unwrap_or(text.len());
    let until = text.rfind(&close).map_or(from, |at| at + close.len());
    let inner = text.get(from..until).unwrap_or_default();
    let mut lines = String::with_capacity(inner.len() + 16);
    // Writing to a String cannot fail.
    let _ = write!(lines, "\n {inner}\n");
    io::Write::write_all(xml.get_mut(), lines.as_bytes())
}

/// A moment as VOResource has it, with the Z at its end.
fn utc(moment: &str) -> String {
    match moment.trim_end_matches('Z') {
        day if !day.contains('T') => format!("{day}T00:00:00Z"),
        moment => format!("{moment}Z"),
    }
}
