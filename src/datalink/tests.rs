//! Links of a registry that is in memory.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::*;
use crate::config::{Cutout, Datalink};
use crate::database;
use crate::output::Chunk;
use crate::registry::{
    Changes, DataId, Dataset, Error, File, Place, Related, Relation, Scalar, Wanted,
};

/// Datasets in memory, and what they are to each other.
struct Memory {
    label: &'static str,
    datasets: Vec<Dataset>,
    relations: Vec<(Uuid, Relation, Uuid)>,
    broken: bool,
}

impl Source for Memory {
    fn label(&self) -> &str {
        self.label
    }

    fn page<'a>(
        &'a self,
        _: &'a Wanted,
        _: Option<&'a Place>,
        _: usize,
    ) -> BoxFuture<'a, Result<Vec<Dataset>, Error>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Dataset>, Error>> {
        async move {
            if self.broken {
                return Err(Error::Unreadable {
                    repository: self.label.to_owned(),
                    reason: "secret words of a driver".to_owned(),
                });
            }
            let found = self.datasets.iter().filter(|it| ids.contains(&it.id));
            Ok(found.cloned().collect())
        }
        .boxed()
    }

    fn existing<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Uuid>, Error>> {
        async move { Ok(ids.to_vec()) }.boxed()
    }

    fn changes<'a>(
        &'a self,
        _: &'a Wanted,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Changes, Error>> {
        async { Ok(Changes::default()) }.boxed()
    }

    fn related<'a>(&'a self, of: &'a [Dataset]) -> BoxFuture<'a, Result<Vec<Related>, Error>> {
        async move {
            let mut related = Vec::new();
            for (to, relation, from) in &self.relations {
                let dataset = self.datasets.iter().find(|it| it.id == *from);
                if let (true, Some(dataset)) = (of.iter().any(|it| it.id == *to), dataset) {
                    related.push(Related {
                        of: *to,
                        relation: *relation,
                        dataset: dataset.clone(),
                    });
                }
            }
            Ok(related)
        }
        .boxed()
    }
}

/// Registries that never change.
struct Only(Sources);

impl Registries for Only {
    fn all(&self) -> BoxFuture<'_, Result<Sources, Error>> {
        async { Ok(self.0.clone()) }.boxed()
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn dataset(number: u128, kind: &str, files: Vec<File>) -> Dataset {
    let data_id = vec![
        ("instrument".into(), Scalar::Text("HSC".into())),
        ("visit".into(), Scalar::Int(1228)),
    ];
    Dataset {
        id: id(number),
        dataset_type: kind.into(),
        run: "run".into(),
        tags: Vec::new(),
        data_id: DataId(data_id),
        records: Vec::new(),
        region: adql::sky::Region::circle(10.0, 20.0, 1.0)
            .ok()
            .map(Arc::new),
        timespan: None,
        files,
    }
}

fn file(uri: String) -> File {
    File {
        uri,
        component: None,
        size: None,
        media_type: None,
        checksum: None,
    }
}

/// Five datasets: a raw image, a calibrated one in two parts with a preview,
/// a flat, one that is stored nowhere and one whose file is gone.
fn memory(folder: &Path) -> Memory {
    let here = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        file(format!("file://{}", path.display()))
    };
    let part = |component: &str, it: File| File {
        component: Some(component.to_owned()),
        ..it
    };
    let calexp = vec![
        part("image", here("image.fits", "image")),
        part("wcs", here("wcs.json", "{}")),
        part("quick", here("quick.png", "png")),
    ];
    let gone = file(format!("file://{}/gone.fits", folder.display()));
    Memory {
        label: "main",
        datasets: vec![
            dataset(1, "raw", vec![here("raw.fits", "raw data")]),
            dataset(2, "calexp", calexp),
            dataset(3, "flat", vec![file("https://x.example/a flat".to_owned())]),
            dataset(4, "raw", Vec::new()),
            dataset(5, "raw", vec![gone]),
        ],
        relations: vec![
            (id(1), Relation::Derivation, id(2)),
            (id(2), Relation::Progenitor, id(1)),
            (id(1), Relation::Calibration, id(3)),
            (id(1), Relation::Progenitor, id(4)),
        ],
        broken: false,
    }
}

