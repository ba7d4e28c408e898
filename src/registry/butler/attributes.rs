//! What a registry says of itself, and whether we understand it.

use std::collections::BTreeMap;

use adql::Wire;

use super::cells;
use crate::database::Guest;
use crate::registry::Error;

/// The managers that are understood: role, class, and the beginnings of its
/// versions.
const MANAGERS: [(&str, &str, &[&str]); 7] = [
    ("attributes", "DefaultButlerAttributeManager", &["1."]),
    ("dimensions", "StaticDimensionRecordStorageManager", &["6."]),
    ("collections", "SynthIntKeyCollectionManager", &["2."]),
    (
        "datasets",
        "ByDimensionsDatasetRecordStorageManagerUUID",
        &["1.", "2."],
    ),
    ("opaque", "ByNameOpaqueTableStorageManager", &["0.2."]),
    (
        "datastores",
        "MonolithicDatastoreRegistryBridgeManager",
        &["0.2."],
    ),
    // Its table is not read.
    ("obscore", "ObsCoreLiveTableManager", &[""]),
];

/// A part of the registry's program, as its database names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    pub role: String,
    pub class: String,
    pub version: Option<String>,
}

pub(super) async fn read(guest: &Guest, schema: &str) -> Result<BTreeMap<String, String>, Error> {
    let sql = format!("SELECT name, value FROM {schema}butler_attributes");
    let rows = guest.fetch(&sql, &[], &[Wire::Text; 2]).await?;
    let text = |row, column| {
        let cell = rows.cell(row, column);
        cell.map(cells::text).unwrap_or_default().to_owned()
    };
    Ok((0..rows.len())
        .map(|row| (text(row, 0), text(row, 1)))
        .collect())
}

/// The managers that the attributes name.
pub(super) fn managers(attributes: &BTreeMap<String, String>) -> Vec<Manager> {
    let manager = |(name, class): (&String, &String)| {
        let role = name.strip_prefix("config:registry.managers.")?;
        Some(Manager {
            role: role.to_owned(),
            class: class.clone(),
            version: attributes.get(&format!("version:{class}")).cloned(),
        })
    };
    attributes.iter().filter_map(manager).collect()
}

/// Whether every manager is one that is understood.
///
/// # Errors
/// All that are not, in a sentence.
pub(super) fn check(attributes: &BTreeMap<String, String>) -> Result<(), String> {
    let managers = managers(attributes);
    let strange: Vec<String> = managers.iter().filter_map(strange).collect();
    if !strange.is_empty() {
        return Err(format!(
            "its registry is of a kind that is not understood: {}",
            strange.join("; ")
        ));
    }
    let needed = ["dimensions", "collections", "datasets"];
    let missing = |role: &&&str| managers.iter().all(|it| it.role != **role);
    match needed.iter().find(missing) {
        Some(role) => Err(format!("its registry names no manager of {role}")),
        None => Ok(()),
    }
}

fn strange(manager: &Manager) -> Option<String> {
    let Manager {
        role,
        class,
        version,
    } = manager;
    let known = MANAGERS.iter().find(|(known, _, _)| known == role);
    // What we do not know and do not read does not matter.
    let (_, known, versions) = known?;
    let short = class.rsplit('.').next().unwrap_or(class);
    if short != *known && *role != "obscore" {
        return Some(format!(
            "{role} are kept by {short}, where {known} was expected"
        ));
    }
    let version = version.as_deref().unwrap_or_default();
    let fits = versions.iter().any(|begin| version.starts_with(begin));
    (!fits).then(|| {
        let versions: Vec<String> = versions.iter().map(|begin| format!("{begin}x")).collect();
        format!(
            "{short} has version {version}, where {} was expected",
            versions.join(" or ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(datasets: &str, version: &str) -> BTreeMap<String, String> {
        let mut attributes = BTreeMap::new();
        let mut add = |role: &str, class: &str, version: &str| {
            let class = format!("lsst.daf.butler.registry.{class}");
            attributes.insert(format!("version:{class}"), version.to_owned());
            attributes.insert(format!("config:registry.managers.{role}"), class);
        };
        add(
            "dimensions",
            "static.StaticDimensionRecordStorageManager",
            "6.0.2",
        );
        add(
            "collections",
            "synthIntKey.SynthIntKeyCollectionManager",
            "2.0.0",
        );
        add("datasets", datasets, version);
        add("weather", "sunny.WeatherManager", "9.9.9");
        attributes
    }

    #[test]
    fn managers_that_are_not_understood_are_named() {
        let known = "byDimensions._manager.ByDimensionsDatasetRecordStorageManagerUUID";
        assert_eq!(check(&attributes(known, "1.0.0")), Ok(()));
        assert_eq!(check(&attributes(known, "2.0.0")), Ok(()));
        let refused = |attributes, expected: &str| {
            let error = check(&attributes).expect_err("refused");
            assert!(error.contains(expected), "{error}");
        };
        refused(
            attributes(known, "3.0.0"),
            "ByDimensionsDatasetRecordStorageManagerUUID has version 3.0.0, where 1.x or 2.x was expected",
        );
        refused(
            attributes("old.IntegerIds", "1.0.0"),
            "datasets are kept by IntegerIds",
        );
        let mut few = attributes(known, "2.0.0");
        few.retain(|name, _| !name.contains("managers.collections"));
        refused(few, "names no manager of collections");
    }
}
