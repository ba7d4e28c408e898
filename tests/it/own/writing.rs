//! Each thing that is written, and what the observer hears of it.

use obstap::registry::own::given::{self, Form};
use obstap::registry::own::universe::{BEGIN, END, REGION};
use obstap::registry::own::{Actor, CollectionKind, Ids, Kind, Namespace};

use super::{OPERATOR, datasets, element, failed, filled, id, ingest, raw, record};
use crate::support::on_both;

#[test]
fn a_registry_is_made_once() {
    on_both(async |database| {
        use obstap::registry::own;
        assert!(
            own::Store::open(&database, None)
                .await
                .expect("none")
                .is_none()
        );
        failed(
            own::create(&database, "a b").await,
            Kind::Invalid,
            "cannot be the label",
        );
        own::create(&database, "hsc").await.expect("made");
        failed(own::create(&database, "other").await, Kind::Conflict, "hsc");
        let store = own::Store::open(&database, None).await.expect("open");
        assert_eq!(store.expect("one").label(), "hsc");
    });
}

#[test]
fn datasets_come_with_all_that_is_known_of_them() {
    on_both(async |database| {
        let (store, heard) = filled(&database).await;
        let text = format!(
            "{}{}",
            raw(1, "Cam/raw/all", 1, 0),
            r#"{"type": "calexp", "run": "u/ann/run", "data_id": {"instrument": "Cam", "visit": 10, "detector": 0, "band": "r"}}
               {"type": "coadd", "run": "u/ann/run", "data_id": {"skymap": "rings", "tract": 3, "patch": 0, "band": "r"}}"#
        );
        let done = ingest(&store, &text).await.expect("ingested");
        assert_eq!((done.added, done.present), (3, 0));
        assert_eq!(done.ids[0], id(1));
        assert_eq!(
            heard.of(id(1)),
            "raw Cam/raw/all [] band=r,instrument=Cam,day_obs=20260131,detector=0,\
             physical_filter=Cam-R,exposure=1,group=g1 |  | Some((Some(1000), Some(2000))) | 1 files"
        );
        assert_eq!(
            heard.of(done.ids[1]),
            "calexp u/ann/run [] band=r,instrument=Cam,detector=0,physical_filter=Cam-R,visit=10 | \
             Circle ICRS 10 20 1 | Some((Some(1000), Some(2000))) | 0 files"
        );
        assert_eq!(
            heard.of(done.ids[2]),
            "coadd u/ann/run [] band=r,skymap=rings,tract=3,patch=0 | Circle ICRS 50 5 0.1 | None | \
             0 files"
        );
        // What is read is what was told.
        for known in &done.ids {
            let shown = store.show(*known).await.expect("a dataset");
            assert_eq!(super::told(&shown), heard.of(*known));
        }
        let shown = store.show(id(1)).await.expect("a dataset");
        let exposure = shown.record("exposure").expect("a record");
        use obstap::registry::Scalar;
        assert_eq!(exposure.get("exposure_time"), Some(&Scalar::Float(30.5)));
        assert_eq!(exposure.get("dark_time"), Some(&Scalar::Null));
        assert_eq!(shown.files[0].size, Some(1));
        failed(
            store.show(id(99)).await,
            Kind::Missing,
            "there is no dataset",
        );
    });
}

