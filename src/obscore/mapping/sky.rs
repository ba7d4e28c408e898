//! A region as ObsCore's columns have it: its text, and the circle around it.

use adql::sky::Region;

/// `s_region`: STC-S text in capitals, as Rubin's own tables have it, with as
/// many digits as are needed to read back the same region.
pub(super) fn text(region: &Region) -> String {
    let mut text = region.to_string();
    text.make_ascii_uppercase();
    text
}

/// A circle around a region, degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Around {
    pub lon: f64,
    pub lat: f64,
    /// `s_fov`.
    pub diameter: f64,
}

type Vector = [f64; 3];

/// The error of a squared chord, which sphgeom adds twice so that its circle
/// holds the polygon.
const CHORD_ERROR: f64 = 2.5e-15;

/// The circle around a region. For a convex polygon the one that sphgeom draws,
/// the Butler's library: around its centre of mass. A circle is its own; others
/// get one that is within some percent the smallest.
pub(super) fn around(region: &Region) -> Around {
    match *region.coordinates() {
        [lon, lat] => return Around::new(lon, lat, 0.0),
        [lon, lat, radius] => return Around::new(lon, lat, 2.0 * radius),
        _ => {}
    }
    let shape = region.shape();
    if let [header, numbers @ ..] = shape.as_slice()
        && *header <= -3.0
        && numbers.len() as f64 == -3.0 * header
    {
        let (vertices, _) = numbers.as_chunks::<3>();
        return around_polygon(vertices);
    }
    if let Some(around) = around_text(&region.to_string()) {
        return around;
    }
    let cap = region.bounding_cap();
    let diameter = match cap.chord >= 2.0 {
        true => 360.0,
        false => 4.0 * (cap.chord / 2.0).asin().to_degrees(),
    };
    at(cap.centre, diameter)
}

/// Around an ellipse or a range.
fn around_text(text: &str) -> Option<Around> {
    let (word, numbers) = text.split_once(" ICRS ")?;
    let numbers = numbers.split(' ').map(str::parse);
    let numbers: Vec<f64> = numbers.collect::<Result<_, _>>().ok()?;
    match (word, numbers.as_slice()) {
        ("Ellipse", &[lon, lat, first, second, _]) => {
            Some(Around::new(lon, lat, 2.0 * f64::max(first, second)))
        }
        ("Range", &[west, east, south, north]) => {
            let width = match east - west {
                whole if whole >= 360.0 => 360.0,
                width => width.rem_euclid(360.0),
            };
            Some(match width <= 180.0 {
                true => around_range(west, width, south, north),
                // More than half a turn: around the nearer pole.
                false if south + north >= 0.0 => Around::new(0.0, 90.0, 2.0 * (90.0 - south)),
                false => Around::new(0.0, -90.0, 2.0 * (90.0 + north)),
            })
        }
        _ => None,
    }
}

/// The position on the meridian in the middle that is as far from the southern
/// corners as from the northern ones.
fn around_range(west: f64, width: f64, south: f64, north: f64) -> Around {
    let half = (width / 2.0).to_radians();
    let [south, north] = [south, north].map(f64::to_radians);
    let lat = (half.cos() * ((south + north) / 2.0).tan()).atan();
    let corner = |corner: f64| {
        // Half the chord's square, which has digits where the cosine has none.
        let apart = ((corner - lat) / 2.0).sin().powi(2)
            + lat.cos() * corner.cos() * (half / 2.0).sin().powi(2);
        2.0 * apart.clamp(0.0, 1.0).sqrt().asin()
    };
    let radius = [corner(south), corner(north), lat - south, north - lat]
        .into_iter()
        .fold(0.0, f64::max);
    Around::new(
        west + width / 2.0,
        lat.to_degrees(),
        2.0 * radius.to_degrees(),
    )
}

impl Around {
    fn new(lon: f64, lat: f64, diameter: f64) -> Around {
        let lon = lon.rem_euclid(360.0);
        Around {
            // A tiny negative number rounds up to a whole turn.
            lon: if lon < 360.0 { lon } else { 0.0 },
            lat,
            diameter,
        }
    }
}

fn at([x, y, z]: Vector, diameter: f64) -> Around {
    let lon = y.atan2(x).to_degrees();
    let lat = z.atan2((x * x + y * y).sqrt()).to_degrees();
    Around::new(lon, lat, diameter)
}

