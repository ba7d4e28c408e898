//! What the service can do (VOSI 1.1 section 3.1, TAPRegExt 1.0).
//!
//! Functions come from [`adql::functions`] and formats from [`dali::Format`],
//! the tables that the service itself works by.

use std::io;
use std::time::Duration;

use adql::functions::{self, FEATURES, Feature, GEOMETRY};
use quick_xml::events::BytesText;

use super::{XSI, Xml, document, element};
use crate::config::{Jobs, Limits, Uploads};
use crate::dali::Format;

const LANGUAGE: &str =
    "The Astronomical Data Query Language: SQL's SELECT with geometry on the sky.";

/// The capabilities of a service whose TAP stands under `base`/tap.
/// `drafts`: as TAPRegExt 1.1 will have it, where that says more.
pub fn write(base: &str, limits: &Limits, jobs: &Jobs, uploads: &Uploads, drafts: bool) -> Vec<u8> {
    document(|xml| {
        xml.create_element("vosi:capabilities")
            .with_attribute((
                "xmlns:vosi",
                "http://www.ivoa.net/xml/VOSICapabilities/v1.0",
            ))
            .with_attribute(("xmlns:tr", "http://www.ivoa.net/xml/TAPRegExt/v1.0"))
            .with_attribute(("xmlns:vs", "http://www.ivoa.net/xml/VODataService/v1.1"))
            .with_attribute(("xmlns:vr", "http://www.ivoa.net/xml/VOResource/v1.0"))
            .with_attribute(XSI)
            .write_inner_content(|xml| {
                xml.create_element("capability")
                    .with_attribute(("standardID", "ivo://ivoa.net/std/TAP"))
                    .with_attribute(("xsi:type", "tr:TableAccess"))
                    .write_inner_content(|xml| {
                        table_access(xml, base, limits, jobs, uploads, drafts)
                    })?;
                for resource in ["capabilities", "tables", "availability"] {
                    let standard = format!("ivo://ivoa.net/std/VOSI#{resource}");
                    xml.create_element("capability")
                        .with_attribute(("standardID", standard.as_str()))
                        .write_inner_content(|xml| {
                            let version = if resource == "tables" { "1.1" } else { "1.0" };
                            let url = format!("{base}/tap/{resource}");
                            interface(xml, version, "full", &url)
                        })?;
                }
                // TAP 1.1 section 2.4.4.
                xml.create_element("capability")
                    .with_attribute(("standardID", "ivo://ivoa.net/std/DALI#examples"))
                    .write_inner_content(|xml| {
                        xml.create_element("interface")
                            .with_attribute(("xsi:type", "vr:WebBrowser"))
                            .write_inner_content(|xml| {
                                xml.create_element("accessURL")
                                    .with_attribute(("use", "full"))
                                    .write_text_content(BytesText::new(&format!(
                                        "{base}/tap/examples"
                                    )))
                                    .map(drop)
                            })
                            .map(drop)
                    })?;
                Ok(())
            })
            .map(drop)
    })
}

/// The capabilities of the service of links under `base`/datalink (DataLink
/// 1.1 section 2.2).
pub fn datalink(base: &str) -> Vec<u8> {
    document(|xml| {
        xml.create_element("vosi:capabilities")
            .with_attribute((
                "xmlns:vosi",
                "http://www.ivoa.net/xml/VOSICapabilities/v1.0",
            ))
            .with_attribute(("xmlns:vs", "http://www.ivoa.net/xml/VODataService/v1.1"))
            .with_attribute(XSI)
            .write_inner_content(|xml| {
                xml.create_element("capability")
                    .with_attribute(("standardID", "ivo://ivoa.net/std/DataLink#links-1.1"))
                    .write_inner_content(|xml| links(xml, base))?;
                for resource in ["capabilities", "availability"] {
                    let standard = format!("ivo://ivoa.net/std/VOSI#{resource}");
                    xml.create_element("capability")
                        .with_attribute(("standardID", standard.as_str()))
                        .write_inner_content(|xml| {
                            interface(xml, "1.0", "full", &format!("{base}/datalink/{resource}"))
                        })?;
                }
                Ok(())
            })
            .map(drop)
    })
}

