//! Footprints as GeoJSON (RFC 7946), for maps.
//!
//! Each row is a feature. Its geometry is its region, or its position where
//! there is none, or `null`; all other columns are its properties, written as
//! in the format JSON. Longitudes are right ascensions from −180 to 180 and
//! latitudes declinations, in degrees (ICRS; RFC 7946 knows only the Earth).
//! Circles become polygons; what crosses the meridian at 180° is cut there as
//! section 3.1.9 asks; a polygon round a pole follows the edge of the map.
//!
//! The member `query_status` comes last: `OK` or `OVERFLOW`, as in DALI. Where
//! it is missing the answer has been broken off.

use adql::Column;
use adql::sky::{Outline, Region};

use super::encoder::Ending;
use super::json::{Members, string};
use super::moc::nowhere;
use crate::database::{Batch, Error};
use crate::spatial::{Place, Where};

type Ring = Vec<(f64, f64)>;

pub struct Geojson {
    place: Place,
    members: Members,
    begun: bool,
}

impl Geojson {
    pub fn new(columns: &[Column], out: &mut Vec<u8>) -> Result<Geojson, Error> {
        let place = Place::of(columns).ok_or_else(|| nowhere("GeoJSON"))?;
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
        Ok(Geojson {
            place,
            members: Members::new(columns),
            begun: false,
        })
    }

    /// Appends the first `count` rows of `batch`.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) {
        for row in 0..count {
            out.extend_from_slice(if self.begun { b",\n" } else { b"\n" });
            self.begun = true;
            out.extend_from_slice(b"{\"type\":\"Feature\",\"geometry\":");
            match self.place.find(batch, row) {
                Some(Where::Region(region)) => geometry(&region, out),
                Some(Where::Position(lon, lat)) => point(lon, lat, out),
                None => out.extend_from_slice(b"null"),
            }
            out.extend_from_slice(b",\"properties\":");
            let region = self.place.region_column();
            let wanted = |column| Some(column) != region;
            self.members.object(batch, row, wanted, out);
            out.push(b'}');
        }
    }

    pub fn finish(self, ending: Ending<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n],\"query_status\":");
        string(ending.status().as_bytes(), out);
        if let Some(sentence) = ending.sentence() {
            out.extend_from_slice(b",\"message\":");
            string(sentence.as_bytes(), out);
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Appends a region as a geometry object.
fn geometry(region: &Region, out: &mut Vec<u8>) {
    let mut positions = Vec::new();
    let mut rings = Vec::new();
    for outline in region.outlines() {
        match outline {
            Outline::Position(lon, lat) => positions.push((lon, lat)),
            Outline::Ring(ring) => rings.extend(on_the_map(&ring)),
            Outline::WholeSky => rings.push(vec![
                (-180.0, -90.0),
                (180.0, -90.0),
                (180.0, 90.0),
                (-180.0, 90.0),
            ]),
        }
    }
    match (positions.as_slice(), rings.is_empty()) {
        ([(lon, lat)], true) => point(*lon, *lat, out),
        (positions, true) => points(positions, out),
        ([], false) => polygons(&rings, out),
        (positions, false) => {
            out.extend_from_slice(b"{\"type\":\"GeometryCollection\",\"geometries\":[");
            polygons(&rings, out);
            out.push(b',');
            points(positions, out);
            out.extend_from_slice(b"]}");
        }
    }
}

fn point(lon: f64, lat: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"Point\",\"coordinates\":");
    pair(turned(lon), lat, out);
    out.push(b'}');
}

fn points(positions: &[(f64, f64)], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"MultiPoint\",\"coordinates\":");
    list(positions, out, |&(lon, lat), out| {
        pair(turned(lon), lat, out)
    });
    out.push(b'}');
}

fn polygons(rings: &[Ring], out: &mut Vec<u8>) {
    let polygon = |ring: &Ring, out: &mut Vec<u8>| {
        out.push(b'[');
        let closed: Ring = ring.iter().chain(ring.first()).copied().collect();
        list(&closed, out, |&(lon, lat), out| pair(lon, lat, out));
        out.push(b']');
    };
    match rings {
        [ring] => {
            out.extend_from_slice(b"{\"type\":\"Polygon\",\"coordinates\":");
            polygon(ring, out);
        }
        rings => {
            out.extend_from_slice(b"{\"type\":\"MultiPolygon\",\"coordinates\":");
            list(rings, out, polygon);
        }
    }
    out.push(b'}');
}

