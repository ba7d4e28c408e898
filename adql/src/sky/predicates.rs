//! Contains and intersects, on encoded shapes.
//!
//! Every function here has a twin in `migrations/postgres/sky_functions.sql` or
//! `sky_parts.sql` with the same operations in the same order; change both or
//! neither. Only + − × ÷ and square roots, and no fused multiply-add; but the
//! cell of a position needs a sine.

use super::footprint::{POSITION_ORDER, cell};
use super::point::{Vector, cross, dot, minus, plus, scaled};
use super::shape::{Exact, Part, Ring, drawn_parts, parts};
use super::{TOLERANCE, circles, common};

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
    match (position(a), position(b)) {
        (Some(point), _) => point_in(&point, b),
        (_, Some(point)) => point_in(&point, a),
        _ => drawn_parts(a).any(|a| drawn_parts(b).any(|b| parts_meet(a, b))),
    }
}

/// Whether the first shape holds the second.
///
/// Every part of `inner` must lie in one part of `outer`, or in all of them
/// together when these are circles and what is outside of circles, as the
/// complement of a convex polygon is. So a part that lies across the seam
/// between two *polygons* of `outer` is said not to be held.
/// An empty shape holds nothing and is held by nothing.
pub fn contains(outer: &[f64], inner: &[f64]) -> bool {
    if let Some(point) = position(inner) {
        return point_in(&point, outer);
    }
    let mut held = false;
    for inner in drawn_parts(inner) {
        if !drawn_parts(outer).any(|outer| part_contains(outer, inner))
            && !common::lies_in_discs(inner, outer)
        {
            return false;
        }
        held = true;
    }
    held
}

/// A shape that is a single position.
fn position(shape: &[f64]) -> Option<Vector> {
    match *shape {
        [0.0, x, y, z, 0.0] => Some([x, y, z]),
        _ => None,
    }
}

pub(super) fn point_in_part(point: Vector, part: Part<'_>) -> bool {
    match part {
        Part::Circle { centre, chord } => circles::point_in(point, centre, chord),
        Part::Hole { centre, chord } => circles::point_outside(point, centre, chord),
        Part::Polygon(ring) => point_in_ring(point, ring),
        Part::Common(common) => parts(common.parts).all(|part| point_in_part(point, part)),
        Part::Drawn(drawn) => match drawn.exact {
            Exact::Cells(ranges) => in_cells(point, ranges),
            Exact::Ellipse { centre, u, w } => in_ellipse(point, centre, u, w),
        },
    }
}

/// Cells have no tolerance: a position is in one of them and in no other.
fn in_cells(point: Vector, ranges: &[[f64; 4]]) -> bool {
    let number = cell(point, POSITION_ORDER);
    let (high, low) = ((number >> 32) as f64, (number & 0xffff_ffff) as f64);
    let after = |[a, b]: [f64; 2]| a < high || (a == high && b <= low);
    ranges
        .iter()
        .any(|&[a, b, c, d]| after([a, b]) && !after([c, d]))
}

fn in_ellipse(point: Vector, centre: Vector, u: Vector, w: Vector) -> bool {
    let depth = dot(centre, point);
    if depth <= 0.0 {
        return false;
    }
    // Both axes are across the centre; so that tiny ellipses keep their digits.
    let from = minus(point, centre);
    let (along, across) = (dot(u, from), dot(w, from));
    let over = along * along + across * across - depth * depth;
    if over <= 0.0 {
        return true;
    }
    // The distance to the edge is what is over by half of its slope.
    let slope = plus(plus(scaled(u, along), across, w), -depth, centre);
    over * over <= 4.0 * NEAR2 * dot(slope, slope)
}

pub(super) fn parts_meet(a: Part<'_>, b: Part<'_>) -> bool {
    use Part::{Circle, Common, Drawn, Hole, Polygon};
    match (a, b) {
        (Common(_), _) | (_, Common(_)) => common::meets(a, b),
        (Drawn(_), _) | (_, Drawn(_)) => false,
        (Hole { .. }, Hole { .. }) => true,
        (
            Circle { centre, chord },
            Circle {
                centre: c,
                chord: d,
            },
        ) => circles::meet(centre, chord, c, d),
        (
            Circle { centre, chord },
            Hole {
                centre: c,
                chord: d,
            },
        )
        | (
            Hole {
                centre: c,
                chord: d,
            },
            Circle { centre, chord },
        ) => chord >= 2.0 || !circles::well_in(centre, chord, c, d),
        (Circle { centre, chord }, Polygon(ring)) | (Polygon(ring), Circle { centre, chord }) => {
            circle_meets_ring(centre, chord, ring)
        }
        (Hole { centre, chord }, Polygon(ring)) | (Polygon(ring), Hole { centre, chord }) => {
            let outside = |&vertex: &Vector| circles::point_outside(vertex, centre, chord);
            ring.vertices.iter().any(outside)
        }
        (Polygon(a), Polygon(b)) => rings_meet(a, b),
    }
}

