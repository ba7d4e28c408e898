//! Answers about pairs of regions, for those who check them
//! (`conformance/sky/matrix.py`): lines in, lines out, fields between tabs.
//!
//! ```text
//! in:   region A       region B
//! out:  answers        degrees  shape of A  shape of B
//!       !refused A     why                              (or B)
//! ```
//!
//! The answers are letters `1`, `0`, or `-` where a question makes no sense:
//! A meets B, A holds B, B holds A; the same three as SQL asks them of a row
//! with the footprint A (radii first, then the exact test); whether the index
//! finds that row for each of them; and for a position B: A holds it, and the
//! index finds it. Degrees are from the position B to A. Shapes are numbers
//! between commas.

use std::io::{self, BufRead, Write};

use adql::sky::cover::{self, Relation};
use adql::sky::{self, Region};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (a, b) = line.split_once('\t').unwrap_or((&line, ""));
        match (Region::parse(a), Region::parse(b)) {
            (Ok(a), Ok(b)) => writeln!(out, "{}", answers(&a, &b))?,
            (Err(error), _) => writeln!(out, "!refused A\t{error}")?,
            (_, Err(error)) => writeln!(out, "!refused B\t{error}")?,
        }
    }
    out.flush()
}

fn answers(a: &Region, b: &Region) -> String {
    let (of_a, of_b) = (a.shape(), b.shape());
    let (x, y) = (of_a.as_slice(), of_b.as_slice());
    let row = a.footprint();
    let mut letters = String::new();
    let mut say = |answer: bool| letters.push(if answer { '1' } else { '0' });
    say(sky::meets(x, y));
    say(sky::contains(x, y));
    say(sky::contains(y, x));

    // As adql::target::geometry writes it.
    let [bound, inner] = [b.bounding_cap(), b.inscribed_cap()];
    let apart = |centre: [f64; 3]| {
        let d = [row.x - centre[0], row.y - centre[1], row.z - centre[2]];
        d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    };
    let near = apart(bound.centre) <= (bound.chord + row.crad) * (bound.chord + row.crad);
    let cosine = |chord: f64| (1.0 - chord * chord / 4.0).max(0.0).sqrt();
    let sum = inner.chord * cosine(row.crin) + row.crin * cosine(inner.chord);
    let deep = |chord: f64, by: f64| chord >= by && (chord - by) * (chord - by) >= 0.0;
    say(near && (apart(inner.centre) <= sum * sum || sky::meets(&row.v, y)));
    let within = |centre, outer: f64, inner: f64| {
        deep(outer, inner) && apart(centre) <= (outer - inner) * (outer - inner)
    };
    say(near && (within(bound.centre, row.crin, bound.chord) || sky::contains(&row.v, y)));
    say(near && (within(inner.centre, inner.chord, row.crad) || sky::contains(y, &row.v)));

    let holds = |ranges: &[(i64, i64)], key: i64| {
        ranges
            .iter()
            .any(|&(low, high)| (low..=high).contains(&key))
    };
    for relation in [Relation::Meets, Relation::Covers, Relation::Inside] {
        say(holds(&cover::footprints(b, relation), row.key));
    }

    let mut degrees = f64::NAN;
    match y {
        &[0.0, px, py, pz, 0.0] => {
            let point = [px, py, pz];
            let inside = sky::point_in(&point, x);
            letters.push(if inside { '1' } else { '0' });
            let (lon, lat) = b.centroid().lon_lat();
            let cell = sky::position_cell(lon, lat);
            let found = cell.is_some_and(|cell| holds(&cover::positions(a), cell));
            letters.push(if found { '1' } else { '0' });
            degrees = sky::gap(&point, x);
        }
        _ => letters.push_str("--"),
    }
    let numbers = |shape: &[f64]| {
        let texts: Vec<String> = shape.iter().map(f64::to_string).collect();
        texts.join(",")
    };
    format!("{letters}\t{degrees:e}\t{}\t{}", numbers(x), numbers(y))
}
