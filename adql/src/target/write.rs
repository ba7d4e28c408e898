//! Queries, sources and clauses as SQL.

use std::collections::HashMap;
use std::fmt::Write;

use super::Target;
use super::expression::no_column;
use crate::query::{
    Body, Comparison, Expr, Join, Node, Order, OrderKey, Query, Select, SetOperator, Source,
};
use crate::statement::{Statement, Value};
use crate::types::{Column, Type};

/// The statement that answers `query` on `target`. Whatever the user typed is
/// a parameter of it; equal values share one.
pub fn write(query: &Query, target: &Target) -> Statement {
    let mut writer = Writer {
        target,
        sql: String::with_capacity(512),
        parameters: Vec::new(),
        numbers: HashMap::new(),
    };
    writer.query(query, &Outer::Driver);
    Statement {
        sql: writer.sql,
        parameters: writer.parameters,
        columns: query.columns.clone(),
    }
}

pub(super) struct Writer<'a> {
    pub target: &'a Target,
    pub sql: String,
    parameters: Vec<Value>,
    /// The number of each parameter, by what it is.
    numbers: HashMap<Key, usize>,
}

/// The index columns of a region (see [`crate::catalog::RegionIndex`]).
const INDEX_COLUMNS: [&str; 7] = ["key", "x", "y", "z", "crad", "crin", "v"];

/// Who reads the columns of a query.
pub(super) enum Outer {
    /// They go out to the driver and must have their wire type.
    Driver,
    /// A query around it. The index columns of these regions (columns, from 0)
    /// go along.
    Query { regions: Vec<usize> },
}

impl Outer {
    /// A condition looks at the rows: IN, EXISTS.
    pub const CONDITION: Outer = Outer::Query {
        regions: Vec::new(),
    };

    fn is_driver(&self) -> bool {
        matches!(self, Outer::Driver)
    }

    fn regions(&self) -> &[usize] {
        match self {
            Outer::Driver => &[],
            Outer::Query { regions } => regions,
        }
    }
}

/// Equal as values *and* as bytes: 0.0 and −0.0 are two parameters.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Number(i64),
    Bits(u64),
    Text(String),
    List(Vec<u64>),
    Other(u8, i64),
}

impl Key {
    fn of(value: &Value) -> Key {
        match value {
            Value::BigInt(number) => Key::Number(*number),
            Value::Double(number) => Key::Bits(number.to_bits()),
            Value::Text(text) => Key::Text(text.clone()),
            Value::Doubles(numbers) => Key::List(numbers.iter().map(|n| n.to_bits()).collect()),
            Value::Null => Key::Other(0, 0),
            Value::Boolean(truth) => Key::Other(1, i64::from(*truth)),
            Value::Timestamp(time) => Key::Other(2, *time),
        }
    }
}

