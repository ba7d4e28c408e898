//! Query → Query: each spatial condition that an index can answer gets the
//! ranges of keys to look at, beside the exact condition. Where the place is
//! another row's, the database computes them for each row ([`rows`]); rows
//! ordered by nearness are looked for in widening circles ([`nearest`]).
//!
//! Two laws, both property tests: the ranges may only widen, and the exact
//! condition decides. Ranges are added where a condition must hold for a row
//! to be kept (under AND and OR); under NOT they could not narrow anything,
//! so a NOT that another one undoes is taken away, and what can be said before
//! rows are grouped, or inside of a subquery, is said there ([`earlier`]).
//!
//! Must not know: SQL, names of tables.

mod cells;
mod earlier;
mod nearest;
mod places;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::{PositionIndex, Table};
use crate::query::{
    Binary, Body, Comparison, Expr, Node, Query, Relation, Select, Source, Spatial,
};
use crate::sky::cover::{Manner, Population};
use crate::sky::{Moc, Region, cover};

/// The same query with its indexes in place.
pub fn index(mut query: Query) -> Query {
    walk(&mut query, &HashMap::new());
    query
}

type Tables = HashMap<usize, Arc<Table>>;

fn walk(query: &mut Query, outer: &Tables) {
    for common in &mut query.with {
        walk(&mut common.query, outer);
    }
    match &mut query.body {
        Body::Select(select) => {
            let tables = walk_select(select, outer);
            cells::read(select, &mut query.order, &tables);
            rows::seek(select, &tables);
            nearest::seek(query, &tables);
        }
        Body::Set { left, right, .. } => {
            walk(left, outer);
            walk(right, outer);
        }
    }
}

fn walk_select(select: &mut Select, outer: &Tables) -> Tables {
    let mut tables = outer.clone();
    gather(&select.from, &mut tables);
    earlier::before_groups(select);
    earlier::into_subqueries(select);
    walk_source(&mut select.from, &tables);
    if let Some(filter) = &mut select.filter {
        narrow(filter, &tables, true);
    }
    // Groups have no keys to look up by.
    if let Some(having) = &mut select.having {
        descend(having, &tables);
    }
    tables
}

fn gather(source: &Source, tables: &mut Tables) {
    match source {
        Source::Table { id, table } => {
            tables.insert(*id, table.clone());
        }
        Source::Join { left, right, .. } => {
            gather(left, tables);
            gather(right, tables);
        }
        Source::Derived { .. } | Source::Common { .. } | Source::Near(_) | Source::Nearest(_) => {}
    }
}

fn walk_source(source: &mut Source, tables: &Tables) {
    match source {
        Source::Derived { query, .. } => walk(query, tables),
        Source::Join {
            left, right, on, ..
        } => {
            walk_source(left, tables);
            walk_source(right, tables);
            if let Some(on) = on {
                narrow(on, tables, false);
            }
        }
        Source::Table { .. } | Source::Common { .. } | Source::Near(_) | Source::Nearest(_) => {}
    }
}

/// A condition that must hold for the row to be kept; `alone` where nothing
/// else can keep it.
fn narrow(condition: &mut Expr, tables: &Tables, alone: bool) {
    match &mut condition.node {
        Node::And(list) => {
            for condition in list {
                narrow(condition, tables, alone);
            }
        }
        Node::Or(list) => {
            for condition in list {
                narrow(condition, tables, false);
            }
        }
        Node::InQuery { query, .. } | Node::Exists(query) => walk(query, tables),
        Node::Not(inner) => match earlier::without_not(inner) {
            Some(plain) => {
                *condition = plain;
                narrow(condition, tables, alone);
            }
            None => descend(inner, tables),
        },
        Node::Spatial(spatial) => {
            if let Some(ranges) = of_spatial(spatial, tables, alone) {
                *condition = ranges.around(condition.clone());
            }
        }
        Node::Compare {
            operator,
            left,
            right,
        } => {
            if let Some(ranges) = of_distance(*operator, left, right, tables, alone) {
                *condition = ranges.around(condition.clone());
                return;
            }
            if let Some(ranged) = cells::ranged(condition, tables) {
                *condition = ranged;
            }
        }
        Node::InCells { .. } | Node::Between { .. } | Node::InList { .. } => {
            if let Node::Between {
                operand,
                high,
                negated: false,
                ..
            } = &condition.node
                && let Some(ranges) =
                    of_distance(Comparison::LessEqual, operand, high, tables, alone)
            {
                *condition = ranges.around(condition.clone());
                return;
            }
            if let Some(ranged) = cells::ranged(condition, tables) {
                *condition = ranged;
            }
        }
        _ => {}
    }
}

