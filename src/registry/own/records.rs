//! Records of elements: registered, changed, and removed.
//!
//! What is given is laid beside the stored table, and the database compares.

use std::collections::HashMap;
use std::sync::Arc;

use adql::Value;
use uuid::Uuid;

use super::beside::{check_parents, joined, lay, leave_same, listed, others, put};
use super::error::{Error, Kind};
use super::known::{Known, Reader, read};
use super::universe::Element;
use super::{Actor, Session, Store, again};
use crate::registry::{Scalar, Timespan};

/// A record as it is given, or as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it stands.
    pub line: usize,
    /// In the order of the element's fields.
    pub fields: Vec<Scalar>,
    /// As `adql::sky::Region` writes it.
    pub region: Option<Arc<str>>,
    pub timespan: Option<Timespan>,
}

/// A record that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub row: Row,
    /// Another one for another state of the record.
    pub tag: String,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    pub added: u64,
    pub changed: u64,
    /// Were there as they were given, or were not there to be removed.
    pub same: u64,
    /// Datasets that the observer was told of.
    pub datasets: u64,
}

impl Row {
    fn key(&self, element: &Element) -> Vec<String> {
        let keys = self.fields.iter().take(element.keys.len());
        keys.map(told).collect()
    }

    /// As messages have it: `instrument=HSC, id=47`.
    fn named(&self, element: &Element) -> String {
        let names = element.keys.iter().map(|key| key.name);
        let parts = names.zip(self.key(element));
        let parts: Vec<String> = parts
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{} {}", element.name, parts.join(", "))
    }

    /// Another text for another state.
    fn tag(&self) -> String {
        let text = format!("{:?} {:?} {:?}", self.fields, self.region, self.timespan);
        Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes())
            .simple()
            .to_string()
    }
}

pub(super) fn told(value: &Scalar) -> String {
    match value {
        Scalar::Null => String::new(),
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Text(text) => text.to_string(),
    }
}

impl Store {
    /// Registers records. Those that are there as they are given are left as
    /// they are; with `replace`, others are changed, and the observer told of
    /// their datasets.
    ///
    /// # Errors
    /// Without `replace`, records that are there and others; records that name
    /// others that are not there. Then nothing is done.
    pub async fn record(
        &self,
        actor: &Actor,
        element: &'static Element,
        rows: &[Row],
        replace: bool,
    ) -> Result<Recorded, Error> {
        actor.must_be_operator("register or change records")?;
        check_once(element, rows)?;
        again!(self.try_record(element, rows, replace, None))
    }

    /// Puts one record in the place of the one with this tag (compare and
    /// write).
    ///
    /// # Errors
    /// [`Kind::Changed`] where it is another by now, or is not there.
    pub async fn replace(
        &self,
        actor: &Actor,
        element: &'static Element,
        row: &Row,
        tag: &str,
    ) -> Result<Recorded, Error> {
        actor.must_be_operator("change records")?;
        let rows = std::slice::from_ref(row);
        again!(self.try_record(element, rows, true, Some(tag)))
    }

    async fn try_record(
        &self,
        element: &'static Element,
        rows: &[Row],
        replace: bool,
        tag: Option<&str>,
    ) -> Result<Recorded, Error> {
        let mut session = self.begin_alone().await?;
        if let (Some(tag), Some(row)) = (tag, rows.first()) {
            check_tag(&mut session, element, row, tag).await?;
        }
        let columns = element.columns();
        lay(&mut session, element, &columns, rows).await?;
        check_parents(&mut session, element).await?;
        let mut done = Recorded {
            same: leave_same(&mut session, element).await?,
            ..Recorded::default()
        };
        let others = others(&mut session, element).await?;
        if !replace && !others.is_empty() {
            return Err(Error::conflict(
                "there are such records, and they are others: replace them, or leave them out",
            )
            .about(
                others
                    .into_iter()
                    .map(|it| format!("{} {it}", element.name)),
            ));
        }
        done.changed = others.len() as u64;
        let given = rows.len() as u64;
        done.added = given.saturating_sub(done.same + done.changed);
        if given == done.same {
            return Ok(done);
        }
        put(&mut session, element).await?;
        if done.changed > 0 || element.is_loose {
            session.forget().await?;
            if self.mark(&mut session, element.users).await? > 0 {
                done.datasets = self.tell(&mut session).await?;
            }
        }
        session.transaction.commit().await?;
        Ok(done)
    }

