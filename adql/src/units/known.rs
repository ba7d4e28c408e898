//! The known symbols and prefixes (VOUnits 1.1 tables 1 to 3), and what each
//! is in SI units.

use super::factor::Factor;

/// The bases that dimensions are counted in, in the order of [`Known::bases`].
/// Angles have a base of their own, so that `rad/s` is not `Hz`.
pub(super) const BASES: [&str; 8] = ["kg", "m", "s", "A", "K", "mol", "cd", "rad"];

/// A symbol of VOUnits 1.1 section 2.4.
#[derive(Debug)]
pub(super) struct Known {
    pub symbol: &'static str,
    /// In SI units.
    pub factor: Factor,
    /// Powers of [`BASES`].
    pub bases: [i32; 8],
    /// A base that is no physical quantity: things that are counted, and
    /// logarithmic scales, which convert into nothing else.
    pub own: Option<&'static str>,
    /// Takes decimal prefixes (`s` in table 2).
    pub prefixed: bool,
    /// Takes binary prefixes (`b` in table 2).
    pub binary: bool,
}

impl PartialEq for Known {
    fn eq(&self, other: &Known) -> bool {
        self.symbol == other.symbol
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Prefix {
    pub symbol: &'static str,
    pub factor: Factor,
}

/// Section 2.6, table (a). `da` comes last: where it could be read as `d` and
/// a unit that begins with `a`, the standard leaves the reading open.
pub(super) static DECIMAL: [Prefix; 24] = [
    ten("d", -1),
    ten("c", -2),
    ten("m", -3),
    ten("u", -6),
    ten("n", -9),
    ten("p", -12),
    ten("f", -15),
    ten("a", -18),
    ten("z", -21),
    ten("y", -24),
    ten("r", -27),
    ten("q", -30),
    ten("h", 2),
    ten("k", 3),
    ten("M", 6),
    ten("G", 9),
    ten("T", 12),
    ten("P", 15),
    ten("E", 18),
    ten("Z", 21),
    ten("Y", 24),
    ten("R", 27),
    ten("Q", 30),
    ten("da", 1),
];

/// Section 2.6, table (b).
pub(super) static BINARY: [Prefix; 8] = [
    two("Ki", 10),
    two("Mi", 20),
    two("Gi", 30),
    two("Ti", 40),
    two("Pi", 50),
    two("Ei", 60),
    two("Zi", 70),
    two("Yi", 80),
];

/// The known symbol of that spelling, and the one preferred for output.
pub(super) fn find(symbol: &str) -> Option<&'static Known> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == symbol);
    let symbol = alias.map_or(symbol, |(_, preferred)| preferred);
    KNOWN.iter().find(|known| known.symbol == symbol)
}

/// Every preferred symbol and whether it takes decimal prefixes.
pub(super) fn spellings() -> impl Iterator<Item = (&'static str, bool)> {
    KNOWN.iter().map(|known| (known.symbol, known.prefixed))
}

/// Symbols with a preferred one beside them (`p` in table 2).
static ALIASES: [(&str, &str); 7] = [
    ("a", "yr"),
    ("angstrom", "Angstrom"),
    ("au", "AU"),
    ("B", "byte"),
    ("ct", "count"),
    ("ph", "photon"),
    ("pix", "pixel"),
];

// Constants of nature are those of CODATA 2022 and of the IAU resolutions
// 2012 B2 and 2015 B3; the mass of the sun is the nominal GM divided by G.
static KNOWN: [Known; 64] = [
    // The base units of section 2.3. `g` is a thousandth of the SI base.
    unit("g", [1, 0, 0, 0, 0, 0, 0, 0], Factor::ten(-3)),
    unit("m", [0, 1, 0, 0, 0, 0, 0, 0], Factor::ONE),
    unit("s", [0, 0, 1, 0, 0, 0, 0, 0], Factor::ONE),
    unit("A", [0, 0, 0, 1, 0, 0, 0, 0], Factor::ONE),
    unit("K", [0, 0, 0, 0, 1, 0, 0, 0], Factor::ONE),
    unit("mol", [0, 0, 0, 0, 0, 1, 0, 0], Factor::ONE),
    unit("cd", [0, 0, 0, 0, 0, 0, 1, 0], Factor::ONE),
    unit("rad", [0, 0, 0, 0, 0, 0, 0, 1], Factor::ONE),
    unit("sr", [0, 0, 0, 0, 0, 0, 0, 2], Factor::ONE),
    unit("Hz", [0, 0, -1, 0, 0, 0, 0, 0], Factor::ONE),
    unit("N", [1, 1, -2, 0, 0, 0, 0, 0], Factor::ONE),
    unit("Pa", [1, -1, -2, 0, 0, 0, 0, 0], Factor::ONE),
    unit("J", ENERGY, Factor::ONE),
    unit("W", [1, 2, -3, 0, 0, 0, 0, 0], Factor::ONE),
    unit("C", [0, 0, 1, 1, 0, 0, 0, 0], Factor::ONE),
    unit("V", [1, 2, -3, -1, 0, 0, 0, 0], Factor::ONE),
    unit("S", [-1, -2, 3, 2, 0, 0, 0, 0], Factor::ONE),
    unit("F", [-1, -2, 4, 2, 0, 0, 0, 0], Factor::ONE),
    unit("Wb", [1, 2, -2, -1, 0, 0, 0, 0], Factor::ONE),
    unit("T", [1, 0, -2, -1, 0, 0, 0, 0], Factor::ONE),
    unit("H", [1, 2, -2, -2, 0, 0, 0, 0], Factor::ONE),
    unit("lm", [0, 0, 0, 0, 0, 0, 1, 2], Factor::ONE),
    unit("lx", [0, -2, 0, 0, 0, 0, 1, 2], Factor::ONE),
    unit("Ohm", [1, 2, -3, -2, 0, 0, 0, 0], Factor::ONE),
    // Time (section 2.7). A year is Julian; the tropical and the Besselian
    // one are deprecated.
    unit("min", TIME, Factor::of(60.0, 1.0, 0, 0)),
    unit("h", TIME, Factor::of(3600.0, 1.0, 0, 0)),
    unit("d", TIME, Factor::of(86400.0, 1.0, 0, 0)),
    unit("yr", TIME, Factor::of(31_557_600.0, 1.0, 0, 0)),
    bare("ta", TIME, Factor::of(31_556_925.0, 1.0, 0, 0)),
    bare("Ba", TIME, Factor::of(31_556_925.974_678_4, 1.0, 0, 0)),
    // Angles.
    unit("deg", ANGLE, Factor::of(1.0, 180.0, 0, 1)),
    unit("arcmin", ANGLE, Factor::of(1.0, 10_800.0, 0, 1)),
    unit("arcsec", ANGLE, Factor::of(1.0, 648_000.0, 0, 1)),
    bare("mas", ANGLE, Factor::of(1.0, 648_000.0, -3, 1)),
    // Lengths.
    bare("Angstrom", LENGTH, Factor::ten(-10)),
    bare("AU", LENGTH, Factor::of(149_597_870_700.0, 1.0, 0, 0)),
    unit(
        "pc",
        LENGTH,
        Factor::of(149_597_870_700.0 * 648.0, 1.0, 3, -1),
    ),
    unit("lyr", LENGTH, Factor::of(94_607_304_725_808.0, 1.0, 2, 0)),
    unit("solRad", LENGTH, Factor::of(6957.0, 1.0, 5, 0)),
    unit("barn", [0, 2, 0, 0, 0, 0, 0, 0], Factor::ten(-28)),
    // Masses and energies.
    unit(
        "u",
        [1, 0, 0, 0, 0, 0, 0, 0],
        Factor::of(166_053_906_892.0, 1.0, -38, 0),
    ),
    unit(
        "solMass",
        [1, 0, 0, 0, 0, 0, 0, 0],
        Factor::of(1.988_409_870_698_051, 1.0, 30, 0),
    ),
    unit("erg", ENERGY, Factor::ten(-7)),
    unit("eV", ENERGY, Factor::of(1_602_176_634.0, 1.0, -28, 0)),
    unit("Ry", ENERGY, Factor::of(21_798_723_611_030.0, 1.0, -31, 0)),
    // Fields, fluxes and the rest of physics.
    unit("G", [1, 0, -2, -1, 0, 0, 0, 0], Factor::ten(-4)),
    unit("Jy", [1, 0, -2, 0, 0, 0, 0, 0], Factor::ten(-26)),
    unit(
        "solLum",
        [1, 2, -3, 0, 0, 0, 0, 0],
        Factor::of(3828.0, 1.0, 23, 0),
    ),
    unit(
        "D",
        [0, 1, 1, 1, 0, 0, 0, 0],
        Factor::of(1.0, 299_792_458.0, -21, 0),
    ),
    Known {
        own: Some("photon"),
        ..unit(
            "R",
            [0, -2, -1, 0, 0, 0, 0, -2],
            Factor::of(1.0, 4.0, 10, -1),
        )
    },
    // Things that are counted, and scales of their own (section 2.8).
    count("adu"),
    count("beam"),
    count("bin"),
    count("chan"),
    count("count"),
    count("photon"),
    count("pixel"),
    count("voxel"),
    count("Sun"),
    count("mag"),
    Known {
        prefixed: false,
        ..count("dB")
    },
    bits("bit", Factor::ONE),
    bits("byte", Factor::of(8.0, 1.0, 0, 0)),
    bare("%", [0; 8], Factor::ten(-2)),
];

const TIME: [i32; 8] = [0, 0, 1, 0, 0, 0, 0, 0];
const ANGLE: [i32; 8] = [0, 0, 0, 0, 0, 0, 0, 1];
const LENGTH: [i32; 8] = [0, 1, 0, 0, 0, 0, 0, 0];
const ENERGY: [i32; 8] = [1, 2, -2, 0, 0, 0, 0, 0];

const fn unit(symbol: &'static str, bases: [i32; 8], factor: Factor) -> Known {
    Known {
        symbol,
        factor,
        bases,
        own: None,
        prefixed: true,
        binary: false,
    }
}

/// A unit that takes no prefixes.
const fn bare(symbol: &'static str, bases: [i32; 8], factor: Factor) -> Known {
    Known {
        prefixed: false,
        ..unit(symbol, bases, factor)
    }
}

const fn count(symbol: &'static str) -> Known {
    Known {
        own: Some(symbol),
        ..unit(symbol, [0; 8], Factor::ONE)
    }
}

const fn bits(symbol: &'static str, factor: Factor) -> Known {
    Known {
        own: Some("bit"),
        binary: true,
        ..unit(symbol, [0; 8], factor)
    }
}

const fn ten(symbol: &'static str, exponent: i32) -> Prefix {
    Prefix {
        symbol,
        factor: Factor::ten(exponent),
    }
}

const fn two(symbol: &'static str, exponent: u32) -> Prefix {
    Prefix {
        symbol,
        factor: Factor::of((1_u128 << exponent) as f64, 1.0, 0, 0),
    }
}