#[test]
fn what_is_repeated_changes_nothing_and_what_contradicts_is_named() {
    on_both(async |database| {
        let (store, heard) = filled(&database).await;
        let two = raw(1, "Cam/raw/all", 1, 0) + &raw(2, "Cam/raw/all", 1, 1);
        ingest(&store, &two).await.expect("ingested");
        heard.clear();
        let again = ingest(&store, &two).await.expect("again");
        assert_eq!((again.added, again.present), (0, 2));
        assert_eq!(again.ids, [id(1), id(2)]);
        assert_eq!(heard.count(), 0);
        // Some are new.
        let more = two.clone() + &raw(3, "Cam/raw/all", 2, 0);
        let again = ingest(&store, &more).await.expect("more");
        assert_eq!((again.added, again.present), (1, 2));
        // Without an identifier the one that is there is told.
        let bare = raw(1, "Cam/raw/all", 1, 0).replace(&format!("\"id\": \"{}\", ", id(1)), "");
        assert_eq!(ingest(&store, &bare).await.expect("there").ids, [id(1)]);
        heard.clear();
        let check = async |text: &str, part: &str| {
            failed(ingest(&store, text).await, Kind::Conflict, part);
            assert_eq!(heard.count(), 0);
        };
        let line = "line 1: raw in Cam/raw/all with instrument=Cam, detector=0, exposure=1";
        check(
            &raw(7, "Cam/raw/all", 1, 0),
            &format!("{line} is there as {}", id(1)),
        )
        .await;
        let others = raw(1, "Cam/raw/all", 1, 0).replace("/raw/1", "/elsewhere/1");
        check(
            &others,
            &format!("{line} is there as {}, with other files", id(1)),
        )
        .await;
        let moved = raw(1, "u/ann/run", 2, 1);
        check(&moved, &format!("the UUID {} is another dataset's", id(1))).await;
        let twice = raw(8, "u/ann/run", 2, 1) + &raw(9, "u/ann/run", 2, 1);
        check(
            &twice,
            "line 2: raw in u/ann/run with instrument=Cam, detector=1, exposure=2",
        )
        .await;
        let twice = raw(8, "u/ann/run", 2, 1) + &raw(8, "u/ann/run", 2, 0);
        check(&twice, "given twice").await;
        // Nothing of a call that was refused is there.
        let half = raw(8, "u/ann/run", 2, 1) + &raw(7, "Cam/raw/all", 1, 0);
        check(&half, "1 of 2 datasets are there already").await;
        failed(store.show(id(8)).await, Kind::Missing, "no dataset");
    });
}

#[test]
fn what_is_not_there_is_named() {
    on_both(async |database| {
        let (store, heard) = filled(&database).await;
        let check = async |text: &str, kind: Kind, part: &str| {
            failed(ingest(&store, text).await, kind, part);
            assert_eq!(heard.count(), 0);
        };
        let good = raw(1, "Cam/raw/all", 1, 0);
        check(
            &good.replace("raw/all", "raw/none"),
            Kind::Missing,
            "Cam/raw/none",
        )
        .await;
        check(&good.replace("\"raw\"", "\"rw\""), Kind::Missing, "  rw").await;
        check(&raw(1, "u/ann/best", 1, 0), Kind::Conflict, "is TAGGED").await;
        let lost = raw(1, "Cam/raw/all", 1, 7) + &raw(2, "Cam/raw/all", 8, 0);
        check(&lost, Kind::Missing, "  detector instrument=Cam, id=7").await;
        check(&lost, Kind::Missing, "  exposure instrument=Cam, id=8").await;
        let cam = good.replace("\"Cam\"", "\"Com\"");
        check(&cam, Kind::Missing, "  instrument name=Com").await;
        check(
            &good.replace("\"detector\": 0", "\"visit\": 10"),
            Kind::Invalid,
            "line 1: the data ID lacks detector and should not have visit: raw has the dimensions \
             instrument, detector, exposure",
        )
        .await;
        check(
            &good.replace("\"detector\": 0", "\"detector\": 0, \"band\": \"g\""),
            Kind::Invalid,
            "line 1: band=g is given, but its records say band=r",
        )
        .await;
        // What the observer refuses is not done.
        heard.refuse(Some("raw"));
        check(&good, Kind::Invalid, "it has no name").await;
        heard.refuse(None);
        failed(store.show(id(1)).await, Kind::Missing, "no dataset");
        assert_eq!(ingest(&store, &good).await.expect("now").added, 1);
    });
}

