//! The script by which a Butler's operator lets us hear of every change at
//! once. It is printed, never run: it is the one thing that writes there.
//!
//! A trigger for each statement (not for each row) writes which datasets or
//! records it touched, and its transaction, into a journal in a schema of its
//! own. Entries go after a week.

use super::cells::{first, text};
use super::types::{DEFINITION, quote};
use super::{Inner, Repository};
use crate::registry::Error;

/// How long entries of the journal are kept.
pub(super) const KEPT_SECONDS: i64 = 7 * 24 * 3600;

/// The schema of the journal of a registry in `namespace`.
pub(super) fn schema(namespace: &str) -> String {
    // PostgreSQL cuts names after 63 bytes.
    let short: String = namespace.chars().take(30).collect();
    format!("obstap_{short}")
}

/// A table to be watched.
struct Watched {
    table: String,
    /// What goes into the journal, of the rows that a statement touched.
    entry: String,
    events: &'static [Event],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Insert,
    Update,
    Delete,
}

const ALL: &[Event] = &[Event::Insert, Event::Update, Event::Delete];

impl Repository {
    /// The script that makes the journal and its triggers; to be run as the
    /// owner of the registry's tables. Run again, it adds what is missing.
    ///
    /// # Errors
    /// The repository is not on PostgreSQL, or cannot be read.
    pub async fn install_sql(&self) -> Result<String, Error> {
        self.0.install_sql().await
    }

    /// The script that takes them away again.
    ///
    /// # Errors
    /// As of [`Repository::install_sql`].
    pub fn remove_sql(&self) -> Result<String, Error> {
        self.0.on_postgres()?;
        Ok(format!(
            "-- Takes away the journal for obstap and all its triggers.\n\
             SET lock_timeout = '10s';\n\
             DROP SCHEMA IF EXISTS {} CASCADE;\n",
            quote(&schema(&self.0.namespace))
        ))
    }
}

impl Inner {
    fn on_postgres(&self) -> Result<(), Error> {
        match self.guest.choose(true, false) {
            true => Ok(()),
            false => Err(super::unreadable(
                &self.label,
                "its registry is an SQLite file, which is followed without triggers",
            )),
        }
    }

    async fn install_sql(&self) -> Result<String, Error> {
        self.on_postgres()?;
        let reader = self
            .guest
            .fetch("SELECT current_user::text", &[], &[adql::Wire::Text]);
        let reader = reader.await?;
        let reader = first(&reader, 0).map(text);
        let reader = quote(reader.unwrap_or("public"));
        let schema = quote(&schema(&self.namespace));
        let mut sql = format!(
            "-- Lets obstap hear of every change of this Butler at once.\n\
             -- Run it as the owner of the registry's tables; `obstap butler triggers --remove`\n\
             -- prints how to undo it. Run it again when dataset types with new dimensions\n\
             -- were registered.\n\
             BEGIN;\n\
             SET LOCAL lock_timeout = '10s';\n\
             CREATE SCHEMA IF NOT EXISTS {schema};\n\
             CREATE TABLE IF NOT EXISTS {schema}.journal (\n\
             \x20 number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n\
             \x20 xid xid8 NOT NULL DEFAULT pg_current_xact_id(),\n\
             \x20 made timestamptz NOT NULL DEFAULT now(),\n\
             \x20 source text NOT NULL,\n\
             \x20 ids uuid[],\n\
             \x20 keys jsonb\n\
             );\n\
             CREATE INDEX IF NOT EXISTS journal_xid ON {schema}.journal (xid);\n\
             CREATE INDEX IF NOT EXISTS journal_made ON {schema}.journal (made);\n\
             GRANT USAGE ON SCHEMA {schema} TO {reader};\n\
             GRANT SELECT ON {schema}.journal TO {reader};\n\
             CREATE OR REPLACE FUNCTION {schema}.trim_journal() RETURNS trigger\n\
             LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$\n\
             BEGIN\n\
             \x20 IF random() < 0.001 THEN\n\
             \x20   DELETE FROM {schema}.journal WHERE number IN (\n\
             \x20     SELECT number FROM {schema}.journal WHERE made < now() - interval '{KEPT_SECONDS} s'\n\
             \x20     LIMIT 10000 FOR UPDATE SKIP LOCKED);\n\
             \x20 END IF;\n\
             \x20 RETURN NULL;\n\
             END $$;\n\
             CREATE OR REPLACE TRIGGER trim AFTER INSERT ON {schema}.journal\n\
             \x20 FOR EACH STATEMENT EXECUTE FUNCTION {schema}.trim_journal();\n"
        );
        for watched in self.watched() {
            watched.write(&mut sql, &schema, &self.table(&watched.table));
        }
        sql.push_str("COMMIT;\n");
        Ok(sql)
    }

