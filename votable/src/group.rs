//! What ties elements together or leads elsewhere: GROUP and LINK
//! (VOTable 1.4 §4.9, §3.5).

use crate::field::Param;
use crate::xml::{self, Tag};

/// A LINK.
///
/// ```
/// let link = votable::Link {
///     role: Some("doc".into()),
///     ..votable::Link::to("https://example.org/columns/ra")
/// };
/// assert_eq!(link.href, "https://example.org/columns/ra");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// A URL; in a FIELD, `${name}` stands for the value of that column.
    pub href: String,
    /// `content-role`: `query`, `hints`, `doc`, `location`, `type`.
    pub role: Option<String>,
    /// `content-type`: the media type of what is found there.
    pub content_type: Option<String>,
    pub title: Option<String>,
}

impl Link {
    pub fn to(href: impl Into<String>) -> Link {
        Link {
            href: href.into(),
            ..Link::default()
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        Tag::new("LINK", out)
            .maybe("content-role", self.role.as_deref())
            .maybe("content-type", self.content_type.as_deref())
            .maybe("title", self.title.as_deref())
            .attribute("href", &self.href)
            .empty();
    }
}

/// A GROUP: columns and parameters that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    pub id: Option<String>,
    pub name: Option<String>,
    pub ucd: Option<String>,
    pub utype: Option<String>,
    /// `ref`: the ID of another element.
    pub reference: Option<String>,
    pub description: Option<String>,
    pub members: Vec<Member>,
}

/// What a group may hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    Field(Reference),
    Param(Reference),
    /// A parameter of the group itself.
    Own(Box<Param>),
    Group(Group),
}

/// A FIELDref or PARAMref, with the part its target plays in the group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The ID of a field or parameter of the same table.
    pub target: String,
    pub ucd: Option<String>,
    pub utype: Option<String>,
}

impl Reference {
    pub fn to(target: impl Into<String>) -> Reference {
        Reference {
            target: target.into(),
            ..Reference::default()
        }
    }

    fn write(&self, element: &'static str, out: &mut Vec<u8>) {
        Tag::new(element, out)
            .attribute("ref", &self.target)
            .maybe("ucd", self.ucd.as_deref())
            .maybe("utype", self.utype.as_deref())
            .empty();
    }
}

impl Group {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        Tag::new("GROUP", out)
            .maybe("ID", self.id.as_deref())
            .maybe("name", self.name.as_deref())
            .maybe("ref", self.reference.as_deref())
            .maybe("ucd", self.ucd.as_deref())
            .maybe("utype", self.utype.as_deref())
            .open();
        xml::description(self.description.as_deref(), out);
        for member in &self.members {
            match member {
                Member::Field(reference) => reference.write("FIELDref", out),
                Member::Param(reference) => reference.write("PARAMref", out),
                Member::Own(param) => param.write(out),
                Member::Group(group) => group.write(out),
            }
        }
        xml::close("GROUP", out);
    }
}
