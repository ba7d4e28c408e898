//! What people bring along from other dialects, mistype or forget, found in
//! the words of a query alone: before it is parsed what is wrong anywhere, and
//! where parsing stopped the likely reason.
//!
//! Must not know: tables, columns. Must not refuse anything that is ADQL.

mod angle;
mod keywords;
mod stop;

pub(crate) use angle::{Axis, axis_of, in_degrees};
pub(crate) use stop::why;

use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::foreign;
use crate::grammar;
use crate::message::{MOST, Message, Place};
use crate::parse::span;

/// The clauses of a query in their order (ADQL 2.1 section 2.2).
const CLAUSES: &[&str] = &[
    "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "OFFSET",
];

/// Words of the language that are worth finding behind a misspelling, and
/// what some people write for them.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "NULL",
    "EXISTS",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "FULL",
    "OUTER",
    "NATURAL",
    "USING",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "DISTINCT",
    "TOP",
    "ASC",
    "DESC",
    "OFFSET",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "AND",
    "NOT",
    "WITH",
];
const SYNONYMS: &[(&str, &str)] = &[
    ("GROUPBY", "GROUP BY"),
    ("ORDERBY", "ORDER BY"),
    ("DESCENDING", "DESC"),
    ("ASCENDING", "ASC"),
    ("ISNULL", "IS NULL"),
    ("NOTNULL", "IS NOT NULL"),
    ("MINUS", "EXCEPT"),
    ("FIRST", "TOP"),
    ("SORT", "ORDER"),
];

/// The word of ADQL that `word` is a misspelling of.
pub(crate) fn misspelled(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_uppercase();
    if let Some((_, right)) = SYNONYMS.iter().find(|(wrong, _)| *wrong == word) {
        return Some(right);
    }
    if word.len() < 3 || WORDS.contains(&word.as_str()) {
        return None;
    }
    let far = if word.len() < 6 { 1 } else { 2 };
    WORDS
        .iter()
        .map(|right| (strsim::osa_distance(&word, right), *right))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, right)| right)
}

