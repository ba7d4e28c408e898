//! Rows of ObsCore for datasets that come as lines of JSON, for comparison with
//! those that the Butler makes (`conformance/butler/mapping.py`).
//!
//! `obscore_rows CONFIGURATION [--repeat N] < datasets.jsonl > rows.jsonl`
//!
//! Warnings go to standard error; with `--repeat` every row is made so many
//! times, and how many were made in a second goes there too.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Instant;

use adql::sky::Region;
use obstap::input::Value;
use obstap::obscore::mapping::{Mapping, Publisher, Row};
use obstap::registry::{DataId, Dataset, File, Record, Scalar, Timespan};
use serde_json::{Map, Value as Json, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("the configuration is missing")?;
    let repeat: u32 = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--repeat"), Some(count)) => count.parse()?,
        _ => 1,
    };
    let (mapping, warnings) = Mapping::read(&std::fs::read_to_string(path)?)?;
    for warning in warnings {
        eprintln!("{warning}");
    }
    let publisher = Publisher {
        authority: "example.org".into(),
        repository: "test".into(),
        links: None,
    };
    let mut datasets = Vec::new();
    for line in io::stdin().lock().lines() {
        datasets.push(dataset(&serde_json::from_str(&line?)?)?);
    }
    let start = Instant::now();
    let mut rows = Vec::new();
    for _ in 0..repeat {
        rows.clear();
        rows.extend(
            datasets
                .iter()
                .map(|dataset| mapping.row(dataset, &publisher)),
        );
    }
    if repeat > 1 {
        let made = f64::from(repeat) * datasets.len() as f64;
        eprintln!("{:.0} rows/s", made / start.elapsed().as_secs_f64());
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (dataset, row) in datasets.iter().zip(rows) {
        let line = match row {
            Ok(Row::Values(row)) => {
                let values = row.values.iter().map(value);
                let cells: Map<String, Json> =
                    mapping.names().iter().cloned().zip(values).collect();
                json!({"id": dataset.id.to_string(), "row": cells, "remarks": row.remarks})
            }
            Ok(row) => json!({"id": dataset.id.to_string(), "none": format!("{row:?}")}),
            Err(reasons) => json!({"id": dataset.id.to_string(), "reasons": reasons}),
        };
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn value(value: &Value) -> Json {
    match value {
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Double(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Null | Value::Doubles(_) | Value::List(_) => Json::Null,
    }
}

fn dataset(line: &Json) -> Result<Dataset, Box<dyn Error>> {
    let name = |key: &str| line[key].as_str().unwrap_or_default();
    let records = line["records"].as_object().into_iter().flatten();
    let records = records.map(|(element, record)| {
        let record = Record {
            fields: scalars(&record["fields"]),
            timespan: timespan(&record["timespan"]),
        };
        (Arc::from(element.as_str()), Arc::new(record))
    });
    let files = line["files"].as_array().into_iter().flatten();
    let files = files.map(|file| File {
        uri: file["uri"].as_str().unwrap_or_default().into(),
        component: None,
        size: file["size"].as_u64(),
        media_type: None,
        checksum: None,
    });
    Ok(Dataset {
        id: name("id").parse()?,
        dataset_type: name("dataset_type").into(),
        run: name("run").into(),
        tags: Vec::new(),
        data_id: DataId(scalars(&line["data_id"])),
        records: records.collect(),
        region: match line["region"].as_str() {
            Some(text) => Some(Arc::new(Region::parse(text)?)),
            None => None,
        },
        timespan: timespan(&line["timespan"]),
        files: files.collect(),
    })
}

fn scalars(object: &Json) -> Vec<(Arc<str>, Scalar)> {
    let entries = object.as_object().into_iter().flatten();
    let scalar = |value: &Json| match value {
        Json::Bool(flag) => Scalar::Bool(*flag),
        Json::String(text) => Scalar::Text(text.as_str().into()),
        value => match (value.as_i64(), value.as_f64()) {
            (Some(number), _) => Scalar::Int(number),
            (None, Some(number)) => Scalar::Float(number),
            (None, None) => Scalar::Null,
        },
    };
    entries
        .map(|(name, value)| (Arc::from(name.as_str()), scalar(value)))
        .collect()
}

fn timespan(pair: &Json) -> Option<Timespan> {
    let pair = pair.as_array()?;
    let end = |place: usize| pair.get(place).and_then(Json::as_i64);
    Some(Timespan {
        begin: end(0),
        end: end(1),
    })
}
