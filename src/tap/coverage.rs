//! What a table covers, or those of its rows that meet a condition: a MOC
//! (MOC 2.0, <https://www.ivoa.net/documents/MOC/20220727/>).
//!
//! No standard says how to ask for one; the parameters are ours. MAXREC does
//! not cut a coverage off, for the rest would look empty.

use std::fmt::Write;
use std::sync::Arc;

use adql::catalog::Table;

use super::{Fault, Service};
use crate::dali::{self, Format, Layout, Params};
use crate::database::{Error, Limits};
use crate::spatial::coverage::{Axes, Extent, Grain, Summary, kept};

/// A coverage to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRequest {
    /// As published.
    pub table: String,
    /// What follows WHERE, in ADQL; `None`: all rows.
    pub condition: Option<String>,
    pub kind: Kind,
    pub form: dali::Coverage,
}

/// Which coverage, and of which orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Space(u8),
    Time(u8),
    /// The orders of time and space.
    SpaceTime(u8, u8),
}

/// The table that is meant when none is named.
const TABLE: &str = "ivoa.obscore";

/// Finest orders of space and time.
const FINEST: (u8, u8) = (29, 61);

impl Kind {
    /// By the name of the kind, with the orders of space and time; where they
    /// are not given, those that are kept of whole tables.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn named(name: &str, space: Option<u8>, time: Option<u8>) -> Result<Kind, String> {
        let kept = Grain::KEPT;
        let (both_time, both_space) = kept.both.unwrap_or_default();
        let within = |what: &str, order: Option<u8>, finest| match order {
            Some(order) if order > finest => Err(format!(
                "the order of {what} is {order}; it goes from 0 to {finest}"
            )),
            _ => Ok(order),
        };
        let (space, time) = (
            within("space", space, FINEST.0)?,
            within("time", time, FINEST.1)?,
        );
        match name.to_lowercase().as_str() {
            "space" => Ok(Kind::Space(space.or(kept.space).unwrap_or_default())),
            "time" => Ok(Kind::Time(time.or(kept.time).unwrap_or_default())),
            "space-time" => Ok(Kind::SpaceTime(
                time.unwrap_or(both_time),
                space.unwrap_or(both_space),
            )),
            _ => Err(format!(
                "the kind \"{name}\" is not known; say space, time or space-time"
            )),
        }
    }

    fn grain(self) -> Grain {
        let none = Grain {
            space: None,
            time: None,
            both: None,
        };
        match self {
            Kind::Space(order) => Grain {
                space: Some(order),
                ..none
            },
            Kind::Time(order) => Grain {
                time: Some(order),
                ..none
            },
            Kind::SpaceTime(time, space) => Grain {
                both: Some((time, space)),
                ..none
            },
        }
    }

    /// Whether it can be told from what is kept of whole tables.
    fn is_kept(self) -> bool {
        let Grain { space, time, both } = Grain::KEPT;
        match self {
            Kind::Space(order) => Some(order) <= space,
            Kind::Time(order) => Some(order) <= time,
            Kind::SpaceTime(time, space) => {
                both.is_some_and(|kept| time <= kept.0 && space <= kept.1)
            }
        }
    }

    /// Whether rows of such columns have one; else what they lack.
    fn of(self, axes: &Axes) -> Result<(), &'static str> {
        const PLACE: &str = "where its rows are on the sky (a region, or s_ra and s_dec, or \
                             columns with the UCDs pos.eq.ra and pos.eq.dec)";
        const TIME: &str = "when its rows were observed (t_min and t_max, or columns with the UCDs \
                            time.start and time.end, or time.epoch, in days or as timestamps)";
        match self {
            Kind::Space(_) | Kind::SpaceTime(..) if !axes.has_place() => Err(PLACE),
            Kind::Time(_) | Kind::SpaceTime(..) if !axes.has_time() => Err(TIME),
            _ => Ok(()),
        }
    }
}

impl CoverageRequest {
    /// Reads TABLE, WHERE, KIND, ORDER, TIMEORDER and RESPONSEFORMAT, or what
    /// `accept` asks for.
    pub fn read(params: &Params, accept: Option<&str>) -> Result<CoverageRequest, Fault> {
        let given = |name| {
            let value = params.single(name)?.map(str::trim);
            Ok::<_, dali::Error>(value.filter(|value| !value.is_empty()))
        };
        let order = |name| match given(name)? {
            None => Ok(None),
            Some(text) => text.parse::<u8>().map(Some).map_err(|_| {
                Fault::usage(format!("{name} must be a whole number; it is \"{text}\""))
            }),
        };
        let kind = given("KIND")?.unwrap_or("space");
        let kind = Kind::named(kind, order("ORDER")?, order("TIMEORDER")?);
        let form = match given("RESPONSEFORMAT")? {
            Some(text) => form(text).ok_or_else(|| {
                Fault::usage(format!(
                    "RESPONSEFORMAT \"{text}\" is not offered; a coverage is written as fits, json \
                     or ascii"
                ))
            })?,
            None => accept
                .unwrap_or_default()
                .split(',')
                .find_map(form)
                .unwrap_or(dali::Coverage::Fits),
        };
        Ok(CoverageRequest {
            table: given("TABLE")?.unwrap_or(TABLE).to_owned(),
            condition: given("WHERE")?.map(str::to_owned),
            kind: kind.map_err(Fault::usage)?,
            form,
        })
    }

