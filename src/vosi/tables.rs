//! The tables (VOSI 1.1 section 3.4 in the words of VODataService 1.1 section
//! 3.3), written for clients and read for `obstap adql check --catalog`.

use std::io;

use adql::catalog::Table;
use adql::{Catalog, Column, Type};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, BytesText, Event};

use super::{XSI, Xml, document, element, maybe, printable};
use crate::tap_schema::{Distributions, Statistics};
use crate::{dali, tap_schema};

const NAMESPACES: [(&str, &str); 3] = [
    ("xmlns:vosi", "http://www.ivoa.net/xml/VOSITables/v1.0"),
    ("xmlns:vs", "http://www.ivoa.net/xml/VODataService/v1.1"),
    XSI,
];

/// How much is said of each table (VOSI 1.1 section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Tables without their columns.
    Min,
    Max,
}

/// The whole table set. `known`: what to tell of the values, which VODataService
/// 1.3 will have a place for and 1.2 has not.
pub fn write(catalog: &Catalog, detail: Detail, known: Option<&Distributions>) -> Vec<u8> {
    let mut schemas: Vec<&str> = Vec::new();
    for table in catalog.tables() {
        if !schemas.contains(&table.schema.as_str()) {
            schemas.push(&table.schema);
        }
    }
    document(|xml| {
        xml.create_element("vosi:tableset")
            .with_attributes(NAMESPACES)
            .write_inner_content(|xml| {
                for schema in schemas {
                    xml.create_element("schema").write_inner_content(|xml| {
                        element(xml, "name", schema)?;
                        for of_schema in catalog.tables().iter().filter(|t| t.schema == schema) {
                            xml.create_element("table")
                                .with_attribute(("type", "table"))
                                .write_inner_content(|xml| table(xml, of_schema, detail, known))?;
                        }
                        Ok(())
                    })?;
                }
                Ok(())
            })
            .map(drop)
    })
}

/// One table with its columns; `None` when there is none of that name.
pub fn write_one(catalog: &Catalog, name: &str, known: Option<&Distributions>) -> Option<Vec<u8>> {
    let found = catalog
        .tables()
        .iter()
        .find(|table| table.full_name().eq_ignore_ascii_case(name))?;
    Some(document(|xml| {
        xml.create_element("vosi:table")
            .with_attributes(NAMESPACES)
            .with_attribute(("type", "table"))
            .write_inner_content(|xml| table(xml, found, Detail::Max, known))
            .map(drop)
    }))
}

fn table(
    xml: &mut Xml,
    table: &Table,
    detail: Detail,
    known: Option<&Distributions>,
) -> io::Result<()> {
    element(xml, "name", &table.full_name())?;
    maybe(xml, "description", table.description.as_deref())?;
    maybe(xml, "utype", table.utype.as_deref())?;
    if detail == Detail::Min {
        return Ok(());
    }
    for column in &table.columns {
        xml.create_element("column").write_inner_content(|xml| {
            element(xml, "name", &tap_schema::column_name(&column.name))?;
            maybe(xml, "description", column.description.as_deref())?;
            maybe(xml, "unit", column.unit.as_deref())?;
            maybe(xml, "ucd", column.ucd.as_deref())?;
            maybe(xml, "utype", column.utype.as_deref())?;
            if let Some(known) = known.and_then(|it| it.of(table, &column.name)) {
                statistics(xml, known)?;
            }
            let kind = dali::Datatype::of(column);
            let mut start = xml
                .create_element("dataType")
                .with_attribute(("xsi:type", "vs:VOTableType"));
            if let Some(arraysize) = kind.arraysize {
                start = start.with_attribute(("arraysize", arraysize));
            }
            let xtype = kind.xtype.map(printable);
            if let Some(xtype) = &xtype {
                start = start.with_attribute(("extendedType", xtype.as_str()));
            }
            start.write_text_content(BytesText::new(kind.datatype))?;
            match table.indexed.contains(&column.name) {
                true => element(xml, "flag", "indexed"),
                false => Ok(()),
            }
        })?;
    }
    for key in &table.keys {
        xml.create_element("foreignKey")
            .write_inner_content(|xml| {
                element(xml, "targetTable", &key.target)?;
                for (from, target) in &key.columns {
                    xml.create_element("fkColumn").write_inner_content(|xml| {
                        element(xml, "fromColumn", &tap_schema::column_name(from))?;
                        element(xml, "targetColumn", &tap_schema::column_name(target))
                    })?;
                }
                maybe(xml, "description", key.description.as_deref())
            })?;
    }
    Ok(())
}

