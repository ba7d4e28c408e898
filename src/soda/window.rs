//! Which pixels of an image a region meets: the smallest rectangle that holds
//! them all.
//!
//! The image is halved again and again. A part of it that is far from the region
//! is let go, one that lies in it is taken as a whole, and one pixel is looked
//! at by its four corners. So the pixels are asked where they are, and nobody
//! asks the projection where a position is: poles, the line at longitude 0,
//! regions larger than the image or than a hemisphere, and positions of which
//! the header says nothing need no care of their own.

use adql::sky::{self, Region};

use super::Fault;
use super::wcs::Wcs;

/// Parts that are looked at before the search is given up: some seconds' work
/// for a simple region, and less often for one of many numbers.
const MOST: usize = 8_000_000;
/// Numbers of a region that count as one look.
const SIMPLE: usize = 64;
/// Parts wider than this (radians) are halved without a look.
const WIDE: f64 = 0.2;
/// How much further than to the positions looked at a part may reach.
const MARGIN: f64 = 1.4;

/// Pixels on the two axes of the sky: the first, counted from 0, and the one
/// behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub first: [u64; 2],
    pub end: [u64; 2],
}

impl Window {
    fn holds(&self, other: &Window) -> bool {
        (0..2)
            .all(|axis| self.first[axis] <= other.first[axis] && self.end[axis] >= other.end[axis])
    }

    fn with(&self, other: &Window) -> Window {
        Window {
            first: [0, 1].map(|axis| self.first[axis].min(other.first[axis])),
            end: [0, 1].map(|axis| self.end[axis].max(other.end[axis])),
        }
    }

    fn size(&self) -> [u64; 2] {
        [0, 1].map(|axis| self.end[axis] - self.first[axis])
    }

    fn is_pixel(&self) -> bool {
        self.size() == [1, 1]
    }

    /// In halves along what is longer; in quarters where both are alike.
    fn halves(&self) -> Vec<Window> {
        let size = self.size();
        let longest = size[0].max(size[1]);
        let mut parts = vec![*self];
        for axis in [0, 1] {
            if size[axis] < 2 || size[axis] * 2 <= longest {
                continue;
            }
            let middle = self.first[axis] + size[axis] / 2;
            parts = parts
                .into_iter()
                .flat_map(|part| {
                    let (mut low, mut high) = (part, part);
                    low.end[axis] = middle;
                    high.first[axis] = middle;
                    [low, high]
                })
                .collect();
        }
        parts
    }
}

/// The pixels of an image of this size that the region meets; none where it
/// meets none.
///
/// # Errors
///
/// The search takes too long.
pub fn window(wcs: &Wcs, size: [u64; 2], region: &Region) -> Result<Option<Window>, Fault> {
    if size.contains(&0) {
        return Ok(None);
    }
    let shape = region.shape();
    let mut search = Search {
        wcs,
        region: shape.as_slice(),
        // A sky that is smaller than this part of its image is not looked for.
        blank: size[0].max(size[1]).div_ceil(512).max(8),
        found: None,
    };
    let mut waiting = vec![Window {
        first: [0, 0],
        end: size,
    }];
    let most = MOST / (1 + shape.as_slice().len() / SIMPLE);
    let mut looked = 0;
    while let Some(part) = waiting.pop() {
        looked += 1;
        if looked > most {
            return Err(Fault::unsuited(
                "which pixels the region meets takes too long to find; ask for a simpler region",
            ));
        }
        if search.found.is_some_and(|found| found.holds(&part)) {
            continue;
        }
        match search.look(&part) {
            Look::Outside => {}
            Look::Inside => {
                search.found = Some(search.found.map_or(part, |found| found.with(&part)));
            }
            Look::Closer => waiting.extend(part.halves()),
        }
    }
    Ok(search.found)
}

enum Look {
    Outside,
    Inside,
    Closer,
}

struct Search<'a> {
    wcs: &'a Wcs,
    region: &'a [f64],
    /// Pixels of the side of a part without sky that is let go.
    blank: u64,
    found: Option<Window>,
}

