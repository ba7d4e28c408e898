-- Asynchronous jobs (UWS 1.1). Times are UTC.
CREATE TABLE {obstap.jobs} (
    job_id TEXT NOT NULL PRIMARY KEY,
    phase TEXT NOT NULL CHECK (phase IN
        ('PENDING', 'QUEUED', 'EXECUTING', 'COMPLETED', 'ERROR', 'ABORTED')),
    run_id TEXT,
    owner TEXT,
    -- Whom the job counts for in the queue: its owner, or where it came from.
    asker TEXT NOT NULL,
    -- NAME=value, joined by &, as in a query string.
    parameters TEXT NOT NULL,
    created TEXT NOT NULL,
    queued TEXT,
    started TEXT,
    ended TEXT,
    destruction TEXT NOT NULL,
    -- Seconds it may run; 0 means without end.
    seconds INTEGER NOT NULL,
    -- Raised whenever the job is taken up; a part of the name of its result.
    attempt INTEGER NOT NULL,
    -- How often whoever ran it was lost.
    lost INTEGER NOT NULL,
    -- It is known to run longer than a short job.
    long INTEGER NOT NULL,
    -- Which instance runs it, and until when that is believed.
    runner TEXT,
    lease TEXT,
    error TEXT,
    transient INTEGER NOT NULL,
    -- Of the result; rows are counted while it runs.
    media_type TEXT,
    bytes INTEGER,
    row_count INTEGER,
    -- When the phase last changed.
    changed TEXT NOT NULL
) STRICT;
CREATE INDEX "obstap.jobs_phase" ON {obstap.jobs} (phase, asker);
CREATE INDEX "obstap.jobs_created" ON {obstap.jobs} (created);
CREATE INDEX "obstap.jobs_destruction" ON {obstap.jobs} (destruction);
CREATE INDEX "obstap.jobs_changed" ON {obstap.jobs} (changed);
