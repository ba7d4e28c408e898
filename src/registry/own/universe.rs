//! What datasets are told apart by, and what is said of each: the dimensions
//! and elements of Rubin's universe (version 8 of `daf_butler`), as far as we
//! have them.

use std::sync::{Arc, LazyLock};

use adql::Wire;

/// A dimension: a part of data IDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    pub name: &'static str,
    /// Whether its values are words; else numbers.
    pub is_word: bool,
    /// Dimensions without which it means nothing.
    pub needs: &'static [&'static str],
    /// Dimensions whose values follow from its record.
    pub implies: &'static [&'static str],
}

/// Every dimension, in the order of data IDs.
pub const DIMENSIONS: [Dimension; 10] = [
    word("instrument", &[], &[]),
    word("skymap", &[], &[]),
    word("band", &[], &[]),
    word("physical_filter", &["instrument"], &["band"]),
    number("day_obs", &["instrument"], &[]),
    number("detector", &["instrument"], &[]),
    number(
        "exposure",
        &["instrument"],
        &["band", "physical_filter", "day_obs"],
    ),
    number(
        "visit",
        &["instrument"],
        &["band", "physical_filter", "day_obs"],
    ),
    number("tract", &["skymap"], &[]),
    number("patch", &["skymap", "tract"], &[]),
];

const fn word(
    name: &'static str,
    needs: &'static [&'static str],
    implies: &'static [&'static str],
) -> Dimension {
    Dimension {
        name,
        is_word: true,
        needs,
        implies,
    }
}

const fn number(
    name: &'static str,
    needs: &'static [&'static str],
    implies: &'static [&'static str],
) -> Dimension {
    Dimension {
        is_word: false,
        ..word(name, needs, implies)
    }
}

/// The required dimensions of a type that names these: what they need is
/// added, what they imply is taken away (as `DimensionUniverse.conform`).
///
/// # Errors
/// A name that is no dimension.
pub fn conform<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<&'static str>, String> {
    let mut wanted = [false; DIMENSIONS.len()];
    for name in names {
        let place = DIMENSIONS.iter().position(|it| it.name == name);
        let Some(place) = place else {
            let known: Vec<&str> = DIMENSIONS.iter().map(|it| it.name).collect();
            return Err(format!(
                "{name:?} is no dimension; there are {}",
                known.join(", ")
            ));
        };
        wanted[place] = true;
    }
    // What is needed stands before what needs it.
    for place in (0..DIMENSIONS.len()).rev() {
        for (other, dimension) in DIMENSIONS.iter().enumerate() {
            if wanted[place] && DIMENSIONS[place].needs.contains(&dimension.name) {
                wanted[other] = true;
            }
        }
    }
    let chosen = |place: usize| wanted[place];
    let implied = |name: &str| {
        (0..DIMENSIONS.len())
            .any(|place| chosen(place) && DIMENSIONS[place].implies.contains(&name))
    };
    Ok((0..DIMENSIONS.len())
        .filter(|&place| chosen(place) && !implied(DIMENSIONS[place].name))
        .map(|place| DIMENSIONS[place].name)
        .collect())
}

/// A column of the record of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether every record has a value for it.
    pub needed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Float,
    Text,
    Bool,
}

impl Kind {
    pub fn wire(self) -> Wire {
        match self {
            Kind::Int => Wire::Int8,
            Kind::Float => Wire::Float8,
            Kind::Text => Wire::Text,
            Kind::Bool => Wire::Bool,
        }
    }

    /// As messages have it.
    pub fn told(self) -> &'static str {
        match self {
            Kind::Int => "a whole number",
            Kind::Float => "a number",
            Kind::Text => "a text",
            Kind::Bool => "true or false",
        }
    }
}

/// What records are kept of, in a table of its name.
#[derive(Debug)]
pub struct Element {
    pub name: &'static str,
    /// What tells its records apart.
    pub keys: &'static [Field],
    pub values: &'static [Field],
    pub has_region: bool,
    pub has_timespan: bool,
    /// Elements that its records name: the element, and pairs of its column
    /// and the key there.
    pub parents: &'static [(&'static str, &'static [(&'static str, &'static str)])],
    /// Which datasets a record in the table `{pg_temp.given}` is a part of:
    /// conditions on `{registry.dataset}`, any of which may hold.
    pub users: &'static [&'static str],
    /// Whether datasets can be without it, so that a new record changes what
    /// is known of those that are there and an old one may go.
    pub is_loose: bool,
}

const fn int(name: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Int,
        needed: false,
    }
}

const fn float(name: &'static str) -> Field {
    Field {
        kind: Kind::Float,
        ..int(name)
    }
}

const fn text(name: &'static str) -> Field {
    Field {
        kind: Kind::Text,
        ..int(name)
    }
}

const fn flag(name: &'static str) -> Field {
    Field {
        kind: Kind::Bool,
        ..int(name)
    }
}

const fn needed(field: Field) -> Field {
    Field {
        needed: true,
        ..field
    }
}