async fn service(folder: &Path, memory: Memory, settings: Datalink) -> Service {
    let url = format!("sqlite:{}/test.db", folder.display());
    let database = database::Settings {
        url,
        namespace: None,
        readers: 1,
        workers: 1,
    };
    let database = Database::open(&database).await.expect("a database");
    database.migrate().await.expect("migrated");
    Service::new(Parts {
        tables: Live::open(database.clone()).await.expect("a catalog"),
        database,
        registries: Arc::new(Only(vec![Arc::new(memory)])),
        files: Files::new(&config::Files {
            roots: vec![folder.to_owned()],
            ..config::Files::default()
        }),
        settings,
        limits: config::Limits {
            maxrec_default: 100,
            maxrec_hard: 1000,
            sync: std::time::Duration::from_secs(1),
            body_bytes: 1000,
            answer_bytes: 1 << 20,
        },
        votable: VotableVersion::default(),
        scratch: folder.to_owned(),
    })
}

/// The links of a request: `ID where semantics type length local` each.
async fn asked(service: &Service, request: &str) -> Vec<String> {
    let text = answered(service, &format!("{request}&RESPONSEFORMAT=json")).await;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let row = |row: &serde_json::Value| {
        let texts = [
            "ID",
            "access_url",
            "service_def",
            "error_message",
            "semantics",
            "content_type",
            "content_length",
            "local_semantics",
        ];
        let texts = texts.iter().map(|name| match &row[name] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        });
        let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        texts.join(" ")
    };
    rows.iter().map(row).collect()
}

async fn answered(service: &Service, request: &str) -> String {
    let mut params = Params::default();
    params.add_encoded(request.as_bytes());
    let answer = service.respond(&params, "http://x").await;
    let mut stream = answer.expect("an answer").stream;
    let mut text = Vec::new();
    while let Chunk::Bytes(bytes) = stream.next().await {
        text.extend_from_slice(&bytes);
    }
    String::from_utf8(text).expect("text")
}

#[tokio::test]
async fn datasets_are_linked_to_their_files_and_relations() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = memory(folder.path());
    let service = service(folder.path(), memory, Datalink::default()).await;
    let check = async |number: u128, expected: &[&str]| {
        let name = format!("butler://main/{}", id(number));
        let links = asked(&service, &format!("ID={name}")).await;
        let links: Vec<String> = links
            .iter()
            .map(|link| {
                link.replace(&name, "ID")
                    .replace(&id(number).to_string(), "N")
            })
            .collect();
        assert_eq!(links, expected, "{number}");
    };
    let other = "00000000-0000-0000-0000-00000000000";
    check(
        1,
        &[
            "ID http://x/files/main/N #this application/fits 8 raw",
            &format!(
                "ID http://x/datalink/links?ID=butler%3A%2F%2Fmain%2F{other}2 #derivation \
                 application/x-votable+xml;content=datalink calexp"
            ),
            "ID https://x.example/a%20flat #flat flat",
        ],
    )
    .await;
    check(
        2,
        &[
            "ID http://x/files/main/N/image #this application/fits 5 calexp.image",
            "ID http://x/files/main/N/wcs #this application/json 2 calexp.wcs",
            "ID http://x/files/main/N/quick #preview image/png 3 calexp.quick",
            &format!("ID http://x/files/main/{other}1 #progenitor application/fits 8 raw"),
        ],
    )
    .await;
    let known = "ID NotFoundFault: the dataset is known, but no file of it is stored #this";
    check(4, &[known]).await;
    let gone = "ID NotFoundFault: its file is no longer where it was stored; the archive's operator \
                should be told #this application/fits raw";
    check(5, &[gone]).await;
    assert_eq!(service.missing(), 1);
}

#[tokio::test]
async fn every_form_of_an_identifier_is_answered_once_and_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = memory(folder.path());
    let service = service(folder.path(), memory, Datalink::default()).await;
    let one = id(1);
    let request = format!(
        "ID=nobody&ID={one}&ID=ivo%3A//o/d?repo=main%26id={one}&ID=nobody&ID=butler://other/{one}\
         &ID=&ID=butler%253A//main/{one}&ID=butler://main/7&id={}",
        id(99)
    );
    let links = asked(&service, &request).await;
    let shown: Vec<&str> = links
        .iter()
        .filter_map(|link| link.split(' ').next())
        .collect();
    let mut once = shown.clone();
    once.dedup();
    let expected = [
        "nobody".to_owned(),
        one.to_string(),
        format!("ivo://o/d?repo=main&id={one}"),
        format!("butler://other/{one}"),
        format!("butler%3A//main/{one}"),
        "butler://main/7".to_owned(),
        id(99).to_string(),
    ];
    assert_eq!(once, expected);
    assert_eq!(shown.len(), 4 + 3 * 3);
    let faults: Vec<&String> = links.iter().filter(|it| it.contains("Fault:")).collect();
    for (fault, part) in faults.iter().zip([
        "NotFoundFault: nobody is not known here",
        "is of a repository that is not known here",
        "UsageFault: butler://main/7 is no identifier: the dataset is not named by a UUID",
        "NotFoundFault: ",
    ]) {
        assert!(fault.contains(part), "{fault}");
    }
}

