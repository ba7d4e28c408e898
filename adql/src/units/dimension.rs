//! What a unit measures: powers of base quantities.

use std::fmt;

use super::known::BASES;
use super::power::Power;
use super::{Symbol, Unit};

/// Powers of base units, in a fixed order. Plane angles, things that are
/// counted, magnitudes and unknown units are bases of their own.
///
/// ```
/// use adql::units::Unit;
/// let energy = Unit::parse("keV")?.dimension();
/// assert_eq!(energy, Unit::parse("kg.m**2/s**2")?.dimension());
/// assert_eq!(energy.name(), Some("energy"));
/// # Ok::<(), adql::units::UnitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension(Vec<(String, Power)>);

/// Dimensions with a name of their own, for messages.
const NAMES: [(&str, &str); 28] = [
    ("1", "pure number"),
    ("m", "length"),
    ("kg", "mass"),
    ("s", "time"),
    ("A", "electric current"),
    ("K", "temperature"),
    ("mol", "amount of substance"),
    ("cd", "luminous intensity"),
    ("rad", "angle"),
    ("rad**2", "solid angle"),
    ("m**2", "area"),
    ("m**3", "volume"),
    ("s**-1", "frequency"),
    ("m**-1", "wavenumber"),
    ("m.s**-1", "velocity"),
    ("m.s**-2", "acceleration"),
    ("s**-1.rad", "angular velocity"),
    ("kg.m**2.s**-2", "energy"),
    ("kg.m**2.s**-3", "power"),
    ("kg.m.s**-2", "force"),
    ("kg.m**-1.s**-2", "pressure"),
    ("kg.m**-3", "density"),
    ("kg.s**-2", "spectral flux density"),
    ("kg.s**-3", "energy flux"),
    ("kg.m**-1.s**-3", "flux density per wavelength"),
    ("kg.s**-2.A**-1", "magnetic flux density"),
    ("mag", "magnitude"),
    ("bit", "amount of data"),
];

impl Dimension {
    pub(super) fn of(unit: &Unit) -> Dimension {
        let mut bases: Vec<(String, Power)> = Vec::new();
        let mut add = |base: &str, power: Power| {
            let Some((_, sum)) = bases.iter_mut().find(|(other, _)| other == base) else {
                return bases.push((base.to_owned(), power));
            };
            // Powers are bounded far below what their sum could not hold.
            *sum = sum.plus(power).unwrap_or(*sum);
        };
        for term in &unit.terms {
            match &term.symbol {
                Symbol::Known(known) => {
                    for (base, times) in BASES.iter().zip(known.bases) {
                        let times = Power::new(i64::from(times), 1);
                        if let Some(power) = times.and_then(|times| term.power.times(times)) {
                            add(base, power);
                        }
                    }
                    if let Some(own) = known.own {
                        add(own, term.power);
                    }
                }
                Symbol::Unknown(name) => add(&format!("'{name}'"), term.power),
                Symbol::Function(name, operand) => add(&format!("{name}({operand})"), term.power),
            }
        }
        bases.retain(|(_, power)| !power.is_zero());
        let rank = |base: &str| BASES.iter().position(|known| *known == base);
        bases.sort_by(|(a, _), (b, _)| {
            let ranks = (rank(a).unwrap_or(8), rank(b).unwrap_or(8));
            ranks.0.cmp(&ranks.1).then_with(|| a.cmp(b))
        });
        Dimension(bases)
    }

    /// `length`, `energy`, …, where there is a word for it.
    pub fn name(&self) -> Option<&'static str> {
        let formula = self.to_string();
        let found = NAMES.iter().find(|(known, _)| *known == formula);
        found.map(|(_, name)| *name)
    }
}

/// As a product of base units: `kg.m**2.s**-2`.
impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("1");
        }
        for (number, (base, power)) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str(".")?;
            }
            f.write_str(base)?;
            if *power != Power::ONE {
                write!(f, "**{power}")?;
            }
        }
        Ok(())
    }
}
