//! Spectral quantities and the units that archives give them in: wavelength,
//! frequency, energy, wavenumber. Spelling as in VOUnits 1.1.

/// A unit of a spectral quantity: a number of metres, hertz, joules or waves
/// to the metre.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unit {
    /// As it was written.
    pub text: String,
    quantity: Quantity,
    /// Its size is `mantissa` times ten to the `exponent`: the powers of ten
    /// cancel exactly.
    mantissa: f64,
    exponent: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Wavelength,
    Frequency,
    Energy,
    Wavenumber,
}

/// How values go from one unit to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Conversion {
    /// The value times this.
    Factor(f64),
    /// This divided by the value.
    Inverse(f64),
}

/// Mantissas and exponents of the constants that define the SI (2019): the
/// speed of light in m/s, Planck's constant in J s, the charge of an electron
/// in C.
const C: (f64, i32) = (2.997_924_58, 8);
const H: (f64, i32) = (6.626_070_15, -34);
const E: (f64, i32) = (1.602_176_634, -19);

const PREFIXES: &[(&str, i32)] = &[
    ("", 0),
    ("a", -18),
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("c", -2),
    ("d", -1),
    ("da", 1),
    ("h", 2),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

impl Unit {
    /// `None` for what is no spectral unit.
    pub fn parse(text: &str) -> Option<Unit> {
        let text = text.trim();
        let unit = |quantity, mantissa, exponent| {
            Some(Unit {
                text: text.to_owned(),
                quantity,
                mantissa,
                exponent,
            })
        };
        if matches!(text, "Angstrom" | "angstrom") {
            return unit(Quantity::Wavelength, 1.0, -10);
        }
        let per = text.strip_prefix("1/").or_else(|| {
            let powers = ["**-1", "**(-1)", "-1"];
            powers.iter().find_map(|power| text.strip_suffix(power))
        });
        if let Some(length) = per {
            let exponent = prefix(length.strip_suffix('m')?)?;
            return unit(Quantity::Wavenumber, 1.0, -exponent);
        }
        let bases = [
            ("eV", Quantity::Energy, E),
            ("erg", Quantity::Energy, (1.0, -7)),
            ("J", Quantity::Energy, (1.0, 0)),
            ("Hz", Quantity::Frequency, (1.0, 0)),
            ("m", Quantity::Wavelength, (1.0, 0)),
        ];
        bases
            .iter()
            .find_map(|(symbol, quantity, (mantissa, power))| {
                let exponent = prefix(text.strip_suffix(symbol)?)?;
                unit(*quantity, *mantissa, power + exponent)
            })
    }

    /// UCD1+ of what is given in this unit.
    pub fn ucd(&self) -> &'static str {
        match self.quantity {
            Quantity::Wavelength => "em.wl",
            Quantity::Frequency => "em.freq",
            Quantity::Energy => "em.energy",
            Quantity::Wavenumber => "em.wavenumber",
        }
    }

    /// By ν = c/λ = E/h = c·ν̃.
    pub fn conversion_to(&self, to: &Unit) -> Conversion {
        use Quantity::*;
        let from = (self.mantissa, self.exponent);
        let to_size = (to.mantissa, to.exponent);
        let factor = |constant| Conversion::Factor(value(&[constant, from], &[to_size]));
        let over = |constant| Conversion::Factor(value(&[from], &[constant, to_size]));
        let inverse =
            |constants: &[(f64, i32)]| Conversion::Inverse(value(constants, &[from, to_size]));
        const ONE: (f64, i32) = (1.0, 0);
        const HC: (f64, i32) = (H.0 * C.0, H.1 + C.1);
        match (self.quantity, to.quantity) {
            (a, b) if a == b => factor(ONE),
            (Wavelength, Wavenumber) | (Wavenumber, Wavelength) => inverse(&[ONE]),
            (Wavelength, Frequency) | (Frequency, Wavelength) => inverse(&[C]),
            (Wavelength, _) | (_, Wavelength) => inverse(&[H, C]),
            (Frequency, Energy) => factor(H),
            (Energy, Frequency) => over(H),
            (Frequency, _) => over(C),
            (_, Frequency) => factor(C),
            (Wavenumber, _) => factor(HC),
            (_, _) => over(HC),
        }
    }
}

