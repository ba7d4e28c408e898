//! Each fault of a table is told by its cause, and mended without touching
//! anything else.

use std::collections::BTreeMap;
use std::sync::Arc;

use adql::Wire;
use obstap::database::Database;
use obstap::obscore::Name;
use obstap::obscore::manager::{Cause, repair};

use super::memory::{Memory, dataset, id};
use super::{followed, manager, run, verified};
use crate::support::on_both;

/// One row as SQL names it.
fn row(number: u64) -> String {
    format!("obs_publisher_did = 'ivo://memory?{}'", id(number))
}

fn update(number: u64, set: &str) -> String {
    format!("UPDATE {{ivoa.obscore}} SET {set} WHERE {}", row(number))
}

/// Everything that is stored, but when.
async fn content(database: &Database) -> Vec<String> {
    let sql = "SELECT obs_publisher_did, s_region, access_url, obs_collection, \
               CAST(fp_key AS text), CAST(calib_level AS text), target_name, \
               CAST(reg_source AS text) FROM {ivoa.obscore} ORDER BY 1, 8";
    let rows = database
        .fetch(sql, &[], &[Wire::Text; 8])
        .await
        .expect("rows");
    let text = |cell: Option<&[u8]>| String::from_utf8_lossy(cell.unwrap_or(b"-")).into_owned();
    (0..rows.len())
        .map(|at| rows.row(at).map(text).collect::<Vec<_>>().join("|"))
        .collect()
}

async fn check(database: &Database, memory: &Arc<Memory>, fault: &str, expected: &[(Cause, u64)]) {
    let report = verified(database, memory).await;
    let expected: BTreeMap<Cause, u64> = expected.iter().copied().collect();
    assert_eq!(report.causes, expected, "{fault}: {report:?}");
    let managers = [manager(database, memory, &Name::default()).await];
    let mended = repair(database, &Name::default(), &managers, &report, &[]).await;
    mended.expect("mended");
    let after = verified(database, memory).await;
    assert!(after.is_clean(), "{fault}: {:?}", after.causes);
}

#[test]
fn each_fault_of_a_row_has_its_cause() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(20));
        followed(&database, &memory).await;
        let right = content(&database).await;
        let seeded: [(Cause, String); 9] = [
            (
                Cause::Missing,
                format!("DELETE FROM {{ivoa.obscore}} WHERE {}", row(2)),
            ),
            (
                Cause::Region,
                update(3, "s_region = 'CIRCLE ICRS 1 1 1', fp_key = 1, fp_v = NULL"),
            ),
            (Cause::Index, update(4, "fp_key = fp_key + 1")),
            (Cause::Index, update(5, "pt_hpx = 7")),
            (Cause::Class, update(6, "calib_level = 4")),
            (Cause::Class, update(7, "obs_publisher_did = 'ivo://other'")),
            (Cause::Link, update(8, "access_url = 'https://gone'")),
            (Cause::Metadata, update(9, "target_name = 'M31'")),
            (
                Cause::Metadata,
                update(10, "obs_title = 'not of the registry'"),
            ),
        ];
        for (cause, fault) in seeded {
            run(&database, &fault).await;
            check(&database, &memory, &fault, &[(cause, 1)]).await;
            assert_eq!(content(&database).await, right, "{fault}");
        }
        // A row that says it is of a registry which does not feed the table.
        let foreign = "INSERT INTO {ivoa.obscore} \
             (calib_level, obs_collection, obs_id, obs_publisher_did, reg_source) \
             VALUES (1, 'x', 'x', 'ivo://foreign', 77)";
        run(&database, foreign).await;
        check(&database, &memory, foreign, &[(Cause::Foreign, 1)]).await;
        assert_eq!(content(&database).await, right);
        // Rows from files are nobody else's business.
        let file = "INSERT INTO {ivoa.obscore} \
             (calib_level, obs_collection, obs_id, obs_publisher_did) \
             VALUES (1, 'x', 'x', 'ivo://file')";
        run(&database, file).await;
        assert!(verified(&database, &memory).await.is_clean());
    });
}

#[test]
fn each_change_that_went_unseen_has_its_cause() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(20));
        followed(&database, &memory).await;
        memory.remove(2);
        check(&database, &memory, "removed", &[(Cause::Extra, 1)]).await;
        memory.change(3, |dataset| dataset.dataset_type = "calexp".into());
        memory.change(3, |dataset| dataset.files.clear());
        check(&database, &memory, "unstored", &[(Cause::DeadLink, 1)]).await;
        memory.change(4, |dataset| dataset.region = None);
        check(&database, &memory, "moved", &[(Cause::Region, 1)]).await;
        memory.put(dataset(1000, "raw"));
        check(&database, &memory, "added", &[(Cause::Missing, 1)]).await;
    });
}

#[test]
fn a_row_of_which_there_are_several_becomes_one() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(20));
        followed(&database, &memory).await;
        let indexes = ["reg_id", "obs_publisher_did"].map(|column| {
            let name = format!("obscore_{column}");
            let (_, index) = database.target().index_names("ivoa", &name);
            format!("DROP INDEX {index}")
        });
        run(&database, &indexes.join(";")).await;
        let twice = format!(
            "INSERT INTO {{ivoa.obscore}} SELECT * FROM {{ivoa.obscore}} WHERE {}",
            row(2)
        );
        run(&database, &twice).await;
        check(&database, &memory, &twice, &[(Cause::Duplicate, 1)]).await;
    });
}

#[test]
fn a_table_that_is_not_what_it_should_be_is_told() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(5));
        followed(&database, &memory).await;
        let unit = "UPDATE {tap_schema.columns} SET unit = 'rad' \
                    WHERE table_name = 'ivoa.obscore' AND column_name = 's_ra'";
        run(&database, unit).await;
        check(&database, &memory, unit, &[(Cause::Configuration, 1)]).await;
        let gone = "ALTER TABLE {ivoa.obscore} DROP COLUMN obs_title";
        run(&database, gone).await;
        check(&database, &memory, gone, &[(Cause::Configuration, 1)]).await;
    });
}
