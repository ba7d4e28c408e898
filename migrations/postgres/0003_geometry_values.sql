-- What is measured of a shape: the twin of the crate adql's sky::extent, with
-- the same operations in the same order.

-- The signed solid angle of the triangle abc.
CREATE OR REPLACE FUNCTION {obstap}.sky_triangle_1(
  ax float8, ay float8, az float8, bx float8, b2 float8, bz float8, cx float8, cy float8, cz float8
) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 15 AS $$
DECLARE
  ux float8 := bx - ax; uy float8 := b2 - ay; uz float8 := bz - az;
  vx float8 := cx - ax; vy float8 := cy - ay; vz float8 := cz - az;
BEGIN
  RETURN 2 * atan2(
    ax * (uy*vz - uz*vy) + ay * (uz*vx - ux*vz) + az * (ux*vy - uy*vx),
    1 + (ax*bx + ay*b2 + az*bz) + (bx*cx + b2*cy + bz*cz) + (cx*ax + cy*ay + cz*az));
END $$;

-- The area of the part whose header is at i (steradians), and the mean
-- direction of its points, a vector shorter than one.
CREATE OR REPLACE FUNCTION {obstap}.sky_extent_1(s float8[], i int) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
DECLARE
  n int := abs(s[i])::int;
  f int := i + 1;
  a int; c int; k float8;
  area float8 := 0;
  piece float8;
  wide boolean := false;
  mx float8 := 0; my float8 := 0; mz float8 := 0;
  nx float8; ny float8; nz float8; dx float8; dy float8; dz float8;
BEGIN
  IF n = 0 THEN
    IF s[i+4] >= 1e-100 THEN
      area := pi() * s[i+4] * s[i+4];
      k := 1 - s[i+4] * s[i+4] / 4;
    ELSE
      k := 1;
    END IF;
    RETURN ARRAY[area, s[i+1] * k, s[i+2] * k, s[i+3] * k];
  END IF;
  FOR j IN 0 .. n - 2 LOOP
    a := f + 3*j;
    area := area + {obstap}.sky_triangle_1(
      s[f], s[f+1], s[f+2], s[a], s[a+1], s[a+2], s[a+3], s[a+4], s[a+5]);
  END LOOP;
  IF NOT area > 0 THEN
    RETURN ARRAY[area, 0, 0, 0];
  END IF;
  FOR j IN 0 .. n - 1 LOOP
    a := f + 3*j;
    dx := s[f] - s[a]; dy := s[f+1] - s[a+1]; dz := s[f+2] - s[a+2];
    wide := wide OR dx*dx + dy*dy + dz*dz > 1e-3;
  END LOOP;
  IF wide THEN
    -- Exact: half the sum over edges of angle times unit normal.
    FOR j IN 0 .. n - 1 LOOP
      a := f + 3 * ((j + n - 1) % n);
      c := f + 3*j;
      dx := s[c] - s[a]; dy := s[c+1] - s[a+1]; dz := s[c+2] - s[a+2];
      nx := s[a+1]*dz - s[a+2]*dy; ny := s[a+2]*dx - s[a]*dz; nz := s[a]*dy - s[a+1]*dx;
      k := 2 * atan2(sqrt(dx*dx + dy*dy + dz*dz),
        sqrt((s[a]+s[c])*(s[a]+s[c]) + (s[a+1]+s[c+1])*(s[a+1]+s[c+1]) + (s[a+2]+s[c+2])*(s[a+2]+s[c+2])))
        / sqrt(nx*nx + ny*ny + nz*nz) / 2;
      mx := mx + k * nx; my := my + k * ny; mz := mz + k * nz;
    END LOOP;
  ELSE
    -- That sum cancels for small polygons; there, triangles are flat.
    FOR j IN 0 .. n - 2 LOOP
      a := f + 3*j;
      piece := {obstap}.sky_triangle_1(
        s[f], s[f+1], s[f+2], s[a], s[a+1], s[a+2], s[a+3], s[a+4], s[a+5]) / 3;
      mx := mx + piece * (s[f] + s[a] + s[a+3]);
      my := my + piece * (s[f+1] + s[a+1] + s[a+4]);
      mz := mz + piece * (s[f+2] + s[a+2] + s[a+5]);
    END LOOP;
  END IF;
  k := 1 / area;
  RETURN ARRAY[area, mx * k, my * k, mz * k];
