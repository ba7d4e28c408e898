//! What the answer says of a column: name, type, unit, UCD, utype, xtype and
//! description, as far as they survive the expression.
//!
//! UCDs follow UCD1+ 1.6: a word about a value (`stat.max`, `arith.diff`) is a
//! secondary one and stands at the end.

use super::measure::Measure;
use crate::functions::Unit;
use crate::query::{Aggregate, Binary, Expr, Extent, Node, Shape};
use crate::statement::Value;
use crate::types::{Column, Type};

impl Expr {
    /// The answer column an expression makes when it is the `number`th of its
    /// SELECT and has no alias.
    pub(super) fn describe(&self, number: usize) -> Column {
        let mut column = self.quantity();
        if !matches!(self.node, Node::Column { .. }) {
            column.unit = self.measure().text();
            column.announced = None;
        }
        column.unicode = self.is_unicode();
        if column.xtype.is_none() {
            let xtype = match self.kind {
                _ if matches!(self.node, Node::Moc(_)) => Some("moc"),
                Type::Point => Some("point"),
                Type::Circle => Some("circle"),
                Type::Polygon => Some("polygon"),
                Type::Timestamp => Some("timestamp"),
                Type::Region => Some("adql:REGION"),
                _ => None,
            };
            column.xtype = xtype.map(str::to_owned);
        }
        if column.name.is_empty() {
            column.name = match &self.node {
                Node::Aggregate { aggregate, .. } => aggregate.name().to_lowercase(),
                Node::Call { function, .. } | Node::Expanded { function, .. } => {
                    function.name.to_lowercase()
                }
                Node::InUnit { .. } => "in_unit".to_owned(),
                Node::Distance(..) => "distance".to_owned(),
                Node::Moc(_) => "moc".to_owned(),
                Node::Coordinate { second: false, .. } => "coord1".to_owned(),
                Node::Coordinate { second: true, .. } => "coord2".to_owned(),
                Node::Geometry { shape, .. } => shape.name().to_lowercase(),
                Node::Extent { extent, .. } => extent.name().to_lowercase(),
                _ => format!("col_{number}"),
            };
        }
        column
    }

    /// What is known of the values but name and unit.
    fn quantity(&self) -> Column {
        let blank = || Column::new("", self.kind);
        let named = |ucd: Option<String>| Column { ucd, ..blank() };
        let mut column = match &self.node {
            Node::Column { column, .. } => column.as_ref().clone(),
            Node::Cast(inner) | Node::InUnit { value: inner, .. } => inner.without_role(),
            Node::Call {
                function,
                arguments,
            } => match (function.unit, &arguments[..]) {
                (Unit::Quantity, [first, ..]) => first.without_role(),
                (Unit::Agreed, all) => agreed(all.iter()).unwrap_or_else(blank),
                _ => named(function.ucd.map(str::to_owned)),
            },
            Node::Expanded { ucd, .. } => named(ucd.map(str::to_owned)),
            Node::Case {
                branches,
                otherwise,
            } => {
                let results = branches.iter().map(|(_, result)| result);
                agreed(results.chain(otherwise.as_deref())).unwrap_or_else(blank)
            }
            Node::Aggregate {
                aggregate,
                argument,
                ..
            } => match (aggregate, argument) {
                (Aggregate::Count, _) | (_, None) => named(Some("meta.number".to_owned())),
                (Aggregate::Min, Some(of)) => of.summary("stat.min", true),
                (Aggregate::Max, Some(of)) => of.summary("stat.max", true),
                (Aggregate::Avg, Some(of)) => of.summary("stat.mean", false),
                (Aggregate::Sum, Some(of)) => of.summary("arith.sum", false),
                // Many values in one: what a column says of each no longer holds.
                (Aggregate::Join | Aggregate::Histogram, Some(_)) => blank(),
            },
            Node::Binary {
                operator: operator @ (Binary::Subtract | Binary::Divide),
                left,
                right,
            } => {
                let word = match operator {
                    Binary::Subtract => "arith.diff",
                    _ => "arith.ratio",
                };
                // Of longer chains no one could say it in a UCD.
                let single = !matches!(left.node, Node::Binary { .. });
                let ucd = single.then(|| left.quantity().ucd).flatten();
                let both = ucd.filter(|ucd| right.quantity().ucd.as_ref() == Some(ucd));
                named(both.and_then(|ucd| with_word(&ucd, word)))
            }
            Node::Distance(..) => named(Some("pos.angDistance".to_owned())),
            Node::Extent {
                extent: Extent::Area,
                ..
            } => named(Some("phys.angArea".to_owned())),
            Node::Coordinate { second, point } => named(point.coordinate_ucd(*second)),
            Node::Geometry { .. } | Node::Constant { .. } if self.kind == Type::Point => {
                let equatorial = [false, true].into_iter().all(|second| {
                    let ucd = self.coordinate_ucd(second);
                    ucd.is_some_and(|ucd| ucd.starts_with(equatorial(second)))
                });
                named(equatorial.then(|| "pos.eq".to_owned()))
            }
            _ => blank(),
        };
        if column.kind != self.kind {
            column.kind = self.kind;
            column.xtype = None;
            column.announced = None;
        }
        column
    }

