//! Templates as Python's `str.format` reads them
//! (<https://docs.python.org/3/library/string.html#format-string-syntax>),
//! taken apart once and filled for each dataset.
//!
//! Leaves out: fields by number, fields inside format specifications, methods
//! and attributes other than those of dimension records and their instants.

mod parse;
mod spec;
mod write;

use std::fmt::Write;

use uuid::Uuid;

use parse::{Conversion, Raw};
use spec::Spec;
use write::Shown;

use super::time::{self, Format, Scale};
use crate::registry::{DataId, Dataset, Scalar, Timespan};

/// A template that can be filled.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Field(Field),
}

/// `{records[visit].name!s:>20}`
#[derive(Clone, Debug)]
struct Field {
    /// What stands between the braces before `!` and `:`.
    name: String,
    source: Source,
    conversion: Option<Conversion>,
    spec: Spec,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Id,
    Run,
    DatasetType,
    /// The value of `obs_id` of the same row.
    ObsId,
    /// Of the data ID.
    Key(String),
    /// `visit`, which is the exposure where there is no visit.
    Visit,
    Record {
        element: String,
        field: String,
    },
    Instant {
        element: String,
        end: End,
        scale: Scale,
        format: Format,
    },
    /// A column that the configuration leaves without a value.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Begin,
    End,
}

/// What is the same for all datasets of a type.
#[derive(Clone, Debug, Default)]
pub(super) struct Fixed {
    /// Columns by name.
    pub columns: Vec<(&'static str, Scalar)>,
    /// Whether `obs_id` has been made when the template is filled.
    pub obs_id: bool,
}

/// Why a template could not be filled.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Hole<'a> {
    /// The dataset has no such key or record.
    Missing(&'a str),
    /// There is one, without a value.
    Null(&'a str),
    /// There is a value that cannot be written so.
    Wrong(String),
}

impl std::fmt::Display for Hole<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Hole::Missing(name) => write!(f, "the dataset has no {name}"),
            Hole::Null(name) => write!(f, "{name} has no value"),
            Hole::Wrong(reason) => f.write_str(reason),
        }
    }
}

/// A field's value.
#[derive(Clone, Debug, PartialEq)]
enum Found<'a> {
    Scalar(&'a Scalar),
    Text(&'a str),
    Id(Uuid),
    Instant(time::Written),
}

impl Template {
    /// Takes a template apart.
    ///
    /// # Errors
    /// A sentence about what is wrong with it, without its full stop.
    pub(super) fn read(text: &str, fixed: &Fixed) -> Result<Template, String> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut literal = String::new();
        for raw in parse::parse(text)? {
            match raw {
                Raw::Text(text) => literal.push_str(&text),
                Raw::Field {
                    name,
                    conversion,
                    spec,
                } => {
                    let spec = Spec::read(spec)
                        .map_err(|reason| format!("{{{name}:{spec}}}: {reason}"))?;
                    let constant = fixed.columns.iter().find(|(column, _)| *column == name);
                    if let Some((_, value)) = constant
                        && *value != Scalar::Null
                    {
                        let found = Found::Scalar(value);
                        found
                            .push(conversion, &spec, &mut literal)
                            .map_err(|reason| format!("{{{name}}}: {reason}"))?;
                        continue;
                    }
                    let source = match constant {
                        Some(_) => Source::Nothing,
                        None => source(name, fixed.obs_id)?,
                    };
                    let field = Field {
                        name: name.to_owned(),
                        source,
                        conversion,
                        spec,
                    };
                    field.check()?;
                    if !literal.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Field(field));
                }
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Template { pieces })
    }

    /// Fills it, at the end of `text`.
    ///
    /// # Errors
    /// The first field that has no value, or one that cannot be written as it
    /// should be; `text` then ends in a part of it.
    pub(super) fn fill<'a>(
        &'a self,
        dataset: &Dataset,
        obs_id: Option<&str>,
        text: &mut String,
    ) -> Result<(), Hole<'a>> {
        for piece in &self.pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Field(field) => {
                    let found = field.find(dataset, obs_id)?;
                    found
                        .push(field.conversion, &field.spec, text)
                        .map_err(|reason| Hole::Wrong(format!("{{{}}}: {reason}", field.name)))?;
                }
            }
        }
        Ok(())
    }

    /// The value of the only field, where there is nothing else and it is
    /// written as it comes: what the text would be read as again.
    pub(super) fn bare<'a>(&'a self, dataset: &'a Dataset) -> Option<Result<&'a Scalar, Hole<'a>>> {
        let [Piece::Field(field)] = self.pieces.as_slice() else {
            return None;
        };
        if field.conversion.is_some() || !field.spec.is_plain() {
            return None;
        }
        match field.find(dataset, None) {
            Ok(Found::Scalar(value)) => Some(Ok(value)),
            Ok(_) => None,
            Err(hole) => Some(Err(hole)),
        }
    }

    /// The keys of data IDs, and the elements with their fields, that it asks
    /// for.
    pub(super) fn asked(&self) -> impl Iterator<Item = Asked<'_>> {
        self.pieces.iter().filter_map(|piece| {
            let Piece::Field(field) = piece else {
                return None;
            };
            match &field.source {
                Source::Key(key) => Some(Asked::Key(key)),
                Source::Visit => Some(Asked::Key("visit")),
                Source::Record { element, field } => Some(Asked::Field(element, field)),
                Source::Instant { element, .. } => Some(Asked::Timespan(element)),
                Source::Id
                | Source::Run
                | Source::DatasetType
                | Source::ObsId
                | Source::Nothing => None,
            }
        })
    }
}

