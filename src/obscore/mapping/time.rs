//! Instants as registries keep them, nanoseconds of TAI, as others write them:
//! days and clock readings of UTC, TAI and TT.
//!
//! UTC follows the quasi-Julian dates of ERFA and astropy: a day is as long as
//! it was, so that the fraction of one that ends in a leap second is its
//! seconds over 86401. From 1960 to 1971 seconds of UTC were longer than those
//! of TAI and steps were parts of a second, which the table has too. Before
//! 1960 there was no UTC: TAI is taken for it.

use std::fmt::Write;

/// The table of leap seconds is complete for all instants before this day (IERS
/// Bulletin C). Later ones get the last difference that is known, which is one
/// second too small from the day on that another leap second is inserted, until
/// a program with a newer table is installed and the rows are made again.
pub const LEAP_SECONDS_KNOWN_UNTIL: &str = "2027-06-28";

/// 1970-01-01 as a Modified Julian Date.
const EPOCH: i64 = 40_587;
const SECOND: i64 = 1_000_000_000;
/// Nanoseconds of 24 hours.
const DAY: i64 = 86_400 * SECOND;
/// TT is ahead of TAI by so many nanoseconds (IAU 1991, recommendation IV).
const TT: i64 = 32_184_000_000;

/// From this day (MJD) on TAI is ahead of UTC by so many nanoseconds, and by
/// this many more for each day since the reference day. Source: the IERS's
/// `tai-utc.dat`.
struct Step {
    from: i64,
    ahead: i64,
    drift: i64,
    reference: i64,
}

const fn drifting(from: i64, ahead: i64, reference: i64, drift: i64) -> Step {
    Step {
        from,
        ahead,
        drift,
        reference,
    }
}

const fn whole(from: i64, seconds: i64) -> Step {
    drifting(from, seconds * SECOND, 0, 0)
}

const STEPS: [Step; 42] = [
    drifting(36_934, 1_417_818_000, 37_300, 1_296_000),
    drifting(37_300, 1_422_818_000, 37_300, 1_296_000),
    drifting(37_512, 1_372_818_000, 37_300, 1_296_000),
    drifting(37_665, 1_845_858_000, 37_665, 1_123_200),
    drifting(38_334, 1_945_858_000, 37_665, 1_123_200),
    drifting(38_395, 3_240_130_000, 38_761, 1_296_000),
    drifting(38_486, 3_340_130_000, 38_761, 1_296_000),
    drifting(38_639, 3_440_130_000, 38_761, 1_296_000),
    drifting(38_761, 3_540_130_000, 38_761, 1_296_000),
    drifting(38_820, 3_640_130_000, 38_761, 1_296_000),
    drifting(38_942, 3_740_130_000, 38_761, 1_296_000),
    drifting(39_004, 3_840_130_000, 38_761, 1_296_000),
    drifting(39_126, 4_313_170_000, 39_126, 2_592_000),
    drifting(39_887, 4_213_170_000, 39_126, 2_592_000),
    whole(41_317, 10),
    whole(41_499, 11),
    whole(41_683, 12),
    whole(42_048, 13),
    whole(42_413, 14),
    whole(42_778, 15),
    whole(43_144, 16),
    whole(43_509, 17),
    whole(43_874, 18),
    whole(44_239, 19),
    whole(44_786, 20),
    whole(45_151, 21),
    whole(45_516, 22),
    whole(46_247, 23),
    whole(47_161, 24),
    whole(47_892, 25),
    whole(48_257, 26),
    whole(48_804, 27),
    whole(49_169, 28),
    whole(49_534, 29),
    whole(50_083, 30),
    whole(50_630, 31),
    whole(51_179, 32),
    whole(53_736, 33),
    whole(54_832, 34),
    whole(56_109, 35),
    whole(57_204, 36),
    whole(57_754, 37),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Utc,
    Tai,
    Tt,
}

/// How an instant is written: the names of astropy's formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `2014-03-24T11:59:25.123457`
    Isot,
    /// The same with a blank.
    Iso,
    /// `2014:083:11:59:25.123457`
    Yday,
    Mjd,
    Jd,
    /// Seconds since 1970 that leave leap seconds out.
    Unix,
    /// Seconds of TAI since 1970.
    UnixTai,
    /// Julian epoch.
    Jyear,
}

/// A moment of a calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Modified Julian Date of its midnight.
    day: i64,
    /// Nanoseconds since then.
    since: i64,
    /// Nanoseconds that the day has.
    length: i64,
}

