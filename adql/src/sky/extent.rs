//! How much of the sky a region takes, and where its mean lies.
//!
//! Written a second time in PL/pgSQL (`sky_area_1`, `sky_centroid_1`), with the
//! same operations in the same order. Angles need an arc tangent, so the last
//! digit is that of the system's library.

use super::point::{Point, Vector, angle, chord2, cross, dot, minus, plus, scaled};
use super::region::Region;
use super::shape::{Part, Ring, drawn_parts};

impl Region {
    /// The area in square degrees; what several parts share counts several
    /// times.
    pub fn area(&self) -> f64 {
        area(self.shape().as_slice())
    }

    /// The direction of the mean of all positions in the region; it need not lie
    /// in it. For a region without area the mean of its points.
    pub fn centroid(&self) -> Point {
        centroid(self.shape().as_slice())
    }
}

/// [`Region::area`] of an encoded [`Shape`](super::Shape).
pub fn area(shape: &[f64]) -> f64 {
    let steradians: f64 = drawn_parts(shape).map(part_area).sum();
    steradians * (180.0 / std::f64::consts::PI).powi(2)
}

/// [`Region::centroid`] of an encoded [`Shape`](super::Shape).
pub fn centroid(shape: &[f64]) -> Point {
    let moment = drawn_parts(shape).fold([0.0; 3], |sum, part| {
        plus(sum, part_area(part), part_centroid(part))
    });
    if dot(moment, moment) > 1e-40 {
        return Point::from_vector(moment);
    }
    let mut first = None;
    let mut sum = [0.0; 3];
    for part in drawn_parts(shape) {
        let anchors = match &part {
            Part::Circle { centre, .. } | Part::Hole { centre, .. } => std::slice::from_ref(centre),
            Part::Polygon(ring) => ring.vertices,
            Part::Common(common) => std::slice::from_ref(&common.mean),
            Part::Drawn(_) => &[],
        };
        first = first.or(anchors.first().copied());
        sum = anchors.iter().fold(sum, |sum, &v| plus(sum, 1.0, v));
    }
    if dot(sum, sum) > 1e-12 {
        return Point::from_vector(sum);
    }
    Point::from_vector(first.unwrap_or([0.0, 0.0, 1.0]))
}

/// The signed solid angle of a triangle.
fn triangle_area(a: Vector, b: Vector, c: Vector) -> f64 {
    let volume = dot(a, cross(minus(b, a), minus(c, a)));
    2.0 * volume.atan2(1.0 + dot(a, b) + dot(b, c) + dot(c, a))
}

/// Triangles from the first vertex to every edge, with their signed areas. They
/// add up to the polygon, since all of it is within a hemisphere.
fn triangles(ring: Ring<'_>) -> impl Iterator<Item = (f64, [Vector; 3])> {
    let first = ring.vertices.first().copied().unwrap_or_default();
    ring.vertices.windows(2).filter_map(move |pair| match pair {
        &[a, b] => Some((triangle_area(first, a, b), [first, a, b])),
        _ => None,
    })
}

fn part_area(part: Part<'_>) -> f64 {
    match part {
        // In PostgreSQL underflow is an error.
        Part::Circle { chord, .. } if chord < 1e-100 => 0.0,
        Part::Circle { chord, .. } => std::f64::consts::PI * chord * chord,
        Part::Hole { chord, .. } => std::f64::consts::PI * (4.0 - chord * chord),
        Part::Common(common) => common.area,
        Part::Drawn(_) => 0.0,
        Part::Polygon(ring) => triangles(ring).map(|(area, _)| area).sum(),
    }
}

/// The mean direction of a part's points; its length is below one.
fn part_centroid(part: Part<'_>) -> Vector {
    let ring = match part {
        Part::Circle { centre, chord } => return scaled(centre, 1.0 - chord * chord / 4.0),
        Part::Hole { centre, chord } => return scaled(centre, -(chord * chord / 4.0)),
        Part::Common(common) => return common.mean,
        Part::Drawn(_) => return [0.0; 3],
        Part::Polygon(ring) => ring,
    };
    let area = part_area(part);
    if area.is_nan() || area <= 0.0 {
        return [0.0; 3];
    }
    let first = ring.vertices.first().copied().unwrap_or_default();
    let wide = ring.vertices.iter().any(|&v| chord2(first, v) > 1e-3);
    if wide {
        // Exact: half the sum over edges of angle times unit normal.
        let moment = ring.edges().fold([0.0; 3], |sum, (a, b)| {
            let n = cross(a, minus(b, a));
            let length = dot(n, n).sqrt();
            plus(sum, angle(a, b) / length / 2.0, n)
        });
        return scaled(moment, 1.0 / area);
    }
    // That sum cancels for small polygons; there, triangles are flat.
    let moment = triangles(ring).fold([0.0; 3], |sum, (area, [a, b, c])| {
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