/// Below a NOT only the subqueries have indexes to use.
fn descend(condition: &mut Expr, tables: &Tables) {
    match &mut condition.node {
        Node::And(list) | Node::Or(list) => {
            for condition in list {
                descend(condition, tables);
            }
        }
        Node::Not(inner) => descend(inner, tables),
        Node::InQuery { query, .. } | Node::Exists(query) => walk(query, tables),
        _ => {}
    }
}

struct Ranges {
    source: usize,
    table: Option<Arc<Table>>,
    key: String,
    ranges: Vec<(i64, i64)>,
    manner: Manner,
}

/// So many ranges are not worth a subquery.
const FEW: usize = 6;
/// Look-ups by place are thought to find few rows, whatever they find.
const MANY: f64 = 5_000.0;

impl Ranges {
    /// A list is planned by statistics and can stand anywhere. For few rows a
    /// look-up is cheaper, unless there are few ranges too.
    fn cheapest(
        source: usize,
        table: Option<Arc<Table>>,
        key: String,
        alone: bool,
        cover: impl Fn(&Population, Manner) -> cover::Ranges,
    ) -> Ranges {
        let counted = table.as_ref().and_then(|table| table.population(&key));
        let guessed = Population::default();
        let listed = cover(counted.unwrap_or(&guessed), Manner::Listed);
        let joined = counted
            .filter(|_| alone && listed.ranges.len() > FEW)
            .map(|counted| cover(counted, Manner::Joined))
            .filter(|joined| joined.rows < MANY);
        let (ranges, manner) = match joined {
            Some(joined) => (joined.ranges, Manner::Joined),
            None => (listed.ranges, Manner::Listed),
        };
        Ranges {
            source,
            table,
            key,
            ranges,
            manner,
        }
    }

    fn around(self, exact: Expr) -> Expr {
        Expr::boolean(Node::Ranged {
            source: self.source,
            table: self.table,
            key: self.key,
            ranges: self.ranges,
            manner: self.manner,
            exact: Some(Box::new(exact)),
        })
    }
}

fn of_spatial(spatial: &Spatial, tables: &Tables, alone: bool) -> Option<Ranges> {
    let (indexed, region, relation) = match (&spatial.left.node, &spatial.right.node) {
        // The row's geometry is inside the query's, or meets it …
        (_, Node::Constant { region, .. }) => {
            let relation = match spatial.relation {
                Relation::Inside => cover::Relation::Inside,
                Relation::Meets => cover::Relation::Meets,
            };
            (&spatial.left, region, relation)
        }
        (_, Node::Moc(moc)) => {
            return of_cells(
                &spatial.left,
                moc,
                spatial.relation == Relation::Inside,
                tables,
            );
        }
        (Node::Moc(moc), _) => return of_cells(&spatial.right, moc, false, tables),
        // … or around it.
        (Node::Constant { region, .. }, _) => {
            let relation = match spatial.relation {
                Relation::Inside => cover::Relation::Covers,
                Relation::Meets => cover::Relation::Meets,
            };
            (&spatial.right, region, relation)
        }
        _ => return None,
    };
    if let Node::Column {
        source,
        region: Some(index),
        ..
    } = &indexed.node
    {
        let table = tables.get(source).cloned();
        let key = format!("{}_key", index.prefix);
        return Some(Ranges::cheapest(
            *source,
            table,
            key,
            alone,
            |people, manner| cover::footprints_among(region, relation, people, manner),
        ));
    }
    let (source, table, index) = position(indexed, tables)?;
    let (table, key) = (Some(table.clone()), index.cell.clone());
    Some(Ranges::cheapest(
        source,
        table,
        key,
        alone,
        |people, manner| cover::positions_among(region, people, manner),
    ))
}

