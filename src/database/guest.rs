//! A database of others, which is only ever read.

use adql::{Value, Wire};

use super::{Batch, Error, postgres, sqlite};

/// Few connections, short reads, and no way to write: the programs that the
/// database belongs to do not notice. Cloning shares the connections.
#[derive(Clone)]
pub struct Guest {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Postgres(postgres::Guest),
    Sqlite(sqlite::Guest),
}

/// Who reads, where the URL does not say.
#[derive(Clone, Default)]
pub struct Login {
    pub user: Option<String>,
    pub password: Option<String>,
}

/// What a query of a guest answered.
#[derive(Clone, Debug)]
pub struct Part {
    pub rows: Batch,
    /// It was stopped after some rows, since it had taken long enough.
    pub cut: bool,
}

impl Guest {
    /// Opens `sqlite:PATH`, which must be there, or `postgresql://…`, with
    /// what the user has of rights to read. Passwords that are neither in the
    /// URL nor in `login` are looked for as libpq does.
    ///
    /// # Errors
    /// [`Error::Unreachable`], saying what is wrong and what to do.
    pub async fn open(url: &str, login: &Login) -> Result<Guest, Error> {
        let engine = match url.strip_prefix("sqlite:") {
            Some(_) => Engine::Sqlite(sqlite::Guest::open(url).await?),
            None => Engine::Postgres(postgres::Guest::open(url, login).await?),
        };
        Ok(Guest { engine })
    }

    /// Of two, the one for this engine.
    pub fn choose<T>(&self, postgres: T, sqlite: T) -> T {
        match &self.engine {
            Engine::Postgres(_) => postgres,
            Engine::Sqlite(_) => sqlite,
        }
    }

    /// "PostgreSQL 15.8" or "SQLite 3.54.1", for people.
    pub fn version(&self) -> String {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.version().to_owned(),
            Engine::Sqlite(sqlite) => sqlite.version(),
        }
    }

    /// All rows of a statement in this engine's SQL; `$1`… are `values`. On
    /// SQLite a writer waits while it runs: for statements that are over in
    /// milliseconds.
    pub async fn fetch(&self, sql: &str, values: &[Value], wires: &[Wire]) -> Result<Batch, Error> {
        match &self.engine {
            Engine::Postgres(postgres) => postgres.fetch(sql, values, wires).await,
            Engine::Sqlite(sqlite) => Ok(sqlite.read(sql, values, wires, false).await?.rows),
        }
    }

    /// The same for statements that find their rows one after the other. On
    /// SQLite they are stopped after some milliseconds and one row at least;
    /// the rest is to be asked for from there.
    pub async fn some(&self, sql: &str, values: &[Value], wires: &[Wire]) -> Result<Part, Error> {
        match &self.engine {
            Engine::Postgres(postgres) => Ok(Part {
                rows: postgres.fetch(sql, values, wires).await?,
                cut: false,
            }),
            Engine::Sqlite(sqlite) => sqlite.read(sql, values, wires, true).await,
        }
    }
}
