//! What tables cover, kept and drawn, on both engines.

use obstap::database::Database;
use obstap::spatial::coverage::{Extent, Grain, kept};

use crate::support;
use crate::support::service::{Archive, SKY, Service, on_both, served_on_both};

const TABLE: (&str, &str) = ("ivoa", "obscore");

const KINDS: [&str; 3] = ["space", "time", "space-time"];

fn coverage(archive: &Archive, flags: &[&str]) -> String {
    let ended = archive.run(&[&["coverage"], flags].concat());
    assert_eq!(ended.code, Some(0), "{flags:?}: {}", ended.said);
    ended.out.trim_end().to_owned()
}

/// What is told of the whole table is what its rows give.
#[track_caller]
fn check_exact(archive: &Archive) {
    for kind in KINDS {
        let whole = coverage(archive, &["--kind", kind]);
        let drawn = coverage(archive, &["--kind", kind, "--where", "obs_id IS NOT NULL"]);
        assert_eq!(whole, drawn, "{kind}");
    }
}

fn with<T>(archive: &Archive, work: impl AsyncFnOnce(Database) -> T) -> T {
    let runtime = support::runtime();
    runtime.block_on(async { work(support::open(&archive.url, None).await).await })
}

/// Whether the coverage of the whole table is known without reading its rows.
fn is_known(archive: &Archive) -> bool {
    with(archive, async |database| {
        kept::read(&database, TABLE)
            .await
            .expect("an answer")
            .is_some()
    })
}

/// A change that is not made by loading.
fn change(archive: &Archive, sql: &str) {
    with(archive, async |database| {
        let mut transaction = database.begin().await.expect("a transaction");
        transaction.execute(sql, &[]).await.expect("a change");
        transaction.commit().await.expect("commit");
    });
}

fn row(name: &str, place: &str, times: &str) -> String {
    let head = SKY.lines().next().unwrap_or_default();
    format!("{head}\nivo://t?{name},{name},new,2,{place},{times},\n")
}

#[test]
fn what_is_loaded_is_covered() {
    on_both(|archive| {
        archive.loaded(SKY);
        assert!(is_known(archive));
        check_exact(archive);
        let at = |order: &'static str| coverage(archive, &["--order", order]);
        assert_eq!(at("0"), "0/0-5 8 10");
        let before = at("5");
        // One more row joins without the others being read.
        archive.loaded(&row("more", "200,70,CIRCLE 200 70 3", "59100,59101"));
        assert!(is_known(archive));
        check_exact(archive);
        assert_ne!(at("5"), before);
    });
}

#[test]
fn many_small_loads_are_one_coverage() {
    on_both(|archive| {
        archive.loaded(SKY);
        with(archive, async |database| {
            for lon in 0..120 {
                let mut transaction = database.begin().await.expect("a transaction");
                let adding = kept::adding(&mut transaction, &database, TABLE, false);
                let adding = adding.await.expect("begun");
                assert!(adding.wants());
                let mut extent = Extent::new(&Grain::KEPT);
                let place = obstap::spatial::Where::Position(f64::from(lon), -70.0);
                extent.add(Some(&place), None, None);
                let end = adding.end(&mut transaction, TABLE, &mut extent, true);
                end.await.expect("kept");
                transaction.commit().await.expect("commit");
            }
            let (mut extent, _) = kept::read(&database, TABLE)
                .await
                .expect("an answer")
                .expect("known");
            let mut all = Extent::new(&Grain::KEPT);
            for lon in 0..120 {
                let place = obstap::spatial::Where::Position(f64::from(lon), -70.0);
                all.add(Some(&place), None, None);
            }
            let before = extent.space.ascii();
            extent.absorb(&mut all);
            assert_eq!(extent.space.ascii(), before);
            let count = "SELECT CAST(count(*) AS bigint) FROM {obstap.coverage}";
            let rows = database.fetch(count, &[], &[adql::Wire::Int8]).await;
            let rows = rows.expect("a count");
            let count = rows.cell(0, 0).and_then(|cell| cell.try_into().ok());
            assert!(count.map_or(0, i64::from_be_bytes) < 60);
        });
    });
}

#[test]
fn a_change_from_outside_is_noticed() {
    on_both(|archive| {
        archive.loaded(SKY);
        let full = coverage(archive, &[]);
        for sql in [
            "DELETE FROM {ivoa.obscore} WHERE obs_id = 'pole'",
            "UPDATE {ivoa.obscore} SET s_region = 'CIRCLE 10 -60 3' WHERE obs_id = 'circle'",
            "INSERT INTO {ivoa.obscore} (obs_publisher_did, obs_id, obs_collection, calib_level, \
             s_ra, s_dec) VALUES ('ivo://t?x', 'x', 'x', 1, 300, 30)",
        ] {
            assert!(is_known(archive), "{sql}");
            change(archive, sql);
            assert!(!is_known(archive), "{sql}");
            check_exact(archive);
        }
        assert_ne!(coverage(archive, &[]), full);
        // A row that is loaded again with another place.
        archive.loaded(&row("circle", "10,20,CIRCLE 10 20 1", "59000,59000.5"));
        assert!(!is_known(archive));
        check_exact(archive);
        assert!(is_known(archive));
    });
}

