use crate::sky::{Region, contains, meets};

fn shape(text: &str) -> Vec<f64> {
    Region::parse(text).unwrap().shape().0
}

fn check(a: &str, b: &str, meet: bool, a_holds_b: bool, b_holds_a: bool) {
    let (x, y) = (shape(a), shape(b));
    assert_eq!(meets(&x, &y), meet, "{a} meets {b}");
    assert_eq!(meets(&y, &x), meet, "{b} meets {a}");
    assert_eq!(contains(&x, &y), a_holds_b, "{a} holds {b}");
    assert_eq!(contains(&y, &x), b_holds_a, "{b} holds {a}");
}

const SQUARE: &str = "polygon 10 -1 12 -1 12 1 10 1";
/// A square of 6° with a bay from the north, 2° wide and 4° deep.
const BAY: &str = "polygon 30 0 36 0 36 6 34 6 34 2 32 2 32 6 30 6";

#[test]
fn points() {
    check("circle 1 2 0", "circle 1 2 0", true, true, true);
    check(SQUARE, "position 11 0", true, true, false);
    check(SQUARE, "position 12 -1", true, true, false);
    check(SQUARE, "position 10 0", true, true, false);
    check(SQUARE, "position 10 1.0000001", false, false, false);
    check(SQUARE, "position 191 0", false, false, false);
    check(BAY, "position 33 5", false, false, false);
    check(BAY, "position 33 1", true, true, false);
    check(BAY, "position 34 4", true, true, false);
    check(BAY, "position 31 5", true, true, false);
    check(BAY, "position 213 -1", false, false, false);
}

#[test]
fn circles() {
    check("circle 0 0 1", "circle 2 0 1", true, false, false);
    check("circle 0 0 1", "circle 2.001 0 1", false, false, false);
    check("circle 0 0 3", "circle 2 0 1", true, true, false);
    check("circle 0 90 100", "circle 0 -90 80", true, false, false);
    check("circle 0 90 100", "circle 0 -90 79.9", false, false, false);
    check("circle 0 0 180", "circle 77 5 179", true, true, false);
    check("circle 0 0 170", "circle 5 0 165", true, true, false);
}

#[test]
fn circles_and_polygons() {
    check(SQUARE, "circle 11 0 0.9", true, true, false);
    check(SQUARE, "circle 11 0 1.1", true, false, false);
    check(SQUARE, "circle 11 0 2", true, false, true);
    check(SQUARE, "circle 14 0 2", true, false, false);
    check(SQUARE, "circle 14 0 1.9", false, false, false);
    check(SQUARE, "circle 191 0 175", false, false, false);
    check(SQUARE, "circle 191 0 179.5", true, false, false);
    check(SQUARE, "circle 101 0 100", true, false, true);
    check(BAY, "circle 33 4.5 0.9", false, false, false);
    check(BAY, "circle 33 4.5 1.1", true, false, false);
    check(BAY, "circle 33 1 0.9", true, true, false);
}

#[test]
fn polygons() {
    check(SQUARE, SQUARE, true, true, true);
    check(BAY, BAY, true, true, true);
    check(SQUARE, "polygon 12 -1 14 -1 14 1 12 1", true, false, false);
    check(SQUARE, "polygon 12 1 14 1 14 3 12 3", true, false, false);
    check(
        SQUARE,
        "polygon 12.001 -1 14 -1 14 1 12.001 1",
        false,
        false,
        false,
    );
    check(
        SQUARE,
        "polygon 10.5 -.5 11.5 -.5 11.5 .5 10.5 .5",
        true,
        true,
        false,
    );
    check(
        SQUARE,
        "polygon 9 -.1 13 -.1 13 .1 9 .1",
        true,
        false,
        false,
    );
    check(
        SQUARE,
        "polygon 190 -1 192 -1 192 1 190 1",
        false,
        false,
        false,
    );
    check(
        BAY,
        "polygon 32.5 3 33.5 3 33.5 5 32.5 5",
        false,
        false,
        false,
    );
    check(BAY, "polygon 31 4 35 4 35 5 31 5", true, false, false);
    check(BAY, "polygon 32 2 34 2 34 6 32 6", true, false, false);
    check(BAY, "polygon 30 0 36 0 36 1.9 30 1.9", true, true, false);
    check(BAY, "polygon 29 -1 37 -1 37 7 29 7", true, false, true);
}

#[test]
fn unions() {
    let two = "union (circle 0 0 1 circle 5 0 1)";
    check(two, "circle 5 0 0.5", true, true, false);
    check(
        two,
        "union (circle 5 0 .5 circle 0 0 .5)",
        true,
        true,
        false,
    );
    check(
        two,
        "union (circle 5 0 .5 circle 2.5 0 .5)",
        true,
        false,
        false,
    );
    check(two, "circle 2.5 0 .5", false, false, false);
    assert!(!meets(&[], &shape(two)) && !contains(&shape(two), &[]));
}

#[test]
fn no_list_of_numbers_fails() {
    for odd in [
        &[0.0][..],
        &[1.0, 2.0],
        &[f64::NAN],
        &[-3.0, 1.0],
        &[1e300, 0.0],
        &[3.0, f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    ] {
        meets(odd, &shape(SQUARE));
        meets(&shape(SQUARE), odd);
        contains(odd, &shape(BAY));
        contains(&shape(BAY), odd);
    }
}
