//! From a list of vertices to a simple polygon that turns to the left.

use super::TOLERANCE;
use super::point::{Vector, chord2, cross, dot, minus, normalized, plus};
use super::region::RegionError;

/// More vertices than this are refused: looking for crossings compares all
/// pairs of edges.
const MAX_VERTICES: usize = 5_000;

/// A checked polygon: simple, counter-clockwise seen from outside, within an
/// open hemisphere.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Polygon {
    pub vertices: Vec<Vector>,
    pub convex: bool,
}

impl Polygon {
    /// Takes the vertices in either direction (the smaller side is meant),
    /// closed or open, with repeated ones.
    ///
    /// # Errors
    ///
    /// Fewer than three distinct vertices, edges that cross, vertices that no
    /// hemisphere holds, no area.
    pub fn new(vertices: impl IntoIterator<Item = Vector>) -> Result<Polygon, RegionError> {
        let mut ring: Vec<Vector> = Vec::new();
        for vertex in vertices {
            if ring.last().is_none_or(|&last| distinct(last, vertex)) {
                ring.push(vertex);
            }
        }
        while let [first, .., last] = ring[..]
            && !distinct(first, last)
        {
            ring.pop();
        }
        if ring.len() < 3 {
            return Err(RegionError::new(format!(
                "a polygon needs at least 3 distinct vertices, not {}",
                ring.len()
            )));
        }
        if ring.len() > MAX_VERTICES {
            return Err(RegionError::new(format!(
                "a polygon may have {MAX_VERTICES} vertices, not {}",
                ring.len()
            )));
        }
        let Some(centre) = hemisphere(&ring) else {
            return Err(RegionError::new(
                "the polygon does not fit into a hemisphere; cut it into smaller ones",
            ));
        };
        if let Some((first, second)) = crossing(&ring) {
            return Err(RegionError::new(format!(
                "the polygon's edges {first} and {second} cross"
            )));
        }
        let (turning, extent) = turning(&ring, centre);
        if turning.abs() <= 4e-16 * extent {
            return Err(RegionError::new(
                "the polygon has no area: its vertices lie on one great circle",
            ));
        }
        if turning < 0.0 {
            ring.reverse();
        }
        let convex = is_convex(&ring);
        Ok(Polygon {
            vertices: ring,
            convex,
        })
    }
}

fn distinct(a: Vector, b: Vector) -> bool {
    chord2(a, b) > TOLERANCE * TOLERANCE
}

/// The centre of a hemisphere that holds all vertices in its interior.
fn hemisphere(ring: &[Vector]) -> Option<Vector> {
    let sum = ring.iter().fold([0.0; 3], |sum, &v| plus(sum, 1.0, v));
    let mut centre = if dot(sum, sum) > 1e-12 {
        normalized(sum)
    } else {
        ring.first().copied()?
    };
    // The perceptron: turn towards the vertex that is furthest outside. It ends
    // when there is a hemisphere; the bound is for when there is none.
    for _ in 0..2_000 {
        let worst = ring
            .iter()
            .copied()
            .min_by(|&a, &b| dot(a, centre).total_cmp(&dot(b, centre)))?;
        let depth = dot(worst, centre);
        if depth > 1e-9 {
            return Some(centre);
        }
        let turned = plus(centre, 1e-3 - depth, worst);
        if dot(turned, turned) < 1e-12 {
            return None;
        }
        centre = normalized(turned);
    }
    None
}

/// The numbers (from 1) of two edges that cross at an inner point of both.
fn crossing(ring: &[Vector]) -> Option<(usize, usize)> {
    let edge = |i: usize| Some((*ring.get(i)?, *ring.get((i + 1) % ring.len())?));
    for i in 0..ring.len() {
        let (a, b) = edge(i)?;
        let n = cross(a, minus(b, a));
        for j in i + 2..ring.len() {
            if i == 0 && j + 1 == ring.len() {
                continue;
            }
            let (c, d) = edge(j)?;
            let (tc, td) = (dot(n, minus(c, a)), dot(n, minus(d, a)));
            if tc * td >= 0.0 {
                continue;
            }
            let m = cross(c, minus(d, c));
            let (ta, tb) = (dot(m, minus(a, c)), dot(m, minus(b, c)));
            // Opposite signs of tc and ta: else the arcs cross each other's
            // great circle on opposite sides of the sphere.
            if ta * tb < 0.0
                && tc * ta < 0.0
                && [tc, td].iter().all(|t| t * t > 1e-28 * dot(n, n))
                && [ta, tb].iter().all(|t| t * t > 1e-28 * dot(m, m))
            {
                return Some((i + 1, j + 1));
            }
        }
    }
    None
}

/// Twice the signed area of the polygon seen from `centre` (in the gnomonic
/// plane, where arcs are straight), positive when it turns to the left; and the
/// size of what was summed, to judge the sum by.
fn turning(ring: &[Vector], centre: Vector) -> (f64, f64) {
    let project = |v: Vector| {
        let depth = dot(v, centre);
        [v[0] / depth, v[1] / depth, v[2] / depth]
    };
    let Some(&origin) = ring.first() else {
        return (0.0, 0.0);
    };
    let origin = project(origin);
    let from_origin: Vec<Vector> = ring.iter().map(|&v| minus(project(v), origin)).collect();
    let (mut sum, mut extent) = (0.0, 0.0);
    for pair in from_origin.windows(2) {
        if let &[a, b] = pair {
            sum += dot(centre, cross(a, b));
            extent = f64::max(extent, dot(b, b));
        }
    }
    (sum, extent.sqrt())
}

pub(super) fn is_convex(ring: &[Vector]) -> bool {
    let count = ring.len();
    let turns_right = |i: usize| {
        let (Some(&a), Some(&b), Some(&c)) = (
            ring.get(i),
            ring.get((i + 1) % count),
            ring.get((i + 2) % count),
        ) else {
            return true;
        };
        is_right_of(a, b, c)
    };
    if (0..count).any(turns_right) {
        return false;
    }
    // Tiny turns may add up: every vertex is compared with every edge.
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .all(|(&a, &b)| !ring.iter().any(|&c| is_right_of(a, b, c)))
}

/// To the right of an arc by more than a quarter of the tolerance.
fn is_right_of(a: Vector, b: Vector, c: Vector) -> bool {
    let n = cross(a, minus(b, a));
    let t = dot(n, minus(c, a));
    t < 0.0 && t * t > 6.25e-30 * dot(n, n)
}
