//! What a repository is read as.

use std::time::Duration;

use obstap::registry::butler::Repository;
use obstap::registry::{Collections, Dataset, Scalar, Source};

use super::made::{Made, all, everything, id, make, on_all, region, wanted};
use crate::support::runtime;

/// A dataset in a line.
fn told(dataset: &Dataset) -> String {
    let values = dataset.data_id.0.iter().map(|(name, value)| match value {
        Scalar::Text(text) => format!("{name}={text}"),
        Scalar::Int(number) => format!("{name}={number}"),
        other => format!("{name}={other:?}"),
    });
    let lon = dataset.region.as_ref().map(|region| {
        let text = region.to_string();
        let first = text.split(' ').nth(2).and_then(|it| it.parse::<f64>().ok());
        first.map_or(text.clone(), |lon| format!("{:.1}", lon + 0.1))
    });
    let time = dataset.timespan.map(|span| {
        let limit = |it: Option<i64>| it.map_or("*".to_owned(), |it| it.to_string());
        format!("{}..{}", limit(span.begin), limit(span.end))
    });
    format!(
        "{} {:x} {} [{}] {} at {} {} files {}",
        dataset.dataset_type,
        dataset.id.as_u128() >> 64,
        dataset.run,
        dataset.tags.join(" "),
        values.collect::<Vec<_>>().join(" "),
        lon.as_deref().unwrap_or("-"),
        time.as_deref().unwrap_or("-"),
        dataset.files.len()
    )
}

#[test]
fn datasets_are_told_whole() {
    on_all(async |made: Made| {
        let repository = made.open().await;
        let (of_raw, of_visit) = match made.universe {
            4 => ("", ""),
            _ => ("group=g1 day_obs=20260701 ", "day_obs=20260701 "),
        };
        let raw = |id: &str, exposure: i64, at: &str| {
            let begin = exposure * 1_000_000_000;
            format!(
                "raw {id} raw/all [] instrument=HSC band=r physical_filter=HSC-R detector=1 {of_raw}exposure={exposure} \
                 at {at} {begin}..{} files 1",
                begin + 30
            )
        };
        let calexp = |id: &str, run: &str, tags: &str, detector: i64, at: &str| {
            format!(
                "calexp {id} {run} [{tags}] instrument=HSC band=r physical_filter=HSC-R detector={detector} \
                 {of_visit}visit=12 at {at} 12..* files 1"
            )
        };
        let expected = [
            calexp("201", "runs/first", "best", 1, "12.0"),
            calexp("202", "runs/second", "", 1, "12.0"),
            calexp("203", "runs/first", "", 2, "12.5"),
            "deepCoadd 301 runs/first [] band=r skymap=rings tract=7 patch=3 at 50.0 - files 1"
                .to_owned(),
            // Its first visit has no region.
            raw("101", 1, "11.0"),
            raw("102", 2, "12.0"),
            raw("103", 3, "-"),
        ];
        let datasets = everything(&repository, &all()).await;
        let found: Vec<String> = datasets.iter().map(told).collect();
        assert_eq!(found, expected);
        let ids: Vec<_> = datasets.iter().map(|it| it.id).chain([id(9)]).collect();
        let mut again = repository.find(&ids).await.expect("read");
        again.sort_by(|a, b| (&a.dataset_type, a.id).cmp(&(&b.dataset_type, b.id)));
        assert_eq!(again.iter().map(told).collect::<Vec<_>>(), expected);
        assert_eq!(repository.existing(&ids).await.expect("read").len(), 7);

        let raw = datasets.last().expect("a raw");
        let exposure = raw.record("exposure").expect("its record");
        assert_eq!(exposure.get("exposure_time"), Some(&Scalar::Float(30.5)));
        assert_eq!(exposure.get("has_simulated"), Some(&Scalar::Bool(false)));
        assert_eq!(exposure.get("obs_id"), Some(&Scalar::Text("HSC3".into())));
        assert_eq!(exposure.get("day_obs"), Some(&Scalar::Int(20_260_701)));
        let detector = raw.record("detector").expect("its record");
        assert_eq!(detector.get("full_name"), Some(&Scalar::Text("0_1".into())));
        let visit = datasets
            .first()
            .and_then(|it| it.record("visit"))
            .expect("its record");
        assert_eq!(visit.get("zenith_angle"), Some(&Scalar::Null));
    });
}

