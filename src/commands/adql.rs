//! `obstap adql check`.

use std::io;
use std::path::PathBuf;

use adql::Catalog;
use adql::catalog::{Declared, Table};
use clap::Subcommand;

use super::Failure;
use crate::config::Settings;
use crate::{obscore, tap_schema, vosi};

/// Work with the language itself
#[derive(Debug, Subcommand)]
pub enum Adql {
    /// Check the query on standard input; needs no database
    ///
    /// Exits with 0 when the query is accepted, else prints what is wrong, with
    /// its place, and exits with 1. Without --catalog, every table and column is
    /// taken to exist, and so is every function whose name begins with ivo_.
    Check {
        /// The tables there are, as a TAP service gives them under /tables
        #[arg(long, value_name = "FILE")]
        catalog: Option<PathBuf>,
        /// A function that the service has, as in 'area_of(r REGION) -> REAL';
        /// can be given several times
        #[arg(long, value_name = "SIGNATURE", value_parser = signature)]
        udf: Vec<Declared>,
    },
}

impl Adql {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let Adql::Check { catalog, udf } = self;
        let mut catalog = match catalog {
            Some(path) => closed(&path)?,
            None => {
                let builtin = obscore::builtin(&settings.extra_columns)?;
                Catalog::open(builtin.tables().iter().map(|table| Table::clone(table)))
            }
        };
        for function in udf {
            catalog.declare(function);
        }
        let query = io::read_to_string(io::stdin())
            .map_err(|error| Failure::new(format!("cannot read the query: {error}")))?;
        adql::check(&adql::parse(&query)?, &catalog)?;
        Ok(())
    }
}

fn signature(text: &str) -> Result<Declared, String> {
    let wrong = || "a signature looks like name(argument TYPE, …) -> TYPE".to_owned();
    Declared::read(text).ok_or_else(wrong)
}

/// The file's tables and no others, but TAP_SCHEMA, which every service has.
fn closed(path: &PathBuf) -> Result<Catalog, Failure> {
    let wrong = |reason: String| {
        Failure::new(format!(
            "cannot read tables from {}: {reason}",
            path.display()
        ))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut catalog = Catalog::new(vosi::tables::read(&text).map_err(wrong)?);
    for own in tap_schema::own() {
        let table = own.table(&tap_schema::keys());
        if catalog.find(Some(&table.schema), &table.name).is_empty() {
            catalog.add(table);
        }
    }
    Ok(catalog)
}
