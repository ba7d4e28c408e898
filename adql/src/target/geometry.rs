//! Spatial conditions as SQL: key ranges, and geometries for our own functions.

use std::sync::Arc;

use super::footprint::Test;
use super::quote;
use super::write::Writer;
use crate::catalog::{RegionIndex, Table};
use crate::query::{Expr, Extent, Node, Relation, Shape, Spatial};
use crate::sky::Region;
use crate::sky::cover::Manner;
use crate::statement::Value;
use crate::types::Type;

impl Writer<'_> {
    /// The ranges and the exact condition, as one unit.
    pub fn ranged(
        &mut self,
        source: usize,
        table: Option<&Arc<Table>>,
        key: &str,
        (manner, ranges): (Manner, &[(i64, i64)]),
        exact: Option<&Expr>,
    ) {
        if ranges.is_empty() {
            return self.push("(1 = 0)");
        }
        self.push("(");
        let joined = manner == Manner::Joined || !self.target.unites_ranges();
        match table.filter(|_| joined) {
            Some(table) => self.looked_up(source, table, key, ranges),
            None => {
                self.push("(");
                self.list(ranges, " OR ", |writer, (low, high)| {
                    writer.column(source, key);
                    writer.push(" BETWEEN ");
                    writer.integer(*low);
                    writer.push(" AND ");
                    writer.integer(*high);
                });
                self.push(")");
            }
        }
        if let Some(exact) = exact {
            self.push(" AND ");
            match &exact.node {
                // A row without a place has no key.
                Node::Spatial(spatial) => self.spatial(spatial, true),
                _ => self.expr(exact),
            }
        }
        self.push(")");
    }

    /// The rows that have keys in the ranges, by where they are stored.
    fn looked_up(&mut self, source: usize, table: &Table, key: &str, ranges: &[(i64, i64)]) {
        let (name, key) = (self.target.table(table), quote(key));
        self.number('t', source);
        if self.target.has_arrays() {
            // OFFSET keeps the ranges outside and the look-up inside.
            self.push(".ctid = ANY (ARRAY(SELECT i.ctid FROM unnest(CAST('{");
            self.list(ranges, ",", |writer, (low, _)| writer.integer(*low));
            self.push("}' AS bigint[]), CAST('{");
            self.list(ranges, ",", |writer, (_, high)| writer.integer(*high));
            self.push("}' AS bigint[])) AS r (low, high) CROSS JOIN LATERAL (SELECT i.ctid FROM ");
            self.push(&name);
            self.push(" AS i WHERE i.");
            self.push(&key);
            return self.push(" BETWEEN r.low AND r.high OFFSET 0) AS i))");
        }
        self.push(".rowid IN (SELECT i.rowid FROM (VALUES ");
        self.list(ranges, ", ", |writer, (low, high)| {
            writer.push("(");
            writer.integer(*low);
            writer.push(", ");
            writer.integer(*high);
            writer.push(")");
        });
        // So does CROSS JOIN.
        self.push(") AS r CROSS JOIN ");
        self.push(&name);
        self.push(" AS i WHERE i.");
        self.push(&key);
        self.push(" BETWEEN r.column1 AND r.column2)");
    }

    /// Whether two geometries have to do with each other; `placed` where the
    /// row's position is known to be one.
    pub fn spatial(&mut self, spatial: &Spatial, placed: bool) {
        match (&spatial.left.node, &spatial.right.node, spatial.relation) {
            (_, Node::Moc(moc), relation) => return self.by_cells(&spatial.left, moc, relation),
            (Node::Moc(moc), _, Relation::Meets) => {
                return self.by_cells(&spatial.right, moc, Relation::Meets);
            }
            _ => {}
        }
        let (row, region, test) = match (&spatial.left.node, &spatial.right.node) {
            (row, Node::Constant { region, .. }) => match spatial.relation {
                Relation::Meets => (row, region, Test::Meets),
                Relation::Inside => (row, region, Test::Inside),
            },
            (Node::Constant { region, .. }, row) => match spatial.relation {
                Relation::Meets => (row, region, Test::Meets),
                Relation::Inside => (row, region, Test::Covers),
            },
            _ => return self.by_shapes(spatial, placed),
        };
        match row {
            Node::Column {
                source,
                region: Some(index),
                ..
            } => self.footprint(*source, index, test, region),
            _ => self.by_shapes(spatial, placed),
        }
    }

    pub(super) fn index_column(&mut self, source: usize, index: &RegionIndex, which: &str) {
        let name = format!("{}_{which}", index.prefix);
        self.column(source, &name);
    }

    /// A number that we computed.
    pub(super) fn double(&mut self, value: f64) {
        self.parameter(Value::Double(value));
    }

    /// The beginning of a call of one of our own functions.
    pub(super) fn own(&mut self, name: &str) {
        let name = self.target.function(name);
        self.push(&name);
        self.push("(");
    }

    fn shape_of(&mut self, region: &Region) {
        self.parameter(Value::Doubles(region.shape().0));
    }

    /// Any two geometries, without an index.
    fn by_shapes(&mut self, spatial: &Spatial, placed: bool) {
        let (left, right) = (&spatial.left, &spatial.right);
        let point = match (left.kind, right.kind, spatial.relation) {
            (Type::Point, _, _) => Some((left, right)),
            (_, Type::Point, Relation::Meets) => Some((right, left)),
            _ => None,
        };
        if let Some((point, other)) = point {
            return self.position(point, other, placed);
        }
        match spatial.relation {
            Relation::Meets => {
                self.own("sky_meets_1");
                self.shape(left);
                self.push(", ");
                self.shape(right);
            }
            Relation::Inside => {
                self.own("sky_contains_1");
                self.shape(right);
                self.push(", ");
                self.shape(left);
            }
        }
        self.push(")");
    }

    /// A geometry as the shape that our functions take.
    pub(super) fn shape(&mut self, expr: &Expr) {
        match &expr.node {
            Node::Constant { region, .. } => self.shape_of(region),
            Node::Moc(moc) => self.parameter(Value::Doubles(moc.shape())),
            _ if expr.kind == Type::Region => self.of_region(expr, "v"),
            Node::Geometry { shape, arguments } => {
                let polygon = *shape == Shape::Polygon;
                self.own(match shape {
                    Shape::Point => "sky_point_1",
                    Shape::Circle => "sky_circle_1",
                    Shape::Polygon => "sky_polygon_1",
                    Shape::Box => "sky_box_1",
                });
                if polygon {
                    self.array(arguments);
                } else {
                    self.list(arguments, ", ", |writer, argument| writer.expr(argument));
                }
                self.push(")");
            }
            // A geometry that a subquery gives: its coordinates in a list.
            _ => match expr.kind {
                Type::Point => {
                    self.own("sky_point_1");
                    self.elements(expr, 2);
                }
                Type::Circle => {
                    self.own("sky_circle_1");
                    self.elements(expr, 3);
                }
                _ => {
                    self.own("sky_polygon_1");
                    self.expr(expr);
                    self.push(")");
                }
            },
        }
    }

    /// One of the index columns of a region.
    pub fn of_region(&mut self, expr: &Expr, which: &str) {
        match &expr.node {
            Node::Column {
                source,
                region: Some(index),
                ..
            } => self.index_column(*source, index, which),
            Node::Constant { region, .. } => {
                let footprint = region.footprint();
                self.parameter(match which {
                    "key" => Value::BigInt(footprint.key),
                    "x" => Value::Double(footprint.x),
                    "y" => Value::Double(footprint.y),
                    "z" => Value::Double(footprint.z),
                    "crad" => Value::Double(footprint.crad),
                    "crin" => Value::Double(footprint.crin),
                    _ => Value::Doubles(footprint.v),
                });
            }
            Node::Case {
                branches,
                otherwise,
            } => {
                self.push("CASE");
                for (condition, result) in branches {
                    self.push(" WHEN ");
                    self.expr(condition);
                    self.push(" THEN ");
                    self.of_region(result, which);
                }
                if let Some(otherwise) = otherwise {
                    self.push(" ELSE ");
                    self.of_region(otherwise, which);
                }
                self.push(" END");
            }
            // All of them are NULL where the region is.
            Node::Call { arguments, .. } => {
                self.push("coalesce(");
                for argument in arguments {
                    self.of_region(argument, which);
                    self.push(", ");
                }
                self.push("NULL)");
            }
            _ => self.push("NULL"),
        }
    }

    /// AREA and CENTROID of what rows give.
    pub fn extent(&mut self, extent: Extent, geometry: &Expr) {
        if let (Extent::Area, Node::Constant { region, .. }) = (extent, &geometry.node) {
            return self.double(region.area());
        }
        self.own(match extent {
            Extent::Area => "sky_area_1",
            Extent::Centroid => "sky_centroid_1",
        });
        self.shape(geometry);
        self.push(")");
    }

    fn elements(&mut self, expr: &Expr, count: usize) {
        for number in 1..=count {
            if number > 1 {
                self.push(", ");
            }
            self.element(expr, number);
        }
        self.push(")");
    }

    /// One number of a list, from 1.
    fn element(&mut self, expr: &Expr, number: usize) {
        if self.target.has_arrays() {
            self.push("(");
            self.expr(expr);
            self.push(")");
            self.number('[', number);
            self.push("]");
        } else {
            self.push("doubles_at(");
            self.expr(expr);
            self.push(", ");
            self.integer(number as i64);
            self.push(")");
        }
    }

    /// A list of numbers; NULL when one of them is.
    fn array(&mut self, items: &[Expr]) {
        if !self.target.has_arrays() {
            self.push("doubles(");
            self.list(items, ", ", |writer, item| writer.expr(item));
            return self.push(")");
        }
        self.push("CASE WHEN num_nulls(");
        self.list(items, ", ", |writer, item| writer.expr(item));
        self.push(") = 0 THEN CAST(ARRAY[");
        self.list(items, ", ", |writer, item| writer.expr(item));
        self.push("] AS double precision[]) END");
    }

    /// A geometry in an answer: its coordinates (DALI 1.1 section 3.3).
    pub fn geometry_value(&mut self, shape: Shape, arguments: &[Expr]) {
        if shape != Shape::Box {
            return self.array(arguments);
        }
        let [lon, lat, width, height] = arguments else {
            return self.array(arguments);
        };
        let corner = |east: bool, north: bool| {
            let half = |size: &Expr| half(size);
            let (lon, lat) = (lon.clone(), lat.clone());
            [
                shifted(lon, half(width), east),
                shifted(lat, half(height), north),
            ]
        };
        let corners = [(false, false), (true, false), (true, true), (false, true)];
        let items: Vec<Expr> = corners
            .into_iter()
            .flat_map(|(e, n)| corner(e, n))
            .collect();
        self.array(&items);
    }

    pub fn coordinate(&mut self, second: bool, point: &Expr) {
        match &point.node {
            Node::Geometry { arguments, .. } if arguments.len() == 2 => {
                self.expr(&arguments[usize::from(second)]);
            }
            Node::Constant { numbers, .. } if numbers.len() == 2 => {
                self.double(numbers[usize::from(second)]);
            }
            _ => self.element(point, 1 + usize::from(second)),
        }
    }

    pub fn distance(&mut self, a: &Expr, b: &Expr) {
        let region = |it: &Expr| it.kind.is_geometry() && it.kind != Type::Point;
        if let Some((point, region)) = match (region(a), region(b)) {
            (true, _) => Some((b, a)),
            (_, true) => Some((a, b)),
            _ => None,
        } {
            self.own("sky_gap_1");
            self.coordinate(false, point);
            self.push(", ");
            self.coordinate(true, point);
            self.push(", ");
            self.shape(region);
            return self.push(")");
        }
        self.own("sky_distance_1");
        for (number, point) in [a, b].into_iter().enumerate() {
            if number > 0 {
                self.push(", ");
            }
            self.coordinate(false, point);
            self.push(", ");
            self.coordinate(true, point);
        }
        self.push(")");
    }
}

fn half(size: &Expr) -> Expr {
    let two = Expr::literal(Value::Double(2.0), Type::Double);
    Expr::new(
        Node::Binary {
            operator: crate::query::Binary::Divide,
            left: Box::new(size.clone()),
            right: Box::new(two),
        },
        Type::Double,
    )
}

fn shifted(value: Expr, by: Expr, up: bool) -> Expr {
    let operator = match up {
        true => crate::query::Binary::Add,
        false => crate::query::Binary::Subtract,
    };
    Expr::new(
        Node::Binary {
            operator,
            left: Box::new(value),
            right: Box::new(by),
        },
        Type::Double,
    )
}