#[test]
fn tags_come_and_go() {
    on_both(async |database| {
        let (store, heard) = filled(&database).await;
        let text =
            raw(1, "Cam/raw/all", 1, 0) + &raw(2, "Cam/raw/all", 1, 1) + &raw(3, "u/ann/run", 1, 0);
        ingest(&store, &text).await.expect("ingested");
        let best = "u/ann/best";
        let put = async |ids: &[_]| store.associate(&OPERATOR, best, ids).await;
        assert_eq!(put(&[id(1), id(2)]).await.expect("put"), 2);
        assert!(
            heard.of(id(1)).contains("[u/ann/best]"),
            "{}",
            heard.of(id(1))
        );
        assert_eq!(put(&[id(1), id(2)]).await.expect("again"), 0);
        failed(put(&[id(3)]).await, Kind::Conflict, &id(1).to_string());
        failed(
            put(&[id(2), id(77)]).await,
            Kind::Missing,
            &id(77).to_string(),
        );
        let take = async |ids: &[_]| store.disassociate(&OPERATOR, best, ids).await;
        assert_eq!(take(&[id(1)]).await.expect("taken"), 1);
        assert!(heard.of(id(1)).contains("[]"));
        assert_eq!(put(&[id(3)]).await.expect("now"), 1);
        failed(
            store.associate(&OPERATOR, "Cam/raw/all", &[id(1)]).await,
            Kind::Conflict,
            "is RUN",
        );
        failed(
            store.associate(&OPERATOR, "x", &[id(1)]).await,
            Kind::Missing,
            "collection x",
        );
        // Two of the same type and data ID at once.
        take(&[id(3), id(2)]).await.expect("taken");
        failed(
            put(&[id(1), id(3)]).await,
            Kind::Conflict,
            "same type and data ID",
        );
        put(&[id(3)]).await.expect("put");
        // The collection goes, and its datasets stay without the tag.
        let gone = store
            .remove_collection(&OPERATOR, best)
            .await
            .expect("removed");
        assert_eq!(gone, 1);
        assert!(heard.of(id(3)).contains("[]"), "{}", heard.of(id(3)));
        assert!(store.show(id(3)).await.expect("there").tags.is_empty());
    });
}

#[test]
fn regions_and_visits_reach_the_datasets_they_are_of() {
    on_both(async |database| {
        let (store, heard) = filled(&database).await;
        let text = raw(1, "Cam/raw/all", 1, 0) + &raw(2, "Cam/raw/all", 1, 1);
        ingest(&store, &text).await.expect("ingested");
        let region = |number| {
            let told = heard.of(id(number));
            told.split(" | ")
                .nth(1)
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        assert_eq!((region(1), region(2)), (String::new(), String::new()));
        // The visit is defined after the raws.
        heard.clear();
        let definition = r#"{"instrument": "Cam", "visit": 10, "exposure": 1}"#;
        let done = record(&store, "visit_definition", definition, false)
            .await
            .expect("done");
        assert_eq!((done.added, done.datasets), (1, 2));
        assert_eq!(region(1), "Circle ICRS 10 20 1");
        assert_eq!(region(2), "");
        // A region for the other detector, then another one.
        let other =
            r#"{"instrument": "Cam", "visit": 10, "detector": 1, "region": "CIRCLE ICRS 11 20 1"}"#;
        record(&store, "visit_detector_region", other, false)
            .await
            .expect("done");
        assert_eq!(region(2), "Circle ICRS 11 20 1");
        failed(
            record(
                &store,
                "visit_detector_region",
                &other.replace("11 20", "12 20"),
                false,
            )
            .await,
            Kind::Conflict,
            "visit_detector_region instrument=Cam, visit=10, detector=1",
        );
        let update = async |name: &str, columns: &'static [&'static str], body: &str| {
            let rows = given::records(body.as_bytes(), Form::Json, element(name), Some(columns));
            store
                .update(&OPERATOR, element(name), columns, &rows.expect("rows"))
                .await
        };
        let body = other.replace("11 20", "12 20");
        let done = update("visit_detector_region", &[REGION], &body)
            .await
            .expect("done");
        assert_eq!((done.changed, done.datasets), (1, 1));
        assert_eq!(region(2), "Circle ICRS 12 20 1");
        // What is said of the exposure itself comes first.
        let own = r#"{"instrument": "Cam", "exposure": 1, "detector": 1, "region": "CIRCLE ICRS 13 20 1"}"#;
        update("exposure_detector_region", &[REGION], own)
            .await
            .expect("done");
        assert_eq!(region(2), "Circle ICRS 13 20 1");
        let body = r#"{"instrument": "Cam", "id": 1, "timespan_begin": 5, "timespan_end": 6}"#;
        let done = update("exposure", &[BEGIN, END], body).await.expect("done");
        assert_eq!((done.changed, done.datasets), (1, 2));
        assert!(
            heard.of(id(1)).contains("Some((Some(5), Some(6)))"),
            "{}",
            heard.of(id(1))
        );
        let done = update("exposure", &[BEGIN, END], body).await.expect("done");
        assert_eq!((done.same, done.changed), (1, 0));
        let nowhere = r#"{"instrument": "Cam", "id": 9, "region": "CIRCLE ICRS 1 1 1"}"#;
        failed(
            update("exposure", &[REGION], nowhere).await,
            Kind::Missing,
            "exposure instrument=Cam, id=9",
        );
        // The definition goes, and with it what it said.
        let rows = given::records(
            definition.as_bytes(),
            Form::Json,
            element("visit_definition"),
            Some(&[]),
        );
        let gone = store
            .forget_records(&OPERATOR, element("visit_definition"), &rows.expect("rows"))
            .await
            .expect("removed");
        assert_eq!((gone.changed, gone.datasets), (1, 2));
        assert_eq!(region(1), "");
        // A record that changes is told of, and only one that does.
        let filter = r#"{"instrument": "Cam", "name": "Cam-R", "band": "rr"}"#;
        let done = record(&store, "physical_filter", filter, true)
            .await
            .expect("done");
        assert_eq!((done.changed, done.datasets), (1, 2));
        assert!(heard.of(id(1)).contains("band=rr"), "{}", heard.of(id(1)));
        let done = record(&store, "physical_filter", filter, true)
            .await
            .expect("done");
        assert_eq!((done.same, done.changed, done.datasets), (1, 0, 0));
    });
}

