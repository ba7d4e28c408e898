//! Units of measure: reading a unit string, its dimension, the factor from
//! one unit to another, and writing it back.
//!
//! Standard: [VOUnits 1.1](https://www.ivoa.net/documents/VOUnits/20231215/),
//! whole, with its deprecated units ([`Unit::parse`]). Catalogues also hold
//! the spellings of FITS, OGIP and the CDS and plain words such as `degrees`;
//! [`Unit::read`] takes those as well.
//!
//! Left out: scales with an offset (degrees Celsius), and laws that make one
//! quantity of another (wavelength and frequency).
//!
//! Must not know: queries, columns, values.

mod dimension;
mod error;
mod factor;
mod known;
mod lexicon;
mod parse;
mod power;
mod print;

pub use dimension::Dimension;
pub use error::{UnitError, Unlike};
pub use power::Power;

use factor::Factor;
use known::{Known, Prefix};

/// A unit: a number times a product of powers of symbols.
///
/// ```
/// use adql::units::Unit;
///
/// let degree = Unit::parse("deg")?;
/// assert_eq!(degree.factor_to(&Unit::parse("arcsec")?), Ok(3600.0));
///
/// let flux = Unit::read("10-20 erg/s/cm^2").expect("a unit");
/// assert_eq!(flux.to_string(), "10**-20erg.s**-1.cm**-2");
/// # Ok::<(), adql::units::UnitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Unit {
    /// The numerical scale-factor (section 2.10); finite and above 0.
    scale: f64,
    /// No symbol stands in two of them with the same prefix.
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    prefix: Option<&'static Prefix>,
    symbol: Symbol,
    power: Power,
}

#[derive(Clone, Debug, PartialEq)]
enum Symbol {
    Known(&'static Known),
    /// Of any other name (section 2.11), without quotes.
    Unknown(String),
    /// `log(Hz)` and the like: the name, with its quotes, and the operand.
    /// What is measured so converts into nothing else.
    Function(String, Box<Unit>),
}

/// Two units are equal when they say the same, in whatever order.
impl PartialEq for Unit {
    fn eq(&self, other: &Unit) -> bool {
        self.scale == other.scale
            && self.terms.len() == other.terms.len()
            && self.terms.iter().all(|term| other.terms.contains(term))
    }
}

impl Unit {
    /// The unit `1`, of pure numbers.
    pub fn one() -> Unit {
        Unit {
            scale: 1.0,
            terms: Vec::new(),
        }
    }

    /// Reads a unit as VOUnits 1.1 writes it. Unknown units are units
    /// (section 2.2); [`Unit::unknown`] tells of them.
    pub fn parse(text: &str) -> Result<Unit, UnitError> {
        parse::strict(text)
    }

    /// Reads a unit as found in catalogues. None for what is no unit, could
    /// mean two things, or says that the unit is not known.
    pub fn read(text: &str) -> Option<Unit> {
        lexicon::read(text)
    }

    pub fn is_dimensionless_one(&self) -> bool {
        self.terms.is_empty() && self.scale == 1.0
    }

    /// The name of a unit in it that VOUnits does not list.
    pub fn unknown(&self) -> Option<String> {
        self.terms.iter().find_map(|term| match &term.symbol {
            Symbol::Known(_) => None,
            Symbol::Unknown(name) => {
                let prefix = term.prefix.map_or("", |prefix| prefix.symbol);
                Some(format!("{prefix}{name}"))
            }
            Symbol::Function(_, operand) => operand.unknown(),
        })
    }

    pub fn dimension(&self) -> Dimension {
        Dimension::of(self)
    }

    /// What a value in this unit is multiplied by to be in the other.
    pub fn factor_to(&self, other: &Unit) -> Result<f64, Unlike> {
        let unlike = || Unlike::new(self, other);
        if self == other {
            return Ok(1.0);
        }
        if self.dimension() != other.dimension() {
            return Err(unlike());
        }
        let factor = self.factor().over(other.factor()).value();
        if factor.is_normal() {
            Ok(factor)
        } else {
            Err(unlike())
        }
    }

    /// The other symbols of VOUnits that measure the same.
    pub fn kin(&self) -> Vec<&'static str> {
        let dimension = self.dimension();
        let alike = |symbol: &&str| {
            let unit = parse::strict(symbol);
            unit.is_ok_and(|unit| unit.dimension() == dimension && unit != *self)
        };
        let symbols = known::spellings().map(|(symbol, _)| symbol);
        symbols.filter(alike).collect()
    }

    fn factor(&self) -> Factor {
        let scale = match print::exponent_of_ten(self.scale) {
            Some(exponent) => Factor::ten(exponent),
            None => Factor::of(self.scale, 1.0, 0, 0),
        };
        self.terms.iter().fold(scale, |whole, term| {
            let prefix = term.prefix.map_or(Factor::ONE, |prefix| prefix.factor);
            let symbol = match &term.symbol {
                Symbol::Known(known) => known.factor,
                Symbol::Unknown(_) | Symbol::Function(..) => Factor::ONE,
            };
            whole.times(prefix.times(symbol).raised(term.power))
        })
    }

    /// The unit of a product. None if a power in it becomes absurd.
    pub fn times(&self, other: &Unit) -> Option<Unit> {
        let mut product = Unit {
            scale: rounded(self.scale * other.scale)?,
            terms: self.terms.clone(),
        };
        for term in &other.terms {
            product.multiply(term.clone())?;
        }
        Some(product)
    }

    /// The unit of a quotient.
    pub fn over(&self, other: &Unit) -> Option<Unit> {
        self.times(&other.raised(Power::ONE.opposite())?)
    }

    pub fn raised(&self, power: Power) -> Option<Unit> {
        if power.is_zero() {
            return Some(Unit::one());
        }
        let mut terms = self.terms.clone();
        for term in &mut terms {
            term.power = term.power.times(power)?;
        }
        let scale = match power.whole() {
            Some(whole) => self.scale.powi(whole),
            None => self.scale.powf(power.value()),
        };
        let scale = rounded(scale)?;
        Some(Unit { scale, terms })
    }

    /// Multiplies one more term in; equal symbols are made one.
    fn multiply(&mut self, term: Term) -> Option<()> {
        let place = self
            .terms
            .iter()
            .position(|other| other.symbol == term.symbol && other.prefix == term.prefix);
        let Some(place) = place else {
            self.terms.push(term);
            return Some(());
        };
        let power = self.terms[place].power.plus(term.power)?;
        if power.is_zero() {
            self.terms.remove(place);
        } else {
            self.terms[place].power = power;
        }
        Some(())
    }
}

/// A scale as it can be written: finite, above 0, and a power of ten where it
/// is one but for rounding.
fn rounded(scale: f64) -> Option<f64> {
    if !scale.is_normal() || scale < 0.0 {
        return None;
    }
    let near: f64 = format!("1e{}", scale.log10().round()).parse().ok()?;
    let same = ((scale - near) / near).abs() < 4.0 * f64::EPSILON;
    Some(if same { near } else { scale })
}
