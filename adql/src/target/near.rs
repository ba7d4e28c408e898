//! Rows looked up near what other rows give, as SQL.
//!
//! PostgreSQL: a subquery in FROM for each row of the sources before it, in
//! which the look-up of every range is kept apart (OFFSET 0) from a planner
//! that would guess its size wrongly. SQLite: a list of row numbers in the
//! condition.

use std::fmt::Write;

use super::quote;
use super::write::Writer;
use crate::query::{Circle, Expr, Near, Sought};
use crate::sky;
use crate::types::Type;

impl Writer<'_> {
    pub fn source_near(&mut self, near: &Near) {
        let name = self.target.table(&near.table);
        if !self.target.joins_laterally() {
            self.push(&name);
            self.push(" AS ");
            return self.number('t', near.id);
        }
        self.push("LATERAL (SELECT ");
        self.number('t', near.id);
        self.push(".* FROM ");
        self.ranges_near(near);
        self.push(" AS ");
        self.number('r', near.id);
        self.push(" CROSS JOIN LATERAL (SELECT * FROM ");
        self.push(&name);
        self.push(" AS i WHERE i.");
        self.push(&quote(&near.key()));
        self.push(" BETWEEN ");
        self.number('r', near.id);
        self.push(".low AND ");
        self.number('r', near.id);
        self.push(".high OFFSET 0) AS ");
        self.number('t', near.id);
        self.push(" WHERE ");
        self.exactly_near(near);
        self.push(") AS ");
        self.number('t', near.id);
    }

    /// The condition by which a source is looked up.
    pub fn near(&mut self, near: &Near) {
        if self.target.joins_laterally() {
            // The source has no other rows than those, and those that an outer
            // join left without a partner.
            self.push("(");
            self.column(near.id, &near.key());
            return self.push(" IS NOT NULL)");
        }
        self.push("(");
        self.number('t', near.id);
        self.push(".rowid IN (SELECT i.rowid FROM json_each(");
        self.ranges_near(near);
        // CROSS JOIN keeps the ranges outside and the look-up inside.
        self.push(") AS r CROSS JOIN ");
        let name = self.target.table(&near.table);
        self.push(&name);
        self.push(" AS i WHERE i.");
        self.push(&quote(&near.key()));
        self.push(" BETWEEN CAST(r.key AS INTEGER) AND r.value) AND ");
        self.expr(&near.exact);
        self.push(")");
    }

    fn ranges_near(&mut self, near: &Near) {
        self.own("sky_near_1");
        self.circle(&near.circle);
        let relation = match &near.sought {
            Sought::Positions { .. } => sky::Near::Positions,
            Sought::Footprints { relation, .. } => *relation,
        };
        let _ = write!(self.sql, ", {}, ", relation as i32);
        match &near.sought {
            Sought::Positions { .. } => self.push("0"),
            Sought::Footprints { .. } => self.classes(near),
        }
        self.push(")");
    }

    /// The size classes that the table has rows of, a bit for each, found by
    /// the first key of each.
    fn classes(&mut self, near: &Near) {
        let name = self.target.table(&near.table);
        let key = quote(&near.key());
        let size = 1_i64 << sky::Footprint::CLASS_SHIFT;
        self.push("(SELECT coalesce(sum(1 << k.column1), 0) FROM (VALUES ");
        let classes: Vec<i64> = (0..sky::Footprint::CLASSES).collect();
        self.list(&classes, ", ", |writer, class| {
            let _ = write!(writer.sql, "({class})");
        });
        let _ = write!(
            self.sql,
            ") AS k WHERE (SELECT i.{key} FROM {name} AS i WHERE i.{key} >= k.column1 * {size} \
             ORDER BY i.{key} LIMIT 1) < (k.column1 + 1) * {size})"
        );
    }

    fn circle(&mut self, circle: &Circle) {
        match circle {
            Circle::Reach { point, distance } => {
                self.own("sky_reach_1");
                self.coordinate(false, point);
                self.push(", ");
                self.coordinate(true, point);
                self.push(", ");
                self.expr(distance);
                self.push(")");
            }
            Circle::Shape(shape) if shape.kind == Type::Region => {
                let arrays = self.target.has_arrays();
                if arrays {
                    self.push("CASE WHEN ");
                    self.of_region(shape, "key");
                    self.push(" IS NOT NULL THEN ARRAY[0");
                } else {
                    self.push("doubles(0");
                }
                for which in ["x", "y", "z", "crad"] {
                    self.push(", ");
                    self.of_region(shape, which);
                }
                self.push(if arrays { "] END" } else { ")" });
            }
            Circle::Shape(shape) => self.shape(shape),
        }
    }

    /// The condition, for footprints after what the circles settle: one
    /// expression with the cheap part first, as for a region of the query.
    fn exactly_near(&mut self, near: &Near) {
        let Sought::Footprints { index, relation } = &near.sought else {
            return self.expr(&near.exact);
        };
        let row = (near.id, index.as_ref());
        // A row that waits to be read is far from nothing, so that it reaches
        // its shape.
        let apart = match relation {
            sky::Near::Around => "(@crad + 1e-12) * (@crad + 1e-12)",
            _ => "(&chord + @crad) * (&chord + @crad)",
        };
        self.push("CASE WHEN ");
        self.near_formula(row, "&d2 > ", None);
        self.near_formula(row, apart, None);
        self.push(" THEN (1 = 0) ");
        if let Circle::Shape(inner) = &near.circle {
            let settled = match relation {
                sky::Near::Meeting | sky::Near::Positions => {
                    "&d2 <= (&crin * sqrt(1 - @crin * @crin / 4) \
                     + @crin * sqrt(greatest(1 - &crin * &crin / 4, 0))) \
                     * (&crin * sqrt(1 - @crin * @crin / 4) \
                     + @crin * sqrt(greatest(1 - &crin * &crin / 4, 0)))"
                }
                sky::Near::Inside => "@crad <= &crin AND &d2 <= (&crin - @crad) * (&crin - @crad)",
                sky::Near::Around => {
                    "@crin >= &chord AND &d2 <= (@crin - &chord) * (@crin - &chord)"
                }
            };
            let settled = match (inner.kind, relation) {
                (Type::Point, sky::Near::Meeting | sky::Near::Around) => "&d2 <= @crin * @crin",
                _ => settled,
            };
            self.push("WHEN ");
            self.near_formula(row, settled, Some(inner));
            self.push(" THEN (1 = 1) ");
        }
        self.push("ELSE ");
        match (&near.circle, relation) {
            (Circle::Shape(point), sky::Near::Meeting | sky::Near::Around)
                if point.kind == Type::Point =>
            {
                self.own("sky_holds_1");
                self.index_column(near.id, index, "v");
                let _ = write!(self.sql, ", r{0}.x, r{0}.y, r{0}.z)", near.id);
            }
            _ => self.expr(&near.exact),
        }
        self.push(" END");
    }

    /// A formula over the index columns (`@crad`) of the row that is looked at
    /// and the circle (`&chord`): `&d2` is the square of the chord between
    /// the two centres, `&crin` the chord of a circle inside what the other
    /// row gives.
    fn near_formula(
        &mut self,
        (source, index): (usize, &crate::catalog::RegionIndex),
        formula: &str,
        inner: Option<&Expr>,
    ) {
        let mut rest = formula;
        while let Some(place) = rest.find(['@', '&']) {
            let (before, marked) = rest.split_at(place);
            self.push(before);
            let (mark, word) = marked.split_at(1);
            let end = word.find(|c: char| !c.is_ascii_alphanumeric());
            let (word, after) = word.split_at(end.unwrap_or(word.len()));
            match (mark, word) {
                ("@", column) => self.index_column(source, index, column),
                (_, "d2") => {
                    for (number, axis) in ["x", "y", "z"].into_iter().enumerate() {
                        for sign in [if number > 0 { " + (" } else { "(" }, " * ("] {
                            self.push(sign);
                            self.index_column(source, index, axis);
                            let _ = write!(self.sql, " - r{source}.{axis})");
                        }
                    }
                }
                (_, "crin") => match inner {
                    Some(inner) if inner.kind == Type::Region => self.of_region(inner, "crin"),
                    _ => {
                        let _ = write!(self.sql, "r{source}.chord");
                    }
                },
                (_, word) => {
                    let _ = write!(self.sql, "r{source}.{word}");
                }
            }
            rest = after;
        }
        self.push(rest);
    }
}

impl Near {
    /// The column of the keys.
    fn key(&self) -> String {
        match &self.sought {
            Sought::Positions { cell } => cell.clone(),
            Sought::Footprints { index, .. } => format!("{}_key", index.prefix),
        }
    }
}
