use std::io::Write;

use super::*;

fn csv(content: &str) -> Result<Table, InputError> {
    Table::from_reader(
        "log.csv",
        std::io::Cursor::new(content.as_bytes().to_vec()),
        None,
    )
}

/// Rows as `place: values`, errors as their messages, one per line.
fn told(table: Result<Table, InputError>) -> String {
    let mut table = match table {
        Ok(table) => table,
        Err(error) => return error.to_string(),
    };
    let mut lines = vec![table.columns().join(" ")];
    for row in table.by_ref() {
        lines.push(match row {
            Ok(row) => {
                let values: Vec<_> = row.values.iter().map(word).collect();
                format!("{}: {}", row.place, values.join(" "))
            }
            Err(error) => error.to_string(),
        });
    }
    lines.join("\n")
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "·".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Double(value) => format!("{value:?}"),
        Value::Text(value) => format!("{value:?}"),
        Value::Doubles(values) => format!("{values:?}"),
        Value::List(list) => format!("{list:?}"),
    }
}

fn check_csv(content: &str, expected: &str) {
    assert_eq!(told(csv(content)), expected, "for {content:?}");
}

#[test]
fn csv_as_the_rfc_has_it() {
    check_csv("a,b\n1,\n", "a b\n2: \"1\" ·");
    check_csv(
        "a,b\r\n\"x, y\",\"say \"\"hi\"\"\"\r\n",
        "a b\n2: \"x, y\" \"say \\\"hi\\\"\"",
    );
    check_csv("\u{feff}a,b\n1,2\n", "a b\n2: \"1\" \"2\"");
    check_csv(
        "a,b\n\"1\n2\",3\n4,5",
        "a b\n2: \"1\\n2\" \"3\"\n4: \"4\" \"5\"",
    );
    check_csv("a,b\n\n1,2\n", "a b\n3: \"1\" \"2\"");
    check_csv(
        "a,b\r\n\r\n1,\r\n\r\n3,4",
        "a b\n3: \"1\" ·\n5: \"3\" \"4\"",
    );
    check_csv("a,b\n", "a b");
}

#[test]
fn a_wrong_row_is_named_by_its_line_and_the_rest_is_read() {
    check_csv(
        "a,b\n1\n1,2\n1,2,3\n",
        "a b\n\
         log.csv, line 2: the row has 1 values and the header names 2 columns\n\
         3: \"1\" \"2\"\n\
         log.csv, line 4: the row has 3 values and the header names 2 columns",
    );
    let latin = Table::from_reader("log.csv", &b"a,b\n1,\xe9\n2,3\n"[..], None);
    assert_eq!(
        told(latin),
        "a b\nlog.csv, line 2: the value in column 2 is not UTF-8 text\n3: \"2\" \"3\""
    );
}

#[test]
fn headers_that_cannot_be_loaded_by_name() {
    check_csv(
        "a,,c\n",
        "log.csv is not a table that can be read: its column 2 has no name \
         (with pandas: to_csv(…, index=False))",
    );
    check_csv(
        "ra,dec,RA\n",
        "log.csv is not a table that can be read: it names the column \"RA\" twice",
    );
    let wide = vec!["c"; 5000].join(",");
    check_csv(
        &wide,
        "log.csv is not a table that can be read: it has 5000 columns, and at most 4096 are read",
    );
}

#[test]
fn what_is_not_a_table() {
    let check = |content: &[u8], expected: &str| {
        let table = Table::from_reader("x", std::io::Cursor::new(content.to_vec()), None);
        let expected = format!("x is not a table that can be read: {expected}");
        assert_eq!(told(table), expected, "for {content:?}");
    };
    check(b"", "it is empty");
    check(b" \n\n", "it is empty");
    check(
        b"\x7fELF\x00\x01",
        "it holds binary data; CSV, TSV, VOTable, FITS and Parquet are read",
    );
    check(b"SIMPLE  =   T", "it is a FITS file without a binary table");
    check(
        b"<!DOCTYPE html><html>",
        "it is an HTML page; CSV, TSV, VOTable, FITS and Parquet are read",
    );
    check(
        b"<?xml version='1.0'?><svg/>",
        "it is XML and not a VOTable; CSV, TSV, VOTable, FITS and Parquet are read",
    );
    check(
        b"PAR1 and no more",
        "its Parquet footer is missing or damaged (was it cut off?)",
    );
}

#[test]
fn tabs_are_told_from_commas() {
    let read = |name: &str, content: &'static [u8]| told(Table::from_reader(name, content, None));
    assert_eq!(read("x", b"a\tb\n1\t2\n"), "a b\n2: \"1\" \"2\"");
    assert_eq!(read("x.tsv", b"a,b\tc\n1\t2\n"), "a,b c\n2: \"1\" \"2\"");
    assert_eq!(read("x", b"a,b\n1\t2,3\n"), "a b\n2: \"1\\t2\" \"3\"");
}

