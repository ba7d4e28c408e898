//! Literals: numbers, strings, and strings that are times.

use sqlparser::ast;

use super::Checker;
use super::expression::short;
use crate::functions::Function;
use crate::message::{Message, Place};
use crate::query::{Expr, Node};
use crate::statement::Value;
use crate::types::Type;

/// The largest n of CHAR(n): a string of blanks, made for every row.
const LONGEST: u64 = 10_000;

impl Checker<'_> {
    /// ADQL 2.1 section 2.1.8: whole numbers as such, every other number is
    /// DOUBLE PRECISION.
    pub(super) fn literal(&mut self, value: &ast::Value, at: Option<Place>) -> Option<Expr> {
        match value {
            ast::Value::Number(digits, false) => self.number(digits, at),
            ast::Value::SingleQuotedString(text) if text.contains('\0') => {
                self.fail(Message::new(115, "a string holds the character 0").at(at))
            }
            ast::Value::SingleQuotedString(text) => {
                Some(Expr::literal(Value::Text(text.clone()), Type::Text))
            }
            ast::Value::HexStringLiteral(digits) if digits.is_empty() => {
                let message = Message::new(116, "0x is not a number").at(at);
                self.fail(message.hint("hexadecimal digits follow: 0x1F"))
            }
            ast::Value::HexStringLiteral(digits) => match i64::from_str_radix(digits, 16) {
                Ok(number) => Some(integer(number)),
                Err(_) => self.fail(
                    Message::new(116, format!("0x{digits} does not fit into 64 bits")).at(at),
                ),
            },
            ast::Value::Placeholder(written) => {
                let hint = "values stand in the query itself: write the number or 'string'";
                self.refuse_for(&format!("the parameter {written}"), hint, at)
            }
            ast::Value::Null => Some(Expr::literal(Value::Null, Type::Unknown)),
            ast::Value::Boolean(_) => self.refuse("TRUE or FALSE as a value", at),
            other => self.refuse(&format!("the literal {}", short(&other.to_string())), at),
        }
    }

    fn number(&mut self, digits: &str, at: Option<Place>) -> Option<Expr> {
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            return match digits.parse() {
                Ok(number) => Some(integer(number)),
                Err(_) => self.fail(
                    Message::new(116, format!("{digits} does not fit into 64 bits"))
                        .at(at)
                        .hint(format!("as a decimal number it is written {digits}.0")),
                ),
            };
        }
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                Some(Expr::literal(Value::Double(number), Type::Double))
            }
            _ => {
                let sentence = format!("{digits} is not a number of double precision");
                self.fail(Message::new(116, sentence).at(at))
            }
        }
    }

    /// CHAR(n) and VARCHAR(n) (ADQL 2.1 section 4.7.1): longer strings are cut,
    /// and CHAR(n) fills shorter ones with blanks, as SQL-92 6.10 has it.
    pub(super) fn of_length(
        &mut self,
        text: Expr,
        length: &ast::CharacterLength,
        function: &'static Function,
        at: Option<Place>,
    ) -> Option<Expr> {
        let length = match length {
            ast::CharacterLength::IntegerLength { length, unit: None } => *length,
            _ => 0,
        };
        if !(1..=LONGEST).contains(&length) {
            let sentence = format!("a length of CHAR or VARCHAR is a number from 1 to {LONGEST}");
            return self.fail(Message::new(307, sentence).at(at));
        }
        let length = i64::try_from(length).ok()?;
        let arguments = vec![text, integer(length)];
        Some(Expr::new(
            Node::Call {
                function,
                arguments,
            },
            Type::Text,
        ))
    }

    /// A string literal as the time it names; anything else as it is.
    pub(super) fn as_time(&mut self, value: Expr, at: Option<Place>) -> Option<Expr> {
        let Node::Literal(Value::Text(text)) = &value.node else {
            return Some(value);
        };
        match crate::time::parse(text) {
            Some(time) => Some(Expr::literal(Value::Timestamp(time), Type::Timestamp)),
            None => {
                let sentence = format!("'{}' is not a date or time", short(text));
                let message = Message::new(306, sentence).at(at);
                self.fail(message.hint("write '2026-03-01' or '2026-03-01T12:34:56.789'"))
            }
        }
    }
}

pub(super) fn integer(number: i64) -> Expr {
    let kind = match i32::try_from(number) {
        Ok(_) => Type::Integer,
        Err(_) => Type::BigInt,
    };
    Expr::literal(Value::BigInt(number), kind)
}
