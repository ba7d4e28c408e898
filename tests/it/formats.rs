//! Every format over HTTP: the same rows in each, on both engines.

use std::io::Read;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use reqwest::blocking::Response;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE,
};
use serde_json::Value;

use crate::support::service::{Service, served_on_both};

/// Texts, integers, numbers, times, points and regions, with NULL in most.
const QUERY: &str = "SELECT obs_id, calib_level, s_ra, target_name, \
    CAST('2020-01-02T03:04:05' AS TIMESTAMP) AS moment, calib_level * 4503599627370496 AS large, \
    POINT(s_ra, s_dec) AS place, s_dec, s_region FROM ivoa.obscore ORDER BY obs_id";

/// Short name, Content-Type, extension, and whether a browser shows it.
const FORMATS: [(&str, &str, &str, bool); 15] = [
    (
        "votable",
        "application/x-votable+xml;serialization=binary2",
        "vot",
        false,
    ),
    (
        "votable/td",
        "application/x-votable+xml;serialization=tabledata",
        "xml",
        false,
    ),
    ("text/xml", "text/xml", "xml", true),
    (
        "votable/b",
        "application/x-votable+xml;serialization=binary",
        "vot",
        false,
    ),
    ("csv", "text/csv;header=present;charset=utf-8", "csv", false),
    (
        "tsv",
        "text/tab-separated-values;charset=utf-8",
        "tsv",
        false,
    ),
    ("json", "application/json", "json", true),
    ("ndjson", "application/x-ndjson", "ndjson", false),
    ("fits", "application/fits", "fits", false),
    (
        "parquet",
        "application/vnd.apache.parquet",
        "parquet",
        false,
    ),
    (
        "arrow",
        "application/vnd.apache.arrow.stream",
        "arrows",
        false,
    ),
    ("html", "text/html;charset=utf-8", "html", true),
    ("geojson", "application/geo+json", "geojson", false),
    ("moc", "application/fits;content=moc", "moc.fits", false),
    (
        "moc/ascii",
        "text/plain;content=moc;charset=utf-8",
        "moc.txt",
        false,
    ),
];

fn ask(service: &Service, query: &str, format: &str, maxrec: &str) -> Response {
    service.post(&[
        ("LANG", "ADQL"),
        ("QUERY", query),
        ("RESPONSEFORMAT", format),
        ("MAXREC", maxrec),
    ])
}

#[track_caller]
fn bytes(mut answer: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    answer.read_to_end(&mut bytes).expect("the whole answer");
    bytes
}

#[track_caller]
fn text(answer: Response) -> String {
    String::from_utf8(bytes(answer)).expect("UTF-8")
}

#[test]
fn every_format_has_its_type_and_name() {
    served_on_both(|service| {
        for (format, media_type, extension, shown) in FORMATS {
            let answer = ask(service, QUERY, format, "100");
            assert_eq!(answer.status(), 200, "{format}");
            assert_eq!(answer.headers()[CONTENT_TYPE], media_type);
            assert_eq!(answer.headers().get(CONTENT_ENCODING), None);
            let name = answer.headers()[CONTENT_DISPOSITION]
                .to_str()
                .expect("text");
            let kind = if shown { "inline" } else { "attachment" };
            let as_said = name.starts_with(&format!("{kind}; filename=\"tap_2"))
                && name.ends_with(&format!(".{extension}\""));
            assert!(as_said, "{format}: {name}");
            let policy = answer.headers().contains_key(CONTENT_SECURITY_POLICY);
            assert_eq!(policy, format == "html");
            assert!(!bytes(answer).is_empty());
        }
    });
}

