//! Angles as hours or degrees, minutes and seconds, which ADQL takes for no
//! number: `05:35:17`, `05 35 17` and `05h35m17s`.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{ends_value, is_structure, word};
use crate::functions::sexagesimal;
use crate::message::{Message, Place};
use crate::parse::span;

/// The angle that begins with `tokens[index]`, and of how many tokens it is.
/// None of these forms is ADQL where this finds them.
pub(super) fn angle(tokens: &[TokenWithSpan], index: usize) -> Option<(Message, usize)> {
    let first = tokens.get(index)?;
    let Token::Number(whole, false) = &first.token else {
        return None;
    };
    let number = |offset: usize| match &tokens.get(index + offset)?.token {
        Token::Number(digits, false) => Some(digits.as_str()),
        _ => None,
    };
    let colon = |offset: usize| {
        let token = tokens.get(index + offset);
        token.is_some_and(|token| token.token == Token::Colon)
    };
    let (body, length) = if colon(1) && colon(3) {
        (format!("{whole}:{}:{}", number(2)?, number(4)?), 5)
    } else if let (Some(minutes), Some(seconds)) = (number(1), number(2))
        && minutes.len() == 2
        && alone(tokens, index, 3)
    {
        (format!("{whole} {minutes} {seconds}"), 3)
    } else if alone(tokens, index, 2) {
        let rest = tokens.get(index + 1)?;
        let rest = word(rest).filter(|_| rest.span.start == first.span.end)?;
        (format!("{whole}{rest}"), 2)
    } else {
        return None;
    };
    in_degrees(&body, None)?;
    let inside = argument(tokens, index);
    if inside.is_none() && length < 5 {
        return None;
    }
    let signed = sign(tokens, index);
    let minus = signed.is_some_and(|sign| sign.token == Token::Minus);
    let body = format!("{}{body}", if minus { "-" } else { "" });
    let hint = in_degrees(&body, inside.or(beside(tokens, index)))?;
    let last = tokens.get(index + length - 1)?;
    let begin = signed.unwrap_or(first);
    let at = span(begin.span).map(|at| match last.span.end.line == begin.span.start.line {
        true => Place {
            length: (last.span.end.column as usize).saturating_sub(at.column),
            ..at
        },
        false => at,
    });
    let message = Message::new(119, "an angle is written as a number of degrees").at(at);
    Some((message.hint(hint), length))
}

/// The sign of the number at `index`, unless it is one between two values.
fn sign(tokens: &[TokenWithSpan], index: usize) -> Option<&TokenWithSpan> {
    let sign = tokens.get(index.checked_sub(1)?)?;
    let before = index.checked_sub(2).and_then(|before| tokens.get(before));
    let is_sign = matches!(sign.token, Token::Minus | Token::Plus);
    (is_sign && !before.is_some_and(ends_value)).then_some(sign)
}

/// What a coordinate is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    Longitude,
    Latitude,
}

/// What to write for the angle `text`; None if it is no angle.
pub(crate) fn in_degrees(text: &str, axis: Option<Axis>) -> Option<String> {
    let shown = |degrees: f64| format!("{:?}", (degrees * 1e7).round() / 1e7);
    let text = text.trim();
    let hours = sexagesimal::hours(text).map(shown);
    let degrees = sexagesimal::degrees(text).map(shown);
    let plain = text.trim_start_matches('+');
    Some(match (hours, degrees, axis) {
        (Some(degrees), _, Some(Axis::Longitude)) | (Some(degrees), None, _) => format!(
            "write {degrees}, the degrees of {plain} in hours; \
             ivo_hms_to_degrees('{plain}') computes it"
        ),
        (_, Some(degrees), Some(_)) | (None, Some(degrees), _) => format!(
            "write {degrees}, the degrees of {plain}; \
             ivo_dms_to_degrees('{plain}') computes it"
        ),
        (Some(hours), Some(degrees), None) => format!(
            "write {hours} if it is in hours, as right ascensions are, and {degrees} if it is in \
             degrees"
        ),
        (None, None, _) => return None,
    })
}

/// Whether a column is one of right ascensions or declinations, by its name.
pub(crate) fn axis_of(column: &str) -> Option<Axis> {
    let lower = column.to_ascii_lowercase();
    let part = |wanted: &[&str]| lower.split('_').any(|part| wanted.contains(&part));
    if part(&["ra", "raj2000", "lon"]) {
        return Some(Axis::Longitude);
    }
    part(&["dec", "de", "dej2000", "lat"]).then_some(Axis::Latitude)
}

/// The column that the value at `index` is compared with.
fn beside(tokens: &[TokenWithSpan], index: usize) -> Option<Axis> {
    // As far as from the second angle of BETWEEN.
    let back = index.saturating_sub(10);
    let near = tokens.get(back..index)?.iter().rev();
    axis_of(near.filter_map(word).find(|word| !is_structure(word))?)
}

/// How far the call around an argument is looked for.
const FAR: usize = 256;

/// Which argument of a geometry stands at `index`; None if none does.
fn argument(tokens: &[TokenWithSpan], index: usize) -> Option<Axis> {
    const GEOMETRIES: &[&str] = &["POINT", "CIRCLE", "BOX", "POLYGON", "DISTANCE"];
    let mut depth = 0usize;
    let mut commas = 0usize;
    let before = tokens.get(..index)?.iter().enumerate().rev();
    for (place, token) in before.take(FAR) {
        match token.token {
            Token::RParen => depth += 1,
            Token::LParen if depth > 0 => depth -= 1,
            Token::LParen => {
                let name = word(tokens.get(place.checked_sub(1)?)?)?.to_ascii_uppercase();
                let first = &tokens.get(place + 1)?.token;
                // The coordinate system of ADQL 2.0.
                let system = matches!(first, Token::SingleQuotedString(_));
                let number = commas.checked_sub(usize::from(system))?;
                return GEOMETRIES
                    .contains(&name.as_str())
                    .then_some(match number % 2 {
                        0 if number == 0 || name == "POLYGON" || name == "DISTANCE" => {
                            Axis::Longitude
                        }
                        _ => Axis::Latitude,
                    });
            }
            Token::Comma if depth == 0 => commas += 1,
            _ => {}
        }
    }
    None
}

/// Whether so many tokens are one argument among several.
fn alone(tokens: &[TokenWithSpan], index: usize, length: usize) -> bool {
    let begin = index - usize::from(sign(tokens, index).is_some());
    let before = begin.checked_sub(1).and_then(|before| tokens.get(before));
    let comma = |token: Option<&TokenWithSpan>| token.is_some_and(|t| t.token == Token::Comma);
    let after = tokens.get(index + length);
    let opens = before.is_some_and(|token| token.token == Token::LParen);
    let closes = after.is_some_and(|token| token.token == Token::RParen);
    (comma(before) || opens) && (comma(after) || closes) && !(opens && closes)
}
