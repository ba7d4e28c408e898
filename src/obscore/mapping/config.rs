//! Rubin's configuration of ObsCore, checked key by key.
//!
//! Keys and meaning: `ObsCoreManagerConfig` of daf_butler and `ExporterConfig`
//! of dax_obscore (<https://github.com/lsst/daf_butler>,
//! <https://github.com/lsst-dm/dax_obscore>).

use std::collections::HashMap;

use super::document::Node;
use super::filter::Filters;
use super::notes::Notes;
use super::table::Table;
use crate::obscore::columns::PRODUCT_TYPES;
use crate::registry::{Collections, Scalar};

/// A configuration without unknown keys and wrong values.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub collections: Collections,
    /// In the order of the document.
    pub types: Vec<Type>,
    pub obs_collection: Option<String>,
    pub facility: Option<String>,
    /// By instrument.
    pub facilities: HashMap<String, String>,
    pub extra: Vec<Extra>,
    /// Columns that an index names.
    pub indexed: Vec<(String, String)>,
    /// Metres, by physical filter or band.
    pub ranges: HashMap<String, [Option<f64>; 2]>,
    pub fallback_instrument: Option<String>,
    /// `obs_publisher_did_fmt`
    pub publisher_did: Option<String>,
    pub filters: Filters,
}

/// A dataset type.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub name: String,
    pub path: String,
    pub dataproduct_type: String,
    pub dataproduct_subtype: Option<String>,
    pub calib_level: i64,
    pub o_ucd: Option<String>,
    pub access_format: Option<String>,
    pub obs_id: Option<String>,
    pub datalink_url: Option<String>,
    pub obs_collection: Option<String>,
    pub s_xel: Option<[i64; 2]>,
    pub extra: Vec<Extra>,
}

/// A column beside the ones that a mapping fills by itself.
#[derive(Clone, Debug)]
pub(super) struct Extra {
    pub path: String,
    pub name: String,
    pub kind: Kind,
    pub length: Option<i64>,
    pub doc: Option<String>,
    pub what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Constant(Scalar),
    Template(String),
}

/// The type of an extra column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Float,
    String,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::String => "string",
        }
    }
}

const TOP: [&str; 13] = [
    "collections",
    "dataset_types",
    "obs_collection",
    "facility_name",
    "facility_map",
    "extra_columns",
    "indices",
    "spectral_ranges",
    "spatial_plugins",
    "fallback_instrument",
    "obs_publisher_did_fmt",
    "use_butler_uri",
    "collection_type",
];
/// Of the Butler's table, which is not ours.
const MANAGER: [&str; 3] = ["namespace", "version", "table_name"];
/// Of the exporter: how it writes, and what it says of the origin.
const EXPORT: [&str; 6] = [
    "where",
    "dataset_type_constraints",
    "batch_size",
    "parquet_compression",
    "csv_null_string",
    "origin",
];
const ORIGIN: [&str; 6] = [
    "publisher",
    "publication_date",
    "citation",
    "reference_url",
    "article",
    "title",
];
const TYPE: [&str; 10] = [
    "dataproduct_type",
    "dataproduct_subtype",
    "calib_level",
    "o_ucd",
    "access_format",
    "obs_id_fmt",
    "datalink_url_fmt",
    "obs_collection",
    "s_xel",
    "extra_columns",
];

impl Config {
    /// Reads the document; `None` where it has faults.
    pub(super) fn read(document: &Node, notes: &mut Notes) -> Option<Config> {
        let top = Table::new("", document, notes)?;
        let known: Vec<&str> = TOP.iter().chain(&MANAGER).chain(&EXPORT).copied().collect();
        top.knows(&known, notes);
        if top.get("use_butler_uri").is_some() {
            notes.warn(
                "use_butler_uri",
                "is of an old Butler, and is ignored; links are made by datalink_url_fmt",
            );
        }
        if let Some(origin) = top.table("origin", notes) {
            origin.knows(&ORIGIN, notes);
        }
        plugins(&top, notes);
        let types = types(&top, notes);
        let facility = top.text("facility_name", notes);
        if facility.is_none() && top.get("facility_name").is_none() {
            notes.warn(
                "facility_name",
                "is missing: instruments that facility_map does not have get no facility",
            );
        }
        let config = Config {
            collections: collections(&top, notes)?,
            types,
            obs_collection: top.text("obs_collection", notes),
            facility,
            facilities: facilities(&top, notes),
            extra: extra(&top, notes),
            indexed: indexed(&top, notes),
            ranges: ranges(&top, notes),
            fallback_instrument: top.text("fallback_instrument", notes),
            publisher_did: top.text("obs_publisher_did_fmt", notes),
            filters: Filters::read(&top, notes),
        };
        notes.faults.is_empty().then_some(config)
    }
}

