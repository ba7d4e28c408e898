//! The columns of an answer (DataLink 1.1 section 3.2, table 1).

use adql::{Column, Type, Wire};

use super::link::{Goes, Link};
use crate::database::Batch;

/// Name, type, UCD and description.
const COLUMNS: [(&str, Type, &str, &str); 12] = [
    (
        "ID",
        Type::Text,
        "meta.id;meta.main",
        "Identifier of the dataset, as it was asked for",
    ),
    (
        "access_url",
        Type::Text,
        "meta.ref.url",
        "Where what is linked can be downloaded",
    ),
    (
        "service_def",
        Type::Text,
        "meta.ref",
        "ID of the resource that describes the linked service",
    ),
    (
        "error_message",
        Type::Text,
        "meta.code.error",
        "Why there is no link",
    ),
    (
        "semantics",
        Type::Text,
        "meta.code",
        "What is linked is to the dataset: a term of http://www.ivoa.net/rdf/datalink/core",
    ),
    (
        "description",
        Type::Text,
        "meta.note",
        "What is linked, for people",
    ),
    (
        "content_type",
        Type::Text,
        "meta.code.mime",
        "Media type of what is linked",
    ),
    (
        "content_length",
        Type::BigInt,
        "phys.size;meta.file",
        "Size of what is linked",
    ),
    (
        "content_qualifier",
        Type::Text,
        "",
        "Kind of data: a term of http://www.ivoa.net/rdf/product-type",
    ),
    (
        "local_semantics",
        Type::Text,
        "meta.id.assoc",
        "Tells links that are alike from dataset to dataset: the type of what is linked",
    ),
    (
        "link_auth",
        Type::Text,
        "meta.code",
        "Whether one has to log in: false, optional or true",
    ),
    (
        "link_authorized",
        Type::Boolean,
        "meta.code",
        "Whether whoever asks may follow the link",
    ),
];

/// With the metadata that the standard gives them.
pub fn columns() -> Vec<Column> {
    let columns = COLUMNS
        .iter()
        .map(|&(name, kind, ucd, description)| Column {
            // The standard gives content_qualifier none.
            ucd: (!ucd.is_empty()).then(|| ucd.to_owned()),
            unit: (name == "content_length").then(|| "byte".to_owned()),
            description: Some(description.to_owned()),
            ..Column::new(name, kind)
        });
    columns.collect()
}

pub(super) fn wires() -> Vec<Wire> {
    COLUMNS.iter().map(|(_, kind, ..)| kind.wire()).collect()
}

pub(super) fn batch(links: &[Link]) -> Batch {
    let mut batch = Batch::new(wires());
    for link in links {
        let (url, service, fault) = match &link.goes {
            Goes::To(to) => (Some(to), None, None),
            Goes::Service(cut) => (None, Some(&cut.service), None),
            Goes::Fault(sentence) => (None, None, Some(sentence)),
        };

        let length = link.content_length.and_then(|it| i64::try_from(it).ok());
        let length = length.map(i64::to_be_bytes);
        let cells = [
            Some(link.id.as_bytes()),
            url.map(|it| it.as_bytes()),
            service.map(|it| it.as_bytes()),
            fault.map(|it| it.as_bytes()),
            Some(link.semantics.name().as_bytes()),
            text(&link.description),
            text(&link.content_type),
            length.as_ref().map(<[u8; 8]>::as_slice),
            link.content_qualifier.map(str::as_bytes),
            text(&link.local_semantics),
            link.free.then_some(b"false".as_slice()),
            link.free.then_some([1].as_slice()),
        ];
        for cell in cells {
            batch.push(cell);
        }
    }
    batch
}

fn text(text: &Option<String>) -> Option<&[u8]> {
    text.as_deref().map(str::as_bytes)
}
