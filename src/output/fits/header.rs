//! Headers: cards of 80 characters in blocks (FITS 4.0 section 4).

use super::BLOCK;
use super::column::{Field, visible};
use crate::output::encoder::Ending;

/// Characters of a card.
const CARD: usize = 80;
/// Characters of a quoted text on one card, after `KEYWORD = `.
const VALUE: usize = CARD - 10;
/// Characters of a COMMENT.
const COMMENT: usize = CARD - 8;

/// The header before the table's: it has no data (section 4.4.1).
pub fn primary(out: &mut Vec<u8>) {
    let mut cards = Cards {
        begin: out.len(),
        out,
    };
    cards.raw("SIMPLE  =                    T / conforms to the FITS standard");
    cards.number("BITPIX", 8, "");
    cards.number("NAXIS", 0, "");
    cards.raw("EXTEND  =                    T / the answer is in the first extension");
    cards.end();
}

/// The table's header (section 7.3.1).
pub fn table(
    fields: &[Field],
    rows: u64,
    heap: u64,
    infos: &[(String, String)],
    ending: Ending<'_>,
    out: &mut Vec<u8>,
) {
    let mut cards = Cards {
        begin: out.len(),
        out,
    };
    let width: usize = fields.iter().map(Field::width).sum();
    cards.text("XTENSION", "BINTABLE", "binary table");
    cards.number("BITPIX", 8, "");
    cards.number("NAXIS", 2, "");
    cards.number("NAXIS1", width as i64, "bytes of a row");
    cards.number("NAXIS2", rows as i64, "rows");
    cards.number("PCOUNT", heap as i64, "bytes of the heap");
    cards.number("GCOUNT", 1, "");
    cards.number("TFIELDS", fields.len() as i64, "columns");
    cards.text("EXTNAME", "ANSWER", "");
    cards.text(
        "QSTATUS",
        ending.status(),
        "how the answer ended (DALI QUERY_STATUS)",
    );
    for (number, field) in (1..).zip(fields) {
        cards.text(&format!("TTYPE{number}"), &field.name, "");
        cards.text(&format!("TFORM{number}"), &field.format(), "");
        if let Some(null) = field.null() {
            cards.number(&format!("TNULL{number}"), null, "");
        }
        for (keyword, value) in [
            ("TUNIT", &field.unit),
            ("TUCD", &field.ucd),
            ("TUTYP", &field.utype),
            ("TXTYP", &field.xtype),
            ("TCOMM", &field.description),
        ] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                cards.text(&format!("{keyword}{number}"), value, "");
            }
        }
    }
    for (name, value) in infos {
        cards.info(name, value);
    }
    if let Some(sentence) = ending.sentence() {
        cards.comment(&sentence);
    }
    cards.end();
}

struct Cards<'a> {
    /// Where the header begins in `out`.
    begin: usize,
    out: &'a mut Vec<u8>,
}

impl Cards<'_> {
    /// A card as it stands.
    fn raw(&mut self, card: &str) {
        let end = self.out.len() + CARD;
        self.out.extend_from_slice(card.as_bytes());
        self.out.resize(end, b' ');
    }

    fn number(&mut self, keyword: &str, value: i64, comment: &str) {
        let comment = said(comment);
        self.raw(&format!("{keyword:<8}= {value:>20}{comment}"));
    }

    /// Text of any length; what is too long for a card is continued on others
    /// (section 4.2.1.2).
    fn text(&mut self, keyword: &str, value: &str, comment: &str) {
        let mut plain = Vec::new();
        visible(value.as_bytes(), &mut plain);
        let mut quoted = String::new();
        let mut begin = format!("{keyword:<8}= ");
        for &byte in &plain {
            let next = if byte == b'\'' { "''" } else { "" };
            let length = next.len().max(1);
            // Two quotes and perhaps an ampersand stand beside it.
            if quoted.len() + length > VALUE - 3 {
                self.raw(&format!("{begin}'{quoted}&'"));
                begin = "CONTINUE  ".to_owned();
                quoted.clear();
            }
            match next {
                "" => quoted.push(char::from(byte)),
                twice => quoted.push_str(twice),
            }
        }
        // At least eight characters stand between the quotes of some values
        // (section 4.2.1.1); so they may in all.
        let card = format!("{begin}{:<20}", format!("'{quoted:<8}'"));
        let comment = said(comment);
        match card.len() + comment.len() <= CARD {
            true => self.raw(&format!("{card}{comment}")),
            false => self.raw(card.trim_end()),
        }
    }

    /// A keyword of its own where the name is one, else a remark.
    fn info(&mut self, name: &str, value: &str) {
        let is_keyword = (1..=8).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if is_keyword {
            let words: Vec<&str> = value.split_whitespace().collect();
            self.text(name, &words.join(" "), "");
        } else {
            self.comment(&format!("{name}: {value}"));
        }
    }

    /// A remark on as many cards as it takes.
    fn comment(&mut self, text: &str) {
        for line in text.lines() {
            let mut plain = Vec::new();
            visible(line.as_bytes(), &mut plain);
            for piece in plain.chunks(COMMENT) {
                self.raw(&format!("COMMENT {}", String::from_utf8_lossy(piece)));
            }
        }
    }

    /// END, and blanks to the end of the block.
    fn end(mut self) {
        self.raw("END");
        let length = self.out.len() - self.begin;
        let missing = (BLOCK - length % BLOCK) % BLOCK;
        self.out.resize(self.out.len() + missing, b' ');
    }
}

fn said(comment: &str) -> String {
    match comment {
        "" => String::new(),
        comment => format!(" / {comment}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(write: impl FnOnce(&mut Cards<'_>)) -> Vec<String> {
        let mut out = Vec::new();
        write(&mut Cards {
            begin: 0,
            out: &mut out,
        });
        out.chunks(CARD)
            .map(|card| String::from_utf8_lossy(card).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn cards_are_80_characters() {
        assert_eq!(
            cards(|c| c.text("TUNIT1", "d", "")),
            ["TUNIT1  = 'd       '"]
        );
        assert_eq!(
            cards(|c| c.text("TCOMM1", "it's", "")),
            ["TCOMM1  = 'it''s   '"]
        );
        let long = "0123456789".repeat(7) + "'end";
        let continued = cards(|c| c.text("TCOMM12", &long, ""));
        let first = "0123456789".repeat(6) + "0123456";
        assert_eq!(
            continued,
            [
                format!("TCOMM12 = '{first}&'"),
                "CONTINUE  '789''end'".to_owned()
            ]
        );
        let line = "x".repeat(100);
        assert_eq!(cards(|c| c.comment(&line)).len(), 2);
        assert_eq!(
            cards(|c| c.info("QUERY", "SELECT a\n  FROM b")),
            ["QUERY   = 'SELECT a FROM b'"]
        );
        assert_eq!(
            cards(|c| c.info("publisher", "Ω")),
            ["COMMENT publisher: \\u03a9"]
        );
        assert!(cards(|c| c.comment(&line)).iter().all(|c| c.len() <= CARD));
    }
}
