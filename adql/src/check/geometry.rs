//! Geometry: constructors, predicates, and what is asked of points and regions.
//!
//! ADQL 2.1 section 4.2. The coordinate system argument of ADQL 2.0 is
//! accepted: other frames are turned into ICRS (section 4.2.5).

use std::sync::Arc;

use sqlparser::ast::{self, Spanned};

use super::Checker;
use super::coordinate::{instead_of, is_coordinate, out_of_range};
use super::expression::{is_predicate_name, short};
use super::literal::integer;
use super::scope::Scope;
use crate::functions;
use crate::message::{Message, Place};
use crate::parse::span;
use crate::query::{Comparison, Expr, Extent, Node, Relation, Shape, Spatial};
use crate::sky::{Coordinates, Frame, MAX_CELLS, Region};
use crate::statement::Value;
use crate::types::Type;

impl Checker<'_> {
    pub(super) fn geometry_call(
        &mut self,
        name: &str,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        match name {
            "POINT" => self.constructor(Shape::Point, arguments, scope, at),
            "CIRCLE" => self.constructor(Shape::Circle, arguments, scope, at),
            "POLYGON" => self.constructor(Shape::Polygon, arguments, scope, at),
            "BOX" => self.constructor(Shape::Box, arguments, scope, at),
            "REGION" => self.region(arguments, scope, at),
            "DISTANCE" => self.distance(arguments, scope, at),
            "CONTAINS" | "INTERSECTS" => {
                let condition = self.spatial(name, arguments, scope, at)?;
                self.bounded(condition.terms().saturating_mul(2), at)?;
                let opposite = condition.clone().negated();
                let branches = vec![(condition, integer(1)), (opposite, integer(0))];
                Some(Expr::new(
                    Node::Case {
                        branches,
                        otherwise: None,
                    },
                    Type::Integer,
                ))
            }
            "COORD1" | "COORD2" => {
                let [argument] = arguments else {
                    return self.arity(&format!("{name}(point)"), arguments.len(), at);
                };
                let point = self.point(argument, scope)?;
                Some(Expr::new(
                    Node::Coordinate {
                        second: name == "COORD2",
                        point: Box::new(point),
                    },
                    Type::Double,
                ))
            }
            "AREA" | "CENTROID" | "COORDSYS" => self.of_geometry(name, arguments, scope, at),
            _ => self.timestamp(arguments, scope, at),
        }
    }

    /// `CONTAINS(…) = 1` and its kin as a condition; None if this comparison
    /// is of another kind.
    pub(super) fn predicate(
        &mut self,
        comparison: Comparison,
        left: &ast::Expr,
        right: &ast::Expr,
        scope: &Scope,
    ) -> Option<Option<Expr>> {
        let (function, number) = match (predicate_call(left), predicate_call(right)) {
            (Some(function), None) => (function, super::whole(right)),
            (None, Some(function)) => (function, super::whole(left)),
            _ => return None,
        };
        let wanted = match (comparison, number?) {
            (Comparison::Equal, 1) | (Comparison::NotEqual, 0) => true,
            (Comparison::Equal, 0) | (Comparison::NotEqual, 1) => false,
            _ => return None,
        };
        let condition = self.call(function, scope);
        Some(condition.map(|condition| match condition.node {
            // As `geometry_call` made it: the condition is the first branch.
            Node::Case { mut branches, .. } => {
                let (condition, _) = branches.swap_remove(0);
                if wanted {
                    condition
                } else {
                    condition.negated()
                }
            }
            node => Expr::new(node, condition.kind),
        }))
    }

    fn spatial(
        &mut self,
        name: &str,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let [left, right] = arguments else {
            let signature = match name {
                "CONTAINS" => "CONTAINS(inner geometry, outer geometry)",
                _ => "INTERSECTS(geometry, geometry)",
            };
            return self.arity(signature, arguments.len(), at);
        };
        let a = self.geometry(left, scope);
        let b = self.geometry(right, scope);
        let (a, b) = functions::turned_back(a?, b?);
        if name == "CONTAINS" && b.kind == Type::Point && a.kind != Type::Point {
            let message = Message::new(401, "a point cannot contain a region")
                .at(span(right.span()))
                .hint("CONTAINS(a, b) asks whether a lies inside b");
            return self.fail(message);
        }
        let relation = match name {
            "CONTAINS" => Relation::Inside,
            _ => Relation::Meets,
        };
        let cells = match (&a.node, &b.node, relation) {
            (_, Node::Moc(moc), _) if a.kind == Type::Point => functions::in_cells(&a, moc),
            (Node::Moc(moc), _, Relation::Meets) if b.kind == Type::Point => {
                functions::in_cells(&b, moc)
            }
            (_, Node::Moc(moc), Relation::Inside)
                if moc.complement().cells().nth(MAX_CELLS).is_some() =>
            {
                let sentence = format!("the sky around this MOC has more than {MAX_CELLS} cells");
                let message = Message::new(405, sentence).at(span(right.span()));
                return self.fail(message.hint("give the MOC at a lower order"));
            }
            _ => None,
        };
        if cells.is_some() {
            return cells;
        }
        Some(Expr::boolean(Node::Spatial(Box::new(Spatial {
            relation,
            left: a,
            right: b,
        }))))
    }

    /// An argument that must be a geometry.
    fn geometry(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let value = self.value(expr, scope)?;
        let at = span(expr.span());
        let searchable = value.has_region() || matches!(value.node, Node::Moc(_));
        if value.kind == Type::Region && !searchable && !self.catalog.is_open() {
            let what = short(&expr.to_string());
            let message = Message::new(402, format!("{what} cannot be searched here")).at(at);
            return self.fail(message.hint("search the region column of the table itself"));
        }
        if value.kind.is_geometry() || value.kind == Type::Unknown {
            return Some(value);
        }
        let sentence = format!("a geometry is needed here, not {}", value.kind);
        let message = Message::new(403, sentence).at(at);
        self.fail(match value.node {
            Node::Literal(Value::Text(_)) => message.hint("write REGION('…') for a region as text"),
            _ => message.hint("POINT(ra, dec) makes a point of two numbers"),
        })
    }

    fn point(&mut self, expr: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let value = self.geometry(expr, scope)?;
        if matches!(value.kind, Type::Point | Type::Unknown) {
            return Some(value);
        }
        let sentence = format!("a point is needed here, not {}", value.kind);
        self.fail(Message::new(403, sentence).at(span(expr.span())))
    }

    /// ADQL 2.1 sections 4.2.9, 4.2.11, 4.2.18 and 4.2.19: coordinates, or
    /// points in their place.
    fn constructor(
        &mut self,
        shape: Shape,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let (frame, rest) = self.coordsys(shape, arguments)?;
        let geometry = self.constructed(shape, rest, scope, at)?;
        if frame == Frame::Icrs {
            return Some(geometry);
        }
        match functions::in_icrs(geometry, frame) {
            Ok(geometry) => Some(geometry),
            Err(error) => self.fail(Message::new(405, format!("{}: {error}", shape.name())).at(at)),
        }
    }

    fn constructed(
        &mut self,
        shape: Shape,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let mut numbers: Vec<Expr> = Vec::with_capacity(arguments.len() * 2);
        let mut good = true;
        for (place, argument) in arguments.iter().enumerate() {
            let Some(value) = self.value(argument, scope) else {
                good = false;
                continue;
            };
            let may_be_point = match shape {
                Shape::Point => false,
                Shape::Circle | Shape::Box => place == 0,
                Shape::Polygon => true,
            };
            match value.kind {
                Type::Point if may_be_point => numbers.extend(coordinates(value)),
                kind if kind.is_numeric() || kind == Type::Unknown => numbers.push(value),
                kind => {
                    let sentence = format!("{} is made of numbers, not of {kind}", shape.name());
                    let message = Message::new(404, sentence).at(span(argument.span()));
                    let hint = instead_of(&value, shape, numbers.len());
                    let hint = hint.unwrap_or_else(|| shape.signature().to_owned());
                    good = self.fail(message.hint(hint)).unwrap_or(false);
                    numbers.push(value);
                }
            }
        }
        if !good {
            return None;
        }
        if !shape.fits(numbers.len()) {
            return self.arity(shape.signature(), arguments.len(), at);
        }
        let kind = match shape {
            Shape::Point => Type::Point,
            Shape::Circle => Type::Circle,
            Shape::Polygon | Shape::Box => Type::Polygon,
        };
        let known: Option<Vec<f64>> = numbers.iter().map(Expr::number).collect();
        let Some(known) = known else {
            return Some(Expr::new(
                Node::Geometry {
                    shape,
                    arguments: numbers,
                },
                kind,
            ));
        };
        let region = match (shape, &known[..]) {
            (Shape::Point, &[lon, lat]) => Region::point(lon, lat),
            (Shape::Circle, &[lon, lat, radius]) => Region::circle(lon, lat, radius),
            (Shape::Box, &[lon, lat, width, height]) => Region::box_(lon, lat, width, height),
            _ => Region::polygon(&pairs(&known)),
        };
        match region {
            Ok(region) => {
                let numbers = match shape {
                    Shape::Box => corners(&known),
                    _ => known,
                };
                Some(Expr::new(
                    Node::Constant {
                        region: Arc::new(region),
                        numbers,
                    },
                    kind,
                ))
            }
            Err(error) => {
                let wrong = out_of_range(shape, &known).and_then(|place| arguments.get(place));
                let wrong = wrong.filter(|_| arguments.len() == known.len());
                let at = wrong.and_then(|wrong| span(wrong.span())).or(at);
                let message = Message::new(405, format!("{}: {error}", shape.name())).at(at);
                self.fail(match (shape, &known[..]) {
                    (Shape::Circle, &[_, _, radius]) if radius > 180.0 => {
                        message.hint("the radius is in degrees; 1 arcsec is 1/3600.0")
                    }
                    _ => message.hint(shape.signature()),
                })
            }
        }
    }

    /// The coordinate system that ADQL 2.0 put first, and the other arguments.
    fn coordsys<'a>(
        &mut self,
        shape: Shape,
        arguments: &'a [&'a ast::Expr],
    ) -> Option<(Frame, &'a [&'a ast::Expr])> {
        let [ast::Expr::Value(first), rest @ ..] = arguments else {
            return Some((Frame::Icrs, arguments));
        };
        let system = match &first.value {
            ast::Value::SingleQuotedString(system) => system,
            // NULL in its place, and not in that of a coordinate.
            ast::Value::Null if shape.fits(rest.len()) => return Some((Frame::Icrs, rest)),
            _ => return Some((Frame::Icrs, arguments)),
        };
        // Frame, then perhaps a reference position and a flavour.
        let frame = system.split_whitespace().next().unwrap_or("");
        if let Some(frame) = Frame::meant(frame) {
            return Some((frame, rest));
        }
        if is_coordinate(system) {
            return Some((Frame::Icrs, arguments));
        }
        let sentence = format!(
            "the coordinate system '{}' is not known here",
            short(system)
        );
        let message = Message::new(406, sentence).at(span(first.span));
        self.fail(message.hint(
            "known are ICRS, FK5, FK4, GALACTIC, SUPER_GALACTIC and ECLIPTIC; without one it is ICRS",
        ))
    }

    /// ADQL 2.1 section 4.2.20: a region as text, DALI or STC-S.
    fn region(
        &mut self,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let [argument] = arguments else {
            return self.arity("REGION(string)", arguments.len(), at);
        };
        let value = self.value(argument, scope)?;
        self.region_of(&value, span(argument.span()))
    }

    fn region_of(&mut self, value: &Expr, at: Option<Place>) -> Option<Expr> {
        let Node::Literal(Value::Text(text)) = &value.node else {
            let message = Message::new(308, "a region is made of a string literal").at(at);
            return self.fail(message.hint("REGION('CIRCLE 10 20 0.5')"));
        };
        match Region::parse(text) {
            Ok(region) => Some(Expr::new(
                Node::Constant {
                    region: Arc::new(region),
                    numbers: Vec::new(),
                },
                Type::Region,
            )),
            Err(error) => self.fail(Message::new(405, format!("REGION: {error}")).at(at)),
        }
    }

    /// ADQL 2.1 section 4.7.1, "Geometry": from the text that DALI 1.1 section
    /// 3.3 gives the type.
    pub(super) fn cast_to_geometry(
        &mut self,
        operand: Expr,
        kind: Type,
        at: Option<Place>,
    ) -> Option<Expr> {
        let shape = match kind {
            Type::Point => Coordinates::Point,
            Type::Circle => Coordinates::Circle,
            Type::Polygon => Coordinates::Polygon,
            _ => return self.region_of(&operand, at),
        };
        if operand.kind == kind {
            return Some(operand);
        }
        if !matches!(operand.kind, Type::Text | Type::Region | Type::Unknown) {
            let sentence = format!("{} cannot be cast to {kind}", operand.kind);
            return self.fail(Message::new(307, sentence).at(at));
        }
        let Node::Literal(Value::Text(text)) = &operand.node else {
            return Some(Expr::new(Node::Cast(Box::new(operand)), kind));
        };
        let numbers = match shape.read(text) {
            Ok(numbers) => numbers,
            Err(error) => return self.fail(Message::new(405, error.to_string()).at(at)),
        };
        let region = match (shape, &numbers[..]) {
            (Coordinates::Point, &[lon, lat]) => Region::point(lon, lat),
            (Coordinates::Circle, &[lon, lat, radius]) => Region::circle(lon, lat, radius),
            _ => Region::polygon(&pairs(&numbers)),
        };
        match region {
            Ok(region) => Some(Expr::new(
                Node::Constant {
                    region: Arc::new(region),
                    numbers,
                },
                kind,
            )),
            Err(error) => self.fail(Message::new(405, format!("{}: {error}", shape.name())).at(at)),
        }
    }

    /// ADQL 2.1 section 4.2.16: two points, or four coordinates; degrees.
    fn distance(
        &mut self,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let (a, b) = match arguments {
            // From a point to the nearest point of a region: beyond the
            // standard, as ESO's ObsCore queries ask.
            [first, second] => {
                let a = self.geometry(first, scope);
                let b = self.geometry(second, scope);
                let (a, b) = (a?, b?);
                let known = |it: &Expr| matches!(it.kind, Type::Point | Type::Unknown);
                if !known(&a) && !known(&b) {
                    let sentence = format!("a point is needed here, not {}", b.kind);
                    return self.fail(Message::new(403, sentence).at(span(second.span())));
                }
                (a, b)
            }
            [_, _, _, _] => {
                let a = self.constructor(Shape::Point, &arguments[..2], scope, at);
                let b = self.constructor(Shape::Point, &arguments[2..], scope, at);
                (a?, b?)
            }
            _ => {
                let signature = "DISTANCE(point, point) or DISTANCE(lon1, lat1, lon2, lat2)";
                return self.arity(signature, arguments.len(), at);
            }
        };
        let (a, b) = functions::turned_back(a, b);
        Some(Expr::new(
            Node::Distance(Box::new(a), Box::new(b)),
            Type::Double,
        ))
    }

    /// AREA (square degrees), CENTROID and COORDSYS (ADQL 2.1 sections 4.2.8,
    /// 4.2.10 and 4.2.15).
    fn of_geometry(
        &mut self,
        name: &str,
        arguments: &[&ast::Expr],
        scope: &Scope,
        at: Option<Place>,
    ) -> Option<Expr> {
        let [argument] = arguments else {
            return self.arity(&format!("{name}(geometry)"), arguments.len(), at);
        };
        let value = self.geometry(argument, scope)?;
        let extent = match name {
            "COORDSYS" => return Some(system_of(value)),
            "AREA" => Extent::Area,
            _ => Extent::Centroid,
        };
        let (Extent::Centroid, Node::Constant { region, .. }) = (extent, &value.node) else {
            let kind = match extent {
                Extent::Area => Type::Double,
                Extent::Centroid => Type::Point,
            };
            let geometry = Box::new(value);
            return Some(Expr::new(Node::Extent { extent, geometry }, kind));
        };
        let (lon, lat) = region.centroid().lon_lat();
        match Region::point(lon, lat) {
            Ok(point) => Some(Expr::new(
                Node::Constant {
                    region: Arc::new(point),
                    numbers: vec![lon, lat],
                },
                Type::Point,
            )),
            Err(error) => self.fail(Message::new(405, format!("CENTROID: {error}")).at(at)),
        }
    }
}

