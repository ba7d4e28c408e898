/** Regions as tables have them, as points on the unit sphere. */

export type Vector = [number, number, number];
export type Position = [number, number];

const RADIANS = Math.PI / 180;

export function vector([ra, dec]: Position): Vector {
  const [a, d] = [ra * RADIANS, dec * RADIANS];
  return [Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)];
}

export function position([x, y, z]: Vector): Position {
  const ra = Math.atan2(y, x) / RADIANS;
  return [ra < 0 ? ra + 360 : ra, Math.atan2(z, Math.hypot(x, y)) / RADIANS];
}

export const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function unit(a: Vector): Vector {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
}

/** Degrees between two directions, exact for small ones too. */
export const separation = (a: Vector, b: Vector) => Math.atan2(Math.hypot(...cross(a, b)), dot(a, b)) / RADIANS;

/** East and north at a place. */
export function basis(at: Vector): { east: Vector; north: Vector } {
  const [ra, dec] = position(at).map((it) => it * RADIANS);
  return {
    east: [-Math.sin(ra), Math.cos(ra), 0],
    north: [-Math.sin(dec) * Math.cos(ra), -Math.sin(dec) * Math.sin(ra), Math.cos(dec)],
  };
}

/** A closed outline; the first point is not repeated. */
export type Ring = Vector[];

export interface Footprint {
  rings: Ring[];
  centre: Vector;
  /** Cosine of the radius of a circle around `centre` that holds all rings. */
  reach: number;
}

/** A circle as an outline. */
export function circle(centre: Vector, degrees: number, steps = 48): Ring {
  const { east, north } = basis(centre);
  const [near, far] = [Math.cos(degrees * RADIANS), Math.sin(degrees * RADIANS)];
  return Array.from({ length: steps }, (_, step) => {
    const angle = (step / steps) * 2 * Math.PI;
    const [e, n] = [far * Math.cos(angle), far * Math.sin(angle)];
    return [0, 1, 2].map((k) => near * centre[k] + e * east[k] + n * north[k]) as Vector;
  });
}

/** Sides longer than this many degrees get points between, for they are bent on a map. */
const LONGEST_SIDE = 3;

export function polygon(corners: Position[]): Ring {
  const points = corners.map(vector);
  if (points.length > 1 && separation(points[0], points[points.length - 1]) < 1e-7) points.pop();
  return points.flatMap((from, at) => {
    const to = points[(at + 1) % points.length];
    const steps = Math.min(90, Math.ceil(separation(from, to) / LONGEST_SIDE));
    return Array.from({ length: Math.max(1, steps) }, (_, step) => {
      const t = step / steps;
      return step === 0 ? from : unit([0, 1, 2].map((k) => from[k] * (1 - t) + to[k] * t) as Vector);
    });
  });
}

const SHAPES = /\b(POLYGON|CIRCLE|BOX|ELLIPSE|POSITION|POINT|RANGE|CONVEX)\b([^A-Za-z]*(?:\b(?:ICRS|FK5|J2000|TOPOCENTER|GEOCENTER|BARYCENTER|UNKNOWNREFPOS|SPHERICAL2|[eE])\b[^A-Za-z]*)*)/gi;

/** The rings of a text: STC-S or DALI, unions and intersections taken apart. */
export function rings(text: string): Ring[] {
  const found: Ring[] = [];
  for (const [, shape, rest] of text.matchAll(SHAPES)) {
    const numbers = (rest.match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g) ?? [])
      .map(Number)
      // The year of FK5 J2000 is no coordinate.
      .filter((_, at) => !(at === 0 && /J2000/i.test(rest)));
    const ring = outlineOf(shape.toUpperCase(), numbers);
    if (ring && ring.length > 2) found.push(ring);
  }
  return found;
}

function outlineOf(shape: string, n: number[]): Ring | undefined {
  switch (shape) {
    case "POLYGON": {
      const corners: Position[] = [];
      for (let at = 0; at + 1 < n.length; at += 2) corners.push([n[at], n[at + 1]]);
      return corners.length > 2 ? polygon(corners) : undefined;
    }
    case "CIRCLE":
    case "ELLIPSE":
      return n.length > 2 ? circle(vector([n[0], n[1]]), n[2]) : undefined;
    case "BOX": {
      if (n.length < 4) return undefined;
      const [ra, dec, width, height] = n;
      const half = width / 2 / Math.max(0.01, Math.cos(dec * RADIANS));
      const [low, high] = [dec - height / 2, dec + height / 2];
      return polygon([[ra - half, low], [ra + half, low], [ra + half, high], [ra - half, high]]);
    }
    case "RANGE":
      return n.length > 3 ? polygon([[n[0], n[2]], [n[1], n[2]], [n[1], n[3]], [n[0], n[3]]]) : undefined;
    default:
      return undefined;
  }
}

/** A value of a region's or a position's column. */
export function footprint(value: unknown, ra?: unknown, dec?: unknown): Footprint | undefined {
  let found: Ring[] = [];
  if (typeof value === "string") found = rings(value);
  else if (Array.isArray(value) && value.length === 3) found = [circle(vector([value[0], value[1]]), value[2])];
  else if (Array.isArray(value) && value.length >= 6) {
    const shape = outlineOf("POLYGON", value as number[]);
    if (shape) found = [shape];
  }
  if (!found.length) {
    if (typeof ra !== "number" || typeof dec !== "number") return undefined;
    return { rings: [], centre: vector([ra, dec]), reach: 1 };
  }
  const sum: Vector = [0, 0, 0];
  for (const ring of found) for (const point of ring) for (let k = 0; k < 3; k++) sum[k] += point[k];
  const centre = unit(sum);
  let reach = 1;
  for (const ring of found) for (const point of ring) reach = Math.min(reach, dot(centre, point));
  return { rings: found, centre, reach };
}

/** Whether a direction is inside; sides are great circles, straight lines on the plane that touches it. */
export function holds(shape: Footprint, at: Vector): boolean {
  if (dot(shape.centre, at) < shape.reach) return false;
  const { east, north } = basis(at);
  return shape.rings.some((ring) => {
    let inside = false;
    let [x1, y1, seen] = [0, 0, false];
    for (let place = 0; place <= ring.length; place++) {
      const point = ring[place % ring.length];
      const depth = dot(point, at);
      if (depth <= 1e-6) return false;
      const [x2, y2] = [dot(point, east) / depth, dot(point, north) / depth];
      if (seen && y1 > 0 !== y2 > 0 && x1 + ((x2 - x1) * -y1) / (y2 - y1) > 0) inside = !inside;
      [x1, y1, seen] = [x2, y2, true];
    }
    return inside;
  });
}