/// The centre of mass of a spherical polygon is the sum of the normals of its
/// edges, each as long as the edge (Brock 1974, The centroid and inertia
/// tensor for a spherical triangle).
fn around_polygon(vertices: &[Vector]) -> Around {
    let last = vertices.last().copied().unwrap_or_default();
    let starts = std::iter::once(last).chain(vertices.iter().copied());
    let mut mass = [0.0; 3];
    for (a, &b) in starts.zip(vertices) {
        // (a − b) × (a + b) has more digits than a × b where both are close.
        let double = cross(combined(b, 1.0, a), combined(b, -1.0, a));
        let size = norm(double);
        if size > 0.0 {
            let length = (0.5 * size).atan2(dot(a, b));
            mass = combined(mass, length / size, double);
        }
    }
    let centre = combined([0.0; 3], 1.0 / norm(mass).max(f64::MIN_POSITIVE), mass);
    let furthest = vertices.iter().fold(0.0, |most, &vertex| {
        let apart = combined(vertex, -1.0, centre);
        f64::max(most, dot(apart, apart))
    });
    let chord2 = furthest + 2.0 * CHORD_ERROR;
    let radius = match chord2 >= 4.0 {
        true => 180.0,
        false => (2.0 * (0.5 * chord2.sqrt()).asin()).to_degrees(),
    };
    at(centre, 2.0 * radius)
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// a + factor · b
fn combined(a: Vector, factor: f64, b: Vector) -> Vector {
    [
        a[0] + factor * b[0],
        a[1] + factor * b[1],
        a[2] + factor * b[2],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ConvexPolygon.getBoundingCircle()` of lsst-sphgeom 30: name, vertices,
    /// centre, diameter.
    const SPHGEOM: &str = include_str!("sky_sphgeom.txt");

    #[test]
    fn circles_around_polygons_are_those_of_sphgeom() {
        for line in SPHGEOM.lines() {
            let numbers: Vec<f64> = line.split(' ').map(|n| n.parse().unwrap()).collect();
            let [lon, lat, diameter, vertices @ ..] = numbers.as_slice() else {
                panic!("{line}");
            };
            let vertices: Vec<(f64, f64)> = vertices
                .as_chunks()
                .0
                .iter()
                .map(|&[lon, lat]| (lon, lat))
                .collect();
            let region = Region::polygon(&vertices).unwrap();
            let around = around(&region);
            let narrow = lat.to_radians().cos().max(1e-9);
            assert!(
                ((around.lon - lon) * narrow).abs() < 1e-9,
                "{line} {around:?}"
            );
            assert!((around.lat - lat).abs() < 1e-9, "{line} {around:?}");
            assert!(
                (around.diameter - diameter).abs() < 1e-9,
                "{line} {around:?}"
            );
        }
    }

    #[track_caller]
    fn check(written: &str, expected: (f64, f64, f64)) {
        let region = Region::parse(written).unwrap();
        let around = around(&region);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(
            close(around.lon, expected.0)
                && close(around.lat, expected.1)
                && close(around.diameter, expected.2),
            "{around:?}"
        );
        let again = Region::parse(&text(&region)).unwrap();
        assert_eq!(again, region, "{}", text(&region));
    }

    #[test]
    fn every_kind_of_region_has_a_centre_and_a_text_that_is_read_back() {
        check("POSITION 10 20", (10.0, 20.0, 0.0));
        check("CIRCLE 370 -5 2", (10.0, -5.0, 4.0));
        check("CIRCLE 10 20 180", (10.0, 20.0, 360.0));
        check("UNION (CIRCLE 10 0 1 CIRCLE 12 0 1)", (11.0, 0.0, 4.0));
        // As sphgeom has them: Box.getBoundingCircle().
        check("RANGE 9 11 -1 1", (10.0, 0.0, 2.8283553219158364));
        check(
            "RANGE 350 10 40 60",
            (0.0, 49.56753891378823, 23.781332382355245),
        );
        check(
            "RANGE 20 21 -90 -89",
            (20.5, -89.49998096177379, 1.000038076485266),
        );
        check("RANGE 0 300 -10 20", (0.0, 90.0, 200.0));
        check("RANGE 0 360 -90 90", (0.0, 90.0, 360.0));
        check("ELLIPSE 10 20 1 2 30", (10.0, 20.0, 4.0));
        check("BOX 10 0 2 1", (10.0, 0.0, 2.2359771730148394));
    }
}
