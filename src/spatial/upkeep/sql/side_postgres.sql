-- Keeps a side table beside a table that may not be altered: each row of the
-- one is marked in the other, by its key, when it has been written.
CREATE OR REPLACE FUNCTION @function@() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM @cells@;
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM @cells@ AS t WHERE @old_key@;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO @cells@ AS t (@key@, @columns@) VALUES (@new_key@, @marks@)
    ON CONFLICT (@key@) DO UPDATE SET @again@;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER @insert@ AFTER INSERT OR DELETE ON @base@ FOR EACH ROW
EXECUTE FUNCTION @function@();

CREATE OR REPLACE TRIGGER @update@ AFTER UPDATE ON @base@ FOR EACH ROW
WHEN (@changed@)
EXECUTE FUNCTION @function@();

CREATE OR REPLACE TRIGGER @truncate@ AFTER TRUNCATE ON @base@ FOR EACH STATEMENT
EXECUTE FUNCTION @function@();
