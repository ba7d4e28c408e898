//! From the plane of a projection to its native sphere (Calabretta & Greisen
//! 2002, A&A 395, 1077, "Paper II"; HPX: Calabretta & Roukema 2007, MNRAS 381,
//! 865).

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

use crate::soda::Fault;

/// Degrees of a radian.
const RADIAN: f64 = 180.0 / PI;
/// How far beyond the edge of the sky rounding may lead.
const EDGE: f64 = 1e-10;

/// A projection with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Projection {
    Tan,
    /// Slanted by ξ and η.
    Sin {
        xi: f64,
        eta: f64,
    },
    Arc,
    Zea,
    Stg,
    /// The polynomial, and up to which angle from the pole (radians) it grows.
    Zpn {
        terms: Vec<f64>,
        most: f64,
    },
    Car,
    /// With λ.
    Cea(f64),
    Mer,
    Sfl,
    Par,
    Mol,
    Ait,
    /// With H = 4 and K = 3.
    Hpx,
}

impl Projection {
    /// By the three letters of CTYPE; `parameter` gives PVi_m of the latitude's
    /// axis, and `latitude` is its CRVAL.
    ///
    /// # Errors
    ///
    /// Another projection, or parameters that make none.
    pub fn new(
        code: &str,
        latitude: f64,
        mut parameter: impl FnMut(usize) -> Result<Option<f64>, Fault>,
    ) -> Result<Projection, Fault> {
        let mut pv = |m: usize, otherwise: f64| Ok(parameter(m)?.unwrap_or(otherwise));
        Ok(match code {
            "TAN" | "TPV" => Projection::Tan,
            "SIN" => Projection::Sin {
                xi: pv(1, 0.0)?,
                eta: pv(2, 0.0)?,
            },
            // Paper II section 6.1.1: of old, and a case of the one above.
            "NCP" if latitude != 0.0 => Projection::Sin {
                xi: 0.0,
                eta: 1.0 / latitude.to_radians().tan(),
            },
            "ARC" => Projection::Arc,
            "ZEA" => Projection::Zea,
            "STG" => Projection::Stg,
            "ZPN" => {
                let terms = (0..21).map(|m| pv(m, 0.0)).collect::<Result<Vec<_>, _>>()?;
                Projection::zpn(terms)?
            }
            "CAR" => Projection::Car,
            "CEA" => match pv(1, 1.0)? {
                lambda if lambda > 0.0 && lambda <= 1.0 => Projection::Cea(lambda),
                lambda => {
                    return Err(Fault::unsuited(format!(
                        "its projection CEA has the parameter {lambda}, which must be above 0 and not above 1"
                    )));
                }
            },
            "MER" => Projection::Mer,
            "SFL" => Projection::Sfl,
            "PAR" => Projection::Par,
            "MOL" => Projection::Mol,
            "AIT" => Projection::Ait,
            "HPX" if pv(1, 4.0)? == 4.0 && pv(2, 3.0)? == 3.0 => Projection::Hpx,
            "HPX" => {
                return Err(Fault::unsuited(
                    "its projection HPX has other parameters than H = 4 and K = 3",
                ));
            }
            other => {
                return Err(Fault::unsuited(format!(
                    "its projection is {other}; those that can be cut are TAN (with SIP too), TPV, \
                     SIN, NCP, ARC, ZEA, STG, ZPN, CAR, CEA, MER, SFL, PAR, MOL, AIT and HPX"
                )));
            }
        })
    }

    fn zpn(terms: Vec<f64>) -> Result<Projection, Fault> {
        if terms.iter().all(|term| *term == 0.0) {
            return Err(Fault::unsuited("its projection ZPN has no parameters"));
        }
        // It has an inverse as long as it grows.
        let slope = |zeta: f64| {
            let all = terms.iter().enumerate().skip(1);
            all.rev()
                .fold(0.0, |sum, (m, term)| sum * zeta + term * m as f64)
        };
        const STEPS: u32 = 3600;
        let steps = (1..=STEPS).map(|step| f64::from(step) * PI / f64::from(STEPS));
        let (mut good, mut bad) = (0.0, None);
        for zeta in steps {
            if slope(zeta) <= 0.0 {
                bad = Some(zeta);
                break;
            }
            good = zeta;
        }
        if let Some(mut bad) = bad {
            for _ in 0..40 {
                let middle = 0.5 * (good + bad);
                match slope(middle) > 0.0 {
                    true => good = middle,
                    false => bad = middle,
                }
            }
        }
        if slope(0.0) < 0.0 || good == 0.0 {
            return Err(Fault::unsuited(
                "its projection ZPN does not grow with the distance from its pole",
            ));
        }
        Ok(Projection::Zpn { terms, most: good })
    }

    /// The native latitude of the fiducial point, degrees; its longitude is 0.
    pub fn theta0(&self) -> f64 {
        use Projection::{Arc, Sin, Stg, Tan, Zea, Zpn};
        match self {
            Tan | Sin { .. } | Arc | Zea | Stg | Zpn { .. } => 90.0,
            _ => 0.0,
        }
    }

