//! What is wrong with the coordinates of a shape (ADQL 2.1 section 4.2), and
//! what to write instead.
//!
//! Must not know: the syntax tree.

use crate::mistakes::{Axis, in_degrees};
use crate::query::{Expr, Node, Shape};
use crate::statement::Value;

/// Whether a text is a coordinate in quotes, and no coordinate system.
pub(super) fn is_coordinate(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok() || in_degrees(text, None).is_some()
}

/// What to write instead of a string as the number `place` of a shape.
pub(super) fn instead_of(value: &Expr, shape: Shape, place: usize) -> Option<String> {
    let Node::Literal(Value::Text(text)) = &value.node else {
        return None;
    };
    let axis = match place % 2 {
        0 if place == 0 || shape == Shape::Polygon => Axis::Longitude,
        _ => Axis::Latitude,
    };
    match text.trim().parse::<f64>() {
        Ok(_) => Some(format!("write {} without quotes", text.trim())),
        Err(_) => in_degrees(text, Some(axis)),
    }
}

/// Which number of a shape is one that no latitude, radius or size is.
pub(super) fn out_of_range(shape: Shape, numbers: &[f64]) -> Option<usize> {
    let sky = |number: f64| (-90.0..=90.0).contains(&number);
    numbers.iter().enumerate().find_map(|(place, number)| {
        let wrong = match (shape, place) {
            (_, 1) => !sky(*number),
            (Shape::Circle, 2) => !(0.0..=180.0).contains(number),
            (Shape::Polygon, place) => place % 2 == 1 && !sky(*number),
            _ => false,
        };
        wrong.then_some(place)
    })
}
