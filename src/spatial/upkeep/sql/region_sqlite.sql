-- Marks rows whose region another program has written, one that need not know
-- our functions: @waiting@ is a key that every query looks at, and no test can
-- pass without the shape NaN, which no function takes.
CREATE TRIGGER IF NOT EXISTS @insert@ AFTER INSERT ON @table@
WHEN (NEW.@region@ IS NULL) <> (NEW.@key@ IS NULL)
BEGIN
  UPDATE @table@ SET
    @key@ = CASE WHEN NEW.@region@ IS NOT NULL THEN @waiting@ END,
    @x@ = CASE WHEN NEW.@region@ IS NOT NULL THEN @far@ END,
    @y@ = CASE WHEN NEW.@region@ IS NOT NULL THEN 0 END,
    @z@ = CASE WHEN NEW.@region@ IS NOT NULL THEN 0 END,
    @crad@ = CASE WHEN NEW.@region@ IS NOT NULL THEN @wide@ END,
    @crin@ = CASE WHEN NEW.@region@ IS NOT NULL THEN 0 END,
    @v@ = CASE WHEN NEW.@region@ IS NOT NULL THEN X'7FF8000000000000' END
  WHERE rowid = NEW.rowid;
END;

CREATE TRIGGER IF NOT EXISTS @update@ AFTER UPDATE ON @table@
WHEN (NEW.@region@ IS NULL) <> (NEW.@key@ IS NULL)
  OR NEW.@region@ IS NOT OLD.@region@ AND NEW.@key@ IS OLD.@key@ AND NEW.@v@ IS OLD.@v@
BEGIN
  UPDATE @table@ SET
    @key@ = CASE WHEN NEW.@region@ IS NOT NULL THEN @waiting@ END,
    @x@ = CASE WHEN NEW.@region@ IS NOT NULL THEN @far@ END,
    @y@ = CASE WHEN NEW.@region@ IS NOT NULL THEN 0 END,
    @z@ = CASE WHEN NEW.@region@ IS NOT NULL THEN 0 END,
    @crad@ = CASE WHEN NEW.@region@ IS NOT NULL THEN @wide@ END,
    @crin@ = CASE WHEN NEW.@region@ IS NOT NULL THEN 0 END,
    @v@ = CASE WHEN NEW.@region@ IS NOT NULL THEN X'7FF8000000000000' END
  WHERE rowid = NEW.rowid;
END;
