//! Text → [`Syntax`]: what can be said of a query from its text alone.

use sqlparser::ast::{Query, Statement};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::foreign;
use crate::grammar::{self, Adql};
use crate::message::{Message, Messages, Place};
use crate::mistakes;

/// Longest query, in bytes: room for a MOC or a few thousand identifiers.
pub const MAX_BYTES: usize = 1 << 20;
/// Most operators and other joints (`AND`, `+`, `UNION`, …) of one query. The
/// parser makes a tree as deep as a chain is long, and a deep tree may not be
/// walked on an ordinary stack.
pub const MAX_JOINTS: usize = 1_000;
/// Deepest nesting of parentheses, subqueries and `NOT`s.
pub const MAX_DEPTH: usize = 40;

/// A parsed query. Nothing is known of its names yet.
#[derive(Debug)]
pub struct Syntax {
    pub(crate) text: String,
    pub(crate) query: Query,
}

/// Parses one ADQL query. A final `;` is accepted.
pub fn parse(text: &str) -> Result<Syntax, Messages> {
    parse_query(text)
        .map(|query| Syntax {
            text: text.to_owned(),
            query,
        })
        .map_err(|messages| Messages::new(text, messages))
}

fn parse_query(text: &str) -> Result<Query, Vec<Message>> {
    let tokens = read_tokens(text)?;
    limits(&tokens)?;
    one_query(&tokens)?;
    let certain = mistakes::anywhere(&tokens);
    if !certain.is_empty() {
        return Err(certain);
    }
    let end = tokens.last().map(|token| token.span.end);
    let mut parser = Parser::new(&Adql)
        .with_recursion_limit(MAX_DEPTH + 10)
        .with_tokens_with_locations(tokens);
    let mut statements = parser
        .parse_statements()
        .map_err(|error| vec![syntax_error(error, text, end)])?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(*query),
        (Some(_), true) => Err(vec![Message::new(103, "only SELECT queries can be sent")]),
        _ => Err(vec![Message::new(
            103,
            "exactly one query can be sent at a time",
        )]),
    }
}

/// The words of a query, without white space and comments.
fn read_tokens(text: &str) -> Result<Vec<TokenWithSpan>, Vec<Message>> {
    if text.len() > MAX_BYTES {
        let sentence = format!(
            "the query is {} bytes long; at most {MAX_BYTES} are read",
            text.len()
        );
        let message = Message::new(501, sentence);
        let hint = "put long lists into a table and upload it, or send several queries";
        return Err(vec![message.hint(hint)]);
    }
    if text.trim().is_empty() {
        let message = Message::new(101, "the query is empty");
        return Err(vec![
            message.hint("write SELECT column, … FROM table WHERE condition"),
        ]);
    }
    let odd = odd_characters(text);
    if !odd.is_empty() {
        return Err(odd);
    }
    let mut tokens = Tokenizer::new(&Adql, text)
        .tokenize_with_location()
        .map_err(|error| vec![not_closed(&error.message, place(error.location, None))])?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)) || is_odd(&token.token));
    Ok(grammar::soften(tokens))
}

/// The tokenizer fails where something begins that has no end.
fn not_closed(reason: &str, at: Option<Place>) -> Message {
    let (what, hint) = if reason.contains("string") {
        (
            "string",
            "a string ends with '; a ' inside it is written twice: 'O''Neill'",
        )
    } else if reason.contains("delimiter") {
        (
            "name",
            "a name that begins with \" ends with \"; strings stand between '",
        )
    } else {
        ("comment", "comments begin with -- and end with the line")
    };
    Message::new(102, format!("the {what} that begins here has no end"))
        .at(at)
        .hint(hint)
}

/// sqlparser keeps comments as white space; `/* */` is not ADQL (2.1 section
/// 2.1.10 has `--` alone), so it is kept and refused.
fn is_odd(token: &Token) -> bool {
    matches!(token, Token::Whitespace(Whitespace::MultiLineComment(_)))
}

