//! Conditions: comparisons, ranges, lists, patterns, subqueries, the sky.

use super::{Family, Generator};

const COMPARISONS: &[&str] = &["=", "<", ">", "<=", ">=", "<>", "!="];
const PATTERNS: &[&str] = &[
    "'%'", "'a%'", "'%A%'", "'_'", "'%r_t%'", "'Ø%'", "''", "'a\\_b'", "'100\\%'",
];

impl Generator<'_> {
    pub(super) fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.simple();
        }
        match self.tape.draw(8) {
            0..=2 => self.simple(),
            3 => self.several("AND", depth - 1),
            4 | 5 => self.several("OR", depth - 1),
            6 => format!("NOT ({})", self.condition(depth - 1)),
            _ => self.with_subquery(),
        }
    }

    fn several(&mut self, word: &str, depth: usize) -> String {
        let count = 2 + self.tape.draw(2);
        let parts: Vec<String> = (0..count)
            .map(|_| format!("({})", self.condition(depth)))
            .collect();
        parts.join(&format!(" {word} "))
    }

    fn not(&mut self) -> &'static str {
        if self.tape.once_in(3) { "NOT " } else { "" }
    }

    fn simple(&mut self) -> String {
        let family = Family::ALL[self.tape.draw(Family::ALL.len())];
        let grouped = self.scope().group.is_some();
        if self.tape.once_in(20) {
            return self.of_nothing(family);
        }
        match self.tape.draw(12) {
            0..=2 => {
                let (a, b) = (self.value(family, 1), self.value(family, 1));
                format!("{} {} {}", a.text, self.tape.pick(COMPARISONS), b.text)
            }
            3 => {
                let of = self.value(family, 1);
                format!("{} IS {}NULL", of.text, self.not())
            }
            4 => {
                let (of, not) = (self.value(family, 1), self.not());
                let (low, high) = (self.value(family, 0), self.value(family, 0));
                format!("{} {not}BETWEEN {} AND {}", of.text, low.text, high.text)
            }
            5 => {
                let (of, not) = (self.value(family, 1), self.not());
                let count = 1 + self.tape.draw(3);
                let list: Vec<String> = (0..count).map(|_| self.value(family, 0).text).collect();
                format!("{} {not}IN ({})", of.text, list.join(", "))
            }
            6 => {
                let (of, not) = (self.value(Family::Text, 1), self.not());
                let word = self.tape.pick(&["LIKE", "ILIKE"]);
                let pattern = match self.tape.once_in(4) {
                    true => self.value(Family::Text, 0).text,
                    false => self.tape.pick(PATTERNS).to_owned(),
                };
                format!("{} {not}{word} {pattern}", of.text)
            }
            7 if !grouped => self.flag().unwrap_or_else(|| "1 = 1".to_owned()),
            8 => self.volatile(),
            9..=11 if !grouped => self.spatial(),
            _ => {
                let a = self.value(family, 0);
                format!("{} = {}", a.text, a.text)
            }
        }
    }

    /// A condition on NULL, which has no type of its own.
    fn of_nothing(&mut self, family: Family) -> String {
        let (of, low) = (self.value(family, 0).text, self.value(family, 0).text);
        match self.tape.draw(8) {
            0 => format!("{of} = NULL"),
            1 => "NULL IS NULL".to_owned(),
            2 => format!("{of} NOT IN ({low}, NULL)"),
            3 => format!("{of} BETWEEN NULL AND {low}"),
            4 => format!("NULL <> {of}"),
            5 => format!("COALESCE(NULL, NULL) < {of}"),
            6 => "CASE WHEN 1 = 1 THEN NULL END IS NULL".to_owned(),
            _ => format!("NOT (NULL >= {of})"),
        }
    }

    /// A column that is true or false.
    fn flag(&mut self) -> Option<String> {
        let flags = self
            .scope()
            .columns
            .iter()
            .filter(|it| it.kind == adql::Type::Boolean);
        let flag = flags.map(|it| it.text.clone()).next()?;
        Some(match self.tape.draw(3) {
            0 => flag,
            1 => format!("NOT {flag}"),
            _ => format!("{flag} IS NOT NULL"),
        })
    }

    fn with_subquery(&mut self) -> String {
        if self.scopes.len() > 2 {
            return self.simple();
        }
        let not = self.not();
        match self.tape.draw(2) {
            0 => {
                let family = Family::ALL[self.tape.draw(Family::ALL.len())];
                let of = self.value(family, 1);
                let query = self.subquery(&[family]);
                format!("{} {not}IN ({query})", of.text)
            }
            _ => {
                let query = self.subquery(&[Family::Number]);
                format!("{not}EXISTS ({query})")
            }
        }
    }
}