pub(super) fn part_contains(outer: Part<'_>, inner: Part<'_>) -> bool {
    use Part::{Circle, Common, Drawn, Hole, Polygon};
    match (outer, inner) {
        (Common(outer), _) => parts(outer.parts).all(|outer| part_contains(outer, inner)),
        (_, Common(inner)) => common::lies_in(inner, outer),
        (Drawn(_), _) | (_, Drawn(_)) => false,
        (
            Circle { centre, chord },
            Circle {
                centre: c,
                chord: d,
            },
        ) => circles::circle_in(c, d, centre, chord),
        // What is outside of a circle lies in another when the rest of that one
        // lies in the first.
        (
            Circle { centre, chord },
            Hole {
                centre: c,
                chord: d,
            },
        ) => chord >= 2.0 || circles::circle_in(scaled(centre, -1.0), rest_of(chord), c, d),
        (
            Hole { centre, chord },
            Circle {
                centre: c,
                chord: d,
            },
        ) => d < 2.0 && !circles::well_meet(centre, chord, c, d),
        (
            Hole { centre, chord },
            Hole {
                centre: c,
                chord: d,
            },
        ) => circles::circle_in(centre, chord, c, d),
        (Circle { centre, chord }, Polygon(ring)) => ring_in_circle(ring, centre, chord),
        (Hole { centre, chord }, Polygon(ring)) => ring_outside_circle(ring, centre, chord),
        (Polygon(ring), Circle { centre, chord }) => circle_in_ring(centre, chord, ring),
        // A polygon is within an open hemisphere.
        (Polygon(_), Hole { .. }) => false,
        (Polygon(outer), Polygon(inner)) => ring_in_ring(inner, outer),
    }
}

/// The chord of the rest of the sky, a circle round the opposite position.
fn rest_of(chord: f64) -> f64 {
    let square = 4.0 - chord * chord;
    if square > 0.0 { square.sqrt() } else { 0.0 }
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

pub(super) fn on_edge(point: Vector, ring: Ring<'_>) -> bool {
    ring.edges().any(|(a, b)| arc_chord2(point, a, b) <= NEAR2)
}

/// Whether the polygon turns once to the left around a point.
///
/// Counts the edges that cross a half circle from the point to its antipode.
/// Around the antipode of an inner point the polygon turns to the right, so
/// the count's sign tells them apart.
pub(super) fn winds_around(point: Vector, ring: Ring<'_>) -> bool {
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
            let ahead = if t * t <= NEAR2 * dot(n, n) {
                if arc_chord2(point, a, b) <= NEAR2 {
                    return true;
                }
                // The edge lies along the half circle, or along the one
                // opposite: the side on which it crosses is all rounding.
                dot(cross(across, point), plus(a, 1.0, b)) > 0.0
            } else {
                (t > 0.0) == upward
            };
            if ahead {
                turns += if upward { 1 } else { -1 };
            }
        }
    }
    turns == 1
}

/// A vector across the given one, not normalised.
pub(super) fn perpendicular(v: Vector) -> Vector {
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
        .all(|&vertex| circles::point_in(vertex, centre, chord))
    {
        return false;
    }
    if chord * chord <= 2.0 {
        // A circle up to a hemisphere holds the arcs between its points.
        return true;
    }
    // Else look from the other side: the rest of the sky is a circle too, and
    // the polygon must stay out of it.
    ring_outside_circle(ring, scaled(centre, -1.0), rest_of(chord))
}

fn ring_outside_circle(ring: Ring<'_>, centre: Vector, chord: f64) -> bool {
    let reach = chord - TOLERANCE;
    if reach <= 0.0 {
        return true;
    }
    let reach2 = reach * reach;
    ring.edges()
        .all(|(a, b)| arc_chord2(centre, a, b) >= reach2)
        && !point_in_ring(centre, ring)
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
#[path = "predicates_tests.rs"]
mod tests;
