//! A file becomes a table: what its columns are to a query, and what is stored.

use std::sync::Arc;

use adql::catalog::{PositionIndex, RegionIndex, Table};
use adql::target::TEMPORARY;
use adql::{Announced, Column, Type, Wire};
use votable::{Datatype, Field, Length};

use super::content::Content;
use super::convert::{Plan, Rows};
use super::guess::Guess;
use super::{COLUMNS, SCHEMA, UNPACKED, position};
use crate::config::Uploads;
use crate::database::{Batches, Error, Temporary};
use crate::input::{self, InputError};
use crate::spatial;
use crate::tap::Fault;

/// Opens the table of that name; `number` is its place among those of the
/// request. Reads no further than the columns, unless their types must be
/// guessed.
///
/// # Errors
/// What cannot be read as a table, and what is larger than may be.
pub(super) fn open(
    name: &str,
    content: Content,
    number: usize,
    limits: &Uploads,
) -> Result<(Table, Temporary), Fault> {
    let label = format!("the uploaded table {name}");
    let source = Source {
        label: label.clone(),
        content,
        limits: limits.clone(),
    };
    let file = source.open().map_err(|error| source.fault(error))?;
    if file.fields().len() > COLUMNS {
        return Err(Fault::usage(format!(
            "{label} has {} columns, and {COLUMNS} are taken; leave away those that the query does \
             not need",
            file.fields().len()
        )));
    }
    let fields = file.fields().to_vec();
    let columns = match file.is_typed() {
        true => fields.iter().enumerate().map(typed).collect(),
        false => guessed(file, &source)?,
    };
    let plan = Plan::new(columns, &fields, |column| {
        if position::is_region(column) {
            column.kind = Type::Region;
        }
    });
    let stored = format!("upload_{number}");
    let table = table(name, &stored, &plan);
    let indexes = table
        .regions
        .iter()
        .map(|region| format!("{}_key", region.prefix));
    let indexes = indexes.chain(table.positions.iter().map(|position| position.cell.clone()));
    let temporary = Temporary {
        name: stored,
        columns: stored_columns(&plan),
        indexes: indexes.collect(),
        rows: {
            let plan = Arc::new(plan);
            Arc::new(move || {
                let file = source.open().map_err(|error| source.wrong(error))?;
                let rows: Batches = Box::new(Rows::new(file, plan.clone(), source.clone()));
                Ok(rows)
            })
        },
    };
    Ok((table, temporary))
}

/// Where the rows come from, and what is said if they cannot.
#[derive(Clone)]
pub(super) struct Source {
    /// "the uploaded table t".
    pub label: String,
    content: Content,
    pub limits: Uploads,
}

impl Source {
    pub fn open(&self) -> Result<input::Table, InputError> {
        let (reader, format) = (self.content.reader(), self.content.format);
        input::Table::as_it_is(self.label.clone(), reader, format, self.unpacked())
    }

    /// Bytes that a table may have once it is unpacked.
    pub fn unpacked(&self) -> u64 {
        self.limits.bytes.saturating_mul(UNPACKED)
    }

    pub fn sentence(&self, error: &InputError) -> String {
        match error.is_too_large() {
            true => self.too_large(),
            false => error.to_string(),
        }
    }

    pub fn too_large(&self) -> String {
        format!(
            "{} is too large: unpacked it may have {} bytes; leave away columns that the query does \
             not need, or send it in several queries",
            self.label,
            self.unpacked()
        )
    }

    pub fn too_long(&self) -> String {
        format!(
            "{} has more than {} rows, which are the most that are taken; send it in several queries",
            self.label, self.limits.rows
        )
    }

    fn fault(&self, error: InputError) -> Fault {
        Fault::usage(self.sentence(&error))
    }

    fn wrong(&self, error: InputError) -> Error {
        Error::Data(self.sentence(&error))
    }
}

