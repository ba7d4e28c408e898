//! Places and regions, and conditions on them. All of them are somewhere on
//! the sky, so that none of them fails.

use adql::Type;

use super::tables::Bounds;
use super::{Family, Generator, Value};

const LONGITUDES: &[&str] = &["10", "0", "359.5", "180.0", "10.25", "-1"];
const LATITUDES: &[&str] = &["20", "0", "-30.5", "19.75", "89", "-90"];
const SIZES: &[&str] = &["1", "0.5", "15", "0", "0.001", "60.0"];
/// A box has an area.
const SIDES: &[&str] = &["1", "0.5", "15", "0.001", "60.0"];
const REGIONS: &[&str] = &[
    "REGION('CIRCLE ICRS 10 20 5')",
    "REGION('POLYGON 350 -10 10 -10 10 10 350 10')",
    "REGION('BOX ICRS 10 20 4 4')",
    "REGION('UNION ICRS (CIRCLE 10 20 1 CIRCLE 200 -45 2)')",
];

impl Generator<'_> {
    /// A point of constants or of the columns of a position.
    pub(super) fn point(&mut self) -> String {
        let position = self.position();
        match (position, self.tape.draw(4)) {
            (Some((lon, lat)), 0..=2) => format!("POINT({lon}, {lat})"),
            _ => {
                let (lon, lat) = (self.tape.pick(LONGITUDES), self.tape.pick(LATITUDES));
                match self.tape.draw(4) {
                    0 => format!("POINT({lon}, {lat})"),
                    1 => format!("POINT('ICRS', {lon}, {lat})"),
                    2 => format!("CENTROID(CIRCLE({lon}, {lat}, 1))"),
                    _ => format!("CENTROID({})", self.region()),
                }
            }
        }
    }

    fn position(&mut self) -> Option<(String, String)> {
        let scope = self.scope();
        if scope.group.is_some() || scope.positions.is_empty() {
            return None;
        }
        let number = self.tape.draw(self.scope().positions.len());
        Some(self.scope().positions[number].clone())
    }

    fn centre(&mut self) -> String {
        if self.tape.once_in(3) {
            return self.point();
        }
        let (lon, lat) = match self.position() {
            Some((lon, lat)) if self.tape.once_in(2) => (lon, lat),
            _ => {
                let (lon, lat) = (self.tape.pick(LONGITUDES), self.tape.pick(LATITUDES));
                (lon.to_owned(), lat.to_owned())
            }
        };
        format!("{lon}, {lat}")
    }

    pub(super) fn region(&mut self) -> String {
        let regions = self.scope().regions.clone();
        match self.tape.draw(6) {
            0 if !regions.is_empty() => regions[self.tape.draw(regions.len())].clone(),
            0 | 1 => format!("CIRCLE({}, {})", self.centre(), self.tape.pick(SIZES)),
            2 => self.polygon(),
            3 => {
                let (width, height) = (self.tape.pick(SIDES), self.tape.pick(SIDES));
                format!("BOX({}, {width}, {height})", self.centre())
            }
            4 => self.tape.pick(REGIONS).to_owned(),
            _ => self.shape_of_rows(),
        }
    }

    fn polygon(&mut self) -> String {
        match self.tape.draw(4) {
            0 => "POLYGON(0, 0, 30, 0, 30, 40, 0, 40)".to_owned(),
            1 => "POLYGON(POINT(350, -10), POINT(20, -10), POINT(5, 30))".to_owned(),
            2 => "POLYGON('ICRS', 10, 80, 130, 80, 250, 80)".to_owned(),
            _ => self.shape_of_rows(),
        }
    }

    /// A region round the position of a row: of columns whose values leave
    /// room for it.
    fn shape_of_rows(&mut self) -> String {
        let roomy = self
            .scope()
            .positions
            .iter()
            .find(|(lon, _)| lon.ends_with("lon"));
        let Some((lon, lat)) = roomy.filter(|_| self.scope().group.is_none()).cloned() else {
            return "CIRCLE(10, 20, 3)".to_owned();
        };
        match self.tape.draw(3) {
            0 => format!("POLYGON({lon}, {lat}, {lon} + 8, {lat}, {lon} + 4, {lat} + 6)"),
            1 => format!("BOX({lon}, {lat}, 6, 4.5)"),
            _ => format!("CIRCLE({lon}, {lat}, 12.5)"),
        }
    }

    /// How far the row's indexed position is from some place, to order by.
    pub(super) fn nearness(&mut self) -> Option<String> {
        let scope = self.scope();
        let indexed = scope.positions.iter().find(|(lon, _)| lon.ends_with("ra"));
        let (lon, lat) = indexed.filter(|_| scope.group.is_none()).cloned()?;
        if self.tape.once_in(3) {
            return None;
        }
        let (from_lon, from_lat) = (self.tape.pick(LONGITUDES), self.tape.pick(LATITUDES));
        Some(match self.tape.draw(2) {
            0 => format!("DISTANCE({lon}, {lat}, {from_lon}, {from_lat})"),
            _ => format!("DISTANCE(POINT({from_lon}, {from_lat}), POINT({lon}, {lat})) * 60"),
        })
    }

    pub(super) fn spatial(&mut self) -> String {
        if self.tape.once_in(3) {
            let (a, b) = (self.point(), self.point());
            let operator = self.tape.pick(&["<", "<=", ">", ">="]);
            let size = self.tape.pick(SIZES);
            return match self.tape.draw(2) {
                0 => format!("DISTANCE({a}, {b}) {operator} {size}"),
                _ => format!("{size} {operator} DISTANCE({a}, {b})"),
            };
        }
        let call = self.predicate();
        match self.tape.draw(5) {
            0 | 1 => format!("{call} = 1"),
            2 => format!("1 = {call}"),
            3 => format!("{call} = 0"),
            _ => format!("{call} <> 1"),
        }
    }

    /// A point that a function gives.
    fn computed_point(&mut self) -> String {
        match self.tape.draw(3) {
            0 => {
                let point = self.point();
                format!("IVO_HEALPIX_CENTER(5, IVO_HEALPIX_INDEX(5, {point}))")
            }
            1 => {
                let motion = self
                    .tape
                    .pick(&["1.5, 300, -428.8, 52.5", "NULL, 10, NULL, NULL"]);
                // It fails where there is no position.
                match self.position() {
                    Some((lon, lat)) => format!(
                        "IVO_EPOCH_PROP_POS(COALESCE({lon}, 5), COALESCE({lat}, 6), {motion}, 2016.0, 1990.5)"
                    ),
                    None => format!("IVO_EPOCH_PROP_POS(10, 20, {motion}, 2016.0, 1990.5)"),
                }
            }
            _ => {
                let from = self.tape.pick(&["GALACTIC", "FK4", "ECLIPTIC", "ICRS"]);
                format!("IVO_GEOM_TRANSFORM('{from}', 'ICRS', {})", self.point())
            }
        }
    }

    fn cells(&mut self) -> String {
        match self.tape.draw(3) {
            0 => "MOC('2/0-90')".to_owned(),
            1 => "MOC('1/3,7 3/100-190')".to_owned(),
            _ => format!(
                "MOC(3, CIRCLE({}, {}, 15))",
                self.tape.pick(LONGITUDES),
                self.tape.pick(LATITUDES)
            ),
        }
    }

    fn predicate(&mut self) -> String {
        if self.tape.once_in(4) {
            return match self.tape.draw(2) {
                0 => format!("CONTAINS({}, {})", self.computed_point(), self.region()),
                _ if self.tape.once_in(2) => {
                    format!("INTERSECTS({}, {})", self.region(), self.cells())
                }
                _ => format!("CONTAINS({}, {})", self.point(), self.cells()),
            };
        }
        match self.tape.draw(4) {
            0 | 1 => format!("CONTAINS({}, {})", self.point(), self.region()),
            2 => format!("INTERSECTS({}, {})", self.region(), self.region()),
            _ => format!("CONTAINS({}, {})", self.region(), self.region()),
        }
    }

    /// A number that the sky gives.
    pub(super) fn angle(&mut self) -> Value {
        let number =
            |text: String, most: f64| Value::new(text, Type::Double, Bounds { most, grain: None });
        match self.tape.draw(6) {
            5 => match self.position() {
                Some((lon, _)) => {
                    let unit = self.tape.pick(&["'arcmin'", "'rad'", "'uarcsec'", "'deg'"]);
                    number(format!("IN_UNIT({lon}, {unit})"), 1.3e12)
                }
                None => number(
                    "IN_UNIT(AREA(CIRCLE(10, 20, 1)), 'arcmin**2')".to_owned(),
                    1e6,
                ),
            },
            0 => number(
                format!("DISTANCE({}, {})", self.point(), self.point()),
                180.0,
            ),
            1 => number(format!("COORD1({})", self.point()), 360.0),
            2 => number(format!("COORD2({})", self.point()), 90.0),
            3 => number(format!("AREA({})", self.region()), 41_253.0),
            _ => Value::new(self.predicate(), Type::Integer, Bounds::new(1.0, 0)),
        }
    }

    /// A column of an answer that is a geometry, or a family's value.
    pub(super) fn geometry_item(&mut self) -> Value {
        match self.tape.draw(3) {
            0 => Value::plain(self.point(), Type::Point),
            1 => {
                let text = format!("CIRCLE({}, {})", self.centre(), self.tape.pick(SIZES));
                Value::plain(text, Type::Circle)
            }
            _ if self.tape.once_in(2) => Value::plain(self.polygon(), Type::Polygon),
            _ => {
                let text = self.shape_of_rows();
                let kind = if text.starts_with("CIRCLE") {
                    Type::Circle
                } else {
                    Type::Polygon
                };
                Value::plain(text, kind)
            }
        }
    }

    /// A value for the select list.
    pub(super) fn item(&mut self, family: Family) -> Value {
        if family == Family::Number && self.scope().group.is_none() && self.tape.once_in(6) {
            return self.angle();
        }
        let depth = 1 + self.tape.draw(2);
        if self.tape.once_in(3)
            && let Some(call) = self.call(family, depth - 1)
        {
            return call;
        }
        self.value(family, depth)
    }
}
