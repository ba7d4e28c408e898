//! Queries to begin with (DALI 1.1 section 2.3, TAP 1.1 section 2.4.4): XHTML in
//! which RDFa marks name, query and tables.
//!
//! Ours are made for the tables that are there, in ADQL without functions of
//! this service, and ask about something that the archive has. They name 'ICRS',
//! which ADQL 2.1 no longer wants, since the parser in STILTS 3.4.7 does.

use std::io;

use adql::catalog::Table;
use adql::{Catalog, is_regular};
use quick_xml::events::BytesText;

use super::{Xml, document, element, maybe, printable};
use crate::{config, tap_schema};

/// The vocabulary of DALI 1.1 section 2.3.
const VOCABULARY: &str = "http://www.ivoa.net/rdf/examples#";

/// More tables than that are not each shown with an example.
const MOST_TABLES: usize = 30;

const STYLE: &str = ":root { color-scheme: light dark; } \
    body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; } \
    h2 { font-size: 1.1rem; border-top: 1px solid #8886; padding-top: 1rem; } \
    pre { font: 0.9rem/1.4 ui-monospace, monospace; overflow-x: auto; }";

/// A query, and what it is an example of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Example {
    pub name: String,
    pub query: String,
    pub description: Option<String>,
    /// Full names of the tables it asks.
    pub tables: Vec<String>,
}

/// Something that was observed: what examples ask for. The default is M31.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Degrees, ICRS.
    pub ra: f64,
    pub dec: f64,
    /// Modified Julian Date.
    pub mjd: f64,
    pub collection: String,
}

impl Default for Sight {
    fn default() -> Sight {
        Sight {
            ra: 10.685,
            dec: 41.269,
            mjd: 60_000.0,
            collection: String::new(),
        }
    }
}

/// An example of the settings.
pub fn configured(example: &config::Example) -> Example {
    Example {
        name: example.name.clone(),
        query: example.query.clone(),
        description: example.description.clone(),
        tables: Vec::new(),
    }
}

/// Examples for the tables of a service.
pub fn make(catalog: &Catalog, sight: &Sight) -> Vec<Example> {
    let mut examples = Vec::new();
    if let Some(obscore) = catalog.find(Some("ivoa"), "obscore").first() {
        examples.extend(observations(obscore, sight));
    }
    let own =
        |table: &Table| ["ivoa", "tap_schema"].contains(&table.schema.to_lowercase().as_str());
    let others = catalog.tables().iter().filter(|table| !own(table));
    for table in others.take(MOST_TABLES) {
        examples.push(first_rows(table));
        examples.extend(around(table, sight));
        examples.extend(join(catalog, table));
    }
    examples.extend(schema(catalog));
    examples
}

/// Of the table of observations (ObsCore 1.1).
fn observations(table: &Table, sight: &Sight) -> Vec<Example> {
    let Sight {
        ra,
        dec,
        mjd,
        collection,
    } = sight;
    let name = full_name(table);
    let example = |title: &str, description: &str, query: String| Example {
        name: title.to_owned(),
        query,
        description: Some(description.to_owned()),
        tables: vec![name.clone()],
    };
    let mut examples = vec![
        example(
            "Observations around a position",
            "Those whose centre is within half a degree.",
            format!(
                "SELECT TOP 100 obs_id, obs_collection, s_ra, s_dec, t_min, access_url\n\
                 FROM {name}\n\
                 WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', {ra}, {dec}, 0.5))"
            ),
        ),
        example(
            "Observations that cover a position",
            "Those in whose footprint it lies.",
            format!(
                "SELECT TOP 100 obs_id, obs_collection, t_min, t_exptime, access_url\n\
                 FROM {name}\n\
                 WHERE 1 = CONTAINS(POINT('ICRS', {ra}, {dec}), s_region)\n\
                 ORDER BY t_min"
            ),
        ),
        example(
            "Observations that meet a field",
            "Those whose footprint and a circle of one degree have something in common.",
            format!(
                "SELECT TOP 100 obs_id, obs_collection, t_min, s_region\n\
                 FROM {name}\n\
                 WHERE 1 = INTERSECTS(s_region, CIRCLE('ICRS', {ra}, {dec}, 1.0))"
            ),
        ),
        example(
            "Observations of a night",
            "Times are Modified Julian Dates, UTC.",
            format!(
                "SELECT TOP 100 obs_id, t_min, t_max, s_ra, s_dec, em_min, em_max\n\
                 FROM {name}\n\
                 WHERE t_min BETWEEN {first:.1} AND {last:.1}\n\
                 ORDER BY t_min",
                first = (mjd - 0.5).floor() + 0.5,
                last = (mjd - 0.5).floor() + 1.5,
            ),
        ),
        example(
            "What there is, by collection",
            "How many observations, and from when until when.",
            format!(
                "SELECT obs_collection, dataproduct_type, COUNT(*) AS observations,\n\
                 \x20 MIN(t_min) AS first_mjd, MAX(t_max) AS last_mjd\n\
                 FROM {name}\n\
                 GROUP BY obs_collection, dataproduct_type\n\
                 ORDER BY observations DESC"
            ),
        ),
    ];
    if !collection.is_empty() {
        examples.push(example(
            "Calibrated observations of a collection",
            "Levels of calibration go from 0, raw, to 4, results of analysis.",
            format!(
                "SELECT TOP 100 obs_id, target_name, calib_level, access_url, access_format\n\
                 FROM {name}\n\
                 WHERE obs_collection = '{}' AND calib_level >= 1",
                collection.replace('\'', "''")
            ),
        ));
    }
    examples
}

