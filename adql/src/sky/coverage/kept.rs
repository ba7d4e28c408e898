//! Ranges as few bytes: the gaps between their ends, seven bits to a byte
//! (LEB128), since the ranges of a map lie close together.

use super::NotACoverage;

/// The format; raised when bytes would be read otherwise.
const VERSION: u64 = 1;

pub(super) fn header(orders: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, VERSION);
    for order in orders {
        put(&mut bytes, u64::from(*order));
    }
    bytes
}

pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What [`header`] and [`put`] wrote.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<Reader<'a>, NotACoverage> {
        let mut reader = Reader(bytes);
        match reader.number()? {
            VERSION => Ok(reader),
            _ => Err(NotACoverage),
        }
    }

    pub fn order(&mut self, finest: u8) -> Result<u8, NotACoverage> {
        let order = u8::try_from(self.number()?).map_err(|_| NotACoverage)?;
        (order <= finest).then_some(order).ok_or(NotACoverage)
    }

    pub fn number(&mut self) -> Result<u64, NotACoverage> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(NotACoverage)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(NotACoverage)
    }

    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}