const INSTRUMENT: Field = needed(text("instrument"));
const SKYMAP: Field = needed(text("skymap"));
const NAME: Field = needed(text("name"));
const ID: Field = needed(int("id"));

const BASE: Element = Element {
    name: "",
    keys: &[INSTRUMENT, ID],
    values: &[],
    has_region: false,
    has_timespan: false,
    parents: &[("instrument", &[("instrument", "name")])],
    users: &[],
    is_loose: false,
};

const FILTER: (&str, &[(&str, &str)]) = (
    "physical_filter",
    &[("instrument", "instrument"), ("physical_filter", "name")],
);

/// Every element, those that others name before them.
pub static ELEMENTS: [Element; 12] = [
    Element {
        name: "instrument",
        keys: &[NAME],
        values: &[
            int("visit_max"),
            int("visit_system"),
            int("exposure_max"),
            int("detector_max"),
            text("class_name"),
        ],
        parents: &[],
        users: &["instrument IN (SELECT name FROM {pg_temp.given})"],
        ..BASE
    },
    Element {
        name: "detector",
        values: &[
            text("full_name"),
            text("name_in_raft"),
            text("raft"),
            text("purpose"),
        ],
        users: &["(instrument, detector) IN (SELECT instrument, id FROM {pg_temp.given})"],
        ..BASE
    },
    Element {
        name: "physical_filter",
        keys: &[INSTRUMENT, NAME],
        values: &[needed(text("band"))],
        users: &[
            "(instrument, physical_filter) IN (SELECT instrument, name FROM {pg_temp.given})",
            "(instrument, exposure) IN (SELECT e.instrument, e.id FROM {registry.exposure} AS e \
             JOIN {pg_temp.given} AS g ON g.instrument = e.instrument AND g.name = e.physical_filter)",
            "(instrument, visit) IN (SELECT v.instrument, v.id FROM {registry.visit} AS v \
             JOIN {pg_temp.given} AS g ON g.instrument = v.instrument AND g.name = v.physical_filter)",
        ],
        ..BASE
    },
    Element {
        name: "day_obs",
        has_timespan: true,
        users: &[
            "(instrument, day_obs) IN (SELECT instrument, id FROM {pg_temp.given})",
            "(instrument, exposure) IN (SELECT e.instrument, e.id FROM {registry.exposure} AS e \
             JOIN {pg_temp.given} AS g ON g.instrument = e.instrument AND g.id = e.day_obs)",
            "(instrument, visit) IN (SELECT v.instrument, v.id FROM {registry.visit} AS v \
             JOIN {pg_temp.given} AS g ON g.instrument = v.instrument AND g.id = v.day_obs)",
        ],
        is_loose: true,
        ..BASE
    },
    Element {
        name: "exposure",
        values: &[
            needed(text("physical_filter")),
            int("day_obs"),
            text("group"),
            text("obs_id"),
            float("exposure_time"),
            float("dark_time"),
            text("observation_type"),
            text("observation_reason"),
            int("seq_num"),
            int("seq_start"),
            int("seq_end"),
            text("target_name"),
            text("science_program"),
            float("tracking_ra"),
            float("tracking_dec"),
            float("sky_angle"),
            float("azimuth"),
            float("zenith_angle"),
            flag("has_simulated"),
            flag("can_see_sky"),
        ],
        has_region: true,
        has_timespan: true,
        parents: &[FILTER],
        users: &["(instrument, exposure) IN (SELECT instrument, id FROM {pg_temp.given})"],
        ..BASE
    },
    Element {
        name: "visit",
        values: &[
            needed(text("physical_filter")),
            int("day_obs"),
            text("name"),
            int("seq_num"),
            float("exposure_time"),
            text("target_name"),
            text("observation_reason"),
            text("science_program"),
            float("azimuth"),
            float("zenith_angle"),
        ],
        has_region: true,
        has_timespan: true,
        parents: &[FILTER],
        users: &[
            "(instrument, visit) IN (SELECT instrument, id FROM {pg_temp.given})",
            "(instrument, exposure) IN (SELECT d.instrument, d.exposure \
             FROM {registry.visit_definition} AS d \
             JOIN {pg_temp.given} AS g ON g.instrument = d.instrument AND g.id = d.visit)",
        ],
        ..BASE
    },
    Element {
        name: "visit_definition",
        keys: &[INSTRUMENT, needed(int("visit")), needed(int("exposure"))],
        parents: &[
            ("visit", &[("instrument", "instrument"), ("visit", "id")]),
            (
                "exposure",
                &[("instrument", "instrument"), ("exposure", "id")],
            ),
        ],
        users: &["(instrument, exposure) IN (SELECT instrument, exposure FROM {pg_temp.given})"],
        is_loose: true,
        ..BASE
    },
    Element {
        name: "visit_detector_region",
        keys: &[INSTRUMENT, needed(int("visit")), needed(int("detector"))],
        has_region: true,
        parents: &[
            ("visit", &[("instrument", "instrument"), ("visit", "id")]),
            (
                "detector",
                &[("instrument", "instrument"), ("detector", "id")],
            ),
        ],
        users: &[
            "(instrument, visit, detector) IN \
             (SELECT instrument, visit, detector FROM {pg_temp.given})",
            "(instrument, exposure, detector) IN (SELECT d.instrument, d.exposure, g.detector \
             FROM {registry.visit_definition} AS d \
             JOIN {pg_temp.given} AS g ON g.instrument = d.instrument AND g.visit = d.visit)",
        ],
        is_loose: true,
        ..BASE
    },
    Element {
        name: "exposure_detector_region",
        keys: &[INSTRUMENT, needed(int("exposure")), needed(int("detector"))],
        has_region: true,
        parents: &[
            (
                "exposure",
                &[("instrument", "instrument"), ("exposure", "id")],
            ),
            (
                "detector",
                &[("instrument", "instrument"), ("detector", "id")],
            ),
        ],
        users: &["(instrument, exposure, detector) IN \
             (SELECT instrument, exposure, detector FROM {pg_temp.given})"],
        is_loose: true,
        ..BASE
    },
    Element {
        name: "skymap",
        keys: &[NAME],
        values: &[
            text("hash"),
            int("tract_max"),
            int("patch_nx_max"),
            int("patch_ny_max"),
        ],
        parents: &[],
        users: &["skymap IN (SELECT name FROM {pg_temp.given})"],
        ..BASE
    },
    Element {
        name: "tract",
        keys: &[SKYMAP, ID],
        has_region: true,
        parents: &[("skymap", &[("skymap", "name")])],
        users: &["(skymap, tract) IN (SELECT skymap, id FROM {pg_temp.given})"],
        ..BASE
    },
    Element {
        name: "patch",
        keys: &[SKYMAP, needed(int("tract")), ID],
        values: &[int("cell_x"), int("cell_y")],
        has_region: true,
        parents: &[("tract", &[("skymap", "skymap"), ("tract", "id")])],
        users: &["(skymap, tract, patch) IN (SELECT skymap, tract, id FROM {pg_temp.given})"],
        ..BASE
    },
];

