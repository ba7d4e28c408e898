//! Region text as archives write it.
//!
//! ```text
//! region  := shape+ | moc                         several shapes are a union
//! shape   := word frame? refpos? flavour? number+ POSITION CIRCLE POLYGON BOX ELLIPSE RANGE
//!          | (UNION | INTERSECTION) frame? refpos? flavour? "(" shape+ ")"
//!          | DIFFERENCE frame? refpos? flavour? "(" shape shape ")"
//!          | NOT frame? refpos? flavour? "(" shape ")"
//! moc     := MOC? (order "/" (cell | cell "-" cell)*)+
//! ```
//!
//! Words in any case; blanks, commas or both between numbers. DALI 1.1, section
//! 3.3, knows the words without a frame; STC-S (TAP 1.0, section 6) the rest.

use super::frames::{Frame, Rotation};
use super::moc::Moc;
use super::region::{Figure, Region, RegionError};

/// Frames that say where the observer was, not only which way he looked.
const OTHER_FRAMES: [&str; 4] = ["GALACTIC_I", "GEO_C", "GEO_D", "AZ_EL"];

/// Reference positions and flavours, which do not change a direction.
const IGNORED: [&str; 15] = [
    "UNKNOWNREFPOS",
    "TOPOCENTER",
    "BARYCENTER",
    "GEOCENTER",
    "HELIOCENTER",
    "RELOCATABLE",
    "EMBARYCENTER",
    "MOON",
    "LSR",
    "LSRK",
    "LSRD",
    "GALACTIC_CENTER",
    "SPHERICAL2",
    "CARTESIAN2",
    "UNITSPHERE",
];

/// Deeper unions are refused.
const MAX_DEPTH: usize = 16;

