//! Rows as they are beside rows as they should be.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use adql::{Value, Wire};
use uuid::Uuid;

use super::line::{Described, Line};
use super::read::{self, Reader};
use crate::database::{Batch, Database, Error};
use crate::registry::{Collections, Dataset};
use crate::spatial;

/// What is wrong with a row, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A dataset has no row.
    Missing,
    /// A row's dataset is there no more.
    Extra,
    /// Its dataset is not in the collections any more, or has a tag no more.
    Collection,
    /// Its dataset is stored nowhere any more.
    DeadLink,
    /// There are several rows of one dataset.
    Duplicate,
    /// A row says it is of a registry that does not feed the table.
    Foreign,
    /// The region or position is another.
    Region,
    /// The cells of the index on the sky are not those of the region.
    Index,
    /// What kind of data it is, of which observation or collection.
    Class,
    /// Where the data are, in what format and how large.
    Link,
    /// Anything else that is said of the data.
    Metadata,
    /// The table, or what TAP_SCHEMA says of it, is not what the settings and
    /// configurations ask for.
    Configuration,
}

impl Cause {
    /// One word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Missing => "missing",
            Cause::Extra => "extra",
            Cause::Collection => "collection",
            Cause::DeadLink => "dead_link",
            Cause::Duplicate => "duplicate",
            Cause::Foreign => "foreign",
            Cause::Region => "region",
            Cause::Index => "index",
            Cause::Class => "class",
            Cause::Link => "link",
            Cause::Metadata => "metadata",
            Cause::Configuration => "configuration",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Missing => "without their row",
            Cause::Extra => "of datasets that are no more",
            Cause::Collection => "of datasets that are not in the collections",
            Cause::DeadLink => "of datasets that are stored nowhere",
            Cause::Duplicate => "several times",
            Cause::Foreign => "of a registry that does not feed the table",
            Cause::Region => "with another region or position",
            Cause::Index => "with wrong cells of the index on the sky",
            Cause::Class => "of another class, observation or collection",
            Cause::Link => "with another link, format or size",
            Cause::Metadata => "with other metadata",
            Cause::Configuration => "faults of the table itself",
        })
    }
}

/// One row that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of rows that belong to a dataset.
    pub id: Option<Uuid>,
    /// As stored, or as it should be.
    pub publisher_did: String,
    pub cause: Cause,
    /// Those that differ.
    pub columns: Vec<String>,
}

/// What came of a comparison or of what was written after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Datasets and rows that were looked at.
    pub seen: u64,
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
    /// Datasets that cannot be described.
    pub rejected: u64,
}

impl Tally {
    /// Whether rows were, or would be, written.
    pub fn writes(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }

    pub fn add(&mut self, other: &Tally) {
        self.seen += other.seen;
        self.added += other.added;
        self.changed += other.changed;
        self.removed += other.removed;
        self.rejected += other.rejected;
    }
}

/// What must be done to make some rows right.
pub(super) struct Compared {
    pub tally: Tally,
    pub differences: Vec<Difference>,
    /// Rows of these are to go; of some of them others come.
    pub gone: Vec<Uuid>,
    /// All rows as they should be, and the places of those to be written.
    pub described: Described,
    pub written: Vec<usize>,
    /// All that were looked at.
    pub asked: Vec<Uuid>,
}

