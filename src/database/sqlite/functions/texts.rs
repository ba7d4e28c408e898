//! Numbers and times out of texts, as PostgreSQL's CAST reads them: blanks around are
//! allowed, anything else that is no number is refused.

use adql::time;
use rusqlite::types::Value;
use rusqlite::{Connection, Result};

use super::{Refusal, add};

pub(super) fn register(connection: &Connection) -> Result<()> {
    add(connection, "text_to_integer", 1, |of| {
        let text = of.text(0)?;
        let number = text.trim_ascii().parse().map(Value::Integer);
        number.map_err(|_| no_number(text))
    })?;
    add(connection, "text_to_real", 1, |of| {
        let text = of.text(0)?;
        let number = text.trim_ascii().parse().map(Value::Real);
        number.map_err(|_| no_number(text))
    })?;
    add(connection, "text_to_timestamp_1", 1, |of| {
        let text = of.text(0)?;
        let time = time::parse(text).and_then(time::fixed);
        time.map(Value::Text).ok_or_else(|| {
            let start: String = text.chars().take(40).collect();
            Refusal(format!("the text \"{start}\" is not a date or time"))
        })
    })
}

fn no_number(text: &str) -> Refusal {
    let start: String = text.chars().take(40).collect();
    Refusal(format!(
        "the text {start:?} is not a number of the type it is cast to"
    ))
}
