-- The keys near a circle that a row gives, for joins by place.
--
-- The twin of the crate adql's room sky::near, where the reasons are written:
-- the same steps there and here. Too wide is allowed, too narrow is not.
-- {obstap} stands for the quoted schema. A circle is a shape: 0 x y z chord.

-- The circle round a position that holds all positions not further than a
-- distance (degrees); the whole sky when it is no position, or no distance.
CREATE OR REPLACE FUNCTION {obstap}.sky_reach_1(lon float8, lat float8, distance float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 30 AS $$
BEGIN
  IF NOT (distance < 179.9 AND lat BETWEEN -90 AND 90 AND lon BETWEEN -1e15 AND 1e15) THEN
    RETURN ARRAY[0, 0, 0, 1, 2]::float8[];
  END IF;
  -- Wider than the last digits of a distance computed from coordinates.
  RETURN {obstap}.sky_circle_1(lon, lat, greatest(distance, 0) * (1 + 1e-12) + 1e-9);
END $$;

-- Ranges of keys, apart from each other, beside the circle.
--
-- sought is what is looked for: 0 positions inside the circle, by their cells
-- of order 29; by the keys of footprints 1 those that meet something within
-- the circle, 2 those inside of something within the circle, 3 those around
-- something that has its centre. Of footprints only the classes are wanted
-- whose bit is set.
CREATE OR REPLACE FUNCTION {obstap}.sky_near_1(
  circle float8[], sought int, classes bigint,
  OUT low bigint, OUT high bigint, OUT x float8, OUT y float8, OUT z float8, OUT chord float8
) RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 30 AS $$
DECLARE
  angle float8;                    -- radians
  above float8; axis2 float8; axis float8; turn float8; quarter float8; part float8; wide float8;
  home int;                        -- the base cell of the centre
  cx float8; cy float8;            -- and where in it
  south boolean;
  finest int := CASE WHEN sought = 0 THEN 29 ELSE 26 END;
  first int := CASE WHEN sought = 0 THEN 12 ELSE 0 END;
  base bigint := 0;
  radius float8; largest float8; smallest float8;
  top float8; sine float8; along float8; west float8; east float8;
  hx float8; hy float8;
  level int; scale float8; last float8; bits int;
  x0 float8; x1 float8; y0 float8; y1 float8;
  c0 bigint; c1 bigint; r0 bigint; r1 bigint;
  first_row bigint; sx bigint; sy bigint; sy0 bigint; four bigint;
  -- Parts of squares in other base cells, and what comes of them all.
  face int; place int; todo int; k int; ring int;
  fs int[]; x0s float8[]; x1s float8[]; y0s float8[]; y1s float8[];
  x0n float8; x1n float8;
  -- Parallels and meridians: what is wanted of x + y and of x - y.
  cosine float8; u0 float8; u1 float8; v0 float8; v1 float8; d0 float8; d1 float8;
  d0s float8[]; d1s float8[]; low_y float8; high_y float8;
  many boolean := false;
  lows bigint[] := '{}'; highs bigint[] := '{}';
  range record;
BEGIN
  x := circle[2]; y := circle[3]; z := circle[4]; chord := circle[5];
  IF chord < 0 THEN
    x := -x; y := -y; z := -z; chord := sqrt(greatest(4 - chord * chord, 0));
  END IF;
  angle := 2 * asin(least(chord / 2, 1));
  above := abs(z);
  axis2 := x*x + y*y;
  axis := sqrt(axis2);
  turn := atan2(y, x) * 0.6366197723675814;
  IF turn < 0 THEN turn := turn + 4; END IF;
  quarter := least(floor(turn), 3);
  IF above <= 2 / 3e0 THEN
    cx := turn + 0.5 + 0.75 * z;
    cy := turn + 0.5 - 0.75 * z;
    home := CASE WHEN floor(cx) = floor(cy) THEN 4 + floor(cx)::int % 4
      WHEN floor(cy) < floor(cx) THEN floor(cy)::int % 4 ELSE 8 + floor(cx)::int % 4 END;
    cx := cx - floor(cx);
    cy := 1 - (cy - floor(cy));
  ELSE
    part := turn - quarter;
    wide := sqrt(3 * axis2 / (1 + above));
    IF z > 0 THEN
      home := quarter; cx := 1 - (1 - part) * wide; cy := 1 - part * wide;
    ELSE
      home := 8 + quarter; cx := part * wide; cy := (1 - part) * wide;
    END IF;
  END IF;
  south := home >= 8 OR (home >= 4 AND cx + cy < 1);

  FOR class IN first .. 12 LOOP
    radius := angle;
    IF sought > 0 THEN
      CONTINUE WHEN classes & (1 << class) = 0;
      base := class::bigint << 56;
      largest := CASE class WHEN 0 THEN 1.5707963267948966 WHEN 12 THEN 6.2459e-05
        ELSE 1.0233267 / (1 << class) END;
      smallest := CASE class WHEN 11 THEN 6.2458e-05 WHEN 12 THEN 0 ELSE 0.5116632 / (1 << class) END;
      IF sought = 1 THEN
        radius := angle + largest;
      ELSIF sought = 2 THEN
        CONTINUE WHEN smallest / 2 > angle;
      ELSE
        CONTINUE WHEN angle / 2 > largest;
        radius := largest;
      END IF;
    END IF;
    IF radius > 0.6 THEN
      low := base;
      high := CASE WHEN sought = 0 THEN 9223372036854775807 ELSE base | 72057594037927935 END;
      lows := lows || low; highs := highs || high;
      CONTINUE;
    END IF;

    -- How far the square reaches.
    hx := 1.0209; hy := hx;
    top := above + radius;
    sine := sin(radius); cosine := cos(radius);
    u0 := z * cosine - axis * sine - 4e-15; u1 := z * cosine + axis * sine + 4e-15;
    IF z >= cosine THEN u1 := 1; END IF;
    IF -z >= cosine THEN u0 := -1; END IF;
    u0 := CASE WHEN abs(u0) <= 2 / 3e0 THEN 1.5 * u0
      ELSE sign(u0) * (2 - sqrt(3 * (1 - least(abs(u0), 1)))) END - 1e-11;
    u1 := CASE WHEN abs(u1) <= 2 / 3e0 THEN 1.5 * u1
      ELSE sign(u1) * (2 - sqrt(3 * (1 - least(abs(u1), 1)))) END + 1e-11;
    along := 4;
    IF sine < axis * 0.999 THEN along := asin(sine / axis) * 0.6366197723675814; END IF;
    IF top <= 2 / 3e0 THEN
      d0 := cx - cy - 2 * along - 1e-11; d1 := cx - cy + 2 * along + 1e-11;
    ELSE
      d0 := -9; d1 := 9;
      west := turn - along - quarter; east := turn + along - quarter;
      IF west < 0 OR east > 1 THEN
        hx := 1.494; hy := hx;
      ELSE
        top := 0.75 * (1 + least(top, 1));
        hx := sqrt(greatest(0.7296 + (1 - west) * (1 - west) * top, 1.0422));
        hy := sqrt(greatest(0.7296 + east * east * top, 1.0422));
        IF south THEN
          part := hx; hx := hy; hy := part;
        END IF;
      END IF;
    END IF;
    hx := hx * radius + 1e-11; hy := hy * radius + 1e-11;
    level := least(greatest(floor(ln(CASE WHEN radius > 0.2 THEN 4 ELSE 2 END / greatest(hx, hy)) * 1.4426950408889634)::int, 1), finest);
    scale := (1 << level)::float8; last := scale - 1; bits := 2 * (finest - level);
    x0 := cx - hx; x1 := cx + hx; y0 := cy - hy; y1 := cy + hy;

    IF x0 >= 0 AND x1 <= 1 AND y0 >= 0 AND y1 <= 1 THEN
      fs := ARRAY[home]; todo := 1;
    ELSE
      many := true;
      fs := ARRAY[home]; x0s := ARRAY[x0]; x1s := ARRAY[x1]; y0s := ARRAY[y0]; y1s := ARRAY[y1];
      d0s := ARRAY[d0]; d1s := ARRAY[d1];
      todo := 1; place := 1;
      -- What is beyond a side goes on in the base cell there.
      WHILE place <= todo LOOP
        face := fs[place]; ring := face / 4; k := face % 4;
        x0 := x0s[place]; x1 := x1s[place]; y0 := y0s[place]; y1 := y1s[place];
        d0 := d0s[place]; d1 := d1s[place];
        IF x1 > 1 THEN
          x0n := greatest(x0, 1); todo := todo + 1;
          IF ring = 0 THEN
            fs[todo] := (k + 1) % 4;
            x0s[todo] := y0; x1s[todo] := y1; y0s[todo] := 2 - x1; y1s[todo] := 2 - x0n;
            d0s[todo] := -9; d1s[todo] := 9;
          ELSE
            fs[todo] := CASE WHEN ring = 1 THEN k ELSE 4 + (k + 1) % 4 END;
            x0s[todo] := x0n - 1; x1s[todo] := x1 - 1; y0s[todo] := y0; y1s[todo] := y1;
            d0s[todo] := d0 - 1; d1s[todo] := d1 - 1;
          END IF;
        END IF;
        IF y1 > 1 THEN
          x0n := greatest(y0, 1); todo := todo + 1;
          IF ring = 0 THEN
            fs[todo] := (k + 3) % 4;
            x0s[todo] := 2 - y1; x1s[todo] := 2 - x0n; y0s[todo] := x0; y1s[todo] := x1;
            d0s[todo] := -9; d1s[todo] := 9;
          ELSE
            fs[todo] := CASE WHEN ring = 1 THEN (k + 3) % 4 ELSE 4 + k END;
            x0s[todo] := x0; x1s[todo] := x1; y0s[todo] := x0n - 1; y1s[todo] := y1 - 1;
            d0s[todo] := d0 + 1; d1s[todo] := d1 + 1;
          END IF;
        END IF;
        IF x0 < 0 THEN
          x1n := least(x1, 0); todo := todo + 1;
          IF ring = 2 THEN
            fs[todo] := 8 + (k + 3) % 4;
            x0s[todo] := y0; x1s[todo] := y1; y0s[todo] := -x1n; y1s[todo] := -x0;
            d0s[todo] := -9; d1s[todo] := 9;
          ELSE
            fs[todo] := CASE WHEN ring = 0 THEN 4 + k ELSE 8 + (k + 3) % 4 END;
            x0s[todo] := x0 + 1; x1s[todo] := x1n + 1; y0s[todo] := y0; y1s[todo] := y1;
            d0s[todo] := d0 + 1; d1s[todo] := d1 + 1;
          END IF;
        END IF;
        IF y0 < 0 THEN
          x1n := least(y1, 0); todo := todo + 1;
          IF ring = 2 THEN
            fs[todo] := 8 + (k + 1) % 4;
            x0s[todo] := -x1n; x1s[todo] := -y0; y0s[todo] := x0; y1s[todo] := x1;
            d0s[todo] := -9; d1s[todo] := 9;
          ELSE
            fs[todo] := CASE WHEN ring = 0 THEN 4 + (k + 1) % 4 ELSE 8 + k END;
            x0s[todo] := x0; x1s[todo] := x1; y0s[todo] := y0 + 1; y1s[todo] := x1n + 1;
            d0s[todo] := d0 - 1; d1s[todo] := d1 - 1;
          END IF;
        END IF;
        place := place + 1;
      END LOOP;
    END IF;

    FOR place IN 1 .. todo LOOP
      face := fs[place];
      IF todo > 1 THEN
        x0 := x0s[place]; x1 := x1s[place]; y0 := y0s[place]; y1 := y1s[place];
        CONTINUE WHEN x0 > 1 OR x1 < 0 OR y0 > 1 OR y1 < 0;
        x0 := greatest(x0, 0); x1 := least(x1, 1); y0 := greatest(y0, 0); y1 := least(y1, 1);
        d0 := d0s[place]; d1 := d1s[place];
      END IF;
      v0 := u0 + face / 4; v1 := u1 + face / 4;
      c0 := floor(least(x0 * scale, last)); c1 := floor(least(x1 * scale, last));
      first_row := floor(least(y0 * scale, last))::bigint >> 1;
      -- A zero before each bit.
      sx := c0 >> 1; sy0 := first_row;
      sx := (sx | (sx << 16)) & 281470681808895;
      sx := (sx | (sx << 8)) & 71777214294589695;
      sx := (sx | (sx << 4)) & 1085102592571150095;
      sx := (sx | (sx << 2)) & 3689348814741910323;
      sx := (sx | (sx << 1)) & 6148914691236517205;
      sy0 := (sy0 | (sy0 << 16)) & 281470681808895;
      sy0 := (sy0 | (sy0 << 8)) & 71777214294589695;
      sy0 := (sy0 | (sy0 << 4)) & 1085102592571150095;
      sy0 := (sy0 | (sy0 << 2)) & 3689348814741910323;
      sy0 := (sy0 | (sy0 << 1)) & 6148914691236517205;
      FOR px IN c0 >> 1 .. c1 >> 1 LOOP
        x0n := greatest(x0, 2 * px / scale); x1n := least(x1, (2 * px + 2) / scale);
        low_y := greatest(y0, v0 - x1n, x0n - d1);
        high_y := least(y1, v1 - x0n, x1n - d0);
        IF low_y <= high_y THEN
          r0 := floor(least(low_y * scale, last)); r1 := floor(least(high_y * scale, last));
          sy := sy0;
          FOR py IN first_row .. r1 >> 1 LOOP
            IF py >= r0 >> 1 THEN
              four := (face::bigint << (2 * level)) | ((sx | (sy << 1)) << 2);
              low := four | CASE WHEN c0 > 2 * px THEN 1 ELSE 0 END | CASE WHEN r0 > 2 * py THEN 2 ELSE 0 END;
              high := four | CASE WHEN c1 > 2 * px THEN 1 ELSE 0 END | CASE WHEN r1 > 2 * py THEN 2 ELSE 0 END;
              low := base | (low << bits);
              high := base | (((high + 1) << bits) - 1);
              IF todo = 1 THEN
                RETURN NEXT;
              ELSE
                lows := lows || low; highs := highs || high;
              END IF;
            END IF;
            -- The next number, all in the bits at even places.
            sy := ((sy | -6148914691236517206) + 1) & 6148914691236517205;
          END LOOP;
        END IF;
        sx := ((sx | -6148914691236517206) + 1) & 6148914691236517205;
      END LOOP;
    END LOOP;
  END LOOP;

  -- Classes that every cover has.
  IF sought > 0 AND classes >> 13 <> 0 THEN
    lows := lows || 936748722493063168; highs := highs || 1080863910568919039;
  END IF;
  IF NOT many THEN
    FOR k IN 1 .. coalesce(array_length(lows, 1), 0) LOOP
      low := lows[k]; high := highs[k];
      RETURN NEXT;
    END LOOP;
    RETURN;
  END IF;
  -- Parts that were reached two ways are said once.
  low := NULL;
  FOR range IN SELECT r.a, r.b FROM unnest(lows, highs) AS r(a, b) ORDER BY r.a LOOP
    IF low IS NULL THEN
      low := range.a; high := range.b;
    ELSIF range.a <= high THEN
      high := greatest(high, range.b);
    ELSE
      RETURN NEXT;
      low := range.a; high := range.b;
    END IF;
  END LOOP;
  RETURN NEXT;
END $$;

-- Whether a direction lies in a shape, as sky_in_1 says of a position: for one
-- polygon the same tests in one loop, as long as no edge is so close that its
-- ends must be looked at.
CREATE OR REPLACE FUNCTION {obstap}.sky_holds_1(s float8[], px float8, py float8, pz float8) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 60 AS $$
DECLARE
  n int := array_length(s, 1);
  i int := 1;
  ax float8; ay float8; az float8;
  fx float8; fy float8; fz float8;
  ex float8 := 0; ey float8 := 0; ez float8 := 0;
  nx float8; ny float8; nz float8; t float8;
  convex boolean := s[1] < 0;
  low float8; high float8;
  turns int := 0;
BEGIN
  IF s[1] <> 0 AND n = 1 + 3 * abs(s[1])::int THEN
    IF abs(px) <= abs(py) AND abs(px) <= abs(pz) THEN
      ey := pz; ez := -py;
    ELSIF abs(py) <= abs(pz) THEN
      ex := -pz; ez := px;
    ELSE
      ex := py; ey := -px;
    END IF;
    ax := s[n-2]; ay := s[n-1]; az := s[n];
    low := ex*ax + ey*ay + ez*az;
    FOR k IN 2 .. n BY 3 LOOP
      fx := s[k]; fy := s[k+1]; fz := s[k+2];
      nx := ay*(fz-az) - az*(fy-ay); ny := az*(fx-ax) - ax*(fz-az); nz := ax*(fy-ay) - ay*(fx-ax);
      t := nx*(px-ax) + ny*(py-ay) + nz*(pz-az);
      IF t*t <= 4e-28 * (nx*nx + ny*ny + nz*nz) THEN
        RETURN {obstap}.sky_point_in_part_1(px, py, pz, s, 1);
      END IF;
      IF convex THEN
        IF t < 0 THEN
          RETURN false;
        END IF;
      ELSE
        high := ex*fx + ey*fy + ez*fz;
        IF low <= 0 AND high > 0 AND t > 0 THEN
          turns := turns + 1;
        ELSIF low > 0 AND high <= 0 AND t < 0 THEN
          turns := turns - 1;
        END IF;
        low := high;
      END IF;
      ax := fx; ay := fy; az := fz;
    END LOOP;
    RETURN convex OR turns = 1;
  END IF;
  WHILE i <= n LOOP
    IF {obstap}.sky_point_in_part_1(px, py, pz, s, i) THEN
      RETURN true;
    END IF;
    i := i + CASE WHEN s[i] = 0 THEN 5 ELSE 1 + 3 * abs(s[i])::int END;
  END LOOP;
  RETURN false;
END $$;
