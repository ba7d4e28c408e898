//! Keywords that lack what belongs to them.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::stop::Stop;
use super::{CLAUSES, is_operator, is_structure, top, word};
use crate::message::Message;
use crate::parse::span;

impl Stop<'_> {
    /// What may follow the keyword before.
    pub fn after_keyword(&self) -> Option<Message> {
        let keyword = self.before(1)?;
        let written = self.written();
        let (sentence, hint) = match word(keyword)?.to_ascii_uppercase().as_str() {
            "IN" => (
                "IN is followed by a list in parentheses".to_owned(),
                match written.to_ascii_uppercase().as_str() {
                    "CIRCLE" | "POLYGON" | "BOX" | "REGION" => {
                        "write CONTAINS(point, circle) = 1 for a point in a circle".to_owned()
                    }
                    _ => format!("write IN ({written}, …)"),
                },
            ),
            "IS" => (
                "IS is followed by NULL or NOT NULL alone".to_owned(),
                match self.found().and_then(word) {
                    Some(name) => format!("write = '{name}'"),
                    None => format!("write = {written}"),
                },
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
            "TOP" => return Some(top(self.place())),
            "USING" => (
                "USING is followed by columns in parentheses".to_owned(),
                format!("write USING ({written})"),
            ),
            "AND" | "OR" if self.clause_around() == Some("FROM") => {
                let message = Message::new(119, "the conditions have no WHERE");
                return Some(
                    message
                        .at(span(keyword.span))
                        .hint("write WHERE before the first"),
                );
            }
            "UNION" | "EXCEPT" | "INTERSECT" => (
                format!("{} joins two SELECTs", word(keyword)?.to_uppercase()),
                "write SELECT … FROM … UNION SELECT … FROM …".to_owned(),
            ),
            "DATE" | "TIME" | "TIMESTAMP"
                if matches!(self.found()?.token, Token::SingleQuotedString(_)) =>
            {
                (
                    format!("{} before a string is not part of ADQL", word(keyword)?),
                    match &self.found()?.token {
                        Token::SingleQuotedString(text) => match crate::time::parse(text) {
                            Some(time) => format!(
                                "write {written} alone; for a Modified Julian Date, as in t_min, \
                                 write {}",
                                crate::time::julian(time)
                            ),
                            None => "write '2026-03-01' or '2026-03-01T12:34:56'".to_owned(),
                        },
                        _ => return None,
                    },
                )
            }
            _ => return None,
        };
        Some(Message::new(119, sentence).at(self.place()).hint(hint))
    }

    /// What has to stand beside the keyword, or sign, that could not be read.
    pub fn at_keyword(&self) -> Option<Message> {
        let found = self.found()?;
        let next = self.tokens.get(self.index + 1).map(|token| &token.token);
        let (sentence, hint) = match (&found.token, next) {
            _ if self.follows(2, "EXISTS") => (
                "EXISTS is followed by a subquery in parentheses",
                "write EXISTS (SELECT … FROM …), or x IS NOT NULL",
            ),
            (Token::RParen, _) if self.follows(2, "IN") => {
                ("IN () has no values", "write IN (1, 2, …)")
            }
            (Token::Comma, _) if self.follows(2, "TOP") && self.number_before() => {
                let message = Message::new(119, "no comma stands after TOP n");
                let hint = "leave it out: SELECT TOP 5 a, b FROM …";
                return Some(message.at(self.place()).hint(hint));
            }
            (Token::Comma, Some(Token::Number(..))) if self.number_before() => (
                "a decimal number is written with a point",
                "write 1.5 for 1,5",
            ),
            (Token::Comma, _)
                if matches!(self.clause_around(), Some("WHERE" | "HAVING" | "ON")) =>
            {
                (
                    "a comma stands in a condition",
                    "join conditions with AND and OR",
                )
            }
            _ => match (word(found)?.to_ascii_uppercase().as_str(), next) {
                ("NOT", Some(sign)) if is_operator(sign) => (
                    "NOT stands before a comparison, not inside it",
                    "write <> for inequality, or NOT (a = b)",
                ),
                ("EXISTS", _) => (
                    "EXISTS is followed by a subquery in parentheses",
                    "write EXISTS (SELECT … FROM …)",
                ),
                ("ON", _) => (
                    "ON belongs to a JOIN without NATURAL",
                    "write FROM a JOIN b ON …, or put the condition into WHERE",
                ),
                ("USING", _) => (
                    "USING belongs to a JOIN without NATURAL",
                    "write FROM a JOIN b USING (column)",
                ),
                ("ROW" | "ROWS", _) if self.follows(2, "OFFSET") => (
                    "OFFSET is followed by a number alone",
                    "leave ROWS out: OFFSET 5",
                ),
                ("AS", _) => ("there is a second AS", "a column or table has one name"),
                ("TOP", _) => ("TOP stands right after SELECT", "write SELECT TOP 10 …"),
                ("CONTAINS" | "INTERSECTS", _) => (
                    "CONTAINS and INTERSECTS are functions of geometries",
                    "write CONTAINS(a, b) = 1; in strings, LIKE '%M31%' searches",
                ),
                _ => return None,
            },
        };
        Some(Message::new(119, sentence).at(span(found.span)).hint(hint))
    }

    /// The parentheses and the AS of WITH.
    pub fn with_query(&self) -> Option<Message> {
        let [with, name, third, fourth, ..] = self.tokens else {
            return None;
        };
        if !word(with)?.eq_ignore_ascii_case("with") {
            return None;
        }
        let query =
            |token: &TokenWithSpan| word(token).is_some_and(|w| w.eq_ignore_ascii_case("select"));
        let sentence = if word(name).is_some_and(|w| w.eq_ignore_ascii_case("recursive")) {
            "WITH RECURSIVE is not part of ADQL".to_owned()
        } else if third.token == Token::LParen && query(fourth) {
            format!("AS is missing after {}", name.token)
        } else if query(fourth) {
            "the query of WITH stands in parentheses".to_owned()
        } else {
            return None;
        };
        let message = Message::new(119, sentence).at(span(name.span));
        Some(message.hint("write WITH a AS (SELECT … FROM …) SELECT … FROM a"))
    }

    /// CASE without its END.
    pub fn case(&self) -> Option<Message> {
        let count = |keyword: &str| {
            let words = self.tokens.iter().filter_map(word);
            words
                .filter(|word| word.eq_ignore_ascii_case(keyword))
                .count()
        };
        if count("CASE") <= count("END") {
            return None;
        }
        let is_case =
            |token: &&TokenWithSpan| word(token).is_some_and(|w| w.eq_ignore_ascii_case("case"));
        let case = self.tokens.iter().find(is_case)?;
        let message = Message::new(119, "CASE has no END").at(span(case.span));
        Some(message.hint("write CASE WHEN condition THEN value ELSE value END"))
    }

    /// LEFT, INNER, … without JOIN.
    pub fn join(&self) -> Option<Message> {
        const KINDS: &[&str] = &[
            "LEFT", "RIGHT", "FULL", "INNER", "OUTER", "NATURAL", "CROSS",
        ];
        self.tokens.windows(2).find_map(|pair| {
            let [kind, next] = pair else { return None };
            let kind_word = word(kind)?.to_ascii_uppercase();
            let next_word = word(next)?.to_ascii_uppercase();
            let good = next_word == "JOIN" || KINDS.contains(&next_word.as_str());
            if good || !KINDS.contains(&kind_word.as_str()) || is_structure(&next_word) {
                return None;
            }
            let message = Message::new(119, format!("JOIN is missing after {kind_word}"));
            let hint = format!("write {kind_word} JOIN table ON …");
            Some(message.at(span(kind.span)).hint(hint))
        })
    }

    /// BETWEEN without its AND.
    pub fn between(&self) -> Option<Message> {
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
}
