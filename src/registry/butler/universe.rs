//! The dimensions of a repository, as its registry describes them.
//!
//! Every name of a table and a column of dimension records comes from the
//! description that the registry holds (`config:dimensions.json`) and from the
//! tables that are there: universes differ, and no list of ours would know the
//! next one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

/// All dimension elements, in the order of the description.
#[derive(Clone, Debug)]
pub(super) struct Universe {
    pub version: u32,
    pub namespace: String,
    pub elements: Vec<Element>,
    /// Elements with regions, by family; the finest first.
    spatial: Vec<Vec<Arc<str>>>,
    /// Elements with timespans, by family.
    temporal: Vec<Vec<Arc<str>>>,
}

/// A dimension, or a relation of several.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub name: Arc<str>,
    /// The dimensions whose values tell its records apart; itself among them
    /// if it is a dimension.
    pub required: Vec<Arc<str>>,
    /// Dimensions whose values its records tell.
    pub implied: Vec<Arc<str>>,
    /// Column and kind of its own key, of a dimension.
    pub key: Option<(Arc<str>, Kind)>,
    /// Other keys and metadata.
    pub fields: Vec<(Arc<str>, Kind)>,
    /// A table keeps its records.
    pub stored: bool,
    pub region: bool,
    pub timespan: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Float,
    Bool,
    Text,
}

/// The columns of every table.
pub(super) type Columns = BTreeMap<String, BTreeSet<String>>;

#[derive(Deserialize)]
struct Document {
    version: u32,
    #[serde(default = "daf_butler")]
    namespace: String,
    elements: indexmap::IndexMap<String, ElementDocument>,
    #[serde(default)]
    topology: Topology,
}

fn daf_butler() -> String {
    "daf_butler".to_owned()
}

#[derive(Deserialize)]
struct ElementDocument {
    #[serde(default)]
    keys: Vec<Field>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    implies: Vec<String>,
    #[serde(default)]
    metadata: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Default, Deserialize)]
struct Topology {
    #[serde(default)]
    spatial: indexmap::IndexMap<String, Vec<String>>,
    #[serde(default)]
    temporal: indexmap::IndexMap<String, Vec<String>>,
}

impl Universe {
    /// Reads the description and compares it with the tables.
    ///
    /// # Errors
    /// What cannot be read, in a sentence.
    pub(super) fn read(text: &str, columns: &Columns) -> Result<Universe, String> {
        let document: Document = serde_json::from_str(text)
            .map_err(|error| format!("config:dimensions.json cannot be read: {error}"))?;
        let order: Vec<Arc<str>> = document
            .elements
            .keys()
            .map(|name| (**name).into())
            .collect();
        let mut elements = Vec::new();
        for (name, described) in &document.elements {
            elements.push(element(name, described, &document, &order, columns)?);
        }
        let families = |families: indexmap::IndexMap<String, Vec<String>>| {
            let family = |members: Vec<String>| members.iter().map(|it| (**it).into()).collect();
            families.into_values().map(family).collect()
        };
        Ok(Universe {
            version: document.version,
            namespace: document.namespace,
            elements,
            spatial: families(document.topology.spatial),
            temporal: families(document.topology.temporal),
        })
    }

    pub(super) fn element(&self, name: &str) -> Option<&Element> {
        self.elements.iter().find(|element| &*element.name == name)
    }

    /// These dimensions and all that they imply, in the order of the universe;
    /// those that it does not know (pixels of the sky) come last.
    pub(super) fn with_implied(&self, required: &[Arc<str>]) -> Vec<Arc<str>> {
        let mut all: BTreeSet<&str> = required.iter().map(|name| &**name).collect();
        let mut left: Vec<&str> = all.iter().copied().collect();
        while let Some(name) = left.pop() {
            let element = self.element(name);
            for implied in element.into_iter().flat_map(|element| &element.implied) {
                if all.insert(implied) {
                    left.push(implied);
                }
            }
        }
        let known = self.elements.iter().map(|element| &element.name);
        let known = known.filter(|name| all.contains(&***name)).cloned();
        let unknown = required.iter().filter(|it| self.element(it).is_none());
        known.chain(unknown.cloned()).collect()
    }

    /// The elements that say where a dataset with these dimensions lies: the
    /// finest of every family.
    pub(super) fn regions<'a>(&'a self, dimensions: &[Arc<str>]) -> Vec<&'a Element> {
        self.finest(&self.spatial, dimensions, |element| element.region)
    }

    /// The same of when it was.
    pub(super) fn timespans<'a>(&'a self, dimensions: &[Arc<str>]) -> Vec<&'a Element> {
        self.finest(&self.temporal, dimensions, |element| element.timespan)
    }

    fn finest<'a>(
        &'a self,
        families: &[Vec<Arc<str>>],
        dimensions: &[Arc<str>],
        has_it: impl Fn(&Element) -> bool,
    ) -> Vec<&'a Element> {
        let fits = |element: &&Element| {
            has_it(element) && element.required.iter().all(|it| dimensions.contains(it))
        };
        families
            .iter()
            .filter_map(|family| {
                family
                    .iter()
                    .filter_map(|name| self.element(name))
                    .find(fits)
            })
            .collect()
    }

    /// The kind of a dimension's values.
    pub(super) fn kind(&self, dimension: &str) -> Kind {
        let element = self.element(dimension);
        let key = element.and_then(|element| element.key.as_ref());
        key.map_or(Kind::Int, |(_, kind)| *kind)
    }
}

