//! SQLite's plan of a query, drawn as a tree.

use adql::Statement;
use rusqlite::Connection;

use super::{encode, errors};
use crate::database::Error;
use crate::database::plan::Step;

/// The lines of the plan, each after the one it belongs to.
pub(super) fn steps(connection: &Connection, statement: &Statement) -> Result<Vec<Step>, Error> {
    let attempt = |error| errors::explain("explain a query", error);
    let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let mut plan = connection.prepare(&sql).map_err(attempt)?;
    encode::bind(&mut plan, &statement.parameters)?;
    let steps = plan.raw_query().mapped(|row| {
        Ok(Step {
            id: row.get(0)?,
            parent: row.get(1)?,
            // "notused" in the manual, and the cost of the loop in fact; a
            // guess that is 0 is a guess less.
            cost: row.get(2).unwrap_or_default(),
            detail: row.get(3)?,
        })
    });
    steps.collect::<Result<_, _>>().map_err(attempt)
}

pub(super) fn explain(connection: &Connection, statement: &Statement) -> Result<String, Error> {
    let steps = steps(connection, statement)?;
    let mut text = String::new();
    draw(&steps, 0, "", &mut text);
    Ok(text)
}

fn draw(steps: &[Step], parent: i64, indent: &str, text: &mut String) {
    let mut children = steps.iter().filter(|step| step.parent == parent).peekable();
    while let Some(step) = children.next() {
        let (branch, below) = match children.peek() {
            Some(_) => ("├─ ", "│  "),
            None => ("└─ ", "   "),
        };
        text.push_str(&format!("{indent}{branch}{}\n", step.detail));
        draw(steps, step.id, &format!("{indent}{below}"), text);
    }
}
