//! No text may make the road panic, hang or run out of stack.

use adql::{Catalog, Target};
use proptest::prelude::*;

/// The code of the first message, or the SQL for SQLite.
fn walk(text: &str) -> Result<String, u16> {
    let catalog = Catalog::open([]);
    let query = adql::parse(text)
        .and_then(|syntax| adql::check(&syntax, &catalog))
        .map_err(|messages| {
            let _ = messages.to_string();
            messages.messages[0].code
        })?;
    let query = adql::index(query.limited_to(Some(10)));
    let _ = adql::write(&query, &Target::postgres(Some("n")));
    Ok(adql::write(&query, &Target::sqlite()).sql)
}

fn check(text: &str, expected: Result<(), u16>) {
    let outcome = walk(text).map(|_| ());
    let shown: String = text.chars().take(60).collect();
    assert_eq!(outcome, expected, "{shown}");
}

#[test]
fn deep_and_long_queries_are_refused_with_a_sentence() {
    let deep = |n: usize| format!("SELECT {}a{} FROM t", "(".repeat(n), ")".repeat(n));
    check(&deep(30), Ok(()));
    check(&deep(100_000), Err(502));
    let nots = |n: usize| format!("SELECT a FROM t WHERE {} a = 1", "NOT ".repeat(n));
    check(&nots(30), Ok(()));
    check(&nots(100_000), Err(503));
    for word in ["OR", "AND"] {
        let chain = |n: usize| {
            format!(
                "SELECT a FROM t WHERE a=1{}",
                format!(" {word} a=1").repeat(n)
            )
        };
        check(&chain(400), Ok(()));
        check(&chain(30_000), Err(503));
    }
    let sum = |n: usize| format!("SELECT a{} FROM t", " + a".repeat(n));
    check(&sum(900), Ok(()));
    check(&sum(100_000), Err(503));
    let minus = |n: usize| format!("SELECT {}a FROM t", "- ".repeat(n));
    check(&minus(100_000), Err(503));
    let unions = |n: usize| format!("SELECT a FROM t{}", " UNION SELECT a FROM t".repeat(n));
    check(&unions(100), Ok(()));
    check(&unions(20_000), Err(503));
    let list = format!("SELECT a FROM t WHERE a IN (1{})", ", 2".repeat(50_000));
    check(&list, Ok(()));
    let values = (0..50_000)
        .map(|n| format!("{n}, 0X{n:x}"))
        .collect::<Vec<_>>();
    let list = format!("SELECT a FROM t WHERE a IN ({})", values.join(", "));
    check(&list, Ok(()));
    check(&" ".repeat(2_000_000), Err(501));
    check(
        &format!("SELECT a FROM t -- {}", "x".repeat(2_000_000)),
        Err(501),
    );
}

