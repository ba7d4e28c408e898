//! Regions in another frame.

use super::frames::Rotation;
use super::point::{Point, Vector, angle_of};
use super::region::{Figure, Region, RegionError, RegionPart};

impl Region {
    /// The region after a rotation. Positions, circles and polygons stay what
    /// they are; other shapes become polygons.
    ///
    /// # Errors
    ///
    /// When rounding leaves no polygon of a very small one.
    pub fn turned(&self, rotation: &Rotation) -> Result<Region, RegionError> {
        let mut figures = Vec::with_capacity(self.figures.len());
        for figure in &self.figures {
            match figure {
                Figure::Position(lon, lat) => {
                    let (lon, lat) = rotation.turned(*lon, *lat)?;
                    figures.push(Figure::Position(lon, lat));
                }
                Figure::Circle(lon, lat, radius) => {
                    let (lon, lat) = rotation.turned(*lon, *lat)?;
                    figures.push(Figure::Circle(lon, lat, *radius));
                }
                Figure::Polygon(vertices) => {
                    let turned = vertices.iter().map(|&(lon, lat)| rotation.turned(lon, lat));
                    figures.push(Figure::Polygon(turned.collect::<Result<_, _>>()?));
                }
                Figure::Box(..) | Figure::Ellipse(..) | Figure::Range(..) | Figure::Moc(_) => {
                    let alone = Region::from_figures(vec![figure.clone()])?;
                    figures.extend(alone.parts.iter().map(|part| simple(part, rotation)));
                }
            }
        }
        Region::from_figures(figures)
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

fn simple(part: &RegionPart, rotation: &Rotation) -> Figure {
    let place = |v: Vector| Point::from_vector(rotation.turned_vector(v)).lon_lat();
    match part {
        RegionPart::Circle { centre, chord } => {
            let (lon, lat) = place(*centre);
            Figure::Circle(lon, lat, angle_of(*chord).to_degrees().min(180.0))
        }
        RegionPart::Polygon(polygon) => {
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
