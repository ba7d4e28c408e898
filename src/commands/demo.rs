//! `obstap demo`.

use std::net::SocketAddr;

use adql::{Value, Wire};
use clap::Args;

use super::serve::{Serve, bind, serve};
use super::{Failure, load, open};
use crate::config::Settings;
use crate::database::Database;
use crate::demo;

/// Serve a real sky to try things on: 260,000 CCD images of the Dark Energy Camera
///
/// The first start loads them into the database (see `obstap config show`);
/// later starts find them there.
#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    serve: Serve,
}

impl Demo {
    pub fn flags(&self) -> Vec<(&'static str, String)> {
        self.serve.flags()
    }

    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        let runtime = open::runtime()?;
        let listener = bind(settings)?;
        let service = runtime.block_on(async {
            let database = open::database(settings).await?;
            open::prepare(&database, settings).await?;
            if !is_loaded(&database).await? {
                load::one(&database, settings, demo::sky()?, None).await?;
            }
            open::service(database, settings).await
        })?;
        let invite = |address: SocketAddr| {
            tell!(
                "{}",
                demo::invitation(&settings.local_url(address)).trim_end()
            );
        };
        serve(runtime, listener, service, settings, invite)
    }
}

/// A load is whole or not at all, so one row of the demo means all of them.
async fn is_loaded(database: &Database) -> Result<bool, Failure> {
    let rows = database
        .fetch(
            "SELECT 1 FROM {ivoa.obscore} \
             WHERE obs_publisher_did >= $1 AND obs_publisher_did < $2 LIMIT 1",
            &[
                Value::Text("ivo://obstap.demo/".to_owned()),
                // The character after the slash.
                Value::Text("ivo://obstap.demo0".to_owned()),
            ],
            &[Wire::Int4],
        )
        .await?;
    Ok(!rows.is_empty())
}
