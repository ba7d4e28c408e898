//! What a settings file may hold.

use toml::de::{DeTable, DeValue};

use super::Error;
use super::keys::{COLUMN_KEYS, EXAMPLE_KEYS, KEYS, Kind, nearest, path};

/// The tables of the file.
const SECTIONS: &[&str] = &[
    "limits",
    "uploads",
    "jobs",
    "obscore",
    "log",
    "pool",
    "registry",
    "registry_api",
    "soda",
    "follow",
    "datalink",
    "files",
    "portal",
];

/// Refuses what the file should not have, by name and line; gives the keys it
/// sets, each with its place.
pub(super) fn check_file(file: &str, text: &str) -> Result<Vec<(String, String)>, Error> {
    let mut places = Vec::new();
    let at = |place: usize| {
        let line = 1 + text.bytes().take(place).filter(|&b| b == b'\n').count();
        format!("{file}:{line}")
    };
    let table = DeTable::parse(text).map_err(|error| {
        let place = error.span().map_or(0, |span| span.start);
        Error(format!("{}: {}", at(place), error.message()))
    })?;
    let names = |of: &str| {
        let mut names: Vec<&str> = KEYS
            .iter()
            .filter(|(section, ..)| *section == of)
            .map(|(_, name, ..)| *name)
            .collect();
        if of.is_empty() {
            names.extend(SECTIONS);
        }
        names
    };
    let unknown = |place: usize, name: &str, section: &str, known: &[&str]| {
        let hint = match nearest(name, known) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None => format!("; known are {}", known.join(", ")),
        };
        let full = path(section, name);
        Err(Error(format!(
            "{}: unknown key \"{full}\"{hint}",
            at(place)
        )))
    };
    let mut check = |section: &str, table: &DeTable<'_>| -> Result<(), Error> {
        for (name, value) in table.iter() {
            let key = name.get_ref().as_ref();
            let place = name.span().start;
            let Some((.., kind, _)) = KEYS.iter().find(|k| k.0 == section && k.1 == key) else {
                if section.is_empty() && names("").contains(&key) {
                    if value.get_ref().is_table() {
                        continue;
                    }
                    let full = path(section, key);
                    return Err(Error(format!("{}: [{full}] is a section", at(place))));
                }
                return unknown(place, key, section, &names(section));
            };
            places.push((path(section, key), at(place)));
            let rule = match (kind, value.get_ref()) {
                (Kind::Text, DeValue::String(_))
                | (Kind::Number, DeValue::Integer(_))
                | (Kind::Flag, DeValue::Boolean(_))
                | (Kind::Columns | Kind::Examples, DeValue::Array(_)) => continue,
                (Kind::Text, _) => "must be text between quotes",
                (Kind::Number, _) => "must be a whole number",
                (Kind::Flag, _) => "must be true or false",
                (Kind::Columns, _) => "must be written as [[obscore.extra_columns]]",
                (Kind::Examples, _) => "must be written as [[examples]]",
            };
            return Err(Error(format!(
                "{}: {} {rule}",
                at(place),
                path(section, key)
            )));
        }
        Ok(())
    };
    let table = table.get_ref();
    check("", table)?;
    for &section in SECTIONS {
        let Some(inner) = table.get(section).and_then(|v| v.get_ref().as_table()) else {
            continue;
        };
        check(section, inner)?;
        blocks(inner, "extra_columns", &at, |place, block| {
            for (name, value) in block.iter() {
                let (key, place) = (name.get_ref().as_ref(), name.span().start);
                if !COLUMN_KEYS.contains(&key) {
                    unknown(place, key, "obscore.extra_columns", &COLUMN_KEYS)?;
                }
                let rule = match key {
                    "indexed" if value.get_ref().is_bool() => continue,
                    "indexed" => "must be true or false",
                    _ if value.get_ref().is_str() => continue,
                    _ => "must be text between quotes",
                };
                return Err(Error(format!("{}: {key} {rule}", at(place))));
            }
            needed(block, "column", &["name", "type"], &at(place))
        })?;
    }
    blocks(table, "examples", &at, |place, block| {
        for (name, value) in block.iter() {
            let (key, place) = (name.get_ref().as_ref(), name.span().start);
            if !EXAMPLE_KEYS.contains(&key) {
                unknown(place, key, "examples", &EXAMPLE_KEYS)?;
            }
            if !value.get_ref().is_str() {
                let at = at(place);
                return Err(Error(format!("{at}: {key} must be text between quotes")));
            }
        }
        needed(block, "example", &["name", "query"], &at(place))
    })?;
    Ok(places)
}

/// Looks at each table of the array `name`, with its place.
fn blocks<'t, 'i>(
    table: &'t DeTable<'i>,
    name: &str,
    at: &impl Fn(usize) -> String,
    mut check: impl FnMut(usize, &'t DeTable<'i>) -> Result<(), Error>,
) -> Result<(), Error> {
    let array = table.get(name).and_then(|value| value.get_ref().as_array());
    for block in array.into_iter().flatten() {
        let place = block.span().start;
        let Some(block) = block.get_ref().as_table() else {
            let at = at(place);
            return Err(Error(format!("{at}: each of {name} is a table of its own")));
        };
        check(place, block)?;
    }
    Ok(())
}

fn needed(block: &DeTable<'_>, what: &str, keys: &[&str], at: &str) -> Result<(), Error> {
    match keys.iter().find(|key| !block.contains_key(**key)) {
        Some(key) => Err(Error(format!("{at}: this {what} has no {key}"))),
        None => Ok(()),
    }
}