    /// Native longitude and latitude in radians of a position in the plane in
    /// degrees; none beyond the edge of the sky.
    pub fn native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let zenithal = |theta: f64| Some((x.atan2(-y), theta));
        let radius = x.hypot(y);
        let (phi, theta) = match self {
            Projection::Tan => zenithal(RADIAN.atan2(radius))?,
            Projection::Sin { xi: 0.0, eta: 0.0 } => zenithal(arcsine_of(radius / RADIAN)?)?,
            Projection::Sin { xi, eta } => slanted(x / RADIAN, y / RADIAN, *xi, *eta)?,
            Projection::Arc => zenithal(PI / 2.0 - radius / RADIAN)?,
            Projection::Zea => zenithal(PI / 2.0 - 2.0 * within(radius / (2.0 * RADIAN))?.asin())?,
            Projection::Stg => zenithal(PI / 2.0 - 2.0 * (radius / (2.0 * RADIAN)).atan())?,
            Projection::Zpn { terms, most } => {
                zenithal(PI / 2.0 - of_polynomial(terms, *most, radius / RADIAN)?)?
            }
            Projection::Car => (x / RADIAN, y / RADIAN),
            Projection::Cea(lambda) => (x / RADIAN, within(y * lambda / RADIAN)?.asin()),
            Projection::Mer => (x / RADIAN, 2.0 * (y / RADIAN).exp().atan() - PI / 2.0),
            Projection::Sfl => {
                let theta = y / RADIAN;
                (divided(x / RADIAN, theta.cos())?, theta)
            }
            Projection::Par => {
                let s = within(y / 180.0)?;
                let theta = 3.0 * s.asin();
                (divided(x / RADIAN, 1.0 - 4.0 * s * s)?, theta)
            }
            Projection::Mol => {
                let sine = within(y / (SQRT_2 * RADIAN))?;
                let gamma = sine.asin();
                let theta = within((2.0 * gamma + (2.0 * gamma).sin()) / PI)?.asin();
                let phi = divided(PI * x / (2.0 * SQRT_2 * RADIAN), gamma.cos())?;
                (phi, theta)
            }
            Projection::Ait => {
                let (u, v) = (x / RADIAN, y / RADIAN);
                let z2 = 1.0 - (u / 4.0).powi(2) - (v / 2.0).powi(2);
                if z2 < FRAC_1_SQRT_2 * FRAC_1_SQRT_2 - EDGE {
                    return None;
                }
                let z = z2.sqrt();
                let phi = 2.0 * (z * u / 2.0).atan2(2.0 * z2 - 1.0);
                (phi, within(v * z)?.asin())
            }
            Projection::Hpx => healpix(x, y)?,
        };
        let sky = theta.abs() <= PI / 2.0 + EDGE && phi.abs() <= PI + EDGE;
        // All that is left of a plane is drawn once: what lies further is a
        // repetition, and others do not take it for sky either.
        (sky && phi.is_finite()).then_some((phi, theta))
    }
}

/// The angle whose sine is √(1 − r²).
fn arcsine_of(r: f64) -> Option<f64> {
    Some(within(r)?.acos())
}

/// A sine, freed of rounding beyond 1.
fn within(sine: f64) -> Option<f64> {
    (sine.abs() <= 1.0 + EDGE).then(|| sine.clamp(-1.0, 1.0))
}

/// At the poles all longitudes are one.
fn divided(x: f64, by: f64) -> Option<f64> {
    match by.abs() < EDGE {
        true => (x.abs() < 1e-8).then_some(0.0),
        false => Some(x / by),
    }
}

/// Paper II section 5.1.5, the generalization.
fn slanted(x: f64, y: f64, xi: f64, eta: f64) -> Option<(f64, f64)> {
    let a = xi * xi + eta * eta + 1.0;
    let b = xi * (x - xi) + eta * (y - eta);
    let c = (x - xi).powi(2) + (y - eta).powi(2) - 1.0;
    let root = b * b - a * c;
    if root < 0.0 {
        return None;
    }
    // Of two the one nearer to the pole is in front.
    let front = |sign: f64| (-b + sign * root.sqrt()) / a;
    let sine = [front(1.0), front(-1.0)]
        .into_iter()
        .filter_map(within)
        .reduce(f64::max)?;
    let rest = 1.0 - sine;
    Some(((x - xi * rest).atan2(-(y - eta * rest)), sine.asin()))
}

/// The angle from the pole (radians) at which the polynomial has a value.
fn of_polynomial(terms: &[f64], most: f64, value: f64) -> Option<f64> {
    let at = |zeta: f64| terms.iter().rev().fold(0.0, |sum, term| sum * zeta + term);
    let (mut low, mut high) = (0.0, most);
    if value < at(low) - EDGE || value > at(high) + EDGE {
        return None;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        match at(middle) < value {
            true => low = middle,
            false => high = middle,
        }
    }
    Some(0.5 * (low + high))
}

fn healpix(x: f64, y: f64) -> Option<(f64, f64)> {
    if y.abs() <= 45.0 {
        return Some((x / RADIAN, within(y / 67.5)?.asin()));
    }
    let sigma = 2.0 - y.abs() / 45.0;
    if sigma < -EDGE {
        return None;
    }
    // The four facets of a cap, each 90° wide.
    let facet = ((x + 180.0) / 90.0).floor().clamp(0.0, 3.0);
    let centre = -180.0 + 90.0 * facet + 45.0;
    if (x - centre).abs() > 45.0 * sigma + 1e-9 {
        return None;
    }
    let sine = (1.0 - sigma * sigma / 3.0).copysign(y);
    let phi = centre + divided(x - centre, sigma)?;
    Some((phi / RADIAN, sine.asin()))
}
