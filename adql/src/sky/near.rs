//! The keys near a circle that a row gives: a cover that a database can
//! compute by itself, row for row.
//!
//! The law is that of [`super::cover`]: too wide is allowed, too narrow is
//! not. Written a second time in PL/pgSQL (`sky_near_1`) with the same steps;
//! so it is short, and looks at no cell by itself: a square in the plane of a
//! base cell holds the circle, without the corners that are beyond its first
//! and last parallel and meridian.
//!
//! Why a square holds it: in the base cell's own coordinates, from 0 to 1
//! each, a position moves by at most [`STEEPEST`] for every radian it moves on
//! the sky, and by less away from the poles. Where the square leaves the base
//! cell, it goes on in the cells beside it, turned as they lie there.

use super::footprint::{ALWAYS, CLASS_RADII, CLASS_SHIFT, KEY_ORDER, POSITION_ORDER, WIDE_CLASS};
use super::point::{Vector, angle_of, scaled};
use super::ranges::apart;
use super::region::Region;

/// What is looked for near a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Near {
    /// Positions inside the circle.
    Positions,
    /// Footprints that meet something within the circle.
    Meeting,
    /// Footprints inside of something within the circle.
    Inside,
    /// Footprints around something that has the circle's centre.
    Around,
}

impl Near {
    /// What a number means that an SQL function is called with.
    pub fn of_number(number: i64) -> Option<Near> {
        [Near::Positions, Near::Meeting, Near::Inside, Near::Around]
            .into_iter()
            .find(|near| *near as i64 == number)
    }
}

/// The circle that holds all positions not further than a distance (degrees)
/// from one; the whole sky when that is no position, or no distance.
pub fn reach(lon: f64, lat: f64, distance: f64) -> Region {
    // Wider than the last digits of a distance computed from coordinates.
    let radius = distance.max(0.0) * (1.0 + 1e-12) + 1e-9;
    let circle = match distance < 179.9 {
        true => Region::circle(lon, lat, radius).ok(),
        false => None,
    };
    circle.unwrap_or_else(Region::whole_sky)
}

/// The square of the steepest slope in the belt around the equator: at its
/// edges, where 9/16 · cos² + 4/π² / cos² of the latitude is largest.
const BELT: f64 = 1.0422;
/// 12/π² / (1 + 2/3), the part of the slope in the polar caps that goes along
/// the parallel.
const ALONG: f64 = 0.7296;
/// The steepest slope anywhere.
const STEEPEST: f64 = 1.494;
/// Beyond this radius (radians) everything is near.
const FAR: f64 = 0.6;
/// Added to all lengths: more than all rounding.
const SLACK: f64 = 1e-11;
/// A square is at most so many cells wide, twice as many where it is a large
/// part of the sky: what lies there is large, and matched by many.
const WIDTH: f64 = 4.0;
/// Radians.
const WIDE: f64 = 0.2;

/// Inclusive ranges of keys, apart from each other: of order-29 cells for
/// positions, of footprint keys for the rest. `chord` is that of the circle,
/// 2·sin(r/2); of footprints only the classes are wanted whose bit is set.
///
/// ```
/// use adql::sky::{Near, Region, near, position_cell};
/// let circle = Region::circle(10.0, 20.0, 0.1)?.footprint();
/// let ranges = near([circle.x, circle.y, circle.z], circle.crad, Near::Positions, 0);
/// let cell = position_cell(10.05, 20.03).unwrap();
/// assert!(ranges.iter().any(|(low, high)| (*low..=*high).contains(&cell)));
/// # Ok::<(), adql::sky::RegionError>(())
/// ```
pub fn near(centre: [f64; 3], chord: f64, what: Near, classes: i64) -> Vec<(i64, i64)> {
    // Beyond a hemisphere a shape has what is left out, and a chord below zero.
    let (centre, chord) = match chord < 0.0 {
        true => (scaled(centre, -1.0), (4.0 - chord * chord).max(0.0).sqrt()),
        false => (centre, chord),
    };
    let mut ranges = Vec::new();
    let place = Place::of(centre);
    let circle = angle_of(chord);
    if what == Near::Positions {
        place.cover(circle, 0, POSITION_ORDER, &mut ranges);
        return apart(ranges);
    }
    for (class, radius) in CLASS_RADII.iter().enumerate() {
        if classes & (1 << class) == 0 {
            continue;
        }
        let largest = radius.to_radians();
        let smallest = CLASS_RADII.get(class + 1).map_or(0.0, |r| r.to_radians());
        let reach = match what {
            // A circle has at least half the width of what it holds.
            Near::Inside if smallest / 2.0 > circle + SLACK => continue,
            Near::Around if circle / 2.0 > largest + SLACK => continue,
            Near::Inside | Near::Positions => circle,
            Near::Around => largest,
            Near::Meeting => circle + largest,
        };
        place.cover(reach, (class as i64) << CLASS_SHIFT, KEY_ORDER, &mut ranges);
    }
    if classes >> WIDE_CLASS != 0 {
        ranges.push(ALWAYS);
    }
    apart(ranges)
}

