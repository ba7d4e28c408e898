//! The unit an answer tells is right: when the columns are given in other
//! units, the values of the answer change by the factor between the units told.

use adql::catalog::Table;
use adql::units::Unit;
use adql::{Catalog, Column, Type};
use proptest::prelude::*;

/// Columns `a` to `d`: values, their unit, and another unit for the same.
const COLUMNS: [(&str, f64, &str, &str); 4] = [
    ("a", 1.7, "deg", "arcsec"),
    ("b", 0.6, "degrees", "arcsec"),
    ("c", 2.3, "s", "d"),
    ("d", 0.9, "10**3 km/s", "pc.yr**-1"),
];

#[derive(Clone, Debug)]
enum Formula {
    Column(usize),
    Binary(char, Box<Formula>, Box<Formula>),
    Unary(&'static str, Box<Formula>),
    Power(Box<Formula>, i32),
    Coalesce(Box<Formula>, Box<Formula>),
}

impl Formula {
    fn text(&self) -> String {
        match self {
            Formula::Column(number) => COLUMNS[*number].0.to_owned(),
            Formula::Binary(operator, a, b) => format!("({} {operator} {})", a.text(), b.text()),
            Formula::Unary("-", a) => format!("(- {})", a.text()),
            Formula::Unary(function, a) => format!("{function}({})", a.text()),
            Formula::Power(a, exponent) => format!("POWER({}, {exponent})", a.text()),
            Formula::Coalesce(a, b) => format!("COALESCE({}, {})", a.text(), b.text()),
        }
    }

    /// The value, and how large the numbers were that it was made of.
    fn value(&self, columns: &[f64; 4]) -> (f64, f64) {
        let one = |value: f64| (value, value.abs());
        match self {
            Formula::Column(number) => one(columns[*number]),
            Formula::Binary(operator, a, b) => {
                let ((a, large_a), (b, large_b)) = (a.value(columns), b.value(columns));
                match operator {
                    '+' => (a + b, large_a + large_b),
                    '-' => (a - b, large_a + large_b),
                    '*' => (a * b, large_a * large_b),
                    _ => (a / b, large_a / b.abs() * (large_b / b.abs())),
                }
            }
            Formula::Unary(function, a) => {
                let (a, large) = a.value(columns);
                match *function {
                    "-" => (-a, large),
                    "ABS" => (a.abs(), large),
                    _ => (a.sqrt(), large.sqrt() * (large / a.abs()).sqrt()),
                }
            }
            Formula::Power(a, exponent) => {
                let (a, large) = a.value(columns);
                let value = a.powi(*exponent);
                let exact = (large / a.abs()).powi(exponent.abs());
                (value, value.abs() * exact)
            }
            Formula::Coalesce(a, _) => a.value(columns),
        }
    }

    /// The unit told, with the columns in their first or their second unit.
    fn unit(&self, second: bool) -> Option<String> {
        let columns = COLUMNS.map(|(name, _, first, other)| Column {
            unit: Some(if second { other } else { first }.to_owned()),
            ..Column::new(name, Type::Double)
        });
        let catalog = Catalog::new([Table {
            schema: "s".to_owned(),
            name: "t".to_owned(),
            columns: columns.to_vec(),
            ..Table::default()
        }]);
        let query = format!("SELECT {} AS x FROM s.t", self.text());
        let syntax = adql::parse(&query).expect("a query");
        let checked = adql::check(&syntax, &catalog).expect("a query");
        checked.columns()[0].unit.clone()
    }
}

fn formula() -> impl Strategy<Value = Formula> {
    let column = (0..COLUMNS.len()).prop_map(Formula::Column);
    column.prop_recursive(4, 16, 2, |inner| {
        let operators = proptest::sample::select(vec!['+', '-', '*', '/']);
        let functions = proptest::sample::select(vec!["-", "ABS", "SQRT"]);
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            4 => (operators, inner.clone(), inner.clone())
                .prop_map(|(operator, a, b)| Formula::Binary(operator, a.into(), b.into())),
            2 => (functions, inner.clone())
                .prop_map(|(function, a)| Formula::Unary(function, a.into())),
            1 => (inner, -2..3_i32).prop_map(|(a, exponent)| Formula::Power(a.into(), exponent)),
            1 => two.prop_map(|(a, b)| Formula::Coalesce(a.into(), b.into())),
        ]
    })
}

fn read(unit: &str) -> Unit {
    Unit::read(unit).unwrap_or_else(|| panic!("{unit} is not a unit"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn values_change_as_their_unit_does(formula in formula()) {
        let (first, second) = (formula.unit(false), formula.unit(true));
        let (Some(first), Some(second)) = (&first, &second) else {
            prop_assert_eq!(first, second);
            return Ok(());
        };
        let factor = read(first).factor_to(&read(second)).expect("alike units");
        let before = COLUMNS.map(|(_, value, ..)| value);
        let after = COLUMNS.map(|(_, value, first, second)| {
            value * read(first).factor_to(&read(second)).expect("alike units")
        });
        let ((before, large), (after, _)) = (formula.value(&before), formula.value(&after));
        // Where nearly all cancels out, only rounding is left to compare.
        prop_assume!(before.is_normal() && after.is_normal() && large < 1e3 * before.abs());
        let error = (after / (before * factor) - 1.0).abs();
        prop_assert!(error < 1e-9, "{before} {first}, {after} {second}");
    }
}
