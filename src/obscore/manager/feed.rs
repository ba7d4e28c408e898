//! The record of which registry feeds which table, and how far it has come.

use adql::{Value, Wire};
use uuid::Uuid;

use super::super::table::prepare_in;
use super::super::{Name, columns::declared, kept};
use super::line::Describe;
use super::read::{int, maybe_text, text};
use super::{ManagerError, write};
use crate::config::ExtraColumn;
use crate::database::{Batch, Database, Error, Transaction};
use crate::registry::Place;

/// A registry that ObsCore tables follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// `reg_source` of its rows.
    pub number: i32,
    /// Its name in links and commands.
    pub label: String,
    pub kind: Kind,
    /// Where it is, for whoever opens it.
    pub place: String,
    /// How clients reach its files, where that is not what it says itself.
    pub public_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In this database: its own transactions keep the tables true.
    Own,
    /// A Data Butler repository.
    Butler,
}

impl Kind {
    /// As it is recorded.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Own => "own",
            Kind::Butler => "butler",
        }
    }
}

/// A registry feeding a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    pub repository: Repository,
    pub table: Name,
    /// The configuration, and where it was taken from.
    pub document: String,
    pub origin: String,
    /// How often a configuration was given.
    pub version: i64,
    pub state: State,
    /// Until where rows have been made, while they are first made.
    pub place: Option<Place>,
    /// Up to where changes have been taken over.
    pub mark: Option<String>,
    /// Up to where what the registry does not tell by itself has been taken
    /// over, and the number of the change from which on rows have been written
    /// since.
    pub sweep: Option<(String, i64)>,
    /// When the registry was last asked for changes, when everything was last
    /// compared and when a change was last found: microseconds since 2000, UTC.
    pub looked: Option<i64>,
    pub swept: Option<i64>,
    pub changed: Option<i64>,
    /// Rows there were when all were last compared.
    pub rows: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No row is there yet.
    New,
    /// Rows are being made, or made anew after another configuration.
    Building,
    /// All rows are there; changes are taken over.
    Live,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Building => "building",
            State::Live => "live",
        }
    }
}

/// What is to feed what.
#[derive(Clone, Debug)]
pub struct Attach {
    pub label: String,
    pub kind: Kind,
    pub place: String,
    pub public_url: Option<String>,
    pub table: Name,
    pub document: String,
    pub origin: String,
}

impl Feed {
    /// A feed that is not recorded yet. `number`: of the repository, if that is.
    pub fn planned(attach: &Attach, number: Option<i32>) -> Feed {
        Feed {
            repository: Repository {
                // None has this number.
                number: number.unwrap_or(0),
                label: attach.label.clone(),
                kind: attach.kind,
                place: attach.place.clone(),
                public_url: attach.public_url.clone(),
            },
            table: attach.table.clone(),
            document: attach.document.clone(),
            origin: attach.origin.clone(),
            version: 0,
            state: State::New,
            place: None,
            mark: None,
            sweep: None,
            looked: None,
            swept: None,
            changed: None,
            rows: None,
        }
    }
}

const FEEDS: &str = "SELECT CAST(r.number AS bigint), r.label, r.kind, r.place, r.public_url, \
     m.schema_name, m.table_name, m.document, m.origin, m.sweep_mark, m.state, m.place_type, \
     m.place_id, m.mark, m.looked, m.swept, m.changed, m.row_count, m.sweep_change, m.version \
     FROM {obstap.repositories} AS r JOIN {obstap.mappings} AS m ON m.repository = r.number";

const FEEDS_WIRES: [Wire; 20] = {
    use Wire::{Int8, Text};
    [
        Int8, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Int8,
        Int8, Int8, Int8, Int8, Int8,
    ]
};

/// All feeds, or those of one registry, by label and table.
///
/// # Errors
/// Those of the database.
pub async fn feeds(database: &Database, label: Option<&str>) -> Result<Vec<Feed>, Error> {
    let sql = format!(
        "{FEEDS} WHERE $1 IS NULL OR r.label = $1 ORDER BY r.label, m.schema_name, m.table_name"
    )
    .replace("$1 IS NULL", "CAST($1 AS text) IS NULL");
    let label = label.map_or(Value::Null, |label| Value::Text(label.to_owned()));
    let rows = database.fetch(&sql, &[label], &FEEDS_WIRES).await?;
    Ok((0..rows.len()).filter_map(|row| read(&rows, row)).collect())
}

/// Those of our own registry as a transaction sees them.
///
/// # Errors
/// Those of the database.
pub(super) async fn own_feeds(transaction: &mut Transaction) -> Result<Vec<Feed>, Error> {
    let sql = format!("{FEEDS} WHERE r.kind = 'own' ORDER BY m.schema_name, m.table_name");
    let rows = transaction.fetch(&sql, &[], &FEEDS_WIRES).await?;
    Ok((0..rows.len()).filter_map(|row| read(&rows, row)).collect())
}

