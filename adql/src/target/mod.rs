//! Where a query is going to run: the questions in which databases differ.

mod storage;

use crate::catalog::Table;

/// A dialect of SQL and the place our tables have in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    dialect: Dialect,
    /// Put before the name of every schema (PostgreSQL only).
    namespace: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Postgres,
    Sqlite,
}

impl Target {
    /// Stock PostgreSQL 14 or later; with a namespace `n` the schema `ivoa` is
    /// stored as `n_ivoa`.
    pub fn postgres(namespace: Option<&str>) -> Target {
        Target {
            dialect: Dialect::Postgres,
            namespace: namespace.map(str::to_owned),
        }
    }

    /// SQLite with our functions registered.
    pub fn sqlite() -> Target {
        Target {
            dialect: Dialect::Sqlite,
            namespace: None,
        }
    }

    /// The quoted stored name of a published table.
    pub fn table(&self, table: &Table) -> String {
        self.stored(&table.stored.0, &table.stored.1)
    }

    /// The quoted stored name of `schema.name`: `"ivoa"."obscore"` where there
    /// are schemas, `"ivoa.obscore"` where there are none.
    pub fn stored(&self, schema: &str, name: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("{}.{}", quote(&self.schema(schema)), quote(name)),
            Dialect::Sqlite => quote(&format!("{schema}.{name}")),
        }
    }

    /// The stored schema of a published one, before quoting.
    pub fn schema(&self, schema: &str) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}_{schema}"),
            None => schema.to_owned(),
        }
    }

    /// The name by which SQL calls one of our own functions (`sky_meets_1`).
    pub fn function(&self, name: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("{}.{name}", quote(&self.schema("obstap"))),
            Dialect::Sqlite => name.to_owned(),
        }
    }
}

/// A name between double quotes, inner ones doubled (SQL-92 5.2).
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
