//! What the calls of [`super::sky`] must keep to, and what they come to where
//! the query alone decides it.

use std::sync::Arc;

use super::{Function, Misuse};
use crate::message::nearest;
use crate::query::{Expr, Node};
use crate::sky::{Frame, Moc, Region, RegionError, Rotation, Star, cell};
use crate::statement::Value;
use crate::types::Type;

type Checked = Result<Expr, Misuse>;

pub(super) fn healpix_index(function: &'static Function, arguments: Vec<Expr>) -> Checked {
    let order = arguments.first().and_then(Expr::whole);
    let order = order.map(cell::order).transpose();
    let order = order.map_err(|error| refused(function, 0, &error))?;
    let position = match &arguments[..] {
        [_, point] => match &point.node {
            Node::Constant { numbers, .. } => numbers.first().copied().zip(numbers.get(1).copied()),
            _ => None,
        },
        [_, lon, lat] => lon.number().zip(lat.number()),
        _ => None,
    };
    let Some((order, (lon, lat))) = order.zip(position) else {
        return Ok(call(function, arguments, Type::BigInt));
    };
    match cell::cell(order, lon, lat) {
        Ok(cell) => Ok(Expr::literal(Value::BigInt(cell), Type::BigInt)),
        Err(error) => Err(refused(function, 1, &error)),
    }
}

pub(super) fn healpix_center(function: &'static Function, arguments: Vec<Expr>) -> Checked {
    let order = arguments.first().and_then(Expr::whole);
    let order = order.map(cell::order).transpose();
    let order = order.map_err(|error| refused(function, 0, &error))?;
    let Some((order, number)) = order.zip(arguments.get(1).and_then(Expr::whole)) else {
        return Ok(call(function, arguments, Type::Point));
    };
    let centre = cell::centre(order, number).and_then(|(lon, lat)| point(lon, lat));
    centre.map_err(|error| refused(function, 1, &error))
}

/// EN-udf-catalogue 1.2 section 2.2.1: "NULL values here are an error" of
/// position and epochs; elsewhere they are 0.
pub(super) fn epoch_prop_pos(function: &'static Function, arguments: Vec<Expr>) -> Checked {
    let mut known = Vec::with_capacity(arguments.len());
    for (place, argument) in arguments.iter().enumerate() {
        let needed = matches!(place, 0 | 1 | 6 | 7);
        match &argument.node {
            Node::Literal(Value::Null) if needed => {
                let sentence = format!("argument {} of {} is NULL", place + 1, function.name);
                return Err(Misuse {
                    argument: place,
                    code: 308,
                    sentence,
                    hint: Some("a position and two epochs (in years) are needed; only parallax, motions and radial velocity may be NULL".to_owned()),
                });
            }
            Node::Literal(Value::Null) => known.push(0.0),
            _ => known.extend(argument.number()),
        }
    }
    let &[
        lon,
        lat,
        parallax,
        pm_lon,
        pm_lat,
        radial_velocity,
        from,
        to,
    ] = &known[..]
    else {
        return Ok(call(function, arguments, Type::Point));
    };
    let star = Star {
        lon,
        lat,
        parallax,
        pm_lon,
        pm_lat,
        radial_velocity,
    };
    let moved = star.moved(to - from).and_then(|(lon, lat)| point(lon, lat));
    moved.map_err(|error| refused(function, 0, &error))
}

