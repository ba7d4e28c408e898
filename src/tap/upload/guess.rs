//! Types for columns of a file that knows text alone (CSV, TSV).

use adql::Type;
use adql::sky::Region;

use crate::input::Value;

/// What all values so far can be.
#[derive(Clone, Debug)]
pub(super) struct Guess {
    /// Still possible, the narrowest first.
    kinds: Vec<Type>,
    any: bool,
    unicode: bool,
}

impl Guess {
    /// `region`: whether the column's name says that it holds regions.
    pub fn new(region: bool) -> Guess {
        let mut kinds = vec![Type::Boolean, Type::BigInt, Type::Double, Type::Timestamp];
        if region {
            kinds.push(Type::Region);
        }
        Guess {
            kinds,
            any: false,
            unicode: false,
        }
    }

    pub fn see(&mut self, value: &Value) {
        let Value::Text(text) = value else { return };
        self.any = true;
        self.unicode |= !text.is_ascii();
        self.kinds.retain(|kind| is(text, *kind));
    }

    /// The type, and whether its text is more than ASCII.
    pub fn kind(&self) -> (Type, bool) {
        match (self.any, self.kinds.first()) {
            (true, Some(kind)) => (*kind, false),
            // A column without values is as good as one of texts.
            _ => (Type::Text, self.unicode),
        }
    }
}

fn is(text: &str, kind: Type) -> bool {
    let trimmed = text.trim();
    match kind {
        Type::Boolean => boolean(trimmed).is_some(),
        Type::BigInt => whole(trimmed).is_some(),
        Type::Double => number(trimmed).is_some(),
        // A date alone may be anything.
        Type::Timestamp => trimmed.contains('T') && adql::time::parse(trimmed).is_some(),
        Type::Region => Region::parse(text).is_ok(),
        _ => true,
    }
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A whole number; `007` is a name.
pub(super) fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let name = digits.len() > 1 && digits.starts_with('0');
    if name { None } else { text.parse().ok() }
}

/// A number; one that is out of range, or reads like a name, is none.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let name = digits.len() > 1
        && digits.starts_with('0')
        && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    let finite = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let number = text.parse::<f64>().ok()?;
    (finite && !name && number.is_finite()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_guessed() {
        fn check(values: &[&str], expected: Type) {
            let mut guess = Guess::new(true);
            for value in values {
                guess.see(&match value.is_empty() {
                    true => Value::Null,
                    false => Value::Text((*value).to_owned()),
                });
            }
            assert_eq!(guess.kind().0, expected, "{values:?}");
        }
        check(&["1", "", "-2"], Type::BigInt);
        check(&["1", "2.5", "nan"], Type::Double);
        check(&["1", "x"], Type::Text);
        check(&["007", "008"], Type::Text);
        check(&["0.5", "0"], Type::Double);
        check(&["1e999"], Type::Text);
        check(&["inf"], Type::Text);
        check(&["9223372036854775808"], Type::Double);
        check(&["true", "False"], Type::Boolean);
        check(&["1", "true"], Type::Text);
        check(&["2020-01-01T00:00:00"], Type::Timestamp);
        check(&["2020-01-01"], Type::Text);
        check(&["CIRCLE ICRS 1 2 3"], Type::Region);
        check(&["", ""], Type::Text);
    }
}