/// What a table looks like.
fn first_rows(table: &Table) -> Example {
    let name = full_name(table);
    Example {
        name: format!("First rows of {}", table.full_name()),
        query: format!("SELECT TOP 10 *\nFROM {name}"),
        description: table.description.clone().filter(|it| !it.is_empty()),
        tables: vec![name],
    }
}

/// A cone, where a table has positions that are indexed.
fn around(table: &Table, sight: &Sight) -> Option<Example> {
    let position = table.positions.first()?;
    let name = full_name(table);
    let [lon, lat] = [&position.lon, &position.lat].map(|column| tap_schema::column_name(column));
    Some(Example {
        name: format!("Rows of {} around a position", table.full_name()),
        query: format!(
            "SELECT TOP 100 *\nFROM {name}\n\
             WHERE 1 = CONTAINS(POINT('ICRS', {lon}, {lat}), CIRCLE('ICRS', {}, {}, 0.5))",
            sight.ra, sight.dec
        ),
        description: None,
        tables: vec![name],
    })
}

/// A join along the first key of a table.
fn join(catalog: &Catalog, table: &Table) -> Option<Example> {
    let key = table.keys.first()?;
    let (schema, target) = key.target.split_once('.')?;
    let found = catalog.find(Some(schema), target);
    let target = found.first()?;
    let pairs: Vec<String> = key
        .columns
        .iter()
        .map(|(from, to)| {
            let [from, to] = [from, to].map(|column| tap_schema::column_name(column));
            format!("a.{from} = b.{to}")
        })
        .collect();
    let names = [full_name(table), full_name(target)];
    Some(Example {
        name: format!("{} with {}", table.full_name(), target.full_name()),
        query: format!(
            "SELECT TOP 10 *\nFROM {} AS a\nJOIN {} AS b ON {}",
            names[0],
            names[1],
            pairs.join(" AND ")
        ),
        description: key.description.clone().filter(|it| !it.is_empty()),
        tables: names.to_vec(),
    })
}

/// Of what there is to ask.
fn schema(catalog: &Catalog) -> Vec<Example> {
    let Some(first) = catalog.tables().first() else {
        return Vec::new();
    };
    let example = |name: &str, query: String, table: &str| Example {
        name: name.to_owned(),
        query,
        description: None,
        tables: vec![table.to_owned()],
    };
    vec![
        example(
            "Which tables there are",
            "SELECT table_name, description\nFROM tap_schema.tables\nORDER BY table_index"
                .to_owned(),
            "tap_schema.tables",
        ),
        example(
            "What the columns of a table mean",
            format!(
                "SELECT column_name, datatype, unit, ucd, description\nFROM tap_schema.columns\n\
                 WHERE table_name = '{}'\nORDER BY column_index",
                first.full_name().replace('\'', "''")
            ),
            "tap_schema.columns",
        ),
    ]
}

/// As a query must write it.
fn full_name(table: &Table) -> String {
    let part = |name: &str| match is_regular(name) {
        true => name.to_owned(),
        false => adql::target::quote(name),
    };
    format!("{}.{}", part(&table.schema), part(&table.name))
}

/// The document.
pub fn write(base: &str, examples: &[Example]) -> Vec<u8> {
    document(|xml| {
        xml.create_element("html")
            .with_attribute(("xmlns", "http://www.w3.org/1999/xhtml"))
            .with_attribute(("lang", "en"))
            .write_inner_content(|xml| {
                xml.create_element("head").write_inner_content(|xml| {
                    xml.create_element("meta")
                        .with_attribute(("name", "viewport"))
                        .with_attribute(("content", "width=device-width"))
                        .write_empty()?;
                    element(xml, "title", "Examples of queries")?;
                    element(xml, "style", STYLE)
                })?;
                xml.create_element("body")
                    .with_attribute(("vocab", VOCABULARY))
                    .write_inner_content(|xml| {
                        element(xml, "h1", "Examples of queries")?;
                        for (number, example) in (1..).zip(examples) {
                            one(xml, base, number, example)?;
                        }
                        Ok(())
                    })
                    .map(drop)
            })
            .map(drop)
    })
}