pub(super) fn figures(text: &str) -> Result<Vec<Figure>, RegionError> {
    let trimmed = text.trim();
    let moc = match trimmed.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("MOC") => trimmed.get(3..),
        _ => trimmed.contains('/').then_some(trimmed),
    };
    if let Some(moc) = moc {
        return Ok(vec![Figure::Moc(Moc::parse(moc)?)]);
    }
    let mut reader = Reader { rest: trimmed };
    let mut figures = Vec::new();
    while let Some(token) = reader.next() {
        reader.shape(token, Frame::Icrs, &mut figures, 0)?;
    }
    if figures.is_empty() {
        return Err(RegionError::new("the region is empty"));
    }
    Ok(figures)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Reader<'a> {
    type Item = &'a str;

    /// The next word, number or parenthesis.
    fn next(&mut self) -> Option<&'a str> {
        let is_blank = |c: char| c.is_whitespace() || c == ',';
        let rest = self.rest.trim_start_matches(is_blank);
        let first = rest.chars().next()?;
        let end = if first == '(' || first == ')' {
            1
        } else {
            rest.find(|c| is_blank(c) || c == '(' || c == ')')
                .unwrap_or(rest.len())
        };
        let (token, rest) = rest.split_at(end);
        self.rest = rest;
        Some(token)
    }
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        Reader { rest: self.rest }.next()
    }

    /// Reads on after a shape's word; `around` is the frame of the union it
    /// stands in.
    fn shape(
        &mut self,
        word: &str,
        around: Frame,
        figures: &mut Vec<Figure>,
        depth: usize,
    ) -> Result<(), RegionError> {
        let name = word.to_ascii_uppercase();
        match name.as_str() {
            "UNION" | "INTERSECTION" | "DIFFERENCE" | "NOT" => {
                return self.compound(&name, around, figures, depth);
            }
            "POSITION" | "POINT" | "CIRCLE" | "POLYGON" | "BOX" | "ELLIPSE" | "RANGE" => {}
            _ => {
                return Err(RegionError::new(format!(
                    "{} is not the word for a shape; use POSITION, CIRCLE, POLYGON, BOX, \
                     ELLIPSE, RANGE, UNION, INTERSECTION, NOT or MOC",
                    quoted(word)
                )));
            }
        }
        let frame = self.frame(&name, around)?;
        let numbers = self.numbers()?;
        let wrong_count =
            |needs: &str| RegionError::new(format!("{name} needs {needs}, not {}", numbers.len()));
        let figure = match (name.as_str(), numbers.as_slice()) {
            ("POSITION" | "POINT", &[lon, lat]) => Figure::Position(lon, lat),
            ("POSITION" | "POINT", _) => return Err(wrong_count("2 numbers (lon lat)")),
            ("CIRCLE", &[lon, lat, radius]) => Figure::Circle(lon, lat, radius),
            ("CIRCLE", _) => return Err(wrong_count("3 numbers (lon lat radius)")),
            ("BOX", &[lon, lat, width, height]) => Figure::Box(lon, lat, width, height),
            ("BOX", _) => return Err(wrong_count("4 numbers (lon lat width height)")),
            ("ELLIPSE", &[lon, lat, a, b, angle]) => Figure::Ellipse(lon, lat, a, b, angle),
            ("ELLIPSE", _) => {
                return Err(wrong_count("5 numbers (lon lat semi-axes position angle)"));
            }
            ("RANGE", &[lon1, lon2, lat1, lat2]) => Figure::Range(lon1, lon2, lat1, lat2),
            ("RANGE", _) => return Err(wrong_count("4 numbers (lon1 lon2 lat1 lat2)")),
            (_, numbers) => {
                let (pairs, odd) = numbers.as_chunks::<2>();
                if pairs.is_empty() || !odd.is_empty() {
                    return Err(wrong_count("an even count of numbers (lon lat ...)"));
                }
                Figure::Polygon(pairs.iter().map(|&[lon, lat]| (lon, lat)).collect())
            }
        };
        if frame == Frame::Icrs {
            figures.push(figure);
            return Ok(());
        }
        let rotation = Rotation::between(frame, Frame::Icrs);
        let turned = Region::from_figures(vec![figure])?.turned(&rotation)?;
        figures.extend(turned.figures);
        Ok(())
    }

    fn compound(
        &mut self,
        name: &str,
        around: Frame,
        figures: &mut Vec<Figure>,
        depth: usize,
    ) -> Result<(), RegionError> {
        if depth >= MAX_DEPTH {
            return Err(RegionError::new("the regions are nested too deeply"));
        }
        let frame = self.frame(name, around)?;
        if self.next() != Some("(") {
            return Err(RegionError::new(format!(
                "{name} needs its shapes between parentheses"
            )));
        }
        let mut operands = Vec::new();
        loop {
            match self.next() {
                Some(")") => break,
                Some(word) => {
                    let mut operand = Vec::new();
                    self.shape(word, frame, &mut operand, depth + 1)?;
                    operands.push(operand);
                }
                None => {
                    return Err(RegionError::new(format!(
                        "the parenthesis of {name} is not closed"
                    )));
                }
            }
        }
        let single = |mut operand: Vec<Figure>| match operand.len() {
            1 => operand.remove(0),
            _ => Figure::Union(operand),
        };
        match name {
            "UNION" => figures.extend(operands.into_iter().flatten()),
            "INTERSECTION" => {
                if operands.len() < 2 {
                    return Err(RegionError::new("INTERSECTION needs two shapes or more"));
                }
                let operands = operands.into_iter().map(single).collect();
                figures.push(Figure::Intersection(operands));
            }
            "DIFFERENCE" => {
                let Ok([first, second]) = <[Vec<Figure>; 2]>::try_from(operands) else {
                    return Err(RegionError::new("DIFFERENCE needs two shapes"));
                };
                let both = vec![single(first), outside(single(second))];
                figures.push(Figure::Intersection(both));
            }
            _ => {
                let Ok([operand]) = <[Vec<Figure>; 1]>::try_from(operands) else {
                    return Err(RegionError::new("NOT needs one shape"));
                };
                figures.push(outside(single(operand)));
            }
        }
        Ok(())
    }

    /// Reads the words between a shape's word and its numbers.
    fn frame(&mut self, name: &str, around: Frame) -> Result<Frame, RegionError> {
        let mut frame = around;
        while let Some(word) = self.peek() {
            if !word.starts_with(|c: char| c.is_ascii_alphabetic()) || number(word).is_some() {
                break;
            }
            let upper = word.to_ascii_uppercase();
            if OTHER_FRAMES.contains(&upper.as_str()) {
                return Err(RegionError::new(format!(
                    "the frame {upper} of {name} is not supported; use ICRS"
                )));
            }
            match Frame::meant(word) {
                Some(meant) => frame = meant,
                None if IGNORED.contains(&upper.as_str()) => {}
                None => {
                    return Err(RegionError::new(format!(
                        "{} after {name} is neither a frame nor a number",
                        quoted(word)
                    )));
                }
            }
            self.next();
        }
        Ok(frame)
    }

    fn numbers(&mut self) -> Result<Vec<f64>, RegionError> {
        let mut numbers = Vec::new();
        while let Some(token) = self.peek() {
            match number(token) {
                Some(value) => numbers.push(value),
                None if token
                    .starts_with(|c: char| c.is_ascii_alphabetic() || "()".contains(c)) =>
                {
                    break;
                }
                None => {
                    return Err(RegionError::new(format!(
                        "{} is not a number",
                        quoted(token)
                    )));
                }
            }
            self.next();
        }
        Ok(numbers)
    }
}

