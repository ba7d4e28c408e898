//! A query's answer as something that can be compared between engines.

use adql::{Catalog, Query, Wire};
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
    let limits = Limits {
        time: Some(std::time::Duration::from_secs(60)),
    };
    let statement = adql::write(query, database.target());
    let work = async {
        let mut rows = database.stream(&statement, limits).await?;
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
        // The shortest text that is this number and no other; -0 + 0 is 0.
        Wire::Float4 => Cell::Number(format!("{:?}", f32::from_be_bytes(fixed(cell)) + 0.0)),
        Wire::Float8 => Cell::Number(format!("{:?}", f64::from_be_bytes(fixed(cell)) + 0.0)),
        Wire::Text => Cell::Text(String::from_utf8_lossy(cell).into_owned()),
        Wire::Bytes | Wire::Ints => Cell::Bytes(cell.to_vec()),
        Wire::Doubles => {
            let (numbers, _) = cell.as_chunks::<8>();
            let numbers = numbers.iter().map(|it| f64::from_be_bytes(*it) + 0.0);
            Cell::Text(format!("{:?}", numbers.collect::<Vec<_>>()))
        }
    }
}

fn fixed<const N: usize>(cell: &[u8]) -> [u8; N] {
    cell.try_into().expect("a cell as long as its type")
}
