//! Sets of HEALPix cells as SQL. A position is looked up by its cell; a
//! footprint is tried on the polygons of the cells near it.
//!
//! The numbers of cells are printed, not bound: so the database reads them
//! once for a query and not once for a row.

use std::fmt::Write;

use super::write::Writer;
use crate::catalog::RegionIndex;
use crate::query::{Expr, Node, Relation};
use crate::sky::{Footprint, Group, Moc};
use crate::statement::Value;

impl Writer<'_> {
    /// Whether a cell of order 29 is one of these; NULL when it is unknown.
    pub fn in_cells(&mut self, cell: &Expr, cells: &Moc) {
        self.among(|writer| writer.expr(cell), cells);
    }

    fn among(&mut self, cell: impl FnOnce(&mut Self), cells: &Moc) {
        let ranges = cells.ranges();
        if self.target.has_arrays() {
            // In which of the gaps and ranges it is, counted from the first gap.
            self.push("(width_bucket(");
            cell(self);
            self.push(", CAST('{");
            self.list(&ranges, ",", |writer, &(low, high)| {
                let _ = write!(writer.sql, "{low},{}", high + 1);
            });
            self.push("}' AS bigint[])) % 2 = 1)");
        } else {
            self.push("cell_in_1(");
            cell(self);
            self.push(", X'");
            self.list(&ranges, "", |writer, &(low, high)| {
                let _ = write!(writer.sql, "{low:016x}{:016x}", high + 1);
            });
            self.push("')");
        }
    }

    /// A geometry that is no point meets the cells, or lies inside of them: a
    /// point of it does, and nothing of it meets the cells around.
    pub fn by_cells(&mut self, row: &Expr, moc: &Moc, relation: Relation) {
        let index = match &row.node {
            Node::Column {
                source,
                region: Some(index),
                ..
            } => Some((*source, index.as_ref())),
            _ => None,
        };
        self.push("CASE WHEN ");
        self.shape(row);
        self.push(" IS NULL THEN NULL WHEN ");
        if relation == Relation::Meets {
            self.meets_one(row, index, &moc.groups());
            return self.push(" THEN (1 = 1) ELSE (1 = 0) END");
        }
        self.push("NOT ");
        match index {
            // The key holds the cell of an inner point.
            Some((source, index)) => {
                let centre = |writer: &mut Self| {
                    writer.push("((");
                    writer.index_column(source, index, "key");
                    let (mask, bits) = Footprint::centre_of_key();
                    let _ = write!(writer.sql, " & {mask}) << {bits})");
                };
                self.among(centre, &moc.degraded(Footprint::KEY_ORDER));
            }
            None => self.meets_one(row, None, &moc.groups()),
        }
        self.push(" THEN (1 = 0) WHEN ");
        self.meets_one(row, index, &moc.groups_around());
        self.push(" THEN (1 = 0) ELSE (1 = 1) END");
    }

    fn meets_one(&mut self, row: &Expr, index: Option<(usize, &RegionIndex)>, groups: &[Group]) {
        if groups.is_empty() {
            return self.push("(1 = 0)");
        }
        let Some((source, index)) = index else {
            let whole = groups.iter().flat_map(|group| group.shape.iter().copied());
            self.own("sky_meets_1");
            self.shape(row);
            self.push(", ");
            self.parameter(Value::Doubles(whole.collect()));
            return self.push(")");
        };
        self.push("EXISTS (SELECT 1 FROM (VALUES ");
        self.list(groups, ", ", |writer, group| {
            writer.push("(");
            for number in group.cap.centre.into_iter().chain([group.cap.chord]) {
                writer.double(number);
                writer.push(", ");
            }
            writer.parameter(Value::Doubles(group.shape.clone()));
            writer.push(")");
        });
        self.push(") AS g WHERE ");
        for (number, axis) in ["x", "y", "z"].into_iter().enumerate() {
            for times in ["", " * "] {
                self.push(match (number, times) {
                    (1.., "") => " + (",
                    (0, "") => "(",
                    _ => " * (",
                });
                self.index_column(source, index, axis);
                let _ = write!(self.sql, " - g.column{})", number + 1);
            }
        }
        for sum in [" <= (g.column4 + ", " * (g.column4 + "] {
            self.push(sum);
            self.index_column(source, index, "crad");
            self.push(")");
        }
        self.push(" AND ");
        self.own("sky_meets_1");
        self.shape(row);
        self.push(", g.column5))");
    }
}
