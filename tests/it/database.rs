//! One body for both engines: what goes in comes out, what is stopped stops,
//! what fails leaves nothing behind.

use std::time::{Duration, Instant};

use adql::{Column, Statement, Type, Value, Wire};
use obstap::database::{Batch, Database, Error, Limits, Settings};

use crate::support::postgres;

/// A fresh database on each engine, with a runtime to use it.
fn on_both(test: impl AsyncFn(Database)) {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!("sqlite:{}", folder.path().join("test.db").display());
    for url in [sqlite, postgres::fresh_database()] {
        eprintln!("on {url}");
        runtime().block_on(async { test(open(&url).await).await });
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

fn settings(url: &str) -> Settings {
    Settings {
        url: url.to_owned(),
        namespace: None,
        readers: 2,
    }
}

async fn open(url: &str) -> Database {
    Database::open(&settings(url)).await.expect("a database")
}

fn statement(sql: &str, parameters: &[Value], kinds: &[Type]) -> Statement {
    let columns = kinds.iter().enumerate();
    Statement {
        sql: sql.to_owned(),
        parameters: parameters.to_vec(),
        columns: columns
            .map(|(i, kind)| Column::new(format!("c{i}"), *kind))
            .collect(),
    }
}

async fn all(database: &Database, statement: &Statement) -> Result<Batch, Error> {
    let mut rows = database.stream(statement, Limits::default()).await?;
    let mut whole = Batch::new(rows.wires());
    while let Some(batch) = rows.next().await? {
        for row in 0..batch.len() {
            batch.row(row).for_each(|cell| whole.push(cell));
        }
    }
    Ok(whole)
}

async fn count(database: &Database, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let batch = database
        .fetch(&sql, &[], &[Wire::Int8])
        .await
        .expect("a count");
    i64::from_be_bytes(
        batch
            .cell(0, 0)
            .expect("a number")
            .try_into()
            .expect("8 bytes"),
    )
}

async fn change(database: &Database, sql: &[&str]) {
    let mut transaction = database.begin().await.expect("a transaction");
    for sql in sql {
        transaction.script(sql).await.expect(sql);
    }
    transaction.commit().await.expect("commit");
}

/// A query that never ends and finds a row now and then, or none.
const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                       SELECT count(*) FROM n";
const ENDLESS_ROWS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT (i + 1) % 1000 FROM n) \
                            SELECT CAST(i AS integer) FROM n";

const WIRES: [Wire; 10] = [
    Wire::Bool,
    Wire::Int2,
    Wire::Int4,
    Wire::Int8,
    Wire::Float4,
    Wire::Float8,
    Wire::Text,
    Wire::Timestamp,
    Wire::Bytes,
    Wire::Doubles,
];
const KINDS: [Type; 10] = [
    Type::Boolean,
    Type::SmallInt,
    Type::Integer,
    Type::BigInt,
    Type::Real,
    Type::Double,
    Type::Text,
    Type::Timestamp,
    Type::Binary,
    Type::Polygon,
];
const NAMES: [&str; 10] = ["b", "i2", "i4", "i8", "f4", "f8", "t", "ts", "by", "ds"];

async fn make_kinds(database: &Database) {
    let postgres = database.version().starts_with("PostgreSQL");
    let columns = match postgres {
        true => {
            "b boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 float8, \
             t text COLLATE \"C\", ts timestamp, by bytea, ds float8[]"
        }
        false => {
            "b INTEGER, i2 INTEGER, i4 INTEGER, i8 INTEGER, f4 REAL, f8 REAL, \
             t TEXT, ts TEXT, by BLOB, ds BLOB"
        }
    };
    if postgres {
        change(database, &["CREATE SCHEMA {s}"]).await;
    }
    change(
        database,
        &[&format!("CREATE TABLE {{s.kinds}} ({columns})")],
    )
    .await;
}

type Row = [Option<Vec<u8>>; 10];

fn rows() -> Vec<Row> {
    let row = |b: u8,
               i2: i16,
               i4: i32,
               i8: i64,
               f4: f32,
               f8: f64,
               t: &str,
               ts: i64,
               by: &[u8],
               ds: &[f64]| {
        [
            vec![b],
            i2.to_be_bytes().to_vec(),
            i4.to_be_bytes().to_vec(),
            i8.to_be_bytes().to_vec(),
            f4.to_be_bytes().to_vec(),
            f8.to_be_bytes().to_vec(),
            t.as_bytes().to_vec(),
            ts.to_be_bytes().to_vec(),
            by.to_vec(),
            ds.iter().flat_map(|value| value.to_be_bytes()).collect(),
        ]
        .map(Some)
    };
    vec![
        row(0, 0, 0, 0, 0.0, 0.0, "", 0, b"", &[]),
        row(
            1,
            i16::MAX,
            i32::MAX,
            i64::MAX,
            f32::MAX,
            f64::MAX,
            "Ørsted – 星 🌌",
            1,
            &[0, 255],
            &[1.5],
        ),
        row(
            0,
            i16::MIN,
            i32::MIN,
            i64::MIN,
            f32::MIN,
            f64::MIN,
            "a\n'\"\\",
            -1,
            &[1],
            &[-0.0, 1e300],
        ),
        // The year 9999 ends; the smallest numbers.
        row(
            1,
            -1,
            -1,
            -1,
            1e-45,
            5e-324,
            "x",
            252_455_615_999_999_999,
            &[2],
            &[f64::MIN_POSITIVE],
        ),
        std::array::from_fn(|_| None),
    ]
}

#[test]
fn values_of_every_kind_come_back() {
    on_both(async |database| {
        make_kinds(&database).await;
        let mut transaction = database.begin().await.expect("begin");
        for row in rows() {
            let mut batch = Batch::new(WIRES);
            row.iter().for_each(|cell| batch.push(cell.as_deref()));
            transaction
                .append(("s", "kinds"), &NAMES, batch)
                .await
                .expect("append");
        }
        let seen = transaction
            .fetch("SELECT i4 FROM {s.kinds}", &[], &[Wire::Int4])
            .await;
        assert_eq!(seen.expect("the rows so far").len(), 5);
        transaction.commit().await.expect("commit");

        let table = database.target().stored("s", "kinds");
        let sql = format!(
            "SELECT {} FROM {table} ORDER BY i4 DESC NULLS LAST",
            NAMES.join(", ")
        );
        let got = all(&database, &statement(&sql, &[], &KINDS))
            .await
            .expect("rows");
        let mut expected = rows();
        expected.sort_by_key(|row| {
            let number = row[2].as_deref().and_then(|it| it.try_into().ok());
            std::cmp::Reverse(number.map(i32::from_be_bytes))
        });
        for (place, row) in expected.iter().enumerate() {
            let got: Vec<_> = got
                .row(place)
                .map(|cell| cell.map(<[u8]>::to_vec))
                .collect();
            assert_eq!(got, row, "row {place}");
        }
    });
}

#[test]
fn parameters_of_every_kind_arrive() {
    on_both(async |database| {
        make_kinds(&database).await;
        let values = [
            Value::Boolean(true),
            Value::BigInt(-2),
            Value::BigInt(3),
            Value::BigInt(i64::MIN),
            Value::Double(0.5),
            Value::Double(-1e-300),
            Value::Text("Ångström".to_owned()),
            Value::Timestamp(-1),
            Value::Null,
            Value::Doubles(vec![1.0, -2.0]),
        ];
        let mut transaction = database.begin().await.expect("begin");
        let insert = "INSERT INTO {s.kinds} (b, i2, i4, i8, f4, f8, t, ts, by, ds) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        assert_eq!(
            transaction.execute(insert, &values).await.expect("insert"),
            1
        );
        transaction.commit().await.expect("commit");
        let all_of_them = NAMES.join(", ");
        let sql = format!("SELECT {all_of_them} FROM {{s.kinds}} WHERE i8 = $1 AND t = $2");
        let by = [values[3].clone(), values[6].clone()];
        let stored = database.fetch(&sql, &by, &WIRES).await.expect("fetch");
        assert_eq!(stored.cell(0, 5), Some(&(-1e-300f64).to_be_bytes()[..]));
        assert_eq!(stored.cell(0, 8), None);

        // The same as parameters of a user's query.
        let table = database.target().stored("s", "kinds");
        let sql = format!(
            "SELECT i4 FROM {table} WHERE b = $1 AND i8 = $2 AND f8 = $3 AND t = $4 AND ts = $5 \
             AND ds = $6 AND CAST($7 AS integer) IS NULL"
        );
        let given = [0, 3, 5, 6, 7, 9, 8].map(|place: usize| values[place].clone());
        let query = statement(&sql, &given, &[Type::Integer]);
        let got = all(&database, &query).await.expect("rows");
        assert_eq!(got.cell(0, 0), Some(&3i32.to_be_bytes()[..]));
        let plan = database.explain(&query).await.expect("a plan");
        assert!(plan.to_lowercase().contains("scan"), "{plan}");
    });
}

