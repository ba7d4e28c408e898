-- TAP_SCHEMA as TAP 1.1 section 4 lists it. Foreign keys are deferred, so
-- that a publication may be written in any order.
CREATE TABLE {tap_schema.schemas} (
    schema_name text COLLATE "C" NOT NULL PRIMARY KEY,
    utype text COLLATE "C",
    description text COLLATE "C",
    schema_index integer
);

CREATE TABLE {tap_schema.tables} (
    schema_name text COLLATE "C" NOT NULL
        REFERENCES {tap_schema.schemas} (schema_name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    table_name text COLLATE "C" NOT NULL PRIMARY KEY,
    table_type text COLLATE "C" NOT NULL,
    utype text COLLATE "C",
    description text COLLATE "C",
    table_index integer
);

CREATE TABLE {tap_schema.columns} (
    table_name text COLLATE "C" NOT NULL
        REFERENCES {tap_schema.tables} (table_name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    column_name text COLLATE "C" NOT NULL,
    datatype text COLLATE "C" NOT NULL,
    arraysize text COLLATE "C",
    xtype text COLLATE "C",
    "size" integer,
    description text COLLATE "C",
    utype text COLLATE "C",
    unit text COLLATE "C",
    ucd text COLLATE "C",
    indexed integer NOT NULL,
    principal integer NOT NULL,
    std integer NOT NULL,
    column_index integer,
    PRIMARY KEY (table_name, column_name)
);

CREATE TABLE {tap_schema.keys} (
    key_id text COLLATE "C" NOT NULL PRIMARY KEY,
    from_table text COLLATE "C" NOT NULL
        REFERENCES {tap_schema.tables} (table_name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    target_table text COLLATE "C" NOT NULL
        REFERENCES {tap_schema.tables} (table_name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    description text COLLATE "C",
    utype text COLLATE "C"
);

CREATE TABLE {tap_schema.key_columns} (
    key_id text COLLATE "C" NOT NULL
        REFERENCES {tap_schema.keys} (key_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    from_column text COLLATE "C" NOT NULL,
    target_column text COLLATE "C" NOT NULL,
    PRIMARY KEY (key_id, from_column)
);

-- ObsCore-shaped tables, made from declared columns: what they were made of.
CREATE TABLE {obstap.obscore_tables} (
    schema_name text COLLATE "C" NOT NULL,
    table_name text COLLATE "C" NOT NULL,
    column_hash text COLLATE "C" NOT NULL,
    index_version integer NOT NULL,
    columns text COLLATE "C" NOT NULL,
    PRIMARY KEY (schema_name, table_name)
);

-- Which columns carry an index on the sky. A region: column1 holds its text,
-- index_column is the prefix of the columns beside it. A position: column1
-- and column2 are longitude and latitude, index_column holds the cell.
CREATE TABLE {obstap.spatial_indexes} (
    schema_name text COLLATE "C" NOT NULL,
    table_name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('region', 'position')),
    column1 text COLLATE "C" NOT NULL,
    column2 text COLLATE "C",
    index_column text COLLATE "C" NOT NULL,
    PRIMARY KEY (schema_name, table_name, index_column)
);
