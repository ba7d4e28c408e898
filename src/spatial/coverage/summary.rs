//! A coverage in the few words of a record in the Registry (VODataService 1.2
//! section 3.1, <https://www.ivoa.net/documents/VODataService/20211102/>).

use super::Extent;

/// What is covered, roughly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// A MOC as ASCII; `None` where nothing is covered.
    pub space: Option<String>,
    /// Modified Julian Dates, TDB.
    pub time: Vec<(f64, f64)>,
    /// Energies of photons in joules.
    pub light: Vec<(f64, f64)>,
    /// Names of <http://www.ivoa.net/rdf/messenger>.
    pub messengers: Vec<&'static str>,
}

/// "At least to order 6".
const ORDER: u8 = 6;

/// "A few dozens of kB."
const LONGEST: usize = 24_000;

/// Intervals of time, and of light, at most.
const INTERVALS: usize = 24;

/// Planck's constant times the speed of light, J m (both exact in the SI).
const JOULE_METRES: f64 = 6.626_070_15e-34 * 299_792_458.0;

/// From which to which wavelength in metres (VODataService 1.1 section 3.2,
/// whose words the vocabulary repeats).
const MESSENGERS: [(&str, f64, f64); 8] = [
    ("Radio", 1e-2, f64::INFINITY),
    ("Millimeter", 1e-4, 1e-2),
    ("Infrared", 1e-6, 1e-4),
    ("Optical", 3e-7, 1e-6),
    ("UV", 1e-7, 3e-7),
    ("EUV", 1e-8, 1e-7),
    ("X-ray", 1e-11, 1e-8),
    ("Gamma-ray", 0.0, 1e-11),
];

impl Summary {
    /// Covers all that the extent covers.
    pub fn of(mut extent: Extent) -> Summary {
        extent.space.degrade(ORDER);
        let mut space = extent.space.ascii();
        while space.len() > LONGEST && extent.space.order() > 0 {
            extent.space.degrade(extent.space.order() - 1);
            space = extent.space.ascii();
        }
        let mut time = extent.time.intervals();
        while time.len() > INTERVALS && extent.time.order() > 0 {
            extent.time.degrade(extent.time.order() - 1);
            time = extent.time.intervals();
        }
        let messengers = messengers(extent.light.intervals());
        let light = extent.light.fewer(INTERVALS);
        Summary {
            space: (!extent.space.is_empty()).then_some(space),
            time,
            light: light
                .iter()
                .rev()
                .map(|(first, last)| (JOULE_METRES / last, JOULE_METRES / first))
                .collect(),
            messengers,
        }
    }
}

/// In which an interval has more than an end.
fn messengers(intervals: &[(f64, f64)]) -> Vec<&'static str> {
    let within = |first: f64, last: f64| {
        intervals.iter().any(|&(shortest, longest)| {
            shortest < last && longest > first || (shortest == longest && shortest == first)
        })
    };
    let found = MESSENGERS.iter();
    found
        .filter(|&&(_, first, last)| within(first, last))
        .map(|(name, ..)| *name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Grain;
    use super::*;
    use crate::spatial::Where;

    #[test]
    fn bands_are_named() {
        let check = |intervals: &[(f64, f64)], expected: &[&str]| {
            assert_eq!(messengers(intervals), expected, "{intervals:?}");
        };
        check(&[], &[]);
        check(&[(4e-7, 5.5e-7)], &["Optical"]);
        check(&[(4e-7, 1e-6)], &["Optical"]);
        check(&[(2.9e-7, 1.1e-6)], &["Infrared", "Optical", "UV"]);
        check(&[(0.21, 0.21), (1e-12, 1e-12)], &["Radio", "Gamma-ray"]);
    }

    #[test]
    fn a_summary_is_short_and_covers_everything() {
        let mut extent = Extent::new(&Grain::KEPT);
        for place in 0..5_000_u32 {
            let turn = f64::from(place) * 137.507_764;
            let lat = (2.0 * f64::from(place) / 5_000.0 - 1.0).asin().to_degrees();
            let first = 50_000.0 + 7.3 * f64::from(place);
            extent.add(
                Some(&Where::Position(turn.rem_euclid(360.0), lat)),
                Some((first, first + 0.1)),
                Some((
                    4e-7 + f64::from(place) * 1e-10,
                    4e-7 + f64::from(place) * 1e-10,
                )),
            );
        }
        let summary = Summary::of(extent);
        assert!(summary.space.is_some_and(|text| text.len() <= LONGEST));
        assert!(summary.time.len() <= INTERVALS && summary.light.len() <= INTERVALS);
        assert!(summary.time[0].0 <= 50_000.0);
        assert_eq!(summary.messengers, ["Optical"]);
        let (least, most) = (summary.light[0].0, summary.light[summary.light.len() - 1].1);
        assert!(least <= JOULE_METRES / 8.9e-7 && most >= JOULE_METRES / 4.001e-7);
        assert_eq!(Summary::of(Extent::new(&Grain::KEPT)), Summary::default());
    }
}
