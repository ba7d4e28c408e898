//! Which cells a part of a region touches.
//!
//! Cells are divided from a few that hold all of the part. One of the map's
//! order is taken as soon as a point of the part is known to be in it: its
//! centre, or that of a cell within; else when the part comes as near to a cell
//! an order finer as the circle round that cell. So none is missing, and few
//! are taken that the part only nearly touches.
//!
//! Why not the coverages of polygons in `moc` and `cdshealpix`? They panic on
//! some, such as those with a corner at the pole.

use std::ops::Range;

use cdshealpix::nested;

use crate::sky::build::Built;
use crate::sky::cover::Cell;
use crate::sky::measure::part_bound;
use crate::sky::point::{Point, Vector, angle, angle_of, chord_of, chord2, normalized, plus};
use crate::sky::predicates::{arc_chord2, point_in_ring};
use crate::sky::region::{CommonPart, Figure, Region, RegionError, RegionPart};
use crate::sky::shape::Ring;

/// Orders that cells on the edge of a part are finer than the map.
const FINER: u8 = 1;

/// A polygon of more edges is judged at the map's own order.
const MANY: usize = 128;

/// The finest order of HEALPix.
pub(super) const FINEST: u8 = 29;

/// Where cells are painted.
pub(super) trait Canvas {
    /// Whether the cell is painted already.
    fn has(&self, order: u8, cell: u64) -> bool;
    fn paint(&mut self, order: u8, cell: u64);
}

/// Paints every cell of `order` that the region touches, or larger ones that
/// lie inside of it.
pub(super) fn paint_region(region: &Region, order: u8, canvas: &mut impl Canvas) {
    // Cells are taken as they are and not by their outlines, which touch
    // their neighbours.
    if !region.figures.iter().any(|f| matches!(f, Figure::Moc(_))) {
        region.parts.iter().for_each(|it| paint(it, order, canvas));
        return;
    }
    for figure in &region.figures {
        if let Figure::Moc(moc) = figure {
            for (finer, cell) in moc.cells() {
                let above = 2 * finer.saturating_sub(order);
                canvas.paint(finer.min(order), cell >> above);
            }
            continue;
        }
        let mut built = Built::default();
        // It was built before, when the region was read.
        if built.add(figure).is_ok() {
            built.parts.iter().for_each(|it| paint(it, order, canvas));
        }
    }
}

/// About how many cells of `order` lie on the edges of a region.
pub(super) fn effort(region: &Region, order: u8) -> usize {
    let length: f64 = region
        .parts
        .iter()
        .map(|part| match part {
            RegionPart::Circle { chord, .. } => std::f64::consts::TAU * chord,
            RegionPart::Wide { rest, .. } => std::f64::consts::TAU * rest,
            // No edge is longer than a great circle round what it bounds.
            RegionPart::Common(common) => {
                let around = part_bound(part).chord;
                std::f64::consts::TAU * around * common.edges() as f64
            }
            RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => {
                let edges = polygon.ring().edges();
                edges.map(|(a, b)| chord2(a, b).sqrt()).sum()
            }
        })
        .sum();
    (length * f64::from(1_u32 << order)) as usize
}

/// Paints the cell of a position, in degrees.
///
/// # Errors
///
/// As [`Point::from_degrees`].
pub(super) fn paint_position(
    lon: f64,
    lat: f64,
    order: u8,
    canvas: &mut impl Canvas,
) -> Result<(), RegionError> {
    paint_point(Point::from_degrees(lon, lat)?, order, canvas);
    Ok(())
}

fn paint_point(point: Point, order: u8, canvas: &mut impl Canvas) {
    let (lon, lat) = point.lon_lat();
    let cell = nested::hash(order, lon.to_radians(), lat.to_radians());
    canvas.paint(order, cell);
}

fn paint(part: &RegionPart, order: u8, canvas: &mut impl Canvas) {
    let (outline, centre, radius) = match part {
        RegionPart::Circle { centre, chord } if *chord == 0.0 => {
            return paint_point(Point::from_vector(*centre), order, canvas);
        }
        RegionPart::Circle { centre, chord } => {
            let radius = angle_of(*chord);
            (Outline::Circle(*centre, radius), *centre, radius)
        }
        RegionPart::Wide { centre, rest } => {
            let radius = std::f64::consts::PI - angle_of(*rest);
            (Outline::Circle(*centre, radius), *centre, radius)
        }
        RegionPart::Common(common) => {
            let bound = part_bound(part);
            (Outline::Common(common), bound.centre, angle_of(bound.chord))
        }
        RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => {
            let ring = polygon.ring();
            let (centre, radius) = bound(ring.vertices);
            (Outline::Polygon(ring), centre, radius)
        }
    };
    let (edges, near) = match &outline {
        Outline::Circle(..) | Outline::Common(_) => (Vec::new(), Vec::new()),
        Outline::Polygon(ring) => {
            let edges: Vec<(Vector, Vector)> = ring.edges().collect();
            let near = (0..edges.len()).collect();
            (edges, near)
        }
    };
    let finer = if edges.len() > MANY { 0 } else { FINER };
    let all = 0..near.len();
    let mut brush = Brush {
        outline,
        edges,
        near,
        order,
        finest: (order + finer).min(FINEST),
        asked: 0,
    };
    let cells = around(centre, radius, order);
    brush.asked = cells.first().map_or(0, |cell| cell.order + 1);
    for cell in cells {
        brush.divide(cell, all.clone(), canvas);
    }
}

