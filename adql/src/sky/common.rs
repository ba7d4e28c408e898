//! What several shapes have in common, and what that has to do with others.
//!
//! The positions that shapes have in common, if there are any, are bounded by
//! pieces of the shapes' edges. So at least one of a few positions is among
//! them: where two edges cross, a vertex, or any position on an edge that no
//! other crosses. The same positions, and those of every edge that are nearest
//! to and furthest from another one, are the extremes of any distance.
//!
//! Every function here has a twin in `migrations/postgres/sky_parts.sql` with
//! the same operations in the same order; change both or neither.

use super::circles;
use super::point::{Vector, angle, chord2, cross, dot, minus, plus, scaled};
use super::predicates::{on_edge, perpendicular, point_in_part, winds_around};
use super::shape::{Common, Part, Ring, drawn_parts, parts};

/// A full circle of which an edge is part, and the shape that has the edge.
#[derive(Clone, Copy, Debug)]
struct Edge {
    centre: Vector,
    chord: f64,
    owner: usize,
}

/// The square of the chord of a hemisphere.
const QUARTER: f64 = 2.0;
/// Circles whose centres are nearer (to each other, or to each other's
/// antipode) cross nowhere or everywhere.
const CONCENTRIC2: f64 = 1e-30;

fn of_common<'a>(part: Part<'a>) -> Vec<Part<'a>> {
    match part {
        Part::Common(common) => parts(common.parts).collect(),
        other => vec![other],
    }
}

fn edges(parts: &[Part<'_>]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (owner, part) in parts.iter().enumerate() {
        match *part {
            // The sky has no edge.
            Part::Circle { chord, .. } if chord >= 2.0 => {}
            Part::Circle { centre, chord } | Part::Hole { centre, chord } => edges.push(Edge {
                centre,
                chord,
                owner,
            }),
            Part::Polygon(ring) => edges.extend(ring.edges().map(|(a, b)| Edge {
                centre: left_of(a, b),
                chord: QUARTER.sqrt(),
                owner,
            })),
            Part::Common(_) | Part::Drawn(_) => {}
        }
    }
    edges
}

/// The pole of a great circle, to the left of the arc.
pub(super) fn left_of(a: Vector, b: Vector) -> Vector {
    to_unit(cross(a, minus(b, a)))
}

fn to_unit(v: Vector) -> Vector {
    let length = dot(v, v).sqrt();
    [v[0] / length, v[1] / length, v[2] / length]
}

/// The two positions where circles cross; where they touch, or nearly so, both
/// are the position in between. None for circles around the same centre.
fn crossings(a: Edge, b: Edge) -> Option<[Vector; 2]> {
    // From the centre of the smaller one, in differences, so that tiny circles
    // keep their digits: up along the centre, along towards b, and across.
    if a.chord > b.chord {
        return crossings(b, a);
    }
    let towards = minus(b.centre, a.centre);
    let apart2 = dot(towards, towards);
    let flat2 = apart2 * (1.0 - apart2 / 4.0);
    if flat2 <= CONCENTRIC2 || flat2.is_nan() {
        return None;
    }
    let [a2, b2] = [a.chord, b.chord].map(square);
    let along = ((a2 - b2 + apart2) / 2.0 - a2 * apart2 / 4.0) / flat2;
    let rest = (a2 - a2 * a2 / 4.0) / flat2 - along * along;
    let aside = if rest > 0.0 { rest.sqrt() } else { 0.0 };
    let flat = plus(towards, apart2 / 2.0, a.centre);
    let foot = plus(scaled(a.centre, 1.0 - a2 / 2.0), along, flat);
    let across = cross(a.centre, towards);
    Some([aside, -aside].map(|aside| to_unit(plus(foot, aside, across))))
}

/// The square of a chord. Great circles are what they are said to be: where
/// two of them nearly coincide, a last digit would move their crossing far.
fn square(chord: f64) -> f64 {
    match chord == std::f64::consts::SQRT_2 {
        true => QUARTER,
        false => chord * chord,
    }
}

