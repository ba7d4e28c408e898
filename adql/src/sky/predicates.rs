//! Contains and intersects, on encoded shapes.
//!
//! Every function here has a twin in `migrations/postgres/sky_functions.sql`
//! with the same operations in the same order; change both or neither. Only
//! + − × ÷ and square roots, and no fused multiply-add.

use super::TOLERANCE;
use super::point::{Vector, chord2, cross, dot, minus, plus};
use super::shape::{Part, Ring, parts};

/// The square of the tolerance; written out, since the product would be rounded.
const NEAR2: f64 = 1e-28;
/// Below this squared sine from a great circle an arc is looked at closely.
const CLOSE2: f64 = 4e-28;

/// Whether a unit vector lies in a shape or on its edge.
pub fn point_in(point: &[f64; 3], shape: &[f64]) -> bool {
    parts(shape).any(|part| point_in_part(*point, part))
}

/// Whether two shapes have a point in common.
pub fn meets(a: &[f64], b: &[f64]) -> bool {
    parts(a).any(|a| parts(b).any(|b| parts_meet(a, b)))
}

/// Whether the first shape holds the second.
///
/// Every part of `inner` must lie in one part of `outer`: exact when no part of
/// `inner` lies across the seam between two parts of `outer`, else too strict.
/// An empty shape holds nothing and is held by nothing.
pub fn contains(outer: &[f64], inner: &[f64]) -> bool {
    let mut held = false;
    for inner in parts(inner) {
        if !parts(outer).any(|outer| part_contains(outer, inner)) {
            return false;
        }
        held = true;
    }
    held
}

fn point_in_part(point: Vector, part: Part<'_>) -> bool {
    match part {
        Part::Circle { centre, chord } => point_in_circle(point, centre, chord),
        Part::Polygon(ring) => point_in_ring(point, ring),
    }
}

fn parts_meet(a: Part<'_>, b: Part<'_>) -> bool {
    match (a, b) {
        (
            Part::Circle { centre, chord },
            Part::Circle {
                centre: other,
                chord: other_chord,
            },
        ) => circles_meet(centre, chord, other, other_chord),
        (Part::Circle { centre, chord }, Part::Polygon(ring))
        | (Part::Polygon(ring), Part::Circle { centre, chord }) => {
            circle_meets_ring(centre, chord, ring)
        }
        (Part::Polygon(a), Part::Polygon(b)) => rings_meet(a, b),
    }
}

fn part_contains(outer: Part<'_>, inner: Part<'_>) -> bool {
    match (outer, inner) {
        (
            Part::Circle { centre, chord },
            Part::Circle {
                centre: inner,
                chord: inner_chord,
            },
        ) => circle_in_circle(inner, inner_chord, centre, chord),
        (Part::Circle { centre, chord }, Part::Polygon(ring)) => {
            ring_in_circle(ring, centre, chord)
        }
        (Part::Polygon(ring), Part::Circle { centre, chord }) => {
            circle_in_ring(centre, chord, ring)
        }
        (Part::Polygon(outer), Part::Polygon(inner)) => ring_in_ring(inner, outer),
    }
}

fn point_in_circle(point: Vector, centre: Vector, chord: f64) -> bool {
    let reach = chord + TOLERANCE;
    chord2(point, centre) <= reach * reach
}

/// Which side of the great circle through a and b a point is on: positive to
/// the left. With `normal = a × b` the squared sine of the distance to that
/// circle is `side² / normal²`. Written in differences from a, so that small
/// polygons keep their digits.
fn side(a: Vector, normal: Vector, point: Vector) -> f64 {
    dot(normal, minus(point, a))
}

fn normal(a: Vector, b: Vector) -> Vector {
    cross(a, minus(b, a))
}

