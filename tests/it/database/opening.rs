//! Opening a database, bringing it up to date, and finding it again after a
//! restart.

use adql::Type;
use obstap::database::{Database, Error};

use super::{all, change, count, on_both, statement};
use crate::support::{open, postgres, runtime, settings};

/// What a database without anything in it needs, by the names of the scripts.
fn migrations() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let files = std::fs::read_dir(folder).expect("the scripts").flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[test]
fn migrations_run_once_and_a_newer_schema_is_refused() {
    on_both(async |database| {
        assert!(matches!(
            database.check_migrated().await,
            Err(Error::TooOld(_))
        ));
        let again = database.clone();
        let (one, two) = tokio::join!(database.migrate(), again.migrate());
        let mut ran = [one.expect("one"), two.expect("two")].concat();
        ran.sort();
        assert_eq!(ran, migrations());
        assert!(database.migrate().await.expect("again").is_empty());
        database.check_migrated().await.expect("migrated");
        for table in [
            ("tap_schema", "schemas"),
            ("tap_schema", "tables"),
            ("tap_schema", "columns"),
            ("tap_schema", "keys"),
            ("tap_schema", "key_columns"),
            ("obstap", "obscore_tables"),
            ("obstap", "spatial_indexes"),
        ] {
            assert!(database.exists(table).await.expect("exists"), "{table:?}");
        }
        let newer =
            "INSERT INTO {obstap.migrations} VALUES (99, 'from_tomorrow', '2099-01-01T00:00:00')";
        change(&database, &[newer]).await;
        for result in [
            database.check_migrated().await,
            database.migrate().await.map(drop),
        ] {
            match result {
                Err(Error::TooNew(text)) => assert!(text.contains("0099_from_tomorrow"), "{text}"),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn several_instances_share_a_postgresql_database() {
    let url = postgres::fresh_database();
    runtime().block_on(async {
        for namespace in [None, Some("north"), Some("south_2")] {
            let mut settings = settings(&url);
            settings.namespace = namespace.map(str::to_owned);
            let database = Database::open(&settings).await.expect("a database");
            assert_eq!(database.migrate().await.expect("migrate"), migrations());
        }
        let mut settings = settings(&url);
        settings.namespace = Some("no spaces".to_owned());
        let refused = Database::open(&settings)
            .await
            .err()
            .map(|error| error.to_string());
        assert!(refused.expect("refused").contains("use 1 to 50 of a-z"));
    });
}

#[test]
fn a_user_without_rights_can_live_in_schemas_made_for_it() {
    let url = postgres::fresh_database();
    let name = url.rsplit('/').next().expect("a name").to_owned();
    let server = postgres::server();
    let role = format!("role_{name}");
    server.psql(&name, &format!("CREATE ROLE {role} LOGIN"));
    let theirs = url.replace("tester@", &format!("{role}@"));
    runtime().block_on(async {
        let database = open(&theirs, None).await;
        let refused = database.migrate().await.expect_err("no rights").to_string();
        assert!(
            refused.contains("cannot make the schema \"obstap\""),
            "{refused}"
        );
        for schema in ["ivoa", "tap_schema", "registry", "obstap"] {
            server.psql(
                &name,
                &format!("CREATE SCHEMA {schema} AUTHORIZATION {role}"),
            );
        }
        assert_eq!(database.migrate().await.expect("migrate"), migrations());
    });
}

#[test]
fn a_database_that_cannot_be_opened_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "not a database ".repeat(100)).expect("a file");
    let nowhere = folder.path().join("none/x.db");
    let missing = postgres::server().url("no_such_database");
    let check = |url: &str, expected: &str| {
        let error = runtime().block_on(async { Database::open(&settings(url)).await.err() });
        let text = error.expect("refused").to_string();
        assert!(text.contains(expected) && !text.contains('\n'), "{text}");
    };
    check(
        &format!("sqlite:{}", file.display()),
        "is not an SQLite database",
    );
    check(
        &format!("sqlite:{}", nowhere.display()),
        "there is no directory",
    );
    check("sqlite::memory:", "cannot be shared between connections");
    check("mysql://x", "must begin with sqlite: or postgresql:");
    check(
        "postgresql://u@127.0.0.1:1/x",
        "cannot connect to the PostgreSQL database \"x\" at 127.0.0.1:1",
    );
    check(&missing, "there is no such database: make it with createdb");
}

#[test]
fn a_latin1_database_is_refused() {
    let server = postgres::server();
    server.psql(
        "postgres",
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0",
    );
    let error =
        runtime().block_on(async { Database::open(&settings(&server.url("latin"))).await.err() });
    assert!(
        error
            .expect("refused")
            .to_string()
            .contains("encoding UTF8")
    );
}

#[test]
fn a_restart_of_postgresql_between_two_queries_is_not_noticed() {
    let server = postgres::Server::start();
    let url = server.fresh_database();
    runtime().block_on(async {
        let database = open(&url, None).await;
        let one = statement("SELECT CAST(1 AS integer)", &[], &[Type::Integer]);
        assert_eq!(all(&database, &one).await.expect("before").len(), 1);
        change(&database, &["CREATE TABLE public.t (i integer)"]).await;
        server.down();
        let down = all(&database, &one).await;
        assert!(matches!(down, Err(Error::Unreachable(_))), "{down:?}");
        server.up();
        assert_eq!(all(&database, &one).await.expect("after").len(), 1);
        assert_eq!(count(&database, "public.t").await, 0);
        change(&database, &["DROP TABLE public.t"]).await;
    });
}
