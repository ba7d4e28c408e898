//! The registry of our own.

mod api;
mod commands;
mod many;
mod sources;
mod writing;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use obstap::database::{Database, Transaction};
use obstap::registry::own::given::{self, Defaults, Form, Given};
use obstap::registry::own::universe::Element;
use obstap::registry::own::{self, Actor, Error, Ids, Ingested, Kind, Recorded, Store};
use obstap::registry::{Dataset, Event, Observer, ObserverError};
use uuid::Uuid;

/// What an observer was told in transactions that last: it writes what it
/// hears beside, in the same transaction, so that what is rolled back is gone
/// from its table too.
#[derive(Default)]
pub struct Listener {
    heard: Mutex<BTreeMap<Uuid, Option<Dataset>>>,
    /// Refuses datasets whose type this is.
    refuses: Mutex<Option<String>>,
}

impl Observer for Listener {
    fn apply<'a>(
        &'a self,
        _: &'a mut Transaction,
        events: &'a [Event],
    ) -> BoxFuture<'a, Result<(), ObserverError>> {
        Box::pin(async move {
            let refuses = self.refuses.lock().expect("whole").clone();
            for event in events {
                let (id, dataset) = match event {
                    Event::Added(dataset) | Event::Changed(dataset) => {
                        if refuses.as_deref() == Some(&*dataset.dataset_type) {
                            return Err(ObserverError::Dataset {
                                id: dataset.id,
                                reason: "it has no name".to_owned(),
                            });
                        }
                        (dataset.id, Some(dataset.clone()))
                    }
                    Event::Removed(id) => (*id, None),
                };
                self.heard.lock().expect("whole").insert(id, dataset);
            }
            Ok(())
        })
    }
}

impl Listener {
    /// What is known of a dataset, in a few words; `gone` where it is no more.
    pub fn of(&self, id: Uuid) -> String {
        match self.heard.lock().expect("whole").get(&id) {
            None => "unheard of".to_owned(),
            Some(None) => "gone".to_owned(),
            Some(Some(dataset)) => told(dataset),
        }
    }

    pub fn count(&self) -> usize {
        self.heard.lock().expect("whole").len()
    }

    /// Forgets; the next to hear is new.
    pub fn clear(&self) {
        self.heard.lock().expect("whole").clear();
    }

    pub fn refuse(&self, dataset_type: Option<&str>) {
        *self.refuses.lock().expect("whole") = dataset_type.map(str::to_owned);
    }
}

pub fn told(dataset: &Dataset) -> String {
    let data_id = dataset.data_id.0.iter().map(|(name, value)| {
        let value = match value {
            obstap::registry::Scalar::Text(text) => text.to_string(),
            obstap::registry::Scalar::Int(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        format!("{name}={value}")
    });
    let tags: Vec<&str> = dataset.tags.iter().map(|it| &**it).collect();
    let region = dataset.region.as_ref().map(ToString::to_string);
    format!(
        "{} {} [{}] {} | {} | {:?} | {} files",
        dataset.dataset_type,
        dataset.run,
        tags.join(","),
        data_id.collect::<Vec<_>>().join(","),
        region.unwrap_or_default(),
        dataset.timespan.map(|it| (it.begin, it.end)),
        dataset.files.len(),
    )
}

/// A camera of two detectors, exposures 1 and 2, visit 10 of exposure 1 with a
/// region for detector 0, a sky map of one tract and two patches.
const RECORDS: &[(&str, &str)] = &[
    (
        "instrument",
        r#"{"name": "Cam", "visit_max": 100, "class_name": "a.Cam"}"#,
    ),
    ("detector", "instrument,id,full_name\nCam,0,A\nCam,1,B\n"),
    (
        "physical_filter",
        r#"{"instrument": "Cam", "name": "Cam-R", "band": "r"}"#,
    ),
    (
        "exposure",
        r#"[{"instrument": "Cam", "id": 1, "physical_filter": "Cam-R", "day_obs": 20260131,
             "group": "g1", "obs_id": "C1", "exposure_time": 30.5, "target_name": "M31",
             "timespan": [1000, 2000]},
            {"instrument": "Cam", "id": 2, "physical_filter": "Cam-R", "obs_id": "C2"}]"#,
    ),
    (
        "visit",
        r#"{"instrument": "Cam", "id": 10, "physical_filter": "Cam-R", "name": "v10",
            "region": "CIRCLE ICRS 10 20 2", "timespan": [1000, 2000]}"#,
    ),
    (
        "visit_detector_region",
        r#"{"instrument": "Cam", "visit": 10, "detector": 0, "region": "CIRCLE ICRS 10 20 1"}"#,
    ),
    ("skymap", r#"{"name": "rings", "tract_max": 5}"#),
    (
        "tract",
        r#"{"skymap": "rings", "id": 3, "region": "CIRCLE ICRS 50 5 1"}"#,
    ),
    (
        "patch",
        "skymap,tract,id,cell_x,region\nrings,3,0,0,CIRCLE ICRS 50 5 0.1\nrings,3,1,1,\n",
    ),
];

