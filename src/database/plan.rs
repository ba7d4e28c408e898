//! What a query is expected to take, as far as its plan tells.

use std::hash::{DefaultHasher, Hash, Hasher};

use adql::Statement;

/// A guess that a database makes of a query before it runs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Seconds, on a machine that nobody has measured: good for telling a large
    /// query from a small one, and no more.
    pub seconds: f64,
    /// Rows of the answer, where the database guesses that.
    pub rows: Option<u64>,
    /// The same for queries that differ only in their values, as far as
    /// [`form`] knows.
    pub form: i64,
}

/// What PostgreSQL calls the cost of a page read in sequence, in seconds; the
/// order of magnitude of machines of today.
const PAGE: f64 = 1e-5;

/// What SQLite takes for one step of a loop, in seconds, likewise.
const STEP: f64 = 3e-7;

/// No plan is worth more (seconds): estimates of joins without a condition
/// leave every measure.
const MOST: f64 = 1e9;

/// Cost and rows in the first line of PostgreSQL's EXPLAIN, as in
/// `Limit  (cost=0.29..8.31 rows=1 width=4)`.
pub(super) fn postgres(text: &str, form: i64) -> Option<Plan> {
    let line = text.lines().next()?;
    let (_, rest) = line.rsplit_once("(cost=")?;
    let (cost, rest) = rest.split_once(" rows=")?;
    let (_, total) = cost.split_once("..")?;
    let rows = rest.split(' ').next()?;
    let cost: f64 = total.parse().ok()?;
    Some(Plan {
        seconds: (cost * PAGE).clamp(0.0, MOST),
        rows: rows.parse().ok(),
        form,
    })
}

/// One line of SQLite's EXPLAIN QUERY PLAN.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub id: i64,
    pub parent: i64,
    /// Ten times the binary logarithm of the cost of running a loop once; 0
    /// where the line is no loop.
    pub cost: i64,
    pub detail: String,
}

/// The loops of one level lie in each other, so their costs multiply; what
/// lies beside them is done once, or once for each of their rows.
pub(super) fn sqlite(steps: &[Step], form: i64) -> Plan {
    Plan {
        seconds: (level(steps, 0, 0) * STEP).clamp(0.0, MOST),
        rows: None,
        form,
    }
}

fn level(steps: &[Step], parent: i64, depth: usize) -> f64 {
    // Deeper than any plan that SQLite makes.
    if depth > 100 {
        return MOST;
    }
    let (mut runs, mut sum) = (1.0, 0.0);
    for step in steps.iter().filter(|step| step.parent == parent) {
        let within = level(steps, step.id, depth + 1);
        let own = match step.cost {
            0 => 0.0,
            cost => (cost as f64 / 10.0).exp2(),
        };
        if own > 0.0 {
            runs *= own.max(1.0);
            sum += runs;
        }
        sum += match step.detail.starts_with("CORRELATED") {
            true => within * runs,
            false => within,
        };
    }
    sum
}

/// Names the form of a statement. Its values are parameters already; numbers
/// that stand in the text are passed over.
pub fn form(statement: &Statement) -> i64 {
    let mut hasher = DefaultHasher::new();
    let mut number = false;
    for byte in statement.sql.bytes() {
        let digit = byte.is_ascii_digit();
        if !digit {
            byte.hash(&mut hasher);
        } else if !number {
            b'0'.hash(&mut hasher);
        }
        number = digit;
    }
    // The same bits, of which databases know no unsigned form.
    hasher.finish().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_an_explain_says_all() {
        let plan = |seconds, rows| {
            Some(Plan {
                seconds,
                rows,
                form: 7,
            })
        };
        let check = |text: &str, expected: Option<Plan>| {
            assert_eq!(postgres(text, 7), expected, "{text}");
        };
        check(
            "Limit  (cost=0.29..1000.00 rows=20 width=4)\n  ->  Seq Scan on a  (cost=0.00..2 rows=1 width=4)",
            plan(0.01, Some(20)),
        );
        check(
            "Result  (cost=0.00..1e20 rows=1 width=4)",
            plan(1e9, Some(1)),
        );
        check("", None);
        check("Result", None);
    }

    #[test]
    fn loops_in_loops_multiply() {
        let step = |id, parent, cost, detail: &str| Step {
            id,
            parent,
            cost,
            detail: detail.to_owned(),
        };
        let check = |steps: &[Step], units: f64| {
            let seconds = sqlite(steps, 7).seconds;
            assert!((seconds / STEP - units).abs() < 1e-6, "{seconds}");
        };
        let (a, b) = (step(1, 0, 100, "SCAN a"), step(2, 0, 50, "SEARCH b"));
        check(std::slice::from_ref(&a), 1024.0);
        check(&[a.clone(), b.clone()], 1024.0 + 1024.0 * 32.0);
        let sort = step(3, 0, 0, "USE TEMP B-TREE FOR ORDER BY");
        check(&[a.clone(), sort], 1024.0);
        let once = step(4, 0, 0, "SCALAR SUBQUERY 1");
        let each = step(4, 0, 0, "CORRELATED SCALAR SUBQUERY 1");
        let inner = step(5, 4, 50, "SEARCH c");
        check(&[a.clone(), once, inner.clone()], 1024.0 + 32.0);
        check(&[a, each, inner], 1024.0 + 1024.0 * 32.0);
    }

    #[test]
    fn statements_that_differ_in_numbers_have_one_form() {
        let statement = |sql: &str| Statement {
            sql: sql.to_owned(),
            parameters: Vec::new(),
            columns: Vec::new(),
        };
        let same = |one: &str, other: &str| form(&statement(one)) == form(&statement(other));
        assert!(same("a LIMIT 1", "a LIMIT 20000"));
        assert!(!same("a LIMIT 1", "b LIMIT 1"));
    }
}
