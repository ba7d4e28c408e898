//! Why the words of a query could not be read any further: what is missing or
//! too much at the place where parsing stopped.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{
    CLAUSES, begins_value, clause, ends_value, is_operator, is_structure, misspelled, not_a_word,
    reserved_word, top, word,
};
use crate::foreign;
use crate::grammar;
use crate::message::{Message, Place};
use crate::parse::span;
use crate::units::Unit;

/// Why parsing stopped at `tokens[stopped]`, or at their end; None if nothing
/// better is known than what the parser expected.
pub(crate) fn why(tokens: &[TokenWithSpan], stopped: usize) -> Option<Message> {
    let stop = Stop {
        tokens,
        index: stopped.min(tokens.len()),
    };
    stop.with_query()
        .or_else(|| stop.sexagesimal())
        .or_else(|| stop.parenthesis())
        .or_else(|| stop.misspelling())
        .or_else(|| stop.comma_too_many())
        .or_else(|| stop.after_keyword())
        .or_else(|| stop.between())
        .or_else(|| stop.at_keyword())
        .or_else(|| stop.pattern())
        .or_else(|| stop.name())
        .or_else(|| stop.case())
        .or_else(|| stop.join())
        .or_else(|| {
            // A keyword may have been read as the value that is missing.
            (1..=stop.index).find_map(|index| Stop { tokens, index }.value_missing())
        })
        .or_else(|| stop.clause())
        .or_else(|| stop.reserved())
        .or_else(|| stop.inside_call())
        .or_else(|| stop.two_values())
}

/// The place where parsing stopped.
pub(super) struct Stop<'a> {
    pub tokens: &'a [TokenWithSpan],
    pub index: usize,
}

