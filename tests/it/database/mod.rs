//! One body for both engines: what goes in comes out, what is stopped stops,
//! what fails leaves nothing behind.

mod ending;
mod opening;

use std::time::Instant;

use adql::{Column, Statement, Type, Value, Wire};
use obstap::database::{Batch, Database, Error, Limits};

use crate::support::on_both_empty as on_both;

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
fn functions_of_the_sky_answer_alike() {
    on_both(async |database| {
        database.migrate().await.expect("migrate");
        let call = |name: &str| database.target().function(name);
        let square = Value::Doubles(vec![10.0, -1.0, 12.0, -1.0, 12.0, 1.0, 10.0, 1.0]);
        let check = async |sql: String, kind: Type, expected: Result<&[u8], &str>| {
            let given = [square.clone()];
            let given = if sql.contains("$1") { &given[..] } else { &[] };
            let query = statement(&format!("SELECT {sql}"), given, &[kind]);
            match (all(&database, &query).await, expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got.cell(0, 0), Some(expected), "{sql}"),
                (Err(Error::Data(text)), Err(expected)) => {
                    assert!(text.contains(expected), "{text}")
                }
                (got, _) => panic!("{sql}: {got:?}"),
            }
        };
        let (polygon, circle) = (call("sky_polygon_1"), call("sky_circle_1"));
        let (point, size) = (call("sky_point_1"), call("sky_box_1"));
        let (meets, contains) = (call("sky_meets_1"), call("sky_contains_1"));
        let (inside, distance) = (call("sky_in_1"), call("sky_distance_1"));
        check(
            format!("{meets}({polygon}($1), {circle}(12.5, 0, 1))"),
            Type::Boolean,
            Ok(&[1]),
        )
        .await;
        check(
            format!("{meets}({polygon}($1), {circle}(14, 0, 1))"),
            Type::Boolean,
            Ok(&[0]),
        )
        .await;
        check(
            format!("{contains}({polygon}($1), {point}(12, 0.5))"),
            Type::Boolean,
            Ok(&[1]),
        )
        .await;
        check(
            format!("{contains}({size}(11, 0, 4, 4), {polygon}($1))"),
            Type::Boolean,
            Ok(&[1]),
        )
        .await;
        check(
            format!("{inside}(11, 0, {polygon}($1))"),
            Type::Boolean,
            Ok(&[1]),
        )
        .await;
        check(
            format!("{inside}(13, 0, {polygon}($1))"),
            Type::Boolean,
            Ok(&[0]),
        )
        .await;
        let quarter = 90f64.to_be_bytes();
        check(
            format!("{distance}(0, 0, 0, 90)"),
            Type::Double,
            Ok(&quarter),
        )
        .await;
        check(
            format!("{point}(10, 95)"),
            Type::Point,
            Err("between -90 and 90"),
        )
        .await;
        check(
            format!("{circle}(10, 5, -1)"),
            Type::Circle,
            Err("between 0 and 180"),
        )
        .await;
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
