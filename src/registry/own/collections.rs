//! Collections, and whose they are.

use std::collections::{BTreeMap, BTreeSet};

use adql::{Value, Wire};

use super::error::{Error, Kind};
use super::{Actor, Session, Store, again, cells};
use crate::database::Batch;

/// A named set of datasets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    pub name: String,
    pub kind: CollectionKind,
    pub doc: Option<String>,
    /// Of a chain: the names of its parts, in the order of searching.
    pub children: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectionKind {
    /// What datasets are made in; each is in one.
    Run,
    /// Any datasets, but one of a type and data ID.
    Tagged,
    /// Other collections, one after the other.
    Chained,
}

/// Whose the collections are whose names begin alike. Those that begin with
/// `u/NAME/` are NAME's without being told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    pub prefix: String,
    pub owners: Vec<String>,
}

impl CollectionKind {
    pub fn name(self) -> &'static str {
        match self {
            CollectionKind::Run => "RUN",
            CollectionKind::Tagged => "TAGGED",
            CollectionKind::Chained => "CHAINED",
        }
    }

    pub fn named(name: &str) -> Option<CollectionKind> {
        [
            CollectionKind::Run,
            CollectionKind::Tagged,
            CollectionKind::Chained,
        ]
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// A collection as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    pub number: i32,
    pub name: String,
    pub kind: CollectionKind,
    pub doc: Option<String>,
}

const LIST: &str = "SELECT collection_id, name, kind, doc FROM {registry.collection}";
const WIRES: [Wire; 4] = [Wire::Int4, Wire::Text, Wire::Text, Wire::Text];

fn numbered(rows: &Batch) -> Vec<Numbered> {
    (0..rows.len())
        .filter_map(|row| {
            Some(Numbered {
                number: cells::narrow(rows, row, 0),
                name: cells::text(rows, row, 1)?.to_owned(),
                kind: CollectionKind::named(cells::text(rows, row, 2)?)?,
                doc: cells::text(rows, row, 3).map(str::to_owned),
            })
        })
        .collect()
}

/// # Errors
/// A name that cannot be one.
fn check_name(name: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_alphanumeric() || "_-/.@+:".contains(c);
    if !name.is_empty()
        && name.len() <= 256
        && name.chars().all(plain)
        && name.split('/').all(|part| !part.is_empty())
    {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{name:?} cannot name a collection: use 1 to 256 of letters, digits and _-.@+:, \
         with single / between"
    )))
}

impl Store {
    /// Makes collections, or gives chains new parts. One that is there as it
    /// is given is left as it is.
    ///
    /// # Errors
    /// A name of another kind, a chain of what is not there or of itself, a
    /// name that is not the user's; then nothing is done.
    pub async fn register_collections(
        &self,
        actor: &Actor,
        given: &[Collection],
    ) -> Result<usize, Error> {
        for collection in given {
            check_name(&collection.name)?;
            if collection.kind != CollectionKind::Chained && !collection.children.is_empty() {
                return Err(Error::invalid(format!(
                    "collection {} is {} and has no children: only a CHAINED one has",
                    collection.name,
                    collection.kind.name()
                )));
            }
        }
        again!(self.try_collections(actor, given))
    }

    async fn try_collections(&self, actor: &Actor, given: &[Collection]) -> Result<usize, Error> {
        let mut session = self.begin_alone().await?;
        let names = given.iter().map(|it| it.name.as_str());
        may_write(&mut session, actor, names).await?;
        let mut there = all(&mut session).await?;
        let mut done = 0;
        for collection in given {
            let number = match there.get(&collection.name) {
                Some(old) if old.kind != collection.kind => {
                    return Err(Error::conflict(format!(
                        "collection {} is there and is {}: choose another name",
                        old.name,
                        old.kind.name()
                    )));
                }
                Some(old) => old.number,
                None => {
                    let made = make(&mut session, collection).await?;
                    done += 1;
                    let number = made.number;
                    there.insert(collection.name.clone(), made);
                    number
                }
            };
            if collection.kind == CollectionKind::Chained {
                done += chain(&mut session, &there, number, collection).await?;
            }
        }
        let parts = chains(&mut session).await?;
        if let Some(number) = turning(&parts) {
            let name = there.values().find(|it| it.number == number);
            let name = name.map_or("a collection", |it| it.name.as_str());
            return Err(Error::conflict(format!(
                "{name} would be a part of itself: leave it out of its own children"
            )));
        }
        session.transaction.commit().await?;
        Ok(done)
    }

