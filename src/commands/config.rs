//! `obstap config show`.

use clap::Subcommand;

use super::Failure;
use crate::config::Settings;

/// Look at the settings
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print every setting, its value (no secrets) and where it comes from
    Show,
}

impl Config {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let Config::Show = self;
        let origins = settings.origins();
        let widest = |length: fn(&crate::config::Origin) -> usize| {
            origins.iter().map(length).max().unwrap_or(0)
        };
        let keys = widest(|origin| origin.key.chars().count());
        let values = widest(|origin| origin.value.chars().count());
        for origin in origins {
            let line = format!(
                "{:keys$}  {:values$}  {}",
                origin.key, origin.value, origin.from
            );
            tell!("{}", line.trim_end());
        }
        Ok(())
    }
}
