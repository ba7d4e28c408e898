//! A MOC of time (MOC 2.0 section 3.2: microseconds since JD 0 in barycentric
//! coordinate time, TCB).

use std::ops::Range;

use moc::qty::Time;

use super::NotACoverage;
use super::ranges::Ranges;

/// Microseconds.
const DAY: f64 = 86_400e6;

/// What Modified Julian Dates are counted from, in whole days of JD; the half
/// day is added apart, so that no digit is lost.
const ZERO: f64 = 2_400_000.0;

/// Times, growing: every cell of an order in which one of them lies.
///
/// ```
/// use adql::sky::TimeCoverage;
///
/// let mut coverage = TimeCoverage::new(10);
/// assert!(coverage.add(59_000.0, 59_000.5));
/// assert_eq!(coverage.ascii(), "10/94");
/// ```
#[derive(Clone, Debug)]
pub struct TimeCoverage(Ranges<Time<u64>>);

impl TimeCoverage {
    /// Of one microsecond.
    pub const FINEST: u8 = 61;

    /// An empty map at an order of 0 to 61; it may become coarser.
    pub fn new(order: u8) -> TimeCoverage {
        TimeCoverage(Ranges::new(order))
    }

    /// The order the map has now.
    pub fn order(&self) -> u8 {
        self.0.order()
    }

    /// Adds the time from `first` to `last`, both included: Modified Julian
    /// Dates in UTC where the observer was, as archives give them; the way of
    /// the light to the barycentre is not reckoned. False if that is no span of
    /// time, or not one that a MOC can say (JD 0 to about 53 million days).
    pub fn add(&mut self, first: f64, last: f64) -> bool {
        let range = span(first, last);
        range.map(|range| self.0.add(range)).is_some()
    }

    /// Adds all of another map; the coarser of the two orders stays.
    pub fn absorb(&mut self, other: &mut TimeCoverage) {
        self.0.absorb(&mut other.0);
    }

    /// Makes it coarser, if it is finer than that.
    pub fn degrade(&mut self, order: u8) {
        self.0.join();
        self.0.degrade(order);
    }

    pub fn is_empty(&mut self) -> bool {
        self.0.ranges().is_empty()
    }

    /// What it covers, as intervals of Modified Julian Dates in TCB.
    pub fn intervals(&mut self) -> Vec<(f64, f64)> {
        let days = |micros: u64| (micros as f64 - DAY / 2.0) / DAY - ZERO;
        let ranges = self.0.ranges().iter();
        ranges.map(|r| (days(r.start), days(r.end))).collect()
    }

    /// The ASCII form (MOC 2.0 section 4.3.2).
    pub fn ascii(&mut self) -> String {
        self.0.ascii()
    }

    /// The JSON form (MOC 2.0 section 4.3.3).
    pub fn json(&mut self) -> Vec<u8> {
        self.0.json()
    }

    /// The FITS form (MOC 2.0 section 4.3.1); `None` only if it does not fit
    /// into memory.
    pub fn fits(&mut self) -> Option<Vec<u8>> {
        self.0.fits()
    }

    /// As few bytes, for keeping.
    pub fn bytes(&mut self) -> Vec<u8> {
        self.0.bytes()
    }

    /// What [`Self::bytes`] gave.
    ///
    /// # Errors
    ///
    /// When it did not.
    pub fn read(bytes: &[u8]) -> Result<TimeCoverage, NotACoverage> {
        Ranges::read(bytes).map(TimeCoverage)
    }
}

/// From `first` to `last` (MJD, UTC) in microseconds of TCB since JD 0, the last
/// one included.
pub(super) fn span(first: f64, last: f64) -> Option<Range<u64>> {
    let (first, last) = (barycentric(first)?, barycentric(last)?);
    (first <= last).then(|| first..last + 1)
}

