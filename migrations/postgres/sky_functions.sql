-- The sphere for stock PostgreSQL 14 and later: no extension, no superuser.
--
-- The twin of the crate adql's rooms sky::predicates, sky::polygon and
-- sky::point, where the reasons are written. The predicates use the same
-- operations in the same order there and here (only + - * / sqrt, which IEEE
-- 754 fixes to the last bit), so both engines answer alike. Change both or
-- neither, and then raise the number in the names.
--
-- {obstap} stands for the quoted schema. A shape is a list of parts, each a
-- header and then unit vectors: 0 x y z chord is a circle; n x1 y1 z1 ... a
-- polygon counter-clockwise; -n the same and convex. Angles are in degrees.
-- 1e-14 and its square 1e-28 are the tolerance, a distance on the unit sphere.
-- An arc goes from a to f: "by" is a word of PL/pgSQL.

-- Shapes from numbers ------------------------------------------------------

CREATE OR REPLACE FUNCTION {obstap}.sky_point_1(lon float8, lat float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
DECLARE
  turn float8 := lon;
  x float8;
  y float8;
  z float8;
BEGIN
  IF lon IN ('NaN', 'Infinity', '-Infinity') OR lat = 'NaN' THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('a position needs two finite numbers, not %s %s', lon, lat);
  END IF;
  IF lat < -90 OR lat > 90 THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the latitude %s is not between -90 and 90 degrees', lat);
  END IF;
  IF turn < 0 OR turn >= 360 THEN
    turn := turn - 360 * floor(turn / 360);
    IF turn < 0 OR turn >= 360 THEN
      turn := 0;
    END IF;
  END IF;
  -- Underflow would be an error.
  IF abs(turn) < 1e-99 THEN turn := 0; END IF;
  IF abs(lat) < 1e-99 THEN lat := 0; END IF;
  x := cos(radians(lat)) * cos(radians(turn));
  y := cos(radians(lat)) * sin(radians(turn));
  z := sin(radians(lat));
  IF abs(x) < 2e-16 THEN x := 0; END IF;
  IF abs(y) < 2e-16 THEN y := 0; END IF;
  IF abs(z) < 2e-16 THEN z := 0; END IF;
  RETURN ARRAY[0, x, y, z, 0]::float8[];
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_circle_1(lon float8, lat float8, radius float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 30 AS $$
DECLARE
  shape float8[];
BEGIN
  IF NOT (radius BETWEEN 0 AND 180) THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the radius %s is not between 0 and 180 degrees', radius);
  END IF;
  shape := {obstap}.sky_point_1(lon, lat);
  shape[5] := CASE WHEN radius = 180 THEN 2 ELSE 2 * sin(radians(radius) / 2) END;
  RETURN shape;
END $$;

-- A polygon from its unit vectors x y z x y z ...: without repeated vertices,
-- turned counter-clockwise, checked, with its header.
CREATE OR REPLACE FUNCTION {obstap}.sky_ring_1(v float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
DECLARE
  r float8[] := '{}';
  n int := 0;                      -- vertices in r
  i int; j int; k int;
  ax float8; ay float8; az float8;
  fx float8; fy float8; fz float8;
  cx float8; cy float8; cz float8;
  dx float8; dy float8; dz float8;
  nx float8; ny float8; nz float8; n2 float8;
  mx float8; my float8; mz float8; m2 float8;
  hx float8 := 0; hy float8 := 0; hz float8 := 0;
  depth float8; least float8; length float8;
  tc float8; td float8; ta float8; tb float8;
  turning float8 := 0; extent float8 := 0;
  found boolean := false;
  convex boolean := true;
BEGIN
  FOR i IN 0 .. coalesce(array_length(v, 1), 0) / 3 - 1 LOOP
    fx := v[3*i+1]; fy := v[3*i+2]; fz := v[3*i+3];
    IF n = 0 OR (fx-ax)*(fx-ax) + (fy-ay)*(fy-ay) + (fz-az)*(fz-az) > 1e-28 THEN
      r := r || ARRAY[fx, fy, fz];
      n := n + 1;
      ax := fx; ay := fy; az := fz;
    END IF;
  END LOOP;
  WHILE n > 1 AND (r[1]-r[3*n-2])*(r[1]-r[3*n-2]) + (r[2]-r[3*n-1])*(r[2]-r[3*n-1])
      + (r[3]-r[3*n])*(r[3]-r[3*n]) <= 1e-28 LOOP
    n := n - 1;
  END LOOP;
  IF n < 3 THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('a polygon needs at least 3 distinct vertices, not %s', n);
  END IF;
  IF n > 5000 THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('a polygon may have 5000 vertices, not %s', n);
  END IF;
  r := r[1 : 3*n];

  -- The centre of a hemisphere that holds all vertices.
  FOR i IN 0 .. n - 1 LOOP
    hx := hx + r[3*i+1]; hy := hy + r[3*i+2]; hz := hz + r[3*i+3];
  END LOOP;
  IF hx*hx + hy*hy + hz*hz <= 1e-12 THEN
    hx := r[1]; hy := r[2]; hz := r[3];
  END IF;
  FOR k IN 1 .. 2000 LOOP
    length := sqrt(hx*hx + hy*hy + hz*hz);
    EXIT WHEN length < 1e-6;
    hx := hx / length; hy := hy / length; hz := hz / length;
    IF abs(hx) < 2e-16 THEN hx := 0; END IF;
    IF abs(hy) < 2e-16 THEN hy := 0; END IF;
    IF abs(hz) < 2e-16 THEN hz := 0; END IF;
    least := 2;
    FOR i IN 0 .. n - 1 LOOP
      depth := r[3*i+1]*hx + r[3*i+2]*hy + r[3*i+3]*hz;
      IF depth < least THEN least := depth; j := i; END IF;
    END LOOP;
    found := least > 1e-9;
    EXIT WHEN found;
    depth := 1e-3 - least;
    hx := hx + depth * r[3*j+1]; hy := hy + depth * r[3*j+2]; hz := hz + depth * r[3*j+3];
  END LOOP;
  IF NOT found THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = 'the polygon does not fit into a hemisphere; cut it into smaller ones';
  END IF;

  -- Edges that cross.
  FOR i IN 0 .. n - 1 LOOP
    k := (i + 1) % n;
    ax := r[3*i+1]; ay := r[3*i+2]; az := r[3*i+3];
    fx := r[3*k+1]; fy := r[3*k+2]; fz := r[3*k+3];
    nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
    n2 := 1e-28 * (nx*nx + ny*ny + nz*nz);
    FOR j IN i + 2 .. n - 1 LOOP
      CONTINUE WHEN i = 0 AND j + 1 = n;
      k := (j + 1) % n;
      cx := r[3*j+1]; cy := r[3*j+2]; cz := r[3*j+3];
      dx := r[3*k+1]; dy := r[3*k+2]; dz := r[3*k+3];
      tc := nx*(cx-ax) + ny*(cy-ay) + nz*(cz-az);
      td := nx*(dx-ax) + ny*(dy-ay) + nz*(dz-az);
      CONTINUE WHEN tc * td >= 0;
      mx := cy*(dz-cz) - cz*(dy-cy); my := cz*(dx-cx) - cx*(dz-cz); mz := cx*(dy-cy) - cy*(dx-cx);
      m2 := 1e-28 * (mx*mx + my*my + mz*mz);
      ta := mx*(ax-cx) + my*(ay-cy) + mz*(az-cz);
      tb := mx*(fx-cx) + my*(fy-cy) + mz*(fz-cz);
      IF ta * tb < 0 AND tc * ta < 0 AND tc*tc > n2 AND td*td > n2 AND ta*ta > m2 AND tb*tb > m2 THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
          MESSAGE = format('the polygon''s edges %s and %s cross', i + 1, j + 1);
      END IF;
    END LOOP;
  END LOOP;

  -- Which way it turns, seen in the plane that touches the sphere at h.
  depth := r[1]*hx + r[2]*hy + r[3]*hz;
  cx := r[1] / depth; cy := r[2] / depth; cz := r[3] / depth;
  ax := 0; ay := 0; az := 0;
  FOR i IN 1 .. n - 1 LOOP
    depth := r[3*i+1]*hx + r[3*i+2]*hy + r[3*i+3]*hz;
    fx := r[3*i+1] / depth - cx; fy := r[3*i+2] / depth - cy; fz := r[3*i+3] / depth - cz;
    turning := turning + (hx*(ay*fz - az*fy) + hy*(az*fx - ax*fz) + hz*(ax*fy - ay*fx));
    extent := greatest(extent, fx*fx + fy*fy + fz*fz);
    ax := fx; ay := fy; az := fz;
  END LOOP;
  IF abs(turning) <= 4e-16 * sqrt(extent) THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = 'the polygon has no area: its vertices lie on one great circle';
  END IF;
  IF turning < 0 THEN
    v := r;
    FOR i IN 0 .. n - 1 LOOP
      r[3*i+1] := v[3*(n-1-i)+1]; r[3*i+2] := v[3*(n-1-i)+2]; r[3*i+3] := v[3*(n-1-i)+3];
    END LOOP;
  END IF;

  -- Convex: no vertex to the right of an edge. First the next ones, since a
  -- concave polygon nearly always shows it there.
  <<turns>>
  FOR step IN 0 .. 1 LOOP
    FOR i IN 0 .. n - 1 LOOP
      k := (i + 1) % n;
      ax := r[3*i+1]; ay := r[3*i+2]; az := r[3*i+3];
      fx := r[3*k+1]; fy := r[3*k+2]; fz := r[3*k+3];
      nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
      n2 := 6.25e-30 * (nx*nx + ny*ny + nz*nz);
      FOR j IN CASE WHEN step = 0 THEN i + 2 ELSE 0 END .. CASE WHEN step = 0 THEN i + 2 ELSE n - 1 END LOOP
        k := j % n;
        tc := nx*(r[3*k+1]-ax) + ny*(r[3*k+2]-ay) + nz*(r[3*k+3]-az);
        IF tc < 0 AND tc*tc > n2 THEN
          convex := false;
          EXIT turns;
        END IF;
      END LOOP;
    END LOOP;
  END LOOP;
  RETURN (CASE WHEN convex THEN -n ELSE n END)::float8 || r;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_polygon_1(coords float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 600 AS $$
DECLARE
  n int := coalesce(array_length(coords, 1), 0);
  v float8[] := '{}';
BEGIN
  IF n % 2 = 1 THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('a polygon needs an even count of numbers (lon lat ...), not %s', n);
  END IF;
  FOR i IN 1 .. n / 2 LOOP
    v := v || ({obstap}.sky_point_1(coords[2*i-1], coords[2*i]))[2:4];
  END LOOP;
  RETURN {obstap}.sky_ring_1(v);
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_box_1(lon float8, lat float8, width float8, height float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 600 AS $$
DECLARE
  c float8[] := {obstap}.sky_point_1(lon, lat);
  v float8[] := '{}';
  cx float8 := c[2]; cy float8 := c[3]; cz float8 := c[4];
  ex float8; ey float8;
  nx float8; ny float8; nz float8;
  x float8; y float8;
  vx float8; vy float8; vz float8; length float8;
BEGIN
  IF NOT (width >= 0 AND width < 180 AND height >= 0 AND height < 180) THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('the box size %s %s is not between 0 and 180 degrees', width, height);
  END IF;
  IF width = 0 AND height = 0 THEN
    RETURN c;
  END IF;
  IF cx = 0 AND cy = 0 THEN
    ex := 0; ey := 1;
  ELSE
    length := sqrt(cy*cy + cx*cx);
    ex := -cy / length; ey := cx / length;
    IF abs(ex) < 2e-16 THEN ex := 0; END IF;
    IF abs(ey) < 2e-16 THEN ey := 0; END IF;
  END IF;
  nx := -cz*ey; ny := cz*ex; nz := cx*ey - cy*ex;
  FOR i IN 0 .. 3 LOOP
    x := tan(radians(width / 2)) * CASE WHEN i IN (0, 3) THEN -1 ELSE 1 END;
    y := tan(radians(height / 2)) * CASE WHEN i < 2 THEN -1 ELSE 1 END;
    vx := cx + x*ex + y*nx; vy := cy + x*ey + y*ny; vz := cz + y*nz;
    length := sqrt(vx*vx + vy*vy + vz*vz);
    vx := vx / length; vy := vy / length; vz := vz / length;
    IF abs(vx) < 2e-16 THEN vx := 0; END IF;
    IF abs(vy) < 2e-16 THEN vy := 0; END IF;
    IF abs(vz) < 2e-16 THEN vz := 0; END IF;
    v := v || ARRAY[vx, vy, vz];
  END LOOP;
  RETURN {obstap}.sky_ring_1(v);
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_distance_1(lon1 float8, lat1 float8, lon2 float8, lat2 float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 15 AS $$
DECLARE
  turn float8; phi1 float8; phi2 float8; sin1 float8; sin2 float8;
  half float8; across float8; along float8;
BEGIN
  IF abs(lon1) >= 'Infinity' OR abs(lat1) >= 'Infinity' OR abs(lon2) >= 'Infinity' OR abs(lat2) >= 'Infinity' THEN
    RETURN 'NaN';              -- NaN counts as greater than infinity
  END IF;
  -- Underflow would be an error: what could cause it counts as zero.
  IF abs(lon1) < 1e-99 THEN lon1 := 0; END IF;
  IF abs(lat1) < 1e-99 THEN lat1 := 0; END IF;
  IF abs(lon2) < 1e-99 THEN lon2 := 0; END IF;
  IF abs(lat2) < 1e-99 THEN lat2 := 0; END IF;
  turn := radians(lon2 - lon1);
  phi1 := radians(lat1);
  phi2 := radians(lat2);
  sin1 := sin(phi1);
  sin2 := sin(phi2);
  half := sin(turn / 2);
  across := sin(turn);
  IF abs(sin1) < 1e-100 THEN sin1 := 0; END IF;
  IF abs(sin2) < 1e-100 THEN sin2 := 0; END IF;
  IF abs(half) < 1e-100 THEN half := 0; END IF;
  IF abs(across) < 1e-100 THEN across := 0; END IF;
  across := cos(phi2) * across;
  IF abs(across) < 1e-100 THEN across := 0; END IF;
  along := sin(radians(lat2 - lat1)) + 2 * sin1 * cos(phi2) * half * half;
  IF abs(along) < 1e-100 THEN along := 0; END IF;
  RETURN degrees(atan2(sqrt(across*across + along*along),
    sin1 * sin2 + cos(phi1) * cos(phi2) * cos(turn)));
END $$;

-- Arcs -----------------------------------------------------------------------

-- The squared chord from p to the nearest point of the arc af.
CREATE OR REPLACE FUNCTION {obstap}.sky_arc_1(
  px float8, py float8, pz float8, ax float8, ay float8, az float8, fx float8, fy float8, fz float8
) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 15 AS $$
DECLARE
  ux float8 := fx - ax; uy float8 := fy - ay; uz float8 := fz - az;
  vx float8 := px - ax; vy float8 := py - ay; vz float8 := pz - az;
  wx float8 := px - fx; wy float8 := py - fy; wz float8 := pz - fz;
  u2 float8 := ux*ux + uy*uy + uz*uz;
  v2 float8 := vx*vx + vy*vy + vz*vz;
  w2 float8 := wx*wx + wy*wy + wz*wz;
  nx float8; ny float8; nz float8; t float8;
BEGIN
  IF ux*vx + uy*vy + uz*vz - u2*v2/4 > 0 AND ux*wx + uy*wy + uz*wz + u2*w2/4 < 0 THEN
    nx := ay*uz - az*uy; ny := az*ux - ax*uz; nz := ax*uy - ay*ux;
    t := nx*vx + ny*vy + nz*vz;
    t := t*t / (nx*nx + ny*ny + nz*nz);
    IF t >= 1 THEN
      RETURN 2;
    END IF;
    RETURN 2*t / (1 + sqrt(1 - t));
  END IF;
  IF v2 < w2 THEN
    RETURN v2;
  END IF;
  RETURN w2;
END $$;

-- Whether the arcs af and cd cross at an inner point of both; with a margin (a
-- squared sine) above zero, clearly.
CREATE OR REPLACE FUNCTION {obstap}.sky_cross_1(
  ax float8, ay float8, az float8, fx float8, fy float8, fz float8,
  cx float8, cy float8, cz float8, dx float8, dy float8, dz float8, margin float8
) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
DECLARE
  nx float8 := ay*(fz-az) - az*(fy-ay);
  ny float8 := az*(fx-ax) - ax*(fz-az);
  nz float8 := ax*(fy-ay) - ay*(fx-ax);
  tc float8 := nx*(cx-ax) + ny*(cy-ay) + nz*(cz-az);
  td float8 := nx*(dx-ax) + ny*(dy-ay) + nz*(dz-az);
  mx float8; my float8; mz float8; ta float8; tb float8; n2 float8; m2 float8;
BEGIN
  IF NOT ((tc < 0 AND td > 0) OR (tc > 0 AND td < 0)) THEN
    RETURN false;
  END IF;
  mx := cy*(dz-cz) - cz*(dy-cy); my := cz*(dx-cx) - cx*(dz-cz); mz := cx*(dy-cy) - cy*(dx-cx);
  ta := mx*(ax-cx) + my*(ay-cy) + mz*(az-cz);
  tb := mx*(fx-cx) + my*(fy-cy) + mz*(fz-cz);
  IF NOT ((tc < 0 AND ta > 0 AND tb < 0) OR (tc > 0 AND ta < 0 AND tb > 0)) THEN
    RETURN false;
  END IF;
  IF margin <= 0 THEN
    RETURN true;
  END IF;
  n2 := margin * (nx*nx + ny*ny + nz*nz);
  m2 := margin * (mx*mx + my*my + mz*mz);
  RETURN tc*tc > n2 AND td*td > n2 AND ta*ta > m2 AND tb*tb > m2;
END $$;

-- Points ----------------------------------------------------------------------
-- In these functions s is a shape and i the place of a part's header in it.

CREATE OR REPLACE FUNCTION {obstap}.sky_on_edge_1(px float8, py float8, pz float8, s float8[], i int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
DECLARE
  n int := abs(s[i]);
  ax float8 := s[i+3*n-2]; ay float8 := s[i+3*n-1]; az float8 := s[i+3*n];
  fx float8; fy float8; fz float8;
BEGIN
  FOR k IN 0 .. n - 1 LOOP
    fx := s[i+3*k+1]; fy := s[i+3*k+2]; fz := s[i+3*k+3];
    IF {obstap}.sky_arc_1(px, py, pz, ax, ay, az, fx, fy, fz) <= 1e-28 THEN
      RETURN true;
    END IF;
    ax := fx; ay := fy; az := fz;
  END LOOP;
  RETURN false;
END $$;

-- Whether a polygon turns once to the left round a point.
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
        RETURN px*(ax+fx) + py*(ay+fy) + pz*(az+fz) > 0;
      END IF;
      IF low <= 0 AND t > 0 THEN
        turns := turns + 1;
      ELSIF low > 0 AND t < 0 THEN
        turns := turns - 1;
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
  ax float8; ay float8; az float8;
  fx float8; fy float8; fz float8;
  nx float8; ny float8; nz float8; t float8;
  close boolean := false;
BEGIN
  IF n = 0 THEN
    t := s[i+4] + 1e-14;
    RETURN (px-s[i+1])*(px-s[i+1]) + (py-s[i+2])*(py-s[i+2]) + (pz-s[i+3])*(pz-s[i+3]) <= t*t;
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

-- Pairs of parts ----------------------------------------------------------------

-- Whether an edge of the convex polygon a has all vertices of b beyond it.
CREATE OR REPLACE FUNCTION {obstap}.sky_apart_1(a float8[], i int, b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 50 AS $$
DECLARE
  na int := abs(a[i]);
  nb int := abs(b[j]);
  px float8 := a[i+3*na-2]; py float8 := a[i+3*na-1]; pz float8 := a[i+3*na];
  qx float8; qy float8; qz float8;
  nx float8; ny float8; nz float8; n2 float8; t float8;
  beyond boolean;
BEGIN
  FOR k IN 0 .. na - 1 LOOP
    qx := a[i+3*k+1]; qy := a[i+3*k+2]; qz := a[i+3*k+3];
    nx := py*(qz-pz) - pz*(qy-py); ny := pz*(qx-px) - px*(qz-pz); nz := px*(qy-py) - py*(qx-px);
    n2 := 1e-28 * (nx*nx + ny*ny + nz*nz);
    beyond := true;
    FOR m IN 0 .. nb - 1 LOOP
      t := nx*(b[j+3*m+1]-px) + ny*(b[j+3*m+2]-py) + nz*(b[j+3*m+3]-pz);
      IF t >= 0 OR t*t <= n2 THEN
        beyond := false;
        EXIT;
      END IF;
    END LOOP;
    IF beyond THEN
      RETURN true;
    END IF;
    px := qx; py := qy; pz := qz;
  END LOOP;
  RETURN false;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_rings_meet_1(a float8[], i int, b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 300 AS $$
DECLARE
  na int := abs(a[i]);
  nb int := abs(b[j]);
  px float8; py float8; pz float8;
  qx float8; qy float8; qz float8;
  cx float8; cy float8; cz float8;
  dx float8; dy float8; dz float8;
  nx float8; ny float8; nz float8; n2 float8;
  tc float8; td float8;
BEGIN
  IF a[i] < 0 AND {obstap}.sky_apart_1(a, i, b, j) THEN
    RETURN false;
  END IF;
  IF b[j] < 0 AND {obstap}.sky_apart_1(b, j, a, i) THEN
    RETURN false;
  END IF;
  IF {obstap}.sky_point_in_part_1(b[j+1], b[j+2], b[j+3], a, i)
      OR {obstap}.sky_point_in_part_1(a[i+1], a[i+2], a[i+3], b, j) THEN
    RETURN true;
  END IF;
  px := a[i+3*na-2]; py := a[i+3*na-1]; pz := a[i+3*na];
  FOR k IN 0 .. na - 1 LOOP
    qx := a[i+3*k+1]; qy := a[i+3*k+2]; qz := a[i+3*k+3];
    nx := py*(qz-pz) - pz*(qy-py); ny := pz*(qx-px) - px*(qz-pz); nz := px*(qy-py) - py*(qx-px);
    n2 := 4e-28 * (nx*nx + ny*ny + nz*nz);
    cx := b[j+3*nb-2]; cy := b[j+3*nb-1]; cz := b[j+3*nb];
    tc := nx*(cx-px) + ny*(cy-py) + nz*(cz-pz);
    FOR m IN 0 .. nb - 1 LOOP
      dx := b[j+3*m+1]; dy := b[j+3*m+2]; dz := b[j+3*m+3];
      td := nx*(dx-px) + ny*(dy-py) + nz*(dz-pz);
      IF NOT (((tc > 0 AND td > 0) OR (tc < 0 AND td < 0)) AND tc*tc > n2 AND td*td > n2) THEN
        IF {obstap}.sky_cross_1(px, py, pz, qx, qy, qz, cx, cy, cz, dx, dy, dz, 0)
            OR {obstap}.sky_arc_1(dx, dy, dz, px, py, pz, qx, qy, qz) <= 1e-28
            OR {obstap}.sky_arc_1(cx, cy, cz, px, py, pz, qx, qy, qz) <= 1e-28
            OR {obstap}.sky_arc_1(px, py, pz, cx, cy, cz, dx, dy, dz) <= 1e-28
            OR {obstap}.sky_arc_1(qx, qy, qz, cx, cy, cz, dx, dy, dz) <= 1e-28 THEN
          RETURN true;
        END IF;
      END IF;
      cx := dx; cy := dy; cz := dz; tc := td;
    END LOOP;
    px := qx; py := qy; pz := qz;
  END LOOP;
  RETURN false;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_circle_meets_ring_1(
  cx float8, cy float8, cz float8, chord float8, s float8[], i int
) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 80 AS $$
DECLARE
  n int := abs(s[i]);
  reach float8 := chord + 1e-14;
  reach2 float8 := reach * reach;
  ax float8; ay float8; az float8;
  fx float8; fy float8; fz float8;
  nx float8; ny float8; nz float8; t float8;
  outside boolean := false;
BEGIN
  IF s[i] < 0 THEN
    ax := s[i+3*n-2]; ay := s[i+3*n-1]; az := s[i+3*n];
    FOR k IN 0 .. n - 1 LOOP
      fx := s[i+3*k+1]; fy := s[i+3*k+2]; fz := s[i+3*k+3];
      nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
      t := nx*(cx-ax) + ny*(cy-ay) + nz*(cz-az);
      IF t < 0 THEN
        IF t*t > reach2 * (nx*nx + ny*ny + nz*nz) THEN
          RETURN false;
        END IF;
        outside := true;
      END IF;
      ax := fx; ay := fy; az := fz;
    END LOOP;
    IF NOT outside THEN
      RETURN true;
    END IF;
  END IF;
  ax := s[i+3*n-2]; ay := s[i+3*n-1]; az := s[i+3*n];
  FOR k IN 0 .. n - 1 LOOP
    fx := s[i+3*k+1]; fy := s[i+3*k+2]; fz := s[i+3*k+3];
    IF {obstap}.sky_arc_1(cx, cy, cz, ax, ay, az, fx, fy, fz) <= reach2 THEN
      RETURN true;
    END IF;
    ax := fx; ay := fy; az := fz;
  END LOOP;
  RETURN s[i] > 0 AND {obstap}.sky_winds_1(cx, cy, cz, s, i);
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_parts_meet_1(a float8[], i int, b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  r float8; q float8; reach float8;
BEGIN
  IF a[i] = 0 THEN
    IF b[j] <> 0 THEN
      RETURN {obstap}.sky_circle_meets_ring_1(a[i+1], a[i+2], a[i+3], a[i+4], b, j);
    END IF;
    r := a[i+4]; q := b[j+4];
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

-- Whether part i of a holds part j of b.
CREATE OR REPLACE FUNCTION {obstap}.sky_part_contains_1(a float8[], i int, b float8[], j int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200 AS $$
DECLARE
  na int := abs(a[i]);
  nb int := abs(b[j]);
  r float8 := a[i+4];
  q float8 := b[j+4];
  ox float8 := a[i+1]; oy float8 := a[i+2]; oz float8 := a[i+3];
  reach float8; reach2 float8; length float8;
  px float8; py float8; pz float8;
  qx float8; qy float8; qz float8;
  cx float8; cy float8; cz float8;
  dx float8; dy float8; dz float8;
BEGIN
  IF na = 0 AND nb = 0 THEN                       -- circle in circle
    IF r >= 2 THEN
      RETURN true;
    END IF;
    reach := r * sqrt(greatest(1 - q*q/4, 0)) - q * sqrt(greatest(1 - r*r/4, 0)) + 1e-14;
    RETURN reach >= 0 AND (b[j+1]-ox)*(b[j+1]-ox) + (b[j+2]-oy)*(b[j+2]-oy)
         + (b[j+3]-oz)*(b[j+3]-oz) <= reach*reach;
  END IF;

  IF na = 0 THEN                                  -- polygon in circle
    IF r >= 2 THEN
      RETURN true;
    END IF;
    reach := r + 1e-14;
    reach2 := reach * reach;
    FOR k IN 0 .. nb - 1 LOOP
      px := b[j+3*k+1] - ox; py := b[j+3*k+2] - oy; pz := b[j+3*k+3] - oz;
      IF NOT (px*px + py*py + pz*pz <= reach2) THEN
        RETURN false;
      END IF;
    END LOOP;
    IF r*r <= 2 THEN
      RETURN true;
    END IF;
    reach := sqrt(4 - r*r) - 1e-14;
    IF reach <= 0 THEN
      RETURN true;
    END IF;
    reach2 := reach * reach;
    px := b[j+3*nb-2]; py := b[j+3*nb-1]; pz := b[j+3*nb];
    FOR k IN 0 .. nb - 1 LOOP
      qx := b[j+3*k+1]; qy := b[j+3*k+2]; qz := b[j+3*k+3];
      IF NOT ({obstap}.sky_arc_1(-ox, -oy, -oz, px, py, pz, qx, qy, qz) >= reach2) THEN
        RETURN false;
      END IF;
      px := qx; py := qy; pz := qz;
    END LOOP;
    RETURN NOT {obstap}.sky_point_in_part_1(-ox, -oy, -oz, b, j);
  END IF;

  IF nb = 0 THEN                                  -- circle in polygon
    cx := b[j+1]; cy := b[j+2]; cz := b[j+3];
    IF NOT {obstap}.sky_point_in_part_1(cx, cy, cz, a, i) THEN
      RETURN false;
    END IF;
    IF q <= 1e-14 THEN
      RETURN true;
    END IF;
    reach := q - 1e-14;
    reach2 := reach * reach;
    px := a[i+3*na-2]; py := a[i+3*na-1]; pz := a[i+3*na];
    FOR k IN 0 .. na - 1 LOOP
      qx := a[i+3*k+1]; qy := a[i+3*k+2]; qz := a[i+3*k+3];
      IF NOT ({obstap}.sky_arc_1(cx, cy, cz, px, py, pz, qx, qy, qz) >= reach2) THEN
        RETURN false;
      END IF;
      px := qx; py := qy; pz := qz;
    END LOOP;
    RETURN true;
  END IF;

  FOR k IN 0 .. nb - 1 LOOP                       -- polygon in polygon
    IF NOT {obstap}.sky_point_in_part_1(b[j+3*k+1], b[j+3*k+2], b[j+3*k+3], a, i) THEN
      RETURN false;
    END IF;
  END LOOP;
  IF a[i] < 0 THEN
    RETURN true;
  END IF;
  px := b[j+3*nb-2]; py := b[j+3*nb-1]; pz := b[j+3*nb];
  FOR k IN 0 .. nb - 1 LOOP
    qx := b[j+3*k+1]; qy := b[j+3*k+2]; qz := b[j+3*k+3];
    cx := a[i+3*na-2]; cy := a[i+3*na-1]; cz := a[i+3*na];
    FOR m IN 0 .. na - 1 LOOP
      dx := a[i+3*m+1]; dy := a[i+3*m+2]; dz := a[i+3*m+3];
      IF {obstap}.sky_cross_1(px, py, pz, qx, qy, qz, cx, cy, cz, dx, dy, dz, 1e-28) THEN
        RETURN false;
      END IF;
      cx := dx; cy := dy; cz := dz;
    END LOOP;
    cx := px + qx; cy := py + qy; cz := pz + qz;
    length := sqrt(cx*cx + cy*cy + cz*cz);
    IF NOT {obstap}.sky_point_in_part_1(cx / length, cy / length, cz / length, a, i) THEN
      RETURN false;
    END IF;
    px := qx; py := qy; pz := qz;
  END LOOP;
  FOR m IN 0 .. na - 1 LOOP
    cx := a[i+3*m+1]; cy := a[i+3*m+2]; cz := a[i+3*m+3];
    IF {obstap}.sky_point_in_part_1(cx, cy, cz, b, j) AND NOT {obstap}.sky_on_edge_1(cx, cy, cz, b, j) THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN true;
END $$;

-- What queries call -----------------------------------------------------------------

CREATE OR REPLACE FUNCTION {obstap}.sky_meets_1(a float8[], b float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200 AS $$
DECLARE
  na int := array_length(a, 1);
  nb int := array_length(b, 1);
  i int := 1;
  j int;
BEGIN
  WHILE i <= na LOOP
    j := 1;
    WHILE j <= nb LOOP
      IF {obstap}.sky_parts_meet_1(a, i, b, j) THEN
        RETURN true;
      END IF;
      j := j + CASE WHEN b[j] = 0 THEN 5 ELSE 1 + 3 * abs(b[j])::int END;
    END LOOP;
    i := i + CASE WHEN a[i] = 0 THEN 5 ELSE 1 + 3 * abs(a[i])::int END;
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
  WHILE j <= nb LOOP
    held := false;
    i := 1;
    WHILE i <= na LOOP
      IF {obstap}.sky_part_contains_1(a, i, b, j) THEN
        held := true;
        EXIT;
      END IF;
      i := i + CASE WHEN a[i] = 0 THEN 5 ELSE 1 + 3 * abs(a[i])::int END;
    END LOOP;
    IF NOT held THEN
      RETURN false;
    END IF;
    j := j + CASE WHEN b[j] = 0 THEN 5 ELSE 1 + 3 * abs(b[j])::int END;
  END LOOP;
  RETURN nb > 0;
END $$;

CREATE OR REPLACE FUNCTION {obstap}.sky_in_1(lon float8, lat float8, s float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS $$
DECLARE
  p float8[] := {obstap}.sky_point_1(lon, lat);
  n int := array_length(s, 1);
  i int := 1;
BEGIN
  WHILE i <= n LOOP
    IF {obstap}.sky_point_in_part_1(p[2], p[3], p[4], s, i) THEN
      RETURN true;
    END IF;
    i := i + CASE WHEN s[i] = 0 THEN 5 ELSE 1 + 3 * abs(s[i])::int END;
  END LOOP;
  RETURN false;
END $$;
