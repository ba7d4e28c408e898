-- Fills the cell of a position that another program has written.
CREATE OR REPLACE FUNCTION @function@() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF @new_valid@ THEN
    NEW.@cell@ := {obstap}.sky_cell_1(NEW.@lon@, NEW.@lat@);
  ELSE
    NEW.@cell@ := NULL;
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER @insert@ BEFORE INSERT ON @table@ FOR EACH ROW
WHEN ((NEW.@cell@ IS NOT NULL) IS DISTINCT FROM (@new_valid@))
EXECUTE FUNCTION @function@();

CREATE OR REPLACE TRIGGER @update@ BEFORE UPDATE ON @table@ FOR EACH ROW
WHEN ((NEW.@cell@ IS NOT NULL) IS DISTINCT FROM (@new_valid@)
  OR (NEW.@lon@ IS DISTINCT FROM OLD.@lon@ OR NEW.@lat@ IS DISTINCT FROM OLD.@lat@)
    AND NEW.@cell@ IS NOT DISTINCT FROM OLD.@cell@)
EXECUTE FUNCTION @function@();