/// What a template needs a registry to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    Key(&'a str),
    Field(&'a str, &'a str),
    Timespan(&'a str),
}

/// What a name means.
fn source(name: &str, obs_id: bool) -> Result<Source, String> {
    if let Some(rest) = name.strip_prefix("records[") {
        let Some((element, rest)) = rest.split_once(']') else {
            return Err(format!("{{{name}}} has no ] after records["));
        };
        let Some(path) = rest.strip_prefix('.') else {
            return Err(format!(
                "{{{name}}} is a whole record; name a field of it, as in {{records[visit].name}}"
            ));
        };
        return record(name, element, path);
    }
    if name == "records" {
        return Err(
            "{records} are all records; name a field of one, as in {records[visit].name}".into(),
        );
    }
    if name.contains(['.', '[']) {
        return Err(format!(
            "{{{name}}} cannot be looked into; only records have parts, as in {{records[visit].name}}"
        ));
    }
    if name.is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{{{name}}} has no name"));
    }
    Ok(match name {
        "id" => Source::Id,
        "run" => Source::Run,
        "dataset_type" => Source::DatasetType,
        "obs_id" if obs_id => Source::ObsId,
        "visit" => Source::Visit,
        _ => Source::Key(name.to_owned()),
    })
}

fn record(name: &str, element: &str, path: &str) -> Result<Source, String> {
    let mut words = path.split('.');
    let first = words.next().unwrap_or_default();
    if first.is_empty() || path.contains(['[', ']']) {
        return Err(format!("{{{name}}} names no field of a record"));
    }
    if first == "region" {
        return Err(format!(
            "{{{name}}} is a region, which has no text; use s_region"
        ));
    }
    if first != "timespan" {
        return match words.next() {
            None => Ok(Source::Record {
                element: element.to_owned(),
                field: first.to_owned(),
            }),
            Some(_) => Err(format!(
                "{{{name}}}: fields of records have no parts of their own"
            )),
        };
    }
    let end = match words.next() {
        Some("begin") => End::Begin,
        Some("end") => End::End,
        _ => {
            return Err(format!(
                "{{{name}}}: of a timespan, begin or end can be written, as in \
                 {{records[visit].timespan.begin.utc.isot}}"
            ));
        }
    };
    let (mut scale, mut format) = (Scale::Tai, None);
    for word in words {
        match (Scale::named(word), Format::named(word), format) {
            (Some(named), _, None) => scale = named,
            (None, Some(named), None) => format = Some(named),
            _ => {
                return Err(format!(
                    "{{{name}}}: {word} is not known of an instant; use utc, tai or tt and then \
                     isot, iso, yday, mjd, jd, unix, unix_tai or jyear"
                ));
            }
        }
    }
    Ok(Source::Instant {
        element: element.to_owned(),
        end,
        scale,
        format: format.unwrap_or(Format::Jd),
    })
}

