-- Shortcuts for what most searches ask of most rows: a footprint that is one
-- polygon, and a point or a circle. They answer where the answer is clear and
-- leave the rest to the predicates, so that their answers are the predicates'.
-- A session prepares every expression of a function for every statement, so
-- they have as few as can be.

-- Whether a region holds a point (a unit vector).
CREATE OR REPLACE FUNCTION {obstap}.sky_polygon_holds_1(px float8, py float8, pz float8, s float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
DECLARE
  last int := array_length(s, 1);
  ax float8; ay float8; az float8;
  fx float8; fy float8; fz float8;
  ex float8; ey float8; ez float8;
  low float8; high float8; t float8;
  turns int := 0;
BEGIN
  IF abs(s[1]) >= 3 AND last = 1 + 3 * abs(s[1]) THEN
    ax := s[last-2]; ay := s[last-1]; az := s[last];
    IF s[1] < 0 THEN
      FOR k IN 2 .. last BY 3 LOOP
        fx := s[k]; fy := s[k+1]; fz := s[k+2];
        t := (ay*fz - az*fy)*px + (az*fx - ax*fz)*py + (ax*fy - ay*fx)*pz;
        IF t < 1e-13 THEN
          IF t < -1e-13 THEN
            RETURN false;
          END IF;
          RETURN {obstap}.sky_contains_1(s, ARRAY[0, px, py, pz, 0]);
        END IF;
        ax := fx; ay := fy; az := fz;
      END LOOP;
      RETURN true;
    END IF;
    -- How often it turns round the point: see sky_winds_1.
    IF abs(pz) < 0.7 THEN
      ex := py; ey := -px; ez := 0;
    ELSE
      ex := 0; ey := pz; ez := -py;
    END IF;
    low := ex*ax + ey*ay + ez*az;
    FOR k IN 2 .. last BY 3 LOOP
      fx := s[k]; fy := s[k+1]; fz := s[k+2];
      high := ex*fx + ey*fy + ez*fz;
      t := (ay*fz - az*fy)*px + (az*fx - ax*fz)*py + (ax*fy - ay*fx)*pz;
      IF abs(t) < 1e-13 THEN
        RETURN {obstap}.sky_contains_1(s, ARRAY[0, px, py, pz, 0]);
      END IF;
      IF (low <= 0) <> (high <= 0) AND (low <= 0) = (t > 0) THEN
        turns := turns + CASE WHEN t > 0 THEN 1 ELSE -1 END;
      END IF;
      ax := fx; ay := fy; az := fz; low := high;
    END LOOP;
    RETURN turns = 1;
  END IF;
  RETURN {obstap}.sky_contains_1(s, ARRAY[0, px, py, pz, 0]);
END $$;

-- Whether a region comes within a chord of a point: whether a circle meets it.
CREATE OR REPLACE FUNCTION {obstap}.sky_polygon_near_1(cx float8, cy float8, cz float8, chord float8, s float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 80 AS $$
DECLARE
  last int := array_length(s, 1);
  reach float8 := chord * chord;
  ax float8; ay float8; az float8;
  fx float8; fy float8; fz float8;
  nx float8; ny float8; nz float8; n float8; t float8; d float8;
  outside boolean := false;
BEGIN
  IF abs(s[1]) >= 3 AND last = 1 + 3 * abs(s[1]) AND chord > 1e-8 AND chord < 0.9 THEN
    ax := s[last-2]; ay := s[last-1]; az := s[last];
    FOR k IN 2 .. last BY 3 LOOP
      fx := s[k]; fy := s[k+1]; fz := s[k+2];
      nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
      n := nx*nx + ny*ny + nz*nz;
      t := nx*(cx-ax) + ny*(cy-ay) + nz*(cz-az);
      IF n < 1e-18 THEN
        RETURN {obstap}.sky_meets_1(s, ARRAY[0, cx, cy, cz, chord]);
      ELSIF t*t <= 1.000001 * reach * n THEN
        d := {obstap}.sky_arc_1(cx, cy, cz, ax, ay, az, fx, fy, fz);
        IF d < 0.999999 * reach THEN
          RETURN true;
        ELSIF d < 1.000001 * reach THEN
          RETURN {obstap}.sky_meets_1(s, ARRAY[0, cx, cy, cz, chord]);
        END IF;
        outside := outside OR t < 0;
      ELSIF t < 0 AND s[1] < 0 THEN
        RETURN false;
      END IF;
      ax := fx; ay := fy; az := fz;
    END LOOP;
    -- No edge is so near: the point is well inside, or far.
    RETURN CASE WHEN s[1] < 0 THEN NOT outside ELSE {obstap}.sky_polygon_holds_1(cx, cy, cz, s) END;
  END IF;
  RETURN {obstap}.sky_meets_1(s, ARRAY[0, cx, cy, cz, chord]);
END $$;
