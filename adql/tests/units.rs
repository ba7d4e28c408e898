//! Units: what is read, what it is written back as, and what converts.

use adql::units::{Power, Unit};
use proptest::prelude::*;

/// A text of VOUnits 1.1 and its canonical spelling.
#[track_caller]
fn check(text: &str, canonical: &str) {
    let unit = Unit::parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(unit.to_string(), canonical);
    assert_eq!(Unit::parse(canonical).as_ref(), Ok(&unit), "{text}");
    assert_eq!(Unit::read(text).as_ref(), Some(&unit), "{text}");
}

/// A text of a catalogue, and how VOUnits writes it.
#[track_caller]
fn check_loose(text: &str, canonical: &str) {
    let unit = Unit::read(text).unwrap_or_else(|| panic!("{text} is not read"));
    assert_eq!(unit.to_string(), canonical, "{text}");
    assert_eq!(unit.unknown(), None, "{text}");
}

#[track_caller]
fn check_error(text: &str, message: &str) {
    match Unit::parse(text) {
        Ok(unit) => panic!("{text} is read as {unit}"),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

#[track_caller]
fn check_factor(from: &str, to: &str, factor: f64) {
    let from = Unit::parse(from).expect("a unit");
    let to = Unit::parse(to).expect("a unit");
    assert_eq!(from.factor_to(&to), Ok(factor), "{from} to {to}");
}

#[track_caller]
fn check_unlike(from: &str, to: &str, message: &str) {
    let from = Unit::parse(from).expect("a unit");
    let to = Unit::parse(to).expect("a unit");
    let error = from.factor_to(&to).expect_err("unlike");
    assert_eq!(error.to_string(), message);
}

#[test]
fn units_are_read_and_written_as_vounits_has_them() {
    check("m", "m");
    check("1", "1");
    check("km/s", "km/s");
    check("m/s**2", "m/s**2");
    check("m.s**-2", "m/s**2");
    check("s**-1", "s**-1");
    check("kg.m**2.s**-2", "kg.m**2/s**2");
    check("erg/(s.cm**2)", "erg.s**-1.cm**-2");
    check("W/(m**2.Hz)", "W.m**-2.Hz**-1");
    check("(m.s)", "m.s");
    check("m.m", "m**2");
    check("m/m", "1");
    check("km/m", "km/m");
    check("m**(1/2)", "m**(1/2)");
    check("m**(0.5)", "m**(1/2)");
    check("m**(-3/2)", "m**(-3/2)");
    check("m**(2)", "m**2");
    check("m**+2", "m**2");
    check("m**0", "1");
    check("sqrt(m**2)", "m");
    check("log(GHz)", "log(GHz)");
    check("log(10**6Hz)", "log(10**6Hz)");
    check("mag/log(Hz)", "mag/log(Hz)");
    check("exp(J/erg)", "exp(J/erg)");
    check("%", "%");
}

#[test]
fn scale_factors_are_read_and_written() {
    check("25.4mm", "25.4mm");
    check("10m", "10m");
    check("1m", "m");
    check("10**-20erg/(s.cm**2)", "10**-20erg.s**-1.cm**-2");
    check("1e-20W", "10**-20W");
    check("1.898E27kg", "1.898e27kg");
    check("0.1nm", "10**-1nm");
    check("10eV", "10eV");
    check("2.5e3eV", "2500eV");
    check("10**(-3)m", "10**-3m");
}

#[test]
fn preferred_symbols_are_written() {
    check("a", "yr");
    check("ha", "hyr");
    check("angstrom", "Angstrom");
    check("mAngstrom", "mAngstrom");
    check("au", "AU");
    check("kB", "kbyte");
    check("KiB", "Kibyte");
    check("ct/s", "count/s");
    check("ph", "photon");
    check("pix**2", "pixel**2");
}

#[test]
fn known_symbols_come_before_prefixes() {
    for symbol in ["Pa", "cd", "dB", "mol", "min", "mas", "T", "G", "barn", "D"] {
        check(symbol, symbol);
    }
    check_factor("ha", "yr", 100.0);
    check_factor("dam", "m", 10.0);
    check_factor("uarcsec", "mas", 0.001);
}

#[test]
fn unknown_units_are_units() {
    check("jovianDay", "jovianDay");
    check("furlong/week", "furlong/week");
    check("'furlong'", "'furlong'");
    check("m'furlong'", "mfurlong");
    check("m'm'", "m'm'");
    check("'m'", "'m'");
    check("Kifurlong", "Kifurlong");
    check("SQRT(m)", "SQRT(m)");
    check_factor("furlong", "'urlong'", 1e-15);
    check_unlike("m", "'m'", "m (length) does not convert into 'm'");
}

#[test]
fn what_is_no_unit_is_told() {
    check_error("", "'' is not a unit: it is empty (VOUnits writes it 1)");
    check_error(
        "m^2",
        "'m^2' is not a unit: powers are written with ** (VOUnits writes it m**2)",
    );
    check_error(
        "deg2",
        "'deg2' is not a unit: powers are written with ** (VOUnits writes it deg**2)",
    );
    check_error(
        "erg s-1",
        "'erg s-1' is not a unit: it has a space in it (VOUnits writes it erg/s)",
    );
    check_error(
        "erg*s",
        "'erg*s' is not a unit: products are written with a dot (VOUnits writes it erg.s)",
    );
    check_error(
        "erg/s/cm**2",
        "'erg/s/cm**2' is not a unit: it has more than one / \
         (VOUnits writes it erg.s**-1.cm**-2)",
    );
    check_error(
        "W/m**2.Hz",
        "'W/m**2.Hz' is not a unit: it is not clear whether what follows the division \
         is divided by",
    );
    check_error("(m", "'(m' is not a unit: a parenthesis is not closed");
    check_error("m)", "'m)' is not a unit: ) does not belong there");
    check_error("m/", "'m/' is not a unit: it ends where a unit is expected");
    check_error(
        "/m3",
        "'/m3' is not a unit: / does not belong there (VOUnits writes it m**-3)",
    );
    check_error("m**", "'m**' is not a unit: a power in it is no number");
    check_error(
        "m**(1/0)",
        "'m**(1/0)' is not a unit: a power in it cannot be",
    );
    check_error("0m", "'0m' is not a unit: its number is 0");
    check_error(
        "'m",
        "''m' is not a unit: between quotes stand letters alone",
    );
    check_error(
        "Ki'furlong'",
        "'Ki'furlong'' is not a unit: Ki before a quote is no decimal prefix",
    );
    check_error(
        "µm",
        "'µm' is not a unit: µ does not belong there (VOUnits writes it um)",
    );
    let deep = format!("{}m{}", "(".repeat(200), ")".repeat(200));
    assert!(Unit::parse(&deep).is_err());
    assert!(Unit::parse(&"m.".repeat(100_000)).is_err());
}

#[test]
fn catalogues_spell_in_many_ways() {
    check_loose("degree", "deg");
    check_loose("degrees", "deg");
    check_loose("deg^2", "deg**2");
    check_loose("arcsec2", "arcsec**2");
    check_loose("arcsecs", "arcsec");
    check_loose("sq.deg".trim_start_matches("sq."), "deg");
    check_loose("Angstroms", "Angstrom");
    check_loose("Å", "Angstrom");
    check_loose("AA", "Angstrom");
    check_loose("µm", "um");
    check_loose("micron", "um");
    check_loose("uas", "uarcsec");
    check_loose("days", "d");
    check_loose("seconds", "s");
    check_loose("sec", "s");
    check_loose("hours", "h");
    check_loose("counts/sec", "count/s");
    check_loose("Msun", "solMass");
    check_loose("solMass", "solMass");
    check_loose("10**-20erg/s/cm**2", "10**-20erg.s**-1.cm**-2");
    check_loose("10-20erg/s/cm2", "10**-20erg.s**-1.cm**-2");
    check_loose(
        "1e-17 erg / (cm^2 s Angstrom)",
        "10**-17erg.cm**-2.s**-1.Angstrom**-1",
    );
    check_loose("1.5x10+11m", "1.5e11m");
    check_loose("erg.cm-2.s-1", "erg.cm**-2.s**-1");
    check_loose("km s^-1 Mpc^-1", "km.s**-1.Mpc**-1");
    check_loose("km.s-1", "km/s");
    check_loose("mas/yr", "mas/yr");
    check_loose("m**0.5", "m**(1/2)");
    check_loose("(m/s)**2", "m**2/s**2");
    check_loose("[Hz]", "log(Hz)");
    check_loose("log(cm s-2)", "log(cm/s**2)");
    check_loose("m(2)", "m**2");
    check_loose("/s", "s**-1");
    check_loose(" Jy ", "Jy");
    check_loose("", "1");
    check_loose("-", "1");
    assert_eq!(Unit::read("unknown"), None);
    assert_eq!(Unit::read("UNKNOWN"), None);
    assert_eq!(Unit::read("W/m2.Hz"), None);
    assert_eq!(Unit::read("a note, not a unit"), None);
}

#[test]
fn usual_factors_are_exact() {
    check_factor("deg", "arcsec", 3600.0);
    check_factor("deg", "arcmin", 60.0);
    check_factor("deg", "mas", 3.6e6);
    check_factor("arcsec", "deg", 1.0 / 3600.0);
    check_factor("mas", "uarcsec", 1000.0);
    check_factor("deg", "rad", std::f64::consts::PI / 180.0);
    check_factor("deg**2", "arcsec**2", 12_960_000.0);
    check_factor("sr", "rad**2", 1.0);
    check_factor("m", "nm", 1e9);
    check_factor("nm", "m", 1e-9);
    check_factor("Angstrom", "nm", 0.1);
    check_factor("um", "Angstrom", 1e4);
    check_factor("keV", "eV", 1000.0);
    check_factor("eV", "J", 1.602_176_634e-19);
    check_factor("yr", "d", 365.25);
    check_factor("d", "s", 86400.0);
    check_factor("AU", "m", 149_597_870_700.0);
    check_factor("mJy", "Jy", 0.001);
    check_factor("Jy", "erg.s**-1.cm**-2.Hz**-1", 1e-23);
    check_factor("km/s", "m/s", 1000.0);
    check_factor("mas/yr", "deg/yr", 1.0 / 3.6e6);
    check_factor("Kibyte", "bit", 8192.0);
    check_factor("byte", "bit", 8.0);
    check_factor("%", "'x'/'x'", 0.01);
    check_factor("10**3m", "km", 1.0);
    check_factor("mmag", "mag", 0.001);
    check_factor("log(Hz)", "log(Hz)", 1.0);
    check_factor("s", "s", 1.0);
}

#[test]
fn unlike_units_are_told_by_what_they_measure() {
    check_unlike("deg", "kg", "deg (angle) does not convert into kg (mass)");
    check_unlike("m", "Hz", "m (length) does not convert into Hz (frequency)");
    check_unlike(
        "rad/s",
        "Hz",
        "rad/s (angular velocity) does not convert into Hz (frequency)",
    );
    check_unlike(
        "mag",
        "Jy",
        "mag (magnitude) does not convert into Jy (spectral flux density)",
    );
    check_unlike("mag", "dB", "mag (magnitude) does not convert into dB");
    check_unlike(
        "log(Hz)",
        "log(kHz)",
        "log(Hz) does not convert into log(kHz)",
    );
    check_unlike(
        "deg",
        "1",
        "deg (angle) does not convert into 1 (pure number)",
    );
}

#[test]
fn products_and_powers_of_units() {
    let unit = |text| Unit::parse(text).expect("a unit");
    let shown = |unit: Option<Unit>| unit.map(|unit| unit.to_string()).unwrap_or_default();
    assert_eq!(shown(unit("deg").times(&unit("deg"))), "deg**2");
    assert_eq!(shown(unit("deg").over(&unit("yr"))), "deg/yr");
    assert_eq!(shown(unit("deg").over(&unit("deg"))), "1");
    assert_eq!(shown(unit("km").over(&unit("m"))), "km/m");
    assert_eq!(shown(unit("count").over(&unit("ct"))), "1");
    let half = Power::new(1, 2).expect("a power");
    assert_eq!(shown(unit("deg**2.yr**-2").raised(half)), "deg/yr");
    let scaled = unit("10**-20erg").times(&unit("10**3s"));
    assert_eq!(shown(scaled), "10**-17erg.s");
    let square = Power::from_number(2.0).expect("a power");
    assert_eq!(shown(unit("2.5m").raised(square)), "6.25m**2");
    assert_eq!(Power::from_number(-0.5), Power::new(-1, 2));
    assert_eq!(Power::from_number(1.0 / 3.0), Power::new(1, 3));
    assert_eq!(Power::from_number(std::f64::consts::PI), None);
    assert_eq!(Power::from_number(f64::NAN), None);
}

#[test]
fn suggestions_are_units() {
    let suggested = |text: &str| Unit::suggestion(text).unwrap_or_default();
    assert_eq!(suggested("degree"), "deg");
    assert_eq!(suggested("arcsecs"), "arcsec");
    assert_eq!(suggested("uas"), "uarcsec");
    assert_eq!(suggested("HZ"), "Hz");
    assert_eq!(suggested("MHZ"), "MHz");
    assert_eq!(suggested("Km/s"), "km/s");
    assert_eq!(suggested("arcsek"), "arcsec");
    assert_eq!(suggested("foo"), "");
}

fn symbol() -> impl Strategy<Value = String> {
    let prefixes = ["", "", "", "k", "m", "u", "da", "M", "P", "Ki", "d"];
    let symbols = [
        "m", "s", "a", "yr", "g", "K", "Hz", "deg", "arcsec", "pc", "eV", "erg", "Jy", "B", "bit",
        "mag", "ct", "ph", "pix", "Angstrom", "u", "au", "barn", "h", "d", "min", "%", "furlong",
        "'m'", "'ur'", "x", "Sun", "dB", "cd",
    ];
    let prefix = proptest::sample::select(prefixes.to_vec());
    let symbol = proptest::sample::select(symbols.to_vec());
    (prefix, symbol).prop_map(|(prefix, symbol)| match symbol {
        "%" => "%".to_owned(),
        quoted if quoted.starts_with('\'') && prefix == "Ki" => quoted.to_owned(),
        symbol => format!("{prefix}{symbol}"),
    })
}

fn power() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        2 => (-4..5_i32).prop_map(|n| format!("**{n}")),
        1 => (-4..5_i32, 1..5_i32).prop_map(|(n, d)| format!("**({n}/{d})")),
        1 => Just("**(0.5)".to_owned()),
    ]
}

