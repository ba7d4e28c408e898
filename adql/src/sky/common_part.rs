//! What several shapes have in common, as the index and a map of cells see it.

use super::cover::Cell;
use super::point::{
    Vector, angle, angle_of, chord_of, chord2, dot, normalized, plus, scaled, within,
};
use super::predicates::{arc_chord2, part_contains, point_in_part, point_in_ring};
use super::region::CommonPart;
use super::shape::{Part, parts};

/// The area is counted in cells, this many at its edge.
const EDGE_CELLS: usize = 800;

impl CommonPart {
    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        parts(&self.parts)
    }

    /// Whether a position is in it.
    pub fn holds(&self, point: Vector) -> bool {
        self.parts().all(|part| point_in_part(point, part))
    }

    /// How many edges there are.
    pub fn edges(&self) -> usize {
        let edges = |part| match part {
            Part::Polygon(ring) => ring.vertices.len(),
            _ => 1,
        };
        self.parts().map(edges).sum()
    }

    /// Whether a position may be within some radians of it: it is of all parts.
    pub fn near(&self, point: Vector, radians: f64) -> bool {
        self.parts().all(|part| match part {
            Part::Circle { centre, chord } => within(point, centre, angle_of(chord) + radians),
            Part::Hole { centre, chord } => {
                let clear = angle_of(chord) - radians;
                clear <= 0.0 || chord2(point, centre) >= chord_of(clear).powi(2)
            }
            Part::Polygon(ring) => {
                let reach = chord_of(radians);
                let close = |(a, b)| arc_chord2(point, a, b) <= reach * reach;
                point_in_ring(point, ring) || ring.edges().any(close)
            }
            Part::Common(_) | Part::Drawn(_) => true,
        })
    }

    /// Whether all within some radians of a position is in it.
    pub fn holds_all_near(&self, centre: Vector, radians: f64) -> bool {
        let chord = chord_of(radians);
        let disc = Part::Circle { centre, chord };
        radians < 1.5 && self.parts().all(|part| part_contains(part, disc))
    }

    /// A position in it from which its others are not far.
    pub fn inner_point(&self) -> Vector {
        let sum = self
            .corners
            .iter()
            .fold([0.0; 3], |sum, &corner| plus(sum, 1.0, corner));
        let mut candidates = self.corners.clone();
        if dot(sum, sum) > 1e-12 {
            let mean = normalized(sum);
            candidates.extend([mean, scaled(mean, -1.0)]);
            // Between a corner and the mean.
            let halfway = |&corner: &Vector| normalized(plus(corner, 1.0, mean));
            candidates.extend(
                self.corners
                    .iter()
                    .filter(|c| dot(**c, mean) > -0.9)
                    .map(halfway),
            );
        }
        candidates.extend(self.parts().filter_map(|part| match part {
            Part::Circle { centre, .. } => Some(centre),
            Part::Hole { centre, .. } => Some(scaled(centre, -1.0)),
            _ => None,
        }));
        let deepest = candidates
            .into_iter()
            .filter(|&candidate| self.holds(candidate))
            .max_by(|&a, &b| self.inset(a).total_cmp(&self.inset(b)));
        deepest
            .or(self.corners.first().copied())
            .unwrap_or([0.0, 0.0, 1.0])
    }

    /// The chord of a circle round a position in it that stays in it.
    pub fn inset(&self, from: Vector) -> f64 {
        self.parts().fold(2.0, |least, part| {
            let depth = match part {
                Part::Circle { chord, .. } if chord >= 2.0 => 2.0,
                Part::Circle { centre, chord } => {
                    chord_of((angle_of(chord) - angle(from, centre)).max(0.0))
                }
                Part::Hole { centre, chord } => {
                    chord_of((angle(from, centre) - angle_of(chord)).max(0.0))
                }
                Part::Polygon(ring) => {
                    let nearest = ring
                        .edges()
                        .fold(4.0, |least, (a, b)| f64::min(least, arc_chord2(from, a, b)));
                    nearest.sqrt()
                }
                Part::Common(_) | Part::Drawn(_) => 0.0,
            };
            f64::min(least, depth)
        })
    }

    /// Steradians and the mean of its positions, counted in cells: to about a
    /// thousandth.
    pub fn extent(&self) -> (f64, Vector) {
        let (mut area, mut moment) = (0.0, [0.0; 3]);
        let mut add = |cell: &Cell, share: f64| {
            let size = share * std::f64::consts::PI / 3.0 / 4_f64.powi(i32::from(cell.order));
            area += size;
            moment = plus(moment, size, cell.centre);
        };
        let mut cells = Cell::whole_sky();
        loop {
            let finest = cells.first().is_none_or(|cell| cell.order >= 29);
            let mut edge = Vec::new();
            for cell in cells {
                if !self.near(cell.centre, cell.radius()) {
                    continue;
                }
                // A large cell's centre says nothing of its mean.
                if cell.order > 3 && self.holds_all_near(cell.centre, cell.radius()) {
                    add(&cell, 1.0);
                } else {
                    edge.push(cell);
                }
            }
            if finest || edge.len() > EDGE_CELLS {
                for cell in &edge {
                    if self.holds(cell.centre) {
                        add(cell, 1.0);
                    }
                }
                break;
            }
            let children = |cell: &Cell| {
                let (order, number) = (cell.order + 1, 4 * cell.number);
                (0..4).map(move |child| Cell::new(order, number + child))
            };
            cells = edge.iter().flat_map(children).collect();
        }
        match area > 0.0 {
            true => (area, scaled(moment, 1.0 / area)),
            false => (0.0, self.inner_point()),
        }
    }
}