#[test]
fn a_record_is_changed_only_by_who_knows_it() {
    on_both(async |database| {
        let (store, _) = filled(&database).await;
        let body = br#"{"instrument": "Cam", "id": 0, "full_name": "Z"}"#;
        let rows = given::records(body, Form::Json, element("detector"), None).expect("rows");
        let there = store
            .one_record(element("detector"), &rows[0])
            .await
            .expect("read");
        let tag = there.expect("there").tag;
        let put = async |tag: &str| {
            store
                .replace(&OPERATOR, element("detector"), &rows[0], tag)
                .await
        };
        failed(put("other").await, Kind::Changed, "was changed meanwhile");
        assert_eq!(put(&tag).await.expect("changed").changed, 1);
        failed(put(&tag).await, Kind::Changed, "was changed meanwhile");
        // Names are unique in an instrument.
        let body = r#"{"instrument": "Cam", "id": 1, "full_name": "Z"}"#;
        failed(
            record(&store, "detector", body, true).await,
            Kind::Conflict,
            "unique",
        );
        failed(
            record(
                &store,
                "exposure",
                r#"{"instrument": "Cam", "id": 5, "physical_filter": "x"}"#,
                false,
            )
            .await,
            Kind::Missing,
            "physical_filter instrument=Cam, name=x",
        );
    });
}

