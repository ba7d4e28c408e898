//! ObsCore tables that follow a registry, on both engines.

mod faults;
mod following;
mod journal;
mod memory;
mod own;
mod releases;
mod tables;

use std::sync::Arc;

use adql::Wire;
use obstap::config::ExtraColumn;
use obstap::database::Database;
use obstap::obscore::manager::{
    Attach, Describe, Feed, Kind, Manager, Options, Reading, Report, Tally, attach, feeds, sync,
    verify,
};
use obstap::obscore::{Name, prepare};

use memory::{Memory, Plain};

/// Reads the configuration that [`Plain::document`] writes.
fn reading() -> Box<Reading> {
    Box::new(|feed: &Feed| match Plain::read(&feed.document) {
        Some(plain) => Ok(Arc::new(plain) as Arc<dyn Describe>),
        None => Err("it is not plain".to_owned()),
    })
}

fn wanted(table: &Name, plain: &Plain) -> Attach {
    Attach {
        label: "memory".into(),
        kind: Kind::Butler,
        place: "nowhere".into(),
        public_url: None,
        table: table.clone(),
        document: plain.document(),
        origin: "the test".into(),
    }
}

/// A registry attached to `ivoa.obscore`, whose rows are there.
async fn followed(database: &Database, memory: &Arc<Memory>) -> Manager {
    prepare(database, &[]).await.expect("prepared");
    let plain = Plain::of(&["raw", "calexp"]);
    let attached = attach(database, &wanted(&Name::default(), &plain), &plain, &[]).await;
    attached.expect("attached");
    let mut manager = manager(database, memory, &Name::default()).await;
    brought(&mut manager).await;
    manager
}

async fn manager(database: &Database, memory: &Arc<Memory>, table: &Name) -> Manager {
    let all = feeds(database, Some("memory")).await.expect("feeds");
    let feed = all.into_iter().find(|feed| feed.table == *table);
    let feed = feed.expect("a feed");
    let opened = Manager::open(database, memory.clone(), feed, &*reading(), &[]).await;
    opened.expect("a manager")
}

async fn brought(manager: &mut Manager) -> Tally {
    sync_with(manager, false).await
}

async fn sync_with(manager: &mut Manager, full: bool) -> Tally {
    let mut options = Options {
        full,
        progress: &mut |_| {},
    };
    sync(manager, &mut options).await.expect("in step")
}

async fn verified(database: &Database, memory: &Arc<Memory>) -> Report {
    verified_of(database, memory, &Name::default(), &[]).await
}

async fn verified_of(
    database: &Database,
    memory: &Arc<Memory>,
    table: &Name,
    settings: &[ExtraColumn],
) -> Report {
    let managers = [manager(database, memory, table).await];
    let report = verify(database, table, &managers, settings, &mut |_| {}).await;
    report.expect("a report")
}

async fn number(database: &Database, sql: &str) -> i64 {
    let rows = database.fetch(sql, &[], &[Wire::Int8]).await.expect(sql);
    let cell = rows.cell(0, 0).and_then(|cell| cell.try_into().ok());
    cell.map(i64::from_be_bytes).expect("a number")
}

async fn count(database: &Database) -> i64 {
    number(
        database,
        "SELECT CAST(count(*) AS bigint) FROM {ivoa.obscore}",
    )
    .await
}

async fn run(database: &Database, sql: &str) {
    let mut transaction = database.begin().await.expect("a transaction");
    transaction.script(sql).await.expect(sql);
    transaction.commit().await.expect("committed");
}