/// Any position on a circle.
fn some_on(edge: Edge) -> Vector {
    let aside = to_unit(perpendicular(edge.centre));
    let square = edge.chord * edge.chord;
    let foot = scaled(edge.centre, 1.0 - square / 2.0);
    to_unit(plus(foot, sine_of(edge.chord), aside))
}

/// The sine of the angle over a chord.
fn sine_of(chord: f64) -> f64 {
    let square = 1.0 - chord * chord / 4.0;
    if square > 0.0 {
        chord * square.sqrt()
    } else {
        0.0
    }
}

/// The positions of a circle that are nearest to an axis and furthest from it.
fn extremes(edge: Edge, axis: Vector) -> Option<[Vector; 2]> {
    let towards = minus(axis, edge.centre);
    let apart2 = dot(towards, towards);
    let flat2 = apart2 * (1.0 - apart2 / 4.0);
    if flat2 <= CONCENTRIC2 || flat2.is_nan() {
        return None;
    }
    let flat = plus(towards, apart2 / 2.0, edge.centre);
    let aside = sine_of(edge.chord) / flat2.sqrt();
    let foot = scaled(edge.centre, 1.0 - edge.chord * edge.chord / 2.0);
    Some([aside, -aside].map(|aside| to_unit(plus(foot, aside, flat))))
}

