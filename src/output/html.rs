//! A page for people: the query, the rows under their names, units and UCDs,
//! links to follow, and at its foot how the answer ended. Without scripts.
//!
//! NULL is a dash, empty text an empty cell, and what is not finite is written
//! out. The foot says OVERFLOW and late errors; a page without it has been
//! broken off.

use adql::{Column, Wire};

use super::encoder::Ending;
use super::{Table, cell};
use crate::dali::{Format, Layout, Serialization};
use crate::database::Batch;
use crate::spatial::Place;

const STYLE: &str = include_str!("answer.css");

/// Longer texts (characters) are folded.
const FOLDED: usize = 72;

pub struct Html {
    rows: u64,
    /// Scratch for the text of a cell.
    text: Vec<u8>,
}

impl Html {
    pub fn new(table: &Table, out: &mut Vec<u8>) -> Html {
        begin("Answer", out);
        for (name, value) in &table.infos {
            if name == "QUERY" {
                quoted(value, out);
            }
        }
        formats(table, out);
        meanings(&table.columns, out);
        push(out, "</header>\n<table>\n<thead>\n<tr><th class=\"r\">");
        for column in &table.columns {
            heading(column, out);
        }
        push(out, "\n</thead>\n<tbody>\n");
        Html {
            rows: 0,
            text: Vec::new(),
        }
    }

    /// Appends the first `count` rows of `batch`.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) {
        for row in 0..count {
            self.rows += 1;
            push(out, "<tr><td class=\"r o\">");
            push(out, itoa::Buffer::new().format(self.rows));
            for (value, &wire) in batch.row(row).zip(batch.wires()) {
                self.text.clear();
                match value {
                    None if is_number(wire) => push(out, "<td class=\"r n\">"),
                    None => push(out, "<td class=\"n\">"),
                    Some(value) if is_number(wire) => {
                        push(out, "<td class=\"r\">");
                        cell::write(wire, value, out);
                    }
                    Some(value) => {
                        push(out, "<td>");
                        cell::write(wire, value, &mut self.text);
                        text(&self.text, out);
                    }
                }
            }
            out.push(b'\n');
        }
    }

    pub fn finish(self, ending: Ending<'_>, out: &mut Vec<u8>) {
        let class = match ending {
            Ending::Complete | Ending::Overflow(None) => "",
            Ending::Overflow(Some(_)) => " class=\"cut\"",
            Ending::Failed(_) => " class=\"bad\"",
        };
        push(out, "</tbody>\n</table>\n<footer");
        push(out, class);
        push(out, "><b>");
        push(out, &grouped(self.rows));
        push(
            out,
            if self.rows == 1 {
                " row</b>"
            } else {
                " rows</b>"
            },
        );
        if let Some(sentence) = ending.sentence() {
            push(out, " · ");
            escape(sentence.as_bytes(), out);
        }
        push(out, "</footer>\n</body>\n</html>\n");
    }
}

/// A page that says why there is no answer, under the query that was asked.
pub fn error_page(query: Option<&str>, message: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(STYLE.len() + message.len() + 1024);
    begin("No answer", &mut out);
    if let Some(query) = query {
        quoted(query, &mut out);
    }
    push(&mut out, "<pre class=\"bad\">");
    escape(message.as_bytes(), &mut out);
    push(&mut out, "</pre>\n</header>\n</body>\n</html>\n");
    out
}

