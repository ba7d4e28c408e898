//! Who may import whom: a room names only rooms below it.
//!
//! Every path is looked at, in `use` lines and in the code, comments and
//! strings left out. [`ROOMS`] is the table; a room that is not in it fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room of `src/`, and what of ours it may name.
const ROOMS: &[(&str, &[&str])] = &[
    // Floor 1.
    ("config", &[]),
    ("dali", &["adql"]),
    ("database", &["config", "adql"]),
    ("input", &["votable"]),
    // Floor 2.
    ("files", &["config"]),
    ("spatial", &["database", "adql"]),
    ("registry", &["database", "input", "adql"]),
    ("tap_schema", &["dali", "database", "spatial", "adql"]),
    // Floor 3.
    (
        "obscore",
        &[
            "config",
            "registry",
            "tap_schema",
            "spatial",
            "input",
            "database",
            "adql",
        ],
    ),
    ("felis", &["tap_schema", "database", "adql"]),
    (
        "output",
        &[
            "votable", "config", "files", "spatial", "database", "dali", "adql",
        ],
    ),
    ("demo", &["input", "adql"]),
    ("uws", &["adql", "config", "dali", "database"]),
    // Floor 4; never each other, but that the simple protocols ask TAP.
    (
        "tap",
        &[
            "adql",
            "config",
            "dali",
            "database",
            "input",
            "output",
            "spatial",
            "tap_schema",
            "uws",
            "votable",
        ],
    ),
    ("soda", &["adql", "dali", "input"]),
    ("vosi", &["adql", "config", "dali", "spatial", "tap_schema"]),
    (
        "datalink",
        &[
            "adql",
            "config",
            "dali",
            "database",
            "files",
            "output",
            "registry",
            "tap_schema",
            "votable",
        ],
    ),
    (
        "sia",
        &[
            "adql", "dali", "database", "input", "output", "tap", "votable",
        ],
    ),
    (
        "scs",
        &[
            "dali", "database", "input", "obscore", "output", "tap", "votable",
        ],
    ),
    // Floor 5: pages are served, and commands start the server.
    ("web", &["adql", "dali", "output", "tap", "vosi"]),
    (
        "server",
        &[
            "config", "dali", "database", "datalink", "files", "obscore", "output", "registry",
            "soda", "tap", "uws", "vosi", "web", "scs", "sia",
        ],
    ),
    (
        "commands",
        &[
            "adql",
            "config",
            "dali",
            "database",
            "datalink",
            "demo",
            "files",
            "felis",
            "input",
            "obscore",
            "output",
            "registry",
            "server",
            "spatial",
            "tap",
            "tap_schema",
            "uws",
            "vosi",
            "votable",
        ],
    ),
    // Floor 6.
    ("main", &["commands"]),
];

/// A part of a crate that only these rooms may name. A room may name the
/// whole crate only if it is in every line about it.
const PARTS: [(&str, &[&str]); 4] = [
    (
        "adql::sky",
        &[
            "database", "registry", "spatial", "obscore", "output", "demo", "soda", "tap", "adql",
            "sia", "datalink",
        ],
    ),
    ("adql::check", &["tap", "commands", "adql"]),
    ("adql::parse", &["tap", "commands", "adql"]),
    ("adql::write", &["tap", "commands", "adql"]),
];

/// Crates of others, and the files that may name them, as beginnings of paths.
const FOREIGN: [(&str, &[&str]); 19] = [
    (
        "sqlparser",
        &[
            "adql/src/grammar",
            "adql/src/parse",
            "adql/src/mistakes",
            "adql/src/check",
        ],
    ),
    ("cdshealpix", &["adql/src/sky"]),
    ("moc", &["adql/src/sky"]),
    ("actix_web", &["src/server"]),
    ("actix_multipart", &["src/server"]),
    ("tokio_postgres", &["src/database"]),
    ("deadpool_postgres", &["src/database"]),
    ("rusqlite", &["src/database"]),
    ("reqwest", &["src/tap/upload/fetch.rs"]),
    ("rusty_s3", &["src/files"]),
    ("zip", &["src/files"]),
    ("clap", &["src/commands", "src/main.rs"]),
    ("parquet", &["src/input", "src/output"]),
    ("arrow_array", &["src/output"]),
    ("arrow_ipc", &["src/output"]),
    ("arrow_schema", &["src/output"]),
    ("flatbuffers", &["src/output"]),
    ("zstd", &["src/server"]),
    ("prometheus_client", &["src/server"]),
];

