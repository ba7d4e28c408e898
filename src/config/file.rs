//! What a settings file may hold.

use toml::de::{DeTable, DeValue};

use super::Error;
use super::keys::{COLUMN_KEYS, KEYS, Kind, nearest, path};

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
            names.extend(["limits", "uploads", "jobs", "obscore", "log", "pool"]);
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
                | (Kind::Columns, DeValue::Array(_)) => continue,
                (Kind::Text, _) => "must be text between quotes",
                (Kind::Number, _) => "must be a whole number",
                (Kind::Columns, _) => "must be written as [[obscore.extra_columns]]",
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
    for section in ["limits", "uploads", "jobs", "obscore", "log", "pool"] {
        let Some(inner) = table.get(section).and_then(|v| v.get_ref().as_table()) else {
            continue;
        };
        check(section, inner)?;
        for column in inner
            .get("extra_columns")
            .and_then(|v| v.get_ref().as_array())
            .into_iter()
            .flatten()
        {
            let place = column.span().start;
            let Some(column) = column.get_ref().as_table() else {
                return Err(Error(format!(
                    "{}: a column is a table of its own",
                    at(place)
                )));
            };
            for (name, value) in column.iter() {
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
            for needed in ["name", "type"] {
                if !column.contains_key(needed) {
                    return Err(Error(format!("{}: this column has no {needed}", at(place))));
                }
            }
        }
    }
    Ok(places)
}
