//! What a header says by pixels, and so must follow a cut (FITS 4.0 section 8;
//! the conventions of IRAF and NOAO for sections and LTV; LSST's for XY0).
//!
//! A cut by whole pixels moves the reference pixel and nothing else: SIP, TPV
//! and all projections count from there. What only describes the whole image
//! (checksums, the largest and the smallest value) is taken away.

use crate::soda::Fault;

use super::header::Cards;
use super::section::{Section, follow_sections};

/// A cut along one axis of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The axis; the first is 1.
    pub axis: usize,
    /// Pixels before the first that is kept.
    pub offset: u64,
    /// Pixels that are kept.
    pub length: u64,
}

/// Brings the header of an image in line with a cut.
///
/// # Errors
///
/// A card that must follow is no number.
pub fn follow(cards: &mut Cards, cuts: &[Cut]) -> Result<(), Fault> {
    cards.remove(|name| ["CHECKSUM", "DATASUM", "DATAMIN", "DATAMAX"].contains(&name));
    for cut in cuts {
        let name = format!("NAXIS{}", cut.axis);
        cards.set_whole(&name, signed(cut.length), "");
    }
    let alternates = alternates(cards);
    for cut in cuts {
        for alternate in &alternates {
            reference(cards, cut, alternate)?;
        }
        shift(cards, &format!("LTV{}", cut.axis), cut, "LTM", -1.0)?;
        // Where on its plate a part of a DSS plate begins.
        let name = format!("CNPIX{}", cut.axis);
        if let Some(corner) = cards.real(&name)? {
            cards.set_real(&name, corner + cut.offset as f64, "");
        }
    }
    follow_sections(cards, |section| Section {
        ends: [1, 2].map(|axis| {
            let [first, last] = section.ends[axis - 1];
            match cuts.iter().find(|cut| cut.axis == axis) {
                Some(cut) => [
                    (first - signed(cut.offset)).max(1),
                    (last - signed(cut.offset)).min(signed(cut.length)),
                ],
                None => [first, last],
            }
        }),
    });
    Ok(())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The letters of all descriptions of coordinates that the header has; the
/// first is without one.
fn alternates(cards: &Cards) -> Vec<String> {
    let mut found = Vec::new();
    for name in cards.keywords() {
        let letters = name.trim_end_matches(|c: char| c.is_ascii_uppercase());
        let alternate = name.get(letters.len()..).unwrap_or_default();
        let begins = ["CTYPE", "CRVAL", "CRPIX", "CDELT", "CD", "PC"]
            .iter()
            .filter_map(|begin| letters.strip_prefix(begin))
            .any(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'_'));
        if begins && alternate.len() <= 1 && !found.iter().any(|it| it == alternate) {
            found.push(alternate.to_owned());
        }
    }
    found
}

/// Paper I section 2.1.4: CRPIX is a pixel of the image, and 0 where it is not
/// said.
fn reference(cards: &mut Cards, cut: &Cut, alternate: &str) -> Result<(), Fault> {
    if cut.offset == 0 {
        return Ok(());
    }
    let offset = cut.offset as f64;
    let axis = cut.axis;
    let said = |name: &str| format!("{name}{axis}{alternate}");
    let crpix = cards.real(&said("CRPIX"))?;
    // LSST's packages find the place of an image in its detector by a linear
    // description whose reference pixel is 1: there the value moves instead.
    let crval = cards.real(&said("CRVAL"))?;
    if let (Some(1.0), Some(crval)) = (crpix, crval)
        && cards.text(&said("CTYPE")).as_deref().map(str::trim) == Some("LINEAR")
        && is_identity(cards, axis, alternate)?
    {
        cards.set_real(&said("CRVAL"), crval + offset, "");
        return Ok(());
    }
    let after = match alternate.is_empty() || cards.has(&said("CRVAL")) {
        true => said("CRVAL"),
        false => said("CTYPE"),
    };
    cards.set_real(&said("CRPIX"), crpix.unwrap_or(0.0) - offset, &after);
    Ok(())
}

/// Whether the axis of the world is that of the image, a unit a pixel, and no
/// other axis has to do with it.
fn is_identity(cards: &Cards, axis: usize, alternate: &str) -> Result<bool, Fault> {
    if let Some(scale) = cards.real(&format!("CDELT{axis}{alternate}"))?
        && scale != 1.0
    {
        return Ok(false);
    }
    for begin in ["CD", "PC"] {
        for (i, j) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            let usual = if i == j { 1.0 } else { 0.0 };
            let said = cards.real(&format!("{begin}{i}_{j}{alternate}"))?;
            if (i == axis || j == axis) && said.is_some_and(|it| it != usual) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A vector that is 0 where it is not said, but its matrix is.
fn shift(cards: &mut Cards, name: &str, cut: &Cut, matrix: &str, sign: f64) -> Result<(), Fault> {
    let there = cards
        .keywords()
        .any(|it| it == name || it.strip_prefix(matrix).is_some_and(|it| it.contains('_')));
    if there && cut.offset > 0 {
        let value = cards.real(name)?.unwrap_or(0.0);
        cards.set_real(name, value + sign * cut.offset as f64, "LTM2_2");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::header::cards;
    use super::*;

    #[test]
    fn what_counts_pixels_follows() {
        let mut it = cards(&[
            "NAXIS1  =                  100",
            "NAXIS2  =                  200",
            "CTYPE1  = 'RA---TAN'",
            "CRPIX1  = 50.5 / here",
            "CRVAL2  = 1.0",
            "CTYPE1A = 'LINEAR  '",
            "CRPIX1A = 1.0",
            "CRVAL1A = 1000.0",
            "CRPIX2P = 1",
            "CD2_2B  = 2.0",
            "LTV1    = 3",
            "LTM2_2  = 1.0",
            "DATASEC = '[11:90,1:200]'",
            "DETSEC  = '[190:111,1001:1200]'",
            "TRIMSEC = '[1:10,1:200]'",
            "DATAMAX = 7",
            "CHECKSUM= 'abc'",
        ]);
        let cuts = [(1, 20, 30), (2, 5, 10)].map(|(axis, offset, length)| Cut {
            axis,
            offset,
            length,
        });
        follow(&mut it, &cuts).unwrap();
        let it = it.settled();
        fn check(it: &Cards, name: &str, expected: f64) {
            assert_eq!(it.real(name).unwrap(), Some(expected), "{name}");
        }
        check(&it, "NAXIS1", 30.0);
        check(&it, "NAXIS2", 10.0);
        check(&it, "CRPIX1", 30.5);
        check(&it, "CRPIX2", -5.0);
        check(&it, "CRPIX1A", 1.0);
        check(&it, "CRVAL1A", 1020.0);
        check(&it, "CRPIX2A", -5.0);
        check(&it, "CRPIX2P", -4.0);
        check(&it, "CRPIX1P", -20.0);
        check(&it, "CRPIX2B", -5.0);
        check(&it, "LTV1", -17.0);
        check(&it, "LTV2", -5.0);
        assert_eq!(it.text("DATASEC").as_deref(), Some("[1:30,1:10]"));
        // Of the data's first pixel, which was 11, 10 are gone in x.
        assert_eq!(it.text("DETSEC").as_deref(), Some("[180:151,1006:1015]"));
        assert!(!it.has("TRIMSEC") && !it.has("DATAMAX") && !it.has("CHECKSUM"));
    }
}
