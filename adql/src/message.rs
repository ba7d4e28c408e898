//! What we tell the person who wrote the query: a code, a sentence, the place
//! in the text, and a hint where one can be given.
//!
//! Codes by stage: 1xx text, 2xx names, 3xx types, 4xx geometry, 5xx limits.

use std::fmt;

/// Where in the text, counted from 1 in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    /// Characters, at least 1; never past the end of the line.
    pub length: usize,
}

/// One thing that is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub code: u16,
    pub sentence: String,
    pub place: Option<Place>,
    pub hint: Option<String>,
}

impl Message {
    pub fn new(code: u16, sentence: impl Into<String>) -> Message {
        Message {
            code,
            sentence: sentence.into(),
            place: None,
            hint: None,
        }
    }

    pub fn at(mut self, place: Option<Place>) -> Message {
        self.place = place;
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Message {
        self.hint = Some(hint.into());
        self
    }
}

/// Everything that is wrong with one query, in the order of the text.
///
/// ```
/// let error = adql::parse("SELECT * FROM t WHERE a ==  1").unwrap_err();
/// assert!(error.to_string().starts_with("ADQL-1"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// The query as typed.
    pub text: String,
    pub messages: Vec<Message>,
}

/// Most things that are said of one query: a hostile text has a fault in every
/// word, and people read the first few.
pub(crate) const MOST: usize = 40;

impl Messages {
    pub fn new(text: &str, mut messages: Vec<Message>) -> Messages {
        messages.sort_by_key(|message| message.place);
        messages.dedup();
        messages.truncate(MOST);
        Messages {
            text: text.to_owned(),
            messages,
        }
    }
}

impl std::error::Error for Messages {}

/// Longest stretch of a line that is drawn, in characters.
const DRAWN: usize = 100;

impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, message) in self.messages.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "ADQL-{}: {}", message.code, message.sentence)?;
            if let Some(place) = message.place {
                draw(f, &self.text, place)?;
            }
            if let Some(hint) = &message.hint {
                write!(f, "\nhint: {hint}")?;
            }
        }
        Ok(())
    }
}

/// The line of the place and a caret under it. Of a long line only the part
/// around the place is drawn.
fn draw(f: &mut fmt::Formatter<'_>, text: &str, place: Place) -> fmt::Result {
    let Some(line) = text.lines().nth(place.line.saturating_sub(1)) else {
        return Ok(());
    };
    let start = place.column.saturating_sub(1);
    let skip = if line.chars().count() > DRAWN {
        start.saturating_sub(DRAWN / 2)
    } else {
        0
    };
    let mut shown: String = line.chars().skip(skip).take(DRAWN).collect();
    let cut = line.chars().count() > skip + DRAWN;
    if cut {
        // As does the last.
        shown.pop();
        shown.push('…');
    }
    if skip > 0 {
        // The first character makes room for the mark of what is left out.
        shown = "…".chars().chain(shown.chars().skip(1)).collect();
    }
    // A tab stays a tab under the line, so that the caret stands where it should.
    let pad: String = shown
        .chars()
        .chain(std::iter::repeat(' '))
        .take(start - skip)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let room = DRAWN.saturating_sub(start - skip + usize::from(cut)).max(1);
    let carets = "^".repeat(place.length.clamp(1, room));
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    write!(f, "\n  {number} | {shown}\n  {margin} | {pad}{carets}")
}

/// The candidate most like `name`, for "did you mean".
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let same = |candidate: &&&str| candidate.eq_ignore_ascii_case(&name);
    if let Some(same) = candidates.iter().find(same) {
        return Some(same);
    }
    // `ra` is `s_ra` and `exptime` is `t_exptime`.
    let part = candidates.iter().find(|candidate| {
        let parts = candidate.split(['_', '.']);
        parts.skip(1).any(|part| part.eq_ignore_ascii_case(&name))
    });
    if let Some(part) = part {
        return Some(part);
    }
    candidates
        .into_iter()
        .map(|candidate| {
            let likeness = strsim::jaro_winkler(&name, &candidate.to_lowercase());
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness > 0.82)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
