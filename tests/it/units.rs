//! Units and UCDs of answers, and IN_UNIT, the same on both engines.

use votable::Reader;

use crate::support::service::{Service, served_on_both};

/// Unit, UCD and description of the answer's columns, as `name unit ucd`; the
/// unit of a column that has none is `-`.
fn fields(service: &Service, query: &str) -> Vec<String> {
    let answer = service.post(&[("LANG", "ADQL"), ("QUERY", query)]);
    assert_eq!(answer.status(), 200, "{query}");
    let bytes = answer.bytes().expect("the answer");
    let reader = Reader::open(&bytes[..]).expect("a VOTable");
    let shown = reader.fields().iter().map(|field| {
        let unit = field.unit.as_deref().unwrap_or("-");
        let ucd = field.ucd.as_deref().unwrap_or("-");
        format!("{} {unit} {ucd}", field.name)
    });
    shown.collect()
}

#[test]
fn units_of_computed_columns_reach_the_fields() {
    served_on_both(|service| {
        let found = fields(
            service,
            "SELECT AVG(t_exptime) AS mean, MAX(s_ra) AS ra, MIN(t_max - t_min) AS days, \
                    SUM(s_fov * 3600) AS fov, AVG(s_fov / s_fov) AS ratio, \
                    MAX(IN_UNIT(em_max, 'nm')) AS em, COUNT(*) AS n \
             FROM ivoa.obscore",
        );
        let expected = [
            "mean s time.duration;obs.exposure;stat.mean",
            "ra deg pos.eq.ra;stat.max",
            "days d -",
            "fov - -",
            "ratio  phys.angSize;instr.fov;arith.ratio;stat.mean",
            "em nm em.wl;stat.max",
            "n - meta.number",
        ];
        assert_eq!(found, expected);
    });
}

#[test]
fn values_are_converted() {
    served_on_both(|service| {
        let check = |query: &str, expected: &str| assert_eq!(service.query(query), expected);
        check(
            "SELECT IN_UNIT(s_ra, 'arcmin'), IN_UNIT(s_ra, 'deg') FROM ivoa.obscore \
             WHERE obs_id = 'circle'",
            "600.0,10.0",
        );
        check(
            "SELECT obs_id FROM ivoa.obscore \
             WHERE IN_UNIT(s_ra, 'arcsec') BETWEEN 35999 AND 36001 \
             GROUP BY obs_id, IN_UNIT(s_ra, 'arcsec') ORDER BY IN_UNIT(s_ra, 'arcsec'), obs_id",
            "circle",
        );
    });
}

#[test]
fn distances_are_compared_in_any_unit() {
    served_on_both(|service| {
        let near = |condition: &str| {
            let query = "SELECT obs_id FROM ivoa.obscore WHERE";
            service.query(&format!("{query} {condition} ORDER BY obs_id"))
        };
        let expected = near("DISTANCE(s_ra, s_dec, 10, 20) < 0.75");
        assert!(!expected.is_empty());
        for condition in [
            "IN_UNIT(DISTANCE(s_ra, s_dec, 10, 20), 'arcmin') < 45",
            "DISTANCE(s_ra, s_dec, 10, 20) * 3600 < 2700",
            "0.01309 > RADIANS(1) * DISTANCE(s_ra, s_dec, 10, 20)",
            "2 * DISTANCE(s_ra, s_dec, 10, 20) / 3 < 0.5",
            "NOT (DISTANCE(s_ra, s_dec, 10, 20) * 60 >= 45)",
        ] {
            assert_eq!(near(condition), expected, "{condition}");
        }
    });
}

#[test]
fn what_does_not_convert_is_told() {
    served_on_both(|service| {
        let query = "SELECT IN_UNIT(s_ra, 'kg') FROM ivoa.obscore";
        let answer = service.post(&[("LANG", "ADQL"), ("QUERY", query)]);
        assert_eq!(answer.status(), 400);
        let text = answer.text().expect("text");
        let sentence = "ADQL-323: deg (angle) does not convert into kg (mass)";
        assert!(text.contains(sentence), "{text}");
    });
}

#[test]
fn in_unit_is_announced() {
    served_on_both(|service| {
        let capabilities = service.sync().replace("/sync", "/capabilities");
        let text = service
            .client
            .get(capabilities)
            .send()
            .and_then(|answer| answer.text())
            .expect("the capabilities");
        assert!(text.contains("ivo://ivoa.net/std/tapregext#features-adql-unit"));
        assert!(text.contains("<form>IN_UNIT</form>"), "{text}");
    });
}
