-- How each index on the sky is kept: 'load' (by whatever writes the rows, and
-- by triggers), 'triggers' (made beside a table of others) or 'trust' (nobody
-- says when rows change). With key_columns, one to a line, the cells are in a
-- side table joined by them. 'building' indexes are not used by queries, nor are
-- those of another version.
ALTER TABLE {obstap.spatial_indexes}
    ADD COLUMN index_version integer NOT NULL DEFAULT 1,
    ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'ready',
    ADD COLUMN upkeep text COLLATE "C" NOT NULL DEFAULT 'load',
    ADD COLUMN key_columns text COLLATE "C";

-- Cells on their way to the rows they belong to, empty outside of a
-- transaction. A place is the address of a row (ctid).
CREATE UNLOGGED TABLE {obstap.index_cells} (
    place text COLLATE "C" NOT NULL,
    fp_key bigint,
    fp_x double precision,
    fp_y double precision,
    fp_z double precision,
    fp_crad double precision,
    fp_crin double precision,
    fp_v double precision[],
    pt_hpx bigint
);