#[test]
fn a_load_that_fails_changes_nothing() {
    on_both(|archive| {
        archive.loaded(SKY);
        let before = coverage(archive, &[]);
        let bad =
            row("bad", "400,20,", ",") + "ivo://t?good,good,new,2,150,60,CIRCLE 150 60 2,,,\n";
        let ended = archive.run_with(&["load", "-", "--format", "csv"], bad.as_bytes());
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(is_known(archive));
        assert_eq!(coverage(archive, &[]), before);
    });
}

#[test]
fn of_two_who_read_the_last_is_believed() {
    on_both(|archive| {
        archive.loaded(SKY);
        with(archive, async |database| {
            let known = async || {
                let known = kept::read(&database, TABLE).await.expect("an answer");
                known.map(|(mut extent, _)| extent.space.ascii())
            };
            let begin = async || {
                let begun = kept::begin(&database, TABLE).await.expect("begun");
                begun.expect("a table we may watch")
            };
            let end = async |reading: kept::Reading, lon: f64| {
                let mut extent = Extent::new(&Grain::KEPT);
                extent.add(
                    Some(&obstap::spatial::Where::Position(lon, 0.1)),
                    None,
                    None,
                );
                reading.end(&database, &mut extent).await.expect("kept");
            };
            let first = begin().await;
            let second = begin().await;
            assert_eq!(known().await, None);
            end(first, 10.0).await;
            assert_eq!(known().await, None);
            end(second, 45.0).await;
            let told = known().await;
            assert!(told.is_some());
            let third = begin().await;
            change_with(&database, "DELETE FROM {ivoa.obscore} WHERE obs_id = 'moc'").await;
            end(third, 45.0).await;
            assert_eq!(known().await, None);
        });
    });
}

async fn change_with(database: &Database, sql: &str) {
    let mut transaction = database.begin().await.expect("a transaction");
    transaction.execute(sql, &[]).await.expect("a change");
    transaction.commit().await.expect("commit");
}

#[test]
fn what_a_null_covers() {
    on_both(|archive| {
        archive.loaded(SKY);
        let check = |flags: &[&str], names: &str, expected: &str| {
            let condition = format!("obs_id IN ({names})");
            let flags = [&["--where", &condition], flags].concat();
            assert_eq!(coverage(archive, &flags), expected, "{names} {flags:?}");
        };
        // A row without a region counts with its position; one without any
        // place or time not at all.
        check(&["--order", "1"], "'nowhere'", "1/19");
        check(&["--order", "1"], "'unknown'", "1/");
        check(&["--kind", "time", "--time-order", "5"], "'unknown'", "5/");
        check(
            &["--kind", "space-time", "--time-order", "5", "--order", "1"],
            "'unknown'",
            "t5/ s1/",
        );
        archive.loaded(&row("begun", "10,20,", "59000,"));
        archive.loaded(&row("ended", "10,20,", ",59000"));
        for name in ["'begun'", "'ended'"] {
            check(&["--kind", "time", "--time-order", "10"], name, "10/94");
        }
    });
}

#[test]
fn a_table_that_says_nothing_of_the_sky() {
    on_both(|archive| {
        archive.loaded(SKY);
        let check = |flags: &[&str], said: &str| {
            let ended = archive.run(&[&["coverage"], flags].concat());
            assert_eq!(ended.code, Some(1));
            assert!(ended.said.contains(said), "{}", ended.said);
        };
        check(
            &["tap_schema.tables"],
            "the table tap_schema.tables does not say where",
        );
        check(
            &["tap_schema.tables", "--kind", "time"],
            "does not say when",
        );
        check(&["nothing"], "there is no table nothing");
        check(&["--where", "s_raa > 3"], "s_ra exists");
        check(&["--order", "30"], "it goes from 0 to 29");
    });
}

#[test]
fn it_is_served() {
    served_on_both(|service: &Service| {
        let get = |parameters: &[(&str, &str)]| {
            let url = format!("{}/tap/coverage", service.base);
            let answer = service.client.get(url).query(parameters).send();
            answer.expect("an answer")
        };
        let text = |parameters: &[(&str, &str)]| get(parameters).text().expect("text");
        let ascii = ("RESPONSEFORMAT", "ascii");
        assert_eq!(text(&[("ORDER", "0"), ascii]).trim(), "0/0-5 8 10");
        let json = text(&[("ORDER", "0"), ("RESPONSEFORMAT", "json")]);
        let json: String = json.split_whitespace().collect();
        assert_eq!(json, r#"{"0":[0,1,2,3,4,5,8,10]}"#);
        let fits = get(&[("KIND", "space-time")]);
        assert_eq!(
            fits.headers()["content-type"],
            "application/fits;content=moc"
        );
        assert!(fits.bytes().expect("bytes").starts_with(b"SIMPLE  ="));
        let one = [("WHERE", "obs_id = 'circle'"), ("ORDER", "0"), ascii];
        assert_eq!(text(&one).trim(), "0/0 4");
        let time = [("KIND", "time"), ("TIMEORDER", "10"), ascii];
        assert_eq!(text(&time).trim(), "10/94");
        let wrong = get(&[("WHERE", "s_raa > 3")]);
        assert_eq!(wrong.status(), 400);
        assert!(wrong.text().expect("text").contains("s_ra exists"));
    });
}
