//! Rows come, change and go with their datasets; in several tables, by
//! configurations that may change.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use adql::Value as Parameter;
use obstap::config::ExtraColumn;
use obstap::database::Database;
use obstap::obscore::manager::{
    Kind, Live, ManagerError, Options, State, attach, detach, plan, register, sync,
};
use obstap::obscore::{Name, prepare};
use obstap::registry::{Event, Observer};
use obstap::tap_schema;

use super::memory::{Memory, Plain, dataset, id};
use super::{
    brought, count, followed, manager, number, reading, run, sync_with, verified, verified_of,
    wanted,
};
use crate::support::{on_both, open, postgres, runtime};

#[test]
fn a_table_is_built_and_follows() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(50));
        let mut manager = followed(&database, &memory).await;
        assert_eq!(count(&database).await, 100);
        assert_eq!(manager.feed().state, State::Live);
        assert!(verified(&database, &memory).await.is_clean());

        memory.put(dataset(1000, "raw"));
        memory.put(dataset(1001, "bias"));
        memory.remove(2);
        memory.change(3, |dataset| dataset.region = None);
        memory.change(4, |dataset| dataset.files.clear());
        let tally = brought(&mut manager).await;
        assert_eq!((tally.added, tally.changed, tally.removed), (1, 1, 2));
        assert_eq!(count(&database).await, 99);
        assert!(verified(&database, &memory).await.is_clean());

        // Told again, nothing happens.
        let tally = brought(&mut manager).await;
        assert!(!tally.writes() && tally.seen == 0);
        let tally = sync_with(&mut manager, true).await;
        assert!(!tally.writes());
        // Stored again, the row is back.
        memory.put(dataset(4, "raw"));
        assert_eq!(brought(&mut manager).await.added, 1);
    });
}

#[test]
fn what_is_not_told_is_found_by_going_through() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(20));
        let mut manager = followed(&database, &memory).await;
        memory.quiet();
        memory.remove(2);
        memory.change(3, |dataset| dataset.region = None);
        memory.put(dataset(1000, "raw"));
        let tally = brought(&mut manager).await;
        assert_eq!((tally.added, tally.changed, tally.removed), (1, 1, 1));
        assert!(verified(&database, &memory).await.is_clean());
    });
}

#[test]
fn a_dataset_that_cannot_be_described_keeps_no_other_from_its_row() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(5));
        let mut manager = followed(&database, &memory).await;
        memory.change(2, |dataset| dataset.data_id.0.clear());
        memory.put(dataset(1000, "raw"));
        let mut twin = dataset(1001, "raw");
        twin.data_id.0.clear();
        memory.put(twin);
        let tally = brought(&mut manager).await;
        assert_eq!((tally.added, tally.removed), (1, 1));
        assert!(tally.rejected >= 2);
        let report = verified(&database, &memory).await;
        assert!(report.is_clean());
        assert_eq!(report.rejected, 2);
        assert!(
            report
                .reasons
                .contains(&(id(1001), "it has no visit".into()))
        );
        // Mended, it has its row.
        memory.put(dataset(2, "raw"));
        assert_eq!(brought(&mut manager).await.added, 1);
        assert_eq!(verified(&database, &memory).await.rejected, 1);
    });
}

#[test]
fn a_broken_off_build_goes_on() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(3000));
        prepare(&database, &[]).await.expect("prepared");
        // A row from a file: the table is filled page by page.
        run(
            &database,
            "INSERT INTO {ivoa.obscore} (calib_level, obs_collection, obs_id, obs_publisher_did) \
             VALUES (1, 'x', 'x', 'ivo://file?1')",
        )
        .await;
        let plain = Plain::of(&["raw", "calexp"]);
        let asked = wanted(&Name::default(), &plain);
        attach(&database, &asked, &plain, &[])
            .await
            .expect("attached");
        for calls in 1..9 {
            memory.fails_after.store(calls, Ordering::SeqCst);
            let mut manager = manager(&database, &memory, &Name::default()).await;
            let mut options = Options {
                full: false,
                progress: &mut |_| {},
            };
            let broken = sync(&mut manager, &mut options).await;
            if let Err(error) = broken {
                assert!(matches!(error, ManagerError::Source(_)), "{error}");
            }
        }
        memory.fails_after.store(0, Ordering::SeqCst);
        let mut manager = manager(&database, &memory, &Name::default()).await;
        brought(&mut manager).await;
        assert_eq!(manager.feed().state, State::Live);
        assert_eq!(count(&database).await, 6001);
        let report = verified(&database, &memory).await;
        assert!(report.is_clean(), "{:?}", report.causes);
    });
}