impl Stop<'_> {
    /// The token `back` before the one that could not be read.
    pub fn before(&self, back: usize) -> Option<&TokenWithSpan> {
        self.tokens.get(self.index.checked_sub(back)?)
    }

    pub fn found(&self) -> Option<&TokenWithSpan> {
        self.tokens.get(self.index)
    }

    /// The place of what could not be read, or of the end.
    pub fn place(&self) -> Option<Place> {
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
        if self.follows(1, "TOP") {
            return None;
        }
        [self.found(), self.before(1)]
            .into_iter()
            .flatten()
            .find_map(|token| {
                let written = word(token).filter(|word| !grammar::is_reserved(word))?;
                Some(not_a_word(token, written, misspelled(written)?))
            })
    }

    fn comma_too_many(&self) -> Option<Message> {
        self.comma_here().or_else(|| {
            // A clause may have been read as the part of the list that is missing.
            (1..self.index).find_map(|index| {
                let tokens = self.tokens;
                let here = Stop { tokens, index };
                clause(here.found()?).and_then(|_| here.comma_here())
            })
        })
    }

    fn comma_here(&self) -> Option<Message> {
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

    /// `05:35:17`.
    fn sexagesimal(&self) -> Option<Message> {
        let colon = self.found().filter(|token| token.token == Token::Colon)?;
        let first = self.before(1)?;
        if !matches!(first.token, Token::Number(..)) {
            let message = Message::new(119, ": is not a sign of ADQL").at(span(colon.span));
            return Some(message.hint("values stand in the query itself; there are no parameters"));
        }
        let message = Message::new(119, "an angle is written as a number of degrees");
        Some(message.at(span(first.span)).hint(
            "degrees are 15 * (hours + minutes / 60.0 + seconds / 3600.0) for a right ascension",
        ))
    }

    /// `LIKE M31%`.
    fn pattern(&self) -> Option<Message> {
        let percent = |token: Option<&TokenWithSpan>| token.is_some_and(|t| t.token == Token::Mod);
        let (at, like) = if percent(self.found()) {
            (self.found()?, self.before(1)?)
        } else if percent(self.before(1)) {
            (self.before(2)?, self.before(3)?)
        } else {
            return None;
        };
        let like = word(like)?.to_ascii_uppercase();
        match like.as_str() {
            "LIKE" | "ILIKE" => {
                let message = Message::new(119, format!("the pattern of {like} has no quotes"));
                Some(
                    message
                        .at(span(at.span))
                        .hint(format!("write {like} '%abc%'")),
                )
            }
            "TOP" => Some(top(span(at.span))),
            _ => None,
        }
    }

    pub fn follows(&self, back: usize, keyword: &str) -> bool {
        let before = self.before(back).and_then(word);
        before.is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    pub fn number_before(&self) -> bool {
        matches!(self.before(1), Some(token) if matches!(token.token, Token::Number(..)))
    }

    /// A name that begins with something else than a letter, or holds a sign.
    fn name(&self) -> Option<Message> {
        let found = self.found()?;
        let next = self
            .tokens
            .get(self.index + 1)
            .filter(|next| next.span.start == found.span.end);
        let named = self.before(1).is_some_and(|before| {
            let keyword = word(before).map(str::to_ascii_uppercase);
            matches!(keyword.as_deref(), Some("FROM" | "JOIN")) || before.token == Token::Period
        });
        let (written, first) = match &found.token {
            Token::Number(..) if named => (self.joined(0, 1), found),
            Token::Word(word)
                if self.number_before() && next.is_some_and(|n| n.token == Token::Period) =>
            {
                (format!("{}{word}", self.before(1)?.token), self.before(1)?)
            }
            Token::Minus if self.clause_around() == Some("FROM") => {
                (self.joined(1, 1), self.before(1)?)
            }
            Token::Char(_) | Token::Placeholder(_) => (self.joined(0, 1), found),
            other if other.to_string() == "_" => (self.joined(0, 1), found),
            _ => return None,
        };
        let message = Message::new(109, format!("{written} is not a name as it stands"));
        Some(message.at(span(first.span)).hint(format!(
            "names begin with a letter, and have letters, digits and _; others stand between \
             double quotes: \"{written}\""
        )))
    }

    /// The tokens around the place as they stand, if nothing is between them.
    fn joined(&self, before: usize, after: usize) -> String {
        let from = self.index.saturating_sub(before);
        let mut text = String::new();
        let mut end = None;
        for token in self.tokens.iter().skip(from).take(before + after + 1) {
            if end.is_some_and(|end| end != token.span.start) {
                break;
            }
            text.push_str(&token.token.to_string());
            end = Some(token.span.end);
        }
        text
    }

    /// A clause that stands in the wrong place, or twice.
    fn clause(&self) -> Option<Message> {
        let found = self.found()?;
        let here = clause(found)?;
        let next = self.tokens.get(self.index + 1);
        if let ("GROUP" | "ORDER", Some(next)) = (here, next)
            && !word(next).is_some_and(|word| word.eq_ignore_ascii_case("by"))
        {
            let message = Message::new(119, format!("{here} is followed by BY"));
            let hint = format!("write {here} BY {}", next.token);
            return Some(message.at(span(found.span)).hint(hint));
        }
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
                let message = Message::new(
                    122,
                    format!("{} stands after {}", whole(here), whole(earlier)),
                );
                let hint = match (here, earlier) {
                    ("WHERE", "GROUP") => {
                        "conditions on rows stand before GROUP BY, those on groups in HAVING"
                    }
                    _ => "the order is SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY, OFFSET",
                };
                return Some(message.at(span(found.span)).hint(hint));
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
        // `COUNT(*) AS number of rows`.
        if let Some(before) = self.before(1).and_then(word)
            && !is_structure(before)
        {
            let message = Message::new(119, format!("{written} follows the name {before}"));
            return Some(message.at(span(token.span)).hint(format!(
                "a name of several words stands in double quotes: \"{before} {written} …\"; \
                 names in a list are separated by commas"
            )));
        }
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
                            || ["BETWEEN", "LIKE", "ILIKE", "IN", "IS"].contains(&upper.as_str())
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
                    || (is_operator(&token.token)
                        && !matches!(token.token, Token::Plus | Token::Minus | Token::Mul))
            }
        };
        let keyword = word(last).map(str::to_ascii_uppercase);
        let what = match keyword.as_deref() {
            Some("WHERE" | "AND" | "OR" | "HAVING" | "ON" | "NOT" | "WHEN") => "a condition",
            Some("SELECT" | "BY" | "DISTINCT" | "ALL") => "a column",
            Some("FROM" | "JOIN") => "a table",
            Some("LIKE" | "ILIKE" | "BETWEEN" | "THEN" | "ELSE" | "TOP" | "OFFSET") => "a value",
            Some("UNION" | "EXCEPT" | "INTERSECT") => "a SELECT",
            None if last.token == Token::Mul && self.is_star() => return None,
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
        let message = message.at(self.place());
        // `x > 1 AND < 2`, `x > 1 AND BETWEEN 2 AND 3`.
        let condition = matches!(keyword.as_deref(), Some("AND" | "OR"));
        let goes_on = self.found().is_some_and(|token| {
            is_operator(&token.token)
                || word(token).is_some_and(|word| !CLAUSES.contains(&word.to_uppercase().as_str()))
        });
        Some(match condition && goes_on {
            true => message.hint("each condition names its column: x > 1 AND x < 2"),
            false => message,
        })
    }

    /// Whether the `*` before is not a product.
    fn is_star(&self) -> bool {
        let before = self.before(2);
        let counted = before.is_some_and(|token| matches!(token.token, Token::Number(..)))
            && self.follows(3, "TOP");
        counted || !before.is_some_and(ends_value)
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
        let star = last.token == Token::Mul && self.is_star();
        if !(star || ends_value(last)) || !begins_value(found) {
            return None;
        }
        let written = self.written();
        if matches!(last.token, Token::Number(..)) && last.span.end == found.span.start {
            let exponent = word(found).is_some_and(|word| word.eq_ignore_ascii_case("e"));
            if exponent || matches!(found.token, Token::Number(..)) {
                let message = Message::new(119, format!("{} is not a number", self.pair()));
                let message = message.at(span(last.span));
                return Some(message.hint("numbers are written 12, 12.5 and 1.25e-3"));
            }
            let message = Message::new(119, format!("{} is a number with a unit", self.pair()));
            let at = span(last.span).map(|at| Place {
                length: self.pair().chars().count(),
                ..at
            });
            let told = in_units_of_columns(last, found);
            return Some(message.at(at).hint(format!(
                "numbers are written without units, in the unit of the column{}",
                told.unwrap_or("; angles in degrees".to_owned())
            )));
        }
        let (sentence, hint) = match self.clause_around() {
            None | Some("SELECT") if in_units_of_columns(last, found).is_some() => (
                format!("{} is a number with a unit", self.pair()),
                format!(
                    "numbers are written without units, angles in degrees{}",
                    in_units_of_columns(last, found).unwrap_or_default()
                ),
            ),
            Some("WHERE" | "HAVING" | "ON")
                if matches!(last.token, Token::Number(..)) && word(found).is_some() =>
            {
                (
                    format!("an operator is missing before {written}"),
                    match in_units_of_columns(last, found) {
                        Some(told) => format!(
                            "numbers are written without units, in the unit of the column{told}"
                        ),
                        None => format!(
                            "conditions are joined by AND and OR; if {written} is a unit, leave \
                             it out: numbers are in the unit of the column, angles in degrees"
                        ),
                    },
                )
            }
            Some("WHERE" | "HAVING" | "ON") => {
                let operator = [found, last].into_iter().find_map(|token| {
                    let upper = word(token)?.to_ascii_uppercase();
                    Some((token, foreign::operator(&upper)?, upper))
                });
                if let Some((token, hint, upper)) = operator {
                    let sentence = format!("{upper} is not an operator of ADQL");
                    return Some(Message::new(106, sentence).at(span(token.span)).hint(hint));
                }
                let words = word(last).is_some()
                    && (word(found).is_some() || matches!(found.token, Token::Number(..)));
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
            clause => (
                format!("a comma is missing before {written}"),
                match clause
                    .filter(|clause| *clause == "SELECT")
                    .and_then(|_| self.run_of_names())
                {
                    Some(names) => format!(
                        "write {}; {} alone would be a new name of {}",
                        names.join(", "),
                        last.token,
                        names.first().map_or("", String::as_str)
                    ),
                    None => "the parts of a list are separated by commas".to_owned(),
                },
            ),
        };
        Some(Message::new(119, sentence).at(span(found.span)).hint(hint))
    }

    /// `obs_id s_ra s_dec`: the names side by side of which the place is the
    /// third.
    fn run_of_names(&self) -> Option<Vec<String>> {
        let name =
            |token: &&TokenWithSpan| matches!(token.token, Token::Word(_)) && ends_value(token);
        let run = self.tokens.get(self.index.checked_sub(2)?..)?;
        let run: Vec<String> = run
            .iter()
            .take_while(name)
            .map(|token| token.token.to_string())
            .collect();
        let next = self.tokens.get(self.index - 2 + run.len());
        let qualified = next.is_some_and(|next| next.token == Token::Period);
        (run.len() > 2 && !qualified).then_some(run)
    }

    /// The clause the place belongs to; None inside a list in parentheses.
    pub fn clause_around(&self) -> Option<&'static str> {
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

    pub fn written(&self) -> String {
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

/// A clause as it is called.
fn whole(clause: &str) -> String {
    match clause {
        "GROUP" | "ORDER" => format!("{clause} BY"),
        _ => clause.to_owned(),
    }
}

/// A number and the unit after it, in the units that columns most likely have
/// (ObsCore 1.1 section 3.3): `: 500 nm is 5e-7 m`.
fn in_units_of_columns(number: &TokenWithSpan, unit: &TokenWithSpan) -> Option<String> {
    let Token::Number(digits, _) = &number.token else {
        return None;
    };
    let value: f64 = digits.parse().ok()?;
    let written = word(unit)?;
    let given = Unit::read(written).filter(|unit| unit.unknown().is_none())?;
    let told = ["m", "deg", "s", "d"].into_iter().filter_map(|wanted| {
        let factor = given.factor_to(&Unit::read(wanted)?).ok()?;
        // Without the last digits, which the product made up.
        let shown: f64 = format!("{:.12e}", value * factor).parse().ok()?;
        Some(format!("{shown:?} {wanted}"))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!(": {digits} {written} is {}", told.join(" or ")))
}