/// A column of a file that says what its columns are. What it says is said
/// again in the answer.
fn typed((number, field): (usize, &Field)) -> Column {
    let xtype = field.xtype.as_deref().unwrap_or_default().to_lowercase();
    let single = match field.length() {
        Length::Scalar | Length::Fixed(1) => true,
        Length::Fixed(_) | Length::Variable => false,
    };
    let real = matches!(field.datatype, Datatype::Float | Datatype::Double);
    let kind = match (field.datatype, single) {
        (Datatype::Char | Datatype::UnicodeChar, _) => match xtype.as_str() {
            "timestamp" | "adql:timestamp" => Type::Timestamp,
            _ => Type::Text,
        },
        (Datatype::Boolean | Datatype::Bit, true) => Type::Boolean,
        (Datatype::UnsignedByte | Datatype::Short, true) => Type::SmallInt,
        (Datatype::Int, true) => Type::Integer,
        (Datatype::Long, true) => Type::BigInt,
        (Datatype::Float, true) => Type::Real,
        (Datatype::Double, true) => Type::Double,
        (Datatype::Short | Datatype::Int, false) => Type::Integers,
        (_, false) if real && xtype == "point" && field.length() == Length::Fixed(2) => Type::Point,
        (_, false) if real && xtype == "circle" && field.length() == Length::Fixed(3) => {
            Type::Circle
        }
        (_, false) if real && xtype == "polygon" => Type::Polygon,
        (_, false) if real => Type::Doubles,
        _ => Type::Binary,
    };
    Column {
        name: named(number, field),
        kind,
        unit: field.unit.clone(),
        ucd: field.ucd.clone(),
        utype: field.utype.clone(),
        xtype: field.xtype.clone(),
        description: field.description.clone(),
        unicode: kind == Type::Text && field.datatype == Datatype::UnicodeChar,
        announced: Some(Announced {
            // Readers do not agree where a single bit stands in its byte.
            datatype: match kind {
                Type::Boolean => Datatype::Boolean.name().to_owned(),
                _ => field.datatype.name().to_owned(),
            },
            // One is said by saying nothing (erratum 3 of VOTable 1.3).
            arraysize: field.arraysize.clone().filter(|size| size.trim() != "1"),
            xtype: field.xtype.clone(),
            null: field.null.filter(|_| !single),
        }),
    }
}

/// A column needs a name to be spoken of.
fn named(number: usize, field: &Field) -> String {
    match field.name.is_empty() {
        true => format!("col{}", number + 1),
        false => field.name.clone(),
    }
}

/// The columns of a file without types: all rows are looked at.
fn guessed(file: input::Table, source: &Source) -> Result<Vec<Column>, Fault> {
    let fields = file.fields().to_vec();
    let region = |field: &Field| field.name.eq_ignore_ascii_case("s_region");
    let mut guesses: Vec<Guess> = fields.iter().map(|it| Guess::new(region(it))).collect();
    for (count, row) in (1..).zip(file) {
        if count > source.limits.rows {
            return Err(Fault::too_much(source.too_long()));
        }
        let row = row.map_err(|error| source.fault(error))?;
        for (guess, value) in guesses.iter_mut().zip(&row.values) {
            guess.see(value);
        }
    }
    let columns = fields.iter().enumerate().zip(&guesses);
    let columns = columns.map(|((number, field), guess)| {
        let (kind, unicode) = guess.kind();
        Column {
            unicode,
            ..Column::new(named(number, field), kind)
        }
    });
    Ok(columns.collect())
}

fn table(name: &str, stored: &str, plan: &Plan) -> Table {
    let places = plan.columns.iter().enumerate();
    let regions = plan.regions.iter().map(|&column| RegionIndex {
        column: stored_name(column),
        prefix: prefix(column),
    });
    let positions = plan.positions.iter().enumerate();
    let positions = positions.map(|(number, &(lon, lat))| PositionIndex {
        lon: stored_name(lon),
        lat: stored_name(lat),
        cell: cell(number),
    });
    Table {
        schema: SCHEMA.to_owned(),
        name: name.to_owned(),
        stored: (TEMPORARY.to_owned(), stored.to_owned()),
        columns: plan.columns.clone(),
        stored_columns: places.map(|(place, _)| stored_name(place)).collect(),
        regions: regions.collect(),
        positions: positions.collect(),
        ..Table::default()
    }
}

/// Users' names never get into the database: they may be long, or alike but
/// for case.
fn stored_name(column: usize) -> String {
    format!("c{}", column + 1)
}

fn prefix(column: usize) -> String {
    format!("r{}", column + 1)
}

fn cell(position: usize) -> String {
    format!("p{}", position + 1)
}

/// The columns, then those of the index, in the order of [`Plan`].
fn stored_columns(plan: &Plan) -> Vec<(String, Wire)> {
    let own = plan.columns.iter().enumerate();
    let own = own.map(|(place, column)| (stored_name(place), column.kind.wire()));
    let regions = plan.regions.iter().flat_map(|&column| {
        spatial::COLUMNS.iter().filter_map(move |(name, wire)| {
            let which = name.strip_prefix(spatial::PREFIX)?;
            Some((format!("{}{which}", prefix(column)), *wire))
        })
    });
    let positions = (0..plan.positions.len()).map(|number| (cell(number), Wire::Int8));
    own.chain(regions).chain(positions).collect()
}
