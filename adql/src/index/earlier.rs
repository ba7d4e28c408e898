//! Conditions said where an index can answer them: of rows and not of groups,
//! inside of the subquery that has the table, without a NOT around them.

use super::rows::sources;
use crate::query::{Body, Expr, Node, Query, Select, Source};

/// A condition of HAVING without aggregates is one on what rows are grouped
/// by, so it holds for all rows of a group or for none.
pub(super) fn before_groups(select: &mut Select) {
    if select.group.is_empty() {
        return;
    }
    let Some(having) = select.having.take() else {
        return;
    };
    let (rows, groups): (Vec<Expr>, Vec<Expr>) = conjuncts(having)
        .into_iter()
        .partition(|condition| sources(condition).is_some());
    select.having = all(groups);
    let filter = select.filter.take().map_or_else(Vec::new, conjuncts);
    select.filter = all(filter.into_iter().chain(rows).collect());
}

/// A condition on the place of a subquery's rows, said inside of it as well.
pub(super) fn into_subqueries(select: &mut Select) {
    let Some(filter) = &select.filter else {
        return;
    };
    let conditions = match &filter.node {
        Node::And(list) => &list[..],
        _ => std::slice::from_ref(filter),
    };
    for condition in conditions {
        // These are never true of what an outer join has left out.
        let of_place = match &condition.node {
            Node::Spatial(_) => true,
            Node::Compare { left, right, .. } => super::scaled_distance(left)
                .or_else(|| super::scaled_distance(right))
                .is_some(),
            _ => false,
        };
        let ids = sources(condition).filter(|ids| of_place && ids.len() == 1);
        if let Some(id) = ids.and_then(|ids| ids.into_iter().next()) {
            say_inside(&mut select.from, id, condition);
        }
    }
}

fn say_inside(source: &mut Source, wanted: usize, condition: &Expr) {
    match source {
        Source::Derived { id, query } if *id == wanted => {
            let plain = query.limit.is_none() && query.offset.is_none();
            let inner = inside(query, wanted, condition).filter(|_| plain);
            if let (Some(inner), Body::Select(select)) = (inner, &mut query.body) {
                let filter = select.filter.take().map_or_else(Vec::new, conjuncts);
                select.filter = all(filter.into_iter().chain([inner]).collect());
            }
        }
        Source::Join { left, right, .. } => {
            say_inside(left, wanted, condition);
            say_inside(right, wanted, condition);
        }
        _ => {}
    }
}

/// The condition in the words of the subquery; none where rows of its answer
/// are not rows of its tables.
fn inside(query: &Query, id: usize, condition: &Expr) -> Option<Expr> {
    let Body::Select(select) = &query.body else {
        return None;
    };
    let of_rows = select.group.is_empty()
        && select.having.is_none()
        && !select.items.iter().any(Expr::has_aggregate);
    let mut inner = condition.clone();
    (of_rows && put(&mut inner, id, &select.items)).then_some(inner)
}

/// Puts the items in the place of the subquery's columns.
fn put(expr: &mut Expr, id: usize, items: &[Expr]) -> bool {
    if let Node::Column { source, stored, .. } = &expr.node
        && *source == id
    {
        let number: Option<usize> = stored.strip_prefix('c').and_then(|n| n.parse().ok());
        let item = number.and_then(|number| items.get(number.checked_sub(1)?));
        return match item {
            Some(item) if sources(item).is_some() && item.kind == expr.kind => {
                *expr = item.clone();
                true
            }
            _ => false,
        };
    }
    let mut fine = true;
    expr.each_child_mut(&mut |child| fine = fine && put(child, id, items));
    fine
}

/// What NOT of a condition is, where that has one NOT less.
pub(super) fn without_not(inner: &Expr) -> Option<Expr> {
    let negated = |list: &[Expr]| list.iter().cloned().map(negated).collect();
    match &inner.node {
        Node::Not(inner) => Some((**inner).clone()),
        Node::Or(list) if list.iter().any(has_not) => Some(Expr::boolean(Node::And(negated(list)))),
        Node::And(list) if list.iter().any(has_not) => Some(Expr::boolean(Node::Or(negated(list)))),
        _ => None,
    }
}

fn has_not(expr: &Expr) -> bool {
    match &expr.node {
        Node::Not(_) => true,
        Node::And(list) | Node::Or(list) => list.iter().any(has_not),
        _ => false,
    }
}

fn negated(expr: Expr) -> Expr {
    match expr.node {
        Node::Not(inner) => *inner,
        node => Expr::boolean(node).negated(),
    }
}

fn conjuncts(condition: Expr) -> Vec<Expr> {
    match condition.node {
        Node::And(list) => list,
        node => vec![Expr::boolean(node)],
    }
}

fn all(mut list: Vec<Expr>) -> Option<Expr> {
    match list.len() {
        0 | 1 => list.pop(),
        _ => Some(Expr::boolean(Node::And(list))),
    }
}
