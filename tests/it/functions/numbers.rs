//! Functions of numbers, times and angles.

use super::asked;

#[test]
fn days_of_times() {
    asked(async |on| {
        on.check(
            "ivo_to_jd(CAST('2000-01-02T12:00:00' AS TIMESTAMP))",
            "2451546.0",
        )
        .await;
        on.check("ivo_to_jd('1910-12-31T06:00:00')", "2419036.75")
            .await;
        on.check("ivo_to_jd(NULL)", "NULL").await;
        on.check(
            "ivo_to_mjd(CAST('2000-01-02T12:00:00' AS TIMESTAMP))",
            "51545.5",
        )
        .await;
        on.check("ivo_to_mjd('1910-12-31T06:00:00')", "19036.25")
            .await;
        on.check("ivo_to_mjd(NULL)", "NULL").await;
        on.check(
            "gavo_to_jd('1970-01-01') - gavo_to_mjd('1970-01-01')",
            "2400000.5",
        )
        .await;
        on.check(
            "ivo_to_mjd('2026-03-01T12:00:00+02:00')",
            "61100.41666666667",
        )
        .await;
        on.in_rows(
            "ivo_to_mjd(t)",
            "51545.5;NULL;-678575.0;2973484.0;40586.999999999985;57753.500005787035;NULL",
        )
        .await;
        on.check(
            "SELECT id FROM f.things WHERE ivo_to_jd(t) > 2440587 ORDER BY ivo_to_jd(t) DESC",
            "4;6;1;5",
        )
        .await;
    });
}

#[test]
fn histograms() {
    asked(async |on| {
        let check = async |arguments: &str, expected: &str| {
            let query = format!("SELECT ivo_histogram({arguments}) FROM f.things");
            on.check(&query, expected).await;
        };
        // NULL and -1e308 lie below, 1e308 above; the last bin holds its edge.
        check("x, 0.5, 3.5, 3", "3 1 0 2 1").await;
        check("x, 0, 3.5, 1", "2 4 1").await;
        check("x, -1e300, 1e300, 2", "2 0 4 1").await;
        check(
            "x, 0, 1e300, 10000",
            &format!("2 4 {}1", "0 ".repeat(9_999)),
        )
        .await;
        check("x, 0, 1e-323, 2", "2 0 1 4").await;
        check("id, 0, 10, 5", "0 1 2 2 2 0 0").await;
        check("id, 0.1, 0.7, 6", "0 0 0 0 0 0 0 7").await;
        check("NULL, 0, 1, 1", "7 0 0").await;
        check("id, NULL, 1, 1", "7 0 0").await;
        check("MOD(id, 2), 0, 1 + 1, 2", "0 3 4 0").await;
        on.check(
            "SELECT ivo_histogram(x, 0, 1, 2) FROM f.things WHERE id > 99",
            "0 0 0 0",
        )
        .await;
        on.check(
            "SELECT MOD(id, 2) AS odd, ivo_histogram(id, 1, 7, 2), COUNT(*) FROM f.things \
             GROUP BY MOD(id, 2) ORDER BY odd",
            "0|0 1 2 0|3;1|0 2 2 0|4",
        )
        .await;
        on.check(
            "SELECT COUNT(h) FROM (SELECT ivo_histogram(id, 0, 1, 1) AS h FROM f.things \
             UNION SELECT ivo_histogram(id, 0, 1, 1) FROM f.things) AS q",
            "1",
        )
        .await;
        on.check(
            "SELECT ivo_histogram(f.things.id, low, high, 2) FROM f.things \
             JOIN (SELECT MIN(id) AS low, MAX(id) AS high FROM f.things) AS q ON 1 = 1",
            "0 3 4 0",
        )
        .await;
        let wrong = "must be below the upper one";
        on.refused("ivo_histogram(id, id, id, 2)", wrong).await;
        on.refused("ivo_histogram(id, 0, 1e301, 2)", wrong).await;
        on.refused("ivo_histogram(id, 2, 1, 2)", "is not below the upper one")
            .await;
        on.refused("ivo_histogram(id, 1, 2, 0)", "from 1 to 10000")
            .await;
        on.check(
            "SELECT ivo_histogram(id, 0, 8, 10000) FROM f.things WHERE id > 99",
            &vec!["0"; 10_002].join(" "),
        )
        .await;
    });
}

