//! How many rows the indexes on the sky have: what a cover may cost.

use adql::catalog::{Catalog, Population};
use adql::{Value, Wire};

use crate::database::{Database, Error};

/// So many keys are counted; of more, how dense they are says how many there
/// would be on the whole sky.
const COUNTED: u32 = 10_000;

/// Notes in a catalog about how many rows its indexes have now; nothing of an
/// index that cannot be counted. Rows are looked up by their places only in
/// tables that were.
pub(super) async fn populate(database: &Database, catalog: &mut Catalog) {
    let mut found = Vec::new();
    for (place, table) in catalog.tables().iter().enumerate() {
        let name = database.target().table(table);
        let regions = table.regions.iter();
        let regions = regions.map(|region| (format!("{}_key", region.prefix), true));
        let positions = table.positions.iter();
        let positions = positions.map(|position| (position.cell.clone(), false));
        for (key, is_region) in regions.chain(positions) {
            match population(database, &name, &key, is_region).await {
                Ok(population) => found.push((place, key, population)),
                Err(error) => tracing::debug!("cannot count the keys {key} of {name}: {error}"),
            }
        }
    }
    for (place, key, population) in found {
        catalog.populate(place, key, population);
    }
}

async fn population(
    database: &Database,
    table: &str,
    key: &str,
    is_region: bool,
) -> Result<Population, Error> {
    let mut classes = [0.0; Population::CLASSES];
    if !is_region {
        classes[0] = count(database, table, key, (0, POSITIONS - 1), POSITIONS).await?;
        return Ok(Population(classes));
    }
    for (class, rows) in classes.iter_mut().enumerate() {
        *rows = count(database, table, key, Population::keys(class), CENTRES).await?;
    }
    Ok(Population(classes))
}

/// Cells of positions, and of the centres of regions.
const POSITIONS: i64 = 12 << 58;
const CENTRES: i64 = 12 << 52;

/// About how many rows have keys in a range, of which `sky` are the whole sky.
async fn count(
    database: &Database,
    table: &str,
    key: &str,
    (low, high): (i64, i64),
    sky: i64,
) -> Result<f64, Error> {
    let key = adql::target::quote(key);
    // Views have no places, and so are not counted.
    let place = database.target().place();
    let sql = format!(
        "SELECT CAST(count(p) AS bigint), CAST(max(k) - min(k) AS bigint) \
         FROM (SELECT {key} AS k, {place} AS p FROM {table} WHERE {key} BETWEEN $1 AND $2 \
         ORDER BY {key} LIMIT {COUNTED}) AS few"
    );
    let values = [Value::BigInt(low), Value::BigInt(high)];
    let rows = database.fetch(&sql, &values, &[Wire::Int8; 2]).await?;
    let number = |column| {
        let cell = rows.cell(0, column).and_then(|cell| cell.try_into().ok());
        cell.map_or(0, i64::from_be_bytes)
    };
    let (counted, span) = (number(0), number(1).max(1));
    if counted < i64::from(COUNTED) {
        return Ok(counted as f64);
    }
    Ok(counted as f64 * sky as f64 / span as f64)
}
