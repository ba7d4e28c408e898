-- What a job is expected to take, guessed from the plan of its query, in
-- seconds as the plan alone has it; the form of the query, which other jobs may
-- share; what is expected with the experience of other jobs; rows of the answer.
ALTER TABLE {obstap.jobs} ADD COLUMN plan_seconds REAL;
ALTER TABLE {obstap.jobs} ADD COLUMN form INTEGER;
ALTER TABLE {obstap.jobs} ADD COLUMN expected_seconds REAL;
ALTER TABLE {obstap.jobs} ADD COLUMN expected_rows INTEGER;
-- Its place in the queue: the microsecond of its coming (since 2000), moved back
-- by what it is expected to take.
ALTER TABLE {obstap.jobs} ADD COLUMN rank INTEGER;
-- A name for the result as a file.
ALTER TABLE {obstap.jobs} ADD COLUMN file_name TEXT;
CREATE INDEX "obstap.jobs_asker" ON {obstap.jobs} (asker);
-- The services that work on these jobs, how many each may run at a time, and
-- until when it is believed to be there.
CREATE TABLE {obstap.instances} (
    runner TEXT NOT NULL PRIMARY KEY,
    places INTEGER NOT NULL,
    lease TEXT NOT NULL
) STRICT;
