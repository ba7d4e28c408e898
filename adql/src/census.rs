//! What a query is made of, counted: for tests that must show that they left
//! nothing of the language out.
//!
//! A new variant of [`crate::query`] does not compile before it has a name
//! here, and a test that counts then waits for it.

use std::collections::BTreeMap;

use crate::functions;
use crate::query::{
    Aggregate, Binary, Body, Comparison, Expr, Extent, Join, Node, Order, OrderKey, Query,
    Relation, Select, SetOperator, Shape, Source,
};

/// How often each part of the language stands in a query: `Node::Cast`,
/// `Join::Full`, `MOD(…)`, ….
pub type Census = BTreeMap<String, usize>;

/// `$name` tells a variant's name, `$all` are the names of all of them.
macro_rules! variants {
    ($all:ident, $name:ident, $kind:ident: $($variant:ident)*) => {
        const $all: &[&str] = &[$(concat!(stringify!($kind), "::", stringify!($variant))),*];

        fn $name(it: &$kind) -> &'static str {
            match it {
                $($kind::$variant { .. } => {
                    concat!(stringify!($kind), "::", stringify!($variant))
                })*
            }
        }
    };
}

variants!(BODIES, body, Body: Select Set);
variants!(SETS, set, SetOperator: Union Except Intersect);
variants!(SOURCES, source, Source: Table Derived Common Join Near Nearest);
variants!(JOINS, join, Join: Inner Left Right Full);
variants!(KEYS, key, OrderKey: Column Expr);
variants!(BINARIES, binary, Binary: Add Subtract Multiply Divide BitAnd BitOr BitXor Concat);
variants!(COMPARISONS, comparison, Comparison: Equal NotEqual Less LessEqual Greater GreaterEqual);
variants!(AGGREGATES, aggregate, Aggregate: Avg Count Max Min Sum Join Histogram);
variants!(SHAPES, shape, Shape: Point Circle Polygon Box);
variants!(EXTENTS, extent, Extent: Area Centroid);
variants!(RELATIONS, relation, Relation: Meets Inside);
variants!(NODES, node, Node:
    Column Literal Negate BitNot Binary Compare And Or Not IsNull Between InList InQuery Exists
    Like Case Cast Call Expanded Aggregate Geometry Constant Moc InCells Coordinate Distance Extent
    InUnit Spatial Ranged Near);

/// Clauses, which are fields and no variants.
const CLAUSES: &[&str] = &[
    "WITH",
    "ORDER BY",
    "TOP",
    "OFFSET",
    "DISTINCT",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "set ALL",
    "DISTINCT in an aggregate",
    "ILIKE",
    "NOT in a predicate",
];

/// Every name that [`census`] can give, zero of each.
pub fn empty() -> Census {
    let variants = [
        BODIES,
        SETS,
        SOURCES,
        JOINS,
        KEYS,
        BINARIES,
        COMPARISONS,
        AGGREGATES,
        SHAPES,
        EXTENTS,
        RELATIONS,
        NODES,
        CLAUSES,
    ];
    let names = variants
        .into_iter()
        .flatten()
        .map(|name| (*name).to_owned());
    let functions = functions::all().map(|function| called(function.name));
    names.chain(functions).map(|name| (name, 0)).collect()
}

/// Adds what `query` is made of, its subqueries with it.
pub fn count(query: &Query, census: &mut Census) {
    Counter { census }.query(query);
}

fn called(function: &str) -> String {
    format!("{function}(…)")
}

struct Counter<'a> {
    census: &'a mut Census,
}

