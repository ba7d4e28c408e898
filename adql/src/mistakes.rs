//! What people bring along from other dialects, mistype or forget, found in
//! the words of a query alone: before it is parsed what is wrong anywhere, and
//! where parsing stopped the likely reason.
//!
//! Must not know: tables, columns. Must not refuse anything that is ADQL.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::foreign;
use crate::grammar;
use crate::message::{Message, Place};
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
                messages.push(message.hint(format!("write SELECT TOP {number} …")));
            }
            (Token::Word(word), Some(follows)) if word.quote_style.is_none() => {
                let upper = word.value.to_ascii_uppercase();
                let wrong = match upper.as_str() {
                    "FETCH" => matches!(follows, Token::Word(_)),
                    "INTO" | "OVER" => matches!(follows, Token::Word(_) | Token::LParen),
                    "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" => true,
                    _ => false,
                };
                if wrong {
                    let hint = match upper.as_str() {
                        "OVER" => foreign::function("ROW_NUMBER"),
                        word => foreign::word(word),
                    };
                    let message = Message::new(120, format!("{upper} is not part of ADQL")).at(at);
                    messages.push(with_hint(message, hint));
                }
            }
            (Token::Whitespace(_), _) => messages.push(
                Message::new(107, "/* … */ is not a comment of ADQL")
                    .at(at)
                    .hint("comments begin with -- and end with the line"),
            ),
            (Token::LBracket, _) => messages.push(
                Message::new(120, "[…] is not part of ADQL")
                    .at(at)
                    .hint("names of odd characters stand between double quotes: \"a name\""),
            ),
            (Token::Sharp, _) => messages.push(
                Message::new(107, "# begins no comment of ADQL")
                    .at(at)
                    .hint("comments begin with -- and end with the line"),
            ),
            _ => {
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
    messages
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

/// Why parsing stopped at `tokens[stopped]`, or at their end; None if nothing
/// better is known than what the parser expected.
pub(crate) fn why(tokens: &[TokenWithSpan], stopped: usize) -> Option<Message> {
    let stop = Stop {
        tokens,
        index: stopped.min(tokens.len()),
    };
    stop.parenthesis()
        .or_else(|| stop.misspelling())
        .or_else(|| stop.comma_too_many())
        .or_else(|| stop.after_keyword())
        .or_else(|| stop.clause())
        .or_else(|| stop.reserved())
        .or_else(|| stop.value_missing())
        .or_else(|| stop.inside_call())
        .or_else(|| stop.two_values())
}

/// The place where parsing stopped.
struct Stop<'a> {
    tokens: &'a [TokenWithSpan],
    index: usize,
}

