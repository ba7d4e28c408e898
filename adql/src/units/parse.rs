//! Text to unit, by the grammar of VOUnits 1.1 appendix C.4, and in a loose
//! way that also takes what the grammars of FITS, OGIP and the CDS allow
//! (appendices C.1 to C.3).

use super::power::Power;
use super::{Prefix, Symbol, Term, Unit, UnitError, known, lexicon, rounded};

/// Longest text that is read, in bytes.
const LONGEST: usize = 500;

/// Parentheses and functions inside one another.
const DEEPEST: usize = 16;

/// Exactly the standard's grammar. Two things more are units: a number alone,
/// and a function with a power, because products of units can come to them.
pub(super) fn strict(text: &str) -> Result<Unit, UnitError> {
    read(text, false).map_err(|what| {
        let error = UnitError::new(text, what);
        match lexicon::read(text).filter(|unit| unit.unknown().is_none()) {
            Some(unit) => error.hint(format!("VOUnits writes it {unit}")),
            None => error,
        }
    })
}

pub(super) fn loose(text: &str) -> Option<Unit> {
    read(text, true).ok()
}

fn read(text: &str, loose: bool) -> Result<Unit, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let mut reader = Reader {
        rest: text,
        loose,
        depth: 0,
    };
    reader.blanks();
    let unit = reader.scaled()?;
    reader.blanks();
    match reader.rest.chars().next() {
        None => Ok(unit),
        Some(c) => Err(reader.unexpected(c)),
    }
}

/// A name as prefix and symbol (section 2.2): known symbols first, then a
/// prefix before a known one, then a decimal prefix before anything else.
pub(super) fn name(text: &str) -> (Option<&'static Prefix>, Symbol) {
    if let Some(known) = known_name(text) {
        return known;
    }
    let unknown = known::DECIMAL.iter().find_map(|prefix| {
        let rest = text.strip_prefix(prefix.symbol)?;
        (!rest.is_empty()).then(|| (Some(prefix), Symbol::Unknown(rest.to_owned())))
    });
    unknown.unwrap_or_else(|| (None, Symbol::Unknown(text.to_owned())))
}

pub(super) fn known_name(text: &str) -> Option<(Option<&'static Prefix>, Symbol)> {
    if let Some(known) = known::find(text) {
        return Some((None, Symbol::Known(known)));
    }
    let after = |prefix: &'static Prefix, binary: bool| {
        let known = known::find(text.strip_prefix(prefix.symbol)?)?;
        // `d%` would be a percent sign inside a name.
        let fits = known.symbol != "%" && (known.binary || !binary);
        fits.then_some((Some(prefix), Symbol::Known(known)))
    };
    let decimal = known::DECIMAL
        .iter()
        .find_map(|prefix| after(prefix, false));
    decimal.or_else(|| known::BINARY.iter().find_map(|prefix| after(prefix, true)))
}

