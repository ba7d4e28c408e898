//! Which datasets an exporter's configuration means: expressions of the
//! Butler's query language, judged by a dataset's own data ID and records
//! (<https://pipelines.lsst.io/modules/lsst.daf.butler/dimension-expressions.html>).
//!
//! Comparisons with `=`, `!=`, `<`, `<=`, `>`, `>=` and `IN` of dimensions and
//! fields of records with numbers, texts, ranges and bound values, joined by
//! AND, OR, NOT and brackets. What is compared with something that has no value
//! is neither true nor false, as in SQL.
//!
//! Leaves out what only a registry can answer or do: arithmetic, instants,
//! OVERLAPS, functions, dimensions that the dataset does not have.

mod parse;

use std::cmp::Ordering;

use super::document::Node;
use super::notes::Notes;
use super::table::{Table, joined};
use crate::registry::{Dataset, Scalar};

/// Filters by dataset type, and that for the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Filters {
    general: Option<Expression>,
    /// One of them must be true; all datasets where there are none.
    by_type: Vec<(String, Vec<Expression>)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Operand, Comparison, Operand),
    In(Operand, Vec<Item>),
    /// What is true or false by itself.
    Holds(Operand),
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Value(Scalar),
    Key(String),
    Field(String, String),
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Value(Scalar),
    /// From, to and with, in steps of.
    Range(i64, i64, i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Filters {
    /// Reads `where` and `dataset_type_constraints` of the exporter.
    pub(super) fn read(top: &Table<'_>, notes: &mut Notes) -> Filters {
        let general = top
            .get("where")
            .and_then(|node| clause(&top.path("where"), node, notes));
        let mut by_type = Vec::new();
        if let Some(table) = top.table("dataset_type_constraints", notes) {
            for (name, _) in table.entries() {
                let list = table.list(name, notes).unwrap_or_default();
                let path = joined(&table.path, name);
                let mut clauses = Vec::new();
                let mut all = list.is_empty();
                for (place, node) in list.iter().enumerate() {
                    match clause(&format!("{path}[{place}]"), node, notes) {
                        Some(expression) => clauses.push(expression),
                        None => all = true,
                    }
                }
                if all {
                    clauses.clear();
                }
                by_type.push((name.to_owned(), clauses));
            }
        }
        Filters { general, by_type }
    }

    /// Whether the dataset is meant.
    ///
    /// # Errors
    /// When the dataset does not have what it is judged by.
    pub(super) fn take(&self, dataset: &Dataset) -> Result<bool, String> {
        let own = self
            .by_type
            .iter()
            .find(|(name, _)| **name == *dataset.dataset_type);
        let clauses = match own {
            Some((_, clauses)) => clauses.as_slice(),
            None => self.general.as_slice(),
        };
        if clauses.is_empty() {
            return Ok(true);
        }
        for clause in clauses {
            if clause.judge(dataset)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// `None` where everything is meant.
fn clause(path: &str, node: &Node, notes: &mut Notes) -> Option<Expression> {
    let table = Table::new(path, node, notes)?;
    table.knows(&["where", "bind", "extra_dims"], notes);
    if matches!(table.get("extra_dims"), Some(Node::List(list)) if !list.is_empty()) {
        notes.fault(
            &table.path("extra_dims"),
            "cannot be joined here; put the datasets that are meant into a collection",
        );
    }
    let bind = table.table("bind", notes);
    let bound: Vec<(&str, &Node)> = bind.iter().flat_map(Table::entries).collect();
    let text = table.text("where", notes)?;
    if text.trim().is_empty() {
        return None;
    }
    match parse::parse(&text, &bound) {
        Ok(expression) => Some(expression),
        Err(reason) => {
            notes.fault(
                &table.path("where"),
                format!("{reason}; or put the datasets that are meant into a collection"),
            );
            None
        }
    }
}

impl Expression {
    /// `None` where it depends on something that has no value.
    fn judge(&self, dataset: &Dataset) -> Result<Option<bool>, String> {
        match self {
            Expression::And(parts) => {
                let mut all = Some(true);
                for part in parts {
                    match part.judge(dataset)? {
                        Some(true) => {}
                        Some(false) => return Ok(Some(false)),
                        None => all = None,
                    }
                }
                Ok(all)
            }
            Expression::Or(parts) => {
                let mut any = Some(false);
                for part in parts {
                    match part.judge(dataset)? {
                        Some(true) => return Ok(Some(true)),
                        Some(false) => {}
                        None => any = None,
                    }
                }
                Ok(any)
            }
            Expression::Not(part) => Ok(part.judge(dataset)?.map(|holds| !holds)),
            Expression::Compare(left, comparison, right) => {
                let (left, right) = (left.of(dataset)?, right.of(dataset)?);
                let ordering = compared(left, right)?;
                Ok(ordering.map(|ordering| comparison.holds(ordering)))
            }
            Expression::In(operand, items) => {
                let value = operand.of(dataset)?;
                if *value == Scalar::Null {
                    return Ok(None);
                }
                for item in items {
                    let holds = match (item, value) {
                        (Item::Value(item), value) => {
                            compared(value, item)? == Some(Ordering::Equal)
                        }
                        (Item::Range(from, to, step), Scalar::Int(value)) => {
                            (from..=to).contains(&value)
                                && value
                                    .checked_sub(*from)
                                    .is_some_and(|past| past % step == 0)
                        }
                        (Item::Range(..), _) => false,
                    };
                    if holds {
                        return Ok(Some(true));
                    }
                }
                Ok(Some(false))
            }
            Expression::Holds(operand) => match operand.of(dataset)? {
                Scalar::Bool(holds) => Ok(Some(*holds)),
                Scalar::Null => Ok(None),
                value => Err(format!("{} is neither true nor false", shown(value))),
            },
        }
    }
}

impl Operand {
    fn of<'a>(&'a self, dataset: &'a Dataset) -> Result<&'a Scalar, String> {
        let missing = |name: String| {
            format!("the configuration's filter asks for {name}, which the dataset does not have")
        };
        match self {
            Operand::Value(value) => Ok(value),
            Operand::Key(key) => dataset.data_id.get(key).ok_or_else(|| missing(key.clone())),
            Operand::Field(element, field) => {
                let found = dataset.record(element).and_then(|record| record.get(field));
                found.ok_or_else(|| missing(format!("{element}.{field}")))
            }
        }
    }
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equal => ordering.is_eq(),
            Comparison::NotEqual => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

fn compared(a: &Scalar, b: &Scalar) -> Result<Option<Ordering>, String> {
    match (a, b) {
        (Scalar::Null, _) | (_, Scalar::Null) => Ok(None),
        (Scalar::Int(a), Scalar::Int(b)) => Ok(Some(a.cmp(b))),
        (Scalar::Bool(a), Scalar::Bool(b)) => Ok(Some(a.cmp(b))),
        (Scalar::Text(a), Scalar::Text(b)) => Ok(Some(a.cmp(b))),
        (Scalar::Float(a), Scalar::Float(b)) => Ok(a.partial_cmp(b)),
        (Scalar::Int(a), Scalar::Float(b)) => Ok((*a as f64).partial_cmp(b)),
        (Scalar::Float(a), Scalar::Int(b)) => Ok(a.partial_cmp(&(*b as f64))),
        (a, b) => Err(format!(
            "the configuration's filter compares {} with {}",
            shown(a),
            shown(b)
        )),
    }
}

fn shown(value: &Scalar) -> String {
    match value {
        Scalar::Null => "nothing".into(),
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Text(text) => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests;
