//! A header as it stands in the file, card by card: what is not changed stays
//! as it is, to the byte (FITS 4.0 section 4).

use crate::input::fits::header::{BLOCK, CARD, Header};
use crate::soda::Fault;

/// The cards of a header, without END. What is read of them is what they said at
/// first, whatever was changed since; [`Cards::settled`] reads them again.
#[derive(Clone, Debug, Default)]
pub struct Cards {
    raw: Vec<[u8; CARD]>,
    values: Header,
}

impl Cards {
    pub fn new(raw: Vec<[u8; CARD]>) -> Cards {
        let values = Header::of(&raw);
        Cards { raw, values }
    }

    /// With what was changed taken for what they say.
    pub fn settled(self) -> Cards {
        Cards::new(self.raw)
    }

    /// The values as a table of them has it.
    pub fn values(&self) -> &Header {
        &self.values
    }

    /// The keywords of all cards, in their order.
    pub fn keywords(&self) -> impl Iterator<Item = &str> {
        self.raw.iter().map(keyword)
    }

    /// Whether a card of this name stands there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.keywords().any(|it| it == name)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.values.text(name)
    }

    /// A number; none where there is no such card, or one without a value.
    ///
    /// # Errors
    ///
    /// The card says something that is no number: going on without it would be
    /// to guess.
    pub fn real(&self, name: &str) -> Result<Option<f64>, Fault> {
        if let Some(number) = self.values.real(name) {
            return Ok(Some(number));
        }
        let said = self.raw.iter().find(|card| keyword(card) == name);
        match said.and_then(|card| card.get(8..)) {
            Some(rest) if rest.starts_with(b"= ") && !is_blank(rest) => Err(Fault::unsuited(
                format!("its header says {name}, but no number is read there"),
            )),
            _ => Ok(None),
        }
    }

    pub fn whole(&self, name: &str) -> Option<i64> {
        self.values.number(name)
    }

    /// Sets a whole number; a card that is not there comes behind `after`, or at
    /// the end.
    pub fn set_whole(&mut self, name: &str, number: i64, after: &str) {
        self.set(name, &number.to_string(), after);
    }

    /// Sets a number in as many digits as tell it from all others.
    pub fn set_real(&mut self, name: &str, number: f64, after: &str) {
        self.set(name, &format!("{number:?}").replace('e', "E"), after);
    }

    /// Sets a text that needs no quotes within.
    pub fn set_text(&mut self, name: &str, text: &str, after: &str) {
        self.set(name, &format!("'{text:<8}'"), after);
    }

    fn set(&mut self, name: &str, value: &str, after: &str) {
        let mut found = false;
        for card in self.raw.iter_mut().filter(|card| keyword(card) == name) {
            *card = with_value(name, value, comment(card));
            found = true;
        }
        if !found {
            let place = self.raw.iter().rposition(|card| keyword(card) == after);
            let place = place.map_or(self.raw.len(), |place| place + 1);
            self.raw.insert(place, with_value(name, value, ""));
        }
    }

    /// Takes all cards away whose keyword is such.
    pub fn remove(&mut self, is_such: impl Fn(&str) -> bool) {
        // What a long text goes on with goes with it (section 4.2.1.2).
        let mut going = false;
        self.raw.retain(|card| {
            let name = keyword(card);
            going = (name == "CONTINUE" && going) || is_such(name);
            !going
        });
    }

    /// Puts a card first.
    pub fn begin(&mut self, name: &str, value: &str, remark: &str) {
        self.raw.insert(0, with_value(name, value, remark));
    }

    /// Adds a sentence about what was done, on as many cards as it takes.
    pub fn history(&mut self, sentence: &str) {
        let plain: Vec<u8> = sentence
            .chars()
            .map(|c| match c {
                ' '..='~' => c as u8,
                _ => b'?',
            })
            .collect();
        for piece in plain.chunks(CARD - 8) {
            let text = String::from_utf8_lossy(piece);
            self.raw.push(padded(&format!("HISTORY {text}")));
        }
    }

    /// With END and blanks to the end of the block.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.raw.concat();
        bytes.extend_from_slice(&padded("END"));
        let length = (bytes.len() as u64).div_ceil(BLOCK) * BLOCK;
        bytes.resize(usize::try_from(length).unwrap_or(bytes.len()), b' ');
        bytes
    }
}

