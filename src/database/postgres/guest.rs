//! A database of others: a pool of its own, in which nothing can be written
//! and nothing runs for ever.

use std::sync::Arc;

use adql::{Value, Wire};

use super::{Door, READ_ONLY, TRIES, address, discard, query, tls, version};
use crate::database::guest::Login;
use crate::database::{Batch, Error};

const CONNECTIONS: usize = 3;

/// A statement is given up after ten minutes (a sweep of hundreds of millions
/// of rows), and takes one processor of the server at most.
const POLITE: &str = "-c statement_timeout=600000 -c lock_timeout=10000 \
                      -c max_parallel_workers_per_gather=0 \
                      -c idle_in_transaction_session_timeout=60000";

#[derive(Clone)]
pub(in crate::database) struct Guest {
    door: Door,
    version: Arc<str>,
}

impl Guest {
    pub(in crate::database) async fn open(url: &str, login: &Login) -> Result<Guest, Error> {
        let address = address::read(url).map_err(Error::Unreachable)?;
        let tls =
            tls::connector(address.check, address.roots.as_deref()).map_err(Error::Unreachable)?;
        let mut config = address.config;
        if let Some(user) = &login.user {
            config.user(user);
        }
        if let Some(password) = &login.password {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(super::CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("obstap (reading a Butler)");
        }
        let door = Door::new(&config, &format!("{READ_ONLY} {POLITE}"), CONNECTIONS, &tls)?;
        let version = version(&door).await?.into();
        Ok(Guest { door, version })
    }

    pub(in crate::database) fn version(&self) -> &str {
        &self.version
    }

    pub(in crate::database) async fn fetch(
        &self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, Error> {
        let mut tries = 1;
        loop {
            let client = self.door.client().await?;
            match query::fetch(&client, sql, values, wires).await {
                Err(Error::Unreachable(_)) if tries < TRIES => {
                    tries += 1;
                    discard(client);
                }
                result => return result,
            }
        }
    }
}
