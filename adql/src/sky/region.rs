//! A region: what was said, in degrees, and what it means, in unit vectors.

use std::fmt;

use super::build::Built;
use super::moc::Moc;
use super::point::Vector;
use super::polygon::Polygon;
use super::shape::{Shape, push_circle};

/// Why something is not a region: one sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionError(String);

impl RegionError {
    pub(super) fn new(sentence: impl Into<String>) -> RegionError {
        RegionError(sentence.into())
    }
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RegionError {}

/// A part of the sky (ICRS): points, circles, polygons, and unions of them.
///
/// ```
/// use adql::sky::{self, Region};
///
/// let field = Region::parse("POLYGON ICRS 10 -1 12 -1 12 1 10 1")?;
/// let cone = Region::circle(12.5, 0.0, 1.0)?;
/// assert!(sky::meets(field.shape().as_slice(), cone.shape().as_slice()));
/// assert_eq!(cone.to_string(), "Circle ICRS 12.5 0 1");
/// # Ok::<(), sky::RegionError>(())
/// ```
///
/// Every shape is what it says, to the tolerance; but where an ellipse or
/// HEALPix cells (`MOC`) have to do with anything but a position, their edges
/// are drawn as polygons that keep within one arcsecond of the true curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub(super) figures: Vec<Figure>,
    pub(super) parts: Vec<RegionPart>,
    shape: Vec<f64>,
}

/// A shape as it was written, all angles in degrees.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Figure {
    Position(f64, f64),
    Circle(f64, f64, f64),
    Polygon(Vec<(f64, f64)>),
    Box(f64, f64, f64, f64),
    Ellipse(f64, f64, f64, f64, f64),
    Range(f64, f64, f64, f64),
    Moc(Moc),
    Union(Vec<Figure>),
    /// What all of them have in common.
    Intersection(Vec<Figure>),
    Not(Box<Figure>),
}

/// A part in unit vectors: as the index sees it, which may draw what is no
/// polygon.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RegionPart {
    Circle {
        centre: Vector,
        chord: f64,
    },
    /// A circle beyond a hemisphere: its centre, and the chord of the rest of the
    /// sky, a circle round the opposite position.
    Wide {
        centre: Vector,
        rest: f64,
    },
    Polygon(Polygon),
    /// A polygon around what is no polygon, which lacks at most `margin` radians
    /// of it.
    Drawn {
        polygon: Polygon,
        margin: f64,
    },
    Common(CommonPart),
}

/// What several parts have in common.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CommonPart {
    /// Those parts, encoded.
    pub parts: Vec<f64>,
    /// Positions that bound it; at least one.
    pub corners: Vec<Vector>,
}

impl Region {
    /// A single position: a circle of radius 0. Degrees.
    ///
    /// # Errors
    ///
    /// Not finite, or a latitude beyond a pole; so for all other shapes.
    pub fn point(lon: f64, lat: f64) -> Result<Region, RegionError> {
        Region::from_figures(vec![Figure::Position(lon, lat)])
    }

    /// All within `radius` (0…180) of a position. Degrees.
    ///
    /// # Errors
    ///
    /// A radius that is negative or above 180.
    pub fn circle(lon: f64, lat: f64, radius: f64) -> Result<Region, RegionError> {
        Region::from_figures(vec![Figure::Circle(lon, lat, radius)])
    }

    /// The whole sky.
    pub(super) fn whole_sky() -> Region {
        let (centre, chord) = ([0.0, 0.0, 1.0], 2.0);
        let mut shape = Vec::new();
        push_circle(&mut shape, centre, chord);
        Region {
            figures: vec![Figure::Circle(0.0, 90.0, 180.0)],
            parts: vec![RegionPart::Circle { centre, chord }],
            shape,
        }
    }