/// Outside of a circle is a circle.
fn outside(figure: Figure) -> Figure {
    match figure {
        Figure::Circle(lon, lat, radius) if (0.0..=180.0).contains(&radius) => {
            Figure::Circle(lon + 180.0, -lat, 180.0 - radius)
        }
        figure => Figure::Not(Box::new(figure)),
    }
}

/// The shapes that are lists of coordinates in answers (DALI 1.1 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinates {
    Point,
    Circle,
    Polygon,
}

impl Coordinates {
    pub fn name(self) -> &'static str {
        match self {
            Coordinates::Point => "POINT",
            Coordinates::Circle => "CIRCLE",
            Coordinates::Polygon => "POLYGON",
        }
    }

    fn fits(self, count: usize) -> bool {
        match self {
            Coordinates::Point => count == 2,
            Coordinates::Circle => count == 3,
            Coordinates::Polygon => count >= 6 && count.is_multiple_of(2),
        }
    }

    /// The numbers of such a shape as text, with or without its word in front
    /// (`10 20 0.5`, `CIRCLE ICRS 10 20 0.5`).
    ///
    /// # Errors
    ///
    /// When a word is no number, or there are too few or too many.
    pub fn read(self, text: &str) -> Result<Vec<f64>, RegionError> {
        let mut words = text
            .split([' ', '\t', '\n', '\r', ','])
            .filter(|word| !word.is_empty())
            .peekable();
        let named = words.next_if(|word| {
            word.eq_ignore_ascii_case(self.name())
                || (self == Coordinates::Point && word.eq_ignore_ascii_case("POSITION"))
        });
        if named.is_some() {
            words.next_if(|word| Frame::meant(word) == Some(Frame::Icrs));
        }
        let plain = |word: &str| {
            let digits = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
            let value = word.bytes().all(digits).then(|| number(word))??;
            value.is_finite().then_some(value)
        };
        let numbers: Option<Vec<f64>> = words.map(plain).collect();
        let wrong = || {
            let start: String = text.chars().take(40).collect();
            let name = self.name();
            RegionError::new(format!("the text \"{start}\" is not a {name}"))
        };
        numbers
            .filter(|numbers| self.fits(numbers.len()))
            .ok_or_else(wrong)
    }
}

fn number(token: &str) -> Option<f64> {
    token.parse().ok()
}

/// At most 40 characters of a token, between quotes.
fn quoted(token: &str) -> String {
    let mut short: String = token.chars().take(40).collect();
    if short.len() < token.len() {
        short.push('…');
    }
    format!("\"{short}\"")
}

#[cfg(test)]
mod tests {
    use crate::sky::Region;

    /// The region is read, and written in our own words as expected.
    fn check(text: &str, expected: &str) {
        let region = Region::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(region.to_string(), expected, "{text}");
        let again = Region::parse(&region.to_string()).unwrap();
        assert_eq!(again.shape(), region.shape(), "{text}");
    }

    fn refused(text: &str, sentence: &str) {
        match Region::parse(text) {
            Ok(region) => panic!("{text} was read as {region}"),
            Err(error) => assert_eq!(error.to_string(), sentence, "{text}"),
        }
    }

    #[test]
    fn dali() {
        check("circle 1 2 0.5", "Circle ICRS 1 2 0.5");
        check("point 1 2", "Position ICRS 1 2");
        check("range 350 10 -5 5", "Range ICRS 350 10 -5 5");
        check("RANGE 0 360 -90 90", "Range ICRS 0 360 -90 90");
        check("polygon 1 1 3 1 3 3", "Polygon ICRS 1 1 3 1 3 3");
        check(
            "circle 0 0 1 circle 5 0 1",
            "Union ICRS (Circle 0 0 1 Circle 5 0 1)",
        );
    }

    #[test]
    fn stc_s() {
        check(
            "Circle ICRS GEOCENTER 40.5,-2e1 .25",
            "Circle ICRS 40.5 -20 0.25",
        );
        check(
            "cIrClE fk5 TOPOCENTER SPHERICAL2 1 2 3",
            "Circle ICRS 1 2 3",
        );
        check("Position J2000 10 +20", "Position ICRS 10 20");
        check("BOX ICRS 10, 20, 2, 1", "Box ICRS 10 20 2 1");
        check(
            "Ellipse UNKNOWNFrame 10 20 2 1 30",
            "Ellipse ICRS 10 20 2 1 30",
        );
        check(
            "POLYGON GSC1 1 1 3 1 3 3 3 3 1 1",
            "Polygon ICRS 1 1 3 1 3 3 3 3 1 1",
        );
        check(
            "union icrs barycenter(circle 1 2 3,Polygon 1 1 3 1 3 3\n union (circle 9 9 1))",
            "Union ICRS (Circle 1 2 3 Polygon 1 1 3 1 3 3 Circle 9 9 1)",
        );
    }

