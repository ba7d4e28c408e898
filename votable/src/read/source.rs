//! The input, counted: lines for places, bytes against limits. Also turns
//! ISO-8859-1 into UTF-8, the one other encoding VOTables come in.

use std::io::{self, BufRead, Read};

/// Counts lines, and refuses to give more than `allowance` bytes until a new
/// allowance is set: the XML reader collects a whole text or tag in memory, so
/// this bounds it.
pub(super) struct Source<R> {
    inner: R,
    /// What was read ahead or turned into UTF-8.
    ahead: Vec<u8>,
    at: usize,
    latin1: bool,
    pub allowance: usize,
    pub exceeded: bool,
    pub line: u64,
    pub bytes: u64,
}

/// How far an XML declaration may reach.
const DECLARATION: usize = 256;

impl<R: BufRead> Source<R> {
    /// `None` when the document is in UTF-16 or UTF-32.
    pub fn new(mut inner: R) -> io::Result<Option<Source<R>>> {
        let mut ahead = Vec::new();
        while ahead.len() < DECLARATION && !ahead.contains(&b'>') {
            let available = match inner.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                available => available?,
            };
            if available.is_empty() {
                break;
            }
            let taken = available.len().min(DECLARATION);
            ahead.extend_from_slice(&available[..taken]);
            inner.consume(taken);
        }
        if matches!(
            &*ahead,
            [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, ..] | [b'<', 0, ..]
        ) {
            return Ok(None);
        }
        let latin1 = declares_latin1(&ahead);
        let mut source = Source {
            inner,
            ahead: Vec::new(),
            at: 0,
            latin1,
            allowance: usize::MAX,
            exceeded: false,
            line: 1,
            bytes: 0,
        };
        match latin1 {
            true => widen(&ahead, &mut source.ahead),
            false => source.ahead = ahead,
        }
        Ok(Some(source))
    }
}

fn declares_latin1(start: &[u8]) -> bool {
    let start = start.to_ascii_lowercase();
    let declaration = start.split(|b| *b == b'>').next().unwrap_or_default();
    let names = [
        &b"iso-8859-1"[..],
        b"latin1",
        b"latin-1",
        b"windows-1252",
        b"cp1252",
    ];
    declaration.starts_with(b"<?xml")
        && names.iter().any(|name| {
            // The name ends at a quote: iso-8859-15 is another one.
            declaration.windows(name.len() + 1).any(|window| {
                window.starts_with(name) && matches!(window.last(), Some(b'"' | b'\''))
            })
        })
}

fn widen(bytes: &[u8], into: &mut Vec<u8>) {
    let mut buffer = [0; 4];
    for byte in bytes {
        into.extend_from_slice(char::from(*byte).encode_utf8(&mut buffer).as_bytes());
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.allowance == 0 {
            self.exceeded = true;
            return Err(io::Error::other("more than the limit"));
        }
        if self.latin1 && self.at >= self.ahead.len() {
            self.ahead.clear();
            self.at = 0;
            let available = self.inner.fill_buf()?;
            widen(available, &mut self.ahead);
            let taken = available.len();
            self.inner.consume(taken);
        }
        let available = match self.ahead.get(self.at..) {
            Some(ahead) if !ahead.is_empty() || self.latin1 => ahead,
            _ => self.inner.fill_buf()?,
        };
        Ok(&available[..available.len().min(self.allowance)])
    }

    fn consume(&mut self, amount: usize) {
        let ahead = self.ahead.get(self.at..).unwrap_or_default();
        let newlines = |bytes: &[u8]| {
            let consumed = &bytes[..amount.min(bytes.len())];
            memchr::memchr_iter(b'\n', consumed).count() as u64
        };
        if ahead.is_empty() {
            // What was just given is still there to be looked at.
            if let Ok(available) = self.inner.fill_buf() {
                self.line += newlines(available);
            }
            self.inner.consume(amount);
        } else {
            self.line += newlines(ahead);
            self.at += amount;
        }
        self.allowance = self.allowance.saturating_sub(amount);
        self.bytes += amount as u64;
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let taken = available.len().min(into.len());
        into[..taken].copy_from_slice(&available[..taken]);
        self.consume(taken);
        Ok(taken)
    }
}
