//! The function that is fuzzed (`fuzz/road.rs`) over its seeds and over
//! mutations of them: a short run on stable Rust. `ADQL_FUZZ_RUNS` makes it
//! longer, `ADQL_FUZZ_SEED` another one.

#[path = "../fuzz/road.rs"]
mod road;
#[path = "random/tape.rs"]
#[allow(dead_code)]
mod tape;

use std::path::Path;
use std::time::{Duration, Instant};

use tape::Tape;

/// No text of a few hundred bytes may take so long, even without
/// optimization.
const PATIENCE: Duration = Duration::from_secs(5);

const ODD: &[&str] = &[
    "(",
    ")",
    ",",
    "'",
    "\"",
    ";",
    "--",
    "\n",
    ".",
    "*",
    "-",
    "~",
    "^",
    "|| ",
    "0x",
    "1e",
    "9223372036854775808",
    "\u{0}",
    "\u{feff}",
    "é",
    "🌌",
    "‘",
    "NOT ",
    "(SELECT ",
    "CASE ",
    "FROM ",
    " AS ",
    "NULL",
    "1e308",
    "-90.1",
    "POINT(",
    "REGION('",
    "UNION ",
    "MOC ",
    "ROUND(",
    "{",
    "}",
    "$1",
    "?",
    "\\",
];

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().expect(name))
}

fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let files = std::fs::read_dir(folder).expect("the seeds");
    let mut paths: Vec<_> = files.map(|file| file.expect("a seed").path()).collect();
    paths.sort();
    let seeds = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a text"));
    seeds.collect()
}

/// One to four changes of a text, some of them large.
fn mutated(seeds: &[String], tape: &mut Tape) -> String {
    let mut text: Vec<char> = seeds[tape.draw(seeds.len())].chars().collect();
    for _ in 0..1 + tape.draw(4) {
        let (a, b) = (tape.draw(text.len() + 1), tape.draw(text.len() + 1));
        let (from, to) = (a.min(b), a.max(b));
        let place = tape.draw(text.len() + 1);
        let insert: Vec<char> = match tape.draw(6) {
            0 => tape.pick(ODD).chars().collect(),
            1 => tape.pick(ODD).repeat(1 + tape.draw(60)).chars().collect(),
            2 => text[from..to].to_vec(),
            3 => {
                let other: Vec<char> = seeds[tape.draw(seeds.len())].chars().collect();
                let (a, b) = (tape.draw(other.len()), tape.draw(other.len()));
                other[a.min(b)..a.max(b)].to_vec()
            }
            4 => {
                let end = (from + tape.draw(6)).min(text.len());
                text.drain(from..end);
                continue;
            }
            _ => {
                text.drain(from..to);
                continue;
            }
        };
        text.splice(place..place, insert);
        text.truncate(20_000);
    }
    text.into_iter().collect()
}

#[test]
fn any_change_of_a_query_is_answered() {
    let seeds = seeds();
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| road::walk(seed));
    let (runs, seed) = (
        setting("ADQL_FUZZ_RUNS", 10_000),
        setting("ADQL_FUZZ_SEED", 1),
    );
    for number in 0..runs {
        let text = mutated(&seeds, &mut Tape::new(seed, number));
        let started = Instant::now();
        let outcome = std::panic::catch_unwind(|| road::walk(&text));
        let took = started.elapsed();
        assert!(outcome.is_ok(), "run {number} of seed {seed}: {text}");
        assert!(took < PATIENCE, "{took:?}: {text}");
    }
}