#[test]
fn gzip_is_seen_by_its_magic_and_counted_before_decompression() {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let text = format!("a,b\n{}", "1,2\n".repeat(20_000));
    writer.write_all(text.as_bytes()).expect("in memory");
    let packed = writer.finish().expect("in memory");
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(&packed).expect("a temporary file");
    let mut table = Table::open(&Source::named(file.path()), None).expect("a table");
    assert_eq!(table.by_ref().filter(Result::is_ok).count(), 20_000);
    assert_eq!(table.bytes_total(), Some(packed.len() as u64));
    assert_eq!(table.bytes_read(), packed.len() as u64);

    let cut = packed[..packed.len() / 2].to_vec();
    let table = Table::from_reader("cut.csv.gz", std::io::Cursor::new(cut), None);
    let last = table.expect("a table").last().expect("an item");
    let words = last.expect_err("cut off").to_string();
    assert!(
        words.contains("it ends too early, it was cut off"),
        "{words}"
    );
}

#[test]
fn a_row_without_end_stops_the_reading() {
    let endless = Read::chain(&b"a,b\n1,2\n\"3,"[..], std::io::repeat(b'x'));
    let table = Table::from_reader("endless.csv", endless, None).expect("a table");
    let items: Vec<_> = table.map(|row| row.map_err(|e| e.to_string())).collect();
    assert_eq!(items.len(), 2);
    assert_eq!(
        items[1],
        Err(
            "endless.csv cannot be read beyond line 3: the row that begins there is longer \
             than 16 MB (a quotation mark without its partner?)"
                .into()
        )
    );
}

#[test]
fn a_header_without_end_is_not_read_to_it() {
    let read = |text: &'static [u8], byte: u8| {
        let endless = Read::chain(text, std::io::repeat(byte));
        told(Table::from_reader("endless.csv", endless, None))
    };
    let expected = "endless.csv cannot be read beyond line 1: the row that begins there is longer \
                    than 1 MB (a quotation mark without its partner?)";
    assert_eq!(read(b"a,b", b','), expected);
    assert_eq!(read(b"a,b", b'c'), expected);
}

#[test]
fn files_that_cannot_be_opened() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let missing = folder.path().join("missing.csv");
    let words = told(Table::open(&Source::Path(missing.clone()), None));
    assert_eq!(
        words,
        format!("cannot open {}: there is no such file", missing.display())
    );
    let words = told(Table::open(&Source::named(folder.path()), None));
    assert_eq!(
        words,
        format!(
            "cannot open {}: it is a directory, name the file in it",
            folder.path().display()
        )
    );
}

#[test]
fn votables_are_seen_by_their_root() {
    let document = |rows: &str| {
        format!(
            "<?xml version='1.0'?><VOTABLE version='1.4' \
             xmlns='http://www.ivoa.net/xml/VOTable/v1.3'><RESOURCE type='results'><TABLE>\
             <FIELD name='id' datatype='char' arraysize='*'/><FIELD name='n' datatype='int'/>\
             <FIELD name='s_region' datatype='double' arraysize='*' xtype='polygon'/>\
             <DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
        )
    };
    let read = |text: String| {
        told(Table::from_reader(
            "x.csv",
            std::io::Cursor::new(text),
            None,
        ))
    };
    assert_eq!(
        read(document(
            "<TR><TD>a</TD><TD>7</TD><TD>1 2 3.5</TD></TR><TR><TD/><TD/><TD/></TR>"
        )),
        "id n s_region\n1: \"a\" 7 [1.0, 2.0, 3.5]\n2: · · ·"
    );
    let cut = document("<TR><TD>a</TD>")
        .split("</TABLEDATA>")
        .next()
        .map(String::from);
    let words = read(cut.expect("a part"));
    assert!(
        words.contains("x.csv cannot be read beyond row 1: "),
        "{words}"
    );
}

/// Written by the same crate that reads: the point is the way from Parquet's
/// types to ours, from standard input or a file.
#[test]
fn parquet_from_a_file_and_from_a_pipe() {
    use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;

    let schema = parse_message_type(
        "message rows { required binary id (UTF8); optional double ra; \
         required int64 t (TIMESTAMP(NANOS,false)); }",
    )
    .expect("a schema");
    let mut bytes = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut bytes, schema.into(), Default::default()).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let mut column = group.next_column().expect("a column").expect("id");
    column
        .typed::<ByteArrayType>()
        .write_batch(&[ByteArray::from("a"), ByteArray::from("b")], None, None)
        .expect("written");
    column.close().expect("closed");
    let mut column = group.next_column().expect("a column").expect("ra");
    column
        .typed::<DoubleType>()
        .write_batch(&[10.5], Some(&[1, 0]), None)
        .expect("written");
    column.close().expect("closed");
    let mut column = group.next_column().expect("a column").expect("t");
    column
        .typed::<Int64Type>()
        .write_batch(&[0, 1_500_000_000], None, None)
        .expect("written");
    column.close().expect("closed");
    group.close().expect("closed");
    writer.close().expect("closed");

    let expected = "id ra t\n\
        1: \"a\" 10.5 \"1970-01-01T00:00:00\"\n\
        2: \"b\" · \"1970-01-01T00:00:01.500000\"";
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(&bytes).expect("a temporary file");
    let table = Table::open(&Source::named(file.path()), None).expect("a table");
    assert_eq!(table.rows_total(), Some(2));
    assert_eq!(told(Ok(table)), expected);
    assert_eq!(
        told(Table::from_reader(
            "pipe",
            std::io::Cursor::new(bytes.clone()),
            None
        )),
        expected
    );
    bytes.truncate(bytes.len() - 9);
    assert_eq!(
        told(Table::from_reader("cut", std::io::Cursor::new(bytes), None)),
        "cut is not a table that can be read: its Parquet footer is missing or damaged \
         (was it cut off?)"
    );
}