impl Scale {
    pub(super) fn named(word: &str) -> Option<Scale> {
        match word {
            "utc" => Some(Scale::Utc),
            "tai" => Some(Scale::Tai),
            "tt" => Some(Scale::Tt),
            _ => None,
        }
    }
}

impl Format {
    pub(super) fn named(word: &str) -> Option<Format> {
        Some(match word {
            "isot" | "fits" => Format::Isot,
            "iso" => Format::Iso,
            "yday" => Format::Yday,
            "mjd" => Format::Mjd,
            // What the Butler's own instants are kept in.
            "jd" | "value" => Format::Jd,
            "unix" => Format::Unix,
            "unix_tai" => Format::UnixTai,
            "jyear" => Format::Jyear,
            _ => return None,
        })
    }
}

/// An instant written down.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    Text(String),
    Number(f64),
}

/// Writes an instant, nanoseconds since 1970-01-01T00:00:00 TAI.
pub(super) fn written(tai: i64, scale: Scale, format: Format) -> Written {
    let moment = Moment::of(tai, scale);
    match format {
        Format::Isot => Written::Text(moment.clock('T')),
        Format::Iso => Written::Text(moment.clock(' ')),
        Format::Yday => Written::Text(moment.day_of_year()),
        Format::Mjd => Written::Number(moment.mjd()),
        Format::Jd => Written::Number(moment.jd()),
        Format::Unix => {
            let moment = Moment::of(tai, Scale::Utc);
            Written::Number((moment.day - EPOCH) as f64 * 86_400.0 + moment.fraction() * 86_400.0)
        }
        Format::UnixTai => Written::Number(tai as f64 / 1e9),
        Format::Jyear => {
            let moment = Moment::of(tai, Scale::Tt);
            // J2000.0 is 2000-01-01T12:00:00 TT.
            let days = (moment.day - 51_544) as f64 + (moment.fraction() - 0.5);
            Written::Number(2000.0 + days / 365.25)
        }
    }
}

/// The Modified Julian Date, UTC, of nanoseconds since 1970-01-01T00:00:00 TAI.
pub(super) fn utc_mjd(tai: i64) -> f64 {
    Moment::of(tai, Scale::Utc).mjd()
}

/// How many nanoseconds TAI is ahead when this day of UTC begins.
fn ahead(day: i64) -> i64 {
    let after = STEPS.partition_point(|step| step.from <= day);
    match after.checked_sub(1).and_then(|place| STEPS.get(place)) {
        Some(step) => step.ahead + (day - step.reference) * step.drift,
        None => 0,
    }
}

impl Moment {
    pub(super) fn of(tai: i64, scale: Scale) -> Moment {
        match scale {
            Scale::Tai => Moment::even(tai),
            Scale::Tt => Moment::even(tai.saturating_add(TT)),
            Scale::Utc => Moment::utc(tai),
        }
    }

    fn even(nanos: i64) -> Moment {
        Moment {
            day: EPOCH + nanos.div_euclid(DAY),
            since: nanos.rem_euclid(DAY),
            length: DAY,
        }
    }

    fn utc(tai: i64) -> Moment {
        let in_tai = Moment::even(tai);
        // UTC is behind by less than a minute: it is this day or the one before.
        let (now, next) = (ahead(in_tai.day), ahead(in_tai.day + 1));
        match in_tai.since >= now {
            true => Moment {
                since: in_tai.since - now,
                length: DAY + next - now,
                day: in_tai.day,
            }
            .settled(),
            false => {
                let before = ahead(in_tai.day - 1);
                Moment {
                    day: in_tai.day - 1,
                    since: in_tai.since + DAY - before,
                    length: DAY + now - before,
                }
            }
        }
    }

    /// A day of the past that was shortened may have ended.
    fn settled(self) -> Moment {
        match self.since < self.length {
            true => self,
            false => Moment {
                day: self.day + 1,
                since: self.since - self.length,
                length: DAY + ahead(self.day + 2) - ahead(self.day + 1),
            },
        }
    }

    /// Of the day.
    fn fraction(self) -> f64 {
        self.since as f64 / self.length as f64
    }

    pub(super) fn mjd(self) -> f64 {
        self.day as f64 + self.fraction()
    }

    fn jd(self) -> f64 {
        // Half a day is taken from the fraction, which has digits to spare.
        (self.day + 2_400_001) as f64 + (self.fraction() - 0.5)
    }

