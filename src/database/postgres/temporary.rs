//! Tables of one query on the connection that runs it. They live in a
//! transaction that is rolled back or dies with its connection.

use adql::Target;
use adql::target::{TEMPORARY, quote};
use deadpool_postgres::Object;
use tokio::sync::mpsc;

use super::copy::Copy;
use super::errors;
use crate::database::{Batch, Error, Temporary};

/// Batches read ahead of the server.
const AHEAD: usize = 2;

/// Begins a transaction that has these tables; from then on it only reads.
pub(super) async fn make(
    client: &Object,
    tables: &[Temporary],
    target: &Target,
) -> Result<(), Error> {
    let attempt = |error| errors::explain("make the tables of a query", error);
    // Sessions for queries are read only, where a query does not ask
    // otherwise; users' queries cannot.
    let begin = client.batch_execute("BEGIN READ WRITE").await;
    begin.map_err(attempt)?;
    for table in tables {
        let name = target.stored(TEMPORARY, &table.name);
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|(column, wire)| format!("{} {}", quote(column), target.stored_type(*wire)))
            .collect();
        let create = format!(
            "CREATE TEMPORARY TABLE {name} ({}) ON COMMIT DROP",
            columns.join(", ")
        );
        client.batch_execute(&create).await.map_err(attempt)?;
        fill(client, table, &name).await?;
        let mut rest = String::new();
        for column in &table.indexes {
            rest.push_str(&format!("CREATE INDEX ON {name} ({}); ", quote(column)));
        }
        rest.push_str(&format!("ANALYZE {name}"));
        client.batch_execute(&rest).await.map_err(attempt)?;
    }
    let seal = client.batch_execute("SET TRANSACTION READ ONLY").await;
    seal.map_err(attempt)
}

async fn fill(client: &Object, table: &Temporary, name: &str) -> Result<(), Error> {
    let columns: Vec<String> = table.columns.iter().map(|(name, _)| quote(name)).collect();
    let sql = format!("COPY {name} ({}) FROM STDIN BINARY", columns.join(", "));
    let mut copy = Copy::start(client, sql, "a table of a query".to_owned()).await?;
    let mut batches = read(table);
    loop {
        let batch = match batches.recv().await {
            Some(batch) => batch?,
            None => {
                return Err(Error::driver(
                    "could not read the rows to add",
                    "it broke off",
                ));
            }
        };
        match batch {
            Some(batch) => copy.append(&batch).await?,
            None => return copy.finish().await,
        }
    }
}

/// The rows, read on a thread of their own as long as somebody takes them;
/// `None` says that all have been read.
fn read(table: &Temporary) -> mpsc::Receiver<Result<Option<Batch>, Error>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let rows = table.rows.clone();
    tokio::task::spawn_blocking(move || {
        let all = || {
            for batch in rows()? {
                if sender.blocking_send(Ok(Some(batch?))).is_err() {
                    break;
                }
            }
            Ok(None)
        };
        // If nobody listens, nobody needs to know.
        let _ = sender.blocking_send(all());
    });
    receiver
}