#[test]
fn two_managers_do_no_harm() {
    let url = postgres::fresh_database();
    runtime().block_on(async {
        let (a, b) = (open(&url, None).await, open(&url, None).await);
        a.migrate().await.expect("migrated");
        let memory = Arc::new(Memory::with(500));
        let mut first = followed(&a, &memory).await;
        for round in 0..10 {
            for number in 0..100 {
                memory.put(dataset(10_000 + 1000 * round + number, "raw"));
                memory.remove(2 * (50 * round + number % 50 + 1));
            }
            let mut second = manager(&b, &memory, &Name::default()).await;
            let (one, two) = tokio::join!(
                async { sync_with(&mut first, round % 2 == 0).await },
                async { sync_with(&mut second, round % 3 == 0).await }
            );
            assert!(one.rejected + two.rejected == 0);
        }
        let report = verified(&a, &memory).await;
        assert!(report.is_clean(), "{:?}", report.causes);
    });
}

#[test]
fn one_registry_feeds_several_tables() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(10));
        followed(&database, &memory).await;
        let internal = Name::read("internal.obscore").expect("a name");
        let plain = Plain {
            column: Some("visit_number".into()),
            ..Plain::of(&["raw", "calexp", "bias"])
        };
        memory.put(dataset(1000, "bias"));
        let asked = wanted(&internal, &plain);
        attach(&database, &asked, &plain, &[])
            .await
            .expect("attached");
        let mut other = manager(&database, &memory, &internal).await;
        assert_eq!(brought(&mut other).await.added, 21);
        assert!(verified(&database, &memory).await.is_clean());
        let report = verified_of(&database, &memory, &internal, &[]).await;
        assert!(report.is_clean(), "{report:?}");
        let catalog = tap_schema::load(&database).await.expect("a catalog");
        let columns = |schema| catalog.find(Some(schema), "obscore")[0].columns.len();
        assert_eq!((columns("ivoa"), columns("internal")), (60, 61));

        let rows = detach(&database, "memory", Some(&internal)).await;
        assert_eq!(rows.expect("detached"), 21);
        assert_eq!(count(&database).await, 20);
        let sql = "SELECT CAST(count(*) AS bigint) FROM {obstap.tombstones} \
                   WHERE schema_name = 'internal'";
        assert_eq!(number(&database, sql).await, 21);
    });
}

#[test]
fn another_configuration_is_planned_and_applied_while_queries_run() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(30));
        let mut before = followed(&database, &memory).await;
        memory.put(dataset(1000, "bias"));
        memory.change(2, |dataset| dataset.tags.clear());
        brought(&mut before).await;
        let plain = Plain {
            column: Some("visit_number".into()),
            tag: Some("good".into()),
            ..Plain::of(&["raw", "bias"])
        };
        let asked = wanted(&Name::default(), &plain);
        let old: Arc<dyn obstap::obscore::manager::Describe> =
            Arc::new(Plain::of(&["raw", "calexp"]));
        let mapping = Arc::new(plain.clone());
        let planned = plan(&database, memory.clone(), &asked, mapping, Some(old), &[]);
        let planned = planned.await.expect("a plan");
        assert_eq!(planned.added_columns, ["visit_number"]);
        assert_eq!(planned.added_types, ["bias"]);
        assert_eq!(planned.removed_types, ["calexp"]);
        let rows = &planned.rows;
        assert_eq!((rows.added, rows.changed, rows.removed), (1, 29, 31));

        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let queries = {
            let (database, stop) = (database.clone(), stop.clone());
            tokio::spawn(async move {
                let mut asked = 0;
                loop {
                    let rows = count(&database).await;
                    assert!((29..=61).contains(&rows), "{rows}");
                    asked += 1;
                    if stop.load(Ordering::SeqCst) {
                        return asked;
                    }
                }
            })
        };
        attach(&database, &asked, &plain, &[])
            .await
            .expect("applied");
        let mut manager = manager(&database, &memory, &Name::default()).await;
        assert_eq!(manager.feed().state, State::Building);
        let tally = brought(&mut manager).await;
        assert_eq!((tally.added, tally.changed, tally.removed), (1, 29, 31));
        stop.store(true, Ordering::SeqCst);
        assert!(queries.await.expect("answers") > 0);
        assert!(verified(&database, &memory).await.is_clean());
        assert_eq!(
            number(&database, "SELECT count(visit_number) FROM {ivoa.obscore}").await,
            30
        );
        // The next start finds nothing to do.
        let again = prepare(&database, &[]).await.expect("prepared");
        assert!(!again.published);
    });
}

