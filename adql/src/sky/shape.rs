//! Regions as databases keep them: one list of numbers.

use super::point::Vector;

/// A union of parts as a flat list of numbers, the form in which a region is
/// stored beside a row and handed to SQL functions.
///
/// For every part a header and then numbers, mostly components of unit vectors:
///
/// | header | part | numbers after it |
/// |---|---|---|
/// | 0 | circle, up to a hemisphere; of chord 2: the whole sky | centre x, y, z; chord 2·sin(r/2) |
/// | 0 | what is outside of an open circle, up to a hemisphere | centre x, y, z of the circle; minus its chord |
/// | n ≥ 3 | simple polygon of n vertices, counter-clockwise seen from outside, within an open hemisphere | 3·n |
/// | −n | the same, and convex | 3·n |
/// | 1 | what several parts have in common | how many numbers follow; steradians; the mean of its positions x, y, z; then parts, which are circles and polygons |
/// | 2 | HEALPix cells | how many numbers follow; 4·k; then k ranges, each from and up to but without, of order 29, in halves of 32 bits; then the cells drawn as parts |
/// | −2 | ellipse | how many numbers follow; 9; then its centre c and two vectors u, w; then the ellipse drawn as a polygon |
///
/// A point is a circle of chord 0. A position p is in an ellipse when
/// (u·p)² + (w·p)² ≤ (c·p)² and c·p > 0. Whether a *position* is in cells or in
/// an ellipse is decided by their numbers, and what they have to do with other
/// shapes by their drawing.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Shape(pub Vec<f64>);

impl Shape {
    /// The numbers.
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

/// One part of an encoded shape.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Circle {
        centre: Vector,
        chord: f64,
    },
    /// All but the inside of a circle.
    Hole {
        centre: Vector,
        chord: f64,
    },
    Polygon(Ring<'a>),
    Common(Common<'a>),
    Drawn(Drawn<'a>),
}

/// What parts have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common<'a> {
    /// Steradians.
    pub area: f64,
    /// Of all its positions; shorter than one.
    pub mean: Vector,
    /// Encoded circles and polygons.
    pub parts: &'a [f64],
}

/// A part whose edges are no circles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn<'a> {
    /// By which a position is judged.
    pub exact: Exact<'a>,
    /// Encoded circles and polygons, within an arcsecond of it.
    pub parts: &'a [f64],
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Exact<'a> {
    /// Sorted ranges of cells.
    Cells(&'a [[f64; 4]]),
    Ellipse {
        centre: Vector,
        u: Vector,
        w: Vector,
    },
}

/// The vertices of a polygon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ring<'a> {
    pub vertices: &'a [Vector],
    pub convex: bool,
}

impl<'a> Ring<'a> {
    /// The edges as pairs of vertices, the closing one first.
    pub fn edges(self) -> impl Iterator<Item = (Vector, Vector)> + 'a {
        let last = self.vertices.last().copied().unwrap_or_default();
        let starts = std::iter::once(last).chain(self.vertices.iter().copied());
        starts.zip(self.vertices.iter().copied())
    }
}

/// The parts of an encoded shape. Ends at the first thing that is not a part,
/// so that no list of numbers can make it fail.
pub(super) fn parts(mut shape: &[f64]) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let (part, rest) = first(shape)?;
        shape = rest;
        Some(part)
    })
}

/// The same with drawings in place of what they are drawn of.
pub(super) fn drawn_parts(mut shape: &[f64]) -> impl Iterator<Item = Part<'_>> {
    let mut after: &[f64] = &[];
    std::iter::from_fn(move || {
        loop {
            if shape.is_empty() {
                shape = std::mem::take(&mut after);
            }
            let (part, rest) = first(shape)?;
            shape = rest;
            let Part::Drawn(drawn) = part else {
                return Some(part);
            };
            // What is drawn holds nothing that is drawn itself.
            after = rest;
            shape = drawn.parts;
        }
    })
}

