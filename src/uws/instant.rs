//! Instants as UWS writes them: ISO 8601 with `T` and `Z` (UWS 1.1 section
//! 2.2.1). Inside they are microseconds since 2000-01-01T00:00:00 UTC.

use std::time::Duration;

/// Whole milliseconds, which is what the text of an instant says: a client
/// that asks for jobs AFTER one it knows must not get that one again.
pub fn now() -> i64 {
    let now = crate::database::now();
    now - now.rem_euclid(1000)
}

pub fn later(instant: i64, by: Duration) -> i64 {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    instant.saturating_add(micros)
}

/// How long from one instant to a later one.
pub fn between(from: i64, to: i64) -> Duration {
    Duration::from_micros(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
}

/// `YYYY-MM-DDThh:mm:ss.sssZ`; empty outside the years 0 to 9999.
pub fn text(instant: i64) -> String {
    match adql::time::fixed(instant) {
        Some(mut text) => {
            text.truncate(23);
            text.push('Z');
            text
        }
        None => String::new(),
    }
}

pub fn parse(text: &str) -> Option<i64> {
    adql::time::parse(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_it_is_written() {
        fn check(text: &str, written: &str) {
            assert_eq!(parse(text).map(super::text).as_deref(), Some(written));
        }
        check("2000-01-01T00:00:00Z", "2000-01-01T00:00:00.000Z");
        check(" 2024-02-29T12:30:00.5Z", "2024-02-29T12:30:00.500Z");
        check("2024-02-29", "2024-02-29T00:00:00.000Z");
        assert_eq!(parse("tomorrow"), None);
        let now = now();
        assert_eq!(parse(&text(now)), Some(now));
    }
}
