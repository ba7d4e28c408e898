/** What a person looks for, and the ADQL that says it. */
import { ANGLES, metres, readPosition, readTime } from "./position";
import { quoted } from "./service";
import type { Drawn } from "../ui/skymap";

export interface Wish {
  position: string;
  radius: string;
  radiusUnit: string;
  /** How a footprint is to lie: meet the circle, hold the position, or have its centre in the circle. */
  relation: "meets" | "holds" | "centre";
  /** Drawn on the map: corners of a polygon, in degrees. */
  polygon: string;
  /** A MOC as text. */
  moc: string;
  from: string;
  to: string;
  waveFrom: string;
  waveTo: string;
  waveUnit: string;
  exposureFrom: string;
  exposureTo: string;
  /** Values of columns that are chosen. */
  values: Record<string, string[]>;
}

export const NOTHING: Wish = {
  position: "",
  radius: "1",
  radiusUnit: "deg",
  relation: "meets",
  polygon: "",
  moc: "",
  from: "",
  to: "",
  waveFrom: "",
  waveTo: "",
  waveUnit: "nm",
  exposureFrom: "",
  exposureTo: "",
  values: {},
};

/** Columns that may be chosen from, with what they are called. */
export const CHOICES: [string, string][] = [
  ["obs_collection", "Collection"],
  ["instrument_name", "Instrument"],
  ["facility_name", "Facility"],
  ["dataproduct_type", "Kind of data"],
  ["calib_level", "Calibration level"],
];

export interface Written {
  conditions: string[];
  /** By field, what cannot be read. */
  wrong: Partial<Record<keyof Wish, string>>;
  drawn: Drawn | undefined;
}

/** Numbers as ADQL takes them, without digits that say nothing. */
const plain = (value: number) => String(Number(value.toPrecision(12)));

export function write(wish: Wish): Written {
  const conditions: string[] = [];
  const wrong: Written["wrong"] = {};
  let drawn: Drawn | undefined;

  if (wish.position.trim()) {
    const at = readPosition(wish.position);
    const radius = Number(wish.radius) * (ANGLES[wish.radiusUnit] ?? 1);
    if (!at) wrong.position = "Write right ascension and declination: 10.68 41.27 or 0:42:44 +41:16:09";
    else if (!(radius > 0 && radius <= 180)) wrong.radius = "A radius above 0 and up to 180°";
    else {
      const circle = `CIRCLE(${plain(at[0])}, ${plain(at[1])}, ${plain(radius)})`;
      drawn = { kind: "circle", centre: at, radius };
      if (wish.relation === "holds") conditions.push(`1 = CONTAINS(POINT(${plain(at[0])}, ${plain(at[1])}), s_region)`);
      else if (wish.relation === "centre") conditions.push(`1 = CONTAINS(POINT(s_ra, s_dec), ${circle})`);
      else conditions.push(`1 = INTERSECTS(s_region, ${circle})`);
    }
  }
  if (wish.polygon) {
    const numbers = wish.polygon.split(/[\s,]+/).map(Number);
    if (numbers.length < 6 || numbers.length % 2 || numbers.some((it) => !Number.isFinite(it))) wrong.polygon = "A polygon has at least three corners";
    else {
      conditions.push(`1 = INTERSECTS(s_region, POLYGON(${numbers.map(plain).join(", ")}))`);
      const corners = Array.from({ length: numbers.length / 2 }, (_, at) => [numbers[2 * at], numbers[2 * at + 1]] as [number, number]);
      drawn ??= { kind: "polygon", corners };
    }
  }
  if (wish.moc) conditions.push(`1 = INTERSECTS(s_region, MOC(${quoted(wish.moc)}))`);

  const [from, to] = [readTime(wish.from), readTime(wish.to, true)];
  if (wish.from.trim() && from === undefined) wrong.from = "A date as 2016-03-01, a moment, or an MJD";
  if (wish.to.trim() && to === undefined) wrong.to = "A date as 2016-03-01, a moment, or an MJD";
  if (from !== undefined) conditions.push(`t_max >= ${plain(from)}`);
  if (to !== undefined) conditions.push(`t_min <= ${plain(to)}`);

  const waves = ([["waveFrom", wish.waveFrom], ["waveTo", wish.waveTo]] as const).flatMap(([field, text]) => {
    if (!text.trim()) return [];
    const value = Number(text);
    if (!(value > 0)) {
      wrong[field] = "A number above 0";
      return [];
    }
    return [{ field, metres: metres(value, wish.waveUnit) }];
  });
  const lower = waves.find((it) => it.field === "waveFrom");
  const upper = waves.find((it) => it.field === "waveTo");
  if (lower && upper) {
    // Frequencies and energies run the other way.
    const [short, long] = [lower.metres, upper.metres].sort((a, b) => a - b);
    conditions.push(`em_max >= ${plain(short)}`, `em_min <= ${plain(long)}`);
  } else {
    const backwards = metres(2, wish.waveUnit) < metres(1, wish.waveUnit);
    if (lower) conditions.push(backwards ? `em_min <= ${plain(lower.metres)}` : `em_max >= ${plain(lower.metres)}`);
    if (upper) conditions.push(backwards ? `em_max >= ${plain(upper.metres)}` : `em_min <= ${plain(upper.metres)}`);
  }
  for (const [field, sign] of [["exposureFrom", ">="], ["exposureTo", "<="]] as const) {
    if (!wish[field].trim()) continue;
    const value = Number(wish[field]);
    if (value >= 0) conditions.push(`t_exptime ${sign} ${plain(value)}`);
    else wrong[field] = "Seconds, 0 or more";
  }
  for (const [column] of CHOICES) {
    const values = wish.values[column] ?? [];
    if (!values.length) continue;
    const written = values.map((it) => (column === "calib_level" && /^\d$/.test(it) ? it : quoted(it)));
    conditions.push(written.length === 1 ? `${column} = ${written[0]}` : `${column} IN (${written.join(", ")})`);
  }
  return { conditions, wrong, drawn };
}