/// In the order the schema of VODataService wants.
fn links(xml: &mut Xml, base: &str) -> io::Result<()> {
    xml.create_element("interface")
        .with_attribute(("xsi:type", "vs:ParamHTTP"))
        .with_attribute(("role", "std"))
        .with_attribute(("version", "1.1"))
        .write_inner_content(|xml| {
            xml.create_element("accessURL")
                .with_attribute(("use", "base"))
                .write_text_content(BytesText::new(&format!("{base}/datalink/links")))?;
            element(xml, "queryType", "GET")?;
            element(xml, "queryType", "POST")?;
            element(
                xml,
                "resultType",
                "application/x-votable+xml;content=datalink",
            )?;
            for (name, usage, description, ucd) in [
                (
                    "ID",
                    "required",
                    "Identifiers of datasets",
                    "meta.id;meta.main",
                ),
                (
                    "RESPONSEFORMAT",
                    "optional",
                    "The format of the answer",
                    "meta.code.mime",
                ),
                (
                    "MAXREC",
                    "optional",
                    "Rows of the answer at most",
                    "meta.number",
                ),
            ] {
                xml.create_element("param")
                    .with_attribute(("std", "true"))
                    .with_attribute(("use", usage))
                    .write_inner_content(|xml| {
                        element(xml, "name", name)?;
                        element(xml, "description", description)?;
                        element(xml, "ucd", ucd)?;
                        element(
                            xml,
                            "dataType",
                            if name == "MAXREC" {
                                "integer"
                            } else {
                                "string"
                            },
                        )
                    })?;
            }
            Ok(())
        })
        .map(drop)
}

pub(super) fn interface(xml: &mut Xml, version: &str, usage: &str, url: &str) -> io::Result<()> {
    xml.create_element("interface")
        .with_attribute(("xsi:type", "vs:ParamHTTP"))
        .with_attribute(("role", "std"))
        .with_attribute(("version", version))
        .write_inner_content(|xml| {
            xml.create_element("accessURL")
                .with_attribute(("use", usage))
                .write_text_content(BytesText::new(url))
                .map(drop)
        })
        .map(drop)
}

/// In the order the schema of TAPRegExt wants.
fn table_access(
    xml: &mut Xml,
    base: &str,
    limits: &Limits,
    jobs: &Jobs,
    uploads: &Uploads,
    drafts: bool,
) -> io::Result<()> {
    // TAPRegExt has no place for these two.
    element(
        xml,
        "description",
        &format!(
            "A request has at most {} bytes, and an answer not many more than {}.",
            limits.body_bytes, limits.answer_bytes
        ),
    )?;
    interface(xml, "1.1", "base", &format!("{base}/tap"))?;
    xml.create_element("dataModel")
        .with_attribute(("ivo-id", "ivo://ivoa.net/std/ObsCore#core-1.1"))
        .write_text_content(BytesText::new("ObsCore-1.1"))?;
    xml.create_element("language").write_inner_content(|xml| {
        element(xml, "name", "ADQL")?;
        for (version, ivoid) in [
            ("2.0", "ivo://ivoa.net/std/ADQL#v2.0"),
            ("2.1", "ivo://ivoa.net/std/ADQL#v2.1"),
        ] {
            xml.create_element("version")
                .with_attribute(("ivo-id", ivoid))
                .write_text_content(BytesText::new(version))?;
        }
        element(xml, "description", LANGUAGE)?;
        features(xml)
    })?;
    for format in Format::ALL {
        let mut start = xml.create_element("outputFormat");
        if let Some(ivoid) = format.ivoid {
            start = start.with_attribute(("ivo-id", ivoid));
        }
        start.write_inner_content(|xml| {
            element(xml, "mime", format.media_type)?;
            for alias in format.aliases {
                element(xml, "alias", alias)?;
            }
            Ok(())
        })?;
    }
    for method in upload_methods(uploads) {
        let ivoid = format!("ivo://ivoa.net/std/TAPRegExt#upload-{method}");
        xml.create_element("uploadMethod")
            .with_attribute(("ivo-id", ivoid.as_str()))
            .write_empty()?;
    }
    // TAPRegExt 1.0 has one value for both modes: that of jobs, since a
    // query that needs longer than /sync gives is sent there.
    for (name, default, hard) in [
        ("retentionPeriod", jobs.lifetime_default, jobs.lifetime_hard),
        ("executionDuration", jobs.time_default, jobs.time_hard),
    ] {
        time_limit(xml, name, None, default, hard)?;
        // TAPRegExt 1.1 section 2.2: the value of one mode overrides the other.
        if drafts && name == "executionDuration" {
            time_limit(xml, name, Some("sync"), limits.sync, limits.sync)?;
        }
    }
    xml.create_element("outputLimit")
        .write_inner_content(|xml| {
            for (name, rows) in [
                ("default", limits.maxrec_default),
                ("hard", limits.maxrec_hard),
            ] {
                xml.create_element(name)
                    .with_attribute(("unit", "row"))
                    .write_text_content(BytesText::new(&rows.to_string()))?;
            }
            Ok(())
        })?;
    if uploads.tables == 0 {
        return Ok(());
    }
    // A table may always have so many rows; bytes are counted as they are sent.
    xml.create_element("uploadLimit")
        .write_inner_content(|xml| {
            for (name, unit, count) in [
                ("default", "row", uploads.rows),
                ("hard", "byte", uploads.bytes),
            ] {
                xml.create_element(name)
                    .with_attribute(("unit", unit))
                    .write_text_content(BytesText::new(&count.to_string()))?;
            }
            Ok(())
        })
        .map(drop)
}

