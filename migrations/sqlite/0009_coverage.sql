-- What whole tables cover. `stored` is schema and table, joined by a dot.
CREATE TABLE {obstap.coverage} (
    -- Never given twice: a reading must not take another for its own.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stored TEXT NOT NULL,
    -- whole: of the table as it was; added: of rows that came later; reading:
    -- somebody is reading the table, and until then nothing is known.
    kind TEXT NOT NULL CHECK (kind IN ('whole', 'added', 'reading')),
    -- Microseconds since 2000, UTC.
    made INTEGER NOT NULL,
    space BLOB NOT NULL,
    "time" BLOB NOT NULL,
    "both" BLOB NOT NULL,
    light BLOB NOT NULL
) STRICT;
CREATE INDEX "obstap.coverage_stored" ON {obstap.coverage} (stored);

-- Tables that were changed otherwise than by adding rows whose coverage is known.
CREATE TABLE {obstap.coverage_changes} (
    stored TEXT NOT NULL
) STRICT;
CREATE INDEX "obstap.coverage_changes_stored" ON {obstap.coverage_changes} (stored);

-- Tables that a transaction writes to and keeps the coverage of itself; a row
-- is only there while the transaction runs, so that it alone can see it.
CREATE TABLE {obstap.coverage_writers} (
    stored TEXT NOT NULL
) STRICT;

-- The tables whose changes are noted: all three triggers must be there.
CREATE VIEW {obstap.coverage_watched} AS
SELECT tbl_name AS stored
FROM sqlite_schema
WHERE type = 'trigger' AND name IN (
    'obstap_coverage_insert ' || tbl_name,
    'obstap_coverage_update ' || tbl_name,
    'obstap_coverage_delete ' || tbl_name)
GROUP BY tbl_name HAVING count(*) = 3;