fn begin(title: &str, out: &mut Vec<u8>) {
    push(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n");
    push(out, "<meta charset=\"utf-8\">\n");
    push(
        out,
        "<meta name=\"viewport\" content=\"width=device-width\">\n",
    );
    push(out, "<meta name=\"robots\" content=\"noindex\">\n<title>");
    push(out, title);
    push(out, "</title>\n<style>\n");
    push(out, STYLE);
    push(out, "</style>\n</head>\n<body>\n<header>\n<h1>");
    push(out, title);
    push(out, "</h1>\n");
}

fn quoted(query: &str, out: &mut Vec<u8>) {
    push(out, "<pre>");
    escape(query.trim().as_bytes(), out);
    push(out, "</pre>\n");
}

/// Links to the same answer in other formats.
fn formats(table: &Table, out: &mut Vec<u8>) {
    let Some(address) = &table.address else {
        return;
    };
    let placed = Place::of(&table.columns).is_some();
    push(out, "<p class=\"formats\">The same as");
    for announced in Format::ALL {
        let wanted = match announced.layout {
            Layout::Html | Layout::Votable(Serialization::Binary) => false,
            Layout::Moc(crate::dali::Coverage::Fits) | Layout::Geojson => placed,
            Layout::Moc(_) => false,
            _ => true,
        };
        let (true, Some(name)) = (wanted, announced.aliases.first()) else {
            continue;
        };
        push(out, " <a href=\"");
        escape(address.as_bytes(), out);
        escape(name.as_bytes(), out);
        push(out, "\">");
        escape(announced.title.as_bytes(), out);
        push(out, "</a>");
    }
    push(out, "</p>\n");
}

/// What the columns mean, folded.
fn meanings(columns: &[Column], out: &mut Vec<u8>) {
    if columns.iter().all(|column| column.description.is_none()) {
        return;
    }
    push(
        out,
        "<details><summary>What the columns mean</summary>\n<dl>\n",
    );
    for column in columns {
        push(out, "<dt>");
        escape(column.name.as_bytes(), out);
        push(out, "</dt><dd class=\"u\">");
        escape(column.unit.as_deref().unwrap_or_default().as_bytes(), out);
        push(out, "</dd><dd>");
        let description = column.description.as_deref().unwrap_or_default();
        escape(description.as_bytes(), out);
        push(out, "</dd>\n");
    }
    push(out, "</dl></details>\n");
}

fn heading(column: &Column, out: &mut Vec<u8>) {
    push(out, "\n<th");
    if is_number(column.kind.wire()) {
        push(out, " class=\"r\"");
    }
    if let Some(description) = &column.description {
        push(out, " title=\"");
        escape(description.as_bytes(), out);
        push(out, "\"");
    }
    push(out, ">");
    escape(column.name.as_bytes(), out);
    push(out, "<i>");
    escape(column.unit.as_deref().unwrap_or_default().as_bytes(), out);
    push(out, "</i><small>");
    escape(column.ucd.as_deref().unwrap_or_default().as_bytes(), out);
    push(out, "</small></th>");
}

/// Text with a link where it is an address, folded where it is long.
fn text(text: &[u8], out: &mut Vec<u8>) {
    let said = String::from_utf8_lossy(text);
    if is_link(&said) {
        push(out, "<a rel=\"noreferrer\" href=\"");
        escape(text, out);
        push(out, "\">");
        escape(text, out);
        return push(out, "</a>");
    }
    match said.char_indices().nth(FOLDED) {
        None => escape(text, out),
        Some((end, _)) => {
            let begin = said.get(..end).unwrap_or_default();
            push(out, "<details><summary>");
            escape(begin.as_bytes(), out);
            push(out, "…</summary>");
            escape(text, out);
            push(out, "</details>");
        }
    }
}

/// Whether all of a text is one address that a browser may open.
fn is_link(text: &str) -> bool {
    let address = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    address.is_some_and(|rest| {
        !rest.is_empty() && !rest.chars().any(|c| c.is_whitespace() || c.is_control())
    })
}

fn is_number(wire: Wire) -> bool {
    matches!(
        wire,
        Wire::Int2 | Wire::Int4 | Wire::Int8 | Wire::Float4 | Wire::Float8
    )
}

/// 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Text for HTML, in elements and between double quotes.
pub fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    escape(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn escape(text: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(text);
    let mut plain = text.as_ref();
    while let Some(place) = plain.find(['&', '<', '>', '"']) {
        let (before, rest) = plain.split_at(place);
        push(out, before);
        let mut rest = rest.chars();
        push(
            out,
            match rest.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                _ => "&quot;",
            },
        );
        plain = rest.as_str();
    }
    push(out, plain);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::encoder::Cut;
    use adql::Type;

    fn page(columns: Vec<Column>, batch: &Batch, ending: Ending<'_>) -> String {
        let table = Table {
            infos: vec![("QUERY".to_owned(), "SELECT a < b".to_owned())],
            address: Some("?QUERY=x&RESPONSEFORMAT=".to_owned()),
            ..Table::of(columns)
        };
        let mut out = Vec::new();
        let mut html = Html::new(&table, &mut out);
        html.rows(batch, batch.len(), &mut out);
        html.finish(ending, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_page_shows_names_units_ucds_and_how_it_ended() {
        let mut ra = Column::new("s_ra", Type::Double);
        ra.unit = Some("deg".to_owned());
        ra.ucd = Some("pos.eq.ra".to_owned());
        ra.description = Some("Right \"ascension\"".to_owned());
        let mut batch = Batch::new([Wire::Float8]);
        batch.push(Some(&1.5f64.to_be_bytes()));
        batch.push(None);
        let text = page(vec![ra], &batch, Ending::Overflow(Some(Cut::after(2))));
        for part in [
            "<pre>SELECT a &lt; b</pre>",
            "<a href=\"?QUERY=x&amp;RESPONSEFORMAT=csv\">CSV</a>",
            "<th class=\"r\" title=\"Right &quot;ascension&quot;\">s_ra<i>deg</i><small>pos.eq.ra</small></th>",
            "<tr><td class=\"r o\">1<td class=\"r\">1.5\n",
            "<tr><td class=\"r o\">2<td class=\"r n\">\n",
            "<footer class=\"cut\"><b>2 rows</b> · The answer is cut off after 2 rows",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("geojson"));
    }

    #[test]
    fn a_page_says_why_there_is_no_answer() {
        let page = error_page(Some("SELECT <"), "what is \"<\"?");
        let page = String::from_utf8(page).unwrap();
        let both = "<pre>SELECT &lt;</pre>\n<pre class=\"bad\">what is &quot;&lt;&quot;?</pre>";
        assert!(page.contains(both), "{page}");
    }

    #[test]
    fn texts_are_safe_links_or_folded() {
        fn check(value: &str, expected: &str) {
            let mut out = Vec::new();
            text(value.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
        check("<b>&", "&lt;b&gt;&amp;");
        check(
            "https://a.example/?x=\"1\"&y",
            "<a rel=\"noreferrer\" href=\"https://a.example/?x=&quot;1&quot;&amp;y\">https://a.example/?x=&quot;1&quot;&amp;y</a>",
        );
        check("javascript:alert(1)", "javascript:alert(1)");
        check("https://a b", "https://a b");
        let long = "ä".repeat(80);
        let begin = "ä".repeat(FOLDED);
        check(
            &long,
            &format!("<details><summary>{begin}…</summary>{long}</details>"),
        );
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
    }
}
