//! `obstap release`.

use clap::Subcommand;

use super::progress::grouped;
use super::{Failure, feeds, open};
use crate::config::Settings;
use crate::obscore::manager;
use crate::obscore::{self, Name};

/// Freeze an ObsCore table as a release, served as a schema of its own
#[derive(Debug, Subcommand)]
pub enum Release {
    /// Make a release of what a table has now
    Create {
        /// Its schema: the table is NAME.obscore
        name: String,
        /// The table it is made of
        #[arg(long, value_name = "TABLE", default_value = "ivoa.obscore", value_parser = feeds::table)]
        table: Name,
        /// Only datasets in these collections, looked through in this order
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        collections: Vec<String>,
        /// The registry whose collections they are, where several feed the table
        #[arg(long, value_name = "LABEL", requires = "collections")]
        repository: Option<String>,
        /// Queries do not see it before it is switched to
        #[arg(long)]
        hidden: bool,
    },
    /// List the releases, the newest first
    List,
    /// Let queries see a release, and no more see another, in one moment
    Switch {
        name: String,
        /// The one that is seen no more
        #[arg(long, value_name = "NAME")]
        instead_of: Option<String>,
    },
    /// Take a release away for good
    Drop { name: String },
}

impl Release {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        open::runtime()?.block_on(async {
            let database = feeds::prepared(settings).await?;
            match self {
                Release::Create {
                    name,
                    table,
                    collections,
                    repository,
                    hidden,
                } => {
                    let managers = match collections.is_empty() {
                        true => Vec::new(),
                        false => feeds::managers_of(&database, &table, settings).await?,
                    };
                    let mut managers = managers.iter().filter(|manager| {
                        let label = &manager.feed().repository.label;
                        repository.as_ref().is_none_or(|wanted| wanted == label)
                    });
                    let of = match (collections.is_empty(), managers.next(), managers.next()) {
                        (true, ..) => None,
                        (false, Some(one), None) => Some((one, collections.as_slice())),
                        (false, None, _) => {
                            return Err(Failure::new(format!("no such registry feeds {table}")));
                        }
                        (false, Some(_), Some(_)) => {
                            return Err(Failure::new(format!(
                                "several registries feed {table}: say whose collections with \
                                 --repository"
                            )));
                        }
                    };
                    let settings = &settings.extra_columns;
                    let extra = obscore::extra_columns(&database, &table, settings).await?;
                    let from = (&table, extra.as_slice());
                    let rows = manager::create(&database, &name, from, of, hidden).await?;
                    tell!("{name}.obscore: {} rows", grouped(rows));
                }
                Release::List => {
                    for release in manager::list(&database).await? {
                        let made = adql::time::fixed(release.made).unwrap_or_default();
                        let seen = match release.published {
                            true => "published",
                            false => "not published",
                        };
                        tell!(
                            "{}  made {made} of {}, {seen}",
                            release.table,
                            release.origin
                        );
                    }
                }
                Release::Switch { name, instead_of } => {
                    manager::switch(&database, &name, instead_of.as_deref()).await?;
                    tell!("{name}.obscore is published");
                }
                Release::Drop { name } => {
                    manager::drop(&database, &name).await?;
                    tell!("{name}.obscore is gone");
                }
            }
            Ok(())
        })
    }
}