impl Extent {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Extent::Area => "AREA",
            Extent::Centroid => "CENTROID",
        }
    }
}

fn pairs(numbers: &[f64]) -> Vec<(f64, f64)> {
    let (pairs, _) = numbers.as_chunks::<2>();
    pairs.iter().map(|&[lon, lat]| (lon, lat)).collect()
}

/// The coordinate system of a geometry: all are ICRS; none of no geometry.
fn system_of(geometry: Expr) -> Expr {
    let icrs = Expr::literal(Value::Text("ICRS".to_owned()), Type::Text);
    if matches!(geometry.node, Node::Constant { .. }) {
        return icrs;
    }
    let given = Node::IsNull {
        operand: Box::new(geometry),
        negated: true,
    };
    Expr::new(
        Node::Case {
            branches: vec![(Expr::boolean(given), icrs)],
            otherwise: None,
        },
        Type::Text,
    )
}

impl Shape {
    /// Whether so many coordinates are all that it needs.
    fn fits(self, count: usize) -> bool {
        match self {
            Shape::Point => count == 2,
            Shape::Circle => count == 3,
            Shape::Box => count == 4,
            Shape::Polygon => count >= 6 && count.is_multiple_of(2),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Shape::Point => "POINT",
            Shape::Circle => "CIRCLE",
            Shape::Polygon => "POLYGON",
            Shape::Box => "BOX",
        }
    }

