//! From records that changed to the datasets that they say something of.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use super::Inner;
use super::cells::{self, Part};
use super::types::{DEFINITION, Type, quote};
use super::universe::{Element, Kind};
use crate::registry::Error;

/// More keys than this, and everything is looked at again.
const MOST: usize = 20_000;

/// How an element says something of the datasets of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bond {
    /// Its key is in their data IDs.
    Direct,
    /// By the visits of their exposures.
    Visits,
    /// It says which these visits are.
    Definition,
    /// By what another record tells.
    Implied,
}

impl Type {
    fn bond(&self, element: &Element) -> Option<Bond> {
        let has = |dimension: &Arc<str>| self.required.iter().any(|(it, _)| it == dimension);
        if &*element.name == DEFINITION {
            return self.through_visits.then_some(Bond::Definition);
        }
        let is_region = self.region_elements.contains(&element.name);
        let is_record = self.steps.iter().any(|step| step.name == element.name);
        match element.required.iter().all(has) {
            true if is_region || is_record => Some(Bond::Direct),
            false if is_region && self.through_visits => Some(Bond::Visits),
            // A group, or a day, has nothing but its key.
            false if is_record && !(element.fields.is_empty() && element.implied.is_empty()) => {
                Some(Bond::Implied)
            }
            _ => None,
        }
    }
}

impl Inner {
    /// The stored elements that say something of datasets of these types.
    pub(super) fn elements_of(&self, types: &[Arc<Type>]) -> Vec<&Element> {
        let elements = self.universe.elements.iter();
        elements
            .filter(|element| element.stored && types.iter().any(|it| it.bond(element).is_some()))
            .collect()
    }

    /// The datasets of these types that records with these keys say something
    /// of; none where they cannot be told. `new`: nothing was there before
    /// with these keys.
    pub(super) async fn affected(
        &self,
        types: &[Arc<Type>],
        element: &Element,
        keys: &[Box<[Part]>],
        new: bool,
    ) -> Result<Option<Vec<Uuid>>, Error> {
        if keys.len() > MOST {
            return Ok(None);
        }
        if keys.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut ids = BTreeSet::new();
        for kind in types {
            match kind.bond(element) {
                None => {}
                // Datasets refer to a record that is there: of one that was
                // made just now there are none that we do not hear of.
                Some(Bond::Implied) if new => {}
                Some(bond) => match self.with_keys(kind, element, bond, keys).await? {
                    Some(found) => ids.extend(found),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(ids.into_iter().collect()))
    }

    async fn with_keys(
        &self,
        kind: &Type,
        element: &Element,
        bond: Bond,
        keys: &[Box<[Part]>],
    ) -> Result<Option<Vec<Uuid>>, Error> {
        let guest = &self.guest;
        let kinds: Vec<Kind> = element
            .required
            .iter()
            .map(|dimension| self.universe.kind(dimension))
            .collect();
        let mut joins = Vec::new();
        for (at, dimension) in element.required.iter().enumerate() {
            let of_type = kind.required.iter().any(|(it, _)| it == dimension);
            let alias = match (of_type, bond) {
                (true, _) => "t",
                (false, Bond::Visits) => "v",
                (false, Bond::Implied) => "p",
                (false, _) => continue,
            };
            let part = cells::key_part(guest, at);
            joins.push(format!("{alias}.{} = {part}", quote(dimension)));
        }
        let between = match bond {
            Bond::Implied => {
                let Some(parent) = self.parent(kind, element) else {
                    return Ok(None);
                };
                for dimension in &parent.required {
                    let (column, own) = (quote(parent.column(dimension)), quote(dimension));
                    joins.push(format!("p.{column} = t.{own}"));
                }
                format!("CROSS JOIN {} AS p ", self.table(&parent.name))
            }
            Bond::Visits => {
                joins.push("v.instrument = t.instrument AND v.exposure = t.exposure".to_owned());
                joins.push(format!("v.instrument = {}", cells::key_part(guest, 0)));
                format!("CROSS JOIN {} AS v ", self.table(DEFINITION))
            }
            Bond::Direct | Bond::Definition => String::new(),
        };
        let sql = format!(
            "SELECT {} {} {between}CROSS JOIN {} AS t WHERE t.dataset_type_id = {} AND {}",
            cells::id_column(guest, "t.dataset_id"),
            cells::from_keys(guest, 1, &kinds),
            kind.tags,
            kind.id,
            joins.join(" AND ")
        );
        let mut ids = Vec::new();
        for keys in keys.chunks(guest.choose(1000, 20)) {
            let value = cells::keys_value(keys.iter().map(|key| &**key));
            let rows = guest
                .fetch(&sql, &[value], &[cells::id_wire(guest)])
                .await?;
            ids.extend((0..rows.len()).filter_map(|row| cells::id(rows.cell(row, 0))));
        }
        Ok(Some(ids))
    }

    /// The element whose records, found by the data IDs of a type, tell the
    /// values of this one.
    fn parent(&self, kind: &Type, element: &Element) -> Option<&Element> {
        let has = |dimension: &Arc<str>| kind.required.iter().any(|(it, _)| it == dimension);
        let steps = kind.steps.iter();
        steps
            .filter_map(|step| self.universe.elements.get(step.element))
            .find(|it| it.implied.contains(&element.name) && it.required.iter().all(has))
    }

    /// SQL for the key of an element's records (`AS e`), and its wires.
    pub(super) fn key_columns(&self, element: &Element) -> Vec<(String, Kind)> {
        let column = |dimension: &Arc<str>| {
            let kind = self.universe.kind(dimension);
            let column = format!("e.{}", quote(element.column(dimension)));
            (kind.cast(&self.guest, &column), kind)
        };
        element.required.iter().map(column).collect()
    }
}

/// A key of cells that [`Inner::key_columns`] selected.
pub(super) fn key<'a>(
    columns: &[(String, Kind)],
    cells: impl Iterator<Item = Option<&'a [u8]>>,
) -> Option<Box<[Part]>> {
    let part = |((_, kind), cell): (&(String, Kind), Option<&[u8]>)| Part::of(&kind.scalar(cell));
    columns.iter().zip(cells).map(part).collect()
}