struct Reader<'a> {
    rest: &'a str,
    loose: bool,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn unexpected(&self, character: char) -> String {
        match character {
            ' ' | '\t' | '\n' => "it has a space in it".to_owned(),
            '^' => "powers are written with **".to_owned(),
            '*' => "products are written with a dot".to_owned(),
            '0'..='9' | '+' | '-' => "powers are written with **".to_owned(),
            other => format!("{other} does not belong there"),
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Spaces, where they may be.
    fn blanks(&mut self) {
        if self.loose {
            self.rest = self.rest.trim_start();
        }
    }

    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// `input` and `function_operand`: a scale, perhaps, and a unit.
    fn scaled(&mut self) -> Result<Unit, String> {
        let scale = self.scale()?;
        self.blanks();
        if scale.is_some() && self.loose && !self.rest.starts_with("**") && !self.eat("*") {
            self.eat(".");
            self.blanks();
        }
        let mut unit = match (scale, self.peek()) {
            (Some(_), None | Some(')')) => Unit::one(),
            _ => self.complete()?,
        };
        if let Some(scale) = scale {
            let out_of_range = || "its number is out of range".to_owned();
            unit.scale = rounded(unit.scale * scale).ok_or_else(out_of_range)?;
        }
        Ok(unit)
    }

    /// `scalefactor`.
    fn scale(&mut self) -> Result<Option<f64>, String> {
        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Ok(None);
        }
        let text = self.rest;
        let whole = self.take(|c| c.is_ascii_digit());
        self.fraction();
        self.exponent();
        let number = text.strip_suffix(self.rest).unwrap_or(whole);
        if !self.loose && whole.len() > 1 && whole.starts_with('0') {
            return Err("its number begins with 0".to_owned());
        }
        let exponent = match number {
            "10" if self.eat("**") || (self.loose && self.eat("^")) => Some(self.power()?),
            // The CDS writes 10-20.
            "10" if self.loose && self.rest.starts_with(['+', '-']) => Some(self.power()?),
            _ => None,
        };
        if let Some(exponent) = exponent {
            let value = match exponent.whole() {
                Some(whole) => format!("1e{whole}").parse().ok(),
                None => Some(10_f64.powf(exponent.value())),
            };
            return value
                .filter(|value: &f64| value.is_normal())
                .map(Some)
                .ok_or_else(|| "its number is out of range".to_owned());
        }
        let mut value: f64 = number.parse().map_err(|_| "its number cannot be read")?;
        // The CDS writes 1.5x10+11.
        if self.loose && self.eat("x10") {
            let whole = self.power()?.whole().unwrap_or(0);
            value *= 10_f64.powi(whole);
        }
        match value {
            0.0 => Err("its number is 0".to_owned()),
            value if value.is_normal() => Ok(Some(value)),
            _ => Err("its number is out of range".to_owned()),
        }
    }

    /// The digits after a point, if it has some.
    fn fraction(&mut self) -> &'a str {
        match self.rest.strip_prefix('.') {
            Some(after) if digits(after) > 0 => {
                self.rest = after;
                self.take(|c| c.is_ascii_digit())
            }
            _ => "",
        }
    }

    /// `e-20`, but not the beginning of `eV`.
    fn exponent(&mut self) {
        let Some(after) = self.rest.strip_prefix(['e', 'E']) else {
            return;
        };
        let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
        if digits(unsigned) > 0 {
            self.rest = unsigned;
            self.take(|c| c.is_ascii_digit());
        }
    }

    /// `complete_expression`: products, and one division by one unit.
    fn complete(&mut self) -> Result<Unit, String> {
        let absurd = || "a power in it is too large".to_owned();
        let mut unit = Unit::one();
        let mut divided = self.loose && self.rest.starts_with('/');
        if !divided {
            unit = self.factor()?;
        }
        loop {
            let before = self.rest;
            self.blanks();
            if self.eat("/") {
                if divided && !self.loose {
                    return Err("it has more than one /".to_owned());
                }
                divided = true;
                self.blanks();
                let below = self.factor()?;
                unit = unit.over(&below).ok_or_else(absurd)?;
                continue;
            }
            let spaced = before.len() > self.rest.len();
            let starts = |c: char| c.is_alphabetic() || matches!(c, '(' | '[' | '%' | '\'');
            let product = if self.rest.starts_with("**") {
                false
            } else {
                self.eat(".")
                    || (self.loose && self.eat("*"))
                    || (spaced && self.peek().is_some_and(starts))
            };
            if !product {
                self.rest = if spaced { before } else { self.rest };
                return Ok(unit);
            }
            if divided {
                // Above or below the line: grammars differ (appendix C.1).
                return Err(
                    "it is not clear whether what follows the division is divided by".to_owned(),
                );
            }
            self.blanks();
            let more = self.factor()?;
            unit = unit.times(&more).ok_or_else(absurd)?;
        }
    }

    /// `unit_expression`: a unit with its power, a function, or parentheses.
    fn factor(&mut self) -> Result<Unit, String> {
        let absurd = || "a power in it is too large".to_owned();
        match self.peek() {
            Some('(') => {
                let inner = self.parenthesized()?;
                if self.loose && self.power_follows() {
                    return inner.raised(self.power()?).ok_or_else(absurd);
                }
                Ok(inner)
            }
            Some('[') if self.loose => {
                self.eat("[");
                let operand = self.nested()?;
                if !self.eat("]") {
                    return Err("a [ is not closed".to_owned());
                }
                Ok(function("log".to_owned(), operand))
            }
            Some(_) => self.term(),
            None => Err("it ends where a unit is expected".to_owned()),
        }
    }

    fn parenthesized(&mut self) -> Result<Unit, String> {
        self.eat("(");
        let inner = self.nested()?;
        if self.eat(")") {
            return Ok(inner);
        }
        Err(match self.peek() {
            Some(c) if c != ')' => self.unexpected(c),
            _ => "a parenthesis is not closed".to_owned(),
        })
    }

    fn nested(&mut self) -> Result<Unit, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("its parentheses are more than {DEEPEST} deep"));
        }
        self.blanks();
        let inner = self.scaled()?;
        self.blanks();
        self.depth -= 1;
        Ok(inner)
    }

    /// `term` and `function_application`.
    fn term(&mut self) -> Result<Unit, String> {
        let letters = if self.eat("%") {
            "%"
        } else {
            let loose = self.loose;
            self.take(|c| c.is_ascii_alphabetic() || (loose && is_letter(c)))
        };
        let quoted = self.rest.starts_with('\'').then(|| self.quoted());
        let quoted = quoted.transpose()?;
        if letters.is_empty() && quoted.is_none() {
            return Err(match self.peek() {
                Some(c) => self.unexpected(c),
                None => "it ends where a unit is expected".to_owned(),
            });
        }
        // FITS also writes m(2) for a square.
        let square = self.loose && is_power_in_parentheses(self.rest);
        if letters != "%" && self.rest.starts_with('(') && !square {
            let name = match quoted {
                Some(quoted) => format!("{letters}'{quoted}'"),
                None => letters.to_owned(),
            };
            return self.application(name);
        }
        let (prefix, symbol) = match quoted {
            None if self.loose => lexicon::name(letters),
            None => name(letters),
            Some(quoted) => {
                let prefix = known::DECIMAL.iter().find(|p| p.symbol == letters);
                if prefix.is_none() && !letters.is_empty() {
                    return Err(format!("{letters} before a quote is no decimal prefix"));
                }
                (prefix, Symbol::Unknown(quoted.to_owned()))
            }
        };
        if let Symbol::Unknown(name) = &symbol
            && let Some(odd) = name.chars().find(|c| !c.is_ascii_alphabetic())
        {
            return Err(self.unexpected(odd));
        }
        let power = match self.power_follows() {
            true => self.power()?,
            false => Power::ONE,
        };
        let terms = vec![Term {
            prefix,
            symbol,
            power,
        }];
        Ok(match power.is_zero() {
            true => Unit::one(),
            false => Unit { scale: 1.0, terms },
        })
    }

    /// A `STRING` between quotes (section 2.11).
    fn quoted(&mut self) -> Result<&'a str, String> {
        self.eat("'");
        let inner = self.take(|c| c.is_ascii_alphabetic());
        if self.eat("'") && !inner.is_empty() {
            return Ok(inner);
        }
        Err("between quotes stand letters alone".to_owned())
    }

    /// A function of a unit (section 2.9). A square root is a power.
    fn application(&mut self, name: String) -> Result<Unit, String> {
        let operand = self.parenthesized()?;
        let applied = match name.as_str() {
            "sqrt" => Power::new(1, 2).and_then(|half| operand.raised(half)),
            _ => Some(function(name, operand)),
        };
        let applied = match self.power_follows() {
            true => {
                let power = self.power()?;
                applied.and_then(|unit| unit.raised(power))
            }
            false => applied,
        };
        applied.ok_or_else(|| "a power in it is too large".to_owned())
    }

    /// Eats the sign of a power, where one follows.
    fn power_follows(&mut self) -> bool {
        if self.eat("**") {
            return true;
        }
        if !self.loose {
            return false;
        }
        let bare = self.rest.strip_prefix(['+', '-']).unwrap_or(self.rest);
        self.eat("^") || digits(bare) > 0 || is_power_in_parentheses(self.rest)
    }

    /// `numeric_power`.
    fn power(&mut self) -> Result<Power, String> {
        let bad = || "a power in it is no number".to_owned();
        let open = self.eat("(");
        let sign = if self.eat("-") {
            -1
        } else {
            self.eat("+");
            1
        };
        let whole = self.take(|c| c.is_ascii_digit());
        let fraction = match open || self.loose {
            true => self.fraction(),
            false => "",
        };
        let divisor = match open && fraction.is_empty() && self.eat("/") {
            true => self.take(|c| c.is_ascii_digit()),
            false => "1",
        };
        if open && !self.eat(")") {
            return Err("the parenthesis of a power is not closed".to_owned());
        }
        let tenths = u32::try_from(fraction.len()).map_err(|_| bad())?;
        let number: i64 = format!("{whole}{fraction}").parse().map_err(|_| bad())?;
        let divisor: i64 = divisor.parse().map_err(|_| bad())?;
        let power = 10_i64.checked_pow(tenths).and_then(|tenths| {
            let divisor = divisor.checked_mul(tenths)?;
            Power::new(sign * number, divisor)
        });
        power.ok_or_else(|| "a power in it cannot be".to_owned())
    }
}

fn function(name: String, operand: Unit) -> Unit {
    let symbol = Symbol::Function(name, Box::new(operand));
    Unit {
        scale: 1.0,
        terms: vec![Term {
            prefix: None,
            symbol,
            power: Power::ONE,
        }],
    }
}

/// Letters outside ASCII that catalogues use: micro, Ångström, degree, and the
/// marks of minutes and seconds of arc.
fn is_letter(character: char) -> bool {
    matches!(character, 'µ' | 'μ' | 'Å' | '°' | '′' | '″' | '"' | '_')
}

/// `(2)`, `(-1.5)` or `(1/2)` at the beginning of a text.
fn is_power_in_parentheses(text: &str) -> bool {
    let inside = text.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    inside.is_some_and(|(inside, _)| {
        let number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '/');
        digits(inside.trim_start_matches(['+', '-'])) > 0 && inside.chars().all(number)
    })
}

fn digits(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len())
}