#[tokio::test]
async fn links_of_a_dataset_are_all_there_or_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = memory(folder.path());
    let few = Datalink {
        ids: 2,
        ..Datalink::default()
    };
    let service = service(folder.path(), memory, few).await;
    let check = async |request: &str, rows: usize, overflow: bool| {
        let text = answered(&service, request).await;
        let cut = text.contains("value=\"OVERFLOW\"");
        assert_eq!(
            (text.matches("<TR>").count(), cut),
            (rows, overflow),
            "{text}"
        );
    };
    let (one, two) = (id(1), id(2));
    let both = format!("ID={one}&ID={two}");
    check(&both, 7, false).await;
    check(&format!("{both}&MAXREC=7"), 7, false).await;
    check(&format!("{both}&MAXREC=6"), 3, true).await;
    check(&format!("{both}&MAXREC=3"), 3, true).await;
    check(&format!("{both}&MAXREC=2"), 0, true).await;
    check(&format!("{both}&MAXREC=0"), 0, true).await;
    check(&format!("{both}&ID=more"), 7, true).await;
    check("", 0, false).await;
}

#[tokio::test]
async fn cut_outs_are_described() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = memory(folder.path());
    let settings = Datalink {
        cutout: Cutout::Own,
        documentation: Some("https://x.example/about".to_owned()),
        ..Datalink::default()
    };
    let service = service(folder.path(), memory, settings).await;
    let (one, two, four) = (id(1), id(2), id(4));
    let text = answered(&service, &format!("ID={one}&ID={two}&ID={four}")).await;
    for part in [
        "<TD>cutout1</TD>",
        "<TD>cutout2</TD>",
        "ID=\"cutout2\"",
        &format!("value=\"{two}\""),
        "value=\"http://x/soda/sync\"",
        "value=\"10.0000000 20.0000000 1.00",
        "<TD>https://x.example/about</TD>",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    // What lies nowhere cannot be cut.
    assert!(!text.contains("cutout3"));
    let many: String = (0..20).map(|n| format!("ID={}&", id(n))).collect();
    let text = answered(&service, &many).await;
    assert_eq!(text.matches("<TD>cutout</TD>").count(), 3);
    assert_eq!(text.matches("utype=\"adhoc:service\"").count(), 1);
    assert!(text.contains("ref=\"ID\"") && text.contains("<FIELD ID=\"ID\""));
}

#[tokio::test]
async fn a_registry_that_cannot_be_read_is_a_passing_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = Memory {
        broken: true,
        ..memory(folder.path())
    };
    let service = service(folder.path(), memory, Datalink::default()).await;
    let links = asked(&service, &format!("ID={}", id(1))).await;
    assert_eq!(links.len(), 1);
    assert!(links[0].contains(" TransientFault: "), "{links:?}");
    assert!(!links[0].contains("secret"), "{links:?}");
}

#[tokio::test]
async fn files_are_given_by_dataset_and_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = memory(folder.path());
    let service = service(folder.path(), memory, Datalink::default()).await;
    let check = async |number: u128, part: Option<&str>, expected: Result<&str, (u16, &str)>| {
        let given = service
            .file(&format!("butler://main/{}", id(number)), part)
            .await;
        match (given, expected) {
            (Ok(given), Ok(media_type)) => assert_eq!(given.media_type, media_type),
            (Err(fault), Err((status, words))) => {
                assert_eq!(fault.status, status, "{}", fault.message);
                assert!(fault.message.contains(words), "{}", fault.message);
                let place = folder.path().display().to_string();
                assert!(!fault.message.contains(&place), "{}", fault.message);
            }
            (given, _) => unreachable!("{number} {part:?}: {given:?}"),
        }
    };
    check(1, None, Ok("application/fits")).await;
    check(1, Some("0"), Ok("application/fits")).await;
    check(1, Some("1"), Err((404, "no such part"))).await;
    check(2, Some("wcs"), Ok("application/json")).await;
    check(2, None, Err((404, "image, wcs, quick"))).await;
    check(2, Some("../image"), Err((404, "no such part"))).await;
    check(3, None, Ok("application/octet-stream")).await;
    check(4, None, Err((404, "no file of it is stored"))).await;
    check(5, None, Err((404, "no longer where it was stored"))).await;
    check(6, None, Err((404, "NotFoundFault"))).await;
}
