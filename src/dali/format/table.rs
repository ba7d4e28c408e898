//! The table of formats: what is announced, understood and sent.

use super::{Announced, Coverage, Format, Layout, Serialization};

/// The name VOTables are sent under.
pub(super) const VOTABLE: &str = "application/x-votable+xml";

impl Format {
    /// Every format, in the order of the capabilities document.
    ///
    /// Why is a MOC announced with `content=moc`? Its media types are those of
    /// other formats, and a client must be able to tell what it would get.
    pub const ALL: [Announced; 15] = [
        Announced {
            media_type: "application/x-votable+xml;serialization=binary2",
            aliases: &["votable", "votable/b2", VOTABLE],
            layout: Layout::Votable(Serialization::Binary2),
            ivoid: Some("ivo://ivoa.net/std/TAPRegExt#output-votable-binary2"),
            extension: "vot",
            title: "VOTable",
        },
        Announced {
            media_type: "application/x-votable+xml;serialization=tabledata",
            aliases: &["votable/td", "text/xml", "application/xml"],
            layout: Layout::Votable(Serialization::Tabledata),
            ivoid: Some("ivo://ivoa.net/std/TAPRegExt#output-votable-td"),
            extension: "xml",
            title: "VOTable (text)",
        },
        Announced {
            media_type: "application/x-votable+xml;serialization=binary",
            aliases: &["votable/b"],
            layout: Layout::Votable(Serialization::Binary),
            ivoid: Some("ivo://ivoa.net/std/TAPRegExt#output-votable-binary"),
            extension: "vot",
            title: "VOTable (BINARY)",
        },
        plain(
            "text/csv;header=present",
            &["csv", "text/csv"],
            Layout::Csv,
            "csv",
            "CSV",
        ),
        plain(
            "text/tab-separated-values",
            &["tsv"],
            Layout::Tsv,
            "tsv",
            "TSV",
        ),
        plain("application/json", &["json"], Layout::Json, "json", "JSON"),
        plain(
            "application/x-ndjson",
            &["ndjson", "jsonl", "application/ndjson", "application/jsonl"],
            Layout::Ndjson,
            "ndjson",
            "NDJSON",
        ),
        plain(
            "application/fits",
            &["fits", "image/fits"],
            Layout::Fits,
            "fits",
            "FITS",
        ),
        plain(
            "application/vnd.apache.parquet",
            &["parquet", "application/parquet", "application/x-parquet"],
            Layout::Parquet,
            "parquet",
            "Parquet",
        ),
        plain(
            "application/vnd.apache.arrow.stream",
            &["arrow"],
            Layout::Arrow,
            "arrows",
            "Arrow",
        ),
        plain("text/html", &["html"], Layout::Html, "html", "Web page"),
        plain(
            "application/geo+json",
            &["geojson"],
            Layout::Geojson,
            "geojson",
            "GeoJSON footprints",
        ),
        plain(
            "application/fits;content=moc",
            &["moc", "moc/fits"],
            Layout::Moc(Coverage::Fits),
            "moc.fits",
            "MOC coverage",
        ),
        plain(
            "application/json;content=moc",
            &["moc/json"],
            Layout::Moc(Coverage::Json),
            "moc.json",
            "MOC coverage as JSON",
        ),
        plain(
            "text/plain;content=moc",
            &["moc/ascii", "moc/text"],
            Layout::Moc(Coverage::Ascii),
            "moc.txt",
            "MOC coverage as text",
        ),
    ];

    /// The short names, for messages: `votable, votable/td, …`.
    pub fn names() -> String {
        let names: Vec<&str> = Format::ALL
            .iter()
            .filter_map(|announced| announced.aliases.first().copied())
            .collect();
        names.join(", ")
    }
}

const fn plain(
    media_type: &'static str,
    aliases: &'static [&'static str],
    layout: Layout,
    extension: &'static str,
    title: &'static str,
) -> Announced {
    Announced {
        media_type,
        aliases,
        layout,
        ivoid: None,
        extension,
        title,
    }
}
