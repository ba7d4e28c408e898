//! From figures in degrees to parts in unit vectors.
//!
//! An INTERSECTION and a NOT become a union of intersections of circles and
//! polygons ("terms"): intersections are distributed over unions, and outside
//! of a convex polygon is a union of hemispheres.

use super::common::{corners, left_of};
use super::moc::STRAY;
use super::point::{Point, Vector, chord_of, east_north, normalized, plus, scaled};
use super::polygon::Polygon;
use super::range;
use super::region::{CommonPart, Figure, RegionError, RegionPart};
use super::shape::{
    Common, push_cells, push_circle, push_common, push_ellipse, push_hole, push_polygon,
};

/// So many intersections at most, after NOT and UNION are distributed.
const MAX_TERMS: usize = 64;
/// And so many edges in one of them: where every pair of edges crosses is
/// looked at.
const MAX_EDGES: usize = 64;

/// What figures are made of.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// As the index sees them.
    pub parts: Vec<RegionPart>,
    /// Encoded.
    pub shape: Vec<f64>,
}

/// A circle or a polygon.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Circle { centre: Vector, chord: f64 },
    Hole { centre: Vector, chord: f64 },
    Polygon(Polygon),
}

/// What pieces have in common.
pub(super) type Term = Vec<Piece>;

impl Piece {
    /// All within `radius` degrees, 0…180, of a position.
    pub fn circle(centre: Vector, radius: f64) -> Piece {
        if radius == 180.0 {
            let chord = 2.0;
            return Piece::Circle { centre, chord };
        }
        // In PostgreSQL underflow is an error.
        if radius < 1e-60 {
            return Piece::Circle { centre, chord: 0.0 };
        }
        // Beyond a hemisphere the other side has more digits.
        match radius > 90.0 {
            true => Piece::Hole {
                centre: scaled(centre, -1.0),
                chord: chord_of((180.0 - radius).to_radians()),
            },
            false => Piece::Circle {
                centre,
                chord: chord_of(radius.to_radians()),
            },
        }
    }

    fn edges(&self) -> usize {
        match self {
            Piece::Polygon(polygon) => polygon.vertices.len(),
            _ => 1,
        }
    }

    fn push(&self, shape: &mut Vec<f64>) {
        match self {
            Piece::Circle { centre, chord } => push_circle(shape, *centre, *chord),
            Piece::Hole { centre, chord } => push_hole(shape, *centre, *chord),
            Piece::Polygon(polygon) => push_polygon(shape, &polygon.vertices, polygon.convex),
        }
    }

    /// The sky without it, as a union.
    fn complement(&self) -> Result<Vec<Piece>, RegionError> {
        match *self {
            Piece::Circle { chord, .. } if chord >= 2.0 => Ok(Vec::new()),
            // No region is without a single position.
            Piece::Circle { centre, chord: 0.0 } => Ok(vec![Piece::circle(centre, 180.0)]),
            Piece::Circle { centre, chord } => Ok(vec![Piece::Hole { centre, chord }]),
            Piece::Hole { centre, chord } => Ok(vec![Piece::Circle { centre, chord }]),
            Piece::Polygon(ref polygon) if polygon.convex => {
                let beyond = |(a, b)| Piece::circle(scaled(left_of(a, b), -1.0), 90.0);
                Ok(polygon.ring().edges().map(beyond).collect())
            }
            Piece::Polygon(_) => Err(RegionError::new(
                "NOT of a concave polygon is not supported; make it a union of convex ones",
            )),
        }
    }
}

impl Built {
    pub fn add(&mut self, figure: &Figure) -> Result<(), RegionError> {
        match figure {
            Figure::Ellipse(lon, lat, major, minor, angle) => {
                self.ellipse(*lon, *lat, *major, *minor, *angle)
            }
            Figure::Moc(moc) => {
                if moc.is_sky() {
                    let sky = Piece::circle([0.0, 0.0, 1.0], 180.0);
                    return self.term(vec![sky], None);
                }
                moc.build(&mut self.parts)?;
                push_cells(&mut self.shape, moc.bounds(), &moc.shape());
                Ok(())
            }
            Figure::Union(figures) => figures.iter().try_for_each(|figure| self.add(figure)),
            Figure::Range(lon1, lon2, lat1, lat2) => {
                let range = range::Range::new(*lon1, *lon2, *lat1, *lat2)?;
                let (area, mean) = range.extent();
                let terms = range.terms();
                // Two halves of the sky, wide ones, share most of what they have.
                let area = area / terms.len() as f64;
                terms
                    .into_iter()
                    .try_for_each(|term| self.term(term, Some((area, mean))))
            }
            _ => {
                for term in terms(figure)? {
                    self.term(term, None)?;
                }
                Ok(())
            }
        }
    }