    /// A polygon with great-circle edges through (longitude, latitude), degrees.
    ///
    /// Either direction will do: the smaller side is meant (DALI 1.1, section
    /// 3.3.7, asks for counter-clockwise; archives often write the other).
    /// The first vertex may be repeated at the end, and any vertex in place.
    ///
    /// # Errors
    ///
    /// Fewer than 3 distinct vertices, edges that cross, more than a hemisphere,
    /// no area.
    pub fn polygon(vertices: &[(f64, f64)]) -> Result<Region, RegionError> {
        Region::from_figures(vec![Figure::Polygon(vertices.to_vec())])
    }

    /// The box of ADQL 2.1, section 4.2.9: a cross of great circles on the
    /// centre, `width` along the parallel and `height` along the meridian there,
    /// and great circles through its ends at right angles. Degrees, each below
    /// 180. So its sides are exact, and its corners are further from the centre
    /// than those of a range.
    ///
    /// # Errors
    ///
    /// A size that is negative or not below 180, or just one that is zero.
    pub fn box_(lon: f64, lat: f64, width: f64, height: f64) -> Result<Region, RegionError> {
        Region::from_figures(vec![Figure::Box(lon, lat, width, height)])
    }

    /// Reads DALI and STC-S text; see the module `text` for what is understood.
    ///
    /// # Errors
    ///
    /// When it is not a region, or one we do not support.
    pub fn parse(text: &str) -> Result<Region, RegionError> {
        Region::from_figures(super::text::figures(text)?)
    }

    pub(super) fn from_figures(figures: Vec<Figure>) -> Result<Region, RegionError> {
        let mut built = Built::default();
        for figure in &figures {
            built.add(figure)?;
        }
        let Built { parts, shape } = built;
        if parts.is_empty() {
            return Err(RegionError::new(
                "the region is empty: its shapes have nothing in common",
            ));
        }
        Ok(Region {
            figures,
            parts,
            shape,
        })
    }

    /// The parts as numbers; see [`Shape`].
    pub fn shape(&self) -> Shape {
        Shape(self.shape.clone())
    }

    pub(super) fn shape_slice(&self) -> &[f64] {
        &self.shape
    }
}

impl fmt::Display for Region {
    /// STC-S text that [`Region::parse`] reads back as the same region.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.figures.as_slice() {
            [figure] => write_figure(figure, " ICRS", f),
            figures => write_several("Union ICRS", figures, f),
        }
    }
}

fn write_several(word: &str, figures: &[Figure], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{word} (")?;
    for (i, figure) in figures.iter().enumerate() {
        if i > 0 {
            f.write_str(" ")?;
        }
        write_figure(figure, "", f)?;
    }
    f.write_str(")")
}

fn write_figure(figure: &Figure, frame: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match figure {
        Figure::Position(lon, lat) => write!(f, "Position{frame} {lon} {lat}"),
        Figure::Circle(lon, lat, radius) => write!(f, "Circle{frame} {lon} {lat} {radius}"),
        Figure::Polygon(vertices) => {
            write!(f, "Polygon{frame}")?;
            vertices
                .iter()
                .try_for_each(|(lon, lat)| write!(f, " {lon} {lat}"))
        }
        Figure::Box(lon, lat, width, height) => {
            write!(f, "Box{frame} {lon} {lat} {width} {height}")
        }
        Figure::Ellipse(lon, lat, major, minor, angle) => {
            write!(f, "Ellipse{frame} {lon} {lat} {major} {minor} {angle}")
        }
        Figure::Range(lon1, lon2, lat1, lat2) => {
            write!(f, "Range{frame} {lon1} {lon2} {lat1} {lat2}")
        }
        Figure::Moc(moc) => write!(f, "MOC {moc}"),
        Figure::Union(figures) => write_several(&format!("Union{frame}"), figures, f),
        Figure::Intersection(figures) => write_several(&format!("Intersection{frame}"), figures, f),
        Figure::Not(figure) => {
            write_several(&format!("Not{frame}"), std::slice::from_ref(figure), f)
        }
    }
}