const TYPES: &str = r#"
    {"name": "raw", "dimensions": ["exposure", "detector"], "storage_class": "Exposure"}
    {"name": "calexp", "dimensions": ["visit", "detector", "band"], "storage_class": "ExposureF"}
    {"name": "coadd", "dimensions": "patch band", "storage_class": "ExposureF"}
"#;

const COLLECTIONS: &str = r#"
    {"name": "Cam/raw/all", "kind": "RUN"}
    {"name": "u/ann/run", "kind": "RUN", "doc": "hers"}
    {"name": "u/ann/best", "kind": "TAGGED"}
    {"name": "all", "kind": "CHAINED", "children": ["u/ann/run", "Cam/raw/all"]}
"#;

pub const OPERATOR: Actor = Actor::Operator;

/// A registry with records, types and collections, and no datasets.
pub async fn filled(database: &Database) -> (Store, Arc<Listener>) {
    own::create(database, "cam").await.expect("a registry");
    let listener = Arc::new(Listener::default());
    let opened = Store::open(database, Some(listener.clone())).await;
    let store = opened.expect("open").expect("a registry");
    for (name, body) in RECORDS {
        record(&store, name, body, false).await.expect(name);
    }
    let types = given::types(TYPES.as_bytes(), Form::Json).expect("types");
    assert_eq!(
        store
            .register_types(&OPERATOR, &types)
            .await
            .expect("types"),
        3
    );
    let all = given::collections(COLLECTIONS.as_bytes(), Form::Json).expect("collections");
    let made = store.register_collections(&OPERATOR, &all).await;
    assert_eq!(made.expect("collections"), 5);
    (store, listener)
}

pub fn element(name: &str) -> &'static Element {
    Element::named(name).expect("an element")
}

pub async fn record(
    store: &Store,
    name: &str,
    body: &str,
    replace: bool,
) -> Result<Recorded, Error> {
    let body = body.as_bytes();
    let rows = given::records(body, Form::told(body), element(name), None)?;
    store.record(&OPERATOR, element(name), &rows, replace).await
}

pub fn datasets(text: &str) -> Vec<Given> {
    let given = given::datasets(
        text.as_bytes(),
        Form::told(text.as_bytes()),
        &Defaults::default(),
    );
    given.expect("datasets")
}

/// A line of NDJSON with one file, and an identifier of this number.
pub fn raw(number: u128, run: &str, exposure: i64, detector: i64) -> String {
    format!(
        "{{\"id\": \"{}\", \"type\": \"raw\", \"run\": \"{run}\", \"data_id\": {{\"instrument\": \
         \"Cam\", \"exposure\": {exposure}, \"detector\": {detector}}}, \"files\": [{{\"uri\": \
         \"file:///raw/{number}.fits\", \"size\": {number}}}]}}\n",
        id(number)
    )
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 | number)
}

pub async fn ingest(store: &Store, text: &str) -> Result<Ingested, Error> {
    store.ingest(&OPERATOR, &datasets(text), Ids::New).await
}

/// Kind, sentence and details of what must fail.
#[track_caller]
pub fn failed<T: std::fmt::Debug>(result: Result<T, Error>, kind: Kind, part: &str) {
    let error = result.expect_err("an error");
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}