#[test]
fn a_query_that_fails_says_why_and_leaves_the_connection_usable() {
    on_both(async |database| {
        let table = "(SELECT 1 AS x UNION ALL SELECT 0) AS t";
        for (value, kind) in [
            ("sqrt(CAST(x - 1 AS double precision))", Type::Double),
            ("mod(1, x)", Type::Integer),
        ] {
            let sql = format!("SELECT {value} FROM {table}");
            let result = all(&database, &statement(&sql, &[], &[kind])).await;
            assert!(matches!(result, Err(Error::Data(_))), "{sql}: {result:?}");
        }
        let nonsense = statement("SELECT nothing FROM nowhere", &[], &[Type::Integer]);
        match all(&database, &nonsense).await {
            Err(Error::Driver { attempt, .. }) => assert!(!attempt.contains("nowhere")),
            other => panic!("{other:?}"),
        }
        // A column that is not what was announced.
        let text = statement("SELECT 'x'", &[], &[Type::Integer]);
        assert!(matches!(
            all(&database, &text).await,
            Err(Error::Driver { .. })
        ));
        for _ in 0..5 {
            let one = statement("SELECT CAST(1 AS integer)", &[], &[Type::Integer]);
            assert_eq!(all(&database, &one).await.expect("one").len(), 1);
        }
    });
}

