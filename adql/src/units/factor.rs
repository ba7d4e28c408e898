//! Conversion factors, kept in parts, so that the common ones come out exact:
//! a degree is 3600 arcseconds and not 3600.0000000000005.

use super::power::Power;

/// `number / divisor * 10^tens * π^pis`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factor {
    number: f64,
    divisor: f64,
    tens: i32,
    pis: i32,
}

impl Factor {
    pub const ONE: Factor = Factor::ten(0);

    pub const fn of(number: f64, divisor: f64, tens: i32, pis: i32) -> Factor {
        Factor {
            number,
            divisor,
            tens,
            pis,
        }
    }

    pub const fn ten(tens: i32) -> Factor {
        Factor::of(1.0, 1.0, tens, 0)
    }

    pub fn times(self, other: Factor) -> Factor {
        Factor {
            number: self.number * other.number,
            divisor: self.divisor * other.divisor,
            tens: self.tens + other.tens,
            pis: self.pis + other.pis,
        }
    }

    pub fn over(self, other: Factor) -> Factor {
        Factor {
            number: self.number * other.divisor,
            divisor: self.divisor * other.number,
            tens: self.tens - other.tens,
            pis: self.pis - other.pis,
        }
    }

    pub fn raised(self, power: Power) -> Factor {
        let whole = |part: i32| power.of(part);
        match (power.whole(), whole(self.tens), whole(self.pis)) {
            (Some(exponent), Some(tens), Some(pis)) => {
                let up = self.number.powi(exponent.abs());
                let down = self.divisor.powi(exponent.abs());
                let (number, divisor) = if exponent < 0 { (down, up) } else { (up, down) };
                Factor::of(number, divisor, tens, pis)
            }
            (None, Some(tens), Some(pis)) => {
                let number = (self.number / self.divisor).powf(power.value());
                Factor::of(number, 1.0, tens, pis)
            }
            _ => Factor::of(self.value().powf(power.value()), 1.0, 0, 0),
        }
    }

    pub fn value(self) -> f64 {
        let number = self.number / self.divisor;
        let number = match self.pis {
            0 => number,
            pis => number * std::f64::consts::PI.powi(pis),
        };
        match self.tens {
            // Powers of ten up to this are exact, and one rounding is enough.
            tens @ 0..=22 => number * 10_f64.powi(tens),
            tens @ -22..0 => number / 10_f64.powi(-tens),
            tens => format!("1e{tens}")
                .parse()
                .map_or(f64::NAN, |scale: f64| number * scale),
        }
    }
}