#[test]
fn collections_are_chosen_by_pattern_tag_and_path() {
    on_all(async |made: Made| {
        let repository = made.open().await;
        let check = async |types: &[&str], collections: Collections, expected: &[u128]| {
            let found = everything(&repository, &wanted(types, collections.clone())).await;
            let found: Vec<u128> = found.iter().map(|it| it.id.as_u128() >> 64).collect();
            assert_eq!(found, expected, "{collections:?}");
        };
        let runs =
            |patterns: &[&str]| Collections::runs(patterns.iter().copied()).expect("patterns");
        let path =
            |names: &[&str]| Collections::Path(names.iter().map(|it| (*it).to_owned()).collect());
        check(&["calexp"], runs(&["runs/f.*"]), &[0x201, 0x203]).await;
        check(
            &["calexp", "raw"],
            runs(&["raw/.*"]),
            &[0x101, 0x102, 0x103],
        )
        .await;
        check(&["calexp", "nothing"], runs(&["none"]), &[]).await;
        check(
            &["calexp"],
            Collections::Tagged("best".to_owned()),
            &[0x201],
        )
        .await;
        check(
            &["calexp"],
            Collections::Tagged("runs/first".to_owned()),
            &[],
        )
        .await;
        // The second run shadows the first where it has the same data ID.
        check(
            &["calexp"],
            path(&["runs/second", "runs/first"]),
            &[0x202, 0x203],
        )
        .await;
        check(
            &["calexp"],
            path(&["runs/first", "runs/second"]),
            &[0x201, 0x203],
        )
        .await;
        check(
            &["calexp", "raw"],
            path(&["defaults"]),
            &[0x202, 0x203, 0x101, 0x102, 0x103],
        )
        .await;
        check(&["calexp"], path(&["best", "defaults"]), &[0x201, 0x203]).await;
        check(&["calexp"], path(&["nowhere"]), &[]).await;
    });
}

#[test]
fn files_are_where_the_datastore_says() {
    on_all(async |made: Made| {
        let root = format!("file://{}", made.path().display());
        let hex = super::made::hex(0x201);
        let file = |path: &str, component: &str, checksum: &str, size: i64| {
            format!(
                "INSERT INTO file_datastore_records VALUES ('{hex}', '{path}', 'f', 'E', '{component}', {checksum}, {size});"
            )
        };
        made.run(&format!(
            "DELETE FROM file_datastore_records WHERE dataset_id = '{hex}'; {} {} {}",
            file("u/é x.fits", "image", "'ab12'", -1),
            file("s3://bucket/k%20y.fits", "mask", "NULL", 10),
            file("z/a.zip#zip-path=b.fits", "wcs", "NULL", 0),
        ))
        .await;
        let unstored = super::made::hex(0x202);
        made.run(&format!(
            "DELETE FROM dataset_location WHERE dataset_id = '{unstored}'"
        ))
        .await;
        let repository = made.open().await;
        let found = repository
            .find(&[id(0x201), id(0x202), id(0x203)])
            .await
            .expect("read");
        let of = |number: u128| {
            let dataset = found.iter().find(|it| it.id == id(number)).expect("there");
            let files = dataset.files.iter().map(|file| {
                let component = file.component.as_deref().unwrap_or("-");
                let checksum = file.checksum.as_deref().unwrap_or("-");
                let uri = file.uri.replace(&root, "ROOT");
                format!("{component} {uri} {:?} {checksum}", file.size)
            });
            files.collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            of(0x201),
            "image ROOT/u/%C3%A9%20x.fits None blake2b:ab12; mask s3://bucket/k%20y.fits Some(10) -; \
             wcs ROOT/z/a.zip#zip-path=b.fits Some(0) -"
        );
        // In the trash, its record is there and its file may not be.
        assert_eq!(of(0x202), "");
        assert_eq!(of(0x203), "- ROOT/a/203%2C.fits Some(2880) -");
    });
}

