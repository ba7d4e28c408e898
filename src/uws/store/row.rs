//! Jobs as rows, there and back.

use adql::{Value, Wire};

use super::super::experience::Expected;
use super::super::{Job, Phase, Problem, Product};
use crate::dali::Params;
use crate::database::{Batch, Plan};

pub(super) const COLUMNS: &str = "job_id, phase, run_id, owner, asker, parameters, created, queued, started, \
                       ended, destruction, seconds, attempt, lost, long, error, transient, \
                       media_type, bytes, row_count, plan_seconds, form, expected_seconds, \
                       expected_rows, rank, file_name";

/// The same without the parameters, which may be large, for many jobs at once.
pub(super) fn brief() -> String {
    COLUMNS.replace("parameters", "CAST('' AS text)")
}

pub(super) const WIRES: [Wire; 26] = [
    Wire::Text,
    Wire::Text,
    Wire::Text,
    Wire::Text,
    Wire::Text,
    Wire::Text,
    Wire::Timestamp,
    Wire::Timestamp,
    Wire::Timestamp,
    Wire::Timestamp,
    Wire::Timestamp,
    Wire::Int8,
    Wire::Int8,
    Wire::Int8,
    Wire::Bool,
    Wire::Text,
    Wire::Bool,
    Wire::Text,
    Wire::Int8,
    Wire::Int8,
    Wire::Float8,
    Wire::Int8,
    Wire::Float8,
    Wire::Int8,
    Wire::Int8,
    Wire::Text,
];

/// The values of [`COLUMNS`].
pub(super) fn values(job: &Job) -> Vec<Value> {
    let problem = job.problem.as_ref();
    let product = job.product.as_ref();
    vec![
        text(&job.id),
        text(job.phase.name()),
        maybe(job.run_id.as_deref()),
        maybe(job.owner.as_deref()),
        text(&job.asker),
        text(&job.parameters.encoded()),
        Value::Timestamp(job.created),
        time(job.queued),
        time(job.started),
        time(job.ended),
        Value::Timestamp(job.destruction),
        number(Some(job.seconds)),
        Value::BigInt(job.attempt),
        Value::BigInt(job.lost),
        Value::Boolean(job.long),
        maybe(problem.map(|problem| problem.message.as_str())),
        Value::Boolean(problem.is_some_and(|problem| problem.transient)),
        maybe(product.map(|product| product.media_type.as_str())),
        number(product.map(|product| product.bytes)),
        number(job.rows),
        double(job.plan.map(|plan| plan.seconds)),
        job.plan
            .map_or(Value::Null, |plan| Value::BigInt(plan.form)),
        double(job.expected.map(|expected| expected.seconds)),
        number(job.expected.and_then(|expected| expected.rows)),
        job.rank().map_or(Value::Null, Value::BigInt),
        maybe(product.map(|product| product.file.as_str())),
    ]
}

pub(super) fn text(text: &str) -> Value {
    // PostgreSQL has no place for it in a text.
    Value::Text(text.replace('\0', "\u{fffd}"))
}

pub(super) fn time(instant: Option<i64>) -> Value {
    instant.map_or(Value::Null, Value::Timestamp)
}

pub(super) fn maybe(it: Option<&str>) -> Value {
    it.map_or(Value::Null, text)
}

pub(super) fn number(number: Option<u64>) -> Value {
    number.map_or(Value::Null, |it| {
        Value::BigInt(i64::try_from(it).unwrap_or(i64::MAX))
    })
}

pub(super) fn double(number: Option<f64>) -> Value {
    number.map_or(Value::Null, Value::Double)
}

pub(super) fn jobs(rows: &Batch) -> Vec<Job> {
    (0..rows.len()).filter_map(|row| job(rows, row)).collect()
}

/// The job in a row of [`COLUMNS`].
pub(super) fn job(rows: &Batch, row: usize) -> Option<Job> {
    if row >= rows.len() {
        return None;
    }
    let text = |column| string(rows, row, column);
    let number = |column| integer(rows, row, column);
    let flag = |column| rows.cell(row, column) == Some(&[1]);
    let count = |column| number(column).and_then(|it| u64::try_from(it).ok());
    let mut parameters = Params::default();
    parameters.add_encoded(text(5)?.as_bytes());
    let product = |media_type| {
        Some(Product {
            media_type,
            bytes: count(18)?,
            // Results of earlier versions have no name.
            file: text(25).unwrap_or_else(|| "result".to_owned()),
        })
    };
    let expected = |seconds| Expected {
        seconds,
        rows: count(23),
    };
    Some(Job {
        id: text(0)?,
        phase: Phase::parse(&text(1)?)?,
        run_id: text(2),
        owner: text(3),
        asker: text(4)?,
        parameters,
        created: number(6)?,
        queued: number(7),
        started: number(8),
        ended: number(9),
        destruction: number(10)?,
        seconds: count(11)?,
        attempt: number(12)?,
        lost: number(13)?,
        long: flag(14),
        plan: plan(rows, row, 20, 21),
        expected: real(rows, row, 22).map(expected),
        problem: text(15).map(|message| Problem {
            message,
            transient: flag(16),
            again: false,
        }),
        product: text(17).and_then(product),
        rows: count(19),
    })
}

pub(super) fn string(rows: &Batch, row: usize, column: usize) -> Option<String> {
    let cell = rows.cell(row, column)?;
    Some(String::from_utf8_lossy(cell).into_owned())
}

pub(super) fn integer(rows: &Batch, row: usize, column: usize) -> Option<i64> {
    let cell = rows.cell(row, column)?;
    Some(i64::from_be_bytes(cell.try_into().ok()?))
}

pub(super) fn real(rows: &Batch, row: usize, column: usize) -> Option<f64> {
    let cell = rows.cell(row, column)?;
    Some(f64::from_be_bytes(cell.try_into().ok()?))
}

/// Of a plan that was kept; the rows it guessed are in what is expected.
pub(super) fn plan(rows: &Batch, row: usize, seconds: usize, form: usize) -> Option<Plan> {
    Some(Plan {
        seconds: real(rows, row, seconds)?,
        rows: None,
        form: integer(rows, row, form)?,
    })
}
