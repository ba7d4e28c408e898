//! Sections of images, `[x1:x2,y1:y2]` with both ends in them (IRAF's and NOAO's
//! keywords of mosaics).

use super::header::Cards;

/// First and last pixel on both axes, the first pixel of an image being 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    pub ends: [[i64; 2]; 2],
}

/// Sections of this image's pixels.
const OWN: [&str; 3] = ["DATASEC", "TRIMSEC", "BIASSEC"];
/// Where the pixels of DATASEC are in something larger.
const PLACES: [&str; 3] = ["DETSEC", "CCDSEC", "AMPSEC"];

impl Section {
    fn read(text: &str) -> Option<Section> {
        let inside = text.trim().strip_prefix('[')?.strip_suffix(']')?;
        let (x, y) = inside.split_once(',')?;
        let pair = |text: &str| {
            let (first, last) = text.split_once(':')?;
            let number = |text: &str| {
                let number: i64 = text.trim().parse().ok()?;
                (number.abs() < 1 << 40).then_some(number)
            };
            Some([number(first)?, number(last)?])
        };
        Some(Section {
            ends: [pair(x)?, pair(y)?],
        })
    }

    fn text(&self) -> String {
        let [[a, b], [c, d]] = self.ends;
        format!("[{a}:{b},{c}:{d}]")
    }

    fn is_empty(&self) -> bool {
        self.ends.iter().any(|[first, last]| first > last)
    }
}

/// Moves all sections. `moved` gives the part of a section of the image that is
/// left, in pixels of the cut-out; `[1:0,…]` and the like say that none is.
pub fn follow_sections(cards: &mut Cards, moved: impl Fn(Section) -> Section) {
    let names: Vec<String> = cards.keywords().map(str::to_owned).collect();
    // Places first, since they go by what DATASEC says before it is moved; each
    // amplifier has its own letter.
    for name in &names {
        let Some(suffix) = PLACES.iter().find_map(|begin| name.strip_prefix(begin)) else {
            continue;
        };
        let data = cards.text(&format!("DATASEC{suffix}"));
        let data = data.and_then(|text| Section::read(&text));
        let place = cards.text(name).and_then(|text| Section::read(&text));
        let part = data
            .zip(place)
            .and_then(|(data, place)| within(place, data, moved(data), moved_by(data, &moved)));
        match part {
            Some(part) => cards.set_text(name, &part.text(), ""),
            // Nobody can tell where what is left lies.
            None => cards.remove(|it| it == name),
        }
    }
    for name in &names {
        if !OWN.iter().any(|begin| name.starts_with(begin)) {
            continue;
        }
        let section = cards.text(name).and_then(|text| Section::read(&text));
        match section.map(&moved).filter(|left| !left.is_empty()) {
            Some(left) => cards.set_text(name, &left.text(), ""),
            None => cards.remove(|it| it == name),
        }
    }
}

/// How many pixels the cut takes away before the first, on both axes: what
/// becomes of a section that is far inside.
fn moved_by(data: Section, moved: &impl Fn(Section) -> Section) -> [i64; 2] {
    // A section beyond all ends is only clipped at its end: its first pixel
    // tells.
    let far = 1 << 41;
    let there = moved(Section {
        ends: data.ends.map(|_| [far, far]),
    });
    there.ends.map(|[first, _]| far - first)
}

/// The part of `place`, where `data` is, that belongs to what is left of `data`.
fn within(place: Section, data: Section, left: Section, by: [i64; 2]) -> Option<Section> {
    if left.is_empty() || data.is_empty() {
        return None;
    }
    let mut ends = [[0; 2]; 2];
    for axis in 0..2 {
        let [first, last] = data.ends.get(axis).copied()?;
        let [from, to] = place.ends.get(axis).copied()?;
        let count = last - first + 1;
        let size = (to - from).abs() + 1;
        // So many pixels of the place are one of the data (binned).
        if size % count != 0 {
            return None;
        }
        let step = size / count;
        let sign = if to >= from { 1 } else { -1 };
        let shift = by.get(axis).copied()?;
        let [a, b] = left
            .ends
            .get(axis)
            .copied()?
            .map(|pixel| pixel + shift - first);
        *ends.get_mut(axis)? = [from + sign * step * a, from + sign * (step * (b + 1) - 1)];
    }
    Some(Section { ends })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read() {
        fn check(text: &str, expected: Option<[[i64; 2]; 2]>) {
            assert_eq!(Section::read(text).map(|it| it.ends), expected, "{text}");
        }
        check("[1:20,3:4]", Some([[1, 20], [3, 4]]));
        check(" [ 20 : 1 , 3:4 ] ", Some([[20, 1], [3, 4]]));
        check("[1:20]", None);
        check("[*,1:2]", None);
        check("[1:99999999999999999999,1:2]", None);
    }
}