/// The squared chord from a point to the nearest point of the arc ab, an arc
/// shorter than half a turn.
pub(super) fn arc_chord2(point: Vector, a: Vector, b: Vector) -> f64 {
    let ab = minus(b, a);
    let ap = minus(point, a);
    let bp = minus(point, b);
    let (ab2, ap2, bp2) = (dot(ab, ab), dot(ap, ap), dot(bp, bp));
    // The foot of the point on the great circle is between a and b when it is
    // ahead of a and before b.
    if dot(ab, ap) - ab2 * ap2 / 4.0 > 0.0 && dot(ab, bp) + ab2 * bp2 / 4.0 < 0.0 {
        let n = cross(a, ab);
        let t = dot(n, ap);
        let sine2 = t * t / dot(n, n);
        if sine2 >= 1.0 {
            return 2.0;
        }
        return 2.0 * sine2 / (1.0 + (1.0 - sine2).sqrt());
    }
    if ap2 < bp2 { ap2 } else { bp2 }
}

/// Whether a polygon holds a point.
pub(super) fn point_in_ring(point: Vector, ring: Ring<'_>) -> bool {
    if ring.convex {
        let mut close = false;
        for (a, b) in ring.edges() {
            let n = normal(a, b);
            let t = side(a, n, point);
            if t < 0.0 {
                if t * t > NEAR2 * dot(n, n) {
                    return false;
                }
                close = true;
            }
        }
        // On all great circles or left of them, but perhaps beyond a corner.
        return !close || on_edge(point, ring);
    }
    winds_around(point, ring) || on_edge(point, ring)
}

fn on_edge(point: Vector, ring: Ring<'_>) -> bool {
    ring.edges().any(|(a, b)| arc_chord2(point, a, b) <= NEAR2)
}

/// Whether the polygon turns once to the left around a point.
///
/// Counts the edges that cross a half circle from the point to its antipode.
/// Around the antipode of an inner point the polygon turns to the right, so
/// the count's sign tells them apart.
fn winds_around(point: Vector, ring: Ring<'_>) -> bool {
    let across = perpendicular(point);
    let mut turns = 0;
    let mut height_a = None;
    for (a, b) in ring.edges() {
        let from = height_a.unwrap_or_else(|| dot(across, a));
        let to = dot(across, b);
        height_a = Some(to);
        let upward = from <= 0.0 && to > 0.0;
        let downward = from > 0.0 && to <= 0.0;
        if upward || downward {
            let n = normal(a, b);
            let t = side(a, n, point);
            if t * t <= NEAR2 * dot(n, n) {
                // The edge itself passes through the point, or its antipode.
                return dot(point, plus(a, 1.0, b)) > 0.0;
            }
            if upward && t > 0.0 {
                turns += 1;
            }
            if downward && t < 0.0 {
                turns -= 1;
            }
        }
    }
    turns == 1
}

/// A vector across the given one, not normalised.
fn perpendicular(v: Vector) -> Vector {
    let [x, y, z] = v;
    let (ax, ay, az) = (x.abs(), y.abs(), z.abs());
    if ax <= ay && ax <= az {
        [0.0, z, -y]
    } else if ay <= az {
        [-z, 0.0, x]
    } else {
        [y, -x, 0.0]
    }
}

/// The cosine of half the angle of a chord.
fn half_cosine(chord: f64) -> f64 {
    let square = 1.0 - chord * chord / 4.0;
    if square > 0.0 { square.sqrt() } else { 0.0 }
}

fn circles_meet(a: Vector, chord_a: f64, b: Vector, chord_b: f64) -> bool {
    if chord_a * chord_a + chord_b * chord_b >= 4.0 {
        // The radii add up to 180° or more.
        return true;
    }
    let reach = chord_a * half_cosine(chord_b) + chord_b * half_cosine(chord_a) + TOLERANCE;
    chord2(a, b) <= reach * reach
}

