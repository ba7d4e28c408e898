//! The rows of the tables that random queries are asked of: few, and every
//! one of them odd somewhere. `adql/tests/random/tables.rs` has the columns
//! and what the values keep to.

use adql::catalog::Table;
use adql::{Type, Wire};
use obstap::database::{Batch, Database};
use obstap::spatial;

const WORDS: [&str; 6] = ["a", "A", "b", "word", "", "Ørsted"];
const TEXTS: [&str; 9] = [
    "",
    " ",
    "100%",
    "a_b",
    "a\\b",
    "it's \"so\"",
    "Ångström – 星 🌌",
    "ß",
    "line\nbreak\ttab",
];
const SMALL: [i16; 5] = [0, 1, -1, i16::MAX, i16::MIN];
const MIDDLE: [i32; 5] = [0, 17, -1, i32::MAX, i32::MIN];
const LARGE: [i64; 7] = [
    0,
    -1,
    i64::MAX,
    i64::MIN,
    1 << 53,
    (1 << 53) + 1,
    4_611_686_018_427_387_904,
];
const REALS: [f32; 7] = [0.0, -0.0, 1.1, -2.5, f32::MAX, 1e-45, 16_777_216.0];
const DOUBLES: [f64; 10] = [
    0.0,
    -0.0,
    0.1,
    -1.5,
    1e308,
    -1e308,
    5e-324,
    9_007_199_254_740_993.0,
    1e-7,
    123_456_789_012_345_680.0,
];
/// Microseconds since 2000.
const TIMES: [i64; 6] = [
    0,
    1,
    -1,
    820_454_400_000_000,
    -4_453_401_600_000_000,
    252_455_615_999_999_999,
];
const PLACES: [(f64, f64); 9] = [
    (10.0, 20.0),
    (10.25, 20.0),
    (0.0, 0.0),
    (359.75, 0.0),
    (360.0, -30.5),
    (123.0, 90.0),
    (0.0, -90.0),
    (180.0, 89.5),
    (52.1, -7.3),
];
const REGIONS: [&str; 8] = [
    "CIRCLE ICRS 10 20 1",
    "POLYGON ICRS 350 -10 10 -10 10 10 350 10",
    "CIRCLE ICRS 0 90 3",
    "UNION ICRS (CIRCLE 10 20 1 CIRCLE 200 -45 2)",
    "POLYGON ICRS 10 -10 10 10 350 10 350 -10",
    "circle 200 -45 2",
    "MOC 3/0",
    "POSITION ICRS 10 20",
];

/// A value of a column in the row of that number; some have none.
fn cell(column: &str, kind: Type, row: usize) -> Option<Vec<u8>> {
    let real = |value: f64| Some(value.to_be_bytes().to_vec());
    let text = |value: &str| Some(value.as_bytes().to_vec());
    // In another order than the row's, so that no two columns go together.
    let turn = |step: usize, count: usize| (row * step) % count;
    let place = PLACES[turn(4, PLACES.len())];
    match column {
        "id" => return Some((row as i32 + 1).to_be_bytes().to_vec()),
        _ if turn(7, 5) == column.len() % 5 => return None,
        "few" => return Some((turn(5, 7) as i32 - 2).to_be_bytes().to_vec()),
        "tame" => return real(turn(11, 13) as f64 * 0.125 - 0.5),
        "word" => return text(WORDS[turn(5, WORDS.len())]),
        "lon" => return real(turn(7, 24) as f64 * 15.125),
        "lat" => return real(turn(5, 17) as f64 * 7.5 - 60.0),
        "ra" | "ra2" => return real(place.0),
        "dec" | "dec2" => return real(place.1),
        _ => {}
    }
    match kind {
        Type::SmallInt => Some(SMALL[turn(3, 5)].to_be_bytes().to_vec()),
        Type::Integer => Some(MIDDLE[turn(2, 5)].to_be_bytes().to_vec()),
        Type::BigInt => Some(LARGE[turn(3, 7)].to_be_bytes().to_vec()),
        Type::Real => Some(REALS[turn(5, 7)].to_be_bytes().to_vec()),
        Type::Double => real(DOUBLES[turn(7, 10)]),
        Type::Timestamp => Some(TIMES[turn(5, 6)].to_be_bytes().to_vec()),
        Type::Boolean => Some(vec![turn(1, 2) as u8]),
        Type::Region => text(REGIONS[turn(3, 8)]),
        _ => text(TEXTS[turn(4, 9)]),
    }
}

/// Where there are schemas, a table has to have one.
pub async fn make_schema(database: &Database, schema: &str) {
    if database.version().starts_with("PostgreSQL") {
        let mut transaction = database.begin().await.expect("begin");
        transaction
            .script(&format!("CREATE SCHEMA {{{schema}}}"))
            .await
            .expect("a schema");
        transaction.commit().await.expect("commit");
    }
}

/// Makes a table and fills it.
pub async fn fill(database: &Database, table: &Table, rows: usize) {
    let mut columns: Vec<(&str, Wire)> = Vec::new();
    for column in &table.columns {
        columns.push((&column.name, column.kind.wire()));
    }
    if !table.regions.is_empty() {
        columns.extend(spatial::COLUMNS);
    }
    let target = database.target();
    let (schema, name) = (&table.stored.0, &table.stored.1);
    let declared: Vec<String> = columns
        .iter()
        .map(|(name, wire)| {
            let name = adql::target::quote(name);
            format!("{name} {}", target.stored_type(*wire))
        })
        .collect();
    let mut transaction = database.begin().await.expect("begin");
    let sql = format!(
        "CREATE TABLE {{{schema}.{name}}} ({}) {}",
        declared.join(", "),
        target.table_options()
    );
    transaction.script(&sql).await.expect("a table");
    let wires: Vec<Wire> = columns.iter().map(|(_, wire)| *wire).collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut batch = Batch::new(wires);
    for row in 0..rows {
        let cells = table.columns.iter();
        let cells: Vec<_> = cells.map(|it| cell(&it.name, it.kind, row)).collect();
        cells.iter().for_each(|cell| batch.push(cell.as_deref()));
        if !table.regions.is_empty() {
            let of = |name: &str| {
                let place = table.columns.iter().position(|it| it.name == name);
                place.and_then(|place| cells[place].as_deref())
            };
            let number = |bytes: &[u8]| f64::from_be_bytes(bytes.try_into().expect("8 bytes"));
            let region = of("s_region").map(|it| std::str::from_utf8(it).expect("a text"));
            let cells = spatial::fill(region, of("ra").map(number), of("dec").map(number));
            cells.expect("a region").push(&mut batch);
        }
    }
    transaction
        .append((schema, name), &names, batch)
        .await
        .expect("rows");
    transaction.commit().await.expect("commit");
}
