//! From a projection's native sphere to ICRS (Calabretta & Greisen 2002, A&A
//! 395, 1077, sections 2.4 and 3.1).

use std::f64::consts::PI;

use adql::sky::{Frame, Rotation};

use crate::soda::Fault;

/// How the native sphere is turned.
#[derive(Clone, Debug, PartialEq)]
pub struct Pole {
    /// Where the native pole stands in the sky (radians).
    longitude: f64,
    sin: f64,
    cos: f64,
    /// The native longitude of the sky's own pole.
    phi: f64,
}

impl Pole {
    /// All in degrees: CRVAL, the native latitude of the fiducial point, LONPOLE
    /// and LATPOLE where they are said.
    ///
    /// # Errors
    ///
    /// No such sphere.
    pub fn new(
        (lon, lat): (f64, f64),
        theta0: f64,
        lonpole: Option<f64>,
        latpole: Option<f64>,
    ) -> Result<Pole, Fault> {
        let phi = lonpole.unwrap_or(if lat >= theta0 { 0.0 } else { 180.0 });
        if theta0 == 90.0 {
            return Ok(Pole::at(
                lon.to_radians(),
                lat.to_radians(),
                phi.to_radians(),
            ));
        }
        // Here the fiducial point is at longitude and latitude 0.
        let (alpha, delta) = (lon.to_radians(), lat.to_radians());
        let phi = phi.to_radians();
        let latpole = latpole.unwrap_or(90.0).clamp(-90.0, 90.0).to_radians();
        let height = (1.0 - phi.sin().powi(2)).max(0.0).sqrt();
        let none = || Fault::unsuited("its LONPOLE, LATPOLE and CRVAL do not agree");
        let pole = if height < 1e-12 {
            match delta.abs() < 1e-12 {
                true => latpole,
                false => return Err(none()),
            }
        } else {
            let ratio = delta.sin() / height;
            if ratio.abs() > 1.0 + 1e-9 {
                return Err(none());
            }
            let (middle, half) = (0f64.atan2(phi.cos()), ratio.clamp(-1.0, 1.0).acos());
            // Equation 8: of two, the one nearer to LATPOLE.
            [middle + half, middle - half]
                .into_iter()
                .map(|it| match it {
                    it if it > PI => it - 2.0 * PI,
                    it if it < -PI => it + 2.0 * PI,
                    it => it,
                })
                .filter(|it| it.abs() <= PI / 2.0 + 1e-9)
                .min_by(|a, b| (a - latpole).abs().total_cmp(&(b - latpole).abs()))
                .ok_or_else(none)?
                .clamp(-PI / 2.0, PI / 2.0)
        };
        let longitude = if delta.cos().abs() < 1e-12 {
            alpha
        } else if (pole - PI / 2.0).abs() < 1e-10 {
            alpha + phi - PI
        } else if (pole + PI / 2.0).abs() < 1e-10 {
            alpha - phi
        } else {
            alpha - phi.sin().atan2(-pole.sin() * delta.sin() / pole.cos())
        };
        Ok(Pole::at(longitude, pole, phi))
    }

    fn at(longitude: f64, latitude: f64, phi: f64) -> Pole {
        let (sin, cos) = latitude.sin_cos();
        Pole {
            longitude,
            sin,
            cos,
            phi,
        }
    }

    /// The unit vector in the sky of a native position (radians).
    pub fn celestial(&self, phi: f64, theta: f64) -> [f64; 3] {
        let (sin_theta, cos_theta) = theta.sin_cos();
        let (sin_psi, cos_psi) = (phi - self.phi).sin_cos();
        let x = sin_theta * self.cos - cos_theta * self.sin * cos_psi;
        let y = -cos_theta * sin_psi;
        let z = sin_theta * self.sin + cos_theta * self.cos * cos_psi;
        let (sin, cos) = self.longitude.sin_cos();
        [x * cos - y * sin, x * sin + y * cos, z]
    }
}

/// The rotation to ICRS of a header's frame: what CTYPE begins with, RADESYS and
/// EQUINOX. Without the elliptic terms of FK4, which are 0.3 arcseconds.
///
/// # Errors
///
/// A frame that is not known here.
pub fn to_icrs(
    longitude: &str,
    radesys: Option<&str>,
    equinox: Option<f64>,
) -> Result<Rotation, Fault> {
    let of = |frame| Ok(Rotation::between(frame, Frame::Icrs));
    let unknown = |what: String| {
        Err(Fault::unsuited(format!(
            "its frame is {what}, which is not known here"
        )))
    };
    match longitude {
        "GLON" => return of(Frame::Galactic),
        "SLON" => return of(Frame::SuperGalactic),
        "ELON" if equinox.is_none_or(|it| it == 2000.0) => return of(Frame::Ecliptic),
        "ELON" => return unknown(format!("the ecliptic of {}", equinox.unwrap_or_default())),
        _ => {}
    }
    // Section 3.1: what holds where nothing is said.
    let radesys = radesys.map(str::trim).unwrap_or(match equinox {
        None => "ICRS",
        Some(equinox) if equinox < 1984.0 => "FK4",
        Some(_) => "FK5",
    });
    match (radesys.to_ascii_uppercase().as_str(), equinox) {
        ("ICRS" | "ICRS2" | "GCRS" | "FK5" | "J2000", None | Some(2000.0))
        | ("ICRS" | "ICRS2", Some(_)) => of(Frame::Icrs),
        ("FK5", Some(equinox)) if (1800.0..2200.0).contains(&equinox) => Ok(precessed(equinox)),
        ("FK4" | "FK4-NO-E" | "B1950", None | Some(1950.0)) => of(Frame::Fk4),
        (name, Some(equinox)) => unknown(format!("{name} with the equinox {equinox}")),
        (name, None) => unknown(name.to_owned()),
    }
}

/// From the mean equator and equinox of a Julian year to those of 2000 (Lieske
/// et al. 1977, A&A 58, 1).
fn precessed(year: f64) -> Rotation {
    let t = (year - 2000.0) / 100.0;
    let angle = |a: f64, b: f64, c: f64| (t * (a + t * (b + t * c)) / 3600.0).to_radians();
    let zeta = angle(2306.2181, 0.30188, 0.017998);
    let z = angle(2306.2181, 1.09468, 0.018203);
    let theta = angle(2004.3109, -0.42665, -0.041833);
    let (sa, ca) = zeta.sin_cos();
    let (sz, cz) = z.sin_cos();
    let (st, ct) = theta.sin_cos();
    // From 2000 to the year; and back.
    Rotation([
        [ca * ct * cz - sa * sz, -sa * ct * cz - ca * sz, -st * cz],
        [ca * ct * sz + sa * cz, -sa * ct * sz + ca * cz, -st * sz],
        [ca * st, -sa * st, ct],
    ])
    .back()
}
