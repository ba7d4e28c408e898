-- How often TAP_SCHEMA has been written: services that run notice by it that
-- they must read it again.
CREATE TABLE {obstap.published} (
    version INTEGER NOT NULL
) STRICT;
INSERT INTO {obstap.published} (version) VALUES (1);
