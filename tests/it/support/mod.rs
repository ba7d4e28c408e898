//! What tests stand on.

pub mod answer;
pub mod http;
pub mod postgres;
pub mod rows;
pub mod service;

use obstap::database::{Database, Settings};

/// Runs one body on a fresh, migrated database of each engine.
pub fn on_both(test: impl AsyncFn(Database)) {
    on_both_empty(async |database| {
        database.migrate().await.expect("migrated");
        test(database).await;
    });
}

/// Runs one body on a database of each engine that has nothing in it.
pub fn on_both_empty(test: impl AsyncFn(Database)) {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!("sqlite:{}", folder.path().join("test.db").display());
    for url in [sqlite, postgres::fresh_database()] {
        eprintln!("on {url}");
        runtime().block_on(async { test(open(&url, None).await).await });
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
        namespace: namespace.map(str::to_owned),
        ..settings(url)
    };
    Database::open(&settings).await.expect("a database")
}

pub fn settings(url: &str) -> Settings {
    Settings {
        url: url.to_owned(),
        namespace: None,
        readers: 2,
        workers: 1,
    }
}
