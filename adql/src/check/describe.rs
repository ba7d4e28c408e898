//! What the answer says of a column: name, type, unit, UCD, utype, xtype and
//! description, as far as they survive the expression.

use crate::functions::Unit;
use crate::query::{Aggregate, Binary, Expr, Node};
use crate::types::{Column, Type};

impl Expr {
    /// The answer column an expression makes when it is the `number`th of its
    /// SELECT and has no alias.
    pub(super) fn describe(&self, number: usize) -> Column {
        let mut column = match &self.node {
            Node::Column { column, .. } => column.as_ref().clone(),
            Node::Aggregate {
                aggregate: Aggregate::Min | Aggregate::Max,
                argument: Some(argument),
                ..
            } => Column {
                name: String::new(),
                utype: None,
                ..argument.describe(number)
            },
            _ => Column::new("", self.kind),
        };
        column.kind = self.kind;
        if column.unit.is_none() {
            column.unit = self.unit();
        }
        if column.xtype.is_none() {
            let xtype = match self.kind {
                _ if matches!(self.node, Node::Moc(_)) => Some("moc"),
                Type::Point => Some("point"),
                Type::Circle => Some("circle"),
                Type::Polygon => Some("polygon"),
                Type::Timestamp => Some("timestamp"),
                Type::Region => Some("adql:REGION"),
                _ => None,
            };
            column.xtype = xtype.map(str::to_owned);
        }
        if column.ucd.is_none() {
            column.ucd = match &self.node {
                Node::Aggregate {
                    aggregate: Aggregate::Count,
                    ..
                } => Some("meta.number".to_owned()),
                Node::Distance(..) => Some("pos.angDistance".to_owned()),
                _ => None,
            };
        }
        if column.name.is_empty() {
            column.name = match &self.node {
                Node::Aggregate { aggregate, .. } => aggregate.name().to_lowercase(),
                Node::Call { function, .. } => function.name.to_lowercase(),
                Node::Distance(..) => "distance".to_owned(),
                Node::Moc(_) => "moc".to_owned(),
                Node::Coordinate { second: false, .. } => "coord1".to_owned(),
                Node::Coordinate { second: true, .. } => "coord2".to_owned(),
                Node::Geometry { shape, .. } => shape.name().to_lowercase(),
                _ => format!("col_{number}"),
            };
        }
        column
    }

    fn unit(&self) -> Option<String> {
        match &self.node {
            Node::Column { column, .. } => column.unit.clone(),
            Node::Negate(inner) | Node::Cast(inner) => inner.unit(),
            Node::Binary {
                operator: Binary::Add | Binary::Subtract,
                left,
                right,
            } => left
                .unit()
                .filter(|unit| right.unit().as_ref() == Some(unit)),
            Node::Aggregate {
                aggregate: Aggregate::Avg | Aggregate::Sum | Aggregate::Min | Aggregate::Max,
                argument: Some(argument),
                ..
            } => argument.unit(),
            Node::Call {
                function,
                arguments,
            } => match function.unit {
                Unit::Lost => None,
                Unit::Kept => arguments.first().and_then(Expr::unit),
                Unit::Is(unit) => Some(unit.to_owned()),
            },
            Node::Distance(..)
            | Node::Coordinate { .. }
            | Node::Geometry { .. }
            | Node::Constant { .. } => Some("deg".to_owned()),
            Node::Case {
                branches,
                otherwise,
            } => {
                let mut results = branches.iter().map(|(_, r)| r).chain(otherwise.as_deref());
                let unit = results.next()?.unit()?;
                results
                    .all(|result| result.unit().as_ref() == Some(&unit))
                    .then_some(unit)
            }
            _ => None,
        }
    }
}
