//! Queries that do not come to their end: they fail, nobody wants their rows,
//! or they take too long. The connection is good afterwards.

use std::time::{Duration, Instant};

use adql::Type;
use obstap::database::{Error, Limits};

use super::{all, on_both, statement};

/// A query that never ends and finds a row now and then, or none.
const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                       SELECT count(*) FROM n";
const ENDLESS_ROWS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT (i + 1) % 1000 FROM n) \
                            SELECT CAST(i AS integer) FROM n";

#[test]
fn a_query_that_fails_says_why_and_leaves_the_connection_usable() {
    on_both(async |database| {
        let table = "(SELECT 1 AS x UNION ALL SELECT 0) AS t";
        for (sql, kind, expected) in [
            (
                "sqrt(CAST(x - 1 AS double precision))",
                Type::Double,
                "negative",
            ),
            ("mod(1, x)", Type::Integer, "by zero"),
            ("ln(CAST(x AS double precision))", Type::Double, "of zero"),
        ] {
            let sql = format!("SELECT {sql} FROM {table}");
            match all(&database, &statement(&sql, &[], &[kind])).await {
                Err(Error::Data(text)) => eprintln!("{sql}: {text} ({expected})"),
                other => panic!("{sql}: {other:?}"),
            }
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
            ..Limits::default()
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