/// Quotes, blanks and signs as word processors and web pages put them: the
/// first of each kind.
fn odd_characters(text: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let mut quoted: Option<char> = None;
    for (line, content) in text.lines().enumerate() {
        let mut before = None;
        for (column, character) in content.chars().enumerate() {
            match (quoted, character) {
                (None, '-') if before == Some('-') => break,
                (None, '\'' | '"') => quoted = Some(character),
                (Some(quote), _) if quote == character => quoted = None,
                (None, '`' | '\u{80}'..) => {
                    let place = Place {
                        line: line + 1,
                        column: column + 1,
                        length: 1,
                    };
                    let message = odd_character(character).at(Some(place));
                    if !messages.iter().any(|other| other.hint == message.hint) {
                        messages.push(message);
                    }
                }
                _ => {}
            }
            before = Some(character);
        }
    }
    messages
}

/// A character that stands in no query but inside quotes and comments (ADQL
/// 2.1 section 2.1.1).
fn odd_character(character: char) -> Message {
    const QUOTES: &str =
        "strings stand between straight ' marks, odd names between straight \" marks";
    let (what, hint) = match character {
        '\u{2018}'..='\u{201f}'
        | '\u{b4}'
        | '`'
        | '\u{2032}'
        | '\u{2033}'
        | '\u{ab}'
        | '\u{bb}' => ("a quotation mark", QUOTES),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => ("a minus sign", "write -"),
        '≥' => ("an operator", "write >="),
        '≤' => ("an operator", "write <="),
        '≠' => ("an operator", "write <>"),
        '×' | '·' => ("an operator", "write *"),
        '÷' => ("an operator", "write /"),
        '°' | 'º' => ("a unit", "angles are numbers of degrees, without a sign"),
        '，' | '（' | '）' | '；' => ("a sign", "write , ( ) ; as on an English keyboard"),
        _ if character.is_whitespace() || !character.is_alphanumeric() => {
            let sentence = format!(
                "there is the character U+{:04X}, which may be invisible",
                u32::from(character)
            );
            return Message::new(104, sentence).hint("replace it by a plain blank");
        }
        _ => (
            "a letter",
            "names with such letters stand between double quotes: \"…\"",
        ),
    };
    Message::new(104, format!("{character} is not {what} of ADQL")).hint(hint)
}

fn limits(tokens: &[TokenWithSpan]) -> Result<(), Vec<Message>> {
    let mut joints = 0;
    let mut depth = 0usize;
    for token in tokens {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Comma | Token::Period | Token::Number(..) | Token::SemiColon => {}
            Token::SingleQuotedString(_) | Token::HexStringLiteral(_) => {}
            Token::Word(word) => {
                use sqlparser::keywords::Keyword::*;
                let joint = matches!(
                    word.keyword,
                    AND | OR | NOT | UNION | EXCEPT | INTERSECT | JOIN | CASE | WHEN | SELECT
                );
                joints += usize::from(joint);
            }
            _ => joints += 1,
        }
        let at = span(token.span);
        if depth > MAX_DEPTH {
            let sentence = format!("parentheses are nested more than {MAX_DEPTH} deep here");
            let message = Message::new(502, sentence).at(at);
            return Err(vec![
                message.hint("take a part of it into WITH a AS (SELECT …)"),
            ]);
        }
        if joints > MAX_JOINTS {
            let sentence = format!("the query has more than {MAX_JOINTS} operators and conditions");
            let message = Message::new(503, sentence).at(at);
            let hint = "write x IN (1, 2, …) for a chain of ORs, or upload the values as a table";
            return Err(vec![message.hint(hint)]);
        }
    }
    Ok(())
}

