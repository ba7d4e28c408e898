//! Where random choices come from, so that they can be made again, and made
//! smaller.
//!
//! Everything random is one choice among so many, and is written on a tape.
//! The same tape gives the same query; a shorter tape, or one with smaller
//! numbers, gives a simpler one, because choice 0 is the simplest everywhere
//! and is what a tape that has ended gives. So a failing query is shrunk
//! without knowing what a query is.

pub struct Tape {
    choices: Vec<u32>,
    place: usize,
    /// None when a tape is played again.
    random: Option<u64>,
}

impl Tape {
    /// A new tape; `number` tells those of one run apart.
    pub fn new(seed: u64, number: u64) -> Tape {
        let mixed = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Tape {
            choices: Vec::new(),
            place: 0,
            random: Some(mixed),
        }
    }

    pub fn again(choices: &[u32]) -> Tape {
        Tape {
            choices: choices.to_vec(),
            place: 0,
            random: None,
        }
    }

    pub fn into_choices(self) -> Vec<u32> {
        self.choices
    }

    /// One of `0..count`, 0 the simplest.
    pub fn draw(&mut self, count: usize) -> usize {
        let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        if let Some(state) = &mut self.random {
            self.choices.push(splitmix(state) as u32 % count);
        }
        let choice = self.choices.get(self.place).map_or(0, |it| it % count);
        self.place += 1;
        choice as usize
    }

    /// True once in `times` calls.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.draw(times) + 1 == times
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.draw(from.len())]
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A smaller tape that still fails: runs of choices are left out, then what
/// is left is made smaller, as long as that helps and `tries` last.
pub fn shrink(
    choices: Vec<u32>,
    mut tries: usize,
    mut fails: impl FnMut(&[u32]) -> bool,
) -> Vec<u32> {
    let mut best = choices;
    let mut better = true;
    while better {
        better = false;
        let mut run = best.len().next_power_of_two();
        while run > 0 {
            let mut from = 0;
            while from < best.len() && tries > 0 {
                let to = (from + run).min(best.len());
                let shorter = [&best[..from], &best[to..]].concat();
                tries -= 1;
                if fails(&shorter) {
                    best = shorter;
                    better = true;
                } else {
                    from += run;
                }
            }
            run /= 2;
        }
        for place in 0..best.len() {
            for smaller in [0, best[place] / 2, best[place].saturating_sub(1)] {
                if smaller >= best[place] || tries == 0 {
                    continue;
                }
                let mut attempt = best.clone();
                attempt[place] = smaller;
                tries -= 1;
                if fails(&attempt) {
                    best = attempt;
                    better = true;
                }
            }
        }
    }
    best
}