/// What is wrong wherever it stands.
pub(crate) fn anywhere(tokens: &[TokenWithSpan]) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut skip = 0;
    for (index, token) in tokens.iter().enumerate() {
        if messages.len() >= MOST {
            break;
        }
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let next = tokens.get(index + 1).map(|token| &token.token);
        let at = span(token.span);
        match (&token.token, next) {
            (Token::Word(word), Some(Token::Number(number, _)))
                if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("limit") =>
            {
                let message = Message::new(105, "ADQL has no LIMIT clause").at(at);
                let offset = number_after(&tokens[index + 2..], "OFFSET");
                messages.push(message.hint(top_hint(number, offset)));
            }
            (Token::Word(word), Some(Token::SingleQuotedString(name)))
                if is_one_of(word, &["AS"]) =>
            {
                let message = Message::new(109, format!("'{name}' is a string, not a name"));
                let at = tokens.get(index + 1).and_then(|token| span(token.span));
                messages.push(message.at(at).hint(match grammar::is_regular(name) {
                    true => format!("write AS {name} without quotes, or AS \"{name}\""),
                    false => format!("write AS \"{name}\", in double quotes"),
                }));
            }
            (Token::Word(word), Some(Token::Number(..)))
                if word.value.eq_ignore_ascii_case("top") && third(tokens, index, "PERCENT") =>
            {
                messages.push(top(at));
            }
            (Token::Word(not), Some(Token::Word(null)))
                if is_one_of(not, &["NOT"])
                    && is_one_of(null, &["NULL"])
                    && index
                        .checked_sub(1)
                        .and_then(|before| tokens.get(before))
                        .is_some_and(ends_value) =>
            {
                let message = Message::new(119, "IS is missing before NOT NULL").at(at);
                messages.push(message.hint("write IS NOT NULL"));
            }
            (Token::Word(first), Some(Token::Word(second)))
                if is_one_of(first, &["AND", "OR", "WHERE", "HAVING"])
                    && is_one_of(second, &["BETWEEN", "LIKE", "ILIKE"]) =>
            {
                let sentence = format!("a value is missing after {}", first.value.to_uppercase());
                let message = Message::new(119, sentence).at(at);
                messages.push(message.hint(format!(
                    "each condition names its column: x > 1 AND x {} …",
                    second.value.to_uppercase()
                )));
            }
            (Token::Word(word), Some(Token::Number(..)))
                if word.value.eq_ignore_ascii_case("top") && distinct_after(&tokens[index..]) =>
            {
                let message = Message::new(120, "TOP before DISTINCT is not part of ADQL");
                messages.push(message.at(at).hint("write SELECT DISTINCT TOP n"));
            }
            (Token::Word(word), Some(follows)) if word.quote_style.is_none() => {
                let upper = word.value.to_ascii_uppercase();
                let wrong = match upper.as_str() {
                    "FETCH" => matches!(follows, Token::Word(_)),
                    "INTO" | "OVER" => matches!(follows, Token::Word(_) | Token::LParen),
                    "ANY" | "SOME" => *follows == Token::LParen,
                    "COUNT" => *follows == Token::Mul,
                    "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" => true,
                    _ => false,
                };
                if wrong {
                    let hint = match upper.as_str() {
                        "OVER" => foreign::function("ROW_NUMBER"),
                        "ANY" | "SOME" => Some("write IN for = ANY, or EXISTS (SELECT …)"),
                        "COUNT" => Some("write COUNT(*)"),
                        word => foreign::word(word),
                    };
                    let fetched = fetch_hint(tokens, index).filter(|_| upper == "FETCH");
                    let hint = fetched.as_deref().or(hint);
                    let sentence = match upper.as_str() {
                        "COUNT" => "COUNT without parentheses is not part of ADQL".to_owned(),
                        _ => format!("{upper} is not part of ADQL"),
                    };
                    messages.push(with_hint(Message::new(120, sentence).at(at), hint));
                }
            }
            (Token::Whitespace(_), _) => messages.push(
                Message::new(107, "/* … */ is not a comment of ADQL")
                    .at(at)
                    .hint("comments begin with -- and end with the line"),
            ),
            (Token::LBracket, _) => {
                let before = index.checked_sub(1).and_then(|i| word(tokens.get(i)?));
                let list = before.is_some_and(|word| word.eq_ignore_ascii_case("in"));
                messages.push(Message::new(120, "[…] is not part of ADQL").at(at).hint(
                    match list {
                        true => "a list stands in parentheses: IN ('a', 'b')",
                        false => "names of odd characters stand between double quotes: \"a name\"",
                    },
                ));
            }
            (Token::Sharp, _) => messages.push(
                Message::new(107, "# begins no comment of ADQL")
                    .at(at)
                    .hint("comments begin with -- and end with the line"),
            ),
            _ => {
                if let Some((message, length)) = angle::angle(tokens, index) {
                    messages.push(message);
                    skip = length - 1;
                }
                if let Some(message) = unquoted_date(&tokens[index..]) {
                    messages.push(message);
                    skip = 4;
                }
                if let Some((written, length)) = foreign_operator(&tokens[index..]) {
                    skip = length - 1;
                    let at = at.map(|at| Place {
                        length: written.len(),
                        ..at
                    });
                    let sentence = format!("{written} is not an operator of ADQL");
                    let hint = foreign::operator(&written);
                    messages.push(with_hint(Message::new(106, sentence).at(at), hint));
                }
            }
        }
    }
    if !messages.is_empty() {
        messages.extend(misspelled_between(tokens));
    }
    messages
}

