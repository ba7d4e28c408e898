//! Our own registry and the tables it feeds, by Rubin's configurations: whatever
//! is done there, the rows are what they should be when it is done.

use std::sync::Arc;

use obstap::database::Database;
use obstap::obscore::manager::{
    Attach, Feed, Kind, Live, Manager, Options, Reading, attach, feeds, mapped, sync, verify,
};
use obstap::obscore::{Name, prepare};
use obstap::registry::own::{Ids, Store};

use super::{count, number};
use crate::own::{OPERATOR, datasets, filled, id, raw, record};
use crate::support::on_both;

const CONFIGURATION: &str = "
facility_name: Here
obs_collection: TEST
collection_type: RUN
collections: ['Cam/raw/.*', 'u/ann/run']
dataset_types:
  raw:
    dataproduct_type: image
    calib_level: 1
    obs_id_fmt: '{records[exposure].obs_id}-{detector}'
    extra_columns:
      exposure_number: {template: '{exposure}', type: int}
spectral_ranges:
  r: [550.0e-9, 700.0e-9]
";

const TAGGED: &str = "
facility_name: Here
obs_collection: BEST
collection_type: TAGGED
collections: ['u/ann/best']
dataset_types:
  raw:
    dataproduct_type: image
    calib_level: 1
    obs_id_fmt: '{records[exposure].obs_id}-{detector}'
";

fn reading() -> Box<Reading> {
    mapped("example.org", None)
}

async fn fed(database: &Database, table: &Name, document: &str) {
    let asked = Attach {
        label: "cam".into(),
        kind: Kind::Own,
        place: "here".into(),
        public_url: None,
        table: table.clone(),
        document: document.into(),
        origin: "the test".into(),
    };
    let mapping = (reading())(&Feed::planned(&asked, None)).expect("a mapping");
    attach(database, &asked, &*mapping, &[])
        .await
        .expect("attached");
}

async fn managers(database: &Database, store: &Arc<Store>) -> Vec<Manager> {
    let mut managers = Vec::new();
    for feed in feeds(database, None).await.expect("feeds") {
        let opened = Manager::open(database, store.clone(), feed, &*reading(), &[]).await;
        managers.push(opened.expect("a manager"));
    }
    managers
}

async fn check(database: &Database, store: &Arc<Store>, step: &str, rows: [i64; 2]) {
    for manager in managers(database, store).await {
        let table = manager.feed().table.clone();
        let report = verify(database, &table, &[manager], &[], &mut |_| {}).await;
        let report = report.expect("a report");
        assert!(report.is_clean(), "{step}: {table}: {report:?}");
        assert_eq!(report.reasons, [], "{step}: {table}");
    }
    let best = "SELECT CAST(count(*) AS bigint) FROM {best.obscore}";
    let found = [count(database).await, number(database, best).await];
    assert_eq!(found, rows, "{step}");
}

#[test]
fn whatever_is_done_the_rows_are_true() {
    on_both(async |database| {
        prepare(&database, &[]).await.expect("prepared");
        filled(&database).await;
        let live = Arc::new(Live::new(&database, reading(), &[]));
        let store = Store::open(&database, Some(live)).await;
        let store = Arc::new(store.expect("open").expect("a registry"));
        // Before anything is fed.
        let first = raw(1, "Cam/raw/all", 1, 0);
        let ingested = store.ingest(&OPERATOR, &datasets(&first), Ids::New).await;
        ingested.expect("ingested");
        let best = Name::read("best.obscore").expect("a name");
        fed(&database, &Name::default(), CONFIGURATION).await;
        fed(&database, &best, TAGGED).await;
        for mut manager in managers(&database, &store).await {
            let mut options = Options {
                full: false,
                progress: &mut |_| {},
            };
            sync(&mut manager, &mut options).await.expect("in step");
        }
        check(&database, &store, "what was there", [1, 0]).await;

        let more = raw(2, "Cam/raw/all", 1, 1) + &raw(3, "u/ann/run", 2, 0);
        let ingested = store.ingest(&OPERATOR, &datasets(&more), Ids::New).await;
        ingested.expect("ingested");
        check(&database, &store, "ingested", [3, 0]).await;
        let regions = "SELECT CAST(count(s_region) AS bigint) FROM {ivoa.obscore}";
        assert_eq!(number(&database, regions).await, 0);

        let tagged = [id(1), id(2)];
        let done = store.associate(&OPERATOR, "u/ann/best", &tagged).await;
        done.expect("tagged");
        check(&database, &store, "tagged", [3, 2]).await;

        let defined = r#"{"instrument": "Cam", "exposure": 1, "visit": 10}"#;
        let done = record(&store, "visit_definition", defined, false).await;
        done.expect("defined");
        check(&database, &store, "a visit defined later", [3, 2]).await;
        assert!(number(&database, regions).await > 0);

        let done = store
            .disassociate(&OPERATOR, "u/ann/best", &tagged[..1])
            .await;
        done.expect("untagged");
        check(&database, &store, "untagged", [3, 1]).await;
        store.remove(&OPERATOR, &[id(2)]).await.expect("removed");
        check(&database, &store, "removed", [2, 0]).await;
    });
}
