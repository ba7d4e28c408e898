//! From the rows of an answer to data: the service of links that is told
//! beside them (DataLink 1.1 section 4), and `access_url` as this client can
//! follow it.

use std::sync::{Arc, Mutex, PoisonError};

use adql::{Column, Query};
use votable::{Descriptor, Field, Param};

use crate::config;
use crate::output::{self, Identifier, Links, Told};

/// Utypes of the columns of ObsCore 1.1 that tell of data (appendix C).
const DID: &str = "obscore:Curation.publisherDID";
const URL: &str = "obscore:Access.reference";
const FORMAT: &str = "obscore:Access.format";

/// How clients reach us, for answers that nobody waits for: as configured, or
/// as the last request did that made a job.
#[derive(Clone, Debug, Default)]
pub struct Base(Arc<Mutex<String>>);

impl Base {
    /// Without a slash at the end.
    pub fn new(base: &str) -> Base {
        Base(Arc::new(Mutex::new(base.to_owned())))
    }

    pub fn reached_at(&self, base: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != base {
            base.clone_into(&mut known);
        }
    }

    pub fn last(&self) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }
}

/// Which columns of an answer tell of data. Those that are needed to tell
/// clients so, and are not asked for, are added behind the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Columns that are asked for.
    visible: usize,
    told: Vec<Told>,
}

impl Shown {
    pub fn by(query: &mut Query) -> Shown {
        let visible = query.columns().len();
        let places = |query: &Query, utype: &str| -> Vec<usize> {
            let columns = query.columns().iter().enumerate();
            let found = columns.filter(|(_, column)| has_utype(column, utype));
            found.map(|(place, _)| place).collect()
        };
        let (urls, formats) = (places(query, URL), places(query, FORMAT));
        let only = |all: &[usize]| if let [one] = all { Some(*one) } else { None };
        let did = only(&places(query, DID));
        let mut told: Vec<Told> = Vec::new();
        for &number in urls.iter().chain(&formats) {
            let known = |it: &Told| [it.url, it.format].contains(&Some(number));
            if told.iter().any(known) {
                continue;
            }
            // Of the same row, since a join may show several; where rows of the
            // answer are not those of a table, one of each belong together.
            let mut beside = |utype: &str| query.beside(number, utype);
            let (url, format) = match urls.contains(&number) {
                true => (Some(number), beside(FORMAT).or(only(&formats))),
                false => (beside(URL).or(only(&urls)), Some(number)),
            };
            let did = beside(DID).or(did);
            told.push(Told { url, format, did });
        }
        Shown { visible, told }
    }

    /// Keeps those columns alone that are asked for.
    pub fn cut(&self, columns: &mut Vec<Column>) {
        columns.truncate(self.visible);
    }

    /// What is done to the rows and said beside them.
    pub fn links(self, columns: &[Column], rule: config::Access, base: &str) -> Links {
        let access = output::Access {
            rule,
            base: base.to_owned(),
            visible: self.visible,
            told: self.told,
        };
        Links {
            access: (!access.told.is_empty()).then_some(access),
            identifier: columns
                .iter()
                .position(|column| has_utype(column, DID))
                .and_then(|column| Identifier::of(columns, column)),
        }
    }
}

/// The service of links, which is called with the identifiers of rows.
pub(super) fn service(base: &str, identifier: &Identifier) -> Descriptor {
    let id = Param {
        field: Field {
            ucd: Some("meta.id;meta.main".to_owned()),
            reference: Some(identifier.id.clone()),
            ..Field::text("ID")
        },
        value: String::new(),
    };
    Descriptor {
        name: Some("links".to_owned()),
        description: Some(
            "Files of each dataset, its preview, related datasets and services.".to_owned(),
        ),
        access_url: format!("{base}/datalink/links"),
        standard_id: Some("ivo://ivoa.net/std/DataLink#links-1.1".to_owned()),
        content_type: Some("application/x-votable+xml;content=datalink".to_owned()),
        inputs: vec![id],
        ..Descriptor::default()
    }
}

fn has_utype(column: &Column, utype: &str) -> bool {
    let said = column.utype.as_deref();
    said.is_some_and(|said| said.eq_ignore_ascii_case(utype))
}
