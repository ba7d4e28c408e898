//! Answers as VOTable 1.4 or 1.5: fields from the answer's columns, the frames they
//! are in, and error documents (TAP 1.1 section 3.3, DALI 1.1 section 4.4).

use adql::{Column, Wire};
use votable::{Coosys, Document, Field, Info, Outcome, TableHead, Timesys, Version, Writer};

use super::{Table, cell, field};
use crate::dali::{Datatype, Serialization, VotableVersion};
use crate::database::Batch;

const SKY: &str = "icrs";
const TIME: &str = "mjd_utc";

/// One answer being written.
pub struct Votable {
    writer: Writer,
    /// What has to be done to the cells of each column; nothing to any, most
    /// often.
    turns: Option<Vec<Turn>>,
    /// The cells of one row that were turned, and where each ends.
    turned: Vec<u8>,
    ends: Vec<usize>,
}

/// What VOTable wants instead of the bytes that the database gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    None,
    /// A time is text.
    Time,
    /// A column came as `unsignedByte`.
    Byte,
    /// As a list of `short`.
    Shorts,
    /// As a list of `float`.
    Floats,
}

impl Turn {
    fn of(column: &Column) -> Turn {
        let datatype = Datatype::of(column).datatype;
        match (column.kind.wire(), datatype) {
            (Wire::Timestamp, _) => Turn::Time,
            (Wire::Int2, "unsignedByte") => Turn::Byte,
            (Wire::Ints, "short") => Turn::Shorts,
            (Wire::Doubles, "float") => Turn::Floats,
            _ => Turn::None,
        }
    }

    fn write(self, cell: &[u8], out: &mut Vec<u8>) {
        match self {
            Turn::None => out.extend_from_slice(cell),
            Turn::Time => cell::write(Wire::Timestamp, cell, out),
            Turn::Byte => out.extend(cell.last()),
            Turn::Shorts => {
                for [.., high, low] in cell.as_chunks::<4>().0 {
                    out.extend([high, low]);
                }
            }
            Turn::Floats => {
                for number in cell::floats(cell) {
                    out.extend((number as f32).to_be_bytes());
                }
            }
        }
    }
}

impl Votable {
    pub fn new(serialization: Serialization, table: &Table) -> Votable {
        let serialization = match serialization {
            Serialization::Tabledata => votable::Serialization::TableData,
            Serialization::Binary => votable::Serialization::Binary,
            Serialization::Binary2 => votable::Serialization::Binary2,
        };
        let turns: Vec<Turn> = table.columns.iter().map(Turn::of).collect();
        Votable {
            writer: Writer::new(version(table), serialization, document(table)),
            turns: turns
                .iter()
                .any(|turn| *turn != Turn::None)
                .then_some(turns),
            turned: Vec::new(),
            ends: Vec::new(),
        }
    }

    pub fn begin(&mut self, out: &mut Vec<u8>) {
        self.writer.begin(out);
    }

    /// Appends the first `count` rows of `batch`.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) {
        for row in 0..count.min(batch.len()) {
            if self.turns.is_some() {
                self.row_with_turns(batch, row, out);
            } else {
                self.writer.row(batch.row(row), out);
            }
        }
    }

    pub fn finish(self, outcome: Outcome, out: &mut Vec<u8>) {
        self.writer.finish(outcome, out);
    }

    fn row_with_turns(&mut self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        let Some(turns) = &self.turns else { return };
        self.turned.clear();
        self.ends.clear();
        for (value, turn) in batch.row(row).zip(turns) {
            if let (Some(value), true) = (value, *turn != Turn::None) {
                turn.write(value, &mut self.turned);
                self.ends.push(self.turned.len());
            }
        }
        let (turned, mut ends, mut start) = (&self.turned, self.ends.iter().copied(), 0);
        let cells = batch.row(row).zip(turns).map(|(value, turn)| {
            if value.is_none() || *turn == Turn::None {
                return value;
            }
            let end = ends.next().unwrap_or(start);
            let cell = turned.get(start..end);
            start = end;
            cell
        });
        self.writer.row(cells, out);
    }
}

/// A whole document that says what went wrong (DALI 1.1 section 4.2); in 1.4,
/// which every reader knows.
pub fn error_document(message: &str) -> Vec<u8> {
    votable::error_document(Version::V1_4, message, &[])
}

fn version(table: &Table) -> Version {
    match table.version {
        VotableVersion::V1_4 => Version::V1_4,
        VotableVersion::V1_5 => Version::V1_5,
    }
}

/// The same without rows, for VOParquet.
pub fn dataless(table: &Table, outcome: &Outcome) -> Vec<u8> {
    votable::dataless_document(version(table), &document(table), outcome)
}

fn document(table: &Table) -> Document {
    let columns = &table.columns;
    let sky = columns.iter().any(field::is_sky);
    let time = columns.iter().any(field::is_mjd);
    Document {
        infos: table
            .infos
            .iter()
            .map(|(name, value)| Info::new(name, value))
            .collect(),
        coosys: sky
            .then(|| Coosys {
                id: SKY.to_owned(),
                system: "ICRS".to_owned(),
                ..Coosys::default()
            })
            .into_iter()
            .collect(),
        // ObsCore 1.1 section 4.14: MJD; times of this service are UTC. No
        // place is named, since one service may hold telescopes on several
        // continents.
        timesys: time
            .then(|| Timesys {
                id: TIME.to_owned(),
                timeorigin: Some("MJD-origin".to_owned()),
                timescale: "UTC".to_owned(),
                refposition: "TOPOCENTER".to_owned(),
            })
            .into_iter()
            .collect(),
        table: TableHead {
            fields: fields(table),
            ..TableHead::default()
        },
        services: table.services.clone(),
        ..Document::default()
    }
}

fn fields(table: &Table) -> Vec<Field> {
    let mut fields: Vec<Field> = table.columns.iter().map(answer_field).collect();
    if let Some(identifier) = &table.links.identifier
        && let Some(field) = fields.get_mut(identifier.column)
    {
        field.id = Some(identifier.id.clone());
    }
    fields
}

fn answer_field(column: &Column) -> Field {
    let kind = Datatype::of(column);
    let reference = if field::is_sky(column) {
        Some(SKY.to_owned())
    } else if field::is_mjd(column) {
        Some(TIME.to_owned())
    } else {
        None
    };
    let datatype = votable::Datatype::from_name(kind.datatype).unwrap_or(votable::Datatype::Char);
    Field {
        arraysize: kind.arraysize.map(str::to_owned),
        unit: column.unit.clone(),
        ucd: column.ucd.clone(),
        utype: column.utype.clone(),
        xtype: kind.xtype.map(str::to_owned),
        description: column.description.clone(),
        null: column.announced.as_ref().and_then(|it| it.null),
        reference,
        ..Field::new(column.name.clone(), datatype)
    }
}
