//! Tables described in Felis, published on both engines.

use crate::support::service::{Archive, on_both};

const NIGHTS: &str = r##"---
name: logbook
"@id": "#logbook"
description: What happened at night
resources:
  shared: {uri: "resource://somewhere/shared.yaml"}
tables:
- name: Night
  "@id": "#Night"
  description: One night
  primaryKey: "#Night.day_obs"
  tap:table_index: 2
  columns:
  - {name: day_obs, "@id": "#Night.day_obs", datatype: int, description: "Night, yyyymmdd",
     nullable: false, tap:principal: 1, ivoa:ucd: time.epoch, tap:column_index: 1}
  - {name: seeing, "@id": "#Night.seeing", datatype: float, ivoa:unit: arcsec, tap:column_index: 3}
  - {name: sunset, "@id": "#Night.sunset", datatype: timestamp, tap:column_index: 2}
  - {name: "of", "@id": "#Night.of", datatype: unicode, length: 32}
- name: Event
  description: Something that happened
  tap:table_index: 1
  columns:
  - {name: id, datatype: long, nullable: false}
  - {name: day, datatype: int}
  - {name: place, datatype: double, votable:arraysize: 2, votable:xtype: point}
  - {name: samples, datatype: float, votable:arraysize: "*"}
  columnRefs:
    shared:
      Base:
        note:
        level: {ref_name: severity, overrides: {tap:principal: 1}}
  primaryKey: ["#Event.id"]
  indexes:
  - {name: idx, columns: ["#Event.day"]}
  constraints:
  - {name: fk_night, "@type": ForeignKey, description: The night of the event,
     columns: ["#Event.day"], referencedColumns: ["#Night.day_obs"]}
"##;

const SHARED: &str = "
name: shared
tables:
- name: Base
  columns:
  - {name: note, datatype: text, description: What was said}
  - {name: severity, datatype: short, ivoa:ucd: meta.code}
";

fn described(archive: &Archive) -> String {
    archive.file("shared.yaml", SHARED);
    archive.file("logbook.yaml", NIGHTS)
}

#[test]
fn described_tables_are_made_published_and_queried() {
    on_both(|archive| {
        let file = described(archive);
        let refused = archive.run(&["schema", "load", &file]);
        assert_eq!(refused.code, Some(1), "{}", refused.said);
        assert!(refused.said.contains("--create-tables"), "{}", refused.said);

        let made = archive.run(&["schema", "load", "--create-tables", &file]);
        assert_eq!(made.code, Some(0), "{}", made.said);
        assert!(made.out.contains("logbook.Night made"), "{}", made.out);
        assert!(made.out.contains("2 tables with 9 columns"), "{}", made.out);
        assert!(made.said.contains("Event.samples"), "{}", made.said);
        // Again, now that they are there.
        let again = archive.run(&["schema", "load", &file]);
        assert_eq!(again.code, Some(0), "{}", again.said);

        let check = |query: &str, expected: &str| {
            assert_eq!(archive.query(query), expected, "{query}");
        };
        check(
            "SELECT table_name FROM tap_schema.tables WHERE schema_name = 'logbook' ORDER BY table_index",
            "logbook.Event;logbook.Night",
        );
        check(
            "SELECT column_name, datatype, arraysize, xtype, unit, indexed, principal \
             FROM tap_schema.columns WHERE table_name = 'logbook.Night' ORDER BY column_index",
            "day_obs,int,,,,1,1;sunset,char,*,timestamp,,0,0;seeing,float,,,arcsec,0,0;\
             \"\"\"of\"\"\",unicodeChar,*,,,0,0",
        );
        check(
            "SELECT column_name, ucd, indexed, principal FROM tap_schema.columns \
             WHERE table_name = 'logbook.Event' ORDER BY column_index",
            "id,,1,0;\"\"\"day\"\"\",,1,0;place,,0,0;note,,0,0;\"\"\"level\"\"\",meta.code,0,1",
        );
        check(
            "SELECT k.target_table, c.from_column, c.target_column FROM tap_schema.keys AS k \
             JOIN tap_schema.key_columns AS c ON k.key_id = c.key_id WHERE k.from_table = 'logbook.Event'",
            "logbook.Night,day,day_obs",
        );
        check(
            "SELECT COUNT(*) FROM logbook.event AS e NATURAL JOIN logbook.night AS n WHERE n.\"of\" = 'x' \
             AND CONTAINS(e.place, CIRCLE(1, 2, 3)) = 1",
            "0",
        );
    });
}

#[test]
fn what_is_wrong_in_a_description_is_said_with_its_place() {
    on_both(|archive| {
        let check = |change: (&str, &str), code: i32, sentence: &str| {
            assert!(NIGHTS.contains(change.0), "{}", change.0);
            archive.file("shared.yaml", SHARED);
            let file = archive.file("wrong.yaml", NIGHTS.replace(change.0, change.1));
            let ended = archive.run(&["schema", "check", &file]);
            assert!(ended.said.contains(sentence), "{change:?}: {}", ended.said);
            assert_eq!(ended.code, Some(code), "{change:?}: {}", ended.said);
        };
        check(
            ("datatype: float, ivoa", "datatype: number, ivoa"),
            1,
            "Night.seeing: \"number\"",
        );
        check(("arcsec", "asec"), 0, "warning: Night.seeing");
        check(("time.epoch", "time.epoche"), 0, "time.epoch is");
        check(
            ("name: sunset", "name: SEEING"),
            1,
            "two columns have this name",
        );
        check(
            ("- name: Event", "- name: NIGHT"),
            1,
            "two tables have this name",
        );
        check(
            ("name: logbook", "name: tap_schema"),
            1,
            "obstap keeps this table itself",
        );
        check(("name: logbook", "name: 7th"), 1, "a schema is named by");
        check(
            ("\"#Event.id\"", "\"#Event.od\""),
            1,
            "which is no column of the table",
        );
        check(
            ("[\"#Night.day_obs\"]", "[\"#Nacht.day_obs\"]"),
            0,
            "is not published",
        );
        check(
            ("ref_name: severity", "ref_name: gravity"),
            1,
            "has no column gravity",
        );
        check(("      Base:", "      Bass:"), 1, "has no table Bass");
        check(
            ("somewhere/shared.yaml", "somewhere/other.yaml"),
            1,
            "other.yaml",
        );
        check(("tables:", "tables: ["), 1, "cannot read the schema");
        let stored = NIGHTS.replace("day_obs", "day");
        let file = archive.file("other.yaml", stored);
        let good = described(archive);
        archive.run(&["schema", "load", "--create-tables", &good]);
        let ended = archive.run(&["schema", "load", &file]);
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(ended.said.contains("lacks columns"), "{}", ended.said);
        assert!(ended.said.contains("day (INTEGER)"), "{}", ended.said);
    });
}
