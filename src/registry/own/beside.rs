//! Records that are given, laid beside the stored table: the database
//! compares, and takes over what is other.

use std::collections::BTreeSet;

use adql::Wire;

use super::Session;
use super::cells;
use super::error::{Error, TOLD};
use super::records::{Row, told};
use super::universe::{BEGIN, END, Element, REGION};
use crate::database::Batch;
use crate::registry::Scalar;

/// Lays the rows into the temporary table `given`.
pub(super) async fn lay(
    session: &mut Session,
    element: &Element,
    columns: &[(&'static str, Wire)],
    rows: &[Row],
) -> Result<(), Error> {
    let transaction = &mut session.transaction;
    let quoted: Vec<String> = columns
        .iter()
        .map(|(name, _)| adql::target::quote(name))
        .collect();
    // Its columns have the types of the stored table's.
    let script = format!(
        "DROP TABLE IF EXISTS {{pg_temp.given}}; \
         CREATE TEMPORARY TABLE {{pg_temp.given}} AS SELECT {} FROM {{registry.{}}} WHERE 1 = 0",
        quoted.join(", "),
        element.name
    );
    transaction.script(&script).await?;
    let wires: Vec<Wire> = columns.iter().map(|(_, wire)| *wire).collect();
    let mut batch = Batch::new(wires);
    for row in rows {
        for (name, _) in columns {
            match *name {
                REGION => cells::push_text(&mut batch, row.region.as_deref()),
                BEGIN => cells::push_int(&mut batch, row.timespan.and_then(|it| it.begin)),
                END => cells::push_int(&mut batch, row.timespan.and_then(|it| it.end)),
                name => {
                    let at = element.fields().position(|field| field.name == name);
                    let value = at.and_then(|at| row.fields.get(at));
                    cells::push_scalar(&mut batch, value.unwrap_or(&Scalar::Null));
                }
            }
        }
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let table = (adql::target::TEMPORARY, "given");
    transaction.append(table, &names, batch).await?;
    Ok(())
}

/// `g`'s keys are those of the stored `alias`.
pub(super) fn joined(element: &Element, alias: &str) -> String {
    let keys = element.keys.iter();
    let keys: Vec<String> = keys
        .map(|key| format!("{alias}.{0} = g.{0}", key.name))
        .collect();
    keys.join(" AND ")
}

/// The keys of the first rows of `given` for which a condition holds.
pub(super) async fn listed(
    session: &mut Session,
    element: &Element,
    rest: &str,
) -> Result<Vec<String>, Error> {
    let keys: Vec<String> = element
        .keys
        .iter()
        .map(|key| format!("g.{}", key.name))
        .collect();
    let sql = format!(
        "SELECT {0} FROM {{pg_temp.given}} AS g {rest} ORDER BY {0}",
        keys.join(", ")
    );
    let wires: Vec<Wire> = element.keys.iter().map(|key| key.kind.wire()).collect();
    let rows = session.transaction.fetch(&sql, &[], &wires).await?;
    let named = |row| {
        let parts = element.keys.iter().enumerate().map(|(column, key)| {
            let value = cells::scalar(&rows, row, column, key.kind);
            format!("{}={}", key.name, told(&value))
        });
        parts.collect::<Vec<_>>().join(", ")
    };
    Ok((0..rows.len()).map(named).collect())
}

/// # Errors
/// Records that those given name and that are not there.
pub(super) async fn check_parents(session: &mut Session, element: &Element) -> Result<(), Error> {
    let mut lost = BTreeSet::new();
    for (parent, pairs) in element.parents {
        let on: Vec<String> = pairs
            .iter()
            .map(|(ours, theirs)| format!("t.{theirs} = g.{ours}"))
            .collect();
        let ours: Vec<String> = pairs.iter().map(|(ours, _)| format!("g.{ours}")).collect();
        let sql = format!(
            "SELECT DISTINCT {} FROM {{pg_temp.given}} AS g WHERE NOT EXISTS \
             (SELECT 1 FROM {{registry.{parent}}} AS t WHERE {}) LIMIT {TOLD}",
            ours.join(", "),
            on.join(" AND ")
        );
        let kinds: Vec<_> = pairs
            .iter()
            .filter_map(|(ours, _)| element.fields().find(|field| field.name == *ours))
            .map(|field| field.kind)
            .collect();
        let wires: Vec<Wire> = kinds.iter().map(|kind| kind.wire()).collect();
        let rows = session.transaction.fetch(&sql, &[], &wires).await?;
        for row in 0..rows.len() {
            let parts = pairs.iter().zip(&kinds).enumerate();
            let parts: Vec<String> = parts
                .map(|(column, ((_, theirs), kind))| {
                    let value = cells::scalar(&rows, row, column, *kind);
                    format!("{theirs}={}", told(&value))
                })
                .collect();
            lost.insert(format!("{parent} {}", parts.join(", ")));
        }
    }
    match lost.is_empty() {
        true => Ok(()),
        false => Err(Error::missing(
            "records name others that are not registered: register these first",
        )
        .about(lost)),
    }
}

/// Takes those out of `given` that are there as they are; gives how many.
pub(super) async fn leave_same(session: &mut Session, element: &Element) -> Result<u64, Error> {
    let columns = element.columns();
    let same: Vec<String> = columns
        .iter()
        .map(|(name, _)| {
            let name = adql::target::quote(name);
            format!("t.{name} IS NOT DISTINCT FROM g.{name}")
        })
        .collect();
    let sql = format!(
        "DELETE FROM {{pg_temp.given}} AS g WHERE EXISTS \
         (SELECT 1 FROM {{registry.{}}} AS t WHERE {} AND {})",
        element.name,
        joined(element, "t"),
        same.join(" AND ")
    );
    Ok(session.transaction.execute(&sql, &[]).await?)
}

/// Those in `given` whose keys are there.
pub(super) async fn others(session: &mut Session, element: &Element) -> Result<Vec<String>, Error> {
    let rest = format!(
        "WHERE EXISTS (SELECT 1 FROM {{registry.{}}} AS t WHERE {})",
        element.name,
        joined(element, "t")
    );
    listed(session, element, &rest).await
}

/// Puts what is in `given` into the stored table.
pub(super) async fn put(session: &mut Session, element: &Element) -> Result<(), Error> {
    let columns = element.columns();
    let names: Vec<String> = columns
        .iter()
        .map(|(name, _)| adql::target::quote(name))
        .collect();
    let keys: Vec<&str> = element.keys.iter().map(|key| key.name).collect();
    let set: Vec<String> = names
        .iter()
        .skip(element.keys.len())
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let action = match set.is_empty() {
        true => "NOTHING".to_owned(),
        false => format!("UPDATE SET {}", set.join(", ")),
    };
    let sql = format!(
        "INSERT INTO {{registry.{}}} ({names}) SELECT {names} FROM {{pg_temp.given}} \
         WHERE 1 = 1 ON CONFLICT ({}) DO {action}",
        element.name,
        keys.join(", "),
        names = names.join(", "),
    );
    match session
        .transaction
        .execute(&sql, &[])
        .await
        .map_err(Error::from)
    {
        Err(error) if error.is_rule() => Err(Error::conflict(format!(
            "another record of {} has a name that is given here: names are unique in an instrument",
            element.name
        ))),
        done => done.map(|_| ()),
    }
}
