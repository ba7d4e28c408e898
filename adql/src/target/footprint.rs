//! The exact test of a row's footprint or position against a constant region:
//! arithmetic where it settles the question, and our own functions where it
//! leaves doubt.
//!
//! One expression, so that a planner does not multiply its parts. Without a
//! region or position all its conditions are unknown, and so is the function
//! that they lead to.

use super::write::Writer;
use crate::catalog::RegionIndex;
use crate::query::{Expr, Node};
use crate::sky::{Cap, Edges, Region};
use crate::statement::Value;
use crate::types::Type;

/// What is asked of a row's footprint and the query's region.
#[derive(Clone, Copy)]
pub(super) enum Test {
    Meets,
    /// The footprint lies inside the region.
    Inside,
    /// The footprint contains the region.
    Covers,
}

/// A footprint's index columns and the query's region.
struct Pair<'a> {
    source: usize,
    index: &'a RegionIndex,
    bounding: Cap,
    inscribed: Cap,
    shape: Vec<f64>,
    edges: Option<Edges>,
}

impl Writer<'_> {
    /// First what most rows of a cover are, then what is cheap. The centre is a
    /// point of the footprint, so where it lies can be enough; but a row that
    /// waits to be read is marked by a chord above 2 and a centre as far, and
    /// must come to the predicates.
    pub(super) fn footprint(
        &mut self,
        source: usize,
        index: &RegionIndex,
        test: Test,
        region: &Region,
    ) {
        let pair = Pair {
            source,
            index,
            bounding: region.bounding_cap(),
            inscribed: region.inscribed_cap(),
            shape: region.shape().0,
            edges: region.edges(),
        };
        match test {
            Test::Meets => {
                let inner = "CASE WHEN @id2 <= #ii THEN (1 = 1) \
                             WHEN @bd2 > (#b + @crad) * (#b + @crad)";
                self.formula(&pair, inner);
                self.each_edge(&pair, " OR ", " OR ", "@side < -(@crad + #e)");
                self.push(" THEN (1 = 0) ");
                self.each_edge(&pair, "WHEN @crad <= 2 AND ", " AND ", "@side >= #e");
                if pair.edges.is_some() {
                    self.push(" THEN (1 = 1) ");
                }
                // The chord of a sum of angles, of the two inscribed circles.
                let near = "ELSE @id2 <= (#i * sqrt(1 - @crin * @crin / 4) + @crin * #c) \
                            * (#i * sqrt(1 - @crin * @crin / 4) + @crin * #c) \
                            OR @meets END";
                self.formula(&pair, near);
            }
            Test::Inside => {
                self.formula(&pair, "CASE WHEN @crad <= 2 AND (@bd2 > #bb");
                self.each_edge(&pair, " OR ", " OR ", "@side < -#e");
                self.push(") THEN (1 = 0) ");
                self.each_edge(&pair, "WHEN ", " AND ", "@side >= @crad + #e");
                if pair.edges.is_some() {
                    self.push(" THEN (1 = 1) ");
                }
                let within = "ELSE @crad <= #i AND @id2 <= (#i - @crad) * (#i - @crad) \
                              OR @inside END";
                self.formula(&pair, within);
            }
            Test::Covers => {
                let around = "CASE WHEN @id2 > @crad * @crad THEN (1 = 0) \
                              ELSE @crin >= #b AND @bd2 <= (@crin - #b) * (@crin - #b) \
                              OR @contains END";
                self.formula(&pair, around);
            }
        }
    }

    /// A formula over the index columns of a footprint: `@crad` is a column,
    /// `@bd2` and `@id2` are squares of the chord from its centre to those of
    /// the region's bounding and inscribed circle, `#b` and `#i` the chords of
    /// these, `#bb` and `#ii` their squares, `#c` the cosine of half the inner
    /// one's radius, and the other words are predicates.
    fn formula(&mut self, pair: &Pair, formula: &str) {
        self.formula_of_edge(pair, [0.0; 3], formula);
    }

    /// A condition for each edge of a convex polygon, nothing for others:
    /// `@side` is the sine of how far the centre is to the left of it, `#e`
    /// more than that can be wrong.
    fn each_edge(&mut self, pair: &Pair, before: &str, glue: &str, condition: &str) {
        let Some(edges) = &pair.edges else {
            return;
        };
        self.formula(pair, before);
        self.list(&edges.normals, glue, |writer, &normal| {
            writer.formula_of_edge(pair, normal, condition);
        });
    }

    fn formula_of_edge(&mut self, pair: &Pair, normal: [f64; 3], formula: &str) {
        let (source, index) = (pair.source, pair.index);
        let square = |chord: f64| chord * chord;
        let mut rest = formula;
        while let Some(place) = rest.find(['@', '#']) {
            let (before, marked) = rest.split_at(place);
            self.push(before);
            let word = &marked[1..];
            let end = word.find(|c: char| !c.is_ascii_alphanumeric());
            let (word, after) = word.split_at(end.unwrap_or(word.len()));
            match word {
                "bd2" => self.square_distance(source, index, pair.bounding.centre),
                "id2" => self.square_distance(source, index, pair.inscribed.centre),
                "side" => self.sine(source, index, normal),
                "b" => self.double(pair.bounding.chord),
                "bb" => self.double(square(pair.bounding.chord)),
                "i" => self.double(pair.inscribed.chord),
                "ii" => self.double(square(pair.inscribed.chord)),
                "c" => self.double((1.0 - square(pair.inscribed.chord) / 4.0).max(0.0).sqrt()),
                "e" => self.double(pair.edges.as_ref().map_or(0.0, |edges| edges.margin)),
                "meets" | "contains" | "inside" => self.predicate(pair, word),
                column => self.index_column(source, index, column),
            }
            rest = after;
        }
        self.push(rest);
    }

    /// What is asked of the two shapes, by one of our own functions.
    fn predicate(&mut self, pair: &Pair, word: &str) {
        let shortcut = match (&pair.shape[..], word) {
            _ if !self.target.has_slow_functions() => None,
            (&[0.0, x, y, z, 0.0], "contains") => Some(("sky_polygon_holds_1", vec![x, y, z])),
            (&[0.0, x, y, z, chord], "meets") => Some(("sky_polygon_near_1", vec![x, y, z, chord])),
            _ => None,
        };
        if let Some((name, numbers)) = shortcut {
            self.own(name);
            for number in numbers {
                self.double(number);
                self.push(", ");
            }
            self.index_column(pair.source, pair.index, "v");
            return self.push(")");
        }
        let shape = Value::Doubles(pair.shape.clone());
        self.own(match word {
            "meets" => "sky_meets_1",
            _ => "sky_contains_1",
        });
        if word == "inside" {
            self.parameter(shape);
            self.push(", ");
            self.index_column(pair.source, pair.index, "v");
        } else {
            self.index_column(pair.source, pair.index, "v");
            self.push(", ");
            self.parameter(shape);
        }
        self.push(")");
    }

    fn square_distance(&mut self, source: usize, index: &RegionIndex, centre: [f64; 3]) {
        for (number, (axis, value)) in ["x", "y", "z"].into_iter().zip(centre).enumerate() {
            self.push(if number > 0 { " + (" } else { "(" });
            self.index_column(source, index, axis);
            self.push(" - ");
            self.double(value);
            self.push(") * (");
            self.index_column(source, index, axis);
            self.push(" - ");
            self.double(value);
            self.push(")");
        }
    }

    fn sine(&mut self, source: usize, index: &RegionIndex, normal: [f64; 3]) {
        for (number, (axis, value)) in ["x", "y", "z"].into_iter().zip(normal).enumerate() {
            if number > 0 {
                self.push(" + ");
            }
            self.index_column(source, index, axis);
            self.push(" * ");
            self.double(value);
        }
    }

    /// Whether a position is in a geometry; `placed` where it is known to be a
    /// position, and not something that the function refuses.
    pub(super) fn position(&mut self, point: &Expr, other: &Expr, placed: bool) {
        let settles = placed && self.target.has_slow_functions();
        let region = match &other.node {
            Node::Constant { region, .. } if settles => Some(region),
            _ => None,
        };
        let settled = region.zip(columns(point));
        if let Some((region, columns)) = settled {
            let (inner, outer) = (region.inscribed_cap(), region.bounding_cap());
            self.push("CASE WHEN ");
            self.cosine(columns, inner.centre);
            self.push(" >= ");
            self.double(cosine_of(inner) + COSINE_MARGIN);
            self.push(" THEN (1 = 1) WHEN ");
            self.cosine(columns, outer.centre);
            self.push(" < ");
            self.double(cosine_of(outer) - COSINE_MARGIN);
            self.push(" THEN (1 = 0) ELSE ");
        }
        self.own("sky_in_1");
        self.coordinate(false, point);
        self.push(", ");
        self.coordinate(true, point);
        self.push(", ");
        self.shape(other);
        self.push(")");
        if settled.is_some() {
            self.push(" END");
        }
    }

    /// The cosine of the distance from a position to a point. The differences
    /// are never so small that a product would underflow, which is an error.
    fn cosine(&mut self, (lon, lat): (&Expr, &Expr), centre: [f64; 3]) {
        let [x, y, z] = centre;
        let flushed = |number: f64| if number.abs() < 1e-15 { 0.0 } else { number };
        self.push("cos(radians(90 - ");
        self.expr(lat);
        self.push(")) * ");
        self.double(flushed(z));
        self.push(" + sin(radians(90 - ");
        self.expr(lat);
        self.push(")) * cos(radians(");
        self.expr(lon);
        self.push(" - ");
        self.double(360.0 + y.atan2(x).to_degrees());
        self.push(")) * ");
        self.double(flushed(x.hypot(y)));
    }
}

/// The columns that a position is made of.
fn columns(point: &Expr) -> Option<(&Expr, &Expr)> {
    let (lon, lat) = point.as_point()?;
    let column =
        |expr: &Expr| matches!(expr.node, Node::Column { .. }) && expr.kind == Type::Double;
    (column(lon) && column(lat)).then_some((lon, lat))
}

/// More than the tolerance of the predicates and all rounding do to the cosine
/// of a distance.
const COSINE_MARGIN: f64 = 1e-13;

fn cosine_of(cap: Cap) -> f64 {
    1.0 - cap.chord * cap.chord / 2.0
}
