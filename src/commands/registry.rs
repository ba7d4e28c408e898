//! `obstap registry-record`.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, open};
use crate::config::Settings;
use crate::database::{Lane, Limits};
use crate::vosi::simple::Test;
use crate::vosi::{self, Detail, record};

/// Write the service's record for the Registry: a vs:CatalogService
///
/// The same as the service gives under /registry/record.xml, with the
/// coverage of the data as it is now.
#[derive(Debug, Args)]
pub struct RegistryRecord {
    /// How clients reach the service
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl RegistryRecord {
    pub fn flags(&self) -> Vec<(&'static str, String)> {
        let base_url = self.base_url.iter();
        base_url.map(|url| ("base_url", url.clone())).collect()
    }

    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let registry = &settings.registry;
        if !registry.missing.is_empty() {
            let keys: Vec<String> = registry
                .missing
                .iter()
                .map(|k| format!("registry.{k}"))
                .collect();
            eprintln!("before this record is published, set {}", keys.join(", "));
        }
        let base = settings.base_url.clone().unwrap_or_else(|| {
            eprintln!(
                "without --base-url or the setting base_url it names {}",
                settings.listen
            );
            format!("http://{}", settings.listen)
        });
        // Nobody waits but who asked, and may end it.
        let limits = Limits {
            time: None,
            lane: Lane::Waiting,
        };
        let (service, catalog, covered, seen) = open::runtime()?.block_on(async {
            let database = open::database(settings).await?;
            database.check_migrated().await?;
            let service = open::service(database, settings).await?;
            let covered = service.summary(limits).await?;
            let catalog = service.tables.catalog().await;
            let seen = service.one_observation().await;
            Ok::<_, Failure>((service, catalog, covered, seen))
        })?;
        // Registries take what is released, and no drafts.
        let capabilities = vosi::capabilities::write(
            &base,
            &settings.limits,
            &settings.jobs,
            &settings.uploads,
            false,
        );
        let bytes = record::write(&record::Parts {
            base: &base,
            registry,
            covered: &covered,
            capabilities: &capabilities,
            limits: &settings.limits,
            test: seen.map(|seen| Test {
                ra: seen.ra,
                dec: seen.dec,
            }),
            tables: &vosi::tables::write(&catalog, Detail::Max, None),
            now: &service.now(),
        });
        super::coverage::write(self.output.as_deref(), &bytes)
    }
}