    /// Adds what pieces have in common, unless that is nothing.
    fn term(&mut self, term: Term, extent: Option<(f64, Vector)>) -> Result<(), RegionError> {
        if let [piece] = term.as_slice() {
            piece.push(&mut self.shape);
            self.parts.push(match piece.clone() {
                Piece::Circle { centre, chord } => RegionPart::Circle { centre, chord },
                Piece::Hole { centre, chord } => RegionPart::Wide {
                    centre: scaled(centre, -1.0),
                    rest: chord,
                },
                Piece::Polygon(polygon) => RegionPart::Polygon(polygon),
            });
            return Ok(());
        }
        let edges = term.iter().map(Piece::edges).sum::<usize>();
        if edges > MAX_EDGES {
            return Err(RegionError::new(format!(
                "an INTERSECTION may have {MAX_EDGES} edges, not {edges}"
            )));
        }
        let mut parts = Vec::new();
        term.iter().for_each(|piece| piece.push(&mut parts));
        let corners = corners(&parts);
        if corners.is_empty() {
            return Ok(());
        }
        let part = CommonPart { parts, corners };
        let (area, mean) = extent.unwrap_or_else(|| part.extent());
        let parts = &part.parts;
        push_common(&mut self.shape, &Common { area, mean, parts });
        self.parts.push(RegionPart::Common(part));
        Ok(())
    }

    /// Semi-axes and position angle from north through east, degrees. Its edge is
    /// where an elliptical cone from the middle of the sphere cuts it: all
    /// positions of which the angles to two foci have the same sum.
    fn ellipse(
        &mut self,
        lon: f64,
        lat: f64,
        major: f64,
        minor: f64,
        angle: f64,
    ) -> Result<(), RegionError> {
        let centre = vector(lon, lat)?;
        for axis in [major, minor] {
            if !(0.0..=85.0).contains(&axis) {
                return Err(RegionError::new(format!(
                    "the semi-axis {axis} of an ellipse is not between 0 and 85 degrees"
                )));
            }
        }
        if !angle.is_finite() {
            return Err(RegionError::new(format!(
                "the position angle {angle} is not a number of degrees"
            )));
        }
        if major == 0.0 && minor == 0.0 {
            return self.term(vec![Piece::Circle { centre, chord: 0.0 }], None);
        }
        let axes = [major.to_radians(), minor.to_radians()];
        let cone = Cone::new(centre, axes, angle.to_radians());
        let (vertices, scale) = cone.drawn(axes);
        let place = |&(x, y): &(f64, f64)| cone.at(x, y);
        let polygon = Polygon::new(vertices.iter().map(place))?;
        let mut drawn = Vec::new();
        push_polygon(&mut drawn, &polygon.vertices, polygon.convex);
        let [u, w] = [(cone.along, cone.a), (cone.across, cone.b)]
            .map(|(axis, tangent)| scaled(axis, 1.0 / tangent));
        push_ellipse(&mut self.shape, [centre, u, w], &drawn);
        // The index sees a polygon around it.
        let around = |&(x, y): &(f64, f64)| cone.at(x * scale, y * scale);
        let polygon = Polygon::new(vertices.iter().map(around))?;
        let margin = 2.0 * (scale - 1.0) * cone.a.max(cone.b);
        self.parts.push(RegionPart::Drawn { polygon, margin });
        Ok(())
    }
}

/// An ellipse in the plane that touches the sphere at its centre.
struct Cone {
    centre: Vector,
    along: Vector,
    across: Vector,
    /// The semi-axes there.
    a: f64,
    b: f64,
}

impl Cone {
    fn new(centre: Vector, [major, minor]: [f64; 2], angle: f64) -> Cone {
        let (east, north) = east_north(centre);
        let (sin, cos) = angle.sin_cos();
        Cone {
            centre,
            along: plus(scaled(north, cos), sin, east),
            across: plus(scaled(north, -sin), cos, east),
            a: major.tan(),
            b: minor.tan(),
        }
    }

    fn at(&self, x: f64, y: f64) -> Vector {
        let flat = plus(plus(self.centre, x, self.along), y, self.across);
        normalized(flat)
    }

