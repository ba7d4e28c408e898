//! Indexes and triggers of ObsCore-shaped tables, and what else they need besides
//! their columns.

use adql::{Target, Wire, target};

use super::columns::{Declared, name};
use super::table::hash;
use super::{Name, published};
use crate::database::{Database, Error, Transaction};
use crate::spatial;
use crate::spatial::upkeep::{self, Indexed};

/// Makes the indexes that are missing: the key of the regions, the cell of
/// the positions, and the columns declared as indexed.
///
/// # Errors
/// Those of the database.
pub(super) async fn create_indexes(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
    columns: &[Declared],
) -> Result<(), Error> {
    let stored = table.stored(target);
    for column in indexed(columns) {
        let unique = match column {
            name::PUBLISHER_DID => "UNIQUE ",
            _ => "",
        };
        let (index, _) = target.index_names(table.schema(), &index_of(table, column));
        let column = target::quote(column);
        let sql = format!("CREATE {unique}INDEX IF NOT EXISTS {index} ON {stored} ({column})");
        transaction.script(&sql).await?;
    }
    for (name, unique, columns) in KEPT_INDEXES {
        let (index, _) = target.index_names(table.schema(), &index_of(table, name));
        let sql = format!("CREATE {unique} INDEX IF NOT EXISTS {index} ON {stored} ({columns})");
        transaction.script(&sql).await?;
    }
    Ok(())
}

const KEPT_INDEXES: [(&str, &str, &str); 2] = [
    ("reg_id", "UNIQUE", "reg_source, reg_id"),
    ("reg_change", "", "reg_change"),
];

/// Puts the rows in the order of their regions, so that what lies together in
/// the sky is read together. For a table whose rows have just come and that has
/// no indexes.
///
/// # Errors
/// Those of the database.
pub(super) async fn cluster(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
) -> Result<(), Error> {
    let (index, _) = target.index_names(table.schema(), &index_of(table, spatial::KEY));
    let table = table.stored(target);
    let Some(cluster) = target.cluster(&table, &index) else {
        return Ok(());
    };
    let key = target::quote(spatial::KEY);
    let sql = format!("CREATE INDEX {index} ON {table} ({key}); {cluster}");
    transaction.script(&sql).await
}

/// Drops all that [`create_indexes`] makes.
///
/// # Errors
/// Those of the database.
pub(super) async fn drop_indexes(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
    columns: &[Declared],
) -> Result<(), Error> {
    let kept = KEPT_INDEXES.map(|(name, _, _)| name);
    let columns: Vec<&str> = indexed(columns).chain(kept).collect();
    drop_indexes_of(transaction, target, table, &columns).await
}

pub(super) async fn drop_indexes_of(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
    columns: &[&str],
) -> Result<(), Error> {
    for column in columns {
        let (_, index) = target.index_names(table.schema(), &index_of(table, column));
        let sql = format!("DROP INDEX IF EXISTS {index}");
        transaction.script(&sql).await?;
    }
    Ok(())
}

/// Makes the triggers that mark rows which other programs write. Our own rows
/// come with their cells.
///
/// # Errors
/// Those of the database.
pub(super) async fn make_triggers(
    transaction: &mut Transaction,
    database: &Database,
    table: &Name,
) -> Result<(), Error> {
    for indexed in indexes(table) {
        upkeep::drop_triggers(transaction, database, &indexed).await?;
        upkeep::make_triggers(transaction, database, &indexed).await?;
    }
    Ok(())
}

/// Takes them away until the end of a transaction in which nobody else can
/// write.
///
/// # Errors
/// Those of the database.
pub(super) async fn drop_triggers(
    transaction: &mut Transaction,
    database: &Database,
    table: &Name,
) -> Result<(), Error> {
    for indexed in indexes(table) {
        upkeep::drop_triggers(transaction, database, &indexed).await?;
    }
    Ok(())
}

fn indexes(table: &Name) -> Vec<Indexed> {
    Indexed::all(&published(table, &[]).table(&[]))
}

/// Waits until no other program loads or alters the table, and keeps them
/// waiting until the transaction ends. Readers are not held up.
///
/// # Errors
/// Those of the database.
pub(super) async fn lock(transaction: &mut Transaction, table: &Name) -> Result<(), Error> {
    let sql = "UPDATE {obstap.obscore_tables} SET table_name = table_name \
               WHERE schema_name = $1 AND table_name = $2";
    transaction.execute(sql, &table.values()).await.map(drop)
}

/// Whether it has no row.
///
/// # Errors
/// Those of the database.
pub(super) async fn is_empty(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
) -> Result<bool, Error> {
    let any = format!("SELECT 1 FROM {} LIMIT 1", table.stored(target));
    Ok(transaction
        .fetch(&any, &[], &[Wire::Int4])
        .await?
        .is_empty())
}

/// Measures the table, so that queries are planned by what is in it now.
///
/// # Errors
/// Those of the database.
pub(super) async fn analyze(
    transaction: &mut Transaction,
    target: &Target,
    table: &Name,
) -> Result<(), Error> {
    let sql = format!("ANALYZE {}", table.stored(target));
    transaction.script(&sql).await
}

/// Columns with a B-tree. Regions and positions are searched by their cells.
pub(super) fn indexed(columns: &[Declared]) -> impl Iterator<Item = &str> {
    let spatial = [name::REGION, name::RA, name::DEC];
    let declared = columns.iter().filter(|declared| declared.indexed);
    let declared = declared.map(Declared::name);
    let declared = declared.filter(move |name| !spatial.contains(name));
    declared.chain([spatial::KEY, spatial::CELL])
}

fn index_of(table: &Name, column: &str) -> String {
    // No table has a dot in its name, so that no two have the same index.
    let between = if *table == Name::default() { '_' } else { '.' };
    let table = table.table();
    // Within the 63 bytes that PostgreSQL keeps of a name.
    match table.len() + column.len() {
        0..=62 => format!("{table}{between}{column}"),
        _ => format!("{table}{between}{}", hash(column)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::declared;
    use super::*;

    #[test]
    fn regions_and_positions_are_searched_by_their_cells() {
        let columns = declared(&[]).unwrap();
        let names: Vec<&str> = indexed(&columns).collect();
        assert!(names.contains(&"fp_key") && names.contains(&"pt_hpx"));
        assert!(names.contains(&"obs_publisher_did"));
        assert!(!names.contains(&"s_region") && !names.contains(&"s_ra"));
    }

    #[test]
    fn long_names_keep_their_indexes_apart() {
        let table = Name::default();
        let [a, b] = ["a", "b"].map(|end| index_of(&table, &format!("{}{end}", "x".repeat(62))));
        assert!(a.len() <= 63);
        assert_ne!(a, b);
        assert_eq!(index_of(&table, "t_min"), "obscore_t_min");
    }
}
