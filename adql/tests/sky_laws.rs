//! Laws of the sphere, tried on random regions near the poles, at longitude 0,
//! at corners of HEALPix cells, from parts of an arcsecond to nearly a
//! hemisphere.
#![allow(clippy::unwrap_used)] // a test fails where it unwraps

use adql::sky::cover::{self, Relation};
use adql::sky::{self, Moc, Point, Region, Rotation};
use proptest::prelude::*;

/// The position at a distance and bearing (degrees) from another.
fn from((lon, lat): (f64, f64), distance: f64, bearing: f64) -> (f64, f64) {
    let (lat, distance, bearing) = (
        lat.to_radians(),
        distance.to_radians(),
        bearing.to_radians(),
    );
    let sine = lat.sin() * distance.cos() + lat.cos() * distance.sin() * bearing.cos();
    let turn =
        (bearing.sin() * distance.sin() * lat.cos()).atan2(distance.cos() - lat.sin() * sine);
    (
        lon + turn.to_degrees(),
        sine.clamp(-1.0, 1.0).asin().to_degrees(),
    )
}

fn place() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        (0.0..360.0, -90.0..=90.0),
        (0.0..360.0, 89.9..=90.0),
        (0.0..360.0, -90.0..=-89.9),
        (-0.01..0.01, -60.0..60.0),
        // Where polar caps begin and four base cells meet.
        Just((90.0, 41.810_314_895_778_6)),
        Just((45.0, 0.0)),
        Just((0.0, 90.0)),
    ]
}

/// Degrees, spread over the orders of magnitude.
fn size() -> impl Strategy<Value = f64> {
    (-5.0..1.9).prop_map(|exponent: f64| 10_f64.powf(exponent))
}

/// A region of about a size at a place: point, circle, box, regular polygon,
/// star, or a union of a star and a circle.
fn region(place: (f64, f64), size: f64) -> impl Strategy<Value = Region> {
    let numbers = prop::collection::vec(0.0..1.0, 3..12_usize);
    (0..6, numbers).prop_filter_map("not a region", move |(kind, numbers)| {
        let (lon, lat) = place;
        let [a, b, ..] = numbers[..] else { return None };
        let star = |least: f64| {
            let turn = 360.0 / numbers.len() as f64;
            let vertices: Vec<(f64, f64)> = (0..)
                .zip(&numbers)
                .map(|(i, number)| {
                    let length = size * (least + (1.0 - least) * number);
                    from(place, length, turn * (f64::from(i) + a))
                })
                .collect();
            Region::polygon(&vertices)
        };
        match kind {
            0 => Region::point(lon, lat),
            1 => Region::circle(lon, lat, size * a),
            2 => Region::box_(lon, lat, size * a, size * b),
            3 => star(1.0),
            4 => star(0.2),
            _ => star(0.2).and_then(|star| {
                let (lon, lat) = from(place, size, 360.0 * b);
                let text = format!("{star} CIRCLE ICRS {lon} {lat} {}", size * a);
                Region::parse(&text)
            }),
        }
        .ok()
    })
}

/// A region of the other kinds: range, wide circle, ellipse, cells, and what
/// circles and boxes have in common and leave out.
fn other_region(place: (f64, f64), size: f64) -> impl Strategy<Value = Region> {
    (0..8, 0.1..1.0, 0.1..1.0, 0.0..360.0).prop_filter_map(
        "not a region",
        move |(kind, a, b, bearing): (i32, f64, f64, f64)| {
            let (lon, lat) = place;
            let (near, high) = from(place, size * b, bearing);
            let (south, north) = ((lat - size * b).max(-90.0), (lat + size * a).min(90.0));
            let (r, small) = (size * a, size * b);
            let text = match kind {
                0 => {
                    let wide = (size / lat.to_radians().cos().max(0.01)).min(179.0);
                    format!("RANGE {lon} {} {south} {north}", lon + wide * a)
                }
                1 => format!("RANGE {near} {} {south} {north}", lon + 200.0),
                2 => format!("CIRCLE {lon} {lat} {}", 180.0 - r),
                3 => format!("ELLIPSE {lon} {lat} {size} {small} {bearing}"),
                4 => format!("INTERSECTION (CIRCLE {lon} {lat} {size} CIRCLE {near} {high} {r})"),
                5 => {
                    format!("DIFFERENCE (CIRCLE {lon} {lat} {size} BOX {near} {high} {r} {small})")
                }
                6 => format!("NOT (BOX {lon} {lat} {r} {small})"),
                _ => {
                    let order = (58.6 / size).log2().clamp(0.0, 20.0) as u8;
                    let region = Region::circle(lon, lat, small).ok()?;
                    format!("MOC {}", Moc::of_region(order, &region).ok()?)
                }
            };
            Region::parse(&text).ok()
        },
    )
}

