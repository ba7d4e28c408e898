//! One row of an answer (DataLink 1.1 section 3.2).

use std::sync::Arc;

use super::Term;

/// A link of a dataset. What is not known is not said.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// As it was asked for.
    pub id: Arc<str>,
    pub goes: Goes,
    pub semantics: Term,
    pub description: Option<String>,
    pub content_type: Option<String>,
    /// In bytes.
    pub content_length: Option<u64>,
    /// A term of the vocabulary of products.
    pub content_qualifier: Option<&'static str>,
    /// Tells links of several datasets that are alike: the type of what is
    /// linked, and its part.
    pub local_semantics: Option<String>,
    /// We give it, to anybody: nobody logs in here.
    pub free: bool,
}

/// Where it leads; exactly one of the three columns.
#[derive(Clone, Debug, PartialEq)]
pub enum Goes {
    /// To an address.
    To(String),
    /// To a service that is described beside the rows.
    Service(Cut),
    /// Nowhere: the sentence begins with one of the standard's words.
    Fault(String),
}

/// What a service is called with.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// `ID` of its description.
    pub service: String,
    /// Where the dataset lies on the sky.
    pub region: Option<Arc<adql::sky::Region>>,
}

impl Link {
    pub fn new(id: &Arc<str>, semantics: Term, goes: Goes) -> Link {
        Link {
            id: id.clone(),
            goes,
            semantics,
            description: None,
            content_type: None,
            content_length: None,
            content_qualifier: None,
            local_semantics: None,
            free: false,
        }
    }

    /// The one row of a dataset that has no link.
    pub fn fault(id: &Arc<str>, sentence: impl Into<String>) -> Link {
        Link::new(id, Term::This, Goes::Fault(sentence.into()))
    }
}
