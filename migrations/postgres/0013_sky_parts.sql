-- More kinds of parts of shapes: what is outside of a circle, what several
-- parts have in common, ellipses, HEALPix cells.
--
-- The twin of the crate adql's rooms sky::predicates, sky::circles,
-- sky::common, sky::distance and sky::extent, with the same operations in the
-- same order; see sky_functions.sql. {obstap} stands for the quoted schema.
--
-- In a list of parts, "0 x y z c" with c below zero is what is outside of a
-- circle of the chord -c; "1 count area x y z parts..." what parts have in
-- common; "2 count k cells... parts..." cells and "-2 count 9 c u w parts..." an
-- ellipse, both with their drawings: who asks for a position reads their
-- numbers, who asks for anything else steps to the drawing behind them.

CREATE OR REPLACE FUNCTION {obstap}.sky_circle_1(lon float8, lat float8, radius float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 30 AS $$
DECLARE
  p float8[];
  chord float8;
BEGIN
  IF NOT (radius BETWEEN 0 AND 180) THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the radius %s is not between 0 and 180 degrees', radius);
  END IF;
  p := {obstap}.sky_point_1(lon, lat);
  IF radius = 180 THEN
    RETURN ARRAY[0, p[2], p[3], p[4], 2]::float8[];
  END IF;
  IF radius > 90 THEN
    RETURN ARRAY[0, -p[2], -p[3], -p[4], -2 * sin(radians(180 - radius) / 2)]::float8[];
  END IF;
  -- Powers of it would underflow, which is an error.
  IF radius < 1e-60 THEN
    RETURN p;
  END IF;
  RETURN ARRAY[0, p[2], p[3], p[4], 2 * sin(radians(radius) / 2)]::float8[];
END $$;

-- The nested HEALPix cell of a unit vector at order 29.
CREATE OR REPLACE FUNCTION {obstap}.sky_vector_cell_1(px float8, py float8, pz float8) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 80 AS $$
DECLARE
  p float8[] := {obstap}.sky_place_1(px, py, pz);
  x float8; y float8; s float8;
  k int; quarter int; base int;
  i bigint; j bigint;
BEGIN
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

CREATE OR REPLACE FUNCTION {obstap}.sky_cell_1(lon float8, lat float8) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  p float8[] := {obstap}.sky_point_1(lon, lat);
BEGIN
  RETURN {obstap}.sky_vector_cell_1(p[2], p[3], p[4]);
END $$;

-- Positions --------------------------------------------------------------------

CREATE OR REPLACE FUNCTION {obstap}.sky_in_ellipse_1(px float8, py float8, pz float8, s float8[], i int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
DECLARE
  cx float8 := s[i+3]; cy float8 := s[i+4]; cz float8 := s[i+5];
  ux float8 := s[i+6]; uy float8 := s[i+7]; uz float8 := s[i+8];
  wx float8 := s[i+9]; wy float8 := s[i+10]; wz float8 := s[i+11];
  depth float8 := cx*px + cy*py + cz*pz;
  fx float8; fy float8; fz float8;
  along float8; across float8; over float8;
BEGIN
  IF depth <= 0 THEN
    RETURN false;
  END IF;
  fx := px - cx; fy := py - cy; fz := pz - cz;
  along := ux*fx + uy*fy + uz*fz;
  across := wx*fx + wy*fy + wz*fz;
  over := along*along + across*across - depth*depth;
  IF over <= 0 THEN
    RETURN true;
  END IF;
  fx := ux*along + across*wx + (-depth)*cx;
  fy := uy*along + across*wy + (-depth)*cy;
  fz := uz*along + across*wz + (-depth)*cz;
  RETURN over*over <= 4e-28 * (fx*fx + fy*fy + fz*fz);
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_in_cells_1(px float8, py float8, pz float8, s float8[], i int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 150 AS $$
DECLARE
  cell bigint := {obstap}.sky_vector_cell_1(px, py, pz);
  high float8 := cell >> 32;
  low float8 := cell & 4294967295;
  k int := i + 3;
BEGIN
  WHILE k < i + 3 + s[i+2] LOOP
    IF (s[k] < high OR (s[k] = high AND s[k+1] <= low))
        AND NOT (s[k+2] < high OR (s[k+2] = high AND s[k+3] <= low)) THEN
      RETURN true;
    END IF;
    k := k + 4;
  END LOOP;
  RETURN false;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_winds_1(px float8, py float8, pz float8, s float8[], i int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 40 AS $$
DECLARE
  n int := abs(s[i]);
  ax float8 := s[i+3*n-2]; ay float8 := s[i+3*n-1]; az float8 := s[i+3*n];
  fx float8; fy float8; fz float8;
  ex float8 := 0; ey float8 := 0; ez float8 := 0;
  nx float8; ny float8; nz float8; t float8;
  low float8; high float8;
  turns int := 0;
  ahead boolean;
BEGIN
  IF abs(px) <= abs(py) AND abs(px) <= abs(pz) THEN
    ey := pz; ez := -py;
  ELSIF abs(py) <= abs(pz) THEN
    ex := -pz; ez := px;
  ELSE
    ex := py; ey := -px;
  END IF;
  low := ex*ax + ey*ay + ez*az;
  FOR k IN 0 .. n - 1 LOOP
    fx := s[i+3*k+1]; fy := s[i+3*k+2]; fz := s[i+3*k+3];
    high := ex*fx + ey*fy + ez*fz;
    IF (low <= 0) <> (high <= 0) THEN
      nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
      t := nx*(px-ax) + ny*(py-ay) + nz*(pz-az);
      IF t*t <= 1e-28 * (nx*nx + ny*ny + nz*nz) THEN
        IF {obstap}.sky_arc_1(px, py, pz, ax, ay, az, fx, fy, fz) <= 1e-28 THEN
          RETURN true;
        END IF;
        -- The edge lies along the half circle, or along the one opposite.
        ahead := (ey*pz - ez*py)*(ax+fx) + (ez*px - ex*pz)*(ay+fy) + (ex*py - ey*px)*(az+fz) > 0;
      ELSE
        ahead := (t > 0) = (low <= 0);
      END IF;
      IF ahead THEN
        turns := turns + CASE WHEN low <= 0 THEN 1 ELSE -1 END;
      END IF;
    END IF;
    ax := fx; ay := fy; az := fz; low := high;
  END LOOP;
  RETURN turns = 1;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_point_in_part_1(px float8, py float8, pz float8, s float8[], i int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 50 AS $$
DECLARE
  n int := abs(s[i]);
  last int;
  ax float8; ay float8; az float8;
  fx float8; fy float8; fz float8;
  nx float8; ny float8; nz float8; t float8;
  close boolean := false;
BEGIN
  IF n = 0 THEN
    t := s[i+4];
    IF t < 0 THEN
      t := -t - 1e-14;
      RETURN t <= 0
        OR (px-s[i+1])*(px-s[i+1]) + (py-s[i+2])*(py-s[i+2]) + (pz-s[i+3])*(pz-s[i+3]) >= t*t;
    END IF;
    t := t + 1e-14;
    RETURN (px-s[i+1])*(px-s[i+1]) + (py-s[i+2])*(py-s[i+2]) + (pz-s[i+3])*(pz-s[i+3]) <= t*t;
  END IF;
  IF n < 3 THEN
    IF s[i] = -2 THEN
      RETURN {obstap}.sky_in_ellipse_1(px, py, pz, s, i);
    END IF;
    IF n = 2 THEN
      RETURN {obstap}.sky_in_cells_1(px, py, pz, s, i);
    END IF;
    last := i + 1 + s[i+1]::int;
    i := i + 6;
    WHILE i < last LOOP
      IF NOT {obstap}.sky_point_in_part_1(px, py, pz, s, i) THEN
        RETURN false;
      END IF;
      i := i + CASE WHEN s[i] = 0 THEN 5 ELSE 1 + 3 * abs(s[i])::int END;
    END LOOP;
    RETURN true;
  END IF;
  IF s[i] > 0 THEN
    RETURN {obstap}.sky_winds_1(px, py, pz, s, i) OR {obstap}.sky_on_edge_1(px, py, pz, s, i);
  END IF;
  ax := s[i+3*n-2]; ay := s[i+3*n-1]; az := s[i+3*n];
  FOR k IN 0 .. n - 1 LOOP
    fx := s[i+3*k+1]; fy := s[i+3*k+2]; fz := s[i+3*k+3];
    t := (ay*(fz-az) - az*(fy-ay))*(px-ax) + (az*(fx-ax) - ax*(fz-az))*(py-ay)
       + (ax*(fy-ay) - ay*(fx-ax))*(pz-az);
    IF t < 0 THEN
      nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
      IF t*t > 1e-28 * (nx*nx + ny*ny + nz*nz) THEN
        RETURN false;
      END IF;
      close := true;
    END IF;
    ax := fx; ay := fy; az := fz;
  END LOOP;
  RETURN NOT close OR {obstap}.sky_on_edge_1(px, py, pz, s, i);
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_point_in_1(px float8, py float8, pz float8, s float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 80 AS $$
DECLARE
  n int := array_length(s, 1);
  i int := 1;
BEGIN
  WHILE i <= n LOOP
    IF {obstap}.sky_point_in_part_1(px, py, pz, s, i) THEN
      RETURN true;
    END IF;
    i := i + CASE WHEN s[i] = 0 THEN 5 WHEN abs(s[i]) < 3 THEN 2 + s[i+1]::int
      ELSE 1 + 3 * abs(s[i])::int END;
  END LOOP;
  RETURN false;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_holds_1(s float8[], px float8, py float8, pz float8) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
BEGIN
  RETURN {obstap}.sky_point_in_1(px, py, pz, s);
END $$;

-- What parts have in common ---------------------------------------------------------

-- The parts of part i: those that it is what they have in common, or itself.
CREATE OR REPLACE FUNCTION {obstap}.sky_pieces_1(s float8[], i int) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS $$
BEGIN
  IF s[i] = 1 THEN
    RETURN s[i+6 : i+1+s[i+1]::int];
  END IF;
  RETURN s[i : i + CASE WHEN s[i] = 0 THEN 4 ELSE 3 * abs(s[i])::int END];
END $$;

-- The circles of which the edges of circles and polygons are part: centre,
-- chord, and the place of the part that has the edge, for each.
CREATE OR REPLACE FUNCTION {obstap}.sky_edges_1(c float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 50 AS $$
DECLARE
  total int := coalesce(array_length(c, 1), 0);
  i int := 1;
  n int;
  e float8[] := '{}';
  ax float8; ay float8; az float8;
  fx float8; fy float8; fz float8;
  nx float8; ny float8; nz float8; length float8;
BEGIN
  WHILE i <= total LOOP
    n := abs(c[i]);
    IF n = 0 THEN
      IF c[i+4] < 2 THEN
        e := e || ARRAY[c[i+1], c[i+2], c[i+3], abs(c[i+4]), i];
      END IF;
      i := i + 5;
      CONTINUE;
    END IF;
    ax := c[i+3*n-2]; ay := c[i+3*n-1]; az := c[i+3*n];
    FOR k IN 0 .. n - 1 LOOP
      fx := c[i+3*k+1]; fy := c[i+3*k+2]; fz := c[i+3*k+3];
      nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
      length := sqrt(nx*nx + ny*ny + nz*nz);
      e := e || ARRAY[nx / length, ny / length, nz / length, sqrt(2::float8), i];
      ax := fx; ay := fy; az := fz;
    END LOOP;
    i := i + 1 + 3*n;
  END LOOP;
  RETURN e;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_in_all_1(px float8, py float8, pz float8, c float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 80 AS $$
DECLARE
  n int := array_length(c, 1);
  i int := 1;
BEGIN
  WHILE i <= n LOOP
    IF NOT {obstap}.sky_point_in_part_1(px, py, pz, c, i) THEN
      RETURN false;
    END IF;
    i := i + CASE WHEN c[i] = 0 THEN 5 ELSE 1 + 3 * abs(c[i])::int END;
  END LOOP;
  RETURN true;
END $$;

-- Inside of all, by more than the tolerance.
CREATE OR REPLACE FUNCTION {obstap}.sky_well_inside_1(px float8, py float8, pz float8, c float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 80 AS $$
DECLARE
  n int := array_length(c, 1);
  i int := 1;
  d2 float8; t float8;
BEGIN
  WHILE i <= n LOOP
    IF c[i] <> 0 THEN
      IF NOT {obstap}.sky_winds_1(px, py, pz, c, i) OR {obstap}.sky_on_edge_1(px, py, pz, c, i) THEN
        RETURN false;
      END IF;
      i := i + 1 + 3 * abs(c[i])::int;
      CONTINUE;
    END IF;
    d2 := (px-c[i+1])*(px-c[i+1]) + (py-c[i+2])*(py-c[i+2]) + (pz-c[i+3])*(pz-c[i+3]);
    IF c[i+4] < 0 THEN
      t := -c[i+4] + 1e-14;
      IF d2 <= t*t THEN
        RETURN false;
      END IF;
    ELSIF c[i+4] < 2 THEN
      t := c[i+4] - 1e-14;
      IF t <= 0 OR d2 >= t*t THEN
        RETURN false;
      END IF;
    END IF;
    i := i + 5;
  END LOOP;
  RETURN true;
END $$;

-- Where the circles a and b cross: six numbers, or none for circles around the
-- same centre.
CREATE OR REPLACE FUNCTION {obstap}.sky_crossings_1(
  ax float8, ay float8, az float8, a float8, ox float8, oy float8, oz float8, b float8
) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 25 AS $$
DECLARE
  tx float8 := ox - ax; ty float8 := oy - ay; tz float8 := oz - az;
  apart2 float8 := tx*tx + ty*ty + tz*tz;
  flat2 float8 := apart2 * (1 - apart2 / 4);
  -- Great circles are what they are said to be.
  a2 float8 := CASE a WHEN sqrt(2::float8) THEN 2 ELSE a * a END;
  b2 float8 := CASE b WHEN sqrt(2::float8) THEN 2 ELSE b * b END;
  along float8; rest float8; aside float8; half float8 := apart2 / 2;
  fx float8; fy float8; fz float8;
  cx float8; cy float8; cz float8;
  px float8; py float8; pz float8;
  qx float8; qy float8; qz float8;
  length float8; other float8;
BEGIN
  IF a > b THEN
    RETURN {obstap}.sky_crossings_1(ox, oy, oz, b, ax, ay, az, a);
  END IF;
  IF NOT flat2 > 1e-30 THEN
    RETURN '{}';
  END IF;
  along := ((a2 - b2 + apart2) / 2 - a2 * apart2 / 4) / flat2;
  rest := (a2 - a2 * a2 / 4) / flat2 - along * along;
  aside := CASE WHEN rest > 0 THEN sqrt(rest) ELSE 0 END;
  fx := ax * (1 - a2 / 2) + along * (tx + half * ax);
  fy := ay * (1 - a2 / 2) + along * (ty + half * ay);
  fz := az * (1 - a2 / 2) + along * (tz + half * az);
  cx := ay*tz - az*ty; cy := az*tx - ax*tz; cz := ax*ty - ay*tx;
  px := fx + aside * cx; py := fy + aside * cy; pz := fz + aside * cz;
  qx := fx + (-aside) * cx; qy := fy + (-aside) * cy; qz := fz + (-aside) * cz;
  length := sqrt(px*px + py*py + pz*pz);
  other := sqrt(qx*qx + qy*qy + qz*qz);
  RETURN ARRAY[px / length, py / length, pz / length, qx / other, qy / other, qz / other];
END $$;

-- The positions that bound what circles and polygons have in common, and those
-- of their edges that are extreme as seen from axes: three numbers for each.
CREATE OR REPLACE FUNCTION {obstap}.sky_corners_1(c float8[], e float8[], axes float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
  total int := coalesce(array_length(c, 1), 0);
  edges int := coalesce(array_length(e, 1), 0) / 5;
  n int;
  i int := 1;
  t float8[];
  found float8[] := '{}';
  x float8; y float8; z float8; h float8;
  ex float8; ey float8; ez float8;
  tx float8; ty float8; tz float8;
  apart2 float8; flat2 float8; sine float8; aside float8; length float8;
BEGIN
  WHILE i <= total LOOP
    n := abs(c[i]);
    IF n = 0 THEN
      IF c[i+4] = 0 AND {obstap}.sky_in_all_1(c[i+1], c[i+2], c[i+3], c) THEN
        found := found || c[i+1 : i+3];
      END IF;
      i := i + 5;
      CONTINUE;
    END IF;
    FOR k IN 0 .. n - 1 LOOP
      IF {obstap}.sky_in_all_1(c[i+3*k+1], c[i+3*k+2], c[i+3*k+3], c) THEN
        found := found || c[i+3*k+1 : i+3*k+3];
      END IF;
    END LOOP;
    i := i + 1 + 3*n;
  END LOOP;
  FOR k IN 0 .. edges - 1 LOOP
    x := e[5*k+1]; y := e[5*k+2]; z := e[5*k+3]; h := e[5*k+4];
    sine := 1 - h * h / 4;
    sine := CASE WHEN sine > 0 THEN h * sqrt(sine) ELSE 0 END;
    -- Any position on the circle.
    ex := 0; ey := 0; ez := 0;
    IF abs(x) <= abs(y) AND abs(x) <= abs(z) THEN
      ey := z; ez := -y;
    ELSIF abs(y) <= abs(z) THEN
      ex := -z; ez := x;
    ELSE
      ex := y; ey := -x;
    END IF;
    length := sqrt(ex*ex + ey*ey + ez*ez);
    tx := x * (1 - h * h / 2) + sine * (ex / length);
    ty := y * (1 - h * h / 2) + sine * (ey / length);
    tz := z * (1 - h * h / 2) + sine * (ez / length);
    length := sqrt(tx*tx + ty*ty + tz*tz);
    IF {obstap}.sky_in_all_1(tx / length, ty / length, tz / length, c) THEN
      found := found || ARRAY[tx / length, ty / length, tz / length];
    END IF;
    FOR m IN k + 1 .. edges - 1 LOOP
      CONTINUE WHEN e[5*k+5] = e[5*m+5];
      t := {obstap}.sky_crossings_1(x, y, z, h, e[5*m+1], e[5*m+2], e[5*m+3], e[5*m+4]);
      FOR j IN 0 .. coalesce(array_length(t, 1), 0) / 3 - 1 LOOP
        IF {obstap}.sky_in_all_1(t[3*j+1], t[3*j+2], t[3*j+3], c) THEN
          found := found || t[3*j+1 : 3*j+3];
        END IF;
      END LOOP;
    END LOOP;
    FOR m IN 0 .. coalesce(array_length(axes, 1), 0) / 3 - 1 LOOP
      tx := axes[3*m+1] - x; ty := axes[3*m+2] - y; tz := axes[3*m+3] - z;
      apart2 := tx*tx + ty*ty + tz*tz;
      flat2 := apart2 * (1 - apart2 / 4);
      CONTINUE WHEN NOT flat2 > 1e-30;
      aside := sine / sqrt(flat2);
      FOR j IN 0 .. 1 LOOP
        ex := x * (1 - h * h / 2) + aside * (tx + apart2 / 2 * x);
        ey := y * (1 - h * h / 2) + aside * (ty + apart2 / 2 * y);
        ez := z * (1 - h * h / 2) + aside * (tz + apart2 / 2 * z);
        length := sqrt(ex*ex + ey*ey + ez*ez);
        IF {obstap}.sky_in_all_1(ex / length, ey / length, ez / length, c) THEN
          found := found || ARRAY[ex / length, ey / length, ez / length];
        END IF;
        aside := -aside;
      END LOOP;
    END LOOP;
  END LOOP;
  FOR m IN 0 .. coalesce(array_length(axes, 1), 0) / 3 - 1 LOOP
    IF {obstap}.sky_in_all_1(axes[3*m+1], axes[3*m+2], axes[3*m+3], c) THEN
      found := found || axes[3*m+1 : 3*m+3];
    END IF;
    IF {obstap}.sky_in_all_1(-axes[3*m+1], -axes[3*m+2], -axes[3*m+3], c) THEN
      found := found || ARRAY[-axes[3*m+1], -axes[3*m+2], -axes[3*m+3]];
    END IF;
  END LOOP;
  RETURN found;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_common_meets_1(a float8[], i int, b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1200 AS $$
DECLARE
  c float8[] := {obstap}.sky_pieces_1(a, i) || {obstap}.sky_pieces_1(b, j);
  e float8[] := {obstap}.sky_edges_1(c);
BEGIN
  RETURN cardinality(e) = 0 OR cardinality({obstap}.sky_corners_1(c, e, '{}')) > 0;
END $$;

-- Whether an edge of the polygon i runs through the inside of what the parts c
-- have in common.
CREATE OR REPLACE FUNCTION {obstap}.sky_enters_1(s float8[], i int, c float8[], e float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
  n int := abs(s[i]);
  ax float8 := s[i+3*n-2]; ay float8 := s[i+3*n-1]; az float8 := s[i+3*n];
  fx float8; fy float8; fz float8;
  nx float8; ny float8; nz float8; length float8;
  t float8[]; cuts float8[];
  x float8; y float8; z float8;
BEGIN
  FOR k IN 0 .. n - 1 LOOP
    fx := s[i+3*k+1]; fy := s[i+3*k+2]; fz := s[i+3*k+3];
    nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
    length := sqrt(nx*nx + ny*ny + nz*nz);
    nx := nx / length; ny := ny / length; nz := nz / length;
    cuts := ARRAY[ax, ay, az, fx, fy, fz];
    FOR m IN 0 .. array_length(e, 1) / 5 - 1 LOOP
      t := {obstap}.sky_crossings_1(nx, ny, nz, sqrt(2::float8), e[5*m+1], e[5*m+2], e[5*m+3], e[5*m+4]);
      FOR j IN 0 .. coalesce(array_length(t, 1), 0) / 3 - 1 LOOP
        x := t[3*j+1]; y := t[3*j+2]; z := t[3*j+3];
        IF (ny*az - nz*ay)*x + (nz*ax - nx*az)*y + (nx*ay - ny*ax)*z > 0
            AND (ny*fz - nz*fy)*x + (nz*fx - nx*fz)*y + (nx*fy - ny*fx)*z < 0 THEN
          cuts := cuts || ARRAY[x, y, z];
        END IF;
      END LOOP;
    END LOOP;
    FOR j IN 0 .. array_length(cuts, 1) / 3 - 1 LOOP
      FOR m IN j + 1 .. array_length(cuts, 1) / 3 - 1 LOOP
        x := cuts[3*j+1] + cuts[3*m+1]; y := cuts[3*j+2] + cuts[3*m+2]; z := cuts[3*j+3] + cuts[3*m+3];
        length := sqrt(x*x + y*y + z*z);
        IF {obstap}.sky_well_inside_1(x / length, y / length, z / length, c) THEN
          RETURN true;
        END IF;
      END LOOP;
    END LOOP;
    ax := fx; ay := fy; az := fz;
  END LOOP;
  RETURN false;
END $$;

-- Whether what part j of b says that others have in common lies in part i of a.
CREATE OR REPLACE FUNCTION {obstap}.sky_common_lies_in_1(a float8[], i int, b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1500 AS $$
DECLARE
  c float8[] := {obstap}.sky_pieces_1(b, j);
  e float8[] := {obstap}.sky_edges_1(c);
  outer_edges float8[] := {obstap}.sky_edges_1({obstap}.sky_pieces_1(a, i));
  axes float8[] := '{}';
  found float8[];
BEGIN
  FOR k IN 0 .. coalesce(array_length(outer_edges, 1), 0) / 5 - 1 LOOP
    axes := axes || outer_edges[5*k+1 : 5*k+3];
  END LOOP;
  found := {obstap}.sky_corners_1(c, e, axes);
  FOR k IN 0 .. coalesce(array_length(found, 1), 0) / 3 - 1 LOOP
    IF NOT {obstap}.sky_point_in_part_1(found[3*k+1], found[3*k+2], found[3*k+3], a, i) THEN
      RETURN false;
    END IF;
  END LOOP;
  IF a[i] > 0 THEN
    RETURN NOT {obstap}.sky_enters_1(a, i, c, e);
  END IF;
  RETURN cardinality(e) > 0 OR (a[i] = 0 AND a[i+4] >= 2);
END $$;

-- Pairs of parts --------------------------------------------------------------------

CREATE OR REPLACE FUNCTION {obstap}.sky_parts_meet_1(a float8[], i int, b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  r float8; q float8; reach float8; d2 float8;
  n int;
BEGIN
  IF a[i] = 1 OR b[j] = 1 THEN
    RETURN {obstap}.sky_common_meets_1(a, i, b, j);
  END IF;
  IF b[j] = 0 AND (a[i] <> 0 OR a[i+4] >= 0) AND b[j+4] < 0 THEN
    RETURN {obstap}.sky_parts_meet_1(b, j, a, i);
  END IF;
  IF a[i] = 0 THEN
    r := a[i+4];
    IF r < 0 THEN                                 -- outside of a circle
      IF b[j] <> 0 THEN
        n := abs(b[j]);
        FOR k IN 0 .. n - 1 LOOP
          IF {obstap}.sky_point_in_part_1(b[j+3*k+1], b[j+3*k+2], b[j+3*k+3], a, i) THEN
            RETURN true;
          END IF;
        END LOOP;
        RETURN false;
      END IF;
      q := b[j+4];
      IF q < 0 OR q >= 2 THEN
        RETURN true;
      END IF;
      r := -r;
      reach := r * sqrt(greatest(1 - q*q/4, 0)) - q * sqrt(greatest(1 - r*r/4, 0)) - 1e-14;
      RETURN NOT (reach > 0 AND (a[i+1]-b[j+1])*(a[i+1]-b[j+1]) + (a[i+2]-b[j+2])*(a[i+2]-b[j+2])
         + (a[i+3]-b[j+3])*(a[i+3]-b[j+3]) < reach*reach);
    END IF;
    IF b[j] <> 0 THEN
      RETURN {obstap}.sky_circle_meets_ring_1(a[i+1], a[i+2], a[i+3], r, b, j);
    END IF;
    q := b[j+4];
    IF r*r + q*q >= 4 THEN
      RETURN true;
    END IF;
    reach := r * sqrt(greatest(1 - q*q/4, 0)) + q * sqrt(greatest(1 - r*r/4, 0)) + 1e-14;
    RETURN (a[i+1]-b[j+1])*(a[i+1]-b[j+1]) + (a[i+2]-b[j+2])*(a[i+2]-b[j+2])
         + (a[i+3]-b[j+3])*(a[i+3]-b[j+3]) <= reach*reach;
  END IF;
  IF b[j] = 0 THEN
    RETURN {obstap}.sky_circle_meets_ring_1(b[j+1], b[j+2], b[j+3], b[j+4], a, i);
  END IF;
  RETURN {obstap}.sky_rings_meet_1(a, i, b, j);
END $$;

-- Whether the polygon i stays out of an open circle.
CREATE OR REPLACE FUNCTION {obstap}.sky_ring_outside_1(
  cx float8, cy float8, cz float8, chord float8, s float8[], i int
) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  n int := abs(s[i]);
  reach float8 := chord - 1e-14;
  reach2 float8 := reach * reach;
  px float8 := s[i+3*n-2]; py float8 := s[i+3*n-1]; pz float8 := s[i+3*n];
  qx float8; qy float8; qz float8;
BEGIN
  IF reach <= 0 THEN
    RETURN true;
  END IF;
  FOR k IN 0 .. n - 1 LOOP
    qx := s[i+3*k+1]; qy := s[i+3*k+2]; qz := s[i+3*k+3];
    IF NOT ({obstap}.sky_arc_1(cx, cy, cz, px, py, pz, qx, qy, qz) >= reach2) THEN
      RETURN false;
    END IF;
    px := qx; py := qy; pz := qz;
  END LOOP;
  RETURN NOT {obstap}.sky_point_in_part_1(cx, cy, cz, s, i);
END $$;

-- Whether part i of a holds part j of b, neither of which has a drawing.
CREATE OR REPLACE FUNCTION {obstap}.sky_holds_part_1(a float8[], i int, b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 220 AS $$
DECLARE
  r float8; q float8; reach float8; d2 float8;
  last int;
BEGIN
  IF a[i] = 1 THEN
    last := i + 1 + a[i+1]::int;
    i := i + 6;
    WHILE i < last LOOP
      IF NOT {obstap}.sky_holds_part_1(a, i, b, j) THEN
        RETURN false;
      END IF;
      i := i + CASE WHEN a[i] = 0 THEN 5 ELSE 1 + 3 * abs(a[i])::int END;
    END LOOP;
    RETURN true;
  END IF;
  IF b[j] = 1 THEN
    RETURN {obstap}.sky_common_lies_in_1(a, i, b, j);
  END IF;
  IF NOT ((a[i] = 0 AND a[i+4] < 0) OR (b[j] = 0 AND b[j+4] < 0)) THEN
    RETURN {obstap}.sky_part_contains_1(a, i, b, j);
  END IF;
  -- One of them is what is outside of a circle.
  IF a[i] <> 0 THEN
    RETURN false;
  END IF;
  r := a[i+4];
  IF b[j] <> 0 THEN
    RETURN {obstap}.sky_ring_outside_1(a[i+1], a[i+2], a[i+3], -r, b, j);
  END IF;
  q := b[j+4];
  d2 := (a[i+1]-b[j+1])*(a[i+1]-b[j+1]) + (a[i+2]-b[j+2])*(a[i+2]-b[j+2])
      + (a[i+3]-b[j+3])*(a[i+3]-b[j+3]);
  IF r < 0 AND q >= 0 THEN
    r := -r;
    reach := r * sqrt(greatest(1 - q*q/4, 0)) + q * sqrt(greatest(1 - r*r/4, 0)) - 1e-14;
    RETURN q < 2 AND NOT (reach > 0 AND d2 < reach*reach);
  END IF;
  IF r >= 2 THEN
    RETURN true;
  END IF;
  IF r < 0 THEN
    r := -r;
  ELSE
    -- The rest of the circle's sky, round the opposite position.
    r := sqrt(greatest(4 - r*r, 0));
    d2 := (a[i+1]+b[j+1])*(a[i+1]+b[j+1]) + (a[i+2]+b[j+2])*(a[i+2]+b[j+2])
        + (a[i+3]+b[j+3])*(a[i+3]+b[j+3]);
  END IF;
  -- The one that is left out must lie in the other.
  q := -q;
  reach := q * sqrt(greatest(1 - r*r/4, 0)) - r * sqrt(greatest(1 - q*q/4, 0)) + 1e-14;
  RETURN reach >= 0 AND d2 <= reach*reach;
END $$;

-- Whether part j of b lies in all of a's parts together, when these are circles
-- and what is outside of circles.
CREATE OR REPLACE FUNCTION {obstap}.sky_lies_in_discs_1(a float8[], b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1500 AS $$
DECLARE
  i int := 1;
  n int := 0;
  c float8[] := '{}';
BEGIN
  WHILE i <= array_length(a, 1) LOOP
    IF abs(a[i]) = 2 THEN
      i := i + 3 + a[i+2]::int;
      CONTINUE;
    END IF;
    IF a[i] <> 0 THEN
      RETURN false;
    END IF;
    IF a[i+4] >= 2 THEN
      RETURN true;
    END IF;
    IF a[i+4] < 0 AND -a[i+4] <= 2.5e-14 THEN
      RETURN false;
    END IF;
    c := c || ARRAY[0, a[i+1], a[i+2], a[i+3],
      CASE WHEN a[i+4] < 0 THEN -a[i+4] - 2.5e-14 ELSE -(a[i+4] + 2.5e-14) END];
    n := n + 1;
    i := i + 5;
  END LOOP;
  IF n < 2 OR n > 64 THEN
    RETURN false;
  END IF;
  c := c || {obstap}.sky_pieces_1(b, j);
  RETURN cardinality({obstap}.sky_corners_1(c, {obstap}.sky_edges_1(c), '{}')) = 0;
END $$;

-- What queries call ------------------------------------------------------------------

CREATE OR REPLACE FUNCTION {obstap}.sky_meets_1(a float8[], b float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200 AS $$
DECLARE
  na int := array_length(a, 1);
  nb int := array_length(b, 1);
  i int := 1;
  j int;
BEGIN
  IF na = 5 AND a[1] = 0 AND a[5] = 0 THEN
    RETURN {obstap}.sky_point_in_1(a[2], a[3], a[4], b);
  END IF;
  IF nb = 5 AND b[1] = 0 AND b[5] = 0 THEN
    RETURN {obstap}.sky_point_in_1(b[2], b[3], b[4], a);
  END IF;
  WHILE i <= na LOOP
    IF abs(a[i]) = 2 THEN
      i := i + 3 + a[i+2]::int;
      CONTINUE;
    END IF;
    j := 1;
    WHILE j <= nb LOOP
      IF abs(b[j]) = 2 THEN
        j := j + 3 + b[j+2]::int;
        CONTINUE;
      END IF;
      IF {obstap}.sky_parts_meet_1(a, i, b, j) THEN
        RETURN true;
      END IF;
      j := j + CASE b[j] WHEN 0 THEN 5 WHEN 1 THEN 2 + b[j+1]::int ELSE 1 + 3 * abs(b[j])::int END;
    END LOOP;
    i := i + CASE a[i] WHEN 0 THEN 5 WHEN 1 THEN 2 + a[i+1]::int ELSE 1 + 3 * abs(a[i])::int END;
  END LOOP;
  RETURN false;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_contains_1(a float8[], b float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200 AS $$
DECLARE
  na int := coalesce(array_length(a, 1), 0);
  nb int := coalesce(array_length(b, 1), 0);
  i int;
  j int := 1;
  held boolean;
BEGIN
  IF nb = 5 AND b[1] = 0 AND b[5] = 0 THEN
    RETURN {obstap}.sky_point_in_1(b[2], b[3], b[4], a);
  END IF;
  WHILE j <= nb LOOP
    IF abs(b[j]) = 2 THEN
      j := j + 3 + b[j+2]::int;
      CONTINUE;
    END IF;
    held := false;
    i := 1;
    WHILE i <= na LOOP
      IF abs(a[i]) = 2 THEN
        i := i + 3 + a[i+2]::int;
        CONTINUE;
      END IF;
      IF {obstap}.sky_holds_part_1(a, i, b, j) THEN
        held := true;
        EXIT;
      END IF;
      i := i + CASE a[i] WHEN 0 THEN 5 WHEN 1 THEN 2 + a[i+1]::int ELSE 1 + 3 * abs(a[i])::int END;
    END LOOP;
    IF NOT held AND NOT {obstap}.sky_lies_in_discs_1(a, b, j) THEN
      RETURN false;
    END IF;
    j := j + CASE b[j] WHEN 0 THEN 5 WHEN 1 THEN 2 + b[j+1]::int ELSE 1 + 3 * abs(b[j])::int END;
  END LOOP;
  RETURN nb > 0;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_in_1(lon float8, lat float8, s float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  p float8[] := {obstap}.sky_point_1(lon, lat);
BEGIN
  RETURN {obstap}.sky_point_in_1(p[2], p[3], p[4], s);
END $$;

-- Measures -----------------------------------------------------------------------------

-- The angle between two unit vectors.
CREATE OR REPLACE FUNCTION {obstap}.sky_angle_1(
  ax float8, ay float8, az float8, fx float8, fy float8, fz float8
) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS $$
  SELECT 2 * atan2(
    sqrt((ax-fx)*(ax-fx) + (ay-fy)*(ay-fy) + (az-fz)*(az-fz)),
    sqrt((ax+fx)*(ax+fx) + (ay+fy)*(ay+fy) + (az+fz)*(az+fz)))
$$;

CREATE OR REPLACE FUNCTION {obstap}.sky_gap_1(lon float8, lat float8, s float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 120 AS $$
DECLARE
  p float8[] := {obstap}.sky_point_1(lon, lat);
  i int := 1;
  n int; a int; c int;
  pieces float8[]; found float8[];
  nearest float8; apart float8;
  smallest float8 := pi();
BEGIN
  IF {obstap}.sky_point_in_1(p[2], p[3], p[4], s) THEN
    RETURN 0;
  END IF;
  WHILE i <= cardinality(s) LOOP
    IF abs(s[i]) = 2 THEN
      i := i + 3 + s[i+2]::int;
      CONTINUE;
    END IF;
    n := abs(s[i])::int;
    IF n = 0 THEN
      apart := {obstap}.sky_angle_1(p[2], p[3], p[4], s[i+1], s[i+2], s[i+3])
        - 2 * asin(least(abs(s[i+4]) / 2, 1));
      IF s[i+4] < 0 THEN
        apart := -apart;
      END IF;
      i := i + 5;
    ELSIF n = 1 THEN
      pieces := {obstap}.sky_pieces_1(s, i);
      found := {obstap}.sky_corners_1(pieces, {obstap}.sky_edges_1(pieces), p[2:4]);
      apart := pi();
      FOR k IN 0 .. coalesce(array_length(found, 1), 0) / 3 - 1 LOOP
        apart := least(apart, {obstap}.sky_angle_1(
          p[2], p[3], p[4], found[3*k+1], found[3*k+2], found[3*k+3]));
      END LOOP;
      i := i + 2 + s[i+1]::int;
    ELSE
      nearest := 4;
      FOR k IN 0 .. n - 1 LOOP
        a := i + 1 + 3 * ((k + n - 1) % n);
        c := i + 1 + 3 * k;
        nearest := least(nearest, {obstap}.sky_arc_1(
          p[2], p[3], p[4], s[a], s[a+1], s[a+2], s[c], s[c+1], s[c+2]));
      END LOOP;
      IF nearest < 2 THEN
        apart := 2 * asin(least(sqrt(nearest) / 2, 1));
      ELSE
        -- Beyond 90 degrees the nearest point of an edge is one of its ends.
        apart := pi();
        FOR k IN 0 .. n - 1 LOOP
          a := i + 1 + 3 * k;
          apart := least(apart, {obstap}.sky_angle_1(p[2], p[3], p[4], s[a], s[a+1], s[a+2]));
        END LOOP;
      END IF;
      i := i + 1 + 3 * n;
    END IF;
    smallest := least(smallest, apart);
  END LOOP;
  RETURN degrees(greatest(smallest, 0));
END $$;

-- As sky_extent_1, of every part without a drawing.
CREATE OR REPLACE FUNCTION {obstap}.sky_measure_1(s float8[], i int) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
DECLARE
  k float8;
BEGIN
  IF s[i] = 1 THEN
    RETURN s[i+2 : i+5];
  END IF;
  IF s[i] = 0 AND s[i+4] < 0 THEN
    k := -(s[i+4] * s[i+4] / 4);
    RETURN ARRAY[pi() * (4 - s[i+4] * s[i+4]), s[i+1] * k, s[i+2] * k, s[i+3] * k];
  END IF;
  RETURN {obstap}.sky_extent_1(s, i);
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_area_1(s float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  i int := 1;
  area float8 := 0;
BEGIN
  WHILE i <= cardinality(s) LOOP
    IF abs(s[i]) = 2 THEN
      i := i + 3 + s[i+2]::int;
      CONTINUE;
    END IF;
    area := area + ({obstap}.sky_measure_1(s, i))[1];
    i := i + CASE s[i] WHEN 0 THEN 5 WHEN 1 THEN 2 + s[i+1]::int ELSE 1 + 3 * abs(s[i])::int END;
  END LOOP;
  RETURN area * ((180 / pi()) * (180 / pi()));
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_centroid_1(s float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  i int := 1;
  e float8[];
  first int;
  x float8 := 0; y float8 := 0; z float8 := 0; length float8; lon float8;
BEGIN
  WHILE i <= cardinality(s) LOOP
    IF abs(s[i]) = 2 THEN
      i := i + 3 + s[i+2]::int;
      CONTINUE;
    END IF;
    e := {obstap}.sky_measure_1(s, i);
    x := x + e[1] * e[2]; y := y + e[1] * e[3]; z := z + e[1] * e[4];
    i := i + CASE s[i] WHEN 0 THEN 5 WHEN 1 THEN 2 + s[i+1]::int ELSE 1 + 3 * abs(s[i])::int END;
  END LOOP;
  -- Underflow would be an error.
  IF abs(x) < 1e-99 THEN x := 0; END IF;
  IF abs(y) < 1e-99 THEN y := 0; END IF;
  IF abs(z) < 1e-99 THEN z := 0; END IF;
  IF NOT x*x + y*y + z*z > 1e-40 THEN
    x := 0; y := 0; z := 0; i := 1;
    WHILE i <= cardinality(s) LOOP
      IF abs(s[i]) = 2 THEN
        i := i + 3 + s[i+2]::int;
        CONTINUE;
      END IF;
      IF s[i] = 1 THEN
        first := coalesce(first, i + 3);
        x := x + s[i+3]; y := y + s[i+4]; z := z + s[i+5];
        i := i + 2 + s[i+1]::int;
        CONTINUE;
      END IF;
      first := coalesce(first, i + 1);
      FOR j IN 0 .. greatest(abs(s[i])::int, 1) - 1 LOOP
        x := x + s[i+1+3*j]; y := y + s[i+2+3*j]; z := z + s[i+3+3*j];
      END LOOP;
      i := i + CASE WHEN s[i] = 0 THEN 5 ELSE 1 + 3 * abs(s[i])::int END;
    END LOOP;
    IF NOT x*x + y*y + z*z > 1e-12 THEN
      x := s[first]; y := s[first+1]; z := s[first+2];
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
