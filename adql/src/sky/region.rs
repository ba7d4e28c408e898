//! A region: what was said, in degrees, and what it means, in unit vectors.

use std::fmt;

use super::moc::{Moc, STRAY};
use super::point::{Point, Vector, chord_of, east_north, normalized, plus, scaled, wrapped};
use super::polygon::Polygon;
use super::shape::{Shape, push_circle, push_polygon};

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
/// Shapes that are not bounded by great circles become polygons whose edges
/// keep within one arcsecond of the true curve: parallels (`RANGE`), ellipses,
/// edges of HEALPix cells (`MOC`). Ranges wider than 30° in longitude are cut
/// into several parts there; a range that goes round the sky up to a pole is a
/// circle, without any approximation.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub(super) figures: Vec<Figure>,
    pub(super) parts: Vec<RegionPart>,
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
}

/// A simple part in unit vectors.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RegionPart {
    Circle { centre: Vector, chord: f64 },
    Polygon(Polygon),
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
        let mut parts = Vec::new();
        for figure in &figures {
            build(figure, &mut parts)?;
        }
        if parts.is_empty() {
            return Err(RegionError::new("the region is empty"));
        }
        Ok(Region { figures, parts })
    }

    /// The parts as numbers; see [`Shape`].
    pub fn shape(&self) -> Shape {
        let mut shape = Vec::new();
        for part in &self.parts {
            match part {
                RegionPart::Circle { centre, chord } => push_circle(&mut shape, *centre, *chord),
                RegionPart::Polygon(polygon) => {
                    push_polygon(&mut shape, &polygon.vertices, polygon.convex);
                }
            }
        }
        Shape(shape)
    }
}

fn vector(lon: f64, lat: f64) -> Result<Vector, RegionError> {
    Ok(Point::from_degrees(lon, lat)?.vector())
}

/// Appends the parts of a figure.
pub(super) fn build(figure: &Figure, parts: &mut Vec<RegionPart>) -> Result<(), RegionError> {
    match figure {
        Figure::Position(lon, lat) => parts.push(RegionPart::Circle {
            centre: vector(*lon, *lat)?,
            chord: 0.0,
        }),
        Figure::Circle(lon, lat, radius) => {
            if !(0.0..=180.0).contains(radius) {
                return Err(RegionError::new(format!(
                    "the radius {radius} is not between 0 and 180 degrees"
                )));
            }
            let chord = chord_of(radius.to_radians());
            parts.push(RegionPart::Circle {
                centre: vector(*lon, *lat)?,
                chord: if *radius == 180.0 { 2.0 } else { chord },
            });
        }
        Figure::Polygon(vertices) => {
            let vertices: Vec<Vector> = vertices
                .iter()
                .map(|&(lon, lat)| vector(lon, lat))
                .collect::<Result<_, _>>()?;
            parts.push(RegionPart::Polygon(Polygon::new(vertices)?));
        }
        Figure::Box(lon, lat, width, height) => parts.push(box_part(*lon, *lat, *width, *height)?),
        Figure::Ellipse(lon, lat, major, minor, angle) => {
            parts.push(ellipse(*lon, *lat, *major, *minor, *angle)?);
        }
        Figure::Range(lon1, lon2, lat1, lat2) => range(*lon1, *lon2, *lat1, *lat2, parts)?,
        Figure::Moc(moc) => moc.build(parts)?,
    }
    Ok(())
}

fn box_part(lon: f64, lat: f64, width: f64, height: f64) -> Result<RegionPart, RegionError> {
    let centre = vector(lon, lat)?;
    for size in [width, height] {
        if !(0.0..180.0).contains(&size) {
            return Err(RegionError::new(format!(
                "the box size {size} is not between 0 and 180 degrees"
            )));
        }
    }
    if width == 0.0 && height == 0.0 {
        return Ok(RegionPart::Circle { centre, chord: 0.0 });
    }
    // The sides are straight lines in the plane that touches the sphere at the
    // centre.
    let (east, north) = east_north(centre);
    let x = (width / 2.0).to_radians().tan();
    let y = (height / 2.0).to_radians().tan();
    let corner = |x: f64, y: f64| normalized(plus(plus(centre, x, east), y, north));
    let corners = [corner(-x, -y), corner(x, -y), corner(x, y), corner(-x, y)];
    Ok(RegionPart::Polygon(Polygon::new(corners)?))
}

