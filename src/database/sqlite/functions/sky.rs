//! The sphere for SQLite: the functions that a migration gives PostgreSQL
//! (`migrations/postgres/sky_functions.sql`), with the same names. The number
//! at the end is the version of the answer.

use std::fmt::Write;

use adql::sky::{self, Coordinates, Near, Point, Region, RegionError};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::{Arguments, Refusal, add};

/// Longitudes, latitudes, radii and sizes are in degrees. Shapes and lists of
/// coordinates are BLOBs of big-endian reals.
pub(super) fn register(connection: &Connection) -> Result<()> {
    add(connection, "sky_point_1", 2, |of| {
        shape(Region::point(of.real(0)?, of.real(1)?))
    })?;
    add(connection, "sky_circle_1", 3, |of| {
        shape(Region::circle(of.real(0)?, of.real(1)?, of.real(2)?))
    })?;
    add(connection, "sky_polygon_1", 1, |of| {
        let coordinates = of.doubles(0)?;
        let (pairs, rest) = coordinates.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Refusal::new(format!(
                "a polygon needs an even count of numbers (lon lat ...), not {}",
                coordinates.len()
            )));
        }
        let vertices: Vec<(f64, f64)> = pairs.iter().map(|&[lon, lat]| (lon, lat)).collect();
        shape(Region::polygon(&vertices))
    })?;
    add(connection, "sky_box_1", 4, |of| {
        let [lon, lat, width, height] = [of.real(0)?, of.real(1)?, of.real(2)?, of.real(3)?];
        shape(Region::box_(lon, lat, width, height))
    })?;
    add(connection, "sky_contains_1", 2, |of| {
        let (outer, inner) = (of.doubles(0)?, of.doubles(1)?);
        Ok(Value::Integer(sky::contains(&outer, &inner).into()))
    })?;
    add(connection, "sky_meets_1", 2, |of| {
        let (a, b) = (of.doubles(0)?, of.doubles(1)?);
        Ok(Value::Integer(sky::meets(&a, &b).into()))
    })?;
    add(connection, "sky_in_1", 3, |of| {
        let point = Point::from_degrees(of.real(0)?, of.real(1)?).map_err(refusal)?;
        let inside = sky::point_in(&point.vector(), &of.doubles(2)?);
        Ok(Value::Integer(inside.into()))
    })?;
    add(connection, "sky_distance_1", 4, |of| {
        let [lon1, lat1, lon2, lat2] = [of.real(0)?, of.real(1)?, of.real(2)?, of.real(3)?];
        Ok(Value::Real(sky::distance(lon1, lat1, lon2, lat2)))
    })?;
    add(connection, "sky_gap_1", 3, |of| {
        let point = Point::from_degrees(of.real(0)?, of.real(1)?).map_err(refusal)?;
        Ok(Value::Real(sky::gap(&point.vector(), &of.doubles(2)?)))
    })?;
    add(connection, "sky_area_1", 1, |of| {
        Ok(Value::Real(sky::area(&of.doubles(0)?)))
    })?;
    add(connection, "sky_centroid_1", 1, |of| {
        let (lon, lat) = sky::centroid(&of.doubles(0)?).lon_lat();
        Ok(list(&[lon, lat]))
    })?;
    add(connection, "sky_coordinates_1", 2, |of| {
        let kind = match of.text(1)? {
            "POINT" => Coordinates::Point,
            "CIRCLE" => Coordinates::Circle,
            _ => Coordinates::Polygon,
        };
        let numbers = kind.read(of.text(0)?).map_err(refusal)?;
        Ok(list(&numbers))
    })?;
    add(connection, "sky_reach_1", 3, |of| {
        let circle = sky::reach(of.real(0)?, of.real(1)?, of.real(2)?);
        Ok(list(circle.shape().as_slice()))
    })?;
    // The first keys of ranges and their last ones: the names and values of an
    // object, for json_each.
    add(connection, "sky_near_1", 3, |of| {
        let circle = of.doubles(0)?;
        let &[_, x, y, z, chord] = &circle[..] else {
            return Err(of.refuse("wants a circle"));
        };
        let sought = Near::of_number(of.integer(1)?);
        let sought = sought.ok_or_else(|| of.refuse("does not know what to look for"))?;
        let ranges = sky::near([x, y, z], chord, sought, of.integer(2)?);
        let mut object = String::with_capacity(44 * ranges.len() + 2);
        for (low, high) in ranges {
            let separator = if object.is_empty() { '{' } else { ',' };
            // Writing to a String cannot fail.
            let _ = write!(object, "{separator}\"{low}\":{high}");
        }
        object.push_str(if object.is_empty() { "{}" } else { "}" });
        Ok(Value::Text(object))
    })?;
    // Arrays of numbers, which PostgreSQL has of itself.
    add(connection, "doubles", -1, |of| {
        let mut bytes = Vec::with_capacity(8 * of.len());
        for place in 0..of.len() {
            bytes.extend(of.real(place)?.to_be_bytes());
        }
        Ok(Value::Blob(bytes))
    })?;
    add(connection, "doubles_at", 2, |of| {
        let (numbers, place) = (of.doubles(0)?, of.integer(1)?);
        let place = usize::try_from(place - 1).ok();
        let number = place.and_then(|place| numbers.get(place));
        Ok(number.map_or(Value::Null, |number| Value::Real(*number)))
    })
}

fn shape(region: std::result::Result<Region, RegionError>) -> std::result::Result<Value, Refusal> {
    let shape = region.map_err(refusal)?.shape();
    Ok(list(shape.as_slice()))
}

fn list(numbers: &[f64]) -> Value {
    Value::Blob(numbers.iter().flat_map(|x| x.to_be_bytes()).collect())
}

pub(super) fn refusal(error: RegionError) -> Refusal {
    Refusal::new(error.to_string())
}

impl Arguments<'_, '_> {
    fn len(&self) -> usize {
        self.context.len()
    }

    pub(super) fn doubles(&self, place: usize) -> std::result::Result<Vec<f64>, Refusal> {
        match self.raw(place) {
            ValueRef::Blob(bytes) if bytes.len() % 8 == 0 => {
                let (chunks, _) = bytes.as_chunks::<8>();
                let numbers: Vec<f64> = chunks
                    .iter()
                    .map(|bytes| f64::from_be_bytes(*bytes))
                    .collect();
                // A row that waits for its index. (PostgreSQL cannot count
                // the parts of such a shape, and fails too.)
                match numbers.first().is_some_and(|first| first.is_nan()) {
                    true => Err(self.refuse("wants a shape that is known")),
                    false => Ok(numbers),
                }
            }
            _ => Err(self.refuse("wants a shape")),
        }
    }
}
