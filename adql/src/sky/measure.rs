//! How large a region is, where its middle is, the circles round and in it.

use super::common::reach2;
use super::point::{
    Vector, angle, angle_of, chord_above, chord_of, chord2, cross, dot, minus, normalized, plus,
    within,
};
use super::polygon::Polygon;
use super::predicates::{arc_chord2, point_in_ring};
use super::region::{Region, RegionPart};
use super::shape::Ring;

/// A circle on the sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cap {
    /// The unit vector of the centre.
    pub centre: [f64; 3],
    /// 2·sin(radius/2); 2 for the whole sky.
    pub chord: f64,
}

/// The great circles of a convex polygon's edges.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edges {
    /// Unit vectors to the left of each edge, where the polygon is.
    pub normals: Vec<[f64; 3]>,
    /// More than rounding and the tolerance of the predicates do to the product
    /// of one of them with a unit vector.
    pub margin: f64,
}

/// Not worth more: the rest is left to the predicates.
const MAX_EDGES: usize = 12;
/// The direction of a shorter edge says too little (radians).
const SHORTEST_EDGE: f64 = 1e-6;

impl Region {
    /// The edges of a convex polygon; none where there are too many of them, or
    /// one is too short.
    pub(crate) fn edges(&self) -> Option<Edges> {
        let [RegionPart::Polygon(polygon)] = &self.parts[..] else {
            return None;
        };
        if !polygon.convex || polygon.vertices.len() > MAX_EDGES {
            return None;
        }
        let edges = || polygon.ring().edges();
        let shortest = edges().fold(f64::INFINITY, |least, (a, b)| {
            f64::min(least, chord2(a, b).sqrt())
        });
        (shortest > SHORTEST_EDGE).then(|| Edges {
            normals: edges()
                .map(|(a, b)| normalized(cross(a, minus(b, a))))
                .collect(),
            margin: 1e-13 + 8.0 * f64::EPSILON / shortest,
        })
    }

    /// A circle that holds the region, rounded up; within some percent the
    /// smallest. A region wider than a hemisphere may get the whole sky.
    pub fn bounding_cap(&self) -> Cap {
        let centre = middle(&self.parts, 48);
        Cap {
            centre,
            chord: rounded_up(reach(centre, &self.parts)),
        }
    }

    /// A circle inside the region (inside its part that is widest), rounded
    /// down; of chord 0 where there is none. Its centre is a point of the region.
    pub fn inscribed_cap(&self) -> Cap {
        let caps = self.parts.iter().map(|part| {
            let centre = inner_point(part);
            Cap {
                centre,
                chord: inset(centre, part),
            }
        });
        caps.max_by(|a, b| a.chord.total_cmp(&b.chord))
            .unwrap_or(Cap {
                centre: [0.0, 0.0, 1.0],
                chord: 0.0,
            })
    }
}

impl Polygon {
    pub(super) fn ring(&self) -> Ring<'_> {
        Ring {
            vertices: &self.vertices,
            convex: self.convex,
        }
    }
}

impl RegionPart {
    /// How many edges there are.
    pub(super) fn edges(&self) -> usize {
        match self {
            RegionPart::Circle { .. } | RegionPart::Wide { .. } => 1,
            RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => {
                polygon.vertices.len()
            }
            RegionPart::Common(common) => common.edges(),
        }
    }

    /// Whether the part may have positions within some radians of a point.
    pub(super) fn near(&self, point: Vector, radians: f64) -> bool {
        match self {
            RegionPart::Circle { centre, chord } => {
                within(point, *centre, angle_of(*chord) + radians)
            }
            RegionPart::Wide { centre, rest } => {
                let radius = std::f64::consts::PI - angle_of(*rest);
                within(point, *centre, radius + radians)
            }
            RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => {
                let ring = polygon.ring();
                let reach = chord_above(radians);
                let close = |(a, b)| arc_chord2(point, a, b) <= reach * reach;
                point_in_ring(point, ring) || ring.edges().any(close)
            }
            RegionPart::Common(common) => common.near(point, radians),
        }
    }

