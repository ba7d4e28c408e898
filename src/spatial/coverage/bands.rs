//! Intervals of wavelengths, joined where they meet.

/// Intervals that are held at most.
const MOST: usize = 1_000;

/// Wavelengths in metres, growing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bands {
    /// In order, apart.
    joined: Vec<(f64, f64)>,
    waiting: Vec<(f64, f64)>,
}

impl Bands {
    /// Adds all from one wavelength to another; nothing if they are no
    /// wavelengths.
    pub fn add(&mut self, first: f64, last: f64) {
        if !(first > 0.0 && first <= last && last.is_finite()) {
            return;
        }
        // Most rows have the band of many others.
        let place = self.joined.partition_point(|&(_, end)| end < first);
        if let Some(&(start, end)) = self.joined.get(place)
            && start <= first
            && last <= end
        {
            return;
        }
        self.waiting.push((first, last));
        if self.waiting.len() >= 64 {
            self.join();
        }
    }

    pub fn absorb(&mut self, other: &Bands) {
        self.waiting
            .extend(other.joined.iter().chain(&other.waiting));
        self.join();
    }

    /// In order, none touching the next.
    pub fn intervals(&mut self) -> &[(f64, f64)] {
        self.join();
        &self.joined
    }

    pub fn bytes(&mut self) -> Vec<u8> {
        let intervals = self.intervals().iter();
        intervals
            .flat_map(|(first, last)| [first.to_be_bytes(), last.to_be_bytes()].concat())
            .collect()
    }

    /// What [`Self::bytes`] gave.
    pub fn read(bytes: &[u8]) -> Bands {
        let mut bands = Bands::default();
        for pair in bytes.as_chunks::<16>().0 {
            if let [first, last] = pair.as_chunks::<8>().0 {
                bands.add(f64::from_be_bytes(*first), f64::from_be_bytes(*last));
            }
        }
        bands
    }

    fn join(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.waiting.append(&mut self.joined);
        self.waiting.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        for (first, last) in self.waiting.drain(..) {
            match self.joined.last_mut() {
                Some((_, end)) if *end >= first => *end = end.max(last),
                _ => self.joined.push((first, last)),
            }
        }
        self.shorten(MOST);
    }

    /// At most so many intervals that hold them all.
    pub fn fewer(mut self, most: usize) -> Vec<(f64, f64)> {
        self.join();
        self.shorten(most.max(1));
        self.joined
    }

    /// Joins those with the narrowest gap, as a ratio.
    fn shorten(&mut self, most: usize) {
        while self.joined.len() > most {
            let gap = |pair: &[(f64, f64)]| match pair {
                [(_, end), (start, _)] => start / end,
                _ => f64::INFINITY,
            };
            let narrowest = self
                .joined
                .windows(2)
                .enumerate()
                .min_by(|(_, a), (_, b)| gap(a).total_cmp(&gap(b)))
                .map_or(0, |(place, _)| place);
            let (_, last) = self.joined.remove(narrowest + 1);
            if let Some(before) = self.joined.get_mut(narrowest) {
                before.1 = last;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_that_meet_become_one() {
        fn check(given: &[(f64, f64)], expected: &[(f64, f64)]) {
            let mut bands = Bands::default();
            for &(first, last) in given {
                bands.add(first, last);
            }
            assert_eq!(bands.intervals(), expected, "{given:?}");
            assert_eq!(Bands::read(&bands.bytes()).intervals(), expected);
        }
        check(&[], &[]);
        check(&[(3.0, 4.0), (1.0, 2.0)], &[(1.0, 2.0), (3.0, 4.0)]);
        check(&[(1.0, 2.0), (2.0, 3.0), (1.5, 1.6)], &[(1.0, 3.0)]);
        check(
            &[
                (2.0, 1.0),
                (0.0, 1.0),
                (f64::NAN, 1.0),
                (1.0, f64::INFINITY),
            ],
            &[],
        );
        check(&[(5e-7, 5e-7)], &[(5e-7, 5e-7)]);
    }

    #[test]
    fn too_many_intervals_are_joined_where_they_are_nearest() {
        let mut bands = Bands::default();
        for place in 0..5_000 {
            let first = 1.001_f64.powi(2 * place);
            bands.add(first, first * 1.000_5);
        }
        let found = bands.intervals();
        assert!(found.len() <= MOST);
        assert_eq!(found[0].0, 1.0);
    }
}
