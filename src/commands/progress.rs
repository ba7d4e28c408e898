//! How far long work has come: a bar on a terminal, lines in the log elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two lines in the log.
const PAUSE: Duration = Duration::from_secs(5);

/// The work on one file.
pub struct Progress {
    what: String,
    bar: Option<ProgressBar>,
    total: Option<u64>,
    started: Instant,
    logged: Instant,
}

impl Progress {
    /// `total` is in whatever unit the work is counted (bytes, rows).
    pub fn start(what: &str, total: Option<u64>) -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = match total {
                Some(total) => ProgressBar::new(total),
                None => ProgressBar::new_spinner(),
            };
            let template = match total {
                Some(_) => "{prefix} {wide_bar} {percent:>3}%  {msg}  {eta} left",
                None => "{prefix} {spinner} {msg}  {elapsed}",
            };
            // The templates are fixed and well-formed; a bar without one is
            // still a bar.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(what.to_owned());
            bar
        });
        let now = Instant::now();
        if bar.is_none() {
            tracing::info!("{what}: started");
        }
        Progress {
            what: what.to_owned(),
            bar,
            total,
            started: now,
            logged: now,
        }
    }

    /// `rows` have been handled, and `done` of the total.
    pub fn at(&mut self, rows: u64, done: u64) {
        let rate = self.rate(rows);
        match &self.bar {
            Some(bar) => {
                bar.set_message(format!("{} rows, {}/s", grouped(rows), grouped(rate)));
                bar.set_position(done);
            }
            None if self.logged.elapsed() >= PAUSE => {
                self.logged = Instant::now();
                let percent = self
                    .total
                    .map(|total| done.saturating_mul(100) / total.max(1));
                tracing::info!(rows, rows_per_second = rate, percent, "{}", self.what);
            }
            None => {}
        }
    }

    /// Rows a second since the start.
    fn rate(&self, rows: u64) -> u64 {
        let milliseconds = self.started.elapsed().as_millis().max(1);
        u64::try_from(u128::from(rows) * 1000 / milliseconds).unwrap_or(u64::MAX)
    }
}

/// The bar is taken away; what came of the work is for the caller to say.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// 1234567 as "1,234,567".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        fn check(number: u64, text: &str) {
            assert_eq!(grouped(number), text);
        }
        check(0, "0");
        check(999, "999");
        check(1000, "1,000");
        check(1234567, "1,234,567");
    }
}
