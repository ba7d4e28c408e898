//! TAP_SCHEMA described by itself (TAP 1.1 section 4).

use adql::{Column, Type};

use super::{Key, Published, PublishedColumn, Schema};

pub(super) const SCHEMA: &str = "tap_schema";

/// The five tables of TAP_SCHEMA.
pub fn own() -> Vec<Published> {
    let schema = Schema {
        name: SCHEMA.into(),
        description: "The tables of this service and their columns, as tables".into(),
        utype: None,
        index: 100,
    };
    let tables = [
        ("schemas", "Schemas, which group the tables", SCHEMAS),
        ("tables", "Tables that can be queried", TABLES),
        ("columns", "Columns of the tables", COLUMNS),
        ("keys", "Pairs of tables that can be joined", KEYS),
        (
            "key_columns",
            "Columns by which they are joined",
            KEY_COLUMNS,
        ),
    ];
    let mut published = Vec::new();
    for (index, (name, description, columns)) in (100..).zip(tables) {
        published.push(Published {
            schema: schema.clone(),
            name: name.into(),
            description: description.into(),
            utype: None,
            index,
            columns: columns.iter().map(column).collect(),
            regions: Vec::new(),
            positions: Vec::new(),
        });
    }
    published
}

/// How the tables of TAP_SCHEMA are joined (TAP 1.1 section 4.4).
pub fn keys() -> Vec<Key> {
    let joins = [
        (
            "tables",
            "schema_name",
            "schemas",
            "schema_name",
            "The schema of a table",
        ),
        (
            "columns",
            "table_name",
            "tables",
            "table_name",
            "The table of a column",
        ),
        (
            "keys",
            "from_table",
            "tables",
            "table_name",
            "The table a key leads from",
        ),
        (
            "keys",
            "target_table",
            "tables",
            "table_name",
            "The table a key leads to",
        ),
        (
            "key_columns",
            "key_id",
            "keys",
            "key_id",
            "The key of a pair of columns",
        ),
    ];
    let key =
        |(table, column, target, target_column, description): (&str, &str, &str, &str, &str)| Key {
            id: format!("{SCHEMA}.{table}.{column}"),
            from: format!("{SCHEMA}.{table}"),
            target: format!("{SCHEMA}.{target}"),
            description: description.into(),
            columns: vec![(column.into(), target_column.into())],
        };
    joins.into_iter().map(key).collect()
}

type Line = (&'static str, Type, bool, &'static str);

fn column(&(name, kind, principal, description): &Line) -> PublishedColumn {
    PublishedColumn {
        column: Column {
            description: Some(description.into()),
            ..Column::new(name, kind)
        },
        principal,
        // A handful of rows: a search needs no index.
        indexed: false,
        std: true,
    }
}

use Type::{Integer, Text};

const SCHEMAS: &[Line] = &[
    ("schema_name", Text, true, "Name of the schema"),
    ("utype", Text, false, "Data model the schema follows"),
    ("description", Text, true, "What is in the schema"),
    (
        "schema_index",
        Integer,
        false,
        "Place of the schema in a listing",
    ),
];

const TABLES: &[Line] = &[
    ("schema_name", Text, true, "Schema the table belongs to"),
    (
        "table_name",
        Text,
        true,
        "Name of the table as queries write it",
    ),
    ("table_type", Text, false, "table or view"),
    ("utype", Text, false, "Data model the table follows"),
    ("description", Text, true, "What is in the table"),
    (
        "table_index",
        Integer,
        false,
        "Place of the table in a listing",
    ),
];

const COLUMNS: &[Line] = &[
    ("table_name", Text, true, "Table the column belongs to"),
    (
        "column_name",
        Text,
        true,
        "Name of the column as queries write it",
    ),
    ("datatype", Text, true, "VOTable type of the values"),
    (
        "arraysize",
        Text,
        false,
        "VOTable shape of the values; none for single numbers",
    ),
    (
        "xtype",
        Text,
        false,
        "What the values are, beyond their type",
    ),
    (
        "size",
        Integer,
        false,
        "arraysize as a number, as TAP 1.0 had it",
    ),
    ("description", Text, true, "What the values mean"),
    (
        "utype",
        Text,
        false,
        "Element of a data model the values are",
    ),
    ("unit", Text, true, "Unit of the values"),
    (
        "ucd",
        Text,
        true,
        "Unified Content Descriptor of the values",
    ),
    (
        "indexed",
        Integer,
        false,
        "1 if searches on the column are helped by an index, else 0",
    ),
    (
        "principal",
        Integer,
        false,
        "1 if the column is of first interest, else 0",
    ),
    (
        "std",
        Integer,
        false,
        "1 if a standard defines the column, else 0",
    ),
    (
        "column_index",
        Integer,
        false,
        "Place of the column in its table",
    ),
];

const KEYS: &[Line] = &[
    (
        "key_id",
        Text,
        true,
        "Name of the key, only for joining key_columns",
    ),
    ("from_table", Text, true, "Table the key leads from"),
    ("target_table", Text, true, "Table the key leads to"),
    ("description", Text, true, "What the key means"),
    ("utype", Text, false, "Data model the key follows"),
];

const KEY_COLUMNS: &[Line] = &[
    ("key_id", Text, true, "Key the pair of columns belongs to"),
    (
        "from_column",
        Text,
        true,
        "Column of the table the key leads from",
    ),
    (
        "target_column",
        Text,
        true,
        "Column of the table the key leads to",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_from_columns_to_columns_that_exist() {
        let tables = own();
        let has = |table: &str, column: &str| {
            tables.iter().any(|t| {
                t.full_name() == table && t.columns.iter().any(|c| c.column.name == column)
            })
        };
        for key in keys() {
            for (from, target) in &key.columns {
                assert!(has(&key.from, from), "{}.{from}", key.from);
                assert!(has(&key.target, target), "{}.{target}", key.target);
            }
        }
    }
}