fn circle_in_circle(inner: Vector, inner_chord: f64, outer: Vector, outer_chord: f64) -> bool {
    if outer_chord >= 2.0 {
        return true;
    }
    let reach =
        outer_chord * half_cosine(inner_chord) - inner_chord * half_cosine(outer_chord) + TOLERANCE;
    reach >= 0.0 && chord2(inner, outer) <= reach * reach
}

fn circle_meets_ring(centre: Vector, chord: f64, ring: Ring<'_>) -> bool {
    let reach = chord + TOLERANCE;
    let reach2 = reach * reach;
    if ring.convex {
        let mut outside = false;
        for (a, b) in ring.edges() {
            let n = normal(a, b);
            let t = side(a, n, centre);
            if t < 0.0 {
                // A sine is below its chord: the polygon's side of this great
                // circle is out of reach.
                if t * t > reach2 * dot(n, n) {
                    return false;
                }
                outside = true;
            }
        }
        if !outside {
            return true;
        }
    }
    let in_reach = |(a, b)| arc_chord2(centre, a, b) <= reach2;
    ring.edges().any(in_reach) || (!ring.convex && winds_around(centre, ring))
}

fn circle_in_ring(centre: Vector, chord: f64, ring: Ring<'_>) -> bool {
    if !point_in_ring(centre, ring) {
        return false;
    }
    if chord <= TOLERANCE {
        return true;
    }
    let reach = chord - TOLERANCE;
    let reach2 = reach * reach;
    ring.edges()
        .all(|(a, b)| arc_chord2(centre, a, b) >= reach2)
}

fn ring_in_circle(ring: Ring<'_>, centre: Vector, chord: f64) -> bool {
    if chord >= 2.0 {
        return true;
    }
    if !ring
        .vertices
        .iter()
        .all(|&vertex| point_in_circle(vertex, centre, chord))
    {
        return false;
    }
    if chord * chord <= 2.0 {
        // A circle up to a hemisphere holds the arcs between its points.
        return true;
    }
    // Else look from the other side: the rest of the sky is a circle too, and
    // the polygon must stay out of it.
    let antipode = [-centre[0], -centre[1], -centre[2]];
    let rest = (4.0 - chord * chord).sqrt() - TOLERANCE;
    if rest <= 0.0 {
        return true;
    }
    let rest2 = rest * rest;
    ring.edges()
        .all(|(a, b)| arc_chord2(antipode, a, b) >= rest2)
        && !point_in_ring(antipode, ring)
}

/// Whether the arcs ab and cd cross at an inner point of both. With `margin2`
/// above zero the ends must also be further than that (a squared sine) from
/// the other arc's great circle.
fn arcs_cross(a: Vector, b: Vector, c: Vector, d: Vector, margin2: f64) -> bool {
    let n = normal(a, b);
    let (tc, td) = (side(a, n, c), side(a, n, d));
    if !((tc < 0.0 && td > 0.0) || (tc > 0.0 && td < 0.0)) {
        return false;
    }
    let m = normal(c, d);
    let (ta, tb) = (side(c, m, a), side(c, m, b));
    if !((tc < 0.0 && ta > 0.0 && tb < 0.0) || (tc > 0.0 && ta < 0.0 && tb > 0.0)) {
        return false;
    }
    if margin2 <= 0.0 {
        return true;
    }
    let (n2, m2) = (margin2 * dot(n, n), margin2 * dot(m, m));
    tc * tc > n2 && td * td > n2 && ta * ta > m2 && tb * tb > m2
}

/// Whether all vertices of a polygon are beyond one great circle, by more than
/// the tolerance.
fn all_beyond(a: Vector, b: Vector, ring: Ring<'_>) -> bool {
    let n = normal(a, b);
    let limit = NEAR2 * dot(n, n);
    for &vertex in ring.vertices {
        let t = side(a, n, vertex);
        if t >= 0.0 || t * t <= limit {
            return false;
        }
    }
    true
}

