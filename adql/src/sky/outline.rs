//! A region as lines to draw.

use super::point::{Point, Vector, angle, angle_of, east_north, normalized, plus, scaled};
use super::region::{Region, RegionPart};

/// A part of a region, drawn: longitude in [0, 360) and latitude in degrees,
/// rounded to a nanodegree (4 microarcseconds).
#[derive(Clone, Debug, PartialEq)]
pub enum Outline {
    Position(f64, f64),
    /// A closed line, counter-clockwise as seen from outside of the sphere, so
    /// that east is right of north; the first point is not repeated.
    Ring(Vec<(f64, f64)>),
    WholeSky,
}

/// An edge longer than this (degrees) is drawn as several, so that straight
/// lines between longitudes and latitudes keep near its great circle.
const LONGEST: f64 = 2.0;

/// Edges of a circle, at least.
const CORNERS: f64 = 48.0;

impl Region {
    /// The outlines of the parts.
    pub fn outlines(&self) -> Vec<Outline> {
        self.parts.iter().flat_map(outlines).collect()
    }
}

fn outlines(part: &RegionPart) -> Vec<Outline> {
    let RegionPart::Common(common) = part else {
        return vec![outline(part)];
    };
    let ring = |ring: Vec<Vector>| Outline::Ring(ring.into_iter().map(degrees).collect());
    common.rings(LONGEST).into_iter().map(ring).collect()
}

fn outline(part: &RegionPart) -> Outline {
    match part {
        RegionPart::Circle { centre, chord } if *chord == 0.0 => {
            let (lon, lat) = degrees(*centre);
            Outline::Position(lon, lat)
        }
        RegionPart::Circle { chord, .. } if *chord >= 2.0 => Outline::WholeSky,
        RegionPart::Circle { centre, chord } => circle(*centre, angle_of(*chord)),
        RegionPart::Wide { centre, rest } => {
            circle(*centre, std::f64::consts::PI - angle_of(*rest))
        }
        RegionPart::Common(_) => Outline::Ring(Vec::new()),
        RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => {
            let first = polygon.vertices.first().copied();
            let ends = polygon.vertices.iter().skip(1).copied().chain(first);
            let edges = polygon.vertices.iter().copied().zip(ends);
            Outline::Ring(edges.flat_map(|(a, b)| along(a, b)).map(degrees).collect())
        }
    }
}

/// Points from `a` to before `b` on their great circle.
fn along(a: Vector, b: Vector) -> impl Iterator<Item = Vector> {
    // An edge of two degrees may measure a little more.
    let steps = (angle(a, b).to_degrees() / LONGEST - 1e-9).ceil().max(1.0);
    (0..steps as usize).map(move |step| {
        let share = step as f64 / steps;
        match step {
            0 => a,
            // Not evenly spaced, but on the edge.
            _ => normalized(plus(scaled(a, 1.0 - share), share, b)),
        }
    })
}

fn circle(centre: Vector, radius: f64) -> Outline {
    let (east, north) = east_north(centre);
    let corners = (360.0 * radius.sin() / LONGEST).ceil().max(CORNERS);
    let points = (0..corners as usize).map(|corner| {
        let bearing = std::f64::consts::TAU * corner as f64 / corners;
        let (sin, cos) = bearing.sin_cos();
        // From north by west, which is counter-clockwise.
        let outward = plus(scaled(north, cos), -sin, east);
        let point = plus(scaled(centre, radius.cos()), radius.sin(), outward);
        degrees(normalized(point))
    });
    Outline::Ring(points.collect())
}

fn degrees(vector: Vector) -> (f64, f64) {
    let (lon, lat) = Point::from_vector(vector).lon_lat();
    let rounded = |angle: f64| (angle * 1e9).round() / 1e9;
    let lon = rounded(lon);
    (if lon >= 360.0 { 0.0 } else { lon }, rounded(lat))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> Vec<Outline> {
        Region::parse(text).unwrap().outlines()
    }

    #[test]
    fn polygons_keep_their_corners() {
        let ring = |points: &[(f64, f64)]| vec![Outline::Ring(points.to_vec())];
        // Clockwise on the sky or not, it is drawn counter-clockwise.
        let corners = ring(&[(10.0, 0.0), (11.0, 0.0), (11.0, 1.0), (10.0, 1.0)]);
        assert_eq!(drawn("POLYGON 10 0 11 0 11 1 10 1"), corners);
        let turned = ring(&[(10.0, 1.0), (10.0, 0.0), (11.0, 0.0), (11.0, 1.0)]);
        assert_eq!(drawn("POLYGON 11 1 11 0 10 0 10 1").len(), turned.len());
        assert_eq!(drawn("POSITION 10 20"), [Outline::Position(10.0, 20.0)]);
        assert_eq!(drawn("CIRCLE 10 20 180"), [Outline::WholeSky]);
        assert_eq!(drawn("UNION (CIRCLE 1 2 3 CIRCLE 9 9 1)").len(), 2);
    }

    #[test]
    fn long_edges_and_circles_keep_near_the_truth() {
        let region = Region::parse("POLYGON 0 40 60 40 30 70").unwrap();
        let Some(Outline::Ring(points)) = region.outlines().into_iter().next() else {
            panic!("no ring");
        };
        assert!(points.len() > 40);
        let edge: Vec<_> = points.iter().filter(|p| p.0 > 28.0 && p.0 < 32.0).collect();
        assert!(edge.iter().any(|p| p.1 > 43.0 && p.1 < 45.0), "{edge:?}");
        let centre = Point::from_degrees(123.0, 89.5).unwrap();
        let Some(Outline::Ring(points)) = drawn("CIRCLE 123 89.5 2").into_iter().next() else {
            panic!("no ring");
        };
        for (lon, lat) in points {
            let point = Point::from_degrees(lon, lat).unwrap();
            assert!((centre.separation(&point).0 - 2.0).abs() < 1e-8);
        }
    }
}
