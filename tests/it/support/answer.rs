//! A query's answer as something that can be compared between engines.

use adql::{Catalog, Query, Statement, Wire};
use obstap::database::{Batch, Database, Error, Limits};

/// What became of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Rows(Vec<Row>),
    /// A value made it fail; the sentence is ours.
    Refused(String),
    /// Anything else: a mistake of ours.
    Broken(String),
}

pub type Row = Vec<Cell>;

/// A value as it is compared: 0 and -0 are the same number, and engines may
/// tell either of them for a group of both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    Null,
    Number(String),
    Numbers(Vec<String>),
    Text(String),
    Bytes(Vec<u8>),
}

impl Answer {
    /// The same with its rows in an order of their own.
    pub fn sorted(self) -> Answer {
        match self {
            Answer::Rows(mut rows) => {
                rows.sort();
                Answer::Rows(rows)
            }
            other => other,
        }
    }
}

impl Answer {
    /// Only how many rows there are.
    pub fn counted(self) -> Answer {
        match self {
            Answer::Rows(rows) => Answer::Rows(rows.into_iter().map(|_| Row::new()).collect()),
            other => other,
        }
    }

    /// The same with 9 digits of each number.
    pub fn rounded(self) -> Answer {
        let near = |text: String| match text.parse::<f64>() {
            Ok(number) if text.contains(['.', 'e']) => {
                let number = (number * 1e9).round() / 1e9;
                format!("{:.8e}", number + 0.0)
            }
            _ => text,
        };
        let near = |cell| match cell {
            Cell::Number(text) => Cell::Number(near(text)),
            Cell::Numbers(texts) => Cell::Numbers(texts.into_iter().map(near).collect()),
            other => other,
        };
        let row = |row: Row| row.into_iter().map(near).collect();
        match self {
            Answer::Rows(rows) => Answer::Rows(rows.into_iter().map(row).collect()),
            other => other,
        }
    }

    /// What one has and the other has not, for reading.
    pub fn besides(&self, other: &Answer) -> (String, String) {
        let (Answer::Rows(a), Answer::Rows(b)) = (self, other) else {
            return (self.short(), other.short());
        };
        let only = |these: &[Row], those: &[Row]| {
            let rows = these.iter().filter(|row| !those.contains(row));
            let some: Vec<_> = rows.take(3).map(|row| format!("{row:?}")).collect();
            format!("{} rows, and alone {}", these.len(), some.join(" "))
        };
        (only(a, b), only(b, a))
    }

    fn short(&self) -> String {
        match self {
            Answer::Rows(rows) => format!("{} rows: {:?} …", rows.len(), rows.first()),
            other => format!("{other:?}"),
        }
    }
}

/// A query as a service would check it.
pub fn checked(text: &str, catalog: &Catalog) -> Result<Query, adql::Messages> {
    let query = adql::check(&adql::parse(text)?, catalog)?;
    Ok(adql::index(query))
}

/// Asks a database.
pub async fn ask(database: &Database, query: &Query) -> Answer {
    ask_with(database, &adql::write(query, database.target())).await
}

/// Asks a database in its own words.
pub async fn ask_with(database: &Database, statement: &Statement) -> Answer {
    let limits = Limits {
        time: Some(std::time::Duration::from_secs(60)),
        ..Limits::default()
    };
    let work = async {
        let mut rows = database.stream(statement, limits).await?;
        let mut all = Vec::new();
        while let Some(batch) = rows.next().await? {
            all.extend((0..batch.len()).map(|row| cells(&batch, row)));
        }
        Ok(all)
    };
    match work.await {
        Ok(rows) => Answer::Rows(rows),
        Err(Error::Data(sentence)) => Answer::Refused(sentence),
        Err(error) => {
            let source = std::error::Error::source(&error);
            let cause = source.map(|it| format!("{it:?}")).unwrap_or_default();
            Answer::Broken(format!("{error}: {cause}\n{}", statement.sql))
        }
    }
}

fn cells(batch: &Batch, row: usize) -> Row {
    let cells = batch.row(row).zip(batch.wires());
    cells
        .map(|(cell, wire)| cell.map_or(Cell::Null, |cell| shown(cell, *wire)))
        .collect()
}

fn shown(cell: &[u8], wire: Wire) -> Cell {
    match wire {
        Wire::Bool => Cell::Number(cell[0].to_string()),
        Wire::Int2 => Cell::Number(i16::from_be_bytes(fixed(cell)).to_string()),
        Wire::Int4 => Cell::Number(i32::from_be_bytes(fixed(cell)).to_string()),
        Wire::Int8 | Wire::Timestamp => Cell::Number(i64::from_be_bytes(fixed(cell)).to_string()),
        Wire::Float4 => Cell::Number(exact(f32::from_be_bytes(fixed(cell)))),
        Wire::Float8 => Cell::Number(exact(f64::from_be_bytes(fixed(cell)))),
        Wire::Text => Cell::Text(String::from_utf8_lossy(cell).into_owned()),
        Wire::Bytes | Wire::Ints => Cell::Bytes(cell.to_vec()),
        Wire::Doubles => {
            let (numbers, _) = cell.as_chunks::<8>();
            let numbers = numbers.iter().map(|it| exact(f64::from_be_bytes(*it)));
            Cell::Numbers(numbers.collect())
        }
    }
}

/// The shortest text that is this number and no other; -0 + 0 is 0.
fn exact<T: std::ops::Add<Output = T> + From<f32> + std::fmt::Debug>(number: T) -> String {
    format!("{:?}", number + T::from(0.0f32))
}

fn fixed<const N: usize>(cell: &[u8]) -> [u8; N] {
    cell.try_into().expect("a cell as long as its type")
}
