//! Both engines answer alike whatever the texts and numbers are, and as the
//! crate computes it for literals.

use std::cell::RefCell;

use adql::Value;
use adql::functions::sexagesimal::{degrees, hours};

use super::{Asked, asked};

const ROWS: u64 = 500;

/// Numbers that look random and are the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn text(&mut self, letters: &[char], most: u64) -> String {
        let length = self.below(most);
        let mut letter = || letters[self.below(letters.len() as u64) as usize];
        (0..length).map(|_| letter()).collect()
    }
}

/// Fills the table anew: texts of few letters, so that they have something in
/// common.
async fn fill(on: &Asked, letters: &str, most: u64) -> Vec<(String, String)> {
    let letters: Vec<char> = letters.chars().collect();
    let mut numbers = Numbers(most);
    let mut transaction = on.database.begin().await.expect("begin");
    let empty = "DELETE FROM {f.things}";
    transaction.execute(empty, &[]).await.expect("deleted");
    let mut texts = Vec::new();
    for id in 1..=ROWS {
        let pair = (
            numbers.text(&letters, most),
            numbers.text(&letters, most / 2),
        );
        let bits = (numbers.below(1 << 31) << 33) | (numbers.below(1 << 31) << 2);
        let number = Some(f64::from_bits(bits)).filter(|number| number.is_finite());
        let values = [
            Value::BigInt(id as i64),
            Value::Text(pair.0.clone()),
            Value::Text(pair.1.clone()),
            number.map_or(Value::Null, Value::Double),
            Value::Timestamp(numbers.below(1 << 31) as i64 * 98_765_432),
        ];
        let sql = "INSERT INTO {f.things} (id, a, b, x, t) VALUES ($1, $2, $3, $4, $5)";
        transaction.execute(sql, &values).await.expect("a row");
        texts.push(pair);
    }
    transaction.commit().await.expect("commit");
    texts
}

/// Every query has the same answer on all engines.
fn alike(letters: &str, most: u64, queries: &[&str]) {
    let answers: RefCell<Vec<Vec<String>>> = RefCell::default();
    asked(async |on| {
        fill(on, letters, most).await;
        let mut own = Vec::new();
        for query in queries {
            own.push(on.answer(query).await.expect(query));
        }
        answers.borrow_mut().push(own);
    });
    let answers = answers.into_inner();
    let (first, others) = answers.split_first().expect("an engine");
    for other in others {
        for ((query, a), b) in queries.iter().zip(first).zip(other) {
            let differing = a.split(';').zip(b.split(';')).find(|(a, b)| a != b);
            assert_eq!(differing, None, "{query}");
        }
    }
}

#[test]
fn angles_are_read_alike() {
    for letters in ["012569:. ", "0123456789", "0125 hmsdHMSD.", "1256:+-. é"] {
        asked(async |on| {
            let texts = fill(on, letters, 12).await;
            let shown = |angle: Option<f64>| angle.map_or("NULL".into(), |it| format!("{it:?}"));
            let expected: Vec<String> = texts
                .iter()
                .map(|(a, _)| format!("{}|{}", shown(hours(a)), shown(degrees(a))))
                .collect();
            let query =
                "SELECT ivo_hms_to_degrees(a), ivo_dms_to_degrees(a) FROM f.things ORDER BY id";
            on.check(query, &expected.join(";")).await;
        });
    }
}

#[test]
fn texts_are_compared_alike() {
    let queries = [
        "SELECT id, ivo_hasword(a, b), ivo_hashlist_has(a, b), ivo_nocasematch(a, b) \
         FROM f.things ORDER BY id",
        "SELECT ivo_hasword(b, a), ivo_hashlist_has(b, a), ivo_nocasematch(b, a) \
         FROM f.things ORDER BY id",
        "SELECT ivo_string_agg(a, '#') FROM f.things",
        "SELECT LOWER(b) AS l, ivo_string_agg(DISTINCT a, ', ') FROM f.things GROUP BY LOWER(b) \
         ORDER BY l",
        "SELECT COUNT(*) FROM f.things AS p JOIN f.things AS q ON ivo_hasword(p.a, q.b) = 1",
    ];
    alike("aBb#_ ", 7, &queries);
    alike("aA%_\\", 6, &queries);
    alike("aÄä星\u{1f30c}ßſİ,# ", 7, &queries);
    alike("xX\u{1}\u{7f}\t\n'\"[]{}~`^@;:/", 8, &queries);
}

#[test]
fn numbers_are_counted_and_converted_alike() {
    alike(
        "a",
        2,
        &[
            "SELECT ivo_histogram(x, -1e300, 1e300, 100) FROM f.things",
            "SELECT ivo_histogram(x, -1e-5, 3e-7, 9999) FROM f.things",
            "SELECT ivo_histogram(LOG10(ABS(x)), -290, 290.5, 17) FROM f.things WHERE x <> 0",
            "SELECT MOD(id, 7) AS g, ivo_histogram(SIN(id), -0.7, 0.7, 13) FROM f.things \
             GROUP BY MOD(id, 7) ORDER BY g",
            "SELECT ivo_to_jd(t), ivo_to_mjd(t) FROM f.things ORDER BY id",
            "SELECT gavo_specconv(id, 'nm', 'keV'), gavo_specconv(id, 'GHz', 'um'), \
             gavo_specconv(id, '1/cm', 'eV') FROM f.things ORDER BY id",
            "SELECT ivo_interval_overlaps(x, 1e10, -1e10, x) FROM f.things ORDER BY id",
        ],
    );
}