#[test]
fn queries_cannot_write() {
    on_both(async |database| {
        make_kinds(&database).await;
        let table = database.target().stored("s", "kinds");
        let sql = format!("INSERT INTO {table} (i4) VALUES (1) RETURNING i4");
        let result = all(&database, &statement(&sql, &[], &[Type::Integer])).await;
        assert!(result.is_err());
        assert_eq!(count(&database, "{s.kinds}").await, 0);
    });
}

#[test]
fn a_dropped_query_stops_and_frees_its_connection() {
    on_both(async |database| {
        let endless = statement(ENDLESS_ROWS, &[], &[Type::Integer]);
        let one = statement("SELECT CAST(1 AS integer)", &[], &[Type::Integer]);
        let started = Instant::now();
        for _ in 0..6 {
            // More often than there are connections.
            let mut rows = database
                .stream(&endless, Limits::default())
                .await
                .expect("accepted");
            assert_eq!(rows.next().await.expect("rows").expect("a batch").len(), 1);
            assert!(
                !rows
                    .next()
                    .await
                    .expect("rows")
                    .expect("a batch")
                    .is_empty()
            );
            drop(rows);
        }
        // One whose first row never comes: the call itself is given up.
        for _ in 0..3 {
            let waiting = statement(ENDLESS, &[], &[Type::BigInt]);
            let call = database.stream(&waiting, Limits::default());
            assert!(
                tokio::time::timeout(Duration::from_millis(50), call)
                    .await
                    .is_err()
            );
        }
        for _ in 0..4 {
            assert_eq!(all(&database, &one).await.expect("one").len(), 1);
        }
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
    });
}

