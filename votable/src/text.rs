//! Text that a `char` field cannot hold, made visible.
//!
//! Why escape at all, when a TABLEDATA document is UTF-8? In VOTable 1.4 and
//! 1.5 `char` is ASCII (§2.1), and an answer should not depend on the
//! serialisation. Columns known to hold more are `unicodeChar`.

/// Appends `cell` as text: bytes that are no UTF-8 as `\xNN`, and with `ascii`
/// also characters beyond ASCII, as `\uNNNN` or `\UNNNNNNNN`. True if anything
/// was rewritten.
pub(crate) fn visible(cell: &[u8], ascii: bool, out: &mut Vec<u8>) -> bool {
    let mut rewritten = false;
    for chunk in cell.utf8_chunks() {
        if !ascii || chunk.valid().is_ascii() {
            out.extend_from_slice(chunk.valid().as_bytes());
        } else {
            for character in chunk.valid().chars() {
                match u32::from(character) {
                    code @ 0..=0x7F => out.push(code as u8),
                    code @ 0x80..=0xFFFF => hex(b"\\u", code, 4, out),
                    code => hex(b"\\U", code, 8, out),
                }
            }
            rewritten = true;
        }
        for byte in chunk.invalid() {
            hex(b"\\x", u32::from(*byte), 2, out);
            rewritten = true;
        }
    }
    rewritten
}

fn hex(mark: &[u8; 2], code: u32, digits: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(mark);
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(code >> (4 * place)) as usize & 15]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ascii_cannot_hold_is_visible() {
        let check = |cell: &[u8], ascii, expected: &str, rewritten| {
            let mut out = Vec::new();
            assert_eq!(visible(cell, ascii, &mut out), rewritten);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        };
        check(b"M31", true, "M31", false);
        check("Hôtel λ".as_bytes(), true, "H\\u00f4tel \\u03bb", true);
        check("\u{1F52D}".as_bytes(), true, "\\U0001f52d", true);
        check(b"a\xffb", true, "a\\xffb", true);
        check("λ".as_bytes(), false, "λ", false);
        check(b"\xce", false, "\\xce", true);
    }
}