fn read(rows: &Batch, row: usize) -> Option<Feed> {
    let place = || {
        Some(Place {
            dataset_type: maybe_text(rows, row, 11)?.into(),
            id: Uuid::parse_str(&maybe_text(rows, row, 12)?).ok()?,
        })
    };
    Some(Feed {
        repository: Repository {
            number: int(rows, row, 0)?.try_into().ok()?,
            label: text(rows, row, 1),
            kind: match rows.cell(row, 2)? {
                b"own" => Kind::Own,
                _ => Kind::Butler,
            },
            place: text(rows, row, 3),
            public_url: maybe_text(rows, row, 4),
        },
        table: Name::new(&text(rows, row, 5), &text(rows, row, 6)).ok()?,
        document: text(rows, row, 7),
        origin: text(rows, row, 8),
        version: int(rows, row, 19)?,
        state: match rows.cell(row, 10)? {
            b"live" => State::Live,
            b"building" => State::Building,
            _ => State::New,
        },
        place: place(),
        mark: maybe_text(rows, row, 13),
        sweep: maybe_text(rows, row, 9).zip(int(rows, row, 18)),
        looked: int(rows, row, 14),
        swept: int(rows, row, 15),
        changed: int(rows, row, 16),
        rows: int(rows, row, 17).and_then(|count| count.try_into().ok()),
    })
}

/// Records a registry without anything that it feeds, where it is not yet.
///
/// # Errors
/// Those of the database.
pub async fn register(
    transaction: &mut Transaction,
    label: &str,
    kind: Kind,
    place: &str,
    public_url: Option<&str>,
) -> Result<i32, Error> {
    let text = |text: &str| Value::Text(text.to_owned());
    let sql = "INSERT INTO {obstap.repositories} (label, kind, place, public_url) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (label) DO UPDATE SET \
               place = excluded.place, public_url = excluded.public_url";
    let values = [
        text(label),
        text(kind.word()),
        text(place),
        public_url.map_or(Value::Null, text),
    ];
    transaction.execute(sql, &values).await?;
    let sql = "SELECT CAST(number AS bigint) FROM {obstap.repositories} WHERE label = $1";
    let found = transaction
        .fetch(sql, &[text(label)], &[Wire::Int8])
        .await?;
    let number = int(&found, 0, 0).and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| Error::Data(format!("there are too many registries to attach {label}")))
}

/// Lets a registry feed a table: makes or alters the table, and publishes it, in
/// the same transaction. Rows come with the next [`super::sync`]. Of a registry
/// that feeds the table already, the configuration is replaced.
///
/// # Errors
/// When the label belongs to another registry, the columns that the
/// configuration brings do not fit the table, and those of the database.
pub async fn attach(
    database: &Database,
    attach: &Attach,
    mapping: &dyn Describe,
    settings: &[ExtraColumn],
) -> Result<Feed, ManagerError> {
    let known = feeds(database, Some(&attach.label)).await?;
    let other = known.iter().map(|feed| &feed.repository);
    if let Some(other) = other
        .clone()
        .find(|it| it.kind != attach.kind || it.place != attach.place)
    {
        return Err(ManagerError::Refused(format!(
            "{} is the label of the registry at {}: choose another with --label, or detach that \
             one first",
            attach.label, other.place
        )));
    }
    let number = other.map(|repository| repository.number).next();
    let mut extra = kept::extra_without(database, &attach.table, settings, number).await?;
    let brought = mapping.columns();
    kept::add(&mut extra, brought.clone());
    let columns = declared(&extra)?;

    let mut transaction = database.begin().await?;
    let (kind, place) = (attach.kind, attach.place.as_str());
    let url = attach.public_url.as_deref();
    lock(&mut transaction, attach.kind, &attach.label).await?;
    let number = register(&mut transaction, &attach.label, kind, place, url).await?;
    prepare_in(&mut transaction, database, &attach.table, &columns).await?;
    let sql = "INSERT INTO {obstap.mappings} AS m (repository, schema_name, table_name, document, \
               origin, columns, version, state) VALUES ($1, $2, $3, $4, $5, $6, 1, 'new') \
               ON CONFLICT (repository, schema_name, table_name) DO UPDATE SET \
               document = excluded.document, origin = excluded.origin, \
               columns = excluded.columns, version = m.version + 1, \
               state = 'building', place_type = NULL, place_id = NULL, mark = NULL, \
               sweep_mark = NULL, sweep_change = NULL";
    let [schema, table] = attach.table.values();
    let values = [
        Value::BigInt(number.into()),
        schema,
        table,
        Value::Text(attach.document.clone()),
        Value::Text(attach.origin.clone()),
        kept::written(&brought),
    ];
    transaction.execute(sql, &values).await?;
    transaction.commit().await?;
    let all = feeds(database, Some(&attach.label)).await?;
    let made = all.into_iter().find(|feed| feed.table == attach.table);
    made.ok_or_else(|| ManagerError::Refused(format!("{} was detached meanwhile", attach.label)))
}

