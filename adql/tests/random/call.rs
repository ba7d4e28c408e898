//! Calls of the functions of [`adql::functions`], whichever there are.
//!
//! A function added there is called in bold queries by the types of its
//! arguments alone; [`LITERALS`] says what else an argument may be, and
//! [`domains`] lets a function into careful queries by saying what it takes
//! without failing.

use adql::Type;
use adql::functions::{Function, all};

use super::tables::Bounds;
use super::value::wider;
use super::{Family, Generator, Value};

/// Functions that give another value each time: what they give is not
/// compared, only that it is there.
const VOLATILE: &[&str] = &["IVO_NORMAL_RANDOM", "RAND"];

/// Arguments (from 0) that are one of a few literals.
const LITERALS: &[(&str, usize, &[&str])] = &[
    ("GAVO_SPECCONV", 1, &["'m'", "'nm'", "'GHz'", "'eV'"]),
    ("GAVO_SPECCONV", 2, &["'m'", "'Hz'", "'keV'", "'Angstrom'"]),
    ("GAVO_VOCMATCH", 0, &["'product-type'"]),
    ("GAVO_VOCMATCH", 1, &["'image'", "'spectrum'", "'cube'"]),
    (
        "IVO_DMS_TO_DEGREES",
        0,
        &["'-12:34:56.7'", "'89 0 1'", "'01:02:03'"],
    ),
    (
        "IVO_HMS_TO_DEGREES",
        0,
        &["'12:34:56.7'", "'1 2 3'", "'23 59 59.9'"],
    ),
    ("IVO_HEALPIX_INDEX", 0, &["0", "5", "12", "29"]),
    ("IVO_HEALPIX_INDEX", 1, &["0", "10.5", "359.9", "-1"]),
    ("IVO_HEALPIX_INDEX", 2, &["0", "20", "-89.5", "41.8"]),
    ("ROUND", 1, &["0", "1", "2", "3", "-1"]),
    ("TRUNCATE", 1, &["0", "1", "2", "3", "-1"]),
];

/// Functions that may leave an argument out.
const LAZY: &[&str] = &["COALESCE", "IVO_INTERVAL_OVERLAPS"];

/// Arguments that something is divided by.
const DIVISORS: &[(&str, usize)] = &[("COT", 0), ("MOD", 1)];

/// What an argument may be for a function not to fail.
#[derive(Clone, Copy)]
enum Domain {
    Any,
    /// Not farther from 0 than this.
    Within(f64),
    /// The same, and a multiple of some power of two.
    Grained(f64),
    /// From -1 to 1.
    Unit,
    Positive,
    /// From 1 to 1001.
    Growing,
    NotNegative,
}

fn domains(name: &str) -> Option<&'static [Domain]> {
    use Domain::*;
    Some(match name {
        "ABS" => &[Within(9e18)],
        "ACOS" | "ASIN" => &[Unit],
        "CEILING" | "COS" | "FLOOR" | "SIN" | "ATAN" | "LOWER" | "UPPER" | "TAN" => &[Any],
        "ATAN2" => &[Any, Any],
        "COALESCE" => &[Any, Any, Any],
        "COT" => &[Grained(1e6)],
        "DEGREES" => &[Within(1e300)],
        "EXP" => &[Within(700.0)],
        "IVO_INTERVAL_OVERLAPS" => &[Any, Any, Any, Any],
        "IVO_HEALPIX_INDEX" => &[Any, Any, Any],
        "LOG" | "LOG10" => &[Positive],
        "MOD" => &[Grained(1e15), Grained(1e15)],
        "PI" => &[],
        "POWER" => &[Growing, Within(20.0)],
        "RADIANS" => &[Grained(1e300)],
        "ROUND" | "TRUNCATE" => &[Grained(1e15), Any],
        "SQRT" => &[NotNegative],
        "IVO_HMS_TO_DEGREES" | "IVO_DMS_TO_DEGREES" | "IVO_TO_JD" | "IVO_TO_MJD" | "GAVO_TO_JD"
        | "GAVO_TO_MJD" => &[Any],
        "IVO_HASWORD" | "IVO_HASHLIST_HAS" | "IVO_NOCASEMATCH" => &[Any, Any],
        "GAVO_SPECCONV" => &[Grained(1e6), Any, Any],
        "GAVO_VOCMATCH" => &[Any, Any, Any],
        _ => return None,
    })
}

/// The name of a variant. Functions may come to take and give things that
/// are not known here; by their names those are passed over, and counting the
/// calls shows it.
fn named(variant: impl std::fmt::Debug) -> String {
    format!("{variant:?}")
}

