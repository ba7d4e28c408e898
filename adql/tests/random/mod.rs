//! Random queries that always check: typed, made from a catalog, from
//! [`adql::functions`] and from every form of the language.
//!
//! There are two sorts. A *bold* query has no condition, no CASE and no
//! aggregate, so that every expression in it is computed for every row
//! whatever the engine, and anything that may fail may stand in it: overflow,
//! the root of a negative number, a text that is no number. Both engines must
//! then refuse it, or neither. A *careful* query has all the rest, and nothing
//! in it that can fail, since SQL leaves open which rows a condition is
//! computed for: it must have the same rows on both engines.
//!
//! Answers must not hang on the order in which rows are found: TOP and OFFSET
//! come with an order of all columns, and sums are of numbers whose sums are
//! exact (see [`tables::Bounds`]).

pub mod tables;
pub mod tape;

mod call;
mod condition;
mod geometry;
mod query;
mod value;

use adql::{Catalog, Type};

use tables::Bounds;
use tape::Tape;

/// A random query.
#[derive(Clone, Debug)]
pub struct Random {
    pub text: String,
    /// Whether the order of all its rows is said (equal rows apart).
    pub ordered: bool,
}

/// The query on a tape.
pub fn query(catalog: &Catalog, tape: &mut Tape) -> Random {
    let mut generator = Generator {
        catalog,
        tape,
        bold: false,
        scopes: Vec::new(),
        common: Vec::new(),
        names: 0,
    };
    generator.bold = generator.tape.once_in(5);
    match generator.bold {
        true => generator.bold_query(),
        false => generator.whole_query(),
    }
}

/// What a value can be used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Whole,
    Number,
    Text,
    Time,
}

impl Family {
    const ALL: [Family; 4] = [Family::Number, Family::Whole, Family::Text, Family::Time];

    fn takes(self, kind: Type) -> bool {
        match self {
            Family::Whole => kind.is_integer(),
            Family::Number => kind.is_numeric(),
            Family::Text => matches!(kind, Type::Text | Type::Region),
            Family::Time => kind == Type::Timestamp,
        }
    }

    fn of(kind: Type) -> Option<Family> {
        let all = [Family::Whole, Family::Number, Family::Text, Family::Time];
        all.into_iter().find(|family| family.takes(kind))
    }
}

/// An expression as text. What is made of several words stands in
/// parentheses.
#[derive(Clone, Debug)]
struct Value {
    text: String,
    kind: Type,
    bounds: Bounds,
}

impl Value {
    fn new(text: impl Into<String>, kind: Type, bounds: Bounds) -> Value {
        Value {
            text: text.into(),
            kind,
            bounds,
        }
    }

    fn plain(text: impl Into<String>, kind: Type) -> Value {
        Value::new(text, kind, Bounds::WILD)
    }
}

/// What can be spoken of at a place.
#[derive(Clone, Debug, Default)]
struct Scope {
    /// Columns as they are written, with their qualifier.
    columns: Vec<Value>,
    /// Pairs of columns that are positions, degrees.
    positions: Vec<(String, String)>,
    /// Region columns of a table, which can be searched.
    regions: Vec<String>,
    /// With GROUP BY: what stands there. Other columns stand in aggregates.
    group: Option<Vec<Value>>,
}

/// A named query of a WITH clause.
#[derive(Clone, Debug)]
struct Common {
    name: String,
    columns: Vec<Value>,
}

struct Generator<'a> {
    catalog: &'a Catalog,
    tape: &'a mut Tape,
    bold: bool,
    /// That of the query being made last, those around it before.
    scopes: Vec<Scope>,
    common: Vec<Common>,
    /// How many aliases there are.
    names: usize,
}

impl Generator<'_> {
    fn scope(&self) -> &Scope {
        self.scopes.last().expect("a query is being made")
    }

    fn alias(&mut self) -> String {
        self.names += 1;
        format!("a{}", self.names)
    }
}
