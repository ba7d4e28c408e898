//! Tables of one query on the connection that runs it: made inside a
//! transaction that is rolled back, so that nothing can leave them behind.

use adql::Target;
use adql::target::{TEMPORARY, quote};
use rusqlite::Connection;

use super::{encode, errors};
use crate::database::{Error, Temporary};

/// Does `work` on a connection that has these tables. `stop` is asked now and
/// then whether to give up.
pub(super) fn with<T>(
    connection: &Connection,
    tables: &[Temporary],
    target: &Target,
    stop: &dyn Fn() -> bool,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let attempt = |error| errors::explain("make the tables of a query", error);
    let _undone = Undone(connection);
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").map_err(attempt)?;
    }
    // The file itself is open for reading alone; only tables of this
    // connection can be written.
    let begin = "PRAGMA query_only=OFF; BEGIN";
    connection.execute_batch(begin).map_err(attempt)?;
    for table in tables {
        make(connection, table, target, stop)?;
    }
    let seal = "PRAGMA query_only=ON";
    connection.execute_batch(seal).map_err(attempt)?;
    work()
}

/// Takes everything back when it goes, also when a panic passes.
struct Undone<'a>(&'a Connection);

impl Drop for Undone<'_> {
    fn drop(&mut self) {
        let roll_back = match self.0.is_autocommit() {
            true => "",
            false => "ROLLBACK;",
        };
        let undo = format!("{roll_back} PRAGMA query_only=ON");
        if let Err(error) = self.0.execute_batch(&undo) {
            tracing::error!(%error, "the tables of a query cannot be removed");
        }
    }
}

fn make(
    connection: &Connection,
    table: &Temporary,
    target: &Target,
    stop: &dyn Fn() -> bool,
) -> Result<(), Error> {
    let attempt = |error| errors::explain("make a table of a query", error);
    let name = target.stored(TEMPORARY, &table.name);
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(column, wire)| format!("{} {}", quote(column), target.stored_type(*wire)))
        .collect();
    let options = target.table_options();
    let create = format!(
        "CREATE TEMP TABLE {name} ({}) {options}",
        columns.join(", ")
    );
    connection.execute_batch(&create).map_err(attempt)?;
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let insert = encode::insertion(&name, &names);
    for batch in (table.rows)()? {
        encode::insert(
            connection,
            &insert,
            &batch?,
            "add rows to a table of a query",
        )?;
        if stop() {
            return Err(Error::Cancelled);
        }
    }
    for (number, column) in table.indexes.iter().enumerate() {
        let index = quote(&format!("{}_{number}", table.name));
        let column = quote(column);
        let sql = format!("CREATE INDEX temp.{index} ON {name} ({column})");
        connection.execute_batch(&sql).map_err(attempt)?;
    }
    connection
        .execute_batch(&format!("ANALYZE temp.{name}"))
        .map_err(attempt)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::database::Batch;
    use adql::Wire;

    /// Rows, or a table that cannot be read.
    fn table(rows: Option<i64>) -> Temporary {
        Temporary {
            name: "u1".to_owned(),
            columns: vec![("c1".to_owned(), Wire::Int8)],
            indexes: vec!["c1".to_owned()],
            rows: Arc::new(move || {
                let mut batch = Batch::new([Wire::Int8]);
                for number in 0..rows.ok_or(Error::Data("wrong".to_owned()))? {
                    batch.push(Some(&number.to_be_bytes()));
                }
                Ok(Box::new(std::iter::once(Ok(batch))))
            }),
        }
    }

    fn count(connection: &Connection) -> Result<i64, rusqlite::Error> {
        let sql = "SELECT count(*) FROM \"pg_temp.u1\"";
        connection.query_row(sql, [], |row| row.get(0))
    }

    #[test]
    fn nothing_is_left_behind() {
        let connection = Connection::open_in_memory().expect("a database");
        let target = Target::sqlite();
        let go_on = || false;
        let run = |rows, stop: &dyn Fn() -> bool| {
            with(&connection, &[table(rows)], &target, stop, || {
                Ok(count(&connection).ok())
            })
        };
        assert_eq!(run(Some(3), &go_on).ok(), Some(Some(3)));
        assert!(count(&connection).is_err());
        assert!(matches!(run(Some(3), &|| true), Err(Error::Cancelled)));
        assert!(matches!(run(None, &go_on), Err(Error::Data(text)) if text == "wrong"));
        assert_eq!(run(Some(1), &go_on).ok(), Some(Some(1)));
        assert!(count(&connection).is_err());
        let write = connection.execute_batch("CREATE TABLE t (x)");
        assert!(write.is_err(), "it is sealed again");
    }
}