    /// Day and microseconds since its midnight, rounded.
    fn micros(self) -> (i64, i64) {
        let leap = self.length - DAY;
        // Less than half a second is no second inserted: the day's seconds are
        // of another length.
        let (nanos, length) = match leap >= SECOND / 2 {
            true => (self.since, DAY + SECOND),
            false if leap == 0 => (self.since, DAY),
            false => {
                let stretched = i128::from(self.since) * i128::from(DAY) / i128::from(self.length);
                (stretched as i64, DAY)
            }
        };
        match (nanos + 500) / 1000 {
            micros if micros * 1000 >= length => (self.day + 1, 0),
            micros => (self.day, micros),
        }
    }

    fn clock(self, between: char) -> String {
        let (day, micros) = self.micros();
        let (year, month, day) = date(day);
        let mut text = format!("{year:04}-{month:02}-{day:02}{between}");
        push_clock(&mut text, micros);
        text
    }

    fn day_of_year(self) -> String {
        let (day, micros) = self.micros();
        let (year, _, _) = date(day);
        let mut text = format!("{year:04}:{:03}:", day - first_of(year) + 1);
        push_clock(&mut text, micros);
        text
    }
}

fn push_clock(text: &mut String, micros: i64) {
    // A leap second is the 61st of the last minute.
    let seconds = micros / 1_000_000;
    let minutes = (seconds / 60).min(24 * 60 - 1);
    // A text takes all that is written to it.
    let _ = write!(
        text,
        "{:02}:{:02}:{:02}.{:06}",
        minutes / 60,
        minutes % 60,
        seconds - minutes * 60,
        micros % 1_000_000
    );
}

/// Year, month and day of a Modified Julian Date, in the Gregorian calendar.
fn date(mjd: i64) -> (i64, i64, i64) {
    // Days since 0000-03-01, in cycles of 400 years whose leap days come last.
    let days = mjd + 678_881;
    let (cycle, rest) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (rest - rest / 1_460 + rest / 36_524 - rest / 146_096) / 365;
    let of_year = rest - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = match month < 10 {
        true => (month + 3, 0),
        false => (month - 9, 1),
    };
    (cycle * 400 + year + next, month, day)
}

/// The Modified Julian Date of a year's first day.
fn first_of(year: i64) -> i64 {
    let before = year - 1;
    365 * before + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 678_575
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of astropy 8.0.2 (`Time(…, scale="tai")`, precision 6): TAI, then
    /// the Modified Julian Date and the clock of UTC.
    const ASTROPY: &str = include_str!("time_astropy.txt");

    #[test]
    fn utc_is_what_astropy_says() {
        for line in ASTROPY.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let [tai, mjd, isot] = fields.as_slice() else {
                panic!("{line}");
            };
            let tai: i64 = tai.parse().unwrap();
            let mjd: f64 = mjd.parse().unwrap();
            assert!(
                (utc_mjd(tai) - mjd).abs() <= mjd.abs() * f64::EPSILON,
                "{line}: {}",
                utc_mjd(tai)
            );
            let clock = written(tai, Scale::Utc, Format::Isot);
            assert_eq!(clock, Written::Text((*isot).to_owned()), "{line}");
        }
    }

    #[track_caller]
    fn check(tai: i64, scale: Scale, format: &str, expected: &str) {
        let format = Format::named(format).unwrap();
        let text = match written(tai, scale, format) {
            Written::Text(text) => text,
            Written::Number(number) => number.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn a_leap_second_is_the_sixty_first() {
        let half = 1_483_228_836_500_000_000;
        check(half, Scale::Utc, "isot", "2016-12-31T23:59:60.500000");
        check(half, Scale::Utc, "mjd", "57753.99999421303");
        check(half, Scale::Tai, "iso", "2017-01-01 00:00:36.500000");
        check(
            half + 499_999_700,
            Scale::Utc,
            "isot",
            "2017-01-01T00:00:00.000000",
        );
    }

    #[test]
    fn other_formats() {
        let tai = 1_395_662_400_123_456_789;
        check(tai, Scale::Utc, "yday", "2014:083:11:59:25.123457");
        check(tai, Scale::Tai, "mjd", "56740.500001428896");
        check(tai, Scale::Tai, "value", "2456741.000001429");
        check(tai, Scale::Utc, "jd", "2456740.9995963364");
        check(tai, Scale::Utc, "unix", "1395662365.1234567");
        check(tai, Scale::Utc, "unix_tai", "1395662400.1234567");
        check(tai, Scale::Tt, "isot", "2014-03-24T12:00:32.307457");
    }

    #[test]
    fn no_instant_is_too_early_or_too_late() {
        for tai in [i64::MIN, i64::MAX, 0, -1] {
            for scale in [Scale::Utc, Scale::Tai, Scale::Tt] {
                assert!(Moment::of(tai, scale).mjd().is_finite());
                written(tai, scale, Format::Yday);
            }
        }
    }
}