/// EN-udf-catalogue 1.2 section 2.2.2. The call holds the rotation in place of
/// the names.
pub(super) fn geom_transform(function: &'static Function, arguments: Vec<Expr>) -> Checked {
    let from = frame(function, &arguments, 0)?;
    let to = frame(function, &arguments, 1)?;
    let rotation = Rotation::between(from, to);
    let mut arguments = arguments;
    let Some(geometry) = arguments.pop() else {
        return Ok(call(function, arguments, Type::Unknown));
    };
    let kind = geometry.kind;
    let refuse = |sentence: &str, hint: &str| Misuse {
        argument: 2,
        code: 407,
        sentence: format!("{}: {sentence}", function.name),
        hint: Some(hint.to_owned()),
    };
    match &geometry.node {
        Node::Constant { .. } if kind == Type::Region && to != Frame::Icrs => Err(refuse(
            "a region as text is always ICRS",
            "transform a POINT, CIRCLE or POLYGON, or transform to ICRS",
        )),
        Node::Constant { .. } => {
            turned(&geometry, &rotation).map_err(|error| refused(function, 2, &error))
        }
        _ if kind == Type::Region => Err(refuse(
            "a region column cannot be transformed",
            "transform the geometry it is compared with instead, to ICRS",
        )),
        _ => {
            let rotation = Value::Doubles(rotation.numbers());
            let rotation = Expr::literal(rotation, Type::Unknown);
            Ok(call(function, vec![rotation, geometry], kind))
        }
    }
}

pub(super) fn moc_of_text(function: &'static Function, arguments: Vec<Expr>) -> Checked {
    let Some(Node::Literal(Value::Text(text))) = arguments.first().map(|text| &text.node) else {
        return Err(Misuse {
            argument: 0,
            code: 308,
            sentence: format!("argument 1 of {} must be a string literal", function.name),
            hint: Some("MOC('4/0-3 5/96')".to_owned()),
        });
    };
    let text = text.trim();
    let text = match text.split_at_checked(3) {
        Some((word, rest)) if word.eq_ignore_ascii_case("MOC") => rest,
        _ => text,
    };
    let moc = Moc::parse(text).map_err(|error| refused(function, 0, &error))?;
    Ok(Expr::new(Node::Moc(Arc::new(moc)), Type::Region))
}

pub(super) fn moc_of_geometry(function: &'static Function, arguments: Vec<Expr>) -> Checked {
    let order = match arguments.first().and_then(Expr::whole) {
        Some(order) => cell::order(order).map_err(|error| refused(function, 0, &error))?,
        None => {
            return Err(Misuse {
                argument: 0,
                code: 308,
                sentence: format!("argument 1 of {} must be an integer literal", function.name),
                hint: Some("MOC(6, CIRCLE(10, 20, 3))".to_owned()),
            });
        }
    };
    let moc = match arguments.get(1).map(|geometry| &geometry.node) {
        Some(Node::Constant { region, .. }) => Moc::of_region(order, region),
        Some(Node::Moc(moc)) => Ok(moc.degraded(order)),
        _ => {
            let sentence = format!(
                "{} of a column or of computed coordinates is not supported",
                function.name
            );
            return Err(Misuse {
                argument: 1,
                code: 407,
                sentence,
                hint: Some(
                    "compare the geometry itself, or compare cells: \
                     ivo_healpix_index(order, lon, lat)"
                        .to_owned(),
                ),
            });
        }
    };
    let moc = moc.map_err(|error| refused(function, 0, &error))?;
    Ok(Expr::new(Node::Moc(Arc::new(moc)), Type::Region))
}

/// A point in the cells of a MOC, which its own cell decides: a condition.
pub(crate) fn in_cells(point: &Expr, cells: &Arc<Moc>) -> Option<Expr> {
    let index = super::named("IVO_HEALPIX_INDEX").nth(1)?;
    let order = Expr::literal(Value::BigInt(i64::from(cell::FINEST)), Type::BigInt);
    let cell = healpix_index(index, vec![order, point.clone()]).ok()?;
    Some(Expr::boolean(Node::InCells {
        cell: Box::new(cell),
        cells: cells.clone(),
    }))
}