fn list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

fn pair(lon: f64, lat: f64, out: &mut Vec<u8>) {
    // Turning a longitude leaves digits that mean nothing.
    let rounded = |angle: f64| (angle * 1e9).round() / 1e9;
    let mut buffer = zmij::Buffer::new();
    out.push(b'[');
    out.extend_from_slice(buffer.format(rounded(lon)).as_bytes());
    out.push(b',');
    out.extend_from_slice(buffer.format(rounded(lat)).as_bytes());
    out.push(b']');
}

/// A longitude from −180 (included) to 180.
fn turned(lon: f64) -> f64 {
    (lon + 180.0).rem_euclid(360.0) - 180.0
}

/// A ring on the sphere as rings on a map from −180 to 180.
fn on_the_map(ring: &[(f64, f64)]) -> Vec<Ring> {
    let unrolled = unrolled(ring);
    // It begins within the map and turns by no more than a whole turn.
    let pieces = [-360.0, 0.0, 360.0].map(|shift| {
        let shifted: Ring = unrolled
            .iter()
            .map(|&(lon, lat)| (lon + shift, lat))
            .collect();
        let east = cut(&shifted, |lon| lon + 180.0, -180.0);
        cut(&east, |lon| 180.0 - lon, 180.0)
    });
    pieces.into_iter().filter(|piece| piece.len() > 2).collect()
}

/// The longitudes made continuous, however far they go; a ring round a pole is
/// closed along it.
fn unrolled(ring: &[(f64, f64)]) -> Ring {
    let mut line: Ring = Vec::with_capacity(ring.len() + 3);
    // At a pole all longitudes are one.
    let is_pole = |lat: f64| lat.abs() >= 90.0;
    let start = ring.iter().position(|&(_, lat)| !is_pole(lat)).unwrap_or(0);
    let around = ring.iter().cycle().skip(start).take(ring.len() + 1);
    for &(lon, lat) in around {
        let Some(&(last_lon, last_lat)) = line.last() else {
            line.push((turned(lon), lat));
            continue;
        };
        if is_pole(lat) {
            line.push((last_lon, lat));
            continue;
        }
        let lon = last_lon + turned(lon - last_lon);
        if is_pole(last_lat) {
            line.push((lon, last_lat));
        }
        line.push((lon, lat));
    }
    let (Some(&(first, _)), Some(&(last, _))) = (line.first(), line.last()) else {
        return line;
    };
    let turn = last - first;
    if turn.abs() < 180.0 {
        line.pop();
    } else {
        // It is on the left: going east round the north pole.
        let pole = if turn > 0.0 { 90.0 } else { -90.0 };
        line.extend([(last, pole), (first, pole)]);
    }
    line
}

