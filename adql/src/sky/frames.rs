//! Reference frames as rotations of ICRS.
//!
//! EN-udf-catalogue 1.2 section 2.2.2 asks for simple rotations: no proper
//! motions between the frames and no elliptic terms of aberration (FK4).

use super::point::{Point, Vector, dot};
use super::region::RegionError;

/// A reference frame of the IVOA vocabulary
/// (<http://www.ivoa.net/rdf/refframe>), with the equinox that
/// EN-udf-catalogue 1.2 gives it where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    Icrs,
    /// J2000.0.
    Fk5,
    /// B1950.0.
    Fk4,
    Galactic,
    SuperGalactic,
    /// The mean ecliptic and equinox of J2000.0.
    Ecliptic,
}

impl Frame {
    pub const ALL: [Frame; 6] = [
        Frame::Icrs,
        Frame::Fk5,
        Frame::Fk4,
        Frame::Galactic,
        Frame::SuperGalactic,
        Frame::Ecliptic,
    ];

    /// The identifier in the vocabulary, where upper and lower case differ.
    pub fn name(self) -> &'static str {
        match self {
            Frame::Icrs => "ICRS",
            Frame::Fk5 => "FK5",
            Frame::Fk4 => "FK4",
            Frame::Galactic => "GALACTIC",
            Frame::SuperGalactic => "SUPER_GALACTIC",
            Frame::Ecliptic => "ECLIPTIC",
        }
    }

    pub fn named(name: &str) -> Option<Frame> {
        Frame::ALL.into_iter().find(|frame| frame.name() == name)
    }

    /// The frame that a coordinate system of ADQL 2.0 or a word of STC-S (TAP
    /// 1.0 section 6) means, in any case. FK5 and J2000 count as ICRS, from
    /// which they differ by some hundredths of an arcsecond.
    pub fn meant(word: &str) -> Option<Frame> {
        Some(match word.to_ascii_uppercase().as_str() {
            "" | "ICRS" | "FK5" | "J2000" | "GSC1" | "GSC2" | "UNKNOWNFRAME" | "EQUATORIAL" => {
                Frame::Icrs
            }
            "FK4" | "B1950" => Frame::Fk4,
            "GALACTIC" | "GALACTIC_II" => Frame::Galactic,
            "SUPER_GALACTIC" | "SUPERGALACTIC" => Frame::SuperGalactic,
            "ECLIPTIC" => Frame::Ecliptic,
            _ => return None,
        })
    }

    fn of_icrs(self) -> Rotation {
        match self {
            Frame::Icrs => Rotation([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
            // Feissel and Mignard 1998 (A&A 331, L33): milliarcseconds.
            Frame::Fk5 => about_x(19.9 * MAS)
                .after(about_y(9.1 * MAS))
                .after(about_z(-22.9 * MAS)),
            Frame::Fk4 => J2000_OF_B1950.back().after(Frame::Fk5.of_icrs()),
            // Blaauw et al. 1960 (MNRAS 121, 123) define it by its pole in
            // FK4, and the longitude 123° of the north celestial pole.
            Frame::Galactic => with_pole(192.25, 27.4, 123.0).after(Frame::Fk4.of_icrs()),
            // De Vaucouleurs et al. 1976 (2nd Reference Catalogue): the pole
            // in galactic coordinates; longitude 0 at 137.37°, 0°.
            Frame::SuperGalactic => with_pole(47.37, 6.32, 90.0).after(Frame::Galactic.of_icrs()),
            // IAU 2006 precession (Hilton et al. 2006, Celest. Mech. 94, 351)
            // at J2000.0: Fukushima-Williams angles with the frame's bias.
            Frame::Ecliptic => about_z(0.041_775 * 1e3 * MAS)
                .after(about_x(84_381.412_819 * 1e3 * MAS))
                .after(about_z(-0.052_928 * 1e3 * MAS)),
        }
    }
}

/// A milliarcsecond in radians.
const MAS: f64 = std::f64::consts::PI / 648_000_000.0;

/// Murray 1989 (A&A 218, 325), equation 28: FK4 without its elliptic terms to
/// FK5.
const J2000_OF_B1950: Rotation = Rotation([
    [
        0.999_925_679_495_687_7,
        -0.011_181_483_220_466_2,
        -0.004_859_003_815_359_2,
    ],
    [
        0.011_181_483_239_171_7,
        0.999_937_484_893_313_5,
        -0.000_027_162_594_714_2,
    ],
    [
        0.004_859_003_772_314_3,
        -0.000_027_170_293_744_0,
        0.999_988_194_602_374_2,
    ],
]);

/// A rotation of the sphere, as a matrix by rows.
///
/// ```
/// use adql::sky::{Frame, Rotation};
/// let rotation = Rotation::between(Frame::Galactic, Frame::Icrs);
/// let (lon, lat) = rotation.turned(0.0, 0.0)?;
/// assert!((lon - 266.405).abs() < 1e-3 && (lat + 28.936).abs() < 1e-3);
/// # Ok::<(), adql::sky::RegionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotation(pub [[f64; 3]; 3]);

impl Rotation {
    /// From coordinates in one frame to those in another.
    pub fn between(from: Frame, to: Frame) -> Rotation {
        to.of_icrs().after(from.of_icrs().back())
    }

    /// From nine numbers, by rows.
    pub fn of_numbers(numbers: &[f64]) -> Option<Rotation> {
        match numbers.as_chunks::<3>() {
            (&[a, b, c], []) => Some(Rotation([a, b, c])),
            _ => None,
        }
    }

    pub fn numbers(&self) -> Vec<f64> {
        self.0.concat()
    }

    /// The opposite rotation.
    pub fn back(self) -> Rotation {
        let [a, b, c] = self.0;
        Rotation([[a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]]])
    }

    /// First `other`, then this one.
    fn after(self, other: Rotation) -> Rotation {
        let columns = other.back().0;
        Rotation(self.0.map(|row| columns.map(|column| dot(row, column))))
    }

    /// Longitude and latitude after the rotation, all in degrees. The same
    /// operations in the same order as `sky_turned_1`.
    ///
    /// # Errors
    ///
    /// Not finite, or a latitude beyond a pole.
    pub fn turned(&self, lon: f64, lat: f64) -> Result<(f64, f64), RegionError> {
        let from = Point::from_degrees(lon, lat)?.vector();
        Ok(Point::from_vector(self.turned_vector(from)).lon_lat())
    }

    pub(super) fn turned_vector(&self, v: Vector) -> Vector {
        self.0.map(|row| dot(row, v))
    }
}

