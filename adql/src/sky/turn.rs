//! Regions in another frame.

use super::build::Piece;
use super::frames::Rotation;
use super::point::{Point, Vector, angle_of, dot, east_north, plus, scaled};
use super::polygon::Polygon;
use super::range::Range;
use super::region::{Figure, Region, RegionError};
use super::shape::{Part, drawn_parts};

impl Region {
    /// The region after a rotation. Boxes and the cells of MOCs become polygons,
    /// ranges become what circles have in common; other shapes stay what they
    /// are.
    ///
    /// # Errors
    ///
    /// When rounding leaves no polygon of a very small one.
    pub fn turned(&self, rotation: &Rotation) -> Result<Region, RegionError> {
        Region::from_figures(turned(&self.figures, rotation)?)
    }

    /// The numbers of a single point, circle or polygon as DALI 1.1 section 3.3
    /// writes them, degrees; of other regions none.
    pub fn coordinates(&self) -> Vec<f64> {
        match self.figures.as_slice() {
            [Figure::Position(lon, lat)] => vec![*lon, *lat],
            [Figure::Circle(lon, lat, radius)] => vec![*lon, *lat, *radius],
            [Figure::Polygon(vertices)] => {
                let pairs = vertices.iter().flat_map(|&(lon, lat)| [lon, lat]);
                pairs.collect()
            }
            _ => Vec::new(),
        }
    }
}

fn turned(figures: &[Figure], rotation: &Rotation) -> Result<Vec<Figure>, RegionError> {
    let mut all = Vec::with_capacity(figures.len());
    for figure in figures {
        match figure {
            Figure::Position(lon, lat) => {
                let (lon, lat) = rotation.turned(*lon, *lat)?;
                all.push(Figure::Position(lon, lat));
            }
            Figure::Circle(lon, lat, radius) => {
                let (lon, lat) = rotation.turned(*lon, *lat)?;
                all.push(Figure::Circle(lon, lat, *radius));
            }
            Figure::Polygon(vertices) => {
                let turned = vertices.iter().map(|&(lon, lat)| rotation.turned(lon, lat));
                all.push(Figure::Polygon(turned.collect::<Result<_, _>>()?));
            }
            &Figure::Ellipse(lon, lat, major, minor, angle) => {
                let centre = Point::from_degrees(lon, lat)?.vector();
                let (east, north) = east_north(centre);
                let (sin, cos) = angle.to_radians().sin_cos();
                let along = rotation.turned_vector(plus(scaled(north, cos), sin, east));
                let (lon, lat) = rotation.turned(lon, lat)?;
                let (east, north) = east_north(Point::from_degrees(lon, lat)?.vector());
                let angle = dot(along, east).atan2(dot(along, north)).to_degrees();
                all.push(Figure::Ellipse(lon, lat, major, minor, angle));
            }
            &Figure::Range(lon1, lon2, lat1, lat2) => {
                for term in Range::new(lon1, lon2, lat1, lat2)?.terms() {
                    let figures = term.iter().map(|piece| of_piece(piece, rotation));
                    all.extend(one(figures.collect(), Figure::Intersection));
                }
            }
            Figure::Box(..) | Figure::Moc(_) => {
                let alone = Region::from_figures(vec![figure.clone()])?;
                let pieces = drawn_parts(alone.shape_slice()).filter_map(piece_of);
                all.extend(pieces.map(|piece| of_piece(&piece, rotation)));
            }
            Figure::Union(figures) => all.extend(turned(figures, rotation)?),
            Figure::Intersection(figures) => {
                let mut several = Vec::with_capacity(figures.len());
                for figure in figures {
                    let turned = turned(std::slice::from_ref(figure), rotation)?;
                    several.extend(one(turned, Figure::Union));
                }
                all.push(Figure::Intersection(several));
            }
            Figure::Not(figure) => {
                let turned = turned(std::slice::from_ref(&**figure), rotation)?;
                let turned = one(turned, Figure::Union);
                all.extend(turned.map(|figure| Figure::Not(Box::new(figure))));
            }
        }
    }
    Ok(all)
}

/// A single figure as it is, several under one word.
fn one(mut figures: Vec<Figure>, word: fn(Vec<Figure>) -> Figure) -> Option<Figure> {
    match figures.len() {
        0 | 1 => figures.pop(),
        _ => Some(word(figures)),
    }
}

fn piece_of(part: Part<'_>) -> Option<Piece> {
    match part {
        Part::Circle { centre, chord } => Some(Piece::Circle { centre, chord }),
        Part::Polygon(ring) => Some(Piece::Polygon(Polygon {
            vertices: ring.vertices.to_vec(),
            convex: ring.convex,
        })),
        Part::Hole { .. } | Part::Common(_) | Part::Drawn(_) => None,
    }
}

fn of_piece(piece: &Piece, rotation: &Rotation) -> Figure {
    let place = |v: Vector| Point::from_vector(rotation.turned_vector(v)).lon_lat();
    match piece {
        Piece::Circle { centre, chord } => {
            let (lon, lat) = place(*centre);
            Figure::Circle(lon, lat, angle_of(*chord).to_degrees().min(180.0))
        }
        Piece::Hole { centre, chord } => {
            let (lon, lat) = place(scaled(*centre, -1.0));
            Figure::Circle(lon, lat, 180.0 - angle_of(*chord).to_degrees())
        }
        Piece::Polygon(polygon) => {
            Figure::Polygon(polygon.vertices.iter().map(|&v| place(v)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sky::Frame;

    #[test]
    fn shapes_stay_shapes() {
        let rotation = Rotation::between(Frame::Galactic, Frame::Icrs);
        let check = |text: &str, expected: &str, numbers: usize| {
            let turned = Region::parse(text).unwrap().turned(&rotation).unwrap();
            let word = turned.to_string();
            assert!(word.starts_with(expected), "{text}: {word}");
            assert_eq!(turned.coordinates().len(), numbers, "{text}");
            let area = Region::parse(text).unwrap().area();
            assert!((turned.area() - area).abs() < 1e-9 * area + 1e-12, "{text}");
        };
        check("POSITION 1 2", "Position", 2);
        check("CIRCLE 0 0 1", "Circle", 3);
        check("POLYGON 0 0 2 0 2 2", "Polygon", 6);
        check("BOX 10 20 2 1", "Polygon", 8);
        check("RANGE 0 360 80 90", "Circle", 3);
        check("MOC 3/0 4/9", "Union", 0);
        check("UNION (CIRCLE 0 0 1 BOX 10 20 2 1)", "Union", 0);
    }
}