/// A Modified Julian Date in UTC as microseconds of TCB since JD 0; `None` where
/// a MOC of time has no cell.
pub fn barycentric(mjd: f64) -> Option<u64> {
    let day = mjd.floor();
    if !(-ZERO..=50_000_000.0).contains(&day) {
        return None;
    }
    let micros = (day + ZERO) * DAY + DAY / 2.0;
    // The parts apart: a day has more microseconds than a date has digits left.
    let rest = (mjd - day) * DAY + ahead(mjd) * 1e6;
    let sum = micros as i64 + rest.round() as i64;
    u64::try_from(sum).ok()
}

/// How far TCB is ahead of UTC, in seconds.
fn ahead(mjd: f64) -> f64 {
    // IAU 2006 resolution B3: TDB falls behind TCB by L_B; the periodic terms
    // between TDB and TT stay below 2 milliseconds.
    const RATE: f64 = 1.550_519_768e-8;
    const FROM: f64 = 43_144.000_372_5;
    const SECONDS: f64 = 86_400.0;
    let since = LEAPS.partition_point(|day| *day <= mjd);
    // TAI and UTC were 10 seconds apart when leap seconds were introduced (1972);
    // earlier, when they drifted apart, that is less than a minute wrong.
    let tai = 10.0 + since as f64;
    let terrestrial = tai + 32.184;
    terrestrial + RATE * (mjd + terrestrial / SECONDS - FROM) * SECONDS + 6.55e-5
}

/// Days (MJD) that began with another second between TAI and UTC: IERS Bulletin
/// C, up to number 70 of 2025.
const LEAPS: [f64; 27] = [
    41_499.0, 41_683.0, 42_048.0, 42_413.0, 42_778.0, 43_144.0, 43_509.0, 43_874.0, 44_239.0,
    44_786.0, 45_151.0, 45_516.0, 46_247.0, 47_161.0, 47_892.0, 48_257.0, 48_804.0, 49_169.0,
    49_534.0, 50_083.0, 50_630.0, 51_179.0, 53_736.0, 54_832.0, 56_109.0, 57_204.0, 57_754.0,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Expected values by ERFA 2.0 (utctai, taitt, tttdb without its periodic
    /// terms, tdbtcb).
    #[test]
    fn times_become_barycentric() {
        fn check(mjd: f64, ahead_seconds: f64) {
            let zero = (2_400_000.5 + mjd) * DAY;
            let found = (barycentric(mjd).unwrap() as f64 - zero) / 1e6;
            assert!((found - ahead_seconds).abs() < 0.01, "{mjd}: {found}");
        }
        check(41_317.0, 39.736_375);
        check(51_544.0, 75.437_338);
        check(57_753.0, 87.755_206);
        check(57_754.0, 88.756_546);
        check(60_000.0, 91.765_402);
    }

    #[test]
    fn what_is_no_time_is_not_added() {
        let mut coverage = TimeCoverage::new(61);
        for (first, last) in [
            (f64::NAN, 1.0),
            (1.0, f64::INFINITY),
            (2.0, 1.0),
            (-3e6, 1.0),
            (1.0, 1e300),
        ] {
            assert!(!coverage.add(first, last), "{first} {last}");
        }
        assert!(coverage.is_empty());
        assert!(coverage.add(-2_399_999.0, 5e7));
    }

    proptest! {
        #[test]
        fn maps_are_kept_and_joined(
            times in proptest::collection::vec((0.0..70_000.0f64, 0.0..100.0f64), 0..20),
            order in 0u8..=61,
        ) {
            let mut whole = TimeCoverage::new(order);
            let mut halves = [TimeCoverage::new(order), TimeCoverage::new(order)];
            for (place, (first, length)) in times.iter().enumerate() {
                prop_assert!(whole.add(*first, first + length));
                prop_assert!(halves[place % 2].add(*first, first + length));
            }
            let [mut first, second] = halves;
            first.absorb(&mut TimeCoverage::read(&{second}.bytes())?);
            prop_assert_eq!(first.ascii(), whole.ascii());
        }
    }
}
