//! The unit of an expression, as far as it follows from the columns in it.
//!
//! Bare numbers are the difficulty: in `s_ra + 10` a number is in the unit of
//! what it is added to, in `s_fov * 3600` it may convert. So a sum with one
//! keeps the unit and a product loses it.

use std::borrow::Cow;

use crate::functions;
use crate::query::{Aggregate, Binary, Expr, Extent, Node};
use crate::types::{Column, Type};
use crate::units::{Power, Unit};

/// What is known of the unit of a value.
#[derive(Clone, Debug)]
pub(super) enum Measure<'a> {
    /// Nothing.
    Unknown,
    /// A number as written: in whatever unit fits.
    Bare,
    /// A pure number, such as a count or a sine.
    Pure,
    /// A unit as text; empty for a ratio of like quantities.
    Of(Cow<'a, str>),
}

use Measure::{Bare, Of, Pure, Unknown};

impl Expr {
    pub(super) fn measure(&self) -> Measure<'_> {
        match &self.node {
            Node::Column { column, .. } => Measure::of_column(column),
            Node::Literal(_) => Bare,
            Node::Negate(inner) => inner.measure(),
            Node::Cast(inner) if self.kind.is_numeric() && inner.kind.is_numeric() => {
                inner.measure()
            }
            Node::Binary { .. } => self.chained(),
            Node::Aggregate {
                aggregate,
                argument,
                ..
            } => match (aggregate, argument) {
                (Aggregate::Count, _) | (_, None) => Pure,
                (_, Some(argument)) => argument.measure(),
            },
            Node::Call {
                function,
                arguments,
            } => called(function, arguments),
            Node::Case {
                branches,
                otherwise,
            } => {
                let results = branches.iter().map(|(_, result)| result);
                all_agreed(results.chain(otherwise.as_deref()))
            }
            Node::InUnit { unit, .. } => Of(Cow::Borrowed(unit)),
            Node::Expanded { unit, .. } => {
                unit.as_deref().map_or(Pure, |unit| Of(Cow::Borrowed(unit)))
            }
            Node::Extent {
                extent: Extent::Area,
                ..
            } => Of(Cow::Borrowed("deg**2")),
            Node::Distance(..) | Node::Coordinate { .. } => Of(Cow::Borrowed("deg")),
            // Regions as text have no unit; coordinates do.
            _ if self.kind.is_geometry() && self.kind != Type::Region => Of(Cow::Borrowed("deg")),
            _ => Unknown,
        }
    }

    /// A chain of operators leans to the left, and may be too long to be
    /// entered.
    fn chained(&self) -> Measure<'_> {
        let mut steps = Vec::new();
        let mut rest = self;
        while let Node::Binary {
            operator,
            left,
            right,
        } = &rest.node
        {
            steps.push((*operator, right));
            rest = left;
        }
        let steps = steps.into_iter().rev();
        steps.fold(rest.measure(), |left, (operator, right)| {
            let right = right.measure();
            match operator {
                Binary::Add | Binary::Subtract => left.agreed(right),
                Binary::Multiply => left.combined(right, Unit::times),
                Binary::Divide => left.combined(right, Unit::over),
                Binary::BitAnd | Binary::BitOr | Binary::BitXor | Binary::Concat => Unknown,
            }
        })
    }
}

fn called<'a>(function: &functions::Function, arguments: &'a [Expr]) -> Measure<'a> {
    use functions::Unit as Rule;
    let first = || arguments.first().map_or(Unknown, Expr::measure);
    match function.unit {
        Rule::Lost => Unknown,
        Rule::Kept | Rule::Quantity => first(),
        Rule::Agreed => all_agreed(arguments.iter()),
        Rule::Pure => Pure,
        Rule::Is(unit) => Of(Cow::Borrowed(unit)),
        Rule::Root => first().raised(Power::new(1, 2)),
        Rule::Power => {
            let exponent = arguments.get(1).and_then(Expr::number);
            first().raised(exponent.and_then(Power::from_number))
        }
    }
}

fn all_agreed<'a>(values: impl Iterator<Item = &'a Expr>) -> Measure<'a> {
    values
        .map(Expr::measure)
        .reduce(Measure::agreed)
        .unwrap_or(Unknown)
}

impl<'a> Measure<'a> {
    pub fn of_column(column: &'a Column) -> Measure<'a> {
        match column.unit.as_deref() {
            // VOUnits 1.1 section 2.2 reserves these two.
            None | Some("unknown" | "UNKNOWN") => Unknown,
            Some(unit) => Of(Cow::Borrowed(unit)),
        }
    }

    /// What the answer says of it.
    pub fn text(self) -> Option<String> {
        match self {
            Of(unit) => Some(unit.into_owned()),
            Unknown | Bare | Pure => None,
        }
    }

    /// The unit of two values of which either may stand for the other: ADQL
    /// does not convert, so it must be the same.
    pub fn agreed(self, other: Measure<'a>) -> Measure<'a> {
        match (self, other) {
            (Bare, other) | (other, Bare) => other,
            (Pure, Pure) => Pure,
            (Of(a), Of(b)) if a == b => Of(a),
            (a, b) => match (a.unit(), b.unit()) {
                (Some(left), Some(right)) if left == right => a,
                _ => Unknown,
            },
        }
    }

    /// The unit of a product or quotient.
    fn combined(
        self,
        other: Measure<'a>,
        combine: fn(&Unit, &Unit) -> Option<Unit>,
    ) -> Measure<'a> {
        match (self, other) {
            (Bare, Bare) => Bare,
            (Pure, Pure) => Pure,
            (Bare | Unknown, _) | (_, Bare | Unknown) => Unknown,
            (a, b) => match (a.unit(), b.unit()) {
                (Some(a), Some(b)) => Measure::of_unit(combine(&a, &b)),
                _ => Unknown,
            },
        }
    }

    fn raised(self, power: Option<Power>) -> Measure<'a> {
        match (self, power) {
            (Bare, _) => Bare,
            (Pure, _) => Pure,
            (Of(unit), Some(power)) => {
                let unit = Unit::read(&unit);
                Measure::of_unit(unit.and_then(|unit| unit.raised(power)))
            }
            (Of(_) | Unknown, _) => Unknown,
        }
    }

    fn of_unit(unit: Option<Unit>) -> Measure<'a> {
        match unit {
            None => Unknown,
            // VOUnits 1.1 section 2.8: no unit is an empty string.
            Some(unit) if unit.is_dimensionless_one() => Of(Cow::Borrowed("")),
            Some(unit) => Of(Cow::Owned(unit.to_string())),
        }
    }

    fn unit(&self) -> Option<Unit> {
        match self {
            Unknown | Bare => None,
            Pure => Some(Unit::one()),
            Of(unit) => Unit::read(unit),
        }
    }
}