/// Compares the rows of `asked` with what the registry says of those of them
/// that it knows. `unwanted`: those that it knows and that are not to have a
/// row, beside what they tell themselves.
///
/// # Errors
/// Those of the database.
pub(super) async fn compare(
    reader: &mut Reader<'_>,
    database: &Database,
    line: &Line,
    asked: &[Uuid],
    datasets: &[Dataset],
    unwanted: &HashSet<Uuid>,
) -> Result<Compared, Error> {
    let takes = |dataset: &Dataset| match &line.wanted.collections {
        Collections::Path(_) => {
            line.wanted.takes_type(&dataset.dataset_type) && !unwanted.contains(&dataset.id)
        }
        _ => line.wanted.takes(dataset),
    };
    let good: Vec<&Dataset> = datasets
        .iter()
        .filter(|dataset| takes(dataset) && line.is_stored(dataset))
        .collect();
    let mut described = line.describe(&good);
    let stored = Stored::read(reader, database, line, asked).await?;
    refuse_taken(reader, database, line, asked, &mut described).await?;

    let known: HashMap<Uuid, &Dataset> = datasets.iter().map(|it| (it.id, it)).collect();
    let mut compared = Compared {
        tally: Tally {
            seen: asked.len() as u64,
            rejected: described.rejected.len() as u64,
            ..Tally::default()
        },
        differences: Vec::new(),
        gone: Vec::new(),
        written: Vec::new(),
        asked: asked.to_vec(),
        described,
    };
    let mut right = HashSet::with_capacity(compared.described.of.len());
    for (row, (id, did)) in compared.described.of.iter().enumerate() {
        right.insert(*id);
        let difference = |cause, columns| Difference {
            id: Some(*id),
            publisher_did: did.clone(),
            cause,
            columns,
        };
        match stored.places.get(id).map(Vec::as_slice) {
            None | Some([]) => {
                compared.tally.added += 1;
                compared.written.push(row);
                compared
                    .differences
                    .push(difference(Cause::Missing, Vec::new()));
            }
            Some([place]) => {
                let other = differing(line, &compared.described.rows, row, &stored.rows, *place);
                if let Some(cause) = cause_of(&other) {
                    compared.tally.changed += 1;
                    compared.gone.push(*id);
                    compared.written.push(row);
                    compared.differences.push(difference(cause, other));
                }
            }
            Some(_) => {
                compared.tally.changed += 1;
                compared.gone.push(*id);
                compared.written.push(row);
                compared
                    .differences
                    .push(difference(Cause::Duplicate, Vec::new()));
            }
        }
    }
    for (id, places) in &stored.places {
        if right.contains(id) {
            continue;
        }
        let cause = match known.get(id) {
            None => Cause::Extra,
            Some(dataset) if !takes(dataset) => Cause::Collection,
            Some(dataset) if !line.is_stored(dataset) => Cause::DeadLink,
            // It has become impossible to describe.
            Some(_) => Cause::Metadata,
        };
        compared.tally.removed += 1;
        compared.gone.push(*id);
        compared.differences.push(Difference {
            id: Some(*id),
            publisher_did: places
                .first()
                .map(|place| stored.did(line, *place))
                .unwrap_or_default(),
            cause,
            columns: Vec::new(),
        });
    }
    Ok(compared)
}

/// Rows that are there, by their dataset.
struct Stored {
    rows: Batch,
    places: BTreeMap<Uuid, Vec<usize>>,
}

impl Stored {
    async fn read(
        reader: &mut Reader<'_>,
        database: &Database,
        line: &Line,
        asked: &[Uuid],
    ) -> Result<Stored, Error> {
        let sql = format!(
            "SELECT {}, o.reg_id FROM {} AS o WHERE o.reg_source = $1 AND o.reg_id IN {}",
            line.select,
            line.feed.table.stored(database.target()),
            read::ids_in(database, 2)
        );
        let mut wires: Vec<Wire> = line.wires().to_vec();
        wires.push(Wire::Bytes);
        let values = [
            Value::BigInt(line.feed.repository.number.into()),
            read::ids(database, asked),
        ];
        let rows = reader.fetch(&sql, &values, &wires).await?;
        let mut places: BTreeMap<Uuid, Vec<usize>> = BTreeMap::new();
        for row in 0..rows.len() {
            if let Some(id) = read::id(&rows, row, wires.len() - 1) {
                places.entry(id).or_default().push(row);
            }
        }
        Ok(Stored { rows, places })
    }

    fn did(&self, line: &Line, row: usize) -> String {
        let place = line.names.iter().position(|name| name == DID);
        place.map_or_else(String::new, |place| read::text(&self.rows, row, place))
    }
}

const DID: &str = super::super::columns::name::PUBLISHER_DID;

/// Of several rows with one `obs_publisher_did` the one that is there keeps it;
/// the others are refused, with what would be wrong.
async fn refuse_taken(
    reader: &mut Reader<'_>,
    database: &Database,
    line: &Line,
    asked: &[Uuid],
    described: &mut Described,
) -> Result<(), Error> {
    let taken = taken(reader, database, line, asked, described).await?;
    let mut seen = HashSet::with_capacity(described.of.len());
    let refused: HashSet<usize> = (0..described.of.len())
        .filter(|row| {
            let did = described.of[*row].1.as_str();
            taken.contains(did) || !seen.insert(did)
        })
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let mut rows = Batch::new(line.wires());
    let mut of = Vec::with_capacity(described.of.len());
    for (row, (id, did)) in std::mem::take(&mut described.of).into_iter().enumerate() {
        if refused.contains(&row) {
            let reason = format!("its obs_publisher_did {did} is that of another row");
            described.rejected.push((id, reason));
            continue;
        }
        described.rows.row(row).for_each(|cell| rows.push(cell));
        of.push((id, did));
    }
    described.rows = rows;
    described.of = of;
    Ok(())
}