/// Rotations of the axes, radians, as geodesists write them.
fn about_x(angle: f64) -> Rotation {
    let (s, c) = angle.sin_cos();
    Rotation([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])
}

fn about_y(angle: f64) -> Rotation {
    let (s, c) = angle.sin_cos();
    Rotation([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
}

fn about_z(angle: f64) -> Rotation {
    let (s, c) = angle.sin_cos();
    Rotation([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
}

/// To the frame whose pole is here in the old one, and in which the old pole
/// has the longitude `node`. Degrees.
fn with_pole(lon: f64, lat: f64, node: f64) -> Rotation {
    about_z((180.0 - node).to_radians())
        .after(about_y((90.0 - lat).to_radians()))
        .after(about_z(lon.to_radians()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: Frame, to: Frame, at: (f64, f64), expected: (f64, f64), digits: f64) {
        let (lon, lat) = Rotation::between(from, to).turned(at.0, at.1).unwrap();
        let near = (lon - expected.0).abs() < digits && (lat - expected.1).abs() < digits;
        assert!(near, "{from:?} to {to:?}: {lon} {lat}");
    }

    /// What astropy 8.0.2 says of ICRS (120, -23); its FK4 without elliptic
    /// terms.
    #[test]
    fn as_astropy_has_them() {
        let check = |to, lon, lat| check(Frame::Icrs, to, (120.0, -23.0), (lon, lat), 1e-9);
        check(
            Frame::Galactic,
            241.121_831_182_603_33,
            3.627_857_881_108_101,
        );
        check(Frame::Fk5, 120.000_006_605_1, -23.000_006_051_1);
        check(Frame::Fk4, 119.461_614_412_2, -22.861_936_980_5);
        check(
            Frame::SuperGalactic,
            144.439_122_336_501_75,
            -73.044_423_178_255_63,
        );
        check(
            Frame::Ecliptic,
            128.627_795_198_974_72,
            -42.499_897_067_051_97,
        );
    }

    /// The examples of EN-udf-catalogue 1.2 section 2.2.2.
    #[test]
    fn as_the_catalogue_has_them() {
        let icrs = (241.121_831_182, 3.627_857_880_87);
        check(Frame::Icrs, Frame::Galactic, (120.0, -23.0), icrs, 1e-9);
        let fk4 = (189.703_030_55, 22.962_400_06);
        check(
            Frame::Fk4,
            Frame::Galactic,
            fk4,
            (275.000_254_05, 84.999_961_54),
            1e-8,
        );
        // The example takes FK5 for ICRS, which are 0.02 arcseconds apart.
        let fk5 = (266.447_21, -23.107_310);
        check(Frame::Galactic, Frame::Fk5, (5.0, 3.0), fk5, 1e-5);
        check(Frame::Galactic, Frame::Icrs, (5.0, 3.0), fk5, 5e-6);
    }

    #[test]
    fn to_and_fro_is_nothing() {
        for from in Frame::ALL {
            for to in Frame::ALL {
                let there = Rotation::between(from, to);
                let back = Rotation::between(to, from);
                for (lon, lat) in [(0.0, 0.0), (33.0, 89.0), (359.0, -12.0), (200.0, -89.9)] {
                    let (a, b) = there.turned(lon, lat).unwrap();
                    let (a, b) = back.turned(a, b).unwrap();
                    let off = crate::sky::distance(lon, lat, a, b);
                    assert!(off < 1e-12, "{from:?} {to:?}: {off}");
                }
            }
        }
    }
}
