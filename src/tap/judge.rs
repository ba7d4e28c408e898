//! What is wrong with a query, without asking the database, and what would put
//! it right.

use adql::{Catalog, Column, Message, Place, Statement};

use super::Service;

/// What is said of a query while it is being written.
pub struct Judged {
    /// Those of its answer, if nothing is wrong.
    pub columns: Vec<Column>,
    pub remarks: Vec<Remark>,
    /// What the database would be asked.
    pub statement: Option<Statement>,
}

/// Something that is wrong.
pub struct Remark {
    pub message: Message,
    pub fix: Option<Fix>,
}

/// What puts it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What is done, for the person who is to agree.
    pub what: String,
    /// The whole query after it.
    pub query: String,
}

impl Service {
    /// Looks at a query as [`Service::answer`] does before it asks the database.
    pub async fn judge(&self, query: &str) -> Judged {
        let catalog = self.tables.catalog().await;
        match checked(query, &catalog) {
            Ok(checked) => {
                let checked = adql::index(checked);
                let statement = adql::write(&checked, self.database.target());
                Judged {
                    columns: checked.into_columns(),
                    remarks: Vec::new(),
                    statement: Some(statement),
                }
            }
            Err(messages) => Judged {
                columns: Vec::new(),
                remarks: remarks(query, &catalog, messages),
                statement: None,
            },
        }
    }
}

fn checked(query: &str, catalog: &Catalog) -> Result<adql::Query, Vec<Message>> {
    let checked = adql::parse(query).and_then(|syntax| adql::check(&syntax, catalog));
    checked.map_err(|messages| messages.messages)
}

fn remarks(query: &str, catalog: &Catalog, messages: Vec<Message>) -> Vec<Remark> {
    let count = messages.len();
    let was_understood = adql::parse(query).is_ok();
    // A hint is a sentence for people; what was read out of it is offered only if
    // the query is the better for it.
    let helps = |fix: &Fix| match checked(&fix.query, catalog) {
        Ok(_) => true,
        // What is wrong with names is seen once the sentence is understood.
        Err(_) if !was_understood => adql::parse(&fix.query).is_ok(),
        Err(left) => left.len() < count,
    };
    // Each candidate is a whole query to be looked at.
    let remarks = messages.into_iter().take(MOST).map(|message| Remark {
        fix: candidates(query, &message).into_iter().find(helps),
        message,
    });
    remarks.collect()
}

const MOST: usize = 12;

/// What the hint may mean.
fn candidates(query: &str, message: &Message) -> Vec<Fix> {
    let (Some(hint), Some(at)) = (message.hint.as_deref(), message.place) else {
        return Vec::new();
    };
    let written = stretch(query, at).unwrap_or_default();
    let mut fixes: Vec<Fix> = texts(hint, &written)
        .into_iter()
        .filter_map(|text| {
            Some(Fix {
                what: match text.as_str() {
                    "" => format!("leave out {written}"),
                    text => format!("write {text}"),
                },
                query: replaced(query, at, &text)?,
            })
        })
        .collect();
    fixes.extend(top(query, at, hint));
    fixes
}

/// Texts that the hint may mean for what is written.
fn texts(hint: &str, written: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        let text = text.trim();
        if !text.contains('…') && text.len() <= 200 && !texts.iter().any(|it| it == text) {
            texts.push(text.to_owned());
        }
    };
    if hint == "leave it out" {
        add("");
    }
    if let Some((name, rest)) = hint.split_once(" exists")
        && (rest.is_empty() || rest.starts_with([',', ';']))
    {
        add(name);
        // A name in quotes stays in quotes.
        if written.starts_with('"') {
            add(&format!("\"{}\"", name.trim_matches('"')));
        }
    }
    if let Some((name, _)) = hint.split_once(" is one") {
        add(name);
    }
    for lead in ["write ", "say ", ": "] {
        if let Some((_, text)) = hint.split_once(lead) {
            for end in [" for ", " or ", ", ", "; ", ": "] {
                if let Some((text, _)) = text.split_once(end) {
                    add(text);
                }
            }
            add(text);
        }
    }
    texts
}

/// `LIMIT 3` at the end becomes `TOP 3` at the beginning.
fn top(query: &str, at: Place, hint: &str) -> Option<Fix> {
    let rest = hint.strip_prefix("write SELECT TOP ")?;
    let rows: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let start: usize = query
        .split_inclusive('\n')
        .take(at.line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let line = query.get(start..)?;
    let column = line.char_indices().nth(at.column.checked_sub(1)?)?.0;
    let (kept, clause) = query.split_at_checked(start + column)?;
    let mut words = clause.split_whitespace();
    let is_limit = words.next()?.eq_ignore_ascii_case("limit") && words.next()? == rows;
    let select = kept.get(..6)?.eq_ignore_ascii_case("select");
    if !is_limit || !select || rows.is_empty() {
        return None;
    }
    let after: Vec<&str> = words.collect();
    let kept = kept.trim_end();
    let columns = kept.get(6..)?.trim_start();
    let (distinct, columns) = match columns.get(..9) {
        Some(word) if word.eq_ignore_ascii_case("distinct ") => (" DISTINCT", columns.get(9..)?),
        _ => ("", columns),
    };
    let query = format!("SELECT{distinct} TOP {rows} {columns} {}", after.join(" "));
    Some(Fix {
        what: format!("write SELECT TOP {rows}"),
        query: query.trim_end().to_owned(),
    })
}

fn stretch(query: &str, at: Place) -> Option<String> {
    let line = query.lines().nth(at.line.checked_sub(1)?)?;
    Some(
        line.chars()
            .skip(at.column.checked_sub(1)?)
            .take(at.length)
            .collect(),
    )
}

/// The query with another text at a place.
fn replaced(query: &str, at: Place, with: &str) -> Option<String> {
    let mut text = String::with_capacity(query.len() + with.len());
    for (number, line) in query.split('\n').enumerate() {
        if number > 0 {
            text.push('\n');
        }
        if number + 1 != at.line {
            text.push_str(line);
            continue;
        }
        let start = at.column.checked_sub(1)?;
        text.extend(line.chars().take(start));
        text.push_str(with);
        text.extend(line.chars().skip(start + at.length));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_is_offered_if_it_helps() {
        let catalog = Catalog::open([]);
        let check = |query: &str, expected: Option<&str>| {
            let messages = checked(query, &catalog).err().unwrap_or_default();
            let fix = remarks(query, &catalog, messages)
                .into_iter()
                .find_map(|remark| remark.fix);
            assert_eq!(fix.map(|fix| fix.query).as_deref(), expected, "{query}");
        };
        check(
            "SELECT table_name FROM tap_schema.tables WHERE table_index == 3",
            Some("SELECT table_name FROM tap_schema.tables WHERE table_index = 3"),
        );
        check(
            "SELECT table_name, FROM tap_schema.tables",
            Some("SELECT table_name FROM tap_schema.tables"),
        );
        check(
            "select distinct table_name from tap_schema.tables\nlimit 3",
            Some("SELECT DISTINCT TOP 3 table_name from tap_schema.tables"),
        );
        check("SELECT", None);
        check("SELECT ra FROM stars", None);
    }

    #[test]
    fn places_count_characters() {
        let at = Place {
            line: 2,
            column: 3,
            length: 2,
        };
        assert_eq!(
            replaced("α\nβγδε\nζ", at, "x").as_deref(),
            Some("α\nβγx\nζ")
        );
        assert_eq!(stretch("α\nβγδε\nζ", at).as_deref(), Some("δε"));
    }
}