/// Where something is wrong anyway, a word between two others that is nearly a
/// keyword: in ADQL three names or values never stand side by side.
fn misspelled_between(tokens: &[TokenWithSpan]) -> impl Iterator<Item = Message> {
    // A hostile text is of such words alone.
    const LOOKED_AT: usize = 1_000;
    let between = tokens.windows(4).filter_map(|four| {
        let [earlier, before, token, after] = four else {
            return None;
        };
        let top = word(earlier).is_some_and(|word| word.eq_ignore_ascii_case("top"));
        let written = word(token).filter(|word| !grammar::is_reserved(word))?;
        let limit = written.eq_ignore_ascii_case("limit");
        let good = !top && !limit && ends_value(before) && begins_value(after);
        good.then_some((token, written))
    });
    let looked_at = between.take(LOOKED_AT);
    looked_at.filter_map(|(token, written)| Some(not_a_word(token, written, misspelled(written)?)))
}

fn not_a_word(token: &TokenWithSpan, written: &str, right: &str) -> Message {
    let message = Message::new(118, format!("{written} is not a word of ADQL"));
    message.at(span(token.span)).hint(format!("write {right}"))
}

/// The number after a keyword, if these tokens begin with both.
fn number_after<'a>(tokens: &'a [TokenWithSpan], keyword: &str) -> Option<&'a str> {
    let [first, second, ..] = tokens else {
        return None;
    };
    match &second.token {
        Token::Number(number, _) if word(first)?.eq_ignore_ascii_case(keyword) => Some(number),
        _ => None,
    }
}

fn top_hint(number: &str, offset: Option<&str>) -> String {
    match offset {
        Some(offset) => {
            format!("write SELECT TOP {number} … OFFSET {offset}, with OFFSET at the end")
        }
        None => format!("write SELECT TOP {number} …"),
    }
}

/// `OFFSET 5 ROWS FETCH NEXT 3 ROWS ONLY`, of which FETCH stands at `index`.
fn fetch_hint(tokens: &[TokenWithSpan], index: usize) -> Option<String> {
    let number = ["NEXT", "FIRST"]
        .into_iter()
        .find_map(|keyword| number_after(tokens.get(index + 1..)?, keyword))?;
    let offset = (2..=3)
        .filter_map(|back| tokens.get(index.checked_sub(back)?..index))
        .find_map(|before| number_after(before, "OFFSET"));
    Some(top_hint(number, offset))
}

fn is_one_of(word: &Word, keywords: &[&str]) -> bool {
    let upper = word.value.to_ascii_uppercase();
    word.quote_style.is_none() && keywords.contains(&upper.as_str())
}

/// Whether the word two further is that keyword.
fn third(tokens: &[TokenWithSpan], index: usize, keyword: &str) -> bool {
    let third = tokens.get(index + 2).and_then(word);
    third.is_some_and(|word| word.eq_ignore_ascii_case(keyword))
}

/// `2020-01-01`, written in one, is 2018 to the grammar, which nobody means:
/// this is refused though it is ADQL.
fn unquoted_date(tokens: &[TokenWithSpan]) -> Option<Message> {
    let [year, minus, month, again, day, ..] = tokens else {
        return None;
    };
    let digits = |token: &TokenWithSpan, count: usize| match &token.token {
        Token::Number(digits, false) if digits.len() == count => Some(digits.clone()),
        _ => None,
    };
    let joined = [year, minus, month, again, day]
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a.span.end == b.span.start));
    if !joined || minus.token != Token::Minus || again.token != Token::Minus {
        return None;
    }
    let date = format!(
        "{}-{}-{}",
        digits(year, 4)?,
        digits(month, 2)?,
        digits(day, 2)?
    );
    let time = crate::time::parse(&date)?;
    let at = span(year.span).map(|at| Place { length: 10, ..at });
    let message = Message::new(306, format!("{date} without quotes is a subtraction")).at(at);
    Some(message.hint(format!(
        "write '{date}' for a time; as a Modified Julian Date, as in t_min, it is {}",
        crate::time::julian(time)
    )))
}

