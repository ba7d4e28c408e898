//! From the tangent plane to the sky: the inverse gnomonic projection
//! (WCS paper II, Calabretta & Greisen 2002, section 5.1.3), in unit vectors,
//! so that the poles and right ascension 0 need no care of their own.

/// The outline of a CCD on the sky.
pub(super) struct Footprint {
    /// Centre, degrees ICRS, as many decimals as the outline has.
    pub ra: f64,
    pub dec: f64,
    /// Diameter of the circle round the centre that holds the CCD, degrees.
    pub diameter: f64,
    /// `POLYGON ICRS ra dec …`, counter-clockwise seen from the Earth (DALI 1.1
    /// section 3.3.7).
    pub region: String,
}

/// Decimals of every angle written, 0.4 milliarcseconds.
const DECIMALS: usize = 7;

type Vector = [f64; 3];

/// `ra` and `dec` (degrees) are where the plane touches the sphere; `corners`
/// are (xi, eta) in degrees on it, xi to the east and eta to the north, in the
/// order of the pixels, which runs clockwise seen from the Earth.
pub(super) fn project(ra: f64, dec: f64, corners: &[(f64, f64); 4]) -> Footprint {
    let (sin_ra, cos_ra) = ra.to_radians().sin_cos();
    let (sin_dec, cos_dec) = dec.to_radians().sin_cos();
    let pointing = [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec];
    let east = [-sin_ra, cos_ra, 0.0];
    let north = [-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec];
    let corners = corners.map(|(xi, eta)| {
        let (xi, eta) = (xi.to_radians(), eta.to_radians());
        unit(std::array::from_fn(|i| {
            pointing[i] + xi * east[i] + eta * north[i]
        }))
    });
    let centre = unit(std::array::from_fn(|i| {
        corners.iter().map(|corner| corner[i]).sum()
    }));
    let radius = corners
        .iter()
        .map(|corner| distance(*corner, centre))
        .fold(0.0, f64::max);
    let mut region = String::from("POLYGON ICRS");
    for corner in corners.iter().rev() {
        let (ra, dec) = degrees(*corner);
        region.push_str(&format!(" {ra:.DECIMALS$} {dec:.DECIMALS$}"));
    }
    let (ra, dec) = degrees(centre);
    Footprint {
        ra,
        dec,
        diameter: rounded(2.0 * radius.to_degrees()),
        region,
    }
}

fn unit(v: Vector) -> Vector {
    let length = dot(v, v).sqrt();
    v.map(|x| x / length)
}

fn dot(a: Vector, b: Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Radians; from the chord, which stays exact for small angles.
fn distance(a: Vector, b: Vector) -> f64 {
    let chord: Vector = std::array::from_fn(|i| a[i] - b[i]);
    2.0 * (dot(chord, chord).sqrt() / 2.0).asin()
}

/// Longitude in [0, 360) and latitude, rounded to what is written.
fn degrees([x, y, z]: Vector) -> (f64, f64) {
    let ra = rounded(y.atan2(x).to_degrees().rem_euclid(360.0));
    // Rounding can reach the full turn, and 360 is written as 0.
    let ra = if ra >= 360.0 { 0.0 } else { ra };
    (ra, rounded(z.atan2(x.hypot(y)).to_degrees()))
}

fn rounded(angle: f64) -> f64 {
    let scale = 10f64.powi(DECIMALS as i32);
    // Adding zero turns -0 into 0.
    (angle * scale).round() / scale + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of the camera's layout.
    const S29: [(f64, f64); 4] = [
        (-0.45877717, 0.97933282),
        (-0.45907612, 0.83005516),
        (-0.15997296, 0.82998993),
        (-0.15972147, 0.97910482),
    ];

    /// The expected corners are astropy 7.1's (`WCS` with a TAN projection).
    #[test]
    fn corners_as_astropy_has_them() {
        let check = |ra: f64, dec: f64, expected: &str| {
            assert_eq!(project(ra, dec, &S29).region, expected, "at {ra} {dec}");
        };
        check(
            0.0,
            -63.5,
            "POLYGON ICRS 359.6539054 -62.5205626 359.6516022 -62.6696361 359.0002905 -62.6664453 359.0059880 -62.5172325",
        );
        check(
            359.9,
            -60.1,
            "POLYGON ICRS 359.5888382 -59.1206183 359.5869725 -59.2696925 359.0017679 -59.2669101 359.0063018 -59.1176922",
        );
        check(
            78.009875,
            -66.7529722,
            "POLYGON ICRS 77.6206937 -65.7734681 77.6177964 -65.9225406 76.8848529 -65.9188606 76.8921416 -65.7696545",
        );
        check(
            123.4,
            -88.864,
            "POLYGON ICRS 119.0809807 -87.8789726 118.7475211 -88.0275741 110.2553267 -87.9811490 111.1616071 -87.8356202",
        );
        check(
            0.2,
            -89.5,
            "POLYGON ICRS 354.0366038 -88.5123956 353.3411430 -88.6604851 341.1570897 -88.5930344 342.9695844 -88.4512900",
        );
        check(
            271.0,
            -88.1,
            "POLYGON ICRS 267.8237331 -87.1165684 267.6454094 -87.2653895 261.4518899 -87.2317113 261.9441609 -87.0844834",
        );
    }

    #[test]
    fn poles_and_right_ascension_zero_are_places_like_any_other() {
        let turned = |ra: f64, dec: f64| {
            let text = project(ra, dec, &S29).region;
            let numbers: Vec<f64> = text
                .split(' ')
                .skip(2)
                .map(|word| word.parse().expect("a number"))
                .collect();
            let corners: Vec<Vector> = numbers
                .chunks(2)
                .map(|pair| {
                    let (sin_ra, cos_ra) = pair[0].to_radians().sin_cos();
                    let (sin_dec, cos_dec) = pair[1].to_radians().sin_cos();
                    [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec]
                })
                .collect();
            let sides: Vec<f64> = (0..4)
                .map(|i| distance(corners[i], corners[(i + 1) % 4]).to_degrees())
                .collect();
            (sides, corners, numbers)
        };
        let (expected, ..) = turned(200.0, 10.0);
        for (ra, dec) in [
            (0.0, -90.0),
            (77.0, 90.0),
            (0.1, 0.0),
            (359.9, -63.5),
            (0.0, -88.9),
        ] {
            let (sides, corners, numbers) = turned(ra, dec);
            for (side, expected) in sides.iter().zip(&expected) {
                assert!((side - expected).abs() < 1e-6, "at {ra} {dec}: {sides:?}");
            }
            // Counter-clockwise from inside is clockwise from outside.
            let [a, b, c, _] = corners[..] else {
                panic!("four corners")
            };
            let cross = [
                a[1] * b[2] - a[2] * b[1],
                a[2] * b[0] - a[0] * b[2],
                a[0] * b[1] - a[1] * b[0],
            ];
            assert!(dot(cross, c) < 0.0, "at {ra} {dec}");
            assert!(numbers.iter().all(|n| (-90.0..360.0).contains(n)));
        }
    }

    #[test]
    fn what_is_written_is_rounded_once() {
        assert_eq!(degrees([1.0, -1e-12, 0.0]), (0.0, 0.0));
        assert_eq!(format!("{:.7}", degrees([1.0, 0.0, -1e-12]).1), "0.0000000");
    }
}