/// Where `collection_type` is, the document is the manager's and collections
/// are patterns of runs or a tag; else it is the exporter's, and they are
/// names.
fn collections(top: &Table<'_>, notes: &mut Notes) -> Option<Collections> {
    let names = top.texts("collections", false, notes).unwrap_or_default();
    let all = Collections::Runs(Vec::new());
    match top.text("collection_type", notes).as_deref() {
        Some("RUN") => Collections::runs(names.iter().map(String::as_str))
            .map_err(|error| notes.fault("collections", error.to_string()))
            .ok(),
        Some("TAGGED") => match <[String; 1]>::try_from(names) {
            Ok([name]) => Some(Collections::Tagged(name)),
            Err(names) => {
                notes.fault(
                    "collections",
                    format!(
                        "should have the name of one tagged collection, as collection_type is \
                         TAGGED, and has {}",
                        names.len()
                    ),
                );
                None
            }
        },
        Some(other) => {
            notes.fault(
                "collection_type",
                format!("should be RUN or TAGGED, and is {other:?}"),
            );
            None
        }
        None if names.is_empty() => {
            notes.warn("collections", "is missing: datasets of all runs are taken");
            Some(all)
        }
        None => Some(Collections::Path(names)),
    }
}

fn types(top: &Table<'_>, notes: &mut Notes) -> Vec<Type> {
    if top.get("dataset_types").is_none() {
        notes.fault("dataset_types", "is missing: no dataset would have a row");
    }
    let Some(table) = top.table("dataset_types", notes) else {
        return Vec::new();
    };
    let mut types = Vec::new();
    for (name, node) in table.entries() {
        let path = table.path(name);
        if let Some(table) = Table::new(&path, node, notes) {
            table.knows(&TYPE, notes);
            types.extend(dataset_type(name, &table, notes));
        }
    }
    types
}

fn dataset_type(name: &str, table: &Table<'_>, notes: &mut Notes) -> Option<Type> {
    let product = table.needed("dataproduct_type", notes);
    if let Some(word) = &product
        && !PRODUCT_TYPES.contains(&word.as_str())
    {
        let sentence = format!(
            "{word:?} is not a word of ObsCore: {}",
            PRODUCT_TYPES.join(", ")
        );
        notes.warn(&table.path("dataproduct_type"), sentence);
    }
    let level = table.int("calib_level", notes);
    let path = table.path("calib_level");
    match level {
        // ObsCore 1.1 section 4.2.
        Some(level) if !(0..=4).contains(&level) => {
            notes.fault(&path, format!("is {level}, and must be from 0 to 4"));
        }
        None if table.get("calib_level").is_none() => notes.fault(&path, "is missing"),
        _ => {}
    }
    let s_xel = table.list("s_xel", notes).and_then(|list| match list {
        [Node::Int(first @ 0..), Node::Int(second @ 0..)] => Some([*first, *second]),
        _ => {
            notes.fault(&table.path("s_xel"), "should be two numbers of pixels");
            None
        }
    });
    let mut text = |key| table.text(key, notes);
    let texts = [
        text("dataproduct_subtype"),
        text("o_ucd"),
        text("access_format"),
        text("obs_id_fmt"),
        text("datalink_url_fmt"),
        text("obs_collection"),
    ];
    let extra = extra(table, notes);
    let [
        dataproduct_subtype,
        o_ucd,
        access_format,
        obs_id,
        datalink_url,
        obs_collection,
    ] = texts;
    Some(Type {
        name: name.to_owned(),
        path: table.path.clone(),
        dataproduct_type: product?,
        dataproduct_subtype,
        calib_level: level?,
        o_ucd,
        access_format,
        obs_id,
        datalink_url,
        obs_collection,
        s_xel,
        extra,
    })
}

fn facilities(top: &Table<'_>, notes: &mut Notes) -> HashMap<String, String> {
    let Some(table) = top.table("facility_map", notes) else {
        return HashMap::new();
    };
    let names: Vec<&str> = table.entries().map(|(name, _)| name).collect();
    let named = |name: &str| Some((name.to_owned(), table.needed(name, notes)?));
    names.into_iter().filter_map(named).collect()
}