#[test]
fn a_query_that_takes_too_long_is_stopped() {
    on_both(async |database| {
        let limits = Limits {
            time: Some(Duration::from_millis(200)),
        };
        let started = Instant::now();
        // No row in time; then rows that nobody takes in time.
        let silent = statement(ENDLESS, &[], &[Type::BigInt]);
        let result = database.stream(&silent, limits).await.err();
        assert!(matches!(result, Some(Error::Timeout(1))), "{result:?}");
        let loud = statement(ENDLESS_ROWS, &[], &[Type::Integer]);
        let mut rows = database.stream(&loud, limits).await.expect("accepted");
        tokio::time::sleep(Duration::from_millis(300)).await;
        let error = loop {
            match rows.next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it cannot end"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Timeout(1)), "{error:?}");
        assert!(rows.next().await.expect("after the error").is_none());
        assert!(started.elapsed() < Duration::from_secs(3));
        let one = statement("SELECT CAST(1 AS integer)", &[], &[Type::Integer]);
        for _ in 0..4 {
            assert_eq!(all(&database, &one).await.expect("one").len(), 1);
        }
    });
}

#[test]
fn a_transaction_is_all_or_nothing() {
    on_both(async |database| {
        make_kinds(&database).await;
        let row = || {
            let mut batch = Batch::new([Wire::Int4]);
            batch.push(Some(&7i32.to_be_bytes()));
            batch
        };
        let table = ("s", "kinds");

        let mut dropped = database.begin().await.expect("begin");
        dropped
            .execute(
                "INSERT INTO {s.kinds} (i4) VALUES ($1)",
                &[Value::BigInt(1)],
            )
            .await
            .expect("insert");
        dropped.append(table, &["i4"], row()).await.expect("append");
        assert!(dropped.exists(table).await.expect("exists"));
        dropped.append(table, &["i4"], row()).await.expect("append");
        assert_eq!(count(&database, "{s.kinds}").await, 0);
        drop(dropped);

        let mut failed = database.begin().await.expect("begin");
        failed.append(table, &["i4"], row()).await.expect("append");
        assert!(failed.script("nonsense").await.is_err());
        assert!(failed.commit().await.is_err());
        assert_eq!(count(&database, "{s.kinds}").await, 0);

        let mut kept = database.begin().await.expect("begin");
        assert!(!kept.exists(("s", "none")).await.expect("exists"));
        kept.append(table, &["i4"], row()).await.expect("append");
        kept.append(table, &["i4"], row()).await.expect("append");
        kept.commit().await.expect("commit");
        assert_eq!(count(&database, "{s.kinds}").await, 2);
        assert!(database.exists(table).await.expect("exists"));
    });
}

#[test]
fn many_rows_are_appended_quickly() {
    on_both(async |database| {
        let postgres = database.version().starts_with("PostgreSQL");
        let kind = if postgres { "float8" } else { "REAL" };
        let names: Vec<String> = (0..45).map(|i| format!("c{i}")).collect();
        let columns: Vec<String> = names.iter().map(|name| format!("{name} {kind}")).collect();
        if postgres {
            change(&database, &["CREATE SCHEMA {s}"]).await;
        }
        change(
            &database,
            &[&format!("CREATE TABLE {{s.wide}} ({})", columns.join(", "))],
        )
        .await;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let started = Instant::now();
        let mut transaction = database.begin().await.expect("begin");
        for _ in 0..20 {
            let mut batch = Batch::new([Wire::Float8; 45]);
            (0..1000 * 45).for_each(|i| batch.push(Some(&f64::from(i).to_be_bytes())));
            transaction
                .append(("s", "wide"), &names, batch)
                .await
                .expect("append");
        }
        transaction.commit().await.expect("commit");
        let rate = 20_000.0 / started.elapsed().as_secs_f64();
        eprintln!(
            "{}: {rate:.0} rows of 45 columns a second",
            database.version()
        );
        assert_eq!(count(&database, "{s.wide}").await, 20_000);
    });
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
        assert_eq!(ran, ["0001_fixed_tables", "0002_sky_functions"]);
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
            assert_eq!(database.migrate().await.expect("migrate").len(), 2);
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
        let database = open(&theirs).await;
        let refused = database.migrate().await.expect_err("no rights").to_string();
        assert!(
            refused.contains("cannot make the schema \"ivoa\""),
            "{refused}"
        );
        for schema in ["ivoa", "tap_schema", "obstap"] {
            server.psql(
                &name,
                &format!("CREATE SCHEMA {schema} AUTHORIZATION {role}"),
            );
        }
        assert_eq!(database.migrate().await.expect("migrate").len(), 2);
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
        let database = open(&url).await;
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