fn in_all(point: Vector, parts: &[Part<'_>]) -> bool {
    parts.iter().all(|&part| point_in_part(point, part))
}

/// Calls for each position that can bound what the parts have in common, until
/// one is what is looked for.
fn any_corner(parts: &[Part<'_>], wanted: &mut dyn FnMut(Vector) -> bool) -> bool {
    let edges = edges(parts);
    for part in parts {
        match *part {
            Part::Polygon(ring) if ring.vertices.iter().any(|&vertex| wanted(vertex)) => {
                return true;
            }
            Part::Circle { centre, chord } if chord == 0.0 && wanted(centre) => return true,
            _ => {}
        }
    }
    for (place, &edge) in edges.iter().enumerate() {
        if wanted(some_on(edge)) {
            return true;
        }
        for &other in edges.iter().skip(place + 1) {
            if edge.owner != other.owner
                && let Some(pair) = crossings(edge, other)
                && pair.into_iter().any(&mut *wanted)
            {
                return true;
            }
        }
    }
    false
}

/// The positions that bound what the parts have in common.
pub(super) fn corners(common: &[f64]) -> Vec<Vector> {
    let parts: Vec<Part<'_>> = parts(common).collect();
    let mut corners = Vec::new();
    any_corner(&parts, &mut |point| {
        if in_all(point, &parts) {
            corners.push(point);
        }
        false
    });
    corners
}

/// Whether two parts, of which at least one is what others have in common,
/// have a position in common.
pub(super) fn meets(a: Part<'_>, b: Part<'_>) -> bool {
    let mut all = of_common(a);
    all.extend(of_common(b));
    edges(&all).is_empty() || any_corner(&all, &mut |point| in_all(point, &all))
}

/// Whether what parts have in common lies in a circle, in a polygon, or outside
/// of a circle.
pub(super) fn lies_in(inner: Common<'_>, outer: Part<'_>) -> bool {
    let inner: Vec<Part<'_>> = parts(inner.parts).collect();
    let out = |point: Vector| in_all(point, &inner) && !point_in_part(point, outer);
    if any_corner(&inner, &mut { out }) {
        return false;
    }
    let axes = edges(&[outer]);
    let inner_edges = edges(&inner);
    for axis in &axes {
        let opposite = scaled(axis.centre, -1.0);
        if out(axis.centre) || out(opposite) {
            return false;
        }
        for &edge in &inner_edges {
            if extremes(edge, axis.centre).is_some_and(|pair| pair.into_iter().any(out)) {
                return false;
            }
        }
    }
    match outer {
        Part::Polygon(ring) if !ring.convex => !enters(ring, &inner, &inner_edges),
        Part::Circle { chord, .. } => chord >= 2.0 || !inner_edges.is_empty(),
        _ => !inner_edges.is_empty(),
    }
}

/// By so much the complements of discs are smaller than what these leave out:
/// the tolerance once for the discs and once for the complements, which are
/// granted it again; and a half, not to touch what touches the discs.
const SHRUNK: f64 = 2.5e-14;
/// At most so many parts of a union are looked at together.
const MAX_DISCS: usize = 64;

/// Whether a part that lies in no single one of the parts of a union lies in all
/// of them together, when these are circles and what is outside of circles:
/// then it has nothing in common with what is outside of all.
pub(super) fn lies_in_discs(inner: Part<'_>, outer: &[f64]) -> bool {
    let mut all = Vec::new();
    for part in drawn_parts(outer) {
        all.push(match part {
            Part::Circle { chord, .. } if chord >= 2.0 => return true,
            Part::Circle { centre, chord } => Part::Hole {
                centre,
                chord: chord + SHRUNK,
            },
            Part::Hole { centre, chord } if chord > SHRUNK => Part::Circle {
                centre,
                chord: chord - SHRUNK,
            },
            _ => return false,
        });
    }
    if all.len() < 2 || all.len() > MAX_DISCS {
        return false;
    }
    all.extend(of_common(inner));
    !any_corner(&all, &mut |point| in_all(point, &all))
}

/// Whether an edge of a polygon runs through the inside of what the parts have
/// in common: it is cut where it crosses their edges, and the middle of a piece
/// is inside.
fn enters(ring: Ring<'_>, inner: &[Part<'_>], inner_edges: &[Edge]) -> bool {
    ring.edges().any(|(a, b)| {
        let whole = Edge {
            centre: left_of(a, b),
            chord: QUARTER.sqrt(),
            owner: 0,
        };
        let mut cuts = vec![a, b];
        for &edge in inner_edges {
            let pair = crossings(whole, edge).into_iter().flatten();
            cuts.extend(pair.filter(|&point| {
                // Between a and b, which are less than half a turn apart.
                dot(cross(whole.centre, a), point) > 0.0 && dot(cross(whole.centre, b), point) < 0.0
            }));
        }
        cuts.iter().enumerate().any(|(place, &one)| {
            cuts.iter().skip(place + 1).any(|&other| {
                let middle = to_unit(plus(one, 1.0, other));
                inner.iter().all(|&part| well_inside(middle, part))
            })
        })
    })
}

/// Inside by more than the tolerance.
fn well_inside(point: Vector, part: Part<'_>) -> bool {
    match part {
        Part::Circle { chord, .. } if chord >= 2.0 => true,
        Part::Circle { centre, chord } => !circles::point_outside(point, centre, chord),
        Part::Hole { centre, chord } => !circles::point_in(point, centre, chord),
        Part::Polygon(ring) => winds_around(point, ring) && !on_edge(point, ring),
        Part::Common(_) | Part::Drawn(_) => false,
    }
}

/// Radians from a position outside of it to what parts have in common.
pub(super) fn gap(point: Vector, common: Common<'_>) -> f64 {
    let parts: Vec<Part<'_>> = parts(common.parts).collect();
    let mut least = std::f64::consts::PI;
    let mut nearer = |corner: Vector| {
        let apart = angle(point, corner);
        if apart < least && in_all(corner, &parts) {
            least = apart;
        }
        false
    };
    any_corner(&parts, &mut nearer);
    for edge in edges(&parts) {
        extremes(edge, point)
            .into_iter()
            .flatten()
            .for_each(|corner| {
                nearer(corner);
            });
    }
    least
}

/// The square of the chord to the furthest position of what parts have in
/// common, whose corners are known.
pub(super) fn reach2(from: Vector, common: &[f64], corners: &[Vector]) -> f64 {
    let parts: Vec<Part<'_>> = parts(common).collect();
    let opposite = scaled(from, -1.0);
    if in_all(opposite, &parts) {
        return 4.0;
    }
    let mut most = corners
        .iter()
        .fold(0.0, |most, &corner| f64::max(most, chord2(from, corner)));
    for edge in edges(&parts) {
        for corner in extremes(edge, from).into_iter().flatten() {
            if chord2(from, corner) > most && in_all(corner, &parts) {
                most = chord2(from, corner);
            }
        }
    }
    most
}
