//! `SELECT TOP n … ORDER BY DISTANCE(position, place)`: the nearest rows,
//! found in circles that widen until they have enough of them.

use super::rows::{narrowing, sources};
use super::{Tables, position, scaled_distance};
use crate::query::{Body, Expr, Nearest, Node, Order, OrderKey, Query, Source};

/// More rows than this are better sorted.
const MOST: u64 = 1000;

/// Looks for the rows in circles where that gives the same answer: all rows of
/// one table are ordered by nearness before anything else, and few are wanted.
pub(super) fn seek(query: &mut Query, tables: &Tables) {
    let Some(nearest) = nearest(query, tables) else {
        return;
    };
    if let Body::Select(select) = &mut query.body {
        select.from = Source::Nearest(Box::new(nearest));
    }
}

fn nearest(query: &Query, tables: &Tables) -> Option<Nearest> {
    let Body::Select(select) = &query.body else {
        return None;
    };
    let Source::Table { id, .. } = &select.from else {
        return None;
    };
    let rows = query.limit?.checked_add(query.offset.unwrap_or(0))?;
    let Order { key, descending } = query.order.first()?;
    let first = match key {
        OrderKey::Column(number) => select.items.get(*number)?,
        OrderKey::Expr(expr) => expr,
    };
    let grouped = select.distinct
        || !select.group.is_empty()
        || select.having.is_some()
        || select.items.iter().any(Expr::has_aggregate);
    if *descending || grouped || rows > MOST || rows == 0 {
        return None;
    }
    let (a, b, _) = scaled_distance(first)?;
    let (point, numbers) = match (&a.node, &b.node) {
        (_, Node::Constant { numbers, .. }) => (a, numbers),
        (Node::Constant { numbers, .. }, _) => (b, numbers),
        _ => return None,
    };
    let &[lon, lat] = &numbers[..] else {
        return None;
    };
    let (source, table, index) = position(point, tables)?;
    if source != *id || !(-90.0..=90.0).contains(&lat) {
        return None;
    }
    if let Some(filter) = &select.filter {
        // Conditions that find few rows by themselves do it better.
        let found = conjuncts(filter).any(|it| narrowing(it, *id, &select.from) >= 3);
        let own = sources(filter)?.iter().all(|source| source == id);
        if found || !own {
            return None;
        }
    }
    Some(Nearest {
        id: *id,
        table: table.clone(),
        cell: index.cell.clone(),
        point: point.clone(),
        place: (lon, lat),
        rows,
        filter: select.filter.clone(),
    })
}

fn conjuncts(filter: &Expr) -> impl Iterator<Item = &Expr> {
    let list = match &filter.node {
        Node::And(list) => &list[..],
        _ => std::slice::from_ref(filter),
    };
    list.iter()
}
