-- TAP_SCHEMA as TAP 1.1 section 4 lists it. Foreign keys are deferred, so
-- that a publication may be written in any order.
CREATE TABLE {tap_schema.schemas} (
    schema_name TEXT NOT NULL PRIMARY KEY,
    utype TEXT,
    description TEXT,
    schema_index INTEGER
) STRICT;

CREATE TABLE {tap_schema.tables} (
    schema_name TEXT NOT NULL
        REFERENCES {tap_schema.schemas} (schema_name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    table_name TEXT NOT NULL PRIMARY KEY,
    table_type TEXT NOT NULL,
    utype TEXT,
    description TEXT,
    table_index INTEGER
) STRICT;

CREATE TABLE {tap_schema.columns} (
    table_name TEXT NOT NULL
        REFERENCES {tap_schema.tables} (table_name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    column_name TEXT NOT NULL,
    datatype TEXT NOT NULL,
    arraysize TEXT,
    xtype TEXT,
    "size" INTEGER,
    description TEXT,
    utype TEXT,
    unit TEXT,
    ucd TEXT,
    indexed INTEGER NOT NULL,
    principal INTEGER NOT NULL,
    std INTEGER NOT NULL,
    column_index INTEGER,
    PRIMARY KEY (table_name, column_name)
) STRICT;

CREATE TABLE {tap_schema.keys} (
    key_id TEXT NOT NULL PRIMARY KEY,
    from_table TEXT NOT NULL
        REFERENCES {tap_schema.tables} (table_name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    target_table TEXT NOT NULL
        REFERENCES {tap_schema.tables} (table_name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    description TEXT,
    utype TEXT
) STRICT;

CREATE TABLE {tap_schema.key_columns} (
    key_id TEXT NOT NULL
        REFERENCES {tap_schema.keys} (key_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    from_column TEXT NOT NULL,
    target_column TEXT NOT NULL,
    PRIMARY KEY (key_id, from_column)
) STRICT;

-- ObsCore-shaped tables, made from declared columns: what they were made of.
CREATE TABLE {obstap.obscore_tables} (
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    column_hash TEXT NOT NULL,
    index_version INTEGER NOT NULL,
    columns TEXT NOT NULL,
    PRIMARY KEY (schema_name, table_name)
) STRICT;

-- Which columns carry an index on the sky. A region: column1 holds its text,
-- index_column is the prefix of the columns beside it. A position: column1
-- and column2 are longitude and latitude, index_column holds the cell.
CREATE TABLE {obstap.spatial_indexes} (
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('region', 'position')),
    column1 TEXT NOT NULL,
    column2 TEXT,
    index_column TEXT NOT NULL,
    PRIMARY KEY (schema_name, table_name, index_column)
) STRICT;
