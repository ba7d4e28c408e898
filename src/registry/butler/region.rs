//! Regions as a registry keeps them: base64 of the bytes of `lsst.sphgeom`.
//!
//! The first byte tells the kind; then come little-endian doubles, angles in
//! radians, unit vectors in ICRS.

use adql::sky::Region;

/// Unions in unions, at most.
const DEPTH: usize = 16;

/// Reads a region; none where it is empty.
///
/// # Errors
/// What is wrong with it, or why we have no such region.
pub(super) fn read(text: &str) -> Result<Option<Region>, String> {
    let bytes = base64_simd::STANDARD
        .decode_to_vec(text.as_bytes())
        .map_err(|_| "it is not base64".to_owned())?;
    if let Some((b'p', numbers)) = bytes.split_first() {
        // Nearly all are polygons.
        let vertices = vertices(numbers)?;
        return Region::polygon(&vertices)
            .map(Some)
            .map_err(|error| error.to_string());
    }
    match shape(&bytes, DEPTH)? {
        None => Ok(None),
        Some(text) => match Region::parse(&text) {
            Ok(region) => Ok(Some(region)),
            Err(error) if error.to_string().contains("nothing in common") => Ok(None),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// What two regions have in common; none where that is nothing, or cannot be
/// said.
pub(super) fn common(a: &Region, b: &Region) -> Option<Region> {
    Region::parse(&format!("Intersection ICRS ({} {})", inner(a), inner(b))).ok()
}

/// Its text without the frame, as it stands inside of another.
fn inner(region: &Region) -> String {
    region.to_string().replacen(" ICRS", "", 1)
}

/// The text of a region (STC-S without a frame); none where it is empty.
fn shape(bytes: &[u8], depth: usize) -> Result<Option<String>, String> {
    let Some((kind, numbers)) = bytes.split_first() else {
        return Err("it has no bytes".to_owned());
    };
    match kind {
        b'p' => {
            let mut text = "POLYGON".to_owned();
            for (lon, lat) in vertices(numbers)? {
                text.push_str(&format!(" {lon} {lat}"));
            }
            Ok(Some(text))
        }
        b'c' => {
            let [x, y, z, _, opening] = doubles(numbers)?;
            if opening < 0.0 {
                return Ok(None);
            }
            let (lon, lat) = lon_lat([x, y, z]);
            let radius = opening.to_degrees().min(180.0);
            Ok(Some(format!("CIRCLE {lon} {lat} {radius}")))
        }
        b'b' => Ok(range(doubles(numbers)?)),
        b'e' => ellipse(&doubles(numbers)?),
        b'u' | b'i' => several(*kind, numbers, depth),
        other => Err(format!("it is of a kind that we do not know ({other:?})")),
    }
}

/// Longitudes from the first eastward to the second; of latitudes the first is
/// the smaller one.
fn range([west, east, south, north]: [f64; 4]) -> Option<String> {
    if west.is_nan() || east.is_nan() || south > north {
        return None;
    }
    let whole = west == 0.0 && east >= std::f64::consts::TAU;
    let [west, east] = match whole {
        true => [0.0, 360.0],
        false => [west, east].map(f64::to_degrees),
    };
    // A pole in radians may be a hair beyond in degrees.
    let [south, north] = [south, north].map(|lat| lat.to_degrees().clamp(-90.0, 90.0));
    Some(format!("RANGE {west} {east} {south} {north}"))
}

/// The rows of the matrix are the direction of the first axis, of the second,
/// and the centre; the half axes are a quarter of a turn more than `a` and `b`.
fn ellipse(numbers: &[f64; 14]) -> Result<Option<String>, String> {
    let &[ax, ay, az, _, _, _, cx, cy, cz, first, second, _, _, _] = numbers;
    let [first, second] = [first, second].map(|axis| axis + std::f64::consts::FRAC_PI_2);
    if first < 0.0 || second < 0.0 {
        return Ok(None);
    }
    let (lon, lat) = lon_lat([cx, cy, cz]);
    // The position angle of the first axis: how far east of north it points.
    let (sin_lon, cos_lon) = lon.to_radians().sin_cos();
    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    let east = -sin_lon * ax + cos_lon * ay;
    let north = -sin_lat * cos_lon * ax - sin_lat * sin_lon * ay + cos_lat * az;
    let angle = east.atan2(north).to_degrees();
    let [first, second] = [first, second].map(f64::to_degrees);
    Ok(Some(format!(
        "ELLIPSE {lon} {lat} {first} {second} {angle}"
    )))
}

fn several(kind: u8, mut bytes: &[u8], depth: usize) -> Result<Option<String>, String> {
    if depth == 0 {
        return Err("it has regions in regions in regions without end".to_owned());
    }
    let mut parts = Vec::new();
    let mut empty = false;
    while !bytes.is_empty() {
        let short = || "it ends in the middle of a part".to_owned();
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(short)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| short())?;
        let (part, rest) = rest.split_at_checked(length).ok_or_else(short)?;
        match shape(part, depth - 1)? {
            Some(part) => parts.push(part),
            None => empty = true,
        }
        bytes = rest;
    }
    let word = match kind {
        b'i' if empty => return Ok(None),
        // All the sky has nothing to do with no conditions.
        b'i' if parts.is_empty() => return Ok(Some("CIRCLE 0 90 180".to_owned())),
        b'i' => "INTERSECTION",
        _ if parts.is_empty() => return Ok(None),
        _ => "UNION",
    };
    Ok(Some(match parts.as_slice() {
        [one] => one.clone(),
        parts => format!("{word} ({})", parts.join(" ")),
    }))
}

fn vertices(numbers: &[u8]) -> Result<Vec<(f64, f64)>, String> {
    let (vectors, rest) = numbers.as_chunks::<24>();
    if !rest.is_empty() || vectors.is_empty() {
        return Err("its polygon has no whole number of vertices".to_owned());
    }
    let vertex = |bytes: &[u8; 24]| Ok(lon_lat(doubles::<3>(bytes)?));
    vectors.iter().map(vertex).collect()
}

fn doubles<const N: usize>(bytes: &[u8]) -> Result<[f64; N], String> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    let mut out = [0.0; N];
    if !rest.is_empty() || numbers.len() != N {
        return Err(format!("it has {} bytes for {N} numbers", bytes.len()));
    }
    for (number, bytes) in out.iter_mut().zip(numbers) {
        *number = f64::from_le_bytes(*bytes);
    }
    Ok(out)
}

/// Degrees; longitudes in [0, 360).
fn lon_lat([x, y, z]: [f64; 3]) -> (f64, f64) {
    let lon = y.atan2(x).to_degrees();
    let lat = z.atan2(x.hypot(y)).to_degrees();
    let lon = if lon < 0.0 { lon + 360.0 } else { lon };
    (if lon >= 360.0 { 0.0 } else { lon }, lat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use adql::sky;

    /// Positions that are in the region, and some that are not.
    fn check(text: &str, inside: &[(f64, f64)], outside: &[(f64, f64)]) {
        let region = read(text).expect("a region").expect("not an empty one");
        let holds = |&(lon, lat): &(f64, f64)| {
            let point = Region::point(lon, lat).expect("a position");
            sky::contains(region.shape().as_slice(), point.shape().as_slice())
        };
        for place in inside {
            assert!(holds(place), "{place:?} in {region}");
        }
        for place in outside {
            assert!(!holds(place), "{place:?} not in {region}");
        }
    }

    fn encode(kind: u8, numbers: &[f64]) -> Vec<u8> {
        let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
        [kind].into_iter().chain(numbers).collect()
    }

    fn text(bytes: &[u8]) -> String {
        base64_simd::STANDARD.encode_to_string(bytes)
    }

    fn vector(lon: f64, lat: f64) -> [f64; 3] {
        sky::Point::from_degrees(lon, lat)
            .expect("a point")
            .vector()
    }

    fn polygon() -> Vec<u8> {
        let corners = [(10.0, 10.0), (11.0, 10.0), (11.0, 11.0), (10.0, 11.0)];
        let numbers: Vec<f64> = corners
            .iter()
            .flat_map(|&(lon, lat)| vector(lon, lat))
            .collect();
        encode(b'p', &numbers)
    }

    fn circle(lon: f64, lat: f64, radius: f64) -> Vec<u8> {
        let radius = radius.to_radians();
        let chord = 2.0 * (radius / 2.0).sin();
        let [x, y, z] = vector(lon, lat);
        encode(b'c', &[x, y, z, chord * chord, radius])
    }

    fn several(kind: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let parts = parts.iter().flat_map(|part| {
            let length = (part.len() as u64).to_le_bytes();
            length.into_iter().chain(part.iter().copied())
        });
        [kind].into_iter().chain(parts).collect()
    }

    #[test]
    fn every_kind_is_read() {
        check(
            &text(&polygon()),
            &[(10.5, 10.5), (10.0, 10.0)],
            &[(12.0, 12.0), (9.9, 10.5)],
        );
        check(
            &text(&circle(30.0, -5.0, 2.0)),
            &[(30.0, -5.0), (31.5, -5.0), (30.0, -3.1)],
            &[(33.0, -5.0), (30.0, -2.9)],
        );
        let degrees = f64::to_radians;
        let box_ = |bounds: [f64; 4]| text(&encode(b'b', &bounds.map(degrees)));
        check(
            &box_([359.0, 1.0, -1.0, 1.0]),
            &[(0.0, 0.0), (359.5, 0.5)],
            &[(2.0, 0.0), (0.0, 1.1)],
        );
        // Its upper side is a parallel and not a great circle.
        check(
            &box_([10.0, 70.0, 40.0, 60.0]),
            &[(40.0, 59.9), (40.0, 40.1)],
            &[(40.0, 60.1), (40.0, 39.9)],
        );
        check(
            &text(&encode(b'b', &[0.0, std::f64::consts::TAU, -1.6, 1.6])),
            &[(0.0, 90.0), (180.0, -90.0)],
            &[],
        );
        let both = several(b'u', &[polygon(), circle(30.0, -5.0, 2.0)]);
        check(&text(&both), &[(10.5, 10.5), (30.0, -5.0)], &[(20.0, 0.0)]);
        let nested = several(b'u', &[both, several(b'u', &[circle(50.0, 0.0, 1.0)])]);
        check(&text(&nested), &[(10.5, 10.5), (50.0, 0.5)], &[(40.0, 0.0)]);
        let common = several(b'i', &[polygon(), circle(10.0, 10.0, 0.5)]);
        check(&text(&common), &[(10.2, 10.2)], &[(9.9, 9.9), (10.9, 10.9)]);
    }

    #[test]
    fn an_ellipse_lies_as_it_is_meant() {
        // First axis 3 degrees towards the north-east, second one 1 degree.
        let centre = vector(30.0, -5.0);
        let (sin_lon, cos_lon) = 30.0f64.to_radians().sin_cos();
        let (sin_lat, cos_lat) = (-5.0f64).to_radians().sin_cos();
        let north = [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat];
        let east = [-sin_lon, cos_lon, 0.0];
        let turned = |k: f64| {
            let half = std::f64::consts::FRAC_1_SQRT_2;
            let along = |i: usize| half * (north[i] + k * east[i]);
            [along(0), along(1), along(2)]
        };
        let mut numbers = Vec::new();
        numbers.extend(turned(1.0));
        numbers.extend(turned(-1.0));
        numbers.extend(centre);
        let quarter = std::f64::consts::FRAC_PI_2;
        numbers.extend([3.0f64.to_radians() - quarter, 1.0f64.to_radians() - quarter]);
        numbers.extend([0.0, 0.0, 0.0]);
        check(
            &text(&encode(b'e', &numbers)),
            &[(30.0, -5.0), (32.0, -3.0), (28.0, -7.0)],
            &[(32.0, -7.0), (28.0, -3.0), (32.3, -2.7)],
        );
    }

    #[test]
    fn what_is_empty_is_none_and_what_is_wrong_is_said() {
        let empty = |bytes: &[u8]| assert_eq!(read(&text(bytes)), Ok(None));
        empty(&encode(b'b', &[f64::NAN, f64::NAN, 1.0, 0.0]));
        empty(&encode(b'c', &[0.0, 0.0, 1.0, -1.0, -1.0]));
        empty(b"u");
        empty(&several(b'i', &[polygon(), circle(30.0, -5.0, 2.0)]));
        let wrong = |text: &str, expected: &str| {
            let error = read(text).expect_err("no region");
            assert!(error.contains(expected), "{error}");
        };
        wrong("!", "not base64");
        wrong("", "no bytes");
        wrong(&text(b"x"), "a kind that we do not know");
        wrong(&text(b"p12"), "no whole number of vertices");
        wrong(&text(b"c12"), "2 bytes for 5 numbers");
        wrong(&text(b"u12"), "in the middle of a part");
    }
}
