//! Columns in line, for people at a terminal: names, units, rows.

use adql::{Column, Wire};
use unicode_width::UnicodeWidthChar;

use super::cell;
use crate::database::Batch;

/// Widest column, in terminal cells; longer values are cut and end in `…`.
const WIDEST: usize = 60;

/// Rows that are looked at before the widths are settled; later rows may
/// stand out.
const LOOKED_AT: usize = 1000;

/// Holds the first rows back until the widths are known.
pub struct Aligned {
    columns: Vec<Column>,
    held: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

impl Aligned {
    pub fn new(columns: Vec<Column>) -> Aligned {
        Aligned {
            columns,
            held: Vec::new(),
            widths: None,
        }
    }

    /// Appends the first `count` rows of `batch`, or keeps them for later.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) {
        for row in 0..count.min(batch.len()) {
            let texts: Vec<String> = batch
                .row(row)
                .zip(batch.wires())
                .map(|(value, &wire)| shown(value, wire))
                .collect();
            match &self.widths {
                Some(widths) => line(&texts, widths, batch.wires(), out),
                None => self.held.push(texts),
            }
            if self.widths.is_none() && self.held.len() >= LOOKED_AT {
                self.settle(out);
            }
        }
    }

    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.widths.is_none() {
            self.settle(out);
        }
    }

    fn settle(&mut self, out: &mut Vec<u8>) {
        let names: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
        let units: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.unit.clone().unwrap_or_default())
            .collect();
        let wires: Vec<Wire> = self.columns.iter().map(|c| c.kind.wire()).collect();
        let mut widths = vec![1; self.columns.len()];
        for texts in self.held.iter().chain([&names, &units]) {
            for (widest, text) in widths.iter_mut().zip(texts) {
                *widest = (*widest).max(width(text));
            }
        }
        line(&names, &widths, &wires, out);
        if units.iter().any(|unit| !unit.is_empty()) {
            line(&units, &widths, &wires, out);
        }
        let rule: Vec<String> = widths.iter().map(|&w| "─".repeat(w)).collect();
        line(&rule, &widths, &wires, out);
        for texts in self.held.drain(..) {
            line(&texts, &widths, &wires, out);
        }
        self.widths = Some(widths);
    }
}

/// Numbers stand to the right, the rest to the left, two spaces between.
fn line(texts: &[String], widths: &[usize], wires: &[Wire], out: &mut Vec<u8>) {
    let start = out.len();
    for (number, ((text, &width), wire)) in texts.iter().zip(widths).zip(wires).enumerate() {
        if number > 0 {
            out.extend_from_slice(b"  ");
        }
        let pad = " ".repeat(width.saturating_sub(self::width(text)));
        let right = matches!(
            wire,
            Wire::Int2 | Wire::Int4 | Wire::Int8 | Wire::Float4 | Wire::Float8
        );
        let (before, after) = if right { (&*pad, "") } else { ("", &*pad) };
        out.extend_from_slice(before.as_bytes());
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(after.as_bytes());
    }
    while out.len() > start && out.last() == Some(&b' ') {
        out.pop();
    }
    out.push(b'\n');
}

/// A cell in one line without control characters, cut to [`WIDEST`].
fn shown(value: Option<&[u8]>, wire: Wire) -> String {
    let Some(value) = value else {
        return String::new();
    };
    let mut bytes = Vec::new();
    cell::write(wire, value, &mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let mut kept = String::new();
    let mut used = 0;
    for character in text.chars() {
        let character = if character.is_control() {
            '␣'
        } else {
            character
        };
        let wide = character.width().unwrap_or(0);
        if used + wide > WIDEST {
            while used + 1 > WIDEST {
                used -= kept.pop().and_then(UnicodeWidthChar::width).unwrap_or(1);
            }
            kept.push('…');
            break;
        }
        used += wide;
        kept.push(character);
    }
    kept
}

fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use adql::Type;

    #[test]
    fn names_units_and_rows_stand_in_line() {
        let mut ra = Column::new("s_ra", Type::Double);
        ra.unit = Some("deg".to_owned());
        let columns = vec![Column::new("target", Type::Text), ra];
        let mut batch = Batch::new([Wire::Text, Wire::Float8]);
        batch.push(Some("Ω Cen".as_bytes()));
        batch.push(Some(&201.697f64.to_be_bytes()));
        batch.push(Some(b"a\nb"));
        batch.push(None);
        let mut aligned = Aligned::new(columns);
        let mut out = Vec::new();
        aligned.rows(&batch, 2, &mut out);
        aligned.finish(&mut out);
        let expected = "\
target     s_ra
            deg
──────  ───────
Ω Cen   201.697
a␣b
";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn long_values_are_cut() {
        let long = "x".repeat(100);
        let text = shown(Some(long.as_bytes()), Wire::Text);
        assert_eq!(width(&text), WIDEST);
        assert!(text.ends_with('…'));
    }
}
