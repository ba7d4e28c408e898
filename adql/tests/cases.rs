//! The chapters under `cases/`: prose, a query, and what it becomes on each
//! target, or the message its writer reads.
//!
//! `UPDATE_CASES=1 cargo test -p adql --test cases` writes what the program
//! says today into the chapters; read the difference before keeping it.

use std::fmt::Write;
use std::path::Path;

use adql::catalog::{PositionIndex, RegionIndex, Table};
use adql::{Catalog, Column, Statement, Target, Type};

fn column(name: &str, kind: Type, unit: Option<&str>) -> Column {
    Column {
        unit: unit.map(str::to_owned),
        ..Column::new(name, kind)
    }
}

fn table(schema: &str, name: &str, columns: Vec<Column>) -> Table {
    Table {
        schema: schema.to_owned(),
        name: name.to_owned(),
        stored: (schema.to_lowercase(), name.to_lowercase()),
        columns,
        ..Table::default()
    }
}

fn catalog() -> Catalog {
    let obscore = Table {
        regions: vec![RegionIndex {
            column: "s_region".to_owned(),
            prefix: "fp".to_owned(),
        }],
        positions: vec![PositionIndex {
            lon: "s_ra".to_owned(),
            lat: "s_dec".to_owned(),
            cell: "pt_hpx".to_owned(),
        }],
        ..table(
            "ivoa",
            "ObsCore",
            vec![
                column("obs_id", Type::Text, None),
                column("calib_level", Type::Integer, None),
                column("s_ra", Type::Double, Some("deg")),
                column("s_dec", Type::Double, Some("deg")),
                column("s_region", Type::Region, None),
                column("t_exptime", Type::Double, Some("s")),
                column("obs_release_date", Type::Timestamp, None),
                column("em_min", Type::Double, Some("m")),
                column("dataproduct_type", Type::Text, None),
            ],
        )
    };
    Catalog::new([
        obscore,
        table(
            "demo",
            "stars",
            vec![
                column("id", Type::BigInt, None),
                column("ra", Type::Double, Some("deg")),
                column("dec", Type::Double, Some("deg")),
                column("mag", Type::Real, Some("mag")),
                column("obs_id", Type::Text, None),
                column("Odd Name", Type::Text, None),
                column("size", Type::Integer, None),
            ],
        ),
        measurements(),
        table(
            "tap_schema",
            "tables",
            vec![column("table_name", Type::Text, None)],
        ),
    ])
}

/// Columns with all their metadata, some of it as odd as catalogues have it.
fn measurements() -> Table {
    use Type::{BigInt, Double, Integer, Real, Text};
    let columns = [
        ("id", BigInt, "", "meta.id;meta.main"),
        ("ra", Double, "deg", "pos.eq.ra;meta.main"),
        ("dec", Double, "deg", "pos.eq.dec;meta.main"),
        ("ra_error", Double, "deg", "stat.error;pos.eq.ra"),
        ("pm_ra", Double, "deg/yr", "pos.pm;pos.eq.ra"),
        ("pm_dec", Double, "deg/yr", "pos.pm;pos.eq.dec"),
        ("flux", Real, "10**-20 erg/s/cm^2", "phot.flux"),
        ("wl_min", Double, "m", "em.wl;stat.min"),
        ("exposure", Double, "s", "time.duration;obs.exposure"),
        ("period", Double, "d", "time.period"),
        ("mag_b", Real, "mag", "phot.mag;em.opt.B"),
        ("mag_v", Real, "mag", "phot.mag;em.opt.V"),
        ("seeing", Real, "arcsecs", "instr.obsty.seeing"),
        ("odd", Double, "W/m2.Hz", ""),
        ("phot_cnt", Integer, "", "phot.count"),
        ("title", Text, "", "meta.title"),
    ];
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let columns = columns.map(|(name, kind, unit, ucd)| Column {
        ucd: some(ucd),
        utype: some(if name == "ra" { "char.position" } else { "" }),
        description: Some(format!("What {name} is")),
        unicode: name == "title",
        ..column(name, kind, some(unit).as_deref())
    });
    table("demo", "measured", columns.to_vec())
}

/// What a case is compared with: a name of a block and its text.
fn outcome(text: &str) -> Vec<(&'static str, String)> {
    let query = adql::parse(text).and_then(|syntax| adql::check(&syntax, &catalog()));
    match query {
        Err(messages) => vec![("message", messages.to_string())],
        Ok(query) => {
            let query = adql::index(query);
            let shown = |target| render(&adql::write(&query, &target));
            let postgres = shown(Target::postgres(None));
            let sqlite = shown(Target::sqlite());
            let answer = query.columns().iter().map(describe).collect::<Vec<_>>();
            vec![
                ("postgres", postgres),
                ("sqlite", sqlite),
                ("answer", answer.join("\n")),
            ]
        }
    }
}

