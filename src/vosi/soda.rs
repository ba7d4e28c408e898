//! What the service of cut-outs can do (SODA 1.0 section 2.5, VODataService 1.1).

use std::io;

use quick_xml::events::BytesText;

use super::simple::capabilities;
use super::{Xml, element};

/// Name, what it is, unit, UCD, type and size: the parameters of SODA 1.0 table 3
/// that are understood.
const PARAMETERS: [(&str, &str, &str, &str, &str, &str); 7] = [
    (
        "ID",
        "The obs_publisher_did of the dataset",
        "",
        "meta.ref.url;meta.curation",
        "char",
        "*",
    ),
    (
        "POS",
        "CIRCLE, RANGE or POLYGON and its numbers",
        "",
        "pos.outline;obs",
        "char",
        "*",
    ),
    (
        "CIRCLE",
        "Longitude, latitude and radius",
        "deg",
        "pos.outline;obs",
        "double",
        "3",
    ),
    (
        "POLYGON",
        "Longitude and latitude of the vertices",
        "deg",
        "pos.outline;obs",
        "double",
        "*",
    ),
    (
        "BAND",
        "Wavelengths; nothing is cut by them",
        "m",
        "em.wl;stat.interval",
        "double",
        "2",
    ),
    (
        "TIME",
        "Times; nothing is cut by them",
        "d",
        "time.interval;obs.exposure",
        "double",
        "2",
    ),
    (
        "POL",
        "Polarization; nothing is cut by it",
        "",
        "meta.code;phys.polarization",
        "char",
        "*",
    ),
];

/// The capabilities of the service of cut-outs under `base`/soda.
pub fn write(base: &str) -> Vec<u8> {
    capabilities(base, "soda", |xml| {
        xml.create_element("capability")
            .with_attribute(("standardID", "ivo://ivoa.net/std/SODA#sync-1.0"))
            .write_inner_content(|xml| {
                xml.create_element("interface")
                    .with_attribute(("xsi:type", "vs:ParamHTTP"))
                    .with_attribute(("role", "std"))
                    .with_attribute(("version", "1.0"))
                    .write_inner_content(|xml| {
                        xml.create_element("accessURL")
                            .with_attribute(("use", "full"))
                            .write_text_content(BytesText::new(&format!("{base}/soda/sync")))?;
                        parameters(xml)
                    })
                    .map(drop)
            })
            .map(drop)
    })
}

fn parameters(xml: &mut Xml) -> io::Result<()> {
    element(xml, "queryType", "GET")?;
    element(xml, "queryType", "POST")?;
    element(xml, "resultType", "application/fits")?;
    for (name, description, unit, ucd, kind, size) in PARAMETERS {
        let usage = if name == "ID" { "required" } else { "optional" };
        xml.create_element("param")
            .with_attribute(("std", "true"))
            .with_attribute(("use", usage))
            .write_inner_content(|xml| {
                element(xml, "name", name)?;
                element(xml, "description", description)?;
                if !unit.is_empty() {
                    element(xml, "unit", unit)?;
                }
                element(xml, "ucd", ucd)?;
                xml.create_element("dataType")
                    .with_attribute(("xsi:type", "vs:VOTableType"))
                    .with_attribute(("arraysize", size))
                    .write_text_content(BytesText::new(kind))
                    .map(drop)
            })?;
    }
    Ok(())
}
