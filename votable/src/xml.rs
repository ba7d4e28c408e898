//! Writing XML: tags, and the one place where text is escaped.

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Text,
    Attribute,
}

/// Appends character data.
pub(crate) fn text(text: &str, out: &mut Vec<u8>) {
    escape(text.as_bytes(), Place::Text, out);
}

/// Appends character data already known to be UTF-8.
pub(crate) fn utf8(text: &[u8], out: &mut Vec<u8>) {
    escape(text, Place::Text, out);
}

/// Bytes that need a look: markup, controls, and the lead byte of U+FFFE and
/// U+FFFF, which XML 1.0 cannot hold either.
const LOOK: [bool; 256] = {
    let mut look = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        look[byte] = true;
        byte += 1;
    }
    look[b'&' as usize] = true;
    look[b'<' as usize] = true;
    look[b'>' as usize] = true;
    look[b'"' as usize] = true;
    look[0xEF] = true;
    look
};

const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

fn escape(text: &[u8], place: Place, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&b| LOOK[b as usize]) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let attribute = place == Place::Attribute;
        let mut taken = 1;
        match special {
            [b'&', ..] => out.extend_from_slice(b"&amp;"),
            [b'<', ..] => out.extend_from_slice(b"&lt;"),
            [b'>', ..] => out.extend_from_slice(b"&gt;"),
            [b'"', ..] if attribute => out.extend_from_slice(b"&quot;"),
            // A parser turns a bare CR into LF, and these into blanks in an
            // attribute (XML 1.0 §2.11, §3.3.3).
            [b'\r', ..] => out.extend_from_slice(b"&#13;"),
            [b'\t', ..] if attribute => out.extend_from_slice(b"&#9;"),
            [b'\n', ..] if attribute => out.extend_from_slice(b"&#10;"),
            [0xEF, 0xBF, 0xBE | 0xBF, ..] => {
                out.extend_from_slice(REPLACEMENT);
                taken = 3;
            }
            [byte @ (b'"' | b'\t' | b'\n' | 0xEF), ..] => out.push(*byte),
            _ => out.extend_from_slice(REPLACEMENT),
        }
        rest = &special[taken..];
    }
    out.extend_from_slice(rest);
}

/// A start tag being written.
pub(crate) struct Tag<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Tag<'o> {
    pub fn new(name: &'static str, out: &'o mut Vec<u8>) -> Tag<'o> {
        out.push(b'<');
        out.extend_from_slice(name.as_bytes());
        Tag { out }
    }

    pub fn attribute(self, name: &'static str, value: &str) -> Tag<'o> {
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        escape(value.as_bytes(), Place::Attribute, self.out);
        self.out.push(b'"');
        self
    }

    pub fn maybe(self, name: &'static str, value: Option<&str>) -> Tag<'o> {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    pub fn open(self) {
        self.out.extend_from_slice(b">\n");
    }

    pub fn empty(self) {
        self.out.extend_from_slice(b"/>\n");
    }

    /// The whole element with text in it, on one line.
    pub fn with_text(self, content: &str, name: &'static str) {
        self.out.push(b'>');
        text(content, self.out);
        close(name, self.out);
    }
}

pub(crate) fn close(name: &'static str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b">\n");
}

pub(crate) fn description(description: Option<&str>, out: &mut Vec<u8>) {
    if let Some(description) = description {
        Tag::new("DESCRIPTION", out).with_text(description, "DESCRIPTION");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let check = |from: &str, expected: &str| {
            let mut out = Vec::new();
            text(from, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        };
        check("a<b & c>d", "a&lt;b &amp; c&gt;d");
        check("]]>", "]]&gt;");
        check("tab\tline\nreturn\r.", "tab\tline\nreturn&#13;.");
        check("\"quoted\" it's", "\"quoted\" it's");
        check(
            "\u{0}\u{1f}\u{fffe}\u{ffff}",
            "\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
        );
        check("λ \u{feff} \u{1F52D} é", "λ \u{feff} \u{1F52D} é");
    }

    #[test]
    fn attributes_keep_their_blanks() {
        let mut out = Vec::new();
        Tag::new("INFO", &mut out)
            .attribute("value", "a \"b\"\tc\nd\re<")
            .empty();
        assert_eq!(
            String::from_utf8_lossy(&out),
            "<INFO value=\"a &quot;b&quot;&#9;c&#10;d&#13;e&lt;\"/>\n"
        );
    }
}
