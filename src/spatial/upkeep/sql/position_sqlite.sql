-- Marks positions that another program has written, one that need not know our
-- functions: the cell @waiting_cell@ is none of the sky.
CREATE TRIGGER IF NOT EXISTS @insert@ AFTER INSERT ON @table@
WHEN (NEW.@cell@ IS NOT NULL) IS NOT (@new_valid@)
BEGIN
  UPDATE @table@ SET @cell@ = CASE WHEN @new_valid@ THEN @waiting_cell@ END
  WHERE rowid = NEW.rowid;
END;

CREATE TRIGGER IF NOT EXISTS @update@ AFTER UPDATE ON @table@
WHEN (NEW.@cell@ IS NOT NULL) IS NOT (@new_valid@)
  OR (NEW.@lon@ IS NOT OLD.@lon@ OR NEW.@lat@ IS NOT OLD.@lat@) AND NEW.@cell@ IS OLD.@cell@
BEGIN
  UPDATE @table@ SET @cell@ = CASE WHEN @new_valid@ THEN @waiting_cell@ END
  WHERE rowid = NEW.rowid;
END;
