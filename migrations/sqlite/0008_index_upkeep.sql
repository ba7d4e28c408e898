-- How each index on the sky is kept: 'load' (by whatever writes the rows, and
-- by triggers), 'triggers' (made beside a table of others) or 'trust' (nobody
-- says when rows change). With key_columns, one to a line, the cells are in a
-- side table joined by them. 'building' indexes are not used by queries, nor are
-- those of another version.
ALTER TABLE {obstap.spatial_indexes} ADD COLUMN index_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE {obstap.spatial_indexes} ADD COLUMN state TEXT NOT NULL DEFAULT 'ready';
ALTER TABLE {obstap.spatial_indexes} ADD COLUMN upkeep TEXT NOT NULL DEFAULT 'load';
ALTER TABLE {obstap.spatial_indexes} ADD COLUMN key_columns TEXT;

-- Cells on their way to the rows they belong to, empty outside of a
-- transaction. A place is the address of a row (rowid).
CREATE TABLE {obstap.index_cells} (
    place TEXT NOT NULL,
    fp_key INTEGER,
    fp_x REAL,
    fp_y REAL,
    fp_z REAL,
    fp_crad REAL,
    fp_crin REAL,
    fp_v BLOB,
    pt_hpx INTEGER
) STRICT;