/// VODataService 1.3, working draft, `vs:Stats`.
fn statistics(xml: &mut Xml, known: &Statistics) -> io::Result<()> {
    let numbers = [
        ("min", known.min),
        ("percentile03", known.percentile03),
        ("median", known.median),
        ("percentile97", known.percentile97),
        ("max", known.max),
        ("fillFactor", known.fill),
    ];
    if numbers.iter().all(|(_, number)| number.is_none()) {
        return Ok(());
    }
    xml.create_element("stats")
        .write_inner_content(|xml| {
            for (name, number) in numbers {
                let text = number.map(|number| number.to_string());
                maybe(xml, name, text.as_deref())?;
            }
            Ok(())
        })
        .map(drop)
}

/// Reads a table set, as any TAP service gives under `/tables`. Errors are
/// sentences with the place in bytes.
pub fn read(text: &str) -> Result<Vec<Table>, String> {
    let mut reader = Reader::from_str(text);
    let mut tables: Vec<Table> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let (mut schema, mut kind, mut content) = (String::new(), Datatype::default(), String::new());
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("not XML at byte {}: {error}", reader.error_position()))?;
        match event {
            Event::Start(start) => {
                let name = local(&start);
                content.clear();
                match name.as_str() {
                    "table" => tables.push(empty_table(&schema)),
                    "column" => {
                        kind = Datatype::default();
                        if let Some(table) = tables.last_mut() {
                            table.columns.push(Column::new("", Type::Unknown));
                        }
                    }
                    "dataType" => kind = Datatype::of(&start),
                    _ => {}
                }
                path.push(name);
            }
            Event::Text(part) => {
                let part: &str = &part;
                content.push_str(part);
            }
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                match reference.resolve_char_ref() {
                    Ok(Some(character)) => content.push(character),
                    _ => content
                        .push_str(quick_xml::escape::resolve_xml_entity(name).unwrap_or_default()),
                }
            }
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                let parent = path.last().map(String::as_str).unwrap_or_default();
                let said = content.trim().to_owned();
                match (parent, name.as_str()) {
                    ("schema", "name") => schema = said,
                    ("table", _) => {
                        if let Some(table) = tables.last_mut() {
                            table_says(table, &name, said);
                        }
                    }
                    ("column", "flag") if said == "indexed" => {
                        if let Some(table) = tables.last_mut() {
                            let last = table.columns.last();
                            table.indexed.extend(last.map(|column| column.name.clone()));
                        }
                    }
                    ("column", _) => {
                        let column = tables.last_mut().and_then(|table| table.columns.last_mut());
                        if let Some(column) = column {
                            column_says(column, &name, said, &kind);
                        }
                    }
                    _ => {}
                }
                content.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if tables.is_empty() {
        return Err(
            "it names no table; a VOSI table set is wanted, as under /tap/tables".to_owned(),
        );
    }
    Ok(tables)
}

fn table_says(table: &mut Table, name: &str, said: String) {
    match name {
        // Some services give the name with its schema and some without.
        "name" => {
            table.name = match said.split_once('.') {
                Some((schema, name)) => {
                    schema.clone_into(&mut table.schema);
                    name.to_owned()
                }
                None => said,
            };
            table.stored = (table.schema.to_lowercase(), table.name.to_lowercase());
        }
        "description" => table.description = Some(said),
        "utype" => table.utype = Some(said),
        _ => {}
    }
}

fn column_says(column: &mut Column, name: &str, said: String, kind: &Datatype) {
    match name {
        "name" => column.name = said.trim_matches('"').to_owned(),
        "description" => column.description = Some(said),
        "unit" => column.unit = Some(said),
        "ucd" => column.ucd = Some(said),
        "utype" => column.utype = Some(said),
        "dataType" => {
            column.kind = kind.adql(&said);
            column.unicode = said == "unicodeChar";
            column.xtype.clone_from(&kind.xtype);
        }
        _ => {}
    }
}

