-- The registry of datasets. Names are those of Rubin's Data Butler where it
-- has the same. Regions are ICRS, as text; times are nanoseconds since
-- 1970-01-01T00:00:00 TAI, an end is the first instant after.
-- One row, once the registry has been made.
CREATE TABLE {registry.state} (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    label TEXT NOT NULL,
    created TEXT NOT NULL,
    -- Raised whenever what was known of a record may be true no more.
    generation INTEGER NOT NULL,
    -- Where transactions have no numbers of their own: that of the last.
    change INTEGER NOT NULL
) STRICT;
-- Whose collections begin with what; u/NAME/ is NAME's without a row.
CREATE TABLE {registry.namespace} (
    prefix TEXT NOT NULL CHECK (prefix <> ''),
    owner TEXT NOT NULL CHECK (owner <> ''),
    PRIMARY KEY (prefix, owner)
) STRICT;
CREATE TABLE {registry.collection} (
    collection_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    kind TEXT NOT NULL CHECK (kind IN ('RUN', 'TAGGED', 'CHAINED')),
    doc TEXT
) STRICT;
CREATE TABLE {registry.chain} (
    parent INTEGER NOT NULL REFERENCES {registry.collection} (collection_id),
    position INTEGER NOT NULL,
    child INTEGER NOT NULL REFERENCES {registry.collection} (collection_id),
    PRIMARY KEY (parent, position)
) STRICT;
CREATE INDEX "registry.chain_child" ON {registry.chain} (child);
CREATE TABLE {registry.dataset_type} (
    type_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    -- The required ones, joined by commas, in the order of the universe.
    dimensions TEXT NOT NULL,
    storage_class TEXT NOT NULL
) STRICT;
CREATE TABLE {registry.instrument} (
    name TEXT NOT NULL CHECK (name <> ''),
    visit_max INTEGER,
    visit_system INTEGER,
    exposure_max INTEGER,
    detector_max INTEGER,
    class_name TEXT,
    PRIMARY KEY (name)
) STRICT;
CREATE TABLE {registry.detector} (
    instrument TEXT NOT NULL CHECK (instrument <> ''),
    id INTEGER NOT NULL,
    full_name TEXT,
    name_in_raft TEXT,
    raft TEXT,
    purpose TEXT,
    PRIMARY KEY (instrument, id),
    UNIQUE (instrument, full_name),
    FOREIGN KEY (instrument) REFERENCES {registry.instrument} (name)
) STRICT;
CREATE TABLE {registry.physical_filter} (
    instrument TEXT NOT NULL CHECK (instrument <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    band TEXT NOT NULL,
    PRIMARY KEY (instrument, name),
    FOREIGN KEY (instrument) REFERENCES {registry.instrument} (name)
) STRICT;
CREATE TABLE {registry.day_obs} (
    instrument TEXT NOT NULL CHECK (instrument <> ''),
    id INTEGER NOT NULL,
    timespan_begin INTEGER,
    timespan_end INTEGER,
    CHECK (timespan_begin < timespan_end),
    PRIMARY KEY (instrument, id),
    FOREIGN KEY (instrument) REFERENCES {registry.instrument} (name)
) STRICT;
CREATE TABLE {registry.exposure} (
    instrument TEXT NOT NULL CHECK (instrument <> ''),
    id INTEGER NOT NULL,
    physical_filter TEXT NOT NULL,
    day_obs INTEGER,
    "group" TEXT,
    obs_id TEXT,
    exposure_time REAL,
    dark_time REAL,
    observation_type TEXT,
    observation_reason TEXT,
    seq_num INTEGER,
    seq_start INTEGER,
    seq_end INTEGER,
    target_name TEXT,
    science_program TEXT,
    tracking_ra REAL,
    tracking_dec REAL,
    sky_angle REAL,
    azimuth REAL,
    zenith_angle REAL,
    has_simulated INTEGER,
    can_see_sky INTEGER,
    region TEXT,
    timespan_begin INTEGER,
    timespan_end INTEGER,
    CHECK (timespan_begin < timespan_end),
    PRIMARY KEY (instrument, id),
    UNIQUE (instrument, obs_id),
    FOREIGN KEY (instrument, physical_filter) REFERENCES {registry.physical_filter} (instrument, name)
) STRICT;
CREATE TABLE {registry.visit} (
    instrument TEXT NOT NULL CHECK (instrument <> ''),
    id INTEGER NOT NULL,
    physical_filter TEXT NOT NULL,
    day_obs INTEGER,
    name TEXT,
    seq_num INTEGER,
    exposure_time REAL,
    target_name TEXT,
    observation_reason TEXT,
    science_program TEXT,
    azimuth REAL,
    zenith_angle REAL,
    region TEXT,
    timespan_begin INTEGER,
    timespan_end INTEGER,
    CHECK (timespan_begin < timespan_end),
    PRIMARY KEY (instrument, id),
    UNIQUE (instrument, name),
    FOREIGN KEY (instrument, physical_filter) REFERENCES {registry.physical_filter} (instrument, name)
) STRICT;
CREATE TABLE {registry.visit_definition} (
    instrument TEXT NOT NULL CHECK (instrument <> ''),
    visit INTEGER NOT NULL,
    exposure INTEGER NOT NULL,
    PRIMARY KEY (instrument, visit, exposure),
    FOREIGN KEY (instrument, visit) REFERENCES {registry.visit} (instrument, id),
    FOREIGN KEY (instrument, exposure) REFERENCES {registry.exposure} (instrument, id)
) STRICT;
CREATE INDEX "registry.visit_definition_exposure" ON {registry.visit_definition} (instrument, exposure);
CREATE TABLE {registry.visit_detector_region} (
    instrument TEXT NOT NULL CHECK (instrument <> ''),
    visit INTEGER NOT NULL,
    detector INTEGER NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (instrument, visit, detector),
    FOREIGN KEY (instrument, visit) REFERENCES {registry.visit} (instrument, id),
    FOREIGN KEY (instrument, detector) REFERENCES {registry.detector} (instrument, id)
) STRICT;
CREATE TABLE {registry.exposure_detector_region} (
    instrument TEXT NOT NULL CHECK (instrument <> ''),
    exposure INTEGER NOT NULL,
    detector INTEGER NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (instrument, exposure, detector),
    FOREIGN KEY (instrument, exposure) REFERENCES {registry.exposure} (instrument, id),
    FOREIGN KEY (instrument, detector) REFERENCES {registry.detector} (instrument, id)
) STRICT;
CREATE TABLE {registry.skymap} (
    name TEXT NOT NULL CHECK (name <> ''),
    hash TEXT,
    tract_max INTEGER,
    patch_nx_max INTEGER,
    patch_ny_max INTEGER,
    PRIMARY KEY (name)
) STRICT;
CREATE TABLE {registry.tract} (
    skymap TEXT NOT NULL CHECK (skymap <> ''),
    id INTEGER NOT NULL,
    region TEXT,
    PRIMARY KEY (skymap, id),
    FOREIGN KEY (skymap) REFERENCES {registry.skymap} (name)
) STRICT;
CREATE TABLE {registry.patch} (
    skymap TEXT NOT NULL CHECK (skymap <> ''),
    tract INTEGER NOT NULL,
    id INTEGER NOT NULL,
    cell_x INTEGER,
    cell_y INTEGER,
    region TEXT,
    PRIMARY KEY (skymap, tract, id),
    FOREIGN KEY (skymap, tract) REFERENCES {registry.tract} (skymap, id)
) STRICT;
CREATE TABLE {registry.dataset} (
    id BLOB NOT NULL PRIMARY KEY,
    type_id INTEGER NOT NULL REFERENCES {registry.dataset_type} (type_id),
    run_id INTEGER NOT NULL REFERENCES {registry.collection} (collection_id),
    -- The values of the required dimensions, joined by commas.
    data_id TEXT NOT NULL,
    -- The transaction that wrote last: journals are read in its order.
    change INTEGER NOT NULL,
    -- The required dimensions, each where it is one.
    instrument TEXT,
    skymap TEXT,
    band TEXT,
    physical_filter TEXT,
    day_obs INTEGER,
    detector INTEGER,
    exposure INTEGER,
    visit INTEGER,
    tract INTEGER,
    patch INTEGER,
    UNIQUE (type_id, run_id, data_id),
    FOREIGN KEY (instrument, exposure) REFERENCES {registry.exposure} (instrument, id),
    FOREIGN KEY (instrument, visit) REFERENCES {registry.visit} (instrument, id),
    FOREIGN KEY (skymap, tract, patch) REFERENCES {registry.patch} (skymap, tract, id)
) STRICT;
CREATE INDEX "registry.dataset_page" ON {registry.dataset} (type_id, id);
CREATE INDEX "registry.dataset_change" ON {registry.dataset} (change, id);
CREATE INDEX "registry.dataset_exposure" ON {registry.dataset} (instrument, exposure, detector)
    WHERE exposure IS NOT NULL;
CREATE INDEX "registry.dataset_visit" ON {registry.dataset} (instrument, visit, detector)
    WHERE visit IS NOT NULL;
CREATE INDEX "registry.dataset_patch" ON {registry.dataset} (skymap, tract, patch)
    WHERE tract IS NOT NULL;
CREATE TABLE {registry.file} (
    dataset_id BLOB NOT NULL REFERENCES {registry.dataset} (id),
    place INTEGER NOT NULL,
    uri TEXT NOT NULL CHECK (uri <> ''),
    component TEXT,
    -- In bytes.
    size INTEGER CHECK (size >= 0),
    media_type TEXT,
    -- algorithm:hexadecimal digits
    checksum TEXT,
    PRIMARY KEY (dataset_id, place)
) STRICT;
CREATE TABLE {registry.tag} (
    collection_id INTEGER NOT NULL REFERENCES {registry.collection} (collection_id),
    type_id INTEGER NOT NULL,
    data_id TEXT NOT NULL,
    dataset_id BLOB NOT NULL REFERENCES {registry.dataset} (id),
    PRIMARY KEY (collection_id, type_id, data_id)
) STRICT;
CREATE INDEX "registry.tag_dataset" ON {registry.tag} (dataset_id, collection_id);
-- Datasets that are there no more.
CREATE TABLE {registry.removed} (
    change INTEGER NOT NULL,
    id BLOB NOT NULL,
    PRIMARY KEY (change, id)
) STRICT;
