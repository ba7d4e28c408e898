//! The registry as a source: pages, look-ups, changes.

use obstap::registry::{Collections, Place, Source, Wanted};
use uuid::Uuid;

use super::{OPERATOR, filled, id, ingest, raw, record};
use crate::support::on_both;

fn wanted(types: &[&str], collections: Collections) -> Wanted {
    Wanted {
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        collections,
    }
}

/// Every dataset, in pages of two.
async fn pages(source: &impl Source, wanted: &Wanted) -> Vec<Uuid> {
    let mut all = Vec::new();
    let mut after: Option<Place> = None;
    loop {
        let page = source
            .page(wanted, after.as_ref(), 2)
            .await
            .expect("a page");
        let Some(last) = page.last() else { return all };
        after = Some(Place {
            dataset_type: last.dataset_type.clone(),
            id: last.id,
        });
        all.extend(page.iter().map(|it| it.id));
    }
}

#[test]
fn pages_hold_what_is_wanted() {
    on_both(async |database| {
        let (store, _) = filled(&database).await;
        let run = "u/ann/run";
        let text = raw(1, "Cam/raw/all", 1, 0)
            + &raw(2, "Cam/raw/all", 1, 1)
            + &raw(3, run, 1, 0)
            + &raw(4, run, 2, 0)
            + &format!(
                "{{\"id\": \"{}\", \"type\": \"calexp\", \"run\": \"{run}\", \"data_id\": \
                 {{\"instrument\": \"Cam\", \"visit\": 10, \"detector\": 1}}}}",
                id(5)
            );
        ingest(&store, &text).await.expect("ingested");
        store
            .associate(&OPERATOR, "u/ann/best", &[id(1), id(4)])
            .await
            .expect("tags");
        let check = async |wanted: Wanted, expected: &[u128]| {
            let expected: Vec<Uuid> = expected.iter().map(|number| id(*number)).collect();
            assert_eq!(pages(&store, &wanted).await, expected, "{wanted:?}");
        };
        let runs =
            |patterns: &[&str]| Collections::runs(patterns.iter().copied()).expect("patterns");
        let path =
            |names: &[&str]| Collections::Path(names.iter().map(|it| (*it).into()).collect());
        check(wanted(&["calexp", "raw"], runs(&[])), &[5, 1, 2, 3, 4]).await;
        check(wanted(&["raw"], runs(&["Cam/.*"])), &[1, 2]).await;
        check(wanted(&["raw"], runs(&["nothing"])), &[]).await;
        check(wanted(&["nothing"], runs(&[])), &[]).await;
        check(
            wanted(&["raw"], Collections::Tagged("u/ann/best".into())),
            &[1, 4],
        )
        .await;
        check(wanted(&["raw"], Collections::Tagged("none".into())), &[]).await;
        // Of the same data ID, what comes first in the path.
        check(wanted(&["raw"], path(&["all"])), &[2, 3, 4]).await;
        check(wanted(&["raw"], path(&["Cam/raw/all", run])), &[1, 2, 4]).await;
        check(wanted(&["raw"], path(&["u/ann/best", "all"])), &[1, 2, 4]).await;
        check(wanted(&["raw"], path(&[run, "u/ann/best"])), &[3, 4]).await;
        let found = store.find(&[id(2), id(99)]).await.expect("found");
        assert_eq!(found.len(), 1);
        let there = store.existing(&[id(2), id(99)]).await.expect("existing");
        assert_eq!(there, [id(2)]);
    });
}

#[test]
fn changes_are_told_from_mark_to_mark() {
    on_both(async |database| {
        let (store, _) = filled(&database).await;
        let runs = Collections::runs([]).expect("patterns");
        let wanted = wanted(&["raw"], runs);
        let first = store.changes(&wanted, None).await.expect("changes");
        assert!(first.everything);
        let mut mark = first.mark;
        let mut since = async |expected: &[u128]| {
            let mut changes = store.changes(&wanted, Some(&mark)).await.expect("changes");
            assert!(!changes.everything);
            changes.ids.sort_unstable();
            let expected: Vec<Uuid> = expected.iter().map(|number| id(*number)).collect();
            assert_eq!(changes.ids, expected);
            mark = changes.mark;
        };
        since(&[]).await;
        let text = raw(1, "Cam/raw/all", 1, 0) + &raw(2, "Cam/raw/all", 1, 1);
        ingest(&store, &text).await.expect("ingested");
        since(&[1, 2]).await;
        since(&[]).await;
        store
            .associate(&OPERATOR, "u/ann/best", &[id(2)])
            .await
            .expect("tag");
        since(&[2]).await;
        let definition = r#"{"instrument": "Cam", "visit": 10, "exposure": 1}"#;
        record(&store, "visit_definition", definition, false)
            .await
            .expect("done");
        since(&[1, 2]).await;
        store.remove(&OPERATOR, &[id(1)]).await.expect("removed");
        since(&[1]).await;
        // A mark of what never was is no reason to tell nothing.
        let lost = store
            .changes(&wanted, Some("9000000000000000000"))
            .await
            .expect("changes");
        assert!(lost.everything);
    });
}
