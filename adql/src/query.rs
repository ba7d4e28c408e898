//! The checked language: what a query means, every name found, every
//! expression typed. What this cannot hold cannot be written out as SQL.
//!
//! A `Query` cannot say: a table or column that the catalog does not publish,
//! a function that is not in [`crate::functions`], a text that reaches SQL
//! other than as a parameter, a change of data.

mod children;

use std::sync::Arc;

use crate::catalog::{RegionIndex, Table};
use crate::functions::Function;
use crate::sky::cover::Manner;
use crate::sky::{Moc, Region};
use crate::statement::Value;
use crate::types::{Column, Type};

/// A checked query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub(crate) with: Vec<CommonTable>,
    pub(crate) body: Body,
    pub(crate) order: Vec<Order>,
    /// `TOP`, or the number of rows wanted of us if that is less.
    pub(crate) limit: Option<u64>,
    pub(crate) offset: Option<u64>,
    pub(crate) columns: Vec<Column>,
}

impl Query {
    /// Whether column `number` (from 0) is a region that can be searched by
    /// its index columns from a query around this one.
    pub(crate) fn searchable(&self, number: usize) -> bool {
        let region = self.columns.get(number).map(|column| column.kind) == Some(Type::Region);
        region && self.has_region(number)
    }

    fn has_region(&self, number: usize) -> bool {
        match &self.body {
            Body::Select(select) => select.items.get(number).is_some_and(Expr::has_region),
            Body::Set { left, right, .. } => left.has_region(number) && right.has_region(number),
        }
    }

    /// The columns of the answer, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// The place of a column that stands in the same row of the same table as
    /// the column `number` of the answer; it is added behind the others where the
    /// answer does not have it. `None` where rows of the answer are not rows of
    /// a table, or no column of the table that can be seen has that utype.
    pub fn beside(&mut self, number: usize, utype: &str) -> Option<usize> {
        let Body::Select(select) = &mut self.body else {
            return None;
        };
        let grouped = select.distinct || !select.group.is_empty() || select.having.is_some();
        let Some(Node::Column { source, .. }) = select.items.get(number).map(|it| &it.node) else {
            return None;
        };
        let source = *source;
        let has_utype = |column: &Column| {
            let said = column.utype.as_deref();
            said.is_some_and(|said| said.eq_ignore_ascii_case(utype))
        };
        let there = select.items.iter().position(|item| match &item.node {
            Node::Column {
                source: other,
                column,
                ..
            } => *other == source && has_utype(column),
            _ => false,
        });
        if there.is_some() || grouped {
            return there;
        }
        let (stored, column) = select.from.column(source, &has_utype)?;
        select.items.push(Expr {
            kind: column.kind,
            node: Node::Column {
                source,
                stored,
                column: Arc::new(column.clone()),
                region: None,
            },
        });
        self.columns.push(column);
        Some(self.columns.len() - 1)
    }

    /// The most rows the answer can have, where the query says so. With 0
    /// there is nothing to ask a database for.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// The same query, asking for one row more than `maxrec`, so that who
    /// reads the rows sees whether there were more (DALI 1.1 section 4.4.1).
    pub fn limited_to(mut self, maxrec: Option<u64>) -> Query {
        if let Some(maxrec) = maxrec {
            let limit = maxrec.saturating_add(1);
            self.limit = Some(self.limit.map_or(limit, |top| top.min(limit)));
        }
        self
    }
}

impl Body {
    /// Whether a column of the rows is volatile.
    pub fn is_volatile(&self) -> bool {
        match self {
            Body::Select(select) => select.items.iter().any(Expr::is_volatile),
            Body::Set { left, right, .. } => left.body.is_volatile() || right.body.is_volatile(),
        }
    }
}

/// A named query of a `WITH` clause.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CommonTable {
    pub number: usize,
    pub query: Query,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Select(Box<Select>),
    Set {
        operator: SetOperator,
        all: bool,
        left: Box<Query>,
        right: Box<Query>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetOperator {
    Union,
    Except,
    Intersect,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Select {
    pub distinct: bool,
    pub items: Vec<Expr>,
    pub from: Source,
    pub filter: Option<Expr>,
    pub group: Vec<Expr>,
    pub having: Option<Expr>,
}

/// A source of rows has a number, by which columns name it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Table {
        id: usize,
        table: Arc<Table>,
    },
    Derived {
        id: usize,
        query: Box<Query>,
    },
    Common {
        id: usize,
        number: usize,
    },
    /// A table of which only the rows near something are wanted.
    Near(Arc<Near>),
    /// A table of which only the rows nearest to a place are wanted.
    Nearest(Box<Nearest>),
    Join {
        kind: Join,
        left: Box<Source>,
        right: Box<Source>,
        /// None for a cross join alone.
        on: Option<Expr>,
    },
}

