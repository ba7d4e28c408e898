-- User defined functions of the IVOA catalogue (EN-udf-catalogue 1.2) that
-- plain SQL cannot say, for stock PostgreSQL 14 and later.
--
-- The twins of src/database/sqlite/functions/catalogue.rs and aggregates.rs,
-- with the same answers. Change both or neither, and then raise the number in
-- the names. {obstap} stands for the quoted schema.

-- Words ---------------------------------------------------------------------

-- These are written to be inlined: one expression that is NULL of itself where
-- an argument is.

-- The words of a line in lower case. Whatever is ASCII and neither letter nor
-- digit stands between words.
CREATE OR REPLACE FUNCTION {obstap}.words_1(line text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_remove(string_to_array(translate(lower(line COLLATE "C"),
    E'\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16'
     '\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', repeat(' ', 64)), ' '), '')
$$;

-- Whether all words of the needle are among those of the haystack. Where the
-- first is nowhere in it, the haystack need not be taken apart.
CREATE OR REPLACE FUNCTION {obstap}.hasword_1(haystack text, needle text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE strpos(lower(haystack COLLATE "C"), ({obstap}.words_1(needle))[1]) WHEN 0 THEN 0
    ELSE ({obstap}.words_1(needle) <@ {obstap}.words_1(haystack))::integer END
$$;

CREATE OR REPLACE FUNCTION {obstap}.hashlist_has_1(hashlist text, item text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (strpos(item, '#') = 0)::integer * (strpos('#' || lower(hashlist COLLATE "C") || '#',
    '#' || lower(item COLLATE "C") || '#') > 0)::integer
$$;

-- Angles --------------------------------------------------------------------

-- Read and computed as in the crate adql, functions::sexagesimal.
CREATE OR REPLACE FUNCTION {obstap}.hms_to_degrees_1(hms text) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  body text := btrim(hms, ' ') COLLATE "C";
  p text[] := coalesce(
    regexp_match(body, '^([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2}([.][0-9]*)?)$'),
    regexp_match(body, '^([0-9]{1,2})[hH] *([0-9]{1,2})[mM] *([0-9]{1,2}([.][0-9]*)?)[sS]$'),
    regexp_match(body, '^([0-9]{2})([0-9]{2})([0-9]{2}([.][0-9]*)?)$'),
    regexp_match(body, '^([0-9]{1,2}) +([0-9]{1,2}) +([0-9]{1,2}([.][0-9]*)?)$'));
  minutes float8 := p[2];
  seconds float8 := p[3];
  angle float8 := p[1]::float8 * 15 + minutes / 4 + seconds / 240;
BEGIN
  RETURN CASE WHEN minutes < 60 AND seconds < 60 AND angle <= 360 THEN angle END;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.dms_to_degrees_1(dms text) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  whole text := btrim(dms, ' ') COLLATE "C";
  body text := regexp_replace(whole, '^[-+]', '');
  p text[] := coalesce(
    regexp_match(body, '^([0-9]{1,3}):([0-9]{1,2}):([0-9]{1,2}([.][0-9]*)?)$'),
    regexp_match(body, '^([0-9]{1,3})[dD] *([0-9]{1,2})[mM] *([0-9]{1,2}([.][0-9]*)?)[sS]$'),
    regexp_match(body, '^([0-9]{2,3})([0-9]{2})([0-9]{2}([.][0-9]*)?)$'),
    regexp_match(body, '^([0-9]{1,3}) +([0-9]{1,2}) +([0-9]{1,2}([.][0-9]*)?)$'));
  minutes float8 := p[2];
  seconds float8 := p[3];
  angle float8 := p[1]::float8 + minutes / 60 + seconds / 3600;
BEGIN
  IF minutes < 60 AND seconds < 60 AND angle <= 360 THEN
    RETURN CASE WHEN left(whole, 1) = '-' THEN - angle ELSE angle END;
  END IF;
  RETURN NULL;
END $$;

-- Histogram -----------------------------------------------------------------

-- Counts are numbers of four bytes, the highest first: of the values below, in
-- each bin, and above. Not an array, for that would be taken apart and put
-- together again for every row. The limits of the limits keep the arithmetic
-- from overflowing; what is next to nothing of a wide range is in its first bin,
-- and would underflow. (width_bucket of PostgreSQL 15 has both faults.)
CREATE OR REPLACE FUNCTION {obstap}.histogram_add_1(
  counts bytea, val float8, lower float8, upper float8, bins integer)
RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10 AS $$
DECLARE
  place integer := 3;                -- of the lowest byte of the count
  digit integer;
BEGIN
  IF counts IS NULL THEN
    counts := decode(repeat('00000000', bins + 2), 'hex');
  END IF;
  IF val <> 'NaN' AND lower IS NOT NULL AND upper IS NOT NULL THEN
    IF NOT (lower < upper AND lower >= -1e300 AND upper <= 1e300) THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'the lower limit of IVO_HISTOGRAM '
        'must be below the upper one, and both between -1e300 and 1e300';
    END IF;
    place := 3 + 4 * CASE
      WHEN val < lower THEN 0
      WHEN val > upper THEN bins + 1
      WHEN val - lower < 1e-10 AND upper - lower > 1 THEN 1
      ELSE 1 + least(bins - 1, floor(bins * ((val - lower) / (upper - lower)))::integer) END;
  END IF;
  digit := get_byte(counts, place);
  WHILE digit = 255 LOOP
    counts := set_byte(counts, place, 0);
    place := place - 1;
    digit := get_byte(counts, place);
  END LOOP;
  IF digit = 127 AND place % 4 = 0 THEN
    RAISE EXCEPTION USING ERRCODE = '22003',
      MESSAGE = 'IVO_HISTOGRAM counts more rows than INTEGER can say';
  END IF;
  RETURN set_byte(counts, place, digit + 1);
END $$;

CREATE OR REPLACE FUNCTION {obstap}.histogram_unite_1(a bytea, b bytea)
RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  digit integer := 0;
BEGIN
  IF a IS NULL OR b IS NULL THEN
    RETURN coalesce(a, b);
  END IF;
  FOR place IN REVERSE length(a) - 1 .. 0 LOOP
    digit := digit / 256 + get_byte(a, place) + get_byte(b, place);
    IF digit > 127 AND place % 4 = 0 THEN
      RAISE EXCEPTION USING ERRCODE = '22003',
        MESSAGE = 'IVO_HISTOGRAM counts more rows than INTEGER can say';
    END IF;
    a := set_byte(a, place, digit % 256);
  END LOOP;
  RETURN a;
END $$;

CREATE OR REPLACE AGGREGATE {obstap}.histogram_1(
  val float8, lower float8, upper float8, bins integer) (
  SFUNC = {obstap}.histogram_add_1,
  STYPE = bytea,
  COMBINEFUNC = {obstap}.histogram_unite_1,
  PARALLEL = SAFE
);