    /// Changes the regions or the timespans of records, which are given with
    /// their keys; of those elements that are nothing but a region, new ones
    /// are made.
    ///
    /// # Errors
    /// Records that are not there; then nothing is done.
    pub async fn update(
        &self,
        actor: &Actor,
        element: &'static Element,
        columns: &[&'static str],
        rows: &[Row],
    ) -> Result<Recorded, Error> {
        actor.must_be_operator("change regions and timespans")?;
        check_once(element, rows)?;
        if element.needs_region() {
            return again!(self.try_record(element, rows, true, None));
        }
        again!(self.try_update(element, columns, rows))
    }

    async fn try_update(
        &self,
        element: &'static Element,
        only: &[&'static str],
        rows: &[Row],
    ) -> Result<Recorded, Error> {
        let mut session = self.begin_alone().await?;
        let keys = element.keys.iter().map(|key| key.name);
        let wanted: Vec<&str> = keys.chain(only.iter().copied()).collect();
        let mut columns = element.columns();
        columns.retain(|(name, _)| wanted.contains(name));
        lay(&mut session, element, &columns, rows).await?;
        let on = joined(element, "t");
        let lost = listed(
            &mut session,
            element,
            &format!(
                "WHERE NOT EXISTS (SELECT 1 FROM {{registry.{}}} AS t WHERE {on})",
                element.name
            ),
        )
        .await?;
        if !lost.is_empty() {
            let lost = lost.into_iter().map(|it| format!("{} {it}", element.name));
            return Err(
                Error::missing("there are no such records: register them first").about(lost),
            );
        }
        let same = only
            .iter()
            .map(|name| format!("t.{name} IS NOT DISTINCT FROM g.{name}"));
        let same: Vec<String> = same.collect();
        let sql = format!(
            "DELETE FROM {{pg_temp.given}} AS g WHERE EXISTS \
             (SELECT 1 FROM {{registry.{}}} AS t WHERE {on} AND {})",
            element.name,
            same.join(" AND ")
        );
        let same = session.transaction.execute(&sql, &[]).await?;
        let set: Vec<String> = only.iter().map(|it| format!("{it} = g.{it}")).collect();
        let sql = format!(
            "UPDATE {{registry.{}}} AS t SET {} FROM {{pg_temp.given}} AS g WHERE {on}",
            element.name,
            set.join(", ")
        );
        let mut done = Recorded {
            same,
            ..Recorded::default()
        };
        done.changed = session.transaction.execute(&sql, &[]).await?;
        if done.changed > 0 {
            session.forget().await?;
            if self.mark(&mut session, element.users).await? > 0 {
                done.datasets = self.tell(&mut session).await?;
            }
        }
        session.transaction.commit().await?;
        Ok(done)
    }

    /// Removes records, which are given with their keys.
    ///
    /// # Errors
    /// Those that datasets or other records need; then none is removed.
    pub async fn forget_records(
        &self,
        actor: &Actor,
        element: &'static Element,
        rows: &[Row],
    ) -> Result<Recorded, Error> {
        actor.must_be_operator("remove records")?;
        check_once(element, rows)?;
        again!(self.try_forget(element, rows))
    }

    async fn try_forget(&self, element: &'static Element, rows: &[Row]) -> Result<Recorded, Error> {
        let mut session = self.begin_alone().await?;
        let mut columns = element.columns();
        columns.truncate(element.keys.len());
        lay(&mut session, element, &columns, rows).await?;
        let marked = self.mark(&mut session, element.users).await?;
        if marked > 0 && !element.is_loose {
            return Err(Error::conflict(format!(
                "datasets are told apart by records of {} that are to be removed: remove these \
                 datasets first",
                element.name
            )));
        }
        let sql = format!(
            "DELETE FROM {{registry.{}}} AS t WHERE EXISTS \
             (SELECT 1 FROM {{pg_temp.given}} AS g WHERE {})",
            element.name,
            joined(element, "t")
        );
        let removed = session.transaction.execute(&sql, &[]).await;
        let removed = match removed.map_err(Error::from) {
            Err(error) if error.is_rule() => {
                return Err(Error::conflict(format!(
                    "other records name those of {} that are to be removed: remove these first",
                    element.name
                )));
            }
            removed => removed?,
        };
        session.forget().await?;
        let mut done = Recorded {
            changed: removed,
            same: (rows.len() as u64).saturating_sub(removed),
            ..Recorded::default()
        };
        if marked > 0 {
            done.datasets = self.tell(&mut session).await?;
        }
        session.transaction.commit().await?;
        Ok(done)
    }

    /// Records of an element, by their keys; of one instrument or sky map
    /// where `name` is given.
    ///
    /// # Errors
    /// What the database does.
    pub async fn list_records(
        &self,
        element: &'static Element,
        name: Option<&str>,
        skip: usize,
        most: usize,
    ) -> Result<Vec<Stored>, Error> {
        let number = |count: usize| Value::BigInt(i64::try_from(count).unwrap_or(i64::MAX));
        let mut values = vec![number(most), number(skip)];
        let mut condition = "1 = 1".to_owned();
        if let Some(name) = name {
            condition = format!("{} = $3", element.keys[0].name);
            values.push(Value::Text(name.to_owned()));
        }
        let keys: Vec<&str> = element.keys.iter().map(|key| key.name).collect();
        let inner = format!(
            "({}) IN (SELECT {} FROM {{registry.{}}} WHERE {condition} ORDER BY {} LIMIT $1 OFFSET $2)",
            keys.join(", "),
            keys.join(", "),
            element.name,
            keys.join(", ")
        );
        let mut reader = Reader::Outside(&self.database);
        let found = read(&mut reader, element, &inner, &values).await?;
        Ok(found.iter().map(|(_, known)| stored(known)).collect())
    }

    /// One record by its keys; `None` where there is none.
    ///
    /// # Errors
    /// What the database does.
    pub async fn one_record(
        &self,
        element: &'static Element,
        row: &Row,
    ) -> Result<Option<Stored>, Error> {
        let mut reader = Reader::Outside(&self.database);
        one(&mut reader, element, row).await
    }
}

async fn one(
    reader: &mut Reader<'_>,
    element: &'static Element,
    row: &Row,
) -> Result<Option<Stored>, Error> {
    let (condition, values) = by_key(element, row);
    let found = read(reader, element, &condition, &values).await?;
    Ok(found.first().map(|(_, known)| stored(known)))
}

fn stored(known: &Known) -> Stored {
    let row = Row {
        line: 0,
        fields: known
            .record
            .fields
            .iter()
            .map(|(_, value)| value.clone())
            .collect(),
        region: known.region.as_ref().map(|it| it.to_string().into()),
        timespan: known.record.timespan,
    };
    Stored {
        tag: row.tag(),
        row,
    }
}

fn by_key(element: &Element, row: &Row) -> (String, Vec<Value>) {
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    for (key, value) in element.keys.iter().zip(&row.fields) {
        values.push(match value {
            Scalar::Int(number) => Value::BigInt(*number),
            other => Value::Text(told(other)),
        });
        conditions.push(format!("{} = ${}", key.name, values.len()));
    }
    (conditions.join(" AND "), values)
}

async fn check_tag(
    session: &mut Session,
    element: &'static Element,
    row: &Row,
    tag: &str,
) -> Result<(), Error> {
    let mut reader = Reader::Inside(&mut session.transaction);
    let there = one(&mut reader, element, row).await?;
    match there {
        Some(there) if there.tag == tag => Ok(()),
        Some(there) => Err(Error::new(
            Kind::Changed,
            format!(
                "{} was changed meanwhile, and is {} now: read it again",
                row.named(element),
                there.tag
            ),
        )),
        None => Err(Error::new(
            Kind::Changed,
            format!("{} is not there", row.named(element)),
        )),
    }
}

/// # Errors
/// Records that are given twice.
fn check_once(element: &Element, rows: &[Row]) -> Result<(), Error> {
    let mut lines = HashMap::with_capacity(rows.len());
    let mut twice = Vec::new();
    for row in rows {
        if let Some(line) = lines.insert(row.key(element), row.line) {
            let name = row.named(element);
            twice.push(format!("line {}: {name}, as in line {line}", row.line));
        }
    }
    match twice.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid("records are given twice: give each once").about(twice)),
    }
}