fn rings_meet(a: Ring<'_>, b: Ring<'_>) -> bool {
    // Most pairs that do not meet are told apart by an edge of one of them.
    if a.convex && a.edges().any(|(p, q)| all_beyond(p, q, b)) {
        return false;
    }
    if b.convex && b.edges().any(|(p, q)| all_beyond(p, q, a)) {
        return false;
    }
    let (Some(&first_a), Some(&first_b)) = (a.vertices.first(), b.vertices.first()) else {
        return false;
    };
    if point_in_ring(first_b, a) || point_in_ring(first_a, b) {
        return true;
    }
    a.edges().any(|(p, q)| {
        let n = normal(p, q);
        let limit = CLOSE2 * dot(n, n);
        b.edges().any(|(c, d)| {
            // Arcs with both ends well on one side of the edge do not touch it.
            let (tc, td) = (side(p, n, c), side(p, n, d));
            let apart = ((tc > 0.0 && td > 0.0) || (tc < 0.0 && td < 0.0))
                && tc * tc > limit
                && td * td > limit;
            !apart
                && (arcs_cross(p, q, c, d, 0.0)
                    || arc_chord2(d, p, q) <= NEAR2
                    || arc_chord2(c, p, q) <= NEAR2
                    || arc_chord2(p, c, d) <= NEAR2
                    || arc_chord2(q, c, d) <= NEAR2)
        })
    })
}

fn ring_in_ring(inner: Ring<'_>, outer: Ring<'_>) -> bool {
    if !inner
        .vertices
        .iter()
        .all(|&vertex| point_in_ring(vertex, outer))
    {
        return false;
    }
    if outer.convex {
        return true;
    }
    // No edge may leave through an edge, ...
    for (a, b) in inner.edges() {
        for (c, d) in outer.edges() {
            if arcs_cross(a, b, c, d, NEAR2) {
                return false;
            }
        }
        // ... nor between two vertices that it touches, ...
        let sum = plus(a, 1.0, b);
        let length = dot(sum, sum).sqrt();
        let middle = [sum[0] / length, sum[1] / length, sum[2] / length];
        if !point_in_ring(middle, outer) {
            return false;
        }
    }
    // ... nor may a bay of the outer one reach into the inner one.
    !outer
        .vertices
        .iter()
        .any(|&vertex| point_in_ring(vertex, inner) && !on_edge(vertex, inner))
}

#[cfg(test)]
mod tests {
    use crate::sky::{Region, contains, meets};

    fn shape(text: &str) -> Vec<f64> {
        Region::parse(text).unwrap().shape().0
    }

    fn check(a: &str, b: &str, meet: bool, a_holds_b: bool, b_holds_a: bool) {
        let (x, y) = (shape(a), shape(b));
        assert_eq!(meets(&x, &y), meet, "{a} meets {b}");
        assert_eq!(meets(&y, &x), meet, "{b} meets {a}");
        assert_eq!(contains(&x, &y), a_holds_b, "{a} holds {b}");
        assert_eq!(contains(&y, &x), b_holds_a, "{b} holds {a}");
    }

    const SQUARE: &str = "polygon 10 -1 12 -1 12 1 10 1";
    /// A square of 6° with a bay from the north, 2° wide and 4° deep.
    const BAY: &str = "polygon 30 0 36 0 36 6 34 6 34 2 32 2 32 6 30 6";

    #[test]
    fn points() {
        check("circle 1 2 0", "circle 1 2 0", true, true, true);
        check(SQUARE, "position 11 0", true, true, false);
        check(SQUARE, "position 12 -1", true, true, false);
        check(SQUARE, "position 10 0", true, true, false);
        check(SQUARE, "position 10 1.0000001", false, false, false);
        check(SQUARE, "position 191 0", false, false, false);
        check(BAY, "position 33 5", false, false, false);
        check(BAY, "position 33 1", true, true, false);
        check(BAY, "position 34 4", true, true, false);
        check(BAY, "position 31 5", true, true, false);
        check(BAY, "position 213 -1", false, false, false);
    }

