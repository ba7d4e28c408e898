//! Regions as databases keep them: one list of numbers.

use super::point::Vector;

/// A union of simple parts as a flat list of numbers, the form in which a
/// region is stored beside a row and handed to SQL functions.
///
/// For every part a header and then components of unit vectors:
///
/// | header | part | numbers after it |
/// |---|---|---|
/// | 0 | circle | centre x, y, z; chord 2·sin(r/2) |
/// | n ≥ 3 | simple polygon of n vertices, counter-clockwise seen from outside, within an open hemisphere | 3·n |
/// | −n | the same, and convex | 3·n |
///
/// A point is a circle of chord 0. The chord grows with the radius up to 180°,
/// so circles larger than a hemisphere need nothing special (a hemisphere has
/// the chord √2) and the chord 2 is the whole sky.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Shape(pub Vec<f64>);

impl Shape {
    /// The numbers.
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

/// One simple part of an encoded shape.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Circle { centre: Vector, chord: f64 },
    Polygon(Ring<'a>),
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
        let (&header, rest) = shape.split_first()?;
        if header == 0.0 {
            let (&[x, y, z, chord], rest) = rest.split_first_chunk::<4>()?;
            shape = rest;
            return Some(Part::Circle {
                centre: [x, y, z],
                chord,
            });
        }
        let count = header.abs();
        if !(3.0..=1e9).contains(&count) {
            return None;
        }
        let (numbers, rest) = rest.split_at_checked(3 * count as usize)?;
        shape = rest;
        Some(Part::Polygon(Ring {
            vertices: numbers.as_chunks::<3>().0,
            convex: header < 0.0,
        }))
    })
}

/// Appends a circle.
pub(super) fn push_circle(shape: &mut Vec<f64>, centre: Vector, chord: f64) {
    shape.push(0.0);
    shape.extend(centre);
    shape.push(chord);
}

/// Appends a polygon.
pub(super) fn push_polygon(shape: &mut Vec<f64>, vertices: &[Vector], convex: bool) {
    let count = vertices.len() as f64;
    shape.push(if convex { -count } else { count });
    shape.extend(vertices.iter().flatten());
}