fn first(shape: &[f64]) -> Option<(Part<'_>, &[f64])> {
    let (&header, rest) = shape.split_first()?;
    if header == 0.0 {
        let (&[x, y, z, chord], rest) = rest.split_first_chunk::<4>()?;
        let centre = [x, y, z];
        let part = match chord < 0.0 {
            true => Part::Hole {
                centre,
                chord: -chord,
            },
            false => Part::Circle { centre, chord },
        };
        return Some((part, rest));
    }
    if header == 1.0 || header.abs() == 2.0 {
        let (&count, rest) = rest.split_first()?;
        let (numbers, rest) = rest.split_at_checked(counted(count)?)?;
        let part = match header {
            1.0 => {
                let (&[area, x, y, z], parts) = numbers.split_first_chunk::<4>()?;
                let mean = [x, y, z];
                Part::Common(Common { area, mean, parts })
            }
            _ => {
                let (&count, numbers) = numbers.split_first()?;
                let (exact, parts) = numbers.split_at_checked(counted(count)?)?;
                let exact = match (header, exact) {
                    (-2.0, &[cx, cy, cz, ux, uy, uz, wx, wy, wz]) => Exact::Ellipse {
                        centre: [cx, cy, cz],
                        u: [ux, uy, uz],
                        w: [wx, wy, wz],
                    },
                    _ => Exact::Cells(exact.as_chunks::<4>().0),
                };
                Part::Drawn(Drawn { exact, parts })
            }
        };
        return Some((part, rest));
    }
    let count = header.abs();
    if count < 3.0 {
        return None;
    }
    let (numbers, rest) = rest.split_at_checked(3 * counted(count)?)?;
    let ring = Ring {
        vertices: numbers.as_chunks::<3>().0,
        convex: header < 0.0,
    };
    Some((Part::Polygon(ring), rest))
}

fn counted(count: f64) -> Option<usize> {
    (0.0..=1e9).contains(&count).then_some(count as usize)
}

/// Appends a circle.
pub(super) fn push_circle(shape: &mut Vec<f64>, centre: Vector, chord: f64) {
    shape.push(0.0);
    shape.extend(centre);
    shape.push(chord);
}

/// Appends what is outside of a circle; it has a radius.
pub(super) fn push_hole(shape: &mut Vec<f64>, centre: Vector, chord: f64) {
    push_circle(shape, centre, -chord);
}

/// Appends a polygon.
pub(super) fn push_polygon(shape: &mut Vec<f64>, vertices: &[Vector], convex: bool) {
    let count = vertices.len() as f64;
    shape.push(if convex { -count } else { count });
    shape.extend(vertices.iter().flatten());
}

/// Appends what encoded parts have in common.
pub(super) fn push_common(shape: &mut Vec<f64>, common: &Common<'_>) {
    shape.extend([1.0, (4 + common.parts.len()) as f64, common.area]);
    shape.extend(common.mean);
    shape.extend(common.parts);
}

/// Appends an ellipse and its drawing.
pub(super) fn push_ellipse(shape: &mut Vec<f64>, cone: [Vector; 3], drawn: &[f64]) {
    shape.extend([-2.0, (10 + drawn.len()) as f64, 9.0]);
    shape.extend(cone.iter().flatten());
    shape.extend(drawn);
}

/// Appends cells, as ranges up to but without their end, and their drawing.
pub(super) fn push_cells(shape: &mut Vec<f64>, ranges: &[(u64, u64)], drawn: &[f64]) {
    let count = 4 * ranges.len();
    shape.extend([2.0, (1 + count + drawn.len()) as f64, count as f64]);
    for bound in ranges.iter().flat_map(|&(from, to)| [from, to]) {
        shape.extend([(bound >> 32) as f64, (bound & 0xffff_ffff) as f64]);
    }
    shape.extend(drawn);
}
