//! Functions of texts.

use super::asked;

#[test]
fn texts_in_a_row() {
    asked(async |on| {
        on.check(
            "SELECT ivo_string_agg(b, '+') FROM f.things WHERE id <> 4",
            "+green+miller+shown\tprimordial+x",
        )
        .await;
        on.check(
            "SELECT ivo_string_agg(a, ', ') FROM f.things WHERE id = 2",
            "NULL",
        )
        .await;
        on.check(
            "SELECT ivo_string_agg(a, ', ') FROM f.things WHERE id > 99",
            "NULL",
        )
        .await;
        // In the order of the bytes, whatever the locale.
        on.check(
            "SELECT ivo_string_agg(v, ' <//> ') FROM (SELECT 'b' AS v FROM f.things WHERE id < 3 \
             UNION ALL SELECT 'Z' FROM f.things WHERE id = 1 UNION ALL SELECT 'ä' FROM f.things \
             WHERE id = 1) AS q",
            "Z <//> b <//> b <//> ä",
        )
        .await;
        on.check(
            "SELECT ivo_string_agg(DISTINCT LOWER(SUBSTRING_OF), '') FROM (SELECT b AS substring_of \
             FROM f.things UNION ALL SELECT UPPER(b) FROM f.things) AS q WHERE substring_of <= 'x'",
            "greenmillershown\tprimordialx",
        )
        .await;
        on.check(
            "SELECT x, ivo_string_agg(a, '|') AS texts FROM f.things WHERE id > 4 GROUP BY x \
             HAVING ivo_string_agg(a, '') LIKE '%i%' ORDER BY ivo_string_agg(a, '|')",
            "3.5|12:30:00|shown that a Primordial",
        )
        .await;
        on.check(
            "SELECT MAX(texts) FROM (SELECT ivo_string_agg(ALL b, '') AS texts FROM f.things GROUP BY id) AS q",
            "äöü",
        )
        .await;
        on.refused("ivo_string_agg(a, b)", "must be a string in quotes")
            .await;
    });
}

#[test]
fn texts_without_case() {
    asked(async |on| {
        on.check("ivo_nocasematch('abcabc', 'ab%')", "1").await;
        on.check("ivo_nocasematch('ABcabc', 'ab__bc')", "1").await;
        on.check("ivo_nocasematch('abcabc', '%BC')", "1").await;
        on.check("ivo_nocasematch('abcabc', 'ABCABC')", "1").await;
        on.check("ivo_nocasematch('abcabc', 'abcab')", "0").await;
        on.check("ivo_nocasematch('a\\b', 'A\\%')", "1").await;
        on.check("ivo_nocasematch('', '')", "1").await;
        on.check("ivo_nocasematch('', '_')", "0").await;
        on.check("ivo_nocasematch(NULL, 'a')", "NULL").await;
        on.check("ivo_nocasematch('Ä星x', '__X')", "1").await;
        on.check("ivo_nocasematch('Ä', 'ä')", "0").await;
        on.in_rows("ivo_nocasematch(a, b)", "0;NULL;1;0;0;0;NULL")
            .await;
        on.check(
            "SELECT id FROM f.things WHERE ivo_nocasematch(a, '%URE%') = 1",
            "1",
        )
        .await;
    });
}

#[test]
fn words_of_texts() {
    asked(async |on| {
        on.check("ivo_hasword('Miller and Urey have', 'miller')", "1")
            .await;
        on.check("ivo_hasword('shown that a primordial', 'soup')", "0")
            .await;
        on.check(
            "ivo_hasword('shown that a primordial', 'shown primordial')",
            "1",
        )
        .await;
        on.check("ivo_hasword('shown that a primordial', 'shown soup')", "0")
            .await;
        // The catalogue leaves this one open.
        on.check("ivo_hasword('shown that a primordial', 'show')", "0")
            .await;
        on.check("ivo_hasword('a gamma-ray burst', 'Burst; GAMMA')", "1")
            .await;
        on.check("ivo_hasword('a_b\\c[d]', 'D C B A')", "1").await;
        on.check("ivo_hasword('naïve', 'na')", "0").await;
        on.check("ivo_hasword('Straße 星', '星 STRAßE')", "1").await;
        on.check("ivo_hasword('Ä', 'ä')", "0").await;
        on.check("ivo_hasword('anything', ' .')", "1").await;
        on.check("ivo_hasword('', 'x')", "0").await;
        on.check("ivo_hasword('x', NULL)", "NULL").await;
        on.in_rows("ivo_hasword(a, b)", "1;NULL;1;0;1;0;NULL").await;

        on.check("ivo_hashlist_has('red#green#blue', 'red')", "1")
            .await;
        on.check("ivo_hashlist_has('Red#green#blue', 'red')", "1")
            .await;
        on.check("ivo_hashlist_has('red#green#blue', 're')", "0")
            .await;
        on.check("ivo_hashlist_has('red#green#blue', 'red#green')", "0")
            .await;
        on.check("ivo_hashlist_has('', 'red')", "0").await;
        on.check("ivo_hashlist_has('a##b', '')", "1").await;
        on.check("ivo_hashlist_has('Ä#b', 'ä')", "0").await;
        on.check("ivo_hashlist_has('a%#b', 'A%')", "1").await;
        on.check("ivo_hashlist_has('a', NULL)", "NULL").await;
        on.in_rows("ivo_hashlist_has(a, b)", "0;NULL;1;0;1;0;NULL")
            .await;
    });
}

#[test]
fn terms_of_vocabularies() {
    asked(async |on| {
        on.check("gavo_vocmatch('datalink/core', 'calibration', 'flat')", "1")
            .await;
        on.check(
            "gavo_vocmatch('datalink/core', 'calibration', 'calibration')",
            "1",
        )
        .await;
        on.check("gavo_vocmatch('datalink/core', 'flat', 'calibration')", "0")
            .await;
        on.check(
            "gavo_vocmatch('product-type', 'timeseries', 'light-curve')",
            "1",
        )
        .await;
        on.check(
            "gavo_vocmatch('product-type', 'temporally-resolved-dataset', 'event-bundle')",
            "0",
        )
        .await;
        on.in_rows("gavo_vocmatch('messenger', 'Photon', a)", "0;0;0;0;0;0;0")
            .await;
        on.check(
            "SELECT COUNT(*) FROM f.things WHERE gavo_vocmatch('object-type', 'agn', 'bl-lac') = 1",
            "7",
        )
        .await;
    });
}
