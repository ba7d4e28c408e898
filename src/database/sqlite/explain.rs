//! SQLite's plan of a query, drawn as a tree.

use adql::Statement;
use rusqlite::Connection;

use super::{encode, errors};
use crate::database::Error;

struct Step {
    id: i64,
    parent: i64,
    detail: String,
}

pub(super) fn explain(connection: &Connection, statement: &Statement) -> Result<String, Error> {
    let attempt = |error| errors::explain("explain a query", error);
    let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let mut plan = connection.prepare(&sql).map_err(attempt)?;
    encode::bind(&mut plan, &statement.parameters)?;
    let steps = plan.raw_query().mapped(|row| {
        Ok(Step {
            id: row.get(0)?,
            parent: row.get(1)?,
            detail: row.get(3)?,
        })
    });
    let steps: Vec<Step> = steps.collect::<Result<_, _>>().map_err(attempt)?;
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