/// Takes a feed away, or all of a registry, with its rows. Returns how many rows
/// there were.
///
/// # Errors
/// When there is no such feed, and those of the database.
pub async fn detach(
    database: &Database,
    label: &str,
    table: Option<&Name>,
) -> Result<u64, ManagerError> {
    let all = feeds(database, Some(label)).await?;
    let gone: Vec<&Feed> = all
        .iter()
        .filter(|feed| table.is_none_or(|table| *table == feed.table))
        .collect();
    let Some(first) = gone.first() else {
        return Err(ManagerError::Refused(format!(
            "no registry {label} feeds such a table: obstap butler list shows what there is"
        )));
    };
    let number = first.repository.number;
    let mut transaction = database.begin().await?;
    lock(&mut transaction, first.repository.kind, label).await?;
    let mut rows = 0;
    for feed in &gone {
        rows += write::remove_all(&mut transaction, database, &feed.table, number).await?;
        let sql = "DELETE FROM {obstap.mappings} \
                   WHERE schema_name = $1 AND table_name = $2 AND repository = $3";
        let values = [&feed.table.values()[..], &[Value::BigInt(number.into())]].concat();
        transaction.execute(sql, &values).await?;
        let sql = "DELETE FROM {obstap.rejected} \
                   WHERE schema_name = $1 AND table_name = $2 AND repository = $3";
        transaction.execute(sql, &values).await?;
    }
    if gone.len() == all.len() {
        let sql = "DELETE FROM {obstap.repositories} WHERE number = $1";
        let number = [Value::BigInt(number.into())];
        transaction.execute(sql, &number).await?;
    }
    transaction.commit().await?;
    Ok(rows)
}

/// Keeps every other manager from writing rows of this registry until the
/// transaction ends.
///
/// # Errors
/// Those of the database.
pub(super) async fn lock(
    transaction: &mut Transaction,
    kind: Kind,
    label: &str,
) -> Result<(), Error> {
    match kind {
        Kind::Own => transaction.lock(OWN_ROWS).await,
        Kind::Butler => transaction.lock(&format!("rows of {label}")).await,
    }
}

/// What managers lock, and transactions of our own registry with others like
/// them, before they know what it feeds.
pub(super) const OWN_ROWS: &str = "rows of our own registry";

/// What of a feed's record is to be changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    pub state: Option<State>,
    /// `Some(None)`: from the beginning.
    pub place: Option<Option<Place>>,
    pub mark: Option<String>,
    pub sweep: Option<(String, i64)>,
    pub looked: Option<i64>,
    pub swept: Option<i64>,
    pub changed: Option<i64>,
    pub rows: Option<u64>,
}

impl Note {
    /// Writes it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn write(&self, transaction: &mut Transaction, feed: &Feed) -> Result<(), Error> {
        let mut values = feed.table.values().to_vec();
        values.push(Value::BigInt(feed.repository.number.into()));
        let mut sets: Vec<String> = Vec::new();
        let mut set = |column: &str, value: Value| {
            values.push(value);
            sets.push(format!("{column} = ${}", values.len()));
        };
        if let Some(state) = self.state {
            set("state", Value::Text(state.word().to_owned()));
        }
        if let Some(place) = &self.place {
            let parts = place.as_ref().map(|place| {
                [
                    Value::Text(place.dataset_type.to_string()),
                    Value::Text(place.id.simple().to_string()),
                ]
            });
            let [dataset_type, id] = parts.unwrap_or([Value::Null, Value::Null]);
            set("place_type", dataset_type);
            set("place_id", id);
        }
        if let Some(mark) = &self.mark {
            set("mark", Value::Text(mark.clone()));
        }
        if let Some((mark, change)) = &self.sweep {
            set("sweep_mark", Value::Text(mark.clone()));
            set("sweep_change", Value::BigInt(*change));
        }
        let rows = self.rows.and_then(|rows| i64::try_from(rows).ok());
        let numbers = [
            ("looked", self.looked),
            ("swept", self.swept),
            ("changed", self.changed),
            ("row_count", rows),
        ];
        for (column, number) in numbers {
            if let Some(number) = number {
                set(column, Value::BigInt(number));
            }
        }
        if sets.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "UPDATE {{obstap.mappings}} SET {} \
             WHERE schema_name = $1 AND table_name = $2 AND repository = $3",
            sets.join(", ")
        );
        transaction.execute(&sql, &values).await.map(drop)
    }
}
