//! The protocols by which queries are asked; all go the same road.

use super::now;
use crate::dali::Layout;

/// What an answer says of the protocol by which it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// The identifier of its standard.
    pub standard: &'static str,
    /// What the names of its files begin with.
    pub file: &'static str,
}

impl Protocol {
    pub const TAP: Protocol = Protocol {
        standard: "ivo://ivoa.net/std/TAP",
        file: "tap",
    };

    /// After the moment at which the answer is given, in UTC: the same question
    /// may be answered otherwise tomorrow.
    pub(super) fn file_name(&self, layout: Layout) -> String {
        let moment = now().replace(['-', ':'], "");
        format!("{}_{moment}.{}", self.file, layout.extension())
    }
}
