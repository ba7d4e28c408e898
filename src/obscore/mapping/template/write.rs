//! Values written as Python's `format`, `str` and `repr` write them.

use std::fmt::Write;

use super::parse::Conversion;
use super::spec::{Align, Sign, Spec};

/// A value that a template shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shown<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
}

/// A number in parts, to be put together with signs and blanks.
struct Number {
    negative: bool,
    /// `0x`, …
    prefix: &'static str,
    /// Before the decimal point.
    digits: String,
    /// The point and all behind it.
    rest: String,
}

/// `format(value, spec)`.
///
/// # Errors
/// A sentence about why such a value cannot be written so.
pub(super) fn push(value: &Shown<'_>, spec: &Spec, out: &mut String) -> Result<(), String> {
    if spec.is_plain() {
        plain(value, out);
        return Ok(());
    }
    match *value {
        Shown::Text(text) => self::text(text, spec, out),
        Shown::Bool(flag) => whole(i64::from(flag), spec, out),
        Shown::Int(number) => whole(number, spec, out),
        Shown::Float(number) => float(number, spec, out),
    }
}

/// `str(value)`.
fn plain(value: &Shown<'_>, out: &mut String) {
    // A text takes all that is written to it.
    let _ = match *value {
        Shown::Bool(flag) => out.write_str(if flag { "True" } else { "False" }),
        Shown::Int(number) => write!(out, "{number}"),
        Shown::Float(number) => out.write_str(&shortest(number)),
        Shown::Text(text) => out.write_str(text),
    };
}

/// What `!s`, `!r` and `!a` make of a value.
pub(super) fn converted(value: &Shown<'_>, conversion: Conversion) -> String {
    let mut out = String::new();
    match (value, conversion) {
        (Shown::Text(text), Conversion::Source) => quoted(text, false, &mut out),
        (Shown::Text(text), Conversion::Ascii) => quoted(text, true, &mut out),
        (value, _) => plain(value, &mut out),
    }
    out
}