impl Stop<'_> {
    /// The token `back` before the one that could not be read.
    fn before(&self, back: usize) -> Option<&TokenWithSpan> {
        self.tokens.get(self.index.checked_sub(back)?)
    }

    fn found(&self) -> Option<&TokenWithSpan> {
        self.tokens.get(self.index)
    }

    /// The place of what could not be read, or of the end.
    fn place(&self) -> Option<Place> {
        match self.found() {
            Some(found) => span(found.span),
            None => span(self.tokens.last()?.span).map(|last| Place {
                column: last.column + last.length,
                length: 1,
                ..last
            }),
        }
    }

    fn parenthesis(&self) -> Option<Message> {
        let mut open = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            match token.token {
                Token::LParen => open.push(index),
                Token::RParen if open.pop().is_none() => {
                    let message = Message::new(121, "this parenthesis closes nothing");
                    return Some(message.at(span(token.span)).hint("leave it out"));
                }
                _ => {}
            }
        }
        let index = *open.last()?;
        let of = match index
            .checked_sub(1)
            .and_then(|before| word(self.tokens.get(before)?))
        {
            Some(name) if !is_structure(name) => format!("the parenthesis after {name}"),
            _ => "this parenthesis".to_owned(),
        };
        Some(
            Message::new(121, format!("{of} is not closed"))
                .at(span(self.tokens.get(index)?.span))
                .hint("put a ) where it ends"),
        )
    }

    /// The word that could not be read, or the one before it, is nearly a word
    /// of the language.
    fn misspelling(&self) -> Option<Message> {
        [self.found(), self.before(1)]
            .into_iter()
            .flatten()
            .find_map(|token| {
                let written = word(token)?;
                let right = misspelled(written)?;
                let message = Message::new(118, format!("{written} is not a word of ADQL"));
                Some(message.at(span(token.span)).hint(format!("write {right}")))
            })
    }

    fn comma_too_many(&self) -> Option<Message> {
        let comma = self.before(1).filter(|token| token.token == Token::Comma)?;
        let what = match self.found() {
            None => "at the end of the query".to_owned(),
            Some(token) => match &token.token {
                Token::RParen | Token::Comma => format!("before {}", token.token),
                _ => format!("before {}", clause(token)?),
            },
        };
        let message = Message::new(119, format!("there is a comma too many {what}"));
        Some(message.at(span(comma.span)).hint("leave it out"))
    }

    /// What may follow the keyword before.
    fn after_keyword(&self) -> Option<Message> {
        let keyword = self.before(1)?;
        let written = self.written();
        let (sentence, hint) = match word(keyword)?.to_ascii_uppercase().as_str() {
            "IN" => (
                "IN is followed by a list in parentheses".to_owned(),
                format!("write IN ({written})"),
            ),
            "GROUP" | "ORDER" => {
                let keyword = word(keyword)?.to_ascii_uppercase();
                let hint = format!("write {keyword} BY {written}");
                (format!("{keyword} is followed by BY"), hint)
            }
            "IS" => (
                "IS is followed by NULL or NOT NULL alone".to_owned(),
                format!("write = {written}"),
            ),
            "NOT"
                if self
                    .before(2)
                    .and_then(word)
                    .is_some_and(|w| w.eq_ignore_ascii_case("is")) =>
            {
                (
                    "IS NOT is followed by NULL alone".to_owned(),
                    format!("write <> {written}"),
                )
            }
            "NOT" if self.found().is_some_and(|t| t.token == Token::Eq) => (
                "NOT = is not an operator of ADQL".to_owned(),
                "write <> for inequality".to_owned(),
            ),
            "DATE" | "TIME" | "TIMESTAMP"
                if matches!(self.found()?.token, Token::SingleQuotedString(_)) =>
            {
                (
                    format!("{} before a string is not part of ADQL", word(keyword)?),
                    format!("write CAST({written} AS TIMESTAMP), or the string alone"),
                )
            }
            "EXISTS" => (
                "EXISTS is followed by a subquery in parentheses".to_owned(),
                "write EXISTS (SELECT … FROM …)".to_owned(),
            ),
            _ => return self.between(),
        };
        Some(Message::new(119, sentence).at(self.place()).hint(hint))
    }

    /// BETWEEN without its AND.
    fn between(&self) -> Option<Message> {
        let mut depth = 0usize;
        for token in self.tokens.get(..self.index)?.iter().rev() {
            match &token.token {
                Token::RParen => depth += 1,
                Token::LParen => depth = depth.checked_sub(1)?,
                _ if depth > 0 => {}
                _ => match word(token).map(str::to_ascii_uppercase).as_deref() {
                    Some("BETWEEN") => {
                        return Some(
                            Message::new(119, "BETWEEN takes two values with AND between them")
                                .at(self.place())
                                .hint("write x BETWEEN low AND high"),
                        );
                    }
                    Some(word) if word == "AND" || CLAUSES.contains(&word) => return None,
                    _ => {}
                },
            }
        }
        None
    }

    /// A clause that stands in the wrong place, or twice.
    fn clause(&self) -> Option<Message> {
        let found = self.found()?;
        let here = clause(found)?;
        let rank = CLAUSES.iter().position(|clause| *clause == here)?;
        let mut depth = 0usize;
        for token in self.tokens.get(..self.index)?.iter().rev() {
            match token.token {
                Token::RParen => depth += 1,
                Token::LParen if depth == 0 => break,
                Token::LParen => depth -= 1,
                _ => {}
            }
            let Some(earlier) = clause(token).filter(|_| depth == 0) else {
                continue;
            };
            if earlier == here && matches!(here, "WHERE" | "HAVING") {
                let message = Message::new(122, format!("there is a second {here}"));
                return Some(
                    message
                        .at(span(found.span))
                        .hint("join the conditions with AND"),
                );
            }
            if CLAUSES.iter().position(|c| *c == earlier)? > rank && here != "SELECT" {
                let message = Message::new(122, format!("{here} stands after {earlier}"));
                return Some(
                    message.at(span(found.span)).hint(
                        "the order is SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY, OFFSET",
                    ),
                );
            }
        }
        None
    }

    /// A reserved word where a name would be read.
    fn reserved(&self) -> Option<Message> {
        let name = |token: &TokenWithSpan| {
            let word = word(token)?;
            (grammar::is_reserved(word) && !is_structure(word)).then(|| word.to_owned())
        };
        let after = |word_before: &str| {
            let before = self.before(2).and_then(word);
            before.is_some_and(|word| word.eq_ignore_ascii_case(word_before))
        };
        // `x AS end FROM`: the keyword was read as the name, what follows was not.
        if after("AS")
            && let Some(token) = self.before(1)
            && let Some(written) = word(token).filter(|word| grammar::is_reserved(word))
        {
            let upper = written.to_uppercase();
            if CLAUSES.contains(&upper.as_str()) {
                let message =
                    Message::new(119, format!("a name is missing between AS and {upper}"));
                return Some(
                    message
                        .at(span(token.span))
                        .hint("write AS name, or leave AS out"),
                );
            }
            return Some(self.quote(written, token));
        }
        let token = self.found()?;
        let written = name(token)?;
        Some(match foreign::word(&written.to_ascii_uppercase()) {
            Some(hint) => Message::new(
                120,
                format!("{} is not part of ADQL", written.to_uppercase()),
            )
            .at(span(token.span))
            .hint(hint),
            None => self.quote(&written, token),
        })
    }

    fn quote(&self, written: &str, token: &TokenWithSpan) -> Message {
        reserved_word(written, span(token.span))
    }

    /// An operator or a keyword that nothing follows.
    fn value_missing(&self) -> Option<Message> {
        let last = self.before(1)?;
        let ends = match self.found() {
            None => true,
            Some(token) => {
                matches!(token.token, Token::RParen | Token::SemiColon)
                    || word(token).is_some_and(|word| {
                        let upper = word.to_ascii_uppercase();
                        CLAUSES.contains(&upper.as_str())
                            || [
                                "AND",
                                "OR",
                                "UNION",
                                "EXCEPT",
                                "INTERSECT",
                                "ON",
                                "ASC",
                                "DESC",
                            ]
                            .contains(&upper.as_str())
                    })
                    || is_operator(&token.token)
            }
        };
        let keyword = word(last).map(str::to_ascii_uppercase);
        let what = match keyword.as_deref() {
            Some("WHERE" | "AND" | "OR" | "HAVING" | "ON" | "NOT" | "WHEN") => "a condition",
            Some("SELECT" | "BY" | "DISTINCT" | "ALL") => "a column",
            Some("FROM" | "JOIN") => "a table",
            Some("LIKE" | "ILIKE" | "BETWEEN" | "THEN" | "ELSE" | "TOP" | "OFFSET") => "a value",
            Some("UNION" | "EXCEPT" | "INTERSECT") => "a SELECT",
            None if is_operator(&last.token) => "a value",
            _ => return None,
        };
        if !ends {
            return None;
        }
        let after = match &keyword {
            Some(keyword) => keyword.clone(),
            None => last.token.to_string(),
        };
        let message = Message::new(119, format!("{what} is missing after {after}"));
        Some(message.at(self.place()))
    }

    /// A function of another dialect whose arguments have a grammar of their own.
    fn inside_call(&self) -> Option<Message> {
        let mut depth = 0usize;
        for (index, token) in self.tokens.get(..self.index)?.iter().enumerate().rev() {
            match token.token {
                Token::RParen => depth += 1,
                Token::LParen if depth > 0 => depth -= 1,
                Token::LParen => {
                    let call = self.tokens.get(index.checked_sub(1)?)?;
                    let name = word(call)?;
                    let hint = foreign::function(&name.to_ascii_uppercase())?;
                    let message = Message::new(208, format!("there is no function {name}"));
                    return Some(message.at(span(call.span)).hint(hint));
                }
                _ => {}
            }
        }
        None
    }

    /// Two values side by side.
    fn two_values(&self) -> Option<Message> {
        let (last, found) = (self.before(1)?, self.found()?);
        if !ends_value(last) || !begins_value(found) {
            return None;
        }
        let written = self.written();
        if matches!(last.token, Token::Number(..)) && last.span.end == found.span.start {
            let message = Message::new(119, format!("{} is a number with a unit", self.pair()));
            return Some(message.at(span(last.span)).hint(
                "numbers are written without units, in the unit of the column; angles in degrees",
            ));
        }
        let (sentence, hint) = match self.clause_around() {
            Some("WHERE" | "HAVING" | "ON") => {
                let words = word(last).is_some() && word(found).is_some();
                (
                    format!("an operator is missing before {written}"),
                    match words {
                        true => format!(
                            "conditions are joined by AND and OR; a string stands in quotes: '{}'",
                            self.pair()
                        ),
                        false => "conditions are joined by AND and OR".to_owned(),
                    },
                )
            }
            _ => (
                format!("a comma is missing before {written}"),
                "the parts of a list are separated by commas".to_owned(),
            ),
        };
        Some(Message::new(119, sentence).at(span(found.span)).hint(hint))
    }

    /// The clause the place belongs to; None inside a list in parentheses.
    fn clause_around(&self) -> Option<&'static str> {
        let mut depth = 0usize;
        for (index, token) in self.tokens.get(..self.index)?.iter().enumerate().rev() {
            match token.token {
                Token::RParen => depth += 1,
                Token::LParen if depth > 0 => depth -= 1,
                // A list, unless it groups a condition.
                Token::LParen => {
                    let before = index.checked_sub(1).and_then(|i| self.tokens.get(i))?;
                    match word(before) {
                        Some(w) if is_structure(w) && !w.eq_ignore_ascii_case("in") => {}
                        _ => return None,
                    }
                }
                _ if depth == 0 => {
                    let upper = word(token).map(str::to_ascii_uppercase);
                    let known = ["ON", "WHERE", "HAVING", "SELECT", "FROM", "GROUP", "ORDER"];
                    let known = known.iter().find(|known| upper.as_deref() == Some(known));
                    if let Some(known) = known {
                        return Some(known);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn written(&self) -> String {
        self.found()
            .map_or_else(|| "…".to_owned(), |found| found.token.to_string())
    }

    /// The last two words as they stand, with what was between them.
    fn pair(&self) -> String {
        match (self.before(1), self.found()) {
            (Some(a), Some(b)) if a.span.end == b.span.start => format!("{}{}", a.token, b.token),
            (Some(a), Some(b)) => format!("{} {}", a.token, b.token),
            _ => String::new(),
        }
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
