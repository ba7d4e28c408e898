//! The sphere for SQLite: what `migrations/postgres/sky_functions.sql` is for
//! PostgreSQL, with the arithmetic of `adql::sky`. Shapes and lists of numbers
//! are bytes, big-endian doubles.

use adql::sky::{self, Point, Region, RegionError};
use rusqlite::Connection;
use rusqlite::types::{Value, ValueRef};

use super::{Arguments, Refusal, add};

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    add(connection, "sky_point_1", 2, |a| {
        shape(Region::point(a.real(0)?, a.real(1)?))
    })?;
    add(connection, "sky_circle_1", 3, |a| {
        shape(Region::circle(a.real(0)?, a.real(1)?, a.real(2)?))
    })?;
    add(connection, "sky_box_1", 4, |a| {
        shape(Region::box_(a.real(0)?, a.real(1)?, a.real(2)?, a.real(3)?))
    })?;
    add(connection, "sky_polygon_1", 1, |a| {
        let numbers = a.doubles(0)?;
        let vertices: Vec<(f64, f64)> = numbers.chunks_exact(2).map(|v| (v[0], v[1])).collect();
        shape(Region::polygon(&vertices))
    })?;
    add(connection, "sky_contains_1", 2, |a| {
        let (outer, inner) = (a.doubles(0)?, a.doubles(1)?);
        Ok(truth(sky::contains(&outer, &inner)))
    })?;
    add(connection, "sky_meets_1", 2, |a| {
        let (one, other) = (a.doubles(0)?, a.doubles(1)?);
        Ok(truth(sky::meets(&one, &other)))
    })?;
    add(connection, "sky_in_1", 3, |a| {
        let point = Point::from_degrees(a.real(0)?, a.real(1)?).map_err(refused)?;
        Ok(truth(sky::point_in(&point.vector(), &a.doubles(2)?)))
    })?;
    add(connection, "sky_distance_1", 4, |a| {
        let [lon1, lat1, lon2, lat2] = [a.real(0)?, a.real(1)?, a.real(2)?, a.real(3)?];
        Ok(Value::Real(sky::distance(lon1, lat1, lon2, lat2)))
    })?;
    // Arrays of numbers, which PostgreSQL has of itself.
    add(connection, "doubles", -1, |a| {
        let numbers: Result<Vec<f64>, Refusal> = (0..a.len()).map(|place| a.real(place)).collect();
        Ok(blob(&numbers?))
    })?;
    add(connection, "doubles_at", 2, |a| {
        let place = a.integer(1)?;
        let numbers = a.doubles(0)?;
        let number = usize::try_from(place - 1)
            .ok()
            .and_then(|place| numbers.get(place));
        Ok(number.map_or(Value::Null, |number| Value::Real(*number)))
    })
}

impl Arguments<'_, '_> {
    fn len(&self) -> usize {
        self.context.len()
    }

    fn doubles(&self, place: usize) -> Result<Vec<f64>, Refusal> {
        match self.raw(place) {
            ValueRef::Blob(bytes) => {
                let (numbers, _) = bytes.as_chunks::<8>();
                Ok(numbers
                    .iter()
                    .map(|bytes| f64::from_be_bytes(*bytes))
                    .collect())
            }
            _ => Err(self.refuse("wants a list of numbers")),
        }
    }
}

fn shape(region: Result<Region, RegionError>) -> Result<Value, Refusal> {
    Ok(blob(region.map_err(refused)?.shape().as_slice()))
}

fn blob(numbers: &[f64]) -> Value {
    Value::Blob(
        numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect(),
    )
}

fn refused(error: RegionError) -> Refusal {
    Refusal(error.to_string())
}

fn truth(value: bool) -> Value {
    Value::Integer(i64::from(value))
}
