//! What is here and what is wrong with a query, for the scripts of pages.

use serde_json::{Value, json};

use crate::dali::Datatype;
use crate::tap::{Facts, Group, Judged};

/// Numbers of observations by what they are.
pub fn facts(facts: Option<&Facts>) -> Value {
    let Some(facts) = facts else {
        return json!({"counted": false});
    };
    let group = |it: &Group| {
        json!({
            "value": it.value, "rows": it.rows, "first": it.first, "last": it.last,
        })
    };
    let groups = facts.groups.iter().map(|(column, groups)| {
        let groups: Vec<Value> = groups.iter().map(group).collect();
        ((*column).to_owned(), Value::Array(groups))
    });
    let bands = facts
        .bands
        .iter()
        .map(|it| json!({"shortest": it.shortest, "longest": it.longest, "rows": it.rows}));
    json!({
        "counted": true,
        "rows": facts.rows,
        "first": facts.first,
        "last": facts.last,
        "groups": Value::Object(groups.collect()),
        "bands": bands.collect::<Vec<_>>(),
    })
}

/// Columns of the answer, or what is wrong and where: lines and columns are
/// counted from 1, in characters.
pub fn judged(judged: &Judged) -> Value {
    let columns = judged.columns.iter().map(|column| {
        let kind = Datatype::of(column);
        json!({
            "name": column.name,
            "datatype": kind.datatype,
            "arraysize": kind.arraysize,
            "xtype": kind.xtype,
            "unit": column.unit,
            "ucd": column.ucd,
            "utype": column.utype,
            "description": column.description,
        })
    });
    let messages = judged.remarks.iter().map(|remark| {
        let message = &remark.message;
        json!({
            "code": format!("ADQL-{}", message.code),
            "sentence": message.sentence,
            "hint": message.hint,
            "fix": remark.fix.as_ref().map(|fix| json!({"what": fix.what, "query": fix.query})),
            "place": message.place.map(|at| json!({
                "line": at.line, "column": at.column, "length": at.length,
            })),
        })
    });
    json!({
        "columns": columns.collect::<Vec<_>>(),
        "messages": messages.collect::<Vec<_>>(),
        "sql": judged.statement.as_ref().map(|statement| &statement.sql),
    })
}
