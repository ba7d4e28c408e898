-- What an ObsCore table is: 'live' tables follow registries and settings, those
-- of a 'release' stay as they were made. Only 'published' ones are in TAP_SCHEMA.
ALTER TABLE {obstap.obscore_tables}
    ADD COLUMN kind TEXT NOT NULL DEFAULT 'live' CHECK (kind IN ('live', 'release'));
ALTER TABLE {obstap.obscore_tables}
    ADD COLUMN state TEXT NOT NULL DEFAULT 'published' CHECK (state IN ('published', 'ready'));
-- Of a release: the table it was made from, and the collections.
ALTER TABLE {obstap.obscore_tables} ADD COLUMN origin TEXT;
-- Of a release: its extra columns, as JSON.
ALTER TABLE {obstap.obscore_tables} ADD COLUMN extra TEXT;
-- Microseconds since 2000, UTC.
ALTER TABLE {obstap.obscore_tables} ADD COLUMN made INTEGER;

-- Numbers of changes in the order of commits: `base` is the last. `identity`
-- tells the database from a copy of it, which may take another way: then there
-- is a new epoch.
CREATE TABLE {obstap.manager} (
    epoch TEXT NOT NULL,
    identity TEXT NOT NULL,
    base INTEGER NOT NULL
) STRICT;

-- When the change of a number was made (microseconds since 2000, UTC).
CREATE TABLE {obstap.commits} (
    change INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX "obstap.commits_at" ON {obstap.commits} (at);

-- The registries that ObsCore tables follow.
CREATE TABLE {obstap.repositories} (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL UNIQUE,
    -- own: in this database; butler: a Data Butler repository, at `place`.
    kind TEXT NOT NULL CHECK (kind IN ('own', 'butler')),
    place TEXT NOT NULL,
    public_url TEXT,
    -- Which process follows it, and until when it is believed to (microseconds
    -- since 2000, UTC).
    holder TEXT,
    held_until INTEGER
) STRICT;

-- Which registry feeds which ObsCore table, and how.
CREATE TABLE {obstap.mappings} (
    repository INTEGER NOT NULL REFERENCES {obstap.repositories} (number) ON DELETE CASCADE,
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    -- The configuration, as it was given, and where it was taken from.
    document TEXT NOT NULL,
    origin TEXT NOT NULL,
    -- The extra columns that it brings, as JSON.
    columns TEXT NOT NULL,
    -- How often it was given, so that whoever uses another notices.
    version INTEGER NOT NULL,
    -- new: no row is there yet; building: some are, those before the place;
    -- live: all are, and changes since `mark` are to be looked at.
    state TEXT NOT NULL CHECK (state IN ('new', 'building', 'live')),
    place_type TEXT,
    place_id TEXT,
    mark TEXT,
    -- The same of what the registry does not tell by itself; and from which change
    -- on rows have been written since.
    sweep_mark TEXT,
    sweep_change INTEGER,
    -- When the registry was last looked at, when everything was last compared,
    -- when a change was last found (microseconds since 2000, UTC); how many rows
    -- there were when all were compared.
    looked INTEGER,
    swept INTEGER,
    changed INTEGER,
    row_count INTEGER,
    PRIMARY KEY (repository, schema_name, table_name)
) STRICT;

-- Rows that are there no more, so that whoever keeps a copy hears of it.
CREATE TABLE {obstap.tombstones} (
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    obs_publisher_did TEXT NOT NULL,
    reg_source INTEGER,
    reg_id BLOB,
    change INTEGER NOT NULL
) STRICT;
CREATE INDEX "obstap.tombstones_change" ON {obstap.tombstones} (schema_name, table_name, change);

-- Datasets that the configuration cannot describe, and why.
CREATE TABLE {obstap.rejected} (
    repository INTEGER NOT NULL REFERENCES {obstap.repositories} (number) ON DELETE CASCADE,
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    reg_id BLOB NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (repository, schema_name, table_name, reg_id)
) STRICT;
