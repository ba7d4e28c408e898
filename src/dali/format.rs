//! Response formats: what a request may ask for and what the answer is then
//! called (DALI 1.1 section 3.4.3, TAP 1.1 section 2.7.3).
//!
//! Why is a plain `votable` answered in BINARY2? Because every client we test
//! with reads it, and it is the smallest and fastest of the three. A person who
//! wants to look at the text asks for `votable/td`.

use super::{Error, Params};

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

/// A format as the capabilities document announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    pub media_type: &'static str,
    pub aliases: &'static [&'static str],
    pub layout: Layout,
    /// Of the output format in TAPRegExt, where it has one.
    pub ivoid: Option<&'static str>,
}

const VOTABLE: &str = "application/x-votable+xml";

impl Format {
    /// Every format, in the order of the capabilities document.
    pub const ALL: [Announced; 5] = [
        Announced {
            media_type: "application/x-votable+xml;serialization=binary2",
            aliases: &["votable", "votable/b2", "application/x-votable+xml"],
            layout: Layout::Votable(Serialization::Binary2),
            ivoid: Some("ivo://ivoa.net/std/TAPRegExt#output-votable-binary2"),
        },
        Announced {
            media_type: "application/x-votable+xml;serialization=tabledata",
            aliases: &["votable/td", "text/xml"],
            layout: Layout::Votable(Serialization::Tabledata),
            ivoid: Some("ivo://ivoa.net/std/TAPRegExt#output-votable-td"),
        },
        Announced {
            media_type: "application/x-votable+xml;serialization=binary",
            aliases: &["votable/b"],
            layout: Layout::Votable(Serialization::Binary),
            ivoid: Some("ivo://ivoa.net/std/TAPRegExt#output-votable-binary"),
        },
        Announced {
            media_type: "text/csv;header=present",
            aliases: &["csv", "text/csv"],
            layout: Layout::Csv,
            ivoid: None,
        },
        Announced {
            media_type: "text/tab-separated-values",
            aliases: &["tsv"],
            layout: Layout::Tsv,
            ivoid: None,
        },
    ];

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
                "RESPONSEFORMAT \"{text}\" is not offered; this service writes votable, \
                 votable/td, votable/b, csv and tsv, and their media types"
            ))
        })
    }

    pub fn votable(serialization: Serialization) -> Format {
        let name = match serialization {
            Serialization::Tabledata => "tabledata",
            Serialization::Binary => "binary",
            Serialization::Binary2 => "binary2",
        };
        Format {
            layout: Layout::Votable(serialization),
            media_type: format!("{VOTABLE};serialization={name}"),
        }
    }

    pub fn csv() -> Format {
        Format {
            layout: Layout::Csv,
            media_type: "text/csv;header=present;charset=utf-8".to_owned(),
        }
    }

    pub fn text() -> Format {
        Format {
            layout: Layout::Text,
            media_type: "text/plain;charset=utf-8".to_owned(),
        }
    }

    fn known(text: &str) -> Option<Format> {
        // A plus sign that was not encoded in the query string came as a space.
        let text = text
            .trim()
            .to_lowercase()
            .replace("x-votable xml", "x-votable+xml");
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let parameter = |wanted: &str| {
            text.split(';')
                .skip(1)
                .filter_map(|part| part.split_once('='))
                .find(|(name, _)| name.trim() == wanted)
                .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        };
        match name {
            "votable" | VOTABLE | "text/xml" | "application/xml" => {
                let serialization = match (parameter("serialization").as_deref(), name) {
                    (Some("tabledata"), _) => Serialization::Tabledata,
                    (Some("binary"), _) => Serialization::Binary,
                    (Some("binary2"), _) => Serialization::Binary2,
                    (Some(_), _) => return None,
                    // Who names the general types wants something to look at.
                    (None, "text/xml" | "application/xml") => Serialization::Tabledata,
                    (None, _) => Serialization::Binary2,
                };
                let mut format = Format::votable(serialization);
                if matches!(name, "text/xml" | "application/xml") {
                    format.media_type = name.to_owned();
                }
                Some(format)
            }
            "votable/td" => Some(Format::votable(Serialization::Tabledata)),
            "votable/b" => Some(Format::votable(Serialization::Binary)),
            "votable/b2" => Some(Format::votable(Serialization::Binary2)),
            "csv" | "text/csv" if parameter("header").as_deref() != Some("absent") => {
                Some(Format::csv())
            }
            "tsv" | "text/tab-separated-values" => Some(Format {
                layout: Layout::Tsv,
                media_type: "text/tab-separated-values;charset=utf-8".to_owned(),
            }),
            _ => None,
        }
    }
}

/// The format of a request that names none: the first of our table types in
/// its Accept header, else VOTable. General types are passed over, because
/// browsers and clients send them without meaning our tables.
pub fn default_from_accept(accept: Option<&str>) -> Format {
    accept
        .unwrap_or_default()
        .split(',')
        .map(|range| range.split(";q=").next().unwrap_or_default().trim())
        .filter(|range| !range.starts_with("text/xml") && !range.starts_with("application/xml"))
        .filter(|range| range.contains('/'))
        .find_map(Format::known)
        .unwrap_or_else(|| Format::votable(Serialization::Binary2))
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
        check("fits", None);
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
        assert_eq!(Format::from_params(&params), Ok(Some(Format::csv())));
        params.add("RESPONSEFORMAT", "fits");
        assert!(Format::from_params(&params).is_err());
    }
}
