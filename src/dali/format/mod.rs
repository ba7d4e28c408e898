//! Response formats: what a request may ask for and what the answer is then
//! called (DALI 1.1 section 3.4.3, TAP 1.1 section 2.7.3).
//!
//! Why is a plain `votable` answered in BINARY2? Because every client we test
//! with reads it, and it is the smallest and fastest of the three. A person who
//! wants to look at the text asks for `votable/td`.

mod table;

use super::{Error, Params};
use table::VOTABLE;

/// How an answer is written, and the media type it is sent as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    pub layout: Layout,
    /// What stands in Content-Type: the type asked for, when one was.
    pub media_type: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Votable(Serialization),
    Csv,
    Tsv,
    /// An array of objects (RFC 8259).
    Json,
    /// An object on each line.
    Ndjson,
    /// A binary table (FITS 4.0 section 7.3).
    Fits,
    /// With the metadata of a VOTable (VOParquet).
    Parquet,
    /// The stream of Arrow's IPC format.
    Arrow,
    /// A page for people.
    Html,
    /// Footprints (RFC 7946).
    Geojson,
    /// The part of the sky that the answer covers (MOC 2.0).
    Moc(Coverage),
    /// Columns in line, for people at a terminal.
    Text,
}

/// How a VOTable holds its rows (VOTable 1.4 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serialization {
    Tabledata,
    Binary,
    Binary2,
}

/// How a MOC is written (MOC 2.0 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    Fits,
    Json,
    Ascii,
}

/// A format as the capabilities document announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    pub media_type: &'static str,
    pub aliases: &'static [&'static str],
    pub layout: Layout,
    /// Of the output format in TAPRegExt, where it has one.
    pub ivoid: Option<&'static str>,
    /// Of a file that holds such an answer, without the dot.
    pub extension: &'static str,
    /// For people.
    pub title: &'static str,
}

impl Layout {
    /// Of a file that holds such an answer, without the dot.
    pub fn extension(self) -> &'static str {
        Format::ALL
            .iter()
            .find(|announced| announced.layout == self)
            .map_or("txt", |announced| announced.extension)
    }

    /// The layout of a file by the end of its name: one of
    /// [`Layout::extension`], or another that is in use.
    pub fn of_file(name: &str) -> Option<Layout> {
        let name = name.to_lowercase();
        let ends = |extension: &str| {
            name.strip_suffix(extension)
                .is_some_and(|rest| rest.ends_with('.'))
        };
        // `x.moc.fits` ends in `.fits` too.
        let longest = Format::ALL
            .iter()
            .filter(|announced| ends(announced.extension))
            .max_by_key(|announced| announced.extension.len());
        // Of two that share an extension the first announced is meant.
        let first = longest.and_then(|found| {
            Format::ALL
                .iter()
                .find(|announced| announced.extension == found.extension)
        });
        match first {
            Some(announced) => Some(announced.layout),
            None if ends("txt") => Some(Layout::Text),
            None if ends("votable") => Some(Layout::Votable(Serialization::Binary2)),
            None if ends("jsonl") => Some(Layout::Ndjson),
            None if ends("arrow") => Some(Layout::Arrow),
            None if ends("htm") => Some(Layout::Html),
            None if ends("fit") => Some(Layout::Fits),
            None if ends("moc") => Some(Layout::Moc(Coverage::Fits)),
            None => None,
        }
    }
}