    #[test]
    fn circles() {
        check("circle 0 0 1", "circle 2 0 1", true, false, false);
        check("circle 0 0 1", "circle 2.001 0 1", false, false, false);
        check("circle 0 0 3", "circle 2 0 1", true, true, false);
        check("circle 0 90 100", "circle 0 -90 80", true, false, false);
        check("circle 0 90 100", "circle 0 -90 79.9", false, false, false);
        check("circle 0 0 180", "circle 77 5 179", true, true, false);
        check("circle 0 0 170", "circle 5 0 165", true, true, false);
    }

    #[test]
    fn circles_and_polygons() {
        check(SQUARE, "circle 11 0 0.9", true, true, false);
        check(SQUARE, "circle 11 0 1.1", true, false, false);
        check(SQUARE, "circle 11 0 2", true, false, true);
        check(SQUARE, "circle 14 0 2", true, false, false);
        check(SQUARE, "circle 14 0 1.9", false, false, false);
        check(SQUARE, "circle 191 0 175", false, false, false);
        check(SQUARE, "circle 191 0 179.5", true, false, false);
        check(SQUARE, "circle 101 0 100", true, false, true);
        check(BAY, "circle 33 4.5 0.9", false, false, false);
        check(BAY, "circle 33 4.5 1.1", true, false, false);
        check(BAY, "circle 33 1 0.9", true, true, false);
    }

    #[test]
    fn polygons() {
        check(SQUARE, SQUARE, true, true, true);
        check(BAY, BAY, true, true, true);
        check(SQUARE, "polygon 12 -1 14 -1 14 1 12 1", true, false, false);
        check(SQUARE, "polygon 12 1 14 1 14 3 12 3", true, false, false);
        check(
            SQUARE,
            "polygon 12.001 -1 14 -1 14 1 12.001 1",
            false,
            false,
            false,
        );
        check(
            SQUARE,
            "polygon 10.5 -.5 11.5 -.5 11.5 .5 10.5 .5",
            true,
            true,
            false,
        );
        check(
            SQUARE,
            "polygon 9 -.1 13 -.1 13 .1 9 .1",
            true,
            false,
            false,
        );
        check(
            SQUARE,
            "polygon 190 -1 192 -1 192 1 190 1",
            false,
            false,
            false,
        );
        check(
            BAY,
            "polygon 32.5 3 33.5 3 33.5 5 32.5 5",
            false,
            false,
            false,
        );
        check(BAY, "polygon 31 4 35 4 35 5 31 5", true, false, false);
        check(BAY, "polygon 32 2 34 2 34 6 32 6", true, false, false);
        check(BAY, "polygon 30 0 36 0 36 1.9 30 1.9", true, true, false);
        check(BAY, "polygon 29 -1 37 -1 37 7 29 7", true, false, true);
    }

    #[test]
    fn unions() {
        let two = "union (circle 0 0 1 circle 5 0 1)";
        check(two, "circle 5 0 0.5", true, true, false);
        check(
            two,
            "union (circle 5 0 .5 circle 0 0 .5)",
            true,
            true,
            false,
        );
        check(
            two,
            "union (circle 5 0 .5 circle 2.5 0 .5)",
            true,
            false,
            false,
        );
        check(two, "circle 2.5 0 .5", false, false, false);
        assert!(!meets(&[], &shape(two)) && !contains(&shape(two), &[]));
    }

    #[test]
    fn no_list_of_numbers_fails() {
        for odd in [
            &[0.0][..],
            &[1.0, 2.0],
            &[f64::NAN],
            &[-3.0, 1.0],
            &[1e300, 0.0],
            &[3.0, f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        ] {
            meets(odd, &shape(SQUARE));
            meets(&shape(SQUARE), odd);
            contains(odd, &shape(BAY));
            contains(&shape(BAY), odd);
        }
    }
}
