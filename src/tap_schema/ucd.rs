//! Unified Content Descriptors: UCD1+ (REC-UCD 1.1, section 2) with the words
//! of EN-UCDlist 1.6.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Lower-case word to where it may stand and how the list writes it.
static WORDS: LazyLock<HashMap<String, (char, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("ucd_words.txt").lines();
    let words = lines.filter_map(|line| line.split_once(' '));
    let words = words.filter_map(|(flag, word)| Some((flag.chars().next()?, word)));
    let words = words.filter(|(flag, _)| *flag != '#');
    words
        .map(|(flag, word)| (word.to_lowercase(), (flag, word)))
        .collect()
});

/// What is wrong with a UCD, as a sentence; `None` when it is right.
///
/// ```
/// use obstap::tap_schema::ucd_fault;
/// assert_eq!(ucd_fault("pos.eq.ra;meta.main"), None);
/// assert!(ucd_fault("pos.eq.rha").is_some());
/// ```
pub fn ucd_fault(ucd: &str) -> Option<String> {
    for (place, word) in ucd.split(';').enumerate() {
        let word = word.trim();
        let word = word.split_once(':').map_or(word, |(_, word)| word);
        if word.is_empty() {
            return Some(format!("the UCD {ucd:?} has an empty word"));
        }
        let Some((flag, _)) = WORDS.get(&word.to_lowercase()) else {
            let known = WORDS.values().map(|(_, known)| *known);
            let near = known
                .map(|known| (strsim::damerau_levenshtein(known, word), known))
                .min()
                .filter(|(distance, _)| *distance <= 2);
            let hint = near.map_or(String::new(), |(_, near)| format!("; {near} is"));
            return Some(format!("{word:?} is not a word of UCD1+{hint}"));
        };
        // P and Q, E, C, V stand first; S, Q, E, C, V after another.
        match (place, flag) {
            (0, 'S') => return Some(format!("{word} cannot be the first word of a UCD")),
            (1.., 'P') => return Some(format!("{word} can only be the first word of a UCD")),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ucd: &str, fault: &str) {
        let found = ucd_fault(ucd).unwrap_or_default();
        assert_eq!(found.is_empty(), fault.is_empty(), "{ucd}: {found}");
        assert!(found.contains(fault), "{ucd}: {found}");
    }

    #[test]
    fn words_and_where_they_stand() {
        check("pos.eq.ra", "");
        check("POS.EQ.RA;META.MAIN", "");
        check("em.wl;stat.min", "");
        check("phot.mag;em.opt.V", "");
        check("stat.error;pos.eq.dec", "");
        check("pos.eq.raa", "pos.eq.ra is");
        check("meta.main;pos.eq.ra", "first");
        check("pos.eq.ra;stat.error", "only be the first");
        check("", "empty");
        check("pos.eq.ra;", "empty");
        check("something.else", "not a word");
    }

    /// Our own columns set an example.
    #[test]
    fn the_list_is_whole() {
        assert_eq!(WORDS.len(), 568);
    }
}
