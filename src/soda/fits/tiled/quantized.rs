//! Real numbers kept as whole ones (FITS 4.0 section 10.2 and appendix I).

use std::sync::LazyLock;

/// What pixels without a value are kept as, unless the header says it.
pub const NULL: i64 = -2_147_483_647;
/// A zero that is exactly that, with the second manner of dithering.
const ZERO: i64 = -2_147_483_646;

/// How noise was added before rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dither {
    None,
    /// With ZDITHER0.
    First(i64),
    Second(i64),
}

/// Random numbers between 0 and 1, the same everywhere.
static RANDOM: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let mut seed = 1u64;
    (0..10_000)
        .map(|_| {
            seed = seed * 16_807 % 2_147_483_647;
            (seed as f64 / 2_147_483_647.0) as f32
        })
        .collect()
});

/// The numbers that were meant; `row` is that of the tile in the table, from 0.
pub fn restored(
    numbers: &[i64],
    scale: f64,
    zero: f64,
    blank: i64,
    dither: Dither,
    row: u64,
) -> Vec<f64> {
    let random = |at: usize| f64::from(RANDOM.get(at).copied().unwrap_or_default());
    let seed = match dither {
        Dither::None => 0,
        Dither::First(seed) | Dither::Second(seed) => seed,
    };
    let begun = (i128::from(row) + i128::from(seed) - 1).rem_euclid(10_000);
    let mut seed = usize::try_from(begun).unwrap_or_default();
    let first = |seed: usize| (random(seed) * 500.0) as usize;
    let mut next = first(seed);
    let restored = numbers.iter().map(|number| {
        let noise = match dither {
            Dither::None => 0.0,
            _ => random(next) - 0.5,
        };
        next += 1;
        if next >= 10_000 {
            seed = (seed + 1) % 10_000;
            next = first(seed);
        }
        match (*number, dither) {
            (number, _) if number == blank => f64::NAN,
            (ZERO, Dither::Second(_)) => 0.0,
            (number, _) => (number as f64 - noise) * scale + zero,
        }
    });
    restored.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_numbers_are_those_of_the_standard() {
        // Appendix I: the last seed is 1043618065.
        let last = 1_043_618_065.0 / 2_147_483_647.0;
        assert_eq!(RANDOM.last().copied(), Some(last as f32));
    }

    #[test]
    fn numbers_are_scaled() {
        let back = restored(&[1, NULL, 3], 2.0, 10.0, NULL, Dither::None, 0);
        assert_eq!((back[0], back[2]), (12.0, 16.0));
        assert!(back[1].is_nan());
        let back = restored(&[ZERO, 0], 2.0, 10.0, NULL, Dither::Second(1), 0);
        assert_eq!(back[0], 0.0);
        assert!((back[1] - 10.0).abs() <= 1.0 && back[1] != 10.0);
    }
}