impl Format {
    /// What the parameters ask for: RESPONSEFORMAT, or FORMAT as in TAP 1.0.
    pub fn from_params(params: &Params) -> Result<Option<Format>, Error> {
        let asked = match params.single("RESPONSEFORMAT")? {
            Some(text) => Some(text),
            None => params.single("FORMAT")?,
        };
        match asked.map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => Format::parse(text).map(Some),
        }
    }

    /// A short name or a media type with parameters.
    ///
    /// ```
    /// use obstap::dali::{Format, Layout, Serialization};
    /// let format = Format::parse("text/xml; serialization=TABLEDATA");
    /// assert_eq!(format.map(|f| f.layout), Ok(Layout::Votable(Serialization::Tabledata)));
    /// ```
    pub fn parse(text: &str) -> Result<Format, Error> {
        Format::known(text).ok_or_else(|| {
            Error(format!(
                "RESPONSEFORMAT \"{text}\" is not offered; this service writes {}, \
                 and their media types",
                Format::names()
            ))
        })
    }

    /// As it is sent when nobody asked for a special media type.
    pub fn of(layout: Layout) -> Format {
        let media_type = Format::ALL
            .iter()
            .find(|announced| announced.layout == layout)
            .map_or("text/plain", |announced| announced.media_type);
        let media_type = match media_type.starts_with("text/") {
            true => format!("{media_type};charset=utf-8"),
            false => media_type.to_owned(),
        };
        Format { layout, media_type }
    }

    pub fn votable(serialization: Serialization) -> Format {
        Format::of(Layout::Votable(serialization))
    }

    fn known(text: &str) -> Option<Format> {
        // A plus sign that was not encoded in the query string came as a space.
        let text = text
            .trim()
            .to_lowercase()
            .replace("x-votable xml", "x-votable+xml")
            .replace("geo json", "geo+json");
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let parameter = |wanted: &str| {
            text.split(';')
                .skip(1)
                .filter_map(|part| part.split_once('='))
                .find(|(name, _)| name.trim() == wanted)
                .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        };
        if matches!(name, "votable" | VOTABLE | "text/xml" | "application/xml") {
            return votable(name, parameter("serialization").as_deref());
        }
        if parameter("header").as_deref() == Some("absent") {
            return None;
        }
        let full = match parameter("content") {
            Some(content) => format!("{name};content={content}"),
            None => name.to_owned(),
        };
        Format::ALL
            .iter()
            .find(|announced| {
                announced.media_type == full || announced.aliases.contains(&full.as_str())
            })
            .map(|announced| Format::of(announced.layout))
    }
}

/// A VOTable in the serialization asked for.
fn votable(name: &str, serialization: Option<&str>) -> Option<Format> {
    let general = matches!(name, "text/xml" | "application/xml");
    let serialization = match serialization {
        Some("tabledata") => Serialization::Tabledata,
        Some("binary") => Serialization::Binary,
        Some("binary2") => Serialization::Binary2,
        Some(_) => return None,
        // Who names the general types wants something to look at.
        None if general => Serialization::Tabledata,
        None => Serialization::Binary2,
    };
    let mut format = Format::votable(serialization);
    if general {
        format.media_type = name.to_owned();
    }
    Some(format)
}

/// The format of a request that names none: the one of our table types that
/// its Accept header wants most, else VOTable. General types are passed over,
/// because browsers and clients send them without meaning our tables; so is
/// HTML, which Java's clients name first without wanting a page.
pub fn default_from_accept(accept: Option<&str>) -> Format {
    let mut best: Option<(f32, Format)> = None;
    for range in accept.unwrap_or_default().split(',') {
        let (range, weight) = weighed(range);
        let general = range.starts_with("text/xml") || range.starts_with("application/xml");
        if general || !range.contains('/') || weight <= 0.0 {
            continue;
        }
        let Some(format) = Format::known(&range).filter(|format| format.layout != Layout::Html)
        else {
            continue;
        };
        if best.as_ref().is_none_or(|(most, _)| weight > *most) {
            best = Some((weight, format));
        }
    }
    best.map_or_else(
        || Format::votable(Serialization::Binary2),
        |(_, format)| format,
    )
}

