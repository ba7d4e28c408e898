//! Sets of HEALPix cells as SQL. A position is looked up by its cell; a
//! footprint is tried on the polygons of the cells near it.
//!
//! The numbers of cells are printed, not bound: so the database reads them
//! once for a query and not once for a row.

use std::fmt::Write;

use super::write::Writer;
use crate::query::{Expr, Node, Relation};
use crate::sky::Moc;
use crate::statement::Value;

impl Writer<'_> {
    /// Whether a cell of order 29 is one of these. NULL when it is.
    pub fn in_cells(&mut self, cell: &Expr, cells: &Moc) {
        let ranges = cells.ranges();
        if self.target.has_arrays() {
            // In which of the gaps and ranges it is, counted from the first gap.
            self.push("(width_bucket(");
            self.expr(cell);
            self.push(", CAST('{");
            self.list(&ranges, ",", |writer, &(low, high)| {
                let _ = write!(writer.sql, "{low},{}", high + 1);
            });
            self.push("}' AS bigint[])) % 2 = 1)");
        } else {
            self.push("cell_in_1(");
            self.expr(cell);
            self.push(", X'");
            self.list(&ranges, "", |writer, &(low, high)| {
                let _ = write!(writer.sql, "{low:016x}{:016x}", high + 1);
            });
            self.push("')");
        }
    }

    /// A geometry that is no point meets the cells, or lies inside of them.
    pub fn by_cells(&mut self, row: &Expr, moc: &Moc, relation: Relation) {
        let (groups, met, apart) = match relation {
            Relation::Meets => (moc.groups(), "(1 = 1)", "(1 = 0)"),
            // Inside is what does not meet the cells around.
            Relation::Inside => (moc.groups_around(), "(1 = 0)", "(1 = 1)"),
        };
        let index = match &row.node {
            Node::Column {
                source,
                region: Some(index),
                ..
            } => Some((*source, index)),
            _ => None,
        };
        self.push("CASE WHEN ");
        self.shape(row);
        self.push(" IS NULL THEN NULL WHEN ");
        if groups.is_empty() {
            self.push("(1 = 0)");
        } else if let Some((source, index)) = index {
            self.push("EXISTS (SELECT 1 FROM (VALUES ");
            self.list(&groups, ", ", |writer, group| {
                writer.push("(");
                for number in group.cap.centre.into_iter().chain([group.cap.chord]) {
                    writer.double(number);
                    writer.push(", ");
                }
                writer.parameter(Value::Doubles(group.shape.clone()));
                writer.push(")");
            });
            self.push(") AS g WHERE ");
            for (axis, column) in ["x", "y", "z"].into_iter().zip(1..) {
                for side in 0..2 {
                    self.push(if side == 0 && column > 1 { " + (" } else { "(" });
                    self.index_column(source, index, axis);
                    let _ = write!(self.sql, " - g.column{column}){}", [" * ", ""][side]);
                }
            }
            self.push(" <= (g.column4 + ");
            self.index_column(source, index, "crad");
            self.push(") * (g.column4 + ");
            self.index_column(source, index, "crad");
            self.push(") AND ");
            self.own("sky_meets_1");
            self.shape(row);
            self.push(", g.column5))");
        } else {
            let whole = groups.into_iter().flat_map(|group| group.shape).collect();
            self.own("sky_meets_1");
            self.shape(row);
            self.push(", ");
            self.parameter(Value::Doubles(whole));
            self.push(")");
        }
        self.push(" THEN ");
        self.push(met);
        self.push(" ELSE ");
        self.push(apart);
        self.push(" END");
    }
}