/// All keys of a class.
fn whole(base: i64) -> (i64, i64) {
    (base, base | ((1 << CLASS_SHIFT) - 1))
}

/// A position in the coordinates of its base cell.
struct Place {
    face: usize,
    x: f64,
    y: f64,
    /// Height over the equator, and without its sign.
    height: f64,
    z: f64,
    /// Distance from the axis.
    axis: f64,
    /// Quarters of a turn.
    turn: f64,
}

impl Place {
    fn of([x, y, z]: Vector) -> Place {
        let axis2 = x * x + y * y;
        let high = z.abs();
        let mut turn = y.atan2(x) / std::f64::consts::FRAC_PI_2;
        if turn < 0.0 {
            turn += 4.0;
        }
        let place = |face: usize, x: f64, y: f64| Place {
            face,
            x,
            y,
            height: z,
            z: high,
            axis: axis2.sqrt(),
            turn,
        };
        if high <= 2.0 / 3.0 {
            let up = turn + 0.5 + 0.75 * z;
            let down = turn + 0.5 - 0.75 * z;
            let (above, below) = (up.floor(), down.floor());
            let face = if above == below {
                4 + above as usize % 4
            } else if below < above {
                below as usize % 4
            } else {
                8 + above as usize % 4
            };
            return place(face, up - above, 1.0 - (down - below));
        }
        let quarter = turn.floor().min(3.0);
        let part = turn - quarter;
        // 3 (1 − z) without cancellation.
        let wide = (3.0 * axis2 / (1.0 + high)).sqrt();
        let (east, west) = (part * wide, (1.0 - part) * wide);
        if z > 0.0 {
            place(quarter as usize, 1.0 - west, 1.0 - east)
        } else {
            place(8 + quarter as usize, east, west)
        }
    }

    /// How far x and y can go within a radius in radians.
    fn reach(&self, radius: f64) -> (f64, f64) {
        let top = self.z + radius;
        let (x, y) = if top <= 2.0 / 3.0 {
            (BELT.sqrt(), BELT.sqrt())
        } else {
            let sine = radius.min(1.0).sin();
            let along = if sine < self.axis * 0.999 {
                (sine / self.axis).asin() / std::f64::consts::FRAC_PI_2
            } else {
                4.0
            };
            let quarter = self.turn.floor().min(3.0);
            let (west, east) = (self.turn - along - quarter, self.turn + along - quarter);
            if west < 0.0 || east > 1.0 {
                (STEEPEST, STEEPEST)
            } else {
                let slope = |part: f64| {
                    let slope = ALONG + 0.75 * part * part * (1.0 + top.min(1.0));
                    slope.max(BELT).sqrt()
                };
                // Southern base cells lie the other way round, by symmetry.
                let (low, high) = (slope(1.0 - west), slope(east));
                if self.face >= 8 || (self.face >= 4 && self.south()) {
                    (high, low)
                } else {
                    (low, high)
                }
            }
        };
        (x * radius + SLACK, y * radius + SLACK)
    }

    /// In a base cell of the equator: nearer to its southern corner.
    fn south(&self) -> bool {
        self.x + self.y < 1.0
    }

    fn cover(&self, radius: f64, base: i64, finest: u8, ranges: &mut Vec<(i64, i64)>) {
        if radius > FAR {
            ranges.push(match finest {
                POSITION_ORDER => (0, i64::MAX),
                _ => whole(base),
            });
            return;
        }
        let (x, y) = self.reach(radius);
        // The finest cells of which the square is at most so many wide.
        let mut order = 1;
        let mut scale = 2.0;
        let width = if radius > WIDE { 2.0 * WIDTH } else { WIDTH };
        while order < finest && 4.0 * x.max(y) * scale <= width {
            order += 1;
            scale *= 2.0;
        }
        let square = Square {
            face: self.face,
            x: (self.x - x, self.x + x),
            y: (self.y - y, self.y + y),
            across: self.across(radius),
        };
        let up = self.up(radius);
        square.each_face(&mut |square| square.cut(up, order, scale, base, finest, ranges));
    }

    /// Between which parallels the circle lies, as x + y would be in a base
    /// cell of the north.
    fn up(&self, radius: f64) -> (f64, f64) {
        let (sine, cosine) = radius.sin_cos();
        // So many last digits can be lost.
        let (north, south) = (
            self.height * cosine + self.axis * sine + 4e-15,
            self.height * cosine - self.axis * sine - 4e-15,
        );
        let north = if self.height >= cosine { 1.0 } else { north };
        let south = if -self.height >= cosine { -1.0 } else { south };
        let up = |z: f64| match z.abs() {
            high if high <= 2.0 / 3.0 => 1.5 * z,
            high => (2.0 - (3.0 * (1.0 - high.min(1.0))).sqrt()).copysign(z),
        };
        (up(south) - SLACK, up(north) + SLACK)
    }

