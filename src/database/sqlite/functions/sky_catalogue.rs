//! The functions of the IVOA's catalogue on the sky for SQLite: those that
//! `migrations/postgres/0006_sky_catalogue.sql` gives PostgreSQL, with the same
//! names.

use adql::sky::{Rotation, Star, cell};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::sky::refusal;
use super::{Refusal, add, add_for_null};

/// Angles are in degrees. Lists of coordinates are BLOBs of big-endian reals.
pub(super) fn register(connection: &Connection) -> Result<()> {
    add(connection, "sky_cell_1", 2, |of| {
        let cell = cell::cell(cell::FINEST, of.real(0)?, of.real(1)?);
        cell.map(Value::Integer).map_err(refusal)
    })?;
    add(connection, "sky_healpix_index_1", 3, |of| {
        let order = cell::order(of.integer(0)?).map_err(refusal)?;
        let cell = cell::cell(order, of.real(1)?, of.real(2)?);
        cell.map(Value::Integer).map_err(refusal)
    })?;
    add(connection, "sky_healpix_center_1", 2, |of| {
        let order = cell::order(of.integer(0)?).map_err(refusal)?;
        let (lon, lat) = cell::centre(order, of.integer(1)?).map_err(refusal)?;
        Ok(list(&[lon, lat]))
    })?;
    add(connection, "sky_turned_1", 2, |of| {
        let rotation = Rotation::of_numbers(&of.doubles(0)?);
        let rotation = rotation.ok_or_else(|| of.refuse("wants a rotation"))?;
        let mut coordinates = of.doubles(1)?;
        let (pairs, _) = coordinates.as_chunks_mut::<2>();
        for pair in pairs {
            let (lon, lat) = rotation.turned(pair[0], pair[1]).map_err(refusal)?;
            *pair = [lon, lat];
        }
        Ok(list(&coordinates))
    })?;
    // PostgreSQL has width_bucket: the cell lies in one of the ranges, given by
    // their starts and what follows their ends, sorted.
    add(connection, "cell_in_1", 2, |of| {
        let cell = of.integer(0)?;
        let ValueRef::Blob(bytes) = of.raw(1) else {
            return Err(of.refuse("wants cells"));
        };
        let (bounds, _) = bytes.as_chunks::<8>();
        let below = bounds.partition_point(|bound| i64::from_be_bytes(*bound) <= cell);
        Ok(Value::Integer((below % 2 == 1).into()))
    })?;
    add_for_null(connection, "sky_moved_1", 8, |of| {
        let needed = |place| {
            let needed = of.optional_real(place)?;
            let lacks = || Refusal::new("a motion needs a position and both its epochs");
            needed.ok_or_else(lacks)
        };
        let known = |place| Ok::<_, Refusal>(of.optional_real(place)?.unwrap_or(0.0));
        let star = Star {
            lon: needed(0)?,
            lat: needed(1)?,
            parallax: known(2)?,
            pm_lon: known(3)?,
            pm_lat: known(4)?,
            radial_velocity: known(5)?,
        };
        let (lon, lat) = star.moved(needed(7)? - needed(6)?).map_err(refusal)?;
        Ok(list(&[lon, lat]))
    })
}

fn list(numbers: &[f64]) -> Value {
    Value::Blob(numbers.iter().flat_map(|x| x.to_be_bytes()).collect())
}