/// How tables may come with a query (TAPRegExt 1.0 section 2.5).
fn upload_methods(uploads: &Uploads) -> &'static [&'static str] {
    match (uploads.tables, uploads.fetches()) {
        (0, _) => &[],
        (_, false) => &["inline"],
        (_, true) => &["inline", "http", "https"],
    }
}

fn time_limit(
    xml: &mut Xml,
    name: &str,
    mode: Option<&str>,
    default: Duration,
    hard: Duration,
) -> io::Result<()> {
    let mut start = xml.create_element(name);
    if let Some(mode) = mode {
        start = start.with_attribute(("forMode", mode));
    }
    start
        .write_inner_content(|xml| {
            element(xml, "default", &default.as_secs().to_string())?;
            element(xml, "hard", &hard.as_secs().to_string())
        })
        .map(drop)
}

/// The optional features of the language, those of a kind together.
fn features(xml: &mut Xml) -> io::Result<()> {
    let all: Vec<Feature> = GEOMETRY
        .iter()
        .copied()
        .chain(functions::all().filter_map(|function| function.feature))
        .chain(FEATURES.iter().copied())
        .collect();
    let mut kinds: Vec<&str> = Vec::new();
    for feature in &all {
        if !kinds.contains(&feature.kind) {
            kinds.push(feature.kind);
        }
    }
    for kind in kinds {
        xml.create_element("languageFeatures")
            .with_attribute(("type", kind))
            .write_inner_content(|xml| {
                for feature in all.iter().filter(|feature| feature.kind == kind) {
                    xml.create_element("feature").write_inner_content(|xml| {
                        element(xml, "form", feature.form)?;
                        match feature.description {
                            Some(description) => element(xml, "description", description),
                            None => Ok(()),
                        }
                    })?;
                }
                Ok(())
            })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_announced() {
        let limits = Limits {
            maxrec_default: 7,
            maxrec_hard: 99,
            sync: Duration::from_secs(60),
            body_bytes: 1,
            answer_bytes: 2,
        };
        let seconds = Duration::from_secs;
        let jobs = Jobs {
            time_default: seconds(11),
            time_hard: seconds(12),
            lifetime_default: seconds(13),
            lifetime_hard: seconds(14),
            ..Jobs::SAMPLE
        };
        let uploads = Uploads {
            tables: 1,
            rows: 21,
            bytes: 22,
            urls: crate::config::Urls::Public,
            allow: Vec::new(),
            time: seconds(1),
            redirects: 1,
        };
        let document = write("https://sky.example/obs", &limits, &jobs, &uploads, false);
        let text = String::from_utf8_lossy(&document).into_owned();
        assert!(!text.contains("forMode"));
        let draft = write("https://sky.example/obs", &limits, &jobs, &uploads, true);
        let draft = String::from_utf8_lossy(&draft).into_owned();
        assert!(
            draft.contains("<executionDuration forMode=\"sync\">"),
            "{draft}"
        );
        for part in [
            "<accessURL use=\"base\">https://sky.example/obs/tap</accessURL>",
            "<accessURL use=\"full\">https://sky.example/obs/tap/tables</accessURL>",
            "<form>CONTAINS</form>",
            "<alias>votable/td</alias>",
            "<default unit=\"row\">7</default>",
            "<hard unit=\"row\">99</hard>",
            "<default>11</default>",
            "<hard>14</hard>",
            "<uploadMethod ivo-id=\"ivo://ivoa.net/std/TAPRegExt#upload-https\"/>",
            "<hard unit=\"byte\">22</hard>",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
