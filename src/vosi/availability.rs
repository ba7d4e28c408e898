//! Whether the service is up (VOSI 1.1 section 3.3).

use super::{XSI, document, element};

/// A document from what a look at the database gave: `Err` holds the sentence
/// for the reader.
pub fn write(up: Result<(), &str>) -> Vec<u8> {
    document(|xml| {
        xml.create_element("vosi:availability")
            .with_attribute((
                "xmlns:vosi",
                "http://www.ivoa.net/xml/VOSIAvailability/v1.0",
            ))
            .with_attribute(XSI)
            .write_inner_content(|xml| {
                element(
                    xml,
                    "vosi:available",
                    if up.is_ok() { "true" } else { "false" },
                )?;
                element(
                    xml,
                    "vosi:note",
                    up.err().unwrap_or("The service answers queries."),
                )
            })
            .map(drop)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_wrong() {
        fn check(up: Result<(), &str>, part: &str) {
            let text = String::from_utf8_lossy(&write(up)).into_owned();
            assert!(text.contains(part), "{text}");
        }
        check(Ok(()), "<vosi:available>true</vosi:available>");
        check(Err("no database"), "<vosi:available>false</vosi:available>");
        check(
            Err("no <database>"),
            "<vosi:note>no &lt;database&gt;</vosi:note>",
        );
    }
}
