//! Values of a file as cells of the database.

use std::sync::Arc;

use adql::sky::{self, Region};
use adql::{Column, Type, Wire};
use votable::{Datatype, Field};

use super::describe::Source;
use super::guess;
use super::position;
use crate::database::{Batch, Error};
use crate::input::{self, List, Value, shown};
use crate::spatial::{self, IndexCells};

/// Bytes after which a batch is handed on.
const FULL: usize = 256 * 1024;

/// What is made of each row: a cell for every column, then those of the index
/// of every region, then of every position.
pub(super) struct Plan {
    pub columns: Vec<Column>,
    datatypes: Vec<Datatype>,
    pub regions: Vec<usize>,
    pub positions: Vec<(usize, usize)>,
    wires: Arc<[Wire]>,
}

impl Plan {
    /// `look` may see in a column of texts what they are.
    pub fn new(mut columns: Vec<Column>, fields: &[Field], look: impl Fn(&mut Column)) -> Plan {
        columns.iter_mut().for_each(look);
        let regions: Vec<usize> = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.kind.is_geometry())
            .map(|(place, _)| place)
            .collect();
        let positions = position::pairs(&columns);
        let own = columns.iter().map(|column| column.kind.wire());
        let of_region = spatial::COLUMNS
            .iter()
            .filter(|(name, _)| name.starts_with(spatial::PREFIX));
        let of_regions = regions
            .iter()
            .flat_map(|_| of_region.clone().map(|(_, wire)| *wire));
        let of_positions = positions.iter().map(|_| Wire::Int8);
        let wires = own.chain(of_regions).chain(of_positions).collect();
        Plan {
            datatypes: fields.iter().map(|field| field.datatype).collect(),
            columns,
            regions,
            positions,
            wires,
        }
    }

    /// Appends a row; the error names the column.
    fn push(&self, values: &[Value], batch: &mut Batch, room: &mut Vec<u8>) -> Result<(), String> {
        let named =
            |column: &Column, reason: String| format!("column {}: {reason}", shown(&column.name));
        let mut regions = Vec::with_capacity(self.regions.len());
        let columns = self.columns.iter().zip(&self.datatypes);
        for ((column, datatype), value) in columns.zip(values) {
            room.clear();
            let there = cell(value, column, *datatype, room);
            let there = there.map_err(|reason| named(column, reason))?;
            batch.push(there.then_some(&room[..]));
            if column.kind.is_geometry() {
                let region = match there {
                    true => Some(region(column.kind, room)),
                    false => None,
                };
                regions.push(region.transpose().map_err(|reason| named(column, reason))?);
            }
        }
        for region in regions {
            let cells = IndexCells {
                footprint: region.map(|region| region.footprint()),
                position: None,
            };
            cells.push_footprint(batch);
        }
        for &(lon, lat) in &self.positions {
            let number = |place: usize| values.get(place).and_then(as_number);
            let cells = IndexCells {
                footprint: None,
                position: number(lon)
                    .zip(number(lat))
                    .and_then(|(lon, lat)| sky::position_cell(lon, lat)),
            };
            cells.push_position(batch);
        }
        Ok(())
    }
}

/// The rows of a file in batches.
pub(super) struct Rows {
    file: input::Table,
    plan: Arc<Plan>,
    source: Source,
    count: u64,
    bytes: u64,
    room: Vec<u8>,
    ended: bool,
}

impl Rows {
    pub fn new(file: input::Table, plan: Arc<Plan>, source: Source) -> Rows {
        Rows {
            file,
            plan,
            source,
            count: 0,
            bytes: 0,
            room: Vec::new(),
            ended: false,
        }
    }

    fn batch(&mut self) -> Result<Option<Batch>, String> {
        let mut batch = Batch::new(self.plan.wires.clone());
        while batch.size() < FULL {
            let Some(row) = self.file.next() else {
                self.ended = true;
                break;
            };
            let row = row.map_err(|error| self.source.sentence(&error))?;
            self.count += 1;
            if self.count > self.source.limits.rows {
                return Err(self.source.too_long());
            }
            let pushed = self.plan.push(&row.values, &mut batch, &mut self.room);
            pushed
                .map_err(|reason| format!("{}, row {}, {reason}", self.source.label, self.count))?;
        }
        self.bytes += batch.size() as u64;
        // Cells say their length beside their bytes: twice as much is as large.
        if self.bytes / 2 > self.source.unpacked() {
            return Err(self.source.too_large());
        }
        Ok((!batch.is_empty()).then_some(batch))
    }
}

impl Iterator for Rows {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = self.batch().map_err(Error::Data).transpose();
        self.ended |= matches!(batch, Some(Err(_)));
        batch
    }
}

