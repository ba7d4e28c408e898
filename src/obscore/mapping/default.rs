//! A configuration for repositories that bring none.

use std::fmt::Write;

/// What a dataset type is of, which settles its identifier and title.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Exposure,
    Visit,
    Patch,
}

/// Images that Rubin's pipelines make, by the name of their dataset type:
/// `calib_level`, `o_ucd`. Tables and intermediate products are no
/// observations that people look for.
const KNOWN: [(&str, u8, &str, Of); 17] = [
    ("raw", 1, "phot.count", Of::Exposure),
    ("quickLookExp", 2, "phot.count", Of::Exposure),
    ("calexp", 2, "phot.flux.density", Of::Visit),
    ("pvi", 2, "phot.flux.density", Of::Visit),
    ("visit_image", 2, "phot.flux.density", Of::Visit),
    ("preliminary_visit_image", 2, "phot.flux.density", Of::Visit),
    (
        "goodSeeingDiff_differenceExp",
        3,
        "phot.flux.density",
        Of::Visit,
    ),
    ("deepDiff_differenceExp", 3, "phot.flux.density", Of::Visit),
    ("difference_image", 3, "phot.flux.density", Of::Visit),
    ("deepCoadd", 3, "phot.flux.density", Of::Patch),
    ("deepCoadd_calexp", 3, "phot.flux.density", Of::Patch),
    ("goodSeeingCoadd", 3, "phot.flux.density", Of::Patch),
    ("templateCoadd", 3, "phot.flux.density", Of::Patch),
    ("deep_coadd", 3, "phot.flux.density", Of::Patch),
    ("deep_coadd_predetection", 3, "phot.flux.density", Of::Patch),
    ("template_coadd", 3, "phot.flux.density", Of::Patch),
    ("pretty_coadd", 3, "phot.flux.density", Of::Patch),
];

const COLUMNS: &str = r#"extra_columns:
  lsst_visit: {template: "{visit}", type: int, doc: "Visit, or exposure where there is no visit"}
  lsst_detector: {template: "{detector}", type: int, doc: "Number of the detector"}
  lsst_tract: {template: "{tract}", type: int, doc: "Tract of the sky map"}
  lsst_patch: {template: "{patch}", type: int, doc: "Patch of the tract"}
  lsst_band: {template: "{band}", type: string, length: 32, doc: "Band of the filter"}
  lsst_filter: {template: "{physical_filter}", type: string, length: 32, doc: "Filter"}
  lsst_dataset_type: {template: "{dataset_type}", type: string, length: 128, doc: "Dataset type"}
  lsst_run: {template: "{run}", type: string, length: 255, doc: "Collection it was made in"}
indices:
  lsst_visit_idx: lsst_visit
  lsst_tract_idx: [lsst_tract, lsst_patch]
"#;

/// Wavelengths of filters, metres, as Rubin's own configurations have them.
const RANGES: &str = r#"spectral_ranges:
  "HSC-G": [406.0e-9, 545.0e-9]
  "HSC-R": [543.0e-9, 693.0e-9]
  "HSC-R2": [542.0e-9, 693.0e-9]
  "HSC-I": [690.0e-9, 842.0e-9]
  "HSC-I2": [692.0e-9, 850.0e-9]
  "HSC-Z": [852.0e-9, 928.0e-9]
  "HSC-Y": [937.0e-9, 1015.0e-9]
  "N921": [914.7e-9, 928.1e-9]
  "u": [300.0e-9, 393.2e-9]
  "g": [402.6e-9, 548.3e-9]
  "r": [551.0e-9, 689.1e-9]
  "i": [693.6e-9, 818.8e-9]
  "z": [819.2e-9, 920.1e-9]
  "y": [927.8e-9, 1100.0e-9]
"#;

const FACILITIES: &str = r#"facility_map:
  HSC: Subaru
  LATISS: "Rubin:1.2m"
  LSSTComCam: "Rubin:Simonyi"
  LSSTCam: "Rubin:Simonyi"
"#;

/// A configuration (YAML) for the images among these dataset types, in all
/// runs; `None` where there are none that are known.
pub fn default_for<'a>(
    obs_collection: &str,
    types: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let types: Vec<&str> = types.into_iter().collect();
    let known: Vec<_> = KNOWN
        .iter()
        .filter(|(name, ..)| types.contains(name))
        .collect();
    if known.is_empty() {
        return None;
    }
    let mut text = String::from("collection_type: RUN\ncollections: null\n");
    // A text of JSON is one of YAML; and a text takes all that is written to it.
    let _ = writeln!(
        text,
        "obs_collection: {}",
        serde_json::Value::from(obs_collection)
    );
    text.push_str(FACILITIES);
    text.push_str("dataset_types:\n");
    for (name, level, ucd, of) in known {
        let (obs_id, title) = match of {
            Of::Exposure => (
                "{records[exposure].obs_id}",
                "{dataset_type} - {physical_filter} - {records[exposure].obs_id}-{detector}",
            ),
            Of::Visit => (
                "{records[visit].name}",
                "{dataset_type} - {band} - {records[visit].name}-{detector}",
            ),
            Of::Patch => (
                "{skymap}-{tract}-{patch}",
                "{dataset_type} - {band} - tract={tract} patch={patch}",
            ),
        };
        let _ = write!(
            text,
            "  {name}:\n    dataproduct_type: image\n    dataproduct_subtype: lsst.{name}\n    \
             calib_level: {level}\n    o_ucd: {ucd}\n    access_format: image/fits\n    \
             obs_id_fmt: \"{obs_id}\"\n    extra_columns:\n      \
             obs_title: {{template: \"{title}\"}}\n"
        );
    }
    text.push_str(COLUMNS);
    text.push_str(RANGES);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::Mapping;
    use super::*;

    #[test]
    fn the_default_for_all_known_types_is_read_but_for_its_open_facility() {
        let text = default_for("a \"label\"", KNOWN.iter().map(|(name, ..)| *name)).unwrap();
        let (mapping, warnings) = Mapping::read(&text).unwrap();
        assert_eq!(mapping.wanted().types.len(), KNOWN.len());
        let paths: Vec<&str> = warnings
            .iter()
            .map(|warning| warning.path.as_str())
            .collect();
        assert_eq!(paths, ["facility_name"]);
        assert!(mapping.names().iter().any(|name| name == "obs_title"));
        assert!(
            mapping
                .columns()
                .iter()
                .all(|column| column.name != "obs_title")
        );
    }

    #[test]
    fn types_that_are_no_images_are_left_out() {
        assert_eq!(default_for("x", ["src", "isolated_star"]), None);
        let text = default_for("x", ["src", "calexp"]).unwrap();
        assert!(text.contains("  calexp:\n") && !text.contains("src"));
    }
}