fn frame(function: &'static Function, arguments: &[Expr], place: usize) -> Result<Frame, Misuse> {
    let names = || Frame::ALL.iter().map(|frame| frame.name());
    let known = || names().collect::<Vec<_>>().join(", ");
    let name = match arguments.get(place).map(|argument| &argument.node) {
        Some(Node::Literal(Value::Text(name))) => name,
        _ => {
            return Err(Misuse {
                argument: place,
                code: 308,
                sentence: format!(
                    "argument {} of {} must be a string literal",
                    place + 1,
                    function.name
                ),
                hint: Some(format!("the frames are {}", known())),
            });
        }
    };
    Frame::named(name).ok_or_else(|| {
        let shown: String = name.chars().take(40).collect();
        Misuse {
            argument: place,
            code: 406,
            sentence: format!("the reference frame '{shown}' is not known here"),
            hint: Some(match nearest(&shown.to_ascii_uppercase(), names()) {
                Some(near) => format!("'{near}' exists; capitals matter"),
                None => format!("the frames are {}", known()),
            }),
        }
    })
}

/// A geometry given in a frame, in ICRS.
pub(crate) fn in_icrs(geometry: Expr, frame: Frame) -> Result<Expr, RegionError> {
    let rotation = Rotation::between(frame, Frame::Icrs);
    if matches!(geometry.node, Node::Constant { .. }) {
        return turned(&geometry, &rotation);
    }
    let kind = geometry.kind;
    let rotation = Expr::literal(Value::Doubles(rotation.numbers()), Type::Unknown);
    match super::find("IVO_GEOM_TRANSFORM") {
        Some(function) => Ok(call(function, vec![rotation, geometry], kind)),
        None => Ok(geometry),
    }
}

/// A constant geometry in another frame.
pub(crate) fn turned(constant: &Expr, rotation: &Rotation) -> Result<Expr, RegionError> {
    let Node::Constant { region, .. } = &constant.node else {
        return Ok(constant.clone());
    };
    let region = region.turned(rotation)?;
    let numbers = match constant.kind {
        Type::Region => Vec::new(),
        _ => region.coordinates(),
    };
    let region = Arc::new(region);
    Ok(Expr::new(Node::Constant { region, numbers }, constant.kind))
}

/// Two geometries that are compared: if one is a transformed one, both are
/// turned back where that costs nothing, so that an index can answer.
pub(crate) fn turned_back(a: Expr, b: Expr) -> (Expr, Expr) {
    let (mut a, mut b) = (a, b);
    for _ in 0..2 {
        if let Some((inner, rotation)) = transformed(&a) {
            let other = match transformed(&b) {
                Some((other, same)) if same == rotation => Some(other.clone()),
                None if matches!(b.node, Node::Constant { .. }) => {
                    turned(&b, &rotation.back()).ok()
                }
                _ => None,
            };
            if let Some(other) = other {
                (a, b) = (inner.clone(), other);
            }
        }
        (a, b) = (b, a);
    }
    (a, b)
}

fn transformed(expr: &Expr) -> Option<(&Expr, Rotation)> {
    let Node::Call {
        function,
        arguments,
    } = &expr.node
    else {
        return None;
    };
    match &arguments[..] {
        [
            Expr {
                node: Node::Literal(Value::Doubles(numbers)),
                ..
            },
            inner,
        ] if function.name == "IVO_GEOM_TRANSFORM" => Some((inner, Rotation::of_numbers(numbers)?)),
        _ => None,
    }
}

fn call(function: &'static Function, arguments: Vec<Expr>, kind: Type) -> Expr {
    Expr::new(
        Node::Call {
            function,
            arguments,
        },
        kind,
    )
}

fn point(lon: f64, lat: f64) -> Result<Expr, RegionError> {
    let region = Arc::new(Region::point(lon, lat)?);
    let numbers = vec![lon, lat];
    Ok(Expr::new(Node::Constant { region, numbers }, Type::Point))
}

fn refused(function: &Function, argument: usize, error: &RegionError) -> Misuse {
    Misuse {
        argument,
        code: 405,
        sentence: format!("{}: {error}", function.name),
        hint: None,
    }
}
