//! What is handed to a database: SQL for one target, its parameters, and the
//! columns of the answer.

use crate::types::Column;

/// SQL with `$1`, `$2`, … for [`Statement::parameters`], on every target.
#[derive(Clone, Debug)]
pub struct Statement {
    pub sql: String,
    pub parameters: Vec<Value>,
    pub columns: Vec<Column>,
}

/// A value that goes to a database beside the text, never inside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    BigInt(i64),
    Double(f64),
    Text(String),
    /// Microseconds since 2000-01-01T00:00:00 UTC.
    Timestamp(i64),
    /// A shape ([`crate::sky`]) or another list of numbers.
    Doubles(Vec<f64>),
}