#[test]
fn rooms_name_only_rooms_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut complaints = Vec::new();
    for directory in ["src", "adql/src", "votable/src"] {
        for file in sources(&root.join(directory)) {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let name = file
                .strip_prefix(root)
                .unwrap_or(&file)
                .to_string_lossy()
                .replace('\\', "/");
            complaints.extend(violations(&name, &text));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// The test sees what it is there to see.
#[test]
fn violations_are_seen() {
    fn check(file: &str, text: &str, expected: &[&str]) {
        let found = violations(file, text);
        assert_eq!(found, expected, "{text}");
    }
    // In `use` lines, alone and in groups.
    check(
        "src/database/mod.rs",
        "use crate::server::State;",
        &["src/database/mod.rs names server"],
    );
    check(
        "src/dali/mod.rs",
        "use crate::{\n    dali::Params, // fine\n    tap::{Fault, Service},\n};",
        &["src/dali/mod.rs names tap"],
    );
    // In the middle of the code.
    check(
        "src/tap/mod.rs",
        "fn f() -> crate::vosi::X { crate::server::g() }",
        &["src/tap/mod.rs names server", "src/tap/mod.rs names vosi"],
    );
    check(
        "src/commands/serve.rs",
        "fn f() { obstap::web::index() }",
        &["src/commands/serve.rs names web"],
    );
    check(
        "src/config/file.rs",
        "use super::super::tap;",
        &["src/config/file.rs climbs out of its room to tap"],
    );
    // Parts of the language, and the crate as a whole.
    check(
        "src/vosi/tables.rs",
        "use adql::{Catalog, sky::Region};",
        &["src/vosi/tables.rs names adql::sky"],
    );
    check(
        "src/server/mod.rs",
        "fn f() { adql::parse(\"\"); }",
        &[
            "src/server/mod.rs names adql",
            "src/server/mod.rs names adql::parse",
        ],
    );
    check(
        "src/tap/mod.rs",
        "use adql::*;",
        &["src/tap/mod.rs names everything of adql"],
    );
    // Crates of others.
    check(
        "src/output/csv.rs",
        "fn f(_: actix_web::HttpRequest) {}",
        &["src/output/csv.rs names actix_web"],
    );
    check(
        "adql/src/target/mod.rs",
        "use sqlparser::ast::Expr;",
        &["adql/src/target/mod.rs names sqlparser"],
    );
    check(
        "votable/src/lib.rs",
        "use adql::Column;",
        &["votable/src/lib.rs names adql"],
    );
    check(
        "src/kitchen/mod.rs",
        "",
        &["src/kitchen/mod.rs: room kitchen is not in the table"],
    );
    // What is not code is no violation, and neither is a lifetime or a field.
    check(
        "src/dali/mod.rs",
        "//! See crate::tap.\n/* crate::server /* nested */ */\nconst A: &str = \"crate::tap\";\nconst B: &str = r#\"say \"crate::tap\"\"#;\nfn f<'a>(x: &'a X) -> char { x.moc; '\"' }\nuse crate::dali::Params;",
        &[],
    );
}

/// What is wrong with one file, sorted.
fn violations(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let tokens = tokens(&code);
    let paths = paths(&tokens);
    let mut wrong = BTreeSet::new();
    for (foreign, allowed) in FOREIGN {
        let named = paths.iter().any(|path| path[0] == foreign);
        if named && !allowed.iter().any(|begin| file.starts_with(begin)) {
            wrong.insert(format!("{file} names {foreign}"));
        }
    }
    let room = match file.strip_prefix("src/") {
        Some(rest) => rest
            .split('/')
            .next()
            .unwrap_or(rest)
            .trim_end_matches(".rs"),
        None => file.split('/').next().unwrap_or(file),
    };
    let allowed: &[&str] = match (room, ROOMS.iter().find(|(name, _)| *name == room)) {
        // The map itself says only which rooms there are.
        ("lib", _) if file == "src/lib.rs" => return wrong.into_iter().collect(),
        ("adql" | "votable", None) => &[],
        (_, Some((_, allowed))) => allowed,
        (_, None) => {
            wrong.insert(format!("{file}: room {room} is not in the table"));
            return wrong.into_iter().collect();
        }
    };
    let ours = |name: &str| {
        matches!(name, "adql" | "votable") || ROOMS.iter().any(|(known, _)| *known == name)
    };
    for path in &paths {
        let outside = file.starts_with("src/") && matches!(path[0], "crate" | "obstap");
        let named = match path.as_slice() {
            ["crate" | "obstap", name, ..] if outside => name,
            [name @ ("adql" | "votable"), ..] => name,
            _ => continue,
        };
        if ours(named) && *named != room && !allowed.contains(named) {
            wrong.insert(format!("{file} names {named}"));
        }
        if path.len() > 1 && path.last() == Some(&"*") && ours(named) && *named != room {
            wrong.insert(format!("{file} names everything of {named}"));
        }
        let part = path.join("::");
        for (restricted, rooms) in PARTS {
            let within = part == restricted || part.starts_with(&format!("{restricted}::"));
            if within && !rooms.contains(&room) {
                wrong.insert(format!("{file} names {restricted}"));
            }
        }
    }
    // The way round by `super::super::tap`.
    for path in paths.iter().filter(|path| path[0] == "super") {
        let name = path.iter().find(|name| **name != "super");
        if let Some(name) = name.filter(|name| ROOMS.iter().any(|(known, _)| known == *name))
            && path.starts_with(&["super", "super"])
            && *name != room
        {
            wrong.insert(format!("{file} climbs out of its room to {name}"));
        }
    }
    wrong.into_iter().collect()
}

/// Every path of the code: `crate::{a::B, c}` gives two.
fn paths<'a>(tokens: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let after_colons = at > 0 && tokens[at - 1] == "::";
        let begins = is_name(tokens[at]) && !after_colons;
        if begins && tokens.get(at + 1) == Some(&"::") {
            at = path(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads the path that begins at `at` below `above`; gives where it ends.
fn path<'a>(
    tokens: &[&'a str],
    mut at: usize,
    above: &[&'a str],
    found: &mut Vec<Vec<&'a str>>,
) -> usize {
    let mut names = above.to_vec();
    loop {
        match tokens.get(at) {
            Some(&"{") => {
                at += 1;
                while at < tokens.len() && tokens[at] != "}" {
                    let before = at;
                    at = path(tokens, at, &names, found);
                    if tokens.get(at) == Some(&",") || at == before {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some(name) if is_name(name) || *name == "*" => {
                names.push(name);
                at += 1;
            }
            _ => break,
        }
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    // `a as b` inside a group.
    while matches!(tokens.get(at), Some(&"as")) {
        at += 2;
    }
    if !names.is_empty() {
        found.push(names);
    }
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, and single characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// The text without comments, strings and character literals.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word_before = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(hashes) = raw_string(rest).filter(|_| !word_before) {
            let open = rest.find('"').map_or(rest.len(), |at| at + 1);
            let end = format!("\"{}", "#".repeat(hashes));
            rest[open..]
                .find(&end)
                .map_or(rest.len(), |at| open + at + end.len())
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_character(rest) {
            quoted(rest, '\'')
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[skip..];
    }
    code
}

/// `r"`, `r#"`, `br"`: the number of hashes.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('b').unwrap_or(text).strip_prefix('r')?;
    let hashes = after.bytes().take_while(|&b| b == b'#').count();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// A quote begins a character, not a lifetime.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

/// Length of a literal with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Length of a comment that may hold others.
fn block_comment(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
