//! Datasets out of the tables.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use adql::{Value, Wire};
use uuid::Uuid;

use super::error::{Error, Kind};
use super::expand::{Bare, expand};
use super::known::{Reader, Records};
use super::universe::DIMENSIONS;
use super::values::{Part, Values};
use super::{Store, cells};
use crate::database::Batch;
use crate::registry::{Dataset, File};

/// A dataset in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: Uuid,
    pub dataset_type: Arc<str>,
    pub run: Arc<str>,
    /// `instrument=HSC, detector=47, …`
    pub data_id: String,
}

pub(super) const FILE_WIRES: &[Wire] = &[
    Wire::Bytes,
    Wire::Text,
    Wire::Text,
    Wire::Int8,
    Wire::Text,
    Wire::Text,
];

/// Columns of [`Store::bare_sql`].
fn bare_wires() -> Vec<Wire> {
    let mut wires = vec![Wire::Bytes, Wire::Text, Wire::Text];
    wires.extend(DIMENSIONS.iter().map(|it| match it.is_word {
        true => Wire::Text,
        false => Wire::Int8,
    }));
    wires
}

/// The files of each dataset, of rows in the order of their places.
pub(super) fn files(rows: &Batch) -> HashMap<Uuid, Vec<File>> {
    let mut files: HashMap<Uuid, Vec<File>> = HashMap::new();
    for row in 0..rows.len() {
        let Some(id) = cells::uuid(rows, row, 0) else {
            continue;
        };
        let text = |column| cells::text(rows, row, column).map(str::to_owned);
        files.entry(id).or_default().push(File {
            uri: text(1).unwrap_or_default(),
            component: text(2),
            size: cells::int(rows, row, 3).and_then(|size| u64::try_from(size).ok()),
            media_type: text(4),
            checksum: text(5),
        });
    }
    files
}

impl Store {
    /// Files: `from` has them as `f`.
    pub(super) fn files_sql(&self, from: &str, condition: &str) -> String {
        format!(
            "SELECT {}, f.uri, f.component, f.size, f.media_type, f.checksum FROM {from} \
             WHERE {condition} ORDER BY f.dataset_id, f.place",
            self.id_column("f.dataset_id")
        )
    }

    /// Rows of datasets, which are `d`; `rest` begins after WHERE.
    fn bare_sql(&self, with: &str, rest: &str) -> String {
        let dimensions: Vec<String> = DIMENSIONS
            .iter()
            .map(|it| format!("d.{}", it.name))
            .collect();
        format!(
            "{with} SELECT {}, t.name, c.name, {} FROM {{registry.dataset}} AS d \
             JOIN {{registry.dataset_type}} AS t ON t.type_id = d.type_id \
             JOIN {{registry.collection}} AS c ON c.collection_id = d.run_id WHERE {rest}",
            self.id_column("d.id"),
            dimensions.join(", ")
        )
    }