#[test]
fn what_cannot_be_read_is_said_or_passed_over() {
    on_all(async |made: Made| {
        made.run("UPDATE patch SET region = 'nonsense'").await;
        let repository = made.open().await;
        let coadds = repository.find(&[id(0x301)]).await.expect("read");
        assert!(coadds[0].region.is_none());
        let report = repository.report().await.expect("read");
        let counts: Vec<(&str, u64)> = report
            .types
            .iter()
            .map(|it| (&*it.name, it.datasets))
            .collect();
        assert_eq!(
            counts,
            [("calexp", 3), ("deepCoadd", 1), ("raw", 3), ("src", 0)]
        );
        assert_eq!(
            report.collections,
            [
                ("RUN", 3),
                ("TAGGED", 1),
                ("CHAINED", 1),
                ("CALIBRATION", 1)
            ]
        );
        assert_eq!(report.universe, ("daf_butler".to_owned(), made.universe));
        assert!(!report.database.contains("password"), "{}", report.database);

        let refused = async |change: &str, expected: &str| {
            made.run(change).await;
            let place = made.path().display().to_string();
            let error = Repository::open(&place, None)
                .await
                .map(|_| ())
                .expect_err("refused");
            assert!(error.to_string().contains(expected), "{error}");
        };
        refused(
            "ALTER TABLE visit RENAME COLUMN zenith_angle TO angle",
            "no column zenith_angle",
        )
        .await;
        refused(
            "UPDATE butler_attributes SET value = '9.0.0' WHERE name LIKE 'version:%Datasets%' OR name LIKE 'version:%Dimensions%'",
            "version 9.0.0",
        )
        .await;
        refused("DROP TABLE butler_attributes", "no registry").await;
    });
}

#[test]
fn a_missing_repository_is_said() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let check = async |place: String, expected: &str| {
            let error = Repository::open(&place, None)
                .await
                .map(|_| ())
                .expect_err("refused");
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(folder.path().display().to_string(), "cannot read").await;
        check("s3://bucket/repo".to_owned(), "not on this machine").await;
        let config = folder.path().join("butler.yaml");
        std::fs::write(&config, "registry: {}").expect("written");
        check(config.display().to_string(), "check that it is there").await;
        assert!(
            !folder.path().join("gen3.sqlite3").exists(),
            "nothing is made"
        );
    });
}

#[test]
fn a_file_is_only_read_and_its_writer_never_waits_long() {
    runtime().block_on(async {
        let made = make(8, false).await;
        let mut sql = String::new();
        for number in 0..3000u128 {
            sql.push_str(&made.exposure(1000 + number as i64));
            sql.push_str(&made.raw(0x10000 + number, 1000 + number as i64, 1));
        }
        made.run(&sql).await;
        let repository = made.open().await;
        let file = made.path().join("gen3.sqlite3");
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let writer = std::thread::spawn(move || {
            let connection = rusqlite::Connection::open(file).expect("opened");
            // Less than a Butler waits: python's sqlite3 waits five seconds.
            connection
                .busy_timeout(Duration::from_secs(4))
                .expect("set");
            let mut written = 0;
            while stopped.try_recv().is_err() {
                let sql = format!(
                    "UPDATE patch SET region = '{}'",
                    region(50.0 + f64::from(written))
                );
                connection.execute_batch(&sql).expect("not locked");
                written += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            written
        });
        for _ in 0..3 {
            let mut after = None;
            let mut count = 0;
            loop {
                let page = repository
                    .page(&all(), after.as_ref(), 1000)
                    .await
                    .expect("a page");
                let Some(last) = page.last() else { break };
                after = Some(obstap::registry::Place {
                    dataset_type: last.dataset_type.clone(),
                    id: last.id,
                });
                count += page.len();
            }
            assert_eq!(count, 3007);
        }
        stop.send(()).expect("sent");
        assert!(writer.join().expect("no error") > 0);
        let names = std::fs::read_dir(made.path()).expect("a folder").flatten();
        let mut names: Vec<_> = names
            .map(|it| it.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["butler.yaml", "gen3.sqlite3"]);
    });
}
