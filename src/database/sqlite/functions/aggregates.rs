//! Aggregates for SQLite: texts in a row (PostgreSQL has that of itself) and
//! histograms (the twin is in `migrations/postgres/0004_text_functions.sql`).

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::{Arguments, Refusal};

/// The longest text that [`Joined`] makes, in bytes: the database is in the
/// service's own memory.
const LONGEST: usize = 1 << 28;

pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    let joined = Joined { distinct: false };
    connection.create_aggregate_function("string_agg_1", 2, flags, joined)?;
    let joined = Joined { distinct: true };
    connection.create_aggregate_function("string_agg_distinct_1", 2, flags, joined)?;
    connection.create_aggregate_function("histogram_1", 4, flags, Histogram)
}

/// All texts in the order of their bytes with the second argument between
/// them; NULL if there is none.
struct Joined {
    distinct: bool,
}

#[derive(Default)]
struct Texts {
    delimiter: String,
    texts: Vec<Box<str>>,
    size: usize,
}

impl Aggregate<Texts, Option<String>> for Joined {
    fn init(&self, _: &mut Context<'_>) -> Result<Texts> {
        Ok(Texts::default())
    }

    fn step(&self, context: &mut Context<'_>, to: &mut Texts) -> Result<()> {
        if context.get_raw(0) == ValueRef::Null {
            return Ok(());
        }
        let of = Arguments {
            name: "ivo_string_agg",
            context,
        };
        let (text, delimiter) = (of.text(0)?, of.text(1)?);
        if to.texts.is_empty() {
            delimiter.clone_into(&mut to.delimiter);
        }
        to.size += text.len() + delimiter.len();
        if to.size > LONGEST {
            return Err(of.refuse("makes a text that is too long").into());
        }
        to.texts.push(text.into());
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, of: Option<Texts>) -> Result<Option<String>> {
        let Some(mut of) = of.filter(|of| !of.texts.is_empty()) else {
            return Ok(None);
        };
        of.texts.sort_unstable();
        if self.distinct {
            of.texts.dedup();
        }
        Ok(Some(of.texts.join(&of.delimiter)))
    }
}

/// Counts of the values (first argument) below the lower limit, in each of so
/// many bins, and above the upper limit: big-endian integers of 32 bits.
struct Histogram;

impl Aggregate<Vec<i32>, Option<Value>> for Histogram {
    fn init(&self, _: &mut Context<'_>) -> Result<Vec<i32>> {
        Ok(Vec::new())
    }

    fn step(&self, context: &mut Context<'_>, counts: &mut Vec<i32>) -> Result<()> {
        let of = Arguments {
            name: "ivo_histogram",
            context,
        };
        let bins = of.integer(3)?;
        if counts.is_empty() {
            let length = usize::try_from(bins + 2).unwrap_or_default();
            counts.resize(length, 0);
        }
        let known = (0..3).all(|place| of.raw(place) != ValueRef::Null);
        let bin = match known {
            true => bin(of.real(0)?, of.real(1)?, of.real(2)?, bins as f64)?,
            false => 0,
        };
        if let Some(count) = counts.get_mut(bin) {
            let more = count.checked_add(1);
            *count = more.ok_or_else(|| of.refuse("counts more rows than INTEGER can say"))?;
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, counts: Option<Vec<i32>>) -> Result<Option<Value>> {
        let bytes = |counts: Vec<i32>| counts.iter().flat_map(|it| it.to_be_bytes()).collect();
        Ok(counts.map(|counts| Value::Blob(bytes(counts))))
    }
}

/// The place of a value among the counts. The upper limit is in the last bin.
fn bin(value: f64, lower: f64, upper: f64, bins: f64) -> std::result::Result<usize, Refusal> {
    if !(lower < upper && lower >= -1e300 && upper <= 1e300) {
        return Err(Refusal::new(
            "the lower limit of IVO_HISTOGRAM must be below the upper one, \
             and both between -1e300 and 1e300",
        ));
    }
    if value < lower {
        return Ok(0);
    }
    if value > upper {
        return Ok(bins as usize + 1);
    }
    let share = (value - lower) / (upper - lower);
    Ok((bins * share).min(bins - 1.0) as usize + 1)
}