    /// As it is sent.
    pub fn format(&self) -> Format {
        Format::of(Layout::Moc(self.form))
    }
}

fn form(text: &str) -> Option<dali::Coverage> {
    let plain = text.split(';').next().unwrap_or_default().trim();
    match plain.to_lowercase().as_str() {
        "fits" | "application/fits" => Some(dali::Coverage::Fits),
        "json" | "application/json" => Some(dali::Coverage::Json),
        "ascii" | "text" | "text/plain" => Some(dali::Coverage::Ascii),
        _ => match Format::parse(text).ok()?.layout {
            Layout::Moc(form) => Some(form),
            _ => None,
        },
    }
}

impl Service {
    /// The coverage that is asked for, in its form.
    pub async fn coverage(
        &self,
        request: &CoverageRequest,
        limits: Limits,
    ) -> Result<Vec<u8>, Fault> {
        let table = self.named(&request.table).await?;
        let axes = Axes::of(&table.columns);
        request.kind.of(&axes).map_err(|lacking| {
            Fault::usage(format!(
                "the table {} does not say {lacking}",
                table.full_name()
            ))
        })?;
        let mut extent = match &request.condition {
            None if request.kind.is_kept() => self.extent(&table, limits).await?,
            condition => {
                let grain = request.kind.grain();
                let query = query(&table, &axes, condition.as_deref());
                self.drawn(&query, &grain, limits).await?
            }
        };
        written(&mut extent, request.kind, request.form)
            .ok_or_else(|| Fault::ours("writing the coverage failed"))
    }

    /// What a whole table covers, drawn as [`Grain::KEPT`]: as it is kept, or
    /// read from its rows and kept from then on.
    pub async fn extent(&self, table: &Table, limits: Limits) -> Result<Extent, Fault> {
        let (schema, name) = &table.stored;
        if let Some((extent, _)) = kept::read(&self.database, (schema, name)).await? {
            return Ok(extent);
        }
        self.redrawn(table, limits).await
    }

    /// The same, read from its rows in any case.
    pub async fn redrawn(&self, table: &Table, limits: Limits) -> Result<Extent, Fault> {
        let (schema, name) = &table.stored;
        // A database that cannot be written to is read all the same.
        let unkept = |error: Error| {
            tracing::warn!(%error, "the coverage of {} is not kept", table.full_name());
        };
        let begun = kept::begin(&self.database, (schema, name)).await;
        let reading = begun.unwrap_or_else(|error| {
            unkept(error);
            None
        });
        let query = query(table, &Axes::of(&table.columns), None);
        let mut extent = self.drawn(&query, &Grain::KEPT, limits).await?;
        if let Some(reading) = reading {
            let kept = reading.end(&self.database, &mut extent).await;
            kept.unwrap_or_else(unkept);
        }
        Ok(extent)
    }

    /// What all published tables cover that say where their rows are.
    async fn covered(&self, limits: Limits) -> Result<Extent, Fault> {
        let mut whole = Extent::new(&Grain::KEPT);
        for table in self.tables.catalog().await.tables() {
            if Axes::of(&table.columns).has_place() {
                whole.absorb(&mut self.extent(table, limits).await?);
            }
        }
        Ok(whole)
    }

    /// The same in few words, for the Registry.
    pub async fn summary(&self, limits: Limits) -> Result<Summary, Fault> {
        Ok(Summary::of(self.covered(limits).await?))
    }

    /// The published table of that name.
    pub async fn named(&self, name: &str) -> Result<Arc<Table>, Fault> {
        let plain = name.replace('"', "");
        let (schema, table) = match plain.split_once('.') {
            Some((schema, table)) => (Some(schema), table),
            None => (None, plain.as_str()),
        };
        let catalog = self.tables.catalog().await;
        match catalog.find(schema, table).as_slice() {
            [table] => Ok(Arc::clone(table)),
            [] => Err(Fault::usage(format!(
                "there is no table {name}; TAP_SCHEMA.tables names those there are"
            ))),
            _ => Err(Fault::usage(format!(
                "there are several tables {name}; say in which schema"
            ))),
        }
    }

