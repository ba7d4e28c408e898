//! What is known of the values of columns without reading the table.

use std::collections::HashMap;

use adql::{Value, Wire, target};

use super::{Batch, Database, Engine, Error};

/// Rows looked at where the database keeps no statistics of its own.
const SAMPLE: i64 = 1000;

/// The values of a numeric column, nulls left out. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    pub min: Option<f64>,
    pub percentile03: Option<f64>,
    pub median: Option<f64>,
    pub percentile97: Option<f64>,
    pub max: Option<f64>,
    /// The part of the rows that have a value.
    pub fill: Option<f64>,
}

impl Database {
    /// Statistics of numeric columns of a stored table, by their names: the
    /// least and the greatest value where an index tells them; the rest is
    /// estimated, on PostgreSQL from what ANALYZE left, on SQLite from rows
    /// spread evenly over the table.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn statistics(
        &self,
        table: (&str, &str),
        columns: &[&str],
    ) -> Result<HashMap<String, Statistics>, Error> {
        let mut found = match &self.engine {
            Engine::Postgres(_) => self.analyzed(table).await?,
            Engine::Sqlite(_) => self.sampled(table, columns).await?,
        };
        found.retain(|name, _| columns.contains(&name.as_str()));
        self.ends(table, columns, &mut found).await?;
        Ok(found)
    }

    async fn analyzed(&self, table: (&str, &str)) -> Result<HashMap<String, Statistics>, Error> {
        let sql = "SELECT CAST(attname AS text), CAST(null_frac AS double precision), \
                   CAST(most_common_vals AS text), CAST(most_common_freqs AS text), \
                   CAST(histogram_bounds AS text) FROM pg_catalog.pg_stats \
                   WHERE schemaname = $1 AND tablename = $2";
        let values = self.place(table);
        let wires = [Wire::Text, Wire::Float8, Wire::Text, Wire::Text, Wire::Text];
        let rows = self.fetch(sql, &values, &wires).await?;
        let mut found = HashMap::new();
        for row in 0..rows.len() {
            let numbers = |column| numbers(rows.cell(row, column));
            let nulls = double(&rows, row, 1).unwrap_or(0.0);
            let mut weighted: Vec<(f64, f64)> = numbers(2).into_iter().zip(numbers(3)).collect();
            let common: f64 = weighted.iter().map(|(_, weight)| weight).sum();
            let bounds = numbers(4);
            // The values between two bounds are equally many.
            let each = (1.0 - nulls - common).max(0.0) / bounds.len().max(1) as f64;
            weighted.extend(bounds.iter().map(|&bound| (bound, each)));
            let statistics = Statistics {
                fill: Some((1.0 - nulls).clamp(0.0, 1.0)),
                ..percentiles(weighted)
            };
            found.insert(text(&rows, row, 0), statistics);
        }
        Ok(found)
    }

    async fn sampled(
        &self,
        (schema, table): (&str, &str),
        columns: &[&str],
    ) -> Result<HashMap<String, Statistics>, Error> {
        let stored = self.target().stored(schema, table);
        if columns.is_empty() {
            return Ok(HashMap::new());
        }
        let list: Vec<String> = columns
            .iter()
            .map(|name| format!("CAST(t.{} AS REAL)", target::quote(name)))
            .collect();
        // Each row is found by its number, whatever the size of the table.
        let sql = format!(
            "WITH RECURSIVE ends (low, high) AS \
               (SELECT (SELECT min(rowid) FROM {stored}), (SELECT max(rowid) FROM {stored})), \
             steps (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM steps WHERE n < {SAMPLE}) \
             SELECT {} FROM {stored} AS t WHERE t.rowid IN \
               (SELECT (SELECT r.rowid FROM {stored} AS r WHERE r.rowid >= \
                 low + n * max((high - low) / {SAMPLE}, 1) ORDER BY r.rowid LIMIT 1) \
                FROM steps, ends)",
            list.join(", ")
        );
        let wires = vec![Wire::Float8; columns.len()];
        let rows = self.fetch(&sql, &[], &wires).await?;
        let mut found = HashMap::new();
        for (place, name) in columns.iter().enumerate() {
            let values: Vec<(f64, f64)> = (0..rows.len())
                .filter_map(|row| Some((double(&rows, row, place)?, 1.0)))
                .collect();
            let statistics = Statistics {
                fill: (!rows.is_empty()).then(|| values.len() as f64 / rows.len() as f64),
                ..percentiles(values)
            };
            found.insert((*name).to_owned(), statistics);
        }
        Ok(found)
    }

    /// Adds the ends of columns that begin an index.
    async fn ends(
        &self,
        table: (&str, &str),
        columns: &[&str],
        found: &mut HashMap<String, Statistics>,
    ) -> Result<(), Error> {
        let sql = match &self.engine {
            Engine::Postgres(_) => {
                "SELECT CAST(a.attname AS text) FROM pg_catalog.pg_index AS i \
                 JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid \
                 JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
                 JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid \
                 JOIN pg_catalog.pg_am AS m ON m.oid = x.relam \
                 JOIN pg_catalog.pg_attribute AS a \
                   ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
                 WHERE n.nspname = $1 AND c.relname = $2 AND i.indisvalid \
                   AND i.indpred IS NULL AND m.amname = 'btree'"
            }
            Engine::Sqlite(_) => {
                "SELECT i.name FROM pragma_index_list($1 || '.' || $2) AS l, \
                 pragma_index_info(l.name) AS i WHERE i.seqno = 0 AND l.partial = 0 \
                 AND i.name IS NOT NULL"
            }
        };
        let rows = self.fetch(sql, &self.place(table), &[Wire::Text]).await?;
        let leading: Vec<String> = (0..rows.len()).map(|row| text(&rows, row, 0)).collect();
        let known: Vec<&&str> = columns
            .iter()
            .filter(|name| leading.iter().any(|it| it == *name))
            .collect();
        if known.is_empty() {
            return Ok(());
        }
        let stored = self.target().stored(table.0, table.1);
        // Each in a query of its own, or SQLite would read the whole table.
        let list: Vec<String> = known
            .iter()
            .flat_map(|name| ["MIN", "MAX"].map(|end| (end, target::quote(name))))
            .map(|(end, name)| {
                format!("CAST((SELECT {end}({name}) FROM {stored}) AS double precision)")
            })
            .collect();
        let sql = format!("SELECT {}", list.join(", "));
        let rows = self
            .fetch(&sql, &[], &vec![Wire::Float8; list.len()])
            .await?;
        for (place, name) in known.iter().enumerate() {
            let statistics = found.entry((**name).to_owned()).or_default();
            statistics.min = double(&rows, 0, 2 * place);
            statistics.max = double(&rows, 0, 2 * place + 1);
        }
        Ok(())
    }

    /// A stored table as values of a statement.
    fn place(&self, (schema, table): (&str, &str)) -> [Value; 2] {
        [
            Value::Text(self.target().schema(schema)),
            Value::Text(table.to_owned()),
        ]
    }
}