    /// Whether the part has positions that are further than some radians from a
    /// point; it may have some where this says no.
    pub(super) fn beyond(&self, point: Vector, radians: f64) -> bool {
        let far = |&position: &Vector| !within(point, position, radians);
        match self {
            RegionPart::Circle { centre, chord } => {
                !within(point, *centre, radians - angle_of(*chord))
            }
            RegionPart::Wide { centre, .. } => !within(point, *centre, radians),
            RegionPart::Polygon(polygon) => polygon.vertices.iter().any(far),
            // Its corners are outside of what it is drawn around.
            RegionPart::Drawn { polygon, margin } => {
                let far = |&vertex: &Vector| !within(point, vertex, radians + margin);
                polygon.vertices.iter().any(far)
            }
            RegionPart::Common(common) => common.corners.iter().any(far),
        }
    }
}

/// A circle that holds a part.
pub(super) fn part_bound(part: &RegionPart) -> Cap {
    let centre = middle(std::slice::from_ref(part), 12);
    Cap {
        centre,
        chord: rounded_up(part_reach(centre, part)),
    }
}

/// More than rounding and the tolerance of the predicates can add.
pub(super) fn rounded_up(chord: f64) -> f64 {
    (chord * (1.0 + 8.0 * f64::EPSILON) + 4e-14).min(2.0)
}

fn rounded_down(chord: f64) -> f64 {
    (chord * (1.0 - 8.0 * f64::EPSILON) - 4e-14).max(0.0)
}

/// The vertices, and the centres of circles.
fn anchors(part: &RegionPart) -> &[Vector] {
    match part {
        RegionPart::Circle { centre, .. } | RegionPart::Wide { centre, .. } => {
            std::slice::from_ref(centre)
        }
        RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => &polygon.vertices,
        RegionPart::Common(common) => &common.corners,
    }
}

/// The chord from a point to the furthest point of a part; the whole sky where
/// vertices beyond 90° say too little about the edges between them.
fn part_reach(from: Vector, part: &RegionPart) -> f64 {
    match part {
        RegionPart::Circle { centre, chord } => {
            let between = chord2(from, *centre).sqrt();
            if between * between + chord * chord >= 4.0 {
                return 2.0;
            }
            let half_cosine = |c: f64| (1.0 - c * c / 4.0).max(0.0).sqrt();
            between * half_cosine(*chord) + chord * half_cosine(between)
        }
        RegionPart::Wide { centre, rest } => {
            // How far the position's antipode is within the rest of the sky.
            let depth = angle_of(*rest) - angle(from, *centre);
            match depth > 0.05 {
                true => chord_of(std::f64::consts::PI - depth),
                // A chord so near to 2 has no digits left for its angle.
                false => 2.0,
            }
        }
        RegionPart::Common(common) => {
            let reach = reach2(from, &common.parts, &common.corners).sqrt();
            // Corners of edges that nearly touch are known to no more digits.
            if reach > 1.999 { 2.0 } else { reach + 1e-7 }
        }
        RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => {
            let furthest = polygon
                .vertices
                .iter()
                .fold(0.0, |most, &v| f64::max(most, chord2(from, v)));
            if furthest > 2.0 - 1e-9 {
                2.0
            } else {
                furthest.sqrt()
            }
        }
    }
}

pub(super) fn reach(from: Vector, parts: &[RegionPart]) -> f64 {
    parts
        .iter()
        .fold(0.0, |most, part| f64::max(most, part_reach(from, part)))
}