fn any_region(place: (f64, f64), size: f64) -> impl Strategy<Value = Region> {
    prop_oneof![region(place, size), other_region(place, size)]
}

fn any_pair() -> impl Strategy<Value = (Region, Region)> {
    pair_of(any_region)
}

fn pair() -> impl Strategy<Value = (Region, Region)> {
    pair_of(region)
}

/// Two regions that have to do with each other, often of unlike size.
fn pair_of<S: Strategy<Value = Region>>(
    region: impl Fn((f64, f64), f64) -> S + Copy + 'static,
) -> impl Strategy<Value = (Region, Region)> {
    let ratio = prop_oneof![Just(1.0), Just(0.3), Just(0.02), 0.001..1.0];
    (place(), size(), ratio, 0.0..2.0, 0.0..360.0, any::<bool>()).prop_flat_map(
        move |(place, size, ratio, shift, bearing, swap)| {
            let shift: f64 = size * shift;
            let other = from(place, shift.min(170.0), bearing);
            (region(place, size), region(other, size * ratio))
                .prop_map(move |(a, b)| if swap { (b, a) } else { (a, b) })
        },
    )
}

fn holds(ranges: &[(i64, i64)], key: i64) -> bool {
    ranges
        .iter()
        .any(|&(low, high)| (low..=high).contains(&key))
}

/// Positions along the edges of all parts, and more than half of how far
/// neighbours are apart (degrees).
fn outline(region: &Region) -> (Vec<(f64, f64)>, f64) {
    const STEPS: usize = 40;
    let shape = region.shape();
    let mut numbers = shape.as_slice();
    let (mut positions, mut spacing) = (Vec::new(), 1e-9_f64);
    let at = |v: &[f64]| {
        (
            v[1].atan2(v[0]).to_degrees(),
            v[2].atan2(v[0].hypot(v[1])).to_degrees(),
        )
    };
    while let Some((&header, rest)) = numbers.split_first() {
        let first = positions.len();
        if header == 0.0 {
            let radius = 2.0 * (rest[3] / 2.0).min(1.0).asin().to_degrees();
            let count = 4 * STEPS;
            for i in 0..count {
                let bearing = 360.0 * i as f64 / count as f64;
                positions.push(from(at(rest), radius, bearing));
            }
            numbers = &rest[4..];
        } else {
            let count = header.abs() as usize;
            for i in 0..count {
                let (a, b) = (&rest[3 * i..], &rest[3 * ((i + 1) % count)..]);
                for step in 0..STEPS {
                    let t = step as f64 / STEPS as f64;
                    let v: Vec<f64> = (0..3).map(|k| a[k] * (1.0 - t) + b[k] * t).collect();
                    positions.push(at(&v));
                }
            }
            numbers = &rest[3 * count..];
        }
        for (p, q) in positions[first..].iter().zip(&positions[first + 1..]) {
            spacing = spacing.max(sky::distance(p.0, p.1, q.0, q.1));
        }
    }
    (positions, spacing * 0.6)
}

fn vector((lon, lat): (f64, f64)) -> [f64; 3] {
    let lat = lat.clamp(-90.0, 90.0);
    Point::from_degrees(lon, lat).unwrap().vector()
}

