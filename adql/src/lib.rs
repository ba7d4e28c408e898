//! ADQL 2.1 text in, SQL text out; no I/O, no async, no clock.
pub mod catalog;
pub mod sky;
pub mod statement;
pub mod target;
pub mod types;

pub use catalog::Catalog;
pub use statement::{Statement, Value};
pub use target::Target;
pub use types::{Column, Type, Wire};