enum Outline<'a> {
    /// Radians.
    Circle(Vector, f64),
    Polygon(Ring<'a>),
    Common(&'a CommonPart),
}

struct Brush<'a> {
    outline: Outline<'a>,
    edges: Vec<(Vector, Vector)>,
    /// A stack of the edges near the cell under the brush and near those that
    /// hold it: what is far from a cell is far from all it contains.
    near: Vec<usize>,
    order: u8,
    finest: u8,
    /// Up to this order the canvas is asked whether it has the cell: beyond it
    /// that costs more than it saves.
    asked: u8,
}

enum Verdict {
    Out,
    /// The part contains all of the cell.
    Full,
    Partial,
}

impl Brush<'_> {
    /// `near` says where in the stack the edges near the cell above are.
    fn divide(&mut self, cell: Cell, near: Range<usize>, canvas: &mut impl Canvas) {
        if cell.order <= self.asked && canvas.has(cell.order, cell.number) {
            return;
        }
        let top = self.near.len();
        match self.judge(&cell, near) {
            Verdict::Out => {}
            Verdict::Full => canvas.paint(cell.order, cell.number),
            Verdict::Partial if cell.order == self.order => {
                if self.touches(&cell, top..self.near.len()) {
                    canvas.paint(cell.order, cell.number);
                }
            }
            Verdict::Partial => {
                let near = top..self.near.len();
                for child in children(&cell) {
                    self.divide(child, near.clone(), canvas);
                }
            }
        }
        self.near.truncate(top);
    }

    /// Whether the part touches a cell of the map's order or finer that it
    /// comes near to.
    fn touches(&mut self, cell: &Cell, near: Range<usize>) -> bool {
        if cell.order == self.finest || self.holds(cell.centre) {
            return true;
        }
        children(cell).into_iter().any(|child| {
            let top = self.near.len();
            let touches = match self.judge(&child, near.clone()) {
                Verdict::Out => false,
                Verdict::Full => true,
                Verdict::Partial => self.touches(&child, top..self.near.len()),
            };
            self.near.truncate(top);
            touches
        })
    }

    fn holds(&self, point: Vector) -> bool {
        match self.outline {
            Outline::Circle(centre, radius) => {
                let chord = chord_of(radius);
                chord2(point, centre) <= chord * chord
            }
            Outline::Polygon(ring) => point_in_ring(point, ring),
            Outline::Common(common) => common.holds(point),
        }
    }

    /// Leaves the edges near the cell on the stack.
    fn judge(&mut self, cell: &Cell, near: Range<usize>) -> Verdict {
        let reach = cell.radius();
        match self.outline {
            Outline::Circle(centre, radius) => match angle(cell.centre, centre) {
                apart if apart > radius + reach => Verdict::Out,
                apart if apart + reach <= radius => Verdict::Full,
                _ => Verdict::Partial,
            },
            Outline::Common(common) => match common.near(cell.centre, reach) {
                false => Verdict::Out,
                true if common.holds_all_near(cell.centre, reach) => Verdict::Full,
                true => Verdict::Partial,
            },
            Outline::Polygon(ring) => {
                let top = self.near.len();
                for place in near {
                    let Some(&edge) = self.near.get(place) else {
                        break;
                    };
                    // An angle is more than its chord.
                    if let Some(&(a, b)) = self.edges.get(edge)
                        && arc_chord2(cell.centre, a, b) <= reach * reach
                    {
                        self.near.push(edge);
                    }
                }
                match self.near.len() > top {
                    true => Verdict::Partial,
                    false if point_in_ring(cell.centre, ring) => Verdict::Full,
                    false => Verdict::Out,
                }
            }
        }
    }
}

fn children(cell: &Cell) -> [Cell; 4] {
    [0, 1, 2, 3].map(|child| Cell::new(cell.order + 1, 4 * cell.number + child))
}

/// A circle that holds the vertices, and so all of a polygon that is smaller
/// than a hemisphere: a direction, and the angle to the farthest.
fn bound(vertices: &[Vector]) -> (Vector, f64) {
    let sum = vertices
        .iter()
        .fold([0.0; 3], |sum, vertex| plus(sum, 1.0, *vertex));
    let centre = normalized(sum);
    let farthest = vertices
        .iter()
        .map(|vertex| angle(centre, *vertex))
        .fold(0.0, f64::max);
    (centre, farthest)
}

/// Cells of one order, `finest` or coarser, that hold all within `radius`
/// radians of a position.
fn around(centre: Vector, radius: f64, finest: u8) -> Vec<Cell> {
    // Well above all rounding.
    let radius = 1.001 * radius + 1e-11;
    if !cdshealpix::has_best_starting_depth(radius) {
        return Cell::whole_sky();
    }
    // At this order a circle of that radius is in its centre's cell and the
    // cells around.
    let order = cdshealpix::best_starting_depth(radius).min(finest);
    let (lon, lat) = Point::from_vector(centre).lon_lat();
    let cell = nested::hash(order, lon.to_radians(), lat.to_radians());
    nested::neighbours(order, cell, true)
        .values_vec()
        .into_iter()
        .map(|cell| Cell::new(order, cell))
        .collect()
}
