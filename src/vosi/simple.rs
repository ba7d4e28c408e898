//! The capabilities of the simple protocols (VOSI 1.1 section 3.1): SIA 2.0
//! section 2.3, which needs no schema of its own, and SCS in the words of
//! SimpleDALRegExt 1.1 section 3.1
//! (<https://www.ivoa.net/documents/SimpleDALRegExt/20170530/>).

use std::io;

use quick_xml::events::BytesText;

use super::capabilities::interface;
use super::{XSI, Xml, document, element};
use crate::config::Limits;

/// A position at which there is an observation, for a query that tries the
/// service; degrees, ICRS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    pub ra: f64,
    pub dec: f64,
}

/// The capabilities of the search for images under `base`/sia.
pub fn sia(base: &str) -> Vec<u8> {
    capabilities(base, "sia", |xml| image_search(xml, base))
}

/// The capabilities of the cone search under `base`/scs.
pub fn scs(base: &str, limits: &Limits, test: Option<Test>) -> Vec<u8> {
    capabilities(base, "scs", |xml| cone_search(xml, base, limits, test))
}

/// A document with a capability and the resources beside it.
pub(super) fn capabilities(
    base: &str,
    room: &str,
    own: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> Vec<u8> {
    document(|xml| {
        xml.create_element("vosi:capabilities")
            .with_attribute((
                "xmlns:vosi",
                "http://www.ivoa.net/xml/VOSICapabilities/v1.0",
            ))
            .with_attribute(("xmlns:cs", "http://www.ivoa.net/xml/ConeSearch/v1.0"))
            .with_attribute(("xmlns:vs", "http://www.ivoa.net/xml/VODataService/v1.1"))
            .with_attribute(XSI)
            .write_inner_content(|xml| {
                own(xml)?;
                for resource in ["capabilities", "availability"] {
                    let standard = format!("ivo://ivoa.net/std/VOSI#{resource}");
                    xml.create_element("capability")
                        .with_attribute(("standardID", standard.as_str()))
                        .write_inner_content(|xml| {
                            let url = format!("{base}/{room}/{resource}");
                            interface(xml, "1.0", "full", &url)
                        })?;
                }
                Ok(())
            })
            .map(drop)
    })
}

/// SIA 2.0 section 2.3.
pub(super) fn image_search(xml: &mut Xml, base: &str) -> io::Result<()> {
    xml.create_element("capability")
        .with_attribute(("standardID", "ivo://ivoa.net/std/SIA#query-2.0"))
        .write_inner_content(|xml| interface(xml, "2.0", "base", &format!("{base}/sia/query")))
        .map(drop)
}

/// In the order the schema wants. There is no largest radius, which is said by
/// not saying any.
pub(super) fn cone_search(
    xml: &mut Xml,
    base: &str,
    limits: &Limits,
    test: Option<Test>,
) -> io::Result<()> {
    xml.create_element("capability")
        .with_attribute(("standardID", "ivo://ivoa.net/std/ConeSearch"))
        .with_attribute(("xsi:type", "cs:ConeSearch"))
        .write_inner_content(|xml| {
            // SCS 1.03 section 2.1: the address ends in a question mark.
            interface(xml, "1.03", "base", &format!("{base}/scs?"))?;
            element(xml, "maxRecords", &limits.maxrec_hard.max(1).to_string())?;
            element(xml, "verbosity", "true")?;
            let Some(Test { ra, dec }) = test else {
                return Ok(());
            };
            xml.create_element("testQuery")
                .write_inner_content(|xml| {
                    for (name, value) in [("ra", ra), ("dec", dec), ("sr", RADIUS)] {
                        xml.create_element(name)
                            .write_text_content(BytesText::new(&format!("{value:?}")))?;
                    }
                    Ok(())
                })
                .map(drop)
        })
        .map(drop)
}

/// Of the query that tries the cone search, degrees.
const RADIUS: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_is_announced_where_it_is() {
        let limits = Limits {
            maxrec_default: 7,
            maxrec_hard: 99,
            sync: Duration::from_secs(60),
            body_bytes: 1,
            answer_bytes: 2,
        };
        let base = "https://sky.example/obs";
        let check = |document: Vec<u8>, parts: &[&str]| {
            let text = String::from_utf8_lossy(&document).into_owned();
            for part in parts {
                assert!(text.contains(part), "{part} is not in {text}");
            }
        };
        check(
            sia(base),
            &[
                "standardID=\"ivo://ivoa.net/std/SIA#query-2.0\"",
                "<accessURL use=\"base\">https://sky.example/obs/sia/query</accessURL>",
                "<accessURL use=\"full\">https://sky.example/obs/sia/availability</accessURL>",
            ],
        );
        let test = Test {
            ra: 10.5,
            dec: -0.25,
        };
        check(
            scs(base, &limits, Some(test)),
            &[
                "standardID=\"ivo://ivoa.net/std/ConeSearch\" xsi:type=\"cs:ConeSearch\"",
                "<accessURL use=\"base\">https://sky.example/obs/scs?</accessURL>",
                "<maxRecords>99</maxRecords>",
                "<dec>-0.25</dec>",
                "<accessURL use=\"full\">https://sky.example/obs/scs/capabilities</accessURL>",
            ],
        );
        let without = String::from_utf8_lossy(&scs(base, &limits, None)).into_owned();
        assert!(!without.contains("testQuery"), "{without}");
    }
}
