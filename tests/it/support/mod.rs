//! What tests stand on.

pub mod postgres;
pub mod service;

use obstap::database::{Database, Settings};

/// Runs one body on a fresh, migrated database of each engine.
pub fn on_both(test: impl AsyncFn(Database)) {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!("sqlite:{}", folder.path().join("test.db").display());
    for url in [sqlite, postgres::fresh_database()] {
        eprintln!("on {url}");
        runtime().block_on(async {
            let database = open(&url, None).await;
            database.migrate().await.expect("migrated");
            test(database).await;
        });
    }
}

/// A runtime as `main` makes one.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The database at `url`, as it is there.
pub async fn open(url: &str, namespace: Option<&str>) -> Database {
    let settings = Settings {
        url: url.to_owned(),
        namespace: namespace.map(str::to_owned),
        readers: 2,
    };
    Database::open(&settings).await.expect("a database")
}