impl Field {
    /// That something at least can be written so.
    fn check(&self) -> Result<(), String> {
        let text = Scalar::Text("x".into());
        let tries = match &self.source {
            Source::Id => vec![Found::Id(Uuid::nil())],
            Source::Run | Source::DatasetType | Source::ObsId => vec![Found::Text("x")],
            Source::Instant { scale, format, .. } => {
                vec![Found::Instant(time::written(0, *scale, *format))]
            }
            Source::Visit | Source::Key(_) | Source::Record { .. } | Source::Nothing => vec![
                Found::Scalar(&Scalar::Int(65)),
                Found::Scalar(&Scalar::Float(1.5)),
                Found::Scalar(&text),
            ],
        };
        let mut scratch = String::new();
        let mut last = Ok(());
        for found in tries {
            last = found.push(self.conversion, &self.spec, &mut scratch);
            if last.is_ok() {
                return Ok(());
            }
        }
        last.map_err(|reason| format!("{{{}}}: {reason}", self.name))
    }

    fn find<'a, 'd>(
        &'a self,
        dataset: &'d Dataset,
        obs_id: Option<&'d str>,
    ) -> Result<Found<'d>, Hole<'a>> {
        let missing = || Hole::Missing(&self.name);
        match &self.source {
            Source::Id => Ok(Found::Id(dataset.id)),
            Source::Run => Ok(Found::Text(&dataset.run)),
            Source::DatasetType => Ok(Found::Text(&dataset.dataset_type)),
            Source::ObsId => obs_id.map(Found::Text).ok_or(Hole::Null(&self.name)),
            Source::Key(key) => self.scalar(dataset.data_id.get(key).ok_or_else(missing)?),
            Source::Visit => self.scalar(visit(&dataset.data_id).ok_or_else(missing)?),
            Source::Record { element, field } => match dataset.record(element) {
                Some(record) => self.scalar(record.get(field).ok_or_else(missing)?),
                // A band is known by its name alone, and has no table.
                None if field == "name" => match dataset.data_id.get(element) {
                    Some(name @ Scalar::Text(_)) => self.scalar(name),
                    _ => Err(missing()),
                },
                None => Err(missing()),
            },
            Source::Instant {
                element,
                end,
                scale,
                format,
            } => {
                let record = dataset.record(element).ok_or_else(missing)?;
                let instant = record.timespan.and_then(|timespan| end.of(timespan));
                let instant = instant.ok_or(Hole::Null(&self.name))?;
                Ok(Found::Instant(time::written(instant, *scale, *format)))
            }
            Source::Nothing => Err(Hole::Null(&self.name)),
        }
    }

    fn scalar<'a, 'd>(&'a self, value: &'d Scalar) -> Result<Found<'d>, Hole<'a>> {
        match value {
            Scalar::Null => Err(Hole::Null(&self.name)),
            value => Ok(Found::Scalar(value)),
        }
    }
}

impl End {
    fn of(self, timespan: Timespan) -> Option<i64> {
        match self {
            End::Begin => timespan.begin,
            End::End => timespan.end,
        }
    }
}

/// The visit of a data ID; its exposure where it has none.
fn visit(data_id: &DataId) -> Option<&Scalar> {
    data_id.get("visit").or_else(|| data_id.get("exposure"))
}

impl Found<'_> {
    fn push(
        &self,
        conversion: Option<Conversion>,
        spec: &Spec,
        text: &mut String,
    ) -> Result<(), String> {
        let id;
        let shown = match self {
            Found::Scalar(Scalar::Null) => return Err("there is no value".into()),
            Found::Scalar(Scalar::Bool(flag)) => Shown::Bool(*flag),
            Found::Scalar(Scalar::Int(number)) => Shown::Int(*number),
            Found::Scalar(Scalar::Float(number)) => Shown::Float(*number),
            Found::Scalar(Scalar::Text(text)) => Shown::Text(text),
            Found::Text(text) => Shown::Text(text),
            Found::Instant(time::Written::Text(text)) => Shown::Text(text),
            Found::Instant(time::Written::Number(number)) => Shown::Float(*number),
            Found::Id(uuid) => {
                match (conversion, spec.is_plain()) {
                    (None, true) => {
                        // A text takes all that is written to it.
                        let _ = write!(text, "{uuid}");
                        return Ok(());
                    }
                    (None, false) => {
                        return Err("an id has no format of its own; write {id!s:…}".into());
                    }
                    (Some(Conversion::Text), _) => id = uuid.to_string(),
                    (Some(_), _) => id = format!("UUID('{uuid}')"),
                }
                return write::text(&id, spec, text);
            }
        };
        match conversion {
            None => write::push(&shown, spec, text),
            Some(conversion) => {
                let converted = write::converted(&shown, conversion);
                write::text(&converted, spec, text)
            }
        }
    }
}

#[cfg(test)]
mod tests;
