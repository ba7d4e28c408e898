//! Values: columns, literals, arithmetic, CASE, CAST, aggregates.

use adql::Type;

use super::tables::Bounds;
use super::{Family, Generator, Value};

/// Literals of double precision, with what is known of them.
const DECIMALS: &[(&str, f64)] = &[
    ("0.5", 0.5),
    ("1.0", 1.0),
    ("0.0", 0.0),
    ("2.", 2.0),
    (".25", 0.25),
    ("1e2", 100.0),
    ("12.125", 12.125),
];
const WILD_DECIMALS: &[&str] = &[
    "0.1",
    "1e308",
    "5e-324",
    "1.7976931348623157E+308",
    "1e-300",
];
const WHOLES: &[i64] = &[0, 1, 2, 3, 7, 10, 0x1f, 255];
const WILD_WHOLES: &[&str] = &["2147483648", "9223372036854775807", "0X7FFFFFFFFFFFFFFF"];
const TEXTS: &[&str] = &[
    "''",
    "'a'",
    "'B'",
    "'it''s'",
    "'Ørsted'",
    "'ß'",
    "'星 🌌'",
    "'%'",
    "'a_b'",
    "'\\'",
    "' a'",
    "'10'",
];
const NUMBERS_AS_TEXT: &[&str] = &[
    "'12'",
    "' 7 '",
    "'+3'",
    "'-0'",
    "'1.5'",
    "'1e3'",
    "'x'",
    "''",
    "'99999999999'",
];
const TIMES: &[&str] = &[
    "TIMESTAMP('2026-01-01')",
    "CAST('2000-01-01T12:00:00' AS TIMESTAMP)",
    "TIMESTAMP('1999-12-31 23:59:59.999999')",
    "TIMESTAMP('1858-11-17')",
];

/// Sums of so many numbers must be exact.
const ROWS: f64 = 1e6;
/// Whole numbers of double precision are exact up to here.
const EXACT: f64 = 9e15;