fn extra(table: &Table<'_>, notes: &mut Notes) -> Vec<Extra> {
    let Some(table) = table.table("extra_columns", notes) else {
        return Vec::new();
    };
    let mut columns = Vec::new();
    for (name, node) in table.entries() {
        let path = table.path(name);
        let lower = name.to_ascii_lowercase();
        if lower != name {
            notes.warn(&path, format!("becomes the column {lower}"));
        }
        let constant = |kind, value| Extra {
            path: path.clone(),
            name: lower.clone(),
            kind,
            length: None,
            doc: None,
            what: What::Constant(value),
        };
        match node {
            Node::Bool(flag) => columns.push(constant(Kind::Bool, Scalar::Bool(*flag))),
            Node::Int(number) => columns.push(constant(Kind::Int, Scalar::Int(*number))),
            Node::Float(number) if number.is_finite() => {
                columns.push(constant(Kind::Float, Scalar::Float(*number)));
            }
            Node::Text(text) => {
                columns.push(constant(Kind::String, Scalar::Text(text.as_str().into())));
            }
            Node::Map(_) => columns.extend(templated(&path, lower, node, notes)),
            node => notes.fault(
                &path,
                format!(
                    "should be a value, or a table with a template, and is {}",
                    node.kind()
                ),
            ),
        }
    }
    columns
}

fn templated(path: &str, name: String, node: &Node, notes: &mut Notes) -> Option<Extra> {
    let table = Table::new(path, node, notes)?;
    table.knows(&["template", "type", "length", "doc"], notes);
    let kind = match table.text("type", notes).as_deref() {
        Some("bool") => Kind::Bool,
        Some("int") => Kind::Int,
        Some("float") => Kind::Float,
        Some("string") | None => Kind::String,
        Some(other) => {
            notes.fault(
                &table.path("type"),
                format!("should be bool, int, float or string, and is {other:?}"),
            );
            return None;
        }
    };
    let length = table.int("length", notes);
    if length.is_some_and(|length| length < 1) {
        notes.fault(&table.path("length"), "should be 1 at least");
    }
    Some(Extra {
        path: path.to_owned(),
        name,
        kind,
        length,
        doc: table.text("doc", notes),
        what: What::Template(table.needed("template", notes)?),
    })
}

/// Pairs of the index's path and a column.
fn indexed(top: &Table<'_>, notes: &mut Notes) -> Vec<(String, String)> {
    let Some(table) = top.table("indices", notes) else {
        return Vec::new();
    };
    let mut columns = Vec::new();
    for (name, _) in table.entries() {
        let path = table.path(name);
        let named = table.texts(name, true, notes).unwrap_or_default();
        columns.extend(named.into_iter().map(|column| (path.clone(), column)));
    }
    columns
}

fn ranges(top: &Table<'_>, notes: &mut Notes) -> HashMap<String, [Option<f64>; 2]> {
    let Some(table) = top.table("spectral_ranges", notes) else {
        return HashMap::new();
    };
    let mut ranges = HashMap::new();
    for (name, node) in table.entries() {
        match range(node) {
            Ok(range) => {
                ranges.insert(name.to_owned(), range);
            }
            Err(sentence) => notes.fault(&table.path(name), sentence),
        }
    }
    ranges
}

fn range(node: &Node) -> Result<[Option<f64>; 2], &'static str> {
    let wrong = "should be two wavelengths in metres, or nulls";
    let limit = |node: &Node| match node {
        Node::Null => Ok(None),
        Node::Int(number) => Ok(Some(*number as f64)),
        Node::Float(number) => Ok(Some(*number)),
        // YAML 1.1 takes a number without a point, 4e-7, for a text.
        Node::Text(text) => text.trim().parse().map(Some).map_err(|_| wrong),
        _ => Err(wrong),
    };
    let Node::List(list) = node else {
        return Err(wrong);
    };
    let [least, most] = list.as_slice() else {
        return Err(wrong);
    };
    let limits = [limit(least)?, limit(most)?];
    if limits
        .iter()
        .flatten()
        .any(|limit| !limit.is_finite() || *limit < 0.0)
    {
        return Err(wrong);
    }
    match limits {
        [Some(least), Some(most)] if least > most => {
            Err("has a shortest wavelength that is longer than the longest")
        }
        limits => Ok(limits),
    }
}

/// Columns and indices of other geometry engines are not made: this service
/// has an index of its own on the sky.
fn plugins(top: &Table<'_>, notes: &mut Notes) {
    let Some(table) = top.table("spatial_plugins", notes) else {
        return;
    };
    for (name, node) in table.entries() {
        let path = table.path(name);
        let Some(plugin) = Table::new(&path, node, notes) else {
            continue;
        };
        plugin.knows(&["cls", "config"], notes);
        let mut columns: Vec<String> = Vec::new();
        if let Some(config) = plugin.table("config", notes) {
            let texts = config.entries().filter_map(|(_, node)| match node {
                Node::Text(text) => Some(text.clone()),
                _ => None,
            });
            columns.extend(texts);
        }
        let columns = match columns.is_empty() {
            true => "its columns".to_owned(),
            false => columns.join(", "),
        };
        notes.warn(
            &path,
            format!("is not made, nor {columns}: s_region and the position have an index here"),
        );
    }
}