/// Footprints that meet a MOC, lie inside or (which is to meet it) around it.
fn of_cells(indexed: &Expr, moc: &Moc, inside: bool, tables: &Tables) -> Option<Ranges> {
    let Node::Column {
        source,
        region: Some(index),
        ..
    } = &indexed.node
    else {
        return None;
    };
    Some(Ranges {
        source: *source,
        table: tables.get(source).cloned(),
        key: format!("{}_key", index.prefix),
        ranges: cover::footprints_of_moc(moc, inside),
        manner: Manner::Listed,
    })
}

/// `DISTANCE(position, constant point) < r`, both ways round.
fn of_distance(
    operator: Comparison,
    left: &Expr,
    right: &Expr,
    tables: &Tables,
    alone: bool,
) -> Option<Ranges> {
    let (distance, radius) = match operator {
        Comparison::Less | Comparison::LessEqual | Comparison::Equal => (left, right),
        Comparison::Greater | Comparison::GreaterEqual => (right, left),
        Comparison::NotEqual => return None,
    };
    let (a, b, factor) = scaled_distance(distance)?;
    let (point, numbers) = match (&a.node, &b.node) {
        (_, Node::Constant { numbers, .. }) => (a, numbers),
        (Node::Constant { numbers, .. }, _) => (b, numbers),
        _ => return None,
    };
    let (&[lon, lat], radius) = (&numbers[..], radius.number()?) else {
        return None;
    };
    // Wider than the last digits of a distance computed from coordinates.
    let radius = ((radius / factor).max(0.0) * (1.0 + 1e-12) + 1e-9).min(180.0);
    let circle = Region::circle(lon, lat, radius).ok()?;
    if let Node::Column {
        source,
        region: Some(index),
        ..
    } = &point.node
    {
        let table = tables.get(source).cloned();
        let key = format!("{}_key", index.prefix);
        return Some(Ranges::cheapest(
            *source,
            table,
            key,
            alone,
            |people, manner| {
                cover::footprints_among(&circle, cover::Relation::Meets, people, manner)
            },
        ));
    }
    let (source, table, index) = position(point, tables)?;
    let (table, key) = (Some(table.clone()), index.cell.clone());
    Some(Ranges::cheapest(
        source,
        table,
        key,
        alone,
        |people, manner| cover::positions_among(&circle, people, manner),
    ))
}

/// The points of a distance in degrees, and the constant above 0 that it is
/// multiplied by: `DISTANCE(…) * 3600`, `IN_UNIT(DISTANCE(…), 'arcsec')`.
fn scaled_distance(expr: &Expr) -> Option<(&Expr, &Expr, f64)> {
    let (value, times) = match &expr.node {
        Node::Distance(a, b) => return Some((a, b, 1.0)),
        Node::InUnit { value, factor, .. } => (value, *factor),
        Node::Binary {
            operator: Binary::Multiply,
            left,
            right,
        } => match right.number() {
            Some(times) => (left, times),
            None => (right, left.number()?),
        },
        Node::Binary {
            operator: Binary::Divide,
            left,
            right,
        } => (left, right.number()?.recip()),
        _ => return None,
    };
    let (a, b, factor) = scaled_distance(value)?;
    let factor = factor * times;
    (factor.is_normal() && factor > 0.0).then_some((a, b, factor))
}

/// The position index that a `POINT(lon, lat)` of two columns stands for.
fn position<'t>(
    point: &Expr,
    tables: &'t Tables,
) -> Option<(usize, &'t Arc<Table>, &'t PositionIndex)> {
    let (lon, lat) = point.as_point()?;
    columns(lon, lat, tables)
}

/// The position index of two columns.
fn columns<'t>(
    lon: &Expr,
    lat: &Expr,
    tables: &'t Tables,
) -> Option<(usize, &'t Arc<Table>, &'t PositionIndex)> {
    let (
        Node::Column {
            source,
            stored: lon,
            ..
        },
        Node::Column {
            source: other,
            stored: lat,
            ..
        },
    ) = (&lon.node, &lat.node)
    else {
        return None;
    };
    if source != other {
        return None;
    }
    let table = tables.get(source)?;
    let index = table
        .positions
        .iter()
        .find(|index| index.lon == *lon && index.lat == *lat)?;
    Some((*source, table, index))
}