#[test]
fn every_format_has_the_same_rows() {
    served_on_both(|service| {
        let json: Vec<Value> =
            serde_json::from_str(&text(ask(service, QUERY, "json", "100"))).expect("JSON");
        assert_eq!(json.len(), 13);
        let row = |id: &str| {
            let found = json.iter().find(|row| row["obs_id"] == id);
            found.expect("the row").to_string()
        };
        assert_eq!(
            row("circle"),
            r#"{"calib_level":2,"large":"9007199254740992","moment":"2020-01-02T03:04:05","obs_id":"circle","place":[10.0,20.0],"s_dec":20.0,"s_ra":10.0,"s_region":"CIRCLE ICRS 10 20 1","target_name":"M31"}"#,
        );
        assert_eq!(
            row("unknown"),
            r#"{"calib_level":0,"large":0,"moment":"2020-01-02T03:04:05","obs_id":"unknown","place":null,"s_dec":null,"s_ra":null,"s_region":null,"target_name":null}"#,
        );
        let lines = text(ask(service, QUERY, "ndjson", "100"));
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines, json);
        assert_eq!(
            of_parquet(bytes(ask(service, QUERY, "parquet", "100"))),
            json
        );
        assert_eq!(
            of_arrow(&bytes(ask(service, QUERY, "arrow", "100"))).0,
            told(&json)
        );
        let map: Value =
            serde_json::from_str(&text(ask(service, QUERY, "geojson", "100"))).expect("JSON");
        assert_eq!(map["query_status"], "OK");
        let features = map["features"].as_array().expect("features");
        assert_eq!(features.len(), 13);
        for (feature, row) in features.iter().zip(&json) {
            let mut row = row.clone();
            row.as_object_mut().expect("an object").remove("s_region");
            assert_eq!(feature["properties"], row);
            let nowhere = row["s_ra"].is_null() && row["obs_id"] == "unknown";
            assert_eq!(feature["geometry"].is_null(), nowhere);
        }
        let page = text(ask(service, QUERY, "html", "100"));
        assert_eq!(page.matches("<tr><td").count(), 13);
        assert!(
            page.contains("<i>deg</i><small>pos.eq.ra</small>"),
            "{page}"
        );
        let fits = bytes(ask(service, QUERY, "fits", "100"));
        let head = String::from_utf8_lossy(&fits[2880..5760]).into_owned();
        assert!(head.contains("NAXIS2  =                   13"), "{head}");
        let moc = text(ask(
            service,
            "SELECT s_region FROM ivoa.obscore WHERE obs_id = 'moc'",
            "moc/ascii",
            "9",
        ));
        assert_eq!(moc, "3/0 11/\n");
    });
}

/// The rows of a Parquet file as JSON would have them.
fn of_parquet(bytes: Vec<u8>) -> Vec<Value> {
    let reader = SerializedFileReader::new(Bytes::from(bytes)).expect("Parquet");
    let about = reader.metadata().file_metadata();
    let pairs = about.key_value_metadata().expect("key and value");
    let content = pairs
        .iter()
        .find(|pair| pair.key == "IVOA.VOTable-Parquet.content");
    let votable = content
        .and_then(|pair| pair.value.as_deref())
        .expect("a VOTable");
    for part in [
        "name=\"s_ra\"",
        "unit=\"deg\"",
        "ucd=\"pos.eq.ra\"",
        "</TABLE>",
    ] {
        assert!(votable.contains(part), "{part} is not in {votable}");
    }
    assert!(!votable.contains("<DATA>"));
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| {
        let row = row.expect("a row");
        let cells = row.get_column_iter().map(|(name, field)| {
            let value = match field {
                Field::TimestampMicros(1_577_934_245_000_000) => "2020-01-02T03:04:05".into(),
                Field::Long(number) if number.unsigned_abs() >= 1 << 53 => {
                    number.to_string().into()
                }
                Field::Long(number) => (*number).into(),
                Field::Int(number) => (*number).into(),
                Field::Double(number) => (*number).into(),
                Field::Str(text) => text.as_str().into(),
                Field::ListInternal(list) => {
                    let numbers = list.elements().iter().map(|element| match element {
                        Field::Double(number) => Value::from(*number),
                        other => panic!("{other:?} in a list"),
                    });
                    numbers.collect::<Vec<_>>().into()
                }
                Field::Null => Value::Null,
                other => panic!("{other:?} in {name}"),
            };
            (name.clone(), value)
        });
        Value::Object(cells.collect())
    })
    .collect()
}

/// What an Arrow stream is compared by.
type Told = Vec<(String, i32, Option<f64>, Option<String>, Option<Vec<f64>>)>;

fn told(json: &[Value]) -> Told {
    let row = |row: &Value| {
        let numbers = row["place"].as_array();
        (
            row["obs_id"].as_str().expect("text").to_owned(),
            row["calib_level"].as_i64().expect("an integer") as i32,
            row["s_ra"].as_f64(),
            row["target_name"].as_str().map(str::to_owned),
            numbers.map(|numbers| numbers.iter().filter_map(Value::as_f64).collect()),
        )
    };
    json.iter().map(row).collect()
}