fn one(xml: &mut Xml, base: &str, number: usize, example: &Example) -> io::Result<()> {
    let id = format!("example-{number}");
    let itself = format!("#{id}");
    xml.create_element("div")
        .with_attribute(("id", id.as_str()))
        .with_attribute(("resource", itself.as_str()))
        .with_attribute(("typeof", "example"))
        .write_inner_content(|xml| {
            property(xml, "h2", "name", &example.name)?;
            maybe(xml, "p", example.description.as_deref())?;
            property(xml, "pre", "query", &example.query)?;
            if !example.tables.is_empty() {
                xml.create_element("p").write_inner_content(|xml| {
                    // No indentation among words.
                    xml.write_event(quick_xml::events::Event::Text(BytesText::new("Asked: ")))?;
                    for (place, table) in example.tables.iter().enumerate() {
                        if place > 0 {
                            let and = quick_xml::events::Event::Text(BytesText::new(" and "));
                            xml.write_event(and)?;
                        }
                        property(xml, "span", "table", table)?;
                    }
                    Ok(())
                })?;
            }
            // Not a property: its object would be the address.
            let query = crate::dali::encoded(&example.query);
            let address =
                format!("{base}/tap/sync?LANG=ADQL&MAXREC=100&RESPONSEFORMAT=html&QUERY={query}");
            xml.create_element("p").write_inner_content(|xml| {
                xml.create_element("a")
                    .with_attribute(("href", address.as_str()))
                    .write_text_content(BytesText::new("Run it, for 100 rows at most"))
                    .map(drop)
            })?;
            Ok(())
        })
        .map(drop)
}

/// Plain text that RDFa gives a meaning.
fn property(xml: &mut Xml, name: &str, property: &str, text: &str) -> io::Result<()> {
    xml.create_element(name)
        .with_attribute(("property", property))
        .write_text_content(BytesText::new(&printable(text)))
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use adql::catalog::{ForeignKey, PositionIndex};
    use adql::{Column, Type};

    fn catalog() -> Catalog {
        let table = |name: &str| Table {
            schema: "logbook".to_owned(),
            name: name.to_owned(),
            stored: ("logbook".to_owned(), name.to_lowercase()),
            columns: ["day", "lon", "lat"]
                .map(|name| Column::new(name, Type::Double))
                .to_vec(),
            ..Table::default()
        };
        let mut night = table("Night");
        night.keys.push(ForeignKey {
            target: "logbook.Odd-Night".to_owned(),
            description: None,
            columns: vec![("day".to_owned(), "day".to_owned())],
        });
        night.positions.push(PositionIndex {
            lon: "lon".to_owned(),
            lat: "lat".to_owned(),
            cell: "cell".to_owned(),
        });
        Catalog::new([night, table("Odd-Night")])
    }

    #[test]
    fn examples_are_made_for_the_tables_that_are_there() {
        let examples = make(&catalog(), &Sight::default());
        let names: Vec<&str> = examples.iter().map(|it| it.name.as_str()).collect();
        let expected = [
            "First rows of logbook.Night",
            "Rows of logbook.Night around a position",
            "logbook.Night with logbook.Odd-Night",
            "First rows of logbook.Odd-Night",
            "Which tables there are",
            "What the columns of a table mean",
        ];
        assert_eq!(names, expected);
        assert_eq!(
            examples[2].query,
            "SELECT TOP 10 *\nFROM logbook.Night AS a\nJOIN logbook.\"Odd-Night\" AS b ON a.\"day\" = b.\"day\""
        );
    }

    #[test]
    fn texts_are_marked_and_nothing_of_them_is_markup() {
        let example = Example {
            name: "Few & far".to_owned(),
            query: "SELECT 1\nWHERE 1 < 2".to_owned(),
            description: None,
            tables: vec!["a.b".to_owned(), "c.d".to_owned()],
        };
        let text = String::from_utf8_lossy(&write("", &[example])).into_owned();
        for part in [
            "<body vocab=\"http://www.ivoa.net/rdf/examples#\">",
            "<div id=\"example-1\" resource=\"#example-1\" typeof=\"example\">",
            "<h2 property=\"name\">Few &amp; far</h2>",
            "<pre property=\"query\">SELECT 1\nWHERE 1 &lt; 2</pre>",
            "<span property=\"table\">a.b</span>",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
