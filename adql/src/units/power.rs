//! Powers of units: whole numbers and fractions.

use std::fmt;

/// A fraction in lowest terms, its divisor above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power {
    number: i32,
    divisor: i32,
}

/// No power that means something is larger; and sums stay far from overflow.
const MOST: i64 = 1000;

impl Power {
    pub const ONE: Power = Power {
        number: 1,
        divisor: 1,
    };

    /// None for a divisor of 0 and for absurdly large numbers.
    ///
    /// ```
    /// use adql::units::Power;
    /// assert_eq!(Power::new(2, -4), Power::new(-1, 2));
    /// assert_eq!(Power::new(1, 0), None);
    /// ```
    pub fn new(number: i64, divisor: i64) -> Option<Power> {
        if divisor == 0 {
            return None;
        }
        let common = greatest_common(number.unsigned_abs(), divisor.unsigned_abs());
        let common = i64::try_from(common).ok()? * divisor.signum();
        let (number, divisor) = (number / common, divisor / common);
        let fits = number.abs() <= MOST && divisor <= MOST;
        fits.then_some(Power {
            number: i32::try_from(number).ok()?,
            divisor: i32::try_from(divisor).ok()?,
        })
    }

    /// The fraction a number is, if it is one of small terms: of constants in
    /// a query, such as 0.5.
    pub fn from_number(number: f64) -> Option<Power> {
        (1..=12_i32).find_map(|divisor| {
            let scaled = number * f64::from(divisor);
            let near = scaled.round();
            let exact = (scaled - near).abs() < 1e-12 && near.abs() <= MOST as f64;
            exact
                .then(|| Power::new(near as i64, i64::from(divisor)))
                .flatten()
        })
    }

    pub(super) fn plus(self, other: Power) -> Option<Power> {
        let (a, b) = (i64::from(self.number), i64::from(other.number));
        let (c, d) = (i64::from(self.divisor), i64::from(other.divisor));
        Power::new(a * d + b * c, c * d)
    }

    pub(super) fn times(self, other: Power) -> Option<Power> {
        Power::new(
            i64::from(self.number) * i64::from(other.number),
            i64::from(self.divisor) * i64::from(other.divisor),
        )
    }

    pub(super) fn opposite(self) -> Power {
        Power {
            number: -self.number,
            ..self
        }
    }

    pub(super) fn is_zero(self) -> bool {
        self.number == 0
    }

    pub(super) fn is_negative(self) -> bool {
        self.number < 0
    }

    pub(super) fn whole(self) -> Option<i32> {
        (self.divisor == 1).then_some(self.number)
    }

    /// `part` times this, where that is a whole number.
    pub(super) fn of(self, part: i32) -> Option<i32> {
        let product = part.checked_mul(self.number)?;
        (product % self.divisor == 0).then_some(product / self.divisor)
    }

    pub(super) fn value(self) -> f64 {
        f64::from(self.number) / f64::from(self.divisor)
    }
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.divisor {
            1 => write!(f, "{}", self.number),
            divisor => write!(f, "({}/{divisor})", self.number),
        }
    }
}

fn greatest_common(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common(b, a % b) }
}
