//! A Felis file as it stands on disk: the names of its keys, and nothing said
//! of what they mean together.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;

use super::FelisError;

/// The largest file read: the largest of Rubin's has 1 MB.
const MOST_BYTES: u64 = 32 << 20;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Document {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default, rename = "votable:utype")]
    pub utype: Option<String>,
    #[serde(default)]
    pub tables: Vec<Table>,
    #[serde(default)]
    pub resources: IndexMap<String, Resource>,
}

/// Another Felis file whose columns are spoken of.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Resource {
    pub uri: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Table {
    pub name: String,
    #[serde(default, rename = "@id")]
    pub id: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default, rename = "votable:utype")]
    pub utype: Option<String>,
    #[serde(default, rename = "tap:table_index")]
    pub index: Option<i64>,
    #[serde(default)]
    pub columns: Vec<Column>,
    /// Resource, table there, column here.
    #[serde(default, rename = "columnRefs")]
    pub references: IndexMap<String, IndexMap<String, IndexMap<String, Option<Reference>>>>,
    #[serde(default, rename = "primaryKey")]
    pub primary_key: Option<OneOrMany>,
    #[serde(default)]
    pub constraints: Vec<Constraint>,
    #[serde(default)]
    pub indexes: Vec<Index>,
}

/// A column taken from a table of a resource.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Reference {
    /// Its name there, where it has another here.
    #[serde(default)]
    pub ref_name: Option<String>,
    #[serde(default)]
    pub overrides: Option<Overrides>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Overrides {
    #[serde(default)]
    pub datatype: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub nullable: Option<bool>,
    #[serde(default, rename = "tap:principal")]
    pub principal: Option<i64>,
    #[serde(default, rename = "tap:column_index")]
    pub index: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Column {
    pub name: String,
    #[serde(default, rename = "@id")]
    pub id: Option<String>,
    #[serde(default)]
    pub datatype: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub nullable: Option<bool>,
    #[serde(default, rename = "ivoa:ucd")]
    pub ucd: Option<String>,
    #[serde(default, rename = "ivoa:unit")]
    pub unit: Option<String>,
    #[serde(default, rename = "fits:tunit")]
    pub tunit: Option<String>,
    #[serde(default, rename = "votable:utype")]
    pub utype: Option<String>,
    #[serde(default, rename = "votable:xtype")]
    pub xtype: Option<String>,
    #[serde(default, rename = "votable:arraysize")]
    pub arraysize: Option<Arraysize>,
    #[serde(default, rename = "tap:column_index")]
    pub index: Option<i64>,
    #[serde(default, rename = "tap:principal")]
    pub principal: Option<i64>,
    #[serde(default, rename = "tap:std")]
    pub std: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Constraint {
    pub name: String,
    #[serde(rename = "@type")]
    pub kind: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub columns: Vec<String>,
    #[serde(default, rename = "referencedColumns")]
    pub referenced: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Index {
    pub name: String,
    #[serde(default)]
    pub columns: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn as_slice(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// `16` and `"*"` both stand in real files.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Arraysize {
    Number(u64),
    Text(String),
}

impl Arraysize {
    /// More than one value a cell.
    pub fn is_array(&self) -> bool {
        match self {
            Arraysize::Number(number) => *number != 1,
            Arraysize::Text(text) => text != "1",
        }
    }
}

impl Document {
    pub fn read(path: &Path) -> Result<Document, FelisError> {
        let cannot = |reason: String| FelisError::Read {
            path: path.to_owned(),
            reason,
        };
        let size = std::fs::metadata(path).map_err(|error| cannot(error.to_string()))?;
        if size.len() > MOST_BYTES {
            return Err(cannot(format!(
                "it has {} bytes; at most {MOST_BYTES} are read",
                size.len()
            )));
        }
        let text = std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
        Document::parse(&text).map_err(cannot)
    }

    pub fn parse(text: &str) -> Result<Document, String> {
        serde_saphyr::from_str(text).map_err(|error| {
            // The parser draws the place below its first line.
            let drawn = error.to_string();
            drawn.lines().next().unwrap_or_default().to_owned()
        })
    }

    /// The file a resource means: beside `path`, whatever package its URI
    /// names.
    pub fn resource(&self, path: &Path, name: &str) -> Result<Document, FelisError> {
        let Some(resource) = self.resources.get(name) else {
            return Err(FelisError::Read {
                path: path.to_owned(),
                reason: format!("columnRefs name the resource {name:?}, which is not declared"),
            });
        };
        let file = resource.uri.rsplit('/').next().unwrap_or_default();
        let folder: PathBuf = path.parent().unwrap_or(Path::new("")).to_owned();
        Document::read(&folder.join(file))
    }
}
