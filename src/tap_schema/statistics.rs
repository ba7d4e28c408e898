//! What is known of the values in published columns.

use std::collections::HashMap;

use adql::Catalog;
use adql::catalog::Table;

use super::own::SCHEMA;
use crate::database::{Database, Error, Statistics};

/// Statistics of numeric columns, by table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distributions(HashMap<(String, String), HashMap<String, Statistics>>);

impl Distributions {
    /// Of all tables but those of TAP_SCHEMA itself.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn read(database: &Database, catalog: &Catalog) -> Result<Distributions, Error> {
        let mut all = HashMap::new();
        for table in catalog.tables().iter().filter(|it| it.schema != SCHEMA) {
            let numeric = table.columns.iter().filter(|it| it.kind.is_numeric());
            let columns: Vec<&str> = numeric.map(|column| column.name.as_str()).collect();
            let (schema, name) = &table.stored;
            let found = database.statistics((schema, name), &columns).await?;
            all.insert(table.stored.clone(), found);
        }
        Ok(Distributions(all))
    }

    /// Those of one column, if there are any.
    pub fn of(&self, table: &Table, column: &str) -> Option<&Statistics> {
        self.0.get(&table.stored)?.get(column)
    }
}
