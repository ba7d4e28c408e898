//! Functions as a client of the service meets them.

use crate::support::service::served_on_both;

#[test]
fn lists_of_numbers_are_fields() {
    served_on_both(|service| {
        let query = "SELECT ivo_histogram(calib_level, 0, 3, 3) AS levels, \
                     ivo_string_agg(DISTINCT obs_collection, ' ') AS collections, \
                     ivo_to_mjd('2000-01-01') AS mjd FROM ivoa.obscore";
        let ask = |format: &str| {
            let answer = service.post(&[
                ("LANG", "ADQL"),
                ("QUERY", query),
                ("RESPONSEFORMAT", format),
            ]);
            assert_eq!(answer.status(), 200, "{format}");
            answer.text().expect("text")
        };
        let text = ask("votable/td");
        for part in [
            "<FIELD name=\"levels\" datatype=\"int\" arraysize=\"*\"",
            "<TD>0 1 1 11 0</TD>",
            "<TD>deep edge wide</TD>",
            "unit=\"d\" ucd=\"time.epoch\"",
            "timeorigin=\"MJD-origin\"",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        // BINARY2: a byte of NULL flags, the length, and the numbers.
        let text: String = ask("votable/b2").split_whitespace().collect();
        let start = "AAAAAAUAAAAAAAAAAQAAAAEAAAALAAAAAA";
        assert!(text.contains(start), "{start} is not in {text}");
        assert!(ask("csv").contains("0 1 1 11 0,deep edge wide,51544.0"));
    });
}

#[test]
fn functions_are_announced() {
    served_on_both(|service| {
        let url = format!("{}/tap/capabilities", service.base);
        let answer = service.client.get(url).send().expect("an answer");
        let text = answer.text().expect("text");
        for name in ["ivo_string_agg", "ivo_histogram", "gavo_vocmatch"] {
            assert!(text.contains(&format!("<form>{name}(")), "{name}");
        }
        assert!(!text.contains("simbadpoint"));
    });
}