    /// The datasets that meet a condition, without files and tags.
    pub(super) async fn bare(
        &self,
        reader: &mut Reader<'_>,
        with: &str,
        rest: &str,
        values: &[Value],
    ) -> Result<Vec<Bare>, Error> {
        let sql = self.bare_sql(with, rest);
        let rows = reader.fetch(&sql, values, &bare_wires()).await?;
        let mut words: HashSet<Arc<str>> = HashSet::new();
        let mut keep = |word: &str| match words.get(word) {
            Some(kept) => kept.clone(),
            None => {
                let kept: Arc<str> = word.into();
                words.insert(kept.clone());
                kept
            }
        };
        let mut all = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            let mut values = Values::default();
            for (at, dimension) in DIMENSIONS.iter().enumerate() {
                let column = at + 3;
                let part = match dimension.is_word {
                    true => cells::text(&rows, row, column).map(|word| Part::Word(keep(word))),
                    false => cells::int(&rows, row, column).map(Part::Number),
                };
                if let Some(part) = part {
                    values.set(at, part);
                }
            }
            all.push(Bare {
                id: cells::uuid(&rows, row, 0).unwrap_or_default(),
                dataset_type: keep(cells::text(&rows, row, 1).unwrap_or_default()),
                run: keep(cells::text(&rows, row, 2).unwrap_or_default()),
                tags: Vec::new(),
                values,
                files: Vec::new(),
            });
        }
        Ok(all)
    }

    /// Gives datasets their tags and files.
    pub(super) async fn dress(
        &self,
        reader: &mut Reader<'_>,
        bare: &mut [Bare],
    ) -> Result<(), Error> {
        if bare.is_empty() {
            return Ok(());
        }
        let ids = [self.lists.ids(bare.iter().map(|it| it.id))];
        let condition = format!("f.dataset_id {}", self.lists.in_ids(1));
        let sql = self.files_sql("{registry.file} AS f", &condition);
        let mut files = files(&reader.fetch(&sql, &ids, FILE_WIRES).await?);
        let sql = format!(
            "SELECT {}, c.name FROM {{registry.tag}} AS g \
             JOIN {{registry.collection}} AS c ON c.collection_id = g.collection_id \
             WHERE g.dataset_id {} ORDER BY c.name",
            self.id_column("g.dataset_id"),
            self.lists.in_ids(1)
        );
        let rows = reader.fetch(&sql, &ids, &[Wire::Bytes, Wire::Text]).await?;
        let mut tags: HashMap<Uuid, Vec<Arc<str>>> = HashMap::new();
        let mut last: Arc<str> = "".into();
        for row in 0..rows.len() {
            if let (Some(id), Some(name)) = (cells::uuid(&rows, row, 0), cells::text(&rows, row, 1))
            {
                if *last != *name {
                    last = name.into();
                }
                tags.entry(id).or_default().push(last.clone());
            }
        }
        for it in bare {
            it.files = files.remove(&it.id).unwrap_or_default();
            it.tags = tags.remove(&it.id).unwrap_or_default();
        }
        Ok(())
    }

    /// Datasets outside of any transaction, all as of one state of the
    /// records: read again if one of these was changed meanwhile.
    pub(super) async fn datasets(
        &self,
        with: &str,
        rest: &str,
        values: &[Value],
    ) -> Result<Vec<Dataset>, Error> {
        for _ in 0..super::TRIES {
            let before = self.generation().await?;
            let mut reader = Reader::Outside(&self.database);
            let mut bare = self.bare(&mut reader, with, rest, values).await?;
            self.dress(&mut reader, &mut bare).await?;
            let mut records = Records::default();
            let cache = Some((&self.cache, before));
            let all = bare.iter().map(|it| &it.values);
            records.load(&mut reader, &self.lists, cache, all).await?;
            if self.generation().await? == before {
                let whole = bare.into_iter().map(|it| expand(&records, it));
                return Ok(whole.collect());
            }
        }
        Err(Error::new(
            Kind::Busy,
            "the records of the registry were changed while it was read: try again",
        ))
    }

    /// Datasets by type and collection, in the order of their identifiers;
    /// `collection` a RUN or a TAGGED one.
    ///
    /// # Errors
    /// A type or collection that is not there.
    pub async fn list(
        &self,
        dataset_type: Option<&str>,
        collection: Option<&str>,
        after: Option<Uuid>,
        most: usize,
    ) -> Result<Vec<Listed>, Error> {
        let mut conditions = vec!["1 = 1".to_owned()];
        let mut values = Vec::new();
        if let Some(name) = dataset_type {
            if !self.types().await?.iter().any(|it| it.name == name) {
                return Err(Error::missing(format!("there is no dataset type {name}")));
            }
            values.push(Value::Text(name.to_owned()));
            conditions.push(format!("t.name = ${}", values.len()));
        }
        if let Some(name) = collection {
            if !self.collections().await?.iter().any(|it| it.name == name) {
                return Err(Error::missing(format!("there is no collection {name}")));
            }
            values.push(Value::Text(name.to_owned()));
            conditions.push(format!(
                "(c.name = ${0} OR d.id IN (SELECT g.dataset_id FROM {{registry.tag}} AS g \
                 JOIN {{registry.collection}} AS k ON k.collection_id = g.collection_id \
                 WHERE k.name = ${0}))",
                values.len()
            ));
        }
        if let Some(after) = after {
            values.push(Value::Text(after.simple().to_string()));
            conditions.push(format!("d.id > {}", self.id_value(values.len())));
        }
        values.push(Value::BigInt(i64::try_from(most).unwrap_or(i64::MAX)));
        let rest = format!(
            "{} ORDER BY d.id LIMIT ${}",
            conditions.join(" AND "),
            values.len()
        );
        let mut reader = Reader::Outside(&self.database);
        let all = self.bare(&mut reader, "", &rest, &values).await?;
        Ok(all
            .into_iter()
            .map(|it| Listed {
                id: it.id,
                dataset_type: it.dataset_type,
                run: it.run,
                data_id: it.values.told(),
            })
            .collect())
    }

    /// An identifier that is the text of a statement's value.
    pub(super) fn id_value(&self, place: usize) -> String {
        self.database
            .choose("CAST(CAST($N AS text) AS uuid)", "unhex($N)")
            .replace("$N", &format!("${place}"))
    }

    /// A dataset with all that is known of it.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn show(&self, id: Uuid) -> Result<Dataset, Error> {
        let condition = format!("d.id {}", self.lists.in_ids(1));
        let found = self
            .datasets("", &condition, &[self.lists.ids([id])])
            .await?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| Error::missing(format!("there is no dataset {id}")))
    }
}
