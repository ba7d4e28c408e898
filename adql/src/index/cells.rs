//! Calls of `ivo_healpix_index` on the columns of a position index: the index
//! column has the cells, so conditions on them become ranges of its keys, and
//! elsewhere it is read instead of computed.

use std::sync::Arc;

use super::{Tables, columns, position};
use crate::catalog::Table;
use crate::functions::COARSER;
use crate::query::{Comparison, Expr, Node, Order, OrderKey, Select, Source};
use crate::sky::cell;
use crate::sky::cover::Manner;
use crate::statement::Value;
use crate::types::{Column, Type};

/// With more ranges than this the cells decide beside ranges that are wider.
const MAX_EXACT_RANGES: usize = 256;

/// A call on the columns of an index.
struct Call<'a> {
    source: usize,
    table: &'a Arc<Table>,
    key: &'a str,
    order: u8,
    /// The two columns.
    place: [&'a Expr; 2],
}

fn call<'a>(expr: &'a Expr, tables: &'a Tables) -> Option<Call<'a>> {
    let Node::Call {
        function,
        arguments,
    } = &expr.node
    else {
        return None;
    };
    if function.name != "IVO_HEALPIX_INDEX" {
        return None;
    }
    let (order, (source, table, index), place) = match &arguments[..] {
        [order, lon, lat] => (order, columns(lon, lat, tables)?, [lon, lat]),
        [order, point] => {
            let (lon, lat) = point.as_point()?;
            (order, position(point, tables)?, [lon, lat])
        }
        _ => return None,
    };
    Some(Call {
        source,
        table,
        key: &index.cell,
        order: cell::order(order.whole()?).ok()?,
        place,
    })
}

/// A condition on a cell as ranges of keys, which decide it alone.
pub(super) fn ranged(condition: &Expr, tables: &Tables) -> Option<Expr> {
    let (found, ranges, exact) = match &condition.node {
        Node::Compare {
            operator,
            left,
            right,
        } => {
            let (found, number, operator) = match (call(left, tables), call(right, tables)) {
                (Some(found), None) => (found, right.whole()?, *operator),
                (None, Some(found)) => (found, left.whole()?, mirrored(*operator)),
                _ => return None,
            };
            let (low, high) = match operator {
                Comparison::Equal => (number, number),
                Comparison::Less => (0, number.checked_sub(1)?),
                Comparison::LessEqual => (0, number),
                Comparison::Greater => (number.checked_add(1)?, i64::MAX),
                Comparison::GreaterEqual => (number, i64::MAX),
                Comparison::NotEqual => return None,
            };
            let ranges = keys(found.order, low, high).into_iter().collect();
            (found, ranges, None)
        }
        Node::Between {
            operand,
            low,
            high,
            negated: false,
        } => {
            let found = call(operand, tables)?;
            let ranges = keys(found.order, low.whole()?, high.whole()?);
            (found, ranges.into_iter().collect(), None)
        }
        Node::InList {
            operand,
            list,
            negated: false,
        } if list.len() <= MAX_EXACT_RANGES => {
            let found = call(operand, tables)?;
            let numbers = list.iter().map(Expr::whole).collect::<Option<Vec<i64>>>()?;
            let ranges = numbers.into_iter();
            let ranges = ranges.filter_map(|number| keys(found.order, number, number));
            let mut ranges: Vec<(i64, i64)> = ranges.collect();
            ranges.sort_unstable();
            ranges.dedup();
            (found, ranges, None)
        }
        Node::InCells { cell, cells } => {
            let found = call(cell, tables)?;
            let ranges = cells.ranges();
            match ranges.len() <= MAX_EXACT_RANGES {
                true => (found, ranges, None),
                false => {
                    let wider = crate::sky::cover::fewer(ranges);
                    (found, wider, Some(Box::new(condition.clone())))
                }
            }
        }
        _ => return None,
    };
    Some(Expr::boolean(Node::Ranged {
        source: found.source,
        table: Some(found.table.clone()),
        key: found.key.to_owned(),
        ranges,
        manner: Manner::Listed,
        exact,
    }))
}

/// Reads the index column wherever the call stands. Not where rows are grouped
/// by a coordinate itself: the index column would then not be grouped by.
pub(super) fn read(select: &mut Select, order: &mut [Order], tables: &Tables) {
    let group = select.group.clone();
    let mut visit = |expr: &mut Expr| replace(expr, tables, &group);
    select.items.iter_mut().for_each(&mut visit);
    select.filter.iter_mut().for_each(&mut visit);
    select.group.iter_mut().for_each(&mut visit);
    select.having.iter_mut().for_each(&mut visit);
    joined(&mut select.from, &mut visit);
    for order in order {
        if let OrderKey::Expr(expr) = &mut order.key {
            visit(expr);
        }
    }
}

fn joined(source: &mut Source, visit: &mut dyn FnMut(&mut Expr)) {
    if let Source::Join {
        left, right, on, ..
    } = source
    {
        joined(left, visit);
        joined(right, visit);
        on.iter_mut().for_each(visit);
    }
}

fn replace(expr: &mut Expr, tables: &Tables, group: &[Expr]) {
    let read = call(expr, tables).and_then(|found| {
        let [lon, lat] = found.place;
        let Node::Column { column, .. } = &lon.node else {
            return None;
        };
        if group.contains(lon) || group.contains(lat) {
            return None;
        }
        let key = Node::Column {
            source: found.source,
            stored: found.key.to_owned(),
            column: Arc::new(Column::new(column.name.clone(), Type::BigInt)),
            region: None,
        };
        let key = Expr::new(key, Type::BigInt);
        let bits = i64::from(cell::shift(found.order));
        if bits == 0 {
            return Some(key);
        }
        let bits = Expr::literal(Value::BigInt(bits), Type::BigInt);
        let node = Node::Call {
            function: &COARSER,
            arguments: vec![key, bits],
        };
        Some(Expr::new(node, Type::BigInt))
    });
    match read {
        Some(read) => *expr = read,
        None => expr.each_child_mut(&mut |child| replace(child, tables, group)),
    }
}

/// The keys of the cells of an order with these numbers.
fn keys(order: u8, low: i64, high: i64) -> Option<(i64, i64)> {
    let bits = cell::shift(order);
    let last = (12_i64 << (2 * u32::from(order))) - 1;
    let (low, high) = (low.max(0), high.min(last));
    (low <= high).then(|| (low << bits, ((high + 1) << bits) - 1))
}

fn mirrored(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        same => same,
    }
}
