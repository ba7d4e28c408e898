//! `obstap butler`.

use clap::{Args, Subcommand};

use super::attach::{Attached, Detached, list};
use super::progress::grouped;
use super::{Failure, open};
use crate::config::Settings;
use crate::registry::butler::{Report, Repository};

/// See to repositories of Rubin's Data Butler
#[derive(Debug, Subcommand)]
pub enum Butler {
    /// Say what a repository holds, and what of it cannot be read
    ///
    /// Reads the repository and changes nothing.
    Check(Named),
    /// Let a repository feed an ObsCore table
    ///
    /// The repository is read and never written. Attached again, it is given
    /// another configuration.
    Attach(Attached),
    /// Take a repository away, with its rows
    Detach(Detached),
    /// List the registries that feed tables
    List,
    /// Print the SQL by which a Butler on PostgreSQL lets us hear of changes at once
    ///
    /// Its operator runs it, or not: without it changes are found by looking.
    Triggers {
        #[command(flatten)]
        named: Named,
        /// Print how to undo it
        #[arg(long)]
        remove: bool,
    },
}

/// A repository.
#[derive(Debug, Args)]
pub struct Named {
    /// Its directory, its butler.yaml, or its alias in $DAF_BUTLER_REPOSITORY_INDEX
    #[arg(value_name = "REPO")]
    repository: String,
}

impl Butler {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        open::runtime()?.block_on(async {
            match self {
                Butler::Check(named) => {
                    let repository = Repository::open(&named.repository, None).await?;
                    tell(&repository.report().await?);
                    Ok(())
                }
                Butler::Triggers { named, remove } => {
                    let repository = Repository::open(&named.repository, None).await?;
                    let script = match remove {
                        true => repository.remove_sql()?,
                        false => repository.install_sql().await?,
                    };
                    tell!("{}", script.trim_end());
                    Ok(())
                }
                Butler::Attach(attached) => attached.run(settings).await,
                Butler::Detach(detached) => detached.run(settings).await,
                Butler::List => list(settings).await,
            }
        })
    }
}

fn tell(report: &Report) {
    tell!("repository    {}", report.label);
    tell!("configuration {}", report.configuration);
    tell!("registry      {} ({})", report.database, report.version);
    let (namespace, version) = &report.universe;
    tell!("dimensions    {namespace}, version {version}");
    for (root, table) in &report.datastores {
        tell!("files         {root} ({table})");
    }
    match report.obscore {
        true => tell!("ObsCore       the registry holds a configuration"),
        false => tell!("ObsCore       the registry holds no configuration: name one"),
    }
    tell!("\nmanagers");
    for manager in &report.managers {
        let class = manager.class.rsplit('.').next().unwrap_or(&manager.class);
        let version = manager.version.as_deref().unwrap_or("of unknown version");
        tell!("  {:<12} {class} {version}", manager.role);
    }
    tell!("\ncollections");
    for (kind, count) in &report.collections {
        tell!("  {kind:<12} {}", grouped(*count));
    }
    tell!("\ndataset types");
    for counted in &report.types {
        tell!(
            "  {:>12}  {} ({})",
            grouped(counted.datasets),
            counted.name,
            counted.dimensions.join(", ")
        );
    }
    for note in &report.notes {
        tell!("\nnote: {note}");
    }
}