END $$;

-- Square degrees; what several parts share counts several times.
CREATE OR REPLACE FUNCTION {obstap}.sky_area_1(s float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  i int := 1;
  area float8 := 0;
BEGIN
  WHILE i <= cardinality(s) LOOP
    area := area + ({obstap}.sky_extent_1(s, i))[1];
    i := i + CASE WHEN s[i] = 0 THEN 5 ELSE 1 + 3 * abs(s[i])::int END;
  END LOOP;
  RETURN area * ((180 / pi()) * (180 / pi()));
END $$;

-- Longitude and latitude of the mean of all positions in a shape; for one
-- without area of the mean of its vertices and centres.
CREATE OR REPLACE FUNCTION {obstap}.sky_centroid_1(s float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  i int := 1;
  e float8[];
  x float8 := 0; y float8 := 0; z float8 := 0; length float8; lon float8;
BEGIN
  WHILE i <= cardinality(s) LOOP
    e := {obstap}.sky_extent_1(s, i);
    x := x + e[1] * e[2]; y := y + e[1] * e[3]; z := z + e[1] * e[4];
    i := i + CASE WHEN s[i] = 0 THEN 5 ELSE 1 + 3 * abs(s[i])::int END;
  END LOOP;
  -- Underflow would be an error.
  IF abs(x) < 1e-99 THEN x := 0; END IF;
  IF abs(y) < 1e-99 THEN y := 0; END IF;
  IF abs(z) < 1e-99 THEN z := 0; END IF;
  IF NOT x*x + y*y + z*z > 1e-40 THEN
    x := 0; y := 0; z := 0; i := 1;
    WHILE i <= cardinality(s) LOOP
      FOR j IN 0 .. greatest(abs(s[i])::int, 1) - 1 LOOP
        x := x + s[i+1+3*j]; y := y + s[i+2+3*j]; z := z + s[i+3+3*j];
      END LOOP;
      i := i + CASE WHEN s[i] = 0 THEN 5 ELSE 1 + 3 * abs(s[i])::int END;
    END LOOP;
    IF NOT x*x + y*y + z*z > 1e-12 THEN
      x := s[2]; y := s[3]; z := s[4];
    END IF;
  END IF;
  length := sqrt(x*x + y*y + z*z);
  x := x / length; y := y / length; z := z / length;
  IF abs(x) < 2e-16 THEN x := 0; END IF;
  IF abs(y) < 2e-16 THEN y := 0; END IF;
  IF abs(z) < 2e-16 THEN z := 0; END IF;
  lon := degrees(atan2(y, x));
  IF lon < 0 THEN
    lon := lon + 360;
    IF lon >= 360 THEN lon := 0; END IF;
  END IF;
  RETURN ARRAY[lon, degrees(atan2(z, sqrt(x*x + y*y)))];
END $$;

-- Degrees from a position to the nearest point of a shape, 0 inside: the twin
-- of sky::gap.
CREATE OR REPLACE FUNCTION {obstap}.sky_gap_1(lon float8, lat float8, s float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 120 AS $$
DECLARE
  p float8[] := {obstap}.sky_point_1(lon, lat);
  i int := 1;
  n int; a int; c int;
  nearest float8; apart float8;
  smallest float8 := pi();
BEGIN
  IF {obstap}.sky_in_1(lon, lat, s) THEN
    RETURN 0;
  END IF;
  WHILE i <= cardinality(s) LOOP
    n := abs(s[i])::int;
    IF n = 0 THEN
      apart := 2 * asin(least(sqrt((p[2]-s[i+1])*(p[2]-s[i+1]) + (p[3]-s[i+2])*(p[3]-s[i+2])
        + (p[4]-s[i+3])*(p[4]-s[i+3])) / 2, 1)) - 2 * asin(least(s[i+4] / 2, 1));
      i := i + 5;
    ELSE
      nearest := 4;
      FOR k IN 0 .. n - 1 LOOP
        a := i + 1 + 3 * ((k + n - 1) % n);
        c := i + 1 + 3 * k;
        nearest := least(nearest, {obstap}.sky_arc_1(
          p[2], p[3], p[4], s[a], s[a+1], s[a+2], s[c], s[c+1], s[c+2]));
      END LOOP;
      apart := 2 * asin(least(sqrt(nearest) / 2, 1));
      i := i + 1 + 3 * n;
    END IF;
    smallest := least(smallest, apart);
  END LOOP;
  RETURN degrees(greatest(smallest, 0));
END $$;

-- Values from text ---------------------------------------------------------

-- The coordinates of a POINT, CIRCLE or POLYGON as DALI 1.1 (section 3.3)
-- writes them, with or without the word in front. The twin of sky::coordinates.
CREATE OR REPLACE FUNCTION {obstap}.sky_coordinates_1(text text, kind text) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
DECLARE
  words text[] := regexp_split_to_array(btrim(text, E' \t\n\r,'), E'[ \t\n\r,]+');
  count int;
  numbers float8[];
BEGIN
  IF upper(words[1]) = kind OR (kind = 'POINT' AND upper(words[1]) = 'POSITION') THEN
    words := words[2:];
    IF upper(words[1]) IN ('ICRS', 'FK5', 'J2000', 'GSC1', 'GSC2', 'UNKNOWNFRAME', 'EQUATORIAL') THEN
      words := words[2:];
    END IF;
  END IF;
  count := cardinality(words);
  IF NOT (CASE kind WHEN 'POINT' THEN count = 2 WHEN 'CIRCLE' THEN count = 3
    ELSE count >= 6 AND count % 2 = 0 END)
    OR EXISTS (SELECT FROM unnest(words) AS word
      WHERE word !~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$') THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the text "%s" is not a %s', left(text, 40), kind);
  END IF;
  BEGIN
    numbers := words::float8[];
  EXCEPTION WHEN numeric_value_out_of_range THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the text "%s" is not a %s', left(text, 40), kind);
  END;
  RETURN numbers;
END $$;

-- A time as DALI 1.1 (section 3.3.3) and archives write it: the twin of
-- time::parse.
CREATE OR REPLACE FUNCTION {obstap}.text_to_timestamp_1(text text) RETURNS timestamp
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
DECLARE
  parts text[] := regexp_match(text,
    '^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d))?(?:[.](\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?$');
  year int := parts[1]; month int := parts[2]; day int := parts[3];
  hour int := coalesce(parts[4], '0'); minute int := coalesce(parts[5], '0');
  second int := coalesce(parts[6], '0');
  zone text := coalesce(parts[8], 'Z');
  east int := 0;
  good boolean := parts IS NOT NULL;
  first date;
BEGIN
  IF good AND zone !~ '[Zz]' THEN
    good := parts[4] IS NOT NULL;
    zone := replace(zone, ':', '');
    east := substr(zone, 2, 2)::int * 60 + ('0' || substr(zone, 4, 2))::int;
    good := good AND east <= 840 AND ('0' || substr(zone, 4, 2))::int < 60;
    IF left(zone, 1) = '-' THEN east := - east; END IF;
  END IF;
  good := good AND month BETWEEN 1 AND 12 AND day >= 1 AND hour < 24 AND minute < 60 AND second <= 60;
  IF good THEN
    first := make_date(CASE year WHEN 0 THEN -1 ELSE year END, month, 1);
    good := first + day <= (first + interval '1 month')::date;
  END IF;
  IF NOT good THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the text "%s" is not a date or time', left(text, 40));
  END IF;
  RETURN (first + (day - 1))::timestamp
    + make_interval(hours => hour, mins => minute - east, secs => second)
    + rpad(left(coalesce(parts[7], '0'), 6), 6, '0')::int * interval '1 microsecond';
END $$;
