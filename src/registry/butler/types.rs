//! Dataset types, and what must be looked up for each.

use std::collections::BTreeMap;
use std::sync::Arc;

use adql::Wire;

use super::cells::{int, text};
use super::universe::{Element, Kind, Universe};
use super::{Inner, unreadable};
use crate::registry::{Error, Wanted};

/// The element that says which exposures a visit is made of.
pub(super) const DEFINITION: &str = "visit_definition";

/// By name.
pub(super) type Types = BTreeMap<Arc<str>, Arc<Type>>;

/// A dataset type.
#[derive(Debug)]
pub(super) struct Type {
    pub id: i64,
    pub name: Arc<str>,
    /// The table of data IDs and of collections, quoted.
    pub tags: String,
    /// The dimensions that the table has columns for.
    pub required: Vec<(Arc<str>, Kind)>,
    /// Those and the implied ones, in the order of the universe.
    pub dimensions: Vec<Arc<str>>,
    /// What is looked up, in an order in which every key is known by then.
    pub steps: Vec<Step>,
    /// SQL for the regions' texts, given the table as `t`.
    pub regions: Vec<String>,
    /// The elements whose regions those are.
    pub region_elements: Vec<Arc<str>>,
    /// They are found by the visits of its exposure.
    pub through_visits: bool,
    /// The elements that tell when a dataset was.
    pub timespans: Vec<Arc<str>>,
}

/// One dimension element to look up.
#[derive(Debug)]
pub(super) struct Step {
    /// Place in the universe.
    pub element: usize,
    pub name: Arc<str>,
    /// Places in [`Type::dimensions`] of the values that are its key.
    pub key: Vec<usize>,
    /// Places in [`Type::dimensions`] of the values that it tells.
    pub implied: Vec<usize>,
}

impl Inner {
    /// The dataset types that there are now.
    pub(super) async fn read_types(&self) -> Result<Types, Error> {
        let graphs = format!(
            "SELECT CAST(dimension_graph_id AS {0}), dimension_name FROM {1}",
            self.guest.choose("bigint", "INTEGER"),
            self.table("dimension_graph_definition"),
        );
        let graphs = self.guest.fetch(&graphs, &[], &[Wire::Int8, Wire::Text]);
        let graphs = graphs.await?;
        let mut dimensions: BTreeMap<i64, Vec<Arc<str>>> = BTreeMap::new();
        for row in 0..graphs.len() {
            if let (Some(key), Some(name)) = (int(graphs.cell(row, 0)), graphs.cell(row, 1)) {
                dimensions.entry(key).or_default().push(text(name).into());
            }
        }
        let types = format!(
            "SELECT CAST(id AS {0}), name, CAST(dimensions_key AS {0}), tag_association_table FROM {1}",
            self.guest.choose("bigint", "INTEGER"),
            self.table("dataset_type"),
        );
        let wires = [Wire::Int8, Wire::Text, Wire::Int8, Wire::Text];
        let rows = self.guest.fetch(&types, &[], &wires).await?;
        let mut types = Types::new();
        for row in 0..rows.len() {
            let (Some(id), Some(name), Some(tags)) =
                (int(rows.cell(row, 0)), rows.cell(row, 1), rows.cell(row, 3))
            else {
                return Err(unreadable(
                    &self.label,
                    "a dataset type has no id, name or table",
                ));
            };
            let name: Arc<str> = text(name).into();
            let key = int(rows.cell(row, 2)).unwrap_or_default();
            let required = dimensions.get(&key).cloned().unwrap_or_default();
            let found = self.describe(id, name.clone(), text(tags), &required);
            types.insert(name, Arc::new(found));
        }
        Ok(types)
    }