impl Generator<'_> {
    /// A call that gives a value of the family, if there is a function to.
    pub(super) fn call(&mut self, family: Family, depth: usize) -> Option<Value> {
        let gives = |function: &Function| match named(function.result).as_str() {
            "Is(Text)" => family == Family::Text,
            "Is(Timestamp)" => family == Family::Time,
            "Is(Double)" | "Is(Real)" => family == Family::Number,
            "Is(BigInt)" | "Is(Integer)" | "Is(SmallInt)" => {
                matches!(family, Family::Whole | Family::Number)
            }
            "Number" => matches!(family, Family::Whole | Family::Number),
            "Widest" => true,
            _ => false,
        };
        let careful = |function: &Function| self.bold || domains(function.name).is_some();
        let known: Vec<&Function> = all()
            .filter(|it| gives(it) && careful(it) && !VOLATILE.contains(&it.name))
            .filter(|it| !it.is_aggregate())
            // Of two arguments it wants a value whose unit is known.
            .filter(|it| !(it.name == "GAVO_SPECCONV" && it.arguments.len() == 2))
            // These do not compute what they do not need.
            .filter(|it| !(self.bold && LAZY.contains(&it.name)))
            .collect();
        if known.is_empty() {
            return None;
        }
        let function = known[self.tape.draw(known.len())];
        let mut count = function.arguments.len() - self.tape.draw(function.optional + 1);
        if function.repeated {
            count += 1 + self.tape.draw(2);
        }
        let mut arguments = Vec::with_capacity(count);
        for place in 0..count {
            // What is not known may leave out arguments that it does not need.
            let depth = domains(function.name).map_or(0, |_| depth);
            let literal = literals(function, place).is_some();
            let nothing =
                wanted(function, place, family).filter(|_| !literal && self.tape.once_in(40));
            arguments.push(match nothing {
                Some(family) => self.nothing(family),
                None => self.argument(function, place, family, depth)?,
            });
        }
        let texts: Vec<&str> = arguments.iter().map(|it| it.text.as_str()).collect();
        let text = format!("{}({})", function.name, texts.join(", "));
        let widest = arguments.iter().map(|it| it.kind).reduce(wider);
        let widest = widest.unwrap_or(Type::Double);
        let kind = match named(function.result).as_str() {
            "Is(Text)" => Type::Text,
            "Is(Timestamp)" => Type::Timestamp,
            "Is(Integer)" => Type::Integer,
            "Is(SmallInt)" => Type::SmallInt,
            "Is(BigInt)" => Type::BigInt,
            "Number" if widest.is_integer() => Type::BigInt,
            "Widest" => widest,
            _ => Type::Double,
        };
        let bounds = bounds_of(function.name, &arguments);
        let bounds = match kind.is_integer() {
            true => Bounds {
                grain: Some(0),
                ..bounds
            },
            false => bounds,
        };
        self.may_stand(kind, bounds)
            .then(|| Value::new(text, kind, bounds))
    }

    fn argument(
        &mut self,
        function: &Function,
        place: usize,
        family: Family,
        depth: usize,
    ) -> Option<Value> {
        if let Some(texts) = literals(function, place) {
            let kind = if texts[0].starts_with('\'') {
                Type::Text
            } else {
                Type::Integer
            };
            return Some(Value::new(self.tape.pick(texts), kind, Bounds::new(1e3, 0)));
        }
        let given = function
            .arguments
            .get(place)
            .or(function.arguments.last())?;
        let wanted = match named(given).as_str() {
            "Number" if named(function.result) != "Number" && self.tape.once_in(4) => Family::Whole,
            "Any" if named(function.result) != "Widest" => {
                Family::ALL[self.tape.draw(Family::ALL.len())]
            }
            "Point" => return Some(Value::plain(self.point(), Type::Point)),
            "Geometry" | "Region" => return Some(Value::plain(self.region(), Type::Region)),
            _ => wanted(function, place, family)?,
        };
        let value = match DIVISORS.contains(&(function.name, place)) && self.bold {
            true => self.divisor(wanted),
            false => self.value(wanted, depth),
        };
        let domain = domains(function.name).and_then(|all| all.get(place));
        match domain {
            Some(domain) if !self.bold => Some(self.within(*domain, value, wanted)),
            _ => Some(value),
        }
    }

    /// `value` if it is in the domain, or something near it that is.
    fn within(&mut self, domain: Domain, value: Value, family: Family) -> Value {
        let bounds = value.bounds;
        let number = |text: String, bounds| Value::new(text, Type::Double, bounds);
        match domain {
            Domain::Any => value,
            Domain::Within(most) if bounds.most <= most => value,
            Domain::Grained(most) if bounds.most <= most && bounds.grain.is_some() => value,
            Domain::Within(most) | Domain::Grained(most) => {
                let limit = most.min(10.0);
                let columns = self.scope().columns.iter();
                let small = columns
                    .filter(|it| family.takes(it.kind) && self.scope().group.is_none())
                    .find(|it| it.bounds.most <= most && it.bounds.grain.is_some());
                match small {
                    Some(column) => column.clone(),
                    None if family == Family::Whole => {
                        Value::new("3", Type::Integer, Bounds::new(limit, 0))
                    }
                    None => number("2.5".to_owned(), Bounds::new(limit, 1)),
                }
            }
            Domain::Unit => match self.tape.draw(4) {
                0 => number("0.5".to_owned(), Bounds::new(1.0, 1)),
                1 => number("-1.0".to_owned(), Bounds::new(1.0, 0)),
                2 => number(format!("COS({})", value.text), Bounds::WILD),
                _ => number(format!("SIN({})", value.text), Bounds::WILD),
            },
            _ if bounds.most >= 9e18 => number("1.5".to_owned(), Bounds::new(1.5, 1)),
            Domain::NotNegative => number(format!("ABS({})", value.text), bounds),
            Domain::Growing if bounds.most > 1000.0 => {
                number("1.5".to_owned(), Bounds::new(1.5, 1))
            }
            Domain::Positive | Domain::Growing => {
                number(format!("(1 + ABS({}))", value.text), Bounds::WILD)
            }
        }
    }

    /// A condition on a function that gives another value each time.
    pub(super) fn volatile(&mut self) -> String {
        let volatile = all().filter(|it| VOLATILE.contains(&it.name));
        let volatile: Vec<&Function> = volatile.collect();
        let function = volatile[self.tape.draw(volatile.len())];
        let count = function.arguments.len() - self.tape.draw(function.optional + 1);
        let arguments = vec!["1"; count];
        format!("{}({}) IS NOT NULL", function.name, arguments.join(", "))
    }
}

