//! RICE_1: differences of neighbours, in as many bits as a block of them needs
//! (FITS 4.0 section 10.4.1).

/// Undoes the compression of `count` whole numbers of so many bytes (1, 2, 4);
/// those of one byte have no sign. None where the bytes say no such thing.
pub fn decode(bytes: &[u8], width: usize, block: usize, count: usize) -> Option<Vec<i64>> {
    // Bits that say how many bits follow, and which number means all.
    let (selector, all, whole) = match width {
        1 => (3, 6, 8),
        2 => (4, 14, 16),
        4 => (5, 25, 32),
        _ => return None,
    };
    if block == 0 {
        return None;
    }
    let mut bits = Bits {
        bytes,
        held: 0,
        count: 0,
    };
    let signed = |number: u32| match width {
        1 => i64::from(number & 0xff),
        2 => i64::from(number as u16 as i16),
        _ => i64::from(number as i32),
    };
    let mut numbers = Vec::with_capacity(count);
    let mut last = bits.take(whole)?;
    while numbers.len() < count {
        let here = block.min(count - numbers.len());
        let split = bits.take(selector)?;
        for _ in 0..here {
            let folded = match split {
                0 => 0,
                split if split == all + 1 => bits.take(whole)?,
                split if split > all => return None,
                split => {
                    let low = split - 1;
                    let high = bits.zeros()?;
                    high.checked_shl(low)? | bits.take(low)?
                }
            };
            // Positive and negative ones take turns.
            let difference = match folded & 1 {
                1 => !(folded >> 1),
                _ => folded >> 1,
            };
            last = last.wrapping_add(difference);
            numbers.push(signed(last));
        }
    }
    Some(numbers)
}

/// Bits, the highest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// So many bits, 32 at most.
    fn take(&mut self, wanted: u32) -> Option<u32> {
        while self.count < wanted {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            self.held = self.held << 8 | u64::from(*byte);
            self.count += 8;
        }
        self.count -= wanted;
        let taken = self.held >> self.count & ((1 << wanted) - 1);
        u32::try_from(taken).ok()
    }

    /// How many zeros stand before the next one, which is taken too.
    fn zeros(&mut self) -> Option<u32> {
        let mut zeros = 0u32;
        loop {
            let known = self.held & ((1u64 << self.count) - 1);
            if known != 0 {
                let before = known.leading_zeros() - (64 - self.count);
                self.count -= before + 1;
                return zeros.checked_add(before);
            }
            zeros = zeros.checked_add(self.count)?;
            self.count = 0;
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            self.held = u64::from(*byte);
            self.count = 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As FITS 4.0 describes it; blocks are always split after `low` bits.
    fn encode(numbers: &[i32], block: usize, low: u32) -> Vec<u8> {
        let mut bits = String::new();
        let mut last = numbers[0];
        bits += &format!("{:032b}", last as u32);
        for numbers in numbers.chunks(block) {
            bits += &format!("{:05b}", low + 1);
            for number in numbers {
                let difference = number.wrapping_sub(last);
                last = *number;
                let folded = match difference < 0 {
                    true => !((difference as u32) << 1),
                    false => (difference as u32) << 1,
                };
                bits += &"0".repeat((folded >> low) as usize);
                bits += "1";
                if low > 0 {
                    let rest = folded & ((1 << low) - 1);
                    bits += &format!("{rest:0width$b}", width = low as usize);
                }
            }
        }
        while !bits.len().is_multiple_of(8) {
            bits.push('0');
        }
        let byte = |at: usize| u8::from_str_radix(&bits[at..at + 8], 2).unwrap();
        (0..bits.len()).step_by(8).map(byte).collect()
    }

    #[test]
    fn numbers_come_back() {
        let numbers: Vec<i32> = (0..70).map(|i| (i * 7919) % 301 - 150).collect();
        for low in [0, 1, 5, 11] {
            let back = decode(&encode(&numbers, 32, low), 4, 32, 70).unwrap();
            let expected: Vec<i64> = numbers.iter().map(|it| i64::from(*it)).collect();
            assert_eq!(back, expected, "{low}");
        }
    }

    #[test]
    fn what_is_no_such_thing_ends() {
        assert_eq!(decode(&[], 4, 32, 5), None);
        assert_eq!(decode(&[0; 6], 4, 32, 5), Some(vec![0; 5]));
        assert_eq!(decode(&[0, 0, 0, 0, 0xff], 4, 32, 5), None);
        assert_eq!(decode(&[0; 100], 4, 0, 5), None);
        assert_eq!(decode(&[0, 0, 0, 0, 0x08, 0, 0], 4, 32, 5), None);
    }
}
