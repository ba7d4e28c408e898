/**
 * Corners of HEALPix cells in nested order (Górski et al. 2005, ApJ 622, 759),
 * for drawing MOCs.
 */
const DEGREES = 180 / Math.PI;
/** Row and place of the southern corner of each of the twelve base cells. */
const ROW = [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4];
const PLACE = [1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7];

/** Every second bit, put together. */
function every2(bits: number): number {
  let value = 0;
  for (let bit = 0; bits > 0; bit++, bits = Math.floor(bits / 4)) value += (bits % 2) * 2 ** bit;
  return value;
}

/** Longitude and latitude in degrees of a point of a base cell, 0 ≤ x, y ≤ 1. */
function place(base: number, x: number, y: number): [number, number] {
  const row = ROW[base] - x - y;
  let z: number;
  let near = 1;
  if (row < 1) {
    near = row;
    z = 1 - (near * near) / 3;
  } else if (row > 3) {
    near = 4 - row;
    z = (near * near) / 3 - 1;
  } else {
    z = ((2 - row) * 2) / 3;
  }
  const along = near > 1e-12 ? (PLACE[base] * near + x - y) / near : PLACE[base];
  return [along * 45, Math.asin(Math.max(-1, Math.min(1, z))) * DEGREES];
}

/** The outline of a cell, `steps` points to a side, closed. */
export function outline(order: number, cell: number, steps = 2): [number, number][] {
  const side = 2 ** order;
  const inBase = cell % (side * side);
  const base = Math.floor(cell / (side * side));
  const [x, y] = [every2(inBase), every2(Math.floor(inBase / 2))];
  const points: [number, number][] = [];
  for (const [fromX, fromY, toX, toY] of [
    [0, 0, 1, 0],
    [1, 0, 1, 1],
    [1, 1, 0, 1],
    [0, 1, 0, 0],
  ]) {
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      points.push(
        place(base, (x + fromX + (toX - fromX) * t) / side, (y + fromY + (toY - fromY) * t) / side),
      );
    }
  }
  points.push(points[0]);
  return points;
}

/** A MOC in JSON (MOC 2.0 section 4.3.2): order → cells. */
export type Moc = Record<string, number[]>;

/** All outlines of a MOC. */
export function outlines(moc: Moc): [number, number][][] {
  return Object.entries(moc).flatMap(([order, cells]) =>
    cells.map((cell) => outline(Number(order), cell, Number(order) < 3 ? 8 : Number(order) < 6 ? 3 : 1)),
  );
}
