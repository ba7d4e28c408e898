//! The nearest rows of a table, as SQL: the radius of the first circle that
//! has enough of them, then the rows in it.

use std::fmt::Write;

use super::quote;
use super::write::Writer;
use crate::query::{Expr, Nearest, Node};
use crate::statement::Value;
use crate::types::Type;

/// Degrees. Each circle has some twenty times the area of the one before.
const RADII: [f64; 9] = [5e-4, 0.002, 0.01, 0.05, 0.2, 0.8, 3.0, 12.0, 45.0];

impl Writer<'_> {
    /// Without enough rows in the widest circle all rows are wanted, also those
    /// that have no position. A circle is given up when this many rows of it
    /// are not enough: then conditions leave so few that sorting is better.
    pub fn source_nearest(&mut self, nearest: &Nearest) {
        let id = nearest.id;
        let name = self.target.table(&nearest.table);
        self.push("(WITH w AS MATERIALIZED (SELECT (SELECT s.column1 FROM (VALUES ");
        self.list(&RADII, ", ", |writer, radius| {
            writer.push("(");
            writer.double(*radius);
            writer.push(")");
        });
        self.push(") AS s WHERE (SELECT count(*) FROM (SELECT 1 FROM (");
        self.rows_in(nearest, "s.column1");
        let tried = 20 * nearest.rows + 5000;
        let _ = write!(self.sql, " LIMIT {tried}) AS t{id} WHERE ");
        self.distance(&nearest.point, &place(nearest));
        self.push(" <= s.column1");
        if let Some(filter) = &nearest.filter {
            self.push(" AND ");
            self.expr(filter);
        }
        let _ = write!(
            self.sql,
            " LIMIT {0}) AS n) >= {0} LIMIT 1) AS radius) ",
            nearest.rows
        );
        self.rows_in(nearest, "w.radius");
        self.push(" UNION ALL SELECT ");
        self.push(self.target.row_number());
        let _ = write!(
            self.sql,
            "i.* FROM {name} AS i WHERE (SELECT w.radius FROM w) IS NULL) AS t{id}"
        );
    }

    /// The rows that the index has near the place.
    fn rows_in(&mut self, nearest: &Nearest, radius: &str) {
        let name = self.target.table(&nearest.table);
        let key = quote(&nearest.cell);
        let lateral = self.target.joins_laterally();
        self.push("SELECT ");
        self.push(self.target.row_number());
        self.push("i.* FROM ");
        if radius.starts_with('w') {
            self.push("w CROSS JOIN ");
        }
        self.push(if lateral { "LATERAL " } else { "json_each(" });
        self.own("sky_near_1");
        self.own("sky_reach_1");
        let (lon, lat) = nearest.place;
        self.double(lon);
        self.push(", ");
        self.double(lat);
        let _ = write!(self.sql, ", {radius}), 0, 0)");
        match lateral {
            true => {
                let _ = write!(
                    self.sql,
                    " AS r CROSS JOIN LATERAL (SELECT * FROM {name} AS i WHERE i.{key} BETWEEN r.low \
                     AND r.high OFFSET 0) AS i"
                );
            }
            false => {
                let _ = write!(
                    self.sql,
                    ") AS r CROSS JOIN {name} AS i ON i.{key} BETWEEN CAST(r.key AS INTEGER) AND r.value"
                );
            }
        }
    }
}

/// The place as a geometry of numbers.
fn place(nearest: &Nearest) -> Expr {
    let (lon, lat) = nearest.place;
    let number = |number| Expr::literal(Value::Double(number), Type::Double);
    let arguments = vec![number(lon), number(lat)];
    let shape = crate::query::Shape::Point;
    Expr::new(Node::Geometry { shape, arguments }, Type::Point)
}
