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
    /// Texts of the timestamps of one row, and where each ends.
    texts: Vec<u8>,
    ends: Vec<usize>,
    /// Whether there are timestamps at all; VOTable wants them as text.
    timestamps: bool,
}

impl Votable {
    pub fn new(serialization: Serialization, table: &Table) -> Votable {
        let serialization = match serialization {
            Serialization::Tabledata => votable::Serialization::TableData,
            Serialization::Binary => votable::Serialization::Binary,
            Serialization::Binary2 => votable::Serialization::Binary2,
        };
        Votable {
            writer: Writer::new(version(table), serialization, document(table)),
            texts: Vec::new(),
            ends: Vec::new(),
            timestamps: table
                .columns
                .iter()
                .any(|column| column.kind.wire() == Wire::Timestamp),
        }
    }

    pub fn begin(&mut self, out: &mut Vec<u8>) {
        self.writer.begin(out);
    }

    /// Appends the first `count` rows of `batch`.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) {
        for row in 0..count.min(batch.len()) {
            if self.timestamps {
                self.row_with_times(batch, row, out);
            } else {
                self.writer.row(batch.row(row), out);
            }
        }
    }

    pub fn finish(self, outcome: Outcome, out: &mut Vec<u8>) {
        self.writer.finish(outcome, out);
    }

    fn row_with_times(&mut self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        self.texts.clear();
        self.ends.clear();
        for (value, &wire) in batch.row(row).zip(batch.wires()) {
            if let (Some(value), Wire::Timestamp) = (value, wire) {
                cell::write(wire, value, &mut self.texts);
                self.ends.push(self.texts.len());
            }
        }
        let (texts, mut ends, mut start) = (&self.texts, self.ends.iter().copied(), 0);
        let cells = batch.row(row).zip(batch.wires()).map(|(value, &wire)| {
            if value.is_none() || wire != Wire::Timestamp {
                return value;
            }
            let end = ends.next().unwrap_or(start);
            let text = texts.get(start..end);
            start = end;
            text
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
            fields: columns.iter().map(answer_field).collect(),
            ..TableHead::default()
        },
        ..Document::default()
    }
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
        reference,
        ..Field::new(column.name.clone(), datatype)
    }
}