const COLUMNS = [
  "obs_id",
  "obs_title",
  "obs_collection",
  "instrument_name",
  "dataproduct_type",
  "calib_level",
  "s_ra",
  "s_dec",
  "t_min",
  "t_exptime",
  "em_min",
  "em_max",
  "access_url",
  "access_estsize",
  "s_region",
  "obs_publisher_did",
];

/** Columns that the map and the links need more than people. */
export const HIDDEN = ["s_region", "obs_publisher_did", "dataproduct_type", "calib_level", "access_estsize"];

const where = (conditions: string[]) => (conditions.length ? `\nWHERE ${conditions.join("\n  AND ")}` : "");

export const query = (conditions: string[]) => `SELECT ${COLUMNS.join(", ")}\nFROM ivoa.obscore${where(conditions)}`;
export const counting = (conditions: string[]) => `SELECT COUNT(*) AS n\nFROM ivoa.obscore${where(conditions)}`;

/** To and from the part of an address after #. */
export function toFragment(wish: Wish, adql?: string): string {
  const fields = new URLSearchParams();
  if (adql !== undefined) fields.set("adql", adql);
  for (const [name, value] of Object.entries(wish)) {
    if (name !== "values" && value !== NOTHING[name as keyof Wish]) fields.set(name, value as string);
  }
  for (const [column, values] of Object.entries(wish.values)) for (const value of values) fields.append(column, value);
  return fields.toString().replaceAll("+", "%20");
}

export function fromFragment(text: string): { wish: Wish; adql: string | undefined } {
  const fields = new URLSearchParams(text.replace(/^#/, "").replaceAll("+", "%2B"));
  const wish: Wish = { ...NOTHING, values: {} };
  for (const name of Object.keys(NOTHING) as (keyof Wish)[]) {
    const value = fields.get(name);
    if (value !== null && name !== "values") (wish as unknown as Record<string, string>)[name] = value;
  }
  if (!["meets", "holds", "centre"].includes(wish.relation)) wish.relation = "meets";
  for (const [column] of CHOICES) if (fields.has(column)) wish.values[column] = fields.getAll(column);
  return { wish, adql: fields.get("adql") ?? undefined };
}
