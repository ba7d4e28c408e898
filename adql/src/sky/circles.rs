//! Circles, and what is outside of them.
//!
//! A circle is a centre and a chord, up to a hemisphere or the whole sky (chord
//! 2); what is outside of a circle is said by that circle, since the chord of a
//! radius near 180° has no digits left.

use super::TOLERANCE;
use super::point::{Vector, chord2};

/// The cosine of half the angle of a chord.
fn half_cosine(chord: f64) -> f64 {
    let square = 1.0 - chord * chord / 4.0;
    if square > 0.0 { square.sqrt() } else { 0.0 }
}

/// The chord of the sum of the angles of two chords, within half a turn.
fn sum(a: f64, b: f64) -> f64 {
    a * half_cosine(b) + b * half_cosine(a)
}

pub(super) fn point_in(point: Vector, centre: Vector, chord: f64) -> bool {
    let reach = chord + TOLERANCE;
    chord2(point, centre) <= reach * reach
}

/// Whether a point is outside of a circle or on its edge.
pub(super) fn point_outside(point: Vector, centre: Vector, chord: f64) -> bool {
    let reach = chord - TOLERANCE;
    reach <= 0.0 || chord2(point, centre) >= reach * reach
}

pub(super) fn meet(a: Vector, chord_a: f64, b: Vector, chord_b: f64) -> bool {
    if chord_a * chord_a + chord_b * chord_b >= 4.0 {
        // The radii add up to 180° or more.
        return true;
    }
    let reach = sum(chord_a, chord_b) + TOLERANCE;
    chord2(a, b) <= reach * reach
}

/// Whether two circles have more in common than an edge.
pub(super) fn well_meet(a: Vector, chord_a: f64, b: Vector, chord_b: f64) -> bool {
    let reach = sum(chord_a, chord_b) - TOLERANCE;
    reach > 0.0 && chord2(a, b) < reach * reach
}

pub(super) fn circle_in(inner: Vector, inner_chord: f64, outer: Vector, outer_chord: f64) -> bool {
    if outer_chord >= 2.0 {
        return true;
    }
    let reach =
        outer_chord * half_cosine(inner_chord) - inner_chord * half_cosine(outer_chord) + TOLERANCE;
    reach >= 0.0 && chord2(inner, outer) <= reach * reach
}

/// Whether a circle lies in another and does not touch its edge.
pub(super) fn well_in(inner: Vector, inner_chord: f64, outer: Vector, outer_chord: f64) -> bool {
    let reach =
        outer_chord * half_cosine(inner_chord) - inner_chord * half_cosine(outer_chord) - TOLERANCE;
    reach > 0.0 && chord2(inner, outer) < reach * reach
}
