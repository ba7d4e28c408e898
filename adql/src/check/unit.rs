//! `IN_UNIT(value, 'unit')` (ADQL 2.1 section 4.9.1): the value, converted by
//! a constant factor.

use sqlparser::ast::{self, Spanned};

use super::Checker;
use super::expression::short;
use super::measure::Measure;
use super::scope::Scope;
use crate::message::{Message, Place};
use crate::parse::span;
use crate::query::{Expr, Node};
use crate::types::Type;
use crate::units::Unit;

const SIGNATURE: &str = "IN_UNIT(number, 'unit')";

impl Checker<'_> {
    pub(super) fn in_unit(
        &mut self,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let [value, unit] = arguments else {
            return self.arity(SIGNATURE, arguments.len(), at);
        };
        let place = span(value.span());
        let written = short(&value.to_string());
        let value = self.value(value, scope);
        let wanted = self.unit_argument(unit);
        let (value, (wanted, text)) = (value?, wanted?);
        if !value.kind.is_numeric() && value.kind != Type::Unknown {
            let sentence = format!("argument 1 of IN_UNIT must be a number, not {}", value.kind);
            let message = Message::new(308, sentence).at(place);
            return self.fail(message.hint(SIGNATURE));
        }
        let factor = match value.measure() {
            Measure::Of(known) if known == text.as_str() && value.kind == Type::Double => {
                return Some(value);
            }
            // Without a catalog nothing is known of the columns.
            Measure::Unknown if self.catalog.is_open() => 1.0,
            Measure::Of(known) => match Unit::read(&known) {
                Some(from) if !from.is_dimensionless_one() => {
                    self.factor(&from, &wanted, &text, span(unit.span()))?
                }
                Some(_) => return self.without_unit(&value, &written, place),
                None => {
                    let sentence =
                        format!("{written} is in \"{known}\", which is not read as a unit");
                    let message = Message::new(322, sentence).at(place);
                    return self.fail(message.hint("the value can only be taken as it is"));
                }
            },
            _ => return self.without_unit(&value, &written, place),
        };
        Some(Expr::new(
            Node::InUnit {
                value: Box::new(value),
                factor,
                unit: text,
            },
            Type::Double,
        ))
    }

    /// The second argument: the unit, and as it is written.
    fn unit_argument(&mut self, argument: &ast::Expr) -> Option<(Unit, String)> {
        let at = span(argument.span());
        let text = match argument {
            ast::Expr::Value(value) => match &value.value {
                ast::Value::SingleQuotedString(text) => Some(text),
                _ => None,
            },
            _ => None,
        };
        let Some(text) = text else {
            let sentence = "argument 2 of IN_UNIT must be a unit between single quotes";
            let message = Message::new(321, sentence).at(at);
            return self.fail(match argument {
                ast::Expr::Identifier(name)
                    if Unit::parse(&name.value).is_ok_and(|unit| unit.unknown().is_none()) =>
                {
                    message.hint(format!("write '{}'", name.value))
                }
                _ => message.hint("for example IN_UNIT(s_ra, 'arcsec')"),
            });
        };
        if text.trim().is_empty() || text == "1" {
            let message = Message::new(324, "a value cannot be converted into a unitless one");
            return self.fail(message.at(at).hint("for the bare number leave IN_UNIT out"));
        }
        match Unit::parse(text) {
            Ok(unit) => Some((unit, text.clone())),
            Err(error) => {
                let message = Message::new(321, error.sentence).at(at);
                self.fail(match error.hint {
                    Some(hint) => message.hint(hint),
                    None => message,
                })
            }
        }
    }

    fn factor(&mut self, from: &Unit, wanted: &Unit, text: &str, at: Option<Place>) -> Option<f64> {
        let unlike = match from.factor_to(wanted) {
            Ok(factor) => return Some(factor),
            Err(unlike) => unlike,
        };
        let hours = ["h", "hour", "hours", "hr", "hrs", "hourangle", "hms"];
        let degrees = Unit::parse("deg").is_ok_and(|deg| *from == deg);
        if degrees && hours.contains(&text.to_ascii_lowercase().as_str()) {
            let sentence = format!("an angle in deg does not convert into {text}");
            let message = Message::new(323, sentence).at(at);
            return self.fail(message.hint(
                "an hour of right ascension is 15 degrees: write s_ra / 15.0, without IN_UNIT",
            ));
        }
        if let Some(unknown) = wanted.unknown() {
            let sentence = format!("there is no unit {unknown} in VOUnits");
            let message = Message::new(321, sentence).at(at);
            return self.fail(match Unit::suggestion(text) {
                Some(better) => message.hint(format!("write '{better}'")),
                None => with_kin(message, from),
            });
        }
        let message = Message::new(323, unlike.to_string()).at(at);
        self.fail(with_kin(message, from))
    }

    fn without_unit(&mut self, value: &Expr, written: &str, at: Option<Place>) -> Option<Expr> {
        let (sentence, hint) = match (&value.node, value.measure()) {
            (Node::Column { .. }, _) => (
                format!("{written} has no unit, so there is nothing to convert from"),
                "TAP_SCHEMA.columns lists the units of all columns",
            ),
            (_, Measure::Bare | Measure::Pure | Measure::Of(_)) => (
                format!("{written} is a number without a unit: there is nothing to convert from"),
                "IN_UNIT converts columns and what is computed from them",
            ),
            (_, Measure::Unknown) => (
                format!("the unit of {written} is not known"),
                "convert the columns in it one by one: IN_UNIT(column, 'unit')",
            ),
        };
        self.fail(Message::new(322, sentence).at(at).hint(hint))
    }
}

/// Tells into which units of VOUnits the value converts.
fn with_kin(message: Message, from: &Unit) -> Message {
    let kin = from.kin();
    if kin.is_empty() {
        return message;
    }
    message.hint(format!("{from} converts into {}", kin.join(", ")))
}