fn describe(column: &Column) -> String {
    let mut text = format!("{} {}", column.name, column.kind);
    for (word, value) in [
        ("unit", &column.unit),
        ("ucd", &column.ucd),
        ("utype", &column.utype),
        ("xtype", &column.xtype),
    ] {
        if let Some(value) = value {
            let _ = write!(text, " {word}={value}");
        }
    }
    if column.unicode {
        text.push_str(" unicode");
    }
    if let Some(description) = &column.description {
        let _ = write!(text, " -- {description}");
    }
    text
}

fn render(statement: &Statement) -> String {
    let mut text = String::new();
    let sql = shorten(&statement.sql, " OR t1.\"", " AND ");
    let sql = shorten(&sql, ", (", ", ");
    for clause in split_clauses(&sql) {
        let _ = writeln!(text, "{clause}");
    }
    for (number, value) in statement.parameters.iter().enumerate() {
        let _ = writeln!(text, "-- ${}: {value:?}", number + 1);
    }
    text.trim_end().to_owned()
}

/// Of a run of key ranges the first two, for reading: each begins with `open`
/// and has two numbers around `between`.
fn shorten(sql: &str, open: &str, between: &str) -> String {
    let mut parts = sql.split(open);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut run = 0;
    for part in parts {
        let is_range = part.find(between).is_some_and(|middle| {
            let before = part[..middle].rsplit([' ', '(']).next();
            let after = part[middle + between.len()..].split([' ', ')']).next();
            [before, after].iter().all(|number| {
                number.is_some_and(|number| number.trim_end_matches(')').parse::<i64>().is_ok())
            })
        });
        run = if is_range { run + 1 } else { 0 };
        if run < 2 {
            text.push_str(open);
            text.push_str(part);
        } else {
            let end = part
                .find(between)
                .map_or(0, |middle| middle + between.len());
            let rest = part[end..].trim_start_matches(|c: char| c.is_ascii_digit());
            if !text.ends_with(" … ") {
                text.push_str(" … ");
            }
            text.push_str(
                rest.strip_prefix(')')
                    .filter(|_| open == ", (")
                    .unwrap_or(rest),
            );
        }
    }
    text
}

/// A line break before the top-level clauses, for reading.
fn split_clauses(sql: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut depth = 0;
    for (place, character) in sql.char_indices() {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        let rest = &sql[place..];
        let clause = [
            " FROM ",
            " WHERE ",
            " GROUP BY ",
            " ORDER BY ",
            " UNION ",
            " LIMIT ",
        ];
        if depth == 0 && clause.iter().any(|word| rest.starts_with(word)) {
            lines.push(String::new());
            continue;
        }
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
    lines
}

/// Runs one chapter and returns it as the program would write it today.
fn rewrite(chapter: &str) -> String {
    let mut rewritten = String::new();
    let mut blocks = chapter.split("```adql\n");
    rewritten.push_str(blocks.next().unwrap_or_default());
    for block in blocks {
        let (query, rest) = block.split_once("```\n").expect("an open block");
        let _ = write!(rewritten, "```adql\n{query}```\n");
        for (name, text) in outcome(query.trim_end()) {
            let _ = write!(rewritten, "```{name}\n{text}\n```\n");
        }
        // Drop the outcome that stands there; keep the prose after it.
        let mut rest = rest;
        while let Some(open) = rest.strip_prefix("```") {
            let (_, after) = open.split_once("\n```\n").expect("an open block");
            rest = after;
        }
        rewritten.push_str(rest);
    }
    rewritten
}

#[test]
fn every_case_becomes_what_its_chapter_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut chapters: Vec<_> = std::fs::read_dir(folder)
        .expect("the chapters")
        .map(|entry| entry.expect("a chapter").path())
        .collect();
    chapters.sort();
    assert!(!chapters.is_empty());
    for path in chapters {
        let chapter = std::fs::read_to_string(&path).expect("a chapter");
        let today = rewrite(&chapter);
        if std::env::var_os("UPDATE_CASES").is_some() {
            std::fs::write(&path, today).expect("written");
            continue;
        }
        for (number, (said, now)) in chapter.lines().zip(today.lines()).enumerate() {
            assert_eq!(said, now, "{}, line {}", path.display(), number + 1);
        }
        assert_eq!(chapter.lines().count(), today.lines().count());
    }
}