/// Its rows, and the number of those in its last batch.
fn of_arrow(bytes: &[u8]) -> (Told, usize) {
    let reader = StreamReader::try_new(bytes, None).expect("Arrow");
    let schema = reader.schema();
    let field = schema.field_with_name("s_ra").expect("s_ra");
    assert_eq!(field.metadata()["unit"], "deg");
    assert_eq!(field.metadata()["ucd"], "pos.eq.ra");
    let batches: Vec<RecordBatch> = reader.map(|batch| batch.expect("a batch")).collect();
    let rows = batches.iter().flat_map(|batch| {
        let (id, name) = (
            batch["obs_id"].as_string::<i32>(),
            batch["target_name"].as_string::<i32>(),
        );
        let level = batch["calib_level"].as_primitive::<Int32Type>();
        let ra = batch["s_ra"].as_primitive::<Float64Type>();
        let place = batch["place"].as_list::<i32>();
        (0..batch.num_rows()).map(move |row| {
            (
                id.value(row).to_owned(),
                level.value(row),
                ra.is_valid(row).then(|| ra.value(row)),
                name.is_valid(row).then(|| name.value(row).to_owned()),
                place.is_valid(row).then(|| {
                    let numbers = place.value(row);
                    numbers.as_primitive::<Float64Type>().values().to_vec()
                }),
            )
        })
    });
    (
        rows.collect(),
        batches.last().map_or(0, RecordBatch::num_rows),
    )
}

#[test]
fn what_is_cut_off_says_so() {
    served_on_both(|service| {
        let said = |format: &str, maxrec: &str| {
            let bytes = bytes(ask(service, QUERY, format, maxrec));
            String::from_utf8_lossy(&bytes).into_owned()
        };
        for format in [
            "votable",
            "votable/td",
            "fits",
            "parquet",
            "arrow",
            "geojson",
        ] {
            for maxrec in ["0", "3"] {
                assert!(
                    said(format, maxrec).contains("OVERFLOW"),
                    "{format} {maxrec}"
                );
            }
            assert!(!said(format, "13").contains("OVERFLOW"), "{format}");
        }
        assert!(said("html", "3").contains("cut off after 3 rows"));
        assert!(!said("html", "13").contains("cut off"));
        // The remark is a batch of its own, which readers pass over.
        let (rows, last) = of_arrow(&bytes(ask(service, QUERY, "arrow", "3")));
        assert_eq!((rows.len(), last), (3, 0));
        assert_eq!(said("json", "0"), "[\n]\n");
        assert_eq!(said("ndjson", "3").lines().count(), 3);
    });
}

/// Fails at its last row, whichever table is looped over first.
const FAILS: &str = "SELECT a.s_ra, a.s_dec, SQRT(CASE WHEN a.obs_id = 'pole' AND b.obs_id = 'pole' \
    AND c.obs_id = 'pole' AND d.obs_id = 'pole' THEN -1 ELSE 1 END) AS root \
    FROM ivoa.obscore AS a CROSS JOIN ivoa.obscore AS b \
    CROSS JOIN ivoa.obscore AS c CROSS JOIN ivoa.obscore AS d";

