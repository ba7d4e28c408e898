//! The edge of what several shapes have in common, as rings to draw.

use super::common::left_of;
use super::point::{Vector, chord2, cross, dot, normalized, plus, scaled};
use super::predicates::{perpendicular, point_in_part};
use super::region::CommonPart;
use super::shape::{Part, parts};

/// A full circle, travelled with what is wanted on the left.
struct Track {
    /// The centre, seen from which it is counter-clockwise.
    axis: Vector,
    /// Of the angle around the axis.
    sine: f64,
    cosine: f64,
    start: Vector,
    side: Vector,
}

impl Track {
    fn new(axis: Vector, sine: f64, cosine: f64) -> Track {
        let start = normalized(perpendicular(axis));
        Track {
            axis,
            sine,
            cosine,
            start,
            side: cross(axis, start),
        }
    }

    fn at(&self, turn: f64) -> Vector {
        let (sin, cos) = turn.sin_cos();
        let outward = plus(scaled(self.start, cos), sin, self.side);
        normalized(plus(scaled(self.axis, self.cosine), self.sine, outward))
    }

    /// The angle at which a position lies on it.
    fn turn_of(&self, position: Vector) -> Option<f64> {
        if (dot(position, self.axis) - self.cosine).abs() > 1e-9 {
            return None;
        }
        let turn = dot(position, self.side).atan2(dot(position, self.start));
        Some(turn.rem_euclid(std::f64::consts::TAU))
    }
}

impl CommonPart {
    /// Rings around what the parts have in common (and, clockwise, around holes
    /// in it), of lines no longer than some degrees.
    pub fn rings(&self, longest: f64) -> Vec<Vec<Vector>> {
        let mut lines = Vec::new();
        for track in self.tracks() {
            let mut cuts: Vec<f64> = self
                .corners
                .iter()
                .filter_map(|&corner| track.turn_of(corner))
                .collect();
            cuts.sort_by(f64::total_cmp);
            cuts.dedup_by(|a, b| *a - *b < 1e-12);
            let first = cuts.first().copied().unwrap_or(0.0);
            cuts.push(first + std::f64::consts::TAU);
            for pair in cuts.windows(2) {
                let &[from, to] = pair else { continue };
                if !self.has(track.at((from + to) / 2.0)) {
                    continue;
                }
                let length = (to - from).to_degrees() * track.sine.max(0.1);
                let steps = (length / longest).ceil().max(1.0) as usize;
                let point = |step| track.at(from + (to - from) * step as f64 / steps as f64);
                lines.push((0..=steps).map(point).collect::<Vec<_>>());
            }
        }
        joined(lines)
    }

    fn has(&self, position: Vector) -> bool {
        parts(&self.parts).all(|part| point_in_part(position, part))
    }

    fn tracks(&self) -> Vec<Track> {
        let mut tracks = Vec::new();
        for part in parts(&self.parts) {
            match part {
                Part::Circle { chord, .. } if chord >= 2.0 => {}
                Part::Circle { centre, chord } => {
                    let sine = chord * (1.0 - chord * chord / 4.0).max(0.0).sqrt();
                    tracks.push(Track::new(centre, sine, 1.0 - chord * chord / 2.0));
                }
                Part::Hole { centre, chord } => {
                    let sine = chord * (1.0 - chord * chord / 4.0).max(0.0).sqrt();
                    let axis = scaled(centre, -1.0);
                    tracks.push(Track::new(axis, sine, chord * chord / 2.0 - 1.0));
                }
                Part::Polygon(ring) => {
                    let great = |(a, b)| Track::new(left_of(a, b), 1.0, 0.0);
                    tracks.extend(ring.edges().map(great));
                }
                Part::Common(_) | Part::Drawn(_) => {}
            }
        }
        tracks
    }
}

/// Lines put end to end until they close; the first point is not repeated.
fn joined(mut lines: Vec<Vec<Vector>>) -> Vec<Vec<Vector>> {
    let mut rings = Vec::new();
    while let Some(mut ring) = lines.pop() {
        while let (Some(start), Some(end)) = (ring.first().copied(), ring.pop()) {
            let from_end =
                |line: &Vec<Vector>| line.first().map_or(4.0, |&first| chord2(first, end));
            let next = (0..lines.len())
                .map(|place| (place, lines.get(place).map_or(4.0, from_end)))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            match next {
                Some((place, apart)) if apart < chord2(start, end) => {
                    ring.extend(lines.swap_remove(place));
                }
                _ => break,
            }
        }
        if ring.len() > 2 {
            rings.push(ring);
        }
    }
    rings
}