fn prefix(text: &str) -> Option<i32> {
    let known = PREFIXES.iter().find(|(prefix, _)| *prefix == text);
    known.map(|(_, exponent)| *exponent)
}

/// The product of these over the product of those, the power of ten at once.
fn value(these: &[(f64, i32)], those: &[(f64, i32)]) -> f64 {
    let product = |numbers: &[(f64, i32)]| -> (f64, i32) {
        let fold = |all: (f64, i32), one: &(f64, i32)| (all.0 * one.0, all.1 + one.1);
        numbers.iter().fold((1.0, 0), fold)
    };
    let (above, below) = (product(these), product(those));
    let (mantissa, exponent) = (above.0 / below.0, above.1 - below.1);
    match exponent {
        // Powers of ten up to the 22nd are exact, their inverses are not.
        -22..0 => mantissa / 10f64.powi(-exponent),
        _ => mantissa * 10f64.powi(exponent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from the constants by hand (CODATA 2018).
    #[test]
    fn conversions_between_quantities() {
        let check = |x: f64, from: &str, to: &str, expected: f64| {
            let unit = |text| Unit::parse(text).expect(text);
            let got = match unit(from).conversion_to(&unit(to)) {
                Conversion::Factor(factor) => x * factor,
                Conversion::Inverse(constant) => constant / x,
            };
            let error = (got / expected - 1.0).abs();
            assert!(error < 1e-14, "{x} {from} in {to}: {got}, {error}");
        };
        check(500e-9, "m", "nm", 500.0);
        check(1.0, "m", "Angstrom", 1e10);
        check(21.106_114_054_152_37, "cm", "MHz", 1_420.405_751_768_5);
        check(1.0, "GHz", "m", 0.299_792_458);
        check(1.0, "um", "eV", 1.239_841_984_332_002_5);
        check(12.398_419_843_320_025, "keV", "Angstrom", 1.0);
        check(1.0, "eV", "J", 1.602_176_634e-19);
        check(1.0, "J", "erg", 1e7);
        check(1.0, "eV", "THz", 241.798_924_208_491_83);
        check(241.798_924_208_491_83, "THz", "eV", 1.0);
        check(1.0, "eV", "1/cm", 8_065.543_937_349_21);
        check(8_065.543_937_349_212, "cm**-1", "meV", 1000.0);
        check(1.0, "cm-1", "GHz", 29.979_245_8);
        check(29.979_245_8, "GHz", "1/cm", 1.0);
        check(10_000.0, "1/cm", "um", 1.0);
        check(1.0, "nm", "1/m", 1e9);
    }

    #[test]
    fn powers_of_ten_are_exact() {
        let factor = |from: &str, to: &str| {
            let (from, to) = (Unit::parse(from)?, Unit::parse(to)?);
            Some(from.conversion_to(&to))
        };
        assert_eq!(factor("m", "nm"), Some(Conversion::Factor(1e9)));
        assert_eq!(factor("nm", "m"), Some(Conversion::Factor(1e-9)));
        assert_eq!(factor("GHz", "Hz"), Some(Conversion::Factor(1e9)));
        assert_eq!(factor("m", "1/m"), Some(Conversion::Inverse(1.0)));
        assert_eq!(factor("m", "Hz"), Some(Conversion::Inverse(299_792_458.0)));
    }

    #[test]
    fn what_is_no_spectral_unit() {
        for text in [
            "", "deg", "s", "k", "xm", "1/s", "m/s", "KeV", "nM", "1/", "-1",
        ] {
            assert_eq!(Unit::parse(text), None, "{text}");
        }
    }
}