#[test]
fn normal_random_numbers() {
    asked(async |on| {
        let many = "f.things AS a, f.things AS b, f.things AS c, f.things AS d, f.things AS e";
        let query = format!(
            "SELECT ABS(AVG(r) - 10), SQRT(AVG((r - 10) * (r - 10))), ivo_histogram(r, 10, 11, 1), \
             COUNT(DISTINCT r) FROM (SELECT ivo_normal_random(10, 5) AS r FROM {many}) AS q"
        );
        let answer = on.answer(&query).await.expect("an answer");
        let cells: Vec<&str> = answer.split('|').collect();
        // 16,807 numbers: ten standard errors are allowed each.
        let number = |text: &str| text.parse::<f64>().expect("a number");
        assert!(number(cells[0]) < 0.4, "{answer}");
        assert!((number(cells[1]) - 5.0).abs() < 0.3, "{answer}");
        let counts: Vec<f64> = cells[2].split(' ').map(number).collect();
        assert!((counts[0] / 16_807.0 - 0.5).abs() < 0.04, "{answer}");
        assert!((counts[1] / 16_807.0 - 0.079_26).abs() < 0.02, "{answer}");
        assert_eq!(number(cells[3]), 16_807.0);
        // A row has one value, however often it is read.
        for query in [
            "SELECT COUNT(*) FROM (SELECT RAND() AS r FROM f.things) AS q WHERE r = r",
            "SELECT COUNT(*) FROM (SELECT r, r AS s FROM (SELECT RAND() - 1 AS r FROM f.things) \
             AS q WHERE r < 0) AS p WHERE r = s",
            "WITH q AS (SELECT ivo_normal_random(0, 1) AS r FROM f.things) \
             SELECT COUNT(*) FROM q AS a JOIN q AS b ON a.r = b.r WHERE a.r - a.r = 0",
        ] {
            on.check(query, "7").await;
        }
        on.check("ivo_normal_random(2.5, 0)", "2.5").await;
        on.check("ivo_normal_random(NULL, 1)", "NULL").await;
        on.check(
            "CASE WHEN ivo_normal_random(0, 1) = ivo_normal_random(0, 1) THEN 1 ELSE 0 END",
            "0",
        )
        .await;
    });
}

#[test]
fn intervals_that_overlap() {
    asked(async |on| {
        on.check("ivo_interval_overlaps(-3, -2, 2, 3)", "0").await;
        on.check("ivo_interval_overlaps(-2, 55.3, 2, 3)", "1").await;
        on.check("ivo_interval_overlaps(2, 3, -2, 55.3)", "1").await;
        on.check("ivo_interval_overlaps(-2, 55.3, 3, 2)", "0").await;
        on.check("ivo_interval_overlaps(-2, 2, 2, 3)", "1").await;
        on.check("ivo_interval_overlaps(1, 2, NULL, 3)", "NULL")
            .await;
        on.check("ivo_interval_overlaps(2, 1, NULL, 3)", "0").await;
        on.in_rows("ivo_interval_overlaps(x, x + 1, 0, 3)", "1;NULL;0;0;1;0;0")
            .await;
    });
}

