-- Asynchronous jobs (UWS 1.1). Times are UTC.
CREATE TABLE {obstap.jobs} (
    job_id text COLLATE "C" NOT NULL PRIMARY KEY,
    phase text COLLATE "C" NOT NULL CHECK (phase IN
        ('PENDING', 'QUEUED', 'EXECUTING', 'COMPLETED', 'ERROR', 'ABORTED')),
    run_id text COLLATE "C",
    owner text COLLATE "C",
    -- Whom the job counts for in the queue: its owner, or where it came from.
    asker text COLLATE "C" NOT NULL,
    -- NAME=value, joined by &, as in a query string.
    parameters text COLLATE "C" NOT NULL,
    created timestamp NOT NULL,
    queued timestamp,
    started timestamp,
    ended timestamp,
    destruction timestamp NOT NULL,
    -- Seconds it may run; 0 means without end.
    seconds bigint NOT NULL,
    -- Raised whenever the job is taken up; a part of the name of its result.
    attempt bigint NOT NULL,
    -- How often whoever ran it was lost.
    lost bigint NOT NULL,
    -- It is known to run longer than a short job.
    long boolean NOT NULL,
    -- Which instance runs it, and until when that is believed.
    runner text COLLATE "C",
    lease timestamp,
    error text COLLATE "C",
    transient boolean NOT NULL,
    -- Of the result; rows are counted while it runs.
    media_type text COLLATE "C",
    bytes bigint,
    row_count bigint,
    -- When the phase last changed.
    changed timestamp NOT NULL
);
CREATE INDEX jobs_phase ON {obstap.jobs} (phase, asker);
CREATE INDEX jobs_created ON {obstap.jobs} (created);
CREATE INDEX jobs_destruction ON {obstap.jobs} (destruction);
CREATE INDEX jobs_changed ON {obstap.jobs} (changed);
