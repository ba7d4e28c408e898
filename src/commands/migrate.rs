//! `obstap migrate`.

use clap::Args;

use super::{Failure, open};
use crate::config::Settings;

/// Bring the database to this version of obstap
#[derive(Debug, Args)]
pub struct Migrate {}

impl Migrate {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let done = open::runtime()?.block_on(async {
            let database = open::database(settings).await?;
            let done = open::prepare(&database, settings).await?;
            tell!("{}", database.version());
            Ok::<_, Failure>(done)
        })?;
        match done.as_slice() {
            [] => tell!("nothing to do"),
            steps => steps.iter().for_each(|step| tell!("{step}")),
        }
        Ok(())
    }
}