/// Writes the bytes of a value into `room`; `false` if there is none. The
/// error says what is wrong with it.
fn cell(
    value: &Value,
    column: &Column,
    datatype: Datatype,
    room: &mut Vec<u8>,
) -> Result<bool, String> {
    let wrong = || Err(format!("{} is no {}", value.named(), column.kind));
    if *value == Value::Null {
        return Ok(false);
    }
    match column.kind {
        Type::Boolean => match value {
            Value::Bool(flag) => room.push(u8::from(*flag)),
            Value::Int(number @ (0 | 1)) => room.push(u8::from(*number == 1)),
            Value::Text(text) => match guess::boolean(text.trim()) {
                Some(flag) => room.push(u8::from(flag)),
                None => return wrong(),
            },
            _ => return wrong(),
        },
        Type::SmallInt | Type::Integer | Type::BigInt => {
            let Some(number) = as_whole(value) else {
                return wrong();
            };
            let bytes = number.to_be_bytes();
            let fits = match column.kind {
                Type::SmallInt => i16::try_from(number).is_ok(),
                Type::Integer => i32::try_from(number).is_ok(),
                _ => true,
            };
            if !fits {
                return Err(format!("{number} is too large for {}", column.kind));
            }
            let kept = match column.kind {
                Type::SmallInt => 6,
                Type::Integer => 4,
                _ => 0,
            };
            room.extend_from_slice(&bytes[kept..]);
        }
        // One engine takes NaN for a number and the other does not; in a
        // VOTable it is no value (1.4 section 2.2).
        Type::Real | Type::Double => match as_number(value) {
            Some(number) if number.is_nan() => return Ok(false),
            Some(number) if column.kind == Type::Real => {
                room.extend((number as f32).to_be_bytes());
            }
            Some(number) => room.extend(number.to_be_bytes()),
            None => return wrong(),
        },
        Type::Text | Type::Region | Type::Unknown => match value {
            Value::Text(text) if text.contains('\0') => {
                return Err(format!("{} has a NUL character in it", shown(text)));
            }
            Value::Text(text) if column.kind == Type::Region && text.trim().is_empty() => {
                return Ok(false);
            }
            Value::Text(text) => room.extend_from_slice(text.as_bytes()),
            _ => return wrong(),
        },
        Type::Timestamp => match value {
            Value::Text(text) if text.trim().is_empty() => return Ok(false),
            Value::Text(text) => match adql::time::parse(text.trim()) {
                Some(micros) => room.extend(micros.to_be_bytes()),
                None => {
                    return Err(format!(
                        "{} is not a time like 2024-05-06T07:08:09.123",
                        shown(text)
                    ));
                }
            },
            _ => return wrong(),
        },
        Type::Integers => match value {
            Value::List(List::Ints(numbers)) => {
                let null = null(column);
                for number in numbers {
                    let number = number.or(null).and_then(|it| i32::try_from(it).ok());
                    let Some(number) = number else { return wrong() };
                    room.extend(number.to_be_bytes());
                }
            }
            _ => return wrong(),
        },
        Type::Doubles | Type::Point | Type::Circle | Type::Polygon => {
            let Some(numbers) = value.doubles() else {
                return wrong();
            };
            let none = numbers.is_empty() || numbers.iter().any(|number| number.is_nan());
            if column.kind != Type::Doubles && none {
                return Ok(false);
            }
            for number in numbers {
                // The shortest decimal that is this float, so that it reads
                // as it was written; it is the same float again.
                let decimal = match (column.kind, datatype) {
                    (Type::Doubles, Datatype::Float) => (number as f32).to_string().parse().ok(),
                    _ => None,
                };
                room.extend(decimal.unwrap_or(number).to_be_bytes());
            }
        }
        Type::Binary => return list(value, column, datatype, room),
    }
    Ok(true)
}

/// An array of what ADQL has no type for, as VOTable's binary serialisations
/// have it.
fn list(
    value: &Value,
    column: &Column,
    datatype: Datatype,
    room: &mut Vec<u8>,
) -> Result<bool, String> {
    match (value, datatype) {
        (Value::List(List::Ints(numbers)), Datatype::UnsignedByte | Datatype::Long) => {
            for number in numbers {
                let number = number.or(null(column));
                let number = number.ok_or("an element of the list has no value")?;
                let bytes = number.to_be_bytes();
                let kept = if datatype == Datatype::Long { 0 } else { 7 };
                room.extend_from_slice(&bytes[kept..]);
            }
        }
        (Value::List(List::Bools(flags)), Datatype::Boolean) => {
            for flag in flags {
                let flag = flag.ok_or("an element of the list has no value, which is not kept")?;
                room.push(u8::from(flag));
            }
        }
        (Value::List(List::Bools(flags)), Datatype::Bit) => {
            for eight in flags.chunks(8) {
                let bits = eight.iter().enumerate();
                room.push(bits.fold(0, |byte, (place, flag)| {
                    byte | u8::from(*flag == Some(true)) << (7 - place)
                }));
            }
        }
        (Value::List(List::Complexes(pairs)), _) => {
            for number in pairs.iter().flatten() {
                match datatype {
                    Datatype::FloatComplex => room.extend((*number as f32).to_be_bytes()),
                    _ => room.extend(number.to_be_bytes()),
                }
            }
        }
        _ => {
            return Err(format!(
                "{} is no list of {}",
                value.named(),
                datatype.name()
            ));
        }
    }
    Ok(true)
}

fn null(column: &Column) -> Option<i64> {
    column.announced.as_ref()?.null
}

fn as_whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Text(text) => guess::whole(text.trim()),
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        Value::Text(text) => guess::number(text.trim()),
        _ => None,
    }
}

/// The region that a cell of a geometry says.
fn region(kind: Type, cell: &[u8]) -> Result<Region, String> {
    let numbers = || -> Vec<f64> {
        let numbers = cell.as_chunks().0.iter();
        numbers.map(|bytes| f64::from_be_bytes(*bytes)).collect()
    };
    let region = match kind {
        Type::Region => {
            let text = String::from_utf8_lossy(cell);
            let region = Region::parse(&text);
            return region.map_err(|error| {
                format!("the region {} is not understood: {error}", shown(&text))
            });
        }
        _ => match numbers().as_slice() {
            &[lon, lat] => Region::point(lon, lat),
            &[lon, lat, radius] => Region::circle(lon, lat, radius),
            numbers => {
                let (vertices, rest) = numbers.as_chunks::<2>();
                if !rest.is_empty() {
                    return Err(format!("{} numbers make no polygon", numbers.len()));
                }
                let vertices: Vec<(f64, f64)> =
                    vertices.iter().map(|&[lon, lat]| (lon, lat)).collect();
                Region::polygon(&vertices)
            }
        },
    };
    region.map_err(|error| format!("its value is no {kind}: {error}"))
}