    /// Every collection, by name.
    ///
    /// # Errors
    /// What the database does.
    pub async fn collections(&self) -> Result<Vec<Collection>, Error> {
        let sql = format!("{LIST} ORDER BY name");
        let rows = self.database.fetch(&sql, &[], &WIRES).await?;
        let all = numbered(&rows);
        let rows = self.database.fetch(CHAINS, &[], &[Wire::Int4; 2]).await?;
        let parts = parts(&rows);
        let name = |number: &i32| {
            let found = all.iter().find(|it| it.number == *number);
            found.map(|it| it.name.clone())
        };
        let told = all.iter().map(|it| Collection {
            name: it.name.clone(),
            kind: it.kind,
            doc: it.doc.clone(),
            children: parts
                .get(&it.number)
                .map(|children| children.iter().filter_map(name).collect())
                .unwrap_or_default(),
        });
        Ok(told.collect())
    }

    /// Gives a namespace its owners; without any it is nobody's again.
    ///
    /// # Errors
    /// What cannot be a prefix, and what the database does.
    pub async fn own_namespace(&self, actor: &Actor, namespace: &Namespace) -> Result<(), Error> {
        actor.must_be_operator("give away namespaces")?;
        check_name(&namespace.prefix)?;
        again!(self.try_namespace(namespace))
    }

    async fn try_namespace(&self, namespace: &Namespace) -> Result<(), Error> {
        let mut session = self.begin_alone().await?;
        let prefix = Value::Text(namespace.prefix.clone());
        let sql = "DELETE FROM {registry.namespace} WHERE prefix = $1";
        let one = std::slice::from_ref(&prefix);
        session.transaction.execute(sql, one).await?;
        for owner in BTreeSet::from_iter(&namespace.owners) {
            let sql = "INSERT INTO {registry.namespace} (prefix, owner) VALUES ($1, $2)";
            let values = [prefix.clone(), Value::Text(owner.clone())];
            session.transaction.execute(sql, &values).await?;
        }
        session.transaction.commit().await?;
        Ok(())
    }

    /// Every namespace that was given owners.
    ///
    /// # Errors
    /// What the database does.
    pub async fn namespaces(&self) -> Result<Vec<Namespace>, Error> {
        let rows = self.database.fetch(OWNERS, &[], &[Wire::Text; 2]).await?;
        Ok(owners(&rows)
            .into_iter()
            .map(|(prefix, owners)| Namespace { prefix, owners })
            .collect())
    }
}

const OWNERS: &str = "SELECT prefix, owner FROM {registry.namespace} ORDER BY prefix, owner";

fn owners(rows: &Batch) -> BTreeMap<String, Vec<String>> {
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in 0..rows.len() {
        let text = |column| cells::text(rows, row, column).unwrap_or_default();
        let of = owners.entry(text(0).to_owned()).or_default();
        of.push(text(1).to_owned());
    }
    owners
}

/// # Errors
/// The first of the collections that the actor may not write to.
pub(super) async fn may_write<'a>(
    session: &mut Session,
    actor: &Actor,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let Actor::User(user) = actor else {
        return Ok(());
    };
    let rows = session
        .transaction
        .fetch(OWNERS, &[], &[Wire::Text; 2])
        .await?;
    let owners = owners(&rows);
    for name in names {
        if !is_theirs(user, name, &owners) {
            return Err(Error::new(
                Kind::Forbidden,
                format!(
                    "{user} may not write to collection {name}: u/{user}/… is theirs, and what an \
                     operator gives them with `obstap registry namespace`"
                ),
            ));
        }
    }
    Ok(())
}

/// The longest namespace that a name lies in says whose it is.
fn is_theirs(user: &str, name: &str, owners: &BTreeMap<String, Vec<String>>) -> bool {
    let within = |prefix: &str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let longest = owners
        .iter()
        .filter(|(prefix, _)| within(prefix))
        .max_by_key(|(prefix, _)| prefix.len());
    match longest {
        Some((_, owners)) => owners.iter().any(|owner| owner == user),
        None => within(&format!("u/{user}")),
    }
}

pub(super) async fn all(session: &mut Session) -> Result<BTreeMap<String, Numbered>, Error> {
    let rows = session.transaction.fetch(LIST, &[], &WIRES).await?;
    let all = numbered(&rows).into_iter();
    Ok(all.map(|it| (it.name.clone(), it)).collect())
}

