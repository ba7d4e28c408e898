//! PLIO_1: masks as runs of one value (FITS 4.0 section 10.4.3).

/// Undoes the compression of `count` numbers; none where the words say no such
/// thing.
pub fn decode(bytes: &[u8], count: usize) -> Option<Vec<i64>> {
    let words: Vec<i64> = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|word| i64::from(i16::from_be_bytes(*word)))
        .collect();
    let word = |at: usize| words.get(at).copied();
    // The length stands in the third word, or in two words after it.
    let (length, first) = match word(2)? {
        length if length > 0 => (length, 3),
        _ => ((word(4)? << 15) + word(3)?, word(1)?),
    };
    let length = usize::try_from(length).ok()?;
    let first = usize::try_from(first).ok()?;
    let mut numbers = Vec::with_capacity(count);
    let mut value = 1i64;
    let mut instructions = words.get(first..length)?.iter();
    while let Some(instruction) = instructions.next() {
        let (code, data) = (instruction >> 12 & 15, instruction & 4095);
        let run = usize::try_from(data).ok()?.min(count - numbers.len());
        let whole = run == usize::try_from(data).ok()?;
        match code {
            // So many zeros; with the last of them the value.
            0 | 5 => {
                numbers.resize(numbers.len() + run, 0);
                if code == 5 && whole && run > 0 {
                    *numbers.last_mut()? = value;
                }
            }
            4 => numbers.resize(numbers.len() + run, value),
            1 => value = (instructions.next()? << 12) + data,
            2 => value += data,
            3 => value -= data,
            6 | 7 => {
                value += if code == 6 { data } else { -data };
                if numbers.len() < count {
                    numbers.push(value);
                }
            }
            _ => return None,
        }
        if numbers.len() >= count {
            break;
        }
    }
    numbers.resize(count, 0);
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_numbers() {
        fn check(words: &[u16], count: usize, expected: Option<&[i64]>) {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(decode(&bytes, count).as_deref(), expected, "{words:x?}");
        }
        // Two zeros, the value 5 set, three of it, two zeros of which the last
        // is one more.
        let words = [0, 0, 9, 0x0002, 0x1005, 0, 0x4003, 0x2001, 0x5002];
        check(&words, 8, Some(&[0, 0, 5, 5, 5, 0, 6, 0]));
        check(&words, 3, Some(&[0, 0, 5]));
        check(&[0, 0, 9, 0x8000], 3, None);
        check(&[0, 0], 3, None);
    }
}