/// The literals that an argument is one of.
fn literals(function: &Function, place: usize) -> Option<&'static [&'static str]> {
    let given = function.arguments.get(place).map(named);
    let listed = LITERALS
        .iter()
        .find(|it| it.0 == function.name && it.1 == place);
    listed
        .filter(|_| given.as_deref() != Some("Point"))
        .map(|(_, _, texts)| *texts)
}

/// The family of an argument of a function that gives a value of `family`.
fn wanted(function: &Function, place: usize, family: Family) -> Option<Family> {
    let given = function.arguments.get(place);
    match named(given.or(function.arguments.last())?).as_str() {
        "Number" if named(function.result) == "Number" => Some(family),
        "Number" => Some(Family::Number),
        "Integer" => Some(Family::Whole),
        "Text" => Some(Family::Text),
        "Any" => Some(family),
        "Timestamp" | "Time" => Some(Family::Time),
        _ => None,
    }
}

/// What is known of what a function gives.
fn bounds_of(name: &str, arguments: &[Value]) -> Bounds {
    let first = arguments.first().map_or(Bounds::WILD, |it| it.bounds);
    let near = |more: f64| Bounds {
        most: first.most + more,
        grain: None,
    };
    let most = |most: f64| Bounds { most, grain: None };
    match name {
        "SIN" | "COS" => most(1.0),
        "ACOS" | "ASIN" | "ATAN" | "ATAN2" | "PI" => most(4.0),
        "ABS" => first,
        "COALESCE" => arguments
            .iter()
            .map(|it| it.bounds)
            .reduce(Bounds::either)
            .unwrap_or(first),
        "CEILING" | "FLOOR" => match first.most < 1e15 {
            true => Bounds::new(first.most + 1.0, 0),
            false => near(1.0),
        },
        "ROUND" | "TRUNCATE" => near(10.0),
        "MOD" => arguments.get(1).map_or(first, |it| it.bounds.either(first)),
        "LOG" | "LOG10" => most(1e3),
        "IVO_HMS_TO_DEGREES" | "IVO_DMS_TO_DEGREES" => most(400.0),
        "IVO_TO_JD" | "IVO_TO_MJD" | "GAVO_TO_JD" | "GAVO_TO_MJD" => most(1e7),
        "IVO_INTERVAL_OVERLAPS" => most(1.0),
        "GAVO_SPECCONV" => most(1e60),
        "RADIANS" => near(0.0),
        "SQRT" => near(1.0),
        "POWER" => most(1e61),
        "EXP" | "COT" | "DEGREES" | "TAN" => most(1e299),
        _ => Bounds::WILD,
    }
}
