//! `obstap schema load`, `obstap schema check`, and the door to `obstap schema
//! index`.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Failure, index, open};
use crate::config::Settings;
use crate::felis::{self, Felis};
use crate::tap_schema;

/// Publish other tables of the database, described in Felis
#[derive(Debug, Subcommand)]
pub enum Schema {
    /// Check a description; needs no database
    ///
    /// Prints what is wrong. Exits with 1 when nothing could be published.
    Check {
        /// Descriptions in Felis YAML
        #[arg(required = true, value_name = "FILE.yaml")]
        files: Vec<PathBuf>,
    },
    /// Publish the tables of a description, in place of what was said of them
    ///
    /// A table is stored under its name in lower case, in a schema named alike.
    /// Services that are running have seen it when this command ends.
    Load {
        /// Descriptions in Felis YAML
        #[arg(required = true, value_name = "FILE.yaml")]
        files: Vec<PathBuf>,
        /// Make the tables that are missing, empty
        #[arg(long)]
        create_tables: bool,
    },
    /// Index a published table on the sky
    ///
    /// Adds hidden columns to the stored table, triggers that see what other
    /// programs write, and a B-tree. Broken off, it goes on where it was when
    /// it is called again. Services that are running use it a second later.
    Index(index::Make),
}

impl Schema {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        match self {
            Schema::Check { files } => {
                for file in &files {
                    let felis = checked(file)?;
                    println!("{}: {}", file.display(), told(&felis));
                }
                Ok(())
            }
            Schema::Index(make) => make.run(settings),
            Schema::Load {
                files,
                create_tables,
            } => {
                let described: Vec<Felis> = files
                    .iter()
                    .map(|file| checked(file))
                    .collect::<Result<_, _>>()?;
                open::runtime()?.block_on(async {
                    let database = open::database(settings).await?;
                    open::prepare(&database, settings).await?;
                    for (file, felis) in files.iter().zip(&described) {
                        let done = felis::publish(&database, felis, create_tables).await?;
                        for table in &done.made {
                            println!("{table} made");
                        }
                        println!("{}: {} published", file.display(), told(felis));
                    }
                    tokio::time::sleep(tap_schema::LOOKED_AFTER).await;
                    Ok(())
                })
            }
        }
    }
}

/// A description without errors; what is wrong goes to the terminal.
fn checked(file: &Path) -> Result<Felis, Failure> {
    let felis = felis::read(file)?;
    for problem in &felis.problems {
        eprintln!("{}: {problem}", file.display());
    }
    match felis.problems.iter().filter(|it| it.fatal).count() {
        0 => Ok(felis),
        1 => Err(Failure::new("1 error: nothing is published")),
        errors => Err(Failure::new(format!(
            "{errors} errors: nothing is published"
        ))),
    }
}

fn told(felis: &Felis) -> String {
    let columns: usize = felis
        .tables
        .iter()
        .map(|it| it.published.columns.len())
        .sum();
    format!("{} tables with {columns} columns", felis.tables.len())
}