/// A point from which the furthest point is nearly as near as can be: the mean,
/// then `steps` steps towards what is furthest (Bădoiu and Clarkson 2003).
fn middle(parts: &[RegionPart], steps: u32) -> Vector {
    let anchors_of_all = || parts.iter().flat_map(anchors);
    let sum = anchors_of_all().fold([0.0; 3], |sum, &v| plus(sum, 1.0, v));
    let first = anchors_of_all().next().copied().unwrap_or([0.0, 0.0, 1.0]);
    let mut centre = if dot(sum, sum) > 1e-12 {
        normalized(sum)
    } else {
        first
    };
    let (mut best, mut least) = (centre, f64::INFINITY);
    for step in 0..=steps {
        let (mut furthest, mut most) = (first, -1.0);
        for part in parts {
            let part_reach = part_reach(centre, part);
            if part_reach > most {
                most = part_reach;
                furthest = anchors(part)
                    .iter()
                    .copied()
                    .max_by(|&a, &b| chord2(centre, a).total_cmp(&chord2(centre, b)))
                    .unwrap_or(first);
            }
        }
        if most < least {
            (best, least) = (centre, most);
        }
        let towards = minus(furthest, centre);
        let moved = plus(centre, 1.0 / f64::from(step + 3), towards);
        if dot(moved, moved) < 1e-12 {
            break;
        }
        centre = normalized(moved);
    }
    best
}

/// A point of a part from which its other points are not far.
fn inner_point(part: &RegionPart) -> Vector {
    let polygon = match part {
        RegionPart::Circle { centre, .. } | RegionPart::Wide { centre, .. } => return *centre,
        RegionPart::Common(common) => return common.inner_point(),
        RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => polygon,
    };
    let ring = polygon.ring();
    let candidates = [
        middle(std::slice::from_ref(part), 0),
        middle(std::slice::from_ref(part), 12),
    ];
    let near = |a: &Vector, b: &Vector| part_reach(*a, part).total_cmp(&part_reach(*b, part));
    let inside = |candidate: &Vector| point_in_ring(*candidate, ring);
    if let Some(best) = candidates.into_iter().filter(inside).min_by(near) {
        return best;
    }
    // A concave polygon: the middles of its corners. At least two of these
    // triangles lie inside (the two ears theorem).
    let next = polygon.vertices.iter().cycle().skip(1);
    let after = polygon.vertices.iter().cycle().skip(2);
    polygon
        .vertices
        .iter()
        .zip(next)
        .zip(after)
        .map(|((&a, &b), &c)| normalized(plus(plus(a, 1.0, b), 1.0, c)))
        .filter(inside)
        .take(64)
        .min_by(near)
        .or(polygon.vertices.first().copied())
        .unwrap_or([0.0, 0.0, 1.0])
}

/// The chord of a circle round a point of the part that stays inside it. Not
/// rounded for a circle round its own centre.
fn inset(from: Vector, part: &RegionPart) -> f64 {
    let inset = |polygon: &Polygon| {
        let nearest = polygon
            .ring()
            .edges()
            .fold(4.0, |least, (a, b)| f64::min(least, arc_chord2(from, a, b)));
        rounded_down(nearest.sqrt())
    };
    match part {
        RegionPart::Circle { chord, .. } => *chord,
        RegionPart::Wide { rest, .. } => {
            let radius = std::f64::consts::PI - angle_of(*rest);
            rounded_down(chord_of(radius.min(3.0)))
        }
        RegionPart::Polygon(polygon) => inset(polygon),
        RegionPart::Drawn { polygon, margin } => (inset(polygon) - margin).max(0.0),
        RegionPart::Common(common) => rounded_down(common.inset(from)),
    }
}

/// For an index: a point of the region, the chord to its furthest point
/// (rounded up), and the chord of a circle inside (rounded down).
pub(super) fn radii(parts: &[RegionPart]) -> (Vector, f64, f64) {
    if let [part] = parts {
        let centre = inner_point(part);
        return (
            centre,
            rounded_up(part_reach(centre, part)),
            inset(centre, part),
        );
    }
    let wanted = middle(parts, 24);
    let nearest = parts
        .iter()
        .map(|part| (inner_point(part), part))
        .min_by(|a, b| chord2(a.0, wanted).total_cmp(&chord2(b.0, wanted)));
    match nearest {
        Some((centre, part)) => (
            centre,
            rounded_up(reach(centre, parts)),
            inset(centre, part),
        ),
        None => ([0.0, 0.0, 1.0], 2.0, 0.0),
    }
}
