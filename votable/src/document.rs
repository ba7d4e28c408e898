//! What stands around the rows: VOTABLE, RESOURCE, INFO, COOSYS, TIMESYS, TABLE
//! (VOTable 1.4 §3).

use crate::field::{Field, Param};
use crate::group::{Group, Link};
use crate::service::Descriptor;
use crate::xml::{self, Tag};

/// Which VOTable to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    #[default]
    V1_4,
    V1_5,
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Version::V1_4 => "1.4",
            Version::V1_5 => "1.5",
        }
    }
}

/// A document with one results table, but for its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub description: Option<String>,
    /// After QUERY_STATUS, before the table.
    pub infos: Vec<Info>,
    pub coosys: Vec<Coosys>,
    pub timesys: Vec<Timesys>,
    /// Of the results as a whole.
    pub links: Vec<Link>,
    pub table: TableHead,
    /// Resources after the results.
    pub services: Vec<Descriptor>,
}

/// A TABLE but for its DATA. The schema wants at least one field or parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableHead {
    pub id: Option<String>,
    pub name: Option<String>,
    pub utype: Option<String>,
    pub description: Option<String>,
    pub params: Vec<Param>,
    pub fields: Vec<Field>,
    pub groups: Vec<Group>,
    pub links: Vec<Link>,
}

/// An INFO: a named remark (§4.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    pub id: Option<String>,
    pub name: String,
    pub value: String,
    pub ucd: Option<String>,
    /// Text for people, inside the element.
    pub content: Option<String>,
}

impl Info {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Info {
        Info {
            name: name.into(),
            value: value.into(),
            ..Info::default()
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let tag = Tag::new("INFO", out)
            .maybe("ID", self.id.as_deref())
            .attribute("name", &self.name)
            .attribute("value", &self.value)
            .maybe("ucd", self.ucd.as_deref());
        match &self.content {
            Some(content) => tag.with_text(content, "INFO"),
            None => tag.empty(),
        }
    }
}

/// A COOSYS (§3.3). `system` may be in the words of either version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coosys {
    pub id: String,
    /// `ICRS`, `FK5`, `eq_FK5`, `GALACTIC`, …
    pub system: String,
    pub equinox: Option<String>,
    /// Year of the positions, `J2016.0` or `2016.0`.
    pub epoch: Option<String>,
    /// From <http://www.ivoa.net/rdf/refposition>; version 1.5 only.
    pub refposition: Option<String>,
}

/// Frames under their names in 1.4 (a closed list) and in 1.5 (the vocabulary
/// <http://www.ivoa.net/rdf/refframe>).
const FRAMES: [(&str, &str); 6] = [
    ("ICRS", "ICRS"),
    ("eq_FK4", "FK4"),
    ("eq_FK5", "FK5"),
    ("ecl_FK5", "ECLIPTIC"),
    ("galactic", "GALACTIC"),
    ("supergalactic", "SUPER_GALACTIC"),
];

impl Coosys {
    fn write(&self, version: Version, out: &mut Vec<u8>) {
        let frame = FRAMES
            .iter()
            .find(|(old, new)| *old == self.system || *new == self.system);
        let (system, refposition) = match (version, frame) {
            (Version::V1_4, Some((old, _))) => (*old, None),
            (Version::V1_4, None) => (&*self.system, None),
            (Version::V1_5, Some((_, new))) => (*new, self.refposition.as_deref()),
            (Version::V1_5, None) => (&*self.system, self.refposition.as_deref()),
        };
        Tag::new("COOSYS", out)
            .attribute("ID", &self.id)
            .attribute("system", system)
            .maybe("equinox", self.equinox.as_deref())
            .maybe("epoch", self.epoch.as_deref())
            .maybe("refposition", refposition)
            .empty();
    }
}

/// A TIMESYS (§3.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timesys {
    pub id: String,
    /// Julian date of the origin, or `MJD-origin`, `JD-origin`; absent for
    /// calendar times.
    pub timeorigin: Option<String>,
    /// From <http://www.ivoa.net/rdf/timescale>.
    pub timescale: String,
    /// From <http://www.ivoa.net/rdf/refposition>.
    pub refposition: String,
}

impl Timesys {
    fn write(&self, out: &mut Vec<u8>) {
        Tag::new("TIMESYS", out)
            .attribute("ID", &self.id)
            .maybe("timeorigin", self.timeorigin.as_deref())
            .attribute("timescale", &self.timescale)
            .attribute("refposition", &self.refposition)
            .empty();
    }
}

pub(crate) fn head(version: Version, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    Tag::new("VOTABLE", out)
        .attribute("version", version.name())
        .attribute("xmlns", "http://www.ivoa.net/xml/VOTable/v1.3")
        .open();
}

impl Document {
    /// From the first byte to the last field.
    pub(crate) fn begin(&self, version: Version, out: &mut Vec<u8>) {
        head(version, out);
        xml::description(self.description.as_deref(), out);
        Tag::new("RESOURCE", out)
            .attribute("type", "results")
            .open();
        Info::new("QUERY_STATUS", "OK").write(out);
        for info in &self.infos {
            info.write(out);
        }
        for coosys in &self.coosys {
            coosys.write(version, out);
        }
        for timesys in &self.timesys {
            timesys.write(out);
        }
        for link in &self.links {
            link.write(out);
        }
        Tag::new("TABLE", out)
            .maybe("ID", self.table.id.as_deref())
            .maybe("name", self.table.name.as_deref())
            .maybe("utype", self.table.utype.as_deref())
            .open();
        xml::description(self.table.description.as_deref(), out);
        for param in &self.table.params {
            param.write(out);
        }
        for field in &self.table.fields {
            field.write(out);
        }
        for group in &self.table.groups {
            group.write(out);
        }
        for link in &self.table.links {
            link.write(out);
        }
    }

    /// What follows the results.
    pub(crate) fn end(&self, out: &mut Vec<u8>) {
        for service in &self.services {
            service.write(out);
        }
        xml::close("VOTABLE", out);
    }
}
