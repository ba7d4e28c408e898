//! A unit as text, in the spelling of VOUnits 1.1 (appendix C.4): powers with
//! `**`, products with dots, one division where one unit is divided by.

use std::fmt;

use super::power::Power;
use super::{Symbol, Term, Unit, parse};

/// What [`Unit::parse`] reads as the same unit again.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scale(self.scale, f)?;
        if self.terms.is_empty() && self.scale == 1.0 {
            return f.write_str("1");
        }
        let negative = |term: &&Term| term.power.is_negative();
        let below = self.terms.iter().filter(negative).count();
        // `deg/yr`, but `erg.s**-1.cm**-2`: a division of several would need
        // parentheses, which FITS and the CDS do not read.
        let divided = below == 1 && self.terms.len() > 1;
        let above = self.terms.iter().filter(|term| !term.power.is_negative());
        let beneath = self.terms.iter().filter(negative);
        for (number, term) in above.chain(beneath).enumerate() {
            let last = divided && term.power.is_negative();
            if number > 0 {
                f.write_str(if last { "/" } else { "." })?;
            }
            term.write(
                if last {
                    term.power.opposite()
                } else {
                    term.power
                },
                f,
            )?;
        }
        Ok(())
    }
}

impl Term {
    fn write(&self, power: Power, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.prefix.map_or("", |prefix| prefix.symbol);
        f.write_str(prefix)?;
        match &self.symbol {
            Symbol::Known(known) => f.write_str(known.symbol)?,
            Symbol::Unknown(name) => {
                let bare = parse::name(&format!("{prefix}{name}"));
                if bare == (self.prefix, self.symbol.clone()) {
                    f.write_str(name)?;
                } else {
                    write!(f, "'{name}'")?;
                }
            }
            Symbol::Function(name, operand) => write!(f, "{name}({operand})")?,
        }
        match power {
            Power::ONE => Ok(()),
            power => write!(f, "**{power}"),
        }
    }
}

/// `10**-20`, or a number as `VOUFLOAT` allows it: digits before the point,
/// none of them a leading zero but of `0.`.
fn write_scale(scale: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match exponent_of_ten(scale) {
        Some(0) => Ok(()),
        Some(1) => f.write_str("10"),
        Some(exponent) => write!(f, "10**{exponent}"),
        None if (1e-3..1e9).contains(&scale) => write!(f, "{scale}"),
        None => write!(f, "{scale:e}"),
    }
}

/// The exponent of a number that is a power of ten.
pub(super) fn exponent_of_ten(number: f64) -> Option<i32> {
    let exponent = number.log10().round();
    let same = format!("1e{exponent}").parse() == Ok(number);
    same.then_some(exponent as i32)
}
