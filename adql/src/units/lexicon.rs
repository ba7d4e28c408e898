//! Spellings that catalogues use and VOUnits does not.

use super::{Prefix, Symbol, Unit, known, parse};

/// Words for known units. A plural `s` is taken off first.
const WORDS: &[(&str, &str)] = &[
    ("AA", "Angstrom"),
    ("ADU", "adu"),
    ("Angstroem", "Angstrom"),
    ("Byte", "byte"),
    ("Counts", "count"),
    ("Jansky", "Jy"),
    ("Kelvin", "K"),
    ("Lsun", "solLum"),
    ("L_sun", "solLum"),
    ("Mag", "mag"),
    ("Msun", "solMass"),
    ("M_sun", "solMass"),
    ("Rsun", "solRad"),
    ("R_sun", "solRad"),
    ("Year", "yr"),
    ("\"", "arcsec"),
    ("amin", "arcmin"),
    ("ang", "Angstrom"),
    ("arcminute", "arcmin"),
    ("arcsecond", "arcsec"),
    ("asec", "arcsec"),
    ("candela", "cd"),
    ("cts", "count"),
    ("day", "d"),
    ("degree", "deg"),
    ("electronvolt", "eV"),
    ("gauss", "G"),
    ("gram", "g"),
    ("hertz", "Hz"),
    ("hour", "h"),
    ("hr", "h"),
    ("jansky", "Jy"),
    ("joule", "J"),
    ("kelvin", "K"),
    ("kilometer", "km"),
    ("lightyear", "lyr"),
    ("lsun", "solLum"),
    ("magnitude", "mag"),
    ("marcsec", "mas"),
    ("meter", "m"),
    ("metre", "m"),
    ("micron", "um"),
    ("milliarcsec", "mas"),
    ("milliarcsecond", "mas"),
    ("minute", "min"),
    ("msun", "solMass"),
    ("nas", "narcsec"),
    ("ohm", "Ohm"),
    ("parsec", "pc"),
    ("percent", "%"),
    ("pas", "parcsec"),
    ("radian", "rad"),
    ("rsun", "solRad"),
    ("sec", "s"),
    ("second", "s"),
    ("steradian", "sr"),
    ("uas", "uarcsec"),
    ("volt", "V"),
    ("watt", "W"),
    ("year", "yr"),
    ("Å", "Angstrom"),
    ("°", "deg"),
    ("′", "arcmin"),
    ("″", "arcsec"),
];

/// A text of a catalogue: as VOUnits reads it, if it knows all of it, else in
/// the looser way.
pub(super) fn read(text: &str) -> Option<Unit> {
    let text = text.trim();
    // VOUnits section 2.2 reserves `unknown`; the CDS writes - for no unit.
    if matches!(text, "unknown" | "UNKNOWN") {
        return None;
    }
    if matches!(text, "" | "-" | "--" | "---") {
        return Some(Unit::one());
    }
    parse::loose(text)
}

/// A name as prefix and symbol, with the words above.
pub(super) fn name(text: &str) -> (Option<&'static Prefix>, Symbol) {
    if let Some(known) = parse::known_name(text) {
        return known;
    }
    let micro = text.strip_prefix(['µ', 'μ']);
    let ascii = micro.map_or_else(|| text.to_owned(), |rest| format!("u{rest}"));
    let word = |text: &str| WORDS.iter().find(|(word, _)| *word == text);
    let found = word(&ascii).or_else(|| word(ascii.strip_suffix('s')?));
    let better = found.map_or(ascii.as_str(), |(_, better)| better);
    let known = parse::known_name(better).or_else(|| {
        let singular = better.strip_suffix('s').filter(|rest| rest.len() > 2)?;
        known::find(singular).map(|known| (None, Symbol::Known(known)))
    });
    known.unwrap_or_else(|| parse::name(better))
}
