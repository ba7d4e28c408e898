-- How often TAP_SCHEMA has been written: services that run notice by it that
-- they must read it again.
CREATE TABLE {obstap.published} (
    version bigint NOT NULL
);
INSERT INTO {obstap.published} (version) VALUES (1);