    fn watched(&self) -> Vec<Watched> {
        let ids = |column: &str, condition: &str| {
            format!(
                "(source, ids) SELECT TG_TABLE_NAME, array_agg(DISTINCT {column}) \
                 FROM changed{condition} HAVING count(*) > 0"
            )
        };
        let mut watched = vec![
            Watched {
                table: "dataset".to_owned(),
                entry: ids("id", ""),
                events: ALL,
            },
            Watched {
                table: "dataset_location".to_owned(),
                entry: ids("dataset_id", ""),
                events: ALL,
            },
        ];
        let files = self.place.datastores.iter().map(|store| &store.table);
        let files = files.filter(|table| self.columns.contains_key(*table));
        for table in files.collect::<std::collections::BTreeSet<_>>() {
            watched.push(Watched {
                table: table.clone(),
                entry: ids("dataset_id", ""),
                events: ALL,
            });
        }
        // A row for the run comes with each dataset, which is told already.
        let tagged = format!(
            " WHERE TG_OP <> 'INSERT' OR collection_id IN (SELECT collection_id FROM {} WHERE type = 2)",
            self.table("collection")
        );
        let tags = self
            .columns
            .keys()
            .filter(|it| it.starts_with("dataset_tags_"));
        watched.extend(tags.map(|table| Watched {
            table: table.clone(),
            entry: ids("dataset_id", &tagged),
            events: ALL,
        }));
        let every: Vec<_> = self.types().values().cloned().collect();
        for element in self.elements_of(&every) {
            let parts = element.required.iter().enumerate();
            let parts = parts.map(|(at, it)| format!("'k{at}', {}", quote(element.column(it))));
            let parts: Vec<String> = parts.collect();
            let entry = format!(
                "(source, keys) SELECT TG_TABLE_NAME, jsonb_agg(DISTINCT jsonb_build_object({})) \
                 FROM changed HAVING count(*) > 0",
                parts.join(", ")
            );
            watched.push(Watched {
                table: element.name.to_string(),
                entry,
                // Datasets come after the records that they refer to, but for
                // visits, which are made of exposures that have some.
                events: match element.region || &*element.name == DEFINITION {
                    true => ALL,
                    false => &[Event::Update],
                },
            });
        }
        watched
    }
}

impl Watched {
    fn write(&self, sql: &mut String, schema: &str, table: &str) {
        let function = format!("{schema}.{}", quote(&format!("note_{}", self.table)));
        sql.push_str(&format!(
            "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger\n\
             LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$\n\
             BEGIN\n\
             \x20 INSERT INTO {schema}.journal {};\n\
             \x20 RETURN NULL;\n\
             END $$;\n",
            self.entry
        ));
        for event in self.events {
            let (name, event, rows) = match event {
                Event::Insert => ("insert", "INSERT", "NEW"),
                Event::Update => ("update", "UPDATE", "NEW"),
                Event::Delete => ("delete", "DELETE", "OLD"),
            };
            sql.push_str(&format!(
                "CREATE OR REPLACE TRIGGER obstap_{name} AFTER {event} ON {table}\n\
                 \x20 REFERENCING {rows} TABLE AS changed\n\
                 \x20 FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
            ));
        }
    }
}
