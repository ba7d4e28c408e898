//! Apache Parquet: flat columns of numbers, text, times, and lists of numbers.
//!
//! The format is read from its end, so what does not come from a plain file is
//! first copied to a temporary one. Times become ISO 8601 text without zone
//! (DALI 1.1 section 3.3.3).

use ::votable::{Datatype, Field, Reader};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::file::metadata::KeyValue;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field as Cell;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use super::error::{io_words, shown};
use super::footer;
use super::source::Opened;
use super::{Contents, InputError, MAX_COLUMNS, Row, Value, too_many};

pub(super) fn open(opened: Opened) -> Result<Contents, InputError> {
    let name = opened.name.clone();
    let not = |reason: String| InputError::NotATable {
        file: name.clone(),
        reason,
    };
    let file = opened.plain_file().map_err(|source| InputError::Open {
        file: name.clone(),
        reason: io_words(&source),
        source,
    })?;
    let file = footer::checked(file).map_err(|reason| not(reason.to_owned()))?;
    let reader = guarded(|| SerializedFileReader::new(file).ok())
        .flatten()
        .ok_or_else(|| not("its Parquet footer is missing or damaged (was it cut off?)".into()))?;
    let about = reader.metadata().file_metadata();
    let rows_total = u64::try_from(about.num_rows()).ok();
    let fields = about.schema_descr().root_schema().get_fields();
    if fields.len() > MAX_COLUMNS {
        return Err(not(too_many(fields.len())));
    }
    let columns: Vec<Column> = fields.iter().map(|field| column(field)).collect();
    let mut described: Vec<Field> = fields.iter().map(|field| self::field(field)).collect();
    complete(&mut described, about.key_value_metadata());
    if columns.is_empty() {
        return Err(not("it has no columns".into()));
    }
    Ok(Contents {
        fields: described,
        typed: true,
        rows: Box::new(Rows {
            file: name,
            columns,
            rows: RowIter::from_file_into(Box::new(reader)),
            place: 0,
        }),
        rows_total,
    })
}

/// The type in the words of VOTable; what is not read is called text, and
/// its first value is refused.
fn field(field: &Type) -> Field {
    let name = field.name();
    let text = || Field {
        arraysize: Some("*".into()),
        ..Field::new(name, Datatype::UnicodeChar)
    };
    let time = || Field {
        xtype: Some("timestamp".into()),
        ..Field::text(name)
    };
    if !field.is_primitive() {
        let list = field.get_basic_info().logical_type_ref() == Some(&LogicalType::List)
            || field.get_basic_info().converted_type() == ConvertedType::LIST;
        return match list {
            true => Field {
                arraysize: Some("*".into()),
                ..Field::new(name, Datatype::Double)
            },
            false => text(),
        };
    }
    let datatype = match (
        field.get_basic_info().logical_type_ref(),
        field.get_physical_type(),
    ) {
        (Some(LogicalType::Date | LogicalType::Timestamp(_)), _) | (_, Physical::INT96) => {
            return time();
        }
        (Some(LogicalType::Integer(of)), _) => match (of.bit_width, of.is_signed) {
            (8, false) => Datatype::UnsignedByte,
            (8 | 16, true) => Datatype::Short,
            (16, false) | (32, true) => Datatype::Int,
            _ => Datatype::Long,
        },
        (_, Physical::BOOLEAN) => Datatype::Boolean,
        (_, Physical::INT32) => match field.get_basic_info().converted_type() {
            ConvertedType::INT_8 | ConvertedType::INT_16 => Datatype::Short,
            ConvertedType::UINT_8 => Datatype::UnsignedByte,
            ConvertedType::UINT_32 => Datatype::Long,
            ConvertedType::DATE => return time(),
            _ => Datatype::Int,
        },
        (_, Physical::INT64) => match field.get_basic_info().converted_type() {
            ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS => return time(),
            _ => Datatype::Long,
        },
        (_, Physical::FLOAT) => Datatype::Float,
        (_, Physical::DOUBLE) => Datatype::Double,
        (Some(LogicalType::Float16), _) => Datatype::Float,
        _ => return text(),
    };
    Field::new(name, datatype)
}

/// What the VOTable that travels in the file says of the columns (VOParquet
/// 1.0 section 3): units, UCDs and what else Parquet has no place for.
fn complete(fields: &mut [Field], metadata: Option<&Vec<KeyValue>>) {
    const CONTENT: &str = "IVOA.VOTable-Parquet.content";
    let entry = metadata.and_then(|all| all.iter().find(|entry| entry.key == CONTENT));
    let Some(document) = entry.and_then(|entry| entry.value.as_ref()) else {
        return;
    };
    let Ok(reader) = Reader::open(document.as_bytes()) else {
        return;
    };
    for field in fields {
        let Some(said) = reader.fields().iter().find(|said| said.name == field.name) else {
            continue;
        };
        field.unit = said.unit.clone();
        field.ucd = said.ucd.clone();
        field.utype = said.utype.clone();
        field.description = said.description.clone();
        if field.xtype.is_none() {
            field.xtype = said.xtype.clone();
        }
    }
}