/// A media range without its weight, and the weight (RFC 9110 section 12.4.2).
fn weighed(range: &str) -> (String, f32) {
    let mut weight = 1.0;
    let parts: Vec<&str> = range
        .split(';')
        .map(str::trim)
        .filter(|part| match part.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => {
                weight = value.trim().parse().unwrap_or(0.0);
                false
            }
            _ => true,
        })
        .collect();
    (parts.join(";").to_lowercase(), weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Layout::*;
    use Serialization::*;

    #[test]
    fn names_and_media_types_choose_the_layout() {
        fn check(text: &str, expected: Option<(Layout, &str)>) {
            let known = Format::known(text);
            let known = known.as_ref().map(|f| (f.layout, f.media_type.as_str()));
            assert_eq!(known, expected, "{text}");
        }
        let b2 = "application/x-votable+xml;serialization=binary2";
        let td = "application/x-votable+xml;serialization=tabledata";
        check("votable", Some((Votable(Binary2), b2)));
        check("VOTable", Some((Votable(Binary2), b2)));
        check("votable/td", Some((Votable(Tabledata), td)));
        check("application/x-votable+xml", Some((Votable(Binary2), b2)));
        check("application/x-votable xml", Some((Votable(Binary2), b2)));
        check(
            "application/x-votable+xml; serialization=TABLEDATA",
            Some((Votable(Tabledata), td)),
        );
        check(
            "application/x-votable+xml;serialization=\"binary\"",
            Some((
                Votable(Binary),
                "application/x-votable+xml;serialization=binary",
            )),
        );
        check("application/x-votable+xml;serialization=fits", None);
        check("text/xml", Some((Votable(Tabledata), "text/xml")));
        check("csv", Some((Csv, "text/csv;header=present;charset=utf-8")));
        check("text/csv;header=absent", None);
        check(
            "tsv",
            Some((Tsv, "text/tab-separated-values;charset=utf-8")),
        );
        check("fits", Some((Fits, "application/fits")));
        check("Application/FITS", Some((Fits, "application/fits")));
        check("json", Some((Json, "application/json")));
        check(
            "application/geo+json",
            Some((Geojson, "application/geo+json")),
        );
        check(
            "application/geo json",
            Some((Geojson, "application/geo+json")),
        );
        check("html", Some((Html, "text/html;charset=utf-8")));
        let moc = "application/fits;content=moc";
        check("moc", Some((Moc(Coverage::Fits), moc)));
        check(
            "application/fits; content=MOC",
            Some((Moc(Coverage::Fits), moc)),
        );
        check(
            "moc/ascii",
            Some((Moc(Coverage::Ascii), "text/plain;content=moc;charset=utf-8")),
        );
        check("text/plain", None);
        check("application/fits;content=stars", None);
        check("excel", None);
        check("", None);
    }

    #[test]
    fn accept_speaks_only_when_it_names_a_table_type() {
        fn check(accept: &str, layout: Layout) {
            assert_eq!(default_from_accept(Some(accept)).layout, layout, "{accept}");
        }
        check("*/*", Votable(Binary2));
        check(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            Votable(Binary2),
        );
        check("text/csv", Csv);
        check("text/html, text/csv;q=0.5", Csv);
        check("nonsense", Votable(Binary2));
        check(
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            Votable(Binary2),
        );
        check("text/html", Votable(Binary2));
        check("text/xml;charset=utf-8, text/plain", Votable(Binary2));
        check("application/json", Json);
        check("text/csv;q=0.5, application/json;q=0.9", Json);
        check("text/csv;q=0, */*", Votable(Binary2));
        check("text/plain;content=moc", Moc(Coverage::Ascii));
    }

    #[test]
    fn a_file_tells_its_format() {
        fn check(name: &str, expected: Option<Layout>) {
            assert_eq!(Layout::of_file(name), expected, "{name}");
        }
        check("a.csv", Some(Csv));
        check("A.FITS", Some(Fits));
        check("a.moc.fits", Some(Moc(Coverage::Fits)));
        check("moc.json", Some(Json));
        check("a.vot", Some(Votable(Binary2)));
        check("a.xml", Some(Votable(Tabledata)));
        check("a.arrow", Some(Arrow));
        check("a.txt", Some(Text));
        check("a.xls", None);
        check("csv", None);
        for announced in Format::ALL {
            let layout = announced.layout;
            if layout != Votable(Binary) {
                check(&format!("x.{}", layout.extension()), Some(layout));
            }
        }
    }

    #[test]
    fn every_announced_name_is_understood() {
        for announced in Format::ALL {
            for name in announced.aliases.iter().chain([&announced.media_type]) {
                assert_eq!(
                    Format::known(name).map(|f| f.layout),
                    Some(announced.layout),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn format_is_the_old_name_of_responseformat() {
        let mut params = Params::default();
        assert_eq!(Format::from_params(&params), Ok(None));
        params.add("FORMAT", "csv");
        assert_eq!(Format::from_params(&params), Ok(Some(Format::of(Csv))));
        params.add("RESPONSEFORMAT", "excel");
        assert!(Format::from_params(&params).is_err());
    }
}
