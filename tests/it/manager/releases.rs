//! Releases stay as they were made.

use std::sync::Arc;

use obstap::obscore::manager::{Diff, create, diff_tables, drop, list, switch};
use obstap::obscore::{Name, declared};
use obstap::tap_schema;

use super::memory::{Memory, dataset};
use super::{brought, followed, manager, number, verified};
use crate::support::on_both;

#[test]
fn a_release_is_frozen_and_switched() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(20));
        for number in [4, 6] {
            memory.change(number, |dataset| dataset.run = "run/two".into());
        }
        let mut live = followed(&database, &memory).await;
        let table = Name::default();
        let rows = create(&database, "dr1", (&table, &[]), None, false).await;
        assert_eq!(rows.expect("a release"), 40);
        let collections = ["run/two".to_owned()];
        let of = Some((&live, &collections[..]));
        let rows = create(&database, "dr2", (&table, &[]), of, true).await;
        assert_eq!(rows.expect("a release"), 2);
        let refused = create(&database, "dr1", (&table, &[]), None, false).await;
        refused.expect_err("taken");
        for bad in ["ivoa", "tap_schema", "DR1"] {
            let refused = create(&database, bad, (&table, &[]), None, false).await;
            refused.expect_err(bad);
        }

        memory.remove(2);
        memory.put(dataset(1000, "raw"));
        brought(&mut live).await;
        let count =
            |schema: &str| format!("SELECT CAST(count(*) AS bigint) FROM {{{schema}.obscore}}");
        assert_eq!(number(&database, &count("dr1")).await, 40);
        let dr1 = Name::new("dr1", "obscore").expect("a name");
        let columns = declared(&[]).expect("columns");
        let diff = diff_tables(&database, (&dr1, &columns), (&table, &columns)).await;
        let diff: Diff = diff.expect("a difference");
        assert_eq!((diff.same, diff.only_a, diff.only_b), (39, 1, 1));

        let published = async || {
            let catalog = tap_schema::load(&database).await.expect("a catalog");
            let tables = catalog.tables().iter();
            let names = tables.map(|table| table.full_name());
            names
                .filter(|name| name.starts_with("dr"))
                .collect::<Vec<_>>()
        };
        assert_eq!(published().await, ["dr1.obscore"]);
        switch(&database, "dr2", Some("dr1"))
            .await
            .expect("switched");
        assert_eq!(published().await, ["dr2.obscore"]);
        let known = list(&database).await.expect("releases");
        let known: Vec<(&str, bool)> = known
            .iter()
            .map(|release| (release.table.schema(), release.published))
            .collect();
        assert!(known.contains(&("dr1", false)) && known.contains(&("dr2", true)));
        // What follows registries leaves releases alone.
        obstap::obscore::prepare(&database, &[])
            .await
            .expect("prepared");
        assert_eq!(published().await, ["dr2.obscore"]);

        drop(&database, "dr1").await.expect("dropped");
        drop(&database, "dr2").await.expect("dropped");
        assert_eq!(published().await, [""; 0]);
        assert!(list(&database).await.expect("releases").is_empty());
        switch(&database, "dr1", None).await.expect_err("gone");
        assert!(verified(&database, &memory).await.is_clean());
        let _ = manager(&database, &memory, &table).await;
    });
}
