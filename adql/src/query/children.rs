//! The expressions inside an expression, for those who walk a query.

use super::{Expr, Node};

/// Calls `$visit` on each expression directly inside `$node`. Written once for
/// those who read (`iter`, `as_deref`) and those who change (`iter_mut`,
/// `as_deref_mut`, `mut`).
macro_rules! visit_children {
    ($node:expr, $visit:ident, $iter:ident, $as_deref:ident $(, $mutable:tt)?) => {
        match $node {
            Node::Column { .. }
            | Node::Literal(_)
            | Node::Constant { .. }
            | Node::Moc(_)
            | Node::Ranged { exact: None, .. }
            | Node::Exists(_)
            | Node::Near(_) => {}
            Node::Aggregate {
                argument,
                parameters,
                ..
            } => argument
                .$as_deref()
                .into_iter()
                .chain(parameters)
                .for_each($visit),
            Node::Negate(inner)
            | Node::BitNot(inner)
            | Node::Not(inner)
            | Node::Cast(inner)
            | Node::Ranged {
                exact: Some(inner), ..
            }
            | Node::InCells { cell: inner, .. }
            | Node::IsNull { operand: inner, .. }
            | Node::InQuery { operand: inner, .. }
            | Node::Coordinate { point: inner, .. }
            | Node::Extent {
                geometry: inner, ..
            }
            | Node::InUnit { value: inner, .. }
            | Node::Expanded { value: inner, .. } => $visit(inner),
            Node::Binary { left, right, .. }
            | Node::Compare { left, right, .. }
            | Node::Distance(left, right)
            | Node::Like {
                operand: left,
                pattern: right,
                ..
            } => {
                $visit(left);
                $visit(right);
            }
            Node::And(list)
            | Node::Or(list)
            | Node::Call {
                arguments: list, ..
            }
            | Node::Geometry {
                arguments: list, ..
            } => list.$iter().for_each($visit),
            Node::Between {
                operand, low, high, ..
            } => {
                $visit(operand);
                $visit(low);
                $visit(high);
            }
            Node::InList { operand, list, .. } => {
                $visit(operand);
                list.$iter().for_each($visit);
            }
            Node::Case {
                branches,
                otherwise,
            } => {
                for (condition, result) in branches {
                    $visit(condition);
                    $visit(result);
                }
                if let Some(otherwise) = otherwise {
                    $visit(otherwise);
                }
            }
            Node::Spatial(spatial) => {
                $visit(&$($mutable)? spatial.left);
                $visit(&$($mutable)? spatial.right);
            }
        }
    };
}

impl Expr {
    /// Calls `visit` on the expressions directly inside this one (not on those
    /// of subqueries).
    pub fn each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit_children!(&self.node, visit, iter, as_deref)
    }

    /// The same for those who change them.
    pub fn each_child_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        visit_children!(&mut self.node, visit, iter_mut, as_deref_mut, mut)
    }
}