/// A text as Python's source has it.
fn quoted(text: &str, ascii: bool, out: &mut String) {
    let quote = match text.contains('\'') && !text.contains('"') {
        true => '"',
        false => '\'',
    };
    out.push(quote);
    for letter in text.chars() {
        // A text takes all that is written to it.
        let _ = match letter {
            '\\' => out.write_str("\\\\"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            letter if letter == quote => write!(out, "\\{quote}"),
            letter if letter.is_control() || (ascii && !letter.is_ascii()) => {
                match u32::from(letter) {
                    code @ ..=0xff => write!(out, "\\x{code:02x}"),
                    code @ ..=0xffff => write!(out, "\\u{code:04x}"),
                    code => write!(out, "\\U{code:08x}"),
                }
            }
            letter => out.write_char(letter),
        };
    }
    out.push(quote);
}

/// A text in its field.
pub(super) fn text(text: &str, spec: &Spec, out: &mut String) -> Result<(), String> {
    if let Some(kind) = spec.kind.filter(|kind| *kind != 's') {
        return Err(format!(
            "the text {text:?} cannot be written with the format {kind}"
        ));
    }
    if spec.align == Some(Align::Inside) {
        return Err("a text cannot be aligned by =".into());
    }
    if spec.sign.is_some() || spec.no_minus_zero || spec.alternate || spec.grouping.is_some() {
        return Err("the format of a text has no sign, #, z, comma or underscore".into());
    }
    let cut = spec
        .precision
        .and_then(|most| text.char_indices().nth(most));
    let text = cut.and_then(|(end, _)| text.get(..end)).unwrap_or(text);
    pad(&[text], spec, Align::Left, out);
    Ok(())
}

fn whole(number: i64, spec: &Spec, out: &mut String) -> Result<(), String> {
    let kind = spec.kind.unwrap_or('d');
    if "eEfFgG%".contains(kind) {
        return float(number as f64, spec, out);
    }
    if kind == 's' {
        return Err(format!(
            "the number {number} cannot be written with the format s"
        ));
    }
    if spec.precision.is_some() || spec.no_minus_zero {
        return Err("a whole number has no precision".into());
    }
    if kind == 'c' {
        if spec.sign.is_some() || spec.alternate || spec.grouping.is_some() {
            return Err("the format c has no sign, # or grouping".into());
        }
        let letter = u32::try_from(number).ok().and_then(char::from_u32);
        let letter = letter.ok_or_else(|| format!("{number} is the code of no character"))?;
        // To Python it is a number still: it stands on the right.
        pad(&[letter.encode_utf8(&mut [0; 4])], spec, Align::Right, out);
        return Ok(());
    }
    let size = number.unsigned_abs();
    let (prefix, digits) = match kind {
        'b' => ("0b", format!("{size:b}")),
        'o' => ("0o", format!("{size:o}")),
        'x' => ("0x", format!("{size:x}")),
        'X' => ("0X", format!("{size:X}")),
        _ => ("", size.to_string()),
    };
    if spec.grouping.is_some() && (kind == 'n' || (kind != 'd' && spec.grouping == Some(','))) {
        return Err(format!("the format {kind} cannot set thousands apart so"));
    }
    let number = Number {
        negative: number < 0,
        prefix: if spec.alternate { prefix } else { "" },
        digits,
        rest: String::new(),
    };
    number.push(spec, out);
    Ok(())
}

fn float(number: f64, spec: &Spec, out: &mut String) -> Result<(), String> {
    let kind = spec.kind;
    if let Some(kind) = kind.filter(|kind| "bcdosxX".contains(*kind)) {
        return Err(format!(
            "the number {number} cannot be written with the format {kind}"
        ));
    }
    if kind == Some('n') && spec.grouping.is_some() {
        return Err("the format n cannot set thousands apart so".into());
    }
    let size = number.abs();
    let precision = spec.precision;
    let mut digits = if !size.is_finite() {
        let word = if size.is_nan() { "nan" } else { "inf" };
        word.to_owned() + if kind == Some('%') { "%" } else { "" }
    } else {
        match kind {
            None if precision.is_none() => pointed(shortest(size), spec.alternate),
            None => general(size, precision.unwrap_or(6), spec.alternate, true),
            Some('e' | 'E') => exponent(size, precision.unwrap_or(6), spec.alternate),
            Some('f' | 'F') => fixed(size, precision.unwrap_or(6), spec.alternate),
            Some('%') => {
                let hundredfold = size * 100.0;
                match hundredfold.is_finite() {
                    true => fixed(hundredfold, precision.unwrap_or(6), spec.alternate) + "%",
                    false => "inf%".to_owned(),
                }
            }
            Some(_) => general(size, precision.unwrap_or(6), spec.alternate, false),
        }
    };
    if matches!(kind, Some('E' | 'F' | 'G')) {
        digits.make_ascii_uppercase();
    }
    let is_zero = !digits.bytes().any(|byte| matches!(byte, b'1'..=b'9')) && size.is_finite();
    let end = digits
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(digits.len());
    // What is not finite has no digits, and is filled up all the same.
    let rest = digits.split_off(end);
    let number = Number {
        negative: number.is_sign_negative() && !number.is_nan() && !(spec.no_minus_zero && is_zero),
        prefix: "",
        digits,
        rest,
    };
    number.push(spec, out);
    Ok(())
}

impl Number {
    fn push(mut self, spec: &Spec, out: &mut String) {
        let sign = match (self.negative, spec.sign.unwrap_or_default()) {
            (true, _) => "-",
            (false, Sign::Plus) => "+",
            (false, Sign::Blank) => " ",
            (false, Sign::Minus) => "",
        };
        let inside = match spec.align {
            None => spec.zero,
            Some(align) => align == Align::Inside,
        };
        if let Some(mark) = spec.grouping {
            let each =
                if self.prefix.is_empty() && !matches!(spec.kind, Some('b' | 'o' | 'x' | 'X')) {
                    3
                } else {
                    4
                };
            let zeros = inside && spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' }) == '0';
            let rest = sign.len() + self.prefix.len() + self.rest.chars().count();
            let least = if zeros {
                spec.width.saturating_sub(rest)
            } else {
                0
            };
            self.digits = grouped(&self.digits, mark, each, least);
        }
        let parts = [sign, self.prefix, &self.digits, &self.rest];
        if inside {
            let width: usize = parts.iter().map(|part| part.chars().count()).sum();
            let fill = spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' });
            let [sign, prefix, digits, rest] = parts;
            out.push_str(sign);
            out.push_str(prefix);
            out.extend(std::iter::repeat_n(fill, spec.width.saturating_sub(width)));
            out.push_str(digits);
            out.push_str(rest);
        } else {
            pad(&parts, spec, Align::Right, out);
        }
    }
}

/// Digits in groups counted from the right, and zeros before them until there
/// are `least` characters; a mark never comes first.
fn grouped(digits: &str, mark: char, each: usize, least: usize) -> String {
    if digits.is_empty() {
        return String::new();
    }
    let width = |count: usize| count + (count.max(1) - 1) / each;
    let mut count = digits.len();
    while width(count) < least {
        count += 1;
    }
    let zeros = count - digits.len();
    let mut text = String::with_capacity(width(count));
    let all = std::iter::repeat_n('0', zeros).chain(digits.chars());
    for (place, digit) in all.enumerate() {
        if place > 0 && (count - place).is_multiple_of(each) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

fn pad(parts: &[&str], spec: &Spec, default: Align, out: &mut String) {
    let width: usize = parts.iter().map(|part| part.chars().count()).sum();
    let blanks = spec.width.saturating_sub(width);
    let fill = spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' });
    let before = match spec.align.unwrap_or(default) {
        Align::Left => 0,
        Align::Right | Align::Inside => blanks,
        Align::Centre => blanks / 2,
    };
    out.extend(std::iter::repeat_n(fill, before));
    parts.iter().for_each(|part| out.push_str(part));
    out.extend(std::iter::repeat_n(fill, blanks - before));
}

/// `repr(number)`: the fewest digits that are read back as the same number.
pub(super) fn shortest(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.into();
    }
    let scientific = format!("{number:e}");
    let (mantissa, power) = parts(&scientific);
    if (-4..16).contains(&power) {
        let mut text = number.to_string();
        if !text.contains('.') {
            text.push_str(".0");
        }
        return text;
    }
    with_power(mantissa, power)
}

/// The digits of a number in scientific notation, and its power of ten.
fn parts(scientific: &str) -> (&str, i32) {
    let (mantissa, power) = scientific.split_once('e').unwrap_or((scientific, "0"));
    (mantissa, power.parse().unwrap_or(0))
}

/// Python writes powers with a sign and two digits at least.
fn with_power(mantissa: &str, power: i32) -> String {
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.unsigned_abs())
}

/// The mark # asks for a point, also before a power.
fn pointed(text: String, alternate: bool) -> String {
    match text.split_once('e') {
        Some((mantissa, power)) if alternate && !mantissa.contains('.') => {
            format!("{mantissa}.e{power}")
        }
        _ => text,
    }
}

fn exponent(size: f64, precision: usize, alternate: bool) -> String {
    let scientific = format!("{size:.precision$e}");
    let (mantissa, power) = parts(&scientific);
    match alternate && precision == 0 {
        true => with_power(&format!("{mantissa}."), power),
        false => with_power(mantissa, power),
    }
}

fn fixed(size: f64, precision: usize, alternate: bool) -> String {
    let text = format!("{size:.precision$}");
    match alternate && precision == 0 {
        true => text + ".",
        false => text,
    }
}

/// With so many digits that count. `pointed` is for numbers without a type,
/// which show that they are no whole numbers.
fn general(size: f64, precision: usize, alternate: bool, pointed: bool) -> String {
    let digits = precision.max(1);
    let scientific = format!("{size:.*e}", digits - 1);
    let (mantissa, power) = parts(&scientific);
    // At most 1000 digits: all these numbers are small.
    let most = digits as i32 - i32::from(pointed);
    let trimmed = |text: &str| match text.contains('.') && !alternate {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false if alternate && !text.contains('.') => format!("{text}."),
        false => text.to_owned(),
    };
    if (-4..most).contains(&power) {
        let decimals = (digits as i32 - 1 - power).max(0) as usize;
        let mut text = trimmed(&format!("{size:.decimals$}"));
        if pointed && !text.contains('.') {
            text.push_str(".0");
        }
        return text;
    }
    with_power(&trimmed(mantissa), power)
}