impl Search<'_> {
    fn look(&self, part: &Window) -> Look {
        // Edges and middle; the first pixel reaches from 0.5 to 1.5.
        let along = |axis: usize| {
            let (first, end) = (part.first[axis] as f64 + 0.5, part.end[axis] as f64 + 0.5);
            [first, 0.5 * (first + end), end]
        };
        let (xs, ys) = (along(0), along(1));
        let mut sky = [None; 9];
        let places = ys.iter().flat_map(|y| xs.iter().map(move |x| [*x, *y]));
        for (position, place) in sky.iter_mut().zip(places) {
            *position = self.wcs.sky(place);
        }
        let known: Vec<[f64; 3]> = sky.iter().flatten().copied().collect();
        if known.is_empty() {
            let size = part.size();
            return match size[0].max(size[1]) <= self.blank {
                true => Look::Outside,
                false => Look::Closer,
            };
        }
        let [a, _, b, _, middle, _, c, _, d] = sky;
        if part.is_pixel() {
            let meets = match (a, b, d, c) {
                (Some(a), Some(b), Some(c), Some(d)) => self.pixel([a, b, c, d]),
                // On the edge of the sky.
                _ => known
                    .iter()
                    .any(|position| sky::point_in(position, self.region)),
            };
            return match meets {
                true => Look::Inside,
                false => Look::Outside,
            };
        }
        let (Some(middle), 9) = (middle, known.len()) else {
            return Look::Closer;
        };
        let reach = known
            .iter()
            .map(|position| chord(middle, *position))
            .fold(0.0, f64::max);
        if reach > WIDE {
            return Look::Closer;
        }
        let cap = [0.0, middle[0], middle[1], middle[2], reach * MARGIN];
        if !sky::meets(&cap, self.region) {
            Look::Outside
        } else if sky::contains(self.region, &cap) {
            Look::Inside
        } else {
            Look::Closer
        }
    }

    /// Whether the region meets a pixel with these corners, one after the other.
    fn pixel(&self, corners: [[f64; 3]; 4]) -> bool {
        let [a, b, c, d] = corners;
        let sides = [(a, b, c), (b, c, d), (c, d, a), (d, a, b)];
        let turns = sides.map(|(a, b, c)| turn(a, b, c));
        let wide = chord(a, c).max(chord(b, d)) > WIDE;
        let numbers = |corners: [[f64; 3]; 4]| -> Vec<f64> {
            std::iter::once(-4.0).chain(corners.concat()).collect()
        };
        if !wide && turns.iter().all(|turn| *turn > 0.0) {
            sky::meets(&numbers([a, b, c, d]), self.region)
        } else if !wide && turns.iter().all(|turn| *turn < 0.0) {
            sky::meets(&numbers([d, c, b, a]), self.region)
        } else {
            // No four-cornered figure that one could draw: round the pixel.
            let middle = [0, 1, 2].map(|i| a[i] + b[i] + c[i] + d[i]);
            let length = middle.iter().map(|it| it * it).sum::<f64>().sqrt();
            if length < 1e-6 {
                return true;
            }
            let [x, y, z] = middle.map(|it| it / length);
            let reach = corners
                .iter()
                .map(|corner| chord([x, y, z], *corner))
                .fold(0.0, f64::max);
            sky::meets(&[0.0, x, y, z, reach.min(1.4)], self.region)
        }
    }
}

fn chord(a: [f64; 3], b: [f64; 3]) -> f64 {
    let [x, y, z] = [0, 1, 2].map(|i| a[i] - b[i]);
    (x * x + y * y + z * z).sqrt()
}

/// Above zero for a turn to the left, seen from outside. From differences, since
/// pixels are small.
fn turn(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> f64 {
    let u = [0, 1, 2].map(|i| b[i] - a[i]);
    let v = [0, 1, 2].map(|i| c[i] - b[i]);
    a[0] * (u[1] * v[2] - u[2] * v[1])
        + a[1] * (u[2] * v[0] - u[0] * v[2])
        + a[2] * (u[0] * v[1] - u[1] * v[0])
}
