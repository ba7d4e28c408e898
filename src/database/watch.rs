//! Triggers that note every change of a table, whoever makes it, in
//! `{obstap.coverage_changes}`.
//!
//! Why two shapes? PostgreSQL can note a change once for a statement, SQLite
//! only row by row; and on SQLite one note is enough, since nobody reads and
//! deletes it while another writes.

use adql::{Target, target};

const POSTGRES: &str = "
SET LOCAL lock_timeout = '5s';
CREATE OR REPLACE TRIGGER obstap_coverage
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @table@
FOR EACH STATEMENT EXECUTE FUNCTION {obstap}.coverage_changed_1(@stored@);
SET LOCAL lock_timeout = 0;
";

const SQLITE: &str = "
CREATE TRIGGER IF NOT EXISTS @name@ AFTER @event@ ON @table@
WHEN NOT EXISTS (SELECT 1 FROM {obstap.coverage_writers} WHERE stored = @stored@)
    AND NOT EXISTS (SELECT 1 FROM {obstap.coverage_changes} WHERE stored = @stored@)
BEGIN
    INSERT INTO {obstap.coverage_changes} (stored) VALUES (@stored@);
END;
";

/// The script that makes them on PostgreSQL.
pub(super) fn postgres(target: &Target, schema: &str, table: &str) -> String {
    POSTGRES
        .replace("@table@", &target.stored(schema, table))
        .replace("@stored@", &literal(schema, table))
}

/// The script that makes them on SQLite.
pub(super) fn sqlite(target: &Target, schema: &str, table: &str) -> String {
    ["insert", "update", "delete"]
        .map(|event| {
            SQLITE
                .replace(
                    "@name@",
                    &target::quote(&format!("obstap_coverage_{event} {schema}.{table}")),
                )
                .replace("@event@", event)
                .replace("@table@", &target.stored(schema, table))
                .replace("@stored@", &literal(schema, table))
        })
        .concat()
}

fn literal(schema: &str, table: &str) -> String {
    format!("'{}'", format!("{schema}.{table}").replace('\'', "''"))
}