/// The first eight characters, without blanks at the end.
fn keyword(card: &[u8; CARD]) -> &str {
    let name = card.get(..8).unwrap_or_default().trim_ascii_end();
    str::from_utf8(name).unwrap_or_default()
}

fn is_blank(rest: &[u8]) -> bool {
    let value = rest.get(2..).unwrap_or_default();
    let value = value.split(|byte| *byte == b'/').next().unwrap_or_default();
    value.trim_ascii().is_empty()
}

/// What stands behind the value (section 4.2.3); the value is a number, or a
/// text without a slash.
fn comment(card: &[u8; CARD]) -> &str {
    let text = str::from_utf8(card).unwrap_or_default();
    match text.split_once(" /") {
        Some((_, comment)) => comment.trim(),
        None => "",
    }
}

fn with_value(name: &str, value: &str, comment: &str) -> [u8; CARD] {
    let value = match value.starts_with('\'') {
        true => format!("{value:<20}"),
        false => format!("{value:>20}"),
    };
    match comment {
        "" => padded(&format!("{name:<8}= {value}")),
        comment => padded(&format!("{name:<8}= {value} / {comment}")),
    }
}

/// Cut or filled up to a card.
fn padded(text: &str) -> [u8; CARD] {
    let mut card = [b' '; CARD];
    for (place, byte) in card.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    card
}

#[cfg(test)]
pub fn cards(lines: &[&str]) -> Cards {
    Cards::new(lines.iter().map(|line| padded(line)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cards: &Cards, name: &str) -> String {
        let card = cards.raw.iter().find(|card| keyword(card) == name);
        card.map_or_else(String::new, |card| {
            String::from_utf8_lossy(card).trim_end().to_owned()
        })
    }

    #[test]
    fn a_value_is_changed_and_its_remark_kept() {
        let mut it = cards(&[
            "NAXIS1  =                  100 / columns",
            "CRPIX1  =   50.5",
            "HISTORY = none",
        ]);
        it.set_whole("NAXIS1", 7, "");
        it.set_real("CRPIX1", -1.25e-7, "");
        it.set_real("CRPIX2", 3.0, "CRPIX1");
        assert_eq!(
            line(&it, "NAXIS1"),
            "NAXIS1  =                    7 / columns"
        );
        assert_eq!(line(&it, "CRPIX1"), "CRPIX1  =             -1.25E-7");
        assert_eq!(line(&it, "CRPIX2"), "CRPIX2  =                  3.0");
        let names: Vec<&str> = it.keywords().collect();
        assert_eq!(names, ["NAXIS1", "CRPIX1", "CRPIX2", "HISTORY"]);
        assert_eq!(it.bytes().len(), 2880);
    }

    #[test]
    fn what_is_no_number_is_not_passed_over() {
        let it = cards(&["CRPIX1  = 'a'", "CRPIX2  =", "CRPIX3  = 1.2.3 / x"]);
        assert!(it.real("CRPIX1").is_err());
        assert_eq!(it.real("CRPIX2"), Ok(None));
        assert!(it.real("CRPIX3").is_err());
        assert_eq!(it.real("CRPIX4"), Ok(None));
    }

    #[test]
    fn a_long_text_goes_as_a_whole() {
        let mut it = cards(&["A       = 'x&'", "CONTINUE  'y'", "B       = 1"]);
        it.remove(|name| name == "A");
        assert_eq!(it.keywords().collect::<Vec<_>>(), ["B"]);
    }
}
