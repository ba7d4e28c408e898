//! Dataset types.

use std::sync::Arc;

use adql::{Value, Wire};

use super::error::Error;
use super::universe::conform;
use super::values::place;
use super::{Actor, Store, again, cells};
use crate::database::Batch;

/// What kind of thing datasets are, and what tells them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetType {
    pub name: String,
    /// The required ones, in the order of the universe.
    pub dimensions: Vec<&'static str>,
    pub storage_class: String,
}

/// A type as ingest knows it.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub number: i32,
    pub name: Arc<str>,
    /// Places of its dimensions.
    pub places: Vec<usize>,
}

impl DatasetType {
    /// # Errors
    /// A name that cannot be one, a dimension that is none.
    pub fn new<'a>(
        name: &str,
        dimensions: impl IntoIterator<Item = &'a str>,
        storage_class: &str,
    ) -> Result<DatasetType, Error> {
        // As the Butler has it, which knows components after a dot.
        let plain = |c: char| c.is_alphanumeric() || "_-".contains(c);
        if name.is_empty() || name.len() > 128 || !name.chars().all(plain) {
            return Err(Error::invalid(format!(
                "{name:?} cannot name a dataset type: use 1 to 128 of letters, digits, _ and -"
            )));
        }
        let dimensions = conform(dimensions)
            .map_err(|reason| Error::invalid(format!("dataset type {name}: {reason}")))?;
        Ok(DatasetType {
            name: name.to_owned(),
            dimensions,
            storage_class: storage_class.to_owned(),
        })
    }
}

const LIST: &str = "SELECT type_id, name, dimensions, storage_class FROM {registry.dataset_type}";
const WIRES: [Wire; 4] = [Wire::Int4, Wire::Text, Wire::Text, Wire::Text];

impl Store {
    /// Registers types. One that is there as it is given is left as it is.
    ///
    /// # Errors
    /// One that is there and is another; then none is registered.
    pub async fn register_types(
        &self,
        actor: &Actor,
        types: &[DatasetType],
    ) -> Result<usize, Error> {
        actor.must_be_operator("register dataset types")?;
        again!(self.try_types(types))
    }

    async fn try_types(&self, types: &[DatasetType]) -> Result<usize, Error> {
        let mut session = self.begin_alone().await?;
        let there = session.transaction.fetch(LIST, &[], &WIRES).await?;
        let there = listed(&there);
        let mut made = 0;
        let mut new: Vec<&DatasetType> = Vec::new();
        for given in types {
            let old = there.iter().chain(new.iter().copied());
            match old.into_iter().find(|it| it.name == given.name) {
                Some(old) if old == given => {}
                Some(old) => {
                    return Err(Error::conflict(format!(
                        "dataset type {} is there with dimensions {} and storage class {}: \
                         register it as it is, or under another name",
                        old.name,
                        old.dimensions.join(", "),
                        old.storage_class
                    )));
                }
                None => new.push(given),
            }
        }
        for given in new {
            let sql = "INSERT INTO {registry.dataset_type} (name, dimensions, storage_class) \
                       VALUES ($1, $2, $3)";
            let values = [
                Value::Text(given.name.clone()),
                Value::Text(given.dimensions.join(",")),
                Value::Text(given.storage_class.clone()),
            ];
            session.transaction.execute(sql, &values).await?;
            made += 1;
        }
        session.transaction.commit().await?;
        Ok(made)
    }

    /// Every type, by name.
    ///
    /// # Errors
    /// What the database does.
    pub async fn types(&self) -> Result<Vec<DatasetType>, Error> {
        let sql = format!("{LIST} ORDER BY name");
        let rows = self.database.fetch(&sql, &[], &WIRES).await?;
        Ok(listed(&rows))
    }
}

fn listed(rows: &Batch) -> Vec<DatasetType> {
    let text = |row, column| cells::text(rows, row, column).unwrap_or_default();
    (0..rows.len())
        .map(|row| DatasetType {
            name: text(row, 1).to_owned(),
            dimensions: conform(text(row, 2).split(',').filter(|it| !it.is_empty()))
                .unwrap_or_default(),
            storage_class: text(row, 3).to_owned(),
        })
        .collect()
}

/// The types that the rows of [`LIST`] tell of, for ingest.
pub(super) async fn known(session: &mut super::Session) -> Result<Vec<Type>, Error> {
    let rows = session.transaction.fetch(LIST, &[], &WIRES).await?;
    let types = listed(&rows).into_iter().enumerate();
    Ok(types
        .map(|(row, it)| Type {
            number: cells::narrow(&rows, row, 0),
            name: it.name.into(),
            places: it.dimensions.iter().filter_map(|it| place(it)).collect(),
        })
        .collect())
}
