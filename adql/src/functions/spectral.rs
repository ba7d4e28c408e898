//! Spectral quantities: wavelength, frequency, energy and wavenumber, and how
//! one becomes another. Their units are those of [`crate::units`].

use crate::units::Unit;

/// A unit of a spectral quantity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpectralUnit {
    /// As it was written.
    pub text: String,
    unit: Unit,
    quantity: Quantity,
    /// Metres, hertz, joules or waves to the metre in it.
    size: f64,
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

/// Constants that define the SI (2019): the speed of light in m/s, and that of
/// Planck in J s.
const C: f64 = 299_792_458.0;
const H: f64 = 6.626_070_15e-34;

const QUANTITIES: &[(Quantity, &str)] = &[
    (Quantity::Wavelength, "m"),
    (Quantity::Frequency, "Hz"),
    (Quantity::Energy, "J"),
    (Quantity::Wavenumber, "m**-1"),
];

impl SpectralUnit {
    /// `None` for what is no spectral unit. What is measured in `1/s` need not
    /// be a frequency, but is taken for one.
    pub fn read(text: &str) -> Option<SpectralUnit> {
        let unit = Unit::read(text)?;
        QUANTITIES.iter().find_map(|(quantity, si)| {
            let size = unit.factor_to(&Unit::parse(si).ok()?).ok()?;
            Some(SpectralUnit {
                text: text.to_owned(),
                unit: unit.clone(),
                quantity: *quantity,
                size,
            })
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
    pub fn conversion_to(&self, to: &SpectralUnit) -> Conversion {
        use Quantity::*;
        // Rounded once, which a quotient of sizes is not.
        if let Ok(factor) = self.unit.factor_to(&to.unit) {
            return Conversion::Factor(factor);
        }
        let factor = |constant: f64| Conversion::Factor(constant * self.size / to.size);
        let inverse = |constant: f64| Conversion::Inverse(constant / self.size / to.size);
        match (self.quantity, to.quantity) {
            (Wavelength, Wavenumber) | (Wavenumber, Wavelength) => inverse(1.0),
            (Wavelength, Frequency) | (Frequency, Wavelength) => inverse(C),
            (Wavelength, _) | (_, Wavelength) => inverse(H * C),
            (Frequency, Energy) => factor(H),
            (Energy, Frequency) => factor(1.0 / H),
            (Frequency, _) => factor(1.0 / C),
            (_, Frequency) => factor(C),
            (Wavenumber, _) => factor(H * C),
            (_, _) => factor(1.0 / (H * C)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from the constants by hand (CODATA 2018).
    #[test]
    fn conversions_between_quantities() {
        let check = |x: f64, from: &str, to: &str, expected: f64| {
            let unit = |text| SpectralUnit::read(text).expect(text);
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
            let (from, to) = (SpectralUnit::read(from)?, SpectralUnit::read(to)?);
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
        for text in ["", "deg", "s", "k", "xm", "m/s", "KeV", "nM", "1/", "-1"] {
            assert_eq!(SpectralUnit::read(text), None, "{text}");
        }
    }
}