#[test]
fn what_fails_half_way_never_looks_whole() {
    served_on_both(|service| {
        for format in ["votable", "votable/td"] {
            let text = text(ask(service, FAILS, format, "1000000"));
            assert!(
                text.contains(r#"value="ERROR">The answer ends half-way"#),
                "{format}"
            );
        }
        let page = text(ask(service, FAILS, "html", "1000000"));
        assert!(page.contains("<footer class=\"bad\">"));
        for format in [
            "csv", "tsv", "json", "ndjson", "parquet", "arrow", "geojson",
        ] {
            let mut answer = ask(service, FAILS, format, "1000000");
            assert_eq!(answer.status(), 200, "{format}");
            let read = answer.read_to_end(&mut Vec::new());
            assert!(read.is_err(), "{format} looks whole");
        }
        // These have not begun yet.
        for format in ["fits", "moc", "moc/json"] {
            let answer = ask(service, FAILS, format, "1000000");
            assert_eq!(answer.status(), 400, "{format}");
            assert_eq!(answer.headers()[CONTENT_TYPE], "application/x-votable+xml");
            assert!(text(answer).contains("QUERY_STATUS"), "{format}");
        }
        assert!(service.is_available());
    });
}

#[test]
fn an_answer_without_places_makes_no_map() {
    served_on_both(|service| {
        for format in ["moc", "moc/json", "moc/ascii", "geojson"] {
            let answer = ask(service, "SELECT obs_id FROM ivoa.obscore", format, "9");
            assert_eq!(answer.status(), 400, "{format}");
            assert!(text(answer).contains("select s_region, or s_ra and s_dec"));
        }
    });
}

#[test]
fn accept_speaks_where_responseformat_is_silent() {
    served_on_both(|service| {
        let kind = |accept: &str, format: Option<&str>| {
            let mut parameters = vec![("LANG", "ADQL"), ("QUERY", QUERY)];
            parameters.extend(format.map(|format| ("RESPONSEFORMAT", format)));
            let request = service.client.get(service.sync()).query(&parameters);
            let answer = request.header(ACCEPT, accept).send().expect("an answer");
            answer.headers()[CONTENT_TYPE]
                .to_str()
                .expect("text")
                .to_owned()
        };
        let votable = "application/x-votable+xml;serialization=binary2";
        let java = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(kind(java, None), votable);
        assert_eq!(kind(browser, None), votable);
        assert_eq!(kind(java, Some("html")), "text/html;charset=utf-8");
        assert_eq!(kind("application/json", None), "application/json");
        assert_eq!(kind("application/json", Some("fits")), "application/fits");
    });
}

#[test]
fn a_page_that_was_asked_for_says_what_is_wrong() {
    served_on_both(|service| {
        let answer = ask(service, "SELECT <b> FROM ivoa.obscore", "html", "9");
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/html;charset=utf-8");
        let page = text(answer);
        assert!(
            page.contains("<pre>SELECT &lt;b&gt; FROM ivoa.obscore</pre>"),
            "{page}"
        );
        assert!(page.contains("ADQL-"), "{page}");
    });
}

#[test]
fn answers_are_compressed_for_those_who_ask() {
    served_on_both(|service| {
        let parameters = [
            ("LANG", "ADQL"),
            ("QUERY", QUERY),
            ("RESPONSEFORMAT", "csv"),
        ];
        let plain = bytes(service.get(&parameters));
        let ask = |accept: &'static str, format: &str| {
            let mut parameters = parameters;
            parameters[2].1 = format;
            let request = service.client.get(service.sync()).query(&parameters);
            let answer = request.header(ACCEPT_ENCODING, accept).send();
            let answer = answer.expect("an answer");
            let encoding = answer.headers().get(CONTENT_ENCODING).cloned();
            let encoding = encoding.map(|value| value.to_str().expect("text").to_owned());
            (encoding, bytes(answer))
        };
        let (encoding, body) = ask("gzip, deflate", "csv");
        assert_eq!(encoding.as_deref(), Some("gzip"));
        let mut text = Vec::new();
        let mut reader = flate2::read::GzDecoder::new(body.as_slice());
        reader.read_to_end(&mut text).expect("gzip");
        assert_eq!(text, plain);
        let (encoding, body) = ask("gzip, zstd", "csv");
        assert_eq!(encoding.as_deref(), Some("zstd"));
        assert_eq!(zstd::decode_all(body.as_slice()).expect("zstd"), plain);
        assert_eq!(ask("identity", "csv"), (None, plain));
        assert_eq!(ask("gzip", "parquet").0, None);
    });
}

#[test]
fn nothing_is_left_of_what_waited_on_disk() {
    crate::support::service::on_both(|archive| {
        archive.loaded(crate::support::service::SKY);
        let service = archive.serve();
        let before = files(&archive.path("data"));
        assert_eq!(ask(&service, QUERY, "fits", "100").status(), 200);
        assert_eq!(ask(&service, FAILS, "fits", "1000000").status(), 400);
        assert_eq!(files(&archive.path("data")), before);
        let file = archive.path("answer.fits");
        let ended = archive.run(&["query", QUERY, "--output", &file.display().to_string()]);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        assert_eq!(std::fs::read(file).expect("the file").len() % 2880, 0);
    });
}

fn files(directory: &std::path::Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}