    /// What the rows of a query cover.
    async fn drawn(&self, query: &str, grain: &Grain, limits: Limits) -> Result<Extent, Fault> {
        let syntax = adql::parse(query)?;
        let query = adql::index(adql::check(&syntax, &*self.tables.catalog().await)?);
        let statement = adql::write(&query, self.database.target());
        let mut rows = self.database.stream(&statement, limits).await?;
        let axes = Arc::new(Axes::of(query.columns()));
        let mut extent = Extent::new(grain);
        while let Some(batch) = rows.next().await? {
            let axes = axes.clone();
            // A batch of wide regions takes long, and others wait for this thread.
            let drawing = tokio::task::spawn_blocking(move || {
                for row in 0..batch.len() {
                    axes.add(&batch, row, &mut extent);
                }
                extent
            });
            extent = drawing.await.map_err(|_| Error::Cancelled)?;
        }
        Ok(extent)
    }
}

/// The columns of a table that tell what its rows cover.
fn query(table: &Table, axes: &Axes, condition: Option<&str>) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let columns: Vec<String> = axes
        .columns()
        .into_iter()
        .filter_map(|place| table.columns.get(place))
        .map(|column| quoted(&column.name))
        .collect();
    let mut text = format!(
        "SELECT {} FROM {}.{}",
        columns.join(", "),
        quoted(&table.schema),
        quoted(&table.name)
    );
    if let Some(condition) = condition {
        // On a line of its own, so that a message shows where it is wrong.
        // Writing to a String cannot fail.
        let _ = write!(text, " WHERE\n{condition}");
    }
    text
}

fn written(extent: &mut Extent, kind: Kind, form: dali::Coverage) -> Option<Vec<u8>> {
    use dali::Coverage::{Ascii, Fits, Json};
    let line = |mut text: String| {
        text.push('\n');
        text.into_bytes()
    };
    match kind {
        Kind::Space(order) => {
            extent.space.degrade(order);
            match form {
                Fits => extent.space.fits(),
                Json => Some(extent.space.json()),
                Ascii => Some(line(extent.space.ascii())),
            }
        }
        Kind::Time(order) => {
            extent.time.degrade(order);
            match form {
                Fits => extent.time.fits(),
                Json => Some(extent.time.json()),
                Ascii => Some(line(extent.time.ascii())),
            }
        }
        Kind::SpaceTime(time, space) => {
            extent.both.degrade(time, space);
            match form {
                Fits => extent.both.fits(),
                Json => Some(extent.both.json()),
                Ascii => Some(line(extent.both.ascii())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, accept: Option<&str>) -> Result<CoverageRequest, Fault> {
        let mut params = Params::default();
        params.add_encoded(text.as_bytes());
        CoverageRequest::read(&params, accept)
    }

    #[test]
    fn what_is_not_said_is_what_is_kept() {
        fn check(text: &str, accept: Option<&str>, kind: Kind, form: dali::Coverage) {
            let request = read(text, accept);
            let request = request.map(|it| (it.kind, it.form));
            assert_eq!(request, Ok((kind, form)), "{text}");
        }
        use dali::Coverage::{Ascii, Fits, Json};
        check("", None, Kind::Space(10), Fits);
        check("order=7", Some("*/*"), Kind::Space(7), Fits);
        check("KIND=time", Some("text/plain"), Kind::Time(31), Ascii);
        check("KIND=Space-Time", None, Kind::SpaceTime(24, 6), Fits);
        check(
            "KIND=space-time&ORDER=3&TIMEORDER=20&RESPONSEFORMAT=json",
            Some("text/plain"),
            Kind::SpaceTime(20, 3),
            Json,
        );
        check("RESPONSEFORMAT=moc/ascii", None, Kind::Space(10), Ascii);
    }

    #[test]
    fn what_is_wrong_is_said() {
        fn check(text: &str, message: &str) {
            let fault = read(text, None).map_err(|fault| fault.message().to_owned());
            assert_eq!(fault, Err(message.to_owned()), "{text}");
        }
        check("ORDER=30", "the order of space is 30; it goes from 0 to 29");
        check(
            "TIMEORDER=x",
            "TIMEORDER must be a whole number; it is \"x\"",
        );
        check(
            "KIND=spin",
            "the kind \"spin\" is not known; say space, time or space-time",
        );
        check(
            "RESPONSEFORMAT=csv",
            "RESPONSEFORMAT \"csv\" is not offered; a coverage is written as fits, json or ascii",
        );
    }
}