async fn make(session: &mut Session, given: &Collection) -> Result<Numbered, Error> {
    let sql = "INSERT INTO {registry.collection} (name, kind, doc) VALUES ($1, $2, $3) \
               RETURNING collection_id";
    let name = Value::Text(given.name.clone());
    let kind = Value::Text(given.kind.name().to_owned());
    let doc = given.doc.clone().map_or(Value::Null, Value::Text);
    let values = [name, kind, doc];
    let rows = session
        .transaction
        .fetch(sql, &values, &[Wire::Int4])
        .await?;
    Ok(Numbered {
        number: cells::narrow(&rows, 0, 0),
        name: given.name.clone(),
        kind: given.kind,
        doc: given.doc.clone(),
    })
}

/// Gives a chain its parts; tells whether they are others than before.
async fn chain(
    session: &mut Session,
    there: &BTreeMap<String, Numbered>,
    number: i32,
    given: &Collection,
) -> Result<usize, Error> {
    let mut children = Vec::with_capacity(given.children.len());
    for child in &given.children {
        let found = there.get(child).ok_or_else(|| {
            Error::missing(format!(
                "there is no collection {child} to be a part of {}: register it first",
                given.name
            ))
        })?;
        children.push(found.number);
    }
    let old = chains(session).await?.remove(&number).unwrap_or_default();
    if old == children {
        return Ok(0);
    }
    let parent = Value::BigInt(number.into());
    let sql = "DELETE FROM {registry.chain} WHERE parent = $1";
    let one = std::slice::from_ref(&parent);
    session.transaction.execute(sql, one).await?;
    for (position, child) in children.iter().enumerate() {
        let sql = "INSERT INTO {registry.chain} (parent, position, child) VALUES ($1, $2, $3)";
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let values = [
            parent.clone(),
            Value::BigInt(position),
            Value::BigInt((*child).into()),
        ];
        session.transaction.execute(sql, &values).await?;
    }
    Ok(1)
}

pub(super) const CHAINS: &str =
    "SELECT parent, child FROM {registry.chain} ORDER BY parent, position";

/// The parts of every chain.
pub(super) fn parts(rows: &Batch) -> BTreeMap<i32, Vec<i32>> {
    let mut parts: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for row in 0..rows.len() {
        let of = parts.entry(cells::narrow(rows, row, 0)).or_default();
        of.push(cells::narrow(rows, row, 1));
    }
    parts
}

async fn chains(session: &mut Session) -> Result<BTreeMap<i32, Vec<i32>>, Error> {
    let rows = session
        .transaction
        .fetch(CHAINS, &[], &[Wire::Int4; 2])
        .await?;
    Ok(parts(&rows))
}

/// A chain that leads back to itself.
fn turning(parts: &BTreeMap<i32, Vec<i32>>) -> Option<i32> {
    // Chains that lead nowhere but to an end are taken away until none is.
    let mut left = parts.clone();
    loop {
        let ends: Vec<i32> = left
            .iter()
            .filter(|(_, children)| !children.iter().any(|child| left.contains_key(child)))
            .map(|(parent, _)| *parent)
            .collect();
        if ends.is_empty() {
            return left.keys().next().copied();
        }
        for end in ends {
            left.remove(&end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_namespace_says_whose_a_collection_is() {
        let owners: BTreeMap<String, Vec<String>> = [
            ("DRP", vec!["eve"]),
            ("DRP/night", vec!["bob", "eve"]),
            ("u/bob/shared", vec!["ann"]),
        ]
        .into_iter()
        .map(|(prefix, owners)| {
            let owners = owners.into_iter().map(str::to_owned);
            (prefix.to_owned(), owners.collect())
        })
        .collect();
        let check = |user: &str, name: &str, expected: bool| {
            assert_eq!(is_theirs(user, name, &owners), expected, "{user} {name}");
        };
        check("ann", "u/ann/test", true);
        check("ann", "u/annie/test", false);
        check("bob", "DRP/night/1", true);
        check("bob", "DRP/day/1", false);
        check("ann", "u/bob/shared/x", true);
        check("bob", "u/bob/shared/x", false);
        check("bob", "HSC/raw/all", false);
    }

    #[test]
    fn chains_that_bite_their_tail_are_seen() {
        let check = |pairs: &[(i32, &[i32])], expected: bool| {
            let parts = pairs.iter().map(|(parent, all)| (*parent, all.to_vec()));
            assert_eq!(turning(&parts.collect()).is_some(), expected);
        };
        check(&[(1, &[2, 3]), (2, &[3])], false);
        check(&[(1, &[2]), (2, &[3]), (3, &[1])], true);
        check(&[(1, &[1])], true);
        check(&[], false);
    }
}