/// The attributes of a `dataType`.
#[derive(Default)]
struct Datatype {
    arraysize: Option<String>,
    xtype: Option<String>,
}

impl Datatype {
    fn of(start: &BytesStart<'_>) -> Datatype {
        let attribute = |wanted: &str| {
            start
                .attributes()
                .flatten()
                .find(|attribute| attribute.key.local_name().as_ref() == wanted)
                .map(|attribute| attribute.value.into_owned())
        };
        Datatype {
            arraysize: attribute("arraysize"),
            xtype: attribute("extendedType"),
        }
    }

    /// The type in ADQL of a VOTable or TAP type.
    fn adql(&self, name: &str) -> Type {
        let array = self.arraysize.as_deref().is_some_and(|size| size != "1");
        match (self.xtype.as_deref(), name.to_lowercase().as_str()) {
            (Some("timestamp" | "adql:TIMESTAMP"), _) | (_, "timestamp") => Type::Timestamp,
            (Some("point"), _) | (_, "point") => Type::Point,
            (Some("circle"), _) => Type::Circle,
            (Some("polygon"), _) => Type::Polygon,
            (Some("adql:REGION" | "adql:POINT"), _) | (_, "region") => Type::Region,
            (_, "char" | "varchar" | "unicodechar" | "clob") => Type::Text,
            (_, "unsignedbyte" | "binary" | "varbinary" | "blob") if array => Type::Binary,
            (_, _) if array => Type::Unknown,
            (_, "boolean") => Type::Boolean,
            (_, "short" | "smallint" | "unsignedbyte") => Type::SmallInt,
            (_, "int" | "integer") => Type::Integer,
            (_, "long" | "bigint") => Type::BigInt,
            (_, "float" | "real") => Type::Real,
            (_, "double") => Type::Double,
            _ => Type::Unknown,
        }
    }
}

fn empty_table(schema: &str) -> Table {
    Table {
        schema: schema.to_owned(),
        ..Table::default()
    }
}

fn local(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let mut obscore = empty_table("ivoa");
        obscore.name = "ObsCore".to_owned();
        obscore.stored = ("ivoa".to_owned(), "obscore".to_owned());
        obscore.description = Some("Observations & more, at < 5°".to_owned());
        let kinds = [
            Type::Boolean,
            Type::SmallInt,
            Type::Integer,
            Type::BigInt,
            Type::Real,
            Type::Double,
            Type::Text,
            Type::Timestamp,
            Type::Binary,
            Type::Point,
            Type::Circle,
            Type::Polygon,
            Type::Region,
        ];
        for kind in kinds {
            let mut column = Column::new(format!("c_{kind:?}"), kind);
            column.unit = Some("deg".to_owned());
            column.xtype = dali::Datatype::of(&column.clone()).xtype.map(str::to_owned);
            obscore.columns.push(column);
        }
        obscore.indexed = vec!["c_Text".to_owned(), "c_Region".to_owned()];
        Catalog::new([obscore])
    }

    #[test]
    fn what_is_written_is_read() {
        let catalog = catalog();
        let text = String::from_utf8_lossy(&write(&catalog, Detail::Max, None)).into_owned();
        let tables = read(&text).unwrap_or_default();
        let written = &catalog.tables()[0];
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].full_name(), written.full_name());
        assert_eq!(tables[0].description, written.description);
        assert_eq!(tables[0].columns, written.columns);
        assert_eq!(tables[0].indexed, written.indexed);
    }

    #[test]
    fn columns_are_left_out_on_demand() {
        let text = String::from_utf8_lossy(&write(&catalog(), Detail::Min, None)).into_owned();
        assert!(text.contains("<name>ivoa.ObsCore</name>") && !text.contains("<column>"));
        assert!(write_one(&catalog(), "IVOA.obscore", None).is_some());
        assert!(write_one(&catalog(), "ivoa.nothing", None).is_none());
    }

    #[test]
    fn a_file_that_is_no_table_set_is_refused() {
        fn check(text: &str) {
            assert!(read(text).is_err(), "{text}");
        }
        check("");
        check("a,b\n1,2\n");
        check("<a><b></a>");
        check("<tableset></tableset>");
    }
}