/// From values with weights.
fn percentiles(mut weighted: Vec<(f64, f64)>) -> Statistics {
    weighted.retain(|(value, weight)| value.is_finite() && *weight > 0.0);
    weighted.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let whole: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let at = |part: f64| {
        let mut sum = 0.0;
        let reached = weighted.iter().find(|(_, weight)| {
            sum += weight;
            sum >= part * whole
        });
        reached.or(weighted.last()).map(|(value, _)| *value)
    };
    Statistics {
        percentile03: at(0.03),
        median: at(0.5),
        percentile97: at(0.97),
        ..Statistics::default()
    }
}

/// The numbers of `{1,2.5}`; nothing where one is none.
fn numbers(cell: Option<&[u8]>) -> Vec<f64> {
    let text = String::from_utf8_lossy(cell.unwrap_or_default());
    let inside = text.trim_start_matches('{').trim_end_matches('}');
    let numbers: Result<Vec<f64>, _> = inside.split(',').map(str::parse).collect();
    numbers.unwrap_or_default()
}

fn double(rows: &Batch, row: usize, column: usize) -> Option<f64> {
    let cell = rows.cell(row, column)?;
    Some(f64::from_be_bytes(cell.try_into().ok()?))
}

fn text(rows: &Batch, row: usize, column: usize) -> String {
    String::from_utf8_lossy(rows.cell(row, column).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_heed_the_weights() {
        fn check(values: &[(f64, f64)], expected: [Option<f64>; 3]) {
            let it = percentiles(values.to_vec());
            assert_eq!([it.percentile03, it.median, it.percentile97], expected);
        }
        check(&[], [None; 3]);
        check(&[(5.0, 1.0)], [Some(5.0); 3]);
        let even: Vec<(f64, f64)> = (1..=100).rev().map(|n| (f64::from(n), 0.01)).collect();
        let it = percentiles(even);
        assert!(it.percentile03.is_some_and(|it| (3.0..=4.0).contains(&it)));
        assert!(it.median.is_some_and(|it| (50.0..=51.0).contains(&it)));
        check(
            &[(9.0, 0.01), (1.0, 0.98), (7.0, 0.01)],
            [Some(1.0), Some(1.0), Some(1.0)],
        );
    }

    #[test]
    fn lists_of_numbers_are_read() {
        fn check(text: &str, expected: &[f64]) {
            assert_eq!(numbers(Some(text.as_bytes())), expected, "{text}");
        }
        check("{1,2.5,-3e10}", &[1.0, 2.5, -3e10]);
        check("{}", &[]);
        check("{a,\"b,c\"}", &[]);
        assert!(numbers(None).is_empty());
    }
}