#[test]
fn settings_and_configurations_share_the_extra_columns() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(3));
        let settings = [ExtraColumn {
            name: "seeing".into(),
            kind: "REAL".into(),
            ..ExtraColumn::default()
        }];
        prepare(&database, &settings).await.expect("prepared");
        let plain = Plain {
            column: Some("visit_number".into()),
            ..Plain::of(&["raw"])
        };
        let asked = wanted(&Name::default(), &plain);
        attach(&database, &asked, &plain, &settings)
            .await
            .expect("attached");
        assert!(
            !prepare(&database, &settings)
                .await
                .expect("prepared")
                .published
        );
        let changed = prepare(&database, &[]).await.expect("prepared");
        assert_eq!(changed.hidden, ["seeing"]);
        let mut manager = manager(&database, &memory, &Name::default()).await;
        assert_eq!(brought(&mut manager).await.added, 3);
        assert!(verified(&database, &memory).await.is_clean());
    });
}

async fn own(database: &Database) -> Live {
    prepare(database, &[]).await.expect("prepared");
    let plain = Plain::of(&["raw", "calexp"]);
    let mut asked = wanted(&Name::default(), &plain);
    asked.kind = Kind::Own;
    attach(database, &asked, &plain, &[])
        .await
        .expect("attached");
    Live::new(database, reading(), &[])
}

async fn told(database: &Database, live: &Live, events: &[Event], commit: bool) {
    let mut transaction = database.begin().await.expect("a transaction");
    live.apply(&mut transaction, events)
        .await
        .expect("taken up");
    if commit {
        transaction.commit().await.expect("committed");
    }
}

#[test]
fn our_own_registry_and_its_table_are_one_transaction() {
    on_both(async |database| {
        let live = own(&database).await;
        let memory = Arc::new(Memory::default());
        let add = |numbers: std::ops::Range<u64>| -> Vec<Event> {
            let datasets = numbers.map(|number| dataset(number, "raw"));
            datasets
                .map(|dataset| {
                    memory.put(dataset.clone());
                    Event::Added(dataset)
                })
                .collect()
        };
        let events = add(1..1001);
        told(&database, &live, &events, false).await;
        assert_eq!(count(&database).await, 0);
        told(&database, &live, &events, true).await;
        assert_eq!(count(&database).await, 1000);
        // Told twice, it is the same.
        told(&database, &live, &events, true).await;
        assert!(verified(&database, &memory).await.is_clean());

        let mut moved = dataset(1, "raw");
        moved.region = None;
        memory.put(moved.clone());
        memory.remove(2);
        memory.remove(3);
        let mut events = add(2000..2010);
        events.push(Event::Changed(moved));
        events.push(Event::Removed(id(2)));
        events.push(Event::Changed(dataset(3, "raw")));
        events.push(Event::Removed(id(3)));
        events.push(Event::Added(dataset(4000, "bias")));
        let gone = dataset(5000, "raw");
        events.push(Event::Removed(gone.id));
        events.insert(0, Event::Added(gone));
        told(&database, &live, &events, true).await;
        assert_eq!(count(&database).await, 1008);
        assert!(verified(&database, &memory).await.is_clean());
    });
}

#[test]
fn another_configuration_counts_from_the_next_transaction_on() {
    on_both(async |database| {
        let live = own(&database).await;
        let first = [Event::Added(dataset(1, "bias"))];
        told(&database, &live, &first, true).await;
        assert_eq!(count(&database).await, 0);
        let plain = Plain::of(&["bias"]);
        let mut asked = wanted(&Name::default(), &plain);
        asked.kind = Kind::Own;
        attach(&database, &asked, &plain, &[])
            .await
            .expect("attached");
        let second = [Event::Added(dataset(2, "bias"))];
        told(&database, &live, &second, true).await;
        assert_eq!(count(&database).await, 1);
    });
}

#[test]
fn a_label_belongs_to_one_registry() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        let plain = Plain::of(&["raw"]);
        let asked = wanted(&Name::default(), &plain);
        attach(&database, &asked, &plain, &[])
            .await
            .expect("attached");
        let mut other = asked.clone();
        other.place = "elsewhere".into();
        let refused = attach(&database, &other, &plain, &[]).await;
        let refused = refused.expect_err("taken").to_string();
        assert!(refused.contains("at nowhere"), "{refused}");
        let mut transaction = database.begin().await.expect("a transaction");
        let number = register(&mut transaction, "memory", Kind::Butler, "nowhere", None).await;
        let known = number.expect("a number");
        let sql = "UPDATE {obstap.repositories} SET public_url = 'https://x' WHERE number = $1";
        let changed = transaction
            .execute(sql, &[Parameter::BigInt(known.into())])
            .await;
        assert_eq!(changed.expect("changed"), 1);
    });
}
