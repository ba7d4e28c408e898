//! Rows against rows: a condition on the places of two tables lets one of
//! them be looked up in its index near what the other's rows give.
//!
//! The law: only the rows of one source are narrowed, to those that fulfil a
//! condition which must hold for them to be kept; the condition and the rest
//! of the query stay as they are. So that the other sources come first, sides
//! of a join may be exchanged.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Tables, places};
use crate::catalog::Table;
use crate::query::{Circle, Comparison, Expr, Join, Near, Node, Select, Source};

/// More sources than this are not looked up; nobody joins so many by place.
const MAX_LOOK_UPS: usize = 16;
/// With more conditions than this none is looked for: all are compared with
/// each other.
const MAX_CONDITIONS: usize = 100;

pub(super) fn seek(select: &mut Select, tables: &Tables) {
    let mut tried: Vec<(usize, Expr)> = Vec::new();
    for _ in 0..MAX_LOOK_UPS {
        let survey = Survey::of(select, tables);
        let fresh = survey.offers.into_iter().filter(|offer| {
            let same =
                |(id, exact): &(usize, Expr)| *id == offer.near.id && *exact == offer.near.exact;
            !tried.iter().any(same)
        });
        // The first of the best.
        let Some(offer) = fresh.min_by_key(|offer| -offer.gain) else {
            return;
        };
        tried.push((offer.near.id, offer.near.exact.clone()));
        let near = Arc::new(offer.near);
        let mut changed = select.from.clone();
        if let Place::On(number) = offer.place {
            mark_on(&mut changed, number, &mut 0, &near);
        }
        if let Some(from) = moved(changed, &near, &offer.needs) {
            select.from = from;
            if let (Place::Filter, Some(filter)) = (offer.place, &mut select.filter) {
                mark(filter, &near);
            }
        }
    }
}

/// Where a condition stands.
#[derive(Clone, Copy)]
enum Place {
    Filter,
    /// In the ON of a join, counted from the first as a walk meets them.
    On(usize),
}

/// A source that could be looked up.
struct Offer {
    near: Near,
    place: Place,
    /// The sources of this query that must come before it.
    needs: HashSet<usize>,
    /// How much fewer rows there probably are of those than of this.
    gain: i32,
}

/// What a query says, for finding what can be looked up.
struct Survey<'a> {
    /// The tables of this query that could be looked up.
    open: HashSet<usize>,
    /// All sources of this query.
    local: HashSet<usize>,
    /// With the tables that each may narrow.
    conditions: Vec<(&'a Expr, Place, HashSet<usize>)>,
    offers: Vec<Offer>,
    joins: usize,
}

impl<'a> Survey<'a> {
    fn of(select: &'a Select, tables: &'a Tables) -> Survey<'a> {
        let mut survey = Survey {
            open: HashSet::new(),
            local: HashSet::new(),
            conditions: Vec::new(),
            offers: Vec::new(),
            joins: 0,
        };
        survey.sources(&select.from);
        let all = survey.open.clone();
        if let Some(filter) = &select.filter {
            survey.conjuncts(filter, Place::Filter, &all);
        }
        survey.ons(&select.from);
        let conditions = std::mem::take(&mut survey.conditions);
        if conditions.len() > MAX_CONDITIONS {
            return survey;
        }
        for (condition, place, narrowed) in &conditions {
            for mut offer in offers(condition, tables) {
                if narrowed.contains(&offer.near.id) {
                    offer.place = *place;
                    offer.needs.retain(|id| survey.local.contains(id));
                    if let Some(gain) = gain(&offer, &conditions, &select.from) {
                        offer.gain = gain;
                        survey.offers.push(offer);
                    }
                }
            }
        }
        survey
    }

    fn sources(&mut self, source: &Source) {
        match source {
            Source::Table { id, .. } => {
                self.local.insert(*id);
                self.open.insert(*id);
            }
            Source::Near(near) => {
                self.local.insert(near.id);
            }
            Source::Nearest(nearest) => {
                self.local.insert(nearest.id);
            }
            Source::Derived { id, .. } | Source::Common { id, .. } => {
                self.local.insert(*id);
            }
            Source::Join { left, right, .. } => {
                self.sources(left);
                self.sources(right);
            }
        }
    }

    fn conjuncts(&mut self, condition: &'a Expr, place: Place, narrowed: &HashSet<usize>) {
        match &condition.node {
            Node::And(list) => {
                for condition in list {
                    self.conjuncts(condition, place, narrowed);
                }
            }
            _ => self.conditions.push((condition, place, narrowed.clone())),
        }
    }

    /// What an ON condition narrows: with an inner join both sides, else the
    /// side whose rows may be left without a partner.
    fn ons(&mut self, source: &'a Source) {
        let Source::Join {
            kind,
            left,
            right,
            on,
        } = source
        else {
            return;
        };
        let number = self.joins;
        self.joins += 1;
        if let Some(on) = on {
            let mut narrowed = HashSet::new();
            if matches!(kind, Join::Inner | Join::Right) {
                tables_of(left, &mut narrowed);
            }
            if matches!(kind, Join::Inner | Join::Left) {
                tables_of(right, &mut narrowed);
            }
            self.conjuncts(on, Place::On(number), &narrowed);
        }
        self.ons(left);
        self.ons(right);
    }
}

