//! Headers: cards of 80 characters in blocks of 2880 (FITS 4.0 sections 3.1
//! and 4).

use std::collections::HashMap;
use std::io::{self, Read};

/// Bytes of a block.
pub const BLOCK: u64 = 2880;
/// Bytes of a card.
pub const CARD: usize = 80;
/// Blocks of one header.
const BLOCKS: usize = 1000;

/// The cards of one header, by keyword.
#[derive(Clone, Debug, Default)]
pub struct Header {
    cards: HashMap<String, Value>,
    /// Whose text may go on in the next card.
    last: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Flag(bool),
    Whole(i64),
    Real(f64),
}

/// The next header; `None` at the end of the file.
pub(super) fn read(reader: &mut impl Read) -> Result<Option<Header>, String> {
    Ok(cards(reader)?.map(|cards| Header::of(&cards)))
}

/// The next header as it stands, without END and what follows it; `None` at the
/// end of the file.
///
/// # Errors
///
/// A sentence about the file: it ends early, or the header has no end.
pub fn cards(reader: &mut impl Read) -> Result<Option<Vec<[u8; CARD]>>, String> {
    let mut cards = Vec::new();
    let mut block = [0; BLOCK as usize];
    for number in 0..BLOCKS {
        match reader.read_exact(&mut block) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && number == 0 => {
                return Ok(None);
            }
            Err(error) => return Err(super::io_words(&error)),
        }
        for card in block.as_chunks::<CARD>().0 {
            if card.starts_with(b"END     ") {
                return Ok(Some(cards));
            }
            cards.push(*card);
        }
    }
    Err("a header of it has no end".into())
}

/// The keyword of a card, and what stands behind it.
fn parts(card: &[u8; CARD]) -> (String, String) {
    let text: String = card.iter().map(|byte| char::from(*byte)).collect();
    let keyword: String = text.chars().take(8).collect();
    let rest = text.chars().skip(8).collect();
    (keyword.trim_end().to_owned(), rest)
}

/// The value of a card, without its comment (section 4.2).
fn value(text: &str) -> Option<Value> {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('\'') {
        let mut out = String::new();
        let mut characters = quoted.chars().peekable();
        while let Some(character) = characters.next() {
            if character == '\'' {
                match characters.peek() {
                    Some('\'') => drop(characters.next()),
                    _ => break,
                }
            }
            out.push(character);
        }
        // Blanks at the end say nothing (section 4.2.1.1).
        out.truncate(out.trim_end_matches(' ').len());
        return Some(Value::Text(out));
    }
    let text = text.split('/').next().unwrap_or_default().trim();
    match text {
        "T" => return Some(Value::Flag(true)),
        "F" => return Some(Value::Flag(false)),
        _ => {}
    }
    if let Ok(whole) = text.parse() {
        return Some(Value::Whole(whole));
    }
    let real = text.replace(['D', 'd'], "E").parse().ok();
    real.filter(|real: &f64| real.is_finite()).map(Value::Real)
}

impl Header {
    /// The values of these cards. Of a keyword that is there twice the first
    /// counts.
    pub fn of(cards: &[[u8; CARD]]) -> Header {
        let mut header = Header::default();
        for card in cards {
            header.add(card);
        }
        header
    }

    fn add(&mut self, card: &[u8; CARD]) {
        let (keyword, rest) = parts(card);
        // Section 4.2.1.2: text that goes on in the next card.
        if keyword == "CONTINUE" {
            if let (Some(last), Some(Value::Text(more))) = (&self.last, value(&rest))
                && let Some(Value::Text(text)) = self.cards.get_mut(last)
                && text.ends_with('&')
            {
                text.pop();
                text.push_str(&more);
            }
            return;
        }
        let Some(said) = rest.strip_prefix("= ") else {
            return;
        };
        if let Some(value) = value(said) {
            self.last = Some(keyword.clone());
            self.cards.entry(keyword).or_insert(value);
        }
    }

    /// The text of a keyword, unless it is empty.
    pub fn text(&self, keyword: &str) -> Option<String> {
        match self.cards.get(keyword)? {
            Value::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether a keyword says T.
    pub fn flag(&self, keyword: &str) -> bool {
        self.cards.get(keyword) == Some(&Value::Flag(true))
    }

    /// A whole number.
    pub fn number(&self, keyword: &str) -> Option<i64> {
        match self.cards.get(keyword)? {
            Value::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// Any number.
    pub fn real(&self, keyword: &str) -> Option<f64> {
        match self.cards.get(keyword)? {
            Value::Whole(number) => Some(*number as f64),
            Value::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// A number that the header must have.
    ///
    /// # Errors
    ///
    /// It is not there, or below zero.
    pub fn size(&self, keyword: &str) -> Result<u64, String> {
        self.number(keyword)
            .and_then(|number| number.try_into().ok())
            .ok_or_else(|| format!("its header does not say {keyword}"))
    }

    /// Bytes of data behind the header, before they are filled up to a block
    /// (section 4.4.1).
    ///
    /// # Errors
    ///
    /// The header does not say it, or says what no file has.
    pub fn data_bytes(&self) -> Result<u64, String> {
        const WRONG: &str = "its header says a size that no file has";
        let axes = self.size("NAXIS")?;
        if axes == 0 {
            return Ok(0);
        }
        if axes > 999 {
            return Err(WRONG.into());
        }
        let mut elements = 1u64;
        for axis in 1..=axes {
            let length = self.size(&format!("NAXIS{axis}"))?;
            elements = elements.checked_mul(length).ok_or(WRONG)?;
        }
        let more = self.number("PCOUNT").unwrap_or(0);
        let more = u64::try_from(more).map_err(|_| WRONG)?;
        let groups = self.number("GCOUNT").unwrap_or(1);
        let groups = u64::try_from(groups).map_err(|_| WRONG)?;
        let bits = self.number("BITPIX").unwrap_or(8).unsigned_abs();
        let all = elements.checked_add(more);
        let bytes = all.and_then(|all| all.checked_mul(groups));
        let bytes = bytes.and_then(|all| all.checked_mul(bits / 8));
        bytes.ok_or_else(|| WRONG.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_have_values() {
        fn check(text: &str, expected: Option<Value>) {
            assert_eq!(value(text), expected, "{text}");
        }
        check(
            "'O''Neill / x  ' / comment",
            Some(Value::Text("O'Neill / x".into())),
        );
        check("                   T / yes", Some(Value::Flag(true)));
        check("  12 / twelve", Some(Value::Whole(12)));
        check("  1.5D3", Some(Value::Real(1500.0)));
        check("  (1, 2)", None);
        check("''", Some(Value::Text(String::new())));
    }
}