    fn describe(&self, id: i64, name: Arc<str>, tags: &str, required: &[Arc<str>]) -> Type {
        let universe = &self.universe;
        let dimensions = universe.with_implied(required);
        let columns = dimensions.iter().filter(|it| required.contains(it));
        let timespans = universe.timespans(&dimensions);
        let through_visits = self.through_visits(required);
        let elements = self.region_elements(required, through_visits);
        Type {
            id,
            name,
            tags: self.table(tags),
            required: columns.map(|it| (it.clone(), universe.kind(it))).collect(),
            steps: steps(universe, required, &dimensions),
            regions: elements
                .iter()
                .map(|element| self.region(element, through_visits))
                .collect(),
            region_elements: elements.iter().map(|it| it.name.clone()).collect(),
            through_visits,
            timespans: timespans.iter().map(|it| it.name.clone()).collect(),
            dimensions,
        }
    }

    /// Whether datasets with these dimensions lie where the visits of their
    /// exposures do.
    fn through_visits(&self, required: &[Arc<str>]) -> bool {
        let has = |name: &str| required.iter().any(|it| &**it == name);
        let definition = self.universe.element(DEFINITION);
        has("exposure") && !has("visit") && definition.is_some_and(|it| it.stored)
    }

    fn region_elements(&self, required: &[Arc<str>], through_visits: bool) -> Vec<&Element> {
        let visit = through_visits.then(|| "visit".into());
        let dimensions: Vec<Arc<str>> = required.iter().cloned().chain(visit).collect();
        self.universe.regions(&dimensions)
    }

    /// SQL for a dataset's region; of exposures, that of the first of their
    /// visits that has one.
    fn region(&self, element: &Element, through_visits: bool) -> String {
        let table = self.table(&element.name);
        let derived = through_visits && element.required.iter().any(|it| &**it == "visit");
        let joined = element.required.iter().map(|dimension| {
            let from = match derived && &**dimension == "visit" {
                true => "v",
                false => "t",
            };
            let column = quote(element.column(dimension));
            format!("r.{column} = {from}.{}", quote(dimension))
        });
        let joined = joined.collect::<Vec<_>>().join(" AND ");
        match derived {
            false => format!("(SELECT r.region FROM {table} AS r WHERE {joined})"),
            true => format!(
                "(SELECT r.region FROM {} AS v JOIN {table} AS r ON {joined} \
                 WHERE v.instrument = t.instrument AND v.exposure = t.exposure \
                 AND r.region IS NOT NULL ORDER BY v.visit LIMIT 1)",
                self.table(DEFINITION)
            ),
        }
    }

    /// Of the wanted types those that there are, in their order.
    pub(super) async fn wanted_types(&self, wanted: &Wanted) -> Result<Vec<Arc<Type>>, Error> {
        let missing = |types: &Types| wanted.types.iter().any(|it| !types.contains_key(&**it));
        let mut types = self.types();
        if missing(&types) {
            types = self.refresh_types().await?;
        }
        let known = wanted.types.iter().filter_map(|name| types.get(&**name));
        Ok(known.cloned().collect())
    }
}

/// In which order elements are looked up.
fn steps(universe: &Universe, required: &[Arc<str>], dimensions: &[Arc<str>]) -> Vec<Step> {
    let place = |name: &Arc<str>| dimensions.iter().position(|it| it == name);
    let mut known: Vec<Arc<str>> = required.to_vec();
    let mut steps: Vec<Step> = Vec::new();
    loop {
        let next = universe.elements.iter().enumerate().find(|(at, element)| {
            element.stored
                && dimensions.contains(&element.name)
                && element.required.iter().all(|it| known.contains(it))
                && steps.iter().all(|step| step.element != *at)
        });
        let Some((at, element)) = next else {
            return steps;
        };
        known.extend(element.implied.iter().cloned());
        steps.push(Step {
            element: at,
            name: element.name.clone(),
            key: element.required.iter().filter_map(place).collect(),
            implied: element.implied.iter().filter_map(place).collect(),
        });
    }
}

pub(super) fn quote(name: &str) -> String {
    adql::target::quote(name)
}
