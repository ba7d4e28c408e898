//! How large a region is, where its middle is, the circles round and in it.

use super::point::{Point, Vector, angle, chord2, cross, dot, minus, normalized, plus, scaled};
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

impl Region {
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

    /// The area in square degrees; what several parts share counts several
    /// times.
    pub fn area(&self) -> f64 {
        let steradians: f64 = self.parts.iter().map(part_area).sum();
        steradians * (180.0 / std::f64::consts::PI).powi(2)
    }

    /// The direction of the mean of all positions in the region; it need not lie
    /// in it. For a region without area the mean of its points.
    pub fn centroid(&self) -> Point {
        let moment = self.parts.iter().fold([0.0; 3], |sum, part| {
            plus(sum, part_area(part), part_centroid(part))
        });
        if dot(moment, moment) > 1e-40 {
            return Point::from_vector(moment);
        }
        Point::from_vector(middle(&self.parts, 0))
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
        RegionPart::Circle { centre, .. } => std::slice::from_ref(centre),
        RegionPart::Polygon(polygon) => &polygon.vertices,
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
        RegionPart::Polygon(polygon) => {
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
        RegionPart::Circle { centre, .. } => return *centre,
        RegionPart::Polygon(polygon) => polygon,
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
    match part {
        RegionPart::Circle { chord, .. } => *chord,
        RegionPart::Polygon(polygon) => {
            let nearest = polygon
                .ring()
                .edges()
                .fold(4.0, |least, (a, b)| f64::min(least, arc_chord2(from, a, b)));
            rounded_down(nearest.sqrt())
        }
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

/// The signed solid angle of a triangle.
fn triangle_area(a: Vector, b: Vector, c: Vector) -> f64 {
    let volume = dot(a, cross(minus(b, a), minus(c, a)));
    2.0 * volume.atan2(1.0 + dot(a, b) + dot(b, c) + dot(c, a))
}

/// Triangles from the first vertex to every edge, with their signed areas. They
/// add up to the polygon, since all of it is within a hemisphere.
fn triangles(polygon: &Polygon) -> impl Iterator<Item = (f64, [Vector; 3])> {
    let first = polygon.vertices.first().copied().unwrap_or_default();
    polygon
        .vertices
        .windows(2)
        .filter_map(move |pair| match pair {
            &[a, b] => Some((triangle_area(first, a, b), [first, a, b])),
            _ => None,
        })
}

fn part_area(part: &RegionPart) -> f64 {
    match part {
        RegionPart::Circle { chord, .. } => std::f64::consts::PI * chord * chord,
        RegionPart::Polygon(polygon) => triangles(polygon).map(|(area, _)| area).sum(),
    }
}

/// The mean direction of a part's points; its length is below one.
fn part_centroid(part: &RegionPart) -> Vector {
    let polygon = match part {
        RegionPart::Circle { centre, chord } => return scaled(*centre, 1.0 - chord * chord / 4.0),
        RegionPart::Polygon(polygon) => polygon,
    };
    let area = part_area(part);
    if part_reach(inner_point(part), part) > 0.02 {
        // Exact: half the sum over edges of angle times unit normal.
        let moment = polygon.ring().edges().fold([0.0; 3], |sum, (a, b)| {
            let n = cross(a, minus(b, a));
            let length = dot(n, n).sqrt();
            plus(sum, angle(a, b) / length / 2.0, n)
        });
        return scaled(moment, 1.0 / area);
    }
    // That sum cancels for small polygons; there, triangles are flat.
    let moment = triangles(polygon).fold([0.0; 3], |sum, (area, [a, b, c])| {
        plus(sum, area / 3.0, plus(plus(a, 1.0, b), 1.0, c))
    });
    scaled(moment, 1.0 / area)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, area: f64, lon: f64, lat: f64, digits: f64) {
        let region = Region::parse(text).unwrap();
        let found = region.area();
        assert!((found / area - 1.0).abs() < digits, "{text}: {found}");
        let wanted = Point::from_degrees(lon, lat).unwrap();
        let off = region.centroid().separation(&wanted).0;
        assert!(off < 1e-3 * area.sqrt(), "{text}: {off}");
    }

    #[test]
    fn areas_and_centroids() {
        let sky = 360.0 * 360.0 / std::f64::consts::PI;
        check("circle 5 6 180", sky, 5.0, 6.0, 1e-12);
        check("circle 5 6 90", sky / 2.0, 5.0, 6.0, 1e-12);
        let octant = (0.5_f64).sqrt().atan().to_degrees();
        check("polygon 0 0 90 0 0 90", sky / 8.0, 45.0, octant, 1e-12);
        check("range 10 20 -5 5", 10.0 * 10.0, 15.0, 0.0, 2e-3);
        let tiny = 1e-4;
        check(
            "polygon 200 0 200.0001 0 200.0001 .0001 200 .0001",
            tiny * tiny,
            200.00005,
            0.00005,
            1e-6,
        );
        check("MOC 0/4", sky / 12.0, 0.0, 0.0, 1e-5);
        check(
            "ellipse 10 20 2 1 30",
            2.0 * std::f64::consts::PI,
            10.0,
            20.0,
            1e-3,
        );
        check("box 10 20 2 1", 2.0, 10.0, 20.0, 1e-3);
    }

    /// A range between parallels has the area of its zone's share.
    #[test]
    fn ranges() {
        let check = |width: f64, south: f64, north: f64| {
            let text = format!("range 350 {} {south} {north}", 350.0 + width);
            let zone = width.to_radians()
                * (north.to_radians().sin() - south.to_radians().sin())
                * (180.0 / std::f64::consts::PI).powi(2);
            let area = Region::parse(&text).unwrap().area();
            assert!(
                (area / zone - 1.0).abs() < 1e-4,
                "{text}: {area}, not {zone}"
            );
        };
        check(360.0, -90.0, 90.0);
        check(360.0, 80.0, 90.0);
        check(360.0, -90.0, 20.0);
        check(360.0, -10.0, 12.0);
        check(20.0, -90.0, 90.0);
        check(200.0, 30.0, 90.0);
        check(1.0, 88.0, 89.0);
    }
}
