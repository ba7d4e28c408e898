//! Collections, types, and lists of datasets.

use serde::Deserialize;
use uuid::Uuid;

use super::{Form, LONGEST, check_many, check_text, parsed, table};
use crate::input::Value;
use crate::registry::own::collections::{Collection, CollectionKind};
use crate::registry::own::error::Error;
use crate::registry::own::types::DatasetType;

/// Names in an array, or in a text with blanks or commas between.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Names {
    #[default]
    None,
    List(Vec<String>),
    Text(String),
}

impl Names {
    fn list(self) -> Vec<String> {
        match self {
            Names::None => Vec::new(),
            Names::List(names) => names,
            Names::Text(text) => text
                .split([' ', ','])
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CollectionItem {
    name: String,
    kind: String,
    #[serde(default)]
    doc: Option<String>,
    #[serde(default)]
    children: Names,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeItem {
    name: String,
    dimensions: Names,
    #[serde(default)]
    storage_class: String,
}

/// The items of a body; of a table, each row as an object of texts.
fn items<T: serde::de::DeserializeOwned>(
    body: &[u8],
    form: Form,
) -> Result<Vec<(usize, T)>, Error> {
    let Form::Table(format) = form else {
        return parsed(body);
    };
    let table = table(body, format)?;
    let columns: Vec<String> = table
        .columns()
        .iter()
        .map(|it| it.trim().to_owned())
        .collect();
    let mut all = Vec::new();
    for row in table {
        let row = row.map_err(|error| Error::invalid(error.to_string()))?;
        let line = usize::try_from(row.place).unwrap_or(usize::MAX);
        let mut object = serde_json::Map::new();
        for (name, value) in columns.iter().zip(row.values) {
            match value {
                Value::Null => {}
                Value::Text(text) => {
                    object.insert(name.clone(), text.into());
                }
                other => {
                    object.insert(name.clone(), other.named().into());
                }
            }
        }
        let item = serde_json::from_value(object.into());
        let item = item.map_err(|error| Error::invalid(format!("line {line}: {error}")))?;
        all.push((line, item));
        check_many(all.len())?;
    }
    Ok(all)
}

/// `{"name": …, "kind": "RUN", "doc": …, "children": […]}`
///
/// # Errors
/// The first that cannot be understood, with its line.
pub fn collections(body: &[u8], form: Form) -> Result<Vec<Collection>, Error> {
    let all: Vec<(usize, CollectionItem)> = items(body, form)?;
    all.into_iter()
        .map(|(line, item)| {
            let place = format!("line {line}");
            let kind = CollectionKind::named(&item.kind).ok_or_else(|| {
                Error::invalid(format!(
                    "{place}: {:?} is no kind of collection; there are RUN, TAGGED and CHAINED",
                    item.kind
                ))
            })?;
            check_text(
                &place,
                "doc",
                item.doc.as_deref().unwrap_or_default(),
                LONGEST,
            )?;
            Ok(Collection {
                name: item.name,
                kind,
                doc: item.doc,
                children: item.children.list(),
            })
        })
        .collect()
}

/// `{"name": …, "dimensions": […], "storage_class": …}`
///
/// # Errors
/// The first that cannot be understood, with its line.
pub fn types(body: &[u8], form: Form) -> Result<Vec<DatasetType>, Error> {
    let all: Vec<(usize, TypeItem)> = items(body, form)?;
    all.into_iter()
        .map(|(line, item)| {
            check_text(
                &format!("line {line}"),
                "storage_class",
                &item.storage_class,
                256,
            )?;
            let dimensions = item.dimensions.list();
            let dimensions = dimensions.iter().map(String::as_str);
            DatasetType::new(&item.name, dimensions, &item.storage_class)
        })
        .collect()
}

/// UUIDs: an array of them, or one in each line.
///
/// # Errors
/// The first that is none.
pub fn ids(body: &[u8]) -> Result<Vec<Uuid>, Error> {
    let texts: Vec<(usize, String)> = match Form::told(body) {
        Form::Json => parsed(body)?,
        Form::Table(_) => super::lines(body)
            .map(|(number, line)| (number, String::from_utf8_lossy(line).into_owned()))
            .collect(),
    };
    check_many(texts.len())?;
    texts
        .into_iter()
        .map(|(line, text)| {
            Uuid::try_parse(text.trim().trim_matches('"')).map_err(|_| {
                let shown: String = text.chars().take(80).collect();
                Error::invalid(format!("line {line}: {shown:?} is no UUID"))
            })
        })
        .collect()
}