/// Whether no row has the identifier of any of these, nor two of them the same.
///
/// # Errors
/// Those of the database.
pub(super) async fn are_free(
    reader: &mut Reader<'_>,
    database: &Database,
    line: &Line,
    described: &Described,
) -> Result<bool, Error> {
    let dids: HashSet<&str> = described.of.iter().map(|(_, did)| did.as_str()).collect();
    if dids.len() < described.of.len() {
        return Ok(false);
    }
    let taken = taken(reader, database, line, &[], described).await?;
    Ok(taken.is_empty())
}

/// Identifiers that rows of others have.
async fn taken(
    reader: &mut Reader<'_>,
    database: &Database,
    line: &Line,
    asked: &[Uuid],
    described: &Described,
) -> Result<HashSet<String>, Error> {
    if described.of.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = format!(
        "SELECT o.obs_publisher_did, CASE WHEN o.reg_source = $1 THEN o.reg_id END FROM {} AS o \
         WHERE o.obs_publisher_did IN {}",
        line.feed.table.stored(database.target()),
        read::texts_in(database, 2)
    );
    let dids = described.of.iter().map(|(_, did)| did.as_str());
    let values = [
        Value::BigInt(line.feed.repository.number.into()),
        read::texts(dids),
    ];
    let rows = reader
        .fetch(&sql, &values, &[Wire::Text, Wire::Bytes])
        .await?;
    let asked: HashSet<&Uuid> = asked.iter().collect();
    let others = (0..rows.len()).filter(|row| {
        let id = read::id(&rows, *row, 1);
        id.is_none_or(|id| !asked.contains(&id))
    });
    Ok(others.map(|row| read::text(&rows, row, 0)).collect())
}

/// The columns in which two rows differ.
fn differing(line: &Line, a: &Batch, row_a: usize, b: &Batch, row_b: usize) -> Vec<String> {
    let wires = a.wires();
    let names = line.names.iter().enumerate();
    let other = names.filter(|(column, _)| {
        let wire = wires.get(*column).copied().unwrap_or(Wire::Text);
        !same(a.cell(row_a, *column), b.cell(row_b, *column), wire)
    });
    other.map(|(_, name)| name.clone()).collect()
}

/// Whether two cells hold the same value: SQLite keeps no zero with a sign.
pub(super) fn same(a: Option<&[u8]>, b: Option<&[u8]>, wire: Wire) -> bool {
    if a == b {
        return true;
    }
    match (a, b, wire) {
        (Some(a), Some(b), Wire::Float8) => match (a.try_into(), b.try_into()) {
            (Ok(a), Ok(b)) => f64::from_be_bytes(a) == f64::from_be_bytes(b),
            _ => false,
        },
        (Some(a), Some(b), Wire::Float4) => match (a.try_into(), b.try_into()) {
            (Ok(a), Ok(b)) => f32::from_be_bytes(a) == f32::from_be_bytes(b),
            _ => false,
        },
        _ => false,
    }
}

/// One cause for all columns that differ: the one that explains the others.
pub(super) fn cause_of(columns: &[String]) -> Option<Cause> {
    let class = |column: &String| match column.as_str() {
        name if spatial::COLUMNS.iter().any(|(known, _)| *known == name) => Cause::Index,
        "s_region" | "s_ra" | "s_dec" | "s_fov" => Cause::Region,
        "dataproduct_type"
        | "dataproduct_subtype"
        | "calib_level"
        | "obs_collection"
        | "obs_id"
        | "obs_publisher_did" => Cause::Class,
        "access_url" | "access_format" | "access_estsize" => Cause::Link,
        _ => Cause::Metadata,
    };
    let rank = |cause: &Cause| match cause {
        Cause::Class => 0,
        Cause::Region => 1,
        Cause::Link => 2,
        Cause::Metadata => 3,
        _ => 4,
    };
    columns.iter().map(class).min_by_key(rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_has_one_cause() {
        fn check(columns: &[&str], expected: Option<Cause>) {
            let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(cause_of(&columns), expected, "{columns:?}");
        }
        check(&[], None);
        check(&["fp_key", "fp_x"], Some(Cause::Index));
        check(&["s_region", "fp_key", "s_fov"], Some(Cause::Region));
        check(&["access_estsize"], Some(Cause::Link));
        check(&["t_min", "calib_level"], Some(Cause::Class));
        check(&["visit", "pt_hpx"], Some(Cause::Metadata));
    }

    #[test]
    fn zero_is_zero_with_either_sign() {
        let [plus, minus] = [0.0_f64, -0.0].map(f64::to_be_bytes);
        assert!(same(Some(&plus), Some(&minus), Wire::Float8));
        assert!(!same(Some(&plus), None, Wire::Float8));
        assert!(!same(
            Some(&plus),
            Some(&1.0_f64.to_be_bytes()),
            Wire::Float8
        ));
    }
}