impl Counter<'_> {
    fn add(&mut self, name: &str) {
        *self.census.entry(name.to_owned()).or_default() += 1;
    }

    fn clause(&mut self, name: &str, there: bool) {
        if there {
            self.add(name);
        }
    }

    fn query(&mut self, query: &Query) {
        self.clause("WITH", !query.with.is_empty());
        self.clause("ORDER BY", !query.order.is_empty());
        self.clause("TOP", query.limit.is_some());
        self.clause("OFFSET", query.offset.is_some());
        for common in &query.with {
            self.query(&common.query);
        }
        self.add(body(&query.body));
        match &query.body {
            Body::Select(select) => self.select(select),
            Body::Set {
                operator,
                all,
                left,
                right,
            } => {
                self.add(set(operator));
                self.clause("set ALL", *all);
                self.query(left);
                self.query(right);
            }
        }
        for Order { key: by, .. } in &query.order {
            self.add(key(by));
            if let OrderKey::Expr(expr) = by {
                self.expr(expr);
            }
        }
    }

    fn select(&mut self, select: &Select) {
        self.clause("DISTINCT", select.distinct);
        self.clause("WHERE", select.filter.is_some());
        self.clause("GROUP BY", !select.group.is_empty());
        self.clause("HAVING", select.having.is_some());
        self.source(&select.from);
        let conditions = select.filter.iter().chain(&select.having);
        for expr in select.items.iter().chain(conditions).chain(&select.group) {
            self.expr(expr);
        }
    }

    fn source(&mut self, from: &Source) {
        self.add(source(from));
        match from {
            Source::Table { .. } | Source::Common { .. } | Source::Near(_) | Source::Nearest(_) => {
            }
            Source::Derived { query, .. } => self.query(query),
            Source::Join {
                kind,
                left,
                right,
                on,
            } => {
                self.add(join(kind));
                self.source(left);
                self.source(right);
                if let Some(on) = on {
                    self.expr(on);
                }
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.add(node(&expr.node));
        match &expr.node {
            Node::Binary { operator, .. } => self.add(binary(operator)),
            Node::Compare { operator, .. } => self.add(comparison(operator)),
            Node::Call { function, .. } | Node::Expanded { function, .. } => {
                self.add(&called(function.name));
            }
            Node::Moc(_) => self.add(&called("MOC")),
            Node::Geometry { shape: which, .. } => self.add(shape(which)),
            Node::Extent { extent: which, .. } => self.add(extent(which)),
            Node::Spatial(spatial) => self.add(relation(&spatial.relation)),
            Node::Aggregate {
                aggregate: which,
                distinct,
                ..
            } => {
                self.add(aggregate(which));
                let ours = functions::all().find(|it| it.aggregate() == Some(*which));
                if let Some(function) = ours {
                    self.add(&called(function.name));
                }
                self.clause("DISTINCT in an aggregate", *distinct);
            }
            Node::Like {
                ignoring_case,
                negated,
                ..
            } => {
                self.clause("ILIKE", *ignoring_case);
                self.clause("NOT in a predicate", *negated);
            }
            Node::IsNull { negated, .. }
            | Node::Between { negated, .. }
            | Node::InList { negated, .. } => self.clause("NOT in a predicate", *negated),
            Node::InQuery { query, negated, .. } => {
                self.clause("NOT in a predicate", *negated);
                self.query(query);
            }
            Node::Exists(query) => self.query(query),
            _ => {}
        }
        expr.each_child(&mut |child| self.expr(child));
    }
}

#[cfg(test)]
mod tests {
    use crate::Catalog;

    #[test]
    fn parts_are_counted_once_for_each_place_they_stand_in() {
        let text = "SELECT SIN(a) FROM t WHERE a IN (SELECT ABS(b) FROM u) AND SIN(a) < 1";
        let syntax = crate::parse(text).expect("a query");
        let query = crate::check(&syntax, &Catalog::open([])).expect("a checked query");
        let mut census = super::empty();
        super::count(&query, &mut census);
        let check = |name: &str, expected: usize| assert_eq!(census[name], expected, "{name}");
        check("SIN(…)", 2);
        check("ABS(…)", 1);
        check("COS(…)", 0);
        check("Body::Select", 2);
        check("Source::Table", 2);
        check("Comparison::Less", 1);
        check("Node::And", 1);
        check("WHERE", 1);
        check("DISTINCT", 0);
    }
}
