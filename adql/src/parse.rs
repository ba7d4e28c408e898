//! Text → [`Syntax`]: what can be said of a query from its text alone.

use sqlparser::ast::{Query, Statement};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::grammar::{self, Adql};
use crate::message::{Message, Messages, Place};

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
        .map_err(|message| Messages::new(text, vec![message]))
}

fn parse_query(text: &str) -> Result<Query, Message> {
    if text.len() > MAX_BYTES {
        let sentence = format!(
            "the query is {} bytes long; at most {MAX_BYTES} are read",
            text.len()
        );
        return Err(Message::new(501, sentence)
            .hint("put long lists into a table and upload it, or send several queries"));
    }
    if text.trim().is_empty() {
        return Err(Message::new(101, "the query is empty"));
    }
    odd_characters(text)?;
    let mut tokens = Tokenizer::new(&Adql, text)
        .tokenize_with_location()
        .map_err(|error| {
            Message::new(102, lower_first(&error.message)).at(place(error.location, None))
        })?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)) || is_odd(&token.token));
    let tokens = grammar::soften(tokens);
    limits(&tokens)?;
    one_query(&tokens)?;
    likely_mistakes(&tokens)?;
    let end = tokens.last().map(|token| token.span.end);
    let mut parser = Parser::new(&Adql)
        .with_recursion_limit(MAX_DEPTH + 10)
        .with_tokens_with_locations(tokens);
    let mut statements = parser
        .parse_statements()
        .map_err(|error| syntax_error(error, end))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(*query),
        (Some(_), true) => Err(Message::new(103, "only SELECT queries can be sent")),
        _ => Err(Message::new(103, "exactly one query can be sent at a time")),
    }
}

/// sqlparser keeps comments as white space; `/* */` is not ADQL (2.1 section
/// 2.1.4 has `--` alone), so it is kept and refused.
fn is_odd(token: &Token) -> bool {
    matches!(token, Token::Whitespace(Whitespace::MultiLineComment(_)))
}

/// Quotes and blanks as word processors and web pages put them.
fn odd_characters(text: &str) -> Result<(), Message> {
    let mut quoted: Option<char> = None;
    for (line, content) in text.lines().enumerate() {
        let mut before = None;
        for (column, character) in content.chars().enumerate() {
            match (quoted, character) {
                (None, '-') if before == Some('-') => break,
                (None, '\'' | '"') => quoted = Some(character),
                (Some(quote), _) if quote == character => quoted = None,
                (None, '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{b4}' | '`') => {
                    let place = Place {
                        line: line + 1,
                        column: column + 1,
                        length: 1,
                    };
                    let sentence = format!("{character} is not a quotation mark of ADQL");
                    return Err(Message::new(104, sentence).at(Some(place)).hint(
                        "strings stand between straight ' marks, odd names between straight \" marks",
                    ));
                }
                _ => {}
            }
            before = Some(character);
        }
    }
    Ok(())
}

fn limits(tokens: &[TokenWithSpan]) -> Result<(), Message> {
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
            return Err(Message::new(502, sentence).at(at));
        }
        if joints > MAX_JOINTS {
            let sentence = format!("the query has more than {MAX_JOINTS} operators and conditions");
            return Err(Message::new(503, sentence)
                .at(at)
                .hint("write x IN (1, 2, …) for a chain of ORs, or upload the values as a table"));
        }
    }
    Ok(())
}

/// One SELECT, and nothing after it but a semicolon.
fn one_query(tokens: &[TokenWithSpan]) -> Result<(), Message> {
    let mut tokens = tokens
        .iter()
        .skip_while(|token| token.token == Token::LParen);
    if let Some(first) = tokens.next() {
        let select = match &first.token {
            Token::Word(word) => ["SELECT", "WITH"]
                .iter()
                .any(|w| word.value.eq_ignore_ascii_case(w)),
            Token::Whitespace(_) => true,
            _ => false,
        };
        if !select {
            let message = Message::new(103, "a query begins with SELECT or WITH");
            return Err(message.at(span(first.span)));
        }
    }
    let mut rest = tokens.skip_while(|token| token.token != Token::SemiColon);
    match rest.find(|token| token.token != Token::SemiColon) {
        Some(more) => {
            Err(Message::new(103, "exactly one query can be sent at a time").at(span(more.span)))
        }
        None => Ok(()),
    }
}

/// What people bring along from other dialects, told by the tokens alone.
fn likely_mistakes(tokens: &[TokenWithSpan]) -> Result<(), Message> {
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1).map(|token| &token.token);
        let at = span(token.span);
        match (&token.token, next) {
            (Token::Word(word), Some(Token::Number(number, _)))
                if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("limit") =>
            {
                return Err(Message::new(105, "ADQL has no LIMIT clause")
                    .at(at)
                    .hint(format!("write SELECT TOP {number} …")));
            }
            (Token::DoubleEq, _) | (Token::Eq, Some(Token::Eq)) => {
                return Err(Message::new(106, "== is not an operator of ADQL")
                    .at(at)
                    .hint("write = for equality"));
            }
            (Token::Whitespace(_), _) => {
                return Err(Message::new(107, "/* … */ is not a comment of ADQL")
                    .at(at)
                    .hint("comments begin with -- and end with the line"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// sqlparser says "Expected: X, found: Y at Line: 1, Column: 5".
fn syntax_error(error: ParserError, end: Option<Location>) -> Message {
    let text = match error {
        ParserError::RecursionLimitExceeded => {
            let sentence = format!("the query is nested more than {MAX_DEPTH} deep");
            return Message::new(502, sentence);
        }
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
    };
    let (sentence, location) = match text.rsplit_once(" at Line: ") {
        Some((sentence, rest)) => {
            let mut numbers = rest.split(", Column: ").map(|n| n.trim().parse::<u64>());
            let location = match (numbers.next(), numbers.next()) {
                (Some(Ok(line)), Some(Ok(column))) => Some(Location { line, column }),
                _ => None,
            };
            (sentence.to_owned(), location)
        }
        None => (text, end),
    };
    let found = sentence
        .split_once(", found: ")
        .map(|(_, found)| found.to_owned());
    let length = found.as_deref().filter(|found| *found != "EOF");
    let at = location.and_then(|location| place(location, length));
    let sentence = lower_first(
        &sentence
            .replace("Expected: ", "expected ")
            .replace(", found: EOF", ", but the query ends here"),
    )
    .replace(", found: ", ", found ")
    .replace("an expression", "a value or a condition");
    let message = Message::new(110, sentence).at(at);
    match found.filter(|found| grammar::is_reserved(found)) {
        Some(word) => message.hint(format!(
            "{} is a reserved word of ADQL; as a name it is written \"{}\"",
            word.to_uppercase(),
            word
        )),
        None => message,
    }
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