    /// Points of the edge, and by what they grow to be the corners of a polygon
    /// around the ellipse.
    fn drawn(&self, [major, minor]: [f64; 2]) -> (Vec<(f64, f64)>, f64) {
        let turn = std::f64::consts::TAU;
        let count = (turn / (8.0 * STRAY / major.max(minor)).sqrt())
            .ceil()
            .clamp(24.0, 2_000.0);
        let vertices: Vec<(f64, f64)> = (0..count as usize)
            .map(|i| {
                // Bearings as of a plane ellipse, which spaces them well.
                let (sin, cos) = (turn * i as f64 / count).sin_cos();
                let (x, y) = (major * cos, minor * sin);
                let reach = 1.0 / (x / self.a).hypot(y / self.b);
                (x * reach, y * reach)
            })
            .collect();
        // Where the ellipse is the unit circle, the middle of an edge is the
        // point of it that is nearest to the centre.
        let next = vertices.iter().cycle().skip(1);
        let nearest = vertices.iter().zip(next).fold(1.0, |least, (p, q)| {
            let middle = ((p.0 + q.0) / 2.0 / self.a).hypot((p.1 + q.1) / 2.0 / self.b);
            f64::min(least, middle)
        });
        (vertices, (1.0 + 1e-12) / nearest)
    }
}

pub(super) fn vector(lon: f64, lat: f64) -> Result<Vector, RegionError> {
    Ok(Point::from_degrees(lon, lat)?.vector())
}

/// A figure as a union of intersections.
fn terms(figure: &Figure) -> Result<Vec<Term>, RegionError> {
    let one = |piece| Ok(vec![vec![piece]]);
    match figure {
        Figure::Position(lon, lat) => one(Piece::Circle {
            centre: vector(*lon, *lat)?,
            chord: 0.0,
        }),
        Figure::Circle(lon, lat, radius) => {
            if !(0.0..=180.0).contains(radius) {
                return Err(RegionError::new(format!(
                    "the radius {radius} is not between 0 and 180 degrees"
                )));
            }
            one(Piece::circle(vector(*lon, *lat)?, *radius))
        }
        Figure::Polygon(vertices) => {
            let vertices: Vec<Vector> = vertices
                .iter()
                .map(|&(lon, lat)| vector(lon, lat))
                .collect::<Result<_, _>>()?;
            one(Piece::Polygon(Polygon::new(vertices)?))
        }
        Figure::Box(lon, lat, width, height) => one(box_piece(*lon, *lat, *width, *height)?),
        Figure::Range(lon1, lon2, lat1, lat2) => {
            Ok(range::Range::new(*lon1, *lon2, *lat1, *lat2)?.terms())
        }
        Figure::Union(figures) => {
            let several: Vec<Vec<Term>> = figures.iter().map(terms).collect::<Result<_, _>>()?;
            Ok(several.into_iter().flatten().collect())
        }
        Figure::Intersection(figures) => {
            let several: Vec<Vec<Term>> = figures.iter().map(terms).collect::<Result<_, _>>()?;
            distributed(several)
        }
        Figure::Not(figure) => {
            let mut outside = Vec::new();
            for term in terms(figure)? {
                let mut any = Vec::new();
                for piece in term {
                    any.extend(piece.complement()?.into_iter().map(|piece| vec![piece]));
                }
                outside.push(any);
            }
            distributed(outside)
        }
        Figure::Ellipse(..) | Figure::Moc(_) => Err(RegionError::new(
            "an ellipse and a MOC cannot stand in INTERSECTION or NOT; use other shapes",
        )),
    }
}

/// An intersection of unions as a union of intersections.
fn distributed(unions: Vec<Vec<Term>>) -> Result<Vec<Term>, RegionError> {
    let mut terms: Vec<Term> = vec![Vec::new()];
    for union in unions {
        if terms.len() * union.len() > MAX_TERMS {
            return Err(RegionError::new(format!(
                "the region has more than {MAX_TERMS} parts when its INTERSECTION and NOT are \
                 worked out; use fewer or simpler shapes"
            )));
        }
        let joined = |term: &Term| {
            let with = |other: &Term| term.iter().chain(other).cloned().collect();
            union.iter().map(with).collect::<Vec<Term>>()
        };
        terms = terms.iter().flat_map(joined).collect();
    }
    Ok(terms)
}

fn box_piece(lon: f64, lat: f64, width: f64, height: f64) -> Result<Piece, RegionError> {
    let centre = vector(lon, lat)?;
    for size in [width, height] {
        if !(0.0..180.0).contains(&size) {
            return Err(RegionError::new(format!(
                "the box size {size} is not between 0 and 180 degrees"
            )));
        }
    }
    if width == 0.0 && height == 0.0 {
        return Ok(Piece::Circle { centre, chord: 0.0 });
    }
    // The sides are straight lines in the plane that touches the sphere at the
    // centre.
    let (east, north) = east_north(centre);
    let x = (width / 2.0).to_radians().tan();
    let y = (height / 2.0).to_radians().tan();
    let corner = |x: f64, y: f64| normalized(plus(plus(centre, x, east), y, north));
    let corners = [corner(-x, -y), corner(x, -y), corner(x, y), corner(-x, y)];
    Ok(Piece::Polygon(Polygon::new(corners)?))
}