/// Texts of the standard's grammar.
fn unit() -> impl Strategy<Value = String> {
    let term = (symbol(), power()).prop_map(|(symbol, power)| format!("{symbol}{power}"));
    let product = |inner: BoxedStrategy<String>| {
        let one_to_three = proptest::collection::vec(inner.clone(), 1..4);
        (one_to_three, proptest::option::of(inner)).prop_map(|(above, below)| {
            let above = above.join(".");
            below.map_or(above.clone(), |below| format!("{above}/{below}"))
        })
    };
    let whole = term.boxed().prop_recursive(3, 12, 3, move |inner| {
        let complete = product(inner).boxed();
        let functions = proptest::sample::select(vec!["", "sqrt", "log", "ln", "exp", "foo"]);
        (functions, complete).prop_map(|(function, inner)| format!("{function}({inner})"))
    });
    let scales = vec![
        "", "", "10", "10**-20", "25.4", "1e-3", "0.25", "3e100", "1",
    ];
    let scale = proptest::sample::select(scales);
    (scale, product(whole.boxed())).prop_map(|(scale, unit)| format!("{scale}{unit}"))
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(text in unit()) {
        let unit = Unit::parse(&text).expect("a unit");
        let written = unit.to_string();
        let again = Unit::parse(&written);
        prop_assert_eq!(again.as_ref(), Ok(&unit), "{}", written);
        prop_assert_eq!(again.expect("a unit").to_string(), written);
    }

    #[test]
    fn there_and_back_is_one(a in unit(), b in unit()) {
        let (a, b) = (Unit::parse(&a).expect("a unit"), Unit::parse(&b).expect("a unit"));
        let (Ok(there), Ok(back)) = (a.factor_to(&b), b.factor_to(&a)) else {
            return Ok(());
        };
        prop_assert!((there * back - 1.0).abs() < 1e-12, "{} {}", there, back);
    }

    #[test]
    fn a_product_divided_is_what_it_was(a in unit(), b in unit()) {
        let (a, b) = (Unit::parse(&a).expect("a unit"), Unit::parse(&b).expect("a unit"));
        let Some(there) = a.times(&b).and_then(|product| product.over(&b)) else {
            return Ok(());
        };
        prop_assert_eq!(there.dimension(), a.dimension());
    }

    #[test]
    fn any_text_is_a_unit_or_an_error(text in "\\PC{0,40}") {
        let _ = Unit::parse(&text);
        let _ = Unit::read(&text);
        let _ = Unit::suggestion(&text);
    }

    #[test]
    fn texts_like_units_are_units_or_errors(text in "[a-zA-Z0-9.()/*^'%+ \\[\\]eE-]{0,30}") {
        for unit in [Unit::parse(&text).ok(), Unit::read(&text)].into_iter().flatten() {
            let written = unit.to_string();
            prop_assert_eq!(Unit::parse(&written), Ok(unit.clone()), "{}", written);
            let _ = (unit.dimension().to_string(), Unit::suggestion(&text));
        }
    }
}

#[test]
fn without_a_catalog_the_unit_of_a_column_is_believed() {
    let catalog = adql::Catalog::open([]);
    let checked = |query: &str| {
        let syntax = adql::parse(query).expect("a query");
        adql::check(&syntax, &catalog).map(|query| query.columns()[0].unit.clone())
    };
    let asked = Some("rad/yr".to_owned());
    let column = "SELECT IN_UNIT(pm_ra, 'rad/yr') FROM stars";
    assert_eq!(checked(column), Ok(asked.clone()));
    let computed = "SELECT IN_UNIT(sqrt(power(pm_ra,2)+power(pm_dec,2)), 'rad/yr') FROM stars";
    assert_eq!(checked(computed), Ok(asked));
    assert!(checked("SELECT IN_UNIT(42, 'kg') FROM stars").is_err());
    assert!(checked("SELECT IN_UNIT(ra, '') FROM stars").is_err());
    assert!(checked("SELECT IN_UNIT(ra, 'm^2') FROM stars").is_err());
}