fn tables_of(source: &Source, ids: &mut HashSet<usize>) {
    match source {
        Source::Table { id, .. } => {
            ids.insert(*id);
        }
        Source::Join { left, right, .. } => {
            tables_of(left, ids);
            tables_of(right, ids);
        }
        _ => {}
    }
}

/// How much the other sources are narrowed more than this one; none where
/// looking it up would lose against what the query says besides.
fn gain(
    offer: &Offer,
    conditions: &[(&Expr, Place, HashSet<usize>)],
    from: &Source,
) -> Option<i32> {
    let narrowness = |id: usize| {
        let of_conditions = conditions
            .iter()
            .map(|(condition, ..)| narrowing(condition, id, from));
        of_conditions.max().unwrap_or(0).max(by_kind(from, id))
    };
    // One row of a query around stands for itself.
    let others = offer.needs.iter().map(|id| narrowness(*id)).max();
    let others = others.unwrap_or(5);
    let own = narrowness(offer.near.id);
    let linked = conditions
        .iter()
        .any(|(condition, ..)| names_one(condition, offer.near.id, &offer.needs));
    ((own < 4 || others >= own) && !linked).then_some(others - own)
}

/// An equality with a column of the other sources that is the name of a row:
/// nothing is found faster than that.
fn names_one(condition: &Expr, id: usize, others: &HashSet<usize>) -> bool {
    let Node::Compare {
        operator: Comparison::Equal,
        left,
        right,
    } = &condition.node
    else {
        return false;
    };
    let column = |expr: &Expr| match &expr.node {
        Node::Column { source, stored, .. } => Some((*source, stored.to_lowercase())),
        _ => None,
    };
    let (Some((a, a_name)), Some((b, b_name))) = (column(left), column(right)) else {
        return false;
    };
    let pair = (a == id && others.contains(&b)) || (b == id && others.contains(&a));
    let names = |name: &str| name.ends_with("id");
    pair && names(&a_name) && names(&b_name)
}

pub(super) fn narrowing(condition: &Expr, id: usize, from: &Source) -> i32 {
    let of_column = |operand: &Expr| match &operand.node {
        Node::Column { source, stored, .. } if *source == id => match table(from, id) {
            Some(table) if table.indexed.contains(stored) => 4,
            _ => 2,
        },
        _ => 1,
    };
    match sources(condition) {
        Some(ids) if ids.len() == 1 && ids.contains(&id) => {}
        _ => return 0,
    }
    match &condition.node {
        Node::Ranged { .. } => 3,
        Node::Compare {
            operator: Comparison::Equal,
            left,
            right,
        } => of_column(left).max(of_column(right)),
        Node::InList {
            operand,
            negated: false,
            ..
        } => of_column(operand),
        _ => 1,
    }
}

/// What a user sends along is small beside what is published.
fn by_kind(from: &Source, id: usize) -> i32 {
    match table(from, id) {
        Some(table) => 2 * i32::from(table.schema.eq_ignore_ascii_case("tap_upload")),
        None => 2,
    }
}

fn table(from: &Source, wanted: usize) -> Option<&Table> {
    match from {
        Source::Table { id, table } => (*id == wanted).then_some(table),
        Source::Near(near) => (near.id == wanted).then_some(&near.table),
        Source::Join { left, right, .. } => table(left, wanted).or_else(|| table(right, wanted)),
        Source::Nearest(nearest) => (nearest.id == wanted).then_some(&nearest.table),
        Source::Derived { .. } | Source::Common { .. } => None,
    }
}