fn column(field: &Type) -> Column {
    Column {
        name: field.name().to_owned(),
        nanoseconds: matches!(
            field.get_basic_info().logical_type_ref(),
            Some(LogicalType::Timestamp(time)) if time.unit == TimeUnit::NANOS
        ),
    }
}

struct Rows {
    file: String,
    columns: Vec<Column>,
    rows: RowIter<'static>,
    place: u64,
}

struct Column {
    name: String,
    /// Nanoseconds since 1970: the record reader hands them over as plain
    /// integers.
    nanoseconds: bool,
}

impl Rows {
    fn read(&mut self) -> Option<Result<Row, InputError>> {
        self.place += 1;
        let broken = |reason: &str| InputError::Broken {
            file: self.file.clone(),
            unit: "row",
            place: self.place,
            reason: reason.to_owned(),
        };
        let row = match guarded(|| self.rows.next()) {
            None => return Some(Err(broken("its Parquet data are damaged"))),
            Some(None) => return None,
            Some(Some(Err(_))) => {
                return Some(Err(broken(
                    "its Parquet data are damaged, or use a type or compression that is not read",
                )));
            }
            Some(Some(Ok(row))) => row,
        };
        let mut values = Vec::with_capacity(self.columns.len());
        for ((_, field), column) in row.into_columns().into_iter().zip(&self.columns) {
            match value(field, column.nanoseconds) {
                Some(value) => values.push(value),
                None => {
                    return Some(Err(broken(&format!(
                        "the column {} holds values within values or raw bytes, which are not read",
                        shown(&column.name)
                    ))));
                }
            }
        }
        Some(Ok(Row {
            place: self.place,
            values,
        }))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read()
    }
}

/// The `parquet` crate panics on some damaged files; that is a damaged file to
/// us, and the reader is not used again.
fn guarded<T>(attempt: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)).ok()
}

fn value(field: Cell, nanoseconds: bool) -> Option<Value> {
    Some(match field {
        Cell::Null => Value::Null,
        Cell::Bool(value) => Value::Bool(value),
        Cell::Byte(value) => Value::Int(value.into()),
        Cell::Short(value) => Value::Int(value.into()),
        Cell::Int(value) => Value::Int(value.into()),
        Cell::Long(value) if nanoseconds => time(value.div_euclid(1000)),
        Cell::Long(value) => Value::Int(value),
        Cell::UByte(value) => Value::Int(value.into()),
        Cell::UShort(value) => Value::Int(value.into()),
        Cell::UInt(value) => Value::Int(value.into()),
        Cell::ULong(value) => match i64::try_from(value) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Double(value as f64),
        },
        Cell::Float16(value) => Value::Double(value.into()),
        // By way of the text, so that 0.1f32 is 0.1 and not 0.10000000149.
        Cell::Float(value) => Value::Double(value.to_string().parse().ok()?),
        Cell::Double(value) => Value::Double(value),
        Cell::Str(text) => Value::Text(text),
        Cell::Bytes(bytes) => Value::Text(String::from_utf8(bytes.data().to_vec()).ok()?),
        Cell::Date(days) => time(i64::from(days) * 86_400_000_000),
        Cell::TimestampMillis(value) => time(value.checked_mul(1000)?),
        Cell::TimestampMicros(value) => time(value),
        Cell::ListInternal(list) => Value::Doubles(
            list.elements()
                .iter()
                .map(|element| match value(element.clone(), false)? {
                    Value::Double(value) => Some(value),
                    Value::Int(value) => Some(value as f64),
                    _ => None,
                })
                .collect::<Option<_>>()?,
        ),
        Cell::Decimal(_)
        | Cell::TimeMillis(_)
        | Cell::TimeMicros(_)
        | Cell::Group(_)
        | Cell::MapInternal(_) => return None,
    })
}

/// `microseconds` since 1970 as ISO 8601 without zone (proleptic Gregorian).
fn time(microseconds: i64) -> Value {
    const PER_DAY: i64 = 86_400_000_000;
    let (days, rest) = (
        microseconds.div_euclid(PER_DAY),
        microseconds.rem_euclid(PER_DAY),
    );
    // Civil date from days, counting years from 1 March of year 0, in eras of
    // 400 years (146,097 days).
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day + 2) / 153;
    let day = day - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12 + 1;
    let year = era * 400 + year + i64::from(month <= 2);
    let seconds = rest / 1_000_000;
    let mut text = format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    if rest % 1_000_000 != 0 {
        text.push_str(&format!(".{:06}", rest % 1_000_000));
    }
    Value::Text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |seconds: i64, expected: &str| {
            assert_eq!(time(seconds * 1_000_000), Value::Text(expected.into()));
        };
        check(0, "1970-01-01T00:00:00");
        check(951_782_400, "2000-02-29T00:00:00");
        check(1_351_758_747, "2012-11-01T08:32:27");
        check(-1, "1969-12-31T23:59:59");
        assert_eq!(time(1), Value::Text("1970-01-01T00:00:00.000001".into()));
    }
}