impl Writer<'_> {
    pub fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// `$n` for a value. Equal values share a number, so that PostgreSQL sees
    /// that `SELECT f(x, $1) … GROUP BY f(x, $1)` is the same expression.
    pub fn parameter(&mut self, value: Value) {
        let next = self.parameters.len();
        let number = *self.numbers.entry(Key::of(&value)).or_insert(next);
        if number == next {
            self.parameters.push(value);
        }
        self.number('$', number + 1);
    }

    pub fn number(&mut self, prefix: char, number: usize) {
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "{prefix}{number}");
    }

    /// `items` with `separator` between them.
    pub fn list<T>(&mut self, items: &[T], separator: &str, mut each: impl FnMut(&mut Self, &T)) {
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.push(separator);
            }
            each(self, item);
        }
    }

    /// A query that other parts of this one read.
    fn inner(&mut self, query: &Query) {
        let regions = 0..query.columns.len();
        let regions = regions.filter(|number| query.searchable(*number)).collect();
        self.query(query, &Outer::Query { regions });
    }

    pub fn query(&mut self, query: &Query, outer: &Outer) {
        if !query.with.is_empty() {
            self.push("WITH ");
            self.list(&query.with, ", ", |writer, common| {
                writer.number('q', common.number);
                writer.push(match writer.unkept(&common.query) {
                    true => " AS MATERIALIZED (",
                    false => " AS (",
                });
                writer.inner(&common.query);
                writer.push(")");
            });
            self.push(" ");
        }
        match &query.body {
            Body::Select(select) => self.select(select, query, outer),
            Body::Set {
                operator,
                all,
                left,
                right,
            } => self.set(*operator, *all, left, right, &query.columns, outer),
        }
        self.order(&query.order);
        self.limit(query);
    }

    /// Whether the database would compute random numbers of this subquery anew
    /// wherever its columns are read.
    fn unkept(&self, query: &Query) -> bool {
        query.body.is_volatile() && !self.target.keeps_volatile()
    }

    fn select(&mut self, select: &Select, query: &Query, outer: &Outer) {
        self.push("SELECT ");
        if select.distinct {
            self.push("DISTINCT ");
        }
        let counted = query.order.iter().any(|order| match &order.key {
            OrderKey::Column(_) => false,
            OrderKey::Expr(expr) => expr.has_aggregate(),
        });
        let alone = (select.having.is_some() || counted)
            && select.group.is_empty()
            && !select.items.iter().any(Expr::has_aggregate)
            && !self.target.groups_unasked();
        for (number, (item, column)) in select.items.iter().zip(&query.columns).enumerate() {
            if number > 0 {
                self.push(", ");
            }
            if alone && number == 0 {
                self.push("CASE WHEN count(*) >= 0 THEN ");
            }
            self.item(item, column.kind, outer);
            self.push(if alone && number == 0 { " END" } else { "" });
            self.by_bytes(no_column(item));
            self.push(" AS ");
            self.number('c', number + 1);
        }
        for &number in outer.regions() {
            for which in INDEX_COLUMNS {
                self.push(", ");
                if let Some(item) = select.items.get(number) {
                    self.of_region(item, which);
                }
                self.push(" AS ");
                self.number('c', number + 1);
                self.push("_");
                self.push(which);
            }
        }
        if select.items.is_empty() {
            self.push("NULL AS c1");
        }
        self.push(" FROM ");
        self.source(&select.from);
        if let Some(filter) = &select.filter {
            self.push(" WHERE ");
            self.expr(filter);
        }
        if !select.group.is_empty() {
            self.push(" GROUP BY ");
            self.list(&select.group, ", ", |writer, expr| writer.expr(expr));
            let regions = select.group.iter().filter(|expr| {
                !outer.regions().is_empty() && expr.kind == Type::Region && expr.has_region()
            });
            for expr in regions {
                for which in INDEX_COLUMNS {
                    self.push(", ");
                    self.of_region(expr, which);
                }
            }
        }
        if let Some(having) = &select.having {
            self.push(" HAVING ");
            self.expr(having);
        }
    }

    fn item(&mut self, item: &Expr, kind: Type, outer: &Outer) {
        if !(outer.is_driver() && self.target.has_typed_columns()) {
            return self.expr(item);
        }
        self.push("CAST(");
        self.expr(item);
        self.push(" AS ");
        self.push(self.target.type_name(kind));
        self.push(")");
    }

    fn set(
        &mut self,
        operator: SetOperator,
        all: bool,
        left: &Query,
        right: &Query,
        columns: &[Column],
        outer: &Outer,
    ) {
        // The driver relies on the types of the columns; sides may differ.
        let typed = outer.is_driver() && self.target.has_typed_columns();
        if typed {
            self.push("SELECT ");
            for (number, column) in columns.iter().enumerate() {
                self.push(if number > 0 { ", CAST(" } else { "CAST(" });
                self.number('c', number + 1);
                self.push(" AS ");
                self.push(self.target.type_name(column.kind));
                self.push(") AS ");
                self.number('c', number + 1);
            }
            self.push(" FROM (");
        }
        let counted = all && operator != SetOperator::Union && !self.target.has_set_all();
        if counted {
            self.push("SELECT ");
            self.columns(columns.len(), outer);
            self.push(" FROM (");
        }
        // Within a set operation nothing needs the driver's types.
        let within = Outer::Query {
            regions: outer.regions().to_vec(),
        };
        self.side(left, columns, counted, &within);
        self.push(match operator {
            SetOperator::Union => " UNION ",
            SetOperator::Except => " EXCEPT ",
            SetOperator::Intersect => " INTERSECT ",
        });
        if all && !counted {
            self.push("ALL ");
        }
        self.side(right, columns, counted, &within);
        if counted {
            self.push(")");
        }
        if typed {
            self.push(") AS s");
        }
    }

    /// A side of a set operation, its columns in the types of the whole.
    fn side(&mut self, query: &Query, columns: &[Column], counted: bool, outer: &Outer) {
        let kinds: Vec<Type> = columns.iter().map(|column| column.kind).collect();
        if counted {
            self.push("SELECT *, row_number() OVER (PARTITION BY ");
            self.columns(kinds.len(), outer);
            self.push(") FROM (");
            self.query_as(query, &kinds, outer);
        } else if self.target.has_set_parentheses() {
            self.push("(");
            self.query_as(query, &kinds, outer);
        } else {
            self.push("SELECT * FROM (");
            self.query_as(query, &kinds, outer);
        }
        self.push(")");
    }

    /// A query whose columns have these types: of two numbers that meet in a
    /// column engines would make a type of their own, and of NULLs text.
    pub fn query_as(&mut self, query: &Query, kinds: &[Type], outer: &Outer) {
        let same = |(column, kind): (&Column, &Type)| {
            let numbers = column.kind.is_numeric() && kind.is_numeric();
            column.kind == *kind || !(numbers || column.kind == Type::Unknown)
        };
        if query.columns.iter().zip(kinds).all(same) {
            return self.query(query, outer);
        }
        self.push("SELECT ");
        for (number, (column, kind)) in query.columns.iter().zip(kinds).enumerate() {
            self.push(if number > 0 { ", " } else { "" });
            let changed = !same((column, kind));
            self.push(if changed { "CAST(" } else { "" });
            self.number('c', number + 1);
            if changed {
                self.push(" AS ");
                self.push(self.target.type_name(*kind));
                self.push(") AS ");
                self.number('c', number + 1);
            }
        }
        for number in outer.regions() {
            for which in INDEX_COLUMNS {
                let kind = match which {
                    "key" => Type::BigInt,
                    "v" => Type::Polygon,
                    _ => Type::Double,
                };
                self.push(", CAST(");
                self.index_column_of(*number, which);
                self.push(" AS ");
                self.push(self.target.type_name(kind));
                self.push(") AS ");
                self.index_column_of(*number, which);
            }
        }
        self.push(" FROM (");
        self.query(query, outer);
        self.push(") AS u");
    }

    fn columns(&mut self, width: usize, outer: &Outer) {
        let numbers: Vec<usize> = (1..=width).collect();
        self.list(&numbers, ", ", |writer, number| writer.number('c', *number));
        self.index_columns(outer);
    }

    /// Those beside the regions that whoever reads this searches.
    fn index_columns(&mut self, outer: &Outer) {
        for number in outer.regions() {
            for which in INDEX_COLUMNS {
                self.push(", ");
                self.index_column_of(*number, which);
            }
        }
    }

    fn index_column_of(&mut self, number: usize, which: &str) {
        self.number('c', number + 1);
        self.push("_");
        self.push(which);
    }

    fn order(&mut self, order: &[Order]) {
        if order.is_empty() {
            return;
        }
        self.push(" ORDER BY ");
        self.list(order, ", ", |writer, order| {
            match &order.key {
                // A number alone means the column of the answer.
                OrderKey::Column(column) => {
                    let _ = write!(writer.sql, "{}", column + 1);
                }
                // A bare NULL would be read as the name or number of a column.
                OrderKey::Expr(expr) if expr.kind == Type::Unknown => {
                    writer.arithmetic(expr, Type::Text);
                }
                OrderKey::Expr(expr) => {
                    writer.expr(expr);
                    writer.by_bytes(no_column(expr));
                }
            }
            let explicit = !writer.target.sorts_nulls_last();
            writer.push(match (order.descending, explicit) {
                (false, false) => "",
                (false, true) => " NULLS LAST",
                (true, false) => " DESC",
                (true, true) => " DESC NULLS FIRST",
            });
        });
    }

    fn limit(&mut self, query: &Query) {
        let clamp = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        match (query.limit, query.offset) {
            (Some(limit), _) => {
                let _ = write!(self.sql, " LIMIT {}", clamp(limit));
            }
            (None, Some(_)) => {
                let _ = write!(self.sql, " LIMIT {}", i64::MAX);
            }
            (None, None) => {}
        }
        if let Some(offset) = query.offset {
            let _ = write!(self.sql, " OFFSET {}", clamp(offset));
        }
    }

    fn source(&mut self, source: &Source) {
        match source {
            Source::Table { id, table } => {
                let name = self.target.table(table);
                self.push(&name);
                self.push(" AS ");
                self.number('t', *id);
            }
            Source::Near(near) => self.source_near(near),
            Source::Nearest(nearest) => self.source_nearest(nearest),
            Source::Derived { id, query } => {
                let unkept = self.unkept(query);
                self.push(if unkept {
                    "(WITH v AS MATERIALIZED ("
                } else {
                    "("
                });
                self.inner(query);
                self.push(if unkept {
                    ") SELECT * FROM v) AS "
                } else {
                    ") AS "
                });
                self.number('t', *id);
            }
            Source::Common { id, number } => {
                self.number('q', *number);
                self.push(" AS ");
                self.number('t', *id);
            }
            Source::Join {
                kind,
                left,
                right,
                on,
            } => {
                self.source(left);
                self.push(match kind {
                    // What is looked up comes last; so CROSS JOIN says in SQLite.
                    Join::Inner if !self.target.joins_laterally() && has_near(right) => {
                        " CROSS JOIN "
                    }
                    Join::Inner => " JOIN ",
                    Join::Left => " LEFT JOIN ",
                    Join::Right => " RIGHT JOIN ",
                    Join::Full => " FULL JOIN ",
                });
                if matches!(right.as_ref(), Source::Join { .. }) {
                    self.push("(");
                    self.source(right);
                    self.push(")");
                } else {
                    self.source(right);
                }
                self.push(" ON ");
                let wanted = *kind == Join::Full && self.target.wants_equality_in_full_join();
                if wanted && !on.as_ref().is_some_and(|on| is_equality(on, left, right)) {
                    self.always_equal(left, right);
                }
                match on {
                    Some(on) => self.expr(on),
                    // CROSS JOIN would pin the order of the tables in SQLite.
                    None => self.push("1 = 1"),
                }
            }
        }
    }

    /// An equality of something on the left with something on the right that
    /// is true for all rows.
    fn always_equal(&mut self, left: &Source, right: &Source) {
        if let (Some(left), Some(right)) = (some_column(left), some_column(right)) {
            for (before, (source, stored)) in [("num_nulls(", left), (" * 0 = num_nulls(", right)] {
                self.push(before);
                self.column(source, stored);
                self.push(")");
            }
            self.push(" * 0 AND ");
        }
    }
}