    /// Other frames are turned into ICRS; outside of a circle is a circle.
    #[test]
    fn frames_and_complements() {
        check("NOT (Circle ICRS 10 20 30)", "Circle ICRS 190 -20 150");
        check("Not GALACTIC (Box ICRS 1 2 3 4)", "Not ICRS (Box 1 2 3 4)");
        check(
            "Difference (Circle 1 2 3 Union (Box 1 2 1 1 Circle 3 3 1))",
            "Intersection ICRS (Circle 1 2 3 Not (Union (Box 1 2 1 1 Circle 3 3 1)))",
        );
        let near = |text: &str, lon: f64, lat: f64| {
            let region = Region::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let place = crate::sky::Point::from_degrees(lon, lat).unwrap();
            let off = region.centroid().separation(&place).0;
            assert!(off < 1e-3, "{text}: {region}");
        };
        near("Circle GALACTIC 0 0 1", 266.40499, -28.93617);
        near(
            "Union GALACTIC (Position 0 90 Circle 0 90 1)",
            192.85948,
            27.12825,
        );
        near("POSITION ECLIPTIC 90 0", 90.0, 23.43928);
        near("Box B1950 0 0 0.1 0.1", 0.6406, 0.2784);
    }

    #[test]
    fn moc() {
        check("MOC 4/1,3-5 5/96", "MOC 4/1,3-5 5/96");
        check("moc4/1", "MOC 4/1");
        check("1/0,1,2,3", "MOC 0/0");
        check("2/ 17-18", "MOC 2/17-18");
        check("0/0-11", "MOC 0/0-11");
    }

    #[test]
    fn messages() {
        refused("", "the region is empty");
        refused("circle", "CIRCLE needs 3 numbers (lon lat radius), not 0");
        refused(
            "circle 1 2 -3",
            "the radius -3 is not between 0 and 180 degrees",
        );
        refused(
            "circle 1 2 181",
            "the radius 181 is not between 0 and 180 degrees",
        );
        refused(
            "circle 1 92 3",
            "the latitude 92 is not between -90 and 90 degrees",
        );
        refused(
            "circle nan 2 3",
            "a position needs two finite numbers, not NaN 2",
        );
        refused(
            "circle geo_c 1 2 3",
            "the frame GEO_C of CIRCLE is not supported; use ICRS",
        );
        refused("circle icrs 1 2 3x", "\"3x\" is not a number");
        refused(
            "circle mars 1 2 3",
            "\"mars\" after CIRCLE is neither a frame nor a number",
        );
        refused(
            "Not (polygon 0 0 4 0 4 4 2 1)",
            "NOT of a concave polygon is not supported; make it a union of convex ones",
        );
        refused(
            "Not (ellipse 1 2 3 4 5)",
            "an ellipse and a MOC cannot stand in INTERSECTION or NOT; use other shapes",
        );
        refused("Not (circle 1 2 3 circle 5 5 1)", "NOT needs one shape");
        refused(
            "Intersection (circle 1 2 3 circle 9 2 3)",
            "the region is empty: its shapes have nothing in common",
        );
        refused(
            "Intersection (circle 1 2 3)",
            "INTERSECTION needs two shapes or more",
        );
        refused(
            "union (circle 1 2 3",
            "the parenthesis of UNION is not closed",
        );
        refused(
            "polygon 1 1 2 1 2",
            "POLYGON needs an even count of numbers (lon lat ...), not 5",
        );
        refused(
            "polygon 1 1 2 1 2 1 1 1",
            "a polygon needs at least 3 distinct vertices, not 2",
        );
        refused(
            "polygon 0 0 2 2 2 0 0 2",
            "the polygon's edges 1 and 3 cross",
        );
        refused(
            "polygon 0 0 120 0 240 0",
            "the polygon does not fit into a hemisphere; cut it into smaller ones",
        );
        refused(
            "polygon 0 0 1 0 2 0",
            "the polygon has no area: its vertices lie on one great circle",
        );
        refused(
            "10 20 30",
            "\"10\" is not the word for a shape; use POSITION, CIRCLE, POLYGON, BOX, ELLIPSE, \
             RANGE, UNION, INTERSECTION, NOT or MOC",
        );
        refused("MOC 4/1,x", "\"x\" is not a cell of a MOC");
        refused("MOC 30/1", "a MOC has orders from 0 to 29, not 30");
        refused("MOC 0/12", "the order 0 of a MOC has no cell 12");
    }
}
