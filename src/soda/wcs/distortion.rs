//! Polynomials between pixels and the plane of the projection: SIP (Shupe et
//! al. 2005, ADASS XIV, 491) and TPV (the FITS registry's convention).
//!
//! Both are said in the direction from pixels to the sky, the only one needed
//! here: what SIP has for the other (AP, BP) is an approximation of it.

use crate::soda::Fault;
use crate::soda::fits::header::Cards;

/// Orders that are read; the convention has up to 9.
const MOST: i64 = 9;

/// A polynomial in two variables.
#[derive(Clone, Debug, PartialEq)]
struct Polynomial {
    /// By the power of u, then of v.
    terms: Vec<Vec<f64>>,
}

impl Polynomial {
    fn at(&self, u: f64, v: f64) -> f64 {
        self.terms.iter().rev().fold(0.0, |sum, of_v| {
            let inner = of_v.iter().rev().fold(0.0, |sum, term| sum * v + term);
            sum * u + inner
        })
    }
}

/// Offsets from CRPIX, made straight.
#[derive(Clone, Debug, PartialEq)]
pub struct Sip {
    a: Polynomial,
    b: Polynomial,
}

impl Sip {
    /// None where the header has no SIP.
    ///
    /// # Errors
    ///
    /// One of two polynomials, or an order that is none.
    pub fn read(cards: &Cards, alternate: &str) -> Result<Option<Sip>, Fault> {
        let order = |letter: &str| {
            let name = format!("{letter}_ORDER{alternate}");
            match cards.real(&name)? {
                None => Ok(None),
                Some(order) if order.fract() == 0.0 && (0.0..=MOST as f64).contains(&order) => {
                    Ok(Some(order as usize))
                }
                Some(order) => Err(Fault::unsuited(format!(
                    "its header says {name} = {order}, and SIP has orders up to {MOST}"
                ))),
            }
        };
        let read = |letter: &str, order: usize| {
            let of_u = |p: usize| {
                let of_v = (0..=order - p).map(|q| {
                    let name = format!("{letter}_{p}_{q}{alternate}");
                    Ok(cards.real(&name)?.unwrap_or(0.0))
                });
                of_v.collect::<Result<Vec<_>, Fault>>()
            };
            let terms = (0..=order).map(of_u).collect::<Result<_, _>>()?;
            Ok::<_, Fault>(Polynomial { terms })
        };
        match (order("A")?, order("B")?) {
            (None, None) => Ok(None),
            (Some(a), Some(b)) => Ok(Some(Sip {
                a: read("A", a)?,
                b: read("B", b)?,
            })),
            _ => Err(Fault::unsuited(
                "its header has one of A_ORDER and B_ORDER, and SIP needs both",
            )),
        }
    }

    pub fn straightened(&self, u: f64, v: f64) -> (f64, f64) {
        (u + self.a.at(u, v), v + self.b.at(u, v))
    }
}

/// The powers of x, y and r that TPV's coefficients stand before; for the
/// second axis x and y change places.
const TPV: [(i32, i32, i32); 40] = [
    (0, 0, 0),
    (1, 0, 0),
    (0, 1, 0),
    (0, 0, 1),
    (2, 0, 0),
    (1, 1, 0),
    (0, 2, 0),
    (3, 0, 0),
    (2, 1, 0),
    (1, 2, 0),
    (0, 3, 0),
    (0, 0, 3),
    (4, 0, 0),
    (3, 1, 0),
    (2, 2, 0),
    (1, 3, 0),
    (0, 4, 0),
    (5, 0, 0),
    (4, 1, 0),
    (3, 2, 0),
    (2, 3, 0),
    (1, 4, 0),
    (0, 5, 0),
    (0, 0, 5),
    (6, 0, 0),
    (5, 1, 0),
    (4, 2, 0),
    (3, 3, 0),
    (2, 4, 0),
    (1, 5, 0),
    (0, 6, 0),
    (7, 0, 0),
    (6, 1, 0),
    (5, 2, 0),
    (4, 3, 0),
    (3, 4, 0),
    (2, 5, 0),
    (1, 6, 0),
    (0, 7, 0),
    (0, 0, 7),
];

/// Positions in the plane, made straight; degrees.
#[derive(Clone, Debug, PartialEq)]
pub struct Tpv {
    first: Vec<(usize, f64)>,
    second: Vec<(usize, f64)>,
}

impl Tpv {
    /// `parameter` gives PVi_m of the axis of longitude (0) or latitude (1).
    ///
    /// # Errors
    ///
    /// A card is no number.
    pub fn read(
        mut parameter: impl FnMut(usize, usize) -> Result<Option<f64>, Fault>,
    ) -> Result<Tpv, Fault> {
        let mut of = |axis: usize| {
            let mut terms = Vec::new();
            for m in 0..TPV.len() {
                // Without a word of it the first power goes through as it is.
                let otherwise = if m == 1 { 1.0 } else { 0.0 };
                let term = parameter(axis, m)?.unwrap_or(otherwise);
                if term != 0.0 {
                    terms.push((m, term));
                }
            }
            Ok::<_, Fault>(terms)
        };
        Ok(Tpv {
            first: of(0)?,
            second: of(1)?,
        })
    }

    pub fn straightened(&self, x: f64, y: f64) -> (f64, f64) {
        let r = x.hypot(y);
        let sum = |terms: &[(usize, f64)], x: f64, y: f64| {
            let all = terms.iter().filter_map(|(m, term)| {
                let (p, q, s) = TPV.get(*m)?;
                Some(term * x.powi(*p) * y.powi(*q) * r.powi(*s))
            });
            all.sum()
        };
        (sum(&self.first, x, y), sum(&self.second, y, x))
    }
}