    fn signature(self) -> &'static str {
        match self {
            Shape::Point => "POINT(lon, lat)",
            Shape::Circle => "CIRCLE(lon, lat, radius) or CIRCLE(point, radius)",
            Shape::Polygon => "POLYGON(lon1, lat1, lon2, lat2, lon3, lat3, …) or POLYGON(point, …)",
            Shape::Box => "BOX(lon, lat, width, height) or BOX(point, width, height)",
        }
    }
}

fn predicate_call(expr: &ast::Expr) -> Option<&ast::Function> {
    match expr {
        ast::Expr::Nested(inner) => predicate_call(inner),
        ast::Expr::Function(function) if is_predicate_name(function) => Some(function),
        _ => None,
    }
}

/// Longitude and latitude of a point, as expressions.
fn coordinates(point: Expr) -> Vec<Expr> {
    match point.node {
        Node::Geometry { arguments, .. } => arguments,
        Node::Constant { numbers, .. } => numbers
            .into_iter()
            .map(|number| Expr::literal(Value::Double(number), Type::Double))
            .collect(),
        _ => [false, true]
            .into_iter()
            .map(|second| {
                let point = Box::new(point.clone());
                Expr::new(Node::Coordinate { second, point }, Type::Double)
            })
            .collect(),
    }
}

/// A box is answered as the polygon of its corners (ADQL 2.1 section 4.2.8).
fn corners(numbers: &[f64]) -> Vec<f64> {
    let &[lon, lat, width, height] = numbers else {
        return numbers.to_vec();
    };
    let (w, h) = (width / 2.0, height / 2.0);
    let wrap = |lon: f64| lon.rem_euclid(360.0);
    vec![
        wrap(lon - w),
        lat - h,
        wrap(lon + w),
        lat - h,
        wrap(lon + w),
        lat + h,
        wrap(lon - w),
        lat + h,
    ]
}