#[test]
fn what_is_needed_is_not_removed() {
    on_both(async |database| {
        let (store, heard) = filled(&database).await;
        ingest(&store, &raw(1, "Cam/raw/all", 1, 0))
            .await
            .expect("ingested");
        let forget = async |name: &str, body: &str| {
            let rows = given::records(body.as_bytes(), Form::Json, element(name), Some(&[]));
            let rows = rows.expect("keys");
            store.forget_records(&OPERATOR, element(name), &rows).await
        };
        let exposure = r#"{"instrument": "Cam", "id": 1}"#;
        failed(
            forget("exposure", exposure).await,
            Kind::Conflict,
            "remove these datasets first",
        );
        failed(
            forget("tract", r#"{"skymap": "rings", "id": 3}"#).await,
            Kind::Conflict,
            "other records name those of tract",
        );
        let unused = r#"{"instrument": "Cam", "id": 2}"#;
        assert_eq!(forget("exposure", unused).await.expect("gone").changed, 1);
        assert_eq!(forget("exposure", unused).await.expect("gone").same, 1);
        // Datasets go, are told of, and may come back.
        assert_eq!(
            store
                .remove(&OPERATOR, &[id(1), id(2)])
                .await
                .expect("removed"),
            1
        );
        assert_eq!(heard.of(id(1)), "gone");
        assert_eq!(store.remove(&OPERATOR, &[id(1)]).await.expect("again"), 0);
        assert_eq!(
            ingest(&store, &raw(1, "Cam/raw/all", 1, 0))
                .await
                .expect("back")
                .added,
            1
        );
        failed(
            store.remove_collection(&OPERATOR, "Cam/raw/all").await,
            Kind::Conflict,
            "  all",
        );
        store
            .remove_collection(&OPERATOR, "all")
            .await
            .expect("the chain");
        assert_eq!(
            store
                .remove_collection(&OPERATOR, "Cam/raw/all")
                .await
                .expect("run"),
            1
        );
        assert_eq!(heard.of(id(1)), "gone");
        assert_eq!(forget("exposure", exposure).await.expect("gone").changed, 1);
    });
}

#[test]
fn collections_and_types_are_what_they_are() {
    on_both(async |database| {
        let (store, _) = filled(&database).await;
        let register = async |body: &str| {
            let all = given::collections(body.as_bytes(), Form::Json)?;
            store.register_collections(&OPERATOR, &all).await
        };
        assert_eq!(register(super::COLLECTIONS).await.expect("again"), 0);
        let check = async |body: &str, kind: Kind, part: &str| {
            failed(register(body).await, kind, part);
        };
        check(
            r#"{"name": "all", "kind": "RUN"}"#,
            Kind::Conflict,
            "is CHAINED",
        )
        .await;
        check(
            r#"{"name": "b", "kind": "CHAINED", "children": ["x"]}"#,
            Kind::Missing,
            "no collection x",
        )
        .await;
        check(
            r#"{"name": "all", "kind": "CHAINED", "children": ["all"]}"#,
            Kind::Conflict,
            "part of itself",
        )
        .await;
        check(
            r#"{"name": "a//b", "kind": "RUN"}"#,
            Kind::Invalid,
            "cannot name a collection",
        )
        .await;
        check(
            r#"{"name": "a", "kind": "HEAP"}"#,
            Kind::Invalid,
            "no kind of collection",
        )
        .await;
        check(
            r#"{"name": "a", "kind": "RUN", "children": ["all"]}"#,
            Kind::Invalid,
            "has no children",
        )
        .await;
        check(
            r#"{"name": "a", "kind": "RUN", "colour": 1}"#,
            Kind::Invalid,
            "unknown field `colour`",
        )
        .await;
        let all = store.collections().await.expect("collections");
        let chain = all
            .iter()
            .find(|it| it.kind == CollectionKind::Chained)
            .expect("a chain");
        assert_eq!(chain.children, ["u/ann/run", "Cam/raw/all"]);
        let types = given::types(br#"{"name": "raw", "dimensions": ["visit"]}"#, Form::Json);
        failed(
            store
                .register_types(&OPERATOR, &types.expect("types"))
                .await,
            Kind::Conflict,
            "dataset type raw is there with dimensions instrument, detector, exposure",
        );
    });
}

#[test]
fn users_write_in_their_own_namespaces() {
    on_both(async |database| {
        let (store, _) = filled(&database).await;
        let ann = Actor::User("ann".to_owned());
        let bob = Actor::User("bob".to_owned());
        let ingest =
            async |actor: &Actor, text: &str| store.ingest(actor, &datasets(text), Ids::New).await;
        let hers = raw(1, "u/ann/run", 1, 0);
        failed(
            ingest(&bob, &hers).await,
            Kind::Forbidden,
            "bob may not write to collection u/ann/run",
        );
        ingest(&ann, &hers).await.expect("hers");
        failed(
            ingest(&ann, &raw(2, "Cam/raw/all", 1, 0)).await,
            Kind::Forbidden,
            "Cam/raw/all",
        );
        failed(
            store.remove(&bob, &[id(1)]).await,
            Kind::Forbidden,
            "u/ann/run",
        );
        failed(
            store.associate(&bob, "u/ann/best", &[id(1)]).await,
            Kind::Forbidden,
            "u/ann/best",
        );
        store
            .associate(&ann, "u/ann/best", &[id(1)])
            .await
            .expect("hers");
        failed(
            store.remove_collection(&bob, "u/ann/best").await,
            Kind::Forbidden,
            "u/ann/best",
        );
        let rows = given::records(
            b"instrument,id\nCam,9\n",
            Form::Table(None),
            element("detector"),
            None,
        );
        failed(
            store
                .record(&ann, element("detector"), &rows.expect("rows"), false)
                .await,
            Kind::Forbidden,
            "ann may not register or change records",
        );
        let cam = Namespace {
            prefix: "Cam".to_owned(),
            owners: vec!["bob".to_owned()],
        };
        failed(
            store.own_namespace(&bob, &cam).await,
            Kind::Forbidden,
            "bob may not",
        );
        store.own_namespace(&OPERATOR, &cam).await.expect("his");
        ingest(&bob, &raw(2, "Cam/raw/all", 1, 0))
            .await
            .expect("his");
        assert_eq!(store.namespaces().await.expect("namespaces"), [cam]);
    });
}