/// The source with one table looked up; none where the sources it needs
/// cannot come before it.
fn moved(source: Source, near: &Arc<Near>, needs: &HashSet<usize>) -> Option<Source> {
    match source {
        Source::Table { id, .. } if id == near.id => {
            needs.is_empty().then(|| Source::Near(near.clone()))
        }
        Source::Join {
            kind,
            left,
            right,
            on,
        } => {
            let in_left = table(&left, near.id).is_some();
            let (kind, first, second) = match (in_left, kind) {
                (false, _) => (kind, left, right),
                // Nothing of the left side is needed on the right.
                (true, _) if !needs.iter().any(|id| right.brings(*id)) => {
                    let left = Box::new(moved(*left, near, needs)?);
                    return Some(Source::Join {
                        kind,
                        left,
                        right,
                        on,
                    });
                }
                (true, Join::Inner) => (Join::Inner, right, left),
                (true, Join::Right) => (Join::Left, right, left),
                (true, Join::Left | Join::Full) => return None,
            };
            let here = needs.iter().filter(|id| !first.brings(**id));
            let here: HashSet<usize> = here.copied().collect();
            if here.len() < needs.len() && !matches!(kind, Join::Inner | Join::Left) {
                return None;
            }
            // Sources on the other side may have needed this one already.
            if in_left && looks_up_from(&first, &second) {
                return None;
            }
            let second = Box::new(moved(*second, near, &here)?);
            Some(Source::Join {
                kind,
                left: first,
                right: second,
                on,
            })
        }
        other => Some(other),
    }
}

/// Whether something of `first` is looked up by rows of `second`.
fn looks_up_from(first: &Source, second: &Source) -> bool {
    match first {
        Source::Near(near) => match near.circle.sources() {
            Some(ids) => ids.iter().any(|id| second.brings(*id)),
            None => true,
        },
        Source::Join { left, right, .. } => {
            looks_up_from(left, second) || looks_up_from(right, second)
        }
        _ => false,
    }
}

fn mark_on(source: &mut Source, wanted: usize, number: &mut usize, near: &Arc<Near>) {
    if let Source::Join {
        left, right, on, ..
    } = source
    {
        let this = *number;
        *number += 1;
        if let (true, Some(on)) = (this == wanted, on) {
            mark(on, near);
        }
        mark_on(left, wanted, number, near);
        mark_on(right, wanted, number, near);
    }
}

/// Says of the condition that its source has been looked up by it.
fn mark(condition: &mut Expr, near: &Arc<Near>) {
    if *condition == near.exact {
        *condition = Expr::boolean(Node::Near(near.clone()));
    } else if let Node::And(list) = &mut condition.node {
        list.iter_mut().for_each(|condition| mark(condition, near));
    }
}

/// The numbers of the sources whose columns an expression reads; none where
/// it has subqueries or another value each time.
pub(super) fn sources(expr: &Expr) -> Option<HashSet<usize>> {
    fn visit(expr: &Expr, ids: &mut HashSet<usize>) -> bool {
        match &expr.node {
            Node::Column { source, .. } => {
                ids.insert(*source);
                return true;
            }
            Node::Exists(_) | Node::InQuery { .. } | Node::Aggregate { .. } | Node::Near(_) => {
                return false;
            }
            Node::Call { function, .. } if function.volatile => return false,
            _ => {}
        }
        let mut fine = true;
        expr.each_child(&mut |child| fine = fine && visit(child, ids));
        fine
    }
    let mut ids = HashSet::new();
    visit(expr, &mut ids).then_some(ids)
}

impl Circle {
    fn sources(&self) -> Option<HashSet<usize>> {
        match self {
            Circle::Shape(shape) => sources(shape),
            Circle::Reach { point, distance } => {
                let mut ids = sources(point)?;
                ids.extend(sources(distance)?);
                Some(ids)
            }
        }
    }
}

/// The sources that a condition lets us look up.
fn offers(condition: &Expr, tables: &Tables) -> Vec<Offer> {
    let found = places::of(condition, tables).into_iter();
    let offers = found.filter_map(|(id, sought, circle)| {
        let needs = circle.sources()?;
        // What the query alone decides has been looked up already.
        if needs.is_empty() || needs.contains(&id) {
            return None;
        }
        Some(Offer {
            near: Near {
                id,
                table: tables.get(&id)?.clone(),
                circle,
                sought,
                exact: condition.clone(),
            },
            place: Place::Filter,
            needs,
            gain: 0,
        })
    });
    offers.collect()
}