impl Source {
    /// The first column of a source that is wanted: its name there, and what
    /// it is.
    fn column(&self, wanted: usize, is: &dyn Fn(&Column) -> bool) -> Option<(String, Column)> {
        match self {
            Source::Table { id, table } if *id == wanted => {
                let place = table.columns.iter().position(is)?;
                let column = table.columns.get(place)?;
                let stored = table.stored_columns.get(place).unwrap_or(&column.name);
                Some((stored.clone(), column.clone()))
            }
            Source::Derived { id, query } if *id == wanted => {
                let place = query.columns.iter().position(is)?;
                let column = query.columns.get(place)?;
                Some((format!("c{}", place + 1), column.clone()))
            }
            Source::Join { left, right, .. } => {
                left.column(wanted, is).or_else(|| right.column(wanted, is))
            }
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    Inner,
    Left,
    Right,
    Full,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub key: OrderKey,
    pub descending: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OrderKey {
    /// Column of the answer, from 0.
    Column(usize),
    Expr(Expr),
}

/// A typed expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    pub node: Node,
    pub kind: Type,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Column {
        source: usize,
        /// As the source has it: a stored name, or `c1`, `c2`, … of a subquery.
        stored: String,
        column: Arc<Column>,
        /// Of a region column: the index columns beside it.
        region: Option<Arc<RegionIndex>>,
    },
    Literal(Value),
    Negate(Box<Expr>),
    BitNot(Box<Expr>),
    Binary {
        operator: Binary,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Compare {
        operator: Comparison,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    IsNull {
        operand: Box<Expr>,
        negated: bool,
    },
    Between {
        operand: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        negated: bool,
    },
    InList {
        operand: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    InQuery {
        operand: Box<Expr>,
        query: Box<Query>,
        negated: bool,
    },
    Exists(Box<Query>),
    Like {
        operand: Box<Expr>,
        pattern: Box<Expr>,
        ignoring_case: bool,
        negated: bool,
    },
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Cast(Box<Expr>),
    Call {
        function: &'static Function,
        arguments: Vec<Expr>,
    },
    Aggregate {
        aggregate: Aggregate,
        distinct: bool,
        /// None for `COUNT(*)`.
        argument: Option<Box<Expr>>,
        /// What stands after the argument: a delimiter, limits.
        parameters: Vec<Expr>,
    },
    /// A call that other words of the language say as well.
    Expanded {
        function: &'static Function,
        unit: Option<String>,
        ucd: Option<&'static str>,
        value: Box<Expr>,
    },
    /// A geometry made of numbers that the rows give.
    Geometry {
        shape: Shape,
        arguments: Vec<Expr>,
    },
    /// A geometry that the query alone decides. `numbers` are the coordinates
    /// it is answered with (DALI 1.1 section 3.3).
    Constant {
        region: Arc<Region>,
        numbers: Vec<f64>,
    },
    /// A set of HEALPix cells that the query alone decides.
    Moc(Arc<Moc>),
    /// Whether a cell of order 29 is one of these.
    InCells {
        cell: Box<Expr>,
        cells: Arc<Moc>,
    },
    /// 1-argument values of points.
    Coordinate {
        second: bool,
        point: Box<Expr>,
    },
    Distance(Box<Expr>, Box<Expr>),
    /// What is measured of a geometry.
    Extent {
        extent: Extent,
        geometry: Box<Expr>,
    },
    /// The value times the factor, which is then in the unit.
    InUnit {
        value: Box<Expr>,
        factor: f64,
        unit: String,
    },
    Spatial(Box<Spatial>),
    /// A condition with the index that answers it. The ranges (inclusive)
    /// contain the key of every row that can fulfil it; the exact condition
    /// decides, where the ranges alone do not. Both stand as one unit, so that
    /// it stays right under NOT.
    Ranged {
        source: usize,
        /// None where the source is a subquery.
        table: Option<Arc<Table>>,
        /// The hidden column of the keys.
        key: String,
        ranges: Vec<(i64, i64)>,
        manner: Manner,
        exact: Option<Box<Expr>>,
    },
    /// The condition by which a source of this query is looked up.
    Near(Arc<Near>),
}

/// The rows of a table that fulfil a condition, looked up by its index near
/// what sources before it, or of a query around, give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Near {
    pub id: usize,
    pub table: Arc<Table>,
    /// Round what the other rows give.
    pub circle: Circle,
    pub sought: Sought,
    pub exact: Expr,
}

/// As many rows of a table as are wanted, nearest to a place, and some more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Nearest {
    pub id: usize,
    pub table: Arc<Table>,
    /// The column of the positions' cells.
    pub cell: String,
    /// Of the row.
    pub point: Expr,
    /// Longitude and latitude, degrees.
    pub place: (f64, f64),
    pub rows: u64,
    /// What the rows must fulfil.
    pub filter: Option<Expr>,
}

/// A circle that holds a geometry of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Circle {
    /// Of a point, a circle, or a region with index columns.
    Shape(Expr),
    /// Everything that is not further from a point (degrees).
    Reach { point: Expr, distance: Expr },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sought {
    /// Positions inside the circle, by their cells.
    Positions { cell: String },
    Footprints {
        index: Arc<RegionIndex>,
        relation: crate::sky::Near,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    BitAnd,
    BitOr,
    BitXor,
    Concat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Avg,
    Count,
    Max,
    Min,
    Sum,
    /// All values in order, with the parameter between them.
    Join,
    /// Counts of values below, in equal parts between, and above: the
    /// parameters are the lower limit, the upper one and the number of parts.
    Histogram,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Point,
    Circle,
    Polygon,
    Box,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Square degrees.
    Area,
    Centroid,
}

/// A spatial condition: the two regions meet, or the first lies inside the
/// second.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spatial {
    pub relation: Relation,
    pub left: Expr,
    pub right: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Meets,
    Inside,
}

impl Source {
    /// Whether the source of this number is here, or among those joined here.
    pub(crate) fn brings(&self, number: usize) -> bool {
        match self {
            Source::Table { id, .. } | Source::Derived { id, .. } | Source::Common { id, .. } => {
                *id == number
            }
            Source::Near(near) => near.id == number,
            Source::Nearest(nearest) => nearest.id == number,
            Source::Join { left, right, .. } => left.brings(number) || right.brings(number),
        }
    }
}

impl Expr {
    /// Longitude and latitude of a `POINT(…)`.
    pub(crate) fn as_point(&self) -> Option<(&Expr, &Expr)> {
        match &self.node {
            Node::Geometry {
                shape: Shape::Point,
                arguments,
            } => match &arguments[..] {
                [lon, lat] => Some((lon, lat)),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn new(node: Node, kind: Type) -> Expr {
        Expr { node, kind }
    }

    pub fn literal(value: Value, kind: Type) -> Expr {
        Expr::new(Node::Literal(value), kind)
    }

    pub fn boolean(node: Node) -> Expr {
        Expr::new(node, Type::Boolean)
    }

    pub fn negated(self) -> Expr {
        Expr::boolean(Node::Not(Box::new(self)))
    }

    /// Whether the index columns of a region can be had of this expression: it
    /// is a column that has them, a region of the query, or a choice of such.
    pub fn has_region(&self) -> bool {
        match &self.node {
            Node::Literal(Value::Null) => true,
            Node::Column { region, .. } => region.is_some(),
            Node::Constant { .. } => self.kind == Type::Region,
            Node::Case {
                branches,
                otherwise,
            } => {
                let mut results = branches.iter().map(|(_, r)| r).chain(otherwise.as_deref());
                results.all(Expr::has_region)
            }
            Node::Call {
                function,
                arguments,
            } => function.name == "COALESCE" && arguments.iter().all(Expr::has_region),
            _ => false,
        }
    }

    /// The number this expression is, if the query alone decides it.
    pub fn number(&self) -> Option<f64> {
        match &self.node {
            Node::Literal(Value::BigInt(n)) => Some(*n as f64),
            Node::Literal(Value::Double(n)) => Some(*n),
            Node::Negate(inner) => inner.number().map(|n| -n),
            Node::Extent {
                extent: Extent::Area,
                geometry,
            } => match &geometry.node {
                Node::Constant { region, .. } => Some(region.area()),
                _ => None,
            },
            Node::InUnit { value, factor, .. } => value.number().map(|n| n * factor),
            Node::Expanded { value, .. } => value.number(),
            Node::Call {
                function,
                arguments,
            } => match &arguments[..] {
                [
                    Expr {
                        node: Node::Literal(Value::Text(text)),
                        ..
                    },
                ] => function.fold.and_then(|fold| fold(text)),
                _ => None,
            },
            Node::Binary {
                operator,
                left,
                right,
            } if self.kind.is_numeric() => {
                let (a, b) = (left.number()?, right.number()?);
                let integers = left.kind.is_integer() && right.kind.is_integer();
                match operator {
                    Binary::Add => Some(a + b),
                    Binary::Subtract => Some(a - b),
                    Binary::Multiply => Some(a * b),
                    Binary::Divide if b != 0.0 && integers => Some((a / b).trunc()),
                    Binary::Divide if b != 0.0 => Some(a / b),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The whole number a literal is.
    pub fn whole(&self) -> Option<i64> {
        match &self.node {
            Node::Literal(Value::BigInt(number)) => Some(*number),
            Node::Negate(inner) => inner.whole()?.checked_neg(),
            _ => None,
        }
    }

    /// Whether an aggregate stands in it (not in a subquery of it).
    pub fn has_aggregate(&self) -> bool {
        if matches!(self.node, Node::Aggregate { .. }) {
            return true;
        }
        let mut found = false;
        self.each_child(&mut |child| found = found || child.has_aggregate());
        found
    }

    /// Whether it has another value every time it is computed.
    pub fn is_volatile(&self) -> bool {
        let mut volatile = match &self.node {
            Node::Call { function, .. } => function.volatile,
            _ => false,
        };
        self.each_child(&mut |child| volatile = volatile || child.is_volatile());
        volatile
    }
}