    /// Between which meridians it lies, as x − y has it, where that says more
    /// than the square: in the belt.
    fn across(&self, radius: f64) -> (f64, f64) {
        if self.z + radius > 2.0 / 3.0 {
            return EVERYWHERE;
        }
        let along = (radius.sin() / self.axis).min(1.0).asin();
        let along = 2.0 * along / std::f64::consts::FRAC_PI_2 + SLACK;
        (self.x - self.y - along, self.x - self.y + along)
    }
}

/// A rectangle in the plane of a base cell; what is beyond 0 or 1 is in the
/// cells beside it.
#[derive(Clone, Copy)]
struct Square {
    face: usize,
    x: (f64, f64),
    y: (f64, f64),
    /// What is wanted of x − y.
    across: (f64, f64),
}

const EVERYWHERE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

impl Square {
    /// The parts in all the base cells. Where three of them meet, a part can
    /// be reached two ways, and is visited twice.
    fn each_face(self, visit: &mut dyn FnMut(Square)) {
        let Square { face, x, y, across } = self;
        let (ring, quarter) = (face / 4, face % 4);
        let (next, before) = ((quarter + 1) % 4, (quarter + 3) % 4);
        let by = |(low, high): (f64, f64), step: f64| (low + step, high + step);
        let turned = |(low, high): (f64, f64), from: f64| (from - high, from - low);
        let mut beside = |face: usize, x: (f64, f64), y: (f64, f64), across: (f64, f64)| {
            Square { face, x, y, across }.each_face(visit);
        };
        if x.1 > 1.0 {
            let (x, across) = ((x.0.max(1.0), x.1), by(across, -1.0));
            match ring {
                0 => beside(next, y, turned(x, 2.0), EVERYWHERE),
                1 => beside(quarter, by(x, -1.0), y, across),
                _ => beside(4 + next, by(x, -1.0), y, across),
            }
        }
        if y.1 > 1.0 {
            let (y, across) = ((y.0.max(1.0), y.1), by(across, 1.0));
            match ring {
                0 => beside(before, turned(y, 2.0), x, EVERYWHERE),
                1 => beside(before, x, by(y, -1.0), across),
                _ => beside(4 + quarter, x, by(y, -1.0), across),
            }
        }
        if x.0 < 0.0 {
            let (x, across) = ((x.0, x.1.min(0.0)), by(across, 1.0));
            match ring {
                0 => beside(4 + quarter, by(x, 1.0), y, across),
                1 => beside(8 + before, by(x, 1.0), y, across),
                _ => beside(8 + before, y, turned(x, 0.0), EVERYWHERE),
            }
        }
        if y.0 < 0.0 {
            let (y, across) = ((y.0, y.1.min(0.0)), by(across, -1.0));
            match ring {
                0 => beside(4 + next, x, by(y, 1.0), across),
                1 => beside(8 + quarter, x, by(y, 1.0), across),
                _ => beside(8 + next, turned(y, 0.0), x, EVERYWHERE),
            }
        }
        if x.0 <= 1.0 && x.1 >= 0.0 && y.0 <= 1.0 && y.1 >= 0.0 {
            let within = |(low, high): (f64, f64)| (low.max(0.0), high.min(1.0));
            visit(Square {
                face,
                x: within(x),
                y: within(y),
                across,
            });
        }
    }

    /// Ranges of cells of an order, one for each cell of the order above.
    fn cut(
        &self,
        up: (f64, f64),
        order: u8,
        scale: f64,
        base: i64,
        finest: u8,
        ranges: &mut Vec<(i64, i64)>,
    ) {
        let last = scale - 1.0;
        let cell = |place: f64| (place * scale).min(last) as i64;
        let bits = 2 * u32::from(finest - order);
        let face = (self.face as i64) << (2 * u32::from(order));
        let ring = (self.face / 4) as f64;
        let (x0, x1) = (cell(self.x.0), cell(self.x.1));
        for column in x0 >> 1..=x1 >> 1 {
            let west = self.x.0.max((2 * column) as f64 / scale);
            let east = self.x.1.min((2 * column + 2) as f64 / scale);
            let low = self.y.0.max(up.0 + ring - east).max(west - self.across.1);
            let high = self.y.1.min(up.1 + ring - west).min(east - self.across.0);
            if low > high {
                continue;
            }
            let (y0, y1) = (cell(low), cell(high));
            for row in y0 >> 1..=y1 >> 1 {
                let four = face | (spread(column) | spread(row) << 1) << 2;
                let low = i64::from(x0 > 2 * column) | i64::from(y0 > 2 * row) << 1;
                let high = i64::from(x1 > 2 * column) | i64::from(y1 > 2 * row) << 1;
                let (low, high) = (four | low, four | high);
                ranges.push((base | low << bits, base | (((high + 1) << bits) - 1)));
            }
        }
    }
}

/// The bits of a number with a zero before each.
fn spread(number: i64) -> i64 {
    let mut bits = number & 0xffff_ffff;
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & 0x5555_5555_5555_5555
}
