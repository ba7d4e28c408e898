//! How long the coverage of many footprints takes.
//!
//! `cargo bench -p adql --bench coverage`. The aim is 20 µs for the footprint of
//! a detector at order 10, and a tenth of that where the sky is covered already;
//! results are kept in `benches/results/`.

use adql::sky::{Coverage, Region, SpaceTimeCoverage, TimeCoverage};
use divan::{Bencher, black_box, counter::ItemsCount};

fn main() {
    divan::main();
}

const MANY: usize = 5_000;

/// Detectors of 0.15 by 0.3 degrees, turned, in fields all over the sky: as many
/// fields as there are detectors, or a hundred that come again.
fn detectors(fields: usize) -> Vec<Region> {
    let places = (0..MANY).map(|place| {
        let field = (place % fields) as f64 + 0.5;
        let lat = (2.0 * field / fields as f64 - 1.0).asin().to_degrees();
        let lon = (field * 137.507_764).rem_euclid(360.0);
        (lon, lat.clamp(-89.0, 89.0), (place * 37 % 180) as f64)
    });
    places
        .filter_map(|(lon, lat, turn)| {
            let corner = |x: f64, y: f64| {
                let (sin, cos) = turn.to_radians().sin_cos();
                let east = (x * cos - y * sin) / lat.to_radians().cos();
                ((lon + east).rem_euclid(360.0), lat + x * sin + y * cos)
            };
            let corners = [
                (-0.15, -0.075),
                (0.15, -0.075),
                (0.15, 0.075),
                (-0.15, 0.075),
            ];
            Region::polygon(&corners.map(|(x, y)| corner(x, y))).ok()
        })
        .collect()
}

#[divan::bench(args = [(8, MANY), (10, MANY), (11, MANY), (13, MANY), (10, 100)])]
fn space(bencher: Bencher, (order, fields): (u8, usize)) {
    let regions = detectors(fields);
    bencher
        .counter(ItemsCount::new(regions.len()))
        .bench_local(|| {
            let mut coverage = Coverage::new(order);
            regions.iter().for_each(|region| coverage.add(region));
            black_box(coverage.ascii())
        });
}

#[divan::bench]
fn space_of_wide_circles(bencher: Bencher) {
    let circles: Vec<Region> = (0..100)
        .filter_map(|place| {
            Region::circle(f64::from(place) * 3.6, 0.7 * f64::from(place), 20.0).ok()
        })
        .collect();
    bencher
        .counter(ItemsCount::new(circles.len()))
        .bench_local(|| {
            let mut coverage = Coverage::new(10);
            circles.iter().for_each(|region| coverage.add(region));
            black_box(coverage.ascii())
        });
}

#[divan::bench]
fn time(bencher: Bencher) {
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| {
        let mut coverage = TimeCoverage::new(31);
        for place in 0..MANY {
            let first = 50_000.0 + 0.7 * (place * 7 % MANY) as f64;
            coverage.add(first, first + 0.01);
        }
        black_box(coverage.ascii())
    });
}

#[divan::bench]
fn space_and_time(bencher: Bencher) {
    let regions = detectors(MANY);
    bencher
        .counter(ItemsCount::new(regions.len()))
        .bench_local(|| {
            let mut coverage = SpaceTimeCoverage::new(24, 6);
            for (place, region) in regions.iter().enumerate() {
                let first = 50_000.0 + 0.1 * (place * 7 % MANY) as f64;
                coverage.add(region, first, first + 0.01);
            }
            black_box(coverage.bytes())
        });
}
