//! Changes are told in the order of commits, and none is lost.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use obstap::database::Database;
use obstap::obscore::change::{CursorError, changes_since};
use obstap::obscore::manager::Live;
use obstap::obscore::{Name, prepare};
use obstap::registry::{Event, Observer};

use super::memory::{Memory, Plain, dataset, id};
use super::{brought, followed, reading, run, verified, wanted};
use crate::support::{on_both, open, postgres, runtime};

fn did(number: u64) -> String {
    format!("ivo://memory?{}", id(number))
}

/// Reads until so many have come: transactions of others on the same server hold
/// them back for a while. What came, and the cursor.
async fn read_all(
    database: &Database,
    since: Option<String>,
    count: usize,
) -> (Vec<(String, bool)>, String) {
    let (mut told, mut cursor) = read(database, since).await;
    for _ in 0..3000 {
        if told.len() >= count {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        let (more, next) = read(database, Some(cursor)).await;
        told.extend(more);
        cursor = next;
    }
    (told, cursor)
}

/// Reads to the end; what came, and the cursor.
async fn read(database: &Database, since: Option<String>) -> (Vec<(String, bool)>, String) {
    let mut cursor = since;
    let mut told = Vec::new();
    loop {
        let table = Name::default();
        let page = changes_since(database, &table, cursor.as_deref(), 7).await;
        let page = page.expect("changes");
        let changes = page.changes.into_iter();
        told.extend(changes.map(|change| (change.publisher_did, change.removed)));
        cursor = Some(page.cursor);
        if !page.more {
            return (told, cursor.unwrap_or_default());
        }
    }
}

#[test]
fn rows_and_tombstones_are_told_once() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(20));
        let mut manager = followed(&database, &memory).await;
        let (first, cursor) = read_all(&database, None, 40).await;
        assert_eq!(first.len(), 40);
        let (none, cursor) = read(&database, Some(cursor)).await;
        assert_eq!(none, []);
        memory.remove(2);
        memory.change(3, |dataset| dataset.region = None);
        memory.put(dataset(1000, "raw"));
        brought(&mut manager).await;
        let (told, cursor) = read_all(&database, Some(cursor), 3).await;
        let told: BTreeSet<_> = told.into_iter().collect();
        let expected = [(did(2), true), (did(3), false), (did(1000), false)];
        assert_eq!(told, BTreeSet::from(expected));
        assert_eq!(read(&database, Some(cursor)).await.0, []);
        let table = Name::default();
        for wrong in ["", "x", "a.b.c", "a.1.c"] {
            let refused = changes_since(&database, &table, Some(wrong), 7).await;
            refused.expect_err("no cursor");
        }
    });
}

#[test]
fn a_transaction_that_commits_late_is_not_lost() {
    let url = postgres::fresh_database();
    runtime().block_on(async {
        let (a, b) = (open(&url, None).await, open(&url, None).await);
        a.migrate().await.expect("migrated");
        prepare(&a, &[]).await.expect("prepared");
        let plain = Plain::of(&["raw"]);
        let mut asked = wanted(&Name::default(), &plain);
        asked.kind = obstap::obscore::manager::Kind::Own;
        let attached = obstap::obscore::manager::attach(&a, &asked, &plain, &[]).await;
        attached.expect("attached");
        let live = Live::new(&a, reading(), &[]);
        let late = Live::new(&b, reading(), &[]);
        let mut held = b.begin().await.expect("a transaction");
        let events = [Event::Added(dataset(1, "raw"))];
        late.apply(&mut held, &events).await.expect("taken up");
        let mut told = Vec::new();
        let mut cursor = None;
        for number in 10..60 {
            let mut transaction = a.begin().await.expect("a transaction");
            let events = [Event::Added(dataset(number, "raw"))];
            live.apply(&mut transaction, &events)
                .await
                .expect("taken up");
            transaction.commit().await.expect("committed");
            let (more, next) = read(&a, cursor).await;
            told.extend(more);
            cursor = Some(next);
        }
        held.commit().await.expect("committed");
        let left = 51 - told.len();
        told.extend(read_all(&a, cursor, left).await.0);
        let told: BTreeSet<String> = told.into_iter().map(|(did, _)| did).collect();
        let expected: BTreeSet<String> = (10..60).chain([1]).map(did).collect();
        assert_eq!(told, expected);
    });
}

/// What was true before is true of the copy, which goes its own way.
async fn check_copy(copy: &Database, memory: &Arc<Memory>, cursor: &str) {
    prepare(copy, &[]).await.expect("prepared");
    assert!(verified(copy, memory).await.is_clean());
    let refused = changes_since(copy, &Name::default(), Some(cursor), 7).await;
    let refused = refused.expect_err("another epoch");
    assert!(matches!(refused, CursorError::Epoch), "{refused}");
    let (all, cursor) = read_all(copy, None, 40).await;
    assert_eq!(all.len(), 40);
    memory.put(dataset(1000, "raw"));
    let mut manager = super::manager(copy, memory, &Name::default()).await;
    assert_eq!(brought(&mut manager).await.added, 1);
    let (told, _) = read_all(copy, Some(cursor), 1).await;
    assert_eq!(told, [(did(1000), false)]);
}

#[test]
fn a_restored_dump_begins_another_epoch() {
    let (from, to) = (postgres::fresh_database(), postgres::fresh_database());
    let memory = Arc::new(Memory::with(20));
    let cursor = runtime().block_on(async {
        let database = open(&from, None).await;
        database.migrate().await.expect("migrated");
        followed(&database, &memory).await;
        // Numbers of transactions that the other database has not reached.
        for _ in 0..50 {
            run(
                &database,
                "UPDATE {obstap.published} SET version = version + 1",
            )
            .await;
        }
        read_all(&database, None, 40).await.1
    });
    let folder = tempfile::tempdir().expect("a folder");
    let dump = folder.path().join("dump");
    let path = dump.display().to_string();
    let run = |program: &str, arguments: &[&str]| {
        let program = postgres::program(program);
        let ended = Command::new(program).args(arguments).output();
        let ended = ended.expect("the program");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}");
    };
    run("pg_dump", &["--format=custom", "--file", &path, &from]);
    run("pg_restore", &["--no-owner", "--dbname", &to, &path]);
    runtime().block_on(async {
        let copy = open(&to, None).await;
        check_copy(&copy, &memory, &cursor).await;
    });
}

#[test]
fn a_copied_file_begins_another_epoch() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let memory = Arc::new(Memory::with(20));
    runtime().block_on(async {
        let database = open(&format!("sqlite:{}", path("a.db")), None).await;
        database.migrate().await.expect("migrated");
        followed(&database, &memory).await;
        let (_, cursor) = read_all(&database, None, 40).await;
        let connection = rusqlite::Connection::open(path("a.db")).expect("the file");
        let into = format!("VACUUM INTO '{}'", path("b.db"));
        connection.execute_batch(&into).expect("a copy");
        let copy = open(&format!("sqlite:{}", path("b.db")), None).await;
        check_copy(&copy, &memory, &cursor).await;
    });
}