/// One SELECT, and nothing after it but a semicolon.
fn one_query(tokens: &[TokenWithSpan]) -> Result<(), Vec<Message>> {
    let mut tokens = tokens
        .iter()
        .skip_while(|token| token.token == Token::LParen);
    if let Some(first) = tokens.next() {
        let (select, word) = match &first.token {
            Token::Word(word) => (
                ["SELECT", "WITH"]
                    .iter()
                    .any(|w| word.value.eq_ignore_ascii_case(w)),
                word.value.to_ascii_uppercase(),
            ),
            Token::Whitespace(_) => (true, String::new()),
            _ => (false, String::new()),
        };
        if !select {
            let message = Message::new(103, "a query begins with SELECT or WITH");
            let hint = match mistakes::misspelled(&word) {
                Some(right @ ("SELECT" | "WITH")) => format!("write {right}"),
                _ => foreign::statement(&word).to_owned(),
            };
            return Err(vec![message.at(span(first.span)).hint(hint)]);
        }
    }
    let mut rest = tokens.skip_while(|token| token.token != Token::SemiColon);
    match rest.find(|token| token.token != Token::SemiColon) {
        Some(more) => {
            let message = Message::new(103, "exactly one query can be sent at a time");
            let hint = "send what follows the ; as a query of its own";
            Err(vec![message.at(span(more.span)).hint(hint)])
        }
        None => Ok(()),
    }
}

/// sqlparser says "Expected: X, found: Y at Line: 1, Column: 5".
fn syntax_error(error: ParserError, text: &str, end: Option<Location>) -> Message {
    let said = match error {
        ParserError::RecursionLimitExceeded => {
            let sentence = format!("the query is nested more than {MAX_DEPTH} deep");
            return Message::new(502, sentence);
        }
        ParserError::TokenizerError(said) | ParserError::ParserError(said) => said,
    };
    let (sentence, location) = match said.rsplit_once(" at Line: ") {
        Some((sentence, rest)) => {
            let mut numbers = rest.split(", Column: ").map(|n| n.trim().parse::<u64>());
            let location = match (numbers.next(), numbers.next()) {
                (Some(Ok(line)), Some(Ok(column))) => Some(Location { line, column }),
                _ => None,
            };
            (sentence.to_owned(), location)
        }
        None => (said, None),
    };
    // The parser has taken the tokens with it.
    let tokens = read_tokens(text).unwrap_or_default();
    let found = sentence.split_once(", found: ").map(|(_, found)| found);
    let mut stopped = tokens
        .iter()
        .position(|token| Some(token.span.start) == location)
        .unwrap_or(tokens.len());
    let written = |index: usize| tokens.get(index).map(|token| token.token.to_string());
    // It may have gone one word further than the one it speaks of.
    if let (Some(found), Some(before)) = (found, stopped.checked_sub(1))
        && found != "EOF"
        && written(stopped).as_deref() != Some(found)
        && written(before).as_deref() == Some(found)
    {
        stopped = before;
    }
    if let Some(message) = mistakes::why(&tokens, stopped) {
        return message;
    }
    let at = match tokens.get(stopped) {
        Some(token) => span(token.span),
        None => location.or(end).and_then(|location| place(location, None)),
    };
    let sentence = lower_first(
        &sentence
            .replace("Expected: ", "expected ")
            .replace(", found: EOF", ", but the query ends here"),
    )
    .replace(", found: ", ", found ")
    .replace("an expression", "a value or a condition");
    Message::new(110, sentence).at(at)
}

fn lower_first(sentence: &str) -> String {
    let mut characters = sentence.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn place(location: Location, found: Option<&str>) -> Option<Place> {
    (location.line > 0).then(|| Place {
        line: location.line as usize,
        column: location.column.max(1) as usize,
        length: found.map_or(1, |found| found.chars().count().max(1)),
    })
}

/// sqlparser's spans end one past the last character.
pub(crate) fn span(span: Span) -> Option<Place> {
    if span.start.line == 0 {
        return None;
    }
    let length = if span.end.line == span.start.line {
        span.end.column.saturating_sub(span.start.column).max(1)
    } else {
        1
    };
    Some(Place {
        line: span.start.line as usize,
        column: span.start.column as usize,
        length: length as usize,
    })
}