/// Many faults cost no more than the first few.
#[test]
fn a_fault_in_every_word_is_refused_at_once() {
    let catalog = Catalog::new([adql::catalog::Table {
        schema: "s".to_owned(),
        name: "t".to_owned(),
        columns: (0..5000)
            .map(|n| adql::Column::new(format!("column_{n}"), adql::Type::Double))
            .collect(),
        ..adql::catalog::Table::default()
    }]);
    let many = |part: &str| {
        (0..60_000)
            .map(|n| format!("{part}{n}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let columns = (0..5000)
        .map(|n| format!("column_{n}"))
        .collect::<Vec<_>>()
        .join(",");
    let started = std::time::Instant::now();
    for text in [
        format!("SELECT {} FROM s.t", many("no_column_")),
        format!("SELECT {} FROM s.t", many("a == b")),
        format!("SELECT a FROM {}", many("no_table_")),
        format!("SELECT NO({}) FROM s.t", many("no_column_")),
        format!("SELECT {columns}, COUNT(*) FROM s.t"),
        format!(
            "SELECT column_1 FROM s.t WHERE column_1 IN ({})",
            many("'x'")
        ),
        format!("SELECT a FROM t WHERE {}", "a = 1 and ".repeat(900)),
    ] {
        let wrong = adql::parse(&text)
            .and_then(|syntax| adql::check(&syntax, &catalog))
            .expect_err("faults");
        assert!((1..=40).contains(&wrong.messages.len()));
        assert!(wrong.to_string().len() < 100_000);
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn odd_texts_have_their_own_sentences() {
    check("", Err(101));
    check(";", Err(103));
    check("\u{feff}SELECT a FROM t", Err(104));
    check("SELECT 99999999999999999999 FROM t", Err(116));
    check("SELECT 1e999 FROM t", Err(116));
    check("SELECT 'a\0b' FROM t", Err(115));
    check("SELECT a FROM t WHERE b = 'a' 'b'", Ok(()));
    check("SELECT \"a\"\"b\" FROM \"t\"\"; DROP TABLE x\"", Ok(()));
}

/// Words of the language in any order: most are nonsense, some are queries.
fn soup() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "SELECT",
        "LIMIT",
        "INTO",
        "OVER",
        "FETCH",
        "DATE",
        "REGEXP",
        "FORM",
        "GROUPBY",
        "2020-01-01",
        "05:35:17",
        "5mag",
        "1.2.3",
        "::",
        "**",
        "==",
        "LEFT",
        "INNER",
        "ANY",
        "GROUP",
        "ORDER",
        "TOP",
        "DISTINCT",
        "FROM",
        "WHERE",
        "GROUP BY",
        "ORDER BY",
        "HAVING",
        "AND",
        "OR",
        "NOT",
        "IN",
        "BETWEEN",
        "LIKE",
        "IS",
        "NULL",
        "EXISTS",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "CAST",
        "AS",
        "INTEGER",
        "TIMESTAMP",
        "UNION",
        "EXCEPT",
        "ALL",
        "WITH",
        "JOIN",
        "LEFT",
        "NATURAL",
        "USING",
        "ON",
        "OFFSET",
        "(",
        ")",
        "(",
        ")",
        ",",
        ".",
        "*",
        "+",
        "-",
        "/",
        "=",
        "<>",
        "<",
        "||",
        "&",
        "^",
        "~",
        "1",
        "2.5",
        "1e3",
        "0X1F",
        "'x'",
        "''",
        "\"q\"",
        "a",
        "b",
        "t",
        "count",
        "POINT",
        "CIRCLE",
        "CONTAINS",
        "INTERSECTS",
        "DISTANCE",
        "REGION",
        "'CIRCLE 1 2 3'",
        "MOD",
        "COALESCE",
        ";",
        "--",
        "\n",
        "/*",
        "é",
        "‘",
        "\t",
        "[",
        "]",
        "{",
        "}",
        "?",
        ":",
        "$1",
        "%",
        "!",
        "@",
        "#",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let _ = walk(&text);
    }

    #[test]
    fn any_words_are_answered(text in soup()) {
        let _ = walk(&text);
        let _ = walk(&format!("SELECT {text} FROM t WHERE {text}"));
    }

    #[test]
    fn any_geometry_is_answered(numbers in prop::collection::vec(any::<f64>(), 0..12)) {
        let list = numbers.iter().map(|n| format!("{n:e}")).collect::<Vec<_>>().join(", ");
        for shape in ["POINT", "CIRCLE", "POLYGON", "BOX"] {
            let _ = walk(&format!("SELECT a FROM t WHERE CONTAINS(POINT(a, b), {shape}({list})) = 1"));
        }
    }

    /// What the user types never reaches the SQL: only our own words do.
    #[test]
    fn strings_are_parameters(text in "[a-z'\";\\-]{1,20}") {
        let literal = text.replace('\'', "''");
        let sql = walk(&format!("SELECT a FROM t WHERE b = 'zq{literal}'"));
        prop_assert!(!sql.expect("a query").contains("zq"));
    }
}
