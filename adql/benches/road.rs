//! How long a query takes from its text to SQL: parse, check, index, write.
//!
//! `cargo bench -p adql`. The aim is 100 µs for a typical query of ObsCore and
//! 200 µs for one with a region, with a catalog of 5,000 columns; results are
//! kept in `benches/results/`.

use adql::catalog::{PositionIndex, RegionIndex, Table};
use adql::sky::Region;
use adql::sky::cover::{Manner, Population, Relation, footprints_among};
use adql::{Catalog, Column, Statement, Syntax, Target, Type};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const PLAIN: &str = "
    SELECT TOP 100 obs_publisher_did, obs_collection, target_name, s_ra, s_dec, t_min, t_max,
           t_exptime, em_min, em_max, access_url, access_format, access_estsize
    FROM ivoa.ObsCore
    WHERE dataproduct_type = 'image' AND obs_collection IN ('DECam', 'VIRCAM')
      AND t_min > 59000.5 AND t_max < 59365 AND em_min < 7e-7 AND em_max > 5e-7
      AND t_exptime BETWEEN 30 AND 900 AND target_name LIKE 'NGC%'
    ORDER BY t_min DESC";

const REGION: &str = "
    SELECT TOP 100 obs_publisher_did, obs_collection, s_ra, s_dec, t_min, t_exptime, access_url
    FROM ivoa.ObsCore
    WHERE dataproduct_type = 'image' AND t_exptime > 30
      AND 1 = INTERSECTS(s_region, CIRCLE('ICRS', 150.1, 2.2, 0.7))
    ORDER BY t_min DESC";

const POLYGON: &str = "
    SELECT obs_publisher_did FROM ivoa.ObsCore
    WHERE CONTAINS(s_region, POLYGON(149, 1, 151, 1, 151.5, 2, 150, 3.5, 148.5, 2)) = 1";

const CONE: &str = "
    SELECT obs_publisher_did FROM ivoa.ObsCore
    WHERE CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 150.1, 2.2, 0.7)) = 1";

const JOINED: &str = "
    SELECT o.obs_id, COUNT(*) AS n, AVG(c.column_7) FROM ivoa.ObsCore AS o
    JOIN survey.catalogue_42 AS c ON DISTANCE(POINT(o.s_ra, o.s_dec), POINT(c.column_1, c.column_2)) < 1/3600.0
    WHERE c.column_3 > (o.t_exptime + 3) * 2 GROUP BY o.obs_id HAVING COUNT(*) > 3 ORDER BY n DESC";

/// ObsCore among a hundred other tables, 5,000 columns in all.
fn catalog() -> Catalog {
    let text = |name: &&str| Column::new(*name, Type::Text);
    let double = |name: &&str| Column::new(*name, Type::Double);
    let texts = [
        "dataproduct_type",
        "obs_collection",
        "obs_id",
        "obs_publisher_did",
        "target_name",
        "access_url",
        "access_format",
        "facility_name",
        "instrument_name",
        "o_ucd",
        "pol_states",
    ];
    let doubles = [
        "s_ra",
        "s_dec",
        "s_fov",
        "s_resolution",
        "t_min",
        "t_max",
        "t_exptime",
        "t_resolution",
        "em_min",
        "em_max",
        "em_res_power",
    ];
    let mut columns: Vec<Column> = texts
        .iter()
        .map(text)
        .chain(doubles.iter().map(double))
        .collect();
    columns.push(Column::new("s_region", Type::Region));
    for name in [
        "calib_level",
        "access_estsize",
        "s_xel1",
        "s_xel2",
        "t_xel",
        "em_xel",
        "pol_xel",
    ] {
        columns.push(Column::new(name, Type::BigInt));
    }
    let obscore = Table {
        schema: "ivoa".to_owned(),
        name: "ObsCore".to_owned(),
        stored: ("ivoa".to_owned(), "obscore".to_owned()),
        columns,
        regions: vec![RegionIndex {
            column: "s_region".to_owned(),
            prefix: "fp".to_owned(),
        }],
        positions: vec![PositionIndex {
            lon: "s_ra".to_owned(),
            lat: "s_dec".to_owned(),
            cell: "pt_hpx".to_owned(),
        }],
        ..Table::default()
    };
    let others = (0..100).map(|number| Table {
        schema: "survey".to_owned(),
        name: format!("catalogue_{number}"),
        stored: ("survey".to_owned(), format!("catalogue_{number}")),
        columns: (0..50)
            .map(|column| Column::new(format!("column_{column}"), Type::Double))
            .collect(),
        ..Table::default()
    });
    Catalog::new(std::iter::once(obscore).chain(others))
}

fn road(text: &str, catalog: &Catalog, target: &Target) -> Statement {
    let syntax = adql::parse(text).expect("a query");
    let query = adql::check(&syntax, catalog).expect("a checked query");
    let query = adql::index(query.limited_to(Some(1000)));
    adql::write(&query, target)
}

const QUERIES: [(&str, &str); 5] = [
    ("plain", PLAIN),
    ("region", REGION),
    ("polygon", POLYGON),
    ("cone", CONE),
    ("joined", JOINED),
];

fn text(name: &str) -> &'static str {
    let found = QUERIES.iter().find(|query| query.0 == name);
    found.map_or(PLAIN, |query| query.1)
}

#[divan::bench(args = ["plain", "region", "polygon", "cone", "joined"])]
fn to_postgres(bencher: Bencher, name: &str) {
    let (catalog, target) = (catalog(), Target::postgres(None));
    bencher.bench(|| road(black_box(text(name)), &catalog, &target));
}

#[divan::bench(args = ["plain", "region", "polygon", "cone", "joined"])]
fn to_sqlite(bencher: Bencher, name: &str) {
    let (catalog, target) = (catalog(), Target::sqlite());
    bencher.bench(|| road(black_box(text(name)), &catalog, &target));
}

/// Three million rows, most of them in one class: 0.1 ms for a small region and
/// 1 ms for 30° are the aims. A query makes one cover of each manner at most.
#[divan::bench(args = [0.01, 0.5, 5.0, 30.0, 89.9], consts = [false, true])]
fn cover<const JOINED: bool>(bencher: Bencher, radius: f64) {
    let mut population = Population([3_000.0; Population::CLASSES]);
    population.0[7] = 2_800_000.0;
    let manner = if JOINED {
        Manner::Joined
    } else {
        Manner::Listed
    };
    let circle = Region::circle(150.1, 2.2, radius).expect("a circle");
    bencher.bench(|| footprints_among(black_box(&circle), Relation::Meets, &population, manner));
}

#[divan::bench(args = ["plain", "region"])]
fn parse(bencher: Bencher, name: &str) {
    bencher.bench(|| adql::parse(black_box(text(name))));
}

#[divan::bench(args = ["plain", "region"])]
fn check(bencher: Bencher, name: &str) {
    let catalog = catalog();
    let syntax: Syntax = adql::parse(text(name)).expect("a query");
    bencher.bench(|| adql::check(black_box(&syntax), &catalog));
}

#[divan::bench(args = ["region", "polygon", "cone"])]
fn index(bencher: Bencher, name: &str) {
    let catalog = catalog();
    let syntax = adql::parse(text(name)).expect("a query");
    let query = adql::check(&syntax, &catalog).expect("a checked query");
    bencher
        .with_inputs(|| query.clone())
        .bench_values(adql::index);
}