impl Generator<'_> {
    pub(super) fn any(&mut self, depth: usize) -> Value {
        let family = Family::ALL[self.tape.draw(Family::ALL.len())];
        self.value(family, depth)
    }

    pub(super) fn value(&mut self, family: Family, depth: usize) -> Value {
        if depth == 0 {
            return self.leaf(family);
        }
        match self.tape.draw(10) {
            0 | 1 => self.leaf(family),
            2 | 3 => self.operation(family, depth - 1),
            4..=7 => match self.call(family, depth - 1) {
                Some(value) => value,
                None => self.leaf(family),
            },
            8 => self.cast(family, depth - 1),
            _ if self.bold => self.leaf(family),
            _ => self.case(family, depth - 1),
        }
    }

    /// A column or a literal; where there are groups, what stands for a group.
    pub(super) fn leaf(&mut self, family: Family) -> Value {
        if let Some(group) = self.scope().group.clone() {
            let fitting: Vec<Value> = group
                .into_iter()
                .filter(|it| family.takes(it.kind))
                .collect();
            return match self.tape.draw(3) {
                0 if !fitting.is_empty() => fitting[self.tape.draw(fitting.len())].clone(),
                2 => self.literal(family),
                _ => self.aggregate(family),
            };
        }
        if self.tape.once_in(4) {
            return self.literal(family);
        }
        self.column(family).unwrap_or_else(|| self.literal(family))
    }

    /// A column of this query, or sometimes of one around it.
    pub(super) fn column(&mut self, family: Family) -> Option<Value> {
        let mut level = self.scopes.len() - 1;
        let plain = |generator: &Self, level: usize| generator.scopes[level].group.is_none();
        while level > 0 && plain(self, level - 1) && self.tape.once_in(4) {
            level -= 1;
        }
        let columns = self.scopes[level].columns.iter();
        let columns: Vec<Value> = columns
            .filter(|it| family.takes(it.kind))
            .cloned()
            .collect();
        (!columns.is_empty()).then(|| columns[self.tape.draw(columns.len())].clone())
    }

    pub(super) fn literal(&mut self, family: Family) -> Value {
        match family {
            Family::Whole if self.tape.once_in(6) => {
                let text = self.tape.pick(WILD_WHOLES);
                Value::new(text, Type::BigInt, Bounds::new(9.3e18, 0))
            }
            Family::Whole => {
                let number = WHOLES[self.tape.draw(WHOLES.len())];
                let text = match self.tape.once_in(6) {
                    true => format!("0x{number:x}"),
                    false => number.to_string(),
                };
                Value::new(text, Type::Integer, Bounds::new(number as f64, 0))
            }
            Family::Number if self.tape.once_in(6) => {
                let text = self.tape.pick(WILD_DECIMALS);
                Value::plain(text, Type::Double)
            }
            Family::Number => {
                let (text, number) = DECIMALS[self.tape.draw(DECIMALS.len())];
                Value::new(text, Type::Double, Bounds::new(number, 3))
            }
            Family::Text => Value::plain(self.tape.pick(TEXTS), Type::Text),
            Family::Time => Value::plain(self.tape.pick(TIMES), Type::Timestamp),
        }
    }

    /// NULL, where it is the same to every row; a value of the family where
    /// not.
    pub(super) fn nothing(&mut self, family: Family) -> Value {
        match self.bold {
            true => self.leaf(family),
            false => Value::new("NULL", Type::Unknown, Bounds::new(0.0, 0)),
        }
    }

    /// Whether a careful query may hold a number like this: it is no overflow.
    pub(super) fn may_stand(&self, kind: Type, bounds: Bounds) -> bool {
        let most = if kind.is_integer() { 9.2e18 } else { 1e300 };
        self.bold || bounds.most < most
    }

    fn operation(&mut self, family: Family, depth: usize) -> Value {
        match family {
            Family::Text => {
                let (a, b) = (self.value(family, depth), self.value(family, depth));
                Value::plain(format!("({} || {})", a.text, b.text), Type::Text)
            }
            Family::Time => self.leaf(family),
            Family::Whole | Family::Number => self.arithmetic(family, depth),
        }
    }

    fn arithmetic(&mut self, family: Family, depth: usize) -> Value {
        let a = match self.tape.once_in(30) {
            true => self.nothing(family),
            false => self.value(family, depth),
        };
        let whole = a.kind.is_integer() || a.kind == Type::Unknown && family == Family::Whole;
        let kind = if whole { Type::BigInt } else { Type::Double };
        if self.tape.once_in(6) {
            if whole && self.tape.once_in(2) {
                let bounds = Bounds::new(a.bounds.most + 1.0, 0);
                return Value::new(format!("(~ {})", a.text), Type::BigInt, bounds);
            }
            // The smallest whole number has no opposite.
            if a.kind == Type::Unknown || !self.may_stand(kind, a.bounds) {
                return a;
            }
            return Value::new(format!("(- {})", a.text), kind, a.bounds);
        }
        let mut b = self.value(family, depth);
        let whole = whole && b.kind.is_integer();
        let kind = if whole { Type::BigInt } else { Type::Double };
        let operators: &[&str] = match whole {
            true => &["+", "-", "*", "/", "&", "|", "^"],
            false => &["+", "-", "*", "/"],
        };
        let operator = self.tape.pick(operators);
        if self.bold && operator == "/" {
            b = self.divisor(if whole { Family::Whole } else { family });
        }
        let (x, y) = (a.bounds, b.bounds);
        let grains = x.grain.zip(y.grain);
        let bounds = match operator {
            "+" | "-" => Bounds {
                most: x.most + y.most,
                grain: grains.map(|(a, b)| a.max(b)),
            },
            // Of numbers whose grain is not known the product may vanish.
            "*" => Bounds {
                most: grains.map_or(f64::INFINITY, |_| x.most * y.most),
                grain: grains.map(|(a, b)| a + b),
            },
            "/" if whole => x,
            "/" => Bounds {
                most: grains.map_or(f64::INFINITY, |(_, grain)| x.most * f64::from(grain).exp2()),
                grain: None,
            },
            _ => Bounds::new((x.most.max(y.most) * 2.0 + 1.0).min(9.3e18), 0),
        };
        let exact = bounds
            .grain
            .is_none_or(|grain| bounds.most * f64::from(grain).exp2() < EXACT);
        let bounds = match exact || whole {
            true => bounds,
            false => Bounds {
                grain: None,
                ..bounds
            },
        };
        // The smallest whole number divided by -1, and the like.
        let fits = self.may_stand(kind, bounds);
        if !fits {
            return a;
        }
        Value::new(format!("({} {operator} {})", a.text, b.text), kind, bounds)
    }

    /// A column. What is divided by a constant that is 0 is NULL before any
    /// row is looked at, and then nothing else may be.
    pub(super) fn divisor(&mut self, family: Family) -> Value {
        match self.column(family) {
            Some(column) => column,
            None => Value::new("3", Type::Integer, Bounds::new(3.0, 0)),
        }
    }

    fn case(&mut self, family: Family, depth: usize) -> Value {
        let then = self.value(family, depth);
        let other = match self.tape.once_in(8) {
            true => self.nothing(family),
            false => self.value(family, depth),
        };
        let (kind, bounds) = (
            wider(then.kind, other.kind),
            then.bounds.either(other.bounds),
        );
        let text = match self.tape.draw(3) {
            0 => {
                let condition = self.condition(depth.min(1));
                format!(
                    "CASE WHEN {condition} THEN {} ELSE {} END",
                    then.text, other.text
                )
            }
            1 => {
                let (first, second) = (self.condition(0), self.condition(0));
                let (then, other) = (&then.text, &other.text);
                format!("CASE WHEN {first} THEN {then} WHEN {second} THEN {other} END")
            }
            _ => {
                let of = self.value(Family::Whole, 0);
                let (then, other) = (&then.text, &other.text);
                format!(
                    "CASE {} WHEN 1 THEN {then} WHEN 2 THEN {other} ELSE {then} END",
                    of.text
                )
            }
        };
        Value::new(text, kind, bounds)
    }

    fn cast(&mut self, family: Family, depth: usize) -> Value {
        let cast = |value: &Value, to: &str| format!("CAST({} AS {to})", value.text);
        match family {
            Family::Text => {
                let of = self.any(depth);
                if of.kind == Type::Region {
                    return of;
                }
                let to = self.tape.pick(&["VARCHAR", "CHAR"]);
                Value::plain(cast(&of, to), Type::Text)
            }
            Family::Time => Value::plain(
                cast(&self.value(family, depth), "TIMESTAMP"),
                Type::Timestamp,
            ),
            Family::Whole | Family::Number if self.bold && self.tape.once_in(4) => {
                let text = match self.value(Family::Text, 0) {
                    value if value.kind == Type::Text && self.tape.once_in(3) => value.text,
                    _ => self.tape.pick(NUMBERS_AS_TEXT).to_owned(),
                };
                let (to, kind) = self.number_type(family);
                Value::plain(format!("CAST({text} AS {to})"), kind)
            }
            Family::Whole | Family::Number => {
                let of = self.value(Family::Number, depth);
                let (to, kind) = self.number_type(family);
                let most = match kind {
                    Type::SmallInt => 3e4,
                    Type::Integer => 2e9,
                    Type::BigInt => 9.2e18,
                    Type::Real => 3e38,
                    _ => f64::INFINITY,
                };
                // A tiny number is no REAL but 0, which is an error.
                let vanishes = kind == Type::Real && of.bounds.grain.is_none();
                if !self.bold && (of.bounds.most > most || vanishes) {
                    return of_family(of, family).unwrap_or_else(|| self.leaf(family));
                }
                let grain = of.bounds.grain.filter(|grain| {
                    kind != Type::Real || of.bounds.most * f64::from(*grain).exp2() < 1e7
                });
                let grain = if kind.is_integer() { Some(0) } else { grain };
                let bounds = Bounds {
                    grain,
                    most: of.bounds.most.min(most),
                };
                Value::new(cast(&of, to), kind, bounds)
            }
        }
    }

    fn number_type(&mut self, family: Family) -> (&'static str, Type) {
        let types: &[(&str, Type)] = match family {
            Family::Whole => &[
                ("BIGINT", Type::BigInt),
                ("INTEGER", Type::Integer),
                ("SMALLINT", Type::SmallInt),
            ],
            _ => &[("DOUBLE PRECISION", Type::Double), ("REAL", Type::Real)],
        };
        types[self.tape.draw(types.len())]
    }

    /// An aggregate of a column or expression of this query's rows.
    fn aggregate(&mut self, family: Family) -> Value {
        let group = self.scopes.last_mut().and_then(|scope| scope.group.take());
        let value = self.aggregate_of_rows(family);
        if let Some(scope) = self.scopes.last_mut() {
            scope.group = group;
        }
        value
    }

    fn aggregate_of_rows(&mut self, family: Family) -> Value {
        let distinct = if self.tape.once_in(4) {
            "DISTINCT "
        } else {
            ""
        };
        let extreme = self.tape.pick(&["MIN", "MAX"]);
        if family == Family::Text && self.tape.once_in(3) {
            let of = self.own(family, 1);
            let text = format!("IVO_STRING_AGG({distinct}{}, ' + ')", of.text);
            return Value::plain(text, Type::Text);
        }
        if family == Family::Whole && self.tape.once_in(6) {
            let of = self.own(Family::Number, 1);
            let counts = format!("IVO_HISTOGRAM({}, -1, 20.5, 4)", of.text);
            let text = format!("CASE WHEN {counts} IS NULL THEN 0 ELSE 1 END");
            return Value::new(text, Type::Integer, Bounds::new(1.0, 0));
        }
        match (family, self.tape.draw(4)) {
            (Family::Whole | Family::Number, 0) => {
                let bounds = Bounds::new(ROWS, 0);
                Value::new("COUNT(*)", Type::BigInt, bounds)
            }
            (Family::Whole | Family::Number, 1) => {
                let of = self.own_any(1);
                let bounds = Bounds::new(ROWS, 0);
                Value::new(
                    format!("COUNT({distinct}{})", of.text),
                    Type::BigInt,
                    bounds,
                )
            }
            (Family::Whole | Family::Number, 2) => {
                let of = self.own(family, 1);
                let exact = |grain: u32| of.bounds.most * f64::from(grain).exp2() * ROWS < EXACT;
                if !of.bounds.grain.is_some_and(exact) {
                    return Value::new("COUNT(*)", Type::BigInt, Bounds::new(ROWS, 0));
                }
                let mean = family == Family::Number && self.tape.once_in(2);
                let (name, kind) = match (mean, of.kind.is_integer()) {
                    (true, _) => ("AVG", Type::Double),
                    (false, true) => ("SUM", Type::BigInt),
                    (false, false) => ("SUM", Type::Double),
                };
                let bounds = match mean {
                    true => Bounds {
                        grain: None,
                        ..of.bounds
                    },
                    false => Bounds {
                        most: of.bounds.most * ROWS,
                        ..of.bounds
                    },
                };
                Value::new(format!("{name}({distinct}{})", of.text), kind, bounds)
            }
            _ => {
                let of = self.own(family, 1);
                Value::new(
                    format!("{extreme}({distinct}{})", of.text),
                    of.kind,
                    of.bounds,
                )
            }
        }
    }

    /// A value of this query's own columns: an aggregate of columns of the
    /// query around would belong to that one.
    fn own(&mut self, family: Family, depth: usize) -> Value {
        let around = self.scopes.len() - 1;
        let outer = self.scopes.drain(..around).collect::<Vec<_>>();
        let value = match self.column(family) {
            Some(column) if self.tape.once_in(2) => column,
            _ => self.value(family, depth),
        };
        self.scopes.splice(0..0, outer);
        value
    }

    fn own_any(&mut self, depth: usize) -> Value {
        let family = Family::ALL[self.tape.draw(Family::ALL.len())];
        self.own(family, depth)
    }
}

fn of_family(value: Value, family: Family) -> Option<Value> {
    family.takes(value.kind).then_some(value)
}

/// The type of what is one of two values of a family.
pub(super) fn wider(a: Type, b: Type) -> Type {
    match (a, b) {
        _ if a == b => a,
        (Type::Unknown, kind) | (kind, Type::Unknown) => kind,
        _ if a.is_integer() && b.is_integer() => a.max(b),
        _ if a.is_numeric() => Type::Double,
        _ => Type::Text,
    }
}