/// `TOP 10 DISTINCT`.
fn distinct_after(tokens: &[TokenWithSpan]) -> bool {
    let third = tokens.get(2).and_then(word);
    third.is_some_and(|word| ["DISTINCT", "ALL"].contains(&word.to_ascii_uppercase().as_str()))
}

/// An operator that ADQL does not have, and of how many tokens it is.
fn foreign_operator(tokens: &[TokenWithSpan]) -> Option<(String, usize)> {
    let token = tokens.first()?;
    let next = tokens
        .get(1)
        .filter(|next| next.span.start == token.span.end)
        .map(|next| &next.token);
    match (&token.token, next) {
        (Token::Eq, Some(Token::Eq)) => Some(("==".to_owned(), 2)),
        (Token::Eq, Some(Token::Lt)) => Some(("=<".to_owned(), 2)),
        (Token::Eq, Some(Token::Gt)) => Some(("=>".to_owned(), 2)),
        (Token::Eq, Some(Token::ExclamationMark)) => Some(("=!".to_owned(), 2)),
        (Token::Mul, Some(Token::Mul)) => Some(("**".to_owned(), 2)),
        (Token::Div, Some(Token::Div)) => Some(("//".to_owned(), 2)),
        (
            Token::DoubleEq
            | Token::RArrow
            | Token::Spaceship
            | Token::Overlap
            | Token::ExclamationMark
            | Token::DuckIntDiv
            | Token::DoubleColon
            | Token::Assignment
            | Token::TildeAsterisk
            | Token::ExclamationMarkTilde
            | Token::ExclamationMarkTildeAsterisk
            | Token::ShiftLeft
            | Token::ShiftRight,
            _,
        ) => Some((token.token.to_string(), 1)),
        _ => None,
    }
}

/// What is said of a reserved word that stands for a name (ADQL 2.1 section
/// 2.1.2).
pub(crate) fn reserved_word(written: &str, at: Option<Place>) -> Message {
    let upper = written.to_uppercase();
    match foreign::word(&upper) {
        Some(hint) => Message::new(120, format!("{upper} is not part of ADQL"))
            .at(at)
            .hint(hint),
        None => {
            let sentence =
                format!("{upper} is a reserved word of ADQL and cannot be a name as it stands");
            let hint = format!("write it in double quotes: \"{written}\"");
            Message::new(108, sentence).at(at).hint(hint)
        }
    }
}

fn top(at: Option<Place>) -> Message {
    let message = Message::new(111, "TOP takes an unsigned whole number").at(at);
    message.hint("write SELECT TOP 10 …")
}

fn with_hint(message: Message, hint: Option<&str>) -> Message {
    match hint {
        Some(hint) => message.hint(hint),
        None => message,
    }
}

/// The word a token is, without quotes.
fn word(token: &TokenWithSpan) -> Option<&str> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

fn is_structure(word: &str) -> bool {
    grammar::STRUCTURE.contains(&word.to_ascii_uppercase().as_str())
}

/// The clause that begins with this token.
fn clause(token: &TokenWithSpan) -> Option<&'static str> {
    let upper = word(token)?.to_ascii_uppercase();
    CLAUSES.iter().copied().find(|clause| *clause == upper)
}

fn is_operator(token: &Token) -> bool {
    matches!(
        token,
        Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::Gt
            | Token::LtEq
            | Token::GtEq
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::StringConcat
    )
}

fn ends_value(token: &TokenWithSpan) -> bool {
    match &token.token {
        Token::Number(..) | Token::SingleQuotedString(_) | Token::RParen => true,
        Token::Word(word) => word.quote_style.is_some() || !is_structure(&word.value),
        _ => false,
    }
}

fn begins_value(token: &TokenWithSpan) -> bool {
    match &token.token {
        Token::Number(..) | Token::SingleQuotedString(_) => true,
        Token::Word(word) => word.quote_style.is_some() || !is_structure(&word.value),
        _ => false,
    }
}
