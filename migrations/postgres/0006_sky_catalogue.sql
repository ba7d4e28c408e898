-- The functions of the IVOA's catalogue of user defined functions on the sky,
-- for stock PostgreSQL 14 and later.
--
-- The twin of the crate adql's rooms sky::cell, sky::frames and sky::motion,
-- and of the crate cdshealpix (0.10), whose arithmetic decides in which cell a
-- position near an edge is: the same operations in the same order, so both
-- engines answer alike. Change both or neither, and then raise the number in
-- the names. {obstap} stands for the quoted schema. Angles are in degrees.

-- Longitude and latitude of a vector of any length above zero.
CREATE OR REPLACE FUNCTION {obstap}.sky_place_1(x float8, y float8, z float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
DECLARE
  length float8 := sqrt(x*x + y*y + z*z);
  lon float8;
BEGIN
  x := x / length; y := y / length; z := z / length;
  IF abs(x) < 2e-16 THEN x := 0; END IF;
  IF abs(y) < 2e-16 THEN y := 0; END IF;
  IF abs(z) < 2e-16 THEN z := 0; END IF;
  lon := atan2(y, x) * 57.29577951308232;
  IF lon < 0 THEN
    lon := lon - 360 * floor(lon / 360);
    IF lon >= 360 THEN
      lon := 0;
    END IF;
  END IF;
  RETURN ARRAY[lon, atan2(z, sqrt(x*x + y*y)) * 57.29577951308232];
END $$;

-- The nested HEALPix cell of a position at order 29.
CREATE OR REPLACE FUNCTION {obstap}.sky_cell_1(lon float8, lat float8) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  p float8[] := {obstap}.sky_point_1(lon, lat);
  x float8; y float8; s float8;
  k int; quarter int; base int;
  i bigint; j bigint;
BEGIN
  p := {obstap}.sky_place_1(p[2], p[3], p[4]);
  y := radians(p[2]);
  x := radians(p[1]) * 1.2732395447351628;
  k := trunc(x)::int | 1;
  x := x - k;
  quarter := (k & 7) >> 1;
  IF y > 0.7297276562269663 THEN
    -- The northern cap; x and y become coordinates in the base cell.
    s := 2.449489742783178 * cos(0.5 * y + 0.7853981633974483);
    x := x * s;
    y := 2 - s;
    base := quarter;
  ELSIF y < -0.7297276562269663 THEN
    y := 2.449489742783178 * cos(0.5 * y - 0.7853981633974483);
    x := x * y;
    base := quarter + 8;
  ELSE
    y := sin(y) * 1.5;
    IF x > y THEN
      IF x >= -y THEN
        base := ((quarter + 1) & 3) + 4; x := x - 1; y := y + 1;
      ELSE
        base := quarter + 8; y := y + 2;
      END IF;
    ELSIF x >= -y THEN
      base := quarter;
    ELSE
      base := quarter + 4; x := x + 1; y := y + 1;
    END IF;
  END IF;
  i := least(greatest(trunc((y + x) * 268435456), 0)::bigint, 536870911);
  j := least(greatest(trunc((y - x) * 268435456), 0)::bigint, 536870911);
  -- The bits of i and j, in turn.
  i := (i | (i << 16)) & 281470681808895;
  i := (i | (i << 8)) & 71777214294589695;
  i := (i | (i << 4)) & 1085102592571150095;
  i := (i | (i << 2)) & 3689348814741910323;
  i := (i | (i << 1)) & 6148914691236517205;
  j := (j | (j << 16)) & 281470681808895;
  j := (j | (j << 8)) & 71777214294589695;
  j := (j | (j << 4)) & 1085102592571150095;
  j := (j | (j << 2)) & 3689348814741910323;
  j := (j | (j << 1)) & 6148914691236517205;
  RETURN (base::bigint << 58) | i | (j << 1);
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_healpix_index_1(hpx_order bigint, lon float8, lat float8) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 120 AS $$
BEGIN
  IF hpx_order < 0 OR hpx_order > 29 THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the HEALPix order %s is not between 0 and 29', hpx_order);
  END IF;
  RETURN {obstap}.sky_cell_1(lon, lat) >> (2 * (29 - hpx_order))::int;
END $$;

-- Longitude and latitude of a cell's centre.
CREATE OR REPLACE FUNCTION {obstap}.sky_healpix_center_1(hpx_order bigint, cell bigint) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
DECLARE
  base int; k int;
  side bigint;
  i bigint; j bigint;
  x float8; y float8; south boolean;
BEGIN
  IF hpx_order < 0 OR hpx_order > 29 THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the HEALPix order %s is not between 0 and 29', hpx_order);
  END IF;
  side := 1::bigint << hpx_order::int;
  IF cell < 0 OR cell >= 12 * side * side THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the HEALPix order %s has no cell %s', hpx_order, cell);
  END IF;
  base := (cell >> (2 * hpx_order)::int)::int;
  cell := cell & (side * side - 1);
  i := cell & 6148914691236517205;
  i := (i | (i >> 1)) & 3689348814741910323;
  i := (i | (i >> 2)) & 1085102592571150095;
  i := (i | (i >> 4)) & 71777214294589695;
  i := (i | (i >> 8)) & 281470681808895;
  i := (i | (i >> 16)) & 4294967295;
  j := (cell >> 1) & 6148914691236517205;
  j := (j | (j >> 1)) & 3689348814741910323;
  j := (j | (j >> 2)) & 1085102592571150095;
  j := (j | (j >> 4)) & 71777214294589695;
  j := (j | (j >> 8)) & 281470681808895;
  j := (j | (j >> 16)) & 4294967295;
  x := (i - j) * (1 / side::float8) + (base & 3) * 2 + CASE WHEN base BETWEEN 4 AND 7 THEN 0 ELSE 1 END;
  y := (i + j - (side - 1)) * (1 / side::float8) + 1 - base / 4;
  IF x < 0 THEN
    x := x + 8;
  END IF;
  k := trunc(x)::int | 1;
  x := x - k;
  south := y < 0;
  y := abs(y);
  IF y <= 1 THEN
    y := asin(y * 0.6666666666666666);
  ELSE
    y := 2 - y;
    IF y > 1e-13 THEN
      x := least(greatest(x / y, -1), 1);
    END IF;
    y := 2 * acos(y * 0.408248290463863) - 1.5707963267948966;
  END IF;
  IF south THEN
    y := -y;
  END IF;
  RETURN ARRAY[(x + (k & 7)) * 0.7853981633974483 * 57.29577951308232, y * 57.29577951308232];
END $$;

-- Coordinates lon lat lon lat ... (a circle ends with its radius) after the
-- rotation m, nine numbers by rows.
CREATE OR REPLACE FUNCTION {obstap}.sky_turned_1(m float8[], coords float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  p float8[];
BEGIN
  FOR i IN 1 .. array_length(coords, 1) / 2 LOOP
    p := {obstap}.sky_point_1(coords[2*i-1], coords[2*i]);
    p := {obstap}.sky_place_1(
      m[1]*p[2] + m[2]*p[3] + m[3]*p[4],
      m[4]*p[2] + m[5]*p[3] + m[6]*p[4],
      m[7]*p[2] + m[8]*p[3] + m[9]*p[4]);
    coords[2*i-1] := p[1];
    coords[2*i] := p[2];
  END LOOP;
  RETURN coords;
END $$;

-- Where a star is some Julian years after the epoch of its data: parallax in
-- mas, proper motions in mas/yr, radial velocity in km/s, none of which need
-- be known.
CREATE OR REPLACE FUNCTION {obstap}.sky_moved_1(
  lon float8, lat float8, parallax float8, pm_lon float8, pm_lat float8, radial_velocity float8,
  ref_epoch float8, out_epoch float8
) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 60 AS $$
DECLARE
  p float8[];
  years float8 := out_epoch - ref_epoch;
  sin_lon float8; cos_lon float8; sin_lat float8; cos_lat float8;
  east float8; north float8; away float8;
  x float8; y float8; z float8;
BEGIN
  IF lon IS NULL OR lat IS NULL OR years IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = 'a motion needs a position and both its epochs';
  END IF;
  p := {obstap}.sky_point_1(lon, lat);
  IF abs(lon) < 1e-99 THEN lon := 0; END IF;
  IF abs(lat) < 1e-99 THEN lat := 0; END IF;
  sin_lon := sin(radians(lon)); cos_lon := cos(radians(lon));
  sin_lat := sin(radians(lat)); cos_lat := cos(radians(lat));
  IF abs(sin_lon) < 1e-100 THEN sin_lon := 0; END IF;
  IF abs(sin_lat) < 1e-100 THEN sin_lat := 0; END IF;
  east := years * coalesce(pm_lon, 0) / 206264806.24709636;
  north := years * coalesce(pm_lat, 0) / 206264806.24709636;
  IF abs(east) < 1e-100 THEN east := 0; END IF;
  IF abs(north) < 1e-100 THEN north := 0; END IF;
  away := 1 + years * coalesce(radial_velocity, 0) * coalesce(parallax, 0)
    / (4.740470446 * 206264806.24709636);
  x := p[2] * away - sin_lon * east - sin_lat * cos_lon * north;
  y := p[3] * away + cos_lon * east - sin_lat * sin_lon * north;
  z := p[4] * away + cos_lat * north;
  -- Squares of these would underflow, which is an error.
  IF abs(x) < 1e-99 THEN x := 0; END IF;
  IF abs(y) < 1e-99 THEN y := 0; END IF;
  IF abs(z) < 1e-99 THEN z := 0; END IF;
  IF x IN ('NaN', 'Infinity', '-Infinity') OR y IN ('NaN', 'Infinity', '-Infinity')
      OR z IN ('NaN', 'Infinity', '-Infinity') OR (x = 0 AND y = 0 AND z = 0) THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'the motion is not made of finite numbers';
  END IF;
  RETURN {obstap}.sky_place_1(x, y, z);
END $$;