/// A column of a source, if it has any.
fn some_column(source: &Source) -> Option<(usize, &str)> {
    match source {
        Source::Table { id, table } => Some((*id, table.columns.first()?.name.as_str())),
        Source::Near(near) => Some((near.id, near.table.columns.first()?.name.as_str())),
        Source::Nearest(nearest) => {
            Some((nearest.id, nearest.table.columns.first()?.name.as_str()))
        }
        Source::Derived { id, .. } | Source::Common { id, .. } => Some((*id, "c1")),
        Source::Join { left, right, .. } => some_column(left).or_else(|| some_column(right)),
    }
}

/// Whether a column of one side must equal one of the other.
fn is_equality(on: &Expr, left: &Source, right: &Source) -> bool {
    match &on.node {
        Node::And(list) => list.iter().any(|on| is_equality(on, left, right)),
        Node::Compare {
            operator: Comparison::Equal,
            left: a,
            right: b,
        } => match (&a.node, &b.node) {
            (Node::Column { source: a, .. }, Node::Column { source: b, .. }) => {
                (left.brings(*a) && right.brings(*b)) || (left.brings(*b) && right.brings(*a))
            }
            _ => false,
        },
        _ => false,
    }
}

fn has_near(source: &Source) -> bool {
    match source {
        Source::Near(_) => true,
        Source::Join { left, right, .. } => has_near(left) || has_near(right),
        _ => false,
    }
}
