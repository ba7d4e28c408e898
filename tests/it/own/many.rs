//! Many datasets, many writers, and writers that are lost.

use std::fmt::Write;
use std::sync::Arc;

use obstap::registry::Source;
use obstap::registry::own::{Ids, Kind};

use super::{OPERATOR, datasets, failed, filled, id, ingest, raw, record};
use crate::support::on_both;

/// Exposures from this number on, two datasets each.
fn exposures(first: i64, count: i64) -> String {
    let mut csv = "instrument,id,physical_filter,obs_id\n".to_owned();
    for number in first..first + count {
        let _ = writeln!(csv, "Cam,{number},Cam-R,O{number}");
    }
    csv
}

#[test]
fn ten_thousand_datasets_come_in_one_call() {
    on_both(async |database| {
        let (store, heard) = filled(&database).await;
        record(&store, "exposure", &exposures(100, 5000), false)
            .await
            .expect("exposures");
        let text: String = (0..10_000)
            .map(|at| {
                raw(
                    at + 1,
                    "Cam/raw/all",
                    100 + (at / 2) as i64,
                    (at % 2) as i64,
                )
            })
            .collect();
        let done = ingest(&store, &text).await.expect("ingested");
        assert_eq!((done.added, done.present), (10_000, 0));
        assert_eq!(heard.count(), 10_000);
        let done = ingest(&store, &text).await.expect("again");
        assert_eq!((done.added, done.present), (0, 10_000));
        // One of them is another.
        let other = text.replace("raw/7777.fits", "raw/x.fits");
        failed(
            ingest(&store, &other).await,
            Kind::Conflict,
            "1 of 10000 datasets",
        );
        let ids: Vec<_> = (1..=10_000).map(id).collect();
        let put = store.associate(&OPERATOR, "u/ann/best", &ids).await;
        assert_eq!(put.expect("associated"), 10_000);
        let filter = r#"{"instrument": "Cam", "name": "Cam-R", "band": "i"}"#;
        let changed = record(&store, "physical_filter", filter, true)
            .await
            .expect("changed");
        assert_eq!(changed.datasets, 10_000);
        assert!(
            heard.of(id(10_000)).contains("[u/ann/best] band=i"),
            "{}",
            heard.of(id(10_000))
        );
        assert_eq!(
            store.remove(&OPERATOR, &ids).await.expect("removed"),
            10_000
        );
        assert_eq!(store.existing(&ids).await.expect("read").len(), 0);
    });
}

#[test]
fn of_two_who_write_the_same_one_is_told_of_the_other() {
    on_both(async |database| {
        let (store, _) = filled(&database).await;
        record(&store, "exposure", &exposures(100, 500), false)
            .await
            .expect("exposures");
        let store = Arc::new(store);
        let call = |shift: u128| {
            let rows = (0..1000).map(|at| {
                raw(
                    at + shift,
                    "Cam/raw/all",
                    100 + (at / 2) as i64,
                    (at % 2) as i64,
                )
            });
            datasets(&rows.collect::<String>())
        };
        // The same data IDs under other identifiers: one wins.
        let ends = ["one", "two"].map(|name| {
            let store = store.clone();
            let given = call(if name == "one" { 10_000 } else { 20_000 });
            tokio::spawn(async move { store.ingest(&OPERATOR, &given, Ids::New).await })
        });
        let mut won = 0;
        for end in ends {
            match end.await.expect("its end") {
                Ok(done) => {
                    assert_eq!(done.added, 1000);
                    won += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind, Kind::Conflict, "{error}");
                    assert!(error.message.starts_with("1000 of 1000"), "{error}");
                    assert_eq!(error.details.len(), 20);
                }
            }
        }
        assert_eq!(won, 1);
        // The same datasets: both are content, and they are there once.
        let ends = [1, 2, 3].map(|_| {
            let store = store.clone();
            let rows: String = (0..500)
                .map(|at| {
                    raw(
                        at + 50_000,
                        "u/ann/run",
                        100 + (at / 2) as i64,
                        (at % 2) as i64,
                    )
                })
                .collect();
            let given = datasets(&rows);
            tokio::spawn(async move { store.ingest(&OPERATOR, &given, Ids::New).await })
        });
        let mut added = 0;
        for end in ends {
            let done = end.await.expect("its end").expect("content");
            assert_eq!(done.added + done.present, 500);
            added += done.added;
        }
        assert_eq!(added, 500);
    });
}

#[test]
fn tags_put_at_the_same_time_are_all_heard_of() {
    on_both(async |database| {
        let (store, heard) = filled(&database).await;
        ingest(&store, &raw(1, "Cam/raw/all", 1, 0))
            .await
            .expect("ingested");
        use obstap::registry::own::{Collection, CollectionKind};
        let names: Vec<String> = (0..6).map(|at| format!("t/{at}")).collect();
        let all = names.iter().map(|name| Collection {
            name: name.clone(),
            kind: CollectionKind::Tagged,
            doc: None,
            children: Vec::new(),
        });
        let all: Vec<Collection> = all.collect();
        store
            .register_collections(&OPERATOR, &all)
            .await
            .expect("collections");
        let store = Arc::new(store);
        let ends: Vec<_> = names
            .iter()
            .map(|name| {
                let (store, name) = (store.clone(), name.clone());
                tokio::spawn(async move { store.associate(&OPERATOR, &name, &[id(1)]).await })
            })
            .collect();
        for end in ends {
            assert_eq!(end.await.expect("its end").expect("put"), 1);
        }
        let told = store.show(id(1)).await.expect("a dataset");
        assert_eq!(told.tags.len(), 6);
        assert_eq!(heard.of(id(1)), super::told(&told));
    });
}

#[test]
fn a_call_that_is_given_up_leaves_nothing() {
    on_both(async |database| {
        let (store, _) = filled(&database).await;
        record(&store, "exposure", &exposures(100, 1000), false)
            .await
            .expect("exposures");
        let rows: String = (0..2000)
            .map(|at| {
                raw(
                    at + 1,
                    "Cam/raw/all",
                    100 + (at / 2) as i64,
                    (at % 2) as i64,
                )
            })
            .collect();
        let given = datasets(&rows);
        let ids: Vec<_> = (1..=2000).map(id).collect();
        // Given up at many moments, each time further on.
        for polls in (0..60).step_by(3) {
            let mut call = Box::pin(store.ingest(&OPERATOR, &given, Ids::New));
            let mut done = false;
            for _ in 0..polls {
                let step = std::time::Duration::from_millis(1);
                if tokio::time::timeout(step, &mut call).await.is_ok() {
                    done = true;
                    break;
                }
            }
            drop(call);
            let there = store.existing(&ids).await.expect("read").len();
            assert!(there == 0 || there == 2000, "{there} of 2000");
            if done {
                break;
            }
        }
        let done = store
            .ingest(&OPERATOR, &given, Ids::New)
            .await
            .expect("at last");
        assert_eq!(done.added + done.present, 2000);
    });
}