impl Element {
    /// The column in its table for one of the dimensions it requires.
    pub(super) fn column<'a>(&'a self, dimension: &'a str) -> &'a str {
        match &self.key {
            Some((key, _)) if dimension == &*self.name => key,
            _ => dimension,
        }
    }
}

fn element(
    name: &str,
    described: &ElementDocument,
    document: &Document,
    order: &[Arc<str>],
    columns: &Columns,
) -> Result<Element, String> {
    let mut required = BTreeSet::new();
    let mut left: Vec<&str> = described.requires.iter().map(|it| &**it).collect();
    while let Some(other) = left.pop() {
        if required.insert(other) {
            let other = document.elements.get(other).ok_or_else(|| {
                format!("dimension {name} requires {other}, which is not described")
            })?;
            left.extend(other.requires.iter().map(|it| &**it));
        }
    }
    if !described.keys.is_empty() {
        required.insert(name);
    }
    let kind = |field: &Field| -> (Arc<str>, Kind) {
        let kind = match field.kind.as_str() {
            "int" => Kind::Int,
            "float" => Kind::Float,
            "bool" => Kind::Bool,
            // `string`, and `hash`, which is kept as base64.
            _ => Kind::Text,
        };
        ((*field.name).into(), kind)
    };
    let mut keys = described.keys.iter().map(kind);
    let key = keys.next();
    let fields = keys.chain(described.metadata.iter().map(kind)).collect();
    let table = columns.get(name);
    let has = |column: &str| table.is_some_and(|table| table.contains(column));
    let element = Element {
        name: name.into(),
        required: order
            .iter()
            .filter(|it| required.contains(&***it))
            .cloned()
            .collect(),
        implied: described.implies.iter().map(|it| (**it).into()).collect(),
        key,
        fields,
        stored: table.is_some(),
        region: has("region"),
        timespan: has("timespan") || has("timespan_begin"),
    };
    // A name that is described and not there would fail in every query.
    if let Some(table) = table {
        let own = element.required.iter().map(|it| element.column(it));
        let fields = element.fields.iter().map(|(column, _)| &**column);
        let implied = element.implied.iter().map(|it| &**it);
        for column in own.chain(fields).chain(implied) {
            if !table.contains(column) {
                return Err(format!(
                    "the table {name} has no column {column}, which the description of the dimensions names"
                ));
            }
        }
    }
    Ok(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"version": 7, "elements": {
        "instrument": {"keys": [{"name": "name", "type": "string"}]},
        "band": {"keys": [{"name": "name", "type": "string"}]},
        "physical_filter": {"keys": [{"name": "name", "type": "string"}],
                            "requires": ["instrument"], "implies": ["band"]},
        "detector": {"keys": [{"name": "id", "type": "int"}, {"name": "full_name", "type": "string"}],
                     "requires": ["instrument"]},
        "visit": {"keys": [{"name": "id", "type": "int"}], "requires": ["instrument"],
                  "implies": ["physical_filter"], "metadata": [{"name": "azimuth", "type": "float"}]},
        "visit_detector_region": {"requires": ["visit", "detector"]}},
        "topology": {"spatial": {"observation_regions": ["visit_detector_region", "visit"]},
                     "temporal": {"observation_timespans": ["visit"]}}}"#;

    fn columns(tables: &[(&str, &str)]) -> Columns {
        let table = |(name, columns): &(&str, &str)| {
            let columns = columns.split(' ').map(str::to_owned).collect();
            ((*name).to_owned(), columns)
        };
        tables.iter().map(table).collect()
    }

    fn names(list: &[Arc<str>]) -> String {
        list.join(" ")
    }

    #[test]
    fn a_universe_tells_tables_columns_and_what_follows_from_what() {
        let columns = columns(&[
            (
                "visit",
                "instrument id physical_filter azimuth region timespan",
            ),
            ("visit_detector_region", "instrument visit detector region"),
        ]);
        let universe = Universe::read(TEXT, &columns).expect("a universe");
        let visit = universe.element("visit").expect("visits");
        assert_eq!(names(&visit.required), "instrument visit");
        assert_eq!(visit.column("visit"), "id");
        assert_eq!(visit.column("instrument"), "instrument");
        let required = ["instrument".into(), "detector".into(), "visit".into()];
        let all = universe.with_implied(&required);
        assert_eq!(
            names(&all),
            "instrument band physical_filter detector visit"
        );
        let check = |dimensions: &[&str], expected: &str| {
            let dimensions: Vec<Arc<str>> = dimensions.iter().map(|it| (*it).into()).collect();
            let found = universe.regions(&dimensions);
            let found: Vec<&str> = found.iter().map(|element| &*element.name).collect();
            assert_eq!(found.join(" "), expected);
        };
        check(
            &["instrument", "visit", "detector"],
            "visit_detector_region",
        );
        check(&["instrument", "visit"], "visit");
        check(&["instrument", "detector"], "");
        assert_eq!(universe.kind("visit"), Kind::Int);
        assert_eq!(universe.kind("band"), Kind::Text);
        assert_eq!(universe.kind("htm7"), Kind::Int);
    }

    #[test]
    fn what_does_not_fit_the_tables_is_said() {
        let columns = columns(&[("visit", "instrument id physical_filter")]);
        let error = Universe::read(TEXT, &columns).expect_err("no azimuth");
        assert!(error.contains("no column azimuth"), "{error}");
        let error = Universe::read("{", &columns).expect_err("no JSON");
        assert!(error.contains("cannot be read"), "{error}");
    }
}