impl Element {
    pub fn named(name: &str) -> Option<&'static Element> {
        ELEMENTS.iter().find(|element| element.name == name)
    }

    /// Keys and values.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.keys.iter().chain(self.values)
    }

    /// Whether a record without a region says nothing.
    pub fn needs_region(&self) -> bool {
        self.has_region && self.name.ends_with("_region")
    }

    /// Every column, as stored, and what it holds.
    pub fn columns(&self) -> Vec<(&'static str, Wire)> {
        let mut columns: Vec<_> = self.fields().map(|it| (it.name, it.kind.wire())).collect();
        if self.has_region {
            columns.push((REGION, Wire::Text));
        }
        if self.has_timespan {
            columns.push((BEGIN, Wire::Int8));
            columns.push((END, Wire::Int8));
        }
        columns
    }
}

pub const REGION: &str = "region";
pub const BEGIN: &str = "timespan_begin";
pub const END: &str = "timespan_end";

/// The names that datasets carry, shared by all.
static NAMES: LazyLock<Vec<Arc<str>>> = LazyLock::new(|| {
    let dimensions = DIMENSIONS.iter().map(|it| it.name);
    let elements = ELEMENTS.iter().map(|it| it.name);
    let fields = ELEMENTS.iter().flat_map(|it| it.fields().map(|f| f.name));
    let mut names: Vec<&str> = dimensions.chain(elements).chain(fields).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(Arc::from).collect()
});

/// A name of a dimension, element or field.
pub fn shared(name: &str) -> Arc<str> {
    match NAMES.binary_search_by(|known| (**known).cmp(name)) {
        Ok(place) => NAMES[place].clone(),
        Err(_) => Arc::from(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_require_what_their_dimensions_need() {
        fn check(names: &str, expected: &str) {
            let told = conform(names.split(' ')).map(|names| names.join(" "));
            assert_eq!(told.unwrap_or_else(|error| error), expected);
        }
        check("exposure detector", "instrument detector exposure");
        check(
            "instrument visit detector band physical_filter day_obs",
            "instrument detector visit",
        );
        check("patch band", "skymap band tract patch");
        check(
            "physical_filter detector band",
            "instrument physical_filter detector",
        );
        check(
            "tile",
            "\"tile\" is no dimension; there are instrument, skymap, band, physical_filter, day_obs, \
             detector, exposure, visit, tract, patch",
        );
    }

    #[test]
    fn parents_come_first_and_are_named_by_columns_that_are_there() {
        for (place, element) in ELEMENTS.iter().enumerate() {
            for (parent, pairs) in element.parents {
                let before = ELEMENTS[..place].iter().find(|it| it.name == *parent);
                let parent = before.expect("a parent before its children");
                for (ours, theirs) in *pairs {
                    assert!(element.fields().any(|it| it.name == *ours));
                    assert!(parent.keys.iter().any(|it| it.name == *theirs));
                }
            }
        }
    }
}