/// The part of a ring where `inside` of the longitude is not negative, by
/// Sutherland and Hodgman's method; `edge` is the longitude where it is zero.
fn cut(ring: &[(f64, f64)], inside: impl Fn(f64) -> f64, edge: f64) -> Ring {
    let mut kept = Vec::with_capacity(ring.len());
    let before = ring.last().into_iter().chain(ring);
    for (&(lon1, lat1), &(lon2, lat2)) in before.zip(ring) {
        let (in1, in2) = (inside(lon1), inside(lon2));
        if (in1 < 0.0) != (in2 < 0.0) {
            let share = in1 / (in1 - in2);
            kept.push((edge, lat1 + share * (lat2 - lat1)));
        }
        if in2 >= 0.0 {
            kept.push((lon2, lat2));
        }
    }
    kept.dedup();
    // A piece that only touches the edge has no area.
    match kept.iter().all(|&(lon, _)| lon == edge) {
        true => Vec::new(),
        false => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::encoder::Cut;
    use adql::{Type, Wire};
    use serde_json::Value;

    fn drawn(text: &str) -> Value {
        let mut out = Vec::new();
        geometry(&Region::parse(text).unwrap(), &mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn regions_are_drawn() {
        fn check(text: &str, expected: &str) {
            assert_eq!(drawn(text).to_string(), expected, "{text}");
        }
        check(
            "POSITION 350 -5",
            r#"{"coordinates":[-10.0,-5.0],"type":"Point"}"#,
        );
        check(
            "POLYGON 10 0 11 0 11 1 10 1",
            r#"{"coordinates":[[[10.0,0.0],[11.0,0.0],[11.0,1.0],[10.0,1.0],[10.0,0.0]]],"type":"Polygon"}"#,
        );
        check(
            "POLYGON 359 0 1 0 1 1 359 1",
            r#"{"coordinates":[[[-1.0,0.0],[1.0,0.0],[1.0,1.0],[-1.0,1.0],[-1.0,0.0]]],"type":"Polygon"}"#,
        );
        check(
            "POLYGON 179 0 181 0 181 1 179 1",
            r#"{"coordinates":[[[[-180.0,0.0],[-179.0,0.0],[-179.0,1.0],[-180.0,1.0],[-180.0,0.0]]],[[[179.0,0.0],[180.0,0.0],[180.0,1.0],[179.0,1.0],[179.0,0.0]]]],"type":"MultiPolygon"}"#,
        );
        check(
            "CIRCLE 0 0 180",
            r#"{"coordinates":[[[-180.0,-90.0],[180.0,-90.0],[180.0,90.0],[-180.0,90.0],[-180.0,-90.0]]],"type":"Polygon"}"#,
        );
    }

    /// The area of all pieces on the map, in square degrees of it, and its
    /// bounds.
    fn measured(text: &str) -> (f64, [f64; 4]) {
        let geometry = drawn(text);
        let coordinates = geometry["coordinates"].as_array().unwrap().clone();
        let polygons = match geometry["type"].as_str() {
            Some("Polygon") => vec![coordinates],
            _ => coordinates
                .iter()
                .map(|p| p.as_array().unwrap().clone())
                .collect(),
        };
        let (mut area, mut bounds) = (0.0, [999.0f64, -999.0, 999.0, -999.0]);
        for polygon in polygons {
            let ring: Vec<(f64, f64)> = polygon[0]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| (p[0].as_f64().unwrap(), p[1].as_f64().unwrap()))
                .collect();
            for pair in ring.windows(2) {
                area += (pair[0].0 * pair[1].1 - pair[1].0 * pair[0].1) / 2.0;
                bounds[0] = bounds[0].min(pair[0].0);
                bounds[1] = bounds[1].max(pair[0].0);
                bounds[2] = bounds[2].min(pair[0].1);
                bounds[3] = bounds[3].max(pair[0].1);
            }
        }
        (area, bounds)
    }

    #[test]
    fn poles_are_reached() {
        fn check(text: &str, area: f64, bounds: [f64; 4]) {
            let (found, reach) = measured(text);
            assert!((found - area).abs() < 0.01 * area, "{text}: {found}");
            let near = reach.iter().zip(bounds).all(|(a, b)| (a - b).abs() < 0.01);
            assert!(near, "{text}: {reach:?}");
        }
        check("CIRCLE 0 90 10", 3600.0, [-180.0, 180.0, 80.0, 90.0]);
        check("CIRCLE 77 -90 10", 3600.0, [-180.0, 180.0, -90.0, -80.0]);
        check("CIRCLE 123 85 5.5", 1475.0, [-180.0, 180.0, 79.5, 90.0]);
        check(
            "POLYGON 170 80 190 80 0 90",
            199.0,
            [-180.0, 180.0, 80.0, 90.0],
        );
    }

    #[test]
    fn rows_are_features_and_the_end_is_said() {
        let columns = [
            Column::new("id", Type::Text),
            Column::new("s_region", Type::Region),
        ];
        let mut batch = Batch::new([Wire::Text, Wire::Text]);
        batch.push(Some(b"a"));
        batch.push(Some(b"POSITION 1 2"));
        batch.push(Some(b"b"));
        batch.push(None);
        let mut out = Vec::new();
        let mut geojson = Geojson::new(&columns, &mut out).unwrap();
        geojson.rows(&batch, 2, &mut out);
        geojson.finish(Ending::Overflow(Some(Cut::after(2))), &mut out);
        let expected = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","geometry":{"type":"Point","coordinates":[1.0,2.0]},"properties":{"id":"a"}},
{"type":"Feature","geometry":null,"properties":{"id":"b"}}
],"query_status":"OVERFLOW","message":"The answer is cut off after 2 rows (MAXREC); there are more."}
"#;
        assert_eq!(String::from_utf8_lossy(&out), expected);
        assert!(Geojson::new(&columns[..1], &mut out).is_err());
    }
}