fn disc((lon, lat): (f64, f64), radius: f64) -> Vec<f64> {
    let lat = lat.clamp(-90.0, 90.0);
    Region::circle(lon, lat, radius).unwrap().shape().0
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn chord2(a: [f64; 3], b: [f64; 3]) -> f64 {
    dot(minus(a, b), minus(a, b))
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn the_cover_loses_nothing((footprint, query) in any_pair()) {
        let key = footprint.footprint().key;
        let (f, q) = (footprint.shape(), query.shape());
        let (f, q) = (f.as_slice(), q.as_slice());
        for (relation, truth) in [
            (Relation::Meets, sky::meets(f, q)),
            (Relation::Inside, sky::contains(q, f)),
            (Relation::Covers, sky::contains(f, q)),
        ] {
            let ranges = cover::footprints(&query, relation);
            prop_assert!(ranges.len() <= 96);
            prop_assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
            prop_assert!(!truth || holds(&ranges, key), "{:?} {} {}", relation, footprint, query);
        }
    }

    #[test]
    fn the_cover_of_positions_loses_nothing(
        (query, near) in (place(), size()).prop_flat_map(|(place, size)| {
            let near = (0.0..1.5, 0.0..360.0)
                .prop_map(move |(shift, bearing)| from(place, size * shift, bearing));
            (any_region(place, size), near)
        }),
    ) {
        let near = (near.0, near.1.clamp(-90.0, 90.0));
        if sky::point_in(&vector(near), query.shape().as_slice()) {
            let cell = sky::position_cell(near.0, near.1).unwrap();
            prop_assert!(holds(&cover::positions(&query), cell), "{} {:?}", query, near);
        }
    }

    /// The tests by which SQL spares itself the exact one.
    #[test]
    fn radii_reject_nothing_true_and_accept_nothing_false((footprint, query) in any_pair()) {
        let columns = footprint.footprint();
        let (f, q) = (footprint.shape(), query.shape());
        let (f, q) = (f.as_slice(), q.as_slice());
        let centre = [columns.x, columns.y, columns.z];
        let (crad, crin) = (columns.crad, columns.crin);
        prop_assert!(sky::point_in(&centre, f), "the centre of {}", footprint);
        prop_assert_eq!(&columns.v[..], f);

        let bound = query.bounding_cap();
        let d2 = chord2(centre, bound.centre);
        let reach = bound.chord + crad;
        prop_assert!(d2 <= reach * reach || !sky::meets(f, q), "meets {} {}", footprint, query);
        prop_assert!(
            d2 <= bound.chord * bound.chord || !sky::contains(q, f),
            "inside {} {}", footprint, query
        );

        let inner = query.inscribed_cap();
        let d2 = chord2(centre, inner.centre);
        prop_assert!(d2 <= crad * crad || !sky::contains(f, q), "covers {} {}", footprint, query);
        let cosine = |chord: f64| (1.0 - chord * chord / 4.0).max(0.0).sqrt();
        let reach = inner.chord * cosine(crin) + crin * cosine(inner.chord);
        prop_assert!(d2 > reach * reach || sky::meets(f, q), "meets {} {}", footprint, query);
        prop_assert!(
            crad > inner.chord || d2 > (inner.chord - crad).powi(2) || sky::contains(q, f),
            "inside {} {}", footprint, query
        );
        if q.len() == 5 && q[4] == 0.0 {
            prop_assert!(d2 > crin * crin || sky::contains(f, q), "covers {} {}", footprint, query);
        }
    }

    /// What SQL asks of a position: radii first, then the exact test, and the
    /// key among the ranges.
    #[test]
    fn a_position_finds_the_footprints_around_it(
        (region, near) in (place(), size()).prop_flat_map(|(place, size)| {
            let near = (0.0..1.5, 0.0..360.0)
                .prop_map(move |(shift, bearing)| from(place, size * shift, bearing));
            (any_region(place, size), near)
        }),
    ) {
        let near = (near.0, near.1.clamp(-90.0, 90.0));
        let row = region.footprint();
        let point = Region::point(near.0, near.1).unwrap();
        let v = vector(near);
        let d2 = chord2([row.x, row.y, row.z], v);
        let inside = sky::point_in(&v, &row.v);
        prop_assert!(!inside || d2 <= row.crad * row.crad, "{} {:?}", region, near);
        prop_assert!(inside || d2 > row.crin * row.crin, "{} {:?}", region, near);
        prop_assert_eq!(inside, sky::meets(&row.v, point.shape().as_slice()));
        prop_assert_eq!(inside, sky::contains(&row.v, point.shape().as_slice()));
        prop_assert!(!inside || sky::gap(&v, &row.v) == 0.0);
        for relation in [Relation::Meets, Relation::Covers] {
            let ranges = cover::footprints(&point, relation);
            prop_assert!(!inside || holds(&ranges, row.key), "{} {:?}", region, near);
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same(
        region in (place(), size()).prop_flat_map(|(place, size)| any_region(place, size)),
    ) {
        let again = Region::parse(&region.to_string()).unwrap();
        prop_assert_eq!(again.shape(), region.shape(), "{}", region);
    }

    #[test]
    fn text_never_fails(text in "(union|circle|polygon|MOC|icrs|[0-9./ ,()-]){0,12}") {
        let _ = Region::parse(&text);
    }
}

proptest! {
    #![proptest_config(cases(400))]

    /// Two regions meet when a point on the outline of one is in the other (or
    /// near it, by the spacing of the points), and hold each other when all are.
    #[test]
    fn predicates_agree_with_points((a, b) in pair()) {
        let (x, y) = (a.shape(), b.shape());
        let (x, y) = (x.as_slice(), y.as_slice());
        let meet = sky::meets(x, y);
        prop_assert_eq!(meet, sky::meets(y, x), "{} {}", a, b);
        prop_assert!(sky::meets(x, x) && sky::contains(x, x), "{}", a);

        let (on_a, step_a) = outline(&a);
        let (on_b, step_b) = outline(&b);
        let in_both = |&p: &(f64, f64)| {
            sky::point_in(&vector(p), x) && sky::point_in(&vector(p), y)
        };
        let found = on_a.iter().chain(&on_b).any(in_both);
        prop_assert!(meet || !found, "{} and {} share a point", a, b);
        if meet {
            let near = on_a.iter().any(|&p| sky::meets(&disc(p, step_a), y))
                || on_b.iter().any(|&p| sky::meets(&disc(p, step_b), x));
            prop_assert!(near, "{} and {} are far from each other", a, b);
        }
        if sky::contains(x, y) {
            prop_assert!(meet);
            let out = on_b.iter().find(|&&p| {
                sky::point_in(&vector(p), y) && !sky::point_in(&vector(p), x)
            });
            prop_assert!(out.is_none(), "{} holds {}, but not {:?}", a, b, out);
        }
        // The other way, without unions: these may hold what no part holds.
        let simple = |region: &Region| !region.to_string().starts_with("Union");
        if simple(&a) && simple(&b) && !sky::contains(x, y) {
            let all = on_b.iter().all(|&p| sky::contains(x, &disc(p, step_b)));
            prop_assert!(!all, "all of the outline of {} is in {}", b, a);
        }
    }

    /// The tightest queries: points on the outline, and a neighbour that touches.
    #[test]
    fn points_on_the_outline_are_found(
        region in (place(), size()).prop_flat_map(|(place, size)| region(place, size)),
        bearing in 0.0..360.0,
    ) {
        let columns = region.footprint();
        let centre = [columns.x, columns.y, columns.z];
        for p in outline(&region).0 {
            let v = vector(p);
            if !sky::point_in(&v, &columns.v) {
                continue;
            }
            prop_assert!(chord2(v, centre) <= columns.crad * columns.crad, "{} {:?}", region, p);
        }
        let corner = outline(&region).0[0];
        if sky::point_in(&vector(corner), &columns.v) {
            let corner = Region::point(corner.0, corner.1.clamp(-90.0, 90.0)).unwrap();
            for relation in [Relation::Meets, Relation::Covers] {
                let ranges = cover::footprints(&corner, relation);
                prop_assert!(holds(&ranges, columns.key), "{} {} {:?}", region, corner, relation);
            }
            let ranges = cover::footprints(&region, Relation::Inside);
            prop_assert!(holds(&ranges, corner.footprint().key), "{} holds {}", region, corner);
        }
        let radius = 2.0 * (columns.crin / 2.0).asin().to_degrees();
        let lon = columns.y.atan2(columns.x).to_degrees();
        let lat = columns.z.atan2(columns.x.hypot(columns.y)).to_degrees();
        let v = vector(from((lon, lat), radius * (1.0 - 1e-9), bearing));
        prop_assert!(
            chord2(v, centre) > columns.crin * columns.crin || sky::point_in(&v, &columns.v),
            "{} {:?}", region, v
        );
    }

    /// The angle by which a polygon's edges turn round a point: an independent
    /// way to tell whether it is inside, for points off the edges.
    #[test]
    fn a_polygon_holds_what_its_edges_go_round(
        (place, size) in (place(), size()),
        numbers in prop::collection::vec(0.1..1.0, 4..12_usize),
        shift in 0.0..1.3,
        bearing in 0.0..360.0,
    ) {
        let turn = 360.0 / numbers.len() as f64;
        let vertices: Vec<(f64, f64)> = (0..)
            .zip(&numbers)
            .map(|(i, number)| from(place, size * number, turn * f64::from(i)))
            .collect();
        let Ok(polygon) = Region::polygon(&vertices) else { return Ok(()) };
        let shape = polygon.shape().0;
        let target = from(place, size * shift, bearing);
        let nearby = disc(target, size * 1e-4);
        if sky::meets(&nearby, &shape) && !sky::contains(&shape, &nearby) {
            return Ok(());
        }
        let p = vector(target);
        // Seen from the point: what is left of a direction without its depth.
        let flat = |v: [f64; 3]| {
            let v = minus(v, p);
            let depth = dot(v, p);
            [v[0] - depth * p[0], v[1] - depth * p[1], v[2] - depth * p[2]]
        };
        let ring: Vec<[f64; 3]> = vertices.iter().map(|&v| flat(vector(v))).collect();
        let total: f64 = (0..ring.len())
            .map(|i| {
                let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
                let across = p[0] * (a[1] * b[2] - a[2] * b[1])
                    + p[1] * (a[2] * b[0] - a[0] * b[2])
                    + p[2] * (a[0] * b[1] - a[1] * b[0]);
                across.atan2(dot(a, b))
            })
            .sum();
        // Bearings grow clockwise.
        prop_assert_eq!(
            sky::point_in(&p, &shape),
            total < -3.0,
            "{} {:?} {}", polygon, target, total
        );
    }
}

/// The cells of an order that suits the size of a region, which touch it.
fn moc_of(region: &Region, finer: u8) -> Moc {
    let radius = 2.0 * (region.bounding_cap().chord / 2.0).asin().to_degrees();
    let order = (58.6 / radius.max(1e-6)).log2().clamp(0.0, 20.0) as u8;
    Moc::of_region(order + finer, region).unwrap()
}

/// As SQL asks it: the footprint meets one of the groups near it.
fn meets_one(footprint: &Region, groups: &[sky::Group]) -> bool {
    let row = footprint.footprint();
    groups.iter().any(|group| {
        let distance2 = chord2([row.x, row.y, row.z], group.cap.centre);
        let reach = group.cap.chord + row.crad;
        distance2 <= reach * reach && sky::meets(&row.v, &group.shape)
    })
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn the_cells_of_a_region_hold_its_points(
        (region, near) in (place(), size()).prop_flat_map(|(place, size)| {
            let near = (0.0..1.5, 0.0..360.0)
                .prop_map(move |(shift, bearing)| from(place, size * shift, bearing));
            (any_region(place, size), near)
        }),
        finer in 0..5_u8,
    ) {
        let near = (near.0, near.1.clamp(-90.0, 90.0));
        if sky::point_in(&vector(near), region.shape().as_slice()) {
            let cell = sky::position_cell(near.0, near.1).unwrap();
            let moc = moc_of(&region, finer);
            prop_assert!(holds(&moc.ranges(), cell), "{} {:?}", region, near);
            prop_assert!(!holds(&moc.complement().ranges(), cell));
            prop_assert!(holds(&moc.degraded(3).ranges(), cell));
            prop_assert_eq!(Moc::parse(&moc.to_string()).unwrap(), moc);
        }
    }

    #[test]
    fn what_meets_a_region_meets_its_cells((footprint, region) in any_pair(), finer in 0..4_u8) {
        let key = footprint.footprint().key;
        let moc = moc_of(&region, finer);
        let groups = moc.groups();
        let all = sky::meets(footprint.shape().as_slice(), &moc.shape());
        prop_assert_eq!(meets_one(&footprint, &groups), all, "{} {}", footprint, moc);
        if sky::meets(footprint.shape().as_slice(), region.shape().as_slice()) {
            prop_assert!(all, "{} {} {}", footprint, region, moc);
        }
        if all {
            let ranges = cover::footprints_of_moc(&moc, false);
            prop_assert!(ranges.len() <= 96);
            prop_assert!(holds(&ranges, key), "{} {}", footprint, moc);
        }
    }

    #[test]
    fn what_lies_in_a_region_lies_in_its_cells((footprint, region) in any_pair(), finer in 0..4_u8) {
        let key = footprint.footprint().key;
        let moc = moc_of(&region, finer);
        let (mask, bits) = sky::Footprint::centre_of_key();
        let centre = (key & mask) << bits;
        let inside = holds(&moc.degraded(26).ranges(), centre)
            && !meets_one(&footprint, &moc.groups_around());
        // The edges of cells are drawn to an arcsecond: those of the cells of a
        // region of some arcseconds say too little.
        let drawn = region.bounding_cap().chord > 5e-4;
        if drawn && sky::contains(region.shape().as_slice(), footprint.shape().as_slice()) {
            prop_assert!(inside, "{} {} {}", footprint, region, moc);
        }
        if inside {
            let ranges = cover::footprints_of_moc(&moc, true);
            prop_assert!(holds(&ranges, key), "{} {}", footprint, moc);
            let middle = footprint.centroid().lon_lat();
            let cell = sky::position_cell(middle.0, middle.1).unwrap();
            let convex = matches!(footprint.shape().as_slice(), [header, ..] if *header <= 0.0);
            let wide = footprint.bounding_cap().chord > 1e-5;
            prop_assert!(!convex || !wide || holds(&moc.ranges(), cell), "{} {}", footprint, moc);
        }
    }

    #[test]
    fn turned_there_and_back_is_the_same(
        region in (place(), size()).prop_flat_map(|(place, size)| region(place, size)),
        from in 0..6_usize,
        to in 0..6_usize,
        near in place(),
    ) {
        let rotation = Rotation::between(sky::Frame::ALL[from], sky::Frame::ALL[to]);
        let (lon, lat) = rotation.turned(near.0, near.1).unwrap();
        let (back_lon, back_lat) = rotation.back().turned(lon, lat).unwrap();
        prop_assert!(sky::distance(near.0, near.1, back_lon, back_lat) < 1e-12);
        if let Ok(turned) = region.turned(&rotation) {
            let (area, new) = (region.area(), turned.area());
            prop_assert!((area - new).abs() < 1e-6 * area + 1e-13, "{} {}", region, turned);
        }
    }
}

/// What a database computes for itself holds what it must, too.
fn near(place: (f64, f64), radius: f64, what: sky::Near) -> Vec<(i64, i64)> {
    let circle = Region::circle(place.0, place.1, radius)
        .unwrap()
        .footprint();
    let ranges = sky::near([circle.x, circle.y, circle.z], circle.crin, what, -1);
    for pair in ranges.windows(2) {
        assert!(pair[0].1 < pair[1].0, "{ranges:?}");
    }
    ranges
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn positions_near_a_row_are_among_the_keys(
        place in place(),
        size in size(),
        part in prop_oneof![0.0..1.0, Just(1.0), Just(0.0)],
        bearing in 0.0..360.0,
    ) {
        let ranges = near(place, size, sky::Near::Positions);
        let (lon, lat) = from(place, size * part * (1.0 - 1e-9), bearing);
        let cell = sky::position_cell(lon, lat).unwrap();
        prop_assert!(holds(&ranges, cell), "{place:?} {size} {lon} {lat}");
        prop_assert!(ranges.len() <= 80, "{}", ranges.len());
    }

    #[test]
    fn footprints_near_a_row_are_among_the_keys((a, b) in pair()) {
        let (given, sought) = (a.footprint(), b.footprint());
        let centre = [given.x, given.y, given.z];
        let related = [
            (sky::Near::Meeting, sky::meets(&given.v, &sought.v)),
            (sky::Near::Inside, sky::contains(&given.v, &sought.v)),
            (sky::Near::Around, sky::contains(&sought.v, &given.v)),
        ];
        for (what, holds_true) in related {
            let ranges = sky::near(centre, given.crad, what, -1);
            prop_assert!(!holds_true || holds(&ranges, sought.key), "{what:?} {a} {b}");
        }
    }
}