/// Semi-axes and position angle from north through east, degrees; the
/// boundary's distance from the centre is that of the plane ellipse.
fn ellipse(
    lon: f64,
    lat: f64,
    major: f64,
    minor: f64,
    angle: f64,
) -> Result<RegionPart, RegionError> {
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
        return Ok(RegionPart::Circle { centre, chord: 0.0 });
    }
    let (major, minor, angle) = (major.to_radians(), minor.to_radians(), angle.to_radians());
    let (east, north) = east_north(centre);
    let turn = std::f64::consts::TAU;
    let count = (turn / (8.0 * STRAY / major.max(minor)).sqrt())
        .ceil()
        .clamp(24.0, 2_000.0);
    let vertices = (0..count as usize).map(|i| {
        let (sin, cos) = (turn * i as f64 / count).sin_cos();
        let (along, across) = (major * cos, minor * sin);
        let (sin_distance, cos_distance) = along.hypot(across).sin_cos();
        let (sin_bearing, cos_bearing) = (angle + across.atan2(along)).sin_cos();
        let outward = plus(scaled(north, cos_bearing), sin_bearing, east);
        normalized(plus(scaled(centre, cos_distance), sin_distance, outward))
    });
    Ok(RegionPart::Polygon(Polygon::new(vertices)?))
}

/// Between two meridians (eastward from the first) and two parallels.
fn range(
    lon1: f64,
    lon2: f64,
    lat1: f64,
    lat2: f64,
    parts: &mut Vec<RegionPart>,
) -> Result<(), RegionError> {
    let corner = vector(lon1, lat1)?;
    vector(lon2, lat2)?;
    if lat1 > lat2 {
        return Err(RegionError::new(format!(
            "the range of latitudes {lat1} to {lat2} is upside down"
        )));
    }
    let round = (lon2 - lon1).abs() >= 360.0;
    let width = if round { 360.0 } else { wrapped(lon2 - lon1) };
    if width == 0.0 && lat1 == lat2 {
        parts.push(RegionPart::Circle {
            centre: corner,
            chord: 0.0,
        });
        return Ok(());
    }
    if round && (lat1 == -90.0 || lat2 == 90.0) {
        let (pole, radius) = if lat2 == 90.0 {
            (1.0, 90.0 - lat1)
        } else {
            (-1.0, lat2 + 90.0)
        };
        parts.push(RegionPart::Circle {
            centre: [0.0, 0.0, pole],
            chord: if radius == 180.0 {
                2.0
            } else {
                chord_of(radius.to_radians())
            },
        });
        return Ok(());
    }
    if width == 0.0 || lat1 == lat2 {
        return Err(RegionError::new(
            "the range has no area: it is a line or an arc",
        ));
    }
    let slices = (width / 30.0).ceil();
    let middle = [lat1, (lat1 + lat2) / 2.0, lat2];
    let latitudes: &[f64] = if lat2 - lat1 > 90.0 {
        &middle
    } else {
        &[lat1, lat2]
    };
    for slice in 0..slices as usize {
        let west = lon1 + width * slice as f64 / slices;
        let east = lon1 + width * (slice + 1) as f64 / slices;
        for pair in latitudes.windows(2) {
            let &[south, north] = pair else { continue };
            let mut ring = parallel(west, east, south)?;
            ring.extend(parallel(west, east, north)?.into_iter().rev());
            parts.push(RegionPart::Polygon(Polygon::new(ring)?));
        }
    }
    Ok(())
}

/// Points along a parallel, so close that the great circles between them stay
/// within an arcsecond of it: an arc over the longitudes Δ strays by
/// Δ²·sin(2·lat)/16.
fn parallel(west: f64, east: f64, lat: f64) -> Result<Vec<Vector>, RegionError> {
    let bend = (2.0 * lat.to_radians()).sin().abs();
    let step = (16.0 * STRAY / bend.max(1e-9)).sqrt().to_degrees();
    let count = ((east - west) / step).ceil().max(1.0);
    (0..=count as usize)
        .map(|i| vector(west + (east - west) * i as f64 / count, lat))
        .collect()
}

impl fmt::Display for Region {
    /// STC-S text that [`Region::parse`] reads back as the same region.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [figure] = self.figures.as_slice() {
            return write_figure(figure, " ICRS", f);
        }
        f.write_str("Union ICRS (")?;
        for (i, figure) in self.figures.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write_figure(figure, "", f)?;
        }
        f.write_str(")")
    }
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
    }
}
