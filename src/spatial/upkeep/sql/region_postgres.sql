-- Marks rows whose region another program has written: @waiting@ is a key that
-- every query looks at, and no test can pass without the shape, whose NaN no
-- function takes. The name of a trigger tells its turn: after those of others,
-- which may still change the region.
CREATE OR REPLACE FUNCTION @function@() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.@region@ IS NULL THEN
    NEW.@key@ := NULL;
    NEW.@x@ := NULL;
    NEW.@y@ := NULL;
    NEW.@z@ := NULL;
    NEW.@crad@ := NULL;
    NEW.@crin@ := NULL;
    NEW.@v@ := NULL;
  ELSE
    NEW.@key@ := @waiting@;
    NEW.@x@ := @far@;
    NEW.@y@ := 0;
    NEW.@z@ := 0;
    NEW.@crad@ := @wide@;
    NEW.@crin@ := 0;
    NEW.@v@ := ARRAY['NaN'::double precision];
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER @insert@ BEFORE INSERT ON @table@ FOR EACH ROW
WHEN ((NEW.@region@ IS NULL) <> (NEW.@key@ IS NULL))
EXECUTE FUNCTION @function@();

CREATE OR REPLACE TRIGGER @update@ BEFORE UPDATE ON @table@ FOR EACH ROW
WHEN ((NEW.@region@ IS NULL) <> (NEW.@key@ IS NULL)
  OR NEW.@region@ IS DISTINCT FROM OLD.@region@
    AND NEW.@key@ IS NOT DISTINCT FROM OLD.@key@
    AND NEW.@v@ IS NOT DISTINCT FROM OLD.@v@)
EXECUTE FUNCTION @function@();