    /// The same values in another guise: they are no longer the column that a
    /// data model knows.
    fn without_role(&self) -> Column {
        Column {
            name: String::new(),
            utype: None,
            ..self.quantity()
        }
    }

    fn summary(&self, word: &str, one_of_them: bool) -> Column {
        let mut column = self.without_role();
        column.ucd = column.ucd.and_then(|ucd| with_word(&ucd, word));
        column.description = column.description.filter(|_| one_of_them);
        column
    }

    /// The UCD of a coordinate of a point: of its own column, or of ICRS.
    fn coordinate_ucd(&self, second: bool) -> Option<String> {
        match &self.node {
            Node::Constant { .. } => Some(equatorial(second).to_owned()),
            Node::Geometry {
                shape: Shape::Point,
                arguments,
            } => {
                let ucd = arguments.get(usize::from(second))?.quantity().ucd;
                ucd.filter(|ucd| ucd.starts_with("pos."))
            }
            _ => {
                let ucd = self.quantity().ucd?;
                let is_equatorial = ucd.split(';').next() == Some("pos.eq");
                is_equatorial.then(|| equatorial(second).to_owned())
            }
        }
    }

    fn is_literal(&self) -> bool {
        matches!(self.node, Node::Literal(_))
    }

    /// Text outside ASCII can come of it.
    fn is_unicode(&self) -> bool {
        match &self.node {
            Node::Column { column, .. } => column.unicode,
            Node::Literal(Value::Text(text)) => !text.is_ascii(),
            _ if self.kind == Type::Text => {
                let mut found = false;
                self.each_child(&mut |child| found = found || child.is_unicode());
                found
            }
            _ => false,
        }
    }
}

/// The column of a set operation (ADQL 2.1 section 4.6): its name is that of
/// the left, and of the rest remains what both sides say.
pub(super) fn united(left: &Column, right: &Column, kind: Type) -> Column {
    // NULL has no metadata, and takes none away.
    let silent = |column: &Column| *column == Column::new(column.name.clone(), Type::Unknown);
    let mut column = match (silent(left), silent(right)) {
        (true, _) => Column {
            name: left.name.clone(),
            ..right.clone()
        },
        (_, true) => left.clone(),
        _ => common(left.clone(), right),
    };
    column.announced = column.announced.filter(|_| column.kind == kind);
    column.kind = kind;
    column.unicode = left.unicode || right.unicode;
    column
}

/// What several values that stand for one another have in common. Literals
/// say nothing.
fn agreed<'a>(values: impl Iterator<Item = &'a Expr>) -> Option<Column> {
    let (literals, values): (Vec<&Expr>, Vec<&Expr>) = values.partition(|value| value.is_literal());
    let shared = values
        .iter()
        .map(|value| Column {
            unit: value.measure().text(),
            ..value.quantity()
        })
        .reduce(|shared, other| common(shared, &other))?;
    Some(Column {
        name: String::new(),
        utype: shared.utype.clone().filter(|_| literals.is_empty()),
        ..shared
    })
}

fn common(mut column: Column, other: &Column) -> Column {
    let unit = Measure::of_column(&column).agreed(Measure::of_column(other));
    column.unit = unit.text();
    let fields = [
        (&mut column.ucd, &other.ucd),
        (&mut column.utype, &other.utype),
        (&mut column.xtype, &other.xtype),
        (&mut column.description, &other.description),
    ];
    for (field, other) in fields {
        if field != other {
            *field = None;
        }
    }
    if column.announced != other.announced {
        column.announced = None;
    }
    column
}

fn equatorial(second: bool) -> &'static str {
    if second { "pos.eq.dec" } else { "pos.eq.ra" }
}

/// Words that say which value of several a value is.
const SUMMARIES: [&str; 5] = [
    "stat.min",
    "stat.max",
    "stat.mean",
    "stat.median",
    "arith.sum",
];

/// A UCD with one more secondary word at its end. Not the main value of its
/// kind any longer; None where it is already such a value of another kind,
/// because the words would contradict each other.
fn with_word(ucd: &str, word: &str) -> Option<String> {
    let mut words: Vec<&str> = ucd
        .split(';')
        .map(str::trim)
        .filter(|other| !other.is_empty() && *other != "meta.main")
        .collect();
    if !words.contains(&word) {
        let contradicts = |other: &&str| SUMMARIES.contains(other) && SUMMARIES.contains(&word);
        if words.is_empty() || words.iter().any(contradicts) {
            return None;
        }
        words.push(word);
    }
    Some(words.join(";"))
}
