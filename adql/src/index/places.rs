//! Conditions on the places of two rows: which of them can be looked up, and
//! in what circle round the other.

use super::{Tables, columns, scaled_distance};
use crate::query::{Binary, Circle, Comparison, Expr, Node, Relation, Shape, Sought, Spatial};
use crate::sky;
use crate::statement::Value;
use crate::types::Type;

/// The number of a source, how it is looked up, and where.
pub(super) type Found = (usize, Sought, Circle);

/// What a condition on places lets us look up.
pub(super) fn of(condition: &Expr, tables: &Tables) -> Vec<Found> {
    match &condition.node {
        Node::Spatial(spatial) => of_spatial(spatial, tables),
        Node::Compare {
            operator,
            left,
            right,
        } => match operator {
            Comparison::Less | Comparison::LessEqual | Comparison::Equal => {
                of_distance(left, right, tables)
            }
            Comparison::Greater | Comparison::GreaterEqual => of_distance(right, left, tables),
            Comparison::NotEqual => Vec::new(),
        },
        Node::Between {
            operand,
            high,
            negated: false,
            ..
        } => of_distance(operand, high, tables),
        _ => Vec::new(),
    }
}

fn of_spatial(spatial: &Spatial, tables: &Tables) -> Vec<Found> {
    let Spatial {
        relation,
        left,
        right,
    } = spatial;
    let (first, second) = match relation {
        Relation::Meets => (sky::Near::Meeting, sky::Near::Meeting),
        Relation::Inside => (sky::Near::Inside, sky::Near::Around),
    };
    let one = beside(left, first, right, tables);
    one.into_iter()
        .chain(beside(right, second, left, tables))
        .collect()
}

/// Looks up `row`, which has that to do with `other`.
fn beside(row: &Expr, relation: sky::Near, other: &Expr, tables: &Tables) -> Option<Found> {
    if let Some((id, sought)) = region_of(row, relation) {
        return Some((id, sought, around(other)?));
    }
    let Node::Geometry { shape, arguments } = &row.node else {
        return None;
    };
    let (lon, lat, radius) = match (shape, &arguments[..]) {
        (Shape::Point, [lon, lat]) => (lon, lat, None),
        (Shape::Circle, [lon, lat, radius]) => (lon, lat, Some(radius)),
        _ => return None,
    };
    let (id, _, index) = columns(lon, lat, tables)?;
    let circle = match radius {
        None => around(other)?,
        // The centres are no further apart than the radii together.
        Some(radius) => grown(other, radius)?,
    };
    let cell = index.cell.clone();
    Some((id, Sought::Positions { cell }, circle))
}

fn region_of(row: &Expr, relation: sky::Near) -> Option<(usize, Sought)> {
    match &row.node {
        Node::Column {
            source,
            region: Some(index),
            ..
        } => {
            let index = index.clone();
            Some((*source, Sought::Footprints { index, relation }))
        }
        _ => None,
    }
}

/// A circle that holds a geometry.
fn around(other: &Expr) -> Option<Circle> {
    match &other.node {
        _ if other.kind == Type::Region => other.has_region().then(|| Circle::Shape(other.clone())),
        Node::Geometry {
            shape: Shape::Box,
            arguments,
        } => {
            let [lon, lat, width, height] = &arguments[..] else {
                return None;
            };
            // No corner is further off than half of both sides together.
            let point = Node::Geometry {
                shape: Shape::Point,
                arguments: vec![lon.clone(), lat.clone()],
            };
            Some(Circle::Reach {
                point: Expr::new(point, Type::Point),
                distance: half(sum(width.clone(), height.clone())),
            })
        }
        Node::Geometry {
            shape: Shape::Polygon,
            ..
        } => None,
        _ if matches!(other.kind, Type::Point | Type::Circle) => Some(Circle::Shape(other.clone())),
        _ => None,
    }
}

fn grown(other: &Expr, by: &Expr) -> Option<Circle> {
    match (&other.node, other.kind) {
        (_, Type::Point) => Some(Circle::Reach {
            point: other.clone(),
            distance: by.clone(),
        }),
        (
            Node::Geometry {
                shape: Shape::Circle,
                arguments,
            },
            _,
        ) => {
            let [lon, lat, radius] = &arguments[..] else {
                return None;
            };
            let point = Node::Geometry {
                shape: Shape::Point,
                arguments: vec![lon.clone(), lat.clone()],
            };
            Some(Circle::Reach {
                point: Expr::new(point, Type::Point),
                distance: sum(radius.clone(), by.clone()),
            })
        }
        _ => None,
    }
}

/// `DISTANCE(a, b) < limit`.
fn of_distance(distance: &Expr, limit: &Expr, tables: &Tables) -> Vec<Found> {
    let Some((a, b, factor)) = scaled_distance(distance) else {
        return Vec::new();
    };
    let found = |row: &Expr, other: &Expr| {
        if other.kind != Type::Point {
            return None;
        }
        let (id, sought) = match (region_of(row, sky::Near::Meeting), &row.node) {
            (Some(found), _) => found,
            (
                None,
                Node::Geometry {
                    shape: Shape::Point,
                    arguments,
                },
            ) => {
                let [lon, lat] = &arguments[..] else {
                    return None;
                };
                let (id, _, index) = columns(lon, lat, tables)?;
                let cell = index.cell.clone();
                (id, Sought::Positions { cell })
            }
            _ => return None,
        };
        let factor = Expr::literal(Value::Double(factor), Type::Double);
        let circle = Circle::Reach {
            point: other.clone(),
            distance: binary(Binary::Divide, limit.clone(), factor),
        };
        Some((id, sought, circle))
    };
    found(a, b).into_iter().chain(found(b, a)).collect()
}

fn binary(operator: Binary, left: Expr, right: Expr) -> Expr {
    let (left, right) = (Box::new(left), Box::new(right));
    let node = Node::Binary {
        operator,
        left,
        right,
    };
    Expr::new(node, Type::Double)
}

fn sum(a: Expr, b: Expr) -> Expr {
    binary(Binary::Add, a, b)
}

fn half(of: Expr) -> Expr {
    let two = Expr::literal(Value::Double(2.0), Type::Double);
    binary(Binary::Divide, of, two)
}
