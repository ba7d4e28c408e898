-- What a job is expected to take, guessed from the plan of its query, in
-- seconds as the plan alone has it; the form of the query, which other jobs may
-- share; what is expected with the experience of other jobs; rows of the answer.
ALTER TABLE {obstap.jobs} ADD COLUMN plan_seconds double precision;
ALTER TABLE {obstap.jobs} ADD COLUMN form bigint;
ALTER TABLE {obstap.jobs} ADD COLUMN expected_seconds double precision;
ALTER TABLE {obstap.jobs} ADD COLUMN expected_rows bigint;
-- Its place in the queue: the microsecond of its coming (since 2000), moved back
-- by what it is expected to take.
ALTER TABLE {obstap.jobs} ADD COLUMN rank bigint;
-- A name for the result as a file.
ALTER TABLE {obstap.jobs} ADD COLUMN file_name text COLLATE "C";
CREATE INDEX jobs_asker ON {obstap.jobs} (asker);
-- The services that work on these jobs, how many each may run at a time, and
-- until when it is believed to be there.
CREATE TABLE {obstap.instances} (
    runner text COLLATE "C" NOT NULL PRIMARY KEY,
    places bigint NOT NULL,
    lease timestamp NOT NULL
);
