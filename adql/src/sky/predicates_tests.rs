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

/// Parallels are circles: a polygon through the corners of a range sticks out.
#[test]
fn ranges() {
    let range = "range 10 40 50 60";
    check(range, "position 25 60", true, true, false);
    check(range, "position 25 60.0000001", false, false, false);
    check(range, "position 25 50", true, true, false);
    check(range, "polygon 10 50 40 50 40 60 10 60", true, false, false);
    check(range, "polygon 12 52 38 52 38 55 12 55", true, true, false);
    check(range, "circle 25 55 4", true, true, false);
    check("range 0 360 -1 1", "circle 77 0 1", true, true, false);
    check("range 0 360 -1 1", "circle 77 3 1", false, false, false);
    check("range 350 200 -5 5", "circle 95 0 3", true, true, false);
    check("range 350 200 -5 5", "circle 275 0 70", false, false, false);
    check(
        "range 0 1e-7 89.9999999 90",
        "position 0 90",
        true,
        true,
        false,
    );
}

#[test]
fn intersections_and_complements() {
    let lens = "intersection (circle 0 0 2 circle 3 0 2)";
    check(lens, "position 1.5 0", true, true, false);
    check(lens, "position 0 0", false, false, false);
    check(lens, "circle 1.5 0 .5", true, true, false);
    check(lens, "circle 1.5 0 .6", true, false, false);
    check(lens, "circle 0 0 2", true, false, true);
    check(lens, "circle 1.5 0 1.4", true, false, true);
    check(lens, "circle 1.5 0 1.3", true, false, false);
    check(lens, BAY, false, false, false);
    check(lens, lens, true, true, true);
    let ring = "difference (circle 0 0 5 circle 0 0 3)";
    check(ring, "circle 4 0 1", true, true, false);
    check(ring, "circle 0 0 3", true, false, false);
    check(ring, "circle 0 0 2.9", false, false, false);
    check(ring, "circle 0 0 5", true, false, true);
    let bay = "intersection (circle 33 4 1.5 range 32 34 0 9)";
    check(BAY, bay, true, false, false);
    check(
        BAY,
        "intersection (circle 33 1 0.9 range 32 34 0 9)",
        true,
        true,
        false,
    );
    let rest = "not (box 11 0 2 2)";
    check(rest, SQUARE, true, false, false);
    check(rest, "circle 14 0 2", true, true, false);
    check(rest, "circle 14 0 2.1", true, false, false);
    check(rest, "position 11 0", false, false, false);
    // Around a corner of the box, in no single hemisphere.
    check(
        rest,
        "polygon 9 -2 13 -2 13 -1.1 9.9 -1.1 9.9 1.5 9 1.5",
        true,
        true,
        false,
    );
    check(
        "not (circle 0 0 0.001)",
        "circle 0 0 0.0005",
        false,
        false,
        false,
    );
    check(
        "not (circle 0 0 0.001)",
        "circle 0.002 0 0.001",
        true,
        true,
        false,
    );
}

#[test]
fn ellipses_and_cells() {
    let ellipse = "ellipse 10 0 2 1 0";
    check(ellipse, "position 10 2", true, true, false);
    check(ellipse, "position 11.0000001 0", false, false, false);
    check(ellipse, "circle 10 0 .9", true, true, false);
    check("moc 3/0", "position 45 0.1", true, true, false);
    check("moc 29/0", "position 45 0.1", false, false, false);
}

#[test]
fn no_list_of_numbers_fails() {
    for odd in [
        &[0.0][..],
        &[1.0, 2.0],
        &[f64::NAN],
        &[-3.0, 1.0],
        &[1e300, 0.0],
        &[1.0, 3.0, 0.0],
        &[1.0, 4.0, 0.0, 0.0, 0.0, 0.0],
        &[2.0, 2.0, 9.0, 0.0],
        &[-2.0, 1.0, 0.0],
        &[2.0, 5.0, 4.0, f64::NAN, 0.0, 0.0, 0.0],
        &[3.0, f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    ] {
        meets(odd, &shape(SQUARE));
        meets(&shape(SQUARE), odd);
        contains(odd, &shape(BAY));
        contains(&shape(BAY), odd);
    }
}

#[test]
fn an_edge_in_line_with_a_point_does_not_hold_it() {
    let field = Region::parse("MOC 4/757").unwrap();
    let check = |text: &str, expected: bool| {
        let other = Region::parse(text).unwrap();
        let (a, b) = (field.shape(), other.shape());
        assert_eq!(meets(a.as_slice(), b.as_slice()), expected, "{text}");
    };
    // An edge of the cell lies on the meridian of 270 degrees.
    check("RANGE 0 17.900000000000002 89.26539531092676 90", false);
    check("RANGE 250 280 79 80", true);
    check("CIRCLE 0 90 0.5", false);
}