#[test]
fn spectral_values_in_other_units() {
    asked(async |on| {
        on.check("gavo_specconv(656.3, 'nm', 'm')", "6.563e-7")
            .await;
        on.check("gavo_specconv(1, 'GHz', 'm')", "0.299792458")
            .await;
        on.check("gavo_specconv(id, 'Angstrom', 'keV')", "12.398419843320026")
            .await;
        on.check("gavo_specconv(0, 'nm', 'eV')", "NULL").await;
        on.check("gavo_specconv(NULL, 'nm', 'eV')", "NULL").await;
        on.check(
            "gavo_specconv(gavo_specconv(500, 'nm', 'eV'), 'Hz')",
            "599584916000000.0",
        )
        .await;
        on.check(
            "SELECT id FROM f.things WHERE gavo_specconv(id, 'cm', 'm') < 0.04 ORDER BY id",
            "1;2;3",
        )
        .await;
        on.refused("gavo_specconv(x, 'nm')", "is not known").await;
    });
}

#[test]
fn angles_in_sixties() {
    asked(async |on| {
        on.check("ivo_hms_to_degrees('3:34:45.4')", "53.689166666666665")
            .await;
        on.check("ivo_hms_to_degrees('3h34m45.4s')", "53.689166666666665")
            .await;
        on.check("ivo_hms_to_degrees('3H34M45.4S')", "53.689166666666665")
            .await;
        on.check("ivo_dms_to_degrees('42:9:6.768')", "42.15188")
            .await;
        on.check("ivo_dms_to_degrees('42d9m6.768s')", "42.15188")
            .await;
        on.check("ivo_dms_to_degrees('42D9M6.768S')", "42.15188")
            .await;
        on.check("ivo_dms_to_degrees('-00:15:00')", "-0.25").await;
        on.check("ivo_dms_to_degrees('+00:15:00')", "0.25").await;
        on.check("ivo_dms_to_degrees('-0d15m0s')", "-0.25").await;
        on.check("ivo_dms_to_degrees('+0d15m0s')", "0.25").await;
        on.check("ivo_hms_to_degrees(NULL)", "NULL").await;
        on.in_rows(
            "ivo_hms_to_degrees(a)",
            "NULL;NULL;NULL;NULL;NULL;187.5;NULL",
        )
        .await;
        on.in_rows(
            "ivo_dms_to_degrees(a)",
            "NULL;NULL;NULL;NULL;NULL;12.5;NULL",
        )
        .await;
        // A shape of literals is a shape that the query alone decides.
        let inside = "CONTAINS(POINT(83.63, 22.01), CIRCLE(ivo_hms_to_degrees('05:34:32'), \
                      ivo_dms_to_degrees('+22:00:52'), 0.1))";
        on.check(
            &format!("SELECT COUNT(*) FROM f.things WHERE 1 = {inside}"),
            "7",
        )
        .await;
        for text in [
            "063000",
            "063000.",
            "06 30 00.5",
            " 6 30   0 ",
            "6h 30m 0s",
            "24:00:00",
            "24:00:00.1",
            "6:60:00",
            "6:00:60",
            "6:00",
            "6",
            "6:30:00:00",
            "6:30:1e1",
            "63000",
            "1203000",
            "361:0:0",
            "-6:30:00",
            "+063000",
            "- 6:30:0",
            "-0:0:0",
            "6h30m",
            "6D30M0S",
            "s",
            "hms",
            "::",
            "6:30:.5",
            "6 :30:00",
            "٦:30:00",
            "éé3000",
            "6:30:0é",
            "012:00:00",
            "006:30:00",
            "6\t30\t0",
            "6:30:00\n",
            "0:0:59.9999999999999999",
        ] {
            use adql::functions::sexagesimal::{degrees, hours};
            let shown =
                |number: Option<f64>| number.map_or("NULL".to_owned(), |it| format!("{it:?}"));
            // Not as a literal, so that the database reads it.
            let query = format!(
                "SELECT ivo_hms_to_degrees(s), ivo_dms_to_degrees(s) FROM \
                 (SELECT '{text}' AS s FROM f.things WHERE id = 1) AS q"
            );
            let expected = format!("{}|{}", shown(hours(text)), shown(degrees(text)));
            on.check(&query, &expected).await;
        }
    });
}
