//! Service descriptors: what to call next, and with which columns
//! (DataLink 1.1 §4).

use crate::document::Info;
use crate::field::Param;
use crate::xml::{self, Tag};

/// A `RESOURCE type="meta" utype="adhoc:service"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Descriptor {
    /// `ID`; must be an XML name and unique.
    pub id: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub infos: Vec<Info>,
    pub access_url: String,
    /// For a standard service, the identifier of its capability
    /// (`ivo://ivoa.net/std/DataLink#links-1.1`).
    pub standard_id: Option<String>,
    /// The registered service, as an IVOA identifier.
    pub resource_identifier: Option<String>,
    /// Media type of what the service answers.
    pub content_type: Option<String>,
    /// Calls that work, each with what it shows.
    pub example_urls: Vec<(String, String)>,
    /// GROUP `inputParams`: a parameter whose value comes from a column has that
    /// column's ID as `reference` and an empty value.
    pub inputs: Vec<Param>,
}

impl Descriptor {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        Tag::new("RESOURCE", out)
            .attribute("type", "meta")
            .attribute("utype", "adhoc:service")
            .maybe("ID", self.id.as_deref())
            .maybe("name", self.name.as_deref())
            .open();
        xml::description(self.description.as_deref(), out);
        for info in &self.infos {
            info.write(out);
        }
        Param::text("accessURL", &self.access_url).write(out);
        let known = [
            ("standardID", &self.standard_id),
            ("resourceIdentifier", &self.resource_identifier),
            ("contentType", &self.content_type),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                Param::text(name, value).write(out);
            }
        }
        for (url, shows) in &self.example_urls {
            let mut example = Param::text("exampleURL", url);
            example.field.description = Some(shows.clone());
            example.write(out);
        }
        if !self.inputs.is_empty() {
            Tag::new("GROUP", out)
                .attribute("name", "inputParams")
                .open();
            for input in &self.inputs {
                input.write(out);
            }
            xml::close("GROUP", out);
        }
        xml::close("RESOURCE", out);
    }
}
